//! One movie file, frame by frame.

use std::path::{Path, PathBuf};

use ffmpeg_next::codec::Parameters;
use ffmpeg_next::codec::packet::Packet;
use ffmpeg_next::frame::Video;

use super::encode::{OutputSettings, open_encoder};
use super::picture_encoder::PictureEncoder;
use super::sound::{SoundFormat, SoundStream};
use super::sys::streams::{SideData, codec_header, with_codec_header};
use super::sys::write::{Muxer, StreamSetup};
use super::trim::of_piece;
use crate::audio::Samples;
use crate::error::{Error, ErrorKind, Result};

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenFrames {
    /// How many frames.
    pub frames: i64,
    /// How many bytes on disk.
    pub bytes: u64,
}

/// Writes a movie at a constant frame rate: frame *n* is shown from *n* / rate.
///
/// Dropped without [`MovieWriter::finish`], it closes the file and leaves it behind, unfinished.
#[derive(Debug)]
pub struct MovieWriter {
    path: PathBuf,
    muxer: Muxer,
    /// `None`: packets are passed through.
    encoder: Option<PictureEncoder>,
    sounds: Vec<SoundStream>,
    packet: Packet2,
    video: usize,
    /// How long a frame is, in seconds: numerator, denominator.
    time_base: (i32, i32),
    frames: i64,
}

/// A packet that is used again and again.
struct Packet2(Packet);

impl std::fmt::Debug for Packet2 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Packet({} bytes)", self.0.size())
    }
}

impl MovieWriter {
    /// Creates `path`, replacing what is there. Its name may end as it likes: the preset decides on the container.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the file cannot be created, [`ErrorKind::Unsupported`] when this FFmpeg lacks encoder or
    /// muxer, [`ErrorKind::Option`] for a size the codec cannot have, [`ErrorKind::Encode`] when the encoder refuses.
    pub fn create(path: impl AsRef<Path>, settings: &OutputSettings) -> Result<MovieWriter> {
        let path = path.as_ref();
        let muxer = Muxer::create(path, muxer_name(settings)?)?;
        let at_file = |error: Error| error.at_file(path);
        let encoder = open_encoder(settings, muxer.wants_global_header()).map_err(at_file)?;
        let parameters = encoder.parameters().map_err(at_file)?;
        MovieWriter::start(path, settings, muxer, Some(encoder), &parameters).map_err(at_file)
    }

    /// Creates `path` for packets that are already encoded, described by `parameters`; of the settings, the preset's
    /// container, the rate, the pixel aspect and what is written about the frames are used.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the file cannot be created, [`ErrorKind::Encode`] when the container cannot hold the
    /// stream.
    pub fn create_copy(
        path: impl AsRef<Path>,
        settings: &OutputSettings,
        parameters: &Parameters,
    ) -> Result<MovieWriter> {
        let path = path.as_ref();
        let muxer = Muxer::create(path, muxer_name(settings)?)?;
        MovieWriter::start(path, settings, muxer, None, parameters).map_err(|error| error.at_file(path))
    }

    /// Creates `path` for packets that the encoder of `settings` made earlier: the file says what it would say if they
    /// were encoded now. Returns the encoder's name and the codec's header outside of packets, too.
    pub(super) fn create_for_packets(path: &Path, settings: &OutputSettings) -> Result<(MovieWriter, String, Vec<u8>)> {
        let mut writer = MovieWriter::create(path, settings)?;
        let (mut name, mut header) = (String::new(), Vec::new());
        if let Some(encoder) = writer.encoder.take() {
            name = encoder.name().to_owned();
            header = codec_header(&encoder.parameters().map_err(|error| error.at_file(path))?);
        }
        Ok((writer, name, header))
    }

    /// Creates `path` for all packets that the encoder of `settings` made of a movie, whose codec has the header `header`: the
    /// file says what it would say if they were encoded now. Returns the encoder's name, too.
    pub(super) fn create_for_all_packets(
        path: &Path,
        settings: &OutputSettings,
        header: &[u8],
    ) -> Result<(MovieWriter, String)> {
        let at_file = |error: Error| error.at_file(path);
        let muxer = Muxer::create(path, muxer_name(settings)?)?;
        let encoder = open_encoder(settings, muxer.wants_global_header()).map_err(at_file)?;
        let name = encoder.name().to_owned();
        let mut parameters = encoder.parameters().map_err(at_file)?;
        if !header.is_empty() {
            // The container has its own form of it.
            parameters = with_codec_header(parameters, header).map_err(at_file)?;
        }
        let mut writer = MovieWriter::start(path, settings, muxer, Some(encoder), &parameters).map_err(at_file)?;
        writer.encoder = None;
        Ok((writer, name))
    }

    fn start(
        path: &Path,
        settings: &OutputSettings,
        mut muxer: Muxer,
        encoder: Option<PictureEncoder>,
        parameters: &Parameters,
    ) -> Result<MovieWriter> {
        let (num, den) = settings.rate_pair()?;
        let time_base = (den, num);
        let mut about: Vec<(String, String)> = Vec::new();
        if let Some(timecode) = settings.timecode {
            about.push(("timecode".into(), timecode.to_string()));
        }
        if let Some(reel) = &settings.reel {
            about.push(("reel_name".into(), reel.clone()));
        }
        let metadata: Vec<_> = settings.metadata.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        muxer.set_metadata(&metadata)?;
        let video = muxer.add_stream(&StreamSetup {
            parameters,
            time_base,
            rate: Some((num, den)),
            pixel_aspect: settings.aspect_pair(),
            tag: settings.preset.tag.as_deref(),
            metadata: &about,
        })?;
        // Packets that are copied say what they say already.
        if encoder.is_some() {
            for side in SideData::of_hdr(&settings.hdr) {
                muxer.add_side_data(video, &side)?;
            }
        }
        let mut sounds = Vec::new();
        match (&settings.preset.audio, settings.audio) {
            (Some(codec), _) if !settings.audio_streams.is_empty() => {
                let name = muxer_name(settings)?;
                for stream in &settings.audio_streams {
                    let metadata = of_piece(&stream.metadata, name, false);
                    let layout = (stream.layout.as_str(), stream.channels);
                    let format = SoundFormat { encoder: codec, rate: stream.rate, layout, metadata: &metadata };
                    let sound = SoundStream::add_converted(&mut muxer, &format)?;
                    muxer.set_disposition(sound.index(), stream.disposition);
                    sounds.push(sound);
                }
            }
            (Some(codec), Some((rate, channels))) => {
                sounds.push(SoundStream::add(&mut muxer, codec, rate, channels)?);
            }
            _ => {}
        }
        muxer.write_header(&header_options(settings, num))?;
        let packet = Packet2(Packet::empty());
        Ok(MovieWriter { path: path.to_owned(), muxer, encoder, sounds, packet, video, time_base, frames: 0 })
    }

    /// Encodes the next frame, which has the settings' pixel format and size.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`] when the frame is of another kind or cannot be encoded, [`ErrorKind::Io`] when the disk is
    /// full.
    pub fn write(&mut self, frame: &Video) -> Result<()> {
        let Some(encoder) = &mut self.encoder else {
            return Err(Error::new(ErrorKind::Encode, "a frame for a movie that packets are copied to"));
        };
        encoder.send(Some((frame, self.frames))).map_err(|error| error.at_file(&self.path))?;
        self.frames += 1;
        self.drain()
    }

    /// Writes the next frame as a packet that is already encoded. Its times are replaced: packets come in the order
    /// they are shown in, as those of intra-only codecs do.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`] when the movie was not created for packets or the packet is refused, [`ErrorKind::Io`]
    /// when the disk is full.
    pub fn write_packet(&mut self, packet: &Packet) -> Result<()> {
        if self.encoder.is_some() {
            return Err(Error::new(ErrorKind::Encode, "a packet for a movie that frames are encoded to"));
        }
        self.write_packet_at(packet, (self.frames, self.frames))
    }

    /// The same for a packet that is shown and decoded at these frames.
    pub(super) fn write_packet_at(&mut self, packet: &Packet, (shown, decoded): (i64, i64)) -> Result<()> {
        let mut copy = packet.clone();
        copy.set_pts(Some(shown));
        copy.set_dts(Some(decoded));
        copy.set_duration(1);
        copy.set_position(-1);
        let written = self.muxer.write(self.video, &mut copy, self.time_base);
        written.map_err(|error| error.at_file(&self.path))?;
        self.frames += 1;
        Ok(())
    }

    /// Writes the next samples of the sound. They belong beside the frames written last: what lies far ahead of the
    /// pictures, or far behind them, is kept in memory until those are there.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`] when the movie has no sound or the samples have other channels, [`ErrorKind::Io`] when the
    /// disk is full.
    pub fn write_sound(&mut self, samples: &Samples) -> Result<()> {
        self.write_sound_of(0, samples)
    }

    /// The same for its stream of sound number `stream`, counted from 0.
    ///
    /// # Errors
    /// As [`MovieWriter::write_sound`].
    pub fn write_sound_of(&mut self, stream: usize, samples: &Samples) -> Result<()> {
        let Some(sound) = self.sounds.get_mut(stream) else {
            return Err(Error::new(ErrorKind::Encode, format!("samples for sound {stream} of a movie without that")));
        };
        sound.write(samples, &mut self.muxer).map_err(|error| error.at_file(&self.path))
    }

    /// Whether it has sound.
    pub fn has_sound(&self) -> bool {
        !self.sounds.is_empty()
    }

    /// The name of the encoder, as presets have it; `None` where packets are passed through.
    pub fn encoder(&self) -> Option<&str> {
        self.encoder.as_ref().map(PictureEncoder::name)
    }

    /// How many frames were written so far.
    pub fn frames(&self) -> i64 {
        self.frames
    }

    fn drain(&mut self) -> Result<()> {
        let Some(encoder) = &mut self.encoder else { return Ok(()) };
        let packet = &mut self.packet.0;
        while encoder.receive(packet).map_err(|error| error.at_file(&self.path))? {
            let written = self.muxer.write(self.video, packet, self.time_base);
            written.map_err(|error| error.at_file(&self.path))?;
        }
        Ok(())
    }

    /// Writes what is still to come and closes the file. It is not synced to disk.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`] when the last frames cannot be encoded, [`ErrorKind::Io`] when the disk is full.
    pub fn finish(mut self) -> Result<WrittenFrames> {
        if let Some(encoder) = &mut self.encoder {
            encoder.send(None).map_err(|error| error.at_file(&self.path))?;
        }
        self.drain()?;
        for sound in &mut self.sounds {
            sound.finish(&mut self.muxer).map_err(|error| error.at_file(&self.path))?;
        }
        let MovieWriter { path, muxer, frames, .. } = self;
        muxer.finish().map_err(|error| error.at_file(&path))?;
        let bytes = std::fs::metadata(&path).map_err(|error| Error::io("look at", &path, error))?.len();
        Ok(WrittenFrames { frames, bytes })
    }
}

fn muxer_name(settings: &OutputSettings) -> Result<&str> {
    settings.preset.muxer.as_deref().ok_or_else(|| {
        Error::new(ErrorKind::Option, format!("{} makes one file per frame, not a movie", settings.preset.name))
    })
}

/// What the container is told.
fn header_options(settings: &OutputSettings, rate: i32) -> Vec<(String, String)> {
    let muxer = muxer_name(settings).unwrap_or_default();
    let faststart = matches!(settings.preset.extension.as_str(), "mp4" | "webm");
    container_options(muxer, rate, faststart, !settings.metadata.is_empty())
}

/// What the container of this muxer is told about a movie of `rate` frames (or ticks) a second: whether its index comes
/// first, and whether there is metadata under names of any kind.
pub(super) fn container_options(muxer: &str, rate: i32, faststart: bool, metadata: bool) -> Vec<(String, String)> {
    let mut options = Vec::new();
    if matches!(muxer, "mov" | "mp4") {
        // A track timescale in which every frame lasts a whole number of ticks, fine enough for players that want
        // thousandths.
        let timescale = if rate < 1000 { rate.saturating_mul(1000) } else { rate };
        options.push(("video_track_timescale".to_owned(), timescale.to_string()));
        let mut flags = "+write_colr".to_owned();
        if faststart {
            flags.push_str("+faststart");
        }
        if metadata {
            flags.push_str("+use_metadata_tags");
        }
        options.push(("movflags".to_owned(), flags));
    }
    if muxer == "webm" && faststart {
        // Players can jump before everything is loaded.
        options.push(("cues_to_front".to_owned(), "1".to_owned()));
    }
    options
}
