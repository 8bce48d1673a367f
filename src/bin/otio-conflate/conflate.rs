//! `conflate`: renders every shot of a timeline into a folder, and writes `manifest.json`.
//!
//! Ctrl-C stops it between frames: shots that are whole stay, the others leave nothing, and `--existing skip` takes the
//! run up again. A second Ctrl-C ends it at once.

use std::path::{Path, PathBuf};

use clap::Args;
use otio_conflate::backend::CancelToken;
use otio_conflate::backend::ffmpeg::{FfmpegBackend, MixReport, mix_files, write_mix_as};
use otio_conflate::deliver::Representation;
use otio_conflate::{Conflation, Existing, Omitted, Plan, Result, Since};
use serde_json::{Value, json};

use crate::dry_run;
use crate::flags::{CutArgs, LimitArgs, OnlyArgs};
use crate::interrupt;
use crate::loudness::normalize;
use crate::outcome::{self, CommandOutcome};
use crate::progress::{ProgressDisplay, summary};

/// Renders one finished file per shot of a timeline
#[derive(Args)]
pub(crate) struct ConflateFlags {
    #[command(flatten)]
    cut: CutArgs,
    /// A WAV file for the mix of the whole cut
    #[arg(long, value_name = "FILE")]
    mix: Option<PathBuf>,
    #[command(flatten)]
    only: OnlyArgs,
    /// The manifest of an earlier run: shots that are the same are kept; of others, pictures that it delivered are copied,
    /// and only what is new is rendered
    #[arg(long, value_name = "MANIFEST")]
    since: Option<PathBuf>,
    /// What to do with files of shots that are not in the cut any more: keep; or remove, if they are as they were left
    #[arg(long, requires = "since", default_value = "keep", value_name = "DO")]
    omitted: Omitted,
    /// Tells what would be rendered, skipped and why, what is missing or in the way, and about what it takes; writes nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    limits: LimitArgs,
}

pub(crate) fn run(mut flags: ConflateFlags, cancel: &CancelToken) -> Result<CommandOutcome> {
    flags.cut.plan.source.is_dry = flags.dry_run;
    flags.limits.apply()?;
    flags.cut.delivery.is_heard |= flags.mix.is_some();
    let loudness = flags.cut.delivery.loudness;
    let (mut plan, timeline, options) = flags.cut.plan.read(&flags.cut.delivery)?;
    let max_pixels = flags.cut.plan.max_pixels;
    let mut delivery = flags.cut.into_delivery();
    // Like the shots, a mix of an earlier run is kept where it is the same, and replaced where not.
    let existing = match delivery.existing {
        Existing::Error if flags.since.is_some() => Existing::Skip,
        existing => existing,
    };
    let of_representations = delivery.representations.iter().filter_map(Representation::file).map(Path::to_owned);
    let mut inputs: Vec<PathBuf> = of_representations.chain(delivery.inputs.iter().cloned()).collect();
    if let Some(path) = &flags.mix {
        delivery.inputs.extend(mix_files(&plan, path));
    }
    let planned = flags.dry_run.then(|| delivery.clone());
    let backend = FfmpegBackend::new().max_pixels(max_pixels);
    let mut conflation = Conflation::new(backend, delivery).cancel(cancel.clone());
    if let Some(timeline) = &timeline {
        conflation = conflation.timeline(timeline);
    }
    if let Some(manifest) = &flags.since {
        let since = Since::open(manifest)?.omitted(flags.omitted);
        inputs.extend(since.files());
        conflation = conflation.since(since);
    }
    if let Some(names) = flags.only.names(&plan) {
        conflation = conflation.only(names);
    }
    interrupt::cancel_on_interrupt(cancel);
    if flags.mix.is_some() || loudness.is_some() {
        // Nothing is measured or mixed for shots that are refused; what a dry run is refused for, it tells in its own words.
        let preview = conflation.preview(&plan)?;
        inputs.extend(preview.inputs);
        let refusal = preview.refusal;
        let refusal =
            refusal.or_else(|| flags.mix.as_deref().and_then(|path| dry_run::mix(&plan, path, existing, &inputs)));
        match refusal {
            Some(error) if !flags.dry_run => return Err(error),
            Some(_) => {}
            None => normalize(&mut plan, &options, loudness, cancel)?,
        }
    } else {
        normalize(&mut plan, &options, None, cancel)?;
    }
    if let Some(delivery) = planned {
        let mix = flags.mix.as_deref().and_then(|path| dry_run::mix(&plan, path, existing, &inputs));
        return dry_run::run(&plan, (&conflation, &delivery), max_pixels, mix);
    }
    let mut mixed = None;
    if let Some(path) = &flags.mix {
        mixed = mix(&plan, path, (existing, &inputs), cancel)?;
    }
    let progress = ProgressDisplay::new();
    let report = conflation.run(&plan, &progress);
    progress.end();
    let report = match report {
        Ok(report) => report,
        Err(error) => return Ok(CommandOutcome::failed(error, progress.has_begun() || mixed.is_some(), cancel)),
    };
    summary(&report);
    let mut result = outcome::run(&report);
    result["mix"] = mixed.map_or(Value::Null, |mixed| json!(mixed));
    Ok(CommandOutcome::of_runs(&[report], cancel, result))
}

/// Writes the mix of the whole cut, and says how loud it gets.
fn mix(
    plan: &Plan,
    path: &Path,
    (existing, inputs): (Existing, &[PathBuf]),
    cancel: &CancelToken,
) -> Result<Option<MixReport>> {
    if plan.sound.is_none() {
        tell!("warning: the cut has no sound to mix: {} is not written", path.display());
        return Ok(None);
    }
    let report = write_mix_as(plan, path, existing, inputs, cancel)?;
    for warning in &report.warnings {
        tell!("warning: {warning}");
    }
    let stems = report.stems.iter().map(|stem| format!(", {}", stem.display())).collect::<String>();
    let done = if report.kept { "kept" } else { "mixed" };
    tell!("{done:<8} {}{stems}: {} samples, peak {:+.2} dB", path.display(), report.samples, report.peak.decibels());
    tell!("         {}", report.loudness);
    Ok(Some(report))
}
