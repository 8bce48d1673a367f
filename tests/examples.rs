//! The examples run, say something, and are short.

use std::path::{Path, PathBuf};
use std::process::Command;

#[cfg(feature = "ffmpeg")]
use otio_conflate::time::Rate;
#[cfg(feature = "ffmpeg")]
use otio_conflate::timeline::{Clip, Composition, MediaReference, RawTimeRange, Timeline};

/// The tools that somebody new writes first.
const NEWCOMERS: [&str; 5] = ["publish", "viewer", "edit_cut", "pull_list", "one_shot"];

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
    let said = run(folder.path(), "pull_list", &[&cut]);
    assert!(said.contains("ferry_t1.mp4 ") && said.contains(" MB") && !said.contains("missing"), "{said}");
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
    run(folder.path(), "contact_sheet", &["shots", "sheet.png"]);
    let sheet = image::open(folder.path().join("sheet.png")).expect("a picture").to_rgb8();
    assert_eq!(sheet.dimensions(), (2 * (3 * 224 + 2 * 12 + 24) + 24, 24 + 30 + 126 + 26));
    let colors: std::collections::HashSet<_> = sheet.pixels().collect();
    assert!(colors.len() > 1000, "{} colours", colors.len());
}

#[cfg(feature = "ffmpeg")]
#[test]
fn the_tools_of_a_newcomer_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let movie = sample("media/quay_t3.mp4");
    let said = run(folder.path(), "edit_cut", &[&movie, "edited"]);
    assert!(said.contains("sh010: sh010.mov, 6 frames") && said.contains("sh020: sh020.mov, 8 frames"), "{said}");
    assert!(said.contains("sh030: sh030.mov, 12 frames"), "{said}");
    let cut = "edited/conflated.otio";
    let said = run(folder.path(), "one_shot", &[cut, "sh020", "one"]);
    assert!(said.contains("sh020: Done") && !said.contains("sh010"), "{said}");
    assert!(folder.path().join("one/sh020.mov").is_file() && !folder.path().join("one/sh010.mov").exists());
    run(folder.path(), "viewer", &[cut, "00:00:00:08", "frame.png"]);
    let frame = image::open(folder.path().join("frame.png")).expect("a picture");
    let shown = otio_conflate::backend::ffmpeg::probe(&movie).expect("a movie");
    assert_eq!((frame.width(), frame.height()), (shown.width, shown.height));
    let said = run(folder.path(), "publish", &[cut, "published"]);
    assert!(said.contains("sh010: published, noted"), "{said}");
    let rows = std::fs::read_to_string(folder.path().join("published/rows.jsonl")).expect("rows");
    let rows: Vec<serde_json::Value> = rows.lines().map(|row| serde_json::from_str(row).expect("a row")).collect();
    assert_eq!(rows.len(), 3);
    let first = rows.iter().find(|row| row["shot"] == "sh010").expect("its row");
    assert_eq!((&first["fields"]["task"], &first["file"]["path"]), (&"comp".into(), &"sh010.mov".into()));
    assert!(folder.path().join("published/sh010_poster.jpg").is_file());
    // Published once: the second time nothing is new.
    let said = run(folder.path(), "publish", &[cut, "published"]);
    assert!(!said.contains("published,"), "{said}");
}

#[test]
fn they_are_short_and_say_how_they_are_run() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut found = 0;
    for entry in std::fs::read_dir(folder).expect("the examples") {
        let path = entry.expect("an entry").path();
        let Some(name) = path.file_stem().and_then(|name| name.to_str()) else { continue };
        if path.is_dir() {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a text");
        let most = if NEWCOMERS.contains(&name) { 60 } else { 80 };
        assert!(text.lines().count() < most, "{name} has {} lines", text.lines().count());
        assert!(text.contains(&format!("--example {name} --")), "{name}");
        found += 1;
    }
    assert!(found >= 13, "{found}");
}
