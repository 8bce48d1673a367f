//! Zip archives made byte by byte, so that they can also be wrong.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

/// An archive to be written.
#[derive(Clone, Default)]
pub(crate) struct Zip {
    /// What lies in front of it in its file.
    pub(crate) before: Vec<u8>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) comment: Vec<u8>,
    /// How many entries the end claims, if not as many as there are.
    pub(crate) claimed: Option<u16>,
    /// Writes the larger form of the end.
    pub(crate) zip64: bool,
}

/// An entry, and what its headers say about it.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) name: Vec<u8>,
    /// The name in its own header, where that is another one.
    pub(crate) own_name: Option<Vec<u8>>,
    /// Its bytes as they lie in the archive.
    pub(crate) packed: Vec<u8>,
    /// Zeros behind them that take no room on disk.
    pub(crate) hole: u64,
    pub(crate) method: u16,
    pub(crate) flags: u16,
    pub(crate) size: u64,
    pub(crate) stored: u64,
    pub(crate) crc: u32,
    /// Unix permissions and kind.
    pub(crate) mode: u32,
    /// Where the directory says that its header starts, if not where it does.
    pub(crate) offset: Option<u64>,
    /// Writes 64-bit sizes and offsets.
    pub(crate) zip64: bool,
}

impl Entry {
    /// A file that is not compressed.
    pub(crate) fn stored(name: impl AsRef<[u8]>, data: impl Into<Vec<u8>>) -> Entry {
        let packed = data.into();
        let mut crc = flate2::Crc::new();
        crc.update(&packed);
        Entry {
            name: name.as_ref().to_owned(),
            own_name: None,
            hole: 0,
            method: 0,
            flags: 0,
            size: packed.len() as u64,
            stored: packed.len() as u64,
            crc: crc.sum(),
            mode: 0o100_644,
            offset: None,
            zip64: false,
            packed,
        }
    }

    /// A file that is.
    pub(crate) fn deflated(name: impl AsRef<[u8]>, data: &[u8]) -> Entry {
        let mut entry = Entry::stored(name, data);
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(data).expect("memory");
        entry.packed = encoder.finish().expect("memory");
        entry.stored = entry.packed.len() as u64;
        entry.method = 8;
        entry
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Entry)) -> Entry {
        change(&mut self);
        self
    }

    /// Its sizes come behind its bytes.
    fn has_descriptor(&self) -> bool {
        self.flags & 8 != 0
    }

    /// What both headers say, from the version needed on; `own` is the one in front of the bytes, and `offset` what the
    /// other one says of where that is.
    fn header(&self, name: &[u8], own: bool, offset: u64) -> (Vec<u8>, Vec<u8>) {
        let hidden = own && self.has_descriptor();
        let short = |value: u64| u32::try_from(value).expect("more than 4 GiB take zip64");
        let sizes = [self.stored, self.size].map(|size| match (hidden, self.zip64) {
            (true, _) => 0,
            (false, true) => u32::MAX,
            (false, false) => short(size),
        });
        let mut extra = Vec::new();
        if self.zip64 && !hidden {
            let longs = [self.size, self.stored, offset];
            let longs = &longs[..if own { 2 } else { 3 }];
            extra.extend([1, 0, u8::try_from(longs.len() * 8).expect("few"), 0]);
            longs.iter().for_each(|long| extra.extend(long.to_le_bytes()));
        }
        let mut header = Vec::new();
        for word in [if self.zip64 { 45 } else { 20 }, self.flags, self.method, 0, 0x21] {
            header.extend(word.to_le_bytes());
        }
        header.extend((if hidden { 0 } else { self.crc }).to_le_bytes());
        sizes.iter().for_each(|size| header.extend(size.to_le_bytes()));
        for length in [name.len(), extra.len()] {
            header.extend(u16::try_from(length).expect("short").to_le_bytes());
        }
        (header, extra)
    }

    /// The entry as it stands in front of the directory, but for a hole.
    fn local(&self) -> Vec<u8> {
        let name = self.own_name.as_ref().unwrap_or(&self.name);
        let (header, extra) = self.header(name, true, 0);
        [b"PK\x03\x04", header.as_slice(), name, &extra, &self.packed].concat()
    }

    fn descriptor(&self) -> Vec<u8> {
        if !self.has_descriptor() {
            return Vec::new();
        }
        let sizes = [self.stored, self.size].map(|size| u32::try_from(size).expect("small").to_le_bytes());
        [b"PK\x07\x08", self.crc.to_le_bytes().as_slice(), &sizes[0], &sizes[1]].concat()
    }

    /// The entry's record in the directory.
    fn record(&self, offset: u64) -> Vec<u8> {
        let offset = self.offset.unwrap_or(offset);
        let (header, extra) = self.header(&self.name, false, offset);
        let place = if self.zip64 { u32::MAX } else { u32::try_from(offset).expect("more than 4 GiB take zip64") };
        // No comment, the first disk, no attributes of its own; made by Unix.
        let rest = [[0; 6].as_slice(), &(self.mode << 16).to_le_bytes(), &place.to_le_bytes()].concat();
        [b"PK\x01\x02\x1e\x03", header.as_slice(), &rest, &self.name, &extra].concat()
    }
}

impl Zip {
    /// An archive of these entries.
    pub(crate) fn of(entries: impl Into<Vec<Entry>>) -> Zip {
        Zip { entries: entries.into(), ..Zip::default() }
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Zip)) -> Zip {
        change(&mut self);
        self
    }

    /// Writes it to `path`.
    pub(crate) fn write(&self, path: &Path) {
        let mut file = File::create(path).expect("a file");
        let mut put = |bytes: &[u8], hole: u64| {
            file.write_all(bytes).expect("it can be written");
            let place = file.stream_position().expect("a place") + hole;
            file.seek(SeekFrom::Start(place)).expect("a place")
        };
        let base = put(&self.before, 0);
        let mut directory = Vec::new();
        let mut at = base;
        for entry in &self.entries {
            directory.extend(entry.record(at - base));
            put(&entry.local(), entry.hole);
            at = put(&entry.descriptor(), 0);
        }
        let end = put(&directory, 0);
        put(&self.end(at - base, end - base, directory.len()), 0);
    }

    fn end(&self, start: u64, end: u64, length: usize) -> Vec<u8> {
        let count = self.entries.len() as u64;
        let length = length as u64;
        let mut bytes = Vec::new();
        if self.zip64 {
            bytes.extend(b"PK\x06\x06");
            bytes.extend(44u64.to_le_bytes());
            bytes.extend([45, 3, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            [count, count, length, start].iter().for_each(|long| bytes.extend(long.to_le_bytes()));
            bytes.extend(b"PK\x06\x07\0\0\0\0");
            bytes.extend(end.to_le_bytes());
            bytes.extend(1u32.to_le_bytes());
        }
        let count = if self.zip64 { u16::MAX } else { self.claimed.unwrap_or(u16::try_from(count).expect("few")) };
        let short = |long: u64| if self.zip64 { u32::MAX } else { u32::try_from(long).expect("small") };
        bytes.extend(b"PK\x05\x06\0\0\0\0");
        bytes.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
        bytes.extend([short(length).to_le_bytes(), short(start).to_le_bytes()].concat());
        bytes.extend(u16::try_from(self.comment.len()).expect("short").to_le_bytes());
        bytes.extend(&self.comment);
        bytes
    }
}
