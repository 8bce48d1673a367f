//! OpenTimelineIO files to the model and back, and where their media lies.
//!
//! ```
//! use otio_conflate::Timeline;
//! use otio_conflate::otio::to_json;
//!
//! let timeline = Timeline::from_json(
//!     r#"{"OTIO_SCHEMA": "Timeline.1", "name": "reel 2", "tracks": {"OTIO_SCHEMA": "Stack.1", "children": [
//!     {"OTIO_SCHEMA": "Track.1", "kind": "Video", "children": [{"OTIO_SCHEMA": "Clip.2", "name": "sh010"}]}]}}"#,
//! )?;
//! assert_eq!(timeline.clips()[0].0, "tracks[0].children[0]");
//! assert_eq!(Timeline::from_json(&to_json(&timeline))?.name, "reel 2");
//! # Ok::<(), otio_conflate::Error>(())
//! ```
//!
//! Every schema that OpenTimelineIO 0.18 writes is read, and so are the older versions and names of each. What a
//! schema does not name is kept in `extra`, objects of unknown schemas are kept whole, and [`Timeline::notes`] tells
//! of both. An error knows line, column and the object's path, such as `tracks[2].children[5].media_reference`.

pub(crate) mod bundle;
mod json;
mod json_writer;
mod location;
mod metadata;
mod objects;
mod other_formats;
mod pattern;
mod read;
#[cfg(feature = "opentimelineio")]
pub mod reference;
mod root;
mod schema;
mod spellings;
mod times;
mod value_text;
mod write;

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::memory;
use crate::timeline::{Note, Timeline};
use crate::words::word_enum;

pub use bundle::MediaFile;
pub(crate) use bundle::exists as is_there;
pub(crate) use location::NumberedFiles;
pub use location::{Locator, SequenceLocation};
pub(crate) use location::{base_folder, is_relative};
#[cfg(feature = "ffmpeg")]
pub(crate) use pattern::is_movie;
pub(crate) use pattern::{frames as numbered_names, is_image, without_media_endings};
pub use write::to_json;

/// How many stacks and tracks may lie inside one another.
pub const MAX_NESTING: usize = 200;

word_enum! {
    /// Who reads a file.
    Reader, "reader" {
        /// This crate.
        #[default]
        Native = "native",
        /// The OpenTimelineIO library. Without the feature `opentimelineio` that is an
        /// [`ErrorKind::Unsupported`].
        OpenTimelineIo = "opentimelineio",
    }
}

/// What a caller decides about reading a timeline.
///
/// ```
/// use otio_conflate::otio::{ReadOptions, Reader};
///
/// let options = ReadOptions::default().with_timeline("reel 2").with_max_bytes(1 << 20);
/// assert_eq!((options.reader, options.max_bytes), (Reader::Native, 1 << 20));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ReadOptions {
    /// Who reads it. Default: [`Reader::Native`].
    pub reader: Reader,
    /// The name of the timeline to take from a file that holds several. Default: `None`, the only one.
    pub timeline: Option<String>,
    /// The largest file that is read, in bytes; of a bundle, its timeline counts, unpacked, and not its media. Files
    /// beyond 4 GiB are refused whatever this says. Default: 1 GiB.
    pub max_bytes: u64,
    /// How many JSON arrays and objects may lie inside one another; at most [`ReadOptions::DEPTH_LIMIT`] counts,
    /// which is the default.
    pub max_depth: usize,
}

impl ReadOptions {
    /// No file is read that is nested deeper than this, whatever [`ReadOptions::max_depth`] says: so deep a
    /// [`Value`](crate::timeline::Value) is sure to fit the stack of any thread.
    pub const DEPTH_LIMIT: usize = 600;

    /// Has this reader read it.
    #[must_use]
    pub fn with_reader(mut self, reader: Reader) -> ReadOptions {
        self.reader = reader;
        self
    }

    /// Takes the timeline of this name.
    #[must_use]
    pub fn with_timeline(mut self, name: impl Into<String>) -> ReadOptions {
        self.timeline = Some(name.into());
        self
    }

    /// Refuses files of more than this many bytes.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: u64) -> ReadOptions {
        self.max_bytes = bytes;
        self
    }

    /// Refuses files nested deeper than this.
    #[must_use]
    pub fn with_max_depth(mut self, levels: usize) -> ReadOptions {
        self.max_depth = levels;
        self
    }

    fn check_size(&self, bytes: u64) -> Result<()> {
        let most = self.max_bytes.min(u32::MAX.into());
        if bytes <= most {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Schema, format!("larger than {most} bytes, the limit for a timeline")))
    }
}

impl Default for ReadOptions {
    fn default() -> ReadOptions {
        ReadOptions { reader: Reader::default(), timeline: None, max_bytes: 1 << 30, max_depth: Self::DEPTH_LIMIT }
    }
}

impl Timeline {
    /// Reads the timeline in the file at `path`, with default options.
    ///
    /// # Errors
    /// As [`read_file`].
    pub fn open(path: impl AsRef<Path>) -> Result<Timeline> {
        read_file(path, &ReadOptions::default())
    }

    /// Reads the timeline in the file at `path` through `reader`, with default options.
    ///
    /// # Errors
    /// As [`read_file`].
    pub fn open_with(path: impl AsRef<Path>, reader: Reader) -> Result<Timeline> {
        read_file(path, &ReadOptions::default().with_reader(reader))
    }

    /// Reads the timeline in `text`, with default options. Relative media locations need [`Timeline::with_base`].
    ///
    /// # Errors
    /// As [`read_bytes`].
    pub fn from_json(text: &str) -> Result<Timeline> {
        read_str(text, &ReadOptions::default())
    }

    /// As if it had been read from the file `timeline.otio` in `folder`: relative media locations start there.
    #[must_use]
    pub fn with_base(mut self, folder: impl AsRef<Path>) -> Timeline {
        self.path = Some(folder.as_ref().join("timeline.otio"));
        self
    }

    /// Writes it to a new file at `path`, as [`write_file`].
    ///
    /// # Errors
    /// As [`write_file`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        write_file(self, path)
    }
}

/// Reads the timeline in the file at `path`, or in the bundle at `path`: an archive or a folder called `.otioz` or
/// `.otiod`. Relative media locations will start at the file's folder, or in the bundle.
///
/// # Errors
/// [`ErrorKind::Io`] when the file cannot be read, [`ErrorKind::Bundle`] when a bundle is damaged, holds no timeline or
/// names that lead out of it, and whatever [`read_bytes`] has to say about what is in it.
pub fn read_file(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Timeline> {
    let path = path.as_ref();
    let check_room = |bytes| memory::check_room(bytes).map_err(|error| unreadable(path, error));
    check_room(memory::BASE)?;
    let (bytes, notes) = match bundle::is_bundle(path) {
        true => bundle::content(path, options)?,
        false => (read_whole(path, options)?, Vec::new()),
    };
    check_room(memory::of_text(bytes.len()))?;
    let mut timeline = read_bytes(&bytes, options).map_err(|error| match other_formats::other_format(&bytes) {
        Some(what) if error.kind() == ErrorKind::Json => {
            let what = format!("not a timeline; it looks like {what}; expected .otio, .otioz or .otiod");
            unreadable(path, Error::new(ErrorKind::Json, what))
        }
        _ => unreadable(path, error),
    })?;
    timeline.path = Some(path.to_owned());
    timeline.notes.extend(notes.into_iter().map(Note::from));
    Ok(timeline)
}

fn unreadable(path: &Path, error: Error) -> Error {
    error.context(format!("cannot read {}", path.display())).at_file(path)
}

/// The bytes of the file at `path`, if they are not too many.
fn read_whole(path: &Path, options: &ReadOptions) -> Result<Vec<u8>> {
    let file = File::open(path).map_err(|error| Error::io("open", path, error))?;
    let size = file.metadata().map_err(|error| Error::io("read", path, error))?.len();
    options.check_size(size).map_err(|error| unreadable(path, error))?;
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    // A file may grow, and a pipe has no size.
    file.take(options.max_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| Error::io("read", path, error))?;
    Ok(bytes)
}

/// Reads the timeline in `text`.
///
/// ```
/// use otio_conflate::otio::{ReadOptions, read_str};
///
/// let text = r#"{"OTIO_SCHEMA": "Timeline.1", "name": "reel 2", "tracks": {"OTIO_SCHEMA": "Stack.1", "children": [
///     {"OTIO_SCHEMA": "Track.1", "kind": "Video", "children": [{"OTIO_SCHEMA": "Clip.2", "name": "sh010"}]}]}}"#;
/// let timeline = read_str(text, &ReadOptions::default())?;
/// assert_eq!(timeline.name, "reel 2");
///
/// let error = read_str(&text.replace("\"sh010\"", "10"), &ReadOptions::default()).unwrap_err();
/// assert_eq!(error.place().object.as_deref(), Some("tracks[0].children[0]"));
/// # Ok::<(), otio_conflate::Error>(())
/// ```
///
/// # Errors
/// As [`read_bytes`].
pub fn read_str(text: &str, options: &ReadOptions) -> Result<Timeline> {
    read_bytes(text.as_bytes(), options)
}

/// Reads the timeline in `bytes`.
///
/// A bare stack, track or clip is wrapped in a timeline of its name. A collection may hold several timelines, and
/// collections of them: [`ReadOptions::timeline`] says which one is meant.
///
/// # Errors
/// [`ErrorKind::Json`] when this is not JSON; [`ErrorKind::Schema`] when it is no timeline, too large or too deep;
/// [`ErrorKind::Time`] when there are rates or durations nobody can count with; [`ErrorKind::Option`] when the
/// options do not single out one timeline; [`ErrorKind::Unsupported`] when the reader is not in this build.
pub fn read_bytes(bytes: &[u8], options: &ReadOptions) -> Result<Timeline> {
    options.check_size(bytes.len() as u64)?;
    match options.reader {
        Reader::Native => read_native(bytes, options),
        #[cfg(feature = "opentimelineio")]
        Reader::OpenTimelineIo => reference::read(bytes, options),
        #[cfg(not(feature = "opentimelineio"))]
        Reader::OpenTimelineIo => Err(Error::new(
            ErrorKind::Unsupported,
            "the OpenTimelineIO library is not in this build; build with the feature `opentimelineio`",
        )),
    }
}

fn read_native(bytes: &[u8], options: &ReadOptions) -> Result<Timeline> {
    let document = json::Document::parse(bytes, options.max_depth.min(ReadOptions::DEPTH_LIMIT))?;
    read::ObjectReader::new(&document).timeline(options)
}

/// Writes `timeline` to a new file at `path`, whole or not at all. What has that name already stays as it is.
///
/// # Errors
/// [`ErrorKind::Exists`] where there is something of that name, [`ErrorKind::Io`] when the file cannot be written.
pub fn write_file(timeline: &Timeline, path: impl AsRef<Path>) -> Result<()> {
    write_new(&to_json(timeline), path.as_ref())
}

/// As [`write_file`]; a regular file that was there before is replaced in the end. Whether that file may be replaced is the
/// caller's to know.
///
/// # Errors
/// [`ErrorKind::Exists`] where something has that name that is no regular file, [`ErrorKind::Io`] when the file cannot
/// be written.
pub fn replace_file(timeline: &Timeline, path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    match path.symlink_metadata() {
        Ok(there) if !there.is_file() => Err(taken(path, "and is not a regular file")),
        Ok(_) => put(&to_json(timeline), path),
        Err(_) => write_new(&to_json(timeline), path),
    }
}

fn taken(path: &Path, why: &str) -> Error {
    Error::new(ErrorKind::Exists, format!("{} exists already {why}", path.display())).at_file(path)
}

/// Writes `text` to a new file at `path`, whole or not at all.
fn write_new(text: &str, path: &Path) -> Result<()> {
    // The name is taken first, by an empty file, so that nobody else's can be replaced later.
    match File::create_new(path) {
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(taken(path, "and was left alone"));
        }
        Err(error) => return Err(Error::io("write", path, error)),
    }
    put(text, path).inspect_err(|_| {
        // What went wrong is what counts.
        let _ = std::fs::remove_file(path);
    })
}

/// Writes `text` to the file at `path`, whole or not at all, in place of what is there.
fn put(text: &str, path: &Path) -> Result<()> {
    let part = part_path(path)?;
    let mut file = File::create_new(&part).map_err(|error| Error::io("write", path, error))?;
    let written = (|| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&part, path)
    })();
    written.map_err(|error| {
        // What went wrong is what counts; that the rest could not be cleared away either does not.
        let _ = std::fs::remove_file(&part);
        Error::io("write", path, error)
    })
}

/// The hidden file beside `path` that is written first.
fn part_path(path: &Path) -> Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| {
        Error::new(ErrorKind::Io, format!("cannot write {}: that is not a file name", path.display())).at_file(path)
    })?;
    // Another process' or another call's is not touched.
    static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let time = std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_nanos());
    let mut part = std::ffi::OsString::from(".");
    part.push(name);
    part.push(format!(".{}-{time}-{count}.part", std::process::id()));
    Ok(path.with_file_name(part))
}
