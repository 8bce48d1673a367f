//! One user of a Resolve at a time: a lock that all its users share, whoever they are and wherever they keep their state.
//!
//! It is a file in a folder of the machine's that everybody can write to. Whoever changes anything in Resolve has it locked
//! for as long; the lock of a process that is killed is gone with it. What is changed and not put back yet, that of tickets
//! among it, is listed in the file: so it is known to users who keep their state in another folder.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::bridge::Instance;
use super::journal::ChangeOwner;
use super::link::{LOOK, Named, pause};
use super::options::ResolveOptions;
use super::warning::warning;
use crate::backend::CancelToken;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::Warning;

/// How the file begins: nothing else is ever written over.
const START: &[u8] = b"{\"otio-conflate\":";
/// The largest file that is read.
const LARGEST: u64 = 1 << 20;

/// What the file says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Register {
    #[serde(rename = "otio-conflate")]
    version: u32,
    /// Who has the lock.
    holder: Option<Holder>,
    /// What was changed and not put back yet.
    changes: Vec<UnrestoredChange>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Holder {
    process: u32,
    user: String,
}

/// A run or a ticket that has changed something in Resolve and not put it back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct UnrestoredChange {
    /// Where it is noted: [`Journal`](super::journal::Journal).
    pub(super) journal: PathBuf,
    pub(super) user: String,
    pub(super) owner: ChangeOwner,
    pub(super) project: Option<Named>,
}

/// The lock, until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    /// `None` where the file system knows no locks.
    file: Option<File>,
    register: Register,
}

impl Lock {
    /// Takes the lock of a Resolve, waiting for it for so long.
    ///
    /// # Errors
    /// [`ErrorKind::Application`] when another process has it, with that; [`ErrorKind::Exists`] when something that is no
    /// lock lies in its place, which is left as it is.
    pub(super) fn take(
        options: &ResolveOptions,
        instance: &Instance,
        patience: Duration,
        cancel: &CancelToken,
    ) -> Result<Lock> {
        let folder = options.lock.clone().or_else(usual).or_else(|| options.state_folder());
        let folder = folder.ok_or_else(|| {
            let what = "no folder for the lock of Resolve is known: set `lock` in the options of Resolve";
            Error::new(ErrorKind::Option, what)
        })?;
        if options.lock.is_some() || usual().is_none() {
            std::fs::create_dir_all(&folder).map_err(|error| Error::io("make the folder", &folder, error))?;
        }
        let path = folder.join(format!("otio-conflate-resolve-{:016x}.lock", instance.key()));
        let deadline = Instant::now() + patience;
        loop {
            let mut file = open(&path)?;
            match file.try_lock() {
                // Whoever had it before may have removed it.
                Ok(()) if !is_at(&file, &path) => {}
                Ok(()) => {
                    let register = read(&mut file, &path)?;
                    let mut lock = Lock { path, file: Some(file), register };
                    lock.register.holder = Some(Holder { process: std::process::id(), user: user() });
                    // For the message of others; the lock holds without it.
                    lock.write();
                    return Ok(lock);
                }
                // Some network file systems know no locks.
                Err(TryLockError::Error(_)) => {
                    return Ok(Lock { path, file: None, register: Register::default() });
                }
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => pause(LOOK, cancel)?,
                Err(TryLockError::WouldBlock) => {
                    let holder = read(&mut file, &path).ok().and_then(|register| register.holder);
                    let by = holder.map(|Holder { process, user }| format!(" (process {process} of user {user})"));
                    let what = format!(
                        "another run{} is using Resolve; expected it to be free: it has the lock {}",
                        by.unwrap_or_default(),
                        path.display()
                    );
                    return Err(Error::new(ErrorKind::Application, what));
                }
            }
        }
    }

    /// Lists what is noted in `journal`, before anything of it is done.
    pub(super) fn list(&mut self, journal: &Path, owner: ChangeOwner, project: Option<&Named>) {
        let listed = self.register.changes.iter().find(|change| change.journal == journal);
        if listed.is_some_and(|change| change.owner == owner) {
            return;
        }
        self.register.changes.retain(|change| change.journal != journal);
        let change = UnrestoredChange { journal: journal.to_owned(), user: user(), owner, project: project.cloned() };
        self.register.changes.push(change);
        self.write();
    }

    /// What is noted in `journal` was put back.
    pub(super) fn strike(&mut self, journal: &Path) {
        let before = self.register.changes.len();
        self.register.changes.retain(|change| change.journal != journal);
        if self.register.changes.len() != before {
            self.write();
        }
    }

    /// What is changed and was not put back.
    pub(super) fn changes(&self) -> Vec<UnrestoredChange> {
        self.register.changes.clone()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What is to be said where the file system knows no locks: nothing holds others off then.
    pub(super) fn warning(&self) -> Option<Warning> {
        self.file.is_none().then(|| {
            let what = format!(
                "{}: this file system has no locks; another run that uses Resolve now would not be noticed (set `lock` in the \
                 options of Resolve to a folder on another disk)",
                self.path.display()
            );
            warning(what)
        })
    }

    fn write(&mut self) {
        self.register.version = 1;
        let (Some(file), Ok(text)) = (&mut self.file, serde_json::to_vec(&self.register)) else { return };
        let length = text.len() as u64;
        // Where it cannot be written, the lock holds all the same.
        let _ = file.rewind().and_then(|()| file.write_all(&text)).and_then(|()| file.set_len(length));
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.register.holder = None;
        self.write();
        let Some(file) = self.file.take() else { return };
        if self.register.changes.is_empty() && is_at(&file, &self.path) {
            // Gone before it is let go. In a folder that is everybody's, only its owner can.
            let _ = std::fs::remove_file(&self.path);
        }
        // Closing it would not do while a process that was just started has not closed its copy yet.
        let _ = file.unlock();
    }
}

/// Opens the file at `path`, or makes it: never through a link, and never something else than a lock.
fn open(path: &Path) -> Result<File> {
    let foreign = |what: &str| {
        let what = format!("{} is {what}; expected a lock file of Resolve, or no file: remove it", path.display());
        Err(Error::new(ErrorKind::Exists, what).at_file(path))
    };
    let failed = |error| Error::io("open", path, error);
    loop {
        if path.symlink_metadata().is_ok_and(|metadata| metadata.file_type().is_symlink()) {
            return foreign("a symbolic link");
        }
        let file = match plain().write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => match made(path) {
                Ok(file) => file,
                // Somebody else was faster.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(failed(error)),
            },
            // Another user's: it can be locked all the same.
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => plain().open(path).map_err(failed)?,
            Err(_) if path.is_dir() => return foreign("a folder"),
            Err(error) => return Err(failed(error)),
        };
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return foreign("not a regular file");
        }
        if has_several_names(&metadata) {
            return foreign("a file that has another name, too");
        }
        return Ok(file);
    }
}

/// How a file is opened: not through a link, and without waiting for the other end of a FIFO.
fn plain() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.custom_flags(flags.bits().cast_signed());
    }
    options
}

/// Makes the file, for everybody to lock and to write to.
fn made(path: &Path) -> std::io::Result<File> {
    let file = plain().write(true).create_new(true).open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // What the process's mask took away.
        let _ = file.set_permissions(std::fs::Permissions::from_mode(0o666));
    }
    Ok(file)
}

/// Reads what the file says.
///
/// # Errors
/// [`ErrorKind::Exists`] when it holds something else.
fn read(file: &mut File, path: &Path) -> Result<Register> {
    let mut text = Vec::new();
    let read = file.rewind().and_then(|()| file.take(LARGEST).read_to_end(&mut text));
    read.map_err(|error| Error::io("read", path, error))?;
    if !text.is_empty() && !text.starts_with(START) {
        let what = format!("{} is not a lock file of Resolve, and was left alone: remove it", path.display());
        return Err(Error::new(ErrorKind::Exists, what).at_file(path));
    }
    // What is behind the first value is the rest of a longer one.
    let first = serde_json::Deserializer::from_slice(&text).into_iter().next();
    Ok(first.and_then(std::result::Result::ok).unwrap_or_default())
}

#[cfg(unix)]
fn has_several_names(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    metadata.nlink() > 1
}

#[cfg(not(unix))]
fn has_several_names(_: &Metadata) -> bool {
    false
}

/// Whether `file` is what lies at `path`.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let id = |metadata: Metadata| (metadata.dev(), metadata.ino());
    file.metadata().ok().map(id) == path.symlink_metadata().ok().map(id)
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

/// The folder of the machine's that everybody can write to.
fn usual() -> Option<PathBuf> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // Everybody may write there, and nobody remove what others wrote.
        let is_common = |folder: &&str| {
            let mode = std::fs::metadata(folder).ok().filter(Metadata::is_dir).map(|found| found.permissions().mode());
            mode.is_some_and(|mode| mode & 0o1002 == 0o1002)
                // It may lie on a disk that nobody can write to.
                && rustix::fs::access(*folder, rustix::fs::Access::WRITE_OK).is_ok()
        };
        ["/run/lock", "/tmp", "/var/tmp"].into_iter().find(is_common).map(PathBuf::from)
    }
    #[cfg(not(unix))]
    {
        std::env::var_os("PROGRAMDATA").map(PathBuf::from).filter(|folder| folder.is_dir())
    }
}

/// The user's name, for messages.
fn user() -> String {
    let name = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    #[cfg(unix)]
    let number = || rustix::process::geteuid().as_raw().to_string();
    #[cfg(not(unix))]
    let number = || "unknown".to_owned();
    name.filter(|name| !name.is_empty()).unwrap_or_else(number)
}

/// Whether the file at `path` is a regular one of the user's own: what it says may be done.
pub(super) fn is_own_file(path: &Path) -> bool {
    let Ok(metadata) = path.symlink_metadata() else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        metadata.is_file() && metadata.uid() == rustix::process::geteuid().as_raw()
    }
    #[cfg(not(unix))]
    {
        metadata.is_file()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_system_without_locks_is_told() {
        let path = PathBuf::from("/net/locks/otio-conflate-resolve-1.lock");
        let unlocked = Lock { path, file: None, register: Register::default() };
        let said = unlocked.warning().expect("a warning").message;
        assert!(said.contains("/net/locks/otio-conflate-resolve-1.lock") && said.contains("no locks"), "{said}");

        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.lock");
        let locked = Lock { file: Some(made(&path).expect("a file")), path, register: Register::default() };
        assert_eq!(locked.warning(), None);
    }
}
