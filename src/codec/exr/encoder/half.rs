//! Floats of 32 bits as halves.
//!
//! Bits that do not fit are cut off, as FFmpeg's encoder does it: what was a half stays the same to the bit.

/// 2⁻¹⁴, the least that a normal half can be, as the bits of a float.
const LEAST_NORMAL: u32 = 113 << 23;
/// 2¹⁶, which no half can be.
const TOO_LARGE: u32 = 143 << 23;
/// Infinity; what is greater is no number.
const INFINITY: u32 = 255 << 23;

/// Converts as many samples as there are on both sides.
pub(super) fn convert(samples: &[f32], halves: &mut [u16]) {
    for (half, sample) in halves.iter_mut().zip(samples) {
        *half = of_bits(sample.to_bits());
    }
}

/// The half for these bits of a float. It has no branches, so that the compiler converts several at once.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the halves have 16 bits")]
fn of_bits(bits: u32) -> u16 {
    let magnitude = bits & 0x7fff_ffff;
    // The exponent counts from 2⁻¹⁴ on.
    let normal = magnitude.wrapping_sub(LEAST_NORMAL - (1 << 23)) >> 13;
    // Steps of a float between ½ and 1 are 2⁻²⁴, as those of the smallest halves are.
    let small = f32::from_bits(magnitude.min(LEAST_NORMAL));
    let sum = small + 0.5;
    let rounded_up = u32::from(sum - 0.5 > small);
    let subnormal = sum.to_bits().wrapping_sub(0.5f32.to_bits()).wrapping_sub(rounded_up);
    let finite = if magnitude < LEAST_NORMAL { subnormal } else { normal };
    let payload = if magnitude > INFINITY { (magnitude >> 13) & 0x3ff } else { 0 };
    let half = if magnitude < TOO_LARGE { finite } else { 0x7c00 | payload };
    ((bits >> 16) & 0x8000 | half) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_stay_what_they_are() {
        let is_plain = |half: &u16| half & 0x7c00 != 0x7c00 || half & 0x3ff == 0;
        for half in (0..=u16::MAX).filter(is_plain) {
            let sample = exr::prelude::f16::from_bits(half).to_f32();
            assert_eq!(of_bits(sample.to_bits()), half, "{sample}");
        }
    }

    #[test]
    fn bits_that_do_not_fit_are_cut_off() {
        for half in 1..0x7bff_u16 {
            let [here, next] = [half, half + 1].map(|half| exr::prelude::f16::from_bits(half).to_f32());
            let below_next = f32::from_bits(next.to_bits() - 1);
            assert_eq!(of_bits(below_next.to_bits()), half, "{below_next} lies above {here}");
            assert_eq!(of_bits((-below_next).to_bits()), half | 0x8000);
        }
        assert_eq!(of_bits(65519.9f32.to_bits()), 0x7bff);
        assert_eq!(of_bits(65536f32.to_bits()), 0x7c00);
        assert_eq!(of_bits(f32::NEG_INFINITY.to_bits()), 0xfc00);
        assert!(exr::prelude::f16::from_bits(of_bits(f32::NAN.to_bits())).is_nan());
        assert_eq!(of_bits(1e-8f32.to_bits()), 0);
    }
}
