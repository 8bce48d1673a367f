//! Parts of a plan: what is not asked for stays as it is.

use otio_conflate::backend::RecordBackend;
use otio_conflate::otio::{ReadOptions, read_file};
use otio_conflate::timeline::Child;
use otio_conflate::{Conflation, ErrorKind, NoObserver, Report, Result, Status, Timeline};

use crate::support::*;

fn only(timeline: &Timeline, folder: &std::path::Path, names: &[&str], handles: &str) -> Result<Report> {
    let template = "{index}_{shot}".parse().expect("a template");
    Conflation::new(RecordBackend::new(), delivery(folder, "overwrite").name(template))
        .timeline(timeline)
        .only(names.iter().copied())
        .run(&with_handles(timeline, handles), &NoObserver)
}

#[test]
fn a_part_is_called_and_numbered_as_in_the_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let cut = named(&["A", "B", "C"]);
    let report = only(&cut, folder.path(), &["B"], "0").expect("a run");
    assert_eq!(report.shots.iter().map(|shot| shot.shot.as_str()).collect::<Vec<_>>(), ["B"]);
    assert_eq!(files(folder.path()), ["0002_B.mov", "conflated.otio", "manifest.json"]);
    only(&cut, folder.path(), &["C", "A"], "0").expect("a run");
    let all = manifest(folder.path());
    let paths = |manifest: &serde_json::Value| -> Vec<String> {
        let shots = manifest["shots"].as_array().expect("a list");
        shots.iter().map(|shot| shot["output"]["path"].as_str().expect("a path").to_owned()).collect()
    };
    assert_eq!(paths(&all), ["0001_A.mov", "0002_B.mov", "0003_C.mov"], "in the order of the plan");
    let b = text(folder.path().join("0002_B.mov"));

    // Another plan for one of them: what the manifest says of the others stays, to the letter.
    only(&cut, folder.path(), &["A"], "1").expect("a run");
    let after = manifest(folder.path());
    assert_eq!(paths(&after), paths(&all));
    assert_ne!(after["shots"][0]["fingerprint"], all["shots"][0]["fingerprint"]);
    assert_eq!((&after["shots"][1], &after["shots"][2]), (&all["shots"][1], &all["shots"][2]));
    assert_eq!(text(folder.path().join("0002_B.mov")), b);

    // A whole run skips what a part made.
    let template = "{index}_{shot}".parse().expect("a template");
    let whole = run(&plan(&cut), delivery(folder.path(), "skip").name(template), RecordBackend::new()).expect("a run");
    assert_eq!(
        whole.shots.iter().map(|shot| shot.status).collect::<Vec<_>>(),
        [Status::Done, Status::Skipped, Status::Skipped]
    );
}

#[test]
fn the_conflated_cut_has_what_was_delivered_before_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let cut = named(&["A", "B", "C"]);
    only(&cut, folder.path(), &["A"], "0").expect("a run");
    only(&cut, folder.path(), &["C"], "0").expect("a run");
    let found = read_file(folder.path().join("conflated.otio"), &ReadOptions::default()).expect("it was written");
    let Child::Composition(track) = &found.tracks.children[0] else { panic!("a track") };
    let active: Vec<&str> = track
        .children
        .iter()
        .map(|child| match child {
            Child::Clip(clip) => clip.active_media_reference_key.as_str(),
            other => panic!("a clip, not {other:?}"),
        })
        .collect();
    assert_eq!(active, ["intermediate", "DEFAULT_MEDIA", "intermediate"]);
}

#[test]
fn a_name_that_no_shot_has_is_an_error_that_lists_those_there_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let cut = named(&["A", "B"]);
    for names in [&["A", "X", "Y"][..], &[]] {
        let error = only(&cut, &folder.path().join("out"), names, "0").expect_err("no such shot");
        assert_eq!(error.kind(), ErrorKind::Option);
        assert!(format!("{error:#}").contains("A, B"), "{error:#}");
        assert!(names.is_empty() || format!("{error:#}").contains("\"X\", \"Y\""), "{error:#}");
    }
    assert!(!folder.path().join("out").exists());
}

#[test]
fn a_part_asks_for_no_more_than_it_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("0002_B.mov"), "precious").expect("a file");
    let cut = named(&["A", "B"]);
    only(&cut, folder.path(), &["A"], "0").expect("nothing is in the way of A");
    assert_eq!(only(&cut, folder.path(), &["B"], "0").expect_err("it is foreign").kind(), ErrorKind::Exists);
    assert_eq!(text(folder.path().join("0002_B.mov")), "precious");
}
