//! Shows a frame of a cut, as a run would render it: at a record timecode, as a PNG file.
//!
//! ```text
//! cargo run --release --example viewer -- otio-samples/first-cut.otio 01:00:02:00 frame.png
//! ```

use std::fs::File;
use std::io::Write as _;

use otio_conflate::backend::ffmpeg::{FfmpegBackend, FfmpegLookup};
use otio_conflate::{Plan, PlanOptions, Timeline};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let cut = arguments.next().unwrap_or_else(|| "otio-samples/first-cut.otio".to_owned());
    let timecode = arguments.next().unwrap_or_else(|| "01:00:02:00".to_owned());
    let target = arguments.next().unwrap_or_else(|| "frame.png".to_owned());

    let plan = Plan::with_media(&Timeline::open(cut)?, &PlanOptions::default(), &FfmpegLookup::new())?;
    let record = plan.frame_at(&timecode)?;
    // Opened once; a viewer asks its reader for one frame after another, and keeps one for each thread.
    let frames = FfmpegBackend::new().frames(&plan)?;
    let picture = frames.reader().frame(record)?;
    File::create_new(&target)?.write_all(&picture.png()?)?;
    println!("{target}: {timecode}, {} by {}", picture.width, picture.height);
    Ok(())
}
