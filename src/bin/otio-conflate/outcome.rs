//! What a subcommand ends with: its exit code, and with `--json` one document.

use std::process::ExitCode;

use otio_conflate::plan::Warning;
use otio_conflate::{CancelToken, Error, ErrorKind, Report, printable_json};
use serde_json::{Value, json};

use crate::say;

/// Version of the document that `--json` prints. It changes when a key is taken away or gets another meaning.
const SCHEMA: u32 = 1;

/// Exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything that was asked for is there.
    Complete = 0,
    /// Some shots, pieces or files failed; the others are there.
    SomeFailed = 1,
    /// The arguments are wrong, or name something that does not exist.
    Usage = 2,
    /// Nothing was begun: an unreadable timeline, a plan that cannot be made, an output that is refused, a backend that
    /// cannot be opened.
    NotStarted = 3,
    /// Stopped by Ctrl-C or SIGTERM.
    Cancelled = 130,
}

impl Exit {
    /// What ends with `error` before anything is begun.
    pub(crate) fn of_refusal(error: &Error) -> Exit {
        match error.kind() {
            ErrorKind::Option => Exit::Usage,
            _ => Exit::NotStarted,
        }
    }
}

/// What a subcommand did.
#[derive(Debug)]
pub(crate) struct CommandOutcome {
    pub(crate) exit: Exit,
    /// What it made or found.
    pub(crate) result: Value,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) error: Option<Error>,
}

impl CommandOutcome {
    /// Everything that was asked for.
    pub(crate) fn complete(result: Value) -> CommandOutcome {
        CommandOutcome { exit: Exit::Complete, result, warnings: Vec::new(), error: None }
    }

    /// With what was said about it.
    pub(crate) fn warnings(mut self, warnings: impl IntoIterator<Item = Warning>) -> CommandOutcome {
        self.warnings.extend(warnings);
        self
    }

    /// What came of a run, or of several with the same shots. Their warnings are in their reports.
    pub(crate) fn of_runs(reports: &[Report], cancel: &CancelToken, result: Value) -> CommandOutcome {
        let exit = match reports.iter().all(Report::succeeded) {
            true => Exit::Complete,
            false if cancel.is_cancelled() => Exit::Cancelled,
            false => Exit::SomeFailed,
        };
        CommandOutcome { exit, ..CommandOutcome::complete(result) }
    }

    /// An error after which there is no result. `begun`: whether anything was rendered before.
    pub(crate) fn failed(error: Error, begun: bool, cancel: &CancelToken) -> CommandOutcome {
        let exit = match error.kind() {
            _ if cancel.is_cancelled() => Exit::Cancelled,
            _ if begun => Exit::SomeFailed,
            _ => Exit::of_refusal(&error),
        };
        CommandOutcome { exit, result: Value::Null, warnings: Vec::new(), error: Some(error) }
    }

    /// Tells the error, prints the document of `command` where one is asked for, and ends.
    pub(crate) fn end(mut self, command: &str) -> ExitCode {
        if let Some(error) = &self.error
            && !(self.exit == Exit::Cancelled && error.kind() == ErrorKind::Cancelled)
        {
            complain!("error: {error:#}");
        }
        if say::voice().json
            && let Err(error) = say::write(&(self.document(command) + "\n"))
        {
            complain!("error: {error:#}");
            self.exit = Exit::SomeFailed;
        }
        ExitCode::from(self.exit as u8)
    }

    /// The document: see docs/cli.md.
    fn document(&self, command: &str) -> String {
        let document = json!({
            "schema": SCHEMA,
            "command": command,
            "version": env!("CARGO_PKG_VERSION"),
            "exit": self.exit as u8,
            "error": self.error.as_ref().map(error),
            "warnings": self.warnings,
            "result": self.result,
        });
        printable_json(serde_json::to_string_pretty(&document).expect("plain data always serialises"))
    }
}

/// An error as data.
pub(crate) fn error(error: &Error) -> Value {
    let place = error.place();
    json!({
        "kind": format!("{:?}", error.kind()),
        "message": format!("{error:#}"),
        "chain": error.chain(),
        "object": place.object,
        "clip": place.clip,
        "frame": place.frame,
        "file": place.file.as_ref().map(|file| file.to_string_lossy()),
        "line": place.line_column.map(|(line, _)| line),
        "column": place.line_column.map(|(_, column)| column),
    })
}

/// A run as data.
pub(crate) fn run(report: &Report) -> Value {
    json!({ "folder": report.folder.to_string_lossy(), "report": report })
}

/// Sentences as warnings about nothing in particular.
pub(crate) fn sentences(sentences: &[String]) -> impl Iterator<Item = Warning> {
    sentences.iter().map(|sentence| Warning::new("", sentence))
}
