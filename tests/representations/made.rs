//! Runs that make representations, and what is read back of them.

use std::path::{Path, PathBuf};

use otio_conflate::backend::ffmpeg::FfmpegBackend;
use otio_conflate::deliver::Representation;
use otio_conflate::{Conflation, Delivery, NoObserver, Plan, Report, Result, Status};
use serde_json::Value;
use tempfile::TempDir;

use crate::common::{HEIGHT, WIDTH, number_in, samples};
use crate::support::*;

pub(crate) const PRORES: &str = "-c:v prores_ks -profile:v 0 -pix_fmt yuv422p10le";

/// A representation as a file would say it.
pub(crate) fn representation(value: Value) -> Representation {
    serde_json::from_value(value).expect("a representation")
}

pub(crate) fn named(name: &str) -> Representation {
    Representation::by_name(name).expect("built in")
}

/// A run whose shots have representations.
pub(crate) struct Made {
    folder: TempDir,
    pub(crate) report: Report,
}

pub(crate) fn try_make(plan: &Plan, preset_name: &str, representations: Vec<Representation>) -> Result<Made> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut delivery = Delivery::new(folder.path().join("out")).preset(preset(preset_name));
    delivery.representations = representations;
    let report = Conflation::new(FfmpegBackend::new(), delivery).run(plan, &NoObserver)?;
    Ok(Made { folder, report })
}

/// The same, every shot being done.
#[track_caller]
pub(crate) fn make(plan: &Plan, preset: &str, representations: Vec<Representation>) -> Made {
    let made = try_make(plan, preset, representations).unwrap_or_else(|error| panic!("{preset}: {error:#}"));
    for shot in &made.report.shots {
        assert_eq!(shot.status, Status::Done, "{preset}, {}: {:#?}", shot.shot, shot.error);
    }
    made
}

impl Made {
    /// The file of a representation of a shot, or the pattern of its frames.
    pub(crate) fn path(&self, shot: &str, name: &str) -> PathBuf {
        let shot = self.report.shots.iter().find(|report| report.shot == shot).expect("a shot");
        let known = shot.representations.iter().find(|made| made.name == name).expect("a representation");
        let path = self.report.folder.join(&known.output.path);
        assert!(path.starts_with(self.folder.path().canonicalize().expect("it is there")));
        path
    }
}

/// The frames of a movie, or of a sequence from the number `first` on, as 8 bits of luma.
pub(crate) fn gray(path: &Path, first: Option<i64>, (width, height): (usize, usize)) -> Vec<Vec<u8>> {
    let all = samples(path, first, "gray");
    assert!(!all.is_empty() && all.len().is_multiple_of(width * height), "{} is of another size", path.display());
    all.chunks(width * height).map(<[u8]>::to_vec).collect()
}

/// The numbers of pictures that are `size` pixels large.
pub(crate) fn numbers_of(path: &Path, first: Option<i64>, size: (usize, usize)) -> Vec<Option<u16>> {
    gray(path, first, size).iter().map(|frame| number_at(frame, size.0, (0, 0), size)).collect()
}

/// The number of a picture that lies somewhere in a larger one, whose lines have `stride` samples.
pub(crate) fn number_at(frame: &[u8], stride: usize, corner: (usize, usize), size: (usize, usize)) -> Option<u16> {
    number_in(|x, y| f64::from(frame[y * stride + x]), corner, size)
}

/// A cut of one clip, `count` frames from frame 10 of a numbered movie that is coded as `arguments` say.
pub(crate) struct Cut {
    pub(crate) media: Media,
    pub(crate) path: PathBuf,
    pub(crate) plan: Plan,
}

pub(crate) fn cut(count: i64, handles: &str, arguments: &str) -> Cut {
    let mut media = Media::new();
    let path = media.numbered("m.mov", 60, "24", arguments);
    let clip = clip("c", file(&path, range(0, 60, 24.0)), range(10, count, 24.0));
    let options = options(|options| {
        options.handles = handles.parse().expect("handles");
        options.handle_mode = "source".parse().expect("a mode");
    });
    let plan = plan(&timeline([track("V1", [clip])]), &options).expect("a plan");
    Cut { media, path, plan }
}

impl Cut {
    /// The numbers that frames `first` to `first + count − 1` of its medium carry.
    pub(crate) fn numbers(&self, first: u16, count: u16) -> Vec<Option<u16>> {
        (first..first + count).map(|index| Some(self.media.number(&self.path, index))).collect()
    }
}

pub(crate) const SIZE: (usize, usize) = (WIDTH, HEIGHT);
