//! Pictures with alpha that others are laid over: RGBA of 16 bits, or of floats.

use crate::picture::{self, Rgba16, RgbaF32};
use crate::time::Ratio;

/// What layers with alpha are laid over one another as.
pub(super) trait Surface: picture::Picture {
    /// A picture of opaque black, or of nothing.
    fn blank(width: u32, height: u32, black: bool) -> Self;
    /// A picture of one colour: straight RGBA, 0 to 1.
    fn flat(size: (u32, u32), color: [f64; 4]) -> Self;
    /// A dissolve; a side that is `None` is transparent.
    fn mix(from: Option<&Self>, to: Option<&Self>, weight: Ratio) -> Option<Self>;
}

impl Surface for Rgba16 {
    fn blank(width: u32, height: u32, black: bool) -> Rgba16 {
        if black { Rgba16::black(width, height) } else { Rgba16::transparent(width, height) }
    }

    fn flat((width, height): (u32, u32), color: [f64; 4]) -> Rgba16 {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 65535")]
        let pixel = color.map(|part| (part.clamp(0.0, 1.0) * 65535.0).round() as u16);
        let mut image = Rgba16 { width, height, data: pixel.repeat(width as usize * height as usize) };
        picture::premultiply(&mut image);
        image
    }

    fn mix(from: Option<&Rgba16>, to: Option<&Rgba16>, weight: Ratio) -> Option<Rgba16> {
        picture::mix(from, to, weight)
    }
}

impl Surface for RgbaF32 {
    fn blank(width: u32, height: u32, black: bool) -> RgbaF32 {
        if black { RgbaF32::black(width, height) } else { RgbaF32::transparent(width, height) }
    }

    fn flat((width, height): (u32, u32), [red, green, blue, alpha]: [f64; 4]) -> RgbaF32 {
        #[allow(clippy::cast_possible_truncation, reason = "a colour in singles")]
        let pixel = [red * alpha, green * alpha, blue * alpha, alpha].map(|part| part as f32);
        RgbaF32 { width, height, data: pixel.repeat(width as usize * height as usize) }
    }

    fn mix(from: Option<&RgbaF32>, to: Option<&RgbaF32>, weight: Ratio) -> Option<RgbaF32> {
        RgbaF32::mix(from, to, weight)
    }
}
