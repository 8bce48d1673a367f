//! Grades on demand: seen in the shots, and gone from the project afterwards.

use otio_conflate::backend::CancelToken;
use otio_conflate::backend::resolve::{Cdl, ResolveBackend, ResolveGrade};
use otio_conflate::plan::PlanOptions;
use otio_conflate::{Delivery, ErrorKind, NoObserver};
use serde_json::json;

use crate::support::{NONE, Stage, TEAL, Tint, WARM, other};

/// What changes no colours, changed.
fn cdl(change: impl FnOnce(&mut Cdl)) -> Cdl {
    let mut cdl = Cdl::default();
    change(&mut cdl);
    cdl
}

#[test]
fn a_grade_is_left_out() {
    for change in [|_: &mut serde_json::Value| (), other] {
        let stage = Stage::usual(change);
        let options = stage.with(|options| options.grade = ResolveGrade::Bypass);
        stage.check(options, &PlanOptions::default(), "prores-lt", NONE);
    }
}

#[test]
fn graded_and_ungraded_shots_come_from_one_call() {
    let stage = Stage::usual(|_| ());
    let plan = stage.plan(&PlanOptions::default());
    let delivery = |name: &str| Delivery::new(stage.media.path("out/x").with_file_name(name));
    let deliveries = vec![(ResolveGrade::AsIs, delivery("graded")), (ResolveGrade::Bypass, delivery("ungraded"))];
    let backend = ResolveBackend::new(stage.options());
    let reports = backend.run_each(&plan, None, deliveries, &NoObserver, &CancelToken::new()).expect("two deliveries");
    stage.check_run(&reports[0], plan.clone(), WARM);
    stage.check_run(&reports[1], plan, NONE);
}

#[test]
fn a_still_takes_the_place_of_the_grade() {
    let stage = Stage::usual(other);
    let path = stage.media.path("teal.drx");
    std::fs::write(&path, r#"<still look="teal"/>"#).expect("a new file");
    let options = stage.with(|options| options.grade = ResolveGrade::Drx { path, mode: 0 });
    stage.check(options, &PlanOptions::default(), "prores-lt", TEAL);
}

#[test]
fn a_colour_decision_is_laid_over_the_grade() {
    let stage = Stage::usual(|_| ());
    let cdl = cdl(|cdl| cdl.slope = [0.5, 1.0, 1.0]);
    let options = stage.with(|options| options.grade = ResolveGrade::Cdl { cdl, node: 1 });
    stage.check(options, &PlanOptions::default(), "prores-lt", Tint(WARM.0 * 2.0, WARM.1 * 2.0));
}

#[test]
fn a_lut_is_laid_over_the_grade() {
    // In the other one, a new version of a grade is empty.
    for change in [|_: &mut serde_json::Value| (), other] {
        lay_lut(&Stage::usual(change));
    }
}

fn lay_lut(stage: &Stage) {
    // Red becomes half of what it was.
    let rows: String = [0, 1]
        .into_iter()
        .flat_map(|blue| [0, 1].into_iter().map(move |green| (green, blue)))
        .flat_map(|(green, blue)| [0.0, 0.5].map(|red| format!("{red} {green} {blue}\n")))
        .collect();
    std::fs::write(stage.fake.folder().join("LUT/half.cube"), format!("LUT_3D_SIZE 2\n{rows}")).expect("a new file");
    let lut = |path: &str| ResolveGrade::Lut { path: path.to_owned(), node: None };
    let options = stage.with(|options| options.grade = lut("half.cube"));
    stage.check(options, &PlanOptions::default(), "prores-lt", Tint(WARM.0 * 2.0, WARM.1 * 2.0));

    let before = stage.fake.now();
    let missing = stage.with(|options| options.grade = lut("missing.cube"));
    let error = stage.try_run(missing, stage.plan(&PlanOptions::default()), "prores-lt").err().expect("no such LUT");
    assert_eq!(error.kind(), ErrorKind::Application);
    assert_eq!(error.place().clip.as_deref(), Some("a"));
    assert!(format!("{error:#}").contains("missing.cube") && format!("{error:#}").contains("/LUT"), "{error:#}");
    assert_eq!(stage.fake.now(), before);
}

#[test]
fn a_lut_goes_onto_the_last_node_and_onto_none_that_has_one() {
    let stage = Stage::usual(|state| {
        let otio = state["project"]["timelines"][0]["otio"].as_str().expect("a path").to_owned();
        let clip = |name: &str, start: i64, frames: i64, source: i64| {
            let media = otio.replace("cut.otio", &format!("{name}.mov"));
            let looks = ["warm", "none", "none"];
            json!({"name": name, "start": start, "duration": frames, "media": media, "source_start": source, "looks": looks})
        };
        let clips = [clip("a", 0, 8, 4), clip("b", 11, 6, 7)];
        state["project"]["timelines"] = json!([{"name": "cut", "rate": "24", "video": [{"items": clips}]}]);
    });
    let rows = "0 0 0\n1 0 0\n0 1 0\n1 1 0\n0 0 1\n1 0 1\n0 1 1\n1 1 1\n";
    std::fs::write(stage.fake.folder().join("LUT/none.cube"), format!("LUT_3D_SIZE 2\n{rows}")).expect("a new file");
    let options = stage.with(|options| options.grade = ResolveGrade::Lut { path: "none.cube".to_owned(), node: None });
    stage.check(options, &PlanOptions::default(), "prores-lt", WARM);
    let set = stage.fake.calls_of("Graph.SetLUT");
    assert!(!set.is_empty() && set.iter().all(|call| call["arguments"][0] == 3), "{set:?}");
    let refused = |stage: &Stage, node, words: &str| {
        let grade = ResolveGrade::Lut { path: "none.cube".to_owned(), node };
        let options = stage.with(|options| options.grade = grade);
        let error = stage.try_run(options, stage.plan(&PlanOptions::default()), "prores-lt").err().expect("refused");
        assert!(format!("{error:#}").contains(words), "{error:#}");
        assert!(stage.fake.calls_of("Project.AddRenderJob").is_empty());
    };
    let stage = Stage::usual(|state| state["quirks"] = json!({"no_lut": "kodak.cube"}));
    refused(&stage, None, "node 1 has the LUT \"kodak.cube\" already");
    let stage = Stage::usual(|state| state["quirks"] = json!({"no_lut": null}));
    refused(&stage, None, "does not tell whether node 1 has a LUT");
    refused(&Stage::usual(|_| ()), Some(2), "there is no node 2");
}

#[test]
fn older_versions_are_asked_in_the_older_way() {
    for (set, version) in [("18", [18, 6, 4, 6]), ("19.0", [19, 0, 1, 6]), ("19.1", [19, 1, 3, 7])] {
        let stage = Stage::usual(|state| {
            state["quirks"] = json!({"set": set});
            state["version"] = json!([version[0], version[1], version[2], version[3], ""]);
        });
        let path = stage.media.path("teal.drx");
        std::fs::write(&path, r#"<still look="teal"/>"#).expect("a new file");
        let options = stage.with(|options| options.grade = ResolveGrade::Drx { path, mode: 0 });
        let run = stage.check(options, &PlanOptions::default(), "prores-lt", TEAL);
        let told = run.report.warnings.iter().any(|warning| warning.message.contains("needs Resolve 19.0.2"));
        assert_eq!(told, set != "19.1", "{set}: {:?}", run.report.warnings);
        let bypass = stage.with(|options| options.grade = ResolveGrade::Bypass);
        if set == "18" {
            let before = stage.fake.now();
            let error = stage.try_run(bypass, stage.plan(&PlanOptions::default()), "prores-lt").err().expect("too old");
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:#}");
            let text = format!("{error:#}");
            assert!(text.contains("needs DaVinci Resolve 19.0 or newer; 18.6.4"), "{text}");
            assert_eq!(stage.fake.now(), before);
        } else {
            stage.check(bypass, &PlanOptions::default(), "prores-lt", NONE);
        }
        lay_lut(&stage);
    }
}

#[test]
fn a_version_that_is_no_copy_is_not_graded_as_if_it_were() {
    let stage = Stage::usual(other);
    let before = stage.fake.now();
    let grade = ResolveGrade::Cdl { cdl: cdl(|cdl| cdl.slope = [0.5, 1.0, 1.0]), node: 1 };
    let options = stage.with(|options| options.grade = grade);
    let error =
        stage.try_run(options, stage.plan(&PlanOptions::default()), "prores-lt").err().expect("the look is gone");
    assert_eq!(error.kind(), ErrorKind::Application);
    assert_eq!(stage.fake.now(), before);
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_asked() {
    let stage = Stage::usual(|_| ());
    let nan = cdl(|cdl| cdl.saturation = f64::NAN);
    let grades = [
        ResolveGrade::Cdl { cdl: nan, node: 1 },
        ResolveGrade::Cdl { cdl: cdl(|cdl| cdl.power = [1.0, f64::INFINITY, 1.0]), node: 1 },
        ResolveGrade::Cdl { cdl: Cdl::default(), node: 0 },
        ResolveGrade::Lut { path: "a.cube".to_owned(), node: Some(0) },
        ResolveGrade::Drx { path: stage.otio.clone(), mode: 3 },
    ];
    for grade in grades {
        let options = stage.with(|options| options.grade = grade.clone());
        let error = stage.try_run(options, stage.plan(&PlanOptions::default()), "prores-lt").err().expect("refused");
        assert_eq!(error.kind(), ErrorKind::Option, "{grade:?}: {error:#}");
    }
    for key in ["MarkIn", "TargetDir", "SelectAllFrames", "ExportVideo", "FormatWidth"] {
        let options = stage.with(|options| drop(options.settings.insert(key.to_owned(), json!(1))));
        let error = stage.try_run(options, stage.plan(&PlanOptions::default()), "prores-lt").err().expect("refused");
        assert_eq!(error.kind(), ErrorKind::Option, "{key}: {error:#}");
    }
    assert!(stage.fake.calls().is_empty());
}
