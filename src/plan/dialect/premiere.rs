//! Premiere's own OpenTimelineIO, under `PremierePro_OTIO`. Its XML is Final Cut's.

use super::levels::{LOUDEST, SILENT, SoundPart, factor, in_order};
use super::value::finite;
use crate::plan::Gain;
use crate::time::{Rate, Ratio, Time};
use crate::timeline::{Item, Value};

/// What an effect does to sound: levels as parts of +15 dB, mutes, and pan from 0 to 1. What a parameter is called depends on the language that
/// Premiere speaks; its number does not.
/// `speed` tells how fast the item runs, where that is one speed forwards.
pub(super) fn sound(
    name: &str,
    effect: &Value,
    item: &Item,
    speed: &dyn Fn() -> Option<Ratio>,
) -> Option<Vec<SoundPart>> {
    let parameters = effect.get("Parameters")?.as_array()?;
    let part = |parameter: &Value| {
        let id = parameter.get("ID").and_then(finite).unwrap_or(-1.0);
        let start = parameter.get("StartValue").and_then(|start| start.get("Value"));
        let value = start.and_then(|value| match value {
            Value::Bool(on) => Some(f64::from(*on)),
            value => finite(value),
        });
        let keys = parameter.get("Keyframes").and_then(Value::as_array).unwrap_or_default();
        if keys.is_empty() && start.is_none() {
            return None;
        }
        let is = |kind: &str, number: f64| name.starts_with(kind) && id == number;
        let (mute, level) = (is("Internal Volume", 0.0) || is("AudioFader", 1.0), is("Internal Volume", 1.0));
        let known = match value {
            _ if !keys.is_empty() => level.then(|| key_frames(keys, item, speed()?)).flatten().map(SoundPart::Gain),
            Some(value) if mute => Some(SoundPart::Gain(Gain::Constant(if value == 0.0 { 1.0 } else { 0.0 }))),
            Some(value) if level => Some(SoundPart::Gain(Gain::Constant(factor(decibels(value))))),
            Some(value) if is("PanProcessor", 0.0) => Some(SoundPart::Pan((2.0 * value - 1.0).clamp(-1.0, 1.0))),
            _ => None,
        };
        match known {
            Some(SoundPart::Gain(Gain::Constant(factor))) if (factor - 1.0).abs() < 1e-6 => None,
            known => Some(known.unwrap_or_else(|| SoundPart::Unknown(format!("parameter {id}")))),
        }
    };
    Some(parameters.iter().filter_map(part).collect())
}

/// Key frames of Premiere lie in the time of the media, as `source_range` does.
fn key_frames(keys: &[Value], item: &Item, speed: Ratio) -> Option<Gain> {
    let start = item.source_range?.start_time.time().ok()?;
    let key = |key: &Value| {
        let position = key.get("Position")?;
        let rate = Rate::new(finite(position.get("rate")?)?).ok()?;
        let time = Time::from_value(finite(position.get("value")?)?, rate).ok()?;
        let elapsed = Time::from_seconds((time - start).samples(1) / speed);
        Some((elapsed, decibels(finite(key.get("Value")?)?)))
    };
    in_order(keys.iter().map(key).collect::<Option<_>>()?)
}

fn decibels(level: f64) -> f64 {
    (20.0 * level.max(0.0).log10() + 15.0).clamp(SILENT, LOUDEST)
}
