//! `completions`: what a shell needs to complete subcommands and flags.

use clap::Args;
use clap_complete::Shell;
use otio_conflate::Result;
use serde_json::json;

use crate::outcome::CommandOutcome;
use crate::say;

/// Prints the completions for a shell
#[derive(Args)]
pub(crate) struct CompletionsFlags {
    /// Which shell
    shell: Shell,
}

pub(crate) fn run(flags: &CompletionsFlags) -> Result<CommandOutcome> {
    let mut text = Vec::new();
    clap_complete::generate(flags.shell, &mut crate::command(), "otio-conflate", &mut text);
    let text = String::from_utf8_lossy(&text).into_owned();
    say::print(&text)?;
    Ok(CommandOutcome::complete(json!({ "shell": flags.shell.to_string(), "text": text })))
}
