//! Small pictures that somebody has looked at: what is drawn stays as it was. (R9, R13 and the pictures that are made)
//!
//! They lie in `tests/rendering/golden`. A picture that is not like its own is kept in `target/golden`, with the difference
//! beside it, eight times as strong. Where it is right and the old one was not, `GOLDEN=write` takes it.

use std::path::{Path, PathBuf};

use otio_conflate::backend::ffmpeg::FfmpegBackend;
use otio_conflate::deliver::Representation;
use otio_conflate::plan::{MissingPolicy, PlanOptions};
use otio_conflate::{Conflation, Delivery, NoObserver, Plan, Status};
use serde_json::{Value, json};

use crate::common::{ffmpeg, samples};
use crate::support::*;

const SIZE: (usize, usize) = (160, 90);

/// Steps of 8 bits by which a sample may differ: scalers of FFmpeg round in several ways.
const MOST: u8 = 3;
/// And on average.
const MEAN: f64 = 0.25;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rendering/golden")
}

/// Compares a PNG file with the golden one of this name.
#[track_caller]
fn is_golden(made: &Path, name: &str) {
    let golden = folder().join(format!("{name}.png"));
    if std::env::var_os("GOLDEN").is_some_and(|does| does == "write") {
        std::fs::create_dir_all(folder()).expect("a folder");
        std::fs::copy(made, &golden).expect("a new picture");
        return;
    }
    let (got, wanted) = (samples(made, None, "rgb24"), samples(&golden, None, "rgb24"));
    let differences = || got.iter().zip(&wanted).map(|(got, wanted)| got.abs_diff(*wanted));
    let worst = differences().max().unwrap_or(u8::MAX);
    let mean = mean(&differences().collect::<Vec<_>>());
    if got.len() == wanted.len() && worst <= MOST && mean <= MEAN {
        return;
    }
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/golden");
    std::fs::create_dir_all(&kept).expect("a folder");
    let (copy, difference) = (kept.join(format!("{name}.png")), kept.join(format!("{name}-difference.png")));
    std::fs::copy(made, &copy).expect("a place for it");
    if got.len() == wanted.len() {
        let text = |path: &Path| path.display().to_string();
        let filter = "[0]format=gbrp[a];[1]format=gbrp[b];[a][b]blend=all_mode=difference,lutrgb=val*8:val*8:val*8";
        ffmpeg(&["-i", &text(made), "-i", &text(&golden), "-filter_complex", filter, &text(&difference)], None);
    }
    panic!(
        "{name}: a sample differs by {worst}, on average by {mean:.3}; look at {} beside {}",
        copy.display(),
        golden.display()
    );
}

/// The first frame of the cut as PNG.
#[track_caller]
fn frame(plan: Plan, name: &str) {
    let run = run_plan(plan, "png").expect("a run");
    let shot = &run.report.shots[0];
    assert_eq!(shot.status, Status::Done, "{:?}", shot.error);
    is_golden(&numbered(&run.path(&shot.shot), shot.first_frame), name);
}

fn sized() -> PlanOptions {
    options(|options| options.canvas.size = Some((160, 90)))
}

/// A picture with something to see in every place: a gradient, a grid, a ring.
fn card(media: &Media, name: &str, tint: [usize; 3]) -> Value {
    media.painted(name, SIZE, 12, |x, y| {
        let (across, down) = (x as f64 - 80.0, y as f64 - 45.0);
        let ring = ((across * across + down * down).sqrt() - 30.0).abs() < 3.0;
        let line = x % 20 == 0 || y % 15 == 0;
        let shade = |part: usize| match (ring, line) {
            (true, _) => 250,
            (_, true) => 30,
            _ => u8::try_from((part + x + y / 2).min(255)).expect("a byte"),
        };
        [shade(tint[0]), shade(tint[1]), shade(tint[2]), 255]
    })
}

#[test]
fn wipes() {
    let media = Media::new();
    let (from, to) = (card(&media, "a", [10, 60, 20]), card(&media, "b", [90, 10, 5]));
    let part = |name: &str, media: &Value| clip(name, media.clone(), range(4, 4, 24.0));
    let cut = timeline([track("V1", [part("a", &from), dissolve(4, 4), part("b", &to)])]);
    // A bar, a clock and, backwards, an iris; three eighths of the way.
    for (name, code, reverse) in [("wipe-bar", 1, false), ("wipe-clock", 201, false), ("wipe-iris", 119, true)] {
        let mut options = sized();
        options.shots = "ranges:cut=3-3".parse().expect("a selection");
        let mut json = serde_json::to_value(plan(&cut, &options).expect("a plan")).expect("plain data");
        let mix = &mut json["shots"][0]["spans"][0]["stack"][0];
        assert_eq!(mix["element"], "mix");
        mix["style"] = json!({"kind": "wipe", "code": code, "reverse": reverse});
        frame(serde_json::from_value(json).expect("a plan"), name);
    }
}

#[test]
fn blend_modes() {
    let media = Media::new();
    let (below, above) = (card(&media, "a", [10, 60, 20]), card(&media, "b", [90, 10, 5]));
    let part = |name: &str, media: &Value| clip(name, media.clone(), range(1, 1, 24.0));
    for (name, mode, opacity) in [("blend-screen", 5, 100.0), ("blend-overlay-half", 6, 50.0)] {
        let blended = resolve("Composite", &[("composite mode", json!(mode)), ("opacity", json!(opacity))]);
        let cut =
            timeline([track("V1", [part("c", &below)]), track("V2", [with_effects(part("f", &above), [blended])])]);
        frame(plan(&cut, &sized()).expect("a plan"), name);
    }
}

#[test]
fn a_placed_and_turned_layer() {
    let media = Media::new();
    let (below, above) = (card(&media, "a", [10, 60, 20]), card(&media, "b", [90, 10, 5]));
    let part = |name: &str, media: &Value| clip(name, media.clone(), range(1, 1, 24.0));
    let turned = resolve(
        "Transform",
        &[
            ("transformationZoomX", json!(0.6)),
            ("transformationZoomY", json!(0.6)),
            ("transformationPan", json!(0.1)),
            ("transformationRotationAngle", json!(25.0)),
        ],
    );
    let cropped = resolve("Cropping", &[("cropLeft", json!(0.15)), ("cropBottom", json!(0.2))]);
    let cut =
        timeline([track("V1", [part("c", &below)]), track("V2", [with_effects(part("f", &above), [turned, cropped])])]);
    frame(plan(&cut, &sized()).expect("a plan"), "placed-and-turned");
}

#[test]
fn a_slate_for_what_is_missing() {
    let gone = file(Path::new("/nowhere/sh010_comp_v003.mov"), range(0, 10, 24.0));
    let mut options = sized();
    options.canvas.size = Some((320, 180));
    options.media_missing = MissingPolicy::Slate;
    let cut = timeline([track("V1", [clip("sh010_comp", gone, range(2, 1, 24.0))])]);
    frame(plan(&cut, &options).expect("a plan"), "slate");
}

#[test]
fn colour_bars() {
    let bars = json!({"OTIO_SCHEMA": "GeneratorReference.1", "name": "", "generator_kind": "SMPTEBars",
        "parameters": {}, "available_range": range(0, 100, 24.0), "metadata": {}});
    let cut = timeline([track("V1", [clip("bars", bars, range(0, 1, 24.0))])]);
    frame(plan(&cut, &sized()).expect("a plan"), "bars");
}

#[test]
fn burn_ins_and_a_contact_sheet() {
    let media = Media::new();
    let cut = timeline([track("V1", [clip("sh010", card(&media, "a", [10, 60, 20]), range(0, 9, 24.0))])]);
    let representations = [
        json!({"name": "burnt", "preset": "png", "content": {"poster": {}}, "size": {"width": 320, "height": 180},
            "letterbox": 2.39, "burn_ins": [
                {"text": "{shot}  {frame}", "at": "top-left", "size": 0.08},
                {"text": "{timecode}", "at": "bottom-right", "size": 0.08, "color": "#ffcc00"},
                {"text": "review", "at": "center", "size": 0.2, "back": "#203040", "back_opacity": 0.6}]}),
        json!({"name": "sheet", "preset": "png", "content": {"contact_sheet": {"columns": 2, "rows": 2}}}),
    ];
    let representations = representations.map(|value| serde_json::from_value::<Representation>(value).expect("one"));
    let folder = tempfile::tempdir().expect("a folder");
    let mut delivery = Delivery::new(folder.path().join("out")).preset(preset("png"));
    delivery.representations = representations.to_vec();
    let plan = plan(&cut, &sized()).expect("a plan");
    let report = Conflation::new(FfmpegBackend::new(), delivery).run(&plan, &NoObserver).expect("a run");
    let shot = &report.shots[0];
    assert_eq!(shot.status, Status::Done, "{:?}", shot.error);
    for (made, name) in shot.representations.iter().zip(["burn-ins", "contact-sheet"]) {
        is_golden(&report.folder.join(&made.output.path), name);
    }
}
