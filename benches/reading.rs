//! How long it takes to read and to write a cut of 10,000 clips.

use std::fmt::Write;
use std::hint::black_box;

#[cfg(feature = "opentimelineio")]
use criterion::{BenchmarkGroup, measurement::WallTime};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use otio_conflate::otio::{self, ReadOptions};

/// 10,000 clips on four tracks, each with media, metadata of an application, here and there an effect and a marker.
fn cut() -> String {
    let mut text = String::from(r#"{"OTIO_SCHEMA": "Timeline.1", "tracks": {"OTIO_SCHEMA": "Stack.1", "children": ["#);
    for track in 0..4 {
        let comma = if track == 0 { "" } else { "," };
        let _ =
            write!(text, r#"{comma}{{"OTIO_SCHEMA": "Track.1", "kind": "Video", "name": "V{track}", "children": ["#);
        for clip in 0..2500 {
            let comma = if clip == 0 { "" } else { "," };
            let range = |start: usize, count: usize| {
                let time = |value: usize| {
                    format!(r#"{{"OTIO_SCHEMA": "RationalTime.1", "rate": 23.976024627685547, "value": {value}.0}}"#)
                };
                format!(
                    r#"{{"OTIO_SCHEMA": "TimeRange.1", "duration": {}, "start_time": {}}}"#,
                    time(count),
                    time(start)
                )
            };
            let effects = if clip % 10 == 0 {
                r#"{"OTIO_SCHEMA": "LinearTimeWarp.1", "name": "", "effect_name": "", "time_scalar": 2.0}"#
            } else {
                ""
            };
            let _ = write!(
                text,
                r#"{comma}{{"OTIO_SCHEMA": "Clip.2", "name": "sh{clip:05}", "enabled": true, "color": null,
                    "source_range": {}, "effects": [{effects}], "markers": [],
                    "metadata": {{"Resolve_OTIO": {{"Link Group ID": {clip}, "Keys": [0.0, 1.5], "Locked": false}}}},
                    "media_references": {{"DEFAULT_MEDIA": {{"OTIO_SCHEMA": "ExternalReference.1",
                        "target_url": "file:///media/reel%20{track}/sh{clip:05}.mov", "metadata": {{}},
                        "available_range": {}, "available_image_bounds": null, "name": "sh{clip:05}.mov"}}}},
                    "active_media_reference_key": "DEFAULT_MEDIA"}}"#,
                range(86_408, 40 + clip % 20),
                range(86_400, 500)
            );
        }
        text.push_str("]}");
    }
    text.push_str("]}}");
    // As applications write it: one member a line, four spaces a level.
    otio::to_json(&otio::read_str(&text, &ReadOptions::default()).expect("a valid timeline"))
}

fn reading(criterion: &mut Criterion) {
    let text = cut();
    let timeline = otio::read_str(&text, &ReadOptions::default()).expect("a valid timeline");
    let mut group = criterion.benchmark_group("10000_clips");
    group.sample_size(20).throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("read", |bencher| {
        bencher.iter(|| otio::read_str(black_box(&text), &ReadOptions::default()).expect("a valid timeline"));
    });
    #[cfg(feature = "opentimelineio")]
    by_the_library(&mut group, &text);
    group.bench_function("write", |bencher| bencher.iter(|| otio::to_json(black_box(&timeline))));
    group.finish();
}

/// The same through the OpenTimelineIO library: the model, and what the library takes of that for its own objects.
#[cfg(feature = "opentimelineio")]
fn by_the_library(group: &mut BenchmarkGroup<'_, WallTime>, text: &str) {
    use otio_conflate::otio::reference::{ReferenceTimeline, from_json};

    let native = otio::read_str(text, &ReadOptions::default()).expect("a valid timeline");
    assert_eq!(from_json(text).expect("a valid timeline"), native, "both readers give the same");
    group.bench_function("read_by_the_library", |bencher| {
        bencher.iter(|| from_json(black_box(text)).expect("a valid timeline"));
    });
    group.bench_function("the_librarys_own_objects", |bencher| {
        bencher.iter(|| ReferenceTimeline::from_json(black_box(text)).expect("a valid timeline"));
    });
}

criterion_group!(benches, reading);
criterion_main!(benches);
