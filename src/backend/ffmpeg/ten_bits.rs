//! Video of 4:2:0 or 4:2:2 as 10-bit 4:2:2, without swscale: what most media becomes on its way into ProRes.
//!
//! Samples are those of swscale's bicubic filter at the same siting: chroma of 4:2:0 lies between two lines, so that each
//! line is a quarter of a chroma line away from the nearest one. The first lines have weights of their own, as they have
//! there.

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;

use super::sys::frames;
use super::sys::pixel_info::PixelInfo;
use crate::error::Result;

/// Weights of four lines of chroma, in 4096ths, for a line a quarter below the third of them, and above the second.
const BELOW: [i32; 4] = [-115, 985, 3572, -346];
const ABOVE: [i32; 4] = [-346, 3572, 985, -115];
/// For the first line and the third, from the first line of chroma on.
const FIRST: [i32; 4] = [4432, -336, 0, 0];
const THIRD: [i32; 4] = [959, 3473, -336, 0];

/// The fewest lines of 4:2:0 for which these are the weights.
const FEWEST_LINES: usize = 16;

/// Converts a frame into `out`, of the same size and of 10-bit 4:2:2, where both are of limited range and their chroma
/// samples lie on the left. `false`: this is not the code for such frames, and `out` is undefined.
///
/// # Errors
/// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) when FFmpeg does not know the format.
pub(super) fn convert(frame: &Video, out: &mut Video) -> Result<bool> {
    let (from, to) = (PixelInfo::need(frame.format())?, PixelInfo::need(out.format())?);
    let [width, height] = [frame.width(), frame.height()].map(|side| usize::try_from(side).unwrap_or(0));
    let known = matches!(frame.format(), Pixel::YUV420P | Pixel::YUV422P | Pixel::YUV420P10LE);
    let is_even = width % 2 == 0 && (from.chroma_shift.1 == 0 || (height % 2 == 0 && height >= FEWEST_LINES));
    if !known || !is_even || out.format() != Pixel::YUV422P10LE || cfg!(target_endian = "big") {
        return Ok(false);
    }
    if !frames::is_top_down(frame) {
        return Ok(false);
    }
    for plane in 0..3 {
        let size = (if plane == 0 { width } else { width / 2 }, height);
        let (source, stride) = frames::plane(frame, &from, plane);
        let (bytes, out_stride) = frames::plane_mut(out, &to, plane);
        let Ok(out) = bytemuck::try_cast_slice_mut::<u8, u16>(bytes) else { return Ok(false) };
        if source.is_empty() || out.is_empty() {
            return Ok(false);
        }
        let out = (out, out_stride / 2);
        let expands = plane > 0 && from.chroma_shift.1 == 1;
        if from.depth() == 8 {
            match expands {
                true => expand::<u8, 10>((source, stride), out, size),
                false => copy((source, stride), out, size, |sample: u8| u16::from(sample) << 2),
            }
        } else {
            let Ok(source) = bytemuck::try_cast_slice::<u8, u16>(source) else { return Ok(false) };
            match expands {
                true => expand::<u16, 12>((source, stride / 2), out, size),
                false => copy((source, stride / 2), out, size, |sample: u16| sample),
            }
        }
    }
    Ok(true)
}

/// Each sample on its own.
fn copy<S: Copy>(
    (source, stride): (&[S], usize),
    (out, out_stride): (&mut [u16], usize),
    (width, height): (usize, usize),
    convert: impl Fn(S) -> u16,
) {
    for (line, out) in source.chunks(stride).zip(out.chunks_mut(out_stride)).take(height) {
        for (out, &sample) in out.iter_mut().zip(&line[..width]) {
            *out = convert(sample);
        }
    }
}

/// Twice as many lines of chroma. Sums of samples and weights have `SHIFT` bits more than samples of ten bits.
fn expand<S: Copy + Into<i32>, const SHIFT: u32>(
    (source, stride): (&[S], usize),
    (out, out_stride): (&mut [u16], usize),
    (width, height): (usize, usize),
) {
    let last = height / 2 - 1;
    for (y, out) in out.chunks_mut(out_stride).take(height).enumerate() {
        let (weights, before, first) = match y {
            0 => (FIRST, 0, 0),
            2 => (THIRD, 0, 0),
            _ if y % 2 == 0 => (BELOW, 2, y / 2),
            _ => (ABOVE, 1, y / 2),
        };
        // Beyond the edges, the outermost lines go on.
        let line = |number: usize| &source[(first + number).saturating_sub(before).min(last) * stride..][..width];
        mix::<S, SHIFT>([line(0), line(1), line(2), line(3)], weights, &mut out[..width]);
    }
}

/// The weighted sum of four lines.
fn mix<S: Copy + Into<i32>, const SHIFT: u32>(lines: [&[S]; 4], weights: [i32; 4], out: &mut [u16]) {
    let [a, b, c, d] = lines.map(|line| line.iter());
    for ((((out, &a), &b), &c), &d) in out.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        let sum = weights[0] * a.into() + weights[1] * b.into() + weights[2] * c.into() + weights[3] * d.into();
        let sample = (sum + (1 << (SHIFT - 1))) >> SHIFT;
        *out = u16::try_from(sample.clamp(0, 1023)).expect("clamped to ten bits");
    }
}
