//! Every pixel format of the FFmpeg that is linked is read for what it says, or refused with a sentence.

#![cfg(feature = "ffmpeg")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::cast_possible_truncation, reason = "numbers of as many bits as a sample has")]
#![allow(unsafe_code, reason = "FFmpeg lists its formats, and writes samples of any of them, through C alone")]

use std::ffi::CStr;

use ffmpeg_next::ffi;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;
use otio_conflate::ErrorKind;
use otio_conflate::backend::ffmpeg::{ChromaSite, Converter, SourcePicture, TargetFormat};
use otio_conflate::picture::Rect;
use otio_conflate::plan::ColorTags;

const WIDTH: u32 = 32;
const HEIGHT: u32 = 16;

/// A format and its description.
struct Format {
    pixel: Pixel,
    name: String,
    raw: &'static ffi::AVPixFmtDescriptor,
}

impl Format {
    fn has(&self, flag: impl TryInto<u64>) -> bool {
        self.raw.flags & flag.try_into().ok().unwrap() != 0
    }

    fn alpha(&self) -> bool {
        self.has(ffi::AV_PIX_FMT_FLAG_ALPHA)
    }

    fn components(&self) -> &[ffi::AVComponentDescriptor] {
        &self.raw.comp[..usize::from(self.raw.nb_components)]
    }

    /// Formats that are refused: whoever adds one to the library has to add it here, too.
    fn is_refused(&self) -> bool {
        // Luma between chroma at uneven distances, and words of 32 bits that are described as runs of bits.
        const ODD: [&str; 3] = ["uyyvyy411", "xv30be", "v30xbe"];
        self.has(ffi::AV_PIX_FMT_FLAG_HWACCEL)
            || self.has(ffi::AV_PIX_FMT_FLAG_BAYER)
            || self.name.starts_with("xyz")
            || ODD.contains(&self.name.as_str())
    }

    fn model(&self) -> Model {
        let rgb = self.has(ffi::AV_PIX_FMT_FLAG_RGB);
        match self.components().len() - usize::from(self.alpha() && !self.has(ffi::AV_PIX_FMT_FLAG_PAL)) {
            _ if self.has(ffi::AV_PIX_FMT_FLAG_PAL) => Model::Palette,
            3 if rgb => Model::Rgb,
            3 => Model::Yuv,
            1 => Model::Grey,
            _ => panic!("{} is of a new kind", self.name),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Model {
    Rgb,
    Yuv,
    Grey,
    Palette,
}

fn formats() -> Vec<Format> {
    let mut all = Vec::new();
    let mut raw: *const ffi::AVPixFmtDescriptor = std::ptr::null();
    loop {
        // SAFETY: null asks for the first; every other one came from the same table, which lives for ever.
        let next = unsafe { ffi::av_pix_fmt_desc_next(raw).as_ref() };
        let Some(next) = next else { break };
        raw = next;
        // SAFETY: the descriptor is one of the table's, whose names are C strings; its number is one of the headers',
        // as tests run with the library that they were built with.
        let (id, name) = unsafe { (ffi::av_pix_fmt_desc_get_id(next), CStr::from_ptr(next.name)) };
        all.push(Format { pixel: id.into(), name: name.to_str().unwrap().to_owned(), raw: next });
    }
    assert!(all.len() > 190, "{} formats", all.len());
    all
}

/// The bits of a number from 0 to 1 as a float of 16 bits; it is a multiple of 1/64.
fn half(value: f64) -> u32 {
    if value == 0.0 {
        return 0;
    }
    let exponent = value.log2().floor() as i32;
    let fraction = (value / 2f64.powi(exponent) - 1.0) * 1024.0;
    assert_eq!(fraction.fract(), 0.0);
    u32::try_from(exponent + 15).unwrap() << 10 | fraction as u32
}

/// A frame whose component `c` has the number `number(c, x, y)`, written by FFmpeg.
fn frame(format: &Format, number: impl Fn(usize, usize, usize) -> u32) -> Video {
    let mut frame = Video::new(format.pixel, WIDTH, HEIGHT);
    // SAFETY: the frame was allocated with this format and size; `av_image_get_linesize` says how long a line is, and
    // the line writer writes `width` samples of one component within it. Its numbers come from an array of that length.
    unsafe {
        let raw = frame.as_mut_ptr();
        for plane in 0..4 {
            if !(*raw).buf[plane].is_null() {
                let buffer = &*(*raw).buf[plane];
                std::ptr::write_bytes(buffer.data, 0, buffer.size);
            }
        }
        for (c, _) in format.components().iter().enumerate() {
            let chroma = format.model() == Model::Yuv && (c == 1 || c == 2);
            let (across, down) = if chroma { (format.raw.log2_chroma_w, format.raw.log2_chroma_h) } else { (0, 0) };
            let (width, height) = ((WIDTH >> across) as usize, (HEIGHT >> down) as usize);
            for y in 0..height {
                let line: Vec<u32> = (0..width).map(|x| number(c, x, y)).collect();
                ffi::av_write_image_line2(
                    line.as_ptr().cast(),
                    (*raw).data.as_mut_ptr(),
                    (*raw).linesize.as_ptr(),
                    format.raw,
                    0,
                    i32::try_from(y).unwrap(),
                    i32::try_from(c).unwrap(),
                    i32::try_from(width).unwrap(),
                    4,
                );
            }
        }
        if format.model() == Model::Palette {
            for (index, [red, green, blue, alpha]) in palette().into_iter().enumerate() {
                let word = u32::from_be_bytes([alpha, red, green, blue]);
                (*raw).data[1].cast::<u32>().add(index).write(word);
            }
        }
    }
    frame
}

fn palette() -> Vec<[u8; 4]> {
    (0..=255u8).map(|index| [index, 255 - index, index / 2, 255 - index / 4]).collect()
}

/// Component `c` at (x, y), as a share of white; for chroma from 0 to 1, too. Multiples of 1/64.
fn share(model: Model, c: usize, x: usize, y: usize) -> f64 {
    let wave = |of: usize| (of % 16) as f64;
    match (model, c) {
        (_, 3) => 0.75,
        // Within what RGB can be made of.
        (Model::Yuv, 0) => (24.0 + wave(x + 3 * y)) / 64.0,
        (Model::Yuv, 1) => 0.53125,
        (Model::Yuv, _) => 0.453125,
        // Grey's second is alpha.
        (Model::Grey, 1) => 0.75,
        (_, 0) => (4.0 + 3.0 * wave(x + 5 * y)) / 64.0,
        (_, 1) => (52.0 - 3.0 * wave(x + y)) / 64.0,
        (_, _) => (8.0 + 2.0 * wave(3 * x + y)) / 64.0,
    }
}

/// The number of a component for a share, and what share that number is.
fn coded(format: &Format, c: usize, share: f64, full: bool) -> (u32, f64) {
    let depth = format.components()[c].depth.unsigned_abs();
    if format.has(ffi::AV_PIX_FMT_FLAG_FLOAT) {
        let bits = if depth == 16 { half(share) } else { (share as f32).to_bits() };
        return (bits, share);
    }
    let model = format.model();
    let alpha = format.alpha() && c + 1 == format.components().len();
    let max = ((1u64 << depth) - 1) as f64;
    let step = 2f64.powi(i32::try_from(depth).unwrap() - 8);
    let (scale, offset) = match (model, c) {
        _ if alpha => (max, 0.0),
        (Model::Rgb | Model::Palette, _) => (max, 0.0),
        (Model::Yuv, 1 | 2) if full => (max, 128.0 * step - 0.5 * max),
        (Model::Yuv, 1 | 2) => (224.0 * step, 16.0 * step),
        _ if full || depth < 8 => (max, 0.0),
        _ => (219.0 * step, 16.0 * step),
    };
    let number = (share * scale + offset).round().clamp(0.0, max);
    (number as u32, (number - offset) / scale)
}

/// Straight red, green, blue and alpha of what components say.
fn rgba(format: &Format, parts: &[f64]) -> [f64; 4] {
    let alpha = if format.alpha() && format.model() != Model::Palette { *parts.last().unwrap() } else { 1.0 };
    match format.model() {
        Model::Rgb => [parts[0], parts[1], parts[2], alpha],
        Model::Grey => {
            // 0 is white in one of them.
            let grey = if format.name == "monow" { 1.0 - parts[0] } else { parts[0] };
            [grey, grey, grey, alpha]
        }
        Model::Yuv => {
            let (kr, kb) = (0.2126, 0.0722);
            let (luma, cb, cr) = (parts[0], parts[1] - 0.5, parts[2] - 0.5);
            let (red, blue) = (luma + 2.0 * (1.0 - kr) * cr, luma + 2.0 * (1.0 - kb) * cb);
            [red, (luma - kr * red - kb * blue) / (1.0 - kr - kb), blue, alpha]
        }
        Model::Palette => palette()[(parts[0] * 255.0).round() as usize].map(|part| f64::from(part) / 255.0),
    }
}

fn color(format: &Format, full_range: bool) -> ColorTags {
    match format.model() {
        Model::Rgb | Model::Palette => ColorTags { transfer: 1, ..ColorTags::SRGB },
        _ => ColorTags { full_range, ..ColorTags::BT709 },
    }
}

/// Whether the format says by its name that it is full-range.
fn ranges(format: &Format) -> &'static [bool] {
    match format.model() {
        Model::Yuv if format.name.starts_with("yuvj") => &[true],
        // Floats and the few bits of a mask have no head and foot room.
        Model::Grey if format.has(ffi::AV_PIX_FMT_FLAG_FLOAT) || format.components()[0].depth < 8 => &[true],
        Model::Yuv | Model::Grey => &[true, false],
        Model::Rgb | Model::Palette => &[true],
    }
}

#[test]
fn every_format_is_read_by_its_description() {
    let mut converter = Converter::new();
    let mut read = 0;
    for format in formats().iter().filter(|format| !format.is_refused()) {
        for &full in ranges(format) {
            let model = format.model();
            let number = |c: usize, x: usize, y: usize| coded(format, c, share(model, c, x, y), full).0;
            let frame = frame(format, number);
            let source = SourcePicture { frame: &frame, color: color(format, full), premultiplied: false };
            let image = converter.read_rgba16(&source, (WIDTH, HEIGHT), 1);
            let image = image.unwrap_or_else(|error| panic!("{}: {error:#}", format.name));
            for (at, pixel) in image.data.as_chunks::<4>().0.iter().enumerate() {
                let (x, y) = (at % WIDTH as usize, at / WIDTH as usize);
                let parts: Vec<f64> =
                    (0..format.components().len()).map(|c| coded(format, c, share(model, c, x, y), full).1).collect();
                let [red, green, blue, alpha] = rgba(format, &parts);
                let wanted = [red * alpha, green * alpha, blue * alpha, alpha];
                for (got, wanted) in pixel.iter().zip(wanted) {
                    let error = (f64::from(*got) - wanted * 65535.0).abs();
                    let name = &format.name;
                    assert!(
                        error <= 2.0,
                        "{name}, full range {full}, at {x}, {y}: {pixel:?}, not {wanted:?} of {parts:?}"
                    );
                }
            }
            read += 1;
        }
    }
    println!("{read} kinds of pictures were read");
}

#[test]
fn every_format_is_converted_or_refused() {
    let mut converter = Converter::new();
    let canvas = |format: Pixel, (width, height), color| TargetFormat {
        format,
        width,
        height,
        color,
        premultiplied: false,
        chroma: ChromaSite::Left,
    };
    let rgb = ColorTags { transfer: 1, ..ColorTags::SRGB };
    for format in formats().iter().filter(|format| !format.is_refused()) {
        for &full in ranges(format) {
            let model = format.model();
            let number = |c: usize, _: usize, _: usize| coded(format, c, share(model, c, 7, 0), full).0;
            let frame = frame(format, number);
            let parts: Vec<f64> =
                (0..format.components().len()).map(|c| coded(format, c, share(model, c, 7, 0), full).1).collect();
            let [red, green, blue, alpha] = rgba(format, &parts);
            // On black.
            let [red, green, blue] = [red, green, blue].map(|part| part * alpha);
            let luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
            let yuv =
                [luma * 876.0 + 64.0, (blue - luma) / 1.8556 * 896.0 + 512.0, (red - luma) / 1.5748 * 896.0 + 512.0];
            let source = SourcePicture { frame: &frame, color: color(format, full), premultiplied: false };
            for size in [(WIDTH, HEIGHT), (2 * WIDTH, 2 * HEIGHT), (WIDTH / 2, HEIGHT / 2)] {
                let whole = Rect::whole(size.0, size.1);
                for (target, pixel) in [(ColorTags::BT709, Pixel::YUV422P10LE), (rgb, Pixel::GBRP10LE)] {
                    let wanted = match pixel {
                        Pixel::GBRP10LE => [green, blue, red].map(|part| part * 1023.0),
                        _ => yuv,
                    };
                    let out = converter.convert(&source, &canvas(pixel, size, target), whole);
                    let out =
                        out.unwrap_or_else(|error| panic!("{} into {pixel:?} of {size:?}: {error:#}", format.name));
                    let out = out.as_ref().unwrap_or(&frame);
                    for (plane, wanted) in wanted.into_iter().enumerate() {
                        let at = (size.1 as usize / 2) * out.stride(plane) + size.0 as usize / 4 / 2 * 2;
                        let got = f64::from(u16::from_le_bytes(out.data(plane)[at..at + 2].try_into().unwrap()));
                        let what = format!("{}, full range {full}, into {pixel:?} of {size:?}", format.name);
                        assert!((got - wanted).abs() <= 4.5, "{what}, plane {plane}: {got}, not {wanted}");
                    }
                }
            }
        }
    }
}

#[test]
fn what_is_refused_is_refused_with_a_sentence() {
    let mut converter = Converter::new();
    let mut refused = Vec::new();
    let formats = formats();
    for format in formats.iter().filter(|format| format.is_refused()) {
        let mut frame = Video::empty();
        frame.set_format(format.pixel);
        frame.set_width(WIDTH);
        frame.set_height(HEIGHT);
        let source = SourcePicture { frame: &frame, color: ColorTags::BT709, premultiplied: false };
        let target = TargetFormat {
            format: Pixel::YUV422P10LE,
            width: WIDTH,
            height: HEIGHT,
            color: ColorTags::BT709,
            premultiplied: false,
            chroma: ChromaSite::Left,
        };
        let into = TargetFormat { format: format.pixel, ..target };
        let plain = Video::new(Pixel::YUV420P, WIDTH, HEIGHT);
        let whole = Rect::whole(WIDTH, HEIGHT);
        let errors = [
            converter.convert(&source, &target, whole).err(),
            converter.read_rgba16(&source, (WIDTH, HEIGHT), 1).err(),
            converter.convert(&SourcePicture { frame: &plain, ..source }, &into, whole).err(),
        ];
        for error in errors {
            let error = error.unwrap_or_else(|| panic!("{} is not refused", format.name));
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:#}");
            assert!(format!("{error:#}").contains(&format.name), "{error:#}");
        }
        refused.push(format.name.as_str());
    }
    assert!(refused.contains(&"bayer_rggb16le") && refused.contains(&"xyz12le"), "{refused:?}");
}

#[test]
fn every_format_that_is_written_comes_back() {
    let mut converter = Converter::new();
    let mut written = 0;
    for format in formats().iter().filter(|format| !format.is_refused()) {
        for &full in ranges(format) {
            let color = color(format, full);
            let target = TargetFormat {
                format: format.pixel,
                width: WIDTH,
                height: HEIGHT,
                color,
                premultiplied: false,
                chroma: ChromaSite::Left,
            };
            // A gray, which every format has, with black around it.
            let gray = formats().into_iter().find(|format| format.name == "gray16le").unwrap();
            let picture = frame(&gray, |_, _, _| 0x8000);
            let source = SourcePicture {
                frame: &picture,
                color: ColorTags { full_range: true, ..ColorTags::BT709 },
                premultiplied: false,
            };
            let rect = Rect { x: 8, y: 4, width: 16, height: 8 };
            let out = match converter.convert(&source, &target, rect) {
                Ok(out) => out.unwrap_or_else(|| panic!("{} is not gray16le of another size", format.name)),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Unsupported, "{}: {error:#}", format.name);
                    continue;
                }
            };
            let source = SourcePicture { frame: &out, color, premultiplied: false };
            let image = converter.read_rgba16(&source, (WIDTH, HEIGHT), 1).unwrap();
            let depth = format.components().iter().map(|c| c.depth).min().unwrap();
            let step = 65535.0 / (2f64.powi(depth) - 1.0);
            for (at, pixel) in image.data.as_chunks::<4>().0.iter().enumerate() {
                let (x, y) = (at % WIDTH as usize, at / WIDTH as usize);
                let inside = (8..24).contains(&x) && (4..12).contains(&y);
                // Next to the edge, chroma may be the neighbour's; gray's is black's.
                let wanted = if inside { 32768.0 } else { 0.0 };
                for part in &pixel[..3] {
                    let error = (f64::from(*part) - wanted).abs();
                    let what = format!("{}, full range {full}, at {x}, {y}", format.name);
                    assert!(error <= 1.5 * step, "{what}: {pixel:?}, not {wanted}");
                }
                assert_eq!(pixel[3], u16::MAX, "{} is opaque", format.name);
            }
            written += 1;
        }
    }
    println!("{written} kinds of pictures were written");
    assert!(written > 150, "{written}");
}
