//! Files that are read, and so never written to: the media of a plan, its timeline, bundles, and what else was given.

use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, ErrorKind, Result};
use crate::otio::bundle::is_bundle;
use crate::plan::{MediaSource, Plan};

/// What tells that two paths lead to one file or folder: device and inode, so that hard links, symbolic links, bind
/// mounts and other spellings of a name are seen through.
#[cfg(unix)]
type Identity = (u64, u64);
#[cfg(not(unix))]
type Identity = PathBuf;

#[cfg(unix)]
fn identity(_: &Path, metadata: &Metadata) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path, _: &Metadata) -> Option<Identity> {
    path.canonicalize().ok()
}

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
struct Item {
    /// What it is, such as `the medium`.
    what: &'static str,
    /// As it was given.
    path: PathBuf,
    real: PathBuf,
    there: bool,
    extent: Extent,
}

/// Everything that a run reads.
#[derive(Debug, Default)]
pub(crate) struct Protected {
    items: Vec<Item>,
    /// Items by what they are on disk.
    known: HashMap<Identity, usize>,
    /// Folders that hold an item at any depth.
    above: HashMap<Identity, usize>,
    /// Items that are not on disk.
    absent: Vec<usize>,
    /// Frames of sequences that are symbolic links, and with `true` those that have several names, too.
    frames: Mutex<HashMap<(usize, bool), HashMap<Identity, PathBuf>>>,
    /// What folders that targets lie in belong to.
    parents: Mutex<HashMap<PathBuf, Option<usize>>>,
}

impl Protected {
    /// The media of `plan`, its timeline, and the bundles that any of these lie in.
    pub(crate) fn of_plan(plan: &Plan) -> Protected {
        let mut protected = Protected::default();
        for media in &plan.media {
            protected.add_media(&media.source);
        }
        if let Some(timeline) = &plan.timeline {
            protected.add("the timeline", timeline);
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
            }
            Some(_) => {}
            None => self.absent.push(index),
        }
        for folder in real.ancestors().skip(1) {
            let Some(id) = folder.metadata().ok().and_then(|metadata| identity(folder, &metadata)) else { continue };
            if self.above.contains_key(&id) {
                break;
            }
            self.above.insert(id, index);
        }
        self.items.push(Item { what, path: path.to_owned(), real, there: metadata.is_some(), extent });
    }

    /// Refuses targets that are, contain or lie inside something protected, in whatever mode.
    ///
    /// # Errors
    /// [`ErrorKind::Exists`] with both paths of each.
    pub(crate) fn refuse<'t>(&self, targets: impl IntoIterator<Item = &'t Path>) -> Result<()> {
        let mut first = None;
        let mut refused = Vec::new();
        for target in targets {
            if let Some(why) = self.why_not(target) {
                first.get_or_insert(target);
                refused.push(format!("{} {why}", target.display()));
            }
        }
        let Some(first) = first else { return Ok(()) };
        let message =
            format!("what is read is never written to, in any mode; nothing was rendered:\n  {}", refused.join("\n  "));
        Err(Error::new(ErrorKind::Exists, message).at_file(first))
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
            if !item.there {
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
        self.absent.iter().find_map(|&index| {
            let item = &self.items[index].real;
            let how = if same_name(&place, item) {
                "is"
            } else if item.starts_with(&place) {
                "contains"
            } else if place.starts_with(item) {
                "lies inside"
            } else {
                return None;
            };
            told(index, how)
        })
    }

    /// What the folder of `place` belongs to.
    fn inside(&self, place: &Path) -> Option<usize> {
        let parent = place.parent()?;
        let mut parents = self.parents.lock().unwrap_or_else(PoisonError::into_inner);
        *parents.entry(parent.to_owned()).or_insert_with(|| {
            parent.ancestors().enumerate().find_map(|(depth, folder)| {
                let id = identity(folder, &folder.metadata().ok()?)?;
                let &index = self.known.get(&id)?;
                (depth == 0 || !matches!(self.items[index].extent, Extent::Frames { .. })).then_some(index)
            })
        })
    }

    /// Whether a file with this identity is a frame of a sequence under another name.
    fn frame(&self, id: &Identity, metadata: &Metadata) -> Option<String> {
        if !metadata.is_file() {
            return None;
        }
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        let several = links(metadata) > 1;
        self.items.iter().enumerate().find_map(|(index, item)| {
            let Extent::Frames { prefix, suffix } = &item.extent else { return None };
            let found =
                frames.entry((index, several)).or_insert_with(|| linked_frames(&item.real, (prefix, suffix), several));
            found.get(id).map(|path| format!("is the frame {}", path.display()))
        })
    }
}

/// The frames in `folder` that are symbolic links, or `several` names of one file.
fn linked_frames(folder: &Path, (prefix, suffix): (&str, &str), several: bool) -> HashMap<Identity, PathBuf> {
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

/// Whether two paths, neither of which may be there, name one file: by case only where their folder ignores it.
fn same_name(one: &Path, other: &Path) -> bool {
    let lower = |path: &Path| path.to_string_lossy().to_lowercase();
    one == other || (lower(one) == lower(other) && ignores_case(one))
}

/// Whether the folder that `path` would lie in finds names in any case: told by a name that is there.
fn ignores_case(path: &Path) -> bool {
    let flipped = |name: &str| -> String {
        let flip = |c: char| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        name.chars().map(flip).collect()
    };
    let Some(folder) = path.ancestors().skip(1).find(|folder| folder.is_dir()) else { return false };
    let inside = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut names = inside.chain([folder.to_owned()]);
    let named = names.find_map(|path| {
        let other = path.with_file_name(flipped(path.file_name()?.to_str()?));
        (other != path).then_some((path, other))
    });
    let Some((path, other)) = named else { return cfg!(any(windows, target_os = "macos")) };
    let id = |path: &Path| path.symlink_metadata().ok().and_then(|metadata| identity(path, &metadata));
    id(&other).is_some_and(|other| Some(other) == id(&path))
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
        assert_eq!(same_name(&root.path().join("A.mov"), &root.path().join("a.MOV")), ignores);
        assert!(same_name(&root.path().join("A.mov"), &root.path().join("A.mov")));
    }
}
