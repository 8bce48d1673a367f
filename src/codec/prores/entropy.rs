//! Entropy coder: quantised coefficients of one component of one slice into bits.
//!
//! Numbers are written in codes that begin as Rice codes and go on as exponential Golomb codes. Which code comes next
//! depends on the number before. Coefficients come in the order of the scan, and at each place of the scan in the order
//! of the blocks: first a DC coefficient of each block, then runs of zeros, levels and signs.

use std::sync::LazyLock;

use super::bits::BitWriter;

/// A code: a Rice code of `rice` bits up to quotient `switch`, an exponential Golomb code of order `golomb` beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Code {
    rice: u32,
    golomb: u32,
    switch: u32,
}

impl Code {
    /// An exponential Golomb code of this order, from the first number on.
    const fn golomb(order: u32) -> Code {
        Code { rice: order, golomb: order + 1, switch: 0 }
    }

    const fn mixed(rice: u32, golomb: u32, switch: u32) -> Code {
        Code { rice, golomb, switch }
    }

    /// The bits of a number and how many they are.
    const fn of(self, value: u32) -> (u32, u32) {
        let first = (self.switch + 1) << self.rice;
        if value < first {
            // A quotient in unary, ended by a one, and the rest in binary.
            let (quotient, rest) = (value >> self.rice, value & ((1 << self.rice) - 1));
            (1 << self.rice | rest, quotient + 1 + self.rice)
        } else {
            let value = value - first + (1 << self.golomb);
            let digits = value.ilog2();
            (value, digits - self.golomb + self.switch + 1 + digits + 1)
        }
    }
}

/// The code of the first DC coefficient.
const FIRST_DC: Code = Code::golomb(5);
/// Codes of the following DC coefficients, by the number coded before.
const NEXT_DC: [Code; 7] = [
    Code::golomb(0),
    Code::golomb(1),
    Code::golomb(1),
    Code::mixed(2, 3, 1),
    Code::mixed(2, 3, 1),
    Code::golomb(3),
    Code::golomb(3),
];
/// The number taken as coded before the first difference.
const DC_START: usize = 5;

/// Codes of runs.
const RUNS: [Code; 6] = [
    Code::mixed(0, 1, 2),
    Code::mixed(0, 1, 1),
    Code::golomb(0),
    Code::mixed(1, 2, 1),
    Code::golomb(1),
    Code::golomb(2),
];
/// Which of [`RUNS`] follows a run of this length; the last for all longer ones.
const AFTER_RUN: [u8; 16] = [0, 0, 1, 1, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 5];
/// The run taken as coded before the first.
const RUN_START: usize = 4;

/// Codes of levels' magnitudes, less one.
const LEVELS: [Code; 6] = [
    Code::mixed(0, 2, 2),
    Code::mixed(0, 1, 1),
    Code::mixed(0, 1, 2),
    Code::golomb(0),
    Code::golomb(1),
    Code::golomb(2),
];
/// Which of [`LEVELS`] follows a magnitude, less one; the last for all larger ones.
const AFTER_LEVEL: [u8; 9] = [0, 1, 2, 3, 4, 4, 4, 4, 5];
/// The magnitude, less one, taken as coded before the first.
const LEVEL_START: usize = 1;

/// Numbers whose codes are in tables: a power of two.
const TABLED: usize = 256;

/// A code in a table: the bits, how many they are, and which table the next number is in.
#[derive(Clone, Copy, Default)]
#[repr(align(8))]
struct CodeEntry {
    bits: u16,
    length: u16,
    /// Where that table begins.
    next: u16,
}

/// Eight tables have room, so that an index can be masked instead of checked.
type Table = [CodeEntry; TABLED * 8];

/// All codes of small numbers, by table and number.
struct Tables {
    dc: Table,
    run: Table,
    /// Levels from -128 to 127, less one in magnitude, with their signs. Zero is not used.
    level: Table,
}

#[expect(clippy::cast_possible_truncation, reason = "small numbers")]
static TABLES: LazyLock<Box<Tables>> = LazyLock::new(|| {
    let empty = [CodeEntry::default(); TABLED * 8];
    let mut tables = Box::new(Tables { dc: empty, run: empty, level: empty });
    for value in 0..TABLED {
        let entry = |code: Code, value: usize, next: usize| {
            let (bits, length) = code.of(value as u32);
            CodeEntry { bits: bits as u16, length: length as u16, next: next as u16 }
        };
        for (index, &code) in NEXT_DC.iter().enumerate() {
            tables.dc[index * TABLED + value] = entry(code, value, value.min(NEXT_DC.len() - 1) * TABLED);
        }
        for (index, &code) in RUNS.iter().enumerate() {
            tables.run[index * TABLED + value] = entry(code, value, after(&AFTER_RUN, value));
        }
        let negative = value < TABLED / 2;
        let Some(less) = value.abs_diff(TABLED / 2).checked_sub(1) else { continue };
        for (index, &code) in LEVELS.iter().enumerate() {
            let CodeEntry { bits, length, next } = entry(code, less, after(&AFTER_LEVEL, less));
            let signed = CodeEntry { bits: bits << 1 | u16::from(negative), length: length + 1, next };
            tables.level[index * TABLED + value] = signed;
        }
    }
    tables
});

/// Where the table for the number after `value` begins.
#[inline(always)]
fn after(table: &[u8], value: usize) -> usize {
    usize::from(table[value.min(table.len() - 1)]) * TABLED
}

/// Most bits of one coefficient, and so of one call of [`BitWriter::put`]: 12 bits of level and a run of 2047 zeros.
pub(super) const LONGEST_SYMBOL: usize = 50;

/// Writes the coefficients of one component of one slice.
///
/// `levels` holds them by place of the scan and then by block; `blocks` says how many blocks there are; `mask` has a bit
/// for each coefficient that is not zero, lowest first. Magnitudes are at most 4096. The result is the number of bytes
/// written to `buffer`.
#[inline(always)]
pub(super) fn encode(levels: &[i16], blocks: usize, mask: &[u64], buffer: &mut [u8]) -> usize {
    let tables: &Tables = &TABLES;
    let mut writer = BitWriter::new(buffer);
    encode_dc(&levels[..blocks], tables, &mut writer);
    encode_ac(levels, blocks, mask, tables, &mut writer);
    writer.finish()
}

/// DC coefficients: the first as it is, then differences. A difference's sign is coded as a change of sign.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "a difference of two 16-bit numbers")]
fn encode_dc(levels: &[i16], tables: &Tables, writer: &mut BitWriter<'_>) {
    let first = i32::from(levels[0]);
    let (bits, length) = FIRST_DC.of(((first << 1) ^ (first >> 31)) as u32);
    writer.put(u64::from(bits), length);
    let (mut before, mut code, mut negative) = (first, DC_START * TABLED, 0);
    for &level in &levels[1..] {
        let difference = i32::from(level) - before;
        before = i32::from(level);
        // -1 where the sign changes against the difference before; a zero counts as positive.
        let sign = difference >> 31;
        let changed = sign ^ negative;
        negative = sign;
        let twice = difference.unsigned_abs() << 1;
        let value = if twice == 0 { 0 } else { twice.wrapping_add_signed(changed) } as usize;
        if value < TABLED {
            let entry = tables.dc[(code + value) & (TABLED * 8 - 1)];
            writer.put(u64::from(entry.bits), u32::from(entry.length));
            code = usize::from(entry.next);
        } else {
            let (bits, length) = NEXT_DC[code / TABLED].of(value as u32);
            writer.put(u64::from(bits), length);
            code = (NEXT_DC.len() - 1) * TABLED;
        }
    }
}

/// AC coefficients that are not zero: the run of zeros before, the magnitude less one, the sign.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "runs are less than 2048, magnitudes at most 4096")]
fn encode_ac(levels: &[i16], blocks: usize, mask: &[u64], tables: &Tables, writer: &mut BitWriter<'_>) {
    let mut run_table = after(&AFTER_RUN, RUN_START);
    let mut level_table = after(&AFTER_LEVEL, LEVEL_START);
    // How many coefficients before this word end the run, as a place in the word.
    let mut next = blocks;
    // DC coefficients are written already; a slice has 32 blocks at most.
    let mut kept = u64::MAX << blocks;
    for (levels, &bits) in levels.as_chunks::<64>().0.iter().zip(mask) {
        let mut bits = bits & kept;
        kept = u64::MAX;
        let mut space = writer.reserve();
        while bits != 0 {
            let place = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            let run = place.wrapping_sub(next);
            next = place + 1;
            let level = levels[place & 63];
            let number = (i32::from(level) + TABLED as i32 / 2) as usize;
            if run | number < TABLED {
                let run = tables.run[(run_table + run) & (TABLED * 8 - 1)];
                let level = tables.level[(level_table + number) & (TABLED * 8 - 1)];
                let code = u64::from(run.bits) << level.length | u64::from(level.bits);
                space.put(code, u32::from(run.length) + u32::from(level.length));
                (run_table, level_table) = (usize::from(run.next), usize::from(level.next));
            } else {
                let less = level.unsigned_abs() - 1;
                let (run_bits, run_length) = RUNS[run_table / TABLED].of(run as u32);
                let (bits, length) = LEVELS[level_table / TABLED].of(u32::from(less));
                let code = (u64::from(run_bits) << length | u64::from(bits)) << 1 | u64::from(level < 0);
                space.put(code, run_length + length + 1);
                (run_table, level_table) = (after(&AFTER_RUN, run), after(&AFTER_LEVEL, usize::from(less)));
            }
        }
        let done = space.done();
        writer.resume(done);
        next = next.wrapping_sub(64);
    }
}
