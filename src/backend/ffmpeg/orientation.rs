//! How a still picture has to be turned to stand upright: the orientation that EXIF has in JPEG and PNG, and TIFF
//! itself (TIFF 6.0, tag 274).

use super::convert::{Converter, SourcePicture};
use super::frame::Frame;
use crate::error::Result;
use crate::picture::Rotation;

/// What is done to a stored picture to show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Orientation {
    /// Left and right change places first.
    mirrored: bool,
    /// Then it is turned clockwise.
    rotation: Rotation,
}

impl Orientation {
    /// Nothing.
    pub(crate) const UPRIGHT: Orientation = Orientation { mirrored: false, rotation: Rotation::None };

    /// By the number that EXIF gives it; upright by any that it does not know.
    fn of_number(number: u16) -> Orientation {
        let (mirrored, rotation) = match number {
            2 => (true, Rotation::None),
            3 => (false, Rotation::Half),
            4 => (true, Rotation::Half),
            5 => (true, Rotation::ThreeQuarters),
            6 => (false, Rotation::Quarter),
            7 => (true, Rotation::Quarter),
            8 => (false, Rotation::ThreeQuarters),
            _ => return Orientation::UPRIGHT,
        };
        Orientation { mirrored, rotation }
    }

    /// That of a JPEG file.
    pub(crate) fn of_jpeg(data: &[u8]) -> Orientation {
        let exif = jpeg_segments(data).find_map(|(marker, segment)| {
            segment.strip_prefix(b"Exif\0").and_then(|rest| rest.get(1..)).filter(|_| marker == 0xe1)
        });
        exif.and_then(number_in_tiff).map_or(Orientation::UPRIGHT, Orientation::of_number)
    }

    /// That of a PNG file.
    pub(crate) fn of_png(data: &[u8]) -> Orientation {
        let exif = png_chunks(data).find(|(kind, _)| *kind == b"eXIf").map(|(_, exif)| exif);
        exif.and_then(number_in_tiff).map_or(Orientation::UPRIGHT, Orientation::of_number)
    }

    /// That of a TIFF file.
    pub(crate) fn of_tiff(data: &[u8]) -> Orientation {
        number_in_tiff(data).map_or(Orientation::UPRIGHT, Orientation::of_number)
    }

    /// `frame`, standing upright.
    pub(crate) fn applied(self, frame: Frame) -> Result<Frame> {
        if self == Orientation::UPRIGHT {
            return Ok(frame);
        }
        let (color, premultiplied) = (frame.color(), frame.is_premultiplied());
        let source = SourcePicture { frame: frame.as_av(), color, premultiplied };
        let rotated = Converter::new().turn(&source, self.mirrored, self.rotation)?;
        Ok(frame.rotated(rotated, self.rotation.swaps_sides()))
    }
}

/// The segments of a JPEG file in front of its first scan: marker and content.
pub(crate) fn jpeg_segments(data: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut at = 2;
    std::iter::from_fn(move || {
        loop {
            match *data.get(at..at + 2)? {
                // Any number of these may stand in front of a marker.
                [0xff, 0xff] => at += 1,
                [0xff, marker @ (0x01 | 0xd0..=0xd8)] => {
                    let _ = marker;
                    at += 2;
                }
                [0xff, marker] if !matches!(marker, 0xd9 | 0xda) => {
                    let length = usize::from(u16::from_be_bytes(data.get(at + 2..at + 4)?.try_into().ok()?));
                    let segment = data.get(at + 4..at.checked_add(2)?.checked_add(length)?)?;
                    at += 2 + length;
                    return Some((marker, segment));
                }
                _ => return None,
            }
        }
    })
}

/// The chunks of a PNG file: type and content.
pub(crate) fn png_chunks(data: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    let mut at = 8;
    std::iter::from_fn(move || {
        let length = usize::try_from(u32::from_be_bytes(data.get(at..at + 4)?.try_into().ok()?)).ok()?;
        let kind = data.get(at + 4..at + 8)?.first_chunk::<4>()?;
        let content = data.get(at + 8..at.checked_add(8)?.checked_add(length)?)?;
        at = at + 12 + length;
        Some((kind, content))
    })
}

fn number_in_tiff(data: &[u8]) -> Option<u16> {
    u16::try_from(tiff_tag(data, 274)?).ok()
}

/// The value of a tag with one short or long number in a TIFF file's first directory.
pub(crate) fn tiff_tag(data: &[u8], tag: u16) -> Option<u32> {
    tiff_numbers(data, tag)?.first().copied()
}

/// The values of a tag with short or long numbers in a TIFF file's first directory, at most as many as the file has bytes.
pub(crate) fn tiff_numbers(data: &[u8], tag: u16) -> Option<Vec<u32>> {
    let little = match data.get(..2)? {
        b"II" => true,
        b"MM" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes = data.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let long = |at: usize| {
        let bytes = data.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    };
    let directory = usize::try_from(long(4)?).ok()?;
    let entries = usize::from(short(directory)?);
    let entry = (0..entries).map(|entry| directory + 2 + entry * 12).find(|&at| short(at) == Some(tag))?;
    let (kind, count) = (short(entry + 2)?, usize::try_from(long(entry + 4)?).ok()?);
    let size = match kind {
        3 => 2,
        4 => 4,
        _ => return None,
    };
    // What does not fit into four bytes lies somewhere else.
    let outside = count.checked_mul(size)? > 4;
    let first = if outside { usize::try_from(long(entry + 8)?).ok()? } else { entry + 8 };
    let at = |place: usize| first.checked_add(place * size);
    (0..count.min(data.len()))
        .map(|place| if size == 2 { short(at(place)?).map(u32::from) } else { long(at(place)?) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_in_either_byte_order() {
        let little = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        let big = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        for data in [&little[..], &big[..]] {
            assert_eq!(tiff_tag(data, 274), Some(6));
            assert_eq!(Orientation::of_tiff(data), Orientation { mirrored: false, rotation: Rotation::Quarter });
            for length in 0..data.len() {
                let _ = tiff_tag(&data[..length], 274);
            }
        }
    }
}
