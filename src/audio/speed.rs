//! Sound at another speed: samples between samples, where the pitch follows.

use std::sync::LazyLock;

use super::Samples;
use crate::time::Ratio;

/// How many samples on either side of a place are listened to at plain speed; faster, as many times more.
pub const REACH: usize = 32;

/// The shape of the window's edges: about 90 dB down beside the pass band.
const BETA: f64 = 9.0;

/// Where the pass band ends, as a part of what the slower of both rates can hold.
const PASS: f64 = 0.94;

/// The weights at the places between two samples are kept where there are no more of those than this.
const PHASES: i128 = 2048;

/// Places are taken to this part of a sample where they are given more finely: numbers stay small.
const FINEST: i64 = 1 << 32;

/// The window from its middle to its edge, at the squares of even distances.
static WINDOW: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let value = |step: u32| bessel(BETA * (f64::from(step) / f64::from(WINDOW_STEPS)).sqrt()) / bessel(BETA);
    (0..=WINDOW_STEPS).map(value).collect()
});
const WINDOW_STEPS: u32 = 4096;

/// `count` samples of `source` at the places `first`, `first + step` and so on, counted in samples from its first. What
/// lies outside it is silence. Backwards where `step` is negative; fast, what the result cannot hold is filtered out.
pub fn at_speed(source: &Samples, first: Ratio, step: Ratio, count: usize) -> Samples {
    let mut result = Samples::silence(source.channels(), count);
    let kernel = Kernel::new(step.abs().to_f64().max(1.0));
    let (first, step) = (finest(first), finest(step));
    // Places as whole numbers of one denominator.
    let (num, den) = (i128::from(first.num()), i128::from(first.den()));
    let (step_num, step_den) = (i128::from(step.num()), i128::from(step.den()));
    let denominator = den * step_den;
    let mut place = num * step_den;
    let keeps = denominator <= PHASES;
    let mut phases: Vec<Vec<f32>> = vec![Vec::new(); usize::try_from(denominator.min(PHASES)).unwrap_or(0)];
    for index in 0..count {
        let (whole, rest) = (place.div_euclid(denominator), place.rem_euclid(denominator));
        place += step_num * den;
        let weights = &mut phases[if keeps { usize::try_from(rest).unwrap_or(0) } else { 0 }];
        if weights.is_empty() || !keeps {
            kernel.weights(rest as f64 / denominator as f64, weights);
        }
        let low = whole - i128::from(kernel.reach) + 1;
        let skip = usize::try_from(-low).unwrap_or(0).min(weights.len());
        let from = usize::try_from(low).unwrap_or(0).min(source.len());
        for channel in 0..source.channels() {
            result.plane_mut(channel)[index] = dot(&source.plane(channel)[from..], &weights[skip..]);
        }
    }
    result
}

/// The sum of the products, as far as both reach. Eight sums side by side are what a processor is good at.
fn dot(samples: &[f32], weights: &[f32]) -> f32 {
    let len = samples.len().min(weights.len());
    let (samples, weights) = (samples[..len].chunks_exact(8), weights[..len].chunks_exact(8));
    let rest: f32 = samples.remainder().iter().zip(weights.remainder()).map(|(sample, weight)| sample * weight).sum();
    let mut sums = [0.0f32; 8];
    for (samples, weights) in samples.zip(weights) {
        for lane in 0..8 {
            sums[lane] += samples[lane] * weights[lane];
        }
    }
    rest + sums.iter().sum::<f32>()
}

/// A windowed sine that hears as much as the slower of both rates can hold.
struct Kernel {
    cutoff: f64,
    /// How many samples on either side it hears.
    reach: u32,
}

impl Kernel {
    fn new(speed: f64) -> Kernel {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive number, cut to 32 bits")]
        let reach = (REACH as f64 * speed).ceil() as u32;
        Kernel { cutoff: PASS / speed, reach }
    }

    /// Puts into `weights` how much of each sample is heard at a place `fraction` behind the one in the middle.
    fn weights(&self, fraction: f64, weights: &mut Vec<f32>) {
        let reach = i64::from(self.reach);
        let weight = |offset: i64| {
            let distance = offset as f64 - fraction;
            let edge = 1.0 - (distance / f64::from(self.reach)).powi(2);
            if edge <= 0.0 { 0.0 } else { sinc(distance * self.cutoff) * window(edge) }
        };
        weights.clear();
        #[allow(clippy::cast_possible_truncation, reason = "samples have the precision of a 32-bit float")]
        weights.extend((1 - reach..=reach).map(|offset| weight(offset) as f32));
        // Their sum is the same whatever the fraction: between equal samples there would be a tone else.
        let sum: f32 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= sum);
    }
}

/// The window's value where 1 − the square of the distance from its middle is `edge`, between 0 and 1.
fn window(edge: f64) -> f64 {
    let place = edge * f64::from(WINDOW_STEPS);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the table")]
    let step = (place as usize).min(WINDOW.len() - 2);
    let (low, high) = (WINDOW[step], WINDOW[step + 1]);
    low + (high - low) * (place - step as f64)
}

/// `place`, in samples, to a part of one that is no matter.
pub fn finest(place: Ratio) -> Ratio {
    if place.den() <= FINEST {
        return place;
    }
    let parts = (i128::from(place.num()) * i128::from(FINEST)).div_euclid(i128::from(place.den()));
    Ratio::new(i64::try_from(parts).unwrap_or(if parts < 0 { i64::MIN } else { i64::MAX }), FINEST)
}

fn sinc(x: f64) -> f64 {
    let x = x * std::f64::consts::PI;
    if x.abs() < 1e-9 { 1.0 } else { x.sin() / x }
}

/// The modified Bessel function of order zero.
fn bessel(x: f64) -> f64 {
    let (mut sum, mut term, quarter) = (1.0, 1.0, x * x / 4.0);
    for n in 1..50 {
        term *= quarter / f64::from(n * n);
        sum += term;
        if term < sum * 1e-12 {
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::cast_possible_truncation, reason = "samples have the precision of a 32-bit float")]
    fn tone(frequency: f64, len: usize) -> Samples {
        let mut samples = Samples::silence(1, len);
        for (index, sample) in samples.plane_mut(0).iter_mut().enumerate() {
            *sample = (std::f64::consts::TAU * frequency * index as f64).sin() as f32;
        }
        samples
    }

    #[test]
    fn a_tone_at_another_speed_is_the_tone_an_interval_away() {
        let source = tone(0.02, 4000);
        for (num, den) in [(1, 2), (3, 2), (-1, 1), (-7, 5), (1001, 1000)] {
            let step = Ratio::new(num, den);
            let first = Ratio::new(20_001, 10);
            let heard = at_speed(&source, first, step, 500);
            for (index, &sample) in heard.plane(0).iter().enumerate() {
                let place = first.to_f64() + index as f64 * step.to_f64();
                let wanted = (std::f64::consts::TAU * 0.02 * place).sin();
                assert!((f64::from(sample) - wanted).abs() < 1e-3, "{num}/{den}: {index}: {sample}, not {wanted}");
            }
        }
    }

    #[test]
    fn what_is_too_high_for_the_faster_sound_is_gone() {
        let heard = at_speed(&tone(0.4, 8000), Ratio::whole(1000), Ratio::whole(3), 1000);
        let peak = heard.plane(0).iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
        assert!(peak < 1e-3, "{peak}");
    }
}
