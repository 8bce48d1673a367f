//! Transform: 8 × 8 samples into coefficients, eight blocks at once.
//!
//! A block is a lane: each step is done to the same sample or coefficient of eight blocks. Coefficients so come out in
//! the order in which the bitstream has them. Arithmetic is in single precision, one rounding an operation (no fused
//! multiply-add), so that every implementation of it gives the same bits.

/// Blocks that are transformed together.
pub(super) const LANES: usize = 8;

/// Coefficients are eight times those of the orthonormal transform of 10-bit samples less 512.
pub(super) const SCALE: f32 = 8.0;

/// Largest sample.
pub(super) const MAX_SAMPLE: u16 = 1023;

/// Order of a frame's coefficients in the bitstream: for each, 8 × its vertical frequency and its horizontal one.
///
/// Squares of four coefficients from low to high frequencies, then in quarters of the block.
pub(super) const SCAN: [u8; 64] = [
    0, 1, 8, 9, 2, 3, 10, 11, 16, 17, 24, 25, 18, 19, 26, 27, //
    4, 5, 12, 20, 13, 6, 7, 14, 21, 28, 29, 22, 15, 23, 30, 31, //
    32, 33, 40, 48, 41, 34, 35, 42, 49, 56, 57, 50, 43, 36, 37, 44, //
    51, 58, 59, 52, 45, 38, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// The place in [`SCAN`] of each coefficient.
#[expect(clippy::cast_possible_truncation, reason = "places are less than 64")]
pub(super) const PLACES: [u8; 64] = {
    let mut places = [0; 64];
    let mut place = 0;
    while place < 64 {
        places[SCAN[place] as usize] = place as u8;
        place += 1;
    }
    places
};

/// What each result of the fast transform is multiplied with, by 8 × vertical and horizontal frequency: products of
/// 1/√8 for frequency 0 and 1 / (4 cos(π *k*/16)) for frequency *k*, times [`SCALE`].
#[expect(clippy::cast_possible_truncation, reason = "single precision is enough")]
pub(super) static FACTORS: [f32; 64] = {
    // cos(π k/16); constant functions have no cosine.
    const COS: [f64; 8] = [
        std::f64::consts::SQRT_2 / 2.0,
        0.980_785_280_403_230_4,
        0.923_879_532_511_286_7,
        0.831_469_612_302_545_2,
        std::f64::consts::FRAC_1_SQRT_2,
        0.555_570_233_019_602_2,
        0.382_683_432_365_089_8,
        0.195_090_322_016_128_3,
    ];
    let mut factors = [0.0; 64];
    let mut index = 0;
    while index < 64 {
        factors[index] = (SCALE as f64 / (16.0 * COS[index / 8] * COS[index % 8])) as f32;
        index += 1;
    }
    factors
};

/// What is taken from the transform's first result: 512 in each of 64 samples.
pub(super) const MIDDLE: f32 = 512.0 * 64.0;

/// Added to and taken from a number, this rounds it to a whole one, halves to even.
pub(super) const ROUNDING: f32 = 12_582_912.0;

/// The one-dimensional transform of eight samples, after Arai, Agui and Nakajima (1988): results are those of the
/// orthonormal transform, each divided by its factor of [`FACTORS`].
///
/// `$add`, `$sub` and `$mul` do arithmetic on eight lanes; `$half`, `$c6`, `$minus` and `$plus` are constants
/// cos(π/4), cos(3π/8), cos(π/8) − cos(3π/8) and cos(π/8) + cos(3π/8).
macro_rules! transform_eight {
    ($x:expr, $add:ident, $sub:ident, $mul:ident, $half:expr, $c6:expr, $minus:expr, $plus:expr) => {{
        let [x0, x1, x2, x3, x4, x5, x6, x7] = $x;
        // Even frequencies come from sums of opposite samples, odd ones from differences.
        let (s0, s1, s2, s3) = ($add(x0, x7), $add(x1, x6), $add(x2, x5), $add(x3, x4));
        let (d0, d1, d2, d3) = ($sub(x0, x7), $sub(x1, x6), $sub(x2, x5), $sub(x3, x4));
        let (outer, inner) = ($add(s0, s3), $add(s1, s2));
        let (tilt, bend) = ($sub(s0, s3), $sub(s1, s2));
        let diagonal = $mul($add(bend, tilt), $half);
        let (p, q, r) = ($add(d3, d2), $add(d2, d1), $add(d1, d0));
        let turn = $mul($sub(p, r), $c6);
        let low = $add($mul(p, $minus), turn);
        let high = $add($mul(r, $plus), turn);
        let middle = $mul(q, $half);
        let (sum, difference) = ($add(d0, middle), $sub(d0, middle));
        [
            $add(outer, inner),
            $add(sum, high),
            $add(tilt, diagonal),
            $sub(difference, low),
            $sub(outer, inner),
            $add(difference, low),
            $sub(tilt, diagonal),
            $sub(sum, high),
        ]
    }};
}
#[cfg(target_arch = "x86_64")]
pub(super) use transform_eight;

/// cos(π/4).
pub(super) const HALF: f32 = std::f32::consts::FRAC_1_SQRT_2;
/// cos(3π/8).
pub(super) const C6: f32 = 0.382_683_43;
/// cos(π/8) − cos(3π/8).
pub(super) const MINUS: f32 = 0.541_196_1;
/// cos(π/8) + cos(3π/8).
pub(super) const PLUS: f32 = 1.306_563;

/// Where the blocks of a component lie in a macroblock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrangement {
    /// Two beside two, row by row: luma.
    Square,
    /// Two beside two, column by column: chroma of 4:4:4.
    Columns,
    /// One above one: chroma of 4:2:2.
    Column,
}

impl Arrangement {
    /// Blocks of a macroblock.
    pub(super) const fn blocks(self) -> usize {
        match self {
            Arrangement::Square | Arrangement::Columns => 4,
            Arrangement::Column => 2,
        }
    }

    /// Samples of a row of a macroblock.
    pub(super) const fn width(self) -> usize {
        match self {
            Arrangement::Square | Arrangement::Columns => 16,
            Arrangement::Column => 8,
        }
    }

    /// Which blocks the lanes of a group hold: those of four in the upper row of blocks, or behind them of the lower.
    pub(super) const fn lanes(self) -> [usize; LANES] {
        match self {
            Arrangement::Square => [0, 1, 4, 5, 2, 3, 6, 7],
            Arrangement::Column | Arrangement::Columns => [0, 4, 1, 5, 2, 6, 3, 7],
        }
    }
}

/// Samples of one component of one slice: sixteen rows, each `stride` after the one before and as long as whole groups of
/// eight blocks, even where there are fewer.
#[derive(Clone, Copy)]
pub(super) struct SampleWindow<'a> {
    pub(super) samples: &'a [u16],
    pub(super) stride: usize,
}

/// Samples side by side in four blocks: a row of a group of eight blocks.
pub(super) const ROW: usize = 4 * 8;

impl SampleWindow<'_> {
    /// Row `y` of the group of blocks that begins `left` samples from the left.
    #[inline(always)]
    pub(super) fn row(&self, left: usize, y: usize) -> &[u16; ROW] {
        let start = y * self.stride + left;
        self.samples[start..start + ROW].try_into().expect("as long as a row")
    }
}

type LaneValues = [f32; LANES];

#[inline(always)]
fn add(mut a: LaneValues, b: LaneValues) -> LaneValues {
    for (a, b) in a.iter_mut().zip(b) {
        *a += b;
    }
    a
}

#[inline(always)]
fn sub(mut a: LaneValues, b: LaneValues) -> LaneValues {
    for (a, b) in a.iter_mut().zip(b) {
        *a -= b;
    }
    a
}

#[inline(always)]
fn mul(mut a: LaneValues, factor: f32) -> LaneValues {
    for a in &mut a {
        *a *= factor;
    }
    a
}

#[inline(always)]
fn eight(x: &[LaneValues; 8]) -> [LaneValues; 8] {
    transform_eight!(*x, add, sub, mul, HALF, C6, MINUS, PLUS)
}

/// Transforms the `blocks` blocks of a window into `coefficients`: by place of the scan and then by block.
pub(super) fn forward(window: SampleWindow<'_>, arrangement: Arrangement, blocks: usize, coefficients: &mut [i16]) {
    for first in (0..blocks).step_by(LANES) {
        let mut rows = [[[0.0; LANES]; 8]; 8];
        for (y, row) in rows.iter_mut().enumerate() {
            let halves = [window.row(first * 4, y), window.row(first * 4, y + 8)];
            let mut x = [[0.0; LANES]; 8];
            for (lane, block) in arrangement.lanes().into_iter().enumerate() {
                for (value, &sample) in x.iter_mut().zip(&halves[block / 4][block % 4 * 8..][..8]) {
                    value[lane] = f32::from(sample.min(MAX_SAMPLE).cast_signed());
                }
            }
            *row = eight(&x);
        }
        for u in 0..8 {
            let mut column = [[0.0; LANES]; 8];
            for (value, row) in column.iter_mut().zip(&rows) {
                *value = row[u];
            }
            let mut column = eight(&column);
            if u == 0 {
                column[0].iter_mut().for_each(|value| *value -= MIDDLE);
            }
            for (v, value) in column.iter().enumerate() {
                let factor = FACTORS[v * 8 + u];
                let mut results = [0; LANES];
                for (result, value) in results.iter_mut().zip(value) {
                    *result = round(value * factor);
                }
                store(&results, v * 8 + u, (first, blocks), coefficients);
            }
        }
    }
}

/// Stores the results of coefficient `index` for the group of blocks that begins with `first` of `blocks`.
#[inline(always)]
pub(super) fn store(results: &[i16; LANES], index: usize, (first, blocks): (usize, usize), coefficients: &mut [i16]) {
    let place = usize::from(PLACES[index & 63]) * blocks + first;
    if blocks - first >= LANES {
        coefficients[place..place + LANES].copy_from_slice(results);
    } else {
        coefficients[place..place + blocks - first].copy_from_slice(&results[..blocks - first]);
    }
}

/// The nearest 16-bit number, halves to even.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "clamped to 16 bits")]
fn round(value: f32) -> i16 {
    // Magnitudes are below 2¹⁶, where the sum has whole numbers as its last bits.
    let whole = (value + ROUNDING).to_bits() as i32 - ROUNDING.to_bits() as i32;
    whole.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}
