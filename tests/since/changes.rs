//! What changed since a run, told by its manifest.

use otio_conflate::plan::compare::{Action, Change, Difference, compare, edl};
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
}
