//! Handles: R12, and the numbers frames have: R11.

use otio_conflate::Plan;
use otio_conflate::plan::{HandleMode, Handles, PlanOptions, Weight};
use serde_json::Value;

use crate::support::*;

fn with_handles(cut: &Value, handles: &str, mode: HandleMode) -> Plan {
    plan(
        cut,
        &options(|options| {
            options.handles = handles.parse().expect("handles");
            options.handle_mode = mode;
        }),
    )
}

/// Two clips of four frames whose media have 15 and 1000 frames.
fn cut() -> Value {
    let a = clip_of("A", range(10, 4, 24), movie("A", range(0, 15, 24)));
    timeline([track("V1", [a, clip("B", 50, 4)])])
}

#[test]
fn timeline_handles_show_the_cut_and_stop_at_its_ends() {
    let plan = with_handles(&cut(), "2:3", HandleMode::Timeline);
    assert_eq!(shown(&plan, "A"), ["A 10", "A 11", "A 12", "A 13", "B 50", "B 51", "B 52"]);
    assert_eq!(shown(&plan, "B"), ["A 12", "A 13", "B 50", "B 51", "B 52", "B 53"]);
    let (a, b) = (shot(&plan, "A"), shot(&plan, "B"));
    assert_eq!((a.first_frame, a.frame_count, a.head, a.tail, a.start), (1001, 7, 0, 3, 0));
    assert_eq!((b.first_frame, b.frame_count, b.head, b.tail, b.start), (999, 6, 2, 0, 2));
    assert_eq!(a.notes, ["the head handle has 0 of 2 frames: the cut has no more"]);
    assert_eq!(b.notes, ["the tail handle has 0 of 3 frames: the cut has no more"]);
    let frames: Vec<i64> = plan.frames(b).map(|row| row.frame).collect();
    assert_eq!(frames, (999..1005).collect::<Vec<_>>());
}

#[test]
fn timeline_handles_reach_over_gaps_to_the_end_of_the_longest_track() {
    let sound = track("A1", [clip("S", 0, 12)]).with("kind", "Audio");
    let cut = timeline([track("V1", [gap(2), clip("A", 0, 2)]), sound]);
    let plan = with_handles(&cut, "8", HandleMode::Timeline);
    assert_eq!((plan.shots[0].head, plan.shots[0].tail), (2, 8));
    assert_eq!(shown(&plan, "A"), ["-", "-", "A 0", "A 1", "-", "-", "-", "-", "-", "-", "-", "-"]);
}

#[test]
fn source_handles_let_the_media_run_on_and_stop_at_its_ends() {
    let plan = with_handles(&cut(), "12", HandleMode::Source);
    let a = shot(&plan, "A");
    assert_eq!((a.first_frame, a.frame_count, a.head, a.tail, a.start), (991, 15, 10, 1, -10));
    assert_eq!(sources(&plan, "A"), (0..15).collect::<Vec<_>>());
    assert_eq!(
        a.notes,
        [
            "the head handle has 10 of 12 frames: the media has no more",
            "the tail handle has 1 of 12 frames: the media has no more"
        ]
    );
    assert_eq!(sources(&plan, "B"), (38..66).collect::<Vec<_>>());
    assert!(shot(&plan, "B").notes.is_empty());
    assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
}

#[test]
fn source_handles_follow_speed_and_direction() {
    let fast = timeline([track("V1", [clip("A", 100, 3).with("effects", warp(2))])]);
    assert_eq!(sources(&with_handles(&fast, "1", HandleMode::Source), "A"), [98, 100, 102, 104, 106]);
    let back = timeline([track("V1", [clip("A", 1, 3).with("effects", warp(-1))])]);
    let plan = with_handles(&back, "2", HandleMode::Source);
    assert_eq!(sources(&plan, "A"), [5, 4, 3, 2, 1, 0]);
    assert_eq!(shot(&plan, "A").tail, 1);
}

#[test]
fn source_handles_of_a_sequence_stop_at_its_first_number() {
    let media = sequence("S", 1001, range(1001, 20, 24));
    let plan =
        with_handles(&timeline([track("V1", [clip_of("S", range(1005, 4, 24), media)])]), "8", HandleMode::Source);
    assert_eq!(sources(&plan, "S"), (1001..1017).collect::<Vec<_>>());
    assert_eq!(shot(&plan, "S").head, 4);
}

#[test]
fn in_source_handles_a_dissolve_stands_still_and_its_layers_run_on() {
    let cut = timeline([track("V1", [clip("A", 100, 8), dissolve(2, 2), clip("B", 200, 8)])]);
    let plan = with_handles(&cut, "3", HandleMode::Source);
    let b = shown(&plan, "B");
    assert_eq!(
        b[..5],
        [
            "A 105*0.5 + B 197*0.5",
            "A 106*0.5 + B 198*0.5",
            "A 107*0.5 + B 199*0.5",
            "A 108*0.5 + B 200*0.5",
            "A 109*0.25 + B 201*0.75"
        ]
    );
    assert_eq!(b[b.len() - 4..], ["B 207", "B 208", "B 209", "B 210"]);
    let a = shown(&plan, "A");
    assert_eq!(
        a[a.len() - 4..],
        ["A 107*0.75 + B 199*0.25", "A 108*0.75 + B 200*0.25", "A 109*0.75 + B 201*0.25", "A 110*0.75 + B 202*0.25"]
    );
    let head = &shot(&plan, "B").spans[0];
    assert!(
        matches!(&head.stack[0], otio_conflate::plan::Element::Mix { weight: Weight::Constant(weight), .. }
        if weight.to_f64() == 0.5),
        "{head:?}"
    );
}

#[test]
fn source_handles_are_as_long_as_the_shots_own_media_not_as_what_covers_it() {
    let short = clip_of("C", range(0, 4, 24), movie("C", range(0, 4, 24)));
    let cut = timeline([track("V1", [clip("A", 100, 4)]), track("V2", [short])]);
    let plan = with_handles(&cut, "2", HandleMode::Source);
    assert_eq!((plan.shots[0].head, plan.shots[0].tail), (2, 2));
    assert_eq!(shown(&plan, "A"), ["C 0", "C 0", "C 0", "C 1", "C 2", "C 3", "C 3", "C 3"]);
    assert_warns(&plan, "tracks[1].children[0]", "held");
}

#[test]
fn source_handles_of_media_nobody_knows_the_length_of_are_as_asked() {
    let cut = timeline([track("V1", [clip_of("A", range(10, 2, 24), movie("A", Value::Null))])]);
    let options = options(|options| (options.handles, options.handle_mode) = (Handles::both(4), HandleMode::Source));
    let plan = plan_with(&cut, &options, None);
    assert_eq!(sources(&plan, "A"), (6..16).collect::<Vec<_>>());
}

#[test]
fn the_first_frame_is_the_callers_less_the_head_handles() {
    for (first, handles, expected) in [(1001, "0", 1001), (1001, "8", 1001), (1, "2", 1), (0, "0:4", 0)] {
        let plan = plan(
            &cut(),
            &options(|options| {
                options.first_frame = first;
                options.handles = handles.parse().expect("handles");
            }),
        );
        assert_eq!(shot(&plan, "A").first_frame, expected, "no head handles before the cut's start");
    }
    let plan = plan(&cut(), &options(|options| (options.first_frame, options.handles) = (1, Handles::both(3))));
    assert_eq!(shot(&plan, "B").first_frame, -2);
}

#[test]
fn without_handles_there_is_nothing_to_note() {
    let plan = plan(&cut(), &PlanOptions::default());
    assert!(plan.shots.iter().all(|shot| shot.notes.is_empty() && shot.head == 0 && shot.tail == 0));
}
