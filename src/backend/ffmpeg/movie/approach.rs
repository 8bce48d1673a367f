//! The way to a frame that is not at hand: decoding on, a seek, or the start of the file.

use super::super::clock::Aim;
use super::{FrameEntry, KEPT_BACKWARDS, KEPT_BYTES, KEPT_FORWARDS, Movie, Pulled};
use crate::error::Result;
use crate::time::Ratio;
use crate::trace;

/// What is still allowed on the way to a frame.
pub(super) struct Way {
    /// To seek forwards.
    pub(super) may_jump: bool,
    /// To pass over packets without decoding them.
    pub(super) may_skip: bool,
}

/// Where a frame is, seen from the ring.
pub(super) enum RingPlace {
    /// In the ring.
    Here(usize),
    /// Behind its last frame.
    Further,
    /// Not in the ring, and not behind it.
    Back,
}

impl Movie {
    /// A second opinion on the frame at `at`: decodes from the keyframe before, then from ten seconds before; after
    /// that it is given up. `true`: timestamps cannot be trusted.
    pub(super) fn reconsider(&mut self, at: i64, doubts: &mut u32) -> Result<bool> {
        *doubts += 1;
        let back = match *doubts {
            1 => Ratio::ZERO,
            2 => self.clock.ticks * Ratio::whole(10),
            _ => {
                self.hopeless.insert(at);
                self.ended = false;
                return Ok(false);
            }
        };
        self.land(self.landed.saturating_sub(1).saturating_sub(back.floor()))
    }

    pub(super) fn find(&self, aim: &Aim) -> RingPlace {
        if self.copied.is_some() {
            return RingPlace::Back;
        }
        let Some(position) = self.ring.iter().rposition(|entry| entry.at <= aim.limit) else {
            let at_first = self.ring.front().is_some_and(|entry| entry.at <= self.clock.first);
            return if at_first { RingPlace::Here(0) } else { RingPlace::Back };
        };
        if self.ring[position].at >= aim.low {
            return RingPlace::Here(position);
        }
        match self.ring.get(position + 1) {
            Some(next) if next.follows => RingPlace::Here(position),
            Some(_) => RingPlace::Back,
            None if self.ended => RingPlace::Here(position),
            None => RingPlace::Further,
        }
    }

    /// The frame wanted lies further on: decodes the next one, or jumps there if that is shorter, but only once.
    pub(super) fn approach(&mut self, aim: &Aim, way: &mut Way) -> Result<Pulled> {
        let Some(last) = self.ring.back().map(|entry| entry.at) else { return self.pull() };
        let jump = self.clock.frames(aim.limit.saturating_sub(last));
        if self.counted || jump <= 2 {
            self.pump.skip_below(None);
            self.shrink();
            return self.pull();
        }
        let read = self.pump.last_dts().unwrap_or(i64::MIN);
        let seek = if !way.may_jump || !self.pump.can_seek() {
            false
        } else if self.intra_only {
            jump > 8
        } else if self.indexed {
            self.pump.key_before(aim.limit).is_some_and(|key| key > read)
        } else {
            jump > self.far
        };
        if !seek {
            trace::event!(TRACE, "forwards by decoding", file = trace::shown(self.path.display()), frames = jump);
            self.pump.skip_below(Some(aim.low.min(aim.limit)).filter(|_| way.may_skip && self.clock.regular));
            return self.pull();
        }
        self.shrink();
        way.may_jump = false;
        trace::event!(TRACE, "forwards by a seek", file = trace::shown(self.path.display()), frames = jump);
        if self.land(aim.limit)? {
            return Ok(Pulled::Distrust);
        }
        if self.ring.front().is_some_and(|entry| entry.at <= last) {
            self.far = self.far.saturating_mul(2).min(1 << 20);
        }
        Ok(if self.ring.is_empty() { Pulled::End } else { Pulled::Frame })
    }

    /// Seeks so that the frame at `limit` will come, and decodes the first frame there. `true`: timestamps cannot be
    /// trusted.
    pub(super) fn land(&mut self, limit: i64) -> Result<bool> {
        self.clear();
        let mut step = ((self.clock.ticks / Ratio::whole(2)).floor()).max(1);
        let (mut aim, mut bad) = (limit, 0);
        while !self.counted && aim > self.clock.first {
            if !self.pump.seek(aim) {
                break;
            }
            let mut earlier = aim;
            if let Some(key) = self.pump.find_key()? {
                earlier = aim.min(key);
                self.landed = key;
                if key <= limit {
                    match self.pull()? {
                        Pulled::Frame if self.ring.back().is_some_and(|entry| entry.at <= limit) => {
                            let whole = self.ring.back().is_some_and(FrameEntry::is_whole);
                            if whole || bad == 3 {
                                return Ok(false);
                            }
                            // Damaged, or a decoder that has not found its feet yet: only the way here can tell.
                            bad += 1;
                        }
                        Pulled::Frame | Pulled::End => {}
                        Pulled::Distrust => return Ok(true),
                    }
                }
            }
            self.clear();
            aim = earlier.saturating_sub(step);
            step = step.saturating_mul(2);
        }
        self.rewind_and_pull()
    }

    pub(super) fn rewind_and_pull(&mut self) -> Result<bool> {
        trace::event!(TRACE, "from the start of the file", file = trace::shown(self.path.display()));
        let end = self.end;
        self.rewind()?;
        self.end = end;
        Ok(matches!(self.pull()?, Pulled::Distrust))
    }

    /// Going backwards: more frames are kept, so that a group of pictures is not decoded again for each of them.
    pub(super) fn grow(&mut self) {
        let Some(frame) = self.ring.back().and_then(|entry| entry.frame.as_ref()) else { return };
        let bytes: usize = (0..4).map(|plane| frame.plane(plane).0.len()).sum();
        self.room = (KEPT_BYTES / bytes.max(1)).clamp(KEPT_FORWARDS, KEPT_BACKWARDS);
    }

    pub(super) fn shrink(&mut self) {
        self.room = KEPT_FORWARDS;
    }
}
