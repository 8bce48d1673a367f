//! What a track or a stack shows over a run of record frames: rules R2, R3, R4 and R9.

use std::ops::Range;

use super::build::Builder;
use super::{Element, Layer, SourceMap, Weight};
use crate::error::Result;
use crate::time::{Ratio, Time, TimeRange};
use crate::timeline::{Child, Clip, Composition, Effect, EffectKind, Item, TrackLayout, Transition, Value};

/// A run of record frames that shows one element.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) frames: Range<i64>,
    pub(super) element: Element,
}

/// Segments in record order that do not overlap; between them there is nothing.
pub(super) type Lane = Vec<Segment>;

/// An object of the timeline on its way down from the root.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'p> {
    /// Its path, such as `tracks[2].children[5]`.
    pub(super) path: &'p str,
    /// The name of the track it lies in.
    pub(super) track: &'p str,
    /// The record time at which its trimmed range starts.
    pub(super) origin: Time,
}

/// A transition with its neighbours, on record frames.
struct Crossing<'t> {
    frames: Range<i64>,
    before: Option<usize>,
    after: Option<usize>,
    transition: &'t Transition,
}

impl Builder<'_> {
    /// What `child` shows over the record frames `window`, whether or not they lie inside its range: neighbours of
    /// transitions run on.
    pub(super) fn lane(&mut self, child: &Child, at: At<'_>, window: Range<i64>) -> Result<Lane> {
        if window.is_empty() || child.item().is_none_or(|item| !item.enabled) {
            return Ok(Lane::new());
        }
        match child {
            Child::Clip(clip) => {
                let layer = self.layer(clip, at)?;
                Ok(vec![Segment { frames: window, element: Element::Layer(Box::new(layer)) }])
            }
            Child::Composition(composition) => {
                self.warn_of_effects(&composition.item, at.path, false);
                self.composition(composition, at, window)
            }
            Child::Gap(_) | Child::Transition(_) | Child::Unknown(_) => Ok(Lane::new()),
        }
    }

    fn composition(&mut self, composition: &Composition, at: At<'_>, window: Range<i64>) -> Result<Lane> {
        let trimmed = self.trimmed(composition, at.path)?;
        let start = at.origin - trimmed.start;
        if composition.is_track() {
            return self.track(composition, At { origin: start, ..at }, window);
        }
        let mut lanes = Vec::new();
        for (index, child) in composition.children.iter().enumerate() {
            let path = format!("{}.children[{index}]", at.path);
            let name = track_name(child, at.track);
            let lane = self.stacked(child, At { path: &path, track: &name, origin: start }, window.clone())?;
            if !lane.is_empty() {
                lanes.push(lane);
            }
        }
        if let [only] = lanes.as_mut_slice() {
            return Ok(std::mem::take(only));
        }
        let mut stacked = Lane::new();
        for frames in pieces(&window, lanes.iter().flatten().map(|segment| &segment.frames)) {
            let mut elements = on_screen(&lanes, frames.start);
            match elements.len() {
                0 => {}
                1 => stacked.extend(elements.pop().map(|element| Segment { frames, element })),
                _ => stacked.push(Segment { frames, element: Element::Stack { elements } }),
            }
        }
        Ok(stacked)
    }

    /// What a child of a stack shows: nothing outside its own range, but for a track whose first or last child is a
    /// transition.
    pub(super) fn stacked(&mut self, child: &Child, at: At<'_>, window: Range<i64>) -> Result<Lane> {
        let Some(item) = child.item() else {
            self.note_unknown(child, at.path);
            return Ok(Lane::new());
        };
        if self.skip_sound(child, at.path) || !item.enabled {
            return Ok(Lane::new());
        }
        let mut range = TimeRange { start: at.origin, duration: self.duration(child, at.path)? };
        if let (Child::Composition(track), None) = (child, item.source_range)
            && track.is_track()
        {
            if let Some(Child::Transition(first)) = track.children.first() {
                range = TimeRange::between(range.start - first.in_offset.time()?, range.end());
            }
            if let Some(Child::Transition(last)) = track.children.last() {
                range = TimeRange::between(range.start, range.end() + last.out_offset.time()?);
            }
        }
        let frames = range.frames(self.rate);
        self.lane(child, at, intersect(&frames, &window))
    }

    /// What a track shows; `at.origin` is the record time of its own time 0.
    fn track(&mut self, track: &Composition, at: At<'_>, window: Range<i64>) -> Result<Lane> {
        let layout = self.layout(track, at.path)?;
        let edge = |time: Time, rate| (at.origin + time).ceil(rate);
        let rate = self.rate;
        let mut crossings = Vec::new();
        for (index, child) in track.children.iter().enumerate() {
            match child {
                Child::Transition(transition) => {
                    let path = format!("{}.children[{index}]", at.path);
                    crossings.extend(self.crossing(&layout, index, transition, &path, |time| edge(time, rate))?);
                }
                Child::Unknown(_) => self.note_unknown(child, &format!("{}.children[{index}]", at.path)),
                _ => {}
            }
        }
        crossings.retain(|crossing: &Crossing<'_>| !intersect(&crossing.frames, &window).is_empty());
        crossings.sort_by_key(|crossing| crossing.frames.start);
        let first = layout.items().partition_point(|placed| edge(placed.range.end(), rate) <= window.start);
        let items: Vec<(Range<i64>, usize)> = (first..layout.items().len())
            .map(|place| (layout.items()[place].range, place))
            .map(|(range, place)| (edge(range.start, rate)..edge(range.end(), rate), place))
            .take_while(|(frames, _)| frames.start < window.end)
            .collect();

        let mut lane = Lane::new();
        let mut next_crossing = 0;
        let mut next_item = 0;
        let mut active: Vec<usize> = Vec::new();
        let edges = items.iter().map(|(frames, _)| frames).chain(crossings.iter().map(|crossing| &crossing.frames));
        for frames in pieces(&window, edges) {
            while next_crossing < crossings.len() && crossings[next_crossing].frames.start <= frames.start {
                active.push(next_crossing);
                next_crossing += 1;
            }
            active.retain(|&crossing| crossings[crossing].frames.end > frames.start);
            while next_item < items.len() && items[next_item].0.end <= frames.start {
                next_item += 1;
            }
            let mut shown = |place: Option<usize>| match place {
                None => Ok(Lane::new()),
                Some(place) => {
                    let placed = layout.items()[place];
                    let path = format!("{}.children[{}]", at.path, placed.index);
                    let origin = at.origin + placed.range.start;
                    let child = &track.children[placed.index];
                    self.lane(child, At { path: &path, track: at.track, origin }, frames.clone())
                }
            };
            let Some(&outer) = active.first() else {
                let on = items.get(next_item).filter(|(item, _)| item.contains(&frames.start));
                lane.extend(shown(on.map(|(_, place)| *place))?);
                continue;
            };
            // Where transitions overlap, the later one dissolves from what the earlier one shows.
            let mut mixed = shown(crossings[outer].before)?;
            for &crossing in &active {
                let crossing = &crossings[crossing];
                let incoming = shown(crossing.after)?;
                let length = crossing.frames.end - crossing.frames.start;
                let weight = Weight::Ramp { start: crossing.frames.start, length };
                mixed = mix(&mixed, &incoming, weight, &frames);
            }
            lane.extend(mixed);
        }
        Ok(merge(lane))
    }

    fn crossing<'t>(
        &mut self,
        layout: &TrackLayout,
        index: usize,
        transition: &'t Transition,
        path: &str,
        edge: impl Fn(Time) -> i64,
    ) -> Result<Option<Crossing<'t>>> {
        // Newer files can switch a transition off.
        if matches!(transition.extra.get("enabled"), Some(Value::Bool(false))) {
            return Ok(None);
        }
        let (before, after) = layout.neighbours(index);
        let cut = match (before, after) {
            (_, Some(after)) => layout.items()[after].range.start,
            (Some(before), None) => layout.items()[before].range.end(),
            (None, None) => return Ok(None),
        };
        let from = cut - transition.in_offset.time()?;
        let to = cut + transition.out_offset.time()?;
        let crossing = Crossing { frames: edge(from)..edge(to), before, after, transition };
        if crossing.frames.is_empty() {
            return Ok(None);
        }
        if crossing.transition.transition_type != "SMPTE_Dissolve" {
            self.warn(path, format!("transition {:?} is drawn as a dissolve", crossing.transition.transition_type));
        }
        let short = |place: Option<usize>, room: Time| {
            place.is_some_and(|place| edge(layout.items()[place].range.duration) < edge(room))
        };
        if short(before, transition.in_offset.time()?) || short(after, transition.out_offset.time()?) {
            self.warn(
                path,
                "the transition is longer than its neighbours; what lies beyond them is covered".to_owned(),
            );
        }
        Ok(Some(crossing))
    }

    /// The layer of a clip whose trimmed range starts at record time `at.origin`.
    pub(super) fn layer(&mut self, clip: &Clip, at: At<'_>) -> Result<Layer> {
        if let Some(layer) = self.layers.get(at.path).filter(|(origin, _)| *origin == at.origin) {
            return Ok(layer.1.clone());
        }
        let place = |error: crate::Error| error.at_object(at.path);
        self.warn_of_effects(&clip.item, at.path, true);
        let range = self.media.trimmed_range(clip).map_err(place)?;
        let media = self.media.resolve(clip, range).map_err(place)?;
        if self.media.media[media.index].bounds.is_some() {
            self.warn(at.path, "available_image_bounds are not applied yet; the picture is fitted".to_owned());
        }
        let speed = if media.still { Ratio::ZERO } else { speed(&clip.item) };
        let per_frame = match self.options.rate_conform {
            super::RateConform::FrameForFrame => Ratio::ONE,
            super::RateConform::Time => media.rate.nominal() / self.rate.nominal(),
        };
        let record = at.origin.ceil(self.rate);
        let elapsed = (Time::from_frames(record, self.rate) - at.origin).frames(self.rate);
        let mut position = if media.still { Ratio::ZERO } else { media.offset };
        let mut step = per_frame * speed;
        if speed < Ratio::ZERO {
            // R6: the last record frame shows where the clip starts.
            let last = range.duration.time().map_err(place)?.frames(self.rate).next_frame() - 1;
            position = position + Ratio::whole(last.max(0)) * step.abs();
        }
        position = position + elapsed * step;
        if step.num() == 0 {
            step = Ratio::ZERO;
        }
        let layer = Layer {
            track: at.track.to_owned(),
            clip: clip.item.name.clone(),
            object: at.path.to_owned(),
            media: media.index,
            map: SourceMap::new(record, position, step),
            notes: media.notes,
        };
        self.layers.insert(at.path.to_owned(), (at.origin, layer.clone()));
        Ok(layer)
    }

    /// Names every effect that is not drawn. `speeds_apply`: linear time warps and freezes of this item are.
    pub(super) fn warn_of_effects(&mut self, item: &Item, path: &str, speeds_apply: bool) {
        for (index, effect) in item.effects.iter().enumerate().filter(|(_, effect)| effect.enabled) {
            let (name, neutral) = effect_name(effect);
            let message = match effect.kind {
                EffectKind::Other if neutral => continue,
                EffectKind::LinearTimeWarp { time_scalar } if speeds_apply && time_scalar.is_finite() => continue,
                EffectKind::FreezeFrame { .. } if speeds_apply => continue,
                EffectKind::LinearTimeWarp { .. } | EffectKind::FreezeFrame { .. } | EffectKind::Time => {
                    format!("time effect {name:?} is not applied")
                }
                EffectKind::Other | EffectKind::Unknown(_) => format!("effect {name:?} is not drawn"),
            };
            self.warn(&format!("{path}.effects[{index}]"), message);
        }
    }
}

/// What the application calls an effect, and whether it is known to change nothing.
///
/// Resolve writes a full set of effects on every clip, all called "Resolve Effect"; the name is in their metadata, and
/// one that is off or has no parameters is as good as none.
pub(super) fn effect_name(effect: &Effect) -> (&str, bool) {
    let own = if effect.effect_name.is_empty() { &effect.name } else { &effect.effect_name };
    let Some(resolve) = effect.metadata.get("Resolve_OTIO") else { return (own, false) };
    let name = resolve.get("Effect Name").and_then(Value::as_str).unwrap_or(own);
    let off = matches!(resolve.get("Enabled"), Some(Value::Bool(false)));
    let empty = resolve.get("Parameters").and_then(Value::as_array).is_some_and(<[Value]>::is_empty);
    (name, off || empty)
}

/// R5: the product of the linear time warps; a freeze is 0.
pub(super) fn speed(item: &Item) -> Ratio {
    let scalars = item.effects.iter().filter(|effect| effect.enabled).map(|effect| match effect.kind {
        EffectKind::LinearTimeWarp { time_scalar } if time_scalar.is_finite() => Ratio::nearest(time_scalar),
        EffectKind::FreezeFrame { .. } => Ratio::ZERO,
        _ => Ratio::ONE,
    });
    scalars.fold(Ratio::ONE, |product, scalar| product * scalar)
}

/// The name under which the layers of `child`, a child of a stack, are listed.
pub(super) fn track_name(child: &Child, outer: &str) -> String {
    match (child, child.name()) {
        (Child::Composition(composition), name) if composition.is_track() && !name.is_empty() => name.to_owned(),
        _ => outer.to_owned(),
    }
}

/// What both ranges share; empty when they share nothing.
pub(super) fn intersect(a: &Range<i64>, b: &Range<i64>) -> Range<i64> {
    let start = a.start.max(b.start);
    start..a.end.min(b.end).max(start)
}

/// `window`, cut at every edge of `ranges` that lies inside it.
pub(super) fn pieces<'r>(window: &Range<i64>, ranges: impl Iterator<Item = &'r Range<i64>>) -> Vec<Range<i64>> {
    if window.is_empty() {
        return Vec::new();
    }
    let mut edges: Vec<i64> = ranges
        .flat_map(|range| [range.start, range.end])
        .filter(|edge| window.contains(edge))
        .chain([window.start, window.end])
        .collect();
    edges.sort_unstable();
    edges.dedup();
    edges.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// What each lane shows at `frame`, bottom to top. Stacks are laid open: laying over one another is associative.
pub(super) fn on_screen(lanes: &[Lane], frame: i64) -> Vec<Element> {
    let mut elements = Vec::with_capacity(lanes.len());
    for segment in lanes.iter().filter_map(|lane| segment_at(lane, frame)) {
        match &segment.element {
            Element::Stack { elements: inner } => elements.extend(inner.iter().cloned()),
            element => elements.push(element.clone()),
        }
    }
    elements
}

fn segment_at(lane: &Lane, frame: i64) -> Option<&Segment> {
    let after = lane.partition_point(|segment| segment.frames.start <= frame);
    lane[..after].last().filter(|segment| segment.frames.contains(&frame))
}

/// `from` dissolving to `to` over the record frames `window`.
fn mix(from: &Lane, to: &Lane, weight: Weight, window: &Range<i64>) -> Lane {
    let edges = from.iter().chain(to).map(|segment| &segment.frames);
    let mut mixed = Lane::new();
    for frames in pieces(window, edges) {
        let side = |lane| segment_at(lane, frames.start).map(|segment| Box::new(segment.element.clone()));
        let (from, to) = (side(from), side(to));
        if from.is_some() || to.is_some() {
            mixed.push(Segment { frames, element: Element::Mix { from, to, weight } });
        }
    }
    mixed
}

/// Joins segments that follow on one another and show the same (R15).
fn merge(lane: Lane) -> Lane {
    let mut merged = Lane::with_capacity(lane.len());
    for segment in lane {
        match merged.last_mut() {
            Some(last) if last.frames.end == segment.frames.start && last.element == segment.element => {
                last.frames.end = segment.frames.end;
            }
            _ => merged.push(segment),
        }
    }
    merged
}
