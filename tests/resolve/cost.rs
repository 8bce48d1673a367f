//! What a run costs in calls: each takes Resolve a tenth of a second or so.

use otio_conflate::backend::resolve::ResolveBackend;
use otio_conflate::plan::PlanOptions;
use otio_conflate::{Delivery, ErrorKind};
use serde_json::json;

use crate::rendering::{Media, clip, file, range, time, track};
use crate::support::{PRORES, Stage, WARM};

/// A cut of so many clips of two frames each.
fn long(clips: u32, change: impl FnOnce(&mut serde_json::Value)) -> Stage {
    let mut media = Media::new();
    let a = media.numbered("a.mov", 20, "24", PRORES);
    let one = |number: u32| {
        let start = f64::from(number % 17);
        clip(&format!("clip {number:03}"), file(&a, range(0, 20, 24.0)), range_of(start))
    };
    Stage::open(media, time(86_400, 24.0), vec![track("V1", (0..clips).map(one).collect::<Vec<_>>())], change)
}

fn range_of(start: f64) -> serde_json::Value {
    let mut used = range(0, 2, 24.0);
    used["start_time"]["value"] = json!(start);
    used
}

/// How many calls are made until Resolve is told to render.
fn calls_before_the_render(stage: &Stage) -> usize {
    let backend = ResolveBackend::new(stage.options());
    let folder = stage.media.path("out/x").with_file_name("ticket");
    let ticket = backend.submit(&stage.plan(&PlanOptions::default()), &Delivery::new(folder)).expect("a ticket");
    let calls = stage.fake.calls();
    let start = calls.iter().position(|call| call["method"] == "StartRendering").expect("it was told to");
    backend.withdraw(&ticket).expect("Resolve runs");
    start
}

#[test]
fn five_hundred_clips_take_less_than_three_minutes_of_calls() {
    let stage = long(500, |_| ());
    let calls = calls_before_the_render(&stage);
    println!("{calls} calls");
    assert!(calls > 500 && calls <= 1800, "{calls} calls of a tenth of a second");
}

#[test]
fn an_export_that_is_another_cut_is_not_believed() {
    for export in ["shifted", "none"] {
        let stage = long(30, |state| state["quirks"] = json!({"export": export}));
        let calls = calls_before_the_render(&stage);
        assert!(calls > 8 * 30, "each clip is asked: {calls}");
    }
    let stage = long(3, |_| ());
    stage.check(stage.options(), &PlanOptions::default(), "prores-lt", WARM);
}

#[test]
fn a_clip_that_was_changed_is_found_in_an_export_too() {
    let changed = |what: &str, value: serde_json::Value| {
        let stage = long(30, |state| {
            let otio = state["project"]["timelines"][0]["otio"].as_str().expect("a path").to_owned();
            let media = otio.replace("cut.otio", "a.mov");
            let item = |number: i64| {
                let (name, start) = (format!("clip {number:03}"), number * 2);
                json!({"name": name, "start": start, "duration": 2, "media": media, "source_start": number % 17})
            };
            let mut items: Vec<_> = (0..30).map(item).collect();
            // None of those that are asked anyway.
            items[10][what] = value;
            state["project"]["timelines"] = json!([{"name": "cut", "rate": "24", "video": [{"items": items}]}]);
        });
        let folder = stage.media.path("out/x").with_file_name("ticket");
        let backend = ResolveBackend::new(stage.options());
        backend.submit(&stage.plan(&PlanOptions::default()), &Delivery::new(folder)).map(|ticket| {
            backend.withdraw(&ticket).expect("Resolve runs");
        })
    };
    changed("name", json!("clip 010")).expect("the same cut");
    for (what, value) in
        [("source_start", json!(12)), ("enabled", json!(false)), ("duration", json!(1)), ("speed", json!(4))]
    {
        let error = changed(what, value).expect_err(what);
        assert_eq!(error.kind(), ErrorKind::Mismatch, "{what}: {error:#}");
        assert!(format!("{error:#}").contains("clip 010"), "{what}: {error:#}");
    }
}
