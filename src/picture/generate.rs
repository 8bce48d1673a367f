//! Pictures that are made, not read: colours, gradients, checkers and colour bars.

use super::{Rgba16, premultiply};
use crate::look::{Bars, Generated};

/// A gradient, checker or solid colour of `width × height` pixels, premultiplied; `None` for what is drawn otherwise.
pub fn draw_generated(generated: &Generated, width: u32, height: u32) -> Option<Rgba16> {
    let mut image = Rgba16::transparent(width, height);
    let share = |at: usize, count: u32| {
        let last = f64::from(count.max(2) - 1);
        f64::from(u32::try_from(at).unwrap_or(u32::MAX)) / last
    };
    // Squares, sixteen to a line.
    let square = (width / 16).max(1) as usize;
    let color = |x: usize, y: usize| match generated {
        Generated::Solid { color } => Some(*color),
        Generated::Gradient { colors: [from, to] } => Some(between(*from, *to, share(x, width))),
        Generated::Corners { colors: [a, b, c, d] } => {
            let across = share(x, width);
            Some(between(between(*a, *b, across), between(*c, *d, across), share(y, height)))
        }
        Generated::Checker { colors } => Some(colors[(x / square + y / square) % 2]),
        _ => None,
    };
    for (y, line) in image.data.chunks_mut(width.max(1) as usize * 4).enumerate() {
        for (x, pixel) in line.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            *pixel = color(x, y)?;
        }
    }
    color(0, 0)?;
    premultiply(&mut image);
    Some(image)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two samples")]
fn between(from: [u16; 4], to: [u16; 4], share: f64) -> [u16; 4] {
    let mut mixed = from;
    for (sample, to) in mixed.iter_mut().zip(to) {
        *sample = (f64::from(*sample) * (1.0 - share) + f64::from(to) * share).round() as u16;
    }
    mixed
}

/// A patch of bars: RGB from 0 to 1, or luma and colour differences as 8-bit video has them.
#[derive(Clone, Copy)]
enum Patch {
    Rgb(f64, f64, f64),
    Video(f64, f64, f64),
    /// From black at the left to white at the right.
    Ramp,
}

impl Patch {
    fn grey(level: f64) -> Patch {
        Patch::Rgb(level, level, level)
    }

    /// Luma and colour differences of 16-bit video of limited range, `along` the patch's width.
    fn samples(self, (red_share, blue_share): (f64, f64), along: f64) -> [u16; 3] {
        let [y, cb, cr] = match self {
            Patch::Video(y, cb, cr) => [y, cb, cr],
            Patch::Ramp => [16.0 + 219.0 * along, 128.0, 128.0],
            Patch::Rgb(r, g, b) => {
                let luma = red_share * r + (1.0 - red_share - blue_share) * g + blue_share * b;
                let difference = |color: f64, share: f64| 128.0 + 224.0 * (color - luma) / (2.0 * (1.0 - share));
                [16.0 + 219.0 * luma, difference(b, blue_share), difference(r, red_share)]
            }
        };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "8-bit numbers times 256")]
        [y, cb, cr].map(|number| (number * 256.0).round() as u16)
    }
}

/// A row of patches: how much of the height it takes, and each patch with its share of the width.
type Row = (f64, Vec<(f64, Patch)>);

/// Colour bars of `width × height` pixels: for every pixel Y, Cb and Cr of 16 bits, limited range, by the matrix whose
/// shares of red and blue in luma are given. Values below black are kept.
pub fn draw_bars(bars: Bars, width: u32, height: u32, matrix: (f64, f64)) -> Vec<[u16; 3]> {
    let rows = match bars {
        Bars::Smpte => smpte(),
        Bars::SmpteHd => smpte_hd(),
        Bars::Ebu => vec![(1.0, seven(true, 1.0, 0.75))],
        _ => vec![(1.0, seven(true, 1.0, 1.0))],
    };
    let mut picture = Vec::with_capacity(width as usize * height as usize);
    let (mut top, mut line) = (0.0, 0);
    let last_row = rows.len() - 1;
    for (number, (share, patches)) in rows.iter().enumerate() {
        top += share;
        let end = if number == last_row { height } else { edge(top, height) };
        let one = pixels_of(patches, width, matrix);
        for _ in line..end {
            picture.extend_from_slice(&one);
        }
        line = end.max(line);
    }
    picture
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the picture")]
fn edge(share: f64, length: u32) -> u32 {
    (share * f64::from(length)).round().min(f64::from(length)) as u32
}

/// One line of a row.
fn pixels_of(patches: &[(f64, Patch)], width: u32, matrix: (f64, f64)) -> Vec<[u16; 3]> {
    let mut line = Vec::with_capacity(width as usize);
    let (mut left, mut from) = (0.0, 0);
    for (number, (share, patch)) in patches.iter().enumerate() {
        left += share;
        let to = if number + 1 == patches.len() { width } else { edge(left, width) };
        let last = f64::from(to.saturating_sub(from).max(2) - 1);
        line.extend((from..to).map(|x| patch.samples(matrix, f64::from(x - from) / last)));
        from = to.max(from);
    }
    line
}

/// White (or none), yellow, cyan, green, magenta, red, blue (and black, where white comes first) at `level`.
fn seven(eight: bool, white: f64, level: f64) -> Vec<(f64, Patch)> {
    let share = if eight { 1.0 / 8.0 } else { 1.0 / 7.0 };
    let mut patches = vec![(share, Patch::grey(white))];
    let colors = [(1, 1, 0), (0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 1), (0, 0, 0)];
    let at = |on: i32| f64::from(on) * level;
    patches.extend(
        colors.iter().take(if eight { 7 } else { 6 }).map(|&(r, g, b)| (share, Patch::Rgb(at(r), at(g), at(b)))),
    );
    patches
}

/// Four IRE below and above black, in 8-bit video.
const BELOW: Patch = Patch::Video(7.0, 128.0, 128.0);
const ABOVE: Patch = Patch::Video(24.0, 128.0, 128.0);

/// SMPTE ECR 1-1978.
fn smpte() -> Vec<Row> {
    let bar = 1.0 / 7.0;
    // Black as it was broadcast: a little above none at all.
    let (black, level) = (Patch::Video(19.0, 128.0, 128.0), 0.75);
    let reverse = [
        Patch::Rgb(0.0, 0.0, level),
        black,
        Patch::Rgb(level, 0.0, level),
        black,
        Patch::Rgb(0.0, level, level),
        black,
        Patch::grey(level),
    ];
    let wide = bar * 5.0 / 4.0;
    let bottom = vec![
        (wide, Patch::Video(57.0, 156.0, 97.0)),
        (wide, Patch::grey(1.0)),
        (wide, Patch::Video(44.0, 171.0, 147.0)),
        (wide, Patch::grey(0.0)),
        (bar / 3.0, BELOW),
        (bar / 3.0, Patch::grey(0.0)),
        (bar / 3.0, ABOVE),
        (bar, Patch::grey(0.0)),
    ];
    vec![
        (2.0 / 3.0, seven(false, level, level)),
        (1.0 / 12.0, reverse.map(|patch| (bar, patch)).to_vec()),
        (0.25, bottom),
    ]
}

/// SMPTE RP 219.
fn smpte_hd() -> Vec<Row> {
    let (side, bar) = (1.0 / 8.0, 3.0 / 28.0);
    let black = Patch::grey(0.0);
    let mut first = vec![(side, Patch::grey(0.4))];
    first.extend(seven(false, 0.75, 0.75).into_iter().map(|(_, patch)| (bar, patch)));
    first.push((side, Patch::grey(0.4)));
    let second = vec![
        (side, Patch::Rgb(0.0, 1.0, 1.0)),
        (bar, Patch::Video(61.0, 153.0, 99.0)),
        (bar * 6.0, Patch::grey(0.75)),
        (side, Patch::Rgb(0.0, 0.0, 1.0)),
    ];
    let third = vec![
        (side, Patch::Rgb(1.0, 1.0, 0.0)),
        (bar, Patch::Video(35.0, 174.0, 152.0)),
        (bar * 6.0, Patch::Ramp),
        (side, Patch::Rgb(1.0, 0.0, 0.0)),
    ];
    let step = bar / 3.0;
    let level = |percent: f64| Patch::Video(16.0 + 2.19 * percent, 128.0, 128.0);
    let fourth = vec![
        (side, Patch::grey(0.15)),
        (bar * 1.5, black),
        (bar * 2.0, Patch::grey(1.0)),
        (bar * 5.0 / 6.0, black),
        (step, level(-2.0)),
        (step, black),
        (step, level(2.0)),
        (step, black),
        (step, level(4.0)),
        (bar, black),
        (side, Patch::grey(0.15)),
    ];
    vec![(7.0 / 12.0, first), (1.0 / 12.0, second), (1.0 / 12.0, third), (0.25, fourth)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradients_and_checkers_are_what_their_colours_say() {
        let (black, white) = ([0, 0, 0, 65535], [65535; 4]);
        let ramp = draw_generated(&Generated::Gradient { colors: [black, white] }, 256, 2).expect("a picture");
        assert!((0..256u16).all(|x| ramp.data[usize::from(x) * 4] == x * 257));
        let checker = draw_generated(&Generated::Checker { colors: [white, black] }, 32, 4).expect("a picture");
        let reds: Vec<u16> = checker.data.iter().step_by(4).copied().collect();
        assert_eq!((&reds[..4], &reds[64..68]), (&[65535, 65535, 0, 0][..], &[0, 0, 65535, 65535][..]));
        let half = draw_generated(&Generated::Solid { color: [65535, 0, 0, 32768] }, 1, 1).expect("a picture");
        assert_eq!(half.data, [32768, 0, 0, 32768], "premultiplied");
        assert_eq!(draw_generated(&Generated::Bars { bars: Bars::Full }, 4, 4), None);
    }

    #[test]
    fn bars_fill_every_size() {
        for bars in [Bars::Smpte, Bars::SmpteHd, Bars::Ebu, Bars::Full] {
            for (width, height) in [(1, 1), (7, 3), (320, 180), (1920, 1080), (33, 2), (2, 33)] {
                let picture = draw_bars(bars, width, height, (0.2126, 0.0722));
                assert_eq!(picture.len(), width as usize * height as usize, "{bars:?}, {width}x{height}");
            }
        }
    }

    #[test]
    fn bars_have_the_values_of_their_standard() {
        let hd = draw_bars(Bars::SmpteHd, 1920, 1080, (0.2126, 0.0722));
        let at = |x: usize, y: usize| hd[y * 1920 + x].map(|sample| (f64::from(sample) / 256.0).round());
        // 40 % grey, 75 % white, 75 % yellow in 8-bit BT.709; then what lies two percent under black.
        assert_eq!(at(100, 300), [104.0, 128.0, 128.0]);
        assert_eq!(at(300, 300), [180.0, 128.0, 128.0]);
        assert_eq!(at(550, 300), [168.0, 44.0, 136.0]);
        let steps: Vec<f64> = (0..1920).map(|x| at(x, 1000)[0]).collect();
        assert!(steps.contains(&12.0) && steps.contains(&20.0) && steps.contains(&25.0) && steps.contains(&235.0));
    }
}
