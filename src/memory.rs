//! Room for memory below a limit of the system.
//!
//! Rust ends a program when an allocation fails, and so do some of FFmpeg's libraries. Where a limit is set (`ulimit -v`,
//! `ulimit -d`), work begins only if there is room for it below the limit: too little is an error, and nothing is written.

use crate::error::Result;
#[cfg(unix)]
use crate::error::{Error, ErrorKind};

const MIB: u64 = 1 << 20;

static LIMIT: std::sync::OnceLock<u64> = std::sync::OnceLock::new();

/// Holds this process to `bytes` of memory for its data: fewer shots are rendered at once where several would need more, and
/// what needs more alone is an error. On Unix systems it is also a limit of the system on all data of the process
/// (`ulimit -d`), where the system knows one. 0 stands for no limit.
///
/// To be called once, before anything else of this crate.
///
/// # Errors
/// [`ErrorKind::Limit`](crate::ErrorKind::Limit) where the system does not take it.
pub fn limit_memory(bytes: u64) -> Result<()> {
    if bytes == 0 {
        return Ok(());
    }
    let bytes = *LIMIT.get_or_init(|| bytes);
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { current, maximum } = getrlimit(Resource::Data);
        let lower = current.map_or(bytes, |current| current.min(bytes));
        setrlimit(Resource::Data, Rlimit { current: Some(lower), maximum }).map_err(|cause| {
            Error::new(ErrorKind::Limit, format!("cannot limit memory to {} MiB", bytes / MIB)).because(cause)
        })?;
    }
    Ok(())
}

/// How many shots may be rendered at once, of `shots`, by `threads` threads, each as `frames` say: as many as fit below the
/// limit, at least one.
pub(crate) fn shots_at_once(shots: usize, threads: usize, frames: FrameMemory) -> usize {
    let fits = |shots: &usize| LIMIT.get().is_none_or(|&limit| of_shots(*shots, threads.max(*shots), frames) <= limit);
    (1..=shots).rev().find(fits).unwrap_or(1)
}

/// What decides about the memory of a shot's frames.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FrameMemory {
    /// Pixels of the canvas.
    pub(crate) pixels: u64,
    /// They are written as single pictures, of which several are encoded at once.
    pub(crate) single: bool,
}

/// How many frames of `bytes` each may wait for encoders of single pictures, for `threads` of them: at least one.
pub(crate) fn frames_that_wait(threads: usize, bytes: u64) -> usize {
    /// Bytes of all frames that wait, where there are several.
    const WAITING: u64 = 256 * MIB;
    threads.min(usize::try_from(WAITING / bytes.max(1)).unwrap_or(usize::MAX)).max(1)
}

/// Bytes for a timeline's own structures, a container, the system's thread pool and small allocations.
pub(crate) const BASE: u64 = 48 * MIB;
/// Bytes for opening one more file in the middle of a run.
#[cfg(feature = "ffmpeg")]
pub(crate) const SPARE: u64 = 16 * MIB;

/// Bytes that shots take, `shots` at once, by `threads` threads in all.
pub(crate) fn of_shots(shots: usize, threads: usize, frames: FrameMemory) -> u64 {
    /// Stacks and small buffers of a shot: a thread of ours, an encoder and a decoder.
    const OF_SHOT: u64 = 8 * MIB;
    /// A thread of FFmpeg's has a stack of 8 MiB; ours have less.
    const OF_THREAD: u64 = 10 * MIB;
    /// Decoded frames, the canvas, what is laid over it and what is encoded.
    const OF_PIXEL: u64 = 48;
    /// The largest pixel that encoders of single pictures take: four channels of 32 bits.
    const WAITING_PIXEL: u64 = 16;
    let waiting = frames.pixels.saturating_mul(WAITING_PIXEL);
    // One is among those that every shot has.
    let others = if frames.single { frames_that_wait(threads, waiting) - 1 } else { 0 };
    let shot = OF_SHOT
        .saturating_add(frames.pixels.saturating_mul(OF_PIXEL))
        .saturating_add(waiting.saturating_mul(count(others)));
    BASE.saturating_add(count(shots).saturating_mul(shot)).saturating_add(count(threads).saturating_mul(OF_THREAD))
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Bytes that a timeline of so many bytes takes, while it is read.
pub(crate) fn of_text(bytes: usize) -> u64 {
    const OF_BYTE: u64 = 20;
    BASE.saturating_add(count(bytes).saturating_mul(OF_BYTE))
}

/// Refuses to go on where less than so many bytes can still be allocated below a limit that is set for this process.
/// Without a limit nothing is tried.
///
/// # Errors
/// [`ErrorKind::Limit`].
#[cfg(unix)]
pub(crate) fn check_room(bytes: u64) -> Result<()> {
    use rustix::process::{Resource, getrlimit};
    let limits = [(Resource::As, "ulimit -v"), (Resource::Data, "--memory or ulimit -d")];
    let Some((limit, name)) =
        limits.into_iter().filter_map(|(limit, name)| Some((getrlimit(limit).current?, name))).min()
    else {
        return Ok(());
    };
    let mut room = Vec::<u8>::new();
    let reserved = room.try_reserve_exact(usize::try_from(bytes).unwrap_or(usize::MAX));
    // Or else the compiler leaves out what is never written to.
    std::hint::black_box(&room);
    reserved.map_err(|_| {
        // The GNU C library keeps 64 MiB of address space free for each thread.
        let hint = if name == "ulimit -v" && cfg!(target_env = "gnu") {
            "; with MALLOC_ARENA_MAX=1 in the environment, less is needed"
        } else {
            ""
        };
        let what = format!(
            "not enough memory: {} MiB more are needed, and the limit ({name}) is {} MiB in all{hint}",
            bytes / MIB,
            limit / MIB
        );
        Error::new(ErrorKind::Limit, what)
    })
}

/// Refuses nothing: this system has no such limits.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub(crate) fn check_room(_: u64) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_for_shots_grows_with_their_number_threads_and_pixels() {
        let of = |shots, threads, pixels| of_shots(shots, threads, FrameMemory { pixels, single: false });
        let hd = 1920 * 1080;
        let one = of(1, 1, hd);
        assert!(one > BASE && of(2, 1, hd) > one && of(1, 2, hd) > one && of(1, 1, 4 * hd) > one);
        assert_eq!(of(usize::MAX, 1, u64::MAX), u64::MAX);
    }

    #[test]
    fn frames_that_wait_for_encoders_of_single_pictures_count() {
        let hd = 1920 * 1080;
        let extra = |threads, pixels| {
            let of = |single| of_shots(1, threads, FrameMemory { pixels, single });
            of(true) - of(false)
        };
        assert_eq!(extra(1, hd), 0);
        assert_eq!(extra(4, hd), 3 * hd * 16);
        // Eight of them fit into what may wait, so that seven are besides the one that every shot has.
        assert_eq!(extra(100, hd), 7 * hd * 16);
        // One of them is more than half of what may wait.
        assert_eq!(extra(100, 4 * hd + 1_000_000), 0);
        assert_eq!((frames_that_wait(100, u64::MAX), frames_that_wait(100, 0)), (1, 100));
    }
}
