//! Encoders of this crate's own, for codecs whose usual encoders take most of a conform's time. They know neither a
//! timeline nor FFmpeg.
//!
//! ```
//! use otio_conflate::codec::prores::{Profile, ProresDescription, ProresEncoder};
//!
//! let about = ProresDescription { vendor: *b"abcd", rate: (24, 1), pixel_aspect: (1, 1), color: [1, 1, 1] };
//! let encoder = ProresEncoder::new(Profile::Hq, (1920, 1080), about)?;
//! // 220 Mbit/s at 29.97 frames a second.
//! assert!((900_000..920_000).contains(&encoder.target()));
//! # Ok::<(), otio_conflate::Error>(())
//! ```

pub mod exr;
#[cfg(feature = "ffmpeg")]
pub mod png;
pub mod prores;
