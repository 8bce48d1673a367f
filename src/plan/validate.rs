//! Whether a plan holds together: every plan is asked before it is rendered, since it may come from a file.

use std::collections::HashSet;

use super::file_name::wrong_file;
use super::shot_options::wrong_field;
use super::{
    Animated, Crop, Element, Gain, Grade, Look, Media, MediaId, MediaSource, MixStyle, Plan, Shot, SoundClip, Span,
    Transform, Weight,
};
use crate::error::{Error, ErrorKind, Result};
use crate::time::{Ratio, Time};

/// More samples per second than any sound has.
const FASTEST_SOUND: u32 = 1_000_000;
/// More channels than applications number in a mix.
const MOST_OUTPUTS: u32 = 1024;
/// Elements inside one another, at most.
const DEEPEST: usize = 256;

impl Plan {
    /// Checks what the types of a plan cannot say: indices lie inside [`Plan::media`], counts are not negative, spans
    /// follow one another and add up to their shot, names are unique, numbers are finite.
    ///
    /// Plans made by [`Plan::new`] hold; one that was read from JSON or changed by hand may not. Every run calls this
    /// before it renders anything.
    ///
    /// # Errors
    /// [`ErrorKind::Plan`]: the first thing that is wrong, with its place, such as `shots[3].spans[0].stack[1].media`.
    pub fn validate(&self) -> Result<()> {
        for (index, media) in self.media.iter().enumerate() {
            check_media(media, &format!("media[{index}]"))?;
        }
        for (index, &media) in self.canvas_media.iter().enumerate() {
            self.check_index(media, || format!("canvas_media[{index}]"))?;
        }
        for (index, &media) in self.format_media.iter().enumerate() {
            self.check_index(media, || format!("format_media[{index}]"))?;
        }
        let aspect = self.canvas.pixel_aspect.is_none_or(|aspect| aspect > Ratio::ZERO);
        check(aspect, "canvas.pixel_aspect", || "expected a positive ratio".to_owned())?;
        check(self.duration >= 0, "duration", || format!("negative: {}", self.duration))?;
        let end = self.global_start.checked_add(self.duration);
        check(end.is_some(), "global_start", || "the record range overflows".to_owned())?;
        if let Some(sound) = &self.sound {
            let rate = (1..=FASTEST_SOUND).contains(&sound.rate);
            check(rate, "sound.rate", || {
                format!("expected 1 to {FASTEST_SOUND} samples per second; found {}", sound.rate)
            })?;
            let limit = sound.limit.is_none_or(|limit| limit.is_finite() && limit <= 0.0);
            check(limit, "sound.limit", || "expected at most 0 dB of full scale".to_owned())?;
            check_finite(&[sound.gain, sound.loudness.unwrap_or(0.0)], "sound.gain")?;
            let mut stems = HashSet::new();
            for (index, stem) in sound.stems.iter().enumerate() {
                let is_new = !stem.trim().is_empty() && stems.insert(stem.to_lowercase());
                check(is_new, &format!("sound.stems[{index}]"), || format!("empty, or another's name, too: {stem:?}"))?;
            }
            for (index, clip) in sound.clips.iter().enumerate() {
                self.check_sound(clip, &format!("sound.clips[{index}]"))?;
            }
        }
        let (mut names, mut files) = (HashSet::new(), HashSet::new());
        for (index, shot) in self.shots.iter().enumerate() {
            let at = format!("shots[{index}]");
            check(!shot.name.trim().is_empty(), &format!("{at}.name"), || "empty".to_owned())?;
            let is_new = names.insert(shot.name.to_lowercase());
            check(is_new, &format!("{at}.name"), || format!("{:?} names another shot, too", shot.name))?;
            if let Some(file) = &shot.file {
                check(wrong_file(file).is_none(), &format!("{at}.file"), || wrong_file(file).unwrap_or_default())?;
                let is_new = files.insert(file.to_lowercase());
                check(is_new, &format!("{at}.file"), || format!("{file:?} is another shot's, too"))?;
            }
            let wrong = shot.fields.keys().find_map(|name| wrong_field(name));
            check(wrong.is_none(), &format!("{at}.fields"), || wrong.unwrap_or_default())?;
            self.check_shot(shot, &at)?;
        }
        Ok(())
    }

    fn check_shot(&self, shot: &Shot, at: &str) -> Result<()> {
        let Shot { first_frame, frame_count, head, tail, start, spans, sound, .. } = shot;
        for (name, count) in [("frame_count", *frame_count), ("head", *head), ("tail", *tail)] {
            check(count >= 0, &format!("{at}.{name}"), || format!("negative: {count}"))?;
        }
        check(*frame_count > 0, &format!("{at}.frame_count"), || "the shot has no frames".to_owned())?;
        let handles = head.checked_add(*tail).is_some_and(|handles| handles <= *frame_count);
        check(handles, &format!("{at}.head"), || format!("{head} + {tail} handles in {frame_count} frames"))?;
        for (name, first) in [("first_frame", first_frame), ("start", start)] {
            let end = first.checked_add(*frame_count);
            check(end.is_some(), &format!("{at}.{name}"), || format!("{first} + {frame_count} overflows"))?;
        }
        let global = self.global_start.checked_add(*start).and_then(|first| first.checked_add(*frame_count));
        check(global.is_some(), &format!("{at}.start"), || "the record range overflows".to_owned())?;
        let mut next = *start;
        for (index, span) in spans.iter().enumerate() {
            let at = format!("{at}.spans[{index}]");
            let Span { start, count, stack } = span;
            check(*start == next, &format!("{at}.start"), || format!("expected record frame {next}; found {start}"))?;
            check(*count > 0, &format!("{at}.count"), || format!("expected at least 1 frame; found {count}"))?;
            let end = start.checked_add(*count);
            next = end.ok_or_else(|| wrong(&format!("{at}.count"), &format!("{start} + {count} overflows")))?;
            for (index, element) in stack.iter().enumerate() {
                self.check_element(element, &format!("{at}.stack[{index}]"), DEEPEST)?;
            }
        }
        let spanned = next - start;
        check(spanned == *frame_count, &format!("{at}.spans"), || {
            format!("they have {spanned} frames, their shot has {frame_count}")
        })?;
        for (index, clip) in sound.iter().enumerate() {
            self.check_sound(clip, &format!("{at}.sound[{index}]"))?;
        }
        let mixed = sound.is_empty() || self.sound.is_some();
        check(mixed, &format!("{at}.sound"), || "the plan has no `sound` that says how it is mixed".to_owned())
    }

    fn check_element(&self, element: &Element, at: &str, depth: usize) -> Result<()> {
        check(depth > 0, at, || format!("more than {DEEPEST} elements inside one another"))?;
        let grades = match element {
            Element::Layer(layer) => {
                self.check_index(layer.media, || format!("{at}.media"))?;
                layer.grade.as_slice()
            }
            Element::Stack { grade, .. } => grade.as_slice(),
            Element::Mix { .. } => &[],
        };
        for grade in grades {
            let Grade { slope, offset, power, saturation, space: _ } = grade;
            let at = format!("{at}.grade");
            [slope, offset, power].into_iter().try_for_each(|values| check_finite(values, &at))?;
            check_finite(&[*saturation], &at)?;
            let possible =
                slope.iter().all(|slope| *slope >= 0.0) && power.iter().all(|power| *power > 0.0) && *saturation >= 0.0;
            check(possible, &at, || "a slope or saturation below 0, or a power of 0 or less".to_owned())?;
        }
        if let Some(look) = element.look() {
            check_look(look, &format!("{at}.look"))?;
        }
        if let Element::Mix { weight, style, .. } = element {
            if let Weight::Ramp { start: _, length } = weight {
                check(*length >= 0, &format!("{at}.weight"), || format!("negative length: {length}"))?;
            }
            if let MixStyle::Dip { color } = style {
                check_finite(color, &format!("{at}.style.color"))?;
            }
        }
        element.children().try_for_each(|(key, child)| self.check_element(child, &format!("{at}.{key}"), depth - 1))
    }

    fn check_sound(&self, clip: &SoundClip, at: &str) -> Result<()> {
        let SoundClip { media, range, gains, pan, pan_keys, output, stem, .. } = clip;
        self.check_index(*media, || format!("{at}.media"))?;
        check(range.duration >= Time::ZERO, &format!("{at}.range"), || "negative duration".to_owned())?;
        check(pan.abs() <= 1.0, &format!("{at}.pan"), || format!("expected -1 to 1; found {pan}"))?;
        check_finite(&pan_keys.iter().map(|(_, pan)| *pan).collect::<Vec<_>>(), &format!("{at}.pan_keys"))?;
        let in_order = pan_keys.is_sorted_by_key(|(time, _)| *time);
        check(in_order, &format!("{at}.pan_keys"), || "key frames out of order".to_owned())?;
        check(output.is_none_or(|output| (1..=MOST_OUTPUTS).contains(&output)), &format!("{at}.output"), || {
            format!("expected a channel of the mix from 1 to {MOST_OUTPUTS}; found {}", output.unwrap_or(0))
        })?;
        let stems = self.sound.as_ref().map_or(0, |sound| sound.stems.len());
        check(*stem < stems.max(1), &format!("{at}.stem"), || {
            format!("{stem} is out of range; the plan has {stems} stems")
        })?;
        for (index, gain) in gains.iter().enumerate() {
            let at = format!("{at}.gains[{index}]");
            match gain {
                Gain::Constant(factor) => check_finite(&[*factor], &at)?,
                Gain::Decibels(keys) | Gain::Factors(keys) => {
                    keys.iter().try_for_each(|(_, value)| check_finite(&[*value], &at))?;
                    check(keys.is_sorted_by_key(|(time, _)| *time), &at, || "key frames out of order".to_owned())?;
                }
                Gain::FadeIn { .. } | Gain::FadeOut { .. } => {}
            }
        }
        Ok(())
    }

    fn check_index(&self, media: MediaId, at: impl Fn() -> String) -> Result<()> {
        let (media, count) = (media.index(), self.media.len());
        if media < count {
            return Ok(());
        }
        Err(wrong(&at(), &format!("{media} is out of range; the plan has {count} media")))
    }
}

fn check_media(media: &Media, at: &str) -> Result<()> {
    let Media { source, rate: _, frames, size, pixel_aspect, bounds, .. } = media;
    if let MediaSource::Sequence { step, .. } = source {
        check(*step != 0, &format!("{at}.source.step"), || "expected a step other than 0".to_owned())?;
    }
    let frames = frames.unwrap_or(0);
    check(frames >= 0, &format!("{at}.frames"), || format!("negative: {frames}"))?;
    let size = size.is_none_or(|(width, height)| width > 0 && height > 0);
    check(size, &format!("{at}.size"), || "expected sides of at least 1 pixel".to_owned())?;
    let aspect = pixel_aspect.is_none_or(|aspect| aspect > Ratio::ZERO);
    check(aspect, &format!("{at}.pixel_aspect"), || "expected a positive ratio".to_owned())?;
    bounds.as_ref().map_or(Ok(()), |bounds| check_finite(bounds, &format!("{at}.bounds")))
}

fn check_look(look: &Look, at: &str) -> Result<()> {
    let Look { opacity, fade, clock: _, blend: _, placement: _, crop, transform } = look;
    check_animated(opacity, &format!("{at}.opacity"))?;
    check_animated(fade, &format!("{at}.fade"))?;
    if let Some(crop) = crop {
        let Crop { left, right, top, bottom } = crop.as_ref();
        let mut sides = [left, right, top, bottom].into_iter();
        sides.try_for_each(|side| check_animated(side, &format!("{at}.crop")))?;
    }
    if let Some(transform) = transform {
        let Transform { unit: _, zoom, position, anchor, rotation, flip: _ } = transform.as_ref();
        let mut values = zoom.iter().chain(position).chain(anchor).chain([rotation]);
        values.try_for_each(|value| check_animated(value, &format!("{at}.transform")))?;
    }
    Ok(())
}

fn check_animated(value: &Animated, at: &str) -> Result<()> {
    match value {
        Animated::Constant(value) => check_finite(&[*value], at),
        Animated::Keys(keys) => {
            check(!keys.is_empty(), at, || "no key frames".to_owned())?;
            keys.iter().try_for_each(|(frame, value)| check_finite(&[*frame, *value], at))?;
            let sorted = keys.is_sorted_by(|(before, _), (after, _)| before <= after);
            check(sorted, at, || "key frames out of order".to_owned())
        }
    }
}

fn check_finite(values: &[f64], at: &str) -> Result<()> {
    check(values.iter().all(|value| value.is_finite()), at, || format!("expected finite numbers; found {values:?}"))
}

fn check(holds: bool, at: &str, message: impl FnOnce() -> String) -> Result<()> {
    if holds { Ok(()) } else { Err(wrong(at, &message())) }
}

fn wrong(at: &str, message: &str) -> Error {
    Error::new(ErrorKind::Plan, format!("invalid plan: {at}: {message}")).at_object(at)
}
