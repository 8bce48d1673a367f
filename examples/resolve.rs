//! The main job through DaVinci Resolve Studio: its pictures, grade and all, cut into shots.
//!
//! ```text
//! cargo run --release --example resolve -- cut.otio --out shots --handles 8
//! cargo run --release --example resolve -- cut.otio --out shots --submit shots.ticket
//! cargo run --release --example resolve -- poll shots.ticket
//! cargo run --release --example resolve -- collect shots.ticket
//! cargo run --release --example resolve -- restore
//! ```
//!
//! The cut has to be open in Resolve. Ctrl-C stops the render and puts everything in Resolve back; a second one ends the
//! program at once, and leaves Resolve as it renders: `restore`, or the next run, puts it back then.

#[macro_use]
#[path = "shared/say.rs"]
mod say;
#[path = "shared/limits.rs"]
mod limits;
#[path = "shared/run.rs"]
mod run;
mod shared;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use otio_conflate::backend::CancelToken;
use otio_conflate::backend::resolve::{
    Grade, RenderPreset, ResolveBackend, ResolveOptions, Scope, Solo, Ticket, TicketState, TimelineChoice,
};
use otio_conflate::plan::DecisionSpace;
use otio_conflate::{Error, ErrorKind, Report, Result};

#[derive(Parser)]
#[command(about = "Renders one finished file per shot through DaVinci Resolve Studio")]
#[command(
    after_help = "With poll, collect or withdraw and a ticket: what is to be done about a render that was handed in. With \
                  restore: puts Resolve back after a run that was killed."
)]
struct Flags {
    #[command(flatten)]
    plan: shared::PlanArgs,
    #[command(flatten)]
    delivery: run::DeliveryArgs,
    #[command(flatten)]
    reach: Reach,
    /// Which timeline of Resolve's: current, name:NAME or import (the plan's file, for the render)
    #[arg(long)]
    resolve_timeline: Option<TimelineChoice>,
    /// The render preset to begin with: a name, or file:PATH
    #[arg(long)]
    render_preset: Option<RenderPreset>,
    /// What Resolve writes, by its label, such as QuickTime
    #[arg(long)]
    format: Option<String>,
    /// The codec of that, by its label, such as "Apple ProRes 422 HQ"
    #[arg(long)]
    codec: Option<String>,
    /// In how many jobs Resolve renders: whole-timeline, union or per-shot
    #[arg(long)]
    scope: Option<Scope>,
    /// Which tracks are seen: off (those enabled), own (each shot's alone) or track:NAME
    #[arg(long)]
    solo: Option<Solo>,
    /// With which grade: as-is, bypass, drx:FILE or lut:PATH
    #[arg(long)]
    grade: Option<Grade>,
    /// Delivers the same shots without their grade, too, into this folder
    #[arg(long, value_name = "DIR")]
    ungraded: Option<PathBuf>,
    /// Renders a timeline that is not the plan's cut, too, with warnings
    #[arg(long)]
    accept_differences: bool,
    /// Begins to render and writes a ticket to FILE, to be collected later
    #[arg(long, value_name = "FILE", conflicts_with = "ungraded")]
    submit: Option<PathBuf>,
    /// Only these shots, called and numbered as in a run of all; several are separated by commas
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    only: Vec<String>,
}

/// How Resolve is reached.
#[derive(Args)]
struct Reach {
    /// How Resolve is reached and what it renders, as JSON: see ResolveOptions; flags are laid over it
    #[arg(long, value_name = "FILE")]
    options: Option<PathBuf>,
}

impl Reach {
    fn options(&self) -> Result<ResolveOptions> {
        self.options.as_deref().map_or_else(|| Ok(ResolveOptions::default()), read)
    }
}

#[derive(Parser)]
struct TicketFlags {
    #[command(subcommand)]
    what: OfTicket,
}

/// What is to be done about a render that was handed in.
#[derive(Subcommand)]
enum OfTicket {
    /// Says how far it is
    Poll {
        ticket: PathBuf,
        #[command(flatten)]
        reach: Reach,
    },
    /// Waits for it and delivers its shots
    Collect {
        ticket: PathBuf,
        #[command(flatten)]
        reach: Reach,
        /// Takes the render that lies here, whatever Resolve says of the jobs
        #[arg(long, value_name = "PATH")]
        from: Option<PathBuf>,
    },
    /// Gives it up, and puts everything in Resolve back
    Withdraw {
        ticket: PathBuf,
        #[command(flatten)]
        reach: Reach,
    },
    /// Puts Resolve back after runs that were killed
    Restore {
        #[command(flatten)]
        reach: Reach,
    },
}

fn main() -> ExitCode {
    limits::file_size_limit_is_an_error();
    let cancel = CancelToken::new();
    let word = std::env::args().nth(1).unwrap_or_default();
    let done = match ["poll", "collect", "withdraw", "restore"].contains(&word.as_str()) {
        true => of_ticket(&TicketFlags::parse(), &cancel),
        false => resolve(parsed(), &cancel),
    };
    run::exit(done, &cancel)
}

/// The flags. Resolve's own `--grade` is how it grades: what is baked into representations is called `--shot-grade` here.
fn parsed() -> Flags {
    let command = Flags::command().mut_arg("grades", |grades| grades.long("shot-grade"));
    Flags::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
}

fn resolve(flags: Flags, cancel: &CancelToken) -> Result<Vec<Report>> {
    let mut options = flags.reach.options()?;
    let timeline = flags.plan.source.read()?;
    let mut wanted = flags.plan.options()?;
    if let Some(color) = &mut wanted.color {
        // Resolve has grades of its own.
        color.decisions.space = DecisionSpace::Off;
    }
    flags.delivery.change(&mut wanted);
    let mut plan = flags.plan.plan(&timeline, &wanted)?;
    run::interrupt::cancel_on_interrupt(cancel);
    run::normalize(&mut plan, &wanted, flags.delivery.loudness, cancel)?;
    options.timeline = flags.resolve_timeline.unwrap_or(options.timeline);
    options.preset = flags.render_preset.unwrap_or(options.preset);
    options.format = flags.format.or(options.format);
    options.codec = flags.codec.or(options.codec);
    options.scope = flags.scope.unwrap_or(options.scope);
    options.solo = flags.solo.unwrap_or(options.solo);
    options.grade = flags.grade.unwrap_or(options.grade);
    options.accept_differences |= flags.accept_differences;
    let mut delivery = flags.delivery.delivery();
    if let Some(file) = &flags.reach.options {
        delivery = delivery.input(file);
    }
    let mut deliveries = vec![(options.grade.clone(), delivery.clone())];
    let mut backend = ResolveBackend::new(options);
    if !flags.only.is_empty() {
        backend = backend.only(flags.only);
    }
    if let Some(path) = &flags.submit {
        backend.submit_to(&plan, &delivery, path, cancel)?;
        tell!("Resolve renders; collect {}", path.display());
        return Ok(Vec::new());
    }
    if let Some(folder) = flags.ungraded {
        let mut ungraded = delivery;
        ungraded.folder = folder;
        deliveries.push((Grade::Bypass, ungraded));
    }
    let progress = run::Progress::new();
    let reports = backend.run_each(&plan, Some(&timeline), deliveries, &progress, cancel);
    progress.bar.finish_and_clear();
    let reports = reports?;
    reports.iter().for_each(run::summary);
    Ok(reports)
}

fn of_ticket(flags: &TicketFlags, cancel: &CancelToken) -> Result<Vec<Report>> {
    match &flags.what {
        OfTicket::Poll { ticket, reach } => {
            match ResolveBackend::new(reach.options()?).poll(&Ticket::open(ticket)?)? {
                TicketState::Rendering(share) => say!("rendering, {:.0} %", share * 100.0),
                TicketState::Complete => say!("complete"),
                TicketState::Failed(what) => say!("failed: {what}"),
                _ => say!("in a state that is not known here"),
            }
            Ok(Vec::new())
        }
        OfTicket::Collect { ticket, reach, from } => {
            let backend = ResolveBackend::new(reach.options()?);
            let ticket = Ticket::open(ticket)?;
            let progress = run::Progress::new();
            run::interrupt::cancel_on_interrupt(cancel);
            let report = match from {
                Some(from) => backend.collect_from(&ticket, from, &progress, cancel),
                None => backend.collect(&ticket, &progress, cancel),
            };
            progress.bar.finish_and_clear();
            let report = report?;
            run::summary(&report);
            Ok(vec![report])
        }
        OfTicket::Withdraw { ticket, reach } => {
            for warning in ResolveBackend::new(reach.options()?).withdraw(&Ticket::open(ticket)?)? {
                tell!("warning: {warning}");
            }
            Ok(Vec::new())
        }
        OfTicket::Restore { reach } => {
            let restored = ResolveBackend::new(reach.options()?).restore()?;
            restored.done.iter().for_each(|done| say!("put back: {done}"));
            restored.kept.iter().for_each(|kept| say!("{kept}"));
            if [&restored.done, &restored.left, &restored.kept].iter().all(|said| said.is_empty()) {
                say!("nothing to put back");
            }
            match restored.left.is_empty() {
                true => Ok(Vec::new()),
                false => Err(Error::new(ErrorKind::Application, restored.left.join("; "))),
            }
        }
    }
}

fn read(path: &Path) -> Result<ResolveOptions> {
    let bytes = std::fs::read(path).map_err(|error| Error::io("read", path, error))?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Error::new(ErrorKind::Json, format!("cannot read {}", path.display())).because(error))
}
