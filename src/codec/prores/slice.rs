//! Slices: where they lie in a picture, and how one is made.

use super::bits::{LONGEST, ROOM};
use super::entropy::{self, LONGEST_SYMBOL};
use super::quantise::Steps;
use super::transform::{Arrangement, LANES, ROW, SampleWindow};

/// Macroblocks of the longest slice.
pub(super) const LONGEST_SLICE: usize = 8;
/// Rows of samples of a macroblock.
pub(super) const MACROBLOCK: usize = 16;
/// Bytes in front of a slice's components, without alpha; with it, there is one more size.
const SLICE_HEADER: usize = 6;

/// Most bytes of a slice's alpha: of each sample all bits and one more, and a bit that says that it is not repeated.
pub(super) const LONGEST_ALPHA: usize = LONGEST_SLICE * MACROBLOCK * MACROBLOCK * 18 / 8;

/// Most coefficients of one component of a slice.
const COMPONENT: usize = LONGEST_SLICE * 4 * 64;

/// One plane of a picture: 10-bit samples, a row every `stride` samples.
#[derive(Debug, Clone, Copy)]
pub struct Plane<'a> {
    /// The samples, from the first of the first row to at least the last of the last row. Those beyond 1023 count as
    /// 1023.
    pub samples: &'a [u16],
    /// How many samples after one row the next one begins.
    pub stride: usize,
}

/// A slice of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SlicePlace {
    /// Row of macroblocks.
    pub(super) row: usize,
    /// First macroblock in that row.
    pub(super) first: usize,
    /// How many macroblocks: 8, 4, 2 or 1.
    pub(super) macroblocks: usize,
}

/// The slices of a picture of `columns` × `rows` macroblocks, in order: as many of eight macroblocks as there are in a
/// row, then at most one each of four, two and one.
pub(super) fn places(columns: usize, rows: usize) -> Vec<SlicePlace> {
    let mut places = Vec::with_capacity(rows * (columns / LONGEST_SLICE + 3));
    for row in 0..rows {
        let (mut first, mut macroblocks) = (0, LONGEST_SLICE);
        while first < columns {
            while macroblocks > columns - first {
                macroblocks /= 2;
            }
            places.push(SlicePlace { row, first, macroblocks });
            first += macroblocks;
        }
    }
    places
}

/// Coefficients of a slice: luma, first and second chroma one behind the other; and how the chroma's blocks lie.
#[repr(align(64))]
#[derive(Clone)]
pub(super) struct Coefficients([i16; COMPONENT * 3], Arrangement);

impl Coefficients {
    pub(super) const ZERO: Coefficients = Coefficients([0; COMPONENT * 3], Arrangement::Column);

    /// Shifts the brightness of each piece so that it begins as the one before ended: jumps between pieces are in no
    /// slice, and would cost bits.
    pub(super) fn join(&mut self, pieces: &[SlicePlace]) {
        let macroblocks = pieces.iter().map(|piece| piece.macroblocks).sum();
        for (arrangement, range) in components(macroblocks, self.1) {
            let dc = &mut self.0[range][..macroblocks * arrangement.blocks()];
            let mut start = 0;
            for piece in pieces {
                let end = start + piece.macroblocks * arrangement.blocks();
                if start > 0 {
                    let jump = dc[start].saturating_sub(dc[start - 1]);
                    dc[start..end].iter_mut().for_each(|value| *value = value.saturating_sub(jump));
                }
                start = end;
            }
        }
    }
}

/// The components in the order of the bitstream: how their blocks lie and where their coefficients begin.
fn components(macroblocks: usize, arrangement: Arrangement) -> [(Arrangement, std::ops::Range<usize>); 3] {
    let luma = macroblocks * Arrangement::Square.blocks() * 64;
    let chroma = macroblocks * arrangement.blocks() * 64;
    [
        (Arrangement::Square, 0..luma),
        (arrangement, luma..luma + chroma),
        (arrangement, luma + chroma..luma + 2 * chroma),
    ]
}

/// What a thread needs to make slices.
pub(super) struct Workspace {
    pub(super) coefficients: Box<Coefficients>,
    pub(super) scratch: SliceScratch,
}

/// What is in between a picture and the bytes of a slice, beside coefficients.
pub(super) struct SliceScratch {
    levels: Box<CoefficientLevels>,
    padded: Vec<u16>,
    buffer: Vec<u8>,
}

#[repr(align(64))]
struct CoefficientLevels([i16; COMPONENT], [u64; LONGEST_SLICE * 4]);

impl Workspace {
    pub(super) fn new() -> Workspace {
        const { assert!(LONGEST_SYMBOL <= LONGEST as usize) };
        let scratch = SliceScratch {
            levels: Box::new(CoefficientLevels([0; COMPONENT], [0; LONGEST_SLICE * 4])),
            padded: vec![0; LONGEST_SLICE * MACROBLOCK * MACROBLOCK],
            buffer: vec![0; SLICE_HEADER + 2 + 3 * COMPONENT * LONGEST_SYMBOL / 8 + 3 + LONGEST_ALPHA + ROOM],
        };
        Workspace { coefficients: Box::new(Coefficients::ZERO), scratch }
    }
}

/// A picture whose slices are made: its planes and its size in samples.
#[derive(Debug, Clone, Copy)]
pub struct ProresPicture<'a> {
    /// Luma and the two chroma planes, which in 4:2:2 have half its width.
    pub planes: [Plane<'a>; 3],
    /// Opacity, straight, as large as luma: for [`Profile::P4444`](super::Profile::P4444) alone.
    pub alpha: Option<Plane<'a>>,
    /// Samples of a row of luma.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// Quantisers of luma and of chroma, and their index.
#[derive(Clone, Copy)]
pub(super) struct Quantiser<'a> {
    pub(super) index: u8,
    pub(super) luma: &'a Steps,
    pub(super) chroma: &'a Steps,
}

/// Coefficients of a slice, by this implementation of the transform. Samples for an estimate are made like slices, but
/// of several pieces from different places, eight macroblocks at most together.
#[inline(always)]
pub(super) fn transform(
    picture: &ProresPicture<'_>,
    chroma: Arrangement,
    pieces: &[SlicePlace],
    scratch: &mut SliceScratch,
    coefficients: &mut Coefficients,
    forward: impl Fn(SampleWindow<'_>, Arrangement, usize, &mut [i16]),
) {
    let macroblocks = pieces.iter().map(|piece| piece.macroblocks).sum();
    coefficients.1 = chroma;
    for (index, (arrangement, range)) in components(macroblocks, chroma).into_iter().enumerate() {
        let size = (if arrangement == Arrangement::Column { picture.width / 2 } else { picture.width }, picture.height);
        let plane = &picture.planes[index];
        let window = match *pieces {
            [place] if is_inside(place, arrangement, size) && (range.len() / 64).is_multiple_of(LANES) => {
                let start = place.row * MACROBLOCK * plane.stride + place.first * arrangement.width();
                SampleWindow { samples: &plane.samples[start..], stride: plane.stride }
            }
            _ => {
                let stride = (macroblocks * arrangement.width()).next_multiple_of(ROW);
                let mut left = 0;
                for piece in pieces {
                    let width = piece.macroblocks * arrangement.width();
                    let corner = (piece.first * arrangement.width(), piece.row * MACROBLOCK);
                    for (y, row) in scratch.padded.chunks_exact_mut(stride).take(MACROBLOCK).enumerate() {
                        copy_row(plane, size, (corner.0, corner.1 + y), &mut row[left..left + width]);
                    }
                    left += width;
                }
                SampleWindow { samples: &scratch.padded, stride }
            }
        };
        forward(window, arrangement, range.len() / 64, &mut coefficients.0[range]);
    }
}

/// Whether a slice lies wholly in a plane of this size.
fn is_inside(place: SlicePlace, arrangement: Arrangement, size: (usize, usize)) -> bool {
    (place.first + place.macroblocks) * arrangement.width() <= size.0 && (place.row + 1) * MACROBLOCK <= size.1
}

/// Copies samples of a plane, from (x, y) on; beyond its edges, the last ones go on.
pub(super) fn copy_row(plane: &Plane<'_>, size: (usize, usize), (x, y): (usize, usize), row: &mut [u16]) {
    let inside = row.len().min(size.0.saturating_sub(x)).max(1);
    let start = y.min(size.1 - 1) * plane.stride + x.min(size.0 - 1);
    row[..inside].copy_from_slice(&plane.samples[start..start + inside]);
    let last = row[inside - 1];
    row[inside..].fill(last);
}

/// Bytes of a slice, header and its coded `alpha` included, made from its coefficients by this implementation of the quantiser.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "components are less than 2¹⁶ bytes: 2048 coefficients of 50 bits")]
pub(super) fn code<'a>(
    coefficients: &Coefficients,
    macroblocks: usize,
    alpha: Option<&[u8]>,
    quantiser: Quantiser<'_>,
    scratch: &'a mut SliceScratch,
    quantise: impl Fn(&[i16], usize, &Steps, &mut [i16], &mut [u64]),
) -> &'a [u8] {
    let SliceScratch { levels, buffer, .. } = scratch;
    let mut sizes = [0; 3];
    let header = SLICE_HEADER + if alpha.is_some() { 2 } else { 0 };
    let mut end = header;
    for (index, (_, range)) in components(macroblocks, coefficients.1).into_iter().enumerate() {
        let blocks = range.len() / 64;
        let steps = if index == 0 { quantiser.luma } else { quantiser.chroma };
        let (levels, mask) = (&mut levels.0[..range.len()], &mut levels.1[..blocks]);
        quantise(&coefficients.0[range], blocks, steps, levels, mask);
        sizes[index] = entropy::encode(levels, blocks, mask, &mut buffer[end..]);
        end += sizes[index];
    }
    // The header's own size in the upper five bits of a byte. The last component is what the others leave.
    buffer[0] = (header as u8) << 3;
    buffer[1] = quantiser.index;
    for (place, size) in buffer[2..header].chunks_exact_mut(2).zip(sizes) {
        place.copy_from_slice(&(size as u16).to_be_bytes());
    }
    let alpha = alpha.unwrap_or_default();
    buffer[end..end + alpha.len()].copy_from_slice(alpha);
    &buffer[..end + alpha.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_cut_into_slices_of_powers_of_two() {
        let lengths = |columns| -> Vec<usize> { places(columns, 1).iter().map(|place| place.macroblocks).collect() };
        assert_eq!(lengths(1), [1]);
        assert_eq!(lengths(8), [8]);
        assert_eq!(lengths(31), [8, 8, 8, 4, 2, 1]);
        assert_eq!(lengths(120), [8; 15]);
        for columns in 1..=512 {
            let places = places(columns, 2);
            let mut next = (0, 0);
            for place in &places {
                assert_eq!((place.row, place.first), next);
                next = (place.row, place.first + place.macroblocks);
                if next.1 == columns {
                    next = (place.row + 1, 0);
                }
            }
            assert_eq!(next, (2, 0));
        }
    }

    #[test]
    fn an_edge_goes_on_with_its_last_sample() {
        let samples: Vec<u16> = (0..6 * 3).collect();
        let plane = Plane { samples: &samples, stride: 6 };
        let copied = |x, y| {
            let mut row = [0; 4];
            copy_row(&plane, (5, 3), (x, y), &mut row);
            row
        };
        assert_eq!(copied(0, 0), [0, 1, 2, 3]);
        assert_eq!(copied(3, 1), [9, 10, 10, 10]);
        assert_eq!(copied(1, 9), [13, 14, 15, 16]);
        assert_eq!(copied(7, 0), [4, 4, 4, 4]);
    }
}
