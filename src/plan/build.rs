//! The builder: what every part of planning shares, and [`Plan::new`].

use std::cell::Cell;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use indexmap::IndexSet;

use super::clock::Clock;
use super::drop_frame;
use super::lane::{At, Lane, on_screen, pieces, track_name};
use super::media::MediaTable;
use super::record_start;
use super::reuse::{Log, Reuse, address};
use super::shots::Lanes;
use super::walk::Visible;
use super::warning::{Said, Warnings};
use super::{Element, HandleMode, Layer, MediaId, MediaLookup, NoLookup, Plan, PlanOptions, ShotSelection, Span};
use crate::error::{Error, ErrorKind, Result};
use crate::otio::Locator;
use crate::time::{Rate, Time, TimeRange};
use crate::timeline::{Child, Clip, Composition, CompositionKind, MediaKind, Timeline, TrackLayout};

impl Plan {
    /// Plans `timeline` without touching any media: where the timeline does not say enough, a note on the layer says
    /// what was assumed.
    ///
    /// # Errors
    /// [`ErrorKind::Time`] where a clip has no length or a time cannot be counted with, [`ErrorKind::Location`] where
    /// media is named by something else than a path, [`ErrorKind::Option`] where the options select nothing there is,
    /// and [`ErrorKind::Overrun`] under [`OverrunPolicy::Error`](super::OverrunPolicy::Error). Each names the object.
    pub fn new(timeline: &Timeline, options: &PlanOptions) -> Result<Plan> {
        Plan::with_media(timeline, options, &NoLookup)
    }

    /// Plans `timeline`; `lookup` is asked about media only where the timeline does not say enough.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub fn with_media(timeline: &Timeline, options: &PlanOptions, lookup: &dyn MediaLookup) -> Result<Plan> {
        let laid_out = record_start::laid_out(timeline);
        let (timeline, said) = laid_out.as_ref().map_or((timeline, &[][..]), |(timeline, said)| (timeline, said));
        let locator = Locator::new(timeline.path.as_deref(), &options.path_map);
        let mut builder = Builder {
            options,
            rate: Rate::FPS_24,
            media: MediaTable::new(locator, options, lookup),
            layers: HashMap::new(),
            clocks: HashMap::new(),
            reuse: Reuse::new(&timeline.tracks),
            durations: HashMap::new(),
            layouts: HashMap::new(),
            horizon: 0..1,
            cuts_alone: false,
            log: None,
            warnings: Warnings::default(),
            steps: Cell::new(0),
            curve_values: Cell::new(0),
        };
        for (path, message) in said {
            builder.warn(path, message.clone());
        }
        builder.plan(timeline)
    }
}

/// What every part of planning shares.
pub(super) struct Builder<'a> {
    pub(super) options: &'a PlanOptions,
    /// The record rate.
    pub(super) rate: Rate,
    pub(super) media: MediaTable<'a>,
    /// Layers made so far, by their clip's path, with the clock that was theirs.
    pub(super) layers: HashMap<String, (Clock, Layer)>,
    /// Clocks of the children of retimed compositions, by these's paths, with the clocks around them.
    pub(super) clocks: HashMap<String, (Clock, Clock)>,
    /// Which compositions hold the same.
    pub(super) reuse: Reuse<'a>,
    /// How long all children of compositions last, by their address.
    durations: HashMap<usize, Time>,
    /// Where the items of tracks lie, by the tracks' address.
    layouts: HashMap<usize, Rc<TrackLayout>>,
    /// The record frames that anything can be asked for: the cut and its handles.
    pub(super) horizon: Range<i64>,
    /// Whether transitions are left out, so that neighbours meet at the cut.
    pub(super) cuts_alone: bool,
    /// Where warnings go while there is one.
    pub(super) log: Option<Log>,
    warnings: Warnings,
    /// What planning has cost so far.
    steps: Cell<u64>,
    curve_values: Cell<u64>,
}

impl Builder<'_> {
    fn plan(&mut self, timeline: &Timeline) -> Result<Plan> {
        let root = &timeline.tracks;
        let hero = hero_track(root);
        if let Some(rate) = self.options.rate.or_else(|| record_rate(timeline, hero)) {
            self.rate = rate;
        } else {
            self.warn(ROOT, "nothing tells the record rate; 24 is taken".to_owned());
        }
        let global_start = match timeline.global_start_time {
            Some(start) => whole(start.value_at(self.rate))
                .ok_or_else(|| Error::new(ErrorKind::Time, "the global start time is too far away"))
                .map_err(|error| error.at_object("global_start_time"))?,
            None => 0,
        };
        let trimmed = self.trimmed(root, ROOT)?;
        let duration = trimmed.duration.ceil(self.rate);
        let handles = self.options.handles;
        self.horizon = -i64::from(handles.head)..duration.saturating_add(i64::from(handles.tail)).saturating_add(1);
        self.warn_of_effects(&root.item, ROOT, false);
        let clock = self.inside(root, At { path: ROOT, track: "", clock: &Clock::Plain(Time::ZERO) }, trimmed)?;
        let lanes = match root.item.is_enabled() {
            true => self.lanes(root, At { path: ROOT, track: "", clock: &clock }, &(0..duration))?,
            false => Vec::new(),
        };
        let lanes = Lanes { root: clock, duration, lanes };
        let hero_name = hero.map_or_else(String::new, |index| root_name(root, index));
        let mut shots = self.shots(timeline, hero, &lanes)?;
        if shots.is_empty() && !self.options.allow_empty {
            return Err(self.nothing(root));
        }
        let sound = self.sound(root, trimmed.duration)?;
        if let Some(sound) = &sound {
            let runs_on = self.options.handle_mode == HandleMode::Source;
            for shot in &mut shots {
                shot.sound = sound.of_shot(shot.range(self.rate), shot.cut(self.rate), runs_on);
            }
        }
        let canvas_media = match hero.map(|index| (index, &root.children[index])) {
            Some((index, Child::Composition(track))) => self.media_of_clips(track, &child_path(ROOT, index))?,
            _ => Vec::new(),
        };
        let drop_frame = self.options.drop_frame.unwrap_or_else(|| {
            let own = canvas_media.first().and_then(|&media| self.media.drop_frame(media));
            said_of_drop_frame(timeline, hero).or(own).unwrap_or(false)
        });
        let drop_frame = drop_frame && crate::time::Timecode::inferred(global_start, self.rate).is_drop();
        for from in self.media.unused_maps() {
            self.warn("", format!("the path map's {from:?} is the start of no media location"));
        }
        let bounded = |media: &MediaId| self.media.media[*media].bounds.is_some();
        if self.media.media.iter().any(|media| media.bounds.is_some()) && !canvas_media.iter().any(bounded) {
            let message = "no media of the hero track has available_image_bounds: those of other tracks are not used";
            self.warn("tracks", message.to_owned());
        }
        for note in &timeline.notes {
            self.warn("", note.clone());
        }
        Ok(Plan {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            timeline: timeline.path.clone(),
            name: timeline.name.clone(),
            rate: self.rate,
            global_start,
            duration,
            drop_frame,
            hero_track: hero_name,
            canvas: self.options.canvas,
            canvas_media,
            placement: self.options.placement,
            background: self.options.background,
            overrun: self.options.overrun,
            damaged: self.options.damaged,
            media_missing: self.options.media_missing,
            retime: self.options.retime,
            media: std::mem::take(&mut self.media.media),
            sound,
            shots,
            warnings: std::mem::take(&mut self.warnings).into_vec(),
        })
    }

    /// Why there are no shots, track by track.
    fn nothing(&mut self, root: &Composition) -> Error {
        let mut reasons = Vec::new();
        for (index, child) in root.children.iter().enumerate() {
            let path = child_path(ROOT, index);
            reasons.push(format!("{path} {:?}: {}", root_name(root, index), self.shows_nothing(child, &path)));
        }
        if !root.item.enabled {
            reasons.insert(0, "tracks: disabled".to_owned());
        }
        if reasons.is_empty() {
            reasons.push("the timeline has no tracks".to_owned());
        }
        for warning in std::mem::take(&mut self.warnings).into_vec().iter().take(4) {
            reasons.push(warning.to_string());
        }
        let selected = match &self.options.shots {
            ShotSelection::Hero => String::new(),
            other => format!(" of the selection {other:?}"),
        };
        Error::new(ErrorKind::Empty, format!("nothing to deliver: no shot{selected}: {}", reasons.join("; ")))
            .at_object(ROOT)
    }

    fn shows_nothing(&mut self, child: &Child, path: &str) -> String {
        let track = match child {
            Child::Composition(track) => track,
            _ => return "no track".to_owned(),
        };
        if is_sound(child) {
            return "carries no picture".to_owned();
        }
        if !track.item.enabled {
            return "disabled".to_owned();
        }
        let items = track.children.iter().filter(|child| matches!(child, Child::Clip(_) | Child::Composition(_)));
        let (count, enabled) = items.fold((0, 0), |(count, enabled), child| {
            (count + 1, enabled + usize::from(child.item().is_some_and(|item| item.enabled)))
        });
        if count == 0 {
            return "holds no clips".to_owned();
        }
        if enabled == 0 {
            return format!("all {count} items are disabled");
        }
        let length = self.children_duration(track, path).map(|length| length.ceil(self.rate));
        match (track.item.source_range, length) {
            (Some(range), Ok(length)) => format!(
                "its source_range (start {}, duration {}, {} fps) shows none of its items, which last {length} frames",
                range.start_time.value, range.duration.value, range.duration.rate,
            ),
            (None, Ok(0)) => "its items last no frame".to_owned(),
            _ => format!("no frame of its {enabled} enabled items is in the cut or selected"),
        }
    }

    /// The media of the enabled clips of `track`, each once, in order.
    fn media_of_clips(&mut self, track: &Composition, path: &str) -> Result<Vec<MediaId>> {
        let mut media = IndexSet::new();
        for (index, clip) in enabled_clips(track) {
            let path = child_path(path, index);
            let known = self.layers.get(&path).map(|(_, layer)| layer.media);
            let resolve = |media: &mut MediaTable<'_>| {
                let range = media.trimmed_range(clip)?;
                Ok(media.resolve(clip, range)?.media)
            };
            let index = known.map_or_else(|| resolve(&mut self.media), Ok);
            media.insert(index.map_err(|error: Error| error.at_object(path))?);
        }
        Ok(media.into_iter().collect())
    }

    /// Warns of `object`; equal messages about several objects become one warning.
    pub(super) fn warn(&mut self, object: &str, message: String) {
        let seen = self.log.as_ref().map_or(0..0, |log| log.seen.clone());
        self.say(seen, Said { object: object.to_owned(), cause: None, message });
    }

    /// Warns of `object`; all that is said for the same `cause` becomes one warning with the first message.
    #[allow(dead_code, reason = "for causes whose messages differ from object to object")]
    pub(super) fn warn_once(&mut self, object: &str, cause: &str, message: String) {
        let seen = self.log.as_ref().map_or(0..0, |log| log.seen.clone());
        self.say(seen, Said { object: object.to_owned(), cause: Some(cause.to_owned()), message });
    }

    /// Says something that concerns the record frames `seen`.
    pub(super) fn say(&mut self, seen: Range<i64>, said: Said) {
        match &mut self.log {
            Some(log) => log.said.push((seen, said)),
            None => self.warnings.say(said),
        }
    }

    /// Counts `steps` of work for the object at `path`.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] once planning has cost more than the options allow.
    pub(super) fn spend(&self, steps: usize, path: &str) -> Result<()> {
        self.charge(&self.steps, steps, self.options.limits.steps, ("limits.steps", "steps of work"), path)
    }

    /// Counts values of curves of speed that the object at `path` needs.
    ///
    /// # Errors
    /// As [`Builder::spend`].
    pub(super) fn spend_values(&self, values: usize, path: &str) -> Result<()> {
        let most = self.options.limits.curve_values;
        self.charge(&self.curve_values, values, most, ("limits.curve_values", "values in curves of speed"), path)
    }

    fn charge(
        &self,
        spent: &Cell<u64>,
        more: usize,
        most: u64,
        (option, what): (&str, &str),
        path: &str,
    ) -> Result<()> {
        spent.set(spent.get().saturating_add(u64::try_from(more).unwrap_or(u64::MAX)));
        if spent.get() <= most {
            return Ok(());
        }
        let message =
            format!("the plan needs more than {most} {what}; the option `{option}` sets how many it may have");
        Err(Error::new(ErrorKind::Limit, message).at_object(path))
    }

    /// The spans of the record frames `frames` (R15: identical neighbours are one), for the object at `path`.
    pub(super) fn spans(&self, lanes: &[Lane], frames: &Range<i64>, path: &str) -> Result<Vec<Span>> {
        let near = lanes.iter().map(|lane| {
            let first = lane.partition_point(|segment| segment.frames.end <= frames.start);
            let last = lane.partition_point(|segment| segment.frames.start < frames.end);
            &lane[first..last.max(first)]
        });
        let cuts = pieces(frames, near.flatten().map(|segment| &segment.frames));
        let mut spans: Vec<Span> = Vec::new();
        for piece in cuts {
            let stack = self.on_screen(lanes, piece.start, path)?;
            push_span(&mut spans, Span { start: piece.start, count: piece.end - piece.start, stack });
        }
        Ok(spans)
    }

    /// What each of `lanes` shows at `frame`, for the object at `path`.
    pub(super) fn on_screen(&self, lanes: &[Lane], frame: i64, path: &str) -> Result<Vec<Element>> {
        let elements = on_screen(lanes, frame);
        self.spend(lanes.len() + elements.iter().map(Element::size).sum::<usize>(), path)?;
        Ok(elements)
    }

    pub(super) fn note_unknown(&mut self, child: &Child, path: &str) {
        if let Child::Unknown(object) = child {
            self.warn(path, format!("schema {} is not known; it is not shown and takes no room", object.schema));
        }
    }

    /// Whether `child` is no picture; where it is no sound either, that is said once per track that holds anything.
    pub(super) fn skip_sound(&mut self, child: &Child, path: &str) -> bool {
        if !is_sound(child) {
            return false;
        }
        if let Child::Composition(track) = child
            && let CompositionKind::Track(MediaKind::Other(kind)) = &track.kind
            && track.item.is_enabled()
            && track.children.iter().any(|child| matches!(child, Child::Clip(clip) if clip.item.is_enabled()))
        {
            self.warn(path, format!("a track of kind {kind:?} is not rendered"));
        }
        true
    }

    /// How long `child` lasts in its parent.
    pub(super) fn duration(&mut self, child: &Child, path: &str) -> Result<Time> {
        let duration = match child {
            Child::Clip(clip) => self.clip_duration(clip),
            Child::Gap(gap) => gap.item.source_range.map_or(Ok(Time::ZERO), |range| range.duration.time()),
            Child::Composition(composition) => self.trimmed(composition, path).map(|range| range.duration),
            Child::Transition(_) | Child::Unknown(_) => Ok(Time::ZERO),
        };
        duration.map_err(|error| error.at_object(path))
    }

    fn clip_duration(&mut self, clip: &Clip) -> Result<Time> {
        self.media.trimmed_range(clip)?.duration.time()
    }

    /// The range of its children's time that `composition` shows.
    pub(super) fn trimmed(&mut self, composition: &Composition, path: &str) -> Result<TimeRange> {
        if let Some(range) = composition.item.source_range {
            return range.time_range().map_err(|error| error.at_object(format!("{path}.source_range")));
        }
        Ok(TimeRange { start: Time::ZERO, duration: self.children_duration(composition, path)? })
    }

    /// How long all children of `composition` last.
    pub(super) fn children_duration(&mut self, composition: &Composition, path: &str) -> Result<Time> {
        if composition.is_track() {
            return Ok(self.layout(composition, path)?.duration());
        }
        let own = address(composition);
        if let Some(known) = self.durations.get(&own) {
            return Ok(*known);
        }
        let (mut longest, mut known) = (Time::ZERO, true);
        for (index, child) in composition.children.iter().enumerate() {
            let path = child_path(path, index);
            match self.duration(child, &path) {
                Ok(duration) => longest = longest.max(duration),
                Err(error) if is_sound(child) => {
                    known = false;
                    self.warn(&path, format!("its length is not known: {error}"));
                }
                Err(error) => return Err(error),
            }
        }
        if known {
            self.durations.insert(own, longest);
        }
        Ok(longest)
    }

    pub(super) fn layout(&mut self, track: &Composition, path: &str) -> Result<Rc<TrackLayout>> {
        let own = address(track);
        if let Some(known) = self.layouts.get(&own) {
            return Ok(Rc::clone(known));
        }
        let layout = TrackLayout::new(&track.children, |index, child| match child {
            // Most children are clips, whose path is needed for errors alone.
            Child::Clip(clip) => self.clip_duration(clip).map_err(|error| error.at_object(child_path(path, index))),
            _ => self.duration(child, &child_path(path, index)),
        })?;
        let layout = Rc::new(layout);
        self.layouts.insert(own, Rc::clone(&layout));
        Ok(layout)
    }

    /// R10 and R15: warns of every visible layer of `spans` that asks for frames its media does not have.
    pub(super) fn check_overruns(&mut self, shot: &str, spans: &[Span]) -> Result<()> {
        let mut visible = Vec::new();
        for span in spans {
            self.spend(span.looks(), ROOT)?;
            visible.extend(span.visible(&|_, look| look.is_flat()));
        }
        for Visible { layer, first, last } in visible {
            let Some(frames) = self.media.media[layer.media].frames else { continue };
            self.spend(layer.map.curve_len(), &layer.object)?;
            let (low, high) = layer.map.indices(first..=last);
            if low >= 0 && high < frames {
                continue;
            }
            let source = &self.media.media[layer.media].source;
            let message = format!(
                "shot {shot:?} asks for source frames {} to {} of {}, which has {} to {}",
                source.number(low),
                source.number(high),
                source.display(),
                source.number(0),
                source.number(frames - 1),
            );
            let substitute = self.options.overrun.substitute(|| message.clone()).map_err(|error| {
                error.at_object(&layer.object).at_clip(&layer.clip).at_frame(source.number(if low < 0 {
                    low
                } else {
                    high
                }))
            })?;
            let object = layer.object.clone();
            self.warn(&object, format!("{message}: {substitute}"));
        }
        Ok(())
    }
}

/// Adds `span`, or lets the last one run on if it shows the same.
pub(super) fn push_span(spans: &mut Vec<Span>, span: Span) {
    match spans.last_mut() {
        Some(last) if last.start + last.count == span.start && last.stack == span.stack => last.count += span.count,
        _ if span.count > 0 => spans.push(span),
        _ => {}
    }
}

/// The path of the root stack.
pub(super) const ROOT: &str = "tracks";

/// The path of child number `index` of the object at `path`.
pub(super) fn child_path(path: &str, index: usize) -> String {
    if path == ROOT { format!("tracks[{index}]") } else { format!("{path}.children[{index}]") }
}

/// Whether `child` is a track that carries no picture.
pub(super) fn is_sound(child: &Child) -> bool {
    matches!(child, Child::Composition(track)
        if matches!(&track.kind, CompositionKind::Track(kind) if *kind != MediaKind::Video))
}

/// The name under which root child `index` is listed: its own, else V1, V2 and so on.
pub(super) fn root_name(root: &Composition, index: usize) -> String {
    let number = root.children[..=index].iter().filter(|child| !is_sound(child) && child.item().is_some()).count();
    track_name(&root.children[index], &format!("V{number}"))
}

/// R11: the lowest enabled video track that has an enabled clip. Where none has, the lowest thing in the root stack
/// that shows anything: a clip or a composition of its own, or a track of nested compositions.
fn hero_track(root: &Composition) -> Option<usize> {
    let is_clips = |child: &Child| match child {
        Child::Composition(track) if track.is_track() => enabled_clips(track).next().is_some(),
        _ => false,
    };
    let is_anything = |child: &Child| match child {
        Child::Clip(_) => true,
        Child::Composition(inner) => inner.children.iter().any(|child| match child {
            Child::Clip(clip) => clip.item.is_enabled(),
            Child::Composition(nested) => nested.item.is_enabled(),
            _ => false,
        }),
        _ => false,
    };
    let find = |test: &dyn Fn(&Child) -> bool| {
        let seen = |child: &Child| !is_sound(child) && child.item().is_some_and(|item| item.is_enabled());
        root.children.iter().position(|child| seen(child) && test(child))
    };
    find(&is_clips).or_else(|| find(&is_anything))
}

/// The enabled clips that lie in `track` itself, with their places among its children.
pub(super) fn enabled_clips(track: &Composition) -> impl Iterator<Item = (usize, &Clip)> {
    track.children.iter().enumerate().filter_map(|(index, child)| match child {
        Child::Clip(clip) if clip.item.is_enabled() => Some((index, clip.as_ref())),
        _ => None,
    })
}

/// R1: the rate of the global start time, else that of the hero track's first clip, else of any clip.
fn record_rate(timeline: &Timeline, hero: Option<usize>) -> Option<Rate> {
    let clip_rate = |clip: &Clip| {
        let available = || clip.media_reference().and_then(crate::timeline::MediaReference::available_range);
        clip.item.source_range.or_else(available).map(|range| range.duration.rate)
    };
    let hero_clip = || match &timeline.tracks.children[hero?] {
        Child::Composition(track) => enabled_clips(track).find_map(|(_, clip)| clip_rate(clip)),
        _ => None,
    };
    fn any_clip(composition: &Composition, rate: &dyn Fn(&Clip) -> Option<Rate>) -> Option<Rate> {
        composition.children.iter().find_map(|child| match child {
            Child::Clip(clip) => rate(clip),
            Child::Composition(inner) => any_clip(inner, rate),
            _ => None,
        })
    }
    let start = timeline.global_start_time.map(|start| start.rate);
    start.or_else(hero_clip).or_else(|| any_clip(&timeline.tracks, &clip_rate))
}

/// Whether the timeline says that its timecode is drop-frame: by its own metadata, the root stack's, the hero track's,
/// or that of the media of the hero track's first clip.
fn said_of_drop_frame(timeline: &Timeline, hero: Option<usize>) -> Option<bool> {
    let root = &timeline.tracks.item.metadata;
    let own = [&timeline.metadata, root].into_iter().find_map(drop_frame::said_in);
    let of_track = || match &timeline.tracks.children[hero?] {
        Child::Composition(track) => drop_frame::said_in(&track.item.metadata).or_else(|| {
            let (_, clip) = enabled_clips(track).next()?;
            let media = clip.media_reference()?.common()?;
            drop_frame::said_in(&media.metadata)
        }),
        _ => None,
    };
    own.or_else(of_track)
}

/// The nearest whole number, if it is one that frames can have.
fn whole(value: f64) -> Option<i64> {
    #[allow(clippy::cast_possible_truncation, reason = "bounded in the same line")]
    (value.is_finite() && value.abs() < 1e15).then_some(value.round() as i64)
}
