//! Reads an [OpenTimelineIO](https://opentimeline.io) timeline and writes one finished, frame-exact file per shot.
//!
#![cfg_attr(feature = "ffmpeg", doc = "```no_run")]
#![cfg_attr(not(feature = "ffmpeg"), doc = "```ignore")]
//! use otio_conflate::backend::ffmpeg::{FfmpegBackend, FfmpegLookup};
//! use otio_conflate::plan::Handles;
//! use otio_conflate::{Conflation, Delivery, NoObserver, Plan, PlanOptions, Timeline};
//!
//! let timeline = Timeline::open("cut.otio")?;
//! let options = PlanOptions::default().handles(Handles::both(8));
//! let plan = Plan::with_media(&timeline, &options, &FfmpegLookup::new())?;
//!
//! let conflation = Conflation::new(FfmpegBackend::new(), Delivery::new("shots")).timeline(&timeline);
//! let report = conflation.run(&plan, &NoObserver)?;
//! for shot in &report.shots {
//!     println!("{}: {:?}", shot.shot, shot.output);
//! }
//! # Ok::<(), otio_conflate::Error>(())
//! ```
//!
//! # Modules by task
//!
//! | task | start at |
//! |---|---|
//! | read, write, change or build a timeline | [`otio`], [`timeline`] |
//! | find media that are missing at the location in the timeline | [`relink`] |
//! | list the source frames of each output frame | [`Plan`], [`plan`]; the [`rules`](plan::rules) |
//! | compare a cut with an earlier one | [`plan::compare`](mod@plan::compare) |
//! | render shots | [`Conflation`], [`Delivery`] |
//! | render single frames into memory | `backend::ffmpeg::FfmpegBackend::frames` |
//! | render only what changed since an earlier run | [`Conflation::since`] |
//! | preview a run without writing files | [`Conflation::preview`] |
//! | choose codecs, review movies, posters, names | [`deliver`] |
//! | cut pieces out of a movie; make other files of one | `deliver::trim`, `deliver::transcode` |
//! | join shots into one movie | [`deliver::Review`] |
//! | manage colours by OpenColorIO configurations | [`plan::ColorPlan`], [`color`] |
//! | render on a farm, by Open Job Description | [`farm`] |
//! | render through DaVinci Resolve | `backend::resolve` |
//! | write a backend | [`backend::Backend`] |
//! | count in frames, timecode and exact time | [`time`] |
//!
//! # Examples
//!
//! Programs in the folder `examples` of the repository, each of one task; `cargo run --release --example NAME` runs one.
//!
//! | example | what it does |
//! |---|---|
//! | `reading` | lists the clips of a timeline, where they lie and which media they show |
//! | `plan` | prints which source frames each shot shows, without opening media |
//! | `pull_list` | lists the media and frames that a cut needs, and what is missing |
//! | `build_cut`, `edit_cut` | build a cut in code; edit and render it |
//! | `conflate` | renders every shot, each with a review movie |
//! | `one_shot` | renders one shot out of many, numbered as in a run of all |
//! | `publish` | renders shots and writes a row for a database as soon as each is there |
//! | `viewer` | writes the frame at a record timecode as a PNG file |
//! | `qc` | looks for black, frozen and out-of-range frames, in memory |
//! | `contact_sheet` | makes one picture of the frames of a run |
//! | `transcode` | makes a review movie and a poster of one file |
//! | `trim` | cuts pieces out of a movie |
//! | `backend` | a backend of its own, which writes text in place of pictures |
//! | `make_samples` | makes the sample cuts and their media |
//!
//! # Features
//!
//! | feature | | what it adds | C libraries |
//! |---|---|---|---|
//! | `ffmpeg` | default | rendering, media lookup, trimming, transcoding | FFmpeg's, and libclang to build; libdeflate is compiled in |
//! | `resolve` | default | rendering through DaVinci Resolve Studio; needs `ffmpeg`, and Python where it runs | |
//! | `ocio` | default | colour management by OpenColorIO configurations, in Rust | |
//! | `cli` | | the command `otio-conflate`, with all of the above | |
//! | `tracing` | | spans and events of the crate `tracing`: what is done, what was chosen, how long it takes, FFmpeg's log | |
//! | `unstable` | | modules and types for tests and benches, such as pixels, samples, readers and writers; any version may change them | |
//! | `opentimelineio` | | the OpenTimelineIO C++ library as a second reader | OpenTimelineIO 0.16 or newer |
//!
//! With `default-features = false` the crate reads, plans and compares in pure Rust.
//!
//! # Logging
//!
//! With the feature `tracing`, plans, runs, shots, representations, probes, searches for media, reviews, transcodes and trims are
//! spans of the level INFO and the target `otio_conflate`. Events in them say what was chosen: a clip's media reference, decoders,
//! encoders and their threads, how pictures are converted and composited, seeks, and why a shot was skipped. FFmpeg's log lines about the
//! media of this library have the target `ffmpeg` and their own levels; those that FFmpeg's threads write are in the span that the
//! decoder last worked for. Runs have several threads, so the subscriber has to be the process's default
//! (`tracing::subscriber::set_global_default`). What FFmpeg prints by itself stays as it is.
//!
//! # What it does not do
//!
//! It is not an editor or a player. Effects other than speed, dissolves, wipes, dips, opacity, blend modes, crops and transforms
//! are not rendered; a warning names each. EDL, AAF and XML must be converted with OpenTimelineIO's adapters first. It uses no
//! network, no database and no tracking system.
//!
//! # Where it runs
//!
//! FFmpeg 5.1 to 9, Rust 1.89. Everything is tested on Linux (x86-64) only. macOS and Windows are intended to work, with separate
//! implementations for system-specific calls (locks, swapped folders, signals). Without default features the crate was compiled for
//! Windows (x86-64, GNU) and macOS (AArch64), and never run there; the command and the features `ffmpeg` and `resolve` were not even
//! compiled there.

#![cfg_attr(
    not(feature = "unstable"),
    allow(
        dead_code,
        unreachable_pub,
        unused_imports,
        reason = "what only the feature `unstable` shows is not used without it"
    )
)]

#[cfg(not(feature = "unstable"))]
mod audio;
#[cfg(feature = "unstable")]
pub mod audio;
pub mod backend;
#[cfg(not(feature = "unstable"))]
mod codec;
#[cfg(feature = "unstable")]
pub mod codec;
pub mod color;
mod conflate;
pub mod deliver;
mod digest;
mod error;
pub mod farm;
mod geometry;
mod job;
mod look;
mod memory;
pub mod otio;
#[cfg(not(feature = "unstable"))]
mod picture;
#[cfg(feature = "unstable")]
pub mod picture;
pub mod plan;
mod printable;
pub mod relink;
mod report;
mod setters;
mod stored;
mod threads;
pub mod time;
pub mod timeline;
mod trace;
mod words;

pub use audio::{Loudness, Peak};
pub use backend::{CancelToken, NoObserver, Observer};
pub use conflate::{Conflation, Omitted, Preview, ShotAction, ShotPreview, Since};
pub use deliver::{Delivery, Existing};
pub use error::{Error, ErrorKind, Place, Result};
pub use memory::limit_memory;
pub use plan::{Plan, PlanOptions};
pub use printable::{printable, printable_json};
pub use report::{
    Decided, DeliveredStem, ListedFile, ListedMix, MediumColor, Output, OutputKind, Pictures, PlanText, Record, Report,
    ReportedCanvas, Represented, RepresentedPictures, ShotColor, ShotReport, Status, ValueColor,
};
pub use threads::limit_threads;
pub use timeline::Timeline;

/// The README's example has to compile.
#[cfg(all(doctest, feature = "ffmpeg"))]
#[doc = include_str!("../README.md")]
struct Readme;
