//! What time effects do: rules R5 and R6.

use std::ops::Range;

use super::clock::Clock;
use super::context::{Builder, VisitedObject};
use crate::error::Result;
use crate::plan::ReverseConvention;
use crate::plan::dialect::{self, Keys, is_time_remap};
use crate::time::source_map::{Curve, SourceMap};
use crate::time::{FRAME_TOLERANCE, Ratio, Time, TimeRange};
use crate::timeline::{Composition, Effect, EffectKind, Item, Value};

/// What the time effects of an item do together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Speed {
    /// How many frames of its own pass in one of its parent.
    pub(super) scalar: Ratio,
    /// Time-warp curves in the order of their effects: frames to be added at each of the item's record frames, before
    /// they are multiplied by the scalar. None is empty.
    pub(super) curves: Vec<Vec<Ratio>>,
    /// Keyframes.
    pub(super) keys: Option<Keys>,
}

impl Speed {
    /// The speed of what stands still.
    pub(super) const STILL: Speed = Speed { scalar: Ratio::ZERO, curves: Vec::new(), keys: None };

    /// R5: the product of the linear time warps, where a freeze is 0, and the curves.
    pub(super) fn of(item: &Item) -> Speed {
        let mut speed = Speed { scalar: Ratio::ONE, ..Speed::STILL };
        for effect in item.effects.iter().filter(|effect| effect.enabled) {
            match effect.kind {
                EffectKind::LinearTimeWarp { time_scalar } if time_scalar.is_finite() => {
                    speed.scalar = speed.scalar * Ratio::nearest(time_scalar);
                }
                EffectKind::FreezeFrame { .. } => speed.scalar = Ratio::ZERO,
                EffectKind::Time => {
                    speed.curves.extend(lookup(effect).map(numbers).filter(|list| !list.is_empty()));
                    speed.keys = dialect::keys(effect, item).and_then(Result::ok).or(speed.keys);
                }
                EffectKind::Other if is_time_remap(effect) => {
                    speed.keys = dialect::keys(effect, item).and_then(Result::ok).or(speed.keys);
                }
                _ => {}
            }
        }
        if speed.scalar.num() == 0 {
            return Speed::STILL;
        }
        speed
    }

    /// How fast it runs, where that is one speed forwards.
    pub(super) fn steady(&self) -> Option<Ratio> {
        (self.scalar > Ratio::ZERO && self.curves.is_empty() && self.keys.is_none()).then_some(self.scalar)
    }

    fn is_plain(&self) -> bool {
        self.scalar == Ratio::ONE && self.curves.is_empty() && self.keys.is_none()
    }

    /// How far behind its lowest frame a reversed item starts, in its parent's record frames: R6. `steps` is how the
    /// clock around it runs, `duration` how long it lasts there.
    pub(super) fn reversed(&self, item: &Item, duration: Ratio, steps: Ratio, convention: ReverseConvention) -> Ratio {
        let from_start = convention == ReverseConvention::PlaybackStart && item.source_range.is_some();
        if self.scalar >= Ratio::ZERO || from_start {
            return Ratio::ZERO;
        }
        // The last moment sampled shows what the range starts with: under slow motion that is less than a frame before
        // the end.
        let last = if steps.num() == 0 { Ratio::ONE } else { steps.abs().min(Ratio::ONE) };
        (Ratio::whole(duration.next_frame()) - last).max(Ratio::ZERO)
    }

    /// What had to be assumed of an item that lasts `duration` record frames.
    pub(super) fn notes(&self, duration: Ratio) -> impl Iterator<Item = String> {
        let frames = duration.next_frame();
        let values = self.curves.iter().map(Vec::len).min();
        let short = values.filter(|&values| i64::try_from(values).is_ok_and(|values| values < frames));
        let short =
            short.map(|values| format!("a time-warp curve has {values} values for {frames} frames: the last holds"));
        let keys = self.keys.as_ref().map(Keys::note);
        short.into_iter().chain(keys)
    }

    /// `line` at the speed of the key frames, where they are one straight line wherever the item can be asked.
    fn straight(&self, line: &SourceMap, elapsed: &SourceMap, curved_item: CurvedItem<'_>) -> Option<SourceMap> {
        if self.scalar != Ratio::ONE || !self.curves.is_empty() || elapsed.curve.is_some() {
            return None;
        }
        let (from, to) = (Ratio::ZERO - curved_item.beyond, curved_item.frames + curved_item.beyond);
        let (speed, added) =
            self.keys.as_ref()?.straight(curved_item.start, from / curved_item.rate, to / curved_item.rate)?;
        let more = elapsed.scaled((speed - Ratio::ONE) * curved_item.step);
        let position = line.position + more.position + added * curved_item.rate * curved_item.step;
        Some(SourceMap { record: line.record, position, step: line.step + more.step, curve: None })
    }

    /// What keyframes and curves add to the run without them: the lists in frames of the item, the keyframes in its
    /// seconds. `elapsed` takes record frames to the item's, which counts `rate` of them a second; it starts `start`
    /// seconds into its media, of which it counts `step` frames per record frame.
    fn curved(&self, elapsed: &SourceMap, curved_item: CurvedItem<'_>) -> Option<Curve> {
        let keyed = self.keys.as_ref().map(|keys| {
            let seconds = |frame: Ratio| frame / curved_item.rate;
            let records = curved_item.keyed(elapsed);
            let added = |frame| keys.run(curved_item.start, seconds(frame)) * curved_item.rate - frame;
            tabulated(elapsed, records, |frame| added(frame * self.scalar) * curved_item.step)
        });
        match (keyed, self.curve(elapsed, curved_item.horizon)) {
            (Some(keyed), Some(curve)) => Some(keyed.plus(&curve)),
            (keyed, curve) => keyed.or(curve),
        }
    }

    /// How many values [`Speed::curved`] will tabulate.
    fn values(&self, elapsed: &SourceMap, curved_item: CurvedItem<'_>) -> usize {
        let keyed = self.keys.as_ref().map(|_| curved_item.keyed(elapsed));
        let bends = (!self.curves.is_empty()).then(|| self.bends(elapsed, curved_item.horizon));
        let counts = keyed.into_iter().chain(bends).map(|records| records.end.saturating_sub(records.start));
        let own = elapsed.curve_len();
        counts.fold(own, |sum, count| sum.saturating_add(usize::try_from(count).unwrap_or(usize::MAX)))
    }

    /// What the curves add, in frames of the item, where `elapsed` takes record frames to the item's.
    fn curve(&self, elapsed: &SourceMap, horizon: &Range<i64>) -> Option<Curve> {
        if self.curves.is_empty() {
            return None;
        }
        Some(tabulated(elapsed, self.bends(elapsed, horizon), |frame| self.added(frame) * self.scalar))
    }

    /// What the curves add at `frame` of the item. Each effect retimes what those before it made of the media: the last
    /// one is asked first.
    fn added(&self, frame: Ratio) -> Ratio {
        self.curves.iter().rev().fold(frame, |frame, list| frame + between(list, frame)) - frame
    }

    /// The record frames outside of which the lists add the same as at the nearest one inside.
    fn bends(&self, elapsed: &SourceMap, horizon: &Range<i64>) -> Range<i64> {
        let most = |list: &Vec<Ratio>| list.iter().map(|value| value.abs()).max().unwrap_or(Ratio::ZERO);
        let reach = self.curves.iter().map(most).fold(Ratio::ZERO, |sum, most| sum + most);
        let length = self.curves.iter().map(Vec::len).max().unwrap_or(0);
        let length = Ratio::whole(i64::try_from(length).unwrap_or(i64::MAX));
        reached(elapsed, Ratio::ZERO - reach, length + reach, horizon)
    }
}

/// Where an item that is bent lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct CurvedItem<'b> {
    /// How many frames of its parent's time it counts in a second.
    pub(super) rate: Ratio,
    /// How many seconds into its media, or into what its children show, it starts.
    pub(super) start: Ratio,
    /// How many media frames pass in one of those frames.
    pub(super) step: Ratio,
    /// How many of them it lasts.
    pub(super) frames: Ratio,
    /// How many more it may be asked for on either side, by handles and transitions.
    pub(super) beyond: Ratio,
    /// The record frames that can be asked for.
    pub(super) horizon: &'b Range<i64>,
}

impl CurvedItem<'_> {
    /// The record frames at which keyframes are looked up.
    fn keyed(&self, elapsed: &SourceMap) -> Range<i64> {
        reached(elapsed, Ratio::ZERO - self.beyond, self.frames + self.beyond, self.horizon)
    }
}

/// The record frames for which `elapsed` lies between `low` and `high`, and some more; within `horizon`, not empty.
fn reached(elapsed: &SourceMap, low: Ratio, high: Ratio, horizon: &Range<i64>) -> Range<i64> {
    let mut records = elapsed.record..elapsed.record.saturating_add(1);
    if let Some(curve) = &elapsed.curve {
        records = curve.record..curve.end();
    }
    if elapsed.step.num() != 0 {
        let ends = elapsed.curve.iter().flat_map(|curve| [curve.at(i64::MIN), curve.at(i64::MAX)]);
        for added in ends.chain([Ratio::ZERO]) {
            let at = |frame: Ratio| ((frame - elapsed.position - added) / elapsed.step).floor();
            let (a, b) = (at(low).min(at(high)), at(low).max(at(high)));
            records.start = records.start.min(elapsed.record.saturating_add(a).saturating_sub(1));
            records.end = records.end.max(elapsed.record.saturating_add(b).saturating_add(2));
        }
    }
    let start = records.start.clamp(horizon.start, horizon.end - 1);
    start..records.end.clamp(start + 1, horizon.end.max(start + 1))
}

/// What `value` makes of the frames that `elapsed` leads to at each of `records`.
fn tabulated(elapsed: &SourceMap, records: Range<i64>, value: impl Fn(Ratio) -> Ratio) -> Curve {
    let record = records.start;
    Curve { record, values: records.map(|record| value(elapsed.position(record))).collect() }
}

impl Builder<'_> {
    /// The clock of the children of `composition`, which starts at time 0 of `at.clock` and shows `trimmed` of them.
    pub(super) fn inside(
        &mut self,
        composition: &Composition,
        at: VisitedObject<'_>,
        trimmed: TimeRange,
    ) -> Result<Clock> {
        let back = Time::ZERO - trimmed.start;
        if !is_retimed(&composition.item) {
            return Ok(at.clock.starting_at(back, self.rate));
        }
        let known = self.clocks.get(at.path).filter(|(outside, _)| outside == at.clock);
        // A log needs to hear again what there is to be said.
        if let (Some((_, inside)), None) = (known, &self.log) {
            return Ok(inside.clone());
        }
        let speed = Speed::of(&composition.item);
        let frames = trimmed.duration.frames(self.rate);
        for note in speed.notes(frames) {
            self.warn(at.path, note);
        }
        let elapsed = at.clock.map(self.rate);
        let reversed = speed.reversed(&composition.item, frames, elapsed.step, self.options.reverse);
        let run = elapsed.scaled(speed.scalar).shifted(reversed * speed.scalar.abs());
        let start = trimmed.start.frames(self.rate) / self.rate.nominal();
        let curved = self.curved(&speed, (run, &elapsed), self.curved_item(start, Ratio::ONE, frames), at.path)?;
        let inside = Clock::Warped(curved).starting_at(back, self.rate);
        self.clocks.insert(at.path.to_owned(), (at.clock.clone(), inside.clone()));
        Ok(inside)
    }

    /// `line`, the run without key frames and curves, with what those add, for the object at `path`.
    pub(super) fn curved(
        &self,
        speed: &Speed,
        (line, elapsed): (SourceMap, &SourceMap),
        curved_item: CurvedItem<'_>,
        path: &str,
    ) -> Result<SourceMap> {
        if let Some(straight) = speed.straight(&line, elapsed, curved_item) {
            return Ok(straight);
        }
        Ok(line.plus(self.curved_map(speed, elapsed, curved_item, path)?))
    }

    /// What key frames and curves add to what runs as `elapsed` says, within the limits on curves, for the object at
    /// `path`.
    pub(super) fn curved_map(
        &self,
        speed: &Speed,
        elapsed: &SourceMap,
        curved_item: CurvedItem<'_>,
        path: &str,
    ) -> Result<Option<Curve>> {
        let values = speed.values(elapsed, curved_item);
        self.spend_values(values, path)?;
        self.spend(values.saturating_mul(speed.curves.len() + usize::from(speed.keys.is_some())), path)?;
        Ok(speed.curved(elapsed, curved_item))
    }

    /// Where an item lies that starts `start` seconds into its media, takes steps of `step` media frames, and lasts
    /// `frames`.
    pub(super) fn curved_item(&self, start: Ratio, step: Ratio, frames: Ratio) -> CurvedItem<'_> {
        let rate = self.rate.nominal();
        let handles = self.options.most_handles();
        let handles = handles.head.max(handles.tail);
        // Ten seconds are a long transition.
        let beyond = frames.max(rate * Ratio::whole(10)) + Ratio::whole(handles.into());
        CurvedItem { rate, start, step, frames, beyond, horizon: &self.horizon }
    }
}

/// Whether the effects of `item` change how its time runs.
pub(crate) fn is_retimed(item: &Item) -> bool {
    item.effects.iter().any(is_applied) && !Speed::of(item).is_plain()
}

/// Whether `effect` retimes its item, at least in part.
pub(crate) fn is_applied(effect: &Effect) -> bool {
    let applies = match effect.kind {
        EffectKind::LinearTimeWarp { time_scalar } => time_scalar.is_finite(),
        EffectKind::FreezeFrame { .. } => true,
        EffectKind::Time => {
            lookup(effect).is_some_and(|list| list.iter().any(|value| number(value).is_some())) || is_keyed(effect)
        }
        EffectKind::Other if is_time_remap(effect) => is_keyed(effect),
        EffectKind::Other | EffectKind::Unknown(_) => false,
    };
    effect.enabled && applies
}

/// Whether the key frames of `effect` can be used.
fn is_keyed(effect: &Effect) -> bool {
    matches!(dialect::keys(effect, &Item::default()), Some(Ok(_)))
}

/// What of a time effect cannot be applied, as a sentence.
pub(super) fn not_applied(effect: &Effect) -> Option<String> {
    let name = if effect.effect_name.is_empty() { &effect.name } else { &effect.effect_name };
    let why = match effect.kind {
        EffectKind::LinearTimeWarp { time_scalar } if !time_scalar.is_finite() => {
            format!("its speed {time_scalar} is not a finite number")
        }
        EffectKind::Other if !is_time_remap(effect) => return None,
        EffectKind::Time | EffectKind::Other => match lookup(effect) {
            None => match dialect::keys(effect, &Item::default()) {
                Some(Ok(keys)) if keys.eased => {
                    return Some(format!(
                        "time effect {name:?} has soft keyframes; the straight lines between them are taken"
                    ));
                }
                Some(Ok(_)) => return None,
                Some(Err(why)) => why.to_owned(),
                None => "it has no list `lookup`".to_owned(),
            },
            Some([]) => "its `lookup` is empty".to_owned(),
            Some(list) => match list.iter().filter(|value| number(value).is_none()).count() {
                0 => return None,
                wrong if wrong == list.len() => "its `lookup` holds no number".to_owned(),
                wrong => {
                    return Some(format!(
                        "{wrong} of the {} values in the `lookup` of time effect {name:?} are not numbers; using the number before each",
                        list.len()
                    ));
                }
            },
        },
        _ => return None,
    };
    Some(format!("time effect {name:?} is not applied: {why}"))
}

/// The list that makes a time effect a time-warp curve.
fn lookup(effect: &Effect) -> Option<&[Value]> {
    effect.metadata.get("lookup").or_else(|| effect.extra.get("lookup")).and_then(Value::as_array)
}

fn number(value: &Value) -> Option<Ratio> {
    value.as_f64().filter(|value| value.is_finite()).map(Ratio::nearest)
}

/// The numbers of `list`, where anything else counts as the number before it, or the first one after it. Empty where it
/// holds none.
fn numbers(list: &[Value]) -> Vec<Ratio> {
    let Some(mut last) = list.iter().find_map(number) else { return Vec::new() };
    let one = |value| {
        last = number(value).unwrap_or(last);
        last
    };
    list.iter().map(one).collect()
}

/// The value of `list` at `frame`: between two entries on the straight line between them, and beyond the ends the end's.
fn between(list: &[Ratio], frame: Ratio) -> Ratio {
    let whole = frame.frame();
    let at = |place: i64| {
        let place = usize::try_from(place).unwrap_or(0).min(list.len().saturating_sub(1));
        list.get(place).copied().unwrap_or(Ratio::ZERO)
    };
    let fraction = frame - Ratio::whole(whole);
    if whole < 0 || fraction <= FRAME_TOLERANCE {
        return at(whole);
    }
    at(whole) + (at(whole.saturating_add(1)) - at(whole)) * fraction
}
