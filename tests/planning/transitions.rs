//! Transitions: R9.

use otio_conflate::plan::PlanOptions;
use serde_json::Value;

use crate::support::*;

fn cut(children: impl Into<Vec<Value>>, frames: i64) -> Vec<String> {
    shown(&plan(&timeline([track("V1", children)]), &whole(frames)), "cut")
}

#[test]
fn a_dissolve_mixes_both_neighbours_out_of_their_handles() {
    let shown = cut([clip("A", 0, 8), dissolve(2, 2), clip("B", 100, 8)], 16);
    assert_eq!(
        shown[5..12],
        ["A 5", "A 6", "A 7*0.75 + B 99*0.25", "A 8*0.5 + B 100*0.5", "A 9*0.25 + B 101*0.75", "B 102", "B 103"]
    );
    assert_eq!(shown.len(), 16);
}

#[test]
fn the_weight_is_k_of_n_however_the_cut_lies_in_it() {
    for (before, after) in [(3, 5), (8, 0), (0, 8), (1, 7)] {
        let shown = cut([clip("A", 0, 20), dissolve(before, after), clip("B", 100, 20)], 40);
        let first = 20 - i64::from(before);
        for k in 1..8i32 {
            let record = first + i64::from(k);
            let (out, into) = (f64::from(8 - k) / 8.0, f64::from(k) / 8.0);
            let expected = format!("A {record}*{out} + B {}*{into}", 100 + record - 20);
            assert_eq!(shown[usize::try_from(record).expect("positive")], expected, "{before} and {after}");
        }
        let edge = usize::try_from(first).expect("positive");
        assert_eq!([&shown[edge], &shown[edge + 8]], [&format!("A {first}"), &format!("B {}", 100 + first + 8 - 20)]);
    }
}

#[test]
fn the_shots_around_a_dissolve_meet_at_the_cut() {
    let cut = timeline([track("V1", [clip("A", 0, 8), dissolve(2, 2), clip("B", 100, 8)])]);
    let plan = plan(&cut, &PlanOptions::default());
    assert_eq!(shown(&plan, "A").last().expect("frames"), "A 7*0.75 + B 99*0.25");
    assert_eq!(shown(&plan, "B")[0], "A 8*0.5 + B 100*0.5");
    assert_eq!((plan.shots[0].frame_count, plan.shots[1].frame_count), (8, 8));
}

fn without_handles() -> Value {
    let a = clip_of("A", range(0, 8, 24), movie("A", range(0, 8, 24)));
    let b = clip_of("B", range(0, 8, 24), movie("B", range(0, 8, 24)));
    timeline([track("V1", [a, dissolve(2, 2), b])])
}

#[test]
fn where_a_dissolve_runs_out_of_handles_the_policy_decides() {
    let held = plan(&without_handles(), &whole(16));
    assert_eq!(shown(&held, "cut")[7..10], ["A 7*0.75 + B 0*0.25", "A 7*0.5 + B 0*0.5", "A 7*0.25 + B 1*0.75"]);
    assert_warns(&held, "tracks[0].children[0]", "which has 0 to 7: the nearest frame is held");
    assert_warns(&held, "tracks[0].children[2]", "the nearest frame is held");

    let mut options = whole(16);
    options.overrun = "black".parse().expect("a policy");
    let black = plan(&without_handles(), &options);
    assert_eq!(shown(&black, "cut")[7..10], ["A 7*0.75", "B 0*0.5", "B 1*0.75"]);

    options.overrun = "error".parse().expect("a policy");
    let error = refused(&without_handles(), &options);
    assert_eq!(error.kind(), otio_conflate::ErrorKind::Overrun);
    assert!(error.place().object.as_deref().is_some_and(|object| object.starts_with("tracks[0].children[")));
    assert!(error.place().frame.is_some());
}

#[test]
fn a_frame_without_a_share_is_no_overrun() {
    // Two frames before the cut, of which the first shows none of B: one frame of handle is enough.
    let b = |start: i32| clip_of("B", range(start, 8, 24), movie("B", range(0, 100, 24)));
    let cut = |start: i32| timeline([track("V1", [clip("A", 0, 8), dissolve(2, 2), b(start)])]);
    let mut options = whole(16);
    options.overrun = "error".parse().expect("a policy");
    assert_eq!(shown(&plan(&cut(1), &options), "cut")[6..8], ["A 6", "A 7*0.75 + B 0*0.25"]);
    assert_eq!(refused(&cut(0), &options).place().frame, Some(-1));
}

#[test]
fn at_a_tracks_ends_a_transition_fades_from_and_to_transparent() {
    let fades = cut([dissolve(0, 4), clip("A", 0, 8), dissolve(4, 0)], 8);
    assert_eq!(fades, ["-", "A 1*0.25", "A 2*0.5", "A 3*0.75", "A 4", "A 5*0.75", "A 6*0.5", "A 7*0.25"]);
}

#[test]
fn what_reaches_over_the_cuts_ends_is_cut_off_there() {
    // Half of each fade lies outside the cut, which is eight frames long.
    let fades = cut([dissolve(2, 2), clip("A", 10, 8), dissolve(2, 2)], 8);
    assert_eq!(fades, ["A 10*0.5", "A 11*0.75", "A 12", "A 13", "A 14", "A 15", "A 16", "A 17*0.75"]);
}

#[test]
fn a_fade_at_a_tracks_end_runs_on_where_the_cut_does() {
    let long = timeline([track("V1", [clip("L", 0, 12)]), track("V2", [clip("A", 0, 8), dissolve(2, 2)])]);
    let shown = shown(&plan(&long, &whole(12)), "cut");
    assert_eq!(shown[6..11], ["A 6", "L 7*0.25 + A 7*0.75", "L 8*0.5 + A 8*0.5", "L 9*0.75 + A 9*0.25", "L 10"]);
}

#[test]
fn next_to_a_gap_a_transition_fades_from_and_to_transparent() {
    let shown = cut([clip("A", 0, 8), dissolve(2, 2), gap(4), dissolve(2, 2), clip("B", 50, 8)], 20);
    assert_eq!(
        shown[6..15],
        ["A 6", "A 7*0.75", "A 8*0.5", "A 9*0.25", "-", "B 49*0.25", "B 50*0.5", "B 51*0.75", "B 52"]
    );
}

#[test]
fn a_disabled_neighbour_is_transparent() {
    let off = clip("B", 100, 8).with("enabled", false);
    let shown = cut([clip("A", 0, 8), dissolve(2, 2), off], 16);
    assert_eq!(shown[6..12], ["A 6", "A 7*0.75", "A 8*0.5", "A 9*0.25", "-", "-"]);
}

#[test]
fn an_upper_track_hides_a_dissolve() {
    let lower = track("V1", [clip("A", 0, 8), dissolve(2, 2), clip("B", 100, 8)]);
    let cut = timeline([lower, track("V2", [gap(7), clip("C", 0, 2)])]);
    let shown = shown(&plan(&cut, &whole(16)), "cut");
    assert_eq!(shown[6..11], ["A 6", "C 0", "C 1", "A 9*0.25 + B 101*0.75", "B 102"]);
}

#[test]
fn a_fade_on_an_upper_track_lets_the_lower_one_through() {
    let upper = track("V2", [gap(2), dissolve(0, 4), clip("C", 0, 6)]);
    let cut = timeline([track("V1", [clip("A", 0, 8)]), upper]);
    assert_eq!(
        shown(&plan(&cut, &whole(8)), "cut"),
        ["A 0", "A 1", "A 2", "A 3*0.75 + C 1*0.25", "A 4*0.5 + C 2*0.5", "A 5*0.25 + C 3*0.75", "C 4", "C 5"]
    );
}

#[test]
fn a_dissolve_over_a_dissolve_multiplies_the_shares() {
    let lower = track("V1", [clip("A", 0, 4), dissolve(2, 2), clip("B", 100, 4)]);
    let upper = track("V2", [gap(4), dissolve(2, 2), clip("C", 50, 4)]);
    let shown = shown(&plan(&timeline([lower, upper]), &whole(8)), "cut");
    // Half of the picture is the upper track's; the lower one's two clips share the rest.
    assert_eq!(shown[4], "A 4*0.25 + B 100*0.25 + C 50*0.5");
}

#[test]
fn two_transitions_that_meet_in_one_clip_fold() {
    let shown = cut([clip("A", 0, 8), dissolve(1, 3), clip("B", 100, 4), dissolve(3, 1), clip("C", 200, 8)], 20);
    assert_eq!(
        shown[7..14],
        [
            "A 7",
            "A 8*0.75 + B 100*0.25",
            "A 9*0.5 + B 101*0.5",
            "A 10*0.1875 + B 102*0.5625 + C 198*0.25",
            "B 103*0.5 + C 199*0.5",
            "B 104*0.25 + C 200*0.75",
            "C 201",
        ]
    );
}

#[test]
fn the_tracks_length_does_not_change() {
    let cut =
        timeline([track("V1", [dissolve(4, 4), clip("A", 0, 8), dissolve(2, 2), clip("B", 0, 8), dissolve(9, 9)])]);
    assert_eq!(plan(&cut, &PlanOptions::default()).duration, 16);
}

#[test]
fn an_unknown_type_is_drawn_as_a_dissolve_and_said() {
    let wipe = dissolve(2, 2).with("transition_type", "SMPTE_Wipe");
    let cut = timeline([track("V1", [clip("A", 0, 8), wipe, clip("B", 100, 8)])]);
    let plan = plan(&cut, &PlanOptions::default());
    assert_eq!(shown(&plan, "B")[0], "A 8*0.5 + B 100*0.5");
    assert_warns(&plan, "tracks[0].children[1]", "\"SMPTE_Wipe\" is drawn as a dissolve");
}

#[test]
fn a_transition_of_no_length_is_a_cut() {
    let shown = cut([clip("A", 0, 2), dissolve(0, 0), clip("B", 100, 2)], 4);
    assert_eq!(shown, ["A 0", "A 1", "B 100", "B 101"]);
}

#[test]
fn a_transition_longer_than_its_neighbour_is_said() {
    let cut = timeline([track("V1", [clip("A", 20, 2), dissolve(4, 4), clip("B", 100, 8)])]);
    assert_warns(&plan(&cut, &PlanOptions::default()), "tracks[0].children[1]", "longer than its neighbours");
}

#[test]
fn nested_neighbours_run_on_into_what_their_trim_hides() {
    let nest = stack([track("in", [clip("N", 0, 20)])]).with("source_range", range(5, 8, 24));
    let shown = cut([nest, dissolve(2, 2), clip("B", 100, 8)], 16);
    assert_eq!(shown[7..10], ["N 12*0.75 + B 99*0.25", "N 13*0.5 + B 100*0.5", "N 14*0.25 + B 101*0.75"]);
}

#[test]
fn a_trimmed_track_shows_the_part_of_a_dissolve_that_lies_in_it() {
    let trimmed =
        track("V1", [clip("A", 0, 8), dissolve(2, 2), clip("B", 100, 8)]).with("source_range", range(8, 4, 24));
    let shown = shown(&plan(&timeline([trimmed]), &whole(4)), "cut");
    assert_eq!(shown, ["A 8*0.5 + B 100*0.5", "A 9*0.25 + B 101*0.75", "B 102", "B 103"]);
}
