//! Loudness, loudness range and true peak: EBU R 128, ITU-R BS.1770.

use std::collections::VecDeque;

use ebur128::{Channel, EbuR128, Mode};
use serde::{Deserialize, Serialize};

use super::true_peak::TruePeak;
use super::{Samples, Speaker};

/// How many steps of 100 ms make up the window of short-term loudness: 3 s.
const SHORT_TERM: usize = 30;
/// What is softer is silence, in LUFS.
const ABSOLUTE_GATE: f64 = -70.0;
/// What lies so many LU below the mean is left out of a loudness range.
const RELATIVE_GATE: f64 = -20.0;

/// How loud a run of samples is (EBU R 128).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Loudness {
    /// Integrated loudness in LUFS; `None` of silence, and of less than 0.4 seconds.
    pub integrated: Option<f64>,
    /// Loudness range in LU; `None` of silence, and of less than 3 seconds.
    pub range: Option<f64>,
    /// True peak in dBTP, the highest of all channels; `None` of silence.
    pub true_peak: Option<f64>,
}

impl std::fmt::Display for Loudness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.integrated {
            Some(loudness) => write!(f, "{loudness:.1} LUFS")?,
            None => f.write_str("no loudness (silent or too short)")?,
        }
        if let Some(range) = self.range {
            write!(f, ", range {range:.1} LU")?;
        }
        match self.true_peak {
            Some(peak) => write!(f, ", true peak {peak:+.1} dBTP"),
            None => Ok(()),
        }
    }
}

/// Measures the loudness of a run of samples.
pub struct LoudnessMeter {
    meter: EbuR128,
    peak: TruePeak,
    /// Samples in 100 ms, and how many came since the last whole step of that.
    step: usize,
    since: usize,
    /// Power of the last steps, and mean power of every window of 3 s, one for each step.
    steps: VecDeque<f64>,
    short_term: Vec<f64>,
}

impl std::fmt::Debug for LoudnessMeter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LoudnessMeter({} channels at {})", self.meter.channels(), self.meter.rate())
    }
}

impl LoudnessMeter {
    /// A meter for `rate` samples a second in channels at `speakers`: surrounds count +1.5 dB, low frequencies not at all.
    /// `None` for rates that cannot be measured, below 16 samples a second.
    pub fn new(rate: u32, speakers: &[Speaker]) -> Option<LoudnessMeter> {
        // Its loudness range has windows a second apart; Tech 3342 asks for 100 ms.
        let mut meter = EbuR128::new(u32::try_from(speakers.len()).ok()?, rate, Mode::I).ok()?;
        let channels: Vec<Channel> = speakers.iter().map(|speaker| channel(*speaker)).collect();
        meter.set_channel_map(&channels).ok()?;
        let step = rate as usize / 10;
        let peak = TruePeak::new(rate, speakers.len());
        let meter = LoudnessMeter { meter, peak, step, since: 0, steps: VecDeque::new(), short_term: Vec::new() };
        (step > 0).then_some(meter)
    }

    /// Takes the next samples of the run into account. With `clipped`, what lies beyond full scale counts as if it was
    /// cut off there, as it is in files of whole numbers.
    pub fn add(&mut self, samples: &Samples, clipped: bool) {
        let is_over = |channel: usize| samples.plane(channel).iter().any(|sample| sample.abs() > 1.0);
        if clipped && (0..samples.channels()).any(is_over) {
            let mut cut = samples.clone();
            cut.clip(1.0);
            return self.measure(&cut);
        }
        self.measure(samples);
    }

    fn measure(&mut self, samples: &Samples) {
        let planes: Vec<&[f32]> = (0..samples.channels()).map(|channel| samples.plane(channel)).collect();
        self.peak.add(&planes);
        let mut at = 0;
        while at < samples.len() {
            let end = samples.len().min(at + self.step - self.since);
            let planes: Vec<&[f32]> = planes.iter().map(|plane| &plane[at..end]).collect();
            // It refuses planes of other counts and lengths than it was made for, which these have not.
            self.meter.add_frames_planar_f32(&planes).expect("planes of one length, one for each channel");
            self.since += end - at;
            at = end;
            if self.since == self.step {
                self.since = 0;
                self.end_step();
            }
        }
    }

    /// Notes the power of the last 100 ms, and of the 3 s that end with them.
    fn end_step(&mut self) {
        self.steps.push_back(self.meter.loudness_window(100).map_or(0.0, power));
        if self.steps.len() > SHORT_TERM {
            self.steps.pop_front();
        }
        if self.steps.len() == SHORT_TERM {
            self.short_term.push(self.steps.iter().sum::<f64>() / SHORT_TERM as f64);
        }
    }

    /// The loudness range in LU (EBU Tech 3342); `None` of what is silent or too short.
    fn range(&self) -> Option<f64> {
        let heard = |gate: f64| self.short_term.iter().copied().filter(move |power| *power >= gate);
        let absolute = power(ABSOLUTE_GATE);
        let (count, sum) = heard(absolute).fold((0.0, 0.0), |(count, sum), power| (count + 1.0, sum + power));
        let gate = (sum / count) * 10f64.powf(RELATIVE_GATE / 10.0);
        let mut powers: Vec<f64> = heard(absolute.max(gate)).collect();
        powers.sort_by(f64::total_cmp);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the list")]
        let at = |part: f64| powers.get(((powers.len() as f64 - 1.0) * part).round().max(0.0) as usize).copied();
        Some(10.0 * (at(0.95)? / at(0.1)?).log10())
    }

    /// What was measured so far, to a hundredth.
    pub fn loudness(&self) -> Loudness {
        let finite = |value: f64| value.is_finite().then(|| (value * 100.0).round() / 100.0);
        let integrated = self.meter.loudness_global().ok().and_then(finite);
        Loudness {
            integrated,
            range: self.range().and_then(finite),
            true_peak: finite(20.0 * self.peak.peak().log10()),
        }
    }
}

/// Mean power of what has this loudness (ITU-R BS.1770).
fn power(loudness: f64) -> f64 {
    10f64.powf((loudness + 0.691) / 10.0)
}

/// The channel that ITU-R BS.1770 weighs `speaker` as.
fn channel(speaker: Speaker) -> Channel {
    match speaker {
        Speaker::Left => Channel::Left,
        Speaker::Right => Channel::Right,
        // What has no place is weighed as what is in front.
        Speaker::Center | Speaker::Unknown => Channel::Center,
        Speaker::Lfe => Channel::Unused,
        Speaker::SideLeft | Speaker::BackLeft => Channel::LeftSurround,
        Speaker::SideRight | Speaker::BackRight | Speaker::BackCenter => Channel::RightSurround,
    }
}

#[cfg(test)]
mod tests {
    use super::super::default_speakers;
    use super::*;

    #[allow(clippy::cast_possible_truncation, reason = "samples have the precision of a 32-bit float")]
    fn tone(channels: usize, loud: &[usize], level: f64, seconds: usize) -> Loudness {
        let mut samples = Samples::silence(channels, seconds * 48_000);
        for &channel in loud {
            for (index, sample) in samples.plane_mut(channel).iter_mut().enumerate() {
                *sample = (level * (std::f64::consts::TAU * 1000.0 / 48_000.0 * index as f64).sin()) as f32;
            }
        }
        let mut meter = LoudnessMeter::new(48_000, &default_speakers(channels)).expect("a usual rate");
        meter.add(&samples, true);
        meter.loudness()
    }

    #[test]
    fn a_tone_of_1_khz_has_the_loudness_that_ebu_tech_3341_says() {
        // Case 1: stereo, −23 dBFS: −23.0 ± 0.1 LUFS.
        let loudness = tone(2, &[0, 1], 10f64.powf(-23.0 / 20.0), 20);
        assert!((loudness.integrated.expect("it is heard") + 23.0).abs() < 0.1, "{loudness}");
        assert!((loudness.true_peak.expect("it is heard") + 23.0).abs() < 0.1, "{loudness}");
        assert!(loudness.range.expect("it is long enough") < 0.1, "{loudness}");
    }

    #[test]
    fn surrounds_count_more_and_low_frequencies_not_at_all() {
        let [front, surround] = [0, 4].map(|channel| tone(6, &[channel], 0.1, 2).integrated.expect("it is heard"));
        assert!((surround - front - 1.5).abs() < 0.05, "{surround} {front}");
        let low = tone(6, &[3], 0.1, 2);
        assert_eq!((low.integrated, low.range), (None, None));
        assert!(low.true_peak.is_some());
    }

    #[test]
    fn silence_and_what_is_too_short_have_no_loudness() {
        assert_eq!(tone(2, &[], 0.0, 5), Loudness::default());
        let short = tone(2, &[0], 0.5, 2);
        assert!(short.integrated.is_some() && short.range.is_none());
        let json = serde_json::to_string(&Loudness::default()).expect("plain data");
        assert_eq!(json, r#"{"integrated":null,"range":null,"true_peak":null}"#);
    }
}
