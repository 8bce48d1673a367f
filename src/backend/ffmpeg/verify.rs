//! Whether what was written is what was planned.

use std::path::Path;

use super::info::MediaInfo;
use super::limits;
use super::lookup::count_frames;
use super::probe::probe_within;
use super::sound::{self, SoundReader};
use crate::backend::Target;
use crate::deliver::Preset;
use crate::error::{Error, ErrorKind, Result};
use crate::time::{Rate, Ratio};

/// What a target is to hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct ExpectedOutput<'a> {
    pub(super) preset: &'a Preset,
    /// Width and height in pixels.
    pub(super) size: (u32, u32),
    pub(super) rate: Rate,
    pub(super) frames: i64,
    /// The number of a sequence's first frame.
    pub(super) first: i64,
    /// Where a movie is to be interlaced: the order of its fields.
    pub(super) top_field_first: Option<bool>,
    /// Where a movie is to have sound: how many samples, and how many of them a second.
    pub(super) sound: Option<(i64, u32)>,
}

/// Looks at what was written to `target`, and counts its frames.
///
/// # Errors
/// [`ErrorKind::Verify`] when it is not what was expected.
pub(super) fn verify(target: &Target, expected: &ExpectedOutput<'_>) -> Result<()> {
    let Target::Movie(path) = target else {
        for number in expected.first..expected.first + expected.frames {
            let file = target.file(number);
            match file.metadata() {
                Ok(metadata) if metadata.len() > 0 => {}
                _ => return bad(format!("frame {number} was not written"), &file),
            }
        }
        return picture(&target.file(expected.first), expected.size).map(drop);
    };
    let rate = picture(path, expected.size)?;
    if expected.preset.is_sequence() {
        return Ok(());
    }
    let order = written(path, expected.size)?.top_field_first;
    if expected.top_field_first.is_some_and(|wanted| order != Some(wanted)) {
        return bad("a movie with another order of fields was written".to_owned(), path);
    }
    if rate != Some(expected.rate) && expected.frames > 1 {
        let rate = rate.map_or_else(|| "no rate".to_owned(), |rate| rate.to_string());
        return bad(format!("a movie of {rate} was written, not one of {}", expected.rate), path);
    }
    let frames = count_frames(path, pixels(expected.size))?;
    if frames != expected.frames {
        return bad(format!("{frames} frames were written, {} planned", expected.frames), path);
    }
    match expected.sound {
        Some((samples, rate)) => {
            let written = expected.preset.sound_rate(rate);
            let samples = (Ratio::whole(samples) * Ratio::new(written.into(), i64::from(rate).max(1))).ceil();
            length_of_sound(path, samples, slack(expected, written))
        }
        None => Ok(()),
    }
}

/// Whether the sound of `file` has so many samples, give or take `slack`.
pub(super) fn length_of_sound(file: &Path, planned: i64, slack: i64) -> Result<()> {
    let written = SoundReader::length(file)?;
    if (written - planned).abs() <= slack {
        return Ok(());
    }
    bad(format!("{written} samples were written, {planned} planned"), file)
}

/// Whether `file` has so many streams of sound.
pub(super) fn count_of_sounds(file: &Path, planned: usize) -> Result<()> {
    match SoundReader::count(file)? {
        written if written == planned => Ok(()),
        written => bad(format!("{written} streams of sound were written, {planned} planned"), file),
    }
}

/// By how many samples sound may miss its length: codecs count packets, and Matroska knows the length of the longest
/// stream alone.
fn slack(expected: &ExpectedOutput<'_>, rate: u32) -> i64 {
    let counted = expected.preset.audio.as_ref().is_some_and(|codec| !codec.starts_with("pcm_"));
    let coarse = matches!(expected.preset.muxer.as_deref(), Some("matroska" | "webm"));
    let frame = (Ratio::whole(rate.into()) / expected.rate.nominal()).ceil();
    match (counted, coarse) {
        (_, true) => sound::SLACK + frame,
        (true, false) => sound::SLACK,
        (false, false) => 0,
    }
}

fn pixels((width, height): (u32, u32)) -> u64 {
    limits::of_size(width, height)
}

/// Looks at what was written, however small its file is for a picture of this size.
fn written(file: &Path, size: (u32, u32)) -> Result<MediaInfo> {
    probe_within(file, Some(pixels(size)))
}

/// The rate of the picture in `file`, which is of this size.
fn picture(file: &Path, size: (u32, u32)) -> Result<Option<Rate>> {
    let info = written(file, size)?;
    if info.has_picture && (info.width, info.height) == size {
        return Ok(info.rate);
    }
    bad(format!("a picture of {} × {} was written", info.width, info.height), file)
}

fn bad<T>(what: String, file: &Path) -> Result<T> {
    Err(Error::new(ErrorKind::Verify, what).at_file(file))
}
