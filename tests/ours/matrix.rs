//! Tool × mode × what lies at the target: what is not ours stays as it is, to the inode and the time.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use otio_conflate::{ErrorKind, Existing};

use crate::tools::Tool;
use crate::world::{World, tree};

/// What may come of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// An error before anything is rendered.
    Refused,
    /// It is written.
    Written,
}
use Outcome::{Refused, Written};

/// What lies at a target, or where the target lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Nothing,
    TheMedium,
    HardLinkToTheMedium,
    SymlinkToTheMedium,
    ThroughALinkedFolder,
    FolderWithTheMedium,
    AmongFramesOfTheMedium,
    HardLinkToAFrame,
    TheTimeline,
    HardLinkToTheTimeline,
    HardLinkToTheBundle,
    InsideTheArchive,
    InsideTheBundleFolder,
    AnInput,
    WhereAMissingMediumWouldBe,
    ForeignFile,
    ForeignFolder,
    EmptyFolder,
    SymlinkToAForeignFile,
    DanglingSymlink,
    Fifo,
    Socket,
    Device,
    ForeignManifest,
    FifoAsManifest,
    ForeignCut,
    LinkedFolder,
    Own,
    OwnChangedSince,
    OwnReplacedSince,
    OwnWithAForeignNeighbour,
    AnotherRuns,
}

const KINDS: &[Kind] = &[
    Kind::Nothing,
    Kind::TheMedium,
    Kind::HardLinkToTheMedium,
    Kind::SymlinkToTheMedium,
    Kind::ThroughALinkedFolder,
    Kind::FolderWithTheMedium,
    Kind::AmongFramesOfTheMedium,
    Kind::HardLinkToAFrame,
    Kind::TheTimeline,
    Kind::HardLinkToTheTimeline,
    Kind::HardLinkToTheBundle,
    Kind::InsideTheArchive,
    Kind::InsideTheBundleFolder,
    Kind::AnInput,
    Kind::WhereAMissingMediumWouldBe,
    Kind::ForeignFile,
    Kind::ForeignFolder,
    Kind::EmptyFolder,
    Kind::SymlinkToAForeignFile,
    Kind::DanglingSymlink,
    Kind::Fifo,
    Kind::Socket,
    Kind::Device,
    Kind::ForeignManifest,
    Kind::FifoAsManifest,
    Kind::ForeignCut,
    Kind::LinkedFolder,
    Kind::Own,
    Kind::OwnChangedSince,
    Kind::OwnReplacedSince,
    Kind::OwnWithAForeignNeighbour,
    Kind::AnotherRuns,
];

/// A cell, set up: the world, the output folder, and what has to come of it; `None` where there is no such cell.
fn set_up(tool: Tool, mode: Existing, kind: Kind) -> Option<(World, PathBuf, Outcome)> {
    let mut world = World::new();
    let name = tool.target();
    let wav = tool.hears();
    let (media, out) = (Path::new("show/media"), Path::new("out"));
    let target = world.path("out").join(name);
    let is_folder = tool == Tool::Frames;
    let single = matches!(tool, Tool::Mix | Tool::Transcode | Tool::Trim);
    let foreign = mode == Existing::OverwriteForeign;
    let in_frames = |world: &World| world.path("show/plates");
    // Every cut has a medium that lies somewhere else.
    let elsewhere = |world: &mut World| world.medium(&media.join("elsewhere.mov"), wav);
    let mut folder = world.path("out");
    let mut outcome = Refused;
    match kind {
        Kind::Nothing => {
            elsewhere(&mut world);
            outcome = Written;
        }
        Kind::TheMedium if is_folder => {
            elsewhere(&mut world);
            world.sequence(&out.join(name));
        }
        Kind::TheMedium => {
            world.medium(&out.join(name), wav);
        }
        Kind::HardLinkToTheMedium if is_folder => {
            let medium = elsewhere(&mut world);
            std::fs::create_dir(&target).expect("a folder");
            std::fs::hard_link(medium, target.join("a.1001.png")).expect("a link");
        }
        Kind::HardLinkToTheMedium => {
            let medium = elsewhere(&mut world);
            std::fs::hard_link(medium, &target).expect("a link");
        }
        Kind::SymlinkToTheMedium if is_folder => {
            elsewhere(&mut world);
            let frames = world.sequence(Path::new("show/plates"));
            symlink(frames, &target).expect("a link");
        }
        Kind::SymlinkToTheMedium => {
            let medium = elsewhere(&mut world);
            symlink(medium, &target).expect("a link");
        }
        Kind::ThroughALinkedFolder => {
            match is_folder {
                true => {
                    elsewhere(&mut world);
                    world.sequence(&media.join(name));
                }
                false => drop(world.medium(&media.join(name), wav)),
            }
            folder = world.path("linked");
            symlink(world.path("show/media"), &folder).expect("a link");
        }
        Kind::FolderWithTheMedium => {
            world.medium(&out.join(name).join("deep/a.mov"), wav);
        }
        // These read one file alone.
        Kind::AmongFramesOfTheMedium if matches!(tool, Tool::Transcode | Tool::Trim) => return None,
        Kind::AmongFramesOfTheMedium => {
            elsewhere(&mut world);
            folder = world.sequence(Path::new("show/plates"));
        }
        Kind::HardLinkToAFrame if is_folder => return None,
        Kind::HardLinkToAFrame if matches!(tool, Tool::Transcode | Tool::Trim) => return None,
        Kind::HardLinkToAFrame => {
            elsewhere(&mut world);
            world.sequence(Path::new("show/plates"));
            std::fs::hard_link(in_frames(&world).join("plate.1002.png"), &target).expect("a link");
        }
        Kind::TheTimeline | Kind::HardLinkToTheTimeline if is_folder => return None,
        Kind::TheTimeline | Kind::HardLinkToTheTimeline if matches!(tool, Tool::Transcode | Tool::Trim) => return None,
        Kind::TheTimeline => {
            elsewhere(&mut world);
            world.timeline = world.file(out.join(name), b"a timeline");
        }
        Kind::HardLinkToTheTimeline => {
            elsewhere(&mut world);
            std::fs::hard_link(&world.timeline, &target).expect("a link");
        }
        // These open their medium first.
        Kind::HardLinkToTheBundle | Kind::InsideTheArchive if single || is_folder => return None,
        Kind::HardLinkToTheBundle => {
            let bundle = world.file("show/cut.otioz", b"an archive");
            world.media.push(bundle.join("media/a.mov"));
            std::fs::hard_link(bundle, &target).expect("a link");
        }
        Kind::InsideTheArchive => {
            let bundle = world.file("show/cut.otioz", b"an archive");
            world.media.push(bundle.join("media/a.mov"));
            folder = bundle.join("media");
        }
        Kind::InsideTheBundleFolder => {
            world.medium(Path::new("show/cut.otiod/media/a.mov"), wav);
            world.file("show/cut.otiod/content.otio", b"a timeline");
            folder = world.path("show/cut.otiod/renders/v1");
        }
        Kind::AnInput if is_folder || tool == Tool::Trim => return None,
        Kind::AnInput => {
            elsewhere(&mut world);
            let dailies = br#"{"name": "ffv1", "preset": "ffv1"}"#;
            let input = world.file("show/dailies.json", dailies);
            std::fs::hard_link(&input, &target).expect("a link");
            world.inputs.push(input);
        }
        Kind::WhereAMissingMediumWouldBe if single || is_folder => return None,
        Kind::WhereAMissingMediumWouldBe => world.media.push(target.clone()),
        Kind::ForeignFile => {
            elsewhere(&mut world);
            world.file(out.join(name), b"precious");
            outcome = if foreign { Written } else { Refused };
        }
        Kind::ForeignFolder => {
            elsewhere(&mut world);
            world.file(out.join(name).join("a.1001.png"), b"precious");
        }
        Kind::EmptyFolder => {
            elsewhere(&mut world);
            std::fs::create_dir(&target).expect("a folder");
        }
        Kind::SymlinkToAForeignFile => {
            elsewhere(&mut world);
            symlink(world.path("show/other.txt"), &target).expect("a link");
        }
        Kind::DanglingSymlink => {
            elsewhere(&mut world);
            symlink(world.path("nowhere"), &target).expect("a link");
        }
        Kind::Fifo => {
            elsewhere(&mut world);
            run("mkfifo", &[&target])?;
        }
        Kind::Socket => {
            elsewhere(&mut world);
            drop(std::os::unix::net::UnixListener::bind(&target).expect("a socket"));
        }
        Kind::Device => {
            elsewhere(&mut world);
            // The null device; who may not make one has no such cell.
            run("mknod", &[&target, Path::new("c"), Path::new("1"), Path::new("3")])?;
        }
        Kind::ForeignManifest => {
            elsewhere(&mut world);
            world.file(out.join("manifest.json"), br#"{"name": "somebody's web page"}"#);
            outcome = if single || foreign { Written } else { Refused };
        }
        Kind::FifoAsManifest => {
            elsewhere(&mut world);
            run("mkfifo", &[&world.path("out/manifest.json")])?;
            outcome = if single { Written } else { Refused };
        }
        Kind::ForeignCut => {
            elsewhere(&mut world);
            world.file(out.join("conflated.otio"), b"somebody's cut");
            outcome = if tool != Tool::Cut || foreign { Written } else { Refused };
        }
        Kind::LinkedFolder => {
            elsewhere(&mut world);
            folder = world.path("linked");
            symlink(world.path("out"), &folder).expect("a link");
            outcome = Written;
        }
        _ if !tool.delivers() => return None,
        Kind::Own | Kind::OwnChangedSince | Kind::OwnReplacedSince | Kind::OwnWithAForeignNeighbour => {
            elsewhere(&mut world);
            tool.run(&world, &folder, Existing::Error).expect("nothing is in the way");
            let file = if is_folder { target.join("a.1001.png") } else { target.clone() };
            let is_kept = mode != Existing::Error;
            match kind {
                Kind::Own => outcome = if is_kept { Written } else { Refused },
                Kind::OwnChangedSince => {
                    let mut content = std::fs::read(&file).expect("it was delivered");
                    *content.last_mut().expect("it is not empty") ^= 1;
                    let last = if is_folder { target.join("a.1002.png") } else { file.clone() };
                    let delivered = modified(&last);
                    // Some file systems' clocks stand still for ten milliseconds.
                    while modified(&file) <= delivered {
                        std::thread::sleep(std::time::Duration::from_millis(3));
                        std::fs::write(&file, &content).expect("a file");
                    }
                    outcome = if foreign && !is_folder { Written } else { Refused };
                }
                Kind::OwnReplacedSince => {
                    std::fs::remove_file(&file).expect("it was delivered");
                    std::fs::write(&file, "precious").expect("a file");
                    outcome = if foreign && !is_folder { Written } else { Refused };
                }
                _ if is_folder => drop(world.file(out.join(name).join("notes.txt"), b"precious")),
                _ => {
                    world.file(out.join("notes.txt"), b"precious");
                    outcome = if is_kept { Written } else { Refused };
                }
            }
        }
        Kind::AnotherRuns => {
            // Listed, but in the manifest of another folder.
            elsewhere(&mut world);
            tool.run(&world, &world.path("first"), Existing::Error).expect("nothing is in the way");
            std::fs::rename(world.path("first").join(name), &target).expect("it was delivered");
            outcome = if foreign && !is_folder { Written } else { Refused };
        }
    }
    Some((world, folder, outcome))
}

/// When a file was written last, in milliseconds, as manifests have it.
fn modified(file: &Path) -> u128 {
    let time = file.metadata().and_then(|metadata| metadata.modified()).expect("it is there");
    time.duration_since(std::time::UNIX_EPOCH).expect("a time after 1970").as_millis()
}

/// Runs a program of the system; `None` where it cannot.
fn run(program: &str, arguments: &[&Path]) -> Option<()> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then_some(())
}

/// Runs one cell; what is wrong with it.
fn check(tool: Tool, mode: Existing, kind: Kind) -> Option<Result<(), String>> {
    let (world, folder, outcome) = set_up(tool, mode, kind)?;
    let real = folder.canonicalize().unwrap_or_else(|_| folder.clone());
    let target = real.join(tool.target());
    let before = tree(world.root.path());
    let result = tool.run(&world, &folder, mode);
    let after = tree(world.root.path());
    let is_ours = |path: &Path| {
        let written = outcome == Written && path.starts_with(&target);
        // The other files of a shot, and what tells of them.
        let own =
            matches!(kind, Kind::Own | Kind::OwnChangedSince | Kind::OwnReplacedSince | Kind::OwnWithAForeignNeighbour);
        let is_note = path.file_name().is_some_and(|name| name == "notes.txt");
        let beside = outcome == Written && own && path.starts_with(&real) && !is_note;
        let names = ["manifest.json", "conflated.otio"];
        let told = path.parent() == Some(real.as_path())
            && path.file_name().is_some_and(|name| names.iter().any(|own| name == *own));
        let is_foreign_one = matches!(kind, Kind::ForeignManifest | Kind::ForeignCut | Kind::FifoAsManifest)
            && !(tool.is_run() && mode == Existing::OverwriteForeign);
        let told = told && outcome == Written && !is_foreign_one;
        written || beside || told
    };
    let wrong = || -> Result<(), String> {
        match (&result, outcome) {
            (Ok(()), Written) => {}
            (Err(error), Refused) if matches!(error.kind(), ErrorKind::Exists | ErrorKind::Option) => {}
            (Ok(()), Refused) => return Err("it was written".to_owned()),
            (Err(error), _) => return Err(format!("{:?}: {error:#}", error.kind())),
        }
        for (path, entry) in &before {
            match after.get(path) {
                _ if is_ours(path) => {}
                None => return Err(format!("{} is gone", path.display())),
                Some(now) if now != entry => return Err(format!("{} is another", path.display())),
                Some(_) => {}
            }
        }
        let new: Vec<&PathBuf> = after.keys().filter(|path| !before.contains_key(*path)).collect();
        if let Some(stray) = new.iter().find(|path| path.to_string_lossy().contains("/.otio-conflate")) {
            return Err(format!("{} is left", stray.display()));
        }
        if outcome == Refused && !new.is_empty() {
            return Err(format!("{new:?} is new"));
        }
        if outcome == Written && tool.delivers() && !target.exists() {
            return Err("nothing was written".to_owned());
        }
        Ok(())
    };
    Some(wrong())
}

#[test]
fn nothing_foreign_changes_whatever_writes_in_whichever_mode() {
    let column = |tool: Tool| {
        let mut cells = 0;
        let mut wrong = Vec::new();
        for &mode in tool.modes() {
            for &kind in KINDS {
                match check(tool, mode, kind) {
                    None => {}
                    Some(Ok(())) => cells += 1,
                    Some(Err(what)) => wrong.push(format!("{tool:?}, {mode:?}, {kind:?}: {what}")),
                }
            }
        }
        (cells, wrong)
    };
    let (cells, wrong) = std::thread::scope(|scope| {
        let columns: Vec<_> = Tool::ALL.iter().map(|&tool| scope.spawn(move || column(tool))).collect();
        columns.into_iter().fold((0, Vec::new()), |(cells, mut wrong), column| {
            let (more, others) = column.join().expect("a cell does not panic");
            wrong.extend(others);
            (cells + more, wrong)
        })
    });
    assert!(wrong.is_empty(), "{} cells are wrong, {cells} right:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cells >= 1000, "only {cells} cells");
    eprintln!("{cells} cells");
}
