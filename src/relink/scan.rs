//! Folders on disk into an index.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::index::{Found, FoundFrames, Index};
use super::names::{NumberedNames, name_of, numbered};
use crate::backend::ffmpeg::{FfmpegLookup, MediaInfo, probe};
use crate::deliver::write_whole;
use crate::error::{Error, ErrorKind, Result};
use crate::otio::{is_image, is_movie};
use crate::plan::{MediaLookup as _, MediaSource};
use crate::threads::map_all;

/// Deepest folder below one that is scanned.
const DEEPEST: usize = 64;
/// What a cache of probed files says that it is.
const KIND: &str = "otio-conflate media index 1";

/// What is remembered of probed files.
#[derive(Debug, Serialize, Deserialize)]
struct Cache {
    kind: String,
    files: BTreeMap<PathBuf, Probed>,
}

/// What a file was when it was probed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Probed {
    bytes: u64,
    /// Nanoseconds since 1970.
    modified: u128,
    #[serde(flatten)]
    result: Probe,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Probe {
    Found(Found),
    Unreadable(String),
}

impl Index {
    /// What lies in `folders` and below: every file is opened, on all cores, of numbered frames the first. Folders and files
    /// whose names begin with a dot are left out, and symbolic links to folders, which may lead round in circles.
    ///
    /// With `cache`, a file of this library's own, what was read is kept in it, and files of the same size and time of change
    /// are not opened again. It has no name that a medium could have, and does not lie beside the frames of a sequence; where it is
    /// a symbolic link, the file that this leads to is written, and the link stays.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] for folders that cannot be listed, and a cache that cannot be written;
    /// [`ErrorKind::Option`] where `cache` is a file of something else, leads nowhere, or could be a medium. Media that cannot be read are no error: see
    /// [`Index::unreadable`].
    pub fn scan<P: AsRef<Path>>(folders: impl IntoIterator<Item = P>, cache: Option<&Path>) -> Result<Index> {
        let cache = cache.map(cache_place).transpose()?;
        let (index, files) = look_through(folders, cache.as_deref())?;
        if let (Some(cache), Some(files)) = (cache, files) {
            let text = serde_json::to_vec(&Cache { kind: KIND.to_owned(), files })
                .map_err(|error| Error::new(ErrorKind::Io, "the media index cannot be written").because(error))?;
            write_whole(&cache, &text)?;
        }
        Ok(index)
    }

    /// The same, but nothing is written: what is in `cache` is used, and stays as it is.
    ///
    /// # Errors
    /// As [`Index::scan`].
    pub fn scan_only<P: AsRef<Path>>(folders: impl IntoIterator<Item = P>, cache: Option<&Path>) -> Result<Index> {
        let cache = cache.map(cache_place).transpose()?;
        look_through(folders, cache.as_deref()).map(|(index, _)| index)
    }
}

/// What lies in folders; and what a cache should hold, where that is something else than it does.
fn look_through<P: AsRef<Path>>(
    folders: impl IntoIterator<Item = P>,
    cache: Option<&Path>,
) -> Result<(Index, Option<BTreeMap<PathBuf, Probed>>)> {
    let known = cache.map(read_cache).transpose()?.unwrap_or_default();
    let (mut wanted, mut unread) = (Vec::new(), Vec::new());
    for folder in folders {
        let folder = std::path::absolute(folder.as_ref()).map_err(|error| unlisted(folder.as_ref(), error))?;
        list(&folder, 0, &mut wanted, &mut unread)?;
    }
    wanted.sort_by(|a, b| a.0.cmp(&b.0));
    wanted.dedup_by(|a, b| a.0 == b.0);
    let probed = map_all(wanted, |(path, bytes, modified, frames)| {
        let same = |old: &&Probed| old.bytes == bytes && old.modified == modified;
        let result = match known.get(&path).filter(same) {
            Some(old) => old.result.clone(),
            None => look(&path),
        };
        (path, Probed { bytes, modified, result }, frames)
    });
    let mut index = Index::new(probed.iter().filter_map(|(_, probed, frames)| {
        let Probe::Found(found) = &probed.result else { return None };
        Some(match frames {
            None => found.clone(),
            Some(frames) => of_frames(found, frames),
        })
    }));
    let opened = probed.iter().filter_map(|(path, probed, _)| match &probed.result {
        Probe::Unreadable(why) => Some((path.clone(), why.clone())),
        Probe::Found(_) => None,
    });
    unread.extend(opened);
    index.unreadable = unread;
    let mut files = known.clone();
    // JSON holds text alone.
    let texts = probed.into_iter().filter(|(path, ..)| path.to_str().is_some());
    files.extend(texts.map(|(path, probed, _)| (path, probed)));
    let changed = (files != known).then_some(files);
    Ok((index, changed))
}

impl Found {
    /// What a file is.
    ///
    /// # Errors
    /// As [`probe`].
    pub fn open(path: impl AsRef<Path>) -> Result<Found> {
        let path = std::path::absolute(path.as_ref()).map_err(|error| unlisted(path.as_ref(), error))?;
        probe(&path).map(|info| of_info(&path, info))
    }
}

/// Where the cache at `path` is written: nowhere that a medium may be or come to be, and through no link that leads nowhere.
fn cache_place(path: &Path) -> Result<PathBuf> {
    let refused = |why: &str| Err(Error::new(ErrorKind::Option, format!("the media index {why}")).at_file(path));
    let name = name_of(path);
    if is_image(&name) || is_movie(&name) {
        return refused("has the name of a medium; expected another ending, such as .json");
    }
    let is_link = path.symlink_metadata().is_ok_and(|about| about.file_type().is_symlink());
    let place = match path.canonicalize() {
        Ok(place) if is_link => place,
        Err(_) if is_link => return refused("is a symbolic link that leads nowhere"),
        _ => path.to_owned(),
    };
    let folder = match place.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut runs = BTreeSet::new();
    for name in entries.map(|entry| name_of(&entry.path())).filter(|name| is_image(name)) {
        if let Some((run, _)) = numbered(&name)
            && !runs.insert(run)
        {
            return refused("lies in the folder of numbered frames; expected another folder");
        }
    }
    Ok(place)
}

/// What is known from before; nothing where there is no file yet.
fn read_cache(path: &Path) -> Result<BTreeMap<PathBuf, Probed>> {
    // Reading a pipe or a device may never end.
    if path.metadata().is_ok_and(|about| !about.is_file()) {
        return Err(Error::new(ErrorKind::Option, "the media index is not a regular file").at_file(path));
    }
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => {
            return Err(Error::new(ErrorKind::Io, "the media index cannot be read").because(error).at_file(path));
        }
    };
    match serde_json::from_slice::<Cache>(&text) {
        Ok(cache) if cache.kind == KIND => Ok(cache.files),
        _ => Err(Error::new(ErrorKind::Option, "not a media index of this library; it is left as it is").at_file(path)),
    }
}

fn unlisted(folder: &Path, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, "the folder cannot be listed").because(error).at_file(folder)
}

/// A file to open: its path, size, time of change, and the numbered frames that it is the first of.
type ScannedFile = (PathBuf, u64, u128, Option<FoundFrames>);

/// Lists the media in a folder and below.
fn list(folder: &Path, depth: usize, files: &mut Vec<ScannedFile>, unread: &mut Vec<(PathBuf, String)>) -> Result<()> {
    let entries = std::fs::read_dir(folder).map_err(|error| unlisted(folder, error))?;
    let mut runs = NumberedRuns::new();
    let mut singles = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unlisted(folder, error))?.path();
        let name = name_of(&path);
        let Ok(kind) = path.symlink_metadata() else { continue };
        if name.starts_with('.') {
            continue;
        }
        if kind.is_dir() {
            if depth == DEEPEST {
                unread.push((path, format!("it lies more than {DEEPEST} folders deep")));
            } else if let Err(error) = list(&path, depth + 1, files, unread) {
                // The folders that were asked for have to be there; what lies below may be somebody else's.
                unread.push((path, format!("{error:#}")));
            }
        } else if path.metadata().is_ok_and(|about| about.is_file()) {
            match numbered(&name) {
                Some((run, number)) => runs.entry(run).or_default().push((number, name)),
                None if is_image(&name) || is_movie(&name) => singles.push(path),
                None => {}
            }
        }
    }
    let mut add = |path: PathBuf, frames: Option<FoundFrames>| {
        if let Ok(about) = path.metadata() {
            files.push((path, about.len(), modified(&about), frames));
        }
    };
    for path in singles {
        add(path, None);
    }
    for (run, mut numbers) in joined(runs) {
        numbers.sort();
        let (first, last) = (numbers[0].0, numbers[numbers.len() - 1].0);
        let steps = numbers.windows(2).map(|pair| pair[1].0 - pair[0].0);
        let step = steps.min().unwrap_or(1).max(1);
        let NumberedNames { prefix, suffix, digits: padding } = run;
        add(folder.join(&numbers[0].1), Some(FoundFrames { prefix, suffix, padding, first, last, step }));
    }
    Ok(())
}

/// Numbers and names of the files of each run.
type NumberedRuns = BTreeMap<NumberedNames, Vec<(i64, String)>>;

/// Numbers that outgrow their padding belong to the run of those that have it.
fn joined(runs: NumberedRuns) -> NumberedRuns {
    let mut joined = NumberedRuns::new();
    // Those of fewer digits come first.
    for (run, numbers) in runs {
        // Padded numbers begin with a zero, unless they fill their digits.
        let has_grown = numbers.iter().all(|(number, _)| number.to_string().len() == run.digits as usize);
        let mut shorter = (1..run.digits).rev().map(|digits| NumberedNames { digits, ..run.clone() });
        match shorter.find(|key| has_grown && joined.contains_key(key)) {
            Some(key) => joined.entry(key).or_default().extend(numbers),
            None => drop(joined.insert(run, numbers)),
        }
    }
    joined
}

fn modified(about: &Metadata) -> u128 {
    about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map_or(0, |since| since.as_nanos())
}

/// What opening a file tells.
fn look(path: &Path) -> Probe {
    match Found::open(path) {
        Ok(found) => Probe::Found(found),
        Err(error) => Probe::Unreadable(format!("{error:#}")),
    }
}

fn of_info(path: &Path, info: MediaInfo) -> Found {
    let is_still = info.is_still;
    let mut found = Found {
        path: path.to_owned(),
        frames: None,
        rate: info.rate.filter(|_| !is_still),
        frame_count: info.frames.filter(|_| !is_still),
        start: info.start_timecode.map(|timecode| timecode.frame()),
        reel: info.reel_name.filter(|reel| !reel.trim().is_empty()),
        is_still,
        has_picture: info.has_picture,
        has_sound: info.has_audio,
    };
    // The frames of sound are its samples.
    if !info.has_picture
        && let Some(facts) = FfmpegLookup::new().look_up(&MediaSource::File { path: path.to_owned() })
    {
        (found.rate, found.frame_count, found.start) = (facts.rate, facts.frames, facts.start);
    }
    found
}

/// The sequence whose first frame is `found`. A single one is a still.
fn of_frames(found: &Found, frames: &FoundFrames) -> Found {
    if frames.first == frames.last {
        return found.clone();
    }
    Found {
        path: found.path.parent().map(Path::to_owned).unwrap_or_default(),
        frames: Some(frames.clone()),
        rate: None,
        frame_count: Some(frames.count()),
        start: found.start,
        reel: found.reel.clone(),
        is_still: false,
        has_picture: true,
        has_sound: false,
    }
}
