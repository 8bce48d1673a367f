//! Reading and planning long cuts: 10,000 clips on four tracks, a series that shows how the time grows, and nested
//! sequences that are used again and again.

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use otio_conflate::Plan;
use otio_conflate::otio::{ReadOptions, read_str};
use otio_conflate::plan::compare::compare;
use otio_conflate::plan::{Handles, PlanOptions};
use otio_conflate::relink::{Found, Index, Outcome, RelinkOptions, relink};
use otio_conflate::time::Rate;
use serde_json::{Value, json};

#[path = "../tests/common/otio.rs"]
mod otio;

use otio::{With as _, dissolve, gap, range, read, time, warp};

/// A cut of `clips` clips on four tracks: gaps on the upper ones, a dissolve after every fifth clip, media with timecode,
/// every seventh clip retimed, and some metadata.
fn cut(clips: usize) -> Value {
    let track = |track: usize| {
        let mut children = Vec::new();
        for number in 0..clips / 4 {
            let (frames, media) = (24 + (number * 7 + track * 13) % 60, (number * 3 + track) % 500);
            let location = format!("/media/reels/R{media:03}.mov");
            let media = otio::external(&location, range(86_400, 5000, 24)).with("metadata", json!({}));
            let clip = otio::clip_of(&format!("sh{track}{number:05}"), range(86_400 + number % 900, frames, 24), media);
            let clip =
                clip.with("metadata", json!({"cmx_3600": {"reel": &location[13..17], "comments": ["one", "two"]}}));
            let clip = clip.with("effects", if number % 7 == 3 { warp(1.37) } else { json!([]) });
            children.push(clip.with("markers", json!([])).with("enabled", true));
            if track > 0 {
                children.push(gap(50 + number % 90));
            } else if number % 5 == 4 && number + 1 < clips / 4 {
                children.push(dissolve(6, 6));
            }
        }
        otio::track(&format!("V{}", track + 1), children)
    };
    otio::timeline_at(time(86_400, 24), (0..4).map(track).collect::<Vec<_>>())
}

fn options() -> PlanOptions {
    let mut options = PlanOptions::default();
    options.handles = Handles::both(8);
    options
}

/// Two versions of a long cut, in which every tenth clip is gone and every tenth is shorter.
fn compared(c: &mut Criterion) {
    let version = |is_later: bool| {
        let clips = (0..10_000).filter(|number| !is_later || number % 10 != 3).map(|number| {
            let frames = if is_later && number % 10 == 5 { 17 } else { 20 };
            let media = otio::external(&format!("/media/R{:03}.mov", number % 500), range(0, 100_000, 24));
            otio::clip_of(&format!("sh{number:05}"), range(100 + 7 * number, frames, 24), media)
        });
        let cut = read(&otio::timeline_at(time(86_400, 24), [otio::track("V1", clips.collect::<Vec<_>>())]));
        Plan::new(&cut, &options()).expect("a plan")
    };
    let (old, new) = (version(false), version(true));
    let mut group = c.benchmark_group("10000 shots against 9000");
    group.sample_size(10);
    group.bench_function("compare", |b| b.iter(|| black_box(compare(&old, &new)).len()));
    group.finish();
}

/// Reading alone, planning alone, and the rows of every frame.
fn ten_thousand_clips(c: &mut Criterion) {
    let text = cut(10_000).to_string();
    let timeline = read(&cut(10_000));
    let options = options();
    let plan = Plan::new(&timeline, &options).expect("a plan");
    if let Some(path) = std::env::var_os("OTIO_CONFLATE_KEEP_CUT") {
        std::fs::write(path, &text).expect("the caller named a place that can be written");
    }
    let mut group = c.benchmark_group("10000 clips on 4 tracks");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("read", |b| {
        b.iter(|| read_str(black_box(&text), &ReadOptions::default()).expect("a timeline"))
    });
    group.throughput(Throughput::Elements(10_000));
    group.bench_function("plan", |b| b.iter(|| Plan::new(black_box(&timeline), &options).expect("a plan")));
    let frames: i64 = plan.shots.iter().map(|shot| shot.frame_count).sum();
    group.throughput(Throughput::Elements(u64::try_from(frames).expect("frames are counted up")));
    group.bench_function("rows", |b| {
        b.iter(|| plan.shots.iter().flat_map(|shot| plan.frames(shot)).map(|row| row.layers.len()).sum::<usize>());
    });
    group.finish();
}

/// Twice the clips should take a little more than twice the time.
fn growth(c: &mut Criterion) {
    let mut group = c.benchmark_group("plan by clips");
    let options = options();
    for clips in [1250, 2500, 5000, 10_000, 20_000] {
        let timeline = read(&cut(clips));
        group.throughput(Throughput::Elements(clips as u64));
        group.bench_with_input(BenchmarkId::from_parameter(clips), &timeline, |b, timeline| {
            b.iter(|| Plan::new(black_box(timeline), &options).expect("a plan"));
        });
    }
    group.finish();
}

/// A track that shows a nested sequence of 500 clips `uses` times, as files write it: whole each time, of which
/// `shown` frames are seen.
fn nested(uses: usize, shown: usize) -> Value {
    let inner = cut(500)["tracks"].clone();
    let nest = |number: usize| inner.clone().with("source_range", range(number * 7, shown, 24));
    otio::timeline_at(Value::Null, [otio::track("V1", (0..uses).map(nest).collect::<Vec<_>>())])
}

/// A nested sequence that is used many times is planned once.
fn nests(c: &mut Criterion) {
    let mut group = c.benchmark_group("nested sequence of 500 clips by uses");
    let options = options();
    for (what, shown) in [("a second of it", 24), ("all of it", 4000)] {
        for uses in [1, 10, 100] {
            let timeline = read(&nested(uses, shown));
            group.throughput(Throughput::Elements(uses as u64));
            group.bench_with_input(BenchmarkId::new(what, uses), &timeline, |b, timeline| {
                b.iter(|| Plan::new(black_box(timeline), &options).expect("a plan"));
            });
        }
    }
    group.finish();
}

/// Media of 10,000 clips among 10,000 files: by their paths, by names, and by reels and timecodes.
fn found_media(c: &mut Criterion) {
    let reel = |number: usize| format!("A{:03}C{:03}", number / 500, number % 500);
    let file = |number: usize| {
        let path = format!("/media/day{}/{}_240101_R1AB.mov", number % 7, reel(number));
        let start = i64::try_from(number).expect("small") * 2_000;
        Found::movie(path, Some(Rate::FPS_24), Some(1_000), Some(start))
    };
    let clip = |number: usize| {
        let location = match number % 3 {
            0 => format!("/gone/day{}/{}_240101_R1AB.mov", number % 7, reel(number)),
            1 => format!("{}_240101_R1AB.mxf", reel(number)),
            _ => String::new(),
        };
        let clip = otio::clip_of("shot", range(number * 2_000 + 10, 48, 24), otio::external(&location, Value::Null));
        clip.with("metadata", json!({"cmx_3600": {"reel": reel(number)}}))
    };
    let cut = otio::timeline_at(time(86_400, 24), [otio::track("V1", (0..10_000).map(clip).collect::<Vec<_>>())]);
    let (timeline, files) = (read(&cut), (0..10_000).map(file).collect::<Vec<_>>());
    c.bench_function("10000 clips found among 10000 files", |b| {
        b.iter_batched(
            || (timeline.clone(), files.clone()),
            |(mut timeline, files)| {
                let matches = relink(&mut timeline, &Index::new(files), &RelinkOptions::default());
                assert!(matches.iter().all(|found| matches!(found.outcome, Outcome::Found { .. })));
                (timeline, matches)
            },
            BatchSize::LargeInput,
        );
    });
}

criterion_group!(benches, ten_thousand_clips, growth, nests, found_media, compared);
criterion_main!(benches);
