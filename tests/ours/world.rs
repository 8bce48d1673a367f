//! A small tree of files, what lies in it, and what has become of it.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use otio_conflate::Plan;
use otio_conflate::plan::PlanOptions;
use serde_json::Value;
use tempfile::TempDir;

use crate::common::ffmpeg;
use crate::otio;

/// A movie of two frames of 32 × 18, with sound, and a WAV file.
pub(crate) fn samples() -> &'static (Vec<u8>, Vec<u8>) {
    static MADE: OnceLock<(Vec<u8>, Vec<u8>)> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).to_str().expect("a plain name").to_owned();
        let (movie, wav) = (path("a.mov"), path("a.wav"));
        let picture = ["-f", "lavfi", "-i", "testsrc=s=32x18:r=24:d=0.0834"];
        ffmpeg(
            &[&picture[..], &["-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-frames:v", "2", "-f", "mov", &movie]].concat(),
            None,
        );
        ffmpeg(&["-f", "lavfi", "-i", "sine=r=48000:d=0.0834", "-c:a", "pcm_s16le", &wav], None);
        let read = |path: &str| std::fs::read(path).expect("it was made");
        (read(&movie), read(&wav))
    })
}

/// What an entry of a tree is, and everything that would change if it was touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    inode: u64,
    mode: u32,
    modified: (i64, i64),
    content: Vec<u8>,
}

/// Every entry below a folder, but for the times of folders, which change with what is put into them.
pub(crate) type Tree = BTreeMap<PathBuf, Entry>;

pub(crate) fn tree(root: &Path) -> Tree {
    let mut found = Tree::new();
    let mut next = vec![root.to_owned()];
    while let Some(folder) = next.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            let metadata = entry.symlink_metadata().expect("it is there");
            let kind = metadata.file_type();
            let content = if kind.is_file() {
                std::fs::read(&entry).expect("a file")
            } else if kind.is_symlink() {
                std::fs::read_link(&entry).expect("a link").into_os_string().into_encoded_bytes()
            } else {
                Vec::new()
            };
            let modified = if kind.is_dir() { (0, 0) } else { (metadata.mtime(), metadata.mtime_nsec()) };
            if kind.is_dir() {
                next.push(entry.clone());
            }
            found.insert(entry, Entry { inode: metadata.ino(), mode: metadata.mode(), modified, content });
        }
    }
    found
}

pub(crate) struct World {
    pub(crate) root: TempDir,
    /// Where movies of the cut lie.
    pub(crate) media: Vec<PathBuf>,
    /// Where frames `plate.1001.png` and `plate.1002.png` lie.
    pub(crate) sequences: Vec<PathBuf>,
    pub(crate) timeline: PathBuf,
    pub(crate) inputs: Vec<PathBuf>,
}

impl World {
    pub(crate) fn new() -> World {
        // In memory, where there is such a place: a thousand cells wait for no disk.
        let root = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder");
        let world = World {
            media: Vec::new(),
            sequences: Vec::new(),
            timeline: root.path().join("show/cut.otio"),
            inputs: Vec::new(),
            root,
        };
        for folder in ["show/media", "out"] {
            std::fs::create_dir_all(world.path(folder)).expect("a folder");
        }
        world.file("show/cut.otio", b"a timeline");
        world.file("show/other.txt", b"precious");
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn file(&self, name: impl AsRef<Path>, content: &[u8]) -> PathBuf {
        let path = self.root.path().join(name);
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("folders");
        std::fs::write(&path, content).expect("a file");
        path
    }

    /// Adds a movie, or for `wav` a sound, as a medium of the cut.
    pub(crate) fn medium(&mut self, path: &Path, wav: bool) -> PathBuf {
        let (movie, sound) = samples();
        let path = self.file(path, if wav { sound } else { movie });
        self.media.push(path.clone());
        path
    }

    /// Adds a frame sequence in `folder` as a medium.
    pub(crate) fn sequence(&mut self, folder: &Path) -> PathBuf {
        for number in [1001, 1002] {
            self.file(folder.join(format!("plate.{number}.png")), b"a frame");
        }
        let folder = self.root.path().join(folder);
        self.sequences.push(folder.clone());
        folder
    }

    /// A cut of all media, in both kinds of track; its one shot is called `name`.
    pub(crate) fn plan(&self, name: &str) -> Plan {
        let range = |start, count| otio::range(start, count, 24);
        let movie = |path: &PathBuf| otio::external(&path.to_string_lossy(), range(0, 2));
        let frames = |folder: &PathBuf| {
            otio::image_sequence(&folder.to_string_lossy(), ("plate.", ".png"), 1001, range(1001, 2))
        };
        let mut clips: Vec<Value> =
            self.media.iter().map(|path| otio::clip_of("other", range(0, 2), movie(path))).collect();
        clips.extend(self.sequences.iter().map(|folder| otio::clip_of("other", range(1001, 2), frames(folder))));
        assert!(!clips.is_empty(), "a cut without media shows nothing");
        let sounds: Vec<Value> =
            self.media.iter().map(|path| otio::clip_of("sound", range(0, 2), movie(path))).collect();
        let tracks = [otio::track("Video", clips), otio::audio_track("Audio", sounds)];
        let mut timeline = otio::read(&otio::timeline_at(Value::Null, tracks));
        timeline.path = Some(self.timeline.clone());
        let mut options = PlanOptions::default();
        options.shots = format!("ranges:{name}=0-1").parse().expect("shots");
        Plan::new(&timeline, &options).expect("a plan")
    }
}
