//! Where objects lie and how times translate between them, as OpenTimelineIO's own queries answer.
//!
//! The plan asks for less: there, transitions never count into a track's length, and speeds apply.

use super::clips::object_path;
use super::{Child, Clip, Composition, Transition};
use crate::error::{Error, ErrorKind, Result};
use crate::time::{Time, TimeRange};
use crate::timeline::{RawTimeRange, Timeline};

/// An object on the way down from the root stack.
#[derive(Clone, Copy)]
enum TimelineObject<'t> {
    Root(&'t Composition),
    Child(&'t Child),
}

impl<'t> TimelineObject<'t> {
    fn composition(self) -> Option<&'t Composition> {
        match self {
            TimelineObject::Root(composition) => Some(composition),
            TimelineObject::Child(Child::Composition(composition)) => Some(composition),
            TimelineObject::Child(_) => None,
        }
    }

    fn available_range(self) -> Result<TimeRange> {
        match self {
            TimelineObject::Root(composition) => available_range(composition),
            TimelineObject::Child(Child::Composition(composition)) => available_range(composition),
            TimelineObject::Child(Child::Clip(clip)) => range(media_range(clip)?),
            TimelineObject::Child(Child::Gap(_)) => {
                Err(Error::new(ErrorKind::Time, "a gap has no range other than its source_range"))
            }
            TimelineObject::Child(Child::Transition(_) | Child::Unknown(_)) => Err(no_item()),
        }
    }

    fn trimmed_range(self) -> Result<TimeRange> {
        let item = match self {
            TimelineObject::Root(composition) => Some(&composition.item),
            TimelineObject::Child(child) => child.item(),
        };
        match item.ok_or_else(no_item)?.source_range {
            Some(source_range) => range(source_range),
            None => self.available_range(),
        }
    }
}

/// Queries about one object of the timeline, named by its place: from the root stack down one index a level, so that
/// `[2, 5]` is `tracks[2].children[5]` and `[]` the root stack itself. The answers are what OpenTimelineIO gives, but
/// exact.
impl Timeline {
    /// What there is of an item, in its own time: a clip's media, all children of a composition.
    ///
    /// A transition at the very start or end of a track adds its offset to the track's length.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] when there is no such object or it is not an item; [`ErrorKind::Time`] when the timeline does not
    /// say how long something lasts.
    pub fn available_range(&self, item: &[usize]) -> Result<TimeRange> {
        self.object(item)?.available_range().map_err(|error| error.at_object(object_path(item)))
    }

    /// What an item shows of that, in its own time: its `source_range`, else all.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] when there is no such object or it is not an item; [`ErrorKind::Time`] when the timeline does not
    /// say how long something lasts.
    pub fn trimmed_range(&self, item: &[usize]) -> Result<TimeRange> {
        self.object(item)?.trimmed_range().map_err(|error| error.at_object(object_path(item)))
    }

    /// Where an item or a transition lies in its parent's time, before the parent's `source_range` trims it.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] when there is no such object, it is the root stack, or it (or an object before it in its track) is
    /// of an unknown schema; [`ErrorKind::Time`] when the timeline does not say how long something lasts.
    pub fn range_in_parent(&self, object: &[usize]) -> Result<TimeRange> {
        let (parent, index) = self.parent(object)?;
        range_of_child(parent, index).map_err(|error| error.at_object(object_path(object)))
    }

    /// The same behind that trim; `None` where nothing is left of it.
    ///
    /// A stack's `source_range` shortens its children, and they are said to start where it does.
    ///
    /// # Errors
    /// As [`Timeline::range_in_parent`].
    pub fn trimmed_range_in_parent(&self, object: &[usize]) -> Result<Option<TimeRange>> {
        let whole = self.range_in_parent(object)?;
        let (parent, _) = self.parent(object)?;
        let Some(trim) = parent.item.source_range else { return Ok(Some(whole)) };
        let trim = range(trim).map_err(|error| error.at_object(object_path(&object[..object.len() - 1])))?;
        if !parent.is_track() {
            return Ok(Some(TimeRange { start: trim.start, duration: whole.duration.min(trim.duration) }));
        }
        let seen = trim.start < whole.end() && whole.start < trim.end();
        Ok(seen.then(|| whole.intersect(trim)))
    }

    /// `time` of the item `from`, as a time of the item `to`. Speeds do not count for it.
    ///
    /// # Errors
    /// As [`Timeline::trimmed_range`] and [`Timeline::range_in_parent`], of every item on the way from one to the other.
    pub fn transformed_time(&self, time: Time, from: &[usize], to: &[usize]) -> Result<Time> {
        let common = from.iter().zip(to).take_while(|(a, b)| a == b).count();
        let mut time = time;
        for depth in (common + 1..=from.len()).rev() {
            let item = &from[..depth];
            time = time - self.trimmed_range(item)?.start + self.range_in_parent(item)?.start;
        }
        for depth in common + 1..=to.len() {
            let item = &to[..depth];
            time = time + self.trimmed_range(item)?.start - self.range_in_parent(item)?.start;
        }
        Ok(time)
    }

    fn object(&self, path: &[usize]) -> Result<TimelineObject<'_>> {
        let mut object = TimelineObject::Root(&self.tracks);
        for &index in path {
            let child = object.composition().and_then(|composition| composition.children.get(index));
            object = TimelineObject::Child(child.ok_or_else(|| {
                Error::new(ErrorKind::Option, format!("there is no {}", object_path(path))).at_object(object_path(path))
            })?);
        }
        Ok(object)
    }

    fn parent(&self, path: &[usize]) -> Result<(&Composition, usize)> {
        let lies_in_nothing =
            || Error::new(ErrorKind::Option, "the root stack has no parent").at_object(object_path(path));
        let (&index, parent) = path.split_last().ok_or_else(lies_in_nothing)?;
        self.object(path)?;
        Ok((self.object(parent)?.composition().ok_or_else(lies_in_nothing)?, index))
    }
}

fn no_item() -> Error {
    Error::new(ErrorKind::Option, "the object is not an item")
}

fn range(range: RawTimeRange) -> Result<TimeRange> {
    range.time_range()
}

fn media_range(clip: &Clip) -> Result<RawTimeRange> {
    let available = clip.media_reference().and_then(super::MediaReference::available_range);
    available
        .ok_or_else(|| Error::new(ErrorKind::Time, "the clip's media has no available_range").at_clip(&clip.item.name))
}

fn available_range(composition: &Composition) -> Result<TimeRange> {
    let mut total = Time::ZERO;
    for child in &composition.children {
        match child {
            Child::Transition(_) if composition.is_track() => {}
            _ if composition.is_track() => total += duration(child)?,
            _ => total = total.max(duration(child)?),
        }
    }
    if composition.is_track() {
        if let Some(Child::Transition(first)) = composition.children.first() {
            total += first.in_offset.time()?;
        }
        if let Some(Child::Transition(last)) = composition.children.last() {
            total += last.out_offset.time()?;
        }
    }
    Ok(TimeRange { start: Time::ZERO, duration: total })
}

fn duration(child: &Child) -> Result<Time> {
    match child {
        Child::Transition(transition) => length(transition),
        _ => Ok(TimelineObject::Child(child).trimmed_range()?.duration),
    }
}

fn length(transition: &Transition) -> Result<Time> {
    Ok(transition.in_offset.time()? + transition.out_offset.time()?)
}

fn range_of_child(parent: &Composition, index: usize) -> Result<TimeRange> {
    let child = &parent.children[index];
    let mut start = Time::ZERO;
    if parent.is_track() {
        for before in &parent.children[..index] {
            if !matches!(before, Child::Transition(_)) {
                start += duration(before)?;
            }
        }
        if let Child::Transition(transition) = child {
            start = start - transition.in_offset.time()?;
        }
    }
    Ok(TimeRange { start, duration: duration(child)? })
}
