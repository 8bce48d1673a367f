//! Frames on their way into a target: a movie, a sequence, or a movie that packets are copied to.

use ffmpeg_next::frame::Video;

use super::copy::Copying;
use super::encode::OutputSettings;
use super::movie_writer::MovieWriter;
use super::sequence_writer::{SequenceNames, SequenceWriter};
use crate::audio::Samples;
use crate::backend::Target;
use crate::error::Result;

/// What the frames of a shot are written to.
pub(super) enum Writer {
    Movie(Box<MovieWriter>),
    Sequence(Box<SequenceWriter>),
    /// Nothing is encoded: pictures are not needed.
    Copy(Box<Copying>),
}

impl Writer {
    /// Writes to `target`; the first frame of a sequence has the number `first`.
    pub(super) fn create(target: &Target, first: i64, settings: &OutputSettings) -> Result<Writer> {
        match target {
            Target::Movie(path) => Ok(Writer::Movie(Box::new(MovieWriter::create(path, settings)?))),
            Target::Sequence { folder, prefix, padding, suffix } => {
                let mut names = SequenceNames::new(folder, prefix, suffix, first);
                names.padding = *padding;
                Ok(Writer::Sequence(Box::new(SequenceWriter::create(names, settings)?)))
            }
        }
    }

    /// Whether it is given pictures.
    pub(super) fn needs_pictures(&self) -> bool {
        !matches!(self, Writer::Copy(_))
    }

    /// Writes the next frame: `picture`, or where packets are copied the next of those.
    pub(super) fn write(&mut self, picture: Option<&Video>) -> Result<()> {
        match (self, picture) {
            (Writer::Movie(writer), Some(picture)) => writer.write(picture),
            (Writer::Sequence(writer), Some(picture)) => writer.write(picture),
            (Writer::Copy(copying), _) => copying.write(),
            (Writer::Movie(_) | Writer::Sequence(_), None) => Ok(()),
        }
    }

    /// Writes the next samples, where there is a place for them.
    pub(super) fn write_sound(&mut self, samples: &Samples) -> Result<()> {
        self.write_sound_of(0, samples)
    }

    /// The same for stream of sound number `stream`.
    pub(super) fn write_sound_of(&mut self, stream: usize, samples: &Samples) -> Result<()> {
        let movie = match self {
            Writer::Movie(movie) => movie,
            Writer::Copy(copying) => copying.movie(),
            Writer::Sequence(_) => return Ok(()),
        };
        if movie.has_sound() { movie.write_sound_of(stream, samples) } else { Ok(()) }
    }

    /// The name of the encoder; `None` where nothing is encoded.
    pub(super) fn encoder(&self) -> Option<&str> {
        match self {
            Writer::Movie(writer) => writer.encoder(),
            Writer::Sequence(writer) => Some(writer.encoder()),
            Writer::Copy(_) => None,
        }
    }

    pub(super) fn frames(&self) -> i64 {
        match self {
            Writer::Movie(writer) => writer.frames(),
            Writer::Sequence(writer) => writer.frames(),
            Writer::Copy(copying) => copying.frames(),
        }
    }

    pub(super) fn finish(self) -> Result<i64> {
        let written = match self {
            Writer::Movie(writer) => writer.finish(),
            Writer::Sequence(writer) => writer.finish(),
            Writer::Copy(copying) => copying.finish(),
        };
        Ok(written?.frames)
    }
}
