//! `conflate --dry-run` writes nothing, and tells what the run then does.

use serde_json::Value;

use crate::otio;
use crate::support::{World, document, said};

/// What a dry run tells of each shot, or what a run did: `render` or `skip`.
fn actions(value: &Value) -> Vec<(String, String)> {
    let pair = |shot: &Value, key: &str| {
        let text = |key: &str| shot[key].as_str().expect("a text").to_owned();
        (text("shot"), text(key).replace("done", "render").replace("skipped", "skip"))
    };
    let (shots, key) = match value["result"]["report"]["shots"].as_array() {
        Some(shots) => (shots, "status"),
        None => (value["result"]["shots"].as_array().expect("shots"), "action"),
    };
    shots.iter().map(|shot| pair(shot, key)).collect()
}

/// Makes a dry run, which changes nothing, and then the run. Both say the same, and end with the same code.
#[track_caller]
fn agree(world: &World, arguments: &[&str]) -> (Value, Value) {
    let before = world.tree();
    let dry = world.run(&[&["conflate", "--json", "--dry-run"][..], arguments].concat());
    assert_eq!(world.tree(), before, "{arguments:?}: something was written");
    let run = world.run(&[&["conflate", "--json"][..], arguments].concat());
    assert_eq!(dry.status.code(), run.status.code(), "{arguments:?}: {}{}", said(&dry), said(&run));
    let (dry, run) = (document(&dry), document(&run));
    assert_eq!(dry["error"], run["error"], "{arguments:?}");
    if run["error"].is_null() {
        assert_eq!(actions(&dry), actions(&run), "{arguments:?}");
        assert_eq!(dry["warnings"], run["result"]["report"]["warnings"], "{arguments:?}");
        let paths = |value: &Value, place: &str| -> Vec<Value> {
            value.as_array().expect("shots").iter().map(|shot| shot.pointer(place).expect("a path").clone()).collect()
        };
        assert_eq!(
            paths(&dry["result"]["shots"], "/path"),
            paths(&run["result"]["report"]["shots"], "/output/path"),
            "{arguments:?}"
        );
    }
    (dry, run)
}

fn acts(dry: &Value) -> Vec<&str> {
    dry["result"]["shots"]
        .as_array()
        .expect("shots")
        .iter()
        .map(|shot| shot["action"].as_str().expect("a word"))
        .collect()
}

#[test]
fn what_it_tells_is_what_the_run_does() {
    let world = World::new();
    let out = ["cut.otio", "--out", "out"];
    let (dry, _) = agree(&world, &out);
    assert_eq!(acts(&dry), ["render", "render", "render"]);
    // What nobody asked for may be missing; what cannot be is told as the run tells it.
    let mut cut: Value = serde_json::from_slice(&std::fs::read(world.path("cut.otio")).expect("a cut")).expect("JSON");
    cut["tracks"]["children"][0]["children"][2]["media_references"]["DEFAULT_MEDIA"]["target_url"] = "gone.mp4".into();
    std::fs::write(world.path("gone.otio"), cut.to_string()).expect("a file");
    let (dry, _) = agree(&world, &["gone.otio", "--only", "a,b", "--out", "some"]);
    assert_eq!(acts(&dry), ["render", "render"]);
    agree(&world, &["cut.otio", "--out", "none", "--preset", "png", "--compression", "piz"]);
    // All are in the way, and may be skipped.
    let (dry, _) = agree(&world, &out);
    assert_eq!(acts(&dry), ["in_the_way", "in_the_way", "in_the_way"]);
    assert_eq!(dry["exit"], 3);
    let skip = [&out[..], &["--existing", "skip"]].concat();
    let (dry, _) = agree(&world, &skip);
    assert_eq!(acts(&dry), ["skip", "skip", "skip"]);
    // One file is gone, another shot is trimmed.
    std::fs::remove_file(world.path("out/a.mov")).expect("it is there");
    let text = std::fs::read_to_string(world.path("cut.otio")).expect("a text");
    let trimmed = text.replace("\"value\":40", "\"value\":41");
    assert_ne!(text, trimmed);
    std::fs::write(world.path("cut.otio"), trimmed).expect("a file");
    let (dry, run) = agree(&world, &skip);
    assert_eq!(acts(&dry), ["render", "render", "skip"]);
    assert!(dry["result"]["shots"][1]["reasons"][0].as_str().expect("a text").contains("another plan"));
    let shots = run["result"]["report"]["shots"].as_array().expect("shots");
    assert_eq!(shots[1]["reason"], dry["result"]["shots"][1]["reasons"][0]);
    assert!(shots[0]["reason"].is_null() && shots[2]["reason"].as_str().expect("a text").contains("already"));
    assert!(shots[0]["elapsed"].as_f64().is_some_and(|seconds| seconds > 0.0) && shots[2]["elapsed"].is_null());
    let output = &shots[0]["output"];
    assert_eq!((&output["codec"], &output["pixel_format"]), (&"prores".into(), &"yuv422p10le".into()));
    assert_eq!(shots[0]["sources"][0]["first_source"], 20);
    // Some alone, with other names, sequences, representations and sound.
    agree(&world, &[&skip[..], &["--only", "b,c"]].concat());
    agree(
        &world,
        &["cut.otio", "--out", "frames", "--preset", "png", "--representation", "poster", "--name", "{index}"],
    );
    agree(&world, &["cut.otio", "--out", "frames", "--preset", "png", "--existing", "overwrite", "--name", "{index}"]);
}

#[test]
fn what_keeps_the_run_from_beginning_is_told_for_each_shot() {
    let world = World::new();
    // Something else has a shot's name.
    std::fs::create_dir(world.path("out")).expect("a folder");
    std::fs::write(world.path("out/b.mov"), "somebody's").expect("a file");
    let (dry, _) = agree(&world, &["cut.otio", "--out", "out", "--existing", "overwrite"]);
    assert_eq!(acts(&dry), ["render", "in_the_way", "render"]);
    assert!(dry["result"]["shots"][1]["reasons"][0].as_str().expect("a text").contains("b.mov"));
    // Its media is missing; with a policy, it is not.
    std::fs::copy(world.path("media.mp4"), world.path("other.mp4")).expect("a copy");
    let text = std::fs::read_to_string(world.path("cut.otio")).expect("a text");
    let place = text.rfind("media.mp4").expect("the last clip's");
    let text = format!("{}gone.mp4{}", &text[..place], &text[place + "media.mp4".len()..]);
    std::fs::write(world.path("gone.otio"), text).expect("a file");
    let (dry, _) = agree(&world, &["gone.otio", "--out", "new"]);
    assert_eq!(acts(&dry), ["render", "render", "missing"]);
    assert_eq!(dry["result"]["missing"], serde_json::json!([world.path("gone.mp4")]));
    assert_eq!((&dry["exit"], &dry["error"]["kind"]), (&3.into(), &"MediaMissing".into()));
    assert!(!world.path("new").exists());
    let (dry, _) = agree(&world, &["gone.otio", "--out", "new", "--media-missing", "slate"]);
    assert_eq!(acts(&dry), ["render", "render", "render"]);
    // What is not ours under the manifest's name; a mix that is there.
    std::fs::create_dir(world.path("foreign")).expect("a folder");
    std::fs::write(world.path("foreign/manifest.json"), "{}").expect("a file");
    agree(&world, &["cut.otio", "--out", "foreign"]);
    agree(&world, &["cut.otio", "--out", "nowhere", "--only", "z"]);
    let output = world.run(&["conflate", "cut.otio", "--out", "foreign", "--dry-run"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output).contains("nothing would be rendered"), "{}", said(&output));
}

#[test]
fn sizes_are_near_where_codecs_keep_to_a_rate() {
    let world = World::new();
    crate::common::ffmpeg(
        &[
            "-f",
            "lavfi",
            "-i",
            "testsrc2=size=640x352:rate=24,noise=alls=40:allf=t",
            "-frames:v",
            "80",
            "-c:v",
            "libx264",
            "-crf",
            "10",
            "-preset",
            "ultrafast",
            world.path("noisy.mp4").to_str().expect("a path"),
        ],
        None,
    );
    world.write("noisy.otio", "noisy.mp4", 80);
    for preset in ["prores-proxy", "prores-lt", "prores-hq", "dnxhr-lb", "dnxhr-sq", "dnxhr-hq"] {
        let (dry, run) = agree(&world, &["noisy.otio", "--out", preset, "--preset", preset]);
        let estimated = dry["result"]["estimate"]["bytes"].as_u64().expect("a number") as f64;
        let shots = run["result"]["report"]["shots"].as_array().expect("shots");
        let made: f64 = shots.iter().map(|shot| shot["output"]["bytes"].as_u64().expect("a number") as f64).sum();
        assert!((0.9..1.1).contains(&(estimated / made)), "{preset}: {estimated} estimated, {made} made");
        assert!(dry["result"]["estimate"]["cpu_seconds"].as_f64().expect("a number") > 0.0);
    }
    // More of everything takes more.
    let estimate = |flags: &[&str]| {
        let arguments = [&["conflate", "--json", "--dry-run", "noisy.otio", "--out", "more"][..], flags].concat();
        let estimate = document(&world.run(&arguments))["result"]["estimate"].clone();
        (estimate["bytes"].as_u64().expect("a number"), estimate["cpu_seconds"].as_f64().expect("a number"))
    };
    let plain = estimate(&[]);
    for flags in [&["--handles", "8"][..], &["--representation", "h264"], &["--size", "1280x704"]] {
        let more = estimate(flags);
        assert!(more.0 > plain.0 && more.1 > plain.1, "{flags:?}: {more:?} {plain:?}");
    }
}

#[test]
fn what_would_be_copied_counts_its_bytes_and_no_time() {
    let world = World::new();
    let run = world.run(&["conflate", "cut.otio", "--out", "out", "--handles", "4", "--handle-mode", "source"]);
    assert!(run.status.success(), "{}", said(&run));
    let text = std::fs::read_to_string(world.path("cut.otio")).expect("a text");
    let slipped = text.replace("\"value\":40", "\"value\":42");
    assert_ne!(text, slipped);
    std::fs::write(world.path("cut.otio"), slipped).expect("a file");
    let dry =
        world.run(&["conflate", "cut.otio", "--out", "later", "--since", "out/manifest.json", "--dry-run", "--json"]);
    let dry = document(&dry);
    let shots = dry["result"]["shots"].as_array().expect("shots");
    let copied: Vec<&Value> = shots.iter().filter(|shot| shot["action"] == "retrim").collect();
    assert!(!copied.is_empty(), "{dry}");
    for shot in &copied {
        assert_eq!(shot["estimate"]["cpu_seconds"], 0.0, "{shot}");
        assert!(shot["estimate"]["bytes"].as_u64().is_some_and(|bytes| bytes > 0), "{shot}");
    }
    let bytes: u64 = shots.iter().filter_map(|shot| shot["estimate"]["bytes"].as_u64()).sum();
    assert_eq!(dry["result"]["estimate"]["bytes"], bytes);
}

/// A few words in a file ask for ages of frames: a dry run tells so at once, in little memory.
#[test]
fn ages_of_frames_are_told_at_once() {
    let world = World::new();
    let endless = |count: f64| {
        let bars = serde_json::json!({"OTIO_SCHEMA": "GeneratorReference.1", "generator_kind": "SMPTEBars"});
        otio::clip_of("a", otio::range(0, count, 24), bars)
    };
    let shots = [endless(1e10), endless(1e10), endless(2e9)];
    std::fs::write(
        world.path("ages.otio"),
        otio::timeline_at(otio::time(0, 24), [otio::track("V1", shots)]).to_string(),
    )
    .expect("a file");
    for preset in ["prores-lt", "exr", "png", "h264"] {
        for more in [&[][..], &["--existing", "skip"], &["--representation", "h264"], &["--handles", "8"]] {
            let flags = ["conflate", "ages.otio", "--out", "out", "--dry-run", "--preset", preset];
            let begun = std::time::Instant::now();
            let output = world.limited_memory(700_000, &[&flags[..], more].concat());
            assert_eq!(output.status.code(), Some(0), "{preset} {more:?}: {}", said(&output));
            assert!(
                said(&output).contains("22000000000 frames") || more[..] == ["--handles", "8"],
                "{}",
                said(&output)
            );
            assert!(begun.elapsed().as_secs() < 20, "{preset} {more:?}: {:?}", begun.elapsed());
        }
    }
}
