//! Reading timelines, from tidy to nasty, through the public API.

use otio_conflate::otio::{self, MAX_NESTING, ReadOptions};
use otio_conflate::timeline::{
    Child, Clip, Composition, CompositionKind, EffectKind, MediaKind, MediaReference, MissingFramePolicy, Timeline,
    Value,
};
use otio_conflate::{Error, ErrorKind};

fn read(text: &str) -> Timeline {
    let timeline = otio::read_str(text, &ReadOptions::default()).unwrap_or_else(|error| panic!("{error:#}\n{text}"));
    let again = otio::read_str(&otio::to_json(&timeline), &ReadOptions::default()).expect("our own JSON");
    assert_eq!(without_notes(&timeline), without_notes(&again), "not the same after writing and reading");
    timeline
}

fn without_notes(timeline: &Timeline) -> Timeline {
    let mut timeline = timeline.clone();
    (timeline.notes, timeline.path) = (Vec::new(), None);
    timeline
}

fn fail(text: &str) -> Error {
    match otio::read_str(text, &ReadOptions::default()) {
        Ok(_) => panic!("this was read:\n{text}"),
        Err(error) => error,
    }
}

/// A timeline with these children in the first track.
fn track_of(children: &str) -> String {
    format!(
        "{{\"OTIO_SCHEMA\": \"Timeline.1\", \"name\": \"edit\", \"tracks\": {{\"OTIO_SCHEMA\": \"Stack.1\", \
         \"children\": [\n{{\"OTIO_SCHEMA\": \"Track.1\", \"name\": \"V1\", \"kind\": \"Video\", \"children\": \
         [{children}]}}]}}}}"
    )
}

fn time(value: &str, rate: &str) -> String {
    format!(r#"{{"OTIO_SCHEMA": "RationalTime.1", "value": {value}, "rate": {rate}}}"#)
}

fn range(start: &str, duration: &str) -> String {
    format!(
        r#"{{"OTIO_SCHEMA": "TimeRange.1", "start_time": {}, "duration": {}}}"#,
        time(start, "24"),
        time(duration, "24.0")
    )
}

fn children(timeline: &Timeline) -> &[Child] {
    match &timeline.tracks.children[0] {
        Child::Composition(track) => &track.children,
        other => panic!("no track: {other:?}"),
    }
}

fn clip(timeline: &Timeline) -> &Clip {
    match &children(timeline)[0] {
        Child::Clip(clip) => clip,
        other => panic!("no clip: {other:?}"),
    }
}

#[test]
fn both_versions_of_a_clip_have_their_media() {
    let media = r#"{"OTIO_SCHEMA": "ExternalReference.1", "target_url": "a.mov"}"#;
    let one = read(&track_of(&format!(r#"{{"OTIO_SCHEMA": "Clip.1", "name": "A", "media_reference": {media}}}"#)));
    let two = read(&track_of(&format!(
        r#"{{"OTIO_SCHEMA": "Clip.2", "name": "A", "active_media_reference_key": "proxy",
            "media_references": {{"hi": null, "proxy": {media}}}}}"#
    )));
    assert_eq!(clip(&one).media_reference(), clip(&two).media_reference());
    assert!(
        matches!(clip(&one).media_reference(), Some(MediaReference::External { target_url, .. }) if target_url == "a.mov")
    );
    assert_eq!(clip(&two).media_references.keys().collect::<Vec<_>>(), ["hi", "proxy"]);

    for text in [r#"{"OTIO_SCHEMA": "Clip.1", "media_reference": null}"#, r#"{"OTIO_SCHEMA": "Clip.2"}"#] {
        assert_eq!(clip(&read(&track_of(text))).media_reference(), Some(&MediaReference::missing()));
    }
    let lost =
        read(&track_of(r#"{"OTIO_SCHEMA": "Clip.2", "media_references": {}, "active_media_reference_key": "x"}"#));
    assert_eq!(clip(&lost).media_reference(), None);
    assert!(lost.notes[0].starts_with("tracks[0].children[0]: "), "{:?}", lost.notes);
}

#[test]
fn old_names_and_versions_are_read() {
    let text = format!(
        r#"{{"OTIO_SCHEMA": "SerializeableCollection.1", "children": [{{"OTIO_SCHEMA": "Timeline.1", "tracks":
            {{"OTIO_SCHEMA": "Stack.1", "children": [{{"OTIO_SCHEMA": "Sequence.1", "kind": "Audio", "children": [
            {{"OTIO_SCHEMA": "Filler.1", "duration": {}, "markers": [
                {{"OTIO_SCHEMA": "Marker.1", "range": {}, "color": null}},
                {{"OTIO_SCHEMA": "Marker.3", "marked_range": null, "color":
                    {{"OTIO_SCHEMA": "Color.1", "name": "Teal", "r": 0.0, "g": 0.5, "b": 0.5, "a": 1.0}}}},
                {{"OTIO_SCHEMA": "Marker.2"}}]}}]}}]}}}}]}}"#,
        time("12", "24"),
        range("1", "2")
    );
    let timeline = read(&text);
    let Child::Composition(track) = &timeline.tracks.children[0] else { panic!("no track") };
    assert_eq!(track.kind, CompositionKind::Track(MediaKind::Audio));
    let Child::Gap(gap) = &track.children[0] else { panic!("no gap") };
    assert_eq!(gap.item.source_range.map(|range| range.duration.value), Some(12.0));
    let [first, second, third] = &gap.item.markers[..] else { panic!("three markers") };
    assert_eq!(first.marked_range.map(|range| range.duration.value), Some(2.0));
    assert_eq!((first.color.as_str(), second.color.as_str(), third.color.as_str()), ("", "Teal", "GREEN"));
    assert!(otio::to_json(&timeline).contains("\"Marker.3\""));
}

#[test]
fn newer_versions_are_read_as_the_newest_known_with_one_note() {
    let clip = r#"{"OTIO_SCHEMA": "Clip.7", "name": "A", "shininess": 3}"#;
    let timeline = read(&track_of(&format!("{clip}, {clip}, {clip}")));
    assert_eq!(children(&timeline).len(), 3);
    assert_eq!(timeline.notes, ["tracks[0].children[0]: the schema \"Clip.7\" is read as Clip.2 (and 2 more like it)"]);
}

#[test]
fn unknown_schemas_are_kept_whole_in_their_place() {
    let odd = r#"{"OTIO_SCHEMA": "Subtitle.4", "name": "sub", "lines": ["a", {"x": NaN}]}"#;
    let timeline = read(&track_of(&format!(
        r#"{odd}, {{"OTIO_SCHEMA": "Clip.1", "media_reference": {odd}, "effects": [{odd}]}}"#
    )));
    let Child::Unknown(object) = &children(&timeline)[0] else { panic!("not unknown") };
    assert_eq!((object.schema.as_str(), object.data.len()), ("Subtitle.4", 3));
    let Child::Clip(clip) = &children(&timeline)[1] else { panic!("no clip") };
    assert!(matches!(clip.media_reference(), Some(MediaReference::Unknown(same)) if *same == **object));
    assert!(matches!(&clip.item.effects[0].kind, EffectKind::Unknown(same) if *same == **object));
    assert_eq!(clip.item.effects[0].name, "sub");
    assert_eq!(timeline.notes.len(), 1);
}

#[test]
fn of_two_schemas_the_last_counts_as_with_any_other_key() {
    let twice = r#"{"OTIO_SCHEMA": "Subtitle.4", "name": "A", "OTIO_SCHEMA": "Clip.1"}"#;
    assert_eq!(clip(&read(&track_of(twice))).item.name, "A");
    let twice = r#"{"OTIO_SCHEMA": "Clip.1", "name": 3, "OTIO_SCHEMA": "Subtitle.4"}"#;
    assert!(matches!(children(&read(&track_of(twice)))[0], Child::Unknown(_)));
}

#[test]
fn nothing_written_beside_the_schema_is_lost() {
    let text = track_of(
        r#"{"OTIO_SCHEMA": "Clip.1", "shot_id": 18446744073709551616, "color": {"OTIO_SCHEMA": "Color.1", "r": 1},
            "metadata": {"Resolve_OTIO": {"Locked": false, "Speed": -Infinity, "é\ud83d\ude00": [1, 1.0, null]}},
            "media_reference": {"OTIO_SCHEMA": "MissingReference.1", "size": [1920, 1080]},
            "effects": [{"OTIO_SCHEMA": "Effect.1", "effect_name": "Blur", "strength": 0.1}]},
           {"OTIO_SCHEMA": "Transition.1", "transition_type": "SMPTE_Dissolve", "enabled": false}"#,
    );
    let timeline = read(&text);
    let json = otio::to_json(&timeline);
    for kept in [
        "\"shot_id\": 18446744073709551616",
        "\"Speed\": -Infinity",
        "\"é😀\": [",
        "\"size\": [",
        "\"strength\": 0.1",
        "\"r\": 1\n",
        "\"enabled\": false",
    ] {
        assert!(json.contains(kept), "{kept} is not in\n{json}");
    }
    assert_eq!(clip(&timeline).item.metadata["Resolve_OTIO"].get("Locked"), Some(&Value::Bool(false)));
    assert!(timeline.notes.is_empty(), "{:?}", timeline.notes);
}

#[test]
fn image_sequences_take_defaults_and_odd_rates() {
    let sequence = |fields: &str| {
        let text = format!(
            r#"{{"OTIO_SCHEMA": "Clip.1", "media_reference": {{"OTIO_SCHEMA": "ImageSequenceReference.1"{fields}}}}}"#
        );
        otio::read_str(&track_of(&text), &ReadOptions::default())
    };
    let timeline = sequence("").expect("defaults");
    let Some(MediaReference::ImageSequence { start_frame, frame_step, rate, frame_zero_padding, .. }) =
        clip(&timeline).media_reference()
    else {
        panic!("no sequence")
    };
    assert_eq!((*start_frame, *frame_step, *rate, *frame_zero_padding), (1, 1, 1.0, 0));

    let timeline = sequence(r#", "rate": 0, "start_frame": -3.0, "frame_step": 0, "missing_frame_policy": "hold""#);
    let timeline = timeline.expect("odd, but readable");
    let Some(MediaReference::ImageSequence { start_frame, frame_step, missing_frame_policy, .. }) =
        clip(&timeline).media_reference()
    else {
        panic!("no sequence")
    };
    assert_eq!((*start_frame, *frame_step, *missing_frame_policy), (-3, 1, MissingFramePolicy::Hold));

    for wrong in [
        r#", "frame_step": -1"#,
        r#", "frame_zero_padding": 4000000000"#,
        r#", "start_frame": 1.5"#,
        r#", "missing_frame_policy": "loop""#,
    ] {
        // One bad reference is one bad reference.
        let timeline = sequence(wrong).expect(wrong);
        assert!(matches!(clip(&timeline).media_reference(), Some(MediaReference::Unknown(_))), "{wrong}");
        assert!(timeline.notes[0].contains("tracks[0].children[0]"), "{wrong}: {:?}", timeline.notes);
    }
}

#[test]
fn a_bare_root_is_wrapped() {
    let clip = r#"{"OTIO_SCHEMA": "Clip.1", "name": "A"}"#;
    let track = format!(r#"{{"OTIO_SCHEMA": "Track.1", "name": "A", "children": [{clip}]}}"#);
    let stack = format!(r#"{{"OTIO_SCHEMA": "Stack.1", "name": "A", "children": [{track}]}}"#);
    for text in [clip, &track, &stack] {
        let timeline = read(text);
        assert_eq!(timeline.name, "A");
        assert_eq!(children(&timeline)[0].name(), "A");
        assert_eq!(timeline.notes.len(), 1);
    }
    let error = fail(r#"{"OTIO_SCHEMA": "Clip.1", "enabled": 3}"#);
    assert_eq!(error.place().object.as_deref(), Some("tracks[0].children[0]"));
    for text in [r#"{"OTIO_SCHEMA": "Gap.1"}"#, r#"{"OTIO_SCHEMA": "Foo.1"}"#, "{}", "3", "\"x\"", "null"] {
        assert_eq!(fail(text).kind(), ErrorKind::Schema, "{text}");
    }
}

#[test]
fn a_timeline_is_chosen_by_name_from_a_collection() {
    let timeline = |name: &str| format!(r#"{{"OTIO_SCHEMA": "Timeline.1", "name": "{name}", "tracks": null}}"#);
    let inner = format!(r#"{{"OTIO_SCHEMA": "SerializableCollection.1", "children": [{}]}}"#, timeline("b"));
    let several = format!(
        r#"{{"OTIO_SCHEMA": "SerializableCollection.1", "children": [{}, null, {inner}, {{"OTIO_SCHEMA": "Foo.1"}}]}}"#,
        timeline("a")
    );
    let error = fail(&several);
    assert_eq!(error.kind(), ErrorKind::Option);
    assert!(format!("{error:#}").contains("\"a\", \"b\""), "{error:#}");
    let chosen = otio::read_str(&several, &ReadOptions::default().with_timeline("b")).expect("there is a b");
    assert_eq!(chosen.name, "b");
    let error = otio::read_str(&several, &ReadOptions::default().with_timeline("c")).expect_err("no c");
    assert!(format!("{error:#}").contains("\"a\", \"b\""), "{error:#}");
    assert_eq!(read(&inner).name, "b");
    assert_eq!(read(&format!("[{inner}]")).name, "b");
    assert!(otio::read_str(&timeline("a"), &ReadOptions::default().with_timeline("b")).is_err());
    assert_eq!(fail(r#"{"OTIO_SCHEMA": "SerializableCollection.1", "children": []}"#).kind(), ErrorKind::Schema);
    assert_eq!(fail(r#"{"OTIO_SCHEMA": "SerializableCollection.1", "children": 3}"#).kind(), ErrorKind::Schema);
}

#[test]
fn errors_say_which_object_line_and_column() {
    let bad_rate = format!(
        "{},\n  {{\"OTIO_SCHEMA\": \"Gap.1\", \"name\": \"B\",\n   \"source_range\": {{\"OTIO_SCHEMA\": \"TimeRange.1\",\n    \
         \"duration\": {{\"OTIO_SCHEMA\": \"RationalTime.1\", \"value\": 1, \"rate\": 0.0}}}}}}",
        r#"{"OTIO_SCHEMA": "Gap.1"}"#
    );
    let error = fail(&track_of(&bad_rate));
    assert_eq!(error.kind(), ErrorKind::Time);
    assert_eq!(error.place().object.as_deref(), Some("tracks[0].children[1].source_range.duration"));
    assert_eq!(error.place().line_column, Some((5, 71)));

    let error = fail(
        r#"{"OTIO_SCHEMA": "Timeline.1", "tracks": {"OTIO_SCHEMA": "Stack.1", "source_range": {"OTIO_SCHEMA": "V2d.1"}}}"#,
    );
    assert_eq!(error.place().object.as_deref(), Some("tracks.source_range"));
    assert_eq!(error.kind(), ErrorKind::Schema);
}

#[test]
fn what_nobody_can_count_with_is_an_error_of_time() {
    let ranged = |range: &str| fail(&track_of(&format!(r#"{{"OTIO_SCHEMA": "Gap.1", "source_range": {range}}}"#)));
    for (value, rate) in
        [("0", "0"), ("0", "-24"), ("0", "NaN"), ("0", "Infinity"), ("0", "1e300"), ("NaN", "24"), ("Infinity", "24")]
    {
        let range = format!(r#"{{"OTIO_SCHEMA": "TimeRange.1", "start_time": {}}}"#, time(value, rate));
        let error = ranged(&range);
        assert_eq!(error.kind(), ErrorKind::Time, "{value} at {rate}");
        assert_eq!(error.place().object.as_deref(), Some("tracks[0].children[0].source_range.start_time"));
    }
    let error = ranged(&range("0", "-1"));
    assert_eq!(error.kind(), ErrorKind::Time);
    assert_eq!(error.place().object.as_deref(), Some("tracks[0].children[0].source_range.duration"));
}

#[test]
fn wrong_types_are_errors_of_schema() {
    for child in [
        "3",
        "null",
        "[]",
        "{}",
        r#"{"OTIO_SCHEMA": 3}"#,
        r#"{"OTIO_SCHEMA": "Marker.2"}"#,
        r#"{"OTIO_SCHEMA": "Timeline.1"}"#,
        r#"{"OTIO_SCHEMA": "Clip.1", "name": 3}"#,
        r#"{"OTIO_SCHEMA": "Clip.1", "enabled": "yes"}"#,
        r#"{"OTIO_SCHEMA": "Clip.1", "metadata": []}"#,
        r#"{"OTIO_SCHEMA": "Clip.1", "effects": {}}"#,
        r#"{"OTIO_SCHEMA": "Clip.1", "effects": [null]}"#,
        r#"{"OTIO_SCHEMA": "Clip.1", "effects": [{"OTIO_SCHEMA": "Clip.1"}]}"#,
        r#"{"OTIO_SCHEMA": "Clip.1", "markers": [{"OTIO_SCHEMA": "Foo.1"}]}"#,
        r#"{"OTIO_SCHEMA": "Clip.1", "effects": [{"OTIO_SCHEMA": "LinearTimeWarp.1", "time_scalar": "2"}]}"#,
        r#"{"OTIO_SCHEMA": "Track.1", "kind": 3}"#,
        r#"{"OTIO_SCHEMA": "Track.1", "children": 3}"#,
    ] {
        let error = fail(&track_of(child));
        assert_eq!(error.kind(), ErrorKind::Schema, "{child}: {error:#}");
        let object = error.place().object.clone().expect("an object");
        assert!(object.starts_with("tracks[0].children[0]"), "{child}: {object}");
        assert!(error.place().line_column.is_some_and(|(line, _)| line == 2), "{child}");
    }
}

#[test]
fn null_may_stand_where_a_thing_may_be_missing() {
    let timeline = read(
        r#"{"OTIO_SCHEMA": "Timeline.1", "name": null, "metadata": null, "global_start_time": null, "tracks":
            {"OTIO_SCHEMA": "Stack.1", "name": null, "source_range": null, "effects": null, "markers": null,
             "enabled": null, "metadata": null, "children": [
                {"OTIO_SCHEMA": "Track.1", "kind": null, "children": null}]}}"#,
    );
    assert!(timeline.tracks.item.enabled);
    assert!(children(&timeline).is_empty());
}

#[test]
fn time_scalars_may_be_anything() {
    let timeline = read(&track_of(
        r#"{"OTIO_SCHEMA": "Clip.1", "effects": [{"OTIO_SCHEMA": "LinearTimeWarp.1", "time_scalar": -1},
            {"OTIO_SCHEMA": "FreezeFrame.1"}, {"OTIO_SCHEMA": "TimeEffect.1", "metadata": {"lookup": [0.0, 0.5]}}]}"#,
    ));
    let kinds: Vec<_> = clip(&timeline).item.effects.iter().map(|effect| &effect.kind).collect();
    assert_eq!(*kinds[0], EffectKind::LinearTimeWarp { time_scalar: -1.0 });
    assert_eq!(*kinds[1], EffectKind::FreezeFrame { time_scalar: 0.0 });
    assert_eq!(*kinds[2], EffectKind::Time);
}

#[test]
fn files_are_read_and_written() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("edit.otio");
    let missing = Timeline::open(&path).expect_err("no file yet");
    assert_eq!((missing.kind(), missing.place().file.as_deref()), (ErrorKind::Io, Some(path.as_path())));

    let timeline = read(&track_of(r#"{"OTIO_SCHEMA": "Clip.1", "name": "é"}"#));
    otio::write_file(&timeline, &path).expect("written");
    let back = Timeline::open(&path).expect("read");
    assert_eq!(back.path.as_deref(), Some(path.as_path()));
    assert_eq!(without_notes(&back), without_notes(&timeline));
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "a temporary file was left");

    let small = ReadOptions::default().with_max_bytes(100);
    let error = otio::read_file(&path, &small).expect_err("too large");
    assert_eq!((error.kind(), error.place().file.as_deref()), (ErrorKind::Schema, Some(path.as_path())));

    std::fs::write(&path, "{\n  \"OTIO_SCHEMA\": \"Timeline.1\",").expect("written");
    let error = Timeline::open(&path).expect_err("cut off");
    assert_eq!((error.kind(), error.place().line_column), (ErrorKind::Json, Some((2, 31))));
    assert!(otio::write_file(&timeline, folder.path().join("no/such/folder.otio")).is_err());

    // What is there is not replaced unless that is asked for, and nothing but a regular file is.
    let error = otio::write_file(&timeline, &path).expect_err("there is a file");
    assert_eq!((error.kind(), error.place().file.as_deref()), (ErrorKind::Exists, Some(path.as_path())));
    assert!(std::fs::read_to_string(&path).expect("text").ends_with("1\","), "it was left alone");
    otio::replace_file(&timeline, &path).expect("replaced");
    assert!(Timeline::open(&path).is_ok());
    otio::replace_file(&timeline, folder.path().join("new.otio")).expect("written");
    std::fs::create_dir(folder.path().join("folder.otio")).expect("a folder");
    let mut others = vec![folder.path().join("folder.otio")];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&path, folder.path().join("link.otio")).expect("a link");
        others.push(folder.path().join("link.otio"));
    }
    for other in others {
        for error in [otio::write_file(&timeline, &other), otio::replace_file(&timeline, &other)] {
            assert_eq!(error.expect_err("no regular file").kind(), ErrorKind::Exists);
        }
    }
    let hidden = std::fs::read_dir(folder.path()).expect("a folder").filter_map(|entry| Some(entry.ok()?.file_name()));
    assert!(hidden.into_iter().all(|name| !name.to_string_lossy().starts_with('.')), "a temporary file was left");
}

/// Stacks and tracks, `depth` of them inside one another, with a clip in the innermost.
fn nested(depth: usize) -> String {
    let open = r#"{"OTIO_SCHEMA": "Stack.1", "children": ["#;
    format!("{}{}{}", open.repeat(depth), r#"{"OTIO_SCHEMA": "Clip.1"}"#, "]}".repeat(depth))
}

/// Whatever is read must not overflow the stack of a thread as the standard library and rayon start them.
fn in_a_small_thread(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).expect("a thread").join().expect("no panic");
}

#[test]
fn deep_nesting_is_read_cloned_compared_written_and_dropped() {
    in_a_small_thread(|| {
        let timeline = read(&nested(MAX_NESTING));
        assert_eq!(timeline.clone(), timeline);
        assert!(!format!("{timeline:?}").is_empty());

        let error = fail(&nested(MAX_NESTING + 1));
        assert_eq!(error.kind(), ErrorKind::Schema);
        assert_eq!(fail(&nested(100_000)).kind(), ErrorKind::Schema);
    });
}

#[test]
fn deep_metadata_is_read_cloned_compared_written_and_dropped() {
    in_a_small_thread(|| {
        let deep = |levels: usize| {
            let metadata = format!("{}{}", r#"{"a":["#.repeat(levels), "]}".repeat(levels));
            format!(r#"{{"OTIO_SCHEMA": "Timeline.1", "metadata": {metadata}}}"#)
        };
        // The timeline itself is a level, and each of these is two.
        let timeline = read(&deep((ReadOptions::DEPTH_LIMIT - 1) / 2));
        assert_eq!(timeline.clone(), timeline);
        assert!(!format!("{timeline:?}").is_empty());
        assert_eq!(fail(&deep(ReadOptions::DEPTH_LIMIT / 2)).kind(), ErrorKind::Schema);
        let careless = ReadOptions::default().with_max_depth(usize::MAX);
        assert!(otio::read_str(&deep(1_000_000), &careless).is_err());
        let strict = ReadOptions::default().with_max_depth(3);
        assert!(otio::read_str(&deep(2), &strict).is_err());
    });
}

#[test]
fn deep_metadata_in_deep_nesting_is_read_and_dropped() {
    in_a_small_thread(|| {
        // The timeline, its field and the metadata take a level each, a stack takes two.
        let levels = ReadOptions::DEPTH_LIMIT - 2 * MAX_NESTING - 3;
        let metadata = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let clip = format!(r#"{{"OTIO_SCHEMA": "Clip.1", "metadata": {{"a": {metadata}}}}}"#);
        let stacks = nested(MAX_NESTING).replace(r#"{"OTIO_SCHEMA": "Clip.1"}"#, &clip);
        let timeline = read(&format!(r#"{{"OTIO_SCHEMA": "Timeline.1", "tracks": {stacks}}}"#));
        assert_eq!(timeline.clone(), timeline);
    });
}

#[test]
fn a_root_stack_knows_its_depth() {
    fn depth(composition: &Composition) -> usize {
        let below = composition.children.iter().map(|child| match child {
            Child::Composition(composition) => depth(composition),
            _ => 0,
        });
        1 + below.max().unwrap_or(0)
    }
    assert_eq!(depth(&read(&nested(20)).tracks), 20);
}
