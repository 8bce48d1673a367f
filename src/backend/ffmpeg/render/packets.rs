//! Untouched media, copied packet by packet.

use super::super::convert::SourcePicture;
use super::super::decode::MovieReader;
use super::super::encode::OutputSettings;
use super::super::movie_writer::MovieWriter;
use super::super::options::DecodeOptions;
use super::super::sink::{FinishedSink, Sink};
use super::program::Packets;
use super::scene::Scene;
use crate::audio::Samples;
use crate::backend::{Target, Task};
use crate::error::{Error, ErrorKind, Result};

/// Packets on their way from one file to another.
pub(super) struct PacketCopy {
    reader: MovieReader,
    writer: MovieWriter,
    path: std::path::PathBuf,
    /// The frame that comes next.
    next: i64,
}

impl PacketCopy {
    /// Opens both files; `None` where the source turns out to end before the last frame: then there is a policy to be
    /// followed, and nothing was written.
    pub(super) fn begin(
        scene: &Scene<'_>,
        packets: &Packets<'_>,
        task: &Task<'_>,
        settings: &OutputSettings,
    ) -> Result<Option<PacketCopy>> {
        let Target::Movie(target) = &task.target else {
            return Err(Error::new(ErrorKind::Encode, "packets are copied to movies alone"));
        };
        let Some(info) = scene.found[packets.layer.media.index()].picture() else { return Ok(None) };
        let path = &info.path;
        let mut reader = MovieReader::open(path, &DecodeOptions::default().max_pixels(scene.max_pixels))?;
        if reader.packet(packets.first + packets.count - 1)?.is_none() {
            return Ok(None);
        }
        let parameters = reader
            .parameters()
            .ok_or_else(|| Error::new(ErrorKind::Decode, "the stream has no parameters").at_file(path))?;
        let writer = MovieWriter::create_copy(target, settings, &parameters)?;
        Ok(Some(PacketCopy { reader, writer, path: path.clone(), next: packets.first }))
    }
}

impl Sink for PacketCopy {
    /// Packets come from the file itself.
    fn wants(&self, _: i64) -> bool {
        false
    }

    fn keeps_fields(&self) -> bool {
        true
    }

    fn write(&mut self, _: Option<&SourcePicture<'_>>, _: i64) -> Result<()> {
        let packet = self.reader.packet(self.next)?.ok_or_else(|| {
            Error::new(ErrorKind::Overrun, "the media ends earlier than the timeline says")
                .at_file(&self.path)
                .at_frame(self.next)
        })?;
        self.next += 1;
        self.writer.write_packet(&packet)
    }

    fn write_sound(&mut self, samples: &Samples) -> Result<()> {
        if self.writer.has_sound() { self.writer.write_sound(samples) } else { Ok(()) }
    }

    fn finish(self: Box<Self>, _: i64) -> Result<FinishedSink> {
        self.writer.finish().map(|_| FinishedSink::default())
    }
}
