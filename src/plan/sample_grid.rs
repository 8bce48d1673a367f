//! The grid of samples of a cut: which samples belong to which record time. (R14)

use std::ops::Range;

use crate::time::{FLICKS_PER_SECOND, Ratio, Time, TimeRange};

/// The samples of a cut, counted from its first frame: sample *n* lies *n* / rate seconds behind the start of the grid.
///
/// Ranges of record time that adjoin have samples that adjoin, at any rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleGrid {
    /// Samples per second.
    rate: u32,
    /// How far in front of record time 0 the grid starts.
    origin: Time,
}

impl SampleGrid {
    /// A grid of `rate` samples a second that starts `origin` in front of record time 0.
    pub(crate) fn new(rate: u32, origin: Time) -> SampleGrid {
        SampleGrid { rate, origin }
    }

    /// Samples per second.
    pub fn rate(self) -> u32 {
        self.rate
    }

    /// Number of the sample nearest to record time `time`; halves go up.
    pub fn sample(self, time: Time) -> i64 {
        (self.position(time) + Ratio::new(1, 2)).floor()
    }

    /// Numbers of the samples of `range`: from the one nearest to its start up to, not including, the one nearest to its
    /// end.
    pub fn samples(self, range: TimeRange) -> Range<i64> {
        self.sample(range.start)..self.sample(range.end())
    }

    /// Number of the first sample at or behind record time `time`.
    #[cfg(feature = "ffmpeg")]
    pub(crate) fn next(self, time: Time) -> i64 {
        self.position(time).ceil()
    }

    /// Record time of sample `sample`, to the flick.
    pub fn time(self, sample: i64) -> Time {
        let flicks = i128::from(sample) * i128::from(FLICKS_PER_SECOND) / i128::from(self.rate.max(1));
        Time::from_flicks(i64::try_from(flicks).unwrap_or(i64::MAX)) - self.origin
    }

    fn position(self, time: Time) -> Ratio {
        (time + self.origin).samples(self.rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Rate;

    #[test]
    fn ranges_that_adjoin_have_samples_that_adjoin() {
        let rate = Rate::new(29.97).expect("a rate");
        let grid = SampleGrid::new(48_000, Time::ZERO);
        let edges = [0, 4, 8, 16, 22, 34].map(|frame| grid.sample(Time::from_frames(frame, rate)));
        assert_eq!(edges, [0, 6406, 12_813, 25_626, 35_235, 54_454]);
        // Halves go up, in front of the cut, too.
        let grid = SampleGrid::new(44_100, Time::ZERO);
        let edges = [-3, -1, 0, 1, 2].map(|frame| grid.sample(Time::from_frames(frame, Rate::FPS_24)));
        assert_eq!(edges, [-5512, -1837, 0, 1838, 3675]);
    }
}
