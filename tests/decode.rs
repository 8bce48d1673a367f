//! Decoding: the frame asked for is the frame given, whatever the codec, the container and the order of asking.

#![cfg(feature = "ffmpeg")]

mod common;

use std::path::Path;

use common::{Dice, ffmpeg, movie, number};
use otio_conflate::ErrorKind;
use otio_conflate::backend::ffmpeg::{DecodeOptions, MovieReader, Outside, SequenceReader, probe};
use otio_conflate::plan::{ColorTags, MediaSource};
use otio_conflate::time::{Rate, Ratio};
use otio_conflate::timeline::MissingFramePolicy;

const NTSC_24: &str = "24000/1001";

fn rate(text: &str) -> Rate {
    let (num, den) = text.split_once('/').unwrap_or((text, "1"));
    Rate::from_ratio(num.parse().expect("a number"), den.parse().expect("a number")).expect("a rate")
}

fn open(path: &Path, threads: usize) -> MovieReader {
    MovieReader::open(path, &DecodeOptions::default().threads(threads)).expect("opens")
}

/// Asks for every frame in every order, and beyond both ends.
fn check(path: &Path, rate: Rate, expected: &[u16]) {
    check_held(path, rate, expected, *expected.last().expect("at least one"));
}

/// The same, where the movie's last frame is not the last one asked for.
fn check_held(path: &Path, rate: Rate, expected: &[u16], last: u16) {
    let name = path.file_name().expect("a file").to_string_lossy().into_owned();
    let count = i64::try_from(expected.len()).expect("short");
    let at = |index: i64| expected.get(usize::try_from(index.max(0)).expect("clamped")).copied().unwrap_or(last);
    let ask = |reader: &mut MovieReader, index: i64, how: &str| {
        let picked =
            reader.frame(index, rate).unwrap_or_else(|error| panic!("{name}, {how}, frame {index}: {error:#}"));
        assert_eq!(number(&picked.frame), Some(at(index)), "{name}, {how}, frame {index}");
        let outside = (index < 0).then_some(Outside::Before).or((index >= count).then_some(Outside::After));
        assert_eq!(picked.outside, outside, "{name}, {how}, frame {index}");
    };
    for threads in [1, 3] {
        let mut reader = open(path, threads);
        for index in 0..count + 2 {
            ask(&mut reader, index, "forwards");
            ask(&mut reader, index, "again");
        }
        for index in (-2..count + 2).rev() {
            ask(&mut reader, index, "backwards");
        }
        let mut dice = Dice::new(7);
        for _ in 0..40 {
            ask(&mut reader, dice.roll(count + 3) - 1, "anywhere");
        }
        for step in [2, 5, 13, 31] {
            for index in (0..count).step_by(step) {
                ask(&mut reader, index, "in steps");
            }
        }
    }
    let mut dice = Dice::new(11);
    for _ in 0..6 {
        let mut reader = open(path, 1);
        ask(&mut reader, dice.roll(count), "first");
        ask(&mut reader, count + 1000, "far behind");
        ask(&mut reader, 0, "back to the start");
    }
    let mut reader = open(path, 1);
    ask(&mut reader, count - 1, "last of all");
    ask(&mut reader, i64::from(i32::MAX), "far behind");
    ask(&mut reader, i64::from(i32::MIN), "far in front");
}

fn numbers(count: u16) -> Vec<u16> {
    (0..count).map(|index| index * 251 + 17).collect()
}

/// Makes a movie of `count` frames and checks all of it.
fn trial(file: &str, rate_text: &str, count: u16, arguments: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let expected = numbers(count);
    let path = movie(&folder.path().join(file), expected.iter().copied(), rate_text, arguments);
    check(&path, rate(rate_text), &expected);
}

macro_rules! trials {
    ($($name:ident: $file:literal, $rate:expr, $count:literal, $arguments:literal;)*) => {
        $(#[test] fn $name() { trial($file, $rate, $count, $arguments); })*
    };
}

const X264_OPEN: &str =
    "-c:v libx264 -preset fast -x264-params open-gop=1:bframes=3:keyint=12:min-keyint=12:scenecut=0";
const X265_OPEN: &str =
    "-c:v libx265 -preset fast -x265-params open-gop=1:bframes=3:keyint=12:min-keyint=12:scenecut=0:log-level=none";

trials! {
    h264_in_mov: "a.mov", "24", 120, "-c:v libx264 -preset fast -bf 3 -g 24";
    h264_at_23_976_in_mp4: "a.mp4", NTSC_24, 100, "-c:v libx264 -preset fast -bf 2 -g 30";
    h264_with_one_keyframe: "a.mp4", "25", 150, "-c:v libx264 -preset fast -bf 2 -g 9999 -sc_threshold 0";
    h264_without_b_frames: "a.mp4", "30000/1001", 70, "-c:v libx264 -preset ultrafast -tune zerolatency -g 15";
    h264_with_intra_refresh: "a.mp4", "24", 90, "-c:v libx264 -preset fast -x264-params intra-refresh=1:keyint=20:bframes=0";
    h264_in_matroska: "a.mkv", NTSC_24, 120, "-c:v libx264 -preset fast -bf 3 -g 24";
    h264_at_59_94_in_matroska: "a.mkv", "60000/1001", 130, "-c:v libx264 -preset fast -bf 3 -g 24";
    h264_in_transport_stream: "a.ts", "25", 120, "-c:v libx264 -preset fast -bf 3 -g 24 -output_ts_offset 10000";
    h264_in_fragments: "a.mp4", "24", 90, "-c:v libx264 -preset fast -bf 2 -g 12 -movflags +frag_keyframe+empty_moov";
    h264_elementary: "a.h264", "25", 60, "-c:v libx264 -preset fast -bf 3 -g 12";
    h264_in_avi: "a.avi", "24", 60, "-c:v libx264 -preset fast -bf 2 -g 12";
    h264_intra_profile: "a.mov", "24", 40, "-c:v libx264 -preset fast -pix_fmt yuv422p10le -g 1 -profile:v high422";
    hevc_in_mp4: "a.mp4", "24", 90, "-c:v libx265 -preset fast -x265-params keyint=24:bframes=4:log-level=none -tag:v hvc1";
    mpeg2_in_program_stream: "a.mpg", "25", 90, "-c:v mpeg2video -q:v 3 -bf 2 -g 12";
    mpeg2_in_transport_stream: "a.ts", "30000/1001", 90, "-c:v mpeg2video -q:v 3 -bf 2 -g 15";
    mpeg2_in_mxf: "a.mxf", "25", 90, "-c:v mpeg2video -q:v 3 -bf 2 -g 12";
    mpeg2_elementary: "a.m2v", "25", 60, "-c:v mpeg2video -q:v 3 -bf 2 -g 12";
    mpeg4_with_b_frames_in_avi: "a.avi", "24", 60, "-c:v mpeg4 -q:v 3 -bf 2 -g 12";
    mpeg4_in_avi: "a.avi", "24", 60, "-c:v mpeg4 -q:v 3 -bf 0 -g 12";
    mjpeg_in_avi: "a.avi", "25", 60, "-c:v mjpeg -q:v 3 -pix_fmt yuvj420p";
    mjpeg_stream: "a.mjpeg", "25", 30, "-c:v mjpeg -q:v 3 -pix_fmt yuvj420p";
    raw_in_avi: "a.avi", "24", 30, "-c:v rawvideo -pix_fmt bgr24";
    prores: "a.mov", NTSC_24, 60, "-c:v prores_ks -profile:v 3 -pix_fmt yuv422p10le";
    prores_4444: "a.mov", "24", 20, "-c:v prores_ks -profile:v 4 -pix_fmt yuva444p10le";
    dnxhr: "a.mov", "24", 40, "-c:v dnxhd -profile:v dnxhr_hq -pix_fmt yuv422p";
    dnxhr_in_mxf: "a.mxf", "24", 40, "-c:v dnxhd -profile:v dnxhr_hq -pix_fmt yuv422p";
    ffv1: "a.mkv", "25", 50, "-c:v ffv1 -level 3 -g 10 -pix_fmt yuv420p";
    vp9_with_hidden_frames: "a.webm", "24", 70, "-c:v libvpx-vp9 -deadline realtime -cpu-used 5 -b:v 800k -auto-alt-ref 1 -lag-in-frames 16 -g 24";
    vp8: "a.webm", "30", 60, "-c:v libvpx -deadline realtime -cpu-used 8 -b:v 2M -auto-alt-ref 1 -lag-in-frames 10 -g 24";
    audio_first: "a.mov", "24", 60, "-f lavfi -i sine=r=48000:d=2 -map 1:a -map 0:v -c:a pcm_s16le -c:v libx264 -preset fast -g 12";
    starts_late: "a.mkv", "25", 60, "-c:v libx264 -preset fast -bf 2 -g 12 -output_ts_offset 3.44";
    slow_rate: "a.mov", "25/2", 50, "-c:v libx264 -preset fast -bf 2 -g 12";
    one_frame: "a.mov", "24", 1, "-c:v libx264";
}

#[test]
fn open_groups_of_pictures() {
    for (file, coder) in [
        ("a.mp4", X264_OPEN),
        ("a.mkv", X264_OPEN),
        ("a.ts", X264_OPEN),
        ("b.mp4", X265_OPEN),
        ("b.mkv", X265_OPEN),
        ("b.ts", X265_OPEN),
    ] {
        trial(file, "24", 100, coder);
    }
}

#[test]
fn an_edit_list_hides_the_first_frames() {
    let folder = tempfile::tempdir().expect("a folder");
    let expected = numbers(100);
    let whole = movie(
        &folder.path().join("whole.mp4"),
        expected.iter().copied(),
        "24",
        "-c:v libx264 -preset fast -bf 3 -g 48",
    );
    let cut = folder.path().join("cut.mp4");
    let files = [whole.to_str().expect("plain"), cut.to_str().expect("plain")];
    ffmpeg(&["-ss", "2.5", "-i", files[0], "-c", "copy", files[1]], None);
    check(&cut, Rate::FPS_24, &expected[60..]);
}

#[test]
fn other_rates_are_picked_by_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let expected = numbers(100);
    for (file, coder) in
        [("a.mkv", "-c:v libx264 -preset fast -bf 2 -g 25"), ("a.mov", "-c:v libx264 -preset fast -g 25")]
    {
        let path = movie(&folder.path().join(file), expected.iter().copied(), "25", coder);
        let at = |wanted: Rate| {
            let count = Ratio::whole(100) * wanted.nominal() / Ratio::whole(25);
            (0..count.ceil())
                .map(|index| (Ratio::whole(index) * Ratio::whole(25) / wanted.nominal()).floor())
                .map(|index| expected[usize::try_from(index).expect("positive")])
                .collect::<Vec<u16>>()
        };
        for wanted in [rate("50"), rate("24"), rate("30000/1001"), rate("10")] {
            check_held(&path, wanted, &at(wanted), expected[99]);
        }
    }
}

#[test]
fn ntsc_cousins_count_alike() {
    let folder = tempfile::tempdir().expect("a folder");
    let expected = numbers(60);
    let path = movie(&folder.path().join("a.mov"), expected.iter().copied(), NTSC_24, "-c:v prores_ks -profile:v 0");
    check(&path, Rate::FPS_24, &expected);
    assert_eq!(open(&path, 1).info().rate, Some(rate(NTSC_24)));
}

#[test]
fn variable_rate_is_picked_by_time() {
    let folder = tempfile::tempdir().expect("a folder");
    for file in ["a.mp4", "a.mkv"] {
        // 30 frames at 24, then 30 frames at 12.
        let all = numbers(60);
        let path = movie(
            &folder.path().join(file),
            all.iter().copied(),
            "24",
            "-vf settb=1/48000,setpts='if(lt(N,30),N*2000,60000+(N-30)*4000)' -fps_mode vfr -enc_time_base 1/48000 -c:v libx264 -preset fast -bf 2 -g 20",
        );
        // Matroska's header tells what the muxer was told: a constant rate.
        assert_eq!(probe(&path).expect("probes").vfr, file == "a.mp4");
        let expected: Vec<u16> =
            (0..90).map(|index| if index < 30 { all[index] } else { all[30 + (index - 30) / 2] }).collect();
        // That it shows its last frame for two is not written in a Matroska file.
        let known = if file == "a.mp4" { 90 } else { 89 };
        check(&path, Rate::FPS_24, &expected[..known]);
    }
}

#[test]
fn probing_finds_timecode_and_rate() {
    let folder = tempfile::tempdir().expect("a folder");
    let make = |file: &str, rate: &str, arguments: &str| movie(&folder.path().join(file), numbers(10), rate, arguments);
    let info = probe(make("a.mov", "24", "-c:v prores_ks -timecode 01:00:00:00 -metadata:s:v reel_name=A001"))
        .expect("probes");
    assert_eq!(info.start_timecode.map(|timecode| timecode.to_string()).as_deref(), Some("01:00:00:00"));
    assert_eq!((info.rate, info.vfr, info.frames), (Some(Rate::FPS_24), false, Some(10)));
    assert_eq!((info.codec.as_str(), info.intra_only, info.bit_depth), ("prores", true, 10));
    assert_eq!((info.width, info.height, info.pixel_aspect), (256, 160, Ratio::ONE));
    let json = serde_json::to_string(&info).expect("serialises");
    assert_eq!(serde_json::from_str::<otio_conflate::backend::ffmpeg::MediaInfo>(&json).expect("reads back"), info);

    let info = probe(make("b.mov", "30000/1001", "-c:v libx264 -timecode 01:00:00;02")).expect("probes");
    let timecode = info.start_timecode.expect("a timecode");
    assert!(timecode.is_drop());
    assert_eq!(timecode.to_string(), "01:00:00;02");

    // Text in a file may be a label that drop-frame leaves out: the next one is meant.
    let info = probe(make("e.mkv", "30000/1001", "-c:v libx264 -metadata timecode=00:01:00;00")).expect("probes");
    assert_eq!(info.start_timecode.map(|timecode| timecode.to_string()).as_deref(), Some("00:01:00;02"));

    let info = probe(make("c.mxf", "25", "-c:v mpeg2video -timecode 10:00:00:00")).expect("probes");
    assert_eq!(info.start_timecode.map(|timecode| timecode.to_string()).as_deref(), Some("10:00:00:00"));
    assert_eq!(info.rate, Some(Rate::FPS_25));

    let info = probe(make("d.mkv", NTSC_24, "-c:v libx264")).expect("probes");
    assert_eq!((info.rate, info.vfr, info.has_audio), (Some(rate(NTSC_24)), false, false));
}

#[test]
fn probing_finds_rotation_pixel_aspect_and_colour() {
    let folder = tempfile::tempdir().expect("a folder");
    let plain = movie(
        &folder.path().join("a.mp4"),
        numbers(5),
        "24",
        "-vf setparams=range=limited:colorspace=bt709:color_primaries=bt709:color_trc=bt709 -c:v libx264 -aspect 16:9",
    );
    let info = probe(&plain).expect("probes");
    assert_eq!(info.color, ColorTags::BT709);
    assert_eq!(info.pixel_aspect, Ratio::new(10, 9));
    assert_eq!(info.rotation, 0);
    let untagged = movie(&folder.path().join("b.mp4"), numbers(5), "24", "-c:v libx264");
    assert_eq!(probe(&untagged).expect("probes").color, ColorTags::BT601_525);
    let frame = open(&plain, 1).frame(0, Rate::FPS_24).expect("decodes").frame;
    assert_eq!((frame.color(), frame.pixel_aspect()), (ColorTags::BT709, Ratio::new(10, 9)));
    assert!(!frame.has_alpha() && !frame.is_premultiplied());

    // The matrix of a track header: one that turns by a quarter to the right, and one to the left.
    for (matrix, rotation) in [([0, 1, -1, 0], 90u16), ([0, -1, 1, 0], 270), ([-1, 0, 0, -1], 180)] {
        let mut bytes = std::fs::read(&plain).expect("reads");
        let header = bytes.windows(4).position(|window| window == b"tkhd").expect("a track header") + 4;
        for (cell, value) in [0usize, 1, 3, 4].into_iter().zip(matrix) {
            let at = header + 40 + cell * 4;
            bytes[at..at + 4].copy_from_slice(&(value * 65536i32).to_be_bytes());
        }
        let turned = folder.path().join("turned.mp4");
        std::fs::write(&turned, bytes).expect("writes");
        assert_eq!(probe(&turned).expect("probes").rotation, rotation);
    }
}

#[test]
fn sound_and_cover_art_are_no_picture() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("plain").to_owned();
    ffmpeg(&["-f", "lavfi", "-i", "sine=d=1", &path("a.wav")], None);
    ffmpeg(&["-f", "lavfi", "-i", "color=s=64x64:d=0.04", "-frames:v", "1", &path("cover.png")], None);
    let (wav, cover, out) = (path("a.wav"), path("cover.png"), path("a.mp3"));
    ffmpeg(
        &[
            "-i",
            &wav,
            "-i",
            &cover,
            "-map",
            "0:a",
            "-map",
            "1:v",
            "-c:v",
            "copy",
            "-disposition:v",
            "attached_pic",
            &out,
        ],
        None,
    );
    for file in [&wav, &out] {
        let info = probe(file).expect("probes");
        assert!(info.has_audio && !info.has_picture, "{file}");
        let error = MovieReader::open(file, &DecodeOptions::default()).expect_err("no picture");
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(format!("{error:#}").contains(file.as_str()), "{error:#}");
    }
}

#[test]
fn what_is_no_media_is_an_error_that_names_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("nowhere.mov");
    assert_eq!(probe(&missing).expect_err("not there").kind(), ErrorKind::MediaMissing);
    for (name, content) in [
        ("empty.mov", &b""[..]),
        ("words.mov", b"these are but words, and there are not many of them"),
        ("words.txt", b"these are but words, and there are not many of them"),
        ("list.m3u8", b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n"),
        ("list.ffconcat", b"ffconcat version 1.0\nfile 'http://127.0.0.1:9/a.ts'\n"),
        ("cut.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
    ] {
        let file = folder.path().join(name);
        std::fs::write(&file, content).expect("writes");
        let error = MovieReader::open(&file, &DecodeOptions::default()).expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Decode, "{error:#}");
        assert!(format!("{error:#}").contains(name), "{error:#}");
    }
}

#[test]
fn a_name_is_a_name_and_no_protocol() {
    let folder = tempfile::tempdir().expect("a folder");
    let plain = movie(&folder.path().join("a.mov"), numbers(5), "24", "-c:v libx264");
    for name in ["http:a.mov", "concat:a|b", "50% of %04d.mov", "-i.mov", "a b'ü\".mov"] {
        let strange = folder.path().join(name);
        std::fs::copy(&plain, &strange).expect("copies");
        check(&strange, Rate::FPS_24, &numbers(5));
    }
}

#[test]
fn a_damaged_frame_is_an_error_and_the_others_are_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let expected = numbers(40);
    for (file, coder, first_good) in [
        ("a.mov", "-c:v prores_ks -profile:v 0", 21),
        ("a.mkv", "-c:v ffv1 -level 3 -slicecrc 1 -g 1", 21),
        ("b.mov", "-c:v libx264 -preset fast -bf 0 -x264-params keyint=8:min-keyint=8:scenecut=0 -crf 10", 24),
    ] {
        let path = movie(&folder.path().join(file), expected.iter().copied(), "24", coder);
        let packet = {
            // Where frame 20 lies in the file: its packet is found again by its bytes.
            let output = std::process::Command::new("ffprobe")
                .args(["-v", "error", "-show_entries", "packet=pos,size", "-of", "csv=p=0"])
                .arg(&path)
                .output()
                .expect("the tests need the ffprobe command line tool");
            let text = String::from_utf8(output.stdout).expect("plain text");
            let line = text.lines().nth(20).expect("40 packets").trim_end_matches(',').to_owned();
            let mut fields = line.split(',').map(|field| field.parse::<usize>().expect("a number"));
            let (size, position) = (fields.next().expect("a size"), fields.next().expect("a position"));
            position..position + size
        };
        let mut bytes = std::fs::read(&path).expect("reads");
        let (start, end) = (packet.start + packet.len() / 8 + 8, packet.end);
        bytes[start..end].iter_mut().for_each(|byte| *byte = 0xa5);
        let broken = folder.path().join(format!("broken-{file}"));
        std::fs::write(&broken, bytes).expect("writes");
        for threads in [1, 3] {
            let mut reader = open(&broken, threads);
            for index in (0..40).chain([20, 3, 20, 35, 20]) {
                let result = reader.frame(index, Rate::FPS_24);
                match index {
                    20 => {
                        let error = result.expect_err("damaged");
                        assert_eq!(error.kind(), ErrorKind::Decode, "{file}");
                        assert_eq!(error.place().frame, Some(20), "{file}");
                        assert!(format!("{error:#}").contains(file), "{error:#}");
                    }
                    21.. if index < first_good => {}
                    _ => {
                        let picked = result.unwrap_or_else(|error| panic!("{file}, frame {index}: {error:#}"));
                        assert_eq!(
                            number(&picked.frame),
                            Some(expected[usize::try_from(index).expect("positive")]),
                            "{file}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_truncated_file_ends_where_it_is_cut() {
    let folder = tempfile::tempdir().expect("a folder");
    let expected = numbers(60);
    for (file, coder) in [
        ("a.mov", "-c:v prores_ks -profile:v 0 -movflags +faststart"),
        ("b.mp4", "-c:v libx264 -preset fast -bf 0 -g 12 -movflags +faststart"),
        ("c.mkv", "-c:v ffv1 -g 1"),
        ("d.ts", "-c:v mpeg2video -q:v 2 -g 6"),
    ] {
        let path = movie(&folder.path().join(file), expected.iter().copied(), "24", coder);
        let bytes = std::fs::read(&path).expect("reads");
        std::fs::write(&path, &bytes[..bytes.len() * 2 / 3]).expect("writes");
        let mut reader = open(&path, 1);
        let (mut good, mut bad) = (0usize, 0usize);
        for index in 0..60 {
            match reader.frame(index, Rate::FPS_24) {
                Ok(picked) if picked.outside.is_none() => {
                    assert_eq!((number(&picked.frame), bad), (Some(expected[good]), 0), "{file}, frame {index}");
                    good += 1;
                }
                Ok(picked) => {
                    assert_eq!(picked.outside, Some(Outside::After));
                    assert_eq!(number(&picked.frame), Some(expected[good - 1]), "{file}, frame {index}");
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Decode);
                    bad += 1;
                }
            }
        }
        assert!((20..58).contains(&good) && bad <= 6, "{file}: {good} good, {bad} bad");
        let picked = open(&path, 1).frame(1000, Rate::FPS_24).expect("holds the last");
        assert_eq!(number(&picked.frame), Some(expected[good - 1]), "{file}");
    }
}

#[test]
fn packets_of_intra_only_media_are_the_frames() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = movie(&folder.path().join("a.mov"), numbers(30), "24", "-c:v prores_ks -profile:v 0");
    let mut reader = open(&path, 1);
    let all: Vec<Vec<u8>> = (0..30)
        .map(|index| reader.packet(index).expect("reads").expect("is there").data().expect("has bytes").to_vec())
        .collect();
    assert!(all.windows(2).all(|pair| pair[0] != pair[1]));
    assert!(reader.packet(30).expect("reads").is_none() && reader.packet(-1).expect("reads").is_none());
    let mut dice = Dice::new(3);
    for _ in 0..30 {
        let index = dice.roll(30);
        let packet = reader.packet(index).expect("reads").expect("is there");
        assert_eq!(packet.data(), Some(all[usize::try_from(index).expect("positive")].as_slice()));
        let frame = reader.frame(index, Rate::FPS_24).expect("decodes").frame;
        assert_eq!(number(&frame), Some(numbers(30)[usize::try_from(index).expect("positive")]));
    }
    let long = movie(&folder.path().join("b.mov"), numbers(5), "24", "-c:v libx264");
    assert_eq!(open(&long, 1).packet(0).err().expect("not intra").kind(), ErrorKind::Unsupported);
}

#[test]
fn sequences_of_every_format() {
    let folder = tempfile::tempdir().expect("a folder");
    let cases = [
        ("png", "-pix_fmt rgb24", ColorTags::SRGB),
        ("png", "-pix_fmt rgba64be", ColorTags::SRGB),
        ("tiff", "-pix_fmt rgb48le", ColorTags::SRGB),
        ("tiff", "-pix_fmt rgb24 -compression_algo lzw", ColorTags::SRGB),
        ("dpx", "-pix_fmt gbrp10be", ColorTags::SRGB),
        ("dpx", "-pix_fmt gbrp12be", ColorTags::SRGB),
        ("dpx", "-pix_fmt rgb48be", ColorTags::SRGB),
        ("dpx", "-pix_fmt rgb24", ColorTags::SRGB),
        ("exr", "-pix_fmt gbrpf32le -compression zip16", ColorTags::LINEAR_RGB),
        ("exr", "-pix_fmt gbrapf32le -format half", ColorTags::LINEAR_RGB),
        ("jpg", "-pix_fmt yuvj420p -q:v 2", ColorTags { full_range: true, matrix: 5, ..ColorTags::SRGB }),
    ];
    for (case, (extension, arguments, color)) in cases.into_iter().enumerate() {
        let folder = folder.path().join(case.to_string());
        std::fs::create_dir(&folder).expect("a folder");
        movie(
            &folder.join(format!("sh.%04d.{extension}")),
            numbers(5),
            "24",
            &format!("{arguments} -start_number 1001"),
        );
        std::fs::remove_file(folder.join(format!("sh.1003.{extension}"))).expect("there");
        let source = MediaSource::Sequence {
            folder: folder.clone(),
            prefix: "sh.".to_owned(),
            suffix: format!(".{extension}"),
            padding: 4,
            start: 1001,
            step: 1,
            holes: MissingFramePolicy::default(),
        };
        let mut reader = SequenceReader::new(&source, &DecodeOptions::default()).expect("a sequence");
        assert_eq!(reader.list().expect("lists"), [1001, 1002, 1004, 1005]);
        for index in [0, 1, 3, 4, 0] {
            let frame = reader.read(index).expect("decodes").expect("is there");
            assert_eq!(
                number(&frame),
                Some(numbers(5)[usize::try_from(index).expect("positive")]),
                "{extension} {arguments}"
            );
            assert_eq!(frame.color(), color, "{extension} {arguments}");
            assert_eq!(frame.is_premultiplied(), frame.has_alpha() && extension == "exr");
        }
        assert!(reader.read(2).expect("no error").is_none());
        assert!(reader.read(5).expect("no error").is_none());

        // A single file of it is a medium too: the same frame, whatever the index.
        let path = folder.join(format!("sh.1002.{extension}"));
        let mut still = open(&path, 1);
        assert!(still.info().is_still && still.info().rate.is_none());
        for index in [0, 100, -3] {
            let picked = still.frame(index, Rate::FPS_24).expect("decodes");
            assert_eq!((number(&picked.frame), picked.outside), (Some(numbers(5)[1]), None));
        }

        let whole = std::fs::read(&path).expect("reads");
        std::fs::write(&path, &whole[..whole.len() / 2]).expect("writes");
        let error = reader.read(1).expect_err("cut in half");
        assert_eq!((error.kind(), error.place().frame), (ErrorKind::Decode, Some(1002)), "{extension} {arguments}");
    }
}

#[test]
fn exr_values_become_video_on_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.exr");
    ffmpeg(
        &[
            "-f",
            "lavfi",
            "-i",
            "color=c=gray:s=64x64:d=0.04,format=gbrpf32le",
            "-frames:v",
            "1",
            path.to_str().expect("plain"),
        ],
        None,
    );
    let value = |options: &DecodeOptions| {
        let frame = MovieReader::open(&path, options).expect("opens").frame(0, Rate::FPS_24).expect("decodes").frame;
        let (data, _) = frame.plane(0);
        (f32::from_ne_bytes([data[0], data[1], data[2], data[3]]), frame.color().transfer)
    };
    let (linear, tag) = value(&DecodeOptions::default());
    assert_eq!(tag, ColorTags::LINEAR);
    let (coded, tag) = value(&DecodeOptions::default().linear_to(Some(13)));
    assert_eq!(tag, 13);
    let srgb = 1.055 * linear.powf(1.0 / 2.4) - 0.055;
    assert!((coded - srgb).abs() < 1e-6, "{linear} became {coded}, not {srgb}");
}
