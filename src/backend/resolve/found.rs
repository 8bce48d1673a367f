//! What Resolve has written, looked at before it is used: it says "Complete" of renders that are not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::jobs::End;
use super::link::pause;
use super::options::Limits;
use super::scratch::ScratchFolder;
use crate::backend::CancelToken;
use crate::backend::ffmpeg::{MediaInfo, count_frames_of, probe};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::MediaSource;
use crate::time::{Rate, Timecode};
use crate::timeline::MissingFramePolicy;

/// What a render has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ExpectedRender {
    pub(super) frames: i64,
    pub(super) size: (u32, u32),
    pub(super) rate: Rate,
    /// The number of its first frame, counted from timecode zero, where it is not the caller who sets that.
    pub(super) start: Option<i64>,
    /// Whether it was given by somebody who knows: then it has to be long enough, and of the right size.
    #[serde(default)]
    pub(super) is_given: bool,
}

impl ExpectedRender {
    /// What is expected of a render that somebody gives.
    pub(super) fn given(self) -> ExpectedRender {
        ExpectedRender { start: None, is_given: true, ..self }
    }

    fn has(&self, frames: i64) -> bool {
        frames == self.frames || self.is_given && frames > self.frames
    }
}

/// How often one looks whether files still grow.
const GROWING: Duration = Duration::from_millis(100);

/// The same as [`render_in`], of files that may come late or still grow: they are looked at until they stay as they are.
/// What does not change for as long as the limit says is what it is.
///
/// # Errors
/// As [`render_in`]; [`ErrorKind::Cancelled`].
pub(super) fn render_at_last(
    folder: &Path,
    expected: &ExpectedRender,
    limits: &Limits,
    cancel: &CancelToken,
) -> Result<MediaSource> {
    let mut before = sizes(folder)?;
    let (begun, mut changed) = (Instant::now(), Instant::now());
    loop {
        pause(GROWING.max(limits.poll.min(limits.files)), cancel)?;
        let now = sizes(folder)?;
        if now != before {
            (before, changed) = (now, Instant::now());
        } else {
            let found = render_in(folder, expected);
            if found.is_ok() || changed.elapsed() >= limits.files {
                return found;
            }
        }
        if limits.total.is_some_and(|total| begun.elapsed() > total) {
            let what = format!("files in {} still grow after Resolve said that they were rendered", folder.display());
            return Err(Error::new(ErrorKind::Verify, what).at_file(folder));
        }
    }
}

/// The files in a folder, with their sizes.
fn sizes(folder: &Path) -> Result<Vec<(PathBuf, u64)>> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    files.sort();
    Ok(files.into_iter().map(|file| (file.clone(), file.metadata().map_or(0, |metadata| metadata.len()))).collect())
}

/// The movie, or the frames, that lie in `folder` or below it.
///
/// # Errors
/// [`ErrorKind::Verify`] when there is none, more than one, or another than expected.
pub(super) fn render_in(folder: &Path, expected: &ExpectedRender) -> Result<MediaSource> {
    let mut files = Vec::new();
    match folder.is_file() {
        true => files.push(folder.to_owned()),
        false => collect(folder, &mut files)?,
    }
    files.sort();
    let bad = |what: String| Error::new(ErrorKind::Verify, what).at_file(folder);
    let Some(first) = files.first() else {
        return Err(bad(format!("Resolve says that it has rendered, but there is no file in {}", folder.display())));
    };
    if let Some(empty) = files.iter().find(|file| file.metadata().is_ok_and(|metadata| metadata.len() == 0)) {
        return Err(bad(format!("Resolve says that it has rendered, but {} is empty", empty.display())));
    }
    // Sound or notes of another kind may lie beside the pictures.
    let mut kinds: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in &files {
        let ending = file.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        kinds.entry(ending).or_default().push(file.clone());
    }
    let looked_at = kinds.values().map(|files| (probe(&files[0]), files));
    let (seen, unseen): (Vec<_>, Vec<_>) =
        looked_at.partition(|(info, _)| info.as_ref().is_ok_and(|info| info.has_picture));
    match seen.as_slice() {
        [(Ok(info), files)] if info.is_still => sequence(files, info, expected),
        [(Ok(info), files)] if files.len() == 1 => {
            movie(info, expected)?;
            Ok(MediaSource::File { path: info.path.clone() })
        }
        [] => {
            let cause = unseen.into_iter().find_map(|(info, _)| info.err());
            let error = bad(format!("Resolve's render holds no picture: {}", first.display()));
            Err(match cause {
                Some(cause) => error.because(cause),
                None => error,
            })
        }
        _ => {
            let names: Vec<_> =
                seen.iter().flat_map(|(_, files)| files.iter()).map(|file| file.display().to_string()).collect();
            Err(bad(format!("Resolve has written more than one file: {}", names.join(", "))))
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = std::fs::read_dir(folder).map_err(|error| Error::io("list", folder, error))?;
    for entry in entries {
        let path = entry.map_err(|error| Error::io("list", folder, error))?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        match path.is_dir() {
            _ if hidden => {}
            true => collect(&path, files)?,
            false => files.push(path),
        }
    }
    Ok(())
}

fn movie(info: &MediaInfo, expected: &ExpectedRender) -> Result<()> {
    let bad = |what: String| Err(Error::new(ErrorKind::Verify, format!("Resolve's render {what}")).at_file(&info.path));
    picture(info, expected)?;
    if info.rate != Some(expected.rate) && expected.frames > 1 && !expected.is_given {
        let rate = info.rate.map_or_else(|| "no rate".to_owned(), |rate| rate.to_string());
        return bad(format!("runs at {rate}, not {}", expected.rate));
    }
    let frames = count_frames_of(&info.path, info)?;
    if !expected.has(frames) {
        return bad(format!("has {frames} frames, not {}", expected.frames));
    }
    match (info.start_timecode, expected.start) {
        (Some(own), Some(start)) if own.frame() != start => {
            let wanted = Timecode::from_frame(start, own.rate(), own.is_drop());
            bad(format!("starts at {own}, not at {wanted}"))
        }
        _ => Ok(()),
    }
}

fn picture(info: &MediaInfo, expected: &ExpectedRender) -> Result<()> {
    let bad = |what: String| Err(Error::new(ErrorKind::Verify, format!("Resolve's render {what}")).at_file(&info.path));
    let (width, height) = expected.size;
    if (info.width, info.height) != expected.size {
        return bad(format!("is {} × {}, not {width} × {height}", info.width, info.height));
    }
    Ok(())
}

/// Files of one frame each, whose numbers have no hole.
fn sequence(files: &[PathBuf], first: &MediaInfo, expected: &ExpectedRender) -> Result<MediaSource> {
    let bad = |what: String| Error::new(ErrorKind::Verify, format!("Resolve's render {what}")).at_file(&first.path);
    picture(first, expected)?;
    let names: Vec<NumberedFile<'_>> = files.iter().filter_map(|file| numbered(file)).collect();
    let [head, ..] = names.as_slice() else {
        return Err(bad("consists of pictures without numbers".to_owned()));
    };
    let alike =
        |name: &NumberedFile<'_>| (name.folder, name.prefix, name.suffix) == (head.folder, head.prefix, head.suffix);
    if names.len() != files.len() || !names.iter().all(alike) {
        return Err(bad("consists of more than one sequence".to_owned()));
    }
    let mut numbers: Vec<i64> = names.iter().map(|name| name.number).collect();
    numbers.sort_unstable();
    if let Some(pair) = numbers.windows(2).find(|pair| pair[1] != pair[0] + 1) {
        return Err(bad(format!("has no frame {}", pair[0] + 1)));
    }
    let frames = i64::try_from(numbers.len()).unwrap_or(i64::MAX);
    if !expected.has(frames) {
        return Err(bad(format!("has {frames} frames, not {}", expected.frames)));
    }
    Ok(MediaSource::Sequence {
        folder: head.folder.to_owned(),
        prefix: head.prefix.to_owned(),
        suffix: head.suffix.to_owned(),
        padding: head.digits,
        start: numbers[0],
        step: 1,
        holes: MissingFramePolicy::Error,
    })
}

/// A file's name around the last number in it.
struct NumberedFile<'f> {
    folder: &'f Path,
    prefix: &'f str,
    number: i64,
    digits: u32,
    suffix: &'f str,
}

fn numbered(file: &Path) -> Option<NumberedFile<'_>> {
    let name = file.file_name()?.to_str()?;
    let (stem, _) = name.rsplit_once('.')?;
    let end = stem.rfind(|letter: char| letter.is_ascii_digit())? + 1;
    let start = stem[..end]
        .rfind(|letter: char| !letter.is_ascii_digit())
        .map_or(0, |before| before + stem[before..].chars().next().map_or(1, char::len_utf8));
    Some(NumberedFile {
        folder: file.parent()?,
        prefix: &name[..start],
        number: name[start..end].parse().ok()?,
        digits: u32::try_from(end - start).ok()?,
        suffix: &name[end..],
    })
}

/// Why a render cannot be used; what there is of it is kept.
pub(super) fn not_whole(error: Error, end: End, folder: &ScratchFolder, part: &Path) -> Error {
    let error = match end {
        End::Complete => error,
        End::Gone => error.context("the render job is no longer in Resolve's queue"),
    };
    let is_empty = std::fs::read_dir(part).is_ok_and(|mut entries| entries.next().is_none());
    if error.kind() != ErrorKind::Verify || is_empty {
        return error;
    }
    error.context(format!("the render is kept in {}", folder.keep().display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_number_of_a_name_counts() {
        let parts = |name: &'static str| {
            let found = numbered(Path::new(name))?;
            Some((found.prefix, found.number, found.digits, found.suffix))
        };
        assert_eq!(parts("/r/0001_00086400.png"), Some(("0001_", 86_400, 8, ".png")));
        assert_eq!(parts("/r/000186400.exr"), Some(("", 186_400, 9, ".exr")));
        assert_eq!(parts("/r/é12x.dpx"), Some(("é", 12, 2, "x.dpx")));
        assert_eq!(parts("/r/cut.png"), None);
        assert_eq!(parts("/r/99999999999999999999.png"), None);
    }
}
