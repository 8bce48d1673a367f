//! Outputs that are there already: error, overwrite, skip, and what makes a shot another one.

use otio_conflate::backend::RecordBackend;
use otio_conflate::plan::{Background, PlanOptions};
use otio_conflate::{Delivery, ErrorKind, Plan, Report, Status, Timeline};

use crate::results::Borrowed;
use crate::support::*;

#[test]
fn by_default_nothing_is_rendered_where_anything_is_in_the_way_and_all_of_it_is_listed() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["A.mov", "C.mov"] {
        std::fs::write(folder.path().join(name), "precious").expect("a file");
    }
    let backend = RecordBackend::new();
    let error = run(&plan(&named(&["A", "B", "C"])), delivery(folder.path(), "error"), Borrowed(&backend))
        .expect_err("files are in the way");
    assert_eq!(error.kind(), ErrorKind::Exists);
    assert!(format!("{error:#}").contains("A.mov") && format!("{error:#}").contains("C.mov"), "{error:#}");
    assert!(backend.asked().is_empty());
    assert_eq!(files(folder.path()), ["A.mov", "C.mov"]);
    assert_eq!(text(folder.path().join("C.mov")), "precious");
}

#[test]
fn overwrite_replaces_what_the_manifest_lists_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = plan(&named(&["A"]));
    for name in ["A.mov", "old.mov", "notes.txt"] {
        std::fs::write(folder.path().join(name), "precious").expect("a file");
    }
    for existing in ["overwrite", "skip"] {
        let error = run(&plan, delivery(folder.path(), existing), RecordBackend::new()).expect_err("it is not ours");
        assert_eq!(error.kind(), ErrorKind::Exists);
        assert!(format!("{error:#}").contains("A.mov (manifest.json does not list it)"), "{error:#}");
        assert_eq!(files(folder.path()), ["A.mov", "notes.txt", "old.mov"]);
        assert_eq!(text(folder.path().join("A.mov")), "precious");
    }
    for existing in ["overwrite-foreign", "overwrite"] {
        let report = run(&plan, delivery(folder.path(), existing), RecordBackend::new()).expect("a run");
        assert_eq!(report.count(Status::Done), 1);
        assert_eq!(files(folder.path()), ["A.mov", "manifest.json", "notes.txt", "old.mov"]);
        assert!(text(folder.path().join("A.mov")).contains("\"shot\":\"A\""));
        assert_eq!(text(folder.path().join("old.mov")), "precious");
    }
}

#[test]
fn overwrite_replaces_a_folder_of_frames_as_a_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let deliver = || delivery(folder.path(), "overwrite").preset(frames());
    run(&with_handles(&named(&["A", "B"]), "2"), deliver(), RecordBackend::new()).expect("a run");
    assert!(files(folder.path()).contains(&"B/B.0999.png".to_owned()));
    run(&plan(&named(&["A", "B"])), deliver(), RecordBackend::new()).expect("a run");
    let b: Vec<String> = files(folder.path()).into_iter().filter(|name| name.starts_with("B/")).collect();
    assert_eq!(b, ["B/B.1001.png", "B/B.1002.png", "B/B.1003.png", "B/B.1004.png"], "no frame of the former is left");
}

#[test]
fn a_folder_in_a_movies_place_is_in_the_way_in_every_mode() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(folder.path().join("A.mov/inside")).expect("a folder");
    for existing in ["error", "overwrite", "skip", "overwrite-foreign"] {
        let plan = plan(&named(&["A"]));
        let error = run(&plan, delivery(folder.path(), existing), RecordBackend::new()).expect_err("it is in the way");
        assert_eq!(error.kind(), ErrorKind::Exists);
        assert_eq!(files(folder.path()), ["A.mov/inside/"]);
    }
}

/// The shots that a run with `skip` renders.
fn rendered(plan: &Plan, delivery: Delivery) -> (Vec<String>, Report) {
    let backend = RecordBackend::new();
    let report = run(plan, delivery.jobs(1), Borrowed(&backend)).expect("a run");
    assert!(report.succeeded());
    (backend.asked(), report)
}

#[test]
fn skip_renders_nothing_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = with_handles(&named(&["A", "B"]), "3");
    let (asked, first) = rendered(&plan, delivery(folder.path(), "skip"));
    assert_eq!(asked, ["A", "B"]);
    let (asked, second) = rendered(&plan, delivery(folder.path(), "skip"));
    assert!(asked.is_empty());
    assert_eq!(second.count(Status::Skipped), 2);
    for (first, second) in first.shots.iter().zip(&second.shots) {
        assert_eq!((&first.output, &first.warnings), (&second.output, &second.warnings));
    }
    // And a third time: what was skipped counts as delivered.
    assert!(rendered(&plan, delivery(folder.path(), "skip")).0.is_empty());
}

#[test]
fn skip_renders_what_is_not_as_it_was_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = plan(&named(&["A", "B", "C", "D"]));
    rendered(&plan, delivery(folder.path(), "error"));
    std::fs::remove_file(folder.path().join("B.mov")).expect("it was there");
    assert_eq!(rendered(&plan, delivery(folder.path(), "skip")).0, ["B"]);
    // What was put in the place of a shot since is not ours.
    std::fs::write(folder.path().join("C.mov"), "changed").expect("a file");
    let error = run(&plan, delivery(folder.path(), "skip"), RecordBackend::new()).expect_err("it is another file");
    assert!(format!("{error:#}").contains("C.mov (it was changed since it was delivered)"), "{error:#}");
    assert_eq!(text(folder.path().join("C.mov")), "changed");
}

#[test]
fn skip_misses_a_single_frame_that_is_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = plan(&named(&["A", "B"]));
    rendered(&plan, delivery(folder.path(), "error").preset(frames()));
    std::fs::remove_file(folder.path().join("B/B.1003.png")).expect("it was there");
    assert_eq!(rendered(&plan, delivery(folder.path(), "skip").preset(frames())).0, ["B"]);
    assert_eq!(files(folder.path()).len(), 9);
}

#[test]
fn skip_believes_no_file_that_the_manifest_does_not_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = plan(&named(&["A", "B"]));
    rendered(&plan, delivery(folder.path(), "error"));
    let refused = |told: &str| {
        let error = run(&plan, delivery(folder.path(), "skip"), RecordBackend::new()).expect_err("nobody lists them");
        assert!(error.kind() == ErrorKind::Exists && format!("{error:#}").contains(told), "{error:#}");
    };
    std::fs::remove_file(folder.path().join("manifest.json")).expect("it was there");
    refused("A.mov (manifest.json does not list it)");
    std::fs::write(folder.path().join("manifest.json"), "{\"not\": \"a report\"").expect("a file");
    refused("manifest.json exists and is not a manifest of this library");
    assert_eq!(text(folder.path().join("manifest.json")), "{\"not\": \"a report\"");
}

#[test]
fn skip_tries_again_what_failed() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = plan(&named(&["A", "B"]));
    run(&plan, delivery(folder.path(), "error"), RecordBackend::new().failing("B")).expect("a run");
    assert_eq!(rendered(&plan, delivery(folder.path(), "skip")).0, ["B"]);
}

/// The fingerprint of the first shot of `plan` at `delivery`.
fn fingerprint(plan: &Plan, delivery: Delivery) -> String {
    let report = run(plan, delivery, RecordBackend::new()).expect("a run");
    report.shots[0].fingerprint.clone()
}

#[test]
fn whatever_changes_a_shots_file_changes_its_fingerprint() {
    let folder = tempfile::tempdir().expect("a folder");
    let media = folder.path().join("a.mov");
    std::fs::write(&media, "some frames").expect("a file");
    let out = folder.path().join("out");
    let url = media.to_str().expect("temporary paths are text").to_owned();
    let cut = |name: &str, frames: i32| timeline([clip(name, frames, &url)]);
    let planned = |timeline: &Timeline, change: &dyn Fn(&mut PlanOptions)| {
        let mut options = PlanOptions::default();
        change(&mut options);
        Plan::new(timeline, &options).expect("a plan")
    };
    let print = |plan: &Plan| fingerprint(plan, delivery(&out, "overwrite"));
    let plain = planned(&cut("A", 4), &|_| {});
    let base = print(&plain);
    assert_eq!(print(&plain), base, "nothing changed");
    assert_eq!(print(&planned(&cut("A", 4), &|options| options.path_map = vec![("/x".into(), "/y".into())])), base);
    let mut prints = vec![
        base,
        print(&planned(&cut("A", 5), &|_| {})),
        print(&planned(&cut("A", 4), &|options| options.first_frame = 1)),
        print(&planned(&cut("A", 4), &|options| options.background = Background::Transparent)),
        print(&planned(&cut("A", 4), &|options| options.canvas.size = Some((640, 360)))),
        print(&planned(&cut("A", 4), &|options| options.overrun = "black".parse().expect("a policy"))),
        fingerprint(&plain, delivery(&out, "overwrite").preset(frames())),
    ];
    std::fs::write(&media, "some other frames").expect("a file");
    prints.push(print(&plain));
    let distinct: std::collections::HashSet<&String> = prints.iter().collect();
    assert_eq!(distinct.len(), prints.len(), "{prints:#?}");
}

#[test]
fn skip_renders_the_shots_whose_media_changed_and_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let medium = |name: &str| folder.path().join(name).to_str().expect("temporary paths are text").to_owned();
    for name in ["1.mov", "2.mov"] {
        std::fs::write(medium(name), "frames").expect("a file");
    }
    let plan = plan(&timeline([clip("A", 4, &medium("1.mov")), clip("B", 4, &medium("2.mov"))]));
    let out = folder.path().join("out");
    rendered(&plan, delivery(&out, "error"));
    std::fs::write(medium("2.mov"), "other frames").expect("a file");
    assert_eq!(rendered(&plan, delivery(&out, "skip")).0, ["B"]);
}

#[test]
fn the_manifest_is_written_while_the_run_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let seen = std::sync::Mutex::new(Vec::new());
    let backend = Meddling::new(|step: Step<'_>| {
        if let Step::Before(task) = step {
            let there = folder.path().join("manifest.json").is_file();
            let shots = if there { manifest(folder.path())["shots"].as_array().map_or(0, Vec::len) } else { 0 };
            seen.lock().expect("no panics here").push((task.shot.name.clone(), shots));
        }
        Ok(())
    });
    run(&plan(&named(&["A", "B", "C"])), delivery(folder.path(), "error").jobs(1), backend).expect("a run");
    let expected = [("A", 0), ("B", 1), ("C", 2)].map(|(name, shots)| (name.to_owned(), shots));
    assert_eq!(seen.into_inner().expect("no panics here"), expected);
}

#[test]
fn a_policy_has_a_name() {
    let error = "replace".parse::<otio_conflate::Existing>().expect_err("no such policy");
    assert_eq!(error.kind(), ErrorKind::Option);
    assert!(format!("{error:#}").contains("error, overwrite, skip"), "{error:#}");
}
