//! Presets as this FFmpeg can make them: which encoder, which pixel format, which colour tags.

use std::str::FromStr;

use ffmpeg_next::format::Pixel;

use super::chroma_site::ChromaSite;
use super::prores;
use super::sys::pixel_info::PixelInfo;
use super::sys::write::{can_hold, has_encoder, has_muxer};
use crate::codec::exr::ExrCompression;
use crate::codec::png;
use crate::deliver::{ColorRule, EncoderChoice, EncoderSource, Preset, TimecodeSource};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::ColorTags;

/// The most pixels on a side.
const LARGEST: u32 = 32_768;

/// Containers and encoders to name where two do not go together.
const CONTAINERS: [&str; 6] = ["mov", "mp4", "matroska", "webm", "mxf", "avi"];
const ENCODERS: [&str; 11] = [
    "prores_ks",
    "dnxhd",
    "libx264",
    "libx265",
    "libvpx-vp9",
    "ffv1",
    "mjpeg",
    "aac",
    "libopus",
    "pcm_s24le",
    "pcm_s16le",
];

/// What the pixel format of an output is chosen for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormatRequest {
    /// The format of the pictures that go in: their depth, chroma and colour model are kept where possible.
    pub source: Pixel,
    /// Whether alpha is wanted in the output.
    pub alpha: bool,
}

impl Preset {
    /// Where chroma samples lie in its pictures.
    #[cfg_attr(feature = "unstable", visibility::make(pub))]
    pub(crate) fn chroma_site(&self) -> ChromaSite {
        if self.centered_chroma { ChromaSite::Center } else { ChromaSite::Left }
    }

    /// The candidates that this FFmpeg has and that take pictures of this size, best first.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] when FFmpeg was built without what is needed, and [`ErrorKind::Option`] when no
    /// encoder takes the size or the vendor is none.
    pub fn candidates(&self, width: u32, height: u32) -> Result<Vec<&EncoderChoice>> {
        if let Some(vendor) = self.vendor.as_deref().filter(|vendor| vendor.len() != 4 || !vendor.is_ascii()) {
            let what = format!("{}: invalid vendor {vendor:?}; expected four letters, such as apl0", self.name);
            return Err(Error::new(ErrorKind::Option, what));
        }
        self.check_stills()?;
        if let Some(muxer) = self.muxer.as_deref().filter(|muxer| !has_muxer(muxer)) {
            return Err(Error::new(ErrorKind::Unsupported, format!("this FFmpeg has no muxer {muxer}")));
        }
        let installed: Vec<_> = self.encoders.iter().filter(|choice| self.has(choice)).collect();
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
        self.check_container(&installed)?;
        let fits = |choice: &&EncoderChoice| {
            let takes = choice.encoder != Preset::OWN_PRORES || prores::takes(width, height);
            let (x, y) = choice.multiple_of;
            takes && width.is_multiple_of(x.max(1)) && height.is_multiple_of(y.max(1))
        };
        let fitting: Vec<_> = installed.iter().copied().filter(fits).collect();
        if fitting.is_empty() {
            let (x, y) = installed[0].multiple_of;
            let what = format!("{} needs a width that is a multiple of {x} and a height of {y}", self.name);
            return Err(Error::new(ErrorKind::Option, format!("{what}, not {width} × {height}")));
        }
        Ok(fitting)
    }

    /// Whether compression and level are those that files of this kind have, and its encoders.
    fn check_stills(&self) -> Result<()> {
        let bad = |what: String| Err(Error::new(ErrorKind::Option, format!("{}: {what}", self.name)));
        let Preset { compression, level, .. } = *self;
        if let Some(compression) = compression.filter(|_| self.codec != "exr") {
            return bad(format!("\"compression\" is for EXR files, and {compression} is set for {}", self.codec));
        }
        let compression = compression.unwrap_or_default();
        let is_own = self.encoder == EncoderSource::Own;
        if self.timecode == TimecodeSource::Source && self.is_sequence() && (self.codec != "exr" || !is_own) {
            return bad("\"timecode\" is for movies, and for EXR files of this library's encoder".to_owned());
        }
        match (self.codec.as_str(), level) {
            ("exr", _) if !is_own && matches!(compression, ExrCompression::Piz | ExrCompression::Dwaa) => {
                bad(format!("FFmpeg's encoder of EXR has no compression {compression}; it has none, zips, zip16"))
            }
            (_, None) => Ok(()),
            ("exr", Some(_)) if !is_own => bad("FFmpeg's encoder of EXR has no levels".to_owned()),
            ("exr", Some(level)) => compression.check_level(level).map_err(|error| error.context(&self.name)),
            ("png", Some(level)) => png::check_level(level).map_err(|error| error.context(&self.name)),
            (codec, Some(level)) => bad(format!("\"level\" is for EXR and PNG files, and {level} is set for {codec}")),
        }
    }

    /// Adds what compression and level are to the options of one of its encoders.
    pub(super) fn still_options(&self, choice: &EncoderChoice, options: &mut Vec<(String, String)>) {
        let mut set = |key: &str, value: String| {
            options.retain(|(other, _)| other != key);
            options.push((key.to_owned(), value));
        };
        match (choice.encoder.as_str(), self.compression) {
            (Preset::OWN_EXR, Some(compression)) => set("compression", compression.to_string()),
            ("exr", Some(ExrCompression::None)) => set("compression", "none".to_owned()),
            ("exr", Some(ExrCompression::Zip16)) => set("compression", "zip16".to_owned()),
            ("exr", Some(_)) => set("compression", "zip1".to_owned()),
            _ => {}
        }
        match (choice.encoder.as_str(), self.level) {
            (Preset::OWN_EXR | Preset::OWN_PNG, Some(level)) => set("level", level.to_string()),
            ("png", Some(level)) => set("compression_level", level.to_string()),
            _ => {}
        }
    }

    /// Whether an encoder is there and may be used.
    fn has(&self, choice: &EncoderChoice) -> bool {
        let is_own = [Preset::OWN_PRORES, Preset::OWN_EXR, Preset::OWN_PNG].contains(&choice.encoder.as_str());
        let is_wanted = !is_own || self.encoder == EncoderSource::Own;
        is_wanted && has_encoder(&choice.encoder)
    }

    /// Whether the container holds what the encoders make, picture and sound.
    fn check_container(&self, installed: &[&EncoderChoice]) -> Result<()> {
        let Some(muxer) = self.muxer.as_deref() else { return Ok(()) };
        let pictures = installed.iter().map(|choice| choice.encoder.as_str());
        let Some(encoder) = pictures.chain(self.audio.as_deref()).find(|encoder| !can_hold(muxer, encoder)) else {
            return Ok(());
        };
        let others: Vec<_> = CONTAINERS.into_iter().filter(|name| can_hold(name, encoder)).collect();
        let held = ENCODERS.into_iter().filter(|name| has_encoder(name) && can_hold(muxer, name));
        let (others, held) = (others.join(", "), held.collect::<Vec<_>>().join(", "));
        let what = format!("{}: {muxer} cannot hold what {encoder} makes", self.name);
        let what = format!("{what}; {encoder} goes into {others}, and {muxer} holds {held}");
        Err(Error::new(ErrorKind::Option, what))
    }

    /// Whether pictures of this size are neither too small for the codec nor larger than any picture is.
    pub(super) fn check_size(&self, width: u32, height: u32) -> Result<()> {
        if width.max(height) > LARGEST {
            let what = format!("{}: {width} × {height} is more than {LARGEST} pixels on a side", self.name);
            return Err(Error::new(ErrorKind::Option, what));
        }
        // What VC-3 has no frame for.
        if self.codec == "dnxhd" && (width < 256 || height < 120) {
            let what = format!("{} needs at least 256 × 120, not {width} × {height}", self.name);
            return Err(Error::new(ErrorKind::Option, what));
        }
        Ok(())
    }

    /// Samples per second of its sound where the mix has `rate`: the least that its codec takes and that is no fewer, else
    /// the most.
    pub(super) fn sound_rate(&self, rate: u32) -> u32 {
        sound_rate(self.audio.as_deref().unwrap_or_default(), rate)
    }

    /// The size nearest to `width × height`, not above, that its best encoder takes.
    pub fn nearest_size(&self, width: u32, height: u32) -> (u32, u32) {
        let best = self.encoders.iter().find(|choice| self.has(choice)).or(self.encoders.first());
        let (x, y) = best.map_or((1, 1), |choice| choice.multiple_of);
        ((width / x.max(1) * x).max(x), (height / y.max(1) * y).max(y))
    }

    /// The pixel format that loses least of what is wished for, and among those the smallest.
    ///
    /// # Errors
    /// As [`Preset::candidates`].
    #[cfg_attr(feature = "unstable", visibility::make(pub))]
    pub(crate) fn pixel_format(&self, request: FormatRequest, width: u32, height: u32) -> Result<Pixel> {
        let source = PixelInfo::need(request.source)?;
        let best = self
            .candidates(width, height)?
            .into_iter()
            .take(1)
            .flat_map(|choice| &choice.formats)
            .filter_map(|name| Pixel::from_str(name).ok())
            .filter_map(|format| Some((cost(&source, request.alpha, &PixelInfo::of(format)?), format)))
            .min_by_key(|(cost, _)| *cost);
        best.map(|(_, format)| format)
            .ok_or_else(|| Error::new(ErrorKind::Unsupported, format!("no pixel format of {} can be used", self.name)))
    }

    /// The colour tags that its files have whose values have these: what is linear stays so, and what is not known is said to
    /// be unknown.
    pub(super) fn managed_tags(&self, format: Pixel, values: ColorTags) -> ColorTags {
        let shape = self.color_tags(format, ColorTags { transfer: 1, full_range: false, ..values });
        let tags = ColorTags { primaries: values.primaries, transfer: values.transfer, ..shape };
        if self.codec == "prores" { in_prores(tags) } else { tags }
    }

    /// The colour tags that its files have when the canvas's are `canvas`. A linear canvas becomes BT.709 in video and
    /// sRGB in RGB pictures; any canvas becomes linear in EXR.
    #[cfg_attr(feature = "unstable", visibility::make(pub))]
    pub(crate) fn color_tags(&self, format: Pixel, canvas: ColorTags) -> ColorTags {
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
                let tags = ColorTags { full_range: false, matrix, transfer: encoded(1), ..canvas };
                if self.codec == "prores" { in_prores(tags) } else { tags }
            }
        }
    }
}

/// Samples per second that `encoder` takes of sound that has `rate`.
pub(super) fn sound_rate(encoder: &str, rate: u32) -> u32 {
    let rates: &[u32] = match encoder {
        // It takes fewer, but comes out with as many whatever went in (RFC 7845, section 5.1).
        "libopus" => &[48_000],
        // ISO/IEC 14496-3, table 1.18.
        "aac" => {
            &[7_350, 8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000]
        }
        // ISO/IEC 11172-3 and 13818-3.
        "libmp3lame" => &[8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000],
        "mp2" => &[16_000, 22_050, 24_000, 32_000, 44_100, 48_000],
        // ATSC A/52.
        "ac3" | "eac3" => &[32_000, 44_100, 48_000],
        _ => return rate,
    };
    rates.iter().copied().find(|known| *known >= rate).or(rates.last().copied()).unwrap_or(rate)
}

/// Colour tags as ProRes frames can say them (SMPTE RDD 36): of code points that mean the same, the one it knows, and
/// "unspecified" for what it has none for.
fn in_prores(tags: ColorTags) -> ColorTags {
    ColorTags {
        matrix: match tags.matrix {
            5 | 6 => 6,
            9 | 10 => 9,
            _ => 1,
        },
        primaries: match tags.primaries {
            known @ (1 | 5 | 6 | 9 | 11 | 12) => known,
            _ => ColorTags::UNSPECIFIED,
        },
        transfer: match tags.transfer {
            1 | 6 | 14 | 15 => 1,
            known @ (16 | 18) => known,
            _ => ColorTags::UNSPECIFIED,
        },
        ..tags
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

#[cfg(test)]
mod tests {
    use super::*;

    fn format(preset: &str, source: Pixel, alpha: bool) -> Pixel {
        let preset = Preset::by_name(preset).expect("a known preset");
        preset.pixel_format(FormatRequest { source, alpha }, 1920, 1080).expect("a format")
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
        assert!(format!("{error:#}").contains("prores-lt"));
    }

    #[test]
    fn depth_chroma_and_alpha_are_kept_where_they_can_be() {
        assert_eq!(format("ffv1", Pixel::YUV420P, false), Pixel::YUV420P);
        assert_eq!(format("ffv1", Pixel::YUV422P10LE, false), Pixel::YUV422P10LE);
        assert_eq!(format("ffv1", Pixel::RGB24, false), Pixel::BGRZ);
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
