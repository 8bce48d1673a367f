//! Encoders and muxers as handles that free what they own.

use std::ffi::{CString, c_int};
use std::path::Path;
use std::ptr;

use ffmpeg_next::codec::packet::{Mut as _, Packet};
use ffmpeg_next::codec::{Id, Parameters};
use ffmpeg_next::ffi;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;

use super::frames::{c_size, c_text, check, is_drained, share, tag};
use crate::backend::ffmpeg::chroma_site::ChromaSite;
use crate::deliver::Preset;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::ColorTags;

/// A dictionary of options or metadata.
pub(super) struct Dictionary(pub(super) *mut ffi::AVDictionary);

impl Dictionary {
    pub(super) fn new() -> Dictionary {
        Dictionary(ptr::null_mut())
    }

    pub(super) fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let (key, value) = (c_text(key)?, c_text(value)?);
        // SAFETY: both are C strings, which the call copies.
        let code = unsafe { ffi::av_dict_set(&mut self.0, key.as_ptr(), value.as_ptr(), 0) };
        check(code, ErrorKind::Encode, "storing an option").map(drop)
    }

    /// The first key that is left.
    fn left(&self) -> Option<String> {
        // SAFETY: the entry, if any, belongs to the dictionary, and its key is a C string.
        unsafe {
            let entry = ffi::av_dict_get(self.0, c"".as_ptr(), ptr::null(), ffi::AV_DICT_IGNORE_SUFFIX).as_ref()?;
            Some(std::ffi::CStr::from_ptr(entry.key).to_string_lossy().into_owned())
        }
    }
}

impl Drop for Dictionary {
    fn drop(&mut self) {
        // SAFETY: the dictionary is owned; null is fine.
        unsafe { ffi::av_dict_free(&mut self.0) }
    }
}

/// Whether there is an encoder of this name: in this FFmpeg, or in this crate.
pub(crate) fn has_encoder(name: &str) -> bool {
    match name {
        // Their samples lie as frames of ten bits and of floats store them.
        Preset::OWN_PRORES | Preset::OWN_EXR => return cfg!(target_endian = "little"),
        Preset::OWN_PNG => return true,
        _ => {}
    }
    // SAFETY: the call reads a C string and returns null or a pointer into a table that lives for ever.
    c_text(name).is_ok_and(|name| unsafe { !ffi::avcodec_find_encoder_by_name(name.as_ptr()).is_null() })
}

/// Whether this FFmpeg has a muxer of this name.
pub(crate) fn has_muxer(name: &str) -> bool {
    c_text(name).is_ok_and(|name| {
        // SAFETY: the call reads a C string and returns null or a pointer into a table that lives for ever.
        unsafe { !ffi::av_guess_format(name.as_ptr(), ptr::null(), ptr::null()).is_null() }
    })
}

/// Whether the container of this muxer holds what this encoder makes; true where FFmpeg does not know.
pub(crate) fn can_hold(muxer: &str, encoder: &str) -> bool {
    let (Ok(muxer), Ok(encoder)) = (c_text(muxer), c_text(encoder)) else { return false };
    // SAFETY: both lookups read a C string and return null or a pointer into a table that lives for ever; the query only
    // reads the container's own table. It answers with 0 for no, and with an error where there is no such table.
    unsafe {
        let format = ffi::av_guess_format(muxer.as_ptr(), ptr::null(), ptr::null());
        let codec = match encoder.to_str() {
            Ok(Preset::OWN_PRORES) => Some(Id::PRORES.into()),
            _ => ffi::avcodec_find_encoder_by_name(encoder.as_ptr()).as_ref().map(|codec| codec.id),
        };
        match (format.as_ref(), codec) {
            (Some(format), Some(codec)) => ffi::avformat_query_codec(format, codec, 0) != 0,
            _ => true,
        }
    }
}

/// What an encoder is opened with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EncoderSetup<'a> {
    pub(crate) name: &'a str,
    pub(crate) format: Pixel,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) pixel_aspect: (i32, i32),
    /// Frames per second: numerator, denominator.
    pub(crate) rate: (i32, i32),
    pub(crate) color: ColorTags,
    pub(crate) chroma: ChromaSite,
    /// Set where frames are interlaced.
    pub(crate) top_field_first: Option<bool>,
    /// 0: as many as FFmpeg likes.
    pub(crate) threads: u32,
    pub(crate) options: &'a [(String, String)],
    pub(crate) global_header: bool,
}

/// The encoder of this name, and a context for it that is not open yet and is the caller's to free.
pub(super) fn encoder_context(name: &str) -> Result<(*const ffi::AVCodec, *mut ffi::AVCodecContext)> {
    super::read::init();
    let text = c_text(name)?;
    // SAFETY: null or a pointer into a table that lives for ever.
    let codec = unsafe { ffi::avcodec_find_encoder_by_name(text.as_ptr()) };
    if codec.is_null() {
        return Err(Error::new(ErrorKind::Unsupported, format!("this FFmpeg has no encoder {name}")));
    }
    // SAFETY: null means no memory.
    let raw = unsafe { ffi::avcodec_alloc_context3(codec) };
    if raw.is_null() {
        return Err(Error::new(ErrorKind::Encode, "no memory for an encoder"));
    }
    // SAFETY: the context was just allocated; nothing reads through the pointer.
    unsafe { (*raw).opaque = super::log::quiet_tag() };
    Ok((codec, raw))
}

/// Tells a context what its frames have in common.
///
/// # Safety
/// `raw` is a codec context that is not open.
unsafe fn set_up(raw: *mut ffi::AVCodecContext, setup: &EncoderSetup<'_>) -> Result<()> {
    let (width, height) = (c_size(setup.width)?, c_size(setup.height)?);
    let ratio = |(num, den): (i32, i32)| ffi::AVRational { num, den };
    // SAFETY: plain fields of what the caller promises are set.
    unsafe {
        (*raw).width = width;
        (*raw).height = height;
        (*raw).pix_fmt = setup.format.into();
        (*raw).time_base = ratio((setup.rate.1, setup.rate.0));
        (*raw).framerate = ratio(setup.rate);
        (*raw).sample_aspect_ratio = ratio(setup.pixel_aspect);
        (*raw).thread_count = c_int::try_from(setup.threads).unwrap_or(0);
    }
    let chroma = match setup.chroma {
        ChromaSite::Left => 1,
        ChromaSite::Center => 2,
        ChromaSite::TopLeft => 3,
    };
    let color = setup.color;
    let tags = [
        (c"color_range", if color.full_range { 2 } else { 1 }),
        (c"colorspace", i64::from(color.matrix)),
        (c"color_primaries", i64::from(color.primaries)),
        (c"color_trc", i64::from(color.transfer)),
        (c"chroma_sample_location", chroma),
    ];
    for (name, value) in tags {
        // SAFETY: a codec context is an AVOptions object; the name is a C string.
        let code = unsafe { ffi::av_opt_set_int(raw.cast(), name.as_ptr(), value, 0) };
        check(code, ErrorKind::Encode, "tagging an encoder with its colours")?;
    }
    Ok(())
}

/// What a muxer has to know about a stream that no encoder of FFmpeg makes: ten bits of each sample count. Of pictures with
/// alpha, QuickTime files say that they have 32 bits a pixel, of others 24.
pub(crate) fn describe(setup: &EncoderSetup<'_>, codec: Id, tag: [u8; 4], profile: c_int) -> Result<Parameters> {
    super::read::init();
    let has_alpha = super::pixel_info::PixelInfo::need(setup.format)?.alpha;
    // SAFETY: null means no memory; a context of no codec in particular is allowed.
    let raw = unsafe { ffi::avcodec_alloc_context3(ptr::null()) };
    if raw.is_null() {
        return Err(Error::new(ErrorKind::Encode, "no memory for a description of a stream"));
    }
    // SAFETY: the context was just allocated, is not open, and is freed here, whatever comes out.
    unsafe {
        (*raw).codec_type = ffi::AVMediaType::AVMEDIA_TYPE_VIDEO;
        (*raw).codec_id = codec.into();
        (*raw).codec_tag = u32::from_le_bytes(tag);
        (*raw).profile = profile;
        (*raw).bits_per_raw_sample = 10;
        (*raw).bits_per_coded_sample = if has_alpha { 32 } else { 24 };
        let parameters = set_up(raw, setup).and_then(|()| parameters_of(raw));
        let mut raw = raw;
        ffi::avcodec_free_context(&mut raw);
        parameters
    }
}

/// An open video encoder whose time base is one frame.
#[derive(Debug)]
pub(crate) struct VideoEncoder {
    raw: *mut ffi::AVCodecContext,
    color: ColorTags,
    pixel_aspect: ffi::AVRational,
    top_field_first: Option<bool>,
    shape: (Pixel, u32, u32),
}

// SAFETY: a codec context has no ties to the thread that made it; it is used by one thread at a time (`&mut self`).
unsafe impl Send for VideoEncoder {}

impl Drop for VideoEncoder {
    fn drop(&mut self) {
        // SAFETY: the context is owned; this also joins the encoder's threads.
        unsafe { ffi::avcodec_free_context(&mut self.raw) }
    }
}

impl VideoEncoder {
    pub(crate) fn open(setup: &EncoderSetup<'_>) -> Result<VideoEncoder> {
        let (width, height) = (c_size(setup.width)?, c_size(setup.height)?);
        let (codec, raw) = encoder_context(setup.name)?;
        let pixel_aspect = ffi::AVRational { num: setup.pixel_aspect.0, den: setup.pixel_aspect.1 };
        let shape = (setup.format, setup.width, setup.height);
        let top_field_first = setup.top_field_first;
        let encoder = VideoEncoder { raw, color: setup.color, pixel_aspect, top_field_first, shape };
        // SAFETY: the context is allocated, not open yet, and the encoder's own.
        unsafe { set_up(raw, setup) }?;
        let mut options = Dictionary::new();
        for (key, value) in setup.options {
            options.set(key, value)?;
        }
        if setup.global_header {
            let flags = setup.options.iter().find(|(key, _)| key == "flags").map_or("", |(_, value)| value);
            options.set("flags", &format!("{flags}+global_header"))?;
        }
        let doing = || format!("opening {} for {:?} of {width} × {height}", setup.name, setup.format);
        let _quiet = super::log::quiet();
        // SAFETY: context and codec belong together; the dictionary is left with what was not understood.
        check(unsafe { ffi::avcodec_open2(raw, codec, &mut options.0) }, ErrorKind::Encode, &doing())?;
        if let Some(key) = options.left() {
            let what = format!("{} of this FFmpeg knows no option {key:?}", setup.name);
            return Err(Error::new(ErrorKind::Unsupported, what));
        }
        Ok(encoder)
    }

    /// Hands over frame number `number`, or says that there are no more.
    pub(crate) fn send(&mut self, frame: Option<(&Video, i64)>) -> Result<()> {
        let _quiet = super::log::quiet();
        let Some((frame, number)) = frame else {
            // SAFETY: the context is open; null asks it to drain.
            let code = unsafe { ffi::avcodec_send_frame(self.raw, ptr::null()) };
            return check(code, ErrorKind::Encode, "draining the encoder").map(drop);
        };
        if (frame.format(), frame.width(), frame.height()) != self.shape {
            let (format, width, height) = self.shape;
            let got = format!("{:?} of {} × {}", frame.format(), frame.width(), frame.height());
            let what = format!("a frame of {got} for a movie of {format:?} of {width} × {height}");
            return Err(Error::new(ErrorKind::Encode, what));
        }
        let mut shared = share(frame)?;
        tag(&mut shared, self.color);
        shared.set_pts(Some(number));
        shared.set_kind(ffmpeg_next::picture::Type::None);
        if let Some(top_field_first) = self.top_field_first {
            super::frames::set_fields(&mut shared, top_field_first);
        }
        // SAFETY: the frame is owned and valid; the context is open.
        let code = unsafe {
            (*shared.as_mut_ptr()).sample_aspect_ratio = self.pixel_aspect;
            ffi::avcodec_send_frame(self.raw, shared.as_ptr())
        };
        check(code, ErrorKind::Encode, "encoding a frame").map(drop)
    }

    /// The next packet, if there is one already. Its times count frames.
    pub(crate) fn receive(&mut self, packet: &mut Packet) -> Result<bool> {
        let _quiet = super::log::quiet();
        // SAFETY: the context is open, the packet is allocated; the call blanks it first.
        let code = unsafe { ffi::avcodec_receive_packet(self.raw, packet.as_mut_ptr()) };
        if is_drained(code) {
            return Ok(false);
        }
        check(code, ErrorKind::Encode, "encoding a frame")?;
        packet.set_duration(1);
        Ok(true)
    }

    /// What a muxer has to know about the stream.
    pub(crate) fn parameters(&self) -> Result<Parameters> {
        // SAFETY: the context is open as long as the encoder lives.
        unsafe { parameters_of(self.raw) }
    }
}

/// What a muxer has to know about the stream of an open encoder.
///
/// # Safety
/// `encoder` is an open codec context.
pub(super) unsafe fn parameters_of(encoder: *const ffi::AVCodecContext) -> Result<Parameters> {
    let mut parameters = Parameters::new();
    // SAFETY: the parameters are allocated; the rest is what the caller promises.
    let code = unsafe { ffi::avcodec_parameters_from_context(parameters.as_mut_ptr(), encoder) };
    check(code, ErrorKind::Encode, "describing the stream")?;
    Ok(parameters)
}

/// What a muxer's video stream is made with.
#[derive(Clone, Copy)]
pub(crate) struct StreamSetup<'a> {
    pub(crate) parameters: &'a Parameters,
    pub(crate) time_base: (i32, i32),
    /// Frames per second: numerator, denominator. `None` for sound.
    pub(crate) rate: Option<(i32, i32)>,
    pub(crate) pixel_aspect: (i32, i32),
    /// What the container is to call the codec by, where it is not its own choice.
    pub(crate) tag: Option<&'a str>,
    pub(crate) metadata: &'a [(String, String)],
}

/// A file being written.
#[derive(Debug)]
pub(crate) struct Muxer {
    pub(super) raw: *mut ffi::AVFormatContext,
}

// SAFETY: a format context has no ties to the thread that made it; it is used by one thread at a time (`&mut self`).
unsafe impl Send for Muxer {}

impl Drop for Muxer {
    fn drop(&mut self) {
        // SAFETY: both are owned; closing what `finish` has closed already does nothing, as the pointer is null then.
        unsafe {
            if !self.raw.is_null() {
                ffi::avio_closep(&mut (*self.raw).pb);
                ffi::avformat_free_context(self.raw);
            }
        }
    }
}

impl Muxer {
    /// Creates `path` (replacing what is there) for the muxer of this name.
    pub(crate) fn create(path: &Path, muxer: &str) -> Result<Muxer> {
        super::read::init();
        let (url, name) = (file_url(path)?, c_text(muxer)?);
        let mut raw = ptr::null_mut();
        let _quiet = super::log::quiet();
        // SAFETY: names are C strings; the context is written on success alone.
        let code = unsafe { ffi::avformat_alloc_output_context2(&mut raw, ptr::null(), name.as_ptr(), url.as_ptr()) };
        check(code, ErrorKind::Unsupported, &format!("this FFmpeg has no muxer {muxer}"))?;
        let muxer = Muxer { raw };
        // SAFETY: the context is allocated; nothing reads through the pointer.
        unsafe { (*raw).opaque = super::log::quiet_tag() };
        // SAFETY: the context is allocated; the file is closed by `finish` or `drop`.
        unsafe {
            (*raw).flags |= ffi::AVFMT_FLAG_BITEXACT;
            let code = ffi::avio_open(&mut (*raw).pb, url.as_ptr(), ffi::AVIO_FLAG_WRITE);
            check(code, ErrorKind::Io, &format!("cannot create {}", path.display()))?;
        }
        Ok(muxer)
    }

    /// Whether encoders have to put their headers into the stream's description.
    pub(crate) fn wants_global_header(&self) -> bool {
        // SAFETY: the context has an output format, given when it was made.
        unsafe { (*(*self.raw).oformat).flags & ffi::AVFMT_GLOBALHEADER != 0 }
    }

    pub(crate) fn set_metadata(&mut self, entries: &[(String, String)]) -> Result<()> {
        for (key, value) in entries {
            let (key, value) = (c_text(key)?, c_text(value)?);
            // SAFETY: the context is allocated, the strings are copied.
            let code = unsafe { ffi::av_dict_set(&mut (*self.raw).metadata, key.as_ptr(), value.as_ptr(), 0) };
            check(code, ErrorKind::Encode, "storing metadata")?;
        }
        Ok(())
    }

    /// Adds a stream and returns its index.
    pub(crate) fn add_stream(&mut self, setup: &StreamSetup<'_>) -> Result<usize> {
        let ratio = |(num, den): (i32, i32)| ffi::AVRational { num, den };
        // SAFETY: the context is allocated and its header not written yet; the stream belongs to it.
        unsafe {
            let stream = ffi::avformat_new_stream(self.raw, ptr::null());
            if stream.is_null() {
                return Err(Error::new(ErrorKind::Encode, "no memory for a stream"));
            }
            let code = ffi::avcodec_parameters_copy((*stream).codecpar, setup.parameters.as_ptr());
            check(code, ErrorKind::Encode, "describing a stream")?;
            // A tag of another container may mean something else in this one; then the muxer has to find its own.
            let parameters = (*stream).codecpar;
            let tags = (*(*self.raw).oformat).codec_tag;
            if !tags.is_null() && ffi::av_codec_get_id(tags, (*parameters).codec_tag) != (*parameters).codec_id {
                (*parameters).codec_tag = 0;
            }
            if let Some(tag) = setup.tag {
                let letters = tag.as_bytes().try_into().map_err(|_| {
                    Error::new(ErrorKind::Option, format!("invalid tag {tag:?}; expected four letters, such as hvc1"))
                })?;
                (*parameters).codec_tag = u32::from_le_bytes(letters);
            }
            (*stream).time_base = ratio(setup.time_base);
            if let Some(rate) = setup.rate {
                (*stream).avg_frame_rate = ratio(rate);
                (*stream).r_frame_rate = ratio(rate);
                (*stream).sample_aspect_ratio = ratio(setup.pixel_aspect);
                (*parameters).sample_aspect_ratio = ratio(setup.pixel_aspect);
            }
            for (key, value) in setup.metadata {
                let (key, value) = (c_text(key)?, c_text(value)?);
                let code = ffi::av_dict_set(&mut (*stream).metadata, key.as_ptr(), value.as_ptr(), 0);
                check(code, ErrorKind::Encode, "storing metadata")?;
            }
            Ok(usize::try_from((*stream).index).unwrap_or(0))
        }
    }

    pub(crate) fn write_header(&mut self, options: &[(String, String)]) -> Result<()> {
        let mut dictionary = Dictionary::new();
        for (key, value) in options {
            dictionary.set(key, value)?;
        }
        let _quiet = super::log::quiet();
        // SAFETY: the context has its streams and an open file.
        let code = unsafe { ffi::avformat_write_header(self.raw, &mut dictionary.0) };
        check(code, ErrorKind::Encode, "writing the header")?;
        Ok(())
    }

    /// The time base that the muxer gave a stream; known once the header is written.
    fn time_base(&self, stream: usize) -> ffi::AVRational {
        // SAFETY: the index came from `add_stream` and the context keeps its streams.
        unsafe { (**(*self.raw).streams.add(stream)).time_base }
    }

    /// Writes a packet whose times are in `time_base` (seconds: numerator, denominator). The packet is blank
    /// afterwards.
    pub(crate) fn write(&mut self, stream: usize, packet: &mut Packet, time_base: (i32, i32)) -> Result<()> {
        let from = ffi::AVRational { num: time_base.0, den: time_base.1 };
        let to = self.time_base(stream);
        packet.set_stream(stream);
        let _quiet = super::log::quiet();
        // SAFETY: the header is written; the call takes the packet's content over.
        let code = unsafe {
            ffi::av_packet_rescale_ts(packet.as_mut_ptr(), from, to);
            ffi::av_interleaved_write_frame(self.raw, packet.as_mut_ptr())
        };
        check(code, ErrorKind::Encode, "writing a packet")?;
        self.check_file()
    }

    fn check_file(&self) -> Result<()> {
        // SAFETY: the file is open as long as the muxer has not been finished.
        let code = unsafe { (*self.raw).pb.as_ref() }.map_or(0, |file| file.error);
        check(code, ErrorKind::Io, "writing the file").map(drop)
    }

    /// Writes the trailer and closes the file.
    pub(crate) fn finish(self) -> Result<()> {
        let _quiet = super::log::quiet();
        // SAFETY: the header is written; the pointer to the file is null afterwards.
        unsafe {
            let trailer = ffi::av_write_trailer(self.raw);
            let file = self.check_file();
            let closed = ffi::avio_closep(&mut (*self.raw).pb);
            file?;
            check(trailer, ErrorKind::Encode, "writing the trailer")?;
            check(closed, ErrorKind::Io, "closing the file")?;
        }
        Ok(())
    }
}

/// A path as a URL that no name can turn into another protocol.
fn file_url(path: &Path) -> Result<CString> {
    let mut url = b"file:".to_vec();
    url.extend_from_slice(path.as_os_str().as_encoded_bytes());
    CString::new(url).map_err(|_| Error::new(ErrorKind::Option, format!("{} contains a zero byte", path.display())))
}
