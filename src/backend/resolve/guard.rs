//! The guard of a run: every change of Resolve is noted before it is made, and put back when the guard goes.

use serde_json::{Value, json};

use super::bridge::{Answer, ResolveObject};
use super::cut::{ResolveTimeline, VideoTrack};
use super::journal::{ChangeOwner, Desk, Journal};
use super::link::Link;
use super::lock::Lock;
use super::options::ResolveOptions;
use super::restore::{Jobs, restore};
use super::state::ResolveState;
use crate::backend::CancelToken;
use crate::error::{Error, Result};

/// Puts everything back when it is dropped, whatever happened.
#[derive(Debug)]
pub(super) struct ResolveGuard<'o> {
    options: &'o ResolveOptions,
    pub(super) link: Link,
    pub(super) state: ResolveState,
    journal: Journal,
    restored: bool,
    // Given back last.
    pub(super) lock: Lock,
}

impl<'o> ResolveGuard<'o> {
    /// Begins with nothing changed.
    ///
    /// # Errors
    /// [`ErrorKind::Application`] when Resolve does not tell which project is open.
    pub(super) fn begin(options: &'o ResolveOptions, link: Link, desk: &Desk, lock: Lock) -> Result<ResolveGuard<'o>> {
        let state = ResolveState { project: Some(link.named(&link.project)?), ..ResolveState::default() };
        Ok(ResolveGuard { options, link, state, journal: Journal::new(desk), restored: false, lock })
    }

    /// Takes over what another process changed.
    pub(super) fn resume(options: &'o ResolveOptions, link: Link, journal: Journal, lock: Lock) -> ResolveGuard<'o> {
        ResolveGuard { options, link, state: journal.state().clone(), journal, restored: false, lock }
    }

    /// Changes the state, and writes it down: before what it tells of is done.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when it cannot be written; then nothing may be done.
    pub(super) fn note(&mut self, change: impl FnOnce(&mut ResolveState)) -> Result<()> {
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
    /// As [`ResolveGuard::note`].
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
    pub(super) fn open_timeline(&mut self, timeline: &ResolveObject) -> Result<()> {
        self.note_timeline()?;
        self.link.open_timeline(timeline)
    }

    /// Notes everything that a render of `timeline` changes on the Deliver page.
    ///
    /// # Errors
    /// [`ErrorKind::Application`] when Resolve does not tell.
    pub(super) fn note_render(&mut self, timeline: &ResolveObject) -> Result<()> {
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
        let what = format!("{what} could not be restored in Resolve: {method} returned nothing");
        if !self.state.untold.contains(&what) {
            self.state.untold.push(what);
        }
    }

    /// Lets the video tracks be seen that `seen` says yes to, by number.
    ///
    /// # Errors
    /// [`ErrorKind::Application`] when Resolve does not.
    pub(super) fn enable_tracks(&mut self, cut: &ResolveTimeline, seen: impl Fn(&VideoTrack) -> bool) -> Result<()> {
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
            unrestored => error.context(format!("Resolve could not be fully restored ({})", unrestored.join("; "))),
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
                    let later =
                        format!("{}: `otio-conflate resolve restore` puts it back", self.journal.path().display());
                    return vec![format!("it is left as it was rendering, which is noted in {later}: {error:#}")];
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
            ChangeOwner::Run if all && !self.state.rendered_all => self.journal.remove(),
            // Somebody may open the project again, or collect the ticket. What cannot be written is put back once more.
            _ => drop(self.journal.restored(all)),
        }
        failed
    }
}

impl Drop for ResolveGuard<'_> {
    fn drop(&mut self) {
        // Where nobody asked for it, an error is on its way already.
        let _ = self.restore();
    }
}
