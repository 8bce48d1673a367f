//! What a render changes in Resolve, and putting it back.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::bridge::{Answer, Object, whole};
use super::cut::{Cut, VideoTrack};
use super::jobs::{self, OwnJob};
use super::journal::{Desk, Journal, Owner};
use super::link::{LOOK, Link, Named, pause};
use super::lock::Lock;
use super::options::ResolveOptions;
use crate::backend::CancelToken;
use crate::error::{Error, ErrorKind, Result};

/// How Resolve was before, as far as anything was changed. Every change is noted here before it is made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    /// What Resolve did not tell, and so cannot be put back: sentences.
    pub(super) untold: Vec<String>,
    /// The project that everything belongs to.
    pub(super) project: Option<Named>,
    pub(super) page: Option<String>,
    /// The timeline that was open.
    pub(super) timeline: Option<Named>,
    /// Format and codec of the Deliver page.
    pub(super) format: Option<(String, String)>,
    /// The render mode: 0 for individual clips, 1 for a single clip.
    pub(super) mode: Option<i64>,
    /// The timeline that is rendered, which the following belongs to.
    pub(super) rendered: Option<Named>,
    /// Video tracks that were switched, and whether they were enabled.
    pub(super) tracks: Vec<(i64, bool)>,
    /// Its marks, as Resolve gives them.
    pub(super) marks: Option<Value>,
    /// Clips whose version was changed.
    pub(super) versions: Vec<Version>,
    /// Clips with a LUT of ours on their own version.
    pub(super) luts: Vec<Lut>,
    /// The folder that our render jobs write into: a job that does is ours, too.
    #[serde(default)]
    pub(super) folder: Option<PathBuf>,
    /// Our render jobs, and whether they were started.
    pub(super) jobs: Vec<OwnJob>,
    pub(super) started: bool,
    /// Whether a run has all its renders in `folder`, whole, and is about to cut its shots out of them.
    #[serde(default)]
    pub(super) rendered_all: bool,
    /// A render preset that was imported.
    pub(super) preset: Option<String>,
    /// Before that: what it will be called, and the presets that there were.
    #[serde(default)]
    pub(super) importing: Option<(String, Vec<String>)>,
    /// The bin of an imported timeline.
    pub(super) bin: Option<String>,
    /// The imported timeline.
    pub(super) imported: Option<Named>,
    /// What came into the root bin with it: the identifiers of clips. Nothing else is removed from there.
    pub(super) pooled: Vec<String>,
}

/// A clip that is graded by a version of ours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) track: i64,
    /// The clip's identifier.
    pub(super) item: String,
    /// The version it had, by name and kind (0 local, 1 remote).
    pub(super) name: String,
    pub(super) kind: i64,
    /// The name of ours.
    pub(super) ours: String,
}

/// A LUT of ours on a clip's own version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Lut {
    pub(super) track: i64,
    /// The clip's identifier.
    pub(super) item: String,
    /// The node's number, from 1.
    pub(super) node: u32,
    /// The LUT that was there, or nothing.
    pub(super) former: String,
}

/// What is to become of our render jobs when everything is put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Jobs {
    /// They are stopped, and taken out of the queue.
    Remove,
    /// They stay: they are done, and somebody will collect them.
    Keep,
}

/// Puts everything back when it is dropped, whatever happened.
#[derive(Debug)]
pub(super) struct Guard<'o> {
    options: &'o ResolveOptions,
    pub(super) link: Link,
    pub(super) state: State,
    journal: Journal,
    restored: bool,
    // Given back last.
    pub(super) lock: Lock,
}

impl<'o> Guard<'o> {
    /// Begins with nothing changed.
    ///
    /// # Errors
    /// [`ErrorKind::Application`] when Resolve does not tell which project is open.
    pub(super) fn begin(options: &'o ResolveOptions, link: Link, desk: &Desk, lock: Lock) -> Result<Guard<'o>> {
        let state = State { project: Some(link.named(&link.project)?), ..State::default() };
        Ok(Guard { options, link, state, journal: Journal::new(desk), restored: false, lock })
    }

    /// Takes over what another process changed.
    pub(super) fn resume(options: &'o ResolveOptions, link: Link, journal: Journal, lock: Lock) -> Guard<'o> {
        Guard { options, link, state: journal.state().clone(), journal, restored: false, lock }
    }

    /// Changes the state, and writes it down: before what it tells of is done.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when it cannot be written; then nothing may be done.
    pub(super) fn note(&mut self, change: impl FnOnce(&mut State)) -> Result<()> {
        change(&mut self.state);
        self.lock.list(self.journal.path(), self.journal.owner(), self.state.project.as_ref());
        self.journal.note(&self.state)
    }

    /// The journal.
    pub(super) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// From here on, what was changed is a ticket's: it stays when this process is killed.
    ///
    /// # Errors
    /// As [`Guard::note`].
    pub(super) fn hand_over(&mut self) -> Result<()> {
        self.journal.hand_over()?;
        self.lock.list(self.journal.path(), self.journal.owner(), self.state.project.as_ref());
        Ok(())
    }

    /// Switches to a page.
    ///
    /// # Errors
    /// [`ErrorKind::Application`] when Resolve does not.
    pub(super) fn open_page(&mut self, page: &str) -> Result<()> {
        if self.state.page.is_none() {
            match self.link.call(&self.link.app, "GetCurrentPage", vec![])?.text() {
                Ok(page) => self.note(|state| state.page = Some(page))?,
                Err(_) => self.untold("the page", "Resolve.GetCurrentPage"),
            }
        }
        self.link.open_page(page)
    }

    /// Notes which timeline is open, before that changes.
    ///
    /// # Errors
    /// [`ErrorKind::Application`] when Resolve does not tell.
    pub(super) fn note_timeline(&mut self) -> Result<()> {
        let open = self.link.current_timeline()?.map(|timeline| self.link.named(&timeline)).transpose()?;
        self.note(|state| state.timeline = open)
    }

    /// Opens `timeline`, if it is not open.
    ///
    /// # Errors
    /// [`ErrorKind::Application`] when Resolve does not.
    pub(super) fn open_timeline(&mut self, timeline: &Object) -> Result<()> {
        self.note_timeline()?;
        set_timeline(&self.link, timeline)
    }

    /// Notes everything that a render of `timeline` changes on the Deliver page.
    ///
    /// # Errors
    /// [`ErrorKind::Application`] when Resolve does not tell.
    pub(super) fn note_render(&mut self, timeline: &Object) -> Result<()> {
        let link = &self.link;
        let format = link.project("GetCurrentRenderFormatAndCodec", vec![])?.value();
        let part = |key: &str| format.get(key).and_then(Value::as_str).filter(|part| !part.is_empty());
        let format = part("format").zip(part("codec")).map(|(format, codec)| (format.to_owned(), codec.to_owned()));
        let mode = link.project("GetCurrentRenderMode", vec![])?.whole()?;
        if format.is_none() {
            self.untold("format and codec", "Project.GetCurrentRenderFormatAndCodec");
        }
        let link = &self.link;
        // Older versions do not tell.
        let marks = link.call(timeline, "GetMarkInOut", vec![]).ok().map(Answer::value).filter(Value::is_object);
        self.note(|state| (state.mode, state.format, state.marks) = (Some(mode), format, marks))
    }

    fn untold(&mut self, what: &str, method: &str) {
        let what = format!("{what} could not be restored in Resolve: {method} told nothing");
        if !self.state.untold.contains(&what) {
            self.state.untold.push(what);
        }
    }

    /// Lets the video tracks be seen that `seen` says yes to, by number.
    ///
    /// # Errors
    /// [`ErrorKind::Application`] when Resolve does not.
    pub(super) fn enable_tracks(&mut self, cut: &Cut, seen: impl Fn(&VideoTrack) -> bool) -> Result<()> {
        if self.state.tracks.is_empty() {
            let tracks = cut.tracks.iter().map(|track| (track.number, track.enabled)).collect();
            self.note(|state| state.tracks = tracks)?;
        }
        for track in &cut.tracks {
            let arguments = vec![json!("video"), json!(track.number), json!(seen(track))];
            self.link.call(&cut.timeline, "SetTrackEnable", arguments)?.granted()?;
        }
        Ok(())
    }

    /// Nothing is left to be collected.
    pub(super) fn forget(&self) {
        if self.journal.is_restored() {
            self.journal.remove();
        }
    }

    /// Leaves everything as it is for another process.
    pub(super) fn leave(mut self) {
        self.restored = true;
    }

    /// Puts everything back after `error`, which then says what could not be.
    pub(super) fn failed(&mut self, error: Error) -> Error {
        match self.restore().as_slice() {
            [] => error,
            unrestored => error.context(format!("not all of Resolve could be put back ({})", unrestored.join("; "))),
        }
    }

    /// Puts everything back; says what could not be.
    pub(super) fn restore(&mut self) -> Vec<String> {
        if std::mem::replace(&mut self.restored, true) {
            return Vec::new();
        }
        self.link.ignore_cancel();
        if self.link.is_lost() {
            // Whatever has become of it, it is not started for this.
            let options = ResolveOptions { start: None, ..self.options.clone() };
            match Link::open(&options, &CancelToken::new()) {
                Ok(link) => self.link = link,
                Err(error) => {
                    let later = format!("{}: `resolve restore` puts it back", self.journal.path().display());
                    return vec![format!("it is left as it was rendering, which is noted in {later}: {error}")];
                }
            }
        }
        let failed = restore(&self.link, &self.state, self.options, Jobs::Remove);
        let all = failed.len() <= self.state.untold.len();
        if all {
            self.lock.strike(self.journal.path());
        }
        match self.journal.owner() {
            // What it tells of the renders is needed until the shots are cut out of them.
            Owner::Run if all && !self.state.rendered_all => self.journal.remove(),
            // Somebody may open the project again, or collect the ticket. What cannot be written is put back once more.
            _ => drop(self.journal.restored(all)),
        }
        failed
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        // Where nobody asked for it, an error is on its way already.
        let _ = self.restore();
    }
}

/// Puts back what `state` says, as far as it can be; says what cannot.
pub(super) fn restore(link: &Link, state: &State, options: &ResolveOptions, jobs: Jobs) -> Vec<String> {
    let mut failed = state.untold.clone();
    let mut attempt = |what: &str, result: Result<()>| {
        if let Err(error) = result {
            failed.push(format!("{what} could not be restored in Resolve: {error}"));
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
        attempt("the open timeline", set_timeline(link, &timeline));
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
fn imported_preset(link: &Link, state: &State) -> Result<Option<String>> {
    let Some((name, before)) = &state.importing else { return Ok(None) };
    Ok(jobs::presets(link)?.into_iter().find(|preset| preset == name && !before.contains(preset)))
}

/// What every name of ours begins with.
const OWN: &str = "otio-conflate ";
/// What stands between a name of ours and that of the version it lies over, and in front of a remote one's.
const OVER: &str = " over ";
const REMOTE: &str = "remote ";

/// A name for what we make in a project, which nothing in it has: what is called so is removed again.
pub(super) fn own_name() -> String {
    let moment = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    format!("{OWN}{}-{moment}", std::process::id())
}

/// The name of our version of a grade, in place of version `name` of this kind. Should all else be lost, it still tells
/// which version the clip had.
pub(super) fn own_version(ours: &str, name: &str, kind: i64) -> String {
    format!("{ours}{OVER}{}{name}", if kind == 1 { REMOTE } else { "" })
}

/// Whether a version is one of ours.
pub(super) fn is_own(version: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let name = version.strip_prefix(OWN).map(|rest| rest.split_once(OVER).map_or(rest, |(name, _)| name));
    name.and_then(|name| name.split_once('-')).is_some_and(|(process, moment)| number(process) && number(moment))
}

/// The version that a version of ours lies over, by name and kind; `None` where it does not tell.
pub(super) fn version_under(version: &str) -> Option<(String, i64)> {
    let (_, under) = version.split_once(OVER).filter(|_| is_own(version))?;
    Some(under.strip_prefix(REMOTE).map_or((under.to_owned(), 0), |name| (name.to_owned(), 1)))
}

/// Opens `timeline`, if it is not open.
pub(super) fn set_timeline(link: &Link, timeline: &Object) -> Result<()> {
    let open = link.current_timeline()?.map(|open| link.named(&open)).transpose()?;
    let wanted = link.named(timeline)?;
    if open.is_some_and(|open| open.is(&wanted)) {
        return Ok(());
    }
    link.project("SetCurrentTimeline", vec![timeline.into()])?.granted()
}

/// Stops our jobs if they are being rendered, and takes them out of the queue.
pub(super) fn remove_jobs(link: &Link, state: &State, options: &ResolveOptions) -> Result<()> {
    if state.jobs.is_empty() && state.folder.is_none() {
        return Ok(());
    }
    let queued = queue(link)?;
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

/// How often one looks again whether a job that was started is rendered at last.
const LOOKS: u32 = 20;

/// Takes a job of ours out of the queue. Rendering is stopped only where it is this job that is rendered: a render of
/// somebody else goes on.
pub(super) fn remove_job(
    link: &Link,
    options: &ResolveOptions,
    job: &OwnJob,
    queued: &[(String, String)],
) -> Result<()> {
    let delete = || link.project("DeleteRenderJob", vec![json!(job.id)]).and_then(Answer::granted);
    let Some(status) = jobs::status(link, &job.id)? else { return Ok(()) };
    let is_ours = || -> Result<bool> {
        for (other, _) in queued.iter().filter(|(other, _)| *other != job.id) {
            if jobs::status(link, other)?.is_some_and(|status| status.moves()) {
                return Ok(false);
            }
        }
        link.is_rendering()
    };
    if status.is_rendered_now(job) && is_ours()? {
        stop(link, options)?;
    }
    let deadline = Instant::now() + options.limits.call;
    let mut looks = 0;
    loop {
        match delete() {
            Ok(()) => return Ok(()),
            Err(_) if jobs::status(link, &job.id)?.is_none() => return Ok(()),
            // One that cannot be removed is being rendered, or will be in a moment.
            Err(_) if Instant::now() < deadline && link.is_rendering()? => {
                link.project("StopRendering", vec![])?;
                pause(LOOK, &CancelToken::new())?;
            }
            Err(_) if Instant::now() < deadline && looks < LOOKS && status.may_start(job) => {
                looks += 1;
                pause(LOOK, &CancelToken::new())?;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Stops rendering, and waits until it has stopped: before that, jobs cannot be removed.
fn stop(link: &Link, options: &ResolveOptions) -> Result<()> {
    link.project("StopRendering", vec![])?;
    let deadline = Instant::now() + options.limits.call;
    while link.is_rendering()? {
        if Instant::now() > deadline {
            return Err(Error::new(ErrorKind::Timeout, "Resolve goes on rendering though it was told to stop"));
        }
        pause(LOOK, &CancelToken::new())?;
    }
    Ok(())
}

/// The identifiers of all jobs in the queue, and where they render to.
pub(super) fn queue(link: &Link) -> Result<Vec<(String, String)>> {
    let list = link.project("GetRenderJobList", vec![])?.value();
    let text = |job: &Value, key: &str| job.get(key).and_then(Value::as_str).map(str::to_owned);
    let entry = |job: &Value| Some((text(job, "JobId")?, text(job, "TargetDir").unwrap_or_default()));
    Ok(list.as_array().map(|jobs| jobs.iter().filter_map(entry).collect()).unwrap_or_default())
}

fn restore_grades(link: &Link, timeline: &Object, state: &State) -> Result<()> {
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
pub(super) fn restore_version(link: &Link, item: &Object, version: &Version) -> Result<()> {
    link.call(item, "LoadVersionByName", vec![json!(version.name), json!(version.kind)])?.granted()?;
    let names = link.call_if_there(item, "GetVersionNameList", vec![json!(0)])?.map(Answer::value);
    // It may not have come to be.
    if names.as_ref().and_then(Value::as_array).is_some_and(|names| !names.contains(&json!(version.ours))) {
        return Ok(());
    }
    link.call(item, "DeleteVersionByName", vec![json!(version.ours), json!(0)])?.granted()
}

fn restore_lut(link: &Link, item: &Object, lut: &Lut) -> Result<()> {
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

fn restore_marks(link: &Link, timeline: &Object, marks: &Value) -> Result<()> {
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
fn remove_import(link: &Link, timeline: Option<Object>, bin: &str, pooled: &[String]) -> Result<()> {
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
    let came = clips(link, &root)?.into_iter().filter(|(_, id)| pooled.contains(id));
    let came: Vec<Value> = came.map(|(clip, _)| Value::from(&clip)).collect();
    if came.is_empty() { Ok(()) } else { link.call(&pool, "DeleteClips", vec![json!(came)])?.granted() }
}

/// The clips in a bin, with their identifiers.
pub(super) fn clips(link: &Link, folder: &Object) -> Result<Vec<(Object, String)>> {
    // Nothing must not be taken for an empty bin: what is not known to have been there gets deleted.
    let clips = link.call(folder, "GetClipList", vec![])?.listed()?;
    clips.into_iter().map(|clip| Ok((clip.clone(), link.call(&clip, "GetUniqueId", vec![])?.text()?))).collect()
}
