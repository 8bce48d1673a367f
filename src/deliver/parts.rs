//! Part manifests: what tasks that deliver into one folder at the same time say of their shots, each in files of its own, so
//! that no task waits for another.
//!
//! The folder [`PARTS`] in the output folder has a folder for each shot, and that two files for each attempt at it: a journal,
//! written before files get their final names and locked as long as the attempt lives, and a report of the one shot. Both are
//! called `JOB.TOKEN`, and the token is also in the attempt's temporary names.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::files::{is_part_of, short, write_whole};
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
    /// Begins an attempt of the run `token` of the job `job` at the shot whose picture has the path `relative` in `root`, and
    /// removes what attempts that are over left under temporary names of `places`.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io).
    pub(crate) fn begin(
        root: &Path,
        (relative, places): (&str, &[&Path]),
        (job, token): (&str, &str),
    ) -> Result<ShotAttempt> {
        let folder = folder_of(root, relative);
        fs::create_dir_all(&folder).map_err(|error| Error::io("make the folder", &folder, error))?;
        let name = format!("{job}.{token}");
        let path = folder.join(format!("{name}.{JOURNAL}"));
        let journal = File::options().create(true).append(true).open(&path);
        let journal = journal.map_err(|error| Error::io("write", &path, error))?;
        // Some network file systems know no locks: then nobody takes this attempt for one that is over.
        let _ = journal.try_lock();
        let attempt = ShotAttempt { folder, name, journal };
        clear_in(&attempt.folder, Some(&attempt.name), places)?;
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
pub(crate) fn clear(root: &Path, relative: &str, places: &[&Path]) -> Result<()> {
    clear_in(&folder_of(root, relative), None, places)
}

fn clear_in(shot: &Path, own: Option<&str>, places: &[&Path]) -> Result<()> {
    for path in list(shot)? {
        let Some((name, JOURNAL)) = split(&path) else { continue };
        let Some((_, token)) = name.split_once('.').filter(|_| own != Some(name.as_str())) else { continue };
        let Ok(journal) = File::options().append(true).open(&path) else { continue };
        // Whoever lives has it.
        if journal.try_lock().is_err() {
            continue;
        }
        let mut folders: Vec<&Path> = places.iter().filter_map(|place| place.parent()).collect();
        folders.dedup();
        for folder in folders {
            for left in list(folder)? {
                if places.iter().any(|place| is_part_of(&left, place, token)) {
                    remove(&left)?;
                }
            }
        }
        let _ = journal.unlock();
    }
    Ok(())
}

fn remove(path: &Path) -> Result<()> {
    let is_folder = path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
    let removed = if is_folder { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if !absent(&error) => Err(Error::io("remove", path, error)),
        _ => Ok(()),
    }
}
