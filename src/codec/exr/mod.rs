//! Encoder for OpenEXR files: one part, scan lines, channels of half floats.
//!
//! | file | holds |
//! |---|---|
//! | `encoder` | pictures into files |
//! | `encoder/half` | floats of 32 bits as halves |
//! | `encoder/compress` | lines of halves into compressed chunks |
//! | `encoder/header` | attributes |
//!
//! The encoder comes with the feature `ffmpeg`. DEFLATE is libdeflate's; PIZ, DWAA and the encoding of attributes are the
//! `exr` crate's. Files are independent of one another, and the same picture makes the same bytes.
//!
//! ```
//! use otio_conflate::codec::exr::ExrCompression;
//! use otio_conflate::deliver::Preset;
//!
//! let preset = Preset::by_name("exr")?.compression("dwaa".parse()?).level(45);
//! assert_eq!(preset.compression, Some(ExrCompression::Dwaa));
//! # Ok::<(), otio_conflate::Error>(())
//! ```

#[cfg(feature = "ffmpeg")]
mod encoder;

#[cfg(feature = "ffmpeg")]
pub(crate) use encoder::set_timecode;
#[cfg(feature = "ffmpeg")]
pub use encoder::{Channel, ExrDescription, ExrEncoder, ExrLabel, ExrSetup, LARGEST};

use crate::error::{Error, ErrorKind, Result};
use crate::words::word_enum;

word_enum! {
    /// Compression of a file's lines.
    ExrCompression, "compression of EXR" {
        /// None at all.
        None = "none",
        /// DEFLATE of each line.
        #[default]
        Zips = "zips",
        /// DEFLATE of sixteen lines together.
        Zip16 = "zip16",
        /// Wavelets and Huffman codes of 32 lines together: lossless, and small where there is grain.
        Piz = "piz",
        /// Lossy: DCT of 32 lines together.
        Dwaa = "dwaa",
    }
}

impl ExrCompression {
    /// Lines of a chunk.
    #[cfg(feature = "ffmpeg")]
    fn lines(self) -> usize {
        match self {
            ExrCompression::None | ExrCompression::Zips => 1,
            ExrCompression::Zip16 => 16,
            ExrCompression::Piz | ExrCompression::Dwaa => 32,
        }
    }

    /// Levels that it has; empty where it has none.
    pub fn levels(self) -> std::ops::RangeInclusive<u16> {
        match self {
            ExrCompression::Zips | ExrCompression::Zip16 => 1..=12,
            ExrCompression::Dwaa => 1..=1000,
            #[expect(clippy::reversed_empty_ranges, reason = "there are none")]
            ExrCompression::None | ExrCompression::Piz => 1..=0,
        }
    }

    /// Level that is used where none is asked for.
    #[cfg(feature = "ffmpeg")]
    fn usual_level(self) -> u16 {
        match self {
            ExrCompression::Dwaa => 45,
            _ => 4,
        }
    }

    /// Checks a level.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] for one that this compression does not have.
    pub fn check_level(self, level: u16) -> Result<()> {
        let levels = self.levels();
        if levels.contains(&level) {
            return Ok(());
        }
        let what = match levels.is_empty() {
            true => format!("invalid level {level}: EXR compression {self} has no levels"),
            false => format!(
                "invalid level {level} of EXR compression {self}; expected {} to {}",
                levels.start(),
                levels.end()
            ),
        };
        Err(Error::new(ErrorKind::Option, what))
    }
}
