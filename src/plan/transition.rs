//! What a transition looks like, from what applications and adapters write about it. (R9)

use super::keys::avid_points;
use super::{MixStyle, WIPE_CODES};
use crate::time::Ratio;
use crate::timeline::{Map, Transition, Value};

/// How deep metadata is searched.
const DEPTH: usize = 8;

/// What `transition` looks like, and what of it is not drawn as it is meant, as sentences.
pub(super) fn style(transition: &Transition) -> (MixStyle, Vec<String>) {
    let names = names(transition);
    let mut notes: Vec<String> = eased(transition).into_iter().collect();
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
        let color = color(transition).or_else(|| color_named(&plain(dip)));
        if color.is_none() {
            notes.push(format!("the colour of transition {dip:?} is not said; black is taken"));
        }
        return (MixStyle::Dip { color: color.unwrap_or(BLACK) }, notes);
    }
    // A transition's own name is whatever its author likes.
    let kinds = names.iter().filter(|name| **name != transition.name || transition.name == transition.transition_type);
    if let Some(other) = kinds.into_iter().find(|name| !is_dissolve(&plain(name))) {
        notes.push(format!("transition {other:?} is drawn as a dissolve"));
    }
    (MixStyle::Dissolve, notes)
}

const BLACK: [f64; 4] = [0.0, 0.0, 0.0, 1.0];
const WHITE: [f64; 4] = [1.0; 4];

/// What a transition is called, the most telling first: Resolve writes every one as a dissolve or a custom one and its
/// kind into its metadata, and adapters of EDLs and AAFs do alike.
fn names(transition: &Transition) -> Vec<&str> {
    let text = |keys: &[&str]| {
        let first = transition.metadata.get(keys[0]);
        keys[1..].iter().fold(first, |at, key| at?.get(key)).and_then(Value::as_str)
    };
    let told = [
        text(&["cmx_3600", "transition"]),
        text(&["Resolve_OTIO", "Transition Type"]),
        text(&["Resolve_OTIO", "Effects", "Effect Name"]),
        text(&["AAF", "OperationGroup", "Parameters", "AvidEffectID"]),
        text(&["AAF", "OperationGroup", "Operation", "Name"]),
        text(&["AAF", "OperationGroup", "Name"]),
        text(&["fcp_xml", "effect", "name"]),
    ];
    let mut names: Vec<&str> = told.into_iter().flatten().filter(|name| !name.trim().is_empty()).collect();
    // What says no more than that there is a kind does not have to be named, where the kind is.
    if names.is_empty() || transition.transition_type != "Custom_Transition" {
        names.push(&transition.transition_type);
    }
    names.push(&transition.name);
    names
}

/// What Avid's key frames say of how far `transition` is: pairs of a share of its length and a weight, in order. `None`
/// where there are none, or they are not of a kind that grows or shrinks. (R9)
pub(super) fn own_curve(transition: &Transition, style: MixStyle) -> Option<Vec<(Ratio, Ratio)>> {
    if matches!(style, MixStyle::Wipe { .. }) {
        return None;
    }
    let avid = transition.metadata.get("AAF")?;
    let opacity = avid.get("OperationGroup").and_then(|group| group.get("Parameters")?.get("AFX_FG_KEY_OPACITY_U"));
    let points = opacity.and_then(avid_points).or_else(|| avid_points(avid.get("PointList")?))?;
    if points.len() < 2 || points.iter().any(|(time, _)| *time < Ratio::ZERO || *time > Ratio::ONE) {
        return None;
    }
    // Shares, or percent.
    let whole = if points.iter().any(|(_, value)| *value > Ratio::ONE) { Ratio::whole(100) } else { Ratio::ONE };
    let values = || points.iter().map(|(_, value)| *value / whole);
    if values().any(|value| value < Ratio::ZERO || value > Ratio::ONE) {
        return None;
    }
    let pairs = || values().zip(values().skip(1));
    let (grows, shrinks) = (pairs().all(|(a, b)| a <= b), pairs().all(|(a, b)| a >= b));
    // One value throughout says nothing: adapters that write AAFs put halves there.
    if grows == shrinks {
        return None;
    }
    let weight = |value: Ratio| if grows { value } else { Ratio::ONE - value };
    Some(points.iter().zip(values()).map(|((time, _), value)| (*time, weight(value))).collect())
}

/// Letters and digits alone, in lower case.
fn plain(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn is_dissolve(name: &str) -> bool {
    matches!(name, "d" | "c" | "smptedissolve" | "dissolve" | "crossdissolve" | "dissolvetransition")
        || name.starts_with("crossfade")
        || is_avid_dissolve(name)
}

/// Whether Avid calls its plain dissolves and fades so: operations and effects carry the numbers of their versions.
fn is_avid_dissolve(name: &str) -> bool {
    let name = name.trim_end_matches(char::is_numeric);
    let name = name.strip_prefix("eff").map_or(name, |rest| rest.trim_start_matches(char::is_numeric));
    let name = name.strip_prefix("blend").unwrap_or(name);
    matches!(name, "videodissolve" | "dissolve" | "fade" | "videofade" | "fadein" | "fadeout" | "fadeup" | "fadedown")
}

fn is_avid_dip(name: &str) -> bool {
    matches!(name, "eff2blenddip" | "effblenddip" | "dip" | "dip2" | "videodip" | "videodip2")
}

fn is_dip(name: &str) -> bool {
    let color = ["black", "white", "color", "colour"].iter().any(|color| name.contains(color));
    let mut dips = ["dipto", "fadeto", "fadethrough", "fadethru"].into_iter();
    (color && dips.any(|dip| name.starts_with(dip))) || name.starts_with("fadeinfadeout") || is_avid_dip(name)
}

fn color_named(name: &str) -> Option<[f64; 4]> {
    match name {
        name if name.contains("white") => Some(WHITE),
        // Avid's dip is one to black unless it says otherwise.
        name if name.contains("black") || name.starts_with("fadeinfadeout") || is_avid_dip(name) => Some(BLACK),
        _ => None,
    }
}

/// The SMPTE code of a wipe: `W001` as EDLs write it, or a number in the metadata of something that is called a wipe.
fn wipe_code(transition: &Transition, names: &[&str]) -> Option<u16> {
    let edl = |name: &&str| {
        let digits = name.trim().strip_prefix(['W', 'w'])?;
        (1..=3).contains(&digits.len()).then(|| digits.parse().ok())?
    };
    if let Some(code) = names.iter().find_map(edl) {
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
fn color(transition: &Transition) -> Option<[f64; 4]> {
    let is_color = |key: &str| {
        let key = plain(key);
        key.ends_with("color") || key.ends_with("colour")
    };
    found(&transition.metadata, &is_color, &color_in).or_else(|| found(&transition.extra, &is_color, &color_in))
}

/// A colour as a list of three or four numbers, an object of channels, or `#rrggbb`. Numbers above 1 count to 255.
fn color_in(value: &Value) -> Option<[f64; 4]> {
    let channel = |value: Option<&Value>| value.and_then(Value::as_f64).filter(|value| (0.0..=255.0).contains(value));
    let mut color = [0.0, 0.0, 0.0, 1.0];
    let mut largest = 1.0_f64;
    match value {
        Value::Array(parts) if (3..=4).contains(&parts.len()) => {
            for (place, part) in parts.iter().enumerate() {
                color[place] = channel(Some(part))?;
                largest = largest.max(color[place]);
            }
        }
        Value::Object(map) => {
            for (place, name) in ["red", "green", "blue", "alpha"].into_iter().enumerate() {
                let part = map.iter().find(|(key, _)| plain(key) == name || plain(key) == name[..1]);
                if place < 3 || part.is_some() {
                    color[place] = channel(part.map(|(_, value)| value))?;
                    largest = largest.max(color[place]);
                }
            }
        }
        Value::String(text) => {
            let digits = text.trim().strip_prefix('#').filter(|digits| digits.len() == 6)?;
            let number = u32::from_str_radix(digits, 16).ok()?;
            return Some([16, 8, 0].map(|shift| f64::from(number >> shift & 255) / 255.0))
                .map(|[r, g, b]| [r, g, b, 1.0]);
        }
        _ => return None,
    }
    if largest > 1.0 {
        let opaque = matches!(value, Value::Array(parts) if parts.len() == 3) || color[3] <= 1.0;
        let alpha = if opaque { color[3] } else { color[3] / 255.0 };
        color = [color[0] / 255.0, color[1] / 255.0, color[2] / 255.0, alpha];
    }
    Some(color)
}

/// Says where Resolve's own curve of a transition is not a straight line.
fn eased(transition: &Transition) -> Option<String> {
    let parameters = transition.metadata.get("Resolve_OTIO")?.get("Effects")?.get("Parameters")?.as_array()?;
    let is_curve = |parameter: &&Value| {
        parameter.get("Parameter ID").and_then(Value::as_str) == Some("transitionCustomCurvesKeyframes")
    };
    let keys = parameters.iter().find(is_curve)?.get("Key Frames")?.as_object()?;
    let bent = |key: &Value| key.get("InBez").is_some() || key.get("OutBez").is_some();
    let straight = keys.len() <= 2 && !keys.values().any(bent);
    (!straight).then(|| "the transition's own curve is drawn as a straight line".to_owned())
}

/// What `read` makes of the first member whose key passes `test`, at any place in `map`. A list of parameters counts as
/// members by their `Parameter ID` or `Name`.
fn found<T>(map: &Map, test: &dyn Fn(&str) -> bool, read: &dyn Fn(&Value) -> Option<T>) -> Option<T> {
    fn inside<T>(
        value: &Value,
        depth: usize,
        test: &dyn Fn(&str) -> bool,
        read: &dyn Fn(&Value) -> Option<T>,
    ) -> Option<T> {
        match value {
            Value::Object(map) if depth > 0 => members(map, depth, test, read),
            Value::Array(list) if depth > 0 => list.iter().find_map(|value| inside(value, depth - 1, test, read)),
            _ => None,
        }
    }
    fn members<T>(
        map: &Map,
        depth: usize,
        test: &dyn Fn(&str) -> bool,
        read: &dyn Fn(&Value) -> Option<T>,
    ) -> Option<T> {
        let own = map.iter().find_map(|(key, value)| if test(key) { read(value) } else { None });
        let named = || {
            let name = ["Parameter ID", "Name", "name"].into_iter().find_map(|key| map.get(key)?.as_str());
            let value = ["Parameter Value", "Value", "value"].into_iter().find_map(|key| map.get(key));
            if test(name?) { read(value?) } else { None }
        };
        own.or_else(named).or_else(|| map.values().find_map(|value| inside(value, depth - 1, test, read)))
    }
    members(map, DEPTH, test, read)
}
