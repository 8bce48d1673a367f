//! Transform and quantiser in AVX2, and the choice between them and the portable ones.
//!
//! The one place of this encoder where `unsafe` is allowed, for one reason: a function that uses AVX2 may be called only
//! where the processor has it, and only a look at the processor can tell. Inside, intrinsics are safe; vectors are
//! loaded and stored by value.

use super::slice::{self, Coefficients, ProresPicture, Quantiser, SlicePlace, SliceScratch};
use super::transform::Arrangement;
use super::{quantise, transform};

/// Which implementation is used. Both give the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Path(PathKind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PathKind {
    Portable,
    /// Made by [`Path::fastest`] alone.
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

impl Path {
    /// Plain Rust, for any processor.
    pub(super) const PORTABLE: Path = Path(PathKind::Portable);

    /// The fastest that this processor can run.
    pub(super) fn fastest() -> Path {
        #[cfg(target_arch = "x86_64")]
        if avx2::is_there() {
            return Path(PathKind::Avx2);
        }
        Path::PORTABLE
    }

    /// Coefficients of a slice.
    pub(super) fn transform(
        self,
        picture: &ProresPicture<'_>,
        chroma: Arrangement,
        pieces: &[SlicePlace],
        scratch: &mut SliceScratch,
        coefficients: &mut Coefficients,
    ) {
        match self.0 {
            PathKind::Portable => slice::transform(picture, chroma, pieces, scratch, coefficients, transform::forward),
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "the dispatch into AVX2 code")]
            // SAFETY: this kind is made only where the processor has these features.
            PathKind::Avx2 => unsafe { avx2::transform(picture, chroma, pieces, scratch, coefficients) },
        }
    }

    /// Bytes of a slice, made from its coefficients.
    pub(super) fn code<'a>(
        self,
        coefficients: &Coefficients,
        macroblocks: usize,
        alpha: Option<&[u8]>,
        quantiser: Quantiser<'_>,
        scratch: &'a mut SliceScratch,
    ) -> &'a [u8] {
        match self.0 {
            PathKind::Portable => slice::code(coefficients, macroblocks, alpha, quantiser, scratch, quantise::quantise),
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "the dispatch into AVX2 code")]
            // SAFETY: this kind is made only where the processor has these features.
            PathKind::Avx2 => unsafe { avx2::code(coefficients, macroblocks, alpha, quantiser, scratch) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    use super::slice::{self, Coefficients, ProresPicture, Quantiser, SlicePlace, SliceScratch};
    use crate::codec::prores::quantise::{self as portable, Steps};
    use crate::codec::prores::transform::{
        self, Arrangement, C6, FACTORS, HALF, LANES, MAX_SAMPLE, MIDDLE, MINUS, PLACES, PLUS, SampleWindow,
        transform_eight,
    };

    /// Whether the processor has all that the functions below are compiled for.
    pub(super) fn is_there() -> bool {
        is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
    pub(super) fn transform(
        picture: &ProresPicture<'_>,
        chroma: Arrangement,
        pieces: &[SlicePlace],
        scratch: &mut SliceScratch,
        coefficients: &mut Coefficients,
    ) {
        let forward = |window: SampleWindow<'_>, arrangement, blocks, coefficients: &mut [i16]| match blocks {
            32 => forward::<32>(window, arrangement, coefficients),
            16 => forward::<16>(window, arrangement, coefficients),
            _ => transform::forward(window, arrangement, blocks, coefficients),
        };
        slice::transform(picture, chroma, pieces, scratch, coefficients, forward);
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
    pub(super) fn code<'a>(
        coefficients: &Coefficients,
        macroblocks: usize,
        alpha: Option<&[u8]>,
        quantiser: Quantiser<'_>,
        scratch: &'a mut SliceScratch,
    ) -> &'a [u8] {
        let quantise = |coefficients: &[i16], blocks, steps: &Steps, levels: &mut [i16], mask: &mut [u64]| match blocks
        {
            16 => quantise::<1>(coefficients, steps, levels, mask),
            32 => quantise::<2>(coefficients, steps, levels, mask),
            _ => portable::quantise(coefficients, blocks, steps, levels, mask),
        };
        slice::code(coefficients, macroblocks, alpha, quantiser, scratch, quantise)
    }

    /// Rows become columns.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn transpose(r: [__m128i; 8]) -> [__m128i; 8] {
        let pairs = [
            _mm_unpacklo_epi16(r[0], r[1]),
            _mm_unpackhi_epi16(r[0], r[1]),
            _mm_unpacklo_epi16(r[2], r[3]),
            _mm_unpackhi_epi16(r[2], r[3]),
            _mm_unpacklo_epi16(r[4], r[5]),
            _mm_unpackhi_epi16(r[4], r[5]),
            _mm_unpacklo_epi16(r[6], r[7]),
            _mm_unpackhi_epi16(r[6], r[7]),
        ];
        let fours = [
            _mm_unpacklo_epi32(pairs[0], pairs[2]),
            _mm_unpackhi_epi32(pairs[0], pairs[2]),
            _mm_unpacklo_epi32(pairs[1], pairs[3]),
            _mm_unpackhi_epi32(pairs[1], pairs[3]),
            _mm_unpacklo_epi32(pairs[4], pairs[6]),
            _mm_unpackhi_epi32(pairs[4], pairs[6]),
            _mm_unpacklo_epi32(pairs[5], pairs[7]),
            _mm_unpackhi_epi32(pairs[5], pairs[7]),
        ];
        [
            _mm_unpacklo_epi64(fours[0], fours[4]),
            _mm_unpackhi_epi64(fours[0], fours[4]),
            _mm_unpacklo_epi64(fours[1], fours[5]),
            _mm_unpackhi_epi64(fours[1], fours[5]),
            _mm_unpacklo_epi64(fours[2], fours[6]),
            _mm_unpackhi_epi64(fours[2], fours[6]),
            _mm_unpacklo_epi64(fours[3], fours[7]),
            _mm_unpackhi_epi64(fours[3], fours[7]),
        ]
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn eight(x: [__m256; 8]) -> [__m256; 8] {
        let (half, c6) = (_mm256_set1_ps(HALF), _mm256_set1_ps(C6));
        let (minus, plus) = (_mm256_set1_ps(MINUS), _mm256_set1_ps(PLUS));
        transform_eight!(x, _mm256_add_ps, _mm256_sub_ps, _mm256_mul_ps, half, c6, minus, plus)
    }

    /// As the portable [`transform::forward`], for whole groups of blocks.
    #[target_feature(enable = "avx2")]
    fn forward<const BLOCKS: usize>(window: SampleWindow<'_>, arrangement: Arrangement, coefficients: &mut [i16]) {
        let coefficients = &mut coefficients.as_chunks_mut::<BLOCKS>().0[..64];
        for first in (0..BLOCKS).step_by(LANES) {
            let mut rows = [[_mm256_setzero_ps(); 8]; 8];
            for (y, row) in rows.iter_mut().enumerate() {
                let upper: [__m128i; 4] = bytemuck::cast(*window.row(first * 4, y));
                let lower: [__m128i; 4] = bytemuck::cast(*window.row(first * 4, y + 8));
                let s = [upper[0], upper[1], upper[2], upper[3], lower[0], lower[1], lower[2], lower[3]];
                let s = match arrangement {
                    Arrangement::Square => [s[0], s[1], s[4], s[5], s[2], s[3], s[6], s[7]],
                    Arrangement::Column | Arrangement::Columns => [s[0], s[4], s[1], s[5], s[2], s[6], s[3], s[7]],
                };
                let mut x = [_mm256_setzero_ps(); 8];
                for (x, samples) in x.iter_mut().zip(transpose(s)) {
                    let samples = _mm_min_epu16(samples, _mm_set1_epi16(MAX_SAMPLE.cast_signed()));
                    *x = _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(samples));
                }
                *row = eight(x);
            }
            for u in 0..8 {
                let mut column = [_mm256_setzero_ps(); 8];
                for (value, row) in column.iter_mut().zip(&rows) {
                    *value = row[u];
                }
                let mut column = eight(column);
                if u == 0 {
                    column[0] = _mm256_sub_ps(column[0], _mm256_set1_ps(MIDDLE));
                }
                for v in (0..8).step_by(2) {
                    // Rounds halves to even, as the portable code does.
                    let [upper, lower] = [v, v + 1]
                        .map(|v| _mm256_cvtps_epi32(_mm256_mul_ps(column[v], _mm256_set1_ps(FACTORS[v * 8 + u]))));
                    let both = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packs_epi32(upper, lower));
                    let both: [[i16; LANES]; 2] = bytemuck::cast(both);
                    for (v, results) in [v, v + 1].into_iter().zip(&both) {
                        let place = usize::from(PLACES[v * 8 + u]) & 63;
                        coefficients[place].as_chunks_mut().0[first / LANES] = *results;
                    }
                }
            }
        }
    }

    /// As the portable [`quantise::quantise`](portable::quantise), for slices of 16 times `SIXTEENS` blocks.
    #[target_feature(enable = "avx2")]
    fn quantise<const SIXTEENS: usize>(coefficients: &[i16], steps: &Steps, levels: &mut [i16], mask: &mut [u64]) {
        let zero = _mm256_setzero_si256();
        let sets = coefficients.as_chunks::<64>().0.iter().zip(levels.as_chunks_mut::<64>().0).zip(mask);
        for (word, ((coefficients, levels), mask)) in sets.enumerate() {
            let mut found = [zero; 4];
            let quarters = coefficients.as_chunks::<16>().0.iter().zip(levels.as_chunks_mut::<16>().0);
            for (quarter, ((coefficients, levels), found)) in quarters.zip(&mut found).enumerate() {
                let place = ((word * 4 + quarter) / SIXTEENS) & 63;
                let reciprocal = _mm256_set1_epi16(steps.reciprocal[place].cast_signed());
                let offset = _mm256_set1_epi16(steps.offset[place].cast_signed());
                let coefficient: __m256i = bytemuck::cast(*coefficients);
                let magnitude = _mm256_add_epi16(_mm256_abs_epi16(coefficient), offset);
                let level = _mm256_sign_epi16(_mm256_mulhi_epu16(magnitude, reciprocal), coefficient);
                *levels = bytemuck::cast(level);
                *found = _mm256_cmpeq_epi16(level, zero);
            }
            let bits = [[found[0], found[1]], [found[2], found[3]]].map(|[a, b]| {
                let bytes = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packs_epi16(a, b));
                u64::from(_mm256_movemask_epi8(bytes).cast_unsigned())
            });
            *mask = !(bits[0] | bits[1] << 32);
        }
    }
}
