//! What is refused is refused before anything is measured, mixed or rendered, and a dry run says the same.

use std::process::Output;

use serde_json::{Value, json};

use crate::otio;
use crate::support::{World, document, said};

/// A world whose cut has sound, of a file that is there or not.
fn world(sound: bool) -> World {
    let world = World::new();
    let text = std::fs::read_to_string(world.path("cut.otio")).expect("it was just written");
    let mut cut: Value = serde_json::from_str(&text).expect("JSON");
    if sound {
        let wav = world.path("tone.wav");
        crate::common::ffmpeg(&["-f", "lavfi", "-i", "sine=440:duration=4", wav.to_str().expect("text")], None);
    }
    let media = otio::external(&world.path("tone.wav").to_string_lossy(), otio::range(0, 96, 24));
    let track = otio::audio_track("A1", [otio::clip_of("tone", otio::range(0, 30, 24), media)]);
    cut["tracks"]["children"].as_array_mut().expect("tracks").push(track);
    std::fs::write(world.path("cut.otio"), cut.to_string()).expect("the folder can be written to");
    world
}

/// The run with these flags, and the dry run.
fn both(world: &World, flags: &[&str]) -> [Output; 2] {
    let arguments = [&["conflate", "cut.otio", "--out", "out", "--json"][..], flags].concat();
    let dry = world.run(&[&arguments[..], &["--dry-run"]].concat());
    [world.run(&arguments), dry]
}

#[test]
fn a_run_that_cannot_start_has_written_no_mix_and_a_dry_run_says_the_same() {
    // Media that are missing; an output in the way; a field that no shot has.
    type Spoil<'s> = &'s dyn Fn(&World);
    let cases: [(&str, Spoil<'_>); 3] = [
        ("MediaMissing", &|world| std::fs::remove_file(world.path("media.mp4")).expect("it is there")),
        ("Exists", &|world| {
            std::fs::create_dir(world.path("out")).expect("a folder");
            std::fs::write(world.path("out/b.mov"), "somebody's").expect("a new file");
        }),
        ("Option", &|_| ()),
    ];
    for (kind, spoil) in cases {
        let world = world(true);
        spoil(&world);
        let mut flags = vec!["--mix", "mix.wav", "--loudness", "-23"];
        if kind == "Option" {
            flags.extend(["--name", "{fields.none}"]);
        }
        let before = world.tree();
        let [run, dry] = both(&world, &flags);
        for output in [&run, &dry] {
            let code = if kind == "Option" { 2 } else { 3 };
            assert_eq!(output.status.code(), Some(code), "{kind}: {}", said(output));
            assert_eq!(document(output)["error"]["kind"], kind, "{}", said(output));
            // Nothing was measured for it.
            assert!(!said(output).contains("loudness of the cut"), "{kind}: {}", said(output));
        }
        assert_eq!(document(&run)["error"]["message"], document(&dry)["error"]["message"], "{kind}");
        assert!(!world.path("mix.wav").exists() && world.tree() == before, "{kind}: {:?}", world.tree());
    }
    // The one thing that is wrong in each case is what keeps it from starting.
    let world = world(true);
    let [run, _] = both(&world, &["--mix", "mix.wav", "--loudness", "-23"]);
    assert!(run.status.success() && world.path("mix.wav").is_file(), "{}", said(&run));
}

#[test]
fn sound_that_is_missing_is_told_alike_with_and_without_rendering() {
    let world = world(false);
    let [run, dry] = both(&world, &["--loudness", "-23"]);
    assert_eq!((run.status.code(), dry.status.code()), (Some(3), Some(3)), "{}", said(&dry));
    assert_eq!(document(&run)["error"], document(&dry)["error"]);
    assert_eq!(document(&run)["error"]["kind"], json!("MediaMissing"));
}

#[test]
fn errors_print_each_cause_once() {
    let world = World::new();
    for (arguments, code) in
        [(&["plan", "no.otio"][..], 3), (&["plan", "cut.otio", "--explain", "--representation", "no.toml"][..], 2)]
    {
        let output = world.run(arguments);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert_eq!(text.matches("No such file or directory").count(), 1, "{text}");
    }
}

#[test]
fn a_review_tells_what_is_wrong_with_what_it_joins() {
    let world = World::new();
    assert!(world.run(&["conflate", "cut.otio", "--out", "out"]).status.success());
    // Shorter than the manifest says.
    let other = world.path("other.mov");
    crate::common::movie(&other, 0..5, "24", "-c:v prores_aw");
    std::fs::rename(&other, world.path("out/b.mov")).expect("it is there");
    let review = world.run(&["review", "out/manifest.json", "--out", "review"]);
    assert!(review.status.success(), "{}", said(&review));
    let text = said(&review);
    assert!(text.lines().any(|line| line.starts_with("warning: ") && line.contains("b.mov")), "{text}");
    let quiet = world.run(&["review", "out/manifest.json", "--out", "review", "--quiet"]);
    assert!(!said(&quiet).contains("warning"), "{}", said(&quiet));
}

#[test]
fn a_manifest_without_a_plan_says_why_it_may_have_none() {
    let world = World::new();
    let run = world.run(&["conflate", "cut.otio", "--out", "out"]);
    assert!(run.status.success(), "{}", said(&run));
    let text = std::fs::read_to_string(world.path("out/manifest.json")).expect("a manifest");
    let mut manifest: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert!(manifest.as_object_mut().expect("an object").remove("plan").is_some());
    std::fs::write(world.path("bare.json"), manifest.to_string()).expect("the folder can be written to");
    let refused = world.run(&["diff", "bare.json", "cut.otio"]);
    let text = said(&refused);
    assert_eq!(refused.status.code(), Some(3), "{text}");
    assert!(["has no plan", "earlier version", "killed", "not text"].iter().all(|why| text.contains(why)), "{text}");
}
