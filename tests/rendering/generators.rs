//! Pictures that are made: colours, gradients, bars, cards. R13.

use std::process::Command;

use otio_conflate::Plan;
use serde_json::{Value, json};

use crate::support::*;

fn generator(kind: &str, parameters: Value) -> Value {
    json!({"OTIO_SCHEMA": "GeneratorReference.1", "name": "", "generator_kind": kind, "parameters": parameters,
        "available_range": range(0, 100, 24.0), "metadata": {}})
}

fn cut(reference: Value) -> Value {
    timeline([track("V1", [clip("c", reference, range(0, 1, 24.0))])])
}

fn sized(width: u32, height: u32) -> otio_conflate::plan::PlanOptions {
    options(|options| options.canvas.size = Some((width, height)))
}

/// The picture of a generator in 64 × 32, and what the plan says about it.
fn made(kind: &str, parameters: Value) -> (Vec<u8>, Plan) {
    let run = run(&cut(generator(kind, parameters)), &sized(64, 32), "png");
    (run.samples("c", "rgb24").remove(0), run.plan)
}

#[test]
fn plain_colours_are_what_their_parameters_say() {
    let resolve = json!({"Resolve_OTIO": [{"Effect Name": "Solid Color", "Parameters": [
        {"Parameter ID": "color", "Parameter Value": "#ff8040"}]}]});
    for (kind, parameters, wanted) in [
        ("black", json!({}), [0, 0, 0]),
        ("White", json!({}), [255, 255, 255]),
        ("SolidColor", json!({"color": [1.0, 0.5, 0.0]}), [255, 128, 0]),
        ("solid color", json!({"Color": [10, 200, 30, 255]}), [10, 200, 30]),
        ("Solid Color", resolve, [255, 128, 64]),
        (
            "color matte",
            json!({"color": {"OTIO_SCHEMA": "Color.1", "r": 0.2, "g": 0.4, "b": 0.6, "a": 1.0, "name": ""}}),
            [51, 102, 153],
        ),
    ] {
        let (frame, plan) = made(kind, parameters);
        assert!(frame.chunks(3).all(|pixel| pixel == wanted), "{kind}: {:?}, not {wanted:?}", &frame[..3]);
        assert!(plan.warnings.is_empty(), "{kind}: {:?}", plan.warnings);
    }
    let (frame, plan) = made("Solid Color", json!({"color": "mauve"}));
    assert!(frame.iter().all(|sample| *sample == 0) && plan.warnings.len() == 1, "{:?}", plan.warnings);
}

#[test]
fn gradients_checkers_and_what_is_seen_through_a_colour() {
    let (ramp, _) = made("Grey Scale", json!({}));
    for x in 0..64 {
        let wanted = f64::from(u32::try_from(x).expect("small")) * 255.0 / 63.0;
        near(ramp[x * 3].into(), wanted, 0.5, "a ramp");
    }
    let (checker, _) = made("Checkerboard", json!({}));
    assert_eq!([checker[0], checker[4 * 3], checker[4 * 64 * 3], checker[(4 * 64 + 4) * 3]], [255, 0, 0, 255]);
    let corners = json!({"color 1": "#ff0000", "color 2": "#00ff00", "color 3": "#0000ff", "color 4": "#ffffff"});
    let (four, _) = made("Four Color Gradient", corners);
    assert_eq!((&four[..3], &four[63 * 3..64 * 3]), (&[255, 0, 0][..], &[0, 255, 0][..]));
    assert_eq!((&four[31 * 64 * 3..][..3], &four[64 * 32 * 3 - 3..]), (&[0, 0, 255][..], &[255, 255, 255][..]));

    let glass = clip("g", generator("Solid Color", json!({"color": [1.0, 1.0, 1.0, 0.5]})), range(0, 1, 24.0));
    let below = clip("c", generator("Solid Color", json!({"color": [0, 100, 200]})), range(0, 1, 24.0));
    let cut = timeline([track("V1", [below]), track("V2", [glass])]);
    let frame = run(&cut, &sized(64, 32), "png").samples("c", "rgb24").remove(0);
    for (got, wanted) in frame[..3].iter().zip([127.5, 177.5, 227.5]) {
        near((*got).into(), wanted, 1.0, "half white over a colour");
    }
}

/// One frame of a source filter of the command line tool.
fn lavfi(source: &str, format: &str) -> Vec<u8> {
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error", "-f", "lavfi", "-i", source, "-frames:v", "1"])
        .args(["-f", "rawvideo", "-pix_fmt", format, "-"])
        .output()
        .expect("the tests need the ffmpeg command line tool");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn smpte_bars_are_those_of_ffmpeg() {
    // Edges of patches may lie a few pixels apart: where both are flat all around, they have to agree.
    for (kind, source, (width, height)) in [
        ("SMPTEBars", "smptebars", (704usize, 480usize)),
        ("SMPTE Color Bar", "smptebars", (640, 360)),
        ("smpte hd bars", "smptehdbars", (1920, 1080)),
    ] {
        let mut cut = cut(generator(kind, json!({})));
        cut["tracks"]["children"][0]["children"][0]["name"] = json!("c");
        let size = (u32::try_from(width).expect("small"), u32::try_from(height).expect("small"));
        let run = run(&cut, &sized(size.0, size.1), "ffv1");
        let (ours, theirs) =
            (run.samples("c", "yuv420p").remove(0), lavfi(&format!("{source}=size={width}x{height}"), "yuv420p"));
        assert_eq!(ours.len(), theirs.len());
        let (mut compared, mut planes) = (0, vec![(0, width, height)]);
        planes.push((width * height, width / 2, height / 2));
        planes.push((width * height * 5 / 4, width / 2, height / 2));
        for (start, width, height) in planes {
            for y in (8..height - 8).step_by(3) {
                for x in (8..width - 8).step_by(3) {
                    let at = |picture: &[u8], x: usize, y: usize| picture[start + y * width + x];
                    let around = [(x - 6, y), (x + 6, y), (x, y - 6), (x, y + 6)];
                    let flat = |p: &[u8]| {
                        around.iter().all(|&(near_x, near_y)| at(p, near_x, near_y).abs_diff(at(p, x, y)) <= 1)
                    };
                    // Here FFmpeg has the −I and +Q of standard definition, and a ramp beyond black and white.
                    let (left, top) = (x * 1920 / width, y * 1080 / height);
                    let other = kind.contains("hd") && (240..1680).contains(&left) && (630..810).contains(&top);
                    if !other && flat(&ours) && flat(&theirs) {
                        compared += 1;
                        let (got, wanted) = (at(&ours, x, y), at(&theirs, x, y));
                        assert!(
                            got.abs_diff(wanted) <= 1,
                            "{kind}: {got}, not {wanted}, at {x}, {y} of a plane {width} wide"
                        );
                    }
                }
            }
        }
        assert!(compared * 9 > width * height * 3 / 4, "{kind}: only {compared} places are flat in both");
        assert!(run.plan.warnings.is_empty(), "{:?}", run.plan.warnings);
    }
}

#[test]
fn an_adjustment_hides_nothing() {
    let below = clip("c", generator("Solid Color", json!({"color": [0, 100, 200]})), range(0, 1, 24.0));
    let mut slug = generator("Slug", json!({}));
    slug["name"] = json!("Adjustment Layer");
    for reference in [generator("Adjustment Clip", json!({})), slug] {
        let upper = clip("a", reference, range(0, 1, 24.0));
        let cut = timeline([track("V1", [below.clone()]), track("V2", [upper])]);
        let run = run(&cut, &sized(64, 32), "png");
        assert_eq!(run.samples("c", "rgb24")[0][..3], [0, 100, 200]);
        assert_eq!(run.rows("c")[0].layers.iter().map(|layer| layer.clip).collect::<Vec<_>>(), ["c"]);
        let warnings = &run.plan.warnings;
        assert!(warnings.len() == 1 && warnings[0].object == "tracks[1].children[0]", "{warnings:?}");
    }
}

#[test]
fn full_bars_are_exact_in_rgb() {
    let (frame, _) = made("100% Color Bar", json!({}));
    let colors: Vec<[u8; 3]> = (0..8).map(|bar| frame[(bar * 8 + 4) * 3..][..3].try_into().expect("a pixel")).collect();
    let expected = [
        [255, 255, 255],
        [255, 255, 0],
        [0, 255, 255],
        [0, 255, 0],
        [255, 0, 255],
        [255, 0, 0],
        [0, 0, 255],
        [0, 0, 0],
    ];
    assert_eq!(colors, expected);
}

#[test]
fn what_cannot_be_drawn_is_a_card_and_a_warning() {
    let bright = |frame: &[u8]| frame.iter().filter(|sample| **sample > 150).count();
    for (kind, parameters, part) in [
        ("Lens Flare 3000", json!({}), "unknown generator"),
        ("Text+", json!({"StyledText": "The end"}), "\"The end\""),
        ("Basic Title", json!({}), "\"c\""),
        ("Title", json!({"text": "<html><head>x</head><body><p>Two &amp; a half</p></body></html>"}), "Two & a half"),
        ("Four Colour Gradient", json!({}), "colours"),
        ("", json!({}), "unknown generator"),
    ] {
        let run = run(&cut(generator(kind, parameters)), &sized(320, 180), "png");
        assert!(bright(&run.samples("c", "gray")[0]) > 50, "{kind}: there is writing on it");
        let warnings = &run.plan.warnings;
        assert!(warnings.len() == 1 && warnings[0].message.contains(part), "{kind}: {warnings:?}");
        assert_eq!(warnings[0].object, "tracks[0].children[0]");
    }
    let mut slug = generator("Slug", json!({}));
    assert!(run(&cut(slug.clone()), &sized(64, 32), "png").plan.warnings.is_empty());
    slug["name"] = json!("test_title");
    assert!(run(&cut(slug), &sized(64, 32), "png").plan.warnings[0].message.contains("test_title"));
}
