//! Damage in what a container says of its packets, beside the packets themselves: no frame moves without a word, and files
//! that are whole are told of nothing. R7, R15.

use std::ops::Range;
use std::path::{Path, PathBuf};

use otio_conflate::ErrorKind;
use otio_conflate::backend::ffmpeg::MovieReader;
use otio_conflate::plan::Damaged;
use otio_conflate::time::Rate;

use crate::common::{ffmpeg, movie, number};
use crate::support::{open, options, packets};
use crate::transport::{FRAMES, numbered, silent};

const H264: &str = "-c:v libx264 -preset fast -bf 2 -g 12 -sc_threshold 0";
const HEVC: &str = "-c:v libx265 -preset ultrafast -x265-params keyint=12:min-keyint=12:scenecut=0:open-gop=0:bframes=2:log-level=none";
const FFV1: &str = "-c:v ffv1 -level 3 -slicecrc 1";
const PRORES: &str = "-c:v prores_ks -profile:v 0";
const SOUND: &str = "-f lavfi -i sine=r=48000:d=1.5 -map 0:v -map 1:a";

fn made(folder: &Path, file: &str, arguments: &str) -> (PathBuf, Vec<u8>) {
    let path = movie(&folder.join(file), (0..FRAMES).map(numbered), "24", arguments);
    let data = std::fs::read(&path).expect("reads");
    (path, data)
}

fn written(whole: &Path, data: &[u8]) -> PathBuf {
    let path =
        whole.with_file_name(format!("broken-{}", whole.file_name().and_then(|name| name.to_str()).expect("plain")));
    std::fs::write(&path, data).expect("writes");
    path
}

/// The content of the first box of this kind.
fn found(data: &[u8], kind: &[u8; 4]) -> Range<usize> {
    let place = data.windows(4).position(|window| window == kind).expect("a box");
    let length = u32::from_be_bytes(data[place - 4..place].try_into().expect("four"));
    place + 4..place - 4 + length as usize
}

/// Turns bits over in these bytes, one after the other: what moved in silence.
fn swept(path: &Path, data: &[u8], places: impl IntoIterator<Item = usize>, bits: &[u8]) -> Vec<String> {
    let mut wrong = Vec::new();
    for place in places {
        for bit in bits {
            let mut broken = data.to_vec();
            broken[place] ^= bit;
            wrong.extend(silent(&written(path, &broken), &format!("byte {place} bit {bit:#x}")));
        }
    }
    wrong
}

/// The offset of sample `sample` in a list of runs.
fn offset_of(data: &[u8], list: &Range<usize>, sample: usize) -> usize {
    let number = |place: usize| u32::from_be_bytes(data[place..place + 4].try_into().expect("four")) as usize;
    let mut before = 0;
    for entry in (list.start + 8..list.end).step_by(8) {
        before += number(entry);
        if before > sample {
            return entry + 4;
        }
    }
    panic!("the list has {before} samples");
}

/// What reading in order says: errors by frame, and the same with damage let pass.
fn told(path: &Path) -> Vec<u16> {
    let mut reader = open(path, Damaged::Error);
    let mut told = Vec::new();
    for index in 0..FRAMES {
        match reader.frame(index.into(), Rate::FPS_24) {
            Ok(picked) => assert_eq!(number(&picked.frame), Some(numbered(index)), "{}, {index}", path.display()),
            Err(error) => {
                assert_eq!((error.kind(), error.place().frame), (ErrorKind::Decode, Some(index.into())), "{error:#}");
                told.push(index);
            }
        }
    }
    let mut reader = open(path, Damaged::Warn);
    for index in 0..FRAMES {
        let picked = reader.frame(index.into(), Rate::FPS_24).expect("it is delivered");
        let known = number(&picked.frame) == Some(numbered(index));
        assert!(picked.damage.is_some() || known, "{}, {index}", path.display());
        assert_eq!(picked.damage.is_some(), told.contains(&index), "{}, {index}", path.display());
    }
    told
}

#[test]
fn a_list_of_offsets_that_ffmpeg_drops_is_told_of_every_frame() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, mut data) = made(folder.path(), "a.mp4", H264);
    let list = found(&data, b"ctts");
    let offset = offset_of(&data, &list, 9);
    data[offset] = 0x60;
    assert_eq!(told(&written(&path, &data)).len(), usize::from(FRAMES));
}

#[test]
fn two_pictures_at_one_time_and_none_at_another_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    for (file, arguments) in [("a.mp4", H264), ("b.mov", H264), ("c.mp4", HEVC)] {
        let (path, data) = made(folder.path(), file, arguments);
        let list = found(&data, b"ctts");
        let offset = offset_of(&data, &list, 15);
        // A few frames later than it should be, or between two.
        for (byte, bits) in [(2, 0x02), (2, 0x04), (2, 0x08), (3, 0x80), (1, 0x10)] {
            let mut broken = data.clone();
            broken[offset + byte] ^= bits;
            let broken = written(&path, &broken);
            assert_eq!(silent(&broken, file), Vec::<String>::new(), "byte {byte}, {bits:#x}");
        }
    }
}

#[test]
fn no_byte_of_the_list_of_offsets_moves_a_frame_in_silence() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, data) = made(folder.path(), "a.mp4", H264);
    let list = found(&data, b"ctts");
    let wrong = swept(&path, &data, (list.start + 4..list.end).step_by(5), &[0x02, 0x50]);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Where a Matroska file's first cluster starts, and where the data of its first block does.
fn first_block(data: &[u8]) -> Range<usize> {
    let cluster = data.windows(4).position(|window| window == [0x1f, 0x43, 0xb6, 0x75]).expect("a cluster");
    // Its id, its length in 8 bytes or less, its time.
    let block = (cluster + 5..).find(|place| data[*place] == 0xa3 && data[*place + 1] != 0).expect("a block");
    let length = data[block + 1].leading_zeros() as usize + 1;
    cluster..block + 1 + length + 4
}

#[test]
fn no_byte_in_front_of_the_first_block_of_matroska_moves_a_frame_in_silence() {
    let folder = tempfile::tempdir().expect("a folder");
    for (file, arguments) in [("ffv1.mkv", FFV1), ("prores.mkv", PRORES), ("h264.mkv", H264)] {
        let (path, data) = made(folder.path(), file, arguments);
        let head = first_block(&data);
        let number = head.end - 4;
        assert_eq!(data[number], 0x81, "the number of the track");
        let mut broken = data.clone();
        broken[number] = 0x45;
        let broken = written(&path, &broken);
        // Of H.264 nothing is left that decoding could begin with.
        if arguments != H264 {
            assert_eq!(told(&broken).len(), usize::from(FRAMES), "{file}");
            let error = open(&broken, Damaged::Error).frame(5, Rate::FPS_24).expect_err("it is damaged");
            assert!(format!("{error:#}").contains("where it starts is not known"), "{error:#}");
        }
        // What is behind the end is told as that. A wrong length hides blocks without a word, as if it were one long one; the
        // decoders of the others know.
        let knows = |place: &usize| arguments != H264 || !(number - 2..number).contains(place);
        let mut wrong = swept(&path, &data, head.filter(knows), &[0x01, 0x42]);
        wrong.retain(|wrong| wrong.contains(" shows "));
        assert!(wrong.is_empty(), "{file}: {}", wrong.join("\n"));
    }
}

#[test]
fn a_first_packet_that_is_lost_in_nut_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, data) = made(folder.path(), "a.nut", FFV1);
    let first = packets(&path).into_iter().next().expect("a packet").0.start;
    // In front of the first frame is a mark of 8 bytes, without which FFmpeg goes on to the next one and says nothing.
    let wrong = swept(&path, &data, first - 8..first + 16, &[0x01, 0x40]);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every frame of what nothing is wrong with comes, without a word.
#[test]
fn whole_files_are_told_of_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let open_gop = "-c:v libx264 -x264-params open-gop=1:keyint=8:bframes=3";
    let mpeg4 = "-c:v mpeg4 -q:v 3 -bf 2 -g 12";
    let cases: [(&str, &str, String); 14] = [
        ("a.mp4", "24000/1001", format!("{SOUND} -c:v libx264 -bf 3 -g 12 -c:a aac")),
        ("a.mov", "30000/1001", format!("{SOUND} {open_gop} -c:a pcm_s16le")),
        ("no-edits.mp4", "25", format!("{H264} -use_editlist 0")),
        ("negative.mp4", "25", format!("{H264} -movflags negative_cts_offsets")),
        ("pieces.mp4", "25", format!("{H264} -movflags frag_keyframe+empty_moov")),
        ("coarse.mp4", "25", format!("{H264} -video_track_timescale 25")),
        ("b.mp4", "50", HEVC.into()),
        ("c.mp4", "25", mpeg4.into()),
        ("a.mkv", "24000/1001", format!("{SOUND} {open_gop} -c:a flac")),
        ("b.mkv", "120", HEVC.into()),
        ("live.mkv", "25", format!("{PRORES} -live 1")),
        ("late.mkv", "25", format!("{FFV1} -output_ts_offset 3.7")),
        ("a.nut", "25", H264.into()),
        ("a.flv", "30", H264.into()),
    ];
    let check = |path: &Path, first: u16, count: u16| {
        let name = path.display();
        let mut reader = MovieReader::open(path, &options(Damaged::Error, 1)).expect("a movie");
        let rate = reader.info().rate.expect("a rate");
        for index in 0..count {
            let picked = reader.frame(index.into(), rate).unwrap_or_else(|error| panic!("{name}, {index}: {error:#}"));
            assert_eq!(
                (number(&picked.frame), picked.outside),
                (Some(numbered(first + index)), None),
                "{name}, {index}"
            );
        }
    };
    for (name, rate, arguments) in cases {
        let path = movie(&folder.path().join(name), (0..FRAMES).map(numbered), rate, &arguments);
        check(&path, 0, FRAMES);
    }
    // Copies that start at a later keyframe.
    let (whole, _) = made(folder.path(), "whole.mp4", H264);
    for name in ["cut.mp4", "cut.mkv"] {
        let path = folder.path().join(name);
        let (from, to) = (whole.to_str().expect("plain"), path.to_str().expect("plain"));
        ffmpeg(&["-ss", "0.5", "-i", from, "-c", "copy", to], None);
        check(&path, 12, FRAMES - 12);
    }
}
