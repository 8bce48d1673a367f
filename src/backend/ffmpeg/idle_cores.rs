//! Whether cores have nothing to encode: near the end of a run, when fewer shots than cores are being written.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

/// One of the encoders that make use of idle cores.
pub(super) struct Sharing;

/// How many there are.
static SHARING: AtomicUsize = AtomicUsize::new(0);

impl Sharing {
    pub(super) fn new() -> Sharing {
        SHARING.fetch_add(1, Ordering::Relaxed);
        Sharing
    }

    /// Whether some cores have nothing to encode.
    pub(super) fn cores_are_idle() -> bool {
        SHARING.load(Ordering::Relaxed) < available_parallelism().map_or(1, usize::from)
    }
}

impl Drop for Sharing {
    fn drop(&mut self) {
        SHARING.fetch_sub(1, Ordering::Relaxed);
    }
}
