//! Which frame a position shows where a movie's frames lie elsewhere than the timeline takes them to be, and how long
//! stills last. R7, R8.

use serde_json::Value;

use crate::support::*;

/// What the frames of a cut of one clip show.
fn numbers(media: Value, source: Value) -> Vec<u16> {
    let cut = timeline_at(Value::Null, [track("V1", [clip("c", media, source)])]);
    let run = run(&cut, &options(|_| ()), "prores-422");
    run.numbers("c").into_iter().map(|number| number.expect("a number") & 0xff).collect()
}

#[test]
fn frames_of_variable_length_are_brought_down_to_once() {
    let mut media = Media::new();
    // Frame n is shown at n / 30 s, but those with n % 7 = 3 are left out.
    let drop = "-vf select='not(eq(mod(n\\,7)\\,3))' -fps_mode vfr -video_track_timescale 30000 -c:v libx264 -bf 2";
    let path = media.numbered("vfr.mp4", 60, "30", &format!("{drop} -pix_fmt yuv420p"));
    let expected: Vec<u16> = (20..40).map(|n| if n % 7 == 3 { n - 1 } else { n }).collect();
    assert_eq!(numbers(file(&path, Value::Null), range(20, 20, 30.0)), expected);
    assert_eq!(numbers(file(&path, range(0, 60, 30.0)), range(20, 20, 30.0)), expected);
}

#[test]
fn a_rate_that_is_claimed_wrong_does_not_take_a_frame_away() {
    let mut media = Media::new();
    let h264 = "-c:v libx264 -bf 2 -pix_fmt yuv420p";
    let (ntsc, pal) = (30_000.0 / 1001.0, 25.0);
    let path = media.numbered("a.mov", 60, "30000/1001", h264);
    let expected: Vec<u16> = (20..40).collect();
    assert_eq!(numbers(file(&path, range(0, 60, 29.0)), range(20, 20, ntsc)), expected);
    assert_eq!(numbers(file(&path, range(0, 60, 30.0)), range(20, 20, 30.0)), expected);
    // A cut of 30 that takes media of 25 for media of 30 goes by seconds.
    let path = media.numbered("b.mov", 60, "25", h264);
    let expected: Vec<u16> = (20..40).map(|n| n * 25 / 30).collect();
    assert_eq!(numbers(file(&path, range(0, 72, 30.0)), range(20, 20, 30.0)), expected);
    assert_eq!(numbers(file(&path, range(0, 60, pal)), range(20, 20, pal)), (20..40).collect::<Vec<_>>());
}

#[test]
fn a_still_is_held_and_has_handles() {
    let media = Media::new();
    let path = media.flat("still.png", "gbrp", &[100, 50, 200], 1, "-pix_fmt rgb24");
    for (available, source) in [
        (range(0, 8, 24.0), range(0, 8, 24.0)),
        (Value::Null, range(0, 8, 24.0)),
        (range(0, 1, 24.0), range(0, 8, 24.0)),
        (range(0, 10, 24.0), range(5, 8, 24.0)),
    ] {
        let options = options(|options| {
            options.handles = "4".parse().expect("handles");
            options.handle_mode = "source".parse().expect("a mode");
            options.overrun = "error".parse().expect("a policy");
        });
        let run = run(&timeline([track("V1", [clip("c", file(&path, available), source)])]), &options, "png");
        let frames = run.samples("c", "rgb24");
        assert_eq!(frames.len(), 16);
        assert!(frames.iter().all(|frame| frame.chunks(3).all(|pixel| pixel == [200, 100, 50])));
        assert!(run.report.warnings.is_empty(), "{:?}", run.report.warnings);
    }
}
