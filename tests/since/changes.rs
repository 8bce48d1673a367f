//! What changed since a run, told by its manifest.

use otio_conflate::plan::compare::{Action, Change, Difference, compare, edl};
use otio_conflate::plan::{MediaSource, PlanOptions};
use otio_conflate::time::{Rate, Timecode};
use otio_conflate::timeline::{Clip, Composition, Effect, MediaReference, RationalTime, RawTimeRange, Timeline};
use otio_conflate::{Omitted, Plan, Report};

use crate::support::{Show, cut};

fn told(changes: &[Change]) -> Vec<(&str, &[Difference], Action)> {
    changes.iter().map(|change| (change.name(), change.differences.as_slice(), change.action)).collect()
}

#[test]
fn a_manifest_tells_what_changed_and_what_is_back() {
    let show = Show::new("prores-lt");
    let clips = [show.clip("sh010", "a_v001", 20, 10), show.clip("sh020", "b_v001", 30, 12)];
    show.fresh(&cut(&clips), "out");
    let manifest = || Report::open(show.path("out/manifest.json")).expect("a manifest");
    let plan = |clips: &[serde_json::Value]| show.plan(&cut(clips));
    assert_eq!(manifest().plan().expect("a plan"), Some(plan(&clips)));
    assert!(manifest().changes(&plan(&clips)).expect("a plan").iter().all(|change| change.differences.is_empty()));
    let shorter = [clips[0].clone(), show.clip("sh020", "b_v001", 30, 10)];
    let trimmed = Difference::Trimmed { head: 0, tail: -2 };
    assert_eq!(
        told(&manifest().changes(&plan(&shorter)).expect("a plan")),
        [("sh010", &[][..], Action::Keep), ("sh020", &[trimmed][..], Action::Retrim)]
    );
    show.follow(&cut(&clips[..1]), "out", "out", Omitted::Keep);
    // The later manifest is of the later cut, and knows what was omitted.
    for (start, action) in [(32, Action::Retrim), (20, Action::Repull)] {
        let back = [clips[0].clone(), show.clip("sh020", "b_v001", start, 12)];
        assert_eq!(
            told(&manifest().changes(&plan(&back)).expect("a plan"))[1],
            ("sh020", &[Difference::Reinstated][..], action),
        );
    }
    let other = [clips[0].clone(), show.clip("sh030", "b_v002", 30, 12)];
    let changes = manifest().changes(&plan(&other)).expect("a plan");
    assert_eq!(told(&changes)[1], ("sh030", &[Difference::New][..], Action::Repull));
}

#[test]
fn plans_in_manifests_are_those_of_the_cut_whatever_is_said_of_it() {
    let show = Show::new("prores-lt");
    let clips = [show.clip("sh010", "a_v001", 20, 10), show.clip("sh020", "b_v001", 30, 12)];
    let mut report = show.fresh(&cut(&clips), "out");
    // The report of a run is not its manifest.
    assert!(report.plan.is_none() && report.changes(&show.plan(&cut(&clips))).is_err());
    report = Report::open(show.path("out/manifest.json")).expect("a manifest");
    let options = otio_conflate::PlanOptions::like(&report.plan().expect("a plan").expect("one"));
    let plan = Plan::with_media(&cut(&clips), &options, &otio_conflate::backend::ffmpeg::FfmpegLookup::new());
    let mut plan = plan.expect("a plan");
    // Handles are the caller's.
    assert!(plan.shots.iter().all(|shot| shot.head == 0));
    plan.shots.clear();
    assert_eq!(report.changes(&plan).expect("a plan").len(), 2);
}

#[test]
fn a_change_list_has_an_event_for_each_shot_that_is_not_the_same() {
    let show = Show::new("prores-lt");
    let old = [
        show.clip("sh010", "a_v001", 20, 10),
        show.clip("sh020", "b_v001", 30, 12),
        show.clip("sh030", "a_v001", 60, 8),
    ];
    let new = [old[0].clone(), show.clip("sh020", "b_v002", 30, 12), show.clip("sh040\nX", "a_v001", 90, 8)];
    let (old, new) = (show.plan(&cut(&old)), show.plan(&cut(&new)));
    let list = edl(&compare(&old, &new), &new, &|_| None);
    assert!(list.starts_with("TITLE: CUT CHANGES\nFCM: NON-DROP FRAME\n"), "{list}");
    let events: Vec<&str> = list.lines().filter(|line| line.contains(" V     C ")).collect();
    assert_eq!(
        events,
        [
            "001  b_v002   V     C        00:00:01:06 00:00:01:18 01:00:00:10 01:00:00:22",
            "002  a_v001   V     C        00:00:03:18 00:00:04:02 01:00:00:22 01:00:01:06",
        ]
    );
    assert!(list.contains("* OMITTED: sh030\n* WAS AT: 01:00:00:22\n"), "{list}");
    assert!(list.lines().all(|line| line != "X"), "one line a comment: {list}");
    // Readers refuse comments in front of the first event.
    let later = show.plan(&cut(&[show.clip("sh020", "b_v002", 30, 12)]));
    let list = edl(&compare(&old, &later), &later, &|_| None);
    let place = |part: &str| list.find(part).unwrap_or_else(|| panic!("{part}: {list}"));
    assert!(place("001  ") < place("* OMITTED: sh010\n* WAS AT: 01:00:00:00\n"), "{list}");
}

/// Frames of `/m/NAME.mov`, which has 1000 at `rate`.
fn shown(name: &str, rate: f64, first: i64, count: i64) -> Clip {
    let rate = Rate::new(rate).expect("a rate");
    let media = MediaReference::file(format!("/m/{name}.mov")).available(RawTimeRange::frames(0, 1000, rate));
    Clip::new(name, media).range(RawTimeRange::frames(first, count, rate))
}

/// The lines of the change list of a cut of these clips at `rate` that was empty before, without comments; media start as
/// `start` says of their names.
fn listed(rate: f64, clips: Vec<Clip>, start: impl Fn(&str) -> Option<Timecode>) -> Vec<String> {
    let mut options = PlanOptions::default().rate(Rate::new(rate).expect("a rate"));
    (options.drop_frame, options.allow_empty) = (Some(true), true);
    let plan = |clips: Vec<Clip>| {
        let track = clips.into_iter().fold(Composition::video("V1"), Composition::with);
        let cut = Timeline::new("cut").start(RationalTime::new(0.0, Rate::new(rate).expect("a rate"))).track(track);
        Plan::new(&cut, &options).expect("a plan")
    };
    let (old, new) = (plan(Vec::new()), plan(clips));
    let of_source = |source: &MediaSource| start(source.display().trim_start_matches("/m/").trim_end_matches(".mov"));
    let list = edl(&compare(&old, &new), &new, &of_source);
    let is_comment = |line: &&str| line.is_empty() || line.starts_with('*') || line.starts_with("TITLE");
    list.lines().filter(|line| !is_comment(line)).map(str::to_owned).collect()
}

#[test]
fn events_of_other_speeds_take_what_they_show_and_say_so() {
    let retimed = |name: &str, count: i64, speed: f64| shown(name, 24.0, 20, count).effect(Effect::speed(speed));
    let clips = vec![
        retimed("fast", 10, 2.0),
        retimed("slow", 10, 0.25),
        retimed("back", 10, -1.0),
        retimed("rush", 10, -2.0),
        shown("still", 24.0, 20, 10).effect(Effect::freeze()),
        shown("plain", 24.0, 20, 10),
        shown("video", 25.0, 25, 25),
    ];
    let lines = listed(24.0, clips, |_| Some(Timecode::from_frame(86_400, Rate::FPS_24, false)));
    assert_eq!(
        lines,
        [
            "FCM: NON-DROP FRAME",
            "001  fast     V     C        01:00:00:20 01:00:01:16 00:00:00:00 00:00:00:10",
            "M2   fast           048.0                01:00:00:20",
            "002  slow     V     C        01:00:00:20 01:00:00:23 00:00:00:10 00:00:00:20",
            "M2   slow           006.0                01:00:00:20",
            "003  back     V     C        01:00:00:20 01:00:01:06 00:00:00:20 00:00:01:06",
            "M2   back           -024.0                01:00:00:20",
            "004  rush     V     C        01:00:00:20 01:00:01:16 00:00:01:06 00:00:01:16",
            "M2   rush           -048.0                01:00:00:20",
            "005  still    V     C        01:00:00:20 01:00:00:21 00:00:01:16 00:00:02:02",
            "M2   still          000.0                01:00:00:20",
            "006  plain    V     C        01:00:00:20 01:00:01:06 00:00:02:02 00:00:02:12",
            // A timecode of 24 frames a second, though the cut says 25.
            "007  video    V     C        01:00:01:00 01:00:02:00 00:00:02:12 00:00:03:12",
        ]
    );
    // Frames of the cut's rate are counted as the file counts.
    let lines = listed(24.0, vec![shown("a", 24.0, 20, 10)], |_| "01:00:00:00@48".parse().ok());
    assert_eq!(
        lines[1..],
        [
            "001  a        V     C        01:00:00:40 01:00:01:12 00:00:00:00 00:00:00:10",
            "M2   a              048.0                01:00:00:40",
        ]
    );
}

#[test]
fn events_say_how_their_source_is_counted_where_that_differs() {
    let clips = ["drop", "other", "again", "unknown"].map(|name| shown(name, 29.97, 0, 30));
    let lines = listed(29.97, clips.into(), |name| match name {
        "unknown" => None,
        "other" => "00:01:00:00@29.97".parse().ok(),
        _ => "00:00:59;20@29.97".parse().ok(),
    });
    assert_eq!(
        lines,
        [
            "FCM: DROP FRAME",
            "001  drop     V     C        00:00:59:20 00:01:00:22 00:00:00:00 00:00:01:00",
            "FCM: NON-DROP FRAME",
            "002  other    V     C        00:01:00:00 00:01:01:00 00:00:01:00 00:00:02:00",
            "FCM: DROP FRAME",
            "003  again    V     C        00:00:59:20 00:01:00:22 00:00:02:00 00:00:03:00",
            "004  unknown  V     C        00:00:00:00 00:00:01:00 00:00:03:00 00:00:04:00",
        ]
    );
}
