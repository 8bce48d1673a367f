//! Checksums of TIFF files: FFmpeg stops reading a strip once it is full, in front of the strip's checksum.

use std::io::Read as _;

use super::orientation::{tiff_numbers, tiff_tag};

/// Deflate, by its number in TIFF 6.0's supplement and the one in use before.
const DEFLATE: [u32; 2] = [8, 32_946];
/// Bytes that a pixel has at most.
const LARGEST_PIXEL: u64 = 32;

/// Whether a strip or tile of a TIFF file that is compressed by deflate differs from its checksum (RFC 1950, Adler-32), or
/// ends before it.
pub(super) fn has_wrong_checksum(data: &[u8]) -> bool {
    let (compression, order) = (tiff_tag(data, 259), tiff_tag(data, 266));
    // Where bits lie the other way round in bytes, FFmpeg turns them first.
    if !compression.is_some_and(|kind| DEFLATE.contains(&kind)) || order == Some(2) {
        return false;
    }
    let sides = tiff_tag(data, 256).zip(tiff_tag(data, 257));
    let pixels = sides.map_or(0, |(width, height)| u64::from(width).saturating_mul(height.into()));
    let most = pixels.saturating_mul(LARGEST_PIXEL).saturating_add(1 << 20);
    // Strips, else tiles.
    let pieces = |places, sizes| tiff_numbers(data, places).zip(tiff_numbers(data, sizes));
    let Some((places, sizes)) = pieces(273, 279).or_else(|| pieces(324, 325)) else { return false };
    places.iter().zip(&sizes).any(|(&place, &size)| {
        let (Ok(start), Ok(size)) = (usize::try_from(place), usize::try_from(size)) else { return false };
        let Some(piece) = data.get(start..start.saturating_add(size).min(data.len())) else { return false };
        let mut inflated = flate2::read::ZlibDecoder::new(piece).take(most);
        std::io::copy(&mut inflated, &mut std::io::sink()).is_err()
    })
}
