//! A plan that was changed, or read from a file, is checked before it is used; options do not swallow what they do not
//! know. R15.

use otio_conflate::deliver::{Preset, Representation, Review};
use otio_conflate::plan::{CanvasRequest, Handles, PlanOptions, SoundOptions};
use otio_conflate::{Delivery, ErrorKind, Plan};
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::support::*;

/// A plan with everything that can be wrong: two tracks, a dissolve, a look, sound.
fn rich() -> Value {
    let sound = track("A1", [clip("D", 0, 20)]).with("kind", "Audio");
    let look = json!({"opacity": 0.5});
    let v1 = track("V1", [clip("A", 0, 10), dissolve(2, 2), clip("B", 50, 10)]);
    let v2 = track("V2", [clip("C", 7, 5).with("metadata", look)]);
    let plan = plan(&timeline([v1, v2, sound]), &PlanOptions::default());
    plan.validate().expect("what was just planned holds together");
    serde_json::to_value(plan).expect("plain data")
}

/// What is said of the plan after `path` (a JSON pointer) was set to `value`.
fn refusal(path: &str, value: impl Into<Value>) -> (ErrorKind, String) {
    let mut stored = rich();
    // What has its default is not stored; the object that it belongs to is.
    let (object, key) = path.rsplit_once('/').expect("a pointer");
    let place = stored.pointer_mut(object).unwrap_or_else(|| panic!("nothing at {object}"));
    match place.as_object_mut() {
        Some(object) => drop(object.insert(key.to_owned(), value.into())),
        None => place[key.parse::<usize>().expect("an index")] = value.into(),
    }
    let plan: Plan = serde_json::from_value(stored).expect("well-formed JSON of the right types");
    let error = plan.validate().expect_err("it does not hold together");
    (error.kind(), format!("{error:#}"))
}

#[test]
fn what_does_not_hold_together_is_told_with_its_place() {
    let cases: &[(&str, Value, &str)] = &[
        ("/shots/0/spans/0/stack/0/media", json!(99), "shots[0].spans[0].stack[0].media: 99 is out of range"),
        ("/shots/1/sound/0/media", json!(4), "shots[1].sound[0].media: 4 is out of range; the plan has 4 media"),
        ("/sound/clips/0/media", json!(7), "sound.clips[0].media: 7"),
        ("/canvas_media/0", json!(12), "canvas_media[0]: 12"),
        ("/shots/0/frame_count", json!(-1), "shots[0].frame_count: negative: -1"),
        ("/shots/0/frame_count", json!(0), "shots[0].frame_count: the shot has no frames"),
        ("/shots/0/frame_count", json!(11), "shots[0].spans: they have 10 frames, their shot has 11"),
        ("/shots/0/head", json!(-3), "shots[0].head: negative: -3"),
        ("/shots/0/tail", json!(11), "shots[0].head: 0 + 11 handles in 10 frames"),
        ("/shots/0/start", json!(1), "shots[0].spans[0].start: expected record frame 1; found 0"),
        ("/shots/0/start", json!(i64::MAX), "shots[0].start: 9223372036854775807 + 10 overflows"),
        ("/shots/0/first_frame", json!(i64::MAX), "shots[0].first_frame: 9223372036854775807 + 10 overflows"),
        ("/shots/0/spans/1/start", json!(7), "shots[0].spans[1].start: expected record frame"),
        ("/shots/0/spans/0/count", json!(0), "shots[0].spans[0].count: expected at least 1 frame; found 0"),
        ("/shots/0/spans/0/count", json!(-5), "shots[0].spans[0].count: expected at least 1 frame; found -5"),
        ("/shots/0/name", json!(""), "shots[0].name: empty"),
        ("/shots/1/name", json!("a"), "shots[1].name: \"a\" names another shot, too"),
        ("/duration", json!(-1), "duration: negative: -1"),
        ("/global_start", json!(i64::MAX), "global_start: the record range overflows"),
        ("/sound/rate", json!(0), "sound.rate: expected 1 to 1000000 samples per second; found 0"),
        ("/sound/limit", json!(3.0), "sound.limit: expected at most 0 dB"),
        ("/sound/clips/0/stem", json!(1), "sound.clips[0].stem: 1 is out of range; the plan has 0 stems"),
        ("/sound/clips/0/output", json!(0), "sound.clips[0].output: expected a channel of the mix from 1 to 1024"),
        ("/sound/stems", json!(["A", "a"]), "sound.stems[1]: empty, or another's name"),
        ("/sound/clips/0/range/duration", json!(-1), "sound.clips[0].range: negative duration"),
        ("/media/0/frames", json!(-24), "media[0].frames: negative: -24"),
        ("/canvas/pixel_aspect", json!([0, 1]), "canvas.pixel_aspect: expected a positive ratio"),
    ];
    for (path, value, said) in cases {
        // The optional ones are left out where they are not set.
        let mut stored = rich();
        if stored.pointer(path).is_none() {
            let (outer, key) = path.rsplit_once('/').expect("a pointer");
            stored.pointer_mut(outer).expect("its object")[key] = value.clone();
        } else {
            *stored.pointer_mut(path).expect("it is there") = value.clone();
        }
        let plan: Plan = serde_json::from_value(stored).unwrap_or_else(|error| panic!("{path}: {error:#}"));
        let error = plan.validate().expect_err(path);
        assert_eq!(error.kind(), ErrorKind::Plan, "{path}");
        assert!(format!("{error:#}").contains(said), "{path} = {value}: {error:#}");
    }
}

#[test]
fn sides_of_transitions_and_looks_are_checked_too() {
    let stored = rich();
    let text = stored.to_string();
    assert!(text.contains("\"element\":\"mix\""), "a dissolve is in it: {text}");
    let mut plan: Plan = serde_json::from_value(stored).expect("a plan");
    let (mut sides, mut looks) = (0, 0);
    let stored = serde_json::to_value(&plan).expect("plain data");
    for (s, shot) in stored["shots"].as_array().expect("shots").iter().enumerate() {
        for (p, span) in shot["spans"].as_array().expect("spans").iter().enumerate() {
            for (e, element) in span["stack"].as_array().expect("a stack").iter().enumerate() {
                let at = format!("/shots/{s}/spans/{p}/stack/{e}");
                for (side, path) in [("from", "/from/media"), ("to", "/to/media")] {
                    if element.pointer(path).is_some() {
                        let (kind, said) = refusal(&format!("{at}{path}"), 50);
                        assert!(
                            kind == ErrorKind::Plan && said.contains(&format!("stack[{e}].{side}.media: 50")),
                            "{said}"
                        );
                        sides += 1;
                    }
                }
                if element.pointer("/look/opacity").is_some() {
                    let (_, said) = refusal(&format!("{at}/look/opacity"), json!([[5.0, 1.0], [4.0, 0.0]]));
                    assert!(said.contains("look.opacity: key frames out of order"), "{said}");
                    looks += 1;
                }
            }
        }
    }
    assert!(sides > 1 && looks > 0, "{sides} {looks}");
    let otio_conflate::plan::Element::Layer(layer) = &mut plan.shots[0].spans[0].stack[0] else { panic!("a layer") };
    layer.look.opacity = otio_conflate::plan::Animated::Constant(f64::NAN);
    let said = plan.validate().expect_err("not a number").to_string();
    assert!(said.contains("look.opacity: expected finite numbers"), "{said}");
}

#[test]
fn a_ratio_over_nothing_is_an_error_when_a_plan_is_read() {
    let text = rich().to_string().replacen("\"step\":[1,1]", "\"step\":[1,0]", 1);
    let error = serde_json::from_str::<Plan>(&text).expect_err("1/0 is not a ratio").to_string();
    assert!(error.contains("invalid ratio 1/0"), "{error:#}");
}

/// Every option read from `options` with a key that it does not have, in each of its objects, is an error that names it.
fn refuses_unknown_keys<T: Serialize + DeserializeOwned>(options: &Value) {
    let name = std::any::type_name::<T>();
    let read = serde_json::from_value::<T>(options.clone());
    if let Err(error) = read {
        panic!("{name}: {error:#}");
    }
    let mut with = options.clone();
    with["tpyo"] = json!(1);
    let error = serde_json::from_value::<T>(with).err().unwrap_or_else(|| panic!("{name} takes an unknown key"));
    assert!(format!("{error:#}").contains("tpyo"), "{name}: {error:#}");
}

#[test]
fn unknown_keys_of_options_are_errors() {
    refuses_unknown_keys::<PlanOptions>(&json!({}));
    refuses_unknown_keys::<SoundOptions>(&json!({}));
    refuses_unknown_keys::<CanvasRequest>(&json!({}));
    refuses_unknown_keys::<Handles>(&json!({"head": 1, "tail": 2}));
    refuses_unknown_keys::<Delivery>(&stored(&Delivery::new("/out")));
    refuses_unknown_keys::<Preset>(&stored(&preset()));
    #[cfg(feature = "ffmpeg")]
    refuses_unknown_keys::<otio_conflate::deliver::TranscodeOptions>(&json!({}));
    #[cfg(feature = "resolve")]
    {
        use otio_conflate::backend::resolve::{Cdl, Limits, ResolveOptions};
        refuses_unknown_keys::<ResolveOptions>(&json!({}));
        refuses_unknown_keys::<Limits>(&json!({}));
        refuses_unknown_keys::<Cdl>(&stored(&Cdl::default()));
    }
    refuses_unknown_keys::<Review>(&stored(&Review::default()));
    let nested = json!({"sound": {"tpyo": 1}});
    assert!(serde_json::from_value::<PlanOptions>(nested).is_err());
    let mut representation = stored(&Representation::by_name("h264").expect("a preset"));
    representation["size"] = json!({"width": 640, "tpyo": 1});
    assert!(serde_json::from_value::<Representation>(representation).is_err());
}

fn preset() -> Preset {
    Preset::by_name("prores-lt").expect("a preset")
}

fn stored(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("plain data")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What is written is what was, to the last bit, and writes itself again.
    #[test]
    fn json_of_a_plan_is_stable_to_the_bit(
        opacity in prop::collection::vec((0.0f64..100.0, any::<f64>().prop_filter("a number", |n| n.is_finite())), 1..6),
        speed in 0.01f64..50.0,
        pan in -1.0f64..1.0,
        bounds in prop::array::uniform4(any::<f64>().prop_filter("a number", |n| n.is_finite())),
    ) {
        let mut plan: Plan = serde_json::from_value(rich()).expect("a plan");
        let mut keys = opacity;
        keys.sort_by(|a, b| a.0.total_cmp(&b.0));
        if let otio_conflate::plan::Element::Layer(layer) = &mut plan.shots[0].spans[0].stack[0] {
            layer.look.opacity = otio_conflate::plan::Animated::Keys(keys);
            layer.map.step = otio_conflate::time::Ratio::nearest(speed);
        }
        plan.media[0].bounds = Some(bounds);
        plan.sound.as_mut().expect("it sounds").clips[0].pan = pan;
        let text = serde_json::to_string(&plan).expect("plain data");
        let again: Plan = serde_json::from_str(&text).expect("it was just written");
        prop_assert_eq!(&again, &plan);
        prop_assert_eq!(serde_json::to_string(&again).expect("plain data"), text);
    }
}
