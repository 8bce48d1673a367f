//! Encoder for ProRes-compatible video: 10-bit 4:2:2 and 4:4:4 with alpha, progressive, in the bitstream that SMPTE RDD 36
//! describes.
//!
//! ```
//! use otio_conflate::codec::prores::{Plane, Profile, ProresDescription, ProresEncoder, ProresPicture, Threads};
//!
//! let about = ProresDescription { vendor: *b"abcd", rate: (24, 1), pixel_aspect: (1, 1), color: [1, 1, 1] };
//! let encoder = ProresEncoder::new(Profile::Lt, (64, 36), about)?;
//! let (luma, chroma) = (vec![500; 64 * 36], vec![512; 32 * 36]);
//! let plane = |samples, stride| Plane { samples, stride };
//! let planes = [plane(&luma[..], 64), plane(&chroma[..], 32), plane(&chroma[..], 32)];
//! let mut frame = Vec::new();
//! encoder.encode(&ProresPicture { planes, alpha: None, width: 64, height: 36 }, Threads::One, &mut frame);
//! assert_eq!(&frame[4..8], b"icpf");
//! # Ok::<(), otio_conflate::Error>(())
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `transform` | samples into coefficients |
//! | `quantise` | coefficients into levels |
//! | `entropy`, `bits` | levels into bits |
//! | `alpha` | opacity into bits |
//! | `slice` | where slices lie, and how one is made |
//! | `rate` | which quantiser each of them gets |
//! | `frame` | headers and tables |
//! | `simd` | AVX2, and the choice of it |
//!
//! Frames are independent of one another, and the same frame makes the same bytes on any machine and any number of
//! threads.

mod alpha;
mod bits;
mod entropy;
mod frame;
mod quantise;
mod rate;
mod simd;
mod slice;
#[cfg(test)]
mod tests;
mod transform;

use std::cell::RefCell;

use rayon::prelude::*;

use frame::Components;
pub use frame::ProresDescription;
pub use slice::{Plane, ProresPicture};

use crate::error::{Error, ErrorKind, Result};
use crate::threads;
use quantise::{INDICES, Steps, Weights};
use rate::{Fractional, GROUP, RateControl, Sample, SizeEstimate};
use slice::{Coefficients, MACROBLOCK, Quantiser, SlicePlace, Workspace};
use transform::Arrangement;

/// Profiles: 4:2:2 and 4:4:4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// 422 Proxy.
    Proxy,
    /// 422 LT.
    Lt,
    /// 422.
    Standard,
    /// 422 HQ.
    Hq,
    /// 4444: 4:4:4, and alpha where there is any.
    P4444,
}

impl Profile {
    /// All profiles.
    pub const ALL: [Profile; 5] = [Profile::Proxy, Profile::Lt, Profile::Standard, Profile::Hq, Profile::P4444];

    /// Whether chroma is as wide as luma.
    const fn is_444(self) -> bool {
        matches!(self, Profile::P4444)
    }

    /// Target in bits a second of 1920 × 1080 at 30000/1001 frames a second, as Apple's white paper publishes it.
    const fn bits_a_second(self) -> u64 {
        match self {
            Profile::Proxy => 45_000_000,
            Profile::Lt => 102_000_000,
            Profile::Standard => 147_000_000,
            Profile::Hq => 220_000_000,
            // Alpha comes on top.
            Profile::P4444 => 330_000_000,
        }
    }

    /// Target for the slices of a frame of that many macroblocks, in bytes: in proportion to the 8160 of 1920 × 1080.
    pub(crate) fn bytes(self, macroblocks: usize) -> usize {
        let whole = self.bits_a_second() * 1001 / 30_000 / 8;
        usize::try_from(whole * macroblocks as u64 / 8160).expect("less than 4 MB each 8160 macroblocks")
    }

    /// Weights of luma and chroma: the less there is to spend, the more is saved at high frequencies.
    fn weights(self) -> (Weights, Weights) {
        let (luma, chroma) = match self {
            Profile::Proxy => (2, 5),
            Profile::Lt => (1, 3),
            Profile::Standard => (0, 2),
            Profile::Hq => (0, 1),
            Profile::P4444 => (0, 0),
        };
        (quantise::weights(luma), quantise::weights(chroma))
    }

    /// The index at which the search for a frame's quantiser begins.
    const fn usual_index(self) -> usize {
        match self {
            Profile::Proxy => 12,
            Profile::Lt => 8,
            Profile::Standard => 6,
            Profile::Hq | Profile::P4444 => 4,
        }
    }
}

/// How slices of a frame are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threads {
    /// One after the other, by the calling thread.
    One,
    /// By all threads of the current pool.
    Pool,
}

/// How often a frame that misses its target is made again at most.
const MORE_ATTEMPTS: usize = 3;

/// Largest width and height.
pub const LARGEST: usize = 8192;

/// Encodes frames of one size.
pub struct ProresEncoder {
    size: (u16, u16),
    is_444: bool,
    about: ProresDescription,
    weights: (Weights, Weights),
    /// Steps of luma and chroma at each index; 0 is not used.
    steps: Vec<(Steps, Steps)>,
    places: Vec<SlicePlace>,
    /// Where the slices of each group of rows begin, and their macroblocks.
    groups: Vec<(usize, usize)>,
    samples: Vec<Sample>,
    usual_index: usize,
    /// Bytes of a frame's slices that are aimed at.
    target: usize,
    path: simd::Path,
}

impl ProresEncoder {
    /// Creates an encoder for frames of `size` samples, width and height.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] for a width that is odd where chroma is half as wide, and for sides of 0 or more than
    /// [`LARGEST`].
    pub fn new(profile: Profile, size: (usize, usize), about: ProresDescription) -> Result<ProresEncoder> {
        let (width, height) = size;
        let side = |length| u16::try_from(length).ok().filter(|_| (1..=LARGEST).contains(&length));
        let is_444 = profile.is_444();
        let (Some(across), Some(down), true) = (side(width), side(height), is_444 || width % 2 == 0) else {
            let (kind, even) = if is_444 { ("4:4:4", "") } else { ("4:2:2", "an even width and ") };
            let what =
                format!("invalid size {width}x{height} for ProRes {kind}; expected {even}sides of at most {LARGEST}");
            return Err(Error::new(ErrorKind::Option, what));
        };
        let (columns, rows) = (width.div_ceil(MACROBLOCK), height.div_ceil(MACROBLOCK));
        let places = slice::places(columns, rows);
        let in_a_row = places.len() / rows;
        let groups: Vec<_> =
            (0..rows).step_by(GROUP).map(|row| (row * in_a_row, (rows - row).min(GROUP) * columns)).collect();
        let weights = profile.weights();
        let at = |index| (Steps::new(&weights.0, index), Steps::new(&weights.1, index));
        Ok(ProresEncoder {
            size: (across, down),
            is_444,
            about,
            weights,
            steps: (0..=INDICES).map(|index| at(index.max(1))).collect(),
            samples: Sample::of(columns, rows, &places),
            groups,
            places,
            usual_index: profile.usual_index(),
            target: profile.bytes(columns * rows),
            path: simd::Path::fastest(),
        })
    }

    /// Aims at frames of that many bytes instead of the profile's.
    #[must_use]
    pub fn with_target(self, bytes: usize) -> ProresEncoder {
        let target = bytes.saturating_sub(frame::FRAME_HEADER + frame::PICTURE_HEADER);
        ProresEncoder { target, ..self }
    }

    /// Uses no instructions but those every processor has.
    #[must_use]
    pub fn portable(self) -> ProresEncoder {
        ProresEncoder { path: simd::Path::PORTABLE, ..self }
    }

    /// Bytes of a frame that are aimed at.
    pub fn target(&self) -> usize {
        self.target + frame::FRAME_HEADER + frame::PICTURE_HEADER
    }

    /// Encodes a picture of this encoder's size into `frame`, which is emptied first; its memory is used again.
    ///
    /// # Panics
    /// When the picture has another size, a plane is too short, or there is alpha in 4:2:2.
    pub fn encode(&self, picture: &ProresPicture<'_>, threads: Threads, frame: &mut Vec<u8>) {
        assert_eq!((picture.width, picture.height), (self.size.0.into(), self.size.1.into()), "the encoder's size");
        assert!(self.is_444 || picture.alpha.is_none(), "alpha is for 4444");
        // The table of slices counts as part of the target.
        let target = self.target.saturating_sub(2 * self.places.len());
        let sampled: Vec<Coefficients> = self.map(&self.samples, threads, |work, sample| {
            self.path.transform(picture, self.chroma(), &sample.pieces, &mut work.scratch, &mut work.coefficients);
            work.coefficients.join(&sample.pieces);
            Coefficients::clone(&work.coefficients)
        });
        // Without loss, so it does not depend on the quantiser and is not part of the target.
        let alpha: Option<Vec<Vec<u8>>> = picture.alpha.map(|plane| {
            let size = (picture.width, picture.height);
            self.map(&self.places, threads, |_, &place| alpha::encode(&plane, size, place))
        });
        let picture = &FrameSource { picture, alpha: alpha.as_deref(), threads };
        let estimate = SizeEstimate::search(target, self.usual_index, |index| self.sample(&sampled, index, threads));
        let mut best = self.attempt(picture, target, &estimate, std::mem::take(frame));
        let mut learned = best.control.learned();
        for _ in 0..MORE_ATTEMPTS {
            if !best.control.missed() {
                break;
            }
            let again = self.attempt(picture, target, &learned, Vec::new());
            learned = again.control.learned();
            if again.control.miss() < best.control.miss() {
                best = again;
            }
        }
        *frame = best.frame;
        frame::finish(frame, &best.sizes);
    }

    /// Does something to each item, in order or by all threads; results are in order.
    fn map<T: Sync, R: Send>(
        &self,
        items: &[T],
        threads: Threads,
        make: impl Fn(&mut Workspace, &T) -> R + Sync,
    ) -> Vec<R> {
        let one = |item: &T| with_workspace(|work| make(work, item));
        match threads {
            Threads::Pool if threads::has_pool() => items.par_iter().map(one).collect(),
            Threads::One | Threads::Pool => items.iter().map(one).collect(),
        }
    }

    /// How blocks of chroma lie in a macroblock.
    const fn chroma(&self) -> Arrangement {
        if self.is_444 { Arrangement::Columns } else { Arrangement::Column }
    }

    fn quantiser(&self, index: usize) -> Quantiser<'_> {
        let (luma, chroma) = &self.steps[index];
        Quantiser { index: u8::try_from(index).expect("224 at most"), luma, chroma }
    }

    /// Bytes of each group of rows at an index, as far as samples tell.
    fn sample(&self, coefficients: &[Coefficients], index: usize, threads: Threads) -> Vec<f64> {
        let numbers: Vec<_> = self.samples.iter().zip(coefficients).collect();
        let bytes = self.map(&numbers, threads, |work, &(sample, coefficients)| {
            self.path.code(coefficients, sample.macroblocks(), None, self.quantiser(index), &mut work.scratch).len()
        });
        let mut groups = vec![(0, 0); self.groups.len()];
        let mut all = (0, 0);
        for (sample, bytes) in self.samples.iter().zip(bytes) {
            for (sum, macroblocks) in [&mut groups[sample.group], &mut all] {
                *sum += bytes;
                *macroblocks += sample.macroblocks();
            }
        }
        let share = |(bytes, of): (usize, usize), macroblocks| rate::number(bytes * macroblocks) / rate::number(of);
        let groups = groups.into_iter().zip(&self.groups);
        groups.map(|(group, &(_, count))| share(if group.1 > 0 { group } else { all }, count)).collect()
    }

    /// Makes a frame, into `frame`, whose content does not matter. Its headers lack what [`frame::finish`] fills in.
    fn attempt(
        &self,
        source: &FrameSource<'_>,
        target: usize,
        estimate: &SizeEstimate,
        mut frame: Vec<u8>,
    ) -> FrameAttempt {
        frame.clear();
        frame.reserve(self.target() + self.target() / 16);
        let components = Components { is_444: self.is_444, has_alpha: source.alpha.is_some() };
        frame::start(&mut frame, self.size, &self.about, components, (&self.weights.0, &self.weights.1));
        frame::start_picture(&mut frame, self.places.len());
        let sizes = Vec::with_capacity(self.places.len());
        let mut attempt = FrameAttempt { frame, sizes, control: RateControl::new(target, estimate) };
        for (group, &(start, _)) in self.groups.iter().enumerate() {
            let end = self.groups.get(group + 1).map_or(self.places.len(), |&(next, _)| next);
            let index = attempt.control.next();
            let before = attempt.frame.len();
            self.make(source, (start, end), index, &mut attempt);
            let alpha: usize = source.alpha.map_or(0, |alpha| alpha[start..end].iter().map(Vec::len).sum());
            let bytes = attempt.frame.len() - before - alpha;
            attempt.control.made(index, bytes);
        }
        attempt
    }

    /// Makes the slices of a group.
    fn make(
        &self,
        source: &FrameSource<'_>,
        (start, end): (usize, usize),
        index: Fractional,
        attempt: &mut FrameAttempt,
    ) {
        let slice = |work: &mut Workspace, number: usize, take: &mut dyn FnMut(&[u8])| {
            let place = self.places[number];
            let Workspace { coefficients, scratch } = work;
            self.path.transform(source.picture, self.chroma(), &[place], scratch, coefficients);
            let quantiser = self.quantiser(index.index_of(number));
            let alpha = source.alpha.map(|alpha| &alpha[number][..]);
            take(self.path.code(coefficients, place.macroblocks, alpha, quantiser, scratch));
        };
        match source.threads {
            Threads::Pool if threads::has_pool() => {
                let made = (start..end).into_par_iter().map(|number| {
                    let mut slice_bytes = Vec::new();
                    with_workspace(|work| slice(work, number, &mut |bytes| slice_bytes.extend_from_slice(bytes)));
                    slice_bytes
                });
                made.collect::<Vec<_>>().iter().for_each(|bytes| attempt.push(bytes));
            }
            Threads::One | Threads::Pool => with_workspace(|work| {
                (start..end).for_each(|number| slice(work, number, &mut |bytes| attempt.push(bytes)));
            }),
        }
    }
}

/// What a frame is made of, and how.
struct FrameSource<'a> {
    picture: &'a ProresPicture<'a>,
    /// Coded alpha of each slice.
    alpha: Option<&'a [Vec<u8>]>,
    threads: Threads,
}

/// Lends the calling thread's workspace.
fn with_workspace<R>(task: impl FnOnce(&mut Workspace) -> R) -> R {
    thread_local! {
        static WORKSPACE: RefCell<Workspace> = RefCell::new(Workspace::new());
    }
    WORKSPACE.with_borrow_mut(task)
}

/// A frame whose slices are made one after the other.
struct FrameAttempt {
    frame: Vec<u8>,
    sizes: Vec<u16>,
    control: RateControl,
}

impl FrameAttempt {
    fn push(&mut self, slice: &[u8]) {
        self.sizes.push(u16::try_from(slice.len()).expect("a slice is less than 2¹⁶ bytes"));
        self.frame.extend_from_slice(slice);
    }
}
