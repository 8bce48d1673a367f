//! Conversions against the arithmetic of the standards and against the FFmpeg command line.
#![cfg(feature = "ffmpeg")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;
use otio_conflate::backend::ffmpeg::{ChromaSite, Converter, SourcePicture, TargetFormat, rgba8_frame};
use otio_conflate::picture::{Rect, Rotation};
use otio_conflate::plan::ColorTags;

/// Kr and Kb of a matrix.
fn weights(matrix: u8) -> (f64, f64) {
    match matrix {
        1 => (0.2126, 0.0722),
        9 => (0.2627, 0.0593),
        _ => (0.299, 0.114),
    }
}

/// RGB in 0..=1 as Y, Cb, Cr of `bits` bits, by ITU-R BT.601, BT.709 and BT.2020; not rounded.
fn yuv(rgb: [f64; 3], color: ColorTags, bits: u32) -> [f64; 3] {
    let (kr, kb) = weights(color.matrix);
    let luma = kr * rgb[0] + (1.0 - kr - kb) * rgb[1] + kb * rgb[2];
    let (cb, cr) = ((rgb[2] - luma) / (2.0 * (1.0 - kb)), (rgb[0] - luma) / (2.0 * (1.0 - kr)));
    let scale = f64::from(1u32 << (bits - 8));
    if color.full_range {
        let max = f64::from((1u32 << bits) - 1);
        let middle = f64::from(1u32 << (bits - 1));
        [luma * max, cb * max + middle, cr * max + middle].map(|value| value.min(max))
    } else {
        [(16.0 + 219.0 * luma) * scale, (128.0 + 224.0 * cb) * scale, (128.0 + 224.0 * cr) * scale]
    }
}

const PATCHES: [[u8; 3]; 12] = [
    [0, 0, 0],
    [255, 255, 255],
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
    [255, 255, 0],
    [0, 255, 255],
    [255, 0, 255],
    [128, 128, 128],
    [1, 1, 1],
    [200, 100, 50],
    [17, 230, 99],
];

const SIDE: u32 = 32;

fn patch(rgb: [u8; 3]) -> Video {
    rgba8_frame(&[rgb[0], rgb[1], rgb[2], 255].repeat((SIDE * SIDE) as usize), SIDE, SIDE).unwrap()
}

fn target(format: Pixel, color: ColorTags) -> TargetFormat {
    TargetFormat { format, width: SIDE, height: SIDE, color, premultiplied: false, chroma: ChromaSite::Left }
}

/// The sample in the middle of a plane.
fn middle(frame: &Video, plane: usize, bytes: usize) -> u32 {
    let (x, y) = (frame.plane_width(plane) as usize / 2, frame.plane_height(plane) as usize / 2);
    let at = y * frame.stride(plane) + x * bytes;
    match bytes {
        1 => frame.data(plane)[at].into(),
        _ => u16::from_le_bytes(frame.data(plane)[at..at + 2].try_into().unwrap()).into(),
    }
}

fn matrices() -> Vec<ColorTags> {
    let mut all = Vec::new();
    for matrix in [1, 5, 6, 9] {
        for full_range in [false, true] {
            all.push(ColorTags { matrix, full_range, ..ColorTags::BT709 });
        }
    }
    all
}

const FORMATS: [(Pixel, u32); 7] = [
    (Pixel::YUV420P, 8),
    (Pixel::YUV422P, 8),
    (Pixel::YUV444P, 8),
    (Pixel::YUV422P10LE, 10),
    (Pixel::YUV444P10LE, 10),
    (Pixel::YUV444P12LE, 12),
    (Pixel::YUV444P16LE, 16),
];

#[test]
fn patches_become_what_the_standards_say() {
    let mut converter = Converter::new();
    let mut worst = std::collections::BTreeMap::new();
    for color in matrices() {
        for (format, bits) in FORMATS {
            for rgb in PATCHES {
                let frame = patch(rgb);
                let source = SourcePicture {
                    frame: &frame,
                    color: ColorTags { transfer: 1, ..ColorTags::SRGB },
                    premultiplied: false,
                };
                let out = converter.convert(&source, &target(format, color), Rect::whole(SIDE, SIDE)).unwrap().unwrap();
                let wanted = yuv(rgb.map(|value| f64::from(value) / 255.0), color, bits);
                for (plane, wanted) in wanted.into_iter().enumerate() {
                    let got = f64::from(middle(&out, plane, if bits == 8 { 1 } else { 2 }));
                    let error = (got - wanted).abs();
                    let slot = worst.entry((bits, color.full_range)).or_insert((0.0f64, String::new()));
                    if error > slot.0 {
                        *slot = (error, format!("{rgb:?} {format:?} {color:?} plane {plane}: {got}, not {}", wanted));
                    }
                    if color.matrix == 1 && !color.full_range && (rgb == [0; 3] || rgb == [255; 3]) && bits < 16 {
                        assert!(error < 0.5, "{rgb:?} {format:?} plane {plane}: {got}, not {}", wanted);
                    }
                }
            }
        }
    }
    for ((bits, full), (error, what)) in &worst {
        println!("{bits} bits, full {full}: {error:.2} {what}");
        assert!(*error <= 0.51 + f64::from(1u32 << (bits - 8)) / 1000.0, "{what}");
    }
}

#[test]
fn patches_come_back() {
    let mut converter = Converter::new();
    let mut worst = (0.0f64, String::new());
    for color in matrices() {
        for (format, bits) in FORMATS {
            for rgb in PATCHES {
                let frame = patch(rgb);
                let srgb = ColorTags { transfer: 1, ..ColorTags::SRGB };
                let source = SourcePicture { frame: &frame, color: srgb, premultiplied: false };
                let whole = Rect::whole(SIDE, SIDE);
                let there = converter.convert(&source, &target(format, color), whole).unwrap().unwrap();
                let source = SourcePicture { frame: &there, color, premultiplied: false };
                let image = converter.read_rgba16(&source, (SIDE, SIDE), 1).unwrap();
                let pixel = &image.data[(SIDE * SIDE / 2 * 4) as usize..][..4];
                for channel in 0..3 {
                    let error = (f64::from(pixel[channel]) / 257.0 - f64::from(rgb[channel])).abs();
                    // What 8 bits of YUV cannot say, they cannot say.
                    let error = if bits == 8 { error / 3.0 } else { error };
                    if error > worst.0 {
                        worst = (error, format!("{rgb:?} {format:?} {color:?}: {pixel:?}"));
                    }
                }
                assert_eq!(pixel[3], 65535);
            }
        }
    }
    println!("worst: {worst:?}");
    assert!(worst.0 <= 0.85, "{worst:?}");
}

#[test]
fn what_is_right_already_is_not_touched() {
    let mut converter = Converter::new();
    let frame = Video::new(Pixel::YUV420P, 64, 64);
    let source = SourcePicture { frame: &frame, color: ColorTags::BT709, premultiplied: false };
    let same = TargetFormat { width: 64, height: 64, ..target(Pixel::YUV420P, ColorTags::BT709) };
    assert!(converter.convert(&source, &same, Rect::whole(64, 64)).unwrap().is_none());
    let full = TargetFormat { color: ColorTags { full_range: true, ..ColorTags::BT709 }, ..same };
    assert!(converter.convert(&source, &full, Rect::whole(64, 64)).unwrap().is_some());
}

#[test]
fn depths_and_ranges_change_by_the_book() {
    let mut converter = Converter::new();
    for (from, to, wanted) in [
        (false, false, [(16u8, 64u32), (235, 940), (128, 512)]),
        (false, true, [(16, 0), (235, 1023), (126, 514)]),
        (true, false, [(0, 64), (255, 940), (128, 504)]),
        (true, true, [(0, 0), (255, 1023), (128, 514)]),
    ] {
        for (sample, wanted) in wanted {
            let mut frame = Video::new(Pixel::YUV420P, 64, 64);
            frame.data_mut(0).fill(sample);
            frame.data_mut(1).fill(128);
            frame.data_mut(2).fill(128);
            let source = SourcePicture {
                frame: &frame,
                color: ColorTags { full_range: from, ..ColorTags::BT709 },
                premultiplied: false,
            };
            let color = ColorTags { full_range: to, ..ColorTags::BT709 };
            let target = TargetFormat { width: 64, height: 64, ..target(Pixel::YUV422P10LE, color) };
            let out = converter.convert(&source, &target, Rect::whole(64, 64)).unwrap().unwrap();
            let got = middle(&out, 0, 2);
            assert!(got.abs_diff(wanted) <= 3, "{sample} from {from} to {to}: {got}, not {wanted}");
            assert!(middle(&out, 1, 2).abs_diff(512) <= 2, "chroma {}", middle(&out, 1, 2));
        }
    }
}

#[test]
fn a_letterbox_is_black_and_holds_the_picture() {
    let mut converter = Converter::new();
    for (format, bits, color) in [
        (Pixel::YUV420P, 8, ColorTags::BT709),
        (Pixel::YUV422P10LE, 10, ColorTags::BT709),
        (Pixel::YUV444P, 8, ColorTags { full_range: true, ..ColorTags::BT709 }),
        (Pixel::NV12, 8, ColorTags::BT709),
    ] {
        for (x, y, width, height) in
            [(0i64, 20i64, 160u32, 50u32), (32, 0, 96, 90), (30, 2, 64, 64), (-20, -10, 200, 110), (31, 3, 63, 61)]
        {
            let frame = patch([255, 255, 255]);
            let srgb = ColorTags { transfer: 1, ..ColorTags::SRGB };
            let source = SourcePicture { frame: &frame, color: srgb, premultiplied: false };
            let canvas = TargetFormat { width: 160, height: 90, ..target(format, color) };
            let rect = Rect { x, y, width, height };
            let out = converter.convert(&source, &canvas, rect).unwrap().unwrap();
            assert_eq!((out.width(), out.height(), out.format()), (160, 90, format));
            let scale = 1u32 << (bits - 8);
            let (black, white) = if color.full_range { (0, 255) } else { (16 * scale, 235 * scale) };
            let bytes = if bits == 8 { 1 } else { 2 };
            for line in 0..90i64 {
                for column in 0..160i64 {
                    let at = usize::try_from(line).unwrap() * out.stride(0) + usize::try_from(column).unwrap() * bytes;
                    let data = &out.data(0)[at..];
                    let got = if bytes == 1 { data[0].into() } else { u32::from(data[0]) | u32::from(data[1]) << 8 };
                    let inside =
                        (x..x + i64::from(width)).contains(&column) && (y..y + i64::from(height)).contains(&line);
                    let wanted = if inside { white } else { black };
                    assert!(
                        got.abs_diff(wanted) <= scale,
                        "{format:?} {rect:?} at {column}, {line}: {got}, not {wanted}"
                    );
                }
            }
            assert!(middle(&out, 1, bytes).abs_diff(128 * scale) <= 1);
        }
    }
}

#[test]
fn straight_alpha_is_multiplied_and_shows_black_below() {
    let mut converter = Converter::new();
    let frame = rgba8_frame(&[200, 100, 0, 128].repeat(1024), SIDE, SIDE).unwrap();
    let color = ColorTags { transfer: 1, ..ColorTags::SRGB };
    let source = SourcePicture { frame: &frame, color, premultiplied: false };
    let image = converter.read_rgba16(&source, (SIDE * 2, SIDE), 1).unwrap();
    let wanted = [200.0, 100.0, 0.0, 255.0].map(|value| value * 257.0 * 128.0 / 255.0);
    for pixel in image.data.as_chunks::<4>().0 {
        for channel in 0..4 {
            assert!((f64::from(pixel[channel]) - wanted[channel]).abs() <= 1.0, "{pixel:?} is not {wanted:?}");
        }
    }
    let flat = converter.convert(&source, &target(Pixel::RGB24, color), Rect::whole(SIDE, SIDE)).unwrap().unwrap();
    assert_eq!(flat.data(0)[..3], [100, 50, 0]);
    // And back, straight again.
    let image = converter.read_rgba16(&source, (SIDE, SIDE), 1).unwrap();
    let back = converter.write_rgba16(&image, 1, &target(Pixel::RGBA, color)).unwrap();
    assert_eq!(back.data(0)[..4], [200, 100, 0, 128]);
}

#[test]
fn linear_light_gets_its_curve() {
    let mut converter = Converter::new();
    let mut frame = Video::new(Pixel::GBRPF32LE, SIDE, SIDE);
    for (light, transfer) in
        [(0.18f32, 1u8), (0.18, 13), (0.0, 1), (1.0, 13), (4.0, 1), (-1.0, 1), (0.001, 13), (f32::NAN, 1)]
    {
        for plane in 0..3 {
            for sample in frame.data_mut(plane).as_chunks_mut::<4>().0 {
                *sample = light.to_le_bytes();
            }
        }
        let source = SourcePicture { frame: &frame, color: ColorTags::LINEAR_RGB, premultiplied: true };
        let image = converter.read_rgba16(&source, (SIDE, SIDE), transfer).unwrap();
        let value = f64::from(if light.is_nan() { 0.0 } else { light }).clamp(0.0, 1.0);
        let encoded = match transfer {
            13 if value <= 0.003_130_8 => value * 12.92,
            13 => 1.055 * value.powf(1.0 / 2.4) - 0.055,
            _ if value < 0.018 => value * 4.5,
            _ => 1.099 * value.powf(0.45) - 0.099,
        };
        let got = f64::from(image.data[0]) / 65535.0;
        assert!((got - encoded).abs() < 2e-4, "{light} by {transfer}: {got}, not {encoded}");
    }
    let source = SourcePicture { frame: &frame, color: ColorTags::LINEAR_RGB, premultiplied: true };
    assert!(converter.read_rgba16(&source, (SIDE, SIDE), 16).is_err(), "PQ needs a grade");
}

#[test]
fn matrices_are_converted_not_just_relabelled() {
    let mut converter = Converter::new();
    let whole = Rect::whole(SIDE, SIDE);
    for rgb in PATCHES {
        let frame = patch(rgb);
        let srgb = ColorTags { transfer: 1, ..ColorTags::SRGB };
        let source = SourcePicture { frame: &frame, color: srgb, premultiplied: false };
        let sd = ColorTags { matrix: 6, ..ColorTags::BT709 };
        let first = converter.convert(&source, &target(Pixel::YUV444P10LE, sd), whole).unwrap().unwrap();
        let source = SourcePicture { frame: &first, color: sd, premultiplied: false };
        let hd = target(Pixel::YUV422P10LE, ColorTags::BT709);
        let second = converter.convert(&source, &hd, whole).unwrap().unwrap();
        let wanted = yuv(rgb.map(|value| f64::from(value) / 255.0), ColorTags::BT709, 10);
        for (plane, wanted) in wanted.into_iter().enumerate() {
            let got = f64::from(middle(&second, plane, 2));
            assert!((got - wanted).abs() <= 1.5, "{rgb:?} plane {plane}: {got}, not {}", wanted);
        }
    }
}

#[test]
fn quarter_turns_move_every_pixel() {
    let mut converter = Converter::new();
    let (width, height) = (6u32, 4u32);
    for format in [Pixel::YUV444P, Pixel::YUV420P, Pixel::YUV422P10LE, Pixel::RGB24, Pixel::RGBA, Pixel::NV12] {
        let mut frame = Video::new(format, width, height);
        for plane in 0..frame.planes() {
            for (index, byte) in frame.data_mut(plane).iter_mut().enumerate() {
                // Small values in high bytes too, so that they are samples at any depth.
                *byte = u8::try_from(index % 3).unwrap();
            }
        }
        // A mark in the top left corner.
        frame.data_mut(0)[0] = 200;
        let source = SourcePicture { frame: &frame, color: ColorTags::BT709, premultiplied: false };
        for (rotation, corner) in
            [(Rotation::Quarter, (3usize, 0usize)), (Rotation::Half, (5, 3)), (Rotation::ThreeQuarters, (0, 5))]
        {
            let turned = converter.rotate(&source, rotation).unwrap();
            let size = if rotation.swaps_sides() { (height, width) } else { (width, height) };
            assert_eq!((turned.width(), turned.height()), size, "{format:?} {rotation:?}");
            let step = match turned.format() {
                Pixel::RGB24 => 3,
                Pixel::RGBA => 4,
                Pixel::YUV444P10LE | Pixel::YUV422P10LE => 2,
                _ => 1,
            };
            let mark = turned.data(0)[corner.1 * turned.stride(0) + corner.0 * step];
            assert_eq!(mark, 200, "{format:?} {rotation:?}");
        }
    }
}
