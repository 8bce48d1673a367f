//! Alpha: opacity of a slice into bits, without loss.
//!
//! Samples lie row by row. Each is written as its difference to the one before; how often it comes again follows.

use super::bits::BitWriter;
use super::slice::{LONGEST_ALPHA, LONGEST_SLICE, MACROBLOCK, Plane, SlicePlace, copy_row};
use super::transform::MAX_SAMPLE;

/// Samples of the longest slice.
const SAMPLES: usize = LONGEST_SLICE * MACROBLOCK * MACROBLOCK;
/// Room for the longest slice, and for what the bit writer stores beyond.
const LONGEST: usize = LONGEST_ALPHA + 8;
/// Largest difference that has a short code.
const SHORT: i32 = 64;
/// Longest repetition of a short and of a long code.
const RUNS: [usize; 2] = [15, 2047];

/// Bytes of the alpha of a slice, a plane of `size`. Beyond its edges its last samples go on.
pub(super) fn encode(plane: &Plane<'_>, size: (usize, usize), place: SlicePlace) -> Vec<u8> {
    let (mut samples, mut buffer) = ([0; SAMPLES], [0; LONGEST]);
    let width = place.macroblocks * MACROBLOCK;
    let samples = &mut samples[..width * MACROBLOCK];
    for (y, row) in samples.chunks_exact_mut(width).enumerate() {
        copy_row(plane, size, (place.first * MACROBLOCK, place.row * MACROBLOCK + y), row);
    }
    let written = write(samples, &mut buffer);
    buffer[..written].to_vec()
}

/// Writes 10-bit samples as 16-bit ones; returns the number of bytes.
fn write(samples: &[u16], buffer: &mut [u8]) -> usize {
    let mut writer = BitWriter::new(buffer);
    // Opaque is taken as the one before the first.
    let mut before = u16::MAX;
    let mut rest = samples;
    while let Some(&first) = rest.first() {
        let run = rest.iter().take(RUNS[1] + 1).take_while(|&&sample| sample == first).count();
        rest = &rest[run..];
        let sample = in_16_bits(first);
        difference(sample.wrapping_sub(before), &mut writer);
        before = sample;
        // A one: another difference comes. Or a zero and how often the sample is repeated.
        match run - 1 {
            0 => writer.put(1, 1),
            more if more <= RUNS[0] => writer.put(more as u64, 5),
            more => writer.put(more as u64, 16),
        }
    }
    writer.finish()
}

/// All bits repeated, so that 1023 is opaque.
fn in_16_bits(sample: u16) -> u16 {
    let sample = sample.min(MAX_SAMPLE);
    sample << 6 | sample >> 4
}

/// A short code for small differences; a one and all bits for others, and for none.
fn difference(difference: u16, writer: &mut BitWriter<'_>) {
    let signed = i32::from(difference.cast_signed());
    match signed.unsigned_abs() {
        magnitude @ 1.. if signed.abs() <= SHORT => {
            writer.put(u64::from((magnitude - 1) << 1 | u32::from(signed < 0)), 8);
        }
        _ => writer.put(1 << 16 | u64::from(difference), 17),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bits of samples, as text.
    fn bits(samples: &[u16]) -> String {
        let mut buffer = [0; LONGEST];
        let bytes = write(samples, &mut buffer);
        buffer[..bytes].iter().map(|byte| format!("{byte:08b}")).collect()
    }

    #[test]
    fn samples_are_differences_and_repetitions() {
        // The first is as the one before it, and comes 255 more times.
        assert_eq!(bits(&[1023; 256]), ["1", "0000000000000000", "0", "000000011111111", "0000000"].concat());
        // Twelve times in all; then one code less, 64 of 65536.
        let mut samples = [1023; 13];
        samples[12] = 1022;
        let expected = ["1", "0000000000000000", "0", "1011", "0", "1111111", "1", "000"].concat();
        assert_eq!(bits(&samples), expected.get(..expected.len() / 8 * 8).expect("ASCII"));
        // Far apart: all bits.
        assert_eq!(bits(&[512]), ["1", "1000000000100001", "1", "000000"].concat());
        // From opaque on to clear is one step.
        assert_eq!(bits(&[0]), ["0", "0000000", "1", "0000000"].concat());
    }

    #[test]
    fn nothing_is_longer_than_there_is_room() {
        let samples: Vec<u16> = (0..SAMPLES).map(|index| if index % 2 == 0 { 0 } else { 512 }).collect();
        let mut buffer = [0; LONGEST];
        assert!(write(&samples, &mut buffer) <= LONGEST_ALPHA);
    }
}
