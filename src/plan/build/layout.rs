//! Runs of record frames and what they show.

use std::ops::Range;

use crate::look::Look;
use crate::plan::{Element, Grade, MixStyle, Weight};

/// A run of record frames that shows one element.
#[derive(Debug, Clone)]
pub(super) struct LaneSegment {
    pub(super) frames: Range<i64>,
    pub(super) element: Element,
}

/// Segments in record order that do not overlap; between them there is nothing.
pub(super) type Lane = Vec<LaneSegment>;

/// Ranges in order, those that touch joined, those that are empty left out.
pub(super) fn join(ranges: impl Iterator<Item = Range<i64>>) -> Vec<Range<i64>> {
    let mut joined: Vec<Range<i64>> = Vec::new();
    for range in ranges.filter(|range| !range.is_empty()) {
        match joined.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => joined.push(range),
        }
    }
    joined
}

/// What both ranges share; empty when they share nothing.
pub(super) fn intersect(a: &Range<i64>, b: &Range<i64>) -> Range<i64> {
    let start = a.start.max(b.start);
    start..a.end.min(b.end).max(start)
}

/// `window`, cut at every edge of `ranges` that lies inside it.
pub(super) fn pieces<'r>(window: &Range<i64>, ranges: impl Iterator<Item = &'r Range<i64>>) -> Vec<Range<i64>> {
    if window.is_empty() {
        return Vec::new();
    }
    let mut edges: Vec<i64> = ranges
        .flat_map(|range| [range.start, range.end])
        .filter(|edge| window.contains(edge))
        .chain([window.start, window.end])
        .collect();
    edges.sort_unstable();
    edges.dedup();
    edges.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// What each lane shows at `frame`, bottom to top. Stacks are laid open: laying over one another is associative.
pub(super) fn on_screen(lanes: &[Lane], frame: i64) -> Vec<Element> {
    let mut elements = Vec::with_capacity(lanes.len());
    for segment in lanes.iter().filter_map(|lane| segment_at(lane, frame)) {
        match &segment.element {
            Element::Stack { elements: inner, look, grade }
                if look.is_plain() && grade.is_empty() && !inner.iter().any(Element::blends) =>
            {
                elements.extend(inner.iter().cloned())
            }
            element => elements.push(element.clone()),
        }
    }
    elements
}

/// Makes what a segment shows one picture: blend modes inside see nothing outside, and it gets a look and colour decisions of
/// its own.
pub(super) fn isolate(segment: &mut LaneSegment, look: &Look, grade: &[Grade]) {
    let elements = match &mut segment.element {
        Element::Stack { elements, look, grade } if look.is_plain() && grade.is_empty() => std::mem::take(elements),
        element => vec![std::mem::replace(element, plain_stack(Vec::new()))],
    };
    segment.element = Element::Stack { elements, look: look.clone(), grade: grade.to_vec() };
}

/// Elements over one another, as they are.
pub(super) fn plain_stack(elements: Vec<Element>) -> Element {
    Element::Stack { elements, look: Look::default(), grade: Vec::new() }
}

fn segment_at(lane: &Lane, frame: i64) -> Option<&LaneSegment> {
    let after = lane.partition_point(|segment| segment.frames.start <= frame);
    lane[..after].last().filter(|segment| segment.frames.contains(&frame))
}

/// `from` dissolving to `to` over the record frames `window`.
pub(super) fn mix(from: &Lane, to: &Lane, weight: &Weight, style: MixStyle, window: &Range<i64>) -> Lane {
    let edges = from.iter().chain(to).map(|segment| &segment.frames);
    let mut mixed = Lane::new();
    for frames in pieces(window, edges) {
        let side = |lane| segment_at(lane, frames.start).map(|segment| Box::new(segment.element.clone()));
        let (from, to) = (side(from), side(to));
        if from.is_some() || to.is_some() {
            mixed.push(LaneSegment { frames, element: Element::Mix { from, to, weight: weight.clone(), style } });
        }
    }
    mixed
}

/// Joins segments that follow on one another and show the same (R15).
pub(super) fn merge(lane: Lane) -> Lane {
    let mut merged = Lane::with_capacity(lane.len());
    for segment in lane {
        match merged.last_mut() {
            Some(last) if last.frames.end == segment.frames.start && last.element == segment.element => {
                last.frames.end = segment.frames.end;
            }
            _ => merged.push(segment),
        }
    }
    merged
}
