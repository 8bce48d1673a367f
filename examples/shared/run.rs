//! What `conflate` and `resolve` share: where shots go and what they are written as, progress, and how a run ends.

#[path = "interrupt.rs"]
pub(crate) mod interrupt;

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use otio_conflate::backend::CancelToken;
use otio_conflate::backend::ffmpeg::bring_to_loudness;
use otio_conflate::codec::exr::Compression;
use otio_conflate::deliver::{AudioDelivery, EncoderSource, NameTemplate, Preset, Representation, TimecodeSource};
use otio_conflate::plan::{PlanOptions, Shot, StemSelection};
use otio_conflate::{Delivery, ErrorKind, Existing, Observer, Plan, Report, Result, ShotReport, Status, printable};

/// What decides about a delivery.
#[derive(Args)]
pub(crate) struct DeliveryArgs {
    /// The output folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// What shots are written as
    #[arg(long, default_value = "prores-lt", value_parser = Preset::by_name)]
    preset: Preset,
    /// Whose encoder is used: own (this library's, where it has one: ProRes 422, EXR, PNG) or ffmpeg
    #[arg(long, default_value = "own", value_name = "SOURCE")]
    encoder: EncoderSource,
    /// How EXR files are compressed: none, zips, zip16, piz or dwaa
    #[arg(long, value_name = "METHOD")]
    compression: Option<Compression>,
    /// The level of compression of EXR files (zips and zip16: 1 to 12, dwaa: 1 to 1000) and PNG files (1 to 9)
    #[arg(long, value_name = "N")]
    level: Option<u16>,
    /// The timecode of movies and EXR files: the record's, or the source's
    #[arg(long, default_value = "record", value_name = "WHOSE")]
    timecode: TimecodeSource,
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
    /// What to do when an output exists already: error; overwrite or skip, where the manifest lists it; overwrite-foreign
    /// (files that it does not list, too)
    #[arg(long, default_value = "error")]
    existing: Existing,
    /// What files are called: text with {shot}, {clip}, {track}, {timeline}, {index} or {timecode} in it
    #[arg(long, default_value = "{shot}", value_name = "TEMPLATE")]
    name: NameTemplate,
    /// Where the sound of shots goes: none, mux (into each movie), wav (a file per shot) or both
    #[arg(long, default_value = "mux")]
    pub(crate) audio: AudioDelivery,
    /// Bring the whole cut to this integrated loudness (EBU R 128) with one gain, shots and stems with the same
    #[arg(long, value_name = "LUFS", allow_negative_numbers = true)]
    pub(crate) loudness: Option<f64>,
}

impl DeliveryArgs {
    /// What these flags say about the plan.
    pub(crate) fn change(&self, options: &mut PlanOptions) {
        options.canvas.size = self.size;
        options.sound.enabled = self.audio != AudioDelivery::None;
    }

    /// The delivery that these flags stand for.
    pub(crate) fn delivery(self) -> Delivery {
        let preset = self.preset.with_audio(self.audio).with_encoder(self.encoder).with_timecode(self.timecode);
        let preset = preset.with_compression(self.compression, self.level);
        let mut delivery = Delivery::new(self.out).preset(preset).name(self.name).existing(self.existing);
        delivery.representations = self.representations;
        delivery.jobs = self.jobs;
        delivery
    }
}

/// Brings the sound of `plan` to the loudness that is asked for, and says what that takes.
pub(crate) fn normalize(
    plan: &mut Plan,
    options: &PlanOptions,
    target: Option<f64>,
    cancel: &CancelToken,
) -> Result<()> {
    if plan.sound.is_none() && options.sound.stems != StemSelection::None {
        tell!("warning: there is no sound to deliver: no stems are written");
    }
    let Some(target) = target else { return Ok(()) };
    if plan.sound.is_none() {
        tell!("warning: the cut has no sound to bring to {target:.1} LUFS");
        return Ok(());
    }
    let normalized = bring_to_loudness(plan, target, cancel)?;
    for warning in &normalized.warnings {
        tell!("warning: {warning}");
    }
    tell!("loudness of the cut: {}; gain {:+.2} dB", normalized.before, normalized.gain);
    if let Some(peak) = normalized.true_peak() {
        tell!("true peak at {target:.1} LUFS, before a limiter: {peak:+.2} dBTP");
        if peak > 0.0 {
            tell!("warning: without a limiter (--limit) the true peak is above full scale");
        }
    }
    Ok(())
}

/// What a program that delivers shots ends with.
pub(crate) fn exit(reports: Result<Vec<Report>>, cancel: &CancelToken) -> ExitCode {
    match reports {
        Ok(reports) if reports.iter().all(Report::succeeded) => ExitCode::SUCCESS,
        Err(error) if error.kind() != ErrorKind::Cancelled => {
            tell!("error: {error}");
            ExitCode::FAILURE
        }
        _ if cancel.is_cancelled() => ExitCode::from(interrupt::INTERRUPTED),
        _ => ExitCode::FAILURE,
    }
}

/// A bar on a terminal, plain lines elsewhere.
pub(crate) struct Progress {
    pub(crate) bar: ProgressBar,
    plain: bool,
}

impl Progress {
    pub(crate) fn new() -> Progress {
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
            tell!("{shots} shots, {frames} frames");
        }
    }

    fn preparing(&self, share: f64) {
        self.bar.set_message(format!("an application renders: {:.0} %", share * 100.0));
    }

    fn frame(&self, shot: &Shot, _: i64, _: i64) {
        self.bar.inc(1);
        let name = printable(&shot.name);
        if self.bar.message() != name {
            self.bar.set_message(name.clone().into_owned());
        }
    }

    fn finished(&self, shot: &ShotReport) {
        let name = printable(&shot.shot);
        let line = match (shot.status, &shot.output) {
            (Status::Cancelled, _) => format!("cancelled {name}"),
            (Status::Failed, _) => format!("failed   {name}: {}", shot.error.join(": ")),
            (Status::Skipped, _) => format!("skipped  {name}: it is there already"),
            (_, Some(output)) => {
                let others: String =
                    shot.representations.iter().map(|made| format!(", {}", made.output.path)).collect();
                format!("done     {name}: {} frames, {}{others}", shot.frame_count, output.path)
            }
            (_, None) => format!("done     {name}"),
        };
        if shot.status == Status::Skipped {
            self.bar.inc(u64::try_from(shot.frame_count).unwrap_or(0));
        }
        if self.plain { tell!("{line}") } else { self.bar.println(line) }
    }
}

/// What was made, and every warning once, with the objects or shots it concerns.
pub(crate) fn summary(report: &Report) {
    for warning in &report.warnings {
        tell!("warning: {warning}");
    }
    let mut warnings: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for shot in &report.shots {
        for warning in &shot.warnings {
            warnings.entry(warning).or_default().push(&shot.shot);
        }
    }
    for (message, objects) in &warnings {
        let few = objects.iter().take(5).map(|shot| printable(shot)).collect::<Vec<_>>().join(", ");
        let more = if objects.len() > 5 { format!(" and {} more", objects.len() - 5) } else { String::new() };
        tell!("warning: {} ({few}{more})", printable(message));
    }
    let [done, skipped, failed] = [Status::Done, Status::Skipped, Status::Failed].map(|status| report.count(status));
    let cancelled = match report.count(Status::Cancelled) {
        0 => String::new(),
        count => format!(", {count} cancelled"),
    };
    let manifest = report.folder.join("manifest.json");
    tell!("{done} done, {skipped} skipped, {failed} failed{cancelled}; see {}", manifest.display());
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
