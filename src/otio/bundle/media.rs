//! The bytes of a media file, wherever they lie.

use std::fs::{File, FileType};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::archive::{self, Obstacle};
use super::split;
use crate::error::{Error, ErrorKind, Result};

/// An open media file: one of its own, or an entry of a bundle's archive, read where it lies.
///
/// ```no_run
/// # use std::io::Read;
/// # use otio_conflate::otio::MediaFile;
/// let mut head = [0; 4];
/// MediaFile::open("/cuts/reel.otioz/media/a.mov")?.read_exact(&mut head)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct MediaFile {
    file: File,
    length: u64,
    /// Where in the file it starts, and where it is read next; `None`: it is the whole file.
    part: Option<(u64, u64)>,
}

impl MediaFile {
    /// Opens the media at `path`, as a plan names it: `ARCHIVE/ENTRY` for what lies in an `.otioz`.
    ///
    /// # Errors
    /// [`ErrorKind::MediaMissing`] when it is not there, [`ErrorKind::Io`] when it may not be read,
    /// [`ErrorKind::Decode`] when it is empty or no regular file (a folder, a FIFO, a device, a socket, a file below
    /// `/proc`, `/sys` or `/dev`), which is found out without opening it, and [`ErrorKind::Bundle`] when the archive is damaged, or its entry
    /// compressed, encrypted or a link.
    pub fn open(path: impl AsRef<Path>) -> Result<MediaFile> {
        let path = path.as_ref();
        let Some((archive, name)) = split(path) else { return MediaFile::whole(path) };
        let (archive, mut file) = archive::open(archive)?;
        let entry = archive.entry(&name).ok_or_else(|| match archive.has_folder(&name) {
            true => is_folder(path),
            false => missing(path),
        })?;
        let refuse = |why: String| Error::new(ErrorKind::Bundle, why).at_file(path);
        match entry.obstacle() {
            Some(Obstacle::Compressed) => Err(refuse(format!(
                "cannot read {}: it is compressed, and media is read where it lies; pack {} again with its media \
                 stored, as `zip -0` does",
                path.display(),
                archive.path().display()
            ))),
            Some(obstacle) => Err(refuse(format!("cannot read {}: it is {obstacle}", path.display()))),
            None if entry.stored != entry.size => {
                Err(archive.unsound_entry(&name, "is not compressed, and yet has two sizes"))
            }
            None => {
                let start = archive.start(&name, entry, &mut file)?;
                MediaFile::part(file, start, entry.size)
            }
        }
    }

    fn whole(path: &Path) -> Result<MediaFile> {
        let failed = |doing: &str, cause: io::Error| match cause.kind() {
            io::ErrorKind::NotFound => missing(path),
            _ => Error::io(doing, path, cause),
        };
        let metadata = std::fs::metadata(path).map_err(|cause| failed("read", cause))?;
        if metadata.is_dir() {
            return Err(is_folder(path));
        }
        // Opening a FIFO waits for somebody to write, and opening a device may do anything: nothing but the kind is asked.
        let refuse = |what: &str| {
            let message = format!("cannot decode {}: it is {what}; a medium is a regular file", path.display());
            Err(Error::new(ErrorKind::Decode, message).at_file(path))
        };
        if let Some(kind) = kind(metadata.file_type()) {
            return refuse(kind);
        }
        if is_of_system(path) {
            return refuse("a file of the system");
        }
        if metadata.len() == 0 {
            let message = format!("cannot decode {}: the file is empty", path.display());
            return Err(Error::new(ErrorKind::Decode, message).at_file(path));
        }
        let file = File::open(path).map_err(|cause| failed("open", cause))?;
        Ok(MediaFile { file, length: metadata.len(), part: None })
    }

    /// The `length` bytes of `file` from `start` on.
    pub(super) fn part(mut file: File, start: u64, length: u64) -> Result<MediaFile> {
        file.seek(SeekFrom::Start(start))
            .map_err(|cause| Error::new(ErrorKind::Io, "cannot seek in an archive").because(cause))?;
        Ok(MediaFile { file, length, part: Some((start, 0)) })
    }

    /// How many bytes it has.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Whether it is a part of a larger file, so that nothing but this can read it.
    pub fn is_part(&self) -> bool {
        self.part.is_some()
    }
}

impl Read for MediaFile {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let Some((_, position)) = &mut self.part else { return self.file.read(bytes) };
        let room = usize::try_from(self.length.saturating_sub(*position)).unwrap_or(usize::MAX);
        let most = bytes.len().min(room);
        let count = self.file.read(&mut bytes[..most])?;
        *position += count as u64;
        Ok(count)
    }
}

impl Seek for MediaFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let Some((start, position)) = &mut self.part else { return self.file.seek(to) };
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.length.checked_add_signed(offset),
            SeekFrom::Current(offset) => position.checked_add_signed(offset),
        };
        let place = target.and_then(|target| Some((target, start.checked_add(target)?)));
        let Some((target, absolute)) = place else { return Err(io::ErrorKind::InvalidInput.into()) };
        if target != *position {
            self.file.seek(SeekFrom::Start(absolute))?;
            *position = target;
        }
        Ok(target)
    }
}

/// What there is in the place of a regular file.
fn kind(kind: FileType) -> Option<&'static str> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        for (is, name) in [
            (kind.is_fifo(), "a FIFO"),
            (kind.is_socket(), "a socket"),
            (kind.is_char_device() || kind.is_block_device(), "a device"),
        ] {
            if is {
                return Some(name);
            }
        }
    }
    (!kind.is_file()).then_some("no file")
}

/// Whether a file is made up by the system when it is read.
fn is_of_system(path: &Path) -> bool {
    let roots = ["/proc", "/sys", "/dev"];
    // Shared memory is a folder like any other.
    let shared = |path: &Path| path.starts_with("/dev/shm");
    cfg!(unix)
        && path.canonicalize().is_ok_and(|path| roots.iter().any(|root| path.starts_with(root)) && !shared(&path))
}

fn missing(path: &Path) -> Error {
    Error::new(ErrorKind::MediaMissing, format!("{} is not there", path.display())).at_file(path)
}

fn is_folder(path: &Path) -> Error {
    Error::new(ErrorKind::Decode, format!("cannot decode {}: it is a folder", path.display())).at_file(path)
}
