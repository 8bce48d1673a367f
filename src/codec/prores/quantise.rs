//! Quantiser: weights of frequencies, quantisation indices, and levels by one multiplication each.

use super::transform::SCAN;

/// Weight that is divided by eight to be one step of the orthonormal transform; four is the finest most decoders know.
pub(super) const FINEST_WEIGHT: u8 = 4;

/// Number of quantisation indices. The first is 1.
pub(super) const INDICES: usize = 224;

/// Weights by 8 × vertical and horizontal frequency.
pub(super) type Weights = [u8; 64];

/// What a quantisation index multiplies weights with: 1 to 128 in ones, on to 512 in fours.
#[expect(clippy::cast_possible_truncation, reason = "224 at most")]
pub(super) const fn scale_of(index: usize) -> u32 {
    if index <= 128 { index as u32 } else { 128 + (index as u32 - 128) * 4 }
}

/// Weights that grow with frequency: [`FINEST_WEIGHT`] and `slope` eighths a step, vertical and horizontal.
pub(super) fn weights(slope: u8) -> Weights {
    std::array::from_fn(|index| {
        let steps = u8::try_from(index / 8 + index % 8).expect("14 at most");
        FINEST_WEIGHT + slope * steps / 8
    })
}

/// How coefficients become levels at one quantisation index, by place of the scan.
#[derive(Clone)]
#[repr(align(32))]
pub(super) struct Steps {
    /// 2¹⁶ divided by the step.
    pub(super) reciprocal: [u16; 64],
    /// What is added to a magnitude before the division: half a step rounds, less draws towards zero.
    pub(super) offset: [u16; 64],
}

/// Share of a step, in 256ths, that is added to AC magnitudes before they are cut: what is less likely costs more bits
/// than it gains, so that a bit less than a half is best.
const AC_OFFSET: u32 = 96;

impl Steps {
    pub(super) fn new(weights: &Weights, index: usize) -> Steps {
        let mut steps = Steps { reciprocal: [0; 64], offset: [0; 64] };
        for (place, &coefficient) in SCAN.iter().enumerate() {
            // Coefficients are in eighths, a level stands for a quarter of weight times scale.
            let step = 2 * u32::from(weights[usize::from(coefficient)]) * scale_of(index);
            let reciprocal = ((1 << 16) + step / 2) / step;
            let offset = if place == 0 { step / 2 } else { step * AC_OFFSET / 256 };
            steps.reciprocal[place] = u16::try_from(reciprocal).expect("a step is 4 at least");
            steps.offset[place] = u16::try_from(offset).expect("a step is less than 2¹⁶");
        }
        steps
    }
}

/// Level of one coefficient: the magnitude and half a step, times the reciprocal, without its fraction.
#[inline(always)]
fn level(coefficient: i16, reciprocal: u16, offset: u16) -> i16 {
    // All ones where it is negative: x ^ -1 is -x - 1.
    let sign = coefficient >> 15;
    let magnitude = ((coefficient ^ sign).wrapping_sub(sign)).cast_unsigned().wrapping_add(offset);
    let level = ((u32::from(magnitude) * u32::from(reciprocal)) >> 16) as u16;
    (level.cast_signed() ^ sign).wrapping_sub(sign)
}

/// Quantises coefficients by place of the scan and then by block; `mask` gets a bit for each level that is not zero.
pub(super) fn quantise(coefficients: &[i16], blocks: usize, steps: &Steps, levels: &mut [i16], mask: &mut [u64]) {
    let places = coefficients.chunks_exact(blocks).zip(levels.chunks_exact_mut(blocks));
    let steps = steps.reciprocal.iter().zip(&steps.offset);
    for ((coefficients, levels), (&reciprocal, &offset)) in places.zip(steps) {
        for (result, &coefficient) in levels.iter_mut().zip(coefficients) {
            *result = level(coefficient, reciprocal, offset);
        }
    }
    for (bits, levels) in mask.iter_mut().zip(levels.as_chunks().0) {
        *bits = not_zero(levels);
    }
}

/// A bit for each of 64 levels that is not zero.
#[inline(always)]
fn not_zero(levels: &[i16; 64]) -> u64 {
    let mut ones = [0; 64];
    for (one, &level) in ones.iter_mut().zip(levels) {
        *one = u8::from(level != 0);
    }
    let mut bits = 0;
    for (index, &ones) in ones.as_chunks().0.iter().enumerate() {
        // Moves the lowest bit of each byte into the uppermost byte, the first byte's to the bottom.
        let byte = u64::from_le_bytes(ones).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits |= byte << (index * 8);
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_reach_from_1_to_512() {
        assert_eq!((scale_of(1), scale_of(128), scale_of(129), scale_of(INDICES)), (1, 128, 132, 512));
    }

    #[test]
    fn levels_are_nearest_multiples_drawn_towards_zero() {
        for index in [1, 2, 7, 60, 128, 200, 224] {
            let steps = Steps::new(&weights(3), index);
            for place in [0, 1, 17, 63] {
                let weight = f64::from(weights(3)[usize::from(SCAN[place])]);
                let step = 2.0 * weight * f64::from(scale_of(index));
                for coefficient in (i16::MIN..=i16::MAX).step_by(7) {
                    let level = level(coefficient, steps.reciprocal[place], steps.offset[place]);
                    let exact = f64::from(coefficient) / step;
                    assert!(level == 0 || (level > 0) == (coefficient > 0), "{coefficient} at {index}");
                    let error = exact.abs() - f64::from(level.abs());
                    // Reciprocals have 16 bits, of large steps a few; offsets are whole numbers.
                    let slack = (exact.abs() + 1.0) * step / 131_072.0 + step.recip();
                    assert!((-0.5 - slack..0.63 + slack).contains(&error), "{coefficient} at {index}: {error:#}");
                }
            }
        }
    }

    #[test]
    fn the_mask_has_a_bit_for_each_level() {
        let levels: [i16; 64] = std::array::from_fn(|index| i16::from(index % 3 == 1) * -256);
        for (index, level) in levels.iter().enumerate() {
            assert_eq!(not_zero(&levels) >> index & 1 == 1, *level != 0);
        }
    }
}
