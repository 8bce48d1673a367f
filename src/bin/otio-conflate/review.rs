//! `review`: joins the shots of a run into one movie, in cut order.
//!
//! The output folder may be that of the shots: the review is listed in its manifest, which stays the manifest of the run.

use std::path::PathBuf;

use clap::Args;
use otio_conflate::backend::ffmpeg::FfmpegBackend;
use otio_conflate::deliver::{Preset, Review, ReviewSlate};
use otio_conflate::{CancelToken, Conflation, Delivery, Existing, Report, Result, printable};

use crate::flags::ColorArgs;
use crate::interrupt;
use crate::outcome::{self, CommandOutcome};
use crate::progress::{Begun, warnings};

/// Joins the shots of a run into one movie
#[derive(Args)]
pub(crate) struct ReviewFlags {
    /// The manifest of the run
    manifest: PathBuf,
    /// The output folder
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// What the movie is written as, such as h264 or prores-lt; all are listed by `otio-conflate conflate --help`
    #[arg(long, value_name = "NAME", default_value = "h264", value_parser = Preset::by_name)]
    preset: Preset,
    /// A card in front of the shots, with this title
    #[arg(long, value_name = "TITLE")]
    slate: Option<String>,
    #[command(flatten)]
    color: ColorArgs,
    /// The colour space of the shots, where that is not what their manifest says
    #[arg(long, value_name = "SPACE")]
    space: Option<String>,
    /// What to do when the review exists already: error; overwrite, where the manifest lists it; overwrite-foreign
    #[arg(long, default_value = "overwrite", value_name = "DO")]
    existing: Existing,
}

pub(crate) fn run(flags: ReviewFlags, cancel: &CancelToken) -> Result<CommandOutcome> {
    let mut review = Review::default();
    if let Some(title) = flags.slate {
        let mut slate = ReviewSlate::default();
        slate.title = Some(title);
        review = review.slate(slate);
    }
    if flags.color.is_asked_for() || flags.space.is_some() {
        let (mut plan, engine) = flags.color.plan()?;
        if let Some(space) = &flags.space {
            plan.rules.push(otio_conflate::color::read_rule(&*engine, &format!("*={space}"))?);
        }
        plan.intermediate = std::mem::take(&mut plan.representations);
        review.color = Some(plan);
    }
    let plan = review.plan(&Report::open(&flags.manifest)?)?;
    let delivery = Delivery::new(&flags.out).preset(flags.preset).existing(flags.existing);
    interrupt::cancel_on_interrupt(cancel);
    let begun = Begun::default();
    let report = match Conflation::new(FfmpegBackend::new(), delivery).cancel(cancel.clone()).run(&plan, &begun) {
        Ok(report) => report,
        Err(error) => {
            for warning in &plan.warnings {
                tell!("warning: {warning}");
            }
            return Ok(CommandOutcome::failed(error, begun.has(), cancel));
        }
    };
    warnings(&report);
    for shot in &report.shots {
        match &shot.output {
            Some(output) => say!("{}", output.path),
            None => complain!("failed   {}: {}", printable(&shot.shot), shot.error.join(": ")),
        }
    }
    let result = outcome::run(&report);
    Ok(CommandOutcome::of_runs(&[report], cancel, result))
}
