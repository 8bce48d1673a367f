//! Who makes the pictures: the backend trait and what implements it.

#[cfg(feature = "ffmpeg")]
pub mod ffmpeg;
