//! `transcode`: makes review movies, proxies, frame sequences, posters and contact sheets of one file, which is decoded
//! once for all of them.

use std::path::PathBuf;

use clap::Args;
use otio_conflate::backend::Control;
use otio_conflate::deliver::{Representation, TranscodeOptions, transcode};
use otio_conflate::plan::{SourceSpace, SpaceRule};
use otio_conflate::time::Rate;
use otio_conflate::{CancelToken, Result};
use serde_json::json;

use crate::flags::{self, ColorArgs, OverwriteArgs};
use crate::interrupt;
use crate::outcome::{self, CommandOutcome};
use crate::progress::Begun;

/// Makes representations of one file
#[derive(Args)]
pub(crate) struct TranscodeFlags {
    /// A movie, a still, or numbered frames such as sh010.%04d.exr
    file: PathBuf,
    /// What is made: a name such as h264, proxy-half, poster or contact-sheet, or a .toml or .json file; may be repeated
    #[arg(long = "representation", value_name = "NAME|FILE", required = true, value_parser = flags::representation)]
    representations: Vec<Representation>,
    /// The output folder
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// What files and burn-ins call it; by default the file's name without its ending
    #[arg(long, value_name = "NAME")]
    title: Option<String>,
    /// The number of the first frame; by default that of numbered frames, else 1001
    #[arg(long, allow_negative_numbers = true, value_name = "N")]
    first_frame: Option<i64>,
    /// The rate of numbered frames, by default 24, or of a file without a constant one, by default its average
    #[arg(long, value_name = "RATE")]
    rate: Option<Rate>,
    /// The most pixels that a picture of the file may have; by default 16384 × 16384, and less in a small file
    #[arg(long, value_name = "N")]
    max_pixels: Option<u64>,
    #[command(flatten)]
    color: ColorArgs,
    /// The colour space of the file: SPACE, view:DISPLAY/VIEW for what a view shows, or data; with :full or :limited behind it
    /// for the range of its samples
    #[arg(long, value_name = "SPACE")]
    space: Option<String>,
    #[command(flatten)]
    existing: OverwriteArgs,
}

pub(crate) fn run(flags: TranscodeFlags, cancel: &CancelToken) -> Result<CommandOutcome> {
    let mut options = TranscodeOptions::default();
    options.name = flags.title;
    options.first_frame = flags.first_frame;
    options.rate = flags.rate;
    options.max_pixels = flags.max_pixels;
    options.overwrite = flags.existing.overwrite;
    options.overwrite_foreign = flags.existing.overwrite_foreign;
    if flags.color.is_asked_for() || flags.space.is_some() {
        let (mut plan, engine) = flags.color.plan()?;
        if let Some(space) = &flags.space {
            let (source, range) = otio_conflate::color::read_source(&*engine, space)?;
            let mut rule = SpaceRule::new("*", source.clone().unwrap_or(SourceSpace::Data));
            (rule.source, rule.range) = (source, range);
            plan.rules.push(rule);
        }
        options.color = Some(plan);
    }
    let begun = Begun::default();
    let control = Control { observer: &begun, cancel };
    interrupt::cancel_on_interrupt(cancel);
    let made = match transcode(&flags.file, &flags.representations, &flags.out, &options, &control) {
        Ok(made) => made,
        Err(error) => return Ok(CommandOutcome::failed(error, begun.has(), cancel)),
    };
    if let Some(color) = &made.color {
        tell!("{} is {}, by {}", color.media, color.space, color.by);
    }
    for warning in &made.warnings {
        tell!("warning: {warning}");
    }
    for representation in &made.representations {
        say!("{}: {}", representation.name, flags.out.join(&representation.output.path).display());
    }
    let warnings = outcome::sentences(&made.warnings).collect::<Vec<_>>();
    let result = json!({ "folder": flags.out.to_string_lossy(), "transcoded": made });
    Ok(CommandOutcome::complete(result).warnings(warnings))
}
