//! A backend of its own: it "renders" each frame as a line of text that says what is to be seen, and leaves names, whole
//! files, the manifest and skipping to the library.
//!
//! ```text
//! cargo run --example backend -- otio-samples/first-cut.otio out/text
//! ```

use std::fmt::Write as _;

use otio_conflate::backend::{Backend, Capabilities, Control, Rendered, Session, Task, Worker};
use otio_conflate::deliver::{Preset, Representation};
use otio_conflate::plan::{Canvas, ColorTags};
use otio_conflate::{Conflation, Delivery, Error, NoObserver, Plan, PlanOptions, Result, Timeline};

struct Text;

struct Page<'a>(&'a Plan);

impl Backend for Text {
    fn name(&self) -> &str {
        "text"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::parallel()
    }

    fn open<'a>(&'a self, plan: &'a Plan, _: &'a Preset, _: &'a [Representation]) -> Result<Box<dyn Session + 'a>> {
        Ok(Box::new(Page(plan)))
    }
}

impl Session for Page<'_> {
    fn canvas(&self) -> Canvas {
        Canvas::new(80, 1, ColorTags::BT709)
    }

    fn worker(&self, _: usize) -> Box<dyn Worker + '_> {
        Box::new(Page(self.0))
    }

    fn verify(&self, task: &Task<'_>) -> Result<()> {
        task.target.path().metadata().map(drop).map_err(|error| Error::io("find", task.target.path(), error))
    }
}

impl Worker for Page<'_> {
    fn render(&mut self, task: &Task<'_>, control: &Control<'_>) -> Result<Rendered> {
        let mut text = String::new();
        let mut rendered = Rendered::default();
        for row in self.0.frames(task.shot) {
            let _ = write!(text, "{}", row.frame);
            for layer in &row.layers {
                let _ = write!(text, "  {} {}", layer.clip, layer.source);
            }
            text.push('\n');
            rendered.frames += 1;
            // Tells the observer, and stops where the run is to stop.
            control.frame(task.shot, rendered.frames)?;
        }
        // The target is a hidden name: the file gets its own once it was verified.
        std::fs::write(task.target.path(), text).map_err(|error| Error::io("write", task.target.path(), error))?;
        Ok(rendered)
    }
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let cut = arguments.next().unwrap_or_else(|| "otio-samples/first-cut.otio".to_owned());
    let folder = arguments.next().unwrap_or_else(|| "out/text".to_owned());
    let plan = Plan::new(&Timeline::open(cut)?, &PlanOptions::default())?;
    let report = Conflation::new(Text, Delivery::new(folder)).run(&plan, &NoObserver)?;
    println!("{} shots", report.shots.len());
    Ok(())
}
