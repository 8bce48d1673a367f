//! Clips of every kind against media that are there, elsewhere, doubled, too short or of other names.

use super::*;
use crate::time::Rate;

/// A clip as applications write them.
#[derive(Default, Clone)]
struct WrittenClip<'a> {
    name: &'a str,
    location: Option<String>,
    reel: Option<(&'a str, &'a str)>,
    source: (i64, i64),
    available: Option<(i64, i64)>,
    rate: f64,
}

fn range((start, count): (i64, i64), rate: f64) -> serde_json::Value {
    let time = |value: i64| serde_json::json!({"OTIO_SCHEMA": "RationalTime.1", "value": value, "rate": rate});
    serde_json::json!({"OTIO_SCHEMA": "TimeRange.1", "start_time": time(start), "duration": time(count)})
}

fn timeline(clips: &[WrittenClip<'_>]) -> Timeline {
    let clip = |clip: &WrittenClip<'_>| {
        let metadata = clip.reel.map_or_else(
            || serde_json::json!({}),
            |(place, reel)| match place {
                "cmx_3600" => serde_json::json!({"cmx_3600": {"reel": reel}}),
                "ALE" => serde_json::json!({"ALE": {"Tape": reel}}),
                "fcp_xml" => serde_json::json!({"fcp_xml": {"file": {"timecode": {"reel": {"name": reel}}}}}),
                other => panic!("{other}"),
            },
        );
        let available = clip.available.map(|written| range(written, clip.rate));
        let reference = match &clip.location {
            None => serde_json::json!({"OTIO_SCHEMA": "MissingReference.1", "available_range": available}),
            Some(location) => serde_json::json!({
                "OTIO_SCHEMA": "ExternalReference.1", "target_url": location, "available_range": available,
            }),
        };
        serde_json::json!({
            "OTIO_SCHEMA": "Clip.1", "name": clip.name, "source_range": range(clip.source, clip.rate),
            "metadata": metadata, "media_reference": reference,
        })
    };
    let clips: Vec<_> = clips.iter().map(clip).collect();
    let text = serde_json::json!({
        "OTIO_SCHEMA": "Timeline.1", "name": "cut",
        "tracks": {"OTIO_SCHEMA": "Stack.1", "children": [
            {"OTIO_SCHEMA": "Track.1", "kind": "Video", "children": clips},
        ]},
    });
    crate::otio::read_str(&text.to_string(), &crate::otio::ReadOptions::default()).expect("a timeline")
}

fn found(outcome: &Outcome) -> Option<&std::path::Path> {
    match outcome {
        Outcome::Found { path, .. } => Some(path),
        _ => None,
    }
}

/// What becomes of one clip.
fn one(clip: &WrittenClip<'_>, files: impl IntoIterator<Item = Found>, options: &RelinkOptions) -> (Outcome, Timeline) {
    let mut timeline = timeline(std::slice::from_ref(clip));
    let matches = relink(&mut timeline, &Index::new(files), options);
    let [found] = &matches[..] else { panic!("{matches:?}") };
    assert_eq!(found.object, "tracks[0].children[0]");
    (found.outcome.clone(), timeline)
}

fn movie(path: &str, start: Option<i64>, count: i64) -> Found {
    Found::movie(path, Some(Rate::FPS_24), Some(count), start)
}

const HOUR: i64 = 86_400;

fn usual() -> WrittenClip<'static> {
    WrittenClip { name: "sh010", source: (HOUR + 10, 24), rate: 24.0, ..WrittenClip::default() }
}

fn rule_of(outcome: &Outcome) -> Rule {
    match outcome {
        Outcome::Found { rule, .. } | Outcome::Several { rule, .. } | Outcome::TooShort { rule, .. } => *rule,
        other => panic!("{other:?}"),
    }
}

#[test]
fn rules_are_asked_in_their_order() {
    let clip = WrittenClip {
        location: Some("file:///old/show/day1/A001.mov".to_owned()),
        reel: Some(("cmx_3600", "A001")),
        ..usual()
    };
    let at = |path: &str| movie(path, Some(HOUR), 100);
    let all =
        [at("/new/show/day1/A001.mov"), at("/new/other/A001.mov"), at("/new/x/A001.mxf"), at("/new/y/A001_R1.mov")];
    let expected = [Rule::Folder, Rule::Name, Rule::Stem, Rule::Reel];
    for (number, rule) in expected.into_iter().enumerate() {
        let (outcome, _) = one(&clip, all[number..].to_vec(), &RelinkOptions::default());
        assert_eq!(rule_of(&outcome), rule);
        assert_eq!(found(&outcome), Some(&*all[number].path));
    }
    assert_eq!(one(&clip, [], &RelinkOptions::default()).0, Outcome::None);
}

#[test]
fn more_of_the_path_beats_less() {
    let clip = WrittenClip { location: Some("D:\\show\\day1\\cam\\A001.mov".to_owned()), ..usual() };
    let files =
        ["/n/day1/cam/a001.MOV", "/n/day2/cam/A001.mov", "/n/A001.mov"].map(|path| movie(path, Some(HOUR), 100));
    let (outcome, timeline) = one(&clip, files.clone(), &RelinkOptions::default());
    assert_eq!((rule_of(&outcome), found(&outcome)), (Rule::Folder, Some(&*files[0].path)));
    // The clip has it now, and its time is asked of the file.
    let Child::Composition(track) = &timeline.tracks.children[0] else { panic!() };
    let Child::Clip(clip) = &track.children[0] else { panic!() };
    let Some(MediaReference::External { target_url, common }) = clip.media_reference() else { panic!() };
    assert_eq!((target_url.as_str(), common.available_range), ("/n/day1/cam/a001.MOV", None));
}

#[test]
fn the_range_has_to_be_in_the_file() {
    let clip = WrittenClip { reel: Some(("ALE", "A001")), ..usual() };
    let files = [movie("/m/A001_1.mov", Some(HOUR - 200), 100), movie("/m/A001_2.mov", Some(HOUR), 100)];
    let (outcome, _) = one(&clip, files.clone(), &RelinkOptions::default());
    assert_eq!(found(&outcome), Some(&*files[1].path));
    // To the frame.
    for (start, count, whole) in [(HOUR + 10, 24, true), (HOUR + 11, 24, false), (HOUR + 10, 23, false)] {
        let file = movie("/m/A001.mov", Some(start), count);
        let (outcome, _) = one(&clip, [file.clone()], &RelinkOptions::default());
        assert_eq!(found(&outcome).is_some(), whole, "{start} {count}: {outcome:?}");
        if !whole {
            assert!(matches!(outcome, Outcome::TooShort { .. }), "{outcome:?}");
            let warned = RelinkOptions::default().partial(Partial::Warn);
            let (Outcome::Found { lacks: Some(lacks), .. }, _) = one(&clip, [file], &warned) else { panic!() };
            assert!(lacks.starts_with("1 frame at the "), "{lacks}");
        }
    }
    // A reel without timecode proves nothing.
    assert_eq!(one(&clip, [movie("/m/A001.mov", None, 200_000)], &RelinkOptions::default()).0, Outcome::None);
}

#[test]
fn timecode_counts_frames_whatever_the_rate_is_called() {
    let ntsc = Rate::new(23.976).expect("a rate");
    let clip = WrittenClip { reel: Some(("cmx_3600", "A001")), ..usual() };
    let file = Found::movie("/m/A001.mov", Some(ntsc), Some(34), Some(HOUR));
    assert!(found(&one(&clip, [file], &RelinkOptions::default()).0).is_some());
    // At another rate, times count.
    let file = Found::movie("/m/A001.mov", Some(Rate::FPS_25), Some(36), Some(90_000));
    assert!(found(&one(&clip, [file.clone()], &RelinkOptions::default()).0).is_some());
    let short = Found { frame_count: Some(34), ..file };
    assert!(found(&one(&clip, [short], &RelinkOptions::default()).0).is_none());
}

#[test]
fn several_files_are_told_apart_by_reel_rate_and_preference_or_not_at_all() {
    let clip = WrittenClip { location: Some("/gone/A001.mov".to_owned()), reel: Some(("fcp_xml", "R7")), ..usual() };
    let at = |path: &str| movie(path, Some(HOUR), 100);
    let files = [at("/m/camera/A001.mov"), at("/m/proxy/A001.mov"), at("/m/other/A001.mov")];
    let (outcome, untouched) = one(&clip, files.clone(), &RelinkOptions::default());
    let Outcome::Several { paths, .. } = &outcome else { panic!("{outcome:?}") };
    assert_eq!(paths.len(), 3);
    assert_eq!(untouched, timeline(std::slice::from_ref(&clip)), "nothing is chosen");
    for word in ["proxy", "CAMERA"] {
        let (outcome, _) = one(&clip, files.clone(), &RelinkOptions::default().prefer(["none", word]));
        let path = found(&outcome).expect("one").to_string_lossy().into_owned();
        assert!(path.contains(&word.to_lowercase()), "{path}");
    }
    let (outcome, _) = one(&clip, [files[0].clone(), files[1].clone().with_reel("r7")], &RelinkOptions::default());
    assert_eq!(found(&outcome), Some(&*files[1].path));
    let slower = Found { rate: Some(Rate::FPS_25), start: Some(90_000), ..files[0].clone() };
    let (outcome, _) = one(&clip, [slower, files[2].clone()], &RelinkOptions::default());
    assert_eq!(found(&outcome), Some(&*files[2].path));
    let ending = [at("/m/a/A001.mov"), Found { path: "/m/b/A001.mxf".into(), ..at("") }];
    let nowhere = WrittenClip { location: None, reel: Some(("cmx_3600", "A001")), ..clip };
    let (outcome, _) = one(&nowhere, ending.clone(), &RelinkOptions::default().prefer(["mxf"]));
    assert_eq!(found(&outcome), Some(&*ending[1].path));
}

#[test]
fn sequences_are_found_by_their_stems_and_counted_by_their_numbers() {
    let clip = WrittenClip { location: Some("/gone/sh010/sh010.1001.exr".to_owned()), source: (1005, 24), ..usual() };
    let frames = Found::sequence("/m/sh010", "sh010.", ".exr", 4, (1001, 1040));
    let (outcome, timeline) = one(&clip, [frames.clone()], &RelinkOptions::default());
    assert_eq!(found(&outcome), Some(std::path::Path::new("/m/sh010/sh010.1001.exr")));
    let Child::Composition(track) = &timeline.tracks.children[0] else { panic!() };
    let Child::Clip(linked) = &track.children[0] else { panic!() };
    let Some(MediaReference::ImageSequence { start_frame, frame_zero_padding, common, .. }) = linked.media_reference()
    else {
        panic!()
    };
    assert_eq!((*start_frame, *frame_zero_padding), (1001, 4));
    let available = common.available_range.expect("a range");
    assert_eq!((available.start_time.value, available.duration.value), (1001.0, 40.0));
    // Counted from 0, and by a timecode.
    let from_zero = WrittenClip { source: (3, 24), ..clip.clone() };
    let (outcome, _) = one(&from_zero, [frames.clone()], &RelinkOptions::default());
    assert!(found(&outcome).is_some());
    let coded = Found { start: Some(HOUR), ..frames };
    let by_time = WrittenClip { location: None, reel: Some(("cmx_3600", "sh010")), ..usual() };
    assert!(found(&one(&by_time, [coded.clone()], &RelinkOptions::default()).0).is_some());
    assert!(found(&one(&clip, [coded], &RelinkOptions::default()).0).is_none());
}

#[test]
fn a_cut_reel_of_an_edit_decision_list_is_the_beginning_of_one() {
    let clip = WrittenClip { reel: Some(("cmx_3600", "A001C003")), ..usual() };
    for path in ["/m/A001C003.mov", "/m/A001C003_240101.mov", "/m/A001C0034.mov"] {
        assert!(found(&one(&clip, [movie(path, Some(HOUR), 100)], &RelinkOptions::default()).0).is_some(), "{path}");
    }
    let short = WrittenClip { reel: Some(("cmx_3600", "A001")), ..usual() };
    let other = movie("/m/A0011.mov", Some(HOUR), 100);
    assert_eq!(one(&short, [other], &RelinkOptions::default()).0, Outcome::None);
}

#[test]
fn the_timelines_own_count_holds_for_files_of_its_length() {
    // The application counts from 0, whatever the file's timecode is.
    let clip = WrittenClip {
        location: Some("/gone/A001.mov".to_owned()),
        source: (10, 24),
        available: Some((0, 100)),
        ..usual()
    };
    let (outcome, timeline) = one(&clip, [movie("/m/A001.mov", None, 100)], &RelinkOptions::default());
    assert!(found(&outcome).is_some());
    let Child::Composition(track) = &timeline.tracks.children[0] else { panic!() };
    let Child::Clip(linked) = &track.children[0] else { panic!() };
    let range = linked.media_reference().and_then(MediaReference::available_range).expect("kept");
    assert_eq!(range.duration.value, 100.0);
    assert!(found(&one(&clip, [movie("/m/A001.mov", Some(HOUR), 100)], &RelinkOptions::default()).0).is_some());
}

/// Five folders: camera files, three of equal names; proxies beside originals; files that are too short.
#[test]
fn of_five_hundred_clips_each_is_right_or_said_to_be_open() {
    let mut files = Vec::new();
    let mut clips = Vec::new();
    let mut wanted: Vec<Option<String>> = Vec::new();
    for count in 0..500_usize {
        let number = i64::try_from(count).expect("small");
        let reel = format!("{}{:03}C{:03}", ["A", "B", "C"][count % 3], number / 20, number);
        let start = HOUR + number * 1000;
        let (kind, folder) = (number % 25, format!("/media/day{}", number % 5));
        let name = format!("{reel}_240101_R1AB.mov");
        let path = format!("{folder}/{name}");
        // One in 25 is too short; two in 25 have a proxy beside them.
        files.push(movie(&path, Some(start), if kind == 7 { 20 } else { 200 }).with_reel(reel.clone()));
        if kind == 3 || kind == 4 {
            files.push(movie(&format!("/media/proxy/{name}"), Some(start), 200).with_reel(reel.clone()));
        }
        clips.push((name, reel, start, count % 4));
        wanted.push((kind != 7).then_some(path));
    }
    // Equal names with other content: told apart by reel and timecode.
    for folder in ["x", "y", "z"] {
        files.push(movie(&format!("/media/{folder}/clip.mov"), Some(i64::from(folder.as_bytes()[0]) * 10_000), 200));
    }
    let written: Vec<_> = clips
        .iter()
        .map(|(name, reel, start, form)| WrittenClip {
            source: (start + 50, 24),
            rate: 24.0,
            location: match form {
                0 => Some(format!("/gone/{name}")),
                1 => Some(format!("file:///Volumes/show/{}", name.to_lowercase())),
                _ => None,
            },
            reel: Some((["cmx_3600", "ALE", "cmx_3600", "fcp_xml"][*form], reel)),
            name: if *form == 2 { name } else { "shot" },
            ..WrittenClip::default()
        })
        .collect();
    let mut cut = timeline(&written);
    let index = Index::new(files.clone());
    let matches = relink(&mut cut, &index, &RelinkOptions::default().prefer(["proxy"]));
    let mut open = 0;
    for (found_match, wanted) in matches.iter().zip(&wanted) {
        match (&found_match.outcome, wanted) {
            (Outcome::Found { path, .. }, Some(wanted)) => {
                let name = wanted.rsplit('/').next().expect("a name");
                let is_right =
                    path.to_string_lossy() == *wanted || path.to_string_lossy() == format!("/media/proxy/{name}");
                assert!(is_right, "{found_match}");
            }
            (Outcome::TooShort { .. }, None) => open += 1,
            other => panic!("{other:?} for {found_match}"),
        }
    }
    assert_eq!((matches.len(), open), (500, 20));
    // Without a preference, each that has a proxy is open, and all others as before.
    let matches = relink(&mut timeline(&written), &index, &RelinkOptions::default());
    let several = matches.iter().filter(|found| matches!(found.outcome, Outcome::Several { .. })).count();
    assert_eq!(several, 40);
    let error = check(&matches).expect_err("ambiguous").to_string();
    assert!(error.contains("40 clips") && error.contains("/media/proxy/"), "{error:#}");
    // Equal names.
    for (folder, number) in [("x", 120), ("y", 121), ("z", 122)] {
        let clip =
            WrittenClip { location: Some("/gone/clip.mov".to_owned()), source: (number * 10_000 + 10, 24), ..usual() };
        let (outcome, _) = one(&clip, files.clone(), &RelinkOptions::default());
        assert_eq!(found(&outcome), Some(std::path::Path::new(&format!("/media/{folder}/clip.mov"))));
    }
}

/// Posters and sound lie beside movies under their names.
#[test]
fn no_clip_gets_a_medium_of_another_kind() {
    let clip = WrittenClip { location: Some("/gone/A001.mov".to_owned()), reel: Some(("ALE", "A001")), ..usual() };
    let poster = Found { is_still: true, has_sound: false, ..Found::movie("/m/A001.jpg", None, None, None) };
    let sound = Found { has_picture: false, ..Found::movie("/m/A001.wav", None, None, None) };
    assert_eq!(one(&clip, [poster.clone(), sound.clone()], &RelinkOptions::default()).0, Outcome::None);
    let movie = movie("/m/A001.mxf", Some(HOUR), 100);
    let (outcome, _) = one(&clip, [poster.clone(), sound.clone(), movie.clone()], &RelinkOptions::default());
    assert_eq!(found(&outcome), Some(&*movie.path));
    // What is asked for by its name is no poster.
    let still = WrittenClip { location: Some("/gone/A001.jpg".to_owned()), ..clip.clone() };
    assert_eq!(found(&one(&still, [poster.clone()], &RelinkOptions::default()).0), Some(&*poster.path));
    let mut cut = timeline(&[clip]);
    let Child::Composition(track) = &mut cut.tracks.children[0] else { panic!() };
    track.kind = CompositionKind::Track(MediaKind::Audio);
    let silent = Found { has_sound: false, ..movie };
    let matches = relink(&mut cut, &Index::new([poster, silent, sound.clone()]), &RelinkOptions::default());
    assert_eq!(found(&matches[0].outcome), Some(&*sound.path));
}

/// A reel alone proves nothing, whatever range the timeline gives its medium.
#[test]
fn media_of_a_reel_have_the_timecode_that_is_used() {
    let clip = WrittenClip { reel: Some(("ALE", "A001")), available: Some((0, 500)), source: (10, 24), ..usual() };
    let take = movie("/m/A001_T2.mov", Some(HOUR), 500);
    assert!(found(&one(&clip, [take], &RelinkOptions::default()).0).is_none());
    let clip = WrittenClip { available: Some((HOUR, 100)), ..usual() };
    let clip = WrittenClip { reel: Some(("ALE", "A001")), ..clip };
    let other = movie("/m/A001_T2.mov", Some(2 * HOUR), 100);
    assert!(found(&one(&clip, [other], &RelinkOptions::default()).0).is_none());
    let right = movie("/m/A001_T2.mov", Some(HOUR), 100);
    assert!(found(&one(&clip, [right], &RelinkOptions::default()).0).is_some());
}

/// A file of the right name and another reel may be the wrong one: that is told.
#[test]
fn another_reel_is_told() {
    let clip = WrittenClip { location: Some("/gone/C0001.mov".to_owned()), reel: Some(("ALE", "A001")), ..usual() };
    for (reel, told) in [("B002", true), ("a001", false), ("A001_240101", false)] {
        let file = movie("/m/C0001.mov", Some(HOUR), 100).with_reel(reel);
        let mut cut = timeline(std::slice::from_ref(&clip));
        let matches = relink(&mut cut, &Index::new([file]), &RelinkOptions::default());
        let Outcome::Found { doubt, .. } = &matches[0].outcome else { panic!("{}", matches[0]) };
        assert_eq!(doubt.is_some(), told, "{reel}");
        assert_eq!(cut.notes.iter().any(|note| note.contains("it is of reel")), told, "{:?}", cut.notes);
    }
}

/// The number in a movie's name is none of a frame.
#[test]
fn frames_stand_for_a_movie_whose_name_ends_in_a_number() {
    let clip = WrittenClip { location: Some("/gone/sh010.mov".to_owned()), source: (1005, 24), ..usual() };
    let frames = Found::sequence("/m/sh010", "sh010.", ".exr", 4, (1001, 1040));
    let (outcome, _) = one(&clip, [frames], &RelinkOptions::default());
    assert_eq!(found(&outcome), Some(std::path::Path::new("/m/sh010/sh010.1001.exr")));
}
