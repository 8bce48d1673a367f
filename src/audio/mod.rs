//! Arithmetic on samples: mixing, gain, layouts, speed, peaks, loudness. Knows no timeline and no FFmpeg.
//!
//! ```
//! use otio_conflate::audio::{Peak, Samples};
//!
//! let mut mix = Samples::silence(2, 48_000);
//! let mut tone = Samples::silence(2, 480);
//! tone.plane_mut(0).fill(0.5);
//! mix.mix(&tone, 24_000);
//! let mut peak = Peak::default();
//! peak.add(&mix);
//! assert!((peak.decibels() + 6.02).abs() < 0.01);
//! ```
//!
//! Samples are 32-bit floats in one plane per channel, full scale at ±1; a sum may go beyond.

mod layout;
mod limit;
mod loudness;
mod peak;
mod samples;
mod speed;
mod true_peak;
mod weighting;

pub use layout::{Matrix, Speaker, default_speakers};
pub use limit::Limiter;
pub use loudness::{Loudness, LoudnessMeter};
pub use peak::Peak;
pub use samples::Samples;
#[cfg(feature = "ffmpeg")]
pub(crate) use samples::nearest;
pub use speed::{REACH, at_speed, finest};
