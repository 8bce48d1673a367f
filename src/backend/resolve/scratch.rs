//! The folder that Resolve renders into.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};

/// What a folder's name begins with: hidden, until it is kept.
const PREFIX: &str = ".otio-conflate-resolve-";

/// A folder of our own. Dropped, it is removed with all that is in it, unless it is to be kept.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
    /// Whether it stays where it is.
    stays: bool,
    kept: AtomicBool,
}

impl Scratch {
    /// Makes a new one in `parent`, under a hidden name that ends with `ending`.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) when it cannot be made.
    pub(super) fn new(parent: &Path, ending: &str) -> Result<Scratch> {
        let failed = |error| Error::io("make a folder in", parent, error);
        // Resolve may be somewhere else.
        let parent = parent.canonicalize().map_err(failed)?;
        let made = tempfile::Builder::new().prefix(PREFIX).suffix(ending).tempdir_in(parent);
        Ok(Scratch { path: made.map_err(failed)?.keep(), stays: false, kept: AtomicBool::new(false) })
    }

    /// One that another process left, and that stays.
    pub(super) fn borrow(path: PathBuf) -> Scratch {
        Scratch { path, stays: true, kept: AtomicBool::new(false) }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where render number `number`, counted from 0, lies.
    pub(super) fn part(&self, number: usize) -> PathBuf {
        part(&self.path, number)
    }

    /// Leaves it for another process.
    pub(super) fn leave(mut self) -> PathBuf {
        self.stays = true;
        self.path.clone()
    }

    /// It will be kept: what is in it may be all there is of hours of rendering. Says where it will lie.
    pub(super) fn keep(&self) -> PathBuf {
        self.kept.store(true, Ordering::Relaxed);
        if self.stays { self.path.clone() } else { self.visible() }
    }

    /// Its path under a name that is not hidden, which no run takes for something left behind.
    fn visible(&self) -> PathBuf {
        let name = self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let own = name.strip_prefix(PREFIX).unwrap_or(&name);
        self.path.with_file_name(format!("resolve-render-{}", own.split('.').next().unwrap_or(own)))
    }
}

/// Where render number `number`, counted from 0, lies in `folder`.
pub(super) fn part(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("{:04}", number + 1))
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.stays {
            return;
        }
        let _ = match self.kept.load(Ordering::Relaxed) {
            // Where it cannot be renamed, it is still there.
            true => std::fs::rename(&self.path, self.visible()),
            // What cannot be removed lies under a hidden name, and goes with the next run.
            false => std::fs::remove_dir_all(&self.path),
        };
    }
}
