//! Stems: parts of the mix that are written beside it. (R14)

use serde::{Deserialize, Serialize};

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
