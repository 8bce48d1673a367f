//! `plan`: prints the plan of a timeline as JSON; with `--frames`, one JSON line per output frame; with `--explain`, how the
//! frames of each shot would be made, and what that costs.

use clap::Args;
use otio_conflate::{Plan, Result, printable_json};
use serde_json::json;

use crate::flags::{ExplainArgs, PlanArgs};
use crate::outcome::CommandOutcome;
use crate::say;

/// Prints the plan of a timeline as JSON
#[derive(Args)]
pub(crate) struct PlanFlags {
    #[command(flatten)]
    plan: PlanArgs,
    /// One JSON line per output frame
    #[arg(long, conflicts_with = "json")]
    frames: bool,
    #[command(flatten)]
    explain: ExplainArgs,
}

pub(crate) fn run(flags: &PlanFlags) -> Result<CommandOutcome> {
    let mut options = flags.plan.options()?;
    flags.explain.change(&mut options);
    let plan = flags.plan.plan(&flags.plan.source.read()?, &options)?;
    for warning in &plan.warnings {
        tell!("warning: {warning}");
    }
    if flags.explain.is_asked_for() {
        let shots = flags.explain.shots(&plan, flags.plan.max_pixels)?;
        say::print(&flags.explain.text(&shots))?;
        return Ok(CommandOutcome::complete(json!({ "explained": shots })).warnings(plan.warnings));
    }
    let warnings = plan.warnings.clone();
    if say::voice().json {
        return Ok(CommandOutcome::complete(json!({ "plan": plan })).warnings(warnings));
    }
    match flags.frames {
        true => frames(&plan)?,
        false => {
            say::print(&(printable_json(serde_json::to_string_pretty(&plan).expect("a plan is plain data")) + "\n"))?
        }
    }
    Ok(CommandOutcome::complete(serde_json::Value::Null))
}

/// One line for each frame of each shot, for as long as somebody reads them. A long shot has more of them than fit into memory.
fn frames(plan: &Plan) -> Result<()> {
    const AT_ONCE: usize = 1 << 16;
    let mut lines = String::new();
    for row in plan.shots.iter().flat_map(|shot| plan.frames(shot)) {
        lines += &(printable_json(serde_json::to_string(&row).expect("a row is plain data")) + "\n");
        if lines.len() >= AT_ONCE {
            if !say::print_on(&lines)? {
                return Ok(());
            }
            lines.clear();
        }
    }
    say::print(&lines)
}
