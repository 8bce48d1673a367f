//! DaVinci Resolve, which writes a full set of effects on every clip, under `Resolve_OTIO`.

use super::keys::{Counts, Keys};
use super::levels::{LOUDEST, SILENT, SoundPart, factor, in_order};
use super::look::LookReader;
use super::value::{finite, number, share, text_at};
use crate::geometry::Placement;
use crate::look::{Animated, Blend};
use crate::plan::{Crossfade, Gain};
use crate::time::{Rate, Ratio, Time, TimeRange};
use crate::timeline::{Effect, Item, Map, Transition, Value};

/// What Resolve calls an effect: all of its own are called "Resolve Effect", and the name is in their metadata.
pub(super) fn effect_name(effect: &Effect) -> Option<&str> {
    text_at(&effect.metadata, &["Resolve_OTIO", "Effect Name"])
}

/// Whether `effect`, of which Resolve writes a full set on every clip, is off or has no parameters.
pub(super) fn changes_nothing(effect: &Effect) -> bool {
    let Some(resolve) = effect.metadata.get("Resolve_OTIO") else { return false };
    let off = matches!(resolve.get("Enabled"), Some(Value::Bool(false)));
    let empty = resolve.get("Parameters").and_then(Value::as_array).is_some_and(<[Value]>::is_empty);
    off || empty
}

/// Whether `effect` is read as a look; `None` where it is not one of Resolve's.
pub(super) fn is_look(effect: &Effect) -> Option<bool> {
    effect.metadata.get("Resolve_OTIO")?;
    Some(is_look_name(effect_name(effect).unwrap_or_default()))
}

fn is_look_name(name: &str) -> bool {
    matches!(name, "Transform" | "Cropping" | "Composite" | "Retime and Scaling" | "Video Faders")
}

/// What a transition is called: every one is written as a dissolve or a custom one, and its kind into its metadata.
pub(super) fn transition_names(transition: &Transition) -> [Option<&str>; 2] {
    let text = |keys: &[&str]| text_at(&transition.metadata, keys);
    [text(&["Resolve_OTIO", "Transition Type"]), text(&["Resolve_OTIO", "Effects", "Effect Name"])]
}

/// Names and values of a generator's settings: a list of effects with parameters.
pub(super) fn generator_settings(parameters: &Map) -> impl Iterator<Item = (&str, &Value)> {
    let effects = parameters.get("Resolve_OTIO").and_then(Value::as_array).unwrap_or_default();
    let all = effects.iter().filter_map(|effect| effect.get("Parameters").and_then(Value::as_array)).flatten();
    all.filter_map(|one| Some((one.get("Parameter ID")?.as_str()?, one.get("Parameter Value")?)))
}

/// Says where Resolve's own curve of a transition is not a straight line.
pub(super) fn eased(transition: &Transition) -> Option<String> {
    let parameters = transition.metadata.get("Resolve_OTIO")?.get("Effects")?.get("Parameters")?.as_array()?;
    let is_curve = |parameter: &&Value| {
        parameter.get("Parameter ID").and_then(Value::as_str) == Some("transitionCustomCurvesKeyframes")
    };
    let keys = parameters.iter().find(is_curve)?.get("Key Frames")?.as_object()?;
    let curved = |key: &Value| key.get("InBez").is_some() || key.get("OutBez").is_some();
    let straight = keys.len() <= 2 && !keys.values().any(curved);
    (!straight).then(|| "the transition's own curve is drawn as a straight line".to_owned())
}

impl LookReader<'_> {
    /// One of the effects that Resolve writes on every clip. A parameter that is not there has its default.
    pub(super) fn resolve(&mut self, index: usize, resolve: &Map) {
        if matches!(resolve.get("Enabled"), Some(Value::Bool(false))) {
            return;
        }
        let name = resolve.get("Effect Name").and_then(Value::as_str).unwrap_or_default();
        let known = is_look_name(name);
        let parameters = match resolve.get("Parameters") {
            None | Some(Value::Null) => return,
            Some(Value::Array(parameters)) => &**parameters,
            Some(_) if known => return self.warn(Some(index), format!("the parameters of {name} are not a list")),
            Some(_) => return,
        };
        for parameter in parameters.iter().filter(|_| known) {
            let id = parameter.get("Parameter ID").and_then(Value::as_str).unwrap_or_default();
            if is_default(parameter) {
                continue;
            }
            if !self.resolve_parameter(index, id, parameter) {
                self.warn(Some(index), format!("{id:?} of {name} is not drawn"));
            }
        }
    }

    /// Reads one parameter; `false` where it is not known or cannot be read.
    fn resolve_parameter(&mut self, index: usize, id: &str, parameter: &Value) -> bool {
        let scalar = |reader: &mut Self| reader.animated(index, id, parameter, number);
        match id {
            "transformationFlipX" | "transformationFlipY" => {
                let Some(Value::Bool(flip)) = parameter.get("Parameter Value") else { return false };
                self.transform().flip[usize::from(id.ends_with('Y'))] = *flip;
                return true;
            }
            "transformationAnchorPoint" => {
                for axis in 0..2 {
                    let part = |value: &Value| value.as_array()?.get(axis).and_then(number);
                    let Some(value) = self.animated(index, id, parameter, part) else { return false };
                    self.transform().anchor[axis] = value;
                }
                return true;
            }
            "composite mode" => return self.resolve_mode(index, parameter),
            "scale" => return self.resolve_scaling(parameter),
            "videoFaderIn" | "videoFaderOut" => {
                let Some(length) = parameter.get("Parameter Value").and_then(number) else { return false };
                return self.fade(id.ends_with("Out"), length);
            }
            _ => {}
        }
        let Some(value) = scalar(self) else { return false };
        match id {
            "transformationZoomX" => self.transform().zoom[0] = value,
            "transformationZoomY" => self.transform().zoom[1] = value,
            "transformationPan" => self.transform().position[0] = value,
            "transformationTilt" => self.transform().position[1] = value,
            "transformationRotationAngle" => self.transform().rotation = value,
            "cropLeft" => self.crop().left = value.map(share),
            "cropRight" => self.crop().right = value.map(share),
            "cropTop" => self.crop().top = value.map(share),
            "cropBottom" => self.crop().bottom = value.map(share),
            "opacity" => self.look.opacity = self.opacity(Some(index), value, 100.0),
            _ => return false,
        }
        true
    }

    /// Resolve numbers its composite modes in the order of its menu.
    fn resolve_mode(&mut self, index: usize, parameter: &Value) -> bool {
        let Some(mode) = parameter.get("Parameter Value").and_then(number) else { return false };
        const MODES: [(f64, Blend); 8] = [
            (0.0, Blend::Normal),
            (1.0, Blend::Add),
            (3.0, Blend::Difference),
            (4.0, Blend::Multiply),
            (5.0, Blend::Screen),
            (6.0, Blend::Overlay),
            (9.0, Blend::Darken),
            (10.0, Blend::Lighten),
        ];
        match MODES.iter().find(|(number, _)| (number - mode).abs() < 1e-9) {
            Some((_, blend)) => self.look.blend = *blend,
            None => self.warn(Some(index), format!("composite mode {mode} is not supported; using normal")),
        }
        true
    }

    /// Resolve's scaling of media of another size: crop, fit, fill, stretch; 0 is the project's.
    fn resolve_scaling(&mut self, parameter: &Value) -> bool {
        let Some(scaling) = parameter.get("Parameter Value").and_then(number) else { return false };
        let known = [Placement::Native, Placement::Fit, Placement::Fill, Placement::Stretch];
        let place = (1..).zip(known).find(|(number, _)| (f64::from(*number) - scaling).abs() < 1e-9);
        match place {
            Some((_, placement)) => self.look.placement = Some(placement),
            None if scaling == 0.0 => {}
            None => return false,
        }
        true
    }

    /// A fade over the clip's first or last `length` record frames.
    fn fade(&mut self, out: bool, length: f64) -> bool {
        if !(length.is_finite() && length > 0.0) {
            return length == 0.0;
        }
        let (end, length) = (self.frames, length.min(self.frames));
        let mut keys = match std::mem::take(&mut self.look.fade) {
            Animated::Keys(keys) => keys,
            Animated::Constant(_) => Vec::new(),
        };
        match out {
            true => keys.extend([(end - length, 1.0), (end, 0.0)]),
            false => keys.extend([(0.0, 0.0), (length, 1.0)]),
        }
        keys.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.look.fade = Animated::Keys(keys);
        true
    }

    /// The value of a parameter, with its key frames, which count record frames from the clip's first.
    fn animated(
        &mut self,
        index: usize,
        id: &str,
        parameter: &Value,
        read: impl Fn(&Value) -> Option<f64>,
    ) -> Option<Animated> {
        let constant = parameter.get("Parameter Value").and_then(&read).map(Animated::Constant);
        let keys = match parameter.get("Key Frames") {
            Some(Value::Object(keys)) if !keys.is_empty() => keys,
            _ => return constant,
        };
        let key = |(frame, key): (&str, &Value)| {
            let frame = frame.trim().parse::<f64>().ok().filter(|frame| frame.abs() < 1e12)?;
            Some((frame, read(key.get("Value")?)?))
        };
        let Some(mut read) = keys.iter().map(key).collect::<Option<Vec<_>>>() else {
            self.warn(Some(index), format!("the key frames of {id:?} cannot be read; it is not animated"));
            return constant;
        };
        let curved = |key: &Value| ["InBez", "OutBez"].iter().any(|handle| key.get(handle).is_some());
        if keys.values().any(curved) {
            self.warn(Some(index), format!("{id:?} moves along curves; straight lines are drawn from key to key"));
        }
        read.sort_by(|a, b| a.0.total_cmp(&b.0));
        Some(Animated::Keys(read))
    }
}

/// Whether a parameter of Resolve has its default, without key frames.
fn is_default(parameter: &Value) -> bool {
    let still = match parameter.get("Key Frames") {
        Some(Value::Object(keys)) => keys.is_empty(),
        _ => true,
    };
    still
        && parameter.get("Parameter Value").is_none_or(|value| parameter.get("Default Parameter Value") == Some(value))
}

/// Key frames of a retime.
pub(super) fn keys(list: &[Value]) -> Result<Keys, &'static str> {
    let seconds = |value: Option<&Value>| {
        let seconds = value.and_then(Value::as_f64).filter(|seconds| seconds.abs() < 1e6);
        seconds.map(Ratio::nearest).ok_or("a keyframe is not a pair of times")
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

/// Whether this is the effect that is called `name`, switched off.
pub(super) fn is_off(effect: &Effect, name: &str) -> bool {
    let Some(resolve) = effect.metadata.get("Resolve_OTIO") else { return false };
    let own = resolve.get("Effect Name").and_then(Value::as_str);
    own == Some(name) && resolve.get("Enabled") == Some(&Value::Bool(false))
}

/// What an effect does to sound: decibels, and pan over the range that is written with it.
pub(super) fn sound(effect: &Effect, item: &Item, rate: Rate) -> Option<Vec<SoundPart>> {
    let parameters = effect.metadata.get("Resolve_OTIO")?.get("Parameters")?.as_array()?;
    let part = |parameter: &Value| {
        let id = parameter.get("Parameter ID").and_then(Value::as_str).unwrap_or_default();
        let number = |key: &str| parameter.get(key).and_then(finite);
        let value = number("Parameter Value");
        if value.is_some()
            && value == number("Default Parameter Value")
            && key_frames(parameter).is_none_or(Map::is_empty)
        {
            return None;
        }
        let known = match id {
            "volume" => volume(parameter, rate).map(SoundPart::Gain),
            "faderIn" | "faderOut" => {
                value.and_then(|frames| fader(id == "faderOut", frames, item)).map(SoundPart::Gain)
            }
            "pan" => {
                value.map(|pan| SoundPart::Pan((pan / number("maxValue").unwrap_or(1.0).max(1e-9)).clamp(-1.0, 1.0)))
            }
            _ => None,
        };
        Some(known.unwrap_or_else(|| SoundPart::Unknown(format!("parameter {id:?}"))))
    };
    Some(parameters.iter().filter_map(part).collect())
}

/// A fade over the first or the last `frames` of `item`, by straight lines.
fn fader(out: bool, frames: f64, item: &Item) -> Option<Gain> {
    let whole = item.source_range?.duration;
    let (end, length) = (whole.time().ok()?, Time::from_value(frames, whole.rate).ok()?);
    let length = length.max(Time::ZERO).min(end);
    let law = Crossfade::Linear;
    Some(match out {
        true => Gain::FadeOut { range: TimeRange::between(end - length, end), law },
        false => Gain::FadeIn { range: TimeRange::between(Time::ZERO, length), law },
    })
}

fn key_frames(parameter: &Value) -> Option<&Map> {
    parameter.get("Key Frames")?.as_object()
}

/// A volume in decibels: one value, or key frames counted from the clip's start.
fn volume(parameter: &Value, rate: Rate) -> Option<Gain> {
    let decibels = |value: f64| value.clamp(SILENT, LOUDEST);
    let written = key_frames(parameter).filter(|keys| !keys.is_empty());
    let Some(written) = written else {
        return finite(parameter.get("Parameter Value")?).map(|value| Gain::Constant(factor(decibels(value))));
    };
    let key = |(frame, key): (&str, &Value)| {
        let value = finite(key.get("Value")?)?;
        let time = Time::from_value(frame.trim().parse().ok()?, rate).ok()?;
        Some((time, decibels(value)))
    };
    in_order(written.iter().map(key).collect::<Option<_>>()?)
}
