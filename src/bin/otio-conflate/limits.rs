//! Limits of the system are errors, not the end of the program.

/// From here on, writing beyond the limit on file sizes (`ulimit -f`) fails with "File too large", so that the shot fails
/// and its temporary file is removed. Without this, the signal SIGXFSZ ends the program on the spot.
pub(crate) fn file_size_limit_is_an_error() {
    #[cfg(unix)]
    if let Err(error) = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, std::sync::Arc::default()) {
        tell!("warning: a limit on file sizes will end this program: {error:#}");
    }
}
