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

const CONFIG: &str = "ocio_profile_version: 1
search_path: luts
roles:
  default: raw
  color_timing: raw
displays:
  sRGB:
    - !<View> {name: Raw, colorspace: raw}
    - !<View> {name: Out, colorspace: out}
colorspaces:
  - !<ColorSpace> {name: raw}
  - !<ColorSpace>
    name: out
    from_reference: !<FileTransform> {src: lut.cube, interpolation: linear}
";

/// Whatever is read beside the media that are shown is in no mode the mix's to replace.
#[test]
fn what_a_run_reads_is_not_replaced_by_its_mix() {
    let world = world();
    let write = |name: &str, text: &str| std::fs::write(world.path(name), text).expect("a file");
    let made = world.run(&["conflate", "v1.otio", "--out", "o", "--preset", "ffv1"]);
    assert!(made.status.success(), "{}", said(&made));
    for name in ["off.mkv", "second.mkv", "offline.mkv", "other/sh010.mkv"] {
        std::fs::create_dir_all(world.path("other")).expect("a folder");
        std::fs::copy(world.path("a.mkv"), world.path(name)).expect("a copy");
    }
    std::fs::copy(world.path("o/manifest.json"), world.path("m.json")).expect("a copy");
    std::fs::create_dir(world.path("luts")).expect("a folder");
    write("luts/lut.cube", "LUT_3D_SIZE 2\n0 0 0\n1 0 0\n0 1 0\n1 1 0\n0 0 1\n1 0 1\n0 1 1\n1 1 1\n");
    write("c.ocio", CONFIG);
    write("per.toml", "[sh010]\nhandles = 0\n");
    let text = std::fs::read_to_string(world.path("v1.otio")).expect("a cut");
    let mut cut: Value = serde_json::from_str(&text).expect("JSON");
    let location = |name: &str| world.path(name).to_string_lossy().into_owned();
    let mut off = cut["tracks"]["children"][0]["children"][0].clone();
    off["enabled"] = false.into();
    off["media_references"] = json!({"DEFAULT_MEDIA": otio::external(&location("off.mkv"), otio::range(0, 79, 24))});
    let references = &mut cut["tracks"]["children"][0]["children"][1];
    let shown = references["media_references"]["DEFAULT_MEDIA"].clone();
    let second = otio::external(&location("second.mkv"), otio::range(0, 79, 24));
    references["media_references"] = json!({"DEFAULT_MEDIA": shown, "proxy": second});
    cut["tracks"]["children"].as_array_mut().expect("tracks").insert(0, otio::track("V0", [off]));
    write("cut.otio", &cut.to_string());
    let colors = "--ocio c.ocio --space *=raw --canvas-space raw --representation mjpeg --view sRGB/Out";
    for (flags, target) in [
        ("", "off.mkv"),
        ("", "second.mkv"),
        ("", "a.mkv"),
        ("", "cut.otio"),
        ("--movie offline.mkv --movie-start 01:00:00:00", "offline.mkv"),
        ("--per-shot per.toml", "per.toml"),
        ("--since m.json", "m.json"),
        ("--since o/manifest.json", "o/sh010.mkv"),
        ("--media other --media-index index.json", "index.json"),
        (colors, "luts/lut.cube"),
        (colors, "c.ocio"),
    ] {
        for existing in ["overwrite", "overwrite-foreign"] {
            let given: Vec<&str> = flags.split_whitespace().collect();
            let common = ["conflate", "cut.otio", "--out", "o2", "--preset", "ffv1"];
            let arguments = [&common[..], &["--existing", existing, "--mix", target], &given].concat();
            let before = std::fs::read(world.path(target)).ok();
            let dry = world.run(&[&arguments[..], &["--dry-run"]].concat());
            assert_eq!(dry.status.code(), Some(3), "{arguments:?}: {}", said(&dry));
            let refused = world.run(&arguments);
            assert_eq!(refused.status.code(), Some(3), "{arguments:?}: {}", said(&refused));
            if let Some(before) = before {
                assert!(std::fs::read(world.path(target)).is_ok_and(|after| after == before), "{arguments:?}");
            }
            assert!(!world.path("o2").exists(), "{arguments:?}");
        }
    }
    // A shot of the same run does not get the name of a medium that is off, either.
    write("per.toml", "[sh010]\nfile = \"off\"\n");
    let common = ["conflate", "cut.otio", "--out", ".", "--preset", "ffv1", "--existing", "overwrite-foreign"];
    let refused = world.run(&[&common[..], &["--per-shot", "per.toml", "--only", "sh010"]].concat());
    assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
    assert_eq!(std::fs::read(world.path("off.mkv")).ok(), std::fs::read(world.path("a.mkv")).ok());
}

/// The index of media is never a medium, nor among frames, and a link to it stays.
#[cfg(unix)]
#[test]
fn an_index_of_media_takes_no_place_of_anything_else() {
    let world = world();
    for (folder, name) in [("found", "x.mkv"), ("elsewhere", "y.mkv")] {
        std::fs::create_dir(world.path(folder)).expect("a folder");
        std::fs::copy(world.path("a.mkv"), world.path(folder).join(name)).expect("a copy");
    }
    std::fs::create_dir(world.path("frames")).expect("a folder");
    for number in 1001..1004 {
        std::fs::write(world.path(&format!("frames/plate.{number}.png")), "a frame").expect("a file");
    }
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(world.path(to), world.path(name)).expect("a link");
    link("nowhere", "dangling.json");
    link("elsewhere/index.json", "leading.json");
    let inspect = |index: &str| world.run(&["inspect", "v1.otio", "--media", "found", "--media-index", index]);
    for refused in
        ["dangling.json", "frames/plate.1002.png", "frames/plate.1004.png", "frames/index", "new.mov", "found"]
    {
        let before = world.tree();
        let output = inspect(refused);
        assert_eq!(output.status.code(), Some(2), "{refused}: {}", said(&output));
        assert_eq!(world.tree(), before, "{refused}");
    }
    assert!(inspect("elsewhere/index.json").status.success());
    let index = || std::fs::read(world.path("elsewhere/index.json")).expect("an index");
    let before = index();
    std::fs::copy(world.path("a.mkv"), world.path("found/z.mkv")).expect("a copy");
    assert!(inspect("leading.json").status.success());
    assert!(index() != before && world.path("leading.json").is_symlink());
}
