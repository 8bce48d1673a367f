//! Plans a cut, and prints which source frames each shot shows, without opening any media.
//!
//! ```text
//! cargo run --example plan -- otio-samples/first-cut.otio
//! ```

use otio_conflate::plan::Handles;
use otio_conflate::{Plan, PlanOptions, Timeline};

fn main() -> otio_conflate::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "otio-samples/first-cut.otio".to_owned());
    let timeline = Timeline::open(path)?;
    let mut options = PlanOptions::default();
    options.handles = Handles::both(8);
    let plan = Plan::new(&timeline, &options)?;
    for shot in &plan.shots {
        println!("{}: {} frames from {}", shot.name, shot.frame_count, plan.timecode(shot.start));
        // A row for each frame: here the first and the last, and every one that shows something else than a single layer.
        let rows: Vec<_> = plan.frames(shot).collect();
        let last = rows.len() - 1;
        for (index, row) in rows.iter().enumerate() {
            if index != 0 && index != last && row.layers.len() == 1 {
                continue;
            }
            let layers: Vec<String> = row
                .layers
                .iter()
                .map(|layer| format!("{} {} × {:.2}", layer.clip, layer.source, layer.weight))
                .collect();
            println!("  {}: {}", row.frame, layers.join(" + "));
        }
    }
    for warning in &plan.warnings {
        println!("warning: {warning}");
    }
    // A plan is plain data: it can be stored, and rendered elsewhere.
    let stored = serde_json::to_string(&plan).expect("a plan is plain data");
    println!("{} bytes as JSON", stored.len());
    Ok(())
}
