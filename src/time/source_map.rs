//! The source map: record frame → source frame.

use std::ops::RangeInclusive;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{FRAME_TOLERANCE, Ratio};

/// From record frames to positions in media, in exact fractions: a straight line, and where speed changes on the way,
/// a curve that is added to it.
///
/// Record frame *n* shows the source frame that position `position + (n − record) × step + curve(n)` lies in.
///
/// ```
/// use otio_conflate::plan::SourceMap;
/// use otio_conflate::time::Ratio;
///
/// // At record frame 10 the medium's frame 100, from there at half speed.
/// let map = SourceMap::new(10, Ratio::whole(100), Ratio::new(1, 2));
/// assert_eq!([10, 11, 12, 13].map(|record| map.index(record)), [100, 100, 101, 101]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SourceMap {
    /// The record frame the line starts from, counted from the cut's first frame.
    pub record: i64,
    /// The line's position there, in media frames from the media's first frame (not a sequence's number).
    pub position: Ratio,
    /// How many media frames pass in one record frame: 1 at plain speed, 0 in a freeze, negative in reverse.
    pub step: Ratio,
    /// What is added to the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curve: Option<Curve>,
}

/// Positions to be added to a straight line, one per record frame.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Curve {
    /// The record frame of the first value, counted from the cut's first frame.
    pub record: i64,
    /// The values, in media frames, or for sound in seconds; before the first and after the last, those two hold. Never empty.
    pub values: Arc<[Ratio]>,
}

impl Curve {
    /// The value at record frame `record`.
    pub fn at(&self, record: i64) -> Ratio {
        let place = usize::try_from(record.saturating_sub(self.record)).unwrap_or(0);
        self.values.get(place).or(self.values.last()).copied().unwrap_or(Ratio::ZERO)
    }

    /// The record frame after the last value.
    pub(crate) fn end(&self) -> i64 {
        self.record.saturating_add(i64::try_from(self.values.len()).unwrap_or(i64::MAX))
    }

    /// Both, added up.
    pub(crate) fn plus(&self, other: &Curve) -> Curve {
        let records = self.record.min(other.record)..self.end().max(other.end());
        Curve { record: records.start, values: records.map(|record| self.at(record) + other.at(record)).collect() }
    }

    /// Every value changed by `change`.
    pub(crate) fn map(&self, change: impl Fn(Ratio) -> Ratio) -> Curve {
        Curve { record: self.record, values: self.values.iter().map(|&value| change(value)).collect() }
    }
}

impl SourceMap {
    /// The line through `position` at `record` with slope `step`.
    pub fn new(record: i64, position: Ratio, step: Ratio) -> SourceMap {
        SourceMap { record, position, step, curve: None }
    }

    /// With `position` added everywhere.
    pub(crate) fn shifted(self, position: Ratio) -> SourceMap {
        SourceMap { position: self.position + position, ..self }
    }

    /// With every position multiplied.
    pub(crate) fn scaled(&self, factor: Ratio) -> SourceMap {
        if factor == Ratio::ONE {
            return self.clone();
        }
        SourceMap {
            record: self.record,
            position: self.position * factor,
            step: self.step * factor,
            curve: self.curve.as_ref().map(|curve| curve.map(|value| value * factor)),
        }
    }

    /// With `curve` added.
    pub(crate) fn plus(self, curve: Option<Curve>) -> SourceMap {
        let curve = match (&self.curve, curve) {
            (Some(own), Some(other)) => Some(own.plus(&other)),
            (None, curve) => curve,
            (Some(own), None) => Some(own.clone()),
        };
        SourceMap { curve, ..self }
    }

    /// How many values its curve has.
    pub(crate) fn curve_len(&self) -> usize {
        self.curve.as_ref().map_or(0, |curve| curve.values.len())
    }

    /// The position at record frame `record`, in media frames from the media's first frame.
    pub fn position(&self, record: i64) -> Ratio {
        let line = self.position + Ratio::whole(record.saturating_sub(self.record)) * self.step;
        self.curve.as_ref().map_or(line, |curve| line + curve.at(record))
    }

    /// The index of the source frame that record frame `record` shows, before any overrun policy. A position within
    /// a thousandth of a frame under a boundary counts as on it.
    pub fn index(&self, record: i64) -> i64 {
        if self.curve.is_none() && self.step == Ratio::ONE && self.position.den() == 1 {
            return self.position.num().saturating_add(record.saturating_sub(self.record));
        }
        self.position(record).frame()
    }

    /// The lowest and the highest index among those of the record frames `records`.
    pub(crate) fn indices(&self, records: RangeInclusive<i64>) -> (i64, i64) {
        let (first, last) = (*records.start(), *records.end());
        let mut span = (self.index(first).min(self.index(last)), self.index(first).max(self.index(last)));
        if let Some(curve) = &self.curve {
            // Beyond its values a curve is a straight line, whose extremes are its ends.
            for index in (first.max(curve.record - 1)..=last.min(curve.end())).map(|record| self.index(record)) {
                span = (span.0.min(index), span.1.max(index));
            }
        }
        span
    }

    /// How far behind the start of its source frame record frame `record` is, where it is between two frames of slow
    /// motion: less than one media frame passes, and some does.
    pub(crate) fn fraction(&self, record: i64) -> Option<Ratio> {
        if self.curve.is_none() && (self.step.num() == 0 || self.step.abs() >= Ratio::ONE) {
            return None;
        }
        let position = self.position(record);
        let step = (self.position(record.saturating_add(1)) - position).abs();
        let fraction = position - Ratio::whole(position.frame());
        (step < Ratio::ONE && fraction > FRAME_TOLERANCE).then_some(fraction)
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

    #[test]
    fn a_curve_is_added_to_the_line_and_its_ends_hold() {
        let values = [0, 2, 1].map(Ratio::whole).into();
        let map =
            SourceMap { curve: Some(Curve { record: 10, values }), ..SourceMap::new(10, Ratio::ZERO, Ratio::ONE) };
        assert_eq!([8, 9, 10, 11, 12, 13].map(|record| map.index(record)), [-2, -1, 0, 3, 3, 4]);
    }
}
