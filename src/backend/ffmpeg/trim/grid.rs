//! When the frames of a movie are shown, and those of a piece of it.

use super::super::clock::MovieClock;
use super::super::sys::read::StreamFacts;
use crate::time::{Rate, Ratio};

/// When frames are shown.
pub(super) enum Grid {
    /// Each at its place.
    Even(MovieClock),
    /// At these ticks of so many seconds each; a frame lasts this long where nothing else is known.
    Listed { ticks: Vec<i64>, second: Ratio, length: i64 },
    /// One after the other, since timestamps say nothing.
    Counted(Rate),
}

impl Grid {
    /// The frame that is shown at `pts`; `None` where no frame is.
    pub(super) fn index(&self, pts: i64) -> Option<i64> {
        match self {
            Grid::Even(clock) => Some(clock.frame_at(pts)),
            Grid::Listed { ticks, .. } => ticks.binary_search(&pts).ok().and_then(|index| i64::try_from(index).ok()),
            Grid::Counted(_) => None,
        }
    }

    /// The tick at which frame `index` is shown.
    pub(super) fn tick(&self, index: i64) -> Option<i64> {
        match self {
            Grid::Even(clock) => Some(clock.aim_at_frame(index).limit),
            Grid::Listed { ticks, .. } => usize::try_from(index).ok().and_then(|index| ticks.get(index)).copied(),
            Grid::Counted(_) => None,
        }
    }

    /// When frame `index` starts, in seconds after the first one. The frame behind the last starts where that one ends.
    pub(super) fn seconds(&self, index: i64) -> Ratio {
        match self {
            Grid::Even(clock) => Ratio::whole(index) / clock.rate.nominal(),
            Grid::Counted(rate) => Ratio::whole(index) / rate.nominal(),
            Grid::Listed { ticks, second, .. } => Ratio::whole(self.ticks_at(index) - ticks[0]) * *second,
        }
    }

    /// The tick of a frame in a list, continued evenly at both ends.
    fn ticks_at(&self, index: i64) -> i64 {
        let Grid::Listed { ticks, length, .. } = self else { return index };
        let last = i64::try_from(ticks.len()).unwrap_or(i64::MAX) - 1;
        let inside = index.clamp(0, last);
        let at = usize::try_from(inside).map_or(0, |inside| ticks[inside]);
        at.saturating_add((index - inside).saturating_mul(*length))
    }

    /// The frame whose start is nearest to `at`, in seconds after the first frame.
    pub(super) fn nearest(&self, at: Ratio) -> i64 {
        let half = Ratio::new(1, 2);
        match self {
            Grid::Even(MovieClock { rate, .. }) | Grid::Counted(rate) => (at * rate.nominal() + half).floor(),
            Grid::Listed { ticks, second, length } => {
                let wanted = (at / *second + half).floor().saturating_add(ticks[0]);
                let behind = i64::try_from(ticks.partition_point(|tick| *tick <= wanted)).unwrap_or(i64::MAX);
                if behind == 0 || wanted > self.ticks_at(behind) {
                    // Beyond the list frames go on evenly.
                    return behind - 1 + (Ratio::new(wanted - self.ticks_at(behind - 1), *length) + half).floor();
                }
                let (before, after) = (wanted - self.ticks_at(behind - 1), self.ticks_at(behind) - wanted);
                if before <= after { behind - 1 } else { behind }
            }
        }
    }

    /// The times of a piece from frame `first` on.
    pub(super) fn times(&self, first: i64, facts: &StreamFacts) -> PresentationTimes<'_> {
        let rate = match self {
            Grid::Even(MovieClock { rate, .. }) | Grid::Counted(rate) => *rate,
            Grid::Listed { .. } => {
                let (num, den) = (facts.time_base.numerator(), facts.time_base.denominator());
                return PresentationTimes { grid: self, first, time_base: (num, den) };
            }
        };
        let (num, den) = rate_pair(rate);
        PresentationTimes { grid: self, first, time_base: (den, num) }
    }
}

/// A rate as FFmpeg wants it.
pub(super) fn rate_pair(rate: Rate) -> (i32, i32) {
    let part = |part: u32| i32::try_from(part).unwrap_or(i32::MAX);
    (part(rate.num()), part(rate.den()))
}

/// When the frames of a piece are shown.
#[derive(Clone, Copy)]
pub(super) struct PresentationTimes<'a> {
    grid: &'a Grid,
    first: i64,
    /// Seconds per unit of time: numerator, denominator.
    pub(super) time_base: (i32, i32),
}

impl PresentationTimes<'_> {
    /// The time of the piece's frame `number`, which may lie in front of it.
    pub(super) fn time(&self, number: i64) -> i64 {
        match self.grid {
            Grid::Listed { .. } => self.grid.ticks_at(self.first + number) - self.grid.ticks_at(self.first),
            _ => number,
        }
    }
}
