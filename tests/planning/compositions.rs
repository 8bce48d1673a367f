//! Speed on whole compositions: R5 and R6.

use otio_conflate::plan::{PlanOptions, ReverseConvention};
use serde_json::{Value, json};

use crate::support::*;

/// What the cut shows whose only track holds `children`.
fn cut(children: impl Into<Vec<Value>>, frames: i64) -> Vec<String> {
    shown(&plan(&timeline([track("V1", children)]), &whole(frames)), "cut")
}

/// A nested track of two clips of four frames, A from 0 and B from 100.
fn nest() -> Value {
    track("in", [clip("A", 0, 4), clip("B", 100, 4)])
}

fn lookup(values: impl Into<Value>) -> Value {
    json!([{"OTIO_SCHEMA": "TimeEffect.1", "name": "TimeWarp1", "effect_name": "TimeWarp",
        "metadata": {"lookup": values.into()}}])
}

#[test]
fn a_retimed_composition_keeps_its_length_and_runs_through_its_cuts() {
    let shown = cut([nest().with("effects", warp(2)), clip("C", 7, 2)], 10);
    assert_eq!(shown[..4], ["A 0", "A 2", "B 100", "B 102"]);
    // Behind its last child there is nothing.
    assert_eq!(shown[4..], ["-", "-", "-", "-", "C 7", "C 8"]);
    let shown = cut([nest().with("effects", warp(0.5))], 8);
    assert_eq!(shown, ["A 0", "A 0", "A 1", "A 1", "A 2", "A 2", "A 3", "A 3"]);
}

#[test]
fn a_trim_is_where_the_run_starts() {
    let trimmed = nest().with("source_range", range(3, 3, 24)).with("effects", warp(1.5));
    assert_eq!(cut([trimmed], 3), ["A 3", "B 100", "B 102"]);
    let frozen =
        nest().with("source_range", range(5, 3, 24)).with("effects", json!([{"OTIO_SCHEMA": "FreezeFrame.1"}]));
    assert_eq!(cut([frozen], 3), ["B 101", "B 101", "B 101"]);
}

#[test]
fn a_reversed_composition_shows_last_what_its_range_starts_with() {
    let backwards = nest().with("effects", warp(-1));
    assert_eq!(cut([backwards.clone()], 8), ["B 103", "B 102", "B 101", "B 100", "A 3", "A 2", "A 1", "A 0"]);
    let trimmed = backwards.with("source_range", range(2, 4, 24));
    assert_eq!(cut([trimmed.clone()], 4), ["B 101", "B 100", "A 3", "A 2"]);
    assert_eq!(cut([trimmed.with("effects", warp(-0.5))], 4), ["A 3", "A 3", "A 2", "A 2"]);
}

#[test]
fn speeds_of_nested_compositions_and_their_clips_multiply() {
    let inner = track("in", [clip("A", 0, 40).with("effects", warp(0.5))]).with("effects", warp(3));
    let outer = stack([inner]).with("effects", warp(2)).with("source_range", range(0, 6, 24));
    assert_eq!(cut([outer], 6), ["A 0", "A 3", "A 6", "A 9", "A 12", "A 15"]);
    // Backwards in a composition that runs backwards is forwards.
    let inner = nest().with("effects", warp(-1));
    assert_eq!(cut([stack([inner]).with("effects", warp(-1))], 8), cut([nest()], 8));
    // The speed of the track itself and of the root stack count as well.
    let all = timeline([nest().with("effects", warp(-1))]).with("tracks.effects", warp(-1));
    assert_eq!(shown(&plan(&all, &whole(8)), "cut"), cut([nest()], 8));
}

#[test]
fn in_slow_motion_what_runs_backwards_ends_on_its_first_frame() {
    let clips = [clip("A", 10, 2).with("effects", warp(-1)), clip("B", 100, 2)];
    let slow = stack([track("in", clips)]).with("effects", warp(0.5)).with("source_range", range(0, 6, 24));
    assert_eq!(cut([slow], 6), ["A 11", "A 11", "A 10", "A 10", "B 100", "B 100"]);
}

#[test]
fn transitions_run_in_the_time_of_their_composition() {
    let mixed = track("in", [clip("A", 0, 8), dissolve(2, 2), clip("B", 100, 8)]);
    let fast = cut([mixed.clone().with("effects", warp(2))], 8);
    assert_eq!(fast[2..6], ["A 4", "A 6", "A 8*0.5 + B 100*0.5", "B 102"]);
    let slow = cut([mixed.clone().with("effects", warp(0.5)).with("source_range", range(5, 8, 24))], 8);
    assert_eq!(
        slow,
        [
            "A 5",
            "A 5",
            "A 6",
            "A 6*0.875 + B 98*0.125",
            "A 7*0.75 + B 99*0.25",
            "A 7*0.625 + B 99*0.375",
            "A 8*0.5 + B 100*0.5",
            "A 8*0.375 + B 100*0.625"
        ]
    );
    let back = cut([mixed.with("effects", warp(-1))], 16);
    assert_eq!(
        back[5..11],
        ["B 102", "A 9*0.25 + B 101*0.75", "A 8*0.5 + B 100*0.5", "A 7*0.75 + B 99*0.25", "A 6", "A 5"]
    );
}

#[test]
fn transitions_that_overlap_fold_the_same_way_backwards() {
    let all = [clip("A", 0, 8), dissolve(2, 3), clip("B", 100, 2), dissolve(2, 2), clip("C", 200, 8)];
    let mut forwards = cut(all.clone(), 18);
    forwards.reverse();
    assert_eq!(cut([track("in", all).with("effects", warp(-1))], 18), forwards);
}

#[test]
fn a_retimed_neighbour_runs_on_at_its_speed_into_what_its_trim_hides() {
    let nest = track("in", [clip("A", 0, 4), clip("B", 100, 40)]).with("source_range", range(2, 4, 24));
    let shown = cut([nest.with("effects", warp(2)), dissolve(0, 3), clip("C", 7, 8)], 12);
    assert_eq!(shown[..4], ["A 2", "B 100", "B 102", "B 104"]);
    assert_eq!(shown[4], "B 106");
    assert!(shown[5].starts_with("B 108*") && shown[6].starts_with("B 110*"), "{shown:?}");
}

#[test]
fn what_is_switched_off_or_empty_inside_a_retimed_composition_shows_nothing() {
    let nest = track("in", [clip("A", 0, 2).with("enabled", false), gap(2), clip("B", 100, 4)]);
    assert_eq!(cut([nest.with("effects", warp(2))], 8)[..4], ["-", "-", "B 100", "B 102"]);
}

#[test]
fn a_curve_bends_the_time_of_a_composition() {
    let bent = nest().with("effects", lookup([0, 0, 3, 3, -4, 0, 0, -20]));
    assert_eq!(cut([bent], 8), ["A 0", "A 1", "B 101", "B 102", "A 0", "B 101", "B 102", "-"]);
    // Between two values the curve is straight.
    let bent = stack([nest().with("effects", lookup([0, 1, 1, 1]))]).with("effects", warp(0.5));
    let slow = bent.with("source_range", range(0, 4, 24));
    assert_eq!(cut([slow], 4), ["A 0", "A 1", "A 2", "A 2"]);
}

#[test]
fn a_curve_inside_a_curve() {
    let clip = clip("A", 0, 8).with("effects", lookup([0, 10, 20, 30, 40, 50, 60, 70]));
    let bent = track("in", [clip]).with("effects", lookup([0, 1, 0, -1]));
    // Frames 0, 2, 2, 2, 3, 4 of the nested track.
    assert_eq!(cut([bent.with("source_range", range(0, 6, 24))], 6), ["A 0", "A 22", "A 22", "A 22", "A 33", "A 44"]);
}

#[test]
fn clips_of_a_retimed_track_are_shots_where_they_are_seen() {
    let cut = timeline([nest().with("effects", warp(-1))]);
    let plan = plan(&cut, &PlanOptions::default());
    assert_eq!((shot(&plan, "A").start, shot(&plan, "B").start), (4, 0));
    assert_eq!(sources(&plan, "A"), [3, 2, 1, 0]);
    // A curve may lead to a clip several times: each time is a shot.
    let cut = timeline([nest().with("effects", lookup([0, 0, 2, 2, -2, -2, 0, 0]))]);
    let plan = self::plan(&cut, &PlanOptions::default());
    assert_eq!(names(&plan), ["A", "A_2", "B", "B_2"]);
    assert_eq!((sources(&plan, "A"), sources(&plan, "A_2")), (vec![0, 1], vec![2, 3]));
    assert_eq!((sources(&plan, "B"), sources(&plan, "B_2")), (vec![100, 101], vec![102, 103]));
}

#[test]
fn markers_lie_where_their_moment_is_shown() {
    let inner =
        nest().with("effects", warp(2)).with("markers", json!([marker("m", "RED", 4, 4), marker("n", "RED", 5, 0)]));
    let mut options = PlanOptions::default();
    options.shots = "markers:RED".parse().expect("a selection");
    let plan = plan(&timeline([inner]), &options);
    assert_eq!(names(&plan), ["m"]);
    assert_eq!((shot(&plan, "m").start, sources(&plan, "m")), (2, vec![100, 102]));
    assert_warns(&plan, "tracks[0].markers[1]", "no frame");
}

#[test]
fn playback_start_counts_down_from_a_compositions_range() {
    let mut options = whole(2);
    options.reverse = ReverseConvention::PlaybackStart;
    let trimmed = nest().with("effects", warp(-1)).with("source_range", range(5, 2, 24));
    let there = plan(&timeline([track("V1", [trimmed])]), &options);
    assert_eq!(shown(&there, "cut"), ["B 101", "B 100"]);
    let mut options = whole(8);
    options.reverse = ReverseConvention::PlaybackStart;
    let untrimmed = plan(&timeline([track("V1", [nest().with("effects", warp(-1))])]), &options);
    assert_eq!(shown(&untrimmed, "cut")[0], "B 103");
}

#[test]
fn speeds_that_are_no_speeds_never_panic() {
    for speed in [1e300, -1e300, 1e-300, -1e-300, 1e17, -0.0] {
        let inside = track("in", [clip("A", 0, 4), dissolve(1, 1), clip("B", 100, 4).with("effects", warp(speed))]);
        let cut = timeline([track("V1", [inside.with("effects", warp(speed)), clip("C", 0, 3)])]);
        let plan = plan(&cut, &whole(11));
        assert_eq!(shown(&plan, "cut").len(), 11, "{speed}");
    }
}

#[test]
fn a_nested_sequence_used_again_may_be_broken_where_nobody_sees_it() {
    let remote = clip("R", 0, 4).with("media_references.DEFAULT_MEDIA.target_url", "https://host/a.mov");
    let inner = |start: i32| track("in", [clip("A", 0, 8), remote.clone()]).with("source_range", range(start, 6, 24));
    let uses = [inner(0), inner(1), inner(2), inner(2)];
    let plan = plan(&timeline([track("V1", uses.clone())]), &whole(24));
    assert_eq!(shown(&plan, "cut")[18..], ["A 2", "A 3", "A 4", "A 5", "A 6", "A 7"]);
    let seen = uses.into_iter().chain([inner(6)]).collect::<Vec<_>>();
    let error = refused(&timeline([track("V1", seen)]), &whole(30));
    assert_eq!(error.place().object.as_deref(), Some("tracks[0].children[4].children[1]"));
}
