//! What a run made: plain data, which is also the manifest.

pub(crate) mod merge;

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::audio::Loudness;
use crate::color::Baked;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Canvas, ColorTags, Grade, Hdr, OutputColor, OutputLook, Plan, ShotSource, Warning};
use crate::time::Rate;

/// What a run made. `manifest.json` in the output folder holds it.
///
/// ```no_run
/// use otio_conflate::{Report, Status};
///
/// let report = Report::open("shots/manifest.json")?;
/// println!("{} done, {} failed", report.count(Status::Done), report.count(Status::Failed));
/// for shot in &report.shots {
///     println!("{}: {:?} {}", shot.shot, shot.output.as_ref().map(|output| &output.path), shot.error.join(": "));
/// }
/// # Ok::<(), otio_conflate::Error>(())
/// ```
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
    /// By how many decibels the sound of the whole cut was made louder to come to a loudness that was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub gain: Option<f64>,
    /// The canvas every frame has.
    pub canvas: ReportedCanvas,
    /// The record rate.
    pub rate: Rate,
    /// Record frame of the cut's first frame.
    #[serde(default)]
    pub start: i64,
    /// Every shot, in order. In the manifest, shots of other cuts and earlier runs follow whose files are still in the
    /// folder: see [`ShotReport::of`].
    pub shots: Vec<ShotReport>,
    /// Where the run was given the manifest of an earlier one: names of the shots in that which are not in this cut.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub omitted: Vec<String>,
    /// What the plan could not express, and what was noticed about the media.
    pub warnings: Vec<Warning>,
    /// In a manifest: the plan of the run; see [`Report::plan`].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub plan: Option<PlanText>,
    /// Every file in the folder that this library made, whichever program or run it was. These may be replaced, as long as
    /// they are as they were left; nothing else may.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub files: Vec<ListedFile>,
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
            let what = format!("{} is not the manifest of a run", manifest.display());
            Error::new(ErrorKind::Json, what).at_file(manifest).at_line(cause.line(), cause.column()).because(cause)
        })?;
        // What it names lies beside it.
        let folder = manifest.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        report.folder = folder.canonicalize().map_err(|error| Error::io("find the folder", folder, error))?;
        Ok(report)
    }

    /// The plan of the run that the manifest is of; `None` where it was not written, as in the report of a run that is not
    /// read from its manifest and in manifests of earlier versions.
    ///
    /// # Errors
    /// [`ErrorKind::Json`] where it is none that this version reads, [`ErrorKind::Plan`] where it is not sound.
    pub fn plan(&self) -> Result<Option<Plan>> {
        let Some(PlanText(text)) = &self.plan else { return Ok(None) };
        let plan: Plan = serde_json::from_str(text.get()).map_err(|cause| {
            let what = format!("the plan in the manifest, written by version {}, cannot be read", self.crate_version);
            Error::new(ErrorKind::Json, what).because(cause)
        })?;
        plan.validate()?;
        Ok(Some(plan))
    }

    /// How many shots have this status.
    pub fn count(&self, status: Status) -> usize {
        self.shots.iter().filter(|shot| shot.status == status).count()
    }

    /// Whether every shot was delivered, in this run or an earlier one: none failed, none was cancelled.
    pub fn succeeded(&self) -> bool {
        self.shots.iter().all(|shot| matches!(shot.status, Status::Done | Status::Skipped))
    }
}

/// A plan in a manifest, read only when it is asked for: versions that write other plans can read the manifest all the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlanText(Box<RawValue>);

impl PlanText {
    /// `plan` as JSON; `None` where a path in it is no text.
    pub(crate) fn new(plan: &Plan) -> Option<PlanText> {
        serde_json::value::to_raw_value(plan).ok().map(PlanText)
    }
}

impl PartialEq for PlanText {
    fn eq(&self, other: &PlanText) -> bool {
        self.0.get() == other.0.get()
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
    /// Its own fields: see [`Shot::fields`](crate::plan::Shot::fields).
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty", default)]
    pub fields: std::collections::BTreeMap<String, String>,
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
    /// Its loudness, loudness range and true peak (EBU R 128), as its peak.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub loudness: Option<Loudness>,
    /// The stems of its sound, one WAV file each, in the order of [`Sound::stems`](crate::plan::Sound::stems).
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub stems: Vec<DeliveredStem>,
    /// What else was made of it, in the order it was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub representations: Vec<Represented>,
    /// The number of the first frame delivered, head handles included.
    pub first_frame: i64,
    /// How many frames were delivered, handles included.
    pub frame_count: i64,
    /// How many of them are head handles, in record frames.
    pub head: i64,
    /// How many of them are tail handles, in record frames.
    pub tail: i64,
    /// Where in the cut the first frame delivered lies.
    pub record: Record,
    /// The media that lie in it, handles included, whether or not something opaque covers them: clip, source frames, timecodes, speed.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub sources: Vec<ShotSource>,
    /// Wall-clock seconds that it took to render, verify and deliver it in the run that wrote this entry; `None` where it was skipped.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub elapsed: Option<f64>,
    /// Why it was skipped, or rendered though something was there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Where colours are managed: what its values are, and what its media turned out to be.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub color: Option<ShotColor>,
    /// What its file depends on, as 32 hexadecimal digits.
    pub fingerprint: String,
    /// Digests of its pictures, where a later run may copy them out of its file; see
    /// [`Conflation::since`](crate::Conflation::since).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pictures: Option<Pictures>,
    /// What did not turn out as asked.
    pub warnings: Vec<String>,
    /// In a manifest: the name of the cut it was delivered for, where that was not the run that the manifest is of, but
    /// an earlier one, one of another cut, or a review.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub of: Option<String>,
    /// In a manifest: whether a later run found that the shot is not in the cut any more.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub omitted: bool,
}

/// What the pictures of a shot are: as which frames of other shots they can be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pictures {
    /// Digest of what all of them depend on (backend, preset, canvas, colours, policies), as 32 hexadecimal digits.
    pub made_as: String,
    /// Digests of what each frame shows, in order, [`Pictures::DIGITS`] hexadecimal digits a frame. It depends on media
    /// and the frames of them, looks and transitions, and not on the place in the cut.
    pub frames: String,
    /// When the files of the pictures were written, in milliseconds since 1970: the earliest and the latest. Only what has
    /// these times still is copied from.
    pub modified: (u64, u64),
}

impl Pictures {
    /// Hexadecimal digits of the digest of one frame.
    pub const DIGITS: usize = 12;
}

/// What became of a shot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// It was rendered, verified and delivered.
    Done,
    /// It was there already, the same shot at the same plan.
    Skipped,
    /// It failed, and left nothing.
    Failed,
    /// The run was stopped before it was whole, and it left nothing.
    Cancelled,
}

/// What was delivered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Output {
    /// A movie, a sequence or a sound.
    pub kind: OutputKind,
    /// Its path relative to the manifest, with `/`; a sequence's is a pattern such as `sh010/sh010.%04d.exr`.
    pub path: String,
    /// How many bytes it has, all files together.
    pub bytes: u64,
    /// The encoder of its pictures, by the name that presets have for it; `None` where packets were copied, of sound, and
    /// in manifests of versions that did not write it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub encoder: Option<String>,
    /// The codec of its pictures, as FFmpeg names it; `None` of sound, and in manifests of versions that did not write it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub codec: Option<String>,
    /// The pixel format of its pictures, as FFmpeg names it, where it is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pixel_format: Option<String>,
    /// Width and height of its pictures in pixels, where they are known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub size: Option<(u32, u32)>,
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
    /// Where colours are managed: what its values are.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub color: Option<ValueColor>,
    /// Where a later run may copy its pictures: what they depend on beside those of the shot.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pictures: Option<RepresentedPictures>,
}

/// What the pictures of a representation are: where the shot shows the same frames, from its first to its last, and this is
/// the same, so are they.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RepresentedPictures {
    /// Digest of everything that they depend on (settings, handles, texts, backend, colours), as 32 hexadecimal digits.
    pub made_as: String,
    /// When its files were written, in milliseconds since 1970: the earliest and the latest. Only what has these times still is
    /// copied.
    pub modified: (u64, u64),
}

/// The canvas of a run, and where colours are managed, the space that layers were composited in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReportedCanvas {
    /// Size, pixel aspect and tags.
    #[serde(flatten)]
    pub canvas: Canvas,
    /// The colour space.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub space: Option<String>,
}

impl std::ops::Deref for ReportedCanvas {
    type Target = Canvas;

    fn deref(&self) -> &Canvas {
        &self.canvas
    }
}

/// What the values of an output are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ValueColor {
    /// The configuration that names refer to.
    pub config: String,
    /// Their colour space, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colorspace: Option<String>,
    /// The display that they were made for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<String>,
    /// Its view.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub view: Option<String>,
    /// Whether colour decisions and looks are in them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub graded: bool,
    /// The looks that were baked, in order: those of the configuration, and files as `FILE#ID@SPACE`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub looks: Vec<String>,
    /// The tags of what was baked; `None`: those of the canvas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<ColorTags>,
    /// What a movie of it says about its display and its brightness.
    #[serde(skip_serializing_if = "Hdr::is_empty")]
    pub hdr: Hdr,
}

impl ValueColor {
    /// What values are that `baked` makes of a canvas in the space `canvas`, where it is in one, for `look`; `looks` are those of the shot, and
    /// `decides` is set where it has colour decisions.
    pub(crate) fn of(
        config: &str,
        baked: &Baked,
        (look, looks): (&OutputLook, Vec<String>),
        canvas: Option<&str>,
        decides: bool,
    ) -> ValueColor {
        let (display, view) = baked.view.clone().unzip();
        let own = || canvas.filter(|_| look.color == OutputColor::Canvas).map(str::to_owned);
        ValueColor {
            config: config.to_owned(),
            colorspace: baked.space.clone().or_else(own),
            display,
            view,
            graded: look.graded && (decides || !looks.is_empty()),
            looks: if look.graded { looks } else { Vec::new() },
            tags: baked.tags,
            hdr: baked.hdr,
        }
    }
}

/// The colours of a shot, where they are managed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ShotColor {
    /// What the values of its own file are.
    pub output: ValueColor,
    /// Which space each medium that it shows turned out to be in, and what says so.
    pub sources: Vec<MediumColor>,
    /// The colour decisions of its clips, and of the compositions that they lie in, that are applied to outputs which are graded.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub decisions: Vec<Decided>,
    /// The context variables that it depends on.
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty", default)]
    pub vars: std::collections::BTreeMap<String, String>,
}

/// A colour decision that was applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Decided {
    /// The clip's name; `None`: it is a composition's, done to what its layers make together.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub clip: Option<String>,
    /// The decision, with the space that it was applied in.
    #[serde(flatten)]
    pub grade: Grade,
}

/// Which colour space a medium turned out to be in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MediumColor {
    /// Its path.
    pub media: String,
    /// The space; `view:DISPLAY/VIEW` for what a view shows, and `data` for what is no colour.
    pub space: String,
    /// What says so.
    pub by: String,
}

impl MediumColor {
    /// The medium at `media` is in `space`, as `by` says.
    #[cfg(feature = "ffmpeg")]
    pub(crate) fn new(media: String, space: &crate::plan::SourceSpace, by: &str) -> MediumColor {
        use crate::plan::SourceSpace;
        let space = match space {
            SourceSpace::Space(name) => name.clone(),
            SourceSpace::View { display, view } => format!("view:{display}/{view}"),
            SourceSpace::Data => "data".to_owned(),
        };
        MediumColor { media, space, by: by.to_owned() }
    }
}

/// A stem that was delivered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeliveredStem {
    /// The stem's name: that of an audio track, or a role.
    pub name: String,
    /// What was delivered.
    #[serde(flatten)]
    pub output: Output,
}

/// A place in the cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Record {
    /// The record frame, counted on from the timeline's global start.
    pub start: i64,
    /// Its timecode; drop-frame has a `;` before the frames.
    pub start_timecode: String,
    /// The timecode of the frame behind the last one delivered: the record out of an edit list. Empty in manifests of
    /// versions that did not write it.
    #[serde(default)]
    pub end_timecode: String,
}

/// What a shot is delivered as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
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

/// What a manifest says of a file, or of a folder of frames, that this library made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ListedFile {
    /// Its path relative to the manifest, with `/`; a sequence's is a pattern such as `sh010/sh010.%04d.exr`.
    pub path: String,
    /// How many bytes it has, all files together.
    pub bytes: u64,
    /// When its files were written, in milliseconds since 1970: the earliest and the latest.
    pub modified: (u64, u64),
    /// Of the mix of a whole cut: its loudness, loudness range and true peak (EBU R 128).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub loudness: Option<Loudness>,
    /// Of the mix of a whole cut and its stems: what a later run has to know to keep them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mix: Option<ListedMix>,
}

/// What a manifest says of the mix of a whole cut beside its loudness.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ListedMix {
    /// What its samples depend on, as 32 hexadecimal digits.
    pub fingerprint: String,
    /// How loud it gets.
    pub peak: crate::audio::Peak,
    /// What did not turn out as planned: sentences.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub notes: Vec<String>,
}

impl ListedFile {
    /// No file at all.
    pub(crate) const NOTHING: ListedFile =
        ListedFile { path: String::new(), bytes: 0, modified: (u64::MAX, 0), loudness: None, mix: None };

    /// A regular file, without its path.
    pub(crate) fn of(metadata: &std::fs::Metadata) -> Option<ListedFile> {
        let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let modified = u64::try_from(modified).unwrap_or(u64::MAX);
        let written = ListedFile { bytes: metadata.len(), modified: (modified, modified), ..ListedFile::NOTHING };
        metadata.is_file().then_some(written)
    }

    /// Both together.
    pub(crate) fn and(self, other: &ListedFile) -> ListedFile {
        let (earliest, latest) = self.modified;
        let modified = (earliest.min(other.modified.0), latest.max(other.modified.1));
        ListedFile { bytes: self.bytes.saturating_add(other.bytes), modified, ..self }
    }
}
