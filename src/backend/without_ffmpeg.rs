//! What FFmpeg does for every backend, where it is not built in.

use super::{Control, MadeOfFile, RenderedColors, Task};
use crate::deliver::{Preset, Representation};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Canvas, ColorTags, Plan};

/// Representations are made by FFmpeg alone.
pub(crate) fn check_before_render(
    _: &Plan,
    _: &Preset,
    _: Canvas,
    representations: &[Representation],
    _: Option<&RenderedColors>,
) -> Result<()> {
    if representations.is_empty() { Ok(()) } else { Err(not_built_in()) }
}

/// As [`check_before_render`].
pub(crate) fn represent_rendered(
    _: &Plan,
    _: &Task<'_>,
    _: ColorTags,
    _: Option<&RenderedColors>,
    _: &Control<'_>,
) -> Result<MadeOfFile> {
    Err(not_built_in())
}

fn not_built_in() -> Error {
    Error::new(ErrorKind::Unsupported, "representations are made by FFmpeg, which is not built in")
}
