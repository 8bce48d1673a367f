//! What shots are delivered as: presets by name, as plain data.
//!
//! Where FFmpeg has several encoders for a codec, they were measured against one another; see `docs/encoders.md` for
//! the figures. Each preset lists its candidates, best first, and the first one that is installed and takes the
//! picture's size is used.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::codec::exr::ExrCompression;
use crate::error::{Error, ErrorKind, Result};
use crate::setters::setters;
use crate::words::word_enum;

/// What a finished file is made with.
///
/// In JSON and TOML it is read from its name (`"prores-hq"`), from what is other in one (`{ base = "h264", encoder =
/// "ffmpeg" }`), and from all its fields.
///
/// ```
/// use otio_conflate::deliver::{ExrCompression, Preset};
///
/// let preset = Preset::by_name("exr")?.compression(ExrCompression::Dwaa).level(45);
/// assert!(preset.is_sequence() && preset.intra_only);
/// assert!(Preset::by_name("prores").is_err());
/// let short: Preset = serde_json::from_str("\"prores-hq\"").expect("a name");
/// assert_eq!(short, "prores-hq".parse()?);
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
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
    /// The four letters that the container calls the codec by, where players are particular about them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tag: Option<String>,
    /// The encoders that can make it, best first.
    pub encoders: Vec<EncoderChoice>,
    /// Whose encoder is used where there are several.
    #[serde(skip_serializing_if = "EncoderSource::is_default", default)]
    pub encoder: EncoderSource,
    /// The four letters that ProRes frames say they were made by; `None`: the encoder's own. Applications that take files
    /// of certain makers only may insist on some.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub vendor: Option<String>,
    /// How EXR files are compressed; `None`: as [`ExrCompression::default`] has it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub compression: Option<ExrCompression>,
    /// The level of compression of EXR (zips and zip16 1 to 12, from fast to small; dwaa 1 to 1000, from good to small) and
    /// PNG files (1 to 9, from fast to small). `None`: what is quick.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub level: Option<u16>,
    /// The timecode that movies begin with, and that each EXR file has.
    #[serde(skip_serializing_if = "TimecodeSource::is_default", default)]
    pub timecode: TimecodeSource,
    /// How colour is stored.
    pub color: ColorRule,
    /// Where chroma samples lie, where there are fewer of them.
    #[serde(default)]
    pub centered_chroma: bool,
    /// Whether codec and container carry an order of fields. Interlaced media that is not scaled or placed then stays
    /// interlaced; otherwise it is deinterlaced.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub fields: bool,
    /// Whether every frame can be decoded on its own.
    pub intra_only: bool,
    /// Whether what is decoded is exactly what was encoded.
    pub lossless: bool,
    /// FFmpeg's name of the encoder for sound, for containers that hold it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub audio: Option<String>,
    /// Whether each shot's sound is written to a WAV file of its own, beside it.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub wav: bool,
}

impl Serialize for Preset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Preset::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Preset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Preset, D::Error> {
        stored(Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A preset, the name of one, or what is to be changed in the one that `base` names.
fn stored(value: Value) -> Result<Preset> {
    let bad = |what: String| Error::new(ErrorKind::Option, what);
    let mut table = match value {
        Value::String(name) => return Preset::by_name(&name),
        Value::Object(table) => table,
        other => return Err(bad(format!("{other} is neither a preset nor the name of one"))),
    };
    if let Some(base) = table.remove("base") {
        let base = Preset::by_name(base.as_str().unwrap_or_default())?;
        if let Ok(Value::Object(mut whole)) = serde_json::to_value(base) {
            whole.extend(table);
            table = whole;
        }
    }
    Preset::deserialize(Value::Object(table)).map_err(|error| bad(format!("preset: {error:#}")))
}

/// Serialises a preset by its name alone, where it is the built-in of that name.
pub(super) fn short<S: Serializer>(preset: &Preset, serializer: S) -> Result<S::Ok, S::Error> {
    match Preset::by_name(&preset.name) {
        Ok(known) if known == *preset => serializer.serialize_str(&preset.name),
        _ => Preset::serialize(preset, serializer),
    }
}

/// The same of one that may be left open.
pub(super) fn short_option<S: Serializer>(preset: &Option<Preset>, serializer: S) -> Result<S::Ok, S::Error> {
    match preset {
        Some(preset) => short(preset, serializer),
        None => serializer.serialize_none(),
    }
}

impl FromStr for Preset {
    type Err = Error;
    fn from_str(name: &str) -> Result<Preset> {
        Preset::by_name(name)
    }
}

setters!(Preset {
    name: into String,
    extension: into String,
    muxer: some into String,
    codec: into String,
    tag: some into String,
    encoders: Vec<EncoderChoice>,
    encoder: EncoderSource,
    vendor: some into String,
    compression: some ExrCompression,
    level: some u16,
    timecode: TimecodeSource,
    color: ColorRule,
    centered_chroma: bool,
    fields: bool,
    intra_only: bool,
    lossless: bool,
    audio: some into String,
    wav: bool,
});

word_enum! {
    /// Where the sound of shots goes.
    AudioDelivery, "delivery of sound" {
        /// Nowhere.
        None = "none",
        /// Into each movie.
        #[default]
        Mux = "mux",
        /// Into a WAV file per shot.
        Wav = "wav",
        /// Both.
        Both = "both",
    }
}

word_enum! {
    /// Whose encoder is used, where this crate has one of its own.
    EncoderSource, "source of encoders" {
        /// This crate's where it has one, else FFmpeg's.
        #[default]
        Own = "own",
        /// FFmpeg's.
        Ffmpeg = "ffmpeg",
    }
}

word_enum! {
    /// Whose timecode files have.
    TimecodeSource, "source of timecode" {
        /// The cut's.
        #[default]
        Record = "record",
        /// That of the topmost visible layer's medium, with its reel: the file's own, or the number of a numbered frame.
        Source = "source",
    }
}

impl TimecodeSource {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_default(&self) -> bool {
        *self == TimecodeSource::default()
    }
}

impl EncoderSource {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_default(&self) -> bool {
        *self == EncoderSource::default()
    }
}

/// One way to encode a codec.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct EncoderChoice {
    /// FFmpeg's name of the encoder, or [`Preset::OWN_PRORES`].
    pub encoder: String,
    /// The pixel formats it is used with, by FFmpeg's names.
    pub formats: Vec<String>,
    /// Its options, by FFmpeg's names.
    pub options: Vec<(String, String)>,
    /// What width and height have to be multiples of.
    #[serde(default = "no_grid")]
    pub multiple_of: (u32, u32),
}

impl EncoderChoice {
    /// An encoder with these pixel formats, both by FFmpeg's names, without options, for pictures of any size.
    pub fn new(encoder: impl Into<String>, formats: impl IntoIterator<Item = impl Into<String>>) -> EncoderChoice {
        let formats = formats.into_iter().map(Into::into).collect();
        EncoderChoice { encoder: encoder.into(), formats, options: Vec::new(), multiple_of: no_grid() }
    }
}

fn no_grid() -> (u32, u32) {
    (1, 1)
}

/// How a codec stores colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
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

impl Default for Preset {
    fn default() -> Preset {
        prores(Preset::DEFAULT, "1")
    }
}

const YUV_8: [&str; 3] = ["yuv420p", "yuv422p", "yuv444p"];

impl Preset {
    /// The names that [`Preset::by_name`] knows.
    pub const NAMES: [&str; 18] = [
        "prores-proxy",
        "prores-lt",
        "prores-422",
        "prores-hq",
        "prores-4444",
        "dnxhr-lb",
        "dnxhr-sq",
        "dnxhr-hq",
        "h264",
        "hevc",
        "hevc-10",
        "vp9",
        "ffv1",
        "mjpeg",
        "png",
        "jpg",
        "tiff",
        "exr",
    ];

    /// The name of this crate's encoder for ProRes-compatible 4:2:2 among [`Preset::encoders`].
    pub const OWN_PRORES: &str = "otio-conflate-prores";

    /// The name of this crate's encoder for EXR files.
    pub const OWN_EXR: &str = "otio-conflate-exr";

    /// The name of this crate's encoder for PNG files.
    pub const OWN_PNG: &str = "otio-conflate-png";

    /// The preset's name when none is asked for.
    pub const DEFAULT: &str = "prores-lt";

    /// Whether an encoded picture is the same, byte for byte, whichever others were encoded before it: then it can be copied
    /// into another file.
    pub(crate) fn pictures_stand_alone(&self) -> bool {
        // Encoders of these were compared: what they make of a frame is the same wherever they begin.
        let compared = ["prores", "dnxhd", "ffv1", "mjpeg", "png", "tiff", "exr"];
        self.intra_only && compared.contains(&self.codec.as_str())
    }

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
            "hevc" => hevc(),
            "hevc-10" => hevc_10(),
            "vp9" => vp9(),
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
                let ffmpeg = choice("png", &formats, &[("compression_level", "1"), ("pred", "up")]);
                let own = choice(Preset::OWN_PNG, &formats, &[]);
                Preset { encoders: vec![own, ffmpeg.clone()], ..still(name, "png", ffmpeg, ColorRule::Rgb) }
            }
            "tiff" => {
                let formats = ["rgb48le", "rgba64le"];
                still(name, "tiff", choice("tiff", &formats, &[("compression_algo", "lzw")]), ColorRule::Rgb)
            }
            "exr" => {
                let options = [("compression", "zip1"), ("format", "half")];
                let formats = ["gbrpf32le", "gbrapf32le"];
                let ffmpeg = choice("exr", &formats, &options);
                let own = choice(Preset::OWN_EXR, &formats, &[]);
                Preset { encoders: vec![own, ffmpeg.clone()], ..still(name, "exr", ffmpeg, ColorRule::Linear) }
            }
            _ => {
                let what = format!("unknown preset {name:?}; expected one of {}", Preset::NAMES.join(", "));
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

    /// Delivers sound as `audio` says; files of single frames hold none.
    #[must_use]
    pub fn with_audio(mut self, audio: AudioDelivery) -> Preset {
        self.wav = matches!(audio, AudioDelivery::Wav | AudioDelivery::Both);
        if matches!(audio, AudioDelivery::None | AudioDelivery::Wav) {
            self.audio = None;
        }
        self
    }

    /// Uses encoders of this source where there are several.
    #[must_use]
    pub fn with_encoder(self, encoder: EncoderSource) -> Preset {
        Preset { encoder, ..self }
    }

    /// Gives files the timecode of this source.
    #[must_use]
    pub fn with_timecode(self, timecode: TimecodeSource) -> Preset {
        Preset { timecode, ..self }
    }

    /// Compresses EXR files like this, and EXR and PNG files at this level; `None` leaves what there is.
    #[must_use]
    pub fn with_compression(mut self, compression: Option<ExrCompression>, level: Option<u16>) -> Preset {
        self.compression = compression.or(self.compression);
        self.level = level.or(self.level);
        self
    }

    /// Whether it delivers sound anywhere.
    pub fn delivers_sound(&self) -> bool {
        self.audio.is_some() || self.wav
    }

    /// Whether it makes one file per frame.
    pub fn is_sequence(&self) -> bool {
        self.muxer.is_none()
    }

    /// The names of those that make one file per frame.
    pub(super) fn of_pictures() -> Vec<&'static str> {
        let pictures = |name: &&str| Preset::by_name(name).is_ok_and(|preset| preset.is_sequence());
        Preset::NAMES.into_iter().filter(pictures).collect()
    }

    /// Whether alpha in its files is multiplied into colour: in EXR it is, anywhere else not.
    pub fn premultiplied(&self) -> bool {
        self.color == ColorRule::Linear
    }
}

/// One way to encode, for pictures of any size.
pub(crate) fn choice(encoder: &str, formats: &[&str], options: &[(&str, &str)]) -> EncoderChoice {
    EncoderChoice {
        encoder: encoder.into(),
        formats: formats.iter().map(|&format| format.into()).collect(),
        options: options.iter().map(|&(key, value)| (key.into(), value.into())).collect(),
        multiple_of: (1, 1),
    }
}

/// The crate's own encoder takes a quarter of `prores_aw`'s time at better PSNR. `prores_aw` takes a
/// fifth of `prores_ks`'s time at slightly more bits and better PSNR in every profile.
fn prores(name: &str, profile: &str) -> Preset {
    let formats: &[&str] = if profile == "4" { &["yuv444p10", "yuva444p10"] } else { &["yuv422p10"] };
    let options = [("profile", profile), ("vendor", "apl0")];
    // prores_ks takes odd widths, but garbles them.
    let even = |encoder| EncoderChoice { multiple_of: (2, 1), ..choice(encoder, formats, &options) };
    let mut encoders = vec![even("prores_aw"), even("prores"), even("prores_ks")];
    let own = choice(Preset::OWN_PRORES, formats, &options[..1]);
    encoders.insert(0, EncoderChoice { multiple_of: if profile == "4" { (1, 1) } else { (2, 1) }, ..own });
    Preset {
        name: name.into(),
        extension: "mov".into(),
        muxer: Some("mov".into()),
        codec: "prores".into(),
        tag: None,
        encoders,
        encoder: EncoderSource::Own,
        vendor: None,
        compression: None,
        level: None,
        timecode: TimecodeSource::Record,
        color: ColorRule::Video,
        centered_chroma: false,
        fields: true,
        intra_only: true,
        lossless: false,
        audio: Some("pcm_s24le".into()),
        wav: false,
    }
}

fn dnxhr(name: &str, profile: &str) -> Preset {
    Preset {
        codec: "dnxhd".into(),
        // DNxHR has no interlaced pictures.
        fields: false,
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
            even(choice(
                "libx264",
                &["yuv420p"],
                &[("crf", "16"), ("preset", "veryfast"), ("profile", "high"), closed],
            )),
            even(choice("libopenh264", &["yuv420p"], &[("b", "20000000"), closed])),
            even(choice("h264_videotoolbox", &["yuv420p"], &[("b", "20000000"), closed])),
        ],
        fields: false,
        intra_only: false,
        audio: Some("aac".into()),
        ..prores("h264", "1")
    }
}

/// As H.264, at half the bits. Apple's players know HEVC by the tag `hvc1` alone.
fn hevc() -> Preset {
    let even = |choice| EncoderChoice { multiple_of: (2, 2), ..choice };
    Preset {
        name: "hevc".into(),
        codec: "hevc".into(),
        tag: Some("hvc1".into()),
        encoders: vec![
            even(choice(
                "libx265",
                &["yuv420p"],
                &[("crf", "20"), ("preset", "veryfast"), ("x265-params", "open-gop=0:log-level=error")],
            )),
            even(choice("hevc_videotoolbox", &["yuv420p"], &[("b", "12000000")])),
        ],
        ..h264()
    }
}

/// As HEVC, of 10 bits: for PQ and HLG.
fn hevc_10() -> Preset {
    let mut preset = Preset { name: "hevc-10".into(), ..hevc() };
    for choice in &mut preset.encoders {
        let deep = if choice.encoder == "libx265" { "yuv420p10le" } else { "p010le" };
        choice.formats = vec![deep.into()];
    }
    preset
}

fn vp9() -> Preset {
    let options = [("crf", "24"), ("b", "0"), ("deadline", "realtime"), ("cpu-used", "6"), ("row-mt", "1")];
    Preset {
        name: "vp9".into(),
        extension: "webm".into(),
        muxer: Some("webm".into()),
        codec: "vp9".into(),
        encoders: vec![EncoderChoice { multiple_of: (2, 2), ..choice("libvpx-vp9", &["yuv420p"], &options) }],
        audio: Some("libopus".into()),
        ..h264()
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
        "bgr0",
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
        encoders: vec![choice("ffv1", &formats, &[("level", "3"), ("g", "1"), ("slicecrc", "1")])],
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
            choice("mjpeg", &YUV_8, &[("flags", "+qscale"), ("global_quality", "236"), ("huffman", "default")]),
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
        tag: None,
        encoders: vec![choice],
        encoder: EncoderSource::Own,
        vendor: None,
        compression: None,
        level: None,
        timecode: TimecodeSource::Record,
        color,
        centered_chroma: false,
        fields: false,
        intra_only: true,
        lossless: matches!(extension, "png" | "tiff"),
        audio: None,
        wav: false,
    }
}
