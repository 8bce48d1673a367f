//! A cut of three shots, and the command run on it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::common::movie;
use crate::otio;

/// Frames of each shot.
pub(crate) const FRAMES: usize = 10;

/// The command, in a process of its own.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_otio-conflate"));
    command.args(arguments).stdin(std::process::Stdio::null());
    command
}

/// A folder with a movie, and cuts of it.
pub(crate) struct World {
    folder: TempDir,
}

impl World {
    /// `media.mp4` of 80 frames, and `cut.otio` of the shots `a`, `b` and `c` of ten frames each.
    pub(crate) fn new() -> World {
        let world = World { folder: tempfile::tempdir().expect("a temporary folder") };
        movie(&world.path("media.mp4"), 0..80, "24", "-c:v libx264 -g 12 -preset veryfast");
        world.write("cut.otio", "media.mp4", 80);
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A cut of `media`, which claims to have `frames` frames.
    pub(crate) fn write(&self, name: &str, media: &str, frames: usize) {
        let external = otio::external(&self.path(media).to_string_lossy(), otio::range(0, frames, 24));
        let shot = |(index, name)| otio::clip_of(name, otio::range(20 + index * 20, FRAMES, 24), external.clone());
        let clips: Vec<Value> = ["a", "b", "c"].into_iter().enumerate().map(shot).collect();
        let cut = otio::timeline_at(otio::time(86_400, 24), [otio::track("V1", clips)]);
        std::fs::write(self.path(name), cut.to_string()).expect("the folder can be written to");
    }

    /// Runs it in the folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        command(arguments).current_dir(self.folder.path()).output().expect("the command starts")
    }

    /// Runs it in the folder, where no file may grow beyond so many kilobytes.
    pub(crate) fn limited(&self, kilobytes: usize, arguments: &[&str]) -> Output {
        self.below("ulimit -f", kilobytes, arguments)
    }

    /// Runs it in the folder, where it may have so many kilobytes of data.
    pub(crate) fn limited_memory(&self, kilobytes: usize, arguments: &[&str]) -> Output {
        self.below("ulimit -d", kilobytes, arguments)
    }

    fn below(&self, limit: &str, kilobytes: usize, arguments: &[&str]) -> Output {
        let inner = command(arguments);
        let mut shell = Command::new("bash");
        shell.args(["-c", &format!("{limit} \"$0\" && exec \"$@\""), &kilobytes.to_string()]);
        shell.arg(inner.get_program()).args(inner.get_args()).current_dir(self.folder.path());
        shell.output().expect("bash is installed")
    }

    /// Everything in the folder: paths and sizes.
    pub(crate) fn tree(&self) -> Vec<(PathBuf, u64)> {
        let mut found = Vec::new();
        list(self.folder.path(), &mut found);
        found.sort();
        found
    }
}

fn list(folder: &Path, found: &mut Vec<(PathBuf, u64)>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let metadata = path.symlink_metadata().expect("it is there");
        if metadata.is_dir() {
            list(&path, found);
        }
        found.push((path, if metadata.is_dir() { 0 } else { metadata.len() }));
    }
}

/// What was printed, both ways.
pub(crate) fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The one document on the standard output.
#[track_caller]
pub(crate) fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error:#}: {}", said(output)))
}
