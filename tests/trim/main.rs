//! Pieces of movies that tests make: which frames are in them, what is heard beside those, and what goes along; read back
//! both by this crate and by the FFmpeg command line tool.
#![cfg(feature = "ffmpeg")]
#![allow(clippy::cast_possible_truncation, reason = "the movies of tests are short")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/otio.rs"]
mod otio;

#[path = "../sound/support.rs"]
#[allow(dead_code, reason = "what is heard is asked here alone")]
mod hearing;
mod one_pass;
mod pictures;
mod refusals;
mod sound;
mod support;
mod tags;
mod times;
