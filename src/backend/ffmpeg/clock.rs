//! From frame numbers to the ticks of a movie's clock.

use crate::time::{FRAME_TOLERANCE, Rate, Ratio};

/// The movie's own count of time.
#[derive(Debug, Clone, Copy)]
pub(super) struct MovieClock {
    /// The place of the first displayed frame.
    pub(super) first: i64,
    /// Ticks per frame at `rate`.
    pub(super) length: Ratio,
    /// Ticks per second.
    pub(super) ticks: Ratio,
    /// The rate of the media.
    pub(super) rate: Rate,
    /// Whether every frame has its place on a grid.
    pub(super) regular: bool,
}

/// What is looked for: the last frame at or before `limit`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Aim {
    pub(super) limit: i64,
    /// A frame at or after this is certainly the one.
    pub(super) low: i64,
    /// For media without a grid: the instant asked for.
    pub(super) instant: Option<Ratio>,
}

impl MovieClock {
    /// Where `position`, in frames counted at `rate`, is to be looked for. It is brought down to a frame once: to one of
    /// the movie's grid, or else to the one on screen at that time.
    pub(super) fn aim(&self, position: Ratio, rate: Rate) -> Aim {
        let own = self.rate.nominal();
        let cousin = (rate.nominal() / own - Ratio::ONE).abs() <= Ratio::new(2, 1000);
        if !(self.regular && cousin) {
            let instant = Ratio::whole(self.first) + position / rate.nominal() * self.ticks;
            // A container's rounding, or in a counted movie, whose ticks are frames, the tolerance alone.
            let slack = FRAME_TOLERANCE * self.length;
            let slack = if self.length > Ratio::whole(2) { slack.max(Ratio::ONE) } else { slack };
            let limit = (instant + slack).floor();
            return Aim { limit, low: limit.saturating_add(1), instant: Some(instant) };
        }
        self.aim_at_frame(position.frame())
    }

    /// Frame `frame` of a regular movie: up to, but not including, half a frame to either side.
    pub(super) fn aim_at_frame(&self, frame: i64) -> Aim {
        let half = Ratio::new(1, 2);
        let edge = |frame: Ratio| Ratio::whole(self.first) + frame * self.length;
        let low = edge(Ratio::whole(frame) - half).ceil();
        Aim { limit: (edge(Ratio::whole(frame) + half).ceil() - 1).max(low), low, instant: None }
    }

    /// The frame of a regular movie whose place a frame shown at `at` is nearest to.
    pub(super) fn frame_at(&self, at: i64) -> i64 {
        (Ratio::whole(at.saturating_sub(self.first)) / self.length + Ratio::new(1, 2)).floor()
    }

    /// How many whole frames so many ticks are.
    pub(super) fn frames(&self, ticks: i64) -> i64 {
        (Ratio::whole(ticks) / self.length).floor()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(ticks: i64, rate: Rate, regular: bool) -> MovieClock {
        let ticks = Ratio::whole(ticks);
        MovieClock { first: 80, length: ticks / rate.nominal(), ticks, rate, regular }
    }

    #[test]
    fn milliseconds_find_the_frame_they_are_rounded_from() {
        let rate = Rate::from_ratio(24_000, 1001).expect("a rate");
        let clock = clock(1000, rate, true);
        for frame in [0i64, 1, 2, 1000, 123_457] {
            let exact = Ratio::whole(frame) * clock.length;
            let aim = clock.aim(Ratio::whole(frame), Rate::FPS_24);
            for rounded in [exact.floor(), exact.ceil()] {
                assert!((aim.low..=aim.limit).contains(&(80 + rounded)), "{frame}");
            }
            assert_eq!(clock.aim(Ratio::whole(frame + 1), rate).low, aim.limit + 1);
        }
    }

    #[test]
    fn without_a_grid_the_instant_counts() {
        let clock = clock(90_000, Rate::FPS_25, false);
        let aim = clock.aim(Ratio::ONE, Rate::FPS_25);
        // A thousandth of 3600 ticks is more than one tick.
        assert_eq!((aim.instant, aim.limit), (Some(Ratio::whole(3680)), 3683));
        assert!(aim.low > aim.limit);
    }

    #[test]
    fn a_position_between_two_claimed_frames_is_brought_down_once() {
        let rate = Rate::from_ratio(30_000, 1001).expect("a rate");
        let clock = clock(30_000, rate, true);
        // 300 frames of 1001/30000 s, claimed to be of 29 frames a second.
        let claimed = Rate::new(29.0).expect("a rate");
        let position = Ratio::new(300 * 1001, 30_000) * claimed.nominal();
        let aim = clock.aim(position, claimed);
        assert!((80 + 300 * 1001..80 + 301 * 1001).contains(&aim.limit), "{aim:?}");
        // On the movie's own grid it is the frame that it lies in.
        let aim = clock.aim(Ratio::new(2999, 10), rate);
        assert_eq!(aim.limit, clock.aim_at_frame(299).limit);
    }
}
