//! A cut, the simulated Resolve that has it open, and runs of the backend.

use std::path::PathBuf;
use std::time::Duration;

use otio_conflate::backend::ffmpeg::FfmpegLookup;
use otio_conflate::backend::resolve::{ResolveBackend, ResolveOptions};
use otio_conflate::otio::{ReadOptions, read_file};
use otio_conflate::plan::PlanOptions;
use otio_conflate::{Plan, Report, Result, Status, Timeline};
use serde_json::{Value, json};

use crate::common::{HEIGHT, WIDTH, number_in};
use crate::fake_resolve::{FakeResolve, python};
use crate::rendering::{Media, Run, clip, file, gap, mean, near, preset, range, run_backend, time, timeline_at, track};

/// A cut on disk, and Resolve with it open.
pub(crate) struct Stage {
    pub(crate) media: Media,
    pub(crate) otio: PathBuf,
    pub(crate) fake: FakeResolve,
    /// Where its lock lies, if not beside the application.
    pub(crate) lock: Option<PathBuf>,
}

/// What a graded frame has of green and blue, as shares of its red. Numbered frames are gray.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tint(pub(crate) f64, pub(crate) f64);

/// The looks that the simulated Resolve knows.
pub(crate) const NONE: Tint = Tint(1.0, 1.0);
pub(crate) const WARM: Tint = Tint(0.8, 0.5);
pub(crate) const TEAL: Tint = Tint(1.8, 2.0);

impl Stage {
    /// Opens the cut that `tracks` make of the media; `start` is its global start. `change` changes what Resolve is like.
    pub(crate) fn open(media: Media, start: Value, tracks: Vec<Value>, change: impl FnOnce(&mut Value)) -> Stage {
        let otio = media.path("cut.otio");
        std::fs::write(&otio, timeline_at(start, tracks).to_string()).expect("a new file");
        let mut state = json!({"project": {"name": "show", "timelines": [{"otio": otio}]}});
        change(&mut state);
        Stage { media, otio, fake: FakeResolve::start(&state), lock: None }
    }

    /// Two clips with a gap between them, in 24 frames a second from 01:00:00:00 on: `a` for 8 frames from its 4th on,
    /// 3 frames of nothing, `b` for 6 frames from its 7th on.
    pub(crate) fn usual(change: impl FnOnce(&mut Value)) -> Stage {
        let mut media = Media::new();
        let a = media.numbered("a.mov", 20, "24", PRORES);
        let b = media.numbered("b.mov", 20, "24", PRORES);
        let all = || range(0, 20, 24.0);
        let clips =
            [clip("a", file(&a, all()), range(4, 8, 24.0)), gap(3), clip("b", file(&b, all()), range(7, 6, 24.0))];
        Stage::open(media, time(86_400, 24.0), vec![track("V1", clips)], change)
    }

    pub(crate) fn timeline(&self) -> Timeline {
        read_file(&self.otio, &ReadOptions::default()).expect("a timeline that a test wrote")
    }

    pub(crate) fn plan(&self, options: &PlanOptions) -> Plan {
        Plan::with_media(&self.timeline(), options, &FfmpegLookup::new()).expect("a plan")
    }

    /// Where changes in this Resolve are noted.
    pub(crate) fn state(&self) -> PathBuf {
        self.fake.folder().join("state-of-runs")
    }

    /// Options that reach this Resolve.
    pub(crate) fn options(&self) -> ResolveOptions {
        let mut options = ResolveOptions::default();
        options.command = vec![python()];
        options.environment = self.fake.environment();
        options.limits.poll = Duration::from_millis(20);
        options.limits.files = Duration::from_millis(400);
        options.state = Some(self.state());
        options.lock = Some(self.lock.clone().unwrap_or_else(|| self.fake.folder().join("locks")));
        options
    }

    /// The same, changed.
    pub(crate) fn with(&self, change: impl FnOnce(&mut ResolveOptions)) -> ResolveOptions {
        let mut options = self.options();
        change(&mut options);
        options
    }

    pub(crate) fn try_run(&self, options: ResolveOptions, plan: Plan, preset_name: &str) -> Result<Run> {
        run_backend(ResolveBackend::new(options), plan, preset(preset_name))
    }

    /// Renders and expects every shot to be done, every frame to be the plan's and every one that is not black to have
    /// this tint; and Resolve to be as it was.
    #[track_caller]
    pub(crate) fn check(&self, options: ResolveOptions, plan: &PlanOptions, preset_name: &str, tint: Tint) -> Run {
        let before = self.fake.now();
        let run = self.try_run(options, self.plan(plan), preset_name).unwrap_or_else(|error| panic!("{error:#}"));
        self.check_shots(&run, tint);
        assert_eq!(self.fake.now(), before, "Resolve is as it was");
        run
    }

    /// The same of a report.
    #[track_caller]
    pub(crate) fn check_run(&self, report: &Report, plan: Plan, tint: Tint) {
        self.check_shots(&Run { _folder: None, plan, report: report.clone() }, tint);
    }

    #[track_caller]
    fn check_shots(&self, run: &Run, tint: Tint) {
        for shot in &run.report.shots {
            assert_eq!(shot.status, Status::Done, "{}: {:#?}", shot.shot, shot.error);
            self.check_shot(run, &shot.shot, tint);
        }
    }

    #[track_caller]
    fn check_shot(&self, run: &Run, name: &str, tint: Tint) {
        let rows = run.rows(name);
        let pictures = run.samples(name, "rgb24");
        assert_eq!(pictures.len(), rows.len(), "{name}");
        let seen: Vec<_> =
            rows.iter().map(|row| (!row.layers.is_empty()).then(|| self.media.expected(row, 0))).collect();
        let green =
            |picture: &[u8]| number_in(|x, y| f64::from(picture[(y * WIDTH + x) * 3 + 1]), (0, 0), (WIDTH, HEIGHT));
        let numbers: Vec<_> = pictures.iter().map(|picture| green(picture)).collect();
        assert_eq!(numbers, seen, "{name}");
        for (row, picture) in rows.iter().zip(&pictures) {
            let [red, green, blue] =
                [0, 1, 2].map(|channel| mean(&picture.iter().copied().skip(channel).step_by(3).collect::<Vec<u8>>()));
            let what = format!("{name}, frame {}", row.frame);
            if row.layers.is_empty() {
                assert!(red + green + blue < 8.0, "{what} is black: {red} {green} {blue}");
            } else {
                near(green / red, tint.0, 0.1 * tint.0, &what);
                near(blue / red, tint.1, 0.1 * tint.1, &what);
            }
        }
    }
}

/// Changes the state so that Resolve behaves the other way wherever its documentation leaves it open.
pub(crate) fn other(state: &mut Value) {
    state["quirks"] = json!({"set": "other"});
}

/// How numbered media are coded.
pub(crate) const PRORES: &str = "-c:v prores_ks -profile:v 2";
