//! Opening a file: what FFmpeg looks at and decodes before anything is asked of it, within a limit on pixels.

use std::ffi::{CString, c_int};
use std::ptr;

use ffmpeg_next::format::context::{Input, StreamIo};
use ffmpeg_next::{Error as AvError, ffi};

use super::answers::{check, text};

/// Pixels that a picture of the codec of this name may have.
pub(crate) type MostPixels<'m> = &'m dyn Fn(&str) -> u64;

/// How much of a file may be decoded while it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProbeDepth {
    /// All streams that there are once the header is read. Where others may turn up later, nothing is looked at.
    Decode,
    /// Nothing: only what containers and parsers say.
    Headers,
    /// All, and those that turn up later without a limit.
    DecodeAll,
}

/// What opening came to.
pub(super) enum OpenedInput {
    Input(Input),
    /// Streams may turn up that the limit does not reach: nothing was looked at.
    Unlimited,
    /// The header claims a picture of this width and height, and it may have so many pixels.
    TooLarge((u32, u32), u64),
}

pub(super) fn open(
    mut io: StreamIo,
    name: &str,
    options: &[(&str, &str)],
    (look, most): (ProbeDepth, MostPixels<'_>),
) -> Result<OpenedInput, AvError> {
    let name = CString::new(name).map_err(|_| AvError::InvalidData)?;
    let mut dictionary = ptr::null_mut();
    for (key, value) in options {
        set(&mut dictionary, key, value)?;
    }
    // SAFETY: the context is allocated here. Opening it takes it over and frees it where that fails. The stream outlives it:
    // it is owned by this function, and then by the input beside the context.
    unsafe {
        let mut context = ffi::avformat_alloc_context();
        if context.is_null() {
            ffi::av_dict_free(&mut dictionary);
            return Err(AvError::Other { errno: ffmpeg_next::error::ENOMEM });
        }
        (*context).pb = io.as_mut_ptr();
        (*context).flags |= ffi::AVFMT_FLAG_CUSTOM_IO;
        let code = ffi::avformat_open_input(&mut context, name.as_ptr(), ptr::null_mut(), &mut dictionary);
        ffi::av_dict_free(&mut dictionary);
        check(code)?;
        let mut input = Input::wrap_with_custom_io(context, io);
        if look == ProbeDepth::Decode && (*context).ctx_flags & ffi::AVFMTCTX_NOHEADER != 0 {
            return Ok(OpenedInput::Unlimited);
        }
        // Decoders that refuse a size leave none.
        for index in 0..usize::try_from((*context).nb_streams).unwrap_or(0) {
            let parameters = (**(*context).streams.add(index)).codecpar;
            let codec = ffi::avcodec_descriptor_get((*parameters).codec_id).as_ref();
            let most = most(&codec.map(|codec| text(codec.name)).unwrap_or_default());
            let side = |side: c_int| u32::try_from(side).unwrap_or(0);
            let (width, height) = (side((*parameters).width), side((*parameters).height));
            if u64::from(width) * u64::from(height) > most {
                return Ok(OpenedInput::TooLarge((width, height), most));
            }
        }
        if look == ProbeDepth::Headers {
            (*context).codec_whitelist = ffi::av_strdup(c"none".as_ptr());
        }
        find_streams(&mut input, most)?;
        Ok(OpenedInput::Input(input))
    }
}

/// Looks at the streams of an open file; the decoders used for that keep to the limit.
pub(super) fn find_streams(input: &mut Input, most: MostPixels<'_>) -> Result<(), AvError> {
    // SAFETY: the context is open, and holds `nb_streams` streams with their parameters. There is a dictionary for each
    // stream that there is now, as the call asks, and all are freed whatever it leaves in them.
    unsafe {
        let context = input.as_mut_ptr();
        let count = usize::try_from((*context).nb_streams).unwrap_or(0);
        let mut dictionaries = Vec::with_capacity(count);
        for index in 0..count {
            let parameters = (**(*context).streams.add(index)).codecpar;
            let codec = ffi::avcodec_descriptor_get((*parameters).codec_id).as_ref();
            let most = most(&codec.map(|codec| text(codec.name)).unwrap_or_default());
            let mut dictionary = ptr::null_mut();
            // It counts lines that are padded to 64 pixels. As an option it is a C integer.
            let most = i32::try_from(most.saturating_add(64 << 16)).unwrap_or(i32::MAX);
            set(&mut dictionary, "max_pixels", &most.to_string())?;
            dictionaries.push(dictionary);
        }
        let list = if count == 0 { ptr::null_mut() } else { dictionaries.as_mut_ptr() };
        let code: c_int = ffi::avformat_find_stream_info(context, list);
        dictionaries.iter_mut().for_each(|dictionary| ffi::av_dict_free(dictionary));
        check(code).map(drop)
    }
}

fn set(dictionary: &mut *mut ffi::AVDictionary, key: &str, value: &str) -> Result<(), AvError> {
    let text = |text: &str| CString::new(text).map_err(|_| AvError::InvalidData);
    let (key, value) = (text(key)?, text(value)?);
    // SAFETY: the dictionary pointer is null or the caller's own; the strings are NUL-terminated and copied.
    check(unsafe { ffi::av_dict_set(dictionary, key.as_ptr(), value.as_ptr(), 0) }).map(drop)
}
