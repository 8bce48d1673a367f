//! What else is made of shots and of files: review movies, proxies, sequences, posters and contact sheets, read back both
//! by this crate and by the FFmpeg command line tools.
#![cfg(feature = "ffmpeg")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/otio.rs"]
mod otio;
#[path = "../common/plain.rs"]
mod plain;
#[path = "../rendering/support.rs"]
#[allow(dead_code, reason = "it is shared with the tests of rendering")]
mod support;

mod backends;
mod color;
mod drawing;
mod made;
mod movies;
mod refusals;
mod stills;
mod timecode;
mod transcode;
