//! A piece of media: what and where it is, and what is known of it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{ColorTags, Generated, WrittenSpace};
use crate::time::{FrameName, Rate, Ratio};
use crate::timeline::MissingFramePolicy;

/// A piece of media.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Media {
    /// What and where it is.
    pub source: MediaSource,
    /// The rate its frames are counted at.
    pub rate: Rate,
    /// How many frames it has, where that is known without decoding it: frames `0..frames` exist.
    pub frames: Option<i64>,
    /// Width and height of its picture in pixels, as the application saw it, where that is in the metadata.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub size: Option<(u32, u32)>,
    /// Width of its pixels over their height, likewise. What the file itself says counts first, unless that is 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pixel_aspect: Option<Ratio>,
    /// What the values of its EXR files are, where an application wrote something else than scene-linear light: no EXR
    /// file says that itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub color: Option<ColorTags>,
    /// The colour space that the timeline says it is in, where colours are managed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub space: Option<WrittenSpace>,
    /// Where its picture lies in the canvas, in OpenTimelineIO's spatial coordinates: `[min x, min y, max x, max y]`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bounds: Option<[f64; 4]>,
}

/// What and where a piece of media is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum MediaSource {
    /// One file.
    File {
        /// Its absolute path.
        path: PathBuf,
    },
    /// Numbered frames: the file of frame *i* is `folder/prefix` + the number `start + step × i` + `suffix`.
    Sequence {
        /// The absolute path of the folder.
        folder: PathBuf,
        /// What stands before the number.
        prefix: String,
        /// What stands after it.
        suffix: String,
        /// How many digits a number has at least.
        padding: u32,
        /// The number of frame 0.
        start: i64,
        /// How many numbers lie from one frame to the next.
        step: i64,
        /// What is to be done about holes.
        holes: MissingFramePolicy,
    },
    /// A picture that is made, not read.
    Generator {
        /// The kind as written.
        generator_kind: String,
        /// What it draws.
        draws: Generated,
    },
    /// The timeline names no media, or a location that cannot be used.
    Missing {
        /// What is known about it: the location as written, or why there is none.
        what: String,
    },
}

impl MediaSource {
    /// The file of frame `index`, for files and sequences. A negative number keeps its sign before the padding, as
    /// OpenTimelineIO writes it.
    pub fn file(&self, index: i64) -> Option<PathBuf> {
        match self {
            MediaSource::File { path } => Some(path.clone()),
            MediaSource::Sequence { folder, .. } => Some(folder.join(self.frame_name()?.of(self.number(index)))),
            MediaSource::Generator { .. } | MediaSource::Missing { .. } => None,
        }
    }

    /// Names of the files of a sequence.
    pub(crate) fn frame_name(&self) -> Option<FrameName<'_>> {
        let MediaSource::Sequence { prefix, suffix, padding, .. } = self else { return None };
        Some(FrameName { prefix, suffix, padding: *padding as usize })
    }

    /// What frame `index` is called: its number in a sequence, its index anywhere else.
    pub fn number(&self, index: i64) -> i64 {
        match self {
            MediaSource::Sequence { start, step, .. } => start.saturating_add(step.saturating_mul(index)),
            _ => index,
        }
    }

    /// What it would be called: its file's name without the ending, or its sequence's.
    pub(super) fn stem(&self) -> Option<String> {
        let name = match self {
            MediaSource::File { path } => path.file_stem()?.to_string_lossy().into_owned(),
            MediaSource::Sequence { prefix, .. } => prefix.trim_end_matches(['.', '_', '-']).to_owned(),
            MediaSource::Generator { .. } | MediaSource::Missing { .. } => return None,
        };
        (!name.trim().is_empty()).then_some(name)
    }

    /// A path for people and for `plan --frames`; a sequence's is a pattern such as `/shots/sh010.%04d.exr`.
    pub fn display(&self) -> String {
        match self {
            MediaSource::File { path } => path.display().to_string(),
            MediaSource::Sequence { folder, .. } => {
                let pattern = self.frame_name().map(|name| name.pattern()).unwrap_or_default();
                folder.join(pattern).display().to_string()
            }
            MediaSource::Generator { generator_kind, .. } => format!("generator:{generator_kind}"),
            MediaSource::Missing { what } => what.clone(),
        }
    }
}
