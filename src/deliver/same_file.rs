//! Whether two paths are one file: by what they are on disk, and by their spelling where case does not count.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

/// What tells that two paths lead to one file or folder: device and inode, so that hard links, symbolic links, bind
/// mounts and other spellings of a name are seen through.
#[cfg(unix)]
pub(super) type FileIdentity = (u64, u64);
#[cfg(not(unix))]
pub(super) type FileIdentity = PathBuf;

#[cfg(unix)]
pub(super) fn identity(_: &Path, metadata: &Metadata) -> Option<FileIdentity> {
    use std::os::unix::fs::MetadataExt as _;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
pub(super) fn identity(path: &Path, _: &Metadata) -> Option<FileIdentity> {
    path.canonicalize().ok()
}

/// A path in lower case.
pub(super) fn lower(path: &Path) -> PathBuf {
    PathBuf::from(path.to_string_lossy().to_lowercase())
}

/// Whether the folder that `path` would lie in finds names in any case: one that it lists is found by a spelling that it
/// does not list.
fn ignores_case(path: &Path) -> bool {
    let flipped = |name: &str| -> String {
        let flip = |c: char| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        name.chars().map(flip).collect()
    };
    let Some(folder) = path.ancestors().skip(1).find(|folder| folder.is_dir()) else { return false };
    let listed: HashSet<_> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name()).collect();
    let other = listed.iter().find_map(|name| {
        let other = flipped(name.to_str()?);
        (*name != *other && !listed.contains(OsStr::new(&other))).then_some(other)
    });
    match other {
        Some(other) => folder.join(other).symlink_metadata().is_ok(),
        // Nothing in it tells; the folder's own name tells of the one above.
        None if listed.is_empty() && folder.parent().is_some() => ignores_case(folder),
        None => cfg!(any(windows, target_os = "macos")),
    }
}

/// Whether the first names by which two paths differ lie in a folder that ignores case.
pub(super) fn differ_by_case(one: &Path, other: &Path) -> bool {
    let common = one.components().zip(other.components()).take_while(|(one, other)| one == other).count();
    let differing: PathBuf = one.components().take(common + 1).collect();
    common < one.components().count().min(other.components().count()) && ignores_case(&differing)
}
