//! Stems: parts of the mix that are written beside it. (R14)

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::sound::SoundClip;
use crate::error::{Error, ErrorKind, Result};
use crate::timeline::{Item, Value};

/// Which stems are written beside a mix: as text `none`, `track`, or `role:KEY`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum StemSelection {
    /// None.
    #[default]
    None,
    /// One for each audio track. Audio tracks of a nest in an audio track belong to that; those of a nest in a video track
    /// are stems of their own.
    Tracks,
    /// One for each text that metadata has under this key, of the clip or of what is nearest around it; keys inside one
    /// another are separated by `/`. What has none goes to the stem of its track.
    Roles(String),
}

impl std::str::FromStr for StemSelection {
    type Err = Error;
    fn from_str(text: &str) -> Result<StemSelection> {
        match (text, text.strip_prefix("role:")) {
            ("none", _) => Ok(StemSelection::None),
            ("track", _) => Ok(StemSelection::Tracks),
            (_, Some(key)) if key.split('/').all(|part| !part.trim().is_empty()) => {
                Ok(StemSelection::Roles(key.to_owned()))
            }
            _ => {
                let message = format!("unknown stems {text:?}; expected none, track or role:KEY");
                Err(Error::new(ErrorKind::Option, message))
            }
        }
    }
}

impl TryFrom<String> for StemSelection {
    type Error = Error;
    fn try_from(text: String) -> Result<StemSelection> {
        text.parse()
    }
}

impl std::fmt::Display for StemSelection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StemSelection::None => f.write_str("none"),
            StemSelection::Tracks => f.write_str("track"),
            StemSelection::Roles(key) => write!(f, "role:{key}"),
        }
    }
}

impl From<StemSelection> for String {
    fn from(stems: StemSelection) -> String {
        stems.to_string()
    }
}

impl StemSelection {
    /// The role that the metadata of `item` names.
    pub(super) fn role(&self, item: &Item) -> Option<String> {
        let StemSelection::Roles(key) = self else { return None };
        let (first, rest) = key.split_once('/').map_or((key.as_str(), None), |(first, rest)| (first, Some(rest)));
        let mut value = item.metadata.get(first)?;
        for key in rest.iter().flat_map(|rest| rest.split('/')) {
            value = value.get(key)?;
        }
        let text = match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Int(number) => number.to_string(),
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }
}

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

/// Clips that are heard, and the stems that they belong to.
#[derive(Debug, Default)]
pub(super) struct Audible {
    /// Each with whether a video track lies around it.
    pub(super) clips: Vec<(bool, SoundClip)>,
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
    pub(super) fn into_parts(self) -> (Vec<(bool, SoundClip)>, Vec<String>) {
        (self.clips, self.names)
    }
}
