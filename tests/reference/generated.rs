//! Random timelines as JSON text: every schema under every name and version it has had, odd metadata, any unicode,
//! numbers at the ends of what there is. Only what the library refuses is left out: its own fields may not be missing.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// A member of an object: the key, and its value as JSON.
type Member = (String, String);

/// An object of this schema; members may stand in any order, so the schema comes first or last.
fn object(schema: &str, mut members: Vec<Member>, schema_last: bool) -> String {
    let label = ("OTIO_SCHEMA".to_owned(), format!("{schema:?}"));
    members.insert(if schema_last { members.len() } else { 0 }, label);
    let members: Vec<_> = members.into_iter().map(|(key, value)| format!("{}: {value}", quoted(&key))).collect();
    format!("{{{}}}", members.join(",\n"))
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("any text is JSON")
}

fn list(values: &[String]) -> String {
    format!("[{}]", values.join(", "))
}

fn must(key: &str, value: String) -> Option<Member> {
    Some((key.to_owned(), value))
}

fn may(key: &str, value: Option<String>) -> Option<Member> {
    value.map(|value| (key.to_owned(), value))
}

fn members(all: impl IntoIterator<Item = Option<Member>>) -> Vec<Member> {
    all.into_iter().flatten().collect()
}

/// Text without zero characters, which the library cuts at.
fn raw_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9 _.]{0,8}",
        any::<String>().prop_map(|text| text.replace('\0', "")),
        select(vec!["é", "👀\u{200d}", "\u{feff}", "\"\\/", "\u{7f}\u{1}\n", "日本語", "\u{10ffff}", "e\u{301}"])
            .prop_map(str::to_owned),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => raw_text().prop_map(|text| quoted(&text)),
        1 => Just(r#""\ud83d\udc40 \u00e9\/""#.to_owned()),
    ]
}

/// Numbers that the library reads to the last digit: up to 15 digits, or what few bits hold.
fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i32>().prop_map(|number| number.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        (-1_000_000_000i64..1_000_000_000, 1u32..5).prop_map(|(digits, point)| format!("{digits}e-{point}")),
        (-1_000_000i32..1_000_000).prop_map(|number| format!("{number}.5")),
        select(vec![
            "0",
            "-0",
            "0.0",
            "-0.0",
            "1e22",
            "1E+5",
            "1e308",
            "-1e308",
            "5e-324",
            "1e-300",
            "1e-320",
            "9223372036854775807",
            "-9223372036854775808",
            "0.1",
            "NaN",
            "Infinity",
            "-Infinity",
            "4503599627370497.5",
        ])
        .prop_map(str::to_owned),
    ]
}

/// A speed: what is a number at all, of few digits as a double too.
fn speed() -> impl Strategy<Value = String> {
    prop_oneof![
        (-1_000_000_000i64..1_000_000_000, 0u32..9).prop_map(|(digits, point)| format!("{digits}e-{point}")),
        select(vec!["0", "-0.0", "1", "-1", "1e308", "5e-324", "NaN", "Infinity", "-Infinity"]).prop_map(str::to_owned),
    ]
}

/// What metadata holds: any JSON, and objects of OpenTimelineIO's own.
fn value() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        select(vec!["null", "true", "false", "[]", "{}"]).prop_map(str::to_owned),
        number(),
        text(),
        time(),
        range(),
        bounds(),
        point(),
        time_transform(),
        color(),
    ];
    leaf.prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(|values| list(&values)),
            dictionary(inner.clone()),
            unknown(inner),
        ]
    })
    .boxed()
}

/// Keys are not repeated: of those the library takes the first, and everybody else the last.
fn unique(pairs: Vec<Member>) -> Vec<Member> {
    let mut seen = std::collections::HashSet::new();
    pairs.into_iter().filter(|(key, _)| key != "OTIO_SCHEMA" && seen.insert(key.clone())).collect()
}

fn dictionary(value: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    vec((raw_text(), value), 0..3).prop_map(|pairs| {
        let pairs: Vec<_> =
            unique(pairs).into_iter().map(|(key, value)| format!("{}: {value}", quoted(&key))).collect();
        format!("{{{}}}", pairs.join(", "))
    })
}

fn unknown(value: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    (vec((raw_text(), value), 0..3), select(vec!["Studio.Thing.3", "Subtitle.1", "X.12"]), any::<bool>())
        .prop_map(|(pairs, schema, last)| object(schema, unique(pairs), last))
}

fn metadata() -> impl Strategy<Value = String> {
    dictionary(value())
}

/// Fields that no schema names.
fn extra() -> impl Strategy<Value = Vec<Member>> {
    vec(("x_[a-z]{1,4}", value()), 0..2).prop_map(unique)
}

fn rate() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec!["24", "24.0", "25", "30.0", "23.976", "23.98", "29.97", "59.94", "1", "1.0", "48000", "12.5"])
            .prop_map(str::to_owned),
        (1u32..1_000_000, 0u32..4).prop_map(|(digits, point)| format!("{digits}e-{point}")),
    ]
}

fn time_of(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    (value, rate(), any::<bool>()).prop_map(|(value, rate, last)| {
        object("RationalTime.1", members([must("rate", rate), must("value", value)]), last)
    })
}

fn time() -> impl Strategy<Value = String> {
    time_of((-100_000_000i32..100_000_000, 0u32..3).prop_map(|(digits, point)| match point {
        0 => digits.to_string(),
        _ => format!("{digits}e-{point}"),
    }))
}

fn duration() -> impl Strategy<Value = String> {
    time_of((0u32..1_000_000, any::<bool>()).prop_map(
        |(frames, half)| {
            if half { format!("{frames}.5") } else { frames.to_string() }
        },
    ))
}

fn range() -> impl Strategy<Value = String> {
    (time(), duration(), any::<bool>()).prop_map(|(start, duration, last)| {
        object("TimeRange.1", members([must("start_time", start), must("duration", duration)]), last)
    })
}

fn point() -> impl Strategy<Value = String> {
    let coordinate = || (-100_000i32..100_000).prop_map(|number| format!("{number}e-2"));
    (coordinate(), coordinate()).prop_map(|(x, y)| object("V2d.1", members([must("x", x), must("y", y)]), false))
}

fn bounds() -> impl Strategy<Value = String> {
    (point(), point()).prop_map(|(min, max)| object("Box2d.1", members([must("min", min), must("max", max)]), false))
}

fn time_transform() -> impl Strategy<Value = String> {
    (time(), rate(), select(vec!["1", "-2.5"])).prop_map(|(offset, rate, scale)| {
        object(
            "TimeTransform.1",
            members([must("offset", offset), must("rate", rate), must("scale", scale.to_owned())]),
            false,
        )
    })
}

fn color() -> impl Strategy<Value = String> {
    (text(), select(vec!["0", "1", "0.25"])).prop_map(|(name, red)| {
        let channels = ["r", "g", "b", "a"].map(|channel| must(channel, red.to_owned()));
        object("Color.1", members(channels.into_iter().chain([must("name", name)])), false)
    })
}

fn effect() -> impl Strategy<Value = String> {
    let schema = select(vec!["Effect.1", "TimeEffect.1", "LinearTimeWarp.1", "FreezeFrame.1"]);
    let known =
        (schema, text(), option::of(text()), option::of(any::<bool>()), speed(), option::of(metadata()), extra())
            .prop_map(|(schema, effect_name, name, enabled, scalar, metadata, extra)| {
                let speed = matches!(schema, "LinearTimeWarp.1" | "FreezeFrame.1");
                let own = members([
                    must("effect_name", effect_name),
                    may("name", name),
                    may("enabled", enabled.map(|on| on.to_string())),
                    may("time_scalar", speed.then_some(scalar)),
                    may("metadata", metadata),
                ]);
                object(schema, own.into_iter().chain(extra).collect(), false)
            });
    known.boxed()
}

fn marker() -> impl Strategy<Value = String> {
    let version = select(vec!["Marker.1", "Marker.2"]);
    (version, option::of(text()), option::of(text()), range(), option::of(text()), option::of(metadata()), extra())
        .prop_map(|(version, name, color, range, comment, metadata, extra)| {
            let key = if version == "Marker.1" { "range" } else { "marked_range" };
            let own = members([
                may("name", name),
                may("color", color),
                must(key, range),
                may("comment", comment),
                may("metadata", metadata),
            ]);
            object(version, own.into_iter().chain(extra).collect(), false)
        })
}

/// The members that all items share.
fn item() -> BoxedStrategy<Vec<Member>> {
    (
        option::of(text()),
        option::of(prop_oneof![3 => range(), 1 => Just("null".to_owned())]),
        option::of(any::<bool>()),
        option::of(vec(effect(), 0..3)),
        option::of(vec(marker(), 0..3)),
        option::of(prop_oneof![Just("null".to_owned()), color()]),
        option::of(metadata()),
        extra(),
    )
        .prop_map(|(name, source_range, enabled, effects, markers, color, metadata, extra)| {
            let own = members([
                may("name", name),
                may("source_range", source_range),
                may("enabled", enabled.map(|on| on.to_string())),
                may("effects", effects.as_deref().map(list)),
                may("markers", markers.as_deref().map(list)),
                may("color", color),
                may("metadata", metadata),
            ]);
            own.into_iter().chain(extra).collect()
        })
        .boxed()
}

fn media_reference() -> BoxedStrategy<String> {
    let common = || {
        (option::of(text()), option::of(range()), option::of(bounds()), option::of(metadata()), extra()).prop_map(
            |(name, range, bounds, metadata, extra)| {
                let own = members([
                    may("name", name),
                    may("available_range", range),
                    may("available_image_bounds", bounds),
                    may("metadata", metadata),
                ]);
                own.into_iter().chain(extra).collect::<Vec<_>>()
            },
        )
    };
    let with = |common: Vec<Member>, own: Vec<Member>| own.into_iter().chain(common).collect();
    let numbers = (any::<i32>(), 1..100i32, 0u32..10, rate());
    let policy = select(vec!["error", "hold", "black"]);
    prop_oneof![
        3 => (text(), common()).prop_map(move |(url, common)| {
            object("ExternalReference.1", with(common, members([must("target_url", url)])), false)
        }),
        2 => (text(), text(), text(), numbers, policy, common()).prop_map(
            move |(base, prefix, suffix, (start, step, padding, rate), policy, common)| {
                let own = members([
                    must("target_url_base", base),
                    must("name_prefix", prefix),
                    must("name_suffix", suffix),
                    must("start_frame", start.to_string()),
                    must("frame_step", step.to_string()),
                    must("rate", rate),
                    must("frame_zero_padding", padding.to_string()),
                    must("missing_frame_policy", quoted(policy)),
                ]);
                object("ImageSequenceReference.1", with(common, own), false)
            }
        ),
        1 => (text(), metadata(), common()).prop_map(move |(kind, parameters, common)| {
            let own = members([must("generator_kind", kind), must("parameters", parameters)]);
            object("GeneratorReference.1", with(common, own), false)
        }),
        1 => common().prop_map(|common| object("MissingReference.1", common, true)),
    ]
    .boxed()
}

fn clip() -> BoxedStrategy<String> {
    let old = (item(), option::of(prop_oneof![3 => media_reference(), 1 => Just("null".to_owned())])).prop_map(
        |(mut item, media)| {
            item.extend(may("media_reference", media));
            object("Clip.1", item, false)
        },
    );
    let references =
        vec((raw_text().prop_filter("the library wants a key", |key| !key.is_empty()), media_reference()), 1..3);
    let new = (item(), references, any::<prop::sample::Index>()).prop_map(|(mut item, references, active)| {
        let references = unique(references);
        let Some((key, _)) = (!references.is_empty()).then(|| &references[active.index(references.len())]) else {
            return object("Clip.1", item, false);
        };
        item.extend(must("active_media_reference_key", quoted(key)));
        let references: Vec<_> = references.iter().map(|(key, media)| format!("{}: {media}", quoted(key))).collect();
        item.extend(must("media_references", format!("{{{}}}", references.join(", "))));
        object("Clip.2", item, false)
    });
    prop_oneof![old, new].boxed()
}

fn transition() -> BoxedStrategy<String> {
    (option::of(text()), text(), duration(), duration(), option::of(metadata()), extra())
        .prop_map(|(name, kind, before, after, metadata, extra)| {
            let own = members([
                may("name", name),
                must("transition_type", kind),
                must("in_offset", before),
                must("out_offset", after),
                may("metadata", metadata),
            ]);
            object("Transition.1", own.into_iter().chain(extra).collect(), false)
        })
        .boxed()
}

fn child() -> BoxedStrategy<String> {
    let gap = (item(), select(vec!["Gap.1", "Filler.1"])).prop_map(|(item, schema)| object(schema, item, false));
    let leaf = prop_oneof![4 => clip(), 1 => gap, 1 => transition()];
    leaf.prop_recursive(4, 10, 3, |inner| prop_oneof![track(inner.clone()), stack(inner)]).boxed()
}

fn track(children: BoxedStrategy<String>) -> BoxedStrategy<String> {
    let kind = prop_oneof![select(vec!["Video", "Audio", "Data"]).prop_map(quoted), text()];
    (item(), vec(children, 0..4), kind, select(vec!["Track.1", "Sequence.1"]))
        .prop_map(|(mut item, children, kind, schema)| {
            item.extend(must("kind", kind));
            item.extend(must("children", list(&children)));
            object(schema, item, false)
        })
        .boxed()
}

fn stack(children: BoxedStrategy<String>) -> BoxedStrategy<String> {
    (item(), vec(children, 0..4))
        .prop_map(|(mut item, children)| {
            item.extend(must("children", list(&children)));
            object("Stack.1", item, false)
        })
        .boxed()
}

/// A whole timeline.
pub(crate) fn timeline() -> BoxedStrategy<String> {
    (option::of(text()), option::of(time()), stack(child()), option::of(metadata()), extra())
        .prop_map(|(name, start, tracks, metadata, extra)| {
            let own = members([
                may("name", name),
                may("global_start_time", start),
                may("metadata", metadata),
                must("tracks", tracks),
            ]);
            object("Timeline.1", own.into_iter().chain(extra).collect(), true)
        })
        .boxed()
}
