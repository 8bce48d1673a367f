//! Single pictures: one file, one frame.
//!
//! FFmpeg decodes most of them, from the file's bytes and without a container: it knows DPX at every depth, EXR with
//! every compression and a data window that differs from the display window, and gives JPEG as the YUV it is stored
//! as, which a movie codec can take as it is. The `image` crate decodes PNG of 16 bits, which it does in less than half
//! the time (1080p RGB: 44 ms where FFmpeg 5.1 takes 96 ms; at 8 bits it is 36 to 49 ms, for which FFmpeg's colour tags
//! are not given up). Where FFmpeg gives up on a PNG, JPEG or TIFF (CMYK, floating-point or tiled TIFF, by its
//! version), `image` has a try, too.

use std::borrow::Cow;
use std::ffi::CStr;
use std::io::Read;
use std::path::Path;

use ffmpeg_next::Packet;
use ffmpeg_next::color::TransferCharacteristic;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;

use super::damage::{Reason, is_damage};
use super::exr;
use super::frame::{Frame, FrameContext, Origin, undecodable};
use super::info::{MediaInfo, empty};
use super::limits;
use super::options::DecodeOptions;
use super::orientation::Orientation;
use super::pixels;
use super::still_kind::StillKind;
use super::sys::decoder::{Decoder, DecoderSetup, Received};
use super::sys::expand::zeroed;
use super::sys::log::LogLine;
use super::sys::pixel_info::PixelInfo;
use super::sys::read as sys;
use super::tiff;
use super::units::{UNKNOWN_INKS, has_unknown_inks};
use crate::color::FileColor;
use crate::error::{Error, Result};
use crate::otio::MediaFile;
use crate::plan::{ColorTags, Damaged};
use crate::time::Ratio;
use crate::trace;

/// Bytes that a still file may have.
const LARGEST: u64 = 1 << 30;

/// Refuses a still file that is too large to be one.
pub(crate) fn check_size(path: &Path, bytes: u64) -> Result<()> {
    if bytes <= LARGEST {
        return Ok(());
    }
    let what = format!("{} MiB are too many for a still picture; 1024 are allowed", bytes >> 20);
    Err(undecodable(path, what))
}

/// All bytes of a still file.
fn bytes(path: &Path) -> Result<Vec<u8>> {
    let file = MediaFile::open(path)?;
    let size = file.length();
    check_size(path, size)?;
    let length = usize::try_from(size).unwrap_or(usize::MAX);
    let mut data = Vec::new();
    data.try_reserve_exact(length).map_err(|cause| undecodable(path, "no memory for the file").because(cause))?;
    // A file that grows while it is read ends where it did.
    file.take(size).read_to_end(&mut data).map_err(|cause| Error::io("read", path, cause))?;
    Ok(data)
}

/// Decodes the picture of a still file; where [`DecodeOptions::damaged`] lets it pass, also what is damaged in it.
pub(crate) fn read(path: &Path, options: &DecodeOptions) -> Result<(Frame, Option<Reason>)> {
    read_bytes(path, &bytes(path)?, options)
}

/// The same, and what kind of file it is.
pub(crate) fn read_described(path: &Path, options: &DecodeOptions) -> Result<(Frame, Option<Reason>, MediaInfo)> {
    let data = bytes(path)?;
    let (frame, damage) = read_bytes(path, &data, options)?;
    let info = describe(path, &data, &frame);
    Ok((frame, damage, info))
}

fn read_bytes(path: &Path, data: &[u8], options: &DecodeOptions) -> Result<(Frame, Option<Reason>)> {
    let Some(kind) = StillKind::of_bytes(data) else {
        return Err(undecodable(path, "it is not a PNG, JPEG, TIFF, EXR or DPX file"));
    };
    let refuse = |why: String| undecodable(path, why);
    let most = |bytes_per_pixel| limits::pixels(options.max_pixels, data.len() as u64, bytes_per_pixel);
    if let Some((size, bytes)) = limits::claimed(kind, data) {
        limits::check(size, most(bytes)).map_err(refuse)?;
    }
    if kind == StillKind::Jpeg && has_unknown_inks(data) {
        return Err(undecodable(path, UNKNOWN_INKS));
    }
    let lenient = options.damaged != Damaged::Error;
    // FFmpeg fills in what is missing from these without a word, or does not look.
    let exr = if kind == StillKind::Exr { Some(exr::prepare(data).map_err(refuse)?) } else { None };
    let flaw = match &exr {
        Some(prepared) => prepared.flaw,
        None if kind == StillKind::Jpeg => (!has_jpeg_end(data)).then_some("the file is incomplete"),
        None if kind == StillKind::Tiff => tiff::has_wrong_checksum(data).then_some("the checksum of a strip is wrong"),
        None => None,
    };
    if let (Some(flaw), false) = (flaw, lenient) {
        return Err(undecodable(path, flaw));
    }
    for size in exr.iter().flat_map(|prepared| prepared.sizes) {
        limits::check(size, most(16)).map_err(refuse)?;
    }
    let layer = exr.as_ref().and_then(|prepared| prepared.layered.then_some(exr::LAYER));
    let picture = match &exr {
        Some(prepared) => Cow::Borrowed(&*prepared.data),
        None if kind == StillKind::Png => limits::without_texts(data),
        None => Cow::Borrowed(data),
    };
    let most = if exr.is_some() { most(16) } else { most(4) };
    let orientation = match kind {
        StillKind::Jpeg => Orientation::of_jpeg(data),
        StillKind::Png => Orientation::of_png(data),
        StillKind::Tiff => Orientation::of_tiff(data),
        StillKind::Exr | StillKind::Dpx => Orientation::UPRIGHT,
    };
    let upright = |frame: Frame| orientation.applied(frame).map_err(|error| error.at_file(path));
    let mut damage: Option<Reason> = flaw.map(Reason::from);
    let deep = (kind == StillKind::Png).then(|| deep_png(&picture)).flatten();
    if let Some((av, pixel_aspect)) = deep.and_then(|aspect| Some((by_image(kind, &picture, most)?, aspect))) {
        trace::event!(DEBUG, "a still is decoded", file = trace::shown(path.display()), decoder = "image");
        let context = FrameContext { stream_color: [0, 2, 2, 2], pixel_aspect, origin: Origin::Still };
        let frame = Frame::new(av, &context).map_err(|error| error.at_file(path))?;
        return Ok((upright(frame)?, None));
    }
    let mut decoded = by_ffmpeg(kind, &picture, options, (layer, most), true);
    if let Err(Failed { reason, damaged, .. }) = &decoded
        && (*damaged || flaw.is_some())
    {
        // What `image` makes of a damaged file it does not say.
        if !lenient {
            let what = format!("its picture is damaged: {reason}");
            return Err(undecodable(path, what));
        }
        damage = damage.or_else(|| Some(Reason::clone(reason)));
        decoded = by_ffmpeg(kind, &picture, options, (layer, most), false);
    }
    let (av, origin) = match decoded {
        Ok(av) => match &exr {
            Some(prepared) => {
                let no_room = |cause| undecodable(path, "its windows cannot be laid out").because(cause);
                let origin = options.exr_color.map_or(Origin::Exr(options.linear_to), Origin::ExrTagged);
                (in_display(av, prepared).map_err(no_room)?, origin)
            }
            None => (av, Origin::Still),
        },
        Err(cause) => match by_image(kind, &picture, most) {
            Some(av) => (av, Origin::Still),
            None => {
                let what = format!("its picture is damaged or of an unknown kind: {}", cause.reason);
                return Err(undecodable(path, what));
            }
        },
    };
    let mut av = av;
    // Writers of DPX, FFmpeg among them, say "linear" whatever the values are; EXR is what is linear.
    if kind == StillKind::Dpx && sys::frame_color(&av)[3] == i32::from(ColorTags::LINEAR) {
        av.set_color_transfer_characteristic(TransferCharacteristic::Unspecified);
    }
    let frame = finished(av, origin).map_err(|error| error.at_file(path))?;
    Ok((upright(frame)?, damage))
}

/// A decoded EXR picture in its display window: transparent where there is no data.
fn in_display(av: Video, prepared: &exr::Prepared<'_>) -> Result<Video, ffmpeg_next::Error> {
    let Some(offset) = prepared.offset else { return Ok(av) };
    let side = |length: u64| u32::try_from(length).map_err(|_| ffmpeg_next::Error::InvalidData);
    let mut display = zeroed(&av, side(prepared.sizes[0].0)?, side(prepared.sizes[0].1)?)?;
    let info = PixelInfo::of(av.format()).ok_or(ffmpeg_next::Error::InvalidData)?;
    let overlaps = |offset: i64, own: u32, all: u32| offset < i64::from(all) && offset + i64::from(own) > 0;
    if !overlaps(offset.0, av.width(), display.width()) || !overlaps(offset.1, av.height(), display.height()) {
        return Ok(display);
    }
    pixels::paste(&av, &mut display, &info, offset).map_err(|_| ffmpeg_next::Error::InvalidData)?;
    Ok(display)
}

/// A decoded picture with what it means.
fn finished(av: Video, origin: Origin) -> Result<Frame> {
    let aspect = av.aspect_ratio();
    let pixel_aspect = match (aspect.numerator(), aspect.denominator()) {
        (num, den) if num > 0 && den > 0 => Ratio::new(num.into(), den.into()),
        _ => Ratio::ONE,
    };
    let context = FrameContext { stream_color: [0, 2, 2, 2], pixel_aspect, origin };
    Frame::new(av, &context)
}

/// The pixel aspect of a PNG file of 16 bits RGB or RGBA that says nothing about colour but that it is sRGB; `None` for
/// any other.
fn deep_png(data: &[u8]) -> Option<Ratio> {
    let (depth, color) = (*data.get(24)?, *data.get(25)?);
    if depth != 16 || !matches!(color, 2 | 6) {
        return None;
    }
    let word = |at: usize| Some(u32::from_be_bytes(data.get(at..at + 4)?.try_into().ok()?));
    let (mut at, mut aspect) = (8, Ratio::ONE);
    loop {
        match data.get(at + 4..at + 8)? {
            b"IDAT" => return Some(aspect),
            b"cICP" | b"cHRM" | b"iCCP" | b"acTL" | b"tRNS" => return None,
            // Pixels per unit, across and down: where there are more of them, they are narrower.
            b"pHYs" => match (word(at + 8)?, word(at + 12)?) {
                (across, down) if across > 0 && down > 0 => aspect = Ratio::new(down.into(), across.into()),
                _ => {}
            },
            _ => {}
        }
        at = at.checked_add(12)?.checked_add(usize::try_from(word(at)?).ok()?)?;
    }
}

/// Whether the scan that comes last is ended: coded data holds neither marker by accident, and a thumbnail has both of
/// its own in front of the picture's.
fn has_jpeg_end(data: &[u8]) -> bool {
    let last = |marker: u8| data.windows(2).rposition(|pair| pair == [0xff, marker]);
    matches!((last(0xda), last(0xd9)), (Some(scan), Some(end)) if scan < end)
}

/// Why FFmpeg gave no whole picture.
struct Failed {
    /// What it says.
    reason: Reason,
    /// The file is damaged, rather than of a kind that FFmpeg does not know.
    damaged: bool,
}

/// One picture; `strict`: nothing may be wrong with it.
fn by_ffmpeg(
    kind: StillKind,
    data: &[u8],
    options: &DecodeOptions,
    (exr_layer, max_pixels): (Option<&'static CStr>, u64),
    strict: bool,
) -> Result<Video, Failed> {
    let setup = DecoderSetup {
        // TIFF decodes JPEG inside of it with a decoder of its own, whose lines only the calling thread tells.
        threads: if kind == StillKind::Tiff { 1 } else { options.threads },
        strict,
        lenient: !strict,
        exr_layer,
        max_pixels,
    };
    let opened = Decoder::by_name(kind.decoder(), setup);
    let mut decoder = opened.map_err(|cause| Failed { reason: format!("{cause:#}").into(), damaged: false })?;
    let decoded = decode(&mut decoder, data);
    let lines: Vec<LogLine> = decoder.take_lines().into_iter().filter(is_damage).collect();
    let unknown = |line: &LogLine| {
        let text = line.text.to_lowercase();
        ["unsupported", "not supported", "not implemented", "unknown"].iter().any(|word| text.contains(word))
    };
    let said = lines.iter().find(|line| !unknown(line)).or(lines.first()).map(|line| line.text.clone());
    match decoded {
        Ok(frame) if !strict || (lines.is_empty() && !sys::is_damaged(&frame)) => Ok(frame),
        Ok(_) => Err(Failed {
            reason: said.unwrap_or_else(|| "FFmpeg concealed errors in it".to_owned()).into(),
            damaged: true,
        }),
        Err(cause) => {
            let damaged = lines.iter().any(|line| !unknown(line)) && !lines.iter().any(unknown);
            Err(Failed { reason: said.unwrap_or_else(|| format!("{cause:#}")).into(), damaged })
        }
    }
}

fn decode(decoder: &mut Decoder, data: &[u8]) -> Result<Video, ffmpeg_next::Error> {
    decoder.send(Some(&Packet::copy(data)))?;
    decoder.send(None)?;
    match decoder.receive()? {
        Received::Frame(frame) => Ok(frame),
        _ => Err(ffmpeg_next::Error::InvalidData),
    }
}

/// The second try: 8 or 16 bits RGB or RGBA.
fn by_image(kind: StillKind, data: &[u8], most: u64) -> Option<Video> {
    let format = match kind {
        StillKind::Png => image::ImageFormat::Png,
        StillKind::Jpeg => image::ImageFormat::Jpeg,
        StillKind::Tiff => image::ImageFormat::Tiff,
        StillKind::Exr | StillKind::Dpx => return None,
    };
    let mut reader = image::ImageReader::with_format(std::io::Cursor::new(data), format);
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(most.saturating_mul(8));
    reader.limits(limits);
    let picture = reader.decode().ok()?;
    let (width, height) = (picture.width(), picture.height());
    let (alpha, deep) = (picture.color().has_alpha(), picture.color().bytes_per_pixel() > 4 || is_deep(&picture));
    let words = |words: &[u16]| words.iter().flat_map(|word| word.to_ne_bytes()).collect::<Vec<u8>>();
    let (pixel, samples, bytes) = match (deep, alpha) {
        (false, false) => (Pixel::RGB24, picture.to_rgb8().into_raw(), 3),
        (false, true) => (Pixel::RGBA, picture.to_rgba8().into_raw(), 4),
        (true, false) => (native(Pixel::RGB48LE, Pixel::RGB48BE), words(&picture.to_rgb16()), 6),
        (true, true) => (native(Pixel::RGBA64LE, Pixel::RGBA64BE), words(&picture.to_rgba16()), 8),
    };
    let mut frame = Video::new(pixel, width, height);
    let (row, stride) = (width as usize * bytes, frame.stride(0));
    for (target, source) in frame.data_mut(0).chunks_mut(stride).zip(samples.chunks_exact(row)) {
        target.get_mut(..row)?.copy_from_slice(source);
    }
    Some(frame)
}

fn is_deep(picture: &image::DynamicImage) -> bool {
    use image::DynamicImage::{ImageLuma8, ImageLumaA8, ImageRgb8, ImageRgba8};
    !matches!(picture, ImageLuma8(_) | ImageLumaA8(_) | ImageRgb8(_) | ImageRgba8(_))
}

fn native(little: Pixel, big: Pixel) -> Pixel {
    if cfg!(target_endian = "little") { little } else { big }
}

/// What a file says about its colours, of which `info` is known.
pub(super) fn file_color(info: &MediaInfo) -> FileColor {
    if let Some(color) = &info.header_color {
        return color.clone();
    }
    let mut color = FileColor::default();
    color.tags = Some(info.color);
    color
}

/// Describes a still file by its bytes and its decoded picture.
fn describe(path: &Path, data: &[u8], frame: &Frame) -> MediaInfo {
    let kind = StillKind::of_bytes(data);
    let mut info = empty(path, "still".to_owned());
    info.has_picture = true;
    info.is_still = true;
    info.codec = kind.map(|kind| kind.name().to_owned()).unwrap_or_default();
    (info.width, info.height) = (frame.width(), frame.height());
    info.pixel_aspect = frame.pixel_aspect();
    info.frames = Some(1);
    info.color = frame.color();
    info.intra_only = true;
    info.header_color = (kind == Some(StillKind::Exr)).then(|| exr::colors(data));
    if let Some(pixels) = PixelInfo::of(frame.format()).filter(PixelInfo::is_in_memory) {
        (info.bit_depth, info.has_alpha, info.pixel_format) =
            (u8::try_from(pixels.depth()).unwrap_or(0), pixels.alpha, pixels.name);
    }
    info
}
