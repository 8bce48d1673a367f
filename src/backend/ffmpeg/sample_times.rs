//! QuickTime and MP4 (ISO/IEC 14496-12): whether the lists of times agree with one another. FFmpeg takes them as they are.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::Path;

use crate::otio::MediaFile;

/// Boxes of one level that are looked at.
const BOXES: usize = 10_000;
/// Samples that are looked at.
const SAMPLES: usize = 1 << 22;
/// Pictures that a copy, which ends in the order of decoding, may have behind one that it lacks.
const BEHIND: usize = 4;

/// What the lists say about the times of pictures.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SampleTimes {
    /// Nothing speaks against them, or nothing can be told.
    Plausible,
    /// From the first of these times to the last, in ticks after the first sample's, other pictures may be shown.
    Misplaced(i64, i64),
    /// It is not known which picture is shown when.
    Contradictory,
}

/// Looks at the times of the track with this number; `count`: the samples that FFmpeg knows of.
///
/// Where pictures are decoded at a constant rate, they are shown at one, too, in another order: a place of that grid that is
/// empty, or that two share, is damage.
pub(super) fn look(path: &Path, track: i32, count: usize) -> SampleTimes {
    let Some((decoded, offsets)) = MediaFile::open(path).ok().and_then(|media| Boxes(media).times_of(track)) else {
        return SampleTimes::Plausible;
    };
    match judged(&decoded, &offsets) {
        // A list for more samples than there are.
        _ if offsets.len() > decoded.len() => SampleTimes::Contradictory,
        // An edit list leaves samples out, or one of the lists is of another length: which samples are meant is not known.
        SampleTimes::Misplaced(..) if decoded.len() != count || offsets.len() != count => SampleTimes::Contradictory,
        judged => judged,
    }
}

/// A file of boxes.
struct Boxes(MediaFile);

impl Boxes {
    fn bytes(&mut self, range: &Range<u64>, most: u64) -> Option<Vec<u8>> {
        let length = range.end.checked_sub(range.start)?.min(most);
        let mut data = Vec::new();
        self.0.seek(SeekFrom::Start(range.start)).ok()?;
        (&mut self.0).take(length).read_to_end(&mut data).ok()?;
        Some(data)
    }

    /// The contents of boxes of a kind among those in `range`.
    fn find(&mut self, kind: [u8; 4], range: &Range<u64>) -> Vec<Range<u64>> {
        let (mut place, mut found) = (range.start, Vec::new());
        for _ in 0..BOXES {
            let Some(head) = self.bytes(&(place..range.end), 16).filter(|head| head.len() >= 8) else { break };
            let (mut length, mut header) = (u64::from(number(&head, 0)), 8);
            if length == 1 && head.len() == 16 {
                (length, header) = (u64::from(number(&head, 8)) << 32 | u64::from(number(&head, 12)), 16);
            }
            let end = if length == 0 { range.end } else { place.saturating_add(length) };
            if end > range.end || end < place + header {
                break;
            }
            if head[4..8] == kind {
                found.push(place + header..end);
            }
            place = end;
        }
        found
    }

    fn inside(&mut self, kinds: &[&[u8; 4]], range: &Range<u64>) -> Option<Range<u64>> {
        kinds.iter().try_fold(range.clone(), |range, kind| self.find(**kind, &range).into_iter().next())
    }

    /// When each sample of a track is decoded, and how much later it is shown.
    fn times_of(&mut self, track: i32) -> Option<(Vec<i64>, Vec<i64>)> {
        let file = 0..self.0.length();
        let movie = self.inside(&[b"moov"], &file)?;
        for own in self.find(*b"trak", &movie) {
            let Some(header) = self.inside(&[b"tkhd"], &own).and_then(|range| self.bytes(&range, 32)) else { continue };
            let place = if header.first() == Some(&1) { 20 } else { 12 };
            if header.len() < place + 4 || i64::from(number(&header, place)) != i64::from(track) {
                continue;
            }
            let table = self.inside(&[b"mdia", b"minf", b"stbl"], &own)?;
            // Without a list of offsets, pictures are shown as they are decoded.
            let offsets = self.inside(&[b"ctts"], &table)?;
            let steps = self.inside(&[b"stts"], &table)?;
            let steps = self.runs(&steps, SAMPLES)?;
            if steps.len() >= SAMPLES {
                return None;
            }
            let offsets = self.runs(&offsets, steps.len() + 1)?;
            let mut decoded = Vec::with_capacity(steps.len());
            let mut time = 0i64;
            for step in steps {
                decoded.push(time);
                time = time.checked_add(i64::from(step))?;
            }
            let offsets = offsets.into_iter().map(|offset| i64::from(offset.cast_signed())).collect();
            return Some((decoded, offsets));
        }
        None
    }

    /// A list of values, each with how often it is repeated, so many values at most.
    fn runs(&mut self, range: &Range<u64>, most: usize) -> Option<Vec<u32>> {
        let data = self.bytes(range, SAMPLES as u64 * 8)?;
        let count = (data.len() >= 8).then(|| number(&data, 4) as usize)?;
        let mut values = Vec::new();
        for entry in data[8..].chunks_exact(8).take(count) {
            let length = values.len().saturating_add(number(entry, 0) as usize).min(most);
            values.resize(length, number(entry, 4));
        }
        Some(values)
    }
}

fn number(data: &[u8], place: usize) -> u32 {
    data[place..place + 4].iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

/// What is to be thought of the times of samples that are decoded at `decoded` and shown by `offsets` later.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "ticks and counts are far below 2⁵³")]
fn judged(decoded: &[i64], offsets: &[i64]) -> SampleTimes {
    let count = decoded.len();
    let offsets = || offsets.iter().copied().chain(std::iter::repeat(0));
    let (Some(first), Some(last)) = (decoded.first(), decoded.last()) else { return SampleTimes::Plausible };
    if count < 3 || last <= first {
        return SampleTimes::Plausible;
    }
    let step = (last - first) as f64 / (count - 1) as f64;
    let slack = (step / 50.0).max(1.5);
    let is_even = |(place, time): (usize, &i64)| ((time - first) as f64 - place as f64 * step).abs() <= slack;
    if !decoded.iter().enumerate().all(is_even) {
        return SampleTimes::Plausible;
    }
    let Some((first_shown, own)) =
        decoded.iter().zip(offsets()).map(|(time, offset)| time + offset).enumerate().min_by_key(|(_, shown)| *shown)
    else {
        return SampleTimes::Plausible;
    };
    let (mut bad, mut cut_short) = (Vec::new(), true);
    let mut taken = vec![0u8; count];
    let mut furthest = 0;
    for (time, offset) in decoded.iter().zip(offsets()) {
        let exact = (time + offset - own) as f64 / step;
        let place = exact.round();
        let off = (exact - place).abs() > (1.6 / step).max(0.25);
        match taken.get_mut(place as usize).filter(|_| place >= 0.0 && !off) {
            Some(taken) => *taken = taken.saturating_add(1),
            None => {
                bad.extend([exact.floor() as i64, exact.ceil() as i64]);
                cut_short &= !off && place > 0.0;
                furthest = furthest.max(place as i64);
            }
        }
    }
    for (place, taken) in (0i64..).zip(&taken).filter(|(_, taken)| **taken != 1) {
        bad.push(place);
        cut_short &= *taken == 0;
    }
    let shown_behind = |least: i64| {
        let before = usize::try_from(least).unwrap_or(0).min(count);
        count - taken[..before].iter().filter(|taken| **taken > 0).count()
    };
    let ticks = |place: i64| (place as f64 * step).round() as i64;
    match bad.iter().min() {
        None => SampleTimes::Plausible,
        Some(least) if cut_short && shown_behind(*least) <= BEHIND && furthest < least + 16 => SampleTimes::Plausible,
        // What is shown first may be the first only because something else is wrong.
        Some(least) if first_shown != 0 || *least < 2 => SampleTimes::Contradictory,
        // One entry may be that of many samples.
        Some(least) => SampleTimes::Misplaced(ticks(*least), bad.iter().max().map_or(i64::MAX, |most| ticks(*most))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames I P B B of ten ticks.
    fn whole(groups: i64) -> (Vec<i64>, Vec<i64>) {
        let count = groups * 3 + 1;
        let offset = |frame: i64| match frame % 3 {
            0 if frame > 0 => 0,
            1 => 30,
            2 => 0,
            _ => 10,
        };
        ((0..count).map(|frame| frame * 10).collect(), (0..count).map(offset).collect())
    }

    #[test]
    fn a_time_that_is_taken_or_left_empty_is_told() {
        let (decoded, offsets) = whole(10);
        assert_eq!(judged(&decoded, &offsets), SampleTimes::Plausible);
        let changed = |sample: usize, by: i64| {
            let mut offsets = offsets.clone();
            offsets[sample] += by;
            judged(&decoded, &offsets)
        };
        // Sample 13 is shown at place 15, sample 14 at 13.
        assert_eq!(changed(14, 10), SampleTimes::Misplaced(130, 140));
        assert_eq!(changed(14, 5), SampleTimes::Misplaced(130, 140));
        assert_eq!(changed(14, 1 << 20), SampleTimes::Misplaced(130, 1_048_710));
        assert_eq!(changed(14, -1000), SampleTimes::Contradictory);
        assert_eq!(changed(0, 20), SampleTimes::Contradictory);
        assert_eq!(changed(2, 40), SampleTimes::Contradictory);
    }

    #[test]
    fn offsets_that_belong_to_others_contradict_one_another() {
        let (decoded, mut offsets) = whole(20);
        offsets.insert(0, 30);
        offsets.truncate(decoded.len());
        assert_eq!(judged(&decoded, &offsets), SampleTimes::Contradictory);
        let (decoded, mut offsets) = whole(20);
        offsets[8..40].iter_mut().for_each(|offset| *offset += 10);
        assert!(matches!(judged(&decoded, &offsets), SampleTimes::Misplaced(70, 400)));
    }

    #[test]
    fn a_copy_may_end_before_pictures_that_are_shown_before_its_last() {
        let (mut decoded, mut offsets) = whole(10);
        decoded.pop();
        offsets.pop();
        assert_eq!(judged(&decoded, &offsets), SampleTimes::Plausible);
        decoded.pop();
        offsets.pop();
        assert_eq!(judged(&decoded, &offsets), SampleTimes::Plausible);
    }

    #[test]
    fn a_file_may_begin_with_pictures_that_lead_its_first_keyframe() {
        let (mut decoded, mut offsets) = whole(10);
        decoded.remove(0);
        offsets.remove(0);
        assert_eq!(judged(&decoded, &offsets), SampleTimes::Plausible);
    }

    #[test]
    fn of_a_variable_rate_nothing_is_told() {
        let (mut decoded, mut offsets) = whole(10);
        decoded.iter_mut().skip(7).for_each(|time| *time += 30);
        offsets[8] += 10;
        assert_eq!(judged(&decoded, &offsets), SampleTimes::Plausible);
    }
}
