//! Grades on demand: seen in the shots, and gone from the project afterwards.

use otio_conflate::backend::CancelToken;
use otio_conflate::backend::resolve::{Cdl, Grade, ResolveBackend};
use otio_conflate::plan::PlanOptions;
use otio_conflate::{Delivery, ErrorKind, NoObserver};
use serde_json::json;

use crate::support::{NONE, Stage, TEAL, Tint, WARM, other};

#[test]
fn a_grade_is_left_out() {
    for change in [|_: &mut serde_json::Value| (), other] {
        let stage = Stage::usual(change);
        let options = stage.with(|options| options.grade = Grade::Bypass);
        stage.check(options, &PlanOptions::default(), "prores-lt", NONE);
    }
}

#[test]
fn graded_and_ungraded_shots_come_from_one_call() {
    let stage = Stage::usual(|_| ());
    let plan = stage.plan(&PlanOptions::default());
    let delivery = |name: &str| Delivery::new(stage.media.path("out/x").with_file_name(name));
    let deliveries = vec![(Grade::AsIs, delivery("graded")), (Grade::Bypass, delivery("ungraded"))];
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
    let options = stage.with(|options| options.grade = Grade::Drx { path, mode: 0 });
    stage.check(options, &PlanOptions::default(), "prores-lt", TEAL);
}

#[test]
fn a_colour_decision_is_laid_over_the_grade() {
    let stage = Stage::usual(|_| ());
    let cdl = Cdl { slope: [0.5, 1.0, 1.0], ..Cdl::default() };
    let options = stage.with(|options| options.grade = Grade::Cdl { cdl, node: 1 });
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
    let lut = |path: &str| Grade::Lut { path: path.to_owned(), node: 1 };
    let options = stage.with(|options| options.grade = lut("half.cube"));
    stage.check(options, &PlanOptions::default(), "prores-lt", Tint(WARM.0 * 2.0, WARM.1 * 2.0));

    let before = stage.fake.now();
    let missing = stage.with(|options| options.grade = lut("missing.cube"));
    let error = stage.try_run(missing, stage.plan(&PlanOptions::default()), "prores-lt").err().expect("no such LUT");
    assert_eq!(error.kind(), ErrorKind::Application);
    assert_eq!(error.place().clip.as_deref(), Some("a"));
    assert_eq!(stage.fake.now(), before);
}

#[test]
fn a_version_that_is_no_copy_is_not_graded_as_if_it_were() {
    let stage = Stage::usual(other);
    let before = stage.fake.now();
    let grade = Grade::Cdl { cdl: Cdl { slope: [0.5, 1.0, 1.0], ..Cdl::default() }, node: 1 };
    let options = stage.with(|options| options.grade = grade);
    let error =
        stage.try_run(options, stage.plan(&PlanOptions::default()), "prores-lt").err().expect("the look is gone");
    assert_eq!(error.kind(), ErrorKind::Application);
    assert_eq!(stage.fake.now(), before);
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_asked() {
    let stage = Stage::usual(|_| ());
    let nan = Cdl { saturation: f64::NAN, ..Cdl::default() };
    let grades = [
        Grade::Cdl { cdl: nan, node: 1 },
        Grade::Cdl { cdl: Cdl { power: [1.0, f64::INFINITY, 1.0], ..Cdl::default() }, node: 1 },
        Grade::Cdl { cdl: Cdl::default(), node: 0 },
        Grade::Lut { path: "a.cube".to_owned(), node: 0 },
        Grade::Drx { path: stage.otio.clone(), mode: 3 },
    ];
    for grade in grades {
        let options = stage.with(|options| options.grade = grade.clone());
        let error = stage.try_run(options, stage.plan(&PlanOptions::default()), "prores-lt").err().expect("refused");
        assert_eq!(error.kind(), ErrorKind::Option, "{grade:?}: {error}");
    }
    for key in ["MarkIn", "TargetDir", "SelectAllFrames", "ExportVideo", "FormatWidth"] {
        let options = stage.with(|options| drop(options.settings.insert(key.to_owned(), json!(1))));
        let error = stage.try_run(options, stage.plan(&PlanOptions::default()), "prores-lt").err().expect("refused");
        assert_eq!(error.kind(), ErrorKind::Option, "{key}: {error}");
    }
    assert!(stage.fake.calls().is_empty());
}
