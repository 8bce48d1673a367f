//! Damaged media and media that is none: what was not encoded is not delivered without a word, and what could be decoded
//! stays where it was.

#![cfg(feature = "ffmpeg")]

#[path = "../common/mod.rs"]
mod common;
mod first;
mod flips;
mod holes;
mod indexes;
mod lists;
mod one_file;
#[path = "../common/otio.rs"]
mod otio;
mod shots;
mod support;
mod transport;
