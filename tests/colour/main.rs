//! Colours managed by configurations that the tests write, against formulas that the tests compute.
#![cfg(all(feature = "ffmpeg", feature = "ocio"))]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/otio.rs"]
mod otio;
#[path = "../common/plain.rs"]
mod plain;

mod backends;
mod cut;
mod decisions;
mod engine;
mod hdr;
mod kept;
mod support;
mod transcode;
