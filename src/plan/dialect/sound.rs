//! What is written about sound in metadata and effects: channels, volume and pan.

use super::levels::SoundPart;
use super::value::{finite, index};
use super::{changes_nothing, effect_name, final_cut, premiere, resolve};
use crate::plan::{Gain, SourceChannel};
use crate::time::{Rate, Ratio, Time};
use crate::timeline::{Clip, EffectKind, Item, Value};

/// More channels than any file has.
const CHANNELS: usize = 128;

/// What is written about the sound of an item.
#[derive(Debug, Default)]
pub(in crate::plan) struct WrittenSound {
    pub(in crate::plan) gains: Vec<Gain>,
    /// From −1, left, to 1, right.
    pub(in crate::plan) pan: f64,
    /// What is added to it at these times.
    pub(in crate::plan) pan_keys: Vec<(Time, f64)>,
    /// What is not heard: the place of the effect, and what it is.
    pub(in crate::plan) ignored: Vec<(usize, String)>,
}

/// What the effects of `item` do to its sound, in its own time: 0 where its trimmed range starts. Its frames are counted
/// at `rate`; `speed` tells how fast it runs, where that is one speed forwards.
pub(in crate::plan) fn effects(item: &Item, rate: Rate, speed: &dyn Fn() -> Option<Ratio>) -> WrittenSound {
    let mut written = WrittenSound::default();
    let flat = item.effects.iter().any(|effect| resolve::is_off(effect, "Fairlight Clip Equaliser"));
    for (index, effect) in item.effects.iter().enumerate().filter(|(_, effect)| effect.enabled) {
        if !matches!(effect.kind, EffectKind::Other | EffectKind::Unknown(_)) {
            continue;
        }
        if final_cut::is_time_remap(effect) {
            continue; // It is speed.
        }
        let premiere = effect.metadata.get("PremierePro_OTIO");
        let (name, neutral) = match premiere.and_then(|premiere| premiere.get("MatchName")?.as_str()) {
            Some(name) => (name, false),
            None => (effect_name(effect), changes_nothing(effect)),
        };
        // The bands of an equaliser are effects of their own.
        if neutral || (flat && name == "Fairlight Equaliser Band") {
            continue;
        }
        let parts = match (name, effect.metadata.get("fcp_xml"), premiere) {
            ("Fairlight Clip Volume and Fades" | "Fairlight Clip Pan", ..) => resolve::sound(effect, item, rate),
            (_, Some(xml), _) => final_cut::sound(xml, item, rate, speed),
            (name, _, Some(effect)) => premiere::sound(name, effect, item, speed),
            _ => None,
        };
        let Some(parts) = parts else {
            written.ignored.push((index, format!("effect {name:?} is not applied to the sound")));
            continue;
        };
        for part in parts {
            match part {
                SoundPart::Gain(gain) => written.gains.push(gain),
                SoundPart::Pan(pan) => written.pan = (written.pan + pan).clamp(-1.0, 1.0),
                SoundPart::PanKeys(keys) if written.pan_keys.is_empty() => written.pan_keys = keys,
                SoundPart::PanKeys(_) => {
                    written.ignored.push((index, "a second pan with key frames is ignored".to_owned()))
                }
                SoundPart::Unknown(what) => {
                    written.ignored.push((index, format!("{what} of effect {name:?} is not applied to the sound")));
                }
            }
        }
    }
    written
}

/// The channels of its media that `clip` is made from, as DaVinci Resolve and Premiere write them; empty where nothing is
/// written.
///
/// # Errors
/// What is written there and cannot be understood.
pub(in crate::plan) fn channels(clip: &Clip) -> Result<Vec<SourceChannel>, String> {
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
    let wrong = || format!("its {name} are not understood; all channels of its media are used");
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
