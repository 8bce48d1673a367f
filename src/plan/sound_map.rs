//! The sound map: record time → source time.

use serde::{Deserialize, Serialize};

use super::{Curve, SourceMap};
use crate::time::{Rate, Ratio, Time, TimeRange};

/// From record time to places in media, in exact fractions: a straight line, and where speed changes on the way, a curve
/// that is added to it.
///
/// At record time *t*, what lies `position + (t − record) × speed + curve(t)` seconds behind the start of the media is
/// heard. Backwards, it is what lies just before that place; where the place stands still, nothing is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SoundMap {
    /// The record time the line starts from.
    pub record: Time,
    /// The line's place there, in seconds from the moment the media's first frame is shown, or where there is no picture
    /// from its first sample.
    pub position: Ratio,
    /// How many seconds of the media pass in one second: 1 at plain speed, negative in reverse.
    pub speed: Ratio,
    /// What is added to the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curve: Option<SoundCurve>,
}

/// Seconds to be added to a straight line: a value for each record frame's start, and straight lines between them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SoundCurve {
    /// The record rate.
    pub rate: Rate,
    /// The seconds.
    #[serde(flatten)]
    pub seconds: Curve,
}

impl SoundCurve {
    /// The value at record time `time`.
    pub fn at(&self, time: Time) -> Ratio {
        let frames = time.frames(self.rate);
        let frame = frames.floor();
        let (from, to) = (self.seconds.at(frame), self.seconds.at(frame.saturating_add(1)));
        if from == to { from } else { from + (to - from) * (frames - Ratio::whole(frame)) }
    }
}

impl SoundMap {
    /// The line through `position` at `record` with slope `speed`.
    pub fn new(record: Time, position: Ratio, speed: Ratio) -> SoundMap {
        SoundMap { record, position, speed, curve: None }
    }

    /// The place in the media at record time `time`, in seconds.
    pub fn place(&self, time: Time) -> Ratio {
        let line = self.position + (time - self.record).samples(1) * self.speed;
        self.curve.as_ref().map_or(line, |curve| line + curve.at(time))
    }

    /// The place in the media at record time `time`, in samples of which there are `rate` a second.
    pub fn sample(&self, time: Time, rate: u32) -> Ratio {
        let whole = Ratio::whole(rate.into());
        let line = self.position * whole + (time - self.record).samples(rate) * self.speed;
        self.curve.as_ref().map_or(line, |curve| line + curve.at(time) * whole)
    }

    /// The straight lines that this consists of over `range`, each with the time it covers, one after the other.
    pub fn pieces(&self, range: TimeRange) -> Vec<(TimeRange, SoundMap)> {
        let Some(curve) = &self.curve else { return vec![(range, self.clone())] };
        let (start, end) = (range.start, range.end());
        let seconds = &curve.seconds;
        let first = start.frames(curve.rate).floor().clamp(seconds.record, seconds.end());
        let last = end.frames(curve.rate).ceil().clamp(first, seconds.end());
        let edges = (first..=last).map(|frame| Time::from_frames(frame, curve.rate));
        let edges = edges.filter(|&edge| start < edge && edge < end).chain([end]);
        let mut pieces = Vec::new();
        let mut from = start;
        for to in edges {
            let middle = Time::from_flicks(from.flicks() / 2 + to.flicks() / 2).frames(curve.rate).floor();
            let added = seconds.at(middle.saturating_add(1)) - seconds.at(middle);
            let speed = self.speed + added * curve.rate.nominal();
            pieces.push((TimeRange::between(from, to), SoundMap::new(from, self.place(from), speed)));
            from = to;
        }
        pieces
    }

    /// Whether the pitch of what runs like this can be kept, and is not what it is anyway.
    pub(crate) fn keeps_pitch(&self) -> bool {
        self.curve.is_none() && self.speed.abs() != Ratio::ONE && self.speed != Ratio::ZERO
    }

    /// Where `place`, in seconds, is heard. Asked of a straight line that does not stand still.
    pub(super) fn when(&self, place: Ratio) -> Time {
        self.record + Time::from_seconds((place - self.position) / self.speed)
    }

    /// Counted from `time` on.
    pub(super) fn starting_at(self, time: Time) -> SoundMap {
        match self.speed == Ratio::ONE {
            // Its own time 0 stays what the line starts from, which is what people look for in a plan.
            true => SoundMap { record: self.record + time, ..self },
            false => self.shifted(Ratio::ZERO - time.samples(1)),
        }
    }

    /// With `position` seconds added everywhere.
    pub(super) fn shifted(self, position: Ratio) -> SoundMap {
        SoundMap { position: self.position + position, ..self }
    }

    /// With every place multiplied.
    pub(super) fn scaled(self, factor: Ratio) -> SoundMap {
        let scale = |curve: SoundCurve| SoundCurve { seconds: curve.seconds.map(|value| value * factor), ..curve };
        SoundMap {
            record: self.record,
            position: self.position * factor,
            speed: self.speed * factor,
            curve: self.curve.map(scale),
        }
    }

    /// With `curve` added.
    pub(super) fn plus(self, curve: Option<SoundCurve>) -> SoundMap {
        let curve = match (&self.curve, curve) {
            (Some(own), Some(other)) => Some(SoundCurve { seconds: own.seconds.plus(&other.seconds), ..other }),
            (own, other) => other.or_else(|| own.clone()),
        };
        SoundMap { curve, ..self }
    }

    /// The same in frames of `rate`: record frames to frames.
    pub(super) fn frames(&self, rate: Rate) -> SourceMap {
        let (record, nominal) = (self.record.ceil(rate), rate.nominal());
        let line = self.position + (Time::from_frames(record, rate) - self.record).samples(1) * self.speed;
        let map = SourceMap::new(record, line * nominal, self.speed);
        let frames = |curve: &SoundCurve| curve.seconds.map(|value| value * nominal);
        map.plus(self.curve.as_ref().map(frames))
    }
}

/// The record times at which `pieces` are inside `range` and do not stand still, in order.
pub(super) fn audible_ranges(pieces: &[(TimeRange, SoundMap)], range: TimeRange) -> Vec<TimeRange> {
    let (low, high) = (range.start.samples(1), range.end().samples(1));
    let mut ranges: Vec<TimeRange> = Vec::new();
    for (time, line) in pieces.iter().filter(|(_, line)| line.speed.num() != 0) {
        let (a, b) = (line.when(low), line.when(high));
        let part = TimeRange::between(a.min(b), a.max(b)).intersect(*time);
        match ranges.last_mut() {
            _ if part.duration <= Time::ZERO => {}
            Some(last) if last.end() == part.start => last.duration += part.duration,
            _ => ranges.push(part),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(frames: i64) -> Time {
        Time::from_frames(frames, Rate::new(24.0).expect("a rate"))
    }

    fn curved(values: &[i64]) -> SoundMap {
        let rate = Rate::new(24.0).expect("a rate");
        let values = values.iter().map(|&value| Ratio::new(value, 24)).collect();
        SoundMap::new(Time::ZERO, Ratio::ZERO, Ratio::ONE)
            .plus(Some(SoundCurve { rate, seconds: Curve { record: 0, values } }))
    }

    #[test]
    fn a_curve_is_straight_between_frames_and_its_ends_hold() {
        let map = curved(&[0, 1, -1]);
        let half = Time::from_flicks(at(1).flicks() / 2);
        assert_eq!(map.place(half), Ratio::new(1, 24));
        assert_eq!([0, 1, 2, 3].map(|frame| map.place(at(frame)) * Ratio::whole(24)), [0, 2, 1, 2].map(Ratio::whole));
        let pieces = map.pieces(TimeRange::between(at(-1), at(4)));
        let lines: Vec<_> = pieces.iter().map(|(range, line)| (range.start, line.speed)).collect();
        let speeds = [1, 2, -1, 1, 1].map(Ratio::whole);
        assert_eq!(lines, [-1, 0, 1, 2, 3].map(at).into_iter().zip(speeds).collect::<Vec<_>>());
        for (range, line) in pieces {
            assert_eq!(line.place(range.end()), map.place(range.end()));
        }
    }

    #[test]
    fn what_stands_still_is_not_heard_and_what_turns_round_is_heard_twice() {
        // Frames 0, 1, 2, 2, 2, 1, 0 and on.
        let map = curved(&[0, 0, 0, -1, -2, -4, -6]);
        let pieces = map.pieces(TimeRange::between(at(0), at(7)));
        let range = TimeRange::between(at(1), at(3));
        assert_eq!(
            audible_ranges(&pieces, range),
            [TimeRange::between(at(1), at(2)), TimeRange::between(at(4), at(5))]
        );
    }
}
