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
    pub fn add(&mut self, samples: &Samples) {
        for channel in 0..samples.channels() {
            for (index, sample) in (self.seen..).zip(samples.plane(channel)) {
                let level = sample.abs();
                self.level = self.level.max(level);
                if level > 1.0 {
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
}
