//! A cut of many short shots, its local run, its job, and tasks of that in processes of their own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::common::movie;
use crate::otio;

/// Frames of each shot.
pub(crate) const FRAMES: usize = 6;

/// The command, with output that can be read.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_otio-conflate"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What was printed, both ways.
pub(crate) fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A folder with `media/a.mp4` and `media/b.mp4`, and `cut.otio` of them.
pub(crate) struct World {
    folder: TempDir,
}

impl World {
    /// A cut of `shots` shots, alternating between two movies.
    pub(crate) fn new(shots: usize) -> World {
        let world = World { folder: tempfile::tempdir().expect("a temporary folder") };
        fs::create_dir(world.path("media")).expect("a new folder");
        let frames = FRAMES * 8 + 40;
        let numbers = u16::try_from(frames).expect("a short movie");
        movie(&world.path("media/a.mp4"), 0..numbers, "24", "-c:v libx264 -g 12 -preset veryfast");
        movie(&world.path("media/b.mp4"), 0..numbers, "24", "-c:v libx264 -g 12 -preset veryfast -pix_fmt yuv422p10le");
        let clip = |index: usize| {
            let media = world.path(if index.is_multiple_of(2) { "media/a.mp4" } else { "media/b.mp4" });
            let external = otio::external(&media.to_string_lossy(), otio::range(0, frames, 24));
            otio::clip_of(&name(index), otio::range(20 + index % 8 * FRAMES, FRAMES, 24), external)
        };
        let clips: Vec<Value> = (0..shots).map(clip).collect();
        let cut = otio::timeline_at(otio::time(86_400, 24), [otio::track("V1", clips)]);
        fs::write(world.path("cut.otio"), cut.to_string()).expect("the folder can be written to");
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the command in the folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        command(arguments).current_dir(self.folder.path()).output().expect("the command starts")
    }

    /// The same, and it succeeds.
    #[track_caller]
    pub(crate) fn done(&self, arguments: &[&str]) -> Output {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        output
    }

    /// Starts a task that renders, number `chunk` of `chunks` of the job in `job`.
    pub(crate) fn start(&self, (chunk, chunks): (usize, usize), more: &[&str]) -> Child {
        let (chunk, chunks) = (chunk.to_string(), chunks.to_string());
        let arguments = [&["task", "render", "job/data", "--chunk", &chunk, "--chunks", &chunks][..], more].concat();
        command(&arguments).current_dir(self.folder.path()).spawn().expect("the command starts")
    }

    /// Runs one to its end.
    pub(crate) fn task(&self, chunk: (usize, usize), more: &[&str]) -> Output {
        self.start(chunk, more).wait_with_output().expect("the task runs to its end")
    }

    /// The manifest in the folder `name`.
    pub(crate) fn manifest(&self, name: &str) -> Value {
        let bytes = fs::read(self.path(name).join("manifest.json")).expect("a manifest");
        serde_json::from_slice(&bytes).expect("JSON")
    }
}

/// The name of shot number `index`.
pub(crate) fn name(index: usize) -> String {
    format!("sh{:04}", (index + 1) * 10)
}

/// What a manifest says, without what differs from run to run: when and why something was done, and when files were written.
pub(crate) fn lasting(mut manifest: Value) -> Value {
    let mut files: Vec<String> = manifest["files"]
        .as_array()
        .expect("a list of files")
        .iter()
        .map(|file| format!("{} {}", file["path"], file["bytes"]))
        .collect();
    // Two tasks may have written the same file.
    files.dedup();
    manifest["files"] = files.into();
    for shot in manifest["shots"].as_array_mut().expect("shots") {
        let shot = shot.as_object_mut().expect("an object");
        let status = shot.remove("status").expect("a status");
        assert!(status == "done" || status == "skipped", "{shot:?}");
        shot.remove("elapsed");
        shot.remove("reason");
        let written = |made: &mut Value| {
            if let Some(pictures) = made.get_mut("pictures").and_then(Value::as_object_mut) {
                pictures.remove("modified").expect("when they were written");
            }
        };
        let representations = shot.get_mut("representations").and_then(Value::as_array_mut);
        representations.into_iter().flatten().for_each(written);
        if let Some(pictures) = shot.get_mut("pictures").and_then(Value::as_object_mut) {
            pictures.remove("modified").expect("when they were written");
        }
    }
    manifest
}

/// Every file in `folder` with its bytes, but for the manifest and what is hidden.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if name.starts_with('.') || name == "manifest.json" {
            continue;
        }
        if path.is_dir() {
            let inner = files(&path).into_iter();
            found.extend(inner.map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        } else {
            found.insert(name, fs::read(&path).expect("a file"));
        }
    }
    found
}

/// Hidden names in `folder`, but for that of part manifests.
pub(crate) fn leftovers(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| name.starts_with('.') && name != ".otio-conflate-parts").collect()
}
