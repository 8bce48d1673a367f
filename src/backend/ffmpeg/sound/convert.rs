//! Samples at another rate, through swresample: any place of them, as if everything before had been converted.

use ffmpeg_next::format::Sample;
use ffmpeg_next::format::sample::Type;
use ffmpeg_next::frame::Audio;
use ffmpeg_next::software::resampling::Context;
use ffmpeg_next::{ChannelLayout, Dictionary};

use crate::audio::Samples;
use crate::error::{Error, ErrorKind, Result};

/// How many samples in front of a place conversion starts, at the lower of both rates: more than the filter is long.
const LEAD: i64 = 256;
/// How many samples are converted at once.
const CHUNK: usize = 4096;
/// How many samples already read are kept: who reads at another speed comes back a little.
const KEPT: usize = 8192;
const PLANAR: Sample = Sample::F32(Type::Planar);

/// Converts from one rate to another. Sample *n* of the result lies exactly at *n* × `from` / `to` of the source.
pub(super) struct RateConverter {
    from: u32,
    to: u32,
    channels: usize,
    context: Option<Context>,
    /// What was converted and not asked for yet, and the place of its first sample.
    ready: Samples,
    start: i64,
    /// The first place that is what it would be if everything before had been converted.
    settled: i64,
    /// The place in the source up to which samples went in.
    fed: i64,
}

impl RateConverter {
    pub(super) fn new(from: u32, to: u32, channels: usize) -> RateConverter {
        let ready = Samples::silence(channels, 0);
        RateConverter { from, to, channels, context: None, ready, start: 0, settled: 0, fed: 0 }
    }

    /// How many samples of the source are asked for at once.
    pub(super) const CHUNK: i64 = 4096;

    /// The place in the source up to which samples went in.
    pub(super) fn fed(&self) -> i64 {
        self.fed
    }

    /// The `count` samples from place `at` of the result on; `source` is asked for samples of the source.
    pub(super) fn read(
        &mut self,
        at: i64,
        count: usize,
        mut source: impl FnMut(i64, usize) -> Result<Samples>,
    ) -> Result<Samples> {
        if self.from == self.to {
            return source(at, count);
        }
        let ready = self.start + len(&self.ready);
        if self.context.is_none() || at < self.start.max(self.settled) || at > ready + i64::from(self.to) {
            self.begin(at)?;
        }
        while self.start + len(&self.ready) < at.saturating_add(i64::try_from(count).unwrap_or(i64::MAX)) {
            let input = source(self.fed, CHUNK)?;
            self.fed += len(&input);
            let output = self.convert(&input)?;
            self.ready.append(&output);
        }
        let skip = usize::try_from(at - self.start).unwrap_or(0);
        let samples = self.ready.part(skip..skip + count);
        if skip > 2 * KEPT {
            self.ready.drop_front(skip - KEPT);
            self.start += i64::try_from(skip - KEPT).unwrap_or(0);
        }
        Ok(samples)
    }

    /// Starts anew, at a place in front of `at` where a sample of both rates lies.
    fn begin(&mut self, at: i64) -> Result<()> {
        let divisor = i64::from(gcd(self.from, self.to));
        let (from, to) = (i64::from(self.from) / divisor, i64::from(self.to) / divisor);
        let lead = LEAD * i64::from(self.to.max(self.from)) / i64::from(self.from) + 1;
        let block = (at - lead).div_euclid(to);
        (self.start, self.fed, self.settled) = (block * to, block * from, at);
        self.ready = Samples::silence(self.channels, 0);
        let layout = ChannelLayout::default(i32::try_from(self.channels).unwrap_or(1));
        let mut options = Dictionary::new();
        options.set("filter_size", "64");
        options.set("phase_shift", "10");
        options.set("cutoff", "0.97");
        options.set("exact_rational", "1");
        let context = Context::get_with(PLANAR, layout, self.from, PLANAR, layout, self.to, options);
        self.context = Some(context.map_err(|cause| failed().because(cause))?);
        Ok(())
    }

    fn convert(&mut self, input: &Samples) -> Result<Samples> {
        let context = self.context.as_mut().ok_or_else(failed)?;
        let layout = ChannelLayout::default(i32::try_from(self.channels).unwrap_or(1));
        let mut frame = Audio::new(PLANAR, input.len(), layout);
        frame.set_rate(self.from);
        for channel in 0..self.channels {
            frame.plane_mut::<f32>(channel).copy_from_slice(input.plane(channel));
        }
        let room = u64::from(self.to) * input.len() as u64 / u64::from(self.from) + 512;
        let mut output = Audio::new(PLANAR, usize::try_from(room).unwrap_or(CHUNK), layout);
        output.set_rate(self.to);
        context.run(&frame, &mut output).map_err(|cause| failed().because(cause))?;
        let mut samples = Samples::silence(self.channels, output.samples());
        for channel in 0..self.channels {
            samples.plane_mut(channel).copy_from_slice(output.plane::<f32>(channel));
        }
        Ok(samples)
    }
}

fn failed() -> Error {
    Error::new(ErrorKind::Decode, "converting the sample rate failed")
}

fn len(samples: &Samples) -> i64 {
    i64::try_from(samples.len()).unwrap_or(i64::MAX)
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples without a pattern, of which every place is known.
    #[allow(clippy::unnecessary_wraps, reason = "as sources of samples are")]
    fn noise(at: i64, count: usize) -> Result<Samples> {
        let mut samples = Samples::silence(1, count);
        for (place, sample) in (at..).zip(samples.plane_mut(0)) {
            let mixed = (place.unsigned_abs() + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            *sample = (mixed >> 40) as f32 / 16_777_216.0 - 0.5;
        }
        Ok(samples)
    }

    #[test]
    fn what_is_just_in_front_of_the_first_place_is_too() {
        let all = RateConverter::new(44_100, 48_000, 1).read(0, 30_000, noise).expect("it converts");
        let mut backwards = RateConverter::new(44_100, 48_000, 1);
        for at in (1i64..117).rev().map(|block| block * 170) {
            let part = backwards.read(at, 170, noise).expect("it converts");
            let at = usize::try_from(at).expect("positive");
            assert!(part == all.part(at..at + 170), "{at}");
        }
    }

    #[test]
    fn any_place_is_what_it_is_when_all_before_was_converted() {
        for (from, to) in [(44_100, 48_000), (48_000, 44_100), (96_000, 48_000), (48_000, 22_050), (32_000, 96_000)] {
            let mut whole = RateConverter::new(from, to, 1);
            let all = whole.read(0, 60_000, noise).expect("it converts");
            for at in [700i64, 14_815, 15_194, 30_001, 48_123, 59_000] {
                let part = RateConverter::new(from, to, 1).read(at, 500, noise).expect("it converts");
                let at = usize::try_from(at).expect("positive");
                let differs = part.plane(0).iter().zip(&all.plane(0)[at..at + 500]).position(|(a, b)| a != b);
                assert_eq!(differs, None, "{from} to {to}, from {at} on");
            }
        }
    }
}
