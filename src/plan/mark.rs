//! This crate's own metadata, as `conflated.otio` holds it.

use crate::timeline::{Clip, MediaReference, Value};

/// The key of this crate's own metadata, as `conflated.otio` holds it.
pub(crate) const MARK: &str = "otio-conflate";
/// Under that key, whether what a clip shows is in the frames of its medium `intermediate` already.
pub(crate) const BAKED: &str = "baked";
/// Under that key, of a medium that is a movie of the whole cut, which shows the finished picture: its frame at record frame 0.
pub(crate) const CUT_MOVIE: &str = "cut_movie";
/// The key of the medium that a delivered shot is to its clip.
pub(crate) const INTERMEDIATE: &str = "intermediate";

/// Whether the colour decisions of `clip` are in its frames already: as [`is_baked`], where its intermediate says so.
pub(super) fn is_graded(clip: &Clip) -> bool {
    let own = clip.media_reference().and_then(MediaReference::common).and_then(|common| common.metadata.get(MARK));
    is_baked(clip) && matches!(own.and_then(|own| own.get("graded")), Some(Value::Bool(true)))
}

/// Where `clip` is cut out of a movie of the whole cut, the movie's frame at record frame 0.
pub(super) fn cut_movie(clip: &Clip) -> Option<i64> {
    let of = |reference: &MediaReference| match reference.common()?.metadata.get(MARK)?.get(CUT_MOVIE)? {
        Value::Int(first) => Some(*first),
        _ => None,
    };
    // What was delivered of it shows the same.
    if is_baked(clip) { clip.media_references.values().find_map(of) } else { of(clip.media_reference()?) }
}

/// Whether the looks of `clip` are in its frames already: it shows its intermediate, and they were baked into that.
pub(super) fn is_baked(clip: &Clip) -> bool {
    let mark = clip.item.metadata.get(MARK).and_then(|own| own.get(BAKED));
    clip.active_media_reference_key == INTERMEDIATE && matches!(mark, Some(Value::Bool(true)))
}
