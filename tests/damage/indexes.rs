//! Indexes that contradict what is in the file: no frame moves without a word, and files that are whole are told of nothing. R7,
//! R15.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use otio_conflate::backend::ffmpeg::MovieReader;
use otio_conflate::plan::Damaged;
use otio_conflate::time::Rate;

use crate::common::{movie, number};
use crate::support::{options, packets};

const FRAMES: u16 = 40;
const SOUND: &str = "-f lavfi -i sine=r=48000 -map 0:v -map 1:a -shortest -c:a pcm_s16le";
const MJPEG: &str = "-c:v mjpeg -q:v 4";
const MPEG4: &str = "-c:v mpeg4 -q:v 3 -bf 2 -g 12";

fn numbered(index: u16) -> u16 {
    index * 251 + 17
}

fn made(folder: &Path, file: &str, arguments: &str) -> (PathBuf, Vec<u8>) {
    let path = movie(&folder.join(file), (0..FRAMES).map(numbered), "25", arguments);
    let data = std::fs::read(&path).expect("reads");
    (path, data)
}

fn written(whole: &Path, data: &[u8]) -> PathBuf {
    let path = whole.with_file_name(format!("broken-{}", whole.file_name().expect("a name").to_string_lossy()));
    std::fs::write(&path, data).expect("writes");
    path
}

/// Frames that are right, and those that are others without a word. Asked for from the middle on, as a shot does, then from the
/// start.
fn read(path: &Path) -> (usize, Vec<u16>) {
    let Ok(mut reader) = MovieReader::open(path, &options(Damaged::Error, 1)) else { return (0, Vec::new()) };
    let (mut right, mut wrong) = (0, Vec::new());
    for index in (FRAMES * 3 / 5..FRAMES).chain(0..FRAMES) {
        match reader.frame(index.into(), Rate::FPS_25) {
            Ok(picked) if number(&picked.frame) == Some(numbered(index)) => right += 1,
            Ok(_) => wrong.push(index),
            Err(_) => {}
        }
    }
    (right, wrong)
}

const ALL: usize = FRAMES as usize * 7 / 5;

/// Where the entries of an AVI's index lie.
fn entries(data: &[u8]) -> Range<usize> {
    let place = data.windows(4).rposition(|window| window == b"idx1").expect("an index");
    let length = u32::from_le_bytes(data[place + 4..place + 8].try_into().expect("four"));
    place + 8..place + 8 + length as usize
}

#[test]
fn an_avi_index_that_lacks_entries_moves_no_frame() {
    let folder = tempfile::tempdir().expect("a folder");
    for (file, arguments) in
        [("a.avi", MJPEG.to_owned()), ("b.avi", MPEG4.to_owned()), ("c.avi", format!("{SOUND} {MJPEG}"))]
    {
        let (path, data) = made(folder.path(), file, &arguments);
        let list = entries(&data);
        // The first entries, some in the middle, a single one's name, the rest.
        for range in [0..16 * 12, 16 * 9..16 * 11, 16 * 10..16 * 10 + 4, list.len() - 16 * 6..list.len()] {
            let mut broken = data.clone();
            broken[list.start + range.start..list.start + range.end].fill(0);
            assert_eq!(read(&written(&path, &broken)), (ALL, vec![]), "{file}, {range:?}");
        }
        // Another place, another size, another stream.
        for (byte, bits) in [(8, 0x40), (9, 0x10), (12, 0x04), (13, 0x08), (1, 0x01)] {
            let mut broken = data.clone();
            broken[list.start + 16 * 6 + byte] ^= bits;
            assert_eq!(read(&written(&path, &broken)), (ALL, vec![]), "{file}, byte {byte}");
        }
        // The first entry's place, by which FFmpeg moves all others.
        let mut broken = data.clone();
        broken[list.start + 8] ^= 0x20;
        assert_eq!(read(&written(&path, &broken)), (ALL, vec![]), "{file}");
    }
}

#[test]
fn an_avi_index_and_chunks_that_are_both_damaged_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, mut data) = made(folder.path(), "a.avi", MJPEG);
    let list = entries(&data);
    let chunk = data.windows(4).position(|window| window == b"movi").expect("chunks") + 4;
    data[list.start..list.start + 16 * 4].fill(0);
    data[chunk..chunk + 8].fill(0);
    let broken = written(&path, &data);
    assert_eq!(read(&broken).1, Vec::<u16>::new());
    let mut reader = MovieReader::open(&broken, &options(Damaged::Warn, 1)).expect("a movie");
    assert!(reader.frame(30, Rate::FPS_25).expect("it is delivered").damage.is_some());
}

/// Every frame of what nothing is wrong with comes, without a word.
#[test]
fn whole_files_with_indexes_are_told_of_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let cases = [
        ("a.avi", format!("{SOUND} {MPEG4}")),
        ("packed.avi", format!("{MPEG4} -bsf:v mpeg4_unpack_bframes")),
        ("raw.avi", "-c:v rawvideo -pix_fmt yuv420p".to_owned()),
        ("ffv1.avi", format!("{SOUND} -c:v ffv1")),
        ("huffyuv.avi", format!("{SOUND} -c:v huffyuv -pix_fmt yuv422p")),
        ("few.avi", format!("{MJPEG} -flags +bitexact -write_channel_mask 0")),
        ("intra.mxf", "-c:v mpeg2video -g 1 -b:v 20M -pix_fmt yuv422p".to_owned()),
        ("long.mxf", format!("{SOUND} -c:v mpeg2video -g 12 -bf 2 -q:v 3")),
    ];
    for (name, arguments) in cases {
        let (path, _) = made(folder.path(), name, &arguments);
        assert_eq!(read(&path), (ALL, vec![]), "{name}");
    }
    // Cut copies, and a file without an index.
    let (path, _) = made(folder.path(), "whole.avi", MJPEG);
    let (whole, copy) = (path.to_str().expect("plain"), folder.path().join("copy.avi"));
    let status = Command::new("sh")
        .args(["-c", "ffmpeg -v error -i \"$1\" -c copy -f avi - > \"$2\"", "sh", whole])
        .arg(&copy)
        .status()
        .expect("the tests need ffmpeg");
    assert!(status.success());
    assert_eq!(read(&copy), (ALL, vec![]));
}

#[test]
fn mxf_that_has_lost_bytes_in_the_middle_is_told_from_there_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let (intra, long) = ("-c:v mpeg2video -g 1 -b:v 20M -pix_fmt yuv422p", "-c:v mpeg2video -g 12 -bf 2 -q:v 3");
    for (file, arguments) in
        [("a.mxf", intra.to_owned()), ("b.mxf", long.to_owned()), ("c.mxf", format!("{SOUND} {long}"))]
    {
        let (path, data) = made(folder.path(), file, &arguments);
        let places: Vec<usize> = packets(&path).into_iter().map(|(range, _)| range.start).collect();
        // Inside of a packet, and a packet's place as a whole.
        for (start, length) in
            [(places[18] + 100, 4096), (places[18] + 300, 5640), (places[20], places[21] - places[20])]
        {
            let mut broken = data.clone();
            broken.drain(start..start + length);
            let broken = written(&path, &broken);
            assert_eq!(read(&broken).1, Vec::<u16>::new(), "{file}, {length} bytes");
            let mut reader = MovieReader::open(&broken, &options(Damaged::Warn, 1)).expect("a movie");
            assert!(reader.frame(30, Rate::FPS_25).expect("it is delivered").damage.is_some(), "{file}");
            let early = reader.frame(5, Rate::FPS_25).expect("it is delivered");
            assert!(early.damage.is_some() || number(&early.frame) == Some(numbered(5)), "{file}");
        }
    }
}

#[test]
fn an_avi_that_has_lost_bytes_in_the_middle_is_right_up_to_there() {
    let folder = tempfile::tempdir().expect("a folder");
    for (file, arguments) in [("a.avi", MJPEG), ("b.avi", MPEG4)] {
        let (path, mut data) = made(folder.path(), file, arguments);
        let start = packets(&path)[20].0.start + 100;
        data.drain(start..start + 1316);
        let broken = written(&path, &data);
        let (right, wrong) = read(&broken);
        assert_eq!(wrong, Vec::<u16>::new(), "{file}");
        assert!(right >= 16, "{file}: {right} frames are right");
    }
}
