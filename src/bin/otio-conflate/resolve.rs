//! `resolve`: the main job through DaVinci Resolve Studio: its pictures, grade and all, cut into shots.
//!
//! The cut has to be open in Resolve. Ctrl-C stops the render and puts everything in Resolve back; a second one ends the
//! command at once, and leaves Resolve as it renders: `restore`, or the next run, puts it back then.

use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args, Command, FromArgMatches, Subcommand};
use otio_conflate::backend::CancelToken;
use otio_conflate::backend::resolve::{
    RenderPreset, ResolveBackend, ResolveGrade, ResolveOptions, Scope, Solo, Ticket, TicketState, TimelineChoice,
};
use otio_conflate::plan::DecisionSpace;
use otio_conflate::{Error, ErrorKind, Report, Result};
use serde_json::{Value, json};

use crate::flags::{CutArgs, OnlyArgs};
use crate::interrupt;
use crate::loudness::normalize;
use crate::outcome::{self, CommandOutcome, Exit};
use crate::progress::{ProgressDisplay, summary};

/// A run, or what is to be done about one that was handed in before.
pub(crate) enum Resolve {
    Run(Box<ResolveFlags>),
    Ticket(OfTicket),
}

impl Args for Resolve {
    fn augment_args(command: Command) -> Command {
        OfTicket::augment_subcommands(ResolveFlags::augment_args(command))
            .about("Renders one finished file per shot through DaVinci Resolve Studio")
            .after_help(
                "poll, collect and withdraw are about a render that was submitted with --submit, by its ticket; restore is for \
                 runs that were killed.",
            )
            .subcommand_negates_reqs(true)
            .args_conflicts_with_subcommands(true)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Resolve::augment_args(command)
    }
}

impl FromArgMatches for Resolve {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Resolve, clap::Error> {
        match matches.subcommand_name() {
            Some(_) => OfTicket::from_arg_matches(matches).map(Resolve::Ticket),
            None => ResolveFlags::from_arg_matches(matches).map(|flags| Resolve::Run(Box::new(flags))),
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Resolve::from_arg_matches(matches)?;
        Ok(())
    }
}

pub(crate) fn run(what: Resolve, cancel: &CancelToken) -> Result<CommandOutcome> {
    match what {
        Resolve::Run(flags) => resolve(*flags, cancel),
        Resolve::Ticket(what) => of_ticket(&what, cancel),
    }
}

/// Renders one finished file per shot through DaVinci Resolve Studio
#[derive(Args)]
pub(crate) struct ResolveFlags {
    #[command(flatten)]
    cut: CutArgs,
    #[command(flatten)]
    reach: Reach,
    /// Which timeline of Resolve's: current, name:NAME or import (the plan's file, for the render)
    #[arg(long, value_name = "WHICH")]
    resolve_timeline: Option<TimelineChoice>,
    /// The render preset to begin with: a name, or file:PATH
    #[arg(long, value_name = "PRESET")]
    render_preset: Option<RenderPreset>,
    /// What Resolve writes, by its label, such as QuickTime
    #[arg(long, value_name = "LABEL")]
    format: Option<String>,
    /// The codec of that, by its label, such as "Apple ProRes 422 HQ"
    #[arg(long, value_name = "LABEL")]
    codec: Option<String>,
    /// In how many jobs Resolve renders: whole-timeline, union or per-shot
    #[arg(long, value_name = "HOW")]
    scope: Option<Scope>,
    /// Which tracks are visible: off (those enabled), own (each shot's alone) or track:NAME
    #[arg(long, value_name = "WHICH")]
    solo: Option<Solo>,
    /// With which grade Resolve renders: as-is, bypass, drx:FILE or lut:PATH
    #[arg(long = "resolve-grade", value_name = "HOW")]
    grade: Option<ResolveGrade>,
    /// Delivers the same shots without their grade, too, into this folder
    #[arg(long, value_name = "DIR")]
    ungraded: Option<PathBuf>,
    /// Renders a timeline that is not the plan's cut, too, with warnings
    #[arg(long)]
    accept_differences: bool,
    /// Begins to render and writes a ticket to FILE, to be collected later
    #[arg(long, value_name = "FILE", conflicts_with = "ungraded")]
    submit: Option<PathBuf>,
    #[command(flatten)]
    only: OnlyArgs,
}

/// How Resolve is reached.
#[derive(Args)]
pub(crate) struct Reach {
    /// How Resolve is reached and what it renders, as JSON: see ResolveOptions; flags override it
    #[arg(long, value_name = "FILE")]
    options: Option<PathBuf>,
}

impl Reach {
    fn options(&self) -> Result<ResolveOptions> {
        self.options.as_deref().map_or_else(|| Ok(ResolveOptions::default()), read)
    }
}

/// What is to be done about a render that was handed in.
#[derive(Subcommand)]
pub(crate) enum OfTicket {
    /// Tells the progress of a submitted render
    Poll {
        /// The ticket that --submit wrote
        ticket: PathBuf,
        #[command(flatten)]
        reach: Reach,
    },
    /// Waits for a submitted render and delivers its shots
    Collect {
        /// The ticket that --submit wrote
        ticket: PathBuf,
        #[command(flatten)]
        reach: Reach,
        /// Takes the render that lies here, whatever Resolve says of the jobs
        #[arg(long, value_name = "PATH")]
        from: Option<PathBuf>,
    },
    /// Cancels a submitted render and restores Resolve's state
    Withdraw {
        /// The ticket that --submit wrote
        ticket: PathBuf,
        #[command(flatten)]
        reach: Reach,
    },
    /// Restores Resolve's state after runs that were killed
    Restore {
        #[command(flatten)]
        reach: Reach,
    },
}

fn resolve(flags: ResolveFlags, cancel: &CancelToken) -> Result<CommandOutcome> {
    let mut options = flags.reach.options()?;
    let timeline = flags.cut.plan.source.read()?;
    let mut wanted = flags.cut.plan.options()?;
    if let Some(color) = &mut wanted.color {
        // Resolve has grades of its own.
        color.decisions.space = DecisionSpace::Off;
    }
    flags.cut.delivery.change(&mut wanted);
    let mut plan = flags.cut.plan.plan(&timeline, &wanted)?;
    interrupt::cancel_on_interrupt(cancel);
    normalize(&mut plan, &wanted, flags.cut.delivery.loudness, cancel)?;
    options.timeline = flags.resolve_timeline.unwrap_or(options.timeline);
    options.preset = flags.render_preset.unwrap_or(options.preset);
    options.format = flags.format.or(options.format);
    options.codec = flags.codec.or(options.codec);
    options.scope = flags.scope.unwrap_or(options.scope);
    options.solo = flags.solo.unwrap_or(options.solo);
    options.grade = flags.grade.unwrap_or(options.grade);
    options.accept_differences |= flags.accept_differences;
    let mut delivery = flags.cut.into_delivery();
    if let Some(file) = &flags.reach.options {
        delivery = delivery.input(file);
    }
    let mut deliveries = vec![(options.grade.clone(), delivery.clone())];
    let mut backend = ResolveBackend::new(options);
    if let Some(names) = flags.only.names(&plan) {
        backend = backend.only(names);
    }
    if let Some(path) = &flags.submit {
        backend.submit_to(&plan, &delivery, path, cancel)?;
        tell!("Resolve renders; collect {}", path.display());
        return Ok(CommandOutcome::complete(json!({ "ticket": path.to_string_lossy() })));
    }
    if let Some(folder) = flags.ungraded {
        let mut ungraded = delivery;
        ungraded.folder = folder;
        deliveries.push((ResolveGrade::Bypass, ungraded));
    }
    let progress = ProgressDisplay::new();
    let reports = backend.run_each(&plan, Some(&timeline), deliveries, &progress, cancel);
    Ok(ended(reports, &progress, cancel))
}

/// Sums up what was delivered.
fn ended(reports: Result<Vec<Report>>, progress: &ProgressDisplay, cancel: &CancelToken) -> CommandOutcome {
    progress.end();
    match reports {
        Ok(reports) => {
            reports.iter().for_each(summary);
            let runs: Vec<Value> = reports.iter().map(outcome::run).collect();
            CommandOutcome::of_runs(&reports, cancel, json!({ "runs": runs }))
        }
        Err(error) => CommandOutcome::failed(error, progress.has_begun(), cancel),
    }
}

fn of_ticket(what: &OfTicket, cancel: &CancelToken) -> Result<CommandOutcome> {
    match what {
        OfTicket::Poll { ticket, reach } => {
            let state = ResolveBackend::new(reach.options()?).poll(&Ticket::open(ticket)?)?;
            match &state {
                TicketState::Rendering(share) => say!("rendering, {:.0} %", share * 100.0),
                TicketState::Complete => say!("complete"),
                TicketState::Failed(what) => say!("failed: {what}"),
                _ => say!("in a state that is not known here"),
            }
            Ok(CommandOutcome::complete(json!({ "state": state })))
        }
        OfTicket::Collect { ticket, reach, from } => {
            let backend = ResolveBackend::new(reach.options()?);
            let ticket = Ticket::open(ticket)?;
            let progress = ProgressDisplay::new();
            interrupt::cancel_on_interrupt(cancel);
            let report = match from {
                Some(from) => backend.collect_from(&ticket, from, &progress, cancel),
                None => backend.collect(&ticket, &progress, cancel),
            };
            Ok(ended(report.map(|report| vec![report]), &progress, cancel))
        }
        OfTicket::Withdraw { ticket, reach } => {
            let warnings = ResolveBackend::new(reach.options()?).withdraw(&Ticket::open(ticket)?)?;
            for warning in &warnings {
                tell!("warning: {warning}");
            }
            Ok(CommandOutcome::complete(Value::Null).warnings(outcome::sentences(&warnings)))
        }
        OfTicket::Restore { reach } => {
            let restored = ResolveBackend::new(reach.options()?).restore()?;
            restored.done.iter().for_each(|done| say!("put back: {done}"));
            restored.kept.iter().for_each(|kept| say!("{kept}"));
            if [&restored.done, &restored.left, &restored.kept].iter().all(|said| said.is_empty()) {
                say!("nothing to put back");
            }
            let result = json!({ "done": restored.done, "kept": restored.kept, "left": restored.left });
            if restored.left.is_empty() {
                return Ok(CommandOutcome::complete(result));
            }
            let error = Error::new(ErrorKind::Application, restored.left.join("; "));
            Ok(CommandOutcome { exit: Exit::SomeFailed, result, warnings: Vec::new(), error: Some(error) })
        }
    }
}

fn read(path: &Path) -> Result<ResolveOptions> {
    let bytes = std::fs::read(path).map_err(|error| Error::io("read", path, error))?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Error::new(ErrorKind::Json, format!("cannot read {}", path.display())).because(error))
}
