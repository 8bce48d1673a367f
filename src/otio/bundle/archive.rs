//! The directory of a zip archive: which files it holds, and where their bytes lie. What cannot be told without doubt is
//! an error here, before anybody reads a byte of it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rawzip::{CompressionMethod, FileReader, ZipArchive, ZipFileHeaderRecord, ZipLocator};

use super::super::spellings::{has_drive, slashes};
use crate::error::{Error, ErrorKind, Result};

/// A zip archive as its directory describes it.
#[derive(Debug)]
pub(super) struct Archive {
    path: PathBuf,
    state: ArchiveState,
    /// Its files by their names, which have slashes and no dots.
    entries: BTreeMap<Vec<u8>, ArchiveEntry>,
}

/// What tells whether an archive is still the one that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ArchiveState {
    length: u64,
    modified: Option<SystemTime>,
    /// Which file it is, and when anything about it was changed: copying and syncing set the other time back.
    #[cfg(unix)]
    node: [i64; 4],
}

/// A file in an archive.
#[derive(Debug, Clone)]
pub(super) struct ArchiveEntry {
    /// Its bytes when unpacked.
    pub(super) size: u64,
    /// Its checksum when unpacked.
    pub(super) crc: u32,
    /// Its bytes in the archive.
    pub(super) stored: u64,
    pub(super) method: CompressionMethod,
    encrypted: bool,
    link: bool,
    /// Where its own header starts.
    header: u64,
    /// Where something else starts, which its bytes cannot reach into.
    limit: u64,
}

/// What stands against reading an entry where it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Obstacle {
    Encrypted,
    Link,
    Compressed,
}

impl Obstacle {
    pub(super) const ALL: [Obstacle; 3] = [Obstacle::Encrypted, Obstacle::Link, Obstacle::Compressed];
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Obstacle::Encrypted => "encrypted",
            Obstacle::Link => "a symbolic link",
            Obstacle::Compressed => "compressed",
        })
    }
}

impl ArchiveEntry {
    pub(super) fn obstacle(&self) -> Option<Obstacle> {
        match self {
            ArchiveEntry { encrypted: true, .. } => Some(Obstacle::Encrypted),
            ArchiveEntry { link: true, .. } => Some(Obstacle::Link),
            ArchiveEntry { method, .. } => (*method != CompressionMethod::STORE).then_some(Obstacle::Compressed),
        }
    }
}

/// Archives whose directories are known, those used last at the end. A sequence asks for the same one at every frame.
static KNOWN: Mutex<Vec<Arc<Archive>>> = Mutex::new(Vec::new());
/// How many of them: timelines seldom draw on more than one.
const KEPT: usize = 8;

/// The archive at `path`, and the open file that its directory describes.
pub(super) fn open(path: &Path) -> Result<(Arc<Archive>, File)> {
    let file = File::open(path).map_err(|cause| Error::io("open", path, cause))?;
    let metadata = file.metadata().map_err(|cause| Error::io("read", path, cause))?;
    let state = ArchiveState::of(&metadata);
    if let Some(known) = recall(path, state) {
        return Ok((known, file));
    }
    let reader = FileReader::from(file);
    let archive = Arc::new(Archive::read(path, &reader, state)?);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.retain(|other| other.path != path);
    if known.len() == KEPT {
        known.remove(0);
    }
    known.push(archive.clone());
    Ok((archive, reader.into_inner()))
}

/// The archive at `path`, for what its directory alone can tell.
pub(super) fn directory(path: &Path) -> Result<Arc<Archive>> {
    let metadata = std::fs::metadata(path).map_err(|cause| Error::io("read", path, cause))?;
    match recall(path, ArchiveState::of(&metadata)) {
        Some(known) => Ok(known),
        None => open(path).map(|(archive, _)| archive),
    }
}

fn recall(path: &Path, state: ArchiveState) -> Option<Arc<Archive>> {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let place = known.iter().position(|archive| archive.path == path && archive.state == state)?;
    let archive = known.remove(place);
    known.push(archive.clone());
    Some(archive)
}

impl ArchiveState {
    fn of(metadata: &Metadata) -> ArchiveState {
        ArchiveState {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            node: {
                use std::os::unix::fs::MetadataExt;
                let [device, inode] = [metadata.dev(), metadata.ino()].map(u64::cast_signed);
                [device, inode, metadata.ctime(), metadata.ctime_nsec()]
            },
        }
    }
}

impl Archive {
    fn read(path: &Path, reader: &FileReader, state: ArchiveState) -> Result<Archive> {
        // Large enough for any record, so that no archive is refused for its long names.
        let mut buffer = vec![0; rawzip::MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
        let zip = locate(reader, &mut buffer, state.length).map_err(|cause| endless(path, reader).because(cause))?;
        let mut archive = Archive { path: path.to_owned(), state, entries: BTreeMap::new() };
        archive.fill(&zip, &mut buffer)?;
        archive.set_limits(zip.directory_offset())?;
        Ok(archive)
    }

    /// Reads the directory.
    fn fill(&mut self, zip: &ZipArchive<&FileReader>, buffer: &mut [u8]) -> Result<()> {
        let mut count: u64 = 0;
        let mut records = zip.entries(buffer);
        while let Some(record) =
            records.next_entry().map_err(|cause| self.unsound("its directory is damaged").because(cause))?
        {
            count += 1;
            let raw = record.file_path();
            let name = entry_name(raw.as_bytes()).map_err(|why| self.unsound_entry(raw.as_bytes(), why))?;
            // A folder's own entry.
            if slashes(raw.as_bytes()).ends_with(b"/") {
                continue;
            }
            if name.is_empty() {
                return Err(self.unsound_entry(raw.as_bytes(), "has no name"));
            }
            if self.entries.insert(name, ArchiveEntry::of(&record)).is_some() {
                return Err(self.unsound_entry(raw.as_bytes(), "is listed twice"));
            }
        }
        // Writers that know no zip64 count no further than 16 bits.
        let claimed = zip.entries_hint();
        if count != claimed && (claimed > 0xffff || count & 0xffff != claimed) {
            return Err(self.unsound(format!("its directory lists {count} entries and claims {claimed}")));
        }
        Ok(())
    }

    /// Finds out how far each entry can reach: to the next one's header, the last to the directory.
    fn set_limits(&mut self, directory: u64) -> Result<()> {
        let mut by_place: Vec<(&Vec<u8>, &mut ArchiveEntry)> = self.entries.iter_mut().collect();
        by_place.sort_by_key(|(_, entry)| entry.header);
        let mut limit = directory;
        let mut outside = None;
        for (name, entry) in by_place.into_iter().rev() {
            entry.limit = limit;
            let end = entry.header.checked_add(LOCAL_HEADER as u64).and_then(|start| start.checked_add(entry.stored));
            if end.is_none_or(|end| end > limit) {
                outside = Some(name.clone());
            }
            limit = entry.header;
        }
        match outside {
            Some(name) => Err(self.unsound_entry(&name, "reaches beyond its place in the archive")),
            None => Ok(()),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn modified(&self) -> Option<SystemTime> {
        self.state.modified
    }

    /// The file of this name.
    pub(super) fn entry(&self, name: &[u8]) -> Option<&ArchiveEntry> {
        self.entries.get(name)
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&[u8], &ArchiveEntry)> {
        self.entries.iter().map(|(name, entry)| (name.as_slice(), entry))
    }

    /// What names go on with that start with `start`.
    pub(super) fn behind(&self, start: Vec<u8>) -> impl Iterator<Item = &[u8]> {
        self.entries.range(start.clone()..).map_while(move |(name, _)| name.strip_prefix(start.as_slice()))
    }

    /// Whether anything lies below the folder `name`.
    pub(super) fn has_folder(&self, name: &[u8]) -> bool {
        self.behind([name, b"/"].concat()).next().is_some()
    }

    /// Where the bytes of `entry` start, by its own header in `file`; that they lie where the directory says is checked.
    pub(super) fn start(&self, name: &[u8], entry: &ArchiveEntry, file: &mut File) -> Result<u64> {
        let mut read = |at: u64, bytes: &mut [u8]| {
            file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(bytes)).map_err(|cause| {
                self.unsound_entry(name, "cannot be found: its header is not where the directory says").because(cause)
            })
        };
        let mut header = [0; LOCAL_HEADER];
        read(entry.header, &mut header)?;
        let length = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
        let (name_length, extra_length) = (length(26), length(28));
        let mut own_name = vec![0; name_length];
        read(entry.header + LOCAL_HEADER as u64, &mut own_name)?;
        let start = entry.header + (LOCAL_HEADER + name_length + extra_length) as u64;
        let is_own = header.starts_with(b"PK\x03\x04") && entry_name(&own_name).is_ok_and(|own| own == name);
        match start.checked_add(entry.stored) {
            Some(end) if is_own && end <= entry.limit => Ok(start),
            _ => Err(self.unsound_entry(name, "is not what the directory says; has the archive changed?")),
        }
    }

    pub(super) fn unsound(&self, why: impl fmt::Display) -> Error {
        unsound(&self.path, why)
    }

    /// The error that says `why` of one entry.
    pub(super) fn unsound_entry(&self, name: &[u8], why: impl fmt::Display) -> Error {
        self.unsound(format!("the entry {:?} {why}", String::from_utf8_lossy(name)))
    }
}

/// The bytes of an entry's own header, but for its name and what else is of varying length.
const LOCAL_HEADER: usize = 30;

impl ArchiveEntry {
    fn of(record: &ZipFileHeaderRecord<'_>) -> ArchiveEntry {
        ArchiveEntry {
            size: record.uncompressed_size_hint(),
            crc: record.crc32(),
            stored: record.compressed_size_hint(),
            method: record.compression_method(),
            encrypted: record.flags().is_encrypted() || record.flags().has_strong_encryption(),
            link: record.mode().is_symlink(),
            header: record.local_header_offset(),
            limit: 0,
        }
    }
}

/// The name of an entry with slashes and without dots, or why it cannot be one of a file in a bundle.
fn entry_name(raw: &[u8]) -> Result<Vec<u8>, &'static str> {
    let slashed = slashes(raw);
    if slashed.contains(&0) {
        return Err("has a NUL in its name");
    }
    if slashed.starts_with(b"/") || has_drive(&slashed) {
        return Err("has an absolute path for its name");
    }
    let mut parts = Vec::new();
    for part in slashed.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => return Err("has a name that leads out of the bundle"),
            part => parts.push(part),
        }
    }
    Ok(parts.join(&b'/'))
}

/// The error of an archive that cannot be trusted.
fn unsound(archive: &Path, why: impl fmt::Display) -> Error {
    Error::new(ErrorKind::Bundle, format!("cannot read the bundle {}: {why}", archive.display())).at_file(archive)
}

/// How many times a comment may look like the end of an archive.
const FALSE_ENDS: usize = 16;

/// Finds the archive's end, and with it its directory.
fn locate<'f>(
    reader: &'f FileReader,
    buffer: &mut [u8],
    length: u64,
) -> Result<ZipArchive<&'f FileReader>, rawzip::Error> {
    let mut end = length;
    let mut left = FALSE_ENDS;
    loop {
        match (ZipLocator::new().locate_in_reader(reader, buffer, end), left) {
            (Ok(zip), _) => return Ok(zip),
            (Err((_, cause)), 0) => return Err(cause),
            (Err((_, cause)), _) => end = cause.eocd_offset().filter(|&found| found < end).ok_or(cause)?,
        }
        left -= 1;
    }
}

/// The error of a file in which no directory was found.
fn endless(path: &Path, reader: &FileReader) -> Error {
    let mut magic = [0; 4];
    let begins = rawzip::ReaderAt::read_exact_at(reader, &mut magic, 0).is_ok_and(|()| magic == *b"PK\x03\x04");
    unsound(path, if begins { "its end is missing; it was cut off" } else { "it is no zip archive" })
}
