//! Sound at another speed: samples between samples, where the pitch follows.

use crate::time::Ratio;

use super::Samples;

/// How many samples on either side of a place are listened to at plain speed; faster, as many times more.
pub const REACH: usize = 32;

/// The shape of the window's edges: about 90 dB down beside the pass band.
const BETA: f64 = 9.0;

/// Where the pass band ends, as a part of what the slower of both rates can hold.
const PASS: f64 = 0.94;

/// `count` samples of `source` at the places `first`, `first + step` and so on, counted in samples from its first. What
/// lies outside it is silence. Backwards where `step` is negative; fast, what the result cannot hold is filtered out.
pub fn at_speed(source: &Samples, first: Ratio, step: Ratio, count: usize) -> Samples {
    let mut result = Samples::silence(source.channels(), count);
    let speed = step.abs().to_f64().max(1.0);
    let cutoff = PASS / speed;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small positive number, rounded up")]
    let reach = (REACH as f64 * speed).ceil() as i64;
    let span = reach as f64;
    let norm = bessel(BETA);
    let mut weights = Vec::new();
    for index in 0..count {
        let place = first + Ratio::whole(index as i64) * step;
        let whole = place.floor();
        let fraction = (place - Ratio::whole(whole)).to_f64();
        let low = whole - reach + 1;
        weights.clear();
        weights.extend((low..=whole + reach).map(|sample| {
            let distance = (sample - whole) as f64 - fraction;
            let edge = 1.0 - (distance / span).powi(2);
            if edge <= 0.0 { 0.0 } else { sinc(distance * cutoff) * cutoff * bessel(BETA * edge.sqrt()) / norm }
        }));
        // The sum of the weights is 1 but for the last digits, whatever the fraction: silence between equal samples
        // would be a tone.
        let sum: f64 = weights.iter().sum();
        for channel in 0..source.channels() {
            let plane = source.plane(channel);
            let heard = (low..).zip(&weights).filter_map(|(sample, weight)| {
                let sample = usize::try_from(sample).ok().and_then(|sample| plane.get(sample))?;
                Some(f64::from(*sample) * weight)
            });
            #[allow(clippy::cast_possible_truncation, reason = "samples have the precision of a 32-bit float")]
            let value = (heard.sum::<f64>() / sum) as f32;
            result.plane_mut(channel)[index] = value;
        }
    }
    result
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
