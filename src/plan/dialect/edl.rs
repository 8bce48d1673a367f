//! Edit decision lists, and the colour decisions that come with them.

use super::look::LookReader;
use super::value::{is_empty, number, text_at};
use crate::look::ColorNote;
use crate::timeline::{Transition, Value};

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
                Some(cdl) => self.color.push(cdl),
                None => self.warn(None, "its colour decision (cdl) cannot be read".to_owned()),
            }
        }
        if self.color.iter().any(|note| matches!(note, ColorNote::Cdl { .. })) {
            self.warn(None, "its colour decision (ASC CDL) is not applied".to_owned());
        }
    }
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
