//! Shots that fail, runs that are stopped or killed: nothing half-done under a final name.

use otio_conflate::backend::{RecordBackend, Target};
use otio_conflate::plan::Shot;
use otio_conflate::{CancelToken, Conflation, Error, ErrorKind, NoObserver, Observer, Report, ShotReport, Status};

use crate::support::*;

fn of<'r>(report: &'r Report, name: &str) -> &'r ShotReport {
    report.shots.iter().find(|shot| shot.shot == name).expect("every shot is reported")
}

#[test]
fn a_shot_that_fails_leaves_nothing_and_stops_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = plan(&named(&["A", "B", "C"]));
    let report = run(&plan, delivery(folder.path(), "error"), RecordBackend::new().failing("B")).expect("a run");
    assert_eq!(files(folder.path()), ["A.mov", "C.mov", "manifest.json"]);
    assert!(!report.succeeded());
    let b = of(&report, "B");
    assert_eq!((b.status, &b.output), (Status::Failed, &None));
    assert!(b.error[0].contains("shot \"B\"") && b.error[0].contains("asked to fail"), "{:?}", b.error);
    assert!(b.error[0].contains("tracks[0].children[1]"), "{:?}", b.error);
    assert_eq!(manifest(folder.path())["shots"][1]["status"], "failed");
    assert_eq!(report.count(Status::Done), 2);
}

#[test]
fn a_sequence_that_fails_leaves_no_frame() {
    let folder = tempfile::tempdir().expect("a folder");
    let delivery = delivery(folder.path(), "error").preset(frames());
    run(&plan(&named(&["A"])), delivery, RecordBackend::new().failing("A")).expect("a run");
    assert_eq!(files(folder.path()), ["manifest.json"]);
}

#[test]
fn a_shot_that_fails_leaves_what_was_there_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let deliver = || delivery(folder.path(), "overwrite");
    run(&plan(&named(&["A"])), deliver(), RecordBackend::new()).expect("a run");
    let before = text(folder.path().join("A.mov"));
    run(&with_handles(&named(&["A"]), "4"), deliver(), RecordBackend::new().failing("A")).expect("a run");
    assert_eq!(text(folder.path().join("A.mov")), before);
    assert_eq!(files(folder.path()), ["A.mov", "manifest.json"]);
}

#[test]
fn until_it_is_verified_a_file_is_hidden_beside_its_place() {
    for sequence in [false, true] {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().canonicalize().expect("it is there");
        let backend = Meddling::new(|step: Step<'_>| {
            if let Step::After(task, _) | Step::Verify(task) = unify(step) {
                let path = task.target.path();
                assert_eq!(path.parent(), Some(out.as_path()));
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                assert!(name.starts_with('.'), "{name}");
                assert_eq!(matches!(task.target, Target::Sequence { .. }), sequence);
                assert!(!out.join("A").exists() && !out.join("A.mov").exists());
            }
            Ok(())
        });
        let mut delivery = delivery(&out, "error");
        if sequence {
            delivery = delivery.preset(frames());
        }
        assert!(run(&plan(&named(&["A"])), delivery, backend).expect("a run").succeeded());
        assert!(out.join("A").exists() || out.join("A.mov").exists());
    }
}

/// Lets one pattern take tasks of both kinds.
fn unify(step: Step<'_>) -> Step<'_> {
    match step {
        Step::After(task, _) => Step::Verify(task),
        other => other,
    }
}

#[test]
fn what_was_written_is_counted_and_verified_before_it_is_delivered() {
    let folder = tempfile::tempdir().expect("a folder");
    let backend = Meddling::new(|step: Step<'_>| {
        match step {
            Step::After(task, rendered) if task.shot.name == "A" => rendered.frames -= 1,
            Step::After(task, _) if task.shot.name == "B" => {
                std::fs::remove_file(task.target.path()).expect("it was written");
            }
            Step::Verify(task) if task.shot.name == "C" => {
                return Err(Error::new(ErrorKind::Verify, "one frame too many"));
            }
            _ => {}
        }
        Ok(())
    });
    let report = run(&plan(&named(&["A", "B", "C", "D"])), delivery(folder.path(), "error"), backend).expect("a run");
    assert_eq!(files(folder.path()), ["D.mov", "manifest.json"]);
    let said = |name: &str| of(&report, name).error.join(": ");
    assert!(said("A").contains("3 frames were rendered, 4 planned"), "{}", said("A"));
    assert!(said("B").contains("a frame is not there"), "{}", said("B"));
    assert!(said("C").contains("one frame too many"), "{}", said("C"));
    assert_eq!(of(&report, "D").status, Status::Done);
}

#[test]
fn what_a_backend_notices_is_in_the_report() {
    let folder = tempfile::tempdir().expect("a folder");
    let backend = Meddling::new(|step: Step<'_>| {
        if let Step::After(_, rendered) = step {
            rendered.warnings.push("the media ended early".to_owned());
        }
        Ok(())
    });
    let report = run(&with_handles(&named(&["A"]), "1"), delivery(folder.path(), "error"), backend).expect("a run");
    let warnings = &report.shots[0].warnings;
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    assert_eq!(warnings[2], "the media ended early");
}

struct CancelsAt<'c>(&'c CancelToken, &'static str, i64);

impl Observer for CancelsAt<'_> {
    fn frame(&self, shot: &Shot, done: i64, _: i64) {
        if (shot.name.as_str(), done) == (self.1, self.2) {
            self.0.cancel();
        }
    }
}

#[test]
fn a_run_that_is_stopped_keeps_what_is_whole_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let cancel = CancelToken::new();
    let cut = named(&["A", "B", "C"]);
    let delivery = || delivery(folder.path(), "skip").jobs(1);
    let conflation = Conflation::new(RecordBackend::new(), delivery()).cancel(cancel.clone());
    let report = conflation.run(&plan(&cut), &CancelsAt(&cancel, "B", 2)).expect("a run");
    assert_eq!(files(folder.path()), ["A.mov", "manifest.json"]);
    let statuses: Vec<Status> = report.shots.iter().map(|shot| shot.status).collect();
    assert_eq!(statuses, [Status::Done, Status::Cancelled, Status::Cancelled]);
    assert!(!report.succeeded());
    assert!(of(&report, "C").error.join(": ").contains("cancelled"));
    // It can be taken up again.
    let report = run(&plan(&cut), delivery(), RecordBackend::new()).expect("a run");
    assert_eq!((report.count(Status::Skipped), report.count(Status::Done)), (1, 2));
}

#[test]
fn what_was_stopped_before_it_began_renders_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let cancel = CancelToken::new();
    cancel.cancel();
    let conflation = Conflation::new(RecordBackend::new(), delivery(folder.path(), "error")).cancel(cancel);
    let report = conflation.run(&plan(&named(&["A", "B"])), &NoObserver).expect("a run");
    assert_eq!(report.count(Status::Cancelled), 2);
    assert_eq!(files(folder.path()), ["manifest.json"]);
}

#[test]
fn what_a_killed_run_left_is_removed_and_nothing_else() {
    // What temporary files are called is learned from a backend that looks at its target.
    let folder = tempfile::tempdir().expect("a folder");
    let targets = std::sync::Mutex::new(Vec::new());
    let spy = Meddling::new(|step: Step<'_>| {
        if let Step::Before(task) = step {
            targets.lock().expect("no panics here").push(task.target.path().to_owned());
        }
        Ok(())
    });
    let template = || "{track}/{shot}".parse().expect("a template");
    let plan = plan(&named(&["A", "B"]));
    run(&plan, delivery(folder.path(), "error").name(template()), spy).expect("a run");
    let targets = targets.into_inner().expect("no panics here");
    assert_eq!(targets.len(), 2);

    std::fs::write(&targets[0], "half a movie").expect("a file");
    std::fs::create_dir(&targets[1]).expect("a folder");
    std::fs::write(targets[1].join("B.1001.png"), "half a picture").expect("a file");
    let name = targets[0].file_name().expect("a name").to_str().expect("text").to_owned();
    std::fs::write(folder.path().join(&name), "of another run, by its place").expect("a file");
    for mine in [".hidden", "V1/.otio-conflate-notes", "V1/film.part"] {
        std::fs::write(folder.path().join(mine), "mine").expect("a file");
    }
    run(&plan, delivery(folder.path(), "overwrite").name(template()), RecordBackend::new()).expect("a run");
    assert_eq!(
        files(folder.path()),
        [".hidden", &name, "V1/.otio-conflate-notes", "V1/A.mov", "V1/B.mov", "V1/film.part", "manifest.json"]
    );
}

#[test]
fn two_runs_into_one_folder_at_once_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let cut = plan(&named(&["A"]));
    let backend = Meddling::new(|step: Step<'_>| {
        if let Step::Before(task) = step {
            let second = run(&cut, delivery(folder.path(), "overwrite"), RecordBackend::new());
            let error = second.expect_err("the first run is not done");
            assert_eq!(error.kind(), ErrorKind::Locked);
            assert!(format!("{error:#}").contains("another run"), "{error:#}");
            assert!(!task.target.path().exists(), "the second run touched nothing");
        }
        Ok(())
    });
    assert!(run(&cut, delivery(folder.path(), "error"), backend).expect("a run").succeeded());
    // Once the first is done, the folder is free.
    run(&cut, delivery(folder.path(), "overwrite"), RecordBackend::new()).expect("a run");
}

#[test]
fn a_backend_that_cannot_open_leaves_no_folder() {
    struct Refuses;
    impl otio_conflate::backend::Backend for Refuses {
        fn name(&self) -> &str {
            "refuses"
        }
        fn capabilities(&self) -> otio_conflate::backend::Capabilities {
            RecordBackend::new().capabilities()
        }
        fn open<'a>(
            &'a self,
            _: &'a otio_conflate::Plan,
            _: &'a otio_conflate::deliver::Preset,
            _: &'a [otio_conflate::deliver::Representation],
        ) -> otio_conflate::Result<Box<dyn otio_conflate::backend::Session + 'a>> {
            Err(Error::new(ErrorKind::MediaMissing, "a.mov and b.mov are not there"))
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let error = run(&plan(&named(&["A"])), delivery(&out, "error"), Refuses).expect_err("media is missing");
    assert_eq!(error.kind(), ErrorKind::MediaMissing);
    assert!(!out.exists());
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "no folder").expect("a file");
    let error = run(&plan(&named(&["A"])), delivery(&file.join("out"), "error"), RecordBackend::new())
        .expect_err("a file is no folder");
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(format!("{error:#}").contains("file/out"), "{error:#}");
}

#[cfg(unix)]
#[test]
fn media_and_timelines_whose_names_are_no_text_do_not_stop_a_run() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let mut cut = timeline([clip("A", 4, "file:///m/caf%E9.mov")]);
    cut.path = Some(folder.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9.otio")));
    let plan = plan(&cut);
    let report = run(&plan, delivery(&folder.path().join("out"), "error"), RecordBackend::new()).expect("a run");
    assert!(report.succeeded(), "{report:?}");
    assert_eq!(report.shots[0].fingerprint.len(), 32);
}
