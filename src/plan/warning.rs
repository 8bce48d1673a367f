//! What a plan or a run has to say: one warning a cause, with the objects it concerns.

use std::collections::HashSet;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::printable;

/// Something the plan cannot express, or had to assume. Where the same is true of several objects it is one warning, with
/// a count and the first of them.
///
/// ```
/// # use otio_conflate::time::Rate;
/// # use otio_conflate::timeline::{Clip, Composition, MediaReference, RawTimeRange};
/// # let media = MediaReference::file("/media/a.mov").available(RawTimeRange::frames(0, 240, Rate::FPS_24));
/// # let clip = |name: &str, first| Clip::new(name, media.clone()).range(RawTimeRange::frames(first, 48, Rate::FPS_24));
/// # let track = Composition::video("V1").with(clip("sh010", 100)).with(clip("sh020", 20));
/// # let timeline = otio_conflate::Timeline::new("reel 2").track(track);
///
/// use otio_conflate::plan::ShotOptions;
/// use otio_conflate::{Plan, PlanOptions};
///
/// let options = PlanOptions::default().for_shot("sh999", ShotOptions::default().first_frame(1));
/// for warning in Plan::new(&timeline, &options)?.warnings {
///     assert!(warning.to_string().contains("sh999"));
/// }
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Warning {
    /// The object's path in the timeline; of several, the first one's.
    pub object: String,
    /// What it is. Text from the file is escaped, as [`printable`](crate::printable()) does it.
    pub message: String,
    /// How many objects it is true of.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub count: usize,
    /// The paths of the next few of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
}

const fn one() -> usize {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_one(count: &usize) -> bool {
    *count == 1
}

impl Warning {
    /// How many objects are named besides the first.
    const MOST_OTHERS: usize = 4;

    /// A warning about one object; what would act on a terminal is escaped in both texts.
    pub fn new(object: impl AsRef<str>, message: impl AsRef<str>) -> Warning {
        Warning {
            object: printable(object.as_ref()).into_owned(),
            message: printable(message.as_ref()).into_owned(),
            count: 1,
            others: Vec::new(),
        }
    }

    /// The paths of the objects that are named.
    pub fn objects(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.object).chain(&self.others).map(String::as_str)
    }
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.object.as_str(), self.count) {
            ("", 0 | 1) => f.write_str(&self.message),
            ("", count) => write!(f, "{} ({count} times)", self.message),
            (object, 0 | 1) => write!(f, "{object}: {}", self.message),
            (_, count) => {
                let named = self.objects().collect::<Vec<_>>().join(", ");
                let more = if count > 1 + self.others.len() { ", …" } else { "" };
                write!(f, "{} ({count} times: {named}{more})", self.message)
            }
        }
    }
}

/// Something said about one object, before equal causes are joined.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) object: String,
    /// What is the same wherever this has to be said; `None`: the message.
    pub(super) cause: Option<String>,
    pub(super) message: String,
}

/// Warnings in the order in which their causes were met, each cause once.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    by_cause: IndexMap<String, Warning>,
    /// Which objects a cause was met at, by the place of the cause.
    known: HashSet<(usize, String)>,
}

impl Warnings {
    /// Adds what was said of one object.
    pub(super) fn say(&mut self, said: Said) {
        let Said { object, cause, message } = said;
        let warning = Warning::new(object, message);
        let cause = cause.unwrap_or_else(|| warning.message.clone());
        self.join(cause, warning);
    }

    /// Adds a warning, or counts it as one more of its kind.
    pub(crate) fn add(&mut self, warning: Warning) {
        self.join(warning.message.clone(), warning);
    }

    fn join(&mut self, cause: String, warning: Warning) {
        let place = self.by_cause.get_index_of(&cause).unwrap_or(self.by_cause.len());
        let unnamed = warning.count.saturating_sub(1 + warning.others.len());
        let new: Vec<String> = warning
            .objects()
            .filter(|object| self.known.insert((place, (*object).to_owned())))
            .map(str::to_owned)
            .collect();
        let Some(first) = self.by_cause.get_mut(&cause) else {
            self.by_cause.insert(cause, warning);
            return;
        };
        first.count += new.len() + unnamed;
        let room = Warning::MOST_OTHERS.saturating_sub(first.others.len());
        first.others.extend(new.into_iter().take(room));
    }

    pub(crate) fn into_vec(self) -> Vec<Warning> {
        self.by_cause.into_values().collect()
    }
}

impl FromIterator<Warning> for Warnings {
    fn from_iter<I: IntoIterator<Item = Warning>>(warnings: I) -> Warnings {
        let mut joined = Warnings::default();
        warnings.into_iter().for_each(|warning| joined.add(warning));
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_causes_are_one_warning_with_a_count_and_the_first_objects() {
        let said = |number: usize| Warning::new(format!("tracks[{number}]"), "is not drawn");
        let several: Warnings = (0..7).chain([3, 0]).map(said).collect();
        let joined = several.into_vec();
        assert_eq!(joined.len(), 1);
        assert_eq!(joined[0].count, 7);
        let text = "is not drawn (7 times: tracks[0], tracks[1], tracks[2], tracks[3], tracks[4], …)";
        assert_eq!(joined[0].to_string(), text);
        let twice: Warnings = joined.iter().cloned().chain([said(9), said(2)]).collect();
        assert_eq!(twice.into_vec()[0].count, 8);
        assert_eq!(said(1).to_string(), "tracks[1]: is not drawn");
        let stored = serde_json::to_string(&said(1)).expect("plain data");
        assert_eq!(stored, r#"{"object":"tracks[1]","message":"is not drawn"}"#);
        assert_eq!(serde_json::from_str::<Warning>(&stored).expect("as written"), said(1));
    }

    #[test]
    fn what_acts_on_a_terminal_is_escaped() {
        let warning = Warning::new("tracks[0]", "clip a\u{1b}[31m\u{202e}\nb");
        assert_eq!(warning.to_string(), "tracks[0]: clip a\\u{1b}[31m\\u{202e}\\nb");
    }
}
