//! What pictures of 16-bit samples and of light have in common, so that what is done to both is written once.

use fast_image_resize::PixelType;

use super::blend::lay_pixels;
use super::{Rgba16, RgbaF32, over};
use crate::plan::Blend;
use crate::time::Ratio;

/// A picture of interleaved premultiplied RGBA.
pub trait Picture: Clone + sealed::Sealed {
    /// One sample.
    type Sample: Copy + bytemuck::Pod;
    /// How the library that scales calls such pixels.
    #[doc(hidden)]
    const PIXEL: PixelType;
    /// The sample of the brightest colour, and of opaque.
    #[doc(hidden)]
    const FULL: f32;
    /// Whether colour ends at [`Picture::FULL`].
    #[doc(hidden)]
    const BOUNDED: bool;

    /// Width and height in pixels.
    fn size(&self) -> (u32, u32);
    /// `width × height × 4` samples, line by line.
    fn samples(&self) -> &[Self::Sample];
    /// The same, to be changed.
    fn samples_mut(&mut self) -> &mut [Self::Sample];
    /// A picture of these samples.
    #[doc(hidden)]
    fn from_samples(size: (u32, u32), samples: Vec<Self::Sample>) -> Self;
    /// A pixel as numbers, opaque being [`Picture::FULL`].
    #[doc(hidden)]
    fn load(pixel: [Self::Sample; 4]) -> [f32; 4];
    /// Lays `top` at `opacity` over it as it is.
    #[doc(hidden)]
    fn lay_normal(&mut self, top: &Self, opacity: Ratio);
    /// The nearest pixel there is; colour stays within alpha where there is nothing brighter than white.
    #[doc(hidden)]
    fn store(pixel: [f32; 4]) -> [Self::Sample; 4];
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Rgba16 {}
    impl Sealed for super::RgbaF32 {}
}

impl Picture for Rgba16 {
    type Sample = u16;
    const PIXEL: PixelType = PixelType::U16x4;
    const FULL: f32 = 65535.0;
    const BOUNDED: bool = true;

    fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

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

    fn lay_normal(&mut self, top: &Rgba16, opacity: Ratio) {
        over(self, top, opacity);
    }

    #[inline]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float's cast saturates")]
    fn store(pixel: [f32; 4]) -> [u16; 4] {
        let [red, green, blue, alpha] = pixel.map(|value| (value + 0.5) as u16);
        [red.min(alpha), green.min(alpha), blue.min(alpha), alpha]
    }
}

impl Picture for RgbaF32 {
    type Sample = f32;
    const PIXEL: PixelType = PixelType::F32x4;
    const FULL: f32 = 1.0;
    const BOUNDED: bool = false;

    fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

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

    fn lay_normal(&mut self, top: &RgbaF32, opacity: Ratio) {
        if opacity >= Ratio::ONE {
            return self.lay_under(top);
        }
        lay_pixels(self, top, opacity, Blend::Normal);
    }

    #[inline]
    fn store([red, green, blue, alpha]: [f32; 4]) -> [f32; 4] {
        [red, green, blue, alpha.clamp(0.0, 1.0)]
    }
}
