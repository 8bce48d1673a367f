//! What became of each packet that a decoder was given: the picture it stands for, or why that is damaged or lost.

use ffmpeg_next::{Error as AvError, Packet};

use super::super::damage::{Reason, is_damage};
use super::super::sys::log::{COMPARED, DECODED};
use super::super::sys::read as sys;
use super::{Pump, ShownFrame};

/// A packet in the decoder.
pub(super) struct Flight {
    /// The decoder's number of it.
    pub(super) number: u64,
    /// When it is shown, in ticks.
    pub(super) pts: Option<i64>,
    /// Whether decoding can begin here.
    pub(super) key: bool,
    /// An edit list hides it.
    pub(super) hidden: bool,
    /// It is shown before the keyframe that decoding began at, and may refer to what was not decoded.
    pub(super) leading: bool,
    /// It holds a hash of its picture.
    pub(super) hashed: bool,
    /// The picture was compared with that.
    pub(super) compared: bool,
    /// The decoder came to the end of the picture.
    pub(super) complete: bool,
}

/// A packet that could not be decoded as it was encoded.
pub(super) struct DamagedPacket {
    pub(super) number: u64,
    pub(super) reason: Reason,
}

/// Codecs, beside those whose frames are each coded on their own, every packet of which has a picture.
const ONE_PICTURE_EACH: [&str; 4] = ["h264", "hevc", "mpeg2video", "mpeg1video"];
/// Codecs in which pictures may be shown up to sixteen later than they are decoded.
const DEEP_ORDER: [&str; 2] = ["h264", "hevc"];

impl Pump {
    /// After an error of the decoder.
    pub(super) fn stumble(&mut self, cause: AvError) {
        self.failed = true;
        self.errors += 1;
        let told = self.listen();
        if !self.facts.intra_only {
            // Whatever failed, it was not in front of the oldest packet that is still in the decoder.
            if !told && !self.damages.iter().any(|damage| damage.number == self.decoder.sent()) {
                let number = self.flights.front().map_or(self.decoder.sent(), |flight| flight.number);
                self.damages.push(DamagedPacket { number, reason: format!("{cause:#}").into() });
            }
            return;
        }
        // Results come in the order of packets.
        let Some(flight) = self.flights.pop_front() else { return };
        let reason = self.reason_for(flight.number).unwrap_or_else(|| format!("{cause:#}").into());
        self.damages.retain(|damage| damage.number != flight.number);
        if !flight.hidden {
            let follows = !flight.pts.is_some_and(|pts| forget(&mut self.gaps, pts));
            self.ready.push_back(ShownFrame { after_error: true, follows, ..ShownFrame::lost(flight.pts, reason) });
        }
    }

    /// Takes over what the decoder said; whether that told of damage.
    pub(super) fn listen(&mut self) -> bool {
        let mut told = false;
        for line in &self.decoder.take_lines() {
            if let Some(flight) = self.flights.iter_mut().find(|flight| flight.number == line.packet) {
                flight.complete |= line.text == DECODED;
                flight.compared |= line.text == COMPARED;
            }
            if !is_damage(line) {
                continue;
            }
            // What refers to frames that were not decoded is not shown.
            let unshown = |flight: &Flight| flight.number == line.packet && flight.leading && self.passes_leading();
            if self.flights.iter().any(unshown) {
                continue;
            }
            told = true;
            if self.reason_for(line.packet).is_none() {
                self.damages.push(DamagedPacket { number: line.packet, reason: line.text.as_str().into() });
            }
        }
        told
    }

    /// Whether frames shown before the keyframe that decoding began at are passed over.
    fn passes_leading(&self) -> bool {
        !self.from_start || self.facts.codec == "h264"
    }

    /// What is known about the packet of this number itself.
    pub(super) fn reason_for(&self, number: u64) -> Option<Reason> {
        self.damages.iter().find(|damage| damage.number == number).map(|damage| Reason::clone(&damage.reason))
    }

    /// The first damage that a picture of this packet may be built on.
    pub(super) fn built_on(&self, number: u64) -> Option<Reason> {
        let before = self.damages.iter().filter(|damage| damage.number <= number && !self.facts.intra_only);
        before.min_by_key(|damage| damage.number).map(|damage| Reason::clone(&damage.reason))
    }

    /// Why an HEVC picture may be another one than was encoded, although the decoder says nothing: it ended early, or was
    /// not compared with its hash.
    pub(super) fn unproved(&self, flight: Option<&Flight>) -> Option<Reason> {
        let flight = flight.filter(|_| self.facts.codec == "hevc")?;
        if flight.hashed && !flight.compared {
            return Some("it could not be compared with its checksum".into());
        }
        (self.tells_ends && !flight.complete).then(|| "its coded data ends before the picture does".into())
    }

    /// Whether packets have the times their pictures are shown at, and the decoder has to keep to them.
    pub(super) fn keeps_order(&self) -> bool {
        self.reordered && DEEP_ORDER.contains(&self.facts.codec.as_str())
    }

    /// What should have been shown between the last frame and the one at `pts`, and has not even been given to the
    /// decoder, is lost: a number that says in which order pictures are shown is damaged.
    pub(super) fn lose_undecoded(&mut self, pts: Option<i64>) {
        if DEEP_ORDER.contains(&self.facts.codec.as_str()) {
            self.look_ahead();
        }
        let (Some(given), Some(pts), true) = (self.given, pts, self.keeps_order()) else { return };
        let packets = self.ahead.iter().filter_map(|read| read.packet.as_ref().ok()?.as_ref());
        let late = packets.filter(|packet| !sys::is_discarded(packet)).filter_map(Packet::pts);
        for late in late.filter(|late| (given + 1..pts).contains(late)) {
            let reason = "its picture comes out of order".into();
            self.ready.push_back(ShownFrame { doubtful: true, ..ShownFrame::lost(Some(late), reason) });
        }
    }

    /// Takes the packet of a picture shown at `pts` out of the list.
    pub(super) fn claim(&mut self, pts: Option<i64>, key: bool) -> Option<Flight> {
        let by_time = |flight: &Flight| pts.is_some() && flight.pts == pts;
        let place = self.flights.iter().position(by_time).or_else(|| {
            let in_order = |flight: &Flight| flight.pts.is_none() && (self.facts.intra_only || (key && flight.key));
            self.flights.iter().position(in_order)
        });
        place.and_then(|place| self.flights.remove(place))
    }

    /// Packets that should have been shown before the picture of packet `shown`, with this timestamp, and were not are
    /// lost pictures; with `None` all that are left.
    pub(super) fn lose(&mut self, shown: Option<(u64, Option<i64>)>) {
        let intra_only = self.facts.intra_only;
        let is_over = |flight: &Flight| match shown {
            None => true,
            Some((number, _)) if intra_only => flight.number < number,
            Some((_, Some(limit))) => flight.pts.is_some_and(|pts| pts < limit),
            Some((_, None)) => false,
        };
        let (mut lost, left): (Vec<Flight>, _) = self.flights.drain(..).partition(is_over);
        self.flights = left.into();
        lost.sort_by_key(|flight| flight.pts);
        let codec = self.facts.codec.as_str();
        let each = intra_only || ONE_PICTURE_EACH.contains(&codec);
        let given = self.given.filter(|_| self.keeps_order());
        for flight in lost {
            // It has been told already, as one out of order.
            if flight.pts.zip(given).is_some_and(|(pts, given)| pts <= given) {
                continue;
            }
            let own = self.reason_for(flight.number);
            let passed_over = flight.leading && (own.is_none() || self.passes_leading());
            let untimed = flight.pts.is_none() && !intra_only;
            if flight.hidden || passed_over || untimed {
                continue;
            }
            let failed = self.failed.then(|| "decoding failed".into());
            let told = own.or_else(|| self.built_on(flight.number)).or(failed);
            // Without an error these are packets that have no picture of their own, such as hidden frames; but some
            // decoders drop pictures in silence.
            let doubtful = told.is_none();
            if doubtful && !each {
                continue;
            }
            let reason = told.unwrap_or_else(|| "its packet gave no picture".into());
            // H.264 and HEVC name what they refer to, and their decoders tell when it is not there.
            let told_otherwise = doubtful && matches!(codec, "h264" | "hevc");
            if !(intra_only || told_otherwise) && self.reason_for(flight.number).is_none() {
                self.damages.push(DamagedPacket { number: flight.number, reason: Reason::clone(&reason) });
            }
            let follows = !flight.pts.is_some_and(|pts| forget(&mut self.gaps, pts));
            // At the end of what can be read, others may be missing in front of it.
            let after_error = self.failed || self.broken_off || self.broken_at.is_some();
            self.ready.push_back(ShownFrame { doubtful, follows, after_error, ..ShownFrame::lost(flight.pts, reason) });
        }
    }
}

impl ShownFrame {
    /// A picture that did not come.
    fn lost(pts: Option<i64>, reason: Reason) -> ShownFrame {
        ShownFrame { pts, picture: None, damage: Some(reason), doubtful: false, follows: true, after_error: false }
    }
}

/// Takes `pts` out of a short list; whether it was in it.
pub(super) fn forget(list: &mut Vec<i64>, pts: i64) -> bool {
    match list.iter().position(|entry| *entry == pts) {
        Some(position) => {
            list.swap_remove(position);
            true
        }
        None => false,
    }
}
