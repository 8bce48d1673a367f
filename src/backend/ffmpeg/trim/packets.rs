//! Pieces whose pictures are copied: one pass over the packets of the movie.
//!
//! Frames that are each coded on their own are copied wherever they lie. Elsewhere a piece is copied only if its first
//! frame is one that decoding can begin at, and the packets from there on, in the order they are stored in, are those of
//! its frames until it is complete: none that is shown earlier, and none that is shown behind its end, since a frame that
//! follows such a one may depend on it. Whatever is not proved is encoded anew.

use std::collections::BTreeSet;

use ffmpeg_next::Packet;
use ffmpeg_next::codec::packet::side_data::Type as SideDataType;

use super::super::probe;
use super::super::sys::read::{self as sys, Demuxer};
use super::source::TrimSource;
use super::writer::PieceWriter;
use super::{PieceJob, TrimRun};
use crate::deliver::{SingleFiles, TrimmedPiece};
use crate::error::{ErrorKind, Result};
use crate::time::Ratio;

/// How far ahead reading on is worth more than seeking, in frames.
const READ_ON: i64 = 50;
/// How far in front of a frame it is looked for, if it is not behind where seeking led, in seconds.
const BACK: [i64; 3] = [0, 2, 10];

/// A piece that is being copied.
struct PieceCopy {
    job: PieceJob,
    /// `None`: its first frame has not come yet.
    begun: Option<StartedPiece>,
}

struct StartedPiece {
    writer: PieceWriter,
    /// All frames of the piece in front of this one have come, and these behind it.
    next: i64,
    ahead: BTreeSet<i64>,
    packets: i64,
    /// A frame behind the end that came already.
    behind: Option<i64>,
}

/// What a packet means for a piece.
enum PacketStep {
    /// More has to come.
    On,
    /// The piece is complete.
    Complete(Box<TrimmedPiece>),
    /// It cannot be copied, and why.
    Not(String),
}

/// Copies what can be copied of `jobs`, which lie in the order of their first frames. What is left comes back, with the
/// reason.
pub(super) fn run(jobs: Vec<PieceJob>, source: &mut TrimSource, run: &mut TrimRun<'_>) -> Result<Vec<PieceJob>> {
    let mut left = Vec::new();
    let mut waiting = jobs.into_iter().peekable();
    let mut file = File::new(source);
    let mut active: Vec<PieceCopy> = Vec::new();
    loop {
        run.check()?;
        if active.is_empty() {
            let Some(job) = waiting.next() else { break };
            match file.go_to(job.first, source)? {
                Ok(()) => active.push(PieceCopy { job, begun: None }),
                Err(why) => {
                    left.push(job.because(&why));
                    continue;
                }
            }
        }
        let (packet, index) = match file.next(source) {
            Ok(found) => found,
            Err(why) => {
                left.extend(active.drain(..).map(|copying| copying.job.because(&why)));
                file.close();
                continue;
            }
        };
        while let Some(job) = waiting.next_if(|job| job.first <= index.saturating_add(READ_ON)) {
            active.push(PieceCopy { job, begun: None });
        }
        for mut copying in std::mem::take(&mut active) {
            match copying.take(&packet, index, source, run.files) {
                Ok(PacketStep::On) => active.push(copying),
                Ok(PacketStep::Complete(piece)) => run.done(&copying.job, Ok(*piece)),
                Ok(PacketStep::Not(why)) => left.push(copying.job.because(&why)),
                Err(error) => run.failed(copying.job, error, &mut left),
            }
        }
    }
    run.packets += file.packets;
    Ok(left)
}

impl TrimRun<'_> {
    /// A copy that went wrong: if not for the disk, frames may still be decoded and encoded.
    fn failed(&mut self, job: PieceJob, error: crate::Error, left: &mut Vec<PieceJob>) {
        match error.kind() {
            ErrorKind::Io | ErrorKind::Cancelled | ErrorKind::Exists | ErrorKind::Locked => self.done(&job, Err(error)),
            _ => left.push(job.because(&format!("copying failed: {error:#}"))),
        }
    }
}

impl PieceCopy {
    /// Looks at a packet that shows frame `index` of the movie, and writes it if it is the piece's.
    fn take(
        &mut self,
        packet: &Packet,
        index: i64,
        source: &mut TrimSource,
        files: &SingleFiles<'_>,
    ) -> Result<PacketStep> {
        let PieceCopy { job, begun } = self;
        let number = index - job.first;
        let begun = match begun {
            Some(begun) => begun,
            None if number < 0 => return Ok(PacketStep::On),
            // Frames that are shown later come first where the piece's first one depends on them.
            None if number > 0 || !begins(packet, source) => {
                let what = if source.info.intra_only { "has no packet" } else { "is not a key frame" };
                return Ok(PacketStep::Not(format!("its first frame, {}, {what}", job.first)));
            }
            None => {
                let writer = PieceWriter::copying(job, source)?;
                begun.insert(StartedPiece { writer, next: 0, ahead: BTreeSet::new(), packets: 0, behind: None })
            }
        };
        if let Some(why) = begun.obstacle(job, index, source.info.intra_only) {
            return Ok(PacketStep::Not(why));
        }
        if number >= job.count {
            return Ok(PacketStep::On);
        }
        let delay = if source.info.intra_only { 0 } else { source.traits.delay };
        let decoded = begun.packets - delay;
        if decoded > number {
            return Ok(PacketStep::Not(format!("frame {index} is stored later than the file says")));
        }
        begun.writer.write_packet(packet, number, decoded, &job.times(source))?;
        begun.packets += 1;
        begun.writer.accompany(job, &mut source.sounds, &source.grid)?;
        if begun.packets < job.count {
            return Ok(PacketStep::On);
        }
        let piece = self.begun.take().map(|begun| begun.writer.finish(&self.job, source, files)).transpose()?;
        Ok(piece.map_or(PacketStep::On, |piece| PacketStep::Complete(Box::new(piece))))
    }
}

impl StartedPiece {
    /// Why the packet of frame `index`, which comes now, keeps the piece from being a copy.
    fn obstacle(&mut self, job: &PieceJob, index: i64, intra_only: bool) -> Option<String> {
        let number = index - job.first;
        if number < 0 {
            return Some(format!("frame {index} is stored after the piece's first one: an open group of pictures"));
        }
        if number >= job.count {
            self.behind = Some(index);
            return intra_only.then(|| format!("frame {index} is stored before the last one"));
        }
        if let Some(behind) = self.behind {
            return Some(format!("frame {index} may depend on frame {behind}, which lies after the end"));
        }
        if number < self.next || !self.ahead.insert(number) {
            return Some(format!("two packets are shown as frame {index}"));
        }
        while self.ahead.remove(&self.next) {
            self.next += 1;
        }
        None
    }
}

/// The movie as packets of its picture, read forwards.
struct File {
    demuxer: Option<Demuxer>,
    stream: usize,
    packets: u64,
    /// The frame that was read last.
    at: Option<i64>,
    /// A packet that was read to look at it.
    held: Option<(Packet, i64)>,
}

impl File {
    fn new(source: &TrimSource) -> File {
        File { demuxer: None, stream: source.stream, packets: 0, at: None, held: None }
    }

    fn close(&mut self) {
        (self.demuxer, self.at, self.held) = (None, None, None);
    }

    /// Goes to where frame `index` comes next, unless that is where reading goes on anyway. The inner error is a reason not
    /// to copy.
    fn go_to(&mut self, index: i64, source: &TrimSource) -> Result<std::result::Result<(), String>> {
        let Some(tick) = source.grid.tick(index) else {
            return Ok(Err("frames cannot be told from one another by their times".to_owned()));
        };
        if self.at.is_some_and(|at| (at + 1..=at + READ_ON).contains(&index)) {
            return Ok(Ok(()));
        }
        let ticks = Ratio::ONE / probe::time_base(&source.facts);
        for back in BACK.into_iter().filter(|_| index > 0) {
            let demuxer = match &mut self.demuxer {
                Some(demuxer) => demuxer,
                None => self.demuxer.insert(open(source)?),
            };
            if demuxer.seek(self.stream, tick.saturating_sub((ticks * Ratio::whole(back)).floor())).is_err() {
                break;
            }
            match self.next(source) {
                Ok(found) if found.1 <= index => {
                    self.held = Some(found);
                    return Ok(Ok(()));
                }
                _ => {}
            }
        }
        self.close();
        self.demuxer = Some(open(source)?);
        Ok(Ok(()))
    }

    /// The next packet that is shown, and its frame. An error is a reason not to copy.
    fn next(&mut self, source: &TrimSource) -> std::result::Result<(Packet, i64), String> {
        if let Some(held) = self.held.take() {
            return Ok(held);
        }
        loop {
            let packet = match self.demuxer.as_mut().map(Demuxer::read) {
                Some(Ok(Some(packet))) if packet.stream() == self.stream => packet,
                Some(Ok(Some(_))) => continue,
                Some(Ok(None)) | None => return Err("the file ends before the piece does".to_owned()),
                Some(Err(cause)) => return Err(format!("a packet cannot be read ({cause:#})")),
            };
            self.packets += 1;
            if packet.is_corrupt() {
                return Err("a packet is damaged".to_owned());
            }
            if packet.side_data().any(|side| side.kind() == SideDataType::NewExtraData) {
                return Err("the codec's header changes on the way".to_owned());
            }
            if sys::is_discarded(&packet) {
                continue;
            }
            let shown = packet.pts().or(packet.dts().filter(|_| source.info.intra_only));
            let index = shown.and_then(|shown| source.grid.index(shown));
            let index = index.ok_or_else(|| "a packet does not say when it is shown".to_owned())?;
            self.at = Some(index);
            return Ok((packet, index));
        }
    }
}

fn open(source: &TrimSource) -> Result<Demuxer> {
    let mut demuxer = probe::open(&source.path)?;
    demuxer.select(source.stream);
    Ok(demuxer)
}

/// Whether decoding can begin at a packet, so that nothing shown from there on depends on anything before it.
fn begins(packet: &Packet, source: &TrimSource) -> bool {
    let (kinds, size): (fn(u8) -> bool, usize) = match source.info.codec.as_str() {
        _ if source.info.intra_only => return true,
        // Only an instantaneous refresh: what FFmpeg marks as key frames can be the start of a gradual one, too.
        "h264" => (|first| first & 0x1f == 5, 4),
        "hevc" => (|first| (16..=21).contains(&(first >> 1 & 0x3f)), 21),
        _ => return packet.is_key(),
    };
    // Headers of MP4 and Matroska start with 1, and hold how many bytes the length in front of each unit has.
    let lengths = source.header.first() == Some(&1);
    let size = source.header.get(size).filter(|_| lengths).map(|byte| usize::from(byte & 3) + 1);
    packet.is_key() && first_bytes(packet.data().unwrap_or(&[]), size).into_iter().any(kinds)
}

/// The first byte of each unit (NAL unit, ITU-T H.264 annex B) of a packet. In front of units are their lengths, in `size`
/// bytes, or else the bytes 0 0 1.
fn first_bytes(mut data: &[u8], size: Option<usize>) -> Vec<u8> {
    let mut found = Vec::new();
    while let Some((byte, rest)) = match size {
        Some(size) => data.split_at_checked(size).and_then(|(length, unit)| {
            let length = length.iter().fold(0usize, |length, byte| length << 8 | usize::from(*byte));
            Some((*unit.first()?, unit.get(length..).unwrap_or(&[])))
        }),
        None => data.windows(3).position(|bytes| bytes == [0, 0, 1]).and_then(|at| {
            let unit = &data[at + 3..];
            Some((*unit.first()?, unit))
        }),
    } {
        found.push(byte);
        data = rest;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_found_by_lengths_and_by_marks() {
        assert_eq!(first_bytes(&[0, 0, 0, 2, 9, 0, 0, 0, 0, 1, 0x65], Some(4)), [9, 0x65]);
        assert_eq!(first_bytes(&[0, 2, 0x67, 1, 0, 1, 0x65], Some(2)), [0x67, 0x65]);
        assert_eq!(first_bytes(&[0, 0, 0, 1, 0x67, 5, 0, 0, 1, 0x65, 7], None), [0x67, 0x65]);
        for broken in [&[][..], &[0], &[255; 9], &[0, 0, 1]] {
            assert!(first_bytes(broken, None).is_empty());
            assert!(first_bytes(broken, Some(4)).len() <= 1);
        }
    }
}
