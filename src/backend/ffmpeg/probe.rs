//! What a media file holds, before any of it is decoded in earnest.

use std::path::Path;

use super::frame::{FrameContext, Origin, resolve_tags, undecodable};
use super::info::{MediaInfo, empty};
use super::limits;
use super::options::DecodeOptions;
use super::still;
use super::still_kind::kind_of;
use super::sys::decoder::{Decoder, DecoderSetup, Received};
use super::sys::pixel_info::PixelInfo;
use super::sys::read::{self as sys, Demuxer, ReadOrder, StreamFacts, StreamKind};
use super::units;
use crate::error::{Error, Result};
use crate::otio::MediaFile;
use crate::plan::Damaged;
use crate::time::{Rate, Ratio, Time, Timecode};
use crate::trace;

/// Looks into a file: container, picture, rate, timecode, colour. Decodes little or nothing.
///
/// A file with sound alone is described too, with [`MediaInfo::has_picture`] unset.
///
/// # Errors
/// As [`MediaFile::open`], and [`ErrorKind::Decode`](crate::ErrorKind::Decode) when it holds neither picture nor sound
/// that can be decoded.
pub fn probe(path: impl AsRef<Path>) -> Result<MediaInfo> {
    probe_within(path.as_ref(), None)
}

/// The same; `max_pixels` as [`DecodeOptions`] has it.
pub(crate) fn probe_within(path: &Path, max_pixels: Option<u64>) -> Result<MediaInfo> {
    let _span = trace::span!("probe", file = trace::shown(path.display()));
    let info = looked_into(path, max_pixels)?;
    trace::event!(
        DEBUG,
        "the file was looked into",
        container = info.container.as_str(),
        codec = info.codec.as_str(),
        pixel_format = info.pixel_format.as_str(),
        width = info.width,
        height = info.height,
        frames = info.frames
    );
    Ok(info)
}

fn looked_into(path: &Path, max_pixels: Option<u64>) -> Result<MediaInfo> {
    if kind_of(path)?.is_some() {
        // Damage does not change what kind of file it is; who shows it will hear of it.
        let options = DecodeOptions::default().damaged(Damaged::Warn).max_pixels(max_pixels);
        let (_, _, info) = still::read_described(path, &options)?;
        return Ok(info);
    }
    let mut demuxer = open_within(path, max_pixels)?;
    match picture_stream(&demuxer) {
        Some((_, facts)) if facts.width == 0 || facts.height == 0 => {
            Err(undecodable(path, "the size of its picture is not known, or larger than allowed (max_pixels)"))
        }
        Some((stream, facts)) => Ok(describe(path, &mut demuxer, stream, &facts)),
        None if has_audio(&demuxer) => {
            let mut info = empty(path, demuxer.container());
            info.has_audio = true;
            info.duration = file_duration(&demuxer);
            Ok(info)
        }
        None => Err(no_picture(path)),
    }
}

pub(crate) fn no_picture(path: &Path) -> Error {
    undecodable(path, "it holds no picture that this build of FFmpeg can decode")
}

/// Endings of files that hold a single picture, beside those that are read as stills.
const PICTURES: [&str; 24] = [
    "bmp", "dds", "gif", "hdr", "j2c", "j2k", "jls", "jp2", "jxl", "pam", "pbm", "pcx", "pfm", "pgm", "phm", "pic",
    "ppm", "psd", "qoi", "sgi", "tga", "webp", "xbm", "xpm",
];

/// Opens a movie's container, with the usual limit on pixels.
pub(crate) fn open(path: &Path) -> Result<Demuxer> {
    open_within(path, None)
}

/// Opens a movie's container; `max_pixels` as [`DecodeOptions`] has it.
pub(crate) fn open_within(path: &Path, max_pixels: Option<u64>) -> Result<Demuxer> {
    open_in_order(path, max_pixels, ReadOrder::Any)
}

/// The same, with a say in how it is read.
pub(crate) fn open_in_order(path: &Path, max_pixels: Option<u64>, order: ReadOrder) -> Result<Demuxer> {
    let media = MediaFile::open(path)?;
    let length = media.length();
    let most = |codec: &str| limits::movie_pixels(max_pixels, length, codec);
    // FFmpeg reads a picture whole before it says anything about it.
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    if PICTURES.contains(&ending.as_str()) {
        still::check_size(path, media.length())?;
    }
    let demuxer = Demuxer::open(media, path, &most, order).map_err(|refused| {
        if let Some(((width, height), most)) = refused.too_large {
            let refusal = limits::check((width.into(), height.into()), most);
            return undecodable(path, refusal.err().unwrap_or_default());
        }
        if refused.is_list() {
            return undecodable(path, "it is a playlist or a script; expected a media file");
        }
        let error = undecodable(path, "FFmpeg does not recognise it as a media file");
        match refused.lines.iter().rev().find(|line| line.level <= sys::LOG_WARNING) {
            Some(line) => error.because(format!("{} ({})", refused.cause, line.text)),
            None => error.because(refused.cause),
        }
    })?;
    // Formats that make a picture out of any text.
    if matches!(demuxer.container().as_str(), "tty" | "bin" | "xbin" | "adf" | "idf") {
        return Err(no_picture(path));
    }
    if let Some((_, facts)) = picture_stream(&demuxer) {
        let size = (facts.width.into(), facts.height.into());
        limits::check(size, most(&facts.codec)).map_err(|why| undecodable(path, why))?;
    }
    Ok(demuxer)
}

/// The stream that is the picture: one that players choose first, else the first that can be decoded.
pub(crate) fn picture_stream(demuxer: &Demuxer) -> Option<(usize, StreamFacts)> {
    (0..demuxer.stream_count())
        .filter_map(|stream| Some((stream, demuxer.facts(stream)?)))
        .filter(|(_, facts)| facts.kind == StreamKind::Video && !facts.attached && facts.decodable)
        .min_by_key(|(stream, facts)| (facts.width == 0, !facts.default, *stream))
}

fn has_audio(demuxer: &Demuxer) -> bool {
    (0..demuxer.stream_count())
        .any(|stream| demuxer.facts(stream).is_some_and(|facts| facts.kind == StreamKind::Audio && facts.decodable))
}

fn file_duration(demuxer: &Demuxer) -> Option<Time> {
    demuxer.duration().map(|micros| ticks(micros, Ratio::new(1, 1_000_000)))
}

fn ticks(ticks: i64, time_base: Ratio) -> Time {
    let flicks = Ratio::whole(ticks) * time_base * Ratio::whole(crate::time::FLICKS_PER_SECOND);
    Time::from_flicks((flicks + Ratio::new(1, 2)).floor())
}

/// Seconds per tick.
pub(crate) fn time_base(facts: &StreamFacts) -> Ratio {
    Ratio::new(facts.time_base.numerator().into(), facts.time_base.denominator().into())
}

/// Describes an open movie by its picture stream.
pub(crate) fn describe(path: &Path, demuxer: &mut Demuxer, stream: usize, facts: &StreamFacts) -> MediaInfo {
    let mut info = empty(path, demuxer.container());
    let cadence = cadence(demuxer, stream, facts);
    let base = time_base(facts);
    info.has_picture = true;
    info.has_audio = has_audio(demuxer);
    info.is_still = info.container.ends_with("_pipe")
        || info.container == "image2"
        || (matches!(info.container.as_str(), "gif" | "apng") && !has_second_frame(path, stream));
    info.codec.clone_from(&facts.codec);
    info.profile.clone_from(&facts.profile);
    (info.width, info.height) = (facts.width, facts.height);
    info.pixel_aspect = demuxer.pixel_aspect(stream, None);
    info.rotation = facts.rotation;
    // FFmpeg's programs write "top coded first" for what is shown so, too, whatever is said to be displayed first.
    info.top_field_first = match facts.field_order {
        2 | 4 => Some(true),
        3 | 5 => Some(false),
        1 => None,
        _ => order_of_first_frame(path, stream, facts),
    };
    info.intra_only = facts.intra_only;
    (info.rate, info.vfr) = if info.is_still { (None, false) } else { (cadence.rate, cadence.vfr) };
    info.duration = facts.duration.map(|length| ticks(length, base)).or_else(|| file_duration(demuxer));
    let counted = || Some(info.duration?.round(info.rate?));
    info.frames = if info.is_still { Some(1) } else { cadence.frames.or(facts.frames).or_else(counted) };
    if let Some(pixels) = PixelInfo::of(facts.pixel).filter(PixelInfo::is_in_memory) {
        let context =
            FrameContext { stream_color: facts.color, pixel_aspect: info.pixel_aspect, origin: Origin::Movie };
        info.color = resolve_tags(facts.color, facts.pixel, &pixels, facts.height, &context);
        (info.bit_depth, info.has_alpha, info.pixel_format) =
            (u8::try_from(pixels.depth()).unwrap_or(0), pixels.alpha, pixels.name);
    }
    let streams = std::iter::once(Some(stream)).chain([None]).chain((0..demuxer.stream_count()).map(Some));
    let tag = |key: &str| streams.clone().find_map(|place| demuxer.metadata(place, key));
    info.start_timecode = info.rate.and_then(|rate| Timecode::parse_leniently(&tag("timecode")?, rate).ok());
    info.reel_name = tag("reel_name").map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    info
}

/// The order of fields that a movie's first frame has which can be decoded, in codecs whose decoders tell it, where the
/// container does not: DV, and DNxHD in QuickTime. `None` where there is none among the first: reading the movie reports that.
fn order_of_first_frame(path: &Path, stream: usize, facts: &StreamFacts) -> Option<bool> {
    /// Packets that are tried.
    const MOST: usize = 16;
    if !["dvvideo", "dnxhd", "ffv1", "prores", "mjpeg"].contains(&facts.codec.as_str()) {
        return None;
    }
    // The size that the file claims has been looked at.
    let max_pixels = limits::of_size(facts.width, facts.height);
    let mut demuxer = open_within(path, Some(max_pixels)).ok()?;
    let setup = DecoderSetup { threads: 1, strict: false, lenient: true, exr_layer: None, max_pixels };
    let mut decoder = Decoder::for_stream(&demuxer, stream, setup).ok()?;
    let packets = std::iter::from_fn(|| demuxer.read().ok()?).filter(|packet| packet.stream() == stream);
    for packet in packets.take(MOST) {
        // An empty one would be the end to the decoder. One that is damaged is told when it is shown.
        let is_coded = packet.data().is_some_and(|data| !data.is_empty() && !units::is_hole(&facts.codec, data));
        let sent = is_coded && decoder.send(Some(&packet)).is_ok();
        if sent && let Ok(Received::Frame(frame)) = decoder.receive() {
            return frame.is_interlaced().then(|| frame.is_top_first());
        }
    }
    decoder.send(None).ok()?;
    match decoder.receive().ok()? {
        Received::Frame(frame) => frame.is_interlaced().then(|| frame.is_top_first()),
        _ => None,
    }
}

/// Whether a file that may be an animation is one.
fn has_second_frame(path: &Path, stream: usize) -> bool {
    let Ok(mut demuxer) = open(path) else { return false };
    let mut frames = 0;
    while let Ok(Some(packet)) = demuxer.read() {
        frames += usize::from(packet.stream() == stream);
        if frames > 1 {
            return true;
        }
    }
    false
}

struct Cadence {
    rate: Option<Rate>,
    vfr: bool,
    frames: Option<i64>,
}

/// The rate of a stream, and whether its frames keep to it.
fn cadence(demuxer: &mut Demuxer, stream: usize, facts: &StreamFacts) -> Cadence {
    // QuickTime and MP4 list every frame: its times are the proof.
    if demuxer.container().starts_with("mov,")
        && let Some(found) = indexed_cadence(demuxer, stream, facts)
    {
        return found;
    }
    let rate = |rational: Option<ffmpeg_next::Rational>| {
        let rational = rational?;
        let (num, den) = (u32::try_from(rational.numerator()).ok()?, u32::try_from(rational.denominator()).ok()?);
        Rate::new(f64::from(num) / f64::from(den)).ok()
    };
    let (average, grid) = (rate(facts.avg_rate), rate(facts.grid_rate));
    let (Some(average), Some(grid)) = (average, grid) else {
        return Cadence { rate: average.or(grid), vfr: false, frames: None };
    };
    let quotient = grid.nominal().to_f64() / average.nominal().to_f64();
    if is_clock(average, grid, time_base(facts)) {
        return Cadence { rate: Some(grid), vfr: false, frames: None };
    }
    let is_standard = |rate: Rate| rate.is_ntsc() || rate.den() == 1;
    if (quotient - 1.0).abs() < 0.005 {
        // Almost the same: the one that is a rate in use, or else the grid.
        let rate = if is_standard(average) { average } else { grid };
        return Cadence { rate: Some(rate), vfr: false, frames: None };
    }
    // Interlaced video counts fields; any other disagreement is frames left out.
    let fields = (quotient - 2.0).abs() < 0.01 && is_standard(average);
    Cadence {
        rate: Some(average),
        vfr: !fields && !facts.intra_only && facts.avg_rate != facts.grid_rate,
        frames: None,
    }
}

/// Whether an average rate is the container's clock: a frame in every tick, more than the grid of its frames has places
/// for. FFmpeg 6 and newer says so of raw DV, whose ticks are 1/60000 s.
fn is_clock(average: Rate, grid: Rate, tick: Ratio) -> bool {
    let average = average.nominal();
    average * tick == Ratio::ONE && average > grid.nominal() * Ratio::new(201, 200)
}

fn indexed_cadence(demuxer: &mut Demuxer, stream: usize, facts: &StreamFacts) -> Option<Cadence> {
    let entries = demuxer.index(stream);
    let claimed = usize::try_from(facts.frames?).ok()?;
    if entries.len() < 2 || entries.len() < claimed {
        return None;
    }
    let frames = i64::try_from(entries.iter().filter(|entry| !entry.hidden).count()).ok();
    let count = i64::try_from(entries.len()).ok()? - 1;
    let (first, last) = (entries.first()?.time, entries.last()?.time);
    let average = (Ratio::whole(count) / (Ratio::whole(last - first) * time_base(facts))).to_f64();
    let rate = Rate::new(average).ok()?;
    // One tick of rounding either way, and a frame's length that the rate's snapping must not have bent.
    let length = Ratio::ONE / (rate.nominal() * time_base(facts));
    let regular = (0i64..).zip(&entries).all(|(index, entry)| {
        (Ratio::whole(entry.time - first) - Ratio::whole(index) * length).abs()
            <= Ratio::new(3, 2).max(length * Ratio::new(1, 50))
    });
    Some(Cadence { rate: Some(rate), vfr: !regular, frames })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_in_every_tick_of_the_clock_is_no_rate_where_the_grid_is_wider() {
        let rate = |rate: f64| Rate::new(rate).expect("a rate");
        for (average, grid, tick, wanted) in [
            (60_000.0, 25.0, 60_000, true),
            (60_000.0, 30_000.0 / 1001.0, 60_000, true),
            (25.0, 25.0, 25, false),
            (50.0, 25.0, 90_000, false),
            (25.0, 50.0, 25, false),
        ] {
            assert_eq!(is_clock(rate(average), rate(grid), Ratio::new(1, tick)), wanted, "{average}, {grid}, 1/{tick}");
        }
    }
}
