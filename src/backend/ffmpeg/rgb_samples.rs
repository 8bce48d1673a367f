//! Frames of RGB and grey, of whole numbers and of floats, read into images and written from them.

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;

use super::light_curve::{LightCurve, look_up, quantise, unit};
use super::sys::frames::{FramePool, copy_properties, palette, plane, plane_mut};
use super::sys::pixel_info::{Component, PixelInfo};
use crate::error::{Error, ErrorKind, Result};
use crate::picture::Rgba16;
use crate::plan::ColorTags;

/// A half-precision float's value.
fn half(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let (exponent, fraction) = (u32::from(bits >> 10) & 0x1f, u32::from(bits) & 0x3ff);
    let magnitude = match exponent {
        0 => f32::from(bits & 0x3ff) / 16_777_216.0,
        31 => f32::from_bits(0x7f80_0000 | fraction << 13),
        _ => f32::from_bits((exponent + 112) << 23 | fraction << 13),
    };
    f32::from_bits(magnitude.to_bits() | sign)
}

/// A frame of floats of any kind as planar floats of 32 bits, green, blue and red, with alpha where it had some: no value
/// is touched, unless by a curve. `None` for one that is that already, and for one that is not floating-point.
///
/// Premultiplied colour is divided by alpha before the curve and multiplied again behind it. What is black or darker
/// stays as it is.
pub(super) fn in_singles(frame: &Video, info: &PixelInfo, curve: Option<LightCurve>) -> Result<Option<Video>> {
    let format = if info.alpha { Pixel::GBRAPF32LE } else { Pixel::GBRPF32LE };
    if !info.float || (frame.format() == format && curve.is_none()) {
        return Ok(None);
    }
    info.check()?;
    let target = PixelInfo::need(format)?;
    let mut out = FramePool::default().frame(format, frame.width(), frame.height(), ColorTags::LINEAR_RGB)?;
    let width = frame.width() as usize;
    let (mut values, mut alphas) = (vec![0f32; width], vec![1f32; width]);
    let own = channels(info);
    for (channel, to) in target.components.iter().enumerate() {
        let component = own[channel];
        let (data, stride) = plane(frame, info, component.plane);
        let (alpha, alpha_stride) = plane(frame, info, own[3].plane);
        let (target, target_stride) = plane_mut(&mut out, &target, to.plane);
        if data.is_empty() || target.is_empty() {
            return Err(no_samples(info));
        }
        for (y, (line, out)) in data.chunks(stride).zip(target.chunks_mut(target_stride)).enumerate() {
            load_floats(line, component, info.big_endian, &mut values);
            if let Some(curve) = curve.filter(|_| channel < 3) {
                if info.alpha {
                    let line = alpha.get(y * alpha_stride..).unwrap_or_default();
                    load_floats(line, own[3], info.big_endian, &mut alphas);
                }
                values.iter_mut().zip(&alphas).for_each(|(value, alpha)| *value = through(curve, *value, *alpha));
            }
            for (out, value) in out.as_chunks_mut::<4>().0.iter_mut().zip(&values) {
                *out = value.to_le_bytes();
            }
        }
    }
    copy_properties(frame, &mut out)?;
    Ok(Some(out))
}

/// Premultiplied colour through a curve; what is brighter than white follows it further.
#[allow(clippy::cast_possible_truncation, reason = "a single")]
fn through(curve: LightCurve, value: f32, alpha: f32) -> f32 {
    let alpha = if alpha > 0.0 { alpha } else { 1.0 };
    if value > 0.0 { curve.exact(f64::from(value / alpha)) as f32 * alpha } else { value }
}

fn no_samples(info: &PixelInfo) -> Error {
    Error::new(ErrorKind::Encode, format!("no samples to read in {}", info.name))
}

/// One line of a component of floats.
fn load_floats(line: &[u8], component: Component, big_endian: bool, values: &mut [f32]) {
    let samples = line.get(component.offset..).unwrap_or_default().chunks(component.step);
    let out = values.iter_mut().zip(samples);
    match (component.depth, big_endian) {
        (16, big) => out.for_each(|(out, bytes)| *out = half(word(bytes, big))),
        (_, false) => out.for_each(|(out, bytes)| *out = bytes.first_chunk().map_or(0.0, |b| f32::from_le_bytes(*b))),
        (_, true) => out.for_each(|(out, bytes)| *out = bytes.first_chunk().map_or(0.0, |b| f32::from_be_bytes(*b))),
    }
}

/// A frame of floats as 16-bit RGBA, premultiplied: cut to 0..=1 behind the curve.
pub(super) fn read_floats(
    frame: &Video,
    info: &PixelInfo,
    curve: Option<LightCurve>,
    straight: bool,
) -> Result<Rgba16> {
    info.check()?;
    let mut image = Rgba16::black(frame.width(), frame.height());
    let table = curve.map(LightCurve::over_floats);
    let through = |value: f32| table.map_or(value, |table| look_up(table, value));
    let width = frame.width() as usize;
    let samples = channels(info).map(|component| {
        let (data, stride) = plane(frame, info, component.plane);
        (data, stride, component)
    });
    if samples.iter().any(|(data, ..)| data.is_empty()) {
        return Err(no_samples(info));
    }
    let mut lines = [vec![0f32; width], vec![0f32; width], vec![0f32; width], vec![1f32; width]];
    for (y, line) in image.data.chunks_mut(width.max(1) * 4).enumerate() {
        for ((data, stride, component), values) in samples.iter().zip(&mut lines).take(if info.alpha { 4 } else { 3 }) {
            load_floats(data.get(y * stride..).unwrap_or_default(), *component, info.big_endian, values);
        }
        for (x, pixel) in line.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let alpha = unit(lines[3][x]);
            let divide = if straight || alpha == 0.0 { 1.0 } else { alpha };
            for channel in 0..3 {
                // A pixel that is not opaque is undone, encoded, and multiplied again; light without alpha is kept.
                let value = through(lines[channel][x] / divide);
                pixel[channel] = quantise(value * if straight { alpha } else { divide });
            }
            pixel[3] = quantise(alpha);
        }
    }
    Ok(image)
}

/// Premultiplied RGBA into a frame of 32-bit floats; a grey target gets BT.709 luma.
pub(super) fn write_floats(
    image: &Rgba16,
    frame: &mut Video,
    info: &PixelInfo,
    curve: Option<LightCurve>,
    straight: bool,
) -> Result<()> {
    let colors = info.components.len() - usize::from(info.alpha);
    info.check()?;
    if info.depth() != 32 {
        return Err(Error::new(ErrorKind::Unsupported, format!("{} is not written", info.name)));
    }
    let table = curve.map(LightCurve::over_samples);
    let value = |pixel: &[u16; 4], channel: usize| {
        let alpha = f32::from(pixel[3]) / 65535.0;
        if channel == 3 {
            return alpha;
        }
        let own = f32::from(pixel[channel]) / 65535.0;
        // The curve is for straight colour; whole samples of opaque pixels go through the table as they are.
        let divided = if pixel[3] == 0 || pixel[3] == u16::MAX { own } else { own / alpha };
        let light = table.map_or(divided, |table| table[usize::from(quantise(divided))]);
        if straight || pixel[3] == 0 { light } else { light * alpha }
    };
    for (index, component) in info.components.iter().enumerate() {
        let channel = if info.alpha && index + 1 == info.components.len() { 3 } else { index };
        let (data, stride) = plane_mut(frame, info, component.plane);
        if data.is_empty() {
            return Err(Error::new(ErrorKind::Encode, format!("no samples to write in {}", info.name)));
        }
        let lines = image.data.chunks(image.width.max(1) as usize * 4);
        for (line, out) in lines.zip(data.chunks_mut(stride)) {
            for (x, pixel) in line.as_chunks::<4>().0.iter().enumerate() {
                let light = if colors == 1 && channel == 0 {
                    0.2126 * value(pixel, 0) + 0.7152 * value(pixel, 1) + 0.0722 * value(pixel, 2)
                } else {
                    value(pixel, channel)
                };
                let at = x * component.step + component.offset;
                let bytes = if info.big_endian { light.to_be_bytes() } else { light.to_le_bytes() };
                if let Some(out) = out.get_mut(at..at + 4) {
                    out.copy_from_slice(&bytes);
                }
            }
        }
    }
    Ok(())
}

/// Whether frames of this format are read by [`read_rgb`]: RGB and grey of whole numbers, however they lie.
pub(super) fn is_rgb_or_grey(info: &PixelInfo) -> bool {
    info.refused.is_none() && !info.float && (info.rgb || info.components.len() < 3)
}

/// Whether frames of this format are written by [`write_rgb`]. swscale takes such pictures through YUV, and does not give
/// back what it was given.
pub(super) fn is_written_as_rgb(info: &PixelInfo) -> bool {
    is_rgb_or_grey(info) && !info.palette
}

/// Which component red, green, blue and alpha are found in; grey pictures have their one in three places.
fn channels(info: &PixelInfo) -> [Component; 4] {
    let colors = info.components.len() - usize::from(info.alpha);
    [0, 1.min(colors - 1), 2.min(colors - 1), info.components.len() - 1].map(|index| info.components[index])
}

/// A frame of RGB, of grey or with a palette as 16-bit RGBA, alpha as it is: a sample of *n* bits is scaled to fill 16,
/// and so is what lies between black and white in grey that is not full-range.
pub(super) fn read_rgb(frame: &Video, info: &PixelInfo, full_range: bool) -> Result<Rgba16> {
    info.check()?;
    if info.palette {
        return read_palette(frame, info);
    }
    let mut image = Rgba16::black(frame.width(), frame.height());
    let width = frame.width() as usize;
    let count = if info.alpha { 4 } else { 3 };
    let mut numbers = vec![0u32; width];
    for (channel, component) in channels(info).iter().enumerate().take(count) {
        let (data, stride) = plane(frame, info, component.plane);
        if data.is_empty() {
            return Err(no_samples(info));
        }
        let max = u64::from(u32::MAX >> (32 - component.depth));
        let limited = !info.rgb && !full_range && channel < 3 && component.depth >= 8;
        // What is beyond black and white is cut.
        let (low, high) = match limited {
            true => (16u64 << (component.depth - 8), 235u64 << (component.depth - 8)),
            false => (0, max),
        };
        let widen = |sample: u32| {
            let (sample, span) = (u64::from(sample).clamp(low, high) - low, high - low);
            u16::try_from((sample * 0xffff + span / 2) / span).unwrap_or(u16::MAX)
        };
        let simple = component.shift == 0 && !limited && !info.bits;
        for (line, out) in data.chunks(stride).zip(image.data.chunks_mut(width * 4)) {
            let samples = line.get(component.offset..).unwrap_or_default().chunks(component.step);
            let out = out.iter_mut().skip(channel).step_by(4);
            match (component.depth, info.big_endian) {
                (8, _) if simple => out.zip(samples).for_each(|(out, bytes)| *out = u16::from(bytes[0]) * 257),
                (16, big) if simple => out.zip(samples).for_each(|(out, bytes)| *out = word(bytes, big)),
                _ => {
                    load_numbers(line, *component, info, &mut numbers);
                    out.zip(&numbers).for_each(|(out, number)| *out = widen(*number));
                }
            }
        }
    }
    if info.inverted {
        image.data.as_chunks_mut::<4>().0.iter_mut().flat_map(|pixel| &mut pixel[..3]).for_each(|part| *part = !*part);
    }
    Ok(image)
}

/// One line of a component of whole numbers, as its description says.
fn load_numbers(line: &[u8], component: Component, info: &PixelInfo, numbers: &mut [u32]) {
    let Component { step, offset, shift, depth, .. } = component;
    let mask = u32::MAX >> (32 - depth);
    if info.bits {
        for (x, out) in numbers.iter_mut().enumerate() {
            let at = x * step + offset;
            let byte = u32::from(line.get(at / 8).copied().unwrap_or(0));
            // The first bits are the upper ones.
            *out = (byte >> (8 - depth as usize - at % 8)) & mask;
        }
        return;
    }
    let samples = line.get(offset..).unwrap_or_default().chunks(step);
    let out = numbers.iter_mut().zip(samples);
    match component.word() {
        1 => out.for_each(|(out, bytes)| *out = (u32::from(bytes[0]) >> shift) & mask),
        2 => out.for_each(|(out, bytes)| *out = (u32::from(word(bytes, info.big_endian)) >> shift) & mask),
        _ => out.for_each(|(out, bytes)| {
            let bytes = bytes.first_chunk().copied().unwrap_or_default();
            let number = if info.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
            *out = (number >> shift) & mask;
        }),
    }
}

fn read_palette(frame: &Video, info: &PixelInfo) -> Result<Rgba16> {
    let mut image = Rgba16::transparent(frame.width(), frame.height());
    let (data, stride) = plane(frame, info, 0);
    let colors = palette(frame).filter(|_| !data.is_empty()).ok_or_else(|| no_samples(info))?;
    for (line, out) in data.chunks(stride).zip(image.data.chunks_mut(frame.width() as usize * 4)) {
        for (index, pixel) in line.iter().zip(out.as_chunks_mut::<4>().0) {
            *pixel = colors[usize::from(*index)].map(|part| u16::from(part) * 257);
        }
    }
    Ok(image)
}

#[inline]
fn word(bytes: &[u8], big_endian: bool) -> u16 {
    match bytes.first_chunk() {
        Some(bytes) if big_endian => u16::from_be_bytes(*bytes),
        Some(bytes) => u16::from_le_bytes(*bytes),
        None => 0,
    }
}

/// 16-bit RGBA into a frame of RGB or grey, alpha as it is, each sample rounded to nearest; a grey target gets BT.709
/// luma.
pub(super) fn write_rgb(image: &Rgba16, frame: &mut Video, info: &PixelInfo, full_range: bool) -> Result<()> {
    let colors = info.components.len() - usize::from(info.alpha);
    let width = image.width as usize;
    let alone = |c: &Component| !info.bits && c.shift == 0 && matches!(c.depth, 8..=16);
    let simple = info.components.iter().all(alone);
    if !simple {
        // Samples that share bytes are laid into them one by one.
        for index in 0..info.planes() {
            plane_mut(frame, info, index).0.fill(0);
        }
    }
    let mut numbers = vec![0u32; width];
    for (index, component) in info.components.iter().enumerate() {
        let channel = if index >= colors { 3 } else { index };
        let (data, stride) = plane_mut(frame, info, component.plane);
        if data.is_empty() {
            return Err(Error::new(ErrorKind::Encode, format!("no samples to write in {}", info.name)));
        }
        let max = u32::MAX >> (32 - component.depth);
        let grey = colors == 1 && channel == 0;
        let (low, span) = match grey && !info.rgb && !full_range && component.depth >= 8 {
            true => (16 << (component.depth - 8), 219 << (component.depth - 8)),
            false => (0, max),
        };
        let (span, flip) = (u64::from(span), if info.inverted { u16::MAX } else { 0 });
        #[allow(clippy::cast_possible_truncation, reason = "not above the span, which is of 32 bits")]
        let narrow = |sample: u16| low + ((u64::from(sample ^ flip) * span + 0x7fff) / 0xffff) as u32;
        let value = |pixel: &[u16; 4]| {
            if grey {
                let [red, green, blue] = [pixel[0], pixel[1], pixel[2]].map(u32::from);
                narrow(u16::try_from((red * 13933 + green * 46871 + blue * 4732 + 0x8000) >> 16).unwrap_or(u16::MAX))
            } else {
                narrow(pixel[channel])
            }
        };
        for (line, target) in image.data.chunks(width * 4).zip(data.chunks_mut(stride)) {
            let pixels = line.as_chunks::<4>().0.iter();
            if !simple {
                numbers.iter_mut().zip(pixels).for_each(|(number, pixel)| *number = value(pixel));
                merge_numbers(target, *component, info, &numbers);
                continue;
            }
            let out = target.get_mut(component.offset..).unwrap_or_default().chunks_mut(component.step);
            #[allow(clippy::cast_possible_truncation, reason = "values fit the depth")]
            match (component.depth, info.big_endian) {
                (8, _) => pixels.zip(out).for_each(|(pixel, out)| out[0] = value(pixel) as u8),
                (_, big) => pixels.zip(out).for_each(|(pixel, out)| {
                    let value = value(pixel) as u16;
                    if let Some(out) = out.first_chunk_mut() {
                        *out = if big { value.to_be_bytes() } else { value.to_le_bytes() };
                    }
                }),
            }
        }
    }
    Ok(())
}

/// One line of a component of whole numbers, laid into bytes where its bits are still 0.
fn merge_numbers(line: &mut [u8], component: Component, info: &PixelInfo, numbers: &[u32]) {
    let Component { step, offset, shift, depth, .. } = component;
    let bytes = component.word();
    for (x, number) in numbers.iter().enumerate() {
        if info.bits {
            let at = x * step + offset;
            if let Some(byte) = line.get_mut(at / 8) {
                *byte |= number.to_le_bytes()[0] << (8 - depth as usize - at % 8);
            }
            continue;
        }
        let word = number << shift;
        let word = if info.big_endian { word << (32 - 8 * bytes) } else { word };
        let word = if info.big_endian { word.to_be_bytes() } else { word.to_le_bytes() };
        let out = line.get_mut(x * step + offset..).unwrap_or_default();
        out.iter_mut().zip(&word[..bytes]).for_each(|(out, byte)| *out |= byte);
    }
}

/// The samples of a frame of 16-bit RGBA, as they are.
pub(super) fn read_rgba(frame: &Video, info: &PixelInfo) -> Result<Rgba16> {
    let mut image = Rgba16::transparent(frame.width(), frame.height());
    let (data, stride) = plane(frame, info, 0);
    if data.is_empty() {
        return Err(Error::new(ErrorKind::Encode, "no samples to read"));
    }
    let samples = frame.width() as usize * 4;
    for (line, out) in data.chunks(stride).zip(image.data.chunks_mut(samples)) {
        for (bytes, sample) in line.as_chunks::<2>().0.iter().zip(out) {
            *sample = u16::from_ne_bytes(*bytes);
        }
    }
    Ok(image)
}

/// Writes RGBA into a frame of 16-bit RGBA, as it is.
pub(super) fn write_rgba(image: &Rgba16, frame: &mut Video, info: &PixelInfo) -> Result<()> {
    let (data, stride) = plane_mut(frame, info, 0);
    if data.is_empty() {
        return Err(Error::new(ErrorKind::Encode, "no samples to write"));
    }
    for (line, samples) in data.chunks_mut(stride).zip(image.data.chunks(image.width as usize * 4)) {
        for (bytes, sample) in line.as_chunks_mut::<2>().0.iter_mut().zip(samples) {
            *bytes = sample.to_ne_bytes();
        }
    }
    Ok(())
}
