//! Numbered pictures, one file per frame.

use std::borrow::Cow;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use ffmpeg_next::codec::packet::Packet;
use ffmpeg_next::frame::Video;

use super::encode::{OutputSettings, open_encoder};
use super::exr;
use super::movie_writer::WrittenFrames;
use super::picture_encoder::PictureEncoder;
use crate::codec::exr::ExrLabel;
use crate::deliver::Preset;
use crate::error::{Error, ErrorKind, Result};
use crate::time::FrameName;

/// How the files of a sequence are called: `folder/prefix` + number + `suffix`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SequenceNames {
    /// The folder, which exists already.
    pub folder: PathBuf,
    /// What stands before the number.
    pub prefix: String,
    /// How many digits the number has at least.
    pub padding: usize,
    /// What stands behind the number, the dot and the extension included.
    pub suffix: String,
    /// The number of the first frame.
    pub start: i64,
    /// Whether each file is synced to disk before the next one is written.
    pub sync: bool,
}

impl SequenceNames {
    /// Names such as `folder/prefix1001.png`: four digits, not synced.
    pub fn new(folder: impl Into<PathBuf>, prefix: &str, suffix: &str, start: i64) -> SequenceNames {
        let (folder, prefix, suffix) = (folder.into(), prefix.to_owned(), suffix.to_owned());
        SequenceNames { folder, prefix, padding: 4, suffix, start, sync: false }
    }

    /// The file of frame `index`, counted from the first one written. A negative number keeps its sign before the
    /// padding, as OpenTimelineIO writes it.
    pub fn file(&self, index: i64) -> PathBuf {
        let name = FrameName { prefix: &self.prefix, suffix: &self.suffix, padding: self.padding };
        self.folder.join(name.of(self.start.saturating_add(index)))
    }
}

/// Writes numbered pictures. Dropped without [`SequenceWriter::finish`], it leaves the files that are complete.
#[derive(Debug)]
pub struct SequenceWriter {
    names: SequenceNames,
    encoder: PictureEncoder,
    /// Timecode of the first frame, and its reel.
    first: ExrLabel,
    frames: i64,
    files: i64,
    bytes: u64,
    /// What EXR files say that their values are.
    interop: Option<String>,
}

impl SequenceWriter {
    /// Gets ready to write; no file is created yet.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] when the preset makes movies, [`ErrorKind::Unsupported`] when this FFmpeg lacks the
    /// encoder, [`ErrorKind::Encode`] when the encoder refuses.
    pub fn create(names: SequenceNames, settings: &OutputSettings) -> Result<SequenceWriter> {
        if !settings.preset.is_sequence() {
            let what = format!("{} makes a movie, not one file per frame", settings.preset.name);
            return Err(Error::new(ErrorKind::Option, what));
        }
        let encoder = open_encoder(settings, false)?;
        let interop = untold_interop(settings, &encoder).map(str::to_owned);
        let first = ExrLabel::new(settings.timecode, settings.reel.clone());
        Ok(SequenceWriter { names, encoder, first, frames: 0, files: 0, bytes: 0, interop })
    }

    /// Encodes the next frame, which has the settings' pixel format and size. Where files have a place for a timecode, it is
    /// counted on from the settings'.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`] when the frame is of another kind or cannot be encoded, [`ErrorKind::Io`] when a file
    /// cannot be written.
    pub fn write(&mut self, frame: &Video) -> Result<()> {
        let timecode = self.first.timecode.map(|first| first.later(self.frames));
        self.write_labelled(frame, ExrLabel::new(timecode, self.first.reel.clone()))
    }

    /// The same, with what is said about the frame where files have a place for it.
    pub(super) fn write_labelled(&mut self, frame: &Video, label: ExrLabel) -> Result<()> {
        self.encoder.label(label);
        self.encoder.send(Some((frame, self.frames)))?;
        self.frames += 1;
        self.drain()
    }

    /// The name of the encoder, as presets have it.
    pub fn encoder(&self) -> &str {
        self.encoder.name()
    }

    /// How many frames were handed over so far.
    pub fn frames(&self) -> i64 {
        self.frames
    }

    fn drain(&mut self) -> Result<()> {
        let mut packet = Packet::empty();
        while self.encoder.receive(&mut packet)? {
            // Packets come in the order the frames went in: each picture stands for itself.
            let file = self.names.file(self.files);
            let data = told(packet.data().unwrap_or_default(), self.interop.as_deref());
            write_file(&file, &data, self.names.sync).map_err(|error| Error::io("write", &file, error))?;
            self.files += 1;
            self.bytes += data.len() as u64;
        }
        Ok(())
    }

    /// Writes what is still to come.
    ///
    /// # Errors
    /// As [`SequenceWriter::write`], and [`ErrorKind::Encode`] when the encoder has swallowed a frame.
    pub fn finish(mut self) -> Result<WrittenFrames> {
        self.encoder.send(None)?;
        self.drain()?;
        if self.files != self.frames {
            let what = format!("{} files were written for {} frames", self.files, self.frames);
            return Err(Error::new(ErrorKind::Encode, what));
        }
        Ok(WrittenFrames { frames: self.frames, bytes: self.bytes })
    }
}

/// Writes one picture, of the settings' pixel format and size, to `path`. Returns the encoder's name.
pub(super) fn write_still(path: &Path, settings: &OutputSettings, picture: &Video, label: ExrLabel) -> Result<String> {
    let mut encoder = open_encoder(settings, false)?;
    encoder.label(label);
    encoder.send(Some((picture, 0)))?;
    encoder.send(None)?;
    let mut packet = Packet::empty();
    if !encoder.receive(&mut packet)? {
        return Err(Error::new(ErrorKind::Encode, "no file was written for a picture").at_file(path));
    }
    let data = told(packet.data().unwrap_or_default(), untold_interop(settings, &encoder));
    write_file(path, &data, false).map_err(|error| Error::io("write", path, error))?;
    Ok(encoder.name().to_owned())
}

/// What is to be said of the values of EXR files by an encoder that does not say it itself.
fn untold_interop<'s>(settings: &'s OutputSettings, encoder: &PictureEncoder) -> Option<&'s str> {
    settings.metadata.get(exr::INTEROP).filter(|_| encoder.name() != Preset::OWN_EXR).map(String::as_str)
}

/// A picture that says what its values are, where there is something to say and a place for it.
fn told<'d>(data: &'d [u8], interop: Option<&str>) -> Cow<'d, [u8]> {
    let told = interop.filter(|_| data.starts_with(&EXR)).and_then(|interop| exr::with_interop(data, interop));
    told.map_or(Cow::Borrowed(data), Cow::Owned)
}

/// What EXR files begin with.
const EXR: [u8; 4] = [0x76, 0x2f, 0x31, 0x01];

fn write_file(path: &Path, data: &[u8], sync: bool) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(data)?;
    if sync { file.sync_all() } else { Ok(()) }
}
