//! The command `otio-conflate`: reads an OpenTimelineIO timeline and writes one finished file per shot.
//!
//! Each subcommand has a file of its own; `flags` holds the flags that several share, `outcome` exit codes and the document
//! of `--json`, `say` what is printed where. The rest is in the library.

#[macro_use]
mod say;
mod colors;
mod completions;
mod conflate;
mod diff;
mod dry_run;
mod examples;
mod farm;
mod flags;
mod inspect;
mod interrupt;
mod limits;
mod log;
mod loudness;
mod man;
mod outcome;
mod plan;
mod progress;
mod reference;
mod resolve;
mod review;
mod task;
mod transcode;
mod trim;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use otio_conflate::CancelToken;

use outcome::CommandOutcome;

/// Reads an OpenTimelineIO timeline and writes one finished, frame-exact file per shot
#[derive(Parser)]
#[command(
    name = "otio-conflate",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
#[command(after_help = "Exit codes: 0 everything was done; 1 some shots, pieces or files failed; 2 wrong arguments; \
                        3 nothing could be started; 130 stopped by Ctrl-C.\n\n\
                        `otio-conflate SUBCOMMAND --help` has examples; that of `conflate` lists the presets and representations.")]
struct Cli {
    /// Prints one JSON document on the standard output in place of text: see docs/cli.md
    #[arg(long, global = true, help_heading = "Everywhere")]
    json: bool,
    /// Prints errors alone on the standard error: neither progress nor warnings
    #[arg(long, short, global = true, help_heading = "Everywhere")]
    quiet: bool,
    /// Prints what is chosen and how long it takes on the standard error: off, error, warn, info, debug, trace, or directives such as
    /// warn,otio_conflate=debug,ffmpeg=info
    #[arg(long, value_name = "LEVEL|FILTER", value_parser = log::parse, global = true, help_heading = "Everywhere")]
    log: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Inspect(inspect::InspectFlags),
    Plan(plan::PlanFlags),
    Conflate(conflate::ConflateFlags),
    Farm(farm::FarmFlags),
    Task(task::TaskFlags),
    Transcode(transcode::TranscodeFlags),
    Trim(trim::TrimFlags),
    Review(review::ReviewFlags),
    Resolve(resolve::Resolve),
    Diff(diff::DiffFlags),
    Completions(completions::CompletionsFlags),
    Man(man::ManFlags),
    #[command(hide = true)]
    Reference(reference::ReferenceFlags),
}

/// The command with all its flags.
fn command() -> clap::Command {
    let bundle =
        |command: clap::Command| command.mut_arg("out", |arg| arg.help("The folder of the job bundle, which is made"));
    examples::with_examples(flags::with_topics(Cli::command().mut_subcommand("farm", bundle)))
}

fn main() -> ExitCode {
    let cli = Cli::from_arg_matches(&command().get_matches()).unwrap_or_else(|error| error.exit());
    say::set(say::PrintOptions { json: cli.json, quiet: cli.quiet });
    if let Some(filter) = &cli.log {
        log::start(filter);
    }
    limits::file_size_limit_is_an_error();
    let cancel = CancelToken::new();
    let (name, outcome) = match cli.command {
        Command::Inspect(flags) => ("inspect", inspect::run(&flags)),
        Command::Plan(flags) => ("plan", plan::run(&flags)),
        Command::Conflate(flags) => ("conflate", conflate::run(flags, &cancel)),
        Command::Farm(flags) => ("farm", farm::run(flags, &cancel)),
        Command::Task(task) => ("task", task::run(task, &cancel)),
        Command::Transcode(flags) => ("transcode", transcode::run(flags, &cancel)),
        Command::Trim(flags) => ("trim", trim::run(&flags, &cancel)),
        Command::Review(flags) => ("review", review::run(flags, &cancel)),
        Command::Resolve(flags) => ("resolve", resolve::run(flags, &cancel)),
        Command::Diff(flags) => ("diff", diff::run(&flags)),
        Command::Completions(flags) => ("completions", completions::run(&flags)),
        Command::Man(flags) => ("man", man::run(&flags)),
        Command::Reference(flags) => ("reference", reference::run(&flags)),
    };
    outcome.unwrap_or_else(|error| CommandOutcome::failed(error, false, &cancel)).end(name)
}
