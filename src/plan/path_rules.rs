//! Rules that say where another machine has what a plan reads: path mapping rules of Open Job Description.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{ColorConfig, LookStep, MediaSource, Plan};
use crate::error::{Error, ErrorKind, Result};

/// Path mapping rules as Open Job Description has them (schema `pathmapping-1.0`).
///
/// Of the rules that apply to a path, the first counts. A rule applies to whole components only: `/mnt/a` is no beginning of
/// `/mnt/ab`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PathRules {
    /// The rules, in the order in which they are tried.
    #[serde(rename = "path_mapping_rules", default)]
    pub rules: Vec<PathRule>,
}

/// One rule: what lies below one path lies below another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PathRule {
    /// How the first path is written.
    pub source_path_format: PathFormat,
    /// The path on the machine that made the plan.
    pub source_path: String,
    /// The path on this machine.
    pub destination_path: PathBuf,
}

/// How a path is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum PathFormat {
    /// `/mnt/show`.
    Posix,
    /// `X:\\show`; case does not count.
    Windows,
    /// A location on a server. No plan has any, so such a rule never applies.
    Uri,
}

impl PathRules {
    /// Rules, each the path on the machine that made the plan and the one on this machine, both as this system writes them.
    pub fn new(rules: impl IntoIterator<Item = (PathBuf, PathBuf)>) -> PathRules {
        let rule = |(source, destination): (PathBuf, PathBuf)| PathRule {
            source_path_format: if cfg!(windows) { PathFormat::Windows } else { PathFormat::Posix },
            source_path: source.to_string_lossy().into_owned(),
            destination_path: destination,
        };
        PathRules { rules: rules.into_iter().map(rule).collect() }
    }

    /// Reads the file that a session of Open Job Description names as `Session.PathMappingRulesFile`. A document without
    /// rules has none.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] where it cannot be read, [`ErrorKind::Json`] where it is no such document.
    pub fn open(path: impl AsRef<Path>) -> Result<PathRules> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|error| Error::io("read", path, error))?;
        serde_json::from_slice(&bytes).map_err(|cause| {
            let what = format!("{} holds no path mapping rules", path.display());
            Error::new(ErrorKind::Json, what).at_file(path).at_line(cause.line(), cause.column()).because(cause)
        })
    }

    /// Where this machine has `path`.
    pub fn apply(&self, path: &Path) -> PathBuf {
        self.rules.iter().find_map(|rule| rule.apply(path)).unwrap_or_else(|| path.to_owned())
    }

    /// `plan` with what it reads where this machine has it: media, the colour configuration, looks.
    pub fn apply_to(&self, plan: &Plan) -> Plan {
        let mut plan = plan.clone();
        let mut moved = BTreeMap::new();
        for media in &mut plan.media {
            let named = media.source.display();
            match &mut media.source {
                MediaSource::File { path } | MediaSource::Sequence { folder: path, .. } => *path = self.apply(path),
                MediaSource::Generator { .. } | MediaSource::Missing { .. } => {}
            }
            moved.insert(media.source.display(), named);
        }
        for source in &mut plan.other_media {
            if let MediaSource::File { path } | MediaSource::Sequence { folder: path, .. } = source {
                *path = self.apply(path);
            }
        }
        if let Some(color) = &mut plan.color {
            if let ColorConfig::File(path) = &mut color.config {
                *path = self.apply(path);
            }
            for look in &mut color.looks {
                if let LookStep::File { path, .. } = look {
                    let there = self.apply(Path::new(path)).to_string_lossy().into_owned();
                    moved.insert(there.clone(), std::mem::replace(path, there));
                }
            }
            moved.retain(|path, named| path != named);
            color.moved = moved;
        }
        plan.update_media_ids();
        plan
    }
}

impl PathRule {
    fn apply(&self, path: &Path) -> Option<PathBuf> {
        let text = path.to_str();
        match self.source_path_format {
            PathFormat::Uri => None,
            PathFormat::Posix => {
                let rest = path.strip_prefix(self.source_path.trim_end_matches('/').to_owned() + "/").ok()?;
                Some(self.below(rest))
            }
            PathFormat::Windows => {
                let plain = |text: &str| text.replace('/', "\\").trim_end_matches('\\').to_lowercase();
                let (path, source) = (text?.replace('/', "\\"), plain(&self.source_path));
                if plain(&path) == source {
                    return Some(self.destination_path.clone());
                }
                let start = path.get(..source.len())?;
                let rest = path.get(source.len()..)?.strip_prefix('\\').filter(|_| plain(start) == source)?;
                Some(self.below(Path::new(&rest.split('\\').collect::<PathBuf>())))
            }
        }
    }

    fn below(&self, rest: &Path) -> PathBuf {
        if rest.as_os_str().is_empty() { self.destination_path.clone() } else { self.destination_path.join(rest) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(format: PathFormat, source: &str, destination: &str) -> PathRules {
        let rule = PathRule {
            source_path_format: format,
            source_path: source.to_owned(),
            destination_path: destination.into(),
        };
        PathRules { rules: vec![rule] }
    }

    #[test]
    fn rules_apply_to_whole_components() {
        let posix = rules(PathFormat::Posix, "/mnt/show/", "/farm/show");
        let cases = [
            ("/mnt/show/a/b.mov", "/farm/show/a/b.mov"),
            ("/mnt/show", "/farm/show"),
            ("/mnt/showreel/b.mov", "/mnt/showreel/b.mov"),
            ("/other", "/other"),
        ];
        for (path, expected) in cases {
            assert_eq!(posix.apply(Path::new(path)), Path::new(expected), "{path}");
        }
        let windows = rules(PathFormat::Windows, "X:\\Show", "/farm/show");
        let cases = [
            ("x:\\show\\a\\b.mov", "/farm/show/a/b.mov"),
            ("X:/Show/b.mov", "/farm/show/b.mov"),
            ("X:\\Shows\\b.mov", "X:\\Shows\\b.mov"),
        ];
        for (path, expected) in cases {
            assert_eq!(windows.apply(Path::new(path)), Path::new(expected), "{path}");
        }
    }

    #[test]
    fn a_document_without_rules_has_none() {
        assert_eq!(serde_json::from_str::<PathRules>("{}").expect("a document"), PathRules::default());
        let text = r#"{"version": "pathmapping-1.0", "path_mapping_rules": [{"source_path_format": "POSIX",
            "source_path": "/a", "destination_path": "/b"}]}"#;
        let read: PathRules = serde_json::from_str(text).expect("a document");
        assert_eq!(read, rules(PathFormat::Posix, "/a", "/b"));
    }
}
