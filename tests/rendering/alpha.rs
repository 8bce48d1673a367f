//! Pictures with alpha, over others and over nothing. R4, R13.

use std::path::PathBuf;

use otio_conflate::plan::{Background, PlanOptions};
use serde_json::Value;

use crate::common::raw_movie;
use crate::support::*;

const SIZE: (usize, usize) = (320, 180);
/// The colour in front, and the one behind.
const FRONT: [f64; 3] = [200.0, 150.0, 60.0];
const BACK: [f64; 3] = [40.0, 80.0, 120.0];

/// Alpha rises from 0 at the left to 255 at the right; the last lines are fully transparent, and white.
fn alpha(x: usize, y: usize) -> f64 {
    if y >= 170 { 0.0 } else { f64::from(u32::try_from(x * 255 / 319).expect("small")) }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 255")]
fn straight() -> Vec<u8> {
    let pixels = (0..SIZE.1).flat_map(|y| (0..SIZE.0).map(move |x| (x, y)));
    pixels
        .flat_map(|(x, y)| {
            let color = if y >= 170 { [255.0; 3] } else { FRONT };
            [color[0] as u8, color[1] as u8, color[2] as u8, alpha(x, y) as u8]
        })
        .collect()
}

fn front_png(media: &Media) -> Value {
    let path = raw_movie(&media.path("f/f.%04d.png"), "rgba", SIZE, "24", straight().repeat(6), "-start_number 1");
    sequence(&path, 1, range(0, 6, 24.0), "error")
}

fn back(media: &Media) -> Value {
    let path = media.flat("b/b.%04d.png", "rgb24", &[40, 80, 120], 6, "-start_number 1");
    sequence(&path, 1, range(0, 6, 24.0), "error")
}

fn over(back: Value, front: Value) -> Value {
    let part = |name: &str, media| clip(name, media, range(1, 3, 24.0));
    timeline([track("V1", [part("c", back)]), track("V2", [part("f", front)])])
}

/// Every pixel of every frame is the front over the back.
#[track_caller]
fn assert_over(run: &Run, most: f64, edge: usize) {
    // As it is stored: the command line tool's own conversions are off by more than is allowed here.
    let deep = run.report.preset == "tiff";
    for frame in run.samples("c", if deep { "rgb48le" } else { "rgb24" }) {
        for y in [0, 90, 160, 175] {
            for x in (0..SIZE.0).filter(|_| edge == 0 || (y + edge < 170) || y >= 170 + edge) {
                let share = alpha(x, y) / 255.0;
                for channel in 0..3 {
                    let wanted = FRONT[channel] * share + BACK[channel] * (1.0 - share);
                    let at = (y * SIZE.0 + x) * 3 + channel;
                    let got = match deep {
                        true => f64::from(u16::from_le_bytes([frame[at * 2], frame[at * 2 + 1]])) / 257.0,
                        false => f64::from(frame[at]),
                    };
                    near(got, wanted, most, &format!("{} at {x}, {y}", run.report.preset));
                }
            }
        }
    }
}

fn transparent() -> PlanOptions {
    options(|options| options.background = Background::Transparent)
}

#[test]
fn straight_alpha_over_a_clip() {
    let media = Media::new();
    let cut = over(back(&media), front_png(&media));
    for (preset, most) in [("png", 1.0), ("ffv1", 1.0), ("tiff", 1.0), ("prores-4444", 3.5)] {
        assert_over(&run(&cut, &options(|_| ()), preset), most, 0);
    }
    // The same in a nest, and with the nest's background nothing at all.
    let part = |name: &str, media| clip(name, media, range(1, 3, 24.0));
    let nest = stack([track("n1", [gap(3)]), track("n2", [part("f", front_png(&media))])]);
    let cut = timeline([track("V1", [part("c", back(&media))]), track("V2", [nest])]);
    assert_over(&run(&cut, &options(|_| ()), "png"), 1.0, 0);
}

#[test]
fn straight_alpha_of_prores_4444() {
    let media = Media::new();
    let path = raw_movie(
        &media.path("f.mov"),
        "rgba",
        SIZE,
        "24",
        straight().repeat(6),
        "-c:v prores_ks -profile:v 4 -pix_fmt yuva444p10le -alpha_bits 16",
    );
    let cut = over(back(&media), file(&path, range(0, 6, 24.0)));
    for preset in ["png", "ffv1"] {
        assert_over(&run(&cut, &options(|_| ()), preset), 4.0, 9);
    }
}

fn exr(media: &Media, name: &str, pixel: impl Fn(usize) -> [f32; 4]) -> Value {
    let mut frame = Vec::new();
    for channel in [1, 2, 0, 3] {
        for _ in 0..SIZE.1 {
            frame.extend((0..SIZE.0).flat_map(|x| pixel(x)[channel].to_le_bytes()));
        }
    }
    let path: PathBuf = media.path(&format!("{name}/f.%04d.exr"));
    raw_movie(&path, "gbrapf32le", SIZE, "24", frame.repeat(6), "-format float -start_number 1");
    sequence(&path, 1, range(0, 6, 24.0), "error")
}

#[allow(clippy::cast_precision_loss, reason = "a small number")]
fn ramp(x: usize) -> f32 {
    x as f32 / 319.0
}

#[test]
fn premultiplied_exr_over_exr_and_over_video() {
    let media = Media::new();
    let front = exr(&media, "front", |x| [0.5 * ramp(x), 0.25 * ramp(x), 0.125 * ramp(x), ramp(x)]);
    let below = exr(&media, "below", |_| [0.1, 0.2, 0.4, 1.0]);
    let run_exr = run(&over(below, front.clone()), &options(|_| ()), "exr");
    let frame = &run_exr.frames("c")[1];
    for (plane, front, below) in [(2, 0.5, 0.1), (0, 0.25, 0.2), (1, 0.125, 0.4)] {
        let (data, stride) = frame.plane(plane);
        for x in 0..SIZE.0 {
            let at = 90 * stride + x * 4;
            let got = f32::from_le_bytes(data[at..at + 4].try_into().expect("four bytes"));
            let wanted = front * ramp(x) + below * (1.0 - ramp(x));
            near(got.into(), wanted.into(), 1.0 / 1024.0, &format!("plane {plane} at {x}"));
        }
    }
    // In code values over graphics: the colour is divided, encoded and multiplied again, so no edge turns dark.
    let curve = |linear: f64| (1.055 * linear.powf(1.0 / 2.4) - 0.055) * 255.0;
    let run = run(&over(back(&media), front), &options(|_| ()), "png");
    let frame = &run.samples("c", "rgb48le")[1];
    for x in 0..SIZE.0 {
        for (channel, front) in [0.5, 0.25, 0.125].into_iter().enumerate() {
            let share = f64::from(ramp(x));
            let wanted = curve(front) * share + BACK[channel] * (1.0 - share);
            let at = ((90 * SIZE.0 + x) * 3 + channel) * 2;
            let got = f64::from(u16::from_le_bytes([frame[at], frame[at + 1]])) / 257.0;
            near(got, wanted, 1.0, &format!("channel {channel} at {x}"));
        }
    }
}

#[test]
fn light_brighter_than_white_survives_being_laid_over() {
    let media = Media::new();
    let front = exr(&media, "front", |x| [8.0 * ramp(x), 2.0 * ramp(x), 0.0, ramp(x)]);
    let below = exr(&media, "below", |_| [16.0, 0.25, -0.5, 1.0]);
    let run = run(&over(below, front), &options(|_| ()), "exr");
    let frame = &run.frames("c")[1];
    for (plane, front, below) in [(2, 8.0, 16.0), (0, 2.0, 0.25), (1, 0.0, -0.5)] {
        let (data, stride) = frame.plane(plane);
        for x in 0..SIZE.0 {
            let at = 90 * stride + x * 4;
            let got = f32::from_le_bytes(data[at..at + 4].try_into().expect("four bytes"));
            let wanted: f32 = front * ramp(x) + below * (1.0 - ramp(x));
            near(got.into(), wanted.into(), f64::from(wanted.abs()) / 1024.0 + 1e-4, &format!("plane {plane} at {x}"));
        }
    }
}

#[test]
fn nothing_below_is_nothing_in_files_that_hold_alpha() {
    let media = Media::new();
    let front = front_png(&media);
    let cut = timeline([track("V1", [clip("c", front, range(1, 3, 24.0)), gap(2)])]);
    let mut options = transparent();
    options.shots = otio_conflate::plan::ShotSelection::Ranges(vec![("c".to_owned(), 0, 5)]);
    let png = run(&cut, &options, "png");
    let frames = png.samples("c", "rgba");
    assert!(frames[1] == straight(), "bit by bit, the colour under alpha 0 included");
    assert!(frames[4].iter().all(|&sample| sample == 0), "a gap is transparent");
    let prores = run(&cut, &options, "prores-4444");
    for frame in &prores.samples("c", "rgba")[..3] {
        for x in (0..SIZE.0).step_by(7) {
            near(f64::from(frame[(90 * SIZE.0 + x) * 4 + 3]), alpha(x, 90), 1.0, "alpha");
        }
        near(f64::from(frame[(90 * SIZE.0 + 300) * 4]), FRONT[0], 4.0, "red");
    }
    assert!(prores.samples("c", "rgba")[4].chunks(4).all(|pixel| pixel[3] == 0));
    // A format without alpha shows it on black.
    let bare = run(&cut, &options, "prores-lt");
    let frame = bare.samples("c", "rgb24").remove(1);
    for x in (0..SIZE.0).step_by(7) {
        let got = f64::from(frame[(90 * SIZE.0 + x) * 3]);
        near(got, FRONT[0] * alpha(x, 90) / 255.0, 5.0, "on black");
    }
}

#[test]
fn a_fade_over_nothing_changes_alpha_and_no_colour() {
    let media = Media::new();
    let path = media.flat("b/b.%04d.png", "rgb24", &[40, 80, 120], 12, "-start_number 1");
    let clip = clip("c", sequence(&path, 1, range(0, 12, 24.0), "error"), range(0, 8, 24.0));
    let cut = timeline([track("V1", [gap(1), dissolve(0, 4), clip])]);
    let run = run(&cut, &transparent(), "png");
    for (row, frame) in run.rows("c").iter().zip(run.samples("c", "rgba")) {
        let share: f64 = row.layers.iter().map(|layer| layer.weight).sum();
        let pixel = &frame[(90 * SIZE.0 + 160) * 4..][..4];
        near(f64::from(pixel[3]), share * 255.0, 1.0, "alpha");
        if share > 0.0 {
            for (got, wanted) in pixel[..3].iter().zip([40.0, 80.0, 120.0]) {
                near(f64::from(*got), wanted, 1.0, "colour");
            }
        }
    }
}

#[test]
fn alpha_media_alone_is_laid_on_black() {
    let media = Media::new();
    let cut = timeline([track("V1", [clip("c", front_png(&media), range(1, 3, 24.0))])]);
    for (preset, most) in [("png", 1.0), ("ffv1", 1.0), ("prores-4444", 4.0)] {
        for frame in run(&cut, &options(|_| ()), preset).samples("c", "rgb24") {
            for x in 0..SIZE.0 {
                let got = f64::from(frame[(90 * SIZE.0 + x) * 3]);
                near(got, FRONT[0] * alpha(x, 90) / 255.0, most, preset);
            }
            let bottom = &frame[178 * SIZE.0 * 3..];
            assert!(bottom.iter().all(|&sample| f64::from(sample) <= most), "what is transparent is black");
        }
    }
}
