//! A limiter: what is too loud is made softer before it gets there.

use std::collections::VecDeque;

use super::Samples;

/// How far around a sample that is too loud everything is made softer by as much, in seconds: longer than half a period
/// of the lowest tones. Over as much again the gain comes and goes.
const HOLD: f64 = 0.015;

/// Keeps samples below a ceiling. All channels get the same gain, which depends on nothing but the samples around: wherever
/// the run begins, the same samples come out.
#[derive(Debug)]
pub struct Limiter {
    ceiling: f32,
    /// How many samples on either side count.
    reach: usize,
    /// Samples whose gain is not known yet.
    waiting: Samples,
    /// How many gains have been asked for.
    count: usize,
    /// Gains that are needed, with their places: each is smaller than those behind it.
    least: VecDeque<(usize, f32)>,
    /// The least gain around each of the last places, and their sum.
    held: VecDeque<f32>,
    sum: f64,
    /// The smallest gain so far, and the place of the first one below 1.
    strongest: Option<(f32, u64)>,
    done: u64,
    /// How many of the next samples lie in front of the run.
    before: usize,
}

/// The same in samples, of which there are `rate` a second.
fn hold(rate: u32) -> usize {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a short time")]
    let samples = (HOLD * f64::from(rate)).ceil() as usize;
    samples
}

impl Limiter {
    /// A limiter for `channels` channels of `rate` samples a second, whose magnitudes are to stay at or below `ceiling`.
    pub fn new(ceiling: f32, rate: u32, channels: usize) -> Limiter {
        let reach = hold(rate);
        let mut limiter = Limiter {
            ceiling,
            reach,
            waiting: Samples::silence(channels, 0),
            count: 0,
            least: VecDeque::new(),
            held: VecDeque::new(),
            sum: 0.0,
            strongest: None,
            done: 0,
            before: 0,
        };
        // In front of the first sample there is silence.
        for _ in 0..2 * reach {
            limiter.gain(1.0);
        }
        limiter
    }

    /// How many samples on either side of one its gain depends on, of which there are `rate` a second.
    pub fn reach(rate: u32) -> usize {
        2 * hold(rate)
    }

    /// The same, whose first `before` samples lie in front of the run: they count as what is around it, and are not
    /// returned.
    #[must_use]
    pub fn after(mut self, before: usize) -> Limiter {
        self.before = before;
        self
    }

    /// Takes the next samples; returns those whose gain is known now, some 30 ms fewer at first.
    pub fn push(&mut self, samples: &Samples) -> Samples {
        self.waiting.append(samples);
        let loudest = |index: usize| {
            (0..samples.channels()).fold(0.0f32, |most, channel| most.max(samples.plane(channel)[index].abs()))
        };
        let gains = (0..samples.len()).filter_map(|index| {
            let loudest = loudest(index);
            self.gain(if loudest > self.ceiling { self.ceiling / loudest } else { 1.0 })
        });
        let gains: Vec<f32> = gains.collect();
        self.apply(&gains)
    }

    /// The samples that are still waiting: behind them there is silence.
    pub fn finish(&mut self) -> Samples {
        let gains: Vec<f32> = (0..2 * self.reach).filter_map(|_| self.gain(1.0)).collect();
        self.apply(&gains)
    }

    /// By how many decibels the loudest sample was made softer, and the place of the first one that was, counted from the
    /// start of the run; `None` where none was.
    pub fn strongest(&self) -> Option<(f64, u64)> {
        self.strongest.map(|(gain, first)| (-20.0 * f64::from(gain).log10(), first))
    }

    /// Takes the gain that the next sample needs; returns that of the sample two reaches before.
    fn gain(&mut self, needed: f32) -> Option<f32> {
        let window = 2 * self.reach + 1;
        while self.least.back().is_some_and(|(_, gain)| *gain >= needed) {
            self.least.pop_back();
        }
        self.least.push_back((self.count, needed));
        self.count += 1;
        while self.least.front().is_some_and(|(place, _)| place + window < self.count) {
            self.least.pop_front();
        }
        let least = self.least.front().map_or(1.0, |(_, gain)| *gain);
        self.held.push_back(least);
        self.sum += f64::from(least);
        if self.held.len() > window {
            self.sum -= self.held.pop_front().map_or(0.0, f64::from);
        }
        // The gains of the silence in front are nobody's.
        if self.count <= 4 * self.reach {
            return None;
        }
        let part = self.sum / self.held.len() as f64;
        #[allow(clippy::cast_possible_truncation, reason = "samples have the precision of a 32-bit float")]
        Some(if part > 1.0 - 1e-9 { 1.0 } else { part as f32 })
    }

    fn apply(&mut self, gains: &[f32]) -> Samples {
        let count = gains.len().min(self.waiting.len());
        let mut samples = self.waiting.part(0..count);
        self.waiting.drop_front(count);
        if gains.iter().any(|gain| *gain < 1.0) {
            samples.scale(|index| gains[index]);
            samples.clip(self.ceiling);
        }
        let before = self.before.min(count);
        self.before -= before;
        samples.drop_front(before);
        for (place, &gain) in (self.done..).zip(&gains[before..count]).filter(|(_, gain)| **gain < 1.0) {
            let (least, first) = self.strongest.unwrap_or((gain, place));
            self.strongest = Some((least.min(gain), first));
        }
        self.done += (count - before) as u64;
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(len: usize) -> Samples {
        let mut state = 1u32;
        let mut samples = Samples::silence(2, len);
        for index in 0..len {
            for channel in 0..2 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // A loud stretch in the middle.
                let level = if (6_000..6_500).contains(&index) { 4.0 } else { 0.6 };
                samples.plane_mut(channel)[index] = level * ((state >> 8) as f32 / 8_388_608.0 - 1.0);
            }
        }
        samples
    }

    fn limited(samples: &Samples, block: usize) -> (Samples, Limiter) {
        let mut limiter = Limiter::new(0.5, 48_000, 2);
        let mut result = Samples::silence(2, 0);
        let mut at = 0;
        while at < samples.len() {
            let end = (at + block).min(samples.len());
            result.append(&limiter.push(&samples.part(at..end)));
            at = end;
        }
        result.append(&limiter.finish());
        (result, limiter)
    }

    #[test]
    fn nothing_is_louder_than_the_ceiling_and_what_is_far_from_it_is_untouched() {
        let source = noise(12_000);
        let (result, limiter) = limited(&source, 1_000);
        assert_eq!(result.len(), source.len());
        for channel in 0..2 {
            assert!(result.plane(channel).iter().all(|sample| sample.abs() <= 0.5));
            let ratio = |index: usize| result.plane(channel)[index] / source.plane(channel)[index];
            // All around the loud stretch the gain is the same, and it changes by little from sample to sample.
            assert!((ratio(6_000) - ratio(6_490)).abs() < 1e-3);
            let steps = (1..12_000).map(|index| (ratio(index) - ratio(index - 1)).abs());
            assert!(steps.fold(0.0f32, f32::max) < 0.005);
        }
        let (decibels, first) = limiter.strongest().expect("it was loud");
        assert!((decibels - 20.0 * 8f64.log10()).abs() < 0.1 && first < 6_000, "{decibels} {first}");
    }

    #[test]
    fn the_size_of_the_blocks_makes_no_difference() {
        let source = noise(9_000);
        let (whole, _) = limited(&source, 9_000);
        assert_eq!(limited(&source, 7).0, whole);
    }

    #[test]
    fn a_part_is_limited_as_the_whole_is() {
        let source = noise(12_000);
        let (whole, _) = limited(&source, 1_000);
        let reach = Limiter::reach(48_000);
        for (first, end) in [(6_600, 9_000), (3_000, 6_200), (5_900, 6_100)] {
            let mut limiter = Limiter::new(0.5, 48_000, 2).after(reach);
            let mut part = limiter.push(&source.part(first - reach..first + 7));
            part.append(&limiter.push(&source.part(first + 7..end + reach)));
            assert!(part == whole.part(first..end), "{first}");
        }
    }

    #[test]
    fn what_is_soft_enough_is_the_same_bit_for_bit() {
        let mut source = noise(5_000);
        source.scale(|_| 0.8);
        let (result, limiter) = limited(&source, 512);
        assert_eq!((result, limiter.strongest()), (source, None));
    }
}
