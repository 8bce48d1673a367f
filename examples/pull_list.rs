//! Lists what a cut needs from storage: every medium once, with the frames that are shown, handles included, and what is
//! missing.
//!
//! ```text
//! cargo run --example pull_list -- otio-samples/first-cut.otio
//! ```

use otio_conflate::plan::Handles;
use otio_conflate::{Plan, PlanOptions, Timeline};

fn main() -> otio_conflate::Result<()> {
    let cut = std::env::args().nth(1).unwrap_or_else(|| "otio-samples/first-cut.otio".to_owned());
    let options = PlanOptions::default().handles(Handles::both(8));
    let plan = Plan::new(&Timeline::open(cut)?, &options)?;
    let mut bytes = 0;
    for pull in plan.pull_list() {
        let ranges: Vec<String> = pull.ranges.iter().map(|(first, last)| format!("{first}-{last}")).collect();
        println!("{} {} for {}", pull.media, ranges.join(","), pull.shots.join(", "));
        for file in pull.missing() {
            println!("  missing: {}", file.display());
        }
        bytes += pull.bytes();
    }
    println!("{:.1} MB", bytes as f64 / 1e6);
    Ok(())
}
