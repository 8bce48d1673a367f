//! Which media a clip shows, and where in it the clip starts: rules R7 and R8.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::error::{Error, ErrorKind, Result};
use crate::otio::{Locator, NumberedFiles, is_there};
use crate::plan::dialect::{self, generated, number};
use crate::plan::mark::INTERMEDIATE;
use crate::plan::{Media, MediaId, MediaSource, PlanOptions, WrittenSpace};
use crate::time::{Rate, Ratio, padded};
use crate::timeline::{
    Clip, Map, MediaCommon, MediaReference, MissingFramePolicy, RationalTime, RawTimeRange, Timeline,
};
use crate::trace;

/// What can be learned of media by opening it. Asked only where the timeline does not say enough.
pub trait MediaLookup {
    /// Opens `source` and tells what it is; `None` when it is not there or holds neither picture nor sound.
    fn look_up(&self, source: &MediaSource) -> Option<MediaFacts>;
}

/// What opening a piece of media tells.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MediaFacts {
    /// The media rate; `None` for what has none of its own, such as numbered files. Of sound alone, the frames are its
    /// samples.
    pub rate: Option<Rate>,
    /// How many frames there are; `None` when only decoding would tell.
    pub frames: Option<i64>,
    /// The number of the first frame by the media's own counting: embedded timecode in frames from midnight, the time
    /// reference of a sound file in samples, or a sequence's first number.
    pub start: Option<i64>,
    /// Whether it is one picture that stands for any length of time.
    pub still: bool,
    /// Whether its embedded timecode is drop-frame; `None` where it has none.
    pub drop_frame: Option<bool>,
}

impl MediaFacts {
    /// Facts about media that runs at `rate` for `frames` frames.
    pub fn new(rate: Option<Rate>, frames: Option<i64>, start: Option<i64>) -> MediaFacts {
        MediaFacts { rate, frames, start, still: false, drop_frame: None }
    }

    /// Facts about a single picture.
    pub fn still() -> MediaFacts {
        MediaFacts { rate: None, frames: None, start: None, still: true, drop_frame: None }
    }

    /// The same, of media whose embedded timecode is drop-frame or not.
    #[must_use]
    pub fn with_drop_frame(mut self, drop_frame: Option<bool>) -> MediaFacts {
        self.drop_frame = drop_frame;
        self
    }
}

/// Knows nothing: for planning without touching any media.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLookup;

impl MediaLookup for NoLookup {
    fn look_up(&self, _: &MediaSource) -> Option<MediaFacts> {
        None
    }
}

/// Where a clip's picture comes from: the media, and the position its first frame has in it.
pub(super) struct ClipMedia {
    /// Which of the plan's media.
    pub(super) media: MediaId,
    /// The rate the media runs at.
    pub(super) rate: Rate,
    /// The position of the clip's start, in media frames from the media's first.
    pub(super) offset: Ratio,
    /// The rules that had to guess.
    pub(super) notes: Vec<String>,
    /// Whether it is one picture that stands for any length of time.
    pub(super) still: bool,
}

/// What makes two media one: what and where they are, rate, length, the bits of their bounds, and the colour space that the
/// timeline says they are in.
type Key = (MediaSource, Rate, Option<i64>, Option<[u64; 4]>, Option<WrittenSpace>);

/// Every medium of a plan, each once, and what has been looked up so far.
pub(super) struct MediaTable<'a> {
    pub(super) media: Vec<Media>,
    index: HashMap<Key, MediaId>,
    facts: HashMap<MediaSource, Option<MediaFacts>>,
    lookup: &'a dyn MediaLookup,
    locator: Locator,
    options: &'a PlanOptions,
    /// The numbered files that locations stand for, by location.
    numbered: HashMap<String, Option<Rc<NumberedFiles>>>,
}

impl<'a> MediaTable<'a> {
    pub(super) fn new(locator: Locator, options: &'a PlanOptions, lookup: &'a dyn MediaLookup) -> MediaTable<'a> {
        let (index, facts, numbered) = (HashMap::new(), HashMap::new(), HashMap::new());
        MediaTable { media: Vec::new(), index, facts, lookup, locator, options, numbered }
    }

    fn facts(&mut self, source: &MediaSource) -> Option<MediaFacts> {
        if matches!(source, MediaSource::Generator { .. } | MediaSource::Missing { .. }) {
            return None;
        }
        if let Some(known) = self.facts.get(source) {
            return known.clone();
        }
        let facts = self.lookup.look_up(source);
        trace::event!(
            DEBUG,
            "a medium was looked up",
            medium = source.display().as_str(),
            is_there = facts.is_some(),
            frames = facts.as_ref().and_then(|facts| facts.frames)
        );
        self.facts.insert(source.clone(), facts.clone());
        facts
    }

    /// What was learned of the file at `media` of the plan about its timecode.
    pub(super) fn drop_frame(&self, media: MediaId) -> Option<bool> {
        self.facts.get(&self.media.get(media.index())?.source)?.as_ref()?.drop_frame
    }

    /// What of the path map has been of no use.
    pub(super) fn unused_maps(&self) -> Vec<String> {
        self.locator.unused()
    }

    /// The part of its media that `clip` uses: its `source_range`, else all of its media, looked up if need be.
    pub(super) fn trimmed_range(&mut self, clip: &Clip) -> Result<RawTimeRange> {
        if let Some(range) = clip.item.source_range {
            return Ok(range);
        }
        let (reference, _) = self.reference(clip);
        if let Some(range) = reference.and_then(MediaReference::available_range) {
            return Ok(range);
        }
        let (source, _) = self.source(clip, reference)?;
        let facts = self.facts(&source);
        if let Some(MediaFacts { rate: Some(rate), frames: Some(frames), start, .. }) = facts {
            #[allow(clippy::cast_precision_loss, reason = "frame counts are far below 2^53")]
            let at = |frame: i64| RationalTime::new(frame as f64, rate);
            return Ok(RawTimeRange { start_time: at(start.unwrap_or(0)), duration: at(frames) });
        }
        Err(Error::new(
            ErrorKind::Time,
            format!(
                "clip {:?} has neither a source_range nor an available_range, and its media does not tell either: {}",
                clip.item.name,
                source.display()
            ),
        )
        .at_clip(&clip.item.name))
    }

    /// The reference that `clip` shows: of several, the first that is there of those that are preferred, the active one
    /// and all others. With it, what is to be said where that is not the active one. Where none is there, the active one.
    pub(super) fn reference<'c>(&mut self, clip: &'c Clip) -> (Option<&'c MediaReference>, Option<String>) {
        let active = clip.active_media_reference_key.as_str();
        if clip.media_references.len() < 2 && clip.media_references.contains_key(active) {
            return (clip.media_reference(), None);
        }
        let preferred = self.options.prefer.iter().map(String::as_str);
        let keys = preferred.chain([active]).chain(
            // What was delivered of a shot holds more than the clip's own medium.
            clip.media_references.keys().map(String::as_str).filter(|key| *key != INTERMEDIATE),
        );
        let found = keys
            .filter_map(|key| clip.media_references.get_key_value(key))
            .find(|(_, reference)| self.is_there(clip, reference));
        trace::event!(
            DEBUG,
            "a reference of several is chosen",
            clip = clip.item.name.as_str(),
            of = clip.media_references.len(),
            active = active,
            chosen = found.map_or(active, |(key, _)| key.as_str()),
            is_there = found.is_some()
        );
        match found {
            None => (clip.media_reference(), None),
            Some((key, reference)) if key == active => (Some(reference), None),
            Some((key, reference)) if self.options.prefer.contains(key) => (
                Some(reference),
                Some(format!("its media reference {key:?} is preferred to the active one, {active:?}")),
            ),
            Some((key, reference)) => {
                (Some(reference), Some(format!("its active media reference {active:?} is not there; {key:?} is shown")))
            }
        }
    }

    /// Files that references of `timeline` name, whether their clips are seen or not, and that are not among the media.
    pub(super) fn others(&mut self, timeline: &Timeline) -> Vec<MediaSource> {
        let mut known: HashSet<MediaSource> = self.media.iter().map(|media| media.source.clone()).collect();
        let mut others = Vec::new();
        for (_, clip) in timeline.clips() {
            for reference in clip.media_references.values() {
                let Ok((source, _)) = self.source(clip, Some(reference)) else { continue };
                let is_file = matches!(source, MediaSource::File { .. } | MediaSource::Sequence { .. });
                if is_file && !known.contains(&source) {
                    known.insert(source.clone());
                    others.push(source);
                }
            }
        }
        others
    }

    /// Whether what `reference` names is there.
    fn is_there(&mut self, clip: &Clip, reference: &MediaReference) -> bool {
        match self.source(clip, Some(reference)) {
            Ok((MediaSource::Generator { .. }, _)) => true,
            Ok((MediaSource::File { path }, _)) => is_there(&path),
            Ok((source @ MediaSource::Sequence { .. }, _)) => {
                source.file(0).is_some_and(|path| is_there(&path))
                    || self.facts(&source).is_some_and(|facts| facts.frames != Some(0))
            }
            _ => false,
        }
    }

    /// What and where the media of `clip` is that `reference` names, and what has to be said of that.
    fn source(&mut self, clip: &Clip, reference: Option<&MediaReference>) -> Result<(MediaSource, Option<String>)> {
        if let Some(what) = &clip.item.unreadable {
            return Ok((MediaSource::Missing { what: what.clone() }, None));
        }
        if let Some(MediaReference::External { target_url, common }) = reference
            && let Some(found) = self.numbered(clip, target_url, common.available_range)
        {
            return Ok((found.0, found.1));
        }
        Ok((self.named(clip, reference)?, None))
    }

    /// The sequence that the location of a single file stands for. (R8)
    fn numbered(
        &mut self,
        clip: &Clip,
        location: &str,
        available: Option<RawTimeRange>,
    ) -> Option<(MediaSource, Option<String>)> {
        let files = match self.numbered.get(location) {
            Some(known) => known.clone(),
            None => {
                let found = self.locator.numbered(location).ok().flatten().map(Rc::new);
                self.numbered.insert(location.to_owned(), found.clone());
                found
            }
        }?;
        let named = files.range.map(|range| range.0);
        #[allow(clippy::cast_possible_truncation, reason = "bounded in the same line")]
        let whole = |value: f64| (value.abs() < 1e15).then_some((value + 0.001).floor() as i64);
        let claimed = available.and_then(|range| whole(range.start_time.value_at(range.media_rate())));
        let count = available.and_then(|range| whole_frames(range.duration.value));
        let (first, last) = (files.numbers.first().copied(), files.numbers.last().copied());
        let (start, note) = if files.is_pattern {
            let there = |start: i64| {
                let end = start.saturating_add(count.unwrap_or(1));
                files.numbers.iter().any(|number| (start..end).contains(number))
            };
            match (named, claimed) {
                (Some(named), _) => (named, None),
                (None, Some(claimed)) if there(claimed) || first.is_none() => (claimed, None),
                (None, _) => {
                    let start = first.unwrap_or(0);
                    let note =
                        format!("its location is a pattern without a first number; it is taken to start at {start}");
                    (start, Some(note))
                }
            }
        } else {
            let (named, last) = (named?, last?);
            if first != Some(named) && claimed != Some(named) {
                return None;
            }
            let used = clip.item.source_range.or(available)?;
            let rate = available.map_or(used.start_time.rate, RawTimeRange::media_rate);
            let begin = used.start_time.value_at(rate);
            #[allow(clippy::cast_precision_loss, reason = "frame numbers are far below 2^53")]
            let (number, last) = (named as f64, last as f64);
            let begin = match available {
                Some(available) => begin - available.start_time.value_at(rate),
                None if begin >= number - 0.001 => begin - number,
                None => begin,
            };
            let longer = available.map_or_else(|| whole_frames(used.duration.value), |_| count) != Some(1);
            let fits = begin + used.duration.value_at(rate) <= last - number + 1.001;
            if !longer || !fits {
                return None;
            }
            (
                named,
                Some("its location names the first file of a numbered run: it is taken as that sequence".to_owned()),
            )
        };
        let step = if files.step > 1 { files.step } else { even_step(&files.numbers, start, count) };
        let location = &files.location;
        let source = MediaSource::Sequence {
            folder: location.folder.clone(),
            prefix: location.prefix.clone(),
            suffix: location.suffix.clone(),
            padding: files.padding,
            start,
            step,
            holes: MissingFramePolicy::Error,
        };
        let last = last.or(files.range.map(|range| range.1)).filter(|last| *last >= start);
        if let Some(last) = last.filter(|_| !self.facts.contains_key(&source)) {
            let facts = MediaFacts::new(None, Some((last - start) / step + 1), Some(start));
            self.facts.insert(source.clone(), Some(facts));
        }
        Some((source, note))
    }

    /// What and where the media of `clip` is that `reference` names, as it says it.
    fn named(&self, clip: &Clip, reference: Option<&MediaReference>) -> Result<MediaSource> {
        let at_clip = |error: Error| error.at_clip(&clip.item.name);
        let unusable = |error: Error| match self.options.media_missing.is_error() {
            true => Err(at_clip(error)),
            false => Ok(MediaSource::Missing { what: format!("{error:#}") }),
        };
        let missing = |what: &str| Ok(MediaSource::Missing { what: what.to_owned() });
        match reference {
            None => missing("media that the timeline does not name"),
            Some(MediaReference::Missing { common }) => missing(&match common.name.as_str() {
                "" => "media that the timeline does not name".to_owned(),
                name => format!("media named {name}, without a location"),
            }),
            Some(MediaReference::Unknown(object)) => missing(&format!("a reference of schema {}", object.schema)),
            Some(MediaReference::Generator { generator_kind, parameters, common }) => {
                let (draws, _) = generated(generator_kind, parameters, common, &clip.item.name);
                Ok(MediaSource::Generator { generator_kind: generator_kind.clone(), draws })
            }
            Some(MediaReference::External { target_url, .. }) if target_url.trim().is_empty() => {
                missing("a reference without a location")
            }
            Some(MediaReference::External { target_url, .. }) => match self.locator.file(target_url) {
                Ok(path) => Ok(MediaSource::File { path }),
                Err(error) => unusable(error),
            },
            Some(MediaReference::ImageSequence {
                target_url_base,
                name_prefix,
                name_suffix,
                start_frame,
                frame_step,
                frame_zero_padding,
                missing_frame_policy,
                ..
            }) => match self.locator.sequence(
                target_url_base,
                name_prefix,
                name_suffix,
                &padded(*start_frame, *frame_zero_padding as usize),
            ) {
                Ok(location) => Ok(MediaSource::Sequence {
                    folder: location.folder,
                    prefix: location.prefix,
                    suffix: location.suffix,
                    padding: *frame_zero_padding,
                    start: *start_frame,
                    step: (*frame_step).max(1),
                    holes: *missing_frame_policy,
                }),
                Err(error) => unusable(error),
            },
        }
    }

    /// Resolves the media of `clip`, which shows `range` of it.
    pub(super) fn resolve(&mut self, clip: &Clip, range: RawTimeRange) -> Result<ClipMedia> {
        let (reference, said) = self.reference(clip);
        let (source, note) = self.source(clip, reference)?;
        let mut notes: Vec<String> = said.into_iter().chain(note).collect();
        let available = reference.and_then(MediaReference::available_range);
        let mut still = available.is_some_and(|available| self.is_still(&source, available));
        let (rate, offset, frames) = match available {
            Some(available) if still => {
                let rate = available.media_rate();
                let offset = range.start_time.value_at(rate) - available.start_time.value_at(rate);
                if offset < -0.001 || offset + range.duration.value_at(rate) > available.duration.value_at(rate) + 0.001
                {
                    notes.push("a still picture has no end: it is held for the whole clip".to_owned());
                }
                (rate, offset, None)
            }
            Some(available) => {
                let rate = available.media_rate();
                let start = available.start_time.value_at(rate);
                let mut offset = range.start_time.value_at(rate) - start;
                if offset < -0.001 && is_relative(&source, start) {
                    offset = range.start_time.value_at(rate);
                    notes.push(format!(
                        "source_range starts before available_range, which starts at the sequence's first number \
                         {start}: the range is taken as counting from 0"
                    ));
                }
                (rate, offset, whole_frames(available.duration.value_at(rate)))
            }
            None => {
                let facts = self.facts(&source);
                still =
                    facts.as_ref().map_or_else(|| image_of(&source).is_some_and(Image::is_one), |facts| facts.still);
                let written = match reference {
                    Some(MediaReference::ImageSequence { rate, .. }) if *rate != 1.0 => Rate::new(*rate).ok(),
                    _ => None,
                };
                let known = facts.as_ref().and_then(|facts| facts.rate);
                let rate = known.or(written).unwrap_or(range.start_time.rate);
                let start = range.start_time.value_at(rate);
                let offset = match &facts {
                    Some(facts) => start - counted_from(facts, start, range.duration.value_at(rate), &mut notes),
                    None => {
                        if !still && !matches!(source, MediaSource::Generator { .. } | MediaSource::Missing { .. }) {
                            notes.push(
                                "no available_range, and the media was not looked at: source time is taken as \
                                 counting from its first frame at the clip's own rate"
                                    .to_owned(),
                            );
                        }
                        start
                    }
                };
                (rate, offset, facts.and_then(|facts| facts.frames))
            }
        };
        let common = reference.and_then(MediaReference::common);
        let is_file = matches!(source, MediaSource::File { .. } | MediaSource::Sequence { .. });
        let space = match self.options.color.is_some() && is_file {
            true => dialect::written_space(common.map(|common| &common.metadata), &clip.item.metadata),
            false => None,
        };
        let media = self.add(source, rate, frames, common, space);
        Ok(ClipMedia { media, rate, offset: Ratio::nearest(offset), notes, still })
    }

    /// R8: whether `source`, of which the timeline says that it has `available`, is one picture: an image file, or a
    /// sequence of one frame. Formats that hold one picture or many are looked at.
    fn is_still(&mut self, source: &MediaSource, available: RawTimeRange) -> bool {
        if matches!(source, MediaSource::Sequence { .. }) {
            return whole_frames(available.duration.value) == Some(1);
        }
        match image_of(source) {
            None => false,
            Some(Image { animated: false, .. }) => true,
            Some(image) => self.facts(source).map_or(image.is_one(), |facts| facts.still),
        }
    }

    fn add(
        &mut self,
        source: MediaSource,
        rate: Rate,
        frames: Option<i64>,
        common: Option<&MediaCommon>,
        space: Option<WrittenSpace>,
    ) -> MediaId {
        let media = &mut self.media;
        let bounds = common.and_then(bounds);
        let key = (source, rate, frames, bounds.map(|bounds| bounds.map(f64::to_bits)), space);
        *self.index.entry(key).or_insert_with_key(|(source, rate, frames, _, space)| {
            let (size, pixel_aspect) = common.map_or((None, None), |common| shape(&common.metadata));
            let new = Media {
                source: source.clone(),
                rate: *rate,
                frames: *frames,
                size,
                pixel_aspect,
                color: None,
                space: space.clone(),
                bounds,
            };
            let id = MediaId::new(media.len(), &new);
            media.push(new);
            id
        })
    }
}

/// How many whole frames a length has; a thousandth of a frame over does not make another.
pub(crate) fn whole_frames(length: f64) -> Option<i64> {
    let frames = (length - 0.001).ceil();
    #[allow(clippy::cast_possible_truncation, reason = "bounded in the same line")]
    (1.0..1e15).contains(&frames).then_some(frames as i64)
}

/// What the ending of an image file's name says about how many pictures it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Image {
    /// Whether the format has animations.
    animated: bool,
    /// Whether its files mostly are animations.
    mostly: bool,
}

impl Image {
    /// Whether it holds one picture, as long as nobody looks.
    fn is_one(self) -> bool {
        !self.mostly
    }
}

/// The kind of image that `source` is by its ending; `None` for movies, sequences and whatever else.
fn image_of(source: &MediaSource) -> Option<Image> {
    const STILL: [&str; 27] = [
        "bmp", "cin", "dib", "dpx", "exr", "hdr", "j2c", "j2k", "jp2", "jpe", "jpeg", "jpf", "jpg", "pam", "pbm",
        "pcx", "pgm", "pic", "pnm", "ppm", "psd", "rgb", "rgba", "sgi", "tga", "tif", "tiff",
    ];
    let MediaSource::File { path } = source else { return None };
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    match ending.as_str() {
        still if STILL.contains(&still) => Some(Image { animated: false, mostly: false }),
        "avif" | "heic" | "heif" | "jls" | "jxl" | "png" | "webp" => Some(Image { animated: true, mostly: false }),
        "apng" | "gif" => Some(Image { animated: true, mostly: true }),
        _ => None,
    }
}

/// How many numbers lie from one frame to the next, where the files from `start` on are evenly apart and as many as they
/// should be; else 1: holes are told, and not closed.
fn even_step(numbers: &[i64], start: i64, count: Option<i64>) -> i64 {
    let from = numbers.partition_point(|number| *number < start);
    let numbers = &numbers[from..];
    let &[first, second, ..] = numbers else { return 1 };
    let step = second - first;
    let even = first == start && numbers.windows(2).all(|pair| pair[1] - pair[0] == step);
    if even && count == i64::try_from(numbers.len()).ok() { step } else { 1 }
}

/// R8, second half: does this sequence's `available_range` start at its first number, so that a range that starts
/// before it must be counting from 0?
fn is_relative(source: &MediaSource, available_start: f64) -> bool {
    #[allow(clippy::cast_precision_loss, reason = "frame numbers are far below 2^53")]
    match source {
        MediaSource::Sequence { start, .. } => (available_start - *start as f64).abs() < 0.001,
        _ => false,
    }
}

/// R8, first half: the source time of the media's first frame, in media frames. It is the media's own start if the
/// clip's range lies inside the media counted from there, else 0. Where the range fits neither way, the count that
/// at least its start fits is taken.
#[allow(clippy::cast_precision_loss, reason = "frame numbers are far below 2^53")]
fn counted_from(facts: &MediaFacts, start: f64, length: f64, notes: &mut Vec<String>) -> f64 {
    let own = facts.start.unwrap_or(0) as f64;
    let frames = facts.frames.map_or(f64::INFINITY, |frames| frames as f64);
    let fits = |from: f64| start >= from - 0.001 && start + length <= from + frames + 0.001;
    let starts_inside = |from: f64| start >= from - 0.001 && start < from + frames;
    let counted = if fits(own) || (!fits(0.0) && starts_inside(own) && !starts_inside(0.0)) { own } else { 0.0 };
    if facts.start.is_some_and(|start| start != 0) {
        let why = if counted == own { "the source range lies inside it" } else { "the source range lies outside it" };
        notes.push(format!(
            "no available_range; the media's own count starts at {own}, and {why}: source time counts from {counted}"
        ));
    } else {
        notes.push("no available_range: source time counts from the media's first frame".to_owned());
    }
    counted
}

/// Size and pixel aspect of a picture as Hiero, its publishers and Premiere write them with the media.
fn shape(metadata: &Map) -> (Option<(u32, u32)>, Option<Ratio>) {
    let of_final_cut = || metadata.get("fcp_xml")?.get("media")?.get("video")?.get("samplecharacteristics");
    let keyed = |what: &str| {
        let keys = ["ayon.source", "openpype.source", "foundry.source", "media.input"];
        keys.iter().find_map(|key| number(metadata.get(&format!("{key}.{what}"))?))
    };
    let side = |what: &str| {
        let length = keyed(what).or_else(|| number(of_final_cut()?.get(what)?))?;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded in the same line")]
        (length.fract() == 0.0 && (1.0..=65_536.0).contains(&length)).then_some(length as u32)
    };
    let aspect = keyed("pixelAspect").filter(|aspect| (0.01..=100.0).contains(aspect)).map(Ratio::nearest);
    (side("width").zip(side("height")), aspect)
}

/// The bounds of the media's picture, if they are a rectangle.
pub(super) fn bounds(common: &MediaCommon) -> Option<[f64; 4]> {
    let bounds = common.available_image_bounds?;
    let edges = [bounds.min.x, bounds.min.y, bounds.max.x, bounds.max.y];
    let rectangle = edges.iter().all(|edge| edge.abs() < 1e12) && edges[0] < edges[2] && edges[1] < edges[3];
    rectangle.then_some(edges)
}
