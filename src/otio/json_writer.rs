//! JSON text from values, laid out as OpenTimelineIO lays it out: four spaces a level, one member a line.

use crate::timeline::{Map, Value};

/// JSON under construction. Every value but the outermost follows a [`key`](JsonWriter::key) or an
/// [`element`](JsonWriter::element).
#[derive(Debug, Default)]
pub(super) struct JsonWriter {
    text: String,
    level: usize,
    /// Whether the array or object we are in has nothing in it yet.
    empty: bool,
}

impl JsonWriter {
    /// The text.
    pub(super) fn finish(mut self) -> String {
        self.text.push('\n');
        self.text
    }

    fn open(&mut self, bracket: char) {
        self.text.push(bracket);
        self.level += 1;
        self.empty = true;
    }

    fn close(&mut self, bracket: char) {
        self.level -= 1;
        if !self.empty {
            self.new_line();
        }
        self.empty = false;
        self.text.push(bracket);
    }

    fn new_line(&mut self) {
        self.text.push('\n');
        for _ in 0..self.level {
            self.text.push_str("    ");
        }
    }

    pub(super) fn begin_object(&mut self) {
        self.open('{');
    }

    pub(super) fn end_object(&mut self) {
        self.close('}');
    }

    pub(super) fn begin_array(&mut self) {
        self.open('[');
    }

    pub(super) fn end_array(&mut self) {
        self.close(']');
    }

    /// Makes room for the next element of an array.
    pub(super) fn element(&mut self) {
        if !self.empty {
            self.text.push(',');
        }
        self.empty = false;
        self.new_line();
    }

    /// Writes the key of the next member of an object.
    pub(super) fn key(&mut self, key: &str) {
        self.element();
        self.string(key);
        self.text.push_str(": ");
    }

    pub(super) fn null(&mut self) {
        self.text.push_str("null");
    }

    pub(super) fn bool(&mut self, value: bool) {
        self.text.push_str(if value { "true" } else { "false" });
    }

    pub(super) fn integer(&mut self, value: i64) {
        self.text.push_str(&value.to_string());
    }

    /// The shortest text that reads back as `value` and looks like no integer.
    pub(super) fn float(&mut self, value: f64) {
        if value.is_finite() {
            self.text.push_str(&format!("{value:?}"));
        } else {
            self.text.push_str(match value {
                f64::INFINITY => "Infinity",
                f64::NEG_INFINITY => "-Infinity",
                _ => "NaN",
            });
        }
    }

    pub(super) fn string(&mut self, value: &str) {
        self.text.push('"');
        let mut rest = value;
        while let Some(at) = rest.find(|c: char| c < ' ' || c == '"' || c == '\\') {
            self.text.push_str(&rest[..at]);
            match rest.as_bytes()[at] {
                b'"' => self.text.push_str("\\\""),
                b'\\' => self.text.push_str("\\\\"),
                b'\n' => self.text.push_str("\\n"),
                b'\r' => self.text.push_str("\\r"),
                b'\t' => self.text.push_str("\\t"),
                control => self.text.push_str(&format!("\\u{control:04x}")),
            }
            rest = &rest[at + 1..];
        }
        self.text.push_str(rest);
        self.text.push('"');
    }

    pub(super) fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.null(),
            Value::Bool(value) => self.bool(*value),
            Value::Int(value) => self.integer(*value),
            Value::BigInt(digits) => self.text.push_str(digits),
            Value::Float(value) => self.float(*value),
            Value::String(text) => self.string(text),
            Value::Array(values) => {
                self.begin_array();
                for value in values {
                    self.element();
                    self.value(value);
                }
                self.end_array();
            }
            Value::Object(map) => self.map(map),
        }
    }

    pub(super) fn map(&mut self, map: &Map) {
        self.begin_object();
        for (key, value) in map {
            self.key(key);
            self.value(value);
        }
        self.end_object();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &Value) -> String {
        let mut writer = JsonWriter::default();
        writer.value(value);
        writer.finish()
    }

    #[test]
    fn floats_look_like_floats_and_read_back() {
        for (value, expected) in [
            (24.0, "24.0\n"),
            (-0.0, "-0.0\n"),
            (23.976024627685547, "23.976024627685547\n"),
            (1e22, "1e22\n"),
            (f64::INFINITY, "Infinity\n"),
            (f64::NEG_INFINITY, "-Infinity\n"),
            (f64::NAN, "NaN\n"),
        ] {
            assert_eq!(text(&Value::Float(value)), expected);
        }
    }

    #[test]
    fn layout_is_one_member_a_line_and_empty_brackets_stay_closed() {
        let map = Map::from([
            ("a\n".to_owned(), Value::Array([Value::Int(1), Value::Object(Map::new())].into())),
            ("b".to_owned(), Value::Array(Box::default())),
            ("c".to_owned(), Value::String("\u{1}\"é".to_owned())),
        ]);
        let expected =
            "{\n    \"a\\n\": [\n        1,\n        {}\n    ],\n    \"b\": [],\n    \"c\": \"\\u0001\\\"é\"\n}\n";
        assert_eq!(text(&Value::Object(map)), expected);
    }
}
