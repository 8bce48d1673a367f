//! Bundles: a timeline together with its media, in a zip archive (`.otioz`) or in a folder (`.otiod`).
//!
//! The timeline is `content.otio` at the bundle's root; its media lie in `media`, and their locations start at the root.
//! Media in an archive has the path `ARCHIVE/ENTRY`, as if the archive were a folder, and [`MediaFile`] reads it in
//! place. What a path means is told by names, and by what is on disk: an archive is a file called `.otioz` or `.otiod`.

mod archive;
mod media;

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::SystemTime;

use flate2::read::DeflateDecoder;
use rawzip::CompressionMethod;

use self::archive::{Archive, ArchiveEntry, Obstacle};
use super::ReadOptions;
use crate::error::{Error, ErrorKind, Result};

pub use media::MediaFile;

/// The name of the timeline in a bundle.
const CONTENT: &str = "content.otio";
/// How many entries a note names.
const NAMED: usize = 3;

/// Whether a path's name is that of a bundle.
pub(crate) fn is_bundle(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| ["otioz", "otiod"].iter().any(|bundle| extension.eq_ignore_ascii_case(bundle)))
}

/// The text of the timeline in the bundle at `path`, and what is noteworthy about the bundle.
pub(super) fn content(path: &Path, options: &ReadOptions) -> Result<(Vec<u8>, Vec<String>)> {
    if path.is_dir() {
        let file = path.join(CONTENT);
        return match file.is_file() {
            true => Ok((super::read_whole(&file, options)?, Vec::new())),
            false => Err(without_content(path, "")),
        };
    }
    let (archive, file) = archive::open(path)?;
    let Some(entry) = archive.entry(CONTENT.as_bytes()) else {
        let deeper = archive.entries().find(|(name, _)| name.ends_with(b"/content.otio"));
        let hint = deeper.map(|(name, _)| format!(", but {}", String::from_utf8_lossy(name)));
        return Err(without_content(path, &hint.unwrap_or_default()));
    };
    options.check_size(entry.size).map_err(|error| super::unreadable(path, error))?;
    Ok((unpacked(&archive, entry, file)?, notes(&archive)))
}

fn without_content(path: &Path, but: &str) -> Error {
    let message = format!("cannot read the bundle {}: it holds no {CONTENT} at its root{but}", path.display());
    Error::new(ErrorKind::Bundle, message).at_file(path)
}

/// The text of the timeline at `entry`.
fn unpacked(archive: &Archive, entry: &ArchiveEntry, mut file: File) -> Result<Vec<u8>> {
    let fail = |why: &str| archive.unsound_entry(CONTENT.as_bytes(), why);
    if let Some(obstacle @ (Obstacle::Encrypted | Obstacle::Link)) = entry.obstacle() {
        return Err(fail(&format!("is {obstacle}")));
    }
    let start = archive.start(CONTENT.as_bytes(), entry, &mut file)?;
    let packed = MediaFile::part(file, start, entry.stored)?;
    let text = match entry.method {
        CompressionMethod::STORE => inflate(packed, entry),
        CompressionMethod::DEFLATE => inflate(DeflateDecoder::new(packed), entry),
        other => return Err(fail(&format!("is compressed by method {}; deflate is read", other.as_u16()))),
    };
    let text = text.map_err(|cause| fail("is damaged").because(cause))?;
    text.filter(|text| rawzip::crc32(text) == entry.crc).ok_or_else(|| fail("is not what its size and checksum say"))
}

/// Everything that comes out of `packed`, if it is as much as `entry` says. More is not asked for, and a size that is a
/// lie gets no memory: deflate makes no more than 1032 bytes out of one.
fn inflate(mut packed: impl Read, entry: &ArchiveEntry) -> std::io::Result<Option<Vec<u8>>> {
    let likely = entry.size.min(entry.stored.saturating_mul(1032));
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(usize::try_from(likely).unwrap_or(usize::MAX))?;
    packed.by_ref().take(entry.size).read_to_end(&mut bytes)?;
    let is_all = bytes.len() as u64 == entry.size && packed.read(&mut [0])? == 0;
    Ok(is_all.then_some(bytes))
}

/// What is among the bundle's media and cannot be read in place.
fn notes(archive: &Archive) -> Vec<String> {
    let of_kind = |kind: Obstacle| {
        let media = archive.entries().filter(|(name, _)| name.starts_with(b"media/"));
        let found: Vec<_> = media.filter(|(_, entry)| entry.obstacle() == Some(kind)).map(|(name, _)| name).collect();
        let named: Vec<_> = found.iter().take(NAMED).map(|name| String::from_utf8_lossy(name)).collect();
        let more = match found.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let list = named.join(", ");
        (!found.is_empty()).then(|| format!("{kind} in the bundle, and so not readable as media: {list}{more}"))
    };
    Obstacle::ALL.into_iter().filter_map(of_kind).collect()
}

/// The archive that `path` leads into, and the name in it.
fn split(path: &Path) -> Option<(&Path, Vec<u8>)> {
    let archive = path.ancestors().skip(1).find(|folder| is_bundle(folder) && folder.is_file())?;
    let rest = path.strip_prefix(archive).ok()?;
    let parts: Vec<&[u8]> = rest.components().map(|part| part.as_os_str().as_encoded_bytes()).collect();
    Some((archive, parts.join(&b'/')))
}

/// Whether there is a file or a folder at `path`, in an archive or not.
pub(crate) fn exists(path: &Path) -> bool {
    match split(path) {
        Some((archive, name)) => {
            archive::directory(archive).is_ok_and(|archive| archive.entry(&name).is_some() || archive.has_folder(&name))
        }
        None => path.exists(),
    }
}

/// What tells that a file is still the same, without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileState {
    /// How many bytes it has.
    pub(crate) bytes: u64,
    /// When it, or the archive that it lies in, was changed.
    pub(crate) modified: Option<SystemTime>,
    /// Its checksum, where an archive knows it.
    pub(crate) crc: Option<u32>,
}

impl FileState {
    /// When it was changed, in milliseconds since 1970; 0 where that is not known.
    pub(crate) fn milliseconds(&self) -> u128 {
        let since = self.modified.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        since.map_or(0, |time| time.as_millis())
    }
}

/// What tells that the file at `path` is still the same; `None` if there is none.
pub(crate) fn state(path: &Path) -> Option<FileState> {
    match split(path) {
        Some((archive, name)) => {
            let archive = archive::directory(archive).ok()?;
            let entry = archive.entry(&name)?;
            Some(FileState { bytes: entry.size, modified: archive.modified(), crc: Some(entry.crc) })
        }
        None => {
            let metadata = std::fs::metadata(path).ok()?;
            Some(FileState { bytes: metadata.len(), modified: metadata.modified().ok(), crc: None })
        }
    }
}

/// The names in the folder at `folder` that start with `prefix`, but for those that are no text; none if there is no
/// such folder.
///
/// # Errors
/// [`ErrorKind::Io`] and [`ErrorKind::Bundle`] when it cannot be listed.
pub(crate) fn list(folder: &Path, prefix: &str) -> Result<Vec<String>> {
    if let Some((archive, name)) = split(folder) {
        let archive = archive::directory(archive)?;
        let start = [name.as_slice(), b"/", prefix.as_bytes()].concat();
        let direct = archive.behind(start).filter(|rest| !rest.contains(&b'/'));
        return Ok(direct.filter_map(|rest| Some(format!("{prefix}{}", std::str::from_utf8(rest).ok()?))).collect());
    }
    let failed = |cause| Error::io("list", folder, cause);
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(failed(cause)),
    };
    let names = entries.map(|entry| entry.map(|entry| entry.file_name().into_string().ok()).map_err(failed));
    let starts = |name: &Result<String>| name.as_ref().map_or(true, |name| name.starts_with(prefix));
    names.filter_map(Result::transpose).filter(starts).collect()
}
