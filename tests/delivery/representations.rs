//! What else is made of shots: beside them, with them, or not at all.

use std::path::Path;

use otio_conflate::backend::{RecordBackend, Target};
use otio_conflate::deliver::Representation;
use otio_conflate::{Delivery, Error, ErrorKind, OutputKind, Report, Status};
use serde_json::json;

use crate::results::Borrowed;
use crate::support::*;

fn beside(folder: &Path, existing: &str, names: &[&str]) -> Delivery {
    let mut delivery = delivery(folder, existing);
    delivery.representations = names.iter().map(|name| Representation::by_name(name).expect("built in")).collect();
    delivery
}

#[test]
fn representations_lie_beside_their_shots_and_in_the_manifest() {
    let folder = tempfile::tempdir().expect("a folder");
    let delivery =
        beside(folder.path(), "error", &["h264", "poster", "png"]).name("{track}/{shot}".parse().expect("ok"));
    let report = run(&plan(&named(&["A", "B"])), delivery, RecordBackend::new()).expect("a run");
    let all = files(folder.path());
    for name in ["V1/A.mov", "V1/A_h264.mp4", "V1/A_poster.jpg", "V1/A_png/A_png.1001.png", "V1/B_png/B_png.1004.png"] {
        assert!(all.contains(&name.to_owned()), "{name} in {all:?}");
    }
    assert_eq!(all.len(), 2 * (3 + 4) + 1);
    let kinds: Vec<_> = report.shots[0].representations.iter().map(|made| (&*made.name, made.output.kind)).collect();
    assert_eq!(kinds, [("h264", OutputKind::Movie), ("poster", OutputKind::Still), ("png", OutputKind::Sequence)]);
    let manifest = manifest(folder.path());
    let listed = &manifest["shots"][1]["representations"];
    assert_eq!(listed[2]["path"], json!("V1/B_png/B_png.%04d.png"));
    let bytes: u64 =
        (1001..1005).map(|n| text(folder.path().join(format!("V1/B_png/B_png.{n}.png"))).len() as u64).sum();
    assert_eq!(
        (&listed[2]["name"], &listed[2]["kind"], &listed[2]["bytes"]),
        (&json!("png"), &json!("sequence"), &json!(bytes))
    );
    let read: Report = serde_json::from_value(manifest).expect("a report");
    assert_eq!(read.shots, report.shots);
}

#[test]
fn no_representation_takes_the_name_of_another_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut delivery = beside(folder.path(), "error", &["h264", "proxy-half"]);
    delivery.representations[1].name = "../H_264:".to_owned();
    let long = "x".repeat(300);
    let names = ["A", "A_h264", "a_H264_h264", &long];
    let report = run(&plan(&named(&names)), delivery, RecordBackend::new()).expect("a run");
    assert!(report.succeeded(), "{:?}", report.shots);
    let all = files(folder.path());
    assert_eq!(all.len(), 3 * 4 + 1, "{all:?}");
    for shot in &report.shots {
        for made in &shot.representations {
            let said = text(folder.path().join(&made.output.path));
            assert!(
                said.contains(&format!("\"shot\":{:?}", shot.shot)),
                "{} belongs to {}",
                made.output.path,
                shot.shot
            );
        }
    }
}

#[test]
fn a_shot_is_skipped_where_all_that_is_made_of_it_is_there_and_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let cut = plan(&named(&["A", "B"]));
    let again = |names: &[&str]| {
        let backend = RecordBackend::new();
        let delivery = beside(folder.path(), "skip", names);
        let report = run(&cut, delivery, Borrowed(&backend)).expect("a run");
        assert!(report.succeeded());
        let made: Vec<usize> = report.shots.iter().map(|shot| shot.representations.len()).collect();
        assert_eq!(made, [names.len(); 2], "the report names them all");
        let mut asked = backend.asked();
        asked.sort();
        asked
    };
    assert_eq!(again(&["h264", "png"]), ["A", "B"]);
    assert!(again(&["h264", "png"]).is_empty());
    std::fs::remove_file(folder.path().join("B_h264.mp4")).expect("it was made");
    assert_eq!(again(&["h264", "png"]), ["B"]);
    std::fs::remove_file(folder.path().join("A_png/A_png.1003.png")).expect("it was made");
    assert_eq!(again(&["h264", "png"]), ["A"]);
    assert_eq!(again(&["h264"]), ["A", "B"], "what is made of it counts");
    assert!(again(&["h264"]).is_empty());
    let plain = RecordBackend::new();
    run(&cut, delivery(folder.path(), "skip"), Borrowed(&plain)).expect("a run");
    assert_eq!(plain.asked().len(), 2);
}

#[test]
fn everything_in_the_way_is_listed() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("B_poster.jpg"), "precious").expect("a file");
    let backend = RecordBackend::new();
    let error =
        run(&plan(&named(&["A", "B"])), beside(folder.path(), "error", &["h264", "poster"]), Borrowed(&backend))
            .expect_err("one is in the way");
    assert!(error.kind() == ErrorKind::Exists && format!("{error:#}").contains("B_poster.jpg"), "{error:#}");
    assert!(backend.asked().is_empty());
    assert_eq!(files(folder.path()), ["B_poster.jpg"]);
}

#[test]
fn a_shot_of_which_one_part_fails_leaves_none() {
    let cut = plan(&named(&["A", "B"]));
    // The render fails, what was written is not what was asked for, or a file cannot have its name.
    for way in ["render", "verify", "commit"] {
        let folder = tempfile::tempdir().expect("a folder");
        let backend = Meddling::new(|step: Step<'_>| match step {
            Step::Before(task) if way == "render" && task.shot.name == "A" => Err(Error::new(ErrorKind::Encode, "no")),
            Step::Verify(task) if way == "verify" && task.shot.name == "A" => Err(Error::new(ErrorKind::Verify, "no")),
            // Its movie is gone when all else has its name already.
            Step::Verified(task) if way == "commit" && task.shot.name == "A" => {
                let Target::Movie(path) = &task.target else { panic!("a movie") };
                std::fs::remove_file(path).expect("it was verified");
                Ok(())
            }
            _ => Ok(()),
        });
        let report = run(&cut, beside(folder.path(), "error", &["h264", "png"]), backend).expect("a run");
        assert_eq!(report.count(Status::Failed), 1, "{way}");
        assert!(report.shots[0].representations.is_empty());
        let left = files(folder.path());
        assert!(left.iter().all(|name| name.starts_with("B") || name == "manifest.json"), "{way}: {left:?}");
        assert_eq!(left.len(), 1 + 2 + 4, "{way}: {left:?}");
    }
}

#[test]
fn representations_that_cannot_be_told_apart_are_refused_before_anything_is_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let backend = RecordBackend::new();
    let error =
        run(&plan(&named(&["A"])), beside(&out, "error", &["h264", "h264"]), Borrowed(&backend)).expect_err("two");
    assert_eq!(error.kind(), ErrorKind::Option);
    assert!(!out.exists() && backend.asked().is_empty());
}

#[cfg(not(feature = "ffmpeg"))]
#[test]
fn without_ffmpeg_a_backend_has_to_make_them_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let backend = || {
        let mut backend = Meddling::new(|_: Step<'_>| Ok(()));
        backend.representations = false;
        backend
    };
    let cut = plan(&named(&["A"]));
    let error = run(&cut, beside(&out, "error", &["h264"]), backend()).expect_err("nobody can");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(!out.exists());
    assert!(run(&cut, delivery(&out, "error"), backend()).expect("a run").succeeded());
}
