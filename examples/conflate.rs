//! The main job: renders every shot of a timeline into a folder, and writes `manifest.json`.
//!
//! ```text
//! cargo run --release --example conflate -- cut.otio --out shots --handles 8
//! ```
//!
//! Ctrl-C stops it between frames: shots that are whole stay, the others leave nothing, and `--existing skip` takes the
//! run up again. A second Ctrl-C ends it at once.

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

use clap::Parser;
use otio_conflate::backend::CancelToken;
use otio_conflate::backend::ffmpeg::{FfmpegBackend, mix_files, write_mix_as};
use otio_conflate::deliver::Representation;
use otio_conflate::{Conflation, Existing, Plan, Report, Result};

#[derive(Parser)]
#[command(about = "Renders one finished file per shot of a timeline")]
struct Flags {
    #[command(flatten)]
    plan: shared::PlanArgs,
    #[command(flatten)]
    delivery: run::DeliveryArgs,
    /// A WAV file for the mix of the whole cut
    #[arg(long, value_name = "FILE")]
    mix: Option<PathBuf>,
    /// Only these shots, called and numbered as in a run of all; several are separated by commas
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    only: Vec<String>,
}

fn main() -> ExitCode {
    limits::file_size_limit_is_an_error();
    let cancel = CancelToken::new();
    run::exit(conflate(Flags::parse(), &cancel).map(|report| vec![report]), &cancel)
}

fn conflate(flags: Flags, cancel: &CancelToken) -> Result<Report> {
    let timeline = flags.plan.source.read()?;
    let mut options = flags.plan.options()?;
    flags.delivery.change(&mut options);
    options.sound.enabled |= flags.mix.is_some();
    let loudness = flags.delivery.loudness;
    let mut plan = flags.plan.plan(&timeline, &options)?;
    let mut delivery = flags.delivery.delivery();
    let existing = delivery.existing;
    let inputs: Vec<PathBuf> =
        delivery.representations.iter().filter_map(Representation::file).map(Path::to_owned).collect();
    if let Some(path) = &flags.mix {
        delivery.inputs.extend(mix_files(&plan, path));
    }
    let backend = FfmpegBackend::new().max_pixels(flags.plan.max_pixels);
    let mut conflation = Conflation::new(backend, delivery).timeline(&timeline).cancel(cancel.clone());
    if !flags.only.is_empty() {
        conflation = conflation.only(flags.only);
    }
    if flags.mix.is_some() || loudness.is_some() {
        // Nothing is mixed for shots that are refused.
        conflation.check(&plan)?;
    }
    run::interrupt::cancel_on_interrupt(cancel);
    run::normalize(&mut plan, &options, loudness, cancel)?;
    if let Some(path) = &flags.mix {
        mix(&plan, path, (existing, &inputs), cancel)?;
    }
    let progress = run::Progress::new();
    let report = conflation.run(&plan, &progress);
    progress.bar.finish_and_clear();
    let report = report?;
    run::summary(&report);
    Ok(report)
}

/// Writes the mix of the whole cut, and says how loud it gets.
fn mix(plan: &Plan, path: &Path, (existing, inputs): (Existing, &[PathBuf]), cancel: &CancelToken) -> Result<()> {
    if plan.sound.is_none() {
        tell!("warning: the cut has no sound to mix: {} is not written", path.display());
        return Ok(());
    }
    let report = write_mix_as(plan, path, existing, inputs, cancel)?;
    for warning in &report.warnings {
        tell!("warning: {warning}");
    }
    let stems = report.stems.iter().map(|stem| format!(", {}", stem.display())).collect::<String>();
    tell!("mixed    {}{stems}: {} samples, peak {:+.2} dB", path.display(), report.samples, report.peak.decibels());
    tell!("         {}", report.loudness);
    Ok(())
}
