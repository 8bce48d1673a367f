//! Laying pictures with alpha over one another: premultiplied 16-bit RGBA.

use super::dissolve::{SampleKind, blend_samples};
use crate::time::Ratio;

/// A picture of interleaved RGBA, 16 bits a sample in the machine's byte order, colour premultiplied by alpha.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rgba16 {
    /// Pixels in a line.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// `width × height × 4` samples, line by line without padding: red, green, blue, alpha.
    pub data: Vec<u16>,
}

impl Rgba16 {
    /// A picture in which everything is transparent.
    pub fn transparent(width: u32, height: u32) -> Rgba16 {
        Rgba16 { width, height, data: vec![0; width as usize * height as usize * 4] }
    }

    /// A picture of opaque black.
    pub fn black(width: u32, height: u32) -> Rgba16 {
        let mut image = Rgba16::transparent(width, height);
        flatten(&mut image);
        image
    }

    /// Whether every pixel is opaque.
    pub fn is_opaque(&self) -> bool {
        self.data.as_chunks::<4>().0.iter().all(|pixel| pixel[3] == u16::MAX)
    }

    fn assert_same_size(&self, other: &Rgba16) {
        assert_eq!((self.width, self.height), (other.width, other.height), "pictures of one canvas have one size");
    }
}

/// `value / 65535` rounded to nearest, for a product of two samples.
#[inline]
fn divide(value: u32) -> u16 {
    // Exact for every product of two 16-bit numbers: the second term makes up for dividing by 65536 instead.
    let value = value + 0x8000;
    u16::try_from((value + (value >> 16)) >> 16).unwrap_or(u16::MAX)
}

/// Lays `top` over `bottom`, in place: `top × opacity + bottom × (1 − top's alpha × opacity)`, each sample rounded
/// once.
///
/// # Panics
/// When the two differ in size.
pub fn over(bottom: &mut Rgba16, top: &Rgba16, opacity: Ratio) {
    bottom.assert_same_size(top);
    let opacity = opacity.clamp(Ratio::ZERO, Ratio::ONE);
    if opacity == Ratio::ZERO {
        return;
    }
    let (below, _) = bottom.data.as_chunks_mut::<4>();
    let (above, _) = top.data.as_chunks::<4>();
    if opacity == Ratio::ONE {
        for (below, above) in below.iter_mut().zip(above) {
            let rest = u32::from(u16::MAX - above[3]);
            for channel in 0..4 {
                below[channel] = above[channel].saturating_add(divide(u32::from(below[channel]) * rest));
            }
        }
        return;
    }
    let opacity = opacity.to_f64();
    for (below, above) in below.iter_mut().zip(above) {
        let rest = 1.0 - f64::from(above[3]) * opacity / 65535.0;
        for channel in 0..4 {
            let sum = f64::from(above[channel]) * opacity + f64::from(below[channel]) * rest;
            below[channel] = to_sample(sum);
        }
    }
}

#[inline]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float's cast saturates at the limits")]
fn to_sample(value: f64) -> u16 {
    // Sums that are exactly a half may have come out a hair below it.
    (value + 0.5 + 1e-9) as u16
}

/// A dissolve: `from × (1 − weight) + to × weight`, each sample rounded once. A side that is `None` is transparent.
///
/// # Panics
/// When both sides are there and differ in size.
pub fn mix(from: Option<&Rgba16>, to: Option<&Rgba16>, weight: Ratio) -> Option<Rgba16> {
    let shape = from.or(to)?;
    if let (Some(from), Some(to)) = (from, to) {
        from.assert_same_size(to);
    }
    let mut mixed = Rgba16::transparent(shape.width, shape.height);
    let nothing;
    let (from, to) = match (from, to) {
        (Some(from), Some(to)) => (from, to),
        (from, to) => {
            nothing = Rgba16::transparent(shape.width, shape.height);
            (from.unwrap_or(&nothing), to.unwrap_or(&nothing))
        }
    };
    blend_samples(SampleKind::U16 { bits: 16 }, &from.data, &to.data, &mut mixed.data, weight);
    Some(mixed)
}

/// Multiplies straight colour by its alpha, in place.
pub fn premultiply(image: &mut Rgba16) {
    for pixel in image.data.as_chunks_mut::<4>().0 {
        let alpha = u32::from(pixel[3]);
        for channel in 0..3 {
            pixel[channel] = divide(u32::from(pixel[channel]) * alpha);
        }
    }
}

/// Divides premultiplied colour by its alpha, in place. Transparent pixels become black; colour brighter than its
/// alpha allows is cut at white.
pub fn unpremultiply(image: &mut Rgba16) {
    for pixel in image.data.as_chunks_mut::<4>().0 {
        let alpha = u32::from(pixel[3]);
        match alpha {
            0 => pixel[..3].fill(0),
            0xffff => {}
            _ => {
                for channel in 0..3 {
                    let value = (u32::from(pixel[channel]) * 0xffff + alpha / 2) / alpha;
                    pixel[channel] = u16::try_from(value).unwrap_or(u16::MAX);
                }
            }
        }
    }
}

/// Lays the picture on opaque black, in place.
pub fn flatten(image: &mut Rgba16) {
    // Premultiplied colour on black is that colour.
    for pixel in image.data.as_chunks_mut::<4>().0 {
        pixel[3] = u16::MAX;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(seed: u32, pixels: u32) -> Rgba16 {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            u16::try_from(state >> 16).expect("16 bits are left")
        };
        let mut image = Rgba16::transparent(pixels, 1);
        for pixel in image.data.as_chunks_mut::<4>().0 {
            let alpha = next();
            for sample in &mut pixel[..3] {
                *sample = u16::try_from(u32::from(next()) * u32::from(alpha) / 0xffff).expect("at most alpha");
            }
            pixel[3] = alpha;
        }
        image
    }

    #[test]
    fn dividing_by_65535_is_exact() {
        for a in (0..=65535u32).step_by(251).chain([65534, 65535]) {
            for b in (0..=65535u32).step_by(13).chain([65534, 65535]) {
                let expected = (u64::from(a) * u64::from(b) * 2 + 65535) / (2 * 65535);
                assert_eq!(u64::from(divide(a * b)), expected, "{a} × {b}");
            }
        }
    }

    #[test]
    fn over_is_what_doubles_say() {
        let (below, above) = (picture(1, 5000), picture(2, 5000));
        for opacity in [Ratio::ONE, Ratio::new(1, 2), Ratio::new(3, 7), Ratio::ZERO] {
            let mut result = below.clone();
            over(&mut result, &above, opacity);
            for (index, &sample) in result.data.iter().enumerate() {
                let alpha = f64::from(above.data[index / 4 * 4 + 3]) / 65535.0 * opacity.to_f64();
                let sum =
                    f64::from(above.data[index]) * opacity.to_f64() + f64::from(below.data[index]) * (1.0 - alpha);
                assert!((f64::from(sample) - sum).abs() <= 0.5 + 1e-6, "{index}: {sample} is not {sum}");
            }
        }
    }

    #[test]
    fn a_transparent_edge_shows_no_dark_fringe() {
        // White at half alpha over white stays white.
        let mut below = Rgba16 { width: 1, height: 1, data: vec![65535; 4] };
        let mut above = Rgba16 { width: 1, height: 1, data: vec![65535, 65535, 65535, 32768] };
        premultiply(&mut above);
        over(&mut below, &above, Ratio::ONE);
        assert_eq!(below.data, [65535; 4]);
    }

    #[test]
    fn unpremultiplying_undoes_premultiplying() {
        let mut image =
            Rgba16 { width: 3, height: 1, data: vec![60000, 30000, 5, 65535, 60000, 1, 2, 40000, 9, 9, 9, 0] };
        let straight = image.clone();
        premultiply(&mut image);
        assert_eq!(image.data[8..], [0, 0, 0, 0]);
        unpremultiply(&mut image);
        for (index, (&got, &wanted)) in image.data[..8].iter().zip(&straight.data).enumerate() {
            assert!(got.abs_diff(wanted) <= 1, "{index}: {got} is not {wanted}");
        }
    }

    #[test]
    fn mixing_with_nothing_fades() {
        let image = Rgba16 { width: 1, height: 1, data: vec![65535, 1000, 0, 65535] };
        assert_eq!(mix(Some(&image), None, Ratio::new(1, 4)).expect("one side is there").data, [49151, 750, 0, 49151]);
        assert_eq!(mix(None, Some(&image), Ratio::ONE).expect("one side is there"), image);
        assert_eq!(mix(None, None, Ratio::ONE), None);
    }
}
