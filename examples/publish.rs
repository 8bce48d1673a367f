//! Publishes the shots of a cut: renders them with a poster each, shows how far it is, and writes a row for a database as
//! soon as a shot is there.
//!
//! ```text
//! cargo run --release --example publish -- otio-samples/first-cut.otio out/publish
//! ```

use std::fs::File;
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use otio_conflate::backend::ffmpeg::{FfmpegBackend, FfmpegLookup};
use otio_conflate::backend::{Event, Events};
use otio_conflate::deliver::Representation;
use otio_conflate::plan::{Handles, ShotOptions};
use otio_conflate::{Conflation, Delivery, Existing, Plan, PlanOptions, Status, Timeline};
use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let cut = arguments.next().unwrap_or_else(|| "otio-samples/first-cut.otio".to_owned());
    let folder = arguments.next().unwrap_or_else(|| "out/publish".to_owned());

    let timeline = Timeline::open(cut)?;
    // What a database knows of a shot goes with it: into names, burn-ins and the manifest.
    let known = ShotOptions::default().handles(Handles::both(4)).field("task", "comp");
    let options = PlanOptions::default().handles(Handles::both(8)).for_shot("sh010", known);
    let plan = Plan::with_media(&timeline, &options, &FfmpegLookup::new())?;

    std::fs::create_dir_all(&folder)?;
    let rows = Mutex::new(File::options().append(true).create(true).open(format!("{folder}/rows.jsonl"))?);
    let (done, all) = (AtomicI64::new(0), plan.shots.iter().map(|shot| shot.frame_count).sum::<i64>());
    let observer = Events::new(|event| match event {
        Event::Frame { .. } => {
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            if done % 48 == 0 {
                println!("{done} of {all} frames");
            }
        }
        Event::Finished(report) if report.status == Status::Done => {
            let row = json!({ "shot": report.shot, "file": report.output, "fields": report.fields,
                              "first": report.first_frame, "frames": report.frame_count, "media": report.sources });
            let written = rows.lock().map(|mut rows| writeln!(rows, "{row}"));
            println!(
                "{}: published, {}",
                report.shot,
                if matches!(written, Ok(Ok(()))) { "noted" } else { "not noted" }
            );
        }
        _ => {}
    });
    let delivery = Delivery::new(&folder).existing(Existing::Skip).representation(Representation::by_name("poster")?);
    let report = Conflation::new(FfmpegBackend::new(), delivery).timeline(&timeline).run(&plan, &observer)?;
    for shot in report.shots.iter().filter(|shot| shot.status == Status::Failed) {
        eprintln!("{}: {}", shot.shot, shot.error.join(": "));
    }
    if report.succeeded() { Ok(()) } else { Err("some shots are not published".into()) }
}
