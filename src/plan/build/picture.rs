//! What a track or a stack shows over a run of record frames: rules R2, R3, R4 and R9.

use std::ops::Range;

use super::clock::{Clock, ClockRun};
use super::context::{Builder, VisitedObject};
use super::layout::{Lane, LaneSegment, intersect, isolate, merge, mix, pieces, plain_stack};
use super::speed::Speed;
use super::tracks::{is_sound, is_sound_file, track_name, with_edges};
use crate::error::Result;
use crate::look::Look;
use crate::plan::dialect::{self, LookRead, line};
use crate::plan::mark::is_baked;
use crate::plan::mark::is_graded;
use crate::plan::{Element, Layer, MixStyle, RateConform, Weight};
use crate::time::source_map::{Curve, SourceMap};
use crate::time::{Rate, Ratio, Time, TimeRange};
use crate::timeline::{Across, Child, Clip, Composition, Placed, ROOT, TrackLayout, Transition, child_path};

/// A transition with its neighbours, in its track's own time.
struct Crossing {
    range: TimeRange,
    before: Option<usize>,
    after: Option<usize>,
    style: MixStyle,
    /// Shares of its length and weights, where the application has a curve of its own.
    curve: Option<Vec<(Ratio, Ratio)>>,
}

impl Builder<'_> {
    /// What `child` shows over the record frames `window`, whether or not they lie inside its range: neighbours of
    /// transitions run on.
    pub(super) fn lane(&mut self, child: &Child, at: VisitedObject<'_>, window: Range<i64>) -> Result<Lane> {
        if window.is_empty() || child.item().is_none_or(|item| !item.is_enabled()) {
            return Ok(Lane::new());
        }
        self.spend(1, at.path)?;
        let outer = self.log.as_mut().map(|log| std::mem::replace(&mut log.seen, window.clone()));
        let lane = match child {
            Child::Clip(clip) if is_sound_file(clip) => {
                let message = "a sound file in a video track has no picture, and its sound is ignored there";
                self.warn(at.path, message.to_owned());
                Ok(Lane::new())
            }
            Child::Clip(clip) => self
                .layer(clip, at)
                .map(|layer| vec![LaneSegment { frames: window, element: Element::Layer(Box::new(layer)) }]),
            Child::Composition(composition) => self.looked_at(child, composition, at, window),
            Child::Gap(gap) => {
                self.warn_of_lost_clip(gap, at.path);
                Ok(Lane::new())
            }
            Child::Transition(_) | Child::Unknown(_) => Ok(Lane::new()),
        };
        if let (Some(log), Some(outer)) = (&mut self.log, outer) {
            log.seen = outer;
        }
        lane
    }

    /// What `composition`, which is `child`, shows with a look of its own.
    fn looked_at(
        &mut self,
        child: &Child,
        composition: &Composition,
        at: VisitedObject<'_>,
        window: Range<i64>,
    ) -> Result<Lane> {
        self.warn_of_effects(&composition.item, at.path, true);
        let duration = self.duration(child, at.path)?.frames(self.rate);
        let (look, grade) = self.composition_look(&composition.item, at, duration);
        let mut lane = self.composition(composition, at, window)?;
        if !look.is_plain() || !grade.is_empty() {
            lane.iter_mut().for_each(|segment| isolate(segment, &look, &grade));
        }
        Ok(lane)
    }

    fn composition(&mut self, composition: &Composition, at: VisitedObject<'_>, window: Range<i64>) -> Result<Lane> {
        self.warn_of_nothing(composition, at.path);
        self.warn_of_outside(composition, at.path)?;
        let trimmed = self.trimmed(composition, at.path)?;
        let clock = self.inside(composition, at, trimmed)?;
        let at = VisitedObject { clock: &clock, ..at };
        match self.reused(composition, at, &window)? {
            Some(lane) => Ok(lane),
            None => self.content(composition, at, &window),
        }
    }

    /// What the children of `composition` show over `window`; `at.clock` is that of the children.
    pub(super) fn content(
        &mut self,
        composition: &Composition,
        at: VisitedObject<'_>,
        window: &Range<i64>,
    ) -> Result<Lane> {
        if composition.is_track() {
            return self.track(composition, at, window);
        }
        let mut lanes = self.lanes(composition, at, window)?;
        lanes.retain(|lane| !lane.is_empty());
        if let [only] = lanes.as_mut_slice() {
            let mut only = std::mem::take(only);
            only.iter_mut()
                .filter(|segment| segment.element.blends())
                .for_each(|segment| isolate(segment, &Look::default(), &[]));
            return Ok(only);
        }
        let mut stacked = Lane::new();
        for frames in pieces(window, lanes.iter().flatten().map(|segment| &segment.frames)) {
            let mut elements = self.on_screen(&lanes, frames.start, at.path)?;
            match elements.len() {
                0 => {}
                1 if !elements[0].blends() => {
                    stacked.extend(elements.pop().map(|element| LaneSegment { frames, element }));
                }
                _ => stacked.push(LaneSegment { frames, element: plain_stack(elements) }),
            }
        }
        Ok(stacked)
    }

    /// What each child of `stack` shows over `window`, bottom to top; `at.clock` is that of the children.
    pub(super) fn lanes(
        &mut self,
        stack: &Composition,
        at: VisitedObject<'_>,
        window: &Range<i64>,
    ) -> Result<Vec<Lane>> {
        self.spend(stack.children.len(), at.path)?;
        let mut lanes = Vec::with_capacity(stack.children.len());
        let mut number = 0;
        for (index, child) in stack.children.iter().enumerate() {
            let path = child_path(at.path, index);
            number += i32::from(!is_sound(child) && child.item().is_some());
            let outer = if at.path == ROOT { &format!("V{number}") } else { at.track };
            let name = track_name(child, outer);
            lanes.push(self.stacked(child, VisitedObject { path: &path, track: &name, ..at }, window)?);
        }
        Ok(lanes)
    }

    /// What a child of a stack shows: nothing outside its own range, but for a track whose first or last child is a
    /// transition, if it is not retimed.
    fn stacked(&mut self, child: &Child, at: VisitedObject<'_>, window: &Range<i64>) -> Result<Lane> {
        let Some(item) = child.item() else {
            self.note_unknown(child, at.path);
            return Ok(Lane::new());
        };
        if self.skip_sound(child, at.path) || !item.is_enabled() {
            return Ok(Lane::new());
        }
        let range = with_edges(child, self.duration(child, at.path)?).map_err(|error| error.at_object(at.path))?;
        self.spend(at.clock.curve_len(), at.path)?;
        let mut lane = Lane::new();
        for frames in at.clock.frames(range, window, self.rate) {
            lane.extend(self.lane(child, at, frames)?);
        }
        Ok(lane)
    }

    /// What a track shows; `at.clock` is that of its own time.
    fn track(&mut self, track: &Composition, at: VisitedObject<'_>, window: &Range<i64>) -> Result<Lane> {
        let layout = self.layout(track, at.path)?;
        let mut crossings = Vec::new();
        let cuts_alone = self.cuts_alone;
        for (index, child) in track.children.iter().enumerate() {
            match child {
                Child::Transition(transition) if !cuts_alone => {
                    let path = child_path(at.path, index);
                    let crossing = self.crossing(&layout, index, transition, &path)?;
                    crossings.extend(crossing.filter(|crossing| !self.is_in_movie(track, at.path, &layout, crossing)));
                }
                Child::Unknown(_) => self.note_unknown(child, &child_path(at.path, index)),
                _ => {}
            }
        }
        crossings.sort_by_key(|crossing: &Crossing| crossing.range.start);
        self.check_overlaps(crossings.iter().map(|crossing| crossing.range), at.path)?;
        self.spend(track.children.len() + at.clock.curve_len(), at.path)?;
        let mut lane = Lane::new();
        for run in at.clock.runs(window, self.rate) {
            self.run(track, at, &layout, &crossings, &run, &mut lane)?;
        }
        Ok(merge(lane))
    }

    /// Adds to `lane` what a track shows over `run`.
    fn run(
        &mut self,
        track: &Composition,
        at: VisitedObject<'_>,
        layout: &TrackLayout,
        crossings: &[Crossing],
        run: &ClockRun<'_>,
        lane: &mut Lane,
    ) -> Result<()> {
        self.spend(crossings.len() + 1, at.path)?;
        let mut sweep = Sweep::new(layout, crossings, run);
        for frames in sweep.pieces(&run.frames) {
            let on = sweep.move_to(frames.start);
            let tabulated = sweep.active.iter().filter(|(_, place)| crossings[*place].curve.is_some());
            let tabulated = tabulated.map(|(across, _)| across.end.saturating_sub(across.start));
            let tabulated = tabulated.fold(0_i64, i64::saturating_add);
            self.spend(usize::try_from(tabulated).unwrap_or(usize::MAX), at.path)?;
            let rate = self.rate;
            let mut shown = |place: Option<usize>| match place {
                None => Ok(Lane::new()),
                Some(place) => {
                    let Placed { index, range } = layout.items()[place];
                    let (path, clock) = (child_path(at.path, index), at.clock.starting_at(range.start, rate));
                    self.lane(
                        &track.children[index],
                        VisitedObject { path: &path, clock: &clock, ..at },
                        frames.clone(),
                    )
                }
            };
            let Some((_, first)) = sweep.active.first() else {
                lane.extend(shown(on)?);
                continue;
            };
            // Where transitions overlap, the later one dissolves from what the earlier one shows.
            let mut steps = 0;
            let mut mixed = shown(crossings[*first].before)?;
            for (across, place) in &sweep.active {
                let crossing = &crossings[*place];
                let incoming = shown(crossing.after)?;
                let weight = weight(crossing, across, at.clock, rate);
                mixed = mix(&mixed, &incoming, &weight, crossing.style, &frames);
                steps += mixed.iter().map(|segment| segment.element.size()).sum::<usize>();
            }
            self.spend(steps, at.path)?;
            lane.extend(mixed);
        }
        Ok(())
    }

    /// Checks how many of the transitions of a track, in the order they begin, lie over one another: each that does
    /// dissolves from what all before it show.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`](crate::ErrorKind::Limit) with the track's `path`.
    pub(super) fn check_overlaps(&self, ranges: impl Iterator<Item = TimeRange>, path: &str) -> Result<()> {
        let most = self.options.limits.overlaps;
        let mut ends = std::collections::BinaryHeap::new();
        for range in ranges {
            while ends.peek().is_some_and(|std::cmp::Reverse(end)| *end <= range.start) {
                ends.pop();
            }
            ends.push(std::cmp::Reverse(range.end()));
            if ends.len() > most {
                let message = format!(
                    "more than {most} transitions of one track overlap; the option `limits.overlaps` sets how many may"
                );
                return Err(crate::Error::new(crate::ErrorKind::Limit, message).at_object(path));
            }
        }
        Ok(())
    }

    /// Whether a movie of the whole cut shows the transition already.
    fn is_in_movie(&mut self, track: &Composition, path: &str, layout: &TrackLayout, crossing: &Crossing) -> bool {
        let sides = [crossing.before, crossing.after];
        self.shows_transition(track, path, sides.map(|side| Some(layout.items()[side?].index)))
    }

    fn crossing(
        &mut self,
        layout: &TrackLayout,
        index: usize,
        transition: &Transition,
        path: &str,
    ) -> Result<Option<Crossing>> {
        let place = |error: crate::Error| error.at_object(path);
        let across = layout.across(index, transition).map_err(place)?;
        let Some(Across { range, before, after }) = across else { return Ok(None) };
        let offsets = transition.in_offset.time().and_then(|head| Ok((head, transition.out_offset.time()?)));
        let (head, tail) = offsets.map_err(place)?;
        let (style, notes) = dialect::style(transition);
        notes.into_iter().for_each(|note| self.warn(path, note));
        let short = |place: Option<usize>, room: Time| {
            place.is_some_and(|place| layout.items()[place].range.duration.ceil(self.rate) < room.ceil(self.rate))
        };
        if short(before, head) || short(after, tail) {
            self.warn(
                path,
                "the transition is longer than its neighbours; what lies beyond them is covered".to_owned(),
            );
        }
        let curve = dialect::own_curve(transition, style);
        Ok(Some(Crossing { range, before, after, style, curve }))
    }

    /// The layer of a clip whose trimmed range starts at time 0 of `at.clock`.
    pub(super) fn layer(&mut self, clip: &Clip, at: VisitedObject<'_>) -> Result<Layer> {
        let known = self.layers.get(at.path).filter(|(clock, _)| clock == at.clock);
        // A log needs to hear again what there is to be said.
        if let (Some((_, layer)), None) = (known, &self.log) {
            return Ok(layer.clone());
        }
        let place = |error: crate::Error| error.at_object(at.path);
        self.warn_of_effects(&clip.item, at.path, true);
        let range = self.media.trimmed_range(clip).map_err(place)?;
        let media = self.media.resolve(clip, range).map_err(place)?;
        let per_frame = match self.options.rate_conform {
            RateConform::FrameForFrame => Ratio::ONE,
            RateConform::Time => media.rate.nominal() / self.rate.nominal(),
        };
        let duration = range.duration.time().map_err(place)?.frames(self.rate);
        let mut notes = media.notes;
        let movie_frame = self.movie_frame(clip, at.path);
        // Key frames may lie in the time of the media, which for a still picture runs on, too.
        let running = {
            let mut speed = Speed::of(&clip.item);
            if let Some(held) = dialect::still_frame(&clip.item).filter(|_| !is_baked(clip)) {
                speed = Speed { scalar: Ratio::ONE, curves: Vec::new(), keys: Some(held) };
            }
            if !media.still {
                notes.extend(speed.notes(duration));
            }
            let elapsed = at.clock.map(self.rate);
            let reversed = speed.reversed(&clip.item, duration, elapsed.step, self.options.reverse);
            let step = per_frame * speed.scalar;
            let run = elapsed.scaled(step).shifted(media.offset + reversed * step.abs());
            let start = media.offset / media.rate.nominal();
            self.curved(&speed, (run, &elapsed), self.curved_item(start, per_frame, duration), at.path)?
        };
        // Whatever runs at another speed around it, the movie shows it so.
        let running = movie_frame.map_or(running, |first| SourceMap::new(0, Ratio::whole(first), Ratio::ONE));
        let LookRead { look, color, grades, decisions, warnings: _ } = self.look(clip, at, duration, &running);
        let (mut grade, color) = self.grades(grades, decisions, color);
        if is_graded(clip) {
            grade.clear();
        }
        let map = if media.still { at.clock.map(self.rate).scaled(Ratio::ZERO) } else { running };
        let layer = Layer {
            track: at.track.to_owned(),
            clip: clip.item.name.clone(),
            object: at.path.to_owned(),
            media: media.media,
            map,
            look,
            grade,
            color,
            notes,
        };
        self.layers.insert(at.path.to_owned(), (at.clock.clone(), layer.clone()));
        Ok(layer)
    }
}

/// What of a track is on, from one record frame of a run to the next.
struct Sweep {
    /// The items seen, in record order, with their places in the layout.
    items: Vec<(Range<i64>, usize)>,
    /// The transitions seen, in the order they begin, with their places among all.
    crossings: Vec<(Range<i64>, usize)>,
    next_item: usize,
    next_crossing: usize,
    /// The transitions under way, in the order of the track's own time.
    active: Vec<(Range<i64>, usize)>,
}

impl Sweep {
    fn new(layout: &TrackLayout, crossings: &[Crossing], run: &ClockRun<'_>) -> Sweep {
        let placed = layout.items();
        let first = placed.partition_point(|placed| run.starts_after(placed.range.end()));
        let last = placed.partition_point(|placed| run.gets_to(placed.range.start)).max(first);
        let mut items: Vec<_> = (first..last).map(|place| (run.frames_of(placed[place].range), place)).collect();
        if run.is_backwards() {
            items.reverse();
        }
        let across = crossings.iter().enumerate().map(|(place, crossing)| (run.frames_of(crossing.range), place));
        let mut crossings: Vec<_> = across.filter(|(frames, _)| !intersect(frames, &run.frames).is_empty()).collect();
        crossings.sort_by_key(|(frames, _)| frames.start);
        Sweep { items, crossings, next_item: 0, next_crossing: 0, active: Vec::new() }
    }

    /// `window`, cut wherever something begins or ends.
    fn pieces(&self, window: &Range<i64>) -> Vec<Range<i64>> {
        pieces(window, self.items.iter().chain(&self.crossings).map(|(frames, _)| frames))
    }

    /// Goes on to `frame`; returns the place of the item that is on.
    fn move_to(&mut self, frame: i64) -> Option<usize> {
        while let Some(crossing) = self.crossings.get(self.next_crossing).filter(|(frames, _)| frames.start <= frame) {
            self.active.push(crossing.clone());
            self.next_crossing += 1;
        }
        self.active.retain(|(frames, _)| frames.end > frame);
        self.active.sort_by_key(|(_, place)| *place);
        while self.items.get(self.next_item).is_some_and(|(frames, _)| frames.end <= frame) {
            self.next_item += 1;
        }
        self.items.get(self.next_item).filter(|(frames, _)| frames.contains(&frame)).map(|(_, place)| *place)
    }
}

/// How far a transition is that lies `across` these record frames. (R9)
fn weight(crossing: &Crossing, across: &Range<i64>, clock: &Clock, rate: Rate) -> Weight {
    let length = across.end - across.start;
    match (clock, crossing.curve.as_deref()) {
        (Clock::Plain(_), Some([(from, low), (to, high)])) if to > from && length > 0 => {
            let step = (*high - *low) / (*to - *from);
            let map = SourceMap::new(across.start, *low - *from * step, step / Ratio::whole(length));
            Weight::Map(map)
        }
        (_, Some(points)) if length > 0 => {
            let even = plain_weight(crossing, across, clock, rate);
            let held = |at: Ratio| match (points.first(), points.last()) {
                (Some(first), Some(last)) => line(points, |point| *point, at.clamp(first.0, last.0)),
                _ => at,
            };
            let values = across.clone().map(|record| held(even.at(record))).collect();
            let curve = Some(Curve { record: across.start, values });
            Weight::Map(SourceMap { curve, ..SourceMap::new(across.start, Ratio::ZERO, Ratio::ZERO) })
        }
        _ => plain_weight(crossing, across, clock, rate),
    }
}

fn plain_weight(crossing: &Crossing, across: &Range<i64>, clock: &Clock, rate: Rate) -> Weight {
    match clock {
        Clock::Plain(_) => Weight::Ramp { start: across.start, length: across.end - across.start },
        Clock::Warped(map) => {
            let start = Ratio::ZERO - crossing.range.start.frames(rate);
            Weight::Map(map.clone().shifted(start).scaled(Ratio::ONE / crossing.range.duration.frames(rate)))
        }
    }
}
