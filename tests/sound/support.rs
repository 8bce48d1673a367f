//! Timelines with sound, media with clicks in it, and what is heard of them.

use std::path::{Path, PathBuf};
use std::process::Command;

use otio_conflate::backend::ffmpeg::{FfmpegBackend, FfmpegLookup};
use otio_conflate::deliver::{AudioDelivery, Preset};
use otio_conflate::otio::{ReadOptions, read_str};
use otio_conflate::plan::{PlanOptions, ShotSelection};
use otio_conflate::{Conflation, Delivery, NoObserver, Plan, Report, Result, Status};
use serde_json::Value;
use tempfile::TempDir;

use crate::common::ffmpeg;
pub(crate) use crate::otio::*;

/// A clip that shows `source` of the file at `path`, of which the timeline says no more.
pub(crate) fn clip(name: &str, path: &Path, source: Value) -> Value {
    clip_of(name, source, external(&path.to_string_lossy(), Value::Null))
}

pub(crate) fn video(children: impl Into<Vec<Value>>) -> Value {
    track("V1", children)
}

pub(crate) fn audio(children: impl Into<Vec<Value>>) -> Value {
    audio_track("A1", children)
}

pub(crate) fn stack(children: impl Into<Vec<Value>>) -> Value {
    crate::otio::stack("nest", children)
}

pub(crate) fn timeline(tracks: impl Into<Vec<Value>>) -> Value {
    timeline_at(time(86_400, 24), tracks)
}

pub(crate) fn options(change: impl FnOnce(&mut PlanOptions)) -> PlanOptions {
    let mut options = PlanOptions::default();
    options.allow_empty = true;
    change(&mut options);
    options
}

/// Options under which these record frames are shots: name, first, how many. Pictures are small.
pub(crate) fn pieces(pieces: &[(&str, i64, i64)]) -> PlanOptions {
    let ranges = pieces.iter().map(|&(name, first, count)| (name.to_owned(), first, count)).collect();
    options(|options| {
        options.shots = ShotSelection::Ranges(ranges);
        options.canvas.size = Some((64, 64));
    })
}

pub(crate) fn plan(timeline: &Value, options: &PlanOptions) -> Result<Plan> {
    let timeline = read_str(&timeline.to_string(), &ReadOptions::default()).expect("a timeline that a test wrote");
    Plan::with_media(&timeline, options, &FfmpegLookup::new())
}

/// Channels, each a list of samples.
pub(crate) type Channels = Vec<Vec<f32>>;

/// Silence but for clicks: sample, channel, level.
pub(crate) fn clicks(channels: usize, len: usize, clicks: &[(usize, usize, f32)]) -> Channels {
    let mut planes = vec![vec![0.0; len]; channels];
    for &(sample, channel, level) in clicks {
        planes[channel][sample] = level;
    }
    planes
}

/// The same level all the time.
pub(crate) fn steady(levels: &[f32], len: usize) -> Channels {
    levels.iter().map(|&level| vec![level; len]).collect()
}

/// Writes a file of these samples, coded as `arguments` say (space-separated).
pub(crate) fn sound(path: &Path, rate: u32, channels: &Channels, arguments: &str) -> PathBuf {
    let (rate, count) = (rate.to_string(), channels.len().to_string());
    let mut data = Vec::new();
    for sample in 0..channels[0].len() {
        channels.iter().for_each(|channel| data.extend(channel[sample].to_le_bytes()));
    }
    let mut all = vec!["-f", "f32le", "-ar", &rate, "-ac", &count, "-i", "-"];
    all.extend(arguments.split_whitespace());
    all.push(path.to_str().expect("temporary folders have plain names"));
    ffmpeg(&all, Some(data));
    path.to_owned()
}

/// The first sound of a file, as the command line tool decodes it.
pub(crate) fn heard(path: &Path) -> Channels {
    heard_as(path, "0:a:0")
}

pub(crate) fn heard_as(path: &Path, map: &str) -> Channels {
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostdin", "-loglevel", "error", "-i"])
        .arg(path)
        .args(["-map", map, "-c:a", "pcm_f32le", "-f", "wav", "-"])
        .output()
        .expect("the tests need the ffmpeg command line tool");
    assert!(output.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&output.stderr));
    // A WAV header knows how many channels there are; what lies behind `data` and its length are samples.
    let wav = output.stdout;
    let count = usize::from(u16::from_le_bytes([wav[22], wav[23]]));
    let start = wav.windows(4).position(|four| four == b"data").expect("a WAV file") + 8;
    let samples = wav[start..].chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]));
    let mut planes = vec![Vec::new(); count];
    for (index, sample) in samples.enumerate() {
        planes[index % count].push(sample);
    }
    planes
}

/// Where a channel is louder than `level`, and how loud.
pub(crate) fn loud(channel: &[f32], level: f32) -> Vec<(usize, f32)> {
    channel.iter().copied().enumerate().filter(|(_, sample)| sample.abs() > level).collect()
}

/// Decibels between two levels.
pub(crate) fn decibels(got: f32, wanted: f32) -> f64 {
    20.0 * (f64::from(got) / f64::from(wanted)).abs().log10()
}

#[track_caller]
pub(crate) fn level(got: f32, wanted: f32, what: &str) {
    assert!(decibels(got, wanted).abs() < 0.01, "{what}: {got}, not {wanted}");
}

/// A folder for one test.
pub(crate) struct Media(TempDir);

impl Media {
    pub(crate) fn new() -> Media {
        Media(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A WAV file of floats.
    pub(crate) fn wav(&self, name: &str, rate: u32, channels: &Channels) -> PathBuf {
        sound(&self.path(name), rate, channels, "-c:a pcm_f32le")
    }
}

/// A finished run.
pub(crate) struct Run {
    _folder: TempDir,
    pub(crate) report: Report,
}

pub(crate) fn try_run(timeline: &Value, options: &PlanOptions, preset: &str, to: AudioDelivery) -> Result<Run> {
    let plan = plan(timeline, options)?;
    let folder = tempfile::tempdir().expect("a folder");
    let preset = Preset::by_name(preset).expect("a preset").with_audio(to);
    let delivery = Delivery::new(folder.path().join("out")).preset(preset);
    let report = Conflation::new(FfmpegBackend::new(), delivery).run(&plan, &NoObserver)?;
    Ok(Run { _folder: folder, report })
}

/// Renders with a WAV file beside each movie, and expects every shot to be done.
#[track_caller]
pub(crate) fn run(timeline: &Value, options: &PlanOptions) -> Run {
    let run = try_run(timeline, options, "mjpeg", AudioDelivery::Both).unwrap_or_else(|error| panic!("{error:#}"));
    for shot in &run.report.shots {
        assert_eq!(shot.status, Status::Done, "{}: {:#?}", shot.shot, shot.error);
    }
    run
}

impl Run {
    pub(crate) fn movie(&self, name: &str) -> PathBuf {
        let shot = self.report.shots.iter().find(|shot| shot.shot == name).expect("a shot of this name");
        self.report.folder.join(&shot.output.as_ref().expect("delivered").path)
    }

    pub(crate) fn wav(&self, name: &str) -> PathBuf {
        let shot = self.report.shots.iter().find(|shot| shot.shot == name).expect("a shot of this name");
        self.report.folder.join(&shot.sound.as_ref().expect("a WAV file").path)
    }

    /// What is heard in a shot: in its movie, which has to be what is in its WAV file.
    #[track_caller]
    pub(crate) fn heard(&self, name: &str) -> Channels {
        let muxed = heard(&self.movie(name));
        assert!(muxed == heard(&self.wav(name)), "{name}: movie and WAV file differ");
        muxed
    }

    /// All that was said.
    pub(crate) fn said(&self) -> String {
        let warnings = self.report.warnings.iter().map(ToString::to_string);
        let shots = self.report.shots.iter().flat_map(|shot| shot.warnings.iter().chain(&shot.error).cloned());
        warnings.chain(shots).collect::<Vec<_>>().join("\n")
    }
}

/// What is heard in the whole cut of a few frames.
#[track_caller]
pub(crate) fn cut(timeline: &Value, frames: i64) -> Channels {
    run(timeline, &pieces(&[("cut", 0, frames)])).heard("cut")
}

/// A WAV file of 24 bits: its samples as whole numbers, and its `bext` chunk.
pub(crate) struct Wav {
    pub(crate) planes: Vec<Vec<i32>>,
    bext: Vec<u8>,
}

impl Wav {
    pub(crate) fn read(path: &Path) -> Wav {
        let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error:#}", path.display()));
        let number = |at: usize| bytes[at..at + 4].iter().rev().fold(0, |sum, &byte| sum << 8 | usize::from(byte));
        let (mut at, mut channels) = (12, 0);
        let mut wav = Wav { planes: Vec::new(), bext: Vec::new() };
        while at + 8 <= bytes.len() {
            let (name, len) = (&bytes[at..at + 4], number(at + 4));
            let data = &bytes[at + 8..(at + 8 + len).min(bytes.len())];
            match name {
                b"fmt " => {
                    channels = usize::from(data[2]);
                    assert_eq!(data[14], 24, "{}: bits", path.display());
                }
                b"bext" => wav.bext = data.to_vec(),
                b"data" => {
                    wav.planes = vec![Vec::with_capacity(len / 3 / channels); channels];
                    for (index, sample) in data.chunks_exact(3).enumerate() {
                        let sample = i32::from_le_bytes([0, sample[0], sample[1], sample[2]]) >> 8;
                        wav.planes[index % channels].push(sample);
                    }
                }
                _ => {}
            }
            at += 8 + len + len % 2;
        }
        assert!(channels > 0, "{} is no WAV file", path.display());
        wav
    }

    pub(crate) fn len(&self) -> usize {
        self.planes[0].len()
    }

    /// Samples since midnight.
    pub(crate) fn reference(&self) -> u64 {
        self.bext[338..346].iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte))
    }

    /// Date and time of its making.
    pub(crate) fn made(&self) -> (String, String) {
        let text = |range: std::ops::Range<usize>| String::from_utf8_lossy(&self.bext[range]).into_owned();
        (text(320..330), text(330..338))
    }
}

/// Numbers without a pattern, the same in every run.
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    /// Samples between −`level` and `level`, which 24 bits hold.
    pub(crate) fn channels(&mut self, channels: usize, len: usize, level: f32) -> Channels {
        let mut sample = || level * (self.below(1 << 16) as f32 / 32_768.0 - 1.0);
        (0..channels).map(|_| (0..len).map(|_| sample()).collect()).collect()
    }
}
