//! Opacity, blend modes, transforms and crops: exact values, and FFmpeg's own filters on the same frames. R4.

use std::path::Path;

use otio_conflate::plan::Background;
use serde_json::{Value, json};

use crate::common::{ffmpeg, samples};
use crate::support::*;

const SIZE: (usize, usize) = (64, 64);

fn byte(value: usize) -> u8 {
    u8::try_from(value).expect("a byte")
}

/// Every value below meets every value above, in three different ways.
fn ramps(media: &Media) -> (Value, Value) {
    let below =
        media.painted("below", SIZE, 3, |x, y| [byte(x * 4), byte(255 - x * 4), byte((x * 4 + y * 2) % 256), 255]);
    let above = media.painted("above", SIZE, 3, |x, y| [byte(y * 4), byte(y * 4), byte((x + y * 3) % 256), 255]);
    (below, above)
}

fn over(below: &Value, above: &Value, effects: impl Into<Vec<Value>>) -> Value {
    let part = |name: &str, media: &Value| clip(name, media.clone(), range(1, 1, 24.0));
    timeline([track("V1", [part("c", below)]), track("V2", [with_effects(part("f", above), effects)])])
}

fn composite(mode: i64, opacity: f64) -> Value {
    resolve("Composite", &[("composite mode", json!(mode)), ("opacity", json!(opacity))])
}

/// What an FFmpeg filter makes of the second frames of two sequences.
fn filtered(media: &Media, names: [&str; 2], filter: &str) -> Vec<u8> {
    let file = |name: &str| media.path(&format!("{name}/{name}.0002.png")).display().to_string();
    let out = media.path("filtered.png");
    let (below, above, out_name) = (file(names[0]), file(names[1]), out.display().to_string());
    ffmpeg(&["-i", &below, "-i", &above, "-filter_complex", filter, "-pix_fmt", "rgb24", &out_name], None);
    samples(Path::new(&out_name), None, "rgb24")
}

#[track_caller]
fn assert_alike(got: &[u8], wanted: &[u8], most: u8, what: &str) {
    assert_eq!(got.len(), wanted.len(), "{what}");
    let worst = got.iter().zip(wanted).enumerate().max_by_key(|(_, (a, b))| a.abs_diff(**b)).expect("a picture");
    let (at, (got, wanted)) = worst;
    assert!(got.abs_diff(*wanted) <= most, "{what}: {got}, not {wanted}, at {}, {}", at / 3 % SIZE.0, at / 3 / SIZE.0);
}

#[test]
fn blend_modes_are_those_of_ffmpegs_filter() {
    let media = Media::new();
    let (below, above) = ramps(&media);
    for (mode, name) in [
        (1, "addition"),
        (3, "difference"),
        (4, "multiply"),
        (5, "screen"),
        (6, "overlay"),
        (9, "darken"),
        (10, "lighten"),
    ] {
        for opacity in [1.0, 0.5] {
            let wanted = filtered(
                &media,
                ["below", "above"],
                &format!("[0]format=gbrp[b];[1]format=gbrp[a];[b][a]blend=all_mode={name}:all_opacity={opacity}"),
            );
            let run = run(&over(&below, &above, [composite(mode, opacity * 100.0)]), &options(|_| ()), "png");
            // FFmpeg cuts off the half of a product before it doubles it.
            let most = if name == "overlay" { 2 } else { 1 };
            assert_alike(&run.samples("c", "rgb24")[0], &wanted, most, &format!("{name} at {opacity}"));
        }
    }
}

#[test]
fn a_still_with_alpha_over_video_is_what_ffmpegs_overlay_makes() {
    let media = Media::new();
    let (below, _) = ramps(&media);
    // Bright at half alpha, with black under what is transparent: nothing of it may show.
    let soft = |x: usize, y: usize| if x < 20 { [0, 0, 0, 0] } else { [250, byte(y * 4), 30, byte(x * 4)] };
    let above = media.painted("soft", SIZE, 3, soft);
    let filter = "[0]format=gbrp[b];[1]format=gbrap[a];[b][a]overlay=format=gbrp:alpha=straight";
    let wanted = filtered(&media, ["below", "soft"], filter);
    let run = run(&over(&below, &above, []), &options(|_| ()), "png");
    assert_alike(&run.samples("c", "rgb24")[0], &wanted, 1, "over");
}

#[test]
fn opacity_mixes_with_what_is_below_in_every_format() {
    let media = Media::new();
    let grey = |name: &str, luma: u16| {
        file(&media.flat(name, "yuv420p", &[luma, 128, 128], 6, "-c:v ffv1 -level 3"), range(0, 6, 24.0))
    };
    let cut = over(&grey("b.mkv", 100), &grey("a.mkv", 200), [composite(0, 25.0)]);
    for preset in ["ffv1", "prores-lt", "h264"] {
        let frame = run(&cut, &options(|_| ()), preset).samples("c", "yuv420p").remove(0);
        near(mean(&frame[..320 * 180]), 125.0, 1.0, preset);
    }
    // On nothing it fades to the background; on no background it becomes alpha.
    let alone = timeline([track(
        "V1",
        [with_effects(
            clip("c", media.painted("p", SIZE, 3, |_, _| [200, 100, 50, 255]), range(0, 1, 24.0)),
            [composite(0, 40.0)],
        )],
    )]);
    let black = run(&alone, &options(|_| ()), "png").samples("c", "rgba").remove(0);
    assert_eq!(black[..4], [80, 40, 20, 255]);
    let clear = run(&alone, &options(|options| options.background = Background::Transparent), "png");
    assert_eq!(clear.samples("c", "rgba")[0][..4], [200, 100, 50, 102]);
    // A side of a dissolve that is half transparent lets what is below through.
    let part = |name: &str, media: Value| clip(name, media, range(1, 2, 24.0));
    let faded = with_effects(part("f", grey("f.mkv", 220)), [composite(0, 50.0)]);
    let upper = track("V2", [faded, dissolve(1, 1), part("g", grey("g.mkv", 60))]);
    let lower = track("V1", [clip("c", grey("l.mkv", 100), range(0, 4, 24.0))]);
    let frames = run(&timeline([lower, upper]), &whole(4), "ffv1").samples("cut", "yuv420p");
    let lumas: Vec<f64> = frames.iter().map(|frame| mean(&frame[..320 * 180])).collect();
    for (got, wanted) in lumas.iter().zip([160.0, 160.0, 110.0, 60.0]) {
        near(*got, wanted, 1.0, &format!("{lumas:?}"));
    }
}

#[test]
fn opacity_moves_from_key_to_key() {
    let media = Media::new();
    let mut effect = composite(0, 100.0);
    effect["metadata"]["Resolve_OTIO"]["Parameters"][1]["Key Frames"] =
        json!({"0": {"Value": 0.0}, "4": {"Value": 100.0}, "6": {"Value": 50.0}});
    let still = media.painted("p", SIZE, 9, |_, _| [240, 240, 240, 255]);
    let cut = timeline([track("V1", [with_effects(clip("c", still, range(0, 8, 24.0)), [effect])])]);
    let run = run(&cut, &options(|_| ()), "png");
    let values: Vec<u8> = run.samples("c", "rgb24").iter().map(|frame| frame[0]).collect();
    assert_eq!(values, [0, 60, 120, 180, 240, 180, 120, 120]);
}

/// A picture whose every pixel tells where it is.
fn chart(media: &Media, size: (usize, usize)) -> Value {
    media.painted("chart", size, 2, |x, y| [byte(x * 3), byte(y * 5), byte((x * 7 + y * 13) % 251), 255])
}

/// The picture of a chart under these effects, and a way to look at it.
fn drawn(media: &Media, size: (usize, usize), effects: impl Into<Vec<Value>>) -> impl Fn(usize, usize) -> [u8; 3] {
    let cut = timeline([track("V1", [with_effects(clip("c", chart(media, size), range(0, 1, 24.0)), effects)])]);
    let frame = run(&cut, &options(|_| ()), "png").samples("c", "rgb24").remove(0);
    move |x, y| frame[(y * size.0 + x) * 3..][..3].try_into().expect("three samples")
}

#[test]
fn whole_pixels_are_moved_flipped_turned_and_cut_exactly() {
    let media = Media::new();
    let size = (64, 48);
    let at = |x: usize, y: usize| [byte(x * 3), byte(y * 5), byte((x * 7 + y * 13) % 251)];
    // A quarter of the width to the right, a quarter of the height up.
    let moved = [resolve("Transform", &[("transformationPan", json!(0.25)), ("transformationTilt", json!(0.25))])];
    let picture = drawn(&media, size, moved);
    for (x, y) in [(16, 0), (40, 20), (63, 35)] {
        assert_eq!(picture(x, y), at(x - 16, y + 12), "moved, {x}, {y}");
    }
    assert_eq!((picture(15, 10), picture(30, 36)), ([0; 3], [0; 3]));
    let flip = resolve("Transform", &[("transformationFlipX", json!(true)), ("transformationFlipY", json!(true))]);
    let picture = drawn(&media, size, [flip]);
    assert_eq!((picture(0, 0), picture(10, 40)), (at(63, 47), at(53, 7)));
    // Counter-clockwise around the middle: the right end goes up.
    let picture = drawn(&media, size, [resolve("Transform", &[("transformationRotationAngle", json!(90.0))])]);
    for (x, y) in [(10, 0), (32, 24), (50, 47)] {
        for (got, wanted) in picture(x, y).into_iter().zip(at(32 + 23 - y, x - 8)) {
            assert!(got.abs_diff(wanted) <= 1, "turned, {x}, {y}");
        }
    }
    assert_eq!((picture(7, 20), picture(56, 20)), ([0; 3], [0; 3]));
    let crop = [("cropLeft", json!(0.25)), ("cropBottom", json!(0.5))];
    let picture = drawn(&media, size, [resolve("Cropping", &crop)]);
    assert_eq!((picture(16, 0), picture(63, 23)), (at(16, 0), at(63, 23)));
    assert_eq!((picture(15, 0), picture(63, 24)), ([0; 3], [0; 3]));
}

#[test]
fn zoom_goes_around_the_anchor_and_shows_what_is_below() {
    let media = Media::new();
    let red = media.painted("red", SIZE, 2, |_, _| [220, 0, 0, 255]);
    let blue = media.painted("blue", SIZE, 2, |_, _| [0, 0, 220, 255]);
    let cut = |parameters: &[(&str, Value)]| {
        let top = with_effects(clip("t", red.clone(), range(0, 1, 24.0)), [resolve("Transform", parameters)]);
        timeline([track("V1", [clip("c", blue.clone(), range(0, 1, 24.0))]), track("V2", [top])])
    };
    let corner = [
        ("transformationZoomX", json!(0.5)),
        ("transformationZoomY", json!(0.25)),
        ("transformationAnchorPoint", json!([-0.5, 0.5])),
    ];
    let frame = run(&cut(&corner), &options(|_| ()), "png").samples("c", "rgb24").remove(0);
    for y in 0..64 {
        for x in 0..64 {
            let wanted = if x < 32 && y < 16 { [220, 0, 0] } else { [0, 0, 220] };
            assert_eq!(frame[(y * 64 + x) * 3..][..3], wanted, "{x}, {y}");
        }
    }
    // An edge in the middle of a pixel covers half of it, and leaves no dark line.
    let half = [("transformationPan", json!(0.5 / 64.0))];
    let frame = run(&cut(&half), &options(|_| ()), "png").samples("c", "rgb24").remove(0);
    assert_eq!((&frame[..3], &frame[3..6]), (&[110, 0, 110][..], &[220, 0, 0][..]));
}

#[test]
fn light_is_faded_added_and_moved_without_being_cut() {
    let media = Media::new();
    let light = |name: &str, [red, green, blue]: [f32; 3]| {
        let plane = |value: f32| value.to_le_bytes().repeat(64 * 64);
        let frame = [plane(green), plane(blue), plane(red)].concat();
        let pattern = media.path(&format!("{name}/{name}.%04d.exr"));
        let path = crate::common::raw_movie(
            &pattern,
            "gbrpf32le",
            SIZE,
            "24",
            frame.repeat(2),
            "-format float -start_number 1",
        );
        sequence(&path, 1, range(0, 2, 24.0), "error")
    };
    let (below, above) = (light("below", [1.0, 0.5, -0.25]), light("above", [4.0, 0.25, 0.5]));
    let half = [("transformationZoomX", json!(0.5))];
    for (effects, wanted, beside) in [
        (vec![composite(0, 50.0)], [2.5, 0.375, 0.125], [2.5, 0.375, 0.125]),
        (vec![composite(1, 100.0)], [5.0, 0.75, 0.25], [5.0, 0.75, 0.25]),
        (vec![composite(10, 100.0)], [4.0, 0.5, 0.5], [4.0, 0.5, 0.5]),
        (vec![resolve("Transform", &half)], [4.0, 0.25, 0.5], [1.0, 0.5, -0.25]),
    ] {
        let run = run(&over(&below, &above, effects.clone()), &options(|_| ()), "exr");
        let frame = run.frames("c").remove(0);
        for (x, wanted) in [(32, wanted), (5, beside)] {
            for (plane, wanted) in [2, 0, 1].into_iter().zip(wanted) {
                let (data, stride) = frame.plane(plane);
                let got = f32::from_le_bytes(data[32 * stride + x * 4..][..4].try_into().expect("four bytes"));
                near(got.into(), wanted, 2e-3, &format!("{effects:?}, plane {plane} at {x}"));
            }
        }
    }
}

#[test]
fn a_moved_picture_over_nothing_has_soft_edges_and_its_own_colour() {
    let media = Media::new();
    let still = media.painted("p", SIZE, 2, |_, _| [200, 100, 50, 255]);
    let turned =
        resolve("Transform", &[("transformationZoomX", json!(0.5)), ("transformationRotationAngle", json!(30.0))]);
    let cut = timeline([track("V1", [with_effects(clip("c", still, range(0, 1, 24.0)), [turned])])]);
    let clear = options(|options| options.background = Background::Transparent);
    let frame = run(&cut, &clear, "png").samples("c", "rgba").remove(0);
    let (mut soft, mut bare, mut full) = (0, 0, 0);
    for pixel in frame.chunks(4) {
        match pixel[3] {
            0 => bare += 1,
            255 => full += 1,
            _ => soft += 1,
        }
        // Very faint pixels have few steps to tell a colour with, no matter how it is coded.
        if pixel[3] > 8 {
            let alike = pixel.iter().zip([200u8, 100, 50]).all(|(got, wanted)| got.abs_diff(wanted) <= 1);
            assert!(alike, "{pixel:?}");
        }
    }
    assert!(soft > 50 && bare > 1000 && full > 1000, "{soft} soft, {bare} bare, {full} full");
}

#[test]
fn turns_keep_shapes_where_pixels_are_not_square() {
    let media = Media::new();
    let still = media.painted("q", SIZE, 2, |x, y| if x < 32 && y < 32 { [220, 0, 0, 255] } else { [0, 0, 220, 255] });
    let mut options = options(|_| ());
    options.canvas.size = Some((32, 64));
    options.canvas.pixel_aspect = Some(otio_conflate::time::Ratio::whole(2));
    let picture = |parameters: &[(&str, Value)]| {
        let clip = with_effects(clip("c", still.clone(), range(0, 1, 24.0)), [resolve("Transform", parameters)]);
        let frame = run(&timeline([track("V1", [clip])]), &options, "png").samples("c", "rgb24").remove(0);
        move |x: usize, y: usize| -> [u8; 3] { frame[(y * 32 + x) * 3..][..3].try_into().expect("three samples") }
    };
    let quarter = picture(&[("transformationRotationAngle", json!(90.0))]);
    assert_eq!((quarter(8, 48), quarter(8, 10), quarter(24, 60)), ([220, 0, 0], [0, 0, 220], [0, 0, 220]));
    // A square of half the height on its corner: 45 lines high, and as wide, which is 22 columns.
    let half = json!(0.5);
    let diamond = picture(&[
        ("transformationZoomX", half.clone()),
        ("transformationZoomY", half),
        ("transformationRotationAngle", json!(45.0)),
    ]);
    for (x, y) in [(6, 32), (25, 32), (16, 11), (16, 52)] {
        assert_ne!(diamond(x, y), [0; 3], "{x}, {y} is inside");
    }
    for (x, y) in [(3, 32), (28, 32), (16, 7), (16, 56), (6, 14)] {
        assert_eq!(diamond(x, y), [0; 3], "{x}, {y} is outside");
    }
}

#[test]
fn a_nested_stack_is_faded_blended_and_scaled_as_one_picture() {
    let media = Media::new();
    let flat = |name: &str, value: u8| media.painted(name, SIZE, 2, |_, _| [value, value, value, 255]);
    let half = media.painted("half", SIZE, 2, |x, _| [240, 240, 240, if x < 32 { 255 } else { 0 }]);
    let part = |name: &str, media| clip(name, media, range(0, 1, 24.0));
    let inner = [track("n1", [part("x", flat("x", 40))]), track("n2", [part("y", half)])];
    let nested = |effects: Value| {
        let mut nest = stack(inner.clone());
        nest["effects"] = effects;
        let cut = timeline([track("V1", [part("c", flat("c", 100))]), track("V2", [nest])]);
        let frame = run(&cut, &options(|_| ()), "png").samples("c", "rgb24").remove(0);
        move |x: usize, y: usize| frame[(y * SIZE.0 + x) * 3]
    };
    // Half of 240, not a half of a half of 40.
    let faded = nested(json!([composite(0, 50.0)]));
    assert_eq!((faded(5, 5), faded(60, 5)), (170, 70));
    let added = nested(json!([composite(1, 100.0)]));
    assert_eq!((added(5, 5), added(60, 5)), (255, 140));
    let zoom = [("transformationZoomX", json!(0.5)), ("transformationZoomY", json!(0.5))];
    let small = nested(json!([resolve("Transform", &zoom)]));
    assert_eq!((small(5, 32), small(24, 32), small(40, 32), small(60, 32)), (100, 240, 40, 100));
}

#[test]
fn final_cut_places_media_at_its_own_size() {
    let media = Media::new();
    let small = media.painted("small", (16, 8), 2, |_, _| [200, 100, 0, 255]);
    let large = media.painted("large", SIZE, 2, |_, _| [0, 0, 99, 255]);
    let motion = |scale: &str, horiz: &str| {
        json!({"OTIO_SCHEMA": "Effect.1", "name": "Basic Motion", "metadata": {"fcp_xml": {"effectid": "basic", "parameter": [
            {"parameterid": "scale", "value": scale},
            {"parameterid": "center", "value": {"horiz": horiz, "vert": "0"}}]}}})
    };
    let cut = |scale, horiz| over(&large, &small, [motion(scale, horiz)]);
    for (scale, horiz, columns, lines) in [("100", "0", 24..40, 28..36), ("200", "0.5", 24..56, 24..40)] {
        let frame = run(&cut(scale, horiz), &options(|_| ()), "png").samples("c", "rgb24").remove(0);
        for y in 0..64 {
            for x in 0..64 {
                let wanted = if columns.contains(&x) && lines.contains(&y) { [200, 100, 0] } else { [0, 0, 99] };
                assert_eq!(frame[(y * 64 + x) * 3..][..3], wanted, "{scale} % at {horiz}: {x}, {y}");
            }
        }
    }
}

#[test]
fn slow_motion_is_blended_where_that_is_asked_for() {
    use otio_conflate::plan::Retime;
    let media = Media::new();
    let frames = (0..8u8).flat_map(|number| [[number * 30; 3]; 64 * 64].concat()).collect();
    let pattern = media.path("steps/s.%04d.png");
    let path = crate::common::raw_movie(&pattern, "rgb24", SIZE, "24", frames, "-start_number 1");
    let steps = sequence(&path, 1, range(0, 8, 24.0), "error");
    let slow = |speed| timeline([track("V1", [warped(clip("c", steps.clone(), range(1, 6, 24.0)), speed)])]);
    let blended = options(|options| options.retime = Retime::Blend);
    let first = |run: &Run| run.samples("c", "rgb24").iter().map(|frame| frame[0]).collect::<Vec<_>>();
    assert_eq!(first(&run(&slow(0.5), &options(|_| ()), "png")), [30, 30, 60, 60, 90, 90]);
    assert_eq!(first(&run(&slow(0.5), &blended, "png")), [30, 45, 60, 75, 90, 105]);
    assert_eq!(first(&run(&slow(1.0), &blended, "png")), [30, 60, 90, 120, 150, 180]);
    assert_eq!(first(&run(&slow(0.3), &blended, "png")), [30, 39, 48, 57, 66, 75]);
}
