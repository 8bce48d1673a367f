//! What a caller decides about single shots: how they are called, and what differs for one of them.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::handles::{HandleMode, Handles};
use crate::error::{Error, ErrorKind, Result};
use crate::setters::setters;
use crate::timeline::{Clip, Map, MetadataPath};

/// What a shot is called that is made from an object of the timeline: a clip, a nested composition or a marker. Shots from
/// [`ShotSelection::Ranges`](super::ShotSelection::Ranges) are called what their ranges say.
///
/// As text, in JSON, in TOML and as a flag: `clip`, `metadata:PATH` with a [`MetadataPath`], or `regex:PATTERN`.
///
/// Where metadata, a pattern or a function has no name for an object, the shot is called as by [`ShotName::Clip`], and a
/// warning says so. Two shots that would get the same name from one of these are refused. Names from clips are numbered.
///
/// ```
/// use otio_conflate::plan::{PlanOptions, ShotName};
///
/// let by_metadata = PlanOptions::default().shot_name(ShotName::metadata("ayon.shot")?);
/// let by_pattern = PlanOptions::default().shot_name(ShotName::regex(r"(sh\d+)")?);
/// let by_function = PlanOptions::default().shot_name(ShotName::with(|of| Some(format!("{}_{}", of.track, of.clip_name))));
/// assert_eq!(by_metadata.shot_name, "metadata:ayon.shot".parse()?);
/// assert_ne!(by_pattern.shot_name, by_function.shot_name);
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub enum ShotName {
    /// The object's name, without the ending of a media file; a clip without one is called as its media.
    #[default]
    Clip,
    /// The text at this path in the object's metadata.
    Metadata(MetadataPath),
    /// A part of the object's name; of a clip without one, of its media's.
    Regex(NamePattern),
    /// What a function says. It cannot be stored.
    With(NameFunction),
}

impl ShotName {
    /// The text at `path` in the object's metadata.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] for text that is no [`MetadataPath`].
    pub fn metadata(path: &str) -> Result<ShotName> {
        path.parse().map(ShotName::Metadata)
    }

    /// What the group of `pattern` matches in the object's name.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] as of [`NamePattern::new`].
    pub fn regex(pattern: &str) -> Result<ShotName> {
        NamePattern::new(pattern).map(ShotName::Regex)
    }

    /// What `name` says of an object; `None` where it has no name for it.
    pub fn with(name: impl Fn(&NamedObject<'_>) -> Option<String> + Send + Sync + 'static) -> ShotName {
        ShotName::With(NameFunction(Arc::new(name)))
    }

    /// The name of `object`; `None` where that is left to [`ShotName::Clip`].
    pub(super) fn name(&self, object: &NamedObject<'_>) -> Option<String> {
        let name = match self {
            ShotName::Clip => None,
            ShotName::Metadata(path) => path.text(object.metadata),
            ShotName::Regex(pattern) => {
                let own = Some(object.clip_name).filter(|name| !name.trim().is_empty());
                pattern.find(own.unwrap_or(object.name)).map(str::to_owned)
            }
            ShotName::With(NameFunction(name)) => name(object),
        };
        name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty())
    }
}

impl FromStr for ShotName {
    type Err = Error;

    fn from_str(text: &str) -> Result<ShotName> {
        match text.split_once(':') {
            None if text == "clip" => Ok(ShotName::Clip),
            Some(("metadata", path)) => ShotName::metadata(path),
            Some(("regex", pattern)) => ShotName::regex(pattern),
            _ => {
                let what = format!("unknown shot name {text:?}; expected clip, metadata:PATH or regex:PATTERN");
                Err(Error::new(ErrorKind::Option, what))
            }
        }
    }
}

impl fmt::Display for ShotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ShotName::Clip => f.write_str("clip"),
            ShotName::Metadata(path) => write!(f, "metadata:{path}"),
            ShotName::Regex(pattern) => write!(f, "regex:{pattern}"),
            ShotName::With(_) => f.write_str("a function"),
        }
    }
}

impl fmt::Debug for ShotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShotName({self})")
    }
}

impl Serialize for ShotName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            ShotName::With(_) => {
                Err(serde::ser::Error::custom("names of shots come from a function, which cannot be stored"))
            }
            other => serializer.collect_str(other),
        }
    }
}

impl<'de> Deserialize<'de> for ShotName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ShotName, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A regular expression with a group, in the syntax of the crate [`regex`](https://docs.rs/regex/latest/regex/#syntax).
#[derive(Debug, Clone)]
pub struct NamePattern(regex::Regex);

impl NamePattern {
    /// Reads `pattern`. The name is what its group `shot` matches, where it has one of that name, else its first group.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] for what is no regular expression, and for one without a group.
    pub fn new(pattern: &str) -> Result<NamePattern> {
        let bad =
            |why: &str| Error::new(ErrorKind::Option, format!("invalid pattern {pattern:?} for names of shots: {why}"));
        let regex = regex::Regex::new(pattern).map_err(|cause| {
            // Above its last line it shows the pattern.
            let cause = format!("{cause:#}");
            bad(cause.lines().last().unwrap_or_default().trim_start_matches("error: "))
        })?;
        if regex.captures_len() < 2 {
            return Err(bad("it has no group; expected one around the shot's name, such as (sh[0-9]+)"));
        }
        Ok(NamePattern(regex))
    }

    fn find<'n>(&self, name: &'n str) -> Option<&'n str> {
        let captures = self.0.captures(name)?;
        let named = self.0.capture_names().flatten().any(|group| group == "shot");
        let group = if named { captures.name("shot") } else { captures.get(1) };
        group.map(|group| group.as_str())
    }
}

/// Equal are patterns that are written the same way.
impl PartialEq for NamePattern {
    fn eq(&self, other: &NamePattern) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

/// A function that names shots.
#[derive(Clone)]
pub struct NameFunction(Arc<Naming>);

type Naming = dyn Fn(&NamedObject<'_>) -> Option<String> + Send + Sync;

/// A function is equal to itself and its clones alone.
impl PartialEq for NameFunction {
    fn eq(&self, other: &NameFunction) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// An object of the timeline that a shot is made from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NamedObject<'t> {
    /// What [`ShotName::Clip`] calls the shot, before it is numbered.
    pub name: &'t str,
    /// The object's own name; may be empty.
    pub clip_name: &'t str,
    /// Its path in the timeline, such as `tracks[0].children[2]`.
    pub object: &'t str,
    /// The name of the track it lies in.
    pub track: &'t str,
    /// The record frames that the shot shows without handles, counted from the cut's first frame.
    pub frames: Range<i64>,
    /// Its metadata.
    pub metadata: &'t Map,
    /// The clip, where it is one.
    pub clip: Option<&'t Clip>,
}

/// What is other for one shot than [`PlanOptions`](super::PlanOptions) say for all; everything that is not set is as there.
///
/// ```
/// use otio_conflate::plan::{Handles, PlanOptions, ShotOptions};
///
/// let longer = ShotOptions::default().handles(Handles::both(24)).first_frame(101).file("sq01/sh010_v002");
/// let options = PlanOptions::default().handles(Handles::both(8)).for_shot("sh010", longer);
/// assert_eq!(options.per_shot["sh010"].first_frame, Some(101));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ShotOptions {
    /// How many extra frames it gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handles: Option<Handles>,
    /// What its handles show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle_mode: Option<HandleMode>,
    /// The number of its first frame behind its head handles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_frame: Option<i64>,
    /// What its files are called: see [`Shot::file`](super::Shot::file).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Values of fields, in place of those that metadata has: see [`Shot::fields`](super::Shot::fields).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
}

setters!(ShotOptions {
    handles: some Handles,
    handle_mode: some HandleMode,
    first_frame: some i64,
    file: some into String,
});

impl ShotOptions {
    /// Nothing that differs.
    pub(super) const NONE: ShotOptions =
        ShotOptions { handles: None, handle_mode: None, first_frame: None, file: None, fields: BTreeMap::new() };

    /// Reads a table of them, by the shots' names, from a TOML or a JSON file, told by its ending.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when it cannot be read, [`ErrorKind::Option`] for another ending, an unknown key and a value that
    /// cannot be.
    pub fn load(path: impl AsRef<Path>) -> Result<BTreeMap<String, ShotOptions>> {
        crate::stored::load(path.as_ref())
    }

    /// Sets the value of the field `name`.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<String>) -> ShotOptions {
        self.fields.insert(name.into(), value.into());
        self
    }
}

/// Why `name` cannot be that of a field, if it cannot.
pub(super) fn wrong_field(name: &str) -> Option<String> {
    let is_plain = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
    (name.is_empty() || !name.chars().all(is_plain))
        .then(|| format!("invalid name of a field {name:?}; expected letters, digits, - and _"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_printed_and_stored_as_the_same_text() {
        for text in ["clip", "metadata:ayon.shot", "metadata:\"a.b\".c", "regex:^(sh\\d+)_"] {
            let name: ShotName = text.parse().expect(text);
            assert_eq!(name.to_string(), text);
            let stored = serde_json::to_string(&name).expect("plain data");
            assert_eq!(serde_json::from_str::<ShotName>(&stored).expect("it was just written"), name, "{stored}");
        }
        for (wrong, why) in [
            ("", "clip, metadata:PATH"),
            ("metadata:", "empty key"),
            ("regex:sh", "no group"),
            ("regex:(", "unclosed group"),
        ] {
            let error = wrong.parse::<ShotName>().expect_err(wrong);
            assert!(error.kind() == ErrorKind::Option && format!("{error:#}").contains(why), "{error:?}");
        }
        let function = ShotName::with(|_| None);
        assert_eq!(function, function.clone());
        assert_ne!(function, ShotName::with(|_| None));
        assert!(serde_json::to_string(&function).expect_err("a function").to_string().contains("function"));
    }

    #[test]
    fn a_group_called_shot_comes_before_the_first() {
        let find = |pattern: &str, name| NamePattern::new(pattern).expect(pattern).find(name).map(str::to_owned);
        assert_eq!(find("(sq\\d+)_(?<shot>sh\\d+)", "sq01_sh020_v3").as_deref(), Some("sh020"));
        assert_eq!(find("(sh\\d+)", "sq01_sh020_v3").as_deref(), Some("sh020"));
        assert_eq!(find("(sh\\d+)", "plate"), None);
        assert_eq!(find("x(y)?", "x"), None);
    }

    #[test]
    fn fields_have_harmless_names() {
        assert!(wrong_field("sequence-2_b").is_none());
        assert!(["", "a b", "a.b", "a}", "a/b"].iter().all(|name| wrong_field(name).is_some()));
    }
}
