//! The library's functions one by one: what they give, and how they fail.

use std::fs;

use otio_conflate::otio::reference::{self, ReferenceTimeline, SchemaTarget};
use otio_conflate::otio::{self, ReadOptions, Reader};
use otio_conflate::timeline::{Child, Value};
use otio_conflate::{ErrorKind, Plan, PlanOptions, Timeline};

use super::samples;

const CLIP: &str = r#"{"OTIO_SCHEMA": "Clip.2", "name": "sh010", "media_references": {"hero":
    {"OTIO_SCHEMA": "ExternalReference.1", "target_url": "a.mov"}}, "active_media_reference_key": "hero"}"#;

pub(crate) fn track_of(children: &str) -> String {
    format!(
        r#"{{"OTIO_SCHEMA": "Timeline.1", "tracks": {{"OTIO_SCHEMA": "Stack.1", "children": [
            {{"OTIO_SCHEMA": "Track.1", "kind": "Video", "children": [{children}]}}]}}}}"#
    )
}

pub(crate) fn native(text: &str) -> Timeline {
    otio::read_str(text, &ReadOptions::default()).unwrap_or_else(|error| panic!("{error:#}\n{text}"))
}

#[test]
fn every_sample_has_one_model_and_one_plan() {
    for (path, _) in samples() {
        let ours = Timeline::open_with(&path, Reader::Native).expect("valid");
        let theirs = Timeline::open_with(&path, Reader::OpenTimelineIo).expect("valid");
        assert_eq!(ours, theirs, "{}", path.display());
        assert_eq!(theirs.path.as_deref(), Some(&*path));
        assert_eq!(reference::open(&path).expect("valid"), theirs);
        let plan = |timeline| Plan::new(timeline, &PlanOptions::default()).expect("a plan");
        assert_eq!(plan(&ours), plan(&theirs), "{}", path.display());
        // And both ways back.
        assert_eq!(native(&reference::to_json(&ours).expect("valid")).tracks, ours.tracks);
        let (ours, theirs) = (ReferenceTimeline::new(&ours), ReferenceTimeline::new(&theirs));
        assert!(ours.expect("valid").is_equivalent(&theirs.expect("valid")).expect("timelines"));
    }
}

#[test]
fn it_tells_its_version_and_those_of_its_schemas() {
    let version = reference::library_version().expect("known");
    assert!(version.starts_with("0.") && version.len() >= 6, "{version}");
    let schemas = reference::schema_versions().expect("known");
    assert!(schemas["Clip"] >= 2 && schemas["Timeline"] >= 1, "{schemas:?}");
}

#[test]
fn a_timeline_is_written_for_older_tools() {
    let timeline = native(&track_of(CLIP));
    let old = SchemaTarget::release("0.14.0").expect("a release");
    for target in [old, SchemaTarget::newest().with("Clip", 1)] {
        let json = reference::to_json_for(&timeline, &target).expect("valid");
        assert!(json.contains(r#""OTIO_SCHEMA": "Clip.1""#) && !json.contains("Clip.2"), "{json}");
        // The reference under the active key became the only one.
        let again = native(&json);
        let Child::Composition(track) = &again.tracks.children[0] else { panic!("no track") };
        let Child::Clip(clip) = &track.children[0] else { panic!("no clip") };
        assert_eq!(clip.media_references.len(), 1);
        assert!(format!("{:?}", clip.media_reference()).contains("a.mov"));
    }
    let newest = reference::to_json_for(&timeline, &SchemaTarget::newest()).expect("valid");
    assert!(newest.contains("Clip.2"));
}

#[test]
fn a_file_for_older_tools_is_there_whole_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let timeline = native(&track_of(CLIP));
    let target = SchemaTarget::release("0.14.0").expect("a release");
    let path = folder.path().join("old.otio");
    reference::write_for(&timeline, &path, &target).expect("written");
    assert!(fs::read_to_string(&path).expect("a file").contains("Clip.1"));
    assert_eq!(native(&fs::read_to_string(&path).expect("a file")).tracks.children.len(), 1);

    let error =
        reference::write_for(&timeline, &path, &SchemaTarget::newest().with("Clip", 7)).expect_err("no version 7");
    assert_eq!(error.kind(), ErrorKind::Option);
    assert!(fs::read_to_string(&path).expect("still there").contains("Clip.1"));
    let error =
        reference::write_for(&timeline, folder.path().join("no/such/folder.otio"), &target).expect_err("no folder");
    assert_eq!(error.kind(), ErrorKind::Io);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[test]
fn targets_that_mean_nothing_are_refused() {
    let timeline = native(&track_of(CLIP));
    let error = SchemaTarget::release("0.3").expect_err("no such release");
    assert_eq!(error.kind(), ErrorKind::Option);
    assert!(format!("{error:#}").contains("0.14.0"), "{error:#}");
    for target in [SchemaTarget::newest().with("Clp", 1), SchemaTarget::newest().with("Clip", 0)] {
        assert_eq!(reference::to_json_for(&timeline, &target).expect_err("refused").kind(), ErrorKind::Option);
    }
}

#[test]
fn limits_hold_for_both_readers() {
    for reader in [Reader::Native, Reader::OpenTimelineIo] {
        let options = ReadOptions::default().with_reader(reader);
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(otio::read_str(&deep, &options).expect_err("too deep").kind(), ErrorKind::Schema);
        let small = options.clone().with_max_bytes(10);
        assert_eq!(otio::read_str(&track_of(CLIP), &small).expect_err("too large").kind(), ErrorKind::Schema);
        let error = otio::read_file("/no/such/cut.otio", &options).expect_err("no file");
        assert_eq!((error.kind(), error.place().file.is_some()), (ErrorKind::Io, true));
    }
}

#[test]
fn a_timeline_is_chosen_from_a_collection() {
    let one = |name: &str| {
        format!(
            r#"{{"OTIO_SCHEMA": "Timeline.1", "name": "{name}", "tracks": {{"OTIO_SCHEMA": "Stack.1", "children": []}}}}"#
        )
    };
    let text =
        format!(r#"{{"OTIO_SCHEMA": "SerializableCollection.1", "children": [{}, {}]}}"#, one("reel 1"), one("reel 2"));
    let options = ReadOptions::default().with_reader(Reader::OpenTimelineIo);
    assert_eq!(otio::read_str(&text, &options).expect_err("which one?").kind(), ErrorKind::Option);
    assert_eq!(otio::read_str(&text, &options.with_timeline("reel 2")).expect("chosen").name, "reel 2");
}

#[test]
fn long_integers_are_told_of() {
    let text = track_of(
        r#"{"OTIO_SCHEMA": "Gap.1", "metadata": {"ticks": 254016000000000000000, "id": 18446744073709551615}}"#,
    );
    assert!(native(&text).notes.is_empty());
    let notes = reference::from_json(&text).expect("valid").notes;
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].contains("there are 2"), "{notes:?}");
}

#[test]
fn doubles_of_17_digits_come_out_next_to_what_was_written() {
    let value = |timeline: &Timeline| match &timeline.metadata["x"] {
        Value::Float(value) => *value,
        other => panic!("no double: {other:?}"),
    };
    for written in [24000.0 / 1001.0, 30000.0 / 1001.0, 23.976024627685547, 86400.08874841638, 0.1 + 0.2] {
        let text = format!(
            r#"{{"OTIO_SCHEMA": "Timeline.1", "metadata": {{"x": {written:?}}},
                "tracks": {{"OTIO_SCHEMA": "Stack.1", "children": []}}}}"#
        );
        let theirs = value(&reference::from_json(&text).expect("valid"));
        assert_eq!(value(&native(&text)), written, "ours is the nearest");
        assert!((theirs.to_bits().abs_diff(written.to_bits())) <= 2, "{theirs:?}, not {written:?}");
    }
}
