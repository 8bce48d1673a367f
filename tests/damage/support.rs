//! Reading frames byte by byte, and breaking packets.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use otio_conflate::backend::ffmpeg::{DecodeOptions, Frame, MovieReader};
use otio_conflate::plan::Damaged;

/// Bytes of a sample (or a packed pixel) in a line of this format.
fn step(format: &str) -> usize {
    let packed = [("RGBA64", 8), ("RGB48", 6), ("BGR48", 6), ("RGB24", 3), ("BGR24", 3), ("YA16", 4), ("YA8", 2)];
    if let Some((_, bytes)) = packed.iter().find(|(name, _)| format.starts_with(name)) {
        return *bytes;
    }
    let four = ["RGBA", "BGRA", "ARGB", "ABGR", "ZRGB", "RGBZ", "ZBGR", "BGRZ"];
    match format {
        format if format.contains("F32") => 4,
        format if four.contains(&format) => 4,
        "YUYV422" | "UYVY422" => 2,
        format if format.ends_with("LE") || format.ends_with("BE") => 2,
        _ => 1,
    }
}

/// The samples of a frame, without what lies between its lines.
pub(crate) fn bytes(frame: &Frame) -> Vec<u8> {
    let format = format!("{:?}", frame.format());
    let mut bytes = format.clone().into_bytes();
    for index in 0..frame.as_av().planes().min(4) {
        let (data, stride) = frame.plane(index);
        if stride == 0 {
            continue;
        }
        let row = (frame.as_av().plane_width(index) as usize * step(&format)).min(stride);
        data.chunks(stride).for_each(|line| bytes.extend_from_slice(&line[..row.min(line.len())]));
    }
    bytes
}

pub(crate) fn options(damaged: Damaged, threads: usize) -> DecodeOptions {
    DecodeOptions::default().threads(threads).damaged(damaged)
}

pub(crate) fn open(path: &Path, damaged: Damaged) -> MovieReader {
    let reader = MovieReader::open(path, &options(damaged, 1));
    reader.unwrap_or_else(|error| panic!("{}: {error:#}", path.display()))
}

/// Where the packets of a file's picture lie in it, and whether they are keyframes.
pub(crate) fn packets(path: &Path) -> Vec<(Range<usize>, bool)> {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pos,size,flags", "-of", "csv=p=0"])
        .arg(path)
        .output()
        .expect("the tests need the ffprobe command line tool");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let packet = |line: &str| {
        let mut fields = line.split(',');
        let size: usize = fields.next()?.parse().ok()?;
        let place: usize = fields.next()?.parse().ok()?;
        Some((place..place + size, fields.next()?.starts_with('K')))
    };
    text.lines().filter_map(packet).collect()
}

/// Another file with these bytes overwritten.
pub(crate) fn overwritten(path: &Path, name: &str, ranges: &[Range<usize>], byte: u8) -> PathBuf {
    let mut data = std::fs::read(path).expect("reads");
    for range in ranges {
        let end = range.end.min(data.len());
        data[range.start.min(end)..end].fill(byte);
    }
    let broken = path.with_file_name(name);
    std::fs::write(&broken, data).expect("writes");
    broken
}
