//! What Resolve renders in one job, and which tracks it shows. R4, R11.

use otio_conflate::backend::resolve::{ResolveGrade, Scope, Solo};
use otio_conflate::plan::{HandleMode, Handles, PlanOptions, ShotSelection};
use otio_conflate::{ErrorKind, Status};
use serde_json::{Value, json};

use crate::rendering::{Media, clip, file, gap, options, range, time, track};
use crate::support::{NONE, PRORES, Stage, WARM, other};

fn marks(stage: &Stage) -> Vec<(Value, Value)> {
    let set = stage.fake.calls_of("Project.SetRenderSettings");
    set.iter().map(|call| (call["arguments"][0]["MarkIn"].clone(), call["arguments"][0]["MarkOut"].clone())).collect()
}

#[test]
fn each_shot_is_rendered_alone_between_absolute_marks() {
    let stage = Stage::usual(|state| {
        state["project"]["timelines"][0]["marks"] = json!({"video": {"in": 2, "out": 5}, "audio": {"in": 2, "out": 5}});
    });
    let options_of = |scope| stage.with(|options| options.scope = scope);
    let two = options(|options| options.handles = Handles::both(2));
    stage.check(options_of(Scope::PerShot), &two, "prores-lt", WARM);
    // `a` lies at 0..8 and `b` at 11..17, with two frames more where the cut has any.
    assert_eq!(marks(&stage), [(json!(86_400), json!(86_409)), (json!(86_409), json!(86_416))]);
    let before = stage.fake.calls_of("Project.SetRenderSettings").len();
    let three = options(|options| options.handles = Handles::both(1));
    stage.check(options_of(Scope::Union), &three, "prores-lt", WARM);
    assert_eq!(marks(&stage)[before..], [(json!(86_400), json!(86_408)), (json!(86_410), json!(86_416))]);
}

#[test]
fn ranges_that_meet_are_one_job() {
    let stage = Stage::usual(other);
    let two = options(|options| options.handles = Handles::both(2));
    let options = stage.with(|options| options.scope = Scope::Union);
    let run = stage.try_run(options, stage.plan(&two), "prores-lt").expect("a run");
    assert!(run.report.succeeded());
    assert_eq!(stage.fake.calls_of("Project.AddRenderJob").len(), 1);
    let told = |text: &str| run.report.warnings.iter().any(|warning| warning.message.contains(text));
    assert!(told("marks"), "this Resolve does not tell its marks: {:?}", run.report.warnings);
}

#[test]
fn one_shot_that_fails_does_not_stop_the_others() {
    let stage = Stage::usual(|_| ());
    stage.fake.set_faults(&json!({"calls": [{"method": "Project.AddRenderJob", "nth": 1, "do": "empty"}]}));
    let before = stage.fake.now();
    let options = stage.with(|options| options.scope = Scope::PerShot);
    let run = stage.try_run(options, stage.plan(&PlanOptions::default()), "prores-lt").expect("a run");
    assert_eq!((run.shot("a").status, run.shot("b").status), (Status::Failed, Status::Done));
    assert!(run.shot("a").error.join(": ").contains("AddRenderJob"), "{:?}", run.shot("a").error);
    assert_eq!(stage.fake.now(), before);
}

#[test]
fn source_handles_are_in_no_timeline() {
    let stage = Stage::usual(|_| ());
    for shots in [ShotSelection::Hero, ShotSelection::Track("V1".to_owned())] {
        let handles = options(|options| {
            options.shots = shots;
            options.handles = Handles::both(2);
            options.handle_mode = HandleMode::Source;
        });
        let before = stage.fake.now();
        let error = stage.try_run(stage.options(), stage.plan(&handles), "prores-lt").err().expect("refused");
        assert_eq!(error.kind(), ErrorKind::Mismatch, "{error:#}");
        assert!(format!("{error:#}").contains("the plan shows \"a\" (a.mov)"), "{error:#}");
        assert_eq!(stage.fake.now(), before);
    }
    assert!(stage.fake.calls_of("Project.AddRenderJob").is_empty());
}

#[test]
fn source_handles_come_from_a_timeline_of_our_own() {
    let handles = options(|options| {
        options.handles = Handles::both(2);
        options.handle_mode = HandleMode::Source;
    });
    for change in [|_: &mut Value| (), other] {
        let stage = Stage::usual(change);
        let options = stage.with(|options| options.scope = Scope::PerShot);
        let run = stage.check(options.clone(), &handles, "prores-lt", WARM);
        assert_eq!(run.report.shots.iter().map(|shot| shot.frame_count).collect::<Vec<_>>(), [12, 10]);
        assert!(!stage.fake.calls_of("TimelineItem.CopyGrades").is_empty());
        let bypass = stage.with(|options| (options.scope, options.grade) = (Scope::PerShot, ResolveGrade::Bypass));
        stage.check(bypass, &handles, "prores-lt", NONE);
    }
}

#[test]
fn source_handles_that_cannot_be_had_are_refused() {
    let handles = options(|options| {
        options.handles = Handles::both(2);
        options.handle_mode = HandleMode::Source;
    });
    let refused = |change: &dyn Fn(&mut Value), words: &str| {
        let stage = Stage::usual(change);
        let before = stage.fake.now();
        let options = stage.with(|options| options.scope = Scope::PerShot);
        let error = stage.try_run(options, stage.plan(&handles), "prores-lt").err().expect(words);
        assert!(format!("{error:#}").contains(words), "{error:#}");
        assert_eq!(stage.fake.now(), before);
        assert!(stage.fake.calls_of("Project.AddRenderJob").is_empty());
    };
    refused(&|state| state["project"]["settings"] = json!({"nodeStackLayers": "2"}), "several layers of nodes");
    refused(&|state| state["project"]["settings"] = json!({"timelineFrameRate": "25"}), "another timeline");
    refused(&|state| state["quirks"] = json!({"missing": ["MediaPool.AppendToTimeline"]}), "AppendToTimeline");
}

/// `below` on V1 is covered by `above` on V2.
pub(crate) fn covered(change: impl FnOnce(&mut Value)) -> Stage {
    let mut media = Media::new();
    let a = media.numbered("a.mov", 20, "24", PRORES);
    let b = media.numbered("b.mov", 20, "24", PRORES);
    let all = || range(0, 20, 24.0);
    let below = [clip("below", file(&a, all()), range(2, 12, 24.0))];
    let above = [gap(4), clip("above", file(&b, all()), range(5, 5, 24.0))];
    Stage::open(media, time(86_400, 24.0), vec![track("V1", below), track("V2", above)], change)
}

#[test]
fn a_shot_is_seen_on_its_own_track_alone() {
    let stage = covered(|_| ());
    let before = stage.fake.now();
    let all = options(|options| options.shots = ShotSelection::All);
    let options = stage.with(|options| options.solo = Solo::Own);
    let run = stage.try_run(options, stage.plan(&all), "prores-lt").expect("a run");
    let numbers = |name: &str, from: u16, count: u16| {
        let path = stage.media.path(name);
        (from..from + count).map(|index| Some(stage.media.number(&path, index))).collect::<Vec<_>>()
    };
    assert_eq!(run.numbers("below"), numbers("a.mov", 2, 12));
    assert_eq!(run.numbers("above"), numbers("b.mov", 5, 5));
    assert_eq!(stage.fake.now(), before);
    assert_eq!(stage.fake.calls_of("Project.AddRenderJob").len(), 2, "the timeline is rendered once a track");
}

#[test]
fn a_track_that_is_not_there_is_an_error_that_lists_those_that_are() {
    let stage = covered(|_| ());
    let options = stage.with(|options| options.solo = Solo::Track("V7".to_owned()));
    let error = stage.try_run(options, stage.plan(&PlanOptions::default()), "prores-lt").err().expect("no such track");
    assert_eq!(error.kind(), ErrorKind::Option);
    assert!(format!("{error:#}").contains("\"V1\", \"V2\""), "{error:#}");
    assert!(stage.fake.calls_of("Project.AddRenderJob").is_empty());
}
