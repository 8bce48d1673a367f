//! One piece on its way to disk: hidden until it is whole.

use std::path::Path;

use ffmpeg_next::codec::Parameters;
use ffmpeg_next::codec::packet::Packet;

use super::super::convert::{Converter, SourcePicture, chroma_site};
use super::super::decode::MovieReader;
use super::super::encode::{OutputSettings, aspect_pair, open_encoder};
use super::super::frame::Frame;
use super::super::limits;
use super::super::lookup::count_frames;
use super::super::movie_writer::container_options;
use super::super::options::DecodeOptions;
use super::super::picture_encoder::PictureEncoder;
use super::super::presets::FormatRequest;
use super::super::sys::streams::with_tag_of;
use super::super::sys::write::{Muxer, StreamSetup};
use super::grid::{Grid, PresentationTimes, rate_pair};
use super::sound::{Track, TrimmedSound};
use super::source::TrimSource;
use super::{PieceJob, about, container, own};
use crate::deliver::{Hold, OutputPlace, Preset, SaidOfMix, SingleFiles, TrimmedPiece};
use crate::error::{Error, ErrorKind, Result};
use crate::picture::Rect;
use crate::plan::ColorTags;

/// A piece being written. Dropped unfinished, it leaves nothing behind.
pub(super) struct PieceWriter {
    place: OutputPlace,
    muxer: Option<Muxer>,
    picture: usize,
    encoding: Option<Encoding>,
    tracks: Vec<Track>,
    /// How many frames were written.
    frames: i64,
    /// How many of them are shown in the place of frames that the movie does not have.
    held: i64,
    notes: Vec<String>,
    /// Keeps others from writing there.
    _hold: Hold,
}

/// Pictures that are encoded anew.
struct Encoding {
    encoder: PictureEncoder,
    converter: Converter,
    settings: OutputSettings,
    /// Whether it makes what the source is made of.
    own: bool,
    packet: Packet,
    /// The frame at whose time the last packet is decoded.
    decoded: i64,
}

/// How many frames an encoder puts in front of others that are shown earlier, at most.
const LOOK_AHEAD: i64 = 16;

impl Drop for PieceWriter {
    fn drop(&mut self) {
        if self.muxer.take().is_some() {
            // What made it stop is told by who dropped it.
            let _ = self.place.discard();
        }
    }
}

impl PieceWriter {
    /// A piece whose pictures are the source's packets.
    pub(super) fn copying(job: &PieceJob, source: &TrimSource) -> Result<PieceWriter> {
        PieceWriter::start(job, source, &source.info.codec, |_| Ok((source.parameters.clone(), None)))
    }

    /// A piece whose pictures are encoded as `preset` says, or as the source is. `frame` is the first of them.
    pub(super) fn encoding(
        job: &PieceJob,
        source: &TrimSource,
        preset: Option<&Preset>,
        frame: &Frame,
        threads: u32,
    ) -> Result<PieceWriter> {
        let own = preset.is_none();
        let mut preset = preset.map_or_else(|| own::preset(source, job.muxer), |preset| Ok(preset.clone()))?;
        preset.muxer = Some(job.muxer.to_owned());
        let codec = preset.codec.clone();
        PieceWriter::start(job, source, &codec, |muxer| {
            let settings = settings(preset, source, frame, threads, own)?;
            let encoder = open_encoder(&settings, muxer.wants_global_header())?;
            let mut made = encoder.parameters()?;
            if own && source.info.container.starts_with("mov,") && matches!(job.muxer, "mov" | "mp4") {
                made = with_tag_of(made, &source.parameters);
            }
            let (converter, packet) = (Converter::new(), Packet::empty());
            Ok((made, Some(Encoding { encoder, converter, settings, own, packet, decoded: i64::MIN })))
        })
    }

    fn start(
        job: &PieceJob,
        source: &TrimSource,
        codec: &str,
        pictures: impl FnOnce(&Muxer) -> Result<(Parameters, Option<Encoding>)>,
    ) -> Result<PieceWriter> {
        if !container::holds(job.muxer, codec) {
            return Err(container::refuse(&job.place.path, codec));
        }
        let hold = job.place.prepare()?;
        let muxer = Muxer::create(job.place.target.path(), job.muxer)?;
        let mut writer = PieceWriter {
            place: job.place.clone(),
            muxer: None,
            picture: 0,
            encoding: None,
            tracks: Vec::new(),
            frames: 0,
            held: 0,
            notes: source.left.clone(),
            _hold: hold,
        };
        // From here on the file is there, and goes with the writer.
        let muxer = writer.muxer.insert(muxer);
        let (parameters, encoding) = pictures(muxer)?;
        let timecode = source.timecode(job.first);
        if timecode.is_some() && matches!(job.muxer, "mpegts" | "webm") {
            writer.notes.push(format!("{} files have no place for the timecode", job.muxer));
        }
        let labels = about::labels(timecode, source.info.reel_name.as_deref());
        let of_the_file = about::of_the_file(job.muxer, &labels, &source.tags);
        let tags = [about::of_piece(&source.tags, job.muxer, false), of_the_file].concat();
        muxer.set_metadata(&tags)?;
        writer.picture = add_picture(muxer, job, source, &parameters, (labels, encoding.is_none()))?;
        let place = (&source.grid, job.first);
        writer.tracks = Track::add_all(&source.sounds, place, (muxer, job.muxer), &mut writer.notes)?;
        let ticks = job.times(source).time_base.1;
        muxer.write_header(&container_options(job.muxer, ticks, job.muxer == "mp4", !tags.is_empty()))?;
        writer.encoding = encoding;
        Ok(writer)
    }

    /// Writes a packet that shows the piece's frame `number`, and that is to be decoded at the time of frame `decoded`.
    pub(super) fn write_packet(
        &mut self,
        packet: &Packet,
        number: i64,
        decoded: i64,
        times: &PresentationTimes<'_>,
    ) -> Result<()> {
        let mut copy = packet.clone();
        copy.set_pts(Some(times.time(number)));
        copy.set_dts(Some(times.time(decoded)));
        copy.set_duration(times.time(number + 1) - times.time(number));
        copy.set_position(-1);
        let picture = self.picture;
        self.muxer()?.write(picture, &mut copy, times.time_base)?;
        self.frames += 1;
        Ok(())
    }

    /// Encodes the next frame, or in its place the one in front of it.
    pub(super) fn write_frame(&mut self, frame: &Frame, own: bool, times: &PresentationTimes<'_>) -> Result<()> {
        let frames = self.frames;
        self.held += i64::from(!own);
        let Some(encoding) = &mut self.encoding else {
            return Err(Error::new(ErrorKind::Encode, "a frame for a piece that packets are copied to"));
        };
        let mut target = encoding.settings.target();
        if encoding.own {
            // Tags that are left unsaid change no sample.
            target.color = frame.color();
        }
        let picture =
            SourcePicture { frame: frame.as_av(), color: frame.color(), premultiplied: frame.is_premultiplied() };
        let whole = Rect::whole(target.width, target.height);
        let converted = encoding.converter.convert(&picture, &target, whole)?;
        encoding.encoder.send(Some((converted.as_ref().unwrap_or(frame.as_av()), frames)))?;
        self.frames += 1;
        self.drain(times)
    }

    fn drain(&mut self, times: &PresentationTimes<'_>) -> Result<()> {
        let (Some(encoding), Some(muxer)) = (&mut self.encoding, &mut self.muxer) else { return Ok(()) };
        let packet = &mut encoding.packet;
        while encoding.encoder.receive(packet)? {
            let number = packet.pts().unwrap_or(0);
            // x265 gives times out of nowhere where it has fewer frames than it looks ahead.
            let sound = |dts: &i64| *dts > encoding.decoded && (number - LOOK_AHEAD..=number).contains(dts);
            let next = encoding.decoded.max(number - 1 - LOOK_AHEAD) + 1;
            let decoded = packet.dts().filter(sound).unwrap_or(next);
            encoding.decoded = decoded;
            packet.set_pts(Some(times.time(number)));
            packet.set_dts(Some(times.time(decoded)));
            packet.set_duration(times.time(number + 1) - times.time(number));
            muxer.write(self.picture, packet, times.time_base)?;
        }
        Ok(())
    }

    /// Writes the sound beside the frames that were written.
    pub(super) fn accompany(&mut self, job: &PieceJob, sounds: &mut [TrimmedSound], grid: &Grid) -> Result<()> {
        let Some(muxer) = &mut self.muxer else { return Ok(()) };
        let end = job.first + self.frames;
        self.tracks.iter_mut().try_for_each(|track| track.write(sounds, grid, end, muxer))
    }

    fn muxer(&mut self) -> Result<&mut Muxer> {
        self.muxer.as_mut().ok_or_else(|| Error::new(ErrorKind::Encode, "the piece is finished"))
    }

    /// Closes the file, counts its frames, and gives it its name.
    pub(super) fn finish(
        mut self,
        job: &PieceJob,
        source: &TrimSource,
        files: &SingleFiles<'_>,
    ) -> Result<TrimmedPiece> {
        if let Some(encoding) = &mut self.encoding {
            encoding.encoder.send(None)?;
        }
        self.drain(&job.times(source))?;
        let copied = self.encoding.is_none();
        if self.held > 0 {
            let what = format!("{} frames are not in the movie: the one before each is shown", self.held);
            self.notes.push(what);
        }
        self.notes.extend(self.tracks.iter().filter_map(|track| track.damage(&source.sounds)));
        let Some(mut muxer) = self.muxer.take() else {
            return Err(Error::new(ErrorKind::Encode, "the piece is finished"));
        };
        let close = || {
            self.tracks.iter_mut().try_for_each(|track| track.finish(&mut muxer))?;
            muxer.finish()?;
            verify(self.place.target.path(), source, job.count, copied)?;
            files.commit(&[&self.place], &SaidOfMix::default())
        };
        if let Err(error) = close() {
            // The first error says what is wrong.
            let _ = self.place.discard();
            return Err(error);
        }
        let path = self.place.path.clone();
        let bytes = path.metadata().map_err(|error| Error::io("look at", &path, error))?.len();
        Ok(TrimmedPiece {
            path,
            first: job.first,
            count: job.count,
            start_timecode: source.timecode(job.first).map(|label| label.to_string()),
            copied,
            why: job.why.clone(),
            bytes,
            notes: std::mem::take(&mut self.notes),
        })
    }
}

/// What the frames of a piece are encoded with.
fn settings(preset: Preset, source: &TrimSource, frame: &Frame, threads: u32, own: bool) -> Result<OutputSettings> {
    // Sound goes its own way, in the codecs of the source.
    let preset = Preset { audio: None, ..preset };
    let size = (frame.width(), frame.height());
    let request = FormatRequest { source: frame.format(), alpha: frame.has_alpha() };
    let format = preset.pixel_format(request, size.0, size.1)?;
    let mut settings = OutputSettings::new(preset, format, size, source.rate);
    settings.color = settings.preset.color_tags(format, frame.color());
    if own {
        settings.chroma = chroma_site(frame.as_av());
        // What the source leaves unsaid, the piece does, too.
        let said = |which: usize, own: u8| match u8::try_from(source.facts.color[which]) {
            Ok(0 | 2) | Err(_) if own != 0 => ColorTags::UNSPECIFIED,
            _ => own,
        };
        let color = settings.color;
        settings.color = ColorTags {
            matrix: said(1, color.matrix),
            primaries: said(2, color.primaries),
            transfer: said(3, color.transfer),
            ..color
        };
    }
    settings.pixel_aspect = source.info.pixel_aspect;
    settings.threads = threads;
    Ok(settings)
}

/// Adds the stream of pictures, with all that is said about it: `labels`, and what the source says about packets or pictures.
fn add_picture(
    muxer: &mut Muxer,
    job: &PieceJob,
    source: &TrimSource,
    parameters: &Parameters,
    (labels, copied): (Vec<(String, String)>, bool),
) -> Result<usize> {
    let picture = muxer.add_stream(&StreamSetup {
        parameters,
        time_base: job.times(source).time_base,
        rate: Some(rate_pair(source.rate)),
        pixel_aspect: aspect_pair(source.info.pixel_aspect),
        tag: None,
        metadata: &[about::of_piece(&source.picture_tags, job.muxer, copied), labels].concat(),
    })?;
    muxer.set_disposition(picture, source.disposition);
    for side in source.side_data.iter().filter(|side| copied || side.is_of_pictures()) {
        muxer.add_side_data(picture, side)?;
    }
    Ok(picture)
}

/// Looks at a finished file: it has all its frames, and the first can be decoded; where packets were copied, so can the
/// last.
fn verify(path: &Path, source: &TrimSource, count: i64, copied: bool) -> Result<()> {
    let bad = |what: String| Error::new(ErrorKind::Verify, what).at_file(path);
    let pixels = limits::of_size(source.info.width, source.info.height);
    let frames = count_frames(path, pixels)?;
    if frames != count {
        return Err(bad(format!("{frames} frames were written, {count} planned")));
    }
    let mut reader = MovieReader::open(path, &DecodeOptions::default().max_pixels(Some(pixels)))?;
    if copied && let Some(rate) = reader.info().rate {
        reader.frame(count - 1, rate)?;
    }
    Ok(())
}
