//! Which moment of an object's own time each record frame shows: R1, where compositions are retimed (R5).

use std::ops::Range;

use super::layout::{intersect, join};
use crate::time::source_map::SourceMap;
use crate::time::{FRAME_TOLERANCE, Rate, Ratio, Time, TimeRange};

/// Takes record frames to an object's own time.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Clock {
    /// It runs with the cut; the object's time 0 lies at this record time.
    Plain(Time),
    /// A composition around the object is retimed: the map's positions are the object's own time, in record frames.
    Warped(SourceMap),
}

/// Record frames over which a clock never turns round.
#[derive(Debug, Clone)]
pub(super) struct ClockRun<'c> {
    pub(super) frames: Range<i64>,
    clock: &'c Clock,
    rate: Rate,
    backwards: bool,
}

impl Clock {
    /// The clock of what lies at `time` of this one's object.
    pub(super) fn starting_at(&self, time: Time, rate: Rate) -> Clock {
        match self {
            Clock::Plain(origin) => Clock::Plain(*origin + time),
            Clock::Warped(map) => Clock::Warped(map.clone().shifted(Ratio::ZERO - time.frames(rate))),
        }
    }

    /// How many values its curve has.
    pub(super) fn curve_len(&self) -> usize {
        match self {
            Clock::Plain(_) => 0,
            Clock::Warped(map) => map.curve_len(),
        }
    }

    /// Record frame → the object's own time, in record frames.
    pub(super) fn map(&self, rate: Rate) -> SourceMap {
        match self {
            Clock::Plain(origin) => {
                let record = origin.ceil(rate);
                let position = (Time::from_frames(record, rate) - *origin).frames(rate);
                SourceMap::new(record, position, Ratio::ONE)
            }
            Clock::Warped(map) => map.clone(),
        }
    }

    /// Whether the moment that record frame `record` shows is `time` or after it, where a thousandth of a frame does
    /// not count.
    fn reaches(&self, record: i64, time: Time, rate: Rate) -> bool {
        match self {
            Clock::Plain(origin) => (*origin + time).ceil(rate) <= record,
            Clock::Warped(map) => map.position(record) + FRAME_TOLERANCE >= time.frames(rate),
        }
    }

    /// The record frames of `window` that show a moment of `range`.
    pub(super) fn frames(&self, range: TimeRange, window: &Range<i64>, rate: Rate) -> Vec<Range<i64>> {
        let runs = self.runs(window, rate);
        join(runs.iter().map(|run| intersect(&run.frames_of(range), &run.frames)))
    }

    /// `window`, cut wherever the clock turns round.
    pub(super) fn runs(&self, window: &Range<i64>, rate: Rate) -> Vec<ClockRun<'_>> {
        let run = |frames: Range<i64>, direction: i64| ClockRun { frames, clock: self, rate, backwards: direction < 0 };
        let Clock::Warped(map) = self else { return vec![run(window.clone(), 1)] };
        let Some(curve) = &map.curve else { return vec![run(window.clone(), map.step.num().signum())] };
        // In front of the curve's values and behind them the clock is a straight line: one step of each is enough.
        let inner = window.start.max(curve.record - 1)..window.end.min(curve.end() + 1).max(window.start);
        let (mut runs, mut start, mut direction) = (Vec::new(), window.start, 0);
        for record in inner {
            let next = record.saturating_add(1);
            if next >= window.end {
                break;
            }
            let step = (map.position(next) - map.position(record)).num().signum();
            if step * direction < 0 {
                runs.push(run(start..next, direction));
                start = next;
            }
            direction = if step == 0 { direction } else { step };
        }
        runs.push(run(start..window.end, if direction == 0 { map.step.num().signum() } else { direction }));
        runs
    }
}

impl ClockRun<'_> {
    /// The record frames that show a moment of `range`. On a plain clock they may reach beyond the run.
    pub(super) fn frames_of(&self, range: TimeRange) -> Range<i64> {
        let (start, end) = (self.edge(range.start), self.edge(range.end()));
        if self.backwards { end..start.max(end) } else { start..end.max(start) }
    }

    /// The first record frame on the far side of `time`.
    fn edge(&self, time: Time) -> i64 {
        let (mut low, mut high) = match self.clock {
            Clock::Plain(origin) => return (*origin + time).ceil(self.rate),
            Clock::Warped(_) => (self.frames.start, self.frames.end),
        };
        while low < high {
            let middle = low + (high - low) / 2;
            if self.clock.reaches(middle, time, self.rate) == self.backwards {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Whether the earliest moment shown is `time` or after it.
    pub(super) fn starts_after(&self, time: Time) -> bool {
        let earliest = if self.backwards { self.frames.end - 1 } else { self.frames.start };
        self.clock.reaches(earliest, time, self.rate)
    }

    /// Whether the latest moment shown is `time` or after it.
    pub(super) fn gets_to(&self, time: Time) -> bool {
        let latest = if self.backwards { self.frames.start } else { self.frames.end - 1 };
        self.clock.reaches(latest, time, self.rate)
    }

    /// Whether record frames show the object's time backwards.
    pub(super) fn is_backwards(&self) -> bool {
        self.backwards
    }
}
