//! An encoder for pictures, whoever wrote it.

use std::collections::BTreeMap;

use ffmpeg_next::codec::Parameters;
use ffmpeg_next::codec::packet::Packet;
use ffmpeg_next::frame::Video;

use super::prores::PooledProresEncoder;
use super::still_encoder::StillEncoder;
use super::sys::write::{EncoderSetup, VideoEncoder};
use crate::codec::exr::ExrLabel;
use crate::deliver::Preset;
use crate::error::{Error, ErrorKind, Result};
use crate::trace;

/// An open encoder whose time base is one frame.
pub(super) struct PictureEncoder {
    name: String,
    kind: EncoderKind,
}

enum EncoderKind {
    Ffmpeg(VideoEncoder),
    Prores(Box<PooledProresEncoder>),
    Still(Box<StillEncoder>),
}

impl std::fmt::Debug for PictureEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PictureEncoder({})", self.name)
    }
}

impl PictureEncoder {
    /// Opens the encoder of this name. Where `idle_cores` is set and it can, it uses cores that have nothing to encode;
    /// `texts` go into files that have a place for texts of any name, where it makes files.
    pub(super) fn open(
        setup: &EncoderSetup<'_>,
        texts: &BTreeMap<String, String>,
        idle_cores: bool,
    ) -> Result<PictureEncoder> {
        let kind = match setup.name {
            Preset::OWN_PRORES => EncoderKind::Prores(Box::new(PooledProresEncoder::open(setup, idle_cores)?)),
            Preset::OWN_EXR | Preset::OWN_PNG => {
                EncoderKind::Still(Box::new(StillEncoder::open(setup, texts, idle_cores)?))
            }
            _ => EncoderKind::Ffmpeg(VideoEncoder::open(setup)?),
        };
        trace::event!(
            DEBUG,
            "an encoder is open",
            encoder = setup.name,
            pixel_format = trace::shown(format_args!("{:?}", setup.format)),
            width = setup.width,
            height = setup.height,
            threads = setup.threads,
            idle_cores = idle_cores
        );
        Ok(PictureEncoder { name: setup.name.to_owned(), kind })
    }

    /// Its name, as presets have it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Says something about the frame that is sent next, where the encoder makes files that have a place for it.
    pub(super) fn label(&mut self, label: ExrLabel) {
        if let EncoderKind::Still(encoder) = &mut self.kind {
            encoder.label(label);
        }
    }

    /// Hands over frame number `number`, or says that there are no more.
    pub(super) fn send(&mut self, frame: Option<(&Video, i64)>) -> Result<()> {
        match (&mut self.kind, frame) {
            (EncoderKind::Ffmpeg(encoder), frame) => encoder.send(frame),
            (EncoderKind::Prores(encoder), Some((frame, number))) => encoder.send(frame, number),
            (EncoderKind::Prores(_), None) => Ok(()),
            (EncoderKind::Still(encoder), frame) => encoder.send(frame.map(|(frame, _)| frame)),
        }
    }

    /// The next packet, if there is one already. Its times count frames.
    pub(super) fn receive(&mut self, packet: &mut Packet) -> Result<bool> {
        match &mut self.kind {
            EncoderKind::Ffmpeg(encoder) => encoder.receive(packet),
            EncoderKind::Prores(encoder) => Ok(encoder.receive(packet)),
            EncoderKind::Still(encoder) => encoder.receive(packet),
        }
    }

    /// What a muxer has to know about the stream.
    pub(super) fn parameters(&self) -> Result<Parameters> {
        match &self.kind {
            EncoderKind::Ffmpeg(encoder) => encoder.parameters(),
            EncoderKind::Prores(encoder) => Ok(encoder.parameters()),
            EncoderKind::Still(_) => {
                let what = format!("{} makes files of single pictures, and no stream of them", self.name);
                Err(Error::new(ErrorKind::Option, what))
            }
        }
    }
}
