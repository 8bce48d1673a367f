//! Renders every shot of a cut, with a review movie of each, and shows how far it is.
//!
//! ```text
//! cargo run --release --example conflate -- otio-samples/first-cut.otio out/shots
//! ```

use std::sync::atomic::{AtomicI64, Ordering};

use otio_conflate::backend::ffmpeg::{FfmpegBackend, FfmpegLookup};
use otio_conflate::deliver::{Preset, Representation};
use otio_conflate::plan::{Handles, Shot};
use otio_conflate::{Conflation, Delivery, Existing, Observer, Plan, PlanOptions, ShotReport, Timeline};

/// Called from all threads that render.
#[derive(Default)]
struct Progress {
    frames: AtomicI64,
    all: AtomicI64,
}

impl Observer for Progress {
    fn started(&self, shots: usize, frames: i64) {
        self.all.store(frames, Ordering::Relaxed);
        println!("{shots} shots, {frames} frames");
    }

    fn frame(&self, _: &Shot, _: i64, _: i64) {
        let done = self.frames.fetch_add(1, Ordering::Relaxed) + 1;
        if done % 48 == 0 {
            println!("{} %", done * 100 / self.all.load(Ordering::Relaxed).max(1));
        }
    }

    fn finished(&self, report: &ShotReport) {
        println!("{}: {:?}", report.shot, report.status);
    }
}

fn main() -> otio_conflate::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let cut = arguments.next().unwrap_or_else(|| "otio-samples/first-cut.otio".to_owned());
    let folder = arguments.next().unwrap_or_else(|| "out/shots".to_owned());

    let timeline = Timeline::open(cut)?;
    let options = PlanOptions::default().handles(Handles::both(8));
    let plan = Plan::with_media(&timeline, &options, &FfmpegLookup::new())?;

    let delivery = Delivery::new(folder)
        .preset(Preset::by_name("prores-lt")?)
        .representation(Representation::by_name("h264")?)
        .existing(Existing::Skip);
    let conflation = Conflation::new(FfmpegBackend::new(), delivery).timeline(&timeline);
    let report = conflation.run(&plan, &Progress::default())?;
    for shot in &report.shots {
        let path = shot.output.as_ref().map_or("nothing", |output| output.path.as_str());
        println!("{}: {path} from {}; {}", shot.shot, shot.record.start_timecode, shot.error.join(": "));
    }
    Ok(())
}
