//! A cube that stands for a transform where it is near enough, and knows where it is not.
//!
//! Views cost a second a frame where they are exact. A cube of 129 samples on an edge is off by a few codes of ten bits beside the
//! limits of the display's gamut, and by far less elsewhere. So every cell is compared with the transform itself before it is
//! used for the first time; what lies in a cell that is off by more than [`TOLERANCE`], or outside 0 to 1, goes through the
//! transform. What a pixel becomes depends on that pixel alone.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::ColorTransform;
use super::lut::{BLOCK, CubeLut, Located};

/// Samples on an edge.
const SIZE: usize = 129;
/// By how much a cell may be off: two codes of ten bits.
const TOLERANCE: f32 = 2.0 / 1023.0;
/// How many cubes are kept when no shot uses them: each takes 34 MB.
const KEPT: usize = 4;

/// Points of a cell: its centre, and halfway from there to its corners.
const INSIDE: [[f32; 3]; 9] = {
    let mut points = [[0.5; 3]; 9];
    let mut corner = 0;
    while corner < 8 {
        let mut axis = 0;
        while axis < 3 {
            points[corner][axis] = if corner >> axis & 1 == 0 { 0.25 } else { 0.75 };
            axis += 1;
        }
        corner += 1;
    }
    points
};

/// The middles of its faces and of its edges.
const AROUND: [[f32; 3]; 18] = [
    [0.0, 0.5, 0.5],
    [1.0, 0.5, 0.5],
    [0.5, 0.0, 0.5],
    [0.5, 1.0, 0.5],
    [0.5, 0.5, 0.0],
    [0.5, 0.5, 1.0],
    [0.5, 0.0, 0.0],
    [0.5, 1.0, 0.0],
    [0.5, 0.0, 1.0],
    [0.5, 1.0, 1.0],
    [0.0, 0.5, 0.0],
    [1.0, 0.5, 0.0],
    [0.0, 0.5, 1.0],
    [1.0, 0.5, 1.0],
    [0.0, 0.0, 0.5],
    [1.0, 0.0, 0.5],
    [0.0, 1.0, 0.5],
    [1.0, 1.0, 0.5],
];

/// What is known of a cell.
const UNKNOWN: u8 = 0;
const NEAR: u8 = 1;
const OFF: u8 = 2;

/// A transform, and a cube that stands for it.
#[derive(Debug)]
pub(super) struct CheckedLut {
    exact: Arc<dyn ColorTransform>,
    cube: CubeLut,
    /// By the sample of a cell that is nearest to black.
    cells: Vec<AtomicU8>,
}

impl CheckedLut {
    /// A cube for `exact`, which is asked once for every sample; `threads` do it.
    pub(super) fn new(exact: Arc<dyn ColorTransform>, threads: usize) -> CheckedLut {
        #[allow(clippy::cast_precision_loss, reason = "at most 129")]
        let share = |at: usize| at as f32 / (SIZE - 1) as f32;
        let mut samples: Vec<[f32; 4]> = (0..SIZE.pow(3))
            .map(|at| [share(at % SIZE), share(at / SIZE % SIZE), share(at / SIZE / SIZE), 1.0])
            .collect();
        let piece = samples.len().div_ceil(threads.max(1)).max(1);
        std::thread::scope(|scope| {
            for piece in samples.chunks_mut(piece) {
                let exact = &exact;
                scope.spawn(move || piece.chunks_mut(4096).for_each(|block| exact.apply(block)));
            }
        });
        let cells = (0..SIZE.pow(3)).map(|_| AtomicU8::new(UNKNOWN)).collect();
        CheckedLut { exact, cube: CubeLut::of_samples(SIZE, samples), cells }
    }

    /// Looks at cells for the first time: at nine points in each, and where those are off by more than a quarter of what is
    /// allowed, at the middles of its edges and faces, too.
    fn check(&self, cells: &[u32]) {
        let mut off = self.off(cells, &INSIDE);
        let is_doubtful = |place: &usize| off[*place] > TOLERANCE / 4.0 && off[*place] <= TOLERANCE;
        let doubtful: Vec<usize> = (0..cells.len()).filter(is_doubtful).collect();
        let more = self.off(&doubtful.iter().map(|&place| cells[place]).collect::<Vec<_>>(), &AROUND);
        for (place, more) in doubtful.into_iter().zip(more) {
            off[place] = off[place].max(more);
        }
        // Each is stored once: others may look at the same time.
        for (cell, off) in cells.iter().zip(off) {
            self.cells[*cell as usize].store(if off <= TOLERANCE { NEAR } else { OFF }, Ordering::Relaxed);
        }
    }

    /// By how much each of these cells is off at these points of it, at most; infinity where that is no number.
    fn off(&self, cells: &[u32], points: &[[f32; 3]]) -> Vec<f32> {
        #[allow(clippy::cast_precision_loss, reason = "at most 129")]
        let (most, low) = ((SIZE - 1) as f32, |at: usize| at as f32);
        let mut exact: Vec<[f32; 4]> = Vec::with_capacity(cells.len() * points.len());
        for &cell in cells {
            let cell = cell as usize;
            let [r, g, b] = [cell % SIZE, cell / SIZE % SIZE, cell / SIZE / SIZE].map(low);
            exact.extend(points.iter().map(|[x, y, z]| [(r + x) / most, (g + y) / most, (b + z) / most, 1.0]));
        }
        let mut near = exact.clone();
        self.exact.apply(&mut exact);
        self.cube.apply(&mut near);
        let differences = exact.iter().zip(&near).map(|(exact, near)| {
            let off = [0, 1, 2].map(|channel| (exact[channel] - near[channel]).abs());
            if off.iter().any(|off| off.is_nan()) { f32::INFINITY } else { off[0].max(off[1]).max(off[2]) }
        });
        let differences: Vec<f32> = differences.collect();
        differences.chunks(points.len().max(1)).map(|own| own.iter().copied().fold(0.0, f32::max)).collect()
    }
}

impl ColorTransform for CheckedLut {
    fn apply(&self, pixels: &mut [[f32; 4]]) {
        let mut located = Located::default();
        let (mut places, mut others): (Vec<usize>, Vec<[f32; 4]>) = Default::default();
        let mut unknown: Vec<u32> = Vec::new();
        for (number, block) in pixels.chunks_mut(BLOCK).enumerate() {
            let outside = self.cube.locate(block, &mut located);
            unknown.clear();
            let state = |cell: u32| self.cells[cell as usize].load(Ordering::Relaxed);
            let mut all_near = !outside;
            for &(cell, _) in &located.cells[..block.len()] {
                let state = state(cell);
                all_near &= state == NEAR;
                if state == UNKNOWN && unknown.last() != Some(&cell) {
                    unknown.push(cell);
                }
            }
            if !unknown.is_empty() {
                unknown.sort_unstable();
                unknown.dedup();
                self.check(&unknown);
            }
            if !all_near {
                for (place, (&(cell, _), pixel)) in located.cells.iter().zip(&*block).enumerate() {
                    let is_inside = pixel[..3].iter().all(|value| (0.0..=1.0).contains(value));
                    if !is_inside || state(cell) == OFF {
                        places.push(number * BLOCK + place);
                        others.push(*pixel);
                    }
                }
            }
            self.cube.mix(block, &located);
        }
        self.exact.apply(&mut others);
        for (place, other) in places.into_iter().zip(others) {
            pixels[place] = other;
        }
    }
}

/// Cubes of a run: those that shots use now, and the last few.
#[derive(Debug, Clone, Default)]
pub struct Cubes(Arc<Mutex<Vec<Arc<CheckedLut>>>>);

/// A transform that a cube can stand for. The cube is made when it is asked for, and forgotten when nobody has used it for a
/// while.
#[derive(Debug, Clone)]
pub struct Fast {
    exact: Arc<dyn ColorTransform>,
    made: Arc<Mutex<Weak<CheckedLut>>>,
    cubes: Cubes,
}

impl Fast {
    /// For `exact`, among the cubes of a run.
    pub fn new(exact: Arc<dyn ColorTransform>, cubes: &Cubes) -> Fast {
        Fast { exact, made: Arc::default(), cubes: cubes.clone() }
    }

    /// The cube; where it has to be made, `threads` do it.
    pub fn cube(&self, threads: usize) -> Arc<dyn ColorTransform> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let cube = made.upgrade().unwrap_or_else(|| Arc::new(CheckedLut::new(Arc::clone(&self.exact), threads)));
        *made = Arc::downgrade(&cube);
        let mut kept = self.cubes.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|known| !Arc::ptr_eq(known, &cube));
        kept.push(Arc::clone(&cube));
        if kept.len() > KEPT {
            kept.remove(0);
        }
        cube
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    /// Smooth but for a step in red at a half, where no cube is right; counts the pixels that go through it.
    #[derive(Debug, Default)]
    struct Stepped(AtomicUsize);

    impl ColorTransform for Stepped {
        fn apply(&self, pixels: &mut [[f32; 4]]) {
            self.0.fetch_add(pixels.len(), Ordering::Relaxed);
            for pixel in pixels {
                let [r, g, b, alpha] = *pixel;
                let step = if r > 0.503 { 0.25 } else { 0.0 };
                *pixel = [0.5 * r * r + step, g.abs().sqrt() * 0.5 + 0.1 * b, 0.7 * b + 0.1 * r * g, alpha];
            }
        }
    }

    fn dice(count: usize) -> Vec<[f32; 4]> {
        let mut seed = 3u32;
        let mut next = move || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / 16_777_216.0
        };
        (0..count).map(|_| [next() * 1.2 - 0.1, 0.05 + next() * 0.95, next(), next()]).collect()
    }

    #[test]
    fn what_the_cube_cannot_do_goes_through_the_transform() {
        let exact = Arc::new(Stepped::default());
        let fast = CheckedLut::new(exact.clone(), 2);
        let mut source = dice(50_000);
        source.extend([[f32::NAN, 0.5, 0.5, 1.0], [f32::INFINITY, -3.0, 0.5, 0.0], [1.0, 1.0, 1.0, 1.0], [0.0; 4]]);
        let (mut got, mut wanted) = (source.clone(), source.clone());
        fast.apply(&mut got);
        exact.apply(&mut wanted);
        for ((got, wanted), source) in got.iter().zip(&wanted).zip(&source) {
            let is_inside = source[..3].iter().all(|value| (0.0..=1.0).contains(value));
            for channel in 0..3 {
                let (got, wanted) = (got[channel], wanted[channel]);
                assert!(got.to_bits() == wanted.to_bits() || is_inside && (got - wanted).abs() < 0.004, "{source:?}");
            }
            assert_eq!(got[3].to_bits(), wanted[3].to_bits());
        }
        // The second time, no cell has to be looked at: what goes through the transform is what lies outside or is off.
        let before = exact.0.load(Ordering::Relaxed);
        let mut again = source.clone();
        fast.apply(&mut again);
        let through = exact.0.load(Ordering::Relaxed) - before;
        assert!(again.iter().zip(&got).all(|(a, b)| a.map(f32::to_bits) == b.map(f32::to_bits)));
        assert!((5_000..20_000).contains(&through), "{through} of {}", source.len());
        // Pixel by pixel it is the same.
        let fresh = CheckedLut::new(exact, 1);
        for (pixel, wanted) in source.iter().zip(&got).step_by(997) {
            let mut alone = [*pixel];
            fresh.apply(&mut alone);
            assert_eq!(alone[0].map(f32::to_bits), wanted.map(f32::to_bits), "{pixel:?}");
        }
    }

    #[test]
    fn cubes_are_made_once_and_only_a_few_are_kept() {
        let cubes = Cubes::default();
        let all: Vec<Fast> = (0..6).map(|_| Fast::new(Arc::new(Stepped::default()), &cubes)).collect();
        let used = all[0].cube(2);
        assert!(Arc::ptr_eq(&used, &all[0].cube(2)));
        all.iter().for_each(|fast| drop(fast.cube(2)));
        assert_eq!(cubes.0.lock().expect("nobody panicked").len(), KEPT);
        assert!(Arc::ptr_eq(&used, &all[0].cube(2)), "it is in use");
        assert!(all[1].made.lock().expect("nobody panicked").upgrade().is_none(), "it is forgotten");
    }
}
