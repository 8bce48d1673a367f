//! Drawing a picture moved, scaled, turned, flipped or cropped, its edges smooth to a part of a pixel.

use super::Picture;
use super::resample::{paste, resample, scale_part};
use crate::geometry::Affine;

/// A part of a picture: left, top, right and bottom edge, in its pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PicturePart {
    /// The left edge.
    pub left: f64,
    /// The top edge.
    pub top: f64,
    /// The right edge.
    pub right: f64,
    /// The bottom edge.
    pub bottom: f64,
}

/// `part` of `image`, as `way` says, on a transparent canvas of `size`: cubic interpolation, wide enough to leave
/// nothing out where the picture gets smaller. A pixel that an edge runs through is covered as far as the edge says.
pub fn draw<P: Picture>(image: &P, way: Affine, part: PicturePart, size: (u32, u32)) -> P {
    let blank = || P::nothing(size);
    let (width, height) = image.size();
    let part = PicturePart {
        left: part.left.max(0.0),
        top: part.top.max(0.0),
        right: part.right.min(f64::from(width)),
        bottom: part.bottom.min(f64::from(height)),
    };
    let usable = [way.xx, way.xy, way.yx, way.yy, way.x0, way.y0].iter().all(|number| number.abs() < 1e9)
        && part.left < part.right
        && part.top < part.bottom
        && size.0 > 0
        && size.1 > 0;
    if !usable || way.inverse().is_none() {
        return blank();
    }
    if way.xy == 0.0 && way.yx == 0.0 {
        return draw_upright(image, way, part, size).unwrap_or_else(blank);
    }
    draw_turned(image, way, part, size).unwrap_or_else(blank)
}

/// One side of an upright picture on the canvas.
struct AxisSpan {
    /// The canvas pixels that are touched.
    first: u32,
    count: u32,
    /// The source pixels that are needed, edges repeated beyond the picture, from the first to behind the last.
    from: i64,
    to: i64,
    /// Where the first canvas pixel starts among those, and how many of them the canvas pixels are long.
    start: f64,
    length: f64,
    /// How far each canvas pixel is covered.
    covered: Vec<f32>,
}

impl AxisSpan {
    /// `scale × source + shift = canvas`; `scale` is positive.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "cut to the canvas, or near the picture"
    )]
    fn new(scale: f64, shift: f64, (low, high): (f64, f64), canvas: u32) -> Option<AxisSpan> {
        let near = |edge: f64| if (edge - edge.round()).abs() < 1e-6 { edge.round() } else { edge };
        let (low, high) = (near(low * scale + shift), near(high * scale + shift));
        let limit = f64::from(canvas);
        let (first, end) = (low.floor().clamp(0.0, limit), high.ceil().clamp(0.0, limit));
        // What is thinner than a thousandth of a pixel is not seen.
        if end <= first || high - low < 1e-3 {
            return None;
        }
        let covered = (first as u32..end as u32)
            .map(|pixel| {
                let pixel = f64::from(pixel);
                ((pixel + 1.0).min(high) - pixel.max(low)).clamp(0.0, 1.0) as f32
            })
            .collect();
        let (source_start, source_end) = ((first - shift) / scale, (end - shift) / scale);
        let margin = 2.0 * (1.0 / scale).max(1.0) + 1.0;
        let from = (source_start - margin).floor() as i64;
        let to = (source_end + margin).ceil() as i64;
        let (first, count) = (first as u32, (end - first) as u32);
        Some(AxisSpan {
            first,
            count,
            from,
            to,
            start: source_start - from as f64,
            length: source_end - source_start,
            covered,
        })
    }
}

fn draw_upright<P: Picture>(image: &P, way: Affine, part: PicturePart, size: (u32, u32)) -> Option<P> {
    // Much smaller pictures are made in two steps, so that what lies beyond an edge never has to be large.
    if let Some(smaller) = shrunk(image, (way.xx.abs(), way.yy.abs()), 0.25, 2.0) {
        let (image, ratio) = smaller;
        let way = Affine::scale(1.0 / ratio.0, 1.0 / ratio.1).then(way);
        return draw_upright(&image, way, scaled_part(part, ratio), size);
    }
    let (width, height) = image.size();
    let (flip_x, flip_y) = (way.xx < 0.0, way.yy < 0.0);
    let mirrored = |flip: bool, scale: f64, shift: f64, low: f64, high: f64, length: u32| {
        let length = f64::from(length);
        if flip { (-scale, shift + scale * length, (length - high, length - low)) } else { (scale, shift, (low, high)) }
    };
    let (scale_x, shift_x, edges_x) = mirrored(flip_x, way.xx, way.x0, part.left, part.right, width);
    let (scale_y, shift_y, edges_y) = mirrored(flip_y, way.yy, way.y0, part.top, part.bottom, height);
    let across = AxisSpan::new(scale_x, shift_x, edges_x, size.0)?;
    let down = AxisSpan::new(scale_y, shift_y, edges_y, size.1)?;
    let needed = surroundings(image, &across, &down, (flip_x, flip_y));
    let part = (across.start, down.start, across.length, down.length);
    let mut scaled = scale_part(&needed, part, (across.count, down.count));
    for (line, &y) in scaled.samples_mut().chunks_mut(across.count as usize * 4).zip(&down.covered) {
        for (pixel, &x) in line.as_chunks_mut::<4>().0.iter_mut().zip(&across.covered) {
            let covered = x * y;
            if covered < 1.0 {
                *pixel = P::store(P::load(*pixel).map(|sample| sample * covered));
            }
        }
    }
    let mut canvas = P::nothing(size);
    paste(&mut canvas, &scaled, across.first.into(), down.first.into());
    Some(canvas)
}

/// The source pixels that two sides need, mirrored if need be, the picture's edges repeated beyond it.
fn surroundings<P: Picture>(image: &P, across: &AxisSpan, down: &AxisSpan, (flip_x, flip_y): (bool, bool)) -> P {
    let (width, height) = image.size();
    let place = |at: i64, length: u32, flip: bool| {
        let last = i64::from(length) - 1;
        let at = at.clamp(0, last);
        usize::try_from(if flip { last - at } else { at }).unwrap_or(0)
    };
    let columns: Vec<usize> = (across.from..across.to).map(|x| place(x, width, flip_x)).collect();
    let mut samples = Vec::with_capacity(columns.len() * usize::try_from(down.to - down.from).unwrap_or(0) * 4);
    let pixels = image.samples().as_chunks::<4>().0;
    for y in down.from..down.to {
        let line = &pixels[place(y, height, flip_y) * width as usize..][..width as usize];
        columns.iter().for_each(|&x| samples.extend_from_slice(&line[x]));
    }
    let length = |side: &AxisSpan| u32::try_from(side.to - side.from).unwrap_or(0);
    P::from_samples((length(across), length(down)), samples)
}

/// The picture made smaller, and by how much, where `scale` makes it smaller than `limit`: to `room` times the size that
/// is wanted in the end.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and the picture's own size")]
fn shrunk<P: Picture>(image: &P, scale: (f64, f64), limit: f64, room: f64) -> Option<(P, (f64, f64))> {
    let (width, height) = image.size();
    let side = |length: u32, scale: f64| match scale < limit {
        true => (f64::from(length) * scale * room).ceil().clamp(1.0, f64::from(length)) as u32,
        false => length,
    };
    let smaller = (side(width, scale.0), side(height, scale.1));
    let ratio = (f64::from(smaller.0) / f64::from(width), f64::from(smaller.1) / f64::from(height));
    (smaller != (width, height)).then(|| (resample(image, smaller.0, smaller.1), ratio))
}

fn scaled_part(part: PicturePart, ratio: (f64, f64)) -> PicturePart {
    PicturePart {
        left: part.left * ratio.0,
        top: part.top * ratio.1,
        right: part.right * ratio.0,
        bottom: part.bottom * ratio.1,
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "cut to the canvas just before; shares in singles"
)]
fn draw_turned<P: Picture>(image: &P, way: Affine, part: PicturePart, size: (u32, u32)) -> Option<P> {
    let scale = (way.xx.hypot(way.yx), way.xy.hypot(way.yy));
    if scale.0 * (part.right - part.left) < 1e-3 || scale.1 * (part.bottom - part.top) < 1e-3 {
        return None;
    }
    if let Some((image, ratio)) = shrunk(image, scale, 0.75, 1.0) {
        let way = Affine::scale(1.0 / ratio.0, 1.0 / ratio.1).then(way);
        return draw_turned(&image, way, scaled_part(part, ratio), size);
    }
    let back = way.inverse()?;
    let corners = [(part.left, part.top), (part.right, part.top), (part.left, part.bottom), (part.right, part.bottom)];
    let corners = corners.map(|(x, y)| way.apply(x, y));
    let reach = |axis: fn(&(f64, f64)) -> f64, limit: u32| {
        let (low, high) = corners.iter().map(axis).fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(v), b.max(v)));
        let cut = |value: f64| value.clamp(0.0, f64::from(limit)) as u32;
        cut(low.floor() - 1.0)..cut(high.ceil() + 1.0)
    };
    let (columns, lines) = (reach(|corner| corner.0, size.0), reach(|corner| corner.1, size.1));
    // How fast the source coordinates grow across the canvas: distances from edges in canvas pixels.
    let (steep_x, steep_y) = (back.xx.hypot(back.xy), back.yx.hypot(back.yy));
    let mut canvas = P::nothing(size);
    let pixels = canvas.samples_mut().as_chunks_mut::<4>().0;
    for y in lines {
        for x in columns.clone() {
            let (u, v) = back.apply(f64::from(x) + 0.5, f64::from(y) + 0.5);
            let inside = |distance: f64, steep: f64| (distance / steep + 0.5).clamp(0.0, 1.0);
            let covered = inside(u - part.left, steep_x)
                * inside(part.right - u, steep_x)
                * inside(v - part.top, steep_y)
                * inside(part.bottom - v, steep_y);
            if covered > 0.0 {
                let sample = sampled(image, u, v).map(|sample| sample * covered as f32);
                pixels[y as usize * size.0 as usize + x as usize] = P::store(sample);
            }
        }
    }
    Some(canvas)
}

/// The picture at a point, by the cubic of Catmull and Rom; its edges are repeated beyond it.
#[inline]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "points in or near the picture")]
fn sampled<P: Picture>(image: &P, x: f64, y: f64) -> [f32; 4] {
    let (width, height) = image.size();
    let (x, y) = (x - 0.5, y - 0.5);
    let (across, down) = (shares((x - x.floor()) as f32), shares((y - y.floor()) as f32));
    let place = |at: i64, length: u32| at.clamp(0, i64::from(length) - 1) as usize;
    let columns = [-1, 0, 1, 2].map(|step| place(x.floor() as i64 + step, width));
    let pixels = image.samples().as_chunks::<4>().0;
    let mut sum = [0f32; 4];
    for (step, down) in (-1..).zip(down) {
        let line = place(y.floor() as i64 + step, height) * width as usize;
        for (column, across) in columns.iter().zip(across) {
            let (pixel, share) = (P::load(pixels[line + column]), across * down);
            for channel in 0..4 {
                sum[channel] += pixel[channel] * share;
            }
        }
    }
    sum
}

/// The shares of the four samples around a point that lies `at` behind the second.
#[inline]
fn shares(at: f32) -> [f32; 4] {
    let (one, two, three) = (at, at * at, at * at * at);
    [
        -0.5 * one + two - 0.5 * three,
        1.0 - 2.5 * two + 1.5 * three,
        0.5 * one + 2.0 * two - 1.5 * three,
        -0.5 * two + 0.5 * three,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{Rgba16, RgbaF32};

    fn noise(width: u32, height: u32) -> Rgba16 {
        let mut state = 7u32;
        let mut image = Rgba16::black(width, height);
        for pixel in image.data.as_chunks_mut::<4>().0 {
            for sample in &mut pixel[..3] {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *sample = u16::try_from(state >> 16).expect("16 bits are left");
            }
        }
        image
    }

    fn whole(image: &Rgba16) -> PicturePart {
        PicturePart { left: 0.0, top: 0.0, right: image.width.into(), bottom: image.height.into() }
    }

    fn at(image: &Rgba16, x: u32, y: u32) -> [u16; 4] {
        image.data.as_chunks::<4>().0[(y * image.width + x) as usize]
    }

    #[test]
    fn whole_pixels_are_moved_flipped_and_turned_as_they_are() {
        let image = noise(12, 8);
        assert_eq!(draw(&image, Affine::IDENTITY, whole(&image), (12, 8)), image);
        let moved = draw(&image, Affine::shift(3.0, -2.0), whole(&image), (12, 8));
        assert_eq!(at(&moved, 5, 1), at(&image, 2, 3));
        assert_eq!((at(&moved, 2, 1), at(&moved, 5, 7)), ([0; 4], [0; 4]));
        let flipped = draw(&image, Affine::scale(-1.0, 1.0).then(Affine::shift(12.0, 0.0)), whole(&image), (12, 8));
        assert!((0..12).all(|x| at(&flipped, x, 3) == at(&image, 11 - x, 3)));
        // A quarter turn counter-clockwise takes the right edge to the top.
        let rotated = draw(&image, Affine::turn(90.0).then(Affine::shift(0.0, 12.0)), whole(&image), (8, 12));
        for (x, y) in [(0, 0), (7, 0), (3, 5), (7, 11)] {
            for (got, wanted) in at(&rotated, x, y).into_iter().zip(at(&image, 11 - y, x)) {
                assert!(got.abs_diff(wanted) <= 1, "{x}, {y}");
            }
        }
    }

    #[test]
    fn edges_cover_parts_of_pixels_and_do_not_change_colour() {
        let white = Rgba16 { width: 4, height: 4, data: vec![65535; 64] };
        let half = draw(&white, Affine::shift(2.5, 2.0), whole(&white), (9, 8));
        let alphas: Vec<u16> = (0..9).map(|x| at(&half, x, 4)[3]).collect();
        assert_eq!(alphas, [0, 0, 32768, 65535, 65535, 65535, 32768, 0, 0]);
        for way in [Affine::turn(30.0), Affine::turn(45.0).then(Affine::scale(0.3, 0.3)), Affine::scale(0.1, 0.37)] {
            let drawn = draw(&white, way.then(Affine::shift(4.2, 4.7)), whole(&white), (12, 12));
            assert!(drawn.data.as_chunks::<4>().0.iter().all(|p| p[..3].iter().all(|c| c.abs_diff(p[3]) <= 1)));
            let area: f64 = drawn.data.as_chunks::<4>().0.iter().map(|p| f64::from(p[3]) / 65535.0).sum();
            let wanted = 16.0 * (way.xx * way.yy - way.xy * way.yx).abs();
            assert!((area - wanted).abs() < 0.15 + wanted * 0.05, "{way:?}: {area} is not {wanted}");
        }
    }

    #[test]
    fn a_crop_leaves_what_is_inside_where_it_is() {
        let image = noise(10, 10);
        let part = PicturePart { left: 2.0, top: 3.0, right: 7.5, bottom: 9.0 };
        let drawn = draw(&image, Affine::IDENTITY, part, (10, 10));
        assert_eq!((at(&drawn, 2, 3), at(&drawn, 6, 8)), (at(&image, 2, 3), at(&image, 6, 8)));
        assert_eq!((at(&drawn, 1, 3), at(&drawn, 6, 9), at(&drawn, 7, 4)[3]), ([0; 4], [0; 4], 32768));
    }

    #[test]
    fn nothing_that_numbers_can_be_breaks_it() {
        let image = noise(5, 5);
        let numbers = [0.0, 1e-9, -3.0, 0.5, 1e9, f64::NAN, f64::INFINITY, -1e300];
        for &a in &numbers {
            for &b in &numbers {
                for way in [
                    Affine::scale(a, b),
                    Affine::shift(a, b),
                    Affine { xy: a, yx: b, ..Affine::IDENTITY },
                    Affine::turn(a).then(Affine::scale(b, 1.0)),
                ] {
                    let drawn = draw(&image, way, whole(&image), (6, 6));
                    assert_eq!(drawn.data.len(), 6 * 6 * 4);
                }
                let part = PicturePart { left: a, top: b, right: b, bottom: a };
                draw(&image, Affine::IDENTITY, part, (6, 6));
            }
        }
    }

    #[test]
    fn light_is_drawn_like_samples() {
        let light = RgbaF32 { width: 2, height: 2, data: [9.0, -0.5, 0.25, 1.0].repeat(4) };
        let part = PicturePart { left: 0.0, top: 0.0, right: 2.0, bottom: 2.0 };
        let drawn = draw(&light, Affine::scale(2.0, 2.0).then(Affine::shift(0.5, 0.0)), part, (5, 4));
        assert_eq!(drawn.data[..4], [4.5, -0.25, 0.125, 0.5]);
        for (got, wanted) in drawn.data[4..8].iter().zip([9.0, -0.5, 0.25, 1.0]) {
            assert!((got - wanted).abs() < 1e-5);
        }
    }
}
