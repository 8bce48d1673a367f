//! What burn-ins can say about a picture.

use crate::plan::{Layer, Media, MediaId, MediaSource, Plan, Shot};
use crate::time::{Rate, Timecode};

/// What is known about the pictures of a shot or a file, one by one.
pub(crate) trait Facts {
    /// What stands for `field` in the picture of this index, counted from 0.
    fn field(&self, field: &str, index: i64) -> String;
}

/// What stands where there is nothing to say.
const NOTHING: &str = "-";

/// A shot of a plan.
pub(crate) struct ShotFacts<'p, F> {
    pub(crate) plan: &'p Plan,
    pub(crate) shot: &'p Shot,
    /// The timecode of a medium's first frame, where its file has one.
    pub(crate) start: F,
}

impl<F: Fn(MediaId) -> Option<Timecode>> ShotFacts<'_, F> {
    /// The topmost visible layer, its medium and the index of the frame it shows.
    fn topmost(&self, index: i64) -> Option<(&Layer, &Media, i64)> {
        let (layer, frame) = self.plan.topmost(self.shot, self.shot.start + index)?;
        Some((layer, &self.plan.media[layer.media], frame))
    }

    fn source_timecode(&self, index: i64) -> Option<String> {
        let (layer, media, frame) = self.topmost(index)?;
        let timecode = match (&media.source, (self.start)(layer.media)) {
            (MediaSource::File { .. }, Some(start)) => advanced(start, frame, media.rate),
            (MediaSource::File { .. }, None) => Timecode::inferred(frame, media.rate),
            // The number of a scanned frame is its place on the reel.
            (MediaSource::Sequence { .. }, _) => Timecode::inferred(media.source.number(frame), media.rate),
            _ => return None,
        };
        Some(timecode.to_string())
    }
}

/// The timecode `frame` frames, counted at `rate`, after `start`.
fn advanced(start: Timecode, frame: i64, rate: Rate) -> Timecode {
    let base = |rate: Rate| i64::from(rate.timecode_base());
    let frame = frame * base(start.rate()) / base(rate);
    Timecode::from_frame(start.frame() + frame, start.rate(), start.is_drop())
}

impl<F: Fn(MediaId) -> Option<Timecode>> Facts for ShotFacts<'_, F> {
    fn field(&self, field: &str, index: i64) -> String {
        let (plan, shot) = (self.plan, self.shot);
        let shown = match field {
            "shot" => Some(shot.name.clone()),
            "clip" => Some(shot.clip.clone()),
            "track" => Some(shot.track.clone()),
            "timeline" => Some(plan.name.clone()),
            "frame" => Some(crate::time::padded(shot.first_frame + index, 4)),
            "timecode" => Some(plan.timecode(shot.start + index).to_string()),
            "media" => self.topmost(index).map(|(_, media, _)| file_name(&media.source)),
            "source_frame" => self.topmost(index).map(|(_, media, frame)| media.source.number(frame).to_string()),
            "source_timecode" => self.source_timecode(index),
            _ => None,
        };
        shown.filter(|text| !text.is_empty()).unwrap_or_else(|| NOTHING.to_owned())
    }
}

/// The last part of a medium's path.
fn file_name(source: &MediaSource) -> String {
    let path = source.display();
    path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned()
}

/// A file by itself.
pub(crate) struct FileFacts {
    /// What it is called.
    pub(crate) name: String,
    /// The name of the file.
    pub(crate) media: String,
    /// The number of its first frame.
    pub(crate) first: i64,
    pub(crate) timecode: Timecode,
}

impl Facts for FileFacts {
    fn field(&self, field: &str, index: i64) -> String {
        let timecode = || advanced(self.timecode, index, self.timecode.rate()).to_string();
        match field {
            "shot" | "clip" | "timeline" => self.name.clone(),
            "frame" => crate::time::padded(self.first + index, 4),
            "timecode" | "source_timecode" => timecode(),
            "media" => self.media.clone(),
            "source_frame" => index.to_string(),
            _ => NOTHING.to_owned(),
        }
    }
}
