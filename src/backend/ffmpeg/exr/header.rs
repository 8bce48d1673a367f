//! Headers of OpenEXR files: parts, their windows, channels and tiles, and where their chunks lie.

use std::ops::Range;

/// Bits of the version field.
pub(super) const TILED: u32 = 0x200;
pub(super) const LONG_NAMES: u32 = 0x400;
const DEEP: u32 = 0x800;
const MULTIPART: u32 = 0x1000;

/// A rectangle of pixels, both corners inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PixelWindow {
    pub(super) left: i32,
    pub(super) top: i32,
    pub(super) right: i32,
    pub(super) bottom: i32,
}

impl PixelWindow {
    pub(super) fn size(self) -> (u64, u64) {
        let length = |from: i32, to: i32| u64::try_from(i64::from(to) - i64::from(from) + 1).unwrap_or(0);
        (length(self.left, self.right), length(self.top, self.bottom))
    }

    pub(super) fn is_inside(self, other: PixelWindow) -> bool {
        self.left >= other.left && self.top >= other.top && self.right <= other.right && self.bottom <= other.bottom
    }

    pub(super) fn shifted(self, x: i32, y: i32) -> Option<PixelWindow> {
        Some(PixelWindow {
            left: self.left.checked_sub(x)?,
            top: self.top.checked_sub(y)?,
            right: self.right.checked_sub(x)?,
            bottom: self.bottom.checked_sub(y)?,
        })
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        [self.left, self.top, self.right, self.bottom].iter().flat_map(|edge| edge.to_le_bytes()).collect()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredChannel {
    pub(super) name: String,
    /// 0 is 32-bit integers, 1 half floats, 2 floats.
    pub(super) kind: u32,
    /// The four bytes between type and sampling.
    pub(super) flags: [u8; 4],
    pub(super) sampling: (i32, i32),
}

impl StoredChannel {
    /// The layer that it belongs to, and what it is in there.
    pub(super) fn split(&self) -> (&str, &str) {
        self.name.rsplit_once('.').unwrap_or(("", &self.name))
    }

    /// Its place in red, green, blue, alpha.
    pub(super) fn place(&self) -> Option<usize> {
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
pub(super) struct Tiles {
    pub(super) width: u32,
    pub(super) height: u32,
    /// 0 is one level.
    pub(super) levels: u8,
    /// The bits beside it.
    pub(super) rounding: u8,
}

/// One part of a file.
pub(super) struct ExrPart {
    /// Name, type and value of every attribute.
    pub(super) attributes: Vec<(String, Vec<u8>, Range<usize>)>,
    pub(super) name: String,
    pub(super) channels: Vec<StoredChannel>,
    pub(super) compression: u8,
    pub(super) data: PixelWindow,
    pub(super) display: PixelWindow,
    pub(super) tiles: Option<Tiles>,
    pub(super) deep: bool,
    /// Whether chunks begin with the number of their part.
    pub(super) numbered: bool,
    /// Where its table of offsets begins.
    pub(super) table: usize,
}

pub(super) const SHORT: &str = "the file is incomplete";

pub(super) fn read_parts(data: &[u8]) -> Result<Vec<ExrPart>, String> {
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
    pub(super) fn count(&self, every_level: bool) -> Option<usize> {
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
    pub(super) fn chunks(&self, data: &[u8]) -> Result<Vec<Option<Range<usize>>>, String> {
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

/// The text at `position` that a zero ends, without that.
fn text(data: &[u8], position: usize) -> Option<&[u8]> {
    let rest = data.get(position..)?;
    rest.get(..rest.iter().position(|byte| *byte == 0)?)
}

pub(super) fn u32_at(data: &[u8], position: usize) -> Option<u32> {
    Some(u32::from_le_bytes(data.get(position..position.checked_add(4)?)?.try_into().ok()?))
}

pub(super) fn i32_at(data: &[u8], position: usize) -> Option<i32> {
    Some(i32::from_le_bytes(data.get(position..position.checked_add(4)?)?.try_into().ok()?))
}
