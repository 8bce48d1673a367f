//! Which versions of its schemas a timeline is written in.

use std::collections::BTreeMap;

use super::sys;
use crate::error::{Error, ErrorKind, Result};
use crate::otio::json::Document;
use crate::timeline::{Map, Value};

/// The versions of schemas to write, for tools that do not know the newest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SchemaTarget {
    versions: BTreeMap<String, i64>,
}

impl SchemaTarget {
    /// Every schema in its newest version.
    pub fn newest() -> SchemaTarget {
        SchemaTarget::default()
    }

    /// The versions that a release of OpenTimelineIO knows, such as `0.14.0`.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] when the library does not know the release; the message lists those it does.
    pub fn release(label: &str) -> Result<SchemaTarget> {
        let releases = versions_of("releases")?;
        match releases.get(label).and_then(Value::as_object) {
            Some(versions) => Ok(SchemaTarget { versions: numbers(versions) }),
            None => {
                let mut known: Vec<_> = releases.keys().collect();
                known.sort_unstable();
                Err(Error::new(
                    ErrorKind::Option,
                    format!("unknown OpenTimelineIO release {label:?}; expected one of {}", known.join(", ")),
                ))
            }
        }
    }

    /// Writes `schema`, such as `Clip`, in this version.
    #[must_use]
    pub fn with(mut self, schema: impl Into<String>, version: i64) -> SchemaTarget {
        self.versions.insert(schema.into(), version);
        self
    }

    pub(super) fn versions(&self) -> impl Iterator<Item = (&str, i64)> {
        self.versions.iter().map(|(schema, version)| (schema.as_str(), *version))
    }

    /// Refuses what the library would pass over in silence.
    pub(super) fn check(&self) -> Result<()> {
        if self.versions.is_empty() {
            return Ok(());
        }
        let newest = schema_versions()?;
        let released: Vec<_> = versions_of("releases")?.into_iter().filter_map(|(_, known)| object(known)).collect();
        for (schema, version) in &self.versions {
            let known = newest.get(schema).copied();
            // Releases list names, such as those of plugins, that no file has.
            if known.is_none() && released.iter().any(|release| release.contains_key(schema)) {
                continue;
            }
            let most = known
                .ok_or_else(|| Error::new(ErrorKind::Option, format!("OpenTimelineIO has no schema {schema:?}")))?;
            if !(1..=most).contains(version) {
                return Err(Error::new(
                    ErrorKind::Option,
                    format!("there is no version {version} of schema {schema}; there are 1 to {most}"),
                ));
            }
        }
        Ok(())
    }
}

/// The newest version of each schema that the library knows.
///
/// # Errors
/// [`ErrorKind::Schema`] when the library fails.
pub fn schema_versions() -> Result<BTreeMap<String, i64>> {
    Ok(numbers(&versions_of("newest")?))
}

/// A part of what the library tells about versions.
fn versions_of(part: &str) -> Result<Map> {
    let json = sys::schema_versions()?;
    let document = Document::parse(json.as_bytes(), 8)?;
    let mut all = document.map(document.root());
    Ok(all.remove(part).and_then(object).unwrap_or_default())
}

fn object(value: Value) -> Option<Map> {
    match value {
        Value::Object(map) => Some(map),
        _ => None,
    }
}

fn numbers(map: &Map) -> BTreeMap<String, i64> {
    let number = |value: &Value| match value {
        Value::Int(number) => Some(*number),
        _ => None,
    };
    map.iter().filter_map(|(schema, version)| Some((schema.to_owned(), number(version)?))).collect()
}
