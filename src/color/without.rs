//! Configurations without the feature `ocio`: there are none.

use super::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::ColorConfig;

fn missing() -> Error {
    Error::new(ErrorKind::Unsupported, "colour management needs the feature `ocio`, which this was built without")
}

pub(super) fn open(_: &ColorConfig) -> Result<Box<dyn Engine>> {
    Err(missing())
}

pub(super) fn named(_: &str) -> Result<ColorConfig> {
    Err(missing())
}
