//! Tracks whose record start was written as a negative trim. (R3, R11)
//!
//! Readers of EDLs, CMX 3600's above all, write `source_range.start_time = −(record in)` with the length of the children. Such
//! a trim ends before the first child: taken as a trim, it would show nothing.

use crate::timeline::{Child, Composition, ROOT, RationalTime, RawTimeRange, Timeline, child_path};

/// A thousandth of a frame: what doubles may be off.
const TOLERANCE: f64 = 0.001;

/// `timeline` with its record starts laid out: every such track gets a trim that places its children where the cut (or the
/// nest) has them, counted from the earliest start, which becomes the global start where there is none. With it, what is
/// to be said of each track by its path. `None` where there is no such track.
pub(crate) fn laid_out(timeline: &Timeline) -> Option<(Timeline, Vec<(String, String)>)> {
    if !has_any(&timeline.tracks) {
        return None;
    }
    let mut timeline = timeline.clone();
    let mut said = Vec::new();
    let global = timeline.global_start_time;
    if let Some(first) = lay_out(&mut timeline.tracks, ROOT, global, &mut said) {
        timeline.global_start_time = global.or(Some(first));
    }
    Some((timeline, said))
}

fn has_any(composition: &Composition) -> bool {
    compositions(composition).any(|inner| record_start(inner).is_some() || has_any(inner))
}

fn compositions(composition: &Composition) -> impl Iterator<Item = &Composition> {
    composition.children.iter().filter_map(|child| match child {
        Child::Composition(inner) => Some(inner.as_ref()),
        _ => None,
    })
}

/// The record time of the first child of `track`, where its trim says one: it starts before the first child, and ends
/// before it or is exactly as long as all children are.
fn record_start(track: &Composition) -> Option<(RationalTime, RawTimeRange)> {
    let range = track.item.source_range?;
    let RawTimeRange { start_time: start, duration } = range;
    if !track.is_track() || track.children.is_empty() || start.value >= 0.0 || duration.value <= 0.0 {
        return None;
    }
    let ends_before = start.value + duration.value_at(start.rate) <= TOLERANCE;
    let is_whole = || {
        let whole = track.children_duration().ok()?;
        Some(duration.time().ok()? == whole)
    };
    (ends_before || is_whole() == Some(true)).then(|| (RationalTime { value: -start.value, ..start }, range))
}

fn seconds(time: RationalTime) -> f64 {
    time.value / time.rate.written()
}

/// Lays out the tracks in `composition`, and in what is nested there; returns the record time of its first frame.
fn lay_out(
    composition: &mut Composition,
    path: &str,
    global: Option<RationalTime>,
    said: &mut Vec<(String, String)>,
) -> Option<RationalTime> {
    let is_track = composition.is_track();
    let starts = compositions(composition).filter_map(record_start).map(|(start, _)| start);
    let first = starts.min_by(|a, b| seconds(*a).total_cmp(&seconds(*b)));
    // A trim of the stack that lies among record times counts in them, too.
    let trim = composition.item.source_range.map(|range| range.start_time).filter(|_| !is_track);
    let counts_in_record = first
        .zip(trim)
        .is_some_and(|(first, trim)| seconds(trim) >= seconds(first) - TOLERANCE && seconds(first) > 0.0);
    let zero = |like: RationalTime| RationalTime { value: 0.0, ..like };
    let base = first.map(|first| match global {
        _ if counts_in_record => zero(first),
        Some(global) if seconds(global) <= seconds(first) => global,
        _ => first,
    });
    for (index, child) in composition.children.iter_mut().enumerate() {
        let Child::Composition(inner) = child else { continue };
        let path = child_path(path, index);
        if let Some((start, range)) = record_start(inner) {
            // What lies in a track starts where the track has it.
            let base = if is_track { start } else { base.unwrap_or(start) };
            let gap = start.value - base.value_at(start.rate);
            let gap = if gap.abs() < TOLERANCE { 0.0 } else { gap };
            let in_front = RationalTime { value: gap, ..start };
            let duration = range.duration.value + in_front.value_at(range.duration.rate);
            inner.item.source_range = Some(RawTimeRange {
                start_time: RationalTime { value: -gap, ..start },
                duration: RationalTime { value: duration, ..range.duration },
            });
            let message =
                format!("its source_range ends before its first child: it starts at record frame {}", start.value);
            said.push((path.clone(), message));
        }
        lay_out(inner, &path, None, said);
    }
    let first = first?;
    match trim {
        Some(trim) if counts_in_record => Some(trim),
        Some(trim) => Some(RationalTime { value: first.value + trim.value_at(first.rate), ..first }),
        None => Some(first),
    }
}
