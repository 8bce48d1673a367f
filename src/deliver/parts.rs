//! Part manifests: what tasks that deliver into one folder at the same time say of their shots, each in files of its own, so
//! that no task waits for another.
//!
//! The folder [`PARTS`] in the output folder has a folder for each shot, and that two files for each attempt at it: a journal,
//! written before files get their final names and locked as long as the attempt lives, and a report of the one shot. Both are
//! called `JOB.TOKEN`, and the token is also in the attempt's temporary names.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::files::{OutputPlace, short, write_whole};
use crate::error::{Error, Result};
use crate::report::{ListedFile, Report};

/// The folder of part manifests in an output folder.
pub(crate) const PARTS: &str = ".otio-conflate-parts";
const JOURNAL: &str = "journal";
const REPORT: &str = "json";

/// What one attempt says of one shot.
#[derive(Debug)]
pub(crate) struct PartManifest {
    /// The job it belongs to.
    pub(crate) job: String,
    /// The report of the shot; `None` where the attempt has not come to its end.
    pub(crate) report: Option<Report>,
    /// Files that were about to get their final names.
    pub(crate) files: Vec<ListedFile>,
    /// Its files on disk.
    paths: Vec<PathBuf>,
}

impl PartManifest {
    /// When the last of its files was written, in milliseconds since 1970.
    pub(crate) fn written(&self) -> u64 {
        self.files.iter().map(|file| file.modified.1).max().unwrap_or(0)
    }

    /// Removes its files.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io).
    pub(crate) fn remove(&self) -> Result<()> {
        for path in &self.paths {
            match fs::remove_file(path) {
                Err(error) if !absent(&error) => return Err(Error::io("remove", path, error)),
                _ => {}
            }
        }
        Ok(())
    }
}

fn absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}

/// The folder for the parts of the shot whose picture has the path `relative`.
fn folder_of(root: &Path, relative: &str) -> PathBuf {
    root.join(PARTS).join(short(&relative.replace(['/', '\\'], "~")))
}

/// What all attempts say of the shot whose picture has the path `relative` in `root`: oldest first.
///
/// # Errors
/// [`ErrorKind::Io`](crate::ErrorKind::Io) where they cannot be read.
pub(crate) fn of_shot(root: &Path, relative: &str) -> Result<Vec<PartManifest>> {
    let mut parts = in_folder(&folder_of(root, relative))?;
    parts.sort_by_key(PartManifest::written);
    Ok(parts)
}

/// What all attempts say of all shots, oldest first.
///
/// # Errors
/// [`ErrorKind::Io`](crate::ErrorKind::Io) where they cannot be read.
pub(crate) fn all(root: &Path) -> Result<Vec<PartManifest>> {
    let mut parts = Vec::new();
    for folder in list(&root.join(PARTS))? {
        parts.extend(in_folder(&folder)?);
    }
    parts.sort_by_key(PartManifest::written);
    Ok(parts)
}

/// Removes folders of parts that are empty.
pub(crate) fn sweep(root: &Path) {
    let folder = root.join(PARTS);
    // Whatever is left in them keeps them.
    for shot in list(&folder).unwrap_or_default() {
        let _ = fs::remove_dir(shot);
    }
    let _ = fs::remove_dir(folder);
}

fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if absent(&error) => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("list", folder, error)),
    };
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()).map_err(|error| Error::io("list", folder, error)))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// The attempts whose files lie in `folder`.
fn in_folder(folder: &Path) -> Result<Vec<PartManifest>> {
    let mut parts: Vec<(String, PartManifest)> = Vec::new();
    for path in list(folder)? {
        let Some((attempt, kind)) = split(&path) else { continue };
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            // Another run has put it into the manifest.
            Err(error) if absent(&error) => continue,
            Err(error) => return Err(Error::io("read", &path, error)),
        };
        let (job, _) = attempt.split_once('.').unwrap_or((&attempt, ""));
        let known = parts.iter().position(|(known, _)| *known == attempt).unwrap_or_else(|| {
            let part = PartManifest { job: job.to_owned(), report: None, files: Vec::new(), paths: Vec::new() };
            parts.push((attempt.clone(), part));
            parts.len() - 1
        });
        let part = &mut parts[known].1;
        part.paths.push(path);
        if kind == REPORT {
            // What is no report is nobody's word; the journal beside it stands.
            part.report = serde_json::from_slice(&bytes).ok();
            part.files.extend(part.report.iter().flat_map(|report| report.files.iter().cloned()));
        } else {
            let lines = bytes.split(|&byte| byte == b'\n');
            // The last line of a process that was killed may be half a line.
            part.files.extend(lines.filter_map(|line| serde_json::from_slice::<ListedFile>(line).ok()));
        }
    }
    Ok(parts.into_iter().map(|(_, part)| part).collect())
}

/// The name of an attempt, `JOB.TOKEN`, and what its file at `path` is.
fn split(path: &Path) -> Option<(String, &'static str)> {
    let name = path.file_name()?.to_str()?;
    let (attempt, ending) = name.rsplit_once('.')?;
    let kind = [JOURNAL, REPORT].into_iter().find(|kind| *kind == ending)?;
    (!attempt.starts_with('.') && attempt.contains('.')).then(|| (attempt.to_owned(), kind))
}

/// One attempt at one shot.
#[derive(Debug)]
pub(crate) struct ShotAttempt {
    folder: PathBuf,
    name: String,
    journal: File,
}

impl ShotAttempt {
    /// Begins an attempt of the run `token` of the job `job` at the shot whose picture has the path `relative` in `root`,
    /// removes what attempts that are over left under temporary names of `places`, and makes room for its own.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io).
    pub(crate) fn begin(
        root: &Path,
        (relative, places): (&str, &[&OutputPlace]),
        (job, token): (&str, &str),
    ) -> Result<ShotAttempt> {
        let folder = folder_of(root, relative);
        fs::create_dir_all(&folder).map_err(|error| Error::io("make the folder", &folder, error))?;
        let name = format!("{job}.{token}");
        let path = folder.join(format!("{name}.{JOURNAL}"));
        let journal = File::options().create(true).append(true).open(&path);
        let journal = journal.map_err(|error| Error::io("write", &path, error))?;
        lock(&journal).map_err(|error| Error::io("lock", &path, error))?;
        let attempt = ShotAttempt { folder, name, journal };
        clear_in(&attempt.folder, Some(&attempt.name), places)?;
        // Whoever had the lock before took this attempt for one that is over, and removed what was there.
        places.iter().try_for_each(|place| place.make_room())?;
        Ok(attempt)
    }

    /// Notes that `files` are about to get their final names.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io).
    pub(crate) fn note(&self, files: &[ListedFile]) -> Result<()> {
        let mut text = Vec::new();
        for file in files {
            serde_json::to_writer(&mut text, file).expect("plain data always serialises");
            text.push(b'\n');
        }
        let mut journal = &self.journal;
        let write = journal.write_all(&text).and_then(|()| journal.sync_data());
        write.map_err(|error| Error::io("write", self.folder.join(format!("{}.{JOURNAL}", self.name)), error))
    }
}

impl Drop for ShotAttempt {
    fn drop(&mut self) {
        // An attempt that delivered nothing has nothing to say.
        if self.journal.metadata().is_ok_and(|metadata| metadata.len() == 0) {
            let _ = fs::remove_file(self.folder.join(format!("{}.{JOURNAL}", self.name)));
        }
        let _ = self.journal.unlock();
    }
}

/// Writes what became of the shot whose picture has the path `relative` in `root`: the part manifest of the run `token` of
/// the job `job`.
///
/// # Errors
/// [`ErrorKind::Io`](crate::ErrorKind::Io).
pub(crate) fn write(root: &Path, relative: &str, (job, token): (&str, &str), report: &Report) -> Result<()> {
    let folder = folder_of(root, relative);
    fs::create_dir_all(&folder).map_err(|error| Error::io("make the folder", &folder, error))?;
    let text = serde_json::to_string(report).expect("plain data without maps always serialises");
    write_whole(&folder.join(format!("{job}.{token}.{REPORT}")), (crate::printable_json(text) + "\n").as_bytes())
}

/// Removes what attempts at the shot whose picture has the path `relative` in `root`, and that are over, left under temporary
/// names of `places`.
///
/// # Errors
/// [`ErrorKind::Io`](crate::ErrorKind::Io).
pub(crate) fn clear(root: &Path, relative: &str, places: &[&OutputPlace]) -> Result<()> {
    clear_in(&folder_of(root, relative), None, places)
}

fn clear_in(shot: &Path, own: Option<&str>, places: &[&OutputPlace]) -> Result<()> {
    for path in list(shot)? {
        let Some((name, JOURNAL)) = split(&path) else { continue };
        let Some((_, token)) = name.split_once('.').filter(|_| own != Some(name.as_str())) else { continue };
        let Ok(journal) = File::options().append(true).open(&path) else { continue };
        // Whoever lives has it.
        if journal.try_lock().is_err() {
            continue;
        }
        places.iter().try_for_each(|place| place.clear_of(token))?;
        let _ = journal.unlock();
    }
    Ok(())
}

/// Waits for the lock of `journal`: until this attempt has it, others may take it for one that is over.
fn lock(journal: &File) -> std::io::Result<()> {
    loop {
        match journal.lock() {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            // Then nobody can take this attempt for one that is over.
            Err(error) if knows_no_locks(&error) => return Ok(()),
            done => return done,
        }
    }
}

/// Whether `error` says that a file system knows no locks, as some network file systems do.
fn knows_no_locks(error: &std::io::Error) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        let known = [Errno::NOSYS, Errno::NOTSUP, Errno::OPNOTSUPP, Errno::NOLCK, Errno::INVAL];
        if known.iter().any(|known| error.raw_os_error() == Some(known.raw_os_error())) {
            return true;
        }
    }
    error.kind() == std::io::ErrorKind::Unsupported
}

#[cfg(test)]
mod tests {
    use super::super::files::Folder;
    use super::*;
    use crate::report::OutputKind;

    #[test]
    fn an_attempt_waits_for_whoever_looks_at_its_journal_and_then_has_its_folder_and_the_lock() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let root = root.path().canonicalize().expect("it is there");
        let folder = Folder::planned(&root);
        let place = folder.place(Path::new("sh010"), OutputKind::Sequence, "exr");
        let journal = folder_of(&root, &place.relative).join(format!("job.{}.{JOURNAL}", folder.token()));
        fs::create_dir_all(journal.parent().expect("a folder")).expect("a new folder");
        // Another task found the journal before it was locked.
        let other = File::options().create(true).append(true).open(&journal).expect("a new file");
        other.lock().expect("it is free");
        let begun = std::sync::atomic::AtomicBool::new(false);
        let attempt = std::thread::scope(|scope| {
            let begin = || {
                let attempt = ShotAttempt::begin(&root, (&place.relative, &[&place]), ("job", folder.token()));
                begun.store(true, std::sync::atomic::Ordering::SeqCst);
                attempt
            };
            let attempt = scope.spawn(begin);
            std::thread::sleep(std::time::Duration::from_millis(300));
            assert!(!begun.load(std::sync::atomic::Ordering::SeqCst), "it began without the lock");
            place.clear_of(folder.token()).expect("it is removed");
            other.unlock().expect("it was locked");
            attempt.join().expect("no panic").expect("it begins")
        });
        assert!(place.target.path().is_dir());
        assert!(other.try_lock().is_err(), "another task can take the attempt for one that is over");
        clear(&root, &place.relative, &[&place]).expect("nothing is over");
        assert!(place.target.path().is_dir());
        drop(attempt);
    }

    #[test]
    fn what_attempts_that_are_over_left_is_removed_and_nothing_else() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let root = root.path().canonicalize().expect("it is there");
        let [over, other] = [(); 2].map(|()| Folder::planned(&root));
        let places = |folder: &Folder| {
            let place = |name: &str, kind, extension| folder.place(Path::new(name), kind, extension);
            [place("a/sh010", OutputKind::Sequence, "exr"), place("b/sh010", OutputKind::Movie, "mov")]
        };
        let [left, own] = [&over, &other].map(places);
        let relative = left[0].relative.as_str();
        let attempt =
            ShotAttempt::begin(&root, (relative, &[&left[0], &left[1]]), ("job", over.token())).expect("begun");
        attempt.note(&[ListedFile { path: "a".to_owned(), ..ListedFile::NOTHING }]).expect("noted");
        fs::write(left[1].target.path(), "half").expect("a new file");
        own[0].make_room().expect("a new folder");
        drop(attempt);
        clear(&root, relative, &[&own[0], &own[1]]).expect("cleared");
        assert!(!left[0].target.path().exists() && !left[1].target.path().exists());
        assert!(own[0].target.path().is_dir());
    }
}
