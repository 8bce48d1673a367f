//! Scaling of premultiplied RGBA.

use super::Rgba16;

/// For each sample of a scaled line: the first sample it is made of, and their shares, which add up to 1.
struct Taps {
    first: Vec<usize>,
    shares: Vec<f32>,
    count: usize,
}

impl Taps {
    /// Catmull-Rom (the cubic with a = −0.5), widened where the picture gets smaller, edges repeated.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "sides of pictures, well below 2^24"
    )]
    fn new(from: usize, to: usize) -> Taps {
        let step = from as f64 / to as f64;
        let widen = step.max(1.0);
        let count = ((4.0 * widen).ceil() as usize + 1).min(from);
        let (mut first, mut shares) = (Vec::with_capacity(to), Vec::with_capacity(to * count));
        for index in 0..to {
            let center = (index as f64 + 0.5) * step - 0.5;
            let wanted = (center - 2.0 * widen).ceil() as i64;
            let start = wanted.clamp(0, (from - count) as i64);
            let mut line = vec![0.0f64; count];
            // Shares of samples beyond an edge go to the edge.
            for place in wanted..=(center + 2.0 * widen).floor() as i64 {
                let share = cubic((place as f64 - center) / widen);
                let inside = place.clamp(0, from as i64 - 1) - start;
                if let Some(slot) = line.get_mut(inside.clamp(0, count as i64 - 1) as usize) {
                    *slot += share;
                }
            }
            let sum: f64 = line.iter().sum();
            first.push(start as usize);
            shares.extend(line.iter().map(|share| (share / sum) as f32));
        }
        Taps { first, shares, count }
    }

    fn at(&self, index: usize) -> (usize, &[f32]) {
        (self.first[index], &self.shares[index * self.count..][..self.count])
    }
}

fn cubic(distance: f64) -> f64 {
    let x = distance.abs();
    if x < 1.0 {
        (1.5 * x - 2.5) * x * x + 1.0
    } else if x < 2.0 {
        ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    } else {
        0.0
    }
}

/// The picture scaled to `width × height`, neither of them 0. Colour stays within its alpha, so nothing glows at an
/// edge.
pub fn resample(image: &Rgba16, width: u32, height: u32) -> Rgba16 {
    let mut scaled = Rgba16::transparent(width, height);
    let (from_width, from_height) = (image.width as usize, image.height as usize);
    if scaled.data.is_empty() || image.data.is_empty() {
        return scaled;
    }
    let (across, down) = (Taps::new(from_width, width as usize), Taps::new(from_height, height as usize));
    // One line summed down first, then across: no picture in between has to be kept.
    let mut column = vec![0f32; from_width * 4];
    for (y, out) in scaled.data.chunks_mut(width as usize * 4).enumerate() {
        column.fill(0.0);
        let (first, shares) = down.at(y);
        for (line, &share) in image.data[first * from_width * 4..].chunks(from_width * 4).zip(shares) {
            if share != 0.0 {
                for (sum, &sample) in column.iter_mut().zip(line) {
                    *sum += f32::from(sample) * share;
                }
            }
        }
        let pixels = column.as_chunks::<4>().0;
        for (x, out) in out.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let (first, shares) = across.at(x);
            let mut sum = [0f32; 4];
            for (pixel, &share) in pixels[first..].iter().zip(shares) {
                for channel in 0..4 {
                    sum[channel] += pixel[channel] * share;
                }
            }
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float's cast saturates")]
            let rounded = sum.map(|value| (value + 0.5) as u16);
            *out = [rounded[0].min(rounded[3]), rounded[1].min(rounded[3]), rounded[2].min(rounded[3]), rounded[3]];
        }
    }
    scaled
}

/// Copies `image` into `canvas`, its top left corner at column `x`, line `y`; what sticks out is cut off.
pub fn paste(canvas: &mut Rgba16, image: &Rgba16, x: i64, y: i64) {
    let overlap = |at: i64, from: u32, to: u32| {
        let skip = usize::try_from(-at).unwrap_or(0);
        let start = usize::try_from(at).unwrap_or(0);
        (skip, start, (from as usize).saturating_sub(skip).min((to as usize).saturating_sub(start)))
    };
    let (skip_x, start_x, count_x) = overlap(x, image.width, canvas.width);
    let (skip_y, start_y, count_y) = overlap(y, image.height, canvas.height);
    for line in 0..count_y {
        let from = ((skip_y + line) * image.width as usize + skip_x) * 4;
        let to = ((start_y + line) * canvas.width as usize + start_x) * 4;
        canvas.data[to..to + count_x * 4].copy_from_slice(&image.data[from..from + count_x * 4]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_pictures_stay_flat_at_any_size() {
        let flat = Rgba16 { width: 7, height: 5, data: [65535, 30000, 1, 65535].repeat(35) };
        for (width, height) in [(1, 1), (7, 5), (14, 10), (3, 2), (100, 3), (2, 77)] {
            let scaled = resample(&flat, width, height);
            assert_eq!((scaled.width, scaled.height), (width, height));
            assert!(scaled.data.as_chunks::<4>().0.iter().all(|pixel| *pixel == [65535, 30000, 1, 65535]));
        }
    }

    #[test]
    fn the_same_size_changes_nothing_and_edges_stay_within_alpha() {
        let mut image = Rgba16::transparent(16, 16);
        for (index, pixel) in image.data.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            if index % 16 < 8 {
                *pixel = [65535, 65535, 0, 65535];
            }
        }
        assert_eq!(resample(&image, 16, 16), image);
        for pixel in resample(&image, 37, 29).data.as_chunks::<4>().0 {
            assert!(pixel[0] <= pixel[3] && pixel[1] == pixel[0] && pixel[2] == 0);
        }
    }

    #[test]
    fn a_ramp_stays_a_ramp() {
        let data = (0..64u16).flat_map(|x| [x * 1000, x * 1000, x * 1000, 65535]).collect();
        let ramp = Rgba16 { width: 64, height: 1, data };
        let half = resample(&ramp, 32, 1);
        for x in 4..28u16 {
            let wanted = (f64::from(x) + 0.5) * 2000.0 - 500.0;
            let got = f64::from(half.data[usize::from(x) * 4]);
            assert!((got - wanted).abs() <= 1.0, "{x}: {got} is not {wanted}");
        }
    }

    #[test]
    fn pasting_cuts_what_sticks_out() {
        let image = Rgba16 { width: 2, height: 2, data: (1..=16).collect() };
        let mut canvas = Rgba16::transparent(3, 3);
        paste(&mut canvas, &image, -1, -1);
        assert_eq!(canvas.data[..4], [13, 14, 15, 16]);
        assert!(canvas.data[4..].iter().all(|&sample| sample == 0));
        paste(&mut canvas, &image, 2, 2);
        assert_eq!(canvas.data[32..], [1, 2, 3, 4]);
        paste(&mut canvas, &image, 5, -9);
    }
}
