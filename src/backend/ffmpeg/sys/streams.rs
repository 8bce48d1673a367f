//! What a stream says about itself beyond its facts, and how a muxer is told the same: tags, flags, headers.

use std::ffi::c_int;
use std::ptr;

use ffmpeg_next::codec::Parameters;
use ffmpeg_next::codec::packet::side_data::Type as SideDataType;
use ffmpeg_next::ffi;

use super::frames::c_text;
use super::read::Demuxer;
use super::write::Muxer;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Hdr, LightLevel, MasteringDisplay};

/// What a stream of pictures says about itself that a copy or a new encoding of it has to say, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PictureTraits {
    /// By how many frames decoding runs ahead of what is shown.
    pub(crate) delay: i64,
    /// FFmpeg's number of the order of fields: 0 unknown, 1 progressive, 2 to 5 interlaced.
    pub(crate) fields: c_int,
    /// Bits per second, 0 if not known.
    pub(crate) bits: i64,
}

impl Demuxer {
    /// All metadata of a stream, or with `None` of the file.
    pub(crate) fn tags(&self, stream: Option<usize>) -> Vec<(String, String)> {
        let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        match stream {
            Some(index) => self.input.stream(index).map_or_else(Vec::new, |s| s.metadata().iter().map(owned).collect()),
            None => self.input.metadata().iter().map(owned).collect(),
        }
    }

    /// What is said about the pictures of a stream.
    pub(crate) fn picture_traits(&self, stream: usize) -> PictureTraits {
        let Some(pointer) = self.stream_ptr(stream) else {
            return PictureTraits { delay: 0, fields: 0, bits: 0 };
        };
        // SAFETY: the stream lives as long as the context, and its parameters are never null. The enumerations are read
        // as the 32-bit integers they are in C.
        unsafe {
            let parameters = &*pointer.as_ref().codecpar;
            PictureTraits {
                delay: parameters.video_delay.max(0).into(),
                fields: ptr::read(ptr::addr_of!(parameters.field_order).cast::<c_int>()),
                bits: parameters.bit_rate,
            }
        }
    }

    /// What is said about the pictures of a stream beside its parameters.
    pub(crate) fn side_data(&self, stream: usize) -> Vec<SideData> {
        let Some(stream) = self.input.stream(stream) else { return Vec::new() };
        stream.side_data().map(|side| SideData { kind: side.kind(), bytes: side.data().to_vec() }).collect()
    }

    /// The flags of a stream: default, dubbed, for the hearing impaired and so on.
    pub(crate) fn disposition(&self, stream: usize) -> c_int {
        // SAFETY: the stream lives as long as the context.
        self.stream_ptr(stream).map_or(0, |stream| unsafe { stream.as_ref().disposition })
    }

    /// The header that a stream's codec keeps outside of its packets; empty where there is none.
    pub(crate) fn codec_header(&self, stream: usize) -> Vec<u8> {
        let Some(pointer) = self.stream_ptr(stream) else { return Vec::new() };
        // SAFETY: the stream lives as long as the context, and its parameters are never null.
        unsafe { header_of(&*pointer.as_ref().codecpar) }
    }
}

/// The header that a codec keeps outside of its packets; empty where there is none.
pub(crate) fn codec_header(parameters: &ffmpeg_next::codec::Parameters) -> Vec<u8> {
    // SAFETY: parameters own what their pointer leads to, which is never null.
    unsafe { header_of(&*parameters.as_ptr()) }
}

/// # Safety
/// The parameters hold so many bytes of header as they say, if their pointer to it is not null.
unsafe fn header_of(parameters: &ffi::AVCodecParameters) -> Vec<u8> {
    match usize::try_from(parameters.extradata_size) {
        Ok(len) if len > 0 && !parameters.extradata.is_null() => {
            // SAFETY: what the caller promises.
            unsafe { std::slice::from_raw_parts(parameters.extradata, len).to_vec() }
        }
        _ => Vec::new(),
    }
}

/// What is said about all pictures of a stream beside its parameters: how to turn them, how bright they are.
#[derive(Debug, Clone)]
pub(crate) struct SideData {
    kind: SideDataType,
    bytes: Vec<u8>,
}

impl SideData {
    /// What `hdr` says, as FFmpeg has it: an `AVMasteringDisplayMetadata` and an `AVContentLightMetadata`, whose fields are
    /// 32-bit integers without gaps.
    pub(crate) fn of_hdr(hdr: &Hdr) -> Vec<SideData> {
        let bytes = |numbers: &[u32]| numbers.iter().flat_map(|number| number.to_ne_bytes()).collect();
        let mut sides = Vec::new();
        if let Some(MasteringDisplay { red, green, blue, white, min, max }) = hdr.mastering {
            let chromaticities = [red, green, blue, white].into_iter().flatten().flat_map(|value| [value, 50_000]);
            let luminances = [min, 10_000, max, 10_000];
            let numbers: Vec<u32> = chromaticities.chain(luminances).chain([1, 1]).collect();
            sides.push(SideData { kind: SideDataType::MasteringDisplayMetadata, bytes: bytes(&numbers) });
        }
        if let Some(LightLevel { max_cll, max_fall }) = hdr.light {
            sides.push(SideData { kind: SideDataType::ContentLightLevel, bytes: bytes(&[max_cll, max_fall]) });
        }
        sides
    }

    /// Whether it is true of the same pictures however they are encoded.
    pub(crate) fn is_of_pictures(&self) -> bool {
        use SideDataType::{ContentLightLevel, DisplayMatrix, MasteringDisplayMetadata, Stereo3d};
        matches!(self.kind, ContentLightLevel | DisplayMatrix | MasteringDisplayMetadata | Stereo3d)
    }
}

impl Muxer {
    /// Says this about the pictures of a stream that was added, before the header is written.
    pub(crate) fn add_side_data(&mut self, stream: usize, side: &SideData) -> Result<()> {
        let no_memory = || Error::new(ErrorKind::Encode, "no memory for what is said about a stream");
        // SAFETY: the index came from `add_stream`, and the context keeps its streams. What is allocated belongs to the
        // stream and has room for the bytes.
        unsafe {
            let stream = *(*self.raw).streams.add(stream);
            #[cfg(not(ffmpeg_8))]
            let room = ffi::av_stream_new_side_data(stream, side.kind.into(), side.bytes.len());
            #[cfg(ffmpeg_8)]
            let room = {
                let parameters = &mut *(*stream).codecpar;
                let (list, count) = (&mut parameters.coded_side_data, &mut parameters.nb_coded_side_data);
                ffi::av_packet_side_data_new(list, count, side.kind.into(), side.bytes.len(), 0)
                    .as_ref()
                    .map_or(ptr::null_mut(), |entry| entry.data)
            };
            if room.is_null() {
                return Err(no_memory());
            }
            ptr::copy_nonoverlapping(side.bytes.as_ptr(), room, side.bytes.len());
        }
        Ok(())
    }

    /// Sets the flags of a stream that was added.
    pub(crate) fn set_disposition(&mut self, stream: usize, disposition: c_int) {
        // SAFETY: the index came from `add_stream`, and the context keeps its streams.
        unsafe { (**(*self.raw).streams.add(stream)).disposition = disposition }
    }
}

/// Gives `parameters` the header that the codec keeps outside of its packets.
///
/// # Errors
/// [`ErrorKind::Io`] where there is no memory.
pub(crate) fn with_codec_header(mut parameters: Parameters, header: &[u8]) -> Result<Parameters> {
    let too_large = || Error::new(ErrorKind::Io, "no memory for the header of a codec");
    let length = c_int::try_from(header.len()).map_err(|_| too_large())?;
    let padded = header.len() + usize::try_from(ffi::AV_INPUT_BUFFER_PADDING_SIZE).unwrap_or(64);
    // SAFETY: the parameters are owned, and so is the memory that is asked for, which is as long as FFmpeg wants it behind
    // the header, and zero there; what they had before is freed by the function that its memory came from.
    unsafe {
        let data = ffi::av_mallocz(padded).cast::<u8>();
        if data.is_null() {
            return Err(too_large());
        }
        ptr::copy_nonoverlapping(header.as_ptr(), data, header.len());
        let raw = &mut *parameters.as_mut_ptr();
        ffi::av_freep(ptr::addr_of_mut!(raw.extradata).cast());
        (raw.extradata, raw.extradata_size) = (data, length);
    }
    Ok(parameters)
}

/// Gives `parameters` the four-letter code of `other`: the codec may have several, and players tell them apart.
pub(crate) fn with_tag_of(mut parameters: Parameters, other: &Parameters) -> Parameters {
    // SAFETY: both are allocated; plain integers are copied.
    unsafe { (*parameters.as_mut_ptr()).codec_tag = (*other.as_ptr()).codec_tag };
    parameters
}

/// Whether the muxer of this name stores the codec that FFmpeg calls `codec`; `None` if it does not say.
pub(crate) fn muxer_holds(muxer: &str, codec: &str) -> Option<bool> {
    let (muxer, codec) = (c_text(muxer).ok()?, c_text(codec).ok()?);
    // SAFETY: the names are C strings; what is found lies in tables that live for ever.
    unsafe {
        let format = ffi::av_guess_format(muxer.as_ptr(), ptr::null(), ptr::null());
        let descriptor = ffi::avcodec_descriptor_get_by_name(codec.as_ptr()).as_ref()?;
        if format.is_null() {
            return Some(false);
        }
        match ffi::avformat_query_codec(format, descriptor.id, 0) {
            1 => Some(true),
            0 => Some(false),
            _ => None,
        }
    }
}
