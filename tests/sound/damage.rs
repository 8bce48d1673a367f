//! Damaged sound is told: with clip and range, as pictures are. R14, R15.

use std::path::{Path, PathBuf};

use otio_conflate::deliver::AudioDelivery;
use otio_conflate::plan::{Damaged, PlanOptions};
use otio_conflate::{ErrorKind, Status};
use serde_json::Value;

use crate::support::*;

fn tone(seconds: usize) -> Channels {
    let plane: Vec<f32> = (0..48_000 * seconds).map(|index| 0.4 * (index as f32 * 0.05).sin()).collect();
    vec![plane.clone(), plane]
}

/// Three seconds in three shots, from the medium's second on.
fn cut_of(path: &Path) -> Value {
    timeline([audio([clip("c", path, range(24, 72, 24))])])
}

fn with(damaged: Damaged) -> PlanOptions {
    let mut options = pieces(&[("one", 0, 24), ("two", 24, 24), ("three", 48, 24)]);
    options.damaged = damaged;
    options
}

/// What becomes of the three shots, and what is said of each.
fn shots(path: &Path, damaged: Damaged) -> (Vec<Status>, Vec<String>) {
    let run = try_run(&cut_of(path), &with(damaged), "mjpeg", AudioDelivery::Wav).expect("a run");
    let said = |shot: &otio_conflate::ShotReport| [shot.warnings.clone(), shot.error.clone()].concat().join("\n");
    (run.report.shots.iter().map(|shot| shot.status).collect(), run.report.shots.iter().map(said).collect())
}

#[test]
fn damage_inside_of_a_stream_is_told_of_its_shot_alone() {
    for (name, arguments, reach) in [
        ("a.flac", "-c:a flac", 60),
        ("a.ac3", "-c:a ac3 -f matroska", 60),
        // It has no checksums: headers have to be hit.
        ("a.mp3", "-c:a libmp3lame -b:a 192k", 1500),
    ] {
        let media = Media::new();
        let path = sound(&media.path(name), 48_000, &tone(5), arguments);
        let mut bytes = std::fs::read(&path).expect("it was written");
        // In the middle of the second shot, which is that of the file.
        let middle = bytes.len() / 2;
        bytes[middle - reach..middle + reach].iter_mut().for_each(|byte| *byte ^= 0xa5);
        std::fs::write(&path, bytes).expect("written");
        let (states, said) = shots(&path, Damaged::Error);
        assert_eq!(states, [Status::Done, Status::Failed, Status::Done], "{name}: {said:?}");
        assert!(said[1].contains("is damaged from 2.") && said[1].contains("clip \"c\""), "{name}: {said:?}");
        let (states, said) = shots(&path, Damaged::Warn);
        assert_eq!(states, [Status::Done; 3], "{name}: {said:?}");
        let told = said[1].contains("clip \"c\": the sound of ") && said[1].contains("was delivered");
        assert!(told && said[0].is_empty() && said[2].is_empty(), "{name}: {said:?}");
    }
}

/// Noise, in which every place sounds different.
fn noise(seconds: usize) -> Channels {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 16_777_216.0 - 0.5
    };
    vec![(0..48_000 * seconds).map(|_| 0.5 * next()).collect()]
}

#[test]
fn what_is_lost_is_neither_silent_nor_early_without_a_word() {
    let whole = &noise(5);
    std::thread::scope(|scope| {
        for (name, arguments, hole) in [
            ("aac.mka", "-c:a aac", 2000),
            ("flac.mka", "-c:a flac", 4096),
            ("pcm.mka", "-c:a pcm_s16le", 16_384),
            ("opus.mka", "-c:a libopus", 2000),
            ("a.ogg", "-c:a libvorbis", 200),
            ("a.opus", "-c:a libopus", 200),
            ("aac.ts", "-c:a aac", 4096),
            ("ac3.ts", "-c:a ac3", 16_384),
            ("a.flac", "-c:a flac", 12_000),
            ("a.ac3", "-c:a ac3", 1000),
            ("a.mp3", "-c:a libmp3lame -b:a 128k", 1000),
            ("vbr.mp3", "-c:a libmp3lame -q:a 4", 1000),
            ("a.aac", "-c:a aac", 1000),
            ("pcm.avi", "-c:a pcm_s16le", 4096),
            ("mp3.avi", "-c:a libmp3lame -b:a 128k", 1000),
            ("a.mxf", "-f lavfi -i color=s=64x64:d=5 -c:v mpeg2video -b:v 50k -c:a pcm_s16le -ar 48000", 6000),
        ] {
            scope.spawn(move || lost(name, arguments, hole, whole));
        }
    });
}

/// Overwrites `hole` bytes in the middle of a file, and again in front of the first shot.
fn lost(name: &str, arguments: &str, hole: usize, whole: &Channels) {
    let media = Media::new();
    let path = sound(&media.path(name), 48_000, whole, arguments);
    let played = |damaged| try_run(&cut_of(&path), &with(damaged), "mjpeg", AudioDelivery::Wav).expect("a run");
    let right = played(Damaged::Error);
    assert!(right.report.succeeded(), "{name}: {}", right.said());
    let quiet = |shot: &otio_conflate::ShotReport| shot.warnings.is_empty();
    assert!(right.report.shots.iter().all(quiet), "{name}: {}", right.said());
    let bytes = std::fs::read(&path).expect("it was written");
    for (start, inside) in [(bytes.len() / 2, true), (bytes.len() / 8, false)] {
        let mut holed = bytes.clone();
        holed[start..start + hole].fill(0);
        std::fs::write(&path, holed).expect("written");
        let run = played(Damaged::Error);
        let said = run.said();
        let states: Vec<Status> = run.report.shots.iter().map(|shot| shot.status).collect();
        assert!(!inside || states[1] == Status::Failed, "{name}: {states:?} {said}");
        for (shot, name_of_shot) in run.report.shots.iter().zip(["one", "two", "three"]) {
            // A shot behind one that failed opens its file anew, and of MP3 it does not see what it passes over.
            let passed_over = name.ends_with(".mp3") && states.contains(&Status::Failed);
            if shot.status == Status::Done && !passed_over {
                let (is, was) = (&heard(&run.wav(name_of_shot))[0], &heard(&right.wav(name_of_shot))[0]);
                // Some codecs fill up with noise of their own, or build on the frame before.
                let like = |(is, was): (&[f32], &[f32])| {
                    let sum = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
                    sum(is, was) > 0.6 * (sum(is, is) * sum(was, was)).sqrt().max(1.0)
                };
                let windows = is.chunks(4800).zip(was.chunks(4800));
                let differ = windows.filter(|window| !like(*window)).count();
                assert!(differ <= 1, "{name}, {inside}: {differ} tenths of {name_of_shot} differ: {said}");
            }
        }
        let run = played(Damaged::Warn);
        assert!(run.report.succeeded(), "{name}: {}", run.said());
        let told = run.report.shots[1].warnings.iter().any(|warning| warning.contains("was delivered"));
        assert!(!inside || told, "{name}: {}", run.said());
    }
}

fn truncated(media: &Media, name: &str, arguments: &str) -> PathBuf {
    let path = sound(&media.path(name), 48_000, &tone(5), arguments);
    let bytes = std::fs::read(&path).expect("it was written");
    std::fs::write(&path, &bytes[..bytes.len() * 13 / 20]).expect("written");
    path
}

#[test]
fn what_is_cut_short_is_told_with_its_range() {
    for (name, arguments) in [
        ("a.aiff", "-c:a pcm_s16be"),
        ("a.caf", "-c:a pcm_s16be"),
        ("a.wav", "-c:a pcm_s24le"),
        ("a.mov", "-c:a pcm_s16le -movflags +faststart"),
        ("a.m4a", "-c:a aac -movflags +faststart"),
        ("a.flac", "-c:a flac"),
        ("a.mp3", "-c:a libmp3lame -b:a 192k"),
        ("a.mka", "-c:a pcm_s16le"),
    ] {
        let media = Media::new();
        let path = truncated(&media, name, arguments);
        let mut warned = cut_of(&path);
        for claimed in [false, true] {
            if claimed {
                warned["tracks"]["children"][0]["children"][0]["media_references"]["DEFAULT_MEDIA"]["available_range"] =
                    range(0, 120, 24);
            }
            let run = try_run(&warned, &with(Damaged::Warn), "mjpeg", AudioDelivery::Wav).expect("a run");
            let said = run.said();
            assert!(run.report.succeeded(), "{name}: {said}");
            // The file ends at 3.25 s: in the last shot.
            let told = said.contains("ends at 3.2") || said.contains("which lasts 3.2");
            assert!(told && said.contains(name), "{name}, claimed {claimed}: {said:?}");
            assert!(run.report.shots[..2].iter().all(|shot| shot.warnings.is_empty()), "{name}: {said}");
            let planned = plan(&warned, &{
                let mut options = with(Damaged::Warn);
                options.overrun = otio_conflate::plan::OverrunPolicy::Error;
                options
            });
            match planned {
                Err(error) => assert_eq!(error.kind(), ErrorKind::Overrun, "{name}"),
                Ok(planned) => {
                    let path = |shot: &otio_conflate::plan::Shot| media.path(&format!("{}.out.wav", shot.name));
                    let cancel = otio_conflate::CancelToken::new();
                    let refused = otio_conflate::backend::ffmpeg::write_shot_mixes(&planned, path, &cancel);
                    assert_eq!(refused.expect_err(name).kind(), ErrorKind::Overrun, "{name}");
                }
            }
        }
    }
}
