//! Sound, end to end: clicks at known samples in media that tests make, planned, mixed and read back both by this crate
//! and by the FFmpeg command line tool.
#![cfg(feature = "ffmpeg")]
#![allow(clippy::cast_possible_truncation, reason = "the samples and frames of tests are few and small")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/otio.rs"]
mod otio;

mod cases;
mod channels;
mod damage;
mod joins;
mod levels;
mod loudness;
mod output;
mod placement;
mod policies;
mod reading;
mod speed;
mod stems;
mod streams;
mod support;
