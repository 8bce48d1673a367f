//! The canvas: what every frame of an output has in common.

use serde::{Deserialize, Serialize};

use crate::setters::setters;
use crate::time::Ratio;

/// Colour tags as the code points of ITU-T H.273, which FFmpeg uses as they are. 2 means unspecified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColorTags {
    /// Whether sample values use the full range (JPEG, computer graphics) or the limited one of video.
    pub full_range: bool,
    /// Matrix coefficients: 0 RGB, 1 BT.709, 5 and 6 BT.601, 9 BT.2020.
    pub matrix: u8,
    /// Primaries: 1 BT.709, 5 BT.601 625 lines, 6 BT.601 525 lines, 9 BT.2020.
    pub primaries: u8,
    /// Transfer characteristic: 1 BT.709, 6 BT.601, 8 linear, 13 sRGB, 16 PQ, 18 HLG.
    pub transfer: u8,
}

impl ColorTags {
    /// The code point for "unspecified".
    pub const UNSPECIFIED: u8 = 2;
    /// The code point of a linear transfer characteristic.
    pub const LINEAR: u8 = 8;
    /// BT.709, limited range: HD video.
    pub const BT709: ColorTags = ColorTags { full_range: false, matrix: 1, primaries: 1, transfer: 1 };
    /// BT.601 with 525 lines, limited range.
    pub const BT601_525: ColorTags = ColorTags { full_range: false, matrix: 6, primaries: 6, transfer: 6 };
    /// BT.601 with 625 lines, limited range.
    pub const BT601_625: ColorTags = ColorTags { full_range: false, matrix: 5, primaries: 5, transfer: 6 };
    /// sRGB computer graphics: RGB, full range.
    pub const SRGB: ColorTags = ColorTags { full_range: true, matrix: 0, primaries: 1, transfer: 13 };
    /// Scene-linear RGB with BT.709 primaries, as EXR files without a tag carry it.
    pub const LINEAR_RGB: ColorTags = ColorTags { full_range: true, matrix: 0, primaries: 1, transfer: 8 };

    /// What untagged video of this height is: BT.709 from 720 lines up, else BT.601 (525 lines up to 486, else 625).
    pub fn untagged(height: u32) -> ColorTags {
        match height {
            0..=486 => ColorTags::BT601_525,
            487..=719 => ColorTags::BT601_625,
            _ => ColorTags::BT709,
        }
    }
}

/// The size, pixel aspect and colour that every frame of an output has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Canvas {
    /// Pixels in a line.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// Width of a pixel over its height.
    pub pixel_aspect: Ratio,
    /// Colour tags of the output.
    pub color: ColorTags,
}

impl Canvas {
    /// A canvas of square pixels.
    pub const fn new(width: u32, height: u32, color: ColorTags) -> Canvas {
        Canvas { width, height, pixel_aspect: Ratio::ONE, color }
    }
}

/// What the caller asks of the canvas; what is left open comes from the hero track's first decodable clip.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CanvasRequest {
    /// Width and height in pixels. Default: `None`, those of the hero track's first medium.
    pub size: Option<(u32, u32)>,
    /// Width of a pixel over its height. Default: `None`, that of the same medium.
    pub pixel_aspect: Option<Ratio>,
    /// Colour tags. Default: `None`, those of the same medium.
    pub color: Option<ColorTags>,
}

impl CanvasRequest {
    /// Asks for this width and height in pixels.
    #[must_use]
    pub fn size(mut self, width: u32, height: u32) -> CanvasRequest {
        self.size = Some((width, height));
        self
    }
}

setters!(CanvasRequest { pixel_aspect: some Ratio, color: some ColorTags });

/// What is below everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Background {
    /// Opaque black.
    #[default]
    Black,
    /// Nothing: outputs that can hold alpha get it.
    Transparent,
}
