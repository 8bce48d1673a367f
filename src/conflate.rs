//! The orchestrator: plan + backend + delivery → report.

#[cfg(feature = "resolve")]
mod resolve;

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use crate::backend::{
    Backend, CancelToken, Control, Observer, Rendered, RepresentationTask, Session, Task, Worker, check_before_render,
    represent_rendered,
};
use crate::deliver::{
    Delivered, Delivery, Existing, Folder, Representation, ShotPlaces, conflated, fingerprint, write_whole,
};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Canvas, Plan, Shot, Warning, Warnings};
use crate::report::{Record, Report, ShotReport, Status};
use crate::timeline::Timeline;
use crate::{printable, printable_json};

/// One run: a backend that renders and a delivery that says where to.
pub struct Conflation<'a, B: Backend> {
    backend: B,
    delivery: Delivery,
    timeline: Option<&'a Timeline>,
    cancel: CancelToken,
}

/// The manifest's name.
const MANIFEST: &str = "manifest.json";
/// The cut with its intermediates.
const CONFLATED: &str = "conflated.otio";
/// Above this many shots the manifest is not written after each, but after each hundredth part.
const MANIFEST_EACH: usize = 500;

/// What is said of a shot that is kept though its grade may be another by now.
const GRADE_UNSEEN: &str = "kept from an earlier run: a grade that was changed since is not seen";

impl<'a, B: Backend> Conflation<'a, B> {
    /// A run of `backend` that delivers as `delivery` says.
    pub fn new(backend: B, delivery: Delivery) -> Conflation<'a, B> {
        Conflation { backend, delivery, timeline: None, cancel: CancelToken::new() }
    }

    /// Writes `conflated.otio` beside the manifest: this timeline, with its clips' intermediates added.
    #[must_use]
    pub fn timeline(mut self, timeline: &'a Timeline) -> Conflation<'a, B> {
        self.timeline = Some(timeline);
        self
    }

    /// Stops between frames when `cancel` says so; shots that are not whole then have failed, those that are stay.
    #[must_use]
    pub fn cancel(mut self, cancel: CancelToken) -> Conflation<'a, B> {
        self.cancel = cancel;
        self
    }

    /// Renders and delivers every shot of `plan`. A shot that fails leaves nothing and does not stop the others: its
    /// error is in the report.
    ///
    /// # Errors
    /// What keeps the run from starting: [`ErrorKind::Plan`], [`ErrorKind::MediaMissing`] with every missing file,
    /// [`ErrorKind::Exists`] with every output in the way, an output folder or a manifest that cannot be written.
    pub fn run(&self, plan: &Plan, observer: &dyn Observer) -> Result<Report> {
        plan.validate()?;
        Representation::check_all(&self.delivery.representations)?;
        let session = self.backend.open(plan, &self.delivery.preset, &self.delivery.representations)?;
        if !self.backend.capabilities().representations {
            let Delivery { preset, representations, .. } = &self.delivery;
            check_before_render(plan, preset, session.canvas(), representations)?;
        }
        let folder = Folder::open(&self.delivery.folder)?;
        let run = Run::new(self, plan, session.as_ref(), folder, observer)?;
        run.remove_strays()?;
        run.delivery.refuse_existing(&run.places)?;
        let frames = plan.shots.iter().map(|shot| shot.frame_count).sum();
        observer.started(plan.shots.len(), frames);
        let result = run.render();
        // A run that could not be finished leaves nothing half-done either.
        run.remove_strays().and(result)?;
        let report = run.report(run.finished()?);
        run.write_manifest(&report)?;
        if let Some(timeline) = self.timeline {
            let cut = crate::otio::to_json(&conflated(timeline, Some(plan), &report));
            write_whole(&run.folder.path().join(CONFLATED), cut.as_bytes())?;
        }
        Ok(report)
    }
}

/// Everything a run needs at hand.
struct Run<'r> {
    plan: &'r Plan,
    delivery: &'r Delivery,
    session: &'r dyn Session,
    backend: &'r str,
    /// Whether pictures depend on a grade that only an application knows.
    graded: bool,
    /// Whether the backend makes representations.
    represents: bool,
    at_once: usize,
    folder: Folder,
    observer: &'r dyn Observer,
    cancel: &'r CancelToken,
    canvas: Canvas,
    places: Vec<ShotPlaces>,
    fingerprints: Vec<String>,
    /// What the folder's manifest said before this run, by the output's path.
    before: HashMap<String, ShotReport>,
    /// Canvas and warnings of the session that rendered, where it is not the one that was opened.
    prepared: OnceLock<(Canvas, Vec<Warning>)>,
    shots: Mutex<Finished>,
}

/// Shots finished so far.
struct Finished {
    reports: Vec<Option<ShotReport>>,
    unsaved: usize,
}

impl<'r> Run<'r> {
    fn new<B: Backend>(
        conflation: &'r Conflation<'_, B>,
        plan: &'r Plan,
        session: &'r dyn Session,
        folder: Folder,
        observer: &'r dyn Observer,
    ) -> Result<Run<'r>> {
        let Conflation { backend, delivery, cancel, .. } = conflation;
        let preset = &delivery.preset;
        let canvas = session.canvas();
        let made = (preset, delivery.representations.as_slice());
        let places = delivery.places(&folder, plan);
        let maker = format!("{}{}", backend.name(), session.depends_on());
        let print = |shot| fingerprint(&maker, plan, shot, canvas, made);
        let before = read_manifest(&folder.path().join(MANIFEST))?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let allowed = backend.capabilities().shots_at_once.unwrap_or(usize::MAX);
        Ok(Run {
            plan,
            delivery,
            session,
            backend: backend.name(),
            graded: backend.capabilities().graded,
            represents: backend.capabilities().representations,
            at_once: delivery.jobs.unwrap_or(cores).min(allowed).clamp(1, plan.shots.len().max(1)),
            folder,
            observer,
            cancel,
            canvas,
            places,
            fingerprints: plan.shots.iter().map(print).collect(),
            before,
            prepared: OnceLock::new(),
            shots: Mutex::new(Finished { reports: vec![None; plan.shots.len()], unsaved: 0 }),
        })
    }

    fn remove_strays(&self) -> Result<()> {
        // What else is made of a shot lies beside it.
        self.folder.remove_strays(self.places.iter().map(|places| &places.picture))
    }

    /// Renders every shot, several at once, after what they need together.
    fn render(&self) -> Result<()> {
        let pending = (0..self.plan.shots.len()).filter(|&index| self.done_already(index).is_none());
        let tasks: Vec<Task<'_>> = pending.map(|index| self.task(index)).collect();
        let prepared = match tasks.is_empty() {
            true => None,
            false => self.session.prepare(&tasks, self.folder.path(), &self.control())?,
        };
        let session = prepared.as_deref().unwrap_or(self.session);
        if prepared.is_some() {
            self.prepared.get_or_init(|| (session.canvas(), session.warnings()));
        }
        let order = order(self.plan);
        let next = AtomicUsize::new(0);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.at_once)
            .thread_name(|number| format!("conflate-{number}"))
            .build()
            .map_err(|error| Error::new(ErrorKind::Io, "cannot start threads").because(error))?;
        let outcomes = pool.broadcast(|_| {
            let mut worker = session.worker(self.at_once);
            while let Some(&index) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                let report = self.shot(index, session, worker.as_mut());
                self.observer.finished(&report);
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
            shot: &self.plan.shots[index],
            target: places.picture.target.clone(),
            wav: places.sound.as_ref().map(|sound| sound.target.path().to_owned()),
            representations: wanted
                .map(|(representation, place)| RepresentationTask { representation, target: place.target.clone() })
                .collect(),
        }
    }

    /// Renders, verifies and delivers shot number `index`, or finds it done.
    fn shot(&self, index: usize, session: &dyn Session, worker: &mut dyn Worker) -> ShotReport {
        let (shot, places) = (&self.plan.shots[index], &self.places[index]);
        if let Some((delivered, mut warnings)) = self.done_already(index) {
            if self.graded && !warnings.iter().any(|warning| warning == GRADE_UNSEEN) {
                warnings.push(GRADE_UNSEEN.to_owned());
            }
            return self.shot_report(index, Status::Skipped, delivered, warnings, Vec::new());
        }
        let control = self.control();
        let delivered = control
            .check()
            .and_then(|()| places.prepare())
            .and_then(|()| self.rendered(&self.task(index), session, worker, &control))
            .and_then(|rendered| Ok((rendered, places.deliver(shot)?)));
        match delivered {
            Ok((rendered, delivered)) => {
                let warnings = shot.notes.iter().cloned().chain(rendered.warnings).collect();
                let delivered = Delivered { peak: rendered.peak, ..delivered };
                self.shot_report(index, Status::Done, delivered, warnings, Vec::new())
            }
            Err(error) => {
                let mut chain = error.context(format!("shot {:?}", shot.name)).at_object(&shot.object).chain();
                chain.extend(places.discard());
                self.shot_report(index, Status::Failed, Delivered::default(), shot.notes.clone(), chain)
            }
        }
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
            rendered.warnings.extend(represent_rendered(self.plan, task, control)?);
        }
        Ok(rendered)
    }

    /// What was delivered of shot `index` and what was said about it, if it may be skipped: the manifest names it with
    /// the same fingerprint, and every byte of it is still there.
    fn done_already(&self, index: usize) -> Option<(Delivered, Vec<String>)> {
        if self.delivery.existing != Existing::Skip {
            return None;
        }
        let (shot, places) = (&self.plan.shots[index], &self.places[index]);
        let before = self.before.get(&places.picture.relative)?;
        if before.status == Status::Failed || before.fingerprint != self.fingerprints[index] {
            return None;
        }
        Some((places.delivered_before(before, shot)?, before.warnings.clone()))
    }

    fn shot_report(
        &self,
        index: usize,
        status: Status,
        delivered: Delivered,
        warnings: Vec<String>,
        error: Vec<String>,
    ) -> ShotReport {
        let shot = &self.plan.shots[index];
        ShotReport {
            shot: shot.name.clone(),
            clip: shot.clip.clone(),
            track: shot.track.clone(),
            object: shot.object.clone(),
            status,
            error,
            output: delivered.picture,
            sound: delivered.sound,
            peak: delivered.peak,
            representations: delivered.representations,
            first_frame: shot.first_frame,
            frame_count: shot.frame_count,
            head: shot.head,
            tail: shot.tail,
            record: Record {
                start: self.plan.global_start + shot.start,
                start_timecode: self.plan.timecode(shot.start).to_string(),
            },
            fingerprint: self.fingerprints[index].clone(),
            warnings: warnings.iter().map(|warning| printable(warning).into_owned()).collect(),
        }
    }

    /// Notes a finished shot, and writes the manifest, so that a run that is killed can be taken up again.
    fn finish(&self, index: usize, report: ShotReport) -> Result<()> {
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
        let known = finished.reports.iter().zip(&self.places).filter_map(|(report, places)| {
            report.clone().or_else(|| self.before.get(&places.picture.relative).cloned())
        });
        self.write_manifest(&self.report(known.collect()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Finished> {
        self.shots.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn finished(&self) -> Result<Vec<ShotReport>> {
        let reports = std::mem::take(&mut self.lock().reports);
        let missing = || Error::new(ErrorKind::Verify, "a shot was neither rendered nor reported");
        reports.into_iter().map(|report| report.ok_or_else(missing)).collect()
    }

    fn report(&self, shots: Vec<ShotReport>) -> Report {
        let warnings = self.plan.warnings.iter().cloned().chain(self.session.warnings());
        let (canvas, more) = self.prepared.get().map_or((self.canvas, &[][..]), |(canvas, more)| (*canvas, more));
        let warnings = warnings.chain(more.iter().cloned()).collect::<Warnings>().into_vec();
        Report {
            crate_version: env!("CARGO_PKG_VERSION").to_owned(),
            timeline: self.plan.timeline.clone(),
            name: self.plan.name.clone(),
            backend: self.backend.to_owned(),
            preset: self.delivery.preset.name.clone(),
            canvas,
            rate: self.plan.rate,
            start: self.plan.global_start,
            shots,
            warnings,
            folder: self.folder.path().to_owned(),
        }
    }

    fn write_manifest(&self, report: &Report) -> Result<()> {
        let text = serde_json::to_string_pretty(report).expect("plain data without maps always serialises");
        write_whole(&self.folder.path().join(MANIFEST), (printable_json(text) + "\n").as_bytes())
    }
}

/// What an earlier run delivered into this folder, by the output's path. A manifest that cannot be understood counts
/// as none: whatever it named is rendered again.
fn read_manifest(path: &Path) -> Result<HashMap<String, ShotReport>> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(HashMap::new()),
        Err(error) => return Err(Error::io("read", path, error)),
    };
    let shots = serde_json::from_slice::<Report>(&bytes).map(|report| report.shots).unwrap_or_default();
    let by_path = shots.into_iter().filter_map(|shot| Some((shot.output.as_ref()?.path.clone(), shot)));
    Ok(by_path.collect())
}

/// The order in which shots are rendered: those of one medium together, and in its own order, so that decoders run on
/// instead of starting anew.
fn order(plan: &Plan) -> Vec<usize> {
    let mut order: Vec<usize> = (0..plan.shots.len()).collect();
    order.sort_by_cached_key(|&index| main_source(&plan.shots[index]));
    order
}

/// A medium of the topmost element of a shot's longest span, and where in it the span starts.
fn main_source(shot: &Shot) -> Option<(usize, i64)> {
    let span = shot.spans.iter().max_by_key(|span| span.count)?;
    let mut layer = None;
    span.stack.last()?.for_each_layer(&mut |other| layer = Some(other));
    layer.map(|layer| (layer.media, layer.map.index(span.start)))
}
