//! Whole files under final names, or none: temporary names, locking, renaming, cleaning up.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::backend::Target;
use crate::error::{Error, ErrorKind, Result};
use crate::report::OutputKind;
use crate::time::padded;

/// Temporary files and folders are called this, then what they are for, then [`SUFFIX`].
const PREFIX: &str = ".otio-conflate-";
const SUFFIX: &str = ".part";
/// A folder that is moved aside while another takes its place ends with this instead.
const ASIDE: &str = ".old";

/// The output folder of one run. No second run can write into it at the same time, where the system knows locks.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _lock: Option<File>,
}

/// Where one output goes: its final path, and the temporary one beside it.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) kind: OutputKind,
    /// The final file or folder.
    pub(crate) path: PathBuf,
    /// Relative to the output folder, for the manifest: `sh010.mov`, or `sh010/sh010.%04d.exr`.
    pub(crate) relative: String,
    /// What is written, under its temporary name.
    pub(crate) target: Target,
}

impl Folder {
    /// Makes `path` if need be, and takes it for this run.
    pub(crate) fn open(path: &Path) -> Result<Folder> {
        let path = made(path)?;
        #[cfg(unix)]
        let lock = {
            let lock = File::open(&path).map_err(|error| Error::io("open the folder", &path, error))?;
            match lock.try_lock() {
                Ok(()) => Some(lock),
                Err(fs::TryLockError::WouldBlock) => {
                    let message = format!("another run is writing into {}", path.display());
                    return Err(Error::new(ErrorKind::Exists, message).at_file(&path));
                }
                // Some network file systems know no locks.
                Err(fs::TryLockError::Error(_)) => None,
            }
        };
        #[cfg(not(unix))]
        let lock = None;
        Ok(Folder { path, _lock: lock })
    }

    /// Makes `path` if need be; others may write into it at the same time.
    #[cfg(feature = "ffmpeg")]
    pub(crate) fn shared(path: &Path) -> Result<Folder> {
        Ok(Folder { path: made(path)?, _lock: None })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The place of an output called `name` (a relative path without extension).
    pub(crate) fn place(&self, name: &Path, kind: OutputKind, extension: &str) -> Place {
        let stem = name.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let slashed = |path: &Path| path.to_string_lossy().replace('\\', "/");
        let parent = self.path.join(name.parent().unwrap_or(Path::new("")));
        // A shot's picture and its sound have the same name.
        let own = if kind == OutputKind::Sound { "-sound" } else { "" };
        let temporary = parent.join(format!("{PREFIX}{stem}{own}{SUFFIX}"));
        match kind {
            OutputKind::Movie | OutputKind::Sound | OutputKind::Still => {
                let file = format!("{stem}.{extension}");
                let relative = name.with_file_name(&file);
                Place {
                    kind,
                    path: self.path.join(&relative),
                    relative: slashed(&relative),
                    target: Target::Movie(temporary),
                }
            }
            OutputKind::Sequence => Place {
                kind,
                path: self.path.join(name),
                relative: format!("{}/{stem}.%04d.{extension}", slashed(name)),
                target: Target::Sequence {
                    folder: temporary,
                    prefix: format!("{stem}."),
                    padding: 4,
                    suffix: format!(".{extension}"),
                },
            },
        }
    }

    /// Removes what a run that was killed left under temporary names, and brings back what it had moved aside, in the folder itself and where `places` are.
    pub(crate) fn remove_strays<'p>(&self, places: impl Iterator<Item = &'p Place>) -> Result<()> {
        let mut folders: Vec<&Path> = places.filter_map(|place| place.path.parent()).collect();
        folders.push(&self.path);
        folders.sort_unstable();
        folders.dedup();
        for folder in folders {
            let entries = match fs::read_dir(folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(Error::io("list", folder, error)),
            };
            for entry in entries {
                let entry = entry.map_err(|error| Error::io("list", folder, error))?;
                let name = entry.file_name();
                let name = name.to_string_lossy();
                if let Some(stem) = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(ASIDE)) {
                    take_back(&entry.path(), &folder.join(stem))?;
                } else if name.starts_with(PREFIX) && name.ends_with(SUFFIX) {
                    remove(&entry.path())?;
                }
            }
        }
        Ok(())
    }
}

/// The folder at `path`, made if need be.
fn made(path: &Path) -> Result<PathBuf> {
    fs::create_dir_all(path).map_err(|error| Error::io("make the folder", path, error))?;
    path.canonicalize().map_err(|error| Error::io("find the folder", path, error))
}

impl Place {
    /// The place of a single file outside of any output folder.
    #[cfg(feature = "ffmpeg")]
    pub(crate) fn of_file(path: &Path) -> Place {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let temporary = path.with_file_name(format!("{PREFIX}{name}{SUFFIX}"));
        Place { kind: OutputKind::Sound, path: path.to_owned(), relative: name, target: Target::Movie(temporary) }
    }

    /// Makes room for what is to be written: the folder above, and for a sequence the empty temporary folder.
    pub(crate) fn prepare(&self) -> Result<()> {
        let folder = match &self.target {
            Target::Movie(path) => path.parent().unwrap_or(path),
            Target::Sequence { folder, .. } => folder,
        };
        fs::create_dir_all(folder).map_err(|error| Error::io("make the folder", folder, error))
    }

    /// Whether anything is there under the final name.
    pub(crate) fn exists(&self) -> bool {
        self.path.symlink_metadata().is_ok()
    }

    /// How many bytes are there under the final name; of a sequence, those of frames `first..first + count`. `None`
    /// when a file is missing.
    pub(crate) fn bytes(&self, first: i64, count: i64) -> Option<u64> {
        let size = |path: &Path| path.metadata().ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len());
        match &self.target {
            Target::Movie(_) => size(&self.path),
            Target::Sequence { prefix, padding, suffix, .. } => (first..first + count)
                .map(|number| size(&self.path.join(format!("{prefix}{}{suffix}", padded(number, *padding)))))
                .sum(),
        }
    }

    /// Brings what was written to disk and gives it its final name, in place of what was there.
    pub(crate) fn commit(&self) -> Result<()> {
        let temporary = self.target.path();
        if let Target::Sequence { folder, .. } = &self.target {
            for entry in fs::read_dir(folder).map_err(|error| Error::io("list", folder, error))? {
                sync(&entry.map_err(|error| Error::io("list", folder, error))?.path())?;
            }
        }
        sync(temporary)?;
        match self.kind {
            OutputKind::Movie | OutputKind::Sound | OutputKind::Still if !self.path.is_dir() => {
                fs::rename(temporary, &self.path).map_err(|error| Error::io("rename to", &self.path, error))?;
            }
            _ if !self.exists() => {
                fs::rename(temporary, &self.path).map_err(|error| Error::io("rename to", &self.path, error))?;
            }
            _ => replace(temporary, &self.path)?,
        }
        sync_folder(&self.path)
    }

    /// Removes what has its final name already: of a shot that is not whole.
    pub(crate) fn withdraw(&self) -> Result<()> {
        remove(&self.path)
    }

    /// Removes what was written under the temporary name, if anything.
    pub(crate) fn discard(&self) -> Result<()> {
        remove(self.target.path())
    }
}

/// Puts `new` in the place of the folder `old`. Where the system can swap two names at once there is no moment in
/// which neither is there.
fn replace(new: &Path, old: &Path) -> Result<()> {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        if renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE).is_ok() {
            return remove(new);
        }
    }
    let name = old.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let aside = old.with_file_name(format!("{PREFIX}{name}{ASIDE}"));
    remove(&aside)?;
    fs::rename(old, &aside).map_err(|error| Error::io("move aside", old, error))?;
    if let Err(error) = fs::rename(new, old) {
        // What was there before comes back; if even that fails, it still lies beside, and the error names it.
        let back = fs::rename(&aside, old);
        let error = Error::io("rename to", old, error);
        return Err(if back.is_err() {
            error.context(format!("the former lies at {}", aside.display()))
        } else {
            error
        });
    }
    remove(&aside)
}

/// A run that was killed between moving `path` aside and putting another in its place: it gets its name back. Where
/// the other is there, `path` goes.
fn take_back(aside: &Path, path: &Path) -> Result<()> {
    if path.symlink_metadata().is_ok() {
        return remove(aside);
    }
    fs::rename(aside, path).map_err(|error| Error::io("rename to", path, error))
}

/// Writes `bytes` to `path` as a whole or not at all.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let temporary = path.with_file_name(format!("{PREFIX}{name}{SUFFIX}"));
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    let written = write()
        .map_err(|error| Error::io("write", &temporary, error))
        .and_then(|()| fs::rename(&temporary, path).map_err(|error| Error::io("rename to", path, error)));
    if written.is_err() {
        // The first error says what is wrong; that the rest of it lies there, too, helps nobody.
        let _ = fs::remove_file(&temporary);
    }
    written.and_then(|()| sync_folder(path))
}

fn sync(path: &Path) -> Result<()> {
    // Windows cannot open folders this way, and needs to open files for writing.
    if cfg!(not(unix)) {
        return Ok(());
    }
    File::open(path).and_then(|file| file.sync_all()).map_err(|error| Error::io("bring to disk", path, error))
}

/// Brings the name of `path` to disk: its folder holds it.
fn sync_folder(path: &Path) -> Result<()> {
    path.parent().map_or(Ok(()), sync)
}

fn remove(path: &Path) -> Result<()> {
    let gone = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(Error::io("remove", path, error)),
    };
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path).or_else(gone),
        Ok(_) => fs::remove_file(path).or_else(gone),
        Err(error) => gone(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_moved_aside_comes_back_unless_its_successor_is_there() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| root.path().join(name);
        for (name, text) in [(".otio-conflate-sh010.old", "old"), (".otio-conflate-sh020.old", "old"), ("sh020", "new")]
        {
            fs::create_dir(at(name)).expect("a new folder");
            fs::write(at(name).join("frame"), text).expect("a new file");
        }
        let folder = Folder::open(root.path()).expect("a folder of our own");
        folder.remove_strays(std::iter::empty()).expect("nothing in the way");
        let read = |name: &str| fs::read_to_string(at(name).join("frame")).expect("a whole folder");
        assert_eq!((read("sh010").as_str(), read("sh020").as_str()), ("old", "new"));
        assert_eq!(fs::read_dir(root.path()).expect("the folder").count(), 2);
    }

    #[test]
    fn a_folder_takes_the_place_of_another() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| root.path().join(name);
        for (name, text) in [("old", "old"), ("new", "new")] {
            fs::create_dir(at(name)).expect("a new folder");
            fs::write(at(name).join("frame"), text).expect("a new file");
        }
        replace(&at("new"), &at("old")).expect("both are there");
        assert_eq!(fs::read_to_string(at("old").join("frame")).expect("a whole folder"), "new");
        assert_eq!(fs::read_dir(root.path()).expect("the folder").count(), 1);
    }
}
