//! The examples run, say something, and are short.

use std::path::{Path, PathBuf};
use std::process::Command;

#[cfg(feature = "ffmpeg")]
use otio_conflate::time::Rate;
#[cfg(feature = "ffmpeg")]
use otio_conflate::timeline::{Clip, Composition, MediaReference, RawTimeRange, Timeline};

/// An example, which `cargo test` builds before any test runs. `cargo test --test examples` alone does not.
fn example(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a test has a path");
    let profile = own.parent().and_then(Path::parent).expect("target/PROFILE/deps/TEST");
    let program = profile.join("examples").join(name);
    assert!(program.is_file(), "{} is not built: cargo build --example {name}", program.display());
    program
}

/// Runs an example in an empty folder, and gives what it printed.
#[track_caller]
fn run(folder: &Path, name: &str, arguments: &[&str]) -> String {
    let output = Command::new(example(name)).args(arguments).current_dir(folder).output().expect("it starts");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{name}: {said}");
    said
}

fn sample(name: &str) -> String {
    format!("{}/otio-samples/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn those_that_need_no_media_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let cut = sample("first-cut.otio");
    let said = run(folder.path(), "reading", &[&cut]);
    assert!(said.contains("Harbour Lights") && said.contains("sh020") && said.contains("ferry_t1.mp4"), "{said}");
    let said = run(folder.path(), "plan", &[&cut]);
    assert!(said.contains("sh010: 56 frames from 01:00:00:00") && said.contains(" + "), "{said}");
    let said = run(folder.path(), "backend", &[&cut, "text"]);
    assert!(said.contains("6 shots"), "{said}");
    let text = std::fs::read_to_string(folder.path().join("text/sh010.mov")).expect("a shot");
    assert_eq!(text.lines().count(), 48);
    let said = run(folder.path(), "build_cut", &["cut.otio"]);
    assert!(said.contains("sh030: 20 frames from 01:00:03:00"), "{said}");
    let cut = otio_conflate::Timeline::open(folder.path().join("cut.otio")).expect("it was written");
    assert!(cut.clips().iter().all(|(_, clip)| clip.item.metadata.get("facility").is_some()));
}

#[cfg(feature = "ffmpeg")]
#[test]
fn those_that_render_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let movie = sample("media/quay_t3.mp4");
    let frames = |first, count| RawTimeRange::frames(first, count, Rate::FPS_24);
    let media = MediaReference::file(&movie).available(frames(0, 84));
    let shot = |name, first| Clip::new(name, media.clone()).range(frames(first, 10));
    let track = Composition::video("V1").with(shot("a", 12)).with(shot("b", 40));
    Timeline::new("short").track(track).save(folder.path().join("cut.otio")).expect("a file");
    let said = run(folder.path(), "conflate", &["cut.otio", "shots"]);
    assert!(said.contains("36 frames") && said.contains("b: b.mov from 00:00:00:02"), "{said}");
    assert!(folder.path().join("shots/b.mov").is_file() && folder.path().join("shots/b_h264.mp4").is_file());
    let said = run(folder.path(), "qc", &["cut.otio"]);
    assert!(said.contains("2 shots, 0 frames to look at"), "{said}");
    run(folder.path(), "transcode", &[&movie, "review"]);
    assert!(folder.path().join("review/quay_t3_h264.mp4").is_file());
    let said = run(folder.path(), "trim", &[&movie, "."]);
    assert!(said.contains("24 frames") && said.contains("36 frames"), "{said}");
}

#[test]
fn they_are_short_and_say_how_they_are_run() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut found = 0;
    for entry in std::fs::read_dir(folder).expect("the examples") {
        let path = entry.expect("an entry").path();
        let Some(name) = path.file_stem().and_then(|name| name.to_str()) else { continue };
        if path.is_dir() || name == "contact_sheet" {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a text");
        assert!(text.lines().count() < 80, "{name} has {} lines", text.lines().count());
        assert!(text.contains(&format!("--example {name} --")), "{name}");
        found += 1;
    }
    assert!(found >= 7, "{found}");
}
