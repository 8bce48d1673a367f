//! Pixels, end to end: timelines over media that tests make, rendered through the public API and read back both by this
//! crate and by the FFmpeg command line tool.
#![cfg(feature = "ffmpeg")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/otio.rs"]
mod otio;

mod alpha;
mod color;
mod fields;
mod generators;
mod golden;
mod handles;
mod layers;
mod looks;
mod output;
mod passthrough;
mod placement;
mod policies;
mod positions;
mod programs;
mod retimes;
mod sources;
mod support;
mod wipes;
