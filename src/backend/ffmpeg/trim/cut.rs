//! From what a caller asks for to frames of the file.

use super::source::TrimSource;
use crate::deliver::Cut;
use crate::error::{Error, ErrorKind, Result};
use crate::time::{Ratio, Time, Timecode};

/// The frames that `cut` means: the first, and how many.
pub(super) fn resolve(cut: &Cut, source: &TrimSource) -> Result<(i64, i64)> {
    let (first, end) = match cut {
        Cut::Frames { first, count } => {
            let end = first.checked_add(*count).ok_or_else(|| empty(source, "frame range overflows"))?;
            (*first, end)
        }
        Cut::Timecode { start, end } => by_timecode(start, end, source)?,
        Cut::Time { start, end } => {
            let nearest = |time: &Time| {
                let seconds = Ratio::new(time.flicks(), crate::time::FLICKS_PER_SECOND);
                source.grid.nearest(seconds)
            };
            (nearest(start), nearest(end))
        }
    };
    if first >= end {
        let what = match cut {
            Cut::Frames { count, .. } => format!("{count} frames"),
            Cut::Timecode { start, end } => format!("from {start} up to {end}"),
            Cut::Time { start, end } => format!("from {} s to {} s", start.seconds(), end.seconds()),
        };
        return Err(empty(source, &what));
    }
    if first < 0 || source.frames.is_some_and(|frames| end > frames) {
        return Err(source.outside(first, end));
    }
    Ok((first, end - first))
}

fn empty(source: &TrimSource, what: &str) -> Error {
    let what = format!("{what}: a piece has at least one frame and ends after its start");
    Error::new(ErrorKind::Option, what).at_file(&source.path)
}

fn by_timecode(start: &str, end: &str, source: &TrimSource) -> Result<(i64, i64)> {
    let Some(own) = source.info.start_timecode else {
        let what = format!("{} has no timecode: its frames count from 0", source.path.display());
        return Err(Error::new(ErrorKind::Time, what).at_file(&source.path));
    };
    let (start, end) = (label(start, own, source)?, label(end, own, source)?);
    // Timecode starts again at midnight; a file does not.
    let day = {
        let base = i64::from(own.rate().timecode_base());
        let last = Timecode::parse(&format!("23:59:59{}{:02}", separator(own), base - 1), own.rate())?;
        last.frame() + 1
    };
    let mut first = start - own.frame();
    if first < 0 && first + day < source.frames.unwrap_or(day) {
        first += day;
    }
    let mut count = end - start;
    if count < 0 && first + count + day <= source.frames.unwrap_or(day / 2) {
        count += day;
    }
    Ok((first, first + count))
}

/// The number of a label that is written as those of the file are.
fn label(text: &str, own: Timecode, source: &TrimSource) -> Result<i64> {
    let right = || {
        let kind = if own.is_drop() { "drop-frame" } else { "non-drop" };
        format!("{} counts {kind} at {} from {own}", source.path.display(), own.rate())
    };
    let wrong = |what: String| Error::new(ErrorKind::Time, format!("{what}; {}", right())).at_file(&source.path);
    let read = Timecode::parse(text, own.rate()).map_err(|error| wrong(format!("{error:#}")))?;
    if text.contains([';', ',', '.']) != own.is_drop() {
        return Err(wrong(format!("{text:?} is another kind of timecode")));
    }
    if fields(&read.to_string()) != fields(text) {
        return Err(wrong(format!("there is no label {text:?}")));
    }
    Ok(read.frame())
}

fn separator(own: Timecode) -> char {
    if own.is_drop() { ';' } else { ':' }
}

fn fields(label: &str) -> Vec<u32> {
    label.split(|c: char| !c.is_ascii_digit()).filter_map(|field| field.parse().ok()).collect()
}
