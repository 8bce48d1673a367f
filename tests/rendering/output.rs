//! What files are called, and what shape they have. R11.

use std::sync::atomic::{AtomicI64, Ordering};

use otio_conflate::backend::ffmpeg::FfmpegBackend;
use otio_conflate::plan::Shot;
use otio_conflate::time::{Rate, Ratio};
use otio_conflate::{CancelToken, Conflation, Delivery, Observer, Status};
use serde_json::json;

use crate::common::ffprobe;
use crate::support::*;

const PRORES: &str = "-c:v prores_ks -profile:v 0 -pix_fmt yuv422p10le";

#[test]
fn sequences_are_numbered_from_the_first_frame() {
    let mut media = Media::new();
    let path = media.numbered("a.mov", 30, "24", PRORES);
    let cut = timeline([track("V1", [clip("c", file(&path, range(0, 30, 24.0)), range(10, 5, 24.0))])]);
    for (first, handles, names) in [
        (1001, "0", ["c/c.1001.", "c/c.1005."]),
        (1, "4:0", ["c/c.-0003.", "c/c.0005."]),
        (0, "0", ["c/c.0000.", "c/c.0004."]),
        (9998, "0", ["c/c.10002.", "c/c.9998."]),
        (123_456, "0", ["c/c.123456.", "c/c.123460."]),
    ] {
        let options = options(|options| {
            options.first_frame = first;
            options.handles = handles.parse().expect("handles");
            options.handle_mode = "source".parse().expect("a mode");
        });
        for preset in ["png", "exr"] {
            let run = run(&cut, &options, preset);
            let written = files(&run.report.folder);
            let frames = written.iter().filter(|name| name.starts_with("c/")).count();
            assert_eq!(i64::try_from(frames).expect("few"), run.shot("c").frame_count, "{written:?}");
            for name in names {
                assert!(written.iter().any(|file| file.starts_with(name)), "{name} among {written:?}");
            }
            let expected: Vec<_> = run.rows("c").iter().map(|row| Some(media.expected(row, 0))).collect();
            let numbers: Vec<_> = run.frames("c").iter().map(crate::common::number).collect();
            assert_eq!(numbers, expected);
        }
    }
}

/// The timecode of EXR files counts 60 frames a second at most: where there are more, it is left out, and that is told.
#[test]
fn exr_files_without_timecode_are_told() {
    let mut media = Media::new();
    for (rate, told) in [("60", false), ("120", true)] {
        let path = media.numbered(&format!("{rate}.mov"), 8, rate, PRORES);
        let per_second: f64 = rate.parse().expect("a number");
        let shot = clip("c", file(&path, range(0, 8, per_second)), range(1, 4, per_second));
        let cut = timeline([track("V1", [shot])]);
        let run = run(&cut, &options(|options| options.rate = Rate::new(per_second).ok()), "exr");
        let warned = run.report.warnings.iter().any(|warning| warning.to_string().contains("no timecode at 120"));
        assert_eq!(warned, told, "{:?}", run.report.warnings);
        let first = run.report.folder.join("c").read_dir().expect("frames").next().expect("one").expect("it").path();
        let names: Vec<_> = crate::common::exr_attributes(&first).into_iter().map(|attribute| attribute.0).collect();
        assert_eq!(names.iter().any(|name| name == "timeCode"), !told, "{names:?}");
    }
}

#[test]
fn one_frame_shots() {
    let mut media = Media::new();
    let path = media.numbered("a.mp4", 30, "24", "-c:v libx264 -preset fast -pix_fmt yuv420p -bf 3");
    let one = |start: i64| clip("c", file(&path, range(0, 30, 24.0)), range(start, 1, 24.0));
    let cut = timeline([track("V1", [one(3), one(29), one(0)])]);
    for preset in ["prores-lt", "dnxhr-sq", "h264", "ffv1", "png", "exr"] {
        let run = run(&cut, &options(|_| ()), preset);
        assert_eq!(run.report.shots.len(), 3);
        run.check(&media, 0);
    }
}

#[test]
fn the_canvas_is_what_is_asked_for() {
    let mut media = Media::new();
    let path = media.numbered("a.mov", 9, "24", PRORES);
    let cut = timeline([track("V1", [clip("c", file(&path, range(0, 9, 24.0)), range(2, 3, 24.0))])]);
    for (preset, size) in [
        ("prores-lt", (512, 320)),
        ("h264", (130, 82)),
        ("ffv1", (513, 321)),
        ("png", (385, 241)),
        ("dnxhr-sq", (640, 400)),
    ] {
        let options = options(|options| {
            options.canvas.size = Some(size);
            options.canvas.pixel_aspect = Some(Ratio::ONE);
        });
        let run = run(&cut, &options, preset);
        assert_eq!((run.report.canvas.width, run.report.canvas.height), size);
        let file = if preset == "png" { numbered(&run.path("c"), 1001) } else { run.path("c") };
        let video = &ffprobe(&file)["streams"][0];
        assert_eq!((&video["width"], &video["height"]), (&json!(size.0), &json!(size.1)));
        let expected: Vec<_> = run.rows("c").iter().map(|row| Some(media.expected(row, 0))).collect();
        assert_eq!(run.numbers_at("c", (0, 0), (size.0 as usize, size.1 as usize)), expected, "{preset}");
    }
    // Squeezed pixels on request: the canvas is as wide as before when it is shown.
    let squeezed = options(|options| {
        options.canvas.size = Some((128, 160));
        options.canvas.pixel_aspect = Some(Ratio::whole(2));
    });
    for preset in ["prores-lt", "h264", "ffv1", "mjpeg"] {
        let run = run(&cut, &squeezed, preset);
        assert_eq!(ffprobe(&run.path("c"))["streams"][0]["sample_aspect_ratio"], json!("2:1"), "{preset}");
        let expected: Vec<_> = run.rows("c").iter().map(|row| Some(media.expected(row, 0))).collect();
        assert_eq!(run.numbers_at("c", (0, 0), (128, 160)), expected, "{preset}");
    }
    // Sizes that cannot be are refused before anything is rendered.
    for (preset, size) in [("ffv1", (0, 160)), ("dnxhr-sq", (128, 160)), ("dnxhr-sq", (256, 100)), ("h264", (131, 82))]
    {
        let wrong = options(|options| options.canvas.size = Some(size));
        let error = try_run(&cut, &wrong, preset).err().expect("refused");
        assert_eq!(error.kind(), otio_conflate::ErrorKind::Option, "{preset}: {error:#}");
    }
}

/// Cancels when so many frames are written.
struct Stop {
    cancel: CancelToken,
    left: AtomicI64,
}

impl Observer for Stop {
    fn frame(&self, _: &Shot, _: i64, _: i64) {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.cancel.cancel();
        }
    }
}

#[test]
fn a_cancelled_run_leaves_whole_shots_alone() {
    let mut media = Media::new();
    let path = media.numbered("a.mov", 60, "24", PRORES);
    let part = |name: &str, start: i64| clip(name, file(&path, range(0, 60, 24.0)), range(start, 15, 24.0));
    let cut = timeline([track("V1", [part("a", 0), part("b", 15), part("c", 30), part("d", 45)])]);
    let plan = plan(&cut, &options(|_| ())).expect("a plan");
    // The default copies packets from a proxy to a proxy; the others encode.
    for name in ["prores-proxy", "prores-lt", "h264", "png"] {
        for after in [1, 20] {
            let folder = tempfile::tempdir().expect("a folder");
            let cancel = CancelToken::new();
            let delivery = Delivery::new(folder.path()).preset(preset(name)).jobs(1);
            let stop = Stop { cancel: cancel.clone(), left: AtomicI64::new(after) };
            let run = Conflation::new(FfmpegBackend::new(), delivery).cancel(cancel);
            let report = run.run(&plan, &stop).expect("a report");
            assert_eq!(report.count(Status::Done), usize::from(after > 15), "{name}");
            let left = files(folder.path());
            for shot in &report.shots {
                let there = left.iter().any(|file| file.starts_with(&shot.shot));
                assert_eq!(there, shot.status == Status::Done, "{name}: {left:?}");
            }
            assert!(left.iter().all(|file| !file.contains("/.") && !file.starts_with('.')), "{name}: {left:?}");
        }
    }
}
