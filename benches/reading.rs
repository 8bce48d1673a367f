//! How long it takes to read and to write a cut of 10,000 clips.

use std::hint::black_box;

#[cfg(feature = "opentimelineio")]
use criterion::{BenchmarkGroup, measurement::WallTime};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use otio_conflate::otio::{self, ReadOptions};
use serde_json::{Value, json};

#[path = "../tests/common/otio.rs"]
mod cut;

use cut::With as _;

/// 10,000 clips on four tracks, each with media, metadata of an application, here and there an effect and a marker.
fn cut() -> String {
    const RATE: f64 = 23.976_024_627_685_547;
    let clip = |track: usize, clip: usize| {
        let name = format!("sh{clip:05}");
        let location = format!("file:///media/reel%20{track}/{name}.mov");
        let media = cut::external(&location, cut::range(86_400, 500, RATE)).with("metadata", json!({}));
        let media = media.with("available_image_bounds", Value::Null).with("name", format!("{name}.mov"));
        let effects = if clip.is_multiple_of(10) { cut::warp(2) } else { json!([]) };
        let resolve = json!({"Resolve_OTIO": {"Link Group ID": clip, "Keys": [0.0, 1.5], "Locked": false}});
        let clip = cut::clip_of(&name, cut::range(86_408, 40 + clip % 20, RATE), media);
        let clip = clip.with("enabled", true).with("color", Value::Null).with("metadata", resolve);
        clip.with("effects", effects).with("markers", json!([]))
    };
    let track = |track: usize| {
        cut::track(&format!("V{track}"), (0..2500).map(|number| clip(track, number)).collect::<Vec<_>>())
    };
    let timeline = cut::timeline_at(Value::Null, (0..4).map(track).collect::<Vec<_>>());
    // As applications write it: one member a line, four spaces a level.
    otio::to_json(&cut::read(&timeline))
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
