//! Frames, their pixels and scaling, as handles that free what they own.
//!
//! Only calls that FFmpeg 5 to 9 all have. Options go in as text (`av_opt_set`, dictionaries): numeric constants have
//! changed their type between versions.

use std::collections::HashMap;
use std::ffi::{CString, c_int};
use std::ptr;

use ffmpeg_next::ffi;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;

use super::pixel_info::PixelInfo;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::ColorTags;

/// `AVERROR(EAGAIN)` and `AVERROR_EOF`.
pub(super) fn is_drained(code: c_int) -> bool {
    code == ffi::AVERROR(ffi::EAGAIN) || code == ffi::AVERROR_EOF
}

/// A failed call's sentence: what FFmpeg says about the status.
fn failure(kind: ErrorKind, doing: &str, code: c_int) -> Error {
    // A status below zero is a negated errno or one of FFmpeg's own; a full disk is the first.
    let kind = if [ffi::AVERROR(ffi::ENOSPC), ffi::AVERROR(ffi::EIO), ffi::AVERROR(ffi::EACCES)].contains(&code) {
        ErrorKind::Io
    } else {
        kind
    };
    Error::new(kind, format!("{doing}: {}", ffmpeg_next::Error::from(code)))
}

pub(super) fn check(code: c_int, kind: ErrorKind, doing: &str) -> Result<c_int> {
    if code < 0 { Err(failure(kind, doing, code)) } else { Ok(code) }
}

pub(super) fn c_text(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::new(ErrorKind::Option, format!("{text:?} contains a zero byte")))
}

pub(super) fn c_size(value: u32) -> Result<c_int> {
    c_int::try_from(value).map_err(|_| Error::new(ErrorKind::Option, format!("{value} is too large for a picture")))
}

/// Another reference to the same picture; no pixel is copied.
pub(crate) fn share(frame: &Video) -> Result<Video> {
    let mut copy = Video::empty();
    // SAFETY: both point to allocated frames, and the target is blank, as av_frame_ref asks.
    check(unsafe { ffi::av_frame_ref(copy.as_mut_ptr(), frame.as_ptr()) }, ErrorKind::Encode, "sharing a frame")?;
    Ok(copy)
}

/// The same picture under a pixel format of the same layout (`yuvj420p` as full-range `yuv420p`).
pub(crate) fn relabel(frame: &Video, format: Pixel) -> Result<Video> {
    let mut copy = share(frame)?;
    copy.set_format(format);
    Ok(copy)
}

/// Copies what is said about a frame: times, tags and side data, but not its pixels.
pub(crate) fn copy_properties(from: &Video, to: &mut Video) -> Result<()> {
    // SAFETY: both frames are allocated; the call copies fields and takes references.
    let code = unsafe { ffi::av_frame_copy_props(to.as_mut_ptr(), from.as_ptr()) };
    check(code, ErrorKind::Encode, "copying a frame's properties").map(drop)
}

/// Whether lines lie in memory from the top down, as all but a few decoders leave them.
pub(crate) fn is_top_down(frame: &Video) -> bool {
    // SAFETY: the frame is allocated; a plain field is read.
    unsafe { (*frame.as_ptr()).linesize[0] > 0 }
}

/// The same picture with lines that lie in memory from the top down: copied only where they do not.
pub(crate) fn top_down(frame: &Video) -> Result<Video> {
    super::read::top_down(share(frame)?)
        .map_err(|cause| Error::new(ErrorKind::Encode, "a picture could not be copied").because(cause))
}

/// Says that chroma samples lie in the middle of the luma samples they belong to.
pub(crate) fn center_chroma(frame: &mut Video) {
    // SAFETY: the frame is allocated; a plain field is set.
    unsafe { (*frame.as_mut_ptr()).chroma_location = ffi::AVChromaLocation::AVCHROMA_LOC_CENTER }
}

/// Says that a frame is interlaced, and which of its fields is shown first.
pub(crate) fn set_fields(frame: &mut Video, top_field_first: bool) {
    // `AV_FRAME_FLAG_INTERLACED` and `AV_FRAME_FLAG_TOP_FIELD_FIRST`, which FFmpeg has from 6.1 on; before that it does
    // not look at these bits.
    const INTERLACED: c_int = 1 << 3;
    const TOP_FIELD_FIRST: c_int = 1 << 4;
    // SAFETY: the frame is allocated; plain fields are set.
    unsafe {
        let raw = frame.as_mut_ptr();
        (*raw).flags &= !(INTERLACED | TOP_FIELD_FIRST);
        (*raw).flags |= INTERLACED | if top_field_first { TOP_FIELD_FIRST } else { 0 };
        #[cfg(not(ffmpeg_8))]
        {
            (*raw).interlaced_frame = 1;
            (*raw).top_field_first = c_int::from(top_field_first);
        }
    }
}

/// One field of a frame as a frame of half the height: every second line, from the first or from the second on. No pixel
/// is copied.
pub(crate) fn field(frame: &Video, second: bool) -> Result<Video> {
    let mut field = share(frame)?;
    // SAFETY: the frame is allocated and shares its buffers with `frame`. Its lines are every second of those that are
    // there: each plane has at least two where its height is a multiple of four, which the caller sees to.
    unsafe {
        let raw = field.as_mut_ptr();
        for index in 0..4 {
            let line = (*raw).linesize[index];
            // A palette is no plane of lines.
            if (*raw).data[index].is_null() || line == 0 {
                continue;
            }
            if second {
                (*raw).data[index] = (*raw).data[index].offset(line as isize);
            }
            (*raw).linesize[index] = line * 2;
        }
        (*raw).height /= 2;
    }
    Ok(field)
}

/// Whether nobody else refers to the picture, so that it may be drawn upon.
pub(crate) fn is_own(frame: &mut Video) -> bool {
    // SAFETY: the frame is allocated; the call only reads how often its buffers are referred to.
    unsafe { ffi::av_frame_is_writable(frame.as_mut_ptr()) > 0 }
}

/// The bytes of a plane: `stride × lines` of them. Empty when the frame has no such plane or lies bottom up.
pub(crate) fn plane<'a>(frame: &'a Video, info: &PixelInfo, index: usize) -> (&'a [u8], usize) {
    // SAFETY: the pointer belongs to a frame that outlives the borrow; its fields are only read.
    let raw = unsafe { &*frame.as_ptr() };
    let stride = usize::try_from(raw.linesize[index]).unwrap_or(0);
    let length = plane_length(frame, info, index, stride);
    if raw.data[index].is_null() || length == 0 {
        return (&[], 0);
    }
    // SAFETY: every line of a plane reaches its last pixel; `plane_length` ends there, not at the stride's end.
    (unsafe { std::slice::from_raw_parts(raw.data[index], length) }, stride)
}

/// The bytes of a plane, to write. The frame must be one that nobody else refers to: fresh from a [`FramePool`].
pub(crate) fn plane_mut<'a>(frame: &'a mut Video, info: &PixelInfo, index: usize) -> (&'a mut [u8], usize) {
    // SAFETY: the pointer belongs to a frame that outlives the borrow.
    let (data, line, writable) = unsafe {
        let raw = frame.as_mut_ptr();
        ((*raw).data[index], (*raw).linesize[index], ffi::av_frame_is_writable(raw) > 0)
    };
    let stride = usize::try_from(line).unwrap_or(0);
    let length = plane_length(frame, info, index, stride);
    if data.is_null() || length == 0 || !writable {
        return (&mut [], 0);
    }
    // SAFETY: as in `plane`; the frame is borrowed mutably and its buffer has no other reference.
    (unsafe { std::slice::from_raw_parts_mut(data, length) }, stride)
}

/// From the first sample to the last one, in bytes.
fn plane_length(frame: &Video, info: &PixelInfo, index: usize, stride: usize) -> usize {
    let (across, down) = info.plane_shift(index);
    let groups = frame.width().div_ceil(1 << across) as usize;
    let width = groups * info.plane_step(index);
    let width = if info.bits { width.div_ceil(8) } else { width };
    let lines = frame.height().div_ceil(1 << down) as usize;
    if lines == 0 || stride < width { 0 } else { stride * (lines - 1) + width }
}

/// The 256 colours of a frame's palette: red, green, blue, alpha. `None` where it has none.
pub(crate) fn palette(frame: &Video) -> Option<Vec<[u8; 4]>> {
    // SAFETY: the frame is allocated; a frame with a palette has 256 entries of four bytes as its second plane.
    let bytes = unsafe {
        let data = (*frame.as_ptr()).data[1];
        if data.is_null() {
            return None;
        }
        std::slice::from_raw_parts(data, 1024)
    };
    // Words in the machine's own order: alpha on top, then red, green and blue.
    let entry = |bytes: &[u8; 4]| {
        let [alpha, red, green, blue] = u32::from_ne_bytes(*bytes).to_be_bytes();
        [red, green, blue, alpha]
    };
    Some(bytes.as_chunks::<4>().0.iter().map(entry).collect())
}

/// Whether swscale takes pictures of one format and gives those of the other.
pub(crate) fn is_scalable(from: Pixel, to: Pixel) -> bool {
    // SAFETY: both only look a number up in a table.
    unsafe { ffi::sws_isSupportedInput(from.into()) > 0 && ffi::sws_isSupportedOutput(to.into()) > 0 }
}

/// Frames whose memory is used again once nobody refers to them any more: fresh memory for each frame would cost
/// thousands of page faults a frame.
#[derive(Debug, Default)]
pub(crate) struct FramePool {
    pools: HashMap<(Pixel2, u32, u32), RawPool>,
}

/// A pixel format by its number, to have something that hashes.
type Pixel2 = i32;

#[derive(Debug)]
struct RawPool(*mut ffi::AVBufferPool);

// SAFETY: FFmpeg's buffer pools may be used and freed from any thread; they lock inside.
unsafe impl Send for RawPool {}

impl Drop for RawPool {
    fn drop(&mut self) {
        // SAFETY: the pointer came from av_buffer_pool_init; buffers still out keep the pool's memory alive.
        unsafe { ffi::av_buffer_pool_uninit(&mut self.0) }
    }
}

impl FramePool {
    /// A frame of undefined content that nobody else refers to, lines aligned for SIMD, tagged as `color` says.
    pub(crate) fn frame(&mut self, format: Pixel, width: u32, height: u32, color: ColorTags) -> Result<Video> {
        const ALIGN: c_int = 64;
        let no_memory = || Error::new(ErrorKind::Encode, format!("no memory for a frame of {width} × {height}"));
        let (wide, high) = (c_size(width)?, c_size(height)?);
        let raw_format: ffi::AVPixelFormat = format.into();
        // SAFETY: a pure calculation; it fails with a negative number.
        let size = unsafe { ffi::av_image_get_buffer_size(raw_format, wide, high, ALIGN) };
        let size = usize::try_from(check(size, ErrorKind::Encode, "sizing a frame")?).map_err(|_| no_memory())?;
        let pool = match self.pools.entry((raw_format as i32, width, height)) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                // SAFETY: no callback: the default allocator. Room behind the last line for SIMD that reads on.
                let pool = unsafe { ffi::av_buffer_pool_init(size + 256, None) };
                if pool.is_null() {
                    return Err(no_memory());
                }
                entry.insert(RawPool(pool))
            }
        };
        let mut frame = Video::empty();
        frame.set_format(format);
        frame.set_width(width);
        frame.set_height(height);
        // SAFETY: the frame is blank; its buffer comes from the pool and is large enough for the planes laid into it.
        unsafe {
            let raw = frame.as_mut_ptr();
            let buffer = ffi::av_buffer_pool_get(pool.0);
            if buffer.is_null() {
                return Err(no_memory());
            }
            (*raw).buf[0] = buffer;
            (*raw).extended_data = (*raw).data.as_mut_ptr();
            let filled = ffi::av_image_fill_arrays(
                (*raw).data.as_mut_ptr(),
                (*raw).linesize.as_mut_ptr(),
                (*buffer).data,
                raw_format,
                wide,
                high,
                ALIGN,
            );
            check(filled, ErrorKind::Encode, "laying out a frame")?;
        }
        tag(&mut frame, color);
        Ok(frame)
    }
}

/// Writes colour tags into a frame.
pub(crate) fn tag(frame: &mut Video, color: ColorTags) {
    use ffmpeg_next::color::{Primaries, Range, Space, TransferCharacteristic as Transfer};
    frame.set_color_range(if color.full_range { Range::JPEG } else { Range::MPEG });
    frame.set_color_space(match color.matrix {
        0 => Space::RGB,
        1 => Space::BT709,
        4 => Space::FCC,
        5 => Space::BT470BG,
        6 => Space::SMPTE170M,
        7 => Space::SMPTE240M,
        9 => Space::BT2020NCL,
        10 => Space::BT2020CL,
        _ => Space::Unspecified,
    });
    frame.set_color_primaries(match color.primaries {
        1 => Primaries::BT709,
        4 => Primaries::BT470M,
        5 => Primaries::BT470BG,
        6 => Primaries::SMPTE170M,
        7 => Primaries::SMPTE240M,
        8 => Primaries::Film,
        9 => Primaries::BT2020,
        10 => Primaries::SMPTE428,
        11 => Primaries::SMPTE431,
        12 => Primaries::SMPTE432,
        _ => Primaries::Unspecified,
    });
    frame.set_color_transfer_characteristic(match color.transfer {
        1 => Transfer::BT709,
        4 => Transfer::GAMMA22,
        5 => Transfer::GAMMA28,
        6 => Transfer::SMPTE170M,
        7 => Transfer::SMPTE240M,
        8 => Transfer::Linear,
        9 => Transfer::Log,
        10 => Transfer::LogSqrt,
        11 => Transfer::IEC61966_2_4,
        12 => Transfer::BT1361_ECG,
        13 => Transfer::IEC61966_2_1,
        14 => Transfer::BT2020_10,
        15 => Transfer::BT2020_12,
        16 => Transfer::SMPTE2084,
        17 => Transfer::SMPTE428,
        18 => Transfer::ARIB_STD_B67,
        _ => Transfer::Unspecified,
    });
}

/// One side of a scaler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScalerSide {
    /// Never one of the `yuvj` formats: full range is said by `full_range`.
    pub(crate) format: Pixel,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) matrix: u8,
    pub(crate) full_range: bool,
    /// Where chroma samples lie, in 256ths of a luma pixel from the top left one: across, down.
    pub(crate) chroma: (i32, i32),
}

/// A swscale context for one conversion.
#[derive(Debug)]
pub(crate) struct Scaler {
    raw: *mut ffi::SwsContext,
    target: PixelInfo,
    source_height: c_int,
}

// SAFETY: a context has no ties to the thread that made it; it is used by one thread at a time (`&mut self`).
unsafe impl Send for Scaler {}

impl Drop for Scaler {
    fn drop(&mut self) {
        // SAFETY: the context was allocated by swscale and is freed once.
        unsafe { ffi::sws_freeContext(self.raw) }
    }
}

impl Scaler {
    pub(crate) fn new(source: &ScalerSide, target: &ScalerSide, flags: &str) -> Result<Scaler> {
        let info = PixelInfo::need(target.format)?;
        let unsupported = || {
            let what = format!("no conversion from {:?} to {:?}", source.format, target.format);
            Error::new(ErrorKind::Unsupported, what)
        };
        // SAFETY: no arguments; null means no memory.
        let raw = unsafe { ffi::sws_alloc_context() };
        if raw.is_null() {
            return Err(unsupported());
        }
        let scaler = Scaler { raw, target: info, source_height: c_size(source.height)? };
        let numbers = [
            (c"srcw", i64::from(source.width)),
            (c"srch", i64::from(source.height)),
            (c"src_format", source.raw_format()),
            (c"dstw", i64::from(target.width)),
            (c"dsth", i64::from(target.height)),
            (c"dst_format", target.raw_format()),
            (c"src_range", i64::from(source.full_range)),
            (c"dst_range", i64::from(target.full_range)),
            (c"src_h_chr_pos", i64::from(source.chroma.0)),
            (c"src_v_chr_pos", i64::from(source.chroma.1)),
            (c"dst_h_chr_pos", i64::from(target.chroma.0)),
            (c"dst_v_chr_pos", i64::from(target.chroma.1)),
        ];
        for (name, value) in numbers {
            // SAFETY: the context is an AVOptions object; the name is a C string.
            let code = unsafe { ffi::av_opt_set_int(raw.cast(), name.as_ptr(), value, 0) };
            check(code, ErrorKind::Unsupported, "setting up a conversion")?;
        }
        let flags = c_text(flags)?;
        let _quiet = super::log::quiet();
        // SAFETY: as above; afterwards the context is initialised once, and the coefficient tables live for ever.
        unsafe {
            let code = ffi::av_opt_set(raw.cast(), c"sws_flags".as_ptr(), flags.as_ptr(), 0);
            check(code, ErrorKind::Unsupported, "setting up a conversion")?;
            if ffi::sws_init_context(raw, ptr::null_mut(), ptr::null_mut()) < 0 {
                return Err(unsupported());
            }
            let table = |side: &ScalerSide| ffi::sws_getCoefficients(matrix_table(side.matrix));
            // A negative status only says that there is nothing to set, as between two RGB formats.
            ffi::sws_setColorspaceDetails(
                raw,
                table(source),
                c_int::from(source.full_range),
                table(target),
                c_int::from(target.full_range),
                0,
                1 << 16,
                1 << 16,
            );
        }
        Ok(scaler)
    }

    /// Scales all of `source` into `target`, its top left corner at column `x`, line `y`, which have to be multiples
    /// of the chroma subsampling. The caller has checked that it fits.
    pub(crate) fn scale(&mut self, source: &Video, target: &mut Video, (x, y): (u32, u32)) -> Result<()> {
        // SAFETY: source and target are frames of the formats and at least the sizes the context was made for; the
        // offsets stay inside the target because the caller has placed the picture within it.
        let lines = unsafe {
            let (from, to) = (source.as_ptr(), target.as_mut_ptr());
            let mut planes = [ptr::null_mut::<u8>(); 8];
            for (index, pointer) in planes.iter_mut().enumerate().take(self.target.planes()) {
                let (across, down) = self.target.plane_shift(index);
                let stride = usize::try_from((*to).linesize[index]).unwrap_or(0);
                let offset = (y >> down) as usize * stride + (x >> across) as usize * self.target.plane_step(index);
                *pointer = (*to).data[index].add(offset);
            }
            ffi::sws_scale(
                self.raw,
                (*from).data.as_ptr().cast(),
                (*from).linesize.as_ptr(),
                0,
                self.source_height,
                planes.as_ptr(),
                (*to).linesize.as_ptr(),
            )
        };
        check(lines, ErrorKind::Encode, "converting a frame").map(drop)
    }
}

impl ScalerSide {
    fn raw_format(&self) -> i64 {
        ffi::AVPixelFormat::from(self.format) as i64
    }
}

/// The number swscale knows a matrix by; anything unknown is BT.709.
fn matrix_table(matrix: u8) -> c_int {
    match matrix {
        4..=7 | 9 => c_int::from(matrix),
        10 => 9,
        _ => 1,
    }
}
