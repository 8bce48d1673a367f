//! What a run that goes well leaves: files, the manifest, the cut with its intermediates. R11.

use std::sync::Mutex;

use otio_conflate::backend::RecordBackend;
use otio_conflate::otio::{ReadOptions, read_file};
use otio_conflate::plan::{PlanOptions, Shot};
use otio_conflate::timeline::{Child, Clip, EffectKind, MediaReference};
use otio_conflate::{Conflation, NoObserver, Observer, Plan, Report, ShotReport, Status, Timeline};
use serde_json::{Value, json};

use crate::support::*;

#[test]
fn every_shot_is_delivered_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("made/on/demand");
    let plan = with_handles(&named(&["A", "B", "C"]), "2");
    let report = run(&plan, delivery(&out, "error"), RecordBackend::new()).expect("a run");
    assert!(report.succeeded());
    assert_eq!(report.count(Status::Done), 3);
    assert_eq!(files(&out), ["A.mov", "B.mov", "C.mov", "manifest.json"]);
    for shot in &plan.shots {
        let rows: Vec<String> = plan.frames(shot).map(|row| serde_json::to_string(&row).expect("plain data")).collect();
        assert_eq!(text(out.join(format!("{}.mov", shot.name))).lines().collect::<Vec<_>>(), rows);
    }
    assert_eq!(report.folder, out.canonicalize().expect("it was made"));
}

#[test]
fn numbered_frames_lie_in_a_folder_per_shot() {
    let folder = tempfile::tempdir().expect("a folder");
    let delivery = delivery(folder.path(), "error").preset(frames());
    let report = run(&with_handles(&named(&["A", "B"]), "1"), delivery, RecordBackend::new()).expect("a run");
    let expected = [
        "A/A.1001.png",
        "A/A.1002.png",
        "A/A.1003.png",
        "A/A.1004.png",
        "A/A.1005.png",
        "B/B.1000.png",
        "B/B.1001.png",
        "B/B.1002.png",
        "B/B.1003.png",
        "B/B.1004.png",
        "manifest.json",
    ];
    assert_eq!(files(folder.path()), expected);
    let output = report.shots[0].output.as_ref().expect("it was delivered");
    assert_eq!(output.path, "A/A.%04d.png");
    let bytes: u64 = (1001..=1005).map(|n| text(folder.path().join(format!("A/A.{n}.png"))).len() as u64).sum();
    assert_eq!(output.bytes, bytes);
}

#[test]
fn the_manifest_says_what_was_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = with_handles(&named(&["A", "B"]), "2:3");
    let report = run(&plan, delivery(folder.path(), "error"), RecordBackend::new()).expect("a run");
    let mut manifest = manifest(folder.path());
    let stored: Report = serde_json::from_value(manifest.clone()).expect("a report");
    assert_eq!(stored.shots, report.shots);
    let bytes = text(folder.path().join("B.mov")).len();
    let mut b = manifest["shots"][1].take();
    let elapsed = b.as_object_mut().and_then(|b| b.remove("elapsed")).and_then(|elapsed| elapsed.as_f64());
    assert!(elapsed.is_some_and(|elapsed| (0.0..60.0).contains(&elapsed)), "{elapsed:?}");
    let fingerprint = b["fingerprint"].as_str().expect("a string");
    assert!(fingerprint.len() == 32 && fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit()), "{fingerprint}");
    let expected = json!({
        "shot": "B", "clip": "B", "track": "V1", "object": "tracks[0].children[1]", "status": "done",
        "output": {"kind": "movie", "path": "B.mov", "bytes": bytes, "codec": "prores", "size": [1920, 1080]},
        "first_frame": 999, "frame_count": 6, "head": 2, "tail": 0,
        "record": {"start": 86_402, "start_timecode": "01:00:00:02", "end_timecode": "01:00:00:08"},
        "sources": [
            {"track": "V1", "clip": "A", "object": "tracks[0].children[0]", "media": "/m/a.mov", "first_frame": 999,
                "last_frame": 1000, "first_source": 12, "last_source": 13, "speed": 1.0},
            {"track": "V1", "clip": "B", "object": "tracks[0].children[1]", "media": "/m/a.mov", "first_frame": 1001,
                "last_frame": 1004, "first_source": 10, "last_source": 13, "speed": 1.0},
        ],
        "fingerprint": fingerprint,
        "warnings": ["the tail handle has 0 of 3 frames: the cut has no more"],
    });
    assert_eq!(b, expected);
    assert_eq!(
        [&manifest["backend"], &manifest["name"], &manifest["rate"], &manifest["crate_version"], &manifest["preset"]],
        [&json!("record"), &json!("cut"), &json!(24.0), &json!(env!("CARGO_PKG_VERSION")), &json!("prores-lt")]
    );
    assert_eq!((&manifest["canvas"]["width"], &manifest["timeline"]), (&json!(1920), &Value::Null));
}

#[test]
fn a_plan_without_shots_leaves_a_manifest_without_any() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = run(&plan(&named(&[])), delivery(folder.path(), "error"), RecordBackend::new()).expect("a run");
    assert!(report.succeeded() && report.shots.is_empty());
    assert_eq!(files(folder.path()), ["manifest.json"]);
}

#[derive(Default)]
struct Watching(Mutex<Vec<String>>);

impl Watching {
    fn note(&self, line: String) {
        self.0.lock().expect("no test panics here").push(line);
    }
}

impl Observer for Watching {
    fn started(&self, shots: usize, frames: i64) {
        self.note(format!("{shots} shots, {frames} frames"));
    }
    fn frame(&self, shot: &Shot, done: i64, of: i64) {
        self.note(format!("{} {done}/{of}", shot.name));
    }
    fn finished(&self, report: &ShotReport) {
        self.note(format!("{} {:?}", report.shot, report.status));
    }
}

#[test]
fn a_run_can_be_watched() {
    let folder = tempfile::tempdir().expect("a folder");
    let watching = Watching::default();
    let delivery = delivery(folder.path(), "error").jobs(1);
    let plan = plan(&timeline([clip("A", 2, "/m/a.mov"), clip("B", 2, "/m/b.mov")]));
    Conflation::new(RecordBackend::new().failing("B"), delivery).run(&plan, &watching).expect("a run");
    let seen = watching.0.into_inner().expect("no test panics here");
    assert_eq!(seen, ["2 shots, 4 frames", "A 1/2", "A 2/2", "A Done", "B 1/2", "B Failed"]);
}

#[test]
fn an_observer_that_panics_fails_its_shot_alone() {
    use otio_conflate::backend::{Event, Events};
    let folder = tempfile::tempdir().expect("a folder");
    let observer = Events::new(|event| match event {
        Event::Frame { shot, done: 2, .. } if shot.name == "B" => panic!("no database"),
        Event::Finished(report) if report.shot == "C" => panic!("no database {}", 2),
        _ => {}
    });
    let plan = plan(&named(&["A", "B", "C", "D"]));
    let run = Conflation::new(RecordBackend::new(), delivery(folder.path(), "error").jobs(2)).run(&plan, &observer);
    let report = run.expect("a run");
    let statuses: Vec<Status> = report.shots.iter().map(|shot| shot.status).collect();
    assert_eq!(statuses, [Status::Done, Status::Failed, Status::Done, Status::Done]);
    assert!(report.shots[1].error[0].contains("no database"), "{:?}", report.shots[1].error);
    assert!(report.shots[2].warnings.iter().any(|warning| warning.contains("no database 2")));
    assert_eq!(files(folder.path()), ["A.mov", "C.mov", "D.mov", "manifest.json"]);
}

#[test]
fn shots_of_one_medium_are_rendered_together_in_its_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str, start: i32, url: &str| {
        let mut clip = clip(name, 4, url);
        clip["source_range"] = range(start, 4);
        clip
    };
    let cut =
        timeline([at("A", 50, "/m/1.mov"), at("B", 10, "/m/2.mov"), at("C", 20, "/m/1.mov"), at("D", 0, "/m/2.mov")]);
    let backend = RecordBackend::new();
    let conflation = Conflation::new(Borrowed(&backend), delivery(folder.path(), "error").jobs(1));
    let report = conflation.run(&plan(&cut), &NoObserver).expect("a run");
    assert_eq!(backend.asked(), ["C", "A", "D", "B"]);
    let reported: Vec<&str> = report.shots.iter().map(|shot| shot.shot.as_str()).collect();
    assert_eq!(reported, ["A", "B", "C", "D"]);
}

/// A backend that a test keeps.
pub(crate) struct Borrowed<'b>(pub(crate) &'b RecordBackend);

impl otio_conflate::backend::Backend for Borrowed<'_> {
    fn name(&self) -> &str {
        self.0.name()
    }
    fn capabilities(&self) -> otio_conflate::backend::Capabilities {
        self.0.capabilities()
    }
    fn open<'a>(
        &'a self,
        plan: &'a Plan,
        preset: &'a otio_conflate::deliver::Preset,
        representations: &'a [otio_conflate::deliver::Representation],
    ) -> otio_conflate::Result<Box<dyn otio_conflate::backend::Session + 'a>> {
        self.0.open(plan, preset, representations)
    }
}

#[test]
fn no_more_shots_are_rendered_at_once_than_jobs_and_backend_allow() {
    for (jobs, allowed, most) in [(3, None, 3), (8, Some(2), 2), (8, Some(1), 1)] {
        let folder = tempfile::tempdir().expect("a folder");
        let crowd = Crowd::default();
        let mut backend = Meddling::new(|step: Step<'_>| {
            match step {
                Step::Before(_) => crowd.enter(),
                Step::After(..) => crowd.leave(),
                Step::Verify(_) | Step::Verified(_) => {}
            }
            Ok(())
        });
        backend.shots_at_once = allowed;
        let names: Vec<String> = (0..12).map(|number| format!("sh{number}")).collect();
        let cut = named(&names.iter().map(String::as_str).collect::<Vec<_>>());
        run(&plan(&cut), delivery(folder.path(), "error").jobs(jobs), backend).expect("a run");
        assert_eq!(crowd.most(), most, "{jobs} jobs, {allowed:?} allowed");
    }
}

fn conflated(timeline: &Timeline, plan: &Plan, delivery: otio_conflate::Delivery, backend: RecordBackend) -> Timeline {
    let folder = delivery.folder.clone();
    Conflation::new(backend, delivery).timeline(timeline).run(plan, &NoObserver).expect("a run");
    read_file(folder.join("conflated.otio"), &ReadOptions::default()).expect("it was just written")
}

fn clip_at(timeline: &Timeline, index: usize) -> &Clip {
    match &timeline.tracks.children[0] {
        Child::Composition(track) => match &track.children[index] {
            Child::Clip(clip) => clip,
            other => panic!("a clip, not {other:?}"),
        },
        other => panic!("a track, not {other:?}"),
    }
}

#[test]
fn the_conflated_cut_plays_the_intermediates_where_their_clips_were() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut fast = clip("B", 4, "/m/b.mov");
    fast["effects"] = json!([{"OTIO_SCHEMA": "LinearTimeWarp.1", "time_scalar": 2.0},
        {"OTIO_SCHEMA": "Effect.1", "effect_name": "Blur"}]);
    let mut whole = clip("C", 4, "/m/c.mov");
    whole["source_range"] = Value::Null;
    let cut = timeline([clip("A", 4, "/m/a.mov"), fast, whole]);
    let plan = with_handles(&cut, "2");
    let found = conflated(&cut, &plan, delivery(folder.path(), "error"), RecordBackend::new());

    let clip = clip_at(&found, 1);
    assert_eq!(clip.active_media_reference_key, "intermediate");
    assert!(clip.media_references.contains_key("DEFAULT_MEDIA"), "the former reference stays");
    let Some(MediaReference::External { target_url, common }) = clip.media_reference() else { panic!("{clip:?}") };
    assert_eq!(target_url, "B.mov");
    // The clip starts at 10, its file two handle frames before.
    let available = common.available_range.expect("it is known");
    assert_eq!((available.start_time.value, available.duration.value), (8.0, 8.0));
    assert_eq!(clip.item.source_range.expect("it stays").start_time.value, 10.0);
    let enabled: Vec<bool> = clip.item.effects.iter().map(|effect| effect.enabled).collect();
    assert!(matches!(clip.item.effects[0].kind, EffectKind::LinearTimeWarp { .. }));
    assert_eq!(enabled, [false, true], "the speed is in the frames already, the blur is not");
    assert_eq!(clip_at(&found, 2).item.source_range.expect("it was made explicit").duration.value, 100.0);

    // The proof: planned anew, each shot shows its intermediate from the first frame behind the head handles on.
    let again = Plan::new(&found, &PlanOptions::default()).expect("a plan");
    assert_eq!(again.duration, plan.duration);
    for (before, after) in plan.shots.iter().zip(&again.shots) {
        let rows: Vec<_> = again.frames(after).collect();
        let sources: Vec<i64> = rows.iter().map(|row| row.layers[0].source).collect();
        assert_eq!(sources, (before.head..before.head + after.frame_count).collect::<Vec<_>>(), "{}", before.name);
        let file = folder.path().canonicalize().expect("it is there").join(format!("{}.mov", before.name));
        assert_eq!(std::path::Path::new(&rows[0].layers[0].media).canonicalize().expect("it is there"), file);
    }
}

#[test]
fn the_conflated_cut_finds_numbered_frames_and_names_that_need_escapes() {
    let folder = tempfile::tempdir().expect("a folder");
    let cut = named(&["50% #1", "B", "odd%04dname"]);
    let plan = with_handles(&cut, "1");
    let found = conflated(&cut, &plan, delivery(folder.path(), "error").preset(frames()), RecordBackend::new());
    let again = Plan::new(&found, &PlanOptions::default()).expect("a plan");
    for (shot, first) in again.shots.iter().zip([1001, 1001, 1001]) {
        let row = again.frames(shot).next().expect("frames");
        assert_eq!(row.layers[0].source, first);
        let media = &again.media[match &shot.spans[0].stack[0] {
            otio_conflate::plan::Element::Layer(layer) => layer.media,
            other => panic!("a layer, not {other:?}"),
        }];
        let index = if shot.name == "50% #1" { 0 } else { 1 };
        assert!(media.source.file(index).expect("a file").is_file(), "{:?}", media.source);
    }
}

#[test]
fn clips_of_failed_shots_stay_as_they_were() {
    let folder = tempfile::tempdir().expect("a folder");
    let cut = named(&["A", "B"]);
    let found = conflated(&cut, &plan(&cut), delivery(folder.path(), "error"), RecordBackend::new().failing("A"));
    assert_eq!(clip_at(&found, 0), clip_at(&cut, 0));
    assert_eq!(clip_at(&found, 1).active_media_reference_key, "intermediate");
}

#[test]
fn skipped_shots_are_in_the_conflated_cut_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let cut = named(&["A"]);
    let first = conflated(&cut, &plan(&cut), delivery(folder.path(), "error"), RecordBackend::new());
    let second = conflated(&cut, &plan(&cut), delivery(folder.path(), "skip"), RecordBackend::new());
    assert_eq!(first.tracks, second.tracks);
}

#[test]
fn what_is_retimed_from_outside_or_delivered_in_part_stays_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut bent = clip("A", 4, "/m/a.mov");
    bent["effects"] = json!([{"OTIO_SCHEMA": "TimeEffect.1", "effect_name": "TimeWarp", "metadata": {"lookup": [1, 2]}},
        {"OTIO_SCHEMA": "TimeEffect.1", "effect_name": "Wobble"}]);
    let cut = timeline([bent, clip("B", 4, "/m/b.mov")]);
    let found = conflated(&cut, &plan(&cut), delivery(folder.path(), "error"), RecordBackend::new());
    let enabled: Vec<bool> = clip_at(&found, 0).item.effects.iter().map(|effect| effect.enabled).collect();
    assert_eq!(enabled, [false, true], "the curve is in the frames already, what nobody knows is not");
    let again = Plan::new(&found, &PlanOptions::default()).expect("a plan");
    assert_eq!(again.frames(&again.shots[0]).map(|row| row.layers[0].source).collect::<Vec<_>>(), [0, 1, 2, 3]);

    let mut retimed = cut.clone();
    let Child::Composition(track) = &mut retimed.tracks.children[0] else { panic!("a track") };
    track.item.effects = clip_at(&cut, 0).item.effects.clone();
    let plan = plan(&retimed);
    let found = conflated(&retimed, &plan, delivery(&folder.path().join("b"), "error"), RecordBackend::new());
    assert_eq!(clip_at(&found, 1), clip_at(&cut, 1));

    let mut trimmed = cut.clone();
    let Child::Composition(track) = &mut trimmed.tracks.children[0] else { panic!("a track") };
    track.item.source_range = clip_at(&cut, 1).item.source_range;
    let range = track.item.source_range.as_mut().expect("it was just set");
    (range.start_time.value, range.duration.value) = (6.0, 2.0);
    let plan = self::plan(&trimmed);
    let found = conflated(&trimmed, &plan, delivery(&folder.path().join("c"), "error"), RecordBackend::new());
    assert_eq!(clip_at(&found, 1), clip_at(&cut, 1));
}
