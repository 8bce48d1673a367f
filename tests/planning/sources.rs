//! What a cut needs: the media of each shot with frames, numbers and speeds, and the list of what is pulled.

use otio_conflate::plan::{Handles, MediaFacts, MediaLookup, MediaSource};
use otio_conflate::time::Rate;
use otio_conflate::timeline::{Clip, Composition, Effect, Gap, MediaReference, RawTimeRange, Timeline, Transition};
use otio_conflate::{Plan, PlanOptions};

const RATE: Rate = Rate::FPS_24;

fn frames(first: i64, count: i64) -> RawTimeRange {
    RawTimeRange::frames(first, count, RATE)
}

/// A dissolve from a movie to numbered frames, and the movie again at half speed and backwards.
fn plan(handles: u32) -> Plan {
    let movie = MediaReference::file("/media/a.mov").available(frames(0, 200));
    let plate = MediaReference::sequence("/media/sh", ("sh.", 4, ".exr"), 1001, RATE).available(frames(1001, 100));
    let track = Composition::video("V1")
        .with(Clip::new("one", movie.clone()).range(frames(10, 20)))
        .with(Transition::dissolve(4, 4, RATE))
        .with(Clip::new("two", plate).range(frames(1011, 20)))
        .with(Gap::new(10, RATE))
        .with(Clip::new("slow", movie.clone()).range(frames(100, 10)).effect(Effect::speed(0.5)))
        .with(Clip::new("back", movie).range(frames(150, 10)).effect(Effect::speed(-1.0)));
    let mut options = PlanOptions::default();
    options.handles = Handles::both(handles);
    Plan::new(&Timeline::new("cut").track(track), &options).expect("a plan")
}

/// A clip, which frames of the shot's file show it, the source frames, and its speed.
type Row = (String, (i64, i64), (i64, i64), f64);

#[test]
fn each_shot_tells_which_frames_of_which_media_it_shows() {
    let plan = plan(0);
    let sources = |shot: usize| -> Vec<Row> {
        let all = plan.sources(&plan.shots[shot]).into_iter();
        all.map(|own| (own.clip, (own.first_frame, own.last_frame), (own.first_source, own.last_source), own.speed))
            .collect()
    };
    let mut first = sources(0);
    first.sort_by(|a, b| a.0.cmp(&b.0));
    // The dissolve begins four frames in front of the cut; in its first frame "two" has no share yet (R9).
    assert_eq!(first[0], ("one".to_owned(), (1001, 1020), (10, 29), 1.0));
    assert_eq!((first[1].0.as_str(), first[1].1, first[1].2.1), ("two", (1018, 1020), 1010));
    assert_eq!(sources(2), [("slow".to_owned(), (1001, 1010), (100, 104), 0.5)]);
    let back = sources(3);
    assert_eq!((back.len(), back[0].2, back[0].3), (1, (150, 159), -1.0));
}

/// Movies start at one hour, non-drop.
struct Hours;

impl MediaLookup for Hours {
    fn look_up(&self, source: &MediaSource) -> Option<MediaFacts> {
        assert!(matches!(source, MediaSource::File { .. }));
        Some(MediaFacts::new(Some(RATE), Some(200), Some(86_400)).with_drop_frame(Some(false)))
    }
}

#[test]
fn timecodes_are_those_of_the_media() {
    let plan = plan(0);
    let slow = &plan.sources_with(&plan.shots[2], &Hours)[0];
    assert_eq!(
        (slow.first_timecode.as_deref(), slow.last_timecode.as_deref()),
        (Some("01:00:04:04"), Some("01:00:04:08"))
    );
    let plates = plan.sources_with(&plan.shots[1], &Hours);
    let plate = plates.iter().find(|own| own.clip == "two").expect("it is shown");
    assert_eq!(plate.first_timecode, None);
    assert_eq!((plate.media.as_str(), plate.last_source), ("/media/sh/sh.%04d.exr", 1030));
}

#[test]
fn the_pull_list_merges_what_shots_share() {
    let list = plan(8).pull_list();
    assert_eq!(
        list.iter().map(|pull| pull.media.as_str()).collect::<Vec<_>>(),
        ["/media/a.mov", "/media/sh/sh.%04d.exr"]
    );
    let [movie, plate] = &list[..] else { panic!("{list:?}") };
    assert_eq!(movie.files, [std::path::PathBuf::from("/media/a.mov")]);
    assert!(movie.ranges.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0), "{:?}", movie.ranges);
    assert_eq!(movie.ranges[0].0, 10);
    assert_eq!(movie.shots, ["one", "two", "slow", "back"].map(str::to_owned));
    let count: i64 = plate.ranges.iter().map(|(first, last)| last - first + 1).sum();
    assert_eq!(i64::try_from(plate.files.len()).expect("few"), count);
    assert_eq!(plate.files[0], std::path::PathBuf::from(format!("/media/sh/sh.{}.exr", plate.ranges[0].0)));
    assert_eq!((plate.bytes(), plate.missing().len()), (0, plate.files.len()));
    assert!(!movie.sound);
    // Every frame that a row shows is in the list.
    let plan = plan(8);
    for row in plan.shots.iter().flat_map(|shot| plan.frames(shot)) {
        for layer in row.layers {
            let pull = list.iter().find(|pull| pull.media == layer.media).expect("it is needed");
            assert!(pull.ranges.iter().any(|(first, last)| (*first..=*last).contains(&layer.source)), "{layer:?}");
        }
    }
}

#[test]
fn at_high_speeds_files_are_those_that_are_shown() {
    let plate = MediaReference::sequence("/media/sh", ("sh.", 4, ".exr"), 1001, RATE).available(frames(1001, 100));
    let fast = Clip::new("fast", plate).range(frames(1011, 5)).effect(Effect::speed(4.0));
    let cut = Timeline::new("cut").track(Composition::video("V1").with(fast));
    let list = Plan::new(&cut, &PlanOptions::default()).expect("a plan").pull_list();
    assert_eq!(list[0].ranges, [(1011, 1027)]);
    let files: Vec<String> = list[0].files.iter().map(|file| file.display().to_string()).collect();
    assert_eq!(files, [1011, 1015, 1019, 1023, 1027].map(|number| format!("/media/sh/sh.{number}.exr")));
    // Where both frames around a moment are shown, both are needed.
    let half = PlanOptions::default().retime(otio_conflate::plan::Retime::Blend);
    let media = MediaReference::sequence("/media/sh", ("sh.", 4, ".exr"), 1001, RATE).available(frames(1001, 100));
    let slow = Clip::new("slow", media).range(frames(1011, 4)).effect(Effect::speed(0.5));
    let cut = Timeline::new("cut").track(Composition::video("V1").with(slow));
    let list = Plan::new(&cut, &half).expect("a plan").pull_list();
    assert_eq!((list[0].ranges.clone(), list[0].files.len()), (vec![(1011, 1013)], 3));
}

#[test]
fn a_record_timecode_leads_to_its_frame() {
    let cut = Timeline::new("cut")
        .start(otio_conflate::timeline::RationalTime::new(86_400.0, RATE))
        .track(Composition::video("V1").with(Clip::new("a", MediaReference::file("/m/a.mov")).range(frames(0, 48))));
    let plan = Plan::new(&cut, &PlanOptions::default()).expect("a plan");
    for frame in [0, 1, 47] {
        assert_eq!(plan.frame_at(&plan.timecode(frame).to_string()).expect("in the cut"), frame);
    }
    let error = plan.frame_at("01:00:02:00").expect_err("behind the cut").to_string();
    assert!(error.contains("01:00:00:00 to 01:00:01:23"), "{error}");
    assert!(plan.frame_at("1:2").is_err());
}

#[test]
fn record_timecode_is_counted_as_the_plan_counts_whatever_separates_its_frames() {
    let rate = Rate::new(29.97).expect("a rate");
    let range = RawTimeRange::frames(0, 3600, rate);
    let cut = Timeline::new("cut")
        .start(otio_conflate::timeline::RationalTime::new(0.0, rate))
        .track(Composition::video("V1").with(Clip::new("a", MediaReference::file("/m/a.mov")).range(range)));
    let plan = |drop| {
        let mut options = PlanOptions::default();
        options.drop_frame = Some(drop);
        Plan::new(&cut, &options).expect("a plan")
    };
    let (drop, plain) = (plan(true), plan(false));
    for text in ["00:01:00:02", "00:01:00;02"] {
        assert_eq!((drop.frame_at(text).expect(text), plain.frame_at(text).expect(text)), (1800, 1802));
    }
    for frame in 0..3600 {
        let label = drop.timecode(frame).to_string();
        assert_eq!(drop.frame_at(&label).expect(&label), frame);
        assert_eq!(drop.frame_at(&label.replace(';', ":")).expect(&label), frame);
    }
    // The first two labels of a minute are none.
    let error = drop.frame_at("00:01:00:00").expect_err("no frame").to_string();
    assert!(error.contains("leaves it out"), "{error}");
    assert_eq!(plain.frame_at("00:01:00:00").expect("a frame"), 1800);
    // Over midnight, labels begin anew.
    let mut late = plain.clone();
    late.global_start = 24 * 60 * 60 * 30 - 10;
    assert_eq!(late.frame_at(&late.timecode(20).to_string()).expect("in the cut"), 20);
    assert!(late.frame_at("12:00:00:00").is_err());
}
