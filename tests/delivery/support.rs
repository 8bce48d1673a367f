//! Small cuts, backends that misbehave, and what lies in a folder.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use otio_conflate::backend::{Backend, Capabilities, Control, RecordBackend, Rendered, Session, Task, Worker};
use otio_conflate::deliver::{Preset, Representation};
use otio_conflate::plan::{Canvas, PlanOptions};
use otio_conflate::{Conflation, Delivery, NoObserver, Plan, Report, Result, Timeline};
use serde_json::Value;

use crate::otio;

/// Frames of 24 a second.
pub(crate) fn range(start: i32, frames: i32) -> Value {
    otio::range(start, frames, 24)
}

/// A clip of `frames` frames from frame 10 of a movie of 100 at `url`.
pub(crate) fn clip(name: &str, frames: i32, url: &str) -> Value {
    otio::clip_of(name, range(10, frames), otio::external(url, range(0, 100)))
}

/// A cut of these tracks from 01:00:00:00 on.
pub(crate) fn cut(tracks: impl Into<Vec<Value>>) -> Timeline {
    otio::read(&otio::timeline_at(otio::time(86_400, 24), tracks))
}

pub(crate) fn timeline(clips: impl Into<Vec<Value>>) -> Timeline {
    cut([otio::track("V1", clips)])
}

/// Clips of four frames each.
pub(crate) fn named(names: &[&str]) -> Timeline {
    timeline(names.iter().map(|name| clip(name, 4, "/m/a.mov")).collect::<Vec<_>>())
}

pub(crate) fn plan(timeline: &Timeline) -> Plan {
    let mut options = PlanOptions::default();
    options.allow_empty = true;
    Plan::new(timeline, &options).expect("a plan")
}

pub(crate) fn with_handles(timeline: &Timeline, handles: &str) -> Plan {
    let mut options = PlanOptions::default();
    options.handles = handles.parse().expect("handles");
    Plan::new(timeline, &options).expect("a plan")
}

pub(crate) fn delivery(folder: &Path, existing: &str) -> Delivery {
    Delivery::new(folder).existing(existing.parse().expect("a policy"))
}

/// A preset that writes numbered frames.
pub(crate) fn frames() -> Preset {
    let mut preset = serde_json::to_value(Preset::default()).expect("plain data");
    preset["extension"] = "png".into();
    preset["muxer"] = Value::Null;
    serde_json::from_value(preset).expect("a preset")
}

pub(crate) fn run(plan: &Plan, delivery: Delivery, backend: impl Backend) -> Result<Report> {
    Conflation::new(backend, delivery).run(plan, &NoObserver)
}

/// Every file below `folder`, hidden ones too, sorted, with `/`.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    fn collect(folder: &Path, prefix: &str, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                let before = found.len();
                collect(&entry.path(), &format!("{name}/"), found);
                if found.len() == before {
                    found.push(format!("{name}/"));
                }
            } else {
                found.push(name);
            }
        }
    }
    let mut found = Vec::new();
    collect(folder, "", &mut found);
    found.sort();
    found
}

pub(crate) fn text(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path.as_ref()).unwrap_or_else(|error| panic!("{}: {error:#}", path.as_ref().display()))
}

pub(crate) fn manifest(folder: &Path) -> Value {
    serde_json::from_str(&text(folder.join("manifest.json"))).expect("the manifest is JSON")
}

/// What a [`Meddling`] backend is asked about.
pub(crate) enum Step<'a> {
    /// Before a task is rendered.
    Before(&'a Task<'a>),
    /// Once it was.
    After(&'a Task<'a>, &'a mut Rendered),
    /// When it is to be verified.
    Verify(&'a Task<'a>),
    /// Once it was, and before it is delivered.
    Verified(&'a Task<'a>),
}

/// A [`RecordBackend`] that calls a function around everything it does.
pub(crate) struct Meddling<F> {
    pub(crate) inner: RecordBackend,
    pub(crate) shots_at_once: Option<usize>,
    pub(crate) representations: bool,
    pub(crate) step: F,
}

impl<F: Fn(Step<'_>) -> Result<()> + Sync> Meddling<F> {
    pub(crate) fn new(step: F) -> Meddling<F> {
        Meddling { inner: RecordBackend::new(), shots_at_once: None, representations: true, step }
    }
}

impl<F: Fn(Step<'_>) -> Result<()> + Sync> Backend for Meddling<F> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::parallel();
        capabilities.shots_at_once = self.shots_at_once;
        capabilities.representations = self.representations;
        capabilities
    }

    fn open<'a>(
        &'a self,
        plan: &'a Plan,
        preset: &'a Preset,
        representations: &'a [Representation],
    ) -> Result<Box<dyn Session + 'a>> {
        let inner = self.inner.open(plan, preset, representations)?;
        Ok(Box::new(MeddlingSession { inner, step: &self.step }))
    }
}

struct MeddlingSession<'a, F> {
    inner: Box<dyn Session + 'a>,
    step: &'a F,
}

impl<F: Fn(Step<'_>) -> Result<()> + Sync> Session for MeddlingSession<'_, F> {
    fn canvas(&self) -> Canvas {
        self.inner.canvas()
    }

    fn worker(&self, workers: usize) -> Box<dyn Worker + '_> {
        Box::new(MeddlingWorker { inner: self.inner.worker(workers), step: self.step })
    }

    fn verify(&self, task: &Task<'_>) -> Result<()> {
        (self.step)(Step::Verify(task))?;
        self.inner.verify(task)?;
        (self.step)(Step::Verified(task))
    }
}

struct MeddlingWorker<'a, F> {
    inner: Box<dyn Worker + 'a>,
    step: &'a F,
}

impl<F: Fn(Step<'_>) -> Result<()> + Sync> Worker for MeddlingWorker<'_, F> {
    fn render(&mut self, task: &Task<'_>, control: &Control<'_>) -> Result<Rendered> {
        (self.step)(Step::Before(task))?;
        let mut rendered = self.inner.render(task, control)?;
        (self.step)(Step::After(task, &mut rendered))?;
        Ok(rendered)
    }
}

/// Counts how many are inside at once, and the most there ever were.
#[derive(Default)]
pub(crate) struct Crowd {
    inside: AtomicUsize,
    most: AtomicUsize,
}

impl Crowd {
    pub(crate) fn enter(&self) {
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(inside, Ordering::SeqCst);
        std::thread::sleep(std::time::Duration::from_millis(15));
    }

    pub(crate) fn leave(&self) {
        self.inside.fetch_sub(1, Ordering::SeqCst);
    }

    pub(crate) fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}
