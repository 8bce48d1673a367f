//! Cutting shots out of what Resolve has rendered: the FFmpeg backend's work, on a plan of renders.

use super::scratch::ScratchFolder;
use crate::backend::ffmpeg::FfmpegBackend;
use crate::backend::{Backend as _, Control, Rendered, Session, Task, Worker};
use crate::deliver::Preset;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Canvas, Plan, Shot, Warning};

/// What Resolve has rendered.
pub(super) struct Renders {
    /// The plan that cuts the shots out of it.
    pub(super) plan: Plan,
    /// Shots that it failed to render, by name.
    pub(super) failed: Vec<(String, Error)>,
    /// Where the renders lie.
    pub(super) folder: ScratchFolder,
    /// What is to be said of every shot that is cut out of them.
    pub(super) note: Option<String>,
}

/// Shots are cut out of renders by the session that [`Session::prepare`] gives.
pub(super) struct Unprepared;

impl Worker for Unprepared {
    fn render(&mut self, _: &Task<'_>, _: &Control<'_>) -> Result<Rendered> {
        Err(unprepared())
    }
}

pub(super) fn unprepared() -> Error {
    Error::new(ErrorKind::Application, "Resolve has rendered nothing yet")
}

/// Cuts shots out of renders.
pub(super) struct Cutting<'s> {
    inner: Box<dyn Session + 's>,
    renders: &'s Renders,
}

impl<'s> Cutting<'s> {
    /// Looks at the renders.
    pub(super) fn open(renders: &'s Renders, preset: &'s Preset) -> Result<Cutting<'s>> {
        static BACKEND: FfmpegBackend = FfmpegBackend::new();
        Ok(Cutting { inner: BACKEND.open(&renders.plan, preset, &[])?, renders })
    }
}

impl Session for Cutting<'_> {
    fn canvas(&self) -> Canvas {
        self.inner.canvas()
    }

    fn warnings(&self) -> Vec<Warning> {
        self.inner.warnings()
    }

    fn worker(&self, workers: usize) -> Box<dyn Worker + '_> {
        Box::new(Cutter { inner: self.inner.worker(workers), renders: self.renders })
    }

    fn verify(&self, task: &Task<'_>) -> Result<()> {
        self.inner.verify(&picture_of(task, task.shot))
    }
}

/// Cuts one shot after another.
struct Cutter<'s> {
    inner: Box<dyn Worker + 's>,
    renders: &'s Renders,
}

impl Worker for Cutter<'_> {
    fn render(&mut self, task: &Task<'_>, control: &Control<'_>) -> Result<Rendered> {
        let named = |shot: &&Shot| shot.name == task.shot.name;
        if let Some(shot) = self.renders.plan.shots.iter().find(named) {
            let mut rendered = self.inner.render(&picture_of(task, shot), control);
            if let Ok(rendered) = &mut rendered {
                rendered.warnings.extend(self.renders.note.clone());
            }
            return rendered.map_err(|error| match error.kind() {
                ErrorKind::Cancelled => error,
                _ => error.context(format!("Resolve's render is kept in {}", self.renders.folder.keep().display())),
            });
        }
        let failed = self.renders.failed.iter().find(|(name, _)| *name == task.shot.name);
        Err(failed.map_or_else(unprepared, |(_, error)| Error::new(error.kind(), format!("{error:#}"))))
    }
}

/// `task` without its representations, for `shot`.
fn picture_of<'t>(task: &Task<'t>, shot: &'t Shot) -> Task<'t> {
    Task { shot, representations: Vec::new(), ..task.clone() }
}
