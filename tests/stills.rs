//! Pictures as they are: palettes, orientation, EXR layers and windows, animations, and files that claim too much.

#![cfg(feature = "ffmpeg")]

mod common;

use std::io::Write;
use std::path::{Path, PathBuf};

use common::ffmpeg;
use otio_conflate::ErrorKind;
use otio_conflate::backend::ffmpeg::ChromaSite;
use otio_conflate::backend::ffmpeg::{
    Converter, DecodeOptions, Frame, MovieReader, SourcePicture, TargetFormat, probe,
};
use otio_conflate::plan::{ColorTags, MediaLookup, MediaSource};
use otio_conflate::time::{Rate, Ratio};
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn write(folder: &TempDir, name: &str, data: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, data).expect("written");
    path
}

fn frame(path: &Path) -> Frame {
    let mut reader = MovieReader::open(path, &DecodeOptions::default()).unwrap_or_else(|error| panic!("{error:#}"));
    reader.frame(0, Rate::FPS_24).expect("a frame").frame
}

/// What is said of a file that is refused.
fn refusal(path: &Path) -> String {
    let error = MovieReader::open(path, &DecodeOptions::default()).expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Decode, "{error:#}");
    assert_eq!(error.place().file.as_deref(), Some(path));
    format!("{error:#}")
}

/// The samples of a plane, line by line, without padding.
fn lines(frame: &Frame, plane: usize, row: usize) -> Vec<Vec<u8>> {
    let (data, stride) = frame.plane(plane);
    data.chunks(stride).take(frame.height() as usize).map(|line| line[..row].to_vec()).collect()
}

/// A frame as pixels of 8 bits: red, green, blue and alpha.
fn rgba(frame: &Frame) -> Vec<Vec<[u8; 4]>> {
    let format = "rgba".parse().expect("a format");
    let source = SourcePicture { frame: frame.as_av(), color: frame.color(), premultiplied: frame.is_premultiplied() };
    let color = ColorTags { full_range: true, matrix: 0, ..frame.color() };
    let (width, height) = (frame.width(), frame.height());
    let target = TargetFormat { format, width, height, color, premultiplied: false, chroma: ChromaSite::Left };
    let mut converter = Converter::new();
    let rect = otio_conflate::picture::Rect::whole(width, height);
    let converted = converter.convert(&source, &target, rect).expect("converts");
    let frame = converted.unwrap_or_else(|| frame.to_av().expect("shared"));
    let (data, stride) = (frame.data(0), frame.stride(0));
    let pixels = |line: &[u8]| line[..width as usize * 4].chunks(4).map(|p| [p[0], p[1], p[2], p[3]]).collect();
    data.chunks(stride).take(height as usize).map(pixels).collect()
}

fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(data).expect("memory");
    encoder.finish().expect("memory")
}

fn png_chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(kind);
    crc.update(content);
    let length = u32::try_from(content.len()).expect("short").to_be_bytes();
    [&length[..], kind, content, &crc.sum().to_be_bytes()].concat()
}

/// A PNG file: size, depth, colour type, chunks in front of the picture, lines.
fn png((width, height): (u32, u32), depth: u8, color: u8, chunks: &[Vec<u8>], lines: &[&[u8]]) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, color, 0, 0, 0]].concat();
    let filtered: Vec<u8> = lines.iter().flat_map(|line| std::iter::once(&0).chain(*line)).copied().collect();
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    file.extend(png_chunk(b"IHDR", &header));
    file.extend(chunks.concat());
    file.extend(png_chunk(b"IDAT", &zlib(&filtered)));
    file.extend(png_chunk(b"IEND", &[]));
    file
}

#[test]
fn palettes_give_their_colours_exactly() {
    let folder = folder();
    let colors = [[255, 0, 0], [0, 255, 0], [16, 32, 48], [1, 254, 3]];
    let palette = png_chunk(b"PLTE", &colors.concat());
    for (depth, line) in [(8, &[0u8, 1, 2, 3][..]), (4, &[0x01, 0x23]), (2, &[0b0001_1011])] {
        let path =
            write(&folder, &format!("p{depth}.png"), &png((4, 1), depth, 3, std::slice::from_ref(&palette), &[line]));
        let frame = frame(&path);
        assert!(!frame.has_alpha());
        assert_eq!(lines(&frame, 0, 12), [colors.concat()], "{depth} bits");
        assert_eq!(rgba(&frame)[0], colors.map(|[r, g, b]| [r, g, b, 255]));
    }
    // With alpha for the first ones.
    let chunks = [palette, png_chunk(b"tRNS", &[0, 128])];
    let path = write(&folder, "alpha.png", &png((4, 1), 8, 3, &chunks, &[&[0, 1, 2, 3]]));
    let frame = frame(&path);
    assert!(frame.has_alpha());
    let expected: Vec<u8> = [[255, 0, 0, 0], [0, 255, 0, 128], [16, 32, 48, 255], [1, 254, 3, 255]].concat();
    assert_eq!(lines(&frame, 0, 16), [expected]);
}

#[test]
fn grey_of_any_depth_keeps_its_values() {
    let folder = folder();
    let path = write(&folder, "1.png", &png((12, 1), 1, 0, &[], &[&[0b1010_0110, 0b1000_0000]]));
    let bits = [1, 0, 1, 0, 0, 1, 1, 0, 1, 0, 0, 0];
    assert_eq!(rgba(&frame(&path))[0], bits.map(|bit| [bit * 255, bit * 255, bit * 255, 255]));
    let path = write(&folder, "8.png", &png((3, 1), 8, 0, &[], &[&[0, 77, 255]]));
    assert_eq!(rgba(&frame(&path))[0], [0, 77, 255].map(|grey| [grey, grey, grey, 255]));
    let path = write(&folder, "16.png", &png((2, 1), 16, 0, &[], &[&[0x12, 0x34, 0xff, 0xff]]));
    let deep = frame(&path);
    let value = |index: usize| {
        let (data, _) = deep.plane(0);
        let bytes = [data[index * 2], data[index * 2 + 1]];
        if deep.format() == "gray16be".parse().expect("a format") {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        }
    };
    assert_eq!((value(0), value(1)), (0x1234, 0xffff));
    let path = write(&folder, "la.png", &png((2, 1), 8, 4, &[], &[&[200, 255, 100, 64]]));
    assert_eq!(rgba(&frame(&path))[0], [[200, 200, 200, 255], [100, 100, 100, 64]]);
    let path = write(&folder, "la16.png", &png((2, 1), 16, 4, &[], &[&[200, 200, 255, 255, 100, 100, 64, 64]]));
    assert_eq!(rgba(&frame(&path))[0], [[200, 200, 200, 255], [100, 100, 100, 64]]);
}

/// A TIFF directory of one entry: the orientation.
fn exif(orientation: u8) -> Vec<u8> {
    let mut tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    tiff.extend([orientation, 0, 0, 0, 0, 0, 0]);
    tiff
}

/// An uncompressed TIFF file of RGB.
fn tiff((width, height): (u16, u16), orientation: u16, pixels: &[u8]) -> Vec<u8> {
    let size = u32::try_from(pixels.len()).expect("small");
    let data = 8u32 + 2 + 10 * 12 + 4 + 6;
    let entries: [(u16, u16, u32, u32); 10] = [
        (256, 3, 1, width.into()),
        (257, 3, 1, height.into()),
        (258, 3, 3, data - 6),
        (259, 3, 1, 1),
        (262, 3, 1, 2),
        (273, 4, 1, data),
        (274, 3, 1, orientation.into()),
        (277, 3, 1, 3),
        (278, 3, 1, height.into()),
        (279, 4, 1, size),
    ];
    let mut file = b"II*\0\x08\0\0\0\x0a\0".to_vec();
    for (tag, kind, count, value) in entries {
        file.extend([&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()].concat());
    }
    file.extend([0, 0, 0, 0, 8, 0, 8, 0, 8, 0]);
    file.extend_from_slice(pixels);
    file
}

#[test]
fn pictures_stand_upright_however_they_are_stored() {
    let folder = folder();
    let (width, height) = (32usize, 16usize);
    // Four quarters of their own colours, of 8 × 8 pixels at least, so that a JPEG keeps them apart.
    let colors = [[[250, 10, 10], [10, 240, 10]], [[10, 10, 230], [240, 240, 240]]];
    let stored = |x: usize, y: usize| colors[y / (height / 2)][x / (width / 2)];
    let pixels: Vec<u8> = (0..height).flat_map(|y| (0..width).flat_map(move |x| stored(x, y))).collect();
    let plain = folder.path().join("plain.jpg");
    let size = format!("{width}x{height}");
    let raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", &size, "-i", "-", "-pix_fmt", "yuvj422p", "-q:v", "1"];
    ffmpeg(&[&raw[..], &[plain.to_str().expect("plain")]].concat(), Some(pixels.clone()));
    let jpeg = std::fs::read(&plain).expect("a file");
    for orientation in 1..=8u8 {
        let segment = [b"Exif\0\0".to_vec(), exif(orientation)].concat();
        let length = u16::try_from(segment.len() + 2).expect("short").to_be_bytes();
        let jpeg = [&jpeg[..2], &[0xff, 0xe1], &length, &segment, &jpeg[2..]].concat();
        let (wide, high) = (u32::try_from(width).expect("small"), u32::try_from(height).expect("small"));
        let rows: Vec<&[u8]> = pixels.chunks(width * 3).collect();
        let png = png((wide, high), 8, 2, &[png_chunk(b"eXIf", &exif(orientation))], &rows);
        let tiff = tiff((32, 16), orientation.into(), &pixels);
        for (name, data) in [("o.jpg", jpeg), ("o.png", png), ("o.tif", tiff)] {
            let path = write(&folder, name, &data);
            let frame = frame(&path);
            let swapped = orientation >= 5;
            let shown = if swapped { (high, wide) } else { (wide, high) };
            assert_eq!((frame.width(), frame.height()), shown, "{name} {orientation}");
            let info = probe(&path).expect("probed");
            assert_eq!((info.width, info.height, info.rotation), (shown.0, shown.1, 0));
            let got = rgba(&frame);
            for (x, y) in [(4, 4), (28, 4), (4, 12), (28, 12)] {
                let (across, down) = (width - 1 - x, height - 1 - y);
                // Where a stored column and line are shown, as EXIF 2.3 defines it.
                let (to_x, to_y) = match orientation {
                    1 => (x, y),
                    2 => (across, y),
                    3 => (across, down),
                    4 => (x, down),
                    5 => (y, x),
                    6 => (down, x),
                    7 => (down, across),
                    _ => (y, across),
                };
                let (pixel, expected) = (got[to_y][to_x], stored(x, y));
                let near = (0..3).all(|part| pixel[part].abs_diff(expected[part]) <= 12);
                assert!(near, "{name} {orientation}: {pixel:?} at {to_x}, {to_y}, not {expected:?}");
            }
        }
    }
}

/// A channel of an EXR file: its name and its value at a place of the display window's own coordinates.
type Channel<'c> = (&'c str, Value<'c>);
type Value<'v> = &'v dyn Fn(i32, i32) -> f32;
/// Name, type and value of an attribute.
type Attribute = (&'static str, &'static str, Vec<u8>);
/// Channels and attributes of a part.
type Part<'p> = (&'p [Channel<'p>], &'p [Attribute]);

/// The header of an uncompressed part of floats, with more attributes.
fn exr_header(channels: &[Channel<'_>], data: [i32; 4], display: [i32; 4], more: &[Attribute]) -> Vec<u8> {
    let mut list: Vec<u8> = Vec::new();
    for (name, _) in channels {
        list.extend_from_slice(name.as_bytes());
        list.extend([0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]);
    }
    list.push(0);
    let window = |edges: [i32; 4]| edges.iter().flat_map(|edge| edge.to_le_bytes()).collect::<Vec<u8>>();
    let mut attributes = vec![
        ("channels", "chlist", list),
        ("compression", "compression", vec![0]),
        ("dataWindow", "box2i", window(data)),
        ("displayWindow", "box2i", window(display)),
        ("lineOrder", "lineOrder", vec![0]),
        ("pixelAspectRatio", "float", 1f32.to_le_bytes().to_vec()),
        ("screenWindowCenter", "v2f", vec![0; 8]),
        ("screenWindowWidth", "float", 1f32.to_le_bytes().to_vec()),
    ];
    attributes.extend(more.iter().cloned());
    let mut header = Vec::new();
    for (name, kind, value) in attributes {
        let size = u32::try_from(value.len()).expect("short").to_le_bytes();
        header.extend([name.as_bytes(), &[0], kind.as_bytes(), &[0], &size, &value].concat());
    }
    header.push(0);
    header
}

/// The chunks of such a part: one a line.
fn exr_lines(channels: &[Channel<'_>], [left, top, right, bottom]: [i32; 4]) -> Vec<Vec<u8>> {
    let line = |y: i32| {
        let values = channels.iter().flat_map(|(_, value)| (left..=right).flat_map(move |x| value(x, y).to_le_bytes()));
        let values: Vec<u8> = values.collect();
        let size = u32::try_from(values.len()).expect("short");
        [&y.to_le_bytes()[..], &size.to_le_bytes(), &values].concat()
    };
    (top..=bottom).map(line).collect()
}

fn exr(channels: &[Channel<'_>], data: [i32; 4], display: [i32; 4]) -> Vec<u8> {
    exr_of_parts(&[(channels, &[])], data, display)
}

/// A file of parts with more attributes; of one part, if that has none.
fn exr_of_parts(parts: &[Part<'_>], data: [i32; 4], display: [i32; 4]) -> Vec<u8> {
    let multipart = parts.len() > 1;
    let mut file = vec![0x76, 0x2f, 0x31, 0x01, 2, if multipart { 0x10 } else { 0 }, 0, 0];
    for (channels, more) in parts {
        file.extend(exr_header(channels, data, display, more));
    }
    if multipart {
        file.push(0);
    }
    let mut chunks = Vec::new();
    for (number, (channels, _)) in (0u32..).zip(parts) {
        let number = number.to_le_bytes();
        let number: &[u8] = if multipart { &number } else { &[] };
        chunks.extend(exr_lines(channels, data).into_iter().map(|line| [number, &line].concat()));
    }
    let mut offset = file.len() + chunks.len() * 8;
    for chunk in &chunks {
        file.extend((offset as u64).to_le_bytes());
        offset += chunk.len();
    }
    file.extend(chunks.concat());
    file
}

/// The values of a float picture: red, green, blue and, where it has one, alpha.
fn light(frame: &Frame) -> Vec<Vec<[f32; 4]>> {
    let planes: Vec<Vec<Vec<u8>>> = [2, 0, 1, 3]
        .iter()
        .filter(|&&plane| plane < 3 || frame.has_alpha())
        .map(|&plane| lines(frame, plane, frame.width() as usize * 4))
        .collect();
    let value = |plane: usize, x: usize, y: usize| match planes.get(plane) {
        Some(plane) => f32::from_le_bytes(*plane[y][x * 4..].first_chunk().expect("four bytes")),
        None => 1.0,
    };
    (0..frame.height() as usize)
        .map(|y| (0..frame.width() as usize).map(|x| [0, 1, 2, 3].map(|plane| value(plane, x, y))).collect())
        .collect()
}

fn coded(base: f32) -> impl Fn(i32, i32) -> f32 {
    #[allow(clippy::cast_precision_loss, reason = "small")]
    move |x, y| base + x as f32 / 16.0 + y as f32
}

#[test]
fn the_display_window_is_the_picture_wherever_it_lies() {
    let folder = folder();
    let [alpha, blue, green, red] = [1.0, 100.0, 200.0, 300.0].map(coded);
    let channels: [Channel<'_>; 4] = [("A", &alpha), ("B", &blue), ("G", &green), ("R", &red)];
    let display = [10, -20, 17, -15];
    for data in [
        display,
        [12, -18, 15, -16],
        [8, -22, 20, -10],
        [5, -25, 12, -19],
        [15, -17, 30, -10],
        [100, 100, 110, 103],
        [-90, -20, -80, -15],
    ] {
        let path = write(&folder, "w.exr", &exr(&channels, data, display));
        let frame = frame(&path);
        assert_eq!((frame.width(), frame.height()), (8, 6), "{data:?}");
        for (y, line) in (display[1]..).zip(light(&frame)) {
            for (x, pixel) in (display[0]..).zip(line) {
                let inside = x >= data[0] && x <= data[2] && y >= data[1] && y <= data[3];
                let expected = if inside { [red(x, y), green(x, y), blue(x, y), alpha(x, y)] } else { [0.0; 4] };
                assert_eq!(pixel, expected, "{data:?} at {x}, {y}");
            }
        }
    }
}

#[test]
fn the_layer_that_is_the_picture_is_shown() {
    let folder = folder();
    let window = [0, 0, 3, 2];
    let [wrong, alpha, blue, green, red] = [0.5, 1.0, 100.0, 200.0, 300.0].map(coded);
    let wrong: &dyn Fn(i32, i32) -> f32 = &wrong;
    let (a, b, g, r): (Value<'_>, Value<'_>, Value<'_>, Value<'_>) = (&alpha, &blue, &green, &red);
    let shows = |data: Vec<u8>, has_alpha: bool, what: &str| {
        let frame = frame(&write(&folder, "l.exr", &data));
        assert_eq!(frame.has_alpha(), has_alpha, "{what}");
        let pixel = light(&frame)[1][2];
        assert_eq!(pixel, [red(2, 1), green(2, 1), blue(2, 1), if has_alpha { alpha(2, 1) } else { 1.0 }], "{what}");
    };
    let one = |channels: &[Channel<'_>]| exr(channels, window, window);
    shows(one(&[("B", b), ("G", g), ("R", r), ("Z", wrong)]), false, "depth beside it");
    shows(
        one(&[
            ("A", a),
            ("B", b),
            ("G", g),
            ("R", r),
            ("diffuse.B", wrong),
            ("diffuse.G", wrong),
            ("diffuse.R", wrong),
        ]),
        true,
        "a layer beside it",
    );
    shows(
        one(&[
            ("ViewLayer.Combined.A", a),
            ("ViewLayer.Combined.B", b),
            ("ViewLayer.Combined.G", g),
            ("ViewLayer.Combined.R", r),
            ("ViewLayer.Depth.Z", wrong),
            ("ViewLayer.Normal.X", wrong),
            ("ViewLayer.Normal.Y", wrong),
            ("ViewLayer.Normal.Z", wrong),
        ]),
        true,
        "Blender's",
    );
    shows(
        one(&[("depth.Z", wrong), ("rgba.alpha", a), ("rgba.blue", b), ("rgba.green", g), ("rgba.red", r)]),
        true,
        "spelt out",
    );
    let named = |name: &str| {
        let kind = ("type", "string", b"scanlineimage".to_vec());
        [("name", "string", name.as_bytes().to_vec()), kind, ("chunkCount", "int", vec![3, 0, 0, 0])]
    };
    let parts: [Part<'_>; 2] =
        [(&[("Z", wrong)], &named("depth")), (&[("A", a), ("B", b), ("G", g), ("R", r)], &named("rgba"))];
    shows(exr_of_parts(&parts, window, window), true, "depth in the first part");
    // Neither of two can be meant.
    let two = one(&[("d.B", b), ("d.G", g), ("d.R", r), ("s.B", b), ("s.G", g), ("s.R", r)]);
    let error = refusal(&write(&folder, "two.exr", &two));
    assert!(error.contains("\"d\" (B, G, R), \"s\" (B, G, R)"), "{error:#}");
    let error = refusal(&write(&folder, "z.exr", &one(&[("Z", wrong)])));
    assert!(error.contains("no layer has red, green and blue"), "{error:#}");
    // Luminance alone is grey.
    let frame = frame(&write(&folder, "y.exr", &one(&[("Y", r)])));
    assert_eq!((frame.width(), frame.height()), (4, 3));
    assert_eq!(lines(&frame, 0, 16)[1][8..12], red(2, 1).to_le_bytes());
}

#[test]
fn animations_run_by_the_time_of_their_frames() {
    let folder = folder();
    // Three frames of red, green, blue that last 0.1, 0.3 and 0.2 s.
    let mut raw = Vec::new();
    for color in [[255u8, 0, 0], [0, 255, 0], [0, 0, 255]] {
        raw.extend(color.repeat(64 * 32));
    }
    for (name, codec) in [("a.gif", "gif"), ("a.png", "apng"), ("a.apng", "apng")] {
        let path = folder.path().join(name);
        let input = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "64x32", "-r", "10", "-i", "-"];
        let times = "settb=1/100,setpts='if(eq(N,0),0,if(eq(N,1),10,40))'";
        let output = ["-vf", times, "-fps_mode", "passthrough", "-c:v", codec, "-f", codec];
        let last: &[&str] = if codec == "gif" { &["-final_delay", "20"] } else { &["-final_delay", "0.2"] };
        let file = [path.to_str().expect("plain")];
        ffmpeg(&[&input[..], &output, last, &file].concat(), Some(raw.clone()));
        let info = probe(&path).expect("probed");
        assert!(!info.is_still && info.vfr, "{name}: {info:?}");
        let mut reader = MovieReader::open(&path, &DecodeOptions::default()).expect("opens");
        let ten = Rate::from_ratio(10, 1).expect("a rate");
        for (index, place) in [0, 1, 1, 1, 2, 2].into_iter().enumerate() {
            let index = i64::try_from(index).expect("few");
            let picked = reader.frame(index, ten).expect("a frame");
            assert_eq!(picked.outside, None, "{name} at {index}");
            let pixel = rgba(&picked.frame)[5][5];
            let got = (0..3).position(|part| pixel[part] > 200);
            assert_eq!(got, Some(place), "{name} at {index}: {pixel:?}");
        }
        assert!(reader.frame(6, ten).expect("a frame").outside.is_some(), "{name}");
        let facts = otio_conflate::backend::ffmpeg::FfmpegLookup::new().look_up(&MediaSource::File { path });
        let facts = facts.expect("facts");
        assert_eq!((facts.still, facts.frames), (false, Some(3)));
        let length = Ratio::whole(3) / facts.rate.expect("a rate").nominal();
        assert!((length - Ratio::new(6, 10)).abs() <= Ratio::new(1, 1000), "{name}: {length:?}");
    }
    // One frame is a still.
    for (name, codec) in [("one.gif", "gif"), ("one.png", "apng")] {
        let path = folder.path().join(name);
        let input = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "64x32", "-i", "-", "-c:v", codec, "-f", codec];
        ffmpeg(&[&input[..], &[path.to_str().expect("plain")]].concat(), Some(raw[..64 * 32 * 3].to_vec()));
        assert!(probe(&path).expect("probed").is_still, "{name}");
    }
}

/// A file of about a kilobyte that claims to be a picture of this size.
fn bombs(size: u32) -> Vec<(&'static str, Vec<u8>)> {
    let edge = i32::try_from(size).expect("in reach") - 1;
    let png = |depth, color| png((size, size), depth, color, &[], &[&[0; 1000]]);
    let short = u16::try_from(size.min(65_000)).expect("bounded");
    let mut jpeg = vec![0xff, 0xd8, 0xff, 0xc0, 0, 17, 8];
    jpeg.extend([short.to_be_bytes(), short.to_be_bytes()].concat());
    jpeg.extend([3, 1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0]);
    jpeg.extend([0xff, 0xda, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 63, 0]);
    jpeg.extend([0; 900]);
    jpeg.extend([0xff, 0xd9]);
    let zero = |_: i32, _: i32| 0.0;
    let header =
        exr_header(&[("A", &zero), ("B", &zero), ("G", &zero), ("R", &zero)], [0, 0, 3, 3], [0, 0, edge, edge], &[]);
    let mut exr = vec![0x76, 0x2f, 0x31, 0x01, 2, 0, 0, 0];
    exr.extend(header);
    let mut offset = exr.len() + 32;
    let lines = exr_lines(&[("A", &zero), ("B", &zero), ("G", &zero), ("R", &zero)], [0, 0, 3, 3]);
    for line in &lines {
        exr.extend((offset as u64).to_le_bytes());
        offset += line.len();
    }
    exr.extend(lines.concat());
    vec![
        ("b8.png", png(8, 6)),
        ("b16.png", png(16, 6)),
        ("b1.png", png(1, 0)),
        ("b.jpg", jpeg),
        ("b.exr", exr),
        ("b.tif", tiff((short, short), 1, &[0; 900])),
    ]
}

/// Bytes of memory and seconds of a processor, the system's not counted, that looking at a file takes in a process of its
/// own: whatever else the machine does.
#[cfg(target_os = "linux")]
fn cost(path: &Path) -> (u64, f64) {
    let output = std::process::Command::new(std::env::current_exe().expect("a path"))
        .args(["--exact", "looks_at_a_file_for_another_process", "--nocapture"])
        .env("STILLS_LOOK_AT", path)
        .output()
        .expect("runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}: {text}{}", path.display(), String::from_utf8_lossy(&output.stderr));
    let peak = text.lines().find_map(|line| line.split_once("VmHWM:")?.1.trim().strip_suffix("kB"));
    // The fourteenth field of the line, the twelfth behind the program's name.
    let line = text.lines().find_map(|line| Some(line.split_once("STAT ")?.1.rsplit_once(')')?.1));
    let ticks = line.and_then(|line| line.split_whitespace().nth(11)?.parse::<f64>().ok());
    // Of a second, on every Linux.
    const TICKS: f64 = 100.0;
    (peak.expect("a peak").trim().parse::<u64>().expect("a number") * 1024, ticks.expect("a time") / TICKS)
}

#[test]
#[cfg(target_os = "linux")]
fn looks_at_a_file_for_another_process() {
    let Some(path) = std::env::var_os("STILLS_LOOK_AT") else { return };
    let opened = MovieReader::open(PathBuf::from(path), &DecodeOptions::default());
    println!("opened: {}", opened.map_or_else(|error| format!("{error:#}"), |_| "yes".to_owned()));
    println!("STAT {}", std::fs::read_to_string("/proc/self/stat").expect("a status"));
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).expect("a peak"));
}

#[test]
#[cfg(target_os = "linux")]
fn a_kilobyte_costs_neither_memory_nor_time() {
    let folder = folder();
    for size in [4_000u32, 12_000, 16_000, 60_000] {
        for (name, data) in bombs(size) {
            assert!(data.len() < 2500, "{name}: {} bytes", data.len());
            let path = write(&folder, &format!("{size}{name}"), &data);
            let (memory, seconds) = cost(&path);
            println!("{size} {name}: {} MB, {seconds:.2} s", memory >> 20);
            assert!(memory < 200 << 20, "{size} {name}: {} MB", memory >> 20);
            assert!(seconds < 1.0, "{size} {name}: {seconds} s");
            if size >= 16_000 {
                assert!(refusal(&path).contains("max_pixels"), "{name}: {}", refusal(&path));
            }
        }
    }
    // Texts that inflate to a gigabyte, and a profile.
    let zeros = zlib(&vec![0; 24 << 20]);
    for (name, chunk) in [
        ("text.png", png_chunk(b"zTXt", &[&b"Comment\0\0"[..], &zeros[..]].concat())),
        ("itxt.png", png_chunk(b"iTXt", &[&b"Comment\0\x01\0\0\0"[..], &zeros[..]].concat())),
        ("icc.png", png_chunk(b"iCCP", &[&b"Profile\0\0"[..], &zeros[..]].concat())),
    ] {
        let path = write(&folder, name, &png((2, 1), 8, 2, &vec![chunk; 16], &[&[1, 2, 3, 4, 5, 6]]));
        let (memory, seconds) = cost(&path);
        println!("{name}: {} MB, {seconds:.2} s", memory >> 20);
        assert!(memory < 200 << 20, "{name}: {} MB", memory >> 20);
        assert_eq!(rgba(&frame(&path))[0], [[1, 2, 3, 255], [4, 5, 6, 255]], "{name}");
    }
}

/// Numbers of so many bits, one behind another.
#[derive(Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn put(mut self, value: u32, bits: u32) -> Bits {
        self.0.extend((0..bits).rev().map(|bit| value >> bit & 1 == 1));
        self
    }

    /// A number as H.264 codes those that may be of any size.
    fn any(self, value: u32) -> Bits {
        let bits = u32::BITS - (value + 1).leading_zeros();
        self.put(0, bits - 1).put(value + 1, bits)
    }

    fn bytes(mut self) -> Vec<u8> {
        self.0.push(true);
        self.0.resize(self.0.len().next_multiple_of(8), false);
        self.0.chunks(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit))).collect()
    }
}

/// A stream of H.264 whose header claims this size.
fn h264(size: u32) -> Vec<u8> {
    let unit = |head: u8, body: &[u8]| {
        let mut unit = vec![0, 0, 0, 1, head];
        let mut zeros = 0;
        for &byte in body {
            if zeros >= 2 && byte <= 3 {
                unit.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            unit.push(byte);
        }
        unit
    };
    let blocks = size / 16 - 1;
    let sequence = Bits::default().put(66, 8).put(0, 8).put(51, 8).any(0).any(0).any(2).any(1).put(0, 1);
    let sequence = sequence.any(blocks).any(blocks).put(0b1100, 4).bytes();
    let picture = Bits::default().any(0).any(0).put(0, 2).any(0).any(0).any(0).put(0, 3).any(0).any(0).any(0);
    let slice = Bits::default().any(0).any(7).any(0).put(0, 4).any(0).put(0, 2).any(0).bytes();
    let picture = picture.put(0, 3).bytes();
    [unit(0x67, &sequence), unit(0x68, &picture), unit(0x65, &[slice, vec![0x55; 300]].concat())].concat().repeat(3)
}

/// A movie of ProRes whose frames, and whose header, claim this size.
fn prores(folder: &TempDir, size: u16) -> Vec<u8> {
    let path = folder.path().join("small.mov");
    let input = ["-f", "lavfi", "-i", "color=gray:s=32x32:d=0.1:r=25", "-c:v", "prores_ks", "-profile:v", "0"];
    ffmpeg(&[&input[..], &[path.to_str().expect("plain")]].concat(), None);
    let mut data = std::fs::read(path).expect("reads");
    let claim = [size.to_be_bytes(), size.to_be_bytes()].concat();
    for (name, behind) in [(b"icpf", 12), (b"apco", 28)] {
        let places: Vec<usize> =
            data.windows(4).enumerate().filter(|(_, part)| part == name).map(|(at, _)| at + behind).collect();
        assert!(!places.is_empty());
        places.iter().for_each(|&place| data[place..place + 4].copy_from_slice(&claim));
    }
    data
}

/// A JPEG 2000 picture of almost nothing that claims this size.
fn jpeg_2000(size: u32) -> Vec<u8> {
    let segment = |marker: u8, content: &[u8]| {
        let length = u16::try_from(content.len() + 2).expect("short").to_be_bytes();
        [&[0xff, marker][..], &length, content].concat()
    };
    let sizes: Vec<u8> = [size, size, 0, 0, size, size, 0, 0].iter().flat_map(|side| side.to_be_bytes()).collect();
    let components = [[7, 1, 1]; 3].concat();
    [
        vec![0xff, 0x4f],
        segment(0x51, &[&[0, 0][..], &sizes, &[0, 3], &components].concat()),
        segment(0x52, &[0, 0, 0, 1, 1, 5, 4, 4, 0, 1]),
        segment(0x5c, &[0x40; 17]),
        segment(0x90, &[0, 0, 0, 0, 0, 0, 0, 1]),
        vec![0xff, 0x93],
        vec![0; 500],
        vec![0xff, 0xd9],
    ]
    .concat()
}

/// A GIF of two frames of this size, which hold next to nothing.
fn gif(size: u16) -> Vec<u8> {
    let [low, high] = size.to_le_bytes();
    let head = [&b"GIF89a"[..], &[low, high, low, high, 0x80, 0, 0, 0, 0, 0, 255, 255, 255]].concat();
    let frame = [0x21, 0xf9, 4, 0, 5, 0, 0, 0, 0x2c, 0, 0, 0, 0, low, high, low, high, 0, 2, 2, 0x4c, 1, 0];
    [&head[..], &frame, &frame, b";"].concat()
}

/// An APNG of two frames of this size.
fn apng(size: u32) -> Vec<u8> {
    let sides = [size.to_be_bytes(), size.to_be_bytes()].concat();
    let control = |number: u8| {
        let frame = [&[0, 0, 0, number][..], &sides, &[0; 8], &[0, 1, 0, 10, 0, 0]].concat();
        png_chunk(b"fcTL", &frame)
    };
    let data = zlib(&[0; 1000]);
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        png_chunk(b"IHDR", &[&sides[..], &[8, 6, 0, 0, 0]].concat()),
        png_chunk(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]),
        control(0),
        png_chunk(b"IDAT", &data),
        control(1),
        png_chunk(b"fdAT", &[&[0, 0, 0, 2][..], &data].concat()),
        png_chunk(b"IEND", &[]),
    ]
    .concat()
}

/// A WebP picture of this size: lossless, or not.
fn webp(size: u32, lossless: bool) -> Vec<u8> {
    let side = size.min(16_383);
    let short = u16::try_from(side).expect("14 bits").to_le_bytes();
    let content = match lossless {
        true => [&[0x2f][..], &((side - 1) | (side - 1) << 14).to_le_bytes(), &[0; 300]].concat(),
        false => [&[0x10, 0x20, 0, 0x9d, 1, 0x2a][..], &short, &short, &[0; 300]].concat(),
    };
    let length = u32::try_from(content.len()).expect("short");
    let kind = if lossless { b"VP8L" } else { b"VP8 " };
    let chunk = [&kind[..], &length.to_le_bytes(), &content, &vec![0; content.len() % 2]].concat();
    [&b"RIFF"[..], &(length + 12 + length % 2).to_le_bytes(), b"WEBP", &chunk].concat()
}

/// A transport stream, whose streams are found only while it is read, of H.264 that claims 16 000 × 16 000 pixels.
fn transport_stream(folder: &TempDir) -> Vec<u8> {
    // As long a header, of a picture that the command line tool can be given.
    let (small, large) = (h264(8_208), h264(16_000));
    let (stream, packed) = (write(folder, "in.h264", &small.repeat(8)), folder.path().join("packed.ts"));
    let input = ["-f", "h264", "-i", stream.to_str().expect("plain"), "-c", "copy", "-f", "mpegts"];
    ffmpeg(&[&input[..], &[packed.to_str().expect("plain")]].concat(), None);
    let mut data = std::fs::read(packed).expect("reads");
    let header = |stream: &[u8]| stream[4..16].to_vec();
    let places: Vec<usize> =
        data.windows(12).enumerate().filter(|(_, part)| *part == header(&small)).map(|(at, _)| at).collect();
    assert!(!places.is_empty(), "the header is in it");
    places.iter().for_each(|&place| data[place..place + 12].copy_from_slice(&header(&large)));
    data
}

/// Movies, animations and JPEG 2000 that claim much: FFmpeg decodes a frame of each while it opens them.
#[test]
#[cfg(target_os = "linux")]
fn a_movie_of_a_kilobyte_costs_neither_memory_nor_time() {
    let folder = folder();
    for size in [4_000u32, 16_000, 60_000] {
        let short = u16::try_from(size).expect("16 bits");
        let mut movies = vec![
            ("m.h264", h264(size)),
            ("m.mov", prores(&folder, short)),
            ("m.j2k", jpeg_2000(size)),
            ("m.gif", gif(short)),
            ("m.png", apng(size)),
            ("l.webp", webp(size, true)),
            ("m.webp", webp(size, false)),
        ];
        if size == 16_000 {
            movies.push(("m.ts", transport_stream(&folder)));
        }
        for (name, data) in movies {
            assert!(data.len() < 20_000, "{name}: {} bytes", data.len());
            let path = write(&folder, &format!("{size}{name}"), &data);
            let (memory, seconds) = cost(&path);
            println!("{size} {name}: {} MB, {seconds:.2} s", memory >> 20);
            assert!(memory < 200 << 20, "{size} {name}: {} MB", memory >> 20);
            assert!(seconds < 1.0, "{size} {name}: {seconds} s");
            if size == 16_000 {
                let error = MovieReader::open(&path, &DecodeOptions::default()).expect_err("too large");
                assert!(format!("{error:#}").contains("max_pixels"), "{name}: {error:#}");
                assert!(probe(&path).expect_err("too large").to_string().contains("max_pixels"), "{name}");
            }
        }
    }
}

/// A JPEG of 16 × 16 pixels of cyan, magenta, yellow and black, inverted as Adobe's programs store them: (200, 0, 0, 0) on
/// the left, (0, 100, 200, 60) on the right.
#[rustfmt::skip]
const CMYK: &[u8] = &[
    0xff, 0xd8, 0xff, 0xee, 0x00, 0x0e, 0x41, 0x64, 0x6f, 0x62, 0x65, 0x00, 0x64, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xdb, 0x00, 0x43, 0x00, 0x02,
    0x01, 0x01, 0x01, 0x01, 0x01, 0x02, 0x01, 0x01, 0x01, 0x02, 0x02, 0x02, 0x02, 0x02, 0x04, 0x03, 0x02, 0x02, 0x02, 0x02, 0x05, 0x04, 0x04, 0x03,
    0x04, 0x06, 0x05, 0x06, 0x06, 0x06, 0x05, 0x06, 0x06, 0x06, 0x07, 0x09, 0x08, 0x06, 0x07, 0x09, 0x07, 0x06, 0x06, 0x08, 0x0b, 0x08, 0x09, 0x0a,
    0x0a, 0x0a, 0x0a, 0x0a, 0x06, 0x08, 0x0b, 0x0c, 0x0b, 0x0a, 0x0c, 0x09, 0x0a, 0x0a, 0x0a, 0xff, 0xc0, 0x00, 0x14, 0x08, 0x00, 0x10, 0x00, 0x10,
    0x04, 0x43, 0x11, 0x00, 0x4d, 0x11, 0x00, 0x59, 0x11, 0x00, 0x4b, 0x11, 0x00, 0xff, 0xc4, 0x00, 0x1f, 0x00, 0x00, 0x01, 0x05, 0x01, 0x01, 0x01,
    0x01, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0xff, 0xc4,
    0x00, 0xb5, 0x10, 0x00, 0x02, 0x01, 0x03, 0x03, 0x02, 0x04, 0x03, 0x05, 0x05, 0x04, 0x04, 0x00, 0x00, 0x01, 0x7d, 0x01, 0x02, 0x03, 0x00, 0x04,
    0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15,
    0x52, 0xd1, 0xf0, 0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x34, 0x35, 0x36,
    0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64, 0x65, 0x66,
    0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95,
    0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2,
    0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7,
    0xe8, 0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xff, 0xda, 0x00, 0x0e, 0x04, 0x43, 0x00, 0x4d, 0x00, 0x59, 0x00,
    0x4b, 0x00, 0x00, 0x3f, 0x00, 0xfc, 0xdb, 0xaf, 0xdf, 0xca, 0xfd, 0xfc, 0xaf, 0xdf, 0xca, 0xfe, 0xc8, 0x2b, 0xf1, 0xbe, 0xbf, 0x8d, 0xfa, 0xf8,
    0x3e, 0xbf, 0x8d, 0xfa, 0xfd, 0x90, 0xaf, 0xec, 0x82, 0xbe, 0xf0, 0xaf, 0xec, 0x82, 0xbf, 0x1b, 0xeb, 0xf8, 0xdf, 0xaf, 0x83, 0xeb, 0xff, 0xd9,
];

#[test]
fn four_inks_become_the_colours_that_they_print() {
    let folder = folder();
    let pixels = rgba(&frame(&write(&folder, "a.jpg", CMYK)));
    // What is left of white behind an ink and black.
    let printed = |inks: [u32; 3], black: u32| inks.map(|ink| (255 - ink) * (255 - black) / 255);
    for (x, wanted) in [(2, printed([200, 0, 0], 0)), (13, printed([0, 100, 200], 60))] {
        for (got, wanted) in pixels[8][x].iter().zip(wanted) {
            assert!(u32::from(*got).abs_diff(wanted) <= 3, "{:?}, not {wanted:?}", pixels[8][x]);
        }
        assert_eq!(pixels[8][x][3], 255, "inks are no alpha");
    }
}

#[test]
fn four_inks_of_which_nothing_says_what_they_are_are_refused() {
    let folder = folder();
    let plain = [&CMYK[..2], &CMYK[18..]].concat();
    let told = refusal(&write(&folder, "a.jpg", &plain));
    assert!(told.contains("a.jpg") && told.contains("no Adobe marker"), "{told}");
}

/// [`CMYK`] with another number in Adobe's marker for what its components are, which are called 1 to 4.
fn inks(transform: u8) -> Vec<u8> {
    let mut data = [&CMYK[..17], &[transform], &CMYK[18..]].concat();
    let header = data.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a frame");
    let scan = data.windows(2).position(|pair| pair == [0xff, 0xda]).expect("a scan");
    for (number, name) in (1..).zip(0..4) {
        (data[header + 10 + 3 * name], data[scan + 5 + 2 * name]) = (number, number);
    }
    data
}

/// What [`inks`] of 2 print, on the left and on the right: the inks of [`CMYK`], inverted, are luma, two chromas and black.
const YCCK: [[i32; 3]; 2] = {
    // T.871: red, green and blue of 255 − ink.
    const fn printed(luma: i32, blue: i32, red: i32, black: i32) -> [i32; 3] {
        let (blue, red) = (blue - 128, red - 128);
        let rgb = [luma * 1000 + 1402 * red, luma * 1000 - 344 * blue - 714 * red, luma * 1000 + 1772 * blue];
        let (mut out, mut at) = ([0; 3], 0);
        while at < 3 {
            let ink = if rgb[at] < 0 {
                0
            } else if rgb[at] > 255_000 {
                255_000
            } else {
                rgb[at]
            };
            out[at] = (255_000 - ink) / 1000 * black / 255;
            at += 1;
        }
        out
    }
    [printed(55, 255, 255, 255), printed(255, 155, 55, 195)]
};

#[test]
fn inks_that_are_coded_as_luma_and_chroma_print_so() {
    let folder = folder();
    let pixels = rgba(&frame(&write(&folder, "a.jpg", &inks(2))));
    for (x, wanted) in [(2, YCCK[0]), (13, YCCK[1])] {
        for (got, wanted) in pixels[8][x].iter().zip(wanted) {
            assert!((i32::from(*got) - wanted).abs() <= 4, "{:?}, not {wanted:?}", pixels[8][x]);
        }
        assert_eq!(pixels[8][x][3], 255, "inks are no alpha");
    }
    let plain = rgba(&frame(&write(&folder, "c.jpg", &inks(0))));
    assert_eq!(plain, rgba(&frame(&write(&folder, "d.jpg", CMYK))));
    // A number that means nothing for four of them, and one that contradicts their names.
    for data in [inks(1), [&CMYK[..17], &[2], &CMYK[18..]].concat()] {
        let told = refusal(&write(&folder, "b.jpg", &data));
        assert!(told.contains("no Adobe marker"), "{told}");
    }
}

/// A movie of these JPEG pictures, as they are.
fn movie_of(folder: &TempDir, name: &str, pictures: &[&[u8]]) -> PathBuf {
    let stream = write(folder, "stream.mjpeg", &pictures.concat());
    let path = folder.path().join(name);
    let (input, output) = (stream.to_str().expect("plain"), path.to_str().expect("plain"));
    ffmpeg(&["-f", "mjpeg", "-framerate", "25", "-i", input, "-c", "copy", output], None);
    path
}

#[test]
fn movies_of_four_inks_are_right_or_refused() {
    let folder = folder();
    let plain = [&CMYK[..2], &CMYK[18..]].concat();
    for name in ["a.mov", "a.avi", "a.mkv"] {
        let still = rgba(&frame(&write(&folder, "a.jpg", CMYK)));
        let luma = rgba(&frame(&write(&folder, "b.jpg", &inks(2))));
        for (wanted, picture) in [(&still, CMYK), (&luma, &*inks(2))] {
            let path = movie_of(&folder, name, &[picture; 3]);
            let mut reader = MovieReader::open(&path, &DecodeOptions::default()).expect("a movie");
            assert_eq!(&rgba(&reader.frame(1, Rate::FPS_25).expect("a frame").frame), wanted, "{name}");
            std::fs::remove_file(path).expect("written");
        }
        // One among others is that frame alone.
        let path = movie_of(&folder, name, &[CMYK, &plain, CMYK]);
        let mut reader = MovieReader::open(&path, &DecodeOptions::default()).expect("a movie");
        let error = reader.frame(1, Rate::FPS_25).expect_err("nobody knows its inks");
        assert!(format!("{error:#}").contains("no Adobe marker"), "{name}: {error:#}");
        assert_eq!((error.place().file.as_deref(), error.place().frame), (Some(path.as_path()), Some(1)), "{name}");
        assert_eq!(rgba(&reader.frame(2, Rate::FPS_25).expect("a frame").frame), still, "{name}");
        std::fs::remove_file(path).expect("written");
    }
}

/// FFmpeg knows animated WebP from version 8 on, if at all: frames by time, or a refusal that says what it is.
#[test]
fn an_animated_webp_is_read_by_time_or_refused() {
    let folder = folder();
    let path = folder.path().join("a.webp");
    let input = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=0.2", "-c:v", "libwebp_anim", "-lossless", "1"];
    ffmpeg(&[&input[..], &[path.to_str().expect("plain")]].concat(), None);
    match MovieReader::open(&path, &DecodeOptions::default()) {
        Ok(mut reader) => {
            assert!(!reader.info().is_still);
            let mut at = |index| reader.frame(index, Rate::FPS_25).expect("a frame").frame;
            assert_ne!(rgba(&at(0)), rgba(&at(3)), "it moves");
        }
        Err(error) => assert!(format!("{error:#}").contains("ANIM"), "{error:#}"),
    }
}

#[test]
fn the_limit_can_be_set() {
    let folder = folder();
    let path = write(&folder, "a.png", &png((40, 30), 8, 0, &[], &[&[7; 40][..]; 30]));
    let open = |most| MovieReader::open(&path, &DecodeOptions::default().max_pixels(Some(most)));
    assert!(open(1200).is_ok());
    assert!(open(1199).expect_err("too large").to_string().contains("40 × 30 pixels"));
}

#[test]
fn what_ffmpeg_reads_wrongly_of_dwa_is_refused() {
    let folder = folder();
    let [blue, green, red] = [100.0, 200.0, 300.0].map(coded);
    let mut file = exr(&[("B", &blue), ("G", &green), ("R", &red)], [0, 0, 3, 2], [0, 0, 3, 2]);
    let name = b"compression\0compression\0";
    let at = file.windows(name.len()).position(|window| window == name).expect("an attribute") + name.len() + 4;
    file[at] = 8;
    let error = refusal(&write(&folder, "dwa.exr", &file));
    assert!(error.contains("DWA compression"), "{error:#}");
}
