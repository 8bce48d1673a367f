//! Values as applications and adapters write them.

use crate::timeline::{Map, Value};

/// A number that a picture can have, also one that was written as text.
pub(in crate::plan) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_f64(),
    };
    number.filter(|number: &f64| number.abs() < 1e12)
}

/// `value`, cut to 0 to 1.
pub(in crate::plan) fn share(value: f64) -> f64 {
    value.clamp(0.0, 1.0)
}

/// Whether nothing was written.
pub(in crate::plan) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// A value as a word for messages.
pub(in crate::plan) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => number(other).map_or_else(|| "that is not a number".to_owned(), |number| number.to_string()),
    }
}

/// Whether `value` is a switch that is on, as XML writes it.
pub(in crate::plan) fn switch(value: &Value) -> bool {
    match value {
        Value::Bool(on) => *on,
        Value::String(text) => text.trim().eq_ignore_ascii_case("true") || text.trim() == "1",
        _ => false,
    }
}

/// One thing or several: adapters write a list only where there are several.
pub(in crate::plan) fn list(value: &Value) -> &[Value] {
    match value {
        Value::Array(values) => values,
        one => std::slice::from_ref(one),
    }
}

/// A number, written as one.
pub(in crate::plan) fn finite(value: &Value) -> Option<f64> {
    value.as_f64().filter(|value| value.is_finite())
}

/// Letters and digits alone, in lower case.
pub(in crate::plan) fn plain(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Text at the end of `keys`, each inside the one before.
pub(super) fn text_at<'m>(map: &'m Map, keys: &[&str]) -> Option<&'m str> {
    let first = map.get(keys[0]);
    keys[1..].iter().fold(first, |at, key| at?.get(key)).and_then(Value::as_str)
}

/// How deep metadata is searched.
const DEPTH: usize = 8;

/// What `read` makes of the first member whose key passes `test`, at any place in `map`. A list of parameters counts as
/// members by their `Parameter ID` or `Name`.
pub(super) fn found<T>(map: &Map, test: &dyn Fn(&str) -> bool, read: &dyn Fn(&Value) -> Option<T>) -> Option<T> {
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

/// A small whole number, written as one or as text.
pub(super) fn whole(value: &Value) -> Option<u32> {
    let text = || value.as_str()?.trim().parse().ok();
    text().or_else(|| index(value)).filter(|number| *number <= 1024)
}

/// A number that counts something, from 0.
pub(super) fn index(value: &Value) -> Option<u32> {
    match value {
        Value::Int(index) => u32::try_from(*index).ok(),
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small whole number")]
        Value::Float(index) if (0.0..1e6).contains(index) && index.fract() == 0.0 => Some(*index as u32),
        _ => None,
    }
}
