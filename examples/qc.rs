//! A small quality control: looks at every frame of a cut in memory, and tells of black frames, frozen ones and samples out
//! of the range of broadcast, shot by shot. No file is written.
//!
//! ```text
//! cargo run --release --example qc -- otio-samples/first-cut.otio
//! ```

use otio_conflate::backend::ffmpeg::{FfmpegBackend, FfmpegLookup, FrameOptions, FramePicture, SampleDepth};
use otio_conflate::{Plan, PlanOptions, Timeline};

/// What is looked at of a picture.
#[derive(PartialEq)]
struct Levels {
    darkest: f32,
    brightest: f32,
    mean: f32,
}

fn levels(picture: &FramePicture) -> Levels {
    let luma = |pixel: &[f32]| 0.2126 * pixel[0] + 0.7152 * pixel[1] + 0.0722 * pixel[2];
    let (mut darkest, mut brightest, mut sum) = (f32::MAX, f32::MIN, 0.0);
    let pixels = picture.as_f32().unwrap_or_default().chunks_exact(4);
    let count = pixels.len().max(1);
    for pixel in pixels {
        let luma = luma(pixel);
        (darkest, brightest, sum) = (darkest.min(luma), brightest.max(luma), sum + luma);
    }
    Levels { darkest, brightest, mean: sum / count as f32 }
}

fn main() -> otio_conflate::Result<()> {
    let cut = std::env::args().nth(1).unwrap_or_else(|| "otio-samples/first-cut.otio".to_owned());
    let plan = Plan::with_media(&Timeline::open(cut)?, &PlanOptions::default(), &FfmpegLookup::new())?;
    let options = FrameOptions::default().depth(SampleDepth::F32);
    let frames = FfmpegBackend::new().frames_as(&plan, &options)?;
    let mut reader = frames.reader();
    let mut faults = 0;
    for shot in &plan.shots {
        let mut before: Option<Levels> = None;
        let (mut darkest, mut brightest) = (f32::MAX, f32::MIN);
        for number in shot.first_frame..shot.first_frame + shot.frame_count {
            let levels = levels(&reader.frame_of(shot, number)?);
            let timecode = plan.timecode(shot.start + number - shot.first_frame);
            if levels.brightest < 0.01 {
                println!("{} {timecode}: black", shot.name);
                faults += 1;
            } else if before.as_ref() == Some(&levels) {
                println!("{} {timecode}: the same as the frame before", shot.name);
                faults += 1;
            }
            (darkest, brightest) = (darkest.min(levels.darkest), brightest.max(levels.brightest));
            before = Some(levels);
        }
        let mean = before.map_or(0.0, |levels| levels.mean);
        println!("{}: luma {darkest:.3} to {brightest:.3}, {mean:.3} on average of the last frame", shot.name);
    }
    println!("{} shots, {faults} frames to look at", plan.shots.len());
    Ok(())
}
