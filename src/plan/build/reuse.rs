//! Nested compositions that are used again and again are planned once.

use std::ops::Range;
use std::rc::Rc;

use super::alike::{Log, Planned, SharedPlan};
use super::clock::Clock;
use super::context::{Builder, VisitedObject};
use super::layout::{Lane, LaneSegment, intersect};
use crate::error::Result;
use crate::look::Look;
use crate::plan::warning::Said;
use crate::plan::{Element, Layer, Weight};
use crate::time::Time;
use crate::time::source_map::SourceMap;
use crate::timeline::Composition;

impl Builder<'_> {
    /// What the children of `composition` show over `window`, taken from another composition that holds the same;
    /// `None` where that is not possible, or would not pay yet. `at.clock` is that of the children.
    pub(super) fn reused(
        &mut self,
        composition: &Composition,
        at: VisitedObject<'_>,
        window: &Range<i64>,
    ) -> Result<Option<Lane>> {
        let Clock::Plain(origin) = at.clock else { return Ok(None) };
        let shift = origin.frames(self.rate);
        let own = window.start.saturating_sub(shift.num())..window.end.saturating_sub(shift.num());
        let whole = 0..self.children_duration(composition, at.path)?.ceil(self.rate);
        // Where little of it is seen, planning that is quicker than telling whether it was seen before.
        let pays = own.end.saturating_sub(own.start) >= whole.end / 4;
        if !pays || shift.den() != 1 || intersect(&whole, &own) != own {
            return Ok(None);
        }
        let Some(identity) = self.reuse.identity(composition) else { return Ok(None) };
        let key = (identity, at.track.to_owned(), self.cuts_alone);
        let planned = match self.reuse.lanes.get_mut(&key) {
            Some(SharedPlan::Planned(planned)) => Rc::clone(planned),
            // Planning all of it pays once as much has been asked for.
            Some(SharedPlan::Asked(frames)) if *frames + (own.end - own.start) < whole.end => {
                *frames += own.end - own.start;
                return Ok(None);
            }
            None => {
                self.reuse.lanes.insert(key, SharedPlan::Asked(own.end - own.start));
                return Ok(None);
            }
            Some(SharedPlan::Asked(_)) => {
                // What fails may be in a part that no use shows.
                let Ok(planned) = self.planned(composition, at, whole) else {
                    self.reuse.lanes.insert(key, SharedPlan::Asked(i64::MIN));
                    return Ok(None);
                };
                let planned = Rc::new(planned);
                self.reuse.lanes.insert(key, SharedPlan::Planned(Rc::clone(&planned)));
                planned
            }
        };
        for (frames, said) in &planned.said {
            let seen = intersect(frames, &own);
            if !seen.is_empty() {
                let seen = seen.start + shift.num()..seen.end + shift.num();
                let object = moved_path(&said.object, &planned.path, at.path);
                self.say(seen, Said { object, ..said.clone() });
            }
        }
        let first = planned.lane.partition_point(|segment| segment.frames.end <= own.start);
        let seen = planned.lane[first..].iter().take_while(|segment| segment.frames.start < own.end);
        let moved = |segment: &LaneSegment| {
            let frames = intersect(&segment.frames, &own);
            let element = moved(&segment.element, shift.num(), &planned.path, at.path);
            LaneSegment { frames: frames.start + shift.num()..frames.end + shift.num(), element }
        };
        let lane: Lane = seen.map(moved).collect();
        self.spend(lane.iter().map(|segment| segment.element.size()).sum(), at.path)?;
        Ok(Some(lane))
    }

    fn planned(&mut self, composition: &Composition, at: VisitedObject<'_>, whole: Range<i64>) -> Result<Planned> {
        let handles = self.options.most_handles();
        let horizon = -i64::from(handles.head)..whole.end.saturating_add(i64::from(handles.tail)).saturating_add(1);
        let outer_horizon = std::mem::replace(&mut self.horizon, horizon);
        let outer_log = self.log.replace(Log { seen: whole.clone(), said: Vec::new() });
        let lane = self.content(composition, VisitedObject { clock: &Clock::Plain(Time::ZERO), ..at }, &whole);
        let log = std::mem::replace(&mut self.log, outer_log).unwrap_or_default();
        self.horizon = outer_horizon;
        Ok(Planned { path: at.path.to_owned(), lane: lane?, said: log.said })
    }
}

/// `element` so many record frames later, and at another place in the timeline.
fn moved(element: &Element, by: i64, from: &str, to: &str) -> Element {
    let mut moved = element.clone();
    // Every field is named: what counts record frames has to be moved.
    moved.for_each_mut(&mut |element| match element {
        Element::Layer(layer) => {
            let Layer { track: _, clip: _, object, media: _, map, look, grade: _, color: _, notes: _ } = layer.as_mut();
            *object = moved_path(object, from, to);
            move_map(map, by);
            move_look(look, by);
        }
        Element::Mix { from: _, to: _, weight, style: _ } => match weight {
            Weight::Ramp { start, length: _ } => *start += by,
            Weight::Constant(_) => {}
            Weight::Map(map) => move_map(map, by),
        },
        Element::Stack { elements: _, look, grade: _ } => move_look(look, by),
    });
    moved
}

/// `path`, which starts with `from`, as it is below `to`.
fn moved_path(path: &str, from: &str, to: &str) -> String {
    path.strip_prefix(from).map_or_else(|| path.to_owned(), |rest| format!("{to}{rest}"))
}

fn move_look(look: &mut Look, by: i64) {
    if let Some(clock) = &mut look.clock {
        move_map(clock, by);
    }
}

fn move_map(map: &mut SourceMap, by: i64) {
    map.record = map.record.saturating_add(by);
    if let Some(curve) = &mut map.curve {
        curve.record = curve.record.saturating_add(by);
    }
}
