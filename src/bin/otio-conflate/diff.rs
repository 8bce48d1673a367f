//! `diff`: says how the shots of a cut differ from those of an earlier one.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use otio_conflate::backend::ffmpeg::FfmpegLookup;
use otio_conflate::otio::{ReadOptions, read_file};
use otio_conflate::plan::compare::{Change, compare, csv, edl, svg, table};
use otio_conflate::plan::{HandleMode, Handles, MediaLookup as _, MediaSource, ShotSelection};
use otio_conflate::time::Timecode;
use otio_conflate::{Error, ErrorKind, Plan, PlanOptions, Report, Result};
use serde_json::json;

use crate::outcome::CommandOutcome;
use crate::say;

/// Says how the shots of a cut differ from those of an earlier one
#[derive(Args)]
pub(crate) struct DiffFlags {
    /// The earlier cut: a timeline, a plan as JSON, or the manifest of a run
    old: PathBuf,
    /// The later one
    new: PathBuf,
    /// Which pieces of timelines are shots; plans and manifests have theirs
    #[arg(long, default_value = "hero", value_name = "WHICH")]
    shots: ShotSelection,
    /// The handles that were delivered with the earlier shots: H, or HEAD:TAIL. For timelines: plans and manifests have theirs
    #[arg(long, default_value = "0", value_name = "H[:T]")]
    handles: Handles,
    /// What those show: timeline (the cut, so nothing more of the shot's own media) or source. For timelines alone, too
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
    /// An edit decision list (in the form of CMX 3600) of what changed, written to a new file
    #[arg(long, value_name = "FILE")]
    edl: Option<PathBuf>,
}

pub(crate) fn run(flags: &DiffFlags) -> Result<CommandOutcome> {
    let (old, new) = (ComparedCut::read(&flags.old)?, ComparedCut::read(&flags.new)?);
    let settled = old.plan.as_ref().or(new.plan.as_ref());
    let later = new.planned(flags, settled)?;
    let changes = match &old.report {
        Some(report) => report.changes(&later)?,
        None => compare(&old.planned(flags, settled)?, &later),
    };
    if let Some(path) = &flags.svg {
        write_new(path, &svg(&changes))?;
    }
    if let Some(path) = &flags.edl {
        let start = |source: &MediaSource| {
            let facts = FfmpegLookup::new().look_up(source)?;
            Some(Timecode::from_frame(facts.start?, facts.rate?, facts.drop_frame?))
        };
        write_new(path, &edl(&changes, &later, &start))?;
    }
    let all = flags.unchanged || flags.csv || say::voice().json;
    let listed: Vec<Change> = changes.into_iter().filter(|change| all || !change.differences.is_empty()).collect();
    say::print(&match listed.as_slice() {
        [] if !flags.csv => "nothing has changed\n".to_owned(),
        listed if flags.csv => csv(listed),
        listed => table(listed),
    })?;
    Ok(CommandOutcome::complete(json!({ "changes": listed })))
}

fn write_new(path: &Path, text: &str) -> Result<()> {
    let failed =
        |cause| Error::new(ErrorKind::Io, format!("cannot write {}", path.display())).at_file(path).because(cause);
    let mut file = std::fs::File::create_new(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}

/// What a cut is given as: a timeline, where there is nothing else.
struct ComparedCut {
    path: PathBuf,
    plan: Option<Plan>,
    /// The manifest that has the plan.
    report: Option<Report>,
}

impl ComparedCut {
    fn read(path: &Path) -> Result<ComparedCut> {
        let mut cut = ComparedCut { path: path.to_owned(), plan: None, report: None };
        if !path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
            return Ok(cut);
        }
        let text = std::fs::read(path).map_err(|cause| {
            Error::new(ErrorKind::Io, format!("cannot read {}", path.display())).at_file(path).because(cause)
        })?;
        match serde_json::from_slice::<Plan>(&text) {
            Ok(plan) => {
                plan.validate()?;
                cut.plan = Some(plan);
            }
            Err(cause) => {
                let report = Report::open(path).map_err(|_| {
                    let what = format!("{} is neither a plan nor the manifest of a run", path.display());
                    Error::new(ErrorKind::Json, what).at_file(path).because(cause)
                })?;
                let plan = report.plan()?.ok_or_else(|| {
                    let what = format!(
                        "{} has no plan of its cut; expected the manifest of a run that ended: an earlier version wrote it, \
                         or the run was killed, or a path in its plan is not text (UTF-8). Give the timeline in its place",
                        path.display()
                    );
                    Error::new(ErrorKind::Json, what).at_file(path)
                })?;
                (cut.plan, cut.report) = (Some(plan), Some(report));
            }
        }
        Ok(cut)
    }

    /// Its plan; that of a timeline is made as the other cut's, `settled`, was.
    fn planned(&self, flags: &DiffFlags, settled: Option<&Plan>) -> Result<Plan> {
        if let Some(plan) = &self.plan {
            return Ok(plan.clone());
        }
        let mut options = settled.map_or_else(PlanOptions::default, PlanOptions::like);
        options.shots = flags.shots.clone();
        options.handles = flags.handles;
        options.handle_mode = flags.handle_mode;
        options.allow_empty = true;
        let timeline = read_file(&self.path, &ReadOptions::default())?;
        let Some(settled) = settled else { return Plan::new(&timeline, &options) };
        let mut plan = Plan::with_media(&timeline, &options, &FfmpegLookup::new())?;
        if let (Some(sound), Some(other)) = (&mut plan.sound, &settled.sound) {
            // What comes out is not known before it is mixed.
            sound.loudness = other.loudness;
        }
        Ok(plan)
    }
}
