//! Whole files under final names, or none: temporary names, locking, renaming, cleaning up.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::hash::{BuildHasher as _, RandomState};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};

use crate::error::{Error, ErrorKind, Result};
use crate::job::Target;
use crate::report::{ListedFile, OutputKind};

/// Temporary files and folders are called this, then what they are for, then a token and [`SUFFIX`].
const PREFIX: &str = ".otio-conflate-";
const SUFFIX: &str = ".part";
/// A folder that is moved aside while another takes its place ends with this instead.
const ASIDE: &str = ".old";
/// What is locked while something is written ends with this.
const LOCK: &str = ".lock";
/// The longest name, in bytes, that is a part of a temporary one as it is.
const LONGEST: usize = 190;

/// The output folder of one run. No second run can write into it at the same time, where the system knows locks.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    token: String,
    lock: Option<File>,
}

/// Where one output goes: its final path, and the temporary one beside it.
#[derive(Debug, Clone)]
pub(crate) struct OutputPlace {
    pub(crate) kind: OutputKind,
    /// The final file or folder.
    pub(crate) path: PathBuf,
    /// Relative to the output folder, for the manifest: `sh010.mov`, or `sh010/sh010.%04d.exr`.
    pub(crate) relative: String,
    /// What is written, under its temporary name.
    pub(crate) target: Target,
}

/// What lies under a place's final name, by somebody who may decide about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing.
    Free,
    /// What may be replaced.
    Replaceable,
}

/// The right to write to one place. No other run and no other process has it at the same time, where the system and the
/// file system know locks.
#[derive(Debug)]
pub(crate) struct Hold {
    path: PathBuf,
    file: Option<File>,
    /// Whether it is known that nobody else writes there.
    sure: bool,
}

impl Drop for Hold {
    fn drop(&mut self) {
        // Gone before it is let go: whoever opened it meanwhile finds that it is another one.
        let _ = fs::remove_file(&self.path);
        let_go(self.file.take());
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let_go(self.lock.take());
    }
}

/// Lets go of a lock. Closing the file would not do while a process that was just started has not closed its copy yet.
fn let_go(lock: Option<File>) {
    if let Some(lock) = lock {
        let _ = lock.unlock();
    }
}

impl Hold {
    /// The right to write to `path`; `None` while somebody else has it.
    pub(super) fn take(path: &Path) -> Result<Option<Hold>> {
        Hold::lock(path, |file| match file.try_lock() {
            Ok(()) => Some(true),
            Err(fs::TryLockError::WouldBlock) => None,
            // Some network file systems know no locks.
            Err(fs::TryLockError::Error(_)) => Some(false),
        })
    }

    /// The same, waited for: for what takes no time.
    pub(super) fn wait(path: &Path) -> Result<Hold> {
        let hold = Hold::lock(path, |file| Some(file.lock().is_ok()))?;
        hold.ok_or_else(|| locked(path))
    }

    /// The same, waited for as long as this at most: whoever has it may be a process that does not go on.
    pub(super) fn wait_for(path: &Path, most: Duration) -> Result<Option<Hold>> {
        let begun = Instant::now();
        loop {
            match Hold::take(path)? {
                None if begun.elapsed() < most => std::thread::sleep(Duration::from_millis(20)),
                hold => return Ok(hold),
            }
        }
    }

    fn lock(path: &Path, lock: impl Fn(&File) -> Option<bool>) -> Result<Option<Hold>> {
        let path = hidden(path, LOCK);
        loop {
            let open = File::options().create(true).truncate(false).write(true).open(&path);
            let file = open.map_err(|error| Error::io("write", &path, error))?;
            let Some(sure) = lock(&file) else { return Ok(None) };
            if !sure || is_at(&file, &path) {
                return Ok(Some(Hold { path, file: Some(file), sure }));
            }
        }
    }
}

/// Whether `file` is what lies at `path`, and not what lay there before.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let id = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    file.metadata().ok().map(id) == path.metadata().ok().map(id)
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

fn locked(path: &Path) -> Error {
    let message = format!("{} is being written by another run or process", path.display());
    Error::new(ErrorKind::Locked, message).at_file(path)
}

/// The hidden name beside `path` that ends with `ending`.
fn hidden(path: &Path, ending: &str) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!("{PREFIX}{}{ending}", short(&name)))
}

/// `name`, or where that is too long to be part of another one, its start and a number that stands for the rest.
pub(super) fn short(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let sum = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let end = (0..=LONGEST - 17).rev().find(|&end| name.is_char_boundary(end)).unwrap_or(0);
    format!("{}~{sum:016x}", &name[..end])
}

/// What no other run of this process, and no other process on this machine or another, has in its temporary names.
fn token() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // Two machines of a farm may begin with the same process number at the same time: the keys of a hasher are random.
    let random = RandomState::new().hash_one(now.as_micros());
    format!("{:x}-{random:x}-{:x}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The temporary file or folder of a run with this token, for what gets the name `path`.
fn temporary(path: &Path, token: &str) -> PathBuf {
    hidden(path, &format!(".{token}{SUFFIX}"))
}

/// What the temporary name `rest`, without its prefix and suffix, is for, if a token is behind that.
fn for_what(rest: &str) -> Option<&str> {
    let (name, token) = rest.rsplit_once('.')?;
    let hexadecimal = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    (token.split('-').count() == 3 && token.split('-').all(hexadecimal)).then_some(name)
}

impl Folder {
    /// Makes `path` if need be, and takes it for this run.
    ///
    /// # Errors
    /// [`ErrorKind::Locked`] while another run has it.
    pub(crate) fn open(path: &Path) -> Result<Folder> {
        Folder::lock(path, File::try_lock)
    }

    fn lock(path: &Path, take: fn(&File) -> Result<(), fs::TryLockError>) -> Result<Folder> {
        let path = made(path)?;
        #[cfg(not(unix))]
        let _ = take;
        #[cfg(unix)]
        let lock = {
            let lock = File::open(&path).map_err(|error| Error::io("open the folder", &path, error))?;
            match take(&lock) {
                Ok(()) => Some(lock),
                Err(fs::TryLockError::WouldBlock) => {
                    let message = format!("another run is writing into {}", path.display());
                    return Err(Error::new(ErrorKind::Locked, message).at_file(&path));
                }
                // Some network file systems know no locks.
                Err(fs::TryLockError::Error(_)) => None,
            }
        };
        #[cfg(not(unix))]
        let lock = None;
        Ok(Folder { path, token: token(), lock })
    }

    /// Makes `path` if need be, for this run and others of the same job that deliver into it at the same time.
    ///
    /// # Errors
    /// [`ErrorKind::Locked`] while a run has it for itself.
    pub(crate) fn share(path: &Path) -> Result<Folder> {
        Folder::lock(path, File::try_lock_shared)
    }

    /// The same with the temporary names that were `planned`: those that what a killed run left is found by.
    ///
    /// # Errors
    /// As [`Folder::share`].
    pub(crate) fn share_as(path: &Path, planned: &Folder) -> Result<Folder> {
        let mut folder = Folder::share(path)?;
        folder.token.clone_from(&planned.token);
        Ok(folder)
    }

    /// Where `path` is or would be; nothing is made, and others may write into it at the same time.
    pub(crate) fn planned(path: &Path) -> Folder {
        let path = path.canonicalize().unwrap_or_else(|_| super::protected::real(path));
        Folder { path, token: token(), lock: None }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What the temporary names of this run have in them.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// The place of an output called `name` (a relative path without extension).
    pub(crate) fn place(&self, name: &Path, kind: OutputKind, extension: &str) -> OutputPlace {
        let stem = name.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let slashed = |path: &Path| path.to_string_lossy().replace('\\', "/");
        let temporary = |path: &Path| temporary(path, &self.token);
        match kind {
            OutputKind::Movie | OutputKind::Sound | OutputKind::Still => {
                let relative = name.with_file_name(format!("{stem}.{extension}"));
                let path = self.path.join(&relative);
                let target = Target::Movie(temporary(&path));
                OutputPlace { kind, path, relative: slashed(&relative), target }
            }
            OutputKind::Sequence => {
                let path = self.path.join(name);
                let target = Target::Sequence {
                    folder: temporary(&path),
                    prefix: format!("{stem}."),
                    padding: 4,
                    suffix: format!(".{extension}"),
                };
                OutputPlace { kind, path, relative: format!("{}/{stem}.%04d.{extension}", slashed(name)), target }
            }
        }
    }
}

/// Removes what killed runs left under temporary names of `places`, and brings back what they had moved aside. What is
/// of other names, and what somebody still writes, stays.
///
/// # Errors
/// [`ErrorKind::Locked`] where somebody writes to one of `places`.
pub(crate) fn clear<'p>(places: impl Iterator<Item = &'p Path>) -> Result<()> {
    let mut folders: BTreeMap<&Path, HashMap<String, &Path>> = BTreeMap::new();
    for path in places {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { continue };
        folders.entry(folder).or_default().insert(short(&name.to_string_lossy()), path);
    }
    for (folder, own) in folders {
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let entries = match fs::read_dir(here) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(Error::io("list", folder, error)),
        };
        let mut holds: HashMap<&Path, Hold> = HashMap::new();
        for entry in entries {
            let entry = entry.map_err(|error| Error::io("list", folder, error))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let Some(rest) = name.strip_prefix(PREFIX) else { continue };
            let for_what = rest.strip_suffix(ASIDE).or(rest.strip_suffix(LOCK));
            let for_what = for_what.or_else(|| for_what_of_part(rest));
            let Some(&path) = for_what.and_then(|name| own.get(name)) else { continue };
            let hold = match holds.entry(path) {
                std::collections::hash_map::Entry::Occupied(there) => there.into_mut(),
                std::collections::hash_map::Entry::Vacant(free) => {
                    free.insert(Hold::take(path)?.ok_or_else(|| locked(path))?)
                }
            };
            if rest.ends_with(ASIDE) {
                take_back(&entry.path(), path)?;
            } else if rest.ends_with(SUFFIX) && hold.sure {
                remove(&entry.path())?;
            }
        }
    }
    Ok(())
}

fn for_what_of_part(rest: &str) -> Option<&str> {
    for_what(rest.strip_suffix(SUFFIX)?)
}

fn make_folder(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|error| Error::io("make the folder", folder, error))
}

/// The folder at `path`, made if need be.
pub(super) fn made(path: &Path) -> Result<PathBuf> {
    fs::create_dir_all(path).map_err(|error| Error::io("make the folder", path, error))?;
    path.canonicalize().map_err(|error| Error::io("find the folder", path, error))
}

impl OutputPlace {
    /// The place of a single file outside of any output folder.
    #[cfg(feature = "ffmpeg")]
    pub(crate) fn of_file(path: &Path, kind: OutputKind) -> OutputPlace {
        let relative = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let temporary = temporary(path, &token());
        OutputPlace { kind, path: path.to_owned(), relative, target: Target::Movie(temporary) }
    }

    /// Makes room for what is to be written: the folder above, and for a sequence the empty temporary folder. Until
    /// what it returns is dropped, nobody else writes to this place.
    ///
    /// # Errors
    /// [`ErrorKind::Locked`] where somebody else does.
    pub(crate) fn prepare(&self) -> Result<Hold> {
        self.make_room_above()?;
        let hold = Hold::take(&self.path)?.ok_or_else(|| locked(&self.path))?;
        self.make_temporary()?;
        Ok(hold)
    }

    /// Makes room likewise, while others may write to this place, too: under temporary names of their own.
    pub(super) fn make_room(&self) -> Result<()> {
        self.make_room_above()?;
        self.make_temporary()
    }

    fn make_room_above(&self) -> Result<()> {
        self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or(Ok(()), make_folder)
    }

    fn make_temporary(&self) -> Result<()> {
        match &self.target {
            Target::Sequence { folder, .. } => make_folder(folder),
            Target::Movie(_) => Ok(()),
        }
    }

    /// How many bytes are there under the final name; of a sequence, those of frames `first..first + count`. `None`
    /// when a file is missing.
    pub(crate) fn bytes(&self, first: i64, count: i64) -> Option<u64> {
        self.state(&self.path, first, count).map(|state| state.bytes)
    }

    /// What lies under the final name, without its path; of a sequence, all of frames `first..first + count`. `None` when a
    /// file is missing.
    pub(crate) fn left(&self, first: i64, count: i64) -> Option<ListedFile> {
        self.state(&self.path, first, count)
    }

    /// Where it lies under its final name.
    pub(crate) fn final_target(&self) -> Target {
        match &self.target {
            Target::Movie(_) => Target::Movie(self.path.clone()),
            Target::Sequence { prefix, padding, suffix, .. } => Target::Sequence {
                folder: self.path.clone(),
                prefix: prefix.clone(),
                padding: *padding,
                suffix: suffix.clone(),
            },
        }
    }

    /// What was written under the temporary name, as the manifest will list it; `None` when a file is missing.
    pub(super) fn written(&self, first: i64, count: i64) -> Option<ListedFile> {
        let state = self.state(self.target.path(), first, count)?;
        Some(ListedFile { path: self.relative.clone(), ..state })
    }

    /// What lies at `path` as this output.
    fn state(&self, path: &Path, first: i64, count: i64) -> Option<ListedFile> {
        match &self.target {
            Target::Movie(_) => ListedFile::of(&path.metadata().ok()?),
            Target::Sequence { .. } => {
                let name = self.target.frame_name()?;
                let frame = |number: i64| path.join(name.of(number));
                let end = first.checked_add(count)?;
                let mut frames = (first..end).map(|number| ListedFile::of(&frame(number).metadata().ok()?));
                frames.try_fold(ListedFile::NOTHING, |sum, frame| Some(sum.and(&frame?)))
            }
        }
    }

    /// Brings what was written to disk, still under its temporary name.
    pub(crate) fn sync(&self) -> Result<()> {
        if let Target::Sequence { folder, .. } = &self.target {
            for entry in fs::read_dir(folder).map_err(|error| Error::io("list", folder, error))? {
                sync(&entry.map_err(|error| Error::io("list", folder, error))?.path())?;
            }
        }
        sync(self.target.path())
    }

    /// Gives what was written its final name, in place of what may be replaced. As soon as it has it, it is among the
    /// `named`, whatever fails after that.
    pub(super) fn commit<'p>(&'p self, standing: Standing, named: &mut Vec<(&'p OutputPlace, Standing)>) -> Result<()> {
        let temporary = self.target.path();
        let mut former = None;
        match (standing, &self.target) {
            (Standing::Free, _) => rename_to_free(temporary, &self.path)?,
            (Standing::Replaceable, Target::Movie(_)) => {
                fs::rename(temporary, &self.path).map_err(|error| Error::io("rename to", &self.path, error))?;
            }
            (Standing::Replaceable, Target::Sequence { .. }) => former = Some(replace(temporary, &self.path)?),
        }
        named.push((self, standing));
        former.map_or(Ok(()), |former| remove(&former))?;
        sync_folder(&self.path)
    }

    /// Removes what has its final name already: of a shot that is not whole.
    pub(crate) fn withdraw(&self) -> Result<()> {
        remove(&self.path)
    }

    /// Removes what a run with this token wrote under its temporary name, if anything.
    pub(super) fn clear_of(&self, token: &str) -> Result<()> {
        remove(&temporary(&self.path, token))
    }

    /// Removes what was written under the temporary name, if anything.
    pub(crate) fn discard(&self) -> Result<()> {
        remove(self.target.path())
    }
}

/// Gives `new` the name `path`, which nothing has: should anything have got it meanwhile, that stays.
fn rename_to_free(new: &Path, path: &Path) -> Result<()> {
    let taken = || {
        let message = format!("{} was made by another process in the meantime, and was left alone", path.display());
        Error::new(ErrorKind::Exists, message).at_file(path)
    };
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, new, CWD, path, RenameFlags::NOREPLACE) {
            Ok(()) => return Ok(()),
            Err(Errno::EXIST) => return Err(taken()),
            // Not every file system knows this.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            Err(error) => return Err(Error::io("rename to", path, error.into())),
        }
    }
    if path.symlink_metadata().is_ok() {
        return Err(taken());
    }
    fs::rename(new, path).map_err(|error| Error::io("rename to", path, error))
}

/// Puts `new` in the place of the folder `old`. Where the system can swap two names at once there is no moment in
/// which neither is there. Returns where the former lies now, to be removed.
fn replace(new: &Path, old: &Path) -> Result<PathBuf> {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        if renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE).is_ok() {
            return Ok(new.to_owned());
        }
    }
    let aside = hidden(old, ASIDE);
    remove(&aside)?;
    fs::rename(old, &aside).map_err(|error| Error::io("move aside", old, error))?;
    if let Err(error) = fs::rename(new, old) {
        // What was there before comes back; if even that fails, it still lies beside, and the error names it.
        let back = fs::rename(&aside, old);
        let error = Error::io("rename to", old, error);
        return Err(if back.is_err() {
            error.context(format!("the earlier file is at {}", aside.display()))
        } else {
            error
        });
    }
    Ok(aside)
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
    write_noted(path, bytes, |_| Ok(()))
}

/// The same; what is written is given to `note` before it gets its name.
pub(super) fn write_noted(
    path: &Path,
    bytes: &[u8],
    note: impl FnOnce(Option<ListedFile>) -> Result<()>,
) -> Result<()> {
    let temporary = temporary(path, &token());
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        file.metadata()
    };
    let written = write()
        .map_err(|error| Error::io("write", &temporary, error))
        .and_then(|metadata| note(ListedFile::of(&metadata)))
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
pub(super) fn sync_folder(path: &Path) -> Result<()> {
    // The folder of a bare name is the current one.
    let here = |folder: &Path| if folder.as_os_str().is_empty() { sync(Path::new(".")) } else { sync(folder) };
    path.parent().map_or(Ok(()), here)
}

pub(super) fn remove(path: &Path) -> Result<()> {
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
        let places = [at("sh010"), at("sh020")];
        clear(places.iter().map(PathBuf::as_path)).expect("nothing in the way");
        let read = |name: &str| fs::read_to_string(at(name).join("frame")).expect("a whole folder");
        assert_eq!((read("sh010").as_str(), read("sh020").as_str()), ("old", "new"));
        assert_eq!(fs::read_dir(root.path()).expect("the folder").count(), 2);
    }

    /// A process that is started by another thread has copies of all open files until it becomes another program.
    #[cfg(unix)]
    #[test]
    fn locks_end_with_their_holders_though_another_process_still_has_a_copy() {
        use rustix::io::{FdFlags, fcntl_getfd};
        let root = tempfile::tempdir().expect("a temporary folder");
        let folder = Folder::open(root.path()).expect("it is free");
        let Some(lock) = &folder.lock else { return };
        assert!(fcntl_getfd(lock).expect("an open file").contains(FdFlags::CLOEXEC));
        let copy = lock.try_clone().expect("one more");
        assert_eq!(Folder::open(root.path()).expect_err("it is taken").kind(), ErrorKind::Locked);
        drop(folder);
        drop(Folder::open(root.path()).expect("it is free again"));
        drop(copy);
        let target = root.path().join("a.mov");
        let hold = Hold::take(&target).expect("no errors").expect("it is free");
        let file = hold.file.as_ref().expect("a lock");
        assert!(fcntl_getfd(file).expect("an open file").contains(FdFlags::CLOEXEC));
        let copy = file.try_clone().expect("one more");
        drop(hold);
        assert!(Hold::take(&target).expect("no errors").is_some());
        drop(copy);
    }

    #[test]
    fn a_folder_takes_the_place_of_another() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| root.path().join(name);
        for (name, text) in [("old", "old"), ("new", "new")] {
            fs::create_dir(at(name)).expect("a new folder");
            fs::write(at(name).join("frame"), text).expect("a new file");
        }
        let former = replace(&at("new"), &at("old")).expect("both are there");
        assert_eq!(fs::read_to_string(former.join("frame")).expect("a whole folder"), "old");
        remove(&former).expect("it is there");
        assert_eq!(fs::read_to_string(at("old").join("frame")).expect("a whole folder"), "new");
        assert_eq!(fs::read_dir(root.path()).expect("the folder").count(), 1);
    }
}
