//! Cuts: media of several spaces in one canvas, decisions, looks, views from one decode, and what is kept of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use otio_conflate::backend::ffmpeg::{FfmpegBackend, FfmpegLookup};
use otio_conflate::deliver::{Preset, Representation};
use otio_conflate::plan::{
    ColorPlan, DecisionSpace, LookStep, OutputColor, OutputLook, PlanOptions, ShotSelection, SourceSpace, SpaceRule,
};
use otio_conflate::{Conflation, Delivery, ErrorKind, Existing, NoObserver, Plan, Report, Result, Status};
use serde_json::{Value, json};

use crate::common::samples;
use crate::otio::{clip_of, dissolve, image_sequence, range, read, stack, time, timeline_at, track};
use crate::support::*;

/// A clip of `count` frames from frame 0 of numbered files.
pub(crate) fn clip(name: &str, pattern: &Path, count: i64) -> Value {
    let file = pattern.file_name().and_then(|name| name.to_str()).expect("a plain name");
    let (prefix, suffix) = file.split_once("%04d").expect("a pattern");
    let base = format!("{}/", pattern.parent().expect("in a folder").display());
    let media = image_sequence(&base, (prefix, suffix), 1001, range(1001, 8, 24));
    clip_of(name, range(1001, count, 24), media)
}

pub(crate) fn cut(tracks: impl Into<Vec<Value>>) -> Value {
    timeline_at(time(86_400, 24), tracks)
}

pub(crate) fn plan(timeline: &Value, color: &ColorPlan, change: impl FnOnce(&mut PlanOptions)) -> Result<Plan> {
    let mut options = PlanOptions::default();
    options.color = Some(color.clone());
    change(&mut options);
    Plan::with_media(&read(timeline), &options, &FfmpegLookup::new())
}

/// The first `count` frames as one shot called `cut`.
pub(crate) fn whole(count: i64) -> impl FnOnce(&mut PlanOptions) {
    move |options| options.shots = ShotSelection::Ranges(vec![("cut".to_owned(), 0, count)])
}

pub(crate) fn delivery(out: &Path, representations: Vec<Representation>) -> Delivery {
    let mut delivery = Delivery::new(out).preset(Preset::by_name("ffv1").expect("built in"));
    delivery.representations = representations;
    delivery
}

fn run(plan: &Plan, delivery: Delivery) -> Report {
    let report = Conflation::new(FfmpegBackend::new(), delivery).run(plan, &NoObserver).expect("a run");
    for shot in &report.shots {
        assert!(matches!(shot.status, Status::Done | Status::Skipped), "{:?}", shot.error);
    }
    report
}

/// The samples of a shot's own file, from 0 to 65535.
fn own(report: &Report, index: usize) -> Vec<[f64; 3]> {
    let path = report.folder.join(&report.shots[index].output.as_ref().expect("an output").path);
    let data = samples(&path, None, "gbrp16le");
    let planes = data.chunks(SIZE.0 * SIZE.1 * 6).flat_map(|frame| {
        let plane = |index: usize| frame[index * SIZE.0 * SIZE.1 * 2..][..SIZE.0 * SIZE.1 * 2].as_chunks::<2>().0;
        let (green, blue, red) = (plane(0), plane(1), plane(2));
        let value = |bytes: &[u8; 2]| f64::from(u16::from_le_bytes(*bytes));
        red.iter().zip(green).zip(blue).map(move |((r, g), b)| [value(r), value(g), value(b)]).collect::<Vec<_>>()
    });
    planes.collect()
}

/// The samples of a representation of a shot.
pub(crate) fn made(report: &Report, index: usize, name: &str) -> Vec<[f64; 3]> {
    let shot = &report.shots[index];
    let known = shot.representations.iter().find(|made| made.name == name).expect("a representation");
    numbers(&report.folder.join(&known.output.path), shot.first_frame)
}

fn frames(count: usize) -> std::ops::Range<usize> {
    0..SIZE.0 * SIZE.1 * count
}

pub(crate) fn views() -> OutputLook {
    OutputLook::graded(OutputColor::View { display: Some("Rec.1886".to_owned()), view: Some("Plain".to_owned()) })
}

/// What the display shows of light.
pub(crate) fn display(light: f64) -> f64 {
    (light * 0.5).max(0.0).powf(1.0 / 2.4)
}

#[test]
fn one_camera_stays_untouched_and_its_review_is_in_the_view() {
    let show = Show::new();
    let (path, _) = show.noise("plate/plate.%04d.png", 4, 11);
    let movie = crate::common::raw_movie(
        &show.path("plate.mov"),
        "rgb48le",
        SIZE,
        "24",
        samples(&path, Some(1001), "rgb48le"),
        "-c:v prores_ks -profile:v 1 -pix_fmt yuv422p10le",
    );
    let media = crate::otio::external(movie.to_str().expect("plain"), range(0, 4, 24));
    let timeline = cut([track("V1", [clip_of("a", range(0, 4, 24), media)])]);
    let mut color = show.plan();
    color.representations = views();
    let planned = plan(&timeline, &color, |_| ()).expect("a plan");
    let preset = Preset::by_name("prores-lt").expect("built in");
    let report = run(&planned, delivery(&show.path("out"), vec![pictures("view", "")]).preset(preset));
    let output = report.shots[0].output.as_ref().expect("an output");
    assert_eq!(output.encoder, None, "packets were copied");
    let decoded = samples(&movie, None, "yuv422p10le");
    assert_eq!(samples(&report.folder.join(&output.path), None, "yuv422p10le"), decoded);
    // The formulas of BT.601, which untagged video of this height is in.
    let codes: Vec<f64> =
        decoded.as_chunks::<2>().0.iter().map(|&bytes| f64::from(u16::from_le_bytes(bytes))).collect();
    let area = SIZE.0 * SIZE.1;
    // Every second pixel has chroma of its own.
    let rgb = codes.chunks(area * 2).flat_map(|frame| {
        (0..area / 2).map(|at| {
            let luma = (frame[at * 2] - 64.0) / 876.0;
            let [blue, red] = [0, 1].map(|plane| (frame[area + plane * area / 2 + at] - 512.0) / 896.0);
            let (r, b) = (luma + 1.402 * red, luma + 1.772 * blue);
            [r, (luma - 0.299 * r - 0.114 * b) / 0.587, b]
        })
    });
    let source: Vec<[f64; 3]> = rgb.collect();
    let own: Vec<[f64; 3]> = made(&report, 0, "view").into_iter().step_by(2).collect();
    assert_made(&own, &source, 2.0, "view", |pixel| pixel.map(|value| display(value.max(0.0) * value.max(0.0))));
    let told = report.shots[0].color.as_ref().expect("colours");
    assert_eq!(told.output.colorspace.as_deref(), Some("log"));
    assert_eq!((told.sources[0].space.as_str(), told.sources[0].by.as_str()), ("log", "file rule plates"));
    let view = report.shots[0].representations[0].color.as_ref().expect("colours");
    assert_eq!((view.view.as_deref(), view.graded), (Some("Plain"), false));
}

/// Every file in a folder but the manifest, which has times in it.
fn contents(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            contents(&path, found);
        } else if path.file_name().is_some_and(|name| name != "manifest.json") {
            let data = std::fs::read(&path).expect("a file");
            found.insert(path, data);
        }
    }
}

#[test]
fn any_number_of_shots_at_once_makes_the_same_bytes() {
    let show = Show::new();
    let (path, _) = show.noise("plate/plate.%04d.png", 8, 13);
    let clips: Vec<Value> = (0..5).map(|number| clip(&format!("shot{number}"), &path, 3 + number)).collect();
    let mut color = show.plan();
    color.representations = views();
    let planned = plan(&cut([track("V1", clips)]), &color, |_| ()).expect("a plan");
    // One folder for all, since files know their places.
    let out = show.path("out");
    let made = [1, 2, 8].map(|jobs| {
        let preset = Preset::by_name("exr").expect("built in");
        run(&planned, delivery(&out, vec![pictures("view", "")]).preset(preset).jobs(jobs));
        let mut found = BTreeMap::new();
        contents(&out, &mut found);
        std::fs::remove_dir_all(&out).expect("the output");
        found
    });
    assert_eq!(made[0].len(), 2 * 25, "{:?}", made[0].keys());
    assert!(made[0] == made[1] && made[0] == made[2]);
}

/// Layers of two spaces, in the canvas's own: converted, dissolved, faded, multiplied.
#[test]
fn media_of_other_spaces_are_converted_before_they_are_mixed() {
    let show = Show::new();
    let (a, own_a) = show.noise("plate/plate.%04d.png", 8, 21);
    let (b, own_b) = show.noise("b/b.%04d.png", 8, 22);
    let mut color = show.plan();
    color.rules = vec![SpaceRule::new("b.*", SourceSpace::Space("half".to_owned()))];
    color.representations = views();
    // What the second one is in the first one's space.
    let converted = |value: f64| (value * 2.0).sqrt();
    for (canvas, exact) in [(None, 2.0), (Some("lin"), 2.0), (Some("video"), 2.0)] {
        color.canvas = canvas.map(str::to_owned);
        let into = |value: f64, is_log: bool| {
            let light = if is_log { value * value } else { value * 2.0 };
            match canvas {
                None => light.sqrt(),
                Some("lin") => light,
                _ => light.powf(1.0 / 2.4),
            }
        };
        let light = |value: f64| match canvas {
            None => value * value,
            Some("lin") => value,
            _ => value.powf(2.4),
        };
        let timeline = cut([track("V1", [clip("a", &a, 4), dissolve(2, 2), clip("b", &b, 4)])]);
        let planned = plan(&timeline, &color, whole(8)).expect("a plan");
        let report = run(&planned, delivery(&show.path(&format!("out{canvas:?}")), vec![pictures("view", "")]));
        let (own, view) = (own(&report, 0), made(&report, 0, "view"));
        let area = SIZE.0 * SIZE.1;
        for frame in 0..8usize {
            #[allow(clippy::cast_precision_loss, reason = "small")]
            let weight = (frame as f64 - 2.0).clamp(0.0, 4.0) / 4.0;
            for at in 0..area {
                let (from, to) = (own_a[frame.min(7) * area + at], own_b[frame.saturating_sub(4) * area + at]);
                let in_b = frame as i64 - 4;
                // In the dissolve, the second clip runs in from frames that its media does not have: they are held.
                if in_b < 0 && weight > 0.0 {
                    continue;
                }
                for channel in 0..3 {
                    let first = if weight < 1.0 { into(from[channel], true) * (1.0 - weight) } else { 0.0 };
                    let second = if weight > 0.0 { into(to[channel], false) * weight } else { 0.0 };
                    let mixed = first + second;
                    let wanted = (mixed.clamp(0.0, 1.0) * 65535.0).round();
                    let got = own[frame * area + at][channel];
                    assert!((got - wanted).abs() <= exact, "{canvas:?} frame {frame}: {got} is not {wanted}");
                    let wanted = (display(light(mixed)).clamp(0.0, 1.0) * 65535.0).round();
                    let got = view[frame * area + at][channel];
                    assert!((got - wanted).abs() <= exact, "{canvas:?} frame {frame}, view: {got} is not {wanted}");
                }
            }
        }
    }
    let _ = converted;
}

#[test]
fn what_lies_over_a_plate_is_laid_over_it_in_the_canvas() {
    let show = Show::new();
    let (plate, own_plate) = show.noise("plate/plate.%04d.png", 1, 31);
    let graphic = show.graphic(1);
    let mut color = show.plan();
    color.rules = vec![SpaceRule::new("g.*", SourceSpace::Space("half".to_owned()))];
    let timeline = cut([track("V1", [clip("a", &plate, 1)]), track("V2", [clip("g", &graphic, 1)])]);
    let planned = plan(&timeline, &color, whole(1)).expect("a plan");
    let report = run(&planned, delivery(&show.path("out"), vec![]));
    let alpha = 32_768.0 / 65_535.0;
    let over = [40_000.0, 20_000.0, 60_000.0].map(|value: f64| (value / 65_535.0 * 2.0).sqrt() * alpha);
    assert_made(&own(&report, 0), &own_plate, 2.0, "over", |pixel| {
        [0, 1, 2].map(|channel| over[channel] + pixel[channel] * (1.0 - alpha))
    });
}

fn cdl(slope: [f64; 3], saturation: f64) -> Value {
    json!({"cdl": {"asc_sop": {"slope": slope, "offset": [0, 0, 0], "power": [1, 1, 1]}, "asc_sat": saturation}})
}

#[test]
fn decisions_belong_to_layers_and_go_where_they_are_asked_for() {
    let show = Show::new();
    let (a, own_a) = show.noise("a/a_plate.%04d.png", 4, 41);
    let (b, own_b) = show.noise("b/b_plate.%04d.png", 8, 42);
    let mut first = clip("a", &a, 2);
    first["metadata"] = cdl([0.5, 1.0, 1.0], 1.0);
    // The same decision twice is one; in a space of its own.
    let mut second = clip("b", &b, 4);
    second["effects"] = json!([{"OTIO_SCHEMA": "CDLEffect.1", "name": "", "enabled": true, "metadata": {},
        "slope": [1.0, 0.25, 1.0], "offset": [0, 0, 0], "power": [1, 1, 1], "saturation": 1.0, "process_space": "lin"}]);
    second["metadata"] = cdl([1.0, 0.25, 1.0], 1.0);
    let timeline = cut([track("V1", [first, second])]);
    let mut color = show.plan();
    color.representations = OutputLook::graded(OutputColor::Canvas);
    let planned = plan(&timeline, &color, whole(6)).expect("a plan");
    assert_eq!(planned.warnings, Vec::new());
    let report =
        run(&planned, delivery(&show.path("out"), vec![pictures("graded", ""), pictures("plain", "graded = false")]));
    let source: Vec<[f64; 3]> = own_a[frames(2)].iter().chain(&own_b[frames(4)]).copied().collect();
    assert_made(&own(&report, 0), &source, 0.0, "intermediate", |pixel| pixel);
    assert_made(&made(&report, 0, "plain"), &source, 0.0, "plain", |pixel| pixel);
    let graded = made(&report, 0, "graded");
    assert_made(&graded[frames(2)], &source[frames(2)], 1.0, "the role's", |[r, g, b]| [r * 0.5, g, b]);
    let rest = frames(2).end..;
    assert_made(&graded[rest.clone()], &source[rest], 1.0, "its own", |[r, g, b]| [r, (g * g * 0.25).sqrt(), b]);
    // Through a dissolve of the two, each is graded on its own.
    let mut first = clip("a", &a, 4);
    first["metadata"] = cdl([0.5, 1.0, 1.0], 1.0);
    let mut second = clip("b", &b, 4);
    second["source_range"] = range(1003, 4, 24);
    second["metadata"] = cdl([1.0, 0.25, 1.0], 1.0);
    let timeline = cut([track("V1", [first, dissolve(2, 0), second])]);
    color.decisions.space = DecisionSpace::Canvas;
    color.intermediate = OutputLook::graded(OutputColor::Canvas);
    let planned = plan(&timeline, &color, whole(8)).expect("a plan");
    let report = run(&planned, delivery(&show.path("both"), vec![]));
    let area = SIZE.0 * SIZE.1;
    let (from, to) = (&own_a[3 * area..4 * area], &own_b[area..2 * area]);
    let both: Vec<[f64; 3]> = from
        .iter()
        .zip(to)
        .map(|(a, b)| [a[0] * 0.25 + b[0] * 0.5, a[1] * 0.5 + b[1] * 0.125, a[2] * 0.5 + b[2] * 0.5])
        .collect();
    assert_made(&own(&report, 0)[3 * area..4 * area], &both, 2.0, "a dissolve of decisions", |pixel| pixel);
    assert!(report.shots[0].color.as_ref().is_some_and(|color| color.output.graded));
}

#[test]
fn shots_have_looks_of_their_own_and_only_theirs_are_made_again() {
    let show = Show::new();
    let (a, own_a) = show.noise("plate/plate.%04d.png", 4, 51);
    let one = show.write("luts/sh1.cc", &decision([0.5, 1.0, 1.0], 1.0));
    show.write("luts/sh2.cc", &decision([1.0, 0.5, 1.0], 1.0));
    let unused = show.write("luts/sh3.cc", &decision([1.0, 0.5, 1.0], 1.0));
    let timeline = cut([track("V1", [clip("sh1", &a, 2), clip("sh2", &a, 2)])]);
    let mut color = show.plan();
    color.vars = BTreeMap::from([("SHOT".to_owned(), "{shot}".to_owned())]);
    color.looks = vec![LookStep::Look("+shot".to_owned())];
    color.representations = OutputLook::graded(OutputColor::Canvas);
    let out = show.path("out");
    let again = |color: &ColorPlan| {
        let planned = plan(&timeline, color, |_| ()).expect("a plan");
        let report = run(&planned, delivery(&out, vec![pictures("graded", "")]).existing(Existing::Skip));
        (report.shots.iter().map(|shot| shot.status == Status::Done).collect::<Vec<_>>(), report)
    };
    let (done, report) = again(&color);
    assert_eq!(done, [true, true]);
    for (index, slope) in [[0.5, 1.0, 1.0], [1.0, 0.5, 1.0]].into_iter().enumerate() {
        assert_made(&own(&report, index), &own_a[frames(2)], 0.0, "intermediate", |pixel| pixel);
        assert_made(&made(&report, index, "graded"), &own_a[frames(2)], 1.0, "look", |[r, g, b]| {
            [r * slope[0], g * slope[1], b * slope[2]]
        });
        let vars = &report.shots[index].color.as_ref().expect("colours").vars;
        assert_eq!(vars["SHOT"], format!("sh{}", index + 1));
    }
    assert_eq!(again(&color).0, [false, false], "nothing changed");
    std::fs::write(&unused, decision([0.1; 3], 1.0)).expect("a file");
    assert_eq!(again(&color).0, [false, false], "a look of no shot");
    std::fs::write(&one, decision([0.25, 1.0, 1.0], 0.5)).expect("a file");
    assert_eq!(again(&color).0, [true, false], "the look of one shot");
    color.representations = views();
    assert_eq!(again(&color).0, [true, true], "another view");
    show.write("show.ocio", &format!("{CONFIG}# a note\n"));
    assert_eq!(again(&color).0, [true, true], "another configuration");
}

#[test]
fn the_timeline_says_what_media_are_and_mistakes_are_told_together() {
    let show = Show::new();
    let (a, own_a) = show.noise("a/a.%04d.png", 2, 61);
    let said = |name: &str| {
        let mut clip = clip("c", &a, 2);
        clip["media_references"]["DEFAULT_MEDIA"]["metadata"] = json!({"ayon.source.colorspace": name});
        clip
    };
    let mut color = show.plan();
    color.canvas = Some("lin".to_owned());
    let planned = plan(&cut([track("V1", [said("The Log")])]), &color, |_| ()).expect("a plan");
    let report = run(&planned, delivery(&show.path("out"), vec![]));
    assert_made(&own(&report, 0), &own_a, 1.0, "said", |pixel| pixel.map(|value| value * value));
    let told = &report.shots[0].color.as_ref().expect("colours").sources[0];
    assert_eq!((told.space.as_str(), told.by.as_str()), ("log", "ayon.source.colorspace"));
    let planned = plan(&cut([track("V1", [said("lag"), said("hulf")])]), &color, |_| ()).expect("a plan");
    let refused = Conflation::new(FfmpegBackend::new(), delivery(&show.path("none").join("of"), vec![]));
    let error = refused.run(&planned, &NoObserver).expect_err("unknown names");
    assert_eq!(error.kind(), ErrorKind::Option);
    let text = format!("{error:#}");
    assert!(text.contains("2 colour errors") && text.contains("\"lag\"") && text.contains("\"hulf\""), "{text}");
    assert!(text.contains("tracks[0].children[1]") && text.contains("Near: half"), "{text}");
    assert!(!show.path("none").join("of").exists());
}

#[test]
fn without_a_configuration_decisions_and_luts_apply_to_values_as_they_are() {
    let show = Show::new();
    let (a, own_a) = show.noise("a/a.%04d.png", 2, 71);
    let mut graded = clip("a", &a, 2);
    graded["metadata"] = cdl([0.5, 1.0, 1.0], 1.0);
    let mut color = ColorPlan::default();
    color.decisions.space = DecisionSpace::Canvas;
    color.representations = OutputLook::graded(OutputColor::Canvas);
    let planned = plan(&cut([track("V1", [graded])]), &color, |_| ()).expect("a plan");
    let report = run(&planned, delivery(&show.path("out"), vec![pictures("graded", "")]));
    assert_made(&own(&report, 0), &own_a, 0.0, "intermediate", |pixel| pixel);
    assert_made(&made(&report, 0, "graded"), &own_a, 1.0, "graded", |[r, g, b]| [r * 0.5, g, b]);
    assert_eq!(report.warnings, Vec::new());
}

#[test]
fn any_number_of_jobs_gives_the_same_bytes_and_the_program_says_what_is_done() {
    let show = Show::new();
    let (a, _) = show.noise("plate/plate.%04d.png", 4, 81);
    let (b, _) = show.noise("b/b.%04d.png", 4, 82);
    let nested = stack("nest", [track("N", [clip("b", &b, 4)])]);
    let timeline = cut([track("V1", [clip("a", &a, 4), nested])]);
    let mut color = show.plan();
    color.representations = views();
    let planned = plan(&timeline, &color, |options| options.shots = ShotSelection::Flat).expect("a plan");
    let bytes = |jobs: usize| {
        let out: PathBuf = show.path(&format!("out{jobs}"));
        let report = run(&planned, delivery(&out, vec![pictures("view", "")]).jobs(jobs));
        let files = report.shots.iter().map(|shot| shot.output.as_ref().expect("an output").path.clone());
        let own: Vec<Vec<u8>> = files.map(|path| std::fs::read(out.join(path)).expect("a file")).collect();
        let views: Vec<Vec<[f64; 3]>> = (0..report.shots.len()).map(|index| made(&report, index, "view")).collect();
        (own, views)
    };
    let one = bytes(1);
    assert!([2, 4].into_iter().all(|jobs| bytes(jobs) == one));
    let preset = Preset::by_name("ffv1").expect("built in");
    let shots = FfmpegBackend::new().explain(&planned, &preset, &[]).expect("programs");
    let text: Vec<String> = shots.iter().map(ToString::to_string).collect();
    assert!(text[0].contains("plate.%04d.png, converted to gbrp16le"), "{text:?}");
    assert!(text[1].contains("(video to log)") && text[1].contains("32-bit floats in log"), "{text:?}");
}

#[test]
fn a_cut_that_was_delivered_knows_its_colours() {
    let show = Show::new();
    let (a, own_a) = show.noise("a/a.%04d.png", 2, 91);
    let mut graded = clip("a", &a, 2);
    graded["metadata"] = cdl([0.5, 1.0, 1.0], 1.0);
    let timeline = cut([track("V1", [graded])]);
    let mut color = show.plan();
    color.rules = vec![SpaceRule::new("a.*", SourceSpace::Space("log".to_owned()))];
    color.representations = OutputLook::graded(OutputColor::Canvas);
    for bakes in [false, true] {
        let out = show.path(&format!("out{bakes}"));
        if bakes {
            color.intermediate = OutputLook::graded(OutputColor::Space("half".to_owned()));
        }
        let planned = plan(&timeline, &color, |_| ()).expect("a plan");
        let read_timeline = read(&timeline);
        let report = Conflation::new(FfmpegBackend::new(), delivery(&out, vec![]))
            .timeline(&read_timeline)
            .run(&planned, &NoObserver)
            .expect("a run");
        assert!(report.succeeded());
        let again = otio_conflate::Timeline::open(out.join("conflated.otio")).expect("it was written");
        let mut options = PlanOptions::default();
        let mut second = show.plan();
        second.representations = OutputLook::graded(OutputColor::Space("lin".to_owned()));
        options.color = Some(second);
        let planned = Plan::with_media(&again, &options, &FfmpegLookup::new()).expect("a plan");
        let report = run(&planned, delivery(&show.path(&format!("again{bakes}")), vec![pictures("lin", "")]));
        let told = &report.shots[0].color.as_ref().expect("colours").sources[0];
        assert_eq!(
            (told.space.as_str(), told.by.as_str()),
            (if bakes { "half" } else { "log" }, "otio-conflate.colorspace")
        );
        // The decision is applied once, whether it was baked or not.
        let most = if bakes { 8.0 } else { 2.0 };
        assert_made(&made(&report, 0, "lin"), &own_a, most, "again", |[r, g, b]| [r * r * 0.25, g * g, b * b]);
    }
}

/// A decision of a track is in the intermediate, and in the timeline: it is not applied twice.
#[test]
fn a_cut_whose_track_is_graded_is_not_graded_again() {
    let show = Show::new();
    let (a, own_a) = show.noise("a/a_plate.%04d.png", 2, 92);
    let mut line = track("V1", [clip("a", &a, 2)]);
    line["metadata"] = cdl([0.5, 1.0, 1.0], 1.0);
    let timeline = cut([line]);
    let mut color = show.plan();
    color.representations = OutputLook::graded(OutputColor::Canvas);
    color.intermediate = OutputLook::graded(OutputColor::Canvas);
    let planned = plan(&timeline, &color, |_| ()).expect("a plan");
    let out = show.path("out");
    let read_timeline = read(&timeline);
    let conflation = Conflation::new(FfmpegBackend::new(), delivery(&out, vec![])).timeline(&read_timeline);
    let report = conflation.run(&planned, &NoObserver).expect("a run");
    assert_made(&own(&report, 0), &own_a, 1.0, "graded", |[r, g, b]| [r * 0.5, g, b]);
    let decided = &report.shots[0].color.as_ref().expect("colours").decisions;
    assert_eq!(decided.len(), 1, "{decided:?}");
    assert_eq!((decided[0].clip.as_deref(), decided[0].grade.space.as_deref()), (None, Some("log")));
    let again = otio_conflate::Timeline::open(out.join("conflated.otio")).expect("it was written");
    let mut options = PlanOptions::default();
    options.color = Some(color);
    let planned = Plan::with_media(&again, &options, &FfmpegLookup::new()).expect("a plan");
    let report = run(&planned, delivery(&show.path("again"), vec![]));
    assert_made(&own(&report, 0), &own_a, 1.0, "again", |[r, g, b]| [r * 0.5, g, b]);
}

/// Shots of a run are joined in a view: their manifest says what they are.
#[test]
fn a_review_knows_the_space_of_each_shot() {
    let show = Show::new();
    let (a, own_a) = show.noise("plate/plate.%04d.png", 2, 95);
    let color = show.plan();
    let planned = plan(&cut([track("V1", [clip("a", &a, 2)])]), &color, |_| ()).expect("a plan");
    let out = show.path("out");
    run(&planned, delivery(&out, vec![]));
    let mut review = otio_conflate::deliver::Review::default();
    let mut viewed = show.plan();
    viewed.intermediate = views();
    review.color = Some(viewed);
    let planned = review.plan(&Report::open(out.join("manifest.json")).expect("a manifest")).expect("a plan");
    let report = run(&planned, delivery(&show.path("review"), vec![]));
    assert_made(&own(&report, 0), &own_a, 2.0, "review", |pixel| pixel.map(|value| display(value * value)));
    let told = report.shots[0].color.as_ref().expect("colours");
    assert_eq!((told.output.view.as_deref(), told.sources[0].by.as_str()), (Some("Plain"), "otio-conflate.colorspace"));
}

/// Without colour management nothing is converted, and that is said.
#[test]
fn what_is_mixed_without_being_converted_is_a_warning() {
    let show = Show::new();
    let movie = |name: &str, tags: &str| {
        let data = vec![100u8; SIZE.0 * SIZE.1 * 3 / 2 * 4];
        let coder = format!("-vf setparams=range=limited:{tags} -c:v libx264 -qp 0 -preset ultrafast");
        let path = crate::common::raw_movie(&show.path(name), "yuv420p", SIZE, "24", data, &coder);
        let media = crate::otio::external(path.to_str().expect("plain"), range(0, 4, 24));
        clip_of(name.split('.').next().expect("a name"), range(0, 2, 24), media)
    };
    let bt709 = "colorspace=bt709:color_primaries=bt709:color_trc=bt709";
    let wide = movie("wide.mp4", "colorspace=bt2020nc:color_primaries=bt2020:color_trc=bt2020-10");
    let p3 = movie("p3.mp4", "colorspace=bt709:color_primaries=smpte432:color_trc=bt709");
    let plain = movie("plain.mp4", bt709);
    let warnings = |children: Vec<Value>| {
        let timeline = cut([track("V1", children)]);
        let planned =
            Plan::with_media(&read(&timeline), &PlanOptions::default(), &FfmpegLookup::new()).expect("a plan");
        let out = tempfile::tempdir().expect("a folder");
        run(&planned, delivery(out.path(), vec![])).warnings
    };
    assert_eq!(warnings(vec![plain.clone()]), Vec::new());
    let said = warnings(vec![plain, wide, p3]);
    let text: Vec<String> = said.iter().map(ToString::to_string).collect();
    let about = |name: &str| text.iter().any(|text| text.contains(name) && text.contains("carried over unchanged"));
    assert!(about("wide.mp4") && about("p3.mp4"), "{text:?}");
    // Light in other primaries, by its header.
    let (path, _) = show.noise("a/a.%04d.png", 1, 93);
    let mut options = otio_conflate::deliver::TranscodeOptions::default();
    let mut color = show.plan();
    color.rules = vec![SpaceRule::new("*", SourceSpace::Space("log".to_owned()))];
    options.color = Some(color);
    let mut light = pictures("light", "color = { space = \"lin\" }");
    light.preset = Preset::by_name("exr").expect("built in");
    let cancel = otio_conflate::CancelToken::new();
    let control = otio_conflate::backend::Control { observer: &NoObserver, cancel: &cancel };
    otio_conflate::deliver::transcode(&path, &[light], show.path("exr"), &options, &control).expect("a transcode");
    let said = warnings(vec![clip("light", &show.path("exr").join("a_light/a_light.%04d.exr"), 1)]);
    assert!(said.iter().any(|warning| warning.to_string().contains("is lin_ap1_scene by its header")), "{said:?}");
}

/// The shot's own file in the view, representations in the same and in none: of one composite.
#[test]
fn what_is_baked_into_the_shot_and_its_representations_is_the_same() {
    let show = Show::new();
    let (a, own_a) = show.noise("a/a_plate.%04d.png", 4, 98);
    let (b, _) = show.noise("b/b.%04d.png", 4, 99);
    let mut color = show.plan();
    color.rules = vec![SpaceRule::new("b.*", SourceSpace::Space("half".to_owned()))];
    (color.representations, color.intermediate) = (views(), views());
    let timeline = cut([track("V1", [clip("a", &a, 4), dissolve(2, 0), clip("b", &b, 2)])]);
    let planned = plan(&timeline, &color, whole(4)).expect("a plan");
    let plain = pictures("plain", "color = {}");
    let report = run(&planned, delivery(&show.path("out"), vec![pictures("view", ""), plain]));
    let area = SIZE.0 * SIZE.1;
    for frame in [0, 1] {
        let source = &own_a[frame * area..][..area];
        let shown = |pixel: [f64; 3]| pixel.map(|value| display(value * value));
        assert_made(&own(&report, 0)[frame * area..][..area], source, 2.0, "own", shown);
        assert_made(&made(&report, 0, "view")[frame * area..][..area], source, 2.0, "view", shown);
        assert_made(&made(&report, 0, "plain")[frame * area..][..area], source, 1.0, "plain", |pixel| pixel);
    }
    assert_eq!(own(&report, 0), made(&report, 0, "view"));
}
