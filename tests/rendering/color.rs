//! Colour: what samples mean on the way through, and how exactly they arrive. R13.

use otio_conflate::plan::ColorTags;
use serde_json::{Value, json};

use crate::common::{Dice, color_tags, raw_movie, samples};
use crate::support::*;

fn one_clip(media: Value) -> Value {
    timeline([track("V1", [clip("c", media, range(1, 3, 24.0))])])
}

fn noise(bytes: usize, seed: u64) -> Vec<u8> {
    let mut dice = Dice::new(seed);
    (0..bytes).map(|_| u8::try_from(dice.roll(256)).expect("below 256")).collect()
}

/// Luma and chroma from 0 to 1 (chroma around 0.5) of a colour, by the closed form.
fn yuv(rgb: [f64; 3], (red, blue): (f64, f64)) -> [f64; 3] {
    let luma = red * rgb[0] + (1.0 - red - blue) * rgb[1] + blue * rgb[2];
    [luma, (rgb[2] - luma) / (2.0 * (1.0 - blue)), (rgb[0] - luma) / (2.0 * (1.0 - red))]
}

/// The same as limited-range codes of so many bits.
fn codes(rgb: [f64; 3], matrix: (f64, f64), bits: u32) -> [f64; 3] {
    let unit = f64::from(1u32 << (bits - 8));
    let [luma, blue, red] = yuv(rgb, matrix);
    [(16.0 + 219.0 * luma) * unit, (128.0 + 224.0 * blue) * unit, (128.0 + 224.0 * red) * unit]
}

const BT601: (f64, f64) = (0.299, 0.114);
const BT709: (f64, f64) = (0.2126, 0.0722);
const BT2020: (f64, f64) = (0.2627, 0.0593);

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "codes are small and positive")]
fn rounded(codes: [f64; 3]) -> [u16; 3] {
    codes.map(|code| code.round() as u16)
}

/// The colour in the middle of a frame of planar samples without subsampling.
fn middle(frame: &[u8], deep: bool, (width, height): (usize, usize)) -> [f64; 3] {
    [0, 1, 2].map(|plane| {
        let at = plane * width * height + height / 2 * width + width / 2;
        match deep {
            true => f64::from(u16::from_le_bytes([frame[at * 2], frame[at * 2 + 1]])),
            false => f64::from(frame[at]),
        }
    })
}

#[track_caller]
fn assert_color(got: [f64; 3], wanted: [f64; 3], most: f64, what: &str) {
    for (got, wanted) in got.into_iter().zip(wanted) {
        near(got, wanted, most, &format!("{what}, wanted {wanted:.1}"));
    }
}

#[test]
fn tags_are_carried_and_values_kept() {
    let media = Media::new();
    let pixel = [100u16, 90, 170];
    for (name, [space, primaries, transfer], in_prores) in [
        ("709", ["bt709", "bt709", "bt709"], "bt709"),
        ("525", ["smpte170m", "smpte170m", "smpte170m"], "bt709"),
        ("625", ["bt470bg", "bt470bg", "smpte170m"], "bt709"),
        ("2020", ["bt2020nc", "bt2020", "bt2020-10"], "bt709"),
        ("pq", ["bt2020nc", "bt2020", "smpte2084"], "smpte2084"),
        ("hlg", ["bt2020nc", "bt2020", "arib-std-b67"], "arib-std-b67"),
    ] {
        let coder = format!(
            "-vf setparams=range=limited:colorspace={space}:color_primaries={primaries}:color_trc={transfer} \
             -c:v libx264 -qp 0 -preset ultrafast"
        );
        let path = media.flat(&format!("{name}.mp4"), "yuv420p", &pixel, 5, &coder);
        let cut = one_clip(file(&path, range(0, 5, 24.0)));
        for preset in ["h264", "ffv1", "prores-lt", "dnxhr-hq"] {
            let run = run(&cut, &options(|_| ()), preset);
            let own = if preset == "prores-lt" { in_prores } else { transfer };
            // Both are BT.601's, and ProRes knows but one.
            let matrix = if preset == "prores-lt" && space == "bt470bg" { "smpte170m" } else { space };
            let wanted = ["tv", matrix, primaries, own].map(|tag| json!(tag));
            assert_eq!(color_tags(&run.path("c")), wanted, "{name} into {preset}");
            let got = middle(&run.samples("c", "yuv444p")[1], false, (320, 180));
            assert_color(got, pixel.map(f64::from), 1.0, &format!("{name} into {preset}"));
        }
    }
}

#[test]
fn untagged_video_is_taken_for_what_its_height_says() {
    let media = Media::new();
    for (size, space) in [((320, 180), "smpte170m"), ((720, 576), "bt470bg"), ((1280, 720), "bt709")] {
        let pixel = [100u16, 90, 170];
        let path = media.flat_of(&format!("{}.mkv", size.1), "yuv420p", &pixel, size, 4, "-c:v ffv1");
        let run = run(&one_clip(file(&path, range(0, 4, 24.0))), &options(|_| ()), "h264");
        assert_eq!(color_tags(&run.path("c"))[1], json!(space));
        assert_color(middle(&run.samples("c", "yuv444p")[1], false, size), pixel.map(f64::from), 1.0, space);
    }
}

#[test]
fn one_matrix_becomes_another_by_the_closed_form() {
    let media = Media::new();
    let tagged =
        |space: &str| format!("-vf setparams=range=limited:colorspace={space} -c:v libx264 -qp 0 -preset ultrafast");
    for (number, rgb) in [[0.7, 0.2, 0.2], [0.1, 0.6, 0.8], [0.5, 0.5, 0.5]].into_iter().enumerate() {
        for (space, matrix) in [("smpte170m", BT601), ("bt2020nc", BT2020), ("bt709", BT709)] {
            let pixel = rounded(codes(rgb, matrix, 8));
            let path = media.flat(&format!("{number}{space}.mp4"), "yuv444p", &pixel, 4, &tagged(space));
            let mut options = options(|_| ());
            options.canvas.color = Some(ColorTags::BT709);
            let cut = one_clip(file(&path, range(0, 4, 24.0)));
            for (preset, format, bits, most) in [("ffv1", "yuv444p", 8, 1.5), ("prores-4444", "yuv444p10le", 10, 6.0)] {
                let run = run(&cut, &options, preset);
                assert_eq!(color_tags(&run.path("c"))[1], json!("bt709"));
                let got = middle(&run.samples("c", format)[1], bits > 8, (320, 180));
                assert_color(got, codes(rgb, BT709, bits), most, &format!("{space} {rgb:?} into {preset}"));
            }
        }
    }
}

#[test]
fn media_of_several_matrices_in_one_cut() {
    let media = Media::new();
    let rgb = [0.7, 0.3, 0.2];
    let make = |name: &str, matrix, space: &str| {
        let coder = format!("-vf setparams=range=limited:colorspace={space} -c:v libx264 -qp 0 -preset ultrafast");
        let path = media.flat(name, "yuv444p", &rounded(codes(rgb, matrix, 8)), 12, &coder);
        clip("c", file(&path, range(0, 12, 24.0)), range(3, 4, 24.0))
    };
    let (hd, sd) = (make("hd.mp4", BT709, "bt709"), make("sd.mp4", BT601, "smpte170m"));
    let cut = timeline([track("V1", [hd, dissolve(2, 2), sd])]);
    for (preset, most) in [("ffv1", 1.5), ("h264", 2.0)] {
        let run = run(&cut, &whole(8), preset);
        for frame in run.samples("cut", "yuv444p") {
            assert_color(middle(&frame, false, (320, 180)), codes(rgb, BT709, 8), most, preset);
        }
    }
}

#[test]
fn full_range_becomes_limited_where_video_is_written() {
    let media = Media::new();
    let rgb = [0.7, 0.3, 0.2];
    let [luma, blue, red] = yuv(rgb, BT601);
    let pixel = rounded([255.0 * luma, 128.0 + 255.0 * blue, 128.0 + 255.0 * red]);
    let path = media.flat("a.avi", "yuvj420p", &pixel, 4, "-c:v mjpeg -q:v 1 -qmin 1");
    let cut = one_clip(file(&path, range(0, 4, 24.0)));
    let is = |preset: &str, wanted: [f64; 3], range_tag: &str| {
        let run = run(&cut, &options(|_| ()), preset);
        let got = middle(&run.samples("c", "yuv444p")[1], false, (320, 180));
        // The command line tool may turn ranges over on its way to a plain format; what is stored decides.
        let stored = color_tags(&run.path("c"))[0].clone();
        assert_eq!(stored, json!(range_tag), "{preset}");
        assert_color(got, wanted, 2.0, preset);
    };
    is("h264", codes(rgb, BT601, 8), "tv");
    is("prores-lt", codes(rgb, BT601, 8), "tv");
    is("dnxhr-sq", codes(rgb, BT601, 8), "tv");
    let run = run(&cut, &options(|_| ()), "png");
    let frame = &run.samples("c", "rgb24")[1];
    let at = (90 * 320 + 160) * 3;
    assert_color([0, 1, 2].map(|n| f64::from(frame[at + n])), rgb.map(|value| value * 255.0), 2.0, "png");
}

#[test]
fn graphics_become_limited_video() {
    let media = Media::new();
    let rgb = [200u16, 100, 50];
    let path = media.flat_of("f.%04d.png", "rgb24", &rgb, (1280, 720), 2, "-start_number 1");
    let media = sequence(&path, 1, range(0, 2, 24.0), "error");
    let cut = timeline([track("V1", [clip("c", media, range(0, 2, 24.0))])]);
    let unit = rgb.map(|value| f64::from(value) / 255.0);
    for (preset, format, bits, most) in [("prores-lt", "yuv444p10le", 10, 4.0), ("h264", "yuv444p", 8, 1.5)] {
        let run = run(&cut, &options(|_| ()), preset);
        assert_eq!(color_tags(&run.path("c"))[..2], ["tv", "bt709"].map(|tag| json!(tag)));
        let got = middle(&run.samples("c", format)[1], bits > 8, (1280, 720));
        assert_color(got, codes(unit, BT709, bits), most, preset);
    }
}

/// An EXR sequence of one picture, whose pixels are these.
fn exr(media: &Media, name: &str, pixel: &[f32], count: usize) -> Value {
    let planes: Vec<f32> = match *pixel {
        [red, green, blue] => vec![green, blue, red],
        [red, green, blue, alpha] => vec![green, blue, red, alpha],
        _ => panic!("three or four channels"),
    };
    let frame: Vec<u8> = planes.iter().flat_map(|value| value.to_le_bytes().repeat(320 * 180)).collect();
    let format = if pixel.len() == 4 { "gbrapf32le" } else { "gbrpf32le" };
    let path = media.path(&format!("{name}/f.%04d.exr"));
    raw_movie(&path, format, (320, 180), "24", frame.repeat(count), "-format float -start_number 1");
    sequence(&path, 1, range(0, i64::try_from(count).expect("few"), 24.0), "error")
}

fn bt709(linear: f64) -> f64 {
    if linear < 0.018 { 4.5 * linear } else { 1.099 * linear.powf(0.45) - 0.099 }
}

fn srgb(linear: f64) -> f64 {
    if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 }
}

#[test]
fn linear_light_gets_a_curve() {
    let media = Media::new();
    let cut = one_clip(exr(&media, "a", &[0.18, 0.5, 2.0], 4));
    let wanted = [0.18, 0.5, 1.0];
    let lt = run(&cut, &options(|_| ()), "prores-4444");
    let got = middle(&lt.samples("c", "yuv444p10le")[1], true, (320, 180));
    let matrix = if color_tags(&lt.path("c"))[1] == json!("bt709") { BT709 } else { BT601 };
    assert_color(got, codes(wanted.map(bt709), matrix, 10), 3.0, "prores");
    for (preset, format, scale) in [("png", "rgb24", 255.0), ("tiff", "rgb24", 255.0)] {
        let run = run(&cut, &options(|_| ()), preset);
        let frame = &run.samples("c", format)[1];
        let at = (90 * 320 + 160) * 3;
        let got = [0, 1, 2].map(|n| f64::from(frame[at + n]));
        assert_color(got, wanted.map(|value| srgb(value) * scale), 1.0, preset);
    }
}

/// The floats of one pixel of an EXR output: red, green, blue and, if it is there, alpha.
fn floats(run: &Run, frame: usize) -> Vec<f32> {
    let frame = &run.frames("c")[frame];
    let planes: &[usize] = if frame.has_alpha() { &[2, 0, 1, 3] } else { &[2, 0, 1] };
    planes
        .iter()
        .map(|&plane| {
            let (data, stride) = frame.plane(plane);
            let at = 90 * stride + 160 * 4;
            f32::from_le_bytes(data[at..at + 4].try_into().expect("four bytes"))
        })
        .collect()
}

#[test]
fn exr_stays_exr_to_the_last_bit() {
    let media = Media::new();
    // What halves can say, far above white and below black.
    for pixel in [vec![0.1875f32, 12.5, -0.25], vec![4.0, 0.000_488_281_25, 1.0, 0.5], vec![1000.0, 0.5, 0.25, 1.0]] {
        let cut = one_clip(exr(&media, &format!("{}", pixel[0]), &pixel, 4));
        let black = run(&cut, &options(|_| ()), "exr");
        assert_eq!(floats(&black, 1), pixel[..3], "on black");
        let options = options(|options| options.background = otio_conflate::plan::Background::Transparent);
        let bare = run(&cut, &options, "exr");
        assert_eq!(floats(&bare, 1)[..3], pixel[..3], "on nothing");
        assert_eq!(floats(&bare, 1).get(3).copied().unwrap_or(1.0), pixel.get(3).copied().unwrap_or(1.0));
    }
}

#[test]
fn light_is_exact_as_halves_and_as_grey() {
    let media = Media::new();
    // Halves and floats of one or three channels are different pixel formats, and not the same ones in every FFmpeg.
    for (format, kind, pixel) in [
        ("gbrpf32le", "half", [12.5f32, -0.25, 0.1875]),
        ("gbrapf32le", "half", [12.5, -0.25, 0.1875]),
        ("grayf32le", "half", [12.5; 3]),
        ("grayf32le", "float", [12.5; 3]),
    ] {
        let planes: &[f32] = match format {
            "grayf32le" => &pixel[..1],
            "gbrpf32le" => &[pixel[1], pixel[2], pixel[0]],
            _ => &[pixel[1], pixel[2], pixel[0], 1.0],
        };
        let frame: Vec<u8> = planes.iter().flat_map(|value| value.to_le_bytes().repeat(320 * 180)).collect();
        let path = media.path(&format!("{format}{kind}/f.%04d.exr"));
        raw_movie(&path, format, (320, 180), "24", frame.repeat(4), &format!("-format {kind} -start_number 1"));
        let light = || sequence(&path, 1, range(0, 4, 24.0), "error");
        let alone = run(&one_clip(light()), &options(|_| ()), "exr");
        assert_eq!(floats(&alone, 1), pixel, "{format} {kind}");
        // Scaled, and laid over something else.
        let small = options(|options| options.canvas.size = Some((160, 90)));
        let below = exr(&media, &format!("below/{format}{kind}"), &[0.5, 0.5, 0.5], 4);
        let tracks =
            [("V1", below), ("V2", light())].map(|(name, media)| track(name, [clip("c", media, range(1, 3, 24.0))]));
        let frame = &run(&timeline(tracks), &small, "exr").frames("c")[1];
        let at = |plane: usize| {
            let (data, stride) = frame.plane(plane);
            f32::from_le_bytes(data[45 * stride + 80 * 4..][..4].try_into().expect("four bytes"))
        };
        for (got, wanted) in [2, 0, 1].map(at).into_iter().zip(pixel) {
            near(got.into(), wanted.into(), 1e-3, &format!("{format} {kind}, scaled"));
        }
    }
}

#[test]
fn linear_dissolves_stay_linear_in_exr_and_are_made_in_code_values_elsewhere() {
    let media = Media::new();
    let (a, b) = (exr(&media, "a", &[0.25, 0.5, 4.0], 9), exr(&media, "b", &[0.75, 0.0, 2.0], 9));
    let cut =
        timeline([track("V1", [clip("c", a, range(2, 3, 24.0)), dissolve(1, 1), clip("d", b, range(2, 3, 24.0))])]);
    let mut whole = whole(6);
    whole.shots = otio_conflate::plan::ShotSelection::Ranges(vec![("c".to_owned(), 0, 6)]);
    assert_eq!(floats(&run(&cut, &whole, "exr"), 3), [0.5, 0.25, 3.0]);
    let run = run(&cut, &whole, "png");
    let frame = &run.samples("c", "rgb48le")[3];
    let at = (90 * 320 + 160) * 6;
    let wanted = [(0.25, 0.75), (0.5, 0.0), (1.0, 1.0)].map(|(a, b)| (srgb(a) + srgb(b)) / 2.0 * 65535.0);
    let got = [0, 2, 4].map(|n| f64::from(u16::from_le_bytes([frame[at + n], frame[at + n + 1]])));
    assert_color(got, wanted, 2.0, "png");
}

#[test]
fn samples_arrive_bit_by_bit_where_nothing_is_converted() {
    let media = Media::new();
    let (width, height) = (64, 48);
    for (name, format, bytes, presets, coder) in [
        ("a.%04d.png", "rgb24", 3, &["png", "ffv1"][..], "-start_number 1"),
        ("b.%04d.png", "rgb48be", 6, &["png", "tiff", "ffv1"], "-start_number 1"),
        ("c.%04d.tif", "rgb48le", 6, &["png", "tiff"], "-start_number 1"),
        ("d.mkv", "yuv420p", 2, &["ffv1"], "-c:v ffv1"),
        ("e.mkv", "yuv444p", 3, &["ffv1"], "-c:v ffv1"),
    ] {
        let frame = if format == "yuv420p" { width * height * 3 / 2 } else { width * height * bytes };
        let data = noise(frame * 4, 5);
        let path = raw_movie(&media.path(name), format, (width, height), "24", data.clone(), coder);
        let source = match name.contains('%') {
            true => sequence(&path, 1, range(0, 4, 24.0), "error"),
            false => file(&path, range(0, 4, 24.0)),
        };
        for preset in presets {
            let run = run(&one_clip(source.clone()), &options(|_| ()), preset);
            let got = run.samples("c", format);
            assert!(got.concat() == data[frame..], "{name} into {preset}");
        }
    }
    // 10 bits of video: the low bits of every sample are noise, too.
    let mut dice = Dice::new(9);
    let data: Vec<u8> = (0..width * height * 2 * 4)
        .flat_map(|_| u16::try_from(64 + dice.roll(877)).expect("small").to_le_bytes())
        .collect();
    let path = raw_movie(&media.path("f.mkv"), "yuv422p10le", (width, height), "24", data.clone(), "-c:v ffv1");
    let run = run(&one_clip(file(&path, range(0, 4, 24.0))), &options(|_| ()), "ffv1");
    assert!(run.samples("c", "yuv422p10le").concat() == data[width * height * 4..]);
    // 8 bits as 16 are the same numbers.
    let path = media.path("a.%04d.png");
    let run = crate::support::run(&one_clip(sequence(&path, 1, range(0, 4, 24.0), "error")), &options(|_| ()), "tiff");
    let eight = samples(&path, Some(1), "rgb24")[width * height * 3..].to_vec();
    let sixteen: Vec<u8> = run.samples("c", "rgb48le").concat();
    assert!(eight.iter().zip(sixteen.chunks(2)).all(|(eight, sixteen)| sixteen == [*eight, *eight]));
}

#[test]
fn ten_bits_stay_ten_bits_in_prores() {
    let media = Media::new();
    // A ramp in steps that 8 bits do not have.
    let ramp: Vec<u8> = (0..180u16)
        .flat_map(|_| (0..320u16).flat_map(|x| (400 + x / 4).to_le_bytes()))
        .chain(512u16.to_le_bytes().repeat(160 * 180 * 2))
        .collect();
    let path = raw_movie(&media.path("a.mkv"), "yuv422p10le", (320, 180), "24", ramp.repeat(4), "-c:v ffv1");
    let run = run(&one_clip(file(&path, range(0, 4, 24.0))), &options(|_| ()), "prores-hq");
    let frame = &run.samples("c", "yuv422p10le")[1];
    let mut error = 0.0f64;
    for x in 0..320 {
        let got = f64::from(u16::from_le_bytes([frame[(90 * 320 + x) * 2], frame[(90 * 320 + x) * 2 + 1]]));
        let wanted = 400.0 + f64::from(u32::try_from(x / 4).expect("small"));
        error = error.max((got - wanted).abs());
    }
    assert!(error <= 2.0, "off by {error:#}");
}
