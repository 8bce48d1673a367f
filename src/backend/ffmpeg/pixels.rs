//! Work on the samples of frames that swscale does not do: black, pasting, turning, and light between linear and
//! encoded.

use std::sync::OnceLock;

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;

use super::sys::frames::{Component, PixelInfo, plane, plane_mut};
use crate::error::{Error, ErrorKind, Result};
use crate::picture::{Rect, Rgba16, Rotation};
use crate::plan::ColorTags;

/// The plain name of a pixel format, and whether it is one of those that mean full range by their name.
pub(super) fn full_range_twin(format: Pixel) -> (Pixel, bool) {
    match format {
        Pixel::YUVJ420P => (Pixel::YUV420P, true),
        Pixel::YUVJ422P => (Pixel::YUV422P, true),
        Pixel::YUVJ444P => (Pixel::YUV444P, true),
        Pixel::YUVJ440P => (Pixel::YUV440P, true),
        Pixel::YUVJ411P => (Pixel::YUV411P, true),
        plain => (plain, false),
    }
}

/// Blackens a frame, except for a rectangle. Alpha becomes opaque.
pub(super) fn fill_black(frame: &mut Video, info: &PixelInfo, full_range: bool, except: Option<Rect>) -> Result<()> {
    if info.odd {
        return Err(Error::new(ErrorKind::Unsupported, format!("black is not known in {}", info.name)));
    }
    let (width, height) = (i64::from(frame.width()), i64::from(frame.height()));
    for index in 0..info.planes() {
        let pattern = black_pixel(info, index, full_range);
        let (across, down) = info.plane_shift(index);
        let pixels = frame.width().div_ceil(1 << across) as usize;
        let black = pattern.repeat(pixels);
        // The first and the first behind of the rectangle, in this plane's pixels; half-covered ones stay.
        let inside = except.map(|rect| {
            let cut = |from: i64, length: u32, limit: i64, shift: u32| {
                let (from, to) = (from.clamp(0, limit), (from + i64::from(length)).clamp(0, limit));
                let round_up = (1i64 << shift) - 1;
                let number = |value: i64| usize::try_from(value).unwrap_or(0);
                (number(from >> shift), number((to + round_up) >> shift))
            };
            (cut(rect.x, rect.width, width, across), cut(rect.y, rect.height, height, down))
        });
        let (data, stride) = plane_mut(frame, info, index);
        for (number, line) in data.chunks_mut(stride.max(1)).enumerate() {
            let line_length = black.len().min(line.len());
            let line = &mut line[..line_length];
            match inside {
                Some(((left, right), (top, bottom))) if (top..bottom).contains(&number) => {
                    let (left, right) = (left * pattern.len(), (right * pattern.len()).min(line_length));
                    line[..left].copy_from_slice(&black[..left]);
                    line[right..].copy_from_slice(&black[right..line_length]);
                }
                _ => line.copy_from_slice(&black[..line_length]),
            }
        }
    }
    Ok(())
}

/// The bytes of one black pixel in one plane.
fn black_pixel(info: &PixelInfo, plane: usize, full_range: bool) -> Vec<u8> {
    let mut pixel = vec![0u8; info.plane_step(plane)];
    for (index, component) in info.components.iter().enumerate().filter(|(_, c)| c.plane == plane) {
        let is_alpha = info.alpha && index + 1 == info.components.len();
        let depth = component.depth;
        let value: u32 = match index {
            _ if info.float && is_alpha => {
                if depth == 16 {
                    0x3c00
                } else {
                    1f32.to_bits()
                }
            }
            _ if info.float => 0,
            _ if is_alpha => (1u32 << depth) - 1,
            _ if info.rgb => 0,
            0 if full_range => 0,
            0 => 16 << (depth.max(8) - 8),
            _ if info.components.len() < 3 => 0,
            _ => 1 << (depth - 1),
        };
        let value = value << component.shift;
        let bytes = if depth + component.shift > 16 {
            4
        } else if depth + component.shift > 8 {
            2
        } else {
            1
        };
        let little = value.to_le_bytes();
        for byte in 0..bytes {
            let from = if info.big_endian { bytes - 1 - byte } else { byte };
            if let Some(out) = pixel.get_mut(component.offset + byte) {
                *out |= little[from];
            }
        }
    }
    pixel
}

/// Copies a frame into another one of the same format, its top left corner at (x, y), which lies on the chroma grid;
/// what sticks out is cut off.
pub(super) fn paste(from: &Video, to: &mut Video, info: &PixelInfo, (x, y): (i64, i64)) -> Result<()> {
    for index in 0..info.planes() {
        let (across, down) = info.plane_shift(index);
        let step = info.plane_step(index);
        let size =
            |frame: &Video| (frame.width().div_ceil(1 << across) as usize, frame.height().div_ceil(1 << down) as usize);
        let ((from_width, from_height), (to_width, to_height)) = (size(from), size(to));
        let (source, source_stride) = plane(from, info, index);
        let (target, target_stride) = plane_mut(to, info, index);
        if source.is_empty() || target.is_empty() {
            return Err(Error::new(ErrorKind::Encode, format!("no samples to copy in {}", info.name)));
        }
        // Where to start in each, and how much of it both have.
        let overlap = |at: i64, from: usize, to: usize| {
            let skip = usize::try_from(-at).unwrap_or(0);
            let start = usize::try_from(at).unwrap_or(0);
            (skip, start, from.saturating_sub(skip).min(to.saturating_sub(start)))
        };
        let (skip_x, start_x, count_x) = overlap(x >> across, from_width, to_width);
        let (skip_y, start_y, count_y) = overlap(y >> down, from_height, to_height);
        for line in 0..count_y {
            let source = &source[(skip_y + line) * source_stride + skip_x * step..][..count_x * step];
            target[(start_y + line) * target_stride + start_x * step..][..count_x * step].copy_from_slice(source);
        }
    }
    Ok(())
}

/// Whether a frame of this format can be turned plane by plane.
pub(super) fn can_turn(info: &PixelInfo, rotation: Rotation) -> bool {
    // Packed 4:2:2 has a pixel's chroma in its neighbour.
    let shared = info.components.iter().skip(1).any(|c| c.plane == 0) && info.chroma_shift != (0, 0);
    let square = info.chroma_shift.0 == info.chroma_shift.1 || !rotation.swaps_sides();
    !info.odd && !shared && square
}

/// A format that can be turned and loses nothing of `info`.
pub(super) fn turnable_twin(info: &PixelInfo) -> Pixel {
    match (info.rgb, info.alpha, info.depth()) {
        (true, false, ..=8) => Pixel::RGB24,
        (true, true, ..=8) => Pixel::RGBA,
        (true, ..) => Pixel::RGBA64LE,
        (false, false, ..=8) => Pixel::YUV444P,
        (false, false, 9..=10) => Pixel::YUV444P10LE,
        (false, false, 11..=12) => Pixel::YUV444P12LE,
        (false, false, _) => Pixel::YUV444P16LE,
        (false, true, ..=8) => Pixel::YUVA444P,
        (false, true, 9..=10) => Pixel::YUVA444P10LE,
        (false, true, _) => Pixel::YUVA444P16LE,
    }
}

/// Turns every plane of `from` into `to`, whose size is the turned one.
pub(super) fn turn(from: &Video, to: &mut Video, info: &PixelInfo, rotation: Rotation) -> Result<()> {
    for index in 0..info.planes() {
        let (across, down) = info.plane_shift(index);
        let size = (from.width().div_ceil(1 << across) as usize, from.height().div_ceil(1 << down) as usize);
        let source = plane(from, info, index);
        let target = plane_mut(to, info, index);
        let turned = match info.plane_step(index) {
            1 => turn_plane::<1>(source, target, size, rotation),
            2 => turn_plane::<2>(source, target, size, rotation),
            3 => turn_plane::<3>(source, target, size, rotation),
            4 => turn_plane::<4>(source, target, size, rotation),
            6 => turn_plane::<6>(source, target, size, rotation),
            8 => turn_plane::<8>(source, target, size, rotation),
            16 => turn_plane::<16>(source, target, size, rotation),
            _ => None,
        };
        turned.ok_or_else(|| Error::new(ErrorKind::Unsupported, format!("{} cannot be turned", info.name)))?;
    }
    Ok(())
}

/// Turns one plane of pixels of `N` bytes, tile by tile, so that both sides stay in the cache.
fn turn_plane<const N: usize>(
    (source, source_stride): (&[u8], usize),
    (target, target_stride): (&mut [u8], usize),
    (width, height): (usize, usize),
    rotation: Rotation,
) -> Option<()> {
    const TILE: usize = 32;
    if source.is_empty() || target.is_empty() {
        return None;
    }
    for tile_y in (0..height).step_by(TILE) {
        for tile_x in (0..width).step_by(TILE) {
            for y in tile_y..(tile_y + TILE).min(height) {
                for x in tile_x..(tile_x + TILE).min(width) {
                    let (to_x, to_y) = match rotation {
                        Rotation::None => (x, y),
                        Rotation::Quarter => (height - 1 - y, x),
                        Rotation::Half => (width - 1 - x, height - 1 - y),
                        Rotation::ThreeQuarters => (y, width - 1 - x),
                    };
                    let pixel = source.get(y * source_stride + x * N..)?.first_chunk::<N>()?;
                    *target.get_mut(to_y * target_stride + to_x * N..)?.first_chunk_mut::<N>()? = *pixel;
                }
            }
        }
    }
    Some(())
}

/// A change between linear light and encoded samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    /// Linear light is encoded.
    Encode(Shape),
    /// Encoded samples become linear light.
    Decode(Shape),
}

/// The shape of a transfer characteristic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// ITU-R BT.709's, which BT.601 and BT.2020 share.
    Video,
    /// IEC 61966-2-1's.
    Srgb,
    /// A power of 2.2.
    Gamma22,
    /// A power of 2.8.
    Gamma28,
}

/// What has to be done to samples between two transfer characteristics: nothing, unless exactly one of them is linear.
pub(super) fn curve_between(from: u8, to: u8) -> Result<Option<Curve>> {
    let shape = |transfer: u8| match transfer {
        4 => Ok(Shape::Gamma22),
        5 => Ok(Shape::Gamma28),
        13 => Ok(Shape::Srgb),
        16..=18 => Err(Error::new(
            ErrorKind::Unsupported,
            format!("linear light and transfer characteristic {transfer} need a grade, not a conversion, between them"),
        )),
        _ => Ok(Shape::Video),
    };
    match (from == ColorTags::LINEAR, to == ColorTags::LINEAR) {
        (true, false) => Ok(Some(Curve::Encode(shape(to)?))),
        (false, true) => Ok(Some(Curve::Decode(shape(from)?))),
        _ => Ok(None),
    }
}

impl Curve {
    /// The curve in doubles, for values in 0..=1.
    pub(super) fn exact(self, value: f64) -> f64 {
        match self {
            Curve::Encode(Shape::Video) if value < 0.018_053_968_510_807 => 4.5 * value,
            Curve::Encode(Shape::Video) => 1.099_296_826_809_44 * value.powf(0.45) - 0.099_296_826_809_44,
            Curve::Decode(Shape::Video) if value < 0.081_242_858_298_635 => value / 4.5,
            Curve::Decode(Shape::Video) => ((value + 0.099_296_826_809_44) / 1.099_296_826_809_44).powf(1.0 / 0.45),
            Curve::Encode(Shape::Srgb) if value <= 0.003_130_8 => 12.92 * value,
            Curve::Encode(Shape::Srgb) => 1.055 * value.powf(1.0 / 2.4) - 0.055,
            Curve::Decode(Shape::Srgb) if value <= 0.040_45 => value / 12.92,
            Curve::Decode(Shape::Srgb) => ((value + 0.055) / 1.055).powf(2.4),
            Curve::Encode(Shape::Gamma22) => value.powf(1.0 / 2.2),
            Curve::Decode(Shape::Gamma22) => value.powf(2.2),
            Curve::Encode(Shape::Gamma28) => value.powf(1.0 / 2.8),
            Curve::Decode(Shape::Gamma28) => value.powf(2.8),
        }
    }

    /// The curve over the upper half of a single's bits, which is even in stops; in between, straight lines are off
    /// by less than a quarter of a 16-bit step.
    fn over_floats(self) -> &'static [f32] {
        static TABLES: [OnceLock<Vec<f32>>; 8] = [const { OnceLock::new() }; 8];
        #[allow(clippy::cast_possible_truncation, reason = "a table of singles")]
        TABLES[self.slot()].get_or_init(|| {
            (0..=(1f32.to_bits() >> 16) + 1)
                .map(|bits| self.exact(f64::from(f32::from_bits(bits << 16)).min(1.0)) as f32)
                .collect()
        })
    }

    /// The curve over 16-bit samples, to 0..=1.
    fn over_samples(self) -> &'static [f32] {
        static TABLES: [OnceLock<Vec<f32>>; 8] = [const { OnceLock::new() }; 8];
        #[allow(clippy::cast_possible_truncation, reason = "a table of singles")]
        TABLES[self.slot()]
            .get_or_init(|| (0..=u16::MAX).map(|sample| self.exact(f64::from(sample) / 65535.0) as f32).collect())
    }

    fn slot(self) -> usize {
        match self {
            Curve::Encode(shape) => shape as usize,
            Curve::Decode(shape) => 4 + shape as usize,
        }
    }
}

/// A value from 0 to 1 (anything else is cut, NaN is 0) as a 16-bit sample.
#[inline]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float's cast saturates at the limits")]
fn quantise(value: f32) -> u16 {
    (value * 65535.0 + 0.5) as u16
}

/// A value cut to 0..=1; NaN becomes 0.
#[inline]
#[allow(clippy::manual_clamp, reason = "clamp would keep NaN")]
fn unit(value: f32) -> f32 {
    value.max(0.0).min(1.0)
}

/// A value through a table of [`Curve::over_floats`].
#[inline]
#[allow(clippy::cast_precision_loss, reason = "16 bits")]
fn look_up(table: &[f32], value: f32) -> f32 {
    let bits = unit(value).to_bits();
    let (index, rest) = ((bits >> 16) as usize, (bits & 0xffff) as f32 / 65536.0);
    match table.get(index..index + 2) {
        Some(&[low, high]) => low + (high - low) * rest,
        _ => 1.0,
    }
}

/// Puts the colour of an image through a curve. Premultiplied colour with alpha is divided first and multiplied again.
pub(super) fn apply_curve(image: &mut Rgba16, curve: Curve, premultiplied: bool) {
    let table = curve.over_samples();
    for pixel in image.data.as_chunks_mut::<4>().0 {
        let alpha = if premultiplied { f32::from(pixel[3]) / 65535.0 } else { 1.0 };
        if alpha == 0.0 {
            continue;
        }
        for sample in &mut pixel[..3] {
            let own = if alpha == 1.0 { *sample } else { quantise(f32::from(*sample) / 65535.0 / alpha) };
            *sample = quantise(table[usize::from(own)] * alpha);
        }
    }
}

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

/// A frame of floats as 16-bit RGBA, premultiplied: cut to 0..=1 behind the curve.
pub(super) fn read_floats(frame: &Video, info: &PixelInfo, curve: Option<Curve>, straight: bool) -> Result<Rgba16> {
    let mut image = Rgba16::black(frame.width(), frame.height());
    let table = curve.map(Curve::over_floats);
    let through = |value: f32| table.map_or(value, |table| look_up(table, value));
    let width = frame.width() as usize;
    let samples = channels(info).map(|component| {
        let (data, stride) = plane(frame, info, component.plane);
        (data, stride, component)
    });
    if samples.iter().any(|(data, ..)| data.is_empty()) {
        return Err(Error::new(ErrorKind::Encode, format!("no samples to read in {}", info.name)));
    }
    let read = |(data, stride, component): &(&[u8], usize, Component), x: usize, y: usize| {
        let bytes = data.get(y * stride + x * component.step + component.offset..).unwrap_or_default();
        match (component.depth, info.big_endian) {
            (16, false) => bytes.first_chunk().map_or(0.0, |b| half(u16::from_le_bytes(*b))),
            (16, true) => bytes.first_chunk().map_or(0.0, |b| half(u16::from_be_bytes(*b))),
            (_, false) => bytes.first_chunk().map_or(0.0, |b| f32::from_le_bytes(*b)),
            (_, true) => bytes.first_chunk().map_or(0.0, |b| f32::from_be_bytes(*b)),
        }
    };
    for (y, line) in image.data.chunks_mut(width.max(1) * 4).enumerate() {
        for (x, pixel) in line.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let alpha = if info.alpha { unit(read(&samples[3], x, y)) } else { 1.0 };
            let divide = if straight || alpha == 0.0 { 1.0 } else { alpha };
            for channel in 0..3 {
                // A pixel that is not opaque is undone, encoded, and multiplied again; light without alpha is kept.
                let value = through(read(&samples[channel], x, y) / divide);
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
    curve: Option<Curve>,
    straight: bool,
) -> Result<()> {
    let colors = info.components.len() - usize::from(info.alpha);
    if info.depth() != 32 {
        return Err(Error::new(ErrorKind::Unsupported, format!("{} is not written", info.name)));
    }
    let table = curve.map(Curve::over_samples);
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

/// Whether frames of this format are read and written here: RGB and full-range grey of up to 16 bits a sample, in
/// whole bytes. swscale takes such pictures through YUV, and does not give back what it was given.
pub(super) fn is_plain_rgb(info: &PixelInfo, color: ColorTags) -> bool {
    let plain = |c: &Component| c.shift == 0 && c.depth >= 8 && c.depth <= 16;
    let grey = info.components.len() < 3 && color.full_range;
    !info.odd && !info.float && (info.rgb || grey) && info.components.iter().all(plain)
}

/// Which component red, green, blue and alpha are found in; grey pictures have their one in three places.
fn channels(info: &PixelInfo) -> [Component; 4] {
    let colors = info.components.len() - usize::from(info.alpha);
    [0, 1.min(colors - 1), 2.min(colors - 1), info.components.len() - 1].map(|index| info.components[index])
}

/// A frame of plain RGB as 16-bit RGBA, alpha as it is: a sample of *n* bits is scaled to fill 16.
pub(super) fn read_rgb(frame: &Video, info: &PixelInfo) -> Result<Rgba16> {
    let mut image = Rgba16::black(frame.width(), frame.height());
    let width = frame.width() as usize;
    let count = if info.alpha { 4 } else { 3 };
    for (channel, component) in channels(info).iter().enumerate().take(count) {
        let (data, stride) = plane(frame, info, component.plane);
        if data.is_empty() {
            return Err(Error::new(ErrorKind::Encode, format!("no samples to read in {}", info.name)));
        }
        let max = (1u32 << component.depth) - 1;
        let widen = |sample: u32| u16::try_from((sample.min(max) * 0xffff + max / 2) / max).unwrap_or(u16::MAX);
        for (line, out) in data.chunks(stride).zip(image.data.chunks_mut(width * 4)) {
            let samples = line.get(component.offset..).unwrap_or_default().chunks(component.step);
            let out = out.iter_mut().skip(channel).step_by(4);
            match (component.depth, info.big_endian) {
                (8, _) => out.zip(samples).for_each(|(out, bytes)| *out = u16::from(bytes[0]) * 257),
                (16, big) => out.zip(samples).for_each(|(out, bytes)| *out = word(bytes, big)),
                (_, big) => out.zip(samples).for_each(|(out, bytes)| *out = widen(word(bytes, big).into())),
            }
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

/// 16-bit RGBA into a frame of plain RGB, alpha as it is, each sample rounded to nearest; a grey target gets BT.709
/// luma.
pub(super) fn write_rgb(image: &Rgba16, frame: &mut Video, info: &PixelInfo) -> Result<()> {
    let colors = info.components.len() - usize::from(info.alpha);
    let width = image.width as usize;
    for (index, component) in info.components.iter().enumerate() {
        let channel = if index >= colors { 3 } else { index };
        let (data, stride) = plane_mut(frame, info, component.plane);
        if data.is_empty() {
            return Err(Error::new(ErrorKind::Encode, format!("no samples to write in {}", info.name)));
        }
        let max = (1u32 << component.depth) - 1;
        let narrow = |sample: u16| (u32::from(sample) * max + 0x7fff) / 0xffff;
        let grey = colors == 1 && channel == 0;
        let value = |pixel: &[u16; 4]| {
            if grey {
                let [red, green, blue] = [pixel[0], pixel[1], pixel[2]].map(u32::from);
                narrow(u16::try_from((red * 13933 + green * 46871 + blue * 4732 + 0x8000) >> 16).unwrap_or(u16::MAX))
            } else {
                narrow(pixel[channel])
            }
        };
        for (line, out) in image.data.chunks(width * 4).zip(data.chunks_mut(stride)) {
            let pixels = line.as_chunks::<4>().0.iter();
            let out = out.get_mut(component.offset..).unwrap_or_default().chunks_mut(component.step);
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
