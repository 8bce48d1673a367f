//! Retimes by key frames. (R5)

use crate::time::Ratio;

/// Which moment of the media is shown after how much time: straight lines between points, in seconds from the start of
/// the retimed media and from the start of the media as it is. They run on beyond the ends.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::plan) struct Keys {
    /// At least two, by the time of play.
    pub(super) points: Vec<(Ratio, Ratio)>,
    /// What `source_range` of the clip counts.
    pub(super) counts: Counts,
    /// Whether the lines between points are curves, which are not read.
    pub(in crate::plan) eased: bool,
    /// Whether the application blends the frames between which it is.
    pub(super) blends: bool,
}

/// What the start of a retimed clip's `source_range` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counts {
    /// Moments of the media as it is: Resolve. No moment of it is played twice.
    Media,
    /// Moments of play: Final Cut and Premiere.
    Play,
    /// Nothing: one moment of the media is held, as Final Cut writes still frames.
    Held,
    /// Moments of the media as it is, and the graph counts both from the clip's start: Avid.
    Offset,
}

impl Keys {
    /// How many seconds of media run in the `elapsed` seconds from where the clip's `source_range` starts at `start`.
    pub(in crate::plan) fn run(&self, start: Ratio, elapsed: Ratio) -> Ratio {
        let at = |played| line(&self.points, |point| *point, played);
        match self.counts {
            Counts::Play | Counts::Held => at(start + elapsed) - start,
            Counts::Offset => at(elapsed),
            Counts::Media => {
                let from = line(&self.points, |(played, media)| (*media, *played), start);
                at(from + elapsed) - at(from)
            }
        }
    }

    /// The speed, and what is added to the elapsed time before it is multiplied by that, where nothing but one straight
    /// line lies between `from` and `to` seconds after `start`: what is media time then is `(elapsed + added) × speed`.
    pub(in crate::plan) fn straight(&self, start: Ratio, from: Ratio, to: Ratio) -> Option<(Ratio, Ratio)> {
        let origin = match self.counts {
            Counts::Media => return None,
            Counts::Play | Counts::Held => start,
            Counts::Offset => Ratio::ZERO,
        };
        let (first, last) = (origin + from, origin + to);
        // A point on the edge bends nothing inside.
        let inside = self.points.iter().skip(1).rev().skip(1);
        if inside.clone().any(|(played, _)| *played > first && *played < last) {
            return None;
        }
        let speed = self.run(start, from + Ratio::ONE.min(to - from)) - self.run(start, from);
        let speed = speed / Ratio::ONE.min(to - from);
        Some((speed, self.run(start, from) - from * speed))
    }

    /// What had to be assumed.
    pub(in crate::plan) fn note(&self) -> String {
        match self.counts {
            Counts::Media => {
                "retimed by keyframes: source_range is taken to start at the media's place of the first frame, and each \
                 keyframe to be a second of play and a second of media"
            }
            Counts::Play if self.blends => {
                "retimed by Time Remap: source_range counts frames of play; its frame blending is what the option for \
                 slow motion makes"
            }
            Counts::Play => "retimed by Time Remap: source_range counts frames of play",
            Counts::Held => "a still frame: its stillframeoffset is held, counted from the media's first frame",
            Counts::Offset if self.points.iter().all(|(_, media)| *media == Ratio::ZERO) => {
                "a still frame: the first frame of its source_range is held"
            }
            Counts::Offset => "retimed by Avid's curve of speed: it counts from the start of source_range",
        }
        .to_owned()
    }
}

/// The value at `x` of straight lines through `points`, as `pair` takes them, which run on beyond the ends.
pub(in crate::plan) fn line(
    points: &[(Ratio, Ratio)],
    pair: impl Fn(&(Ratio, Ratio)) -> (Ratio, Ratio),
    x: Ratio,
) -> Ratio {
    let last = points.len().saturating_sub(1);
    let after = points.partition_point(|point| pair(point).0 < x).clamp(1.min(last), last);
    let (Some(before), Some(after)) = (points.get(after.saturating_sub(1)), points.get(after)) else {
        return Ratio::ZERO;
    };
    let (before, after) = (pair(before), pair(after));
    if after.0 == before.0 {
        // A step: no line goes through it.
        return after.1;
    }
    before.1 + (x - before.0) * (after.1 - before.1) / (after.0 - before.0)
}
