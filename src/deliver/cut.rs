//! The cut with its intermediates: what an editor opens after a run, and what gives the same frames when it is conflated
//! again.
//!
//! A delivered clip is *baked* where everything that its file shows can be taken out of the timeline without changing
//! any other frame: its looks and speeds, the transitions at its ends, and whatever lies over or under it. That is not
//! reasoned out but tried: the timeline is planned before and after, and a clip whose frames would be others is left as it
//! was, its intermediate beside its media.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::plan::{
    BAKED, Background, Element, INTERMEDIATE, Layer, Look, MARK, Media, MediaFacts, MediaId, MediaLookup, MediaSource,
    NoLookup, Plan, PlanOptions, Shot, ShotSelection, Span, is_baked_in, is_retimed,
};
use crate::report::{OutputKind, Report, ShotReport, Status, ValueColor};
use crate::time::{Rate, padded};
use crate::timeline::{
    Child, Clip, Composition, Map, MediaCommon, MediaReference, MissingFramePolicy, RationalTime, RawTimeRange,
    Timeline, Value,
};

/// The file's name in the report's folder.
pub(crate) const CONFLATED: &str = "conflated.otio";

/// `timeline` with the intermediate of every delivered shot added to its clip as the media reference `intermediate`.
///
/// Where that gives the same frames when it is conflated again, the reference is made active, and what is baked into it
/// is switched off: effects and looks of the clip, clips above and below it (disabled), transitions at its ends
/// (removed). The metadata `otio-conflate` of each says so. Elsewhere (a shot that shows a part of its clip, a retimed
/// composition around it, a neighbour in a transition that was not delivered) the clip shows its media as before.
///
/// The clip keeps its `source_range`; the intermediate's `available_range` is chosen so that this range finds the same
/// frames in it, handles in front. Locations are relative to the report's folder, those of other media too where they
/// were relative to the timeline's.
pub fn with_intermediates(timeline: &Timeline, report: &Report) -> Timeline {
    conflated(timeline, None, report)
}

/// As [`with_intermediates`]; what is known of media is taken from the `plan` that was rendered.
pub(crate) fn conflated(timeline: &Timeline, plan: Option<&Plan>, report: &Report) -> Timeline {
    let mut moved = timeline.clone();
    relocate(&mut moved.tracks, timeline.path.as_deref(), &report.folder);
    let mut delivered: Vec<DeliveredClip<'_>> =
        report.shots.iter().filter_map(|shot| delivered(timeline, shot)).collect();
    let known = plan.map_or(&[][..], |plan| &plan.media);
    let transparent = plan.is_some_and(|plan| plan.background == Background::Transparent);
    let Some(before) = whole(timeline, report.rate, known) else {
        return baked(&moved, &delivered, report, &BTreeSet::new(), &HashMap::new());
    };
    for shot in &mut delivered {
        let start = shot.report.record.start - before.global_start + shot.report.head;
        shot.cut = start..start + shot.report.frame_count - shot.report.head - shot.report.tail;
    }
    let extents = extents(&before);
    // A composition would be graded again.
    let of_composition = |shot: &DeliveredClip<'_>| {
        let color = shot.report.color.as_ref().filter(|color| color.output.graded);
        color.is_some_and(|color| color.decisions.iter().any(|decided| decided.clip.is_none()))
    };
    let is_whole = |shot: &DeliveredClip<'_>| {
        is_whole(shot.clip, report.rate, shot.cut.end - shot.cut.start) && !of_composition(shot)
    };
    let mut chosen: BTreeSet<usize> = (0..delivered.len()).filter(|&index| is_whole(&delivered[index])).collect();
    loop {
        let tried = baked(&moved, &delivered, report, &chosen, &extents);
        if chosen.is_empty() {
            return tried;
        }
        let mut placed = tried.clone();
        placed.path = Some(report.folder.join(CONFLATED));
        let wrong = match whole(&placed, report.rate, known) {
            Some(after) => differing(&before, &after, &delivered, &chosen, &extents, (&report.folder, transparent)),
            None => chosen.clone(),
        };
        if wrong.is_empty() {
            return tried;
        }
        chosen.retain(|index| !wrong.contains(index));
    }
}

/// A shot that was delivered and is made from a clip.
struct DeliveredClip<'a> {
    report: &'a ShotReport,
    output: &'a crate::report::Output,
    clip: &'a Clip,
    path: Vec<usize>,
    /// Its record frames without handles, counted from the cut's first.
    cut: Range<i64>,
}

fn delivered<'a>(timeline: &'a Timeline, report: &'a ShotReport) -> Option<DeliveredClip<'a>> {
    let output = report.output.as_ref().filter(|_| matches!(report.status, Status::Done | Status::Skipped))?;
    let path = indices(&report.object)?;
    let clip = clip_at(&timeline.tracks, &path)?;
    Some(DeliveredClip { report, output, clip, path, cut: 0..0 })
}

/// Whether `frames` record frames are all that `clip` has, as far as is known.
#[allow(clippy::cast_precision_loss, reason = "frame numbers are far below 2^53")]
fn is_whole(clip: &Clip, rate: Rate, frames: i64) -> bool {
    let range = clip.item.source_range.or_else(|| clip.media_reference()?.available_range());
    let Some(duration) = range.and_then(|range| range.duration.time().ok()) else { return true };
    (duration.frames(rate).to_f64() - frames as f64).abs() < 1.0
}

/// Answers from the media of a plan.
struct PlannedMedia<'a>(&'a [Media]);

impl MediaLookup for PlannedMedia<'_> {
    fn look_up(&self, source: &MediaSource) -> Option<MediaFacts> {
        let media = self.0.iter().find(|media| media.source == *source)?;
        Some(MediaFacts::new(Some(media.rate), media.frames, None))
    }
}

/// A plan whose only shot is the whole cut.
fn whole(timeline: &Timeline, rate: Rate, known: &[Media]) -> Option<Plan> {
    let mut options = PlanOptions { rate: Some(rate), ..PlanOptions::default() };
    options.sound.enabled = false;
    let all = |count| ShotSelection::Ranges(vec![("cut".to_owned(), 0, count)]);
    options.shots = all(1);
    let lookup: &dyn MediaLookup = if known.is_empty() { &NoLookup } else { &PlannedMedia(known) };
    let plan = |options: &PlanOptions| Plan::with_media(timeline, options, lookup).ok();
    options.shots = all(plan(&options)?.duration);
    plan(&options).filter(|plan| plan.shots.len() == 1)
}

/// The record frames over which each object is in the picture.
fn extents(plan: &Plan) -> HashMap<String, Vec<Range<i64>>> {
    let mut extents: HashMap<String, Vec<Range<i64>>> = HashMap::new();
    for span in &plan.shots[0].spans {
        let frames = span.start..span.start + span.count;
        for element in &span.stack {
            element.for_each_layer(&mut |layer| {
                let ranges = extents.entry(layer.object.clone()).or_default();
                match ranges.last_mut() {
                    Some(last) if last.end >= frames.start => last.end = last.end.max(frames.end),
                    _ => ranges.push(frames.clone()),
                }
            });
        }
    }
    extents
}

/// `timeline` with every intermediate added, and those of the `chosen` shots in place.
fn baked(
    timeline: &Timeline,
    delivered: &[DeliveredClip<'_>],
    report: &Report,
    chosen: &BTreeSet<usize>,
    extents: &HashMap<String, Vec<Range<i64>>>,
) -> Timeline {
    let mut timeline = timeline.clone();
    let own: BTreeSet<&str> = report.shots.iter().map(|shot| shot.object.as_str()).collect();
    let mut cuts: Vec<Range<i64>> = chosen.iter().map(|&index| delivered[index].cut.clone()).collect();
    cuts.sort_by_key(|cut| cut.start);
    let cuts = joined(cuts);
    let is_covered = |ranges: &[Range<i64>]| ranges.iter().all(|range| cuts.iter().any(|cut| contains(cut, range)));
    for (object, _) in extents.iter().filter(|(object, ranges)| !own.contains(object.as_str()) && is_covered(ranges)) {
        let clip = indices(object).and_then(|path| clip_at_mut(&mut timeline.tracks, &path));
        if let Some(clip) = clip {
            clip.item.enabled = false;
            let ranges = &extents[object];
            let over = chosen.iter().filter(|&&index| ranges.iter().any(|range| touches(range, &delivered[index].cut)));
            let shots = over.map(|&index| Value::String(delivered[index].report.shot.clone())).collect();
            mark(&mut clip.item.metadata, "baked_into", Value::Array(shots));
        }
    }
    let mut ends: Vec<&[usize]> = Vec::new();
    for (index, shot) in delivered.iter().enumerate() {
        let Some(clip) = clip_at_mut(&mut timeline.tracks, &shot.path) else { continue };
        let (head, count) = (shot.report.head, shot.report.frame_count);
        let range = range_in_effect(clip, report.rate, head, count);
        let common = MediaCommon {
            available_range: Some(available_range(range, report.rate, head, count)),
            name: INTERMEDIATE.to_owned(),
            metadata: shot.report.color.as_ref().map(|color| written_color(&color.output)).unwrap_or_default(),
            ..MediaCommon::default()
        };
        let reference = reference(shot.output, shot.report.first_frame, report.rate, common);
        if !chosen.contains(&index) {
            // A clip that shows a part, or something else than its file, keeps its media.
            if is_whole(clip, report.rate, count - head - shot.report.tail) {
                clip.media_references.insert(INTERMEDIATE.to_owned(), reference);
                mark(&mut clip.item.metadata, BAKED, Value::Bool(false));
            }
            continue;
        }
        clip.media_references.insert(INTERMEDIATE.to_owned(), reference);
        clip.active_media_reference_key = INTERMEDIATE.to_owned();
        clip.item.source_range = Some(range);
        let applied = clip.item.effects.iter_mut().enumerate().filter(|(_, effect)| is_baked_in(effect));
        let off = applied.map(|(index, effect)| {
            effect.enabled = false;
            Value::Int(i64::try_from(index).unwrap_or(i64::MAX))
        });
        let off: Vec<Value> = off.collect();
        mark(&mut clip.item.metadata, BAKED, Value::Bool(true));
        if !off.is_empty() {
            mark(&mut clip.item.metadata, "effects", Value::Array(off.into()));
        }
        ends.push(&shot.path);
    }
    // Last, since it moves what lies behind.
    remove_transitions(&mut timeline.tracks, &ends);
    timeline
}

/// Removes the transitions at either end of the clips at `paths`, and notes them in their tracks' metadata.
fn remove_transitions(root: &mut Composition, paths: &[&[usize]]) {
    let mut tracks: HashMap<&[usize], BTreeSet<usize>> = HashMap::new();
    for path in paths {
        let Some((&index, parent)) = path.split_last() else { continue };
        let beside = [index.checked_sub(1), index.checked_add(1)];
        tracks.entry(parent).or_default().extend(beside.into_iter().flatten());
    }
    for (path, beside) in tracks {
        let Some(track) = composition_at(root, path) else { continue };
        let mut removed = Vec::new();
        for index in beside.into_iter().rev() {
            let Some(Child::Transition(transition)) = track.children.get(index) else { continue };
            let time =
                |time: RationalTime| Value::Array([Value::Float(time.value), Value::Float(time.rate.written())].into());
            let fields = [
                ("index", Value::Int(i64::try_from(index).unwrap_or(i64::MAX))),
                ("name", Value::String(transition.name.clone())),
                ("transition_type", Value::String(transition.transition_type.clone())),
                ("in_offset", time(transition.in_offset)),
                ("out_offset", time(transition.out_offset)),
            ];
            removed.push(Value::Object(Map::from(fields)));
            track.children.remove(index);
        }
        if !removed.is_empty() {
            removed.reverse();
            mark(&mut track.item.metadata, "baked_transitions", Value::Array(removed.into()));
        }
    }
}

/// The chosen shots that have to be left alone, since with them the cut shows other frames.
fn differing(
    before: &Plan,
    after: &Plan,
    delivered: &[DeliveredClip<'_>],
    chosen: &BTreeSet<usize>,
    extents: &HashMap<String, Vec<Range<i64>>>,
    (folder, transparent): (&Path, bool),
) -> BTreeSet<usize> {
    let mut wrong = BTreeSet::new();
    let (old, new) = (&before.shots[0], &after.shots[0]);
    if before.duration != after.duration || before.global_start != after.global_start {
        return chosen.clone();
    }
    // Which shot each medium is the intermediate of.
    let files: HashMap<PathBuf, usize> = chosen.iter().map(|&index| (file(folder, &delivered[index]), index)).collect();
    let shot_of = |media: &Media| files.get(&canonical(&media.source.file(0)?)).copied();
    let shot_of: Vec<Option<usize>> = after.media.iter().map(shot_of).collect();
    let edges = spans_edges(old).chain(spans_edges(new));
    let cuts = chosen.iter().flat_map(|&index| [delivered[index].cut.start, delivered[index].cut.end]);
    let edges: BTreeSet<i64> = edges.chain(cuts).collect();
    let edges: Vec<i64> = edges.into_iter().collect();
    let (mut old_at, mut new_at) = (Cursor::new(&old.spans), Cursor::new(&new.spans));
    let mut by_start: Vec<usize> = chosen.iter().copied().collect();
    by_start.sort_by_key(|&index| delivered[index].cut.start);
    let (mut next, mut inside) = (0, Vec::new());
    for pair in edges.windows(2) {
        let frames = pair[0]..pair[1];
        let (Some(was), Some(is)) = (old_at.at(frames.start), new_at.at(frames.start)) else { continue };
        while let Some(&index) = by_start.get(next).filter(|&&index| delivered[index].cut.start <= frames.start) {
            inside.push(index);
            next += 1;
        }
        inside.retain(|&index| delivered[index].cut.end > frames.start);
        if inside.is_empty() {
            if normal(before, was) != normal(after, is) {
                let near = |index: &usize| {
                    let own = extents.get(&delivered[*index].report.object);
                    own.is_some_and(|ranges| ranges.iter().any(|range| touches(range, &frames)))
                };
                let mut near: BTreeSet<usize> = chosen.iter().copied().filter(near).collect();
                if near.is_empty() {
                    near.clone_from(chosen);
                }
                wrong.extend(near);
            }
            continue;
        }
        let top = is.stack.last().filter(|_| !transparent || is.stack.len() == 1);
        let shows = top.is_some_and(|element| {
            let Some(layer) = element.layer() else { return false };
            let Some(index) = shot_of[layer.media.index()] else { return false };
            let shot = &delivered[index];
            let offset = shot.report.head - shot.cut.start;
            let finds = |record: i64| layer.map.index(record) == record + offset;
            layer.look == Look::default()
                && contains(&shot.cut, &frames)
                && finds(frames.start)
                && finds(frames.end - 1)
                && layer.map.curve.is_none()
        });
        if !shows {
            wrong.extend(&inside);
        }
    }
    wrong
}

/// The file of a shot's first frame, or its movie.
fn file(folder: &Path, shot: &DeliveredClip<'_>) -> PathBuf {
    let number = padded(shot.report.first_frame, 4);
    let path = &shot.output.path;
    let sequence = path.rsplit_once("%04d").filter(|_| shot.output.kind == OutputKind::Sequence);
    canonical(&folder.join(sequence.map_or_else(|| path.clone(), |(before, after)| format!("{before}{number}{after}"))))
}

/// The path of a file that is there, told by what it is and not how it is spelt.
fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}

fn spans_edges(shot: &Shot) -> impl Iterator<Item = i64> + '_ {
    shot.spans.iter().flat_map(|span| [span.start, span.start + span.count])
}

/// Goes through spans in order.
struct Cursor<'a> {
    spans: &'a [Span],
    next: usize,
}

impl<'a> Cursor<'a> {
    fn new(spans: &'a [Span]) -> Cursor<'a> {
        Cursor { spans, next: 0 }
    }

    /// The span at `record`, which does not lie before the one asked for last.
    fn at(&mut self, record: i64) -> Option<&'a Span> {
        while self.spans.get(self.next).is_some_and(|span| span.start + span.count <= record) {
            self.next += 1;
        }
        self.spans.get(self.next).filter(|span| span.start <= record)
    }
}

/// What a span shows, without where its layers lie in the timeline.
fn normal(plan: &Plan, span: &Span) -> Vec<Element> {
    let mut strip = |layer: &mut Layer| {
        // Locations were rewritten; lengths, rates, sizes and bounds tell media apart well enough here.
        let nowhere = MediaSource::Missing { what: String::new() };
        layer.media = MediaId::new(0, &Media { source: nowhere, ..plan.media[layer.media].clone() });
        layer.object.clear();
        layer.notes.clear();
    };
    let mut stack = span.stack.clone();
    stack.iter_mut().for_each(|element| element.for_each_layer_mut(&mut strip));
    stack
}

fn contains(outer: &Range<i64>, inner: &Range<i64>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

fn touches(a: &Range<i64>, b: &Range<i64>) -> bool {
    a.start < b.end && b.start < a.end
}

/// Ranges in order of their starts, those that touch joined.
fn joined(ranges: Vec<Range<i64>>) -> Vec<Range<i64>> {
    let mut joined: Vec<Range<i64>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if last.end >= range.start => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

/// Notes `value` under `key` in our part of an object's metadata.
fn mark(metadata: &mut Map, key: &str, value: Value) {
    if let Some(Value::Object(own)) = metadata.get_mut(MARK) {
        own.insert(key, value);
    } else {
        metadata.insert(MARK, Value::Object(Map::from([(key, value)])));
    }
}

/// The part of its media that `clip` shows; where it does not say, all of it.
#[allow(clippy::cast_precision_loss, reason = "frame numbers are far below 2^53")]
fn range_in_effect(clip: &Clip, rate: Rate, head: i64, count: i64) -> RawTimeRange {
    let available = clip.media_reference().and_then(MediaReference::available_range);
    let frames = |value: i64| RationalTime::new(value as f64, rate);
    let all = RawTimeRange { start_time: frames(0), duration: frames(count - head) };
    clip.item.source_range.or(available).unwrap_or(all)
}

/// Where the intermediate's frames have to lie in its own time, so that `range` starts at the first behind its head.
#[allow(clippy::cast_precision_loss, reason = "frame numbers are far below 2^53")]
fn available_range(range: RawTimeRange, rate: Rate, head: i64, count: i64) -> RawTimeRange {
    let start_time = RationalTime::new(range.start_time.value_at(rate) - head as f64, rate);
    RawTimeRange { start_time, duration: RationalTime::new(count as f64, rate) }
}

/// What was delivered, as the media of a clip of a timeline that lies in the report's folder.
pub(super) fn reference(output: &crate::report::Output, first: i64, rate: Rate, common: MediaCommon) -> MediaReference {
    let sequence = output.path.rsplit_once("%04d").filter(|_| output.kind == OutputKind::Sequence);
    let Some((before, suffix)) = sequence else {
        return MediaReference::External { target_url: url(&output.path), common };
    };
    let (folder, prefix) = before.rsplit_once('/').unwrap_or((".", before));
    MediaReference::ImageSequence {
        target_url_base: url(folder) + "/",
        name_prefix: url(prefix),
        name_suffix: suffix.to_owned(),
        start_frame: first,
        frame_step: 1,
        rate: rate.written(),
        frame_zero_padding: 4,
        missing_frame_policy: MissingFramePolicy::Error,
        common,
    }
}

/// What the next program has to know about the values of an intermediate.
pub(super) fn written_color(color: &ValueColor) -> Map {
    let text = |text: &str| Value::String(text.to_owned());
    let mut metadata = Map::default();
    let own = [
        ("config", Some(text(&color.config))),
        ("colorspace", color.colorspace.as_deref().map(text)),
        ("display", color.display.as_deref().map(text)),
        ("view", color.view.as_deref().map(text)),
        ("graded", Some(Value::Bool(color.graded))),
    ];
    let own: Vec<(&str, Value)> = own.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
    for (key, value) in own {
        mark(&mut metadata, key, value);
    }
    if let Some(space) = &color.colorspace {
        metadata.insert("ayon.source.colorspace", text(space));
    }
    metadata
}

/// A relative path as a URL: what means something in one is escaped.
fn url(path: &str) -> String {
    const ESCAPED: &AsciiSet =
        &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'?').add(b'%').add(b'\\');
    utf8_percent_encode(path, ESCAPED).to_string()
}

/// Rewrites the relative locations of every medium below `root`, which start at the file `from`, to start at `folder`.
fn relocate(root: &mut Composition, from: Option<&Path>, folder: &Path) {
    let Some(base) = from.and_then(crate::otio::base_folder) else { return };
    let Some(way) = relative(&canonical(folder), &canonical(&base)) else { return };
    if way.is_empty() {
        return;
    }
    for_each_reference(root, &mut |reference| match reference {
        MediaReference::External { target_url: location, .. }
        | MediaReference::ImageSequence { target_url_base: location, .. }
            if crate::otio::is_relative(location) =>
        {
            // A plain path may hold what means something in a URL.
            let is_url = location.contains('%');
            let way = if is_url { url(&way) } else { way.clone() };
            *location = if location.is_empty() { format!("{way}/") } else { format!("{way}/{location}") };
        }
        _ => {}
    });
}

/// The way from one absolute folder to another, with slashes; `None` where there is none, or it is not text.
fn relative(from: &Path, to: &Path) -> Option<String> {
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) = (from.components().collect(), to.components().collect());
    if from.first() != to.first() {
        return None;
    }
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from[common..].iter().map(|_| Some(".."));
    let down = to[common..].iter().map(|part| part.as_os_str().to_str());
    up.chain(down).collect::<Option<Vec<&str>>>().map(|parts| parts.join("/"))
}

fn for_each_reference(composition: &mut Composition, change: &mut impl FnMut(&mut MediaReference)) {
    for child in &mut composition.children {
        match child {
            Child::Clip(clip) => clip.media_references.values_mut().for_each(&mut *change),
            Child::Composition(inner) => for_each_reference(inner, change),
            _ => {}
        }
    }
}

/// The places of a path such as `tracks[2].children[5]`; `None` where it leads to something inside an object.
fn indices(path: &str) -> Option<Vec<usize>> {
    let indices = || path.split('[').skip(1).map(|part| part.split(']').next()?.parse::<usize>().ok());
    (!path.contains("markers")).then(|| indices().collect::<Option<Vec<usize>>>()).flatten()
}

/// The clip at a path, if nothing around it is retimed.
fn clip_at<'t>(root: &'t Composition, path: &[usize]) -> Option<&'t Clip> {
    let (last, parents) = path.split_last()?;
    let mut composition = Some(root).filter(|root| !is_retimed(&root.item))?;
    for &index in parents {
        let Child::Composition(inner) = composition.children.get(index)? else { return None };
        composition = Some(inner).filter(|inner| !is_retimed(&inner.item))?;
    }
    match composition.children.get(*last)? {
        Child::Clip(clip) => Some(clip),
        _ => None,
    }
}

fn clip_at_mut<'t>(root: &'t mut Composition, path: &[usize]) -> Option<&'t mut Clip> {
    let (last, parents) = path.split_last()?;
    match composition_at(root, parents)?.children.get_mut(*last)? {
        Child::Clip(clip) => Some(clip),
        _ => None,
    }
}

fn composition_at<'t>(root: &'t mut Composition, path: &[usize]) -> Option<&'t mut Composition> {
    let mut composition = root;
    for &index in path {
        let Child::Composition(inner) = composition.children.get_mut(index)? else { return None };
        composition = inner;
    }
    Some(composition)
}
