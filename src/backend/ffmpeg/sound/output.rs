//! Where the mix goes: into a movie beside its pictures, and into a WAV file.

use std::path::{Path, PathBuf};

use ffmpeg_next::ChannelLayout;
use ffmpeg_next::codec::packet::Packet;
use ffmpeg_next::format::Sample;
use ffmpeg_next::format::sample::Type;
use ffmpeg_next::frame::Audio;

use super::super::encode::AudioStream;
use super::super::presets::sound_rate;
use super::super::sys::sound::{SoundEncoder, SoundSetup};
use super::super::sys::write::{Muxer, StreamSetup};
use super::channels::layout_name;
use super::convert::RateConverter;
use super::mixer::Mixed;
use crate::audio::{Samples, nearest};
use crate::error::{Error, ErrorKind, Result};

/// Bits per second of compressed sound, for each channel: transparent for a review.
const BITS_PER_CHANNEL: u32 = 160_000;
/// How many samples are encoded at once where the codec does not mind.
const CHUNK: usize = 4096;

/// One stream of sound on its way into a file.
pub(crate) struct SoundStream {
    encoder: SoundEncoder,
    stream: usize,
    rate: i32,
    format: Sample,
    channels: u16,
    /// What brings the mix to a rate that the codec takes.
    converter: Option<Conversion>,
    waiting: Samples,
    /// How many samples were encoded.
    sent: i64,
    packet: Packet,
}

impl std::fmt::Debug for SoundStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SoundStream({} channels at {}, {} samples)", self.channels, self.rate, self.sent)
    }
}

/// How a stream of sound is coded, and what is written about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SoundFormat<'a> {
    /// FFmpeg's name of the encoder.
    pub(crate) encoder: &'a str,
    /// Samples per second.
    pub(crate) rate: u32,
    /// FFmpeg's name of the layout, and how many channels that has.
    pub(crate) layout: (&'a str, u16),
    pub(crate) metadata: &'a [(String, String)],
}

/// Samples on their way to another rate.
struct Conversion {
    converter: RateConverter,
    rates: (u32, u32),
    /// What came in, and the place of its first sample.
    input: Samples,
    start: i64,
    /// How many samples went out.
    done: i64,
}

impl Conversion {
    /// How many samples go out at once.
    const AT_ONCE: usize = 256;

    /// What can be converted of what came in so far, or with `all` everything.
    fn next(&mut self, samples: &Samples, all: bool) -> Result<Samples> {
        self.input.append(samples);
        let came = self.start + i64::try_from(self.input.len()).unwrap_or(0);
        let (from, to) = (i64::from(self.rates.0), i64::from(self.rates.1));
        let whole = if all { (came * to + from - 1) / from } else { i64::MAX };
        let mut output = Samples::silence(samples.channels(), 0);
        while self.done < whole && (all || self.converter.fed() + 3 * RateConverter::CHUNK <= came) {
            let count = usize::try_from(whole - self.done).unwrap_or(usize::MAX).min(Conversion::AT_ONCE);
            let (input, start) = (&self.input, self.start);
            let source = |at: i64, count: usize| {
                let mut part = Samples::silence(input.channels(), usize::try_from(start - at).unwrap_or(0).min(count));
                let low = usize::try_from(at - start).unwrap_or(0).min(input.len());
                let high = (low + count - part.len()).min(input.len());
                part.push(input, low..high);
                part.pad(count - part.len());
                Ok(part)
            };
            output.append(&self.converter.read(self.done, count, source)?);
            self.done += i64::try_from(count).unwrap_or(0);
        }
        let behind = usize::try_from(self.converter.fed() - self.start).unwrap_or(0).min(self.input.len());
        self.input.drop_front(behind);
        self.start += i64::try_from(behind).unwrap_or(0);
        Ok(output)
    }
}

impl SoundStream {
    /// Adds a stream to `muxer`, whose header is not written yet, for `channels` channels of `rate` samples a second. Where
    /// the codec does not take that rate, they are converted to one that it takes.
    pub(crate) fn add(muxer: &mut Muxer, codec: &str, rate: u32, channels: u16) -> Result<SoundStream> {
        let layout = (layout_name(channels)?, channels);
        SoundStream::add_converted(muxer, &SoundFormat { encoder: codec, rate, layout, metadata: &[] })
    }

    /// Adds a stream of this format; where the codec does not take its rate, samples are converted to one that it takes.
    pub(crate) fn add_converted(muxer: &mut Muxer, sound: &SoundFormat<'_>) -> Result<SoundStream> {
        let (rate, channels) = (sound.rate, usize::from(sound.layout.1));
        let taken = sound_rate(sound.encoder, rate);
        let mut stream = SoundStream::add_as(muxer, &SoundFormat { rate: taken, ..*sound })?;
        stream.converter = (taken != rate).then(|| Conversion {
            converter: RateConverter::new(rate, taken, channels),
            rates: (rate, taken),
            input: Samples::silence(channels, 0),
            start: 0,
            done: 0,
        });
        Ok(stream)
    }

    /// Adds a stream of this format to `muxer`, whose header is not written yet.
    pub(crate) fn add_as(muxer: &mut Muxer, sound: &SoundFormat<'_>) -> Result<SoundStream> {
        let (format, channels) = (input_format(sound.encoder), sound.layout.1);
        let bits = [("b".to_owned(), bit_rate(sound.encoder, channels, sound.rate).to_string())];
        let encoder = SoundEncoder::open(&SoundSetup {
            name: sound.encoder,
            format,
            rate: sound.rate,
            layout: sound.layout,
            options: if is_lossless(sound.encoder) { &[] } else { &bits },
            global_header: muxer.wants_global_header(),
        })?;
        let rate = i32::try_from(sound.rate).unwrap_or(i32::MAX);
        let stream = muxer.add_stream(&StreamSetup {
            parameters: &encoder.parameters()?,
            time_base: (1, rate),
            rate: None,
            pixel_aspect: (1, 1),
            tag: None,
            metadata: sound.metadata,
        })?;
        let waiting = Samples::silence(channels.into(), 0);
        Ok(SoundStream {
            encoder,
            stream,
            rate,
            format,
            channels,
            converter: None,
            waiting,
            sent: 0,
            packet: Packet::empty(),
        })
    }

    /// Its number in the file.
    pub(crate) fn index(&self) -> usize {
        self.stream
    }

    /// Encodes the next samples into the file.
    pub(crate) fn write(&mut self, samples: &Samples, muxer: &mut Muxer) -> Result<()> {
        if samples.channels() != usize::from(self.channels) {
            let what = format!("{} channels for a stream of {}", samples.channels(), self.channels);
            return Err(Error::new(ErrorKind::Encode, what));
        }
        let converted = self.converter.as_mut().map(|converter| converter.next(samples, false)).transpose()?;
        self.take(converted.as_ref().unwrap_or(samples), muxer)
    }

    /// Encodes the next samples, which have the rate of the stream.
    fn take(&mut self, samples: &Samples, muxer: &mut Muxer) -> Result<()> {
        self.waiting.append(samples);
        let len = self.encoder.frame_len().unwrap_or(CHUNK);
        let mut taken = 0;
        while self.waiting.len() - taken >= len {
            self.send(taken..taken + len, muxer)?;
            taken += len;
        }
        self.waiting.drop_front(taken);
        Ok(())
    }

    /// Encodes what is left.
    pub(crate) fn finish(&mut self, muxer: &mut Muxer) -> Result<()> {
        if let Some(mut converter) = self.converter.take() {
            let rest = converter.next(&Samples::silence(self.channels.into(), 0), true)?;
            self.take(&rest, muxer)?;
        }
        if !self.waiting.is_empty() {
            self.send(0..self.waiting.len(), muxer)?;
            self.waiting = Samples::silence(self.channels.into(), 0);
        }
        self.encoder.send(None)?;
        self.drain(muxer)
    }

    fn send(&mut self, range: std::ops::Range<usize>, muxer: &mut Muxer) -> Result<()> {
        let layout = ChannelLayout::default(i32::from(self.channels));
        let mut frame = Audio::new(self.format, range.len(), layout);
        frame.set_rate(u32::try_from(self.rate).unwrap_or(0));
        frame.set_pts(Some(self.sent));
        let channels = usize::from(self.channels);
        for channel in 0..channels {
            let plane = &self.waiting.plane(channel)[range.clone()];
            match self.format {
                Sample::U8(Type::Packed) => interleave(&mut frame, channel, channels, plane, unsigned),
                Sample::I16(Type::Packed) => interleave(&mut frame, channel, channels, plane, short),
                Sample::I32(Type::Packed) => interleave(&mut frame, channel, channels, plane, integer),
                Sample::F32(Type::Packed) => interleave(&mut frame, channel, channels, plane, |sample| sample),
                Sample::F64(Type::Packed) => interleave(&mut frame, channel, channels, plane, f64::from),
                Sample::I32(Type::Planar) => {
                    let samples = frame.plane_mut::<i32>(channel).iter_mut();
                    samples.zip(plane).for_each(|(to, sample)| *to = integer(*sample));
                }
                _ => frame.plane_mut::<f32>(channel).copy_from_slice(plane),
            }
        }
        self.sent += i64::try_from(range.len()).unwrap_or(0);
        self.encoder.send(Some(&frame))?;
        self.drain(muxer)
    }

    fn drain(&mut self, muxer: &mut Muxer) -> Result<()> {
        while self.encoder.receive(&mut self.packet)? {
            muxer.write(self.stream, &mut self.packet, (1, self.rate))?;
        }
        Ok(())
    }
}

/// How samples go into an encoder.
fn input_format(encoder: &str) -> Sample {
    match encoder {
        "pcm_u8" => Sample::U8(Type::Packed),
        "mp2" => Sample::I16(Type::Packed),
        "libopus" => Sample::F32(Type::Packed),
        "flac" => Sample::I32(Type::Packed),
        "alac" => Sample::I32(Type::Planar),
        _ if encoder.starts_with("pcm_s16") => Sample::I16(Type::Packed),
        _ if encoder.starts_with("pcm_f32") => Sample::F32(Type::Packed),
        _ if encoder.starts_with("pcm_f64") => Sample::F64(Type::Packed),
        _ if encoder.starts_with("pcm_") => Sample::I32(Type::Packed),
        _ => Sample::F32(Type::Planar),
    }
}

/// Whether an encoder keeps samples as they are.
pub(crate) fn is_lossless(encoder: &str) -> bool {
    encoder.starts_with("pcm_") || matches!(encoder, "flac" | "alac")
}

/// Bits per second for so many channels of `rate` samples a second.
fn bit_rate(encoder: &str, channels: u16, rate: u32) -> u32 {
    let wanted = BITS_PER_CHANNEL * u32::from(channels);
    // The most that these have: ATSC A/52; ISO/IEC 11172-3, and 13818-3 at half its rates.
    match encoder {
        "ac3" => wanted.min(640_000),
        "mp2" | "libmp3lame" => wanted.min(if rate < 32_000 { 160_000 } else { 320_000 }),
        _ => wanted,
    }
}

/// Writes one channel's samples between those of the others.
fn interleave<T: ffmpeg_next::frame::audio::Sample + Clone>(
    frame: &mut Audio,
    channel: usize,
    channels: usize,
    plane: &[f32],
    convert: impl Fn(f32) -> T,
) {
    let packed = frame.plane_mut::<T>(0).iter_mut().skip(channel).step_by(channels);
    packed.zip(plane).for_each(|(to, sample)| *to = convert(*sample));
}

/// The whole number nearest to `value`, cut to whole numbers of 32 bits from `lowest` to `highest`.
#[allow(clippy::cast_possible_truncation, reason = "it is cut to a range of 32 bits")]
fn whole(value: f64, lowest: f64, highest: f64) -> i32 {
    nearest(value.clamp(lowest, highest)) as i32
}

/// A sample as a number of 24 bits in the upper part of 32: full scale and what lies beyond is cut to the largest.
fn integer(sample: f32) -> i32 {
    whole(f64::from(sample) * 8_388_608.0, -8_388_608.0, 8_388_607.0) << 8
}

/// A sample as a number of 16 bits, cut like those of 24.
#[allow(clippy::cast_possible_truncation, reason = "cut to the range of 16 bits just before")]
fn short(sample: f32) -> i16 {
    whole(f64::from(sample) * 32_768.0, -32_768.0, 32_767.0) as i16
}

/// A sample as a number of 8 bits around 128, cut like those of 24.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "cut to the range of 8 bits just before")]
fn unsigned(sample: f32) -> u8 {
    whole(f64::from(sample) * 128.0 + 128.0, 0.0, 255.0) as u8
}

/// The name of the layout under which `encoder` takes the channels of `stream`: its own, else the usual one of as many;
/// `None` where it takes neither.
pub(super) fn layout_taken(encoder: &str, stream: &AudioStream) -> Option<String> {
    let usual = ["mono", "stereo", "3.0", "4.0", "5.0", "5.1", "6.1", "7.1"];
    let usual = usual.get(usize::from(stream.channels).checked_sub(1)?).copied();
    let opens = |layout: &&str| {
        let setup = SoundSetup {
            name: encoder,
            format: input_format(encoder),
            rate: sound_rate(encoder, stream.rate),
            layout: (layout, stream.channels),
            options: &[],
            global_header: false,
        };
        SoundEncoder::open(&setup).is_ok()
    };
    std::iter::once(stream.layout.as_str()).chain(usual).find(opens).map(str::to_owned)
}

/// A WAV file of 24 bits, with the time of its first sample and the date and local time of its making in it (EBU Tech
/// 3285).
pub(crate) struct WavWriter {
    path: PathBuf,
    muxer: Muxer,
    stream: SoundStream,
}

impl WavWriter {
    /// Creates `path`, replacing what is there. `reference` is where its first sample lies, in samples since midnight.
    pub(crate) fn create(path: &Path, rate: u32, channels: u16, reference: i64) -> Result<WavWriter> {
        let at_file = |error: Error| error.at_file(path);
        let mut muxer = Muxer::create(path, "wav")?;
        let stream = SoundStream::add(&mut muxer, "pcm_s24le", rate, channels).map_err(at_file)?;
        let now = jiff::Zoned::now();
        let metadata = [
            ("origination_date".to_owned(), now.strftime("%Y-%m-%d").to_string()),
            ("origination_time".to_owned(), now.strftime("%H:%M:%S").to_string()),
            ("originator".to_owned(), env!("CARGO_PKG_NAME").to_owned()),
            ("time_reference".to_owned(), reference.to_string()),
        ];
        muxer.set_metadata(&metadata).map_err(at_file)?;
        // Past four gigabytes the file turns into an RF64 one.
        let options = [("write_bext".to_owned(), "1".to_owned()), ("rf64".to_owned(), "auto".to_owned())];
        muxer.write_header(&options).map_err(at_file)?;
        Ok(WavWriter { path: path.to_owned(), muxer, stream })
    }

    /// Writes the next samples.
    pub(crate) fn write(&mut self, samples: &Samples) -> Result<()> {
        self.stream.write(samples, &mut self.muxer).map_err(|error| error.at_file(&self.path))
    }

    /// Closes the file.
    pub(crate) fn finish(mut self) -> Result<()> {
        let finished = self.stream.finish(&mut self.muxer).and_then(|()| self.muxer.finish());
        finished.map_err(|error| error.at_file(&self.path))
    }
}

/// The WAV files of a mix: its own, and those of its stems.
pub(crate) struct WavFiles {
    whole: Option<WavWriter>,
    stems: Vec<WavWriter>,
}

impl WavFiles {
    /// Creates the file of the mix, where there is to be one, and those of the stems, of this format (samples a second and
    /// channels).
    pub(crate) fn create(
        whole: Option<&Path>,
        stems: &[PathBuf],
        (rate, channels): (u32, u16),
        reference: i64,
    ) -> Result<WavFiles> {
        let create = |path: &Path| WavWriter::create(path, rate, channels, reference);
        Ok(WavFiles {
            whole: whole.map(create).transpose()?,
            stems: stems.iter().map(|path| create(path)).collect::<Result<_>>()?,
        })
    }

    /// Writes the next samples.
    pub(crate) fn write(&mut self, mixed: &Mixed) -> Result<()> {
        if let Some(wav) = &mut self.whole {
            wav.write(&mixed.whole)?;
        }
        self.stems.iter_mut().zip(&mixed.stems).try_for_each(|(wav, stem)| wav.write(stem))
    }

    /// Closes the files.
    pub(crate) fn finish(self) -> Result<()> {
        self.whole.into_iter().chain(self.stems).try_for_each(WavWriter::finish)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::cast_possible_truncation, reason = "cut to a range just before")]
    fn whole_numbers_are_what_round_makes_of_samples() {
        let near_halves = (-70_000_i32..70_000).map(|step| step as f32 / 131_072.0);
        let bits = (0..60_000_u32).map(|step| f32::from_bits(step.wrapping_mul(2_654_435_761)));
        for sample in near_halves.chain(bits).chain([1.0, -1.0, 0.999_999_94, f32::INFINITY, f32::NAN]) {
            let rounded = |steps: f64, low: f64, high: f64| (f64::from(sample) * steps).round().clamp(low, high) as i32;
            assert_eq!(integer(sample), rounded(8_388_608.0, -8_388_608.0, 8_388_607.0) << 8, "{sample}");
            assert_eq!(i32::from(short(sample)), rounded(32_768.0, -32_768.0, 32_767.0), "{sample}");
            let byte = (f64::from(sample) * 128.0 + 128.0).round().clamp(0.0, 255.0) as i32;
            assert_eq!(i32::from(unsigned(sample)), byte, "{sample}");
        }
    }
}
