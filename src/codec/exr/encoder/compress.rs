//! Lines of halves into compressed chunks.

use exr::meta::attribute::IntegerBounds;
use exr::meta::header::Header;
use libdeflater::{CompressionLvl, Compressor as Deflate};

use super::ExrSetup;
use crate::codec::exr::ExrCompression;
use crate::error::{Error, ErrorKind, Result};

/// Compresses the chunks of a file, one after the other.
pub(super) struct Compressor<'h> {
    method: Method<'h>,
    width: usize,
    /// Bytes of a chunk in the order they are compressed in.
    ordered: Vec<u8>,
}

enum Method<'h> {
    None,
    Deflate(Box<Deflate>),
    /// What the `exr` crate compresses; the header says how.
    Crate(&'h Header),
}

impl<'h> Compressor<'h> {
    pub(super) fn new(setup: &ExrSetup, header: &'h Header) -> Compressor<'h> {
        let level = setup.level.unwrap_or(setup.compression.usual_level());
        let method = match setup.compression {
            ExrCompression::None => Method::None,
            ExrCompression::Zips | ExrCompression::Zip16 => {
                let level = CompressionLvl::new(level.into()).unwrap_or_default();
                Method::Deflate(Box::new(Deflate::new(level)))
            }
            ExrCompression::Piz | ExrCompression::Dwaa => Method::Crate(header),
        };
        Compressor { method, width: setup.width, ordered: Vec::new() }
    }

    /// Appends a chunk to `file`: `count` lines from the line `first` on. What does not become smaller is stored as it is.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`] where it cannot be compressed.
    pub(super) fn compress(
        &mut self,
        halves: &[u16],
        (first, count): (usize, usize),
        file: &mut Vec<u8>,
    ) -> Result<()> {
        let start = file.len();
        match &mut self.method {
            Method::None => {}
            Method::Deflate(deflate) => {
                let most = halves.len() * 2;
                self.ordered.resize(most, 0);
                order(halves, &mut self.ordered);
                // Only what is smaller than the samples themselves is wanted; anything else does not fit.
                file.resize(start + most - 1, 0);
                let written = deflate.zlib_compress(&self.ordered, &mut file[start..]);
                file.truncate(start + written.unwrap_or(0));
            }
            Method::Crate(header) => {
                let failed = |error: exr::error::Error| {
                    Error::new(ErrorKind::Encode, format!("EXR lines from {first} on cannot be compressed: {error:#}"))
                };
                let line = i32::try_from(first).map_err(|_| Error::new(ErrorKind::Encode, "too many EXR lines"))?;
                let bytes = halves.iter().flat_map(|half| half.to_ne_bytes()).collect();
                let lines = IntegerBounds::new((0, line), (self.width, count));
                let chunk = header.compression.compress_image_section_to_le(header, bytes, lines).map_err(failed)?;
                file.extend(chunk);
            }
        }
        if file.len() == start {
            file.extend(halves.iter().flat_map(|half| half.to_le_bytes()));
        }
        Ok(())
    }
}

/// Orders bytes so that neighbours are alike, and takes differences around 128: first the low byte of each half, then the
/// high ones. The first byte follows nothing and stays as it is.
fn order(halves: &[u16], ordered: &mut [u8]) {
    let (low, high) = ordered.split_at_mut(halves.len());
    let [first, .., last] = halves else { return };
    let [[first_low, first_high], [last_low, _]] = [first.to_le_bytes(), last.to_le_bytes()];
    differences(halves, low, |half| half.to_le_bytes()[0]);
    differences(halves, high, |half| half.to_le_bytes()[1]);
    low[0] = first_low;
    high[0] = first_high.wrapping_sub(last_low).wrapping_add(128);
}

/// Differences of one byte of each half from that of the half before; the first one is left.
fn differences(halves: &[u16], out: &mut [u8], byte: impl Fn(u16) -> u8) {
    for (out, pair) in out.iter_mut().skip(1).zip(halves.windows(2)) {
        *out = byte(pair[1]).wrapping_sub(byte(pair[0])).wrapping_add(128);
    }
}
