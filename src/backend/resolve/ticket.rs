//! A ticket: a render that somebody else may collect, as plain data, and what has become of it in Resolve.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::elsewhere;
use super::found::{ExpectedRender, render_in};
use super::guard::ResolveGuard;
use super::journal::{Desk, Journal};
use super::light::Light;
use super::link::Link;
use super::lock::Lock;
use super::options::ResolveOptions;
use super::pieces::RenderPiece;
use super::queue::{OwnJob, RenderProgress, progress};
use super::restore::remove_jobs;
use super::scratch::{ScratchFolder, part};
use super::state::ResolveState;
use crate::backend::{CancelToken, Session};
use crate::deliver::Delivery;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Canvas, Plan, Warning};

/// A render that Resolve is at, or has done: plain data, to be stored and collected by any process that reaches the same
/// Resolve with the same project open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    plan: Plan,
    delivery: Delivery,
    pub(super) canvas: Canvas,
    /// What the pictures depend on beyond the plan.
    pub(super) depends_on: String,
    pub(super) warnings: Vec<Warning>,
    /// How Resolve was before, and the name of the file where that is noted, too.
    state: ResolveState,
    journal: String,
    /// The folder that this file lies in.
    #[serde(default)]
    desk: Option<PathBuf>,
    folder: PathBuf,
    pub(super) jobs: Vec<TicketJob>,
    /// The names of the shots that are delivered, where these are not all.
    #[serde(default)]
    only: Option<Vec<String>>,
    /// What EXR files hold that are rendered, where that is not linear.
    #[serde(default)]
    pub(super) light: Option<Light>,
    /// Where it was read from.
    #[serde(skip)]
    pub(super) file: Option<PathBuf>,
}

/// One job of a ticket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct TicketJob {
    pub(super) job: OwnJob,
    pub(super) piece: RenderPiece,
    pub(super) expected: ExpectedRender,
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
    /// One for `jobs` of `session`, which render the shots of `rendered` into `folder`, of what `plan` and `delivery` are to
    /// deliver.
    pub(super) fn new(
        session: &dyn Session,
        rendered: &Plan,
        (guard, light): (&ResolveGuard<'_>, Option<&Light>),
        (plan, delivery): (&Plan, &Delivery),
        folder: &Path,
        mut jobs: Vec<TicketJob>,
    ) -> Result<Ticket> {
        let (plan, delivery) = (elsewhere::plan(plan)?, elsewhere::delivery(delivery)?);
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
        let journal = guard.journal();
        Ok(Ticket {
            only: is_part.then(|| rendered.shots.iter().map(|shot| shot.name.clone()).collect()),
            plan,
            delivery,
            canvas: session.canvas(),
            depends_on: session.depends_on(),
            warnings: session.warnings(),
            state: ResolveState { started: true, ..guard.state.clone() },
            journal: journal.name(),
            desk: journal.path().parent().map(Path::to_owned),
            folder: folder.to_owned(),
            jobs,
            light: light.cloned(),
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

    /// Where it is noted what was changed, if that is still there.
    pub(super) fn noted(&self, options: &ResolveOptions) -> Option<Journal> {
        self.desk(options).ok()?.journal(&self.journal)
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
    pub(super) fn check(&self, link: &Link) -> Result<()> {
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
    pub(super) fn state(&self, link: &Link) -> Result<TicketState> {
        let mut done = 0.0;
        #[allow(clippy::cast_precision_loss, reason = "a share of a few million frames")]
        let frames = |job: &TicketJob| job.piece.frames() as f64;
        for (number, job) in self.jobs.iter().enumerate() {
            match progress(link, &job.job)? {
                RenderProgress::Complete => done += frames(job),
                RenderProgress::Working(share) => done += share * frames(job),
                RenderProgress::Ended(what) => return Ok(TicketState::Failed(what)),
                RenderProgress::Gone => {
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
    pub(super) fn give_back(&self, options: &ResolveOptions, link: Link, cancel: &CancelToken) -> Result<Vec<String>> {
        let desk = self.desk(options)?;
        let done = |journal: &Option<Journal>| journal.as_ref().is_some_and(Journal::is_restored);
        let mut journal = desk.journal(&self.journal);
        if !done(&journal) {
            let lock = Lock::take(options, &link.instance, options.limits.call, cancel)?;
            // Whoever had it may have done it.
            journal = desk.journal(&self.journal);
            if !done(&journal) {
                let journal = journal.unwrap_or_else(|| Journal::of_ticket(&desk, &self.journal, &self.state));
                return Ok(ResolveGuard::resume(options, link, journal, lock).restore());
            }
        }
        let removed = remove_jobs(&link, &self.state, options);
        Ok(removed
            .err()
            .map(|error| format!("the render queue could not be restored in Resolve: {error:#}"))
            .into_iter()
            .collect())
    }

    /// Removes everything of it that is on disk.
    pub(super) fn clear(&self, options: &ResolveOptions) {
        ScratchFolder::remove(&self.folder);
        if let Some(journal) = self.noted(options) {
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
        let journal = self.noted(options);
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
                    ScratchFolder::remove(&self.folder);
                    return vec![format!(
                        "Resolve is left as it was rendering; `otio-conflate resolve restore` puts it back: {error:#}"
                    )];
                }
            }
        }
        self.clear(options);
        unrestored
    }
}
