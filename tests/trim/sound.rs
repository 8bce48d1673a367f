//! What is heard in a piece: the samples beside its frames, all streams of them. R14.

use std::path::Path;

use otio_conflate::deliver::{CopyMode, Cut};
use otio_conflate::time::{Rate, Ratio};

use crate::hearing::{Channels, heard_as, sound};
use crate::support::Media;

/// Samples that are all different from their neighbours, as 16 bits hold them.
fn noise(channels: usize, len: usize) -> Channels {
    let level = |sample: usize, channel: usize| ((sample * 7919 + channel * 977) % 60_000) as f32 - 30_000.0;
    let plane = |channel| (0..len).map(|sample| level(sample, channel) / 32_768.0).collect();
    (0..channels).map(plane).collect()
}

/// The sample at the start of a frame.
fn sample(frame: i64, rate: Rate, samples: u32) -> usize {
    let place = Ratio::whole(frame) / rate.nominal() * Ratio::whole(samples.into()) + Ratio::new(1, 2);
    usize::try_from(place.floor()).expect("not in front of the file")
}

#[track_caller]
fn assert_heard(piece: &Path, map: &str, whole: &Channels, range: std::ops::Range<usize>) {
    let piece_sound = heard_as(piece, map);
    assert_eq!(piece_sound.len(), whole.len(), "{} {map}: channels", piece.display());
    for (channel, (got, all)) in piece_sound.iter().zip(whole).enumerate() {
        assert_eq!(got.len(), range.len(), "{} {map}: samples", piece.display());
        let wrong = got.iter().zip(&all[range.clone()]).position(|(got, wanted)| got != wanted);
        assert_eq!(wrong, None, "{} {map}: channel {channel}", piece.display());
    }
}

/// Several streams of PCM: every piece, copied or not, has exactly the samples beside its frames.
#[test]
fn pcm_is_cut_to_the_sample_and_is_the_same_samples() {
    for (name, rate, samples, pictures, formats) in [
        ("a.mov", "24000/1001", 48_000, "-c:v prores_aw", ["pcm_s16le", "pcm_s24le"]),
        ("a.mov", "30000/1001", 44_100, "-c:v mpeg4 -g 5", ["pcm_f32le", "pcm_s16be"]),
        ("a.mkv", "24", 44_100, "-c:v ffv1", ["pcm_s16le", "flac"]),
        ("a.mxf", "25", 48_000, "-c:v mpeg2video -g 5 -q:v 2 -pix_fmt yuv422p", ["pcm_s16le", "pcm_s16le"]),
        ("a.avi", "24", 48_000, "-c:v mjpeg -pix_fmt yuvj420p", ["pcm_s16le", "pcm_u8"]),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let inputs = [("one.wav", noise(2, 100_000)), ("two.wav", noise(1, 100_000))];
        let wav = inputs.map(|(name, plane)| sound(&folder.path().join(name), samples, &plane, "-c:a pcm_f32le"));
        let arguments = format!(
            "-i {} -i {} -map 0:v -map 1:a -map 2:a {pictures} -c:a:0 {} -c:a:1 {} -shortest",
            wav[0].display(),
            wav[1].display(),
            formats[0],
            formats[1]
        );
        let media = Media::new(name, 40, rate, &arguments);
        let (num, den) = rate.split_once('/').unwrap_or((rate, "1"));
        let rate = Rate::from_ratio(num.parse().expect("a number"), den.parse().expect("a number")).expect("a rate");
        let whole: Vec<_> = ["0:a:0", "0:a:1"].map(|map| heard_as(&media.movie, map)).to_vec();
        let extension = name.rsplit('.').next().expect("an extension");
        // Sounds are read on, and back where pieces overlap.
        let places = [(0, 10), (7, 13), (9, 1)];
        for copy in [CopyMode::Exact, CopyMode::Never] {
            let trimmed = media.pieces(extension, &places, copy);
            for (piece, (first, count)) in trimmed.pieces.iter().zip(places) {
                let piece = piece.as_ref().unwrap_or_else(|error| panic!("{name} {first}+{count}: {error:#}"));
                assert!(piece.notes.is_empty(), "{:?}", piece.notes);
                let range = sample(first, rate, samples)..sample(first + count, rate, samples);
                assert_heard(&piece.path, "0:a:0", &whole[0], range.clone());
                assert_heard(&piece.path, "0:a:1", &whole[1], range);
            }
        }
    }
}

/// The place of the loudest sample.
fn click(channel: &[f32]) -> usize {
    let louder = |a: &(usize, &f32), b: &(usize, &f32)| a.1.abs().total_cmp(&b.1.abs());
    channel.iter().enumerate().max_by(louder).map(|(place, _)| place).expect("samples")
}

#[test]
fn compressed_sound_stays_in_its_place() {
    const H264: &str = "-c:v libx264 -preset veryfast -g 10 -bf 2 -sc_threshold 0";
    for (name, codec, pictures, rate) in [
        ("a.mp4", "aac", H264, 48_000),
        ("a.mov", "aac", "-c:v prores_aw", 44_100),
        ("a.mov", "alac", H264, 44_100),
        ("a.mp4", "ac3", H264, 48_000),
        ("a.ts", "mp2", "-c:v libx264 -preset veryfast -g 10 -bf 0 -sc_threshold 0", 48_000),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut plane = vec![0.0; 100_000];
        let at = sample(24, Rate::FPS_24, rate) + 345;
        plane[at] = 0.8;
        let wav = sound(&folder.path().join("one.wav"), rate, &vec![plane], "-c:a pcm_f32le");
        let media =
            Media::new(name, 40, "24", &format!("-i {} -map 0:v -map 1:a {pictures} -c:a {codec}", wav.display()));
        for (first, count) in [(20, 10), (17, 20)] {
            let cut = Cut::frames(first, count);
            let piece = media.piece(&format!("{first}-{name}"), cut, |trim| trim).expect("a piece");
            let heard = heard_as(&piece.path, "0:a:0");
            let expected = at - sample(first, Rate::FPS_24, rate);
            // The stream of a transport stream starts with the codec's priming, in front of the pictures.
            let priming = if name == "a.ts" { click(&heard_as(&media.movie, "0:a:0")[0]) - at } else { 0 };
            assert_eq!(click(&heard[0]) - priming, expected, "{name} {first}+{count}");
        }
    }
}
