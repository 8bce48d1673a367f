//! LUTs of three dimensions, interpolated in tetrahedra.

use super::Transform;
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
            let what = format!("{} colours are no LUT of {size} on an edge", colors.len());
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

    #[inline]
    fn pixel(&self, [red, green, blue, alpha]: [f32; 4]) -> [f32; 4] {
        let size = self.size;
        #[allow(clippy::cast_precision_loss, reason = "at most 256")]
        let most = (size - 1) as f32;
        let place = |value: f32| {
            // What is no number is 0.
            let value = if value > 0.0 { value } else { 0.0 };
            let at = if value < 1.0 { value * most } else { most };
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 255")]
            let first = (at as u32 as usize).min(size - 2);
            #[allow(clippy::cast_precision_loss, reason = "at most 256")]
            let way = at - first as f32;
            (first, way)
        };
        let ((x, fx), (y, fy), (z, fz)) = (place(red), place(green), place(blue));
        let (dx, dy, dz) = (1, size, size * size);
        let start = x + y * dy + z * dz;
        // From the corner that is nearest to black to the one opposite, along the axis that is furthest on its way first.
        let (one, two, [a, b, c]) = match (fx > fy, fy > fz, fx > fz) {
            (true, true, _) => (dx, dx + dy, [fx, fy, fz]),
            (true, false, true) => (dx, dx + dz, [fx, fz, fy]),
            (true, false, false) => (dz, dz + dx, [fz, fx, fy]),
            (false, true, true) => (dy, dy + dx, [fy, fx, fz]),
            (false, true, false) => (dy, dy + dz, [fy, fz, fx]),
            (false, false, _) => (dz, dz + dy, [fz, fy, fx]),
        };
        let corners = [start, start + one, start + two, start + dx + dy + dz].map(|index| self.data[index]);
        let shares = [1.0 - a, a - b, b - c, c];
        let mut out = [0.0, 0.0, 0.0, alpha];
        for channel in 0..3 {
            out[channel] = corners[0][channel] * shares[0]
                + corners[1][channel] * shares[1]
                + corners[2][channel] * shares[2]
                + corners[3][channel] * shares[3];
        }
        out
    }
}

fn number(word: &str) -> Option<f32> {
    word.parse::<f32>().ok().filter(|number| number.is_finite())
}

impl Transform for CubeLut {
    fn apply(&self, pixels: &mut [[f32; 4]]) {
        for pixel in pixels {
            *pixel = self.pixel(*pixel);
        }
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
