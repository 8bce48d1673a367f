//! Reading: opening under a protocol whitelist, stream facts, the container's index, seeking, and the fields of a frame. Everything here keeps to what FFmpeg 5 to 9 share, and reads C enumerations as plain integers,
//! because a library newer than its headers may hold values that the headers' enumeration does not.

use std::ffi::{CString, c_int};
use std::path::Path;
use std::ptr::{self, NonNull};
use std::sync::Once;

use ffmpeg_next::codec::packet::side_data::Type as SideDataType;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::format::context::{Input, StreamIo};
use ffmpeg_next::frame::Video;
use ffmpeg_next::{Error as AvError, Packet, Rational, ffi};

use super::answers::{check, text};
use super::log::{Lines, LogLine};
use super::open::{self, MostPixels, OpenedInput, ProbeDepth};
use super::pixel_info::PixelInfo;
use crate::otio::MediaFile;
use crate::time::Ratio;

/// Sets FFmpeg up for this process, once: its log lines are taken (see [`log`](super::log)), and its errors get their
/// sentences. Lines of this library's own objects are printed where the environment variable
/// `OTIO_CONFLATE_FFMPEG_LOG` names a level (`quiet`, `error`, `warning`, `info`, `debug`); FFmpeg's own level is left
/// alone.
pub(crate) fn init() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        ffmpeg_next::util::error::register_all();
        super::log::install();
    });
}

/// The level of errors in the log.
pub(crate) const LOG_ERROR: i32 = ffi::AV_LOG_ERROR;
/// The level of warnings in the log; what is below is worse.
pub(crate) const LOG_WARNING: i32 = ffi::AV_LOG_WARNING;

fn positive(rational: ffi::AVRational) -> Option<Rational> {
    (rational.num > 0 && rational.den > 0).then(|| Rational::from(rational))
}

/// How a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadOrder {
    /// As its format likes it.
    Any,
    /// From its start to its end: lists at its end are not looked at.
    Straight,
}

/// An open file.
pub(crate) struct Demuxer {
    pub(super) input: Input,
    log: Lines,
    /// Packets read so far.
    read: u64,
}

/// What a container says about one of its streams.
#[derive(Debug, Clone)]
pub(crate) struct StreamFacts {
    /// Video, audio or anything else.
    pub(crate) kind: StreamKind,
    /// Whether it is a cover picture rather than a moving one.
    pub(crate) attached: bool,
    /// Whether players choose it first.
    pub(crate) default: bool,
    /// Whether this build can decode it.
    pub(crate) decodable: bool,
    /// The codec's short name.
    pub(crate) codec: String,
    /// The codec's profile, if it has a name.
    pub(crate) profile: Option<String>,
    /// Whether every frame is coded on its own.
    pub(crate) intra_only: bool,
    /// Pixels in a line, 0 if unknown.
    pub(crate) width: u32,
    /// Lines, 0 if unknown.
    pub(crate) height: u32,
    /// Seconds per tick.
    pub(crate) time_base: Rational,
    /// Frames over duration.
    pub(crate) avg_rate: Option<Rational>,
    /// The rate of the grid that all timestamps lie on, by FFmpeg's guess.
    pub(crate) grid_rate: Option<Rational>,
    /// Its length in ticks.
    pub(crate) duration: Option<i64>,
    /// How many frames the header claims.
    pub(crate) frames: Option<i64>,
    /// Range, matrix, primaries, transfer: FFmpeg's numbers.
    pub(crate) color: [c_int; 4],
    /// How samples lie in memory, where that is known before decoding.
    pub(crate) pixel: Pixel,
    /// Clockwise quarter turns, in degrees, that the picture needs to stand upright.
    pub(crate) rotation: u16,
    /// FFmpeg's number of the order of fields: 0 unknown, 1 progressive, 2 and 4 top first, 3 and 5 bottom first.
    pub(crate) field_order: c_int,
}

/// What a stream carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamKind {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
    /// Subtitles, data, attachments.
    Other,
}

/// An entry of a container's index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IndexEntry {
    /// Decoding time in ticks.
    pub(crate) time: i64,
    /// Whether decoding can start here.
    pub(crate) key: bool,
    /// Whether an edit list hides it.
    pub(crate) hidden: bool,
    /// Where it lies in the file, by what the container takes for its start.
    pub(crate) place: i64,
    /// How many bytes it has.
    pub(crate) size: u64,
}

impl Demuxer {
    /// Opens a medium by its bytes. It goes by its name, since some formats are told by that, too. Nothing else can be
    /// reached from it, not even its own path: no protocol is allowed, and no format that lists other files.
    /// `most`: the pixels that a picture of a codec may have; no decoder takes more while the file is looked at.
    pub(crate) fn open(
        media: MediaFile,
        path: &Path,
        most: MostPixels<'_>,
        order: ReadOrder,
    ) -> Result<Demuxer, Refused> {
        init();
        if ["tga", "icb", "vda", "vst"].iter().any(|name| has_ending(path, name)) && !media.is_part() {
            return Demuxer::open_picture(path, most);
        }
        let log = Lines::new();
        let open = |media: MediaFile, look: ProbeDepth| {
            // No protocol is called that.
            let options = [("protocol_whitelist", "none"), ("format_whitelist", single_files())];
            let name = format!("file:{}", path.display());
            let _listening = log.listen(0);
            let io = match order {
                ReadOrder::Any => StreamIo::from_read_seek(media)?,
                ReadOrder::Straight => StreamIo::from_read(media)?,
            };
            match open::open(io, &name, &options, (look, most))? {
                OpenedInput::Input(input) => Ok(Some(input)),
                OpenedInput::Unlimited => Ok(None),
                OpenedInput::TooLarge(size, most) => Err(Stopped::TooLarge(size, most)),
            }
        };
        let again = || MediaFile::open(path).map_err(|_| Stopped::Failed(AvError::InvalidData));
        let input = || match open(media, ProbeDepth::Decode)? {
            Some(input) => Ok(input),
            None => {
                let headers = open(again()?, ProbeDepth::Headers)?.ok_or(Stopped::Failed(AvError::InvalidData))?;
                let headers = Demuxer { input: headers, log: Lines::new(), read: 0 };
                let facts = (0..headers.stream_count()).filter_map(|stream| headers.facts(stream));
                let pixels = |facts: &StreamFacts| u64::from(facts.width) * u64::from(facts.height);
                if let Some(facts) = facts.into_iter().find(|facts| pixels(facts) > most(&facts.codec)) {
                    return Err(Stopped::TooLarge((facts.width, facts.height), most(&facts.codec)));
                }
                log.take(0);
                open(again()?, ProbeDepth::DecodeAll)?.ok_or(Stopped::Failed(AvError::InvalidData))
            }
        };
        match input() {
            Ok(input) => Ok(Demuxer { input, log, read: 0 }),
            Err(Stopped::Failed(cause)) => Err(Refused { cause, lines: log.take(0), too_large: None }),
            Err(Stopped::TooLarge(size, most)) => {
                Err(Refused { cause: AvError::InvalidData, lines: Vec::new(), too_large: Some((size, most)) })
            }
        }
    }

    /// Opens a file of one of the few pictures that are told by their names alone.
    fn open_picture(path: &Path, most: MostPixels<'_>) -> Result<Demuxer, Refused> {
        let log = Lines::new();
        let open = || {
            let _listening = log.listen(0);
            let mut url = b"file:".to_vec();
            url.extend_from_slice(path.as_os_str().as_encoded_bytes());
            let url = CString::new(url).map_err(|_| AvError::InvalidData)?;
            let mut options = ptr::null_mut();
            for (key, value) in [(c"protocol_whitelist", c"file"), (c"pattern_type", c"none")] {
                // SAFETY: the dictionary pointer is null or owned here; the strings are NUL-terminated and copied.
                unsafe { ffi::av_dict_set(&mut options, key.as_ptr(), value.as_ptr(), 0) };
            }
            let mut context = ptr::null_mut();
            // SAFETY: `context` is null, so it is allocated by the call; on failure it stays null. A null format lets
            // FFmpeg choose. `options` is ours, and is freed whatever the call leaves in it.
            let opened = unsafe {
                let format = ffi::av_find_input_format(c"image2".as_ptr());
                let code = ffi::avformat_open_input(&mut context, url.as_ptr(), format, &mut options);
                ffi::av_dict_free(&mut options);
                code
            };
            check(opened)?;
            // SAFETY: the call above succeeded, so this is an open input context, and nobody else owns it.
            let mut input = unsafe { Input::wrap(context) };
            open::find_streams(&mut input, most)?;
            Ok(input)
        };
        match open() {
            Ok(input) => Ok(Demuxer { input, log, read: 0 }),
            Err(cause) => Err(Refused { cause, lines: log.take(0), too_large: None }),
        }
    }

    #[allow(dead_code, reason = "read by those who judge damage")]
    /// What was logged since the last call: while opening with the packet number 0, while reading with that of the packet.
    pub(crate) fn take_lines(&mut self) -> Vec<LogLine> {
        self.log.take(self.read)
    }

    /// The short name of the container's format, such as `mov,mp4,m4a,3gp,3g2,mj2`.
    pub(crate) fn container(&self) -> String {
        // SAFETY: an open input context has a format, whose name is a static string.
        unsafe { text((*(*self.input.as_ptr()).iformat).name) }
    }

    /// Whether the format has no timestamps of its own, as elementary streams have none.
    pub(crate) fn is_untimed(&self) -> bool {
        // SAFETY: an open input context has a format.
        let flags = unsafe { (*(*self.input.as_ptr()).iformat).flags };
        flags & ffi::AVFMT_NOTIMESTAMPS != 0
    }

    /// The file's length in seconds × 1 000 000.
    pub(crate) fn duration(&self) -> Option<i64> {
        Some(self.input.duration()).filter(|duration| *duration > 0)
    }

    /// How many streams there are.
    pub(crate) fn stream_count(&self) -> usize {
        self.input.streams().len()
    }

    /// The value of `key` in a stream's metadata, or in the file's own with `None`.
    pub(crate) fn metadata(&self, stream: Option<usize>, key: &str) -> Option<String> {
        match stream {
            Some(index) => self.input.stream(index)?.metadata().get(key).map(str::to_owned),
            None => self.input.metadata().get(key).map(str::to_owned),
        }
    }

    pub(super) fn stream_ptr(&self, stream: usize) -> Option<NonNull<ffi::AVStream>> {
        if stream >= self.stream_count() {
            return None;
        }
        // SAFETY: the context holds `nb_streams` pointers, and the index was checked against that.
        NonNull::new(unsafe { *(*self.input.as_ptr()).streams.add(stream) })
    }

    /// The number that the container has for a stream.
    pub(crate) fn stream_id(&self, stream: usize) -> i32 {
        // SAFETY: the stream lives as long as the context.
        self.stream_ptr(stream).map_or(0, |stream| unsafe { stream.as_ref().id })
    }

    /// What the container says about stream `stream`.
    pub(crate) fn facts(&self, stream: usize) -> Option<StreamFacts> {
        let pointer = self.stream_ptr(stream)?;
        let rotation = self.rotation(stream);
        // SAFETY: the stream lives as long as the context, which is borrowed; its `codecpar` is never null. The
        // enumerations are read as the 32-bit integers they are in C.
        unsafe {
            let stream = pointer.as_ref();
            let parameters = &*stream.codecpar;
            let codec_id = ptr::read(ptr::addr_of!(parameters.codec_id).cast::<u32>());
            let kind = match ptr::read(ptr::addr_of!(parameters.codec_type).cast::<c_int>()) {
                0 => StreamKind::Video,
                1 => StreamKind::Audio,
                _ => StreamKind::Other,
            };
            let descriptor = ffi::avcodec_descriptor_get(parameters.codec_id).as_ref();
            let profile = text(ffi::avcodec_profile_name(parameters.codec_id, parameters.profile));
            let intra_profile = codec_id == ffi::AVCodecID::AV_CODEC_ID_H264 as u32
                && parameters.profile > 0
                && parameters.profile & H264_INTRA != 0;
            Some(StreamFacts {
                kind,
                attached: stream.disposition & ffi::AV_DISPOSITION_ATTACHED_PIC != 0,
                default: stream.disposition & ffi::AV_DISPOSITION_DEFAULT != 0,
                decodable: !ffi::avcodec_find_decoder(parameters.codec_id).is_null(),
                codec: descriptor.map(|descriptor| text(descriptor.name)).unwrap_or_default(),
                profile: Some(profile).filter(|profile| !profile.is_empty()),
                intra_only: intra_profile
                    || descriptor.is_some_and(|descriptor| descriptor.props & ffi::AV_CODEC_PROP_INTRA_ONLY != 0),
                width: u32::try_from(parameters.width).unwrap_or(0),
                height: u32::try_from(parameters.height).unwrap_or(0),
                time_base: positive(stream.time_base).unwrap_or(Rational::new(1, 90_000)),
                avg_rate: positive(stream.avg_frame_rate),
                grid_rate: positive(stream.r_frame_rate),
                duration: Some(stream.duration).filter(|duration| *duration > 0),
                frames: Some(stream.nb_frames).filter(|frames| *frames > 0),
                color: [
                    ptr::read(ptr::addr_of!(parameters.color_range).cast::<c_int>()),
                    ptr::read(ptr::addr_of!(parameters.color_space).cast::<c_int>()),
                    ptr::read(ptr::addr_of!(parameters.color_primaries).cast::<c_int>()),
                    ptr::read(ptr::addr_of!(parameters.color_trc).cast::<c_int>()),
                ],
                pixel: pixel_of(parameters.format),
                rotation,
                field_order: ptr::read(ptr::addr_of!(parameters.field_order).cast::<c_int>()),
            })
        }
    }

    /// Clockwise degrees from the stream's display matrix, to the nearest quarter turn.
    fn rotation(&self, stream: usize) -> u16 {
        let Some(stream) = self.input.stream(stream) else { return 0 };
        for side in stream.side_data() {
            if side.kind() == SideDataType::DisplayMatrix {
                let cells: Vec<i32> = side
                    .data()
                    .chunks_exact(4)
                    .map(|cell| i32::from_ne_bytes([cell[0], cell[1], cell[2], cell[3]]))
                    .collect();
                // Row-vector convention: x' = a·x + c·y, y' = b·x + d·y, with y growing downwards.
                let (a, b) = (cells.first().copied().unwrap_or(0), cells.get(1).copied().unwrap_or(0));
                return match (a.unsigned_abs() >= b.unsigned_abs(), a >= 0, b >= 0) {
                    (true, true, _) => 0,
                    (true, false, _) => 180,
                    (false, _, true) => 90,
                    (false, _, false) => 270,
                };
            }
        }
        0
    }

    /// The stream's codec parameters, for a muxer that takes its packets as they are.
    pub(crate) fn parameters(&self, stream: usize) -> Option<ffmpeg_next::codec::Parameters> {
        self.input.stream(stream).map(|stream| stream.parameters().clone())
    }

    /// The pixel aspect that the container or the codec gives, the container first.
    pub(crate) fn pixel_aspect(&mut self, stream: usize, frame: Option<&Video>) -> Ratio {
        let Some(pointer) = self.stream_ptr(stream) else { return Ratio::ONE };
        // SAFETY: all three are alive and belong together; the call only reads the frame, and a null one is allowed.
        let aspect = unsafe {
            let frame = frame.map_or(ptr::null(), |frame| frame.as_ptr());
            ffi::av_guess_sample_aspect_ratio(self.input.as_mut_ptr(), pointer.as_ptr(), frame.cast_mut())
        };
        if aspect.num > 0 && aspect.den > 0 { Ratio::new(aspect.num.into(), aspect.den.into()) } else { Ratio::ONE }
    }

    /// Reads only this stream's packets from now on.
    pub(crate) fn select(&mut self, stream: usize) {
        for index in 0..self.stream_count() {
            let discard =
                if index == stream { ffi::AVDiscard::AVDISCARD_DEFAULT } else { ffi::AVDiscard::AVDISCARD_ALL };
            if let Some(mut pointer) = self.stream_ptr(index) {
                // SAFETY: the stream belongs to the context, which is borrowed mutably.
                unsafe { pointer.as_mut().discard = discard };
            }
        }
    }

    /// The next packet of any stream that is read; `None` at the end of the file.
    pub(crate) fn read(&mut self) -> Result<Option<Packet>, AvError> {
        self.read += 1;
        let _listening = self.log.listen(self.read);
        let mut packet = Packet::empty();
        match packet.read(&mut self.input) {
            Ok(()) => Ok(Some(packet)),
            Err(AvError::Eof) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Goes to the last keyframe at or before `time` (in ticks, by the container's idea of it); the decoder is to be
    /// flushed by the caller.
    pub(crate) fn seek(&mut self, stream: usize, time: i64) -> Result<(), AvError> {
        let stream = c_int::try_from(stream).map_err(|_| AvError::StreamNotFound)?;
        let _listening = self.log.listen(self.read);
        // SAFETY: the context is open and borrowed mutably.
        check(unsafe { ffi::av_seek_frame(self.input.as_mut_ptr(), stream, time, ffi::AVSEEK_FLAG_BACKWARD) })?;
        Ok(())
    }

    /// The time of the last keyframe at or before `time` in the container's index, as far as that is known by now.
    pub(crate) fn key_before(&mut self, stream: usize, time: i64) -> Option<i64> {
        let pointer = self.stream_ptr(stream)?;
        // SAFETY: the entry is copied before anything else touches the context.
        unsafe {
            let flags = ffi::AVSEEK_FLAG_BACKWARD;
            ffi::avformat_index_get_entry_from_timestamp(pointer.as_ptr(), time, flags)
                .as_ref()
                .map(|entry| entry.timestamp)
        }
    }

    /// The container's index, as far as that is known by now, in decoding order.
    pub(crate) fn index(&mut self, stream: usize) -> Vec<IndexEntry> {
        let Some(pointer) = self.stream_ptr(stream) else { return Vec::new() };
        // SAFETY: the stream lives as long as the context; entries are copied before anything else touches it.
        unsafe {
            let count = ffi::avformat_index_get_entries_count(pointer.as_ptr());
            (0..count)
                .filter_map(|index| ffi::avformat_index_get_entry(pointer.as_ptr(), index).as_ref())
                .map(|entry| IndexEntry {
                    time: entry.timestamp,
                    key: entry.flags() & ffi::AVINDEX_KEYFRAME != 0,
                    hidden: entry.flags() & ffi::AVINDEX_DISCARD_FRAME != 0,
                    place: entry.pos,
                    size: u64::try_from(entry.size()).unwrap_or(0),
                })
                .collect()
        }
    }
}

/// Why a file was not opened.
#[derive(Debug)]
pub(crate) struct Refused {
    /// FFmpeg's error.
    pub(crate) cause: AvError,
    /// What it logged on the way.
    pub(crate) lines: Vec<LogLine>,
    /// Where its picture is larger than it may be: the size that it claims, and how many pixels it may have.
    pub(crate) too_large: Option<((u32, u32), u64)>,
}

/// Why opening came to an end.
enum Stopped {
    Failed(AvError),
    TooLarge((u32, u32), u64),
}

impl From<AvError> for Stopped {
    fn from(cause: AvError) -> Stopped {
        Stopped::Failed(cause)
    }
}

impl Refused {
    /// Whether the file is of a format that is made of other files, or of none.
    pub(crate) fn is_list(&self) -> bool {
        self.lines.iter().any(|line| line.text.starts_with("Format not on whitelist"))
    }
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(ending))
}

/// Formats that open other files, run scripts, or wait for the network.
const LISTS: [&str; 16] = [
    "hls",
    "applehttp",
    "concat",
    "dash",
    "webm_dash_manifest",
    "sdp",
    "rtsp",
    "rtp",
    "sap",
    "imf",
    "image2",
    "tee",
    "lavfi",
    "avisynth",
    "vapoursynth",
    "ffmetadata",
];

/// The formats that are one file, as FFmpeg takes a list of them.
fn single_files() -> &'static str {
    static NAMES: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        let mut names = Vec::new();
        let mut place = ptr::null_mut();
        // SAFETY: the call keeps its place in `place`; formats are static tables.
        while let Some(format) = unsafe { ffi::av_demuxer_iterate(&mut place).as_ref() } {
            // SAFETY: the name is a static string.
            let name = unsafe { text(format.name) };
            if format.flags & ffi::AVFMT_NOFILE == 0 && !name.split(',').any(|name| LISTS.contains(&name)) {
                names.push(name);
            }
        }
        names.join(",")
    });
    &NAMES
}

/// Whether the headers know a pixel format of this number.
pub(super) fn is_known(format: c_int) -> bool {
    (0..ffi::AVPixelFormat::AV_PIX_FMT_NB as c_int).contains(&format)
}

/// FFmpeg's pixel format number as an enumeration; a number that the headers do not know is no format.
fn pixel_of(format: c_int) -> Pixel {
    if !is_known(format) {
        return Pixel::None;
    }
    // SAFETY: the enumeration has every number from 0 up to its last entry, and this one was just checked.
    Pixel::from(unsafe { std::mem::transmute::<c_int, ffi::AVPixelFormat>(format) })
}

/// The profile bit of H.264 that says "every frame is coded on its own"; its name changed in FFmpeg 7.
const H264_INTRA: c_int = 1 << 11;

/// Whether decoding is to skip the frame that this packet holds: an edit list hides it.
pub(crate) fn is_discarded(packet: &Packet) -> bool {
    use ffmpeg_next::codec::packet::Ref;
    // `Packet::flags` knows two flags and drops the others.
    // SAFETY: the packet is alive; the field is a plain integer.
    unsafe { (*packet.as_ptr()).flags & ffi::AV_PKT_FLAG_DISCARD != 0 }
}

/// The colour numbers of a frame: range, matrix, primaries, transfer.
pub(crate) fn frame_color(frame: &Video) -> [c_int; 4] {
    // SAFETY: the frame is alive; the enumerations are read as the 32-bit integers they are in C.
    unsafe {
        let frame = &*frame.as_ptr();
        [
            ptr::read(ptr::addr_of!(frame.color_range).cast::<c_int>()),
            ptr::read(ptr::addr_of!(frame.colorspace).cast::<c_int>()),
            ptr::read(ptr::addr_of!(frame.color_primaries).cast::<c_int>()),
            ptr::read(ptr::addr_of!(frame.color_trc).cast::<c_int>()),
        ]
    }
}

/// Whether the decoder had to make up part of this frame.
pub(crate) fn is_damaged(frame: &Video) -> bool {
    // SAFETY: the frame is alive; both fields are plain integers.
    unsafe {
        let frame = &*frame.as_ptr();
        frame.flags & ffi::AV_FRAME_FLAG_CORRUPT != 0 || frame.decode_error_flags != 0
    }
}

/// Another frame that shares this one's pixels: what is set on it does not show on the other.
pub(crate) fn share(frame: &Video) -> Result<Video, AvError> {
    let mut shared = Video::empty();
    // SAFETY: the destination was just allocated and holds nothing; the source is alive.
    check(unsafe { ffi::av_frame_ref(shared.as_mut_ptr(), frame.as_ptr()) })?;
    Ok(shared)
}

/// This frame with its lines in memory from top to bottom; decoders of some old formats store them the other way.
pub(crate) fn top_down(frame: Video) -> Result<Video, AvError> {
    // SAFETY: the frame is alive; the field is an array of integers.
    let upside_down = unsafe { (*frame.as_ptr()).linesize.iter().any(|stride| *stride < 0) };
    if !upside_down {
        return Ok(frame);
    }
    let mut copy = Video::new(frame.format(), frame.width(), frame.height());
    // SAFETY: both frames are alive, and the copy has the same format and size, with buffers of its own.
    unsafe {
        check(ffi::av_frame_copy(copy.as_mut_ptr(), frame.as_ptr()))?;
        check(ffi::av_frame_copy_props(copy.as_mut_ptr(), frame.as_ptr()))?;
    }
    Ok(copy)
}

/// The bytes of a plane, from the first line's first sample to the last line's last, and the distance from line to
/// line in bytes. Empty for a plane that the format does not have.
pub(crate) fn plane(frame: &Video, index: usize) -> (&[u8], usize) {
    let Some(lines) = plane_lines(frame.format(), frame.height(), index) else { return (&[], 0) };
    let (Ok(width), Ok(plane)) = (c_int::try_from(frame.width()), c_int::try_from(index)) else { return (&[], 0) };
    // SAFETY: the format is the frame's own, so width and plane are what the call asks for.
    let row = unsafe { ffi::av_image_get_linesize(frame.format().into(), width, plane) };
    // SAFETY: the frame is alive, and `plane_lines` allows no more than four planes.
    let (data, stride) = unsafe { ((*frame.as_ptr()).data[index], (*frame.as_ptr()).linesize[index]) };
    let (Ok(row), Ok(stride)) = (usize::try_from(row), usize::try_from(stride)) else { return (&[], 0) };
    if data.is_null() || row == 0 || lines == 0 || stride < row {
        return (&[], 0);
    }
    // SAFETY: a plane of this many lines is `stride` bytes from line to line and `row` bytes in its last one, all of
    // it inside the frame's buffer, which lives as long as the borrow and is not written while it is shared.
    (unsafe { std::slice::from_raw_parts(data, stride * (lines - 1) + row) }, stride)
}

fn plane_lines(format: Pixel, height: u32, plane: usize) -> Option<usize> {
    let info = PixelInfo::of(format).filter(PixelInfo::is_in_memory)?;
    if plane >= info.planes() {
        return None;
    }
    let shift = if plane == 1 || plane == 2 { info.chroma_shift.1 } else { 0 };
    Some((height as usize).div_ceil(1 << shift))
}
