//! Shots are pieces of one sound: they join, sample for sample, and each is the mix at its time reference. R14.

use otio_conflate::backend::CancelToken;
use otio_conflate::backend::ffmpeg::{write_mix, write_shot_mixes};
use otio_conflate::plan::{Pitch, PlanOptions, Shot};
use serde_json::Value;

use crate::support::*;

/// Pairs of frame rates and sample rates; of most, frames are no whole samples.
const RATES: [(f64, u32); 12] = [
    (29.97, 48_000),
    (59.94, 48_000),
    (23.976, 48_000),
    (119.88, 48_000),
    (24.0, 44_100),
    (25.0, 44_100),
    (30.0, 44_100),
    (29.97, 44_100),
    (23.976, 44_100),
    (47.952, 32_000),
    (60.0, 22_050),
    (59.94, 96_000),
];

/// How many shots there are at each pair of rates.
fn count() -> usize {
    std::env::var("JOINS").ok().and_then(|count| count.parse().ok()).unwrap_or(12)
}

/// Shots of 1 to 4 frames, one behind the other: name, first, how many.
fn shots(noise: &mut Noise) -> Vec<(String, i64, i64)> {
    let mut first = 0;
    let mut shot = |index: usize| {
        let shot = (format!("s{index:03}"), first, 1 + noise.below(4) as i64);
        first += shot.2;
        shot
    };
    (0..count()).map(&mut shot).collect()
}

fn cut_of(shots: &[(String, i64, i64)]) -> PlanOptions {
    let shots: Vec<_> = shots.iter().map(|(name, first, count)| (name.as_str(), *first, *count)).collect();
    pieces(&shots)
}

/// Clips one behind the other at `rate` up to frame `end`, each another way through `wav`.
fn clips_of(wav: &std::path::Path, rate: f64, end: i64, noise: &mut Noise) -> Vec<Value> {
    let (mut at, mut clips) = (0, Vec::new());
    let speeds = [1.0, 1.0, 1.25, -1.0, 1.0, 1.0, 1.037_291, 0.5, -1.7, 1.0];
    while at < end {
        let frames = 5 + noise.below(20) as i32;
        let start = 40.0 + noise.below(4000) as f64 / 100.0;
        let speed = speeds[noise.below(speeds.len() as u64) as usize];
        let mut one = clip("c", wav, range(start, frames, rate));
        if speed != 1.0 {
            one = warped(one, speed);
        }
        clips.push(one);
        at += i64::from(frames);
    }
    clips
}

/// Every shot has the samples from its start to its end, and they are those of the mix.
#[track_caller]
fn they_join(media: &Media, cut: &Value, options: &PlanOptions, what: &str) {
    let planned = plan(cut, options).unwrap_or_else(|error| panic!("{what}: {error:#}"));
    let whole = media.path("whole.wav");
    write_mix(&planned, &whole, &CancelToken::new()).unwrap_or_else(|error| panic!("{what}: {error:#}"));
    let path = |shot: &Shot| media.path(&format!("{}.wav", shot.name));
    write_shot_mixes(&planned, path, &CancelToken::new()).unwrap_or_else(|error| panic!("{what}: {error:#}"));
    let whole = Wav::read(&whole);
    let (num, den) = (i64::from(planned.rate.num()), i64::from(planned.rate.den()));
    let nearest = |frame: i64| {
        let samples = 2 * frame * den * i64::from(options.sound.rate) + num;
        usize::try_from(samples.div_euclid(2 * num)).expect("inside the cut")
    };
    for shot in &planned.shots {
        let part = nearest(shot.start)..nearest(shot.start + shot.frame_count);
        let wav = Wav::read(&path(shot));
        let at = (wav.reference() - whole.reference()) as usize;
        assert_eq!((at, wav.len()), (part.start, part.len()), "{what}: {}", shot.name);
        assert_eq!(planned.samples(shot).map(|own| own.end - own.start), Some(part.len() as i64), "{what}");
        for (channel, own) in wav.planes.iter().enumerate() {
            let mut pairs = own.iter().zip(&whole.planes[channel][part.clone()]).enumerate();
            let differs = pairs.find(|(_, (own, whole))| own != whole);
            assert_eq!(differs, None, "{what}: of {} samples behind {} in {}", wav.len(), part.start, shot.name);
        }
    }
    assert!(whole.planes[0].iter().any(|&sample| sample != 0), "{what}: nothing is heard");
}

#[test]
fn shots_join_at_any_pair_of_rates() {
    for (number, (rate, samples)) in RATES.into_iter().enumerate() {
        let (media, mut noise) = (Media::new(), Noise(number as u64));
        let shots = shots(&mut noise);
        let end = shots.last().map_or(0, |(_, first, count)| first + count);
        let own = [48_000, 44_100, 11_025, 96_000, 192_000, 22_050][number % 6];
        let wav = media.wav("a.wav", own, &noise.channels(2, own as usize * 8, 0.3));
        let tracks = [1, 2].map(|_| audio(clips_of(&wav, rate, end, &mut noise)));
        let cut = timeline_at(time(100_003, rate), tracks);
        let mut options = cut_of(&shots);
        options.sound.rate = samples;
        they_join(&media, &cut, &options, &format!("{rate} frames, {samples} samples"));
    }
}

#[test]
fn limited_and_stretched_shots_join_too() {
    for (rate, samples) in [(29.97, 48_000), (24.0, 44_100)] {
        for (limit, pitch) in [(Some(-3.0), Pitch::Follow), (None, Pitch::Keep), (Some(-6.0), Pitch::Keep)] {
            let (media, mut noise) = (Media::new(), Noise(7));
            let shots = shots(&mut noise);
            let end = shots.last().map_or(0, |(_, first, count)| first + count);
            let mut loud = noise.channels(2, 8 * 48_000, 0.6);
            // Here and there it is too loud for a moment.
            for place in 0..80 {
                loud[place % 2][place * 4_801] = 0.99;
            }
            let wav = media.wav("a.wav", 48_000, &loud);
            let crossed = |mut clips: Vec<Value>| {
                for place in (1..clips.len()).rev() {
                    clips.insert(place, dissolve(2, 1));
                }
                clips
            };
            let tracks = [1, 2].map(|_| audio(crossed(clips_of(&wav, rate, end, &mut noise))));
            let mut options = cut_of(&shots);
            options.sound.rate = samples;
            (options.sound.limit, options.sound.pitch) = (limit, pitch);
            let what = format!("{rate} frames, {samples} samples, {limit:?}, {pitch}");
            they_join(&media, &timeline_at(time(0, rate), tracks), &options, &what);
        }
    }
}

#[test]
fn what_is_loud_behind_a_shot_is_looked_at() {
    let media = Media::new();
    let mut tone = steady(&[0.5, 0.5], 96_000);
    tone[0][48_010] = 1.0;
    let wav = media.wav("a.wav", 48_000, &tone);
    let cut = timeline([audio([clip("A", &wav, range(0, 48, 24))])]);
    let mut options = pieces(&[("one", 0, 24), ("two", 24, 24), ("three", 26, 4)]);
    options.sound.limit = Some(-3.0);
    they_join(&media, &cut, &options, "limited");
    let last = Wav::read(&media.path("one.wav")).planes[0][47_999];
    let wanted = 0.5 * 10f64.powf(-3.0 / 20.0);
    assert!((f64::from(last) / 8_388_608.0 - wanted).abs() < 0.01, "{last}: the level jumps at the seam");
    let run = run(&cut, &options);
    assert!(run.said().contains("limited: by 3.00 dB"), "{}", run.said());
    // Nothing of the third is softer: what is loud lies far in front of it.
    let said = &run.report.shots[2].warnings;
    assert!(said.is_empty(), "{said:?}");
}

#[test]
fn time_references_start_anew_at_midnight() {
    let media = Media::new();
    let wav = media.wav("a.wav", 48_000, &steady(&[0.5, 0.5], 96_000));
    let cut = timeline_at(time(2_073_588, 24), [audio([clip("A", &wav, range(0, 48, 24))])]);
    let run = run(&cut, &pieces(&[("s0", 0, 24), ("s1", 24, 24)]));
    assert_eq!(Wav::read(&run.wav("s0")).reference(), (86_400 * 24 - 12) * 2000);
    assert_eq!(Wav::read(&run.wav("s1")).reference(), 24_000);
    // A day of 23.976 is longer than one of clocks: its timecode has as many frames as one of 24.
    let cut = timeline_at(time(2_073_588, 23.976), [audio([clip("A", &wav, range(0, 48, 23.976))])]);
    let run = self::run(&cut, &pieces(&[("t0", 0, 12), ("t1", 12, 12), ("t2", 24, 12)]));
    let references = ["t0", "t1", "t2"].map(|name| Wav::read(&run.wav(name)).reference());
    assert_eq!(references, [2_073_588 * 2002, 0, 12 * 2002]);
    // A day of drop-frame timecode is shorter than one of clocks.
    let cut = timeline_at(time(2_589_408 - 10, 29.97), [audio([clip("A", &wav, range(0, 30, 29.97))])]);
    let mut options = pieces(&[("s1", 20, 5)]);
    options.drop_frame = Some(true);
    let run = self::run(&cut, &options);
    assert_eq!(Wav::read(&run.wav("s1")).reference(), 16_016);
}

#[test]
fn sound_files_say_when_they_were_made() {
    let media = Media::new();
    let wav = media.wav("a.wav", 48_000, &steady(&[0.5, 0.5], 48_000));
    let run = run(&timeline([audio([clip("A", &wav, range(0, 24, 24))])]), &pieces(&[("cut", 0, 24)]));
    let (date, time) = Wav::read(&run.wav("cut")).made();
    let shape = |text: &str| text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect::<String>();
    assert_eq!((shape(&date).as_str(), shape(&time).as_str()), ("0000-00-00", "00:00:00"));
    assert!(date.as_str() > "2025", "{date}");
}

#[test]
fn a_review_joins_shots_without_a_click() {
    for (rate, samples) in [(29.97, 48_000), (59.94, 48_000), (24.0, 44_100)] {
        let media = Media::new();
        let tone: Vec<f32> = (0..samples * 3).map(|sample| (sample as f32 * 0.02).sin() * 0.5).collect();
        let wav = media.wav("a.wav", samples as u32, &vec![tone.clone(), tone]);
        let picture = crate::common::movie(&media.path("p.mov"), 0..80, "30", "-c:v mjpeg");
        let lengths = [4, 4, 8, 6, 12, 1, 1, 3];
        let mut start = 3;
        let mut shown = vec![gap_of(3, rate)];
        for length in lengths {
            let mut one = clip(&format!("sh{start:02}"), &picture, range(start, length, rate));
            one["media_references"]["DEFAULT_MEDIA"]["available_range"] = range(0, 80, rate);
            shown.push(one);
            start += length;
        }
        // The cut starts between two samples, and so does its first shot.
        let cut = timeline_at(time(7, rate), [video(shown), audio([clip("A", &wav, range(5, start, rate))])]);
        let mut options = options(|options| options.canvas.size = Some((64, 64)));
        options.sound.rate = samples as u32;
        for handles in [0, 2] {
            options.handles = otio_conflate::plan::Handles::both(handles);
            let run = run(&cut, &options);
            let review = otio_conflate::deliver::Review::default();
            let mut planned = review.plan(&run.report).expect("a review");
            planned.sound.as_mut().expect("it has sound").rate = samples as u32;
            let joined = media.path("review.wav");
            write_mix(&planned, &joined, &CancelToken::new()).expect("a mix");
            let whole = plan(&cut, &options).expect("a plan");
            write_mix(&whole, media.path("whole.wav"), &CancelToken::new()).expect("a mix");
            let (joined, whole) = (Wav::read(&joined), Wav::read(&media.path("whole.wav")));
            let at = (joined.reference() - whole.reference()) as usize;
            assert!(joined.planes[0] == whole.planes[0][at..at + joined.len()], "{rate} frames, {handles} handles");
        }
    }
}

fn gap_of(frames: i32, rate: f64) -> Value {
    gap_at(frames, rate)
}
