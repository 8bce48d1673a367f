//! Builds a cut in code, changes every clip of it, and writes it as an .otio file.
//!
//! ```text
//! cargo run --example build_cut -- cut.otio
//! ```

use otio_conflate::time::Rate;
use otio_conflate::timeline::{
    Clip, Composition, Effect, Gap, MediaReference, RationalTime, RawTimeRange, Timeline, Transition, Value,
};
use otio_conflate::{Plan, PlanOptions};

fn main() -> otio_conflate::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "out/cut.otio".to_owned());
    let rate = Rate::FPS_24;
    let frames = |first, count| RawTimeRange::frames(first, count, rate);
    let day = MediaReference::file("media/quay_t3.mp4").available(frames(0, 84));
    let plate = MediaReference::sequence("media/plate", ("plate.", 4, ".exr"), 1001, rate).available(frames(1001, 100));

    let track = Composition::video("V1")
        .with(Clip::new("sh010", day.clone()).range(frames(12, 24)))
        .with(Transition::dissolve(4, 4, rate))
        .with(Clip::new("sh020", plate).range(frames(1010, 36)))
        .with(Gap::new(12, rate))
        .with(Clip::new("sh030", day).range(frames(40, 20)).effect(Effect::speed(0.5)));
    let mut cut = Timeline::new("Built in code").start(RationalTime::new(86_400.0, rate)).track(track);
    for clip in cut.clips_mut() {
        clip.item.metadata.insert("facility", Value::String("Harbour Lights".into()));
    }

    let plan = Plan::new(&cut, &PlanOptions::default())?;
    for shot in &plan.shots {
        println!("{}: {} frames from {}", shot.name, shot.frame_count, plan.timecode(shot.start));
    }
    cut.save(&path)?;
    println!("wrote {path}");
    Ok(())
}
