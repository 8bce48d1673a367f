//! What is heard in the cut, clip by clip: rule R14.

use std::collections::HashSet;

use super::build::{Builder, child_path, is_sound};
use super::lane::track_name;
use super::retime::Speed;
use super::sound::{Gain, Sound, SoundClip, SoundMap};
use super::sound_metadata;
use super::{RateConform, ReverseConvention, Shot};
use crate::error::Result;
use crate::time::{Rate, Ratio, Time, TimeRange};
use crate::timeline::{
    Across, Child, Clip, Composition, CompositionKind, EffectKind, Item, MediaKind, TrackLayout, Transition,
};

/// What is passed down from the root to what is heard.
#[derive(Debug, Clone)]
struct Around {
    /// The record time over which anything can be heard.
    window: TimeRange,
    /// Fades and volumes of the compositions around, and where they are heard.
    gains: Vec<Gain>,
    pan: f64,
    /// Whether this lies in an audio track: clips are heard, video tracks are not.
    heard: bool,
    /// Whether a video track lies around this.
    seen: bool,
}

/// An object of the timeline on its way down from the root. Sound runs with the cut: it does not follow compositions
/// that are retimed, which is said.
#[derive(Debug, Clone, Copy)]
struct At<'p> {
    /// Its path, such as `tracks[2].children[5]`.
    path: &'p str,
    /// The name of the track it lies in.
    track: &'p str,
    /// The record time at which its trimmed range starts.
    origin: Time,
}

/// A transition between the items at two places of a track's layout.
struct Crossing {
    range: TimeRange,
    before: Option<usize>,
    after: Option<usize>,
}

impl Builder<'_> {
    /// The sound of the whole cut, which lasts `duration`; `None` where no enabled track carries any.
    pub(super) fn sound(&mut self, root: &Composition, origin: Time, duration: Time) -> Result<Option<Sound>> {
        let options = self.options.sound;
        if !options.enabled || !root.item.enabled || !carries_sound(root) {
            return Ok(None);
        }
        let window = TimeRange { start: Time::ZERO, duration };
        let around = Around { window, gains: Vec::new(), pan: 0.0, heard: false, seen: false };
        let mut clips = Vec::new();
        self.hear_stack(root, At { path: "tracks", track: "", origin }, &around, &mut clips)?;
        let mut clips = self.each_once(clips);
        clips.sort_by_key(|clip| clip.range.start);
        Ok(Some(Sound { rate: options.rate, layout: options.layout, clips }))
    }

    /// Leaves out what is heard of a nest in a video track where the same is heard of it in an audio track: many
    /// applications write a nest into both.
    fn each_once(&mut self, clips: Vec<(bool, SoundClip)>) -> Vec<SoundClip> {
        let (seen, mut heard): (Vec<_>, Vec<_>) = clips.into_iter().partition(|(seen, _)| *seen);
        let known: HashSet<_> = heard.iter().map(|(_, clip)| sounds_like(clip)).collect();
        let (twice, once): (Vec<_>, Vec<_>) =
            seen.into_iter().partition(|(_, clip)| known.contains(&sounds_like(clip)));
        drop(known);
        for (_, clip) in twice {
            self.warn(&clip.object, "the same is heard in an audio track: once is enough".to_owned());
        }
        heard.extend(once);
        heard.into_iter().map(|(_, clip)| clip).collect()
    }

    /// What is heard of the children of `stack`; `at.origin` is the record time of its own time 0.
    fn hear_stack(
        &mut self,
        stack: &Composition,
        at: At<'_>,
        around: &Around,
        clips: &mut Vec<(bool, SoundClip)>,
    ) -> Result<()> {
        let mut number = 0;
        for (index, child) in stack.children.iter().enumerate() {
            let path = child_path(at.path, index);
            number += i32::from(is_sound(child));
            let numbered = format!("A{number}");
            let name = track_name(child, if at.track.is_empty() { &numbered } else { at.track });
            if child.item().is_none_or(|item| !item.enabled) || !(around.heard || has_sound(child)) {
                continue;
            }
            let Some(range) = self.heard_range(child, &path, at.origin)? else { continue };
            let inner = Around { window: range.intersect(around.window), ..around.clone() };
            self.hear(child, At { path: &path, track: &name, origin: at.origin }, &inner, clips)?;
        }
        Ok(())
    }

    /// When a child of a stack that starts at `origin` is heard: in its own range, and for a track whose first or last
    /// child is a transition as long as that lasts. `None` where its length is not known, which has been said.
    fn heard_range(&mut self, child: &Child, path: &str, origin: Time) -> Result<Option<TimeRange>> {
        let duration = match self.duration(child, path) {
            Ok(duration) => duration,
            Err(error) if is_sound(child) => {
                self.warn(path, format!("its length is not known: {error}"));
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let (mut start, mut end) = (origin, origin + duration);
        if let Child::Composition(track) = child
            && track.is_track()
            && track.item.source_range.is_none()
        {
            if let Some(Child::Transition(first)) = track.children.first() {
                start = start - first.in_offset.time()?;
            }
            if let Some(Child::Transition(last)) = track.children.last() {
                end += last.out_offset.time()?;
            }
        }
        Ok(Some(TimeRange::between(start, end)))
    }

    /// What is heard of `child`, whose trimmed range starts at `at.origin`, over the window, whether or not that lies
    /// inside its range.
    fn hear(&mut self, child: &Child, at: At<'_>, around: &Around, clips: &mut Vec<(bool, SoundClip)>) -> Result<()> {
        if around.window.duration <= Time::ZERO {
            return Ok(());
        }
        match child {
            Child::Clip(clip) if around.heard && clip.item.enabled => {
                clips.extend(self.sound_clip(clip, at, around)?.map(|clip| (around.seen, clip)));
            }
            Child::Composition(composition) if composition.item.enabled => {
                let heard = match &composition.kind {
                    CompositionKind::Stack => around.heard,
                    CompositionKind::Track(MediaKind::Audio) => true,
                    CompositionKind::Track(MediaKind::Video) if !around.heard => false,
                    // Pictures inside sound, and what is neither.
                    CompositionKind::Track(_) => return Ok(()),
                };
                let trimmed = self.trimmed(composition, at.path)?;
                let at = At { origin: at.origin - trimmed.start, ..at };
                let video = composition.kind == CompositionKind::Track(MediaKind::Video);
                let around = Around { heard, seen: around.seen || video, ..around.clone() };
                let around = self.with_effects(&composition.item, at, false, &around, self.rate);
                match composition.is_track() {
                    true => self.hear_track(composition, at, &around, clips)?,
                    false => self.hear_stack(composition, at, &around, clips)?,
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What is heard of the children of `track`; `at.origin` is the record time of its own time 0.
    fn hear_track(
        &mut self,
        track: &Composition,
        at: At<'_>,
        around: &Around,
        clips: &mut Vec<(bool, SoundClip)>,
    ) -> Result<()> {
        if !around.heard && !track.children.iter().any(has_sound) {
            return Ok(());
        }
        let layout = self.layout(track, at.path)?;
        let crossings = self.crossings(track, &layout, at, around.heard)?;
        for (place, placed) in layout.items().iter().enumerate() {
            let child = &track.children[placed.index];
            if !(around.heard || has_sound(child)) {
                continue;
            }
            let origin = at.origin + placed.range.start;
            let (mut start, mut end) = (origin, at.origin + placed.range.end());
            let mut gains = around.gains.clone();
            let law = self.options.sound.crossfade;
            for crossing in &crossings {
                let range = crossing.range;
                if crossing.after == Some(place) {
                    start = range.start;
                    gains.push(Gain::FadeIn { range, law });
                } else if crossing.before == Some(place) {
                    end = range.end();
                    gains.push(Gain::FadeOut { range, law });
                } else if crossing.before > Some(place) && range.start < end {
                    // Where transitions overlap, the later one fades from what the earlier one leaves.
                    gains.push(Gain::FadeOut { range, law });
                }
            }
            let window = TimeRange::between(start, end).intersect(around.window);
            let path = child_path(at.path, placed.index);
            let inner = Around { window, gains, ..around.clone() };
            self.hear(child, At { path: &path, track: at.track, origin }, &inner, clips)?;
        }
        Ok(())
    }

    /// The transitions of `track` in record time, in their order.
    fn crossings(
        &mut self,
        track: &Composition,
        layout: &TrackLayout,
        at: At<'_>,
        heard: bool,
    ) -> Result<Vec<Crossing>> {
        let mut crossings = Vec::new();
        for (index, child) in track.children.iter().enumerate() {
            match child {
                Child::Transition(transition) => {
                    let path = child_path(at.path, index);
                    crossings.extend(self.sound_crossing(layout, index, transition, &path, at.origin, heard)?);
                }
                Child::Unknown(_) if heard => self.note_unknown(child, &child_path(at.path, index)),
                _ => {}
            }
        }
        Ok(crossings)
    }

    fn sound_crossing(
        &mut self,
        layout: &TrackLayout,
        index: usize,
        transition: &Transition,
        path: &str,
        origin: Time,
        heard: bool,
    ) -> Result<Option<Crossing>> {
        let across = layout.across(index, transition).map_err(|error| error.at_object(path))?;
        let Some(Across { range, before, after }) = across else { return Ok(None) };
        let range = TimeRange { start: origin + range.start, ..range };
        if heard && !matches!(transition.transition_type.as_str(), "SMPTE_Dissolve" | "Custom_Transition") {
            let what = format!("transition {:?} is heard as a crossfade", transition.transition_type);
            self.warn(path, what);
        }
        Ok(Some(Crossing { range, before, after }))
    }

    /// `around` with what the effects of `item` do to sound, whose frames are counted at `rate`. Names those that do
    /// nothing to it here; with `speeds_apply`, linear time warps and freezes do.
    fn with_effects(&mut self, item: &Item, at: At<'_>, speeds_apply: bool, around: &Around, rate: Rate) -> Around {
        let mut inner = around.clone();
        if around.heard {
            let written = sound_metadata::effects(item, at.origin, rate);
            inner.gains.extend(written.gains);
            inner.pan = (inner.pan + written.pan).clamp(-1.0, 1.0);
            for (index, what) in written.ignored {
                self.warn(&format!("{}.effects[{index}]", at.path), what);
            }
        }
        for (index, effect) in item.effects.iter().enumerate().filter(|(_, effect)| effect.enabled) {
            let applies = match effect.kind {
                EffectKind::LinearTimeWarp { time_scalar } => speeds_apply && time_scalar.is_finite(),
                EffectKind::FreezeFrame { .. } => speeds_apply,
                EffectKind::Time => false,
                EffectKind::Other | EffectKind::Unknown(_) => true,
            };
            if !applies {
                let what = format!("time effect {:?} is not applied to sound", super::lane::effect_name(effect).0);
                self.warn(&format!("{}.effects[{index}]", at.path), what);
            }
        }
        inner
    }

    /// What is heard of a clip whose trimmed range starts at record time `at.origin`; nothing of one that stands still.
    fn sound_clip(&mut self, clip: &Clip, at: At<'_>, around: &Around) -> Result<Option<SoundClip>> {
        let place = |error: crate::Error| error.at_object(at.path);
        let range = self.media.trimmed_range(clip).map_err(place)?;
        let Around { window, gains, pan, .. } = self.with_effects(&clip.item, at, true, around, range.duration.rate);
        let media = self.media.resolve(clip, range).map_err(place)?;
        let mut speed = Speed::of(&clip.item).scalar;
        let nominal = media.rate.nominal();
        // Sound alone is counted in samples: what a frame is to it, nobody can tell.
        if self.options.rate_conform == RateConform::FrameForFrame && nominal < Ratio::whole(1000) {
            speed = speed * self.rate.nominal() / nominal;
        }
        if speed.num() == 0 || media.still {
            return Ok(None);
        }
        let mut position = media.offset / nominal;
        if speed < Ratio::ZERO {
            // R6: it ends with what the clip starts with, or starts with its first frame.
            let from_start =
                self.options.reverse == ReverseConvention::PlaybackStart && clip.item.source_range.is_some();
            let duration = match from_start {
                true => Time::from_frames(1, self.rate),
                false => range.duration.time().map_err(place)?,
            };
            position = position + duration.samples(1) * speed.abs();
        }
        let channels = sound_metadata::channels(clip).unwrap_or_else(|what| {
            self.warn(at.path, what);
            Vec::new()
        });
        Ok(Some(SoundClip {
            track: at.track.to_owned(),
            clip: clip.item.name.clone(),
            object: at.path.to_owned(),
            media: media.index,
            range: window,
            map: SoundMap { record: at.origin, position, speed },
            gains,
            pan,
            channels,
            notes: media.notes,
        }))
    }
}

/// What two clips that sound the same have in common.
fn sounds_like(clip: &SoundClip) -> impl std::hash::Hash + Eq + use<> {
    (clip.media, clip.range, clip.map, clip.channels.clone(), clip.clip.clone())
}

/// Whether there may be sound in `child`: an audio track, or something that holds one.
fn has_sound(child: &Child) -> bool {
    match child {
        Child::Composition(inner) if inner.item.enabled => match &inner.kind {
            CompositionKind::Track(MediaKind::Audio) => carries_clips(inner),
            CompositionKind::Track(MediaKind::Other(_)) => false,
            _ => carries_sound(inner),
        },
        _ => false,
    }
}

fn carries_sound(composition: &Composition) -> bool {
    composition.children.iter().any(has_sound)
}

/// Whether an enabled clip lies anywhere in `composition`.
fn carries_clips(composition: &Composition) -> bool {
    composition.children.iter().any(|child| match child {
        Child::Clip(clip) => clip.item.enabled,
        Child::Composition(inner) => inner.item.enabled && carries_clips(inner),
        _ => false,
    })
}

impl Sound {
    /// What is heard in `shot`, which lies over the record time `whole` and whose cut is `cut`. Inside the cut it is what
    /// the cut sounds like; outside of it, that too, or with `runs_on` what is heard at its first and last moment,
    /// running on at the level it has there.
    pub(super) fn of_shot(&self, whole: TimeRange, cut: TimeRange, runs_on: bool) -> Vec<SoundClip> {
        if !runs_on {
            return self.within(whole).collect();
        }
        let held = |at: Time, range: TimeRange| {
            let heard = self.within(TimeRange { start: at, duration: Time::from_flicks(1) });
            let held = heard.map(move |clip| {
                let gains = vec![Gain::Constant(clip.gain(at))];
                SoundClip { range, gains, ..clip }
            });
            held.filter(move |clip| clip.range.duration > Time::ZERO && clip.gains != [Gain::Constant(0.0)])
        };
        let head = held(cut.start, TimeRange::between(whole.start, cut.start));
        let tail = held(cut.end() - Time::from_flicks(1), TimeRange::between(cut.end(), whole.end()));
        head.chain(self.within(cut)).chain(tail).collect()
    }

    fn within(&self, window: TimeRange) -> impl Iterator<Item = SoundClip> {
        let before = self.clips.partition_point(|clip| clip.range.start < window.end());
        self.clips[..before].iter().filter_map(move |clip| {
            let range = clip.range.intersect(window);
            (range.duration > Time::ZERO).then(|| SoundClip { range, ..clip.clone() })
        })
    }
}

impl Shot {
    /// The record time it takes up, counted from the cut's first frame, handles included.
    pub(crate) fn range(&self, rate: Rate) -> TimeRange {
        let at = |frame| Time::from_frames(frame, rate);
        TimeRange::between(at(self.start), at(self.start.saturating_add(self.frame_count)))
    }

    /// The record time it takes up without its handles.
    pub(super) fn cut(&self, rate: Rate) -> TimeRange {
        let at = |frame| Time::from_frames(frame, rate);
        let end = self.start.saturating_add(self.frame_count);
        TimeRange::between(at(self.start + self.head), at(end - self.tail))
    }
}
