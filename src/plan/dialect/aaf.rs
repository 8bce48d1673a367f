//! Avid, as readers of AAFs keep it in metadata under `AAF`.

use super::keys::{Counts, Keys};
use super::value::{number, text_at};
use crate::plan::MixStyle;
use crate::time::Ratio;
use crate::timeline::{Item, Transition, Value};

/// Avid's map of the clip's frames to frames of its media, both from the clip's start.
pub(super) fn keys(parameters: &Value, item: &Item) -> Option<Result<Keys, &'static str>> {
    let Some(map) = parameters.get("PARAM_SPEED_OFFSET_MAP_U") else {
        let others = ["PARAM_SPEED_MAP_U", "PARAM_OFFSET_MAP_U"];
        let other = others.iter().any(|name| parameters.get(name).is_some());
        return other.then_some(Err("its speed is given by a curve of Avid's that is not read"));
    };
    let rate = item.source_range.map_or(Ratio::ONE, |range| range.duration.rate.nominal());
    let straight = map.get("keyframe_interpolation").and_then(Value::as_str).is_none_or(|name| name == "Linear");
    let Some(points) = control_points(map).filter(|points| points.len() > 1) else {
        return Some(Err("the points of its curve of speed cannot be read"));
    };
    Some(Ok(Keys {
        points: points.into_iter().map(|(time, value)| (time / rate, value / rate)).collect(),
        counts: Counts::Offset,
        eased: !straight,
        blends: false,
    }))
}

/// The control points of a varying value in an AAF, by time, as the adapters write them.
fn control_points(value: &Value) -> Option<Vec<(Ratio, Ratio)>> {
    let list = value.get("keyframe_values").or_else(|| value.get("PointList")).unwrap_or(value).as_array()?;
    let point = |point: &Value| {
        let parts = point.as_array();
        let (time, value) = match parts {
            Some([time, value, ..]) => (time, value),
            Some(_) => return None,
            None => (point.get("Time")?, point.get("Value")?),
        };
        Some((fraction(time)?, fraction(value)?))
    };
    let mut points = list.iter().map(point).collect::<Option<Vec<_>>>()?;
    points.sort_by_key(|(time, _)| *time);
    Some(points)
}

/// A number, or one over another as AAFs have them.
fn fraction(value: &Value) -> Option<Ratio> {
    if let Some((over, under)) = value.as_str().and_then(|text| text.split_once('/')) {
        let under: i64 = under.trim().parse().ok()?;
        return (under != 0).then_some(Ratio::new(over.trim().parse().ok()?, under));
    }
    number(value).filter(|number| number.abs() < 1e9).map(Ratio::nearest)
}

/// What Avid's key frames say of how far `transition` is: pairs of a share of its length and a weight, in order. `None`
/// where there are none, or they are not of a kind that grows or shrinks. (R9)
pub(in crate::plan) fn own_curve(transition: &Transition, style: MixStyle) -> Option<Vec<(Ratio, Ratio)>> {
    if matches!(style, MixStyle::Wipe { .. }) {
        return None;
    }
    let avid = transition.metadata.get("AAF")?;
    let opacity = avid.get("OperationGroup").and_then(|group| group.get("Parameters")?.get("AFX_FG_KEY_OPACITY_U"));
    let points = opacity.and_then(control_points).or_else(|| control_points(avid.get("PointList")?))?;
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

/// Whether a gap is what the adapter makes of a clip whose media it does not find in the AAF.
pub(in crate::plan) fn is_lost_clip(item: &Item) -> bool {
    text_at(&item.metadata, &["AAF", "ClassName"]) == Some("SourceClip")
}

/// What a transition is called.
pub(super) fn transition_names(transition: &Transition) -> [Option<&str>; 3] {
    // What says that it is some effect says nothing.
    let text = |keys: &[&str]| text_at(&transition.metadata, keys).filter(|name| *name != "OperationGroup");
    [
        text(&["AAF", "OperationGroup", "Parameters", "AvidEffectID"]),
        text(&["AAF", "OperationGroup", "Operation", "Name"]),
        text(&["AAF", "OperationGroup", "Name"]),
    ]
}

/// Whether Avid calls its plain dissolves and fades so: operations and effects carry the numbers of their versions.
pub(super) fn is_dissolve(name: &str) -> bool {
    let name = name.trim_end_matches(char::is_numeric);
    let name = name.strip_prefix("eff").map_or(name, |rest| rest.trim_start_matches(char::is_numeric));
    let name = name.strip_prefix("blend").unwrap_or(name);
    matches!(name, "videodissolve" | "dissolve" | "fade" | "videofade" | "fadein" | "fadeout" | "fadeup" | "fadedown")
}

/// Whether Avid calls a dip so.
pub(super) fn is_dip(name: &str) -> bool {
    matches!(name, "eff2blenddip" | "effblenddip" | "dip" | "dip2" | "videodip" | "videodip2")
}
