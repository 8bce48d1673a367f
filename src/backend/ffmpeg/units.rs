//! Units of coded video: what the headers inside a packet say.

use super::orientation::jpeg_segments;

/// Why a JPEG picture of which [`has_unknown_inks`] is true cannot be shown.
pub(super) const UNKNOWN_INKS: &str = "it has four inks, and no Adobe marker that says whether they are coded as inks or as \
                                       YCCK, and whether 0 is all of an ink or none; expected RGB or YCbCr";

/// Whether a JPEG picture has four components, and no segment of Adobe's (ITU-T T.872, 6.5.3) that says what they are, inks
/// (0) or YCCK (2), or one that contradicts their names: programs read such inks one way or the other.
pub(super) fn has_unknown_inks(data: &[u8]) -> bool {
    let frame = |marker: u8| matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc);
    let four = |(marker, segment): &(u8, &[u8])| frame(*marker) && segment.get(5) == Some(&4);
    let Some((_, header)) = jpeg_segments(data).find(four) else { return false };
    // FFmpeg goes by such names, others by the marker.
    let named = [6, 9, 12, 15].iter().filter_map(|place| header.get(*place)).eq(b"CMYK");
    let adobe = |(marker, segment): (u8, &[u8])| {
        let transform = segment.get(11).filter(|_| marker == 0xee && segment.starts_with(b"Adobe"));
        matches!((transform, named), (Some(0), _) | (Some(2), false))
    };
    !jpeg_segments(data).any(adobe)
}

/// Why a packet of which [`is_hole`] is true is damaged.
pub(super) const HOLE: &str = "its coded data is overwritten with zeros";

/// Whether a packet starts with zeros, ends with them in FFV1, or is nothing else, as places of a file are that were never written: some decoders make
/// a picture of it.
pub(super) fn is_hole(codec: &str, data: &[u8]) -> bool {
    /// Codecs whose packets begin with a header.
    const WITH_HEADER: [&str; 13] = [
        "av1", "cfhd", "dnxhd", "dvvideo", "ffv1", "jpeg2000", "magicyuv", "mjpeg", "png", "prores", "utvideo", "vp8",
        "vp9",
    ];
    /// Codecs in which any number of zeros may lie in front of a start code.
    const WITH_START_CODE: [&str; 6] = ["h264", "hevc", "mpeg1video", "mpeg2video", "mpeg4", "vc1"];
    /// More zeros than headers start with. A shorter packet may be a place without a picture.
    const START: usize = 64;
    const SHORT: usize = 16;
    let zeros = |data: &[u8]| data.len() > SHORT && data.iter().all(|byte| *byte == 0);
    // There lie the sizes and checksums of slices (RFC 9043, 4.9): zeros match each other.
    let tail = data.get(data.len().saturating_sub(SHORT + 1)..).unwrap_or_default();
    if codec == "ffv1" && zeros(tail) {
        return true;
    }
    (WITH_HEADER.contains(&codec) && zeros(&data[..data.len().min(START)]))
        || (WITH_START_CODE.contains(&codec) && zeros(data))
}

/// A unit of a packet: what kind it is, whether its header is sound, and its bytes from the header on.
struct PacketUnit<'d> {
    kind: u8,
    sound: bool,
    bytes: &'d [u8],
}

/// The units of a packet: behind start codes, or, in MP4 and Matroska, behind their lengths of four bytes. `None` where
/// the lengths do not add up.
fn units<'d>(codec: &str, data: &'d [u8]) -> Option<Vec<PacketUnit<'d>>> {
    let unit = |bytes: &'d [u8]| {
        let head = *bytes.first()?;
        let (kind, sound) = match codec {
            "h264" => (head & 0x1f, head & 0x80 == 0),
            "hevc" => (head >> 1 & 0x3f, head & 0x80 == 0),
            _ => (head, true),
        };
        Some(PacketUnit { kind, sound, bytes })
    };
    let mut found = Vec::new();
    if data.starts_with(&[0, 0, 1]) || data.starts_with(&[0, 0, 0, 1]) {
        let windows = data.windows(3).enumerate();
        let starts: Vec<usize> = windows.filter(|(_, code)| *code == [0, 0, 1]).map(|(at, _)| at).collect();
        for (number, start) in starts.iter().enumerate() {
            let end = starts.get(number + 1).copied().unwrap_or(data.len());
            found.extend(data.get(start + 3..end).and_then(unit));
        }
    } else if matches!(codec, "h264" | "hevc") {
        let mut place = 0usize;
        while let Some(head) = data.get(place..).and_then(|rest| rest.first_chunk::<4>()) {
            let length = usize::try_from(u32::from_be_bytes(*head)).unwrap_or(usize::MAX);
            let end = (place + 4).checked_add(length).filter(|end| length > 0 && *end <= data.len())?;
            found.extend(unit(&data[place + 4..end]));
            place = end;
        }
    }
    Some(found)
}

/// Whether the data of a packet is, by its headers, a picture that refers to others. `false` where it is none, or nothing
/// can be made of it.
pub(crate) fn depends_on_others(codec: &str, data: &[u8]) -> bool {
    let Some(units) = units(codec, data) else { return false };
    if units.iter().any(|unit| !unit.sound) {
        return false;
    }
    let has = |kind: std::ops::RangeInclusive<u8>| units.iter().any(|unit| kind.contains(&unit.kind));
    let byte = |kind: u8, at: usize| units.iter().find(|unit| unit.kind == kind)?.bytes.get(at).copied();
    match codec {
        // Slices of any picture; those of a keyframe, and the headers in front of one.
        "h264" => has(1..=1) && !has(5..=5) && !has(7..=8),
        "hevc" => has(0..=9) && !has(16..=21) && !has(32..=34),
        // A picture header, ten bits of number and three of kind, without a sequence header.
        "mpeg1video" | "mpeg2video" => {
            byte(0, 2).is_some_and(|bits| matches!(bits >> 3 & 7, 2 | 3)) && !has(0xb3..=0xb3)
        }
        "mpeg4" => byte(0xb6, 1).is_some_and(|bits| bits >> 6 != 0) && !has(0xb0..=0xb0) && !has(0x20..=0x2f),
        // Whether a frame is one of its keyframes is a single bit, which damage turns over; FFmpeg 9 believes it, and not
        // the container. Nothing that writes it begins in the middle.
        "ffv1" => false,
        _ => true,
    }
}

/// Whether an HEVC packet holds the MD5 hash of its picture: supplemental information of type 132, behind the slices
/// (ITU-R H.265, D.2.19).
pub(crate) fn has_picture_hash(data: &[u8]) -> bool {
    const SUFFIX: u8 = 40;
    const HASH: u32 = 132;
    let units = units("hevc", data).unwrap_or_default();
    units.iter().filter(|unit| unit.kind == SUFFIX).any(|unit| {
        let content = unescaped(unit.bytes.get(2..).unwrap_or_default());
        let mut rest = content.as_slice();
        // Type and size, each in bytes that are added up as long as they are 255. What ends a unit is one byte.
        while rest.len() > 2 {
            let (Some(kind), Some(size)) = (added_up(&mut rest), added_up(&mut rest)) else { return false };
            if kind == HASH {
                return rest.first() == Some(&0);
            }
            rest = rest.get(size as usize..).unwrap_or_default();
        }
        false
    })
}

fn added_up(rest: &mut &[u8]) -> Option<u32> {
    let mut sum = 0u32;
    loop {
        let (byte, behind) = rest.split_first()?;
        *rest = behind;
        sum = sum.saturating_add((*byte).into());
        if *byte != 255 {
            return Some(sum);
        }
    }
}

/// A unit without the bytes that keep start codes from appearing in it.
fn unescaped(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut zeros = 0;
    for &byte in bytes {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        plain.push(byte);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_told_from_what_else_is_said_behind_a_picture() {
        let packet = |payload: &[u8]| {
            let unit = [&[0x50, 1], payload, &[0x80]].concat();
            let length = u32::try_from(unit.len()).expect("short").to_be_bytes();
            [&[0, 0, 0, 3, 2, 1, 7][..], &length, &unit].concat()
        };
        let hash = [&[132, 4, 0][..], &[7; 3]].concat();
        assert!(has_picture_hash(&packet(&hash)));
        assert!(has_picture_hash(&packet(&[&[255, 3, 2, 9, 9][..], &hash].concat())));
        assert!(!has_picture_hash(&packet(&[132, 4, 1, 7, 7, 7])), "a CRC");
        assert!(!has_picture_hash(&packet(&[5, 4, 0, 0, 3, 132, 4])));
        assert!(!has_picture_hash(&[0, 0, 0, 3, 2, 1, 7]));
        assert!(!has_picture_hash(&[0, 0, 9, 3, 2, 1, 7]));
        let annex_b = [&[0, 0, 1, 2, 1, 7, 0, 0, 1, 0x50, 1][..], &hash, &[0x80]].concat();
        assert!(has_picture_hash(&annex_b));
    }
}
