//! Runs and processes beside one another, and what killed ones leave.

use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use otio_conflate::backend::RecordBackend;
use otio_conflate::{Conflation, ErrorKind, NoObserver, Observer, ShotReport};

use crate::support::*;

/// A run into a folder, and one into a folder above it that goes into the same one by its names.
#[test]
fn two_runs_with_one_target_are_told_and_one_works() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = plan(&named(&["A"]));
    let backend = Meddling::new(|step: Step<'_>| {
        if let Step::Verify(_) = step {
            let template = "{track}/{shot}".parse().expect("a template");
            let second = run(&plan, delivery(folder.path(), "overwrite").name(template), RecordBackend::new());
            let error = second.expect_err("somebody writes that file");
            assert_eq!(error.kind(), ErrorKind::Locked, "{error:#}");
            assert!(format!("{error:#}").contains("V1/A.mov"), "{error:#}");
        }
        Ok(())
    });
    let report = run(&plan, delivery(&folder.path().join("V1"), "error"), backend).expect("a run");
    assert!(report.succeeded(), "{:?}", report.shots[0].error);
    assert_eq!(files(folder.path()), ["V1/A.mov", "V1/manifest.json"]);
}

#[test]
fn a_run_leaves_the_temporary_files_of_one_that_goes_on_in_a_folder_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let template = || "{track}/{shot}".parse().expect("a template");
    let (one, other) = (plan(&named(&["A"])), plan(&named(&["B", "C"])));
    let backend = Meddling::new(|step: Step<'_>| {
        if let Step::Verify(task) = step {
            let second = run(&other, delivery(folder.path(), "error").name(template()), RecordBackend::new());
            assert!(second.expect("they have no target in common").succeeded());
            assert!(task.target.path().exists(), "the other run took it for a stray");
        }
        Ok(())
    });
    let report = run(&one, delivery(&folder.path().join("V1"), "error"), backend).expect("a run");
    assert!(report.succeeded(), "{:?}", report.shots[0].error);
    assert_eq!(files(folder.path()), ["V1/A.mov", "V1/B.mov", "V1/C.mov", "V1/manifest.json", "manifest.json"]);
}

#[test]
fn temporary_names_are_a_runs_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let names = Mutex::new(Vec::new());
    for _ in 0..3 {
        let spy = Meddling::new(|step: Step<'_>| {
            if let Step::Before(task) = step {
                names.lock().expect("no panics here").push(task.target.path().to_owned());
            }
            Ok(())
        });
        run(&plan(&named(&["A"])), delivery(folder.path(), "overwrite"), spy).expect("a run");
    }
    let names = names.into_inner().expect("no panics here");
    let distinct: std::collections::HashSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), 3, "{names:?}");
}

/// Copies a folder, times included, the moment a shot is reported: after it got its name, and before it is in the manifest.
struct Copies<'c>(&'c Path, &'c Path);

impl Observer for Copies<'_> {
    fn finished(&self, shot: &ShotReport) {
        if shot.shot == "B" {
            let status = Command::new("cp").arg("-a").args([self.0, self.1]).status().expect("cp is there");
            assert!(status.success());
        }
    }
}

#[test]
fn what_a_killed_run_delivered_is_known_though_its_manifest_was_not_written() {
    for preset in [None, Some(crate::tools::frames())] {
        let folder = tempfile::tempdir().expect("a folder");
        let (out, killed) = (folder.path().join("out"), folder.path().join("killed"));
        let plan = plan(&named(&["A", "B", "C"]));
        let deliver = |out: &Path, existing: &str| match &preset {
            Some(preset) => delivery(out, existing).preset(preset.clone()).jobs(1),
            None => delivery(out, existing).jobs(1),
        };
        let conflation = Conflation::new(RecordBackend::new(), deliver(&out, "error"));
        conflation.run(&plan, &Copies(&out, &killed)).expect("a run");
        let listed = text(killed.join("manifest.json"));
        assert!(listed.contains("A") && !listed.contains("\"B\""), "{listed}");
        let copy = folder.path().join("copy");
        Copies(&killed, &copy).copy();
        for (out, existing) in [(&killed, "skip"), (&copy, "overwrite")] {
            let report = run(&plan, deliver(out, existing), RecordBackend::new()).expect("all of it is ours");
            assert!(report.succeeded());
            assert!(files(out).iter().all(|name| !name.contains(".otio-conflate")), "{:?}", files(out));
        }
        // Without the journal nobody would know.
        let refused = run(&plan, deliver(&out, "error"), RecordBackend::new()).expect_err("all are there");
        assert_eq!(refused.kind(), ErrorKind::Exists);
    }
}

impl Copies<'_> {
    fn copy(&self) {
        let status = Command::new("cp").arg("-a").args([self.0, self.1]).status().expect("cp is there");
        assert!(status.success());
    }
}

/// Whoever puts a file in a place that was free when the run began keeps it.
#[test]
fn what_appears_while_a_shot_is_rendered_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = plan(&named(&["A", "B"]));
    for existing in ["error", "overwrite", "skip"] {
        let target = folder.path().join("A.mov");
        let backend = Meddling::new(|step: Step<'_>| {
            if let Step::Verified(task) = step
                && task.shot.name == "A"
            {
                std::fs::write(&target, "precious").expect("a file");
            }
            Ok(())
        });
        let report = run(&plan, delivery(folder.path(), existing), backend).expect("a run");
        let said = report.shots[0].error.join(": ");
        assert!(said.contains("A.mov exists already"), "{existing}: {said}");
        assert_eq!(text(&target), "precious");
        assert_eq!(files(folder.path()), ["A.mov", "B.mov", "manifest.json"]);
        std::fs::remove_file(&target).expect("it is there");
        std::fs::remove_file(folder.path().join("B.mov")).expect("it was delivered");
    }
}

#[test]
fn a_dead_runs_lock_is_nobodys() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join(".otio-conflate-A.mov.lock"), "").expect("a file");
    run(&plan(&named(&["A"])), delivery(folder.path(), "error"), RecordBackend::new()).expect("a run");
    assert_eq!(files(folder.path()), ["A.mov", "manifest.json"]);
    let conflation = Conflation::new(RecordBackend::new(), delivery(folder.path(), "overwrite"));
    conflation.run(&plan(&named(&["A"])), &NoObserver).expect("a run");
}
