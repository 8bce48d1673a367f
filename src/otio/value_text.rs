//! Values as text and in documents of other libraries.

use std::fmt;
use std::str::FromStr;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ReadOptions;
use super::json::Document;
use super::json_writer::JsonWriter;
use crate::error::{Error, Result};
use crate::timeline::{Map, Value};

impl fmt::Display for Value {
    /// As JSON, with what OpenTimelineIO adds to it: `NaN` and `Infinity`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut json = JsonWriter::default();
        json.value(self);
        f.write_str(json.finish().trim_end())
    }
}

/// Reads JSON, with `NaN`, `Infinity` and integers of any length.
///
/// ```
/// use otio_conflate::timeline::Value;
///
/// let value: Value = r#"{"shot": "sh010", "frames": [1001, 1024]}"#.parse()?;
/// assert_eq!(value.get("shot").and_then(Value::as_str), Some("sh010"));
/// assert_eq!(value.to_string().parse::<Value>()?, value);
/// # Ok::<(), otio_conflate::Error>(())
/// ```
impl FromStr for Value {
    type Err = Error;

    fn from_str(text: &str) -> Result<Value> {
        let document = Document::parse(text.as_bytes(), ReadOptions::default().max_depth)?;
        Ok(document.value(document.root()))
    }
}

/// As the values that the other format has. Integers that do not fit 64 bits become the nearest double; JSON of `serde_json`
/// has no `NaN` and writes `null`.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(value) => serializer.serialize_i64(*value),
            Value::BigInt(digits) => match digits.parse::<u64>() {
                Ok(value) => serializer.serialize_u64(value),
                Err(_) => serializer.serialize_f64(self.as_f64().unwrap_or(f64::NAN)),
            },
            Value::Float(value) => serializer.serialize_f64(*value),
            Value::String(text) => serializer.serialize_str(text),
            Value::Array(values) => {
                let mut list = serializer.serialize_seq(Some(values.len()))?;
                values.iter().try_for_each(|value| list.serialize_element(value))?;
                list.end()
            }
            Value::Object(map) => map.serialize(serializer),
        }
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        self.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

impl<'de> Deserialize<'de> for Map {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Map, D::Error> {
        match deserializer.deserialize_map(Any)? {
            Value::Object(map) => Ok(map),
            _ => Err(serde::de::Error::custom("expected an object")),
        }
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(Any)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or_else(|_| Value::BigInt(value.to_string().into()), Value::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members: Vec<(String, Value)> = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Value::Object(members.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_through_text_and_through_other_documents() {
        let text = r#"{"a": [1, -2.5, null, true, "x"], "b": {"c": NaN, "big": 123456789012345678901234567890}}"#;
        let value: Value = text.parse().expect("a value");
        assert_eq!(value.to_string().parse::<Value>().expect("it was printed"), value);
        assert!("{".parse::<Value>().is_err() && "1 2".parse::<Value>().is_err());
        let plain: Value =
            r#"{"a": [1, -2.5, null, true, "x"], "b": {}, "c": 18446744073709551615}"#.parse().expect("a value");
        let json = serde_json::to_string(&plain).expect("plain data");
        assert_eq!(json, r#"{"a":[1,-2.5,null,true,"x"],"b":{},"c":18446744073709551615}"#);
        assert_eq!(serde_json::from_str::<Value>(&json).expect("it was just written"), plain);
        assert_eq!(serde_json::from_str::<Map>("{\"k\": 1}").expect("a map")["k"], Value::from(1));
        assert!(serde_json::from_str::<Map>("[]").is_err());
    }
}
