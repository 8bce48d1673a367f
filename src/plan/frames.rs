//! The plan frame by frame: what is seen, with what share of the picture.

use serde::Serialize;

use super::{Element, Layer, Plan, Shot, walk};
use crate::time::Ratio;

/// One output frame, as `plan --frames` prints it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
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
#[non_exhaustive]
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
        let mut shares = all_hide(stack, record);
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
        let seen = all_hide(&span.stack, record).into_iter().filter(|(_, share)| *share > Ratio::ZERO);
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

/// The shares of the layers of `stack`, topmost first, where every medium is opaque and covers the canvas.
fn all_hide(stack: &[Element], record: i64) -> Vec<(&Layer, Ratio)> {
    walk::shares(stack, record, &|_, _| true)
}
