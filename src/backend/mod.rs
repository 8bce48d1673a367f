//! Who makes the pictures: the [`Backend`] trait and what implements it.
//!
//! ```no_run
//! use otio_conflate::backend::RecordBackend;
//! use otio_conflate::{Conflation, Delivery, NoObserver, Plan, PlanOptions, Timeline};
//!
//! // One that writes rows of the plan in place of pictures: for tests of everything around rendering.
//! let plan = Plan::new(&Timeline::open("cut.otio")?, &PlanOptions::default())?;
//! let report = Conflation::new(RecordBackend::new(), Delivery::new("shots")).run(&plan, &NoObserver)?;
//! assert!(report.succeeded());
//! # Ok::<(), otio_conflate::Error>(())
//! ```

use std::path::{Path, PathBuf};

use crate::deliver::{Preset, Representation};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Canvas, MediaId, Plan, Shot};
use crate::report::{Output, ShotColor, ValueColor};
use crate::setters::setters;
use crate::time::Timecode;

#[cfg(feature = "ffmpeg")]
pub mod ffmpeg;
mod record;
mod rendered_color;
#[cfg(feature = "resolve")]
pub mod resolve;
#[cfg(not(feature = "ffmpeg"))]
mod without_ffmpeg;

pub use crate::job::{CancelToken, Target};
#[cfg(feature = "ffmpeg")]
pub(crate) use ffmpeg::{check_before_render, represent_rendered};
pub use record::RecordBackend;
pub(crate) use rendered_color::RenderedColors;
#[cfg(feature = "ffmpeg")]
pub(crate) use rendered_color::more_words;
#[cfg(not(feature = "ffmpeg"))]
pub(crate) use without_ffmpeg::{check_before_render, represent_rendered};

/// Renders the shots of a plan.
///
/// # For implementations
/// [`Backend::open_until`] is called once per run, before anything is written; where opening takes no time,
/// [`Backend::open`] alone is implemented. It opens what the plan needs, and fails with
/// *every* missing file at once where the plan does not allow media to be missing. The [`Session`] then hands out one
/// [`Worker`] per thread; a worker gets one [`Task`] after another. A worker writes to the task's target and its WAV
/// files, and nowhere else, and leaves what it wrote, whole or not, to the caller, who verifies, renames or removes it.
/// What is made once for all shots, such as a render of the whole timeline, is made in [`Session::prepare`].
/// Where [`Capabilities::representations`] is set, it writes the task's representations, too; for any other backend they
/// are made from the file that it wrote.
/// Media may lie inside an archive: [`MediaFile`](crate::otio::MediaFile) opens every path that a plan names.
pub trait Backend: Sync {
    /// A short name for reports, such as `ffmpeg`.
    fn name(&self) -> &str;

    /// What this backend can do.
    fn capabilities(&self) -> Capabilities;

    /// Files that it was given beside the plan, such as a LUT: no output may have their place.
    fn inputs(&self) -> Vec<PathBuf> {
        Vec::new()
    }

    /// Opens what `plan` needs for its shots, to be written as `preset` says, and beside that as `representations` say.
    ///
    /// # Errors
    /// [`ErrorKind::MediaMissing`] listing every missing file where the plan does not allow any,
    /// [`ErrorKind::Unsupported`] where the preset needs what is not there.
    fn open<'a>(
        &'a self,
        plan: &'a Plan,
        preset: &'a Preset,
        representations: &'a [Representation],
    ) -> Result<Box<dyn Session + 'a>>;

    /// The same, given up as soon as `cancel` says so: where an application has to be reached, that may take long.
    ///
    /// # Errors
    /// As [`Backend::open`]; [`ErrorKind::Cancelled`].
    fn open_until<'a>(
        &'a self,
        plan: &'a Plan,
        preset: &'a Preset,
        representations: &'a [Representation],
        cancel: &CancelToken,
    ) -> Result<Box<dyn Session + 'a>> {
        let _ = cancel;
        self.open(plan, preset, representations)
    }
}

/// What a backend can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// How many shots may be rendered at once; `None`: as many as there are cores.
    pub shots_at_once: Option<usize>,
    /// Whether the grade of an application is baked in.
    pub graded: bool,
    /// Whether its workers write representations themselves.
    pub representations: bool,
}

impl Capabilities {
    /// Shots in parallel with their representations, no grade.
    pub const fn parallel() -> Capabilities {
        Capabilities { shots_at_once: None, graded: false, representations: true }
    }
}

setters!(Capabilities { shots_at_once: some usize, graded: bool, representations: bool });

/// A backend at work on one plan.
pub trait Session: Sync {
    /// The canvas every frame has.
    fn canvas(&self) -> Canvas;

    /// What was noticed about the media: sentences for the report.
    fn warnings(&self) -> Vec<crate::plan::Warning> {
        Vec::new()
    }

    /// The timecode of a medium's first frame, where its file has one that was read.
    fn media_start(&self, media: MediaId) -> Option<Timecode> {
        let _ = media;
        None
    }

    /// What the pictures depend on beyond the plan, the canvas and the preset: a part of each shot's fingerprint.
    fn depends_on(&self) -> String {
        String::new()
    }

    /// The same for one shot, where shots differ in it.
    fn shot_depends_on(&self, shot: &Shot) -> String {
        let _ = shot;
        String::new()
    }

    /// What the encoded pictures of `shot` depend on as a whole beyond plan, canvas and preset, if single ones of them may be
    /// copied into files of other shots with [`Task::earlier`]; `None` if not.
    fn made_as(&self, shot: &Shot) -> Option<String> {
        let _ = shot;
        None
    }

    /// What the encoded pictures of `representation` of `shot` depend on beyond those of the shot and what
    /// [`Session::made_as`] says, where a worker, one of so many `workers`, can copy all of them into the same representation of another
    /// shot with [`Task::earlier`]: its settings, its texts, its handles. `None` if not.
    fn representation_made_as(&self, shot: &Shot, representation: &Representation, workers: usize) -> Option<String> {
        let _ = (shot, representation, workers);
        None
    }

    /// Where colours are managed by a configuration: the space that layers are composited in.
    fn canvas_space(&self) -> Option<String> {
        None
    }

    /// Files that were found and read while it was opened, such as the LUTs of a colour configuration: no output may have their
    /// place.
    fn inputs(&self) -> Vec<PathBuf> {
        Vec::new()
    }

    /// Where colours are managed: what the values of a shot's file are, and what its media turned out to be.
    fn shot_color(&self, shot: &Shot) -> Option<ShotColor> {
        let _ = shot;
        None
    }

    /// Likewise, what the values of one of its representations are.
    fn representation_color(&self, shot: &Shot, representation: &str) -> Option<ValueColor> {
        let _ = (shot, representation);
        None
    }

    /// Makes what all of `tasks` need, once, before there is any worker. What it makes for a while goes into `folder`,
    /// the output folder, under a hidden name, and is removed with the session. A session that is returned takes this
    /// one's place for the workers, and lives shorter than it.
    ///
    /// # Errors
    /// Whatever keeps every task from being rendered.
    fn prepare<'s>(
        &'s self,
        tasks: &[Task<'_>],
        folder: &Path,
        control: &Control<'_>,
    ) -> Result<Option<Box<dyn Session + 's>>> {
        let _ = (tasks, folder, control);
        Ok(None)
    }

    /// A worker for one thread, one of `workers` that share the machine.
    fn worker(&self, workers: usize) -> Box<dyn Worker + '_>;

    /// Looks at what a worker wrote for `task`, still under its temporary name, and counts its frames.
    ///
    /// # Errors
    /// [`ErrorKind::Verify`] when it is not what was asked for.
    fn verify(&self, task: &Task<'_>) -> Result<()>;
}

/// Renders one shot after another on one thread.
pub trait Worker {
    /// Renders `task`, telling `control` of every frame written and stopping when it says so.
    ///
    /// # Errors
    /// Whatever went wrong, with clip, frame and file.
    fn render(&mut self, task: &Task<'_>, control: &Control<'_>) -> Result<Rendered>;
}

/// One shot and where its frames go.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Task<'a> {
    /// The shot.
    pub shot: &'a Shot,
    /// Where a worker writes.
    pub target: Target,
    /// The WAV file for the shot's sound, if one is asked for. Its name says nothing about its format.
    pub wav: Option<PathBuf>,
    /// The WAV files for its stems, in the order of [`Sound::stems`](crate::plan::Sound::stems); empty where none are
    /// asked for.
    pub stems: Vec<PathBuf>,
    /// What else is made of it.
    pub representations: Vec<RepresentationTask<'a>>,
    /// Its pictures, encoded, where they were delivered before: they are copied, and only sound is made. A worker whose
    /// [`Session::made_as`] says nothing is never given any.
    pub earlier: Option<&'a Earlier>,
}

impl<'a> Task<'a> {
    /// The pictures of `shot` into `target`, without sound and representations.
    pub fn new(shot: &'a Shot, target: Target) -> Task<'a> {
        Task { shot, target, wav: None, stems: Vec::new(), representations: Vec::new(), earlier: None }
    }
}

/// Encoded pictures in a file that was delivered before.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Earlier {
    /// The file, or the numbered files.
    pub target: Target,
    /// The first picture to be copied: its index in a movie, its number in a sequence.
    pub first: i64,
    /// The encoder that made the pictures, by the name that presets have for it.
    pub encoder: Option<String>,
    /// The pixel format of the pictures, as FFmpeg names it, where it is known.
    pub pixel_format: Option<String>,
    /// Their width and height, where they are known.
    pub size: Option<(u32, u32)>,
    /// The representations of the same shot, all pictures of each, in the order of [`Task::representations`].
    pub representations: Vec<Earlier>,
}

impl Earlier {
    pub(crate) fn new(target: Target, first: i64, output: &Output) -> Earlier {
        let Output { encoder, pixel_format, size, .. } = output.clone();
        Earlier { target, first, encoder, pixel_format, size, representations: Vec::new() }
    }
}

/// A representation of a shot and where it goes.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RepresentationTask<'a> {
    /// What is made.
    pub representation: &'a Representation,
    /// Where it is written. A still is one file.
    pub target: Target,
}

impl<'a> RepresentationTask<'a> {
    /// `representation` into `target`.
    pub fn new(representation: &'a Representation, target: Target) -> RepresentationTask<'a> {
        RepresentationTask { representation, target }
    }
}

/// What a worker made.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Rendered {
    /// How many frames were written.
    pub frames: i64,
    /// The encoder of the shot's own pictures, by the name that presets have for it; `None` where packets were copied.
    pub encoder: Option<String>,
    /// The pixel format of the shot's own pictures, as FFmpeg names it, where it is known.
    pub pixel_format: Option<String>,
    /// The encoder of each representation's pictures, likewise, in the order of [`Task::representations`]; empty where the
    /// worker writes none.
    pub representation_encoders: Vec<Option<String>>,
    /// Pixel format, as FFmpeg names it, width and height of each representation's pictures, likewise.
    pub representation_formats: Vec<Option<(String, (u32, u32))>>,
    /// How loud its sound is, where it has any.
    pub peak: Option<crate::audio::Peak>,
    /// Its loudness, loudness range and true peak, likewise.
    pub loudness: Option<crate::audio::Loudness>,
    /// What did not turn out as planned, such as media that ended early: sentences for the report.
    pub warnings: Vec<String>,
    /// Whether any of these is about the pictures of media: then they are not copied into other files later.
    pub noted: bool,
}

setters!(Rendered {
    frames: i64,
    encoder: some into String,
    pixel_format: some into String,
    representation_encoders: Vec<Option<String>>,
    representation_formats: Vec<Option<(String, (u32, u32))>>,
    peak: some crate::audio::Peak,
    loudness: some crate::audio::Loudness,
    warnings: Vec<String>,
    noted: bool,
});

/// What became of representations that were made of a file.
#[derive(Debug, Default)]
pub(crate) struct MadeOfFile {
    /// The encoder of each one's pictures, in their order.
    pub(crate) encoders: Vec<Option<String>>,
    /// Pixel format, width and height of each one's pictures, likewise.
    pub(crate) formats: Vec<Option<(String, (u32, u32))>>,
    /// What did not turn out as asked.
    pub(crate) notes: Vec<String>,
}

/// Watches a run. Every method may be called from several threads at once.
///
/// ```
/// use std::sync::atomic::{AtomicI64, Ordering};
///
/// use otio_conflate::plan::Shot;
/// use otio_conflate::{Observer, ShotReport};
///
/// #[derive(Default)]
/// struct Count(AtomicI64);
///
/// impl Observer for Count {
///     fn frame(&self, _: &Shot, _: i64, _: i64) {
///         self.0.fetch_add(1, Ordering::Relaxed);
///     }
///     fn finished(&self, report: &ShotReport) {
///         println!("{}: {:?}, {} frames so far", report.shot, report.status, self.0.load(Ordering::Relaxed));
///     }
/// }
/// ```
pub trait Observer: Sync {
    /// A run of `shots` shots with `frames` frames together begins.
    fn started(&self, shots: usize, frames: i64) {
        let _ = (shots, frames);
    }
    /// Of what a backend makes for all shots before any is written, such as an application's render, this share is done,
    /// from 0 to 1.
    fn preparing(&self, share: f64) {
        let _ = share;
    }
    /// Frame `done` of `of` of `shot` was written.
    fn frame(&self, shot: &Shot, done: i64, of: i64) {
        let _ = (shot, done, of);
    }
    /// A shot is done, skipped or failed.
    fn finished(&self, report: &crate::ShotReport) {
        let _ = report;
    }
}

/// Something that happens in a run.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'e> {
    /// As [`Observer::started`].
    Started {
        /// Number of shots.
        shots: usize,
        /// Number of frames of all of them.
        frames: i64,
    },
    /// As [`Observer::preparing`]: a share from 0 to 1.
    Preparing(f64),
    /// As [`Observer::frame`].
    Frame {
        /// The shot.
        shot: &'e Shot,
        /// Number of frames written.
        done: i64,
        /// Number of frames it has.
        of: i64,
    },
    /// As [`Observer::finished`].
    Finished(&'e crate::ShotReport),
}

/// An observer that is a closure, which is called from several threads at once: to print, or to send into a channel.
///
/// ```
/// use std::sync::mpsc;
///
/// use otio_conflate::backend::{Event, Events, Observer as _};
///
/// let (sender, receiver) = mpsc::channel();
/// let observer = Events::new(move |event| {
///     if let Event::Started { shots, frames } = event {
///         let _ = sender.send((shots, frames));
///     }
/// });
/// // A run calls it.
/// observer.started(3, 144);
/// assert_eq!(receiver.recv(), Ok((3, 144)));
/// ```
pub struct Events<F>(F);

impl<F: Fn(Event<'_>) + Sync> Events<F> {
    /// Calls `tell` for everything that happens.
    pub fn new(tell: F) -> Events<F> {
        Events(tell)
    }
}

impl<F: Fn(Event<'_>) + Sync> Observer for Events<F> {
    fn started(&self, shots: usize, frames: i64) {
        (self.0)(Event::Started { shots, frames });
    }

    fn preparing(&self, share: f64) {
        (self.0)(Event::Preparing(share));
    }

    fn frame(&self, shot: &Shot, done: i64, of: i64) {
        (self.0)(Event::Frame { shot, done, of });
    }

    fn finished(&self, report: &crate::ShotReport) {
        (self.0)(Event::Finished(report));
    }
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl Observer for NoObserver {}

/// How a worker tells what it does and hears that it should stop.
pub struct Control<'a> {
    /// Who watches.
    pub observer: &'a dyn Observer,
    /// Who may stop it.
    pub cancel: &'a CancelToken,
}

impl Control<'_> {
    /// Tells that frame `done` (from 1) of `shot` was written.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`] when the run is to stop.
    pub fn frame(&self, shot: &Shot, done: i64) -> Result<()> {
        self.observer.frame(shot, done, shot.frame_count);
        self.check()
    }

    /// # Errors
    /// [`ErrorKind::Cancelled`] when the run is to stop.
    pub fn check(&self) -> Result<()> {
        if self.cancel.is_cancelled() { Err(Error::new(ErrorKind::Cancelled, "cancelled")) } else { Ok(()) }
    }
}
