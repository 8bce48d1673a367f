//! Timelines over media made here, runs of the FFmpeg backend, and what came out of them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use otio_conflate::backend::Backend;
use otio_conflate::backend::ffmpeg::{DecodeOptions, FfmpegBackend, FfmpegLookup, Frame, MovieReader};
use otio_conflate::deliver::Preset;
use otio_conflate::otio::{ReadOptions, read_str};
use otio_conflate::plan::{FrameRow, PlanOptions, ShotSelection};
use otio_conflate::{Conflation, Delivery, NoObserver, Plan, Report, Result, ShotReport, Status};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::{HEIGHT, WIDTH, movie, number, number_in, raw_movie, samples};
pub(crate) use crate::otio::*;

/// A movie at `path`; `available` may be null.
pub(crate) fn file(path: &Path, available: Value) -> Value {
    external(&path.to_string_lossy(), available)
}

/// Frames such as `folder/name.0001.exr`, from number `start`.
pub(crate) fn sequence(pattern: &Path, start: i64, available: Value, holes: &str) -> Value {
    let name = pattern.file_name().and_then(|name| name.to_str()).expect("a plain name");
    let (prefix, suffix) = name.split_once("%04d").expect("a pattern");
    let base = format!("{}/", pattern.parent().expect("in a folder").display());
    image_sequence(&base, (prefix, suffix), start, available).with("missing_frame_policy", holes)
}

pub(crate) fn clip(name: &str, media: Value, source: Value) -> Value {
    clip_of(name, source, media)
}

pub(crate) fn frozen(mut clip: Value) -> Value {
    clip["effects"] = json!([{"OTIO_SCHEMA": "FreezeFrame.1", "name": "", "effect_name": "FreezeFrame"}]);
    clip
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

/// Options under which the first `frames` frames of the cut are one shot named `cut`.
pub(crate) fn whole(frames: i64) -> PlanOptions {
    options(|options| options.shots = ShotSelection::Ranges(vec![("cut".to_owned(), 0, frames)]))
}

/// Media of one test: numbered frames, whose upper byte names the medium.
pub(crate) struct Media {
    folder: TempDir,
    ids: HashMap<String, u16>,
}

impl Media {
    pub(crate) fn new() -> Media {
        Media { folder: tempfile::tempdir().expect("a folder"), ids: HashMap::new() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("in a folder")).expect("a folder");
        path
    }

    /// A numbered movie, or with a pattern as its name a sequence whose numbers start at `start`.
    pub(crate) fn numbered(&mut self, name: &str, count: u16, rate: &str, arguments: &str) -> PathBuf {
        let path = self.path(name);
        let id = u16::try_from(self.ids.len()).expect("few") + 1;
        self.ids.insert(path.display().to_string(), id);
        movie(&path, (0..count).map(|index| id << 8 | index), rate, arguments)
    }

    /// A movie of frames that are all one colour, as `pixel` in planar `format` (one value a plane).
    pub(crate) fn flat(&self, name: &str, format: &str, pixel: &[u16], count: usize, arguments: &str) -> PathBuf {
        self.flat_of(name, format, pixel, (320, 180), count, arguments)
    }

    /// Numbered PNG files of `count` pictures whose pixels are `pixel(x, y)`: red, green, blue and alpha.
    pub(crate) fn painted(
        &self,
        name: &str,
        (width, height): (usize, usize),
        count: usize,
        pixel: impl Fn(usize, usize) -> [u8; 4],
    ) -> Value {
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let data: Vec<u8> = places.flat_map(|(x, y)| pixel(x, y)).collect();
        let opaque = data.iter().skip(3).step_by(4).all(|&alpha| alpha == 255);
        let pattern = self.path(&format!("{name}/{name}.%04d.png"));
        let format = if opaque { "-pix_fmt rgb24 -start_number 1" } else { "-pix_fmt rgba -start_number 1" };
        let path = raw_movie(&pattern, "rgba", (width, height), "24", data.repeat(count), format);
        sequence(&path, 1, range(0, i64::try_from(count).expect("a few"), 24.0), "error")
    }

    pub(crate) fn flat_of(
        &self,
        name: &str,
        format: &str,
        pixel: &[u16],
        size: (usize, usize),
        count: usize,
        arguments: &str,
    ) -> PathBuf {
        let data = flat(format, pixel, size).repeat(count);
        raw_movie(&self.path(name), format, size, "24", data, arguments)
    }

    /// The number that the picture of this row carries, where its topmost layer hides all others; the first number of a
    /// sequence is `start`.
    pub(crate) fn expected(&self, row: &FrameRow<'_>, start: i64) -> u16 {
        let layer = row.layers.last().unwrap_or_else(|| panic!("something is seen in {row:?}"));
        assert!((layer.weight - 1.0).abs() < 1e-9, "one layer alone in {row:?}");
        let first = if layer.media.contains('%') { start } else { 0 };
        self.ids[&layer.media] << 8 | u16::try_from(layer.source - first).expect("in the media")
    }

    /// The number of frame `index` of a medium.
    pub(crate) fn number(&self, path: &Path, index: u16) -> u16 {
        self.ids[&path.display().to_string()] << 8 | index
    }
}

/// The bytes of one picture of one colour: planar formats of 8 or more bits, and packed ones, where `pixel` lists the
/// samples of a pixel.
pub(crate) fn flat(format: &str, pixel: &[u16], (width, height): (usize, usize)) -> Vec<u8> {
    let deep = ["10", "12", "16", "48", "64"].iter().any(|depth| format.contains(depth));
    let big = format.ends_with("be");
    let bytes = |sample: u16| match (deep, big) {
        (false, _) => vec![u8::try_from(sample).expect("8 bits")],
        (true, false) => sample.to_le_bytes().to_vec(),
        (true, true) => sample.to_be_bytes().to_vec(),
    };
    if format.starts_with("rgb") {
        return pixel.iter().flat_map(|&sample| bytes(sample)).collect::<Vec<u8>>().repeat(width * height);
    }
    let shift = match format {
        _ if format.contains("420") => (1, 1),
        _ if format.contains("422") => (1, 0),
        _ => (0, 0),
    };
    let mut data = Vec::new();
    for (plane, &sample) in pixel.iter().enumerate() {
        let (across, down) = if matches!(plane, 1 | 2) { shift } else { (0, 0) };
        data.extend(bytes(sample).repeat(width.div_ceil(1 << across) * height.div_ceil(1 << down)));
    }
    data
}

/// An effect as Resolve writes it.
pub(crate) fn resolve(name: &str, parameters: &[(&str, Value)]) -> Value {
    let parameter =
        |(id, value): &(&str, Value)| json!({"Parameter ID": id, "Parameter Value": value, "Key Frames": {}});
    let parameters: Vec<Value> = parameters.iter().map(parameter).collect();
    json!({"OTIO_SCHEMA": "Effect.1", "name": "", "effect_name": "Resolve Effect", "metadata": {"Resolve_OTIO":
        {"Effect Name": name, "Enabled": true, "Parameters": parameters}}})
}

/// The clip with these effects.
pub(crate) fn with_effects(mut clip: Value, effects: impl Into<Vec<Value>>) -> Value {
    clip["effects"] = Value::Array(effects.into());
    clip
}

/// A finished run.
pub(crate) struct Run {
    /// Where the outputs lie, if that is to be removed with this.
    pub(crate) _folder: Option<TempDir>,
    pub(crate) plan: Plan,
    pub(crate) report: Report,
}

pub(crate) fn plan(timeline: &Value, options: &PlanOptions) -> Result<Plan> {
    let timeline = read_str(&timeline.to_string(), &ReadOptions::default()).expect("a timeline that a test wrote");
    Plan::with_media(&timeline, options, &FfmpegLookup::new())
}

pub(crate) fn preset(name: &str) -> Preset {
    Preset::by_name(name).expect("a preset")
}

/// Renders and expects no more than a report.
pub(crate) fn try_run(timeline: &Value, options: &PlanOptions, preset_name: &str) -> Result<Run> {
    run_plan(plan(timeline, options)?, preset_name)
}

/// The same with a plan.
pub(crate) fn run_plan(plan: Plan, preset_name: &str) -> Result<Run> {
    run_backend(FfmpegBackend::new(), plan, preset(preset_name))
}

/// The same through any backend.
pub(crate) fn run_backend(backend: impl Backend, plan: Plan, preset: Preset) -> Result<Run> {
    let folder = tempfile::tempdir().expect("a folder");
    let delivery = Delivery::new(folder.path().join("out")).preset(preset);
    let report = Conflation::new(backend, delivery).run(&plan, &NoObserver)?;
    Ok(Run { _folder: Some(folder), plan, report })
}

/// Renders and expects every shot to be done.
#[track_caller]
pub(crate) fn run(timeline: &Value, options: &PlanOptions, preset: &str) -> Run {
    let run = try_run(timeline, options, preset).unwrap_or_else(|error| panic!("{preset}: {error:#}"));
    for shot in &run.report.shots {
        assert_eq!(shot.status, Status::Done, "{preset}, {}: {:#?}", shot.shot, shot.error);
    }
    run
}

impl Run {
    pub(crate) fn shot(&self, name: &str) -> &ShotReport {
        self.report.shots.iter().find(|shot| shot.shot == name).unwrap_or_else(|| panic!("no shot {name:?}"))
    }

    /// The movie of a shot, or the pattern of its frames.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        let output = self.shot(name).output.as_ref().unwrap_or_else(|| panic!("{name} was not delivered"));
        self.report.folder.join(&output.path)
    }

    /// The first frame's number, where the shot is a sequence.
    fn first(&self, name: &str) -> Option<i64> {
        self.path(name).display().to_string().contains('%').then(|| self.shot(name).first_frame)
    }

    /// Every frame of a shot, as this crate reads it.
    pub(crate) fn frames(&self, name: &str) -> Vec<Frame> {
        let (path, shot) = (self.path(name), self.shot(name));
        let read = |path: &Path, index: i64, reader: Option<&mut MovieReader>| {
            let mut own;
            let reader = match reader {
                Some(reader) => reader,
                None => {
                    own = MovieReader::open(path, &DecodeOptions::default()).expect("the output opens");
                    &mut own
                }
            };
            let picked = reader.frame(index, self.plan.rate).expect("the output decodes");
            assert_eq!(picked.outside, None, "{} has frame {index}", path.display());
            picked.frame
        };
        match self.first(name) {
            Some(first) => {
                (first..first + shot.frame_count).map(|number| read(&numbered(&path, number), 0, None)).collect()
            }
            None => {
                let mut reader = MovieReader::open(&path, &DecodeOptions::default()).expect("the output opens");
                (0..shot.frame_count).map(|index| read(&path, index, Some(&mut reader))).collect()
            }
        }
    }

    /// Every frame of a shot, as the command line tool reads it.
    pub(crate) fn samples(&self, name: &str, format: &str) -> Vec<Vec<u8>> {
        let all = samples(&self.path(name), self.first(name), format);
        let count = usize::try_from(self.shot(name).frame_count).expect("a few");
        assert!(
            !all.is_empty() && all.len().is_multiple_of(count),
            "{} bytes are no {count} frames of {name}",
            all.len()
        );
        all.chunks(all.len() / count).map(<[u8]>::to_vec).collect()
    }

    /// The numbers of a shot's frames, by both readers, which have to agree.
    #[track_caller]
    pub(crate) fn numbers(&self, name: &str) -> Vec<Option<u16>> {
        let own: Vec<Option<u16>> = self.frames(name).iter().map(number).collect();
        assert_eq!(own, self.numbers_at(name, (0, 0), (WIDTH, HEIGHT)), "{name}: two readers, two opinions");
        own
    }

    /// The numbers of pictures that lie somewhere in a shot's frames, by the command line tool.
    pub(crate) fn numbers_at(&self, name: &str, corner: (usize, usize), size: (usize, usize)) -> Vec<Option<u16>> {
        let width = self.report.canvas.width as usize;
        self.samples(name, "gray")
            .iter()
            .map(|frame| number_in(|x, y| f64::from(frame[y * width + x]), corner, size))
            .collect()
    }

    /// The rows of the plan for a shot.
    pub(crate) fn rows(&self, name: &str) -> Vec<FrameRow<'_>> {
        let shot = self.plan.shots.iter().find(|shot| shot.name == name).expect("planned");
        self.plan.frames(shot).collect()
    }

    /// Every frame of every shot shows what the plan says.
    #[track_caller]
    pub(crate) fn check(&self, media: &Media, start: i64) {
        for shot in &self.report.shots {
            let expected: Vec<_> = self.rows(&shot.shot).iter().map(|row| Some(media.expected(row, start))).collect();
            assert_eq!(self.numbers(&shot.shot), expected, "{} in {}", shot.shot, self.report.preset);
        }
    }
}

/// The file of a pattern with this number.
pub(crate) fn numbered(pattern: &Path, number: i64) -> PathBuf {
    let sign = if number < 0 { "-" } else { "" };
    let digits = format!("{sign}{:04}", number.abs());
    PathBuf::from(pattern.display().to_string().replace("%04d", &digits))
}

/// A value is where it should be.
#[track_caller]
pub(crate) fn near(got: f64, wanted: f64, most: f64, what: &str) {
    assert!((got - wanted).abs() <= most, "{what}: {got}, not {wanted}");
}

/// The mean of 8-bit samples.
pub(crate) fn mean(samples: &[u8]) -> f64 {
    samples.iter().map(|&sample| f64::from(sample)).sum::<f64>() / f64::from(u32::try_from(samples.len()).expect("few"))
}

/// Files below a folder, hidden ones too.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(next) = todo.pop() {
        for entry in std::fs::read_dir(&next).into_iter().flatten().map(|entry| entry.expect("an entry").path()) {
            match entry.is_dir() {
                true => todo.push(entry),
                false => found.push(entry.strip_prefix(folder).expect("below").display().to_string()),
            }
        }
    }
    found.sort();
    found
}
