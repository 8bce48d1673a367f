//! Colours as applications write them.

use super::value::plain;
use crate::look::hex_bytes;
use crate::timeline::Value;

/// Red, green, blue and alpha, straight, from 0 to 1 and beyond that where so much is written: of `#rrggbb` or `#aarrggbb`, a list of three or four numbers, or an object
/// with red, green, blue and perhaps alpha. Numbers go to 1, or to 255 where one of them is larger; an alpha of at most 1 is
/// a share either way. Where channels are text they come from the XML of Final Cut or Premiere: they go to 255, and what is
/// written as alpha, mostly 0, means nothing.
pub(super) fn color(value: &Value) -> Option<[f64; 4]> {
    let mut of_xml = false;
    let parts = match value {
        Value::String(text) => return hex(text.trim().strip_prefix('#')?),
        Value::Array(values) if matches!(values.len(), 3 | 4) => values.iter().map(Value::as_f64).collect(),
        Value::Object(map) => {
            let mut part = |name: &str| {
                let named = |key: &str| key == name || key == &name[..1];
                let value = map.iter().find(|(key, _)| named(&plain(key))).map(|(_, value)| value)?;
                of_xml |= matches!(value, Value::String(_));
                value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
            };
            let alpha = part("alpha").map(Some);
            let colors = [part("red"), part("green"), part("blue")];
            colors.into_iter().chain(alpha.filter(|_| !of_xml)).collect::<Option<Vec<f64>>>()
        }
        _ => None,
    }?;
    if parts.iter().any(|part| !part.is_finite() || *part < 0.0) {
        return None;
    }
    let is_share = parts.iter().all(|part| *part <= 1.0) && (!of_xml || parts.iter().any(|part| part.fract() > 0.0));
    let whole = if is_share { 1.0 } else { 255.0 };
    let alpha = parts.get(3).map_or(1.0, |&alpha| if alpha <= 1.0 { alpha } else { alpha / whole });
    Some([parts[0] / whole, parts[1] / whole, parts[2] / whole, alpha])
}

/// `rrggbb`, or `aarrggbb`.
fn hex(digits: &str) -> Option<[f64; 4]> {
    let [alpha, red, green, blue] = match hex_bytes(digits) {
        Some(bytes) => bytes,
        None => hex_bytes(digits).map(|[red, green, blue]| [u8::MAX, red, green, blue])?,
    };
    Some([red, green, blue, alpha].map(|byte| f64::from(byte) / 255.0))
}
