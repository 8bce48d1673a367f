//! Where items lie: ranges in their parent, with prefix sums, so that looking one up takes O(log n).

use super::{Child, Clip, Composition, CompositionKind, Transition, Value};
use crate::error::{Error, ErrorKind, Result};
use crate::time::{Time, TimeRange};

/// The trimmed range of a clip in its media's time: `source_range`, else the media's `available_range`.
///
/// # Errors
/// [`ErrorKind::Time`] when it has neither, or when a time lies more than a century away.
pub(crate) fn clip_range(clip: &Clip) -> Result<TimeRange> {
    let available = || clip.media_reference().and_then(super::MediaReference::available_range);
    match clip.item.source_range.or_else(available) {
        Some(range) => range.time_range(),
        None => Err(Error::new(ErrorKind::Time, "the clip has neither a source_range nor an available_range")
            .at_clip(&clip.item.name)),
    }
}

/// A child of a track and where it lies.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Placed {
    /// Its place among the track's children.
    pub index: usize,
    /// Where it lies in the track's own time, before the track's `source_range` trims it.
    pub range: TimeRange,
}

/// Where a transition lies in its track's time, and its neighbours' places in [`TrackLayout::items`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Across {
    pub(crate) range: TimeRange,
    pub(crate) before: Option<usize>,
    pub(crate) after: Option<usize>,
}

/// Where the items of a track lie: each starts where the previous one ends, and transitions take no room.
#[derive(Debug, Clone)]
pub struct TrackLayout {
    items: Vec<Placed>,
    /// For each child, the place in `items` of the first item at or after it.
    next_item: Vec<usize>,
    duration: Time,
}

impl TrackLayout {
    /// Lays out `children`; `duration_of` tells how long each item lasts. Transitions and unknown objects are not
    /// asked for; unknown objects take no room.
    ///
    /// # Errors
    /// Those of `duration_of`.
    pub fn new(children: &[Child], mut duration_of: impl FnMut(usize, &Child) -> Result<Time>) -> Result<TrackLayout> {
        let mut items = Vec::with_capacity(children.len());
        let mut next_item = Vec::with_capacity(children.len());
        let mut at = Time::ZERO;
        for (index, child) in children.iter().enumerate() {
            next_item.push(items.len());
            if child.item().is_some() {
                let range = TimeRange { start: at, duration: duration_of(index, child)? };
                at = range.end();
                items.push(Placed { index, range });
            }
        }
        Ok(TrackLayout { items, next_item, duration: at })
    }

    /// The items, in order.
    pub fn items(&self) -> &[Placed] {
        &self.items
    }

    /// How long all of them last together.
    pub fn duration(&self) -> Time {
        self.duration
    }

    /// The place in [`TrackLayout::items`] of the item that is on at `time`.
    pub fn item_at(&self, time: Time) -> Option<usize> {
        let after = self.items.partition_point(|placed| placed.range.start <= time);
        let found = after.checked_sub(1)?;
        (time < self.items[found].range.end()).then_some(found)
    }

    /// The places in [`TrackLayout::items`] of the items before and after child number `child`, a transition.
    pub fn neighbours(&self, child: usize) -> (Option<usize>, Option<usize>) {
        let next = self.next_item[child];
        (next.checked_sub(1), (next < self.items.len()).then_some(next))
    }

    /// Over which time child number `child`, a transition, lies around its cut, and between which neighbours; `None` for
    /// one that takes no time, has none, or is switched off, as newer files can write.
    ///
    /// # Errors
    /// [`ErrorKind::Time`] when one of its offsets lies more than a century away.
    pub(crate) fn across(&self, child: usize, transition: &Transition) -> Result<Option<Across>> {
        if matches!(transition.extra.get("enabled"), Some(Value::Bool(false))) {
            return Ok(None);
        }
        let (before, after) = self.neighbours(child);
        let cut = match (before, after) {
            (_, Some(after)) => self.items[after].range.start,
            (Some(before), None) => self.items[before].range.end(),
            (None, None) => return Ok(None),
        };
        let range = TimeRange::between(cut - transition.in_offset.time()?, cut + transition.out_offset.time()?);
        Ok((range.duration > Time::ZERO).then_some(Across { range, before, after }))
    }
}

impl Composition {
    /// Whether its children lie one after another.
    pub fn is_track(&self) -> bool {
        matches!(self.kind, CompositionKind::Track(_))
    }

    /// How long all its children last, before its own `source_range`: the end of the last item of a track, the
    /// longest child of a stack.
    ///
    /// # Errors
    /// [`ErrorKind::Time`] when a clip below has no range, or a time lies more than a century away.
    pub fn children_duration(&self) -> Result<Time> {
        let mut total = Time::ZERO;
        for child in &self.children {
            let duration = child.duration()?;
            total = if self.is_track() { total + duration } else { total.max(duration) };
        }
        Ok(total)
    }

    /// The range of its children's time that it shows: its `source_range`, else all of it.
    ///
    /// # Errors
    /// As [`Composition::children_duration`].
    pub fn trimmed_range(&self) -> Result<TimeRange> {
        match self.item.source_range {
            Some(range) => range.time_range(),
            None => Ok(TimeRange { start: Time::ZERO, duration: self.children_duration()? }),
        }
    }
}

impl Child {
    /// How long it takes up in its parent; nothing for transitions and unknown objects.
    ///
    /// # Errors
    /// As [`Composition::children_duration`].
    pub fn duration(&self) -> Result<Time> {
        match self {
            Child::Clip(clip) => Ok(clip_range(clip)?.duration),
            Child::Gap(gap) => gap.item.source_range.map_or(Ok(Time::ZERO), |range| range.duration.time()),
            Child::Composition(composition) => Ok(composition.trimmed_range()?.duration),
            Child::Transition(_) | Child::Unknown(_) => Ok(Time::ZERO),
        }
    }
}
