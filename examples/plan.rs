//! Prints the plan of a timeline as JSON; with `--frames`, one JSON line per output frame; with `--explain`, how the frames of
//! each shot would be made, and what that costs.
//!
//! ```text
//! cargo run --release --example plan -- cut.otio --handles 8 --frames
//! cargo run --release --example plan -- cut.otio --explain --preset prores-hq
//! ```

#[macro_use]
#[path = "shared/say.rs"]
mod say;
#[cfg(feature = "ffmpeg")]
#[path = "shared/explain.rs"]
mod explain;
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
    #[cfg(feature = "ffmpeg")]
    #[command(flatten)]
    explain: explain::ExplainArgs,
}

fn main() -> ExitCode {
    let flags = Flags::parse();
    let planned = flags.plan.options().and_then(
        |#[allow(unused_mut, reason = "without FFmpeg nothing is explained")] mut options| {
            #[cfg(feature = "ffmpeg")]
            flags.explain.change(&mut options);
            flags.plan.source.read().and_then(|timeline| flags.plan.plan(&timeline, &options))
        },
    );
    let plan = match planned {
        Ok(plan) => plan,
        Err(error) => {
            tell!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    for warning in &plan.warnings {
        tell!("warning: {warning}");
    }
    #[cfg(feature = "ffmpeg")]
    if flags.explain.is_asked_for() {
        return match flags.explain.shots(&plan, flags.plan.max_pixels) {
            Ok(shots) => printed(flags.explain.print(&shots)),
            Err(error) => {
                tell!("error: {error}");
                ExitCode::FAILURE
            }
        };
    }
    printed(print(&plan, flags.frames))
}

/// What a program ends with that prints.
fn printed(result: std::io::Result<()>) -> ExitCode {
    match result {
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
