//! Frames of all kinds of pictures, read by a decoder that others wrote.

#![expect(clippy::cast_possible_truncation, reason = "samples are small numbers")]

use oxideav_prores::decoder::{BitDepth, OutputRange, decode_packet_with_options};
use oxideav_prores::frame::ChromaFormat;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;

/// A picture that owns its samples.
#[derive(Debug, Clone, PartialEq)]
struct OwnedPicture {
    width: usize,
    height: usize,
    /// Luma and chroma, which in 4:2:2 has half the width.
    planes: [Vec<u16>; 3],
    alpha: Option<Vec<u16>>,
}

impl OwnedPicture {
    /// A picture of 4:2:2.
    fn new(width: usize, height: usize, mut at: impl FnMut(usize, usize, usize) -> u16) -> OwnedPicture {
        let planes = std::array::from_fn(|plane| {
            let width = if plane == 0 { width } else { width / 2 };
            (0..width * height).map(|index| at(plane, index % width, index / width)).collect()
        });
        OwnedPicture { width, height, planes, alpha: None }
    }

    /// A picture of 4:4:4 with alpha, which is plane 3.
    fn new_444(width: usize, height: usize, mut at: impl FnMut(usize, usize, usize) -> u16) -> OwnedPicture {
        let mut plane = |plane| (0..width * height).map(|index| at(plane, index % width, index / width)).collect();
        OwnedPicture { width, height, planes: [plane(0), plane(1), plane(2)], alpha: Some(plane(3)) }
    }

    fn chroma_width(&self) -> usize {
        self.planes[1].len() / self.height
    }

    fn picture(&self) -> ProresPicture<'_> {
        let plane = |index: usize| Plane {
            samples: &self.planes[index],
            stride: if index == 0 { self.width } else { self.chroma_width() },
        };
        let alpha = self.alpha.as_ref().map(|samples| Plane { samples, stride: self.width });
        ProresPicture { planes: [plane(0), plane(1), plane(2)], alpha, width: self.width, height: self.height }
    }

    /// PSNR of luma in dB against another picture; 200 where they are the same.
    fn psnr(&self, other: &OwnedPicture) -> f64 {
        let errors = self.planes[0].iter().zip(&other.planes[0]);
        let squares: f64 = errors.map(|(&a, &b)| f64::from(a.abs_diff(b)).powi(2)).sum();
        if squares == 0.0 { 200.0 } else { 10.0 * (1023.0 * 1023.0 / (squares / self.planes[0].len() as f64)).log10() }
    }

    /// The largest difference of any sample; of 4:4:4, of luma alone: this decoder lays out the blocks of its chroma in rows,
    /// FFmpeg's in columns, which is right for files of others. What FFmpeg's makes of it is tested in `tests/encode.rs`.
    fn worst(&self, other: &OwnedPicture) -> u16 {
        let planes = if self.chroma_width() == self.width { 1 } else { 3 };
        let pairs = self.planes[..planes].iter().flatten().zip(other.planes[..planes].iter().flatten());
        pairs.map(|(&a, &b)| a.abs_diff(b)).max().expect("a picture has samples")
    }
}

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 16
    }
}

#[derive(Debug, Clone, Copy)]
enum TestContent {
    Natural,
    Flat(u16),
    Extremes,
    Noise,
    BinaryNoise,
    Checkers(usize),
    Impulses,
    Ramps,
}

const CONTENTS: [TestContent; 12] = [
    TestContent::Natural,
    TestContent::Flat(0),
    TestContent::Flat(64),
    TestContent::Flat(511),
    TestContent::Flat(1023),
    TestContent::Extremes,
    TestContent::Noise,
    TestContent::BinaryNoise,
    TestContent::Checkers(1),
    TestContent::Checkers(8),
    TestContent::Impulses,
    TestContent::Ramps,
];

/// A picture of 4:2:2.
fn make(content: TestContent, width: usize, height: usize) -> OwnedPicture {
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    OwnedPicture::new(width, height, |plane, x, y| {
        sample(content, &mut numbers, (width, height), (x * if plane == 0 { 1 } else { 2 }, x, y))
    })
}

/// A picture as a profile takes it.
fn make_for(profile: Profile, content: TestContent, width: usize, height: usize) -> OwnedPicture {
    if profile != Profile::P4444 {
        return make(content, width, height);
    }
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    OwnedPicture::new_444(width, height, |_, x, y| sample(content, &mut numbers, (width, height), (x, x, y)))
}

/// The sample at (x, y) of a plane, which in luma is `across` samples from the left.
fn sample(
    content: TestContent,
    numbers: &mut Numbers,
    (width, height): (usize, usize),
    (across, x, y): (usize, usize, usize),
) -> u16 {
    match content {
        TestContent::Natural => {
            // Slow waves, an edge, and a texture in one half.
            let (u, v) = (across as f64, y as f64);
            let waves = (u / 37.0).sin() * 90.0 + ((u + 2.0 * v) / 91.0).cos() * 110.0;
            let edge = if (across / 50 + y / 40) % 3 == 0 { 120.0 } else { 0.0 };
            let texture = if across > width / 2 { (numbers.next() % 41) as f64 - 20.0 } else { 0.0 };
            (420.0 + waves + edge + texture) as u16
        }
        TestContent::Flat(level) => level,
        TestContent::Extremes => [0, 1023][usize::from(y > height / 2)],
        TestContent::Noise => (numbers.next() % 1024) as u16,
        TestContent::BinaryNoise => [0, 1023][(numbers.next() % 2) as usize],
        TestContent::Checkers(size) => [0, 1023][(x / size + y / size) % 2],
        TestContent::Impulses => [100, 1000][usize::from(numbers.next().is_multiple_of(97))],
        TestContent::Ramps => ((x * 3 + y) % 1024) as u16,
    }
}

const ABOUT: ProresDescription =
    ProresDescription { vendor: *b"test", rate: (25, 1), pixel_aspect: (1, 1), color: [1, 1, 1] };

fn encoder(profile: Profile, samples: &OwnedPicture) -> ProresEncoder {
    ProresEncoder::new(profile, (samples.width, samples.height), ABOUT).expect("a size it takes")
}

fn encode(encoder: &ProresEncoder, samples: &OwnedPicture) -> Vec<u8> {
    let mut frame = Vec::new();
    encoder.encode(&samples.picture(), Threads::One, &mut frame);
    frame
}

fn decode(frame: &[u8], width: usize, height: usize) -> OwnedPicture {
    // Where chroma is as wide, two bits are set.
    let is_444 = frame[20] >> 6 == 3;
    let wanted = Some((BitDepth::Ten, if is_444 { ChromaFormat::Y444 } else { ChromaFormat::Y422 }));
    let decoded = decode_packet_with_options(frame, None, wanted, OutputRange::Full).expect("a frame that decodes");
    let at = |plane: usize, x, y| {
        let plane = &decoded.planes[plane];
        let at = y * plane.stride + 2 * x;
        u16::from_le_bytes([plane.data[at], plane.data[at + 1]])
    };
    match is_444 {
        true => OwnedPicture::new_444(width, height, at),
        false => OwnedPicture::new(width, height, at),
    }
}

const SIZES: [(usize, usize); 6] = [(2, 2), (16, 16), (18, 1), (34, 17), (126, 62), (250, 30)];

#[test]
fn every_profile_size_and_content_decodes() {
    for content in CONTENTS {
        for (width, height) in SIZES {
            for profile in Profile::ALL {
                let samples = make_for(profile, content, width, height);
                let encoder = encoder(profile, &samples);
                let frame = encode(&encoder, &samples);
                let decoded = decode(&frame, width, height);
                assert_eq!(samples.alpha, decoded.alpha, "{content:?} {width}×{height}: alpha is exact");
                let psnr = samples.psnr(&decoded);
                // What a few bits a sample allow.
                let floor = match (content, profile) {
                    (TestContent::Flat(_), _) => 60.0,
                    (TestContent::Ramps | TestContent::Natural, Profile::Standard | Profile::Hq | Profile::P4444) => {
                        34.0
                    }
                    (TestContent::Ramps | TestContent::Natural, _) => 27.0,
                    _ => 5.0,
                };
                assert!(psnr > floor, "{content:?} {width}×{height} {profile:?}: {psnr:.2} dB");
                let portable = self::encoder(profile, &samples).portable();
                assert!(frame == encode(&portable, &samples), "{content:?} {width}×{height} {profile:?}: other bytes");
            }
        }
    }
}

#[test]
fn the_finest_quantiser_gives_everything_back() {
    for content in CONTENTS {
        for (width, height) in [(2, 2), (48, 34), (160, 90)] {
            for profile in [Profile::Hq, Profile::P4444] {
                let samples = make_for(profile, content, width, height);
                let encoder = encoder(profile, &samples).with_target(1 << 24);
                let decoded = decode(&encode(&encoder, &samples), width, height);
                let (psnr, worst) = (samples.psnr(&decoded), samples.worst(&decoded));
                assert!(
                    psnr > 62.0 && worst <= 8,
                    "{content:?} {width}×{height} {profile:?}: {psnr:.2} dB, off by {worst}"
                );
            }
        }
    }
}

/// Unoptimised code takes seconds for large frames.
const TARGET_SIZES: &[(usize, usize)] =
    if cfg!(debug_assertions) { &[(426, 240)] } else { &[(720, 576), (1280, 720), (1920, 1080)] };

#[test]
fn frames_have_their_targets_sizes() {
    for content in CONTENTS {
        for &(width, height) in TARGET_SIZES {
            for profile in Profile::ALL {
                // Alpha comes on top of the target.
                let samples = OwnedPicture { alpha: None, ..make_for(profile, content, width, height) };
                let encoder = encoder(profile, &samples);
                let frame = encode(&encoder, &samples);
                let share = frame.len() as f64 / encoder.target() as f64;
                // The quantisers used, from the headers of slices.
                let table = frame::FRAME_HEADER + frame::PICTURE_HEADER;
                let mut start = table + 2 * encoder.places.len();
                let mut indices = Vec::new();
                for entry in frame[table..start].to_vec().as_chunks::<2>().0 {
                    indices.push(frame[start + 1]);
                    start += usize::from(u16::from_be_bytes(*entry));
                }
                assert_eq!(start, frame.len());
                let all = |end| indices.iter().filter(|&&index| index == end).count() * 10 > indices.len() * 8;
                assert!(share < 1.02 || all(224), "{content:?} {width}×{height} {profile:?}: {share}");
                assert!(share > 0.97 || all(1), "{content:?} {width}×{height} {profile:?}: {share}");
            }
        }
    }
}

#[test]
fn threads_do_not_change_bytes() {
    for profile in [Profile::Lt, Profile::P4444] {
        let samples = make_for(profile, TestContent::Natural, 600, 200);
        let encoder = encoder(profile, &samples);
        let one = encode(&encoder, &samples);
        for threads in [1, 2, 3, 7] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            let mut frame = vec![1, 2, 3];
            pool.install(|| encoder.encode(&samples.picture(), Threads::Pool, &mut frame));
            assert!(frame == one, "{profile:?} on {threads} threads");
        }
    }
}

/// Bytes change only where somebody means them to: whoever changes them says why.
#[test]
fn bytes_are_those_of_before() {
    let hash = |profile| {
        // Whole numbers alone: sines differ from machine to machine.
        let mut numbers = Numbers(5);
        let at = |_, x: usize, y: usize| (200 + (x * 2 + y) % 500 + numbers.next() as usize % 31) as u16;
        let samples = match profile {
            Profile::P4444 => OwnedPicture::new_444(322, 174, at),
            _ => OwnedPicture::new(322, 174, at),
        };
        let frame = encode(&encoder(profile, &samples), &samples);
        Sha256::digest(frame).iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    assert_eq!(Profile::ALL.map(hash), GOLDEN);
}

const GOLDEN: [&str; 5] =
    ["457b39038da924aa", "db60ff51ba11d1fd", "accdd654c733c241", "25e08398bb6bb64c", "64893a05a64e2fc0"];

#[test]
fn sizes_that_cannot_be_are_refused() {
    for size in [(0, 0), (1, 2), (3, 2), (2, 0), (8194, 2), (2, 8193)] {
        assert!(ProresEncoder::new(Profile::Lt, size, ABOUT).is_err(), "{size:?}");
    }
}

#[test]
fn the_longest_sides_work() {
    for (width, height) in [(8192, 2), (2, 8192), (8190, 34)] {
        let samples = make(TestContent::Natural, width, height);
        let frame = encode(&encoder(Profile::Proxy, &samples), &samples);
        assert!(samples.psnr(&decode(&frame, width, height)) > 25.0, "{width}×{height}");
    }
}

#[test]
fn rows_may_lie_apart() {
    let samples = make(TestContent::Natural, 100, 40);
    let mut apart = samples.clone();
    let spread = |plane: &Vec<u16>, width: usize| -> Vec<u16> {
        plane.chunks(width).flat_map(|row| row.iter().copied().chain([777; 12])).collect()
    };
    apart.planes = [spread(&samples.planes[0], 100), spread(&samples.planes[1], 50), spread(&samples.planes[2], 50)];
    let mut picture = apart.picture();
    for (plane, stride) in picture.planes.iter_mut().zip([112, 62, 62]) {
        plane.stride = stride;
        // The last row needs no room behind it.
        plane.samples = &plane.samples[..plane.samples.len() - 12];
    }
    let encoder = encoder(Profile::Hq, &samples);
    let mut frame = Vec::new();
    encoder.encode(&picture, Threads::One, &mut frame);
    assert!(frame == encode(&encoder, &samples));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Any samples, also such as have more than ten bits, of any size.
    #[test]
    fn any_picture_decodes_close_to_what_it_was(
        width in 1usize..90,
        height in 1usize..70,
        seed in 1u64..u64::MAX,
        spread in 0u32..=16,
        profile in 0usize..5,
    ) {
        let mut numbers = Numbers(seed);
        let at = |_, _, _| (numbers.next() & ((1 << spread) - 1)) as u16;
        // Of 4:4:4, widths may be odd.
        let width = if profile == 4 { width } else { width * 2 };
        let samples = if profile == 4 { OwnedPicture::new_444(width, height, at) } else { OwnedPicture::new(width, height, at) };
        let encoder = encoder(Profile::ALL[profile], &samples);
        let frame = encode(&encoder, &samples);
        let portable = self::encoder(Profile::ALL[profile], &samples).portable();
        prop_assert_eq!(&frame, &encode(&portable, &samples));
        let clamp = |plane: Vec<u16>| plane.into_iter().map(|sample| sample.min(1023)).collect::<Vec<_>>();
        let clamped = OwnedPicture {
            planes: samples.planes.clone().map(clamp),
            alpha: samples.alpha.clone().map(clamp),
            ..samples
        };
        let finest = encoder.with_target(1 << 24);
        let decoded = decode(&encode(&finest, &clamped), width, height);
        prop_assert!(clamped.psnr(&decoded) > 54.0, "{} dB", clamped.psnr(&decoded));
        prop_assert_eq!(clamped.alpha, decoded.alpha);
    }
}
