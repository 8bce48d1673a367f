//! A backend that renders and no more.

use otio_conflate::backend::ffmpeg::FfmpegBackend;
use otio_conflate::backend::{Backend, Capabilities, Control, Rendered, Session, Task, Worker};
use otio_conflate::deliver::{Preset, Representation};
use otio_conflate::plan::Canvas;
use otio_conflate::{Plan, Result};

/// FFmpeg's, that knows nothing of representations.
pub(crate) struct Plain(pub(crate) FfmpegBackend);
struct PlainSession<'a>(Box<dyn Session + 'a>);
struct PlainWorker<'a>(Box<dyn Worker + 'a>);

fn bare<'a>(task: &Task<'a>) -> Task<'a> {
    let mut task = task.clone();
    task.representations = Vec::new();
    task
}

impl Backend for Plain {
    fn name(&self) -> &str {
        "plain"
    }
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::parallel();
        capabilities.representations = false;
        capabilities
    }
    fn open<'a>(
        &'a self,
        plan: &'a Plan,
        preset: &'a Preset,
        _: &'a [Representation],
    ) -> Result<Box<dyn Session + 'a>> {
        Ok(Box::new(PlainSession(self.0.open(plan, preset, &[])?)))
    }
}

impl Session for PlainSession<'_> {
    fn canvas(&self) -> Canvas {
        self.0.canvas()
    }
    fn worker(&self, workers: usize) -> Box<dyn Worker + '_> {
        Box::new(PlainWorker(self.0.worker(workers)))
    }
    fn verify(&self, task: &Task<'_>) -> Result<()> {
        self.0.verify(&bare(task))
    }
}

impl Worker for PlainWorker<'_> {
    fn render(&mut self, task: &Task<'_>, control: &Control<'_>) -> Result<Rendered> {
        self.0.render(&bare(task), control)
    }
}
