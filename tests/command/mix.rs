//! `--mix` with `--since`: the mix is kept, renewed or refused as shots are.

use serde_json::{Value, json};

use crate::common::movie;
use crate::otio;
use crate::support::{World, document, said};

/// A world with sound, and cuts of it.
fn world() -> World {
    let world = World::new();
    let sound = "-f lavfi -i sine=r=48000:d=4:frequency=440 -map 0:v -map 1:a -c:v ffv1 -c:a pcm_s16le -t 3.3";
    movie(&world.path("a.mkv"), 0..80, "24", sound);
    for (name, first) in [("v1.otio", 10), ("v2.otio", 13)] {
        let media = otio::external(&world.path("a.mkv").to_string_lossy(), otio::range(0, 79, 24));
        let clip = |name: &str, start: i64| otio::clip_of(name, otio::range(start, 8, 24), media.clone());
        let clips = [clip("sh010", first), clip("sh020", 40)];
        let tracks = vec![otio::track("V1", clips.clone()), otio::audio_track("A1", clips)];
        std::fs::write(world.path(name), otio::timeline_at(otio::time(86_400, 24), tracks).to_string()).expect("a cut");
    }
    world
}

/// A run of `cut` into `out` that writes a mix with stems there; what it says of the mix, or of why it ended.
fn conflate(world: &World, cut: &str, out: &str, more: &[&str]) -> Result<Value, Value> {
    let mix = format!("{out}/mix.wav");
    let flags = ["conflate", cut, "--out", out, "--preset", "ffv1", "--mix", &mix, "--stems", "track", "--json"];
    let output = world.run(&[&flags[..], more].concat());
    let said_of_run = document(&output);
    match output.status.success() {
        true => Ok(said_of_run["result"]["mix"].clone()),
        false => Err(said_of_run["error"].clone()),
    }
}

/// The mix and its stem in `out`, without the moment they were made.
fn files(world: &World, out: &str) -> Vec<Vec<u8>> {
    let read = |name: &str| {
        let mut bytes = std::fs::read(world.path(&format!("{out}/{name}"))).expect("a file");
        let chunk = bytes.windows(4).position(|window| window == b"bext").expect("a chunk") + 8;
        // Behind description, originator and its reference.
        bytes[chunk + 256 + 64..chunk + 256 + 64 + 18].fill(0);
        bytes
    };
    ["mix.wav", "mix_A1.wav"].map(read).to_vec()
}

fn times(world: &World) -> Vec<std::time::SystemTime> {
    let time = |name: &str| std::fs::metadata(world.path(name)).and_then(|file| file.modified()).expect("a file");
    ["out/mix.wav", "out/mix_A1.wav"].map(time).to_vec()
}

#[test]
fn a_mix_is_kept_where_it_is_the_same_and_replaced_where_not() {
    let world = world();
    let since = ["--since", "out/manifest.json"];
    let first = conflate(&world, "v1.otio", "out", &[]).expect("a run");
    assert_eq!(first.get("kept"), None);
    let before = times(&world);
    // Without an earlier run, what is there is in the way.
    let refused = conflate(&world, "v1.otio", "out", &[]).expect_err("it exists");
    assert_eq!(refused["kind"], "Exists");
    std::thread::sleep(std::time::Duration::from_millis(20));
    let mut kept = conflate(&world, "v1.otio", "out", &since).expect("a run");
    assert_eq!(kept["kept"], true);
    kept.as_object_mut().expect("an object").remove("kept");
    // What was said of it is said again.
    assert_eq!((kept, times(&world)), (first, before.clone()));
    let new = conflate(&world, "v2.otio", "out", &since).expect("a run");
    assert_eq!(new.get("kept"), None);
    assert!(times(&world).iter().zip(&before).all(|(new, old)| new > old));
    conflate(&world, "v2.otio", "fresh", &[]).expect("a run");
    assert_eq!(files(&world, "out"), files(&world, "fresh"));
    // The same by the other flag; and the manifest has it after each of these.
    let kept = conflate(&world, "v2.otio", "out", &["--existing", "skip"]).expect("a run");
    assert_eq!(kept["kept"], true);
    // Told beforehand: it would be neither refused nor written.
    let dry = conflate(&world, "v1.otio", "out", &["--since", "out/manifest.json", "--dry-run"]);
    assert_eq!(dry.map(|_| ()), Ok(()));
}

#[test]
fn a_mix_is_not_kept_where_its_files_or_its_media_are_others() {
    let world = world();
    let since = ["--since", "out/manifest.json"];
    conflate(&world, "v1.otio", "out", &[]).expect("a run");
    // One of its files is gone.
    std::fs::remove_file(world.path("out/mix_A1.wav")).expect("a file");
    assert_eq!(conflate(&world, "v1.otio", "out", &since).expect("a run").get("kept"), None);
    assert_eq!(conflate(&world, "v1.otio", "out", &since).expect("a run")["kept"], true);
    // Other levels.
    let softer = conflate(&world, "v1.otio", "out", &["--since", "out/manifest.json", "--limit", "-20"]);
    assert_eq!(softer.expect("a run").get("kept"), None);
    // Media that were changed.
    std::thread::sleep(std::time::Duration::from_millis(20));
    let bytes = std::fs::read(world.path("a.mkv")).expect("a file");
    std::fs::write(world.path("a.mkv"), bytes).expect("a file");
    let flags = ["--since", "out/manifest.json", "--limit", "-20"];
    assert_eq!(conflate(&world, "v1.otio", "out", &flags).expect("a run").get("kept"), None);
    // Somebody else's: it stays.
    std::fs::write(world.path("out/mix.wav"), "an artist's").expect("a file");
    let refused = conflate(&world, "v1.otio", "out", &since).expect_err("it is not ours");
    assert_eq!(refused["kind"], json!("Exists"));
    assert_eq!(std::fs::read(world.path("out/mix.wav")).expect("a file"), b"an artist's");
    let output =
        world.run(&["conflate", "v1.otio", "--out", "out", "--since", "out/manifest.json", "--mix", "out/mix.wav"]);
    assert!(said(&output).contains("was changed since it was delivered"), "{}", said(&output));
}
