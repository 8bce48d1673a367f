//! What takes the pictures and the sound of a shot, and makes a file of them.

use std::sync::Arc;

use ffmpeg_next::frame::Video;

use super::convert::{Converter, SourcePicture, TargetFormat};
use super::render::Variant;
use super::representation::SourceLabels;
use super::singles;
use super::viewed::Viewed;
use super::writer::FrameWriter;
use crate::audio::Samples;
use crate::color::ColorTransform;
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

    /// Which pictures it takes, where colours are managed.
    fn variant(&self) -> Variant {
        Variant::default()
    }

    /// Takes picture `index`, or goes on without it.
    fn write(&mut self, picture: Option<&SourcePicture<'_>>, index: i64) -> Result<()>;

    /// Takes the next samples, where there is a place for them.
    fn write_sound(&mut self, samples: &Samples) -> Result<()>;

    /// Closes the file after so many frames.
    fn finish(self: Box<Self>, frames: i64) -> Result<FinishedSink>;
}

/// What became of a sink.
#[derive(Debug, Default)]
pub(super) struct FinishedSink {
    /// The name of the encoder of its pictures; `None` where packets were copied.
    pub(super) encoder: Option<String>,
    /// The pixel format of its pictures, as FFmpeg names it, and their width and height, where it is a representation.
    pub(super) format: Option<(String, (u32, u32))>,
    /// What did not turn out as asked.
    pub(super) notes: Vec<String>,
}

/// The shot itself: every picture, encoded.
pub(super) struct ShotSink<'f> {
    pub(super) writer: FrameWriter,
    /// Where each frame's file tells of its source.
    pub(super) labels: Option<SourceLabels<'f>>,
    pub(super) keeps_fields: bool,
    pub(super) variant: Variant,
    /// What is baked into it.
    pub(super) bake: Option<Bake>,
}

/// What is done to the canvas on its way into the shot's own file.
pub(super) struct Bake {
    pub(super) transform: Arc<dyn ColorTransform>,
    pub(super) target: TargetFormat,
    pub(super) converter: Converter,
    pub(super) threads: usize,
    pub(super) viewed: Viewed,
}

impl Bake {
    fn baked(&mut self, picture: &SourcePicture<'_>, index: i64) -> Result<Video> {
        let size = (picture.frame.width(), picture.frame.height());
        let image = self.viewed.picture((picture, index, false), size, &self.transform, self.threads)?;
        singles::write(image, &self.target, &mut self.converter)
    }
}

impl Sink for ShotSink<'_> {
    fn wants(&self, _: i64) -> bool {
        true
    }

    fn keeps_fields(&self) -> bool {
        self.keeps_fields
    }

    fn variant(&self) -> Variant {
        self.variant
    }

    fn write(&mut self, picture: Option<&SourcePicture<'_>>, index: i64) -> Result<()> {
        let Some(picture) = picture else { return Ok(()) };
        let baked = self.bake.as_mut().map(|bake| bake.baked(picture, index)).transpose()?;
        let frame = baked.as_ref().unwrap_or(picture.frame);
        match &mut self.labels {
            None => self.writer.write(frame),
            Some(labels) => self.writer.write_labelled(frame, labels.label(index)),
        }
    }

    fn write_sound(&mut self, samples: &Samples) -> Result<()> {
        self.writer.write_sound(samples)
    }

    fn finish(self: Box<Self>, _: i64) -> Result<FinishedSink> {
        let encoder = self.writer.encoder().map(str::to_owned);
        let notes = self.labels.iter().filter_map(SourceLabels::note).collect();
        self.writer.finish().map(|_| FinishedSink { encoder, format: None, notes })
    }
}
