//! Files of a configuration are never written to, and what is made of them is made again when they change.

use otio_conflate::backend::ffmpeg::FfmpegBackend;
use otio_conflate::plan::LookStep;
use otio_conflate::{Conflation, ErrorKind, Existing, NoObserver, Status};

use crate::cut::{clip, cut, delivery, made, plan, views};
use crate::otio::track;
use crate::plain::Plain;
use crate::support::*;

/// The look's file is named by no one but the configuration, which finds it on its search path.
#[test]
fn files_on_the_search_path_of_a_configuration_are_never_replaced() {
    let show = Show::new();
    show.write("show.ocio", &CONFIG.replace("$SHOT.cc", "$SHOT.mkv"));
    let look = show.write("luts/sh1.mkv", &decision([0.5, 1.0, 1.0], 1.0));
    let before = std::fs::read(&look).expect("it was written");
    let (a, _) = show.noise("plate/plate.%04d.png", 2, 301);
    let mut color = show.plan();
    color.vars.insert("SHOT".to_owned(), "{shot}".to_owned());
    color.looks = vec![LookStep::Look("+shot".to_owned())];
    color.representations = views();
    color.representations.graded = true;
    color.canvas = Some("log".to_owned());
    let planned = plan(&cut([track("V1", [clip("sh1", &a, 2)])]), &color, |_| ()).expect("a plan");
    let wanted = || delivery(&show.path("luts"), vec![pictures("view", "")]).existing(Existing::OverwriteForeign);
    let own = Conflation::new(FfmpegBackend::new(), wanted()).run(&planned, &NoObserver);
    let elsewhere = Conflation::new(Plain(FfmpegBackend::new()), wanted()).run(&planned, &NoObserver);
    for refused in [own, elsewhere] {
        let error = refused.expect_err("it is read");
        assert_eq!(error.kind(), ErrorKind::Exists, "{error:#}");
        assert!(format!("{error:#}").contains("colour configuration's file"), "{error:#}");
        assert_eq!(std::fs::read(&look).expect("it is there"), before);
    }
}

/// What another application rendered is shown in another view, with another look, or by another configuration: made again.
#[test]
fn what_was_rendered_elsewhere_is_made_again_where_its_look_or_its_configuration_changed() {
    let show = Show::new();
    let one = show.write("luts/sh1.cc", &decision([0.5, 1.0, 1.0], 1.0));
    show.write("luts/sh2.cc", &decision([1.0, 0.5, 1.0], 1.0));
    let (a, own) = show.noise("plate/plate.%04d.png", 2, 302);
    let mut color = show.plan();
    color.vars.insert("SHOT".to_owned(), "{shot}".to_owned());
    color.looks = vec![LookStep::Look("+shot".to_owned())];
    color.representations = otio_conflate::plan::OutputLook::graded(otio_conflate::plan::OutputColor::Canvas);
    color.canvas = Some("log".to_owned());
    let timeline = cut([track("V1", [clip("sh1", &a, 2), clip("sh2", &a, 2)])]);
    let planned = plan(&timeline, &color, |_| ()).expect("a plan");
    let again = || {
        let wanted = delivery(&show.path("out"), vec![pictures("graded", "")]).existing(Existing::Skip);
        let report = Conflation::new(Plain(FfmpegBackend::new()), wanted).run(&planned, &NoObserver).expect("a run");
        let done: Vec<bool> = report.shots.iter().map(|shot| shot.status == Status::Done).collect();
        (done, report)
    };
    let (done, report) = again();
    assert_eq!(done, [true, true], "{:?}", report.shots[0].error);
    assert_made(&made(&report, 0, "graded"), &own, 1.0, "look", |[r, g, b]| [r * 0.5, g, b]);
    let told = report.shots[0].representations[0].color.as_ref().expect("colours");
    assert_eq!((told.colorspace.as_deref(), told.graded), (Some("log"), true));
    assert_eq!(report.shots[1].color.as_ref().expect("colours").vars["SHOT"], "sh2");
    assert_eq!(again().0, [false, false], "nothing changed");
    std::fs::write(&one, decision([0.25, 1.0, 1.0], 0.5)).expect("a file");
    assert_eq!(again().0, [true, false], "the look of one shot");
    show.write("show.ocio", &format!("{CONFIG}# a note\n"));
    assert_eq!(again().0, [true, true], "the text of the configuration");
}

/// Two shots whose looks are files of the same text: each depends on its own.
#[test]
fn looks_that_are_the_same_are_files_of_their_own() {
    let show = Show::new();
    let one = show.write("luts/sh1.cc", &decision([0.5, 1.0, 1.0], 1.0));
    let two = show.write("luts/sh2.cc", &decision([0.5, 1.0, 1.0], 1.0));
    let (a, _) = show.noise("plate/plate.%04d.png", 2, 303);
    let timeline = cut([track("V1", [clip("sh1", &a, 2), clip("sh2", &a, 2)])]);
    let file = |path: &std::path::Path| LookStep::File {
        path: path.display().to_string(),
        id: None,
        space: "log".to_owned(),
        style: otio_conflate::plan::CdlStyle::Asc,
    };
    for (name, look) in
        [("context", LookStep::Look("+shot".to_owned())), ("file", file(&one.with_file_name("{shot}.cc")))]
    {
        let mut color = show.plan();
        color.vars.insert("SHOT".to_owned(), "{shot}".to_owned());
        color.looks = vec![look];
        color.representations = otio_conflate::plan::OutputLook::graded(otio_conflate::plan::OutputColor::Canvas);
        let planned = plan(&timeline, &color, |_| ()).expect("a plan");
        let again = || {
            let wanted = delivery(&show.path(name), vec![pictures("graded", "")]).existing(Existing::Skip);
            let report = Conflation::new(FfmpegBackend::new(), wanted).run(&planned, &NoObserver).expect("a run");
            report.shots.iter().map(|shot| shot.status == Status::Done).collect::<Vec<_>>()
        };
        std::fs::write(&one, decision([0.5, 1.0, 1.0], 1.0)).expect("a file");
        std::fs::write(&two, decision([0.5, 1.0, 1.0], 1.0)).expect("a file");
        assert_eq!(again(), [true, true]);
        std::fs::write(&one, decision([0.25, 1.0, 1.0], 0.5)).expect("a file");
        assert_eq!(again(), [true, false], "{name}: the first");
        std::fs::write(&two, decision([0.25, 1.0, 1.0], 0.5)).expect("a file");
        assert_eq!(again(), [false, true], "{name}: the second");
    }
}
