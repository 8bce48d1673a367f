//! A small file costs little, whatever is in it: each of these is planned or refused in bounded time and memory, with the
//! object's path. A refusal names the limit. R15.

use std::process::Command;
use std::time::{Duration, Instant};

use otio_conflate::otio::{ReadOptions, read_str};
use otio_conflate::{ErrorKind, Plan, PlanOptions};
use serde_json::{Value, json};

use crate::support::*;

/// Where a child process finds the file that it is to plan.
const CHILD: &str = "OTIO_CONFLATE_BOUNDS";
/// Builds without optimization are this much slower.
const SLOWER: u32 = if cfg!(debug_assertions) { 12 } else { 1 };

/// What planning `text` takes in a process of its own: time, and the most memory in kB beyond what an empty cut takes.
fn cost(text: &str) -> (Duration, u64, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cut.otio");
    std::fs::write(&path, text).expect("a file");
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program)
        .args(["--exact", "bounds::child", "--nocapture", "--test-threads", "1"])
        .env(CHILD, &path)
        .output()
        .expect("a child");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let line = said.lines().find_map(|line| line.split_once("COST ")).expect("a line with figures").1.to_owned();
    let mut parts = line.splitn(3, ' ');
    let mut number = || parts.next().and_then(|part| part.parse::<u64>().ok()).expect("a number");
    let (milliseconds, memory) = (number(), number());
    (Duration::from_millis(milliseconds), memory, parts.next().unwrap_or_default().to_owned())
}

/// The most memory this process has had, in kB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// The process that [`cost`] starts; nothing in any other run.
#[test]
fn child() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let (before, start) = (peak(), Instant::now());
    let text = std::fs::read_to_string(path).expect("the file");
    let planned = read_str(&text, &ReadOptions::default()).and_then(|cut| Plan::new(&cut, &PlanOptions::default()));
    let took = start.elapsed().as_millis();
    let what = match &planned {
        Ok(plan) => format!("planned {} shots", plan.shots.len()),
        Err(error) => format!("{:?} {error:#}", error.kind()).replace('\n', " "),
    };
    println!("COST {took} {} {what}", peak() - before);
}

/// Checks that `cut` takes at most a second and 200 MB; returns what came of it.
#[track_caller]
fn cheap(what: &str, cut: &Value) -> String {
    let text = cut.to_string();
    let (took, memory, result) = cost(&text);
    assert!(took < Duration::from_secs(1) * SLOWER, "{what}: {took:?} for {} bytes: {result}", text.len());
    assert!(memory < 200_000, "{what}: {memory} kB for {} bytes: {result}", text.len());
    result
}

fn time_warp(lookup: Value) -> Value {
    json!([{"OTIO_SCHEMA": "TimeEffect.1", "name": "TimeWarp", "effect_name": "TimeWarp", "metadata": {"lookup": lookup}}])
}

#[test]
fn curves_and_lengths_of_any_size_are_planned_or_refused_at_once() {
    let long = || gap(2_147_483_648_u32);
    let wide = clip("a", 0, 10).with("effects", time_warp(json!([0, 9_007_199_254_740_992_i64])));
    let refused = cheap("a wide look-up", &timeline([track("V1", [wide, long()])]));
    assert!(refused.starts_with("Limit") && refused.contains("limits.curve_values"), "{refused}");
    assert!(refused.contains("tracks[0].children[0]"), "{refused}");
    let freeze = track("V1", [dissolve(0, 29), clip("a", 0, 49)])
        .with("source_range", range(0, 2_147_483_647, 24))
        .with("effects", json!([{"OTIO_SCHEMA": "FreezeFrame.1"}]));
    let planned = cheap("a frozen track", &timeline([freeze]));
    assert!(planned.starts_with("planned"), "{planned}");
    let hour = 86_400.0 * 365.0 * 24.0 * 50.0;
    cheap("fifty years", &timeline([track("V1", [clip("a", 0, hour)])]));
    cheap("an age", &timeline([track("V1", [clip("a", 0, 1e15)])]));
    cheap("a long curve", &timeline([track("V1", [clip("a", 0, hour).with("effects", time_warp(json!([0, 5, 1])))])]));
    let remap = json!([{"OTIO_SCHEMA": "Effect.1", "metadata": {"fcp_xml": {"effectid": "timeremap", "parameter":
        {"parameterid": "graphdict", "keyframe": [{"when": 0, "value": 0}, {"when": 5, "value": 9}, {"when": 7, "value": 8}]}}}}]);
    cheap("a long remap", &timeline([track("V1", [clip("a", 0, hour).with("effects", remap)])]));
}

#[test]
fn a_transition_of_absurd_length_is_an_error_with_a_place() {
    for track_of in
        [vec![clip("a", 0, 10), dissolve(1e12, 1e12), clip("b", 0, 10)], vec![dissolve(1e12, 1), clip("b", 0, 10)]]
    {
        let said = cheap("a transition", &timeline([track("V1", track_of)]));
        assert!(said.starts_with("Time") && said.contains("tracks[0]"), "{said}");
    }
    let points =
        json!({"AAF": {"PointList": [{"Time": 0, "Value": 0}, {"Time": 0.1, "Value": 0.5}, {"Time": 1, "Value": 1}]}});
    let long =
        timeline([track("V1", [clip("a", 0, 10), dissolve(1e9, 1e9).with("metadata", points), clip("b", 0, 1e9)])]);
    let said = cheap("a transition with key frames", &long);
    assert!(said.starts_with("Limit"), "{said}");
}

#[test]
fn many_overlapping_things_are_bounded() {
    let transitions: Vec<Value> = [clip("a", 0, 10)].into_iter().chain((0..2000).map(|_| dissolve(5, 5))).collect();
    let said = cheap("overlapping transitions", &timeline([track("V1", transitions)]));
    assert!(said.starts_with("Limit") && said.contains("limits.overlaps"), "{said}");
    let warps: Vec<Value> = (0..3000).map(|n| time_warp(json!([n, 3, n]))[0].clone()).collect();
    cheap("thousands of curves", &timeline([track("V1", [clip("a", 0, 50_000).with("effects", warps)])]));
    // Nests, each of which shows its two halves over and over while its transitions overlap.
    let mut nest = clip("a", 0, 40);
    for _ in 0..12 {
        let ends =
            |child: &Value| vec![child.clone(), dissolve(19, 19), dissolve(18, 19), dissolve(17, 19), clip("b", 0, 40)];
        nest = stack([track("n", ends(&nest))]).with("source_range", range(0, 40, 24));
    }
    cheap("nests that multiply", &timeline([track("V1", [nest])]));
    // Every frame turns round, at every level.
    let mut nest = clip("a", 0, 500);
    for _ in 0..20 {
        let zigzag: Vec<i64> = (0..500).map(|n| if n % 2 == 0 { 7 } else { -7 }).collect();
        nest = stack([track("n", [nest])]).with("effects", time_warp(json!(zigzag)));
    }
    cheap("curves in curves", &timeline([track("V1", [nest])]));
}

#[test]
fn a_megabyte_of_anything_is_planned_in_ten_seconds_or_names_its_limit() {
    let same: Vec<Value> = (0..4000).map(|_| clip("same", 0, 3)).collect();
    let layers: Vec<Value> = (0..1500).map(|n| track("V", [gap(n), clip("c", n, 2000)])).collect();
    let transitions: Vec<Value> = (0..2000).flat_map(|n| [clip("c", n, 9), dissolve(3, 3)]).collect();
    for (what, tracks) in [
        ("clips of one name", vec![track("V1", same)]),
        ("tracks", layers),
        ("transitions", vec![track("V1", transitions)]),
    ] {
        let cut = timeline(tracks);
        let (took, memory, result) = cost(&cut.to_string());
        assert!(took < Duration::from_secs(10) * SLOWER / 4, "{what}: {took:?}: {result}");
        assert!(memory < 1_000_000, "{what}: {memory} kB: {result}");
        assert!(result.starts_with("planned") || result.starts_with("Limit"), "{what}: {result}");
    }
}

#[test]
fn numbers_in_metadata_take_twenty_bytes_a_byte_at_most() {
    for (what, part, count) in
        [("digits", "7,", 2_000_000), ("fractions", "0.5,", 1_000_000), ("texts", "\"frame\",", 500_000)]
    {
        let mut list = part.repeat(count);
        list.pop();
        let text = format!(
            "{{\"OTIO_SCHEMA\": \"Timeline.1\", \"metadata\": {{\"list\": [{list}]}}, \"tracks\": {{\"OTIO_SCHEMA\": \
             \"Stack.1\", \"children\": []}}}}"
        );
        let (_, memory, result) = cost(&text);
        let kilobytes = u64::try_from(text.len()).expect("a few megabytes") / 1024;
        assert!(memory < 20 * kilobytes, "{what}: {memory} kB for {kilobytes} kB: {result}");
        // There is no track in it.
        assert!(result.starts_with("Empty"), "{result}");
    }
}

/// A number to be afraid of.
fn nasty(dice: &mut impl FnMut(usize) -> usize) -> Value {
    const NUMBERS: [f64; 16] = [
        0.0,
        1.0,
        -1.0,
        0.5,
        24.0,
        1e3,
        1e6,
        2_147_483_648.0,
        1e12,
        1e15,
        9_007_199_254_740_992.0,
        1e300,
        -1e9,
        1e-9,
        29.97,
        3.0,
    ];
    match dice(12) {
        0 => Value::Null,
        1 => json!("7/8"),
        2 => json!(i64::MAX),
        _ => json!(NUMBERS[dice(NUMBERS.len())]),
    }
}

/// A timeline that no application writes.
fn monster(dice: &mut impl FnMut(usize) -> usize, depth: usize, room: &mut usize) -> Value {
    *room = room.saturating_sub(1);
    let mild = |dice: &mut dyn FnMut(usize) -> usize| f64::from(u32::try_from(dice(60)).unwrap_or(0));
    let range = |dice: &mut dyn FnMut(usize) -> usize| {
        let mut dice = dice;
        let value = |dice: &mut &mut dyn FnMut(usize) -> usize| match dice(6) {
            0 => nasty(dice),
            _ => json!(f64::from(u32::try_from(dice(60)).unwrap_or(0))),
        };
        let rate = if dice(20) == 0 { nasty(&mut dice) } else { json!([24.0, 25.0, 30.0, 23.976][dice(4)]) };
        json!({"OTIO_SCHEMA": "TimeRange.1",
            "start_time": {"OTIO_SCHEMA": "RationalTime.1", "value": value(&mut dice), "rate": rate},
            "duration": {"OTIO_SCHEMA": "RationalTime.1", "value": value(&mut dice), "rate": rate}})
    };
    let mut effects = Vec::new();
    while dice(3) == 0 && effects.len() < 4 {
        let list: Vec<Value> = (0..dice(40)).map(|_| nasty(dice)).collect();
        let pairs: Vec<Value> = (0..dice(6)).map(|_| json!([nasty(dice), nasty(dice)])).collect();
        let keys: Vec<Value> = (0..dice(6)).map(|_| json!({"when": nasty(dice), "value": nasty(dice)})).collect();
        effects.push(match dice(7) {
            0 => json!({"OTIO_SCHEMA": "LinearTimeWarp.1", "time_scalar": nasty(dice)}),
            1 => json!({"OTIO_SCHEMA": "FreezeFrame.1"}),
            2 => json!({"OTIO_SCHEMA": "TimeEffect.1", "metadata": {"lookup": list}}),
            3 => json!({"OTIO_SCHEMA": "TimeEffect.1", "metadata": {"Resolve_OTIO": {"Key Frames": pairs}}}),
            4 => json!({"OTIO_SCHEMA": "TimeEffect.1", "metadata": {"AAF": {"Parameters": {"PARAM_SPEED_OFFSET_MAP_U":
                {"keyframe_values": pairs}}}}}),
            5 => json!({"OTIO_SCHEMA": "Effect.1", "metadata": {"fcp_xml": {"effectid": "timeremap", "parameter": [
                {"parameterid": "reverse", "value": "TRUE"}, {"parameterid": "graphdict", "keyframe": keys, "valuemax": nasty(dice)}]}}}),
            _ => json!({"OTIO_SCHEMA": "Effect.1", "metadata": {"fcp_xml": {"effectid": "opacity", "parameter":
                {"parameterid": "opacity", "value": nasty(dice), "keyframe": keys}}}}),
        });
    }
    let source = if dice(4) == 0 { Value::Null } else { range(dice) };
    let kind = if depth == 0 || *room == 0 { dice(3) } else { dice(8) };
    let children = |dice: &mut dyn FnMut(usize) -> usize, room: &mut usize| {
        let mut dice = dice;
        (0..1 + dice(6)).map(|_| monster(&mut dice, depth - 1, room)).collect::<Vec<Value>>()
    };
    match kind {
        0 => json!({"OTIO_SCHEMA": "Gap.1", "source_range": range(dice)}),
        1 => {
            let points: Vec<Value> = (0..dice(4)).map(|_| json!({"Time": nasty(dice), "Value": nasty(dice)})).collect();
            let offset = |dice: &mut dyn FnMut(usize) -> usize| time(mild(dice), 24);
            json!({"OTIO_SCHEMA": "Transition.1", "transition_type": "SMPTE_Dissolve", "in_offset": offset(dice),
                "out_offset": if dice(9) == 0 { range(dice)["duration"].clone() } else { offset(dice) },
                "metadata": {"AAF": {"PointList": points}}})
        }
        2 | 3 => json!({"OTIO_SCHEMA": "Clip.2", "name": "c", "source_range": source, "effects": effects,
            "media_references": {"DEFAULT_MEDIA": movie("m", range(dice))}, "active_media_reference_key": "DEFAULT_MEDIA"}),
        4 => {
            json!({"OTIO_SCHEMA": "Stack.1", "source_range": source, "effects": effects, "children": children(dice, room)})
        }
        _ => json!({"OTIO_SCHEMA": "Track.1", "kind": (["Video", "Audio"][dice(8) / 7]), "source_range": source,
            "effects": effects, "children": children(dice, room)}),
    }
}

#[test]
fn monsters_are_planned_or_refused_with_a_place() {
    let number =
        |name: &str, default: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (runs, seed) = (number("OTIO_CONFLATE_MONSTERS", 300), number("OTIO_CONFLATE_SEED", 1));
    let (mut planned, mut limits, mut slowest) = (0, 0, Duration::ZERO);
    for run in 0..runs {
        let mut state = (seed << 32 | run).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut dice = |sides: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state >> 33).unwrap_or(0) % sides.max(1)
        };
        let (depth, mut room) = (1 + dice(9), [5, 50, 400][dice(3)]);
        let tracks: Vec<Value> = (0..1 + dice(4)).map(|_| track("V", [monster(&mut dice, depth, &mut room)])).collect();
        let text = timeline(tracks).to_string();
        let Ok(cut) = read_str(&text, &ReadOptions::default()) else { continue };
        let start = Instant::now();
        let result = Plan::new(&cut, &PlanOptions::default());
        let took = start.elapsed();
        slowest = slowest.max(took);
        assert!(took < Duration::from_secs(2) * SLOWER, "run {run}, seed {seed}: {took:?} for {} bytes", text.len());
        match result {
            Ok(plan) => {
                planned += 1;
                plan.validate().unwrap_or_else(|error| panic!("run {run}, seed {seed}: {error:#}"));
            }
            Err(error) => {
                limits += u64::from(error.kind() == ErrorKind::Limit);
                assert!(error.place().object.is_some(), "run {run}, seed {seed}: {error:#} has no place\n{text}");
            }
        }
    }
    println!("{runs} timelines: {planned} planned, {limits} met a limit, the slowest took {slowest:?}");
    assert!(planned > runs / 10, "{planned} of {runs}: too few to learn from");
}
