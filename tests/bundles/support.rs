//! Timelines in bundles.

use std::io::Read;
use std::path::{Path, PathBuf};

use otio_conflate::otio::MediaFile;
use otio_conflate::{Error, Result, Timeline};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::zip::{Entry, Zip};

pub(crate) fn range(start: i64, frames: i64) -> Value {
    let time = |value: i64| json!({"OTIO_SCHEMA": "RationalTime.1", "value": value, "rate": 24.0});
    json!({"OTIO_SCHEMA": "TimeRange.1", "start_time": time(start), "duration": time(frames)})
}

/// A clip of 8 frames of `media`.
pub(crate) fn clip(name: &str, media: Value) -> Value {
    json!({"OTIO_SCHEMA": "Clip.2", "name": name, "source_range": range(2, 8), "metadata": {}, "effects": [],
        "markers": [], "enabled": true, "color": null,
        "media_references": {"DEFAULT_MEDIA": media}, "active_media_reference_key": "DEFAULT_MEDIA"})
}

/// A movie at `location`, which has 12 frames unless `available` is null.
pub(crate) fn movie(location: &str, available: Value) -> Value {
    json!({"OTIO_SCHEMA": "ExternalReference.1", "target_url": location, "available_range": available,
        "available_image_bounds": null, "metadata": {}, "name": ""})
}

/// The frames `base` + `prefix` + `0001.png` and so on.
pub(crate) fn sequence(base: &str, prefix: &str, holes: &str) -> Value {
    json!({"OTIO_SCHEMA": "ImageSequenceReference.1", "target_url_base": base, "name_prefix": prefix,
        "name_suffix": ".png", "start_frame": 1, "frame_step": 1, "rate": 24.0, "frame_zero_padding": 4,
        "missing_frame_policy": holes, "available_range": range(1, 12), "available_image_bounds": null,
        "metadata": {}, "name": ""})
}

/// A timeline of these clips, with every field that the OpenTimelineIO library asks for.
pub(crate) fn timeline(clips: impl Into<Vec<Value>>) -> String {
    let composition = |schema: &str, name: &str, children: Vec<Value>| {
        json!({"OTIO_SCHEMA": schema, "name": name, "source_range": null, "metadata": {}, "effects": [], "markers": [],
            "enabled": true, "color": null, "children": children})
    };
    let mut track = composition("Track.1", "V1", clips.into());
    track["kind"] = json!("Video");
    let tracks = composition("Stack.1", "tracks", vec![track]);
    json!({"OTIO_SCHEMA": "Timeline.1", "name": "cut", "global_start_time": null, "metadata": {}, "tracks": tracks})
        .to_string()
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
