//! Work on the samples of frames that swscale does not do: black, pasting, turning, and light between linear and
//! encoded.

use std::sync::OnceLock;

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;

use super::sys::frames::{FramePool, copy_properties, palette, plane, plane_mut};
use super::sys::pixel_info::{Component, PixelInfo};
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

/// Whether [`fill_black`] and [`paste`] work on this format.
pub(super) fn can_hold_black(info: &PixelInfo) -> Result<()> {
    info.check()?;
    if info.palette || info.bits {
        let what = format!("bars of black around a picture cannot be made in the pixel format {}", info.name);
        return Err(Error::new(ErrorKind::Unsupported, what));
    }
    Ok(())
}

/// Blackens a frame, except for a rectangle. Alpha becomes opaque.
pub(super) fn fill_black(frame: &mut Video, info: &PixelInfo, full_range: bool, except: Option<Rect>) -> Result<()> {
    can_hold_black(info)?;
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

/// The bytes of one black pixel in one plane, or of a group of pixels that share their chroma.
fn black_pixel(info: &PixelInfo, plane: usize, full_range: bool) -> Vec<u8> {
    let mut pixel = vec![0u8; info.plane_step(plane)];
    for (index, component) in info.components.iter().enumerate().filter(|(_, c)| c.plane == plane) {
        let is_alpha = info.alpha && index + 1 == info.components.len();
        let depth = component.depth;
        let value: u32 = match index {
            _ if info.float && is_alpha && depth == 16 => 0x3c00,
            _ if info.float && is_alpha => 1f32.to_bits(),
            _ if info.float => 0,
            _ if is_alpha => u32::MAX >> (32 - depth),
            _ if info.rgb => 0,
            0 if full_range => 0,
            0 => 16 << (depth.max(8) - 8),
            _ if info.components.len() < 3 => 0,
            _ => 1 << (depth - 1),
        };
        let value = value << component.shift;
        let bytes = component.word();
        let little = value.to_le_bytes();
        for at in (component.offset..pixel.len()).step_by(component.step) {
            for byte in 0..bytes {
                let from = if info.big_endian { bytes - 1 - byte } else { byte };
                if let Some(out) = pixel.get_mut(at + byte) {
                    *out |= little[from];
                }
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

/// Writes a field, a frame of half the height, into every second line of a frame.
pub(super) fn weave(field: &Video, frame: &mut Video, info: &PixelInfo, second: bool) -> Result<()> {
    for index in 0..info.planes() {
        let row = frame.width().div_ceil(1 << info.plane_shift(index).0) as usize * info.plane_step(index);
        let (source, source_stride) = plane(field, info, index);
        let (target, target_stride) = plane_mut(frame, info, index);
        if source.is_empty() || target.is_empty() {
            return Err(Error::new(ErrorKind::Encode, format!("no samples to copy in {}", info.name)));
        }
        let lines = target.chunks_mut(target_stride).skip(usize::from(second)).step_by(2);
        for (line, target) in source.chunks(source_stride).zip(lines) {
            target[..row].copy_from_slice(&line[..row]);
        }
    }
    Ok(())
}

/// Whether a frame of this format can be turned plane by plane.
pub(super) fn can_turn(info: &PixelInfo, rotation: Rotation) -> bool {
    // Packed 4:2:2 has a pixel's chroma in its neighbour.
    let shared = info.components.iter().skip(1).any(|c| c.plane == 0) && info.chroma_shift != (0, 0);
    let square = info.chroma_shift.0 == info.chroma_shift.1 || !rotation.swaps_sides();
    info.refused.is_none() && !info.palette && !info.bits && !shared && square
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

/// Turns every plane of `from` into `to`, whose size is the turned one; if it is to be mirrored, left and right change
/// places first.
pub(super) fn turn(
    from: &Video,
    to: &mut Video,
    info: &PixelInfo,
    (mirrored, rotation): (bool, Rotation),
) -> Result<()> {
    for index in 0..info.planes() {
        let (across, down) = info.plane_shift(index);
        let size = (from.width().div_ceil(1 << across) as usize, from.height().div_ceil(1 << down) as usize);
        let source = plane(from, info, index);
        let target = plane_mut(to, info, index);
        let rotated = match info.plane_step(index) {
            1 => turn_plane::<1>(source, target, size, (mirrored, rotation)),
            2 => turn_plane::<2>(source, target, size, (mirrored, rotation)),
            3 => turn_plane::<3>(source, target, size, (mirrored, rotation)),
            4 => turn_plane::<4>(source, target, size, (mirrored, rotation)),
            6 => turn_plane::<6>(source, target, size, (mirrored, rotation)),
            8 => turn_plane::<8>(source, target, size, (mirrored, rotation)),
            12 => turn_plane::<12>(source, target, size, (mirrored, rotation)),
            16 => turn_plane::<16>(source, target, size, (mirrored, rotation)),
            _ => None,
        };
        rotated.ok_or_else(|| Error::new(ErrorKind::Unsupported, format!("{} cannot be turned", info.name)))?;
    }
    Ok(())
}

/// Turns one plane of pixels of `N` bytes, tile by tile, so that both sides stay in the cache.
fn turn_plane<const N: usize>(
    (source, source_stride): (&[u8], usize),
    (target, target_stride): (&mut [u8], usize),
    (width, height): (usize, usize),
    (mirrored, rotation): (bool, Rotation),
) -> Option<()> {
    const TILE: usize = 32;
    if source.is_empty() || target.is_empty() {
        return None;
    }
    for tile_y in (0..height).step_by(TILE) {
        for tile_x in (0..width).step_by(TILE) {
            for y in tile_y..(tile_y + TILE).min(height) {
                for x in tile_x..(tile_x + TILE).min(width) {
                    let across = if mirrored { width - 1 - x } else { x };
                    let (to_x, to_y) = match rotation {
                        Rotation::None => (across, y),
                        Rotation::Quarter => (height - 1 - y, across),
                        Rotation::Half => (width - 1 - across, height - 1 - y),
                        Rotation::ThreeQuarters => (y, width - 1 - across),
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
pub(super) enum LightCurve {
    /// Linear light is encoded.
    Encode(TransferShape),
    /// Encoded samples become linear light.
    Decode(TransferShape),
}

/// The shape of a transfer characteristic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TransferShape {
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
pub(super) fn curve_between(from: u8, to: u8) -> Result<Option<LightCurve>> {
    let shape = |transfer: u8| match transfer {
        4 => Ok(TransferShape::Gamma22),
        5 => Ok(TransferShape::Gamma28),
        13 => Ok(TransferShape::Srgb),
        16..=18 => Err(Error::new(
            ErrorKind::Unsupported,
            format!("linear light and transfer characteristic {transfer} need a grade, not a conversion, between them"),
        )),
        _ => Ok(TransferShape::Video),
    };
    match (from == ColorTags::LINEAR, to == ColorTags::LINEAR) {
        (true, false) => Ok(Some(LightCurve::Encode(shape(to)?))),
        (false, true) => Ok(Some(LightCurve::Decode(shape(from)?))),
        _ => Ok(None),
    }
}

impl LightCurve {
    /// The curve in doubles, for values in 0..=1.
    pub(super) fn exact(self, value: f64) -> f64 {
        match self {
            LightCurve::Encode(TransferShape::Video) if value < 0.018_053_968_510_807 => 4.5 * value,
            LightCurve::Encode(TransferShape::Video) => 1.099_296_826_809_44 * value.powf(0.45) - 0.099_296_826_809_44,
            LightCurve::Decode(TransferShape::Video) if value < 0.081_242_858_298_635 => value / 4.5,
            LightCurve::Decode(TransferShape::Video) => {
                ((value + 0.099_296_826_809_44) / 1.099_296_826_809_44).powf(1.0 / 0.45)
            }
            LightCurve::Encode(TransferShape::Srgb) if value <= 0.003_130_8 => 12.92 * value,
            LightCurve::Encode(TransferShape::Srgb) => 1.055 * value.powf(1.0 / 2.4) - 0.055,
            LightCurve::Decode(TransferShape::Srgb) if value <= 0.040_45 => value / 12.92,
            LightCurve::Decode(TransferShape::Srgb) => ((value + 0.055) / 1.055).powf(2.4),
            LightCurve::Encode(TransferShape::Gamma22) => value.powf(1.0 / 2.2),
            LightCurve::Decode(TransferShape::Gamma22) => value.powf(2.2),
            LightCurve::Encode(TransferShape::Gamma28) => value.powf(1.0 / 2.8),
            LightCurve::Decode(TransferShape::Gamma28) => value.powf(2.8),
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
            LightCurve::Encode(shape) => shape as usize,
            LightCurve::Decode(shape) => 4 + shape as usize,
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

/// A value through a table of [`LightCurve::over_floats`].
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
pub(super) fn apply_curve(image: &mut Rgba16, curve: LightCurve, premultiplied: bool) {
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
