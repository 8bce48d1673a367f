//! Transport streams (ISO/IEC 13818-1): whether their beginning is whole. No checksum covers the headers that say when the
//! first picture is shown, and a stream may have been cut out of the middle of another one.

use std::collections::HashSet;
use std::io::Read as _;
use std::path::Path;

use crate::otio::MediaFile;
use crate::time::Ratio;

const PACKET: usize = 188;
const SYNC: u8 = 0x47;
/// Packets that are looked at.
const LOOK: usize = 2000;
/// Streams below this number are tables.
const TABLES: u16 = 0x20;
const PADDING: u16 = 0x1fff;
/// Times start again after so many ticks.
const TURN: i64 = 1 << 33;
/// Frames by which the times of packets may differ from one another at the beginning.
const SPREAD: i64 = 17;

/// Whether packets of the file's beginning are damaged or lost. A file that starts with its table of programmes was written
/// as one, and each of its streams starts with the start of a unit; any other one was cut out of something, and may start
/// anywhere. Files with packets of other lengths than 188 bytes are not looked at.
///
/// `first` is when FFmpeg shows the first packet that it gives a time, in ticks: it has to be what one of the streams says of
/// its first unit. Where that unit's data is damaged, some versions make one of it and the next.
pub(super) fn head_is_damaged(path: &Path, first: Option<i64>) -> bool {
    let mut head = Vec::new();
    let Ok(media) = MediaFile::open(path) else { return false };
    if media.take((PACKET * LOOK) as u64).read_to_end(&mut head).is_err() {
        return false;
    }
    let packets: Vec<&[u8]> = head.chunks_exact(PACKET).collect();
    // Places that were overwritten with zeros, or never written, do not say how long packets are.
    let (in_step, holes) = packets.iter().fold((0, 0), |(in_step, holes), packet| {
        let is_hole = packet.iter().all(|byte| *byte == 0);
        (in_step + usize::from(packet[0] == SYNC), holes + usize::from(is_hole))
    });
    if in_step * 10 < (packets.len() - holes) * 9 {
        return false;
    }
    let (mut seen, mut has_picture) = (HashSet::new(), false);
    let mut firsts = Vec::new();
    let mut begins_with_tables = None;
    for packet in packets {
        let number = u16::from_be_bytes([packet[1], packet[2]]) & 0x1fff;
        if packet[0] != SYNC || packet[1] & 0x80 != 0 {
            // Until a picture has come, what is lost may be its start.
            if !has_picture {
                return true;
            }
            continue;
        }
        if number < TABLES {
            begins_with_tables.get_or_insert(true);
            continue;
        }
        if number == PADDING || !seen.insert(number) {
            continue;
        }
        if !*begins_with_tables.get_or_insert(false) {
            return false;
        }
        if packet[1] & 0x40 == 0 || !starts_unit(packet) {
            return true;
        }
        has_picture |= payload(packet).is_some_and(|data| matches!(data, [0, 0, 1, 0xe0..=0xef | 0xfd, ..]));
        firsts.extend(time_of(packet));
    }
    let is = |time: &i64| first.is_none_or(|first| (first - time).rem_euclid(TURN) == 0);
    !firsts.is_empty() && !firsts.iter().any(is)
}

/// The payload of a packet, if it has one.
fn payload(packet: &[u8]) -> Option<&[u8]> {
    match packet[3] >> 4 & 3 {
        1 => packet.get(4..),
        3 => packet.get(5 + usize::from(packet[4])..),
        _ => None,
    }
}

/// When the unit that starts in a packet is shown, if it says so: 33 bits of ticks (ISO/IEC 13818-1, 2.4.3.7).
fn time_of(packet: &[u8]) -> Option<i64> {
    let Some([0, 0, 1, _, _, _, _, flags, _, time @ ..]) = payload(packet) else { return None };
    let &[a, b, c, d, e, ..] = time else { return None };
    let bits = |byte: u8, from: u32, to: u32| i64::from(byte >> from) << to;
    let time = bits(a & 0x0e, 1, 30) | bits(b, 0, 22) | bits(c, 1, 15) | bits(d, 0, 7) | bits(e, 1, 0);
    (flags & 0x80 != 0).then_some(time)
}

/// Whether the payload of a packet starts a packet of an elementary stream, or a section of a table.
fn starts_unit(packet: &[u8]) -> bool {
    match payload(packet) {
        Some([0, 0, 1, kind, ..]) => *kind >= 0xbc,
        // A pointer to the section behind it, a table's number, and two bits that are set.
        Some([0, _, flags, ..]) => flags & 0x30 == 0x30,
        _ => false,
    }
}

/// Whether the times of the file's first packets, in ticks, leave open when the first picture is shown, on a grid of frames
/// of `length` ticks.
pub(super) fn start_is_doubtful(times: &[i64], length: Ratio) -> bool {
    let Some(&first) = times.first() else { return false };
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).enumerate().any(|(place, pair)| {
        let concerns_first = place == 0 || pair.contains(&first);
        let half_frames = Ratio::whole(pair[1].saturating_sub(pair[0])) * Ratio::whole(2) / length;
        let whole = (half_frames + Ratio::new(1, 2)).floor();
        let off_grid = (half_frames - Ratio::whole(whole)).abs() > Ratio::new(1, 4);
        concerns_first && (off_grid || whole > 2 * SPREAD || (place == 0 && whole > 2))
    })
}

/// Whether most of the file's first packets are shown `length` ticks after one another, to a tick: damaged times
/// among them make FFmpeg take a constant rate for a variable one.
pub(super) fn keeps_to_grid(times: &[i64], length: Ratio) -> bool {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let steps = sorted.windows(2).map(|pair| Ratio::whole(pair[1].saturating_sub(pair[0])) - length);
    let even = steps.filter(|off| off.abs() <= Ratio::ONE).count();
    sorted.len() > 8 && even * 5 >= (sorted.len() - 1) * 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_time_off_the_grid_or_apart_is_doubtful() {
        let length = Ratio::whole(3750);
        let times = |first: i64| [first, 4, 2, 1, 3, 8, 6, 5, 7].map(|frame| frame * 3750 + 900);
        assert!(!start_is_doubtful(&times(0), length));
        assert!(start_is_doubtful(&times(-5), length));
        assert!(start_is_doubtful(&times(600), length));
        let mut odd = times(0);
        odd[0] += 1 << 14;
        assert!(start_is_doubtful(&odd, length));
        // A frame that is lost further on says nothing about the first.
        assert!(!start_is_doubtful(&[0, 4, 2, 1, 7, 6, 8].map(|frame| frame * 3750), length));
        assert!(!start_is_doubtful(&[], length));
    }

    #[test]
    fn few_odd_times_are_no_variable_rate() {
        let length = Ratio::whole(3003);
        let mut times: Vec<i64> = (0..16).map(|frame| frame * 3003).collect();
        times[6] += 1 << 20;
        assert!(keeps_to_grid(&times, length));
        assert!(!keeps_to_grid(&times, Ratio::whole(3033)));
        assert!(!keeps_to_grid(&(0..16).map(|frame| frame * 3003 * (1 + frame % 2)).collect::<Vec<_>>(), length));
        assert!(!keeps_to_grid(&times[..4], length));
    }
}
