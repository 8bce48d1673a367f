//! Cuts as adapters and other programs write them: record starts, names, sequences in plain references, bad clips, several
//! references, drop-frame, moved folders, and cuts that show nothing. R1, R3, R8, R11.

use otio_conflate::plan::{MediaFacts, MissingPolicy, PlanOptions};
use otio_conflate::{ErrorKind, Plan};
use serde_json::{Value, json};

use crate::support::*;

fn external(url: &str, available: Value) -> Value {
    json!({"OTIO_SCHEMA": "ExternalReference.1", "target_url": url, "available_range": available})
}

fn one(clip: Value) -> Value {
    timeline([track("V1", [clip])])
}

fn black() -> PlanOptions {
    options(|options| options.media_missing = MissingPolicy::Black)
}

#[test]
fn a_trim_that_ends_before_the_first_child_is_a_record_start() {
    let v1 = track("V1", [clip("a", 10, 24), clip("b", 20, 36)]).with("source_range", range(-86_400, 60, 24));
    let v2 = track("V2", [clip("c", 5, 12)]).with("source_range", range(-86_412, 12, 24));
    let plan = plan(&timeline([v1, v2]), &options(|options| options.shots = "all".parse().expect("all")));
    assert_eq!((plan.global_start, plan.duration), (86_400, 60));
    let places: Vec<_> = plan.shots.iter().map(|shot| (shot.name.as_str(), shot.start, shot.frame_count)).collect();
    assert_eq!(places, [("a", 0, 24), ("b", 24, 36), ("c", 12, 12)]);
    assert_eq!(sources(&plan, "c")[0], 5);
    assert_eq!(shown(&plan, "b")[0], "b 20");
    assert_warns(&plan, "tracks[0]", "starts at record frame 86400");
    assert_warns(&plan, "tracks[1]", "starts at record frame 86412");
}

#[test]
fn record_starts_hold_with_a_global_start_handles_markers_and_in_nests() {
    let v1 = || track("V1", [clip("a", 10, 24)]).with("source_range", range(-48, 24, 24));
    let known = timeline([v1()]).with("global_start_time", time(24, 24));
    let cut = plan(&known, &options(|options| options.handles = "8".parse().expect("handles")));
    assert_eq!((cut.global_start, cut.duration, cut.shots[0].start, cut.shots[0].head), (24, 48, 16, 8));
    let marked = v1().with("markers", json!([marker("m", "RED", 4, 6)]));
    let marked = plan(&timeline([marked]), &options(|options| options.shots = "markers:red".parse().expect("markers")));
    assert_eq!((marked.global_start, marked.shots[0].start, marked.shots[0].frame_count), (48, 4, 6));
    let nest = timeline([track("N", [stack([v1()])])]);
    assert_eq!(sources(&plan(&nest, &Default::default()), "shot"), (10..34).collect::<Vec<_>>());
    // A nest's own range may count in record frames.
    let nest = timeline([track("N", [stack([v1()]).with("source_range", range(50, 10, 24))])]);
    assert_eq!(sources(&plan(&nest, &Default::default()), "shot"), (12..22).collect::<Vec<_>>());
    // A trim that ends among the children stays a trim.
    let trimmed = timeline([track("V1", [clip("a", 0, 24)]).with("source_range", range(-4, 12, 24))]);
    let trimmed = plan(&trimmed, &Default::default());
    assert_eq!((trimmed.global_start, trimmed.shots[0].start, trimmed.shots[0].frame_count), (0, 4, 8));
}

#[test]
fn media_endings_are_no_part_of_a_shots_name() {
    let named = |name: &str| names(&plan(&one(clip(name, 0, 10)), &Default::default()))[0].to_owned();
    assert_eq!(named("A003C007.mov"), "A003C007");
    assert_eq!(named("A003C007.mov.mov"), "A003C007");
    assert_eq!(named("sh.%04d.exr"), "sh");
    assert_eq!(named("v1.2"), "v1.2");
    let plan = plan(&timeline([track("V1", [clip("a.mov", 0, 4), clip("a.mxf", 0, 4)])]), &Default::default());
    assert_eq!((names(&plan), plan.shots[1].clip.as_str()), (vec!["a", "a_2"], "a.mxf"));
}

/// A folder with numbered files, and its path with a slash behind it.
fn numbered(names: impl IntoIterator<Item = String>) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for name in names {
        std::fs::write(folder.path().join(name), b"x").expect("a file");
    }
    let path = format!("{}/", folder.path().display());
    (folder, path)
}

/// The numbers that a clip of 10 frames from frame `start` shows.
fn shows(url: &str, start: i32, available: Value) -> Vec<i64> {
    let plan = Plan::new(&read(&one(clip_of("c", range(start, 10, 24), external(url, available)))), &black());
    sources(&plan.expect("a plan"), "c")
}

#[test]
fn patterns_in_external_references_are_sequences() {
    let (_folder, path) = numbered((1001..=1040).map(|number| format!("sh.{number}.exr")));
    let wanted: Vec<i64> = (1010..1020).collect();
    for pattern in ["%04d", "####", "#", "@@@@", "$F4", "{:04d}", "[1001-1040]", "1001-1040#"] {
        for available in [range(1001, 40, 24), Value::Null] {
            assert_eq!(shows(&format!("{path}sh.{pattern}.exr"), 1010, available), wanted, "{pattern}");
        }
        assert_eq!(shows(&format!("{path}sh.{pattern}.exr"), 9, range(0, 40, 24)), wanted, "{pattern} from 0");
    }
    for encoded in ["%2504d", "%23%23%23%23", "%5B1001-1040%5D", "%7B:04d%7D", "%24F4", "%04d", "####"] {
        let url = format!("file://{path}sh.{encoded}.exr");
        assert_eq!(shows(&url, 1010, range(1001, 40, 24)), wanted, "{url}");
    }
    // Nobody can look: the timeline says enough.
    assert_eq!(shows("/nowhere/sh.%04d.exr", 1010, range(1001, 40, 24)), wanted);
    assert_eq!(shows("/nowhere/sh.[1001-1040].exr", 1010, Value::Null), wanted);
    // A file that is called so is that file.
    let (_folder, path) = numbered(["a#.png".to_owned()]);
    let plan = Plan::new(
        &read(&one(clip_of("c", range(0, 10, 24), external(&format!("{path}a#.png"), Value::Null)))),
        &black(),
    );
    assert!(matches!(&plan.expect("a plan").media[0].source, otio_conflate::plan::MediaSource::File { .. }));
}

#[test]
fn the_first_file_of_a_numbered_run_is_that_run_with_a_note() {
    let (_folder, path) = numbered((1001..=1040).map(|number| format!("a1_v02.{number}.png")));
    let url = format!("{path}a1_v02.1001.png");
    let wanted: Vec<i64> = (1010..1020).collect();
    assert_eq!(shows(&url, 1010, range(1001, 40, 24)), wanted);
    assert_eq!(shows(&url, 1010, Value::Null), wanted);
    assert_eq!(shows(&url, 9, range(0, 40, 24)), wanted);
    let plan = Plan::new(&read(&one(clip_of("c", range(1010, 10, 24), external(&url, range(1001, 40, 24))))), &black());
    let told = notes(&plan.expect("a plan"));
    assert!(told.iter().any(|note| note.contains("numbered run")), "{told:?}");
    // One frame, another than the first, and more than there are: a still.
    for (url, start, available) in [
        (url.clone(), 1001, range(1001, 1, 24)),
        (format!("{path}a1_v02.1005.png"), 0, range(0, 40, 24)),
        (url.clone(), 0, range(0, 100_000, 24)),
    ] {
        let clip = clip_of("c", range(start, 1000, 24), external(&url, available));
        let plan = Plan::new(&read(&one(clip)), &black()).expect("a plan");
        assert!(matches!(&plan.media[0].source, otio_conflate::plan::MediaSource::File { .. }), "{url} {start}");
    }
    // Negative numbers, and numbers on twos.
    let (_folder, path) =
        numbered((-5..=20).map(|number| format!("n.{}{:03}.exr", if number < 0 { "-" } else { "" }, i32::abs(number))));
    assert_eq!(shows(&format!("{path}n.-005.exr"), -5, range(-5, 26, 24)), (-5..5).collect::<Vec<i64>>());
    let (_folder, path) = numbered((0..20).map(|number| format!("t.{:04}.exr", 1001 + 2 * number)));
    assert_eq!(
        shows(&format!("{path}t.%04d.exr"), 1001, range(1001, 20, 24)),
        (0..10).map(|n| 1001 + 2 * n).collect::<Vec<i64>>()
    );
}

#[test]
fn one_bad_clip_is_one_bad_clip() {
    let good = |name: &str| clip(name, 5, 10);
    let number = |value: &str| format!("\"value\":{value},\"rate\":24.0");
    for (start, what) in [
        (r#""value":0.0,"rate":0.0"#.to_owned(), "rate 0"),
        (r#""value":0.0,"rate":NaN"#.to_owned(), "rate NaN"),
        (r#""value":0.0,"rate":-24.0"#.to_owned(), "a negative rate"),
        (number("NaN"), "NaN"),
        (number("Infinity"), "infinity"),
    ] {
        let cut = timeline([track("V1", [good("a"), clip("bad", 7777, 10), good("c")])]).to_string();
        let bad = cut.replace(r#""rate":24.0,"value":7777.0"#, &start);
        assert_ne!(bad, cut, "{what}");
        let timeline = otio_conflate::otio::read_str(&bad, &Default::default()).expect(what);
        let plan = Plan::new(&timeline, &black()).expect(what);
        assert_eq!(plan.shots.len(), 3, "{what}");
        // As long as its media is known to be.
        assert_eq!((plan.shots[1].frame_count, plan.shots[2].start), (1000, 1010), "{what}");
        assert_eq!(sources(&plan, "c"), (5..15).collect::<Vec<_>>(), "{what}");
        assert!(timeline.notes.iter().any(|note| note.contains("tracks[0].children[1]")), "{:?}", timeline.notes);
    }
    for reference in [json!("text"), json!(7), json!([]), json!({"no": "schema"}), json!({"OTIO_SCHEMA": "Gap.1"})] {
        let plan = Plan::new(&read(&one(clip_of("c", range(0, 10, 24), reference.clone()))), &black());
        assert_eq!(plan.expect("a plan").shots[0].frame_count, 10, "{reference}");
    }
    let negative = clip_of("c", range(3, 10, 24), movie("m", range(0, -5, 24)));
    let plan = plan_with(&one(negative), &black(), Some(MediaFacts::new(None, Some(100), None)));
    assert_eq!(sources(&plan, "c")[0], 3);
    let marked = good("a").with(
        "markers",
        json!([{"OTIO_SCHEMA": "Marker.2", "name": "m", "color": "RED",
        "marked_range": range(0, -1, 24)}]),
    );
    let across = dissolve(-4, 4);
    let plan = Plan::new(&read(&timeline([track("V1", [marked, across, good("b")])])), &black()).expect("a plan");
    assert_eq!(plan.shots.len(), 2);
}

#[test]
fn of_several_references_one_that_is_there_is_shown() {
    let (_folder, path) = numbered(["proxy.mov".to_owned(), "full.mov".to_owned()]);
    let all = range(0, 100, 24);
    let cut = |active: &str| {
        one(json!({"OTIO_SCHEMA": "Clip.2", "name": "c", "source_range": range(4, 10, 24), "media_references": {
            "camera": external("/nowhere/a.r3d", all.clone()), "proxy": external(&format!("{path}proxy.mov"), all.clone()),
            "raw": external(&format!("{path}full.mov"), all.clone())}, "active_media_reference_key": active}))
    };
    let shown = |active: &str, prefer: &[&str]| {
        let prefer = prefer.iter().map(|&key| key.to_owned()).collect();
        let plan = Plan::new(&read(&cut(active)), &options(|options| options.prefer = prefer)).expect("a plan");
        (plan.media[0].source.display().rsplit('/').next().unwrap_or_default().to_owned(), notes(&plan).len())
    };
    assert_eq!(shown("camera", &[]), ("proxy.mov".to_owned(), 1));
    assert_eq!(shown("missing", &[]), ("proxy.mov".to_owned(), 1));
    assert_eq!(shown("raw", &[]), ("full.mov".to_owned(), 0));
    assert_eq!(shown("proxy", &["camera", "raw"]), ("full.mov".to_owned(), 1));
}

#[test]
fn drop_frame_is_what_the_file_says() {
    let cut = |said: Option<&str>| {
        let clip = clip_of("c", range(0, 10, 30_000.0 / 1001.0), movie("m", range(0, 100, 30_000.0 / 1001.0)));
        let metadata = said.map_or(json!({}), |said| json!({"fcp_xml": {"timecode": {"displayformat": said}}}));
        one(clip).with("global_start_time", time(108_000, 30_000.0 / 1001.0)).with("metadata", metadata)
    };
    let first =
        |said, caller| plan(&cut(said), &options(|options| options.drop_frame = caller)).timecode(0).to_string();
    assert_eq!(first(None, None), "01:00:00:00");
    assert_eq!(first(Some("NDF"), None), "01:00:00:00");
    assert_eq!(first(Some("DF"), None), "01:00:03;18");
    assert_eq!(first(Some("NDF"), Some(true)), "01:00:03;18");
    let facts = |drop| Some(MediaFacts::new(None, Some(100), None).with_drop_frame(Some(drop)));
    let open = one(clip_of("c", range(0, 10, 30_000.0 / 1001.0), movie("m", Value::Null)));
    assert!(plan_with(&open, &Default::default(), facts(true)).drop_frame);
    assert!(!plan_with(&open, &Default::default(), facts(false)).drop_frame);
}

#[test]
fn a_path_map_works_for_what_is_printed_and_tells_what_it_does_not_match() {
    let mut cut = read(&one(clip_of("c", range(0, 10, 24), external("footage/a.mov", range(0, 50, 24)))));
    cut.path = Some(path("/cut/rel.otio"));
    let map = |from: &str| options(|options| options.path_map = vec![(from.to_owned(), path("/moved"))]);
    let mapped = Plan::new(&cut, &map("/cut/footage")).expect("a plan");
    assert_eq!(mapped.media[0].source.display(), "/moved/a.mov");
    assert!(mapped.warnings.is_empty(), "{:?}", mapped.warnings);
    let nothing = Plan::new(&cut, &map("/elsewhere")).expect("a plan");
    assert_warns(&nothing, "", "/elsewhere");
}

#[test]
fn a_cut_that_shows_nothing_is_an_error_that_says_why_for_each_track() {
    let off = track("V2", [clip("b", 0, 10)]).with("enabled", false);
    let trimmed = track("V1", [clip("a", 0, 10)]).with("source_range", range(50, 5, 24));
    let cut = timeline([trimmed, off]);
    let error = refused(&cut, &Default::default());
    assert_eq!(error.kind(), ErrorKind::Empty);
    let text = format!("{error:#}");
    assert!(text.contains("tracks[0]") && text.contains("source_range") && text.contains("tracks[1]"), "{text}");
    assert!(text.contains("disabled"), "{text}");
    assert!(plan(&cut, &options(|options| options.allow_empty = true)).shots.is_empty());
    let huge = timeline([track("V1", [clip("a", 0, 10), dissolve(1e12, 1e12), clip("b", 0, 10)])]);
    assert_eq!(refused(&huge, &Default::default()).place().object.as_deref(), Some("tracks[0].children[1]"));
}
