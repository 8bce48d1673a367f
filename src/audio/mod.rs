//! Arithmetic on samples: mixing, gain, layouts, speed, peaks, loudness. Knows no timeline and no FFmpeg.
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
