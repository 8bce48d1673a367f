//! Whether cores have nothing to encode: near the end of a run, when fewer shots than cores are being written.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::{Error, ErrorKind, Result};
use crate::threads;

/// Who encodes. The bytes are the same.
pub(super) enum Workers {
    /// The calling thread.
    Caller,
    /// Threads of the encoder's own.
    Own(ThreadPool),
    /// The calling thread, or, where fewer shots than cores are being written, all cores: near the end of a run.
    Idle(Sharing),
}

impl Workers {
    /// `threads` of them, 0 being as many as there are cores; with `idle_cores`, those that have nothing else to do.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`] where the system gives no threads.
    pub(super) fn new(threads: u32, idle_cores: bool) -> Result<Workers> {
        match threads {
            _ if idle_cores => Ok(Workers::Idle(Sharing::new())),
            1 => Ok(Workers::Caller),
            threads => {
                let threads = usize::try_from(threads).unwrap_or(usize::MAX);
                let pool = ThreadPoolBuilder::new().num_threads(threads).build();
                let failed =
                    |cause| Error::new(ErrorKind::Encode, "cannot start threads for an encoder").because(cause);
                Ok(Workers::Own(pool.map_err(failed)?))
            }
        }
    }
}

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
        let shared_by = SHARING.load(Ordering::Relaxed);
        // One encoder and those who help it are as many as are allowed; of several, each would be helped.
        let most = if threads::is_limited() { 2.min(threads::available()) } else { threads::available() };
        shared_by < most
    }
}

impl Drop for Sharing {
    fn drop(&mut self) {
        SHARING.fetch_sub(1, Ordering::Relaxed);
    }
}
