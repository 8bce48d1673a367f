//! Reads an OpenTimelineIO timeline and writes one finished, frame-exact intermediate file per shot.

pub mod audio;
pub mod backend;
pub mod codec;
pub mod color;
mod conflate;
pub mod deliver;
mod error;
mod geometry;
mod job;
mod look;
mod memory;
pub mod otio;
pub mod picture;
pub mod plan;
mod printable;
mod report;
mod threads;
pub mod time;
pub mod timeline;
mod words;

pub use backend::{CancelToken, NoObserver, Observer};
pub use conflate::{Conflation, Preview, ShotAction, ShotPreview};
pub use deliver::{Delivery, Existing};
pub use error::{Error, ErrorKind, Place, Result};
pub use plan::{Plan, PlanOptions};
pub use printable::{printable, printable_json};
pub use report::{
    Decided, MediumColor, Output, OutputKind, Record, Report, ReportedCanvas, Represented, ShotColor, ShotReport,
    Status, ValueColor,
};
pub use timeline::Timeline;

/// The README's example has to compile.
#[cfg(all(doctest, feature = "ffmpeg"))]
#[doc = include_str!("../README.md")]
struct Readme;
