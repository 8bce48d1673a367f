//! OpenEXR files as FFmpeg's decoder reads them rightly: one part, whose display window starts at 0, with its picture's
//! channels under names of our own.
//!
//! FFmpeg leaves lines black that a file was cut before, takes the display window's origin for 0, knows channels as `R`,
//! `G`, `B` and `A` alone, and in its older versions no second part. So the layer that is the picture is chosen here, and
//! where the file is more than that, a plain one is made of it: the part's chunks as they are, under a header that says
//! what they are (OpenEXR file layout: magic, version, headers, offset tables, chunks). What is in a file and cannot be
//! shown is an error that says so.

use std::borrow::Cow;
use std::ffi::CStr;
use std::ops::Range;

use crate::color::FileColor;

/// Bits of the version field.
const TILED: u32 = 0x200;
const LONG_NAMES: u32 = 0x400;
const DEEP: u32 = 0x800;
const MULTIPART: u32 = 0x1000;

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

/// A rectangle of pixels, both corners inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PixelWindow {
    left: i32,
    top: i32,
    right: i32,
    bottom: i32,
}

impl PixelWindow {
    fn size(self) -> (u64, u64) {
        let length = |from: i32, to: i32| u64::try_from(i64::from(to) - i64::from(from) + 1).unwrap_or(0);
        (length(self.left, self.right), length(self.top, self.bottom))
    }

    fn is_inside(self, other: PixelWindow) -> bool {
        self.left >= other.left && self.top >= other.top && self.right <= other.right && self.bottom <= other.bottom
    }

    fn shifted(self, x: i32, y: i32) -> Option<PixelWindow> {
        Some(PixelWindow {
            left: self.left.checked_sub(x)?,
            top: self.top.checked_sub(y)?,
            right: self.right.checked_sub(x)?,
            bottom: self.bottom.checked_sub(y)?,
        })
    }

    fn bytes(self) -> Vec<u8> {
        [self.left, self.top, self.right, self.bottom].iter().flat_map(|edge| edge.to_le_bytes()).collect()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct StoredChannel {
    name: String,
    /// 0 is 32-bit integers, 1 half floats, 2 floats.
    kind: u32,
    /// The four bytes between type and sampling.
    flags: [u8; 4],
    sampling: (i32, i32),
}

impl StoredChannel {
    /// The layer that it belongs to, and what it is in there.
    fn split(&self) -> (&str, &str) {
        self.name.rsplit_once('.').unwrap_or(("", &self.name))
    }

    /// Its place in red, green, blue, alpha.
    fn place(&self) -> Option<usize> {
        match self.split().1.to_ascii_lowercase().as_str() {
            "r" | "red" => Some(0),
            "g" | "green" => Some(1),
            "b" | "blue" => Some(2),
            "a" | "alpha" => Some(3),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Tiles {
    width: u32,
    height: u32,
    /// 0 is one level.
    levels: u8,
    /// The bits beside it.
    rounding: u8,
}

/// One part of a file.
struct ExrPart {
    /// Name, type and value of every attribute.
    attributes: Vec<(String, Vec<u8>, Range<usize>)>,
    name: String,
    channels: Vec<StoredChannel>,
    compression: u8,
    data: PixelWindow,
    display: PixelWindow,
    tiles: Option<Tiles>,
    deep: bool,
    /// Whether chunks begin with the number of their part.
    numbered: bool,
    /// Where its table of offsets begins.
    table: usize,
}

const SHORT: &str = "the file is incomplete";

fn read_parts(data: &[u8]) -> Result<Vec<ExrPart>, String> {
    let version = u32_at(data, 4).ok_or(SHORT)?;
    let multipart = version & MULTIPART != 0;
    let mut parts = Vec::new();
    let mut position = 8;
    loop {
        let (part, after) = read_header(data, position, version)?;
        parts.push(part);
        position = after;
        if !multipart {
            break;
        }
        // An empty header ends the list of parts.
        if *data.get(position).ok_or(SHORT)? == 0 {
            position += 1;
            break;
        }
    }
    for part in &mut parts {
        part.table = position;
        position = part.count(true).and_then(|count| position.checked_add(count.checked_mul(8)?)).ok_or(SHORT)?;
    }
    Ok(parts)
}

fn read_header(data: &[u8], mut position: usize, version: u32) -> Result<(ExrPart, usize), String> {
    let mut attributes = Vec::new();
    loop {
        let name = text(data, position).ok_or(SHORT)?;
        position += name.len() + 1;
        if name.is_empty() {
            break;
        }
        let kind = text(data, position).ok_or(SHORT)?;
        position += kind.len() + 1;
        let size = u32_at(data, position).and_then(|size| usize::try_from(size).ok()).ok_or(SHORT)?;
        let end = position.checked_add(4).and_then(|start| start.checked_add(size)).ok_or(SHORT)?;
        if end > data.len() {
            return Err(SHORT.to_owned());
        }
        attributes.push((String::from_utf8_lossy(name).into_owned(), kind.to_vec(), position + 4..end));
        position = end;
    }
    let value = |name: &str| {
        let found = attributes.iter().find(|(attribute, ..)| attribute == name);
        found.and_then(|(_, _, range)| data.get(range.clone()))
    };
    let need = |name: &str| value(name).ok_or_else(|| format!("its header has no {name}"));
    let string = |name: &str| value(name).map(|text| String::from_utf8_lossy(text).into_owned());
    let window = |name: &str| {
        let value = need(name)?;
        let edge = |index: usize| i32_at(value, index * 4).ok_or_else(|| format!("its {name} is damaged"));
        Ok::<_, String>(PixelWindow { left: edge(0)?, top: edge(1)?, right: edge(2)?, bottom: edge(3)? })
    };
    let kind = string("type");
    let kind = kind.as_deref().unwrap_or_default();
    let deep = kind.starts_with("deep") || (version & DEEP != 0 && version & MULTIPART == 0);
    let is_tiled = match kind {
        "tiledimage" | "deeptile" => true,
        "scanlineimage" | "deepscanline" => false,
        _ => version & TILED != 0,
    };
    let tiles = is_tiled.then(|| read_tiles(need("tiles")?).ok_or("its tiles are damaged".to_owned())).transpose()?;
    let compression = *need("compression")?.first().ok_or("its compression is damaged")?;
    if compression > 9 {
        return Err(format!("its compression (number {compression}) is not supported"));
    }
    let part = ExrPart {
        name: string("name").unwrap_or_default(),
        channels: read_channels(need("channels")?).ok_or("its list of channels is damaged")?,
        compression,
        data: window("dataWindow")?,
        display: window("displayWindow")?,
        tiles,
        deep,
        numbered: version & MULTIPART != 0,
        table: 0,
        attributes,
    };
    for (window, name) in [(part.data, "data window"), (part.display, "display window")] {
        if window.size().0 == 0 || window.size().1 == 0 {
            return Err(format!("its {name} is empty"));
        }
    }
    Ok((part, position))
}

fn read_tiles(value: &[u8]) -> Option<Tiles> {
    let (width, height, mode) = (u32_at(value, 0)?, u32_at(value, 4)?, *value.get(8)?);
    (width > 0 && height > 0).then_some(Tiles { width, height, levels: mode & 0xf, rounding: mode >> 4 })
}

fn read_channels(value: &[u8]) -> Option<Vec<StoredChannel>> {
    let (mut channels, mut position) = (Vec::new(), 0);
    loop {
        let name = text(value, position)?;
        if name.is_empty() {
            return Some(channels);
        }
        position += name.len() + 1;
        channels.push(StoredChannel {
            name: String::from_utf8_lossy(name).into_owned(),
            kind: u32_at(value, position)?,
            flags: value.get(position + 4..position + 8)?.try_into().ok()?,
            sampling: (i32_at(value, position + 8)?, i32_at(value, position + 12)?),
        });
        position += 16;
    }
}

impl ExrPart {
    /// How many chunks it has, or those of its largest level alone.
    fn count(&self, every_level: bool) -> Option<usize> {
        let (width, height) = self.data.size();
        let Some(tiles) = self.tiles else {
            return usize::try_from(height.div_ceil(self.lines()?)).ok();
        };
        let level = |level: u32, length: u64| match tiles.rounding {
            0 => (length >> level).max(1),
            _ => length.div_ceil(1 << level.min(40)).max(1),
        };
        let tiles_of = |x: u32, y: u32| {
            let across = level(x, width).div_ceil(tiles.width.into());
            across.checked_mul(level(y, height).div_ceil(tiles.height.into()))
        };
        let levels = |length: u64| match tiles.rounding {
            0 => length.ilog2() + 1,
            _ => length.next_power_of_two().ilog2() + 1,
        };
        let count = match tiles.levels {
            1 if every_level => {
                (0..levels(width.max(height))).try_fold(0u64, |sum, at| sum.checked_add(tiles_of(at, at)?))
            }
            2 if every_level => {
                let all = (0..levels(height)).flat_map(|y| (0..levels(width)).map(move |x| (x, y)));
                all.into_iter().try_fold(0u64, |sum, (x, y)| sum.checked_add(tiles_of(x, y)?))
            }
            _ => tiles_of(0, 0),
        };
        usize::try_from(count?).ok()
    }

    /// The chunks of its largest level, without the numbers of parts in front of them; `None` where one is missing.
    fn chunks(&self, data: &[u8]) -> Result<Vec<Option<Range<usize>>>, String> {
        let count = self.count(false).ok_or("its size cannot be right")?;
        if count > data.len() / 8 {
            return Err(SHORT.to_owned());
        }
        let head = if self.tiles.is_some() { 16 } else { 4 };
        let across = self.tiles.map_or(1, |tiles| self.data.size().0.div_ceil(tiles.width.into()).max(1));
        let chunk = |index: usize| {
            let at = self.table.checked_add(index.checked_mul(8)?)?;
            let offset = u64::from_le_bytes(data.get(at..at.checked_add(8)?)?.try_into().ok()?);
            let start = usize::try_from(offset).ok().filter(|&offset| offset > 0)?;
            let start = start.checked_add(if self.numbered { 4 } else { 0 })?;
            let size = usize::try_from(u32_at(data, start.checked_add(head)?)?).ok()?;
            let end = start.checked_add(head + 4)?.checked_add(size)?;
            // Nothing is stored compressed that would be larger than the samples are; DWA may be.
            let most = self.chunk_bytes(index as u64, across)?;
            let fits = size as u64 <= most && (self.compression != 0 || size as u64 == most);
            let is_its_own = self.is_place_of(data.get(start..start + head)?, index as u64, across);
            (end <= data.len() && is_its_own && (fits || self.compression > 7)).then_some(start..end)
        };
        Ok((0..count).map(chunk).collect())
    }
}

impl ExrPart {
    /// Lines of a chunk, of a part that has no tiles.
    fn lines(&self) -> Option<u64> {
        match self.compression {
            0..=2 => Some(1),
            3 | 5 => Some(16),
            4 | 6 | 7 | 8 => Some(32),
            9 => Some(256),
            _ => None,
        }
    }

    /// Whether what stands in front of a chunk says that it is this one of the largest level: a line, or a tile and its
    /// level.
    fn is_place_of(&self, head: &[u8], index: u64, across: u64) -> bool {
        let said: Vec<i64> = (0..head.len() / 4).filter_map(|at| i32_at(head, at * 4)).map(i64::from).collect();
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        match (self.tiles, self.lines()) {
            (Some(_), _) => said == [number(index % across), number(index / across), 0, 0],
            (None, Some(lines)) => said == [i64::from(self.data.top).saturating_add(number(index * lines))],
            (None, None) => false,
        }
    }

    /// Bytes of the samples in a chunk of the largest level.
    fn chunk_bytes(&self, index: u64, across: u64) -> Option<u64> {
        let (width, height) = self.data.size();
        let left =
            |all: u64, step: u64, number: u64| all.checked_sub(step.checked_mul(number)?).map(|left| left.min(step));
        let (columns, rows) = match self.tiles {
            Some(tiles) => {
                let (wide, high) = (u64::from(tiles.width), u64::from(tiles.height));
                (left(width, wide, index % across)?, left(height, high, index / across)?)
            }
            None => (width, left(height, self.lines()?, index)?),
        };
        let pixel: u64 = self.channels.iter().map(|channel| if channel.kind == 1 { 2 } else { 4 }).sum();
        columns.checked_mul(rows)?.checked_mul(pixel)
    }
}

/// Whether two chunks share bytes.
fn overlap(chunks: &[Option<Range<usize>>]) -> bool {
    let mut ranges: Vec<&Range<usize>> = chunks.iter().flatten().collect();
    ranges.sort_by_key(|range| range.start);
    ranges.windows(2).any(|pair| pair[0].end > pair[1].start)
}

/// The layer that is the picture.
#[derive(Debug)]
struct Choice {
    part: usize,
    /// The places of red, green, blue and alpha among the part's channels; of luminance alone, the second one.
    channels: [Option<usize>; 4],
    luminance: bool,
}

/// A layer of a part.
struct ExrLayer {
    part: usize,
    name: String,
    channels: [Option<usize>; 4],
}

/// Chooses RGB(A), else the only layer that has red, green and blue, else luminance.
fn choose(parts: &[ExrPart]) -> Result<Choice, String> {
    let mut layers: Vec<ExrLayer> = Vec::new();
    for (number, part) in parts.iter().enumerate().filter(|(_, part)| !part.deep) {
        for (index, channel) in part.channels.iter().enumerate() {
            let Some(place) = channel.place() else { continue };
            let name = channel.split().0;
            let known = layers.iter().position(|layer| layer.part == number && layer.name == name);
            let known = known.unwrap_or_else(|| {
                layers.push(ExrLayer { part: number, name: name.to_owned(), channels: [None; 4] });
                layers.len() - 1
            });
            layers[known].channels[place].get_or_insert(index);
        }
    }
    layers.retain(|layer| layer.channels[..3].iter().all(Option::is_some));
    let main = |layer: &&ExrLayer| {
        let last = layer.name.rsplit('.').next().unwrap_or_default();
        ["rgba", "rgb", "combined"].iter().any(|name| last.eq_ignore_ascii_case(name))
    };
    fn only(mut found: Vec<&ExrLayer>) -> Option<&ExrLayer> {
        if found.len() == 1 { found.pop() } else { None }
    }
    let chosen = layers.iter().find(|layer| layer.name.is_empty());
    let chosen =
        chosen.or_else(|| only(layers.iter().filter(main).collect())).or_else(|| only(layers.iter().collect()));
    if let Some(layer) = chosen {
        let choice = Choice { part: layer.part, channels: layer.channels, luminance: false };
        return usable(&parts[layer.part], &choice).map(|()| choice);
    }
    if layers.is_empty() {
        for (number, part) in parts.iter().enumerate().filter(|(_, part)| !part.deep) {
            let named = |name: &str| part.channels.iter().position(|channel| channel.name == name);
            let Some(luminance) = named("Y") else { continue };
            if named("RY").is_some() || named("BY").is_some() {
                return Err(
                    "it holds luminance and chroma (Y, RY, BY), which are not supported; expected RGB".to_owned()
                );
            }
            let choice = Choice { part: number, channels: [None, Some(luminance), None, named("A")], luminance: true };
            return usable(part, &choice).map(|()| choice);
        }
    }
    if parts.iter().all(|part| part.deep) {
        return Err("it holds deep data, which is not supported".to_owned());
    }
    let what = if layers.is_empty() { "no layer has" } else { "several layers have" };
    Err(format!("{what} red, green and blue, and none is called RGB or RGBA; its layers are {}", list(parts)))
}

/// Whether FFmpeg decodes the chosen channels.
fn usable(part: &ExrPart, choice: &Choice) -> Result<(), String> {
    let chosen: Vec<&StoredChannel> = choice.channels.iter().flatten().map(|&index| &part.channels[index]).collect();
    if chosen.iter().any(|channel| channel.kind == 0) {
        return Err("its colour channels hold 32-bit integers, which are not supported; expected floats".to_owned());
    }
    if part.channels.iter().any(|channel| channel.sampling != (1, 1)) {
        return Err("it has subsampled channels, which are not supported".to_owned());
    }
    // FFmpeg's DWA decoder takes any three channels for blue, green and red of half floats.
    let named = |channel: &StoredChannel| ["R", "G", "B", "A"].contains(&channel.split().1);
    let dwa = matches!(part.compression, 8 | 9);
    let usual = !choice.luminance && chosen.len() == part.channels.len();
    if dwa && !(usual && chosen.iter().all(|channel| channel.kind == 1 && named(channel))) {
        return Err("DWA compression of anything but R, G, B and A in half floats is not supported".to_owned());
    }
    if chosen.windows(2).any(|pair| pair[0].kind != pair[1].kind) {
        return Err("its colour channels mix half and single floats, which is not supported".to_owned());
    }
    Ok(())
}

/// Every layer with its channels.
fn list(parts: &[ExrPart]) -> String {
    let mut layers: Vec<(String, Vec<&str>)> = Vec::new();
    for part in parts {
        for channel in &part.channels {
            let (layer, what) = channel.split();
            let name = [part.name.as_str(), layer].iter().filter(|name| !name.is_empty()).copied().collect::<Vec<_>>();
            let name = name.join(": ");
            match layers.iter_mut().find(|(known, _)| *known == name) {
                Some((_, channels)) => channels.push(what),
                None => layers.push((name, vec![what])),
            }
        }
    }
    const MOST: usize = 40;
    let more = layers.len().saturating_sub(MOST);
    let named = layers.iter().take(MOST).map(|(name, channels)| match name.as_str() {
        "" => format!("({})", channels.join(", ")),
        name => format!("{name:?} ({})", channels.join(", ")),
    });
    let named = named.collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{named} and {more} more") } else { named }
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

/// The text at `position` that a zero ends, without that.
fn text(data: &[u8], position: usize) -> Option<&[u8]> {
    let rest = data.get(position..)?;
    rest.get(..rest.iter().position(|byte| *byte == 0)?)
}

fn u32_at(data: &[u8], position: usize) -> Option<u32> {
    Some(u32::from_le_bytes(data.get(position..position.checked_add(4)?)?.try_into().ok()?))
}

fn i32_at(data: &[u8], position: usize) -> Option<i32> {
    Some(i32::from_le_bytes(data.get(position..position.checked_add(4)?)?.try_into().ok()?))
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
