//! The orchestrator: plan + backend + delivery → report.

mod before;
mod conflation;
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
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Instant;

use crate::backend::{
    Backend, CancelToken, Control, Observer, Rendered, RenderedColors, RepresentationTask, Session, Task, Worker,
    represent_rendered,
};
use crate::deliver::{
    Delivered, Delivery, Existing, Folder, Guard, KnownManifest, Listed, MOST_DIGESTS, Manifest, Protected,
    RunProgress, ShotPlaces, fingerprint, pictures,
};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Canvas, Plan, Shot, Warning};
use crate::report::{Pictures, ShotReport, Status};
use crate::trace;
use crate::{memory, threads};

use before::Before;
pub use conflation::Conflation;
pub(crate) use merge::merge;
use omitted::Gone;
pub use preview::{Preview, ShotAction, ShotPreview};
use since::{Copied, Taken};
pub use since::{Omitted, Since};
#[cfg(feature = "ffmpeg")]
pub use transcode::transcode;
#[cfg(feature = "ffmpeg")]
pub use trim::trim;

/// Above this many shots the manifest is not written after each, but after each hundredth part.
const MANIFEST_EACH: usize = 500;

/// What is said of a shot that is kept though its grade may be another by now.
const GRADE_UNSEEN: &str = "kept from an earlier run: a grade that was changed since is not in it";

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
    /// Where they may, what the representations of each shot depend on beside those.
    represented: Vec<Vec<Option<String>>>,
    before: Before,
    /// What the manifest lists beside tasks of a job.
    manifest: KnownManifest,
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
            if plan.frame_count() > MOST_DIGESTS {
                return None;
            }
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
            represented: Vec::new(),
            before,
            manifest: KnownManifest::default(),
            since: since.as_ref(),
            taken: Vec::new(),
            gone: Gone::default(),
            copied: Copied::default(),
            done_already: Vec::new(),
            prepared: OnceLock::new(),
            shots: Mutex::new(FinishedShots { reports: vec![None; plan.shots.len()], unsaved: 0 }),
        };
        run.colors = colors;
        run.represented = (0..plan.shots.len()).map(|index| run.represented_as(index, &maker)).collect();
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
                    report.warnings.push(format!("the observer of the run panicked: {}", said(&*panic)));
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
                let mut report = report;
                if pictures.is_some() {
                    self.note_represented(index, &mut report);
                }
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
        let mut chain = vec![format!("shot {:?}: rendering it or its observer panicked: {}", shot.name, said(panic))];
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
        // A few shots of many are not worth a long manifest each, either.
        let (asked, whole) = (finished.reports.len(), self.others.len());
        let enough = if whole <= MANIFEST_EACH { 1 } else { (whole / 100).min(asked / 10).max(1) };
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
