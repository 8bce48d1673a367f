//! Says how the shots of a cut differ from those of an earlier one.
//!
//! ```text
//! cargo run --release --example diff -- cut_v1.otio cut_v2.otio --handles 8 --svg changes.svg
//! ```

#[macro_use]
#[path = "shared/say.rs"]
mod say;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use otio_conflate::otio::{ReadOptions, read_file};
use otio_conflate::plan::compare::{Change, compare, csv, svg, table};
use otio_conflate::plan::{HandleMode, Handles, ShotSelection};
use otio_conflate::{Error, ErrorKind, Plan, PlanOptions, Result, printable_json};

#[derive(Parser)]
#[command(about = "Says how the shots of a cut differ from those of an earlier one")]
struct Flags {
    /// The earlier cut: a timeline, or a plan as JSON
    old: PathBuf,
    /// The later one
    new: PathBuf,
    /// Which pieces of timelines are shots
    #[arg(long, default_value = "hero")]
    shots: ShotSelection,
    /// The handles that were delivered with the earlier shots: H, or HEAD:TAIL
    #[arg(long, default_value = "0", value_name = "H[:T]")]
    handles: Handles,
    /// What those show: timeline (the cut, so nothing more of the shot's own media) or source
    #[arg(long, default_value = "timeline")]
    handle_mode: HandleMode,
    /// One JSON document
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Comma-separated values
    #[arg(long)]
    csv: bool,
    /// Shots that did not change, too
    #[arg(long)]
    unchanged: bool,
    /// A picture of both cuts with lines between them, written to a new file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Flags::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(flags: &Flags) -> Result<()> {
    let changes = compare(&plan(flags, &flags.old)?, &plan(flags, &flags.new)?);
    if let Some(path) = &flags.svg {
        let failed =
            |cause| Error::new(ErrorKind::Io, format!("cannot write {}", path.display())).at_file(path).because(cause);
        let mut file = std::fs::File::create_new(path).map_err(failed)?;
        file.write_all(svg(&changes).as_bytes()).map_err(failed)?;
    }
    let listed: Vec<Change> = changes
        .into_iter()
        .filter(|change| flags.unchanged || flags.csv || flags.json || !change.differences.is_empty())
        .collect();
    let text = match (flags.json, flags.csv) {
        (true, _) => printable_json(serde_json::to_string_pretty(&listed).expect("changes are plain data")) + "\n",
        (_, true) => csv(&listed),
        _ => table(&listed),
    };
    match std::io::stdout().write_all(text.as_bytes()) {
        // Whoever reads our output may have had enough.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::new(ErrorKind::Io, "cannot print").because(error))
        }
        _ => Ok(()),
    }
}

/// The plan in a file, or the one of the timeline that it holds.
fn plan(flags: &Flags, path: &Path) -> Result<Plan> {
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
        let text = std::fs::read(path).map_err(|cause| {
            Error::new(ErrorKind::Io, format!("cannot read {}", path.display())).at_file(path).because(cause)
        })?;
        let plan: Plan = serde_json::from_slice(&text).map_err(|cause| {
            Error::new(ErrorKind::Json, format!("{} is not a plan", path.display())).at_file(path).because(cause)
        })?;
        plan.validate()?;
        return Ok(plan);
    }
    let mut options = PlanOptions::default();
    options.shots = flags.shots.clone();
    options.handles = flags.handles;
    options.handle_mode = flags.handle_mode;
    options.allow_empty = true;
    Plan::new(&read_file(path, &ReadOptions::default())?, &options)
}
