//! K-weighting: the filter in front of every measurement of loudness (ITU-R BS.1770, annex 1).
//!
//! Each output builds on the one before, so a channel alone waits for its own results; channels go side by side.

use std::f64::consts::PI;

/// How many channels go through the filter at once.
const LANES: usize = 2;
/// What is smaller is nothing, 600 dB below full scale: numbers that a processor is slow with never come up.
const NOTHING: f64 = 1e-30;

/// Measures the energy of channels behind the filter.
#[derive(Debug, Clone)]
pub(super) struct Weighting {
    /// Of the two filters as one of fourth order: what goes in, and what comes back.
    forward: [f64; 5],
    back: [f64; 5],
    /// The last inner values of each pair of channels, the newest first.
    inner: Vec<[[f64; LANES]; 4]>,
}

impl Weighting {
    /// A filter for `channels` channels of `rate` samples a second.
    pub(super) fn new(rate: u32, channels: usize) -> Weighting {
        let (shelf, pass) = (shelf(rate.into()), high_pass(rate.into()));
        let inner = vec![[[0.0; LANES]; 4]; channels.div_ceil(LANES)];
        Weighting { forward: product(shelf.0, pass.0), back: product(shelf.1, pass.1), inner }
    }

    /// Filters the next samples, a plane for each channel and all of one length, and adds the sum of their squares to
    /// `energies`, which has as many values as there are channels.
    pub(super) fn add(&mut self, planes: &[&[f32]], energies: &mut [f64]) {
        let pairs = planes.chunks(LANES).zip(energies.chunks_mut(LANES));
        for ((planes, energies), inner) in pairs.zip(&mut self.inner) {
            let sums = match planes {
                [left, right] => run(&self.forward, &self.back, inner, left, right),
                [only] => run(&self.forward, &self.back, inner, only, only),
                _ => [0.0; LANES],
            };
            energies.iter_mut().zip(sums).for_each(|(energy, sum)| *energy += sum);
        }
    }
}

/// Filters two channels side by side: the sum of the squares of what comes out of each.
fn run(
    forward: &[f64; 5],
    back: &[f64; 5],
    inner: &mut [[f64; LANES]; 4],
    left: &[f32],
    right: &[f32],
) -> [f64; LANES] {
    let [mut first, mut second, mut third, mut fourth] = *inner;
    let mut sums = [0.0; LANES];
    for (left, right) in left.iter().zip(right) {
        let samples = [f64::from(*left), f64::from(*right)];
        let mut next = [0.0; LANES];
        for lane in 0..LANES {
            // The newest comes last: only that has to be waited for.
            let before = samples[lane] - back[4] * fourth[lane] - back[3] * third[lane] - back[2] * second[lane];
            next[lane] = before - back[1] * first[lane];
            let rest = forward[4] * fourth[lane] + forward[3] * third[lane] + forward[2] * second[lane];
            let output = rest + forward[1] * first[lane] + forward[0] * next[lane];
            sums[lane] += output * output;
        }
        (first, second, third, fourth) = (next, first, second, third);
    }
    *inner = [first, second, third, fourth];
    inner.iter_mut().flatten().filter(|value| value.abs() < NOTHING).for_each(|value| *value = 0.0);
    sums
}

/// The coefficients of a filter of second order: those of what goes in, and those of what comes back.
type Biquad = ([f64; 3], [f64; 3]);

/// The first stage, a shelf that lifts what is high by 4 dB, for any rate: the analogue filter whose form at 48 kHz the
/// recommendation lists.
fn shelf(rate: f64) -> Biquad {
    let (frequency, quality) = (1_681.974_450_955_533, 0.707_175_236_955_419_6);
    let high = 10f64.powf(3.999_843_853_973_347 / 20.0);
    let middle = high.powf(0.499_666_774_154_541_6);
    let k = (PI * frequency / rate).tan();
    let scale = 1.0 + k / quality + k * k;
    let forward = [high + middle * k / quality + k * k, 2.0 * (k * k - high), high - middle * k / quality + k * k];
    (forward.map(|value| value / scale), returning(k, quality))
}

/// The second stage, a high pass; its gain is that of the recommendation.
fn high_pass(rate: f64) -> Biquad {
    let (frequency, quality) = (38.135_470_876_024_44, 0.500_327_037_323_877_3);
    ([1.0, -2.0, 1.0], returning((PI * frequency / rate).tan(), quality))
}

/// What comes back in a filter of second order.
fn returning(k: f64, quality: f64) -> [f64; 3] {
    let scale = 1.0 + k / quality + k * k;
    [1.0, 2.0 * (k * k - 1.0) / scale, (1.0 - k / quality + k * k) / scale]
}

/// The coefficients of two filters behind one another.
fn product(a: [f64; 3], b: [f64; 3]) -> [f64; 5] {
    let mut product = [0.0; 5];
    for (i, a) in a.iter().enumerate() {
        for (j, b) in b.iter().enumerate() {
            product[i + j] += a * b;
        }
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_48_khz_it_has_the_coefficients_of_the_recommendation() {
        let close =
            |own: [f64; 3], listed: [f64; 3]| own.iter().zip(listed).all(|(own, listed)| (own - listed).abs() < 1e-9);
        let (forward, back) = shelf(48_000.0);
        assert!(close(forward, [1.535_124_859_586_97, -2.691_696_189_406_38, 1.198_392_810_852_85]), "{forward:?}");
        assert!(close(back, [1.0, -1.690_659_293_182_41, 0.732_480_774_215_85]), "{back:?}");
        let (forward, back) = high_pass(48_000.0);
        assert!(close(forward, [1.0, -2.0, 1.0]), "{forward:?}");
        assert!(close(back, [1.0, -1.990_047_454_833_98, 0.990_072_250_366_21]), "{back:?}");
    }

    #[test]
    fn energies_are_the_same_wherever_a_block_ends() {
        let tone = |channel: usize| -> Vec<f32> {
            let step = [0.1f32, 0.31, 0.7][channel];
            (0..9_000u16).map(|index| (f32::from(index) * step).sin()).collect()
        };
        let planes: Vec<Vec<f32>> = (0..3).map(tone).collect();
        let energies = |length: usize| {
            let (mut weighting, mut energies) = (Weighting::new(44_100, 3), vec![0.0; 3]);
            for at in (0..9_000).step_by(length) {
                let part: Vec<&[f32]> = planes.iter().map(|plane| &plane[at..(at + length).min(9_000)]).collect();
                weighting.add(&part, &mut energies);
            }
            energies
        };
        let whole = energies(9_000);
        for (whole, parts) in whole.iter().zip(energies(127)) {
            assert!((whole - parts).abs() < 1e-9 * whole, "{whole} {parts}");
        }
        assert!(whole[2] > whole[0] && whole[0] > 100.0, "{whole:?}");
    }

    #[test]
    fn silence_behind_sound_comes_to_an_end() {
        let (mut weighting, mut energies) = (Weighting::new(48_000, 1), [0.0]);
        weighting.add(&[&[1.0; 4_800]], &mut energies);
        for _ in 0..20 {
            weighting.add(&[&[0.0; 4_800]], &mut energies);
        }
        assert!(weighting.inner.iter().flatten().flatten().all(|value| *value == 0.0), "{:?}", weighting.inner);
    }
}
