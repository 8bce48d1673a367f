//! Cuts, gaps, what is switched off, trims at every level, what hides what, nested stacks: R1 to R4 and R15.

use otio_conflate::plan::{PlanOptions, ShotSelection};
use serde_json::{Value, json};

use crate::support::*;

fn two_tracks() -> Value {
    timeline([track("V1", [clip("A", 10, 4), clip("B", 5, 4)]), track("V2", [gap(2), clip("C", 0, 3)])])
        .with("global_start_time", time(86_400, 24))
}

#[test]
fn two_tracks_row_by_row() {
    let plan = plan(&two_tracks(), &PlanOptions::default());
    assert_eq!(plan.hero_track, "V1");
    assert_eq!((plan.global_start, plan.duration), (86_400, 8));
    let rows: Vec<String> = plan
        .shots
        .iter()
        .flat_map(|shot| plan.frames(shot))
        .map(|row| serde_json::to_string(&row).expect("rows are plain data"))
        .collect();
    let row = |shot: &str, frame: i64, record: i64, track: &str, clip: &str, source: i64| {
        format!(
            "{{\"shot\":\"{shot}\",\"frame\":{frame},\"record\":{record},\"layers\":[{{\"track\":\"{track}\",\
             \"clip\":\"{clip}\",\"media\":\"/m/{clip}.mov\",\"source\":{source},\"weight\":1.0}}]}}"
        )
    };
    let expected = [
        row("A", 1001, 86_400, "V1", "A", 10),
        row("A", 1002, 86_401, "V1", "A", 11),
        row("A", 1003, 86_402, "V2", "C", 0),
        row("A", 1004, 86_403, "V2", "C", 1),
        row("B", 1001, 86_404, "V2", "C", 2),
        row("B", 1002, 86_405, "V1", "B", 6),
        row("B", 1003, 86_406, "V1", "B", 7),
        row("B", 1004, 86_407, "V1", "B", 8),
    ];
    assert_eq!(rows, expected);
    assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
}

#[test]
fn a_gap_shows_what_is_below_and_nothing_below_is_nothing() {
    let cut = timeline([
        track("V1", [gap(2), clip("A", 0, 2), gap(2)]),
        track("V2", [clip("B", 0, 1), gap(4), clip("C", 9, 2)]),
    ]);
    let plan = plan(&cut, &whole(7));
    assert_eq!(shown(&plan, "cut"), ["B 0", "-", "A 0", "A 1", "-", "C 9", "C 10"]);
}

#[test]
fn what_is_disabled_keeps_its_room() {
    let cut = timeline([
        track("V1", [clip("A", 0, 2), clip("B", 0, 2).with("enabled", false), clip("C", 0, 2)]),
        track("V2", [clip("D", 0, 6)]).with("enabled", false),
        track("V3", [gap(5), clip("E", 3, 1)]),
    ]);
    assert_eq!(shown(&plan(&cut, &whole(6)), "cut"), ["A 0", "A 1", "-", "-", "C 0", "E 3"]);
    let hero = plan(&cut, &PlanOptions::default());
    assert_eq!(names(&hero), ["A", "C"]);
    assert_eq!(shot(&hero, "C").start, 4);
    let off = plan(&cut.with("tracks.enabled", false), &whole(6));
    assert_eq!(shown(&off, "cut"), ["-"; 6]);
}

#[test]
fn the_hero_track_is_the_lowest_enabled_one_that_has_an_enabled_clip() {
    let cut = timeline([
        track("gaps", [gap(4)]),
        track("off", [clip("A", 0, 4)]).with("enabled", false),
        track("hidden clips", [clip("B", 0, 4).with("enabled", false)]),
        track("sound", [clip("S", 0, 4)]).with("kind", "Audio"),
        track("picture", [clip("C", 0, 4)]),
        track("above", [clip("D", 0, 4)]),
    ]);
    let plan = plan(&cut, &PlanOptions::default());
    assert_eq!(plan.hero_track, "picture");
    assert_eq!(names(&plan), ["C"]);
}

#[test]
fn tracks_and_stacks_are_trimmed_by_their_source_range() {
    let v1 = track("V1", [clip("A", 0, 8), clip("B", 0, 8)]).with("source_range", range(6, 6, 24));
    let cut = timeline([v1]);
    let trimmed = plan(&cut, &PlanOptions::default());
    assert_eq!(trimmed.duration, 6);
    assert_eq!(sources(&trimmed, "A"), [6, 7]);
    assert_eq!(sources(&trimmed, "B"), [0, 1, 2, 3]);
    assert_eq!(shot(&trimmed, "B").start, 2);

    let both = plan(&cut.with("tracks.source_range", range(1, 4, 24)), &PlanOptions::default());
    assert_eq!(both.duration, 4);
    assert_eq!(sources(&both, "A"), [7]);
    assert_eq!(sources(&both, "B"), [0, 1, 2]);
    assert_eq!(shot(&both, "B").start, 1);
}

#[test]
fn a_clip_trimmed_away_is_no_shot_and_nothing_to_complain_about() {
    let v1 = track("V1", [clip("A", 0, 8), clip("B", 0, 8), clip("C", 0, 8)]).with("source_range", range(8, 8, 24));
    let plan = plan(&timeline([v1]), &PlanOptions::default());
    assert_eq!(names(&plan), ["B"]);
    assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
}

#[test]
fn nested_stacks_are_laid_over_one_another_inside_their_room() {
    let inner = stack([track("base", [clip("A", 0, 10)]), track("over", [gap(3), clip("B", 50, 2)])])
        .with("source_range", range(2, 4, 24));
    let cut = timeline([track("V1", [clip("X", 0, 1), inner, clip("Y", 7, 1)])]);
    let plan = plan(&cut, &whole(6));
    // The stack's own frames 2 to 5 lie at record frames 1 to 4.
    assert_eq!(shown(&plan, "cut"), ["X 0", "A 2", "B 50", "B 51", "A 5", "Y 7"]);
    let tracks: Vec<_> = plan.frames(shot(&plan, "cut")).map(|row| row.layers[0].track.to_owned()).collect();
    assert_eq!(tracks, ["V1", "base", "over", "over", "base", "V1"]);
}

#[test]
fn stacks_nest_to_any_depth_and_every_level_trims() {
    let mut child = clip("A", 100, 40);
    for _ in 0..5 {
        child = stack([track("", [child])]).with("source_range", range(1, 20, 24));
    }
    let plan = plan(&timeline([track("V1", [child])]), &whole(20));
    // Each level after the first takes a frame off the front of twenty, and nothing follows on behind.
    let frames = (105..121).map(|frame| format!("A {frame}")).chain(["-"; 4].map(str::to_owned));
    assert_eq!(shown(&plan, "cut"), frames.collect::<Vec<_>>());
}

#[test]
fn two_hundred_stacks_inside_one_another_are_planned_on_a_small_stack() {
    // The reader allows no deeper nesting, the root stack included.
    let mut inner = clip("A", 0, 4);
    for _ in 0..otio_conflate::otio::MAX_NESTING - 2 {
        inner = stack([clip("B", 50, 4), inner]);
    }
    let cut = timeline([track("V1", [inner])]);
    let planned = std::thread::Builder::new().stack_size(2 << 20).spawn(move || {
        let plan = plan(&cut, &whole(4));
        let again: otio_conflate::Plan =
            serde_json::from_str(&serde_json::to_string(&plan).expect("plain data")).expect("it was written");
        assert_eq!(again, plan);
        sources(&plan, "cut")
    });
    assert_eq!(planned.expect("a thread").join().expect("no overflow"), [0, 1, 2, 3]);
}

#[test]
fn a_nested_track_and_a_bare_clip_in_the_root_stack_are_shown() {
    let nested = track("inner", [clip("A", 0, 2), clip("B", 0, 2)]);
    let cut = timeline([track("V1", [clip("X", 0, 1), nested]), clip("Z", 30, 2)]);
    let plan = plan(&cut, &whole(5));
    assert_eq!(shown(&plan, "cut"), ["Z 30", "Z 31", "A 1", "B 0", "B 1"]);
}

#[test]
fn a_timeline_may_be_a_bare_track() {
    let plan = plan(&track("only", [clip("A", 4, 2)]), &PlanOptions::default());
    assert_eq!(shown(&plan, "A"), ["A 4", "A 5"]);
}

#[test]
fn spans_that_show_the_same_are_one() {
    let cut = timeline([track("V1", [clip("A", 0, 12)]), track("V2", [gap(3), gap(2), gap(4)])]);
    let plan = plan(&cut, &PlanOptions::default());
    assert_eq!(plan.shots[0].spans.len(), 1);
    assert_eq!((plan.shots[0].spans[0].start, plan.shots[0].spans[0].count), (0, 12));
}

#[test]
fn the_record_rate_is_the_callers_then_the_start_times_then_the_hero_clips() {
    let clip = clip_of("A", range(0, 50, 25), movie("A", range(0, 100, 25)));
    let cut = timeline([track("V1", [clip])]);
    assert_eq!(plan(&cut, &PlanOptions::default()).rate.written(), 25.0);
    let cut = cut.with("global_start_time", time(3600 * 30, 30));
    let by_start = plan(&cut, &PlanOptions::default());
    assert_eq!((by_start.rate.written(), by_start.global_start, by_start.duration), (30.0, 108_000, 60));
    let rate = otio_conflate::time::Rate::new(50.0).expect("a rate");
    let by_caller = plan(&cut, &options(|options| options.rate = Some(rate)));
    assert_eq!((by_caller.rate.written(), by_caller.global_start, by_caller.duration), (50.0, 180_000, 100));
    let empty = plan(&timeline([track("V1", Vec::new())]), &PlanOptions::default());
    assert_warns(&empty, "tracks", "using 24 fps");
    assert!(empty.shots.is_empty());
}

#[test]
fn record_timecode_is_drop_frame_where_the_caller_says_so_and_the_rate_knows_it() {
    let clip = clip_of("A", range(0, 30, 29.97), movie("A", range(0, 100, 29.97)));
    let cut = timeline([track("V1", [clip])]).with("global_start_time", time(1800, 29.97));
    assert_eq!(plan(&cut, &PlanOptions::default()).timecode(0).to_string(), "00:01:00:00");
    let drop = plan(&cut, &options(|options| options.drop_frame = Some(true)));
    assert_eq!(drop.timecode(0).to_string(), "00:01:00;02");
    let non_drop = plan(&cut, &options(|options| options.drop_frame = Some(false)));
    assert_eq!(non_drop.timecode(0).to_string(), "00:01:00:00");
    let film = plan(&two_tracks(), &options(|options| options.drop_frame = Some(true)));
    assert_eq!(film.timecode(1).to_string(), "01:00:00:01");
}

#[test]
fn sound_lengthens_the_cut_but_is_not_seen() {
    let sound = track("A1", [clip("S", 0, 10)]).with("kind", "Audio");
    let plan = plan(&timeline([track("V1", [clip("A", 0, 4)]), sound]), &whole(10));
    assert_eq!(plan.duration, 10);
    assert_eq!(shown(&plan, "cut")[3..5], ["A 3", "-"]);
}

#[test]
fn effects_and_unknown_schemas_are_named_never_dropped_in_silence() {
    let blur = json!([{"OTIO_SCHEMA": "Effect.1", "name": "soft", "effect_name": "Blur"},
        {"OTIO_SCHEMA": "TimeEffect.1", "name": "curve", "effect_name": "TimeWarp"},
        {"OTIO_SCHEMA": "Sparkle.3", "name": "glitter"},
        {"OTIO_SCHEMA": "Effect.1", "name": "off", "effect_name": "Off", "enabled": false}]);
    let subtitle = json!({"OTIO_SCHEMA": "Subtitle.1", "name": "words"});
    let nested = stack([track("in", [clip("N", 0, 2)])]).with("effects", blur.clone());
    let cut = timeline([track("V1", [clip("A", 0, 4).with("effects", blur), subtitle, nested])]);
    let plan = plan(&cut, &PlanOptions::default());
    assert_warns(&plan, "tracks[0].children[0].effects[0]", "\"Blur\" is not drawn");
    assert_warns(&plan, "tracks[0].children[0].effects[1]", "\"TimeWarp\" is not applied");
    assert_warns(&plan, "tracks[0].children[0].effects[2]", "\"glitter\" is not drawn");
    assert_warns(&plan, "tracks[0].children[1]", "Subtitle.1");
    assert_warns(&plan, "tracks[0].children[2].effects[0]", "\"Blur\" is not drawn");
    assert!(!warnings(&plan).iter().any(|warning| warning.contains("Off")), "{:?}", plan.warnings);
    assert_eq!(plan.duration, 6);
}

#[test]
fn a_kind_of_track_nobody_knows_is_not_seen_and_said() {
    let other = track("T", [clip("S", 0, 4)]).with("kind", "Subtitles");
    let plan = plan(&timeline([track("V1", [clip("A", 0, 4)]), other]), &PlanOptions::default());
    assert_eq!(shown(&plan, "A"), ["A 0", "A 1", "A 2", "A 3"]);
    assert_warns(&plan, "tracks[1]", "Subtitles");
}

#[test]
fn a_plan_survives_being_stored_as_json() {
    let rate = 23.976024627685547;
    let cut = timeline([
        track(
            "V1",
            [
                clip("A", 0, 8),
                dissolve(2, 2),
                clip_of("B", range(1000, 9, rate), sequence("B", 1001, range(1001, 100, rate)))
                    .with("effects", warp(1.37)),
                clip_of("M", range(0, 5, 24), json!({"OTIO_SCHEMA": "MissingReference.1"})),
                clip_of(
                    "G",
                    range(0, 5, 24),
                    json!({"OTIO_SCHEMA": "GeneratorReference.1", "generator_kind": "SMPTEBars"}),
                ),
                stack([track("in", [clip("N", 0, 2)]), track("up", [dissolve(0, 2), clip("O", 3, 2)])]),
            ],
        ),
        track("V2", [gap(3), clip("C", 900, 120)]),
    ]);
    for (mode, shots) in [("timeline", "all"), ("source", "hero")] {
        let options = options(|options| {
            options.handles = "3:5".parse().expect("handles");
            options.handle_mode = mode.parse().expect("a mode");
            options.shots = shots.parse().expect("a selection");
        });
        let plan = plan(&cut, &options);
        let stored = serde_json::to_string(&plan).expect("plain data");
        assert_eq!(serde_json::from_str::<otio_conflate::Plan>(&stored).expect("it was just written"), plan);
        let options_stored = serde_json::to_string(&options).expect("plain data");
        assert_eq!(serde_json::from_str::<PlanOptions>(&options_stored).expect("it was just written"), options);
    }
    let all = plan(&cut, &options(|options| options.shots = ShotSelection::All));
    assert!(all.shots.len() > 4);
}
