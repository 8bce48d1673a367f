//! AVI: whether the file's index and its chunks agree. FFmpeg counts frames by the index alone; an entry that is missing moves
//! every frame behind it.

use std::collections::HashMap;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::sys::read::IndexEntry;
use crate::otio::MediaFile;

/// The header of a chunk: its name and its size.
const HEADER: u64 = 8;
/// That of a list, which has a type, too.
const LIST: u64 = 12;
/// Places between chunks that are looked at, at most: half of them the widest, the others anywhere.
const GAPS: usize = 512;
/// Entries whose chunks are looked at.
const SAMPLES: usize = 128;
/// Chunks of a gap, and of a header.
const FEW: usize = 4096;
/// Chunks that are read where the index contradicts them.
const MOST: usize = 1_000_000;
/// The same where its count alone differs from the header's, as some programs write it.
const MOST_FOR_COUNT: usize = 20_000;
/// Bytes of a file's first list.
const WHOLE: u64 = 1 << 20;
/// FFmpeg takes a start that lies further from 0 than so many frames for none.
const LATEST_START: i64 = 1 << 16;

/// What a file's index is worth.
#[derive(Debug, PartialEq)]
pub(super) enum AviIndex {
    /// It agrees with the chunks, as far as that was looked at.
    Holds,
    /// It does not.
    Recounted {
        /// When the chunks of the stream are shown, by where they start.
        times: HashMap<i64, i64>,
        /// From this place in the file on, the chunks cannot be followed either.
        lost_from: Option<u64>,
    },
}

/// Compares what FFmpeg has read of the index, a list for each stream, with the file.
pub(super) fn look(path: &Path, stream: usize, lists: &[Vec<IndexEntry>]) -> AviIndex {
    match MediaFile::open(path) {
        Ok(media) if lists.get(stream).is_some_and(|list| !list.is_empty()) => {
            Chunks { media }.look(stream, lists).unwrap_or(AviIndex::Holds)
        }
        _ => AviIndex::Holds,
    }
}

/// What the header says of a stream.
struct StreamHeader {
    kind: [u8; 4],
    start: i64,
    frames: usize,
}

/// What stands at a place.
enum ChunkKind {
    /// A chunk of a stream.
    Packet { stream: usize, size: u64 },
    /// The old index: no chunk of a stream follows in this part of the file.
    OldIndex(u64),
    /// Something else, and where what follows it is.
    Other(u64),
}

/// What lies between two chunks that are listed.
#[derive(PartialEq)]
enum AviGap {
    Plain,
    /// A chunk with a picture or sound.
    Unlisted,
    Unclear,
}

struct Chunks {
    media: MediaFile,
}

impl Chunks {
    fn bytes(&mut self, place: u64, length: u64) -> Option<Vec<u8>> {
        let mut data = Vec::new();
        self.media.seek(SeekFrom::Start(place)).ok()?;
        (&mut self.media).take(length).read_to_end(&mut data).ok()?;
        Some(data)
    }

    fn look(&mut self, stream: usize, lists: &[Vec<IndexEntry>]) -> Option<AviIndex> {
        let (streams, first) = self.header()?;
        let header = streams.get(stream)?;
        if streams.iter().any(|header| header.kind == *b"iavs") {
            return None;
        }
        let list = &lists[stream];
        let mut entries = Vec::new();
        for (stream, list) in lists.iter().enumerate() {
            for entry in list {
                entries.push((u64::try_from(entry.place).ok()?, entry.size, stream));
            }
        }
        entries.sort_unstable();
        let strong = self.contradicts(&entries, first, streams.len());
        let counted = count_of(list) == header.frames || header.frames == 0;
        let weak = !counted || !self.leads_to_chunks(&entries, streams.len());
        if strong.is_none() && !weak {
            return None;
        }
        let most = if strong.is_none() { MOST_FOR_COUNT } else { MOST };
        let certain = strong == Some(true) || (strong == Some(false) && !counted);
        let (chunks, lost_from) = self.walk(first, stream, streams.len(), most);
        let recounted = |lost_from| {
            let place = |(place, _): &(u64, u64)| i64::try_from(*place).unwrap_or(0);
            let times = chunks.iter().map(place).zip(header.start..).collect();
            Some(AviIndex::Recounted { times, lost_from })
        };
        if lost_from.is_some() {
            return if certain { recounted(lost_from) } else { None };
        }
        if is_same(list, &chunks, header.start) {
            return None;
        }
        if counted && header.frames != 0 && chunks.len() != header.frames {
            // It is a chunk that is damaged.
            return if certain { recounted(Some(0)) } else { None };
        }
        recounted(None)
    }

    /// The streams, and where the first chunk of one is.
    fn header(&mut self) -> Option<(Vec<StreamHeader>, u64)> {
        let head = self.bytes(0, LIST)?;
        if head.get(..4)? != b"RIFF" || head.get(8..11)? != b"AVI" {
            return None;
        }
        let (mut place, mut streams) = (LIST, Vec::new());
        for _ in 0..FEW {
            let head = self.bytes(place, LIST)?;
            let size = u64::from(number(&head, 4)?);
            match (head.get(..4)?, head.get(8..12)?) {
                (b"LIST", b"movi") => return (!streams.is_empty()).then_some((streams, place + LIST)),
                (b"LIST", b"hdrl") => {
                    let data = self.bytes(place + LIST, size.min(WHOLE).saturating_sub(4))?;
                    // Headers of streams are lists in this one.
                    streams = headers_in(&data)?;
                }
                _ => {}
            }
            place = place.checked_add(HEADER + size + size % 2)?;
        }
        None
    }

    fn step(&mut self, place: u64, streams: usize) -> Option<ChunkKind> {
        let head = self.bytes(place, LIST)?;
        let name: [u8; 4] = head.get(..4)?.try_into().ok()?;
        let size = u64::from(number(&head, 4)?);
        let next = place.checked_add(HEADER + size + size % 2)?;
        match (&name, head.get(8..12)) {
            (b"RIFF", _) | (b"LIST", Some(b"movi" | b"rec ")) => return Some(ChunkKind::Other(place + LIST)),
            (b"idx1", _) => return Some(ChunkKind::OldIndex(next)),
            _ => {}
        }
        if let [tens @ b'0'..=b'9', ones @ b'0'..=b'9', kind @ ..] = name {
            let stream = usize::from(tens - b'0') * 10 + usize::from(ones - b'0');
            if stream >= streams || !kind.iter().all(|letter| letter.is_ascii_graphic()) {
                return None;
            }
            // Changes of palettes are no pictures.
            return Some(if &kind == b"pc" { ChunkKind::Other(next) } else { ChunkKind::Packet { stream, size } });
        }
        name.iter().all(|letter| letter.is_ascii_graphic() || *letter == b' ').then_some(ChunkKind::Other(next))
    }

    /// Whether entries lie elsewhere than one behind the other, or leave chunks out: `Some(true)` if that is certain.
    fn contradicts(&mut self, entries: &[(u64, u64, usize)], first: u64, streams: usize) -> Option<bool> {
        let (mut end, mut gaps) = (first, Vec::new());
        for (place, size, _) in entries {
            // Some programs do not pad odd chunks.
            if *place + 1 < end {
                return Some(true);
            }
            if *place > end {
                gaps.push(end..*place);
            }
            end = place.checked_add(HEADER + size + size % 2)?;
        }
        gaps.sort_by_key(|gap| std::cmp::Reverse(gap.end - gap.start));
        let rest = gaps.split_off(gaps.len().min(GAPS / 2));
        gaps.extend(spread(&rest, GAPS / 2).cloned());
        let length = self.media.length();
        if end < length {
            gaps.push(end..length);
        }
        let mut unclear = false;
        for gap in gaps {
            match self.gap(gap.start, gap.end, streams) {
                AviGap::Unlisted => return Some(true),
                // Behind the last chunk may be anything.
                AviGap::Unclear => unclear |= gap.end != length,
                AviGap::Plain => {}
            }
        }
        unclear.then_some(false)
    }

    fn gap(&mut self, start: u64, end: u64, streams: usize) -> AviGap {
        let mut place = start;
        for _ in 0..FEW {
            if place + 1 >= end {
                return if place <= end + 1 { AviGap::Plain } else { AviGap::Unclear };
            }
            match self.step(place, streams) {
                // A place without a picture is not listed.
                Some(ChunkKind::Packet { size: 0, .. }) => place += HEADER,
                Some(ChunkKind::Packet { size, .. }) if place + HEADER + size <= end => return AviGap::Unlisted,
                Some(ChunkKind::Other(next) | ChunkKind::OldIndex(next)) => place = next,
                _ => return AviGap::Unclear,
            }
        }
        AviGap::Unclear
    }

    /// Whether entries, some of many, lead to chunks of their streams.
    fn leads_to_chunks(&mut self, entries: &[(u64, u64, usize)], streams: usize) -> bool {
        spread(entries, SAMPLES).all(
            |(place, _, stream)| matches!(self.step(*place, streams), Some(ChunkKind::Packet { stream: found, .. }) if found == *stream),
        )
    }

    /// Place and size of all chunks of a stream, and from where on they cannot be followed, if not to the end.
    fn walk(&mut self, first: u64, stream: usize, streams: usize, most: usize) -> (Vec<(u64, u64)>, Option<u64>) {
        let (mut place, mut before, mut found, mut ended) = (first, first, Vec::new(), false);
        let length = self.media.length();
        for _ in 0..most {
            if place + 1 >= length {
                let whole = ended || place <= length + 1;
                return (found, Some(before).filter(|_| !whole));
            }
            let (next, is_index) = match self.step(place, streams) {
                Some(ChunkKind::Packet { stream: of, size }) => {
                    if of == stream {
                        found.push((place, size));
                    }
                    (place.saturating_add(HEADER + size + size % 2), false)
                }
                Some(ChunkKind::OldIndex(next)) => (next, true),
                Some(ChunkKind::Other(next)) => (next, ended),
                None => return (found, Some(before).filter(|_| !ended)),
            };
            (before, place, ended) = (place, next, is_index);
        }
        (found, Some(before))
    }
}

/// How many frames a list has, those without a picture included.
fn count_of(list: &[IndexEntry]) -> usize {
    let (Some(first), Some(last)) = (list.first(), list.last()) else { return 0 };
    usize::try_from(last.time.saturating_sub(first.time).saturating_add(1)).unwrap_or(0)
}

/// Whether a list says of chunks what counting them does.
fn is_same(list: &[IndexEntry], chunks: &[(u64, u64)], start: i64) -> bool {
    let full = (start..).zip(chunks).filter(|(_, (_, size))| *size > 0);
    let mut listed = list.iter();
    let same = full.into_iter().all(|(time, (place, _))| {
        let is = |entry: &IndexEntry| {
            // A list may count from the data.
            let place = i64::try_from(*place).unwrap_or(-1);
            entry.time == time && (entry.place == place || entry.place == place + HEADER as i64)
        };
        listed.next().is_some_and(is)
    });
    same && listed.next().is_none()
}

fn headers_in(data: &[u8]) -> Option<Vec<StreamHeader>> {
    let (mut place, mut streams) = (0, Vec::new());
    while place + 8 <= data.len() {
        let size = usize::try_from(number(data, place + 4)?).ok()?;
        if data.get(place..place + 4)? == b"LIST" && data.get(place + 8..place + 12) == Some(b"strl") {
            // The stream's header comes first in its list.
            let header = data.get(place + 12..)?;
            if header.get(..4)? != b"strh" {
                return None;
            }
            let header = header.get(8..)?;
            let start = i64::from(number(header, 28)?);
            streams.push(StreamHeader {
                kind: header.get(..4)?.try_into().ok()?,
                start: if start > LATEST_START { return None } else { start },
                frames: usize::try_from(number(header, 32)?).ok()?,
            });
        }
        place = place.checked_add(8 + size + size % 2)?;
    }
    Some(streams)
}

fn number(data: &[u8], place: usize) -> Option<u32> {
    Some(u32::from_le_bytes(data.get(place..place + 4)?.try_into().ok()?))
}

/// At most `count` of these, evenly apart, first and last included.
fn spread<T>(all: &[T], count: usize) -> impl Iterator<Item = &T> {
    let taken = all.len().min(count);
    (0..taken).map(move |index| &all[index * (all.len() - 1) / (taken - 1).max(1)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_of_many_are_the_first_the_last_and_those_between() {
        assert_eq!(spread(&[1, 2, 3], 5).collect::<Vec<_>>(), [&1, &2, &3]);
        assert_eq!(spread(&[1, 2, 3, 4, 5, 6, 7], 3).collect::<Vec<_>>(), [&1, &4, &7]);
        assert_eq!(spread::<u8>(&[], 3).count(), 0);
    }
}
