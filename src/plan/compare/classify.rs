//! What differs between two shots that are one.

use super::subject::Subject;
use super::{Action, Difference};
use crate::plan::{
    ColorNote, Element, Grade, Layer, Look, Pitch, Plan, Retime, Shot, SoundClip, SoundLayout, SourceMap, Span, Weight,
};
use crate::time::{Ratio, Time, TimeRange};

/// What differs between `old` and `new`; `moved` says whether it lies elsewhere.
pub(super) fn differences(
    plans: (&Plan, &Plan),
    (old, new): (&Subject<'_>, &Subject<'_>),
    moved: bool,
) -> Vec<Difference> {
    let mut found = Vec::new();
    if old.media != new.media {
        let version = old.family == new.family;
        found.push(Difference::MediaReplaced { from: old.media.clone(), to: new.media.clone(), version });
    }
    if moved {
        found.push(Difference::Moved);
    }
    let retimed = is_retimed(old, new);
    if retimed {
        found.push(Difference::Retimed { from: old.speed(), to: new.speed() });
    } else if old.media == new.media || old.family == new.family {
        found.extend(trimmed(old, new).or_else(|| slipped_within_a_frame(plans, old, new)));
    }
    let compared = Compared::new(old, new, retimed);
    let (frames, shift) = (compared.frames, compared.shift);
    let other = compared.found();
    for (differs, difference) in [
        (other.layers, Difference::LayersChanged),
        (other.transition, Difference::TransitionChanged),
        (other.look || media_look_differs(plans, old, new), Difference::LookChanged),
        (sound_differs(plans, frames, shift), Difference::SoundChanged),
    ] {
        if differs {
            found.push(difference);
        }
    }
    if settings_differ(plans) {
        found.push(Difference::SettingsChanged);
    }
    if old.shot.name != new.shot.name {
        found.push(Difference::Renamed { from: old.shot.name.clone(), to: new.shot.name.clone() });
    }
    found
}

/// What has to be done about them.
pub(super) fn action(
    plans: (&Plan, &Plan),
    (old, new): (&Subject<'_>, &Subject<'_>),
    differences: &[Difference],
) -> Action {
    let is_picture = |difference: &Difference| {
        !matches!(
            difference,
            Difference::Moved | Difference::Trimmed { .. } | Difference::Slipped { .. } | Difference::Renamed { .. }
        )
    };
    if differences.is_empty() {
        return Action::Keep;
    }
    if differences.iter().any(is_picture) || !is_delivered(plans, old, new) { Action::Repull } else { Action::Retrim }
}

/// Whether every frame of `new` is among those delivered of `old`, its sound, too. Handles that show the cut show the
/// neighbours of a shot: its own frames are not there.
fn is_delivered(plans: (&Plan, &Plan), old: &Subject<'_>, new: &Subject<'_>) -> bool {
    let head = match (old.hero, new.hero, new.speed().filter(|step| step.num() != 0)) {
        (Some(a), Some(b), Some(step)) => {
            let apart = a.map.position(old.record.0) - b.map.position(new.record.0);
            (apart / step + Ratio::new(1, 2)).floor()
        }
        _ => 0,
    };
    let shift = new.record.0 + head - old.record.0;
    let frames = (new.record.0 - shift, new.record.1 + 1 - shift);
    let there = (old.shot.start, old.shot.start.saturating_add(old.shot.frame_count));
    let inside = there.0 <= frames.0 && frames.1 <= there.1;
    let compared = Compared { old, new, frames, shift, exact: true, found: FoundDifferences::default() };
    inside && !sound_differs(plans, frames, shift) && !compared.found().any()
}

/// What a mix is made as, whatever is in it.
fn mix(plan: &Plan) -> Option<(u32, SoundLayout, Pitch, [Option<f64>; 2])> {
    plan.sound.as_ref().map(|sound| (sound.rate, sound.layout, sound.pitch, [sound.limit, sound.loudness]))
}

/// Whether the media of both lie otherwise in the canvas, or their values are something else.
fn media_look_differs(plans: (&Plan, &Plan), old: &Subject<'_>, new: &Subject<'_>) -> bool {
    let (Some(a), Some(b)) = (old.hero, new.hero) else { return false };
    let (a, b) = (&plans.0.media[a.media], &plans.1.media[b.media]);
    (a.size, a.pixel_aspect, a.color, a.bounds, &a.space) != (b.size, b.pixel_aspect, b.color, b.bounds, &b.space)
}

/// Whether the plans make other pictures or sounds of the same cut.
fn settings_differ((old, new): (&Plan, &Plan)) -> bool {
    old.rate != new.rate
        || old.canvas != new.canvas
        || old.placement != new.placement
        || old.background != new.background
        || old.retime != new.retime
        || old.overrun != new.overrun
        || old.damaged != new.damaged
        || mix(old) != mix(new)
        || old.color != new.color
}

fn is_retimed(old: &Subject<'_>, new: &Subject<'_>) -> bool {
    let (Some(a), Some(b)) = (old.hero, new.hero) else { return false };
    match (&a.map.curve, &b.map.curve) {
        (None, None) => a.map.step != b.map.step,
        (Some(_), Some(_)) => {
            // A curve is the same if it goes through the same frames somewhere.
            let frames = old.frames().min(new.frames());
            let run = |map: &SourceMap, first: i64, frame: i64| map.position(first + frame) - map.position(first);
            old.frames() == new.frames()
                && (0..frames).any(|frame| run(&a.map, old.record.0, frame) != run(&b.map, new.record.0, frame))
        }
        _ => true,
    }
}

/// Where it starts and ends otherwise.
fn trimmed(old: &Subject<'_>, new: &Subject<'_>) -> Option<Difference> {
    let step = new.speed().filter(|step| step.num() != 0);
    let Some(step) = step else {
        // A freeze shows one frame as long as it lasts; a curve cannot be told in frames of the record.
        let tail = new.frames() - old.frames();
        return match (new.source.0 - old.source.0, tail) {
            (0, 0) => None,
            (0, tail) => Some(Difference::Trimmed { head: 0, tail }),
            (frames, 0) => Some(Difference::Slipped { frames }),
            (_, tail) => Some(Difference::Trimmed { head: 0, tail }),
        };
    };
    let (Some(a), Some(b)) = (old.hero, new.hero) else { return None };
    let records = |later: Ratio, earlier: Ratio| ((later - earlier) / step + Ratio::new(1, 2)).floor();
    let head = records(a.map.position(old.record.0), b.map.position(new.record.0));
    let tail = new.frames() - old.frames() - head;
    match (head, tail) {
        (0, 0) => None,
        (head, tail) if head + tail == 0 => Some(Difference::Slipped { frames: new.source.0 - old.source.0 }),
        (head, tail) => Some(Difference::Trimmed { head, tail }),
    }
}

/// A slip by less than one record frame: at other speeds than the plain one, media frames lie between those of the record.
fn slipped_within_a_frame(plans: (&Plan, &Plan), old: &Subject<'_>, new: &Subject<'_>) -> Option<Difference> {
    let (a, b) = (&old.hero?.map, &new.hero?.map);
    let moments = || (old.record.0..=old.record.1).zip(new.record.0..=new.record.1);
    if old.speed().is_none() || a.position(old.record.0) == b.position(new.record.0) {
        return None;
    }
    let blends = [plans.0, plans.1].iter().any(|plan| plan.retime == Retime::Blend);
    let is_slipped = blends || moments().any(|(at, other)| a.index(at) != b.index(other));
    is_slipped.then(|| Difference::Slipped { frames: new.source.0 - old.source.0 })
}

/// What differs beside the frames of the shot's own clip.
#[derive(Debug, Default)]
struct FoundDifferences {
    layers: bool,
    transition: bool,
    look: bool,
}

impl FoundDifferences {
    fn any(&self) -> bool {
        self.layers || self.transition || self.look
    }
}

/// Two shots over the record frames that both have.
struct Compared<'c, 'p> {
    old: &'c Subject<'p>,
    new: &'c Subject<'p>,
    /// Record frames of the earlier cut, from the first to behind the last.
    frames: (i64, i64),
    /// What is added to them for the same ones in the later cut.
    shift: i64,
    /// The frames of the shot's own clip have to be the same, too.
    exact: bool,
    found: FoundDifferences,
}

impl<'c, 'p> Compared<'c, 'p> {
    fn new(old: &'c Subject<'p>, new: &'c Subject<'p>, retimed: bool) -> Compared<'c, 'p> {
        // The same frame of the media, where there is one; else from the heads on.
        let head = match trimmed(old, new) {
            Some(Difference::Trimmed { head, .. }) if !retimed && old.family == new.family => head,
            _ => 0,
        };
        let shift = new.record.0 + head - old.record.0;
        let first = old.record.0.max(new.record.0 - shift);
        let end = (old.record.1 + 1).min(new.record.1 + 1 - shift);
        Compared { old, new, frames: (first, end), shift, exact: false, found: FoundDifferences::default() }
    }

    fn found(mut self) -> FoundDifferences {
        let (mut at, end) = self.frames;
        while at < end {
            let (a, b) = (span_at(self.old.shot, at), span_at(self.new.shot, at + self.shift));
            let until = |span: Option<&Span>, shift: i64| span.map_or(end, |span| span.start + span.count - shift);
            let to = until(a, 0).min(until(b, self.shift)).min(end).max(at + 1);
            let nothing: &[Element] = &[];
            let stack = |span: Option<&'p Span>| span.map_or(nothing, |span| span.stack.as_slice());
            self.stacks(stack(a), stack(b), (at, to));
            at = to;
        }
        self.found
    }

    fn stacks(&mut self, a: &[Element], b: &[Element], frames: (i64, i64)) {
        if a.len() != b.len() {
            self.found.layers = true;
            return;
        }
        a.iter().zip(b).for_each(|(a, b)| self.elements(a, b, frames));
    }

    fn elements(&mut self, a: &Element, b: &Element, frames: (i64, i64)) {
        match (a, b) {
            (Element::Layer(a), Element::Layer(b)) => self.layers(a, b, frames),
            (
                Element::Stack { elements: a, look: own, grade },
                Element::Stack { elements: b, look: other, grade: other_grade },
            ) => {
                self.found.layers |= grade != other_grade || !self.looks_alike(own, other, frames);
                self.stacks(a, b, frames);
            }
            (
                Element::Mix { from, to, weight, style },
                Element::Mix { from: other_from, to: other_to, weight: other_weight, style: other_style },
            ) => {
                self.found.transition |= style != other_style || !self.weights_alike(weight, other_weight, frames);
                for (a, b) in [(from, other_from), (to, other_to)] {
                    match (a, b) {
                        (Some(a), Some(b)) => self.elements(a, b, frames),
                        (None, None) => {}
                        _ => self.found.layers = true,
                    }
                }
            }
            (Element::Mix { .. }, _) | (_, Element::Mix { .. }) => self.found.transition = true,
            _ => self.found.layers = true,
        }
    }

    fn layers(&mut self, a: &Layer, b: &Layer, frames: (i64, i64)) {
        let is_hero = |subject: &Subject<'_>, layer: &Layer| {
            subject.hero.is_some_and(|hero| std::ptr::eq(hero, layer) || hero.object == layer.object)
        };
        let alike = self.looks_alike(&a.look, &b.look, frames) && decisions(a) == decisions(b);
        match (is_hero(self.old, a), is_hero(self.new, b)) {
            (true, true) => {
                self.found.look |= !alike;
                self.found.layers |= self.exact && !self.maps_alike(&a.map, &b.map, frames);
            }
            (false, false) => {
                let same = a.media == b.media && self.maps_alike(&a.map, &b.map, frames);
                self.found.layers |= !(same && alike);
            }
            _ => self.found.layers = true,
        }
    }

    /// Record frames of both at which curves are compared: all of a few hundred, and some of more.
    fn moments(&self, (from, to): (i64, i64)) -> impl Iterator<Item = (i64, i64)> {
        const MOST: i64 = 240;
        let (step, shift) = (((to - from) / MOST).max(1), self.shift);
        let all = (from..to).step_by(usize::try_from(step).unwrap_or(1));
        all.chain(std::iter::once(to - 1)).map(move |at| (at, at + shift))
    }

    fn maps_alike(&self, a: &SourceMap, b: &SourceMap, frames: (i64, i64)) -> bool {
        if a.curve.is_none() && b.curve.is_none() {
            return a.step == b.step && a.position(frames.0) == b.position(frames.0 + self.shift);
        }
        self.moments(frames).all(|(at, other)| a.position(at) == b.position(other))
    }

    fn weights_alike(&self, a: &Weight, b: &Weight, frames: (i64, i64)) -> bool {
        self.moments(frames).all(|(at, other)| a.at(at) == b.at(other))
    }

    fn looks_alike(&self, a: &Look, b: &Look, frames: (i64, i64)) -> bool {
        if a == b {
            return a.clock.is_none() || self.moments(frames).all(|(at, other)| a.frame(at) == b.frame(other));
        }
        let still = |look: &Look| Look { clock: None, ..look.clone() };
        still(a) == still(b) && self.moments(frames).all(|(at, other)| a.frame(at) == b.frame(other))
    }
}

fn decisions(layer: &Layer) -> (&[ColorNote], &[Grade]) {
    (&layer.color, &layer.grade)
}

fn span_at(shot: &Shot, record: i64) -> Option<&Span> {
    let next = shot.spans.partition_point(|span| span.start <= record);
    next.checked_sub(1).map(|place| &shot.spans[place]).filter(|span| record < span.start + span.count)
}

/// Whether something else is heard over the record frames that both have, or the same otherwise.
fn sound_differs((a, b): (&Plan, &Plan), (first, end): (i64, i64), shift: i64) -> bool {
    if end <= first {
        return false;
    }
    let window = |plan: &Plan, first: i64, end: i64| {
        TimeRange::between(Time::from_frames(first, plan.rate), Time::from_frames(end, plan.rate))
    };
    let (own, other) = (window(a, first, end), window(b, first + shift, end + shift));
    let clips = |plan: &Plan, window: TimeRange| -> Vec<String> {
        let all = plan.sound.iter().flat_map(|sound| &sound.clips);
        let inside = all.filter(|clip| clip.range.start < window.end() && window.start < clip.range.end());
        let mut clips: Vec<String> = inside.map(|clip| heard(plan, clip, window)).collect();
        clips.sort_unstable();
        clips
    };
    clips(a, own) != clips(b, other)
}

/// What is heard of `clip` in `window`, as a text that is equal where the same is heard.
fn heard(plan: &Plan, clip: &SoundClip, window: TimeRange) -> String {
    const MOMENTS: i64 = 16;
    let range = clip.range.intersect(window);
    let begins = range.start - window.start;
    let moment = |index: i64| range.start + Time::from_flicks(range.duration.flicks() * index / MOMENTS);
    let along: Vec<[String; 3]> = (0..=MOMENTS)
        .map(|index| {
            let at = moment(index);
            [clip.map.place(at).to_f64(), clip.gain(at), clip.pan_at(at)].map(|value| format!("{value:.6}"))
        })
        .collect();
    let media = plan.media[clip.media].source.display();
    format!("{media} {begins:?} {:?} {:?} {:?} {along:?}", range.duration, clip.channels, clip.output)
}
