//! From a file to displayed pictures in order: packets in, pictures out, nothing lost without a word.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use ffmpeg_next::frame::Video;
use ffmpeg_next::{Error as AvError, Packet};

use super::frame::undecodable;
use super::probe;
use super::sys::read::{self as sys, Decoder, DecoderSetup, Demuxer, Received, StreamFacts};
use crate::error::Result;
use crate::time::Ratio;

/// How many errors in a row, with no picture between them, mean that nothing more will come.
const PATIENCE: u32 = 500;

/// One displayed frame as it comes out of a file.
pub(crate) struct Shown {
    /// When it is shown, in ticks.
    pub(crate) pts: Option<i64>,
    /// The picture; `None` if it was lost or is not what was encoded.
    pub(crate) picture: Option<Video>,
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
    ready: VecDeque<Shown>,
    /// A packet that was read to look at it.
    held: Option<Packet>,
    /// Timestamps of packets that went in and whose pictures are not out yet.
    pending: Vec<i64>,
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
    poisoned: bool,
    errors: u32,
    /// The file starts in the middle of something: what comes before the first whole picture does not count.
    headless: bool,
    packets: u64,
    /// Decoding began at the start of the file.
    from_start: bool,
    last_dts: Option<i64>,
    first_packet: Option<(Option<i64>, Option<i64>)>,
    /// How many packets of the stream were read, wherever in the file.
    read: u64,
}

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
            held: None,
            pending: Vec::new(),
            broken: Vec::new(),
            gaps: Vec::new(),
            skip_below: None,
            skipped: None,
            landing: Landing::Start,
            failed: false,
            poisoned: false,
            errors: 0,
            headless: false,
            packets: 0,
            from_start: true,
            last_dts: None,
            first_packet: None,
            read: 0,
        };
        pump.demuxer.select(stream);
        Ok(pump)
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

    /// Whether decoding began at the start of the file, so that nothing it depends on can be missing.
    pub(crate) fn began_at_start(&self) -> bool {
        self.from_start
    }

    /// The timestamp of the packet passed over last, if none was decoded since.
    pub(crate) fn skipped(&self) -> Option<i64> {
        self.skipped
    }

    fn reset(&mut self, landing: Landing) {
        self.decoder.flush();
        self.ready.clear();
        self.held = None;
        self.pending.clear();
        self.broken.clear();
        self.gaps.clear();
        (self.skip_below, self.skipped) = (None, None);
        (self.failed, self.poisoned, self.errors) = (false, false, 0);
        (self.headless, self.packets) = (false, 0);
        self.last_dts = None;
        self.landing = landing;
        self.from_start = landing == Landing::Start;
    }

    /// Goes to a keyframe at or before `time`. `false`: the container cannot.
    pub(crate) fn seek(&mut self, time: i64) -> bool {
        if self.demuxer.seek(self.stream, time).is_err() {
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
            && !self.demuxer.index(self.stream).is_empty()
            && self.demuxer.seek(self.stream, dts).is_ok()
        {
            self.reset(Landing::Start);
            if let Some(packet) = self.read_packet()?
                && Some((packet.pts(), packet.dts())) == first
            {
                self.held = Some(packet);
                return Ok(());
            }
        }
        let fail = || undecodable(&self.path, "it could be opened once, but not again");
        self.demuxer = probe::open(&self.path).map_err(|cause| fail().because(cause))?;
        self.demuxer.select(self.stream);
        self.decoder =
            Decoder::for_stream(&self.demuxer, self.stream, self.setup).map_err(|cause| fail().because(cause))?;
        self.reset(Landing::Start);
        Ok(())
    }

    /// The next packet of the picture stream, as it is in the file; `None` at the end.
    pub(crate) fn read_packet(&mut self) -> Result<Option<Packet>> {
        if let Some(packet) = self.held.take() {
            return Ok(Some(packet));
        }
        loop {
            match self.demuxer.read() {
                Ok(Some(packet)) if packet.stream() == self.stream => {
                    if self.first_packet.is_none() {
                        self.first_packet = Some((packet.pts(), packet.dts()));
                    }
                    self.last_dts = packet.dts().or(packet.pts()).or(self.last_dts);
                    self.read += 1;
                    return Ok(Some(packet));
                }
                Ok(Some(_)) => {}
                Ok(None) => return Ok(None),
                Err(AvError::InvalidData) if self.errors < PATIENCE => self.stumble(),
                Err(AvError::InvalidData) => return Ok(None),
                Err(cause) => return Err(undecodable(&self.path, "reading failed").because(cause)),
            }
        }
    }

    fn stumble(&mut self) {
        self.failed = true;
        self.errors += 1;
    }

    /// The next displayed frame; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Shown>> {
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
                    self.lose(i64::MAX);
                    if self.ready.is_empty() {
                        return Ok(None);
                    }
                }
                Err(_) if self.errors < PATIENCE => self.stumble(),
                Err(cause) => return Err(undecodable(&self.path, "nothing but errors").because(cause)),
            }
        }
    }

    /// Gives a packet to the decoder, unless it is to be passed over.
    fn feed(&mut self, packet: Packet) -> Result<()> {
        let pts = packet.pts();
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
            self.headless = !(packet.is_key() || self.facts.intra_only);
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
            let leading = matches!(self.landing, Landing::Key(key) if pts < key);
            if !leading && !sys::is_discarded(&packet) {
                self.pending.push(pts);
            }
        }
        loop {
            match self.decoder.send(Some(&packet)) {
                Ok(true) => break,
                Ok(false) => match self.decoder.receive() {
                    Ok(Received::Frame(frame)) => self.take(frame),
                    Ok(Received::Hungry | Received::End) => break,
                    Err(_) => self.stumble(),
                },
                Err(_) => {
                    self.stumble();
                    break;
                }
            }
        }
        Ok(())
    }

    /// Takes a picture over from the decoder.
    fn take(&mut self, frame: Video) {
        let pts = frame.pts();
        if let Landing::Key(key) = self.landing {
            if pts.is_none_or(|pts| pts < key) {
                return;
            }
            self.landing = Landing::Flowing;
        }
        let mut follows = true;
        let mut damaged = sys::is_damaged(&frame);
        if self.headless {
            if damaged {
                return;
            }
            self.pending.retain(|waiting| pts.is_some_and(|pts| *waiting > pts));
            (self.headless, self.failed) = (false, false);
        }
        if let Some(pts) = pts {
            forget(&mut self.pending, pts);
            damaged |= forget(&mut self.broken, pts);
            follows = !forget(&mut self.gaps, pts);
            self.lose(pts);
        }
        let after_error = self.failed;
        if frame.is_key() && !damaged {
            // Nothing shown after a keyframe refers to anything before it.
            self.poisoned = false;
            self.failed = false;
        }
        if damaged && !self.facts.intra_only {
            self.poisoned = true;
        }
        let picture = (!damaged && !self.poisoned).then_some(frame);
        self.ready.push_back(Shown { pts, picture, follows, after_error });
    }

    /// After an error: packets that should have been shown before `limit` and were not are lost pictures.
    fn lose(&mut self, limit: i64) {
        if self.pending.iter().all(|pts| *pts >= limit) {
            return;
        }
        let mut lost: Vec<i64> = self.pending.iter().copied().filter(|pts| *pts < limit).collect();
        self.pending.retain(|pts| *pts >= limit);
        // Without an error these are packets that have no picture of their own: hidden frames, second fields. But
        // FFmpeg's decoders drop pictures in silence when they were started in an open group of pictures.
        let dropped = !self.from_start && matches!(self.facts.codec.as_str(), "h264" | "hevc");
        if !(self.failed || dropped) {
            return;
        }
        lost.sort_unstable();
        for pts in lost {
            let follows = !forget(&mut self.gaps, pts);
            self.ready.push_back(Shown { pts: Some(pts), picture: None, follows, after_error: self.failed });
        }
        self.poisoned |= self.failed && !self.facts.intra_only;
    }
}

/// Takes `pts` out of a short list; whether it was in it.
fn forget(list: &mut Vec<i64>, pts: i64) -> bool {
    match list.iter().position(|entry| *entry == pts) {
        Some(position) => {
            list.swap_remove(position);
            true
        }
        None => false,
    }
}
