//! Loudness, loudness range and true peak: EBU R 128, ITU-R BS.1770.

use serde::{Deserialize, Serialize};

use super::peak::highest;
use super::true_peak::TruePeak;
use super::weighting::Weighting;
use super::{Samples, Speaker};

/// How many steps of 100 ms make up a block that is gated: 400 ms, of which three quarters overlap.
const BLOCK: usize = 4;
/// How many make up the window of short-term loudness: 3 s.
const SHORT_TERM: usize = 30;
/// The lowest rate that is measured.
const LOWEST_RATE: u32 = 16;
/// What is softer is silence, in LUFS.
const ABSOLUTE_GATE: f64 = -70.0;
/// What lies so many LU below the mean is left out: of integrated loudness, and of a loudness range.
const RELATIVE_GATE: f64 = -10.0;
const RANGE_GATE: f64 = -20.0;

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
    rate: u32,
    weighting: Weighting,
    peak: TruePeak,
    /// How much each channel counts.
    weights: Vec<f64>,
    /// Samples in 100 ms, and how many came since the last whole step of that.
    step: usize,
    since: usize,
    /// The energy of each channel since then.
    energies: Vec<f64>,
    /// The power of every step, of all channels together.
    steps: Vec<f64>,
}

impl std::fmt::Debug for LoudnessMeter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LoudnessMeter({} channels at {})", self.weights.len(), self.rate)
    }
}

impl LoudnessMeter {
    /// A meter for `rate` samples a second in channels at `speakers`: surrounds count +1.5 dB, low frequencies not at all.
    /// `None` for rates that cannot be measured, below 16 samples a second, and without channels.
    pub fn new(rate: u32, speakers: &[Speaker]) -> Option<LoudnessMeter> {
        let channels = speakers.len();
        let meter = LoudnessMeter {
            rate,
            weighting: Weighting::new(rate, channels),
            peak: TruePeak::new(rate, channels),
            weights: speakers.iter().map(|speaker| weight(*speaker)).collect(),
            step: (rate as usize + 5) / 10,
            since: 0,
            energies: vec![0.0; channels],
            steps: Vec::new(),
        };
        (rate >= LOWEST_RATE && channels > 0).then_some(meter)
    }

    /// Takes the next samples of the run into account. With `clipped`, what lies beyond full scale counts as if it was
    /// cut off there, as it is in files of whole numbers.
    pub fn add(&mut self, samples: &Samples, clipped: bool) {
        if clipped && (0..samples.channels()).any(|channel| highest(samples.plane(channel)) > 1.0) {
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
            self.weighting.add(&planes, &mut self.energies);
            self.since += end - at;
            at = end;
            if self.since == self.step {
                self.end_step();
            }
        }
    }

    /// Notes the power of the last 100 ms.
    fn end_step(&mut self) {
        let energy: f64 = self.energies.iter().zip(&self.weights).map(|(energy, weight)| energy * weight).sum();
        self.steps.push(energy / self.step as f64);
        self.energies.fill(0.0);
        self.since = 0;
    }

    /// The mean power of every run of `count` steps, one for each step.
    fn windows(&self, count: usize) -> impl Iterator<Item = f64> + Clone {
        self.steps.windows(count).map(move |steps| steps.iter().sum::<f64>() / count as f64)
    }

    /// Integrated loudness in LUFS (ITU-R BS.1770); not finite for what is silent or too short.
    fn integrated(&self) -> f64 {
        let gate = gate(self.windows(BLOCK), RELATIVE_GATE);
        loudness(mean(self.windows(BLOCK).filter(|power| *power >= gate)))
    }

    /// The loudness range in LU (EBU Tech 3342); `None` of what is silent or too short.
    fn range(&self) -> Option<f64> {
        let gate = gate(self.windows(SHORT_TERM), RANGE_GATE);
        let mut powers: Vec<f64> = self.windows(SHORT_TERM).filter(|power| *power >= gate).collect();
        powers.sort_by(f64::total_cmp);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the list")]
        let at = |part: f64| powers.get(((powers.len() as f64 - 1.0) * part).round().max(0.0) as usize).copied();
        Some(10.0 * (at(0.95)? / at(0.1)?).log10())
    }

    /// What was measured so far, to a hundredth.
    pub fn loudness(&self) -> Loudness {
        let finite = |value: f64| value.is_finite().then(|| (value * 100.0).round() / 100.0);
        Loudness {
            integrated: finite(self.integrated()),
            range: self.range().and_then(finite),
            true_peak: finite(20.0 * self.peak.peak().log10()),
        }
    }
}

/// The power below which nothing counts: that of silence, or what lies `relative` LU below the mean of the rest.
fn gate(powers: impl Iterator<Item = f64>, relative: f64) -> f64 {
    let absolute = power(ABSOLUTE_GATE);
    absolute.max(mean(powers.filter(|power| *power >= absolute)) * 10f64.powf(relative / 10.0))
}

/// The mean of some numbers; not a number where there are none.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = values.fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
    sum / count
}

/// The loudness of what has this mean power.
fn loudness(power: f64) -> f64 {
    10.0 * power.log10() - 0.691
}

/// Mean power of what has this loudness (ITU-R BS.1770).
fn power(loudness: f64) -> f64 {
    10f64.powf((loudness + 0.691) / 10.0)
}

/// How much ITU-R BS.1770 lets a channel at `speaker` count.
fn weight(speaker: Speaker) -> f64 {
    match speaker {
        // What has no place counts as what is in front.
        Speaker::Left | Speaker::Right | Speaker::Center | Speaker::Unknown => 1.0,
        Speaker::Lfe => 0.0,
        Speaker::SideLeft | Speaker::BackLeft | Speaker::SideRight | Speaker::BackRight | Speaker::BackCenter => 1.41,
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

    /// Noise that swells and falls silent, another in each channel.
    #[allow(clippy::cast_possible_truncation, reason = "samples have the precision of a 32-bit float")]
    fn program(rate: u32, channels: usize, seconds: usize) -> Samples {
        let mut samples = Samples::silence(channels, seconds * rate as usize);
        for channel in 0..channels {
            let mut state = 77 + channel as u32;
            for (index, sample) in samples.plane_mut(channel).iter_mut().enumerate() {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = f64::from(state >> 8) / f64::from(1 << 23) - 1.0;
                let at = index as f64 / f64::from(rate);
                let level =
                    if (at as usize).is_multiple_of(5) { 0.0 } else { 0.4 * (at * (1.0 + 0.3 * channel as f64)).sin() };
                *sample = (level * noise) as f32;
            }
        }
        samples
    }

    #[test]
    fn it_is_what_libebur128_measures() {
        use ebur128::{Channel, EbuR128, Mode};
        let rates = [8_000, 22_050, 44_100, 48_000, 96_000, 192_000].map(|rate| (rate, [2].as_slice()));
        for (rate, counts) in rates.into_iter().chain([(48_000, [1, 6].as_slice())]) {
            for &channels in counts {
                let samples = program(rate, channels, 12);
                let mut ours = LoudnessMeter::new(rate, &default_speakers(channels)).expect("a usual rate");
                let mut theirs =
                    EbuR128::new(u32::try_from(channels).expect("a few"), rate, Mode::I).expect("a usual rate");
                if channels == 1 {
                    theirs.set_channel(0, Channel::Center).expect("there is one");
                }
                let planes: Vec<&[f32]> = (0..channels).map(|channel| samples.plane(channel)).collect();
                theirs.add_frames_planar_f32(&planes).expect("samples");
                // In blocks of all kinds of lengths.
                let mut at = 0;
                for length in (1..).map(|number: usize| number * 4_001 % 9_973 + 1) {
                    let end = (at + length).min(samples.len());
                    ours.add(&samples.part(at..end), true);
                    at = end;
                    if at == samples.len() {
                        break;
                    }
                }
                let judged = theirs.loudness_global().expect("it measures that");
                let integrated = ours.integrated();
                assert!((integrated - judged).abs() < 1e-6, "{rate} {channels}: {integrated} {judged}");
                assert!(judged > -40.0);
            }
        }
    }

    #[test]
    fn nothing_is_measured_where_there_is_nothing_to_measure() {
        assert!(LoudnessMeter::new(15, &default_speakers(2)).is_none());
        assert!(LoudnessMeter::new(48_000, &[]).is_none());
        for rate in [16, 100, 3_364, 4_000] {
            let mut meter = LoudnessMeter::new(rate, &default_speakers(1)).expect("a rate");
            meter.add(&Samples::silence(1, 60_000), true);
            assert_eq!(meter.loudness(), Loudness::default(), "{rate}");
        }
    }
}
