//! Pictures through FFmpeg's libraries, in this process.
