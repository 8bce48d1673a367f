//! The plan frame by frame: what is seen, with what share of the picture.

use serde::Serialize;

use super::{Element, Layer, Plan, Shot};
use crate::time::Ratio;

/// One output frame, as `plan --frames` prints it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FrameRow<'a> {
    /// The shot's name.
    pub shot: &'a str,
    /// The frame's number in the shot's file.
    pub frame: i64,
    /// The record frame, counted on from the timeline's global start.
    pub record: i64,
    /// What is seen, bottom to top. Layers with no share of the picture do not appear.
    pub layers: Vec<FrameLayer<'a>>,
}

/// One layer of one output frame.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FrameLayer<'a> {
    /// The track's name.
    pub track: &'a str,
    /// The clip's name.
    pub clip: &'a str,
    /// The media's absolute path; a sequence's is a pattern.
    pub media: String,
    /// The frame's index in a movie, or its number in a sequence.
    pub source: i64,
    /// The layer's share of the picture where every medium is taken as opaque and covering the canvas.
    pub weight: f64,
}

impl Plan {
    /// Every output frame of `shot`, in order.
    pub fn frames<'a>(&'a self, shot: &'a Shot) -> impl Iterator<Item = FrameRow<'a>> {
        let frames = shot.spans.iter().flat_map(|span| (span.start..span.start + span.count).map(move |n| (span, n)));
        frames.enumerate().map(move |(place, (span, record))| FrameRow {
            shot: &shot.name,
            frame: shot.first_frame + i64::try_from(place).unwrap_or(i64::MAX),
            record: self.global_start + record,
            layers: self.visible(&span.stack, record),
        })
    }

    /// The layers of `stack` that have a share at record frame `record`, bottom to top.
    fn visible<'a>(&'a self, stack: &'a [Element], record: i64) -> Vec<FrameLayer<'a>> {
        let mut shares = Vec::new();
        stack_shares(stack, record, Ratio::ONE, &mut shares);
        // Top to bottom so far, a mix's outgoing side behind its incoming one.
        shares.reverse();
        let seen = shares.into_iter().filter(|(_, share)| *share > Ratio::ZERO);
        let mut layers = Vec::new();
        for (layer, share) in seen {
            let Some((first, second)) = self.source_blend(layer, record) else { continue };
            let weight = second.map_or(Ratio::ZERO, |(_, weight)| weight);
            layers.push(self.frame_layer(layer, first, share * (Ratio::ONE - weight)));
            layers.extend(second.map(|(index, weight)| self.frame_layer(layer, index, share * weight)));
        }
        layers
    }

    /// The topmost layer of `shot` that has a share at record frame `record`, and the index of the source frame it shows.
    #[cfg(feature = "ffmpeg")]
    pub(crate) fn topmost<'a>(&self, shot: &'a Shot, record: i64) -> Option<(&'a Layer, i64)> {
        let span = shot.spans.iter().find(|span| (span.start..span.start + span.count).contains(&record))?;
        let mut shares = Vec::new();
        stack_shares(&span.stack, record, Ratio::ONE, &mut shares);
        let seen = shares.into_iter().filter(|(_, share)| *share > Ratio::ZERO);
        seen.map(|(layer, _)| layer).find_map(|layer| Some((layer, self.source_index(layer, record)?)))
    }

    fn frame_layer<'a>(&'a self, layer: &'a Layer, index: i64, share: Ratio) -> FrameLayer<'a> {
        let source = &self.media[layer.media].source;
        FrameLayer {
            track: &layer.track,
            clip: &layer.clip,
            media: source.display(),
            source: source.number(index),
            weight: share.to_f64(),
        }
    }
}

/// Adds the shares of `stack`'s layers, topmost first, given that `open` of the picture is left to them; returns
/// what shows through.
fn stack_shares<'a>(stack: &'a [Element], record: i64, mut open: Ratio, shares: &mut Vec<(&'a Layer, Ratio)>) -> Ratio {
    for element in stack.iter().rev() {
        if open <= Ratio::ZERO {
            break;
        }
        open = element_shares(element, record, open, shares);
    }
    open
}

fn element_shares<'a>(element: &'a Element, record: i64, open: Ratio, shares: &mut Vec<(&'a Layer, Ratio)>) -> Ratio {
    match element {
        Element::Layer(layer) => {
            let opacity = layer.look.opacity_at(record);
            shares.push((layer, open * opacity));
            // A blended layer takes nothing away from what it is blended with.
            if layer.look.blend.is_normal() { open * (Ratio::ONE - opacity) } else { open }
        }
        Element::Stack { elements, look } => {
            let opacity = look.opacity_at(record);
            let through = stack_shares(elements, record, open * opacity, shares);
            if look.blend.is_normal() { through + open * (Ratio::ONE - opacity) } else { open }
        }
        Element::Mix { from, to, weight, style } => {
            let (outgoing, incoming) = style.shares(weight.at(record));
            let mut side = |side: &'a Option<Box<Element>>, part: Ratio| match side {
                Some(element) => element_shares(element, record, part, shares),
                None => part,
            };
            let through_to = side(to, open * incoming);
            let through_from = side(from, open * outgoing);
            through_to + through_from
        }
    }
}
