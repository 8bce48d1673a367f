//! One bit turned over in a file, again and again: no frame differs in silence where the codec can know. R15.
//!
//! `DAMAGE_FLIPS` sets how many flips each kind of file gets, `DAMAGE_KINDS` tries only kinds whose names contain it,
//! and `DAMAGE_SEED` chooses other flips.

use std::ops::Range;
use std::path::{Path, PathBuf};

use otio_conflate::backend::ffmpeg::MovieReader;
use otio_conflate::plan::Damaged;
use otio_conflate::time::Rate;

use crate::common::{Dice, raw_movie};
use crate::support::{bytes, options, packets};

const WIDTH: usize = 128;
const HEIGHT: usize = 96;
pub(crate) const FRAMES: usize = 16;

/// A kind of file.
pub(crate) struct Kind {
    pub(crate) file: &'static str,
    arguments: &'static str,
    /// A frame that is damaged is always found: there is a checksum over everything that [`covered`] leaves.
    pub(crate) checked: bool,
}

const fn checked(file: &'static str, arguments: &'static str) -> Kind {
    Kind { file, arguments, checked: true }
}

const fn unchecked(file: &'static str, arguments: &'static str) -> Kind {
    Kind { file, arguments, checked: false }
}

const X265_MD5: &str = "-c:v libx265 -preset ultrafast -x265-params hash=1:keyint=8:log-level=none";
const X264: &str = "-c:v libx264 -preset fast -bf 2 -g 8";
const FFV1: &str = "-c:v ffv1 -level 3 -slicecrc 1 -slices 4 -g 1";

pub(crate) const KINDS: [Kind; 58] = [
    checked("ffv1.mkv", FFV1),
    checked("ffv1.mov", FFV1),
    checked("ffv1.avi", FFV1),
    checked("ffv1.nut", FFV1),
    checked("ffv1-long.mkv", "-c:v ffv1 -level 3 -slicecrc 1 -slices 4 -g 8"),
    checked("ffv1-10.mkv", "-c:v ffv1 -level 3 -slicecrc 1 -g 1 -pix_fmt yuv422p10le"),
    checked("png.mov", "-c:v png -pix_fmt rgb24"),
    checked("png.mkv", "-c:v png -pix_fmt rgb24"),
    checked("png.avi", "-c:v png -pix_fmt rgb24"),
    checked("hevc-md5.mp4", X265_MD5),
    checked("hevc-md5.mov", X265_MD5),
    checked("hevc-md5.mkv", X265_MD5),
    checked("still.png", "-frames:v 1 -pix_fmt rgb24"),
    checked("still16.png", "-frames:v 1 -pix_fmt rgb48be"),
    checked("zip.exr", "-frames:v 1 -c:v exr -compression zip16 -pix_fmt gbrpf32le"),
    checked("zips.exr", "-frames:v 1 -c:v exr -compression zip1 -pix_fmt gbrpf32le"),
    unchecked("rle.exr", "-frames:v 1 -c:v exr -compression rle -pix_fmt gbrpf32le"),
    checked("deflate.tif", "-frames:v 1 -c:v tiff -compression_algo deflate -pix_fmt rgb24"),
    unchecked("lzw.tif", "-frames:v 1 -c:v tiff -compression_algo lzw -pix_fmt rgb24"),
    unchecked("raw.tif", "-frames:v 1 -c:v tiff -compression_algo raw -pix_fmt rgb24"),
    unchecked("still.dpx", "-frames:v 1 -pix_fmt gbrp10be"),
    unchecked("still.jpg", "-frames:v 1 -q:v 3 -pix_fmt yuvj420p"),
    unchecked("j2k.mov", "-c:v jpeg2000 -pix_fmt rgb24"),
    unchecked("j2k.mxf", "-c:v jpeg2000 -r 25 -pix_fmt yuv422p"),
    unchecked("h264.mp4", X264),
    unchecked("h264.mov", X264),
    unchecked("h264.mkv", X264),
    unchecked("h264.ts", X264),
    unchecked("h264-vlc.mp4", "-c:v libx264 -preset fast -bf 2 -g 8 -x264-params cabac=0"),
    unchecked("h264-intra.mov", "-c:v libx264 -g 1"),
    unchecked("hevc.mp4", "-c:v libx265 -preset ultrafast -x265-params keyint=8:log-level=none"),
    unchecked("hevc.ts", "-c:v libx265 -preset ultrafast -x265-params keyint=8:log-level=none"),
    unchecked("mpeg2.mov", "-c:v mpeg2video -q:v 3 -bf 2 -g 8"),
    unchecked("mpeg2.ts", "-c:v mpeg2video -q:v 3 -bf 2 -g 8"),
    unchecked("mpeg2.mxf", "-c:v mpeg2video -q:v 3 -bf 2 -g 8"),
    unchecked("mpeg2.mpg", "-c:v mpeg2video -q:v 3 -bf 2 -g 8"),
    unchecked("mpeg4.mp4", "-c:v mpeg4 -q:v 3 -bf 2 -g 8"),
    unchecked("mpeg4.avi", "-c:v mpeg4 -q:v 3 -bf 0 -g 8"),
    unchecked("mjpeg.avi", "-c:v mjpeg -q:v 3 -pix_fmt yuvj420p"),
    unchecked("mjpeg.mov", "-c:v mjpeg -q:v 3 -pix_fmt yuvj420p"),
    unchecked("prores.mov", "-c:v prores_ks -profile:v 2"),
    unchecked("prores4444.mov", "-c:v prores_ks -profile:v 4 -pix_fmt yuva444p10le"),
    unchecked("prores.mkv", "-c:v prores_ks -profile:v 2"),
    unchecked("dnxhr.mov", "-c:v dnxhd -profile:v dnxhr_hq -s 256x128 -pix_fmt yuv422p"),
    unchecked("vp8.webm", "-c:v libvpx -deadline realtime -g 8"),
    unchecked("vp9.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 8"),
    unchecked("vp9.mp4", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 8"),
    unchecked("cineform.mov", "-c:v cfhd -pix_fmt yuv422p10le"),
    unchecked("huffyuv.avi", "-c:v huffyuv -pix_fmt yuv422p"),
    unchecked("utvideo.avi", "-c:v utvideo"),
    unchecked("magicyuv.avi", "-c:v magicyuv -pix_fmt gbrp"),
    unchecked("qtrle.mov", "-c:v qtrle -pix_fmt rgb24"),
    checked("zlib.avi", "-c:v zlib -pix_fmt bgr24"),
    unchecked("ffv1-plain.mkv", "-c:v ffv1 -level 1 -g 1"),
    unchecked("raw.avi", "-c:v rawvideo -pix_fmt bgr24"),
    unchecked("raw.mov", "-c:v rawvideo -pix_fmt uyvy422"),
    unchecked("v210.mov", "-c:v v210 -pix_fmt yuv422p10le"),
    unchecked("theora.ogv", "-c:v libtheora -q:v 7 -g 8"),
];

impl Kind {
    /// A file of this kind in `folder`.
    pub(crate) fn made(&self, folder: &Path) -> PathBuf {
        raw_movie(&folder.join(self.file), "yuv420p", (WIDTH, HEIGHT), "24", pictures(), self.arguments)
    }

    /// Where pictures are coded in a file of this kind.
    pub(crate) fn covered(&self, path: &Path, data: &[u8]) -> Vec<Range<usize>> {
        let is_still = MovieReader::open(path, &options(Damaged::Error, 1)).is_ok_and(|reader| reader.info().is_still);
        covered(path, data, is_still)
    }
}

fn flips() -> usize {
    std::env::var("DAMAGE_FLIPS").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// Other flips than those of every run.
fn seeds() -> u64 {
    std::env::var("DAMAGE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0)
}

pub(crate) fn is_wanted(kind: &Kind) -> bool {
    std::env::var("DAMAGE_KINDS").map_or(true, |part| kind.file.contains(&*part))
}

/// Something that moves, with noise in it, so that packets have something to be damaged.
fn pictures() -> Vec<u8> {
    let mut dice = Dice::new(5);
    let mut data = Vec::new();
    for frame in 0..FRAMES {
        for y in 0..HEIGHT {
            for x in 0..WIDTH {
                let wave = (x + 2 * frame) * 3 % 160 + y / 2;
                data.push(
                    u8::try_from(32 + wave.min(190) + usize::try_from(dice.roll(8)).expect("small")).expect("a byte"),
                );
            }
        }
        for plane in [90, 150] {
            data.extend(
                (0..WIDTH * HEIGHT / 4).map(|place| u8::try_from(plane + (place / 7 + frame) % 20).expect("a byte")),
            );
        }
    }
    data
}

/// What is read at every index: the samples, or that damage was told.
pub(crate) fn read(path: &Path, threads: usize) -> Vec<Option<Vec<u8>>> {
    let Ok(mut reader) = MovieReader::open(path, &options(Damaged::Warn, threads)) else { return vec![None; FRAMES] };
    (0..FRAMES)
        .map(|index| {
            let picked = reader.frame(i64::try_from(index).expect("few"), Rate::FPS_24).ok()?;
            let told = picked.damage.is_some() || (picked.outside.is_some() && !reader.info().is_still);
            (!told).then(|| bytes(&picked.frame))
        })
        .collect()
}

/// Flips of one kind: how many there were, how many were told, and the bits after which a frame was other without a word.
struct Outcome {
    told: usize,
    silent: Vec<usize>,
}

fn number(data: &[u8], place: usize, bytes: usize) -> usize {
    data[place..place + bytes].iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte))
}

/// Where bits are turned over: in coded pictures, with all that surrounds them in their packets. What no checksum covers is
/// left out by its place, whatever the codec:
/// - in Matroska, the four bytes in front of a packet (track, time, flags);
/// - in stills of EXR and TIFF, the header or directory, which has no checksum, and in EXR chunks that are stored as they
///   are because they would not shrink.
fn covered(path: &Path, data: &[u8], is_still: bool) -> Vec<Range<usize>> {
    let packets = packets(path).into_iter().map(|(range, _)| range);
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("mkv" | "webm") => packets.map(|range| range.start + 4..range.end).collect(),
        Some("exr") => exr_chunks(data),
        Some("tif") => tiff_strips(data),
        // A still is read whole, headers included.
        _ if is_still => std::iter::once(data.len() / 4..data.len()).collect(),
        _ => packets.collect(),
    }
}

/// The table of offsets, and the chunks behind it that are compressed.
fn exr_chunks(data: &[u8]) -> Vec<Range<usize>> {
    let text = |from: usize| from + data[from..].iter().position(|byte| *byte == 0).expect("a text") + 1;
    let (mut place, mut lines) = (8, 1);
    while data[place] != 0 {
        let (name, value) = (place, text(text(place)));
        if data[name..].starts_with(b"compression\0") && data[value + 4] == 3 {
            lines = 16;
        }
        place = value + 4 + number(data, value, 4);
    }
    let (table, count) = (place + 1, HEIGHT / lines);
    let raw = WIDTH * lines * 12;
    let chunk = |index: usize| {
        let start = number(data, table + 8 * index, 8);
        (start, number(data, start + 4, 4))
    };
    let packed = (0..count).map(chunk).filter(|(_, size)| *size < raw).map(|(start, size)| start..start + 8 + size);
    std::iter::once(table..table + 8 * count).chain(packed).collect()
}

/// The strips of a little-endian file.
fn tiff_strips(data: &[u8]) -> Vec<Range<usize>> {
    let directory = number(data, 4, 4);
    let values = |tag: usize| {
        let entries = (0..number(data, directory, 2)).map(|index| directory + 2 + 12 * index);
        let entry = entries.into_iter().find(|entry| number(data, *entry, 2) == tag).expect("the tag");
        let bytes = if number(data, entry + 2, 2) == 3 { 2 } else { 4 };
        let count = number(data, entry + 4, 4);
        let first = if count * bytes > 4 { number(data, entry + 8, 4) } else { entry + 8 };
        (0..count).map(move |index| number(data, first + index * bytes, bytes)).collect::<Vec<_>>()
    };
    values(273).into_iter().zip(values(279)).map(|(start, size)| start..start + size).collect()
}

fn trial(kind: &Kind, seed: u64) -> Outcome {
    let folder = tempfile::tempdir().expect("a folder");
    let path = kind.made(folder.path());
    let whole = read(&path, 1);
    assert!(whole.iter().all(Option::is_some), "{}: damage where there is none", kind.file);
    assert_eq!(whole, read(&path, 3), "{}: threads make no difference", kind.file);
    let data = std::fs::read(&path).expect("reads");
    let places = kind.covered(&path, &data);
    assert!(!places.is_empty(), "{}: no packets", kind.file);
    let mut dice = Dice::new(seed);
    let mut outcome = Outcome { told: 0, silent: Vec::new() };
    for flip in 0..flips() {
        let range = &places[usize::try_from(dice.roll(i64::try_from(places.len()).expect("few"))).expect("positive")];
        let length = i64::try_from(range.len() * 8).expect("small");
        let bit = range.start * 8 + usize::try_from(dice.roll(length)).expect("positive");
        let mut broken = data.clone();
        let Some(byte) = broken.get_mut(bit / 8) else { continue };
        *byte ^= 1 << (bit % 8);
        let path = path.with_file_name(format!("broken-{}", kind.file));
        std::fs::write(&path, broken).expect("writes");
        let damaged = read(&path, if flip % 4 == 3 { 3 } else { 1 });
        outcome.told += usize::from(damaged.iter().any(Option::is_none));
        if damaged.iter().zip(&whole).any(|(damaged, whole)| damaged.is_some() && damaged != whole) {
            outcome.silent.push(bit);
        }
    }
    outcome
}

#[test]
fn no_frame_differs_in_silence_where_the_codec_can_know() {
    let mut wrong = Vec::new();
    let mut table = String::new();
    for (seed, kind) in KINDS.iter().enumerate() {
        if !is_wanted(kind) {
            continue;
        }
        let outcome = trial(kind, seed as u64 + 1 + seeds());
        let silent = outcome.silent.len();
        table +=
            &format!("{:16} {:9} {:3} told {silent:3} silent of {}\n", kind.file, kind.checked, outcome.told, flips());
        if kind.checked && silent > 0 {
            wrong.push(format!("{}: bits {:?}", kind.file, outcome.silent));
        }
    }
    println!("{table}");
    assert!(wrong.is_empty(), "{}\n{table}", wrong.join("\n"));
}
