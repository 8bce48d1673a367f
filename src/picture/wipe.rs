//! Wipes: the patterns of SMPTE ST 258 by their codes, as far as they are plain geometry.
//!
//! A pattern says of every point when the edge comes by: a number from 0, where the incoming picture starts, to 1. The
//! edge moves evenly; a pixel that it runs through is covered as far as it has come.

use std::f64::consts::{FRAC_PI_2, PI, SQRT_2, TAU};

use super::{Picture, PlaneMut, PlaneRef, SampleKind};

/// A pattern over pixels of a picture or of one of its planes.
#[derive(Debug, Clone, PartialEq)]
pub struct WipeMap {
    width: usize,
    /// For every pixel, when the edge crosses its middle, and how long it takes to cross the pixel.
    times: Vec<(f32, f32)>,
    reverse: bool,
}

impl WipeMap {
    /// The pattern of SMPTE code `code` over `width × height` pixels, of which the whole is `aspect` times as wide as
    /// high. A reversed pattern shrinks the outgoing picture as the plain one lets the incoming picture grow. `None`
    /// where the code is not known.
    pub fn new(code: u16, reverse: bool, (width, height): (u32, u32), aspect: f64) -> Option<WipeMap> {
        time_of(code, 0.5, 0.5, 1.0)?;
        let (wide, high) = (f64::from(width.max(1)), f64::from(height.max(1)));
        let mut times = Vec::with_capacity(width as usize * height as usize);
        for line in 0..height {
            for column in 0..width {
                let at = |x: f64, y: f64| {
                    time_of(code, (f64::from(column) + x) / wide, (f64::from(line) + y) / high, aspect).unwrap_or(0.0)
                };
                let middle = at(0.5, 0.5);
                // A hand of a clock jumps from 1 to 0 where it starts: no pixel takes that long.
                let change = |a: f64, b: f64| if (a - b).abs() < 0.5 { (a - b).abs() } else { 0.0 };
                let slope = change(at(1.0, 0.5), at(0.0, 0.5)) + change(at(0.5, 1.0), at(0.5, 0.0));
                #[allow(clippy::cast_possible_truncation, reason = "a share in singles")]
                times.push((middle as f32, slope.max(1e-6) as f32));
            }
        }
        Some(WipeMap { width: width as usize, times, reverse })
    }

    /// How much of each pixel of line `line` the incoming picture covers at `progress`, from 0 to 1.
    fn line(&self, line: usize, progress: f32, shares: &mut [f32]) {
        let times = self.times.get(line * self.width..).unwrap_or_default();
        for (share, &(time, slope)) in shares.iter_mut().zip(times) {
            let covered = |progress: f32| ((progress - time) / slope + 0.5).clamp(0.0, 1.0);
            *share = if self.reverse { 1.0 - covered(1.0 - progress) } else { covered(progress) };
        }
    }
}

/// A wipe at `progress`, from 0 to 1. A side that is `None` is transparent.
///
/// # Panics
/// When both sides are there and differ in size, or the map is of another size.
pub fn wipe<P: Picture>(from: Option<&P>, to: Option<&P>, map: &WipeMap, progress: f64) -> Option<P> {
    let size = from.or(to)?.size();
    assert!([from, to].iter().flatten().all(|side| side.size() == size), "pictures of one canvas have one size");
    assert_eq!(map.times.len(), size.0 as usize * size.1 as usize, "the map is the canvas's");
    let mut wiped = P::nothing(size);
    let mut shares = vec![0.0; map.width];
    for (number, line) in wiped.samples_mut().chunks_mut(map.width.max(1) * 4).enumerate() {
        map.line(number, single(progress), &mut shares);
        for (place, (pixel, &share)) in line.as_chunks_mut::<4>().0.iter_mut().zip(&shares).enumerate() {
            let at = number * map.width + place;
            let side = |side: Option<&P>| side.map_or([0.0; 4], |side| P::load(side.samples().as_chunks::<4>().0[at]));
            let (from, to) = (side(from), side(to));
            let mut mixed = from;
            (0..4).for_each(|channel| mixed[channel] = from[channel] * (1.0 - share) + to[channel] * share);
            *pixel = match share {
                0.0 => P::store(from),
                1.0 => P::store(to),
                _ => P::store(mixed),
            };
        }
    }
    Some(wiped)
}

/// The same for a plane of `width` pixels of `step` samples each in `height` lines; the map has the plane's pixels.
///
/// # Panics
/// When a plane is too small for what it is said to hold.
pub fn wipe_plane(
    kind: SampleKind,
    (width, height, step): (usize, usize, usize),
    (from, to): (PlaneRef<'_>, PlaneRef<'_>),
    out: PlaneMut<'_>,
    map: &WipeMap,
    progress: f64,
) {
    let length = width * step * kind.bytes();
    let mut shares = vec![0.0; width];
    for line in 0..height {
        map.line(line, single(progress), &mut shares);
        let from = &from.data[line * from.stride..][..length];
        let to = &to.data[line * to.stride..][..length];
        let out = &mut out.data[line * out.stride..][..length];
        let pixel = kind.bytes() * step;
        let pixels = out.chunks_mut(pixel.max(1)).zip(from.chunks(pixel.max(1))).zip(to.chunks(pixel.max(1)));
        for (((out, from), to), &share) in pixels.zip(&shares) {
            match share {
                0.0 => out.copy_from_slice(from),
                1.0 => out.copy_from_slice(to),
                _ => mixed(kind, from, to, out, share),
            }
        }
    }
}

/// The samples of one pixel on the edge.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two samples")]
fn mixed(kind: SampleKind, from: &[u8], to: &[u8], out: &mut [u8], share: f32) {
    let between = |from: f32, to: f32| from * (1.0 - share) + to * share;
    match kind {
        SampleKind::U8 => {
            for ((out, &from), &to) in out.iter_mut().zip(from).zip(to) {
                *out = (between(from.into(), to.into()) + 0.5) as u8;
            }
        }
        SampleKind::U16 { .. } => {
            let (from, to) = (from.as_chunks::<2>().0, to.as_chunks::<2>().0);
            for ((out, from), to) in out.as_chunks_mut::<2>().0.iter_mut().zip(from).zip(to) {
                let sum = between(u16::from_ne_bytes(*from).into(), u16::from_ne_bytes(*to).into());
                *out = ((sum + 0.5) as u16).to_ne_bytes();
            }
        }
        SampleKind::F32 => {
            let (from, to) = (from.as_chunks::<4>().0, to.as_chunks::<4>().0);
            for ((out, from), to) in out.as_chunks_mut::<4>().0.iter_mut().zip(from).zip(to) {
                *out = between(f32::from_ne_bytes(*from), f32::from_ne_bytes(*to)).to_ne_bytes();
            }
        }
    }
}

#[allow(clippy::cast_possible_truncation, reason = "a share in singles")]
fn single(progress: f64) -> f32 {
    progress.clamp(0.0, 1.0) as f32
}

/// When the edge of pattern `code` comes by the point `x`, `y` (0 to 1, to the right and downwards).
fn time_of(code: u16, x: f64, y: f64, aspect: f64) -> Option<f64> {
    // From the middle: to the right and downwards, −1 to 1, and how far without a sign.
    let (right, down) = (x * 2.0 - 1.0, y * 2.0 - 1.0);
    let (u, v) = (right.abs(), down.abs());
    let from_side = |distance: f64| 1.0 - distance;
    Some(match code {
        // Bars: to the right, downwards.
        1 => x,
        2 => y,
        // Boxes out of a corner: top left, top right, bottom right, bottom left.
        3 => x.max(y),
        4 => (1.0 - x).max(y),
        5 => (1.0 - x).max(1.0 - y),
        6 => x.max(1.0 - y),
        // Four boxes, out of the corners, and out of the middles of the quarters.
        7 => from_side(u).max(from_side(v)),
        8 => (u - 0.5).abs().max((v - 0.5).abs()) * 2.0,
        // Barn doors that open sideways, and up and down.
        21 => u,
        22 => v,
        // Boxes out of the middle of a side: top, right, bottom, left.
        23 => u.max(y),
        24 => (1.0 - x).max(v),
        25 => u.max(1.0 - y),
        26 => x.max(v),
        // Diagonals, from the top left and the top right.
        41 => f64::midpoint(x, y),
        42 => f64::midpoint(1.0 - x, y),
        // Bow ties: wedges from the top and the bottom, and from the sides.
        43 => f64::midpoint(from_side(v), u),
        44 => f64::midpoint(from_side(u), v),
        // Diagonal barn doors along the rising and the falling diagonal; both at once; two diamonds side by side.
        45 => (x + y - 1.0).abs(),
        46 => (x - y).abs(),
        47 => (x + y - 1.0).abs().min((x - y).abs()) * 2.0,
        48 => f64::midpoint((u - 0.5).abs() * 2.0, v),
        // Wedges that point down, left, up, right.
        61 => f64::midpoint(y, u),
        62 => f64::midpoint(1.0 - x, v),
        63 => f64::midpoint(1.0 - y, u),
        64 => f64::midpoint(x, v),
        // Out of the middle: rectangle, diamond, triangles that point up, right, down, left.
        101 => u.max(v),
        102 => f64::midpoint(u, v),
        103 => triangle(u, down),
        104 => triangle(v, -right),
        105 => triangle(u, -down),
        106 => triangle(v, right),
        // A circle, an ellipse of the picture's shape, and one of that shape upright.
        119 => (right * aspect).hypot(down) / aspect.hypot(1.0),
        120 => right.hypot(down) / SQRT_2,
        121 => (right * aspect * aspect).hypot(down) / (aspect * aspect).hypot(1.0),
        // A clock's hand from twelve, three, six, nine; two hands; four.
        201 => hand(right, down, aspect, 0.0),
        202 => hand(right, down, aspect, 0.25),
        203 => hand(right, down, aspect, 0.5),
        204 => hand(right, down, aspect, 0.75),
        205 => (hand(right, down, aspect, 0.0) * 2.0).fract(),
        206 => (hand(right, down, aspect, 0.25) * 2.0).fract(),
        207 => (hand(right, down, aspect, 0.0) * 4.0).fract(),
        // Fans out of the middle, that open upwards and to the right.
        211 => opened(hand(right, down, aspect, 0.0)),
        212 => opened(hand(right, down, aspect, 0.25)),
        // A hand that sweeps clockwise half around the middle of the top, right, bottom, left.
        221 => swept(x - 0.5, y, aspect, 0.0, PI),
        222 => swept(x - 1.0, y - 0.5, aspect, FRAC_PI_2, PI),
        223 => swept(x - 0.5, y - 1.0, aspect, PI, PI),
        224 => swept(x, y - 0.5, aspect, -FRAC_PI_2, PI),
        // Fans out of the middle of the top, right, bottom, left.
        231 => fanned(x - 0.5, y, aspect, FRAC_PI_2),
        232 => fanned(x - 1.0, y - 0.5, aspect, PI),
        233 => fanned(x - 0.5, y - 1.0, aspect, -FRAC_PI_2),
        234 => fanned(x, y - 0.5, aspect, 0.0),
        // A hand in a corner: top left and bottom right clockwise, bottom left and top right counter-clockwise.
        241 => swept(x, y, aspect, 0.0, FRAC_PI_2),
        242 => swept(x, 1.0 - y, aspect, 0.0, FRAC_PI_2),
        243 => swept(x - 1.0, y - 1.0, aspect, PI, FRAC_PI_2),
        244 => swept(1.0 - x, y, aspect, 0.0, FRAC_PI_2),
        _ => return None,
    })
}

/// A triangle around the middle; `along` grows towards its base.
fn triangle(across: f64, along: f64) -> f64 {
    along.max((2.0 * across - along) / 3.0)
}

/// How far a clock's hand has turned when it points here: 0 to 1, from `start` turns behind twelve.
fn hand(right: f64, down: f64, aspect: f64, start: f64) -> f64 {
    ((right * aspect).atan2(-down) / TAU - start).rem_euclid(1.0)
}

/// Two hands that part.
fn opened(turn: f64) -> f64 {
    turn.min(1.0 - turn) * 2.0
}

/// How much of `range` a hand has swept clockwise from `start` (clockwise from the right) when it points here.
fn swept(right: f64, down: f64, aspect: f64, start: f64, range: f64) -> f64 {
    let turn = (down.atan2(right * aspect) - start).rem_euclid(TAU);
    // What lies a hair before the start is the start.
    if turn > TAU - 1e-6 { 0.0 } else { (turn / range).min(1.0) }
}

/// Two hands that part from `middle` (clockwise from the right) until they make a straight line.
fn fanned(right: f64, down: f64, aspect: f64, middle: f64) -> f64 {
    let turn = (down.atan2(right * aspect) - middle).rem_euclid(TAU);
    (turn.min(TAU - turn) / FRAC_PI_2).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look::WIPE_CODES;
    use crate::picture::Rgba16;

    fn shares(code: u16, reverse: bool, progress: f64) -> Vec<f64> {
        let (black, white) = (Rgba16::black(64, 36), Rgba16 { width: 64, height: 36, data: vec![65535; 64 * 36 * 4] });
        let map = WipeMap::new(code, reverse, (64, 36), 16.0 / 9.0).expect("a known code");
        let wiped = wipe(Some(&black), Some(&white), &map, progress).expect("a picture");
        wiped.data.as_chunks::<4>().0.iter().map(|pixel| f64::from(pixel[0]) / 65535.0).collect()
    }

    #[allow(clippy::cast_precision_loss, reason = "a few pixels")]
    fn covered(code: u16, reverse: bool, progress: f64) -> f64 {
        shares(code, reverse, progress).iter().sum::<f64>() / (64.0 * 36.0)
    }

    #[test]
    fn every_code_of_the_plan_is_a_pattern_that_grows_from_nothing_to_everything() {
        for code in WIPE_CODES {
            assert!(covered(code, false, 0.0) < 0.03 && covered(code, false, 1.0) > 0.97, "{code}");
            let areas: Vec<f64> = (0..=8).map(|step| covered(code, false, f64::from(step) / 8.0)).collect();
            assert!(areas.windows(2).all(|pair| pair[0] < pair[1]), "{code}: {areas:?}");
            let (plain, reverse) = (covered(code, false, 0.25), covered(code, true, 0.75));
            assert!((plain + reverse - 1.0).abs() < 1e-3, "{code}: {plain} and {reverse}");
        }
        for unknown in [0, 9, 20, 27, 100, 107, 300, u16::MAX] {
            assert_eq!(WipeMap::new(unknown, false, (4, 4), 1.0), None, "{unknown}");
            assert!(!WIPE_CODES.contains(&unknown));
        }
    }

    /// Where the incoming picture is half-way (or a quarter of the way): a point that shows it, and one that does not.
    #[test]
    fn patterns_start_where_the_standard_says() {
        for (code, progress, (in_x, in_y), (out_x, out_y)) in [
            (1, 0.5, (5, 18), (60, 18)),
            (2, 0.5, (32, 3), (32, 33)),
            (3, 0.5, (3, 3), (60, 33)),
            (4, 0.5, (60, 3), (3, 3)),
            (5, 0.5, (60, 33), (3, 3)),
            (6, 0.5, (3, 33), (60, 3)),
            (7, 0.5, (3, 3), (32, 18)),
            (8, 0.5, (16, 9), (32, 18)),
            (21, 0.5, (32, 3), (3, 18)),
            (22, 0.5, (3, 18), (32, 3)),
            (23, 0.5, (32, 3), (32, 33)),
            (24, 0.5, (60, 18), (3, 18)),
            (25, 0.5, (32, 33), (32, 3)),
            (26, 0.5, (3, 18), (60, 18)),
            (41, 0.5, (3, 3), (60, 33)),
            (42, 0.5, (60, 3), (3, 33)),
            (45, 0.25, (60, 2), (3, 3)),
            (46, 0.25, (3, 2), (60, 3)),
            (61, 0.25, (32, 3), (3, 30)),
            (101, 0.5, (32, 18), (3, 3)),
            (102, 0.5, (32, 18), (10, 6)),
            (103, 0.2, (32, 12), (32, 30)),
            (119, 0.5, (32, 18), (3, 3)),
            (201, 0.25, (50, 5), (10, 5)),
            (202, 0.25, (50, 30), (50, 5)),
            (203, 0.25, (10, 30), (50, 30)),
            (204, 0.25, (10, 5), (10, 30)),
            (211, 0.25, (32, 3), (32, 33)),
            (221, 0.25, (60, 5), (4, 5)),
            (234, 0.25, (30, 18), (3, 33)),
            (241, 0.5, (60, 3), (3, 33)),
            (244, 0.5, (3, 3), (60, 33)),
        ] {
            let shares = shares(code, false, progress);
            assert!(shares[in_y * 64 + in_x] > 0.99, "{code}: the incoming picture at {in_x}, {in_y}");
            assert!(shares[out_y * 64 + out_x] < 0.01, "{code}: the outgoing picture at {out_x}, {out_y}");
        }
    }

    #[test]
    fn an_edge_covers_part_of_a_pixel() {
        // 64 columns at 0.2: 12.8 of them.
        let line = &shares(1, false, 0.2)[..64];
        assert!((line[11] - 1.0).abs() < 1e-4 && (line[12] - 0.8).abs() < 1e-4 && line[13].abs() < 1e-4, "{line:?}");
    }

    #[test]
    fn planes_are_wiped_like_pictures() {
        let map = WipeMap::new(1, false, (10, 2), 1.0).expect("a known code");
        let plane = |data| PlaneRef { data, stride: 20 };
        let (from, to) = ([1000u16; 20], [3000u16; 20]);
        let bytes = |samples: &[u16]| samples.iter().flat_map(|sample| sample.to_ne_bytes()).collect::<Vec<_>>();
        let (from, to, mut out) = (bytes(&from), bytes(&to), vec![0; 40]);
        let kind = SampleKind::U16 { bits: 12 };
        let target = PlaneMut { data: &mut out, stride: 20 };
        wipe_plane(kind, (10, 2, 1), (plane(&from), plane(&to)), target, &map, 0.25);
        let samples: Vec<u16> = out.as_chunks::<2>().0.iter().map(|bytes| u16::from_ne_bytes(*bytes)).collect();
        assert_eq!(samples[..10], [3000, 3000, 2000, 1000, 1000, 1000, 1000, 1000, 1000, 1000]);
        assert_eq!(samples[..10], samples[10..]);
    }
}
