//! Whether record timecode is drop-frame, where the timeline says it.

use crate::timeline::{Map, Value};

/// How deep it is looked for in metadata.
const DEEPEST: usize = 6;

/// What the metadata that applications and adapters write says about timecode: `displayformat` of Final Cut's XML,
/// `tcFormat` of FCPXML, `FCM` of EDLs, `Drop` of AAF.
pub(in crate::plan) fn said_in(metadata: &Map) -> Option<bool> {
    in_map(metadata, DEEPEST)
}

fn in_map(map: &Map, depth: usize) -> Option<bool> {
    let own = map.iter().find_map(|(key, value)| says(key, value));
    let inner = |value: &Value| match value {
        Value::Object(inner) => in_map(inner, depth - 1),
        Value::Array(list) => list.iter().take(8).find_map(|value| match value {
            Value::Object(inner) => in_map(inner, depth - 1),
            _ => None,
        }),
        _ => None,
    };
    own.or_else(|| if depth == 0 { None } else { map.values().find_map(inner) })
}

fn says(key: &str, value: &Value) -> Option<bool> {
    const KEYS: [&str; 6] = ["displayformat", "tcformat", "fcm", "drop", "drop_frame", "dropframe"];
    let key = key.trim_start_matches('@');
    if !KEYS.iter().any(|known| key.eq_ignore_ascii_case(known)) {
        return None;
    }
    match value {
        Value::Bool(drop) => Some(*drop),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "df" | "drop" | "drop frame" | "drop-frame" | "true" => Some(true),
            "ndf" | "non-drop" | "non drop" | "non-drop frame" | "non drop frame" | "nondrop" | "false" => Some(false),
            _ => None,
        },
        _ => None,
    }
}
