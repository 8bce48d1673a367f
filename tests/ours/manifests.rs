//! A manifest is never shortened while what it lists is there.

use std::path::Path;

use otio_conflate::backend::Control;
use otio_conflate::backend::RecordBackend;
use otio_conflate::deliver::{Cut, Review, TranscodeOptions, Trim, transcode, trim};
use otio_conflate::deliver::{Preset, Representation};
use otio_conflate::{CancelToken, NoObserver, Plan, Report, Status, Timeline};
use serde_json::Value;

use crate::support::*;
use crate::world::samples;

fn called(name: &str, shots: &[&str]) -> Timeline {
    let mut timeline = named(shots);
    timeline.name = name.to_owned();
    timeline
}

/// The shots in a manifest: name, cut, status.
fn listed(folder: &Path) -> Vec<(String, Option<String>, Status)> {
    let report = Report::open(folder.join("manifest.json")).expect("a manifest");
    report.shots.into_iter().map(|shot| (shot.shot, shot.of, shot.status)).collect()
}

fn entry(shot: &str, of: Option<&str>, status: Status) -> (String, Option<String>, Status) {
    (shot.to_owned(), of.map(str::to_owned), status)
}

#[test]
fn shots_of_another_cut_stay_and_can_be_skipped_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let (one, other) = (plan(&called("one", &["A", "B"])), plan(&called("other", &["C"])));
    let deliver = |plan: &Plan| run(plan, delivery(folder.path(), "skip"), RecordBackend::new()).expect("a run");
    deliver(&one);
    let report = deliver(&other);
    assert_eq!(report.shots.len(), 1, "the report is of this run");
    let done = Status::Done;
    assert_eq!(
        listed(folder.path()),
        [entry("C", None, done), entry("A", Some("one"), done), entry("B", Some("one"), done)]
    );
    assert_eq!(manifest(folder.path())["name"], "other");
    assert_eq!(deliver(&one).count(Status::Skipped), 2);
    assert_eq!(
        listed(folder.path()),
        [entry("A", None, Status::Skipped), entry("B", None, Status::Skipped), entry("C", Some("other"), done)]
    );
    // What is gone is listed no more.
    std::fs::remove_file(folder.path().join("C.mov")).expect("it was delivered");
    deliver(&one);
    assert_eq!(listed(folder.path()).len(), 2);
    let paths: Vec<Value> = manifest(folder.path())["files"].as_array().expect("a list").clone();
    assert_eq!(paths.iter().map(|file| file["path"].as_str().expect("text")).collect::<Vec<_>>(), ["A.mov", "B.mov"]);
}

#[test]
fn what_was_there_of_a_shot_that_fails_is_found_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let cut = called("cut", &["A", "B"]);
    run(&plan(&cut), delivery(folder.path(), "error"), RecordBackend::new()).expect("a run");
    let failing = || RecordBackend::new().failing("A");
    run(&with_handles(&cut, "1"), delivery(folder.path(), "overwrite"), failing()).expect("a run");
    assert_eq!(
        listed(folder.path()),
        [entry("A", None, Status::Failed), entry("B", None, Status::Done), entry("A", Some("cut"), Status::Done)]
    );
    // It is still ours, and still the first plan's.
    let report = run(&plan(&cut), delivery(folder.path(), "skip"), RecordBackend::new()).expect("a run");
    assert_eq!(report.shots.iter().map(|shot| shot.status).collect::<Vec<_>>(), [Status::Skipped, Status::Done]);
}

#[test]
fn another_preset_leaves_what_is_there_listed() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = plan(&called("cut", &["A"]));
    run(&plan, delivery(folder.path(), "error"), RecordBackend::new()).expect("a run");
    let preset = crate::tools::frames();
    run(&plan, delivery(folder.path(), "overwrite").preset(preset), RecordBackend::new()).expect("a run");
    assert_eq!(listed(folder.path()), [entry("A", None, Status::Done), entry("A", Some("cut"), Status::Done)]);
    run(&plan, delivery(folder.path(), "overwrite"), RecordBackend::new()).expect("both are ours");
}

#[test]
fn a_review_leaves_the_manifest_to_the_run_that_it_reviews() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = plan(&called("cut", &["A", "B"]));
    run(&plan, delivery(folder.path(), "error"), RecordBackend::new()).expect("a run");
    let before = manifest(folder.path());
    for existing in ["error", "overwrite", "skip"] {
        let report = Report::open(folder.path().join("manifest.json")).expect("a manifest");
        let review = Review::default().plan(&report).expect("a plan");
        assert_eq!(review.duration, 8, "of the shots alone, and not of a review");
        let made = run(&review, delivery(folder.path(), existing), RecordBackend::new()).expect("a run");
        assert!(made.succeeded());
        let after = manifest(folder.path());
        for key in ["name", "canvas", "rate", "backend", "preset", "timeline"] {
            assert_eq!(after[key], before[key], "{key}");
        }
        let shots = after["shots"].as_array().expect("a list");
        assert_eq!(shots[..2], before["shots"].as_array().expect("a list")[..]);
        assert_eq!((&shots[2]["shot"], &shots[2]["of"]), (&Value::from("review"), &Value::from("review")));
        assert_eq!(shots.len(), 3);
    }
    let report = run(&plan, delivery(folder.path(), "skip"), RecordBackend::new()).expect("a run");
    assert_eq!(report.count(Status::Skipped), 2);
    assert_eq!(listed(folder.path()).len(), 3);
}

#[test]
fn files_of_other_programs_are_listed_beside_a_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let source = tempfile::tempdir().expect("a folder");
    let movie = source.path().join("s.mov");
    std::fs::write(&movie, &samples().0).expect("a movie");
    let cut = |overwrite| {
        let request = Trim::new(&movie).piece(Cut::frames(0, 1), at("out/piece.mov")).overwrite(overwrite);
        trim(&request, &CancelToken::new()).expect("a movie").pieces.remove(0)
    };
    let make = || {
        let mut options = TranscodeOptions::default();
        options.overwrite = true;
        let wanted = [Representation::new("small", Preset::by_name("ffv1").expect("a preset"))];
        let control = Control { observer: &NoObserver, cancel: &CancelToken::new() };
        transcode(&movie, &wanted, at("out"), &options, &control).expect("a transcode")
    };
    // Before there is any run.
    cut(false).expect("a piece");
    make();
    let names = |folder: &Path| -> Vec<String> {
        let files = manifest(folder)["files"].as_array().expect("a list").clone();
        let mut names: Vec<String> = files.iter().map(|file| file["path"].as_str().expect("text").to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&at("out")), ["piece.mov", "s_small.mkv"]);
    let error = Report::open(at("out/manifest.json")).expect_err("no run");
    assert!(format!("{error:#}").contains("is not the manifest of a run"), "{error:#}");
    // A run takes them over, and they may still be replaced.
    run(&plan(&named(&["A"])), delivery(&at("out"), "error"), RecordBackend::new()).expect("a run");
    assert_eq!(names(&at("out")), ["A.mov", "piece.mov", "s_small.mkv"]);
    assert!(cut(false).is_err(), "it is there");
    cut(true).expect("it is listed");
    make();
    assert_eq!(names(&at("out")), ["A.mov", "piece.mov", "s_small.mkv"]);
    assert_eq!(listed(&at("out")), [entry("A", None, Status::Done)]);
}

/// Manifests of earlier versions list no files: what they say of shots has to do.
#[test]
fn manifests_of_earlier_versions_count() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = plan(&named(&["A", "B"]));
    run(&plan, delivery(folder.path(), "error"), RecordBackend::new()).expect("a run");
    let mut old = manifest(folder.path());
    old.as_object_mut().expect("an object").remove("files");
    std::fs::write(folder.path().join("manifest.json"), old.to_string()).expect("a file");
    std::fs::write(folder.path().join("C.mov"), "precious").expect("a file");
    let report = run(&plan, delivery(folder.path(), "skip"), RecordBackend::new()).expect("a run");
    assert_eq!(report.count(Status::Skipped), 2);
    run(&plan, delivery(folder.path(), "overwrite"), RecordBackend::new()).expect("a run");
    let more = crate::support::plan(&named(&["C"]));
    run(&more, delivery(folder.path(), "overwrite"), RecordBackend::new()).expect_err("nobody listed it");
}
