//! What is heard in the cut, clip by clip: rule R14.

use std::collections::HashSet;
use std::rc::Rc;

use super::audible::{Audible, PlannedSound, StemKey};
use super::context::Builder;
use super::crossing::{AudibleItem, parts};
use super::speed::{CurvedItem, Speed, is_retimed, not_applied};
use super::tracks::{is_sound, track_name, with_edges};
use crate::audio::Limiter;
use crate::error::Result;
use crate::plan::dialect::{self, sound as written_sound};
use crate::plan::sound_map::{SoundCurve, SoundMap, audible_ranges};
use crate::plan::{
    Gain, MediaSource, Pitch, RateConform, ReverseConvention, SampleGrid, Shot, Sound, SoundClip, StemSelection,
};
use crate::time::{FLICKS_PER_SECOND, Rate, Ratio, Time, TimeRange};
use crate::timeline::{
    Across, Child, Clip, Composition, CompositionKind, Item, MediaKind, ROOT, TrackLayout, child_path,
};

/// Silence of a thousandth of a second is nothing to be said.
const AUDIBLE: Time = Time::from_flicks(FLICKS_PER_SECOND / 1000);

/// What is passed down from the root to what is heard.
#[derive(Debug, Clone)]
struct Around {
    /// The record time over which anything can be heard.
    window: TimeRange,
    /// Fades and volumes of the compositions around, and where they are heard.
    gains: Vec<Gain>,
    pan: f64,
    /// What is added to it at these record times.
    pan_keys: Vec<(Time, f64)>,
    /// Whether this lies in an audio track: clips are heard, video tracks are not.
    is_audible: bool,
    /// Whether a video track lies around this.
    seen: bool,
    /// Compositions that lie in audio tracks, too: in video tracks they are not heard.
    in_audio: Rc<HashSet<usize>>,
    /// Where what is heard goes: the channel of the mix that Final Cut's tracks name, from 1.
    output: Option<u32>,
    /// Number of the stem of the audio track around this, where there is one.
    stem: Option<usize>,
    /// The role that metadata names nearest around this.
    role: Option<String>,
}

/// An object of the timeline on its way down from the root.
#[derive(Debug, Clone, Copy)]
struct AudibleObject<'p> {
    /// Its path, such as `tracks[2].children[5]`.
    path: &'p str,
    /// The name of the track it lies in.
    track: &'p str,
    /// Record time → its own time.
    clock: &'p SoundMap,
}

impl Builder<'_> {
    /// The sound of the whole cut, which lasts `duration`; `None` where no enabled track carries any.
    pub(super) fn sound(&mut self, root: &Composition, duration: Time) -> Result<Option<Sound>> {
        let options = &self.options.sound;
        let is_silent = !carries_sound(root);
        if !options.enabled || !root.item.is_enabled() || (is_silent && !root.children.iter().any(is_sound)) {
            return Ok(None);
        }
        let window = TimeRange { start: Time::ZERO, duration };
        let around = Around {
            window,
            gains: Vec::new(),
            pan: 0.0,
            pan_keys: Vec::new(),
            is_audible: false,
            seen: false,
            in_audio: Rc::default(),
            output: None,
            stem: None,
            role: None,
        };
        let mut audible = Audible::default();
        let clock = SoundMap::new(Time::ZERO, Ratio::ZERO, Ratio::ONE);
        self.plan_composition_sound(
            root,
            AudibleObject { path: "tracks", track: "", clock: &clock },
            &around,
            &mut audible,
        )?;
        if is_silent {
            // What stands for sound has been said.
            return Ok(None);
        }
        let (clips, names) = audible.into_parts();
        let mut clips = self.each_once(clips);
        clips.sort_by_key(|clip| clip.range.start);
        let stems = match self.options.sound.stems {
            StemSelection::None => Vec::new(),
            _ => Audible::settle(&names, &mut clips),
        };
        self.check_silence(&clips)?;
        Ok(Some(Sound {
            rate: options.rate,
            layout: options.layout,
            pitch: options.pitch,
            limit: options.limit,
            gain: 0.0,
            loudness: None,
            stems,
            origin: Time::ZERO,
            clips,
        }))
    }

    /// R10 and R15: warns of clips that ask for sound their media does not have.
    fn check_silence(&mut self, clips: &[SoundClip]) -> Result<()> {
        for clip in clips {
            let media = &self.media.media[clip.media];
            let Some(frames) = media.frames.filter(|_| matches!(media.source, MediaSource::File { .. })) else {
                continue;
            };
            let length = Time::from_seconds(Ratio::whole(frames) / media.rate.nominal());
            let pieces = clip.map.pieces(clip.range);
            let sum = |times: &mut dyn Iterator<Item = Time>| times.fold(Time::ZERO, |sum, time| sum + time);
            let moves = pieces.iter().filter(|(_, line)| line.speed.num() != 0);
            let asked = sum(&mut moves.map(|(range, _)| range.duration));
            let inside = audible_ranges(&pieces, TimeRange { start: Time::ZERO, duration: length });
            let missing = asked - sum(&mut inside.iter().map(|range| range.duration));
            if missing <= AUDIBLE {
                continue;
            }
            let place = |time: Time| clip.map.place(time).to_f64();
            let message = format!(
                "clip {:?} asks for {:.3} s to {:.3} s of the sound of {}, which lasts {:.3} s: {:.3} of its {:.3} s \
                 lie outside",
                clip.clip,
                place(clip.range.start).min(place(clip.range.end())),
                place(clip.range.end()).max(place(clip.range.start)),
                media.source.display(),
                length.seconds(),
                missing.seconds(),
                asked.seconds(),
            );
            let substitute = self.options.overrun.substitute(|| message.clone());
            substitute.map_err(|error| error.at_object(&clip.object).at_clip(&clip.clip))?;
            self.warn(&clip.object, format!("{message} and are silent"));
        }
        Ok(())
    }

    /// Leaves out what is heard of a nest in a video track where the same is heard of it in an audio track: many
    /// applications write a nest into both.
    fn each_once(&mut self, sounds: Vec<PlannedSound>) -> Vec<SoundClip> {
        let (of_pictures, others): (Vec<_>, Vec<_>) = sounds.into_iter().partition(|sound| sound.in_video_track);
        let mut clips: Vec<SoundClip> = others.into_iter().map(|sound| sound.clip).collect();
        let known: HashSet<_> = clips.iter().map(sounds_like).collect();
        let of_pictures = of_pictures.into_iter().map(|sound| sound.clip);
        let (twice, once): (Vec<_>, Vec<_>) = of_pictures.partition(|clip| known.contains(&sounds_like(clip)));
        drop(known);
        for clip in twice {
            self.warn(&clip.object, "same sound in an audio track; ignored here".to_owned());
        }
        clips.extend(once);
        clips
    }

    /// What is heard of the children of `stack`; `at.clock` is that of its own time.
    fn plan_stack_sound(
        &mut self,
        stack: &Composition,
        at: AudibleObject<'_>,
        around: &Around,
        audible: &mut Audible,
    ) -> Result<()> {
        let pieces = at.clock.pieces(around.window);
        let around = &Around { in_audio: self.in_audio_tracks(stack, &around.in_audio), ..around.clone() };
        let mut number = 0;
        for (index, child) in stack.children.iter().enumerate() {
            let path = child_path(at.path, index);
            number += i32::from(is_sound(child));
            let numbered = format!("A{number}");
            let name = track_name(child, if at.track.is_empty() { &numbered } else { at.track });
            if child.item().is_none_or(|item| !item.is_enabled()) {
                continue;
            }
            if !(around.is_audible || has_sound(child)) {
                self.warn_of_silence(child, &path);
                continue;
            }
            let Some(range) = self.own_range(child, &path)? else { continue };
            for window in audible_ranges(&pieces, range) {
                let stem = around.stem.or_else(|| self.track_stem(child, &path, (at.track, &numbered), audible));
                let inner = Around { window, stem, ..around.clone() };
                self.plan_child_sound(child, AudibleObject { path: &path, track: &name, ..at }, &inner, audible)?;
            }
        }
        Ok(())
    }

    /// Names what stands for sound in an audio track that has none.
    fn warn_of_silence(&mut self, track: &Child, path: &str) {
        let Child::Composition(track) = track else { return };
        if track.kind != CompositionKind::Track(MediaKind::Audio) {
            return;
        }
        for (index, child) in track.children.iter().enumerate() {
            let path = child_path(path, index);
            match child {
                Child::Gap(gap) => self.warn_of_lost_clip(gap, &path),
                Child::Composition(nest) if nest.item.is_enabled() => self.warn_of_nothing(nest, &path),
                _ => {}
            }
        }
    }

    /// Number of the stem of `child` of a stack in the track `outer`, where it is an audio track; without a name it is called
    /// `numbered`.
    fn track_stem(
        &self,
        child: &Child,
        path: &str,
        (outer, numbered): (&str, &str),
        audible: &mut Audible,
    ) -> Option<usize> {
        if self.options.sound.stems == StemSelection::None || !is_sound(child) {
            return None;
        }
        let own = track_name(child, numbered);
        let name = if outer.is_empty() { own.clone() } else { format!("{outer} {own}") };
        Some(audible.stem(StemKey::track(path, &own), &name))
    }

    /// The nests `known`, and those in audio tracks of `stack`, enabled or not: applications write a nest into tracks of
    /// both kinds, and what is heard of it is up to the audio tracks.
    fn in_audio_tracks(&mut self, stack: &Composition, known: &Rc<HashSet<usize>>) -> Rc<HashSet<usize>> {
        let mut found = Vec::new();
        for child in &stack.children {
            let Child::Composition(track) = child else { continue };
            if track.kind != CompositionKind::Track(MediaKind::Audio) {
                continue;
            }
            for child in &track.children {
                if let Child::Composition(nest) = child {
                    found.extend(self.reuse.identity(nest));
                }
            }
        }
        if found.is_empty() {
            return Rc::clone(known);
        }
        Rc::new(known.iter().copied().chain(found).collect())
    }

    /// Over which of its own time a child of a stack is heard. `None` where its length is not known, which has been said.
    fn own_range(&mut self, child: &Child, path: &str) -> Result<Option<TimeRange>> {
        match self.duration(child, path) {
            Ok(duration) => with_edges(child, duration).map(Some),
            Err(error) if is_sound(child) => {
                self.warn(path, format!("its length is not known: {error:#}"));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// What is heard of `child`, whose trimmed range starts at time 0 of `at.clock`, over the window, whether or not that
    /// lies inside its range.
    fn plan_child_sound(
        &mut self,
        child: &Child,
        at: AudibleObject<'_>,
        around: &Around,
        audible: &mut Audible,
    ) -> Result<()> {
        match child {
            Child::Clip(clip) if around.is_audible && clip.item.is_enabled() => {
                let clip = self.sound_clip(clip, at, around, audible)?;
                audible.clips.extend(clip.map(|clip| PlannedSound { clip, in_video_track: around.seen }));
            }
            Child::Composition(composition)
                if !around.is_audible
                    && !around.in_audio.is_empty()
                    && self.reuse.identity(composition).is_some_and(|own| around.in_audio.contains(&own)) => {}
            Child::Composition(composition) if composition.item.is_enabled() => {
                self.plan_composition_sound(composition, at, around, audible)?;
            }
            Child::Gap(gap) if around.is_audible => self.warn_of_lost_clip(gap, at.path),
            _ => {}
        }
        Ok(())
    }

    fn plan_composition_sound(
        &mut self,
        composition: &Composition,
        at: AudibleObject<'_>,
        around: &Around,
        audible: &mut Audible,
    ) -> Result<()> {
        let is_audible = match &composition.kind {
            CompositionKind::Stack => around.is_audible,
            CompositionKind::Track(MediaKind::Audio) => true,
            CompositionKind::Track(MediaKind::Video) if !around.is_audible => false,
            // Pictures inside sound, and what is neither.
            CompositionKind::Track(_) => return Ok(()),
        };
        if is_audible && at.path != ROOT {
            self.warn_of_nothing(composition, at.path);
            self.warn_of_outside(composition, at.path)?;
        }
        let trimmed = self.trimmed(composition, at.path)?;
        let video = composition.kind == CompositionKind::Track(MediaKind::Video);
        let output = dialect::output_channel(&composition.item).or(around.output);
        let role = self.options.sound.stems.role(&composition.item).or_else(|| around.role.clone());
        let around = Around { is_audible, seen: around.seen || video, output, role, ..around.clone() };
        let around = match self.holds_movie(composition, at.path) {
            true => around,
            false => self.with_effects(&composition.item, at, &around, self.rate),
        };
        let clock = self.audible_inside(composition, at, trimmed)?;
        let at = AudibleObject { clock: &clock, ..at };
        match composition.is_track() {
            true => self.plan_track_sound(composition, at, &around, audible),
            false => self.plan_stack_sound(composition, at, &around, audible),
        }
    }

    /// The clock of the children of `composition`, which starts at time 0 of `at.clock` and shows `trimmed` of them.
    fn audible_inside(
        &mut self,
        composition: &Composition,
        at: AudibleObject<'_>,
        trimmed: TimeRange,
    ) -> Result<SoundMap> {
        let clock = at.clock.clone();
        if !is_retimed(&composition.item) {
            return Ok(clock.starting_at(Time::ZERO - trimmed.start));
        }
        let speed = Speed::of(&composition.item);
        let frames = trimmed.duration.frames(self.rate);
        for note in speed.notes(frames) {
            self.warn(at.path, note);
        }
        let curved_item = self.curved_item(trimmed.start.samples(1), Ratio::ONE, frames);
        let unit = Ratio::ONE / self.rate.nominal();
        let run = self.retimed((&composition.item, at.path), &speed, clock, (trimmed.duration, curved_item, unit))?;
        Ok(run.shifted(trimmed.start.samples(1)))
    }

    /// `clock`, whose time 0 is where the trimmed range of `item` starts, made to run as `speed` says; the range lasts
    /// `duration`. A frame of the curves is `unit` seconds. (R5, R6)
    fn retimed(
        &self,
        (item, path): (&Item, &str),
        speed: &Speed,
        clock: SoundMap,
        (duration, curved_item, unit): (Time, CurvedItem<'_>, Ratio),
    ) -> Result<SoundMap> {
        let curved = self.curved_map(speed, &clock.frames(self.rate), curved_item, path)?;
        let curve = curved.map(|curve| SoundCurve { rate: self.rate, seconds: curve.map(|value| value * unit) });
        let mut run = clock.scaled(speed.scalar);
        if speed.scalar < Ratio::ZERO {
            // It ends with what the range starts with, or starts with its first frame.
            let from_start = self.options.reverse == ReverseConvention::PlaybackStart && item.source_range.is_some();
            let reversed = if from_start { Time::from_frames(1, self.rate) } else { duration };
            run = run.shifted(reversed.samples(1) * speed.scalar.abs());
        }
        Ok(run.plus(curve))
    }

    /// What is heard of the children of `track`; `at.clock` is that of its own time.
    fn plan_track_sound(
        &mut self,
        track: &Composition,
        at: AudibleObject<'_>,
        around: &Around,
        audible: &mut Audible,
    ) -> Result<()> {
        if !around.is_audible && !track.children.iter().any(has_sound) {
            return Ok(());
        }
        let layout = self.layout(track, at.path)?;
        let crossings = self.sound_crossings(track, &layout, at.path, around.is_audible)?;
        let pieces = at.clock.pieces(around.window);
        for AudibleItem { place, range, fades } in parts(&layout, &crossings, self.options.sound.crossfade) {
            let placed = &layout.items()[place];
            let child = &track.children[placed.index];
            if !(around.is_audible || has_sound(child)) {
                continue;
            }
            let path = child_path(at.path, placed.index);
            let clock = at.clock.clone().starting_at(placed.range.start);
            for window in audible_ranges(&pieces, range) {
                let fades = fades.iter().map(|fade| fade.clone().through(at.clock, window, self.rate));
                let gains = around.gains.iter().cloned().chain(fades).collect();
                let inner = Around { window, gains, ..around.clone() };
                self.plan_child_sound(
                    child,
                    AudibleObject { path: &path, track: at.track, clock: &clock },
                    &inner,
                    audible,
                )?;
            }
        }
        Ok(())
    }

    /// The transitions of `track` in its own time, in their order.
    fn sound_crossings(
        &mut self,
        track: &Composition,
        layout: &TrackLayout,
        at: &str,
        is_audible: bool,
    ) -> Result<Vec<Across>> {
        let mut crossings = Vec::new();
        for (index, child) in track.children.iter().enumerate() {
            let path = child_path(at, index);
            match child {
                Child::Transition(transition) => {
                    let kind = transition.transition_type.as_str();
                    if is_audible && !matches!(kind, "SMPTE_Dissolve" | "Custom_Transition") {
                        self.warn(&path, format!("transition {kind:?} is rendered as a crossfade of the sound"));
                    }
                    let across = layout.across(index, transition).map_err(|error| error.at_object(path))?;
                    let places =
                        |across: &Across| [across.before, across.after].map(|side| Some(layout.items()[side?].index));
                    let is_heard = |across: &Across| !self.shows_transition(track, at, places(across));
                    crossings.extend(across.filter(is_heard));
                }
                Child::Unknown(_) if is_audible => self.note_unknown(child, &path),
                _ => {}
            }
        }
        crossings.sort_by_key(|across: &Across| across.range.start);
        self.check_overlaps(crossings.iter().map(|across| across.range), at)?;
        Ok(crossings)
    }

    /// `around` with what the effects of `item` do to sound, whose frames are counted at `rate`. Names those that do
    /// nothing to it.
    fn with_effects(&mut self, item: &Item, at: AudibleObject<'_>, around: &Around, rate: Rate) -> Around {
        let mut inner = around.clone();
        if !around.is_audible {
            return inner;
        }
        let written = written_sound::effects(item, rate, &|| Speed::of(item).steady());
        inner.gains.extend(written.gains.into_iter().map(|gain| gain.through(at.clock, around.window, self.rate)));
        inner.pan = (inner.pan + written.pan).clamp(-1.0, 1.0);
        if !written.pan_keys.is_empty() && !inner.pan_keys.is_empty() {
            self.warn(at.path, "its pan has key frames, and so has an outer one, which is ignored".to_owned());
        }
        if let Gain::Factors(keys) = Gain::Factors(written.pan_keys).through(at.clock, around.window, self.rate)
            && !keys.is_empty()
        {
            inner.pan_keys = keys;
        }
        let time = item.effects.iter().enumerate().filter(|(_, effect)| effect.enabled);
        let time = time.filter_map(|(index, effect)| Some((index, not_applied(effect)?)));
        for (index, what) in written.ignored.into_iter().chain(time) {
            self.warn(&format!("{}.effects[{index}]", at.path), what);
        }
        inner
    }

    /// What is heard of a clip whose trimmed range starts at time 0 of `at.clock`; nothing of one that stands still.
    fn sound_clip(
        &mut self,
        clip: &Clip,
        at: AudibleObject<'_>,
        around: &Around,
        audible: &mut Audible,
    ) -> Result<Option<SoundClip>> {
        let place = |error: crate::Error| error.at_object(at.path);
        let range = self.media.trimmed_range(clip).map_err(place)?;
        let Around { window, gains, pan, pan_keys, .. } =
            self.with_effects(&clip.item, at, around, range.duration.rate);
        let media = self.media.resolve(clip, range).map_err(place)?;
        let mut speed = Speed::of(&clip.item);
        if speed.scalar.num() == 0 || media.still {
            return Ok(None);
        }
        let (nominal, own) = (media.rate.nominal(), self.rate.nominal());
        // Sound alone is counted in samples: what a frame is to it, nobody can tell.
        let frames = if nominal < Ratio::whole(1000) { nominal } else { own };
        if self.options.rate_conform == RateConform::FrameForFrame {
            speed.scalar = speed.scalar * own / frames;
        }
        let duration = range.duration.time().map_err(place)?;
        let mut notes = media.notes;
        notes.extend(speed.notes(duration.frames(self.rate)));
        let position = media.offset / nominal;
        let curved_item = self.curved_item(position, frames / own, duration.frames(self.rate));
        let run = self.retimed(
            (&clip.item, at.path),
            &speed,
            at.clock.clone(),
            (duration, curved_item, Ratio::ONE / frames),
        )?;
        if self.options.sound.pitch == Pitch::Keep && run.curve.is_some() {
            notes.push("its speed changes over time: the pitch follows it".to_owned());
        }
        let mut channels = written_sound::channels(clip).unwrap_or_else(|what| {
            self.warn(at.path, what);
            Vec::new()
        });
        let mut output = None;
        if let (true, Some(channel), Some(to)) = (channels.is_empty(), dialect::source_track(clip), around.output) {
            (channels, output) = (vec![channel], (pan == 0.0 && pan_keys.is_empty()).then_some(to));
        }
        let role = self.options.sound.stems.role(&clip.item).or_else(|| around.role.clone());
        let stem = match (&self.options.sound.stems, role, around.stem) {
            (StemSelection::None, ..) => 0,
            (_, Some(role), _) => audible.stem(StemKey::Role(role.clone()), &role),
            (_, None, Some(stem)) => stem,
            (_, None, None) => audible.stem(StemKey::track(at.path, at.track), at.track),
        };
        let map = run.shifted(position);
        let keeps = self.options.sound.pitch == Pitch::Keep && map.keeps_pitch();
        Ok(Some(SoundClip {
            track: at.track.to_owned(),
            clip: clip.item.name.clone(),
            object: at.path.to_owned(),
            media: media.media,
            range: window,
            stretched_from: keeps.then_some(window.start),
            map,
            gains,
            pan,
            pan_keys,
            channels,
            output,
            stem,
            notes,
        }))
    }
}

/// What two clips that sound the same have in common.
fn sounds_like(clip: &SoundClip) -> impl std::hash::Hash + Eq + use<> {
    (clip.media, clip.range, clip.map.clone(), clip.channels.clone(), clip.output, clip.clip.clone())
}

/// Whether there may be sound in `child`: an audio track, or something that holds one.
fn has_sound(child: &Child) -> bool {
    match child {
        Child::Composition(inner) if inner.item.is_enabled() => match &inner.kind {
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
        Child::Clip(clip) => clip.item.is_enabled(),
        Child::Composition(inner) => inner.item.is_enabled() && carries_clips(inner),
        _ => false,
    })
}

impl Sound {
    /// What is heard in `shot`, which lies over the record time `whole` and whose cut is `cut`. Inside the cut it is what
    /// the cut sounds like; outside of it, that too, or with `runs_on` what is heard at its first and last moment,
    /// running on at the level it has there. Where the mix is limited, what the limiter looks at around the shot
    /// belongs to it.
    pub(super) fn of_shot(&self, whole: TimeRange, cut: TimeRange, runs_on: bool) -> Vec<SoundClip> {
        let around = self.limit.map_or(Time::ZERO, |_| {
            // The grid of samples may lie half a sample beside that of frames.
            let samples = i64::try_from(Limiter::reach(self.rate)).unwrap_or(0) + 1;
            SampleGrid::new(self.rate, Time::ZERO).time(samples + 1)
        });
        let whole = TimeRange::between(whole.start - around, whole.end() + around);
        if !runs_on {
            return self.within(whole).collect();
        }
        let held = |at: Time, range: TimeRange| {
            let audible = self.within(TimeRange { start: at, duration: Time::from_flicks(1) });
            let held = audible.map(move |clip| {
                let gains = vec![Gain::Constant(clip.gain(at))];
                SoundClip { range, gains, pan: clip.pan_at(at), pan_keys: Vec::new(), ..clip }
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
