//! Reading and planning long cuts: 10,000 clips on four tracks, a series that shows how the time grows, and nested
//! sequences that are used again and again.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use otio_conflate::otio::{ReadOptions, read_str};
use otio_conflate::plan::{Handles, PlanOptions};
use otio_conflate::{Plan, Timeline};

/// The text of a cut of `clips` clips on four tracks: gaps on the upper ones, a dissolve after every fifth clip, media
/// with timecode, every seventh clip retimed, and some metadata.
fn cut(clips: usize) -> String {
    let mut text = String::from(
        r#"{"OTIO_SCHEMA":"Timeline.1","name":"long","global_start_time":{"OTIO_SCHEMA":"RationalTime.1","value":86400,"rate":24},"tracks":{"OTIO_SCHEMA":"Stack.1","name":"tracks","children":["#,
    );
    let range = |start: usize, frames: usize| {
        format!(
            r#"{{"OTIO_SCHEMA":"TimeRange.1","start_time":{{"OTIO_SCHEMA":"RationalTime.1","value":{start}.0,"rate":24.0}},"duration":{{"OTIO_SCHEMA":"RationalTime.1","value":{frames}.0,"rate":24.0}}}}"#
        )
    };
    let mut add = |part: std::fmt::Arguments<'_>| text.write_fmt(part).expect("a string takes whatever is written");
    for track in 0..4 {
        let comma = if track > 0 { "," } else { "" };
        add(format_args!(r#"{comma}{{"OTIO_SCHEMA":"Track.1","name":"V{}","kind":"Video","children":["#, track + 1));
        for number in 0..clips / 4 {
            let comma = if number > 0 { "," } else { "" };
            let (frames, media) = (24 + (number * 7 + track * 13) % 60, (number * 3 + track) % 500);
            let effects = match number % 7 {
                3 => r#"[{"OTIO_SCHEMA":"LinearTimeWarp.1","name":"","effect_name":"","time_scalar":1.37}]"#,
                _ => "[]",
            };
            let source = range(86_400 + number % 900, frames);
            let available = range(86_400, 5000);
            add(format_args!(
                r#"{comma}{{"OTIO_SCHEMA":"Clip.2","name":"sh{track}{number:05}","source_range":{source},"effects":{effects},"markers":[],"enabled":true,"metadata":{{"cmx_3600":{{"reel":"R{media:03}","comments":["one","two"]}}}},"media_references":{{"DEFAULT_MEDIA":{{"OTIO_SCHEMA":"ExternalReference.1","name":"","available_range":{available},"metadata":{{}},"target_url":"/media/reels/R{media:03}.mov"}}}},"active_media_reference_key":"DEFAULT_MEDIA"}}"#
            ));
            if track > 0 {
                let room = range(0, 50 + number % 90);
                add(format_args!(r#",{{"OTIO_SCHEMA":"Gap.1","source_range":{room}}}"#));
            } else if number % 5 == 4 && number + 1 < clips / 4 {
                let offset = r#"{"OTIO_SCHEMA":"RationalTime.1","value":6.0,"rate":24.0}"#;
                add(format_args!(
                    r#",{{"OTIO_SCHEMA":"Transition.1","name":"","transition_type":"SMPTE_Dissolve","in_offset":{offset},"out_offset":{offset},"metadata":{{}}}}"#
                ));
            }
        }
        add(format_args!("]}}"));
    }
    text.push_str("]}}");
    text
}

fn read(text: &str) -> Timeline {
    read_str(text, &ReadOptions::default()).expect("a timeline that the benchmark wrote")
}

fn options() -> PlanOptions {
    let mut options = PlanOptions::default();
    options.handles = Handles::both(8);
    options
}

/// Reading alone, planning alone, and the rows of every frame.
fn ten_thousand_clips(c: &mut Criterion) {
    let text = cut(10_000);
    let timeline = read(&text);
    let options = options();
    let plan = Plan::new(&timeline, &options).expect("a plan");
    if let Some(path) = std::env::var_os("OTIO_CONFLATE_KEEP_CUT") {
        std::fs::write(path, &text).expect("the caller named a place that can be written");
    }
    let mut group = c.benchmark_group("10000 clips on 4 tracks");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("read", |b| b.iter(|| read(black_box(&text))));
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
fn nested(uses: usize, shown: usize) -> String {
    let inner = cut(500);
    let start = inner.find(r#""tracks":"#).expect("a timeline has tracks") + r#""tracks":"#.len();
    let stack = &inner[start..inner.len() - 1];
    let mut children = Vec::with_capacity(uses);
    for number in 0..uses {
        let range = format!(
            r#""source_range":{{"OTIO_SCHEMA":"TimeRange.1","start_time":{{"OTIO_SCHEMA":"RationalTime.1","value":{}.0,"rate":24.0}},"duration":{{"OTIO_SCHEMA":"RationalTime.1","value":{shown}.0,"rate":24.0}}}},"#,
            number * 7
        );
        children.push(format!("{{{range}{}", &stack[1..]));
    }
    format!(
        r#"{{"OTIO_SCHEMA":"Timeline.1","name":"nests","tracks":{{"OTIO_SCHEMA":"Stack.1","name":"tracks","children":[{{"OTIO_SCHEMA":"Track.1","name":"V1","kind":"Video","children":[{}]}}]}}}}"#,
        children.join(",")
    )
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

criterion_group!(benches, ten_thousand_clips, growth, nests);
criterion_main!(benches);
