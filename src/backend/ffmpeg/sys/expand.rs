//! Pictures whose samples are places in a palette, or single bits, as samples of a byte.

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;
use ffmpeg_next::{Error as AvError, ffi};

use super::answers::check;
use super::read::plane;

/// `frame` with every sample in a byte of its own: palettes become RGBA, without alpha where `opaque_as_rgb` is set and
/// every colour is opaque, and single bits become grey. Any other frame is left as it is.
pub(crate) fn expanded(frame: Video, opaque_as_rgb: bool) -> Result<Video, AvError> {
    let (target, bits) = match frame.format() {
        Pixel::PAL8 => (Pixel::RGBA, None),
        Pixel::MonoWhite => (Pixel::GRAY8, Some(0xffu8)),
        Pixel::MonoBlack => (Pixel::GRAY8, Some(0u8)),
        _ => return Ok(frame),
    };
    let width = frame.width() as usize;
    if let Some(inverted) = bits {
        let mut out = Video::new(target, frame.width(), frame.height());
        let (stride, lines) = (out.stride(0), source_lines(&frame, width.div_ceil(8))?);
        for (line, bytes) in out.data_mut(0).chunks_mut(stride).zip(lines) {
            for (x, sample) in line[..width].iter_mut().enumerate() {
                *sample = if (bytes[x / 8] ^ inverted) << (x % 8) & 0x80 != 0 { 255 } else { 0 };
            }
        }
        return with_properties(out, &frame);
    }
    let palette = palette(&frame).ok_or(AvError::InvalidData)?;
    let opaque = palette.iter().all(|color| color[3] == 255);
    let (target, step) = if opaque && opaque_as_rgb { (Pixel::RGB24, 3) } else { (target, 4) };
    let mut out = Video::new(target, frame.width(), frame.height());
    let (stride, lines) = (out.stride(0), source_lines(&frame, width)?);
    for (line, places) in out.data_mut(0).chunks_mut(stride).zip(lines) {
        for (pixel, place) in line.chunks_exact_mut(step).zip(places) {
            pixel.copy_from_slice(&palette[usize::from(*place)][..step]);
        }
    }
    with_properties(out, &frame)
}

/// The first `row` bytes of every line.
fn source_lines(frame: &Video, row: usize) -> Result<impl Iterator<Item = &[u8]>, AvError> {
    let (data, stride) = plane(frame, 0);
    if data.is_empty() || stride < row {
        return Err(AvError::InvalidData);
    }
    Ok(data.chunks(stride).map(move |line| &line[..row.min(line.len())]))
}

/// The colours of a palette: red, green, blue, alpha.
fn palette(frame: &Video) -> Option<Vec<[u8; 4]>> {
    // SAFETY: the frame is alive; the field is an array of pointers.
    let colors = unsafe { (*frame.as_ptr()).data[1] };
    if frame.format() != Pixel::PAL8 || colors.is_null() {
        return None;
    }
    // SAFETY: the second plane of such a frame holds 256 colours of four bytes, which nobody changes while the frame is
    // borrowed.
    let colors = unsafe { std::slice::from_raw_parts(colors, 1024) };
    let color = |bytes: &[u8; 4]| {
        let [alpha, red, green, blue] = u32::from_ne_bytes(*bytes).to_be_bytes();
        [red, green, blue, alpha]
    };
    Some(colors.as_chunks::<4>().0.iter().map(color).collect())
}

/// A picture of this size whose samples are all 0, with the format and the properties of `frame`.
pub(crate) fn zeroed(frame: &Video, width: u32, height: u32) -> Result<Video, AvError> {
    let mut out = Video::new(frame.format(), width, height);
    for plane in 0..out.planes() {
        out.data_mut(plane).fill(0);
    }
    with_properties(out, frame)
}

fn with_properties(mut out: Video, frame: &Video) -> Result<Video, AvError> {
    // SAFETY: both frames are alive; the call copies fields and takes references to side data.
    check(unsafe { ffi::av_frame_copy_props(out.as_mut_ptr(), frame.as_ptr()) })?;
    Ok(out)
}
