//! Planar samples.

use std::ops::Range;

/// A run of samples of one or more channels, one plane each.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Samples {
    planes: Vec<Vec<f32>>,
    len: usize,
}

impl Samples {
    /// `len` samples of silence in `channels` channels.
    pub fn silence(channels: usize, len: usize) -> Samples {
        Samples { planes: vec![vec![0.0; len]; channels], len }
    }

    /// How many samples each channel has.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many channels there are.
    pub fn channels(&self) -> usize {
        self.planes.len()
    }

    /// The samples of channel `channel`.
    pub fn plane(&self, channel: usize) -> &[f32] {
        &self.planes[channel]
    }

    /// The samples of channel `channel`, to be written.
    pub fn plane_mut(&mut self, channel: usize) -> &mut [f32] {
        &mut self.planes[channel]
    }

    /// Adds `other`, which has as many channels, behind the last sample.
    pub fn append(&mut self, other: &Samples) {
        self.push(other, 0..other.len());
    }

    /// Adds the samples `range` of `other`, which has as many channels, behind the last one.
    pub fn push(&mut self, other: &Samples, range: Range<usize>) {
        for (plane, more) in self.planes.iter_mut().zip(&other.planes) {
            plane.extend_from_slice(&more[range.clone()]);
        }
        self.len += range.len();
    }

    /// Adds `count` samples of silence behind the last one.
    pub fn pad(&mut self, count: usize) {
        self.len += count;
        for plane in &mut self.planes {
            plane.resize(self.len, 0.0);
        }
    }

    /// Takes the first `count` samples away.
    pub fn drop_front(&mut self, count: usize) {
        let count = count.min(self.len);
        for plane in &mut self.planes {
            plane.drain(..count);
        }
        self.len -= count;
    }

    /// The samples `range` alone.
    #[must_use]
    pub fn part(&self, range: Range<usize>) -> Samples {
        let planes = self.planes.iter().map(|plane| plane[range.clone()].to_vec()).collect();
        Samples { planes, len: range.len() }
    }

    /// Adds `other` to what is there from sample `at` on; what lies beyond the end is left out. Channels that only one
    /// of both has stay as they are.
    pub fn mix(&mut self, other: &Samples, at: usize) {
        for (plane, more) in self.planes.iter_mut().zip(&other.planes) {
            for (sample, more) in plane.iter_mut().skip(at).zip(more) {
                *sample += more;
            }
        }
    }

    /// Multiplies sample *i* of every channel with `gain(i)`.
    pub fn scale(&mut self, gain: impl Fn(usize) -> f32) {
        for index in 0..self.len {
            let gain = gain(index);
            for plane in &mut self.planes {
                plane[index] *= gain;
            }
        }
    }

    /// Rounds every sample to a whole number of 2⁻²³, the step of 24-bit files. Sums of such samples are exact, whatever
    /// their order.
    pub fn round_to_24_bits(&mut self) {
        const STEPS: f64 = 8_388_608.0;
        #[allow(clippy::cast_possible_truncation, reason = "a multiple of 2⁻²³ of this size is a 32-bit float")]
        let round = |sample: f32| (nearest(f64::from(sample) * STEPS) / STEPS) as f32;
        self.planes.iter_mut().flatten().for_each(|sample| *sample = round(*sample));
    }

    /// The sum of `parts`, which have as many channels and samples as the first: exact up to the rounding of the result.
    #[must_use]
    pub fn sum(parts: &[Samples]) -> Samples {
        let Some(first) = parts.first() else { return Samples::default() };
        let mut sum = first.clone();
        if parts.len() == 1 {
            return sum;
        }
        for (channel, plane) in sum.planes.iter_mut().enumerate() {
            for (index, sample) in plane.iter_mut().enumerate() {
                let exact: f64 = parts.iter().map(|part| f64::from(part.planes[channel][index])).sum();
                #[allow(clippy::cast_possible_truncation, reason = "samples have the precision of a 32-bit float")]
                {
                    *sample = exact as f32;
                }
            }
        }
        sum
    }

    /// Cuts off what is beyond ±`level`.
    pub fn clip(&mut self, level: f32) {
        self.planes.iter_mut().flatten().for_each(|sample| *sample = sample.clamp(-level, level));
    }

    /// Turns the samples round in time.
    pub fn reverse(&mut self) {
        self.planes.iter_mut().for_each(|plane| plane.reverse());
    }
}

/// What `f64::round` makes of a number of no more digits than an `f32` has, without a call for each: the nearest whole
/// number, halves away from zero.
#[allow(clippy::cast_possible_truncation, reason = "what is larger than that has no fraction, and is left as it is")]
pub(crate) fn nearest(value: f64) -> f64 {
    const WHOLE: f64 = (1_u64 << 31) as f64;
    if value.abs() < WHOLE { f64::from((value + 0.5_f64.copysign(value)) as i32) } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_whole_number_is_what_round_says() {
        let small = (-4_000_i16..4_000).map(|step| f64::from(step) / 16.0);
        let bits = (0..40_000_u32).map(|step| f64::from(f32::from_bits(step.wrapping_mul(2_654_435_761))));
        for value in small.chain(bits).chain([0.499_999_97, 8_388_607.5, -8_388_607.5, 2_147_483_648.0]) {
            assert!(nearest(value) == value.round() || value.is_nan(), "{value}: {}", nearest(value));
        }
        assert!(nearest(f64::NAN).is_nan());
    }
}
