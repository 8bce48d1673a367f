//! The main job: renders every shot of a timeline into a folder, and writes `manifest.json`.
//!
//! ```text
//! cargo run --release --example conflate -- cut.otio --out shots --handles 8
//! ```
//!
//! Ctrl-C stops it between frames: shots that are whole stay, the others leave nothing, and `--existing skip` takes the
//! run up again. A second Ctrl-C ends it at once.

mod shared;

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use otio_conflate::backend::CancelToken;
use otio_conflate::backend::ffmpeg::{FfmpegBackend, write_mix};
use otio_conflate::deliver::{AudioDelivery, NameTemplate, Preset, Representation};
use otio_conflate::plan::Shot;
use otio_conflate::{Conflation, Delivery, Existing, Observer, Plan, Report, Result, ShotReport, Status};

#[derive(Parser)]
#[command(about = "Renders one finished file per shot of a timeline")]
struct Flags {
    #[command(flatten)]
    plan: shared::PlanArgs,
    /// The output folder
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// What shots are written as
    #[arg(long, default_value = "prores-lt", value_parser = Preset::by_name)]
    preset: Preset,
    /// What else is made of each shot: a name such as h264, proxy-half, poster or contact-sheet, or a .toml or .json file;
    /// may be repeated
    #[arg(long = "representation", value_name = "NAME|FILE", value_parser = Representation::by_name_or_file)]
    representations: Vec<Representation>,
    /// The canvas; by default that of the hero track's first clip
    #[arg(long, value_name = "WxH", value_parser = size)]
    size: Option<(u32, u32)>,
    /// How many shots are rendered at once; by default as many as there are cores
    #[arg(long)]
    jobs: Option<usize>,
    /// What to do when an output exists already: error, overwrite or skip
    #[arg(long, default_value = "error")]
    existing: Existing,
    /// What files are called: text with {shot}, {clip}, {track}, {timeline}, {index} or {timecode} in it
    #[arg(long, default_value = "{shot}", value_name = "TEMPLATE")]
    name: NameTemplate,
    /// Where the sound of shots goes: none, mux (into each movie), wav (a file per shot) or both
    #[arg(long, default_value = "mux")]
    audio: AudioDelivery,
    /// A WAV file for the mix of the whole cut
    #[arg(long, value_name = "FILE")]
    mix: Option<PathBuf>,
}

fn main() -> ExitCode {
    let cancel = CancelToken::new();
    match run(Flags::parse(), &cancel) {
        Ok(report) if report.succeeded() => ExitCode::SUCCESS,
        Ok(_) if cancel.is_cancelled() => ExitCode::from(INTERRUPTED),
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What a program ends with that an interrupt ended.
const INTERRUPTED: u8 = 130;

/// Stops the run on the first Ctrl-C (or SIGTERM), and the program on the second.
fn cancel_on_interrupt(cancel: &CancelToken) {
    let cancel = cancel.clone();
    let handler = move || {
        if cancel.is_cancelled() {
            std::process::exit(INTERRUPTED.into());
        }
        cancel.cancel();
        eprintln!("stopping between frames; once more stops at once");
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        eprintln!("warning: Ctrl-C will leave temporary files behind: {error}");
    }
}

fn run(flags: Flags, cancel: &CancelToken) -> Result<Report> {
    let timeline = flags.plan.source.read()?;
    let mut options = flags.plan.options();
    options.canvas.size = flags.size;
    options.sound.enabled = flags.audio != AudioDelivery::None || flags.mix.is_some();
    let plan = flags.plan.plan(&timeline, &options)?;
    if let Some(path) = &flags.mix {
        mix(&plan, path, cancel)?;
    }
    let preset = flags.preset.with_audio(flags.audio);
    let mut delivery = Delivery::new(flags.out).preset(preset).name(flags.name).existing(flags.existing);
    delivery.representations = flags.representations;
    delivery.jobs = flags.jobs;
    let progress = Progress::new();
    cancel_on_interrupt(cancel);
    let conflation = Conflation::new(FfmpegBackend::new(), delivery).timeline(&timeline).cancel(cancel.clone());
    let report = conflation.run(&plan, &progress);
    progress.bar.finish_and_clear();
    let report = report?;
    summary(&report);
    Ok(report)
}

/// Writes the mix of the whole cut, and says how loud it gets.
fn mix(plan: &Plan, path: &Path, cancel: &CancelToken) -> Result<()> {
    let report = write_mix(plan, path, cancel)?;
    for warning in &report.warnings {
        eprintln!("warning: {warning}");
    }
    eprintln!("mixed    {}: {} samples, peak {:+.2} dB", path.display(), report.samples, report.peak.decibels());
    Ok(())
}

/// A bar on a terminal, plain lines elsewhere.
struct Progress {
    bar: ProgressBar,
    plain: bool,
}

impl Progress {
    fn new() -> Progress {
        let plain = !std::io::stderr().is_terminal();
        let target = if plain { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        Progress { bar: ProgressBar::with_draw_target(Some(0), target), plain }
    }
}

impl Observer for Progress {
    fn started(&self, shots: usize, frames: i64) {
        self.bar.set_length(u64::try_from(frames).unwrap_or(0));
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} frames  {per_sec}  {eta} left  {msg}");
        self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        if self.plain {
            eprintln!("{shots} shots, {frames} frames");
        }
    }

    fn frame(&self, shot: &Shot, _: i64, _: i64) {
        self.bar.inc(1);
        if self.bar.message() != shot.name {
            self.bar.set_message(shot.name.clone());
        }
    }

    fn finished(&self, shot: &ShotReport) {
        let line = match (shot.status, &shot.output) {
            (Status::Failed, _) => format!("failed   {}: {}", shot.shot, shot.error.join(": ")),
            (Status::Skipped, _) => format!("skipped  {}: it is there already", shot.shot),
            (_, Some(output)) => format!("done     {}: {} frames, {}", shot.shot, shot.frame_count, output.path),
            (_, None) => format!("done     {}", shot.shot),
        };
        if shot.status == Status::Skipped {
            self.bar.inc(u64::try_from(shot.frame_count).unwrap_or(0));
        }
        if self.plain { eprintln!("{line}") } else { self.bar.println(line) }
    }
}

/// What was made, and every warning once, with the shots or objects it concerns.
fn summary(report: &Report) {
    let mut warnings: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for warning in &report.warnings {
        warnings.entry(&warning.message).or_default().push(&warning.object);
    }
    for shot in &report.shots {
        for warning in &shot.warnings {
            warnings.entry(warning).or_default().push(&shot.shot);
        }
    }
    for (message, objects) in &warnings {
        let few = objects.iter().take(5).copied().collect::<Vec<_>>().join(", ");
        let more = if objects.len() > 5 { format!(" and {} more", objects.len() - 5) } else { String::new() };
        eprintln!("warning: {message} ({few}{more})");
    }
    let [done, skipped, failed] = [Status::Done, Status::Skipped, Status::Failed].map(|status| report.count(status));
    eprintln!("{done} done, {skipped} skipped, {failed} failed; see {}", report.folder.join("manifest.json").display());
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let parts = text.split_once(['x', 'X']).map(|(width, height)| (width.parse(), height.parse()));
    match parts {
        Some((Ok(width), Ok(height))) if (1..=32_768).contains(&width) && (1..=32_768).contains(&height) => {
            Ok((width, height))
        }
        _ => Err(format!("{text:?} is not WIDTHxHEIGHT, such as 1920x1080")),
    }
}
