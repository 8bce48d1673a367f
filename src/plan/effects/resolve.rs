//! The effects that Resolve writes into the metadata of clips.

use super::{LookReader, number, share};
use crate::plan::{Animated, Blend, Placement};
use crate::timeline::{Map, Value};

impl LookReader<'_> {
    /// One of the effects that Resolve writes on every clip. A parameter that is not there has its default.
    pub(super) fn resolve(&mut self, index: usize, resolve: &Map) {
        if matches!(resolve.get("Enabled"), Some(Value::Bool(false))) {
            return;
        }
        let name = resolve.get("Effect Name").and_then(Value::as_str).unwrap_or_default();
        let known = matches!(name, "Transform" | "Cropping" | "Composite" | "Retime and Scaling" | "Video Faders");
        let parameters = match resolve.get("Parameters") {
            None | Some(Value::Null) => return,
            Some(Value::Array(parameters)) => &**parameters,
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
