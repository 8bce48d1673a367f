//! A file or folder under another path by a bind mount: refused like the one it is.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::otio;
use crate::world::{samples, tree};

/// How a file or folder gets its second path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By a bind mount that only the tested process sees.
    Mount,
    /// By a symbolic link to a folder, or a hard link to a file.
    Link,
}

/// Options of `unshare` that allow mounting here; `None` where nothing does.
static UNSHARE: LazyLock<Option<&'static [&'static str]>> = LazyLock::new(|| {
    let ways: [&[&str]; 2] = [
        &["--mount", "--propagation", "private"],
        &["--user", "--map-root-user", "--mount", "--propagation", "private"],
    ];
    let folder = tempfile::tempdir().expect("a folder");
    ways.into_iter().find(|options| {
        let mut command = Command::new("unshare");
        command.args(*options).args(["mount", "--bind"]).args([folder.path(), folder.path()]);
        command.output().is_ok_and(|output| output.status.success())
    })
});

/// The command.
fn program() -> PathBuf {
    env!("CARGO_BIN_EXE_otio-conflate").into()
}

/// A target that is something which is read, under another path.
struct Case {
    name: &'static str,
    /// What gets the second path `second`, below the temporary folder. A folder, unless it has an ending.
    bound: &'static str,
    /// The media reference.
    medium: Medium,
    /// The output folder, and the shot's name in it.
    out: &'static str,
    shot: &'static str,
    preset: &'static str,
    /// What the message says: the target, and how it stands to what is read.
    told: [&'static str; 2],
}

/// What the clip refers to, below the temporary folder.
#[derive(Clone, Copy)]
enum Medium {
    File(&'static str),
    /// Frames `plate.1001.png` and `plate.1002.png` in this folder.
    Frames(&'static str),
    /// What `show/cut.otiod` holds; that is the timeline, too.
    Bundle,
}

const CASES: &[Case] = &[
    Case {
        name: "the medium's folder",
        bound: "show/media",
        medium: Medium::File("show/media/a.mov"),
        out: "second",
        shot: "a",
        preset: "prores-lt",
        told: ["/second/a.mov is the medium", "/show/media/a.mov"],
    },
    Case {
        name: "the medium's folder, which is read by its second path",
        bound: "show/media",
        medium: Medium::File("second/a.mov"),
        out: "show/media",
        shot: "a",
        preset: "prores-lt",
        told: ["/show/media/a.mov is the medium", "/second/a.mov"],
    },
    Case {
        name: "the medium itself",
        bound: "show/media/a.mov",
        medium: Medium::File("show/media/a.mov"),
        out: "out",
        shot: "second",
        preset: "prores-lt",
        told: ["/out/second.mov is the medium", "/show/media/a.mov"],
    },
    Case {
        name: "a folder in which the medium's folder lies",
        bound: "show",
        medium: Medium::File("show/media/a.mov"),
        out: "second/media",
        shot: "a",
        preset: "prores-lt",
        told: ["/second/media/a.mov is the medium", "/show/media/a.mov"],
    },
    Case {
        name: "a folder of frames that contains the medium",
        bound: "show",
        medium: Medium::File("show/media/a.mov"),
        out: "second",
        shot: "media",
        preset: "png",
        told: ["/second/media contains the medium", "/show/media/a.mov"],
    },
    Case {
        name: "a folder of frames that contains the medium, which is read by its second path",
        bound: "show/media/deep",
        medium: Medium::File("second/b.mov"),
        out: "show",
        shot: "media",
        preset: "png",
        told: ["/show/media contains the medium", "/second/b.mov"],
    },
    Case {
        name: "among the frames of a sequence",
        bound: "show/plates",
        medium: Medium::Frames("show/plates"),
        out: "second",
        shot: "new",
        preset: "prores-lt",
        told: ["/second/new.mov lies inside the frame sequence in", "/show/plates"],
    },
    Case {
        name: "a sequence's folder",
        bound: "show",
        medium: Medium::Frames("show/plates"),
        out: "second",
        shot: "plates",
        preset: "png",
        told: ["/second/plates is the folder of the frame sequence in", "/show/plates"],
    },
    Case {
        name: "inside a bundle, through a folder of it",
        bound: "show/cut.otiod/media",
        medium: Medium::Bundle,
        out: "second",
        shot: "new",
        preset: "prores-lt",
        told: ["/second/new.mov lies inside the bundle", "/show/cut.otiod"],
    },
    Case {
        name: "inside a bundle, in a new folder",
        bound: "show",
        medium: Medium::Bundle,
        out: "second/cut.otiod/renders/v1",
        shot: "new",
        preset: "prores-lt",
        told: ["/second/cut.otiod/renders/v1/new.mov lies inside the bundle", "/show/cut.otiod"],
    },
    Case {
        name: "where a missing medium would be",
        bound: "show/media",
        medium: Medium::File("show/media/missing.mov"),
        out: "second",
        shot: "missing",
        preset: "prores-lt",
        told: ["/second/missing.mov is the medium", "/show/media/missing.mov, which is missing"],
    },
    Case {
        name: "above where a missing medium would be",
        bound: "show/media",
        medium: Medium::File("show/media/new/missing.mov"),
        out: "second",
        shot: "new",
        preset: "png",
        told: ["/second/new contains the medium", "/show/media/new/missing.mov, which is missing"],
    },
];

/// The files that all cases are about.
fn files() -> TempDir {
    let root = tempfile::tempdir().expect("a folder");
    let (movie, _) = samples();
    let write = |name: &str, content: &[u8]| {
        let path = root.path().join(name);
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("folders");
        std::fs::write(path, content).expect("a file");
    };
    for name in ["show/media/a.mov", "show/media/deep/b.mov", "show/cut.otiod/media/a.mov"] {
        write(name, movie);
    }
    for number in [1001, 1002] {
        write(&format!("show/plates/plate.{number}.png"), b"a frame");
    }
    std::fs::create_dir(root.path().join("out")).expect("a folder");
    root
}

/// A cut of one clip, which gives the shot its name.
fn cut(root: &Path, case: &Case) -> Value {
    let range = |start, count| otio::range(start, count, 24);
    let external = |url: PathBuf| otio::external(&url.to_string_lossy(), range(0, 2));
    let (reference, start) = match case.medium {
        Medium::File(name) => (external(root.join(name)), 0),
        Medium::Bundle => (external("media/a.mov".into()), 0),
        Medium::Frames(folder) => {
            let folder = root.join(folder);
            (otio::image_sequence(&folder.to_string_lossy(), ("plate.", ".png"), 1001, range(1001, 2)), 1001)
        }
    };
    let clip = otio::clip_of(case.shot, range(start, 2), reference);
    otio::timeline_at(Value::Null, [otio::track("V1", [clip])])
}

/// Runs the program once; `None` where this way cannot be gone.
fn run(root: &Path, case: &Case, way: Way, mode: &str) -> Option<Output> {
    let bundle = root.join("show/cut.otiod");
    let timeline = match case.medium {
        Medium::Bundle => {
            std::fs::write(bundle.join("version.txt"), "1.0.0").expect("a file");
            std::fs::write(bundle.join("content.otio"), cut(root, case).to_string()).expect("a file");
            bundle
        }
        _ => {
            let path = root.join("cut.otio");
            std::fs::write(&path, cut(root, case).to_string()).expect("a file");
            path
        }
    };
    let (bound, is_file) = (root.join(case.bound), case.bound.ends_with(".mov"));
    let second = root.join(if is_file { "out/second.mov" } else { "second" });
    let program = program();
    let mut command = match way {
        Way::Mount => {
            let options = (*UNSHARE)?;
            match is_file {
                true => std::fs::write(&second, "").expect("a file"),
                false => std::fs::create_dir(&second).expect("a folder"),
            }
            let mut command = Command::new("unshare");
            command.args(options).args(["sh", "-c", "mount --bind \"$1\" \"$2\" && shift 2 && exec \"$@\"", "sh"]);
            command.args([&bound, &second, &program]);
            command
        }
        Way::Link => {
            match is_file {
                true => std::fs::hard_link(&bound, &second).expect("a link"),
                false => std::os::unix::fs::symlink(&bound, &second).expect("a link"),
            }
            Command::new(program)
        }
    };
    command.arg("conflate").arg(timeline).arg("--out").arg(root.join(case.out)).args(["--preset", case.preset]);
    command.args(["--existing", mode, "--media-missing", "black", "--audio", "none"]);
    let before = tree(root);
    let output = command.output().expect("it starts");
    assert!(before == tree(root), "{}, {way:?}, {mode}: something changed\n{output:?}", case.name);
    Some(output)
}

#[test]
fn what_is_read_is_refused_under_a_second_path_in_every_mode() {
    let ways: &[Way] = match *UNSHARE {
        Some(_) => &[Way::Mount, Way::Link],
        None => {
            eprintln!("bind mounts cannot be tested: mounting is not permitted here; links alone are");
            &[Way::Link]
        }
    };
    let mut wrong = Vec::new();
    for case in CASES {
        for &way in ways {
            for mode in ["error", "skip", "overwrite", "overwrite-foreign"] {
                let files = files();
                // Messages show paths as they were given, the tests' own folder may be behind a link.
                let root = files.path().canonicalize().expect("it is there");
                let output = run(&root, case, way, mode).expect("this way can be gone");
                let text = String::from_utf8_lossy(&output.stderr).into_owned();
                let [target, other] = case.told;
                let (target, how) = target.split_once(' ').expect("a path and how it stands");
                // An output folder is followed to where a link leads; a mount leads nowhere else.
                let target = if way == Way::Mount { root.display().to_string() + target } else { String::new() };
                let told = [format!("{target} {how}"), format!("{how} {}{other}", root.display())];
                let told = told.map(|part| text.contains(&part));
                if output.status.success() || told != [true, true] || !text.contains("nothing was rendered") {
                    wrong.push(format!("{}, {way:?}, {mode}: {}\n{text}", case.name, output.status));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
