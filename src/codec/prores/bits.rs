//! Bit writer: most significant bit first, up to 56 bits at once.

/// Longest code that [`BitWriter::put`] takes, in bits.
pub(super) const LONGEST: u32 = 56;

/// Writes bits into a buffer of fixed size.
///
/// Each call stores eight bytes at the current position, whatever the code's length, so that no branch depends on the
/// data. The buffer therefore has to be eight bytes longer than what is written.
pub(super) struct BitWriter<'a> {
    buffer: &'a mut [u8],
    /// Whole bytes written.
    position: usize,
    /// Bits not yet in a whole byte, from the top.
    pending: u64,
    /// How many those are: 0 to 7.
    used: u32,
}

impl<'a> BitWriter<'a> {
    #[inline(always)]
    pub(super) fn new(buffer: &'a mut [u8]) -> BitWriter<'a> {
        BitWriter { buffer, position: 0, pending: 0, used: 0 }
    }

    /// Appends the lowest `length` bits of `code`, whose other bits are zero. `length` is 1 to [`LONGEST`].
    ///
    /// # Panics
    /// When the buffer is full.
    #[inline(always)]
    pub(super) fn put(&mut self, code: u64, length: u32) {
        debug_assert!((1..=LONGEST).contains(&length) && code >> length == 0);
        self.pending |= code << (64 - self.used - length);
        self.buffer[self.position..self.position + 8].copy_from_slice(&self.pending.to_be_bytes());
        self.used += length;
        self.position += (self.used >> 3) as usize;
        // 56 at most: `used` is less than 8 + 56.
        self.pending <<= self.used & !7;
        self.used &= 7;
    }

    /// Room for [`RESERVED`] codes, which are written without looking for it each time.
    ///
    /// # Panics
    /// When the buffer has less room, whatever is written.
    #[inline(always)]
    pub(super) fn reserve(&mut self) -> Reserved<'_> {
        let room = self.buffer[self.position..].first_chunk_mut().expect("too little room");
        Reserved { room, position: 0, pending: self.pending, used: self.used }
    }

    /// Goes on behind what was written to a [`BitWriter::reserve`]d part.
    #[inline(always)]
    pub(super) fn resume(&mut self, (position, pending, used): (usize, u64, u32)) {
        self.position += position;
        self.pending = pending;
        self.used = used;
    }

    /// Fills the last byte with zeros; returns the number of bytes written.
    #[inline(always)]
    pub(super) fn finish(self) -> usize {
        self.position + usize::from(self.used > 0)
    }
}

/// Codes for which [`BitWriter::reserve`] makes room.
const RESERVED: usize = 64;
/// Bytes those can take: a power of two, and what the last store may write beyond.
pub(super) const ROOM: usize = RESERVED * 8 + 8;

/// A part of a buffer that codes are written to, as by [`BitWriter::put`].
pub(super) struct Reserved<'a> {
    room: &'a mut [u8; ROOM],
    position: usize,
    pending: u64,
    used: u32,
}

impl Reserved<'_> {
    /// Appends the lowest `length` bits of `code`, whose other bits are zero. `length` is 1 to [`LONGEST`].
    #[inline(always)]
    pub(super) fn put(&mut self, code: u64, length: u32) {
        debug_assert!((1..=LONGEST).contains(&length) && code >> length == 0);
        self.used += length;
        self.pending |= code << ((64 - self.used) & 63);
        let start = self.position & (RESERVED * 8 - 1);
        self.room[start..start + 8].copy_from_slice(&self.pending.to_be_bytes());
        self.position += (self.used >> 3) as usize;
        self.pending <<= self.used & 0x38;
        self.used &= 7;
    }

    /// What [`BitWriter::resume`] wants to know.
    #[inline(always)]
    pub(super) fn done(self) -> (usize, u64, u32) {
        (self.position, self.pending, self.used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_out_in_the_order_they_went_in() {
        let mut buffer = [0xFF; 64];
        let mut expected = String::new();
        let mut writer = BitWriter::new(&mut buffer);
        for (code, length) in [(1, 1), (0b101, 3), (0, 7), ((1 << 56) - 5, 56), (1, 56), (3, 2), (0x1234, 13)] {
            writer.put(code, length);
            expected.push_str(&format!("{code:0width$b}", width = length as usize));
        }
        let bytes = writer.finish();
        assert_eq!(bytes, expected.len().div_ceil(8));
        let written: String = buffer[..bytes].iter().map(|byte| format!("{byte:08b}")).collect();
        assert_eq!(written, format!("{expected:0<width$}", width = bytes * 8));
    }

    #[test]
    fn nothing_written_is_no_byte() {
        assert_eq!(BitWriter::new(&mut [0; 8]).finish(), 0);
    }

    #[test]
    #[should_panic(expected = "range")]
    fn a_full_buffer_is_not_written_past() {
        let mut buffer = [0; 15];
        let mut writer = BitWriter::new(&mut buffer);
        for _ in 0..9 {
            writer.put(0xFF, 8);
        }
    }
}
