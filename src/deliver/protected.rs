//! Files that are read, and so never written to: the media of a plan, its timeline, bundles, and what else was given.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::absent::AbsentPlaces;
use super::existing::Existing;
use super::same_file::{FileIdentity, differ_by_case, identity, lower};
use crate::color::Names;
use crate::error::{Error, ErrorKind, Result};
use crate::otio::bundle::is_bundle;
use crate::plan::{ColorConfig, LookStep, MediaSource, Plan};

/// How many names a file has: more than one where there are hard links.
#[cfg(unix)]
fn links(metadata: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    metadata.nlink()
}

#[cfg(not(unix))]
fn links(_: &Metadata) -> u64 {
    2
}

/// How much of what is below a protected path is protected, too.
#[derive(Debug, Clone, PartialEq)]
enum Extent {
    /// A file.
    File,
    /// A folder, and everything in it at any depth.
    Tree,
    /// A folder of numbered frames: what lies directly in it. The names of the frames start and end like this.
    Frames { prefix: String, suffix: String },
}

/// A protected file or folder.
#[derive(Debug)]
struct ProtectedItem {
    /// What it is, such as `the medium`.
    what: &'static str,
    /// As it was given.
    path: PathBuf,
    real: PathBuf,
    /// Whether it is not on disk.
    absent: bool,
    extent: Extent,
}

/// Everything that a run reads.
#[derive(Debug, Default)]
pub(crate) struct Protected {
    items: Vec<ProtectedItem>,
    /// Items by what they are on disk.
    known: HashMap<FileIdentity, usize>,
    /// Folders that hold an item at any depth.
    above: HashMap<FileIdentity, usize>,
    /// The same for paths in lower case: some file systems that ignore case give a file another inode for each spelling.
    known_lower: HashMap<PathBuf, usize>,
    above_lower: HashMap<PathBuf, usize>,
    /// Items that are not on disk.
    absent: AbsentPlaces,
    /// Frames of sequences that are symbolic links, and with `true` those that have several names, too.
    frames: Mutex<HashMap<bool, HashMap<FileIdentity, PathBuf>>>,
    /// What folders that targets lie in belong to.
    parents: Mutex<HashMap<PathBuf, Option<usize>>>,
    /// Folders inside items of which everything is protected: a bind mount may lead straight into one.
    within: OnceLock<HashMap<FileIdentity, usize>>,
}

impl Protected {
    /// The media of `plan`, its timeline, and the bundles that any of these lie in. Where `existing` lets files of others be
    /// replaced, what the cut refers to and does not show is not theirs to give, either; else it is safe unless it is ours.
    pub(crate) fn of_plan(plan: &Plan, existing: Existing) -> Protected {
        let mut protected = Protected::default();
        let others = plan.other_media.iter().filter(|_| existing == Existing::OverwriteForeign);
        others.for_each(|source| protected.add_media(source));
        for media in &plan.media {
            protected.add_media(&media.source);
        }
        if let Some(timeline) = &plan.timeline {
            protected.add("the timeline", timeline);
        }
        if let Some(color) = &plan.color {
            if let ColorConfig::File(path) = &color.config {
                protected.add("the colour configuration", path);
            }
            for look in &color.looks {
                if let LookStep::File { path, .. } = look {
                    let filled = plan.shots.iter().map(|shot| {
                        let names = Names::new(&shot.name, &shot.clip, &shot.track, &plan.name);
                        names.fill(path)
                    });
                    let filled: BTreeSet<String> = filled.chain([path.clone()]).collect();
                    filled.iter().for_each(|path| protected.add("the look", Path::new(path)));
                }
            }
        }
        protected
    }

    /// Adds the files of a medium.
    pub(crate) fn add_media(&mut self, source: &MediaSource) {
        match source {
            MediaSource::File { path } => self.add("the medium", path),
            MediaSource::Sequence { folder, prefix, suffix, .. } => {
                self.add_bundles(folder);
                let extent = Extent::Frames { prefix: prefix.clone(), suffix: suffix.clone() };
                self.add_item("the frame sequence in", folder, extent);
            }
            MediaSource::Generator { .. } | MediaSource::Missing { .. } => {}
        }
    }

    /// Adds a file or folder that is read, which is `what`, such as `the timeline`.
    pub(crate) fn add(&mut self, what: &'static str, path: &Path) {
        self.add_bundles(path);
        let extent = if path.is_dir() { Extent::Tree } else { Extent::File };
        self.add_item(what, path, extent);
    }

    /// Adds the bundles that `path` lies in.
    fn add_bundles(&mut self, path: &Path) {
        for bundle in path.ancestors().skip(1).filter(|folder| is_bundle(folder)) {
            let extent = if bundle.is_dir() { Extent::Tree } else { Extent::File };
            self.add_item("the bundle", bundle, extent);
        }
    }

    fn add_item(&mut self, what: &'static str, path: &Path, extent: Extent) {
        let index = self.items.len();
        let metadata = path.metadata().ok();
        let real = path.canonicalize().unwrap_or_else(|_| real(path));
        if self.items.iter().rev().take(64).any(|item| item.real == real && item.extent == extent) {
            return;
        }
        match metadata.as_ref().and_then(|metadata| identity(path, metadata)) {
            // Frames of several sequences may lie in one folder, and a medium may be a bundle.
            Some(id) if !matches!(self.known.get(&id), Some(&known) if self.items[known].extent == Extent::Tree) => {
                self.known.insert(id, index);
                self.known_lower.insert(lower(&real), index);
            }
            Some(_) => {}
            None => self.absent.add(&real, index),
        }
        for folder in real.ancestors().skip(1) {
            let Some(id) = folder.metadata().ok().and_then(|metadata| identity(folder, &metadata)) else { continue };
            if self.above.contains_key(&id) {
                break;
            }
            self.above.insert(id, index);
            self.above_lower.insert(lower(folder), index);
        }
        let absent = metadata.is_none();
        self.items.push(ProtectedItem { what, path: path.to_owned(), real, absent, extent });
    }

    /// Refuses targets that are, contain or lie inside something protected, in whatever mode.
    ///
    /// # Errors
    /// [`ErrorKind::Exists`] with both paths of each.
    pub(crate) fn refuse<'t>(&self, targets: impl IntoIterator<Item = &'t Path>) -> Result<()> {
        let mut files = Vec::new();
        let mut refused = Vec::new();
        for target in targets {
            if let Some(why) = self.why_not(target) {
                files.push(target.to_owned());
                refused.push(format!("{} {why}", target.display()));
            }
        }
        let Some(first) = files.first().cloned() else { return Ok(()) };
        let message =
            format!("inputs are never written to, in any mode; nothing was rendered:\n  {}", refused.join("\n  "));
        Err(Error::new(ErrorKind::Exists, message).at_file(first).about_files(files))
    }

    /// Why `target` may not be written.
    fn why_not(&self, target: &Path) -> Option<String> {
        if self.items.is_empty() {
            return None;
        }
        let place = real(target);
        let told = |index: usize, how: &str| {
            let item = &self.items[index];
            let mut text = format!("{how} {} {}", item.what, item.path.display());
            if item.absent {
                text += ", which is missing";
            }
            Some(text)
        };
        // What is there, behind a link or not.
        for metadata in [target.symlink_metadata(), target.metadata()].into_iter().flatten() {
            let Some(id) = identity(target, &metadata) else { continue };
            if let Some(&index) = self.known.get(&id) {
                let is_frames = matches!(self.items[index].extent, Extent::Frames { .. });
                return told(index, if is_frames { "is the folder of" } else { "is" });
            }
            if let Some(&index) = self.above.get(&id).filter(|_| metadata.is_dir()) {
                return told(index, "contains");
            }
            if let Some(index) = self.directly_in(target, &metadata) {
                return told(index, "contains");
            }
            if let Some(told) = self.frame(&id, &metadata) {
                return Some(told);
            }
        }
        if let Ok(linked) = target.canonicalize()
            && linked != place
            && let Some(index) = self.inside(&linked)
        {
            return told(index, "leads into");
        }
        if let Some(index) = self.inside(&place) {
            return told(index, "lies inside");
        }
        if let Some((index, how)) = self.spelled_otherwise(&place) {
            return told(index, how);
        }
        let (index, how) = self.absent.relation(&place, |index| &self.items[index].real)?;
        told(index, how)
    }

    /// How `place` stands to an item if case does not count where their paths differ.
    fn spelled_otherwise(&self, place: &Path) -> Option<(usize, &'static str)> {
        let same = |index: &&usize| differ_by_case(place, &self.items[**index].real);
        let lower = lower(place);
        if let Some(index) = self.known_lower.get(&lower).filter(same) {
            let is_frames = matches!(self.items[*index].extent, Extent::Frames { .. });
            return Some((*index, if is_frames { "is the folder of" } else { "is" }));
        }
        if let Some(index) = self.above_lower.get(&lower).filter(same) {
            return Some((*index, "contains"));
        }
        lower.ancestors().skip(1).enumerate().find_map(|(depth, folder)| {
            let index = self.known_lower.get(folder).filter(same)?;
            let all = depth == 0 || !matches!(self.items[*index].extent, Extent::Frames { .. });
            all.then_some((*index, "lies inside"))
        })
    }

    /// What lies directly in the folder `target`, or in a folder that does. What lies deeper is found by the folders above
    /// it, unless it is read by another path; no folder that holds others is ever replaced.
    fn directly_in(&self, target: &Path, metadata: &Metadata) -> Option<usize> {
        if !metadata.is_dir() {
            return None;
        }
        fs::read_dir(target).ok()?.flatten().find_map(|entry| {
            let id = identity(&entry.path(), &entry.path().symlink_metadata().ok()?)?;
            self.known.get(&id).or_else(|| self.above.get(&id)).copied()
        })
    }

    /// The item that a folder with this identity lies in.
    fn within(&self, id: &FileIdentity) -> Option<usize> {
        let within = self.within.get_or_init(|| {
            let mut found = HashMap::new();
            for (index, item) in self.items.iter().enumerate().filter(|(_, item)| item.extent == Extent::Tree) {
                let mut next = vec![item.real.clone()];
                while let Some(folder) = next.pop() {
                    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
                    for folder in entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
                        let path = folder.path();
                        let id = path.symlink_metadata().ok().and_then(|metadata| identity(&path, &metadata));
                        if let Some(id) = id
                            && found.insert(id, index).is_none()
                        {
                            next.push(path);
                        }
                    }
                }
            }
            found
        });
        within.get(id).copied()
    }

    /// What the folder of `place` belongs to.
    fn inside(&self, place: &Path) -> Option<usize> {
        let parent = place.parent()?;
        let mut parents = self.parents.lock().unwrap_or_else(PoisonError::into_inner);
        *parents.entry(parent.to_owned()).or_insert_with(|| {
            parent.ancestors().enumerate().find_map(|(depth, folder)| {
                let id = identity(folder, &folder.metadata().ok()?)?;
                let known = self.known.get(&id).copied();
                let all = |index: &usize| depth == 0 || !matches!(self.items[*index].extent, Extent::Frames { .. });
                known.filter(all).or_else(|| self.within(&id))
            })
        })
    }

    /// Whether a file with this identity is a frame of a sequence under another name.
    fn frame(&self, id: &FileIdentity, metadata: &Metadata) -> Option<String> {
        if !metadata.is_file() {
            return None;
        }
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        let several = links(metadata) > 1;
        let of_all = || {
            let frames = self.items.iter().filter_map(|item| match &item.extent {
                Extent::Frames { prefix, suffix } => Some(linked_frames(&item.real, (prefix, suffix), several)),
                _ => None,
            });
            frames.flatten().collect()
        };
        let found = frames.entry(several).or_insert_with(of_all);
        found.get(id).map(|path| format!("is the frame {}", path.display()))
    }
}

/// The frames in `folder` that are symbolic links, or `several` names of one file.
fn linked_frames(folder: &Path, (prefix, suffix): (&str, &str), several: bool) -> HashMap<FileIdentity, PathBuf> {
    let mut found = HashMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with(prefix) || !name.ends_with(suffix) {
            continue;
        }
        if !several && !entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
            continue;
        }
        let path = entry.path();
        if let Ok(metadata) = path.metadata()
            && let Some(id) = identity(&path, &metadata)
        {
            found.insert(id, path);
        }
    }
    found
}

/// `path` as the file system knows it, whatever of it is there; its last part is not followed.
pub(crate) fn real(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let Some(name) = absolute.file_name() else { return absolute.canonicalize().unwrap_or(absolute) };
    let parent = absolute.parent().unwrap_or(Path::new("/"));
    match parent.canonicalize() {
        Ok(parent) => parent.join(name),
        Err(_) => real(parent).join(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_which_only_a_part_is_there_is_known_by_that_part() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let base = root.path().canonicalize().expect("it is there");
        fs::create_dir(base.join("a")).expect("a folder");
        assert_eq!(real(&root.path().join("a/b/c.mov")), base.join("a/b/c.mov"));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(base.join("a"), base.join("l")).expect("a link");
            assert_eq!(real(&base.join("l/b/c.mov")), base.join("a/b/c.mov"));
            assert_eq!(real(&base.join("l")), base.join("l"), "the last part is not followed");
        }
    }

    #[test]
    fn names_differ_by_case_unless_their_folder_ignores_it() {
        let root = tempfile::tempdir().expect("a temporary folder");
        fs::write(root.path().join("probe"), "").expect("a file");
        let ignores = root.path().join("PROBE").exists();
        let relation = |one: &str, other: &str| {
            let mut protected = Protected::default();
            protected.add("the medium", &root.path().join(other));
            let why = protected.why_not(&root.path().join(one))?;
            Some(why.split_once(" the medium ").expect("what it is").0.to_owned())
        };
        let ignored = |how: &str| ignores.then(|| how.to_owned());
        assert_eq!(relation("A.mov", "a.MOV"), ignored("is"));
        assert_eq!(relation("New", "new/a.mov"), ignored("contains"));
        assert_eq!(relation("A.mov", "A.mov"), Some("is".to_owned()));
        assert_eq!(relation("new/a.mov", "new"), Some("lies inside".to_owned()));
        assert_eq!(relation("new", "newer/a.mov"), None);
    }
}
