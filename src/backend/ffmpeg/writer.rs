//! Frames on their way into a target: a movie or a sequence.

use ffmpeg_next::frame::Video;

use super::encode::OutputSettings;
use super::movie_writer::MovieWriter;
use super::sequence_writer::{SequenceNames, SequenceWriter};
use crate::audio::Samples;
use crate::backend::Target;
use crate::codec::exr::ExrLabel;
use crate::error::Result;

/// What the frames of a shot are written to.
pub(super) enum FrameWriter {
    Movie(Box<MovieWriter>),
    Sequence(Box<SequenceWriter>),
}

impl FrameWriter {
    /// Writes to `target`; the first frame of a sequence has the number `first`.
    pub(super) fn create(target: &Target, first: i64, settings: &OutputSettings) -> Result<FrameWriter> {
        match target {
            Target::Movie(path) => Ok(FrameWriter::Movie(Box::new(MovieWriter::create(path, settings)?))),
            Target::Sequence { folder, prefix, padding, suffix } => {
                let mut names = SequenceNames::new(folder, prefix, suffix, first);
                names.padding = *padding;
                Ok(FrameWriter::Sequence(Box::new(SequenceWriter::create(names, settings)?)))
            }
        }
    }

    /// Writes the next frame.
    pub(super) fn write(&mut self, picture: &Video) -> Result<()> {
        match self {
            FrameWriter::Movie(writer) => writer.write(picture),
            FrameWriter::Sequence(writer) => writer.write(picture),
        }
    }

    /// The same, with what is said about the frame where it becomes a file that has a place for it.
    pub(super) fn write_labelled(&mut self, picture: &Video, label: ExrLabel) -> Result<()> {
        match self {
            FrameWriter::Movie(writer) => writer.write(picture),
            FrameWriter::Sequence(writer) => writer.write_labelled(picture, label),
        }
    }

    /// Writes the next samples, where there is a place for them.
    pub(super) fn write_sound(&mut self, samples: &Samples) -> Result<()> {
        self.write_sound_of(0, samples)
    }

    /// The same for stream of sound number `stream`.
    pub(super) fn write_sound_of(&mut self, stream: usize, samples: &Samples) -> Result<()> {
        let FrameWriter::Movie(movie) = self else { return Ok(()) };
        if movie.has_sound() { movie.write_sound_of(stream, samples) } else { Ok(()) }
    }

    /// The name of the encoder.
    pub(super) fn encoder(&self) -> Option<&str> {
        match self {
            FrameWriter::Movie(writer) => writer.encoder(),
            FrameWriter::Sequence(writer) => Some(writer.encoder()),
        }
    }

    pub(super) fn finish(self) -> Result<i64> {
        let written = match self {
            FrameWriter::Movie(writer) => writer.finish(),
            FrameWriter::Sequence(writer) => writer.finish(),
        };
        Ok(written?.frames)
    }
}
