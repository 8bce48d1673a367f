//! Nested compositions that are used again and again are planned once. Files write them whole at every use, so they are
//! told by what they hold.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use super::build::Builder;
use super::clock::Clock;
use super::lane::{At, Lane, Segment, intersect};
use super::warning::Said;
use super::{Element, Layer, Look, SourceMap, Weight};
use crate::error::Result;
use crate::time::Time;
use crate::timeline::{Child, Composition};

/// What is known about compositions that hold the same.
#[derive(Debug, Default)]
pub(super) struct Reuse<'t> {
    /// The nested compositions that may hold the same, since they look alike at a glance.
    alike: HashMap<Glance<'t>, Vec<&'t Composition>>,
    /// The address of each composition that was compared, to that of the first that holds the same.
    same: HashMap<usize, usize>,
    /// What the first of them has shown so far, in its own time, by the name of the track around it and whether
    /// transitions count.
    lanes: HashMap<(usize, String, bool), Shared>,
}

/// With how many that look alike and differ a composition is compared.
const COMPARED: usize = 8;

/// How many children there are, and what the first is called.
type Glance<'t> = (usize, &'t str);

fn glance(composition: &Composition) -> Glance<'_> {
    (composition.children.len(), composition.children.first().map_or("", Child::name))
}

#[derive(Debug)]
enum Shared {
    /// So many frames have been asked for, and planned each time.
    Asked(i64),
    Planned(Rc<Planned>),
}

/// A composition in its own time, planned as if it lay at `path`.
#[derive(Debug)]
struct Planned {
    path: String,
    lane: Lane,
    said: Vec<(Range<i64>, Said)>,
}

/// What is said while a composition is planned for all its uses: each use repeats what concerns the frames it shows.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// The frames of the object at hand.
    pub(super) seen: Range<i64>,
    pub(super) said: Vec<(Range<i64>, Said)>,
}

/// Tells compositions of one timeline apart.
pub(super) fn address(composition: &Composition) -> usize {
    std::ptr::from_ref(composition).addr()
}

impl<'t> Reuse<'t> {
    /// Looks at every composition nested in the tracks of `root`.
    pub(super) fn new(root: &'t Composition) -> Reuse<'t> {
        let mut reuse = Reuse::default();
        for track in nested(root) {
            nested(track).for_each(|inner| reuse.look_at(inner));
        }
        reuse.alike.retain(|_, alike| alike.len() > 1);
        reuse
    }

    fn look_at(&mut self, composition: &'t Composition) {
        self.alike.entry(glance(composition)).or_default().push(composition);
        nested(composition).for_each(|inner| self.look_at(inner));
    }

    /// A number that `composition` shares with those that hold the same, whatever their own ranges and effects; `None`
    /// where none looks alike.
    pub(super) fn identity(&mut self, composition: &Composition) -> Option<usize> {
        let own = address(composition);
        if let Some(known) = self.same.get(&own) {
            return Some(*known);
        }
        let alike = self.alike.get(&glance(composition))?;
        let is_first = |other: &&&Composition| self.same.get(&address(other)) == Some(&address(other));
        let holds_the_same =
            |other: &&&Composition| other.kind == composition.kind && other.children == composition.children;
        let first = alike.iter().filter(is_first).take(COMPARED).find(holds_the_same);
        let first = first.map_or(own, |other| address(other));
        self.same.insert(own, first);
        Some(first)
    }
}

fn nested(composition: &Composition) -> impl Iterator<Item = &Composition> {
    composition.children.iter().filter_map(|child| match child {
        Child::Composition(inner) => Some(inner.as_ref()),
        _ => None,
    })
}

impl Builder<'_> {
    /// What the children of `composition` show over `window`, taken from another composition that holds the same;
    /// `None` where that is not possible, or would not pay yet. `at.clock` is that of the children.
    pub(super) fn reused(
        &mut self,
        composition: &Composition,
        at: At<'_>,
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
            Some(Shared::Planned(planned)) => Rc::clone(planned),
            // Planning all of it pays once as much has been asked for.
            Some(Shared::Asked(frames)) if *frames + (own.end - own.start) < whole.end => {
                *frames += own.end - own.start;
                return Ok(None);
            }
            None => {
                self.reuse.lanes.insert(key, Shared::Asked(own.end - own.start));
                return Ok(None);
            }
            Some(Shared::Asked(_)) => {
                // What fails may be in a part that no use shows.
                let Ok(planned) = self.planned(composition, at, whole) else {
                    self.reuse.lanes.insert(key, Shared::Asked(i64::MIN));
                    return Ok(None);
                };
                let planned = Rc::new(planned);
                self.reuse.lanes.insert(key, Shared::Planned(Rc::clone(&planned)));
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
        let moved = |segment: &Segment| {
            let frames = intersect(&segment.frames, &own);
            let element = moved(&segment.element, shift.num(), &planned.path, at.path);
            Segment { frames: frames.start + shift.num()..frames.end + shift.num(), element }
        };
        let lane: Lane = seen.map(moved).collect();
        self.spend(lane.iter().map(|segment| segment.element.size()).sum(), at.path)?;
        Ok(Some(lane))
    }

    fn planned(&mut self, composition: &Composition, at: At<'_>, whole: Range<i64>) -> Result<Planned> {
        let handles = self.options.handles;
        let horizon = -i64::from(handles.head)..whole.end.saturating_add(i64::from(handles.tail)).saturating_add(1);
        let outer_horizon = std::mem::replace(&mut self.horizon, horizon);
        let outer_log = self.log.replace(Log { seen: whole.clone(), said: Vec::new() });
        let lane = self.content(composition, At { clock: &Clock::Plain(Time::ZERO), ..at }, &whole);
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
            let Layer { track: _, clip: _, object, media: _, map, look, color: _, notes: _ } = layer.as_mut();
            *object = moved_path(object, from, to);
            move_map(map, by);
            move_look(look, by);
        }
        Element::Mix { from: _, to: _, weight, style: _ } => match weight {
            Weight::Ramp { start, length: _ } => *start += by,
            Weight::Constant(_) => {}
            Weight::Map(map) => move_map(map, by),
        },
        Element::Stack { elements: _, look } => move_look(look, by),
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
