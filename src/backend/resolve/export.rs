//! A timeline of Resolve as it exports it: everything about its clips in one call, instead of eight for each.
//!
//! What is exported is not taken on trust: some clips of each track are asked, and where they say something else, or their
//! number is another, all of them are.

use std::collections::HashMap;

use serde_json::json;

use super::bridge::ResolveObject;
use super::link::Link;
use crate::otio::{ReadOptions, read_file};
use crate::plan::{MediaSource, MissingPolicy, Plan, PlanOptions, Shot, ShotSelection, layers_of};
use crate::timeline::{Child, Composition, MediaKind, object_path};

/// What stands in a track, but for gaps and transitions.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ExportedItem {
    /// A clip that is seen, of which everything is told.
    Clip(ExportedClip),
    /// Something else: it has to be asked.
    Other,
}

/// A clip.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ExportedClip {
    pub(super) name: String,
    /// Its first record frame, and the first behind it, counted from the timeline's first.
    pub(super) start: i64,
    pub(super) end: i64,
    /// Its media's file, where it has any.
    pub(super) file: Option<String>,
    /// The source frame it starts with, and the last one, from the media's first; not where its speed changes.
    pub(super) first: Option<i64>,
    pub(super) last: Option<i64>,
}

/// The video tracks of `timeline`, from the bottom; `None` where Resolve does not export it, or what it exports cannot be
/// read.
pub(super) fn video_tracks(link: &Link, timeline: &ResolveObject) -> Option<Vec<Vec<ExportedItem>>> {
    // Resolve may run as somebody else, who cannot write there.
    let folder = tempfile::Builder::new().prefix("otio-conflate-").tempdir().ok()?;
    let path = folder.path().join("timeline.otio");
    let arguments =
        vec![json!(path.to_str()?), json!({"$constant": "EXPORT_OTIO"}), json!({"$constant": "EXPORT_NONE"})];
    link.call(timeline, "Export", arguments).ok()?.granted().ok()?;
    let timeline = read_file(&path, &ReadOptions::default()).ok()?;
    let mut options =
        PlanOptions { shots: ShotSelection::All, media_missing: MissingPolicy::Black, ..PlanOptions::default() };
    options.sound.enabled = false;
    let plan = Plan::new(&timeline, &options).ok()?;
    let shots: HashMap<&str, &Shot> = plan.shots.iter().map(|shot| (shot.object.as_str(), shot)).collect();
    let tracks = timeline.tracks.children.iter().enumerate();
    let video = tracks.filter_map(|(index, child)| match child {
        Child::Composition(track) if is_video(track) => Some(track_of(&plan, &shots, index, track)),
        _ => None,
    });
    Some(video.collect())
}

fn is_video(track: &Composition) -> bool {
    matches!(&track.kind, crate::timeline::CompositionKind::Track(MediaKind::Video))
}

fn track_of(plan: &Plan, shots: &HashMap<&str, &Shot>, index: usize, track: &Composition) -> Vec<ExportedItem> {
    let placed = track.children.iter().enumerate();
    let items = placed.filter(|(_, child)| !matches!(child, Child::Gap(_) | Child::Transition(_)));
    items
        .map(|(place, child)| {
            let object = object_path(&[index, place]);
            let shot = shots.get(object.as_str()).filter(|_| matches!(child, Child::Clip(_)));
            shot.and_then(|shot| clip_of(plan, shot)).map_or(ExportedItem::Other, ExportedItem::Clip)
        })
        .collect()
}

fn clip_of(plan: &Plan, shot: &Shot) -> Option<ExportedClip> {
    let mut layers = shot.spans.iter().flat_map(|span| layers_of(&span.stack));
    let layer = layers.find(|layer| layer.object == shot.object)?;
    let source = &plan.media[layer.media].source;
    // Titles and generators have no file; what is offline has the one that is missing.
    let file = match source {
        MediaSource::File { .. } | MediaSource::Sequence { .. } => source.file(0)?.to_string_lossy().into_owned(),
        _ => return None,
    };
    let (start, end) = (shot.start, shot.start + shot.frame_count);
    let constant = layer.map.curve.is_none();
    let index = |record: i64| constant.then(|| layer.map.index(record));
    Some(ExportedClip {
        name: shot.clip.clone(),
        start,
        end,
        file: Some(file),
        first: index(start),
        last: index(end - 1),
    })
}
