//! A dissolve of two planes, sample by sample: `from × (1 − weight) + to × weight`, rounded once.

use crate::time::Ratio;

/// What the samples of a plane are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SampleKind {
    /// One byte each.
    U8,
    /// Two bytes each in the machine's byte order, of which the low `bits` are used.
    U16 {
        /// How many bits are used: 9 to 16.
        bits: u32,
    },
    /// Four bytes each: an IEEE 754 single in the machine's byte order.
    F32,
}

impl SampleKind {
    /// How many bytes a sample takes.
    pub const fn bytes(self) -> usize {
        match self {
            SampleKind::U8 => 1,
            SampleKind::U16 { .. } => 2,
            SampleKind::F32 => 4,
        }
    }

    const fn bits(self) -> u32 {
        match self {
            SampleKind::U8 => 8,
            SampleKind::U16 { bits } => bits,
            SampleKind::F32 => 0,
        }
    }
}

/// A plane to read: lines of samples, `stride` bytes from one line's start to the next one's.
#[derive(Debug, Clone, Copy)]
pub struct PlaneRef<'a> {
    /// The bytes, from the first line's start to at least the last line's end.
    pub data: &'a [u8],
    /// Bytes from line to line.
    pub stride: usize,
}

/// A plane to write: lines of samples, `stride` bytes from one line's start to the next one's.
#[derive(Debug)]
pub struct PlaneMut<'a> {
    /// The bytes, from the first line's start to at least the last line's end.
    pub data: &'a mut [u8],
    /// Bytes from line to line.
    pub stride: usize,
}

/// Blends two planes of `width` samples in `height` lines into a third: `from × (1 − weight) + to × weight`, halves
/// rounded up. At weights 0 and 1 the result is a copy, bit by bit. A weight outside 0..=1 is cut to it.
///
/// # Panics
/// When a plane is too small for what it is said to hold.
pub fn dissolve_plane(
    kind: SampleKind,
    (width, height): (usize, usize),
    from: PlaneRef<'_>,
    to: PlaneRef<'_>,
    out: PlaneMut<'_>,
    weight: Ratio,
) {
    let length = width * kind.bytes();
    if length == 0 {
        return;
    }
    let blend = DissolveWeights::new(kind.bits(), weight);
    for line in 0..height {
        let from = &from.data[line * from.stride..][..length];
        let to = &to.data[line * to.stride..][..length];
        let out = &mut out.data[line * out.stride..][..length];
        match (weight <= Ratio::ZERO, weight >= Ratio::ONE) {
            (true, _) => out.copy_from_slice(from),
            (_, true) => out.copy_from_slice(to),
            _ => match kind {
                SampleKind::U8 => blend.bytes(from, to, out),
                SampleKind::U16 { .. } => blend.words(from, to, out),
                SampleKind::F32 => blend.floats(from, to, out),
            },
        }
    }
}

/// The same for samples that lie in one run.
pub(super) fn blend_samples(kind: SampleKind, from: &[u16], to: &[u16], out: &mut [u16], weight: Ratio) {
    if weight <= Ratio::ZERO {
        return out.copy_from_slice(from);
    }
    if weight >= Ratio::ONE {
        return out.copy_from_slice(to);
    }
    let blend = DissolveWeights::new(kind.bits(), weight);
    for ((out, &from), &to) in out.iter_mut().zip(from).zip(to) {
        *out = blend.wide(from, to);
    }
}

/// Adding 2²³ to a single below it (2⁵² to a double) rounds it to a whole number, which then lies in the low bits:
/// much cheaper than a checked cast, and the loops vectorise.
const ROUND_SINGLE: f32 = 8_388_608.0;
const ROUND_DOUBLE: f64 = 4_503_599_627_370_496.0;

/// The two weights, and the nudge that makes halves go up. Singles hold sums of up to 12 bits exactly enough; above,
/// and for very long dissolves, doubles do.
struct DissolveWeights {
    from: f64,
    to: f64,
    single: Option<(f32, f32, f32)>,
}

impl DissolveWeights {
    /// How far above a half a double's sum is pushed: more than its error, less than a step of any real weight.
    const NUDGE: f64 = 1e-8;

    #[allow(clippy::cast_possible_truncation, reason = "rounding to a single is what is wanted")]
    fn new(bits: u32, weight: Ratio) -> DissolveWeights {
        let weight = weight.clamp(Ratio::ZERO, Ratio::ONE);
        let to = weight.to_f64();
        let from = (Ratio::ONE - weight).to_f64();
        // A single's sum is off by up to 3 × 2^(bits − 24); sums come in steps of 1/den, halves in steps of 1/(2 den).
        let error = 3.0 * f64::from(bits).exp2() / 16_777_216.0;
        #[allow(clippy::cast_precision_loss, reason = "compared, not counted with")]
        let step = 0.5 / weight.den() as f64;
        let single = (2.0 * error < step).then_some((from as f32, to as f32, error as f32));
        DissolveWeights { from, to, single }
    }

    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "the low bits hold the rounded sum")]
    fn wide(&self, from: u16, to: u16) -> u16 {
        let sum = f64::from(from) * self.from + f64::from(to) * self.to + Self::NUDGE;
        (sum + ROUND_DOUBLE).to_bits() as u16
    }

    #[allow(clippy::cast_possible_truncation, reason = "the low bits hold the rounded sum")]
    fn bytes(&self, from: &[u8], to: &[u8], out: &mut [u8]) {
        if let Some((a, b, nudge)) = self.single {
            for ((out, &from), &to) in out.iter_mut().zip(from).zip(to) {
                let sum = f32::from(from) * a + f32::from(to) * b + nudge;
                *out = (sum + ROUND_SINGLE).to_bits() as u8;
            }
        } else {
            for ((out, &from), &to) in out.iter_mut().zip(from).zip(to) {
                *out = self.wide(from.into(), to.into()) as u8;
            }
        }
    }

    #[allow(clippy::cast_possible_truncation, reason = "the low bits hold the rounded sum")]
    fn words(&self, from: &[u8], to: &[u8], out: &mut [u8]) {
        let samples = pairs(from, to, out);
        if let Some((a, b, nudge)) = self.single {
            for (out, from, to) in samples {
                let (from, to) = (u16::from_ne_bytes(*from), u16::from_ne_bytes(*to));
                let sum = f32::from(from) * a + f32::from(to) * b + nudge;
                *out = ((sum + ROUND_SINGLE).to_bits() as u16).to_ne_bytes();
            }
        } else {
            for (out, from, to) in samples {
                *out = self.wide(u16::from_ne_bytes(*from), u16::from_ne_bytes(*to)).to_ne_bytes();
            }
        }
    }

    #[allow(clippy::cast_possible_truncation, reason = "rounding to a single is what is wanted")]
    fn floats(&self, from: &[u8], to: &[u8], out: &mut [u8]) {
        for (out, from, to) in pairs(from, to, out) {
            let (from, to) = (f32::from_ne_bytes(*from), f32::from_ne_bytes(*to));
            let sum = f64::from(from) * self.from + f64::from(to) * self.to;
            *out = (sum as f32).to_ne_bytes();
        }
    }
}

/// The samples of three lines, `N` bytes each, side by side.
fn pairs<'a, const N: usize>(
    from: &'a [u8],
    to: &'a [u8],
    out: &'a mut [u8],
) -> impl Iterator<Item = (&'a mut [u8; N], &'a [u8; N], &'a [u8; N])> {
    let (from, to, out) = (from.as_chunks::<N>().0, to.as_chunks::<N>().0, out.as_chunks_mut::<N>().0);
    out.iter_mut().zip(from).zip(to).map(|((out, from), to)| (out, from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(seed: u32, count: usize) -> Vec<u32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 16
        };
        (0..count).map(|_| next()).collect()
    }

    /// `round(a (1 − n/d) + b n/d)` in whole numbers, halves up.
    fn exact(a: u32, b: u32, weight: Ratio) -> i64 {
        let (n, d) = (weight.num(), weight.den());
        (2 * (i64::from(a) * (d - n) + i64::from(b) * n) + d).div_euclid(2 * d)
    }

    const WEIGHTS: [(i64, i64); 12] = [
        (0, 1),
        (1, 1),
        (1, 2),
        (1, 3),
        (2, 3),
        (1, 10),
        (7, 10),
        (3, 8),
        (11, 24),
        (999, 1000),
        (1, 4096),
        (17, 86_399),
    ];

    #[test]
    fn integers_are_rounded_exactly_at_every_depth() {
        for bits in [8u32, 10, 12, 16] {
            let limit = (1u32 << bits) - 1;
            let (a, b) = (noise(bits, 4003), noise(bits + 99, 4003));
            let (mut a, mut b): (Vec<_>, Vec<_>) =
                (a.iter().map(|v| v & limit).collect(), b.iter().map(|v| v & limit).collect());
            a.extend([0, limit, 0, limit]);
            b.extend([0, limit, limit, 0]);
            let kind = if bits == 8 { SampleKind::U8 } else { SampleKind::U16 { bits } };
            let pack = |samples: &[u32]| -> Vec<u8> {
                samples
                    .iter()
                    .flat_map(|&s| {
                        let s = u16::try_from(s).expect("16 bits");
                        s.to_ne_bytes().into_iter().take(2).collect::<Vec<_>>()
                    })
                    .collect()
            };
            let bytes = |samples: &[u32]| match kind {
                SampleKind::U8 => samples.iter().map(|&s| u8::try_from(s).expect("8 bits")).collect(),
                _ => pack(samples),
            };
            for (n, d) in WEIGHTS {
                let weight = Ratio::new(n, d);
                let (from, to) = (bytes(&a), bytes(&b));
                let mut out = vec![0; from.len()];
                let size = (a.len(), 1);
                let (stride, plane) = (from.len(), |data| PlaneRef { data, stride: from.len() });
                let target = PlaneMut { data: &mut out, stride };
                dissolve_plane(kind, size, plane(&from), PlaneRef { data: &to, stride }, target, weight);
                let wanted: Vec<u32> =
                    a.iter().zip(&b).map(|(&a, &b)| u32::try_from(exact(a, b, weight)).expect("a sample")).collect();
                assert!(out == bytes(&wanted), "{bits} bits at {weight}");
            }
        }
    }

    #[test]
    fn every_pair_of_bytes_is_exact() {
        let from: Vec<u8> = (0..=255u8).flat_map(|a| std::iter::repeat_n(a, 256)).collect();
        let to: Vec<u8> = (0..=255u8).cycle().take(65536).collect();
        for (n, d) in WEIGHTS {
            let weight = Ratio::new(n, d);
            let mut out = vec![0; 65536];
            let target = PlaneMut { data: &mut out, stride: 256 };
            let plane = |data| PlaneRef { data, stride: 256 };
            dissolve_plane(SampleKind::U8, (256, 256), plane(&from), plane(&to), target, weight);
            for (index, &sample) in out.iter().enumerate() {
                let wanted = exact(from[index].into(), to[index].into(), weight);
                assert_eq!(i64::from(sample), wanted, "{} to {} at {weight}", from[index], to[index]);
            }
        }
    }

    #[test]
    fn strides_are_kept_apart_and_padding_is_left_alone() {
        let from: Vec<u8> = vec![10; 3 * 8];
        let to: Vec<u8> = vec![20; 3 * 5];
        let mut out = vec![99u8; 3 * 6];
        let target = PlaneMut { data: &mut out, stride: 6 };
        let (a, b) = (PlaneRef { data: &from, stride: 8 }, PlaneRef { data: &to, stride: 5 });
        dissolve_plane(SampleKind::U8, (4, 3), a, b, target, Ratio::new(1, 2));
        for line in out.chunks(6) {
            assert_eq!(line, [15, 15, 15, 15, 99, 99]);
        }
    }

    #[test]
    fn floats_are_blended_in_doubles() {
        let (a, b) = ([0.0f32, 1.0, -2.5, 70_000.0], [1.0f32, 0.25, 4.0, 1e-3]);
        let pack = |v: &[f32]| v.iter().flat_map(|v| v.to_ne_bytes()).collect::<Vec<_>>();
        let (from, to) = (pack(&a), pack(&b));
        let mut out = vec![0; 16];
        let plane = |data| PlaneRef { data, stride: 16 };
        let target = PlaneMut { data: &mut out, stride: 16 };
        dissolve_plane(SampleKind::F32, (4, 1), plane(&from), plane(&to), target, Ratio::new(1, 4));
        for (index, bytes) in out.as_chunks::<4>().0.iter().enumerate() {
            let wanted = f64::from(a[index]) * 0.75 + f64::from(b[index]) * 0.25;
            assert!((f64::from(f32::from_ne_bytes(*bytes)) - wanted).abs() <= wanted.abs() * 1e-7);
        }
    }
}
