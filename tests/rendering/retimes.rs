//! Retimed compositions and curves, in pixels. R5, R6.

use serde_json::{Value, json};

use crate::support::*;

const FFV1: &str = "-c:v ffv1 -level 3";

#[test]
fn retimed_compositions_and_curves_show_the_frames_they_should() {
    let mut media = Media::new();
    let a = media.numbered("a.mp4", 40, "24", "-c:v libx264 -preset fast -pix_fmt yuv420p -bf 3 -g 12");
    let b = media.numbered("b.mov", 40, "24", "-c:v prores_ks -profile:v 1 -pix_fmt yuv422p10le");
    let piece = |path, start| clip("c", file(path, range(0, 40, 24.0)), range(start, 4, 24.0));
    let nest = || track("nest", [piece(&a, 10), warped(piece(&b, 20), -1.0)]);
    let trimmed = |start, frames| {
        let mut nest = nest();
        nest["source_range"] = range(start, frames, 24.0);
        nest
    };
    let mut bent = piece(&a, 30);
    bent["effects"] = json!([{"OTIO_SCHEMA": "TimeEffect.1", "effect_name": "TimeWarp",
        "metadata": {"lookup": [0, 2, -10, 0]}}]);
    let children = [warped(nest(), -1.0), warped(trimmed(2, 4), 2.0), warped(trimmed(3, 4), 0.5), frozen(nest()), bent];
    let plan = run(&timeline([track("V1", children)]), &whole(28), "prores-lt");
    let number = |path, index: u16| Some(media.number(path, index));
    let in_a = |index| number(&a, index);
    let in_b = |index| number(&b, index);
    let backwards = [in_b(20), in_b(21), in_b(22), in_b(23), in_a(13), in_a(12), in_a(11), in_a(10)];
    // Twice as fast it is over after three frames.
    let fast = [in_a(12), in_b(23), in_b(21), None];
    let slow = [in_a(13), in_a(13), in_b(23), in_b(23)];
    let curve = [in_a(30), in_a(33), in_a(22), in_a(33)];
    let expected: Vec<_> = [&backwards[..], &fast, &slow, &[in_a(10); 8], &curve].concat();
    assert_eq!(plan.numbers("cut"), expected);
}

#[test]
fn a_dissolve_in_slow_motion_grows_in_the_time_of_its_composition() {
    let media = Media::new();
    let grey = |name: &str, luma: u16| -> Value {
        file(&media.flat(name, "yuv420p", &[luma, 128, 128], 30, FFV1), range(0, 30, 24.0))
    };
    let (a, b) = (grey("a.mkv", 60), grey("b.mkv", 200));
    for (speed, start, weights) in [
        (0.5, 4, [0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875]),
        (-0.5, 4, [0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125, 0.0]),
    ] {
        let pieces = [clip("a", a.clone(), range(5, 6, 24.0)), dissolve(2, 2), clip("b", b.clone(), range(5, 6, 24.0))];
        let mut nest = track("nest", pieces);
        nest["source_range"] = range(start, 8, 24.0);
        let run = run(&timeline([track("V1", [warped(nest, speed)])]), &whole(8), "ffv1");
        for (frame, (samples, weight)) in run.samples("cut", "yuv420p").iter().zip(weights).enumerate() {
            near(mean(&samples[..320 * 180]), 60.0 + 140.0 * weight, 1.0, &format!("frame {frame} at {speed}"));
        }
    }
}
