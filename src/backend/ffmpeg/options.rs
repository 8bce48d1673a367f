//! How media is decoded.

use crate::plan::{ColorTags, Damaged};

/// How media is decoded.
///
/// ```no_run
/// use otio_conflate::backend::ffmpeg::{DecodeOptions, MovieReader};
/// use otio_conflate::time::Rate;
///
/// let mut reader = MovieReader::open("/media/a.mov", &DecodeOptions::default().threads(4))?;
/// let frame = reader.frame(100, Rate::FPS_24)?;
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeOptions {
    /// Threads that a decoder may use of its own; 1 decodes in the caller's thread.
    pub threads: usize,
    /// Applies the transfer characteristic with this H.273 code (1 BT.709, 13 sRGB) to scene-linear EXR values while
    /// they are decoded; frames are tagged with it. `None` leaves them linear.
    pub linear_to: Option<u8>,
    /// What the values of EXR files are, where they are not scene-linear: they stay as they are, and frames have these
    /// primaries and this transfer characteristic.
    pub exr_color: Option<ColorTags>,
    /// What to do about frames that are damaged.
    pub damaged: Damaged,
    /// Pixels that a picture may have at most. `None` allows 16 384 × 16 384, and of a small file less: what takes up
    /// 112 MiB in memory and another 64 KiB for each byte of the file.
    pub max_pixels: Option<u64>,
}

impl Default for DecodeOptions {
    fn default() -> DecodeOptions {
        DecodeOptions { threads: 1, linear_to: None, exr_color: None, damaged: Damaged::Error, max_pixels: None }
    }
}

impl DecodeOptions {
    /// With this many threads.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> DecodeOptions {
        self.threads = threads;
        self
    }

    /// With this policy for damaged frames.
    #[must_use]
    pub fn damaged(mut self, damaged: Damaged) -> DecodeOptions {
        self.damaged = damaged;
        self
    }

    /// With this many pixels allowed in a picture.
    #[must_use]
    pub fn max_pixels(mut self, pixels: Option<u64>) -> DecodeOptions {
        self.max_pixels = pixels;
        self
    }

    /// With this transfer characteristic applied to EXR values.
    #[must_use]
    pub fn linear_to(mut self, transfer: Option<u8>) -> DecodeOptions {
        self.linear_to = transfer;
        self
    }

    /// With EXR values that are what these tags say.
    #[must_use]
    pub fn exr_color(mut self, color: Option<ColorTags>) -> DecodeOptions {
        self.exr_color = color;
        self
    }
}
