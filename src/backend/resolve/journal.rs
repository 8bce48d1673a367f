//! What is changed in Resolve, on disk before it is changed.
//!
//! A folder of the user's holds one file for each run or ticket. A run that is killed leaves its file: the next one, or
//! [`ResolveBackend::restore`], puts Resolve back.
//!
//! [`ResolveBackend::restore`]: super::ResolveBackend::restore

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::names::own_name;
use super::options::ResolveOptions;
use super::state::ResolveState;
use crate::deliver::write_whole;
use crate::error::{Error, ErrorKind, Result};

/// Who changed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ChangeOwner {
    /// A run, which has the lock for as long as it changes anything.
    Run,
    /// A ticket, which needs it until its jobs are done.
    Ticket,
}

/// What a file of the folder says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct JournalRecord {
    owner: ChangeOwner,
    /// Whether everything was put back: a ticket may still be collected.
    restored: bool,
    /// Whether that was tried, and something could not be.
    failed: bool,
    state: ResolveState,
}

/// One file: what a run or a ticket has changed.
#[derive(Debug, Clone)]
pub(super) struct Journal {
    path: PathBuf,
    record: JournalRecord,
}

impl Journal {
    /// A new one, which is not on disk yet.
    pub(super) fn new(desk: &Desk) -> Journal {
        let path = desk.folder.join(format!("{}.json", own_name().replace(' ', "-")));
        let record =
            JournalRecord { owner: ChangeOwner::Run, restored: false, failed: false, state: ResolveState::default() };
        Journal { path, record }
    }

    /// One of a ticket, whose file is no longer there.
    pub(super) fn of_ticket(desk: &Desk, name: &str, state: &ResolveState) -> Journal {
        let path = desk.folder.join(Path::new(name).file_name().unwrap_or_default());
        let record = JournalRecord { owner: ChangeOwner::Ticket, restored: false, failed: false, state: state.clone() };
        Journal { path, record }
    }

    /// The one at `path`.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when it cannot be read, [`ErrorKind::Json`] for a file that is no journal: what it was about is
    /// not known, so nothing may be rendered on top of it.
    pub(super) fn read(path: &Path) -> Result<Journal> {
        let bytes = std::fs::read(path).map_err(|error| Error::io("read", path, error))?;
        let record = serde_json::from_slice(&bytes).map_err(|error| {
            let what = format!("cannot read {}, where an earlier run noted what it changed in Resolve", path.display());
            Error::new(ErrorKind::Json, what).at_file(path).because(error)
        })?;
        Ok(Journal { path: path.to_owned(), record })
    }

    /// Its file's name.
    pub(super) fn name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn owner(&self) -> ChangeOwner {
        self.record.owner
    }

    pub(super) fn is_restored(&self) -> bool {
        self.record.restored
    }

    /// Whether something could not be put back before.
    pub(super) fn has_failed(&self) -> bool {
        self.record.failed
    }

    pub(super) fn state(&self) -> &ResolveState {
        &self.record.state
    }

    /// Writes `state` down, before anything of it is done.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when it cannot be written.
    pub(super) fn note(&mut self, state: &ResolveState) -> Result<()> {
        self.record.state = state.clone();
        self.save()
    }

    /// From here on a ticket's.
    ///
    /// # Errors
    /// As [`Journal::note`].
    pub(super) fn hand_over(&mut self) -> Result<()> {
        self.record.owner = ChangeOwner::Ticket;
        self.save()
    }

    /// Everything, or not everything, was put back.
    ///
    /// # Errors
    /// As [`Journal::note`].
    pub(super) fn restored(&mut self, all: bool) -> Result<()> {
        (self.record.restored, self.record.failed) = (all, !all);
        self.save()
    }

    /// Nothing is left to be put back or collected.
    pub(super) fn remove(&self) {
        // One that stays is put back once more, which changes nothing.
        let _ = std::fs::remove_file(&self.path);
    }

    fn save(&self) -> Result<()> {
        let bytes = serde_json::to_vec(&self.record)
            .map_err(|error| Error::new(ErrorKind::Io, "cannot write down the state of Resolve").because(error))?;
        write_whole(&self.path, &bytes)
    }
}

/// The folder.
#[derive(Debug, Clone)]
pub(super) struct Desk {
    folder: PathBuf,
}

impl Desk {
    /// The one that `options` name, or the user's.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when it cannot be made, [`ErrorKind::Option`] when nothing says where the user's files lie.
    pub(super) fn of(options: &ResolveOptions) -> Result<Desk> {
        let folder = options.state_folder().ok_or_else(|| {
            let what = "the folder for the state of Resolve is not known: set `state` in the options of Resolve";
            Error::new(ErrorKind::Option, what)
        })?;
        std::fs::create_dir_all(&folder).map_err(|error| Error::io("make the folder", &folder, error))?;
        Ok(Desk { folder })
    }

    /// The one at `folder`, if it is there: a ticket's own comes first.
    pub(super) fn at(folder: &Path) -> Option<Desk> {
        folder.is_dir().then(|| Desk { folder: folder.to_owned() })
    }

    /// The journal of this name, if it is there.
    pub(super) fn journal(&self, name: &str) -> Option<Journal> {
        let path = self.folder.join(Path::new(name).file_name()?);
        let record = serde_json::from_slice(&std::fs::read(&path).ok()?).ok()?;
        Some(Journal { path, record })
    }

    /// Every journal, oldest first.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the folder cannot be listed, [`ErrorKind::Json`] for a file that is no journal: what it was
    /// about is not known, so nothing may be rendered on top of it.
    pub(super) fn journals(&self) -> Result<Vec<Journal>> {
        let failed = |error| Error::io("list", &self.folder, error);
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if hidden || path.extension().is_none_or(|ending| ending != "json") {
                continue;
            }
            let age = path.metadata().and_then(|metadata| metadata.modified()).ok();
            match Journal::read(&path) {
                Ok(journal) => found.push((age, journal)),
                // Somebody has just collected it.
                Err(_) if !path.exists() => {}
                Err(error) => return Err(error),
            }
        }
        found.sort_by(|one, other| (one.0, &one.1.path).cmp(&(other.0, &other.1.path)));
        Ok(found.into_iter().map(|(_, journal)| journal).collect())
    }
}

impl ResolveOptions {
    /// Where changes are noted: an absolute path, unless nothing says where the user's files lie.
    pub(super) fn state_folder(&self) -> Option<PathBuf> {
        let folder = self.state.clone().or_else(usual)?;
        Some(std::path::absolute(&folder).unwrap_or(folder))
    }
}

/// Where the user's programs keep their state.
fn usual() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = if cfg!(windows) {
        variable("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        variable("XDG_STATE_HOME").or_else(|| variable("HOME").map(|home| home.join(".local/state")))
    };
    base.map(|base| base.join("otio-conflate").join("resolve"))
}
