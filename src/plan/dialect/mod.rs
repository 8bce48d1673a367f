//! What applications and the adapters of their formats write into metadata, a file each: a new application is a new file, and a
//! line in what asks them here. What is read comes out as this crate's own data; nothing here plans.

mod aaf;
mod color;
pub(super) mod drop_frame;
mod edl;
pub(super) mod fcpx;
mod final_cut;
mod generator;
mod hiero;
mod keys;
mod levels;
mod look;
mod premiere;
mod reel;
mod resolve;
pub(super) mod sound;
mod space;
mod transition;
mod value;

pub(super) use aaf::{is_lost_clip, own_curve};
pub(super) use edl::{cdl_effect, is_decision};
pub(super) use final_cut::{is_time_remap, output_channel, source_track, still_frame};
pub(super) use generator::generated;
pub(super) use keys::{Keys, line};
pub(super) use look::LookRead;
pub(crate) use reel::reels;
pub(super) use space::written_space;
pub(super) use transition::style;
pub(super) use value::number;

use look::LookReader;

use crate::look::ColorNote;
use crate::time::source_map::SourceMap;
use crate::timeline::{Effect, EffectKind, Item, Map, Value};

/// How `item`, a clip or a composition, looks that lasts `frames` record frames, which `clock` counts from its first. `media`
/// is what is written about a clip's media, `map` where its source frames lie.
pub(super) fn look(
    item: &Item,
    media: Option<&Map>,
    frames: f64,
    clock: &SourceMap,
    map: Option<&SourceMap>,
) -> LookRead {
    let mut reader = LookReader::new(item, media, frames, clock, map);
    reader.properties();
    reader.final_cut_item();
    for (index, effect) in item.effects.iter().enumerate().filter(|(_, effect)| effect.enabled) {
        if let Some(resolve) = effect.metadata.get("Resolve_OTIO").and_then(Value::as_object) {
            reader.resolve(index, resolve);
        } else if let Some(filter) = effect.metadata.get("fcp_xml").and_then(Value::as_object) {
            reader.final_cut(Some(index), filter);
        }
        if let Some(grade) = cdl_effect(effect) {
            reader.grades.push(grade);
        }
        if is_color(effect) {
            reader.color.push(ColorNote::Effect { name: effect_name(effect).to_owned() });
        }
    }
    reader.decisions();
    reader.done()
}

/// Whether [`look`] says what there is to say about `effect`.
pub(super) fn is_look(effect: &Effect) -> bool {
    resolve::is_look(effect).unwrap_or_else(|| final_cut::is_look(effect))
}

/// The key frames in the metadata of `effect`, if it has any, on `item`.
///
/// # Errors
/// Why they cannot be used.
pub(super) fn keys(effect: &Effect, item: &Item) -> Option<Result<Keys, &'static str>> {
    if is_time_remap(effect) {
        let parameters = effect.metadata.get("fcp_xml")?.get("parameter").map_or(&[][..], value::list);
        return Some(final_cut::keys(parameters, item));
    }
    if let Some(parameters) = effect.metadata.get("AAF").and_then(|aaf| aaf.get("Parameters")) {
        return aaf::keys(parameters, item);
    }
    let list = effect.metadata.get("Resolve_OTIO")?.get("Key Frames")?;
    Some(list.as_array().ok_or("its keyframes are not a list").and_then(resolve::keys))
}

/// What the application calls an effect.
pub(super) fn effect_name(effect: &Effect) -> &str {
    let own = if effect.effect_name.is_empty() { &effect.name } else { &effect.effect_name };
    resolve::effect_name(effect).unwrap_or(own)
}

/// Whether an effect is known to change nothing.
pub(super) fn changes_nothing(effect: &Effect) -> bool {
    resolve::changes_nothing(effect)
}

/// Whether an effect is by its name one of those that change colours.
fn is_color(effect: &Effect) -> bool {
    const NAMES: [&str; 9] = ["color", "colour", "lut", "grade", "cdl", "lumetri", "ocio", "saturation", "curves"];
    let name = effect_name(effect).to_lowercase();
    let words = || name.split(|letter: char| !letter.is_alphanumeric());
    matches!(effect.kind, EffectKind::Other | EffectKind::Unknown(_))
        && NAMES.iter().any(|known| words().any(|word| word.trim_end_matches(char::is_numeric).starts_with(known)))
}
