//! What a run costs from plan to delivered files: encoded, and copied packet by packet. `benches/compare` sets it
//! against the `ffmpeg` command line.
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

use criterion::{Criterion, criterion_group, criterion_main};

/// Renders four shots of twelve frames out of half a minute of generated 720p.
#[cfg(feature = "ffmpeg")]
fn renders(criterion: &mut Criterion) {
    use std::path::Path;
    use std::process::Command;

    use otio_conflate::backend::ffmpeg::FfmpegBackend;
    use otio_conflate::deliver::Preset;
    use otio_conflate::otio::{ReadOptions, read_str};
    use otio_conflate::{Conflation, Delivery, Existing, NoObserver, Plan, PlanOptions};
    use serde_json::json;

    const SHOTS: usize = 4;
    const FRAMES: usize = 12;

    let make = |path: &Path, arguments: &[&str]| {
        let status = Command::new("ffmpeg")
            .args(["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=24", "-frames:v", "200"])
            .args(arguments)
            .arg(path)
            .status();
        assert!(status.unwrap().success());
    };
    let plan = |media: &Path| {
        let time = |value: usize| json!({"OTIO_SCHEMA": "RationalTime.1", "value": value, "rate": 24});
        let range =
            |start, count| json!({"OTIO_SCHEMA": "TimeRange.1", "start_time": time(start), "duration": time(count)});
        let clips: Vec<_> = (0..SHOTS)
            .map(|index| {
                json!({"OTIO_SCHEMA": "Clip.2", "name": format!("sh{index}"), "source_range": range(5 + index * 48, FRAMES),
                    "active_media_reference_key": "DEFAULT_MEDIA", "media_references": {"DEFAULT_MEDIA":
                        {"OTIO_SCHEMA": "ExternalReference.1", "target_url": media, "available_range": range(0, 200)}}})
            })
            .collect();
        let track = json!({"OTIO_SCHEMA": "Track.1", "name": "V1", "kind": "Video", "children": clips});
        let timeline = read_str(&track.to_string(), &ReadOptions::default()).unwrap();
        Plan::new(&timeline, &PlanOptions::default()).unwrap()
    };

    let folder = tempfile::tempdir().unwrap();
    let (long_gop, intra) = (folder.path().join("source.mp4"), folder.path().join("source.mov"));
    make(&long_gop, &["-c:v", "libx264", "-preset", "veryfast", "-g", "48", "-pix_fmt", "yuv420p"]);
    make(&intra, &["-c:v", "prores_aw", "-profile:v", "1", "-pix_fmt", "yuv422p10le"]);
    let mut group = criterion.benchmark_group("4 shots of 12 frames, 720p");
    for (name, media, preset) in [
        ("H.264 to ProRes LT", &long_gop, "prores-lt"),
        ("ProRes LT to ProRes 422", &intra, "prores-422"),
        ("ProRes LT, copied", &intra, "prores-lt"),
    ] {
        let plan = plan(media);
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

#[cfg(not(feature = "ffmpeg"))]
fn renders(_: &mut Criterion) {}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(std::time::Duration::from_millis(500))
        .measurement_time(std::time::Duration::from_secs(3));
    targets = renders
}
criterion_main!(benches);
