//! From lanes to the spans of shots. (R10, R15)

use std::ops::Range;

use super::context::Builder;
use super::layout::{Lane, on_screen, pieces};
use crate::error::Result;
use crate::plan::walk::Visible;
use crate::plan::{Element, Span};
use crate::timeline::ROOT;

impl Builder<'_> {
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
