//! Renders that nobody waits for: handed in, looked at, and collected, by whatever process.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::cutting::{Cutting, Renders, Unprepared, unprepared};
use super::found::{Expected, render_at_last, render_in};
use super::guard::Guard;
use super::guarding::refuse_folders;
use super::jobs::{self, End};
use super::journal::{Desk, Journal, Owner};
use super::light::Light;
use super::link::Link;
use super::lock::Lock;
use super::opening::warning;
use super::options::ResolveOptions;
use super::pieces::{Piece, plan_of};
use super::queue::{OwnJob, Progress, progress};
use super::restore::remove_jobs;
use super::scratch::{Scratch, part};
use super::session::{ResolveBackend, ResolveSession, Work, not_whole};
use super::state::State;
use crate::Conflation;
use crate::backend::{Backend, CancelToken, Capabilities, Control, Session, Task, Worker};
use crate::conflate::part as part_of;
use crate::deliver::{Delivery, Preset, Representation};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Canvas, MediaSource, Plan, Warning};

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
    /// How Resolve was before, and the name of the file where that is noted, too.
    state: State,
    journal: String,
    /// The folder that this file lies in.
    #[serde(default)]
    desk: Option<PathBuf>,
    folder: PathBuf,
    jobs: Vec<Job>,
    /// The names of the shots that are delivered, where these are not all.
    #[serde(default)]
    only: Option<Vec<String>>,
    /// What EXR files hold that are rendered, where that is not linear.
    #[serde(default)]
    light: Option<Light>,
    /// Where it was read from.
    #[serde(skip)]
    pub(super) file: Option<PathBuf>,
}

/// One job of a ticket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) job: OwnJob,
    pub(super) piece: Piece,
    pub(super) expected: Expected,
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
    /// One for `jobs` of `session`, which render into `folder` what `whole` is to deliver.
    pub(super) fn new(
        session: &ResolveSession<'_>,
        work: &Work<'_>,
        (plan, delivery): (&Plan, &Delivery),
        folder: &Path,
        mut jobs: Vec<Job>,
    ) -> Result<Ticket> {
        let (plan, delivery) = (somewhere(plan)?, delivery_somewhere(delivery)?);
        let rendered = session.plan();
        // The jobs know shots by their place in what is rendered.
        let place = |index: usize| {
            let name = &rendered.shots[index].name;
            plan.shots.iter().position(|shot| shot.name == *name).ok_or_else(|| {
                Error::new(ErrorKind::Plan, format!("the shot {name:?} that is rendered is not one of the plan's"))
            })
        };
        for job in &mut jobs {
            job.piece.shots = job.piece.shots.iter().map(|&index| place(index)).collect::<Result<_>>()?;
        }
        let is_part = rendered.shots.len() != plan.shots.len();
        let journal = work.guard.journal();
        Ok(Ticket {
            only: is_part.then(|| rendered.shots.iter().map(|shot| shot.name.clone()).collect()),
            plan,
            delivery,
            canvas: session.canvas(),
            depends_on: session.depends_on(),
            warnings: session.warnings(),
            state: State { started: true, ..work.guard.state.clone() },
            journal: journal.name(),
            desk: journal.path().parent().map(Path::to_owned),
            folder: folder.to_owned(),
            jobs,
            light: work.light.clone(),
            file: None,
        })
    }

    /// The names of the shots that are delivered, where these are not all of the plan's.
    pub fn only(&self) -> Option<&[String]> {
        self.only.as_deref()
    }

    /// The folder where it is noted what was changed: the one that it was handed in with, where that can be reached.
    fn desk(&self, options: &ResolveOptions) -> Result<Desk> {
        self.desk.as_deref().and_then(Desk::at).map_or_else(|| Desk::of(options), Ok)
    }

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
        for (number, job) in self.jobs.iter().enumerate() {
            match progress(link, &job.job)? {
                Progress::Complete => done += frames(job),
                Progress::Working(share) => done += share * frames(job),
                Progress::Ended(what) => return Ok(TicketState::Failed(what)),
                Progress::Gone => {
                    let whole = render_in(&part(&self.folder, number), &job.expected);
                    let gone = "the render job is no longer in Resolve's queue, and what it wrote is not whole";
                    whole.map_err(|error| Error::new(ErrorKind::Application, gone).because(error))?;
                    done += frames(job);
                }
            }
        }
        let all: f64 = self.jobs.iter().map(frames).sum();
        Ok(if done >= all { TicketState::Complete } else { TicketState::Rendering(done / all.max(1.0)) })
    }

    /// Puts everything in Resolve back, where that was not done already; says what could not be.
    ///
    /// # Errors
    /// [`ErrorKind::Application`] when another run uses Resolve.
    fn give_back(&self, options: &ResolveOptions, link: Link, cancel: &CancelToken) -> Result<Vec<String>> {
        let desk = self.desk(options)?;
        let done = |journal: &Option<Journal>| journal.as_ref().is_some_and(Journal::is_restored);
        let mut journal = desk.journal(&self.journal);
        if !done(&journal) {
            let lock = Lock::take(options, &link.instance, options.limits.call, cancel)?;
            // Whoever had it may have done it.
            journal = desk.journal(&self.journal);
            if !done(&journal) {
                let journal = journal.unwrap_or_else(|| Journal::of_ticket(&desk, &self.journal, &self.state));
                return Ok(Guard::resume(options, link, journal, lock).restore());
            }
        }
        let removed = remove_jobs(&link, &self.state, options);
        Ok(removed
            .err()
            .map(|error| format!("the render queue could not be restored in Resolve: {error}"))
            .into_iter()
            .collect())
    }

    /// Removes everything of it that is on disk.
    fn clear(&self, options: &ResolveOptions) {
        Scratch::remove(&self.folder);
        if let Some(journal) = self.desk(options).ok().and_then(|desk| desk.journal(&self.journal)) {
            journal.remove();
        }
    }

    /// The collection is over: where everything was `delivered`, nothing of it is needed any more. Says what could not be
    /// put back, or where the render is kept.
    pub(crate) fn collected(&self, options: &ResolveOptions, delivered: bool) -> Vec<String> {
        if !delivered {
            let kept =
                format!("Resolve's render is kept in {}; the ticket can be collected again", self.folder.display());
            return vec![kept];
        }
        // Where every shot was there already, nobody has looked at Resolve yet.
        let journal = self.desk(options).ok().and_then(|desk| desk.journal(&self.journal));
        let mut unrestored = Vec::new();
        if journal.is_some_and(|journal| !journal.is_restored() && !journal.has_failed()) {
            let given = Link::open(options, &CancelToken::new()).and_then(|link| {
                self.check(&link)?;
                self.give_back(options, link, &CancelToken::new())
            });
            match given {
                Ok(failed) => unrestored = failed,
                Err(error) => {
                    // What is noted stays, so that it can be put back.
                    Scratch::remove(&self.folder);
                    return vec![format!(
                        "Resolve is left as it was rendering; `resolve restore` puts it back: {error}"
                    )];
                }
            }
        }
        self.clear(options);
        unrestored
    }
}

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
        Representation::check_all(&delivery.representations)?;
        let (plan, delivery) = (somewhere(plan)?, delivery_somewhere(delivery)?);
        let whole = Conflation::new(self.clone(), delivery.clone());
        match self.wanted() {
            Some(only) => whole.only(only.to_vec()).check(&plan)?,
            None => whole.check(&plan)?,
        }
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
        let rendered = part_of(plan, self.wanted())?;
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
        let ticket = Ticket::new(&session, &work, (plan, delivery), folder.path(), jobs);
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

/// `plan` for whoever is somewhere else: with an absolute path.
fn somewhere(plan: &Plan) -> Result<Plan> {
    let mut plan = plan.clone();
    plan.timeline = plan.timeline.as_deref().map(absolute).transpose()?;
    for media in &mut plan.media {
        match &mut media.source {
            MediaSource::File { path } | MediaSource::Sequence { folder: path, .. } => *path = absolute(path)?,
            MediaSource::Generator { .. } | MediaSource::Missing { .. } => {}
        }
    }
    Ok(plan)
}

/// `delivery` for whoever is somewhere else: with absolute paths.
fn delivery_somewhere(delivery: &Delivery) -> Result<Delivery> {
    let mut delivery = delivery.clone();
    delivery.folder = absolute(&delivery.folder)?;
    for input in &mut delivery.inputs {
        *input = absolute(input)?;
    }
    for representation in &mut delivery.representations {
        // Nobody reads it again; no output may have its place.
        delivery.inputs.extend(representation.file().map(absolute).transpose()?);
    }
    Ok(delivery)
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|error| Error::io("find", path, error))
}

/// The folders on the way to `path` that are not there, the innermost first.
fn missing(path: &Path) -> Vec<PathBuf> {
    path.ancestors().take_while(|folder| !folder.exists()).map(Path::to_owned).collect()
}

/// Adds the jobs that `shots` (places in the plan) need.
fn add<'a>(session: &ResolveSession<'a>, work: &mut Work<'a>, shots: &[usize], folder: &Scratch) -> Result<Vec<Job>> {
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
        jobs.push(Job { job, expected: session.expected(&work.cut, &piece), piece });
    }
    Ok(jobs)
}

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
        let folder = Scratch::borrow(given.map_or_else(|| ticket.folder.clone(), Path::to_owned));
        let light = ticket.light.as_ref();
        let plan = plan_of(&ticket.plan, size, light, &renders);
        Ok(Renders { plan, failed: Vec::new(), folder, note: light.map(Light::note) })
    }

    /// What Resolve has rendered, followed to its end.
    fn rendered(&self, options: &ResolveOptions, control: &Control<'_>) -> Result<Vec<(Piece, MediaSource)>> {
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
                        false => error.context(format!("other parts are kept in {}", ticket.folder.display())),
                    };
                    let unrestored = ticket.give_back(options, link, control.cancel)?;
                    if ends.is_empty() {
                        ticket.clear(options);
                    }
                    return Err(match unrestored.as_slice() {
                        [] => error,
                        _ => error.context(format!("not all of Resolve could be put back ({})", unrestored.join("; "))),
                    });
                }
            }
        }
        let folder = Scratch::borrow(ticket.folder.clone());
        if ends.contains(&End::Gone) && !ticket.folder.exists() {
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
                let kept = format!("`resolve collect --from {}` takes it as it is", ticket.folder.display());
                Err(error.context(kept))
            }
            None => {
                self.unrestored.get_or_init(|| unrestored);
                Ok(renders)
            }
        }
    }

    /// What lies in `path`, whatever Resolve says.
    fn given(&self, path: &Path, control: &Control<'_>) -> Result<Vec<(Piece, MediaSource)>> {
        let Collector { options, ticket, .. } = self.from;
        let mut renders = Vec::new();
        for (number, job) in ticket.jobs.iter().enumerate() {
            let own = part(path, number);
            let place = if own.exists() || ticket.jobs.len() > 1 { own } else { path.to_owned() };
            renders.push((job.piece.clone(), render_in(&place, &job.expected.given())?));
        }
        let journal = ticket.desk(options).ok().and_then(|desk| desk.journal(&ticket.journal));
        let was_run = journal.is_some_and(|journal| journal.is_restored() && journal.owner() == Owner::Run);
        let given = match was_run {
            // A run that was killed while it cut had put everything back.
            true => Ok(Vec::new()),
            false => Link::open(options, control.cancel).and_then(|link| {
                ticket.check(&link)?;
                ticket.give_back(options, link, control.cancel)
            }),
        };
        let mut said = given.unwrap_or_else(|error| {
            vec![format!("Resolve is left as it was rendering; `resolve restore` puts it back: {error}")]
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
