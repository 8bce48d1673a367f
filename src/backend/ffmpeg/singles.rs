//! Frames as singles and back, without cutting what is darker than black or brighter than white, and transforms of colours in
//! between.

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;

use super::convert::{Converter, SourcePicture, TargetFormat, chroma_site};
use super::pixels::full_range_twin;
use super::rgb_samples;
use super::sys::frames;
use super::sys::pixel_info::PixelInfo;
use super::yuv;
use crate::color::ColorTransform;
use crate::error::Result;
use crate::picture::{Rgba16, RgbaF32};
use crate::plan::ColorTags;

/// The channels that the planes of FFmpeg's planar RGB hold.
pub(super) const PLANES_OF_LIGHT: [usize; 4] = [1, 2, 0, 3];

/// What the alpha of a picture does to its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alpha {
    /// Nothing: everything is opaque.
    None,
    /// Colour is what it would be without.
    Straight,
    /// Colour is multiplied by it.
    Premultiplied,
}

/// The frame as singles of its own size, whatever its transfer characteristic, and what alpha does to them.
pub(super) fn read(source: &SourcePicture<'_>) -> Result<(RgbaF32, Alpha)> {
    let upright = frames::top_down(source.frame)?;
    let source = &SourcePicture { frame: &upright, ..*source };
    let info = PixelInfo::need(source.frame.format())?;
    info.check()?;
    let alpha = match (info.alpha, source.premultiplied) {
        (false, _) => Alpha::None,
        (true, false) => Alpha::Straight,
        (true, true) => Alpha::Premultiplied,
    };
    if info.float {
        let planar = rgb_samples::in_singles(source.frame, &info, None)?;
        return Ok((interleaved(planar.as_ref().unwrap_or(source.frame))?, alpha));
    }
    let full_range = source.color.full_range || full_range_twin(source.frame.format()).1;
    if yuv::is_yuv(&info) {
        let color = ColorTags { full_range, ..source.color };
        let image = yuv::read_yuv_as_singles(source.frame, &info, color, chroma_site(source.frame))?;
        return Ok((image, alpha));
    }
    let image = super::convert::read_rgba(
        &SourcePicture { color: ColorTags { full_range, ..source.color }, ..*source },
        &info,
    )?;
    Ok((RgbaF32::from(&image), alpha))
}

/// A frame of planar floats as interleaved ones.
pub(super) fn interleaved(frame: &Video) -> Result<RgbaF32> {
    let info = PixelInfo::need(frame.format())?;
    let width = frame.width();
    let mut image = RgbaF32::black(width, frame.height());
    let grey = info.planes() < 3;
    for channel in 0..if info.alpha { 4 } else { 3 } {
        // Grey has one plane for three channels.
        let plane = match (grey, channel) {
            (true, 3) => 1,
            (true, _) => 0,
            (false, channel) => PLANES_OF_LIGHT.iter().position(|&known| known == channel).unwrap_or(channel),
        };
        let (data, stride) = frames::plane(frame, &info, plane);
        for (line, out) in data.chunks(stride.max(1)).zip(image.data.chunks_mut(width as usize * 4)) {
            for (sample, pixel) in line.as_chunks::<4>().0.iter().zip(out.as_chunks_mut::<4>().0) {
                pixel[channel] = f32::from_le_bytes(*sample);
            }
        }
    }
    Ok(image)
}

/// Interleaved singles as a frame of planar ones, as `target` says.
pub(super) fn planar(image: &RgbaF32, target: &TargetFormat, converter: &mut Converter) -> Result<Video> {
    let info = PixelInfo::need(target.format)?;
    let mut out = converter.blank(target)?;
    for (plane, channel) in PLANES_OF_LIGHT.into_iter().take(info.planes()).enumerate() {
        let (data, stride) = frames::plane_mut(&mut out, &info, plane);
        for (out, line) in data.chunks_mut(stride.max(1)).zip(image.data.chunks(image.width as usize * 4)) {
            for (out, pixel) in out.as_chunks_mut::<4>().0.iter_mut().zip(line.as_chunks::<4>().0) {
                *out = pixel[channel].to_le_bytes();
            }
        }
    }
    Ok(out)
}

/// Premultiplied singles as a frame, whatever its transfer characteristic. What is no number becomes black.
pub(super) fn write(mut image: RgbaF32, target: &TargetFormat, converter: &mut Converter) -> Result<Video> {
    let info = PixelInfo::need(target.format)?;
    info.check()?;
    if info.alpha && !target.premultiplied {
        image.data.as_chunks_mut::<4>().0.iter_mut().for_each(divide);
    }
    if matches!(target.format, Pixel::GBRPF32LE | Pixel::GBRAPF32LE) {
        return planar(&image, target, converter);
    }
    if yuv::is_yuv(&info) {
        let mut out = converter.blank(target)?;
        yuv::write_yuv_of_singles(&image, &mut out, &info, target.color, target.chroma)?;
        return Ok(out);
    }
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float's cast saturates at the limits"
    )]
    let data = image.data.iter().map(|value| (value * 65535.0 + 0.5) as u16).collect();
    let image = Rgba16 { width: image.width, height: image.height, data };
    converter.from_samples(&image, target)
}

/// Colour divided by alpha, where there is any.
fn divide(pixel: &mut [f32; 4]) {
    let alpha = pixel[3];
    if alpha != 0.0 && alpha != 1.0 {
        pixel[..3].iter_mut().for_each(|value| *value /= alpha);
    }
}

/// The fewest pixels that are worth a thread.
const PIECE: usize = 16_384;
/// Pixels that go through a transform at once: they stay in a core's cache.
const BLOCK: usize = 4096;

/// Puts a picture through `transform`, if there is one; colour comes out multiplied by alpha. Colour that is there without
/// alpha, such as a glow, is light that is added: what nothing becomes is taken off it, so that nothing stays nothing.
pub(super) fn transformed(image: &mut RgbaF32, alpha: Alpha, transform: Option<&dyn ColorTransform>, threads: usize) {
    let pixels = image.data.as_chunks_mut::<4>().0;
    let mut nothing = [[0.0, 0.0, 0.0, 1.0]];
    if let Some(transform) = transform {
        transform.apply(&mut nothing);
    }
    let nothing = nothing[0];
    let work = |pixels: &mut [[f32; 4]]| {
        for block in pixels.chunks_mut(BLOCK) {
            through(block, alpha, transform, nothing);
        }
    };
    let threads = threads.min(pixels.len() / PIECE).max(1);
    if threads == 1 || transform.is_none() {
        return work(pixels);
    }
    let piece = pixels.len().div_ceil(threads);
    std::thread::scope(|scope| {
        for piece in pixels.chunks_mut(piece) {
            scope.spawn(|| work(piece));
        }
    });
}

fn through(block: &mut [[f32; 4]], alpha: Alpha, transform: Option<&dyn ColorTransform>, nothing: [f32; 4]) {
    if alpha == Alpha::Premultiplied && transform.is_some() {
        block.iter_mut().for_each(divide);
    }
    let alphas: Vec<f32> = block.iter().map(|pixel| pixel[3]).collect();
    if let Some(transform) = transform {
        transform.apply(block);
    }
    for (pixel, own) in block.iter_mut().zip(alphas) {
        match alpha {
            Alpha::None => pixel[3] = 1.0,
            Alpha::Straight => {
                *pixel = [pixel[0] * own, pixel[1] * own, pixel[2] * own, own];
            }
            Alpha::Premultiplied if transform.is_none() => {}
            Alpha::Premultiplied if own == 0.0 => {
                *pixel = [pixel[0] - nothing[0], pixel[1] - nothing[1], pixel[2] - nothing[2], 0.0];
            }
            Alpha::Premultiplied => *pixel = [pixel[0] * own, pixel[1] * own, pixel[2] * own, own],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twice as bright, and a tenth more.
    #[derive(Debug)]
    struct Brighter;

    impl ColorTransform for Brighter {
        fn apply(&self, pixels: &mut [[f32; 4]]) {
            pixels.iter_mut().flat_map(|pixel| &mut pixel[..3]).for_each(|value| *value = *value * 2.0 + 0.25);
        }
    }

    #[test]
    fn alpha_is_divided_by_and_light_without_it_is_added() {
        let through = |pixel: [f32; 4], alpha| {
            let mut image = RgbaF32 { width: 1, height: 1, data: pixel.to_vec() };
            transformed(&mut image, alpha, Some(&Brighter), 4);
            image.data
        };
        assert_eq!(through([0.5, 0.25, 0.0, 0.5], Alpha::None), [1.25, 0.75, 0.25, 1.0]);
        assert_eq!(through([0.5, 0.25, 0.0, 0.5], Alpha::Straight), [0.625, 0.375, 0.125, 0.5]);
        assert_eq!(through([0.5, 0.25, 0.0, 0.5], Alpha::Premultiplied), [1.125, 0.625, 0.125, 0.5]);
        assert_eq!(through([0.5, 0.0, -0.5, 0.0], Alpha::Premultiplied), [1.0, 0.0, -1.0, 0.0]);
        assert_eq!(through([0.5, 0.0, 0.0, 0.0], Alpha::Straight), [0.0; 4]);
    }

    /// Milliseconds that this thread was on a processor.
    #[cfg(feature = "ocio")]
    fn on_processor() -> f64 {
        let told = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells");
        told.split(' ').next().and_then(|word| word.parse::<f64>().ok()).expect("nanoseconds") / 1e6
    }

    /// Prints for pictures in camera log, what a cube costs and how far off it is that stands for a decision and a view: of exact
    /// mathematics, of pictures met for the first time and of known ones, in milliseconds of one thread; the mean, the 99.9th percentile and
    /// the largest of all differences, in codes of ten bits; and the share of pixels that went through the view itself.
    #[cfg(feature = "ocio")]
    #[test]
    #[ignore = "a measurement: scripts/check-colour --full makes the pictures"]
    fn fast_precision() {
        use crate::color::{Cubes, Fast, Step, named, open};
        use crate::plan::CdlStyle;
        use std::sync::Arc;

        #[derive(Debug)]
        struct CountedPixels(Arc<dyn ColorTransform>, std::sync::atomic::AtomicUsize);
        impl ColorTransform for CountedPixels {
            fn apply(&self, pixels: &mut [[f32; 4]]) {
                self.1.fetch_add(pixels.len(), std::sync::atomic::Ordering::Relaxed);
                self.0.apply(pixels);
            }
        }

        let (width, height) = (1920u32, 1080u32);
        let path = std::env::var_os("PICTURES").expect("$PICTURES: frames of 1920 x 1080 RGBA, 32-bit floats");
        let data = std::fs::read(path).expect("pictures");
        let values: Vec<f32> = data.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let frames: Vec<&[f32]> = values.chunks_exact(width as usize * height as usize * 4).collect();
        let log = "ARRI LogC3 (EI800)".to_owned();
        for (name, config, view) in [
            ("20", "ocio://studio-config-v4.0.0_aces-v2.0_ocio-v2.5", "ACES 2.0 - SDR 100 nits (Rec.709)"),
            ("13", "ocio://studio-config-v2.2.0_aces-v1.3_ocio-v2.4", "ACES 1.0 - SDR Video"),
        ] {
            let engine = open(&named(config).expect("built in")).expect("opened");
            let style = CdlStyle::Asc;
            let (slope, offset, power) = ([1.1, 0.95, 0.9], [0.01, 0.0, -0.01], [1.0, 1.05, 1.1]);
            let steps = [
                Step::Convert { from: log.clone(), to: "ACEScct".to_owned() },
                Step::Cdl { slope, offset, power, saturation: 1.1, style },
                Step::View {
                    from: "ACEScct".to_owned(),
                    display: "Rec.1886 Rec.709 - Display".to_owned(),
                    view: view.to_owned(),
                    without_looks: false,
                },
            ];
            let exact = engine.transform(&steps, &Default::default()).expect("made").transform;
            let counted = Arc::new(CountedPixels(exact, Default::default()));
            let exact: Arc<dyn ColorTransform> = counted.clone();
            let start = on_processor();
            let fast = Fast::new(Arc::clone(&exact), &Cubes::default()).cube(1);
            println!("made_{name} {:.1}", on_processor() - start);
            let through = |transform: &dyn ColorTransform, frame: &[f32]| {
                let mut image = RgbaF32 { width, height, data: frame.to_vec() };
                let start = on_processor();
                transformed(&mut image, Alpha::None, Some(transform), 1);
                (on_processor() - start, image)
            };
            let (mut first, mut after, mut slow) = (0.0f64, f64::INFINITY, f64::INFINITY);
            let mut off: Vec<f32> = Vec::new();
            let mut itself = 0;
            #[allow(clippy::cast_precision_loss, reason = "a few")]
            let count = frames.len() as f64;
            for frame in &frames {
                let (time, image) = through(&*fast, frame);
                first += time / count;
                let before = counted.1.load(std::sync::atomic::Ordering::Relaxed);
                after = after.min((0..3).map(|_| through(&*fast, frame).0).fold(f64::INFINITY, f64::min));
                itself += (counted.1.load(std::sync::atomic::Ordering::Relaxed) - before) / 3;
                let (time, wanted) = through(&*exact, frame);
                slow = slow.min(time);
                let codes = image.data.iter().zip(&wanted.data).map(|(a, b)| (a - b).abs() * 1023.0);
                off.extend(codes.enumerate().filter(|(place, _)| place % 4 != 3).map(|(_, off)| off));
            }
            off.sort_unstable_by(f32::total_cmp);
            #[allow(clippy::cast_precision_loss, reason = "some millions")]
            let count = off.len() as f64;
            let mean = off.iter().map(|&off| f64::from(off)).sum::<f64>() / count;
            println!("exact_{name} {slow:.1}\nfirst_{name} {first:.1}\nafter_{name} {after:.1}\nmean_{name} {mean:.3}");
            println!("p999_{name} {:.2}\nmax_{name} {:.2}", off[off.len() - off.len() / 1000], off[off.len() - 1]);
            #[allow(clippy::cast_precision_loss, reason = "some millions")]
            let share = itself as f64 * 300.0 / count;
            println!("itself_{name} {share:.2}");
        }
    }

    /// Prints what a picture of 1920 × 1080 costs in one thread, in milliseconds, the least of five.
    #[cfg(feature = "ocio")]
    #[test]
    #[ignore = "a measurement: scripts/check-colour --full compares it with PyOpenColorIO"]
    fn speed() {
        use crate::color::{CubeLut, Step, named, open};
        use crate::plan::CdlStyle;
        use std::collections::BTreeMap;

        let (width, height) = (1920u32, 1080u32);
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from(u16::try_from(state >> 16).expect("16 bits")) / 65535.0
        };
        let data: Vec<f32> = (0..width * height * 4).map(|_| next()).collect();
        let mut cube = Vec::new();
        for at in 0..33 * 33 * 33u16 {
            let part = |value: u16| f32::from(value % 33) / 32.0;
            cube.push([part(at), part(at / 33).powi(2), part(at / 1089)]);
        }
        let engine =
            open(&named("ocio://studio-config-v4.0.0_aces-v2.0_ocio-v2.5").expect("built in")).expect("opened");
        let older = open(&named("ocio://studio-config-v2.2.0_aces-v1.3_ocio-v2.4").expect("built in")).expect("opened");
        let none = BTreeMap::new();
        let convert = |from: &str, to: &str| Step::Convert { from: from.to_owned(), to: to.to_owned() };
        let cdl = Step::Cdl {
            slope: [1.1, 0.9, 1.0],
            offset: [0.01, 0.0, -0.01],
            power: [1.1, 1.0, 0.9],
            saturation: 0.9,
            style: CdlStyle::Asc,
        };
        let view = |view: &str| Step::View {
            from: "ACEScg".to_owned(),
            display: "sRGB - Display".to_owned(),
            view: view.to_owned(),
            without_looks: false,
        };
        let log = "ARRI LogC3 (EI800)";
        let of =
            |engine: &dyn crate::color::Engine, steps: &[Step]| engine.transform(steps, &none).expect("made").transform;
        let transforms = [
            ("cdl", of(&*engine, std::slice::from_ref(&cdl))),
            ("log", of(&*engine, &[convert(log, "ACEScg")])),
            ("log_cdl", of(&*engine, &[convert(log, "ACEScct"), cdl, convert("ACEScct", "ACEScg")])),
            ("view_13", of(&*older, &[view("ACES 1.0 - SDR Video")])),
            ("view_20", of(&*engine, &[view("ACES 2.0 - SDR 100 nits (Rec.709)")])),
            ("cube", std::sync::Arc::new(CubeLut::new(33, &cube).expect("a cube"))),
        ];
        for (name, transform) in transforms {
            let times = (0..5).map(|_| {
                let mut image = RgbaF32 { width, height, data: data.clone() };
                let start = on_processor();
                transformed(&mut image, Alpha::None, Some(&*transform), 1);
                on_processor() - start
            });
            println!("{name} {:.1}", times.fold(f64::INFINITY, f64::min));
        }
        let mut converter = Converter::new();
        let target = TargetFormat {
            format: Pixel::YUV422P10LE,
            width,
            height,
            color: ColorTags::BT709,
            premultiplied: false,
            chroma: super::super::chroma_site::ChromaSite::Left,
        };
        let times = (0..5).map(|_| {
            let image = RgbaF32 { width, height, data: data.clone() };
            let start = on_processor();
            let frame = write(image, &target, &mut converter).expect("written");
            let source = SourcePicture { frame: &frame, color: ColorTags::BT709, premultiplied: false };
            let read = read(&source).expect("read");
            assert_eq!(read.0.width, width);
            on_processor() - start
        });
        println!("yuv {:.1}", times.fold(f64::INFINITY, f64::min));
    }

    #[test]
    fn any_number_of_threads_gives_the_same() {
        let data: Vec<f32> =
            (0..400_000u32).map(|at| f32::from(u16::try_from(at % 60_013).expect("small")) / 999.0).collect();
        let once = |threads| {
            let mut image = RgbaF32 { width: 500, height: 200, data: data.clone() };
            transformed(&mut image, Alpha::Premultiplied, Some(&Brighter), threads);
            image
        };
        let one = once(1);
        assert!([2, 3, 8].into_iter().all(|threads| once(threads) == one));
    }
}
