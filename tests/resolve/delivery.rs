//! Shots as they are delivered: the right frames, graded, whatever they are written as.

use otio_conflate::plan::Handles;

use crate::rendering::options;
use crate::support::{Stage, WARM};

#[test]
fn shots_are_cut_out_of_one_render_of_the_timeline() {
    let stage = Stage::usual(|_| ());
    let run = stage.check(stage.options(), &options(|options| options.handles = Handles::both(2)), "prores-lt", WARM);
    assert_eq!(run.report.shots.iter().map(|shot| shot.frame_count).collect::<Vec<_>>(), [10, 8]);
    assert_eq!(run.report.backend, "resolve");
    assert_eq!(stage.fake.calls_of("Project.AddRenderJob").len(), 1);
}
