//! The main job through DaVinci Resolve Studio: its pictures, grade and all, cut into shots.
//!
//! ```text
//! cargo run --release --example resolve -- cut.otio --out shots --handles 8
//! cargo run --release --example resolve -- cut.otio --out shots --submit shots.ticket
//! cargo run --release --example resolve -- poll shots.ticket
//! cargo run --release --example resolve -- collect shots.ticket
//! ```
//!
//! The cut has to be open in Resolve. Ctrl-C stops the render and puts everything in Resolve back; a second one ends the
//! program at once, and leaves Resolve as it renders.

#[path = "shared/run.rs"]
mod run;
mod shared;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use otio_conflate::backend::CancelToken;
use otio_conflate::backend::resolve::{
    Grade, RenderPreset, ResolveBackend, ResolveOptions, Scope, Solo, Ticket, TicketState, TimelineChoice,
};
use otio_conflate::{Error, ErrorKind, Report, Result};

#[derive(Parser)]
#[command(about = "Renders one finished file per shot through DaVinci Resolve Studio")]
#[command(
    after_help = "With poll, collect or withdraw and a ticket: what is to be done about a render that was handed in."
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
    #[command(flatten)]
    reach: Reach,
}

/// What is to be done about a render that was handed in.
#[derive(Subcommand)]
enum OfTicket {
    /// Says how far it is
    Poll { ticket: PathBuf },
    /// Waits for it and delivers its shots
    Collect { ticket: PathBuf },
    /// Gives it up, and puts everything in Resolve back
    Withdraw { ticket: PathBuf },
}

fn main() -> ExitCode {
    let cancel = CancelToken::new();
    let word = std::env::args().nth(1).unwrap_or_default();
    let done = match ["poll", "collect", "withdraw"].contains(&word.as_str()) {
        true => of_ticket(&TicketFlags::parse(), &cancel),
        false => resolve(Flags::parse(), &cancel),
    };
    run::exit(done, &cancel)
}

fn resolve(flags: Flags, cancel: &CancelToken) -> Result<Vec<Report>> {
    let mut options = flags.reach.options()?;
    let timeline = flags.plan.source.read()?;
    let mut wanted = flags.plan.options();
    flags.delivery.change(&mut wanted);
    let plan = flags.plan.plan(&timeline, &wanted)?;
    options.timeline = flags.resolve_timeline.unwrap_or(options.timeline);
    options.preset = flags.render_preset.unwrap_or(options.preset);
    options.format = flags.format.or(options.format);
    options.codec = flags.codec.or(options.codec);
    options.scope = flags.scope.unwrap_or(options.scope);
    options.solo = flags.solo.unwrap_or(options.solo);
    options.grade = flags.grade.unwrap_or(options.grade);
    options.accept_differences |= flags.accept_differences;
    let delivery = flags.delivery.delivery();
    if let Some(path) = &flags.submit {
        let ticket = ResolveBackend::new(options).submit(&plan, &delivery)?;
        let text = serde_json::to_vec(&ticket).map_err(|error| unwritten(path, error.into()))?;
        std::fs::write(path, text).map_err(|error| unwritten(path, error))?;
        eprintln!("Resolve renders; collect {}", path.display());
        return Ok(Vec::new());
    }
    let mut deliveries = vec![(options.grade.clone(), delivery.clone())];
    if let Some(folder) = flags.ungraded {
        let mut ungraded = delivery;
        ungraded.folder = folder;
        deliveries.push((Grade::Bypass, ungraded));
    }
    let progress = run::Progress::new();
    run::interrupt::cancel_on_interrupt(cancel);
    let reports = ResolveBackend::new(options).run_each(&plan, Some(&timeline), deliveries, &progress, cancel);
    progress.bar.finish_and_clear();
    let reports = reports?;
    reports.iter().for_each(run::summary);
    Ok(reports)
}

fn of_ticket(flags: &TicketFlags, cancel: &CancelToken) -> Result<Vec<Report>> {
    let backend = ResolveBackend::new(flags.reach.options()?);
    match &flags.what {
        OfTicket::Poll { ticket } => {
            match backend.poll(&read::<Ticket>(ticket)?)? {
                TicketState::Rendering(share) => println!("rendering, {:.0} %", share * 100.0),
                TicketState::Complete => println!("complete"),
                TicketState::Failed(what) => println!("failed: {what}"),
                _ => println!("in a state that is not known here"),
            }
            Ok(Vec::new())
        }
        OfTicket::Collect { ticket } => {
            let progress = run::Progress::new();
            run::interrupt::cancel_on_interrupt(cancel);
            let report = backend.collect(&read(ticket)?, &progress, cancel)?;
            progress.bar.finish_and_clear();
            run::summary(&report);
            Ok(vec![report])
        }
        OfTicket::Withdraw { ticket } => {
            for warning in backend.withdraw(&read(ticket)?)? {
                eprintln!("warning: {warning}");
            }
            Ok(Vec::new())
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = std::fs::read(path).map_err(|error| Error::io("read", path, error))?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Error::new(ErrorKind::Json, format!("cannot read {}", path.display())).because(error))
}

fn unwritten(path: &Path, error: std::io::Error) -> Error {
    Error::io("write", path, error)
}
