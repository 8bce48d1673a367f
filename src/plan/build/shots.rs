//! Which pieces of the cut are shots, and how far their handles reach: rules R11 and R12.

use std::ops::Range;

use super::clock::Clock;
use super::context::{Builder, VisitedObject};
use super::layout::{Lane, intersect, join};
use super::spans::push_span;
use super::tracks::{enabled_clips, is_sound, is_sound_file, root_name};
use crate::error::{Error, ErrorKind, Result};
use crate::otio::without_media_endings;
use crate::plan::walk::layers_of;
use crate::plan::{Element, HandleMode, Layer, Shot, ShotOptions, ShotSelection, Span, Weight};
use crate::time::{Time, TimeRange};
use crate::timeline::{Child, Clip, Composition, Marker, ROOT, Timeline, child_path};

/// What the whole cut shows, root child by root child.
pub(super) struct Lanes {
    /// The clock of the root stack's children.
    pub(super) root: Clock,
    /// How many record frames the cut has.
    pub(super) duration: i64,
    /// One per root child, bottom to top.
    pub(super) lanes: Vec<Lane>,
}

/// A piece of the cut that is to be a shot.
pub(super) struct Candidate {
    /// What it is called by what it was made from.
    pub(super) name: String,
    pub(super) clip: String,
    pub(super) track: String,
    pub(super) object: String,
    pub(super) frames: Range<i64>,
    /// The shot's own media, where it was made from a clip.
    own: Option<Layer>,
}

impl Builder<'_> {
    pub(super) fn shots(&mut self, timeline: &Timeline, hero: Option<usize>, lanes: &Lanes) -> Result<Vec<Shot>> {
        let root = &timeline.tracks;
        let mut candidates = Vec::new();
        match &self.options.shots {
            ShotSelection::Hero => match hero {
                Some(index) => self.clips_of(root, index, lanes, &mut candidates)?,
                None => self.warn(
                    ROOT,
                    "no video track has an enabled clip: there are no shots, unless markers or ranges make some"
                        .to_owned(),
                ),
            },
            ShotSelection::Track(name) => {
                let named = (0..root.children.len())
                    .filter(|&index| !is_sound(&root.children[index]) && root_name(root, index) == *name);
                let tracks: Vec<usize> = named.collect();
                if tracks.is_empty() {
                    return Err(no_such_track(root, name));
                }
                for index in tracks {
                    self.clips_of(root, index, lanes, &mut candidates)?;
                }
            }
            ShotSelection::All => {
                for index in 0..root.children.len() {
                    let child = &root.children[index];
                    if !is_sound(child) && child.item().is_some_and(|item| item.is_enabled()) {
                        self.clips_of(root, index, lanes, &mut candidates)?;
                    }
                }
            }
            ShotSelection::Flat => self.pieces_of(root, lanes, &mut candidates)?,
            ShotSelection::Markers(color) => self.markers(root, color, lanes, &mut candidates)?,
            ShotSelection::Ranges(ranges) => {
                for (number, (name, first, count)) in ranges.iter().enumerate() {
                    candidates.push(Candidate {
                        name: name.clone(),
                        clip: String::new(),
                        track: String::new(),
                        object: format!("ranges[{number}]"),
                        frames: intersect(&(*first..first.saturating_add(*count)), &(0..lanes.duration)),
                        own: None,
                    });
                }
            }
        }
        candidates.retain(|candidate| {
            if candidate.frames.is_empty() {
                self.warn(&candidate.object, "has no frame inside the cut, so it is not a shot".to_owned());
            }
            !candidate.frames.is_empty()
        });
        let names = self.names(timeline, &candidates)?;
        let mut shots = Vec::with_capacity(candidates.len());
        for (candidate, name) in candidates.into_iter().zip(names) {
            let options = self.options;
            let own = options.per_shot.get(&name).unwrap_or(const { &ShotOptions::NONE });
            let fields = self.fields(timeline, &candidate.object, own)?;
            let shot = self.shot(candidate, name, own, lanes)?;
            shots.push(Shot { file: own.file.clone(), fields, ..shot });
        }
        self.check_shot_options(&shots)?;
        Ok(shots)
    }

    /// One candidate per enabled clip of root child `index`. Where it has none, its nested compositions stand for them;
    /// a clip or a stack that lies in the root stack itself is one candidate.
    fn clips_of(
        &mut self,
        root: &Composition,
        index: usize,
        lanes: &Lanes,
        candidates: &mut Vec<Candidate>,
    ) -> Result<()> {
        let child = &root.children[index];
        let (path, name) = (child_path(ROOT, index), root_name(root, index));
        let whole = 0..lanes.duration;
        let at = VisitedObject { path: &path, track: &name, clock: &lanes.root };
        let track = match child {
            Child::Composition(track) if track.is_track() => track,
            _ => return self.candidate(child, at, std::slice::from_ref(&whole), candidates),
        };
        let trimmed = self.trimmed(track, &path)?;
        let windows = lanes.root.frames(TimeRange { start: Time::ZERO, ..trimmed }, &whole, self.rate);
        let clock = self.inside(track, at, trimmed)?;
        let layout = self.layout(track, &path)?;
        let has_clips = enabled_clips(track).next().is_some();
        for placed in layout.items() {
            let (child, object) = (&track.children[placed.index], child_path(&path, placed.index));
            let clock = clock.starting_at(placed.range.start, self.rate);
            match child {
                Child::Composition(nested) if nested.item.is_enabled() && has_clips => {
                    self.warn(&object, "a nested composition is visible, but is not a shot".to_owned());
                }
                _ => {
                    self.candidate(child, VisitedObject { path: &object, clock: &clock, ..at }, &windows, candidates)?
                }
            }
        }
        Ok(())
    }

    /// `child`, whose trimmed range starts at time 0 of `at.clock`, as a candidate, if it is an enabled clip or
    /// composition that is seen inside `windows`: once for every run of frames that shows it, where a composition
    /// around it is retimed so that there are several.
    fn candidate(
        &mut self,
        child: &Child,
        at: VisitedObject<'_>,
        windows: &[Range<i64>],
        candidates: &mut Vec<Candidate>,
    ) -> Result<()> {
        let (name, own) = match child {
            Child::Clip(clip) if clip.item.is_enabled() && !is_sound_file(clip) => (shot_name(clip), Some(clip)),
            Child::Composition(nested) if nested.item.is_enabled() => {
                let name = if nested.item.name.trim().is_empty() { "shot" } else { &nested.item.name };
                (name.to_owned(), None)
            }
            _ => return Ok(()),
        };
        let range = TimeRange { start: Time::ZERO, duration: self.duration(child, at.path)? };
        let mut runs = join(windows.iter().flat_map(|window| at.clock.frames(range, window, self.rate)));
        if runs.is_empty() {
            if !range.frames(self.rate).is_empty() {
                return Ok(()); // trimmed away by its track or the stack: not in the cut
            }
            runs.push(0..0);
        }
        let own = own.map(|clip| self.layer(clip, at)).transpose()?;
        for frames in runs {
            candidates.push(Candidate {
                name: name.clone(),
                clip: child.name().to_owned(),
                track: at.track.to_owned(),
                object: at.path.to_owned(),
                frames,
                own: own.clone(),
            });
        }
        Ok(())
    }

    /// One candidate per run of frames over which the topmost clip is the same, whatever lies below it.
    fn pieces_of(&mut self, root: &Composition, lanes: &Lanes, candidates: &mut Vec<Candidate>) -> Result<()> {
        if !root.item.is_enabled() {
            return Ok(());
        }
        self.cuts_alone = true;
        let cuts = self.lanes(root, VisitedObject { path: ROOT, track: "", clock: &lanes.root }, &(0..lanes.duration));
        self.cuts_alone = false;
        let mut last: Option<(Range<i64>, Layer)> = None;
        for span in self.spans(&cuts?, &(0..lanes.duration), ROOT)? {
            let Some(top) = span.stack.last().and_then(|top| layers_of(std::slice::from_ref(top)).pop()) else {
                continue;
            };
            let frames = span.start..span.start + span.count;
            match &mut last {
                Some((before, layer)) if before.end == frames.start && layer.object == top.object => {
                    before.end = frames.end;
                }
                _ => candidates.extend(last.replace((frames, top.clone())).map(|piece| self.piece(piece))),
            }
        }
        candidates.extend(last.map(|piece| self.piece(piece)));
        Ok(())
    }

    fn piece(&self, (frames, layer): (Range<i64>, Layer)) -> Candidate {
        Candidate {
            name: match layer.clip.trim() {
                "" => self.media.media[layer.media].source.stem().unwrap_or_else(|| "shot".to_owned()),
                _ => without_media_endings(&layer.clip).to_owned(),
            },
            clip: layer.clip.clone(),
            track: layer.track.clone(),
            object: layer.object.clone(),
            frames,
            own: Some(layer),
        }
    }

    /// One candidate per marker of `color` on the root stack, its tracks and their clips.
    fn markers(
        &mut self,
        root: &Composition,
        color: &str,
        lanes: &Lanes,
        candidates: &mut Vec<Candidate>,
    ) -> Result<()> {
        self.marked(&root.item.markers, color, &lanes.root, (ROOT, "", ""), lanes, candidates)?;
        for (index, child) in root.children.iter().enumerate() {
            let Child::Composition(track) = child else { continue };
            let (path, name) = (child_path(ROOT, index), root_name(root, index));
            if is_sound(child) || !track.item.is_enabled() {
                continue;
            }
            let trimmed = self.trimmed(track, &path)?;
            let clock = self.inside(track, VisitedObject { path: &path, track: &name, clock: &lanes.root }, trimmed)?;
            self.marked(&track.item.markers, color, &clock, (&path, &name, ""), lanes, candidates)?;
            if !track.is_track() {
                continue;
            }
            let layout = self.layout(track, &path)?;
            for placed in layout.items() {
                let Child::Clip(clip) = &track.children[placed.index] else { continue };
                if !clip.item.is_enabled() || clip.item.markers.is_empty() {
                    continue;
                }
                let path = child_path(&path, placed.index);
                let start = self.media.trimmed_range(clip)?.start_time.time()?;
                let clock = clock.starting_at(placed.range.start - start, self.rate);
                self.marked(&clip.item.markers, color, &clock, (&path, &name, &clip.item.name), lanes, candidates)?;
            }
        }
        candidates.sort_by_key(|candidate| (candidate.frames.start, candidate.frames.end));
        if candidates.is_empty() {
            self.warn(ROOT, format!("there is no marker of colour {color:?}, so there are no shots"));
        }
        Ok(())
    }

    fn marked(
        &mut self,
        markers: &[Marker],
        color: &str,
        clock: &Clock,
        (path, track, clip): (&str, &str, &str),
        lanes: &Lanes,
        candidates: &mut Vec<Candidate>,
    ) -> Result<()> {
        for (index, marker) in markers.iter().enumerate() {
            let object = format!("{path}.markers[{index}]");
            let Some(range) = marker.marked_range.filter(|_| marker.color.eq_ignore_ascii_case(color)) else {
                continue;
            };
            let range = range.time_range().map_err(|error| error.at_object(&object))?;
            let frames = self.frames_of_marker(range, clock, &(0..lanes.duration));
            let name = [marker.name.as_str(), clip, "marker"].into_iter().find(|name| !name.trim().is_empty());
            candidates.push(Candidate {
                name: name.unwrap_or_default().to_owned(),
                clip: clip.to_owned(),
                track: track.to_owned(),
                object,
                frames,
                own: None,
            });
        }
        Ok(())
    }

    /// The record frames from the first that shows a moment of a marker to the last; a marker without a length marks
    /// one.
    fn frames_of_marker(&self, range: TimeRange, clock: &Clock, cut: &Range<i64>) -> Range<i64> {
        let runs = clock.frames(range, cut, self.rate);
        match (runs.first(), runs.last()) {
            (Some(first), Some(last)) => first.start..last.end,
            _ => {
                let frame = TimeRange { duration: Time::from_frames(1, self.rate), ..range };
                let first = clock.frames(frame, cut, self.rate).first().map_or(cut.end, |frames| frames.start);
                first..(first + 1).min(cut.end)
            }
        }
    }

    fn shot(&mut self, candidate: Candidate, name: String, options: &ShotOptions, lanes: &Lanes) -> Result<Shot> {
        let Candidate { clip, track, object, frames, own, .. } = candidate;
        let asked = options.handles.unwrap_or(self.options.handles);
        let handle_mode = options.handle_mode.unwrap_or(self.options.handle_mode);
        let first_frame = options.first_frame.unwrap_or(self.options.first_frame);
        let (asked_head, asked_tail) = (i64::from(asked.head), i64::from(asked.tail));
        let mut spans_of_shot = Vec::new();
        let (head, tail) = match handle_mode {
            HandleMode::Timeline => {
                let head = asked_head.min(frames.start);
                let tail = asked_tail.min((lanes.duration - frames.end).max(0));
                spans_of_shot = self.spans(&lanes.lanes, &(frames.start - head..frames.end + tail), &object)?;
                (head, tail)
            }
            HandleMode::Source => {
                let first = frozen(self.on_screen(&lanes.lanes, frames.start, &object)?, frames.start);
                let last = frozen(self.on_screen(&lanes.lanes, frames.end - 1, &object)?, frames.end - 1);
                let own_layers = own.as_ref().map(|layer| vec![layer]);
                let head_layers = own_layers.clone().unwrap_or_else(|| layers_of(&first));
                let tail_layers = own_layers.unwrap_or_else(|| layers_of(&last));
                let head = self.reach(&head_layers, asked_head, |step| frames.start - step);
                let tail = self.reach(&tail_layers, asked_tail, |step| frames.end - 1 + step);
                push_span(&mut spans_of_shot, Span { start: frames.start - head, count: head, stack: first });
                for span in self.spans(&lanes.lanes, &frames, &object)? {
                    push_span(&mut spans_of_shot, span);
                }
                push_span(&mut spans_of_shot, Span { start: frames.end, count: tail, stack: last });
                (head, tail)
            }
        };
        self.finish(own.as_ref(), &mut spans_of_shot);
        let where_it_ends = match handle_mode {
            HandleMode::Timeline => "the cut",
            HandleMode::Source => "the media",
        };
        let mut notes = Vec::new();
        for (side, got, asked) in [("head", head, asked_head), ("tail", tail, asked_tail)] {
            if got < asked {
                notes.push(format!("the {side} handle has {got} of {asked} frames: {where_it_ends} has no more"));
            }
        }
        self.check_overruns(&name, &spans_of_shot)?;
        Ok(Shot {
            name,
            clip,
            track,
            object,
            first_frame: first_frame.saturating_sub(head),
            frame_count: frames.end - frames.start + head + tail,
            head,
            tail,
            start: frames.start - head,
            spans: spans_of_shot,
            sound: Vec::new(),
            file: None,
            fields: Default::default(),
            notes,
        })
    }

    /// How many of `asked` frames away from the cut every one of `layers` has media for.
    fn reach(&self, layers: &[&Layer], asked: i64, record: impl Fn(i64) -> i64) -> i64 {
        let inside = |record: i64| {
            layers.iter().all(|layer| {
                let index = layer.map.index(record);
                index >= 0 && self.media.media[layer.media].frames.is_none_or(|frames| index < frames)
            })
        };
        (1..=asked).take_while(|&step| inside(record(step))).last().unwrap_or(0)
    }
}

fn no_such_track(root: &Composition, name: &str) -> Error {
    let names: Vec<String> = (0..root.children.len())
        .filter(|&index| !is_sound(&root.children[index]) && root.children[index].item().is_some())
        .map(|index| format!("{:?}", root_name(root, index)))
        .collect();
    Error::new(ErrorKind::Option, format!("unknown video track {name:?}; expected one of {}", names.join(", ")))
}

/// The name a shot has from its clip: the clip's, else its media's, else `shot`; without the endings of media files.
fn shot_name(clip: &Clip) -> String {
    use crate::timeline::MediaReference;
    let media = || match clip.media_reference()? {
        MediaReference::External { target_url, .. } => target_url.rsplit(['/', '\\']).next(),
        MediaReference::ImageSequence { name_prefix, .. } => Some(name_prefix.trim_end_matches(['.', '_', '-'])),
        _ => None,
    };
    let named = |name: &&str| !name.trim().is_empty();
    let own = Some(clip.item.name.as_str()).filter(named);
    without_media_endings(own.or_else(|| media().filter(named)).unwrap_or("shot")).to_owned()
}

/// `stack` as it is at record frame `record`, its dissolves stopped there.
fn frozen(mut stack: Vec<Element>, record: i64) -> Vec<Element> {
    let mut stop = |element: &mut Element| {
        if let Element::Mix { weight, .. } = element {
            *weight = Weight::Constant(weight.at(record));
        }
    };
    stack.iter_mut().for_each(|element| element.for_each_mut(&mut stop));
    stack
}
