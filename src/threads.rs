//! Work on several threads, on as many as are allowed, and without them where the system gives none.

use std::sync::OnceLock;

static LIMIT: OnceLock<usize> = OnceLock::new();

/// Holds everything in this process to `threads` threads that work at the same time: shots that are rendered at once, and the
/// threads of decoders and encoders together; 0 stands for as many as there are cores, as it is without a limit.
///
/// To be called once, before anything else of this crate: returns whether it counts. Threads that only wait are not counted.
pub fn limit_threads(threads: usize) -> bool {
    threads == 0 || LIMIT.set(threads).is_ok()
}

/// How many threads may work at the same time: as many as there are cores, or fewer where that was asked for.
pub(crate) fn available() -> usize {
    LIMIT.get().copied().unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// The limit, where there is one.
pub(crate) fn most() -> usize {
    LIMIT.get().copied().unwrap_or(usize::MAX)
}

/// Whether they are fewer than the system gives.
#[cfg(feature = "ffmpeg")]
pub(crate) fn is_limited() -> bool {
    LIMIT.get().is_some()
}

/// Whether rayon's global thread pool runs, or could be started now. Where it could not, what uses it would panic.
pub(crate) fn has_pool() -> bool {
    use std::error::Error as _;
    static STARTED: OnceLock<bool> = OnceLock::new();
    // Only threads that cannot be started have a cause; a pool that is there already has none.
    let start = || {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(available());
        pool.build_global().map_or_else(|error| error.source().is_none(), |()| true)
    };
    rayon::current_thread_index().is_some() || *STARTED.get_or_init(start)
}

/// Applies `make` to every item, in parallel where there are threads. Results lie in the order of the items.
#[cfg(feature = "ffmpeg")]
pub(crate) fn map_all<T: Send, R: Send>(items: Vec<T>, make: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
    use rayon::prelude::*;
    match has_pool() {
        true => items.into_par_iter().map(make).collect(),
        false => items.into_iter().map(make).collect(),
    }
}

#[cfg(feature = "ffmpeg")]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_mapped_in_order() {
        assert_eq!(
            map_all((0..100).collect(), |number: u32| number * 2),
            (0..100).map(|number| number * 2).collect::<Vec<_>>()
        );
    }
}
