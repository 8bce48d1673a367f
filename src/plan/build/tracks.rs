//! Which children of a timeline are tracks of what, and what they are called. (R11)

use super::context::Builder;
use super::speed::is_retimed;
use crate::error::Result;
use crate::time::{Time, TimeRange};
use crate::timeline::{Child, Clip, Composition, CompositionKind, MediaKind};

/// Whether `child` is a track that carries no picture.
pub(super) fn is_sound(child: &Child) -> bool {
    matches!(child, Child::Composition(track)
        if matches!(&track.kind, CompositionKind::Track(kind) if *kind != MediaKind::Video))
}

/// The name under which the layers of `child`, a child of a stack, are listed.
pub(super) fn track_name(child: &Child, outer: &str) -> String {
    match (child, child.name()) {
        (Child::Composition(composition), name) if composition.is_track() && !name.is_empty() => name.to_owned(),
        _ => outer.to_owned(),
    }
}

/// The name under which root child `index` is listed: its own, else V1, V2 and so on.
pub(super) fn root_name(root: &Composition, index: usize) -> String {
    let number = root.children[..=index].iter().filter(|child| !is_sound(child) && child.item().is_some()).count();
    track_name(&root.children[index], &format!("V{number}"))
}

/// R11: the lowest enabled video track that has an enabled clip. Where none has, the lowest thing in the root stack
/// that shows anything: a clip or a composition of its own, or a track of nested compositions.
pub(super) fn hero_track(root: &Composition) -> Option<usize> {
    let is_clips = |child: &Child| match child {
        Child::Composition(track) if track.is_track() => enabled_clips(track).next().is_some(),
        _ => false,
    };
    let is_anything = |child: &Child| match child {
        Child::Clip(_) => true,
        Child::Composition(inner) => inner.children.iter().any(|child| match child {
            Child::Clip(clip) => clip.item.is_enabled(),
            Child::Composition(nested) => nested.item.is_enabled(),
            _ => false,
        }),
        _ => false,
    };
    let find = |test: &dyn Fn(&Child) -> bool| {
        let seen = |child: &Child| !is_sound(child) && child.item().is_some_and(|item| item.is_enabled());
        root.children.iter().position(|child| seen(child) && test(child))
    };
    find(&is_clips).or_else(|| find(&is_anything))
}

/// The enabled clips that lie in `track` itself, with their places among its children.
pub(super) fn enabled_clips(track: &Composition) -> impl Iterator<Item = (usize, &Clip)> {
    track.children.iter().enumerate().filter_map(|(index, child)| match child {
        Child::Clip(clip) if clip.item.is_enabled() => Some((index, clip.as_ref())),
        _ => None,
    })
}

/// Over which of its own time a child of a stack that lasts `duration` is there: its trimmed range, and for a track whose
/// first or last child is a transition as long as that lasts.
pub(super) fn with_edges(child: &Child, duration: Time) -> Result<TimeRange> {
    let (mut start, mut end) = (Time::ZERO, duration);
    if let Child::Composition(track) = child
        && track.is_track()
        && track.item.source_range.is_none()
        && !is_retimed(&track.item)
    {
        if let Some(Child::Transition(first)) = track.children.first() {
            start = start - first.in_offset.time()?;
        }
        if let Some(Child::Transition(last)) = track.children.last() {
            end += last.out_offset.time()?;
        }
    }
    Ok(TimeRange::between(start, end))
}

impl Builder<'_> {
    pub(super) fn note_unknown(&mut self, child: &Child, path: &str) {
        if let Child::Unknown(object) = child {
            self.warn(path, format!("schema {} is not known; it is not shown and takes no room", object.schema));
        }
    }

    /// Whether `child` is no picture; where it is no sound either, that is said once per track that holds anything.
    pub(super) fn skip_sound(&mut self, child: &Child, path: &str) -> bool {
        if !is_sound(child) {
            return false;
        }
        if let Child::Composition(track) = child
            && let CompositionKind::Track(MediaKind::Other(kind)) = &track.kind
            && track.item.is_enabled()
            && track.children.iter().any(|child| matches!(child, Child::Clip(clip) if clip.item.is_enabled()))
        {
            self.warn(path, format!("a track of kind {kind:?} is not rendered"));
        }
        true
    }
}
