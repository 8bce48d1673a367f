//! The folder that Resolve renders into.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A folder of our own. Dropped, it is removed with all that is in it.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// Makes a new one in `parent`, under a hidden name that ends with `ending`.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) when it cannot be made.
    pub(super) fn new(parent: &Path, ending: &str) -> Result<Scratch> {
        let failed = |error| Error::io("make a folder in", parent, error);
        // Resolve may be somewhere else.
        let parent = parent.canonicalize().map_err(failed)?;
        let made = tempfile::Builder::new().prefix(".otio-conflate-resolve-").suffix(ending).tempdir_in(parent);
        Ok(Scratch(made.map_err(failed)?.keep()))
    }

    /// Takes over one that another process left.
    pub(super) fn adopt(path: PathBuf) -> Scratch {
        Scratch(path)
    }

    /// Where render number `number`, counted from 0, lies.
    pub(super) fn part(&self, number: usize) -> PathBuf {
        self.0.join(format!("{:04}", number + 1))
    }

    /// Leaves it for another process.
    pub(super) fn leave(mut self) -> PathBuf {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.0.as_os_str().is_empty() {
            return;
        }
        // What cannot be removed lies under a hidden name, and goes with the next run.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
