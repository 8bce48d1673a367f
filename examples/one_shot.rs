//! Renders one shot out of many, called and numbered as in a run of all of them.
//!
//! ```text
//! cargo run --release --example one_shot -- otio-samples/first-cut.otio sh020 out/one
//! ```

use otio_conflate::backend::ffmpeg::{FfmpegBackend, FfmpegLookup};
use otio_conflate::{Conflation, Delivery, ErrorKind, Existing, NoObserver, Plan, PlanOptions, Timeline};

fn main() -> otio_conflate::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let cut = arguments.next().unwrap_or_else(|| "otio-samples/first-cut.otio".to_owned());
    let shot = arguments.next().unwrap_or_else(|| "sh020".to_owned());
    let folder = arguments.next().unwrap_or_else(|| "out/one".to_owned());

    let timeline = Timeline::open(cut)?;
    let plan = Plan::with_media(&timeline, &PlanOptions::default(), &FfmpegLookup::new())?;
    let delivery = Delivery::new(folder).existing(Existing::Overwrite);
    let conflation = Conflation::new(FfmpegBackend::new(), delivery).timeline(&timeline).only([&shot]);
    let report = conflation.run(&plan, &NoObserver).inspect_err(|error| {
        if error.kind() == ErrorKind::Option {
            let names: Vec<&str> = plan.shots.iter().map(|shot| shot.name.as_str()).collect();
            eprintln!("shots: {}", names.join(", "));
        }
    })?;
    for shot in &report.shots {
        println!("{}: {:?} {:?}", shot.shot, shot.status, shot.output.as_ref().map(|output| &output.path));
    }
    Ok(())
}
