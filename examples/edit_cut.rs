//! Builds a cut in code, edits it, and renders it: a clip is trimmed, one is put in, one is retimed.
//!
//! ```text
//! cargo run --release --example edit_cut -- otio-samples/media/quay_t3.mp4 out/edited
//! ```

use otio_conflate::backend::ffmpeg::{FfmpegBackend, FfmpegLookup};
use otio_conflate::time::Rate;
use otio_conflate::timeline::{Child, Clip, Composition, Effect, MediaReference, RawTimeRange, Timeline, Transition};
use otio_conflate::{Conflation, Delivery, NoObserver, Plan, PlanOptions};

fn main() -> otio_conflate::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let movie = arguments.next().unwrap_or_else(|| "otio-samples/media/quay_t3.mp4".to_owned());
    let folder = arguments.next().unwrap_or_else(|| "out/edited".to_owned());

    let frames = |first, count| RawTimeRange::frames(first, count, Rate::FPS_24);
    let media = MediaReference::file(movie).available(frames(0, 84));
    let shot = |name: &str, first, count| Clip::new(name, media.clone()).range(frames(first, count));
    let track = Composition::video("V1").with(shot("sh010", 0, 12)).with(shot("sh030", 40, 12));
    let mut cut = Timeline::new("edited").track(track);

    // Objects are plain data: whatever is in a timeline can be changed in its place.
    let Child::Composition(track) = &mut cut.tracks.children[0] else { unreachable!("it was just put there") };
    track.children.insert(1, shot("sh020", 20, 8).into());
    track.children.insert(2, Transition::dissolve(2, 2, Rate::FPS_24).into());
    for clip in cut.clips_mut() {
        match clip.item.name.as_str() {
            "sh010" => clip.item.source_range = Some(frames(2, 6)),
            "sh030" => clip.item.effects.push(Effect::speed(0.5)),
            _ => {}
        }
    }

    let plan = Plan::with_media(&cut, &PlanOptions::default(), &FfmpegLookup::new())?;
    let report = Conflation::new(FfmpegBackend::new(), Delivery::new(folder)).timeline(&cut).run(&plan, &NoObserver)?;
    for shot in &report.shots {
        let path = shot.output.as_ref().map_or("nothing", |output| output.path.as_str());
        println!("{}: {path}, {} frames from {}", shot.shot, shot.frame_count, shot.record.start_timecode);
    }
    Ok(())
}
