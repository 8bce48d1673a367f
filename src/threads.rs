//! Work on several threads, and without them where the system gives none.

/// Whether rayon's global thread pool runs, or could be started now. Where it could not, what uses it would panic.
pub(crate) fn has_pool() -> bool {
    use std::error::Error as _;
    use std::sync::OnceLock;
    static STARTED: OnceLock<bool> = OnceLock::new();
    // Only threads that cannot be started have a cause; a pool that is there already has none.
    let start =
        || rayon::ThreadPoolBuilder::new().build_global().map_or_else(|error| error.source().is_none(), |()| true);
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
