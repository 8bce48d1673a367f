//! What pictures of 16-bit samples and of light have in common, so that what is done to both is written once.

use super::{Rgba16, RgbaF32};

/// A picture of interleaved premultiplied RGBA: [`Rgba16`] or [`RgbaF32`].
pub trait Picture: Clone + sealed::PixelSamples {
    /// Width and height in pixels.
    fn size(&self) -> (u32, u32);
}

impl Picture for Rgba16 {
    fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }
}

impl Picture for RgbaF32 {
    fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }
}

/// What only this module's arithmetic needs.
pub(super) mod sealed {
    use bytemuck::{Pod, Zeroable as _};
    use fast_image_resize::PixelType;

    use crate::picture::{Rgba16, RgbaF32, over};
    use crate::time::Ratio;

    pub trait PixelSamples: Sized {
        /// One sample.
        type Sample: Pod;
        /// How the library that scales calls such pixels.
        const PIXEL: PixelType;
        /// The sample of white, and of opaque.
        const FULL: f32;
        /// Whether colour ends at white.
        const BOUNDED: bool;

        /// `width × height × 4` samples, line by line.
        fn samples(&self) -> &[Self::Sample];
        /// The same, to be changed.
        fn samples_mut(&mut self) -> &mut [Self::Sample];
        /// A picture of these samples.
        fn from_samples(size: (u32, u32), samples: Vec<Self::Sample>) -> Self;
        /// A pixel as numbers, opaque being [`PixelSamples::FULL`].
        fn load(pixel: [Self::Sample; 4]) -> [f32; 4];
        /// The nearest pixel there is; colour stays within alpha where there is nothing brighter than white.
        fn store(pixel: [f32; 4]) -> [Self::Sample; 4];
        /// Brings what interpolation made back to what pixels can be, as [`PixelSamples::store`] does.
        fn settle(pixels: &mut [[Self::Sample; 4]]);
        /// Lays `top` at `opacity` over it as it is; `false` where there is no quicker way than pixel by pixel.
        fn lay_normal(&mut self, top: &Self, opacity: Ratio) -> bool;

        /// A picture of nothing.
        fn nothing(size: (u32, u32)) -> Self {
            Self::from_samples(size, vec![Self::Sample::zeroed(); size.0 as usize * size.1 as usize * 4])
        }
    }

    impl PixelSamples for Rgba16 {
        type Sample = u16;
        const PIXEL: PixelType = PixelType::U16x4;
        const FULL: f32 = 65535.0;
        const BOUNDED: bool = true;

        fn samples(&self) -> &[u16] {
            &self.data
        }

        fn samples_mut(&mut self) -> &mut [u16] {
            &mut self.data
        }

        fn from_samples((width, height): (u32, u32), data: Vec<u16>) -> Rgba16 {
            Rgba16 { width, height, data }
        }

        #[inline]
        fn load(pixel: [u16; 4]) -> [f32; 4] {
            pixel.map(f32::from)
        }

        #[inline]
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float's cast saturates")]
        fn store(pixel: [f32; 4]) -> [u16; 4] {
            let [red, green, blue, alpha] = pixel.map(|value| (value + 0.5) as u16);
            [red.min(alpha), green.min(alpha), blue.min(alpha), alpha]
        }

        fn settle(pixels: &mut [[u16; 4]]) {
            for [red, green, blue, alpha] in pixels {
                (*red, *green, *blue) = ((*red).min(*alpha), (*green).min(*alpha), (*blue).min(*alpha));
            }
        }

        fn lay_normal(&mut self, top: &Rgba16, opacity: Ratio) -> bool {
            over(self, top, opacity);
            true
        }
    }

    impl PixelSamples for RgbaF32 {
        type Sample = f32;
        const PIXEL: PixelType = PixelType::F32x4;
        const FULL: f32 = 1.0;
        const BOUNDED: bool = false;

        fn samples(&self) -> &[f32] {
            &self.data
        }

        fn samples_mut(&mut self) -> &mut [f32] {
            &mut self.data
        }

        fn from_samples((width, height): (u32, u32), data: Vec<f32>) -> RgbaF32 {
            RgbaF32 { width, height, data }
        }

        #[inline]
        fn load(pixel: [f32; 4]) -> [f32; 4] {
            pixel
        }

        #[inline]
        fn store([red, green, blue, alpha]: [f32; 4]) -> [f32; 4] {
            [red, green, blue, alpha.clamp(0.0, 1.0)]
        }

        fn settle(pixels: &mut [[f32; 4]]) {
            pixels.iter_mut().for_each(|pixel| pixel[3] = pixel[3].clamp(0.0, 1.0));
        }

        fn lay_normal(&mut self, top: &RgbaF32, opacity: Ratio) -> bool {
            let whole = opacity >= Ratio::ONE;
            if whole {
                self.lay_under(top);
            }
            whole
        }
    }
}
