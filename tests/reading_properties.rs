//! Properties of reading: nothing panics, and what is written reads back the same.

use otio_conflate::otio::{self, ReadOptions};
use otio_conflate::time::Rate;
use otio_conflate::timeline::{
    Box2d, Child, Clip, Composition, CompositionKind, Effect, EffectKind, Gap, Item, Map, Marker, MediaCommon,
    MediaKind, MediaReference, MissingFramePolicy, RationalTime, RawTimeRange, Timeline, Transition, UnknownObject,
    V2d, Value,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// What several applications write, by their habits: off-grid values, old schemas, odd metadata.
const REALISTIC: &str = r#"{
    "OTIO_SCHEMA": "Timeline.1",
    "metadata": {"Resolve_OTIO": {"Resolve OTIO Meta Version": "1.0", "Frame Rate": 23.976024627685547}},
    "name": "conform_v012",
    "global_start_time": {"OTIO_SCHEMA": "RationalTime.1", "rate": 23.976024627685547, "value": 86400.0},
    "tracks": {
        "OTIO_SCHEMA": "Stack.1", "metadata": {}, "name": "tracks", "source_range": null, "effects": [],
        "markers": [{"OTIO_SCHEMA": "Marker.2", "name": "Note", "color": "ROSE", "comment": "look \ud83d\udc40",
            "marked_range": {"OTIO_SCHEMA": "TimeRange.1",
                "start_time": {"OTIO_SCHEMA": "RationalTime.1", "rate": 24, "value": 86400.08874841638},
                "duration": {"OTIO_SCHEMA": "RationalTime.1", "rate": 24, "value": 1}},
            "metadata": {"Hiero": {"tag.guid": "{c0ffee}", "applieswhole": 1}}}],
        "children": [
            {"OTIO_SCHEMA": "Sequence.1", "kind": "Video", "name": "V1", "children": [
                {"OTIO_SCHEMA": "Filler.1", "name": "", "source_range": {"OTIO_SCHEMA": "TimeRange.1",
                    "start_time": {"OTIO_SCHEMA": "RationalTime.1", "rate": 1.0, "value": 0.0},
                    "duration": {"OTIO_SCHEMA": "RationalTime.1", "rate": 23.976, "value": 12.5}}},
                {"OTIO_SCHEMA": "Clip.1", "name": "A001_C002_é", "media_reference":
                    {"OTIO_SCHEMA": "ExternalReference.1", "target_url": "file://localhost/C%3a/media/A001%20C002.mov",
                     "available_range": {"OTIO_SCHEMA": "TimeRange.1",
                        "start_time": {"OTIO_SCHEMA": "RationalTime.1", "rate": 23.98, "value": 1086213.0},
                        "duration": {"OTIO_SCHEMA": "RationalTime.1", "rate": 23.98, "value": 300.0}}},
                 "effects": [{"OTIO_SCHEMA": "LinearTimeWarp.1", "effect_name": "", "time_scalar": -1.0},
                    {"OTIO_SCHEMA": "FlameTimewarp.3", "name": "TW", "keys": [[1001, 1.5], [1100, NaN]]}]},
                {"OTIO_SCHEMA": "Transition.1", "transition_type": "SMPTE_Dissolve",
                 "in_offset": {"OTIO_SCHEMA": "RationalTime.1", "rate": 24, "value": 6},
                 "out_offset": {"OTIO_SCHEMA": "RationalTime.1", "rate": 24, "value": 6}},
                {"OTIO_SCHEMA": "Clip.2", "name": "sh020", "active_media_reference_key": "DEFAULT_MEDIA",
                 "media_references": {"DEFAULT_MEDIA": {"OTIO_SCHEMA": "ImageSequenceReference.1",
                    "target_url_base": "\\\\nas\\plates\\sh020", "name_prefix": "sh020.", "name_suffix": ".exr",
                    "start_frame": 993, "frame_step": 1, "rate": 1.0, "frame_zero_padding": 4,
                    "missing_frame_policy": "hold", "available_image_bounds": {"OTIO_SCHEMA": "Box2d.1",
                        "min": {"OTIO_SCHEMA": "V2d.1", "x": -8.0, "y": -4.5},
                        "max": {"OTIO_SCHEMA": "V2d.1", "x": 8.0, "y": 4.5}}}},
                 "metadata": {"premiere": {"ticks": 254016000000000000000, "labels": [{"label2": "Iris"}]},
                              "kdenlive": {"id": "7", "speed": -0.0}}}]}]
    }
}"#;

/// An object with these fields: it may get others, so it cannot be written out here.
macro_rules! with {
    ($base:expr, $($field:ident),+ $(,)?) => {{
        let mut made = $base;
        $(made.$field = $field;)+
        made
    }};
}

/// Reads; whatever is read has to come back the same after writing.
fn read_and_reread(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(timeline) = otio::read_bytes(bytes, &ReadOptions::default()) {
        let json = otio::to_json(&timeline);
        let again = otio::read_str(&json, &ReadOptions::default());
        let again = again.map_err(|error| TestCaseError::fail(format!("{error:#}\n{json}")))?;
        // NaN is not equal to itself, so the text is compared.
        prop_assert_eq!(otio::to_json(&again), json);
    }
    Ok(())
}

fn spliced(at: usize, cut: usize, patch: &[u8]) -> Vec<u8> {
    let mut bytes = REALISTIC.as_bytes().to_vec();
    let start = at % bytes.len();
    let end = (start + cut).min(bytes.len());
    bytes.splice(start..end, patch.iter().copied());
    bytes
}

#[test]
fn the_realistic_timeline_is_read() {
    let timeline = otio::read_str(REALISTIC, &ReadOptions::default()).expect("valid");
    assert_eq!(timeline.notes.len(), 1, "{:?}", timeline.notes);
}

proptest! {
    #[test]
    fn any_bytes_do_not_panic(bytes in vec(any::<u8>(), 0..200)) {
        read_and_reread(&bytes)?;
    }

    #[test]
    fn flipped_bytes_do_not_panic(flips in vec((any::<usize>(), any::<u8>()), 1..8)) {
        let mut bytes = REALISTIC.as_bytes().to_vec();
        for (at, byte) in flips {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        read_and_reread(&bytes)?;
    }

    #[test]
    fn cut_off_files_are_errors(at in 1..REALISTIC.len()) {
        prop_assert!(otio::read_bytes(&REALISTIC.as_bytes()[..at], &ReadOptions::default()).is_err());
    }

    #[test]
    fn pieces_put_elsewhere_do_not_panic(at in any::<usize>(), cut in 0usize..200, from in any::<usize>(), len in 0usize..300) {
        let from = from % REALISTIC.len();
        let piece = &REALISTIC.as_bytes()[from..(from + len).min(REALISTIC.len())];
        read_and_reread(&spliced(at, cut, piece))?;
    }

    #[test]
    fn swapped_values_do_not_panic(which in any::<usize>(), value in prop_oneof![
        Just("null"), Just("NaN"), Just("-1"), Just("0"), Just("1e400"), Just("[]"), Just("{}"), Just("\"x\""),
        Just("true"), Just("[null]"), Just("{\"OTIO_SCHEMA\": \"Clip.2\"}"), Just("99999999999999999999"),
    ]) {
        // The value behind one of the colons, up to where it may end.
        let colons: Vec<_> = REALISTIC.match_indices("\": ").map(|(at, _)| at + 3).collect();
        let start = colons[which % colons.len()];
        let length = REALISTIC[start..].find([',', '}', ']', '\n']).unwrap_or(0);
        read_and_reread(&spliced(start, length, value.as_bytes()))?;
    }

    #[test]
    fn generated_timelines_come_back_the_same(timeline in timeline()) {
        let json = otio::to_json(&timeline);
        let mut again = otio::read_str(&json, &ReadOptions::default())
            .map_err(|error| TestCaseError::fail(format!("{error:#}\n{json}")))?;
        again.notes.clear();
        prop_assert_eq!(again, timeline);
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z0-9 _.]{0,8}", any::<String>()]
}

fn value() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<f64>().prop_map(Value::Float),
        text().prop_map(Value::String),
        Just(Value::BigInt("-9223372036854775809".into())),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|values| Value::Array(values.into())),
            vec((text(), inner), 0..4).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
    .boxed()
}

fn map() -> impl Strategy<Value = Map> {
    vec((text(), value()), 0..3).prop_map(|pairs| pairs.into_iter().collect())
}

/// Fields that no schema names.
fn extra() -> impl Strategy<Value = Map> {
    vec(("x_[a-z]{1,4}", value()), 0..2).prop_map(|pairs| pairs.into_iter().collect())
}

fn rate() -> impl Strategy<Value = Rate> {
    let written =
        prop_oneof![Just(24.0), Just(23.976024627685547), Just(29.97), Just(1.0), Just(48_000.0), 0.01f64..1e6];
    written.prop_map(|written| Rate::new(written).expect("within the limits"))
}

fn time() -> impl Strategy<Value = RationalTime> {
    (-1e9f64..1e9, rate()).prop_map(|(value, rate)| RationalTime { value, rate })
}

fn duration() -> impl Strategy<Value = RationalTime> {
    (prop_oneof![Just(0.0), Just(82.0), 0.0f64..1e9], rate()).prop_map(|(value, rate)| RationalTime { value, rate })
}

fn range() -> impl Strategy<Value = RawTimeRange> {
    (time(), duration()).prop_map(|(start_time, duration)| RawTimeRange { start_time, duration })
}

fn unknown() -> impl Strategy<Value = UnknownObject> {
    extra().prop_map(|extra| {
        let schema = "Studio.Thing.3".to_owned();
        let mut data = Map::from([("OTIO_SCHEMA".to_owned(), Value::String(schema.clone()))]);
        data.extend(extra);
        UnknownObject::new(schema, data)
    })
}

fn effect() -> BoxedStrategy<Effect> {
    let scalar = prop_oneof![Just(0.0), Just(-1.0), Just(f64::INFINITY), -10.0f64..10.0];
    let kind = prop_oneof![
        Just(EffectKind::Other),
        Just(EffectKind::Time),
        scalar.clone().prop_map(|time_scalar| EffectKind::LinearTimeWarp { time_scalar }),
        scalar.prop_map(|time_scalar| EffectKind::FreezeFrame { time_scalar }),
    ];
    let known = (text(), text(), kind, any::<bool>(), map(), extra()).prop_map(
        |(name, effect_name, kind, enabled, metadata, extra)| {
            with!(Effect::freeze(), name, effect_name, kind, enabled, metadata, extra)
        },
    );
    let unknown = unknown().prop_map(|object| {
        let (effect_name, kind) = (String::new(), EffectKind::Unknown(object));
        with!(Effect::freeze(), effect_name, kind)
    });
    prop_oneof![4 => known, 1 => unknown].boxed()
}

fn marker() -> BoxedStrategy<Marker> {
    (text(), text(), option::of(range()), text(), map(), extra())
        .prop_map(|(name, color, marked_range, comment, metadata, extra)| {
            with!(Marker::default(), name, color, marked_range, comment, metadata, extra)
        })
        .boxed()
}

fn item() -> BoxedStrategy<Item> {
    (
        text(),
        option::of(range()),
        any::<bool>(),
        vec(effect(), 0..2),
        vec(marker(), 0..2),
        prop_oneof![Just(Value::Null), map().prop_map(Value::Object)],
        map(),
        extra(),
    )
        .prop_map(|(name, source_range, enabled, effects, markers, color, metadata, extra)| {
            with!(Item::default(), name, source_range, enabled, effects, markers, color, metadata, extra)
        })
        .boxed()
}

fn common() -> BoxedStrategy<MediaCommon> {
    let point = || (-1e3f64..1e3, -1e3f64..1e3).prop_map(|(x, y)| V2d { x, y });
    let bounds = (point(), point()).prop_map(|(min, max)| Box2d { min, max });
    (text(), option::of(range()), option::of(bounds), map(), extra())
        .prop_map(|(name, available_range, available_image_bounds, metadata, extra)| {
            with!(MediaCommon::default(), name, available_range, available_image_bounds, metadata, extra)
        })
        .boxed()
}

fn media_reference() -> BoxedStrategy<MediaReference> {
    let policy =
        prop_oneof![Just(MissingFramePolicy::Error), Just(MissingFramePolicy::Hold), Just(MissingFramePolicy::Black)];
    let sequence = (text(), text(), text(), any::<i64>(), 1..100i64, 0.0f64..100.0, 0..10u32, policy, common());
    prop_oneof![
        (text(), common()).prop_map(|(target_url, common)| MediaReference::External { target_url, common }),
        sequence.prop_map(
            |(
                target_url_base,
                name_prefix,
                name_suffix,
                start_frame,
                frame_step,
                rate,
                frame_zero_padding,
                missing_frame_policy,
                common,
            )| MediaReference::ImageSequence {
                target_url_base,
                name_prefix,
                name_suffix,
                start_frame,
                frame_step,
                rate,
                frame_zero_padding,
                missing_frame_policy,
                common,
            }
        ),
        (text(), map(), common()).prop_map(|(generator_kind, parameters, common)| MediaReference::Generator {
            generator_kind,
            parameters,
            common
        }),
        common().prop_map(|common| MediaReference::Missing { common }),
        unknown().prop_map(MediaReference::Unknown),
    ]
    .boxed()
}

fn clip() -> BoxedStrategy<Clip> {
    (item(), vec((text(), media_reference()), 0..3), text())
        .prop_map(|(item, references, active_media_reference_key)| {
            let media_references = references.into_iter().collect();
            with!(Clip::default(), item, media_references, active_media_reference_key)
        })
        .boxed()
}

fn transition() -> BoxedStrategy<Transition> {
    (text(), text(), duration(), duration(), map(), extra())
        .prop_map(|(name, transition_type, in_offset, out_offset, metadata, extra)| {
            with!(
                Transition::dissolve(0, 0, Rate::FPS_24),
                name,
                transition_type,
                in_offset,
                out_offset,
                metadata,
                extra
            )
        })
        .boxed()
}

fn composition(children: BoxedStrategy<Child>) -> BoxedStrategy<Composition> {
    let kind = prop_oneof![
        Just(CompositionKind::Stack),
        Just(CompositionKind::Track(MediaKind::Video)),
        Just(CompositionKind::Track(MediaKind::Audio)),
        Just(CompositionKind::Track(MediaKind::Other("Data".to_owned()))),
    ];
    (kind, item(), vec(children, 0..4))
        .prop_map(|(kind, item, children)| with!(Composition::default(), kind, item, children))
        .boxed()
}

fn child() -> BoxedStrategy<Child> {
    let leaf = prop_oneof![
        3 => clip().prop_map(|clip| Child::Clip(Box::new(clip))),
        1 => item().prop_map(|item| Child::Gap(Box::new(with!(Gap::new(0, Rate::FPS_24), item)))),
        1 => transition().prop_map(|transition| Child::Transition(Box::new(transition))),
        1 => unknown().prop_map(|object| Child::Unknown(Box::new(object))),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        composition(inner).prop_map(|composition| Child::Composition(Box::new(composition)))
    })
    .boxed()
}

fn timeline() -> BoxedStrategy<Timeline> {
    (text(), option::of(time()), composition(child()), map(), extra())
        .prop_map(|(name, global_start_time, mut tracks, metadata, extra)| {
            tracks.kind = CompositionKind::Stack;
            with!(Timeline::new(""), name, global_start_time, tracks, metadata, extra)
        })
        .boxed()
}
