//! The folder that Resolve renders into.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::journal::Journal;
use crate::error::{Error, Result};

/// What a folder's name begins with: hidden, until it is kept.
const PREFIX: &str = ".otio-conflate-resolve-";
/// The file in it that is locked for as long as somebody is at work there.
const LOCK: &str = ".lock";
/// The file in it with the ticket by which its renders can be collected, should the run be killed.
pub(super) const TICKET: &str = "ticket.json";

/// A folder of our own. Dropped, it is removed with all that is in it, unless it is to be kept.
#[derive(Debug)]
pub(super) struct ScratchFolder {
    path: PathBuf,
    /// Whether it stays where it is.
    stays: bool,
    kept: AtomicBool,
    lock: Option<File>,
    /// What tells of it until it is removed.
    journal: Option<Journal>,
}

impl ScratchFolder {
    /// Makes a new one in `parent`, under a hidden name that ends with `ending`.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) when it cannot be made.
    pub(super) fn new(parent: &Path, ending: &str) -> Result<ScratchFolder> {
        let failed = |error| Error::io("make a folder in", parent, error);
        // Resolve may be somewhere else.
        let parent = parent.canonicalize().map_err(failed)?;
        let made = tempfile::Builder::new().prefix(PREFIX).suffix(ending).tempdir_in(parent);
        let path = made.map_err(failed)?.keep();
        // Without it, what a killed run left may be told of too soon.
        let lock = File::create_new(path.join(LOCK)).ok().filter(|lock| lock.try_lock().is_ok());
        Ok(ScratchFolder { path, stays: false, kept: AtomicBool::new(false), lock, journal: None })
    }

    /// Where one would be made in `parent`.
    pub(super) fn place(parent: &Path) -> PathBuf {
        parent.join(format!("{PREFIX}0"))
    }

    /// Removes the folder at `path`, if it is one of ours.
    pub(super) fn remove(path: &Path) {
        let is_ours = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
        if is_ours && path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
            // What cannot be removed lies under a hidden name.
            let _ = std::fs::remove_dir_all(path);
        }
    }

    /// Whether somebody is at work in the folder at `path`.
    pub(super) fn is_in_use(path: &Path) -> bool {
        let lock = File::open(path.join(LOCK));
        lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(std::fs::TryLockError::WouldBlock)))
    }

    /// Removes `journal` with it.
    pub(super) fn with_journal(mut self, journal: Option<Journal>) -> ScratchFolder {
        self.journal = journal;
        self
    }

    /// One that another process left, and that stays.
    pub(super) fn borrow(path: PathBuf) -> ScratchFolder {
        ScratchFolder { path, stays: true, kept: AtomicBool::new(false), lock: None, journal: None }
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

impl Drop for ScratchFolder {
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
        if let Some(journal) = &self.journal {
            journal.remove();
        }
        if let Some(lock) = self.lock.take() {
            let _ = lock.unlock();
        }
    }
}
