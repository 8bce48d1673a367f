//! Backends that render and no more: views are baked into what is made of what they rendered.

use otio_conflate::backend::ffmpeg::FfmpegBackend;
use otio_conflate::{Conflation, ErrorKind, NoObserver};

use crate::cut::{clip, cut, delivery, display, made, plan, views};
use crate::otio::track;
use crate::plain::Plain;
use crate::support::*;

#[test]
fn what_was_rendered_elsewhere_is_shown_in_a_view_where_its_space_is_named() {
    let show = Show::new();
    let (a, own_a) = show.noise("plate/plate.%04d.png", 2, 97);
    let timeline = cut([track("V1", [clip("a", &a, 2)])]);
    let mut color = show.plan();
    color.representations = views();
    let wanted = || delivery(&show.path("out"), vec![pictures("view", "")]);
    let planned = plan(&timeline, &color, |_| ()).expect("a plan");
    let refused = Conflation::new(Plain(FfmpegBackend::new()), wanted()).run(&planned, &NoObserver);
    let error = refused.expect_err("nothing says what it is");
    assert!(error.kind() == ErrorKind::Option && format!("{error:#}").contains("--canvas-space"), "{error:#}");
    color.canvas = Some("log".to_owned());
    let planned = plan(&timeline, &color, |_| ()).expect("a plan");
    let report = Conflation::new(Plain(FfmpegBackend::new()), wanted()).run(&planned, &NoObserver).expect("a run");
    assert!(report.succeeded(), "{:?}", report.shots[0].error);
    assert_made(&made(&report, 0, "view"), &own_a, 1.0, "view", |pixel| pixel.map(|value| display(value * value)));
}
