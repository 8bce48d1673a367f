//! Times, ranges and boxes.

use super::json::{JsonNode, TokenKind};
use super::read::{ObjectReader, PathStep};
use super::schema::Schema;
use crate::error::{ErrorKind, Result};
use crate::time::Rate;
use crate::timeline::{Box2d, RationalTime, RawTimeRange, V2d};

/// What OpenTimelineIO takes where a time was left out: no frames, at a rate of one a second.
pub(super) fn no_time() -> RationalTime {
    RationalTime::new(0.0, Rate::from_ratio(1, 1).expect("one frame a second is within the limits"))
}

/// What OpenTimelineIO takes where a range was left out.
pub(super) fn no_range() -> RawTimeRange {
    RawTimeRange { start_time: no_time(), duration: no_time() }
}

impl ObjectReader<'_> {
    /// An object of plain numbers has to have this schema, or none at all: its place tells what it is.
    fn expect(&mut self, field: &str, node: JsonNode, schema: Schema, what: &str) -> Result<()> {
        if self.doc.kind(node) != TokenKind::Object {
            return Err(self.wrong_type(field, node, what));
        }
        if let Some(label) = self.label(node)? {
            if label.schema != Some(schema) {
                return Err(self.misplaced(field, node, &label, what));
            }
            self.note_version(&label);
        }
        Ok(())
    }

    fn ignore(&mut self, key: &str, what: &str) {
        if key != "OTIO_SCHEMA" {
            self.note(format!("the field {:?} of a {what} is not kept", super::read::shortened(key)));
        }
    }

    /// A time in `field`; `null` is none.
    pub(super) fn time(&mut self, field: &'static str, node: JsonNode) -> Result<Option<RationalTime>> {
        if self.is_null(node) {
            return Ok(None);
        }
        self.step(PathStep::Field(field), |reader| reader.rational_time(field, node)).map(Some)
    }

    fn rational_time(&mut self, field: &'static str, node: JsonNode) -> Result<RationalTime> {
        self.expect(field, node, Schema::RationalTime, "a RationalTime")?;
        let (mut value, mut rate) = (None, None);
        let doc = self.doc;
        for (key, member) in doc.members(node) {
            match &*key {
                "value" => value = Some((member, self.number("value", member, f64::NAN)?)),
                "rate" => rate = Some((member, self.number("rate", member, f64::NAN)?)),
                other => self.ignore(other, "RationalTime"),
            }
        }
        let (Some((value_node, value)), Some((rate_node, rate))) = (value, rate) else {
            return Err(self.error(ErrorKind::Schema, node, "a RationalTime needs a value and a rate"));
        };
        let rate = Rate::new(rate).map_err(|error| self.place(error, rate_node))?;
        if !value.is_finite() {
            return Err(self.error(ErrorKind::Time, value_node, format!("invalid time {value}")));
        }
        Ok(RationalTime { value, rate })
    }

    /// A time that may not be negative: a duration, or how far a transition reaches.
    pub(super) fn duration(&mut self, field: &'static str, node: JsonNode) -> Result<Option<RationalTime>> {
        let time = self.time(field, node)?;
        if let Some(time) = time.filter(|time| time.value < 0.0) {
            let message = format!("`{field}` may not be negative, and is {}", time.value);
            return self.step(PathStep::Field(field), |reader| Err(reader.error(ErrorKind::Time, node, message)));
        }
        Ok(time)
    }

    /// A range in `field`; `null` is none.
    pub(super) fn range(&mut self, field: &'static str, node: JsonNode) -> Result<Option<RawTimeRange>> {
        if self.is_null(node) {
            return Ok(None);
        }
        self.step(PathStep::Field(field), |reader| reader.time_range(field, node)).map(Some)
    }

    fn time_range(&mut self, field: &'static str, node: JsonNode) -> Result<RawTimeRange> {
        self.expect(field, node, Schema::TimeRange, "a TimeRange")?;
        let (mut start, mut duration) = (None, None);
        let doc = self.doc;
        for (key, member) in doc.members(node) {
            match &*key {
                "start_time" => start = self.time("start_time", member)?,
                "duration" => duration = self.duration("duration", member)?,
                other => self.ignore(other, "TimeRange"),
            }
        }
        // A part that was left out is zero at the rate of the other one.
        let zero_like = |other: Option<RationalTime>| RationalTime { value: 0.0, ..other.unwrap_or_else(no_time) };
        Ok(RawTimeRange {
            start_time: start.unwrap_or_else(|| zero_like(duration)),
            duration: duration.unwrap_or_else(|| zero_like(start)),
        })
    }

    /// A rectangle in `field`; `null` is none.
    pub(super) fn bounds(&mut self, field: &'static str, node: JsonNode) -> Result<Option<Box2d>> {
        if self.is_null(node) {
            return Ok(None);
        }
        self.step(PathStep::Field(field), |reader| {
            reader.expect(field, node, Schema::Box2d, "a Box2d")?;
            let (mut min, mut max) = (V2d { x: 0.0, y: 0.0 }, V2d { x: 0.0, y: 0.0 });
            let doc = reader.doc;
            for (key, member) in doc.members(node) {
                match &*key {
                    "min" => min = reader.point("min", member)?,
                    "max" => max = reader.point("max", member)?,
                    other => reader.ignore(other, "Box2d"),
                }
            }
            Ok(Some(Box2d { min, max }))
        })
    }

    fn point(&mut self, field: &'static str, node: JsonNode) -> Result<V2d> {
        self.step(PathStep::Field(field), |reader| {
            reader.expect(field, node, Schema::V2d, "a V2d")?;
            let mut point = V2d { x: 0.0, y: 0.0 };
            let doc = reader.doc;
            for (key, member) in doc.members(node) {
                let place = match &*key {
                    "x" => &mut point.x,
                    "y" => &mut point.y,
                    other => {
                        reader.ignore(other, "V2d");
                        continue;
                    }
                };
                *place = reader.number(&key, member, 0.0)?;
                if !place.is_finite() {
                    return Err(reader.error(ErrorKind::Schema, member, format!("`{key}` has to be finite")));
                }
            }
            Ok(point)
        })
    }
}
