//! Pictures through FFmpeg's libraries, in this process.

mod clock;
mod decode;
mod exr;
mod frame;
mod probe;
mod pump;
mod sequence;
mod still;
mod sys;

pub use decode::{DecodeOptions, MovieReader, Outside, Picked};
pub use frame::Frame;
pub use probe::{MediaInfo, probe};
pub use sequence::SequenceReader;
