//! What the caller decides about Resolve, as plain data.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::calls::Calls;
use crate::error::{Error, ErrorKind, Result};
use crate::setters::setters;
use crate::words::word_enum;

/// How Resolve is reached, and what it renders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ResolveOptions {
    /// The command that runs the bridge, program and arguments; the script's path is added. By default Python; another
    /// one is Resolve's own `fuscript -l py3`. No shell reads it.
    pub command: Vec<String>,
    /// Environment variables for that command, beyond this process's own: `RESOLVE_SCRIPT_API`, `RESOLVE_SCRIPT_LIB`.
    pub environment: BTreeMap<String, String>,
    /// A command that starts Resolve where it does not run. Without one, that is an error.
    pub start: Option<Vec<String>>,
    /// Which timeline is rendered.
    pub timeline: TimelineChoice,
    /// Renders a timeline that is not the plan's cut, too: the differences become warnings.
    pub accept_differences: bool,
    /// The render preset that everything below is laid over.
    pub preset: RenderPreset,
    /// What Resolve writes, by the label in its list of formats, such as `QuickTime`. `None`: the preset's, and without
    /// one what suits the delivery.
    pub format: Option<String>,
    /// Its codec, by the label in the list of codecs, such as `Apple ProRes 422 HQ`. `None`: likewise.
    pub codec: Option<String>,
    /// The colour space tag, as Resolve names it. `None`: the preset's.
    pub color_space: Option<String>,
    /// The gamma tag, as Resolve names it. `None`: the preset's.
    pub gamma: Option<String>,
    /// Further keys for Resolve's `SetRenderSettings`. Those that say what is rendered, and where, are not taken.
    pub settings: BTreeMap<String, Value>,
    /// In how many jobs.
    pub scope: Scope,
    /// Which video tracks are seen.
    pub solo: Solo,
    /// With which grade.
    pub grade: ResolveGrade,
    /// The folder for Resolve's renders until the shots are cut out of them; `None`: the output folder. It has to be one
    /// that Resolve can write to.
    pub folder: Option<PathBuf>,
    /// The folder where changes in Resolve are noted before they are made. `None`: the user's own, such as
    /// `~/.local/state/otio-conflate/resolve`.
    pub state: Option<PathBuf>,
    /// The folder of the lock that lets one run at a time use Resolve: the same for all users of a Resolve. `None`: the
    /// first of `/run/lock`, `/tmp` and `/var/tmp` that everybody can write to, and `%PROGRAMDATA%` on Windows.
    pub lock: Option<PathBuf>,
    /// How long things may take.
    pub limits: Limits,
}

impl Default for ResolveOptions {
    fn default() -> ResolveOptions {
        ResolveOptions {
            command: vec![if cfg!(windows) { "python" } else { "python3" }.to_owned()],
            environment: BTreeMap::new(),
            start: None,
            timeline: TimelineChoice::Current,
            accept_differences: false,
            preset: RenderPreset::None,
            format: None,
            codec: None,
            color_space: None,
            gamma: None,
            settings: BTreeMap::new(),
            scope: Scope::WholeTimeline,
            solo: Solo::Off,
            grade: ResolveGrade::AsIs,
            folder: None,
            state: None,
            lock: None,
            limits: Limits::default(),
        }
    }
}

setters!(ResolveOptions {
    command: Vec<String>,
    start: some Vec<String>,
    timeline: TimelineChoice,
    accept_differences: bool,
    preset: RenderPreset,
    format: some into String,
    codec: some into String,
    color_space: some into String,
    gamma: some into String,
    scope: Scope,
    solo: Solo,
    grade: ResolveGrade,
    folder: some into PathBuf,
    state: some into PathBuf,
    lock: some into PathBuf,
    limits: Limits,
});

impl ResolveOptions {
    /// Sets an environment variable of the command.
    #[must_use]
    pub fn environment(mut self, name: impl Into<String>, value: impl Into<String>) -> ResolveOptions {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// Sets a key for Resolve's `SetRenderSettings`.
    #[must_use]
    pub fn setting(mut self, key: impl Into<String>, value: impl Into<Value>) -> ResolveOptions {
        self.settings.insert(key.into(), value.into());
        self
    }

    /// The files that it names, none of which is ever written to.
    pub(crate) fn inputs(&self) -> Vec<PathBuf> {
        let grade = match &self.grade {
            ResolveGrade::Drx { path, .. } => Some(path.clone()),
            // It may also be relative to Resolve's own folder of LUTs.
            ResolveGrade::Lut { path, .. } => Some(PathBuf::from(path)),
            _ => None,
        };
        let preset = match &self.preset {
            RenderPreset::File(path) => Some(path.clone()),
            _ => None,
        };
        grade.into_iter().chain(preset).filter(|path| path.exists()).collect()
    }
}

/// Which timeline is rendered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum TimelineChoice {
    /// The one that is open.
    #[default]
    Current,
    /// The project's timeline of this name.
    Named(String),
    /// The plan's own OTIO file, imported into a bin of its own, which is removed again.
    Import,
}

/// The render preset to begin with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum RenderPreset {
    /// None: what the Deliver page is set to.
    #[default]
    None,
    /// The one of this name.
    Named(String),
    /// One exported to this file; it is imported, and removed again.
    File(PathBuf),
}

word_enum! {
    /// In how many jobs Resolve renders.
    Scope, "scope of a render" {
        /// The whole timeline in one job.
        #[default]
        WholeTimeline = "whole-timeline",
        /// One job for each range that shots cover without a hole.
        Union = "union",
        /// One job for each shot. One that fails does not stop the others. Shots with source handles are rendered from a
        /// timeline that is made for it and removed again.
        PerShot = "per-shot",
    }
}

/// Which video tracks are seen while Resolve renders.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Solo {
    /// Those that are enabled in Resolve.
    #[default]
    Off,
    /// For each shot its own track alone: one of the name that the plan has for it.
    Own,
    /// The track of this name alone.
    Track(String),
}

/// With which grade Resolve renders. What is applied is applied to a version of each clip's grade made for the purpose,
/// which is removed again: no grade of the project is changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ResolveGrade {
    /// As it stands.
    #[default]
    AsIs,
    /// A still with its grade, in a DRX file, in place of each clip's grade.
    Drx {
        /// The file.
        path: PathBuf,
        /// How its key frames are taken: 0 not at all, 1 by source timecode, 2 from the clip's start.
        mode: u8,
    },
    /// A LUT over each clip's grade: on a node that has none.
    Lut {
        /// Its path, in one of the folders that Resolve has LUTs in: absolute, or relative to such a folder.
        path: String,
        /// The node's number, from 1; `None`: the last one.
        node: Option<u32>,
    },
    /// An ASC CDL on a node.
    Cdl {
        /// The decision.
        cdl: Cdl,
        /// The node's number, from 1.
        node: u32,
    },
    /// None: the clips' own grades are left out. Those of groups and of the timeline as a whole stay.
    Bypass,
}

/// A colour decision as the ASC defines it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Cdl {
    /// Slope of red, green and blue.
    pub slope: [f64; 3],
    /// Offset of red, green and blue.
    pub offset: [f64; 3],
    /// Power of red, green and blue.
    pub power: [f64; 3],
    /// Saturation.
    pub saturation: f64,
}

impl Default for Cdl {
    fn default() -> Cdl {
        Cdl { slope: [1.0; 3], offset: [0.0; 3], power: [1.0; 3], saturation: 1.0 }
    }
}

/// How long things may take; as JSON, in seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Limits {
    /// A call. A dialog in Resolve blocks calls for as long as it is open.
    #[serde(with = "seconds")]
    pub call: Duration,
    /// From the command that starts Resolve until it can be reached.
    #[serde(with = "seconds")]
    pub start: Duration,
    /// A job that does not come on.
    #[serde(with = "seconds")]
    pub stall: Duration,
    /// A job as a whole; `None`: as long as it comes on.
    #[serde(with = "some_seconds")]
    pub total: Option<Duration>,
    /// From one look at a job to the next.
    #[serde(with = "seconds")]
    pub poll: Duration,
    /// A file that Resolve says is rendered, until it is there, and a file that is not whole, until it grows.
    #[serde(with = "seconds")]
    pub files: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            call: Duration::from_secs(60),
            start: Duration::from_secs(180),
            stall: Duration::from_secs(600),
            total: None,
            poll: Duration::from_millis(500),
            files: Duration::from_secs(30),
        }
    }
}

setters!(Limits {
    call: Duration,
    start: Duration,
    stall: Duration,
    total: some Duration,
    poll: Duration,
    files: Duration,
});

impl FromStr for TimelineChoice {
    type Err = Error;
    fn from_str(text: &str) -> Result<TimelineChoice> {
        match (text, text.split_once(':')) {
            ("current", _) => Ok(TimelineChoice::Current),
            ("import", _) => Ok(TimelineChoice::Import),
            (_, Some(("name", name))) if !name.is_empty() => Ok(TimelineChoice::Named(name.to_owned())),
            _ => Err(unknown(text, "timeline", "current, name:NAME, import")),
        }
    }
}

impl FromStr for RenderPreset {
    type Err = Error;
    fn from_str(text: &str) -> Result<RenderPreset> {
        match text.split_once(':') {
            Some(("file", path)) if !path.is_empty() => Ok(RenderPreset::File(path.into())),
            _ if text.is_empty() => Err(unknown(text, "render preset", "NAME, file:PATH")),
            _ => Ok(RenderPreset::Named(text.to_owned())),
        }
    }
}

impl FromStr for Solo {
    type Err = Error;
    fn from_str(text: &str) -> Result<Solo> {
        match (text, text.split_once(':')) {
            ("off", _) => Ok(Solo::Off),
            ("own", _) => Ok(Solo::Own),
            (_, Some(("track", name))) if !name.is_empty() => Ok(Solo::Track(name.to_owned())),
            _ => Err(unknown(text, "choice of tracks", "off, own, track:NAME")),
        }
    }
}

impl FromStr for ResolveGrade {
    type Err = Error;
    fn from_str(text: &str) -> Result<ResolveGrade> {
        match (text, text.split_once(':')) {
            ("as-is", _) => Ok(ResolveGrade::AsIs),
            ("bypass", _) => Ok(ResolveGrade::Bypass),
            (_, Some(("drx", path))) if !path.is_empty() => Ok(ResolveGrade::Drx { path: path.into(), mode: 0 }),
            (_, Some(("lut", path))) if !path.is_empty() => Ok(ResolveGrade::Lut { path: path.to_owned(), node: None }),
            _ => Err(unknown(text, "grade", "as-is, bypass, drx:FILE, lut:PATH")),
        }
    }
}

fn unknown(text: &str, what: &str, known: &str) -> Error {
    Error::new(ErrorKind::Option, format!("unknown {what} {text:?}; expected one of {known}"))
}

/// Durations as seconds.
mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        duration.as_secs_f64().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        Duration::try_from_secs_f64(f64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Durations as seconds, where there are any.
mod some_seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        duration.map(|duration| duration.as_secs_f64()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        let seconds = Option::<f64>::deserialize(deserializer)?;
        seconds.map(Duration::try_from_secs_f64).transpose().map_err(serde::de::Error::custom)
    }
}

/// The settings that say what is rendered, and where: they are not the caller's.
const OWN: [&str; 8] =
    ["SelectAllFrames", "MarkIn", "MarkOut", "TargetDir", "CustomName", "ExportVideo", "FormatWidth", "FormatHeight"];

impl ResolveOptions {
    /// Refuses what cannot be meant.
    pub(super) fn check(&self) -> Result<()> {
        let bad = |what: String| Err(Error::new(ErrorKind::Option, what));
        if let Some(key) = self.settings.keys().find(|key| OWN.contains(&key.as_str())) {
            return bad(format!("the render setting {key} is decided by the plan, not by the caller"));
        }
        if self.codec.is_some() && self.format.is_none() && self.preset == RenderPreset::None {
            return bad("a codec for Resolve needs a format that it belongs to".to_owned());
        }
        let numbered = |node: u32| match node {
            0 => bad("nodes are numbered from 1".to_owned()),
            _ => Ok(()),
        };
        match &self.grade {
            ResolveGrade::Drx { mode: 3.., .. } => bad("the mode of a DRX grade is 0, 1 or 2".to_owned()),
            ResolveGrade::Drx { path, .. } if !path.is_file() => {
                let what = format!("the DRX file {} is not there", path.display());
                Err(Error::new(ErrorKind::MediaMissing, what).at_file(path))
            }
            ResolveGrade::Cdl { cdl, node } => {
                let all = cdl.slope.iter().chain(&cdl.offset).chain(&cdl.power).chain([&cdl.saturation]);
                if all.copied().any(|number| !number.is_finite()) {
                    return bad("a CDL has values that are not finite numbers".to_owned());
                }
                numbered(*node)
            }
            ResolveGrade::Lut { node: Some(node), .. } => numbered(*node),
            _ => Ok(()),
        }
    }

    /// The caller's settings that Resolve is not known to have: it ignores such keys in silence.
    pub(super) fn unknown_settings(&self) -> Vec<&str> {
        let known = Calls::table().keys("SetRenderSettings");
        self.settings.keys().filter(|key| !known.contains(key)).map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_json_whose_keys_are_known() {
        let text = serde_json::to_string(&ResolveOptions::default()).expect("plain data");
        assert_eq!(
            serde_json::from_str::<ResolveOptions>(&text).expect("it was just written"),
            ResolveOptions::default()
        );
        let some: ResolveOptions =
            serde_json::from_str(r#"{"command": ["fuscript", "-l", "py3"], "scope": "per-shot"}"#)
                .expect("two of many");
        assert_eq!((some.scope, some.limits), (Scope::PerShot, Limits::default()));
        let limits: Limits = serde_json::from_str(r#"{"call": 2.5, "total": 60}"#).expect("seconds");
        assert_eq!((limits.call, limits.total), (Duration::from_millis(2500), Some(Duration::from_secs(60))));
        for wrong in [r#"{"call": -1}"#, r#"{"call": 1e300}"#, r#"{"total": "long"}"#] {
            assert!(serde_json::from_str::<Limits>(wrong).is_err(), "{wrong}");
        }
        for wrong in [r#"{"commands": []}"#, r#"{"scope": "half"}"#, r#"{"limits": {"stal": 1}}"#, r#"{"command": 1}"#]
        {
            assert!(serde_json::from_str::<ResolveOptions>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn choices_are_read_from_words() {
        assert_eq!("name:a:b".parse::<TimelineChoice>().ok(), Some(TimelineChoice::Named("a:b".to_owned())));
        assert_eq!("track:V 1".parse::<Solo>().ok(), Some(Solo::Track("V 1".to_owned())));
        assert_eq!(
            "lut:x.cube".parse::<ResolveGrade>().ok(),
            Some(ResolveGrade::Lut { path: "x.cube".to_owned(), node: None })
        );
        assert_eq!("Review".parse::<RenderPreset>().ok(), Some(RenderPreset::Named("Review".to_owned())));
        assert_eq!("file:/a:b.xml".parse::<RenderPreset>().ok(), Some(RenderPreset::File("/a:b.xml".into())));
        let kinds = [
            "name:".parse::<TimelineChoice>().map_err(|error| error.kind()).err(),
            "V1".parse::<Solo>().map_err(|error| error.kind()).err(),
            "drx:".parse::<ResolveGrade>().map_err(|error| error.kind()).err(),
            "".parse::<RenderPreset>().map_err(|error| error.kind()).err(),
        ];
        assert_eq!(kinds, [Some(ErrorKind::Option); 4]);
    }
}
