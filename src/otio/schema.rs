//! The schemas of OpenTimelineIO, under every name they have had.

/// The key of an object's schema.
pub(super) const KEY: &str = "OTIO_SCHEMA";

/// A schema this crate knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Schema {
    Timeline,
    Collection,
    Stack,
    Track,
    Clip,
    Gap,
    Transition,
    ExternalReference,
    ImageSequenceReference,
    GeneratorReference,
    MissingReference,
    Effect,
    TimeEffect,
    LinearTimeWarp,
    FreezeFrame,
    Marker,
    RationalTime,
    TimeRange,
    TimeTransform,
    Box2d,
    V2d,
    Color,
}

impl Schema {
    /// The schema of this name, and the newest version of it that is known here.
    pub(super) fn named(name: &str) -> Option<(Schema, u32)> {
        Some(match name {
            "Timeline" => (Schema::Timeline, 1),
            "SerializableCollection" | "SerializeableCollection" => (Schema::Collection, 1),
            "Stack" => (Schema::Stack, 1),
            "Track" | "Sequence" => (Schema::Track, 1),
            "Clip" => (Schema::Clip, 2),
            "Gap" | "Filler" => (Schema::Gap, 1),
            "Transition" => (Schema::Transition, 1),
            "ExternalReference" => (Schema::ExternalReference, 1),
            "ImageSequenceReference" => (Schema::ImageSequenceReference, 1),
            "GeneratorReference" => (Schema::GeneratorReference, 1),
            "MissingReference" => (Schema::MissingReference, 1),
            "Effect" => (Schema::Effect, 1),
            "TimeEffect" => (Schema::TimeEffect, 1),
            "LinearTimeWarp" => (Schema::LinearTimeWarp, 1),
            "FreezeFrame" => (Schema::FreezeFrame, 1),
            "Marker" => (Schema::Marker, 3),
            "RationalTime" => (Schema::RationalTime, 1),
            "TimeRange" => (Schema::TimeRange, 1),
            "TimeTransform" => (Schema::TimeTransform, 1),
            "Box2d" => (Schema::Box2d, 1),
            "V2d" => (Schema::V2d, 1),
            "Color" => (Schema::Color, 1),
            _ => return None,
        })
    }
}

/// `Clip.2` into `Clip` and 2. A label without a number has no version.
pub(super) fn split(label: &str) -> (&str, Option<u32>) {
    match label.rsplit_once('.') {
        Some((name, version)) => match version.parse() {
            Ok(version) => (name, Some(version)),
            Err(_) => (label, None),
        },
        None => (label, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_split_at_their_last_dot() {
        assert_eq!(split("Clip.2"), ("Clip", Some(2)));
        assert_eq!(split("Studio.Thing.3"), ("Studio.Thing", Some(3)));
        assert_eq!(split("Clip"), ("Clip", None));
        assert_eq!(split("Clip.x"), ("Clip.x", None));
        assert_eq!(split("Clip.99999999999"), ("Clip.99999999999", None));
    }
}
