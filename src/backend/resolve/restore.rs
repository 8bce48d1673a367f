//! Putting back what a state says was changed in Resolve.

use std::path::Path;

use serde_json::{Value, json};

use super::bridge::{Answer, ResolveObject, whole};
use super::link::{Link, Named};
use super::options::ResolveOptions;
use super::queue::{self, OwnJob, remove_job};
use super::state::{Lut, ResolveState, Version};
use crate::error::{Error, ErrorKind, Result};

/// What is to become of our render jobs when everything is put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Jobs {
    /// They are stopped, and taken out of the queue.
    Remove,
    /// They stay: they are done, and somebody will collect them.
    Keep,
}

/// Puts back what `state` says, as far as it can be; says what cannot.
pub(super) fn restore(link: &Link, state: &ResolveState, options: &ResolveOptions, jobs: Jobs) -> Vec<String> {
    let mut failed = state.untold.clone();
    let mut attempt = |what: &str, result: Result<()>| {
        if let Err(error) = result {
            failed.push(format!("{what} could not be restored in Resolve: {error:#}"));
        }
    };
    let project = link.named(&link.project);
    let is_open = state.project.as_ref().zip(project.as_ref().ok()).is_some_and(|(own, open)| own.is(open));
    if !is_open {
        let name = state.project.as_ref().map_or("", |project| project.name.as_str());
        return vec![format!(
            "the project {name:?} is no longer open in Resolve, or does not answer: nothing was restored"
        )];
    }
    if jobs == Jobs::Remove {
        attempt("the render queue", remove_jobs(link, state, options));
    }
    let timelines = link.timelines();
    let find = |named: &Option<Named>| {
        let named = named.as_ref()?;
        timelines.as_ref().ok()?.iter().find(|(_, other)| other.is(named)).map(|(object, _)| object.clone())
    };
    match find(&state.rendered) {
        Some(rendered) => {
            attempt("the grades", restore_grades(link, &rendered, state));
            for (track, enabled) in &state.tracks {
                let arguments = vec![json!("video"), json!(track), json!(enabled)];
                attempt("a track", link.call(&rendered, "SetTrackEnable", arguments).and_then(|done| done.granted()));
            }
            if let Some(marks) = &state.marks {
                attempt("the marks", restore_marks(link, &rendered, marks));
            }
        }
        // One of our own is gone already.
        None if timelines.is_ok() && state.rendered.is_some() && state.rendered == state.imported => {}
        None if state.rendered.is_some() => {
            attempt("the timeline", Err(Error::new(ErrorKind::Application, "it is no longer there")));
        }
        None => {}
    }
    if let Some(timeline) = find(&state.timeline) {
        attempt("the open timeline", link.open_timeline(&timeline));
    }
    if let Some(bin) = &state.bin {
        // It has the name of its bin, or one that begins so, should it not have been noted.
        let imported = find(&state.imported).or_else(|| {
            timelines
                .as_ref()
                .ok()?
                .iter()
                .find(|(_, named)| named.name.starts_with(bin))
                .map(|(object, _)| object.clone())
        });
        attempt("the media pool", remove_import(link, imported, bin, &state.pooled));
    }
    if let Some((format, codec)) = &state.format {
        let arguments = vec![json!(format), json!(codec)];
        let set = link.project("SetCurrentRenderFormatAndCodec", arguments).and_then(|done| done.granted());
        attempt("format and codec", set);
    }
    if let Some(mode) = state.mode {
        let set = link.project("SetCurrentRenderMode", vec![json!(mode)]).and_then(|done| done.granted());
        attempt("the render mode", set);
    }
    let preset = state.preset.clone().map_or_else(|| imported_preset(link, state), |preset| Ok(Some(preset)));
    if let Some(preset) = preset.unwrap_or_default() {
        let removed = link.project("DeleteRenderPreset", vec![json!(preset)]).and_then(|done| done.granted());
        attempt("the list of render presets", removed);
    }
    if let Some(page) = &state.page {
        attempt("the page", link.open_page(page));
    }
    failed
}

/// The preset that was being imported when a run was killed, if it came.
fn imported_preset(link: &Link, state: &ResolveState) -> Result<Option<String>> {
    let Some((name, before)) = &state.importing else { return Ok(None) };
    Ok(link.render_presets()?.into_iter().find(|preset| preset == name && !before.contains(preset)))
}

/// Stops our jobs if they are being rendered, and takes them out of the queue.
pub(super) fn remove_jobs(link: &Link, state: &ResolveState, options: &ResolveOptions) -> Result<()> {
    if state.jobs.is_empty() && state.folder.is_none() {
        return Ok(());
    }
    let queued = queue::entries(link)?;
    // Whether they are listed or not.
    for job in &state.jobs {
        remove_job(link, options, job, &queued)?;
    }
    for (id, target) in queued.iter().filter(|(id, _)| state.jobs.iter().all(|job| job.id != *id)) {
        // A run may have been killed before it noted the job.
        if state.folder.as_ref().is_some_and(|folder| Path::new(target).starts_with(folder)) {
            remove_job(link, options, &OwnJob { id: id.clone(), ready: String::new() }, &queued)?;
        }
    }
    Ok(())
}

fn restore_grades(link: &Link, timeline: &ResolveObject, state: &ResolveState) -> Result<()> {
    let mut result = Ok(());
    let versions = state.versions.iter().map(|version| version.track);
    let mut tracks: Vec<i64> = versions.chain(state.luts.iter().map(|lut| lut.track)).collect();
    tracks.sort_unstable();
    tracks.dedup();
    let mut found = Vec::new();
    for track in tracks {
        let items = link.call(timeline, "GetItemListInTrack", vec![json!("video"), json!(track)])?.objects()?;
        for item in items {
            let id = link.call(&item, "GetUniqueId", vec![])?.text()?;
            found.push(id.clone());
            // What fails is told; the others are put back all the same.
            if let Some(version) = state.versions.iter().find(|version| version.item == id) {
                result = result.and(restore_version(link, &item, version));
            }
            if let Some(lut) = state.luts.iter().find(|lut| lut.item == id) {
                result = result.and(restore_lut(link, &item, lut));
            }
        }
    }
    let gone = state.versions.iter().filter(|version| !found.contains(&version.item)).count();
    match gone {
        0 => result,
        _ => result.and_then(|()| {
            let what = format!("{gone} clips with a version of this run are no longer in their tracks");
            Err(Error::new(ErrorKind::Application, what))
        }),
    }
}

/// Gives a clip its version back, and deletes ours.
pub(super) fn restore_version(link: &Link, item: &ResolveObject, version: &Version) -> Result<()> {
    link.call(item, "LoadVersionByName", vec![json!(version.name), json!(version.kind)])?.granted()?;
    let names = link.call_if_there(item, "GetVersionNameList", vec![json!(0)])?.map(Answer::value);
    // It may not have come to be.
    if names.as_ref().and_then(Value::as_array).is_some_and(|names| !names.contains(&json!(version.ours))) {
        return Ok(());
    }
    link.call(item, "DeleteVersionByName", vec![json!(version.ours), json!(0)])?.granted()
}

fn restore_lut(link: &Link, item: &ResolveObject, lut: &Lut) -> Result<()> {
    // Before there were graphs, the clip was asked.
    let graph = match link.call_if_there(item, "GetNodeGraph", vec![])? {
        Some(graph) => graph.some()?,
        None => item.clone(),
    };
    let now = link.call(&graph, "GetLUT", vec![json!(lut.node)])?.value();
    if now.as_str().unwrap_or_default() == lut.former {
        return Ok(());
    }
    link.call(&graph, "SetLUT", vec![json!(lut.node), json!(lut.former)])?.granted()
}

fn restore_marks(link: &Link, timeline: &ResolveObject, marks: &Value) -> Result<()> {
    if link.call(timeline, "GetMarkInOut", vec![])?.value() == *marks {
        return Ok(());
    }
    link.call(timeline, "ClearMarkInOut", vec![json!("all")])?.granted()?;
    for kind in ["video", "audio"] {
        let mark = |key: &str| marks.get(kind).and_then(|marks| marks.get(key)).and_then(whole);
        if let Some((first, last)) = mark("in").zip(mark("out")) {
            link.call(timeline, "SetMarkInOut", vec![json!(first), json!(last), json!(kind)])?.granted()?;
        }
    }
    Ok(())
}

/// Removes an imported timeline and its bin, and what came into the root bin with them: where an import goes differs
/// from version to version.
fn remove_import(link: &Link, timeline: Option<ResolveObject>, bin: &str, pooled: &[String]) -> Result<()> {
    let pool = link.project("GetMediaPool", vec![])?.some()?;
    if let Some(timeline) = timeline {
        link.call(&pool, "DeleteTimelines", vec![json!([Value::from(&timeline)])])?.granted()?;
    }
    let root = link.call(&pool, "GetRootFolder", vec![])?.some()?;
    for folder in link.call(&root, "GetSubFolderList", vec![])?.listed()? {
        if link.call(&folder, "GetName", vec![])?.text()? == bin {
            link.call(&pool, "DeleteFolders", vec![json!([Value::from(&folder)])])?.granted()?;
        }
    }
    if pooled.is_empty() {
        return Ok(());
    }
    let came = link.clips(&root)?.into_iter().filter(|(_, id)| pooled.contains(id));
    let came: Vec<Value> = came.map(|(clip, _)| Value::from(&clip)).collect();
    if came.is_empty() { Ok(()) } else { link.call(&pool, "DeleteClips", vec![json!(came)])?.granted() }
}
