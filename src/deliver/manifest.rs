//! What is ours in a folder: its `manifest.json`, and the journal of what was delivered since that was written.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::files::{Hold, clear, sync_folder, write_noted, write_whole};
use super::parts::{self, PartManifest};
use crate::error::{Error, ErrorKind, Result};
use crate::report::{ListedFile, Output, Report, ShotReport, Status};

/// The manifest's name.
pub(crate) const MANIFEST: &str = "manifest.json";
/// The name of the cut with its intermediates.
pub(crate) const CONFLATED: &str = "conflated.otio";
/// One line of JSON for each file that is about to get its final name: a run that is killed before it writes its manifest
/// leaves no file that nobody knows.
const JOURNAL: &str = ".otio-conflate-journal";

/// What a folder's manifest says.
#[derive(Debug, Default)]
pub(crate) struct Manifest {
    /// The run it is of; `None` where it lists files alone.
    pub(crate) run: Option<Report>,
    /// What it lists.
    files: Vec<ListedFile>,
    /// What was noted since it was written, oldest first: some of it may not have its final name yet.
    noted: Vec<ListedFile>,
    /// How the files of the reports in [`Manifest::run`] were left by whoever wrote these: neither what a run noted that did
    /// not come to its report, nor what others wrote under the same names.
    pub(crate) reported: Listed,
}

/// A manifest of a folder that no run delivered to, but other programs did.
#[derive(Serialize, Deserialize)]
struct FilesAlone {
    crate_version: String,
    files: Vec<ListedFile>,
}

/// What lies at a manifest's place.
pub(crate) enum ManifestFile {
    /// A manifest, or nothing.
    Ours(Box<Manifest>),
    /// Something that is none: why.
    Foreign(&'static str),
}

impl Manifest {
    /// Reads the manifest of `folder`, what was delivered since it was written, and part manifests.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] where they cannot be read.
    pub(crate) fn read(folder: &Path) -> Result<ManifestFile> {
        Ok(match Manifest::read_own(folder)? {
            ManifestFile::Ours(manifest) => {
                let mut parts = parts::all(folder)?;
                // What was removed since is no shot any more; that it was ours stands.
                parts.iter_mut().for_each(|part| forget_removed(part, folder));
                ManifestFile::Ours(Box::new(manifest.with_parts(parts)))
            }
            foreign @ ManifestFile::Foreign(_) => foreign,
        })
    }

    /// What it says with what `parts`, oldest first, say of their shots: of several entries of one shot, that counts whose
    /// picture was written last.
    pub(crate) fn with_parts(mut self, parts: Vec<PartManifest>) -> Manifest {
        if parts.is_empty() {
            return self;
        }
        let mut newest: HashMap<String, u64> = HashMap::new();
        for file in self.reported.files() {
            let known = newest.entry(file.path.clone()).or_default();
            *known = file.modified.1.max(*known);
        }
        let mut places: HashMap<String, usize> = HashMap::new();
        for (index, shot) in self.run.iter().flat_map(|run| &run.shots).enumerate() {
            places.extend(shot.output.iter().map(|output| (output.path.clone(), index)));
        }
        for part in parts {
            let written = part.written();
            self.noted.extend(part.files.iter().cloned());
            let Some(report) = part.report else { continue };
            let run = self.run.get_or_insert_with(|| Report { shots: Vec::new(), files: Vec::new(), ..report.clone() });
            let (of, name) = (run.name.clone(), report.name.clone());
            for mut shot in report.shots {
                if name != of && shot.of.is_none() {
                    shot.of = Some(name.clone());
                }
                let Some(path) = shot.output.as_ref().map(|output| output.path.clone()) else { continue };
                // What is in the manifest already may be marked there.
                if newest.get(&path).is_some_and(|known| *known >= written) && places.contains_key(&path) {
                    continue;
                }
                newest.insert(path.clone(), written);
                for output in outputs(&shot) {
                    self.reported.replace(&output.path, &part.files);
                }
                match places.get(&path) {
                    Some(&place) => run.shots[place] = shot,
                    None => {
                        places.insert(path, run.shots.len());
                        run.shots.push(shot);
                    }
                }
            }
        }
        self
    }

    /// Reads the manifest of `folder` and what was delivered since it was written, without part manifests.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] where it cannot be read.
    pub(crate) fn read_own(folder: &Path) -> Result<ManifestFile> {
        let path = folder.join(MANIFEST);
        // Read first: what another process writes into the manifest meanwhile, and out of the journal, is in either.
        let noted = journal(folder)?;
        let manifest = match path.symlink_metadata() {
            Err(error) if absent(&error) => Manifest::default(),
            Err(error) => return Err(Error::io("look at", &path, error)),
            Ok(metadata) if !metadata.is_file() => return Ok(ManifestFile::Foreign("is not a regular file")),
            Ok(_) => {
                let bytes = fs::read(&path).map_err(|error| Error::io("read", &path, error))?;
                match Manifest::parse(&bytes) {
                    Some(manifest) => manifest,
                    None => return Ok(ManifestFile::Foreign("is not a manifest of this library")),
                }
            }
        };
        Ok(ManifestFile::Ours(Box::new(Manifest { noted, ..manifest })))
    }

    fn parse(bytes: &[u8]) -> Option<Manifest> {
        if let Ok(run) = serde_json::from_slice::<Report>(bytes) {
            let mut files = run.files.clone();
            if files.is_empty() {
                files = run.shots.iter().flat_map(outputs).map(of_old).collect();
            }
            let reported = Listed::of(&files);
            return Some(Manifest { run: Some(run), files, noted: Vec::new(), reported });
        }
        let alone: FilesAlone = serde_json::from_slice(bytes).ok()?;
        Some(Manifest { files: alone.files, ..Manifest::default() })
    }

    /// What is listed or was noted, by path.
    pub(crate) fn listed(&self) -> Listed {
        let mut listed = Listed::of(&self.files);
        listed.add(&self.noted);
        listed
    }
}

/// How far the run is whose manifest is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunProgress {
    /// More is to come: what it lists is not looked at.
    Going,
    /// It is over.
    Over,
}

/// Everything that was delivered of a shot.
pub(crate) fn outputs(shot: &crate::report::ShotReport) -> impl Iterator<Item = &Output> {
    let others = shot.representations.iter().map(|made| &made.output);
    let stems = shot.stems.iter().map(|stem| &stem.output);
    shot.output.iter().chain(&shot.sound).chain(stems).chain(others)
}

/// What earlier versions said of a file: not when it was written.
fn of_old(output: &Output) -> ListedFile {
    ListedFile { path: output.path.clone(), bytes: output.bytes, modified: (0, u64::MAX), ..ListedFile::NOTHING }
}

/// Files that were made by this library, by their path relative to the folder; each as it was left.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listed(HashMap<String, Vec<ListedFile>>);

impl Listed {
    /// These files.
    pub(crate) fn of(files: &[ListedFile]) -> Listed {
        let mut listed = Listed::default();
        listed.add(files);
        listed
    }

    /// What is listed under these paths.
    pub(crate) fn only(&self, paths: &[&str]) -> Listed {
        let of = |path: &&str| Some(((*path).to_owned(), self.0.get(*path)?.clone()));
        Listed(paths.iter().filter_map(of).collect())
    }

    /// All of them.
    pub(crate) fn files(&self) -> impl Iterator<Item = &ListedFile> {
        self.0.values().flatten()
    }

    /// Lists under `path` what `files` list there, and nothing else any more.
    fn replace(&mut self, path: &str, files: &[ListedFile]) {
        self.0.insert(path.to_owned(), files.iter().filter(|file| file.path == path).cloned().collect());
    }

    /// Lists these files, too.
    pub(super) fn add(&mut self, files: &[ListedFile]) {
        for file in files {
            self.0.entry(file.path.clone()).or_default().push(file.clone());
        }
    }

    /// Whether anything is listed under this path.
    pub(super) fn names(&self, relative: &str) -> bool {
        self.0.contains_key(relative)
    }

    /// Whether all that is listed under this path says when it was written; manifests of earlier versions did not.
    pub(super) fn has_times(&self, relative: &str) -> bool {
        self.0.get(relative).is_some_and(|listed| listed.iter().all(|listed| listed.modified.1 != u64::MAX))
    }

    /// Whether what lies there, `there`, is as it was left.
    pub(crate) fn holds(&self, relative: &str, there: &ListedFile) -> bool {
        let as_left = |listed: &ListedFile| {
            listed.bytes == there.bytes
                && there.modified.0 >= listed.modified.0
                && there.modified.1 <= listed.modified.1
        };
        self.0.get(relative).is_some_and(|listed| listed.iter().any(as_left))
    }

    /// What is listed of what lies there, `there`, if it is as it was left.
    #[cfg(feature = "ffmpeg")]
    pub(super) fn entry(&self, relative: &str, there: &ListedFile) -> Option<&ListedFile> {
        let is_it = |listed: &&ListedFile| listed.bytes == there.bytes && listed.modified == there.modified;
        self.0.get(relative)?.iter().rev().find(is_it)
    }

    /// Whether what lies there is a part of what was left: frames of a sequence, none of them changed since.
    pub(super) fn holds_part(&self, relative: &str, there: &ListedFile) -> bool {
        let as_left = |listed: &ListedFile| {
            let within = there.modified.0 >= listed.modified.0 && there.modified.1 <= listed.modified.1;
            listed.bytes >= there.bytes && (within || there.bytes == 0)
        };
        self.0.get(relative).is_some_and(|listed| listed.iter().any(as_left))
    }

    /// Whether the file or folder at `path` in `folder` is something listed, or holds it.
    pub(crate) fn leads_to(&self, folder: &Path, path: &Path) -> bool {
        let Ok(relative) = path.strip_prefix(folder) else { return false };
        let relative = relative.to_string_lossy().replace('\\', "/");
        let start = format!("{relative}/");
        self.0.keys().any(|listed| *listed == relative || listed.starts_with(&start))
    }
}

/// What the manifest of a folder lists and what was noted there, for whoever asks for each shot: read again only where one
/// of these files is another than before.
#[derive(Debug, Default)]
pub(crate) struct KnownManifest(Mutex<Option<(ManifestState, Listed)>>);

/// How the manifest and the journal of a folder are.
type ManifestState = [Option<(u64, SystemTime, u64)>; 2];

impl KnownManifest {
    /// What is listed in `folder` under these paths.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] where it cannot be read.
    pub(super) fn listed(&self, folder: &Path, paths: &[&str]) -> Result<Listed> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Before they are read: what changes meanwhile is read once more the next time.
        let state = [MANIFEST, JOURNAL].map(|name| state(&folder.join(name)));
        if let Some((_, listed)) = known.as_ref().filter(|(known, _)| *known == state) {
            return Ok(listed.only(paths));
        }
        let listed = match Manifest::read_own(folder)? {
            ManifestFile::Ours(manifest) => manifest.listed(),
            ManifestFile::Foreign(_) => Listed::default(),
        };
        Ok(known.insert((state, listed)).1.only(paths))
    }
}

/// Size, time and, where there are such, number of the file at `path`.
fn state(path: &Path) -> Option<(u64, SystemTime, u64)> {
    let metadata = path.symlink_metadata().ok()?;
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&metadata);
    #[cfg(not(unix))]
    let number = 0;
    Some((metadata.len(), metadata.modified().ok()?, number))
}

fn absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}

fn journal(folder: &Path) -> Result<Vec<ListedFile>> {
    let path = folder.join(JOURNAL);
    let is_file = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
    if !is_file {
        return Ok(Vec::new());
    }
    let text = fs::read(&path).map_err(|error| Error::io("read", &path, error))?;
    // The last line of a process that was killed may be half a line.
    Ok(text.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect())
}

/// Notes that `files` are about to get their final names in `folder`.
///
/// # Errors
/// [`ErrorKind::Io`] where it cannot be noted.
pub(crate) fn note(folder: &Path, files: &[ListedFile]) -> Result<()> {
    let path = folder.join(JOURNAL);
    let _hold = Hold::wait(&folder.join(MANIFEST))?;
    if path.symlink_metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return Err(not_ours(&path, "is not a regular file"));
    }
    let mut text = Vec::new();
    for file in files {
        serde_json::to_writer(&mut text, file).expect("plain data always serialises");
        text.push(b'\n');
    }
    let mut write = || {
        // A line that a killed process did not end is ended.
        let mut file = File::options().create(true).append(true).open(&path)?;
        if file.metadata()?.len() > 0 {
            text.insert(0, b'\n');
        }
        file.write_all(&text)?;
        file.sync_data()
    };
    write().map_err(|error| Error::io("write", &path, error))
}

/// Writes `conflated.otio` in `folder`.
///
/// # Errors
/// [`ErrorKind::Io`] where it cannot be written.
pub(crate) fn write_cut(folder: &Path, cut: &str) -> Result<()> {
    write_noted(&folder.join(CONFLATED), cut.as_bytes(), |written| {
        let listed = written.map(|written| ListedFile { path: CONFLATED.to_owned(), ..written });
        note(folder, listed.as_slice())
    })
}

/// Writes what was noted into the manifest of `folder`: that of `run`, or, with `None`, the one that is there, or one that
/// lists files alone.
///
/// # Errors
/// [`ErrorKind::Io`] where it cannot be written, [`ErrorKind::Exists`] where something else has its name.
pub(crate) fn settle(folder: &Path, run: Option<(&Report, RunProgress)>, foreign: bool) -> Result<()> {
    let path = folder.join(MANIFEST);
    let _hold = Hold::wait(&path)?;
    let there = match Manifest::read_own(folder)? {
        ManifestFile::Ours(manifest) => *manifest,
        // Whoever may replace it found it so before.
        ManifestFile::Foreign(_) if foreign => Manifest { noted: journal(folder)?, ..Manifest::default() },
        ManifestFile::Foreign(why) => return Err(not_ours(&path, why)),
    };
    let look = !matches!(run, Some((_, RunProgress::Going)));
    let files = newest(folder, there.files, there.noted, look);
    let text = match (run, there.run) {
        (Some((run, _)), _) => serde_json::to_string_pretty(&Report { files, ..run.clone() }),
        (None, Some(run)) => serde_json::to_string_pretty(&Report { files, ..run }),
        (None, None) if files.is_empty() && path.symlink_metadata().is_err() => return forget(folder),
        (None, None) => {
            serde_json::to_string_pretty(&FilesAlone { crate_version: env!("CARGO_PKG_VERSION").to_owned(), files })
        }
    }
    .expect("plain data without maps always serialises");
    write_whole(&path, (crate::printable_json(text) + "\n").as_bytes())?;
    // What this run delivers just now is noted until it is over: whoever looks at what the manifest lists may not find it yet.
    if look { forget(folder) } else { Ok(()) }
}

/// Notes everything that part manifests in `folder` list and that is there, for the manifest that is written next.
///
/// # Errors
/// [`ErrorKind::Io`].
pub(crate) fn note_parts(folder: &Path) -> Result<()> {
    note_there(folder, parts::all(folder)?.iter())
}

/// Notes what `parts` list, oldest first, and is there as it was left.
fn note_there<'p>(folder: &Path, parts: impl Iterator<Item = &'p PartManifest>) -> Result<()> {
    let files: Vec<ListedFile> =
        parts.flat_map(|part| &part.files).filter(|file| is_there(folder, file)).cloned().collect();
    note(folder, &files)
}

/// Puts part manifests into the manifest of `folder`, which nobody else writes into, and removes those that are not the last
/// word about files that are there: the others' jobs may still be joined, and their tasks be tried again.
///
/// # Errors
/// [`ErrorKind::Io`].
pub(crate) fn absorb_parts(folder: &Path) -> Result<()> {
    let parts = parts::all(folder)?;
    if parts.is_empty() {
        return Ok(());
    }
    let ManifestFile::Ours(manifest) = Manifest::read(folder)? else { return Ok(()) };
    note_there(folder, parts.iter())?;
    settle(folder, manifest.run.as_ref().map(|run| (run, RunProgress::Going)), false)?;
    parts.iter().filter(|part| !counts(part, folder)).try_for_each(PartManifest::remove)?;
    parts::sweep(folder);
    Ok(())
}

/// Whether `file` is in `folder` as it was left.
fn is_there(folder: &Path, file: &ListedFile) -> bool {
    on_disk(folder, &file.path).symlink_metadata().is_ok_and(|metadata| is_as_left(&metadata, file))
}

/// Whether what has this `metadata` is as `file` says that it was left; of a folder of frames that is not looked at.
fn is_as_left(metadata: &fs::Metadata, file: &ListedFile) -> bool {
    ListedFile::of(metadata).is_none_or(|there| {
        there.bytes == file.bytes && (file.modified.0..=file.modified.1).contains(&there.modified.0)
    })
}

/// Whether `part` says of files in `folder` what they are: it delivered them, and they are there as it left them.
fn counts(part: &PartManifest, folder: &Path) -> bool {
    let delivered =
        |report: &Report| report.shots.iter().any(|shot| matches!(shot.status, Status::Done | Status::Skipped));
    part.report.as_ref().is_some_and(delivered) && part.files.iter().any(|file| is_there(folder, file))
}

/// Forgets the report of `part` where nothing is there any more of what that says was delivered into `folder`.
fn forget_removed(part: &mut PartManifest, folder: &Path) {
    let is_there = |shot: &ShotReport| {
        let mut outputs = outputs(shot).peekable();
        outputs.peek().is_none() || outputs.any(|output| on_disk(folder, &output.path).symlink_metadata().is_ok())
    };
    part.report = part.report.take().filter(|report| report.shots.iter().any(is_there));
}

/// Removes the journal, all of which is in the manifest.
fn forget(folder: &Path) -> Result<()> {
    let path = folder.join(JOURNAL);
    match fs::remove_file(&path) {
        Ok(()) => sync_folder(&path),
        Err(error) if absent(&error) => Ok(()),
        Err(error) => Err(Error::io("remove", &path, error)),
    }
}

/// Removes what killed runs left of the manifest itself.
///
/// # Errors
/// [`ErrorKind::Io`] where it cannot be removed.
pub(crate) fn clear_strays(folder: &Path) -> Result<()> {
    let paths = [folder.join(MANIFEST), folder.join(CONFLATED)];
    match clear(paths.iter().map(PathBuf::as_path)) {
        // Another program notes something just now; what it left lies under a hidden name, and goes with the next run.
        Err(error) if error.kind() == ErrorKind::Locked => Ok(()),
        cleared => cleared,
    }
}

pub(crate) fn not_ours(path: &Path, why: &str) -> Error {
    // A reason in brackets stands for itself, others are the end of the sentence.
    let and = if why.starts_with('(') { "" } else { "and " };
    Error::new(ErrorKind::Exists, format!("{} exists {and}{why}; nothing was rendered", path.display())).at_file(path)
}

/// The newest two under each path of what is `listed` in the manifest, and of what was `noted` since: a run that was killed
/// may not have got as far as the newest says. With `look`, of the listed only those that are in `folder` as they were left;
/// what was noted may be about to get its final name, and is looked at once it is listed.
fn newest(folder: &Path, listed: Vec<ListedFile>, noted: Vec<ListedFile>, look: bool) -> Vec<ListedFile> {
    let mut seen: HashMap<String, Vec<ListedFile>> = HashMap::new();
    let mut kept = Vec::new();
    let mut keep = |files: Vec<ListedFile>, look: bool| {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for file in files.into_iter().rev() {
            let count = counts.entry(file.path.clone()).or_default();
            let known = seen.entry(file.path.clone()).or_default();
            if *count == 2 || known.contains(&file) || (look && !is_there(folder, &file)) {
                continue;
            }
            *count += 1;
            known.push(file.clone());
            kept.push(file);
        }
    };
    keep(noted, false);
    keep(listed, look);
    kept.reverse();
    kept.sort_by(|one, other| one.path.cmp(&other.path));
    kept
}

/// The file, or the folder of frames, that `path` in a manifest of `folder` names.
pub(crate) fn on_disk(folder: &Path, path: &str) -> PathBuf {
    let is_pattern = |name: &str| name.contains(".%04d.");
    match path.rsplit_once('/') {
        Some((frames, name)) if is_pattern(name) => folder.join(frames),
        _ => folder.join(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Canvas, ColorTags};
    use crate::report::ReportedCanvas;
    use crate::time::Rate;

    /// What another process is about to deliver into `folder` under this name, written already.
    fn written(folder: &Path, name: &str) -> (ListedFile, PathBuf) {
        let temporary = folder.join(format!(".{name}"));
        fs::write(&temporary, name).expect("a new file");
        let listed = ListedFile::of(&temporary.metadata().expect("it is there")).expect("a file");
        (ListedFile { path: name.to_owned(), ..listed }, temporary)
    }

    fn is_listed(folder: &Path, name: &str) -> bool {
        let ManifestFile::Ours(manifest) = Manifest::read(folder).expect("it can be read") else { return false };
        let there = folder.join(name).metadata().ok().and_then(|metadata| ListedFile::of(&metadata));
        there.is_some_and(|there| manifest.listed().holds(name, &there))
    }

    #[test]
    fn what_another_process_noted_stays_listed_though_it_has_not_its_name_yet() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let folder = root.path();
        let (listed, temporary) = written(folder, "a.mov");
        note(folder, &[listed]).expect("noted");
        settle(folder, None, false).expect("another process is done");
        fs::rename(&temporary, folder.join("a.mov")).expect("it gets its name");
        assert!(is_listed(folder, "a.mov"));
        settle(folder, None, false).expect("it is looked at");
        assert!(is_listed(folder, "a.mov"));
        fs::remove_file(folder.join("a.mov")).expect("it is there");
        settle(folder, None, false).expect("it is looked at");
        let text = fs::read_to_string(folder.join(MANIFEST)).expect("a manifest");
        assert!(!text.contains("a.mov"), "{text}");
    }

    #[test]
    fn a_run_that_goes_on_keeps_noted_what_its_other_shots_deliver_just_now() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let folder = root.path();
        let (listed, temporary) = written(folder, "b.mov");
        note(folder, &[listed]).expect("noted");
        let run = of_no_shots(folder);
        settle(folder, Some((&run, RunProgress::Going)), false).expect("another shot of the run is done");
        settle(folder, None, false).expect("another process is done");
        fs::rename(&temporary, folder.join("b.mov")).expect("it gets its name");
        assert!(is_listed(folder, "b.mov"));
    }

    #[test]
    fn a_manifest_that_is_known_is_read_again_where_it_changed() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let folder = root.path();
        let known = KnownManifest::default();
        let lists = |name: &str| known.listed(folder, &[name]).expect("it can be read").names(name);
        assert!(!lists("a.mov"));
        let (listed, temporary) = written(folder, "a.mov");
        fs::rename(&temporary, folder.join("a.mov")).expect("it gets its name");
        note(folder, &[listed]).expect("noted");
        assert!(lists("a.mov") && !lists("b.mov"));
        settle(folder, None, false).expect("listed");
        assert!(lists("a.mov"));
        fs::remove_file(folder.join("a.mov")).expect("it is there");
        settle(folder, None, false).expect("it is looked at");
        assert!(!lists("a.mov"));
    }

    fn of_no_shots(folder: &Path) -> Report {
        Report {
            crate_version: String::new(),
            timeline: None,
            name: "cut".to_owned(),
            backend: "record".to_owned(),
            preset: "h264".to_owned(),
            gain: None,
            canvas: ReportedCanvas { canvas: Canvas::new(16, 16, ColorTags::BT709), space: None },
            rate: Rate::FPS_24,
            start: 0,
            shots: Vec::new(),
            omitted: Vec::new(),
            warnings: Vec::new(),
            plan: None,
            files: Vec::new(),
            folder: folder.to_owned(),
        }
    }

    #[test]
    fn what_is_there_stays_listed_though_it_was_to_be_replaced_many_times() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let folder = root.path();
        let (listed, temporary) = written(folder, "c.mov");
        fs::rename(&temporary, folder.join("c.mov")).expect("it gets its name");
        note(folder, std::slice::from_ref(&listed)).expect("noted");
        settle(folder, None, false).expect("it is listed");
        for bytes in 100..103 {
            note(folder, &[ListedFile { bytes, ..listed.clone() }]).expect("noted");
        }
        settle(folder, None, false).expect("another process is done");
        assert!(is_listed(folder, "c.mov"));
    }
}
