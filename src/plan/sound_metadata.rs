//! What applications write about sound into metadata and effects: channels, volume and pan.

use super::lane::effect_name;
use super::retime::{Speed, is_time_remap};
use super::sound::{Crossfade, Gain, SourceChannel};
use crate::time::{Rate, Ratio, Time, TimeRange};
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
    /// What is added to it at these times.
    pub(super) pan_keys: Vec<(Time, f64)>,
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
        if is_time_remap(effect) {
            continue; // It is speed.
        }
        let premiere = effect.metadata.get("PremierePro_OTIO");
        let (name, neutral) = match premiere.and_then(|premiere| premiere.get("MatchName")?.as_str()) {
            Some(name) => (name, false),
            None => effect_name(effect),
        };
        // The bands of an equaliser are effects of their own.
        if neutral || (flat && name == "Fairlight Equaliser Band") {
            continue;
        }
        let parts = match (name, effect.metadata.get("fcp_xml"), premiere) {
            ("Fairlight Clip Volume and Fades" | "Fairlight Clip Pan", ..) => resolve(effect, item, rate),
            (_, Some(xml), _) => final_cut(xml, item, rate),
            (name, _, Some(effect)) => premiere_effect(name, effect, item),
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
                Part::PanKeys(keys) if written.pan_keys.is_empty() => written.pan_keys = keys,
                Part::PanKeys(_) => {
                    written.ignored.push((index, "a second pan with key frames is not heard".to_owned()))
                }
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
    PanKeys(Vec<(Time, f64)>),
    /// Nothing that is known: its name.
    Unknown(String),
}

/// DaVinci Resolve: decibels, and pan over the range that is written with it.
fn resolve(effect: &Effect, item: &Item, rate: Rate) -> Option<Vec<Part>> {
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
            "faderIn" | "faderOut" => value.and_then(|frames| fader(id == "faderOut", frames, item)).map(Part::Gain),
            "pan" => value.map(|pan| Part::Pan((pan / number("maxValue").unwrap_or(1.0).max(1e-9)).clamp(-1.0, 1.0))),
            _ => None,
        };
        Some(known.unwrap_or_else(|| Part::Unknown(format!("parameter {id:?}"))))
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
    let key = |(frame, key): (&str, &Value)| {
        let value = finite(key.get("Value")?)?;
        let time = Time::from_value(frame.trim().parse().ok()?, rate).ok()?;
        Some((time, decibels(value)))
    };
    in_order(written.iter().map(key).collect::<Option<_>>()?)
}

/// Final Cut's interchange format, which Premiere writes too: a factor, and pan from −1 to 1.
fn final_cut(xml: &Value, item: &Item, rate: Rate) -> Option<Vec<Part>> {
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
            _ if parameter.get("keyframe").is_some() && id == wanted => {
                let keys = |least, most| final_cut_keys(parameter.get("keyframe")?, item, (rate, least, most));
                match kind {
                    "audiolevels" => keys(0.0, factor(LOUDEST)).map(|keys| Part::Gain(Gain::Factors(keys))),
                    _ => keys(-1.0, 1.0).map(Part::PanKeys),
                }
            }
            _ if parameter.get("keyframe").is_some() => None,
            Some(value) if id == wanted && kind == "audiopan" => Some(Part::Pan(value.clamp(-1.0, 1.0))),
            Some(value) if id == wanted && value >= 0.0 => Some(Part::Gain(Gain::Constant(value.min(factor(LOUDEST))))),
            _ => None,
        };
        known.unwrap_or_else(|| Part::Unknown(format!("parameter {id:?}")))
    };
    Some(all.iter().map(part).collect())
}

/// Key frames of Final Cut's levels and pans, between `least` and `most`: at media frames, as `source_range` counts them.
fn final_cut_keys(keys: &Value, item: &Item, (rate, least, most): (Rate, f64, f64)) -> Option<Vec<(Time, f64)>> {
    let number = |value: &Value| {
        let text = || value.as_str()?.trim().parse().ok();
        text().or_else(|| value.as_f64()).filter(|value: &f64| value.is_finite())
    };
    let start = item.source_range?.start_time.time().ok()?;
    let speed = Speed::of(item);
    if speed.scalar <= Ratio::ZERO || !speed.curves.is_empty() || speed.keys.is_some() {
        return None;
    }
    let key = |key: &Value| {
        let time = Time::from_value(number(key.get("when")?)?, rate).ok()?;
        let elapsed = Time::from_seconds((time - start).samples(1) / speed.scalar);
        Some((elapsed, number(key.get("value")?)?.clamp(least, most)))
    };
    let all = keys.as_array().unwrap_or(std::slice::from_ref(keys));
    let mut read = all.iter().map(key).collect::<Option<Vec<_>>>()?;
    read.sort_by_key(|(time, _)| *time);
    read.dedup_by_key(|(time, _)| *time);
    (!read.is_empty()).then_some(read)
}

/// Premiere: levels as parts of +15 dB, mutes, and pan from 0 to 1. What a parameter is called depends on the language that
/// Premiere speaks; its number does not.
fn premiere_effect(name: &str, effect: &Value, item: &Item) -> Option<Vec<Part>> {
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
            _ if !keys.is_empty() => level.then(|| premiere_keys(keys, item)).flatten().map(Part::Gain),
            Some(value) if mute => Some(Part::Gain(Gain::Constant(if value == 0.0 { 1.0 } else { 0.0 }))),
            Some(value) if level => Some(Part::Gain(Gain::Constant(factor(premiere_decibels(value))))),
            Some(value) if is("PanProcessor", 0.0) => Some(Part::Pan((2.0 * value - 1.0).clamp(-1.0, 1.0))),
            _ => None,
        };
        match known {
            Some(Part::Gain(Gain::Constant(factor))) if (factor - 1.0).abs() < 1e-6 => None,
            known => Some(known.unwrap_or_else(|| Part::Unknown(format!("parameter {id}")))),
        }
    };
    Some(parameters.iter().filter_map(part).collect())
}

/// Key frames of Premiere lie in the time of the media, as `source_range` does.
fn premiere_keys(keys: &[Value], item: &Item) -> Option<Gain> {
    let start = item.source_range?.start_time.time().ok()?;
    let speed = Speed::of(item);
    if speed.scalar <= Ratio::ZERO || !speed.curves.is_empty() || speed.keys.is_some() {
        return None;
    }
    let key = |key: &Value| {
        let position = key.get("Position")?;
        let rate = Rate::new(finite(position.get("rate")?)?).ok()?;
        let time = Time::from_value(finite(position.get("value")?)?, rate).ok()?;
        let elapsed = Time::from_seconds((time - start).samples(1) / speed.scalar);
        Some((elapsed, premiere_decibels(finite(key.get("Value")?)?)))
    };
    in_order(keys.iter().map(key).collect::<Option<_>>()?)
}

fn premiere_decibels(level: f64) -> f64 {
    (20.0 * level.max(0.0).log10() + 15.0).clamp(SILENT, LOUDEST)
}

/// Decibels at these times; `None` where there are none.
fn in_order(mut keys: Vec<(Time, f64)>) -> Option<Gain> {
    keys.sort_by_key(|(time, _)| *time);
    keys.dedup_by_key(|(time, _)| *time);
    (!keys.is_empty()).then_some(Gain::Decibels(keys))
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
    if let Some(assigned) = list.get("SecondaryAssignments") {
        // Premiere numbers the channels in each of a file's sounds.
        let group = member("PremierePro_OTIO", "OriginalChannelGroupIndex").map_or(Some(0), index);
        let channel = |entry: &Value| index(entry.get("SecondaryChannelIndex")?);
        let all = assigned.as_array().filter(|list| list.len() <= CHANNELS).ok_or_else(wrong)?.iter();
        let all = all.map(|entry| Some(SourceChannel { stream: group?, channel: channel(entry)? }));
        return all.collect::<Option<_>>().ok_or_else(wrong);
    }
    let list = list.as_array().filter(|list| list.len() <= CHANNELS).ok_or_else(wrong)?;
    list.iter().map(|entry| channel(entry).ok_or_else(wrong)).collect()
}

/// The channel of its media that `clip` plays, as Final Cut's interchange format counts them; `None` where it does not
/// say so, and for a stereo clip of Premiere, which stands for both of its channels.
pub(super) fn source_track(clip: &Clip) -> Option<SourceChannel> {
    let xml = clip.item.metadata.get("fcp_xml")?;
    let track = xml.get("sourcetrack")?;
    let audio = track.get("mediatype").and_then(Value::as_str).is_none_or(|kind| kind.eq_ignore_ascii_case("audio"));
    let stereo = xml.get("@premiereChannelType").and_then(Value::as_str) == Some("stereo");
    let number = whole(track.get("trackindex")?)?;
    (audio && !stereo).then_some(SourceChannel { stream: 0, channel: number.checked_sub(1)? })
}

/// The channel of the mix that a track of Final Cut's interchange format goes to, counted from 1.
pub(super) fn output_channel(item: &Item) -> Option<u32> {
    let xml = item.metadata.get("fcp_xml")?;
    whole(xml.get("outputchannelindex")?).filter(|channel| *channel > 0)
}

/// A small whole number, written as one or as text.
fn whole(value: &Value) -> Option<u32> {
    let text = || value.as_str()?.trim().parse().ok();
    text().or_else(|| index(value)).filter(|number| *number <= 1024)
}

/// A number that counts something, from 0.
fn index(value: &Value) -> Option<u32> {
    match value {
        Value::Int(index) => u32::try_from(*index).ok(),
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small whole number")]
        Value::Float(index) if (0.0..1e6).contains(index) && index.fract() == 0.0 => Some(*index as u32),
        _ => None,
    }
}

fn channel(entry: &Value) -> Option<SourceChannel> {
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
