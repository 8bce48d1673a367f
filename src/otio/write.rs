//! The model as the JSON that OpenTimelineIO 0.18 writes.

use super::json_writer::JsonWriter;
use super::root::AnyObject;
use crate::timeline::{
    Box2d, Child, Clip, Composition, CompositionKind, Effect, EffectKind, Gap, Item, Map, Marker, MediaCommon,
    MediaKind, MediaReference, MissingFramePolicy, RationalTime, RawTimeRange, Timeline, Transition, V2d, Value,
};

/// The timeline as JSON, with the schemas of OpenTimelineIO 0.18 (`Clip.2`, `Marker.2` and so on).
///
/// Reading it again gives an equal timeline, but for its `path` and `notes`, which JSON has no room for.
pub fn to_json(timeline: &Timeline) -> String {
    let mut out = ModelWriter::default();
    out.timeline(timeline);
    out.json.finish()
}

/// Any object as JSON.
pub(super) fn object_json(object: &AnyObject) -> String {
    let mut out = ModelWriter::default();
    match object {
        AnyObject::Timeline(timeline) => out.timeline(timeline),
        AnyObject::Child(child) => out.child(child),
        AnyObject::Media(reference) => out.media_reference(reference),
        AnyObject::Effect(effect) => out.effect(effect),
        AnyObject::Marker(marker) => out.marker(marker),
    }
    out.json.finish()
}

#[derive(Debug, Default)]
struct ModelWriter {
    json: JsonWriter,
    /// The names of the fields written so far, of the object we are in and of those around it.
    names: Vec<&'static str>,
}

impl ModelWriter {
    /// Writes an object: what its schema names first, then what it does not. What has been written is not written
    /// again.
    fn object(&mut self, schema: &str, extra: &Map, fields: impl FnOnce(&mut Self)) {
        let first = self.names.len();
        self.json.begin_object();
        self.field("OTIO_SCHEMA").string(schema);
        fields(self);
        for (key, value) in extra {
            if !self.names[first..].contains(&key) {
                self.json.key(key);
                self.json.value(value);
            }
        }
        self.json.end_object();
        self.names.truncate(first);
    }

    fn field(&mut self, name: &'static str) -> &mut JsonWriter {
        self.names.push(name);
        self.json.key(name);
        &mut self.json
    }

    fn list<T>(&mut self, name: &'static str, elements: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.field(name).begin_array();
        for element in elements {
            self.json.element();
            write(self, element);
        }
        self.json.end_array();
    }

    fn timeline(&mut self, timeline: &Timeline) {
        self.object("Timeline.1", &timeline.extra, |out| {
            out.field("metadata").map(&timeline.metadata);
            out.field("name").string(&timeline.name);
            out.field("global_start_time");
            out.optional(timeline.global_start_time, ModelWriter::time);
            out.field("tracks");
            out.composition(&timeline.tracks);
        });
    }

    fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            Some(value) => write(self, value),
            None => self.json.null(),
        }
    }

    fn time(&mut self, time: RationalTime) {
        self.object("RationalTime.1", &Map::new(), |out| {
            out.field("rate").float(time.rate.written());
            out.field("value").float(time.value);
        });
    }

    fn range(&mut self, range: RawTimeRange) {
        self.object("TimeRange.1", &Map::new(), |out| {
            out.field("duration");
            out.time(range.duration);
            out.field("start_time");
            out.time(range.start_time);
        });
    }

    fn point(&mut self, point: V2d) {
        self.object("V2d.1", &Map::new(), |out| {
            out.field("x").float(point.x);
            out.field("y").float(point.y);
        });
    }

    fn bounds(&mut self, bounds: Box2d) {
        self.object("Box2d.1", &Map::new(), |out| {
            out.field("min");
            out.point(bounds.min);
            out.field("max");
            out.point(bounds.max);
        });
    }

    fn item(&mut self, item: &Item) {
        self.field("metadata").map(&item.metadata);
        self.field("name").string(&item.name);
        self.field("source_range");
        self.optional(item.source_range, ModelWriter::range);
        self.list("effects", &item.effects, ModelWriter::effect);
        self.list("markers", &item.markers, ModelWriter::marker);
        self.field("enabled").bool(item.enabled);
        self.field("color").value(&item.color);
    }

    fn composition(&mut self, composition: &Composition) {
        let schema = if composition.is_track() { "Track.1" } else { "Stack.1" };
        self.object(schema, &composition.item.extra, |out| {
            out.item(&composition.item);
            out.list("children", &composition.children, ModelWriter::child);
            if let CompositionKind::Track(kind) = &composition.kind {
                out.field("kind").string(match kind {
                    MediaKind::Video => "Video",
                    MediaKind::Audio => "Audio",
                    MediaKind::Other(kind) => kind,
                });
            }
        });
    }

    fn child(&mut self, child: &Child) {
        match child {
            Child::Clip(clip) => self.clip(clip),
            Child::Gap(gap) => self.gap(gap),
            Child::Transition(transition) => self.transition(transition),
            Child::Composition(composition) => self.composition(composition),
            Child::Unknown(object) => self.json.map(&object.data),
        }
    }

    fn clip(&mut self, clip: &Clip) {
        self.object("Clip.2", &clip.item.extra, |out| {
            out.item(&clip.item);
            out.field("media_references").begin_object();
            for (key, reference) in &clip.media_references {
                out.json.key(key);
                out.media_reference(reference);
            }
            out.json.end_object();
            out.field("active_media_reference_key").string(&clip.active_media_reference_key);
        });
    }

    fn gap(&mut self, gap: &Gap) {
        self.object("Gap.1", &gap.item.extra, |out| out.item(&gap.item));
    }

    fn transition(&mut self, transition: &Transition) {
        self.object("Transition.1", &transition.extra, |out| {
            out.field("metadata").map(&transition.metadata);
            out.field("name").string(&transition.name);
            out.field("in_offset");
            out.time(transition.in_offset);
            out.field("out_offset");
            out.time(transition.out_offset);
            out.field("transition_type").string(&transition.transition_type);
        });
    }

    fn media_reference(&mut self, reference: &MediaReference) {
        match reference {
            MediaReference::External { target_url, common } => {
                self.object("ExternalReference.1", &common.extra, |out| {
                    out.media_common(common);
                    out.field("target_url").string(target_url);
                });
            }
            MediaReference::ImageSequence {
                target_url_base,
                name_prefix,
                name_suffix,
                start_frame,
                frame_step,
                rate,
                frame_zero_padding,
                missing_frame_policy,
                common,
            } => self.object("ImageSequenceReference.1", &common.extra, |out| {
                out.media_common(common);
                out.field("target_url_base").string(target_url_base);
                out.field("name_prefix").string(name_prefix);
                out.field("name_suffix").string(name_suffix);
                out.field("start_frame").integer(*start_frame);
                out.field("frame_step").integer(*frame_step);
                out.field("rate").float(*rate);
                out.field("frame_zero_padding").integer(i64::from(*frame_zero_padding));
                out.field("missing_frame_policy").string(match missing_frame_policy {
                    MissingFramePolicy::Error => "error",
                    MissingFramePolicy::Hold => "hold",
                    MissingFramePolicy::Black => "black",
                });
            }),
            MediaReference::Generator { generator_kind, parameters, common } => {
                self.object("GeneratorReference.1", &common.extra, |out| {
                    out.media_common(common);
                    out.field("generator_kind").string(generator_kind);
                    out.field("parameters").map(parameters);
                });
            }
            MediaReference::Missing { common } => {
                self.object("MissingReference.1", &common.extra, |out| out.media_common(common));
            }
            MediaReference::Unknown(object) => self.json.map(&object.data),
        }
    }

    fn media_common(&mut self, common: &MediaCommon) {
        self.field("metadata").map(&common.metadata);
        self.field("name").string(&common.name);
        self.field("available_range");
        self.optional(common.available_range, ModelWriter::range);
        self.field("available_image_bounds");
        self.optional(common.available_image_bounds, ModelWriter::bounds);
    }

    fn effect(&mut self, effect: &Effect) {
        let (schema, time_scalar) = match &effect.kind {
            EffectKind::Other => ("Effect.1", None),
            EffectKind::Time => ("TimeEffect.1", None),
            EffectKind::LinearTimeWarp { time_scalar } => ("LinearTimeWarp.1", Some(*time_scalar)),
            EffectKind::FreezeFrame { time_scalar } => ("FreezeFrame.1", Some(*time_scalar)),
            EffectKind::Unknown(object) => return self.json.map(&object.data),
        };
        self.object(schema, &effect.extra, |out| {
            out.field("metadata").map(&effect.metadata);
            out.field("name").string(&effect.name);
            out.field("effect_name").string(&effect.effect_name);
            out.field("enabled").bool(effect.enabled);
            if let Some(time_scalar) = time_scalar {
                out.field("time_scalar").float(time_scalar);
            }
        });
    }

    fn marker(&mut self, marker: &Marker) {
        // A colour that came as a Color goes back as one, which takes the third version of the schema.
        let color = marker.extra.get("color").filter(|color| matches!(color, Value::Object(_)));
        self.object(if color.is_some() { "Marker.3" } else { "Marker.2" }, &marker.extra, |out| {
            out.field("metadata").map(&marker.metadata);
            out.field("name").string(&marker.name);
            match color {
                Some(color) => out.field("color").value(color),
                None => out.field("color").string(&marker.color),
            }
            out.field("marked_range");
            out.optional(marker.marked_range, ModelWriter::range);
            out.field("comment").string(&marker.comment);
        });
    }
}
