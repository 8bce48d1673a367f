//! What a run costs from plan to delivered files: encoded, and copied packet by packet. `benches/compare` sets it
//! against the `ffmpeg` command line.
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

use criterion::{Criterion, criterion_group, criterion_main};

#[cfg(feature = "ffmpeg")]
#[path = "../tests/common/otio.rs"]
mod otio;

/// Media and cuts of them.
#[cfg(feature = "ffmpeg")]
mod common {
    use std::path::Path;
    use std::process::Command;

    use otio_conflate::{Plan, PlanOptions};

    use crate::otio;

    /// Writes so many generated frames of this size to `path`.
    pub(super) fn make(path: &Path, size: &str, frames: usize, arguments: &[&str]) {
        let picture = format!("testsrc2=size={size}:rate=24");
        let status = Command::new("ffmpeg")
            .args(["-v", "error", "-y", "-f", "lavfi", "-i", &picture, "-frames:v", &frames.to_string()])
            .args(arguments)
            .arg(path)
            .status();
        assert!(status.unwrap().success());
    }

    /// A cut of shots (first source frame, how many) of a movie of `frames` frames.
    pub(super) fn plan(media: &Path, frames: usize, shots: &[(usize, usize)]) -> Plan {
        let media = otio::external(&media.to_string_lossy(), otio::range(0, frames, 24));
        let clip = |(index, (start, count)): (usize, &(usize, usize))| {
            otio::clip_of(&format!("sh{index}"), otio::range(*start, *count, 24), media.clone())
        };
        let clips: Vec<_> = shots.iter().enumerate().map(clip).collect();
        let timeline = otio::read(&otio::track("V1", clips));
        Plan::new(&timeline, &PlanOptions::default()).unwrap()
    }
}

/// Renders four shots of twelve frames out of half a minute of generated 720p.
#[cfg(feature = "ffmpeg")]
fn renders(criterion: &mut Criterion) {
    use otio_conflate::backend::ffmpeg::FfmpegBackend;
    use otio_conflate::deliver::Preset;
    use otio_conflate::{Conflation, Delivery, Existing, NoObserver};

    const SHOTS: usize = 4;
    const FRAMES: usize = 12;

    let shots: Vec<(usize, usize)> = (0..SHOTS).map(|index| (5 + index * 48, FRAMES)).collect();
    let folder = tempfile::tempdir().unwrap();
    let (long_gop, intra) = (folder.path().join("source.mp4"), folder.path().join("source.mov"));
    common::make(
        &long_gop,
        "1280x720",
        200,
        &["-c:v", "libx264", "-preset", "veryfast", "-g", "48", "-pix_fmt", "yuv420p"],
    );
    common::make(&intra, "1280x720", 200, &["-c:v", "prores_aw", "-profile:v", "1", "-pix_fmt", "yuv422p10le"]);
    let mut group = criterion.benchmark_group("4 shots of 12 frames, 720p");
    for (name, media, preset) in [
        ("H.264 to ProRes LT", &long_gop, "prores-lt"),
        ("ProRes LT to ProRes 422", &intra, "prores-422"),
        ("ProRes LT, copied", &intra, "prores-lt"),
    ] {
        let plan = common::plan(media, 200, &shots);
        let out = folder.path().join("out");
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let delivery =
                    Delivery::new(&out).preset(Preset::by_name(preset).unwrap()).existing(Existing::Overwrite);
                let report = Conflation::new(FfmpegBackend::new(), delivery).run(&plan, &NoObserver).unwrap();
                assert!(report.succeeded(), "{:?}", report.shots[0].error);
            });
        });
    }
}

/// A shot's intermediate, a review movie and a proxy: from one render, and from three.
#[cfg(feature = "ffmpeg")]
fn represents(criterion: &mut Criterion) {
    use otio_conflate::backend::ffmpeg::FfmpegBackend;
    use otio_conflate::deliver::{Preset, Representation};
    use otio_conflate::plan::CanvasRequest;
    use otio_conflate::{Conflation, Delivery, Existing, NoObserver};

    let folder = tempfile::tempdir().unwrap();
    let media = folder.path().join("source.mov");
    common::make(
        &media,
        "3840x2160",
        48,
        &["-c:v", "libx264", "-preset", "veryfast", "-g", "24", "-pix_fmt", "yuv420p10le"],
    );
    let mut plan = common::plan(&media, 48, &[(4, 4), (28, 4)]);
    plan.canvas = CanvasRequest::default();
    plan.canvas.size = Some((1920, 1080));
    let mut half = plan.clone();
    half.canvas.size = Some((960, 540));
    let render = |plan, preset: &str, representations: &[&str]| {
        let mut delivery = Delivery::new(folder.path().join("out")).existing(Existing::Overwrite);
        delivery.preset = Preset::by_name(preset).unwrap();
        delivery.representations = representations.iter().map(|name| Representation::by_name(name).unwrap()).collect();
        let report = Conflation::new(FfmpegBackend::new(), delivery).run(plan, &NoObserver).unwrap();
        assert!(report.succeeded(), "{:?}", report.shots[0].error);
    };
    let mut group = criterion.benchmark_group("ProRes LT, H.264 and a half-size proxy, 8 frames of UHD in HD");
    group.bench_function("one render", |bencher| {
        bencher.iter(|| render(&plan, "prores-lt", &["h264", "proxy-half"]));
    });
    group.bench_function("three renders", |bencher| {
        bencher.iter(|| {
            render(&plan, "prores-lt", &[]);
            render(&plan, "h264", &[]);
            render(&half, "prores-proxy", &[]);
        });
    });
}

#[cfg(not(feature = "ffmpeg"))]
fn renders(_: &mut Criterion) {}

#[cfg(not(feature = "ffmpeg"))]
fn represents(_: &mut Criterion) {}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(std::time::Duration::from_millis(500))
        .measurement_time(std::time::Duration::from_secs(3));
    targets = renders, represents
}
criterion_main!(benches);
