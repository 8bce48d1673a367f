//! Collecting a render that was handed in: a backend that follows it to its end and cuts the shots out of it.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::backend::ResolveBackend;
use super::cutting::{Cutting, Renders, Unprepared, unprepared};
use super::found::{not_whole, render_at_last, render_in};
use super::jobs::{self, End};
use super::journal::ChangeOwner;
use super::light::Light;
use super::link::Link;
use super::options::ResolveOptions;
use super::pieces::{RenderPiece, plan_of};
use super::protected::refuse_folders;
use super::scratch::{ScratchFolder, part};
use super::ticket::Ticket;
use super::warning::warning;
use crate::backend::{Backend, Capabilities, Control, Session, Task, Worker};
use crate::deliver::{Preset, Representation};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Canvas, MediaSource, Plan, Warning};

/// The backend that collects a ticket.
pub(crate) struct Collector<'t> {
    options: &'t ResolveOptions,
    ticket: &'t Ticket,
    /// Where the render lies, if it is given by the caller.
    given: Option<&'t Path>,
}

impl<'t> Collector<'t> {
    /// Collects `ticket`, reaching Resolve as `options` say; or the render in `given`, whatever has become of the jobs.
    pub(crate) fn new(options: &'t ResolveOptions, ticket: &'t Ticket, given: Option<&'t Path>) -> Collector<'t> {
        Collector { options, ticket, given }
    }
}

impl Backend for Collector<'_> {
    fn name(&self) -> &'static str {
        "resolve"
    }

    fn capabilities(&self) -> Capabilities {
        ResolveBackend::default().capabilities()
    }

    fn inputs(&self) -> Vec<PathBuf> {
        let given = self.given.map(Path::to_owned);
        self.options.inputs().into_iter().chain(self.ticket.file.clone()).chain(given).collect()
    }

    fn open<'a>(
        &'a self,
        plan: &'a Plan,
        preset: &'a Preset,
        _: &'a [Representation],
    ) -> Result<Box<dyn Session + 'a>> {
        refuse_folders(self.options, plan)?;
        Ok(Box::new(Collection { from: self, preset, renders: OnceLock::new(), unrestored: OnceLock::new() }))
    }
}

struct Collection<'t> {
    from: &'t Collector<'t>,
    preset: &'t Preset,
    renders: OnceLock<Renders>,
    /// What could not be put back.
    unrestored: OnceLock<Vec<String>>,
}

impl Collection<'_> {
    fn renders(&self, control: &Control<'_>) -> Result<Renders> {
        let Collector { options, ticket, given } = *self.from;
        let renders = match given {
            Some(path) => self.given(path, control)?,
            None => self.rendered(options, control)?,
        };
        let size = (ticket.canvas.width, ticket.canvas.height);
        // It is needed until everything is delivered.
        let folder = ScratchFolder::borrow(given.map_or_else(|| ticket.folder().to_owned(), Path::to_owned));
        let light = ticket.light.as_ref();
        let plan = plan_of(ticket.plan(), size, light, &renders);
        Ok(Renders { plan, failed: Vec::new(), folder, note: light.map(Light::note) })
    }

    /// What Resolve has rendered, followed to its end.
    fn rendered(&self, options: &ResolveOptions, control: &Control<'_>) -> Result<Vec<(RenderPiece, MediaSource)>> {
        let ticket = self.from.ticket;
        let link = Link::open(options, control.cancel)?;
        ticket.check(&link)?;
        let mut ends = Vec::new();
        for job in &ticket.jobs {
            match jobs::wait(&link, options, &job.job, control, |share| control.observer.preparing(share)) {
                Ok(end) => ends.push(end),
                // Somebody else may still collect it.
                Err(error)
                    if matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::Timeout)
                        || link.is_lost()
                        || !link.is_alive() =>
                {
                    return Err(error);
                }
                Err(error) => {
                    let error = match ends.is_empty() {
                        true => error,
                        false => error.context(format!("other parts are kept in {}", ticket.folder().display())),
                    };
                    let unrestored = ticket.give_back(options, link, control.cancel)?;
                    if ends.is_empty() {
                        ticket.clear(options);
                    }
                    return Err(match unrestored.as_slice() {
                        [] => error,
                        _ => error.context(format!("Resolve could not be fully restored ({})", unrestored.join("; "))),
                    });
                }
            }
        }
        let folder = ScratchFolder::borrow(ticket.folder().to_owned());
        if ends.contains(&End::Gone) && !ticket.folder().exists() {
            let what = "the ticket was collected or withdrawn before: its jobs and its renders are gone";
            return Err(Error::new(ErrorKind::Application, what));
        }
        let mut renders = Vec::new();
        let mut bad = None;
        for ((number, job), end) in ticket.jobs.iter().enumerate().zip(ends) {
            let part = folder.part(number);
            match render_at_last(&part, &job.expected, &options.limits, control.cancel) {
                Ok(source) => renders.push((job.piece.clone(), source)),
                Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
                Err(error) => drop(bad.get_or_insert(not_whole(error, end, &folder, &part))),
            }
        }
        let unrestored = ticket.give_back(options, link, control.cancel)?;
        match bad {
            Some(error) => {
                let kept =
                    format!("`otio-conflate resolve collect --from {}` takes it as it is", ticket.folder().display());
                Err(error.context(kept))
            }
            None => {
                self.unrestored.get_or_init(|| unrestored);
                Ok(renders)
            }
        }
    }

    /// What lies in `path`, whatever Resolve says.
    fn given(&self, path: &Path, control: &Control<'_>) -> Result<Vec<(RenderPiece, MediaSource)>> {
        let Collector { options, ticket, .. } = self.from;
        let mut renders = Vec::new();
        for (number, job) in ticket.jobs.iter().enumerate() {
            let own = part(path, number);
            let place = if own.exists() || ticket.jobs.len() > 1 { own } else { path.to_owned() };
            renders.push((job.piece.clone(), render_in(&place, &job.expected.given())?));
        }
        let journal = ticket.noted(options);
        let was_run = journal.is_some_and(|journal| journal.is_restored() && journal.owner() == ChangeOwner::Run);
        let given = match was_run {
            // A run that was killed while it cut had put everything back.
            true => Ok(Vec::new()),
            false => Link::open(options, control.cancel).and_then(|link| {
                ticket.check(&link)?;
                ticket.give_back(options, link, control.cancel)
            }),
        };
        let mut said = given.unwrap_or_else(|error| {
            vec![format!(
                "Resolve is left as it was rendering; `otio-conflate resolve restore` puts it back: {error:#}"
            )]
        });
        said.push(format!("{} was taken as it is: neither its rate nor its timecode was compared", path.display()));
        self.unrestored.get_or_init(|| said);
        Ok(renders)
    }
}

impl Session for Collection<'_> {
    fn canvas(&self) -> Canvas {
        self.from.ticket.canvas
    }

    fn warnings(&self) -> Vec<Warning> {
        let unrestored = self.unrestored.get().into_iter().flatten();
        self.from.ticket.warnings.iter().cloned().chain(unrestored.cloned().map(warning)).collect()
    }

    fn depends_on(&self) -> String {
        self.from.ticket.depends_on.clone()
    }

    fn prepare<'s>(&'s self, _: &[Task<'_>], _: &Path, control: &Control<'_>) -> Result<Option<Box<dyn Session + 's>>> {
        let renders = self.renders(control)?;
        let renders = self.renders.get_or_init(|| renders);
        Ok(Some(Box::new(Cutting::open(renders, self.preset)?)))
    }

    fn worker(&self, _: usize) -> Box<dyn Worker + '_> {
        Box::new(Unprepared)
    }

    fn verify(&self, _: &Task<'_>) -> Result<()> {
        Err(unprepared())
    }
}
