//! LUTs of three dimensions, interpolated in tetrahedra.

use super::ColorTransform;
use crate::error::{Error, ErrorKind, Result};

/// The most samples on an edge.
const LARGEST: usize = 256;

/// A cube of colours, interpolated in tetrahedra: six in each cell, along the diagonal that greys lie on. What is outside its
/// domain is cut to it.
#[derive(Debug, Clone, PartialEq)]
pub struct CubeLut {
    /// Samples on an edge.
    size: usize,
    /// Red runs fastest. The last of four is not used: pixels are loaded as a whole.
    data: Vec<[f32; 4]>,
}

impl CubeLut {
    /// A cube of `size` samples on an edge, red running fastest.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] unless `size` is 2 to 256 and `colors` holds `size³` colours.
    pub fn new(size: usize, colors: &[[f32; 3]]) -> Result<CubeLut> {
        if !(2..=LARGEST).contains(&size) || colors.len() != size.pow(3) {
            let what = format!("{} colours do not make a LUT of {size} points on an edge", colors.len());
            return Err(Error::new(ErrorKind::Option, what));
        }
        Ok(CubeLut { size, data: colors.iter().map(|&[r, g, b]| [r, g, b, 0.0]).collect() })
    }

    /// Reads the text of a `.cube` file as Resolve and Iridas write it, if it holds one LUT of three dimensions over 0 to 1,
    /// and no other: that is what [`CubeLut`] does as OpenColorIO does it.
    pub fn parse(text: &str) -> Option<CubeLut> {
        let (mut size, mut colors) = (None, Vec::new());
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let mut words = line.split_whitespace();
            match words.next()?.to_ascii_uppercase().as_str() {
                "TITLE" if size.is_none() => {}
                "LUT_3D_SIZE" if size.is_none() => size = Some(words.next()?.parse().ok()?),
                "DOMAIN_MIN" if colors.is_empty() => words.map(number).all(|value| value == Some(0.0)).then_some(())?,
                "DOMAIN_MAX" if colors.is_empty() => words.map(number).all(|value| value == Some(1.0)).then_some(())?,
                _ => {
                    let mut words = line.split_whitespace().map(number);
                    let mut next = || words.next()?;
                    colors.push([next()?, next()?, next()?]);
                    if words.next().is_some() || colors.len() > LARGEST.pow(3) {
                        return None;
                    }
                }
            }
        }
        CubeLut::new(size?, &colors).ok()
    }

    /// A cube of these samples, red running fastest; the last of four is not used.
    pub(super) fn of_samples(size: usize, data: Vec<[f32; 4]>) -> CubeLut {
        debug_assert!((2..=LARGEST).contains(&size) && data.len() == size.pow(3));
        CubeLut { size, data }
    }

    /// Converts up to [`BLOCK`] pixels. In two passes over all of them, of which the first has no branch and no look-up: that
    /// is three times as fast as pixel by pixel.
    fn block(&self, pixels: &mut [[f32; 4]], located: &mut Located) {
        self.locate(pixels, located);
        self.mix(pixels, located);
    }

    /// Finds where up to [`BLOCK`] pixels lie; whether any of them lies outside the cube or nowhere.
    pub(super) fn locate(&self, pixels: &[[f32; 4]], located: &mut Located) -> bool {
        let Located { cells, shares, colors } = located;
        let mut outside = false;
        for (place, pixel) in pixels.iter().enumerate() {
            for (channel, colors) in colors.iter_mut().enumerate() {
                let value = pixel[channel];
                colors[place] = value;
                #[allow(clippy::manual_range_contains, reason = "without a branch, since it is done for every pixel")]
                let is_inside = (value >= 0.0) & (value <= 1.0);
                outside |= !is_inside;
            }
        }
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "at most 256")]
        let (most, line, plane) = ((self.size - 1) as f32, self.size as u32, (self.size * self.size) as u32);
        // Always over the whole block, which is why it is fast.
        for (place, cell) in cells.iter_mut().enumerate() {
            let (x, fx) = position(colors[0][place], most);
            let (y, fy) = position(colors[1][place], most);
            let (z, fz) = position(colors[2][place], most);
            let order = u32::from(fx > fy) | u32::from(fy > fz) << 1 | u32::from(fx > fz) << 2;
            *cell = (x + y * line + z * plane, order);
            let (low, high) = (lower(fx, fy), higher(fx, fy));
            let (a, b, c) = (higher(high, fz), higher(low, lower(high, fz)), lower(low, fz));
            shares[0][place] = 1.0 - a;
            shares[1][place] = a - b;
            shares[2][place] = b - c;
            shares[3][place] = c;
        }
        outside
    }

    /// Mixes what pixels that were located become.
    pub(super) fn mix(&self, pixels: &mut [[f32; 4]], Located { cells, shares, .. }: &Located) {
        let far = self.size * self.size + self.size + 1;
        let steps = self.steps();
        for (place, pixel) in pixels.iter_mut().enumerate() {
            let (start, order) = cells[place];
            let [one, two] = steps[(order & 7) as usize];
            let cell = &self.data[start as usize..][..=far];
            let corners = [&cell[0], &cell[one], &cell[two], &cell[far]];
            let mut out = [0.0; 4];
            for (channel, out) in out.iter_mut().enumerate() {
                *out = corners[0][channel] * shares[0][place]
                    + corners[1][channel] * shares[1][place]
                    + corners[2][channel] * shares[2][place]
                    + corners[3][channel] * shares[3][place];
            }
            out[3] = pixel[3];
            *pixel = out;
        }
    }

    /// From the corner of a cell that is nearest to black: the distances to the second and third corner of the tetrahedron,
    /// along the axis that is furthest on its way first. By three bits: red is further than green, green than blue, red than
    /// blue.
    fn steps(&self) -> [[usize; 2]; 8] {
        let (x, y, z) = (1, self.size, self.size * self.size);
        std::array::from_fn(|order| match (order & 1 > 0, order & 2 > 0, order & 4 > 0) {
            (true, true, _) => [x, x + y],
            (true, false, true) => [x, x + z],
            (true, false, false) => [z, z + x],
            (false, true, true) => [y, y + x],
            (false, true, false) => [y, y + z],
            (false, false, _) => [z, z + y],
        })
    }
}

/// How many pixels are converted at once.
pub(super) const BLOCK: usize = 64;

/// Where the pixels of a block lie in a cube.
pub(super) struct Located {
    /// The sample of the cell that is nearest to black, and the order of its axes.
    pub(super) cells: [(u32, u32); BLOCK],
    /// The shares of the corners of the tetrahedron.
    shares: [[f32; BLOCK]; 4],
    /// The pixels, channel by channel.
    colors: [[f32; BLOCK]; 3],
}

impl Default for Located {
    fn default() -> Located {
        Located { cells: [(0, 0); BLOCK], shares: [[0.0; BLOCK]; 4], colors: [[0.0; BLOCK]; 3] }
    }
}

/// The cell that `value` lies in on an axis of cells `0..most`, and how far it is through it, from 0 to 1. What is no number
/// is 0.
#[inline]
fn position(value: f32, most: f32) -> (u32, f32) {
    /// Added to a number below 2²², it leaves that number's nearest whole in the last bits.
    const WHOLE: f32 = 12_582_912.0;
    let at = lower(higher(value, 0.0), 1.0) * most;
    // Half a cell back, the nearest whole is the one below: or, on the border of two cells, either.
    let whole = lower(at - 0.5, most - 1.0) + WHOLE;
    (whole.to_bits() & 0x1ff, at - (whole - WHOLE))
}

/// The higher of two numbers; the second where one is none.
#[inline]
fn higher(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// The lower of two numbers; the second where one is none.
#[inline]
fn lower(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

fn number(word: &str) -> Option<f32> {
    word.parse::<f32>().ok().filter(|number| number.is_finite())
}

impl ColorTransform for CubeLut {
    fn apply(&self, pixels: &mut [[f32; 4]]) {
        let mut located = Located::default();
        pixels.chunks_mut(BLOCK).for_each(|block| self.block(block, &mut located));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cube(size: usize, color: impl Fn([f32; 3]) -> [f32; 3]) -> CubeLut {
        #[allow(clippy::cast_precision_loss, reason = "small")]
        let share = |at: usize| at as f32 / (size - 1) as f32;
        let colors: Vec<_> = (0..size.pow(3))
            .map(|at| color([share(at % size), share(at / size % size), share(at / size / size)]))
            .collect();
        CubeLut::new(size, &colors).expect("a cube")
    }

    #[test]
    fn what_is_linear_stays_so_and_corners_are_met() {
        for size in [2, 3, 17] {
            let mixed = cube(size, |[r, g, b]| [g, 1.0 - r, 0.25 * r + 0.5 * b]);
            for pixel in [[0.0, 0.0, 0.0, 1.0], [1.0, 1.0, 1.0, 0.0], [0.3, 0.7, 0.1, 0.5], [0.9, 0.2, 0.6, 2.0]] {
                let [r, g, b, alpha] = pixel;
                let mut out = [pixel];
                mixed.apply(&mut out);
                for (got, wanted) in out[0].into_iter().zip([g, 1.0 - r, 0.25 * r + 0.5 * b, alpha]) {
                    assert!((got - wanted).abs() < 1e-6, "{size} {pixel:?}: {out:?}");
                }
            }
            let mut out = [[-3.0, 5.0, f32::NAN, 1.0], [f32::INFINITY, f32::NEG_INFINITY, 2.0, 1.0]];
            mixed.apply(&mut out);
            assert_eq!(out, [[1.0, 1.0, 0.0, 1.0], [0.0, 0.0, 0.75, 1.0]]);
        }
    }

    /// Inside of a cell, the value is that of the tetrahedron, not of the cell.
    #[test]
    fn cells_are_six_tetrahedra() {
        let only = |corner: [f32; 3]| cube(2, move |at| if at == corner { [1.0; 3] } else { [0.0; 3] });
        for (corner, pixel, wanted) in [
            ([1.0, 0.0, 0.0], [0.75, 0.5, 0.25], 0.25),
            ([1.0, 1.0, 0.0], [0.75, 0.5, 0.25], 0.25),
            ([0.0, 1.0, 1.0], [0.25, 0.75, 0.5], 0.25),
            ([0.0, 0.0, 1.0], [0.25, 0.5, 0.875], 0.375),
            ([1.0, 0.0, 1.0], [0.5, 0.25, 0.75], 0.25),
            ([0.0, 1.0, 0.0], [0.5, 0.25, 0.75], 0.0),
            ([1.0, 1.0, 1.0], [0.5, 0.25, 0.75], 0.25),
        ] {
            let [r, g, b] = pixel;
            let mut out = [[r, g, b, 1.0]];
            only(corner).apply(&mut out);
            assert_eq!(out[0][..3], [wanted; 3], "{corner:?} {pixel:?}");
        }
    }

    /// Many pixels at once are what each is alone, cut by cut of its axes in the order of how far it is along them.
    #[test]
    fn blocks_are_what_the_plain_formula_gives() {
        let mut seed = 7u32;
        let mut dice = move || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / 16_777_216.0
        };
        for size in [2, 5, 33] {
            let colors: Vec<[f32; 3]> = (0..size * size * size).map(|_| [dice(), dice(), dice()]).collect();
            let lut = CubeLut::new(size, &colors).expect("a cube");
            let most = (size - 1) as f32;
            let mut pixels: Vec<[f32; 4]> = (0..1000).map(|_| [dice() * 1.2 - 0.1, dice(), dice(), dice()]).collect();
            // On the borders of cells.
            pixels.extend((0..size).map(|at| [at as f32 / most, 1.0 - at as f32 / most, 0.5, 1.0]));
            let plain = |pixel: &[f32; 4]| -> [f32; 3] {
                let at = [0, 1, 2].map(|axis| pixel[axis].clamp(0.0, 1.0) * most);
                #[allow(clippy::cast_possible_truncation, reason = "from 0 to 32")]
                let cell = at.map(|at| (at as usize).min(size - 2));
                let way = [0, 1, 2].map(|axis| at[axis] - cell[axis] as f32);
                let mut axes = [0, 1, 2];
                axes.sort_by(|&a, &b| way[b].total_cmp(&way[a]));
                let value = |corner: [usize; 3]| colors[corner[0] + size * (corner[1] + size * corner[2])];
                let (mut corner, mut out) = (cell, value(cell).map(|color| color * (1.0 - way[axes[0]])));
                for (place, &axis) in axes.iter().enumerate() {
                    corner[axis] += 1;
                    let share = way[axis] - axes.get(place + 1).map_or(0.0, |&next| way[next]);
                    out.iter_mut().zip(value(corner)).for_each(|(out, color)| *out += color * share);
                }
                out
            };
            let wanted: Vec<[f32; 3]> = pixels.iter().map(plain).collect();
            let before = pixels.clone();
            lut.apply(&mut pixels);
            for ((got, wanted), before) in pixels.iter().zip(wanted).zip(before) {
                assert!(got.iter().zip(wanted).all(|(got, wanted)| (got - wanted).abs() < 2e-6), "{size} {before:?}");
                assert_eq!(got[3], before[3]);
            }
        }
    }

    #[test]
    fn only_plain_cubes_are_read() {
        let plain = "TITLE \"x\"\nLUT_3D_SIZE 2\nDOMAIN_MIN 0 0 0\nDOMAIN_MAX 1.0 1.0 1.0\n# a note\n";
        let rows = "0 0 0\n1 0 0\n0 1 0\n1 1 0\n0 0 1\n1 0 1\n0 1 1\n1 1 1\n";
        let lut = CubeLut::parse(&format!("{plain}{rows}")).expect("a plain cube");
        assert_eq!((lut.size, lut.data[1]), (2, [1.0, 0.0, 0.0, 0.0]));
        for other in [
            format!("LUT_1D_SIZE 2\n{plain}{rows}"),
            format!("{plain}{rows}0 0 0\n"),
            format!("LUT_3D_SIZE 2\nDOMAIN_MAX 2 2 2\n{rows}"),
            format!("{plain}{}", rows.replace("1 1 1", "1 1 nan")),
            format!("{plain}{}", rows.replace("1 1 1", "1 1")),
            format!("LUT_3D_SIZE 999999\n{rows}"),
            String::new(),
        ] {
            assert_eq!(CubeLut::parse(&other), None, "{other}");
        }
    }
}
