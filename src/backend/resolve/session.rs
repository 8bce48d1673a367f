//! The backend: one run through Resolve, from the timeline that is open to the shots that are cut out of its renders.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::cut::Cut;
use super::cutting::{Cutting, Renders, Unprepared, unprepared};
use super::found::{Expected, render_in};
use super::grade;
use super::jobs::{self, Picture};
use super::link::Link;
use super::opening::{look, warning};
use super::options::{ResolveOptions, Scope};
use super::pieces::{Piece, pieces, plan_of};
use super::scratch::Scratch;
use super::state::Guard;
use crate::backend::{Backend, CancelToken, Capabilities, Control, Session, Task, Worker};
use crate::deliver::{Preset, Representation};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Canvas, MediaSource, Plan, Shot, Warning};

/// Renders through DaVinci Resolve Studio: graded.
#[derive(Debug, Clone, Default)]
pub struct ResolveBackend {
    options: ResolveOptions,
}

impl ResolveBackend {
    /// A backend that does as `options` say.
    pub fn new(options: ResolveOptions) -> ResolveBackend {
        ResolveBackend { options }
    }

    /// How it reaches Resolve, and what it renders there.
    pub fn options(&self) -> &ResolveOptions {
        &self.options
    }
}

impl Backend for ResolveBackend {
    fn name(&self) -> &'static str {
        "resolve"
    }

    fn capabilities(&self) -> Capabilities {
        // Representations are made from the shot's file, by the plan: the one that cuts shots out of renders does not know
        // what is seen in them.
        Capabilities { graded: true, representations: false, ..Capabilities::parallel() }
    }

    fn open<'a>(
        &'a self,
        plan: &'a Plan,
        preset: &'a Preset,
        _: &'a [Representation],
    ) -> Result<Box<dyn Session + 'a>> {
        Ok(Box::new(ResolveSession::open(&self.options, plan, preset)?))
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
}

/// The way to Resolve, and what is there.
pub(super) struct Work<'a> {
    pub(super) guard: Guard<'a>,
    pub(super) cut: Cut,
}

impl<'a> ResolveSession<'a> {
    /// Connects, and checks everything that can be checked before anything is changed.
    pub(super) fn open(options: &'a ResolveOptions, plan: &'a Plan, preset: &'a Preset) -> Result<ResolveSession<'a>> {
        options.check()?;
        let link = Link::open(options, &CancelToken::new())?;
        jobs::refuse_busy(&link)?;
        let mut guard = Guard::begin(options, link)?;
        let looked = look(&mut guard, plan, preset, options);
        let (cut, canvas, warnings) = looked.map_err(|error| guard.failed(error))?;
        Ok(ResolveSession {
            options,
            plan,
            preset,
            canvas,
            work: Mutex::new(Some(Work { guard, cut })),
            warnings: Mutex::new(warnings),
            renders: OnceLock::new(),
        })
    }

    /// The way to Resolve, once.
    pub(super) fn take_work(&self) -> Result<Work<'a>> {
        let gone = || Error::new(ErrorKind::Application, "Resolve has rendered for this session already");
        lock(&self.work).take().ok_or_else(gone)
    }

    /// Gets Resolve ready to render what `shots` (places in the plan) need: grades, and the Deliver page.
    pub(super) fn set_up(&self, work: &mut Work<'a>, shots: &[usize]) -> Result<Vec<Piece>> {
        let Work { guard, cut } = work;
        let pieces = pieces(self.plan, cut, self.options, shots)?;
        let ranges: Vec<_> = pieces.iter().map(|piece| piece.range).collect();
        self.warn(grade::apply(guard, cut, &ranges, &self.options.grade)?);
        guard.note_render(&cut.timeline)?;
        if guard.state.marks.is_none() && pieces.iter().any(|piece| !piece.whole) {
            self.warn([warning(
                "Timeline.GetMarkInOut tells no marks in this Resolve: those of the last render stay".to_owned(),
            )]);
        }
        jobs::set_up(guard, self.options, self.preset)?;
        Ok(pieces)
    }

    /// Adds a job that renders `piece` into the new folder `folder`.
    pub(super) fn add(&self, work: &mut Work<'a>, piece: &Piece, folder: &Path) -> Result<String> {
        let Work { guard, cut } = work;
        std::fs::create_dir(folder).map_err(|error| Error::io("make the folder", folder, error))?;
        if let Some(alone) = piece.alone {
            guard.enable_tracks(cut, |track| track.number == alone)?;
        }
        let picture = Picture { canvas: self.canvas, rate: self.plan.rate };
        let (first, behind) = piece.range;
        let range = (!piece.whole).then_some((cut.start + first, cut.start + behind));
        jobs::add(guard, self.options, &picture, range, folder)
    }

    /// Lets Resolve render what `shots` (places in the plan) need, and puts everything in Resolve back.
    fn render(&self, work: &mut Work<'a>, shots: &[usize], folder: Scratch, control: &Control<'_>) -> Result<Renders> {
        let pieces = self.set_up(work, shots)?;
        let all: i64 = pieces.iter().map(Piece::frames).sum();
        let (mut renders, mut failed, mut before) = (Vec::new(), Vec::new(), 0);
        for (number, piece) in pieces.into_iter().enumerate() {
            control.check()?;
            let frames = piece.frames();
            #[allow(clippy::cast_precision_loss, reason = "a share of a few million frames")]
            let tell = |share: f64| {
                let done = before as f64 + share * frames as f64;
                control.observer.preparing(done / all.max(1) as f64);
            };
            match self.piece(work, &piece, &folder.part(number), control, tell) {
                Ok(source) => renders.push((piece, source)),
                Err(error) if self.options.scope == Scope::PerShot && is_its_own(&error, &work.guard) => {
                    failed.push((self.plan.shots[piece.shots[0]].name.clone(), error));
                }
                Err(error) => return Err(error),
            }
            before += frames;
        }
        control.observer.preparing(1.0);
        self.warn(work.guard.restore().into_iter().map(warning));
        Ok(Renders { plan: plan_of(self.plan, self.size(), &renders), failed, _folder: folder })
    }

    /// Lets Resolve render one piece.
    fn piece(
        &self,
        work: &mut Work<'a>,
        piece: &Piece,
        folder: &Path,
        control: &Control<'_>,
        tell: impl Fn(f64),
    ) -> Result<MediaSource> {
        let job = self.add(work, piece, folder)?;
        jobs::start(&mut work.guard, std::slice::from_ref(&job))?;
        jobs::follow(&work.guard.link, self.options, &job, control, tell)?;
        render_in(folder, &self.expected(&work.cut, piece))
    }

    fn size(&self) -> (u32, u32) {
        (self.canvas.width, self.canvas.height)
    }

    /// What the render of `piece` has to be.
    pub(super) fn expected(&self, cut: &Cut, piece: &Piece) -> Expected {
        Expected {
            frames: piece.frames(),
            size: self.size(),
            rate: self.plan.rate,
            start: (!self.options.settings.contains_key("TimelineStartTimecode")).then_some(cut.start + piece.range.0),
        }
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
        serde_json::to_string(&(what, tags)).unwrap_or_else(|_| format!("{what:?} {tags:?}"))
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
        let folder = Scratch::new(self.options.folder.as_deref().unwrap_or(folder), ".part")?;
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
fn is_its_own(error: &Error, guard: &Guard<'_>) -> bool {
    error.kind() != ErrorKind::Cancelled && guard.link.is_alive()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
