//! Handing a render in, looking how far it is, and giving it up.

use std::path::{Path, PathBuf};

use super::backend::ResolveBackend;
use super::elsewhere;
use super::jobs;
use super::link::Link;
use super::queue::OwnJob;
use super::scratch::ScratchFolder;
use super::session::{ResolveSession, Work};
use super::ticket::{Ticket, TicketJob, TicketState};
use crate::backend::{Backend as _, CancelToken};
use crate::deliver::Delivery;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::Plan;

impl ResolveBackend {
    /// Lets Resolve begin to render what `plan` needs, and returns at once. Until the ticket is
    /// [collected](ResolveBackend::collect) or [withdrawn](ResolveBackend::withdraw), Resolve stays as it renders.
    ///
    /// # Errors
    /// As [`Conflation::run`](crate::Conflation::run) until the render has begun; then everything is put back.
    pub fn submit(&self, plan: &Plan, delivery: &Delivery) -> Result<Ticket> {
        self.submit_with(plan, delivery, &CancelToken::new(), |_| Ok(()))
    }

    /// The same, interrupted by `cancel`. `store` gets the ticket before Resolve is told to render: from then on the
    /// render is the ticket's, whatever becomes of this process. When `store` fails, nothing is rendered.
    ///
    /// # Errors
    /// As [`ResolveBackend::submit`]; [`ErrorKind::Cancelled`]; those of `store`. A ticket that was stored before is of no
    /// use then.
    pub fn submit_with(
        &self,
        plan: &Plan,
        delivery: &Delivery,
        cancel: &CancelToken,
        store: impl FnOnce(&Ticket) -> Result<()>,
    ) -> Result<Ticket> {
        // What cannot be, or is in the way, is told before Resolve renders for hours, too.
        delivery.check_made(plan)?;
        let (plan, delivery) = (elsewhere::plan(plan)?, elsewhere::delivery(delivery)?);
        delivery.check(&plan, self.wanted(), &self.inputs(), false)?;
        let made = missing(&delivery.folder);
        let submitted = self.hand_in(&plan, &delivery, cancel, store);
        if submitted.is_err() {
            // Those that somebody put something into stay.
            made.iter().for_each(|folder| drop(std::fs::remove_dir(folder)));
        }
        submitted
    }

    fn hand_in(
        &self,
        plan: &Plan,
        delivery: &Delivery,
        cancel: &CancelToken,
        store: impl FnOnce(&Ticket) -> Result<()>,
    ) -> Result<Ticket> {
        let options = self.options();
        let rendered = plan.part(self.wanted())?;
        let session = ResolveSession::open(options, &rendered, &delivery.preset, cancel)?;
        let mut work = session.take_work()?;
        let mut make = || {
            std::fs::create_dir_all(&delivery.folder)
                .map_err(|error| Error::io("make the folder", &delivery.folder, error))?;
            session.scratch(&mut work, &delivery.folder, ".ticket")
        };
        let folder = make().map_err(|error| work.guard.failed(error))?;
        let shots: Vec<usize> = (0..rendered.shots.len()).collect();
        let jobs = add(&session, &mut work, &shots, &folder).map_err(|error| work.guard.failed(error))?;
        let ticket = Ticket::new(&session, &rendered, work.made(), (plan, delivery), folder.path(), jobs);
        let ticket = ticket.map_err(|error| work.guard.failed(error))?;
        let ids: Vec<OwnJob> = ticket.jobs.iter().map(|job| job.job.clone()).collect();
        let start = || {
            store(&ticket)?;
            if cancel.is_cancelled() {
                return Err(Error::new(ErrorKind::Cancelled, "cancelled"));
            }
            work.guard.hand_over()?;
            jobs::start(&mut work.guard, &ids)
        };
        if let Err(error) = start() {
            let error = work.guard.failed(error);
            work.guard.forget();
            return Err(error);
        }
        work.guard.leave();
        folder.leave();
        Ok(ticket)
    }

    /// Looks how far the render of `ticket` is.
    ///
    /// # Errors
    /// [`ErrorKind::Application`] when Resolve cannot be reached, has another project open, or no longer has the jobs.
    pub fn poll(&self, ticket: &Ticket) -> Result<TicketState> {
        let link = Link::open(self.options(), &CancelToken::new())?;
        ticket.check(&link)?;
        ticket.state(&link)
    }

    /// Gives `ticket` up: stops its render, puts everything in Resolve back, and removes what it has rendered. Says what
    /// could not be put back.
    ///
    /// # Errors
    /// [`ErrorKind::Application`] when Resolve cannot be reached, has another project open, or another run uses it.
    pub fn withdraw(&self, ticket: &Ticket) -> Result<Vec<String>> {
        let link = Link::open(self.options(), &CancelToken::new())?;
        ticket.check(&link)?;
        let unrestored = ticket.give_back(self.options(), link, &CancelToken::new())?;
        ticket.clear(self.options());
        Ok(unrestored)
    }
}

/// The folders on the way to `path` that are not there, the innermost first.
fn missing(path: &Path) -> Vec<PathBuf> {
    path.ancestors().take_while(|folder| !folder.exists()).map(Path::to_owned).collect()
}

/// Adds the jobs that `shots` (places in the plan) need.
fn add<'a>(
    session: &ResolveSession<'a>,
    work: &mut Work<'a>,
    shots: &[usize],
    folder: &ScratchFolder,
) -> Result<Vec<TicketJob>> {
    let pieces = session.set_up(work, shots)?;
    if pieces.iter().any(|piece| piece.alone != pieces[0].alone) {
        let what = "shots of several tracks, each seen alone, cannot be handed in together";
        return Err(Error::new(ErrorKind::Option, what));
    }
    if pieces.is_empty() {
        return Err(Error::new(ErrorKind::Option, "there is nothing for Resolve to render"));
    }
    let mut jobs = Vec::new();
    for (number, piece) in pieces.into_iter().enumerate() {
        let job = session.add(work, &piece, &folder.part(number))?;
        jobs.push(TicketJob { job, expected: session.expected(&work.cut, &piece), piece });
    }
    Ok(jobs)
}
