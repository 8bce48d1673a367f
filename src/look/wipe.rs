//! The wipes that are drawn, by their codes.

/// The patterns of SMPTE ST 258 that are drawn, by their codes: bars, boxes, barn doors, diagonals, bow ties, wedges, what
/// opens out of the middle, clocks, fans and sweeps.
#[rustfmt::skip]
pub const WIPE_CODES: [u16; 56] = [
    1, 2, 3, 4, 5, 6, 7, 8, 21, 22, 23, 24, 25, 26, 41, 42, 43, 44, 45, 46, 47, 48, 61, 62, 63, 64,
    101, 102, 103, 104, 105, 106, 119, 120, 121, 201, 202, 203, 204, 205, 206, 207, 211, 212,
    221, 222, 223, 224, 231, 232, 233, 234, 241, 242, 243, 244,
];
