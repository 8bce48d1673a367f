//! Matroska and WebM (RFC 9559): whether a file is whole up to the first block of its picture. FFmpeg passes over what it does
//! not know without a word, and counts from what is left.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::Path;

use crate::otio::MediaFile;
use crate::time::Ratio;

const EBML: u64 = 0x1a45_dfa3;
const SEGMENT: u64 = 0x1853_8067;
const INFO: u64 = 0x1549_a966;
const TIMESTAMP_SCALE: u64 = 0x2a_d7b1;
const TRACKS: u64 = 0x1654_ae6b;
const TRACK: u64 = 0xae;
const TRACK_NUMBER: u64 = 0xd7;
const TRACK_TYPE: u64 = 0x83;
const TRACK_SCALE: u64 = 0x23_314f;
/// 1.0 as the bits of a float, short and long.
const ONE: [u64; 2] = [0x3f80_0000, 0x3ff0_0000_0000_0000];
const CLUSTER: u64 = 0x1f43_b675;
const TIMESTAMP: u64 = 0xe7;
const SIMPLE_BLOCK: u64 = 0xa3;
const BLOCK_GROUP: u64 = 0xa0;
const BLOCK: u64 = 0xa1;
const VOID: u64 = 0xec;
const CHECKSUM: u64 = 0xbf;
/// Lists of places, cues, chapters, attachments and tags.
const OTHER_PARTS: [u64; 5] = [0x114d_9b74, 0x1c53_bb6b, 0x1043_a770, 0x1941_a469, 0x1254_c367];
/// What a cluster holds beside blocks and its time: its place, the size of the one before it, and tracks that are silent.
const OTHER_OF_CLUSTER: [u64; 3] = [0xa7, 0xab, 0x5854];
/// Elements that are looked at.
const MOST: usize = 10_000;
/// Bytes of an element that is read whole.
const WHOLE: u64 = 1 << 20;

/// What stands before the first block of a picture.
#[derive(Debug, PartialEq)]
pub(super) enum MatroskaHead {
    /// Nothing but what belongs there. The first picture is shown so many seconds after time 0.
    Whole(Ratio),
    /// Something that does not belong there.
    Damaged,
    /// It cannot be told.
    Unknown,
}

/// Looks at the beginning of a file; `video`: how many tracks of pictures are in front of the one that is meant.
pub(super) fn look(path: &Path, video: usize) -> MatroskaHead {
    let Ok(media) = MediaFile::open(path) else { return MatroskaHead::Unknown };
    EbmlFile { media, left: MOST }.head(video)
}

/// An element: what it is, and where its content lies. One of unknown length ends where its parent does.
struct EbmlElement {
    id: u64,
    content: Range<u64>,
    unknown: bool,
}

struct EbmlFile {
    media: MediaFile,
    left: usize,
}

impl EbmlFile {
    fn bytes(&mut self, place: u64, length: u64) -> Option<Vec<u8>> {
        let mut data = Vec::new();
        self.media.seek(SeekFrom::Start(place)).ok()?;
        (&mut self.media).take(length).read_to_end(&mut data).ok()?;
        Some(data)
    }

    /// The element at `place`, which ends at `end` at the latest; `None`: there is none, or too many were looked at.
    fn at(&mut self, place: u64, end: u64) -> Option<EbmlElement> {
        self.left = self.left.checked_sub(1)?;
        let head = self.bytes(place, 12.min(end.checked_sub(place)?))?;
        let (id, id_length) = variable(&head, 4)?;
        let (size, size_length) = variable(head.get(id_length..)?, 8)?;
        // The size has a bit that says how long it is itself.
        let marker = 1u64 << (7 * size_length);
        let size = size & (marker - 1);
        let start = place + (id_length + size_length) as u64;
        let unknown = size == marker - 1;
        // A file that is cut short ends in the middle of an element.
        let most = if end == self.media.length() { end } else { u64::MAX };
        let stop = if unknown { end } else { start.checked_add(size)?.min(most) };
        (start <= stop && stop <= end).then_some(EbmlElement { id, content: start..stop, unknown })
    }

    fn children(&mut self, parent: &Range<u64>) -> Option<Vec<EbmlElement>> {
        let (mut place, mut found) = (parent.start, Vec::new());
        while place < parent.end {
            let element = self.at(place, parent.end)?;
            place = element.content.end;
            found.push(element);
        }
        Some(found)
    }

    fn number(&mut self, element: &EbmlElement) -> Option<u64> {
        let length = element.content.end - element.content.start;
        let data = self.bytes(element.content.start, length.min(9))?;
        (data.len() <= 8).then(|| data.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    fn head(&mut self, video: usize) -> MatroskaHead {
        let end = self.media.length();
        let mut place = 0;
        let segment = loop {
            match self.at(place, end) {
                Some(element) if element.id == SEGMENT => break element.content,
                Some(element) if [EBML, VOID].contains(&element.id) => place = element.content.end,
                _ => return MatroskaHead::Unknown,
            }
        };
        let (mut scale, mut tracks) = (1_000_000, Vec::new());
        let mut place = segment.start;
        loop {
            let Some(element) = self.at(place, segment.end) else { return MatroskaHead::Damaged };
            match element.id {
                CLUSTER => match self.cluster(&element, scale, &tracks, video) {
                    // One without a block of the picture.
                    Some(None) if !element.unknown => {}
                    Some(Some(head)) => return head,
                    Some(None) => return MatroskaHead::Unknown,
                    None => return MatroskaHead::Damaged,
                },
                INFO | TRACKS => {
                    if element.content.end - element.content.start > WHOLE {
                        return MatroskaHead::Unknown;
                    }
                    let Some(children) = self.children(&element.content) else { return MatroskaHead::Damaged };
                    for child in children {
                        match child.id {
                            TIMESTAMP_SCALE => scale = self.number(&child).unwrap_or(scale),
                            TRACK => match self.track(&child) {
                                Some((_, _, true)) => return MatroskaHead::Unknown,
                                Some((number, is_video, false)) => tracks.push((number, is_video)),
                                None => return MatroskaHead::Damaged,
                            },
                            _ => {}
                        }
                    }
                }
                VOID | CHECKSUM => {}
                id if OTHER_PARTS.contains(&id) => {}
                _ => return MatroskaHead::Damaged,
            }
            place = element.content.end;
        }
    }

    /// A track's number, whether it is one of pictures, and whether it may count time in a way of its own.
    fn track(&mut self, element: &EbmlElement) -> Option<(u64, bool, bool)> {
        let (mut number, mut kind, mut scaled) = (None, None, false);
        for child in self.children(&element.content)? {
            match child.id {
                TRACK_NUMBER => number = self.number(&child),
                TRACK_TYPE => kind = self.number(&child),
                TRACK_SCALE => scaled = self.number(&child).is_none_or(|bits| !ONE.contains(&bits)),
                _ => {}
            }
        }
        Some((number?, kind? == 1, scaled))
    }

    /// What stands in a cluster before the picture's first block: `Some(None)` if it has none, `None` if it is damaged.
    fn cluster(
        &mut self,
        cluster: &EbmlElement,
        scale: u64,
        tracks: &[(u64, bool)],
        video: usize,
    ) -> Option<Option<MatroskaHead>> {
        let Some(&(wanted, _)) = tracks.iter().filter(|(_, is_video)| *is_video).nth(video) else {
            return Some(Some(MatroskaHead::Unknown));
        };
        let (mut place, mut time) = (cluster.content.start, None);
        while place < cluster.content.end {
            if self.left == 0 {
                return Some(Some(MatroskaHead::Unknown));
            }
            let element = self.at(place, cluster.content.end)?;
            place = element.content.end;
            let block = match element.id {
                TIMESTAMP => {
                    time = Some(i64::try_from(self.number(&element)?).ok()?);
                    continue;
                }
                SIMPLE_BLOCK => element.content,
                BLOCK_GROUP => {
                    let children = self.children(&element.content)?;
                    children.into_iter().find(|child| child.id == BLOCK)?.content
                }
                VOID | CHECKSUM => continue,
                id if OTHER_OF_CLUSTER.contains(&id) => continue,
                CLUSTER if cluster.unknown => return Some(Some(MatroskaHead::Unknown)),
                _ => return None,
            };
            let head = self.bytes(block.start, 12)?;
            let (track, length) = variable(&head, 8)?;
            let track = track & ((1 << (7 * length)) - 1);
            if !tracks.iter().any(|(number, _)| *number == track) {
                return None;
            }
            if track == wanted {
                let &[high, low, ..] = head.get(length..)? else { return None };
                let shown = time? + i64::from(i16::from_be_bytes([high, low]));
                let scale = i64::try_from(scale).ok()?;
                return Some(Some(MatroskaHead::Whole(Ratio::whole(shown) * Ratio::new(scale, 1_000_000_000))));
            }
        }
        Some(None)
    }
}

/// A number that says by its leading zeros how many bytes it has, that bit included, and how many those are.
fn variable(data: &[u8], most: usize) -> Option<(u64, usize)> {
    let length = data.first()?.leading_zeros() as usize + 1;
    let bytes = data.get(..length).filter(|_| length <= most)?;
    Some((bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_say_how_long_they_are() {
        assert_eq!(variable(&[0x81], 8), Some((0x81, 1)));
        assert_eq!(variable(&[0x45, 0x00], 8), Some((0x4500, 2)));
        assert_eq!(variable(&[0x1a, 0x45, 0xdf, 0xa3, 0xff], 4), Some((EBML, 4)));
        assert_eq!(variable(&[0x08, 0, 0, 0, 0], 4), None);
        assert_eq!(variable(&[0x45], 8), None);
        assert_eq!(variable(&[0; 12], 8), None);
    }
}
