//! Every value of a plan is changed, one at a time: the fingerprint of the shot that depends on it changes, and no other.

use otio_conflate::backend::RecordBackend;
use otio_conflate::deliver::AudioDelivery;
use otio_conflate::plan::PlanOptions;
use otio_conflate::{Plan, Timeline};
use serde_json::{Value, json};

use crate::otio;
use crate::support::*;

/// Two shots with media of their own, a clip over the first, sounds, and everything optional that a plan can say.
fn rich() -> Timeline {
    let clip = |name: &str, start: i32, frames: i32| {
        let mut clip = clip(name, frames, &format!("/m/{name}.mov"));
        clip["source_range"] = range(start, frames);
        clip
    };
    let gap = otio::gap(5);
    let mut above = clip("C", 7, 5);
    above["metadata"] = json!({"opacity": 0.5});
    let bounds = json!({"OTIO_SCHEMA": "Box2d.1", "min": {"OTIO_SCHEMA": "V2d.1", "x": 0.0, "y": 0.0},
        "max": {"OTIO_SCHEMA": "V2d.1", "x": 16.0, "y": 9.0}});
    let mut first = clip("A", 10, 10);
    first["media_references"]["DEFAULT_MEDIA"]["available_image_bounds"] = bounds;
    let tracks = [
        otio::track("V1", [first, clip("B", 50, 10)]),
        otio::track("V2", [above]),
        // Far enough behind the first shot that its limiter does not look there.
        otio::audio_track("A1", [clip("D", 0, 10), gap, clip("E", 0, 5)]),
    ];
    otio::read(&otio::timeline_at(Value::Null, tracks))
}

/// What the fingerprint of the first shot does not depend on.
const APART: &[&str] = &[
    "/version",
    "/timeline",
    "/name",
    "/duration",
    "/hero_track",
    "/canvas/",
    "/sound/clips/",
    "/shots/1/",
    "/warnings/",
];

/// Other values that may stand in `value`'s place.
fn others(value: &Value) -> Vec<Value> {
    let words = [
        "black",
        "slate",
        "hold",
        "error",
        "warn",
        "transparent",
        "fill",
        "blend",
        "keep",
        "mono",
        "multiply",
        "frame",
    ];
    match value {
        Value::Bool(value) => vec![json!(!value)],
        Value::Number(number) => match number.as_i64() {
            Some(number) => vec![json!(number + 1), json!(number - 1), json!(2)],
            None => vec![json!(number.as_f64().expect("a number") / 2.0 + 0.125)],
        },
        // A word of another meaning where it is one of a list, else any text.
        Value::String(text) => words
            .iter()
            .map(|word| json!(word))
            .chain([json!(format!("{text}x"))])
            .filter(|other| other != value)
            .collect(),
        _ => Vec::new(),
    }
}

fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            object.iter().for_each(|(key, value)| leaves(value, &format!("{path}/{key}"), found));
        }
        Value::Array(values) => {
            values.iter().enumerate().for_each(|(index, value)| leaves(value, &format!("{path}/{index}"), found));
        }
        Value::Null => {}
        _ => found.push(path.to_owned()),
    }
}

#[test]
fn each_value_of_a_plan_counts_for_the_shots_that_depend_on_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = PlanOptions::default();
    options.sound.limit = Some(-6.0);
    options.sound.stems = "track".parse().expect("a selection");
    let mut plan = Plan::new(&rich(), &options).expect("a plan");
    let sound = plan.sound.as_mut().expect("it has sound");
    (sound.gain, sound.loudness) = (-3.5, Some(-23.0));
    let preset = otio_conflate::deliver::Preset::default().with_audio(AudioDelivery::Wav);
    let runs = std::cell::Cell::new(0);
    let print = |plan: &Plan| {
        runs.set(runs.get() + 1);
        let out = folder.path().join(runs.get().to_string());
        let delivery = delivery(&out, "error").preset(preset.clone());
        run(plan, delivery, RecordBackend::new()).expect("a run").shots[0].fingerprint.clone()
    };
    let (stored, before) = (serde_json::to_value(&plan).expect("plain data"), print(&plan));
    assert_eq!(print(&plan), before, "the same plan has the same fingerprint");
    let mut paths = Vec::new();
    leaves(&stored, "", &mut paths);
    let (mut changed, mut apart) = (0, 0);
    for path in paths {
        // Objects' paths are where things lie in the timeline, not what they are.
        let is_apart = APART.iter().any(|prefix| path.starts_with(prefix)) || path.ends_with("/object");
        let media = path.strip_prefix("/media/").and_then(|rest| rest.split('/').next()?.parse::<usize>().ok());
        let unused = media.is_some_and(|media| {
            let name = stored["media"][media]["source"]["path"].as_str().expect("files");
            name.ends_with("B.mov") || name.ends_with("E.mov")
        });
        let mut tried = 0;
        // Each run writes and syncs files, so one other value has to do.
        for other in others(stored.pointer(&path).expect("it was found there")) {
            let mut with = stored.clone();
            *with.pointer_mut(&path).expect("it was found there") = other.clone();
            let Ok(plan) = serde_json::from_value::<Plan>(with) else { continue };
            if plan.validate().is_err() || serde_json::to_value(&plan).expect("plain data") == stored {
                continue;
            }
            tried += 1;
            if tried > 1 {
                break;
            }
            let same = print(&plan) == before;
            if path.starts_with("/canvas_media/") {
                // The canvas and the ruler may be others or not, as the media are.
                continue;
            }
            assert_eq!(same, is_apart || unused, "{path} = {other}");
            if is_apart || unused { apart += 1 } else { changed += 1 }
        }
        assert!(
            tried > 0 || path.ends_with("/element") || COUPLED.iter().any(|end| path.ends_with(end)),
            "{path}: nothing else is valid there"
        );
    }
    assert!(changed > 50 && apart > 20, "{changed} {apart}");
}

/// Values that cannot change alone: counts and starts that others have to add up to, and what 0 is divided by.
const COUPLED: &[&str] = &["frame_count", "/start", "/count", "/kind", "/record", "/position/1"];

#[test]
fn how_the_mix_is_made_counts_where_sound_is_delivered_and_nowhere_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let print = |audio: AudioDelivery, change: &dyn Fn(&mut PlanOptions)| {
        let mut options = PlanOptions::default();
        change(&mut options);
        let plan = Plan::new(&rich(), &options).expect("a plan");
        let preset = otio_conflate::deliver::Preset::default().with_audio(audio);
        let delivery = delivery(folder.path(), "overwrite").preset(preset);
        run(&plan, delivery, RecordBackend::new()).expect("a run").shots[0].fingerprint.clone()
    };
    let changes: [&dyn Fn(&mut PlanOptions); 5] = [
        &|options| options.sound.limit = Some(-6.0),
        &|options| options.sound.pitch = "keep".parse().expect("a word"),
        &|options| options.sound.rate = 44_100,
        &|options| options.sound.layout = "mono".parse().expect("a word"),
        &|options| options.sound.stems = "track".parse().expect("a selection"),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        assert_ne!(print(AudioDelivery::Wav, change), print(AudioDelivery::Wav, &|_| ()), "change {number}");
        assert_eq!(print(AudioDelivery::None, change), print(AudioDelivery::None, &|_| ()), "change {number}");
    }
}
