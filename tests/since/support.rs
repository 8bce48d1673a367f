//! Cuts of a few shots, runs of them, and what came out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use otio_conflate::backend::ffmpeg::{FfmpegBackend, FfmpegLookup};
use otio_conflate::deliver::{Preset, Representation};
use otio_conflate::plan::{HandleMode, Handles, PlanOptions};
use otio_conflate::{Conflation, Delivery, NoObserver, Omitted, Plan, Report, ShotReport, Since, Status, Timeline};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::movie;
use crate::otio;

pub(crate) struct Show {
    folder: TempDir,
    pub(crate) preset: Preset,
    pub(crate) representations: Vec<Representation>,
    /// How many shots are rendered at once.
    pub(crate) jobs: Option<usize>,
}

impl Show {
    /// Two movies of 100 frames with sound, `a.mov` and `b.mov`, and another version of the second.
    pub(crate) fn new(preset: &str) -> Show {
        let preset = Preset::by_name(preset).expect("a preset");
        let folder = tempfile::tempdir().expect("a folder");
        let show = Show { folder, preset, representations: Vec::new(), jobs: None };
        for (name, first, tone) in [("a_v001", 0, 440), ("b_v001", 100, 660), ("b_v002", 200, 880)] {
            let sound = format!(
                "-f lavfi -i sine=r=48000:d=5:frequency={tone} -map 0:v -map 1:a -c:v ffv1 -c:a pcm_s16le -t 4.2"
            );
            movie(&show.path(&format!("{name}.mkv")), first..first + 100, "24", &sound);
        }
        show
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `frames` frames of the movie `media` from `start` on.
    pub(crate) fn clip(&self, name: &str, media: &str, start: i64, frames: i64) -> Value {
        let path = self.path(&format!("{media}.mkv"));
        let media = otio::external(&path.to_string_lossy(), otio::range(0, 100, 24));
        otio::clip_of(name, otio::range(start, frames, 24), media)
    }

    pub(crate) fn plan(&self, cut: &Timeline) -> Plan {
        let mut options = PlanOptions::default();
        options.handles = Handles::both(6);
        options.handle_mode = HandleMode::Source;
        options.sound.enabled = true;
        Plan::with_media(cut, &options, &FfmpegLookup::new()).expect("a plan")
    }

    pub(crate) fn conflation<'t>(&self, cut: &'t Timeline, folder: &Path) -> Conflation<'t, FfmpegBackend> {
        let mut delivery = Delivery::new(folder).preset(self.preset.clone());
        (delivery.representations, delivery.jobs) = (self.representations.clone(), self.jobs);
        Conflation::new(FfmpegBackend::new(), delivery).timeline(cut)
    }

    /// A run of the whole cut.
    pub(crate) fn fresh(&self, cut: &Timeline, folder: &str) -> Report {
        let report = self.conflation(cut, &self.path(folder)).run(&self.plan(cut), &NoObserver).expect("a run");
        assert!(report.succeeded(), "{:?}", report.shots);
        report
    }

    /// A run into `folder` that follows the one in `earlier`.
    pub(crate) fn follow(&self, cut: &Timeline, folder: &str, earlier: &str, omitted: Omitted) -> Report {
        let since = Since::open(self.path(earlier).join("manifest.json")).expect("a manifest").omitted(omitted);
        let conflation = self.conflation(cut, &self.path(folder)).since(since);
        let plan = self.plan(cut);
        let preview = conflation.preview(&plan).expect("a preview");
        assert!(preview.refusal.is_none(), "{:?}", preview.refusal);
        let report = conflation.run(&plan, &NoObserver).expect("a run");
        assert!(report.succeeded(), "{:?}", report.shots);
        // What was told beforehand is what was done.
        for (told, done) in preview.shots.iter().zip(&report.shots) {
            assert_eq!(told.reasons.last(), done.reason.as_ref(), "{told:?}");
        }
        assert_eq!(preview.omitted, report.omitted);
        report
    }

    /// A copy of what lies in `folder`, with its times.
    pub(crate) fn copy(&self, folder: &str, to: &str) {
        let (from, to) = (self.path(folder), self.path(to));
        let copied = std::process::Command::new("cp").arg("-a").args([&from, &to]).status().expect("cp");
        assert!(copied.success());
    }
}

/// A cut from 01:00:00:00 on, whose sound is that of the same clips.
pub(crate) fn cut(clips: &[Value]) -> Timeline {
    timeline(vec![otio::track("V1", clips), otio::audio_track("A1", clips)])
}

pub(crate) fn timeline(tracks: Vec<Value>) -> Timeline {
    otio::read(&otio::timeline_at(otio::time(86_400, 24), tracks))
}

/// How often shots were kept, copied and rendered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) kept: usize,
    pub(crate) copied: usize,
    pub(crate) rendered: usize,
}

pub(crate) fn counts(report: &Report) -> Counts {
    let is_copied = |shot: &&ShotReport| {
        shot.status == Status::Done && shot.reason.as_ref().is_some_and(|why| why.contains("copied from"))
    };
    let (kept, copied) = (report.count(Status::Skipped), report.shots.iter().filter(is_copied).count());
    assert!(report.shots.iter().all(|shot| shot.reason.is_some()), "every shot says why: {report:?}");
    Counts { kept, copied, rendered: report.shots.len() - kept - copied }
}

/// Every delivered file below `folder` with its bytes: not the manifest, not the cut.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn collect(folder: &Path, prefix: &str, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            match entry.path().is_dir() {
                true => collect(&entry.path(), &format!("{name}/"), found),
                false => {
                    let mut bytes = std::fs::read(entry.path()).expect("a file");
                    undate(&mut bytes);
                    found.insert(name, bytes);
                }
            }
        }
    }
    let mut found = BTreeMap::new();
    collect(folder, "", &mut found);
    found.retain(|name, _| !["manifest.json", "conflated.otio"].contains(&name.as_str()));
    found
}

/// Takes out of a WAV file when it was made: in its `bext` chunk behind description, originator and the originator's
/// reference.
fn undate(bytes: &mut [u8]) {
    if bytes.starts_with(b"RIFF")
        && let Some(at) = bytes.windows(4).position(|window| window == b"bext")
    {
        let made = at + 8 + 256 + 32 + 32;
        bytes[made..made + 18].fill(0);
    }
}

/// The same files with the same bytes; says which differ.
pub(crate) fn assert_same(got: &BTreeMap<String, Vec<u8>>, wanted: &BTreeMap<String, Vec<u8>>, what: &str) {
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(got), names(wanted), "{what}");
    let differ: Vec<&String> =
        got.iter().filter(|(name, bytes)| wanted[*name] != **bytes).map(|(name, _)| name).collect();
    assert!(differ.is_empty(), "{what}: {differ:?} differ");
}

/// Key frames of an opacity that is full as far as the clips here go.
pub(crate) fn keyed_opacity() -> Value {
    let mut effects = opacity(100.0);
    effects[0]["metadata"]["Resolve_OTIO"]["Parameters"][0]["Key Frames"] = json!({"0": {"Value": 100.0, "Variant Type": "Double"}, "80": {"Value": 100.0, "Variant Type": "Double"},
            "90": {"Value": 0.0, "Variant Type": "Double"}});
    effects
}

/// What a shot shows and lets be heard apart from its name and place.
pub(crate) fn opacity(value: f64) -> Value {
    json!([{"OTIO_SCHEMA": "Effect.1", "name": "", "effect_name": "Opacity", "metadata": {
        "Resolve_OTIO": {"Effect Name": "Composite", "Type": 1, "Enabled": true, "Name": "Composite", "Parameters": [
            {"Default Parameter Value": 100.0, "Key Frames": {}, "Parameter ID": "opacity",
                "Parameter Value": value, "Variant Type": "Double", "maxValue": 100.0, "minValue": 0.0}]}}}])
}
