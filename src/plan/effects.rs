//! What applications write about how a clip looks, read from its metadata: Resolve, Hiero, Premiere and Final Cut.

use super::build::Builder;
use super::generator::generated;
use super::lane::At;
use super::look::{Animated, Blend, ColorNote, Crop, Look, Transform, Unit};
use super::media::bounds;
use super::{Placement, SourceMap};
use crate::time::Ratio;
use crate::timeline::{Clip, Effect, EffectKind, Map, MediaReference, Value};

/// A clip on its way to a [`Look`].
struct LookReader<'r> {
    /// How many record frames it lasts.
    frames: f64,
    /// Record frames since its first.
    clock: &'r SourceMap,
    /// Where its source frames lie.
    map: &'r SourceMap,
    look: Look,
    color: Vec<ColorNote>,
    warnings: Vec<(Option<usize>, String)>,
    clip: &'r Clip,
}

/// What was read: the look, colour that is not applied, and sentences with the effects they are about.
struct LookRead {
    look: Look,
    color: Vec<ColorNote>,
    warnings: Vec<(Option<usize>, String)>,
}

/// How `clip` looks, which lasts `frames` record frames.
fn read(clip: &Clip, frames: f64, clock: &SourceMap, map: &SourceMap) -> LookRead {
    let (look, color, warnings) = (Look::default(), Vec::new(), Vec::new());
    let mut reader = LookReader { frames, clock, map, look, color, warnings, clip };
    reader.hiero();
    reader.final_cut_item();
    for (index, effect) in clip.item.effects.iter().enumerate().filter(|(_, effect)| effect.enabled) {
        if let Some(resolve) = effect.metadata.get("Resolve_OTIO").and_then(Value::as_object) {
            reader.resolve(index, resolve);
        } else if let Some(filter) = effect.metadata.get("fcp_xml").and_then(Value::as_object) {
            reader.final_cut(Some(index), filter);
        }
        if is_color(effect) {
            reader.color.push(ColorNote::Effect { name: effect_name(effect).to_owned() });
        }
    }
    reader.decisions();
    if reader.look.is_animated() {
        reader.look.clock = Some(Box::new(clock.clone()));
    }
    LookRead { look: reader.look, color: reader.color, warnings: reader.warnings }
}

impl Builder<'_> {
    /// How `clip` looks, which lasts `duration` record frames of `at.clock`, and what is to be done to its colours. What
    /// cannot be drawn is a warning.
    pub(super) fn look(&mut self, clip: &Clip, at: At<'_>, duration: Ratio, map: &SourceMap) -> (Look, Vec<ColorNote>) {
        let bounded = clip.media_reference().and_then(MediaReference::common);
        if bounded.is_some_and(|media| media.available_image_bounds.is_some() && bounds(media).is_none()) {
            self.warn(at.path, "its available_image_bounds are no rectangle, and are not used".to_owned());
        }
        if let Some(MediaReference::Generator { generator_kind, parameters, common }) = clip.media_reference()
            && let (_, Some(message)) = generated(generator_kind, parameters, common, &clip.item.name)
        {
            self.warn(at.path, message);
        }
        let read = read(clip, duration.to_f64(), &at.clock.map(self.rate), map);
        for (effect, message) in read.warnings {
            match effect {
                Some(index) => self.warn(&format!("{}.effects[{index}]", at.path), message),
                None => self.warn(at.path, message),
            }
        }
        (read.look, read.color)
    }
}

/// Whether [`read`] says what there is to say about this effect of a clip.
pub(super) fn is_read(effect: &Effect) -> bool {
    if let Some(resolve) = effect.metadata.get("Resolve_OTIO") {
        let name = resolve.get("Effect Name").and_then(Value::as_str).unwrap_or_default();
        return matches!(name, "Transform" | "Cropping" | "Composite" | "Retime and Scaling" | "Video Faders");
    }
    let id = effect.metadata.get("fcp_xml").and_then(|filter| filter.get("effectid")).and_then(Value::as_str);
    id.is_some_and(|id| matches!(id.to_ascii_lowercase().as_str(), "basic" | "opacity" | "crop"))
}

/// What the application calls an effect.
///
/// Resolve calls all of its own "Resolve Effect"; the name is in their metadata.
pub(super) fn effect_name(effect: &Effect) -> &str {
    let own = if effect.effect_name.is_empty() { &effect.name } else { &effect.effect_name };
    let resolve = effect.metadata.get("Resolve_OTIO");
    resolve.and_then(|resolve| resolve.get("Effect Name")).and_then(Value::as_str).unwrap_or(own)
}

/// Whether an effect is by its name one of those that change colours.
fn is_color(effect: &Effect) -> bool {
    const NAMES: [&str; 9] = ["color", "colour", "lut", "grade", "cdl", "lumetri", "ocio", "saturation", "curves"];
    let name = effect_name(effect).to_lowercase();
    let words = || name.split(|letter: char| !letter.is_alphanumeric());
    matches!(effect.kind, EffectKind::Other | EffectKind::Unknown(_))
        && NAMES.iter().any(|known| words().any(|word| word.trim_end_matches(char::is_numeric).starts_with(known)))
}

impl LookReader<'_> {
    fn warn(&mut self, effect: Option<usize>, message: String) {
        self.warnings.push((effect, message));
    }

    /// An opacity of `whole` at most as a share.
    fn opacity(&mut self, effect: Option<usize>, value: Animated, whole: f64) -> Animated {
        let outside = |value: f64| !(0.0..=whole).contains(&value);
        let any = match &value {
            Animated::Constant(value) => outside(*value),
            Animated::Keys(keys) => keys.iter().any(|(_, value)| outside(*value)),
        };
        if any {
            self.warn(effect, format!("an opacity outside 0 to {whole} is cut to it"));
        }
        value.map(|value| (value / whole).clamp(0.0, 1.0))
    }

    /// Hiero writes the properties of the clip in its bin, with everything else about the media.
    fn hiero(&mut self) {
        let clip = self.clip;
        let media = clip.media_reference().and_then(MediaReference::common).map(|common| &common.metadata);
        for map in media.into_iter().chain([&clip.item.metadata]) {
            if let Some(written) = map.get("clip.properties.opacity").filter(|value| !is_empty(value)) {
                match number(written) {
                    Some(value) => self.look.opacity = self.opacity(None, Animated::Constant(value), 1.0),
                    None => self.warn(None, "clip.properties.opacity is no number; 1 is taken".to_owned()),
                }
            }
            if let Some(written) = map.get("clip.properties.blendfunc").filter(|value| !is_empty(value)) {
                // 0 is what every clip has that nobody touched; what the other numbers mean is not published.
                let name = written.as_str().unwrap_or_default();
                match Blend::by_name(name) {
                    Some(blend) => self.look.blend = blend,
                    None if number(written) == Some(0.0) => {}
                    None => self
                        .warn(None, format!("blend mode {} is not known; it is laid over as normal", text_of(written))),
                }
            }
        }
    }

    /// One of the effects that Resolve writes on every clip. A parameter that is not there has its default.
    fn resolve(&mut self, index: usize, resolve: &Map) {
        if matches!(resolve.get("Enabled"), Some(Value::Bool(false))) {
            return;
        }
        let name = resolve.get("Effect Name").and_then(Value::as_str).unwrap_or_default();
        let known = matches!(name, "Transform" | "Cropping" | "Composite" | "Retime and Scaling" | "Video Faders");
        let parameters = match resolve.get("Parameters") {
            None | Some(Value::Null) => return,
            Some(Value::Array(parameters)) => parameters.as_slice(),
            Some(_) if known => return self.warn(Some(index), format!("the parameters of {name} are no list")),
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
            None => self.warn(Some(index), format!("composite mode {mode} is not drawn; it is laid over as normal")),
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
        let key = |(frame, key): (&String, &Value)| {
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

    fn transform(&mut self) -> &mut Transform {
        self.look.transform.get_or_insert_default()
    }

    fn crop(&mut self) -> &mut Crop {
        self.look.crop.get_or_insert_default()
    }

    /// What Final Cut and Premiere write on the clip item itself: its mode, and filters where they were kept there.
    fn final_cut_item(&mut self) {
        let Some(item) = self.clip.item.metadata.get("fcp_xml").and_then(Value::as_object) else { return };
        if let Some(mode) = item.get("compositemode").and_then(Value::as_str) {
            match Blend::by_name(mode) {
                Some(blend) => self.look.blend = blend,
                None => self.warn(None, format!("blend mode {mode:?} is not drawn; it is laid over as normal")),
            }
        }
        for filter in item.get("filter").map(list).into_iter().flatten() {
            if matches!(filter.get("enabled").and_then(Value::as_str), Some("FALSE")) {
                continue;
            }
            for effect in filter.get("effect").map(list).into_iter().flatten().filter_map(Value::as_object) {
                if !self.final_cut(None, effect) && effect.get("mediatype").and_then(Value::as_str) != Some("audio") {
                    let name = effect.get("name").or(effect.get("effectid")).map(text_of).unwrap_or_default();
                    self.warn(None, format!("effect {name} is not drawn"));
                }
            }
        }
    }

    /// One filter of Final Cut or Premiere; whether it is one that is read.
    fn final_cut(&mut self, index: Option<usize>, effect: &Map) -> bool {
        let id = effect.get("effectid").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
        if !matches!(id.as_str(), "basic" | "opacity" | "crop") {
            return false;
        }
        if matches!(effect.get("enabled").and_then(Value::as_str), Some("FALSE")) {
            return true;
        }
        if id == "basic" {
            // Its scale is of the media's own size, whatever the canvas's is.
            self.look.placement = Some(Placement::Native);
            self.transform().unit = Unit::Media;
        }
        for parameter in effect.get("parameter").map(list).into_iter().flatten() {
            let name = parameter.get("parameterid").map(text_of).unwrap_or_default();
            if !self.final_cut_parameter(index, &name.to_ascii_lowercase(), parameter) {
                self.warn(index, format!("{name:?} of {id:?} is not drawn"));
            }
        }
        true
    }

    fn final_cut_parameter(&mut self, index: Option<usize>, id: &str, parameter: &Value) -> bool {
        if matches!(id, "center" | "centeroffset") {
            for (axis, (name, sign)) in [("horiz", 1.0), ("vert", -1.0)].into_iter().enumerate() {
                let part = |value: &Value| value.get(name).and_then(number);
                let Some(value) = self.final_cut_value(index, id, parameter, part) else { return false };
                let value = value.map(|value| value * sign);
                let transform = self.transform();
                if id == "center" { transform.position[axis] = value } else { transform.anchor[axis] = value }
            }
            return true;
        }
        let Some(value) = self.final_cut_value(index, id, parameter, number) else {
            // Parameters that have no value at all change nothing.
            return parameter.get("value").is_none_or(is_empty);
        };
        let is_nothing = value == Animated::Constant(0.0);
        match id {
            "scale" => self.transform().zoom = [value.clone(), value].map(|value| value.map(|value| value / 100.0)),
            "rotation" => self.transform().rotation = value.map(|degrees| -degrees),
            "opacity" => self.look.opacity = self.opacity(index, value, 100.0),
            _ if is_nothing => {}
            "left" => self.crop().left = value.map(|value| share(value / 100.0)),
            "right" => self.crop().right = value.map(|value| share(value / 100.0)),
            "top" => self.crop().top = value.map(|value| share(value / 100.0)),
            "bottom" => self.crop().bottom = value.map(|value| share(value / 100.0)),
            _ => return false,
        }
        true
    }

    /// The value of a parameter, with its key frames, which count media frames from the media's first.
    fn final_cut_value(
        &mut self,
        index: Option<usize>,
        id: &str,
        parameter: &Value,
        read: impl Fn(&Value) -> Option<f64>,
    ) -> Option<Animated> {
        let constant = parameter.get("value").and_then(&read).map(Animated::Constant);
        let keys: Vec<&Value> = parameter.get("keyframe").map(list).into_iter().flatten().collect();
        if keys.is_empty() {
            return constant;
        }
        // Media frames in one record frame of the clip.
        let step = if self.clock.step == Ratio::ZERO { Ratio::ZERO } else { self.map.step / self.clock.step };
        if step <= Ratio::ZERO || self.map.curve.is_some() {
            let why = "that does not run forwards at one speed";
            self.warn(index, format!("{id:?} is animated on a clip {why}; it is not animated"));
            return constant;
        }
        let record = self.map.record;
        let (frame, position) = (self.clock.position(record).to_f64(), self.map.position(record).to_f64());
        let key = |key: &&Value| {
            let when = number(key.get("when")?)?;
            Some((frame + (when - position) / step.to_f64(), read(key.get("value")?)?))
        };
        let Some(mut read) = keys.iter().map(key).collect::<Option<Vec<_>>>() else {
            self.warn(index, format!("the key frames of {id:?} cannot be read; it is not animated"));
            return constant;
        };
        let curved = |key: &&Value| key.get("inscale").or(key.get("outscale")).is_some();
        let eased = keys.iter().any(curved) || parameter.get("interpolation").is_some_and(|how| !is_linear(how));
        if eased {
            self.warn(index, format!("{id:?} moves along curves; straight lines are drawn from key to key"));
        }
        read.sort_by(|a, b| a.0.total_cmp(&b.0));
        Some(Animated::Keys(read))
    }

    /// Colour decisions under `cdl`, as the EDL and ALE adapters write them.
    fn decisions(&mut self) {
        let clip = self.clip;
        let media = clip.media_reference().and_then(MediaReference::common).map(|common| &common.metadata);
        for map in [Some(&clip.item.metadata), media].into_iter().flatten() {
            let Some(written) = map.get("cdl").filter(|value| !is_empty(value)) else { continue };
            match decision(written) {
                Some(cdl) => self.color.push(cdl),
                None => self.warn(None, "its colour decision (cdl) cannot be read".to_owned()),
            }
        }
        if self.color.iter().any(|note| matches!(note, ColorNote::Cdl { .. })) {
            self.warn(None, "its colour decision (ASC CDL) is listed and not applied".to_owned());
        }
    }
}

/// `{"asc_sop": {"slope": [r, g, b], "offset": …, "power": …}, "asc_sat": s}`; what is not there changes nothing.
fn decision(written: &Value) -> Option<ColorNote> {
    let written = written.as_object()?;
    let triple = |key: &str, default: f64| match written.get("asc_sop").and_then(|sop| sop.get(key)) {
        None => Some([default; 3]),
        Some(values) => match values.as_array()? {
            [r, g, b] => Some([number(r)?, number(g)?, number(b)?]),
            _ => None,
        },
    };
    let saturation =
        written.get("asc_sat").map_or(Some(1.0), |value| if is_empty(value) { Some(1.0) } else { number(value) });
    if !written.contains_key("asc_sop") && !written.contains_key("asc_sat") {
        return None;
    }
    Some(ColorNote::Cdl {
        slope: triple("slope", 1.0)?,
        offset: triple("offset", 0.0)?,
        power: triple("power", 1.0)?,
        saturation: saturation?,
    })
}

/// A number that a picture can have, also one that was written as text.
fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_f64(),
    };
    number.filter(|number: &f64| number.abs() < 1e12)
}

fn share(value: f64) -> f64 {
    value.clamp(0.0, 1.0)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// One thing or several: adapters write a list only where there are several.
fn list(value: &Value) -> &[Value] {
    match value {
        Value::Array(values) => values,
        one => std::slice::from_ref(one),
    }
}

/// A value as a word for messages.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => number(other).map_or_else(|| "that is no number".to_owned(), |number| number.to_string()),
    }
}

fn is_linear(interpolation: &Value) -> bool {
    let name = interpolation.get("name").unwrap_or(interpolation);
    name.as_str().is_some_and(|name| name.to_ascii_lowercase().contains("linear"))
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
