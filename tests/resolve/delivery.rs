//! Shots as they are delivered: the right frames, graded, whatever they are written as.

use otio_conflate::backend::resolve::ResolveBackend;
use otio_conflate::backend::resolve::{RenderPreset, TimelineChoice};
use otio_conflate::plan::{Handles, PlanOptions};
use otio_conflate::{Conflation, Delivery, ErrorKind, Existing, NoObserver, Status};
use serde_json::json;

use crate::common::ffprobe;
use crate::rendering::{Media, clip, dissolve, file, files, gap, options, range, time, track, warped};
use crate::support::{PRORES, Stage, WARM, other};

fn handles(both: u32) -> PlanOptions {
    options(|options| options.handles = Handles::both(both))
}

#[test]
fn shots_are_cut_out_of_one_render_of_the_timeline() {
    let stage = Stage::usual(|_| ());
    let run = stage.check(stage.options(), &handles(4), "prores-lt", WARM);
    assert_eq!(run.report.shots.iter().map(|shot| shot.frame_count).collect::<Vec<_>>(), [12, 10]);
    assert_eq!(run.report.backend, "resolve");
    assert_eq!((run.report.canvas.width, run.report.canvas.height), (256, 160));
    assert_eq!(stage.fake.calls_of("Project.AddRenderJob").len(), 1);
    let probed = ffprobe(&run.path("b"));
    assert_eq!(probed["streams"][0]["tags"]["timecode"], "01:00:00:07");
    assert_eq!(files(&run.report.folder), ["a.mov", "b.mov", "manifest.json"]);
}

#[test]
fn ntsc_rates_and_clips_that_were_moved_are_frame_exact() {
    let mut media = Media::new();
    let rate = 24_000.0 / 1001.0;
    let a = media.numbered("a.mov", 30, "24000/1001", PRORES);
    let b = media.numbered("b.mov", 30, "24000/1001", PRORES);
    let clips = [
        clip("a", file(&a, range(0, 30, rate)), range(5, 7, rate)),
        clip("b", file(&b, range(0, 30, rate)), range(11, 9, rate)),
        clip("a again", file(&a, range(0, 30, rate)), range(12, 5, rate)),
    ];
    let stage = Stage::open(media, time(86_400, rate), vec![track("V1", clips)], other);
    let run = stage.check(stage.options(), &handles(2), "prores-hq", WARM);
    assert_eq!(run.report.rate.num(), 24_000);
}

#[test]
fn transitions_retimes_and_tracks_above_are_resolves() {
    let mut media = Media::new();
    let a = media.numbered("a.mov", 30, "24", PRORES);
    let b = media.numbered("b.mov", 30, "24", PRORES);
    let all = || range(0, 30, 24.0);
    let below =
        [warped(clip("a", file(&a, all()), range(2, 8, 24.0)), 2.0), clip("b", file(&b, all()), range(6, 8, 24.0))];
    let above = [gap(10), clip("top", file(&a, all()), range(20, 3, 24.0))];
    let tracks = vec![track("V1", below), track("V2", above)];
    let stage = Stage::open(media, time(86_400, 24.0), tracks, |_| ());
    stage.check(stage.options(), &handles(3), "ffv1", WARM);
}

#[test]
fn a_dissolve_is_no_difference() {
    let mut media = Media::new();
    let a = media.numbered("a.mov", 30, "24", PRORES);
    let b = media.numbered("b.mov", 30, "24", PRORES);
    let all = || range(0, 30, 24.0);
    let clips =
        [clip("a", file(&a, all()), range(2, 8, 24.0)), dissolve(2, 2), clip("b", file(&b, all()), range(6, 8, 24.0))];
    let stage = Stage::open(media, time(86_400, 24.0), vec![track("V1", clips)], |_| ());
    let run = stage.try_run(stage.options(), stage.plan(&PlanOptions::default()), "prores-lt").expect("a run");
    assert!(run.report.succeeded());
    assert_eq!(run.numbers("a")[..6], (2..8).map(|index| Some(stage.media.number(&a, index))).collect::<Vec<_>>());
}

#[test]
fn frames_are_taken_and_delivered_as_files() {
    let stage = Stage::usual(other);
    let options = stage.with(|options| {
        options.format = Some("PNG".to_owned());
        options.codec = Some("RGB 8-bit".to_owned());
    });
    stage.check(options, &handles(0), "png", WARM);
}

#[test]
fn a_timeline_is_imported_and_removed_again() {
    for set in ["usual", "other"] {
        let stage = Stage::usual(|state| {
            state["quirks"] = json!({"set": set});
            state["project"]["timelines"] = json!([{"name": "somebody's work", "video": []}]);
        });
        let options = stage.with(|options| options.timeline = TimelineChoice::Import);
        stage.check(options, &handles(1), "prores-lt", WARM);
    }
}

#[test]
fn a_timeline_is_found_by_its_name() {
    let stage = Stage::usual(|state| {
        let cut = state["project"]["timelines"][0].clone();
        state["project"]["timelines"] = json!([
            {"name": "other", "video": []}, {"otio": cut["otio"], "name": "the cut"}, {"name": "twice"}, {"name": "twice"}]);
    });
    let named = |name: &str| stage.with(|options| options.timeline = TimelineChoice::Named(name.to_owned()));
    stage.check(named("the cut"), &handles(1), "prores-lt", WARM);
    for name in ["twice", "nothing"] {
        let before = stage.fake.now();
        let error = stage.try_run(named(name), stage.plan(&PlanOptions::default()), "prores-lt").err().expect(name);
        assert_eq!(error.kind(), ErrorKind::Option, "{error}");
        assert!(error.to_string().contains("\"the cut\""), "{error}");
        assert_eq!(stage.fake.now(), before);
    }
}

#[test]
fn render_presets_are_laid_under_what_is_set() {
    let stage = Stage::usual(|state| {
        state["project"]["presets"] = json!({"Review": {"format": "mov", "codec": "DNxHRHQX", "FormatWidth": 64,
            "SelectAllFrames": false, "ExportVideo": false, "render_mode": 0}});
    });
    let preset = |preset| stage.with(|options| options.preset = preset);
    stage.check(preset(RenderPreset::Named("Review".to_owned())), &handles(1), "prores-lt", WARM);
    let chosen = stage.fake.calls_of("Project.SetCurrentRenderFormatAndCodec");
    assert_eq!(chosen.len(), 1, "only what was set before is put back: {chosen:?}");
    let path = stage.media.path("Studio.xml");
    std::fs::write(&path, r#"{"format": "mov", "codec": "ProRes422HQ"}"#).expect("a new file");
    stage.check(preset(RenderPreset::File(path)), &handles(1), "prores-hq", WARM);
    let error = stage.try_run(preset(RenderPreset::Named("Nope".to_owned())), stage.plan(&handles(0)), "prores-lt");
    let error = error.err().expect("there is no such preset");
    assert!(error.kind() == ErrorKind::Option && error.to_string().contains("Review"), "{error}");
}

#[test]
fn shots_that_are_there_are_not_rendered_again() {
    let stage = Stage::usual(|_| ());
    let folder = stage.media.path("out/x").parent().expect("a folder").to_owned();
    let plan = stage.plan(&PlanOptions::default());
    let run = |options| {
        let delivery = Delivery::new(&folder).existing(Existing::Skip);
        Conflation::new(ResolveBackend::new(options), delivery).run(&plan, &NoObserver).expect("a run")
    };
    assert_eq!(run(stage.options()).count(Status::Done), 2);
    let report = run(stage.options());
    assert_eq!(report.count(Status::Skipped), 2);
    assert!(report.shots[0].warnings.iter().any(|warning| warning.contains("grade")), "{:?}", report.shots[0]);
    assert_eq!(stage.fake.calls_of("Project.AddRenderJob").len(), 1);
    let other = stage.with(|options| options.grade = otio_conflate::backend::resolve::Grade::Bypass);
    assert_eq!(run(other).count(Status::Done), 2, "another grade is another picture");
}
