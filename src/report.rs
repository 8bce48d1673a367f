//! What a run made: plain data, which is also the manifest.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Canvas, Warning};
use crate::time::Rate;

/// What a run made. `manifest.json` in the output folder holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// The version of this crate that made it.
    pub crate_version: String,
    /// The timeline's file, if it was read from one. In the manifest, what is no text in its path is replaced.
    #[serde(serialize_with = "as_text")]
    pub timeline: Option<PathBuf>,
    /// The timeline's name.
    pub name: String,
    /// The backend that rendered.
    pub backend: String,
    /// The preset's name.
    pub preset: String,
    /// The canvas every frame has.
    pub canvas: Canvas,
    /// The record rate.
    pub rate: Rate,
    /// Record frame of the cut's first frame.
    #[serde(default)]
    pub start: i64,
    /// Every shot, in order.
    pub shots: Vec<ShotReport>,
    /// What the plan could not express, and what was noticed about the media.
    pub warnings: Vec<Warning>,
    /// Where it all is.
    #[serde(skip)]
    pub folder: PathBuf,
}

fn as_text<S: serde::Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    path.as_ref().map(|path| path.to_string_lossy()).serialize(serializer)
}

impl Report {
    /// Reads a manifest that a run wrote.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when it cannot be read, [`ErrorKind::Json`] when it is no manifest.
    pub fn open(manifest: impl AsRef<Path>) -> Result<Report> {
        let manifest = manifest.as_ref();
        let bytes = std::fs::read(manifest).map_err(|error| Error::io("read", manifest, error))?;
        let mut report: Report = serde_json::from_slice(&bytes).map_err(|cause| {
            let what = format!("{} is no manifest", manifest.display());
            Error::new(ErrorKind::Json, what).at_file(manifest).at_line(cause.line(), cause.column()).because(cause)
        })?;
        // What it names lies beside it.
        let folder = manifest.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        report.folder = folder.canonicalize().map_err(|error| Error::io("find the folder", folder, error))?;
        Ok(report)
    }

    /// How many shots have this status.
    pub fn count(&self, status: Status) -> usize {
        self.shots.iter().filter(|shot| shot.status == status).count()
    }

    /// Whether no shot failed.
    pub fn succeeded(&self) -> bool {
        self.count(Status::Failed) == 0
    }
}

/// What became of one shot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ShotReport {
    /// The shot's name.
    pub shot: String,
    /// The clip it was made from.
    pub clip: String,
    /// The track that clip lies in.
    pub track: String,
    /// That clip's path in the timeline.
    pub object: String,
    /// What became of it.
    pub status: Status,
    /// Why it failed: the error first, then its causes.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub error: Vec<String>,
    /// What was delivered; nothing of a shot that failed.
    pub output: Option<Output>,
    /// The WAV file with its sound, if one was delivered.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sound: Option<Output>,
    /// How loud its sound is, where it has any and was rendered in this run or an earlier one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub peak: Option<crate::audio::Peak>,
    /// What else was made of it, in the order it was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub representations: Vec<Represented>,
    /// The number of the first frame delivered, head handles included.
    pub first_frame: i64,
    /// How many frames were delivered, handles included.
    pub frame_count: i64,
    /// How many of them are head handles.
    pub head: i64,
    /// How many of them are tail handles.
    pub tail: i64,
    /// Where in the cut the first frame delivered lies.
    pub record: Record,
    /// What its file depends on, as 32 hexadecimal digits.
    pub fingerprint: String,
    /// What did not turn out as asked.
    pub warnings: Vec<String>,
}

/// What became of a shot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It was rendered, verified and delivered.
    Done,
    /// It was there already, the same shot at the same plan.
    Skipped,
    /// It failed, and left nothing.
    Failed,
}

/// What was delivered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// A movie, a sequence or a sound.
    pub kind: OutputKind,
    /// Its path relative to the manifest, with `/`; a sequence's is a pattern such as `sh010/sh010.%04d.exr`.
    pub path: String,
    /// How many bytes it has, all files together.
    pub bytes: u64,
}

/// A representation that was delivered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Represented {
    /// The representation's name.
    pub name: String,
    /// What was delivered.
    #[serde(flatten)]
    pub output: Output,
}

/// A place in the cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The record frame, counted on from the timeline's global start.
    pub start: i64,
    /// Its timecode; drop-frame has a `;` before the frames.
    pub start_timecode: String,
}

/// What a shot is delivered as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputKind {
    /// One movie file.
    Movie,
    /// A folder of numbered frames.
    Sequence,
    /// One WAV file.
    Sound,
    /// One picture: a poster or a contact sheet.
    Still,
}
