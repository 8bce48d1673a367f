//! Finding the media that a timeline's locations do not lead to.
//!
//! An [`Index`] holds what lies in some folders: movies, sound and numbered frames, with rate, length, timecode and reel.
//! [`relink`] gives each clip whose medium is not there the one that fits, by these rules, the first that finds something:
//!
//! 1. **folder**: the clip's location below another folder: as many names from the end of the path as possible, two at least;
//! 2. **name**: the file's name, whatever its case;
//! 3. **stem**: the name without its ending, then that of a sequence of frames;
//! 4. **reel**: the reel and the source timecode. The file says the reel, or its name begins with it.
//!
//! In any case the frames that the clip uses have to be in the file. Clips of video tracks get files with pictures, those of audio
//! tracks such as sound; single pictures are found by their names alone. Where several files are left, those of the clip's reel and
//! rate are taken before others, then those that [`RelinkOptions::prefer`] names. What is left then is an ambiguity, and is never
//! chosen from.
//!
//! ```
//! use otio_conflate::otio::{ReadOptions, read_str};
//! use otio_conflate::relink::{Found, Index, Outcome, RelinkOptions, relink};
//! use otio_conflate::time::Rate;
//!
//! let text = r#"{"OTIO_SCHEMA": "Timeline.1", "name": "cut", "tracks": {"OTIO_SCHEMA": "Stack.1", "children": [
//!     {"OTIO_SCHEMA": "Track.1", "kind": "Video", "children": [{"OTIO_SCHEMA": "Clip.1", "name": "sh010",
//!         "metadata": {"cmx_3600": {"reel": "A001C003"}}, "media_reference": null,
//!         "source_range": {"OTIO_SCHEMA": "TimeRange.1",
//!             "start_time": {"OTIO_SCHEMA": "RationalTime.1", "value": 86410, "rate": 24},
//!             "duration": {"OTIO_SCHEMA": "RationalTime.1", "value": 24, "rate": 24}}}]}]}}"#;
//! let mut timeline = read_str(text, &ReadOptions::default())?;
//! let file = Found::movie("/rushes/A001C003_240101_R2EC.mov", Some(Rate::FPS_24), Some(100), Some(86_400));
//! let matches = relink(&mut timeline, &Index::new([file]), &RelinkOptions::default());
//! assert!(matches!(matches[0].outcome, Outcome::Found { .. }));
//! # Ok::<(), otio_conflate::Error>(())
//! ```

mod index;
mod matching;
mod names;
mod reference;
#[cfg(feature = "ffmpeg")]
mod scan;
#[cfg(test)]
mod tests;
mod wanted;

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

pub use index::{Found, FoundFrames, Index};
pub use reference::cut_from_movie;

use crate::error::{Error, ErrorKind, Result};
use crate::otio::Locator;
use crate::plan::{CUT_MOVIE, MARK};
use crate::time::Rate;
use crate::timeline::{
    Child, Clip, Composition, CompositionKind, Map, MediaCommon, MediaKind, MediaReference, MissingFramePolicy, Note,
    ROOT, RationalTime, RawTimeRange, Timeline, child_path,
};
use crate::trace;
use crate::words::word_enum;
use wanted::Wanted;

word_enum! {
    /// What is done with a file that holds some of the frames that a clip uses, and not all.
    Partial, "rule for media that are too short" {
        /// It is not taken; the clip's medium stays missing, and the match says why.
        #[default]
        Refuse = "refuse",
        /// It is taken where no other file holds all of them, with a warning.
        Warn = "warn",
    }
}

/// How media are found.
///
/// ```
/// use otio_conflate::relink::{Partial, RelinkOptions};
///
/// let options = RelinkOptions::default().prefer(["exr", "proxy"]).partial(Partial::Warn).path_map("/mnt/old", "/mnt/new");
/// assert_eq!(options.prefer, ["exr", "proxy"]);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct RelinkOptions {
    /// What is taken where several files fit: words, the first first. A word fits a file that has it as a folder's name, as the
    /// ending of its name, or as a part of its name between `_`, `-` and `.`. Default: none.
    pub prefer: Vec<String>,
    /// What is done with files that are too short. Default: [`Partial::Refuse`].
    pub partial: Partial,
    /// Parts of locations that are replaced before anything is looked for, as
    /// [`PlanOptions::path_map`](crate::plan::PlanOptions::path_map) has them. Default: none.
    pub path_map: Vec<(String, PathBuf)>,
    /// Whether clips whose own media are there are given others, too. Default: `false`.
    pub all: bool,
}

impl RelinkOptions {
    /// What is taken where several files fit, the first first.
    #[must_use]
    pub fn prefer<W: Into<String>>(mut self, words: impl IntoIterator<Item = W>) -> RelinkOptions {
        self.prefer = words.into_iter().map(Into::into).collect();
        self
    }

    /// Looks under `to` for locations that start with `from`.
    #[must_use]
    pub fn path_map(mut self, from: impl Into<String>, to: impl Into<PathBuf>) -> RelinkOptions {
        self.path_map.push((from.into(), to.into()));
        self
    }

    /// Whether clips are given other media, too, whose own are there.
    #[must_use]
    pub fn all(mut self, all: bool) -> RelinkOptions {
        self.all = all;
        self
    }

    /// What is done with files that are too short.
    #[must_use]
    pub fn partial(mut self, partial: Partial) -> RelinkOptions {
        self.partial = partial;
        self
    }
}

word_enum! {
    /// What a file was found by.
    Rule, "rule of finding media" {
        /// Its location below another folder.
        #[default]
        Folder = "folder",
        /// The name of the file.
        Name = "name",
        /// The name without its ending.
        Stem = "stem",
        /// Reel and source timecode.
        Reel = "reel",
        /// Its place in the cut: see [`cut_from_movie`].
        Movie = "movie",
    }
}

/// What became of a clip's medium.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// It is where the timeline says; nothing was looked for.
    There,
    /// It was found, and the clip has it now.
    Found {
        /// What it was found by.
        rule: Rule,
        /// The movie, or the first file of a sequence.
        path: PathBuf,
        /// What else spoke for it, where several files fitted.
        #[serde(skip_serializing_if = "Option::is_none")]
        chosen_by: Option<String>,
        /// Frames of the clip that it does not hold, where that was allowed.
        #[serde(skip_serializing_if = "Option::is_none")]
        lacks: Option<String>,
        /// What speaks against it: the reel that the file names, where it is another than the clip's.
        #[serde(skip_serializing_if = "Option::is_none")]
        doubt: Option<String>,
    },
    /// Several files fit, and nothing tells which is meant.
    Several {
        /// What they were found by.
        rule: Rule,
        /// The movies, or the first files of sequences, in order.
        paths: Vec<PathBuf>,
    },
    /// Files fit by their names or reels, and hold only some of the frames or none.
    TooShort {
        /// What they were found by.
        rule: Rule,
        /// The movies, or the first files of sequences, in order; of a reel's files of other times, the first few.
        paths: Vec<PathBuf>,
        /// What the clip uses.
        wanted: String,
        /// What the first of them holds.
        holds: String,
    },
    /// Nothing fits.
    None,
}

/// A clip and what became of its medium.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Match {
    /// The clip's path in the timeline, such as `tracks[0].children[3]`.
    pub object: String,
    /// The clip's name.
    pub clip: String,
    /// Where its medium should be, as the timeline says it; empty where it says nothing.
    pub location: String,
    /// The reel that the timeline names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reel: Option<String>,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

impl fmt::Display for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ({}): ", self.clip, self.object)?;
        let list =
            |paths: &[PathBuf]| paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
        match &self.outcome {
            Outcome::There => write!(f, "its medium is there"),
            Outcome::Found { rule, path, chosen_by, lacks, doubt } => {
                write!(f, "found by {rule}: {}", path.display())?;
                if let Some(chosen_by) = chosen_by {
                    write!(f, ", chosen by {chosen_by}")?;
                }
                if let Some(lacks) = lacks {
                    write!(f, "; it lacks {lacks}")?;
                }
                if let Some(doubt) = doubt {
                    write!(f, "; {doubt}")?;
                }
                Ok(())
            }
            Outcome::Several { rule, paths } => {
                let (count, list) = (paths.len(), list(paths));
                write!(
                    f,
                    "{count} files fit by {rule}, reel, rate and range, and no preference tells them apart: {list}"
                )
            }
            Outcome::TooShort { rule, paths, wanted, holds } => {
                write!(f, "found by {rule}, but too short: {} holds {holds}, and {wanted} are used", list(paths))
            }
            Outcome::None => write!(f, "no file fits"),
        }
    }
}

/// Whether a match is told by itself.
fn is_told_alone(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Found { lacks, doubt, .. } => lacks.is_some() || doubt.is_some(),
        Outcome::TooShort { .. } => true,
        Outcome::There | Outcome::Several { .. } | Outcome::None => false,
    }
}

/// Refuses matches of which several files fit, all of them in one error.
///
/// # Errors
/// [`ErrorKind::MediaMissing`], with a line for each.
pub fn check(matches: &[Match]) -> Result<()> {
    let several: Vec<_> = matches.iter().filter(|found| matches!(found.outcome, Outcome::Several { .. })).collect();
    match several.len() {
        0 => Ok(()),
        count => {
            let lines: String = several.iter().map(|found| format!("\n  {found}")).collect();
            let what = format!("the media of {count} clips are ambiguous; prefer some by words of their paths:{lines}");
            Err(Error::new(ErrorKind::MediaMissing, what))
        }
    }
}

/// Gives every clip of `timeline` whose medium is not there the one in `index` that fits. Returns what became of each clip that
/// may have a medium, in the order of the timeline; generators are none of them.
///
/// The found medium becomes the clip's active reference, under the key of the one that it replaces, whose name and metadata it
/// keeps. [`Timeline::notes`] says by which rules media were found, and which lack frames, so that plans and manifests do.
pub fn relink(timeline: &mut Timeline, index: &Index, options: &RelinkOptions) -> Vec<Match> {
    let _span = trace::span!("relink", timeline = timeline.name.as_str());
    let locator = Locator::new(timeline.path.as_deref(), &options.path_map);
    let mut relinker = Relinker { index, options, locator, matches: Vec::new() };
    relinker.composition(&mut timeline.tracks, ROOT, false);
    timeline.notes.extend(notes(&relinker.matches).into_iter().map(Note::from));
    relinker.matches
}

/// What is to be said: once for each rule, with an example, and of each clip that lacks frames.
fn notes(matches: &[Match]) -> Vec<String> {
    let mut notes = Vec::new();
    for rule in [Rule::Folder, Rule::Name, Rule::Stem, Rule::Reel] {
        let by_rule = |found: &&Match| matches!(found.outcome, Outcome::Found { rule: by, lacks: None, doubt: None, .. } if by == rule);
        let mut found = matches.iter().filter(by_rule);
        if let Some(first) = found.next() {
            let count = 1 + found.count();
            notes.push(match count {
                1 => format!("the medium of a clip is not where the timeline says: {first}"),
                _ => format!("the media of {count} clips are not where the timeline says: {first}, and likewise"),
            });
        }
    }
    for found in matches {
        if is_told_alone(&found.outcome) {
            notes.push(format!("the medium of a clip is not where the timeline says: {found}"));
        }
    }
    notes
}

struct Relinker<'a> {
    index: &'a Index,
    options: &'a RelinkOptions,
    locator: Locator,
    matches: Vec<Match>,
}

impl Relinker<'_> {
    /// What lies in a composition; `is_sound` where it lies in an audio track.
    fn composition(&mut self, composition: &mut Composition, path: &str, is_sound: bool) {
        let is_sound = is_sound || matches!(composition.kind, CompositionKind::Track(MediaKind::Audio));
        for (number, child) in composition.children.iter_mut().enumerate() {
            let path = child_path(path, number);
            match child {
                Child::Composition(inner) => self.composition(inner, &path, is_sound),
                Child::Clip(clip) => self.clip(clip, path, is_sound),
                Child::Gap(_) | Child::Transition(_) | Child::Unknown(_) => {}
            }
        }
    }

    fn clip(&mut self, clip: &mut Clip, object: String, is_sound: bool) {
        let reference = clip.media_reference();
        if clip.item.unreadable.is_some()
            || matches!(reference, Some(MediaReference::Generator { .. } | MediaReference::Unknown(_)))
        {
            return;
        }
        let is_there = |reference: &MediaReference| wanted::is_there(&self.locator, reference);
        let wanted = Wanted::of(clip, is_sound, &self.locator);
        let (outcome, new) = if !self.options.all && clip.media_references.values().any(is_there) {
            (Outcome::There, None)
        } else {
            matching::find(&wanted, self.index, self.options)
        };
        let location = wanted.locations.first().cloned().unwrap_or_default();
        let reel = wanted.reels.first().map(|reel| (*reel).to_owned());
        let replaced = match (&outcome, new) {
            (Outcome::Found { rule, .. }, Some(found)) => Some(replacement(clip, *rule, &wanted, &found)),
            _ => None,
        };
        let found = Match { object, clip: clip.item.name.clone(), location, reel, outcome };
        trace::event!(DEBUG, "a medium was looked for", found = trace::shown(&found));
        self.matches.push(found);
        if let Some(reference) = replaced {
            clip.media_references.insert(clip.active_media_reference_key.clone(), reference);
        }
    }
}

/// A reference to what was found, in the place of the clip's own.
fn replacement(clip: &Clip, rule: Rule, wanted: &Wanted<'_>, found: &Found) -> MediaReference {
    let old = clip.media_reference().and_then(MediaReference::common);
    let mut common = MediaCommon {
        name: old.map(|common| common.name.clone()).unwrap_or_default(),
        metadata: old.map_or_else(Map::new, |common| common.metadata.clone()),
        ..MediaCommon::default()
    };
    // Where a movie of the cut stood there, a file of another name is none.
    let name = found.path.file_name().map(|name| name.to_string_lossy().to_lowercase());
    let is_it = name.as_ref() == wanted.paths.first().and_then(|path| path.first());
    if !is_it && common.metadata.get(MARK).is_some_and(|own| own.get(CUT_MOVIE).is_some()) {
        common.metadata.remove(MARK);
    }
    // What the file says of its time is read when it is planned, unless the timeline counts by itself.
    let start = found.start_by(rule, wanted);
    let counts_itself = Some(start) != found.start || wanted.rate_of(found) != found.rate;
    common.available_range =
        wanted.rate_of(found).zip(found.frame_count).filter(|_| counts_itself).map(|(rate, count)| {
            #[allow(clippy::cast_precision_loss, reason = "frame numbers are far below 2^53")]
            let at = |frame: i64| RationalTime::new(frame as f64, rate);
            RawTimeRange { start_time: at(start), duration: at(count) }
        });
    let target = found.path.to_string_lossy().into_owned();
    match &found.frames {
        None => MediaReference::External { target_url: target, common },
        Some(frames) => MediaReference::ImageSequence {
            target_url_base: target,
            name_prefix: frames.prefix.clone(),
            name_suffix: frames.suffix.clone(),
            start_frame: frames.first,
            frame_step: frames.step,
            rate: wanted.rate_of(found).unwrap_or(Rate::FPS_24).written(),
            frame_zero_padding: frames.padding,
            missing_frame_policy: MissingFramePolicy::Error,
            common,
        },
    }
}
