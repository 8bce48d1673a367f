//! What a clip says of its medium.

use std::path::Path;

use super::index::Found;
use super::names::{numbered, words};
use crate::otio::{Locator, is_there as exists};
use crate::plan::reels;
use crate::time::{Rate, padded};
use crate::timeline::{Clip, MediaReference, RationalTime, RawTimeRange};

/// What a clip says of its medium.
pub(super) struct Wanted<'a> {
    /// Whether it is for an audio track.
    pub(super) is_sound: bool,
    /// Where it should be, as written.
    pub(super) locations: Vec<String>,
    /// Folders and names of those in lower case, the last first.
    pub(super) paths: Vec<Vec<String>>,
    /// What may be its file's name, or its name without an ending, in lower case.
    pub(super) names: Vec<String>,
    /// The number of the frame that its location names, where that is an image file among others.
    pub(super) number: Option<i64>,
    /// The reels it may be of.
    pub(super) reels: Vec<&'a str>,
    /// The part of it that is used.
    pub(super) range: Option<RawTimeRange>,
    /// The whole of it, as the timeline says.
    pub(super) available: Option<RawTimeRange>,
}

impl<'a> Wanted<'a> {
    pub(super) fn of(clip: &'a Clip, is_sound: bool, locator: &Locator) -> Wanted<'a> {
        let reference = clip.media_reference();
        let common = reference.and_then(MediaReference::common);
        let available = common.and_then(|common| common.available_range);
        let (mut locations, mut paths, mut names) = (Vec::new(), Vec::new(), Vec::new());
        let active = reference.into_iter();
        for reference in active.chain(clip.media_references.values().filter(|other| Some(*other) != reference)) {
            let Some(location) = location(reference) else { continue };
            let path = locator.file(&location).map_or_else(|_| words(Path::new(&location)), |path| words(&path));
            names.extend(path.first().cloned());
            locations.push(location);
            paths.push(path);
        }
        let named = common.map(|common| common.name.as_str()).into_iter().chain([clip.item.name.as_str()]);
        for name in named.map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let number = match reference {
            Some(MediaReference::External { .. }) => {
                paths.first().and_then(|path: &Vec<String>| numbered(path.first()?)).map(|(_, number)| number)
            }
            _ => None,
        };
        let reels = reels(&clip.item.metadata, common.map(|common| &common.metadata));
        Wanted {
            is_sound,
            locations,
            paths,
            names,
            number,
            reels,
            range: clip.item.source_range.or(available),
            available,
        }
    }

    /// The rate that the clip counts its medium in.
    pub(super) fn rate(&self) -> Option<Rate> {
        self.range.map(RawTimeRange::media_rate)
    }

    /// The rate that frames of `file` are counted in: its own, or that of the clip, where it has none, or where both count the same
    /// timecode.
    pub(super) fn rate_of(&self, file: &Found) -> Option<Rate> {
        let rate = self.rate().or(file.rate)?;
        Some(file.rate.filter(|own| own.timecode_base() != rate.timecode_base()).unwrap_or(rate))
    }

    /// First and last frame that are used, the latter not included, by the frames of `file`.
    pub(super) fn used(&self, file: &Found) -> Option<(f64, f64)> {
        let (range, own) = (self.range?, self.rate_of(file)?);
        let start = frames_at(range.start_time, own);
        Some((start, start + frames_at(range.duration, own)))
    }
}

/// Frames of `rate` in `time`. Timecode counts frames: at 23.976 and 24 frames a second, the same number is the same frame.
pub(super) fn frames_at(time: RationalTime, rate: Rate) -> f64 {
    if rate.timecode_base() == time.rate.timecode_base() { time.value } else { time.value_at(rate) }
}

/// Where a medium should be, as written; of numbered frames, the first.
fn location(reference: &MediaReference) -> Option<String> {
    let number = match reference {
        MediaReference::ImageSequence { start_frame, frame_zero_padding, .. } => {
            padded(*start_frame, *frame_zero_padding as usize)
        }
        _ => String::new(),
    };
    location_of(reference, &number)
}

/// The same, with `number` in place of that of the first.
fn location_of(reference: &MediaReference, number: &str) -> Option<String> {
    let location = match reference {
        MediaReference::External { target_url, .. } => target_url.clone(),
        MediaReference::ImageSequence { target_url_base, name_prefix, name_suffix, .. } => {
            let slash = if target_url_base.is_empty() || target_url_base.ends_with(['/', '\\']) { "" } else { "/" };
            format!("{target_url_base}{slash}{name_prefix}{number}{name_suffix}")
        }
        MediaReference::Generator { .. } | MediaReference::Missing { .. } | MediaReference::Unknown(_) => return None,
    };
    (!location.trim().is_empty()).then_some(location)
}

/// Whether the file that `reference` names is there; of numbered frames or a pattern, any of them.
pub(super) fn is_there(locator: &Locator, reference: &MediaReference) -> bool {
    let Some(first) = location(reference) else { return false };
    if locator.file(&first).is_ok_and(|path| exists(&path)) {
        return true;
    }
    let all = match reference {
        MediaReference::ImageSequence { frame_zero_padding, .. } => {
            location_of(reference, &format!("%0{frame_zero_padding}d"))
        }
        _ => Some(first),
    };
    all.and_then(|all| locator.numbered(&all).ok().flatten()).is_some_and(|files| !files.numbers.is_empty())
}
