//! Timelines in bundles.

use std::io::Read;
use std::path::{Path, PathBuf};

use otio_conflate::otio::MediaFile;
use otio_conflate::{Error, Result, Timeline};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::otio::{self, With as _};
use crate::zip::{Entry, Zip};

pub(crate) fn range(start: i64, frames: i64) -> Value {
    otio::range(start, frames, 24)
}

/// `object` with what the OpenTimelineIO library asks every object for.
fn whole(object: Value) -> Value {
    object.with("metadata", json!({}))
}

/// `item` with what the library asks every item for.
fn whole_item(item: Value) -> Value {
    let range = item["source_range"].clone();
    let item = whole(item).with("effects", json!([])).with("markers", json!([]));
    item.with("enabled", true).with("color", Value::Null).with("source_range", range)
}

/// A clip of 8 frames of `media`.
pub(crate) fn clip(name: &str, media: Value) -> Value {
    whole_item(otio::clip_of(name, range(2, 8), media))
}

/// A movie at `location`, which has 12 frames unless `available` is null.
pub(crate) fn movie(location: &str, available: Value) -> Value {
    whole(otio::external(location, available)).with("available_image_bounds", Value::Null).with("name", "")
}

/// The frames `base` + `prefix` + `0001.png` and so on.
pub(crate) fn sequence(base: &str, prefix: &str, holes: &str) -> Value {
    let frames = whole(otio::image_sequence(base, (prefix, ".png"), 1, range(1, 12)));
    frames.with("missing_frame_policy", holes).with("available_image_bounds", Value::Null).with("name", "")
}

/// A timeline of these clips, with every field that the library asks for.
pub(crate) fn timeline(clips: impl Into<Vec<Value>>) -> String {
    let timeline = whole(otio::timeline_at(Value::Null, [whole_item(otio::track("V1", clips))]));
    let tracks = whole_item(timeline["tracks"].clone());
    timeline.with("tracks", tracks).to_string()
}

/// A timeline of one clip of `media/a.mov`.
pub(crate) fn simple() -> String {
    timeline([clip("A", movie("media/a.mov", range(0, 12)))])
}

/// The entry of the timeline.
pub(crate) fn content(text: &str) -> Entry {
    Entry::deflated("content.otio", text.as_bytes())
}

/// A folder with bundles in it.
pub(crate) struct Bundles {
    folder: TempDir,
}

impl Bundles {
    pub(crate) fn new() -> Bundles {
        Bundles { folder: tempfile::tempdir().expect("a folder") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes `zip` to `cut.otioz`.
    pub(crate) fn write(&self, zip: &Zip) -> PathBuf {
        let path = self.path("cut.otioz");
        zip.write(&path);
        path
    }

    /// Writes these files to the folder `cut.otiod`.
    pub(crate) fn folder(&self, files: &[(&str, &[u8])]) -> PathBuf {
        let bundle = self.path("cut.otiod");
        for (name, data) in files {
            let file = bundle.join(name);
            std::fs::create_dir_all(file.parent().expect("in a folder")).expect("a folder");
            std::fs::write(file, data).expect("a file");
        }
        bundle
    }

    /// Reads the timeline in an archive.
    pub(crate) fn open(&self, zip: &Zip) -> Result<Timeline> {
        Timeline::open(self.write(zip))
    }

    /// The error that reading it gives.
    #[track_caller]
    pub(crate) fn refused(&self, zip: &Zip) -> Error {
        self.open(zip).expect_err("this is no sound bundle")
    }
}

/// What lies at a path, in a bundle or not.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    MediaFile::open(path)?.read_to_end(&mut bytes).expect("what is open can be read");
    Ok(bytes)
}
