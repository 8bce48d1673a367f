//! Timelines from a few words, and plans as short lines of text.

use std::path::PathBuf;

use otio_conflate::otio::{ReadOptions, read_str};
use otio_conflate::plan::{MediaFacts, MediaLookup, MediaSource, PlanOptions, Shot, ShotSelection};
use otio_conflate::{Error, Plan, Timeline};
use serde_json::{Value, json};

pub(crate) type Number = f64;

/// `RationalTime`.
pub(crate) fn time(value: impl Into<Number>, rate: impl Into<Number>) -> Value {
    json!({"OTIO_SCHEMA": "RationalTime.1", "value": value.into(), "rate": rate.into()})
}

/// `TimeRange` whose two halves have the same rate.
pub(crate) fn range(start: impl Into<Number>, frames: impl Into<Number>, rate: impl Into<Number>) -> Value {
    let rate = rate.into();
    json!({"OTIO_SCHEMA": "TimeRange.1", "start_time": time(start, rate), "duration": time(frames, rate)})
}

/// A movie `/m/NAME.mov`, of which the timeline says how long it is unless `available` is null.
pub(crate) fn movie(name: &str, available: Value) -> Value {
    json!({"OTIO_SCHEMA": "ExternalReference.1", "target_url": format!("/m/{name}.mov"), "available_range": available})
}

/// Frames `/m/NAME.0001.exr` and so on, from number `start`.
pub(crate) fn sequence(name: &str, start: i64, available: Value) -> Value {
    json!({
        "OTIO_SCHEMA": "ImageSequenceReference.1", "target_url_base": "/m/", "name_prefix": format!("{name}."),
        "name_suffix": ".exr", "start_frame": start, "frame_step": 1, "rate": 24.0, "frame_zero_padding": 4,
        "missing_frame_policy": "error", "available_range": available,
    })
}

/// A clip of `frames` frames of 24 a second from frame `start` of a movie with 1000 of them.
pub(crate) fn clip(name: &str, start: impl Into<Number>, frames: impl Into<Number>) -> Value {
    clip_of(name, range(start, frames, 24), movie(name, range(0, 1000, 24)))
}

/// A clip that shows `source` of `media`.
pub(crate) fn clip_of(name: &str, source: Value, media: Value) -> Value {
    json!({"OTIO_SCHEMA": "Clip.2", "name": name, "source_range": source,
        "media_references": {"DEFAULT_MEDIA": media}, "active_media_reference_key": "DEFAULT_MEDIA"})
}

pub(crate) fn gap(frames: impl Into<Number>) -> Value {
    json!({"OTIO_SCHEMA": "Gap.1", "source_range": range(0, frames, 24)})
}

/// A dissolve that starts `before` frames before the cut and ends `after` frames after it.
pub(crate) fn dissolve(before: impl Into<Number>, after: impl Into<Number>) -> Value {
    json!({"OTIO_SCHEMA": "Transition.1", "transition_type": "SMPTE_Dissolve",
        "in_offset": time(before, 24), "out_offset": time(after, 24)})
}

pub(crate) fn warp(speed: impl Into<Number>) -> Value {
    json!([{"OTIO_SCHEMA": "LinearTimeWarp.1", "name": "", "effect_name": "LinearTimeWarp", "time_scalar": speed.into()}])
}

pub(crate) fn marker(name: &str, color: &str, start: impl Into<Number>, frames: impl Into<Number>) -> Value {
    json!({"OTIO_SCHEMA": "Marker.2", "name": name, "color": color, "marked_range": range(start, frames, 24)})
}

pub(crate) fn track(name: &str, children: impl Into<Vec<Value>>) -> Value {
    json!({"OTIO_SCHEMA": "Track.1", "name": name, "kind": "Video", "children": children.into()})
}

pub(crate) fn stack(children: impl Into<Vec<Value>>) -> Value {
    json!({"OTIO_SCHEMA": "Stack.1", "name": "", "children": children.into()})
}

/// A timeline without a global start.
pub(crate) fn timeline(tracks: impl Into<Vec<Value>>) -> Value {
    json!({"OTIO_SCHEMA": "Timeline.1", "name": "cut", "global_start_time": null, "tracks": stack(tracks)})
}

/// Changes an object under construction.
pub(crate) trait With {
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

pub(crate) fn read(timeline: &Value) -> Timeline {
    read_str(&timeline.to_string(), &ReadOptions::default()).expect("a timeline that a test wrote")
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
