//! Sound: decoded samples, the names of channel layouts, and encoders of sound. Layouts go in and out by name, because
//! the fields that hold them have changed between FFmpeg 5 and 9.

use std::ffi::c_int;
use std::ptr;

use ffmpeg_next::codec::Parameters;
use ffmpeg_next::codec::packet::{Mut as _, Packet};
use ffmpeg_next::ffi;
use ffmpeg_next::format::Sample;
use ffmpeg_next::frame::Audio;
use ffmpeg_next::{Error as AvError, ffi::AVERROR_EOF};

use super::answers::{check as checked, text};
use super::decoder::{Decoder, Received, again};
use super::frames::{c_text, check, is_drained};
use super::read::Demuxer;
use super::write::{Dictionary, encoder_context};
use crate::error::{Error, ErrorKind, Result};

impl Demuxer {
    /// When a stream starts, in its ticks, as far as the container says.
    pub(crate) fn start(&self, stream: usize) -> Option<i64> {
        self.input.stream(stream).map(|stream| stream.start_time()).filter(|start| *start != ffi::AV_NOPTS_VALUE)
    }

    /// Samples per second of a stream of sound; 0 if that is not known yet.
    pub(crate) fn sample_rate(&self, stream: usize) -> u32 {
        // SAFETY: the stream lives as long as the context, and its parameters are never null.
        self.stream_ptr(stream)
            .map_or(0, |stream| unsafe { u32::try_from((*(*stream.as_ptr()).codecpar).sample_rate).unwrap_or(0) })
    }
}

impl Decoder {
    /// Takes a run of samples out of it. Samples that the codec or the container says are no sound are gone.
    pub(crate) fn receive_sound(&mut self) -> Result<Received<Audio>, AvError> {
        let mut frame = Audio::empty();
        let _listening = self.log.listen(self.sent);
        // SAFETY: the context is open and the frame was just allocated.
        match unsafe { ffi::avcodec_receive_frame(self.context.as_ptr(), frame.as_mut_ptr()) } {
            code if code == again() => Ok(Received::Hungry),
            AVERROR_EOF => Ok(Received::End),
            code => checked(code).map(|_| Received::Frame(frame)),
        }
    }

    /// FFmpeg's name of the layout of what comes out, such as `stereo`, `5.1(side)` or `4 channels`.
    pub(crate) fn layout(&self) -> Option<String> {
        let mut value = ptr::null_mut();
        // SAFETY: a codec context is an AVOptions object; the value is allocated for us on success, and freed here.
        unsafe {
            if ffi::av_opt_get(self.context.as_ptr().cast(), c"ch_layout".as_ptr(), 0, &mut value) < 0 {
                return None;
            }
            let name = text(value.cast());
            ffi::av_free(value.cast());
            Some(name)
        }
    }
}

/// What an encoder of sound is opened with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SoundSetup<'a> {
    /// FFmpeg's name of the encoder.
    pub(crate) name: &'a str,
    /// How samples go in.
    pub(crate) format: Sample,
    /// Samples per second.
    pub(crate) rate: u32,
    /// FFmpeg's name of the layout, and how many channels that has.
    pub(crate) layout: (&'a str, u16),
    pub(crate) options: &'a [(String, String)],
    pub(crate) global_header: bool,
}

/// An open encoder of sound whose time base is one sample.
#[derive(Debug)]
pub(crate) struct SoundEncoder {
    raw: *mut ffi::AVCodecContext,
}

// SAFETY: a codec context has no ties to the thread that made it; it is used by one thread at a time (`&mut self`).
unsafe impl Send for SoundEncoder {}

impl Drop for SoundEncoder {
    fn drop(&mut self) {
        // SAFETY: the context is owned.
        unsafe { ffi::avcodec_free_context(&mut self.raw) }
    }
}

impl SoundEncoder {
    pub(crate) fn open(setup: &SoundSetup<'_>) -> Result<SoundEncoder> {
        let (codec, raw) = encoder_context(setup.name)?;
        let encoder = SoundEncoder { raw };
        let rate = c_int::try_from(setup.rate)
            .map_err(|_| Error::new(ErrorKind::Option, format!("{} samples a second are too many", setup.rate)))?;
        // SAFETY: the context is allocated and not open yet; plain fields are set.
        unsafe {
            (*raw).sample_rate = rate;
            (*raw).sample_fmt = setup.format.into();
            (*raw).time_base = ffi::AVRational { num: 1, den: rate };
        }
        encoder.set_layout(setup.layout)?;
        let mut options = Dictionary::new();
        for (key, value) in setup.options {
            options.set(key, value)?;
        }
        if setup.global_header {
            options.set("flags", "+global_header")?;
        }
        let doing = || format!("opening {} for {} samples a second, {}", setup.name, setup.rate, setup.layout.0);
        let _quiet = super::log::quiet();
        // SAFETY: context and codec belong together; the dictionary is left with what was not understood.
        check(unsafe { ffi::avcodec_open2(raw, codec, &mut options.0) }, ErrorKind::Encode, &doing())?;
        Ok(encoder)
    }

    /// Says which channels go in; FFmpeg 5.0 has other names for that than its successors.
    fn set_layout(&self, (name, channels): (&str, u16)) -> Result<()> {
        let (name, count) = (c_text(name)?, i64::from(channels));
        // SAFETY: a codec context is an AVOptions object; names and values are C strings.
        let code = unsafe {
            let code = ffi::av_opt_set(self.raw.cast(), c"ch_layout".as_ptr(), name.as_ptr(), 0);
            if code == ffi::AVERROR_OPTION_NOT_FOUND {
                ffi::av_opt_set_int(self.raw.cast(), c"ac".as_ptr(), count, 0);
                ffi::av_opt_set(self.raw.cast(), c"channel_layout".as_ptr(), name.as_ptr(), 0)
            } else {
                code
            }
        };
        check(code, ErrorKind::Encode, "telling an encoder its channels").map(drop)
    }

    /// How many samples every frame but the last has to have; `None`: as many as one likes.
    pub(crate) fn frame_len(&self) -> Option<usize> {
        // SAFETY: the context is open.
        usize::try_from(unsafe { (*self.raw).frame_size }).ok().filter(|len| *len > 0)
    }

    /// Hands over the next samples, or says that there are no more.
    pub(crate) fn send(&mut self, frame: Option<&Audio>) -> Result<()> {
        let _quiet = super::log::quiet();
        // SAFETY: the context is open; null asks it to drain, and a frame is referenced, not kept.
        let code = unsafe { ffi::avcodec_send_frame(self.raw, frame.map_or(ptr::null(), |frame| frame.as_ptr())) };
        check(code, ErrorKind::Encode, "encoding sound").map(drop)
    }

    /// The next packet, if there is one already. Its times count samples.
    pub(crate) fn receive(&mut self, packet: &mut Packet) -> Result<bool> {
        // SAFETY: the context is open, the packet is allocated; the call blanks it first.
        let code = unsafe { ffi::avcodec_receive_packet(self.raw, packet.as_mut_ptr()) };
        if is_drained(code) {
            return Ok(false);
        }
        check(code, ErrorKind::Encode, "encoding sound")?;
        Ok(true)
    }

    /// What a muxer has to know about the stream.
    pub(crate) fn parameters(&self) -> Result<Parameters> {
        // SAFETY: the context is open as long as the encoder lives.
        unsafe { super::write::parameters_of(self.raw) }
    }
}
