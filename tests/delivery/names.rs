//! What files are called: safe, unique, from a template, never outside the output folder. R11.

use otio_conflate::backend::RecordBackend;
use otio_conflate::deliver::{BurnIn, Corner, NameTemplate, Representation};
use otio_conflate::plan::{PlanOptions, ShotOptions, ShotSelection};
use otio_conflate::{Conflation, Delivery, ErrorKind, Plan, Status};

use crate::support::*;

fn delivered(plan: &Plan, change: impl FnOnce(Delivery) -> Delivery) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let inside = folder.path().join("a/b");
    let delivery = change(delivery(&inside, "error"));
    let report = run(plan, delivery, RecordBackend::new()).expect("a run");
    assert!(report.succeeded(), "{:?}", report.shots);
    let all = files(folder.path());
    assert!(all.iter().all(|name| name.starts_with("a/b/")), "{all:?}");
    for shot in &report.shots {
        let path = shot.output.as_ref().expect("it was delivered").path.replace("%04d", "1001");
        assert!(inside.join(&path).is_file(), "the manifest says {path}");
    }
    files(&inside).into_iter().filter(|name| name != "manifest.json").collect()
}

#[test]
fn whatever_a_clip_is_called_its_file_lies_in_the_output_folder() {
    let names = ["../../etc/passwd", "/abs", "..", "a\\b:c*d?e", "NUL", "-rf", ".hidden", "tab\tnew\nline"];
    let found = delivered(&plan(&named(&names)), |delivery| delivery);
    assert_eq!(
        found,
        [
            "_._.._etc_passwd.mov",
            "_.mov",
            "_NUL.mov",
            "_abs.mov",
            "_hidden.mov",
            "_rf.mov",
            "a_b_c_d_e.mov",
            "tab_new_line.mov",
        ]
    );
}

#[test]
fn equal_names_are_numbered_even_where_only_case_or_odd_letters_differ() {
    let found = delivered(&plan(&named(&["sh010", "SH010", "a:b", "a*b", "a_b_2"])), |delivery| delivery);
    assert_eq!(found, ["SH010_2.mov", "a_b.mov", "a_b_2.mov", "a_b_2_2.mov", "sh010.mov"]);
}

#[test]
fn long_names_are_cut_and_stay_unique() {
    let long = "é".repeat(300);
    let found = delivered(&plan(&named(&[&long, &format!("{long}1"), &format!("{long}2")])), |delivery| delivery);
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|name| name.len() <= 200), "{found:?}");
}

#[test]
fn a_template_fills_in_fields_and_makes_folders() {
    let template = |text: &str| {
        let name = text.parse().expect("a template");
        delivered(&plan(&named(&["A", "A"])), |delivery| delivery.name(name))
    };
    assert_eq!(template("{track}/{shot}_v001"), ["V1/A_2_v001.mov", "V1/A_v001.mov"]);
    assert_eq!(template("{timeline}/{index}_{clip}"), ["cut/0001_A.mov", "cut/0002_A.mov"]);
    assert_eq!(template("{timecode}"), ["01-00-00-00.mov", "01-00-00-04.mov"]);
    assert_eq!(template("fixed"), ["fixed.mov", "fixed_2.mov"]);
    assert_eq!(template("../{shot}"), ["_/A.mov", "_/A_2.mov"]);
}

#[test]
fn a_clip_called_like_the_manifest_takes_nothing_from_it() {
    let found = delivered(&plan(&named(&["manifest.json", "conflated.otio"])), |delivery| delivery.preset(frames()));
    assert!(found.contains(&"manifest.json_2/manifest.json_2.1001.png".to_owned()), "{found:?}");
    assert!(found.contains(&"conflated.otio_2/conflated.otio_2.1001.png".to_owned()), "{found:?}");
}

#[test]
fn a_frame_folders_name_may_have_a_percent_sign() {
    let found = delivered(&plan(&named(&["100%"])), |delivery| delivery.preset(frames()));
    assert_eq!(found[0], "100%/100%.1001.png");
}

#[test]
fn frame_numbers_below_zero_keep_their_sign_before_the_zeros() {
    let mut options = PlanOptions::default();
    options.first_frame = -1;
    options.shots = ShotSelection::Hero;
    let plan = Plan::new(&named(&["A"]), &options).expect("a plan");
    let folder = tempfile::tempdir().expect("a folder");
    run(&plan, delivery(folder.path(), "error").preset(frames()), RecordBackend::new()).expect("a run");
    assert_eq!(files(folder.path())[..4], ["A/A.-0001.png", "A/A.0000.png", "A/A.0001.png", "A/A.0002.png"]);
}

#[test]
fn fields_stand_in_names_and_in_the_manifest_and_a_shot_may_have_a_file_of_its_own() {
    let timeline = named(&["A", "B", "C"]);
    let own = |sequence: &str| ShotOptions::default().field("sequence", sequence);
    let options = PlanOptions::default()
        .for_shot("A", own("sq/01"))
        .for_shot("B", own("sq02"))
        .for_shot("C", own("sq02").file("x/sq02_B"));
    let plan = Plan::new(&timeline, &options).expect("a plan");
    let name: NameTemplate = "x/{fields.sequence}_{shot}".parse().expect("a template");
    let found = delivered(&plan, |delivery| delivery.name(name.clone()));
    // What has a file of its own gets it; what a template makes gives way.
    assert_eq!(found, ["x/sq02_B.mov", "x/sq02_B_2.mov", "x/sq_01_A.mov"]);
    assert_eq!(name.names(&plan)[2], std::path::Path::new("x/sq02_B"));
    let folder = tempfile::tempdir().expect("a folder");
    let report = run(&plan, delivery(folder.path(), "error"), RecordBackend::new()).expect("a run");
    assert_eq!(report.shots[0].fields["sequence"], "sq/01");
    assert_eq!(manifest(folder.path())["shots"][1]["fields"], serde_json::json!({"sequence": "sq02"}));
}

#[test]
fn a_field_that_a_shot_does_not_have_is_refused_before_anything_is_written() {
    let timeline = named(&["A", "B"]);
    let options = PlanOptions::default().for_shot("A", ShotOptions::default().field("sequence", "sq01"));
    let plan = Plan::new(&timeline, &options).expect("a plan");
    let folder = tempfile::tempdir().expect("a folder");
    let delivery = || delivery(&folder.path().join("out"), "error");
    let named = delivery().name("{fields.sequence}_{shot}".parse().expect("a template"));
    let burnt = |field: &str| {
        let mut review = Representation::by_name("poster").expect("a built-in");
        let text = format!("{{fields.{field}}}").parse().expect("a burn-in");
        review.burn_ins.push(BurnIn::new(text, Corner::Top));
        delivery().representation(review)
    };
    for (delivery, shot) in [(named, "B"), (burnt("seqence"), "A")] {
        let check = Conflation::new(RecordBackend::new(), delivery.clone()).check(&plan).expect_err("no such field");
        let error = run(&plan, delivery, RecordBackend::new()).expect_err("no such field");
        assert_eq!((error.kind(), format!("{error:#}")), (ErrorKind::Option, check.to_string()));
        assert!(format!("{error:#}").contains(&format!("shot {shot:?}")), "{error:#}");
        assert!(files(folder.path()).is_empty());
    }
    // A burn-in says nothing of a shot without the field.
    assert!(Conflation::new(RecordBackend::new(), burnt("sequence")).check(&plan).is_ok());
}

#[test]
fn what_a_shot_is_rendered_as_depends_on_a_field_only_where_a_burn_in_says_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let timeline = named(&["A"]);
    let plan = |task: &str| {
        let own = ShotOptions::default().field("task", task);
        Plan::new(&timeline, &PlanOptions::default().for_shot("A", own)).expect("a plan")
    };
    let skip = |task: &str| {
        let report = run(&plan(task), delivery(folder.path(), "skip"), RecordBackend::new()).expect("a run");
        (report.shots[0].status, report.shots[0].fields["task"].clone())
    };
    assert_eq!(skip("comp"), (Status::Done, "comp".to_owned()));
    assert_eq!(skip("roto"), (Status::Skipped, "roto".to_owned()));
}

#[test]
fn nothing_lies_in_the_folder_of_a_shots_frames_but_these() {
    let of = |a: &str, b: &str| {
        let own = |file: &str| ShotOptions::default().file(file);
        let options = PlanOptions::default().for_shot("A", own(a)).for_shot("B", own(b));
        Plan::new(&named(&["A", "B"]), &options).expect("a plan")
    };
    let folder = tempfile::tempdir().expect("a folder");
    let pictures = || delivery(&folder.path().join("out"), "error").preset(frames());
    for (a, b, inner) in [("sh010", "sh010/x", "B"), ("SH010/v1/x", "sh010", "A")] {
        let plan = of(a, b);
        let check = Conflation::new(RecordBackend::new(), pictures()).check(&plan).expect_err("one in the other");
        let error = run(&plan, pictures(), RecordBackend::new()).expect_err("one in the other");
        assert_eq!((error.kind(), format!("{error:#}")), (ErrorKind::Option, check.to_string()));
        let outer = if inner == "A" { "B" } else { "A" };
        let text = format!("{error:#}");
        assert!(text.contains(&format!("of shot {inner:?}")) && text.contains(&format!("of shot {outer:?}")), "{text}");
        assert!(files(folder.path()).is_empty());
    }
    // Movies have no folders of their own; frames may lie beside frames.
    assert_eq!(delivered(&of("sh010", "sh010/x"), |delivery| delivery), ["sh010.mov", "sh010/x.mov"]);
    assert!(run(&of("sq/a", "sq/b"), pictures(), RecordBackend::new()).expect("a run").succeeded());
}
