//! Any frame of a movie or a still, by its index or its time.

use std::path::Path;

use super::clock::MovieClock;
use super::damage::Reason;
use super::frame::Frame;
use super::info::MediaInfo;
use super::limits;
use super::movie::{Movie, Picked};
use super::options::DecodeOptions;
use super::probe;
use super::pump::Pump;
use super::still;
use super::still_kind::kind_of;
use super::sys::decoder::DecoderSetup;
use super::sys::streams::codec_header;
use crate::error::{Error, ErrorKind, Result};
use crate::memory;
use crate::otio::MediaFile;
use crate::plan::Damaged;
use crate::time::{Rate, Ratio};

/// Reads the frames of one file, in any order. One reader is one decoder: it may be sent to another thread, and is
/// fastest when frames are asked for in rising order.
#[derive(Debug)]
pub struct MovieReader {
    info: MediaInfo,
    source: FrameOrigin,
}

enum FrameOrigin {
    Movie(Box<Movie>),
    Still(Frame, Option<Reason>),
}

impl std::fmt::Debug for FrameOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            FrameOrigin::Movie(_) => "Movie",
            FrameOrigin::Still(..) => "Still",
        })
    }
}

impl MovieReader {
    /// Opens a movie or a still picture and decodes its first frame. A still picture is its own frame at every index.
    ///
    /// # Errors
    /// As [`MediaFile::open`](crate::otio::MediaFile::open), and [`ErrorKind::Decode`] when it holds no picture that can
    /// be decoded.
    pub fn open(path: impl AsRef<Path>, options: &DecodeOptions) -> Result<MovieReader> {
        let path = path.as_ref();
        memory::check_room(memory::SPARE)?;
        if kind_of(path)?.is_some() {
            let (frame, damage, info) = still::read_described(path, options)?;
            return Ok(MovieReader { info, source: FrameOrigin::Still(frame, damage) });
        }
        let mut demuxer = probe::open_within(path, options.max_pixels)?;
        let (stream, facts) = probe::picture_stream(&demuxer).ok_or_else(|| probe::no_picture(path))?;
        let info = probe::describe(path, &mut demuxer, stream, &facts);
        let untimed = demuxer.is_untimed();
        let length = MediaFile::open(path)?.length();
        let setup = DecoderSetup {
            threads: options.threads,
            strict: false,
            lenient: options.damaged != Damaged::Error,
            exr_layer: None,
            max_pixels: limits::movie_pixels(options.max_pixels, length, &facts.codec),
        };
        let pump = Pump::new(path, demuxer, stream, setup)?;
        let mut movie = Movie::new(path, pump, &info, untimed)?;
        movie.damaged = options.damaged;
        if info.is_still {
            let picked = movie.pick(Ratio::ZERO, Rate::FPS_24)?;
            let damage = picked.damage.map(Reason::from);
            return Ok(MovieReader { info, source: FrameOrigin::Still(picked.frame, damage) });
        }
        Ok(MovieReader { info, source: FrameOrigin::Movie(Box::new(movie)) })
    }

    /// What the file holds.
    pub fn info(&self) -> &MediaInfo {
        &self.info
    }

    /// Frame `index` of the file, counted at `rate` from its first displayed frame.
    ///
    /// Where `rate` is the media's own, or differs from it by less than 0.2 % (24 and 23.976), that is exactly the
    /// `index`-th frame. Otherwise it is the frame on screen `index / rate` seconds after the first, where a frame
    /// that starts within a thousandth of a frame (or a tick of the container's clock) after that counts as on screen.
    /// An index outside the media gives the nearest frame there is, and says so.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`], naming file and frame, when that frame is damaged. Other frames can still be read.
    pub fn frame(&mut self, index: i64, rate: Rate) -> Result<Picked> {
        self.frame_at(Ratio::whole(index), rate)
    }

    /// The frame at `position`, in frames counted at `rate` from the first displayed frame, which may lie between two of
    /// them: where [`frame`](MovieReader::frame) goes by index, the one it lies in, elsewhere the one on screen
    /// `position / rate` seconds after the first.
    ///
    /// # Errors
    /// As [`frame`](MovieReader::frame).
    pub fn frame_at(&mut self, position: Ratio, rate: Rate) -> Result<Picked> {
        match &mut self.source {
            FrameOrigin::Still(frame, damage) => {
                let damage = damage.as_ref().map(ToString::to_string);
                Ok(Picked { frame: frame.clone(), outside: None, damage })
            }
            FrameOrigin::Movie(movie) => movie.pick(position, rate).map_err(|error| error.at_frame(position.frame())),
        }
    }

    /// The header that the codec keeps outside of packets; empty where there is none.
    pub(super) fn codec_header(&mut self) -> Vec<u8> {
        self.parameters().map(|parameters| codec_header(&parameters)).unwrap_or_default()
    }

    /// The packet of frame `index`, as [`MovieReader::packet`], of a file whose frames may not all stand alone, if that one
    /// does.
    ///
    /// # Errors
    /// As [`MovieReader::packet`]; [`ErrorKind::Unsupported`] where the frame depends on others.
    pub(super) fn key_packet(&mut self, index: i64) -> Result<Option<ffmpeg_next::Packet>> {
        let path = &self.info.path;
        let alone = |packet: &ffmpeg_next::Packet| self.info.intra_only || packet.is_key();
        match &mut self.source {
            FrameOrigin::Movie(movie) => match movie.packet(index).map_err(|error| error.at_frame(index))? {
                Some(packet) if !alone(&packet) => Err(not_alone(path).at_frame(index)),
                packet => Ok(packet),
            },
            FrameOrigin::Still(..) => Err(not_alone(path)),
        }
    }

    /// The packet of frame `index`, counted in frames of the file, as it is stored: for copying media without
    /// decoding it. `None` when there is no frame of that index. Timestamps are the file's own.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for a still, and for media whose frames are not each coded on their own;
    /// [`ErrorKind::Decode`] when reading fails.
    pub fn packet(&mut self, index: i64) -> Result<Option<ffmpeg_next::Packet>> {
        match &mut self.source {
            FrameOrigin::Movie(movie) if self.info.intra_only => {
                movie.packet(index).map_err(|error| error.at_frame(index))
            }
            _ => Err(not_alone(&self.info.path)),
        }
    }

    /// The codec parameters of the picture stream, for a muxer that takes its packets; `None` for a still.
    pub fn parameters(&mut self) -> Option<ffmpeg_next::codec::Parameters> {
        match &mut self.source {
            FrameOrigin::Movie(movie) => movie.pump.parameters(),
            FrameOrigin::Still(..) => None,
        }
    }

    /// How frames lie on the ticks of the file; `None` for a still, and where frames have to be counted because they have
    /// no timestamps to be trusted.
    pub(super) fn clock(&self) -> Option<MovieClock> {
        match &self.source {
            FrameOrigin::Movie(movie) if !movie.counted => Some(movie.clock),
            _ => None,
        }
    }

    /// How many packets of the picture were read so far.
    pub(super) fn packets_read(&self) -> u64 {
        match &self.source {
            FrameOrigin::Movie(movie) => movie.pump.packets_read(),
            FrameOrigin::Still(..) => 0,
        }
    }

    /// Seconds per tick of the timestamps on frames and packets; `None` for a still.
    pub fn time_base(&self) -> Option<Ratio> {
        match &self.source {
            FrameOrigin::Movie(movie) => Some(probe::time_base(movie.pump.facts())),
            FrameOrigin::Still(..) => None,
        }
    }
}

fn not_alone(path: &Path) -> Error {
    let what = format!("packets of {} cannot be copied one by one", path.display());
    Error::new(ErrorKind::Unsupported, what).at_file(path)
}
