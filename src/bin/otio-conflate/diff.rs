//! `diff`: says how the shots of a cut differ from those of an earlier one.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use otio_conflate::otio::{ReadOptions, read_file};
use otio_conflate::plan::compare::{Change, compare, csv, svg, table};
use otio_conflate::plan::{HandleMode, Handles, ShotSelection};
use otio_conflate::{Error, ErrorKind, Plan, PlanOptions, Result};
use serde_json::json;

use crate::outcome::Outcome;
use crate::say;

/// Says how the shots of a cut differ from those of an earlier one
#[derive(Args)]
pub(crate) struct Flags {
    /// The earlier cut: a timeline, or a plan as JSON
    old: PathBuf,
    /// The later one
    new: PathBuf,
    /// Which pieces of timelines are shots
    #[arg(long, default_value = "hero", value_name = "WHICH")]
    shots: ShotSelection,
    /// The handles that were delivered with the earlier shots: H, or HEAD:TAIL
    #[arg(long, default_value = "0", value_name = "H[:T]")]
    handles: Handles,
    /// What those show: timeline (the cut, so nothing more of the shot's own media) or source
    #[arg(long, default_value = "timeline", value_name = "MODE")]
    handle_mode: HandleMode,
    /// Comma-separated values
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Shots that did not change, too
    #[arg(long)]
    unchanged: bool,
    /// A picture of both cuts with lines between them, written to a new file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

pub(crate) fn run(flags: &Flags) -> Result<Outcome> {
    let changes = compare(&plan(flags, &flags.old)?, &plan(flags, &flags.new)?);
    if let Some(path) = &flags.svg {
        let failed =
            |cause| Error::new(ErrorKind::Io, format!("cannot write {}", path.display())).at_file(path).because(cause);
        let mut file = std::fs::File::create_new(path).map_err(failed)?;
        file.write_all(svg(&changes).as_bytes()).map_err(failed)?;
    }
    let all = flags.unchanged || flags.csv || say::voice().json;
    let listed: Vec<Change> = changes.into_iter().filter(|change| all || !change.differences.is_empty()).collect();
    say::print(&if flags.csv { csv(&listed) } else { table(&listed) })?;
    Ok(Outcome::complete(json!({ "changes": listed })))
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
