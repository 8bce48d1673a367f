//! Encoder for PNG files of RGB, by the `png` crate.
//!
//! ```
//! use otio_conflate::codec::png::{PngDescription, PngEncoder, PngSetup};
//!
//! let setup = PngSetup { width: 2, height: 1, alpha: true, deep: false, level: None };
//! let file = PngEncoder::new(setup, PngDescription::default().srgb(true))?.encode(&[255; 8], 8)?;
//! assert_eq!(file[1..4], *b"PNG");
//! # Ok::<(), otio_conflate::Error>(())
//! ```

use std::borrow::Cow;

use png::chunk::ChunkType;
use png::{
    BitDepth, ColorType, Compression, DeflateCompression, Filter, Info, PixelDimensions, ScaledFloat,
    SourceChromaticities, SrgbRenderingIntent, Unit,
};

use crate::error::{Error, ErrorKind, Result};
use crate::setters::setters;

/// Levels of compression, from fast to small.
pub const LEVELS: std::ops::RangeInclusive<u16> = 1..=9;

/// Size and coding of all pictures.
///
/// ```
/// use otio_conflate::codec::png::{PngDescription, PngEncoder, PngSetup};
///
/// let setup = PngSetup { width: 64, height: 36, alpha: false, deep: false, level: None };
/// let encoder = PngEncoder::new(setup, PngDescription::default())?;
/// let file = encoder.encode(&[128; 64 * 36 * 3], 64 * 3)?;
/// assert_eq!(file[1..4], *b"PNG");
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PngSetup {
    /// Pixels of a line.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// Whether a pixel has alpha behind red, green and blue, which is not multiplied into them.
    pub alpha: bool,
    /// Whether samples have 16 bits, the high byte first, rather than 8.
    pub deep: bool,
    /// One of [`LEVELS`]; `None` takes less time than the first of them and makes larger files.
    pub level: Option<u16>,
}

impl PngSetup {
    /// Bytes of a line.
    fn line(&self) -> usize {
        let samples = if self.alpha { 4 } else { 3 } * if self.deep { 2 } else { 1 };
        usize::try_from(self.width).map_or(usize::MAX, |width| width.saturating_mul(samples))
    }
}

/// What is said about all pictures.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct PngDescription {
    /// Width and height of a pixel in relation to one another: `pHYs`.
    pub pixel_aspect: Option<(u32, u32)>,
    /// Primaries and transfer characteristic as code points of ITU-T H.273: `cICP`.
    pub color: Option<(u8, u8)>,
    /// Whether they are those of sRGB (IEC 61966-2-1): `sRGB`.
    pub srgb: bool,
    /// Exponent that light is raised to, in 100 000ths: `gAMA`.
    pub gamma: Option<u32>,
    /// CIE x and y of red, green, blue and white, in 100 000ths: `cHRM`.
    pub chromaticities: Option<[(u32, u32); 4]>,
}

setters!(PngDescription {
    pixel_aspect: some (u32, u32),
    color: some (u8, u8),
    srgb: bool,
    gamma: some u32,
    chromaticities: some [(u32, u32); 4],
});

/// Encodes pictures of one size.
#[derive(Debug)]
pub struct PngEncoder {
    setup: PngSetup,
    description: PngDescription,
}

impl PngEncoder {
    /// # Errors
    /// [`ErrorKind::Option`] for an invalid size or level.
    pub fn new(setup: PngSetup, description: PngDescription) -> Result<PngEncoder> {
        if let Some(level) = setup.level {
            check_level(level)?;
        }
        if setup.width == 0 || setup.height == 0 {
            let what = format!("invalid PNG size {} × {}; expected 1 × 1 or more", setup.width, setup.height);
            return Err(Error::new(ErrorKind::Option, what));
        }
        Ok(PngEncoder { setup, description })
    }

    /// The file of a picture whose lines start `stride` bytes after one another.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`] for a picture of another size.
    pub fn encode(&self, samples: &[u8], stride: usize) -> Result<Vec<u8>> {
        let (line, lines) = (self.setup.line(), usize::try_from(self.setup.height).unwrap_or(usize::MAX));
        let too_short = || Error::new(ErrorKind::Encode, "not as many samples as a PNG picture of this size has");
        let last = (lines - 1).checked_mul(stride).ok_or_else(too_short)?;
        if stride < line || samples.len() < last.saturating_add(line) {
            return Err(too_short());
        }
        let picture = match stride == line {
            true => Cow::Borrowed(&samples[..line * lines]),
            false => Cow::Owned(samples.chunks(stride).take(lines).flat_map(|row| &row[..line]).copied().collect()),
        };
        self.write(&picture).map_err(|cause| Error::new(ErrorKind::Encode, "a PNG picture").because(cause))
    }

    fn write(&self, picture: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
        let PngSetup { width, height, alpha, deep, level } = self.setup;
        let mut info = Info::with_size(width, height);
        info.color_type = if alpha { ColorType::Rgba } else { ColorType::Rgb };
        info.bit_depth = if deep { BitDepth::Sixteen } else { BitDepth::Eight };
        info.pixel_dims = self.description.pixel_aspect.map(|(across, down)| PixelDimensions {
            // As FFmpeg writes and reads them. By the letter of the specification, pixels a unit are the other way round.
            xppu: across,
            yppu: down,
            unit: Unit::Unspecified,
        });
        info.srgb = self.description.srgb.then_some(SrgbRenderingIntent::RelativeColorimetric);
        info.source_gamma = self.description.gamma.map(ScaledFloat::from_scaled);
        info.source_chromaticities = self.description.chromaticities.map(|points| {
            let [red, green, blue, white] =
                points.map(|(x, y)| (ScaledFloat::from_scaled(x), ScaledFloat::from_scaled(y)));
            SourceChromaticities { white, red, green, blue }
        });
        let mut file = Vec::with_capacity(picture.len() / 2);
        let mut encoder = png::Encoder::with_info(&mut file, info)?;
        match level {
            None => encoder.set_compression(Compression::Fast),
            Some(level) => {
                encoder.set_deflate_compression(DeflateCompression::Level(u8::try_from(level).unwrap_or(u8::MAX)));
                encoder.set_filter(Filter::Adaptive);
            }
        }
        let mut writer = encoder.write_header()?;
        if let Some((primaries, transfer)) = self.description.color {
            // RGB, of full range.
            writer.write_chunk(ChunkType(*b"cICP"), &[primaries, transfer, 0, 1])?;
        }
        writer.write_image_data(picture)?;
        writer.finish()?;
        Ok(file)
    }
}

/// Checks a level of compression.
///
/// # Errors
/// [`ErrorKind::Option`] for one that is not in [`LEVELS`].
pub fn check_level(level: u16) -> Result<()> {
    if LEVELS.contains(&level) {
        return Ok(());
    }
    let what = format!("invalid level {level} of PNG compression; expected {} to {}", LEVELS.start(), LEVELS.end());
    Err(Error::new(ErrorKind::Option, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples that no filter predicts all of.
    fn samples(count: usize) -> Vec<u8> {
        (0..count).map(|at| (at * at / 7 + at * 3).to_le_bytes()[0]).collect()
    }

    #[test]
    fn pixels_come_back_at_every_depth_and_level() {
        for (alpha, deep) in [(false, false), (true, false), (false, true), (true, true)] {
            for level in [None, Some(1), Some(9)] {
                let setup = PngSetup { width: 37, height: 19, alpha, deep, level };
                let (line, stride) = (setup.line(), setup.line() + 11);
                let picture = samples(stride * 18 + line);
                let file = PngEncoder::new(setup, PngDescription::default()).expect("valid").encode(&picture, stride);
                let decoder = png::Decoder::new(std::io::Cursor::new(file.expect("a file")));
                let mut reader = decoder.read_info().expect("a header");
                let mut read = vec![0; reader.output_buffer_size().expect("a size")];
                reader.next_frame(&mut read).expect("a picture");
                let wanted: Vec<u8> = picture.chunks(stride).flat_map(|row| &row[..line]).copied().collect();
                assert!(read == wanted, "alpha {alpha}, deep {deep}, level {level:?}");
            }
        }
    }

    #[test]
    fn what_is_said_about_a_picture_is_in_the_file() {
        let setup = PngSetup { width: 2, height: 2, alpha: false, deep: false, level: None };
        let points = [(64_000, 33_000), (30_000, 60_000), (15_000, 6_000), (31_270, 32_900)];
        let about = PngDescription {
            pixel_aspect: Some((16, 15)),
            color: Some((1, 13)),
            srgb: true,
            gamma: Some(45_455),
            chromaticities: Some(points),
        };
        let file = PngEncoder::new(setup, about).expect("valid").encode(&[0; 12], 6).expect("a file");
        let reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().expect("a header");
        let info = reader.info();
        assert_eq!(info.pixel_dims.map(|dims| (dims.xppu, dims.yppu)), Some((16, 15)));
        assert_eq!(info.srgb, Some(SrgbRenderingIntent::RelativeColorimetric));
        assert_eq!(info.gama_chunk.map(ScaledFloat::into_scaled), Some(45_455));
        let red = info.chrm_chunk.expect("chromaticities").red;
        assert_eq!((red.0.into_scaled(), red.1.into_scaled()), (64_000, 33_000));
        let points = info.coding_independent_code_points.expect("code points");
        assert_eq!((points.color_primaries, points.transfer_function), (1, 13));
        assert!(points.is_video_full_range_image);
    }

    #[test]
    fn what_cannot_be_is_an_error() {
        let setup = PngSetup { width: 4, height: 2, alpha: false, deep: false, level: None };
        let encoder = PngEncoder::new(setup, PngDescription::default()).expect("valid");
        for (samples, stride) in [(&[0; 23][..], 12), (&[0; 24], 11), (&[0; 24], usize::MAX)] {
            assert_eq!(encoder.encode(samples, stride).expect_err("too short").kind(), ErrorKind::Encode);
        }
        let error = PngEncoder::new(PngSetup { level: Some(10), ..setup }, PngDescription::default())
            .expect_err("no such level");
        assert!(format!("{error:#}").contains("expected 1 to 9"), "{error:#}");
        assert!(PngEncoder::new(PngSetup { width: 0, ..setup }, PngDescription::default()).is_err());
    }
}
