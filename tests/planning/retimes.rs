//! Speed, freezes and reverse: R5 and R6.

use serde_json::{Value, json};

use crate::support::*;

/// What a clip of `frames` frames from source frame 10 shows with these effects.
fn warped(effects: impl Into<Value>, frames: i32) -> Vec<i64> {
    sources_of(clip("A", 10, frames).with("effects", effects), None)
}

#[test]
fn speed_multiplies_the_run() {
    assert_eq!(warped(warp(1), 3), [10, 11, 12]);
    assert_eq!(warped(warp(2), 4), [10, 12, 14, 16]);
    assert_eq!(warped(warp(0.5), 5), [10, 10, 11, 11, 12]);
    assert_eq!(warped(warp(1.37), 7), [10, 11, 12, 14, 15, 16, 18]);
    // 100 × 1.37 is 137 and not a frame less.
    assert_eq!(warped(warp(1.37), 101)[100], 147);
    // A third of the speed, as the nearest double: frames change on time.
    assert_eq!(warped(warp(1.0 / 3.0), 7), [10, 10, 10, 11, 11, 11, 12]);
}

#[test]
fn a_freeze_holds_the_first_frame() {
    assert_eq!(warped(json!([{"OTIO_SCHEMA": "FreezeFrame.1", "time_scalar": 0}]), 3), [10, 10, 10]);
    assert_eq!(warped(json!([{"OTIO_SCHEMA": "FreezeFrame.1"}]), 3), [10, 10, 10]);
    assert_eq!(warped(warp(0), 3), [10, 10, 10]);
}

#[test]
fn reverse_shows_last_what_starts_the_range() {
    assert_eq!(warped(warp(-1), 4), [13, 12, 11, 10]);
    assert_eq!(warped(warp(-2), 4), [16, 14, 12, 10]);
    assert_eq!(warped(warp(-0.5), 5), [12, 11, 11, 10, 10]);
    assert_eq!(warped(warp(-1), 1), [10]);
}

#[test]
fn speeds_multiply_and_disabled_ones_do_not_count() {
    let warp = |speed: f64, on: bool| json!({"OTIO_SCHEMA": "LinearTimeWarp.1", "time_scalar": speed, "enabled": on});
    assert_eq!(warped(json!([warp(2.0, true), warp(1.5, true)]), 3), [10, 13, 16]);
    assert_eq!(warped(json!([warp(-1.0, true), warp(-1.0, true)]), 3), [10, 11, 12]);
    assert_eq!(warped(json!([warp(2.0, false)]), 3), [10, 11, 12]);
    let freeze = json!({"OTIO_SCHEMA": "FreezeFrame.1"});
    assert_eq!(warped(json!([warp(2.0, true), freeze]), 3), [10, 10, 10]);
}

#[test]
fn a_speed_that_is_no_number_is_said_and_not_applied() {
    let cut = timeline([track("V1", [clip("A", 10, 3).with("effects", warp(7))])]).to_string();
    let cut = cut.replace("\"time_scalar\":7.0", "\"time_scalar\":NaN");
    let timeline =
        otio_conflate::otio::read_str(&cut, &otio_conflate::otio::ReadOptions::default()).expect("OTIO's JSON has NaN");
    let plan = otio_conflate::Plan::new(&timeline, &otio_conflate::PlanOptions::default()).expect("a plan");
    assert_eq!(sources(&plan, "A"), [10, 11, 12]);
    assert_warns(&plan, "tracks[0].children[0].effects[0]", "not applied");
}

#[test]
fn a_retimed_clip_takes_up_its_source_ranges_duration() {
    let cut = timeline([track("V1", [clip("A", 10, 4).with("effects", warp(2)), clip("B", 0, 2)])]);
    let plan = plan(&cut, &otio_conflate::PlanOptions::default());
    assert_eq!((plan.duration, shot(&plan, "B").start), (6, 4));
}

#[test]
fn speed_and_rate_conform_together() {
    let clip = clip_of("A", range(0, 4, 24), movie("A", range(0, 100, 48))).with("effects", warp(0.5));
    assert_eq!(sources_of(clip, None), [0, 1, 2, 3]);
    let clip = clip_of("A", range(0, 4, 24), movie("A", range(0, 100, 48))).with("effects", warp(-1));
    assert_eq!(sources_of(clip, None), [6, 4, 2, 0]);
}

#[test]
fn in_a_dissolve_retimed_neighbours_run_on_at_their_own_speed() {
    let a = clip("A", 100, 8).with("effects", warp(2));
    let b = clip("B", 300, 8).with("effects", warp(-1));
    let cut = timeline([track("V1", [a, dissolve(2, 2), b])]);
    let shown = shown(&plan(&cut, &whole(16)), "cut");
    // B shows 307 first and 300 last; before its start it runs through 308 and 309.
    assert_eq!(
        shown[6..11],
        ["A 112", "A 114*0.75 + B 308*0.25", "A 116*0.5 + B 307*0.5", "A 118*0.25 + B 306*0.75", "B 305"]
    );
    assert_eq!(shown[15], "B 300");
}

#[test]
fn playback_start_counts_down_from_the_first_frame_shown() {
    let mut options = otio_conflate::PlanOptions::default();
    options.reverse = otio_conflate::plan::ReverseConvention::PlaybackStart;
    let shown = |effects: Value, clip: Value| {
        sources(&plan(&timeline([track("V1", [clip.with("effects", effects)])]), &options), "A")
    };
    assert_eq!(shown(warp(-1), clip("A", 50, 4)), [50, 49, 48, 47]);
    assert_eq!(shown(warp(-0.5), clip("A", 50, 4)), [50, 49, 49, 48]);
    assert_eq!(shown(warp(2), clip("A", 50, 3)), [50, 52, 54]);
    // Without a range of its own a clip shows all of its media, and that has nothing in front of its start.
    let all = clip_of("A", Value::Null, movie("A", range(0, 4, 24)));
    assert_eq!(shown(warp(-1), all), [3, 2, 1, 0]);
}

#[test]
fn clips_of_one_frame_show_it_at_any_speed() {
    for speed in [1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 1.37, 0.7, 0.0] {
        assert_eq!(warped(warp(speed), 1), [10], "{speed}");
    }
    let one = |name: &str, start, speed: f64| clip(name, start, 1).with("effects", warp(speed));
    let cut = timeline([track("V1", [one("A", 10, 1.37), one("B", 20, -1.0), one("C", 30, 0.7)])]);
    assert_eq!(shown(&plan(&cut, &whole(3)), "cut"), ["A 10", "B 20", "C 30"]);
}

#[test]
fn source_handles_scale_with_speed_and_swap_ends_in_reverse() {
    let mut options = otio_conflate::PlanOptions::default();
    options.handles = "3:2".parse().expect("handles");
    options.handle_mode = "source".parse().expect("a mode");
    let shown = |speed: f64| {
        let clip = clip_of("A", range(10, 4, 24), movie("A", range(0, 30, 24))).with("effects", warp(speed));
        let plan = plan(&timeline([track("V1", [clip])]), &options);
        (plan.shots[0].head, plan.shots[0].tail, sources(&plan, "A"))
    };
    assert_eq!(shown(2.0), (3, 2, vec![4, 6, 8, 10, 12, 14, 16, 18, 20]));
    assert_eq!(shown(-2.0), (3, 2, vec![22, 20, 18, 16, 14, 12, 10, 8, 6]));
    assert_eq!(shown(0.7), (3, 2, vec![7, 8, 9, 10, 10, 11, 12, 12, 13]));
    assert_eq!(shown(1.37), (3, 2, vec![5, 7, 8, 10, 11, 12, 14, 15, 16]));
    // At five times the speed there is media for two frames in front and one behind.
    assert_eq!(shown(5.0), (2, 0, vec![0, 5, 10, 15, 20, 25]));
    assert_eq!(shown(-5.0), (0, 2, vec![25, 20, 15, 10, 5, 0]));
}

#[test]
fn infinite_speeds_are_said_and_not_applied() {
    for scalar in ["NaN", "Infinity", "-Infinity"] {
        let nest = track("in", [clip("A", 10, 3).with("effects", warp(7))]).with("effects", warp(7));
        let cut = timeline([track("V1", [nest])])
            .to_string()
            .replace("\"time_scalar\":7.0", &format!("\"time_scalar\":{scalar}"));
        let timeline = otio_conflate::otio::read_str(&cut, &otio_conflate::otio::ReadOptions::default())
            .expect("OTIO's JSON has such numbers");
        let plan = otio_conflate::Plan::new(&timeline, &whole(3)).expect("a plan");
        assert_eq!(sources(&plan, "cut"), [10, 11, 12]);
        assert_warns(&plan, "tracks[0].children[0].effects[0]", "is not a finite number");
        assert_warns(&plan, "tracks[0].children[0].children[0].effects[0]", "is not a finite number");
    }
}
