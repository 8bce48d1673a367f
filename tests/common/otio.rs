//! Timelines as applications write them, from a few words: the objects of OpenTimelineIO, for tests and benches.

#![allow(dead_code, unreachable_pub, reason = "every binary uses its own part of this")]

use otio_conflate::Timeline;
use otio_conflate::otio::{ReadOptions, read_str};
use serde_json::{Value, json};

/// What values and rates are given as.
pub trait Number: Copy {
    fn number(self) -> f64;
}

macro_rules! number {
    ($($kind:ty)*) => {
        $(impl Number for $kind {
            #[allow(clippy::cast_lossless, reason = "the same for every kind; tests count no further than 2^53")]
            fn number(self) -> f64 {
                self as f64
            }
        })*
    };
}
number!(u8 u16 i32 u32 i64 usize f64);

/// `RationalTime`.
pub fn time(value: impl Number, rate: impl Number) -> Value {
    json!({"OTIO_SCHEMA": "RationalTime.1", "value": value.number(), "rate": rate.number()})
}

/// `TimeRange` whose two halves have the same rate.
pub fn range(start: impl Number, frames: impl Number, rate: impl Number) -> Value {
    json!({"OTIO_SCHEMA": "TimeRange.1", "start_time": time(start, rate), "duration": time(frames, rate)})
}

/// `ExternalReference` to `location`; `available` may be null.
pub fn external(location: &str, available: Value) -> Value {
    json!({"OTIO_SCHEMA": "ExternalReference.1", "target_url": location, "available_range": available})
}

/// `ImageSequenceReference` to `base`, `prefix`, four digits, `suffix`, whose first number is `start`.
pub fn image_sequence(base: &str, (prefix, suffix): (&str, &str), start: i64, available: Value) -> Value {
    json!({"OTIO_SCHEMA": "ImageSequenceReference.1", "target_url_base": base, "name_prefix": prefix,
        "name_suffix": suffix, "start_frame": start, "frame_step": 1, "rate": 24.0, "frame_zero_padding": 4,
        "missing_frame_policy": "error", "available_range": available})
}

/// `Clip` that shows `source` of `media`.
pub fn clip_of(name: &str, source: Value, media: Value) -> Value {
    json!({"OTIO_SCHEMA": "Clip.2", "name": name, "source_range": source,
        "media_references": {"DEFAULT_MEDIA": media}, "active_media_reference_key": "DEFAULT_MEDIA"})
}

/// `Gap` of frames of 24 a second.
pub fn gap(frames: impl Number) -> Value {
    gap_at(frames, 24)
}

/// `Gap` of frames of `rate` a second.
pub fn gap_at(frames: impl Number, rate: impl Number) -> Value {
    json!({"OTIO_SCHEMA": "Gap.1", "source_range": range(0, frames, rate)})
}

/// `Transition` that starts `before` frames of 24 a second before the cut and ends `after` frames after it.
pub fn dissolve(before: impl Number, after: impl Number) -> Value {
    dissolve_at(before, after, 24)
}

/// The same in frames of `rate` a second.
pub fn dissolve_at(before: impl Number, after: impl Number, rate: impl Number) -> Value {
    json!({"OTIO_SCHEMA": "Transition.1", "transition_type": "SMPTE_Dissolve",
        "in_offset": time(before, rate), "out_offset": time(after, rate)})
}

/// The effects of a clip that is played at `speed`.
pub fn warp(speed: impl Number) -> Value {
    json!([{"OTIO_SCHEMA": "LinearTimeWarp.1", "name": "", "effect_name": "LinearTimeWarp",
        "time_scalar": speed.number()}])
}

/// `item`, played at `speed`.
pub fn warped(item: Value, speed: impl Number) -> Value {
    item.with("effects", warp(speed))
}

/// `Track` of pictures.
pub fn track(name: &str, children: impl Into<Vec<Value>>) -> Value {
    json!({"OTIO_SCHEMA": "Track.1", "name": name, "kind": "Video", "children": children.into()})
}

/// `Track` of sound.
pub fn audio_track(name: &str, children: impl Into<Vec<Value>>) -> Value {
    track(name, children).with("kind", "Audio")
}

/// `Stack`, bottom to top.
pub fn stack(name: &str, children: impl Into<Vec<Value>>) -> Value {
    json!({"OTIO_SCHEMA": "Stack.1", "name": name, "children": children.into()})
}

/// `Timeline` that starts at `start`, which may be null.
pub fn timeline_at(start: impl Into<Value>, tracks: impl Into<Vec<Value>>) -> Value {
    json!({"OTIO_SCHEMA": "Timeline.1", "name": "cut", "global_start_time": start.into(),
        "tracks": stack("tracks", tracks)})
}

/// What [`timeline_at`] and the like have built, as it is read.
pub fn read(timeline: &Value) -> Timeline {
    read_str(&timeline.to_string(), &ReadOptions::default()).expect("a timeline that a test wrote")
}

/// Changes an object under construction.
pub trait With {
    /// The object with `key` set to `value`; dots lead to objects inside.
    fn with(self, key: &str, value: impl Into<Value>) -> Value;
}

impl With for Value {
    fn with(mut self, key: &str, value: impl Into<Value>) -> Value {
        let (outer, last) = key.rsplit_once('.').map_or((None, key), |(outer, last)| (Some(outer), last));
        let object = outer.into_iter().flat_map(|outer| outer.split('.')).fold(&mut self, |at, key| &mut at[key]);
        object[last] = value.into();
        self
    }
}
