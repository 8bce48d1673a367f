//! What a finished file is made with: presets by name.
//!
//! Where FFmpeg has several encoders for a codec, they were measured against one another; see `docs/encoders.md` for
//! the figures. Each preset lists its candidates, best first, and the first one that is installed and takes the
//! picture's size is used.

use std::str::FromStr;

use ffmpeg_next::format::Pixel;
use serde::{Deserialize, Serialize};

use super::convert::ChromaSite;
use super::sys_encode::PixelInfo;
use super::sys_write::{has_encoder, has_muxer};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::ColorTags;

/// What a finished file is made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Preset {
    /// The name it is asked for by.
    pub name: String,
    /// What a file's name ends with, without the dot.
    pub extension: String,
    /// FFmpeg's name of the container, for movies. `None`: one file per frame.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub muxer: Option<String>,
    /// FFmpeg's name of the codec, as ffprobe reports it.
    pub codec: String,
    /// The encoders that can make it, best first.
    pub encoders: Vec<EncoderChoice>,
    /// How colour is stored.
    pub color: ColorRule,
    /// Where chroma samples lie, where there are fewer of them.
    #[serde(default)]
    pub centered_chroma: bool,
    /// Whether every frame can be decoded on its own.
    pub intra_only: bool,
    /// Whether what is decoded is exactly what was encoded.
    pub lossless: bool,
    /// FFmpeg's name of the encoder for sound, for containers that hold it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub audio: Option<String>,
}

/// One way to encode a codec.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncoderChoice {
    /// FFmpeg's name of the encoder.
    pub encoder: String,
    /// The pixel formats it is used with, by FFmpeg's names.
    pub formats: Vec<String>,
    /// Its options, by FFmpeg's names.
    pub options: Vec<(String, String)>,
    /// What width and height have to be multiples of.
    #[serde(default = "no_grid")]
    pub multiple_of: (u32, u32),
}

fn no_grid() -> (u32, u32) {
    (1, 1)
}

/// How a codec stores colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColorRule {
    /// YUV in the canvas's matrix, limited range.
    Video,
    /// As the canvas has it.
    Keep,
    /// Full-range YUV with BT.601's matrix, as JFIF has it.
    Jpeg,
    /// Full-range RGB that is not linear.
    Rgb,
    /// Linear RGB.
    Linear,
}

/// What the pixel format of an output is chosen for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// The format of the pictures that go in: their depth, chroma and colour model are kept where possible.
    pub source: Pixel,
    /// Whether alpha is wanted in the output.
    pub alpha: bool,
}

impl Default for Preset {
    fn default() -> Preset {
        prores(Preset::DEFAULT, "1")
    }
}

const YUV_8: [&str; 3] = ["yuv420p", "yuv422p", "yuv444p"];

impl Preset {
    /// The names that [`Preset::by_name`] knows.
    pub const NAMES: [&str; 15] = [
        "prores-proxy",
        "prores-lt",
        "prores-422",
        "prores-hq",
        "prores-4444",
        "dnxhr-lb",
        "dnxhr-sq",
        "dnxhr-hq",
        "h264",
        "ffv1",
        "mjpeg",
        "png",
        "jpg",
        "tiff",
        "exr",
    ];

    /// The preset's name when none is asked for.
    pub const DEFAULT: &str = "prores-lt";

    /// The preset of this name.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] when there is none; the message lists all.
    pub fn by_name(name: &str) -> Result<Preset> {
        let preset = match name {
            "prores-proxy" => prores(name, "0"),
            "prores-lt" => prores(name, "1"),
            "prores-422" => prores(name, "2"),
            "prores-hq" => prores(name, "3"),
            "prores-4444" => prores(name, "4"),
            "dnxhr-lb" => dnxhr(name, "dnxhr_lb"),
            "dnxhr-sq" => dnxhr(name, "dnxhr_sq"),
            "dnxhr-hq" => dnxhr(name, "dnxhr_hq"),
            "h264" => h264(),
            "ffv1" => ffv1(),
            "mjpeg" => Preset {
                muxer: Some("mov".into()),
                audio: Some("pcm_s24le".into()),
                extension: "mov".into(),
                ..jpeg(name)
            },
            "jpg" => jpeg(name),
            "png" => {
                let formats = ["rgb24", "rgba", "rgb48be", "rgba64be"];
                still(
                    name,
                    "png",
                    choice("png", &formats, &[("compression_level", "1"), ("pred", "up")]),
                    ColorRule::Rgb,
                )
            }
            "tiff" => {
                let formats = ["rgb48le", "rgba64le"];
                still(name, "tiff", choice("tiff", &formats, &[("compression_algo", "lzw")]), ColorRule::Rgb)
            }
            "exr" => {
                let options = [("compression", "zip1"), ("format", "half")];
                still(name, "exr", choice("exr", &["gbrpf32le", "gbrapf32le"], &options), ColorRule::Linear)
            }
            _ => {
                let what = format!("there is no preset {name:?}; there are {}", Preset::NAMES.join(", "));
                return Err(Error::new(ErrorKind::Option, what));
            }
        };
        Ok(preset)
    }

    /// Whether media whose codec is this preset's and whose profile FFmpeg calls `profile` is what it would make.
    pub fn has_profile(&self, profile: Option<&str>) -> bool {
        let wanted = match self.name.as_str() {
            "prores-proxy" => "Proxy",
            "prores-lt" => "LT",
            "prores-422" => "Standard",
            "prores-hq" => "HQ",
            "prores-4444" => "4444",
            "dnxhr-lb" => "DNXHR LB",
            "dnxhr-sq" => "DNXHR SQ",
            "dnxhr-hq" => "DNXHR HQ",
            "ffv1" => return true,
            _ => return false,
        };
        profile.is_some_and(|profile| profile.eq_ignore_ascii_case(wanted))
    }

    /// Whether it makes one file per frame.
    pub fn is_sequence(&self) -> bool {
        self.muxer.is_none()
    }

    /// Where chroma samples lie in its pictures.
    pub fn chroma_site(&self) -> ChromaSite {
        if self.centered_chroma { ChromaSite::Center } else { ChromaSite::Left }
    }

    /// The candidates that this FFmpeg has and that take pictures of this size, best first.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] when FFmpeg was built without what is needed, and [`ErrorKind::Option`] when no
    /// encoder takes the size.
    pub fn candidates(&self, width: u32, height: u32) -> Result<Vec<&EncoderChoice>> {
        if let Some(muxer) = self.muxer.as_deref().filter(|muxer| !has_muxer(muxer)) {
            return Err(Error::new(ErrorKind::Unsupported, format!("this FFmpeg has no muxer {muxer}")));
        }
        let installed: Vec<_> = self.encoders.iter().filter(|choice| has_encoder(&choice.encoder)).collect();
        if installed.is_empty() {
            let names: Vec<_> = self.encoders.iter().map(|choice| choice.encoder.as_str()).collect();
            let usable: Vec<_> = Preset::NAMES
                .into_iter()
                .filter(|name| {
                    Preset::by_name(name).is_ok_and(|p| p.encoders.iter().any(|choice| has_encoder(&choice.encoder)))
                })
                .collect();
            let (names, usable) = (names.join(" or "), usable.join(", "));
            let what = format!("{} needs an FFmpeg with {names}; this one can make {usable}", self.name);
            return Err(Error::new(ErrorKind::Unsupported, what));
        }
        let fits = |choice: &&EncoderChoice| {
            width.is_multiple_of(choice.multiple_of.0.max(1)) && height.is_multiple_of(choice.multiple_of.1.max(1))
        };
        let fitting: Vec<_> = installed.iter().copied().filter(fits).collect();
        if fitting.is_empty() {
            let (x, y) = installed[0].multiple_of;
            let what = format!("{} needs a width that is a multiple of {x} and a height of {y}", self.name);
            return Err(Error::new(ErrorKind::Option, format!("{what}, not {width} × {height}")));
        }
        Ok(fitting)
    }

    /// The size nearest to `width × height`, not above, that its best encoder takes.
    pub fn nearest_size(&self, width: u32, height: u32) -> (u32, u32) {
        let best = self.encoders.iter().find(|choice| has_encoder(&choice.encoder)).or(self.encoders.first());
        let (x, y) = best.map_or((1, 1), |choice| choice.multiple_of);
        ((width / x.max(1) * x).max(x), (height / y.max(1) * y).max(y))
    }

    /// The pixel format that loses least of what is wished for, and among those the smallest.
    ///
    /// # Errors
    /// As [`Preset::candidates`].
    pub fn pixel_format(&self, wish: Wish, width: u32, height: u32) -> Result<Pixel> {
        let source = PixelInfo::need(wish.source)?;
        let best = self
            .candidates(width, height)?
            .into_iter()
            .take(1)
            .flat_map(|choice| &choice.formats)
            .filter_map(|name| Pixel::from_str(name).ok())
            .filter_map(|format| Some((cost(&source, wish.alpha, &PixelInfo::of(format)?), format)))
            .min_by_key(|(cost, _)| *cost);
        best.map(|(_, format)| format)
            .ok_or_else(|| Error::new(ErrorKind::Unsupported, format!("{} has no pixel format left", self.name)))
    }

    /// The colour tags that its files have when the canvas's are `canvas`. A linear canvas becomes BT.709 in video and
    /// sRGB in RGB pictures; any canvas becomes linear in EXR.
    pub fn color_tags(&self, format: Pixel, canvas: ColorTags) -> ColorTags {
        let rgb = PixelInfo::of(format).is_some_and(|info| info.rgb);
        let encoded = |linear: u8| if canvas.transfer == ColorTags::LINEAR { linear } else { canvas.transfer };
        // A matrix for a canvas that has none: its primaries' own.
        let matrix = match (canvas.matrix, canvas.primaries) {
            (0 | 2, 9) => 9,
            (0 | 2, 5) => 5,
            (0 | 2, 6) => 6,
            (0 | 2, _) => 1,
            (matrix, _) => matrix,
        };
        match self.color {
            ColorRule::Linear => ColorTags { full_range: true, matrix: 0, transfer: ColorTags::LINEAR, ..canvas },
            ColorRule::Rgb => ColorTags { full_range: true, matrix: 0, transfer: encoded(13), ..canvas },
            ColorRule::Jpeg => ColorTags { full_range: true, matrix: 5, transfer: encoded(1), ..canvas },
            ColorRule::Keep if rgb => ColorTags { full_range: true, matrix: 0, ..canvas },
            ColorRule::Keep if canvas.matrix != 0 => ColorTags { matrix, ..canvas },
            ColorRule::Keep | ColorRule::Video => {
                ColorTags { full_range: false, matrix, transfer: encoded(1), ..canvas }
            }
        }
    }

    /// Whether alpha in its files is multiplied into colour: in EXR it is, anywhere else not.
    pub fn premultiplied(&self) -> bool {
        self.color == ColorRule::Linear
    }
}

/// How much of a source a format loses, and then how much it wastes.
fn cost(source: &PixelInfo, alpha: bool, format: &PixelInfo) -> u32 {
    let lost = |have: u32, wanted: u32| wanted.saturating_sub(have);
    // A float's 24 bits of precision are worth 16 of an integer's.
    let depth = |info: &PixelInfo| if info.float { 16 } else { info.depth() };
    let mut cost = 0;
    cost += if alpha && !format.alpha { 100_000 } else { 0 };
    cost += if source.rgb != format.rgb { 20_000 } else { 0 };
    cost += 1000 * lost(depth(format), depth(source));
    cost += if source.rgb {
        500 * (format.chroma_shift.0 + format.chroma_shift.1)
    } else {
        500 * lost(source.chroma_shift.0, format.chroma_shift.0)
            + 500 * lost(source.chroma_shift.1, format.chroma_shift.1)
    };
    // From here on: waste.
    cost += if format.alpha && !alpha { 100 } else { 0 };
    cost += 4 * lost(depth(source), depth(format));
    cost += 10 * lost(format.chroma_shift.0, source.chroma_shift.0)
        + 10 * lost(format.chroma_shift.1, source.chroma_shift.1);
    cost
}

fn choice(encoder: &str, formats: &[&str], options: &[(&str, &str)]) -> EncoderChoice {
    EncoderChoice {
        encoder: encoder.into(),
        formats: formats.iter().map(|&format| format.into()).collect(),
        options: options.iter().map(|&(key, value)| (key.into(), value.into())).collect(),
        multiple_of: (1, 1),
    }
}

/// `prores_aw` takes a fifth of `prores_ks`'s time at slightly more bits and better PSNR in every profile.
fn prores(name: &str, profile: &str) -> Preset {
    let formats: &[&str] = if profile == "4" { &["yuv444p10", "yuva444p10"] } else { &["yuv422p10"] };
    let options = [("profile", profile), ("vendor", "apl0")];
    let fast = |encoder| EncoderChoice { multiple_of: (2, 1), ..choice(encoder, formats, &options) };
    Preset {
        name: name.into(),
        extension: "mov".into(),
        muxer: Some("mov".into()),
        codec: "prores".into(),
        encoders: vec![fast("prores_aw"), fast("prores"), choice("prores_ks", formats, &options)],
        color: ColorRule::Video,
        centered_chroma: false,
        intra_only: true,
        lossless: false,
        audio: Some("pcm_s24le".into()),
    }
}

fn dnxhr(name: &str, profile: &str) -> Preset {
    Preset {
        codec: "dnxhd".into(),
        encoders: vec![choice("dnxhd", &["yuv422p"], &[("profile", profile)])],
        ..prores(name, "1")
    }
}

fn h264() -> Preset {
    let even = |choice| EncoderChoice { multiple_of: (2, 2), ..choice };
    let closed = ("flags", "+cgop");
    Preset {
        extension: "mp4".into(),
        muxer: Some("mp4".into()),
        codec: "h264".into(),
        encoders: vec![
            even(choice("libx264", &["yuv420p"], &[("crf", "18"), ("preset", "medium"), ("profile", "high"), closed])),
            even(choice("libopenh264", &["yuv420p"], &[("b", "20000000"), closed])),
            even(choice("h264_videotoolbox", &["yuv420p"], &[("b", "20000000"), closed])),
        ],
        intra_only: false,
        audio: Some("aac".into()),
        ..prores("h264", "1")
    }
}

fn ffv1() -> Preset {
    let formats = [
        "yuv420p",
        "yuv422p",
        "yuv444p",
        "yuva420p",
        "yuva422p",
        "yuva444p",
        "yuv420p10",
        "yuv422p10",
        "yuv444p10",
        "yuva422p10",
        "yuva444p10",
        "yuv420p12",
        "yuv422p12",
        "yuv444p12",
        "yuv420p16",
        "yuv422p16",
        "yuv444p16",
        "yuva420p16",
        "yuva422p16",
        "yuva444p16",
        "gbrp",
        "bgra",
        "gbrp10",
        "gbrp12",
        "gbrap10",
        "gbrap12",
        "gbrp16",
        "gbrap16",
    ];
    Preset {
        extension: "mkv".into(),
        muxer: Some("matroska".into()),
        codec: "ffv1".into(),
        encoders: vec![choice("ffv1", &formats, &[("level", "3"), ("g", "1"), ("slices", "4"), ("slicecrc", "1")])],
        color: ColorRule::Keep,
        lossless: true,
        ..prores("ffv1", "1")
    }
}

/// Quality 2 of 31 is the best that JPEG's usual tables allow.
fn jpeg(name: &str) -> Preset {
    Preset {
        centered_chroma: true,
        codec: "mjpeg".into(),
        ..still(
            name,
            "jpg",
            choice("mjpeg", &YUV_8, &[("flags", "+qscale"), ("global_quality", "236")]),
            ColorRule::Jpeg,
        )
    }
}

fn still(name: &str, extension: &str, choice: EncoderChoice, color: ColorRule) -> Preset {
    Preset {
        name: name.into(),
        extension: extension.into(),
        muxer: None,
        codec: choice.encoder.clone(),
        encoders: vec![choice],
        color,
        centered_chroma: false,
        intra_only: true,
        lossless: matches!(extension, "png" | "tiff"),
        audio: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(preset: &str, source: Pixel, alpha: bool) -> Pixel {
        let preset = Preset::by_name(preset).expect("a known preset");
        preset.pixel_format(Wish { source, alpha }, 1920, 1080).expect("a format")
    }

    #[test]
    fn every_name_is_known_and_its_formats_exist() {
        for name in Preset::NAMES {
            let preset = Preset::by_name(name).expect("a listed name");
            assert_eq!(preset.name, name);
            assert_eq!(preset.is_sequence(), ["png", "jpg", "tiff", "exr"].contains(&name));
            for choice in &preset.encoders {
                for format in &choice.formats {
                    let pixel = Pixel::from_str(format).unwrap_or_else(|_| panic!("{name}: {format}"));
                    assert!(PixelInfo::of(pixel).is_some(), "{name}: {format}");
                }
            }
            let text = serde_json::to_string(&preset).expect("plain data");
            assert_eq!(serde_json::from_str::<Preset>(&text).expect("it was written"), preset);
        }
        let error = Preset::by_name("betacam").expect_err("not a preset");
        assert_eq!(error.kind(), ErrorKind::Option);
        assert!(error.to_string().contains("prores-lt"));
    }

    #[test]
    fn depth_chroma_and_alpha_are_kept_where_they_can_be() {
        assert_eq!(format("ffv1", Pixel::YUV420P, false), Pixel::YUV420P);
        assert_eq!(format("ffv1", Pixel::YUV422P10LE, false), Pixel::YUV422P10LE);
        assert_eq!(format("ffv1", Pixel::RGB24, false), Pixel::GBRP);
        assert_eq!(format("ffv1", Pixel::RGB48LE, false), Pixel::GBRP16LE);
        assert_eq!(format("ffv1", Pixel::GBRAPF32LE, true), Pixel::GBRAP16LE);
        assert_eq!(format("ffv1", Pixel::NV12, false), Pixel::YUV420P);
        assert_eq!(format("prores-lt", Pixel::RGBA, true), Pixel::YUV422P10LE);
        assert_eq!(format("prores-4444", Pixel::RGBA, true), Pixel::YUVA444P10LE);
        assert_eq!(format("prores-4444", Pixel::RGBA, false), Pixel::YUV444P10LE);
        assert_eq!(format("png", Pixel::YUV420P, false), Pixel::RGB24);
        assert_eq!(format("png", Pixel::YUV420P, true), Pixel::RGBA);
        assert_eq!(format("png", Pixel::YUV422P10LE, false), Pixel::RGB48BE);
        assert_eq!(format("jpg", Pixel::YUV422P10LE, false), Pixel::YUV422P);
        assert_eq!(format("exr", Pixel::RGBA, true), Pixel::GBRAPF32LE);
        assert_eq!(format("h264", Pixel::YUV444P12LE, true), Pixel::YUV420P);
    }

    #[test]
    fn colour_follows_the_codec() {
        let tags = |name: &str, format, canvas| Preset::by_name(name).expect("known").color_tags(format, canvas);
        assert_eq!(tags("prores-lt", Pixel::YUV422P10LE, ColorTags::BT709), ColorTags::BT709);
        assert_eq!(tags("h264", Pixel::YUV420P, ColorTags::LINEAR_RGB), ColorTags::BT709);
        assert_eq!(tags("png", Pixel::RGB24, ColorTags::LINEAR_RGB), ColorTags::SRGB);
        assert_eq!(tags("exr", Pixel::GBRPF32LE, ColorTags::BT709), ColorTags::LINEAR_RGB);
        assert!(tags("jpg", Pixel::YUV420P, ColorTags::BT709).full_range);
        assert_eq!(tags("ffv1", Pixel::YUV420P, ColorTags { full_range: true, ..ColorTags::BT709 }).matrix, 1);
        assert_eq!(tags("ffv1", Pixel::GBRP, ColorTags::SRGB), ColorTags::SRGB);
    }

    #[test]
    fn sizes_that_no_encoder_takes_are_errors_that_say_so() {
        let error = Preset::by_name("h264").expect("known").candidates(641, 361).expect_err("odd");
        assert_eq!(error.kind(), ErrorKind::Option);
        assert_eq!(Preset::by_name("h264").expect("known").nearest_size(641, 361), (640, 360));
        assert!(Preset::by_name("ffv1").expect("known").candidates(641, 361).is_ok());
    }
}
