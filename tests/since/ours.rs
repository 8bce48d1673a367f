//! Files of the earlier run: only those that are as they were left are copied, and only ours are removed.

use otio_conflate::{Omitted, Report, ShotReport};

use crate::support::{Counts, Show, assert_same, counts, cut, files};

fn two(show: &Show) -> [serde_json::Value; 2] {
    [show.clip("sh010", "a_v001", 20, 10), show.clip("sh020", "b_v001", 30, 12)]
}

fn entry<'r>(report: &'r Report, name: &str) -> &'r ShotReport {
    report.shots.iter().find(|shot| shot.shot == name).expect("an entry")
}

#[test]
fn omitted_shots_are_marked_and_their_files_stay_until_they_are_to_be_removed() {
    let show = Show::new("prores-lt");
    let [a, b] = two(&show);
    show.fresh(&cut(&[a.clone(), b.clone()]), "out");
    let manifest = || Report::open(show.path("out/manifest.json")).expect("a manifest");
    let report = show.follow(&cut(std::slice::from_ref(&a)), "out", "out", Omitted::Keep);
    assert_eq!(report.omitted, ["sh020"]);
    assert!(entry(&manifest(), "sh020").omitted && !entry(&manifest(), "sh010").omitted);
    assert!(show.path("out/sh020.mov").exists());
    // It comes back: nothing is rendered.
    let report = show.follow(&cut(&[b.clone(), a.clone()]), "out", "out", Omitted::Keep);
    assert_eq!(counts(&report), Counts { kept: 0, copied: 2, rendered: 0 });
    assert!(!entry(&manifest(), "sh020").omitted);
    show.follow(&cut(std::slice::from_ref(&a)), "out", "out", Omitted::Keep);
    // Somebody else's file has the name now: it stays.
    std::fs::write(show.path("out/sh020.mov"), "an artist's").expect("a file");
    show.follow(&cut(std::slice::from_ref(&a)), "out", "out", Omitted::Remove);
    assert_eq!(std::fs::read(show.path("out/sh020.mov")).expect("a file"), b"an artist's");
    std::fs::remove_file(show.path("out/sh020.mov")).expect("removed");
    show.fresh(&cut(&[a.clone(), b]), "again");
    std::fs::write(show.path("again/notes.txt"), "an artist's").expect("a file");
    show.follow(&cut(&[a]), "again", "again", Omitted::Remove);
    let left: Vec<String> = files(&show.path("again")).into_keys().collect();
    assert_eq!(left, ["notes.txt", "sh010.mov"]);
    let manifest = Report::open(show.path("again/manifest.json")).expect("a manifest");
    assert!(entry(&manifest, "sh020").output.is_none() && entry(&manifest, "sh020").omitted);
}

#[test]
fn a_file_that_was_changed_is_not_copied_from() {
    let show = Show::new("prores-lt");
    let [a, b] = two(&show);
    show.fresh(&cut(&[a.clone(), b.clone()]), "old");
    let after = cut(&[b, a]);
    show.fresh(&after, "fresh");
    let path = show.path("old/sh010.mov");
    let mut bytes = std::fs::read(&path).expect("a file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::thread::sleep(std::time::Duration::from_millis(20));
    std::fs::write(&path, bytes).expect("a file");
    let report = show.follow(&after, "new", "old", Omitted::Keep);
    assert_eq!(counts(&report), Counts { kept: 0, copied: 1, rendered: 1 }, "{:?}", report.shots);
    assert!(entry(&report, "sh010").reason.as_ref().is_some_and(|why| why.contains("the file was changed")));
    assert_same(&files(&show.path("new")), &files(&show.path("fresh")), "a changed file");
}

#[test]
fn media_that_were_changed_are_rendered_anew() {
    let show = Show::new("prores-lt");
    let [a, b] = two(&show);
    show.fresh(&cut(&[a.clone(), b.clone()]), "old");
    std::fs::copy(show.path("b_v002.mkv"), show.path("b_v001.mkv")).expect("a copy");
    let after = cut(&[b, a]);
    show.fresh(&after, "fresh");
    let report = show.follow(&after, "new", "old", Omitted::Keep);
    assert_eq!(counts(&report), Counts { kept: 0, copied: 1, rendered: 1 }, "{:?}", report.shots);
    assert_same(&files(&show.path("new")), &files(&show.path("fresh")), "changed media");
}

#[test]
fn files_of_another_folder_are_never_written_over() {
    let show = Show::new("prores-lt");
    let [a, b] = two(&show);
    show.fresh(&cut(&[a.clone(), b.clone()]), "old/shots");
    let before = files(&show.path("old/shots"));
    let report = show.follow(&cut(&[b, a]), "old", "old/shots", Omitted::Remove);
    assert_eq!(counts(&report), Counts { kept: 0, copied: 2, rendered: 0 });
    assert_same(&files(&show.path("old/shots")), &before, "the earlier run's folder");
}

#[test]
fn other_settings_are_rendered_and_told() {
    let mut show = Show::new("prores-lt");
    let [a, b] = two(&show);
    let all = cut(&[a, b]);
    show.fresh(&all, "old");
    show.preset = otio_conflate::deliver::Preset::by_name("prores-hq").expect("a preset");
    let report = show.follow(&all, "new", "old", Omitted::Keep);
    assert_eq!(counts(&report), Counts { kept: 0, copied: 0, rendered: 2 });
    assert!(report.shots.iter().all(|shot| shot.reason.as_ref().is_some_and(|why| why.contains("setting"))));
}
