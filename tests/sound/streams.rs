//! A transcode keeps every stream of sound, or says what it leaves out. R14.

use std::path::{Path, PathBuf};

use otio_conflate::backend::Control;
use otio_conflate::deliver::{Representation, TranscodeOptions, Transcoded, transcode};
use otio_conflate::{CancelToken, NoObserver};
use serde_json::Value;

use crate::common::{ffmpeg, ffprobe};
use crate::support::*;

/// Two seconds of pictures beside streams of these: FFmpeg's expression (one part a channel), layout, rate, codec, and
/// what else is said of it.
fn movie(media: &Media, name: &str, streams: &[(&str, &str, u32, &str, &str)]) -> PathBuf {
    let path = media.path(name);
    let mut all: Vec<String> = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=24:d=2"].map(str::to_owned).to_vec();
    for (expression, layout, rate, ..) in streams {
        let source = format!("aevalsrc={expression}:c={layout}:s={rate}:d=2");
        all.extend(["-f", "lavfi", "-i", &source].map(str::to_owned));
    }
    all.extend(["-map", "0:v", "-c:v", "mjpeg", "-q:v", "3"].map(str::to_owned));
    for (index, (.., codec, about)) in streams.iter().enumerate() {
        all.extend(["-map".to_owned(), format!("{}:a", index + 1), format!("-c:a:{index}"), (*codec).to_owned()]);
        for about in about.split(',').filter(|about| !about.is_empty()) {
            all.extend([format!("-metadata:s:a:{index}"), about.to_owned()]);
        }
    }
    all.push(path.to_str().expect("a plain name").to_owned());
    ffmpeg(&all.iter().map(String::as_str).collect::<Vec<_>>(), None);
    path
}

fn made(path: &Path, wanted: &[&str], folder: &Path) -> (Transcoded, Vec<PathBuf>) {
    let wanted: Vec<Representation> = wanted.iter().map(|name| named(name)).collect();
    made_as(path, &wanted, folder)
}

fn named(name: &str) -> Representation {
    Representation::by_name(name).expect("a representation")
}

fn made_as(path: &Path, wanted: &[Representation], folder: &Path) -> (Transcoded, Vec<PathBuf>) {
    let control = Control { observer: &NoObserver, cancel: &CancelToken::new() };
    let made = transcode(path, wanted, folder, &TranscodeOptions::default(), &control).expect("a transcode");
    let paths = made.representations.iter().map(|made| folder.join(&made.output.path)).collect();
    (made, paths)
}

fn streams(path: &Path) -> Vec<Value> {
    let facts = ffprobe(path);
    let streams = facts["streams"].as_array().expect("streams").iter();
    streams.filter(|stream| stream["codec_type"] == "audio").cloned().collect()
}

#[test]
fn eight_sounds_of_one_channel_stay_eight() {
    let media = Media::new();
    let levels: Vec<String> = (1..=8).map(|stream| format!("0.0625*{stream}")).collect();
    let sounds: Vec<_> = levels.iter().map(|level| (level.as_str(), "mono", 48_000, "pcm_s16le", "")).collect();
    let path = movie(&media, "eight.mov", &sounds);
    let (made, paths) = made(&path, &["prores", "ffv1", "h264"], &media.path("out"));
    assert!(made.warnings.iter().any(|said| said.contains("its 8 mono streams stay separate")), "{:?}", made.warnings);
    for (number, made) in paths.iter().enumerate() {
        let streams = streams(made);
        assert_eq!(streams.len(), 8, "{}", made.display());
        for (index, stream) in streams.iter().enumerate() {
            assert_eq!(stream["channels"], 1);
            let map = format!("0:a:{index}");
            let (own, source) = (heard_as(made, &map), heard_as(&path, &map));
            if number < 2 {
                assert!(own == source, "{}, {map}", made.display());
            } else {
                assert!(decibels(own[0][48_000], source[0][48_000]).abs() < 0.2, "{map}");
            }
        }
    }
}

#[test]
fn further_sounds_keep_rate_language_and_title() {
    let media = Media::new();
    let sounds = [
        ("0.25|0.5", "stereo", 48_000, "pcm_s24le", "language=deu,title=Mischung"),
        ("0.125|0.0625", "stereo", 44_100, "pcm_s16le", "language=eng,title=M+E"),
        ("0.1|0.2|0.3|0.4|0.5|0.6", "5.1", 48_000, "pcm_s16le", "language=fra"),
    ];
    let path = movie(&media, "three.mkv", &sounds);
    let (made, paths) = made(&path, &["prores", "ffv1", "h264", "vp9"], &media.path("out"));
    assert!(made.warnings.is_empty(), "{:?}", made.warnings);
    for (number, made) in paths.iter().enumerate() {
        let streams = streams(made);
        assert_eq!(streams.len(), 3, "{}", made.display());
        for (index, (stream, language)) in streams.iter().zip(["ger", "eng", "fre"]).enumerate() {
            let own = stream["tags"]["language"].as_str().unwrap_or_default();
            assert!([language, ["deu", "eng", "fra"][index]].contains(&own), "{}: {stream:#}", made.display());
            assert_eq!(stream["channels"], [2, 2, 6][index]);
            let rate = if number == 3 { "48000" } else { ["48000", "44100", "48000"][index] };
            assert_eq!(stream["sample_rate"], rate, "{}", made.display());
            let map = format!("0:a:{index}");
            let (own, source) = (heard_as(made, &map), heard_as(&path, &map));
            for (channel, (own, source)) in own.iter().zip(&source).enumerate() {
                if number < 2 {
                    assert!(own == source, "{}, {map}", made.display());
                } else if channel != 3 && number == 2 {
                    let middle = own.len() / 2;
                    assert!(decibels(own[middle], source[middle]).abs() < 0.5, "{}: {map}", made.display());
                }
            }
        }
        let titles = [&streams[0], &streams[1]].map(|stream| {
            let tags = &stream["tags"];
            tags["title"].as_str().or(tags["handler_name"].as_str()).unwrap_or_default().to_owned()
        });
        if number % 2 == 1 {
            assert_eq!(titles, ["Mischung", "M+E"], "{}", made.display());
        }
    }
}

#[test]
fn channels_go_together_where_players_choose_one_stream() {
    let media = Media::new();
    let sounds = [("0.25", "mono", 48_000, "pcm_s16le", ""), ("0.5", "mono", 48_000, "pcm_s16le", "")];
    let path = movie(&media, "two.mov", &sounds);
    let (made, paths) = made(&path, &["prores", "h264"], &media.path("out"));
    assert!(made.warnings.is_empty(), "{:?}", made.warnings);
    assert_eq!(streams(&paths[0]).len(), 2);
    let joined = streams(&paths[1]);
    assert_eq!((joined.len(), &joined[0]["channels"]), (1, &2.into()));
    let heard = heard(&paths[1]);
    let close = |own: f32, wanted: f32| decibels(own, wanted).abs() < 0.2;
    assert!(close(heard[0][48_000], 0.25) && close(heard[1][48_000], 0.5), "left and right");
}

#[test]
fn what_a_codec_does_not_take_is_left_out_and_told() {
    let media = Media::new();
    let many = ["0.1"; 16].join("|");
    let sounds =
        [("0.25|0.5", "stereo", 48_000, "pcm_s16le", ""), (many.as_str(), "hexadecagonal", 48_000, "pcm_s16le", "")];
    let path = movie(&media, "many.mov", &sounds);
    let mut dolby = named("h264");
    dolby.preset.audio = Some("ac3".to_owned());
    let (made, paths) = made_as(&path, &[named("prores"), dolby], &media.path("out"));
    assert_eq!(streams(&paths[0]).len(), 2, "{:?}", made.warnings);
    assert_eq!(streams(&paths[1]).len(), 1);
    let said = &made.warnings[0];
    let told = said.starts_with("sound 2 of 16 channels (") && said.ends_with("is left out: ac3 does not take them");
    assert!(told && made.warnings.len() == 1, "{:?}", made.warnings);
}
