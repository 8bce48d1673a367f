//! This crate's own metadata, as `conflated.otio` holds it.

use crate::timeline::{Clip, Value};

/// The key of this crate's own metadata, as `conflated.otio` holds it.
pub(crate) const MARK: &str = "otio-conflate";
/// Under that key, whether what a clip shows is in the frames of its medium `intermediate` already.
pub(crate) const BAKED: &str = "baked";
/// The key of the medium that a delivered shot is to its clip.
pub(crate) const INTERMEDIATE: &str = "intermediate";

/// Whether the looks of `clip` are in its frames already: it shows its intermediate, and they were baked into that.
pub(super) fn is_baked(clip: &Clip) -> bool {
    let mark = clip.item.metadata.get(MARK).and_then(|own| own.get(BAKED));
    clip.active_media_reference_key == INTERMEDIATE && matches!(mark, Some(Value::Bool(true)))
}
