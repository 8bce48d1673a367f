//! Pictures into files.

mod compress;
mod half;
mod header;

pub(crate) use header::set_timecode;
pub use header::{ExrDescription, ExrLabel};

use super::ExrCompression;
use crate::error::{Error, ErrorKind, Result};
use compress::Compressor;

/// Size and coding of all pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExrSetup {
    /// Pixels of a line.
    pub width: usize,
    /// Lines.
    pub height: usize,
    /// Whether there is a channel A behind R, G and B.
    pub alpha: bool,
    /// How lines are compressed.
    pub compression: ExrCompression,
    /// Level of that, from fast to small, for DWAA from good to small: one of [`ExrCompression::levels`]. `None`: 4, of DWAA 45.
    pub level: Option<u16>,
}

/// Largest width and height.
pub const LARGEST: usize = 1 << 16;

/// Samples of one channel, line by line, `stride` samples apart.
#[derive(Debug, Clone, Copy)]
pub struct Channel<'a> {
    /// From the first sample of the first line to the last one of the last line.
    pub samples: &'a [f32],
    /// Samples from the start of a line to the start of the next.
    pub stride: usize,
}

/// Encodes pictures of one size.
///
/// ```
/// use otio_conflate::codec::exr::{Channel, ExrCompression, ExrDescription, ExrEncoder, ExrLabel, ExrSetup};
///
/// let setup = ExrSetup { width: 64, height: 36, alpha: false, compression: ExrCompression::Zips, level: None };
/// let encoder = ExrEncoder::new(setup, ExrDescription::default())?;
/// let samples = vec![0.18; 64 * 36];
/// let channel = Channel { samples: &samples, stride: 64 };
/// let mut file = Vec::new();
/// encoder.encode(&[channel, channel, channel], &ExrLabel::default(), &mut file)?;
/// assert_eq!(file[..4], [0x76, 0x2f, 0x31, 0x01]);
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug)]
pub struct ExrEncoder {
    setup: ExrSetup,
    description: ExrDescription,
    /// What is told to the crate that compresses some kinds of chunks, and is written into files.
    header: exr::meta::header::Header,
}

impl ExrEncoder {
    /// # Errors
    /// [`ErrorKind::Option`] for an invalid size or level.
    pub fn new(setup: ExrSetup, description: ExrDescription) -> Result<ExrEncoder> {
        if ![setup.width, setup.height].iter().all(|side| (1..=LARGEST).contains(side)) {
            let what = format!("invalid EXR size {} × {}; expected 1 to {LARGEST}", setup.width, setup.height);
            return Err(Error::new(ErrorKind::Option, what));
        }
        if let Some(level) = setup.level {
            setup.compression.check_level(level)?;
        }
        let header = header::of(&setup);
        Ok(ExrEncoder { setup, description, header })
    }

    /// Writes a picture into `file`, which is cleared first. Channels are R, G, B, and A where there is alpha, which is
    /// multiplied into the others.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`] for channels of another number or size, and where a chunk cannot be compressed.
    pub fn encode(&self, channels: &[Channel<'_>], label: &ExrLabel, file: &mut Vec<u8>) -> Result<()> {
        let ExrSetup { width, height, alpha, compression, .. } = self.setup;
        let holds = |channel: &Channel<'_>| {
            channel.stride >= width && channel.samples.len() >= channel.stride * (height - 1) + width
        };
        if channels.len() != if alpha { 4 } else { 3 } || !channels.iter().all(holds) {
            let what = format!("{} channels that do not make a picture of {width} × {height}", channels.len());
            return Err(Error::new(ErrorKind::Encode, what));
        }
        file.clear();
        header::write(&self.header, &self.description, label, file)?;
        let (lines, table) = (compression.lines(), file.len());
        file.resize(table + height.div_ceil(lines) * 8, 0);
        let mut compressor = Compressor::new(&self.setup, &self.header);
        let mut halves = vec![0; width * channels.len() * lines];
        for (chunk, first) in (0..height).step_by(lines).enumerate() {
            let count = lines.min(height - first);
            let halves = &mut halves[..width * channels.len() * count];
            for (line, halves) in (first..).zip(halves.chunks_mut(width * channels.len())) {
                // Channels lie in the order of their names: A, B, G, R.
                for (channel, halves) in channels.iter().rev().zip(halves.chunks_mut(width)) {
                    half::convert(&channel.samples[line * channel.stride..][..width], halves);
                }
            }
            let start = u64::try_from(file.len()).expect("less than 2⁶⁴ bytes");
            file[table + chunk * 8..][..8].copy_from_slice(&start.to_le_bytes());
            file.extend(int(first)?.to_le_bytes());
            let size = file.len();
            file.extend([0; 4]);
            compressor.compress(halves, (first, count), file)?;
            let bytes = int(file.len() - size - 4)?;
            file[size..][..4].copy_from_slice(&bytes.to_le_bytes());
        }
        Ok(())
    }
}

/// A number as files have it.
fn int(number: usize) -> Result<i32> {
    i32::try_from(number).map_err(|cause| Error::new(ErrorKind::Encode, "a chunk is too large for EXR").because(cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(setup: ExrSetup, value: impl Fn(usize, usize, usize) -> f32) -> Vec<u8> {
        let ExrSetup { width, height, alpha, .. } = setup;
        let samples =
            |channel| -> Vec<f32> { (0..width * height).map(|at| value(channel, at % width, at / width)).collect() };
        let all: Vec<Vec<f32>> = (0..if alpha { 4 } else { 3 }).map(samples).collect();
        let channels: Vec<Channel<'_>> = all.iter().map(|samples| Channel { samples, stride: width }).collect();
        let mut file = vec![1, 2, 3];
        let encoder = ExrEncoder::new(setup, ExrDescription::default()).expect("a valid setup");
        encoder.encode(&channels, &ExrLabel::default(), &mut file).expect("it can be encoded");
        file
    }

    /// What the `exr` crate reads: R, G, B, A of each pixel.
    fn read(file: &[u8]) -> Vec<[f32; 4]> {
        use exr::prelude::*;
        let image = read()
            .no_deep_data()
            .largest_resolution_level()
            .rgba_channels(
                |size, _| (size.width(), vec![[0.0f32; 4]; size.area()]),
                |(width, pixels), at, (r, g, b, a): (f32, f32, f32, f32)| {
                    pixels[at.y() * *width + at.x()] = [r, g, b, a]
                },
            )
            .first_valid_layer()
            .all_attributes()
            .from_buffered(std::io::Cursor::new(file))
            .expect("it is read");
        image.layer_data.channel_data.pixels.1
    }

    #[test]
    fn every_lossless_compression_keeps_every_half() {
        for compression in [ExrCompression::None, ExrCompression::Zips, ExrCompression::Zip16, ExrCompression::Piz] {
            for (width, height, alpha) in [(1, 1, false), (33, 70, true), (5, 16, false), (64, 33, true)] {
                let setup = ExrSetup { width, height, alpha, compression, level: None };
                // Whole multiples of an eighth are halves, up to 256.
                let value = |channel: usize, x: usize, y: usize| {
                    let number = (channel * 977 + x * 31 + y * y * 7) % 2048;
                    f32::from(u16::try_from(number).expect("less than 2048")) / 8.0 - 64.0
                };
                let pixels = read(&file(setup, value));
                for (at, pixel) in pixels.iter().enumerate() {
                    let of =
                        |channel| if channel == 3 && !alpha { 1.0 } else { value(channel, at % width, at / width) };
                    assert_eq!(*pixel, [of(0), of(1), of(2), of(3)], "{compression} {width} × {height}: pixel {at}");
                }
            }
        }
    }

    #[test]
    fn dwaa_is_close_and_small() {
        let setup = ExrSetup { width: 128, height: 70, alpha: false, compression: ExrCompression::Dwaa, level: None };
        let value = |channel: usize, x: usize, y: usize| {
            let number = u16::try_from(x + y * (channel + 1)).expect("a small number");
            0.1 + f32::from(number) / 400.0
        };
        let (lossy, plain) = (file(setup, value), file(ExrSetup { compression: ExrCompression::None, ..setup }, value));
        assert!(lossy.len() * 4 < plain.len(), "{} of {} bytes", lossy.len(), plain.len());
        let most = read(&lossy).into_iter().zip(read(&plain)).flat_map(|(a, b)| [0, 1, 2].map(|c| (a[c] - b[c]).abs()));
        let most = most.fold(0.0, f32::max);
        assert!(most < 0.02, "{most}");
    }

    #[test]
    fn higher_levels_make_smaller_files() {
        let setup = |level| ExrSetup { width: 200, height: 50, alpha: false, compression: ExrCompression::Zips, level };
        let value = |channel: usize, x: usize, y: usize| {
            f32::from(u16::try_from((x * 7 + y * 13 + channel) % 97).expect("less than 97"))
        };
        let size = |level| file(setup(level), value).len();
        assert!(size(Some(12)) < size(Some(1)), "{} and {}", size(Some(12)), size(Some(1)));
        assert_eq!(size(None), size(Some(4)));
    }

    #[test]
    fn what_cannot_be_is_an_error_that_says_so() {
        let setup = ExrSetup { width: 4, height: 4, alpha: false, compression: ExrCompression::Zips, level: None };
        let refused = |setup| {
            let error = ExrEncoder::new(setup, ExrDescription::default()).expect_err("it cannot be");
            assert_eq!(error.kind(), ErrorKind::Option);
            format!("{error:#}")
        };
        assert!(refused(ExrSetup { width: 0, ..setup }).contains("0 × 4"));
        assert!(refused(ExrSetup { level: Some(13), ..setup }).contains("expected 1 to 12"));
        assert!(refused(ExrSetup { level: Some(1), compression: ExrCompression::Piz, ..setup }).contains("no levels"));
        let encoder = ExrEncoder::new(setup, ExrDescription::default()).expect("a valid setup");
        let channel = Channel { samples: &[0.0; 15], stride: 4 };
        let error =
            encoder.encode(&[channel; 3], &ExrLabel::default(), &mut Vec::new()).expect_err("one sample too few");
        assert_eq!(error.kind(), ErrorKind::Encode);
    }
}
