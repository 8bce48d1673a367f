//! Numbered frames: one file each.

use std::path::PathBuf;

use super::damage::Reason;
use super::frame::Frame;
use super::options::DecodeOptions;
use super::still;
use crate::error::{Error, ErrorKind, Result};
use crate::otio::bundle;
use crate::plan::MediaSource;

/// Reads the frames of a [`MediaSource::Sequence`]: PNG, JPEG, TIFF, EXR or DPX files.
///
/// The frame read last is kept, so a frame that is held costs one decode.
#[derive(Debug)]
pub struct SequenceReader {
    source: MediaSource,
    options: DecodeOptions,
    last: Option<(i64, Option<Frame>, Option<Reason>)>,
}

impl SequenceReader {
    /// A reader of `source`. No file is touched yet.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] when `source` is no sequence.
    pub fn new(source: &MediaSource, options: &DecodeOptions) -> Result<SequenceReader> {
        if !matches!(source, MediaSource::Sequence { .. }) {
            return Err(Error::new(ErrorKind::Option, format!("{} is not a frame sequence", source.display())));
        }
        Ok(SequenceReader { source: source.clone(), options: options.clone(), last: None })
    }

    /// The file of frame `index`.
    pub fn file(&self, index: i64) -> Option<PathBuf> {
        self.source.file(index)
    }

    /// Frame `index`, counted from the sequence's first; `None` if there is no such file.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] or [`ErrorKind::Io`], naming file and frame number, when the file is there and cannot
    /// be read.
    pub fn read(&mut self, index: i64) -> Result<Option<Frame>> {
        if let Some((_, frame, _)) = self.last.as_ref().filter(|(last, ..)| *last == index) {
            return Ok(frame.clone());
        }
        let Some(file) = self.source.file(index) else { return Ok(None) };
        let (frame, damage) = match still::read(&file, &self.options) {
            Ok((frame, damage)) => (Some(frame), damage),
            Err(error) if error.kind() == ErrorKind::MediaMissing => (None, None),
            Err(error) => return Err(error.at_frame(self.source.number(index))),
        };
        self.last = Some((index, frame.clone(), damage));
        Ok(frame)
    }

    /// What is damaged in the frame that was read last, where [`DecodeOptions::damaged`] lets that pass.
    pub fn damage(&self) -> Option<&str> {
        self.last.as_ref().and_then(|(_, _, damage)| damage.as_deref())
    }

    /// The numbers (not indices) of every file of the sequence that is in its folder, in rising order, whatever its
    /// first number and step say. Empty when there is no such folder.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the folder cannot be listed, [`ErrorKind::Bundle`] when it lies in an archive that cannot
    /// be read.
    pub fn list(&self) -> Result<Vec<i64>> {
        let (MediaSource::Sequence { folder, prefix, .. }, Some(frame_name)) = (&self.source, self.source.frame_name())
        else {
            return Ok(Vec::new());
        };
        let names = bundle::list(folder, prefix)?;
        let mut numbers: Vec<i64> = names.iter().filter_map(|name| frame_name.number(name)).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }
}
