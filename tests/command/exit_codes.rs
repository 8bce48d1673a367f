//! Exit codes: 0 everything, 1 some of it failed, 2 wrong arguments, 3 nothing could be begun, 130 stopped.

use crate::common::movie;
use crate::support::{World, command, said};

#[track_caller]
fn assert_code(world: &World, arguments: &[&str], code: i32) {
    let output = world.run(arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
    let complained = String::from_utf8_lossy(&output.stderr).contains("error: ");
    assert_eq!(complained, code > 1, "{arguments:?}: {}", said(&output));
}

const SUBCOMMANDS: [&str; 10] =
    ["inspect", "plan", "conflate", "transcode", "trim", "review", "resolve", "diff", "completions", "man"];

#[test]
fn whatever_is_not_understood_is_a_usage_error_in_every_subcommand() {
    let world = World::new();
    for subcommand in SUBCOMMANDS {
        assert_code(&world, &[subcommand, "--no-such-flag"], 2);
        assert_code(&world, &["--json", subcommand, "--no-such-flag"], 2);
    }
    assert_code(&world, &["no-such-command"], 2);
    assert_code(&world, &["conflate", "cut.otio"], 2);
    assert_code(&world, &["conflate", "cut.otio", "--out", "out", "--preset", "prores"], 2);
    // What only shows when the cut or the configuration is there.
    assert_code(&world, &["conflate", "cut.otio", "--out", "out", "--only", "z"], 2);
    assert_code(&world, &["plan", "cut.otio", "--view", "sRGB"], 2);
    assert_code(&world, &["plan", "cut.otio", "--shots", "track:V9"], 2);
    assert!(!world.path("out").exists());
}

#[test]
fn help_and_version_are_no_errors() {
    for subcommand in SUBCOMMANDS {
        let help = command(&[subcommand, "--help"]).output().expect("the command starts");
        assert!(help.status.success() && said(&help).contains("Usage: otio-conflate"), "{subcommand}");
        let version = command(&[subcommand, "--version"]).output().expect("the command starts");
        assert!(version.status.success() && said(&version).contains(env!("CARGO_PKG_VERSION")), "{subcommand}");
    }
    let version = command(&["--version"]).output().expect("the command starts");
    assert_eq!(said(&version), format!("otio-conflate {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn inputs_that_are_not_there_keep_everything_from_beginning() {
    let world = World::new();
    world.write("gone.otio", "gone.mp4", 80);
    let options = r#"{"command": ["no-such-python"]}"#;
    std::fs::write(world.path("options.json"), options).expect("a file");
    let before = world.tree();
    for arguments in [
        &["inspect", "no.otio"][..],
        &["plan", "no.otio"],
        &["conflate", "no.otio", "--out", "out"],
        &["conflate", "gone.otio", "--out", "out"],
        &["transcode", "no.mov", "--out", "out", "--representation", "poster"],
        &["trim", "no.mov", "piece.mov=0-9"],
        &["review", "no.json", "--out", "out"],
        &["resolve", "no.otio", "--out", "out"],
        &["resolve", "cut.otio", "--out", "out", "--options", "options.json"],
        &["resolve", "poll", "no.ticket"],
        &["diff", "cut.otio", "no.otio"],
    ] {
        assert_code(&world, arguments, 3);
    }
    assert_eq!(world.tree(), before);
}

#[test]
fn everything_that_is_asked_for_is_a_success() {
    let world = World::new();
    for arguments in [
        &["inspect", "cut.otio"][..],
        &["plan", "cut.otio"],
        &["conflate", "cut.otio", "--out", "out"],
        &["conflate", "cut.otio", "--out", "out", "--existing", "skip"],
        &["transcode", "media.mp4", "--out", "other", "--representation", "poster"],
        &["trim", "media.mp4", "piece.mov=0-9"],
        &["review", "out/manifest.json", "--out", "review"],
        &["diff", "cut.otio", "cut.otio"],
        &["completions", "zsh"],
        &["man"],
    ] {
        assert_code(&world, arguments, 0);
    }
    // The same again is in the way.
    assert_code(&world, &["conflate", "cut.otio", "--out", "out"], 3);
    assert_code(&world, &["transcode", "media.mp4", "--out", "other", "--representation", "poster"], 3);
}

#[test]
#[cfg(unix)]
fn what_fails_on_the_way_is_told_apart_from_what_could_not_begin() {
    let world = World::new();
    assert_code(&world, &["conflate", "cut.otio", "--out", "out"], 0);
    // The media ends in the middle of the last shot.
    movie(&world.path("short.mp4"), 0..66, "24", "-c:v libx264 -g 12 -preset veryfast");
    world.write("short.otio", "short.mp4", 80);
    let failed = world.run(&["conflate", "short.otio", "--out", "short", "--overrun", "error"]);
    assert_eq!(failed.status.code(), Some(1), "{}", said(&failed));
    assert!(world.path("short/a.mov").is_file() && !world.path("short/c.mov").exists(), "{}", said(&failed));
    // A file that may not grow.
    for arguments in [
        &["conflate", "cut.otio", "--out", "full", "--preset", "ffv1"][..],
        &["transcode", "media.mp4", "--out", "full", "--representation", "ffv1"],
        &["trim", "media.mp4", "--preset", "ffv1", "--copy", "never", "piece.mkv=0-69"],
        &["review", "out/manifest.json", "--out", "full", "--preset", "ffv1"],
    ] {
        let output = world.limited(4, arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", said(&output));
    }
}

#[test]
#[cfg(unix)]
fn an_interrupt_ends_with_130_in_every_subcommand_that_renders() {
    let world = World::new();
    movie(&world.path("long.mp4"), (0..1000).chain(0..1000).chain(0..1000), "24", "-c:v libx264 -preset ultrafast");
    world.write("long.otio", "long.mp4", 3000);
    let text = std::fs::read_to_string(world.path("long.otio")).expect("a text");
    std::fs::write(world.path("long.otio"), text.replace("\"value\":10", "\"value\":1000")).expect("a file");
    assert_code(&world, &["conflate", "cut.otio", "--out", "out"], 0);
    let manifest = std::fs::read_to_string(world.path("out/manifest.json")).expect("a text");
    assert!(manifest.contains("a.mov"));
    for arguments in [
        &["conflate", "long.otio", "--out", "stopped", "--preset", "hevc"][..],
        &["transcode", "long.mp4", "--out", "stopped", "--representation", "hevc"],
        &["trim", "long.mp4", "--copy", "never", "--preset", "hevc", "stopped/piece.mp4=0-2999"],
    ] {
        std::fs::create_dir_all(world.path("stopped")).expect("a folder");
        let mut child = command(arguments).current_dir(world.path("")).spawn().expect("the command starts");
        let part = |entry: std::io::Result<std::fs::DirEntry>| {
            entry.is_ok_and(|entry| entry.file_name().to_string_lossy().ends_with(".part"))
        };
        while !std::fs::read_dir(world.path("stopped")).expect("a folder").any(part) {
            assert!(child.try_wait().expect("a child").is_none(), "{arguments:?}: it ended too early");
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        let number = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a number");
        rustix::process::kill_process(number, rustix::process::Signal::INT).expect("it is ours");
        let status = child.wait().expect("it ends");
        assert_eq!(status.code(), Some(130), "{arguments:?}");
        let left: Vec<_> = std::fs::read_dir(world.path("stopped")).expect("a folder").flatten().collect();
        assert!(left.iter().all(|entry| !entry.file_name().to_string_lossy().ends_with(".part")), "{left:?}");
        std::fs::remove_dir_all(world.path("stopped")).expect("it can be removed");
    }
}
