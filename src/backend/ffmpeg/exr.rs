//! OpenEXR files as FFmpeg's decoder reads them rightly: one part, whose display window starts at 0, with its picture's
//! channels under names of our own.
//!
//! FFmpeg leaves lines black that a file was cut before, takes the display window's origin for 0, knows channels as `R`,
//! `G`, `B` and `A` alone, and in its older versions no second part. So the layer that is the picture is chosen here, and
//! where the file is more than that, a plain one is made of it: the part's chunks as they are, under a header that says
//! what they are (OpenEXR file layout: magic, version, headers, offset tables, chunks). What is in a file and cannot be
//! shown is an error that says so.

mod header;
mod layers;

use std::borrow::Cow;
use std::ffi::CStr;
use std::ops::Range;

use crate::color::FileColor;
use header::{ExrPart, LONG_NAMES, PixelWindow, SHORT, TILED, i32_at, read_parts};
use layers::{Choice, choose};

/// The name under which [`prepare`] leaves the layer that is the picture, for the decoder's option `layer`.
pub(crate) const LAYER: &CStr = c"picture";
const PREFIX: &str = "picture";

/// A file that is ready to be decoded.
pub(crate) struct Prepared<'d> {
    /// The file.
    pub(crate) data: Cow<'d, [u8]>,
    /// What is wrong with the list of its chunks, if anything is. FFmpeg says nothing about that.
    pub(crate) flaw: Option<&'static str>,
    /// Whether its channels are those of [`LAYER`].
    pub(crate) layered: bool,
    /// Width and height of the display window and of the data window.
    pub(crate) sizes: [(u64, u64); 2],
    /// Where the data window lies in the display window, if it reaches beyond that and is decoded on its own.
    pub(crate) offset: Option<(i64, i64)>,
}

/// Makes of a file one that FFmpeg reads rightly. The error is a sentence about what is wrong.
pub(crate) fn prepare(data: &[u8]) -> Result<Prepared<'_>, String> {
    let parts = read_parts(data)?;
    let choice = choose(&parts)?;
    let part = &parts[choice.part];
    let sizes = [part.display.size(), part.data.size()];
    let plain = parts.len() == 1
        && (part.display.left, part.display.top) == (0, 0)
        && part.tiles.is_none_or(|tiles| tiles.levels == 0)
        && choice.channels.iter().flatten().count() == part.channels.len()
        && part.channels.iter().all(|channel| ["R", "G", "B", "A", "Y"].contains(&channel.name.as_str()));
    let chunks = part.chunks(data)?;
    let flaw = match chunks.iter().all(Option::is_some) {
        true => overlap(&chunks).then_some("its chunks overlap"),
        false => Some("a part of it is missing or lies in the wrong place"),
    };
    // FFmpeg's DWA decoder reads beyond lines that are cut off.
    let inside = part.data.is_inside(part.display);
    if plain && inside {
        return Ok(Prepared { data: Cow::Borrowed(data), flaw, layered: false, sizes, offset: None });
    }
    let display = if inside { part.display } else { part.data };
    let apart = |edge: i32, from: i32| i64::from(edge) - i64::from(from);
    let offset = (apart(part.data.left, part.display.left), apart(part.data.top, part.display.top));
    Ok(Prepared {
        data: Cow::Owned(rebuilt(data, part, &choice, (display, &chunks))?),
        flaw,
        layered: true,
        sizes,
        offset: (!inside).then_some(offset),
    })
}

/// The attribute that says what values are: an ID of the Color Interop Forum.
pub(crate) const INTEROP: &str = "colorInteropID";

/// What the header of a file says about the colours of its picture.
pub(crate) fn colors(data: &[u8]) -> FileColor {
    let mut color = FileColor::default();
    let Ok(parts) = read_parts(data) else { return color };
    let Some(part) = choose(&parts).ok().and_then(|choice| parts.get(choice.part)).or(parts.first()) else {
        return color;
    };
    let value = |name: &str| {
        let found = part.attributes.iter().find(|(attribute, ..)| attribute == name);
        found.and_then(|(_, _, range)| data.get(range.clone()))
    };
    let flag = ["acesImageContainerFlag", "acesImageContainer"].into_iter().find_map(value);
    color.aces_container = flag.and_then(|value| i32_at(value, 0)) == Some(1);
    color.interop = value(INTEROP).map(|text| String::from_utf8_lossy(text).trim_end_matches('\0').to_owned());
    color.chromaticities = value("chromaticities").and_then(|value| {
        let (values, rest) = value.as_chunks::<4>();
        let values: Vec<f32> = values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        values.try_into().ok().filter(|_| rest.is_empty())
    });
    color
}

/// A file of one part that says in its header that its values are `interop`; `None` where it is something else.
pub(crate) fn with_interop(data: &[u8], interop: &str) -> Option<Vec<u8>> {
    let parts = read_parts(data).ok()?;
    let [part] = parts.as_slice() else { return None };
    let (size, count) = (u32::try_from(interop.len()).ok()?, part.count(true)?);
    let mut attribute = Vec::new();
    for bytes in [INTEROP.as_bytes(), b"\0string\0", &size.to_le_bytes(), interop.as_bytes()] {
        attribute.extend_from_slice(bytes);
    }
    // A zero ends the header; the table of offsets follows, whose chunks all lie further back by as much.
    let end = part.table.checked_sub(1)?;
    let chunks = part.table.checked_add(count.checked_mul(8)?)?;
    let mut file = Vec::with_capacity(data.len() + attribute.len());
    file.extend_from_slice(data.get(..end)?);
    file.extend_from_slice(&attribute);
    file.push(0);
    for offset in data.get(part.table..chunks)?.as_chunks::<8>().0 {
        let offset = u64::from_le_bytes(*offset);
        let moved = if offset == 0 { 0 } else { offset.checked_add(attribute.len() as u64)? };
        file.extend_from_slice(&moved.to_le_bytes());
    }
    file.extend_from_slice(data.get(chunks..)?);
    Some(file)
}

/// Whether two chunks share bytes.
fn overlap(chunks: &[Option<Range<usize>>]) -> bool {
    let mut ranges: Vec<&Range<usize>> = chunks.iter().flatten().collect();
    ranges.sort_by_key(|range| range.start);
    ranges.windows(2).any(|pair| pair[0].end > pair[1].start)
}

/// A file of one part, whose display window starts at 0, with the chosen channels under [`LAYER`].
fn rebuilt(
    data: &[u8],
    part: &ExrPart,
    choice: &Choice,
    (display, chunks): (PixelWindow, &[Option<Range<usize>>]),
) -> Result<Vec<u8>, String> {
    let far = || "its windows lie too far from 0".to_owned();
    let (x, y) = (display.left, display.top);
    let (display, window) = (display.shifted(x, y).ok_or_else(far)?, part.data.shifted(x, y).ok_or_else(far)?);
    let bytes: usize = chunks.iter().flatten().map(ExactSizeIterator::len).sum();
    let mut file = Vec::with_capacity(bytes + chunks.len() * 8 + 4096);
    file.extend_from_slice(&data[..4]);
    let flags = if part.tiles.is_some() { TILED } else { 0 };
    file.extend_from_slice(&(2 | flags | LONG_NAMES).to_le_bytes());
    for (name, kind, value) in &part.attributes {
        let value: Cow<'_, [u8]> = match name.as_str() {
            "type" | "name" | "view" | "multiView" | "chunkCount" | "version" => continue,
            "channels" => Cow::Owned(renamed(part, choice)),
            "displayWindow" => Cow::Owned(display.bytes()),
            "dataWindow" => Cow::Owned(window.bytes()),
            "tiles" => {
                let mut tiles = data[value.clone()].to_vec();
                if let Some(levels) = tiles.get_mut(8) {
                    *levels = 0;
                }
                Cow::Owned(tiles)
            }
            _ => Cow::Borrowed(&data[value.clone()]),
        };
        let size = u32::try_from(value.len()).map_err(|_| SHORT)?;
        for bytes in [name.as_bytes(), &[0], kind, &[0], &size.to_le_bytes(), &value] {
            file.extend_from_slice(bytes);
        }
    }
    file.push(0);
    let mut offset = (file.len() + chunks.len() * 8) as u64;
    for chunk in chunks {
        // One that is missing lies nowhere in the file.
        let at = if chunk.is_some() { offset } else { u64::MAX >> 1 };
        file.extend_from_slice(&at.to_le_bytes());
        offset += chunk.as_ref().map_or(0, ExactSizeIterator::len) as u64;
    }
    for chunk in chunks.iter().flatten() {
        let start = file.len();
        file.extend_from_slice(&data[chunk.clone()]);
        // Tiles are counted from the data window, lines are not.
        if part.tiles.is_none()
            && let Some(line) = file[start..].first_chunk_mut::<4>()
        {
            *line = i32::from_le_bytes(*line).wrapping_sub(y).to_le_bytes();
        }
    }
    Ok(file)
}

/// The list of channels: those chosen under [`LAYER`], all others under names that mean nothing.
fn renamed(part: &ExrPart, choice: &Choice) -> Vec<u8> {
    let mut value = Vec::new();
    for (index, channel) in part.channels.iter().enumerate() {
        let place = choice.channels.iter().position(|chosen| *chosen == Some(index));
        let name = match place {
            Some(1) if choice.luminance => format!("{PREFIX}.Y"),
            Some(place) => format!("{PREFIX}.{}", ["R", "G", "B", "A"][place]),
            None => format!("other{index}"),
        };
        value.extend_from_slice(name.as_bytes());
        value.push(0);
        value.extend_from_slice(&channel.kind.to_le_bytes());
        value.extend_from_slice(&channel.flags);
        value.extend_from_slice(&channel.sampling.0.to_le_bytes());
        value.extend_from_slice(&channel.sampling.1.to_le_bytes());
    }
    value.push(0);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(data: &mut Vec<u8>, name: &str, kind: &str, value: &[u8]) {
        let size = u32::try_from(value.len()).expect("short").to_le_bytes();
        for bytes in [name.as_bytes(), &[0], kind.as_bytes(), &[0], &size, value] {
            data.extend_from_slice(bytes);
        }
    }

    /// A file of two lines, each a chunk of five bytes, with these channels.
    fn sample(channels: &[&str], display: [i32; 4]) -> Vec<u8> {
        let mut data = vec![0x76, 0x2f, 0x31, 0x01, 2, 0, 0, 0];
        let mut list = Vec::new();
        for channel in channels {
            list.extend_from_slice(channel.as_bytes());
            list.extend_from_slice(&[0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]);
        }
        list.push(0);
        attribute(&mut data, "channels", "chlist", &list);
        attribute(&mut data, "compression", "compression", &[1]);
        let window = |edges: [i32; 4]| edges.iter().flat_map(|edge| edge.to_le_bytes()).collect::<Vec<_>>();
        attribute(&mut data, "dataWindow", "box2i", &window([display[0], display[1], display[0] + 1, display[1] + 1]));
        attribute(&mut data, "displayWindow", "box2i", &window(display));
        data.push(0);
        let chunks = data.len() as u64 + 16;
        data.extend_from_slice(&chunks.to_le_bytes());
        data.extend_from_slice(&(chunks + 13).to_le_bytes());
        for line in 0..2 {
            data.extend_from_slice(&(line + display[1]).to_le_bytes());
            data.extend_from_slice(&5u32.to_le_bytes());
            data.extend_from_slice(b"12345");
        }
        data
    }

    fn is_whole(data: &[u8]) -> bool {
        prepare(data).is_ok_and(|prepared| prepared.flaw.is_none())
    }

    #[test]
    fn a_header_says_what_values_are() {
        let data = sample(&["B", "G", "R"], [0, 0, 1, 1]);
        assert_eq!(colors(&data), FileColor::default());
        let told = with_interop(&data, "lin_ap1_scene").expect("one part");
        assert_eq!(colors(&told).interop.as_deref(), Some("lin_ap1_scene"));
        let (before, after) = (prepare(&data).expect("whole"), prepare(&told).expect("whole"));
        assert!(after.flaw.is_none() && before.sizes == after.sizes);
        assert_eq!(told[told.len() - 26..], data[data.len() - 26..]);
        let mut data = data;
        let aces = [1i32.to_le_bytes()].concat();
        let ap1: Vec<u8> = [0.713f32, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767]
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let mut more = Vec::new();
        attribute(&mut more, "acesImageContainerFlag", "int", &aces);
        attribute(&mut more, "chromaticities", "chromaticities", &ap1);
        data.splice(8..8, more);
        let color = colors(&data);
        assert!(
            color.aces_container
                && color.chromaticities.is_some_and(|values| values[0].to_bits() == 0.713f32.to_bits())
        );
    }

    #[test]
    fn a_file_is_whole_or_it_is_not() {
        let data = sample(&["B", "G", "R"], [0, 0, 1, 1]);
        assert!(is_whole(&data));
        for length in 0..data.len() {
            assert!(!is_whole(&data[..length]), "cut to {length}");
        }
    }

    #[test]
    fn a_chunk_lies_where_it_says_and_is_no_larger_than_its_samples() {
        let data = sample(&["B", "G", "R"], [0, 0, 1, 1]);
        let (first, second) = (data.len() - 26, data.len() - 13);
        // The line; the size; the place in the table.
        for (at, flipped) in [(second, 8), (second + 4, 128), (first + 4, 8), (first - 8, 13)] {
            let mut broken = data.clone();
            broken[at] ^= flipped;
            assert!(!is_whole(&broken), "{at}");
        }
    }

    #[test]
    fn a_chunk_that_was_never_written_is_missed() {
        let mut data = sample(&["B", "G", "R"], [0, 0, 1, 1]);
        let second = data.len() - 26 - 8;
        data[second..second + 8].fill(0);
        assert!(!is_whole(&data));
    }

    #[test]
    fn a_plain_file_is_left_as_it_is_and_any_other_becomes_one() {
        let data = sample(&["A", "B", "G", "R"], [0, 0, 1, 1]);
        assert!(matches!(prepare(&data).expect("plain").data, Cow::Borrowed(_)));
        for (channels, display) in
            [(&["A", "B", "G", "R"][..], [-3, 7, 10, 20]), (&["c.blue", "c.green", "c.red", "z.Z"][..], [0, 0, 1, 1])]
        {
            let data = sample(channels, display);
            let prepared = prepare(&data).expect("an image");
            assert!(prepared.layered);
            let again = read_parts(&prepared.data).expect("a file");
            assert_eq!((again[0].display.left, again[0].display.top), (0, 0));
            let chunks = again[0].chunks(&prepared.data).expect("whole");
            assert_eq!(chunks.iter().flatten().map(|chunk| prepared.data[chunk.start]).collect::<Vec<_>>(), [0, 1]);
            assert!(again[0].channels.iter().any(|channel| channel.name == "picture.R"));
        }
    }

    #[test]
    fn the_picture_is_chosen_or_its_layers_are_listed() {
        let chosen = |channels: &[&str]| {
            let data = sample(channels, [0, 0, 1, 1]);
            let parts = read_parts(&data).expect("a file");
            let choice = choose(&parts)?;
            Ok::<_, String>(choice.channels.iter().flatten().map(|&at| channels[at].to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(chosen(&["B", "G", "R", "Z", "d.B", "d.G", "d.R"]).expect("RGB"), ["R", "G", "B"]);
        let blender = ["V.Combined.A", "V.Combined.B", "V.Combined.G", "V.Combined.R", "V.Depth.Z"];
        assert_eq!(chosen(&blender).expect("one"), ["V.Combined.R", "V.Combined.G", "V.Combined.B", "V.Combined.A"]);
        assert_eq!(chosen(&["rgba.blue", "rgba.green", "rgba.red", "s.B", "s.G", "s.R"]).expect("RGBA").len(), 3);
        assert_eq!(chosen(&["Y"]).expect("grey"), ["Y"]);
        let error = chosen(&["d.B", "d.G", "d.R", "s.B", "s.G", "s.R"]).expect_err("two");
        assert!(error.contains("\"d\" (B, G, R), \"s\" (B, G, R)"), "{error:#}");
        assert!(chosen(&["BY", "RY", "Y"]).expect_err("chroma").contains("luminance and chroma"));
        assert!(chosen(&["Z"]).expect_err("none").contains("(Z)"));
    }
}
