//! What a cut needs: the media of each shot, and a list of what has to be pulled from storage.

use std::collections::BTreeMap;
use std::path::PathBuf;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{Layer, MediaId, MediaLookup, MediaSource, Plan, Retime, Shot};
use crate::time::Timecode;

/// A medium that lies in a shot, handles included, whether or not something opaque covers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ShotSource {
    /// Name of the track that the clip lies in.
    pub track: String,
    /// Name of the clip.
    pub clip: String,
    /// Path of the clip in the timeline.
    pub object: String,
    /// Path of the medium; a sequence's is a pattern.
    pub media: String,
    /// Number of the first frame of the shot's file that shows it.
    pub first_frame: i64,
    /// Number of the last.
    pub last_frame: i64,
    /// The lowest source frame that is shown: its index in a movie, from 0, or its number in a sequence.
    pub first_source: i64,
    /// The highest.
    pub last_source: i64,
    /// Its speed: 1 is that of the medium's own rate, 0 a freeze, negative is reverse. Where it changes, the average.
    pub speed: f64,
    /// Timecode of `first_source`, where the medium has any and it was looked up.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_timecode: Option<String>,
    /// Timecode of `last_source`, likewise.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last_timecode: Option<String>,
}

/// A medium that a cut needs.
///
/// ```
/// # use otio_conflate::time::Rate;
/// # use otio_conflate::timeline::{Clip, Composition, MediaReference, RawTimeRange};
/// # let media = MediaReference::file("/media/a.mov").available(RawTimeRange::frames(0, 240, Rate::FPS_24));
/// # let clip = |name: &str, first| Clip::new(name, media.clone()).range(RawTimeRange::frames(first, 48, Rate::FPS_24));
/// # let track = Composition::video("V1").with(clip("sh010", 100)).with(clip("sh020", 20));
/// # let timeline = otio_conflate::Timeline::new("reel 2").track(track);
///
/// use otio_conflate::{Plan, PlanOptions};
///
/// let list = Plan::new(&timeline, &PlanOptions::default())?.pull_list();
/// assert_eq!((list[0].media.as_str(), &list[0].ranges), ("/media/a.mov", &vec![(20, 67), (100, 147)]));
/// assert_eq!(list[0].shots, ["sh010", "sh020"]);
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pull {
    /// Path of the medium; a sequence's is a pattern.
    pub media: String,
    /// The source frames that are shown, handles included: the first and the last of each run, indices in a movie, numbers
    /// in a sequence; merged and in order. Empty of what is only heard.
    pub ranges: Vec<(i64, i64)>,
    /// Whether it is heard.
    pub sound: bool,
    /// Names of the shots that need it.
    pub shots: Vec<String>,
    /// Its files: the movie, or those of a sequence that are shown, at high speeds with gaps inside the ranges. Empty of what is
    /// no file.
    pub files: Vec<PathBuf>,
}

impl Pull {
    /// Bytes of its files that are there, in whole.
    pub fn bytes(&self) -> u64 {
        self.files.iter().filter_map(|file| file.metadata().ok()).map(|metadata| metadata.len()).sum()
    }

    /// Those of its files that are not there.
    pub fn missing(&self) -> Vec<&PathBuf> {
        self.files.iter().filter(|file| !file.exists()).collect()
    }
}

/// The source frames of one layer in one shot.
struct ShownFrames {
    layer: (String, String, String),
    media: MediaId,
    records: (i64, i64),
    indices: (i64, i64),
    /// Those of them that are shown, in runs: the first and the last of each.
    used: Vec<(i64, i64)>,
    /// Positions at the first and the last record frame, in media frames.
    ends: (f64, f64),
}

impl ShownFrames {
    /// Source frame `index` is shown.
    fn note(&mut self, index: i64) {
        self.indices = (self.indices.0.min(index), self.indices.1.max(index));
        match self.used.last_mut() {
            Some((first, last)) if (*first..=*last).contains(&index) => {}
            Some((_, last)) if *last + 1 == index => *last = index,
            Some((first, _)) if *first - 1 == index => *first = index,
            _ => self.used.push((index, index)),
        }
    }
}

/// What is needed of a medium.
#[derive(Default)]
struct Needed {
    ranges: Vec<(i64, i64)>,
    used: Vec<(i64, i64)>,
    sound: bool,
    shots: Vec<String>,
}

impl Needed {
    /// `shot` needs it, too.
    fn by(&mut self, shot: &Shot) {
        if self.shots.last() != Some(&shot.name) {
            self.shots.push(shot.name.clone());
        }
    }
}

impl Plan {
    /// The media that lie in `shot`, handles included, whether or not something opaque covers them: topmost first, each clip
    /// once.
    pub fn sources(&self, shot: &Shot) -> Vec<ShotSource> {
        self.shown(shot).iter().map(|shown| self.source(shot, shown)).collect()
    }

    /// The same with source timecodes, for which media are opened through `lookup`.
    pub fn sources_with(&self, shot: &Shot, lookup: &dyn MediaLookup) -> Vec<ShotSource> {
        self.sources_from(shot, &|media| {
            let source = &self.media[media].source;
            // Numbers of frames are no timecode.
            let facts = matches!(source, MediaSource::File { .. }).then(|| lookup.look_up(source))??;
            let rate = facts.rate.unwrap_or(self.media[media].rate);
            Some(Timecode::from_frame(facts.start?, rate, facts.drop_frame?))
        })
    }

    /// The same; `start` gives the timecode of a medium's first frame.
    pub(crate) fn sources_from(&self, shot: &Shot, start: &dyn Fn(MediaId) -> Option<Timecode>) -> Vec<ShotSource> {
        let with_timecode = |shown: &ShownFrames| {
            let start = start(shown.media);
            let label = |index: i64| {
                let start = start?;
                let frame = start.frame().saturating_add(index);
                Some(Timecode::from_frame(frame, start.rate(), start.is_drop()).to_string())
            };
            let (first, last) = shown.indices;
            ShotSource { first_timecode: label(first), last_timecode: label(last), ..self.source(shot, shown) }
        };
        self.shown(shot).iter().map(with_timecode).collect()
    }

    /// What all shots need, in the order in which it is met: each medium once, with the frames that are shown, merged.
    pub fn pull_list(&self) -> Vec<Pull> {
        let mut found: IndexMap<MediaId, Needed> = IndexMap::new();
        for shot in &self.shots {
            for shown in self.shown(shot) {
                let needed = found.entry(shown.media).or_default();
                needed.ranges.push(shown.indices);
                needed.used.extend(&shown.used);
                needed.by(shot);
            }
            for clip in &shot.sound {
                let needed = found.entry(clip.media).or_default();
                needed.sound = true;
                needed.by(shot);
            }
        }
        let pull = |(media, Needed { ranges, used, sound, shots }): (MediaId, Needed)| {
            let source = &self.media[media].source;
            let ranges = merged(ranges);
            let files = match source {
                MediaSource::File { path } => vec![path.clone()],
                MediaSource::Sequence { .. } => {
                    let indices = merged(used).into_iter().flat_map(|(first, last)| first..=last);
                    indices.filter_map(|index| source.file(index)).collect()
                }
                _ => Vec::new(),
            };
            let number = |(first, last)| {
                let (first, last) = (source.number(first), source.number(last));
                (first.min(last), first.max(last))
            };
            Pull { media: source.display(), ranges: ranges.into_iter().map(number).collect(), sound, shots, files }
        };
        found.into_iter().map(pull).collect()
    }

    fn source(&self, shot: &Shot, shown: &ShownFrames) -> ShotSource {
        let media = &self.media[shown.media];
        let (first, last) = (media.source.number(shown.indices.0), media.source.number(shown.indices.1));
        let frames = shown.records.1 - shown.records.0;
        // Media frames in a record frame, against those that pass in its time.
        let plain = media.rate.nominal().to_f64() / self.rate.nominal().to_f64();
        let step = (shown.ends.1 - shown.ends.0) / (frames.max(1) as f64);
        let number = |record: i64| shot.first_frame + (record - shot.start);
        let (track, clip, object) = shown.layer.clone();
        ShotSource {
            track,
            clip,
            object,
            media: media.source.display(),
            first_frame: number(shown.records.0),
            last_frame: number(shown.records.1),
            first_source: first.min(last),
            last_source: first.max(last),
            speed: step / plain,
            first_timecode: None,
            last_timecode: None,
        }
    }

    /// The layers of `shot`, topmost first.
    fn shown(&self, shot: &Shot) -> Vec<ShownFrames> {
        let mut found: IndexMap<(String, MediaId), ShownFrames> = IndexMap::new();
        for span in &shot.spans {
            for visible in span.visible(&|_, _| false) {
                let layer = visible.layer;
                let mut frames = (visible.first..=visible.last).filter_map(|record| {
                    let (index, second) = self.source_blend(layer, record)?;
                    let second = second.filter(|_| self.retime == Retime::Blend).map_or(index, |(second, _)| second);
                    Some((record, index.min(second), index.max(second)))
                });
                let Some((record, low, high)) = frames.next() else { continue };
                let position = |record| layer.map.position(record).to_f64();
                let shown = found.entry((layer.object.clone(), layer.media)).or_insert_with(|| ShownFrames {
                    layer: names(layer),
                    media: layer.media,
                    records: (record, record),
                    indices: (low, high),
                    used: Vec::new(),
                    ends: (position(record), position(record) + layer.map.step.to_f64()),
                });
                let mut last = record;
                for (record, low, high) in std::iter::once((record, low, high)).chain(frames) {
                    last = record;
                    shown.note(low);
                    shown.note(high);
                }
                if last > shown.records.1 {
                    shown.records.1 = last;
                    shown.ends.1 = position(last);
                }
            }
        }
        found.into_values().collect()
    }
}

fn names(layer: &Layer) -> (String, String, String) {
    (layer.track.clone(), layer.clip.clone(), layer.object.clone())
}

/// Ranges in order; those that overlap or follow on one another are one.
fn merged(ranges: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    let mut by_start: BTreeMap<i64, i64> = BTreeMap::new();
    for (first, last) in ranges {
        let end = by_start.entry(first).or_insert(last);
        *end = last.max(*end);
    }
    let mut merged: Vec<(i64, i64)> = Vec::new();
    for (first, last) in by_start {
        match merged.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
            _ => merged.push((first, last)),
        }
    }
    merged
}
