//! Opening the encoder that a preset asks for.

use std::collections::BTreeMap;
use std::str::FromStr;

use ffmpeg_next::format::Pixel;

use super::chroma_site::ChromaSite;
use super::convert::TargetFormat;
use super::picture_encoder::PictureEncoder;
use super::pixels::format_in_files;
use super::representation::Facts;
use super::sys::write::EncoderSetup;
use crate::deliver::{Preset, TimecodeSource};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{ColorTags, Hdr};
use crate::setters::setters;
use crate::time::{Rate, Ratio, Timecode};

/// What all frames of an output have in common, and what is written about them.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct OutputSettings {
    /// What the file is made with.
    pub preset: Preset,
    /// The pixel format of the frames: one of the preset's; see [`Preset::pixel_format`].
    pub format: Pixel,
    /// Pixels in a line.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// Width of a pixel over its height.
    pub pixel_aspect: Ratio,
    /// Frames per second; one frame lasts exactly one over the nominal rate.
    pub rate: Rate,
    /// Colour tags of the frames: [`Preset::color_tags`].
    pub color: ColorTags,
    /// What a movie says about its display and its brightness.
    pub hdr: Hdr,
    /// Whether the primaries in `color` are known, and not only assumed: EXR files say them only then.
    pub primaries_known: bool,
    /// Where chroma samples lie: [`Preset::chroma_site`].
    pub chroma: ChromaSite,
    /// The timecode of the first frame.
    pub timecode: Option<Timecode>,
    /// The reel (tape) name that belongs to the timecode, for containers that have a place for it.
    pub reel: Option<String>,
    /// What else is written into the container, key by key.
    pub metadata: BTreeMap<String, String>,
    /// Set where frames are interlaced: whether the field with the first line is shown first.
    pub top_field_first: Option<bool>,
    /// How many threads encode; 0 leaves it to FFmpeg.
    pub threads: u32,
    /// Whether cores that have nothing to encode may be used beside those threads, by encoders of this crate.
    pub idle_cores: bool,
    /// The sound, if there is any and the preset's container holds it: samples per second, and how many channels.
    pub audio: Option<(u32, u16)>,
    /// The streams of sound that take the place of `audio`, where they come from a file with streams of its own.
    pub audio_streams: Vec<AudioStream>,
}

setters!(OutputSettings {
    pixel_aspect: Ratio,
    color: ColorTags,
    hdr: Hdr,
    primaries_known: bool,
    chroma: ChromaSite,
    timecode: some Timecode,
    reel: some into String,
    metadata: BTreeMap<String, String>,
    top_field_first: some bool,
    threads: u32,
    idle_cores: bool,
    audio: some (u32, u16),
    audio_streams: Vec<AudioStream>,
});

/// A stream of sound on its way into a movie.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AudioStream {
    /// Samples per second that come in; where the codec does not take as many, they are converted.
    pub rate: u32,
    /// How many channels it has.
    pub channels: u16,
    /// FFmpeg's name of their layout, such as `stereo`.
    pub layout: String,
    /// What is said about it, key by key, such as its language and title.
    pub metadata: Vec<(String, String)>,
    /// FFmpeg's flags of what it is for, such as whether players choose it.
    pub disposition: i32,
}

impl AudioStream {
    /// A stream of so many samples per second and channels, in a layout by FFmpeg's name.
    pub fn new(rate: u32, channels: u16, layout: impl Into<String>) -> AudioStream {
        AudioStream { rate, channels, layout: layout.into(), metadata: Vec::new(), disposition: 0 }
    }
}

setters!(AudioStream { metadata: Vec<(String, String)>, disposition: i32 });

impl OutputSettings {
    /// Settings for frames of this kind: square pixels, BT.709, no timecode, one thread, no sound.
    pub fn new(preset: Preset, format: Pixel, (width, height): (u32, u32), rate: Rate) -> OutputSettings {
        let color = preset.color_tags(format, ColorTags::BT709);
        OutputSettings {
            chroma: preset.chroma_site(),
            preset,
            format,
            width,
            height,
            pixel_aspect: Ratio::ONE,
            rate,
            color,
            hdr: Hdr::default(),
            primaries_known: true,
            timecode: None,
            reel: None,
            metadata: BTreeMap::new(),
            top_field_first: None,
            threads: 1,
            idle_cores: false,
            audio: None,
            audio_streams: Vec::new(),
        }
    }

    /// The pixel format that FFmpeg finds in the file, by its name.
    pub(super) fn format_in_files(&self) -> Option<String> {
        let format = format_in_files(self.format, self.color.full_range, &self.preset.codec);
        Some(format.descriptor()?.name().to_owned())
    }

    /// What frames have to be converted to before they are written.
    pub fn target(&self) -> TargetFormat {
        TargetFormat {
            format: self.format,
            width: self.width,
            height: self.height,
            color: self.color,
            premultiplied: self.preset.premultiplied(),
            chroma: self.chroma,
        }
    }

    /// Whether each frame becomes a file that tells of its source.
    pub(super) fn labels_each_frame(&self) -> bool {
        self.preset.is_sequence() && self.preset.timecode == TimecodeSource::Source
    }

    /// Where a movie is to begin with the timecode of its source, gives it that of picture `first`; without one it has none,
    /// and a sentence for the report says so.
    pub(super) fn label_by_source(&mut self, facts: &dyn Facts, first: i64) -> Option<String> {
        if self.preset.is_sequence() || self.preset.timecode == TimecodeSource::Record {
            return None;
        }
        let label = facts.source_label(first);
        (self.timecode, self.reel) = (label.timecode.map(|timecode| timecode.at_rate(self.rate)), label.reel);
        self.timecode.is_none().then(|| format!("no source timecode; {} has none", self.preset.name))
    }

    /// The rate as FFmpeg wants it.
    pub(super) fn rate_pair(&self) -> Result<(i32, i32)> {
        let part = |part: u32| {
            i32::try_from(part)
                .map_err(|_| Error::new(ErrorKind::Time, format!("invalid rate {} for a movie", self.rate)))
        };
        Ok((part(self.rate.num())?, part(self.rate.den())?))
    }

    /// The pixel aspect as FFmpeg wants it.
    pub(super) fn aspect_pair(&self) -> (i32, i32) {
        aspect_pair(self.pixel_aspect)
    }
}

/// A pixel aspect as FFmpeg wants it.
pub(super) fn aspect_pair(aspect: Ratio) -> (i32, i32) {
    let pair = i32::try_from(aspect.num()).ok().zip(i32::try_from(aspect.den()).ok());
    pair.filter(|&(num, _)| num > 0).unwrap_or((1, 1))
}

/// Opens the first of the preset's encoders that takes the picture.
pub(super) fn open_encoder(settings: &OutputSettings, global_header: bool) -> Result<PictureEncoder> {
    let preset = &settings.preset;
    let mut failed: Option<Error> = None;
    for choice in preset.candidates(settings.width, settings.height)? {
        let mut formats = choice.formats.iter().filter_map(|name| Pixel::from_str(name).ok());
        if !formats.any(|format| format == settings.format) {
            continue;
        }
        // It encodes whole frames only.
        if choice.encoder == Preset::OWN_PRORES && settings.top_field_first.is_some() {
            continue;
        }
        let mut options = choice.options.clone();
        if let Some(vendor) = &preset.vendor {
            options.retain(|(key, _)| key != "vendor");
            options.push(("vendor".into(), vendor.clone()));
        }
        preset.still_options(choice, &mut options);
        if !preset.intra_only {
            // A second: short enough to jump around in, long enough not to matter for the size.
            options.push(("g".into(), settings.rate.timecode_base().to_string()));
        }
        if let Some(top_field_first) = settings.top_field_first {
            interlace(&mut options, top_field_first);
        }
        if choice.encoder == "libx265" && settings.threads > 0 {
            add_x265(&mut options, &format!("pools={}", settings.threads));
        }
        if choice.encoder == "libx265" && !settings.hdr.is_empty() {
            let Hdr { mastering, light } = settings.hdr;
            let display = mastering.map(|display| format!("master-display={display}"));
            let light = light.map(|light| format!("max-cll={light}"));
            let params: Vec<String> = display.into_iter().chain(light).collect();
            add_x265(&mut options, &params.join(":"));
        }
        let setup = EncoderSetup {
            name: &choice.encoder,
            format: settings.format,
            width: settings.width,
            height: settings.height,
            pixel_aspect: settings.aspect_pair(),
            rate: settings.rate_pair()?,
            color: match settings.primaries_known || choice.encoder != Preset::OWN_EXR {
                true => settings.color,
                false => ColorTags { primaries: ColorTags::UNSPECIFIED, ..settings.color },
            },
            chroma: settings.chroma,
            top_field_first: settings.top_field_first,
            threads: settings.threads,
            options: &options,
            global_header,
        };
        let opened = PictureEncoder::open(&setup, &settings.metadata, settings.idle_cores);
        match opened {
            Ok(encoder) => return Ok(encoder),
            // What the best encoder says is worth more than what its stand-ins say.
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    Err(failed.unwrap_or_else(|| {
        let what = format!("{} is not encoded from {:?}", preset.name, settings.format);
        Error::new(ErrorKind::Unsupported, what)
    }))
}

/// Encodes fields, and says in which order they are shown.
fn interlace(options: &mut Vec<(String, String)>, top_field_first: bool) {
    match options.iter_mut().find(|(key, _)| key == "flags") {
        Some((_, flags)) => flags.push_str("+ildct"),
        None => options.push(("flags".into(), "+ildct".into())),
    }
    options.retain(|(key, _)| key != "field_order");
    options.push(("field_order".into(), if top_field_first { "tt" } else { "bb" }.into()));
}

/// Tells x265 something in its own words: how many cores it may take, and what it writes about brightness.
fn add_x265(options: &mut Vec<(String, String)>, more: &str) {
    const PARAMS: &str = "x265-params";
    match options.iter_mut().find(|(key, _)| key == PARAMS) {
        Some((_, params)) => params.push_str(&format!(":{more}")),
        None => options.push((PARAMS.to_owned(), more.to_owned())),
    }
}
