//! RGB to YUV and back by the book (ITU-R BT.601, BT.709, BT.2020), rounded once.
//!
//! swscale's integers are off by up to one step in 8 bits and four in 10, white included; what was composited is worth
//! more than that.

use ffmpeg_next::frame::Video;

use super::chroma_site::ChromaSite;
use super::sys::frames::{plane, plane_mut};
use super::sys::pixel_info::{Component, PixelInfo};
use crate::error::{Error, ErrorKind, Result};
use crate::picture::{Rgba16, RgbaF32};
use crate::plan::ColorTags;

/// A sample of the pictures that YUV is written from and read into.
trait Level: Copy {
    /// White, and opaque.
    const WHITE: f32;
    const OPAQUE: Self;
    const NOTHING: Self;
    /// What `value` of [`Level::WHITE`] becomes.
    fn of(value: f32) -> Self;
    fn value(self) -> f32;
}

impl Level for u16 {
    const WHITE: f32 = 65535.0;
    const OPAQUE: u16 = u16::MAX;
    const NOTHING: u16 = 0;

    #[inline]
    fn of(value: f32) -> u16 {
        rounded(value, Self::WHITE)
    }

    #[inline]
    fn value(self) -> f32 {
        f32::from(self)
    }
}

/// Nothing is cut, but what no arithmetic works with: infinite values are as bright as half floats get, and what is no number
/// is black.
impl Level for f32 {
    const WHITE: f32 = 1.0;
    const OPAQUE: f32 = 1.0;
    const NOTHING: f32 = 0.0;

    #[inline]
    fn of(value: f32) -> f32 {
        value
    }

    #[inline]
    #[allow(clippy::manual_clamp, reason = "clamp would look for what is no number")]
    fn value(self) -> f32 {
        let value = if self.is_nan() { 0.0 } else { self };
        value.max(-65504.0).min(65504.0)
    }
}

/// Whether frames of this format are read and written here: YUV of whole numbers, however they lie.
pub(super) fn is_yuv(info: &PixelInfo) -> bool {
    info.refused.is_none() && !info.rgb && !info.float && info.components.len() >= 3
}

/// Whether every sample lies in a word of its own.
fn has_own_words(info: &PixelInfo) -> bool {
    let own_word = |c: &Component| {
        let others = info.components.iter().filter(|other| other.plane == c.plane && *other != c);
        c.depth + c.shift <= 16 && others.map(|other| other.offset.abs_diff(c.offset)).all(|far| far >= c.word())
    };
    info.components.iter().all(own_word)
}

/// Kr and Kb of a matrix, in doubles.
pub(super) fn luma_shares(matrix: u8) -> (f64, f64) {
    let (red, blue) = weights(matrix);
    // Through decimal digits: the numbers are theirs.
    ((f64::from(red) * 1e6).round() / 1e6, (f64::from(blue) * 1e6).round() / 1e6)
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
        Range { scale, offset, max }
    }
}

/// A number of at most 16 bits, rounded and cut to 0..=`max`. Processors turn many of these at a time, which they do
/// not with a cast: at 2²³ and above, a float's last bits are a whole number.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
fn rounded(value: f32, max: f32) -> u16 {
    // No clamp(), which would look for what is no number.
    let value = if value > 0.0 { value } else { 0.0 };
    let value = if value < max { value } else { max };
    (value + 8_388_608.0).to_bits() as u16
}

/// Writes one line of a component's numbers.
#[allow(clippy::cast_possible_truncation, reason = "8 bits a sample")]
fn store(line: &mut [u8], component: Component, big_endian: bool, numbers: &[u16]) {
    let shift = component.shift;
    let line = line.get_mut(component.offset..).unwrap_or_default();
    match (component.depth + shift, component.step) {
        (..=8, 1) => line.iter_mut().zip(numbers).for_each(|(out, number)| *out = (number << shift) as u8),
        (..=8, step) => {
            line.chunks_mut(step).zip(numbers).for_each(|(out, number)| out[0] = (number << shift) as u8);
        }
        (_, 2) if !big_endian => {
            let samples = line.as_chunks_mut::<2>().0;
            samples.iter_mut().zip(numbers).for_each(|(out, number)| *out = (number << shift).to_le_bytes());
        }
        (_, step) => {
            for (out, number) in line.chunks_mut(step).zip(numbers) {
                let number = number << shift;
                if let Some(out) = out.first_chunk_mut() {
                    *out = if big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
                }
            }
        }
    }
}

/// Lays one line of a component's numbers into words that other components share, where its bits are still 0.
fn merge(line: &mut [u8], component: Component, big_endian: bool, numbers: &[u16]) {
    let bytes = component.word();
    let line = line.get_mut(component.offset..).unwrap_or_default();
    for (out, number) in line.chunks_mut(component.step).zip(numbers) {
        let word = u32::from(*number) << component.shift;
        let word = if big_endian { (word << (32 - 8 * bytes)).to_be_bytes() } else { word.to_le_bytes() };
        out.iter_mut().zip(&word[..bytes]).for_each(|(out, byte)| *out |= byte);
    }
}

/// Reads one line of a component's numbers.
#[allow(clippy::cast_possible_truncation, reason = "at most 16 bits a sample")]
fn load(line: &[u8], component: Component, big_endian: bool, numbers: &mut [u16]) {
    let (shift, mask) = (component.shift, (u32::MAX >> (32 - component.depth)) as u16);
    let line = line.get(component.offset..).unwrap_or_default();
    match (component.word(), component.step) {
        (1, 1) if shift == 0 => line.iter().zip(numbers).for_each(|(&byte, out)| *out = u16::from(byte)),
        (1, step) => {
            line.chunks(step).zip(numbers).for_each(|(bytes, out)| *out = (u16::from(bytes[0]) >> shift) & mask);
        }
        (2, 2) if !big_endian => {
            let samples = line.as_chunks::<2>().0;
            samples.iter().zip(numbers).for_each(|(&bytes, out)| *out = (u16::from_le_bytes(bytes) >> shift) & mask);
        }
        (2, step) => {
            for (bytes, out) in line.chunks(step).zip(numbers) {
                let bytes = bytes.first_chunk().copied().unwrap_or_default();
                *out = (if big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) } >> shift) & mask;
            }
        }
        (_, step) => {
            for (bytes, out) in line.chunks(step).zip(numbers) {
                let bytes = bytes.first_chunk().copied().unwrap_or_default();
                let word = if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
                *out = (word >> shift) as u16 & mask;
            }
        }
    }
}

/// 16-bit RGBA, colour and alpha as they are, into a frame of plain YUV of the same size. Chroma is averaged over the
/// pixels it stands for, around where `site` says it lies.
///
/// Everything goes line by line through buffers of one kind of number each, which compilers make wide instructions of.
pub(super) fn write_yuv(
    image: &Rgba16,
    frame: &mut Video,
    info: &PixelInfo,
    color: ColorTags,
    site: ChromaSite,
) -> Result<()> {
    write(&image.data, frame, info, color, site)
}

/// The same of singles, where 1 is white: what is brighter than that is cut where the format's codes end.
pub(super) fn write_yuv_of_singles(
    image: &RgbaF32,
    frame: &mut Video,
    info: &PixelInfo,
    color: ColorTags,
    site: ChromaSite,
) -> Result<()> {
    write(&image.data, frame, info, color, site)
}

fn write<S: Level>(image: &[S], frame: &mut Video, info: &PixelInfo, color: ColorTags, site: ChromaSite) -> Result<()> {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let (across, down) = info.chroma_shift;
    let (kr, kb) = weights(color.matrix);
    let kg = 1.0 - kr - kb;
    let ranges: Vec<Range> = (0..info.components.len())
        .map(|index| Range::new(info.components[index], index == 1 || index == 2, color.full_range || index == 3))
        .collect();
    let alone = has_own_words(info);
    if !alone {
        for index in 0..info.planes() {
            plane_mut(frame, info, index).0.fill(0);
        }
    }
    let mut put = |index: usize, row: usize, numbers: &[u16]| {
        let component = info.components[index];
        let (data, stride) = plane_mut(frame, info, component.plane);
        let line = data.get_mut(row * stride..).filter(|line| !line.is_empty());
        let no_samples = || Error::new(ErrorKind::Encode, format!("no samples to write in {}", info.name));
        let line = line.ok_or_else(no_samples)?;
        if alone {
            store(line, component, info.big_endian, numbers);
        } else {
            merge(line, component, info.big_endian, numbers);
        }
        Ok(())
    };

    let chroma_width = width.div_ceil(1 << across);
    let mut numbers = vec![0u16; width];
    let mut colors = [vec![0f32; width], vec![0f32; width], vec![0f32; width], vec![0f32; width]];
    let mut luma = vec![0f32; width];
    // The differences of blue and of red from brightness, summed over the lines of one line of chroma. One more in
    // front and what is missing at the end are copies of their neighbours.
    let mut sums = [vec![0f32; (chroma_width << across) + 1], vec![0f32; (chroma_width << across) + 1]];
    let mut chroma = vec![0f32; chroma_width];
    let lines = if site == ChromaSite::TopLeft { 1 } else { 1usize << down };
    for (row, group) in image.chunks((width * 4) << down).enumerate() {
        sums.iter_mut().for_each(|sum| sum.fill(0.0));
        for (index, line) in group.chunks(width * 4).enumerate() {
            let [red, green, blue, alpha] = &mut colors;
            let parts = red.iter_mut().zip(&mut *green).zip(&mut *blue).zip(&mut *alpha);
            for ((((red, green), blue), alpha), &[r, g, b, a]) in parts.zip(line.as_chunks::<4>().0) {
                (*red, *green, *blue, *alpha) = (r.value(), g.value(), b.value(), a.value());
            }
            for (((luma, r), g), b) in luma.iter_mut().zip(&*red).zip(&*green).zip(&*blue) {
                *luma = kr * r + kg * g + kb * b;
            }
            let Range { scale, offset, max } = ranges[0];
            let scale = scale / S::WHITE;
            for (out, luma) in numbers.iter_mut().zip(&luma) {
                *out = rounded(luma * scale + offset, max);
            }
            let y = (row << down) + index;
            put(0, y, &numbers)?;
            if let Some(&Range { scale, offset, max }) = ranges.get(3) {
                let scale = scale / S::WHITE;
                for (out, a) in numbers.iter_mut().zip(&*alpha) {
                    *out = rounded(a * scale + offset, max);
                }
                put(3, y, &numbers)?;
            }
            if index < lines {
                for (sum, color) in sums.iter_mut().zip([&*blue, &*red]) {
                    for ((sum, color), luma) in sum[1..].iter_mut().zip(color).zip(&luma) {
                        *sum += color - luma;
                    }
                }
            }
        }
        #[allow(clippy::cast_precision_loss, reason = "a handful")]
        let share = 1.0 / (lines.min(height - (row << down)) as f32) / S::WHITE;
        for (index, k) in [(1, kb), (2, kr)] {
            let sum = &mut sums[index - 1];
            sum[0] = sum[1];
            let last = sum[width];
            sum[width + 1..].fill(last);
            average(sum, &mut chroma, across, site);
            let Range { scale, offset, max } = ranges[index];
            let scale = scale * share * 0.5 / (1.0 - k);
            for (out, chroma) in numbers.iter_mut().zip(&chroma) {
                *out = rounded(chroma * scale + offset, max);
            }
            put(index, row, &numbers[..chroma_width])?;
        }
    }
    Ok(())
}

/// One chroma sample for every 2^`across` pixels of a line; the line has a pixel more in front.
fn average(pixels: &[f32], chroma: &mut [f32], across: u32, site: ChromaSite) {
    match (across, site) {
        (0, _) => chroma.copy_from_slice(&pixels[1..]),
        (1, ChromaSite::Left | ChromaSite::TopLeft) => {
            // Level with the left pixel: a quarter, a half, a quarter.
            let [pairs, next] = [pixels, &pixels[2..]].map(|pixels| pixels.as_chunks::<2>().0);
            for ((chroma, &[left, own]), &[right, _]) in chroma.iter_mut().zip(pairs).zip(next) {
                *chroma = 0.25 * (left + right) + 0.5 * own;
            }
            if let (Some(chroma), &[.., left, own, right]) = (chroma.last_mut(), pixels) {
                *chroma = 0.25 * (left + right) + 0.5 * own;
            }
        }
        (1, ChromaSite::Center) => {
            for (chroma, &[left, right]) in chroma.iter_mut().zip(pixels[1..].as_chunks::<2>().0) {
                *chroma = 0.5 * (left + right);
            }
        }
        _ => {
            #[allow(clippy::cast_precision_loss, reason = "a handful")]
            let share = 1.0 / (1u32 << across) as f32;
            for (chroma, group) in chroma.iter_mut().zip(pixels[1..].chunks(1 << across)) {
                *chroma = group.iter().sum::<f32>() * share;
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

/// A line of chroma for every pixel: `out` from `samples`, whose columns lie as [`between`] says.
fn spread(samples: &[f32], out: &mut [f32], across: u32, site: ChromaSite, columns: &[(usize, usize, f32)]) {
    match (across, site) {
        (0, _) => out.copy_from_slice(samples),
        (1, ChromaSite::Left | ChromaSite::TopLeft) => {
            // Every second pixel has a sample of its own; the others lie half way.
            let (inner, edge) = out.split_at_mut((samples.len() - 1) * 2);
            let pairs = inner.as_chunks_mut::<2>().0.iter_mut();
            for ((pair, &first), &second) in pairs.zip(samples).zip(&samples[1..]) {
                *pair = [first, first + (second - first) * 0.5];
            }
            edge.fill(samples[samples.len() - 1]);
        }
        _ => {
            for (out, &(first, second, way)) in out.iter_mut().zip(columns) {
                *out = samples[first] + (samples[second] - samples[first]) * way;
            }
        }
    }
}

/// A frame of plain YUV as 16-bit RGBA, alpha as it is. Chroma between two samples is interpolated.
///
/// Line by line, as [`write_yuv`].
pub(super) fn read_yuv(frame: &Video, info: &PixelInfo, color: ColorTags, site: ChromaSite) -> Result<Rgba16> {
    let data = read(frame, info, color, site)?;
    Ok(Rgba16 { width: frame.width(), height: frame.height(), data })
}

/// The same as singles, where 1 is white: codes below black and above white are kept.
pub(super) fn read_yuv_as_singles(
    frame: &Video,
    info: &PixelInfo,
    color: ColorTags,
    site: ChromaSite,
) -> Result<RgbaF32> {
    let data = read(frame, info, color, site)?;
    Ok(RgbaF32 { width: frame.width(), height: frame.height(), data })
}

fn read<S: Level>(frame: &Video, info: &PixelInfo, color: ColorTags, site: ChromaSite) -> Result<Vec<S>> {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let (kr, kb) = weights(color.matrix);
    let kg = 1.0 - kr - kb;
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
    let mut numbers = vec![0u16; width];
    // One line of a component, as values times `unit`.
    let mut values = |index: usize, row: usize, unit: f32, line: &mut [f32]| {
        let (component, range, data, stride) = &parts[index];
        let numbers = &mut numbers[..line.len()];
        load(&data[row * stride..], *component, info.big_endian, numbers);
        let (scale, offset) = (unit / range.scale, range.offset);
        line.iter_mut().zip(numbers).for_each(|(out, number)| *out = (f32::from(*number) - offset) * scale);
    };
    // What a line of chroma adds to brightness: red's difference to red, blue's to blue, both to green.
    let units = [2.0 * (1.0 - kb) * S::WHITE, 2.0 * (1.0 - kr) * S::WHITE];
    let (green_blue, green_red) = (kb / kg, kr / kg);
    let (across, down) = info.chroma_shift;
    let columns = between(width, across, site == ChromaSite::Center);
    let rows = between(height, down, site != ChromaSite::TopLeft);
    let chroma_width = width.div_ceil(1 << across);
    let mut luma = vec![0f32; width];
    let (mut upper, mut lower) = (vec![0f32; chroma_width], vec![0f32; chroma_width]);
    let mut chroma = [vec![0f32; width], vec![0f32; width]];
    let mut colors =
        [vec![S::NOTHING; width], vec![S::NOTHING; width], vec![S::NOTHING; width], vec![S::OPAQUE; width]];
    let mut pixels = vec![[S::NOTHING; 4]; width];
    let mut data = Vec::with_capacity(width * height * 4);
    for (row, &(first, second, way)) in rows.iter().enumerate() {
        for (index, chroma) in chroma.iter_mut().enumerate() {
            values(index + 1, first, units[index], &mut upper);
            if way > 0.0 {
                values(index + 1, second, units[index], &mut lower);
                upper.iter_mut().zip(&lower).for_each(|(upper, lower)| *upper += (lower - *upper) * way);
            }
            spread(&upper, chroma, across, site, &columns);
        }
        if parts.len() > 3 {
            values(3, row, S::WHITE, &mut luma);
            colors[3].iter_mut().zip(&luma).for_each(|(out, &alpha)| *out = S::of(alpha));
        }
        values(0, row, S::WHITE, &mut luma);
        let [cb, cr] = &chroma;
        let [red, green, blue, alpha] = &mut colors;
        red.iter_mut().zip(&luma).zip(cr).for_each(|((out, luma), cr)| *out = S::of(luma + cr));
        blue.iter_mut().zip(&luma).zip(cb).for_each(|((out, luma), cb)| *out = S::of(luma + cb));
        for (((out, luma), cb), cr) in green.iter_mut().zip(&luma).zip(cb).zip(cr) {
            *out = S::of(luma - green_blue * cb - green_red * cr);
        }
        for ((((out, &r), &g), &b), &a) in pixels.iter_mut().zip(&*red).zip(&*green).zip(&*blue).zip(&*alpha) {
            *out = [r, g, b, a];
        }
        data.extend_from_slice(pixels.as_flattened());
    }
    Ok(data)
}
