//! Damage in the first packets of a transport stream: no frame moves without a word. R7, R15.

use std::path::Path;

use otio_conflate::backend::ffmpeg::MovieReader;
use otio_conflate::plan::Damaged;
use otio_conflate::time::Rate;

use crate::common::{movie, number};
use crate::support::options;

const PACKET: usize = 188;
const SYNC: u8 = 0x47;
pub(crate) const FRAMES: u16 = 36;

pub(crate) fn numbered(index: u16) -> u16 {
    index * 251 + 17
}

/// Where the payload of a packet of 188 bytes starts.
fn payload(packet: &[u8]) -> usize {
    if packet[3] & 0x20 == 0 { 4 } else { (5 + usize::from(packet[4])).min(PACKET) }
}

/// Ways to damage the packet that starts at `start`: a name, and the bytes with the bits that change.
fn ways(data: &[u8], start: usize) -> Vec<(String, Vec<(usize, u8)>)> {
    let packet = &data[start..start + PACKET];
    let at = payload(packet);
    let mut ways: Vec<(String, Vec<(usize, u8)>)> = vec![
        ("sync byte".into(), vec![(0, 0x40)]),
        ("start of a unit".into(), vec![(1, 0x40)]),
        ("told as damaged".into(), vec![(1, 0x80)]),
        ("number of the stream".into(), vec![(2, 0x01)]),
        ("adaptation".into(), vec![(3, 0x20)]),
        ("no payload".into(), vec![(3, 0x10)]),
        ("counter".into(), vec![(3, 0x04)]),
        ("all lost".into(), (0..PACKET).map(|byte| (byte, packet[byte])).collect()),
    ];
    if packet[1] & 0x40 != 0 && data[start + 1] & 0x1f != 0 {
        // Start code and kind of stream, length, flags, length of the header, times, and the first of the picture.
        for byte in 0..24.min(PACKET - at) {
            ways.extend([0x01, 0x08, 0x80].map(|bit| (format!("byte {byte} bit {bit:#x}"), vec![(at + byte, bit)])));
        }
    }
    ways
}

/// Frames that came out as other ones without a word.
pub(crate) fn silent(path: &Path, name: &str) -> Vec<String> {
    let mut reader = match MovieReader::open(path, &options(Damaged::Error, 1)) {
        Ok(reader) => reader,
        Err(_) => return Vec::new(),
    };
    let mut moved = Vec::new();
    for index in 0..FRAMES {
        let Ok(picked) = reader.frame(i64::from(index), Rate::FPS_24) else { continue };
        // What lies behind the end is told as that.
        if picked.outside.is_some() {
            moved.push(format!("{index} outside"));
            continue;
        }
        if let Some(number) = number(&picked.frame).filter(|number| *number != numbered(index)) {
            moved.push(format!("{index} shows {}", (i64::from(number) - 17) / 251));
        }
    }
    moved.truncate(3);
    if moved.is_empty() { moved } else { vec![format!("{name}: {}", moved.join(", "))] }
}

fn sweep(arguments: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = movie(&folder.path().join("a.ts"), (0..FRAMES).map(numbered), "24", arguments);
    let data = std::fs::read(&path).expect("reads");
    assert!(data.chunks_exact(PACKET).all(|packet| packet[0] == SYNC));
    assert_eq!(silent(&path, "whole"), Vec::<String>::new());
    let (mut trials, mut wrong) = (0, Vec::new());
    for start in (0..24).map(|packet| packet * PACKET) {
        for (name, changes) in ways(&data, start) {
            let mut broken = data.clone();
            changes.iter().for_each(|(byte, bits)| broken[start + byte] ^= bits);
            let path = folder.path().join("broken.ts");
            std::fs::write(&path, broken).expect("writes");
            wrong.extend(silent(&path, &format!("packet {}, {name}", start / PACKET)));
            trials += 1;
        }
    }
    assert!(trials > 200, "only {trials} trials");
    assert!(wrong.is_empty(), "{} of {trials} moved in silence:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_frame_of_h264_moves_in_silence() {
    sweep("-c:v libx264 -preset fast -bf 2 -g 12 -sc_threshold 0");
}

#[test]
fn no_frame_of_mpeg2_moves_in_silence() {
    sweep("-c:v mpeg2video -q:v 3 -bf 2 -g 12 -sc_threshold 1000000000 -flags +cgop");
}

/// Every frame of what nothing is wrong with comes, without a word.
#[test]
fn whole_streams_are_told_of_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let sound = "-f lavfi -i sine=r=48000:d=1.5 -map 0:v -map 1:a";
    let mpeg2 = "-c:v mpeg2video -q:v 3 -bf 2 -g 12";
    let cases: [(&str, &str, String); 8] = [
        ("aac.ts", "25", format!("{sound} -c:v libx264 -bf 3 -g 12 -c:a aac")),
        ("mp2.ts", "30000/1001", format!("{sound} {mpeg2} -c:a mp2")),
        ("ac3.m2ts", "24000/1001", format!("{sound} -c:v libx264 -bf 2 -c:a ac3 -mpegts_m2ts_mode 1")),
        ("fields.ts", "25", format!("-vf setfield=tff {mpeg2} -flags +ildct+ilme")),
        ("fields-h264.ts", "30000/1001", "-c:v libx264 -x264-params interlaced=1:tff=1 -bf 2".into()),
        ("open.ts", "24", "-c:v libx264 -x264-params open-gop=1:keyint=8:bframes=3".into()),
        ("intra.ts", "60000/1001", "-c:v mpeg2video -q:v 3 -g 1".into()),
        ("hevc.ts", "50", "-c:v libx265 -preset ultrafast -x265-params log-level=none".into()),
    ];
    for (name, rate, arguments) in cases {
        let path = movie(&folder.path().join(name), (0..FRAMES).map(numbered), rate, &arguments);
        let mut reader = MovieReader::open(&path, &options(Damaged::Error, 1)).expect("a movie");
        let rate = reader.info().rate.expect("a rate");
        for index in 0..FRAMES {
            let picked = reader.frame(index.into(), rate).unwrap_or_else(|error| panic!("{name}, {index}: {error:#}"));
            assert_eq!((number(&picked.frame), picked.outside), (Some(numbered(index)), None), "{name}, {index}");
        }
    }
}

/// What was cut out of the middle of a stream is damaged in nothing: it starts with its first whole picture.
#[test]
fn a_stream_cut_out_of_another_starts_with_its_first_whole_picture() {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = "-c:v libx264 -preset fast -bf 2 -g 12 -sc_threshold 0";
    let path = movie(&folder.path().join("a.ts"), (0..FRAMES).map(numbered), "24", arguments);
    let data = std::fs::read(&path).expect("reads");
    // Behind the start of the first picture, and so in the middle of a unit.
    let cut = folder.path().join("cut.ts");
    std::fs::write(&cut, &data[5 * PACKET..]).expect("writes");
    let mut reader = MovieReader::open(&cut, &options(Damaged::Error, 1)).expect("a movie");
    for index in 0..FRAMES - 12 {
        let picked = reader.frame(index.into(), Rate::FPS_24).unwrap_or_else(|error| panic!("{index}: {error:#}"));
        assert_eq!(number(&picked.frame), Some(numbered(index + 12)), "{index}");
    }
}
