//! Which pieces of the cut are shots, and what they are called: R11.

use otio_conflate::plan::ShotSelection;
use otio_conflate::{ErrorKind, Plan};
use serde_json::{Value, json};

use crate::support::*;

fn cut() -> Value {
    timeline([
        track("V1", [clip("A", 0, 4), gap(2), clip("B", 0, 4)]),
        track("V2", [gap(1), clip("C", 0, 2), clip("off", 0, 2).with("enabled", false), clip("D", 0, 1)]),
        track("V3", [clip("E", 0, 1)]).with("enabled", false),
    ])
}

fn chosen(cut: &Value, shots: &str) -> Plan {
    plan(cut, &options(|options| options.shots = shots.parse().expect("a selection")))
}

#[test]
fn hero_all_and_named_tracks() {
    assert_eq!(names(&chosen(&cut(), "hero")), ["A", "B"]);
    assert_eq!(names(&chosen(&cut(), "all")), ["A", "B", "C", "D"]);
    let upper = chosen(&cut(), "track:V2");
    assert_eq!(names(&upper), ["C", "D"]);
    let c = shot(&upper, "C");
    assert_eq!(
        (c.object.as_str(), c.track.as_str(), c.clip.as_str(), c.start),
        ("tracks[1].children[1]", "V2", "C", 1)
    );
    // A shot of a lower track shows what the cut shows: the upper track is over it.
    assert_eq!(shown(&chosen(&cut(), "all"), "A"), ["A 0", "C 0", "C 1", "A 3"]);
}

#[test]
fn a_track_nobody_knows_is_refused_with_those_there_are() {
    let error = refused(&cut(), &options(|options| options.shots = ShotSelection::Track("V9".into())));
    assert_eq!(error.kind(), ErrorKind::Option);
    assert!(format!("{error:#}").contains("\"V1\", \"V2\", \"V3\""), "{error:#}");
}

#[test]
fn tracks_without_a_name_are_called_v1_and_so_on() {
    let sound = track("", [clip("S", 0, 4)]).with("kind", "Audio");
    let cut = timeline([sound, track("", [clip("A", 0, 4)]), track("", [clip("B", 0, 4)])]);
    assert_eq!(names(&chosen(&cut, "track:V2")), ["B"]);
    assert_eq!(chosen(&cut, "hero").hero_track, "V1");
}

#[test]
fn markers_of_a_colour_on_the_stack_its_tracks_and_its_clips() {
    let marked =
        clip("A", 100, 10).with("markers", json!([marker("on clip", "RED", 104, 2), marker("no", "BLUE", 100, 2)]));
    let v1 = track("V1", [gap(5), marked]).with("markers", json!([marker("on track", "red", 6, 3)]));
    let cut =
        timeline([v1]).with("tracks.markers", json!([marker("on stack", "RED", 1, 0), marker("", "RED", 12, 99)]));
    let plan = chosen(&cut, "markers:RED");
    let found: Vec<_> = plan
        .shots
        .iter()
        .map(|shot| (shot.name.as_str(), shot.object.as_str(), shot.start, shot.frame_count))
        .collect();
    assert_eq!(
        found,
        [
            ("on stack", "tracks.markers[0]", 1, 1), // no length is one frame
            ("on track", "tracks[0].markers[0]", 6, 3),
            ("on clip", "tracks[0].children[1].markers[0]", 9, 2),
            ("marker", "tracks.markers[1]", 12, 3), // cut off at the cut's end
        ]
    );
    assert_eq!(shown(&plan, "on clip"), ["A 104", "A 105"]);
    let none = chosen(&cut, "markers:PINK");
    assert!(none.shots.is_empty());
    assert_warns(&none, "tracks", "\"PINK\"");
}

#[test]
fn ranges_are_counted_from_the_cuts_first_frame_and_end_with_it() {
    let ranges =
        vec![("x".to_owned(), 2, 3), ("y".to_owned(), 9, 50), ("z".to_owned(), 70, 5), ("w".to_owned(), -2, 3)];
    let cut = cut().with("global_start_time", time(86_400, 24));
    let plan = plan(&cut, &options(|options| options.shots = ShotSelection::Ranges(ranges)));
    let found: Vec<_> = plan.shots.iter().map(|shot| (shot.name.as_str(), shot.start, shot.frame_count)).collect();
    assert_eq!(found, [("x", 2, 3), ("y", 9, 1), ("w", 0, 1)]);
    assert_warns(&plan, "ranges[2]", "no frame inside the cut");
}

#[test]
fn names_are_unique_even_where_case_does_not_count() {
    let cut = timeline([track("V1", ["A", "B", "A", "a", "A_2"].map(|name| clip(name, 0, 1)))]);
    let plan = chosen(&cut, "hero");
    assert_eq!(names(&plan), ["A", "B", "A_2", "a_3", "A_2_2"]);
    let clips: Vec<&str> = plan.shots.iter().map(|shot| shot.clip.as_str()).collect();
    assert_eq!(clips, ["A", "B", "A", "a", "A_2"]);
}

#[test]
fn a_clip_without_a_name_is_called_after_its_media() {
    let nameless = |media: Value| clip_of("", range(0, 1, 24), media);
    let cut = timeline([track(
        "V1",
        [
            nameless(movie("x/sh010_v2", range(0, 9, 24))),
            nameless(sequence("sh020", 1, range(0, 9, 24))),
            nameless(json!({"OTIO_SCHEMA": "MissingReference.1"})),
        ],
    )]);
    assert_eq!(names(&chosen(&cut, "hero")), ["sh010_v2", "sh020", "shot"]);
}

#[test]
fn a_nested_composition_is_shown_but_no_shot_and_that_is_said() {
    let nest = stack([track("in", [clip("N", 0, 4)])]);
    let plan = chosen(&timeline([track("V1", [clip("A", 0, 2), nest])]), "hero");
    assert_eq!(names(&plan), ["A"]);
    assert_warns(&plan, "tracks[0].children[1]", "not a shot");
}

#[test]
fn where_no_track_has_a_clip_what_lies_in_its_place_is_a_shot() {
    let nest = |name: &str| stack([track("in", [clip("N", 0, 4)])]).with("name", name);
    let nested = chosen(&timeline([track("V1", [nest("sc010"), gap(2), nest("sc020")])]), "hero");
    assert_eq!(names(&nested), ["sc010", "sc020"]);
    assert_eq!(shown(&nested, "sc020").len(), 4);
    let bare = chosen(&timeline([clip("A", 0, 2), nest("over")]), "hero");
    assert_eq!((names(&bare), bare.shots[0].frame_count), (vec!["A"], 2));
}

#[test]
fn shots_come_track_by_track_in_record_order() {
    let plan = plan(&cut(), &options(|options| options.shots = ShotSelection::All));
    let starts: Vec<_> = plan.shots.iter().map(|shot| (shot.track.as_str(), shot.start)).collect();
    assert_eq!(starts, [("V1", 0), ("V1", 6), ("V2", 1), ("V2", 5)]);
}

/// A plan of one shot per visible piece.
fn flat(cut: &Value) -> Plan {
    plan(cut, &options(|options| options.shots = "flat".parse().expect("a selection")))
}

/// Each shot's name, first record frame and length.
fn pieces(plan: &Plan) -> Vec<(&str, i64, i64)> {
    plan.shots.iter().map(|shot| (shot.name.as_str(), shot.start, shot.frame_count)).collect()
}

#[test]
fn flat_shots_are_what_is_on_top() {
    let lower = track("V1", [clip("A", 0, 10), clip("B", 100, 10)]);
    let upper = track("V2", [gap(4), clip("U", 50, 3), gap(5), clip("W", 60, 4).with("enabled", false)]);
    let plan = flat(&timeline([lower, upper]));
    assert_eq!(pieces(&plan), [("A", 0, 4), ("U", 4, 3), ("A_2", 7, 3), ("B", 10, 10)]);
    assert_eq!((plan.shots[1].track.as_str(), plan.shots[1].object.as_str()), ("V2", "tracks[1].children[1]"));
    assert_eq!(sources(&plan, "A_2"), [7, 8, 9]);
}

#[test]
fn flat_shots_show_nested_clips_and_leave_out_what_is_empty() {
    let unnamed = clip_of("", range(5, 3, 24), movie("take 7", range(0, 100, 24)));
    let nest = track("in", [clip("N", 0, 3), gap(2), unnamed]).with("effects", warp(-1));
    let plan = flat(&timeline([track("V1", [clip("A", 0, 2), gap(1), nest, clip("A", 0, 2)])]));
    assert_eq!(pieces(&plan), [("A", 0, 2), ("take 7", 3, 3), ("N", 8, 3), ("A_2", 11, 2)]);
}

#[test]
fn flat_shots_meet_at_the_cut_of_a_transition_and_show_it() {
    let cut = timeline([track("V1", [clip("A", 0, 8), dissolve(3, 1), clip("B", 100, 8)])]);
    let plan = flat(&cut);
    assert_eq!(pieces(&plan), [("A", 0, 8), ("B", 8, 8)]);
    assert_eq!(shown(&plan, "A")[7], "A 7*0.5 + B 99*0.5");
    let fades = timeline([
        track("V1", [clip("A", 0, 16)]),
        track("V2", [gap(4), dissolve(2, 2), clip("U", 50, 4), dissolve(2, 2), gap(8)]),
    ]);
    assert_eq!(pieces(&flat(&fades)), [("A", 0, 4), ("U", 4, 4), ("A_2", 8, 8)]);
}

#[test]
fn flat_shots_have_handles_of_their_own_media() {
    let mut options = options(|options| options.shots = "flat".parse().expect("a selection"));
    options.handles = otio_conflate::plan::Handles::both(2);
    options.handle_mode = "source".parse().expect("a mode");
    let cut = timeline([track("V1", [clip("A", 10, 8)]), track("V2", [gap(4), clip("U", 50, 2)])]);
    let plan = plan(&cut, &options);
    assert_eq!(names(&plan), ["A", "U", "A_2"]);
    assert_eq!(sources(&plan, "A"), [8, 9, 10, 11, 12, 13, 14, 15]);
    assert_eq!(sources(&plan, "U"), [48, 49, 50, 51, 52, 53]);
}

#[test]
fn ranges_can_be_written_in_one_line() {
    let cut = timeline([track("V1", [clip("A", 0, 10)])]);
    let plan = plan(&cut, &options(|options| options.shots = "ranges:x=2-4,y=9-20".parse().expect("a selection")));
    assert_eq!(pieces(&plan), [("x", 2, 3), ("y", 9, 1)]);
}
