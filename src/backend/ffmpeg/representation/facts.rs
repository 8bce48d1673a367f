//! What burn-ins can say about a picture.

use super::super::info::MediaInfo;
use crate::codec::exr::ExrLabel;
use crate::deliver::OWN;
use crate::plan::{Layer, Media, MediaId, MediaSource, Plan, Shot};
use crate::time::Timecode;

/// What is known about the pictures of a shot or a file, one by one.
pub(crate) trait Facts {
    /// What stands for `field` in the picture of this index, counted from 0.
    fn field(&self, field: &str, index: i64) -> String;

    /// Timecode and reel of the topmost visible source of the picture of this index, as far as they are known.
    fn source_label(&self, index: i64) -> ExrLabel;
}

/// Where the frames of a medium come from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reel {
    /// The timecode of its first frame, where its file has one.
    pub(crate) start: Option<Timecode>,
    /// The name of the reel, where its file has that.
    pub(crate) name: Option<String>,
}

impl Reel {
    /// What a file says.
    pub(crate) fn of(info: &MediaInfo) -> Reel {
        Reel { start: info.start_timecode, name: info.reel_name.clone() }
    }
}

/// What stands where there is nothing to say.
const NOTHING: &str = "-";

/// A shot of a plan.
pub(crate) struct ShotFacts<'p, F> {
    pub(crate) plan: &'p Plan,
    pub(crate) shot: &'p Shot,
    /// Where the frames of a medium come from.
    pub(crate) reel: F,
}

impl<F: Fn(MediaId) -> Reel> ShotFacts<'_, F> {
    /// The topmost visible layer, its medium and the index of the frame it shows.
    fn topmost(&self, index: i64) -> Option<(&Layer, &Media, i64)> {
        let (layer, frame) = self.plan.topmost(self.shot, self.shot.start + index)?;
        Some((layer, &self.plan.media[layer.media], frame))
    }

    fn source_timecode(&self, index: i64) -> Option<String> {
        let timecode = || {
            let (_, media, frame) = self.topmost(index)?;
            // A file without a timecode is counted from zero.
            matches!(media.source, MediaSource::File { .. }).then(|| Timecode::inferred(frame, media.rate))
        };
        self.source_label(index).timecode.or_else(timecode).map(|timecode| timecode.to_string())
    }
}

impl<F: Fn(MediaId) -> Reel> Facts for ShotFacts<'_, F> {
    fn source_label(&self, index: i64) -> ExrLabel {
        let Some((layer, media, frame)) = self.topmost(index) else { return ExrLabel::default() };
        let Reel { start, name } = (self.reel)(layer.media);
        let timecode = match &media.source {
            MediaSource::File { .. } => start.map(|start| start.after(frame, media.rate)),
            // The number of a scanned frame is its place on the reel.
            MediaSource::Sequence { .. } => Some(Timecode::inferred(media.source.number(frame), media.rate)),
            _ => None,
        };
        ExrLabel::new(timecode, name)
    }

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
            own => own.strip_prefix(OWN).and_then(|name| shot.fields.get(name).cloned()),
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
    /// The name of its reel.
    pub(crate) reel: Option<String>,
}

impl Facts for FileFacts {
    fn source_label(&self, index: i64) -> ExrLabel {
        ExrLabel::new(Some(self.timecode.later(index)), self.reel.clone())
    }

    fn field(&self, field: &str, index: i64) -> String {
        let timecode = || self.timecode.later(index).to_string();
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
