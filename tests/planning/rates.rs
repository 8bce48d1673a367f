//! Exact time: rates as written and as meant, other rates than the cut's, drift, starts off the grid. R5, R7.

use otio_conflate::plan::{PlanOptions, RateConform};
use otio_conflate::time::Rate;
use serde_json::Value;

use crate::support::*;

const NTSC_FILM: f64 = 24_000.0 / 1001.0;
/// 23.976 as single-precision applications write it.
const HIERO_FILM: f64 = 23.976024627685547;

/// The sources of a clip in a cut of `record` frames a second.
fn at_record_rate(record: f64, source: Value, available: Value, conform: RateConform) -> Vec<i64> {
    let cut = timeline([track("V1", [clip_of("A", source, movie("A", available))])]);
    let rate = Rate::new(record).expect("a rate");
    let plan = plan(&cut, &options(|options| (options.rate, options.rate_conform) = (Some(rate), conform)));
    sources(&plan, "A")
}

#[test]
fn media_of_25_in_a_cut_of_24_goes_through_seconds() {
    let found = at_record_rate(24.0, range(0, 48, 24), range(0, 100, 25), RateConform::Time);
    let expected: Vec<i64> = (0..48).map(|record| record * 25 / 24).collect();
    assert_eq!(found, expected);
    // One media frame is left out each second: the one that starts within the last record frame.
    assert_eq!(found[23..26], [23, 25, 26]);
    // A clip counted in media frames lasts as many seconds.
    let counted = at_record_rate(24.0, range(10, 50, 25), range(0, 100, 25), RateConform::Time);
    assert_eq!((counted.len(), counted[0], counted[24]), (48, 10, 35));
}

#[test]
fn frame_for_frame_steps_one_by_one() {
    let found = at_record_rate(24.0, range(0, 48, 24), range(0, 100, 25), RateConform::FrameForFrame);
    assert_eq!(found, (0..48).collect::<Vec<_>>());
}

#[test]
fn media_of_24_in_a_cut_of_25_repeats_a_frame_each_second() {
    let found = at_record_rate(25.0, range(0, 50, 25), range(0, 100, 24), RateConform::Time);
    assert_eq!(found, (0..50).map(|record| record * 24 / 25).collect::<Vec<_>>());
}

#[test]
fn ntsc_film_written_in_two_ways_is_one_rate() {
    let found = at_record_rate(NTSC_FILM, range(0, 500, HIERO_FILM), range(0, 500, 23.976), RateConform::Time);
    assert_eq!(found, (0..500).collect::<Vec<_>>());
}

/// The first source frame of a clip ten hours into its media.
fn ten_hours_in(source: (f64, f64), available: (f64, f64)) -> i64 {
    let cut = clip_of("A", range(source.0, 5, source.1), movie("A", range(available.0, 1000, available.1)));
    let found = sources_of(cut, None);
    assert_eq!(found, (found[0]..found[0] + 5).collect::<Vec<_>>());
    found[0]
}

#[test]
fn at_ten_hours_of_timecode_values_convert_by_the_rates_as_written() {
    // An exporter that thinks in seconds wrote media frame 863 150 of a medium at 23.976 as a value at its own
    // 23.976024627685547, or the other way round. By the nominal rates these come out as 14 and 13.
    let up = 863_150.0 * HIERO_FILM / 23.976;
    assert_eq!(ten_hours_in((up, HIERO_FILM), (863_136.0, 23.976)), 14);
    let down = 863_150.0 * 23.976 / HIERO_FILM;
    assert!(down < 863_149.2);
    assert_eq!(ten_hours_in((down, 23.976), (863_136.0, HIERO_FILM)), 14);
    // So does an exporter that wrote the exact ratio.
    let exact = 863_150.0 * NTSC_FILM / 23.976;
    assert_eq!(ten_hours_in((exact, NTSC_FILM), (863_136.0, 23.976)), 14);
    // At one and the same rate there is nothing to convert.
    assert_eq!(ten_hours_in((863_150.0, HIERO_FILM), (863_136.0, HIERO_FILM)), 14);
    // A whole value that was meant at the other rate as written comes out where OpenTimelineIO puts it.
    assert_eq!(ten_hours_in((863_150.0, HIERO_FILM), (863_136.0, NTSC_FILM)), 13);
    assert_eq!(ten_hours_in((864_001.0, NTSC_FILM), (864_000.0, 23.976)), 0);
    assert_eq!(ten_hours_in((864_001.0, 23.976), (864_000.0, NTSC_FILM)), 1);
}

#[test]
fn a_hundred_thousand_ntsc_frames_do_not_drift() {
    let each = |number: i32| {
        let name = format!("sh{number}");
        clip_of(&name, range(f64::from(number), 82, HIERO_FILM), movie("A", range(0, 200_000, NTSC_FILM)))
    };
    let cut = timeline([track("V1", (0..1220).map(each).collect::<Vec<_>>())]);
    let plan = plan(&cut.with("global_start_time", time(86_400, 23.976)), &PlanOptions::default());
    assert_eq!((plan.duration, plan.shots.len()), (100_040, 1220));
    for (number, shot) in (0i64..).zip(&plan.shots) {
        assert_eq!((shot.start, shot.frame_count), (82 * number, 82));
        let rows: Vec<_> = plan.frames(shot).map(|row| (row.record, row.layers[0].source)).collect();
        assert_eq!(rows[0], (86_400 + 82 * number, number));
        assert_eq!(rows[81], (86_400 + 82 * number + 81, number + 81));
    }
}

#[test]
fn whole_rate_media_in_an_ntsc_cut_is_exact_for_hours() {
    let found = at_record_rate(NTSC_FILM, range(0, 100_002, NTSC_FILM), range(0, 200_000, 24), RateConform::Time);
    assert_eq!(found.len(), 100_002);
    for record in [0usize, 1, 499, 998, 1000, 50_000, 99_998, 100_000] {
        assert_eq!(found[record], i64::try_from(record).expect("small") * 1001 / 1000, "record frame {record}");
    }
    // A thousandth of a frame under a boundary counts as on it: 999.999 is frame 1000.
    assert_eq!([found[998], found[999], found[1000]], [998, 1000, 1001]);
}

#[test]
fn starts_off_the_grid_land_in_the_frame_they_lie_in() {
    let clip = clip_of("A", range(86_400.08874841638, 4, 24), movie("A", range(86_400, 100, 24)));
    assert_eq!(sources_of(clip, None), [0, 1, 2, 3]);
    // A hair under a boundary is on it; more than a thousandth of a frame is not.
    let clip = |start: f64| clip_of("A", range(start, 2, 24), movie("A", range(0, 100, 24)));
    assert_eq!(sources_of(clip(11.9995), None), [12, 13]);
    assert_eq!(sources_of(clip(11.99), None), [11, 12]);
}

#[test]
fn durations_off_the_grid_add_up_and_frames_go_by_their_start() {
    // A lasts 10.04 frames: record frame 10 still starts in it, and frame 11 starts 0.96 frames into B.
    let b = clip_of("B", range(0, 9.96, 24), movie("B", range(0, 100, 24)));
    let cut = timeline([track("V1", [clip("A", 0, 10.04), b, clip("C", 40, 2)])]);
    let plan = plan(&cut, &PlanOptions::default());
    assert_eq!(sources(&plan, "A"), (0..11).collect::<Vec<_>>());
    assert_eq!(sources(&plan, "B"), (0..9).collect::<Vec<_>>());
    assert_eq!(sources(&plan, "C"), [40, 41]);
    assert_eq!((shot(&plan, "B").start, shot(&plan, "C").start, plan.duration), (11, 20, 22));
}

#[test]
fn available_range_may_start_with_otios_default_of_0_at_1() {
    let mut available = range(0, 100, 24);
    available["start_time"] = time(0, 1);
    assert_eq!(sources_of(clip_of("A", range(5, 3, 24), movie("A", available)), None), [5, 6, 7]);
}

/// Every frame of an hour of `media` in a cut of `record`, against whole numbers: frame *n* shows the media frame that
/// is on at its start, where a thousandth of a frame does not count.
fn hour(record: (f64, i64, i64), media: (f64, i64, i64), start: f64) {
    let (record_rate, record_num, record_den) = record;
    let (media_rate, media_num, media_den) = media;
    let frames = 3600 * record_num / record_den;
    #[allow(clippy::cast_precision_loss, reason = "an hour of frames")]
    let clip = clip_of("A", range(start, 1, media_rate), movie("A", range(start, 300_000, media_rate)))
        .with("source_range.duration", time(frames as f64, record_rate));
    let rate = Some(Rate::new(record_rate).expect("a rate"));
    let plan = plan(&timeline([track("V1", [clip])]), &options(|options| options.rate = rate));
    assert_eq!((plan.duration, plan.shots[0].spans.len()), (frames, 1));
    let [otio_conflate::plan::Element::Layer(layer)] = plan.shots[0].spans[0].stack.as_slice() else {
        panic!("one layer: {:?}", plan.shots[0].spans[0]);
    };
    for frame in 0..frames {
        let (num, den) = (frame * record_den * media_num, record_num * media_den);
        let expected = (num * 1000 + den) / (den * 1000);
        assert_eq!(plan.source_index(layer, frame), Some(expected), "frame {frame} of {media_rate} in {record_rate}");
    }
}

#[test]
fn every_usual_pair_of_rates_is_exact_to_the_frame_for_an_hour() {
    let ntsc_film = (23.976, 24_000, 1001);
    let film = (24.0, 24, 1);
    let pal = (25.0, 25, 1);
    let ntsc = (29.97, 30_000, 1001);
    let double_ntsc = (59.94, 60_000, 1001);
    for (record, media) in [
        (film, ntsc_film),
        (ntsc_film, film),
        (film, pal),
        (pal, film),
        (ntsc_film, ntsc),
        (ntsc, ntsc_film),
        (ntsc, double_ntsc),
        (double_ntsc, ntsc),
        (double_ntsc, film),
        (pal, double_ntsc),
    ] {
        hour(record, media, 0.0);
        // An hour of timecode into the tape.
        hour(record, media, 107_892.0);
    }
}

#[test]
fn an_hour_of_drop_frame_timecode_ends_on_the_hour() {
    let clip = clip_of("A", range(0, 107_892, 29.97), movie("A", range(0, 200_000, 29.97)));
    let cut = timeline([track("V1", [clip])]).with("global_start_time", time(107_892, 29.97));
    let plan = plan(&cut, &options(|options| options.drop_frame = Some(true)));
    assert_eq!(plan.timecode(0).to_string(), "01:00:00;00");
    assert_eq!(plan.timecode(plan.duration).to_string(), "02:00:00;00");
    let last = plan.frames(&plan.shots[0]).last().expect("frames");
    assert_eq!((last.record, last.layers[0].source), (2 * 107_892 - 1, 107_891));
}

#[test]
fn frame_for_frame_multiplies_with_speed() {
    let fast = clip_of("A", range(0, 6, 24), movie("A", range(0, 100, 60))).with("effects", warp(1.5));
    let cut = timeline([track("V1", [fast])]);
    let plan = plan(&cut, &options(|options| options.rate_conform = RateConform::FrameForFrame));
    assert_eq!(sources(&plan, "A"), [0, 1, 3, 4, 6, 7]);
}
