//! What is heard while a cut is planned, and the stems that it belongs to. (R14)

use std::collections::HashMap;

use crate::plan::SoundClip;

/// What makes one stem another: a role, or an audio track.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum StemKey {
    Role(String),
    /// The track in the root stack that it lies in, by its path, and its own name.
    Track(String, String),
}

impl StemKey {
    /// The audio track called `name` at `path`, such as `tracks[2].children[5]`.
    pub(super) fn track(path: &str, name: &str) -> StemKey {
        let root = path.split('.').next().unwrap_or(path);
        StemKey::Track(root.to_owned(), name.to_owned())
    }
}

/// A clip that is heard.
#[derive(Debug)]
pub(super) struct PlannedSound {
    pub(super) clip: SoundClip,
    /// A video track lies around it.
    pub(super) in_video_track: bool,
}

/// Clips that are heard, and the stems that they belong to.
#[derive(Debug, Default)]
pub(super) struct Audible {
    pub(super) clips: Vec<PlannedSound>,
    names: Vec<String>,
    known: HashMap<StemKey, usize>,
}

impl Audible {
    /// Number of the stem of this key; a new one is called `name`.
    pub(super) fn stem(&mut self, key: StemKey, name: &str) -> usize {
        *self.known.entry(key).or_insert_with(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        })
    }

    /// Counts the stems of `clips` anew, without those that nothing belongs to; returns their names, all different.
    pub(super) fn settle(names: &[String], clips: &mut [SoundClip]) -> Vec<String> {
        let mut numbers: Vec<Option<usize>> = vec![None; names.len()];
        clips.iter().for_each(|clip| numbers[clip.stem] = Some(0));
        let mut settled: Vec<String> = Vec::new();
        for (name, number) in names.iter().zip(&mut numbers).filter(|(_, number)| number.is_some()) {
            *number = Some(settled.len());
            let name = if name.trim().is_empty() { "stem" } else { name };
            let is_taken = |other: &str| settled.iter().any(|taken| taken.to_lowercase() == other.to_lowercase());
            let with_number = (2..).map(|count| format!("{name}_{count}"));
            let free = std::iter::once(name.to_owned()).chain(with_number).find(|name| !is_taken(name));
            settled.push(free.unwrap_or_default());
        }
        clips.iter_mut().for_each(|clip| clip.stem = numbers[clip.stem].unwrap_or(0));
        settled
    }

    /// Names of all stems, by their numbers.
    pub(super) fn into_parts(self) -> (Vec<PlannedSound>, Vec<String>) {
        (self.clips, self.names)
    }
}
