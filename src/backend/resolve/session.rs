//! One run through Resolve, from the timeline that is open to the shots that are cut out of its renders.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use super::backend::{ResolveBackend, WholeRun};
use super::cut::ResolveTimeline;
use super::cutting::{Cutting, Renders, Unprepared, unprepared};
use super::deliver_page;
use super::found::{ExpectedRender, not_whole, render_at_last};
use super::grade;
use super::guard::ResolveGuard;
use super::jobs::{self, RenderFormat};
use super::journal::{Desk, Journal};
use super::leftovers::settle;
use super::light::{ColorSettings, Light};
use super::link::Link;
use super::lock::Lock;
use super::opening::look;
use super::options::{ResolveOptions, Scope};
use super::pieces::{RenderPiece, pieces, plan_of};
use super::plates;
use super::protected::refuse_folders;
use super::queue::{self, OwnJob};
use super::scratch::{ScratchFolder, TICKET};
use super::ticket::{Ticket, TicketJob};
use super::warning::warning;
use crate::backend::{Backend, CancelToken, Capabilities, Control, Session, Task, Worker};
use crate::deliver::{Existing, Preset, Representation, write_whole};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Canvas, MediaSource, Plan, Shot, Span, Warning};

impl Backend for ResolveBackend {
    fn name(&self) -> &'static str {
        "resolve"
    }

    fn capabilities(&self) -> Capabilities {
        // Representations are made from the shot's file, by the plan: the one that cuts shots out of renders does not know
        // what is seen in them.
        Capabilities { graded: true, representations: false, ..Capabilities::parallel() }
    }

    fn inputs(&self) -> Vec<PathBuf> {
        self.options().inputs()
    }

    fn open<'a>(
        &'a self,
        plan: &'a Plan,
        preset: &'a Preset,
        representations: &'a [Representation],
    ) -> Result<Box<dyn Session + 'a>> {
        self.open_until(plan, preset, representations, &CancelToken::new())
    }

    fn open_until<'a>(
        &'a self,
        plan: &'a Plan,
        preset: &'a Preset,
        _: &'a [Representation],
        cancel: &CancelToken,
    ) -> Result<Box<dyn Session + 'a>> {
        let is_wanted = |shot: &Shot| self.wanted().is_none_or(|only| only.contains(&shot.name));
        if let Some(shot) = plan.shots.iter().find(|shot| !is_wanted(shot)) {
            let what = format!("the backend renders selected shots only, and {:?} is not among them", shot.name);
            return Err(Error::new(ErrorKind::Option, what));
        }
        Ok(Box::new(ResolveSession {
            whole: self.whole.as_ref(),
            ..ResolveSession::open(self.options(), plan, preset, cancel)?
        }))
    }
}

/// A timeline in Resolve that is the plan's cut.
pub(super) struct ResolveSession<'a> {
    options: &'a ResolveOptions,
    plan: &'a Plan,
    preset: &'a Preset,
    canvas: Canvas,
    /// Taken when the renders are made.
    work: Mutex<Option<Work<'a>>>,
    warnings: Mutex<Vec<Warning>>,
    renders: OnceLock<Renders>,
    /// The project's.
    colors: ColorSettings,
    whole: Option<&'a WholeRun>,
}

/// The way to Resolve, and what is there.
pub(super) struct Work<'a> {
    pub(super) guard: ResolveGuard<'a>,
    pub(super) cut: ResolveTimeline,
    /// What EXR files hold that are rendered, where that is not linear.
    pub(super) light: Option<Light>,
}

impl Work<'_> {
    /// What a ticket tells of it.
    pub(super) fn made(&self) -> (&ResolveGuard<'_>, Option<&Light>) {
        (&self.guard, self.light.as_ref())
    }
}

impl<'a> ResolveSession<'a> {
    /// Connects, and checks everything that can be checked before anything is changed.
    pub(super) fn open(
        options: &'a ResolveOptions,
        plan: &'a Plan,
        preset: &'a Preset,
        cancel: &CancelToken,
    ) -> Result<ResolveSession<'a>> {
        options.check()?;
        check_color(plan)?;
        refuse_folders(options, plan)?;
        let link = Link::open(options, cancel)?;
        let desk = Desk::of(options)?;
        let mut lock = Lock::take(options, &link.instance, Duration::ZERO, cancel)?;
        let mut warnings: Vec<Warning> = lock.warning().into_iter().collect();
        warnings.extend(settle(&desk, &mut lock, &link, options)?);
        queue::refuse_busy(&link)?;
        let mut guard = ResolveGuard::begin(options, link, &desk, lock)?;
        let looked = look(&mut guard, plan, preset, options)
            .and_then(|looked| Ok((ColorSettings::read(&guard.link, &looked.0.timeline)?, looked)));
        let checked = looked.and_then(|(colors, looked)| {
            let other = plan.color.as_ref().map_or(Ok(None), |color| colors.other_space(color))?;
            match other {
                Some((true, what)) if !options.accept_differences => Err(Error::new(ErrorKind::Mismatch, what)),
                other => Ok((colors, looked, other)),
            }
        });
        let (colors, (cut, canvas, more), other) = checked.map_err(|error| guard.failed(error))?;
        warnings.extend(more);
        warnings.extend(other.map(|(_, what)| warning(what)));
        Ok(ResolveSession {
            options,
            plan,
            preset,
            canvas,
            work: Mutex::new(Some(Work { guard, cut, light: None })),
            warnings: Mutex::new(warnings),
            renders: OnceLock::new(),
            colors,
            whole: None,
        })
    }

    /// The way to Resolve, once.
    pub(super) fn take_work(&self) -> Result<Work<'a>> {
        let gone = || Error::new(ErrorKind::Application, "Resolve has rendered for this session already");
        lock(&self.work).take().ok_or_else(gone)
    }

    /// Gets Resolve ready to render what `shots` (places in the plan) need: grades, and the Deliver page.
    pub(super) fn set_up(&self, work: &mut Work<'a>, shots: &[usize]) -> Result<Vec<RenderPiece>> {
        let Work { guard, cut, light } = work;
        let pieces = match plates::are_asked_for(self.options, self.plan) {
            true => {
                let (own, pieces, warnings) = plates::build(guard, self.options, self.plan, cut, shots)?;
                self.warn(warnings);
                *cut = own;
                pieces
            }
            false => pieces(self.plan, cut, self.options, shots)?,
        };
        let ranges: Vec<_> = pieces.iter().map(|piece| piece.range).collect();
        self.warn(grade::apply(guard, cut, &ranges, &self.options.grade)?);
        guard.note_render(&cut.timeline)?;
        if guard.state.marks.is_none() && pieces.iter().any(|piece| !piece.whole) {
            self.warn([warning(
                "Timeline.GetMarkInOut tells no marks in this Resolve: those of the last render stay".to_owned(),
            )]);
        }
        deliver_page::set_up(guard, self.options, self.preset)?;
        match deliver_page::light_of_exr(&guard.link, &self.colors, self.options)? {
            Some(Ok(told)) => *light = Some(told).filter(|light| !light.is_linear()),
            Some(Err(untold)) if self.options.accept_differences => self.warn([warning(untold)]),
            Some(Err(untold)) => return Err(Error::new(ErrorKind::Mismatch, untold)),
            None => {}
        }
        self.warn(light.as_ref().map(|light| warning(light.note())));
        Ok(pieces)
    }

    /// Adds a job that renders `piece` into the new folder `folder`.
    pub(super) fn add(&self, work: &mut Work<'a>, piece: &RenderPiece, folder: &Path) -> Result<OwnJob> {
        let Work { guard, cut, .. } = work;
        std::fs::create_dir(folder).map_err(|error| Error::io("make the folder", folder, error))?;
        if let Some(alone) = piece.alone {
            guard.enable_tracks(cut, |track| track.number == alone)?;
        }
        let picture = RenderFormat { canvas: self.canvas, rate: self.plan.rate };
        let (first, behind) = piece.range;
        let range = (!piece.whole).then_some((cut.start + first, cut.start + behind));
        jobs::add(guard, self.options, &picture, range, folder)
    }

    /// Lets Resolve render what `shots` (places in the plan) need, and puts everything in Resolve back.
    fn render(
        &self,
        work: &mut Work<'a>,
        shots: &[usize],
        folder: ScratchFolder,
        control: &Control<'_>,
    ) -> Result<Renders> {
        let pieces = self.set_up(work, shots)?;
        let all: i64 = pieces.iter().map(RenderPiece::frames).sum();
        let (mut renders, mut failed, mut jobs, mut before) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for (number, piece) in pieces.into_iter().enumerate() {
            control.check()?;
            let frames = piece.frames();
            #[allow(clippy::cast_precision_loss, reason = "a share of a few million frames")]
            let tell = |share: f64| {
                let done = before as f64 + share * frames as f64;
                control.observer.preparing(done / all.max(1) as f64);
            };
            match self.piece(work, &piece, (&folder, number), control, tell) {
                Ok((job, source)) => {
                    jobs.push(TicketJob { job, expected: self.expected(&work.cut, &piece), piece: piece.clone() });
                    renders.push((piece, source));
                }
                Err(error) if self.options.scope == Scope::PerShot && is_its_own(&error, &work.guard) => {
                    failed.push((self.plan.shots[piece.shots[0]].name.clone(), error));
                }
                // Hours of rendering may be in those that are whole.
                Err(error) if !renders.is_empty() && error.kind() != ErrorKind::Cancelled => {
                    let kept = folder.keep();
                    return Err(error.context(format!("parts that are whole are kept in {}", kept.display())));
                }
                Err(error) => return Err(error),
            }
            before += frames;
        }
        control.observer.preparing(1.0);
        // Should this process be killed while it cuts, the renders are not lost.
        let stored = if failed.is_empty() { self.store_ticket(work, &folder, jobs) } else { Ok(()) };
        let noted = stored.and_then(|()| work.guard.note(|state| state.rendered_all = true));
        self.warn(noted.err().map(|error| {
            warning(format!(
                "should this run be killed before its shots are cut, its render is not found again: {error:#}"
            ))
        }));
        self.warn(work.guard.restore().into_iter().map(warning));
        // One that tells of what could not be put back stays.
        let journal = Some(work.guard.journal().clone()).filter(Journal::is_restored);
        let folder = folder.with_journal(journal);
        let plan = plan_of(self.plan, self.size(), work.light.as_ref(), &renders);
        Ok(Renders { plan, failed, folder, note: work.light.as_ref().map(Light::note) })
    }

    /// Puts a ticket beside the renders by which they can be collected.
    fn store_ticket(&self, work: &Work<'_>, folder: &ScratchFolder, jobs: Vec<TicketJob>) -> Result<()> {
        let Some(WholeRun { plan, delivery }) = self.whole else { return Ok(()) };
        let mut delivery = delivery.clone();
        if delivery.existing == Existing::Error {
            // What was cut until then is not cut again.
            delivery.existing = Existing::Skip;
        }
        let ticket = Ticket::new(self, self.plan, work.made(), (plan, &delivery), folder.path(), jobs)?;
        let text = serde_json::to_vec(&ticket)
            .map_err(|error| Error::new(ErrorKind::Io, "cannot write down the renders of Resolve").because(error))?;
        write_whole(&folder.path().join(TICKET), &text)
    }

    /// Lets Resolve render one piece.
    fn piece(
        &self,
        work: &mut Work<'a>,
        piece: &RenderPiece,
        (folder, number): (&ScratchFolder, usize),
        control: &Control<'_>,
        tell: impl Fn(f64),
    ) -> Result<(OwnJob, MediaSource)> {
        let part = folder.part(number);
        let job = self.add(work, piece, &part)?;
        jobs::start(&mut work.guard, std::slice::from_ref(&job))?;
        let end = jobs::follow(&work.guard.link, self.options, &job, control, tell)?;
        let expected = self.expected(&work.cut, piece);
        let found = render_at_last(&part, &expected, &self.options.limits, control.cancel);
        found.map(|source| (job, source)).map_err(|error| not_whole(error, end, folder, &part))
    }

    fn size(&self) -> (u32, u32) {
        (self.canvas.width, self.canvas.height)
    }

    /// What the render of `piece` has to be.
    pub(super) fn expected(&self, cut: &ResolveTimeline, piece: &RenderPiece) -> ExpectedRender {
        ExpectedRender {
            frames: piece.frames(),
            size: self.size(),
            rate: self.plan.rate,
            start: (!self.options.settings.contains_key("TimelineStartTimecode")).then_some(cut.start + piece.range.0),
            is_given: false,
        }
    }

    /// The folder's parent is the delivery's, unless the caller says otherwise.
    pub(super) fn scratch(&self, work: &mut Work<'a>, folder: &Path, ending: &str) -> Result<ScratchFolder> {
        let folder = ScratchFolder::new(self.options.folder.as_deref().unwrap_or(folder), ending)?;
        // Should this process be killed, its jobs are told by it.
        work.guard.note(|state| state.folder = Some(folder.path().to_owned()))?;
        Ok(folder)
    }

    fn warn(&self, more: impl IntoIterator<Item = Warning>) {
        lock(&self.warnings).extend(more);
    }
}

impl Session for ResolveSession<'_> {
    fn canvas(&self) -> Canvas {
        self.canvas
    }

    fn warnings(&self) -> Vec<Warning> {
        lock(&self.warnings).clone()
    }

    fn depends_on(&self) -> String {
        let options = self.options;
        let what = (&options.grade, &options.solo, &options.preset, &options.format, &options.codec);
        let tags = (&options.color_space, &options.gamma, &options.settings);
        let own = serde_json::to_string(&(what, tags, &self.colors)).unwrap_or_else(|_| format!("{what:?} {tags:?}"));
        // What representations show is made of what Resolve renders.
        match &self.plan.color {
            Some(color) => format!("{own} {color:?}"),
            None => own,
        }
    }

    fn prepare<'s>(
        &'s self,
        tasks: &[Task<'_>],
        folder: &Path,
        control: &Control<'_>,
    ) -> Result<Option<Box<dyn Session + 's>>> {
        let mut work = self.take_work()?;
        let wanted = |shot: &Shot| tasks.iter().any(|task| task.shot.name == shot.name);
        let shots: Vec<usize> = (0..self.plan.shots.len()).filter(|&index| wanted(&self.plan.shots[index])).collect();
        work.guard.link.cancel = control.cancel.clone();
        let folder = self.scratch(&mut work, folder, ".render").map_err(|error| work.guard.failed(error))?;
        let renders = self.render(&mut work, &shots, folder, control);
        let renders = renders.map_err(|error| work.guard.failed(error))?;
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

/// Whether an error is one of a shot, and others can still be rendered.
fn is_its_own(error: &Error, guard: &ResolveGuard<'_>) -> bool {
    error.kind() != ErrorKind::Cancelled && guard.link.is_alive()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether what is asked of colours is something that is done to what Resolve renders, which is the canvas.
fn check_color(plan: &Plan) -> Result<()> {
    let Some(color) = &plan.color else { return Ok(()) };
    let asked = match () {
        () if !color.rules.is_empty() => "the colour space of media",
        () if !color.intermediate.is_plain() => "a view or looks in intermediates",
        () if plan.shots.iter().flat_map(|shot| &shot.spans).any(is_graded) => "colour decisions of the timeline",
        () => return Ok(()),
    };
    let what =
        format!("{asked}: Resolve's own project decides about that; what it renders is the canvas, which can be named");
    Err(Error::new(ErrorKind::Option, what))
}

/// Whether a layer of `span` has a decision that is to be applied.
fn is_graded(span: &Span) -> bool {
    let mut graded = false;
    span.stack.iter().for_each(|element| element.for_each_layer(&mut |layer| graded |= !layer.grade.is_empty()));
    graded
}
