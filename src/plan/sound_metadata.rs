//! What applications write about sound into metadata and effects: channels, volume and pan.

use super::lane::effect_name;
use super::sound::{Gain, SourceChannel};
use crate::time::{Rate, Time};
use crate::timeline::{Clip, Effect, EffectKind, Item, Map, Value};

/// The most decibels that are believed; what is lower than the least is silence.
const LOUDEST: f64 = 60.0;
const SILENT: f64 = -100.0;
/// More channels than any file has.
const CHANNELS: usize = 128;

/// What is written about the sound of an item.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) gains: Vec<Gain>,
    /// From −1, left, to 1, right.
    pub(super) pan: f64,
    /// What is not heard: the place of the effect, and what it is.
    pub(super) ignored: Vec<(usize, String)>,
}

/// What the effects of `item` do to its sound, in its own time: 0 where its trimmed range starts. Its frames are counted
/// at `rate`.
pub(super) fn effects(item: &Item, rate: Rate) -> Written {
    let mut written = Written::default();
    let flat = item.effects.iter().any(|effect| is_off(effect, "Fairlight Clip Equaliser"));
    for (index, effect) in item.effects.iter().enumerate().filter(|(_, effect)| effect.enabled) {
        if !matches!(effect.kind, EffectKind::Other | EffectKind::Unknown(_)) {
            continue;
        }
        let (name, neutral) = effect_name(effect);
        // The bands of an equaliser are effects of their own.
        if neutral || (flat && name == "Fairlight Equaliser Band") {
            continue;
        }
        let parts = match (name, effect.metadata.get("fcp_xml")) {
            ("Fairlight Clip Volume and Fades" | "Fairlight Clip Pan", _) => resolve(effect, rate),
            (_, Some(xml)) => final_cut(xml),
            _ => None,
        };
        let Some(parts) = parts else {
            written.ignored.push((index, format!("effect {name:?} is not heard")));
            continue;
        };
        for part in parts {
            match part {
                Part::Gain(gain) => written.gains.push(gain),
                Part::Pan(pan) => written.pan = (written.pan + pan).clamp(-1.0, 1.0),
                Part::Unknown(what) => {
                    written.ignored.push((index, format!("{what} of effect {name:?} is not heard")));
                }
            }
        }
    }
    written
}

/// Whether this is the effect of DaVinci Resolve that is called `name`, switched off.
fn is_off(effect: &Effect, name: &str) -> bool {
    let Some(resolve) = effect.metadata.get("Resolve_OTIO") else { return false };
    let own = resolve.get("Effect Name").and_then(Value::as_str);
    own == Some(name) && resolve.get("Enabled") == Some(&Value::Bool(false))
}

/// What a parameter does.
enum Part {
    Gain(Gain),
    Pan(f64),
    /// Nothing that is known: its name.
    Unknown(String),
}

/// DaVinci Resolve: decibels, and pan over the range that is written with it.
fn resolve(effect: &Effect, rate: Rate) -> Option<Vec<Part>> {
    let parameters = effect.metadata.get("Resolve_OTIO")?.get("Parameters")?.as_array()?;
    let part = |parameter: &Value| {
        let id = parameter.get("Parameter ID").and_then(Value::as_str).unwrap_or_default();
        let number = |key: &str| parameter.get(key).and_then(finite);
        let value = number("Parameter Value");
        if value.is_some() && value == number("Default Parameter Value") && keys(parameter).is_none_or(Map::is_empty) {
            return None;
        }
        let known = match id {
            "volume" => volume(parameter, rate).map(Part::Gain),
            "pan" => value.map(|pan| Part::Pan((pan / number("maxValue").unwrap_or(1.0).max(1e-9)).clamp(-1.0, 1.0))),
            _ => None,
        };
        Some(known.unwrap_or_else(|| Part::Unknown(format!("parameter {id:?}"))))
    };
    Some(parameters.iter().filter_map(part).collect())
}

fn keys(parameter: &Value) -> Option<&Map> {
    parameter.get("Key Frames")?.as_object()
}

/// A volume in decibels: one value, or key frames counted from the clip's start.
fn volume(parameter: &Value, rate: Rate) -> Option<Gain> {
    let decibels = |value: f64| value.clamp(SILENT, LOUDEST);
    let written = keys(parameter).filter(|keys| !keys.is_empty());
    let Some(written) = written else {
        return finite(parameter.get("Parameter Value")?).map(|value| Gain::Constant(factor(decibels(value))));
    };
    let key = |(frame, key): (&String, &Value)| {
        let value = finite(key.get("Value")?)?;
        let time = Time::from_value(frame.trim().parse().ok()?, rate).ok()?;
        Some((time, decibels(value)))
    };
    let mut keys: Vec<(Time, f64)> = written.iter().map(key).collect::<Option<_>>()?;
    keys.sort_by_key(|(time, _)| *time);
    keys.dedup_by_key(|(time, _)| *time);
    Some(Gain::Decibels(keys))
}

/// Final Cut's interchange format, which Premiere writes too: a factor, and pan from −1 to 1.
fn final_cut(xml: &Value) -> Option<Vec<Part>> {
    let kind = xml.get("effectid")?.as_str()?;
    let parameter = xml.get("parameter")?;
    let all = parameter.as_array().unwrap_or(std::slice::from_ref(parameter));
    let wanted = match kind {
        "audiolevels" => "level",
        "audiopan" => "pan",
        _ => return None,
    };
    let part = |parameter: &Value| {
        let id = parameter.get("parameterid").and_then(Value::as_str).unwrap_or_default();
        let text = || parameter.get("value")?.as_str()?.trim().parse().ok();
        let value = text().or_else(|| parameter.get("value")?.as_f64()).filter(|value: &f64| value.is_finite());
        let known = match value {
            _ if parameter.get("keyframe").is_some() => None,
            Some(value) if id == wanted && kind == "audiopan" => Some(Part::Pan(value.clamp(-1.0, 1.0))),
            Some(value) if id == wanted && value >= 0.0 => Some(Part::Gain(Gain::Constant(value.min(factor(LOUDEST))))),
            _ => None,
        };
        known.unwrap_or_else(|| Part::Unknown(format!("parameter {id:?}")))
    };
    Some(all.iter().map(part).collect())
}

fn factor(decibels: f64) -> f64 {
    if decibels <= SILENT { 0.0 } else { 10f64.powf(decibels / 20.0) }
}

fn finite(value: &Value) -> Option<f64> {
    value.as_f64().filter(|value| value.is_finite())
}

/// The channels of its media that `clip` is made from, as DaVinci Resolve and Premiere write them; empty where nothing is
/// written.
///
/// # Errors
/// What is written there and cannot be understood.
pub(super) fn channels(clip: &Clip) -> Result<Vec<SourceChannel>, String> {
    let member = |application: &str, key: &str| clip.item.metadata.get(application)?.get(key);
    let (name, list) = match (member("Resolve_OTIO", "Channels"), member("PremierePro_OTIO", "AudioChannels")) {
        (Some(list), _) => ("Channels", list),
        (None, Some(list)) => ("AudioChannels", list),
        (None, None) => return Ok(Vec::new()),
    };
    // A number alone tells how many channels there are.
    if matches!(list, Value::Null) || finite(list).is_some_and(|count| count > 0.0) {
        return Ok(Vec::new());
    }
    let wrong = || format!("its {name} are not understood; all channels of its media are heard");
    let list = list.as_array().filter(|list| list.len() <= CHANNELS).ok_or_else(wrong)?;
    list.iter().map(|entry| channel(entry).ok_or_else(wrong)).collect()
}

fn channel(entry: &Value) -> Option<SourceChannel> {
    let index = |value: &Value| match value {
        Value::Int(index) => u32::try_from(*index).ok(),
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small whole number")]
        Value::Float(index) if (0.0..1e6).contains(index) && index.fract() == 0.0 => Some(*index as u32),
        _ => None,
    };
    if let Some(channel) = index(entry) {
        return Some(SourceChannel { stream: 0, channel });
    }
    let first = |keys: &[&str]| keys.iter().find_map(|key| entry.get(key));
    let channel = index(first(&["Source Channel ID", "SourceChannelIndex", "ChannelIndex", "Channel"])?)?;
    let stream = match first(&["Source Track ID", "SourceStreamIndex", "StreamIndex", "Stream"]) {
        Some(stream) => index(stream)?,
        None => 0,
    };
    Some(SourceChannel { stream, channel })
}
