//! Any frame of a movie, exactly.
//!
//! Frames are picked by timestamp, never by a count in a header. On media of constant rate, frame *i* is the one whose
//! timestamp lies within half a frame of *i* frame lengths after the first displayed frame; on anything else it is
//! the one on screen at that time. Files whose frames have no trustworthy timestamps are decoded from their start and
//! counted.

mod approach;
mod beginning;

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use super::clock::{Aim, MovieClock};
use super::damage::Reason;
use super::frame::{Frame, FrameContext, Origin, undecodable};
use super::info::MediaInfo;
#[cfg(doc)]
use super::options::DecodeOptions;
use super::probe;
use super::pump::{Pump, ShownFrame};
use super::transport;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::Damaged;
use crate::time::{FRAME_TOLERANCE, Rate, Ratio};
use crate::trace;
use approach::{RingPlace, Way};

/// On which side of the media a frame that does not exist lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outside {
    /// In front of the first frame.
    Before,
    /// Behind the last frame.
    After,
}

/// The frame that a reader found.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Picked {
    /// The frame; where the media has none of that index, its nearest one.
    pub frame: Frame,
    /// Set when the media has no frame of that index.
    pub outside: Option<Outside>,
    /// Set when the frame is damaged and [`DecodeOptions::damaged`] lets it pass: what FFmpeg says about it. Where the
    /// decoder gave no picture at all, the frame is the nearest one before it that has one, or else behind it.
    pub damage: Option<String>,
}

/// Frames kept while reading forwards.
const KEPT_FORWARDS: usize = 4;
/// Frames kept at most while reading backwards.
const KEPT_BACKWARDS: usize = 48;
/// Frames that a step back may have; what is further back is a jump.
const STEP_BACK: i64 = 4;
/// Pictures that are looked at behind a damaged first one.
const LOOK_AROUND: usize = 8;
/// Bytes kept at most while reading backwards.
const KEPT_BYTES: usize = 128 << 20;

/// A displayed frame at its place.
struct FrameEntry {
    /// Its timestamp in ticks; in a counted movie its index.
    at: i64,
    frame: Option<Frame>,
    /// Why it is not what was encoded, if it is not.
    damage: Option<Reason>,
    follows: bool,
    after_error: bool,
}

impl FrameEntry {
    /// Whether it is what was encoded.
    fn is_whole(&self) -> bool {
        self.frame.is_some() && self.damage.is_none()
    }
}

/// A movie that is open, with the frames decoded last.
pub(super) struct Movie {
    path: PathBuf,
    pub(super) pump: Pump,
    pub(super) damaged: Damaged,
    context: FrameContext,
    pub(super) clock: MovieClock,
    /// Frames counted, not timed.
    pub(super) counted: bool,
    /// The lowest timestamp that was passed over, looking around at the start.
    lowest: i64,
    /// The container has no list of its packets, or one that it does not go by: where one is lost nothing is left of it.
    may_lose_packets: bool,
    /// The movie's first frames are lost, and the others are known to come behind them.
    lost_start: bool,
    /// The last frames have come without one that should be before them, and may be built on it or be that one.
    incomplete: bool,
    /// Why nobody knows which frame is which, if nobody does.
    adrift: Option<Reason>,
    /// The first and the last time, in ticks, at which the container's list has other frames shown than it should.
    misplaced: Option<(i64, i64)>,
    /// Frames are counted, and what was lost on the way here may be more or less than is known.
    miscounted: bool,
    /// The frames shown last, in order.
    ring: VecDeque<FrameEntry>,
    room: usize,
    /// The index asked for last.
    asked: Option<i64>,
    /// The ring's last frame is the movie's last.
    ended: bool,
    /// Where the last good frame is, once that is known.
    end: Option<i64>,
    /// A jump of so many frames is worth a seek where the container has no index of all frames.
    far: i64,
    indexed: bool,
    intra_only: bool,
    /// The keyframe that decoding began at.
    landed: i64,
    /// Lost frames that no way of seeking brings back.
    hopeless: BTreeSet<i64>,
    /// The timestamp of the packet copied last; decoding has to seek before it goes on.
    copied: Option<i64>,
}

/// What pulling a frame gave.
enum Pulled {
    Frame,
    End,
    /// The timestamps make no sense: frames have to be counted.
    Distrust,
}

impl Movie {
    pub(super) fn new(path: &Path, pump: Pump, info: &MediaInfo, untimed: bool) -> Result<Movie> {
        let rate = info.rate.unwrap_or(Rate::FPS_25);
        let ticks = Ratio::ONE / probe::time_base(pump.facts());
        let context =
            FrameContext { stream_color: pump.facts().color, pixel_aspect: info.pixel_aspect, origin: Origin::Movie };
        let intra_only = pump.facts().intra_only;
        let indexed = ["mov,", "avi"].iter().any(|name| info.container.starts_with(name));
        let clock = MovieClock {
            first: 0,
            length: ticks / rate.nominal(),
            ticks,
            rate,
            regular: !info.vfr && info.rate.is_some(),
        };
        let (is_transport_stream, is_mxf) = (pump.is_transport_stream(), pump.is_mxf());
        let may_lose_packets = is_transport_stream || is_mxf;
        let mut movie = Movie {
            path: path.to_owned(),
            pump,
            damaged: Damaged::Error,
            context,
            clock,
            counted: false,
            lowest: i64::MAX,
            may_lose_packets,
            lost_start: false,
            incomplete: false,
            adrift: None,
            misplaced: None,
            miscounted: false,
            ring: VecDeque::new(),
            room: KEPT_FORWARDS,
            asked: None,
            ended: false,
            end: None,
            far: 48,
            indexed,
            intra_only,
            landed: i64::MIN,
            hopeless: BTreeSet::new(),
            copied: None,
        };
        if untimed {
            movie.count()?;
        }
        match movie.pull()? {
            Pulled::Frame => {}
            Pulled::End => return Err(probe::no_picture(path)),
            Pulled::Distrust => {
                movie.count()?;
                if !matches!(movie.pull()?, Pulled::Frame) {
                    return Err(probe::no_picture(path));
                }
            }
        }
        movie.clock.first = movie.ring.back().map_or(0, |entry| entry.at);
        // MXF counts from its first edit unit, whatever is left of that.
        if is_mxf
            && !movie.counted
            && movie.clock.regular
            && movie.pump.head().iter().min().is_some_and(|least| *least > 0)
        {
            (movie.clock.first, movie.lost_start) = (0, true);
            movie.rewind_and_pull()?;
        } else if is_transport_stream || movie.ring.back().is_some_and(|entry| entry.damage.is_some()) {
            movie.look_around()?;
        }
        movie.look_at_container()?;
        Ok(movie)
    }

    /// Where the first picture is damaged, its time may be, too. What comes next may lie in front of it; then nobody knows
    /// where the movie begins.
    fn look_around(&mut self) -> Result<()> {
        self.lowest = self.clock.first;
        for _ in 0..LOOK_AROUND {
            if self.counted || !matches!(self.pull()?, Pulled::Frame) {
                break;
            }
        }
        let is_transport_stream = self.pump.is_transport_stream();
        if is_transport_stream && !self.counted && !self.clock.regular {
            self.clock.regular = transport::keeps_to_grid(self.pump.head(), self.clock.length);
        }
        let doubtful = is_transport_stream
            && (transport::head_is_damaged(&self.path, self.pump.head().first().copied())
                || (self.clock.regular && transport::start_is_doubtful(self.pump.head(), self.clock.length)));
        if self.lowest < self.clock.first || doubtful {
            self.adrift = Some("the beginning of the file is damaged: where it starts is not known".into());
        }
        self.rewind()?;
        self.pull()?;
        Ok(())
    }

    /// Gives timestamps up: from now on frames are counted from the start.
    fn count(&mut self) -> Result<()> {
        self.counted = true;
        if self.misplaced.is_some() {
            // Frames with wrong times are dropped, and the others counted.
            self.adrift = Some(beginning::CONTRADICTION.into());
        }
        self.clock = MovieClock {
            first: 0,
            length: Ratio::ONE,
            ticks: self.clock.rate.nominal(),
            rate: self.clock.rate,
            regular: true,
        };
        self.rewind()
    }

    fn rewind(&mut self) -> Result<()> {
        self.clear();
        self.end = None;
        self.pump.rewind()
    }

    fn clear(&mut self) {
        self.ring.clear();
        self.ended = false;
        self.miscounted = false;
        self.incomplete = false;
        self.copied = None;
    }

    /// Decodes the next displayed frame into the ring.
    fn pull(&mut self) -> Result<Pulled> {
        let Some(ShownFrame { pts, picture, damage, doubtful, follows, after_error }) = self.pump.next()? else {
            if self.pump.skipped().is_some() {
                return Ok(Pulled::End);
            }
            self.ended = true;
            if self.ring.back().is_some_and(|entry| self.is_doubtful(entry)) {
                return Ok(Pulled::End);
            }
            self.end = self.ring.iter().rev().find(|entry| entry.is_whole()).map(|entry| entry.at).or(self.end);
            return Ok(Pulled::End);
        };
        let at = match (self.counted, self.ring.back(), pts) {
            (true, None, _) => 0,
            (true, Some(last), _) => last.at + 1,
            // Near damage a container knows no times, or wrong ones.
            (false, _, None) if picture.is_none() => return self.pull(),
            (false, Some(last), Some(pts)) if pts < last.at && damage.is_some() => {
                self.lowest = self.lowest.min(pts);
                return self.pull();
            }
            (false, Some(last), Some(pts)) if pts == last.at && picture.is_none() => return self.pull(),
            (false, _, None) => return Ok(Pulled::Distrust),
            (false, Some(last), Some(pts)) if pts < last.at => return Ok(Pulled::Distrust),
            (false, _, Some(pts)) => pts,
        };
        // A second field is no frame.
        let near = |last: &FrameEntry| Ratio::whole(at - last.at) < self.clock.length * Ratio::new(3, 4);
        if doubtful && (self.counted || self.ring.back().is_some_and(near)) {
            return self.pull();
        }
        let uncounted = self.miscounted.then(|| "frames without timestamps cannot be counted behind damage".into());
        self.miscounted |= self.counted && !self.intra_only && (damage.is_some() || after_error);
        self.miscounted |= self.counted && self.pump.may_have_lost();
        if self.clock.regular && !self.counted && !self.intra_only {
            let wide = |last: &FrameEntry| Ratio::whole(at - last.at) > self.clock.length * Ratio::new(3, 2);
            let may_be_lost = self.may_lose_packets || self.pump.may_have_lost() || after_error;
            self.incomplete |= may_be_lost && follows && self.ring.back().is_some_and(wide);
            self.incomplete &= !picture.as_ref().is_some_and(|picture| picture.is_key() && damage.is_none());
        }
        let incomplete = self.incomplete.then(|| "a frame before it is missing".into());
        let damage = damage.or(incomplete);
        let damage = damage.or(uncounted).or_else(|| self.misplaced_at(at)).or_else(|| self.adrift.clone());
        let frame = match picture {
            Some(av) => {
                let pixel_aspect = self.pump.pixel_aspect(&av);
                let context = FrameContext { pixel_aspect, ..self.context };
                Some(Frame::new(av, &context).map_err(|error| error.at_file(&self.path))?)
            }
            None => None,
        };
        if self.lost_start && self.ring.is_empty() && self.pump.began_at_start() && at > self.clock.first {
            let (at, damage) = (self.clock.first, Some("its packet is lost".into()));
            self.ring.push_back(FrameEntry { at, frame: None, damage, follows: true, after_error: true });
        }
        while self.ring.len() >= self.room {
            self.ring.pop_front();
        }
        self.ring.push_back(FrameEntry { at, frame, damage, follows, after_error });
        Ok(Pulled::Frame)
    }

    pub(super) fn pick(&mut self, wanted: Ratio, rate: Rate) -> Result<Picked> {
        let before = wanted.frame() < 0;
        let index = wanted.frame().max(0);
        // Backwards frame by frame, or a jump back to where something else is read forwards?
        let back = self.asked.map_or(0, |asked| asked.saturating_sub(index));
        let stepped_back = (1..=STEP_BACK).contains(&back);
        self.asked = Some(index);
        let mut aim = self.clock.aim(wanted.max(Ratio::ZERO), rate);
        let (mut after, mut doubts) = (false, 0);
        let (mut landings, mut way) = (0, Way { may_jump: true, may_skip: true });
        if let Some(end) = self.end
            && aim.limit > end
        {
            // Known to lie in or behind the last frame.
            after = self.is_behind(&aim, end);
            aim = Aim { limit: end, low: end, instant: None };
        }
        loop {
            match self.find(&aim) {
                RingPlace::Here(position) if self.is_doubtful(&self.ring[position]) => {
                    if self.reconsider(self.ring[position].at, &mut doubts)? {
                        self.count()?;
                        return self.pick(wanted, rate);
                    }
                    way.may_jump = false;
                }
                RingPlace::Here(position) => return self.deliver(position, &aim, before, after),
                RingPlace::Further => match self.approach(&aim, &mut way)? {
                    Pulled::Frame => {}
                    Pulled::End if let Some(last) = self.pump.skipped() => {
                        // The frame wanted does not exist, and the last one was passed over on the way to it.
                        if self.land(last)? {
                            self.count()?;
                            return self.pick(wanted, rate);
                        }
                        way = Way { may_jump: false, may_skip: false };
                    }
                    Pulled::End if let Some(last) = self.ring.back().filter(|entry| self.is_doubtful(entry)) => {
                        if self.reconsider(last.at, &mut doubts)? {
                            self.count()?;
                            return self.pick(wanted, rate);
                        }
                        way.may_jump = false;
                    }
                    Pulled::End if self.ring.is_empty() => return Err(self.lost("no frame could be decoded")),
                    Pulled::End => {
                        // A damaged tail does not hold: the last good frame does.
                        let last = self.ring.back().map_or(0, |entry| entry.at);
                        if aim.low > last
                            && let Some(end) = self.end
                        {
                            after = self.is_behind(&aim, last.max(end));
                            aim = Aim { limit: end, low: end, instant: None };
                        }
                    }
                    Pulled::Distrust => {
                        self.count()?;
                        return self.pick(wanted, rate);
                    }
                },
                RingPlace::Back => {
                    landings += 1;
                    way.may_jump = false;
                    if landings > 2 {
                        return Err(self.lost("the frame was not found again after a seek"));
                    }
                    trace::event!(
                        TRACE,
                        "backwards by a seek",
                        file = trace::shown(self.path.display()),
                        frames = back
                    );
                    if stepped_back {
                        self.grow();
                    } else {
                        self.shrink();
                    }
                    if self.land(aim.limit)? {
                        self.count()?;
                        return self.pick(wanted, rate);
                    }
                }
            }
        }
    }

    /// Whether a frame was lost that a decoder started further back might still give.
    fn is_doubtful(&self, entry: &FrameEntry) -> bool {
        let settled = self.intra_only || self.counted || self.pump.began_at_start();
        !(entry.is_whole() || settled || self.hopeless.contains(&entry.at))
    }

    /// Whether what is asked for comes after the frame at `end`, the last one, has been shown.
    fn is_behind(&self, aim: &Aim, end: i64) -> bool {
        match aim.instant {
            None => aim.low > end,
            Some(instant) => {
                let shown = self.ring.back().filter(|entry| entry.at == end).and_then(|entry| {
                    Some(entry.frame.as_ref()?.as_av().packet().duration).filter(|duration| *duration > 0)
                });
                let length = shown.map_or(self.clock.length, Ratio::whole);
                instant + FRAME_TOLERANCE * self.clock.length >= Ratio::whole(end) + length
            }
        }
    }

    fn deliver(&mut self, position: usize, aim: &Aim, before: bool, after: bool) -> Result<Picked> {
        let entry = &self.ring[position];
        // On a grid, a frame that an error took away is not replaced by its neighbour.
        let gap = entry.at < aim.low
            && self.clock.regular
            && self
                .ring
                .get(position + 1)
                .is_some_and(|next| (next.after_error || next.damage.is_some()) && next.at > aim.limit);
        // Nor one of which a transport stream has no packet.
        let may_be_lost = self.may_lose_packets || self.pump.may_have_lost() || self.misplaced.is_some();
        let gap = gap || (may_be_lost && self.is_hole(position, aim));
        let outside = match (before, after) {
            (true, _) => Some(Outside::Before),
            (_, true) => Some(Outside::After),
            _ => None,
        };
        let reason = match &entry.damage {
            Some(reason) => Some(Reason::clone(reason)),
            None if gap && self.misplaced.is_some() => Some(beginning::CONTRADICTION.into()),
            None if gap => Some("its packet is lost".into()),
            None if entry.frame.is_none() => Some("its packet gave no picture".into()),
            None => None,
        };
        let Some(reason) = reason else {
            let frame = entry.frame.clone().ok_or_else(|| self.lost("the frame is damaged"))?;
            return Ok(Picked { frame, outside, damage: None });
        };
        if self.damaged == Damaged::Error {
            return Err(self.lost(&format!("the frame is damaged: {reason}")));
        }
        if let Some(frame) = entry.frame.clone().filter(|_| !gap) {
            return Ok(Picked { frame, outside, damage: Some(reason.to_string()) });
        }
        let frame = self.nearest(position)?;
        Ok(Picked { frame, outside, damage: Some(format!("{reason} (another frame is held)")) })
    }

    /// Whether `aim` is a place on the grid, between the frame at this place of the ring and the next, that has no frame.
    fn is_hole(&self, position: usize, aim: &Aim) -> bool {
        let (entry, Some(next)) = (&self.ring[position], self.ring.get(position + 1)) else { return false };
        let half = Ratio::new(1, 2);
        let wanted = aim.instant.unwrap_or(Ratio::whole(aim.limit)) - Ratio::whole(entry.at);
        let wide = Ratio::whole(next.at - entry.at) > self.clock.length * (Ratio::ONE + half);
        self.clock.regular && next.follows && wide && aim.low > entry.at && wanted >= self.clock.length
    }

    /// The frame nearest to the one at this place of the ring: before it, else behind it.
    fn nearest(&mut self, position: usize) -> Result<Frame> {
        if let Some(frame) = self.ring.range(..=position).rev().find_map(|entry| entry.frame.clone()) {
            return Ok(frame);
        }
        if let Some(frame) = self.ring.range(position..).find_map(|entry| entry.frame.clone()) {
            return Ok(frame);
        }
        loop {
            match self.pull()? {
                Pulled::Frame => {
                    if let Some(frame) = self.ring.back().and_then(|entry| entry.frame.clone()) {
                        return Ok(frame);
                    }
                }
                Pulled::End | Pulled::Distrust => return Err(self.lost("no frame could be decoded")),
            }
        }
    }

    fn lost(&self, why: &str) -> Error {
        // FFmpeg names the limit otherwise.
        let hint = if why.contains("max pixel count") { "; a larger limit (max_pixels) lets it pass" } else { "" };
        undecodable(&self.path, format!("{why}{hint}"))
    }

    pub(super) fn packet(&mut self, index: i64) -> Result<Option<ffmpeg_next::Packet>> {
        if index < 0 {
            return Ok(None);
        }
        if self.counted || !self.clock.regular {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("frames of {} have no regular timestamps", self.path.display()),
            )
            .at_file(&self.path));
        }
        let aim = self.clock.aim_at_frame(index);
        let ahead = self.copied.map(|copied| self.clock.frames(aim.limit - copied));
        if !ahead.is_some_and(|ahead| (1..=8).contains(&ahead)) {
            let sought = aim.low > self.clock.first && self.pump.seek(aim.limit);
            if !sought {
                self.pump.rewind()?;
            }
        }
        self.clear();
        self.copied = Some(i64::MIN / 2);
        while let Some(packet) = self.pump.read_packet()? {
            let Some(pts) = packet.pts().or(packet.dts()) else { continue };
            if pts >= aim.low {
                self.copied = Some(pts);
                return Ok(Some(packet).filter(|_| pts <= aim.limit));
            }
        }
        Ok(None)
    }
}
