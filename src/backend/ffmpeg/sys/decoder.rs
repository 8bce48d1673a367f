//! Decoding: packets in, pictures out, and the lines that FFmpeg writes about them.

use std::ffi::{CStr, c_int};
use std::ptr::{self, NonNull};

use ffmpeg_next::frame::Video;
use ffmpeg_next::{Error as AvError, Packet, ffi};

use super::answers::{check, text};
use super::log::{Lines, LogLine};
use super::read::{Demuxer, init, is_known};
use crate::trace;

/// Whether the HEVC decoder tells of every picture it comes to the end of, and of no other: before FFmpeg 7.
pub(crate) fn hevc_tells_incomplete() -> bool {
    // SAFETY: the call returns a number.
    let version = unsafe { ffi::avcodec_version() };
    version >> 16 < 61
}

/// An open decoder.
pub(crate) struct Decoder {
    pub(super) context: NonNull<ffi::AVCodecContext>,
    pub(super) log: Lines,
    /// The number of the packet that was given last.
    pub(super) sent: u64,
}

// SAFETY: the context has one owner, this handle; FFmpeg allows it to move between threads between calls.
unsafe impl Send for Decoder {}

/// What came out of a decoder.
pub(crate) enum Received<F = Video> {
    /// A picture, or a run of samples.
    Frame(F),
    /// Nothing before the next packet.
    Hungry,
    /// Nothing any more.
    End,
}

/// How a decoder is opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DecoderSetup {
    /// Threads of its own: 1 decodes in the caller's.
    pub(crate) threads: usize,
    /// Whether anything unusual in the data is an error rather than something to be patched up.
    pub(crate) strict: bool,
    /// Whether pictures come out that are known to lack something, rather than none.
    pub(crate) lenient: bool,
    /// The layer that an EXR decoder reads, if not the one without a name.
    pub(crate) exr_layer: Option<&'static CStr>,
    /// Pixels that a picture has at most.
    pub(crate) max_pixels: u64,
}

impl Decoder {
    /// A decoder for a stream.
    pub(crate) fn for_stream(demuxer: &Demuxer, stream: usize, setup: DecoderSetup) -> Result<Decoder, AvError> {
        let pointer = demuxer.stream_ptr(stream).ok_or(AvError::StreamNotFound)?;
        // SAFETY: the stream is alive while the demuxer is borrowed, and its parameters are only read.
        unsafe {
            let parameters = (*pointer.as_ptr()).codecpar;
            let codec = ffi::avcodec_find_decoder((*parameters).codec_id);
            let decoder = Decoder::alloc(codec, setup)?;
            let context = decoder.context.as_ptr();
            check(ffi::avcodec_parameters_to_context(context, parameters))?;
            (*context).pkt_timebase = (*pointer.as_ptr()).time_base;
            decoder.open(codec, setup)
        }
    }

    /// A decoder by the name of its codec, for data that needs no container.
    pub(crate) fn by_name(name: &CStr, setup: DecoderSetup) -> Result<Decoder, AvError> {
        init();
        // SAFETY: the name is NUL-terminated; a null codec is an error inside.
        unsafe {
            let codec = ffi::avcodec_find_decoder_by_name(name.as_ptr());
            Decoder::alloc(codec, setup)?.open(codec, setup)
        }
    }

    /// # Safety
    /// `codec` is null or one of the library's codecs.
    unsafe fn alloc(codec: *const ffi::AVCodec, setup: DecoderSetup) -> Result<Decoder, AvError> {
        if codec.is_null() {
            return Err(AvError::DecoderNotFound);
        }
        // SAFETY: the codec is the library's; a null result is handled; the fields are plain integers.
        unsafe {
            let mut context =
                NonNull::new(ffi::avcodec_alloc_context3(codec)).ok_or(AvError::Other { errno: libc_enomem() })?;
            let fields = context.as_mut();
            fields.thread_count = c_int::try_from(setup.threads.clamp(1, 64)).unwrap_or(1);
            // It counts lines that are padded to 64 pixels, and a picture has up to 65536 of them.
            fields.max_pixels = i64::try_from(setup.max_pixels.saturating_add(64 << 16)).unwrap_or(i64::MAX);
            fields.err_recognition |= ffi::AV_EF_CRCCHECK;
            if setup.strict {
                fields.err_recognition |= ffi::AV_EF_EXPLODE;
            }
            if setup.lenient {
                fields.flags |= c_int::try_from(ffi::AV_CODEC_FLAG_OUTPUT_CORRUPT).unwrap_or(0);
            }
            let log = Lines::new();
            fields.opaque = log.tag(0);
            Ok(Decoder { context, log, sent: 0 })
        }
    }

    /// # Safety
    /// `codec` is the codec that the context was made for.
    unsafe fn open(self, codec: *const ffi::AVCodec, setup: DecoderSetup) -> Result<Decoder, AvError> {
        let mut options = ptr::null_mut();
        let _listening = self.log.listen(0);
        // SAFETY: the dictionary is owned here and freed whatever the call leaves in it; the context is not open yet.
        let code = unsafe {
            if let Some(layer) = setup.exr_layer {
                ffi::av_dict_set(&mut options, c"layer".as_ptr(), layer.as_ptr(), 0);
            }
            let code = ffi::avcodec_open2(self.context.as_ptr(), codec, &mut options);
            ffi::av_dict_free(&mut options);
            code
        };
        check(code)?;
        // SAFETY: the codec is the library's, and its name a static string; an open context knows how it uses its threads.
        let (name, threading) = unsafe { (text((*codec).name), (*self.context.as_ptr()).active_thread_type) };
        let by = match threading {
            ffi::FF_THREAD_FRAME => "frames",
            ffi::FF_THREAD_SLICE => "slices",
            _ => "none",
        };
        trace::event!(DEBUG, "a decoder is open", decoder = name.as_str(), threads = setup.threads, threads_by = by);
        Ok(self)
    }

    /// Gives it a packet, or with `None` the end. `Ok(false)`: it has to be emptied first, the packet was not taken.
    pub(crate) fn send(&mut self, packet: Option<&Packet>) -> Result<bool, AvError> {
        use ffmpeg_next::codec::packet::Ref;
        let number = self.sent + u64::from(packet.is_some());
        let packet = packet.map_or(ptr::null(), |packet| packet.as_ptr());
        let _listening = self.log.listen(number);
        // SAFETY: the context is open; a null packet means the end; the decoder takes its own reference. Nothing reads
        // through the tag.
        let code = unsafe {
            (*self.context.as_ptr()).opaque = self.log.tag(number);
            ffi::avcodec_send_packet(self.context.as_ptr(), packet)
        };
        if code == again() {
            // SAFETY: as above.
            unsafe { (*self.context.as_ptr()).opaque = self.log.tag(self.sent) };
            return Ok(false);
        }
        self.sent = number;
        check(code).map(|_| true)
    }

    #[allow(dead_code, reason = "read by those who judge damage")]
    /// The number of the packet that was given last; the first one was 1.
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    #[allow(dead_code, reason = "read by those who judge damage")]
    /// What was logged since the last call, each line with the number of its packet.
    pub(crate) fn take_lines(&mut self) -> Vec<LogLine> {
        self.log.take(self.sent)
    }

    /// Takes a picture out of it.
    pub(crate) fn receive(&mut self) -> Result<Received, AvError> {
        let mut frame = Video::empty();
        let _listening = self.log.listen(self.sent);
        // SAFETY: the context is open and the frame was just allocated.
        match unsafe { ffi::avcodec_receive_frame(self.context.as_ptr(), frame.as_mut_ptr()) } {
            code if code == again() => Ok(Received::Hungry),
            ffi::AVERROR_EOF => Ok(Received::End),
            code => {
                check(code)?;
                // A library newer than its headers may give formats that these do not have: none of ours then.
                // SAFETY: the frame is alive and owned; its format is a plain integer.
                unsafe {
                    let format = &mut (*frame.as_mut_ptr()).format;
                    if !is_known(*format) {
                        *format = ffi::AVPixelFormat::AV_PIX_FMT_NONE as c_int;
                    }
                }
                Ok(Received::Frame(frame))
            }
        }
    }

    /// Forgets everything it was given: to be called after a seek.
    pub(crate) fn flush(&mut self) {
        // SAFETY: the context is open.
        unsafe { ffi::avcodec_flush_buffers(self.context.as_ptr()) };
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        let mut context = self.context.as_ptr();
        // SAFETY: this handle is the only owner.
        unsafe { ffi::avcodec_free_context(&mut context) };
    }
}

pub(super) fn again() -> c_int {
    ffi::AVERROR(ffmpeg_next::error::EAGAIN)
}

fn libc_enomem() -> c_int {
    ffmpeg_next::error::ENOMEM
}
