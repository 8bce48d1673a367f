//! A run as it is set up: backend, delivery, and what else it is told.

use std::borrow::Cow;
use std::path::Path;

use super::since::Since;
use super::{Other, Run, paths};
use crate::backend::{Backend, CancelToken, Observer, RenderedColors, Session, check_before_render};
use crate::deliver::{
    Delivery, Existing, Folder, Guard, Manifest, OutputPlace, Protected, RunProgress, ShotPlaces, absorb_parts, clear,
    clear_strays,
};
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::error::Result;
use crate::plan::{PathRules, Plan, Warning};
use crate::report::{PlanText, Report};
#[cfg(doc)]
use crate::report::{ShotReport, Status};
use crate::timeline::Timeline;
use crate::trace;

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
    pub(super) backend: B,
    pub(super) delivery: Delivery,
    pub(super) timeline: Option<&'a Timeline>,
    pub(super) only: Option<Vec<String>>,
    pub(super) since: Option<Since>,
    pub(super) cancel: CancelToken,
    /// The job that the run is a task of.
    pub(super) job: Option<String>,
    pub(super) rules: PathRules,
}

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
    /// Pictures can be copied of presets whose frames stand alone, and of movies and sequences whose files are as they were left.
    /// Representations are copied with them where theirs are the same: all frames of the shot, handles and settings, and the same
    /// text in them; of presets whose frames stand alone, without text, those of any frames. A shot of which one representation
    /// cannot be copied is rendered. Media count as the same by their size and the time they were changed.
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
        observer.started(part.shots.len(), part.frame_count());
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
    pub(super) fn open<'p>(&'p self, part: &'p Plan, protected: &mut Protected) -> Result<OpenedSession<'p>> {
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
    pub(super) fn guard<'g>(
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
    pub(super) fn moved<'p>(&self, plan: &'p Plan) -> Cow<'p, Plan> {
        match self.rules.rules.is_empty() {
            true => Cow::Borrowed(plan),
            false => Cow::Owned(self.rules.apply_to(plan)),
        }
    }

    /// `plan` with the shots that are asked for.
    pub(super) fn part<'p>(&self, plan: &'p Plan) -> Result<Cow<'p, Plan>> {
        plan.part(self.only.as_deref())
    }

    /// Where the shots that are asked for go, and in the order of the plan, the paths of the other shots' pictures and
    /// their names.
    pub(super) fn places(&self, folder: &Folder, plan: &Plan) -> (Vec<ShotPlaces>, Vec<Option<Other>>) {
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
