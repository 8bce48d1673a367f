//! Which children of a timeline are tracks of what, and what they are called. (R11)

use super::context::Builder;
use super::speed::is_retimed;
use crate::error::Result;
use crate::plan::dialect::{self, fcpx};
use crate::time::{Time, TimeRange};
use crate::timeline::{Child, Clip, Composition, CompositionKind, Gap, MediaKind, MediaReference};

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
        Child::Clip(clip) => !is_sound_file(clip),
        Child::Composition(inner) => inner.children.iter().any(|child| match child {
            Child::Clip(clip) => clip.item.is_enabled() && !is_sound_file(clip),
            Child::Composition(nested) => nested.item.is_enabled(),
            _ => false,
        }),
        _ => false,
    };
    let find = |test: &dyn Fn(&Child) -> bool| {
        let seen = |child: &Child| !is_sound(child) && child.item().is_some_and(|item| item.is_enabled());
        root.children.iter().position(|child| seen(child) && test(child))
    };
    let primary = fcpx::primary(root).filter(|&place| {
        let track = &root.children[place];
        !is_sound(track) && track.item().is_some_and(|item| item.is_enabled()) && is_clips(track)
    });
    primary.or_else(|| find(&is_clips)).or_else(|| find(&is_anything))
}

/// Whether `clip` shows a file that holds sound alone, by its ending, where the adapter of FCPXML has put it into a video
/// track. Anywhere else such a clip fails, as what has no picture does.
pub(super) fn is_sound_file(clip: &Clip) -> bool {
    const ENDINGS: [&str; 12] =
        ["aac", "aif", "aifc", "aiff", "bwf", "caf", "flac", "mp3", "opus", "w64", "wav", "wave"];
    let ending = match clip.media_reference() {
        Some(MediaReference::External { target_url, common, .. }) if common.metadata.contains_key("fcpx") => {
            target_url.rsplit_once('.').map(|(_, ending)| ending)
        }
        _ => None,
    };
    ending.is_some_and(|ending| ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

/// The enabled clips with a picture that lie in `track` itself, with their places among its children.
pub(super) fn enabled_clips(track: &Composition) -> impl Iterator<Item = (usize, &Clip)> {
    track.children.iter().enumerate().filter_map(|(index, child)| match child {
        Child::Clip(clip) if clip.item.is_enabled() && !is_sound_file(clip) => Some((index, clip.as_ref())),
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

    /// Says that `gap` stands for a clip.
    pub(super) fn warn_of_lost_clip(&mut self, gap: &Gap, path: &str) {
        if dialect::is_lost_clip(&gap.item) {
            let message = "the gap stands for a clip whose media its AAF does not hold: it is black and silent";
            self.warn(path, message.to_owned());
        }
    }

    /// Says that the nest `composition` holds nothing. Effects alone have been said already.
    pub(super) fn warn_of_nothing(&mut self, composition: &Composition, path: &str) {
        let is_empty = |child: &Child| matches!(child, Child::Composition(inner) if inner.children.is_empty());
        let said = composition.item.effects.iter().any(|effect| effect.enabled);
        if !composition.is_track() && !said && composition.children.iter().all(is_empty) {
            let message = "the nested composition holds nothing: it is black and silent (the adapter of Final Cut's XML leaves \
                           out what nested sequences hold)";
            self.warn(path, message.to_owned());
        }
    }

    /// Says that the range of `composition` reaches beyond what it holds. (R10)
    pub(super) fn warn_of_outside(&mut self, composition: &Composition, path: &str) -> Result<()> {
        let Some(range) = composition.item.source_range else { return Ok(()) };
        // What a retimed one asks for is up to its speed.
        if composition.children.is_empty() || is_retimed(&composition.item) {
            return Ok(());
        }
        let place = |error: crate::Error| error.at_object(path);
        let (start, duration) = (range.start_time.time().map_err(place)?, range.duration.time().map_err(place)?);
        let length = self.children_duration(composition, path)?;
        let end = start + duration;
        // A track may start in front of its first child, at its record start. (R3)
        let before = if composition.is_track() { Time::ZERO } else { Time::ZERO.min(end) - start.min(Time::ZERO) };
        let behind = end - length.max(start).min(end);
        let frames = [before, behind].map(|time| time.max(Time::ZERO).round(self.rate));
        if frames == [0, 0] {
            return Ok(());
        }
        let message = format!(
            "its source_range reaches beyond what it holds, which lasts {} frames: nothing is shown or heard in {} of its {} \
             frames",
            length.round(self.rate),
            frames[0] + frames[1],
            duration.round(self.rate),
        );
        self.warn(path, message);
        Ok(())
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
