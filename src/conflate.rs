//! The orchestrator: plan + backend + delivery → report.

mod before;
mod merge;
mod omitted;
mod preview;
mod reports;
#[cfg(feature = "resolve")]
mod resolve;
mod since;
mod task;
#[cfg(feature = "ffmpeg")]
mod transcode;
#[cfg(feature = "ffmpeg")]
mod transcode_color;
#[cfg(feature = "ffmpeg")]
mod trim;

use std::any::Any;
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Instant;

use crate::backend::{
    Backend, CancelToken, Control, Observer, Rendered, RenderedColors, RepresentationTask, Session, Task, Worker,
    check_before_render, represent_rendered,
};
use crate::deliver::{
    Delivered, Delivery, Existing, Folder, Guard, Listed, Manifest, OutputPlace, Protected, RunProgress, ShotPlaces,
    absorb_parts, clear, clear_strays, fingerprint, pictures,
};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Canvas, PathRules, Plan, Shot, Warning};
use crate::report::{Pictures, PlanText, Report, ShotReport, Status};
use crate::timeline::Timeline;
use crate::trace;
use crate::{memory, threads};

use before::Before;
pub(crate) use merge::merge;
use omitted::Gone;
pub use preview::{Preview, ShotAction, ShotPreview};
use since::{Copied, Taken};
pub use since::{Omitted, Since};
#[cfg(feature = "ffmpeg")]
pub use transcode::transcode;
#[cfg(feature = "ffmpeg")]
pub use trim::trim;

/// One run: a backend that renders and a delivery that says where to.
///
/// ```
/// # use otio_conflate::time::Rate;
/// # use otio_conflate::timeline::{Clip, Composition, MediaReference, RawTimeRange};
/// # let media = MediaReference::file("/media/a.mov").available(RawTimeRange::frames(0, 240, Rate::FPS_24));
/// # let clip = |name: &str, first| Clip::new(name, media.clone()).range(RawTimeRange::frames(first, 48, Rate::FPS_24));
/// # let track = Composition::video("V1").with(clip("sh010", 100)).with(clip("sh020", 20));
/// # let timeline = otio_conflate::Timeline::new("reel 2").track(track);
///
/// use otio_conflate::backend::RecordBackend;
/// use otio_conflate::{Conflation, Delivery, NoObserver, Plan, PlanOptions};
///
/// let plan = Plan::new(&timeline, &PlanOptions::default())?;
/// # let folder = std::env::temp_dir().join(format!("otio-conflate-example-{}", std::process::id()));
/// let delivery = Delivery::new(&folder);
/// // This backend writes rows of the plan in the place of pictures; `FfmpegBackend` renders.
/// let conflation = Conflation::new(RecordBackend::new(), delivery).timeline(&timeline).only(["sh020"]);
/// let report = conflation.run(&plan, &NoObserver)?;
/// assert_eq!((report.shots.len(), report.succeeded()), (1, true));
/// # std::fs::remove_dir_all(&folder).expect("it was just made");
/// # Ok::<(), otio_conflate::Error>(())
/// ```
pub struct Conflation<'a, B: Backend> {
    backend: B,
    delivery: Delivery,
    timeline: Option<&'a Timeline>,
    only: Option<Vec<String>>,
    since: Option<Since>,
    cancel: CancelToken,
    /// The job that the run is a task of.
    job: Option<String>,
    rules: PathRules,
}

/// Above this many shots the manifest is not written after each, but after each hundredth part.
const MANIFEST_EACH: usize = 500;

/// What is said of a shot that is kept though its grade may be another by now.
const GRADE_UNSEEN: &str = "kept from an earlier run: a grade that was changed since is not seen";

impl<'a, B: Backend> Conflation<'a, B> {
    /// A run of `backend` that delivers as `delivery` says.
    pub fn new(backend: B, delivery: Delivery) -> Conflation<'a, B> {
        let (cancel, rules) = (CancelToken::new(), PathRules::default());
        Conflation { backend, delivery, timeline: None, only: None, since: None, cancel, job: None, rules }
    }

    /// Writes `conflated.otio` beside the manifest: this timeline, with its clips' intermediates added.
    #[must_use]
    pub fn timeline(mut self, timeline: &'a Timeline) -> Conflation<'a, B> {
        self.timeline = Some(timeline);
        self
    }

    /// Renders only the shots of these names, as parts of the whole plan: they are called and numbered as in a run of all
    /// shots, and what the manifest says of the others stays. The report is of these shots alone.
    #[must_use]
    pub fn only(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Conflation<'a, B> {
        self.only = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Renders what is not there already of an earlier run. A shot that is the same in every respect is kept. Where the
    /// pictures of a shot are among those that the earlier run delivered, of whichever shot, they are copied, encoded as they
    /// are, and its sound is mixed: one that was trimmed within its handles, slipped, moved, renamed, split. What comes of
    /// it is, byte for byte, what rendering it would give. Every [`ShotReport::reason`] says what was done and why.
    ///
    /// Pictures can be copied of presets whose frames stand alone, where no representations are made of them, and of movies
    /// and sequences whose files are as they were left. Media count as the same by their size and the time they were changed.
    ///
    /// Shots of the earlier run that are not in the cut are in [`Report::omitted`] and marked in the manifest; see
    /// [`Since::omitted`]. Where the delivery has [`Existing::Error`], it gets [`Existing::Skip`].
    #[must_use]
    pub fn since(mut self, since: Since) -> Conflation<'a, B> {
        if self.delivery.existing == Existing::Error {
            self.delivery.existing = Existing::Skip;
        }
        self.since = Some(since);
        self
    }

    /// Stops between frames when `cancel` says so; shots that are not whole then are [`Status::Cancelled`], those that are
    /// stay.
    #[must_use]
    pub fn cancel(mut self, cancel: CancelToken) -> Conflation<'a, B> {
        self.cancel = cancel;
        self
    }

    /// Runs as one task of the job `job` (letters and digits): others deliver into the same folder at the same time, from this
    /// machine or another. Shots that this job delivered already are skipped. Neither `manifest.json` nor `conflated.otio` is
    /// written, but a part manifest for each shot, which [`farm::Job::merge`](crate::farm::Job::merge) or the next run into
    /// the folder joins.
    #[must_use]
    pub fn task_of(mut self, job: impl Into<String>) -> Conflation<'a, B> {
        self.job = Some(job.into());
        self
    }

    /// Opens what the plan reads where `rules` say that this machine has it. Names, fingerprints and what the manifest says
    /// of sources stay those of the plan.
    #[must_use]
    pub fn path_rules(mut self, rules: PathRules) -> Conflation<'a, B> {
        self.rules = rules;
        self
    }

    /// Renders and delivers every shot of `plan`. A shot that fails leaves nothing and does not stop the others: its
    /// error is in the report.
    ///
    /// # Errors
    /// What keeps the run from starting: [`ErrorKind::Plan`], [`ErrorKind::MediaMissing`] with every missing file, [`ErrorKind::Exists`] with
    /// every output in the way and with those that are, contain or lie inside something that is read,
    /// [`ErrorKind::Locked`] while another run writes there, [`ErrorKind::Option`] for names of shots that there are not,
    /// an output folder or a manifest that cannot be written; [`ErrorKind::Cancelled`] when it is stopped before any shot is
    /// begun, while an application is reached or renders.
    pub fn run(&self, plan: &Plan, observer: &dyn Observer) -> Result<Report> {
        let _span = trace::span!("run", timeline = plan.name.as_str(), backend = self.backend.name());
        plan.validate()?;
        self.since.as_ref().map_or(Ok(()), |since| since.check(self.only.is_some()))?;
        self.delivery.check_made(plan)?;
        let part = self.part(plan)?;
        let opened = self.moved(&part);
        let mut protected = self.delivery.protected(plan, &self.backend.inputs());
        opened
            .media
            .iter()
            .filter(|_| !self.rules.rules.is_empty())
            .for_each(|media| protected.add_media(&media.source));
        let planned = Folder::planned(&self.delivery.folder);
        self.since.iter().for_each(|since| since.protect(&mut protected, planned.path()));
        let (places, others) = self.places(&planned, plan);
        // What is read is safe before even a folder is made.
        protected.refuse(paths(&places))?;
        let (mut guard, _) = self.guard(planned.path(), &protected, &places)?;
        guard.refuse_manifest(planned.path(), self.timeline.is_some())?;
        let (session, colors) = self.open(&opened, &mut protected)?;
        protected.refuse(paths(&places))?;
        let folder = match self.job {
            Some(_) => Folder::share_as(&self.delivery.folder, &planned)?,
            None => {
                let folder = Folder::open(&self.delivery.folder)?;
                clear_strays(folder.path())?;
                clear(paths(&places))?;
                folder
            }
        };
        let (mut guard, manifest) = self.guard(folder.path(), &protected, &places)?;
        guard.refuse_manifest(folder.path(), self.timeline.is_some())?;
        guard.refuse(places.iter().flat_map(ShotPlaces::all).collect::<Vec<&OutputPlace>>().into_iter())?;
        if self.job.is_none() && !guard.manifest_is_foreign() {
            absorb_parts(folder.path())?;
        }
        let plans = (&*part, &*opened);
        let run =
            Run::new(self, plans, (session.as_ref(), colors), folder, (places, others), (guard, manifest), observer);
        let frames = part.shots.iter().map(|shot| shot.frame_count).sum();
        observer.started(part.shots.len(), frames);
        run.render()?;
        let mut report = run.report(run.finished()?);
        if self.job.is_some() {
            return Ok(report);
        }
        let mut whole = run.whole(&report);
        let told = run.remove_omitted(&mut whole, &run.guard).into_iter();
        let told: Vec<Warning> = told.map(|sentence| Warning::new("omitted", sentence)).collect();
        report.warnings.extend(told.iter().cloned());
        whole.warnings.extend(told);
        if let Some(timeline) = self.timeline {
            run.write_cut(timeline, &whole)?;
        }
        if !run.before.is_shown {
            whole.plan = PlanText::new(plan);
        }
        run.write_manifest(&whole, RunProgress::Over)?;
        Ok(report)
    }

    /// Looks, without making anything, whether [`Conflation::run`] would be refused for what it would write: for a caller
    /// that has something else to do first.
    ///
    /// # Errors
    /// [`ErrorKind::Exists`] and [`ErrorKind::Option`] as [`Conflation::run`].
    pub fn check(&self, plan: &Plan) -> Result<()> {
        self.delivery.check(plan, self.only.as_deref(), &self.backend.inputs(), self.timeline.is_some())
    }

    /// Opens what the shots of `part` need, and protects what that turns out to read.
    fn open<'p>(&'p self, part: &'p Plan, protected: &mut Protected) -> Result<OpenedSession<'p>> {
        let Delivery { preset, representations, .. } = &self.delivery;
        let session = self.backend.open_until(part, preset, representations, &self.cancel)?;
        let mut colors = None;
        if !self.backend.capabilities().representations {
            colors = RenderedColors::settle(part, representations)?;
            check_before_render(part, preset, session.canvas(), representations, colors.as_ref())?;
        }
        // What a configuration led to is known only now.
        for input in session.inputs().iter().chain(colors.iter().flat_map(RenderedColors::files)) {
            protected.add("the colour configuration's file", input);
        }
        Ok((session, colors))
    }

    /// What decides about what may be written to `places` in `folder`.
    fn guard<'g>(
        &self,
        folder: &Path,
        protected: &'g Protected,
        places: &[ShotPlaces],
    ) -> Result<(Guard<'g>, Manifest)> {
        let Some(job) = &self.job else { return Guard::new(folder, protected, self.delivery.existing) };
        let shots: Vec<&str> = places.iter().map(|places| places.picture.relative.as_str()).collect();
        Guard::of_task(folder, protected, self.delivery.existing, job, &shots)
    }

    /// `plan` with what it reads where this machine has it.
    fn moved<'p>(&self, plan: &'p Plan) -> Cow<'p, Plan> {
        match self.rules.rules.is_empty() {
            true => Cow::Borrowed(plan),
            false => Cow::Owned(self.rules.apply_to(plan)),
        }
    }

    /// `plan` with the shots that are asked for.
    fn part<'p>(&self, plan: &'p Plan) -> Result<Cow<'p, Plan>> {
        plan.part(self.only.as_deref())
    }

    /// Where the shots that are asked for go, and in the order of the plan, the paths of the other shots' pictures and
    /// their names.
    fn places(&self, folder: &Folder, plan: &Plan) -> (Vec<ShotPlaces>, Vec<Option<Other>>) {
        let mut places = Vec::new();
        let mut others = Vec::new();
        for (place, shot) in self.delivery.places(folder, plan).into_iter().zip(&plan.shots) {
            let is_asked_for = self.only.as_ref().is_none_or(|only| only.contains(&shot.name));
            others
                .push((!is_asked_for).then(|| Other { path: place.picture.relative.clone(), name: shot.name.clone() }));
            if is_asked_for {
                places.push(place);
            }
        }
        (places, others)
    }
}

/// What a run opens: the backend's session, and the colours of representations that are made of what it renders.
type OpenedSession<'p> = (Box<dyn Session + 'p>, Option<RenderedColors>);

/// The final paths of all places.
fn paths(places: &[ShotPlaces]) -> impl Iterator<Item = &Path> {
    places.iter().flat_map(ShotPlaces::all).map(|place| place.path.as_path())
}

/// Everything a run needs at hand.
struct Run<'r> {
    plan: &'r Plan,
    /// The same with what it reads where this machine has it.
    opened: &'r Plan,
    /// The job that the run is a task of.
    job: Option<&'r str>,
    protected: &'r Protected,
    delivery: &'r Delivery,
    session: &'r dyn Session,
    backend: &'r str,
    /// Whether pictures depend on a grade that only an application knows.
    graded: bool,
    /// Whether the backend makes representations.
    represents: bool,
    /// Where it does not, and colours are managed, those of what it renders.
    colors: Option<RenderedColors>,
    at_once: usize,
    /// What decides about the memory of frames.
    frames: memory::FrameMemory,
    folder: Folder,
    observer: &'r dyn Observer,
    cancel: &'r CancelToken,
    canvas: Canvas,
    places: Vec<ShotPlaces>,
    /// For each shot of the whole plan: `None` where it is asked for.
    others: Vec<Option<Other>>,
    guard: Guard<'r>,
    fingerprints: Vec<String>,
    /// Digests of the pictures of each shot, where they may be copied later.
    pictures: Vec<Option<Pictures>>,
    before: Before,
    since: Option<&'r Since>,
    /// What each shot takes over from an earlier run, where it was asked to and is not there already.
    taken: Vec<Option<Taken>>,
    gone: Gone<'r>,
    copied: Copied,
    /// What may be skipped of each shot, and what was said of it.
    done_already: Vec<Option<(Delivered, Vec<String>)>>,
    /// Canvas and warnings of the session that rendered, where it is not the one that was opened.
    prepared: OnceLock<(Canvas, Vec<Warning>)>,
    shots: Mutex<FinishedShots>,
}

/// A shot of the plan that is not asked for.
struct Other {
    /// Its picture's path in the manifest.
    path: String,
    name: String,
}

/// What was made of a shot.
enum ShotResult {
    /// It was rendered.
    Now(Rendered),
    /// Another task delivered the same meanwhile; what was said of it, and its pictures.
    Meanwhile(Vec<String>, Option<Pictures>),
}

/// Shots finished so far.
struct FinishedShots {
    reports: Vec<Option<ShotReport>>,
    unsaved: usize,
}

impl<'r> Run<'r> {
    fn new<B: Backend>(
        conflation: &'r Conflation<'_, B>,
        (plan, opened): (&'r Plan, &'r Plan),
        (session, colors): (&'r dyn Session, Option<RenderedColors>),
        folder: Folder,
        (places, others): (Vec<ShotPlaces>, Vec<Option<Other>>),
        (guard, manifest): (Guard<'r>, Manifest),
        observer: &'r dyn Observer,
    ) -> Run<'r> {
        let Conflation { backend, delivery, cancel, since, .. } = conflation;
        let preset = &delivery.preset;
        let canvas = session.canvas();
        let made = (preset, delivery.representations.as_slice());
        let maker = format!("{}{}", backend.name(), session.depends_on());
        let print = |shot| {
            let of_colors = colors.as_ref().map_or("", |colors| colors.depends_on(shot));
            let maker = format!("{maker}{}{of_colors}", session.shot_depends_on(shot));
            fingerprint(&maker, (plan, opened), shot, canvas, made)
        };
        let picture_digests = |shot| {
            let maker = format!("{maker}{}{}", session.shot_depends_on(shot), session.made_as(shot)?);
            Some(pictures(&maker, (plan, opened), shot, canvas, preset))
        };
        let before = Before::new(manifest, folder.path(), plan, &guard);
        let cores = threads::available();
        let frames = memory::FrameMemory {
            pixels: u64::from(canvas.width).saturating_mul(canvas.height.into()),
            single: preset.is_sequence(),
        };
        let allowed = backend.capabilities().shots_at_once.unwrap_or(usize::MAX);
        let mut run = Run {
            plan,
            opened,
            job: conflation.job.as_deref(),
            protected: guard.protected(),
            delivery,
            session,
            backend: backend.name(),
            graded: backend.capabilities().graded,
            represents: backend.capabilities().representations,
            colors: None,
            at_once: memory::shots_at_once(
                delivery.jobs.unwrap_or(cores).min(threads::most()).min(allowed).clamp(1, plan.shots.len().max(1)),
                cores,
                frames,
            ),
            frames,
            folder,
            observer,
            cancel,
            canvas,
            places,
            others,
            guard,
            fingerprints: plan.shots.iter().map(print).collect(),
            pictures: plan.shots.iter().map(picture_digests).collect(),
            before,
            since: since.as_ref(),
            taken: Vec::new(),
            gone: Gone::default(),
            copied: Copied::default(),
            done_already: Vec::new(),
            prepared: OnceLock::new(),
            shots: Mutex::new(FinishedShots { reports: vec![None; plan.shots.len()], unsaved: 0 }),
        };
        run.colors = colors;
        run.done_already = (0..plan.shots.len()).map(|index| run.done_before(index)).collect();
        run.taken = run.take_over();
        run.gone = run.find_gone();
        run
    }

    /// Renders every shot, several at once, after what they need together.
    fn render(&self) -> Result<()> {
        let pending = (0..self.plan.shots.len()).filter(|&index| self.done_already[index].is_none());
        let tasks: Vec<Task<'_>> = pending.map(|index| self.task(index)).collect();
        let prepared = match tasks.is_empty() {
            true => None,
            false => self.session.prepare(&tasks, self.folder.path(), &self.control())?,
        };
        let session = prepared.as_deref().unwrap_or(self.session);
        if prepared.is_some() {
            self.prepared.get_or_init(|| (session.canvas(), session.warnings()));
        }
        // What an application has rendered is only copied.
        if prepared.is_none() && !tasks.is_empty() {
            let threads = threads::available().max(self.at_once);
            memory::check_room(memory::of_shots(self.at_once, threads, self.frames))?;
        }
        trace::event!(
            DEBUG,
            "shots are rendered",
            pending = tasks.len(),
            skipped = self.plan.shots.len() - tasks.len(),
            at_once = self.at_once,
            threads = std::thread::available_parallelism().map_or(1, usize::from)
        );
        let order = order(self.plan);
        let next = AtomicUsize::new(0);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.at_once)
            .thread_name(|number| format!("conflate-{number}"))
            .build()
            .map_err(|error| Error::new(ErrorKind::Io, "cannot start threads").because(error))?;
        self.copy(&pool, session);
        let scope = trace::TraceScope::here();
        let outcomes = pool.broadcast(|_| {
            let _entered = scope.enter();
            let mut worker = session.worker(self.at_once);
            while let Some(&index) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                // An observer is the caller's: if it panics, its shot fails, and the others go on.
                let made = catch_unwind(AssertUnwindSafe(|| self.shot(index, session, worker.as_mut())));
                let mut report = made.unwrap_or_else(|panic| {
                    worker = session.worker(self.at_once);
                    self.panicked(index, &*panic)
                });
                if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.observer.finished(&report))) {
                    report.warnings.push(format!("whoever watched the run panicked: {}", said(&*panic)));
                }
                self.finish(index, report)?;
            }
            Ok(())
        });
        outcomes.into_iter().collect()
    }

    fn control(&self) -> Control<'_> {
        Control { observer: self.observer, cancel: self.cancel }
    }

    /// What a worker is asked for shot number `index`.
    fn task(&self, index: usize) -> Task<'_> {
        let places = &self.places[index];
        let wanted = self.delivery.representations.iter().zip(places.representations());
        Task {
            shot: &self.opened.shots[index],
            target: places.picture.target.clone(),
            wav: places.sound.as_ref().map(|sound| sound.target.path().to_owned()),
            stems: places.stems.iter().map(|(_, stem)| stem.target.path().to_owned()).collect(),
            representations: wanted
                .map(|(representation, place)| RepresentationTask { representation, target: place.target.clone() })
                .collect(),
            earlier: None,
        }
    }

    /// Renders, verifies and delivers shot number `index`, or finds it done.
    fn shot(&self, index: usize, session: &dyn Session, worker: &mut dyn Worker) -> ShotReport {
        let (shot, places) = (&self.plan.shots[index], &self.places[index]);
        let _span =
            trace::span!("shot", name = shot.name.as_str(), clip = shot.clip.as_str(), frames = shot.frame_count);
        if let Some((delivered, mut warnings)) = self.done_already[index].clone() {
            if self.graded && !warnings.iter().any(|warning| warning == GRADE_UNSEEN) {
                warnings.push(GRADE_UNSEEN.to_owned());
            }
            let report = self.shot_report(index, Status::Skipped, delivered, warnings, Vec::new());
            let pictures = self.before.at(&places.picture.relative).and_then(|before| before.pictures.clone());
            let reason = self.planned(index).1.pop();
            trace::event!(INFO, "the shot is skipped", because = reason.as_deref().unwrap_or_default());
            return ShotReport { reason, pictures, ..report };
        }
        let control = self.control();
        let begun = Instant::now();
        let (_, mut reasons) = self.planned(index);
        let (copied, took) = self.copied.take(index).unzip();
        let failed = copied.as_ref().and_then(|copied| copied.as_ref().err().map(|error| format!("{error:#}")));
        if let Some(why) = &failed {
            reasons = vec![format!("its frames were delivered before, but cannot be copied: {why}")];
        }
        let deliver = || {
            control.check().map_err(|error| (error, places.discard()))?;
            if let Some(job) = self.job {
                return self.deliver_task(index, job, session, worker).map_err(|error| (error, places.discard()));
            }
            let _holds = places.prepare().map_err(|error| (error, places.discard()))?;
            let rendered = match copied {
                Some(Ok(copied)) => Ok(copied),
                _ => self.rendered(&self.task(index), session, worker, &control),
            };
            let deliver =
                |rendered| Ok((ShotResult::Now(rendered), places.deliver(shot, self.folder.path(), &self.guard)?));
            let delivered = rendered.and_then(deliver);
            // What is left is removed while nobody else may write there.
            delivered.map_err(|error| (error, places.discard()))
        };
        match deliver() {
            Ok((ShotResult::Meanwhile(warnings, pictures), delivered)) => {
                let report = self.shot_report(index, Status::Skipped, delivered, warnings, Vec::new());
                ShotReport { reason: Some("another task delivered it meanwhile".to_owned()), pictures, ..report }
            }
            Ok((ShotResult::Now(rendered), delivered)) => {
                let noted = rendered.noted;
                let warnings = shot.notes.iter().cloned().chain(rendered.warnings).collect();
                let mut delivered = Delivered { peak: rendered.peak, loudness: rendered.loudness, ..delivered };
                if let Some(picture) = &mut delivered.picture {
                    picture.encoder = rendered.encoder;
                    picture.codec = Some(self.delivery.preset.codec.clone());
                    picture.pixel_format = rendered.pixel_format;
                    picture.size = Some((self.canvas.width, self.canvas.height));
                }
                for (made, wanted) in delivered.representations.iter_mut().zip(&self.delivery.representations) {
                    made.output.codec = Some(wanted.preset.codec.clone());
                }
                for (made, encoder) in delivered.representations.iter_mut().zip(rendered.representation_encoders) {
                    made.output.encoder = encoder;
                }
                for (made, format) in delivered.representations.iter_mut().zip(rendered.representation_formats) {
                    (made.output.pixel_format, made.output.size) = format.unzip();
                }
                for made in &mut delivered.representations {
                    let of_rendered = || self.colors.as_ref()?.values(shot, &made.name);
                    made.color = self.session.representation_color(shot, &made.name).or_else(of_rendered);
                }
                let report = self.shot_report(index, Status::Done, delivered, warnings, Vec::new());
                let elapsed = (begun.elapsed() + took.unwrap_or_default()).as_secs_f64();
                let left = places.picture.left(shot.first_frame, shot.frame_count);
                let pictures = self.pictures[index].clone().filter(|_| !noted).zip(left);
                let pictures = pictures.map(|(pictures, left)| Pictures { modified: left.modified, ..pictures });
                let reason = reasons.pop();
                trace::event!(
                    INFO,
                    "the shot is delivered",
                    because = reason.as_deref().unwrap_or_default(),
                    seconds = elapsed,
                    warnings = report.warnings.len()
                );
                ShotReport { elapsed: Some(elapsed), reason, pictures, ..report }
            }
            Err((error, left)) => {
                let is_cancelled = error.kind() == ErrorKind::Cancelled;
                let status = if is_cancelled { Status::Cancelled } else { Status::Failed };
                let mut chain = error.context(format!("shot {:?}", shot.name)).at_object(&shot.object).chain();
                chain.extend(left);
                match is_cancelled {
                    true => trace::event!(INFO, "the shot is cancelled"),
                    false => trace::event!(ERROR, "the shot failed", error = chain.join(": ").as_str()),
                }
                self.shot_report(index, status, Delivered::default(), shot.notes.clone(), chain)
            }
        }
    }

    /// What becomes of shot number `index` where something panicked: nothing of it is left.
    fn panicked(&self, index: usize, panic: &(dyn Any + Send)) -> ShotReport {
        let shot = &self.plan.shots[index];
        let mut chain = vec![format!("shot {:?}: rendering or watching it panicked: {}", shot.name, said(panic))];
        chain.extend(self.places[index].discard());
        self.shot_report(index, Status::Failed, Delivered::default(), shot.notes.clone(), chain)
    }

    /// Renders and verifies everything that is made of a shot, under temporary names.
    fn rendered(
        &self,
        task: &Task<'_>,
        session: &dyn Session,
        worker: &mut dyn Worker,
        control: &Control<'_>,
    ) -> Result<Rendered> {
        let mut rendered = worker.render(task, control)?;
        if rendered.frames != task.shot.frame_count {
            let message = format!("{} frames were rendered, {} planned", rendered.frames, task.shot.frame_count);
            return Err(Error::new(ErrorKind::Verify, message));
        }
        session.verify(task)?;
        if !self.represents && !task.representations.is_empty() {
            let made = represent_rendered(self.opened, task, session.canvas().color, self.colors.as_ref(), control)?;
            rendered.representation_encoders = made.encoders;
            rendered.representation_formats = made.formats;
            rendered.warnings.extend(made.notes);
        }
        Ok(rendered)
    }

    /// What was delivered of shot `index` and what was said about it, if it may be skipped: the manifest names it with
    /// the same fingerprint, and every byte of it is still there.
    fn done_before(&self, index: usize) -> Option<(Delivered, Vec<String>)> {
        if self.delivery.existing != Existing::Skip && self.job.is_none() {
            return None;
        }
        self.done(index, self.before.at(&self.places[index].picture.relative)?, &self.before.reported)
    }

    /// The same by what `before` says of the shot, whose files were left as `listed` says.
    fn done(&self, index: usize, before: &ShotReport, listed: &Listed) -> Option<(Delivered, Vec<String>)> {
        let (shot, places) = (&self.plan.shots[index], &self.places[index]);
        let is_whole = matches!(before.status, Status::Done | Status::Skipped);
        if !is_whole || before.fingerprint != self.fingerprints[index] {
            return None;
        }
        Some((places.delivered_before(before, shot, listed)?, before.warnings.clone()))
    }

    /// Notes a finished shot, and writes the manifest, so that a run that is killed can be taken up again.
    fn finish(&self, index: usize, report: ShotReport) -> Result<()> {
        if let Some(job) = self.job {
            if report.status == Status::Skipped {
                self.clear_task(index)?;
            }
            self.write_part(index, job, &report)?;
            self.lock().reports[index] = Some(report);
            return Ok(());
        }
        let mut finished = self.lock();
        let delivered = report.status == Status::Done;
        finished.reports[index] = Some(report);
        finished.unsaved += usize::from(delivered);
        let count = finished.reports.len();
        let enough = if count <= MANIFEST_EACH { 1 } else { count / 100 };
        if finished.unsaved < enough {
            return Ok(());
        }
        finished.unsaved = 0;
        let report = self.report(Vec::new());
        self.write_manifest(&self.merged(report, &finished.reports), RunProgress::Going)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, FinishedShots> {
        self.shots.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn finished(&self) -> Result<Vec<ShotReport>> {
        let reports = std::mem::take(&mut self.lock().reports);
        let missing = || Error::new(ErrorKind::Verify, "a shot was neither rendered nor reported");
        reports.into_iter().map(|report| report.ok_or_else(missing)).collect()
    }
}

/// What a panic says.
fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// The order in which shots are rendered: those of one medium together, and in its own order, so that decoders run on
/// instead of starting anew.
pub(crate) fn order(plan: &Plan) -> Vec<usize> {
    let mut order: Vec<usize> = (0..plan.shots.len()).collect();
    order.sort_by_cached_key(|&index| main_source(&plan.shots[index]));
    order
}

/// A medium of the topmost element of a shot's longest span, and where in it the span starts.
fn main_source(shot: &Shot) -> Option<(usize, i64)> {
    let span = shot.spans.iter().max_by_key(|span| span.count)?;
    let mut layer = None;
    span.stack.last()?.for_each_layer(&mut |other| layer = Some(other));
    layer.map(|layer| (layer.media.index(), layer.map.index(span.start)))
}
