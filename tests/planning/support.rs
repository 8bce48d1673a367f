//! Timelines from a few words, and plans as short lines of text.

use std::path::PathBuf;

use otio_conflate::plan::{MediaFacts, MediaLookup, MediaSource, PlanOptions, Shot, ShotSelection};
use otio_conflate::{Error, Plan};
use serde_json::{Value, json};

pub(crate) use crate::otio::*;

/// A movie `/m/NAME.mov`, of which the timeline says how long it is unless `available` is null.
pub(crate) fn movie(name: &str, available: Value) -> Value {
    external(&format!("/m/{name}.mov"), available)
}

/// Frames `/m/NAME.0001.exr` and so on, from number `start`.
pub(crate) fn sequence(name: &str, start: i64, available: Value) -> Value {
    image_sequence("/m/", (&format!("{name}."), ".exr"), start, available)
}

/// A clip of `frames` frames of 24 a second from frame `start` of a movie with 1000 of them.
pub(crate) fn clip(name: &str, start: impl Number, frames: impl Number) -> Value {
    clip_of(name, range(start, frames, 24), movie(name, range(0, 1000, 24)))
}

pub(crate) fn marker(name: &str, color: &str, start: impl Number, frames: impl Number) -> Value {
    json!({"OTIO_SCHEMA": "Marker.2", "name": name, "color": color, "marked_range": range(start, frames, 24)})
}

/// A stack that nobody named.
pub(crate) fn stack(children: impl Into<Vec<Value>>) -> Value {
    crate::otio::stack("", children)
}

/// A timeline without a global start.
pub(crate) fn timeline(tracks: impl Into<Vec<Value>>) -> Value {
    timeline_at(Value::Null, tracks)
}

/// Options, after `change`.
pub(crate) fn options(change: impl FnOnce(&mut PlanOptions)) -> PlanOptions {
    let mut options = PlanOptions::default();
    options.allow_empty = true;
    change(&mut options);
    options
}

/// Options under which the whole cut of `frames` frames is one shot.
pub(crate) fn whole(frames: i64) -> PlanOptions {
    options(|options| options.shots = ShotSelection::Ranges(vec![("cut".to_owned(), 0, frames)]))
}

/// A lookup for timelines that say everything themselves: asking is a mistake.
pub(crate) struct NobodyAsks;

impl MediaLookup for NobodyAsks {
    fn look_up(&self, source: &MediaSource) -> Option<MediaFacts> {
        panic!("nobody should have to look at {source:?}");
    }
}

/// The same facts about everything.
pub(crate) struct Facts(pub(crate) Option<MediaFacts>);

impl MediaLookup for Facts {
    fn look_up(&self, _: &MediaSource) -> Option<MediaFacts> {
        self.0.clone()
    }
}

/// The options, where a plan without shots is no error.
fn or_empty(options: &PlanOptions) -> PlanOptions {
    let mut options = options.clone();
    options.allow_empty = true;
    options
}

/// A plan of a timeline that says everything.
pub(crate) fn plan(timeline: &Value, options: &PlanOptions) -> Plan {
    Plan::with_media(&read(timeline), &or_empty(options), &NobodyAsks).expect("a plan")
}

pub(crate) fn plan_with(timeline: &Value, options: &PlanOptions, facts: Option<MediaFacts>) -> Plan {
    Plan::with_media(&read(timeline), &or_empty(options), &Facts(facts)).expect("a plan")
}

pub(crate) fn refused(timeline: &Value, options: &PlanOptions) -> Error {
    Plan::new(&read(timeline), options).expect_err("no plan can be made of this")
}

pub(crate) fn shot<'p>(plan: &'p Plan, name: &str) -> &'p Shot {
    let names: Vec<&str> = plan.shots.iter().map(|shot| shot.name.as_str()).collect();
    plan.shots.iter().find(|shot| shot.name == name).unwrap_or_else(|| panic!("no shot {name:?} among {names:?}"))
}

pub(crate) fn names(plan: &Plan) -> Vec<&str> {
    plan.shots.iter().map(|shot| shot.name.as_str()).collect()
}

/// What each frame of a shot shows, bottom to top: `A 7*0.75 + B 99*0.25`; a weight of 1 is left out, and `-` is
/// nothing at all.
pub(crate) fn shown(plan: &Plan, name: &str) -> Vec<String> {
    let layer = |layer: &otio_conflate::plan::FrameLayer<'_>| match layer.weight {
        1.0 => format!("{} {}", layer.clip, layer.source),
        weight => format!("{} {}*{weight}", layer.clip, layer.source),
    };
    plan.frames(shot(plan, name))
        .map(|row| match row.layers.len() {
            0 => "-".to_owned(),
            _ => row.layers.iter().map(layer).collect::<Vec<_>>().join(" + "),
        })
        .collect()
}

/// The source frames of a shot with one layer at all times.
pub(crate) fn sources(plan: &Plan, name: &str) -> Vec<i64> {
    let one = |row: otio_conflate::plan::FrameRow<'_>| {
        assert_eq!(row.layers.len(), 1, "{row:?}");
        row.layers[0].source
    };
    plan.frames(shot(plan, name)).map(one).collect()
}

/// The source frames of the only clip of a cut.
pub(crate) fn sources_of(clip: Value, facts: Option<MediaFacts>) -> Vec<i64> {
    let plan = plan_with(&timeline([track("V1", [clip])]), &PlanOptions::default(), facts);
    sources(&plan, &plan.shots[0].name)
}

/// What the plan's first layer had to assume.
pub(crate) fn notes(plan: &Plan) -> Vec<String> {
    match &plan.shots[0].spans[0].stack[0] {
        otio_conflate::plan::Element::Layer(layer) => layer.notes.clone(),
        other => panic!("a plain layer, not {other:?}"),
    }
}

/// Warnings as text.
pub(crate) fn warnings(plan: &Plan) -> Vec<String> {
    plan.warnings.iter().map(ToString::to_string).collect()
}

#[track_caller]
pub(crate) fn assert_warns(plan: &Plan, object: &str, part: &str) {
    let found = plan
        .warnings
        .iter()
        .any(|warning| warning.objects().any(|named| named == object) && warning.message.contains(part));
    assert!(found, "no warning at {object:?} says {part:?}: {:#?}", plan.warnings);
}

pub(crate) fn path(text: &str) -> PathBuf {
    PathBuf::from(text)
}
