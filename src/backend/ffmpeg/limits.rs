//! What a file may cost: a kilobyte can claim to be a picture of gigabytes, or hold a text of a gigabyte.

use std::borrow::Cow;
use std::io::Read;

use super::orientation::{jpeg_segments, png_chunks, tiff_tag};
use super::still_kind::StillKind;

/// Pixels that a picture has at most, unless the caller allows more.
const MOST_PIXELS: u64 = 16_384 * 16_384;
/// Bytes that a picture may take up in memory, however small its file is: 4K in floats.
const FREE_BYTES: u64 = 112 << 20;
/// Bytes that it may take up besides for each byte of its file. Pictures of one colour shrink to a ten-thousandth.
const BYTES_PER_BYTE: u64 = 1 << 16;
/// Bytes that a colour profile may inflate to.
const MOST_PROFILE: u64 = 16 << 20;

/// How many pixels a picture of `bytes_per_pixel` in a file of `length` bytes may have: `asked`, or what is usual.
pub(crate) fn pixels(asked: Option<u64>, length: u64, bytes_per_pixel: u64) -> u64 {
    let usual = || {
        let bytes = length.saturating_mul(BYTES_PER_BYTE).saturating_add(FREE_BYTES);
        MOST_PIXELS.min(bytes / bytes_per_pixel.max(1))
    };
    asked.unwrap_or_else(usual)
}

/// How many pixels a movie's picture in this codec may have, in a file of `length` bytes: `asked`, or what is usual.
pub(crate) fn movie_pixels(asked: Option<u64>, length: u64, codec: &str) -> u64 {
    let bytes_per_pixel = match codec {
        // Coefficients of 32 bits beside the samples.
        "jpeg2000" => 16,
        // Up to sixteen pictures are kept to be referred to, and a few bytes are enough for each.
        "h264" | "hevc" => 24,
        _ => 8,
    };
    pixels(asked, length, bytes_per_pixel)
}

/// The limit for a file whose picture is known to have this size: containers and codecs count in blocks.
pub(crate) fn of_size(width: u32, height: u32) -> u64 {
    const BLOCK: u64 = 128;
    (u64::from(width) + BLOCK) * (u64::from(height) + BLOCK)
}

/// Refuses a picture that is larger than it may be, with a sentence.
pub(crate) fn check((width, height): (u64, u64), most: u64) -> Result<(), String> {
    if width.checked_mul(height).is_some_and(|pixels| pixels <= most) {
        return Ok(());
    }
    Err(format!(
        "it claims {width} × {height} pixels; a file of its size is expected to have at most {most}. A larger limit \
         (max_pixels) lets it pass"
    ))
}

/// The size that the header of a still picture claims, and how many bytes a pixel of it takes up; `None` where only the
/// decoder knows.
pub(crate) fn claimed(kind: StillKind, data: &[u8]) -> Option<((u64, u64), u64)> {
    let big = |at: usize| Some(u64::from(u32::from_be_bytes(data.get(at..at + 4)?.try_into().ok()?)));
    match kind {
        StillKind::Png => Some(((big(16)?, big(20)?), if *data.get(24)? == 16 { 8 } else { 4 })),
        StillKind::Jpeg => {
            let frame = |marker: u8| matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc);
            let (_, segment) = jpeg_segments(data).find(|(marker, _)| frame(*marker))?;
            let short = |at: usize| Some(u64::from(u16::from_be_bytes(segment.get(at..at + 2)?.try_into().ok()?)));
            Some(((short(3)?, short(1)?), 4))
        }
        StillKind::Tiff => Some(((tiff_tag(data, 256)?.into(), tiff_tag(data, 257)?.into()), 8)),
        StillKind::Dpx => {
            let word = |at: usize| {
                let bytes = data.get(at..at + 4)?.try_into().ok()?;
                let little = data.starts_with(b"XPDS");
                Some(u64::from(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) }))
            };
            Some(((word(772)?, word(776)?), 8))
        }
        StillKind::Exr => None,
    }
}

/// A PNG file without what nobody reads and may be large: its texts, and a profile that is no profile.
pub(crate) fn without_texts(data: &[u8]) -> Cow<'_, [u8]> {
    let mut profiles = 0;
    let mut is_left_out = |kind: &[u8; 4], content: &[u8]| match kind {
        b"tEXt" | b"zTXt" | b"iTXt" => true,
        b"iCCP" => {
            profiles += 1;
            profiles > 1 || is_bomb(content)
        }
        _ => false,
    };
    let left_out: Vec<bool> = png_chunks(data).map(|(kind, content)| is_left_out(kind, content)).collect();
    if !left_out.contains(&true) {
        return Cow::Borrowed(data);
    }
    let mut kept = data[..8].to_vec();
    let mut at = 8;
    for ((_, content), left_out) in png_chunks(data).zip(left_out) {
        let end = (at + 12 + content.len()).min(data.len());
        if !left_out {
            kept.extend_from_slice(&data[at..end]);
        }
        at = end;
    }
    kept.extend_from_slice(&data[at..]);
    Cow::Owned(kept)
}

/// Whether a profile inflates to more than profiles have: its name, a zero, the method, then the compressed profile.
fn is_bomb(content: &[u8]) -> bool {
    let Some(name) = content.iter().position(|byte| *byte == 0) else { return false };
    let compressed = content.get(name + 2..).unwrap_or_default();
    let read =
        std::io::copy(&mut flate2::read::ZlibDecoder::new(compressed).take(MOST_PROFILE + 1), &mut std::io::sink());
    read.is_ok_and(|length| length > MOST_PROFILE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_files_may_not_claim_much() {
        assert!(pixels(None, 1000, 16) * 16 < 190 << 20);
        assert!(pixels(None, 700, 16) >= 4096 * 2304);
        assert_eq!(pixels(None, 100 << 20, 8), MOST_PIXELS);
        assert_eq!(pixels(Some(u64::MAX), 10, 8), u64::MAX);
        assert!(check((60_000, 60_000), MOST_PIXELS).is_err());
        assert!(check((u64::MAX, 2), MOST_PIXELS).is_err());
    }
}
