//! From a file to displayed pictures in order: packets in, pictures out, nothing lost without a word.

mod losses;

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};

use ffmpeg_next::frame::Video;
use ffmpeg_next::{Error as AvError, Packet};

use super::avi;
use super::damage::{Reason, is_damage, loses_packets, misplaces};
use super::frame::undecodable;
use super::mxf;
use super::probe;
use super::sys::decoder::{Decoder, DecoderSetup, Received, hevc_tells_incomplete};
use super::sys::read::{self as sys, Demuxer, ReadOrder, StreamFacts};
use super::units;
use crate::error::Result;
use crate::time::Ratio;
use crate::trace;
use losses::{DamagedPacket, Flight, forget};

/// How many errors in a row, with no picture between them, mean that nothing more will come.
const PATIENCE: u32 = 500;

/// One displayed frame as it comes out of a file.
pub(crate) struct ShownFrame {
    /// When it is shown, in ticks.
    pub(crate) pts: Option<i64>,
    /// The picture; `None` if it was lost.
    pub(crate) picture: Option<Video>,
    /// Why it is not what was encoded, if it is not.
    pub(crate) damage: Option<Reason>,
    /// It was lost without a word: its packet may as well have no picture of its own, as second fields have none.
    pub(crate) doubtful: bool,
    /// Whether it comes directly after the one before: no packets were left out in between.
    pub(crate) follows: bool,
    /// Whether decoding failed somewhere between the frame before and this one.
    pub(crate) after_error: bool,
}

/// A file being read: demuxer and decoder at one place in it.
pub(crate) struct Pump {
    path: PathBuf,
    setup: DecoderSetup,
    stream: usize,
    facts: StreamFacts,
    demuxer: Demuxer,
    decoder: Decoder,
    ready: VecDeque<ShownFrame>,
    /// What was read to look at it.
    ahead: VecDeque<ReadPacket>,
    /// Packets come in another order than their pictures are shown in: their timestamps are those of display.
    reordered: bool,
    /// The highest timestamp of a packet read so far.
    highest: Option<i64>,
    /// The timestamp of the frame that was given out last.
    given: Option<i64>,
    /// The decoder tells of every picture that it decodes to its end.
    tells_ends: bool,
    /// Packets that went in and whose pictures are not out yet, in the order of decoding.
    flights: VecDeque<Flight>,
    /// What is known to be damaged, as far as pictures still to come may be built on it.
    damages: Vec<DamagedPacket>,
    /// Timestamps of packets that the demuxer says are damaged.
    broken: Vec<i64>,
    /// Timestamps of packets before which packets were left out.
    gaps: Vec<i64>,
    /// Packets shown before this are passed over without decoding.
    skip_below: Option<i64>,
    /// The timestamp of the packet passed over last, if none was decoded since.
    skipped: Option<i64>,
    landing: Landing,
    failed: bool,
    /// The container said that packets may be lost before the next one.
    broken_off: bool,
    /// It said so of some packets, and not which.
    may_have_lost: bool,
    /// What the container said of lists that are damaged, while it was opened.
    misplaced: Option<Reason>,
    /// The decoder's number of the first packet behind such a place.
    broken_at: Option<u64>,
    /// In AVI, which counts what it finds: where packets lie by its list, and when they are shown.
    listed: HashMap<i64, i64>,
    /// Its index contradicts its chunks: the file is read from start to end.
    order: ReadOrder,
    /// From this place in the file on, packets may be others than they are counted as.
    moved_from: Option<u64>,
    /// By how much the packets read last come too early, by that list.
    shift: i64,
    /// The container said that the packet read last, or the next one, is damaged.
    corrupt: bool,
    errors: u32,
    /// When the keyframe that the file begins with is shown.
    first_key: Option<i64>,
    /// The file starts in the middle of something: what comes before the first whole picture does not count.
    headless: bool,
    packets: u64,
    /// Decoding began at the start of the file.
    from_start: bool,
    last_dts: Option<i64>,
    first_packet: Option<(Option<i64>, Option<i64>)>,
    /// How many packets of the stream were read, wherever in the file.
    read: u64,
    /// When the pictures of the first packets of the file are shown.
    head: Vec<i64>,
    /// Those were read as far as they were wanted.
    head_read: bool,
}

/// What reading on gave.
struct ReadPacket {
    packet: Result<Option<Packet>>,
    /// Something went wrong on the way.
    failed: bool,
    /// The container said that packets may be lost here.
    broken_off: bool,
    /// It said that a packet of the stream is damaged.
    corrupt: bool,
}

/// Why a packet is damaged whose place is not where the file says.
const MOVED: &str = "it does not lie where the file says: which frame is which is not known";
/// Codecs in which nothing refers to a B picture.
const UNREFERRED_B: [&str; 3] = ["mpeg1video", "mpeg2video", "mpeg4"];
/// Packets that are read ahead of those in the decoder, in such codecs.
const AHEAD: usize = 16;
/// Packets at the start of a file whose times are kept.
const HEAD: usize = 16;
/// Packets at most of which no picture has come.
const IN_FLIGHT: usize = 1024;

/// Where decoding began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Landing {
    /// At the start of the file: the decoder decides what is shown first.
    Start,
    /// After a seek, still looking for a keyframe.
    Seeking,
    /// At a keyframe shown at this time. What is shown before it may refer to frames that were not decoded.
    Key(i64),
    /// At a keyframe, and that or something behind it has been shown.
    Flowing,
}

impl Pump {
    pub(crate) fn new(path: &Path, demuxer: Demuxer, stream: usize, setup: DecoderSetup) -> Result<Pump> {
        let facts = demuxer.facts(stream).ok_or_else(|| undecodable(path, "it has no picture"))?;
        let decoder = Decoder::for_stream(&demuxer, stream, setup)
            .map_err(|cause| undecodable(path, format!("no decoder for {}", facts.codec)).because(cause))?;
        let mut pump = Pump {
            path: path.to_owned(),
            setup,
            stream,
            facts,
            demuxer,
            decoder,
            ready: VecDeque::new(),
            ahead: VecDeque::new(),
            reordered: false,
            highest: None,
            given: None,
            tells_ends: hevc_tells_incomplete(),
            flights: VecDeque::new(),
            damages: Vec::new(),
            broken: Vec::new(),
            gaps: Vec::new(),
            skip_below: None,
            skipped: None,
            landing: Landing::Start,
            failed: false,
            broken_off: false,
            may_have_lost: false,
            misplaced: None,
            broken_at: None,
            listed: HashMap::new(),
            order: ReadOrder::Any,
            moved_from: None,
            shift: 0,
            corrupt: false,
            errors: 0,
            first_key: None,
            headless: false,
            packets: 0,
            from_start: true,
            last_dts: None,
            first_packet: None,
            read: 0,
            head: Vec::new(),
            head_read: false,
        };
        pump.demuxer.select(stream);
        let lines = pump.demuxer.take_lines();
        pump.may_have_lost = lines.iter().any(loses_packets);
        pump.misplaced = lines.iter().find(|line| misplaces(line)).map(|line| line.text.as_str().into());
        if pump.demuxer.container() == "avi" {
            pump.compare_index()?;
        } else if pump.is_mxf() {
            pump.moved_from = mxf::moved_from(&pump.path);
        }
        Ok(pump)
    }

    /// Looks whether AVI's index agrees with its chunks; if it does not, it is not gone by.
    fn compare_index(&mut self) -> Result<()> {
        let lists: Vec<_> = (0..self.demuxer.stream_count()).map(|stream| self.demuxer.index(stream)).collect();
        match avi::look(&self.path, self.stream, &lists) {
            avi::AviIndex::Holds => {
                self.listed = lists[self.stream].iter().map(|entry| (entry.place, entry.time)).collect()
            }
            avi::AviIndex::Recounted { times, lost_from } => {
                self.moved_from = lost_from;
                trace::event!(DEBUG, "the index contradicts the chunks", file = trace::shown(self.path.display()));
                (self.listed, self.order) = (times, ReadOrder::Straight);
                self.demuxer = probe::open_in_order(&self.path, Some(self.setup.max_pixels), self.order)?;
                self.demuxer.select(self.stream);
            }
        }
        Ok(())
    }

    /// Whether another place of the file can be gone to.
    pub(crate) fn can_seek(&self) -> bool {
        self.order == ReadOrder::Any
    }

    pub(crate) fn facts(&self) -> &StreamFacts {
        &self.facts
    }

    /// The pixel aspect of a frame of this stream.
    pub(crate) fn pixel_aspect(&mut self, frame: &Video) -> Ratio {
        self.demuxer.pixel_aspect(self.stream, Some(frame))
    }

    /// The stream's codec parameters.
    pub(crate) fn parameters(&self) -> Option<ffmpeg_next::codec::Parameters> {
        self.demuxer.parameters(self.stream)
    }

    /// The decoding time of the last keyframe at or before `time` in the container's index.
    pub(crate) fn key_before(&mut self, time: i64) -> Option<i64> {
        self.demuxer.key_before(self.stream, time)
    }

    /// How many packets of the stream were read so far, wherever in the file.
    pub(crate) fn packets_read(&self) -> u64 {
        self.read
    }

    /// When the pictures of the first packets of the file are shown, in ticks, as far as it was read until it was first left.
    pub(crate) fn head(&self) -> &[i64] {
        &self.head
    }

    /// What the container said, while it was opened, of lists that are damaged: which frame is which is not known.
    pub(crate) fn misplaced(&self) -> Option<&Reason> {
        self.misplaced.as_ref()
    }

    /// Reads as many packets ahead as are looked at for their times; none is decoded.
    pub(crate) fn read_head(&mut self) {
        if !self.head_read {
            self.look_ahead();
        }
    }

    /// The container's own number of the stream, and how many packets its list has.
    pub(crate) fn listed(&mut self) -> (i32, usize) {
        (self.demuxer.stream_id(self.stream), self.demuxer.index(self.stream).len())
    }

    /// How many streams of pictures are in front of this one, covers left out.
    pub(crate) fn videos_before(&self) -> usize {
        let is_video = |facts: StreamFacts| facts.kind == sys::StreamKind::Video && !facts.attached;
        (0..self.stream).filter(|stream| self.demuxer.facts(*stream).is_some_and(is_video)).count()
    }

    /// The short name of the container's format.
    pub(crate) fn container(&self) -> String {
        self.demuxer.container()
    }

    /// Whether this is a transport stream.
    pub(crate) fn is_transport_stream(&self) -> bool {
        self.demuxer.container() == "mpegts"
    }

    /// Whether this is MXF.
    pub(crate) fn is_mxf(&self) -> bool {
        self.demuxer.container() == "mxf"
    }

    /// The decoding time of the packet read last.
    pub(crate) fn last_dts(&self) -> Option<i64> {
        self.last_dts
    }

    /// Reads on, after a seek, until decoding can begin: when that keyframe is shown, or `None` if there is no more.
    pub(crate) fn find_key(&mut self) -> Result<Option<i64>> {
        loop {
            if let Landing::Key(pts) = self.landing {
                return Ok(Some(pts));
            }
            match self.read_packet()? {
                Some(packet) => self.feed(packet)?,
                None => return Ok(None),
            }
        }
    }

    /// Passes over packets that are shown before `pts`, without decoding them. Only where every frame is coded on its
    /// own.
    pub(crate) fn skip_below(&mut self, pts: Option<i64>) {
        self.skip_below = pts.filter(|_| self.facts.intra_only);
    }

    /// Whether packets may be lost without anything that says where: a hole among regular timestamps is one.
    pub(crate) fn may_have_lost(&self) -> bool {
        self.may_have_lost
    }

    /// Whether decoding began at the start of the file, so that nothing it depends on can be missing.
    pub(crate) fn began_at_start(&self) -> bool {
        self.from_start
    }

    /// The timestamp of the packet passed over last, if none was decoded since.
    pub(crate) fn skipped(&self) -> Option<i64> {
        self.skipped
    }

    fn reset(&mut self, landing: Landing) {
        self.head_read = true;
        self.decoder.flush();
        self.decoder.take_lines();
        self.may_have_lost |= self.demuxer.take_lines().iter().any(|line| line.packet == 0 && loses_packets(line));
        self.ready.clear();
        self.ahead.clear();
        (self.highest, self.given) = (None, None);
        self.flights.clear();
        self.damages.clear();
        self.broken.clear();
        self.gaps.clear();
        (self.skip_below, self.skipped) = (None, None);
        (self.failed, self.broken_off, self.corrupt, self.errors) = (false, false, false, 0);
        (self.broken_at, self.shift) = (None, 0);
        (self.headless, self.packets, self.first_key) = (false, 0, None);
        self.last_dts = None;
        self.landing = landing;
        self.from_start = landing == Landing::Start;
    }

    /// Goes to a keyframe at or before `time`. `false`: the container cannot.
    pub(crate) fn seek(&mut self, time: i64) -> bool {
        if !self.can_seek() || self.demuxer.seek(self.stream, time).is_err() {
            return false;
        }
        self.reset(Landing::Seeking);
        true
    }

    /// Goes back to the start of the file.
    ///
    /// A seek is tried first where the container has an index; it counts only if it leads to the packet that was
    /// the first when the file was opened. Otherwise the file is opened again.
    pub(crate) fn rewind(&mut self) -> Result<()> {
        let first = self.first_packet;
        if let Some((_, Some(dts))) = first
            && self.can_seek()
            && !self.demuxer.index(self.stream).is_empty()
            && self.demuxer.seek(self.stream, dts).is_ok()
        {
            self.reset(Landing::Start);
            if let Some(packet) = self.read_packet()?
                && Some((packet.pts(), packet.dts())) == first
            {
                self.ahead.push_front(ReadPacket {
                    packet: Ok(Some(packet)),
                    failed: false,
                    broken_off: false,
                    corrupt: false,
                });
                return Ok(());
            }
        }
        let fail = || undecodable(&self.path, "it could be opened once, but not again");
        let demuxer = probe::open_in_order(&self.path, Some(self.setup.max_pixels), self.order);
        self.demuxer = demuxer.map_err(|cause| fail().because(cause))?;
        self.demuxer.select(self.stream);
        self.decoder =
            Decoder::for_stream(&self.demuxer, self.stream, self.setup).map_err(|cause| fail().because(cause))?;
        self.reset(Landing::Start);
        Ok(())
    }

    /// The next packet of the picture stream, as it is in the file; `None` at the end.
    pub(crate) fn read_packet(&mut self) -> Result<Option<Packet>> {
        let ReadPacket { packet, failed, broken_off, corrupt } = match self.ahead.pop_front() {
            Some(read) => read,
            None => self.read_on(),
        };
        self.failed |= failed;
        self.broken_off |= broken_off;
        self.corrupt |= corrupt;
        self.errors += u32::from(failed);
        let packet = packet?;
        if let Some(packet) = &packet {
            if self.first_packet.is_none() {
                self.first_packet = Some((packet.pts(), packet.dts()));
            }
            self.last_dts = packet.dts().or(packet.pts()).or(self.last_dts);
            self.read += 1;
        }
        Ok(packet)
    }

    fn read_on(&mut self) -> ReadPacket {
        // FFmpeg's parsers drop the flag that says so.
        let named = format!("Packet corrupt (stream = {},", self.stream);
        let (mut errors, mut broken_off, mut corrupt) = (self.errors, false, false);
        let packet = loop {
            let read = self.demuxer.read();
            for line in self.demuxer.take_lines() {
                broken_off |= is_damage(&line);
                // Which those are is not said while the file is opened; nor can it be told in front of the first.
                let unplaced = line.packet == 0 || (self.head.is_empty() && !self.head_read);
                self.may_have_lost |= unplaced && loses_packets(&line);
                corrupt |= line.text.starts_with(&named);
            }
            match read {
                Ok(Some(packet)) if packet.stream() == self.stream => break Ok(Some(packet)),
                Ok(Some(_)) => {}
                Ok(None) => break Ok(None),
                Err(AvError::InvalidData) if errors < PATIENCE => errors += 1,
                Err(AvError::InvalidData) => break Ok(None),
                Err(cause) => break Err(undecodable(&self.path, "reading failed").because(cause)),
            }
        };
        let mut packet = packet;
        if let Ok(Some(packet)) = &mut packet {
            broken_off |= self.put_in_place(packet);
        }
        if let Ok(Some(packet)) = &packet
            && let Some(pts) = packet.pts()
        {
            self.reordered |= self.highest.is_some_and(|highest| pts < highest);
            self.highest = self.highest.max(Some(pts));
            if !self.head_read {
                self.head.push(pts);
                self.head_read = self.head.len() >= HEAD;
            }
        }
        ReadPacket { packet, failed: errors > self.errors, broken_off, corrupt }
    }

    /// Gives a packet the time that the container's list has for its place in the file; whether others were lost before it.
    fn put_in_place(&mut self, packet: &mut Packet) -> bool {
        /// A list may count from a chunk's header, which lies in front of its data.
        const HEADER: i64 = 8;
        let Ok(place) = i64::try_from(packet.position()) else { return false };
        let listed = self.listed.get(&place).or_else(|| self.listed.get(&(place - HEADER)));
        let (Some(listed), Some(dts)) = (listed, packet.dts()) else { return false };
        let shift = listed - dts;
        packet.set_dts(Some(*listed));
        packet.set_pts(packet.pts().map(|pts| pts + shift));
        shift != std::mem::replace(&mut self.shift, shift)
    }

    /// Reads on as far as a packet may lie whose picture is shown before one that was decoded already.
    fn look_ahead(&mut self) {
        let ended = |read: &ReadPacket| !matches!(&read.packet, Ok(Some(_)));
        while self.ahead.len() < AHEAD && !self.ahead.back().is_some_and(ended) {
            let read = self.read_on();
            self.ahead.push_back(read);
        }
    }

    /// The next displayed frame; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<ShownFrame>> {
        loop {
            if let Some(shown) = self.ready.pop_front() {
                return Ok(Some(shown));
            }
            match self.decoder.receive() {
                Ok(Received::Frame(frame)) => {
                    self.errors = 0;
                    self.take(frame);
                }
                Ok(Received::Hungry) => match self.read_packet()? {
                    Some(packet) => self.feed(packet)?,
                    None => {
                        // The decoder may refuse the end only because it has had it already.
                        let _ = self.decoder.send(None);
                    }
                },
                Ok(Received::End) => {
                    self.listen();
                    self.lose(None);
                    if self.ready.is_empty() {
                        return Ok(None);
                    }
                }
                Err(cause) if self.errors < PATIENCE => self.stumble(cause),
                Err(cause) => return Err(undecodable(&self.path, "nothing but errors").because(cause)),
            }
        }
    }

    /// Gives a packet to the decoder, unless it is to be passed over.
    fn feed(&mut self, packet: Packet) -> Result<()> {
        let pts = packet.pts();
        // A place without a picture, as AVI has them; to a decoder it would be the end.
        if packet.size() == 0 {
            return Ok(());
        }
        if self.landing == Landing::Seeking {
            if !(packet.is_key() || self.facts.intra_only) {
                return Ok(());
            }
            match pts {
                Some(pts) => self.landing = Landing::Key(pts),
                None => return Ok(()),
            }
        }
        self.packets += 1;
        if self.packets == 1 && self.landing == Landing::Start {
            self.headless = !(packet.is_key() || self.facts.intra_only || self.begins_with_damage(&packet));
            self.first_key = pts.filter(|_| !self.headless);
            // FFmpeg's H.264 decoder shows what lies before the first keyframe although it refers to frames that are
            // not in the file. Other decoders know better, and may show what is whole.
            if let (false, "h264", Some(pts)) = (self.headless, self.facts.codec.as_str(), pts) {
                self.landing = Landing::Key(pts);
            }
        }
        if let (Some(pts), Some(limit)) = (pts, self.skip_below)
            && pts < limit
        {
            self.skipped = Some(pts);
            return Ok(());
        }
        if let Some(pts) = pts {
            if self.skipped.take().is_some() {
                self.gaps.push(pts);
            }
            if packet.is_corrupt() {
                self.broken.push(pts);
            }
        }
        let begin = match self.landing {
            Landing::Key(key) => Some(key),
            _ => self.first_key,
        };
        let leading = begin.zip(pts).is_some_and(|(begin, pts)| pts < begin);
        let number = self.decoder.sent() + 1;
        let hidden = sys::is_discarded(&packet);
        if self.facts.codec == "mjpeg" && packet.data().is_some_and(units::has_unknown_inks) {
            self.damages.push(DamagedPacket { number, reason: units::UNKNOWN_INKS.into() });
        }
        let hashed = self.facts.codec == "hevc" && packet.data().is_some_and(units::has_picture_hash);
        let (key, compared, complete) = (packet.is_key(), false, false);
        if std::mem::take(&mut self.broken_off) {
            self.broken_at.get_or_insert(number);
        }
        if std::mem::take(&mut self.corrupt) {
            // A parser gives a packet out once it has seen the next one.
            for number in [number, number + 1] {
                self.damages
                    .push(DamagedPacket { number, reason: "the container says that its packet is damaged".into() });
            }
        }
        // Packets whose place is not known are behind it rather than in front.
        let is_behind = |from: u64| u64::try_from(packet.position()).map_or(true, |place| place >= from);
        if self.moved_from.is_some_and(is_behind) {
            self.damages.push(DamagedPacket { number, reason: MOVED.into() });
        }
        if packet.data().is_some_and(|data| units::is_hole(&self.facts.codec, data)) {
            self.damages.push(DamagedPacket { number, reason: units::HOLE.into() });
        }
        self.flights.push_back(Flight { number, pts, key, hidden, leading, hashed, compared, complete });
        if self.flights.len() > IN_FLIGHT {
            self.flights.pop_front();
        }
        loop {
            match self.decoder.send(Some(&packet)) {
                Ok(true) => break,
                Ok(false) => match self.decoder.receive() {
                    Ok(Received::Frame(frame)) => self.take(frame),
                    Ok(Received::Hungry | Received::End) => break,
                    Err(cause) => self.stumble(cause),
                },
                Err(cause) => {
                    self.stumble(cause);
                    break;
                }
            }
        }
        Ok(())
    }

    /// Whether the first packet, which no keyframe was found in, is the keyframe that a file begins with all the same, and
    /// damaged; otherwise the file was cut out of the middle of something.
    fn begins_with_damage(&mut self, packet: &Packet) -> bool {
        let listed = self.demuxer.index(self.stream).first().is_some_and(|entry| entry.key);
        let lists_all = self.demuxer.container().starts_with("mov,");
        if lists_all {
            return listed;
        }
        !packet.data().is_some_and(|data| units::depends_on_others(&self.facts.codec, data))
    }

    /// Takes a picture over from the decoder.
    fn take(&mut self, frame: Video) {
        self.listen();
        let pts = frame.pts();
        let flight = self.claim(pts, frame.is_key());
        // Without one, the nearest guess that does not put the picture in front of anything it may be built on.
        let number = flight.as_ref().map_or(self.decoder.sent(), |flight| flight.number);
        if let Landing::Key(key) = self.landing {
            if pts.is_none_or(|pts| pts < key) {
                return;
            }
            self.landing = Landing::Flowing;
        }
        let flagged = sys::is_damaged(&frame).then(|| "FFmpeg concealed errors in it".into());
        let mut own = self.reason_for(number).or(flagged).or_else(|| self.unproved(flight.as_ref()));
        if self.headless {
            if own.is_some() {
                return;
            }
            self.flights.retain(|flight| flight.pts.zip(pts).is_some_and(|(waiting, pts)| waiting > pts));
            self.damages.clear();
            (self.headless, self.failed) = (false, false);
        }
        let mut follows = true;
        if let Some(pts) = pts {
            if forget(&mut self.broken, pts) {
                own = own.or_else(|| Some("the container says that its packet is damaged".into()));
            }
            follows = !forget(&mut self.gaps, pts);
        }
        let before = self.given.filter(|_| self.keeps_order());
        if pts.zip(before).is_some_and(|(pts, before)| pts <= before) {
            // It has been told as lost.
            return;
        }
        let told = self.ready.len();
        self.lose(Some((number, pts)));
        self.lose_undecoded(pts);
        self.ready.make_contiguous()[told..].sort_by_key(|lost| lost.pts);
        let after_error = self.failed || self.broken_off || self.broken_at.is_some();
        if frame.is_key() && own.is_none() {
            // Nothing shown after a keyframe refers to anything before it.
            self.damages.retain(|damage| damage.number >= number);
            self.failed = false;
        }
        if (frame.is_key() || self.facts.intra_only) && self.broken_at.is_some_and(|first| number >= first) {
            self.broken_at = None;
        }
        let damage = own.clone().or_else(|| self.built_on(number));
        let unreferred = self.facts.intra_only
            || (UNREFERRED_B.contains(&self.facts.codec.as_str()) && frame.kind() == ffmpeg_next::picture::Type::B);
        match own {
            Some(_) if unreferred => self.damages.retain(|damage| damage.number != number),
            Some(reason) if self.reason_for(number).is_none() => self.damages.push(DamagedPacket { number, reason }),
            _ => {}
        }
        self.ready.push_back(ShownFrame { pts, picture: Some(frame), damage, doubtful: false, follows, after_error });
        self.given = pts.or(self.given);
    }
}
