//! What takes the pictures and the sound of a shot, and makes a file of them.

use super::convert::Source;
use super::writer::Writer;
use crate::audio::Samples;
use crate::error::Result;

/// Something that a file is made by: a movie, a sequence, packets on their way, a representation.
///
/// For each frame, in order: [`Sink::wants`] is asked, [`Sink::write`] is called, with the picture if it was wanted, and
/// then [`Sink::write_sound`] with the samples that belong beside it.
pub(super) trait Sink {
    /// Whether picture `index`, counted from the shot's first, is needed.
    fn wants(&self, index: i64) -> bool;

    /// Whether it takes interlaced pictures as they are; otherwise it is given whole ones.
    fn keeps_fields(&self) -> bool;

    /// Takes picture `index`, or goes on without it.
    fn write(&mut self, picture: Option<&Source<'_>>, index: i64) -> Result<()>;

    /// Takes the next samples, where there is a place for them.
    fn write_sound(&mut self, samples: &Samples) -> Result<()>;

    /// The name of the encoder; `None` where nothing is encoded, or where nobody asks.
    fn encoder(&self) -> Option<&str> {
        None
    }

    /// Closes the file after so many frames; says what did not turn out as asked.
    fn finish(self: Box<Self>, frames: i64) -> Result<Vec<String>>;
}

/// The shot itself: every picture, encoded.
pub(super) struct Whole {
    pub(super) writer: Writer,
    pub(super) keeps_fields: bool,
}

impl Sink for Whole {
    fn wants(&self, _: i64) -> bool {
        true
    }

    fn keeps_fields(&self) -> bool {
        self.keeps_fields
    }

    fn write(&mut self, picture: Option<&Source<'_>>, _: i64) -> Result<()> {
        picture.map_or(Ok(()), |picture| self.writer.write(picture.frame))
    }

    fn write_sound(&mut self, samples: &Samples) -> Result<()> {
        self.writer.write_sound(samples)
    }

    fn encoder(&self) -> Option<&str> {
        self.writer.encoder()
    }

    fn finish(self: Box<Self>, _: i64) -> Result<Vec<String>> {
        self.writer.finish().map(|_| Vec::new())
    }
}
