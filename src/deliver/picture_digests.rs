//! Digests of what each frame of a shot shows: whether pictures that were delivered before are those of another shot.

use std::collections::HashMap;
use std::path::Path;

use serde::Serialize;

use super::Preset;
use crate::digest::{bytes, digest};
use crate::plan::{
    Animated, Background, Canvas, Crop, Damaged, Element, Layer, Look, Media, MediaSource, MissingPolicy,
    OverrunPolicy, Placement, Plan, Retime, Shot, Transform,
};
use crate::report::Pictures;
use crate::time::{Rate, Ratio};

/// Raised when the same plan would give other pixels.
const FORMAT: u32 = 1;

/// What all pictures of a shot depend on.
#[derive(Debug, Serialize)]
struct MadeAs<'a> {
    format: u32,
    maker: &'a str,
    preset: Preset,
    canvas: Canvas,
    rate: Rate,
    placement: Placement,
    background: Background,
    overrun: OverrunPolicy,
    damaged: Damaged,
    media_missing: MissingPolicy,
    retime: Retime,
    /// What media with bounds are laid out around, and what tells that it is the same.
    ruler: Option<(&'a Media, Option<(u64, u128)>)>,
}

/// A layer at one frame.
#[derive(Serialize)]
struct LayerAt<'a> {
    /// Digest of its medium, and of its file.
    media: &'a str,
    /// Where in it the layer is, in media frames; before and after the policy for frames that are not there.
    position: (Ratio, Option<Ratio>),
    /// The frames that are blended, where they are.
    blend: Option<(i64, Option<(i64, Ratio)>)>,
    /// What tells that their files are the same, where each frame is one.
    files: Vec<(u64, u128)>,
    look: Look,
    /// Whether the look is plain in every frame: how pictures are worked with is chosen for all frames of a span.
    is_plain: bool,
    grade: &'a [crate::plan::Grade],
    color: &'a [crate::plan::ColorNote],
}

/// The digests of `shot`, to be made by `maker` on `canvas` and written as `preset` says. Two frames of any shots have equal
/// digests only if they have the same picture, wherever in a cut they lie. Files are looked at where `opened` has them: the
/// same plan on a machine that has its media elsewhere.
pub(crate) fn pictures(
    maker: &str,
    (plan, opened): (&Plan, &Plan),
    shot: &Shot,
    canvas: Canvas,
    preset: &Preset,
) -> Pictures {
    let mut bounded = false;
    for element in shot.spans.iter().flat_map(|span| &span.stack) {
        element.for_each_layer(&mut |layer| bounded |= plan.media[layer.media].bounds.is_some());
    }
    let made_as = MadeAs {
        format: FORMAT,
        maker,
        // Where sound goes changes no picture.
        preset: Preset { audio: None, wav: false, ..preset.clone() },
        canvas,
        rate: plan.rate,
        placement: plan.placement,
        background: plan.background,
        overrun: plan.overrun,
        damaged: plan.damaged,
        media_missing: plan.media_missing,
        retime: plan.retime,
        ruler: plan.ruler().filter(|_| bounded).map(|media| {
            let file = opened.media.get(media.index()).and_then(|media| media.source.file(0));
            (&plan.media[media], file.and_then(|file| state(&file)))
        }),
    };
    let frames = picture_frames((plan, opened), shot);
    Pictures { made_as: digest(bytes(&made_as), 32), frames, modified: (u64::MAX, 0) }
}

/// Digest of what the pictures of a representation depend on beside those of its shot: what `maker` makes as `made_as` says.
pub(crate) fn represented_as(maker: &str, made_as: &str) -> String {
    digest(format!("{FORMAT}\n{maker}\n{made_as}"), 32)
}

/// Frames of a plan of which it is written down what each shows, at most: two days of film. Each takes 12 bytes, and one object
/// of a timeline may last for ages.
pub(crate) const MOST_DIGESTS: i64 = 4_000_000;

/// Digests of what each frame of `shot` shows, as [`Pictures::frames`], whatever it is made as; files are looked at where
/// `opened` has them.
pub(super) fn picture_frames((plan, opened): (&Plan, &Plan), shot: &Shot) -> String {
    let mut digests = Digests { plan, opened, media: HashMap::new(), text: Vec::new() };
    let mut frames = String::new();
    for span in &shot.spans {
        for record in span.start..span.start + span.count {
            digests.text.clear();
            span.stack.iter().for_each(|element| digests.element(element, record));
            frames += &digest(&digests.text, Pictures::DIGITS);
        }
    }
    frames
}

struct Digests<'p> {
    plan: &'p Plan,
    opened: &'p Plan,
    /// Digests of media by their index.
    media: HashMap<usize, String>,
    /// What is known of the frame so far.
    text: Vec<u8>,
}

impl Digests<'_> {
    fn add(&mut self, value: &impl Serialize) {
        serde_json::to_writer(&mut self.text, value).expect("plain data with text for keys always serialises");
        self.text.push(b'\n');
    }

    fn element(&mut self, element: &Element, record: i64) {
        match element {
            Element::Layer(layer) => self.layer(layer, record),
            Element::Mix { from, to, weight, style } => {
                self.add(&("mix", weight.at(record), style, from.is_some(), to.is_some()));
                from.iter().chain(to).for_each(|side| self.element(side, record));
            }
            Element::Stack { elements, look, grade } => {
                self.add(&("stack", look_at(look, record), look.is_plain(), grade, elements.len()));
                elements.iter().for_each(|element| self.element(element, record));
            }
        }
    }

    fn layer(&mut self, layer: &Layer, record: i64) {
        // Where it lies in the timeline, and what was said of it, changes no picture.
        let Layer { track: _, clip: _, object: _, media, map, look, grade, color, notes: _ } = layer;
        let plan = self.plan;
        let (medium, opened) = (&plan.media[*media], &self.opened.media[*media].source);
        let blend = plan.source_blend(layer, record);
        let shown = blend.iter().flat_map(|(first, second)| [Some(*first), second.map(|(second, _)| second)]).flatten();
        let files = match medium.source {
            MediaSource::Sequence { .. } => shown.filter_map(|index| state(&opened.file(index)?)).collect(),
            _ => Vec::new(),
        };
        let digest = self.media.entry(media.index()).or_insert_with(|| of_medium(medium, opened)).clone();
        self.add(&LayerAt {
            media: &digest,
            position: (map.position(record), plan.source_position(layer, record)),
            blend: blend.filter(|_| plan.retime == Retime::Blend),
            files,
            look: look_at(look, record),
            is_plain: look.is_plain(),
            grade,
            color,
        });
    }
}

/// Digest of a medium and, where it is one file, of what tells that it is the same.
fn of_medium(media: &Media, opened: &MediaSource) -> String {
    let file = match opened {
        MediaSource::File { path } => state(path),
        _ => None,
    };
    let mut text = bytes(media);
    text.extend(format!("{file:?}").bytes());
    digest(text, 32)
}

/// Bytes of a file and when it was changed, in milliseconds; in an archive, its checksum.
fn state(path: &Path) -> Option<(u64, u128)> {
    let state = crate::otio::bundle::state(path)?;
    Some((state.bytes, state.crc.map_or_else(|| state.milliseconds(), u128::from)))
}

/// What `look` is at record frame `record`.
fn look_at(look: &Look, record: i64) -> Look {
    let Look { opacity, fade, clock: _, blend, placement, crop, transform } = look;
    let frame = look.frame(record);
    let at = |value: &Animated| Animated::Constant(value.at(frame));
    let both = |[x, y]: &[Animated; 2]| [at(x), at(y)];
    Look {
        opacity: at(opacity),
        fade: at(fade),
        clock: None,
        blend: *blend,
        placement: *placement,
        crop: crop.as_ref().map(|crop| {
            let Crop { left, right, top, bottom } = &**crop;
            Box::new(Crop { left: at(left), right: at(right), top: at(top), bottom: at(bottom) })
        }),
        transform: transform.as_ref().map(|transform| {
            let Transform { unit, zoom, position, anchor, rotation, flip } = &**transform;
            Box::new(Transform {
                unit: *unit,
                zoom: both(zoom),
                position: both(position),
                anchor: both(anchor),
                rotation: at(rotation),
                flip: *flip,
            })
        }),
    }
}
