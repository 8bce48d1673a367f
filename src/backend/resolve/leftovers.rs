//! What runs before this one left in Resolve: put back before anything else is rendered, or a reason not to render.

use std::time::Duration;

use serde_json::Value;

use super::backend::ResolveBackend;
use super::bridge::whole;
use super::cut::{ResolveTimeline, TrackItem};
use super::journal::{ChangeOwner, Desk, Journal};
use super::link::{Link, Named};
use super::lock::{Lock, UnrestoredChange, is_own_file};
use super::names::{is_own, version_under};
use super::options::ResolveOptions;
use super::queue::{self, RenderProgress};
use super::restore::{Jobs, restore, restore_version};
use super::scratch::{ScratchFolder, TICKET};
use super::state::Version;
use super::warning::warning;
use crate::backend::CancelToken;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Plan, Warning};

/// How many clips a message names.
const NAMED: usize = 5;

/// What [`ResolveBackend::restore`] has done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Restored {
    /// What was put back: sentences.
    pub done: Vec<String>,
    /// What was left as it is, or could not be put back, with the reason: sentences.
    pub left: Vec<String>,
    /// Where finished renders lie of runs that were killed while they cut their shots out of them: sentences.
    pub kept: Vec<String>,
}

/// Puts back what earlier runs left; says what could not be.
///
/// # Errors
/// [`ErrorKind::Application`] when a ticket's render is not done: what it renders with must stay.
pub(super) fn settle(desk: &Desk, lock: &mut Lock, link: &Link, options: &ResolveOptions) -> Result<Vec<Warning>> {
    let mut warnings = Vec::new();
    let (journals, others) = noted(desk, lock)?;
    for change in others {
        if is_of(link, change.project.as_ref())? {
            return Err(Error::new(ErrorKind::Application, of_somebody(&change, lock)));
        }
    }
    warnings.extend(journals.iter().filter_map(killed_while_cutting).map(warning));
    for mut journal in journals.into_iter().filter(|journal| !journal.is_restored()) {
        if !is_open(link, &journal)? {
            warnings.push(warning(format!("{}; it is left as it is", elsewhere(&journal))));
            continue;
        }
        if let Some(pending) = pending(link, &journal)? {
            let what = format!(
                "a render that was handed in needs Resolve as it is ({pending}); collect or withdraw its ticket first"
            );
            return Err(Error::new(ErrorKind::Application, what));
        }
        let failed = put_back(link, lock, &mut journal, options)?;
        let what = "what an earlier run had left in Resolve was put back first";
        if failed.is_empty() && journal.owner() == ChangeOwner::Run {
            warnings.push(warning(what.to_owned()));
        }
        warnings.extend(failed.into_iter().map(|failed| warning(format!("of an earlier run, {failed}"))));
    }
    Ok(warnings)
}

/// Puts back what a journal notes, and the journal away where nothing else needs it.
fn put_back(link: &Link, lock: &mut Lock, journal: &mut Journal, options: &ResolveOptions) -> Result<Vec<String>> {
    let jobs = if journal.owner() == ChangeOwner::Ticket { Jobs::Keep } else { Jobs::Remove };
    let failed = restore(link, journal.state(), options, jobs);
    // What fails a second time fails for ever.
    let all = failed.len() <= journal.state().untold.len() || journal.has_failed();
    let is_needed =
        journal.state().rendered_all && journal.state().folder.as_ref().is_some_and(|folder| folder.is_dir());
    match journal.owner() {
        ChangeOwner::Run if all && !is_needed => journal.remove(),
        _ => journal.restored(all)?,
    }
    if all {
        lock.strike(journal.path());
    }
    if let (ChangeOwner::Run, true, false, Some(folder)) = (journal.owner(), all, is_needed, &journal.state().folder) {
        // What a killed run had let render, and not to the end, is no use to anybody.
        ScratchFolder::remove(folder);
    }
    Ok(failed)
}

/// The journals of this user, wherever they lie, and what others have changed and not put back.
fn noted(desk: &Desk, lock: &mut Lock) -> Result<(Vec<Journal>, Vec<UnrestoredChange>)> {
    let (mut journals, mut others) = (desk.journals()?, Vec::new());
    for change in lock.changes() {
        let path = &change.journal;
        let known = journals.iter().find(|journal| journal.path() == path);
        let absent = || path.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
        match known {
            Some(journal) if journal.is_restored() => lock.strike(path),
            Some(_) => {}
            None if is_own_file(path) => journals.push(Journal::read(path)?),
            None if absent() => lock.strike(path),
            None => others.push(change),
        }
    }
    Ok((journals, others))
}

/// What is to be said of a run that was killed while it cut its shots: its renders are whole. What nobody needs any more is
/// cleared up.
fn killed_while_cutting(journal: &Journal) -> Option<String> {
    let state = journal.state();
    let folder = state.folder.as_ref().filter(|_| state.rendered_all && journal.owner() == ChangeOwner::Run)?;
    if !folder.is_dir() {
        if journal.is_restored() {
            journal.remove();
        }
        return None;
    }
    if ScratchFolder::is_in_use(folder) {
        return None;
    }
    let (folder, ticket) = (folder.display(), folder.join(TICKET));
    Some(match ticket.is_file() {
        true => format!(
            "a run was killed while it cut its shots out of a finished render, which is kept in {folder}: `otio-conflate resolve collect {} \
            --from {folder}` delivers them",
            ticket.display()
        ),
        false => format!("a run was killed while it cut its shots out of a finished render, which is kept in {folder}"),
    })
}

/// What is to be said of what another user has changed.
fn of_somebody(change: &UnrestoredChange, lock: &Lock) -> String {
    let UnrestoredChange { user, journal, owner, .. } = change;
    let what = match owner {
        ChangeOwner::Ticket => {
            "has handed in a render that needs Resolve as it is; expected its ticket to be collected or withdrawn"
        }
        ChangeOwner::Run => {
            "had a run that was killed and left Resolve as it was rendering; expected `otio-conflate resolve restore` by that user"
        }
    };
    format!("user {user} {what} (noted in {}, listed in {})", journal.display(), lock.path().display())
}

fn is_open(link: &Link, journal: &Journal) -> Result<bool> {
    is_of(link, journal.state().project.as_ref())
}

fn is_of(link: &Link, project: Option<&Named>) -> Result<bool> {
    let open = link.named(&link.project)?;
    Ok(project.is_none_or(|project| project.is(&open)))
}

fn elsewhere(journal: &Journal) -> String {
    let name = journal.state().project.as_ref().map_or("", |project| project.name.as_str());
    format!("an earlier run changed the project {name:?}, which is not open in Resolve ({})", journal.path().display())
}

/// What of a ticket is still to be rendered, if anything is.
fn pending(link: &Link, journal: &Journal) -> Result<Option<String>> {
    let state = journal.state();
    if journal.owner() == ChangeOwner::Run || !state.started {
        return Ok(None);
    }
    for job in &state.jobs {
        if let RenderProgress::Working(share) = queue::progress(link, job)? {
            // One that waits while nothing is rendered will wait for ever.
            if share > 0.0
                || link.is_rendering()?
                || queue::status(link, &job.id)?.is_some_and(|now| !now.may_start(job))
            {
                return Ok(Some(format!("job {} is at {:.0} %", job.id, share * 100.0)));
            }
        }
    }
    Ok(None)
}

/// The version of its grade that a clip shows, by name and kind, as far as Resolve tells.
fn version_of(link: &Link, item: &TrackItem) -> Result<Option<(String, i64)>> {
    let current = link.call_if_there(&item.object, "GetCurrentVersion", vec![])?;
    let current = current.map(super::bridge::Answer::value).unwrap_or(Value::Null);
    let name = current.get("versionName").and_then(Value::as_str).map(str::to_owned);
    Ok(name.zip(current.get("versionType").and_then(whole)))
}

/// Refuses clips that show a version of ours which no journal knows: a run on another machine left it, or its journal is
/// lost.
///
/// # Errors
/// [`ErrorKind::Application`] with the clips.
pub(super) fn refuse_own_versions(link: &Link, cut: &ResolveTimeline, plan: &Plan) -> Result<Vec<Warning>> {
    let shown =
        |item: &TrackItem| plan.shots.iter().any(|shot| item.reaches(shot.start, shot.start + shot.frame_count));
    let (mut own, mut untold) = (Vec::new(), 0);
    for item in cut.tracks.iter().flat_map(|track| &track.items).filter(|item| item.has_media() && shown(item)) {
        match version_of(link, item)? {
            Some((name, _)) if is_own(&name) => own.push(format!("{:?} shows {name:?}", item.name)),
            Some(_) => {}
            None => untold += 1,
        }
    }
    if own.is_empty() {
        let what = "TimelineItem.GetCurrentVersion does not tell which version of its grade a clip shows";
        return Ok(if untold > 0 { vec![warning(format!("{what} ({untold} clips)"))] } else { Vec::new() });
    }
    let more = if own.len() > NAMED { format!(" and {} more", own.len() - NAMED) } else { String::new() };
    own.truncate(NAMED);
    let what = format!(
        "clips show a grade that an earlier render made for itself, not their own: {}{more}; expected their own versions: \
        `otio-conflate resolve restore` puts them back, unless that render is still going on",
        own.join(", ")
    );
    Err(Error::new(ErrorKind::Application, what))
}

impl ResolveBackend {
    /// Puts back what runs left in Resolve that were killed: what their journals note, and versions of ours in the timeline
    /// that is open. Tickets whose render is not done are left alone.
    ///
    /// # Errors
    /// [`ErrorKind::Application`] when Resolve cannot be reached or another run is using it.
    pub fn restore(&self) -> Result<Restored> {
        let options = self.options();
        let desk = Desk::of(options)?;
        let link = Link::open(options, &CancelToken::new())?;
        let mut lock = Lock::take(options, &link.instance, Duration::ZERO, &CancelToken::new())?;
        let mut restored = Restored::default();
        restored.left.extend(lock.warning().map(|warning| warning.message));
        let mut needed = false;
        let (journals, others) = noted(&desk, &mut lock)?;
        for change in others {
            needed |= is_of(&link, change.project.as_ref())?;
            restored.left.push(of_somebody(&change, &lock));
        }
        restored.kept.extend(journals.iter().filter_map(killed_while_cutting));
        for mut journal in journals.into_iter().filter(|journal| !journal.is_restored()) {
            if !is_open(&link, &journal)? {
                restored.left.push(elsewhere(&journal));
            } else if let Some(pending) = pending(&link, &journal)? {
                needed = true;
                restored
                    .left
                    .push(format!("a render that was handed in is not done ({pending}): nothing of it was changed"));
            } else {
                let failed = put_back(&link, &mut lock, &mut journal, options)?;
                if failed.is_empty() {
                    restored.done.push(format!("everything that {} notes", journal.name()));
                }
                restored.left.extend(failed);
            }
        }
        // What a ticket renders with is noted, and stays.
        let timeline = if needed { None } else { link.current_timeline()? };
        if let Some(timeline) = timeline {
            versions_by_name(&link, &ResolveTimeline::read(&link, timeline)?, &mut restored)?;
        }
        Ok(restored)
    }
}

/// Puts back versions of ours by what their names tell.
fn versions_by_name(link: &Link, cut: &ResolveTimeline, restored: &mut Restored) -> Result<()> {
    for track in &cut.tracks {
        for item in track.items.iter().filter(|item| item.has_media()) {
            let Some((ours, _)) = version_of(link, item)?.filter(|(name, _)| is_own(name)) else { continue };
            let Some((name, kind)) = version_under(&ours) else {
                restored.left.push(format!("{:?} shows {ours:?}, which does not tell whose place it took", item.name));
                continue;
            };
            let version = Version { track: track.number, item: String::new(), name, kind, ours };
            match restore_version(link, &item.object, &version) {
                Ok(()) => restored.done.push(format!("{:?} shows {:?} again", item.name, version.name)),
                Err(error) => {
                    restored.left.push(format!("{:?} could not be given {:?}: {error:#}", item.name, version.name))
                }
            }
        }
    }
    Ok(())
}
