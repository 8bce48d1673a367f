//! Laying pictures of light over one another: premultiplied floats, from which nothing is cut.

use crate::time::Ratio;

use super::Rgba16;

/// A picture of interleaved RGBA in singles, colour premultiplied by alpha. Colour may be brighter than white and
/// darker than black.
#[derive(Debug, Clone, PartialEq)]
pub struct RgbaF32 {
    /// Pixels in a line.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// `width × height × 4` samples, line by line without padding: red, green, blue, alpha.
    pub data: Vec<f32>,
}

impl RgbaF32 {
    /// A picture in which everything is transparent.
    pub fn transparent(width: u32, height: u32) -> RgbaF32 {
        RgbaF32 { width, height, data: vec![0.0; width as usize * height as usize * 4] }
    }

    /// A picture of opaque black.
    pub fn black(width: u32, height: u32) -> RgbaF32 {
        let mut image = RgbaF32::transparent(width, height);
        image.data.as_chunks_mut::<4>().0.iter_mut().for_each(|pixel| pixel[3] = 1.0);
        image
    }

    /// Lays `top` over `self`, in place: `top + self × (1 − top's alpha)`.
    ///
    /// # Panics
    /// When the two differ in size.
    pub fn lay_under(&mut self, top: &RgbaF32) {
        assert_eq!((self.width, self.height), (top.width, top.height), "pictures of one canvas have one size");
        for (below, above) in self.data.as_chunks_mut::<4>().0.iter_mut().zip(top.data.as_chunks::<4>().0) {
            let rest = 1.0 - above[3];
            for channel in 0..4 {
                // What is hidden may be infinite.
                let through = if rest == 0.0 { 0.0 } else { below[channel] * rest };
                below[channel] = above[channel] + through;
            }
        }
    }

    /// A dissolve: `from × (1 − weight) + to × weight`. A side that is `None` is transparent.
    ///
    /// # Panics
    /// When both sides are there and differ in size.
    pub fn mix(from: Option<&RgbaF32>, to: Option<&RgbaF32>, weight: Ratio) -> Option<RgbaF32> {
        let shape = from.or(to)?;
        #[allow(clippy::cast_possible_truncation, reason = "a weight in singles")]
        let weight = weight.clamp(Ratio::ZERO, Ratio::ONE).to_f64() as f32;
        let mut mixed = RgbaF32::transparent(shape.width, shape.height);
        for (side, share) in [(from, 1.0 - weight), (to, weight)] {
            let Some(side) = side.filter(|_| share > 0.0) else { continue };
            assert_eq!((side.width, side.height), (mixed.width, mixed.height), "pictures of one canvas have one size");
            mixed.data.iter_mut().zip(&side.data).for_each(|(sum, sample)| *sum += sample * share);
        }
        Some(mixed)
    }
}

impl From<&Rgba16> for RgbaF32 {
    fn from(image: &Rgba16) -> RgbaF32 {
        let data = image.data.iter().map(|&sample| f32::from(sample) / 65535.0).collect();
        RgbaF32 { width: image.width, height: image.height, data }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixel(data: [f32; 4]) -> RgbaF32 {
        RgbaF32 { width: 1, height: 1, data: data.to_vec() }
    }

    #[test]
    fn bright_and_dark_values_are_kept() {
        let mut image = pixel([16.0, 0.25, -0.5, 1.0]);
        image.lay_under(&pixel([4.0, 0.5, 0.0, 0.5]));
        assert_eq!(image, pixel([12.0, 0.625, -0.25, 1.0]));
        image.lay_under(&pixel([0.0; 4]));
        assert_eq!(image, pixel([12.0, 0.625, -0.25, 1.0]));
        let mixed = RgbaF32::mix(Some(&image), Some(&pixel([0.0, 0.0, 0.5, 1.0])), Ratio::new(1, 4));
        assert_eq!(mixed, Some(pixel([9.0, 0.468_75, -0.0625, 1.0])));
        let faded = RgbaF32::mix(None, Some(&image), Ratio::new(1, 2));
        assert_eq!(faded, Some(pixel([6.0, 0.3125, -0.125, 0.5])));
        assert_eq!(RgbaF32::mix(None, None, Ratio::ONE), None);
    }

    #[test]
    fn infinite_light_stays_behind_what_hides_it() {
        let mut image = pixel([f32::INFINITY, 0.0, 0.0, 1.0]);
        image.lay_under(&pixel([0.5, 0.5, 0.5, 1.0]));
        assert_eq!(image, pixel([0.5, 0.5, 0.5, 1.0]));
    }
}
