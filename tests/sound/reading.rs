//! Reading any place of any file: what comes out is what decoding from the start gives. R14.

use std::path::{Path, PathBuf};

use otio_conflate::backend::ffmpeg::SoundReader;

use crate::common::{Dice, ffprobe};
use crate::support::*;

/// Three seconds that are different everywhere, and a click at each of a few samples.
fn noise(rate: u32, channels: usize) -> Channels {
    noise_of(rate, channels, 3)
}

fn noise_of(rate: u32, channels: usize, seconds: usize) -> Channels {
    let len = rate as usize * seconds + 123;
    let mut dice = Dice::new(7);
    let mut planes = vec![Vec::with_capacity(len); channels];
    let mut phase = 0.0f32;
    for sample in 0..len {
        phase += 0.02 + 0.01 * (sample as f32 / 3000.0).sin();
        for plane in &mut planes {
            plane.push(phase.sin() * 0.3 + dice.roll(1000) as f32 / 20_000.0);
        }
    }
    planes
}

fn file(media: &Media, name: &str, rate: u32, channels: usize, arguments: &str) -> PathBuf {
    sound(&media.path(name), rate, &noise(rate, channels), arguments)
}

/// How many samples the first sound starts behind the first picture, or behind the file's start.
fn late(path: &Path, rate: u32) -> i64 {
    let facts = ffprobe(path);
    let streams = facts["streams"].as_array().expect("streams").clone();
    let start = |kind: &str| {
        let stream = streams.iter().find(|stream| stream["codec_type"] == kind)?;
        stream["start_time"].as_str()?.parse::<f64>().ok()
    };
    // A file of sound alone is counted from its own first sample, but where a list of edits puts silence in front of that.
    let edited = facts["format"]["format_name"].as_str().is_some_and(|name| name.starts_with("mov"));
    let Some(origin) = start("video").or(edited.then_some(0.0)) else { return 0 };
    ((start("audio").unwrap_or(origin) - origin) * f64::from(rate)).round() as i64
}

/// Reads here and there, and compares with everything decoded from the start by the command line tool.
#[track_caller]
fn check(path: &Path, tolerance: f32) {
    let whole = heard(path);
    let mut reader = SoundReader::open(path, None).expect("it opens");
    let (rate, offset) = (reader.rate(), late(path, reader.rate()));
    assert_eq!(reader.speakers().len(), whole.len(), "{}", path.display());
    let len = whole[0].len() as i64;
    let at = |channel: &[f32], place: i64| {
        usize::try_from(place - offset).ok().and_then(|place| channel.get(place)).copied().unwrap_or(0.0)
    };
    let mut dice = Dice::new(11);
    let places = [0, len - 900, 5, -300, len / 2, len / 2 + 1, i64::from(rate), len - 100, 2 * i64::from(rate) + 77];
    let more: Vec<i64> = (0..12).map(|_| dice.roll(len)).collect();
    for place in places.into_iter().chain(more) {
        let samples = reader.read(place, 700).expect("it reads");
        assert_eq!((samples.len(), samples.channels()), (700, whole.len()));
        for (channel, plane) in whole.iter().enumerate() {
            for (index, &sample) in samples.plane(channel).iter().enumerate() {
                let wanted = at(plane, place + index as i64);
                let what = format!("{}: sample {} of channel {channel}", path.display(), place + index as i64);
                assert!((sample - wanted).abs() <= tolerance, "{what}: {sample}, not {wanted}");
            }
        }
    }
    assert_eq!(reader.damaged(), 0, "{}", path.display());
}

/// What is decoded in full is what was encoded: `most` apart at the worst of all delays is too much.
#[track_caller]
fn undelayed(path: &Path, rate: u32, most: f32) {
    let wanted = noise(rate, 2);
    let mut reader = SoundReader::open(path, None).expect("it opens");
    let samples = reader.read(0, rate as usize * 2).expect("it reads");
    let error = |delay: i64| -> f32 {
        (2000..6500i64)
            .step_by(3)
            .map(|at| samples.plane(0)[(at + delay) as usize] - wanted[0][at as usize])
            .map(|difference| difference * difference)
            .sum()
    };
    // The delays of codecs, and all small ones.
    let known = [312, 529, 576, 960, 1024, 1105, 1152].into_iter().flat_map(|delay| [delay, -delay]);
    let best = known.chain(-40..=40).min_by(|&a, &b| error(a).total_cmp(&error(b))).expect("some");
    assert_eq!(best, 0, "{}: {} samples late", path.display(), best);
    assert!((error(0) / 1500.0).sqrt() < most, "{}", path.display());
}

const PICTURE: &str = "-f lavfi -i testsrc=s=64x64:r=24:d=3 -map 0:a -map 1:v";

// Noise that decoders make up for themselves (AAC's substitution, AC-3's dither) is another one after every jump.
macro_rules! reads {
    ($($test:ident: $name:literal, $rate:literal, $channels:literal, $tolerance:literal, $arguments:expr;)*) => {$(
        #[test]
        fn $test() {
            let media = Media::new();
            check(&file(&media, $name, $rate, $channels, &$arguments), $tolerance);
        }
    )*};
}

reads! {
    wav_16: "a.wav", 44_100, 2, 1e-6, "-c:a pcm_s16le";
    wav_24_of_six: "a.wav", 48_000, 6, 1e-6, "-c:a pcm_s24le";
    wav_8: "a.wav", 22_050, 1, 1e-6, "-c:a pcm_u8";
    wav_64: "a.wav", 96_000, 1, 1e-6, "-c:a pcm_f64le";
    aiff: "a.aiff", 48_000, 2, 1e-6, "-c:a pcm_s16be";
    flac: "a.flac", 44_100, 2, 1e-6, "-c:a flac";
    alac: "a.m4a", 48_000, 2, 1e-6, "-c:a alac";
    m4a: "a.m4a", 44_100, 2, 1e-4, "-c:a aac -aac_pns 0 -b:a 192k";
    mp3: "a.mp3", 44_100, 2, 1e-3, "-c:a libmp3lame -b:a 192k";
    mp3_vbr: "a.mp3", 48_000, 2, 1e-3, "-c:a libmp3lame -q:a 2";
    opus: "a.opus", 48_000, 2, 2e-3, "-c:a libopus -b:a 128k";
    vorbis: "a.ogg", 48_000, 2, 1e-4, "-c:a libvorbis -q:a 6";
    ac3: "a.ac3", 48_000, 6, 5e-2, "-c:a ac3 -b:a 448k";
    mov_pcm: "a.mov", 48_000, 2, 1e-6, format!("{PICTURE} -c:v mjpeg -c:a pcm_s24le");
    mov_aac: "a.mov", 48_000, 2, 1e-4, format!("{PICTURE} -c:v mjpeg -c:a aac -aac_pns 0 -b:a 192k");
    mp4_aac_b_frames: "a.mp4", 48_000, 2, 1e-4, format!("{PICTURE} -c:v libx264 -bf 3 -c:a aac -aac_pns 0 -b:a 192k");
    mkv_pcm: "a.mkv", 48_000, 2, 1e-6, format!("{PICTURE} -c:v mjpeg -c:a pcm_s16le");
    mkv_flac: "a.mkv", 44_100, 2, 1e-6, format!("{PICTURE} -c:v mjpeg -c:a flac");
    mkv_sound_alone: "a.mka", 48_000, 2, 2e-3, "-c:a libopus -b:a 128k";
    mxf: "a.mxf", 48_000, 1, 1e-6, "-f lavfi -i testsrc=s=64x64:r=25:d=3 -map 1:v -map 0:a -c:v mpeg2video -c:a pcm_s16le";
    avi: "a.avi", 48_000, 2, 1e-6, format!("{PICTURE} -c:v mjpeg -c:a pcm_s16le");
    ts: "a.ts", 48_000, 2, 1e-3, format!("{PICTURE} -c:v libx264 -bf 0 -c:a mp2 -b:a 256k");
}

/// Streams without timestamps, and blocks whose times containers guess: any place is what decoding from the start gives.
#[test]
fn elementary_streams_and_blocks_are_exact() {
    let media = Media::new();
    for (name, rate, tolerance, arguments) in [
        ("a.ac3", 48_000, 5e-2, "-c:a ac3 -b:a 192k"),
        ("b.ac3", 44_100, 5e-2, "-c:a ac3 -b:a 256k"),
        ("a.eac3", 48_000, 5e-2, "-c:a eac3 -b:a 192k"),
        ("a.aac", 44_100, 1e-4, "-c:a aac -aac_pns 0 -b:a 128k"),
        ("a.mp2", 48_000, 1e-3, "-c:a mp2 -b:a 192k"),
        ("vbr.mp3", 44_100, 1e-3, "-c:a libmp3lame -q:a 5 -write_xing 0"),
        ("cbr.mp3", 44_100, 1e-3, "-c:a libmp3lame -b:a 128k -write_xing 0 -id3v2_version 0"),
        ("ima.wav", 44_100, 1e-6, "-c:a adpcm_ima_wav"),
        ("ms.wav", 48_000, 1e-6, "-c:a adpcm_ms"),
        ("qt.mov", 44_100, 1e-6, "-c:a adpcm_ima_qt"),
        ("qt.aiff", 44_100, 1e-6, "-c:a adpcm_ima_qt"),
        ("mp3.wav", 44_100, 1e-3, "-c:a libmp3lame -b:a 128k"),
        ("ac3.wav", 48_000, 5e-2, "-c:a ac3 -b:a 192k"),
        ("law.wav", 8_000, 1e-6, "-c:a pcm_mulaw"),
        ("dts.dts", 48_000, 1e-2, "-c:a dca -strict -2 -b:a 768k"),
        ("lossless.caf", 48_000, 1e-6, "-c:a alac"),
        ("q.caf", 44_100, 1e-6, "-c:a adpcm_ima_qt"),
    ] {
        let path = sound(&media.path(name), rate, &noise_of(rate, 2, 9), arguments);
        check(&path, tolerance);
    }
}

#[test]
fn what_codecs_put_in_front_is_no_sound() {
    let media = Media::new();
    for (name, rate, arguments, most) in [
        ("a.m4a", 48_000, "-c:a aac -b:a 320k", 0.02),
        ("a.mp3", 44_100, "-c:a libmp3lame -b:a 320k", 0.02),
        ("a.opus", 48_000, "-c:a libopus -b:a 256k", 0.03),
        ("a.flac", 48_000, "-c:a flac", 1e-3),
        ("a.ogg", 48_000, "-c:a libvorbis -q:a 9", 0.02),
        ("a.mov", 48_000, "-f lavfi -i testsrc=s=64x64:r=24:d=3 -map 0:a -map 1:v -c:v mjpeg -c:a aac -b:a 320k", 0.02),
        ("b.mka", 48_000, "-c:a libopus -b:a 256k", 0.03),
    ] {
        undelayed(&file(&media, name, rate, 2, arguments), rate, most);
    }
}

#[test]
fn sound_that_starts_after_the_picture_is_late() {
    let media = Media::new();
    let path = media.path("late.mov");
    let clicked = clicks(2, 48_000, &[(0, 0, 0.5), (100, 1, 0.25)]);
    let arguments = "-f lavfi -i testsrc=s=64x64:r=24:d=2 -map 0:a -map 1:v -c:v mjpeg -c:a pcm_s24le";
    let wav = media.wav("a.wav", 48_000, &clicked);
    let file = wav.to_str().expect("plain");
    let mut all = vec!["-itsoffset", "0.5", "-i", file];
    all.extend(arguments.split_whitespace());
    all.push(path.to_str().expect("plain"));
    crate::common::ffmpeg(&all, None);
    let mut reader = SoundReader::open(&path, None).expect("it opens");
    let samples = reader.read(0, 48_000).expect("it reads");
    assert_eq!(loud(samples.plane(0), 0.0), [(24_000, 0.5)]);
    assert_eq!(loud(samples.plane(1), 0.0), [(24_100, 0.25)]);
    let behind = reader.read(24_050, 100).expect("it reads");
    assert_eq!(loud(behind.plane(1), 0.0), [(50, 0.25)]);
}

/// What an edit list hides in front of a stream is none of it, and times below zero are times like others: the judge decodes
/// from the start, and says where the sound lies beside the picture.
#[test]
fn edit_lists_and_times_below_zero_move_nothing() {
    let media = Media::new();
    let plain = |path: &Path| path.to_str().expect("temporary folders have plain names").to_owned();
    let whole = |name: &str, arguments: &str| plain(&file(&media, name, 48_000, 2, arguments));
    let pcm = whole("pcm.mov", &format!("{PICTURE} -c:v mjpeg -c:a pcm_s24le"));
    let aac = whole("aac.mp4", &format!("{PICTURE} -c:v libx264 -bf 2 -g 12 -c:a aac -aac_pns 0 -b:a 192k"));
    let alone = whole("alone.m4a", "-c:a aac -aac_pns 0 -b:a 192k");
    let below = "-output_ts_offset -0.4 -avoid_negative_ts disabled";
    let late = "-itsoffset 0.3";
    for (name, before, source, after, tolerance) in [
        ("inside.mov", "-ss 0.73", &pcm, "-c copy", 1e-6),
        ("inside.mp4", "-ss 0.73", &aac, "-c copy", 1e-4),
        ("inside.m4a", "-ss 0.73", &alone, "-c copy", 1e-4),
        ("late.m4a", late, &alone, "-c copy", 1e-4),
        ("below.mov", "", &pcm, &format!("-c copy {below}"), 1e-6),
        ("below.mp4", "", &aac, &format!("-c copy {below}"), 1e-4),
        ("below.mkv", "", &pcm, &format!("-c copy {below}"), 1e-6),
        ("below.ts", "", &pcm, &format!("-c:v libx264 -bf 0 -c:a mp2 -b:a 256k {below}"), 1e-3),
    ] {
        let path = media.path(name);
        let target = plain(&path);
        let mut all: Vec<&str> = before.split_whitespace().collect();
        all.extend(["-i", source]);
        all.extend(after.split_whitespace());
        all.push(&target);
        crate::common::ffmpeg(&all, None);
        check(&path, tolerance);
    }
}
