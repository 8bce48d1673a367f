//! What is known of a media file.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::color::FileColor;
use crate::plan::ColorTags;
use crate::time::{Rate, Ratio, Time, Timecode};

/// What a media file holds.
///
/// ```no_run
/// let info = otio_conflate::backend::ffmpeg::probe("/media/a.mov")?;
/// println!("{} × {}, {:?} frames a second, from {:?}", info.width, info.height, info.rate, info.start_timecode);
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MediaInfo {
    /// The file.
    pub path: PathBuf,
    /// FFmpeg's short name of the container's format.
    pub container: String,
    /// Whether there is a moving picture, or for a still file a picture. Cover art is none. Without it, everything
    /// below that is about pictures is empty.
    pub has_picture: bool,
    /// Whether there is sound.
    pub has_audio: bool,
    /// Whether this is a single picture rather than a movie.
    pub is_still: bool,
    /// FFmpeg's short name of the codec.
    pub codec: String,
    /// The codec's profile.
    pub profile: Option<String>,
    /// Pixels in a line as stored, before rotation.
    pub width: u32,
    /// Lines as stored, before rotation.
    pub height: u32,
    /// Width of a pixel over its height.
    pub pixel_aspect: Ratio,
    /// Degrees that the picture has to be turned clockwise to stand upright: 0, 90, 180 or 270.
    pub rotation: u16,
    /// Whether frames are two fields each, and then whether the one with the first line comes first.
    #[serde(default)]
    pub top_field_first: Option<bool>,
    /// The rate frames are shown at; for variable frame rate media the average.
    pub rate: Option<Rate>,
    /// Whether frames are not on one grid of times, as far as can be told without reading the whole file.
    pub vfr: bool,
    /// How many frames the header claims, or the duration suggests. Not to be relied on.
    pub frames: Option<i64>,
    /// How long the picture lasts.
    pub duration: Option<Time>,
    /// The timecode of the first frame.
    #[serde(with = "label")]
    pub start_timecode: Option<Timecode>,
    /// The name of the reel or tape it was made from.
    pub reel_name: Option<String>,
    /// What sample values mean.
    pub color: ColorTags,
    /// FFmpeg's name for how samples lie in memory.
    pub pixel_format: String,
    /// Bits of a component.
    pub bit_depth: u8,
    /// Whether there is an alpha component.
    pub has_alpha: bool,
    /// Whether every frame is coded on its own.
    pub intra_only: bool,
    /// What the header of an EXR file says about its colours.
    #[serde(skip)]
    pub(crate) header_color: Option<FileColor>,
}

/// A description with nothing in it.
pub(crate) fn empty(path: &Path, container: String) -> MediaInfo {
    MediaInfo {
        path: path.to_owned(),
        container,
        has_picture: false,
        has_audio: false,
        is_still: false,
        codec: String::new(),
        profile: None,
        width: 0,
        height: 0,
        pixel_aspect: Ratio::ONE,
        rotation: 0,
        top_field_first: None,
        rate: None,
        vfr: false,
        frames: None,
        duration: None,
        start_timecode: None,
        reel_name: None,
        color: ColorTags::BT709,
        pixel_format: String::new(),
        bit_depth: 0,
        has_alpha: false,
        intra_only: false,
        header_color: None,
    }
}

/// Timecode as frame number, rate and drop-frame flag.
mod label {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::time::{Rate, Timecode};

    #[derive(Serialize, Deserialize)]
    struct TimecodeLabel {
        frame: i64,
        rate: Rate,
        drop: bool,
    }

    pub(super) fn serialize<S: Serializer>(timecode: &Option<Timecode>, serializer: S) -> Result<S::Ok, S::Error> {
        timecode
            .map(|timecode| TimecodeLabel { frame: timecode.frame(), rate: timecode.rate(), drop: timecode.is_drop() })
            .serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timecode>, D::Error> {
        let label = Option::<TimecodeLabel>::deserialize(deserializer)?;
        Ok(label.map(|label| Timecode::from_frame(label.frame, label.rate, label.drop)))
    }
}
