//! How long things last, and where the items of tracks lie. (R2, R3)

use std::rc::Rc;

use super::alike::address;
use super::context::Builder;
use super::tracks::is_sound;
use crate::error::Result;
use crate::time::{Time, TimeRange};
use crate::timeline::{Child, Clip, Composition, TrackLayout, child_path};

impl Builder<'_> {
    /// How long `child` lasts in its parent.
    pub(super) fn duration(&mut self, child: &Child, path: &str) -> Result<Time> {
        let duration = match child {
            Child::Clip(clip) => self.clip_duration(clip),
            Child::Gap(gap) => gap.item.source_range.map_or(Ok(Time::ZERO), |range| range.duration.time()),
            Child::Composition(composition) => self.trimmed(composition, path).map(|range| range.duration),
            Child::Transition(_) | Child::Unknown(_) => Ok(Time::ZERO),
        };
        duration.map_err(|error| error.at_object(path))
    }

    fn clip_duration(&mut self, clip: &Clip) -> Result<Time> {
        self.media.trimmed_range(clip)?.duration.time()
    }

    /// The range of its children's time that `composition` shows.
    pub(super) fn trimmed(&mut self, composition: &Composition, path: &str) -> Result<TimeRange> {
        if let Some(range) = composition.item.source_range {
            return range.time_range().map_err(|error| error.at_object(format!("{path}.source_range")));
        }
        Ok(TimeRange { start: Time::ZERO, duration: self.children_duration(composition, path)? })
    }

    /// How long all children of `composition` last.
    pub(super) fn children_duration(&mut self, composition: &Composition, path: &str) -> Result<Time> {
        if composition.is_track() {
            return Ok(self.layout(composition, path)?.duration());
        }
        let own = address(composition);
        if let Some(known) = self.durations.get(&own) {
            return Ok(*known);
        }
        let (mut longest, mut known) = (Time::ZERO, true);
        for (index, child) in composition.children.iter().enumerate() {
            let path = child_path(path, index);
            match self.duration(child, &path) {
                Ok(duration) => longest = longest.max(duration),
                Err(error) if is_sound(child) => {
                    known = false;
                    self.warn(&path, format!("its length is not known: {error:#}"));
                }
                Err(error) => return Err(error),
            }
        }
        if known {
            self.durations.insert(own, longest);
        }
        Ok(longest)
    }

    pub(super) fn layout(&mut self, track: &Composition, path: &str) -> Result<Rc<TrackLayout>> {
        let own = address(track);
        if let Some(known) = self.layouts.get(&own) {
            return Ok(Rc::clone(known));
        }
        let layout = TrackLayout::new(&track.children, |index, child| match child {
            // Most children are clips, whose path is needed for errors alone.
            Child::Clip(clip) => self.clip_duration(clip).map_err(|error| error.at_object(child_path(path, index))),
            _ => self.duration(child, &child_path(path, index)),
        })?;
        let layout = Rc::new(layout);
        self.layouts.insert(own, Rc::clone(&layout));
        Ok(layout)
    }
}
