//! `--log`: spans and events of the library, on the standard error.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

/// The levels, and the word for nothing at all.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Reads a level, or directives such as `warn,otio_conflate=debug,ffmpeg=info`.
///
/// # Errors
/// A sentence about what it is instead.
pub(crate) fn parse(text: &str) -> Result<String, String> {
    let is_word = !text.contains(['=', '[', ',']);
    if is_word && !LEVELS.contains(&text) {
        return Err(format!("unknown level {text:?}; expected one of {}, or TARGET=LEVEL,...", LEVELS.join(", ")));
    }
    // A target alone would stand for all of its levels.
    EnvFilter::builder().parse(text).map(|_| text.to_owned()).map_err(|error| format!("{error:#}"))
}

/// Writes what `filter` lets pass from now on; of a span, when it is over and how long it took.
pub(crate) fn start(filter: &str) {
    let Ok(filter) = EnvFilter::builder().parse(filter) else { return };
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        // A standard error that is closed is no reason to lose a run.
        .log_internal_errors(false)
        .try_init();
    debug_assert!(started.is_ok(), "the command starts it once");
}
