//! Encoders of this crate's own, for codecs whose usual encoders take most of a conform's time. They know neither a
//! timeline nor FFmpeg.

pub mod exr;
#[cfg(feature = "ffmpeg")]
pub mod png;
pub mod prores;
