//! MXF (SMPTE ST 377-1): whether what is in the file still lies where the file says. Where bytes were lost, FFmpeg finds no index,
//! looks for the next packet and counts on.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::otio::MediaFile;

/// What all keys start with.
const KEY: [u8; 4] = [0x06, 0x0e, 0x2b, 0x34];
/// The key of a partition up to its kind; the registry's version in it counts for nothing.
const PARTITION: [u8; 13] = [0x06, 0x0e, 0x2b, 0x34, 0x02, 0x05, 0x01, 0x01, 0x0d, 0x01, 0x02, 0x01, 0x01];
const HEADER_PARTITION: u8 = 0x02;
const FOOTER_PARTITION: u8 = 0x04;
const RANDOM_INDEX: u8 = 0x11;
/// In a partition's value: where it lies itself, and where the footer does.
const OWN_PLACE: usize = 8;
const FOOTER_PLACE: usize = 24;
/// What may come before the header.
const RUN_IN: u64 = 1 << 16;
/// Bytes at the end of a file that are searched for the footer.
const TAIL: u64 = 8 << 20;
/// Units that are followed.
const MOST: usize = 4_000_000;

/// From which place in the file on frames may be others than they seem, since what lies behind has moved; `None`: nothing has.
pub(super) fn moved_from(path: &Path) -> Option<u64> {
    Partitions { media: MediaFile::open(path).ok()? }.moved_from()
}

struct Partitions {
    media: MediaFile,
}

impl Partitions {
    fn bytes(&mut self, place: u64, length: u64) -> Option<Vec<u8>> {
        let mut data = Vec::new();
        self.media.seek(SeekFrom::Start(place)).ok()?;
        (&mut self.media).take(length).read_to_end(&mut data).ok()?;
        Some(data)
    }

    fn moved_from(&mut self) -> Option<u64> {
        let head = self.bytes(0, RUN_IN + 256)?;
        let start = find(&head, HEADER_PARTITION)?;
        let claimed = number(value(head.get(start..)?)?, FOOTER_PLACE).filter(|place| *place > 0);
        let start = u64::try_from(start).ok()?;
        let last = self.last_listed();
        let claims: Vec<u64> = claimed.into_iter().chain(last).collect();
        let mut leads = |place: &u64| {
            let unit = start.checked_add(*place).and_then(|place| self.bytes(place, 16)).unwrap_or_default();
            unit.starts_with(&PARTITION) && unit.get(13) == Some(&FOOTER_PARTITION)
        };
        if claims.is_empty() || claims.iter().any(&mut leads) {
            return None;
        }
        // A file that was cut short has no footer. One that has it elsewhere has lost something before it, or has more.
        let from = self.media.length().saturating_sub(TAIL);
        let tail = self.bytes(from, TAIL)?;
        let found = rfind(&tail, FOOTER_PARTITION)?;
        let own = number(value(tail.get(found..)?)?, OWN_PLACE)?;
        let place = from + u64::try_from(found).ok()?;
        (start.checked_add(own)? != place).then(|| self.first_break(start).unwrap_or(0))
    }

    /// The last place in the list of partitions at the end of the file.
    fn last_listed(&mut self) -> Option<u64> {
        let end = self.bytes(self.media.length().checked_sub(4)?, 4)?;
        let length = u64::from(u32::from_be_bytes(end.try_into().ok()?));
        let list = self.bytes(self.media.length().checked_sub(length)?, length.min(RUN_IN))?;
        let is_list = list.starts_with(&PARTITION) && list.get(13) == Some(&RANDOM_INDEX);
        // Its last entry, in front of its own length.
        let entry = is_list.then(|| list.len().checked_sub(12))??;
        number(&list, entry)
    }

    /// Where the last unit starts that does not lead to another one; `None` if all do.
    fn first_break(&mut self, start: u64) -> Option<u64> {
        let (mut place, mut before) = (start, start);
        for _ in 0..MOST {
            if place >= self.media.length() {
                return None;
            }
            let unit = self.bytes(place, 25)?;
            let length = unit.get(16..).and_then(length_in).filter(|_| unit.starts_with(&KEY));
            let Some((length, own)) = length else { return Some(before) };
            before = place;
            place = place.checked_add(16 + own as u64)?.checked_add(length)?;
        }
        None
    }
}

fn is_partition(data: &[u8], kind: u8) -> bool {
    data.starts_with(&PARTITION) && data.get(13) == Some(&kind)
}

fn find(data: &[u8], kind: u8) -> Option<usize> {
    data.windows(14).position(|window| is_partition(window, kind))
}

fn rfind(data: &[u8], kind: u8) -> Option<usize> {
    data.windows(14).rposition(|window| is_partition(window, kind))
}

/// The value of a unit.
fn value(unit: &[u8]) -> Option<&[u8]> {
    let (_, own) = length_in(unit.get(16..)?)?;
    unit.get(16 + own..)
}

/// A length in BER, and how many bytes that takes.
fn length_in(data: &[u8]) -> Option<(u64, usize)> {
    let first = *data.first()?;
    if first < 0x80 {
        return Some((first.into(), 1));
    }
    let own = usize::from(first & 0x7f) + 1;
    let bytes = data.get(1..own).filter(|bytes| (1..=8).contains(&bytes.len()))?;
    Some((bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)), own))
}

fn number(data: &[u8], place: usize) -> Option<u64> {
    Some(u64::from_be_bytes(data.get(place..place.checked_add(8)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_short_or_say_how_long_they_are() {
        assert_eq!(length_in(&[0x14]), Some((0x14, 1)));
        assert_eq!(length_in(&[0x83, 1, 2, 3, 9]), Some((0x01_0203, 4)));
        assert_eq!(length_in(&[0x80, 1]), None);
        assert_eq!(length_in(&[0x84, 1, 2]), None);
    }
}
