//! The source map: record frame → source frame.

use serde::{Deserialize, Serialize};

use crate::time::Ratio;

/// A straight line from record frames to positions in media, in exact fractions.
///
/// Record frame *n* shows the source frame that position `position + (n − record) × step` lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SourceMap {
    /// The record frame the line starts from, counted from the cut's first frame.
    pub record: i64,
    /// The position there, in media frames from the media's first frame (not a sequence's number).
    pub position: Ratio,
    /// How many media frames pass in one record frame: 1 at plain speed, 0 in a freeze, negative in reverse.
    pub step: Ratio,
}

impl SourceMap {
    /// The line through `position` at `record` with slope `step`.
    pub fn new(record: i64, position: Ratio, step: Ratio) -> SourceMap {
        SourceMap { record, position, step }
    }

    /// The index of the source frame that record frame `record` shows, before any overrun policy. A position within
    /// a thousandth of a frame under a boundary counts as on it.
    pub fn index(&self, record: i64) -> i64 {
        if self.step == Ratio::ONE && self.position.den() == 1 {
            return self.position.num().saturating_add(record.saturating_sub(self.record));
        }
        (self.position + Ratio::whole(record.saturating_sub(self.record)) * self.step).frame()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_the_media_rate_shows_each_frame_twice() {
        let map = SourceMap::new(10, Ratio::whole(100), Ratio::new(1, 2));
        assert_eq!([10, 11, 12, 13].map(|record| map.index(record)), [100, 100, 101, 101]);
        assert_eq!(map.index(9), 99);
    }

    #[test]
    fn ntsc_media_in_a_whole_rate_cut_stays_exact_for_hours() {
        let map = SourceMap::new(0, Ratio::ZERO, Ratio::new(1000, 1001));
        assert_eq!(map.index(1001), 1000);
        assert_eq!(map.index(1001 * 1000), 1_000_000);
        assert_eq!(map.index(1001 * 1000 - 1), 999_999);
    }
}
