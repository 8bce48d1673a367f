//! Paths that lead into metadata.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Map, Value};
use crate::error::{Error, ErrorKind, Result};

/// A path into metadata: keys separated by dots, such as `ayon.shot`.
///
/// A key with a dot in it is put into double quotes (`studio."shot.name"`) or has a backslash before the dot
/// (`studio.shot\.name`); inside quotes, a backslash takes what follows as it is. A number is a place in an array, counted
/// from 0. In JSON and TOML it is the same text.
///
/// ```
/// use otio_conflate::timeline::{Map, MetadataPath, Value};
///
/// let shot = Map::from([("shot", Value::String("sh010".into()))]);
/// let metadata = Map::from([("ayon", Value::Object(shot))]);
/// let path: MetadataPath = "ayon.shot".parse()?;
/// assert_eq!(path.text(&metadata).as_deref(), Some("sh010"));
/// assert!("ayon..shot".parse::<MetadataPath>().is_err());
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MetadataPath(Vec<String>);

impl MetadataPath {
    /// The path of these keys, the outermost first, taken as they are.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] without any key.
    pub fn new(keys: impl IntoIterator<Item = impl Into<String>>) -> Result<MetadataPath> {
        let keys: Vec<String> = keys.into_iter().map(Into::into).collect();
        match keys.is_empty() {
            true => Err(Error::new(ErrorKind::Option, "metadata path without a key; expected one such as ayon.shot")),
            false => Ok(MetadataPath(keys)),
        }
    }

    /// The keys, the outermost first.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The value that it leads to.
    pub fn value<'m>(&self, metadata: &'m Map) -> Option<&'m Value> {
        let (first, rest) = self.0.split_first()?;
        rest.iter().try_fold(metadata.get(first)?, |value, key| match value {
            Value::Array(values) => values.get(key.parse::<usize>().ok()?),
            other => other.get(key),
        })
    }

    /// The text, number or switch that it leads to, as text without spaces around it; `None` where there is nothing, an
    /// empty text, an object or an array.
    pub fn text(&self, metadata: &Map) -> Option<String> {
        let text = match self.value(metadata)? {
            Value::String(text) => text.trim().to_owned(),
            Value::Int(number) => number.to_string(),
            Value::BigInt(digits) => digits.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Bool(on) => on.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        (!text.is_empty()).then_some(text)
    }
}

impl FromStr for MetadataPath {
    type Err = Error;

    fn from_str(text: &str) -> Result<MetadataPath> {
        let bad = |why: &str| {
            let what = format!("metadata path {text:?}: {why}; expected keys separated by dots, such as ayon.shot");
            Error::new(ErrorKind::Option, what)
        };
        let mut keys = Vec::new();
        let mut rest = text.chars().peekable();
        loop {
            let mut key = String::new();
            if rest.next_if_eq(&'"').is_some() {
                loop {
                    match rest.next() {
                        Some('"') => break,
                        Some('\\') => key.push(rest.next().ok_or_else(|| bad("unclosed quote"))?),
                        Some(letter) => key.push(letter),
                        None => return Err(bad("unclosed quote")),
                    }
                }
            } else {
                while let Some(letter) = rest.next_if(|&letter| letter != '.') {
                    match letter {
                        '\\' => key.push(rest.next().ok_or_else(|| bad("a backslash at its end"))?),
                        letter => key.push(letter),
                    }
                }
                if key.is_empty() {
                    return Err(bad("an empty key"));
                }
            }
            keys.push(key);
            match rest.next() {
                None => return Ok(MetadataPath(keys)),
                Some('.') => {}
                Some(_) => return Err(bad("text after the closing quote of a key")),
            }
        }
    }
}

impl fmt::Display for MetadataPath {
    /// With quotes where a key needs them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, key) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            match key.is_empty() || key.contains(['.', '"', '\\']) {
                true => write!(f, "\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""))?,
                false => f.write_str(key)?,
            }
        }
        Ok(())
    }
}

impl TryFrom<String> for MetadataPath {
    type Error = Error;
    fn try_from(text: String) -> Result<MetadataPath> {
        text.parse()
    }
}

impl From<MetadataPath> for String {
    fn from(path: MetadataPath) -> String {
        path.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_with_dots_are_quoted_or_escaped_and_print_so_that_they_are_read_again() {
        for (text, keys) in [
            ("shot", &["shot"][..]),
            ("ayon.shot", &["ayon", "shot"]),
            ("\"a.b\".c", &["a.b", "c"]),
            ("a\\.b.c", &["a.b", "c"]),
            ("x.\"say \\\"hi\\\" \\\\\"", &["x", "say \"hi\" \\"]),
            ("a b.ü", &["a b", "ü"]),
            ("x.\"\"", &["x", ""]),
        ] {
            let path: MetadataPath = text.parse().expect(text);
            assert!(path.keys().eq(keys.iter().copied()), "{text}: {path:?}");
            assert_eq!(path.to_string().parse::<MetadataPath>().expect("it was printed"), path, "{path}");
        }
        for wrong in ["", ".", "a.", ".a", "a..b", "\"a", "\"a\"b", "a\\"] {
            let error = wrong.parse::<MetadataPath>().expect_err(wrong);
            assert!(error.kind() == ErrorKind::Option && format!("{error:#}").contains("ayon.shot"), "{error:#}");
        }
        assert!(MetadataPath::new(Vec::<String>::new()).is_err());
    }

    #[test]
    fn values_are_found_in_objects_and_arrays_and_are_text_where_they_are_single() {
        let list = Value::Array(vec![Value::Int(7), Value::String("  b ".into())].into());
        let inner = Map::from([("list", list), ("off", Value::Bool(false)), ("x.y", Value::Float(1.5))]);
        let metadata = Map::from([("in", Value::Object(inner)), ("blank", Value::String(" ".into()))]);
        let text = |path: &str| path.parse::<MetadataPath>().expect(path).text(&metadata);
        for (path, expected) in [("in.list.0", "7"), ("in.list.1", "b"), ("in.off", "false"), ("in.\"x.y\"", "1.5")] {
            assert_eq!(text(path).as_deref(), Some(expected), "{path}");
        }
        for path in ["in", "in.list", "in.list.2", "in.list.x", "in.x.y", "no", "blank", "blank.x"] {
            assert_eq!(text(path), None, "{path}");
        }
    }
}
