//! Sound at other speeds. R5, R14.

use otio_conflate::plan::{Pitch, SoundLayout};

use crate::support::*;

fn bells(at: &[usize], len: usize) -> Channels {
    let mut channel = vec![0.0; len];
    for &middle in at {
        for offset in -200i32..=200 {
            let bell = 0.5 * (-f64::from(offset * offset) / 2000.0).exp();
            channel[(middle as i32 + offset) as usize] += bell as f32;
        }
    }
    vec![channel.clone(), channel]
}

fn peaks(channel: &[f32]) -> Vec<usize> {
    (1..channel.len() - 1)
        .filter(|&at| channel[at] > 0.25 && channel[at] >= channel[at - 1] && channel[at] > channel[at + 1])
        .collect()
}

#[test]
fn faster_and_slower_the_pitch_follows_and_the_places_stay() {
    let media = Media::new();
    let wav = media.wav("a.wav", 48_000, &bells(&[6_000, 12_000, 24_000], 96_000));
    for (speed, wanted) in
        [(2.0, [2_000, 5_000, 11_000]), (0.5, [8_000, 20_000, 44_000]), (1.5, [2_667, 6_667, 14_667])]
    {
        let cut_of = timeline([audio([warped(clip("A", &wav, range(1, 24, 24)), speed)])]);
        let heard = cut(&cut_of, 24);
        let found = peaks(&heard[0]);
        assert_eq!(found.len(), 3, "{speed}: {found:?}");
        for (found, wanted) in found.iter().zip(wanted) {
            assert!(found.abs_diff(wanted) <= 1, "{speed}: {found}, not {wanted}");
            level(heard[0][*found], 0.5, &speed.to_string());
        }
    }
}

#[test]
fn backwards_it_ends_with_what_it_starts_with() {
    let media = Media::new();
    let wav = media.wav("a.wav", 48_000, &clicks(2, 96_000, &[(4_000, 0, 0.5), (9_000, 1, 0.25), (51_999, 0, 0.125)]));
    // Frames 2 to 26: samples 4000 to 51 999.
    let cut_of = timeline([audio([warped(clip("A", &wav, range(2, 24, 24)), -1.0)])]);
    let run = run(&cut_of, &pieces(&[("cut", 0, 24), ("end", 20, 4)]));
    let heard = run.heard("cut");
    assert_eq!(loud(&heard[0], 0.0), [(0, 0.125), (47_999, 0.5)]);
    assert_eq!(loud(&heard[1], 0.0), [(42_999, 0.25)]);
    assert_eq!(loud(&run.heard("end")[0], 0.0), [(7_999, 0.5)]);
}

#[test]
fn backwards_and_faster() {
    let media = Media::new();
    let wav = media.wav("a.wav", 48_000, &bells(&[10_000, 30_000], 96_000));
    // 12 frames at twice the speed: 24 frames of media from frame 0, the last first.
    let cut_of = timeline([audio([warped(clip("A", &wav, range(0, 12, 24)), -2.0)])]);
    let heard = cut(&cut_of, 12);
    let found = peaks(&heard[0]);
    assert_eq!(found.len(), 2, "{found:?}");
    for (found, wanted) in found.iter().zip([(48_000 - 30_000) / 2, (48_000 - 10_000) / 2]) {
        assert!(found.abs_diff(wanted) <= 1, "{found}, not {wanted}");
    }
}

#[test]
fn what_stands_still_is_silent() {
    let media = Media::new();
    let wav = media.wav("a.wav", 48_000, &steady(&[0.5, 0.5], 96_000));
    let mut frozen = clip("A", &wav, range(2, 6, 24));
    frozen["effects"] = serde_json::json!([{"OTIO_SCHEMA": "FreezeFrame.1", "name": "", "effect_name": "FreezeFrame"}]);
    let cut_of =
        timeline([audio([frozen, warped(clip("B", &wav, range(2, 6, 24)), 0.0), clip("C", &wav, range(0, 2, 24))])]);
    let heard = cut(&cut_of, 14);
    assert!(heard[0][..24_000].iter().all(|&sample| sample == 0.0));
    assert_eq!(heard[0][24_000], 0.5);
}

/// `track`, whose `time` effect is a list of frames to be added.
fn bent(mut item: serde_json::Value, lookup: &[f64]) -> serde_json::Value {
    item["effects"] = serde_json::json!([{"OTIO_SCHEMA": "TimeEffect.1", "name": "", "effect_name": "TimeWarp",
        "metadata": {"lookup": lookup}}]);
    item
}

#[test]
fn compositions_that_are_retimed_take_their_sounds_along() {
    let media = Media::new();
    let wav = media.wav("a.wav", 48_000, &bells(&[6_000, 12_000, 24_000], 96_000));
    let nest = || clip("A", &wav, range(0, 24, 24));
    let found = |tracks: Vec<serde_json::Value>, frames| peaks(&cut(&timeline(tracks), frames)[0]);
    assert_eq!(found(vec![warped(audio([nest()]), 2.0)], 12), [3_000, 6_000, 12_000]);
    // 24 frames last 48 000 samples.
    assert_eq!(found(vec![warped(audio([nest()]), -1.0)], 24), [23_999, 35_999, 41_999]);
    let inner = stack([warped(audio([nest()]), 2.0)]);
    assert_eq!(found(vec![audio([warped(inner, 0.5)])], 24), [6_000, 12_000, 24_000]);
    // Behind its first half the track jumps ahead by a frame, 2000 samples, over a frame.
    let mut lookup = [0.0; 24];
    lookup[6..].fill(1.0);
    let heard = found(vec![bent(audio([nest()]), &lookup)], 24);
    assert_eq!((heard[0], heard[2]), (6_000, 22_000), "{heard:?}");
}

#[test]
fn a_curve_is_heard_without_seams() {
    let media = Media::new();
    #[allow(clippy::cast_possible_truncation, reason = "samples have the precision of a 32-bit float")]
    let tone: Vec<f32> = (0..96_000).map(|sample| (f64::from(sample) * 0.05).sin() as f32 * 0.5).collect();
    let wav = media.wav("tone.wav", 48_000, &vec![tone.clone(), tone]);
    // It slows down, turns round and comes back.
    let lookup: Vec<f64> = (0..24).map(|frame| -f64::from(frame * frame) / 16.0).collect();
    let heard = cut(&timeline([audio([bent(clip("A", &wav, range(8, 24, 24)), &lookup)])]), 24);
    // Behind that it comes to the start of the file.
    for (sample, &heard) in heard[0].iter().enumerate().take(43_500).skip(100) {
        let frame = sample / 2_000;
        let part = (sample % 2_000) as f64 / 2_000.0;
        let at = |frame: usize| lookup[frame.min(23)];
        let added = at(frame) + (at(frame + 1) - at(frame)) * part;
        let mut place = (8.0 + added) * 2_000.0 + sample as f64;
        // Backwards, a sample is heard from its end on.
        if at(frame + 1) - at(frame) < -1.0 {
            place -= 1.0;
        }
        let wanted = (place * 0.05).sin() * 0.5;
        // Where it stands still it is silent, and where it turns round it has moved by a sample.
        if at(frame + 1) - at(frame) != -1.0 {
            assert!((f64::from(heard) - wanted).abs() < 2e-3, "{sample}: {heard}, not {wanted}");
        }
    }
}

/// How often a tone goes through zero upwards in a second.
fn pitch(heard: &[f32]) -> f64 {
    let ups: Vec<usize> = (1..heard.len()).filter(|&at| heard[at - 1] < 0.0 && heard[at] >= 0.0).collect();
    let (first, last) = (ups[0], ups[ups.len() - 1]);
    48_000.0 * (ups.len() - 1) as f64 / (last - first) as f64
}

#[test]
fn the_pitch_follows_or_is_kept() {
    let media = Media::new();
    #[allow(clippy::cast_possible_truncation, reason = "samples have the precision of a 32-bit float")]
    let tone: Vec<f32> = (0..192_000).map(|sample| (f64::from(sample) * 0.05).sin() as f32 * 0.5).collect();
    let wav = media.wav("tone.wav", 48_000, &vec![tone.clone(), tone]);
    let own = 48_000.0 * 0.05 / std::f64::consts::TAU;
    for (speed, layout) in [
        (2.0, SoundLayout::Stereo),
        (0.3, SoundLayout::Stereo),
        (-1.25, SoundLayout::Mono),
        (3.0, SoundLayout::Surround51),
        (24.0 / 25.0, SoundLayout::Surround71),
    ] {
        let from = if speed < 0.0 { 0 } else { 2 };
        let cut_of = timeline([audio([warped(clip("A", &wav, range(from, 24, 24)), speed)])]);
        for (kept, wanted) in [(Pitch::Keep, own), (Pitch::Follow, own * speed.abs())] {
            let mut options = pieces(&[("cut", 0, 24), ("end", 15, 9)]);
            (options.sound.pitch, options.sound.layout) = (kept, layout);
            let run = run(&cut_of, &options);
            let whole = run.heard("cut");
            let heard = pitch(&whole[0][2_000..46_000]);
            assert!((heard / wanted - 1.0).abs() < 0.01, "{speed} {kept:?}: {heard}, not {wanted}");
            let loudest = whole[0][4_000..44_000].iter().fold(0.0f32, |most, sample| most.max(sample.abs()));
            let part = if layout == SoundLayout::Mono { 1.0 / std::f64::consts::SQRT_2 } else { 0.5 };
            assert!((f64::from(loudest) / part - 1.0).abs() < 0.05, "{speed} {kept:?}: {loudest}");
            // A shot that begins in the middle has the very same samples.
            assert_eq!(run.heard("end")[0], whole[0][30_000..], "{speed} {kept:?}");
        }
    }
}

#[test]
fn with_its_pitch_kept_a_sound_stays_in_its_place() {
    let media = Media::new();
    let wav = media.wav("a.wav", 48_000, &bells(&[12_000, 60_000, 108_000], 144_000));
    for (speed, wanted) in [(1.5, [8_000, 40_000, 72_000]), (-1.5, [0; 3]), (0.75, [16_000, 80_000, 144_000])] {
        let cut_of = timeline([audio([warped(clip("A", &wav, range(0, 96, 24)), speed)])]);
        let mut options = pieces(&[("cut", 0, 96)]);
        options.sound.pitch = Pitch::Keep;
        let heard = run(&cut_of, &options).heard("cut");
        let loud: Vec<usize> = loud(&heard[0], 0.25).into_iter().map(|(at, _)| at).collect();
        for wanted in wanted.into_iter().filter(|&wanted| wanted > 0) {
            let nearest = loud.iter().map(|at| at.abs_diff(wanted)).min();
            assert!(nearest.is_some_and(|far| far < 1_000), "{speed}: {wanted} is {nearest:?} away");
        }
        if speed < 0.0 {
            // From 96 · 2000 · 1.5 samples back.
            let wanted = [(288_000 - 108_000) * 2 / 3, (288_000 - 60_000) * 2 / 3, (288_000 - 12_000) * 2 / 3];
            for wanted in wanted {
                let nearest = loud.iter().map(|at| at.abs_diff(wanted)).min();
                assert!(nearest.is_some_and(|far| far < 1_000), "{speed}: {wanted} is {nearest:?} away");
            }
        }
    }
}
