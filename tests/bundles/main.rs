//! Bundles, from archives and folders that tests make to plans and frames.

#[cfg(feature = "ffmpeg")]
#[path = "../common/mod.rs"]
mod common;

#[path = "../common/otio.rs"]
mod otio;

mod broken;
mod locations;
mod reading;
#[cfg(feature = "ffmpeg")]
mod relink;
#[cfg(feature = "ffmpeg")]
mod rendering;
mod support;
mod zip;
