//! Where packets belong in formats that tell no times: FFmpeg counts what it finds, so that a lost packet moves all others.

use std::collections::HashMap;

use ffmpeg_next::Packet;

use super::super::sys::read::Demuxer;

/// Packets of one size after which all are taken to have it.
const ENOUGH: i64 = 50;

/// How packets of a format are put in their place.
pub(super) enum Places {
    /// By their times.
    Timed,
    /// FLAC: its frames carry numbers. How many samples a frame has, where they count frames.
    Numbered { block: i64 },
    /// By counting, as elementary streams are; where all packets have one size, by the bytes between them.
    Counted(Sizes),
    /// AVI: by the container's list, ticks by places in the file, and how many of its units make a tick.
    Listed { times: HashMap<i64, i64>, unit: Option<i64>, shift: i64 },
}

/// The sizes of packets so far, and the place of the last one that was decoded.
#[derive(Default)]
pub(super) struct Sizes {
    low: i64,
    high: i64,
    sum: i64,
    count: i64,
    last: Option<i64>,
    /// The size of the packet that was looked at last, and whether it is a tag, which stands where files were joined.
    size: i64,
    tag: bool,
}

/// What a packet says of its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// Nothing: it follows the one before it.
    Next,
    /// It has this number, in samples.
    Sample(i64),
    /// So many packets are missing in front of it.
    Missing(i64),
    /// Something may be missing in front of it, and nobody knows how much.
    Unknown,
    /// The list has another time for it than for the one before.
    Moved,
}

impl Places {
    /// How the packets of `stream` are placed.
    pub(super) fn of(demuxer: &mut Demuxer, stream: usize, counted: bool) -> Places {
        match demuxer.container().as_str() {
            "flac" => Places::Numbered { block: 0 },
            "avi" => {
                let times = demuxer.index(stream).into_iter().map(|entry| (entry.place, entry.time)).collect();
                Places::Listed { times, unit: None, shift: 0 }
            }
            _ if counted => Places::Counted(Sizes::default()),
            _ => Places::Timed,
        }
    }

    /// Whether timestamps say nothing.
    pub(super) fn is_counted(&self) -> bool {
        matches!(self, Places::Numbered { .. } | Places::Counted(_))
    }

    /// Whether packets have numbers of their own.
    pub(super) fn is_numbered(&self) -> bool {
        matches!(self, Places::Numbered { .. })
    }

    /// Reading goes on elsewhere.
    pub(super) fn forget(&mut self) {
        match self {
            Places::Counted(sizes) => sizes.last = None,
            Places::Listed { shift, .. } => *shift = 0,
            _ => {}
        }
    }

    /// Looks at the packet that is decoded next; `doubt`: the decoder has reported damage since the last samples came out.
    pub(super) fn look(&mut self, packet: &mut Packet, doubt: bool) -> Told {
        match self {
            Places::Timed => Told::Next,
            Places::Numbered { block } => {
                let Some((number, length)) = packet.data().and_then(flac_number) else { return Told::Unknown };
                if *block == 0 {
                    *block = length;
                }
                Told::Sample(match number {
                    Number::Frame(frame) => frame * *block,
                    Number::Sample(sample) => sample,
                })
            }
            Places::Counted(sizes) => sizes.look(packet, doubt),
            Places::Listed { times, unit, shift } => {
                /// A list may count from a chunk's header, which lies in front of its data.
                const HEADER: i64 = 8;
                let (Ok(place), Some(dts)) = (i64::try_from(packet.position()), packet.dts()) else {
                    return Told::Next;
                };
                let listed = times.get(&place).or_else(|| times.get(&(place - HEADER)));
                let before = *shift;
                if let Some(&listed) = listed {
                    if unit.is_none() && dts > 0 {
                        // Bytes, blocks or chunks. Where the list does not fit the times, it is not asked.
                        *unit = Some(if listed % dts == 0 { listed / dts } else { 0 });
                    }
                    if let Some(unit) = unit.filter(|unit| *unit > 0) {
                        *shift = listed / unit - dts;
                    }
                }
                if *shift != 0 {
                    packet.set_dts(Some(dts + *shift));
                    packet.set_pts(packet.pts().map(|pts| pts + *shift));
                }
                if *shift == before { Told::Next } else { Told::Moved }
            }
        }
    }
}

impl Sizes {
    fn look(&mut self, packet: &Packet, doubt: bool) -> Told {
        let is_tag = |data: &[u8]| [b"ID3", b"TAG"].iter().any(|mark| data.starts_with(*mark));
        if std::mem::replace(&mut self.tag, packet.data().is_some_and(is_tag)) {
            return Told::Next;
        }
        self.size = i64::try_from(packet.size()).unwrap_or(0);
        let place = i64::try_from(packet.position()).ok().filter(|place| *place >= 0);
        // Padding makes some a byte or two longer.
        let is_constant = self.count >= ENOUGH && self.high - self.low <= 2;
        match (doubt, self.last, place) {
            (false, ..) => Told::Next,
            (true, Some(last), Some(place)) if is_constant => {
                let distance = (place - last) * self.count;
                let steps = (distance + self.sum / 2).div_euclid(self.sum.max(1));
                let off = (distance - steps * self.sum).abs();
                if steps >= 1 && off <= 2 * steps * self.count { Told::Missing(steps - 1) } else { Told::Unknown }
            }
            _ => Told::Unknown,
        }
    }

    /// Samples came out of the packet that lies at `place`.
    pub(super) fn decoded(&mut self, place: Option<i64>, doubt: bool) {
        self.last = place;
        if !doubt {
            self.low = if self.count == 0 { self.size } else { self.low.min(self.size) };
            self.high = self.high.max(self.size);
            (self.sum, self.count) = (self.sum + self.size, self.count + 1);
        }
    }
}

enum Number {
    Frame(i64),
    Sample(i64),
}

/// What the header of a FLAC frame (RFC 9639) says: its number, and how many samples it has.
fn flac_number(data: &[u8]) -> Option<(Number, i64)> {
    let head = data.first_chunk::<4>()?;
    if head[0] != 0xff || head[1] & 0xfe != 0xf8 {
        return None;
    }
    let first = *data.get(4)?;
    let more = match first.leading_ones() {
        0 => 0,
        ones @ 2..=7 => ones as usize - 1,
        _ => return None,
    };
    let mask = if more == 0 { 0x7f } else { 0x3f_u8.checked_shr(u32::try_from(more).ok()?).unwrap_or(0) };
    let rest = data.get(5..5 + more)?;
    let number = rest.iter().fold(i64::from(first & mask), |sum, byte| sum << 6 | i64::from(byte & 0x3f));
    let mut end = 5 + more;
    let length = match head[2] >> 4 {
        1 => 192,
        code @ 2..=5 => 576 << (code - 2),
        6 => {
            end += 1;
            i64::from(*data.get(end - 1)?) + 1
        }
        7 => {
            end += 2;
            (i64::from(*data.get(end - 2)?) << 8 | i64::from(*data.get(end - 1)?)) + 1
        }
        code @ 8..=15 => 256 << (code - 8),
        _ => return None,
    };
    end += match head[2] & 0xf {
        12 => 1,
        13 | 14 => 2,
        _ => 0,
    };
    let check = data.get(..end)?.iter().fold(0u8, |sum, byte| {
        (0..8).fold(sum ^ byte, |sum, _| if sum & 0x80 != 0 { sum << 1 ^ 0x07 } else { sum << 1 })
    });
    (check == *data.get(end)?).then_some(())?;
    let number = if head[1] & 1 == 0 { Number::Frame(number) } else { Number::Sample(number) };
    Some((number, length))
}
