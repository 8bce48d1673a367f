//! Retimes by key frames, as Resolve, Final Cut and Premiere write them. (R5)

use super::effects::{final_cut_id, list, number, switch};
use crate::time::Ratio;
use crate::timeline::{Effect, Item, Value};

/// Which moment of the media is shown after how much time: straight lines between points, in seconds from the start of
/// the retimed media and from the start of the media as it is. They run on beyond the ends.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Keys {
    /// At least two, by the time of play.
    points: Vec<(Ratio, Ratio)>,
    /// What `source_range` of the clip counts.
    counts: Counts,
    /// Whether the lines between points are curves, which are not read.
    pub(super) eased: bool,
    /// Whether the application blends the frames between which it is.
    blends: bool,
}

/// What the start of a retimed clip's `source_range` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counts {
    /// Moments of the media as it is: Resolve. No moment of it is played twice.
    Media,
    /// Moments of play: Final Cut and Premiere.
    Play,
    /// Moments of the media as it is, and the graph counts both from the clip's start: Avid.
    Offset,
}

impl Keys {
    /// The key frames in the metadata of `effect`, if it has any, on `item`.
    ///
    /// # Errors
    /// Why they cannot be used.
    pub(super) fn of(effect: &Effect, item: &Item) -> Option<Result<Keys, &'static str>> {
        if final_cut_id(effect).is_some_and(|id| id == "timeremap") {
            let parameters = effect.metadata.get("fcp_xml")?.get("parameter").map_or(&[][..], list);
            return Some(Keys::final_cut(parameters, item));
        }
        if let Some(parameters) = effect.metadata.get("AAF").and_then(|aaf| aaf.get("Parameters")) {
            return Keys::avid(parameters, item);
        }
        let list = effect.metadata.get("Resolve_OTIO")?.get("Key Frames")?;
        Some(list.as_array().ok_or("its keyframes are no list").and_then(Keys::resolve))
    }

    fn resolve(list: &[Value]) -> Result<Keys, &'static str> {
        let seconds = |value: Option<&Value>| {
            let seconds = value.and_then(Value::as_f64).filter(|seconds| seconds.abs() < 1e6);
            seconds.map(Ratio::nearest).ok_or("a keyframe is no pair of times")
        };
        let mut points = Vec::with_capacity(list.len());
        let mut eased = false;
        for key in list {
            let parts = key.as_array().unwrap_or_default();
            points.push((seconds(parts.first())?, seconds(parts.get(1))?));
            eased |= matches!(parts.get(2), Some(Value::Bool(true)));
        }
        if points.len() < 2 {
            return Err("it has fewer than two keyframes");
        }
        if points.windows(2).any(|pair| pair[1].0 <= pair[0].0) {
            return Err("its keyframes are not in order");
        }
        // Which of two moments a clip starts at could not be told.
        if points.windows(2).any(|pair| pair[1].1 < pair[0].1) {
            return Err("its keyframes run backwards");
        }
        Ok(Keys { points, counts: Counts::Media, eased, blends: false })
    }

    /// `Time Remap`: key frames of `graphdict`, each a frame of play and a frame of the media, counted at the clip's rate;
    /// where there are none, `speed` in percent.
    fn final_cut(parameters: &[Value], item: &Item) -> Result<Keys, &'static str> {
        let named = |name: &str| {
            let is = |one: &&Value| one.get("parameterid").and_then(Value::as_str).is_some_and(|id| id.trim() == name);
            parameters.iter().find(is)
        };
        let value = |name: &str| named(name)?.get("value");
        let reverse = value("reverse").is_some_and(switch);
        let rate = item.source_range.map_or(Ratio::ONE, |range| range.duration.rate.nominal());
        let seconds = |frame: f64| Ratio::nearest(frame) / rate;
        let frame = |key: &Value, name: &str| number(key.get(name)?).filter(|frame| frame.abs() < 1e9);
        let written = named("graphdict").and_then(|graph| graph.get("keyframe")).map_or(&[][..], list);
        let pair = |key: &Value| Some((frame(key, "when")?, frame(key, "value")?));
        let mut keys =
            written.iter().map(pair).collect::<Option<Vec<_>>>().ok_or("a key frame is no pair of frames")?;
        keys.sort_by(|a, b| a.0.total_cmp(&b.0));
        keys.dedup_by(|a, b| a == b);
        if keys.len() < 2 {
            let speed = value("speed").and_then(number).filter(|speed| speed.abs() <= 1e6);
            let speed = speed.ok_or("it has neither key frames nor a speed")? / 100.0;
            if reverse || speed < 0.0 {
                return Err("it runs backwards, and has no key frames to say from where");
            }
            keys = vec![(0.0, 0.0), (100.0, 100.0 * speed)];
        } else if reverse {
            as_shown(&mut keys, named("graphdict").and_then(|graph| number(graph.get("valuemax")?)));
        }
        let bent = |key: &Value| ["inscale", "outscale", "inbez", "outbez"].iter().any(|part| key.get(part).is_some());
        Ok(Keys {
            points: keys.into_iter().map(|(when, value)| (seconds(when), seconds(value))).collect(),
            counts: Counts::Play,
            eased: written.iter().any(bent),
            blends: value("frameblending").is_some_and(switch),
        })
    }

    /// Avid's map of the clip's frames to frames of its media, both from the clip's start.
    fn avid(parameters: &Value, item: &Item) -> Option<Result<Keys, &'static str>> {
        let Some(map) = parameters.get("PARAM_SPEED_OFFSET_MAP_U") else {
            let others = ["PARAM_SPEED_MAP_U", "PARAM_OFFSET_MAP_U"];
            let other = others.iter().any(|name| parameters.get(name).is_some());
            return other.then_some(Err("its speed is given by a curve of Avid's that is not read"));
        };
        let rate = item.source_range.map_or(Ratio::ONE, |range| range.duration.rate.nominal());
        let straight = map.get("keyframe_interpolation").and_then(Value::as_str).is_none_or(|name| name == "Linear");
        let Some(points) = avid_points(map).filter(|points| points.len() > 1) else {
            return Some(Err("the points of its curve of speed cannot be read"));
        };
        Some(Ok(Keys {
            points: points.into_iter().map(|(time, value)| (time / rate, value / rate)).collect(),
            counts: Counts::Offset,
            eased: !straight,
            blends: false,
        }))
    }

    /// How many seconds of media run in the `elapsed` seconds from where the clip's `source_range` starts at `start`.
    pub(super) fn run(&self, start: Ratio, elapsed: Ratio) -> Ratio {
        let at = |played| line(&self.points, |point| *point, played);
        match self.counts {
            Counts::Play => at(start + elapsed) - start,
            Counts::Offset => at(elapsed),
            Counts::Media => {
                let from = line(&self.points, |(played, media)| (*media, *played), start);
                at(from + elapsed) - at(from)
            }
        }
    }

    /// The speed, and what is added to the elapsed time before it is multiplied by that, where nothing but one straight
    /// line lies between `from` and `to` seconds after `start`: what is media time then is `(elapsed + added) × speed`.
    pub(super) fn straight(&self, start: Ratio, from: Ratio, to: Ratio) -> Option<(Ratio, Ratio)> {
        let origin = match self.counts {
            Counts::Media => return None,
            Counts::Play => start,
            Counts::Offset => Ratio::ZERO,
        };
        let (first, last) = (origin + from, origin + to);
        // A point on the edge bends nothing inside.
        let inside = self.points.iter().skip(1).rev().skip(1);
        if inside.clone().any(|(played, _)| *played > first && *played < last) {
            return None;
        }
        let speed = self.run(start, from + Ratio::ONE.min(to - from)) - self.run(start, from);
        let speed = speed / Ratio::ONE.min(to - from);
        Some((speed, self.run(start, from) - from * speed))
    }

    /// What had to be assumed.
    pub(super) fn note(&self) -> String {
        match self.counts {
            Counts::Media => {
                "retimed by keyframes: source_range is taken to start at the media's place of the first frame, and each \
                 keyframe to be a second of play and a second of media"
            }
            Counts::Play if self.blends => {
                "retimed by Time Remap: source_range counts frames of play; its frame blending is what the option for \
                 slow motion makes"
            }
            Counts::Play => "retimed by Time Remap: source_range counts frames of play",
            Counts::Offset => "retimed by Avid's curve of speed: it counts from the start of source_range",
        }
        .to_owned()
    }
}

/// The control points of a varying value in an AAF, by time, as the adapters write them.
pub(super) fn avid_points(value: &Value) -> Option<Vec<(Ratio, Ratio)>> {
    let list = value.get("keyframe_values").or_else(|| value.get("PointList")).unwrap_or(value).as_array()?;
    let point = |point: &Value| {
        let parts = point.as_array();
        let (time, value) = match parts {
            Some([time, value, ..]) => (time, value),
            Some(_) => return None,
            None => (point.get("Time")?, point.get("Value")?),
        };
        Some((fraction(time)?, fraction(value)?))
    };
    let mut points = list.iter().map(point).collect::<Option<Vec<_>>>()?;
    points.sort_by_key(|(time, _)| *time);
    Some(points)
}

/// A number, or one over another as AAFs have them.
fn fraction(value: &Value) -> Option<Ratio> {
    if let Some((over, under)) = value.as_str().and_then(|text| text.split_once('/')) {
        let under: i64 = under.trim().parse().ok()?;
        return (under != 0).then_some(Ratio::new(over.trim().parse().ok()?, under));
    }
    number(value).filter(|number| number.abs() < 1e9).map(Ratio::nearest)
}

/// Makes of the values of a reversed graph the frames that are shown. Both applications write the last frame of the media,
/// from which it runs back, as if it lay behind the media's end: Premiere all values by two frames, told by the first
/// being one more than `valuemax`; Final Cut those at the graph's ends by two and the others by one, the first being two
/// more. Anything else is taken as it is.
fn as_shown(keys: &mut [(f64, f64)], largest: Option<f64>) {
    let (Some(largest), Some(&(_, first))) = (largest, keys.first()) else { return };
    let ends = keys.len() - 1;
    let beyond = first - largest;
    for (place, (_, value)) in keys.iter_mut().enumerate() {
        if (beyond - 1.0).abs() < 1e-6 {
            *value -= 2.0;
        } else if (beyond - 2.0).abs() < 1e-6 {
            *value -= if place == 0 || place == ends { 2.0 } else { 1.0 };
        }
    }
}

/// The value at `x` of straight lines through `points`, as `pair` takes them, which run on beyond the ends.
pub(super) fn line(points: &[(Ratio, Ratio)], pair: impl Fn(&(Ratio, Ratio)) -> (Ratio, Ratio), x: Ratio) -> Ratio {
    let last = points.len().saturating_sub(1);
    let after = points.partition_point(|point| pair(point).0 < x).clamp(1.min(last), last);
    let (Some(before), Some(after)) = (points.get(after.saturating_sub(1)), points.get(after)) else {
        return Ratio::ZERO;
    };
    let (before, after) = (pair(before), pair(after));
    if after.0 == before.0 {
        // A step: no line goes through it.
        return after.1;
    }
    before.1 + (x - before.0) * (after.1 - before.1) / (after.0 - before.0)
}
