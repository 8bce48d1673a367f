//! Prints the plan of a timeline as JSON; with `--frames`, one JSON line per output frame.
//!
//! ```text
//! cargo run --release --example plan -- cut.otio --handles 8 --frames
//! ```

#[macro_use]
#[path = "shared/say.rs"]
mod say;
mod shared;

use std::io::{BufWriter, Write};
use std::process::ExitCode;

use clap::Parser;
use otio_conflate::{Plan, printable_json};

#[derive(Parser)]
#[command(about = "Prints the plan of a timeline as JSON")]
struct Flags {
    #[command(flatten)]
    plan: shared::PlanArgs,
    /// One JSON line per output frame
    #[arg(long)]
    frames: bool,
}

fn main() -> ExitCode {
    let flags = Flags::parse();
    let options = flags.plan.options();
    let plan = match flags.plan.source.read().and_then(|timeline| flags.plan.plan(&timeline, &options)) {
        Ok(plan) => plan,
        Err(error) => {
            tell!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    for warning in &plan.warnings {
        tell!("warning: {warning}");
    }
    match print(&plan, flags.frames) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our output has had enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            tell!("error: cannot print: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print(plan: &Plan, frames: bool) -> std::io::Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    if !frames {
        writeln!(out, "{}", printable_json(serde_json::to_string_pretty(plan)?))?;
        return out.flush();
    }
    for row in plan.shots.iter().flat_map(|shot| plan.frames(shot)) {
        writeln!(out, "{}", printable_json(serde_json::to_string(&row)?))?;
    }
    out.flush()
}
