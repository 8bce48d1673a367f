//! OpenTimelineIO's own objects inside metadata. Its reader upgrades them there as everywhere, and its writer fills in
//! what they left out; so whoever reads metadata finds the newest schemas, whatever wrote the file.

use super::json::{Document, JsonNode};
use super::json_writer::JsonWriter;
use super::read::ObjectReader;
use super::schema::{self, Schema};
use super::{ReadOptions, write};
use crate::timeline::{Map, Value};

/// How deep objects with metadata of their own are followed into that: each level is read anew.
const MOST_EMBEDDED: usize = 8;

impl ObjectReader<'_> {
    /// `node` as plain data, objects of known schemas in their newest form.
    pub(super) fn value(&self, node: JsonNode) -> Value {
        let mut value = self.doc.value(node);
        if self.embedded < MOST_EMBEDDED && self.doc.mentions(node, schema::KEY) {
            self.upgrade(&mut value);
        }
        value
    }

    /// The same for the members of an object.
    pub(super) fn values(&self, node: JsonNode) -> Map {
        let mut map = self.doc.map(node);
        if self.embedded < MOST_EMBEDDED && self.doc.mentions(node, schema::KEY) {
            map.values_mut().for_each(|value| self.upgrade(value));
        }
        map
    }

    fn upgrade(&self, value: &mut Value) {
        match value {
            Value::Array(values) => values.iter_mut().for_each(|value| self.upgrade(value)),
            Value::Object(map) => match self.newest(map) {
                Some(newest) => *value = newest,
                // What is not known, or not what its schema says, stays as it is.
                None => map.values_mut().for_each(|value| self.upgrade(value)),
            },
            _ => {}
        }
    }

    fn newest(&self, map: &Map) -> Option<Value> {
        let (schema, newest, version) = match schema::split(map.get(schema::KEY)?.as_str()?) {
            (name, Some(version)) => Schema::named(name).map(|(schema, newest)| (schema, newest, version))?,
            _ => return None,
        };
        if version > newest {
            return None;
        }
        match schema {
            Schema::RationalTime => self.plain(map, &["rate", "value"]),
            Schema::TimeRange => self.plain(map, &["duration", "start_time"]),
            Schema::TimeTransform => self.plain(map, &["offset", "rate", "scale"]),
            Schema::V2d => self.plain(map, &["x", "y"]),
            Schema::Box2d => self.plain(map, &["min", "max"]),
            Schema::Color => self.plain(map, &["r", "g", "b", "a", "name"]),
            Schema::Collection => None,
            _ => self.read_anew(map),
        }
    }

    /// An object of numbers, which are all doubles, and of other such objects.
    fn plain(&self, map: &Map, fields: &[&str]) -> Option<Value> {
        let mut map = map.clone();
        for field in fields {
            let value = map.get_mut(field)?;
            match value.as_f64() {
                Some(number) => *value = Value::Float(number),
                None => self.upgrade(value),
            }
        }
        Some(Value::Object(map))
    }

    /// An object that the model has a type for, read into that and written again.
    fn read_anew(&self, map: &Map) -> Option<Value> {
        let mut text = JsonWriter::default();
        text.map(map);
        let text = text.finish();
        let document = Document::parse(text.as_bytes(), ReadOptions::DEPTH_LIMIT).ok()?;
        let mut reader = ObjectReader::new(&document);
        reader.embedded = self.embedded + 1;
        let text = write::object_json(&reader.any_object(document.root()).ok()?);
        let document = Document::parse(text.as_bytes(), ReadOptions::DEPTH_LIMIT).ok()?;
        Some(document.value(document.root()))
    }
}
