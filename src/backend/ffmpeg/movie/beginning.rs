//! What a container says about the times of its packets, beside what FFmpeg makes of it: whether frame 0 is the first one, and
//! whether its lists agree with one another.

use super::super::damage::Reason;
use super::super::matroska::{self, MatroskaHead};
use super::super::probe;
use super::super::sample_times::{self, SampleTimes};
use super::Movie;
use crate::error::Result;
use crate::time::Ratio;

/// Why a frame is damaged whose time is that of another, or of none.
pub(super) const CONTRADICTION: &str = "the file's list of times contradicts itself";

impl Movie {
    /// Notes what is known to be damaged about the times of packets.
    pub(super) fn look_at_container(&mut self) -> Result<()> {
        if self.adrift.is_some() {
            return Ok(());
        }
        let container = self.pump.container();
        let told = match self.pump.misplaced() {
            Some(line) => Some(format!("which frame is which is not known: {line}").into()),
            None if container.starts_with("mov,") => self.look_at_lists(),
            None if container.starts_with("matroska") => self.look_at_head(),
            None if ["nut", "flv"].contains(&&*container) && self.pump.may_have_lost() => Some(start_unknown()),
            None => None,
        };
        if told.is_none() && self.misplaced.is_none() {
            return Ok(());
        }
        self.adrift = told;
        self.rewind_and_pull()?;
        Ok(())
    }

    /// In QuickTime and MP4.
    fn look_at_lists(&mut self) -> Option<Reason> {
        let (track, count) = self.pump.listed();
        match sample_times::look(&self.path, track, count) {
            SampleTimes::Plausible => None,
            SampleTimes::Contradictory => Some(CONTRADICTION.into()),
            // Frames with wrong times are dropped, and the others counted.
            SampleTimes::Misplaced(..) if self.counted => Some(CONTRADICTION.into()),
            SampleTimes::Misplaced(from, to) => {
                let first = self.pump.head().first().copied().unwrap_or(self.clock.first);
                self.misplaced = Some((first.saturating_add(from), first.saturating_add(to)));
                None
            }
        }
    }

    /// In Matroska.
    fn look_at_head(&mut self) -> Option<Reason> {
        self.pump.read_head();
        let times = self.pump.head();
        let off_grid = !self.counted && self.clock.regular && first_is_off_grid(times, self.clock.length);
        let doubtful = match matroska::look(&self.path, self.pump.videos_before()) {
            MatroskaHead::Damaged => true,
            MatroskaHead::Unknown => self.pump.may_have_lost(),
            MatroskaHead::Whole(seconds) => {
                let tick = probe::time_base(self.pump.facts());
                let half = Ratio::new(1, 2) / self.clock.rate.nominal();
                let is = |time: &i64| (Ratio::whole(*time) * tick - seconds).abs() < half.max(tick);
                times.first().is_some_and(|first| !is(first))
            }
        };
        (doubtful || off_grid).then(start_unknown)
    }

    /// Why a frame shown at this time may be another one, if it may.
    pub(super) fn misplaced_at(&self, at: i64) -> Option<Reason> {
        let (from, to) = self.misplaced.filter(|_| !self.counted)?;
        let half = self.clock.length * Ratio::new(1, 2);
        let is_in = Ratio::whole(at) > Ratio::whole(from) - half && Ratio::whole(at) < Ratio::whole(to) + half;
        is_in.then(|| CONTRADICTION.into())
    }
}

fn start_unknown() -> Reason {
    "the beginning of the file is damaged: where it starts is not known".into()
}

/// Whether the first of the packets that were read is shown off the grid on which the others lie.
fn first_is_off_grid(times: &[i64], length: Ratio) -> bool {
    // Containers round to their ticks, and two times are compared.
    const NEAR: i64 = 2;
    const FAR: i64 = 3;
    if times.len() < 5 || length < Ratio::whole(8) {
        return false;
    }
    let off = |one: i64, other: i64| {
        let ticks = Ratio::whole(one.saturating_sub(other));
        (ticks - length * Ratio::whole((ticks / length + Ratio::new(1, 2)).floor())).abs()
    };
    let others = &times[1..];
    let is_off = others.iter().all(|time| off(*time, times[0]) > Ratio::whole(FAR));
    is_off && others.iter().all(|time| off(*time, others[0]) < Ratio::whole(NEAR))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_time_between_those_of_frames_is_off_the_grid() {
        let length = Ratio::whole(40);
        assert!(!first_is_off_grid(&[0, 160, 80, 40, 120, 200], length));
        assert!(first_is_off_grid(&[20, 160, 80, 40, 120, 200], length));
        assert!(!first_is_off_grid(&[0, 160, 81, 40, 119, 200], length));
        assert!(first_is_off_grid(&[246, 40, 80, 120, 160, 200], length));
        assert!(!first_is_off_grid(&[20, 161, 93, 40, 120], length));
        assert!(!first_is_off_grid(&[20, 160, 80], length));
    }
}
