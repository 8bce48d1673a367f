//! Reads an OpenTimelineIO timeline and writes one finished, frame-exact intermediate file per shot.

pub mod backend;
pub mod deliver;
mod error;
pub mod otio;
pub mod picture;
pub mod plan;
pub mod time;
pub mod timeline;

pub use error::{Error, ErrorKind, Place, Result};
