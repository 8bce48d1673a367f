//! FFmpeg's C interface behind safe calls: the only place of this backend with `unsafe`, each block with its reason.
//!
//! Everything here keeps to what FFmpeg 5 to 9 share.

#![allow(unsafe_code, reason = "FFmpeg is a C library; every block states why it is sound")]

mod answers;
pub(super) mod decoder;
pub(super) mod expand;
pub(super) mod frames;
pub(super) mod log;
pub(super) mod open;
pub(super) mod pixel_info;
pub(super) mod read;
pub(super) mod sound;
pub(super) mod streams;
pub(super) mod write;
