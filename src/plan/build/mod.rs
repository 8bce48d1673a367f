//! From a timeline to a plan: the passes in order.

mod alike;
mod audible;
mod clock;
mod context;
mod crossing;
mod finished;
mod layout;
mod lengths;
mod looks;
mod media;
mod names;
mod picture;
mod record_start;
mod reuse;
mod shots;
mod sound;
mod spans;
mod speed;
mod tracks;

pub(crate) use looks::is_baked_in;
pub(crate) use media::whole_frames;
pub use media::{MediaFacts, MediaLookup, NoLookup};
pub(crate) use record_start::laid_out;
pub(crate) use speed::is_retimed;

use indexmap::IndexSet;

use clock::Clock;
use context::{Builder, VisitedObject};
use media::MediaTable;
use shots::Lanes;
use tracks::{enabled_clips, hero_track, is_sound, root_name};

use super::dialect::{self, drop_frame, fcpx};
use super::{Element, HandleMode, Look, MediaId, Plan, PlanOptions, ShotSelection};
use crate::error::{Error, ErrorKind, Result};
use crate::time::{Rate, Time};
use crate::timeline::{Child, Clip, Composition, ROOT, Timeline, child_path};
use crate::trace;

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
        let _span = trace::span!("plan", timeline = timeline.name.as_str());
        let laid_out = record_start::laid_out(timeline);
        let (timeline, said) = laid_out.as_ref().map_or((timeline, &[][..]), |(timeline, said)| (timeline, said));
        let mut builder = Builder::new(timeline, options, lookup);
        for (path, message) in said {
            builder.warn(path, message.clone());
        }
        let plan = builder.plan(timeline)?;
        trace::event!(
            DEBUG,
            "the cut is planned",
            rate = trace::shown(plan.rate),
            hero_track = plan.hero_track.as_str(),
            shots = plan.shots.len(),
            media = plan.media.len(),
            warnings = plan.warnings.len()
        );
        Ok(plan)
    }
}

impl Builder<'_> {
    fn plan(&mut self, timeline: &Timeline) -> Result<Plan> {
        let root = &timeline.tracks;
        self.find_from_movie(root);
        let hero = hero_track(root);
        if let Some(rate) = self.options.rate.or_else(|| record_rate(timeline, hero)) {
            self.rate = rate;
        } else {
            self.warn(ROOT, "no record rate specified; using 24 fps".to_owned());
        }
        for (places, note) in fcpx::notes(root, record_rate(timeline, hero)) {
            let path = places.into_iter().fold(ROOT.to_owned(), |path, place| child_path(&path, place));
            self.warn(&path, note);
        }
        let global_start = match timeline.global_start_time {
            Some(start) => whole(start.value_at(self.rate))
                .ok_or_else(|| Error::new(ErrorKind::Time, "the global start time is too far away"))
                .map_err(|error| error.at_object("global_start_time"))?,
            None => 0,
        };
        let trimmed = self.trimmed(root, ROOT)?;
        let duration = trimmed.duration.ceil(self.rate);
        let handles = self.options.most_handles();
        self.horizon = -i64::from(handles.head)..duration.saturating_add(i64::from(handles.tail)).saturating_add(1);
        self.warn_of_effects(&root.item, ROOT, false);
        let clock =
            self.inside(root, VisitedObject { path: ROOT, track: "", clock: &Clock::Plain(Time::ZERO) }, trimmed)?;
        let lanes = match root.item.is_enabled() {
            true => self.lanes(root, VisitedObject { path: ROOT, track: "", clock: &clock }, &(0..duration))?,
            false => Vec::new(),
        };
        let lanes = Lanes { root: clock, duration, lanes };
        let hero_name = hero.map_or_else(String::new, |index| root_name(root, index));
        let mut shots = self.shots(timeline, hero, &lanes)?;
        let grade = if self.applies_decisions() { self.root_grade(&root.item, duration) } else { Vec::new() };
        if !grade.is_empty() {
            let spans = shots.iter_mut().flat_map(|shot| &mut shot.spans);
            for span in spans.filter(|span| !span.stack.is_empty() && !self.is_finished(span)) {
                let (elements, grade) = (std::mem::take(&mut span.stack), grade.clone());
                span.stack = vec![Element::Stack { elements, look: Look::default(), grade }];
            }
        }
        if shots.is_empty() && !self.options.allow_empty {
            return Err(self.nothing(root));
        }
        let sound = self.sound(root, trimmed.duration)?;
        if let Some(sound) = &sound {
            for shot in &mut shots {
                let own = self.options.per_shot.get(&shot.name).and_then(|own| own.handle_mode);
                let runs_on = own.unwrap_or(self.options.handle_mode) == HandleMode::Source;
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
            self.warn("", format!("no media location starts with {from:?} of the path map"));
        }
        let bounded = |media: &MediaId| self.media.media[*media].bounds.is_some();
        if self.media.media.iter().any(|media| media.bounds.is_some()) && !canvas_media.iter().any(bounded) {
            let message = "no media of the hero track has available_image_bounds: those of other tracks are not used";
            self.warn("tracks", message.to_owned());
        }
        for note in &timeline.notes {
            // Those are used where decisions are applied.
            let is_used = note.unknown_schema.as_deref().is_some_and(dialect::is_decision);
            if !(is_used && self.applies_decisions()) {
                self.warn("", note.text.clone());
            }
        }
        let other_media = self.media.others(timeline);
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
            format_media: Vec::new(),
            placement: self.options.placement,
            color: self.options.color.clone(),
            background: self.options.background,
            overrun: self.options.overrun,
            damaged: self.options.damaged,
            media_missing: self.options.media_missing,
            retime: self.options.retime,
            media: std::mem::take(&mut self.media.media),
            other_media,
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
            other => format!(" in the selection {other}"),
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
