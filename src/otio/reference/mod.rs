//! The OpenTimelineIO library as a second reader, and as the judge of the first.
//!
//! The library reads the JSON, checks it and upgrades every object, and writes it out again in its own newest form;
//! that form is what becomes our [`Timeline`]. So a timeline has one model, whoever read it.
//!
//! ```
//! use otio_conflate::otio::reference::{self, SchemaTarget};
//! # let clip = r#"{"OTIO_SCHEMA": "Clip.2", "name": "sh010", "media_references": {"DEFAULT_MEDIA":
//! #     {"OTIO_SCHEMA": "MissingReference.1"}}, "active_media_reference_key": "DEFAULT_MEDIA"}"#;
//! # let text = format!(r#"{{"OTIO_SCHEMA": "Timeline.1", "tracks": {{"OTIO_SCHEMA": "Stack.1", "children": [{clip}]}}}}"#);
//!
//! let timeline = reference::from_json(&text)?;
//! // For tools that know the first version of clips only.
//! let old = reference::to_json_for(&timeline, &SchemaTarget::release("0.14.0")?)?;
//! assert!(old.contains("Clip.1"));
//! # Ok::<(), otio_conflate::Error>(())
//! ```
//!
//! Five things of the library are worth knowing:
//! - It is stricter than the native reader: a field that its own writer always writes may not be left out, and `null`
//!   is no empty list.
//! - It reads decimals in a fast way whose last digit may be wrong: doubles that take 17 digits can come out one or
//!   two units in the last place beside what was written.
//! - It knows integers of 63 bits and a sign. Of those that take one bit more it keeps the lower 63, and longer ones
//!   become doubles; [`Timeline::notes`] says so where a file has any.
//! - It cuts strings at a zero character. Texts with one are refused here, rather than shortened.
//! - Of a file that it refuses, it never frees what it had read until then.
//!
//! Needs the feature `opentimelineio`.

mod scan;
mod sys;
mod target;

use std::path::Path;

use self::sys::{Handle, RawRange, RawTime};
use super::{ReadOptions, Reader, read_file, read_native, write_new};
use crate::error::{Error, ErrorKind, Result};
use crate::time::Rate;
use crate::timeline::{Child, Composition, RationalTime, RawTimeRange, Timeline};

pub use target::{SchemaTarget, schema_versions};

/// Reads the timeline in the file at `path` through the library, with default options.
///
/// # Errors
/// As [`read_file`].
pub fn open(path: impl AsRef<Path>) -> Result<Timeline> {
    read_file(path, &ReadOptions::default().with_reader(Reader::OpenTimelineIo))
}

/// Reads the timeline in `text` through the library, with default options.
///
/// # Errors
/// As [`read_bytes`](super::read_bytes); what the library refuses is an [`ErrorKind::Json`] or [`ErrorKind::Schema`]
/// that says what it said.
pub fn from_json(text: &str) -> Result<Timeline> {
    read(text.as_bytes(), &ReadOptions::default())
}

pub(super) fn read(bytes: &[u8], options: &ReadOptions) -> Result<Timeline> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Error::new(ErrorKind::Json, "the text is not UTF-8").because(error))?;
    let (handle, long) = document(text, options.max_depth)?;
    let mut timeline = timeline_of(&handle, options)?;
    if long > 0 {
        timeline
            .notes
            .push(format!("timeline: OpenTimelineIO changes integers of more than 63 bits; there are {long}").into());
    }
    Ok(timeline)
}

/// `timeline` as the JSON that the library writes.
///
/// # Errors
/// [`ErrorKind::Schema`] when it holds something that the library does not know, such as a newer version of a schema.
pub fn to_json(timeline: &Timeline) -> Result<String> {
    to_json_for(timeline, &SchemaTarget::newest())
}

/// `timeline` as JSON for a tool that knows older versions of some schemas.
///
/// # Errors
/// As [`to_json`]; [`ErrorKind::Option`] when `target` names a schema or a version that cannot be written.
pub fn to_json_for(timeline: &Timeline, target: &SchemaTarget) -> Result<String> {
    target.check()?;
    ReferenceTimeline::new(timeline)?.handle.write(target.versions(), Some(4))
}

/// Writes `timeline` to the file at `path` for a tool that knows older versions of some schemas, whole or not at all.
///
/// # Errors
/// As [`to_json_for`]; [`ErrorKind::Io`] when the file cannot be written.
pub fn write_for(timeline: &Timeline, path: impl AsRef<Path>, target: &SchemaTarget) -> Result<()> {
    let path = path.as_ref();
    let json = to_json_for(timeline, target).map_err(|error| error.at_file(path))?;
    write_new(&json, path)
}

/// The library's version, such as `0.18.1`; those before 0.18 are `0.16 or 0.17`.
///
/// # Errors
/// [`ErrorKind::Schema`] when the library fails.
pub fn library_version() -> Result<String> {
    sys::library_version()
}

/// A timeline in the hands of the library, to be asked what it says about ranges and times.
///
/// An object is named by its place: from the root stack down one index a level, so that `[2, 5]` is
/// `tracks[2].children[5]` and `[]` the root stack itself. Every answer is an owned value.
///
/// It may move to another thread, and cannot be used by two at a time (`Send`, not `Sync`).
///
/// # Errors
/// All its methods return [`ErrorKind::Option`] when there is no such object or it cannot be asked this, such as a
/// transition for its available range; [`ErrorKind::Time`] when there is no such range, or one of a rate that nobody
/// can count with.
#[derive(Debug)]
pub struct ReferenceTimeline {
    handle: Handle,
}

impl ReferenceTimeline {
    /// Hands a copy of `timeline` to the library.
    ///
    /// # Errors
    /// [`ErrorKind::Schema`] when it holds something that the library does not know.
    pub fn new(timeline: &Timeline) -> Result<ReferenceTimeline> {
        // What is in memory is as deep as it is; the library's own depth is what has to be guarded.
        let (handle, _) = document(&super::to_json(timeline), ReadOptions::DEPTH_LIMIT)?;
        Ok(ReferenceTimeline { handle })
    }

    /// Hands `text` to the library, whose root has to be a timeline for everything that asks for objects.
    ///
    /// # Errors
    /// As [`from_json`].
    pub fn from_json(text: &str) -> Result<ReferenceTimeline> {
        let (handle, _) = document(text, ReadOptions::DEPTH_LIMIT)?;
        Ok(ReferenceTimeline { handle })
    }

    /// The timeline, as the library has it.
    ///
    /// # Errors
    /// As [`read_bytes`](super::read_bytes).
    pub fn timeline(&self) -> Result<Timeline> {
        timeline_of(&self.handle, &ReadOptions::default())
    }

    /// Whether the library takes both for the same.
    ///
    /// # Errors
    /// [`ErrorKind::Schema`] where the library fails.
    pub fn is_equivalent(&self, other: &ReferenceTimeline) -> Result<bool> {
        self.handle.is_equivalent(&other.handle)
    }

    /// What there is of an item, in its own time.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] for an object that does not exist or is of another kind, [`ErrorKind::Schema`] for whatever else the
    /// library refuses.
    pub fn available_range(&self, item: &[usize]) -> Result<RawTimeRange> {
        range_of(self.handle.available_range(item)?)
    }

    /// What an item shows of that, in its own time.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] for an object that does not exist or is of another kind, [`ErrorKind::Schema`] for whatever else the
    /// library refuses.
    pub fn trimmed_range(&self, item: &[usize]) -> Result<RawTimeRange> {
        range_of(self.handle.trimmed_range(item)?)
    }

    /// The trimmed range, with the handles that the transitions beside the item use.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] for an object that does not exist or is of another kind, [`ErrorKind::Schema`] for whatever else the
    /// library refuses.
    pub fn visible_range(&self, item: &[usize]) -> Result<RawTimeRange> {
        range_of(self.handle.visible_range(item)?)
    }

    /// Where an object lies in its parent's time, before the parent's `source_range` trims it.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] for an object that does not exist or is of another kind, [`ErrorKind::Schema`] for whatever else the
    /// library refuses.
    pub fn range_in_parent(&self, object: &[usize]) -> Result<RawTimeRange> {
        range_of(self.handle.range_in_parent(object)?)
    }

    /// The same behind that trim; `None` where nothing of the object is left.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] for an object that does not exist or is of another kind, [`ErrorKind::Schema`] for whatever else the
    /// library refuses.
    pub fn trimmed_range_in_parent(&self, object: &[usize]) -> Result<Option<RawTimeRange>> {
        self.handle.trimmed_range_in_parent(object)?.map(range_of).transpose()
    }

    /// `time` of the item `from`, as a time of the item `to`. Speeds do not count for it.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] for an object that does not exist or is of another kind, [`ErrorKind::Schema`] for whatever else the
    /// library refuses.
    pub fn transformed_time(&self, time: RationalTime, from: &[usize], to: &[usize]) -> Result<RationalTime> {
        let time = RawTime { value: time.value, rate: time.rate.written() };
        time_of(self.handle.transformed_time(time, from, to)?)
    }

    /// What a stack of tracks shows where only gaps are transparent, as one track.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] for an object that does not exist or is of another kind, [`ErrorKind::Schema`] for whatever else the
    /// library refuses.
    pub fn flatten_stack(&self, stack: &[usize]) -> Result<Composition> {
        let flat = timeline_of(&self.handle.flatten_stack(stack)?, &ReadOptions::default())?;
        match flat.tracks.children.into_iter().next() {
            Some(Child::Composition(track)) => Ok(*track),
            _ => {
                Err(Error::new(ErrorKind::Schema, "OpenTimelineIO flattened a stack to something that is not a track"))
            }
        }
    }
}

/// `text` in the hands of the library, which reads by recursion: what could overflow the stack is refused before. Also
/// how many integers it changes.
fn document(text: &str, max_depth: usize) -> Result<(Handle, usize)> {
    let long = scan::check(text, max_depth.min(ReadOptions::DEPTH_LIMIT))?;
    Ok((Handle::read(text)?, long))
}

fn timeline_of(handle: &Handle, options: &ReadOptions) -> Result<Timeline> {
    let json = handle.write([], None)?;
    // Line and column would be those of a text that nobody sees.
    read_native(json.as_bytes(), &ReadOptions { max_depth: ReadOptions::DEPTH_LIMIT, ..options.clone() })
        .map_err(Error::without_line)
}

fn time_of(time: RawTime) -> Result<RationalTime> {
    Ok(RationalTime::new(time.value, Rate::new(time.rate)?))
}

fn range_of(range: RawRange) -> Result<RawTimeRange> {
    Ok(RawTimeRange { start_time: time_of(range.start_time)?, duration: time_of(range.duration)? })
}
