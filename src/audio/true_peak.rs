//! True peak: the highest value between samples, too (ITU-R BS.1770, annex 2).
//!
//! Samples are interpolated to four times their rate, or twice from 96 kHz on, by a sinc of 48 taps under a Hann window, as
//! libebur128 does. Written for planes, many samples side by side, and left out where no value can be above the peak so far:
//! as part of the loudness meter this was most of the time that a mix took.

use std::f64::consts::PI;

use super::peak::highest;

/// The taps of the filter, of all phases together.
const TAPS: usize = 48;
/// How many samples are looked at as one, before any of them is interpolated.
const BLOCK: usize = 256;

/// The highest value between the samples of some channels.
#[derive(Debug, Clone)]
pub(super) struct TruePeak {
    /// For each place between two samples the weights of the samples around it, the oldest first.
    phases: Vec<Vec<f32>>,
    /// By how much an interpolated value may be above the highest sample around it.
    gain: f32,
    /// The last samples of each channel.
    history: Vec<Vec<f32>>,
    peak: f32,
}

impl TruePeak {
    pub(super) fn new(rate: u32, channels: usize) -> TruePeak {
        let factor = match rate {
            0..96_000 => 4,
            96_000..192_000 => 2,
            _ => 1,
        };
        // The first phase is the samples themselves.
        let phases: Vec<Vec<f32>> = (1..factor).map(|phase| phase_of(phase, factor)).collect();
        let sum = |phase: &Vec<f32>| phase.iter().map(|weight| weight.abs()).sum::<f32>();
        // A little more, for what sums are rounded by.
        let gain = phases.iter().map(sum).fold(1.0, f32::max) * 1.0001;
        let history = vec![vec![0.0; TAPS / factor - 1]; channels];
        TruePeak { phases, gain, history, peak: 0.0 }
    }

    /// Takes the next samples into account: a plane for each channel, as many as there are channels.
    pub(super) fn add(&mut self, planes: &[&[f32]]) {
        let mut window = Vec::with_capacity(TAPS + BLOCK);
        let mut values = [0.0; BLOCK];
        for (plane, history) in planes.iter().zip(&mut self.history) {
            let before = history.len();
            for block in plane.chunks(BLOCK) {
                window.clear();
                window.extend_from_slice(history);
                window.extend_from_slice(block);
                history.copy_from_slice(&window[window.len() - before..]);
                if highest(&window) * self.gain <= self.peak {
                    continue;
                }
                self.peak = self.peak.max(highest(block));
                for phase in &self.phases {
                    let values = &mut values[..block.len()];
                    interpolate(&window, phase, values);
                    self.peak = self.peak.max(highest(values));
                }
            }
        }
    }

    /// The highest value so far, 1 for full scale.
    pub(super) fn peak(&self) -> f64 {
        f64::from(self.peak)
    }
}

/// The weights of one of the places between two samples.
fn phase_of(phase: usize, factor: usize) -> Vec<f32> {
    let weight = |tap: usize| {
        let at = tap as f64;
        let window = 0.5 * (1.0 - (2.0 * PI * at / TAPS as f64).cos());
        let x = (at - TAPS as f64 / 2.0) * PI / factor as f64;
        #[allow(clippy::cast_possible_truncation, reason = "samples have the precision of a 32-bit float")]
        let weight = (if x.abs() < 1e-6 { window } else { window * x.sin() / x }) as f32;
        weight
    };
    // The newest sample has the first tap.
    (0..TAPS / factor).rev().map(|tap| weight(tap * factor + phase)).collect()
}

/// What `phase` makes of `window`, which holds what is in front of the first of `values`, too.
fn interpolate(window: &[f32], phase: &[f32], values: &mut [f32]) {
    let count = values.len();
    values.fill(0.0);
    // Four taps at once: each of them alone would wait for memory.
    let (groups, _) = phase.as_chunks::<4>();
    for (group, [a, b, c, d]) in groups.iter().enumerate() {
        let from = |tap: usize| &window[4 * group + tap..][..count];
        let (first, second, third, fourth) = (from(0), from(1), from(2), from(3));
        for index in 0..count {
            let older = a * first[index] + b * second[index];
            values[index] += older + (c * third[index] + d * fourth[index]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Something between a tone and noise, from one number.
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "samples of a test")]
    fn samples(seed: u32, count: usize, loud: f32) -> Vec<f32> {
        let mut state = seed;
        let mut noise = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        let tone = |index: usize| (index as f32 * 0.21 * (1.0 + seed as f32 % 7.0)).sin();
        // Loud and soft in turns, so that something is left out.
        let level = |index: usize| if (index / 700).is_multiple_of(3) { loud } else { loud * 0.2 };
        (0..count).map(|index| level(index) * (0.6 * tone(index) + 0.4 * noise())).collect()
    }

    #[test]
    fn it_is_what_libebur128_measures() {
        use ebur128::{EbuR128, Mode};
        for rate in [8_000, 44_100, 48_000, 96_000, 176_400, 192_000] {
            for channels in [1, 2, 3, 6] {
                let planes: Vec<Vec<f32>> =
                    (0..channels).map(|channel| samples(7 * rate + channel, 9_001, 0.9)).collect();
                let mut theirs = EbuR128::new(channels, rate, Mode::TRUE_PEAK).expect("a meter");
                let mut ours = TruePeak::new(rate, planes.len());
                let mut at = 0;
                // Blocks of all kinds of lengths.
                for length in (1..).map(|number: usize| number * 37 % 611 + 1) {
                    let end = (at + length).min(9_001);
                    let part: Vec<&[f32]> = planes.iter().map(|plane| &plane[at..end]).collect();
                    theirs.add_frames_planar_f32(&part).expect("samples");
                    ours.add(&part);
                    at = end;
                    if at == 9_001 {
                        break;
                    }
                }
                let peaks = (0..channels).map(|channel| theirs.true_peak(channel));
                let peak = peaks.map(|peak| peak.expect("a peak")).fold(0.0, f64::max);
                assert!((ours.peak() - peak).abs() < 4e-6, "{rate} {channels}: {} {peak}", ours.peak());
                assert!(peak > 0.3);
            }
        }
    }

    #[test]
    fn a_peak_between_samples_is_found_wherever_it_lies() {
        // A quarter of the rate, 45° off: every sample is at 0.707 of the peak.
        #[allow(clippy::cast_possible_truncation, reason = "samples of a test")]
        let tone =
            |index: usize| (std::f64::consts::FRAC_PI_2 * index as f64 + std::f64::consts::FRAC_PI_4).sin() as f32;
        for (before, count) in [(0, 64), (250, 300), (255, 30), (1_000, 20)] {
            let mut plane = vec![0.0; before];
            plane.extend((0..count).map(tone));
            plane.extend(vec![0.0; 40]);
            let mut meter = TruePeak::new(48_000, 1);
            meter.add(&[&plane]);
            assert!(meter.peak() > 0.97 && meter.peak() < 1.15, "{before} {count}: {}", meter.peak());
        }
    }
}
