//! Pictures that were delivered before, copied into the file of another shot.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::decode::MovieReader;
use super::super::encode::{OutputSettings, open_encoder};
use super::super::movie_writer::MovieWriter;
use super::super::options::DecodeOptions;
use super::super::representation::SourceLabels;
use super::super::sink::FinishedSink;
use crate::audio::Samples;
use crate::backend::{Earlier, Target, Task};
use crate::codec::exr;
use crate::error::{Error, ErrorKind, Result};
use crate::time::Timecode;

/// Encoded pictures on their way from one delivered file to another.
pub(super) struct Reuse<'f> {
    files: Files<'f>,
    /// The name of the encoder that makes such pictures.
    encoder: String,
}

enum Files<'f> {
    /// From movie to movie.
    Movies { reader: Box<MovieReader>, writer: Box<MovieWriter>, from: PathBuf, next: i64 },
    /// From numbered files to numbered files.
    Sequences {
        from: &'f Target,
        to: &'f Target,
        /// Number of the next file, there and here.
        next: (i64, i64),
        /// Timecode of the first.
        first: Option<Timecode>,
        labels: Option<SourceLabels<'f>>,
    },
}

impl<'f> Reuse<'f> {
    /// Opens both files. What is written, header for header, is what an encoder would be given.
    pub(super) fn begin(
        earlier: &'f Earlier,
        task: &'f Task<'_>,
        settings: OutputSettings,
        labels: Option<SourceLabels<'f>>,
        max_pixels: Option<u64>,
    ) -> Result<Reuse<'f>> {
        let (files, encoder) = match (&earlier.target, &task.target) {
            (Target::Movie(from), Target::Movie(to)) => {
                let mut reader = MovieReader::open(from, &DecodeOptions::default().max_pixels(max_pixels))?;
                let last = earlier.first + task.shot.frame_count - 1;
                if reader.key_packet(last)?.is_none() {
                    return Err(ends_early(from, last));
                }
                let (writer, encoder, header) = MovieWriter::create_for_packets(to, &settings)?;
                if !header.is_empty() && reader.codec_header() != header {
                    let what = "this encoder writes a different header from the one that the packets were made with";
                    return Err(Error::new(ErrorKind::Unsupported, what).at_file(from));
                }
                let (reader, writer) = (Box::new(reader), Box::new(writer));
                let files = Files::Movies { reader, writer, from: from.clone(), next: earlier.first };
                (files, encoder)
            }
            (from @ Target::Sequence { .. }, to @ Target::Sequence { .. }) => {
                let next = (earlier.first, task.shot.first_frame);
                let encoder = open_encoder(&settings, false)?.name().to_owned();
                (Files::Sequences { from, to, next, first: settings.timecode, labels }, encoder)
            }
            _ => {
                let what = "pictures are copied from movie to movie and from files to files";
                return Err(Error::new(ErrorKind::Encode, what));
            }
        };
        if earlier.encoder.as_ref() != Some(&encoder) {
            let made = earlier.encoder.as_deref().unwrap_or("an unknown one");
            let what = format!("its pictures were made by another encoder: {made}, and not {encoder}");
            return Err(Error::new(ErrorKind::Unsupported, what).at_file(earlier.target.path()));
        }
        Ok(Reuse { files, encoder })
    }

    /// Copies picture `index`, counted from the shot's first.
    pub(super) fn write(&mut self, index: i64) -> Result<()> {
        match &mut self.files {
            Files::Movies { reader, writer, from, next } => {
                let packet = reader.key_packet(*next)?.ok_or_else(|| ends_early(from, *next))?;
                writer.write_packet(&packet)?;
                *next += 1;
            }
            Files::Sequences { from, to, next, first, labels } => {
                let (from, to) = (from.file(next.0), to.file(next.1));
                let mut data = fs::read(&from).map_err(|error| Error::io("read", &from, error))?;
                let timecode = match labels {
                    Some(labels) => labels.label(index).timecode,
                    None => first.map(|first| first.later(index)),
                };
                exr::set_timecode(&mut data, timecode).map_err(|error| error.at_file(&from))?;
                fs::write(&to, &data).map_err(|error| Error::io("write", &to, error))?;
                *next = (next.0 + 1, next.1 + 1);
            }
        }
        Ok(())
    }

    pub(super) fn write_sound(&mut self, samples: &Samples) -> Result<()> {
        match &mut self.files {
            Files::Movies { writer, .. } if writer.has_sound() => writer.write_sound(samples),
            _ => Ok(()),
        }
    }

    /// Closes the file.
    pub(super) fn finish(self) -> Result<FinishedSink> {
        let notes = match self.files {
            Files::Movies { writer, .. } => writer.finish().map(|_| Vec::new())?,
            Files::Sequences { labels, .. } => labels.iter().filter_map(SourceLabels::note).collect(),
        };
        Ok(FinishedSink { encoder: Some(self.encoder), format: None, notes })
    }
}

fn ends_early(path: &Path, frame: i64) -> Error {
    Error::new(ErrorKind::Overrun, "the file that was delivered earlier ends before this frame")
        .at_file(path)
        .at_frame(frame)
}
