//! Items, media references, effects and markers.

use std::borrow::Cow;

use indexmap::IndexMap;

use super::json::{JsonNode, TokenKind};
use super::read::{ObjectReader, PathStep, SchemaLabel};
use super::schema::Schema;
use super::times::{no_range, no_time};
use crate::error::{ErrorKind, Result};
use crate::timeline::{
    Clip, Effect, EffectKind, Gap, Item, Map, Marker, MediaCommon, MediaReference, MissingFramePolicy, Note,
    RationalTime, RawTimeRange, Transition, UnknownObject, Value,
};

/// Under which name a range that cannot be read is kept among the fields that no schema names.
const UNREADABLE_RANGE: &str = "unreadable_range";

/// No file name has room for more digits.
const MOST_PADDING: i64 = 255;

impl<'a> ObjectReader<'a> {
    /// Takes a field that every item has; gives the key back if it is none of them.
    pub(super) fn item_field(
        &mut self,
        item: &mut Item,
        key: Cow<'a, str>,
        node: JsonNode,
    ) -> Result<Option<Cow<'a, str>>> {
        match &*key {
            "name" => item.name = self.string("name", node)?,
            "metadata" => item.metadata = self.map("metadata", node)?,
            "source_range" => item.source_range = self.range("source_range", node)?,
            "enabled" => item.enabled = self.bool("enabled", node, true)?,
            "effects" => item.effects = self.each("effects", node, ObjectReader::effect)?,
            "markers" => item.markers = self.each("markers", node, ObjectReader::marker)?,
            "color" => item.color = self.value(node),
            _ => return Ok(Some(key)),
        }
        Ok(None)
    }

    /// An object of a schema nobody here knows.
    pub(super) fn unknown(&mut self, node: JsonNode, label: SchemaLabel) -> UnknownObject {
        let text = super::read::shortened(&label.text);
        self.note(Note {
            text: format!("objects of the unknown schema {text:?} are kept, and not used"),
            unknown_schema: Some(label.text.to_string()),
        });
        UnknownObject { schema: label.text.into_owned(), data: self.values(node) }
    }

    pub(super) fn clip(&mut self, node: JsonNode) -> Result<Box<Clip>> {
        let doc = self.doc;
        self.named_clip(node).map_err(|error| match doc.member(node, "name").and_then(|name| doc.string(name)) {
            Some(name) if !name.is_empty() => error.at_clip(name),
            _ => error,
        })
    }

    fn named_clip(&mut self, node: JsonNode) -> Result<Box<Clip>> {
        let mut clip = Box::new(Clip {
            item: Item::default(),
            media_references: IndexMap::new(),
            active_media_reference_key: Clip::DEFAULT_MEDIA_KEY.to_owned(),
        });
        let (mut single, mut several) = (None, None);
        let doc = self.doc;
        for (key, member) in doc.members(node) {
            if key == "source_range" {
                match self.or_wrong(|reader| reader.range("source_range", member))? {
                    Ok(range) => clip.item.source_range = range,
                    Err(wrong) => {
                        self.note(
                            "a clip's source_range cannot be read; the clip is handled as one whose media is missing",
                        );
                        clip.item.unreadable = Some(wrong);
                        clip.item.extra.insert(UNREADABLE_RANGE.to_owned(), self.value(member));
                    }
                }
                continue;
            }
            let Some(key) = self.item_field(&mut clip.item, key, member)? else { continue };
            match &*key {
                "media_reference" => single = Some(member),
                "media_references" if !self.is_null(member) => several = Some(member),
                "media_references" => {}
                "active_media_reference_key" if !self.is_null(member) => {
                    clip.active_media_reference_key = self.string("active_media_reference_key", member)?;
                }
                "active_media_reference_key" => {}
                _ => self.keep(&mut clip.item.extra, key, member),
            }
        }
        // The first version of the schema has one reference, the second any number of them.
        match (several, single) {
            (Some(several), single) => {
                clip.media_references = self.media_references(several)?;
                if let Some(single) = single {
                    clip.item.extra.insert("media_reference".to_owned(), self.value(single));
                }
            }
            (None, single) => {
                let reference = match single {
                    Some(single) => self.readable_reference(single, |reader| {
                        reader.step(PathStep::Field("media_reference"), |reader| {
                            reader.media_reference("media_reference", single)
                        })
                    })?,
                    None => MediaReference::missing(),
                };
                clip.media_references.insert(clip.active_media_reference_key.clone(), reference);
            }
        }
        if clip.media_reference().is_none() {
            self.note("the active media reference is not among the media references");
        }
        Ok(clip)
    }

    fn media_references(&mut self, node: JsonNode) -> Result<IndexMap<String, MediaReference>> {
        const FIELD: &str = "media_references";
        let doc = self.doc;
        if doc.kind(node) != TokenKind::Object {
            return Err(self.wrong_type(FIELD, node, "a dictionary"));
        }
        let mut references = IndexMap::new();
        for (key, member) in doc.members(node) {
            let reference = self.readable_reference(member, |reader| {
                reader.step(PathStep::Member(FIELD, key.clone()), |reader| reader.media_reference(FIELD, member))
            })?;
            references.insert(key.into_owned(), reference);
        }
        Ok(references)
    }

    /// What `read` gives; a reference that cannot be read is kept as it is, as one of an unknown schema.
    fn readable_reference(
        &mut self,
        node: JsonNode,
        read: impl FnOnce(&mut Self) -> Result<MediaReference>,
    ) -> Result<MediaReference> {
        let wrong = match self.or_wrong(read)? {
            Ok(reference) => return Ok(reference),
            Err(wrong) => wrong,
        };
        self.note(format!("a media reference cannot be read: {wrong}"));
        let data = match self.value(node) {
            Value::Object(data) => data,
            other => Map::from_iter([("value".to_owned(), other)]),
        };
        let schema = data.get("OTIO_SCHEMA").and_then(Value::as_str).unwrap_or("unreadable").to_owned();
        Ok(MediaReference::Unknown(UnknownObject { schema, data }))
    }

    pub(super) fn media_reference(&mut self, field: &'static str, node: JsonNode) -> Result<MediaReference> {
        if self.is_null(node) {
            return Ok(MediaReference::missing());
        }
        let label = self.object_label(field, node)?;
        match label.schema {
            Some(Schema::ExternalReference) => self.external(node),
            Some(Schema::ImageSequenceReference) => self.image_sequence(node),
            Some(Schema::GeneratorReference) => self.generator(node),
            Some(Schema::MissingReference) => {
                let mut common = MediaCommon::default();
                let doc = self.doc;
                for (key, member) in doc.members(node) {
                    if let Some(key) = self.media_field(&mut common, key, member)? {
                        self.keep(&mut common.extra, key, member);
                    }
                }
                Ok(MediaReference::Missing { common })
            }
            Some(_) => Err(self.misplaced(field, node, &label, "a media reference")),
            None => Ok(MediaReference::Unknown(self.unknown(node, label))),
        }
    }

    /// Takes a field that every media reference has; gives the key back if it is none of them.
    fn media_field(
        &mut self,
        common: &mut MediaCommon,
        key: Cow<'a, str>,
        node: JsonNode,
    ) -> Result<Option<Cow<'a, str>>> {
        match &*key {
            "name" => common.name = self.string("name", node)?,
            "metadata" => common.metadata = self.map("metadata", node)?,
            "available_range" => match self.or_wrong(|reader| reader.range("available_range", node))? {
                Ok(range) => common.available_range = range,
                Err(wrong) => {
                    self.note(format!("an available_range cannot be read, and is not used: {wrong}"));
                    common.extra.insert(UNREADABLE_RANGE.to_owned(), self.value(node));
                }
            },
            "available_image_bounds" => {
                common.available_image_bounds = self.bounds("available_image_bounds", node)?;
            }
            _ => return Ok(Some(key)),
        }
        Ok(None)
    }

    fn external(&mut self, node: JsonNode) -> Result<MediaReference> {
        let mut target_url = String::new();
        let mut common = MediaCommon::default();
        let doc = self.doc;
        for (key, member) in doc.members(node) {
            let Some(key) = self.media_field(&mut common, key, member)? else { continue };
            match &*key {
                "target_url" => target_url = self.string("target_url", member)?,
                _ => self.keep(&mut common.extra, key, member),
            }
        }
        Ok(MediaReference::External { target_url, common })
    }

    fn image_sequence(&mut self, node: JsonNode) -> Result<MediaReference> {
        let mut common = MediaCommon::default();
        let [mut target_url_base, mut name_prefix, mut name_suffix] = [const { String::new() }; 3];
        let (mut start_frame, mut frame_step, mut rate, mut frame_zero_padding) = (1, 1, 1.0, 0);
        let mut missing_frame_policy = MissingFramePolicy::default();
        let doc = self.doc;
        for (key, member) in doc.members(node) {
            let Some(key) = self.media_field(&mut common, key, member)? else { continue };
            match &*key {
                "target_url_base" => target_url_base = self.string("target_url_base", member)?,
                "name_prefix" => name_prefix = self.string("name_prefix", member)?,
                "name_suffix" => name_suffix = self.string("name_suffix", member)?,
                "start_frame" => start_frame = self.integer("start_frame", member, 1)?,
                "frame_step" => frame_step = self.frame_step(member)?,
                "rate" => rate = self.number("rate", member, 1.0)?,
                "frame_zero_padding" => frame_zero_padding = self.padding(member)?,
                "missing_frame_policy" => missing_frame_policy = self.missing_frame_policy(member)?,
                _ => self.keep(&mut common.extra, key, member),
            }
        }
        Ok(MediaReference::ImageSequence {
            target_url_base,
            name_prefix,
            name_suffix,
            start_frame,
            frame_step,
            rate,
            frame_zero_padding,
            missing_frame_policy,
            common,
        })
    }

    fn frame_step(&mut self, node: JsonNode) -> Result<i64> {
        match self.integer("frame_step", node, 1)? {
            0 => {
                self.note("a frame_step of 0 is read as 1");
                Ok(1)
            }
            step if step < 0 => Err(self.error(ErrorKind::Schema, node, "`frame_step` may not be negative")),
            step => Ok(step),
        }
    }

    fn padding(&mut self, node: JsonNode) -> Result<u32> {
        let digits = self.integer("frame_zero_padding", node, 0)?;
        u32::try_from(digits).ok().filter(|_| digits <= MOST_PADDING).ok_or_else(|| {
            self.error(ErrorKind::Schema, node, format!("`frame_zero_padding` cannot be {digits} digits"))
        })
    }

    fn missing_frame_policy(&mut self, node: JsonNode) -> Result<MissingFramePolicy> {
        match &*self.string("missing_frame_policy", node)? {
            "" | "error" => Ok(MissingFramePolicy::Error),
            "hold" => Ok(MissingFramePolicy::Hold),
            "black" => Ok(MissingFramePolicy::Black),
            _ => Err(self.wrong_type("missing_frame_policy", node, "\"error\", \"hold\" or \"black\"")),
        }
    }

    fn generator(&mut self, node: JsonNode) -> Result<MediaReference> {
        let mut common = MediaCommon::default();
        let (mut generator_kind, mut parameters) = (String::new(), Map::new());
        let doc = self.doc;
        for (key, member) in doc.members(node) {
            let Some(key) = self.media_field(&mut common, key, member)? else { continue };
            match &*key {
                "generator_kind" => generator_kind = self.string("generator_kind", member)?,
                "parameters" => parameters = self.map("parameters", member)?,
                _ => self.keep(&mut common.extra, key, member),
            }
        }
        Ok(MediaReference::Generator { generator_kind, parameters, common })
    }

    pub(super) fn gap(&mut self, node: JsonNode) -> Result<Box<Gap>> {
        let mut gap = Box::<Gap>::default();
        let mut has_range = false;
        let doc = self.doc;
        for (key, member) in doc.members(node) {
            has_range |= key == "source_range";
            if let Some(key) = self.item_field(&mut gap.item, key, member)? {
                self.keep(&mut gap.item.extra, key, member);
            }
        }
        if gap.item.source_range.is_none() {
            // Old gaps have a duration instead.
            let duration = doc.member(node, "duration").filter(|&node| doc.kind(node) == TokenKind::Object);
            let duration = duration.map(|node| self.duration("duration", node)).transpose()?.flatten();
            gap.item.source_range = match duration {
                Some(duration) => {
                    self.note("a gap's duration is read as its source_range");
                    let mut range = no_range();
                    range.start_time.rate = duration.rate;
                    range.duration = duration;
                    Some(range)
                }
                None if has_range => None,
                None => Some(no_range()),
            };
        }
        Ok(gap)
    }

    pub(super) fn transition(&mut self, node: JsonNode) -> Result<Box<Transition>> {
        let mut transition = Box::new(Transition {
            name: String::new(),
            transition_type: String::new(),
            in_offset: no_time(),
            out_offset: no_time(),
            metadata: Map::new(),
            extra: Map::new(),
        });
        let doc = self.doc;
        for (key, member) in doc.members(node) {
            match &*key {
                "name" => transition.name = self.string("name", member)?,
                "metadata" => transition.metadata = self.map("metadata", member)?,
                "transition_type" => transition.transition_type = self.string("transition_type", member)?,
                "in_offset" => transition.in_offset = self.offset("in_offset", member)?,
                "out_offset" => transition.out_offset = self.offset("out_offset", member)?,
                _ => self.keep(&mut transition.extra, key, member),
            }
        }
        Ok(transition)
    }

    /// How far a transition reaches; nowhere, where that cannot be read.
    fn offset(&mut self, field: &'static str, node: JsonNode) -> Result<RationalTime> {
        let read = self.or_wrong(|reader| reader.duration(field, node))?;
        let read = read.unwrap_or_else(|wrong| {
            self.note(format!("a transition's {field} cannot be read, and is taken as 0: {wrong}"));
            None
        });
        Ok(read.unwrap_or_else(no_time))
    }

    pub(super) fn effect(&mut self, node: JsonNode) -> Result<Effect> {
        let label = self.object_label("effects", node)?;
        let kind = match label.schema {
            Some(Schema::Effect) => EffectKind::Other,
            Some(Schema::TimeEffect) => EffectKind::Time,
            Some(Schema::LinearTimeWarp) => EffectKind::LinearTimeWarp { time_scalar: 1.0 },
            Some(Schema::FreezeFrame) => EffectKind::FreezeFrame { time_scalar: 0.0 },
            Some(_) => return Err(self.misplaced("effects", node, &label, "effects")),
            None => return Ok(self.unknown_effect(node, label)),
        };
        let mut effect = new_effect(kind);
        let doc = self.doc;
        for (key, member) in doc.members(node) {
            match (&*key, &mut effect.kind) {
                ("name", _) => effect.name = self.string("name", member)?,
                ("metadata", _) => effect.metadata = self.map("metadata", member)?,
                ("effect_name", _) => effect.effect_name = self.string("effect_name", member)?,
                ("enabled", _) => effect.enabled = self.bool("enabled", member, true)?,
                (
                    "time_scalar",
                    EffectKind::LinearTimeWarp { time_scalar } | EffectKind::FreezeFrame { time_scalar },
                ) => *time_scalar = self.number("time_scalar", member, *time_scalar)?,
                _ => self.keep(&mut effect.extra, key, member),
            }
        }
        Ok(effect)
    }

    /// What an effect of an unknown schema says in the words of the known ones is told; the whole is kept beside it.
    fn unknown_effect(&mut self, node: JsonNode, label: SchemaLabel) -> Effect {
        let object = self.unknown(node, label);
        let text = |key| object.data.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (name, effect_name) = (text("name"), text("effect_name"));
        let enabled = object.data.get("enabled") != Some(&Value::Bool(false));
        Effect { name, effect_name, enabled, ..new_effect(EffectKind::Unknown(object)) }
    }

    pub(super) fn marker(&mut self, node: JsonNode) -> Result<Marker> {
        let label = self.object_label("markers", node)?;
        if label.schema != Some(Schema::Marker) {
            return Err(self.misplaced("markers", node, &label, "markers"));
        }
        let mut marker = Marker {
            name: String::new(),
            color: "GREEN".to_owned(),
            marked_range: None,
            comment: String::new(),
            metadata: Map::new(),
            extra: Map::new(),
        };
        let doc = self.doc;
        let has_marked_range = doc.member(node, "marked_range").is_some();
        for (key, member) in doc.members(node) {
            match &*key {
                "name" => marker.name = self.string("name", member)?,
                "metadata" => marker.metadata = self.map("metadata", member)?,
                "comment" => marker.comment = self.string("comment", member)?,
                "marked_range" => marker.marked_range = self.marked("marked_range", member)?,
                // So the first version of the schema calls it.
                "range" if !has_marked_range => marker.marked_range = self.marked("range", member)?,
                // The third version has a Color, whose name is what the second one has.
                "color" if doc.kind(member) == TokenKind::Object => {
                    let name = doc.member(member, "name").and_then(|name| doc.string(name));
                    marker.color = name.unwrap_or_default().into_owned();
                    self.keep(&mut marker.extra, key, member);
                }
                "color" => marker.color = self.string("color", member)?,
                _ => self.keep(&mut marker.extra, key, member),
            }
        }
        Ok(marker)
    }
}

impl ObjectReader<'_> {
    /// Where a marker lies; nowhere, where that cannot be read.
    fn marked(&mut self, field: &'static str, node: JsonNode) -> Result<Option<RawTimeRange>> {
        let read = self.or_wrong(|reader| reader.range(field, node))?;
        Ok(read.unwrap_or_else(|wrong| {
            self.note(format!("a marker's {field} cannot be read, and marks nothing: {wrong}"));
            None
        }))
    }
}

fn new_effect(kind: EffectKind) -> Effect {
    Effect {
        name: String::new(),
        effect_name: String::new(),
        kind,
        enabled: true,
        metadata: Map::new(),
        extra: Map::new(),
    }
}
