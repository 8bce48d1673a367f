//! Frame and picture headers, and the table of slices.

use super::quantise::Weights;

/// Bytes of a frame before its picture: size, the letters `icpf`, and the header with both tables of weights.
pub(super) const FRAME_HEADER: usize = 8 + HEADER;
/// Bytes of the frame header itself.
const HEADER: usize = 20 + 2 * 64;
/// Bytes of the picture header.
pub(super) const PICTURE_HEADER: usize = 8;

/// What a frame header says about a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProresDescription {
    /// Who made the frame: four letters.
    pub vendor: [u8; 4],
    /// Frames a second as a fraction.
    pub rate: (u32, u32),
    /// Width of a pixel by its height.
    pub pixel_aspect: (u32, u32),
    /// Colour primaries, transfer and matrix, by the codes of ITU-T H.273.
    pub color: [u8; 3],
}

/// Code of a frame rate; 0 for those that have none.
fn rate_code((numerator, denominator): (u32, u32)) -> u8 {
    const RATES: [(u32, u32); 11] = [
        (24_000, 1001),
        (24, 1),
        (25, 1),
        (30_000, 1001),
        (30, 1),
        (50, 1),
        (60_000, 1001),
        (60, 1),
        (100, 1),
        (120_000, 1001),
        (120, 1),
    ];
    let same = |&(a, b): &(u32, u32)| {
        u64::from(a) * u64::from(denominator) == u64::from(b) * u64::from(numerator) && denominator > 0
    };
    RATES.iter().position(same).map_or(0, |index| u8::try_from(index + 1).expect("eleven rates"))
}

/// Code of an aspect ratio: square pixels, a picture of 4:3 or of 16:9, or 0.
fn aspect_code((width, height): (u32, u32), size: (u16, u16)) -> u8 {
    if width == height && width > 0 {
        return 1;
    }
    let (across, down) = (u64::from(width) * u64::from(size.0), u64::from(height) * u64::from(size.1));
    match () {
        () if across == 0 || down == 0 => 0,
        () if across * 3 == down * 4 => 2,
        () if across * 9 == down * 16 => 3,
        () => 0,
    }
}

/// What components a frame has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Components {
    /// Whether chroma is as wide as luma.
    pub(super) is_444: bool,
    /// Whether there is alpha, of 16 bits.
    pub(super) has_alpha: bool,
}

/// Writes the headers of a progressive frame. What depends on the slices is filled in by [`finish`].
pub(super) fn start(
    frame: &mut Vec<u8>,
    size: (u16, u16),
    about: &ProresDescription,
    components: Components,
    (luma, chroma): (&Weights, &Weights),
) {
    let start = frame.len();
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(b"icpf");
    let header_size = u16::try_from(HEADER).expect("148");
    frame.extend_from_slice(&header_size.to_be_bytes());
    // A reserved byte, and the version: 0 is 4:2:2 without alpha, 1 anything.
    let Components { is_444, has_alpha } = components;
    frame.extend_from_slice(&[0, u8::from(is_444 || has_alpha)]);
    frame.extend_from_slice(&about.vendor);
    frame.extend_from_slice(&size.0.to_be_bytes());
    frame.extend_from_slice(&size.1.to_be_bytes());
    // 4:2:2 is 2 in the upper two bits, 4:4:4 is 3; progressive is 0.
    frame.push((2 + u8::from(is_444)) << 6);
    frame.push(aspect_code(about.pixel_aspect, size) << 4 | rate_code(about.rate));
    frame.extend_from_slice(&about.color);
    // No alpha, or 2 for 16 bits of it; two bits that say that both tables follow.
    frame.extend_from_slice(&[if has_alpha { 2 } else { 0 }, 0, 0b11]);
    frame.extend_from_slice(luma);
    frame.extend_from_slice(chroma);
    debug_assert_eq!(frame.len() - start, FRAME_HEADER);
}

/// Writes the picture header and a table for the sizes of `slices` slices.
pub(super) fn start_picture(frame: &mut Vec<u8>, slices: usize) {
    // The header's own size in the upper five bits.
    frame.push(u8::try_from(PICTURE_HEADER << 3).expect("64"));
    frame.extend_from_slice(&[0; 4]);
    // The field has 16 bits and is out of use; decoders count slices themselves.
    frame.extend_from_slice(&u16::try_from(slices).unwrap_or(0).to_be_bytes());
    // Slices of 2³ macroblocks.
    frame.push(3 << 4);
    frame.resize(frame.len() + 2 * slices, 0);
}

/// Fills in the sizes of slices, of the picture and of the frame.
///
/// # Panics
/// When the frame was not begun by [`start`] and [`start_picture`] for that many slices.
pub(super) fn finish(frame: &mut [u8], sizes: &[u16]) {
    let total = u32::try_from(frame.len()).expect("a frame is far smaller than 4 GiB");
    let picture = total - u32::try_from(FRAME_HEADER).expect("156");
    frame[..4].copy_from_slice(&total.to_be_bytes());
    frame[FRAME_HEADER + 1..FRAME_HEADER + 5].copy_from_slice(&picture.to_be_bytes());
    let table = &mut frame[FRAME_HEADER + PICTURE_HEADER..];
    for (entry, size) in table.chunks_exact_mut(2).zip(sizes) {
        entry.copy_from_slice(&size.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_aspects_have_codes() {
        assert_eq!(rate_code((24_000, 1001)), 1);
        assert_eq!(rate_code((48, 2)), 2);
        assert_eq!(rate_code((120, 1)), 11);
        assert_eq!((rate_code((48, 1)), rate_code((0, 0)), rate_code((1, 0))), (0, 0, 0));
        assert_eq!(aspect_code((1, 1), (720, 576)), 1);
        assert_eq!(aspect_code((16, 15), (720, 576)), 2);
        assert_eq!(aspect_code((64, 45), (720, 576)), 3);
        assert_eq!((aspect_code((2, 1), (720, 576)), aspect_code((0, 0), (720, 576))), (0, 0));
    }

    #[test]
    fn a_frame_says_its_sizes() {
        let about = ProresDescription { vendor: *b"abcd", rate: (25, 1), pixel_aspect: (1, 1), color: [1, 1, 1] };
        let mut frame = Vec::new();
        let usual = Components { is_444: false, has_alpha: false };
        start(&mut frame, (1920, 1080), &about, usual, (&[4; 64], &[5; 64]));
        start_picture(&mut frame, 2);
        assert_eq!(frame.len(), FRAME_HEADER + PICTURE_HEADER + 4);
        frame.extend_from_slice(&[7; 30]);
        finish(&mut frame, &[10, 20]);
        assert_eq!(frame[..12], [0, 0, 0, 198, b'i', b'c', b'p', b'f', 0, 148, 0, 0]);
        assert_eq!(frame[12..28], [b'a', b'b', b'c', b'd', 7, 128, 4, 56, 128, 0x13, 1, 1, 1, 0, 0, 3]);
        assert_eq!((frame[28], frame[91], frame[92], frame[155]), (4, 4, 5, 5));
        assert_eq!(frame[156..168], [64, 0, 0, 0, 42, 0, 2, 48, 0, 10, 0, 20]);
        let mut frame = Vec::new();
        start(&mut frame, (64, 32), &about, Components { is_444: true, has_alpha: true }, (&[4; 64], &[4; 64]));
        assert_eq!((frame[11], frame[20], frame[25]), (1, 192, 2));
    }
}
