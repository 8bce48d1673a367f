//! Where media lies in a canvas of another shape: placement, bounds, and light beyond white on the way. R13.

use otio_conflate::plan::{Placement, PlanOptions};
use serde_json::{Value, json};

use crate::common::raw_movie;
use crate::support::*;

/// Media of four quarters: red, green, blue, white.
fn quarters(media: &Media, name: &str, (width, height): (usize, usize)) -> Value {
    media.painted(name, (width, height), 2, |x, y| match (x * 2 < width, y * 2 < height) {
        (true, true) => [200, 0, 0, 255],
        (false, true) => [0, 200, 0, 255],
        (true, false) => [0, 0, 200, 255],
        (false, false) => [200, 200, 200, 255],
    })
}

fn sized(size: (u32, u32), placement: Placement) -> PlanOptions {
    options(|options| {
        options.canvas.size = Some(size);
        options.placement = placement;
    })
}

/// The first frame of shot `c`, as columns of it are looked at.
fn picture(cut: &Value, options: &PlanOptions, preset: &str) -> (Vec<u8>, usize) {
    let run = run(cut, options, preset);
    (run.samples("c", "rgb24").remove(0), run.report.canvas.width as usize)
}

#[test]
fn media_of_another_shape_is_fitted_filled_stretched_or_left() {
    let media = Media::new();
    let cut = |size| timeline([track("V1", [clip("c", quarters(&media, "q", size), range(0, 1, 24.0))])]);
    let (red, green, blue, black) = ([200, 0, 0], [0, 200, 0], [0, 0, 200], [0, 0, 0]);
    for (placement, size, expected) in [
        // 64 × 32 in 64 × 64: bars of 16 lines.
        (Placement::Fit, (64, 32), [(3, 8, black), (3, 20, red), (60, 20, green), (3, 44, blue), (3, 56, black)]),
        (Placement::Fill, (64, 32), [(3, 3, red), (28, 28, red), (36, 3, green), (3, 60, blue), (28, 36, blue)]),
        (Placement::Stretch, (64, 32), [(3, 3, red), (28, 28, red), (36, 3, green), (3, 60, blue), (28, 36, blue)]),
        (Placement::Native, (32, 16), [(3, 3, black), (20, 28, red), (44, 28, green), (20, 36, blue), (50, 36, black)]),
        // Larger than the canvas: the middle of it.
        (Placement::Native, (200, 100), [(0, 0, red), (28, 28, red), (36, 0, green), (0, 60, blue), (28, 36, blue)]),
        // An odd size.
        (Placement::Fit, (33, 17), [(3, 8, black), (3, 20, red), (60, 20, green), (3, 44, blue), (3, 56, black)]),
    ] {
        for preset in ["png", "ffv1"] {
            let (frame, width) = picture(&cut(size), &sized((64, 64), placement), preset);
            for (x, y, wanted) in expected {
                let got = &frame[(y * width + x) * 3..][..3];
                let alike = got.iter().zip(wanted).all(|(got, wanted)| got.abs_diff(wanted) <= 3);
                assert!(alike, "{placement} of {size:?}, {preset}: {got:?} at {x}, {y}, not {wanted:?}");
            }
        }
    }
}

#[test]
fn media_far_larger_than_the_canvas_costs_no_more_than_the_canvas() {
    let media = Media::new();
    // Filled, a line of 2 × 300 pixels would be 9600 lines high; each pixel is checked to come from the middle.
    let line = media.painted("line", (2, 300), 2, |_, y| [u8::try_from(y / 2).expect("small"), 9, 9, 255]);
    let cut = timeline([track("V1", [clip("c", line, range(0, 1, 24.0))])]);
    let (frame, width) = picture(&cut, &sized((64, 64), Placement::Fill), "png");
    for y in [0, 31, 63] {
        let got = frame[(y * width + 32) * 3];
        assert!((74..=75).contains(&got), "{got} at line {y}");
    }
}

#[test]
fn what_hiero_knows_about_a_picture_fills_what_the_file_leaves_open() {
    let media = Media::new();
    let known = |mut reference: Value, metadata: Value| {
        reference["metadata"] = metadata;
        reference
    };
    // Twice as wide as its pixels say.
    let squeezed = known(quarters(&media, "q", (32, 32)), json!({"foundry.source.pixelAspect": "2"}));
    let cut = |reference| timeline([track("V1", [clip("c", reference, range(0, 1, 24.0))])]);
    let (frame, width) = picture(&cut(squeezed), &sized((64, 64), Placement::Fit), "png");
    for (x, y, wanted) in [(3, 8, [0; 3]), (3, 20, [200, 0, 0]), (60, 20, [0, 200, 0]), (3, 56, [0; 3])] {
        assert_eq!(frame[(y * width + x) * 3..][..3], wanted, "{x}, {y}");
    }
    let gone = file(std::path::Path::new("/nowhere/a.mov"), range(0, 9, 24.0));
    let gone = known(gone, json!({"ayon.source.width": 96, "ayon.source.height": 40, "ayon.source.pixelAspect": 1.0}));
    let black = options(|options| options.media_missing = otio_conflate::plan::MissingPolicy::Black);
    let canvas = run(&cut(gone), &black, "png").report.canvas;
    assert_eq!((canvas.width, canvas.height), (96, 40));
    let nonsense = json!({"ayon.source.width": -5, "ayon.source.height": "tall", "ayon.source.pixelAspect": 0.0});
    let (frame, width) = picture(&cut(known(quarters(&media, "n", (32, 32)), nonsense)), &options(|_| ()), "png");
    assert_eq!((width, frame.len()), (32, 32 * 32 * 3));
}

#[test]
fn a_dissolve_of_media_that_sticks_out_is_placed_like_its_sides() {
    let media = Media::new();
    let wide = |name: &str, left: u8, right: u8| {
        let mut reference = media.painted(name, (64, 64), 8, |x, _| {
            let value = if x < 24 { left } else { right };
            [value, value, value, 255]
        });
        reference["metadata"] = json!({"foundry.source.pixelAspect": "2"});
        reference
    };
    let part = |name: &str, reference| clip(name, reference, range(2, 2, 24.0));
    let cut = timeline([track("V1", [part("a", wide("a", 40, 80)), dissolve(2, 2), part("b", wide("b", 120, 200))])]);
    let mut options = whole(4);
    options.canvas.size = Some((64, 64));
    options.placement = Placement::Fill;
    for preset in ["png", "ffv1"] {
        // Twice as wide as the canvas: column 24 of the media lies at column 16 of it.
        for (frame, shares) in run(&cut, &options, preset).samples("cut", "gray").iter().zip([0.0, 0.25, 0.5, 0.75]) {
            near(frame[8].into(), 40.0 + 80.0 * shares, 2.5, preset);
            near(frame[22].into(), 80.0 + 120.0 * shares, 2.5, preset);
        }
    }
}

fn bounded(mut media: Value, [left, bottom, right, top]: [f64; 4]) -> Value {
    let point = |x: f64, y: f64| json!({"OTIO_SCHEMA": "V2d.1", "x": x, "y": y});
    media["available_image_bounds"] =
        json!({"OTIO_SCHEMA": "Box2d.1", "min": point(left, bottom), "max": point(right, top)});
    media
}

#[test]
fn bounds_place_media_relative_to_the_hero_tracks_first() {
    let media = Media::new();
    let hero = bounded(media.painted("h", (64, 32), 2, |_, _| [90, 90, 90, 255]), [0.0, 0.0, 16.0, 8.0]);
    let inset = bounded(quarters(&media, "q", (10, 10)), [8.0, 4.0, 16.0, 8.0]);
    let part = |name: &str, media: Value| clip(name, media, range(0, 1, 24.0));
    let cut = timeline([track("V1", [part("c", hero.clone())]), track("V2", [part("i", inset.clone())])]);
    for preset in ["png", "ffv1"] {
        let (frame, width) = picture(&cut, &options(|_| ()), preset);
        assert_eq!(width, 64);
        // Upwards: the inset is the upper right quarter.
        for (x, y, wanted) in
            [(3, 3, [90; 3]), (40, 3, [200, 0, 0]), (60, 3, [0, 200, 0]), (36, 13, [0, 0, 200]), (60, 20, [90; 3])]
        {
            let got = &frame[(y * width + x) * 3..][..3];
            assert!(got.iter().zip(wanted).all(|(got, wanted)| got.abs_diff(wanted) <= 3), "{got:?} at {x}, {y}");
        }
    }
    // In a canvas of another shape the hero is fitted, and the others go with it.
    let (frame, width) = picture(&cut, &sized((64, 64), Placement::Fit), "png");
    for (x, y, wanted) in [(3, 8, [0; 3]), (3, 20, [90; 3]), (40, 20, [200, 0, 0]), (60, 40, [90; 3])] {
        assert_eq!(frame[(y * width + x) * 3..][..3], wanted, "{x}, {y}");
    }
    let half_out = bounded(quarters(&media, "o", (10, 10)), [12.0, -4.0, 20.0, 4.0]);
    let cut = timeline([track("V1", [part("c", hero)]), track("V2", [part("o", half_out)])]);
    let (frame, width) = picture(&cut, &options(|_| ()), "png");
    assert_eq!(
        (&frame[(20 * width + 50) * 3..][..3], &frame[(10 * width + 50) * 3..][..3]),
        (&[200, 0, 0][..], &[90; 3][..])
    );
}

#[test]
fn what_stands_for_missing_media_lies_where_that_would() {
    let media = Media::new();
    let hero = bounded(media.painted("h", (64, 32), 2, |_, _| [90, 90, 90, 255]), [0.0, 0.0, 16.0, 8.0]);
    let gone = bounded(file(std::path::Path::new("/nowhere/g.mov"), range(0, 9, 24.0)), [8.0, 4.0, 16.0, 8.0]);
    let part = |name: &str, media: Value| clip(name, media, range(0, 1, 24.0));
    let cut = timeline([track("V1", [part("c", hero)]), track("V2", [part("g", gone)])]);
    let black = options(|options| options.media_missing = otio_conflate::plan::MissingPolicy::Black);
    let (frame, width) = picture(&cut, &black, "png");
    for (x, y, wanted) in [(3, 3, 90), (40, 3, 0), (60, 13, 0), (60, 20, 90)] {
        assert_eq!(frame[(y * width + x) * 3], wanted, "{x}, {y}");
    }
}

#[test]
fn bounds_that_are_no_rectangle_or_have_nothing_to_relate_to_are_told() {
    let media = Media::new();
    let grey = |name: &str| media.painted(name, (32, 32), 2, |_, _| [90, 90, 90, 255]);
    let part = |name: &str, media: Value| clip(name, media, range(0, 1, 24.0));
    let flat = timeline([track("V1", [part("c", bounded(grey("f"), [0.0, 4.0, 16.0, 4.0]))])]);
    let run_flat = run(&flat, &options(|_| ()), "png");
    assert!(run_flat.plan.warnings.iter().any(|warning| warning.message.contains("not a rectangle")));
    assert_eq!(run_flat.samples("c", "rgb24")[0][..3], [90; 3]);
    let upper = bounded(grey("u"), [0.0, 0.0, 4.0, 4.0]);
    let alone = timeline([track("V1", [part("c", grey("g"))]), track("V2", [part("u", upper)])]);
    let warnings = run(&alone, &options(|_| ()), "png").plan.warnings;
    assert!(warnings.iter().any(|warning| warning.message.contains("no media of the hero track")), "{warnings:?}");
}

#[test]
fn light_is_scaled_without_being_cut() {
    let media = Media::new();
    let plane = |value: f32| value.to_le_bytes().repeat(32 * 16);
    let frame = [plane(0.5), plane(-0.25), plane(16.0)].concat();
    let pattern = media.path("l/l.%04d.exr");
    let path = raw_movie(&pattern, "gbrpf32le", (32, 16), "24", frame.repeat(2), "-format float -start_number 1");
    let light = sequence(&path, 1, range(0, 2, 24.0), "error");
    let cut = timeline([track("V1", [clip("c", light.clone(), range(0, 1, 24.0))])]);
    for (size, placement, inside, bare) in [
        ((64, 32), Placement::Fit, (40, 20), None),
        ((64, 64), Placement::Fit, (40, 20), Some((40, 5))),
        ((20, 20), Placement::Fill, (10, 10), None),
        ((16, 8), Placement::Native, (8, 4), None),
    ] {
        let frames = run(&cut, &sized(size, placement), "exr").frames("c");
        let at = |plane: usize, (x, y): (usize, usize)| {
            let (data, stride) = frames[0].plane(plane);
            f32::from_le_bytes(data[y * stride + x * 4..][..4].try_into().expect("four bytes"))
        };
        for (plane, wanted) in [(0, 0.5f32), (1, -0.25), (2, 16.0)] {
            near(at(plane, inside).into(), wanted.into(), 0.01, &format!("{placement} in {size:?}, plane {plane}"));
            if let Some(bare) = bare {
                near(at(plane, bare).into(), 0.0, 1e-6, "a bar");
            }
        }
    }
}
