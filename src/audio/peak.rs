//! How loud it gets, and where it is too loud.

use serde::{Deserialize, Serialize};

use super::Samples;

/// The loudest sample of a run, and the samples beyond full scale.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Peak {
    /// The largest magnitude; full scale is 1.
    pub level: f32,
    /// How many samples lie beyond full scale, all channels together.
    pub clipped: u64,
    /// The first sample beyond full scale, counted from the start of the run.
    pub first_clipped: Option<u64>,
    #[serde(skip)]
    seen: u64,
}

impl Peak {
    /// Takes the next samples of the run into account.
    #[cfg_attr(feature = "unstable", visibility::make(pub))]
    pub(crate) fn add(&mut self, samples: &Samples) {
        for channel in 0..samples.channels() {
            let level = highest(samples.plane(channel));
            self.level = self.level.max(level);
            if level <= 1.0 {
                continue;
            }
            for (index, sample) in (self.seen..).zip(samples.plane(channel)) {
                if sample.abs() > 1.0 {
                    self.clipped += 1;
                    self.first_clipped = Some(self.first_clipped.map_or(index, |first| first.min(index)));
                }
            }
        }
        self.seen += samples.len() as u64;
    }

    /// The largest magnitude in decibels of full scale; minus infinity for silence.
    pub fn decibels(&self) -> f64 {
        20.0 * f64::from(self.level).log10()
    }
}

/// The largest magnitude of `samples`; 0 where there are none.
pub(super) fn highest(samples: &[f32]) -> f32 {
    // Side by side, since a maximum waits for the one before.
    const LANES: usize = 16;
    let larger = |highest: f32, sample: f32| if sample.abs() > highest { sample.abs() } else { highest };
    let (blocks, rest) = samples.as_chunks::<LANES>();
    let mut lanes = [0.0_f32; LANES];
    for block in blocks {
        for (lane, sample) in lanes.iter_mut().zip(block) {
            *lane = larger(*lane, *sample);
        }
    }
    lanes.iter().chain(rest).copied().fold(0.0, larger)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sample_beyond_full_scale_is_known_by_its_place() {
        let mut peak = Peak::default();
        let mut block = Samples::silence(2, 10);
        block.plane_mut(1)[9] = -1.0;
        peak.add(&block);
        assert_eq!((peak.level, peak.first_clipped), (1.0, None));
        block.plane_mut(0)[4] = 1.5;
        block.plane_mut(1)[3] = -2.0;
        peak.add(&block);
        assert_eq!((peak.level, peak.clipped, peak.first_clipped), (2.0, 2, Some(13)));
        assert!((peak.decibels() - 6.0206).abs() < 1e-4);
    }

    #[test]
    fn the_highest_is_found_wherever_it_is() {
        assert_eq!(highest(&[]), 0.0);
        for count in [1, 15, 16, 17, 100] {
            for place in 0..count {
                let mut samples = vec![0.25; count];
                samples[place] = -0.5;
                assert_eq!(highest(&samples), 0.5, "{place} of {count}");
            }
        }
        assert_eq!(highest(&[f32::NAN, 0.5]), 0.5);
        assert_eq!(highest(&[f32::NEG_INFINITY; 20]), f32::INFINITY);
    }
}
