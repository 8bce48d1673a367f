//! Options that lie in files.

use std::path::Path;

use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Result};

/// Reads a TOML or a JSON file, told by its ending.
///
/// # Errors
/// [`ErrorKind::Io`] when it cannot be read, [`ErrorKind::Option`] for another ending and for what is in it.
pub(crate) fn load<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::io("read", path, error))?;
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    let bad = |what: String| Error::new(ErrorKind::Option, what).at_file(path);
    match ending.as_deref() {
        Some("toml") => toml::from_str(&text).map_err(|error| bad(format!("{error:#}"))),
        Some("json") => serde_json::from_str(&text).map_err(|error| bad(format!("{error:#}"))),
        _ => Err(bad(format!("{} ends in neither .toml nor .json", path.display()))),
    }
}
