//! Renders that nobody waits for: handed in, looked at, and collected, by whatever process.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::cutting::{Cutting, Renders, Unprepared, unprepared};
use super::found::{Expected, render_in};
use super::jobs::{self, Progress, progress};
use super::link::Link;
use super::opening::warning;
use super::options::ResolveOptions;
use super::pieces::{Piece, plan_of};
use super::scratch::Scratch;
use super::session::{ResolveBackend, ResolveSession, Work};
use super::state::{Guard, State};
use crate::backend::{Backend, CancelToken, Capabilities, Control, Session, Task, Worker};
use crate::deliver::{Delivery, Folder, Preset, Representation};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Canvas, Plan, Warning};

/// A render that Resolve is at, or has done: plain data, to be stored and collected by any process that reaches the same
/// Resolve with the same project open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    plan: Plan,
    delivery: Delivery,
    canvas: Canvas,
    /// What the pictures depend on beyond the plan.
    depends_on: String,
    warnings: Vec<Warning>,
    /// How Resolve was before.
    state: State,
    folder: PathBuf,
    jobs: Vec<Job>,
}

/// One job of a ticket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Job {
    id: String,
    piece: Piece,
    expected: Expected,
}

/// How far the render of a ticket is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TicketState {
    /// This share of it is done, from 0 to 1.
    Rendering(f64),
    /// Resolve says that it is done: it can be collected.
    Complete,
    /// It ended before it was done. Collecting it gives the error, and clears up.
    Failed(String),
}

impl Ticket {
    /// The plan that was handed in.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Where its shots will go.
    pub fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    /// Where Resolve renders to until it is collected.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Refuses a Resolve with another project open.
    fn check(&self, link: &Link) -> Result<()> {
        let project = self.state.project.as_ref();
        let open = link.named(&link.project)?;
        if project.is_some_and(|project| project.is(&open)) {
            return Ok(());
        }
        let name = project.map_or("", |project| project.name.as_str());
        let what = format!("the project {name:?}, which the ticket belongs to, is not open in Resolve");
        Err(Error::new(ErrorKind::Application, what))
    }

    /// How far it is.
    fn state(&self, link: &Link) -> Result<TicketState> {
        let mut done = 0.0;
        #[allow(clippy::cast_precision_loss, reason = "a share of a few million frames")]
        let frames = |job: &Job| job.piece.frames() as f64;
        for job in &self.jobs {
            match progress(link, &job.id)? {
                Progress::Complete => done += frames(job),
                Progress::Working(share) => done += share * frames(job),
                Progress::Ended(what) => return Ok(TicketState::Failed(what)),
            }
        }
        let all: f64 = self.jobs.iter().map(frames).sum();
        Ok(if done >= all { TicketState::Complete } else { TicketState::Rendering(done / all.max(1.0)) })
    }
}

impl ResolveBackend {
    /// Lets Resolve begin to render what `plan` needs, and returns at once. Until the ticket is
    /// [collected](ResolveBackend::collect) or [withdrawn](ResolveBackend::withdraw), Resolve stays as it renders.
    ///
    /// # Errors
    /// As [`Conflation::run`](crate::Conflation::run) until the render has begun; then everything is put back.
    pub fn submit(&self, plan: &Plan, delivery: &Delivery) -> Result<Ticket> {
        // What cannot be, or is in the way, is told before Resolve renders for hours, too.
        Representation::check_all(&delivery.representations)?;
        if delivery.folder.exists() {
            delivery.refuse_existing(&delivery.places(&Folder::shared(&delivery.folder)?, plan))?;
        }
        let options = self.options();
        let session = ResolveSession::open(options, plan, &delivery.preset)?;
        let mut work = session.take_work()?;
        std::fs::create_dir_all(&delivery.folder)
            .map_err(|error| Error::io("make the folder", &delivery.folder, error))?;
        let folder = Scratch::new(options.folder.as_deref().unwrap_or(&delivery.folder), ".ticket")?;
        let shots: Vec<usize> = (0..plan.shots.len()).collect();
        let jobs = hand_in(&session, &mut work, &shots, &folder).map_err(|error| work.guard.failed(error))?;
        Ok(Ticket {
            plan: plan.clone(),
            delivery: delivery.clone(),
            canvas: session.canvas(),
            depends_on: session.depends_on(),
            warnings: session.warnings(),
            state: work.guard.leave(),
            folder: folder.leave(),
            jobs,
        })
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
    /// [`ErrorKind::Application`] when Resolve cannot be reached or has another project open.
    pub fn withdraw(&self, ticket: &Ticket) -> Result<Vec<String>> {
        let link = Link::open(self.options(), &CancelToken::new())?;
        ticket.check(&link)?;
        let _folder = Scratch::adopt(ticket.folder.clone());
        Ok(Guard::resume(self.options(), link, ticket.state.clone()).restore())
    }
}

/// Adds and starts the jobs that `shots` (places in the plan) need.
fn hand_in<'a>(
    session: &ResolveSession<'a>,
    work: &mut Work<'a>,
    shots: &[usize],
    folder: &Scratch,
) -> Result<Vec<Job>> {
    let pieces = session.set_up(work, shots)?;
    if pieces.iter().any(|piece| piece.alone != pieces[0].alone) {
        let what = "shots of several tracks, each seen alone, cannot be handed in together";
        return Err(Error::new(ErrorKind::Option, what));
    }
    let mut jobs = Vec::new();
    for (number, piece) in pieces.into_iter().enumerate() {
        let id = session.add(work, &piece, &folder.part(number))?;
        jobs.push(Job { id, expected: session.expected(&work.cut, &piece), piece });
    }
    let ids: Vec<String> = jobs.iter().map(|job| job.id.clone()).collect();
    jobs::start(&mut work.guard, &ids)?;
    Ok(jobs)
}

/// The backend that collects a ticket.
pub(crate) struct Collector<'t> {
    options: &'t ResolveOptions,
    ticket: &'t Ticket,
}

impl<'t> Collector<'t> {
    /// Collects `ticket`, reaching Resolve as `options` say.
    pub(crate) fn new(options: &'t ResolveOptions, ticket: &'t Ticket) -> Collector<'t> {
        Collector { options, ticket }
    }
}

impl Backend for Collector<'_> {
    fn name(&self) -> &'static str {
        "resolve"
    }

    fn capabilities(&self) -> Capabilities {
        ResolveBackend::default().capabilities()
    }

    fn open<'a>(&'a self, _: &'a Plan, preset: &'a Preset, _: &'a [Representation]) -> Result<Box<dyn Session + 'a>> {
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
        let Collector { options, ticket } = self.from;
        let link = Link::open(options, control.cancel)?;
        ticket.check(&link)?;
        let followed = ticket.jobs.iter().try_for_each(|job| {
            jobs::wait(&link, options, &job.id, control, |share| control.observer.preparing(share))
        });
        if let Err(error) = followed {
            // Somebody else may still collect it.
            if matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::Timeout) || link.is_lost() || !link.is_alive() {
                return Err(error);
            }
            let _folder = Scratch::adopt(ticket.folder.clone());
            return Err(Guard::resume(options, link, ticket.state.clone()).failed(error));
        }
        let folder = Scratch::adopt(ticket.folder.clone());
        let unrestored = Guard::resume(options, link, ticket.state.clone()).restore();
        self.unrestored.get_or_init(|| unrestored);
        let mut renders = Vec::new();
        for (number, job) in ticket.jobs.iter().enumerate() {
            renders.push((job.piece.clone(), render_in(&folder.part(number), &job.expected)?));
        }
        let size = (ticket.canvas.width, ticket.canvas.height);
        Ok(Renders { plan: plan_of(&ticket.plan, size, &renders), failed: Vec::new(), _folder: folder })
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
