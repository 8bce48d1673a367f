//! Which media frame a clip starts at: image sequences, embedded timecode, media that ends too early. R7, R8, R10.

use otio_conflate::plan::{MediaFacts, MediaSource, OverrunPolicy, PlanOptions};
use otio_conflate::time::Rate;
use serde_json::{Value, json};

use crate::support::*;

fn one(clip: Value) -> Value {
    timeline([track("V1", [clip])])
}

fn facts(rate: Option<f64>, frames: i64, start: i64) -> Option<MediaFacts> {
    let rate = rate.map(|rate| Rate::new(rate).expect("a rate"));
    Some(MediaFacts::new(rate, Some(frames), Some(start)))
}

/// The numbers a sequence shows for a clip of three frames.
fn numbers(source_start: f64, media: Value) -> Vec<i64> {
    sources(&plan(&one(clip_of("S", range(source_start, 3, 24), media)), &PlanOptions::default()), "S")
}

#[test]
fn a_movie_counts_from_its_files_first_frame() {
    let clip = clip_of("A", range(86_410, 3, 24), movie("A", range(86_400, 100, 24)));
    assert_eq!(sources_of(clip, None), [10, 11, 12]);
    let clip = clip_of("A", Value::Null, movie("A", range(86_400, 4, 24)));
    assert_eq!(sources_of(clip, None), [0, 1, 2, 3]);
}

#[test]
fn a_sequences_frames_go_by_their_numbers() {
    // available_range counts as the files do,
    assert_eq!(numbers(1010.0, sequence("S", 1001, range(1001, 100, 24))), [1010, 1011, 1012]);
    // from 0,
    assert_eq!(numbers(9.0, sequence("S", 1001, range(0, 100, 24))), [1010, 1011, 1012]);
    // or from a timecode that has nothing to do with the numbers.
    assert_eq!(numbers(86_409.0, sequence("S", 1001, range(86_400, 100, 24))), [1010, 1011, 1012]);
    // Numbers may start below zero.
    assert_eq!(numbers(3.0, sequence("S", -2, range(0, 100, 24))), [1, 2, 3]);
}

#[test]
fn older_exporters_count_a_sequences_source_range_from_0() {
    let cut = one(clip_of("S", range(9, 3, 24), sequence("S", 1001, range(1001, 100, 24))));
    let plan = plan(&cut, &PlanOptions::default());
    assert_eq!(sources(&plan, "S"), [1010, 1011, 1012]);
    assert!(notes(&plan)[0].contains("counting from 0"), "{:?}", notes(&plan));
    // Where available_range does not start at the first number, a range before it is simply too early.
    let early = numbers(9.0, sequence("S", 1001, range(20, 100, 24)));
    assert_eq!(early, [1001, 1001, 1001]);
    // Nor is it done to movies.
    let movie = clip_of("A", range(9, 3, 24), movie("A", range(1001, 100, 24)));
    assert_eq!(sources_of(movie, None), [0, 0, 0]);
}

#[test]
fn a_sequences_own_rate_of_1_is_not_believed() {
    let media = sequence("S", 1001, range(1001, 100, 24)).with("rate", 1.0);
    assert_eq!(numbers(1010.0, media), [1010, 1011, 1012]);
    let media = sequence("S", 1001, Value::Null).with("rate", 1.0);
    let clip = clip_of("S", range(9, 3, 24), media);
    assert_eq!(sources_of(clip, None), [1010, 1011, 1012]);
}

#[test]
fn a_frame_step_leaves_numbers_out() {
    let media = sequence("S", 1001, range(0, 50, 24)).with("frame_step", 2);
    assert_eq!(numbers(5.0, media), [1011, 1013, 1015]);
    let media = sequence("S", 1001, range(1001, 50, 24)).with("frame_step", 2);
    assert_eq!(numbers(1004.0, media), [1007, 1009, 1011]);
}

#[test]
fn a_sequence_at_another_rate_goes_through_seconds() {
    let media = sequence("S", 1001, range(1001, 100, 12)).with("rate", 12.0);
    let clip = clip_of("S", range(1005, 4, 12), media);
    let cut = timeline([track("V1", [clip])]);
    let rate = Rate::FPS_24;
    let plan = plan(&cut, &options(|options| options.rate = Some(rate)));
    assert_eq!(sources(&plan, "S"), [1005, 1005, 1006, 1006, 1007, 1007, 1008, 1008]);
}

#[test]
fn without_available_range_a_sequence_counts_from_its_first_number_if_the_range_fits() {
    let clip = |start: f64| clip_of("S", range(start, 3, 24), sequence("S", 1001, Value::Null));
    let known = || facts(None, 100, 1001);
    assert_eq!(sources_of(clip(1010.0), known()), [1010, 1011, 1012]);
    assert_eq!(sources_of(clip(9.0), known()), [1010, 1011, 1012]);
    assert_eq!(sources_of(clip(1098.0), known()), [1098, 1099, 1100]);
    // Nobody looked: from 0, and a note says so.
    let plan = plan_with(&one(clip(9.0)), &PlanOptions::default(), None);
    assert_eq!(sources(&plan, "S"), [1010, 1011, 1012]);
    assert!(notes(&plan)[0].contains("not looked at"), "{:?}", notes(&plan));
}

#[test]
fn without_available_range_a_sequences_written_rate_counts() {
    let clip = clip_of("S", range(10, 4, 24), sequence("S", 1001, Value::Null).with("rate", 12.0));
    assert_eq!(sources_of(clip, facts(None, 100, 1001)), [1006, 1006, 1007, 1007]);
}

#[test]
fn embedded_timecode_is_where_source_time_starts_if_the_range_lies_inside_it() {
    let clip = |start: f64, frames: f64| clip_of("A", range(start, frames, 24), movie("A", Value::Null));
    let known = || facts(Some(24.0), 100, 86_400);
    assert_eq!(sources_of(clip(86_410.0, 3.0), known()), [10, 11, 12]);
    assert_eq!(sources_of(clip(10.0, 3.0), known()), [10, 11, 12]);
    // The whole of it, to the last frame.
    assert_eq!(sources_of(clip(86_400.0, 100.0), known()), (0..100).collect::<Vec<_>>());
    assert_eq!(sources_of(clip(0.0, 100.0), known()), (0..100).collect::<Vec<_>>());
    // Starts inside and runs over the end: counted from the timecode, and the last frame held.
    let plan = plan_with(&one(clip(86_498.0, 4.0)), &PlanOptions::default(), known());
    assert_eq!(sources(&plan, "A"), [98, 99, 99, 99]);
    assert_warns(&plan, "tracks[0].children[0]", "held");
    // Fits neither way: counted from 0.
    assert_eq!(sources_of(clip(50.0, 60.0), known())[49..], [99; 11]);
}

#[test]
fn which_way_source_time_is_counted_is_said_on_the_layer() {
    let clip = |start: f64| one(clip_of("A", range(start, 3, 24), movie("A", Value::Null)));
    let said = |start: f64, facts| notes(&plan_with(&clip(start), &PlanOptions::default(), facts)).join("; ");
    assert!(said(86_410.0, facts(Some(24.0), 100, 86_400)).contains("inside"));
    assert!(said(10.0, facts(Some(24.0), 100, 86_400)).contains("counts from 0"));
    assert!(said(10.0, facts(Some(24.0), 100, 0)).contains("no available_range"));
    assert!(said(10.0, None).contains("not looked at"));
}

#[test]
fn timecode_embedded_at_another_rate_than_the_clips() {
    // Media of 25 from 01:00:00:00, a clip that counts in 24ths: 10 s behind that hour.
    let clip = clip_of("A", range(86_640, 24, 24), movie("A", Value::Null));
    let found = sources_of(clip, facts(Some(25.0), 1000, 90_000));
    assert_eq!((found[0], found[23]), (250, 273));
}

#[test]
fn a_clip_without_a_range_is_as_long_as_its_media_turns_out_to_be() {
    let clip = clip_of("A", Value::Null, movie("A", Value::Null));
    let plan = plan_with(&one(clip), &PlanOptions::default(), facts(Some(25.0), 5, 90_000));
    assert_eq!(sources(&plan, "A"), [0, 1, 2, 3, 4][..plan.shots[0].spans[0].count.try_into().expect("few")]);
    assert_eq!(plan.media[0].frames, Some(5));
}

#[test]
fn a_still_stands_for_any_length_of_time() {
    let clip = clip_of("card", range(0, 5, 24), movie("card", Value::Null));
    let plan = plan_with(
        &one(clip),
        &options(|options| options.handles = "4".parse().expect("handles")),
        Some(MediaFacts::still()),
    );
    assert_eq!(sources(&plan, "card"), [0; 5]);
    assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
}

/// An image file `/m/NAME`.
fn image(name: &str, available: Value) -> Value {
    movie("A", available).with("target_url", format!("/m/{name}"))
}

#[test]
fn a_still_has_no_end_whatever_its_available_range_says() {
    let with_handles = options(|options| {
        options.handles = "4".parse().expect("handles");
        options.handle_mode = otio_conflate::plan::HandleMode::Source;
        options.overrun = OverrunPolicy::Error;
    });
    let ranges = [
        (range(0, 48, 24), range(0, 48, 24)),
        (range(0, 48, 24), range(0, 1, 24)),
        (range(45, 48, 24), range(0, 90, 24)),
        (range(90_000, 48, 25), range(86_400, 1, 25)),
        (range(0, 48, 24), range(100, 48, 24)),
    ];
    for name in ["still.png", "still.EXR", "still.jpg", "still.1001.tif"] {
        for (source, available) in &ranges {
            let cut = timeline([track("V1", [clip_of("c", source.clone(), image(name, available.clone()))])]);
            let plan = plan_with(&cut, &with_handles, Some(MediaFacts::still()));
            let shot = shot(&plan, "c");
            assert_eq!((shot.head, shot.tail, shot.frame_count), (4, 4, shot.frame_count), "{name} {source}");
            assert!(sources(&plan, "c").iter().all(|source| *source == 0), "{name} {source}");
            assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
        }
    }
    // A sequence of one frame is a still, too, and so is an image that nobody looked at.
    let clip = clip_of("c", range(1001, 5, 24), sequence("S", 1001, range(1001, 1, 24)));
    assert_eq!(sources(&plan(&one(clip), &PlanOptions::default()), "c"), [1001; 5]);
    for available in [Value::Null, range(0, 1, 24)] {
        let clip = clip_of("c", range(7, 5, 24), image("still.png", available));
        assert_eq!(sources(&plan_with(&one(clip), &PlanOptions::default(), None), "c"), [0; 5]);
    }
}

#[test]
fn an_animation_in_an_image_file_runs_and_ends() {
    let moving = || facts(Some(10.0), 20, 0);
    for name in ["a.png", "a.gif", "a.webp"] {
        let clip = clip_of("c", range(18, 4, 10), image(name, range(0, 20, 10)));
        let plan = plan_with(&one(clip), &PlanOptions::default(), moving());
        assert_eq!(sources(&plan, "c"), [18, 19, 19, 19], "{name}");
        assert_warns(&plan, "tracks[0].children[0]", "held");
    }
}

fn overrunning() -> Value {
    one(clip_of("A", range(8, 5, 24), movie("A", range(10, 2, 24))))
}

#[test]
fn frames_outside_the_media_are_held() {
    let plan = plan(&overrunning(), &PlanOptions::default());
    assert_eq!(shown(&plan, "A"), ["A 0", "A 0", "A 0", "A 1", "A 1"]);
    assert_warns(&plan, "tracks[0].children[0]", "source frames -2 to 2 of /m/A.mov, which has 0 to 1");
}

#[test]
fn frames_outside_the_media_are_black() {
    let plan = plan(&overrunning(), &options(|options| options.overrun = OverrunPolicy::Black));
    assert_eq!(shown(&plan, "A"), ["-", "-", "A 0", "A 1", "-"]);
    assert_warns(&plan, "tracks[0].children[0]", "black is shown");
}

#[test]
fn frames_outside_the_media_are_refused_up_front() {
    let error = refused(&overrunning(), &options(|options| options.overrun = OverrunPolicy::Error));
    assert_eq!(error.kind(), otio_conflate::ErrorKind::Overrun);
    assert_eq!(error.place().object.as_deref(), Some("tracks[0].children[0]"));
    assert_eq!(error.place().clip.as_deref(), Some("A"));
    assert_eq!(error.place().frame, Some(-2));
}

#[test]
fn an_overrun_that_is_hidden_is_nothing_to_complain_about() {
    let cut = timeline([
        track("V1", [clip_of("A", range(0, 8, 24), movie("A", range(0, 4, 24)))]),
        track("V2", [gap(4), clip("B", 0, 4)]),
    ]);
    let plan = plan(&cut, &options(|options| options.overrun = OverrunPolicy::Error));
    assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
}

#[test]
fn media_shared_by_clips_is_listed_once() {
    let media = || movie("A", range(0, 100, 24));
    let cut = timeline([track(
        "V1",
        [
            clip_of("one", range(0, 4, 24), media()),
            clip_of("two", range(50, 4, 24), media()),
            clip_of("three", range(0, 4, 24), movie("B", range(0, 100, 24))),
        ],
    )]);
    let plan = plan(&cut, &PlanOptions::default());
    let listed: Vec<String> = plan.media.iter().map(|media| media.source.display()).collect();
    assert_eq!(listed, ["/m/A.mov", "/m/B.mov"]);
    assert_eq!(sources(&plan, "two"), [50, 51, 52, 53]);
}

#[test]
fn a_sequences_files_are_named_as_opentimelineio_names_them() {
    let media = |start: i64, padding: i64| {
        let media = sequence("S", start, range(0, 10, 24)).with("frame_zero_padding", padding);
        plan(&one(clip_of("S", range(0, 2, 24), media)), &PlanOptions::default()).media[0].source.clone()
    };
    assert_eq!(media(7, 4).file(1), Some(path("/m/S.0008.exr")));
    assert_eq!(media(-2, 4).file(0), Some(path("/m/S.-0002.exr")));
    assert_eq!(media(12_345, 4).file(0), Some(path("/m/S.12345.exr")));
    assert_eq!(media(7, 0).file(1), Some(path("/m/S.8.exr")));
    assert_eq!(media(7, 4).display(), "/m/S.%04d.exr");
    assert_eq!(media(7, 0).display(), "/m/S.%d.exr");
}

#[test]
fn references_to_nothing_and_generators_are_layers_too() {
    let missing = clip_of("A", range(5, 2, 24), json!({"OTIO_SCHEMA": "MissingReference.1", "name": "lost"}));
    let bars =
        clip_of("B", range(0, 2, 24), json!({"OTIO_SCHEMA": "GeneratorReference.1", "generator_kind": "SMPTEBars"}));
    let strange = clip_of("C", range(0, 2, 24), json!({"OTIO_SCHEMA": "AssetReference.1", "id": 7}));
    let nameless = clip_of("D", range(0, 2, 24), movie("", Value::Null).with("target_url", ""));
    let plan = plan(&timeline([track("V1", [missing, bars, strange, nameless])]), &PlanOptions::default());
    let what: Vec<String> = plan.media.iter().map(|media| media.source.display()).collect();
    assert!(what[0].contains("lost"), "{what:?}");
    assert_eq!(what[1], "generator:SMPTEBars");
    assert!(what[2].contains("AssetReference.1"), "{what:?}");
    assert!(what[3].contains("without a location"), "{what:?}");
    assert_eq!(plan.shots.len(), 4);
}

#[test]
fn the_active_media_reference_is_the_one_shown() {
    let clip = clip("A", 5, 2)
        .with("media_references.proxy", movie("A_proxy", range(0, 100, 24)))
        .with("active_media_reference_key", "proxy");
    let plan = plan(&one(clip), &PlanOptions::default());
    assert!(matches!(&plan.media[0].source, MediaSource::File { path } if path.ends_with("A_proxy.mov")));
}

#[test]
fn media_that_moved_is_found_through_the_path_map() {
    let plan =
        plan(&one(clip("A", 5, 2)), &options(|options| options.path_map = vec![("/m".to_owned(), path("/n/o"))]));
    assert_eq!(plan.media[0].source.display(), "/n/o/A.mov");
}
