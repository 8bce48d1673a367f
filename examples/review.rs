//! Joins the shots of a run into one movie, in cut order.
//!
//! ```text
//! cargo run --release --example review -- shots/manifest.json --out review --slate "Reel 2, Tuesday"
//! ```
//!
//! The output folder may be that of the shots: the review is listed in its manifest, which stays the manifest of the run.

#[macro_use]
#[path = "shared/say.rs"]
mod say;
#[path = "shared/color.rs"]
mod color;
#[path = "shared/limits.rs"]
mod limits;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use otio_conflate::backend::ffmpeg::FfmpegBackend;
use otio_conflate::deliver::{Preset, Review, ReviewSlate};
use otio_conflate::{Conflation, Delivery, Existing, NoObserver, Report, Result};

#[derive(Parser)]
#[command(about = "Joins the shots of a run into one movie")]
struct Flags {
    /// The manifest of the run
    manifest: PathBuf,
    /// The output folder
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// What the movie is written as
    #[arg(long, value_name = "NAME", default_value = "h264", value_parser = Preset::by_name)]
    preset: Preset,
    /// A card in front of the shots, with this title
    #[arg(long, value_name = "TITLE")]
    slate: Option<String>,
    #[command(flatten)]
    color: color::ColorArgs,
    /// The colour space of the shots, where that is not what their manifest says
    #[arg(long, value_name = "SPACE")]
    space: Option<String>,
    /// What to do when the review exists already: error; overwrite, where the manifest lists it; overwrite-foreign
    #[arg(long, default_value = "overwrite")]
    existing: Existing,
}

fn main() -> ExitCode {
    limits::file_size_limit_is_an_error();
    match run(Flags::parse()) {
        Ok(report) => {
            for shot in &report.shots {
                let failed = shot.error.join(": ");
                say!("{}", shot.output.as_ref().map_or(failed, |output| output.path.clone()));
            }
            if report.succeeded() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            tell!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(flags: Flags) -> Result<Report> {
    let mut review = Review::default();
    if let Some(title) = flags.slate {
        let mut slate = ReviewSlate::default();
        slate.title = Some(title);
        review = review.slate(slate);
    }
    if flags.color.is_asked_for() {
        let (mut plan, engine) = flags.color.plan()?;
        if let Some(space) = &flags.space {
            plan.rules.push(otio_conflate::color::read_rule(&*engine, &format!("*={space}"))?);
        }
        plan.intermediate = std::mem::take(&mut plan.representations);
        review.color = Some(plan);
    }
    let plan = review.plan(&Report::open(&flags.manifest)?)?;
    for warning in &plan.warnings {
        tell!("warning: {warning}");
    }
    let delivery = Delivery::new(&flags.out).preset(flags.preset).existing(flags.existing);
    Conflation::new(FfmpegBackend::new(), delivery).run(&plan, &NoObserver)
}
