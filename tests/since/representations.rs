//! Representations of shots that are copied: byte for byte those of a fresh run, or rendered, with the reason.

use otio_conflate::deliver::{BurnIn, Representation, Size};
use otio_conflate::{Omitted, Report, Timeline};
use serde_json::Value;

use crate::otio::With as _;
use crate::support::{Counts, Show, assert_same, counts, cut, files};

fn named(name: &str) -> Representation {
    Representation::by_name(name).expect("a representation")
}

fn burnt(name: &str, text: &str) -> Representation {
    named("h264").name(name).burn_in(BurnIn::text(text).expect("a text"))
}

/// A show with these representations, one shot after another: encoders that work with several threads make other bytes of it.
fn show(representations: &[Representation]) -> Show {
    let mut show = Show::new("prores-lt");
    show.representations = representations.to_vec();
    show.jobs = Some(1);
    show
}

fn before(show: &Show) -> [Value; 3] {
    [show.clip("sh010", "a_v001", 20, 10), show.clip("sh020", "b_v001", 30, 12), show.clip("sh030", "a_v001", 60, 8)]
}

/// Follows the cut of [`before`] with `after`, into its own folder and into another one; what was delivered there is what a fresh
/// run delivers. Returns the report of the latter.
#[track_caller]
fn follow(show: &Show, after: &Timeline, (copied, rendered): (usize, usize)) -> Report {
    if !show.path("old").exists() {
        show.fresh(&cut(&before(show)), "old");
    }
    for folder in ["fresh", "here", "new"] {
        let _ = std::fs::remove_dir_all(show.path(folder));
    }
    let fresh = show.fresh(after, "fresh");
    let wanted = files(&show.path("fresh"));
    show.copy("old", "here");
    let report = show.follow(after, "here", "here", Omitted::Remove);
    assert_same(&files(&show.path("here")), &wanted, "in its own folder");
    let kept = counts(&report).kept;
    let report = show.follow(after, "new", "old", Omitted::Keep);
    let reasons: Vec<_> = report.shots.iter().map(|shot| (&shot.shot, &shot.reason)).collect();
    assert_eq!(counts(&report), Counts { kept: 0, copied, rendered }, "{reasons:#?}");
    assert_same(&files(&show.path("new")), &wanted, "in another folder");
    let outputs = |report: &Report| {
        let made = report.shots.iter().flat_map(|shot| &shot.representations);
        made.map(|made| made.output.clone()).collect::<Vec<_>>()
    };
    assert_eq!(outputs(&report), outputs(&fresh));
    assert!(kept <= copied);
    // What was copied can be copied in its turn.
    let again = show.follow(after, "new", "new", Omitted::Keep);
    assert_eq!(counts(&again).kept, report.shots.len());
    report
}

#[track_caller]
fn assert_reason(report: &Report, shot: &str, words: &str) {
    let shot = report.shots.iter().find(|other| other.shot == shot).expect("a shot");
    assert!(shot.reason.as_ref().is_some_and(|reason| reason.contains(words)), "{:?}", shot.reason);
}

/// Shots that lie elsewhere by now: files have other timecodes, and sound that is mixed anew.
#[test]
fn representations_of_moved_shots_are_copied() {
    let half = named("prores").name("half").size(Size::scaled(0.5));
    let show = show(&[named("h264"), named("hevc"), half, named("poster")]);
    let [a, b, c] = before(&show);
    follow(&show, &cut(&[c, a, b]), (3, 0));
}

#[test]
fn contact_sheets_show_timecodes_and_are_rendered_where_those_are_others() {
    let show = show(&[named("contact-sheet").name("sheet")]);
    let [a, b, c] = before(&show);
    let report = follow(&show, &cut(&[a, c, b]), (1, 2));
    assert_reason(&report, "sh020", "\"sheet\" has other text");
}

/// Pictures that stand alone and say nothing of their place are cut out of those of another shot.
#[test]
fn proxies_of_trimmed_shots_are_copied() {
    let half = |name: &str| named("prores").name(name).size(Size::scaled(0.5));
    let show = show(&[half("half"), half("cut").handles(false), named("jpg").name("frames")]);
    let [_, b, c] = before(&show);
    let report = follow(&show, &cut(&[show.clip("sh010", "a_v001", 22, 6), b, c]), (3, 0));
    assert_reason(&report, "sh010", "copied from");
}

#[test]
fn sequences_and_stills_are_copied_with_their_timecodes() {
    let show = show(&[named("exr"), named("png").handles(false), named("poster").name("p")]);
    let [a, b, c] = before(&show);
    follow(&show, &cut(&[c, a, b]), (3, 0));
}

#[test]
fn text_that_is_the_same_is_copied() {
    let show = show(&[burnt("frames", "{shot} {frame} {source_frame}")]);
    let [a, b, c] = before(&show);
    let report = follow(&show, &cut(&[b, c, a.clone().with("name", "other")]), (2, 1));
    assert_reason(&report, "other", "\"frames\" has other text");
}

#[test]
fn text_that_differs_is_rendered() {
    let show = show(&[burnt("codes", "{timecode}")]);
    let [a, b, c] = before(&show);
    let report = follow(&show, &cut(&[a, c, b]), (1, 2));
    assert_reason(&report, "sh030", "\"codes\" has other text");
}

#[test]
fn other_frames_are_rendered() {
    let show = show(&[named("h264")]);
    let [_, b, c] = before(&show);
    let report = follow(&show, &cut(&[show.clip("sh010", "a_v001", 22, 6), b, c]), (2, 1));
    assert_reason(&report, "sh010", "\"h264\" was made of other handles or frames");
}

#[test]
fn a_representation_that_is_asked_for_now_is_rendered_and_one_that_was_changed_too() {
    let mut show = show(&[named("h264")]);
    let all = cut(&before(&show));
    show.fresh(&all, "old");
    let path = show.path("old/sh020_h264.mp4");
    let bytes = std::fs::read(&path).expect("a file");
    std::thread::sleep(std::time::Duration::from_millis(20));
    std::fs::write(&path, bytes).expect("a file");
    let report = show.follow(&all, "new", "old", Omitted::Keep);
    assert_eq!(counts(&report), Counts { kept: 0, copied: 2, rendered: 1 });
    assert_reason(&report, "sh020", "sh020_h264.mp4 was changed");
    std::fs::remove_dir_all(show.path("old")).expect("a folder");
    show.fresh(&all, "old");
    show.representations.push(named("poster"));
    let report = follow(&show, &all, (0, 3));
    assert_reason(&report, "sh010", "its representation \"poster\" was not");
    // In fewer there is nothing that was not delivered.
    show.representations = Vec::new();
    let report = show.follow(&all, "fewer", "old", Omitted::Keep);
    assert_eq!(counts(&report), Counts { kept: 0, copied: 3, rendered: 0 });
}
