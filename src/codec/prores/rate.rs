//! Rate control: which quantiser a frame gets.
//!
//! Some slices are coded at a few quantisation indices, which gives each group of rows a curve of bytes over the
//! quantiser. One fractional index for the frame follows, which a share of its slices round down and the others up; it
//! is corrected after each group. Nothing but the frame itself counts, and only exact arithmetic (no logarithms and no
//! powers, which differ from machine to machine) is done.

use super::quantise::{INDICES, scale_of};
use super::slice::{LONGEST_SLICE, SlicePlace};

/// Rows of macroblocks between two corrections.
pub(super) const GROUP: usize = 4;

/// Macroblocks side by side in a sample.
const PIECE: usize = 4;

/// The share of the target that is aimed at, so that what is missed lies on both sides of it.
const AIM: f64 = 0.995;
/// How far a frame may lie over its target.
const OVER: f64 = 1.015;
/// How far under it, unless the quantiser is at its end.
const UNDER: f64 = 0.975;

/// Bytes over the quantiser: `constant` + `falling` / scale.
#[derive(Debug, Clone, Copy, PartialEq)]
struct SizeCurve {
    constant: f64,
    falling: f64,
}

impl SizeCurve {
    /// The curve through two points (scale, bytes), or through one with a fall that is usual.
    fn through(first: (f64, f64), second: (f64, f64)) -> SizeCurve {
        let (near, far) = if first.0 <= second.0 { (first, second) } else { (second, first) };
        if near.0 == far.0 {
            return SizeCurve { constant: 0.1 * near.1, falling: 0.9 * near.1 * near.0 };
        }
        let falling = ((near.1 - far.1) / (near.0.recip() - far.0.recip())).max(0.0);
        SizeCurve { constant: near.1 - falling / near.0, falling }
    }

    fn at(self, scale: f64) -> f64 {
        // A curve drawn on may cross zero; bytes do not.
        (self.constant + self.falling / scale).max(0.02 * self.falling / scale)
    }

    fn times(self, factor: f64) -> SizeCurve {
        SizeCurve { constant: self.constant * factor, falling: self.falling * factor }
    }
}

/// A quantisation index between two whole ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fractional {
    /// The smaller index.
    whole: usize,
    /// The share of slices that get the next one, in 65536ths.
    share: u32,
}

impl Fractional {
    /// The index that slice `number` gets. Those that get the larger one are spread evenly.
    pub(super) fn index_of(self, number: usize) -> usize {
        // Multiples of the golden ratio fill the unit interval evenly.
        let spread = (number as u64).wrapping_mul(40_503) & 0xFFFF;
        self.whole + usize::from(spread < u64::from(self.share))
    }

    /// The scale that gives about the mean of both indices' bytes.
    fn scale(self) -> f64 {
        let share = f64::from(self.share) / 65_536.0;
        let (low, high) = (scale_of(self.whole), scale_of((self.whole + 1).min(INDICES)));
        ((1.0 - share) / f64::from(low) + share / f64::from(high)).recip()
    }

    /// The index at which these curves come to `bytes` together.
    fn for_bytes(curves: &[SizeCurve], bytes: f64) -> Fractional {
        let sum = |scale: f64| curves.iter().map(|curve| curve.at(scale)).sum::<f64>();
        let at = |index: usize| sum(f64::from(scale_of(index)));
        // The largest index at which they come to more: bytes fall as the index grows.
        let (mut low, mut high) = (0, INDICES);
        while low < high {
            let middle = (low + high).div_ceil(2);
            if at(middle) > bytes { low = middle } else { high = middle - 1 }
        }
        if low == 0 || low == INDICES {
            return Fractional { whole: low.max(1), share: 0 };
        }
        let (more, less) = (at(low), at(low + 1));
        let share = ((more - bytes) / (more - less)).clamp(0.0, 1.0);
        Fractional { whole: low, share: to_share(share) }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1")]
fn to_share(share: f64) -> u32 {
    (share * 65_536.0) as u32
}

/// Bytes as a number to calculate with; frames are far below 2⁵³ bytes.
#[expect(clippy::cast_precision_loss, reason = "frames are far below 2⁵³ bytes")]
pub(super) fn number(bytes: usize) -> f64 {
    bytes as f64
}

/// Macroblocks that are coded to estimate what a group of rows takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sample {
    /// The group.
    pub(super) group: usize,
    /// Where they lie; together they make one slice.
    pub(super) pieces: Vec<SlicePlace>,
}

impl Sample {
    /// The samples of a picture of `columns` × `rows` macroblocks: pairs of macroblocks, one in 16 of a large picture,
    /// four to a sample; all slices of a small one.
    pub(super) fn of(columns: usize, rows: usize, places: &[SlicePlace]) -> Vec<Sample> {
        let every = (columns * rows / 512).clamp(1, 16);
        if every == 1 {
            let whole = |&place: &SlicePlace| Sample { group: place.row / GROUP, pieces: vec![place] };
            return places.iter().map(whole).collect();
        }
        let mut samples = Vec::new();
        for group in 0..rows.div_ceil(GROUP) {
            let pairs = (group * GROUP..rows.min((group + 1) * GROUP)).flat_map(|row| {
                (0..columns / PIECE).map(move |piece| SlicePlace { row, first: piece * PIECE, macroblocks: PIECE })
            });
            // One of each run of pairs, at another place of the run each time.
            let picked = pairs.enumerate().filter(|(number, _)| number % every == (number / every + group) * 7 % every);
            let pieces: Vec<SlicePlace> = picked.map(|(_, pair)| pair).collect();
            samples
                .extend(pieces.chunks(LONGEST_SLICE / PIECE).map(|pieces| Sample { group, pieces: pieces.to_vec() }));
        }
        samples
    }

    /// How many macroblocks it has.
    pub(super) fn macroblocks(&self) -> usize {
        self.pieces.iter().map(|piece| piece.macroblocks).sum()
    }
}

/// What is known of a frame's bytes before it is made.
#[derive(Debug, Clone)]
pub(super) struct SizeEstimate {
    /// A curve for each group of rows.
    curves: Vec<SizeCurve>,
}

impl SizeEstimate {
    /// Searches the quantiser at which a frame takes about `target` bytes. `sample` codes the sampled slices at an
    /// index and estimates the bytes of each group; it is called a few times. The search begins at `start`.
    pub(super) fn search(target: usize, start: usize, mut sample: impl FnMut(usize) -> Vec<f64>) -> SizeEstimate {
        let target = number(target);
        let (mut index, mut tries) = (start, 0);
        // The nearest above the target, and below it.
        let (mut over, mut under) = (None::<(usize, Vec<f64>)>, None::<(usize, Vec<f64>)>);
        loop {
            let groups = sample(index);
            let total: f64 = groups.iter().sum();
            tries += 1;
            let near = (total - target).abs() <= 0.1 * target;
            let sampled = Some((index, groups));
            if total > target {
                over = sampled
            } else {
                under = sampled
            }
            // Between neighbours there is nothing to search, and beyond the ends neither.
            let (low, high) =
                (over.as_ref().map_or(0, |(index, _)| *index), under.as_ref().map_or(INDICES + 1, |(index, _)| *index));
            if high - low <= 1 || (near && tries > 1) || tries == 9 {
                break;
            }
            let curve = match (&over, &under) {
                (Some(over), Some(under)) => total_curve(over, under),
                (Some(one), None) | (None, Some(one)) => total_curve(one, one),
                (None, None) => break,
            };
            let guess = Fractional::for_bytes(&[curve], target);
            let nearest = guess.whole + usize::from(guess.share >= 32_768);
            // Bytes that do not follow the curve are searched by halves.
            let guess = match (&over, &under) {
                (Some(_), Some(_)) if tries > 4 => usize::midpoint(low, high),
                _ => nearest,
            };
            index = guess.clamp(low + 1, high - 1);
        }
        let (first, second) = match (over, under) {
            (Some(over), Some(under)) => (over, under),
            (Some(one), None) | (None, Some(one)) => (one.clone(), one),
            (None, None) => ((1, Vec::new()), (1, Vec::new())),
        };
        let (near, far) = (f64::from(scale_of(first.0)), f64::from(scale_of(second.0)));
        let groups = first.1.iter().zip(&second.1);
        SizeEstimate { curves: groups.map(|(&a, &b)| SizeCurve::through((near, a), (far, b))).collect() }
    }
}

fn total_curve(first: &(usize, Vec<f64>), second: &(usize, Vec<f64>)) -> SizeCurve {
    let point = |(index, groups): &(usize, Vec<f64>)| (f64::from(scale_of(*index)), groups.iter().sum());
    SizeCurve::through(point(first), point(second))
}

/// Chooses the index of each group of rows as a frame is made.
#[derive(Debug)]
pub(super) struct RateControl {
    target: f64,
    curves: Vec<SizeCurve>,
    /// The index of each group made so far, and its bytes.
    made: Vec<(Fractional, f64)>,
    spent: f64,
    /// What was expected of the groups made so far.
    expected: f64,
}

impl RateControl {
    /// For a frame of `target` bytes, headers and tables not counted.
    pub(super) fn new(target: usize, estimate: &SizeEstimate) -> RateControl {
        let curves = estimate.curves.clone();
        RateControl { target: number(target) * AIM, curves, made: Vec::new(), spent: 0.0, expected: 0.0 }
    }

    /// The index of the next group.
    pub(super) fn next(&self) -> Fractional {
        let rest = &self.curves[self.made.len()..];
        let Some(&(last, _)) = self.made.last() else {
            return Fractional::for_bytes(rest, self.target);
        };
        // What samples miss in one group says little about the next; what they miss in all of them does.
        let trust = self.target * 0.5;
        let off = (self.spent + trust) / (self.expected + trust);
        let left = (self.target - self.spent).max(1.0) / off;
        let wanted = Fractional::for_bytes(rest, left);
        // One group more or less than expected is no reason for another quality in the next.
        let (slowest, fastest) = (last.scale() / 1.3, last.scale() * 1.3 + 0.25);
        if (slowest..=fastest).contains(&wanted.scale()) {
            return wanted;
        }
        let limit = if wanted.scale() < slowest { slowest } else { fastest };
        let bytes = rest.iter().map(|curve| curve.at(limit)).sum();
        Fractional::for_bytes(rest, bytes)
    }

    /// Takes note of a group that was made at `index`.
    pub(super) fn made(&mut self, index: Fractional, bytes: usize) {
        self.expected += self.curves[self.made.len()].at(index.scale());
        self.spent += number(bytes);
        self.made.push((index, number(bytes)));
    }

    /// Whether the frame, all groups of which were made, is to be made again: it misses its target by more than it
    /// may, and another quantiser would change that.
    pub(super) fn missed(&self) -> bool {
        let target = self.target / AIM;
        if (target * UNDER..=target * OVER).contains(&self.spent) {
            return false;
        }
        let learned = self.learned();
        let at = |index: usize| learned.curves.iter().map(|curve| curve.at(f64::from(scale_of(index)))).sum::<f64>();
        at(1) > target * UNDER && at(INDICES) < target * OVER
    }

    /// How far from the target the frame is; what lies over it counts more.
    pub(super) fn miss(&self) -> f64 {
        let target = self.target / AIM;
        if self.spent > target * OVER { 4.0 * (self.spent - target) } else { (target - self.spent).abs() }
    }

    /// What is known after the frame was made.
    pub(super) fn learned(&self) -> SizeEstimate {
        let curves = self.curves.iter().zip(&self.made);
        let fitted = curves.map(|(curve, &(index, bytes))| curve.times(bytes / curve.at(index.scale()).max(1.0)));
        SizeEstimate { curves: fitted.collect() }
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small numbers")]
mod tests {
    use super::*;

    /// Groups whose bytes fall with a power of the scale.
    fn groups(index: usize, power: f64) -> Vec<f64> {
        (1..=17).map(|group| 10_000.0 * f64::from(group) / f64::from(scale_of(index)).powf(power)).collect()
    }

    /// Bytes of a frame whose groups take `factor` times what samples say, and how often it was made.
    fn made(target: usize, power: f64, factor: f64) -> (f64, u32) {
        let mut calls = 0;
        let mut estimate = SizeEstimate::search(target, 4, |index| {
            calls += 1;
            groups(index, power)
        });
        assert!(calls <= 9);
        for attempt in 1.. {
            let mut control = RateControl::new(target, &estimate);
            for group in 0..17 {
                let index = control.next();
                let next = (index.whole + 1).min(INDICES);
                let (low, high) = (groups(index.whole, power)[group], groups(next, power)[group]);
                let share = f64::from(index.share) / 65_536.0;
                control.made(index, ((low + (high - low) * share) * factor) as usize);
            }
            if !control.missed() || attempt == 3 {
                return (control.spent, attempt);
            }
            estimate = control.learned();
        }
        unreachable!()
    }

    #[test]
    fn a_frame_meets_its_target_although_the_samples_are_off() {
        for target in [50_000, 100_000, 300_000, 700_000, 1_400_000] {
            for power in [0.4, 0.7, 1.0] {
                for factor in [0.9, 1.0, 1.1] {
                    if groups(INDICES, power).iter().sum::<f64>() * factor > number(target) {
                        continue;
                    }
                    let (met, attempts) = made(target, power, factor);
                    let met = met / number(target);
                    assert!(factor != 1.0 || attempts == 1, "{target} bytes, power {power}: {attempts} attempts");
                    let finest = groups(1, power).iter().sum::<f64>() * factor / number(target);
                    let wanted = (0.97 * finest.min(1.0))..1.02;
                    assert!(wanted.contains(&met), "{target} bytes, power {power}, factor {factor}: {met}");
                }
            }
        }
    }

    #[test]
    fn at_its_ends_the_quantiser_stays() {
        let curve = [SizeCurve::through((4.0, 1000.0), (8.0, 600.0))];
        assert_eq!(Fractional::for_bytes(&curve, 1e9), Fractional { whole: 1, share: 0 });
        assert_eq!(Fractional::for_bytes(&curve, 0.0), Fractional { whole: INDICES, share: 0 });
    }

    #[test]
    fn fractions_are_spread_over_slices() {
        let index = Fractional { whole: 3, share: 16_384 };
        for start in (0..1000).step_by(40) {
            let larger = (start..start + 40).filter(|&number| index.index_of(number) == 4).count();
            assert!((8..=12).contains(&larger), "{larger} of 40");
        }
    }
}
