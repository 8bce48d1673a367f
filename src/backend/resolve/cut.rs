//! Resolve's timeline as it stands, and in what it is not the plan's cut.

use serde_json::json;

use super::bridge::{Answer, ResolveObject};
use super::export::{self, ExportedItem};
use super::link::Link;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Element, Layer, MediaSource, Plan, Shot, Span, layers_of};
use crate::time::{Rate, Ratio, Timecode};

/// How many differences are listed.
const LISTED: usize = 20;

/// A timeline of Resolve.
#[derive(Debug)]
pub(super) struct ResolveTimeline {
    pub(super) timeline: ResolveObject,
    pub(super) rate: Rate,
    drop_frame: bool,
    /// Its first frame, counted from timecode zero.
    pub(super) start: i64,
    /// How many frames it has.
    pub(super) duration: i64,
    /// Width and height of its picture.
    pub(super) size: (u32, u32),
    start_timecode: String,
    /// Its video tracks, from the bottom.
    pub(super) tracks: Vec<VideoTrack>,
}

/// A video track.
#[derive(Debug)]
pub(super) struct VideoTrack {
    /// Its number, from 1.
    pub(super) number: i64,
    pub(super) name: String,
    pub(super) enabled: bool,
    pub(super) items: Vec<TrackItem>,
}

/// A clip, or something else with a place in a track.
#[derive(Debug)]
pub(super) struct TrackItem {
    pub(super) object: ResolveObject,
    pub(super) name: String,
    /// Its first record frame, and the first behind it, counted from the timeline's first.
    pub(super) start: i64,
    pub(super) end: i64,
    enabled: bool,
    /// Whether it shows media, and its file, as far as Resolve tells.
    has_media: bool,
    file: Option<String>,
    /// The source frame it starts with, and the last one or the one behind, as far as Resolve tells.
    first: Option<i64>,
    last: Option<i64>,
}

/// How a timeline compares with a plan: sentences.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    /// In what it is not the plan's cut.
    pub(super) differences: Vec<String>,
    /// Where the same cut may show other pictures.
    pub(super) doubts: Vec<String>,
}

impl ResolveTimeline {
    /// Asks Resolve for everything about `timeline`.
    ///
    /// # Errors
    /// [`ErrorKind::Application`] when Resolve does not tell.
    pub(super) fn read(link: &Link, timeline: ResolveObject) -> Result<ResolveTimeline> {
        // What a timeline does not set for itself is the project's.
        let setting = |key: &str| match link.call(&timeline, "GetSetting", vec![json!(key)])?.text() {
            Ok(own) => Ok(own),
            Err(_) => link.project("GetSetting", vec![json!(key)])?.text(),
        };
        let number = |method: &str| link.call(&timeline, method, vec![])?.whole();
        let (rate, drop_frame) = frame_rate(&setting("timelineFrameRate")?)?;
        let side = |text: String| {
            text.trim().parse::<u32>().ok().filter(|&side| side > 0).ok_or_else(|| {
                Error::new(ErrorKind::Application, format!("the timeline in Resolve has {text:?} for a size"))
            })
        };
        let size = (side(setting("timelineResolutionWidth")?)?, side(setting("timelineResolutionHeight")?)?);
        let start = number("GetStartFrame")?;
        let last = number("GetEndFrame")?;
        let start_timecode = match link.call_if_there(&timeline, "GetStartTimecode", vec![])? {
            Some(timecode) => timecode.text()?,
            None => Timecode::from_frame(start, rate, drop_frame).to_string(),
        };
        let tracks = video_tracks(link, &timeline, start)?;
        let ends = tracks.iter().flat_map(|track| &track.items).map(|item| item.end);
        let end = ends.chain(audio_ends(link, &timeline, start)?).max().unwrap_or(0);
        // Whether the end frame is the last one or the one behind it has changed between versions.
        let duration = if last - start == end - 1 { end } else { end.max(last - start) };
        Ok(ResolveTimeline { timeline, rate, drop_frame, start, duration, size, start_timecode, tracks })
    }

    /// Whether it is the cut of `plan`, as far as the shots show it. `alone` is the number of the track that is soloed for
    /// a shot, if any is.
    pub(super) fn compared(
        &self,
        link: &Link,
        plan: &Plan,
        alone: impl Fn(&Shot) -> Option<i64>,
    ) -> Result<Comparison> {
        let mut compared = Comparison::default();
        let found = &mut compared.differences;
        if self.rate != plan.rate {
            found.push(format!("the timeline runs at {}, the plan at {}", self.rate, plan.rate));
        } else if self.drop_frame != plan.drop_frame {
            // The frames are the same; what they are called is the plan's.
            let not = if self.drop_frame { "" } else { "not " };
            let what =
                format!("the timecode of the timeline is {not}drop-frame, that of the plan and its shots is the other");
            compared.doubts.push(what);
        }
        let label = Timecode::parse_leniently(&self.start_timecode, plan.rate).ok();
        let planned = plan.timecode(0);
        if self.start != plan.global_start && label.is_none_or(|label| label.frame() != planned.frame()) {
            found.push(format!("the timeline starts at {}, the plan at {planned}", self.start_timecode));
        }
        if self.duration != plan.duration {
            found.push(format!("the timeline has {} frames, the plan {}", self.duration, plan.duration));
        }
        for shot in &plan.shots {
            let alone = alone(shot);
            for span in &shot.spans {
                self.compare(link, plan, shot, span, alone, &mut compared)?;
            }
        }
        compared.doubts.extend(self.unknown_speeds(link, plan));
        let found = &mut compared.differences;
        let more = found.len().saturating_sub(LISTED);
        found.truncate(LISTED);
        if more > 0 {
            found.push(format!("and {more} more"));
        }
        Ok(compared)
    }

    /// The track with this name.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] when there is none, or more than one.
    pub(super) fn track(&self, name: &str) -> Result<&VideoTrack> {
        let mut named = self.tracks.iter().filter(|track| track.name == name);
        match (named.next(), named.next()) {
            (Some(track), None) => Ok(track),
            (found, _) => {
                let names: Vec<_> = self.tracks.iter().map(|track| format!("{:?}", track.name)).collect();
                let many = if found.is_some() { "more than one video track" } else { "no video track" };
                let what = format!("the timeline in Resolve has {many} {name:?}; it has {}", names.join(", "));
                Err(Error::new(ErrorKind::Option, what))
            }
        }
    }

    /// The items that are seen somewhere in record frames `start..end`, with the tracks that are.
    pub(super) fn seen(&self, start: i64, end: i64, alone: Option<i64>) -> impl Iterator<Item = &TrackItem> {
        let on = move |track: &&VideoTrack| alone.map_or(track.enabled, |alone| track.number == alone);
        let here = move |item: &&TrackItem| item.enabled && item.reaches(start, end);
        self.tracks.iter().filter(on).flat_map(|track| &track.items).filter(here)
    }

    /// The item that shows `layer` over record frames `start..end` and all of it.
    pub(super) fn showing(&self, plan: &Plan, layer: &Layer, (start, end): (i64, i64)) -> Option<&TrackItem> {
        let shows =
            |item: &&TrackItem| item.start <= start && item.end >= end && item.has_media && item.is(plan, layer);
        self.seen(start, end, None).find(shows)
    }

    fn compare(
        &self,
        link: &Link,
        plan: &Plan,
        shot: &Shot,
        span: &Span,
        alone: Option<i64>,
        compared: &mut Comparison,
    ) -> Result<()> {
        let Comparison { differences: found, doubts } = compared;
        let (start, end) = (span.start, span.start + span.count);
        let place = format!("shot {:?} at {}", shot.name, plan.timecode(start));
        let mut say = |what: String| {
            let what = format!("{place}: {what}");
            if !found.contains(&what) {
                found.push(what);
            }
        };
        // Some versions have transitions between the clips of a track.
        let items: Vec<&TrackItem> = self.seen(start, end, alone).filter(|item| !item.is_transition(shot)).collect();
        let layers = layers_of(&span.stack);
        let plain = |element: &Element| element.layer().is_some();
        // Titles and generators are called differently everywhere, and a compound clip is one item.
        let vague = layers.iter().any(|layer| !is_file(plan, layer)) || !span.stack.iter().all(plain);
        for item in &items {
            if !vague && !layers.iter().any(|layer| item.is(plan, layer)) {
                say(format!("the timeline shows {item}, the plan does not"));
            }
        }
        if vague && items.is_empty() && !layers.is_empty() {
            say(format!("the plan shows {:?}, the timeline nothing", layers[0].clip));
        }
        for element in &span.stack {
            let Some(layer) = element.layer() else { continue };
            let on_track = alone.is_none_or(|_| layer.track == shot.track);
            if !is_file(plan, layer) || !on_track {
                continue;
            }
            let covering = |item: &&&TrackItem| item.start <= start && item.end >= end && item.is(plan, layer);
            let Some(item) = items.iter().find(covering) else {
                say(format!("the plan shows {}, the timeline does not, or not all of it", named(plan, layer)));
                continue;
            };
            doubts.extend(item.doubt(plan, layer).filter(|doubt| !doubts.contains(doubt)));
            if let Some(source) = item.other_source(link, plan, layer)? {
                let planned = layer.map.index(item.start);
                let clip = &layer.clip;
                say(format!("{clip:?} starts with source frame {source} in the timeline, {planned} in the plan"));
            }
            if let Some((told, planned)) = item.other_speed(plan, layer) {
                let clip = &layer.clip;
                say(format!(
                    "{clip:?} runs through {told} source frames in the timeline, through {planned} in the plan"
                ));
            }
            if layer.map.curve.is_some() {
                let what = format!("the speed of {:?} changes over time, which was not compared", layer.clip);
                doubts.extend(Some(what).filter(|doubt| !doubts.contains(doubt)));
            }
        }
        Ok(())
    }
}

fn is_file(plan: &Plan, layer: &Layer) -> bool {
    matches!(plan.media[layer.media].source, MediaSource::File { .. } | MediaSource::Sequence { .. })
}

/// The clip of a layer and its media, for messages.
fn named(plan: &Plan, layer: &Layer) -> String {
    match plan.media[layer.media].source.file(0) {
        Some(file) => format!("{:?} ({})", layer.clip, file_name(&file.to_string_lossy())),
        None => format!("{:?}", layer.clip),
    }
}

impl std::fmt::Display for TrackItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{:?} ({})", self.name, file_name(file)),
            None => write!(f, "{:?}", self.name),
        }
    }
}

impl ResolveTimeline {
    /// What is to be said of speeds that Resolve does not tell.
    fn unknown_speeds(&self, link: &Link, plan: &Plan) -> Option<String> {
        let shown = |item: &&TrackItem| {
            item.enabled && plan.shots.iter().any(|shot| item.reaches(shot.start, shot.start + shot.frame_count))
        };
        let items = self.tracks.iter().flat_map(|track| &track.items).filter(|item| item.has_media()).filter(shown);
        let unknown = items.filter(|item| item.last.is_none()).count();
        (unknown > 0).then(|| {
            format!(
                "the speed of {unknown} clips could not be compared: TimelineItem.GetSourceEndFrame needs Resolve 19.0.2 or \
                newer; {} is running",
                link.version
            )
        })
    }
}

impl TrackItem {
    /// Whether it stands for a transition of `shot`: something without media where the plan has one.
    fn is_transition(&self, shot: &Shot) -> bool {
        let mixes = |span: &&Span| !span.stack.iter().all(|element| element.layer().is_some());
        let mut spans = shot.spans.iter().filter(mixes);
        // Where its frames are counted from differs.
        !self.has_media() && spans.any(|span| self.reaches(span.start - 1, span.start + span.count + 1))
    }

    /// How many source frames it runs through, in Resolve and in the plan, where these are not the same. Whether the end
    /// frame is the last one or the one behind is not documented, nor is how Resolve rounds retimed frames.
    fn other_speed(&self, plan: &Plan, layer: &Layer) -> Option<(i64, i64)> {
        let (map, media) = (&layer.map, &plan.media[layer.media]);
        if map.curve.is_some() || self.end <= self.start {
            return None;
        }
        let told = (self.last? - self.first?).abs();
        let planned = (map.index(self.end - 1) - map.index(self.start)).abs();
        let next = (map.index(self.end) - map.index(self.start)).abs();
        let slack = i64::from(map.step != Ratio::ONE || media.rate != plan.rate);
        let fits = (planned - slack..=next.max(planned) + slack).contains(&told);
        // As counts of frames, whatever the end frame is.
        (!fits).then_some((told, next.max(planned)))
    }

    /// Whether it reaches into record frames `start..end`.
    pub(super) fn reaches(&self, start: i64, end: i64) -> bool {
        self.start < end && self.end > start
    }

    /// Whether it shows media, as titles and generators do not.
    pub(super) fn has_media(&self) -> bool {
        self.has_media
    }

    /// Whether it is the clip of `layer`, by its name or its media.
    fn is(&self, plan: &Plan, layer: &Layer) -> bool {
        same(&self.name, &layer.clip) || self.file.as_ref().is_some_and(|file| shows(file, plan, layer))
    }

    /// Why its pictures may not be those of `layer`, of which it is the clip.
    fn doubt(&self, plan: &Plan, layer: &Layer) -> Option<String> {
        let clip = &layer.clip;
        match (self.has_media, self.file.as_deref().filter(|file| !file.is_empty())) {
            (false, _) => {
                Some(format!("clip {clip:?} has no media in Resolve: where that is offline, so are its pictures"))
            }
            (_, None) => Some(format!("Resolve does not tell which file clip {clip:?} shows")),
            (_, Some(file)) if shows(file, plan, layer) => None,
            (_, Some(file)) => Some(format!("clip {clip:?} shows {file:?} in Resolve, which is not the plan's media")),
        }
    }

    /// The source frame it starts with where that is not the plan's, of a clip at plain speed. Resolve counts from the
    /// media's first frame or from its timecode, depending on version and media: what fits in one of these ways fits.
    fn other_source(&self, link: &Link, plan: &Plan, layer: &Layer) -> Result<Option<i64>> {
        self.other_start(link, plan, layer, self.start)
    }

    /// The same of one that starts at record frame `record` of the plan.
    pub(super) fn other_start(&self, link: &Link, plan: &Plan, layer: &Layer, record: i64) -> Result<Option<i64>> {
        let media = &plan.media[layer.media];
        let plain = layer.map.step == Ratio::ONE && layer.map.curve.is_none() && media.rate == plan.rate;
        let planned = layer.map.index(record);
        if !plain || self.first == Some(planned) {
            return Ok(None);
        }
        let pool_item = link.call(&self.object, "GetMediaPoolItem", vec![])?.object();
        let Some(pool_item) = pool_item.filter(|_| self.has_media) else { return Ok(self.first) };
        // Not every version and every kind of item knows both.
        let offset = item_frame(link, &self.object, "GetLeftOffset").ok();
        let sources: Vec<i64> = self.first.into_iter().chain(offset).collect();
        let Some(&first) = sources.first().filter(|_| !sources.contains(&planned)) else { return Ok(None) };
        let property =
            |key: &str| Ok::<_, Error>(link.call(&pool_item, "GetClipProperty", vec![json!(key)])?.text().ok());
        let timecode = property("Start TC")?.and_then(|text| Timecode::parse_leniently(&text, media.rate).ok());
        let number = property("Start")?.and_then(|text| text.trim().parse::<i64>().ok());
        let offsets = timecode.map(Timecode::frame).into_iter().chain(number);
        let fits = offsets.into_iter().any(|offset| sources.contains(&(planned + offset)));
        Ok((!fits).then_some(first))
    }
}

/// Whether `file` is what `layer` shows, by its name: media is moved, and replaced by what it was made from.
fn shows(file: &str, plan: &Plan, layer: &Layer) -> bool {
    match &plan.media[layer.media].source {
        MediaSource::File { path } => {
            path.file_name().is_some_and(|name| same(file_name(file), &name.to_string_lossy()))
        }
        // Resolve calls a sequence `sh010.[1001-1100].exr`.
        MediaSource::Sequence { prefix, .. } => !prefix.is_empty() && file_name(file).starts_with(prefix.as_str()),
        _ => false,
    }
}

/// What names of media end in. Other endings are part of the name: `sh010.0010` is not `sh010.0020`.
const MEDIA: [&str; 33] = [
    "aac", "aif", "aiff", "ari", "arx", "avi", "braw", "cin", "crm", "dng", "dpx", "exr", "jp2", "jpeg", "jpg", "m2ts",
    "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "mxf", "nef", "png", "r3d", "rmf", "tga", "tif", "tiff", "wav",
    "webm",
];

/// Whether two names are one, whatever medium they are the names of.
fn same(a: &str, b: &str) -> bool {
    stem(a).eq_ignore_ascii_case(stem(b)) && !a.is_empty()
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

fn stem(name: &str) -> &str {
    let is_media = |ending: &str| MEDIA.contains(&ending.to_ascii_lowercase().as_str());
    let known = |name: &&str| name.rsplit_once('.').is_some_and(|(_, ending)| is_media(ending));
    Some(name).filter(known).and_then(|name| name.rsplit_once('.')).map_or(name, |(stem, _)| stem)
}

/// Reads `24`, `23.976` or `29.97 DF`.
fn frame_rate(text: &str) -> Result<(Rate, bool)> {
    let (number, drop) = match text.trim().strip_suffix("DF") {
        Some(number) => (number.trim(), true),
        None => (text.trim(), false),
    };
    let number = number.strip_suffix("fps").unwrap_or(number).trim().replace(',', ".");
    let number = match number.split_once('/') {
        Some((frames, seconds)) => frames
            .trim()
            .parse::<f64>()
            .ok()
            .zip(seconds.trim().parse::<f64>().ok())
            .map(|(frames, seconds)| frames / seconds),
        None => number.parse().ok(),
    };
    let rate = number.and_then(|number| Rate::new(number).ok());
    rate.map(|rate| (rate, drop)).ok_or_else(|| {
        Error::new(ErrorKind::Application, format!("the timeline in Resolve has {text:?} for a frame rate"))
    })
}

fn video_tracks(link: &Link, timeline: &ResolveObject, start: i64) -> Result<Vec<VideoTrack>> {
    let count = link.call(timeline, "GetTrackCount", vec![json!("video")])?.whole()?;
    let exported = export::video_tracks(link, timeline).unwrap_or_default();
    let mut tracks = Vec::new();
    for number in 1..=count {
        let track = vec![json!("video"), json!(number)];
        let name = link.call(timeline, "GetTrackName", track.clone())?.text().unwrap_or_default();
        let enabled = match link.call_if_there(timeline, "GetIsTrackEnabled", track.clone())? {
            Some(enabled) => enabled.switch()?,
            None => true,
        };
        let objects = link.call(timeline, "GetItemListInTrack", track)?.objects()?;
        let told = usize::try_from(number - 1).ok().and_then(|index| exported.get(index));
        let told = told.filter(|told| told.len() == objects.len());
        let items = match told.map(|told| TrackItem::all_told(link, &objects, told, start)).transpose()?.flatten() {
            Some(items) => items,
            None => objects.into_iter().map(|item| TrackItem::read(link, item, start)).collect::<Result<_>>()?,
        };
        tracks.push(VideoTrack { number, name, enabled, items });
    }
    Ok(tracks)
}

/// A frame that an item tells. Since it can be asked for in fractions, there is an argument that says so.
fn item_frame(link: &Link, item: &ResolveObject, method: &str) -> Result<i64> {
    let whole = link.call(item, method, vec![json!(false)]).and_then(Answer::whole);
    whole.or_else(|error| match link.is_lost() {
        true => Err(error),
        false => link.call(item, method, vec![])?.whole(),
    })
}

/// Where items in audio tracks end.
fn audio_ends(link: &Link, timeline: &ResolveObject, start: i64) -> Result<Vec<i64>> {
    let count = link.call(timeline, "GetTrackCount", vec![json!("audio")])?.whole()?;
    let mut ends = Vec::new();
    for number in 1..=count {
        // In the order in which they lie.
        let items = link.call(timeline, "GetItemListInTrack", vec![json!("audio"), json!(number)])?.objects()?;
        if let Some(item) = items.last() {
            ends.push(item_frame(link, item, "GetEnd")? - start);
        }
    }
    Ok(ends)
}

/// How many clips of a track are asked whether they are what was exported.
const ASKED: usize = 8;

impl TrackItem {
    /// The items of a track as they were exported; those that are told nothing of are asked. `None` when some that are asked
    /// say something else.
    fn all_told(
        link: &Link,
        objects: &[ResolveObject],
        told: &[ExportedItem],
        start: i64,
    ) -> Result<Option<Vec<TrackItem>>> {
        let apart = (objects.len() / ASKED).max(1);
        let last = objects.len().saturating_sub(1);
        let mut items = Vec::new();
        for (place, (object, told)) in objects.iter().zip(told).enumerate() {
            let asked = |object: &ResolveObject| TrackItem::read(link, object.clone(), start);
            let ExportedItem::Clip(clip) = told else {
                items.push(asked(object)?);
                continue;
            };
            if place % apart == 0 || place == last {
                let item = asked(object)?;
                let agree = item.enabled && item.has_media && (item.start, item.end) == (clip.start, clip.end);
                if !agree || !same(&item.name, &clip.name) {
                    return Ok(None);
                }
                items.push(item);
            } else {
                items.push(TrackItem::told(object.clone(), clip));
            }
        }
        Ok(Some(items))
    }

    fn told(object: ResolveObject, clip: &export::ExportedClip) -> TrackItem {
        TrackItem {
            object,
            name: clip.name.clone(),
            start: clip.start,
            end: clip.end,
            enabled: true,
            has_media: true,
            file: clip.file.clone(),
            first: clip.first,
            last: clip.last,
        }
    }

    fn read(link: &Link, object: ResolveObject, start: i64) -> Result<TrackItem> {
        let number = |method: &str| item_frame(link, &object, method);
        let source = |method: &str| link.call(&object, method, vec![]).and_then(Answer::whole).ok();
        let media = link.call(&object, "GetMediaPoolItem", vec![])?.object();
        let file = match &media {
            Some(media) => {
                let file = link.call_if_there(media, "GetClipProperty", vec![json!("File Path")])?;
                file.and_then(|file| file.text().ok())
            }
            None => None,
        };
        let (first, last) = match media {
            Some(_) => (source("GetSourceStartFrame"), source("GetSourceEndFrame")),
            None => (None, None),
        };
        Ok(TrackItem {
            name: link.call(&object, "GetName", vec![])?.text().unwrap_or_default(),
            start: number("GetStart")? - start,
            end: number("GetEnd")? - start,
            enabled: link.call_if_there(&object, "GetClipEnabled", vec![])?.is_none_or(|enabled| enabled.truth()),
            has_media: media.is_some(),
            file,
            first,
            last,
            object,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_rates_are_read_as_resolve_writes_them() {
        let rate = |text| frame_rate(text).map(|(rate, drop)| (rate.num(), rate.den(), drop)).ok();
        assert_eq!(rate("24"), Some((24, 1, false)));
        assert_eq!(rate("24.0"), Some((24, 1, false)));
        assert_eq!(rate("23.976"), Some((24_000, 1001, false)));
        assert_eq!(rate("23.98"), Some((24_000, 1001, false)));
        assert_eq!(rate("23,976 fps"), Some((24_000, 1001, false)));
        assert_eq!(rate("24000/1001"), Some((24_000, 1001, false)));
        assert_eq!(rate("29.97 DF"), Some((30_000, 1001, true)));
        for text in ["", "DF", "nan", "-24", "0", "twenty-four", "24/0", "/"] {
            assert_eq!(rate(text), None, "{text:?}");
        }
    }

    #[test]
    fn names_are_told_without_their_endings() {
        assert_eq!(stem("A001_C002.mov"), "A001_C002");
        assert_eq!(stem("A001_C002.MXF"), "A001_C002");
        assert_eq!(stem("sh010.comp"), "sh010.comp");
        assert!(!same("sh010.0010", "sh010.0020"));
        assert_eq!(stem("sh010"), "sh010");
        assert_eq!(stem("v1.final-version"), "v1.final-version");
        assert_eq!(file_name("C:\\media\\a.mov"), "a.mov");
        assert_eq!(file_name("/media/a.mov"), "a.mov");
    }
}
