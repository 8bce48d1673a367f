//! Colour decisions of effects, metadata, tracks, nests and whole timelines.

use otio_conflate::backend::ffmpeg::FfmpegBackend;
use otio_conflate::plan::{ColorPlan, DecisionSpace, OutputColor, OutputLook, PlanOptions, SourceSpace, SpaceRule};
use otio_conflate::{Conflation, NoObserver, Report};
use serde_json::{Value, json};

use crate::cut::{clip, cut, delivery, made, plan, whole};
use crate::otio::{With as _, dissolve, read, stack, track};
use crate::support::*;

/// As the EDL adapter writes it.
fn cdl(slope: [f64; 3]) -> Value {
    json!({"cdl": {"asc_sop": {"slope": slope, "offset": [0, 0, 0], "power": [1, 1, 1]}, "asc_sat": 1.0}})
}

fn effect(slope: [f64; 3]) -> Value {
    json!({"OTIO_SCHEMA": "CDLEffect.1", "name": "", "enabled": true, "metadata": {}, "slope": slope,
        "offset": [0, 0, 0], "power": [1, 1, 1], "saturation": 1.0})
}

fn graded(show: &Show) -> ColorPlan {
    let mut color = show.plan();
    color.representations = OutputLook::graded(OutputColor::Canvas);
    color
}

fn run(show: &Show, timeline: &Value, color: &ColorPlan, count: i64) -> Report {
    let planned = plan(timeline, color, whole(count)).expect("a plan");
    assert_eq!(planned.warnings, Vec::new());
    let wanted = vec![pictures("graded", ""), pictures("plain", "graded = false")];
    let report = Conflation::new(FfmpegBackend::new(), delivery(&show.path("out"), wanted))
        .run(&planned, &NoObserver)
        .expect("a run");
    assert!(report.succeeded(), "{:?}", report.shots[0].error);
    report
}

#[test]
fn two_effects_are_two_decisions_and_metadata_that_repeats_one_is_none() {
    let show = Show::new();
    let (a, own) = show.noise("plate/plate.%04d.png", 2, 201);
    let slope = [0.5, 1.0, 1.0];
    for (effects, said, red) in [(2, true, 0.25), (1, true, 0.5), (2, false, 0.25), (0, true, 0.5)] {
        let effects: Vec<Value> = (0..effects).map(|_| effect(slope)).collect();
        let mut own_clip = clip("a", &a, 2).with("effects", effects);
        if said {
            own_clip["metadata"] = cdl(slope);
            own_clip["media_references"]["DEFAULT_MEDIA"]["metadata"] = cdl(slope);
        }
        let report = run(&show, &cut([track("V1", [own_clip])]), &graded(&show), 2);
        assert_made(&made(&report, 0, "graded"), &own, 1.0, "graded", |[r, g, b]| [r * red, g, b]);
        std::fs::remove_dir_all(show.path("out")).expect("it was made");
    }
}

/// What several layers make together is graded as one: in a dissolve, under what lies over it, and through its own alpha.
#[test]
fn decisions_of_tracks_nests_and_timelines_are_done_to_what_they_show_together() {
    let show = Show::new();
    let (a, own_a) = show.noise("a/a_plate.%04d.png", 4, 211);
    let (b, own_b) = show.noise("b/b_plate.%04d.png", 4, 212);
    let graphic = show.graphic(4);
    let mut color = graded(&show);
    color.rules = vec![SpaceRule::new("g.*", SourceSpace::Space("log".to_owned()))];
    let nest = stack("nest", [track("N", [clip("b", &b, 2)])]).with("metadata", cdl([1.0, 0.5, 1.0]));
    let below =
        track("V1", [clip("a", &a, 2), dissolve(1, 0), nest]).with("effects", [effect([0.5, 1.0, 1.0])].to_vec());
    let above = track("V2", [clip("g", &graphic, 4)]).with("metadata", cdl([1.0, 1.0, 0.5]));
    let mut timeline = cut([below, above]);
    timeline["tracks"]["metadata"] = cdl([0.75, 0.75, 0.75]);
    let report = run(&show, &timeline, &color, 4);
    let area = SIZE.0 * SIZE.1;
    let alpha = 32_768.0 / 65_535.0;
    let over = [40_000.0, 20_000.0, 60_000.0].map(|value: f64| value / 65_535.0 * alpha);
    for (name, is_graded) in [("graded", true), ("plain", false)] {
        let got = made(&report, 0, name);
        let slope = |slope: f64| if is_graded { slope } else { 1.0 };
        for frame in 0..4usize {
            // Of two frames of the first clip, half a frame of which is in the dissolve: k/N of one frame is 0.
            let first = &own_a[frame.min(3) * area..][..area];
            let second = &own_b[frame.saturating_sub(2) * area..][..area];
            let source = if frame < 2 { first } else { second };
            assert_made(&got[frame * area..][..area], source, 2.0, &format!("{name} {frame}"), |[r, g, b]| {
                let nested = if frame < 2 { [r, g, b] } else { [r, g * slope(0.5), b] };
                let below = [nested[0] * slope(0.5), nested[1], nested[2]];
                [0, 1, 2].map(|channel| {
                    let top = over[channel] * if channel == 2 { slope(0.5) } else { 1.0 };
                    (top + below[channel] * (1.0 - alpha)) * slope(0.75)
                })
            });
        }
    }
    assert!(report.shots[0].representations[0].color.as_ref().is_some_and(|color| color.graded));
    // Without a colour plan all of it is told.
    let planned = otio_conflate::Plan::new(&read(&timeline), &PlanOptions::default()).expect("a plan");
    let told: Vec<String> = planned.warnings.iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|line| line.contains("its colour decision (ASC CDL) is not applied")), "{told:?}");
    assert!(told.iter().any(|line| line.contains("\"CDLEffect.1\"")), "{told:?}");
}

/// A power is no factor: what a track's dissolve mixes first differs from what is graded first.
#[test]
fn a_dissolve_in_a_graded_track_is_mixed_before_it_is_graded() {
    let show = Show::new();
    let (a, own_a) = show.noise("a/a_plate.%04d.png", 4, 221);
    let (b, own_b) = show.noise("b/b_plate.%04d.png", 4, 222);
    let power =
        json!({"cdl": {"asc_sop": {"slope": [1, 1, 1], "offset": [0, 0, 0], "power": [2, 2, 2]}, "asc_sat": 1}});
    let mut second = clip("b", &b, 2);
    second["source_range"] = crate::otio::range(1003, 2, 24);
    let line = track("V1", [clip("a", &a, 4), dissolve(2, 0), second]).with("metadata", power);
    let mut color = graded(&show);
    color.decisions.space = DecisionSpace::Canvas;
    let report = run(&show, &cut([line]), &color, 4);
    let area = SIZE.0 * SIZE.1;
    let mixed: Vec<[f64; 3]> = own_a[3 * area..]
        .iter()
        .zip(&own_b[area..2 * area])
        .map(|(a, b)| [0, 1, 2].map(|channel| (a[channel] + b[channel]) / 2.0))
        .collect();
    let got = made(&report, 0, "graded");
    assert_made(&got[3 * area..], &mixed, 2.0, "graded as one", |pixel| pixel.map(|value| value * value));
    // An output without decisions that is made of the same floats.
    assert_made(&made(&report, 0, "plain")[3 * area..], &mixed, 2.0, "plain", |pixel| pixel);
}
