//! What becomes of outputs that are there already.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};

/// What to do when an output exists already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Existing {
    /// Nothing is rendered, and everything in the way is listed.
    #[default]
    Error,
    /// It is replaced, once the new one is whole, if the output folder's manifest lists it as made by this library, and it
    /// is as it was left. Otherwise it is an error.
    Overwrite,
    /// It is kept where the manifest says that it is the same shot at the same plan, and replaced as with `Overwrite` where
    /// not.
    Skip,
    /// Regular files are replaced, whoever made them. Folders with anything in them that is not ours, links, devices, FIFOs
    /// and sockets are errors.
    OverwriteForeign,
}

impl std::str::FromStr for Existing {
    type Err = Error;
    fn from_str(text: &str) -> Result<Existing> {
        match text {
            "error" => Ok(Existing::Error),
            "overwrite" => Ok(Existing::Overwrite),
            "skip" => Ok(Existing::Skip),
            "overwrite-foreign" | "overwrite_foreign" => Ok(Existing::OverwriteForeign),
            _ => Err(Error::new(
                ErrorKind::Option,
                format!(
                    "unknown policy for existing outputs {text:?}; expected error, overwrite, skip or overwrite-foreign"
                ),
            )),
        }
    }
}
