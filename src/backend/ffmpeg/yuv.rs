//! RGB to YUV and back by the book (ITU-R BT.601, BT.709, BT.2020), rounded once.
//!
//! swscale's integers are off by up to one step in 8 bits and four in 10, white included; what was composited is worth
//! more than that.

use ffmpeg_next::frame::Video;

use super::convert::ChromaSite;
use super::sys_encode::{Component, PixelInfo, plane, plane_mut};
use crate::error::{Error, ErrorKind, Result};
use crate::picture::Rgba16;
use crate::plan::ColorTags;

/// Whether frames of this format are written here: YUV with or without alpha, of up to 16 bits, not packed 4:2:2.
pub(super) fn is_plain_yuv(info: &PixelInfo) -> bool {
    let shared = info.components.iter().skip(1).any(|c| c.plane == 0) && info.chroma_shift != (0, 0);
    let plain = |c: &Component| (8..=16).contains(&(c.depth + c.shift)) && c.depth >= 8;
    !info.odd && !info.rgb && !info.float && !shared && info.components.len() >= 3 && info.components.iter().all(plain)
}

/// Kr and Kb of a matrix.
fn weights(matrix: u8) -> (f32, f32) {
    match matrix {
        4 => (0.30, 0.11),
        5 | 6 => (0.299, 0.114),
        7 => (0.212, 0.087),
        9 | 10 => (0.2627, 0.0593),
        _ => (0.2126, 0.0722),
    }
}

/// How a component's value from 0 to 1 (chroma: −0.5 to 0.5) becomes a number: times `scale`, plus `offset`.
#[derive(Clone, Copy)]
struct Range {
    scale: f32,
    offset: f32,
    max: f32,
    shift: u32,
}

impl Range {
    #[allow(clippy::cast_precision_loss, reason = "at most 16 bits")]
    fn new(component: Component, chroma: bool, full: bool) -> Range {
        let bits = component.depth;
        let (step, max) = ((1u32 << (bits - 8)) as f32, ((1u32 << bits) - 1) as f32);
        let (scale, offset) = match (chroma, full) {
            (false, false) => (219.0 * step, 16.0 * step),
            (false, true) => (max, 0.0),
            (true, false) => (224.0 * step, 128.0 * step),
            (true, true) => (max, 128.0 * step),
        };
        Range { scale, offset: offset + 0.5, max, shift: component.shift }
    }

    #[inline]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "cut to the component's range")]
    fn number(self, value: f32) -> u16 {
        ((value * self.scale + self.offset).clamp(0.0, self.max) as u16) << self.shift
    }
}

/// Writes one line of numbers.
#[allow(clippy::cast_possible_truncation, reason = "8 bits a sample")]
fn store(line: &mut [u8], component: Component, big_endian: bool, numbers: impl Iterator<Item = u16>) {
    let samples = line.get_mut(component.offset..).unwrap_or_default().chunks_mut(component.step);
    if component.depth + component.shift <= 8 {
        for (out, number) in samples.zip(numbers) {
            out[0] = number as u8;
        }
    } else {
        for (out, number) in samples.zip(numbers) {
            if let Some(out) = out.first_chunk_mut() {
                *out = if big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
            }
        }
    }
}

/// 16-bit RGBA, colour and alpha as they are, into a frame of plain YUV of the same size. Chroma is averaged over the
/// pixels it stands for, around where `site` says it lies.
pub(super) fn write_yuv(
    image: &Rgba16,
    frame: &mut Video,
    info: &PixelInfo,
    color: ColorTags,
    site: ChromaSite,
) -> Result<()> {
    let width = image.width as usize;
    let (across, down) = info.chroma_shift;
    let luma = info.components[0];
    let no_samples = || Error::new(ErrorKind::Encode, format!("no samples to write in {}", info.name));
    let (kr, kb) = weights(color.matrix);
    let kg = 1.0 - kr - kb;
    let (to_cb, to_cr) = (0.5 / (1.0 - kb) / 65535.0, 0.5 / (1.0 - kr) / 65535.0);
    let brightness = |pixel: &[u16; 4]| kr * f32::from(pixel[0]) + kg * f32::from(pixel[1]) + kb * f32::from(pixel[2]);

    let range = Range::new(luma, false, color.full_range);
    let (data, stride) = plane_mut(frame, info, luma.plane);
    if data.is_empty() {
        return Err(no_samples());
    }
    for (line, out) in image.data.chunks(width * 4).zip(data.chunks_mut(stride)) {
        let pixels = line.as_chunks::<4>().0.iter();
        store(out, luma, info.big_endian, pixels.map(|pixel| range.number(brightness(pixel) / 65535.0)));
    }
    if let Some(&alpha) = info.components.get(3) {
        let range = Range::new(alpha, false, true);
        let (data, stride) = plane_mut(frame, info, alpha.plane);
        for (line, out) in image.data.chunks(width * 4).zip(data.chunks_mut(stride)) {
            let pixels = line.as_chunks::<4>().0.iter();
            store(out, alpha, info.big_endian, pixels.map(|pixel| range.number(f32::from(pixel[3]) / 65535.0)));
        }
    }

    // The lines of one line of chroma, summed: blue difference and red difference of every pixel.
    let mut sums = vec![[0f32; 2]; width];
    let chroma_width = width.div_ceil(1 << across);
    let mut chroma = vec![[0f32; 2]; chroma_width];
    let lines = if site == ChromaSite::TopLeft { 1 } else { 1usize << down };
    for row in 0..(image.height as usize).div_ceil(1 << down) {
        sums.fill([0.0; 2]);
        let rows = image.data.chunks(width * 4).skip(row << down).take(lines);
        #[allow(clippy::cast_precision_loss, reason = "a handful")]
        let share = 1.0 / rows.len() as f32;
        for line in rows {
            for (sum, pixel) in sums.iter_mut().zip(line.as_chunks::<4>().0) {
                let luma = brightness(pixel);
                sum[0] += (f32::from(pixel[2]) - luma) * (to_cb * share);
                sum[1] += (f32::from(pixel[0]) - luma) * (to_cr * share);
            }
        }
        average(&sums, &mut chroma, across, site);
        for (index, difference) in [(1usize, 0usize), (2, 1)] {
            let component = info.components[index];
            let range = Range::new(component, true, color.full_range);
            let (data, stride) = plane_mut(frame, info, component.plane);
            let out = data.chunks_mut(stride.max(1)).nth(row).ok_or_else(no_samples)?;
            store(out, component, info.big_endian, chroma.iter().map(|pair| range.number(pair[difference])));
        }
    }
    Ok(())
}

/// One chroma sample for every 2^`across` pixels of a line.
fn average(pixels: &[[f32; 2]], chroma: &mut [[f32; 2]], across: u32, site: ChromaSite) {
    let last = pixels.len().saturating_sub(1);
    match (across, site) {
        (0, _) => chroma.copy_from_slice(pixels),
        (1, ChromaSite::Left | ChromaSite::TopLeft) => {
            // Level with the left pixel: a quarter, a half, a quarter.
            for (index, chroma) in chroma.iter_mut().enumerate() {
                let center = index * 2;
                let (left, right) = (pixels[center.saturating_sub(1)], pixels[(center + 1).min(last)]);
                let own = pixels[center];
                *chroma = [0, 1].map(|i| 0.25 * (left[i] + right[i]) + 0.5 * own[i]);
            }
        }
        _ => {
            for (chroma, group) in chroma.iter_mut().zip(pixels.chunks(1 << across)) {
                #[allow(clippy::cast_precision_loss, reason = "a handful")]
                let share = 1.0 / group.len() as f32;
                *chroma = [0, 1].map(|i| group.iter().map(|pixel| pixel[i]).sum::<f32>() * share);
            }
        }
    }
}

/// The two samples a pixel lies between in a subsampled line, and how far it is on its way to the second.
fn between(pixels: usize, shift: u32, centered: bool) -> Vec<(usize, usize, f32)> {
    let last = pixels.div_ceil(1 << shift).saturating_sub(1);
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "sides of pictures, and never below 0"
    )]
    let place = |pixel: usize| {
        let step = (1u32 << shift) as f32;
        let at = if centered { (pixel as f32 + 0.5) / step - 0.5 } else { pixel as f32 / step };
        let at = at.clamp(0.0, last as f32);
        let first = at.floor() as usize;
        (first, (first + 1).min(last), at - at.floor())
    };
    (0..pixels).map(place).collect()
}

/// A frame of plain YUV as 16-bit RGBA, alpha as it is. Chroma between two samples is interpolated.
pub(super) fn read_yuv(frame: &Video, info: &PixelInfo, color: ColorTags, site: ChromaSite) -> Result<Rgba16> {
    let mut image = Rgba16::black(frame.width(), frame.height());
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let (kr, kb) = weights(color.matrix);
    let kg = 1.0 - kr - kb;
    let (red, blue) = (2.0 * (1.0 - kr), 2.0 * (1.0 - kb));
    let parts: Vec<_> = info
        .components
        .iter()
        .enumerate()
        .map(|(index, &component)| {
            let chroma = index == 1 || index == 2;
            let range = Range::new(component, chroma, color.full_range || index == 3);
            let (data, stride) = plane(frame, info, component.plane);
            (component, range, data, stride)
        })
        .collect();
    if parts.iter().any(|(_, _, data, _)| data.is_empty()) {
        return Err(Error::new(ErrorKind::Encode, format!("no samples to read in {}", info.name)));
    }
    // One line of a component, as values.
    let load = |index: usize, row: usize, line: &mut [f32]| {
        let (component, range, data, stride) = &parts[index];
        let samples = data[row * stride..].get(component.offset..).unwrap_or_default().chunks(component.step);
        let (scale, offset) = (1.0 / range.scale, range.offset - 0.5);
        let value = |number: u16| (f32::from(number >> range.shift) - offset) * scale;
        match (component.depth + component.shift, info.big_endian) {
            (..=8, _) => samples.zip(line).for_each(|(bytes, out)| *out = value(bytes[0].into())),
            (_, big) => samples.zip(line).for_each(|(bytes, out)| {
                let number = bytes
                    .first_chunk()
                    .map_or(0, |b| if big { u16::from_be_bytes(*b) } else { u16::from_le_bytes(*b) });
                *out = value(number);
            }),
        }
    };
    let (across, down) = info.chroma_shift;
    let columns = between(width, across, site == ChromaSite::Center);
    let rows = between(height, down, site != ChromaSite::TopLeft);
    let chroma_width = width.div_ceil(1 << across);
    let mut luma = vec![0f32; width];
    let (mut upper, mut lower) = (vec![0f32; chroma_width], vec![0f32; chroma_width]);
    let mut chroma = [vec![0f32; width], vec![0f32; width]];
    for (row, out) in image.data.chunks_mut(width * 4).enumerate() {
        load(0, row, &mut luma);
        for (index, chroma) in chroma.iter_mut().enumerate() {
            let (first, second, way) = rows[row];
            load(index + 1, first, &mut upper);
            if way > 0.0 {
                load(index + 1, second, &mut lower);
                upper.iter_mut().zip(&lower).for_each(|(upper, lower)| *upper += (lower - *upper) * way);
            }
            if across == 0 {
                chroma.copy_from_slice(&upper);
            } else {
                for (out, &(first, second, way)) in chroma.iter_mut().zip(&columns) {
                    *out = upper[first] + (upper[second] - upper[first]) * way;
                }
            }
        }
        let [cb, cr] = &chroma;
        for (((out, &luma), &cb), &cr) in out.as_chunks_mut::<4>().0.iter_mut().zip(&luma).zip(cb).zip(cr) {
            let (r, b) = (luma + red * cr, luma + blue * cb);
            let g = (luma - kr * r - kb * b) / kg;
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float's cast saturates")]
            let number = |value: f32| (value * 65535.0 + 0.5) as u16;
            [out[0], out[1], out[2]] = [number(r), number(g), number(b)];
        }
        if info.components.len() > 3 {
            load(3, row, &mut luma);
            for (out, &alpha) in out.as_chunks_mut::<4>().0.iter_mut().zip(&luma) {
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float's cast saturates")]
                {
                    out[3] = (alpha * 65535.0 + 0.5) as u16;
                }
            }
        }
    }
    Ok(image)
}
