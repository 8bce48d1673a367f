//! The filters that Final Cut and Premiere write, as the adapter of their XML keeps them in metadata.

use super::{LookReader, is_empty, number, share, text_of};
use crate::plan::{Animated, Blend, Placement, Unit};
use crate::time::Ratio;
use crate::timeline::{Map, Value, is_off};

impl LookReader<'_> {
    /// What Final Cut and Premiere write on the clip item itself: its mode, and filters where they were kept there.
    pub(super) fn final_cut_item(&mut self) {
        let Some(item) = self.item.metadata.get("fcp_xml").and_then(Value::as_object) else { return };
        if let Some(mode) = item.get("compositemode").and_then(Value::as_str) {
            match Blend::by_name(mode) {
                Some(blend) => self.look.blend = blend,
                None => self.warn(None, format!("blend mode {mode:?} is not drawn; it is laid over as normal")),
            }
        }
        // The adapter keeps filters here and makes effects of them, too.
        let in_effects = self.item.effects.iter().any(|effect| effect.metadata.contains_key("fcp_xml"));
        let filters = item.get("filter").filter(|_| !in_effects);
        for filter in filters.map(list).into_iter().flatten() {
            if filter.get("enabled").is_some_and(is_off) {
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
    pub(super) fn final_cut(&mut self, index: Option<usize>, effect: &Map) -> bool {
        let id = effect.get("effectid").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
        if !matches!(id.as_str(), "basic" | "opacity" | "crop") {
            return false;
        }
        if effect.get("enabled").is_some_and(is_off) {
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
        let map = self.map.filter(|map| map.curve.is_none() && self.clock.step != Ratio::ZERO);
        // Media frames in one record frame of the clip.
        let runs = map.map(|map| (map, map.step / self.clock.step)).filter(|(_, step)| *step > Ratio::ZERO);
        let Some((map, step)) = runs else {
            let why = "what does not run forwards through media at one speed";
            self.warn(index, format!("{id:?} is animated on {why}; it is not animated"));
            return constant;
        };
        let (frame, position) = (self.clock.position(map.record).to_f64(), map.position(map.record).to_f64());
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
}

/// One thing or several: adapters write a list only where there are several.
pub(in crate::plan) fn list(value: &Value) -> &[Value] {
    match value {
        Value::Array(values) => values,
        one => std::slice::from_ref(one),
    }
}

fn is_linear(interpolation: &Value) -> bool {
    let name = interpolation.get("name").unwrap_or(interpolation);
    name.as_str().is_some_and(|name| name.to_ascii_lowercase().contains("linear"))
}
