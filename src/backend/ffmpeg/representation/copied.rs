//! Pictures of a representation that was delivered before, copied into another file, encoded as they are: all of them, or where
//! each stands alone, some in a row.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::encode::{OutputSettings, open_encoder};
use super::super::movie_writer::MovieWriter;
use super::super::probe;
use super::super::render::Variant;
use super::super::sys::read::{Demuxer, is_discarded};
use super::selection::FrameSelection;
use super::{Facts, FrameRange, SourceFormat, burnt_in};
use crate::audio::Samples;
use crate::backend::{Earlier, Target};
use crate::codec::exr;
use crate::deliver::{Content, Preset, Representation};
use crate::error::{Error, ErrorKind, Result};
use crate::time::{Ratio, Timecode};

/// Whether pictures of `preset` can be copied: as files, or in a container that keeps the times of packets exactly.
fn can_be_copied(preset: &Preset) -> bool {
    preset.is_sequence() || preset.muxer.as_deref().is_some_and(|muxer| ["mov", "mp4"].contains(&muxer))
}

impl SourceFormat<'_> {
    /// What the encoded pictures of `representation` depend on beside those of the shot, where all of them may be copied: its
    /// settings, which pictures it shows, what is written upon them. `threads` encode.
    pub(in super::super) fn made_as(
        &self,
        representation: &Representation,
        variant: Variant,
        frame_range: FrameRange,
        facts: &dyn Facts,
        threads: usize,
    ) -> Option<String> {
        if !can_be_copied(&representation.preset) {
            return None;
        }
        let (_, settings) = self.settings(representation).ok()?;
        let selection = FrameSelection::of(representation, self.rate, &frame_range, &mut Vec::new());
        let is_sheet = matches!(representation.content, Content::ContactSheet(_));
        let fields = ["frame", "timecode"].into_iter().filter(|_| is_sheet);
        let shown: Vec<i64> = (0..frame_range.frames).filter(|&index| selection.times(index) > 0).collect();
        let today = jiff::Zoned::now().date().to_string();
        let mut texts = Vec::new();
        texts.extend(is_sheet.then(|| facts.field("shot", 0)));
        for &index in &shown {
            let value = |field: &str| burnt_in(field, index, representation, &today, facts);
            texts.extend(representation.burn_ins.iter().map(|burn_in| burn_in.text.fill(value)));
            texts.extend(fields.clone().map(value));
        }
        let is_whole = !representation.pictures_stand_alone();
        // What threads these encoders have changes what they make.
        let threads = Some(threads).filter(|_| !representation.preset.pictures_stand_alone());
        let OutputSettings { format, color, hdr, metadata, primaries_known, top_field_first, .. } = settings;
        let written = (format, color, hdr, metadata, primaries_known, top_field_first);
        let representation = serde_json::to_string(representation).ok()?;
        let canvas = (self.canvas, self.format, self.alpha, self.rate);
        let frames = is_whole.then_some((frame_range.frames, frame_range.handles, selection));
        let version = ffmpeg_next::codec::version();
        let made_as = (representation, canvas, written, variant, frames, texts, threads, version);
        Some(format!("{made_as:?}"))
    }
}

/// Encoded pictures on their way.
pub(super) struct CopiedPictures<'r> {
    files: CopiedFiles<'r>,
    encoder: Option<String>,
    format: Option<(String, (u32, u32))>,
    copied: i64,
}

enum CopiedFiles<'r> {
    /// From movie to movie.
    Movies {
        demuxer: Box<Demuxer>,
        stream: usize,
        from: &'r Path,
        /// How many frames last a tick of the stream's clock.
        frames_per_tick: Ratio,
        /// How many pictures in front of those that are copied are left out.
        skipped: i64,
        writer: Box<MovieWriter>,
    },
    /// From a still to a still, or from numbered files to numbered files.
    Pictures { from: &'r Target, to: &'r Target, next: (i64, i64) },
}

impl<'r> CopiedPictures<'r> {
    /// Opens `target`, whose first picture has the number `first`, for those of `earlier`. What is written is what an encoder
    /// with these settings would write.
    pub(super) fn begin(
        earlier: &'r Earlier,
        (target, first): (&'r Target, i64),
        settings: &OutputSettings,
        is_sheet: bool,
    ) -> Result<CopiedPictures<'r>> {
        let from = earlier.target.path();
        let (files, encoder) = if settings.preset.is_sequence() {
            // A page is encoded in another format than its cells.
            let encoder = if is_sheet { None } else { Some(open_encoder(settings, false)?.name().to_owned()) };
            (CopiedFiles::Pictures { from: &earlier.target, to: target, next: (earlier.first, first) }, encoder)
        } else {
            let mut demuxer = probe::open(from)?;
            let none = || Error::new(ErrorKind::Decode, "there are no pictures in it").at_file(from);
            let (stream, facts) = probe::picture_stream(&demuxer).ok_or_else(none)?;
            demuxer.select(stream);
            let header = demuxer.codec_header(stream);
            let (writer, encoder) = MovieWriter::create_for_all_packets(target.path(), settings, &header)?;
            let frames_per_tick = probe::time_base(&facts) * settings.rate.nominal();
            let (demuxer, writer) = (Box::new(demuxer), Box::new(writer));
            let skipped = earlier.first;
            (CopiedFiles::Movies { demuxer, stream, from, frames_per_tick, skipped, writer }, Some(encoder))
        };
        if encoder.is_some() && encoder != earlier.encoder {
            let name = |encoder: &Option<String>| encoder.clone().unwrap_or_else(|| "an unknown one".to_owned());
            let what = format!(
                "its pictures were made by another encoder: {}, and not {}",
                name(&earlier.encoder),
                name(&encoder)
            );
            return Err(Error::new(ErrorKind::Unsupported, what).at_file(from));
        }
        let format = earlier.pixel_format.clone().zip(earlier.size);
        Ok(CopiedPictures { files, encoder: earlier.encoder.clone(), format, copied: 0 })
    }

    /// Copies the next picture; a file that has a place for one gets this timecode.
    pub(super) fn copy(&mut self, timecode: Option<Timecode>) -> Result<()> {
        match &mut self.files {
            CopiedFiles::Movies { demuxer, stream, from, frames_per_tick, skipped, writer } => {
                let mut left_out = if self.copied == 0 { *skipped } else { 0 };
                let packet = loop {
                    let failed =
                        |cause| Error::new(ErrorKind::Decode, "reading it failed").at_file(*from).because(cause);
                    match demuxer.read().map_err(failed)? {
                        Some(packet) if packet.stream() == *stream && !is_discarded(&packet) => {
                            if left_out == 0 {
                                break packet;
                            }
                            left_out -= 1;
                        }
                        Some(_) => {}
                        None => {
                            let what = "the file that was delivered earlier ends before this picture";
                            return Err(Error::new(ErrorKind::Overrun, what).at_file(*from).at_frame(self.copied));
                        }
                    }
                };
                let frame = |ticks: Option<i64>| {
                    let at = ticks.map(|ticks| Ratio::whole(ticks) * *frames_per_tick).filter(|at| at.den() == 1);
                    let what = "a packet of the file that was delivered earlier has no time on the grid of its frames";
                    at.map(Ratio::num).ok_or_else(|| Error::new(ErrorKind::Unsupported, what).at_file(*from))
                };
                let shown = frame(packet.pts())?;
                let decoded = packet.dts().map_or(Ok(shown), |decoded| frame(Some(decoded)))?;
                writer.write_packet_at(&packet, (shown - *skipped, decoded - *skipped))?;
            }
            CopiedFiles::Pictures { from, to, next } => {
                let (from, to): (PathBuf, PathBuf) = (from.file(next.0), to.file(next.1));
                let mut data = fs::read(&from).map_err(|error| Error::io("read", &from, error))?;
                exr::set_timecode(&mut data, timecode).map_err(|error| error.at_file(&from))?;
                fs::write(&to, &data).map_err(|error| Error::io("write", &to, error))?;
                *next = (next.0 + 1, next.1 + 1);
            }
        }
        self.copied += 1;
        Ok(())
    }

    pub(super) fn copied(&self) -> i64 {
        self.copied
    }

    pub(super) fn write_sound_of(&mut self, stream: usize, samples: &Samples) -> Result<()> {
        match &mut self.files {
            CopiedFiles::Movies { writer, .. } if writer.has_sound() => writer.write_sound_of(stream, samples),
            _ => Ok(()),
        }
    }

    pub(super) fn encoder(&self) -> Option<String> {
        self.encoder.clone()
    }

    /// Pixel format, width and height of the pictures, where they are known.
    pub(super) fn format(&self) -> Option<(String, (u32, u32))> {
        self.format.clone()
    }

    /// Closes the file; returns how many pictures are in it.
    pub(super) fn finish(self) -> Result<i64> {
        match self.files {
            CopiedFiles::Movies { writer, .. } => writer.finish().map(|written| written.frames),
            CopiedFiles::Pictures { .. } => Ok(self.copied),
        }
    }
}
