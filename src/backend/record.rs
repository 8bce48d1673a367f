//! A backend that only notes what it was asked: for tests of everything around rendering.

use std::sync::Mutex;

use super::{Backend, Capabilities, Control, Rendered, Session, Target, Task, Worker};
use crate::deliver::{Preset, Representation};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Canvas, ColorTags, FrameRow, Plan};
use crate::time::Ratio;

/// Writes, in place of each frame, its row of the plan as JSON, into representations, too, and keeps the names of the shots it was asked for.
#[derive(Debug, Default)]
pub struct RecordBackend {
    asked: Mutex<Vec<String>>,
    failing: Vec<String>,
}

impl RecordBackend {
    /// A backend that succeeds at everything.
    pub fn new() -> RecordBackend {
        RecordBackend::default()
    }

    /// Lets the shot `name` fail half-way.
    #[must_use]
    pub fn failing(mut self, name: &str) -> RecordBackend {
        self.failing.push(name.to_owned());
        self
    }

    /// The shots asked for so far, in the order they were asked for.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

impl Backend for RecordBackend {
    fn name(&self) -> &'static str {
        "record"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::parallel()
    }

    fn open<'a>(&'a self, plan: &'a Plan, _: &'a Preset, _: &'a [Representation]) -> Result<Box<dyn Session + 'a>> {
        Ok(Box::new(Recording { backend: self, plan }))
    }
}

struct Recording<'a> {
    backend: &'a RecordBackend,
    plan: &'a Plan,
}

impl Session for Recording<'_> {
    fn canvas(&self) -> Canvas {
        let (width, height) = self.plan.canvas.size.unwrap_or((1920, 1080));
        Canvas { width, height, pixel_aspect: Ratio::ONE, color: ColorTags::BT709 }
    }

    fn worker(&self, _: usize) -> Box<dyn Worker + '_> {
        Box::new(RecordingWorker { session: self })
    }

    fn verify(&self, task: &Task<'_>) -> Result<()> {
        let first = task.shot.first_frame;
        for target in targets(task) {
            if !(first..first + task.shot.frame_count).all(|number| target.file(number).is_file()) {
                return Err(Error::new(ErrorKind::Verify, "a frame is not there").at_file(target.path()));
            }
        }
        Ok(())
    }
}

/// Everything that frames of `task` are written to.
fn targets<'t>(task: &'t Task<'_>) -> impl Iterator<Item = &'t Target> {
    std::iter::once(&task.target).chain(task.representations.iter().map(|task| &task.target))
}

fn write_row(target: &Target, row: &FrameRow<'_>) -> Result<()> {
    use std::io::Write as _;
    let path = target.file(row.frame);
    let append = matches!(target, Target::Movie(_));
    let write = || {
        let mut file = std::fs::OpenOptions::new().create(true).append(append).write(true).open(&path)?;
        serde_json::to_writer(&mut file, &row)?;
        file.write_all(b"\n")
    };
    write().map_err(|error| Error::io("write", &path, error))
}

struct RecordingWorker<'s> {
    session: &'s Recording<'s>,
}

impl Worker for RecordingWorker<'_> {
    fn render(&mut self, task: &Task<'_>, control: &Control<'_>) -> Result<Rendered> {
        let Recording { backend, plan } = self.session;
        backend.asked.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(task.shot.name.clone());
        let fails = backend.failing.contains(&task.shot.name);
        for wav in task.wav.iter().chain(&task.stems) {
            let sound = serde_json::to_vec(&task.shot.sound).expect("plain data always serialises");
            std::fs::write(wav, sound).map_err(|error| Error::io("write", wav, error))?;
        }
        let mut rendered = Rendered::default();
        for row in plan.frames(task.shot) {
            if fails && rendered.frames * 2 >= task.shot.frame_count {
                return Err(Error::new(ErrorKind::Encode, "asked to fail"));
            }
            targets(task).try_for_each(|target| write_row(target, &row))?;
            rendered.frames += 1;
            control.frame(task.shot, rendered.frames)?;
        }
        Ok(rendered)
    }
}
