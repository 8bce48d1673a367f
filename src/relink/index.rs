//! What lies in folders, and how it is looked up.

use std::collections::HashMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::names::{is_separator, name_of, stem, words};
use crate::time::{FrameName, Rate};

/// A medium that was found: a movie, a sound file, or numbered frames.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Found {
    /// The file, or the folder of the frames.
    pub path: PathBuf,
    /// The numbered frames in that folder; `None` for a file.
    pub frames: Option<FoundFrames>,
    /// The rate it runs at; `None` for what has none of its own, such as numbered frames.
    pub rate: Option<Rate>,
    /// How many frames it has; `None` where that is not known. Of sound alone, see `rate`.
    pub frame_count: Option<i64>,
    /// Frame number of its first timecode, counted from midnight; `None` where it has none.
    pub start: Option<i64>,
    /// The reel that the file names.
    pub reel: Option<String>,
    /// Whether it is one picture, which stands for any length of time. Such a file is found by its name alone.
    pub is_still: bool,
    /// Whether it shows something. Clips of video tracks get nothing else.
    pub has_picture: bool,
    /// Whether it sounds. Clips of audio tracks get nothing else.
    pub has_sound: bool,
}

/// Numbered frames of one folder: `prefix`, the number, `suffix`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FoundFrames {
    /// What stands before the number.
    pub prefix: String,
    /// What stands behind it, the ending included.
    pub suffix: String,
    /// How many digits a number has at least.
    pub padding: u32,
    /// The first number.
    pub first: i64,
    /// The last number.
    pub last: i64,
    /// How many numbers lie from one frame to the next; at least 1.
    pub step: i64,
}

impl FoundFrames {
    /// How many frames lie between the first and the last number, both of them included; some may be missing.
    pub fn count(&self) -> i64 {
        (self.last - self.first) / self.step.max(1) + 1
    }
}

impl Found {
    /// A movie with sound, of `frame_count` frames at `rate`, whose timecode begins at frame `start` from midnight.
    pub fn movie(path: impl Into<PathBuf>, rate: Option<Rate>, frame_count: Option<i64>, start: Option<i64>) -> Found {
        let (path, reel) = (path.into(), None);
        Found {
            path,
            frames: None,
            rate,
            frame_count,
            start,
            reel,
            is_still: false,
            has_picture: true,
            has_sound: true,
        }
    }

    /// Numbered frames `prefix`, number, `suffix` in `folder`, from `first` to `last`.
    pub fn sequence(
        folder: impl Into<PathBuf>,
        prefix: impl Into<String>,
        suffix: impl Into<String>,
        padding: u32,
        (first, last): (i64, i64),
    ) -> Found {
        let (prefix, suffix) = (prefix.into(), suffix.into());
        let frames = FoundFrames { prefix, suffix, padding, first, last, step: 1 };
        let count = frames.count();
        Found { frames: Some(frames), has_sound: false, ..Found::movie(folder, None, Some(count), None) }
    }

    /// The same, of the reel that the file names.
    #[must_use]
    pub fn with_reel(mut self, reel: impl Into<String>) -> Found {
        self.reel = Some(reel.into());
        self
    }

    /// The file, or the first of the frames.
    pub fn first_file(&self) -> PathBuf {
        match &self.frames {
            None => self.path.clone(),
            Some(frames) => {
                let FoundFrames { prefix, suffix, padding, first, .. } = frames;
                self.path.join(FrameName { prefix, suffix, padding: *padding as usize }.of(*first))
            }
        }
    }

    /// Folders and name in lower case, the last first. Numbered frames count by the name of the first.
    pub(super) fn words(&self) -> Vec<String> {
        words(&self.first_file())
    }
}

/// What lies in some folders, looked up by names and reels.
#[derive(Debug, Clone, Default)]
pub struct Index {
    files: Vec<Found>,
    names: HashMap<String, Vec<usize>>,
    stems: HashMap<String, Vec<usize>>,
    reels: HashMap<String, Vec<usize>>,
    /// Reels and names of files without their endings in lower case, in order.
    beginnings: Vec<(String, usize)>,
    /// What could not be read, and why.
    pub unreadable: Vec<(PathBuf, String)>,
}

impl Index {
    /// An index of these media; their order does not count.
    pub fn new(files: impl IntoIterator<Item = Found>) -> Index {
        let mut index = Index { files: files.into_iter().collect(), ..Index::default() };
        index.files.sort_by(|a, b| (&a.path, frames_of(a)).cmp(&(&b.path, frames_of(b))));
        for (number, file) in index.files.iter().enumerate() {
            let name = name_of(&file.first_file());
            let own = stem(&name);
            // A file's name begins with its reel.
            for (end, _) in own.char_indices().filter(|(_, letter)| is_separator(*letter)).chain([(own.len(), ' ')]) {
                index.reels.entry(own[..end].to_owned()).or_default().push(number);
            }
            if let Some(reel) = &file.reel {
                let known = index.reels.entry(reel.trim().to_lowercase()).or_default();
                if known.last() != Some(&number) {
                    known.push(number);
                }
            }
            index.beginnings.push((own.clone(), number));
            index.beginnings.extend(file.reel.as_ref().map(|reel| (reel.trim().to_lowercase(), number)));
            index.stems.entry(own).or_default().push(number);
            index.names.entry(name.to_lowercase()).or_default().push(number);
        }
        index.beginnings.sort();
        index
    }

    /// What it holds, in the order of paths.
    pub fn files(&self) -> &[Found] {
        &self.files
    }

    fn at<'a>(&'a self, map: &'a HashMap<String, Vec<usize>>, key: &str) -> impl Iterator<Item = &'a Found> + use<'a> {
        map.get(key).into_iter().flatten().map(|&number| &self.files[number])
    }

    /// Files of this name, in lower case; of numbered frames, that of the first.
    pub(super) fn named(&self, name: &str) -> impl Iterator<Item = &Found> + use<'_> {
        self.at(&self.names, name)
    }

    /// Files with this name but for its ending and number, in lower case.
    pub(super) fn with_stem(&self, stem: &str) -> impl Iterator<Item = &Found> + use<'_> {
        self.at(&self.stems, stem)
    }

    /// Files whose reels or names begin with this text, in lower case.
    pub(super) fn beginning_with(&self, text: &str) -> Vec<&Found> {
        let first = self.beginnings.partition_point(|(name, _)| name.as_str() < text);
        let begins = self.beginnings[first..].iter().take_while(|(name, _)| name.starts_with(text));
        begins.map(|(_, number)| &self.files[*number]).collect()
    }

    /// Files of this reel, in lower case: those that say so, and those whose names begin so.
    pub(super) fn of_reel(&self, reel: &str) -> impl Iterator<Item = &Found> + use<'_> {
        self.at(&self.reels, reel)
    }
}

fn frames_of(file: &Found) -> Option<(&str, &str)> {
    file.frames.as_ref().map(|frames| (&frames.prefix[..], &frames.suffix[..]))
}
