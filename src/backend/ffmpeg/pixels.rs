//! Work on the samples of frames that swscale does not do: black, pasting, weaving and turning.

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;

use super::sys::frames::{plane, plane_mut};
use super::sys::pixel_info::PixelInfo;
use crate::error::{Error, ErrorKind, Result};
use crate::picture::{Rect, Rotation};

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

/// The format that FFmpeg finds in a file of `codec` that pictures of this one were encoded into: where it calls full range by
/// a format of its own, that one.
pub(super) fn format_in_files(format: Pixel, full_range: bool, codec: &str) -> Pixel {
    if !(full_range && ["mjpeg", "h264", "hevc"].contains(&codec)) {
        return format;
    }
    match format {
        Pixel::YUV420P => Pixel::YUVJ420P,
        Pixel::YUV422P => Pixel::YUVJ422P,
        Pixel::YUV444P => Pixel::YUVJ444P,
        Pixel::YUV440P => Pixel::YUVJ440P,
        other => other,
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
        rotated.ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, format!("pictures of the pixel format {} cannot be rotated", info.name))
        })?;
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
