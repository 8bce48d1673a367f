//! Time-warp curves, keyframes and slow motion between two frames: R5.

use otio_conflate::plan::{HandleMode, Handles, PlanOptions, Retime};
use serde_json::{Value, json};

use crate::support::*;

fn curve(lookup: impl Into<Value>) -> Value {
    json!({"OTIO_SCHEMA": "TimeEffect.1", "name": "TimeWarp3", "effect_name": "TimeWarp",
        "metadata": {"length": 1.0, "lookup": lookup.into()}})
}

fn speed(scalar: f64) -> Value {
    json!({"OTIO_SCHEMA": "LinearTimeWarp.1", "name": "Speed", "effect_name": "LinearTimeWarp", "time_scalar": scalar})
}

fn keyed(keys: impl Into<Value>) -> Value {
    json!({"OTIO_SCHEMA": "TimeEffect.1", "name": "", "effect_name": "",
        "metadata": {"Resolve_OTIO": {"Key Frames": keys.into(), "Speed Ratio": 0.5}}})
}

fn key(played: f64, media: f64) -> Value {
    json!([played, media, false, 0.0, 0.0, 0.0, 0.0])
}

/// A cut of the clip A of `frames` frames from source frame 100.
fn cut(effects: Value, frames: i32) -> Value {
    timeline([track("V1", [clip("A", 100, frames).with("effects", effects)])])
}

fn warped(effects: Value, frames: i32) -> Vec<i64> {
    sources(&plan(&cut(effects, frames), &PlanOptions::default()), "A")
}

#[test]
fn a_curve_adds_its_value_to_each_frame() {
    assert_eq!(warped(json!([curve([0, 2, 2, -1, -4])]), 5), [100, 103, 104, 102, 100]);
    assert_eq!(warped(json!([curve([0.5, 0.5, 0.99, 0.9995])]), 4), [100, 101, 102, 104]);
}

#[test]
fn a_curve_is_multiplied_by_the_speed() {
    assert_eq!(warped(json!([speed(2.0), curve([2.0, 1.5, 1.0, 0.0])]), 4), [104, 105, 106, 106]);
    assert_eq!(warped(json!([curve([2.0, 1.5, 1.0, 0.0]), speed(2.0)]), 4), [104, 105, 106, 106]);
    assert_eq!(warped(json!([speed(-1.0), curve([0, 0, 1, 1])]), 4), [103, 102, 100, 99]);
    assert_eq!(warped(json!([speed(0.0), curve([5, 6, 7])]), 3), [100, 100, 100]);
}

#[test]
fn each_curve_retimes_what_those_before_it_made() {
    // The second leads from frame 3 to frame 1, where the first adds 20.
    let both = json!([curve([10, 20, 30, 40]), curve([0, 0, 0, -2])]);
    assert_eq!(warped(both, 4), [110, 121, 132, 121]);
    let off = json!([curve([10, 20, 30, 40]), curve([0, 0, 0, -2]).with("enabled", false)]);
    assert_eq!(warped(off, 4), [110, 121, 132, 143]);
}

#[test]
fn beyond_its_list_a_curve_holds_its_last_value_and_says_so() {
    let plan = plan(&cut(json!([curve([0, 5])]), 4), &PlanOptions::default());
    assert_eq!(sources(&plan, "A"), [100, 106, 107, 108]);
    assert!(notes(&plan).iter().any(|note| note.contains("2 values for 4 frames")), "{:?}", notes(&plan));
    let enough = self::plan(&cut(json!([curve([0, 5, 5, 5])]), 4), &PlanOptions::default());
    assert!(notes(&enough).is_empty(), "{:?}", notes(&enough));
}

#[test]
fn what_is_no_number_in_a_curve_is_said() {
    let object = "tracks[0].children[0].effects[0]";
    let part = plan(&cut(json!([curve(json!([1, "two", null, 3]))]), 4), &PlanOptions::default());
    assert_eq!(sources(&part, "A"), [101, 102, 103, 106]);
    assert_warns(&part, object, "2 of the 4 values");
    for (lookup, why) in [
        (json!([]), "is empty"),
        (json!(["a", {}]), "holds no number"),
        (json!("list"), "no list"),
        (json!({"0": 1}), "no list"),
        (Value::Null, "no list"),
    ] {
        let none = plan(&cut(json!([curve(lookup)]), 3), &PlanOptions::default());
        assert_eq!(sources(&none, "A"), [100, 101, 102]);
        assert_warns(&none, object, why);
    }
}

#[test]
fn values_no_curve_would_have_never_panic() {
    for value in ["NaN", "Infinity", "-Infinity", "1e300", "-1e300", "1e18", "1e-300"] {
        let text = cut(json!([curve(json!(["X", 1])), speed(1.5), curve(json!([0, "X"]))]), 3).to_string();
        let text = text.replace("\"X\"", value);
        let timeline = otio_conflate::otio::read_str(&text, &otio_conflate::otio::ReadOptions::default())
            .expect("these are numbers in OTIO's JSON");
        let plan = otio_conflate::Plan::new(&timeline, &PlanOptions::default()).expect("a plan");
        assert_eq!(sources(&plan, "A").len(), 3, "{value}");
    }
}

#[test]
fn one_curve_is_one_span_and_lasts_into_handles_and_transitions() {
    let mut options = PlanOptions::default();
    options.handles = Handles::both(2);
    options.handle_mode = HandleMode::Source;
    let plan = plan(&cut(json!([curve([3, 0, 0, 5])]), 4), &options);
    assert_eq!(plan.shots[0].spans.len(), 1);
    assert_eq!(sources(&plan, "A"), [101, 102, 103, 101, 102, 108, 109, 110]);

    let bent = clip("A", 100, 8).with("effects", json!([curve([0, 1, 2, 3, 4, 5, 6, 7])]));
    let cut = timeline([track("V1", [bent, dissolve(2, 2), clip("B", 300, 8)])]);
    let rows = shown(&self::plan(&cut, &whole(16)), "cut");
    assert_eq!(rows[6..9], ["A 112", "A 114*0.75 + B 299*0.25", "A 115*0.5 + B 300*0.5"]);
}

#[test]
fn frames_that_only_a_curve_asks_for_are_overruns() {
    let clip = clip_of("A", range(0, 4, 24), movie("A", range(0, 8, 24)));
    let bent = timeline([track("V1", [clip.with("effects", json!([curve([0, 9, -5, 0])]))])]);
    let plan = plan(&bent, &PlanOptions::default());
    assert_eq!(sources(&plan, "A"), [0, 7, 0, 3]);
    assert_warns(&plan, "tracks[0].children[0]", "source frames -3 to 10 of");
}

#[test]
fn keyframes_of_a_retime_are_seconds_of_play_and_of_media() {
    // A tenth of the speed for 10 seconds of play, then twice.
    let slow_then_fast = keyed([key(0.0, 0.0), key(10.0, 1.0), key(15.0, 11.0)]);
    let media = movie("A", range(86400, 264, 24));
    // It starts half a frame of media before the key: frame 23.5, that is 5 frames of play before it.
    let clip = clip_of("A", range(86423.5, 8, 24), media).with("effects", json!([slow_then_fast]));
    let plan = plan(&timeline([track("V1", [clip])]), &PlanOptions::default());
    assert_eq!(sources(&plan, "A"), [23, 23, 23, 23, 23, 24, 26, 28]);
    assert!(notes(&plan)[0].contains("keyframes"), "{:?}", notes(&plan));
}

#[test]
fn keyframes_of_a_composition_are_read_alike_and_said() {
    let nest = track("in", [clip("A", 100, 240)]).with("source_range", range(20, 8, 24));
    let nest = nest.with("effects", json!([keyed([key(0.0, 0.0), key(10.0, 1.0), key(15.0, 11.0)])]));
    let plan = plan(&timeline([track("V1", [nest])]), &whole(8));
    // It starts at 20 frames of 24 in its first slow second: after 200 frames of play.
    assert_eq!(sources(&plan, "cut"), [120; 8]);
    assert_warns(&plan, "tracks[0].children[0]", "retimed by keyframes");
}

#[test]
fn keyframes_last_into_long_handles_and_take_no_more_room_than_that() {
    let hour = keyed([key(0.0, 0.0), key(3600.0, 1800.0), key(5400.0, 5400.0)]);
    let media = movie("A", range(0, 129_600, 24));
    let clip = clip_of("A", range(43_200, 4, 24), media).with("effects", json!([hour]));
    let mut options = PlanOptions::default();
    options.handles = Handles::both(300);
    options.handle_mode = HandleMode::Source;
    let plan = plan(&timeline([track("V1", [clip])]), &options);
    let shown = sources(&plan, "A");
    assert_eq!((shown.len(), shown[0], shown[300], shown[303], shown[603]), (604, 43_050, 43_200, 43_206, 43_806));
    assert!(serde_json::to_string(&plan).expect("plain data").len() < 100_000);
}

#[test]
fn keyframes_that_cannot_be_understood_are_said() {
    let object = "tracks[0].children[0].effects[0]";
    for (keys, why) in [
        (json!([key(0.0, 0.0)]), "fewer than two"),
        (json!([]), "fewer than two"),
        (json!({}), "not a list"),
        (json!([key(0.0, 0.0), key(0.0, 1.0)]), "not in order"),
        (json!([key(0.0, 1.0), key(1.0, 0.0)]), "backwards"),
        (json!([key(0.0, 1.0), ["x", 2.0]]), "not a pair"),
        (json!([key(0.0, 1.0), 7]), "not a pair"),
        (json!([key(0.0, 1.0), key(1e300, 2.0)]), "not a pair"),
    ] {
        let plan = plan(&cut(json!([keyed(keys)]), 3), &PlanOptions::default());
        assert_eq!(sources(&plan, "A"), [100, 101, 102]);
        assert_warns(&plan, object, why);
    }
    let mut soft = key(30.0, 10.0);
    soft[2] = json!(true);
    let plan = plan(&cut(json!([keyed([key(0.0, 0.0), soft, key(60.0, 40.0)])]), 4), &PlanOptions::default());
    assert_eq!(sources(&plan, "A"), [100, 100, 100, 101]);
    assert_warns(&plan, object, "soft");
}

#[test]
fn blended_slow_motion_shows_both_frames_it_is_between() {
    let mut options = PlanOptions::default();
    options.retime = Retime::Blend;
    let rows = |scalar: f64, frames| shown(&plan(&cut(json!([speed(scalar)]), frames), &options), "A");
    assert_eq!(
        rows(0.25, 5),
        ["A 100", "A 100*0.75 + A 101*0.25", "A 100*0.5 + A 101*0.5", "A 100*0.25 + A 101*0.75", "A 101"]
    );
    assert_eq!(rows(-0.5, 3), ["A 101", "A 100*0.5 + A 101*0.5", "A 100"]);
    // Nothing is blended that is as fast as its media, or stands still.
    assert_eq!(rows(1.5, 3), ["A 100", "A 101", "A 103"]);
    assert_eq!(rows(0.0, 2), ["A 100", "A 100"]);
    let nearest = PlanOptions::default();
    assert_eq!(shown(&plan(&cut(json!([speed(0.5)]), 3), &nearest), "A"), ["A 100", "A 100", "A 101"]);
}

#[test]
fn at_the_medias_end_there_is_nothing_to_blend_with() {
    let mut options = PlanOptions::default();
    options.retime = Retime::Blend;
    let clip = clip_of("A", range(0, 6, 24), movie("A", range(0, 2, 24))).with("effects", json!([speed(0.5)]));
    let cut = timeline([track("V1", [clip])]);
    let held = ["A 0", "A 0*0.5 + A 1*0.5", "A 1", "A 1", "A 1", "A 1"];
    assert_eq!(shown(&plan(&cut, &options), "A"), held);
    options.overrun = "black".parse().expect("a policy");
    assert_eq!(shown(&plan(&cut, &options), "A")[3..5], ["A 1", "-"]);
}

#[test]
fn a_blend_in_a_dissolve_shares_the_layers_share() {
    let mut options = whole(16);
    options.retime = Retime::Blend;
    let a = clip("A", 0, 8).with("effects", json!([speed(0.5)]));
    let cut = timeline([track("V1", [a, dissolve(2, 2), clip("B", 100, 8)])]);
    assert_eq!(shown(&plan(&cut, &options), "cut")[7], "A 3*0.375 + A 4*0.375 + B 99*0.25");
}
