//! The movie that pieces are cut out of: its frames on their times, its sounds, and what is written about it.

use std::path::{Path, PathBuf};

use ffmpeg_next::Packet;
use ffmpeg_next::codec::Parameters;

use super::super::clock::MovieClock;
use super::super::decode::MovieReader;
use super::super::frame::{Frame, undecodable};
use super::super::info::MediaInfo;
use super::super::options::DecodeOptions;
use super::super::probe;
use super::super::sys::read::{self as sys, Demuxer, StreamFacts};
use super::super::sys::streams::{PictureTraits, SideData};
use super::grid::Grid;
use super::sound::TrimmedSound;
use crate::error::{Error, ErrorKind, Result};
use crate::time::{Rate, Ratio, Timecode};

/// An open movie.
pub(super) struct TrimSource {
    pub(super) path: PathBuf,
    pub(super) reader: MovieReader,
    pub(super) info: MediaInfo,
    /// The number of its picture among its streams, and what is said about it.
    pub(super) stream: usize,
    pub(super) facts: StreamFacts,
    pub(super) traits: PictureTraits,
    pub(super) parameters: Parameters,
    pub(super) side_data: Vec<SideData>,
    pub(super) disposition: i32,
    /// The codec's header, outside of packets.
    pub(super) header: Vec<u8>,
    pub(super) grid: Grid,
    /// The rate frames are counted at.
    pub(super) rate: Rate,
    /// How many frames there are, where a list of them says so.
    pub(super) frames: Option<i64>,
    pub(super) sounds: Vec<TrimmedSound>,
    /// Metadata of the file and of its picture.
    pub(super) tags: Vec<(String, String)>,
    pub(super) picture_tags: Vec<(String, String)>,
    /// What does not go along, in words.
    pub(super) left: Vec<String>,
}

impl TrimSource {
    /// Opens a movie.
    pub(super) fn open(path: &Path, threads: usize) -> Result<TrimSource> {
        let mut reader = MovieReader::open(path, &DecodeOptions::default().threads(threads))?;
        let info = reader.info().clone();
        if info.is_still {
            let what = format!("{} is a single picture: there is nothing to cut out of it", path.display());
            return Err(Error::new(ErrorKind::Option, what).at_file(path));
        }
        let mut demuxer = probe::open(path)?;
        let (stream, facts) = probe::picture_stream(&demuxer).ok_or_else(|| probe::no_picture(path))?;
        let rate = info.rate.unwrap_or(Rate::FPS_25);
        let frames = listed_frames(&mut demuxer, stream, &facts);
        let sounds = TrimmedSound::open_all(path, &demuxer)?;
        let grid = match reader.clock() {
            None => Grid::Counted(rate),
            // QuickTime and MP4 list every frame; that has been looked at.
            Some(clock) if clock.regular && (frames.is_some() || keeps_to(path, stream, &clock)?) => Grid::Even(clock),
            Some(clock) => listed(path, stream, &facts, &clock)?,
        };
        Ok(TrimSource {
            path: path.to_owned(),
            frames: if let Grid::Listed { ticks, .. } = &grid { i64::try_from(ticks.len()).ok() } else { frames },
            traits: demuxer.picture_traits(stream),
            side_data: demuxer.side_data(stream),
            disposition: demuxer.disposition(stream),
            header: demuxer.codec_header(stream),
            tags: demuxer.tags(None),
            picture_tags: demuxer.tags(Some(stream)),
            left: left(&demuxer, stream, &sounds),
            parameters: reader.parameters().ok_or_else(|| probe::no_picture(path))?,
            reader,
            info,
            stream,
            facts,
            grid,
            rate,
            sounds,
        })
    }

    /// Frame `index`, decoded, and whether it is the one: where a movie leaves a place on its grid empty, the frame in front
    /// is shown. An error where there is none: it says where the movie ends.
    pub(super) fn frame(&mut self, index: i64) -> Result<(Frame, bool)> {
        let picked = match &self.grid {
            Grid::Even(_) | Grid::Counted(_) => self.reader.frame(index, self.rate)?,
            // Ticks are frames of a very high rate to a reader that picks by time.
            Grid::Listed { ticks, second, .. } => {
                let at = usize::try_from(index).ok().and_then(|index| ticks.get(index));
                let at = *at.ok_or_else(|| self.outside(index, index + 1))?;
                let rate = (Ratio::ONE / *second).to_f64();
                let picked =
                    self.reader.frame(at - ticks[0], Rate::new(rate)?).map_err(|error| error.at_frame(index))?;
                if picked.frame.pts() != Some(at) {
                    return Err(undecodable(&self.path, "a frame was not found at its time").at_frame(index));
                }
                picked
            }
        };
        if picked.outside.is_some() {
            if let (Grid::Even(clock), Some(last)) = (&self.grid, picked.frame.pts()) {
                self.frames = Some(clock.frame_at(last) + 1);
            }
            return Err(self.outside(index, index + 1));
        }
        let own = match (&self.grid, picked.frame.pts()) {
            (Grid::Even(clock), Some(at)) => clock.frame_at(at) == index,
            _ => true,
        };
        Ok((picked.frame, own))
    }

    /// The error of frames that are not there.
    pub(super) fn outside(&self, first: i64, end: i64) -> Error {
        let label = |frame: i64| self.timecode(frame).map(|label| format!(" ({label})")).unwrap_or_default();
        let there = match self.frames {
            Some(frames) => {
                let last = frames - 1;
                format!("has frames 0{} to {last}{}", label(0), label(last))
            }
            None => "ends before that".to_owned(),
        };
        let wanted =
            if end - first == 1 { format!("frame {first} is") } else { format!("frames {first} to {} are", end - 1) };
        let what = format!("{wanted} outside of {}, which {there}", self.path.display());
        Error::new(ErrorKind::Overrun, what).at_file(&self.path)
    }

    /// The timecode of a frame.
    pub(super) fn timecode(&self, frame: i64) -> Option<Timecode> {
        let start = self.info.start_timecode?;
        Some(Timecode::from_frame(start.frame().checked_add(frame)?, start.rate(), start.is_drop()))
    }
}

/// How many frames the list in the file names, where there is one that is whole.
fn listed_frames(demuxer: &mut Demuxer, stream: usize, facts: &StreamFacts) -> Option<i64> {
    if !demuxer.container().starts_with("mov,") {
        return None;
    }
    let entries = demuxer.index(stream);
    let claimed = usize::try_from(facts.frames?).ok()?;
    let shown = entries.iter().filter(|entry| !entry.hidden).count();
    (entries.len() >= claimed).then(|| i64::try_from(shown).ok()).flatten()
}

/// How many packets tell whether frames keep to a grid, and how many of them may have others between them that come later.
const LOOKED_AT: usize = 240;
const REORDERED: usize = 20;

/// Whether the first frames of a movie follow on one another on the grid of its clock.
fn keeps_to(path: &Path, stream: usize, clock: &MovieClock) -> Result<bool> {
    let mut frames: Vec<i64> = Vec::new();
    read_times(path, stream, clock.first, |at| {
        frames.push(clock.frame_at(at));
        frames.len() < LOOKED_AT
    })?;
    frames.sort_unstable();
    let whole = if frames.len() < LOOKED_AT { frames.len() } else { LOOKED_AT - REORDERED };
    Ok(frames[..whole].windows(2).all(|pair| pair[1] == pair[0] + 1))
}

/// Reads when every frame is shown, without decoding.
fn listed(path: &Path, stream: usize, facts: &StreamFacts, clock: &MovieClock) -> Result<Grid> {
    let mut ticks = Vec::new();
    read_times(path, stream, clock.first, |at| {
        ticks.push(at);
        true
    })?;
    ticks.sort_unstable();
    ticks.dedup();
    if ticks.is_empty() {
        return Err(probe::no_picture(path));
    }
    Ok(Grid::Listed { ticks, second: probe::time_base(facts), length: clock.length.floor().max(1) })
}

/// Tells `take` when each frame from `first` on is shown, in the order they are stored in, as long as it wants to know.
fn read_times(path: &Path, stream: usize, first: i64, mut take: impl FnMut(i64) -> bool) -> Result<()> {
    let mut demuxer = probe::open(path)?;
    demuxer.select(stream);
    let vp8 = demuxer.facts(stream).is_some_and(|facts| facts.codec == "vp8");
    loop {
        match demuxer.read() {
            Ok(Some(packet)) if packet.stream() == stream && !sys::is_discarded(&packet) => {
                let at = packet.pts().or(packet.dts()).filter(|at| *at >= first && !is_hidden(&packet, vp8));
                if at.is_some_and(|at| !take(at)) {
                    return Ok(());
                }
            }
            Ok(Some(_)) => {}
            Ok(None) => return Ok(()),
            Err(cause) => return Err(undecodable(path, "reading it failed").because(cause)),
        }
    }
}

/// Whether a packet of VP8 holds a frame that others refer to and nobody sees (RFC 6386, 9.1).
fn is_hidden(packet: &Packet, vp8: bool) -> bool {
    vp8 && packet.data().and_then(<[u8]>::first).is_some_and(|first| first & 0x10 == 0)
}

/// The streams that do not go along, in words.
fn left(demuxer: &Demuxer, picture: usize, sounds: &[TrimmedSound]) -> Vec<String> {
    let mut left = Vec::new();
    for stream in 0..demuxer.stream_count() {
        let Some(facts) = demuxer.facts(stream) else { continue };
        // A timecode track is written anew.
        let timecode = demuxer.metadata(Some(stream), "timecode").is_some() && facts.kind == sys::StreamKind::Other;
        if stream != picture && !timecode && !sounds.iter().any(|sound| sound.stream == stream) {
            let kind = match facts.kind {
                sys::StreamKind::Video => "a further picture",
                sys::StreamKind::Audio => "a sound that cannot be decoded",
                sys::StreamKind::Other => "subtitles or data",
            };
            let codec = if facts.codec.is_empty() { String::new() } else { format!(" ({})", facts.codec) };
            left.push(format!("stream {stream} is left out: {kind}{codec}"));
        }
    }
    left
}
