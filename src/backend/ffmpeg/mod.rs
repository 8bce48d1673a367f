//! Pictures through FFmpeg's libraries, in this process.

pub mod convert;
pub mod encode;
pub mod movie_writer;
mod pixels;
pub mod presets;
pub mod sequence_writer;
mod sys_encode;
mod sys_write;
mod yuv;
