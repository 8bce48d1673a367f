//! Untouched media, copied packet by packet: where a shot shows one file as it is, in the codec asked for, whose
//! frames are each coded on their own.

use super::decode::{DecodeOptions, MovieReader};
use super::encode::OutputSettings;
use super::movie_writer::{MovieWriter, Written};
use super::placing::shape;
use super::session::FfmpegSession;
use crate::backend::{Target, Task};
use crate::error::{Error, ErrorKind, Result};
use crate::picture::Rect;
use crate::plan::{Element, Shot};
use crate::time::Ratio;

/// A run of packets of one file.
pub(super) struct Copied {
    path: std::path::PathBuf,
    first: i64,
    count: i64,
    /// As [`DecodeOptions`] has it.
    max_pixels: Option<u64>,
}

/// The packets that make up `shot`, where nothing has to be done to them.
pub(super) fn source(session: &FfmpegSession<'_>, shot: &Shot) -> Option<Copied> {
    let [span] = shot.spans.as_slice() else { return None };
    let [Element::Layer(layer)] = session.visible(&span.stack) else { return None };
    let info = session.found[layer.media.index()].picture()?;
    let (canvas, preset, media) = (session.canvas, session.preset, &session.plan.media[layer.media]);
    let untouched = layer.look.is_plain()
        && session.rect(layer) == Rect::whole(canvas.width, canvas.height)
        && info.intra_only
        && !info.is_still
        && info.rotation == 0
        && (info.width, info.height) == (canvas.width, canvas.height)
        && shape(info, media).pixel_aspect == canvas.pixel_aspect
        // Code points that mean the same are stored as the one that the codec knows.
        && preset.color_tags(session.format, info.color) == canvas.color
        && info.pixel_format.parse().is_ok_and(|format: ffmpeg_next::format::Pixel| format == session.format)
        && info.rate == Some(session.plan.rate)
        && media.rate == session.plan.rate
        && !info.vfr
        && layer.map.step == Ratio::ONE
        && layer.map.curve.is_none();
    let asked_for = !preset.is_sequence() && info.codec == preset.codec && preset.has_profile(info.profile.as_deref());
    let first = layer.map.index(span.start);
    let last = first + span.count - 1;
    let inside = first >= 0 && media.frames.is_none_or(|frames| last < frames);
    (untouched && asked_for && inside).then(|| Copied {
        path: info.path.clone(),
        first,
        count: span.count,
        max_pixels: session.max_pixels,
    })
}

/// Packets on their way from one file to another.
pub(super) struct Copying {
    reader: MovieReader,
    writer: MovieWriter,
    path: std::path::PathBuf,
    /// The frame that comes next.
    next: i64,
}

impl Copying {
    /// Opens both files; `None` where the source turns out to end before the last frame: then there is a policy to be
    /// followed, and nothing was written.
    pub(super) fn begin(source: &Copied, task: &Task<'_>, settings: &OutputSettings) -> Result<Option<Copying>> {
        let Target::Movie(path) = &task.target else {
            return Err(Error::new(ErrorKind::Encode, "packets are copied to movies alone"));
        };
        let mut reader = MovieReader::open(&source.path, &DecodeOptions::default().max_pixels(source.max_pixels))?;
        if reader.packet(source.first + source.count - 1)?.is_none() {
            return Ok(None);
        }
        let parameters = reader
            .parameters()
            .ok_or_else(|| Error::new(ErrorKind::Decode, "the stream has no parameters").at_file(&source.path))?;
        let writer = MovieWriter::create_copy(path, settings, &parameters)?;
        Ok(Some(Copying { reader, writer, path: source.path.clone(), next: source.first }))
    }

    /// Copies the next packet.
    pub(super) fn write(&mut self) -> Result<()> {
        let packet = self.reader.packet(self.next)?.ok_or_else(|| {
            Error::new(ErrorKind::Overrun, "the media ends earlier than the timeline says")
                .at_file(&self.path)
                .at_frame(self.next)
        })?;
        self.next += 1;
        self.writer.write_packet(&packet)
    }

    /// What is written to.
    pub(super) fn movie(&mut self) -> &mut MovieWriter {
        &mut self.writer
    }

    pub(super) fn frames(&self) -> i64 {
        self.writer.frames()
    }

    pub(super) fn finish(self) -> Result<Written> {
        self.writer.finish()
    }
}
