//! What a transition looks like, whoever wrote it. (R9)

use super::color::color;
use super::value::{found, plain};
use super::{aaf, edl, final_cut, resolve};
use crate::look::WIPE_CODES;
use crate::plan::MixStyle;
use crate::timeline::{Transition, Value};

/// What `transition` looks like, and what of it is not drawn as it is meant, as sentences.
pub(in crate::plan) fn style(transition: &Transition) -> (MixStyle, Vec<String>) {
    let names = names(transition);
    let mut notes: Vec<String> = resolve::eased(transition).into_iter().collect();
    if let Some(code) = wipe_code(transition, &names) {
        if WIPE_CODES.contains(&code) {
            let reverse = found(&transition.metadata, &|key| plain(key).ends_with("reverse"), &|value| match value {
                Value::Bool(reverse) => Some(*reverse),
                _ => None,
            });
            return (MixStyle::Wipe { code, reverse: reverse.unwrap_or(false) }, notes);
        }
        notes.push(format!("wipe {code} is drawn as a dissolve"));
        return (MixStyle::Dissolve, notes);
    }
    if let Some(dip) = names.iter().find(|name| is_dip(&plain(name))) {
        let color = color_of(transition).or_else(|| color_named(&plain(dip)));
        if color.is_none() {
            notes.push(format!("the colour of transition {dip:?} is not specified; using black"));
        }
        return (MixStyle::Dip { color: color.unwrap_or(BLACK) }, notes);
    }
    // A transition's own name is whatever its author likes, unless an adapter puts the effect's there.
    let own = transition.name == transition.transition_type || final_cut::is_named_by_effect(transition);
    let kinds = names.iter().filter(|name| **name != transition.name || own);
    if let Some(other) = kinds.into_iter().find(|name| !is_dissolve(&plain(name))) {
        notes.push(format!("transition {other:?} is drawn as a dissolve"));
    }
    (MixStyle::Dissolve, notes)
}

const BLACK: [f64; 4] = [0.0, 0.0, 0.0, 1.0];
const WHITE: [f64; 4] = [1.0; 4];

/// What a transition is called, the most telling first.
fn names(transition: &Transition) -> Vec<&str> {
    let told = [edl::transition_name(transition)].into_iter().chain(resolve::transition_names(transition));
    let told = told.chain(aaf::transition_names(transition)).chain([final_cut::transition_name(transition)]);
    let mut names: Vec<&str> = told.flatten().filter(|name| !name.trim().is_empty()).collect();
    // What says no more than that there is a kind does not have to be named, where the kind is.
    if names.is_empty() || transition.transition_type != "Custom_Transition" {
        names.push(&transition.transition_type);
    }
    names.push(&transition.name);
    names
}

fn is_dissolve(name: &str) -> bool {
    matches!(name, "d" | "c" | "smptedissolve" | "dissolve" | "crossdissolve" | "dissolvetransition")
        || name.starts_with("crossfade")
        || aaf::is_dissolve(name)
}

fn is_dip(name: &str) -> bool {
    let color = ["black", "white", "color", "colour"].iter().any(|color| name.contains(color));
    let mut dips = ["dipto", "fadeto", "fadethrough", "fadethru"].into_iter();
    (color && dips.any(|dip| name.starts_with(dip))) || name.starts_with("fadeinfadeout") || aaf::is_dip(name)
}

fn color_named(name: &str) -> Option<[f64; 4]> {
    match name {
        name if name.contains("white") => Some(WHITE),
        // Avid's dip is one to black unless it says otherwise.
        name if name.contains("black") || name.starts_with("fadeinfadeout") || aaf::is_dip(name) => Some(BLACK),
        _ => None,
    }
}

/// The SMPTE code of a wipe: `W001` as EDLs write it, or a number in the metadata of something that is called a wipe.
fn wipe_code(transition: &Transition, names: &[&str]) -> Option<u16> {
    if let Some(code) = names.iter().find_map(|name| edl::wipe_code(name)) {
        return Some(code);
    }
    names.iter().find(|name| plain(name).contains("wipe"))?;
    let number = |value: &Value| {
        let number = value.as_f64().or_else(|| value.get("Value").and_then(Value::as_f64))?;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded in the same line")]
        (number.fract() == 0.0 && (0.0..1000.0).contains(&number)).then_some(number as u16)
    };
    let is_code =
        |key: &str| matches!(plain(key).as_str(), "wipe" | "wipecode" | "wipenumber" | "smptewipenumber" | "smptecode");
    let told = found(&transition.metadata, &is_code, &number).or_else(|| found(&transition.extra, &is_code, &number));
    // The name may hold the names of clips.
    let digits = || plain(&transition.transition_type).strip_prefix("smptewipe")?.parse().ok();
    told.or_else(digits)
}

/// The colour that a dip goes through, as its metadata tells it.
fn color_of(transition: &Transition) -> Option<[f64; 4]> {
    let is_color = |key: &str| {
        let key = plain(key);
        key.ends_with("color") || key.ends_with("colour")
    };
    let read = |value: &Value| color(value).filter(|color| color.iter().all(|share| *share <= 1.0));
    found(&transition.metadata, &is_color, &read).or_else(|| found(&transition.extra, &is_color, &read))
}
