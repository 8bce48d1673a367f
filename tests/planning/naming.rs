//! What shots are called, the fields they carry, and options of single shots. R11, R12.

use otio_conflate::ErrorKind;
use otio_conflate::plan::{HandleMode, Handles, PlanOptions, ShotName, ShotOptions, ShotSelection};
use serde_json::{Value, json};

use crate::support::*;

/// A clip with the metadata `{"ayon": {"shot": shot, "seq.name": "sq01"}}`.
fn known(name: &str, start: i64, shot: Value) -> Value {
    clip(name, start, 4).with("metadata", json!({"ayon": {"shot": shot, "seq.name": "sq01"}}))
}

fn by(name: &str) -> PlanOptions {
    PlanOptions::default().shot_name(name.parse().expect("a way to name shots"))
}

#[test]
fn names_come_from_metadata_and_fall_back_with_a_warning() {
    let cut = timeline([track(
        "V1",
        [known("A001C003", 0, json!("sh010")), known("A001C004", 10, json!(20)), clip("sh010", 0, 4), clip("x", 0, 4)],
    )]);
    let plan = plan(&cut, &by("metadata:ayon.shot"));
    // What metadata says stays; a clip's own name is numbered around it.
    assert_eq!(names(&plan), ["sh010", "20", "sh010_2", "x"]);
    assert_eq!(plan.shots[0].clip, "A001C003");
    assert_warns(&plan, "tracks[0].children[2]", "no name by metadata:ayon.shot");
    assert_eq!(plan.warnings.len(), 1, "{:?}", plan.warnings);
    assert_eq!(plan.warnings[0].count, 2);
}

#[test]
fn a_group_of_a_pattern_names_a_shot() {
    let cut = timeline([track(
        "V1",
        [clip("sq01_sh010_plate_v3", 0, 4), clip("sq01_sh020.mov", 0, 4), clip("titles", 0, 4)],
    )]);
    let plan = plan(&cut, &by(r"regex:_(sh\d+)"));
    assert_eq!(names(&plan), ["sh010", "sh020", "titles"]);
    assert_warns(&plan, "tracks[0].children[2]", r"no name by regex:_(sh\d+)");
}

#[test]
fn a_function_names_a_shot_by_all_that_is_known_of_its_clip() {
    let cut = timeline([track("V1", [clip("a", 0, 4), clip("b", 7, 4)])]);
    let name = ShotName::with(|of| {
        let start = of.clip?.item.source_range?.start_time.value;
        (of.name == of.clip_name).then(|| format!("{}@{}-{}+{start}", of.track, of.frames.start, of.frames.end))
    });
    assert_eq!(names(&plan(&cut, &PlanOptions::default().shot_name(name))), ["V1@0-4+0", "V1@4-8+7"]);
}

#[test]
fn the_same_name_twice_is_refused_with_both_objects_but_names_of_clips_are_numbered() {
    let cut = timeline([track("V1", [known("a", 0, json!("SH1")), clip("gap", 0, 4), known("b", 0, json!("sh1"))])]);
    let same = ShotName::with(|_| Some("same".to_owned()));
    let with = |name: ShotName| PlanOptions::default().shot_name(name);
    for (options, second) in [
        (by("metadata:ayon.shot"), "tracks[0].children[2]"),
        (by("regex:(.).*"), "tracks[0].children[2]"),
        (with(same), "tracks[0].children[1]"),
    ] {
        let cut = if options == by("regex:(.).*") {
            timeline([track("V1", [clip("a1", 0, 4), clip("b", 0, 4), clip("A2", 0, 4)])])
        } else {
            cut.clone()
        };
        let error = refused(&cut, &options);
        let text = format!("{error:#}");
        assert_eq!((error.kind(), error.place().object.as_deref()), (ErrorKind::Option, Some(second)), "{text}");
        assert!(text.contains("tracks[0].children[0]") && text.contains("record frames 0 to 3"), "{text}");
    }
    let cut = timeline([track("V1", [clip("a", 0, 4), clip("a", 9, 4)])]);
    assert_eq!(names(&plan(&cut, &PlanOptions::default())), ["a", "a_2"]);
}

#[test]
fn markers_nests_and_flat_pieces_are_named_by_their_own_metadata_and_ranges_by_the_caller() {
    let marked = |name: &str, color: &str, shot: &str| {
        marker(name, color, 0, 4).with("metadata", json!({"ayon": {"shot": shot}}))
    };
    let nest = stack([track("in", [clip("inner", 0, 4)])]).with("metadata", json!({"ayon": {"shot": "nest"}}));
    let cut =
        timeline([track("V1", [known("a", 0, json!("sh010")).with("markers", json!([marked("m", "RED", "marked")]))])]);
    let select = |shots: &str| by("metadata:ayon.shot").shots(shots.parse().expect("a selection"));
    assert_eq!(names(&plan(&cut, &select("markers:RED"))), ["marked"]);
    assert_eq!(names(&plan(&cut, &select("flat"))), ["sh010"]);
    let ranges = plan(&cut, &select("ranges:r=0-1"));
    assert_eq!((names(&ranges), ranges.warnings.len()), (vec!["r"], 0));
    assert_eq!(names(&plan(&timeline([track("V1", [nest])]), &select("hero"))), ["nest"]);
    let whole =
        timeline([track("V1", [clip("a", 0, 9)])]).with("tracks.markers", json!([marked("m", "RED", "of the cut")]));
    assert_eq!(names(&plan(&whole, &select("markers:RED"))), ["of the cut"]);
}

#[test]
fn fields_are_chosen_from_metadata_and_set_by_hand() {
    let cut = timeline([track("V1", [known("a", 0, json!("sh010")), clip("b", 0, 4)])]);
    let options = PlanOptions::default()
        .field("sequence", r"ayon.seq\.name".parse().expect("a path"))
        .field("shot-id", "ayon.shot".parse().expect("a path"))
        .for_shot("a", ShotOptions::default().field("sequence", "by hand").field("task", "comp"));
    let plan = plan(&cut, &options);
    let fields: Vec<String> = plan.shots[0].fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(fields, ["sequence=by hand", "shot-id=sh010", "task=comp"]);
    assert!(plan.shots[1].fields.is_empty());
    assert_warns(&plan, "tracks[0].children[1]", "no text at ayon.\"seq.name\"");
    assert_warns(&plan, "tracks[0].children[1]", "no field \"shot-id\"");
    let stored = serde_json::to_string(&plan).expect("plain data");
    assert_eq!(serde_json::from_str::<otio_conflate::Plan>(&stored).expect("a plan"), plan);
    for wrong in ["", "a b", "a}"] {
        let options = PlanOptions::default().field(wrong, "x".parse().expect("a path"));
        assert!(refused(&cut, &options).to_string().contains("invalid name of a field"), "{wrong:?}");
    }
}

#[test]
fn one_shot_has_options_of_its_own() {
    let cut = timeline([track("V1", [clip("a", 100, 10), clip("b", 200, 10), clip("c", 300, 10)])]);
    let own = ShotOptions::default().handles("2:3".parse().expect("handles")).first_frame(1);
    let source = ShotOptions::default().handle_mode(HandleMode::Source).file("sq/c_v2");
    let options = PlanOptions::default().handles(Handles::both(1)).for_shot("b", own).for_shot("c", source);
    let plan = plan(&cut, &options);
    let shape = |name: &str| (shot(&plan, name).head, shot(&plan, name).tail, shot(&plan, name).first_frame);
    assert_eq!([shape("a"), shape("b"), shape("c")], [(0, 1, 1001), (2, 3, -1), (1, 1, 1000)]);
    assert_eq!(sources(&plan, "b")[..3], [108, 109, 200]);
    assert_eq!(sources(&plan, "c")[0], 299);
    assert_eq!(shot(&plan, "c").file.as_deref(), Some("sq/c_v2"));
    assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
}

#[test]
fn options_of_a_shot_that_is_not_there_are_a_warning_and_impossible_files_are_refused() {
    let cut = timeline([track("V1", [clip("a", 0, 4), clip("b", 0, 4)])]);
    let file = |file: &str| ShotOptions::default().file(file);
    let plan = plan(&cut, &PlanOptions::default().for_shot("sh999", file("x")));
    assert_warns(&plan, "", "the shot \"sh999\", which is not in the cut");
    for wrong in ["../x", "/x", "", "a//b", "x\\y", "a:b", "manifest.json", "conflated.OTIO", "sq/-a"] {
        let error = refused(&cut, &PlanOptions::default().for_shot("a", file(wrong)));
        assert_eq!((error.kind(), error.place().clip.as_deref()), (ErrorKind::Option, Some("a")), "{error:#}");
    }
    let error = refused(&cut, &PlanOptions::default().for_shot("a", file("X")).for_shot("b", file("x")));
    assert!(format!("{error:#}").contains("\"a\" and \"b\""), "{error:#}");
}

#[test]
fn options_are_stored_with_a_table_for_each_shot() {
    let text = r#"
        shots = "all"
        shot_name = "metadata:ayon.shot"
        handles = "8:4"
        rate = "24000/1001"
        [fields]
        sequence = 'ayon."seq.name"'
        [per_shot.sh010]
        handles = 24
        first_frame = 101
        file = "sq01/sh010"
        fields = { task = "comp" }
    "#;
    let options: PlanOptions = toml::from_str(text).expect("options");
    assert_eq!(options.shots, ShotSelection::All);
    assert_eq!((options.handles, options.rate.expect("a rate").num()), (Handles { head: 8, tail: 4 }, 24_000));
    assert_eq!(options.per_shot["sh010"].handles, Some(Handles::both(24)));
    let json = serde_json::to_string(&options).expect("plain data");
    assert!(json.contains(r#""handles":"8:4""#) && json.contains(r#""shot_name":"metadata:ayon.shot""#), "{json}");
    assert_eq!(serde_json::from_str::<PlanOptions>(&json).expect("it was just written"), options);
    for wrong in ["[per_shot.a]\nhandels = 3", "shot_name = \"shot\"", "[fields]\nx = \"\""] {
        assert!(toml::from_str::<PlanOptions>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_plan_with_impossible_names_of_files_or_fields_does_not_hold_together() {
    let plan = plan(&timeline([track("V1", [clip("a", 0, 4), clip("b", 0, 4)])]), &PlanOptions::default());
    let wrong = |change: &dyn Fn(&mut otio_conflate::Plan)| {
        let mut plan = plan.clone();
        change(&mut plan);
        plan.validate().expect_err("it does not hold").to_string()
    };
    for file in ["../x", "a:b", "manifest.json"] {
        assert!(wrong(&|plan| plan.shots[1].file = Some(file.into())).contains("shots[1].file"), "{file}");
    }
    let same = wrong(&|plan| plan.shots.iter_mut().for_each(|shot| shot.file = Some("x".into())));
    assert!(same.contains("shots[1].file") && same.contains("another shot's"), "{same}");
    assert!(wrong(&|plan| drop(plan.shots[0].fields.insert("a b".into(), "x".into()))).contains("shots[0].fields"));
}
