//! A fingerprint of everything a shot's file depends on.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use serde::Serialize;

use super::{Preset, Representation};
use crate::digest::{bytes, digest};
use crate::plan::{
    Background, Canvas, Damaged, Element, Folded, Layer, Media, MediaId, MediaSource, MissingPolicy, OverrunPolicy,
    Pitch, Placement, Plan, Retime, Shot, Sound, SoundClip, SoundLayout, Span,
};
use crate::time::{Rate, Time};

/// Raised when the same plan would give other pixels.
const FORMAT: u32 = 3;

/// What the pixels and the file of a shot depend on.
#[derive(Debug, Serialize)]
struct Ingredients<'a> {
    format: u32,
    backend: &'a str,
    preset: &'a Preset,
    /// With what only their burn-ins depend on: the timeline's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    representations: Option<(&'a [Representation], &'a str)>,
    canvas: Canvas,
    rate: Rate,
    start: i64,
    drop_frame: bool,
    placement: Placement,
    background: Background,
    overrun: OverrunPolicy,
    damaged: Damaged,
    media_missing: MissingPolicy,
    retime: Retime,
    shot: Shot,
    /// How the sound is mixed, where any is delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    sound: Option<MixInput>,
    media: Vec<(&'a Media, Option<Stamp>)>,
    /// What the others are laid out around.
    ruler: Option<(&'a Media, Option<Stamp>)>,
}

/// What the samples of the mix depend on beside the clips in it.
#[derive(Debug, Serialize)]
struct MixInput {
    rate: u32,
    layout: SoundLayout,
    pitch: Pitch,
    limit: Option<f64>,
    #[serde(skip_serializing_if = "is_zero")]
    gain: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    loudness: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stems: Vec<String>,
    origin: Time,
}

fn mix_of(sound: &Sound) -> MixInput {
    // Whoever is heard is told apart.
    let Sound { rate, layout, pitch, limit, gain, loudness, stems, origin, clips: _ } = sound;
    MixInput {
        rate: *rate,
        layout: *layout,
        pitch: *pitch,
        limit: *limit,
        gain: *gain,
        loudness: *loudness,
        stems: stems.clone(),
        origin: *origin,
    }
}

/// What the mix of a whole cut depends on.
#[cfg(feature = "ffmpeg")]
#[derive(Debug, Serialize)]
struct WholeMix<'a> {
    format: u32,
    mix: MixInput,
    clips: Vec<SoundClip>,
    rate: Rate,
    start: i64,
    duration: i64,
    drop_frame: bool,
    overrun: OverrunPolicy,
    damaged: Damaged,
    media_missing: MissingPolicy,
    media: Vec<(&'a Media, Option<Stamp>)>,
}

/// The fingerprint of the mix of the whole cut of `plan`, as that of a shot: 32 hexadecimal digits.
#[cfg(feature = "ffmpeg")]
pub(crate) fn mix_fingerprint(plan: &Plan) -> String {
    let mut used = Vec::new();
    let clips = plan.sound.iter().flat_map(|sound| &sound.clips).map(|clip| own_sound(clip, &mut used)).collect();
    let ingredients = plan.sound.as_ref().map(|sound| WholeMix {
        format: FORMAT,
        mix: mix_of(sound),
        clips,
        rate: plan.rate,
        start: plan.global_start,
        duration: plan.duration,
        drop_frame: plan.drop_frame,
        overrun: plan.overrun,
        damaged: plan.damaged,
        media_missing: plan.media_missing,
        media: used.iter().map(|used| (&plan.media[used.media], stamp(plan, used))).collect(),
    });
    digest(bytes(&ingredients), 32)
}

fn is_zero(gain: &f64) -> bool {
    *gain == 0.0
}

/// What tells that files are still the same, without reading them.
#[derive(Debug, Default, Serialize)]
struct Stamp {
    files: u64,
    bytes: u64,
    /// When the youngest was changed, in milliseconds.
    modified: u128,
    /// The checksums of those that lie in an archive, which knows them.
    #[serde(skip_serializing_if = "Option::is_none")]
    checksums: Option<u64>,
}

/// The source frames that a shot uses of a medium: the lowest and the highest index.
struct UsedFrames {
    media: MediaId,
    low: i64,
    high: i64,
}

/// The fingerprint of `shot`: 32 hexadecimal digits that change when its plan, its media, its canvas or its preset do.
/// The same goes for what else is made of it; what lies elsewhere in the timeline does not count.
///
/// Files are looked at where `opened` has them: the same plan on a machine that has its media elsewhere.
///
/// Every struct is taken apart by name and without `..`: whoever adds a field has to decide here whether it counts.
pub(crate) fn fingerprint(
    backend: &str,
    (plan, opened): (&Plan, &Plan),
    shot: &Shot,
    canvas: Canvas,
    (preset, representations): (&Preset, &[Representation]),
) -> String {
    let Plan {
        name,
        rate,
        global_start,
        drop_frame,
        placement,
        background,
        overrun,
        damaged,
        media_missing,
        retime,
        media,
        sound,
        // What of colours concerns the shot, the backend says.
        color: _,
        // They made the shot or the canvas what it is, or are about the rest of the cut.
        version: _,
        timeline: _,
        duration: _,
        hero_track: _,
        canvas: _,
        canvas_media: _,
        format_media: _,
        other_media: _,
        shots: _,
        warnings: _,
    } = plan;
    let is_heard = preset.delivers_sound() || representations.iter().any(Representation::has_sound);
    let sound = sound.as_ref().filter(|_| is_heard);
    let mut used = Vec::new();
    let mut own = own_shot(shot, sound.is_some(), &mut used);
    own.fields.retain(|name, _| representations.iter().any(|representation| representation.says_field(name)));
    let bounded = used.iter().any(|used| media[used.media].bounds.is_some());
    let ruler = plan.ruler().filter(|_| bounded).map(|media| UsedFrames { media, low: 0, high: 0 });
    let ingredients = Ingredients {
        format: FORMAT,
        backend,
        preset,
        representations: (!representations.is_empty()).then_some((representations, name.as_str())),
        canvas,
        rate: *rate,
        start: *global_start,
        drop_frame: *drop_frame,
        placement: *placement,
        background: *background,
        overrun: *overrun,
        damaged: *damaged,
        media_missing: *media_missing,
        retime: *retime,
        shot: own,
        sound: sound.map(mix_of),
        media: used.iter().map(|used| (&media[used.media], stamp(opened, used))).collect(),
        ruler: ruler.map(|used| (&media[used.media], stamp(opened, &used))),
    };
    digest(bytes(&ingredients), 32)
}

/// `shot` without what says where it lies in the timeline, its media counted by their order in it and noted in `used`.
fn own_shot(shot: &Shot, is_heard: bool, used: &mut Vec<UsedFrames>) -> Shot {
    let Shot {
        name, clip, track, object: _, first_frame, frame_count, head, tail, start, spans, sound, fields, ..
    } = shot;
    // Where its files go is not what they are.
    let Shot { file: _, notes, .. } = shot;
    let spans = spans.iter().map(|span| {
        let Span { start, count, stack: _ } = span;
        let frames = *start..=start + count - 1;
        let mut stack = visible(span);
        stack.iter_mut().for_each(|element| element.for_each_layer_mut(&mut |layer| make_own(layer, &frames, used)));
        Span { start: *start, count: *count, stack }
    });
    let spans = spans.collect();
    let sound = sound.iter().filter(|_| is_heard).map(|heard| own_sound(heard, used));
    let sound = sound.collect();
    Shot {
        name: name.clone(),
        clip: clip.clone(),
        track: track.clone(),
        object: String::new(),
        first_frame: *first_frame,
        frame_count: *frame_count,
        head: *head,
        tail: *tail,
        start: *start,
        spans,
        sound,
        file: None,
        fields: fields.clone(),
        notes: notes.clone(),
    }
}

/// `clip` without what says where it lies in the timeline, its medium counted by its order and noted in `used`.
fn own_sound(clip: &SoundClip, used: &mut Vec<UsedFrames>) -> SoundClip {
    let SoundClip {
        track,
        clip,
        object: _,
        media,
        range,
        stretched_from,
        map,
        gains,
        pan,
        pan_keys,
        channels,
        output,
        stem,
        notes,
    } = clip.clone();
    let media = MediaId::by_index(own_place(media, 0, 0, used));
    let object = String::new();
    SoundClip {
        track,
        clip,
        object,
        media,
        range,
        stretched_from,
        map,
        gains,
        pan,
        pan_keys,
        channels,
        output,
        stem,
        notes,
    }
}

/// Looks at the file, or at every frame of a sequence between the first and the last that are used.
fn stamp(plan: &Plan, used: &UsedFrames) -> Option<Stamp> {
    let media = &plan.media[used.media];
    let high = used.high + i64::from(plan.retime == Retime::Blend);
    let last = media.frames.map_or(high, |frames| high.min(frames - 1));
    let indices = match media.source {
        MediaSource::Sequence { .. } => used.low.max(0)..=last,
        _ => 0..=0,
    };
    let mut stamp = Stamp::default();
    for file in indices.filter_map(|index| media.source.file(index)) {
        let Some(state) = crate::otio::bundle::state(&file) else { continue };
        stamp.files += 1;
        stamp.bytes += state.bytes;
        stamp.modified = stamp.modified.max(state.milliseconds());
        if let Some(crc) = state.crc {
            // Each by its place, so that files that changed places change it.
            stamp.checksums = Some(stamp.checksums.unwrap_or(0).wrapping_mul(0x0100_0000_01b3) ^ u64::from(crc));
        }
    }
    (stamp.files > 0).then_some(stamp)
}

/// The place of `media`, whose frames from `low` to `high` are used, among those of the shot.
fn own_place(media: MediaId, low: i64, high: i64, used: &mut Vec<UsedFrames>) -> usize {
    let place = used.iter().position(|used| used.media == media).unwrap_or_else(|| {
        used.push(UsedFrames { media, low, high });
        used.len() - 1
    });
    used[place].low = used[place].low.min(low);
    used[place].high = used[place].high.max(high);
    place
}

/// What `span` shows without the layers that never have a share of the picture.
fn visible(span: &Span) -> Vec<Element> {
    let layers = span.visible(&|_, _| false).into_iter().map(|visible| std::ptr::from_ref(visible.layer));
    let layers: HashSet<*const Layer> = layers.collect();
    span.stack.iter().filter_map(|element| visible_part(element, &layers)).collect()
}

fn visible_part(element: &Element, visible: &HashSet<*const Layer>) -> Option<Element> {
    element.fold(&mut |folded| match folded {
        Folded::Layer(layer) => {
            visible.contains(&std::ptr::from_ref(layer)).then(|| Element::Layer(Box::new(layer.clone())))
        }
        Folded::Stack { elements, look, grade } => {
            let (look, grade) = (look.clone(), grade.to_vec());
            Some(Element::Stack { elements: elements.into_iter().flatten().collect(), look, grade })
        }
        Folded::Mix { from, to, weight, style } => {
            let side = |side: Option<Option<Element>>| side.flatten().map(Box::new);
            Some(Element::Mix { from: side(from), to: side(to), weight: weight.clone(), style })
        }
    })
}

/// Takes out of `layer` what says where it lies in the timeline, and counts its medium by its order in the shot.
fn make_own(layer: &mut Layer, frames: &RangeInclusive<i64>, used: &mut Vec<UsedFrames>) {
    let Layer { track: _, clip: _, object, media, map, look: _, grade: _, color: _, notes: _ } = layer;
    let (low, high) = map.indices(frames.clone());
    *media = MediaId::by_index(own_place(*media, low, high, used));
    object.clear();
}
