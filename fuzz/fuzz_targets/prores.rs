//! Encodes pictures of any size and content. Every frame is whole, the same on every path, and no larger than it may be.

#![no_main]

use libfuzzer_sys::fuzz_target;
use otio_conflate::codec::prores::{Plane, Profile, ProresDescription, ProresEncoder, ProresPicture, Threads};

fuzz_target!(|bytes: &[u8]| {
    let [width, height, profile, target, samples @ ..] = bytes else { return };
    let (width, height) = (2 + usize::from(*width) % 80 * 2, 1 + usize::from(*height) % 100);
    let sample = |index: usize| {
        let byte = |index: usize| samples.get(index % samples.len().max(1)).copied().unwrap_or(0);
        u16::from_le_bytes([byte(2 * index), byte(2 * index + 1)])
    };
    let profile = Profile::ALL[usize::from(*profile) % Profile::ALL.len()];
    let is_444 = profile == Profile::P4444;
    let chroma = if is_444 { width } else { width / 2 };
    let planes: [Vec<u16>; 4] = std::array::from_fn(|plane| {
        let width = if matches!(plane, 1 | 2) { chroma } else { width };
        (0..width * height).map(|index| sample(index + plane)).collect()
    });
    let plane = |index: usize, stride| Plane { samples: &planes[index][..], stride };
    let alpha = is_444.then(|| plane(3, width));
    let picture = ProresPicture { planes: [plane(0, width), plane(1, chroma), plane(2, chroma)], alpha, width, height };
    let about = ProresDescription { vendor: *b"fuzz", rate: (24, 1), pixel_aspect: (1, 1), color: [1, 1, 1] };
    let encoder = || {
        let encoder = ProresEncoder::new(profile, (width, height), about).expect("an even width");
        if *target == 0 { encoder } else { encoder.with_target(usize::from(*target) * 500) }
    };
    let (mut frame, mut portable) = (Vec::new(), Vec::new());
    encoder().encode(&picture, Threads::One, &mut frame);
    encoder().portable().encode(&picture, Threads::One, &mut portable);
    assert!(frame == portable);
    assert_eq!(frame[..4], u32::try_from(frame.len()).expect("small").to_be_bytes());
});
