//! A run that follows an earlier one: what comes of it is, byte for byte, what a run of the whole cut gives, with the fewest
//! renders; and every shot says why.
#![cfg(feature = "ffmpeg")]

mod changes;
#[path = "../common/mod.rs"]
mod common;
mod edits;
#[path = "../common/otio.rs"]
mod otio;
mod ours;
mod representations;
mod support;
