//! What is printed where: results on the standard output, everything else on the standard error. With `--json` results are
//! one document instead, with `--quiet` only errors are told. A closed pipe or a full disk below the log is no reason to
//! lose a run: nothing here ends the program.

use std::io::{ErrorKind, Write as _};
use std::sync::OnceLock;

use otio_conflate::{Error, Result};

/// How results and notes are printed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PrintOptions {
    /// Results are one JSON document.
    pub(crate) json: bool,
    /// Neither progress nor warnings are printed.
    pub(crate) quiet: bool,
}

static VOICE: OnceLock<PrintOptions> = OnceLock::new();

/// Prints like this from now on.
pub(crate) fn set(voice: PrintOptions) {
    VOICE.get_or_init(|| voice);
}

/// How results and notes are printed.
pub(crate) fn voice() -> PrintOptions {
    VOICE.get().copied().unwrap_or_default()
}

/// As `println!`, whether or not anybody reads it; nothing with `--json`.
macro_rules! say {
    ($($part:tt)*) => {{
        use std::io::Write as _;
        if !crate::say::voice().json {
            let _ = writeln!(std::io::stdout(), $($part)*);
        }
    }};
}

/// As `eprintln!`, whether or not anybody reads it; nothing with `--quiet`.
macro_rules! tell {
    ($($part:tt)*) => {{
        use std::io::Write as _;
        if !crate::say::voice().quiet {
            let _ = writeln!(std::io::stderr(), $($part)*);
        }
    }};
}

/// As `tell!`, also with `--quiet`: errors.
macro_rules! complain {
    ($($part:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($part)*);
    }};
}

/// `count` with `noun`, which takes an s where there is not one of it.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Prints results that are text; nothing with `--json`.
///
/// # Errors
/// [`ErrorKind::Io`](otio_conflate::ErrorKind::Io) where the standard output cannot be written to. Whoever reads along may
/// have seen enough: a closed pipe is none.
pub(crate) fn print(text: &str) -> Result<()> {
    if voice().json { Ok(()) } else { write(text) }
}

/// Prints `text`, also with `--json`.
pub(crate) fn write(text: &str) -> Result<()> {
    print_on(text).map(drop)
}

/// The same; whether anybody still reads along.
pub(crate) fn print_on(text: &str) -> Result<bool> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Error::io("write to", "the standard output", error)),
    }
}
