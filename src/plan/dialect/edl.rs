//! Edit decision lists, and the colour decisions that come with them.

use super::look::LookReader;
use super::value::{is_empty, number, text_at};
use crate::look::ColorNote;
use crate::plan::Grade;
use crate::timeline::{Effect, EffectKind, Transition, Value};

/// What a transition is called.
pub(super) fn transition_name(transition: &Transition) -> Option<&str> {
    text_at(&transition.metadata, &["cmx_3600", "transition"])
}

/// The code of a wipe that is called `W001`.
pub(super) fn wipe_code(name: &str) -> Option<u16> {
    let digits = name.trim().strip_prefix(['W', 'w'])?;
    (1..=3).contains(&digits.len()).then(|| digits.parse().ok())?
}

impl LookReader<'_> {
    /// Colour decisions under `cdl`, as the EDL and ALE adapters write them.
    pub(super) fn decisions(&mut self) {
        for map in [Some(&self.item.metadata), self.media].into_iter().flatten() {
            let Some(written) = map.get("cdl").filter(|value| !is_empty(value)) else { continue };
            match decision(written) {
                Some(cdl) => {
                    if let ColorNote::Cdl { slope, offset, power, saturation } = cdl {
                        self.decisions.push(Grade::new(slope, offset, power, saturation));
                    }
                    self.color.push(cdl);
                }
                None => self.warn(None, "its colour decision (cdl) cannot be read".to_owned()),
            }
        }
    }
}

/// Whether objects of `schema` are colour decisions.
pub(in crate::plan) fn is_decision(schema: &str) -> bool {
    schema.split('.').next() == Some("CDLEffect")
}

/// The decision of an effect that is called `CDLEffect`, by its name or its schema: slope, offset, power and saturation, and the
/// space that it is applied in (`process_space`), among its fields or its metadata.
pub(in crate::plan) fn cdl_effect(effect: &Effect) -> Option<Grade> {
    let (is_cdl, fields) = match &effect.kind {
        EffectKind::Unknown(object) => (is_decision(&object.schema), Some(&object.data)),
        _ => (effect.effect_name == "CDLEffect", None),
    };
    if !is_cdl {
        return None;
    }
    let maps = [fields, Some(&effect.extra), Some(&effect.metadata)];
    let get = |key: &str| maps.iter().flatten().find_map(|map| map.get(key)).filter(|value| !is_empty(value));
    let triple = |key: &str, default: f64| match get(key) {
        None => Some([default; 3]),
        Some(value) => match value.as_array()? {
            [r, g, b] => Some([number(r)?, number(g)?, number(b)?]),
            _ => None,
        },
    };
    let saturation = get("saturation").map_or(Some(1.0), number)?;
    let mut grade = Grade::new(triple("slope", 1.0)?, triple("offset", 0.0)?, triple("power", 1.0)?, saturation);
    grade.space = get("process_space").and_then(Value::as_str).map(str::to_owned);
    Some(grade)
}

/// `{"asc_sop": {"slope": [r, g, b], "offset": …, "power": …}, "asc_sat": s}`; what is not there changes nothing.
fn decision(written: &Value) -> Option<ColorNote> {
    let written = written.as_object()?;
    let triple = |key: &str, default: f64| match written.get("asc_sop").and_then(|sop| sop.get(key)) {
        None => Some([default; 3]),
        Some(values) => match values.as_array()? {
            [r, g, b] => Some([number(r)?, number(g)?, number(b)?]),
            _ => None,
        },
    };
    let saturation =
        written.get("asc_sat").map_or(Some(1.0), |value| if is_empty(value) { Some(1.0) } else { number(value) });
    if !written.contains_key("asc_sop") && !written.contains_key("asc_sat") {
        return None;
    }
    Some(ColorNote::Cdl {
        slope: triple("slope", 1.0)?,
        offset: triple("offset", 0.0)?,
        power: triple("power", 1.0)?,
        saturation: saturation?,
    })
}
