//! Loudness by EBU R 128: FFmpeg's `ebur128` judges. R14.

use std::path::Path;
use std::process::Command;

use otio_conflate::audio::Loudness;
use otio_conflate::backend::CancelToken;
use otio_conflate::backend::ffmpeg::{bring_to_loudness, write_mix, write_shot_mixes};
use otio_conflate::deliver::AudioDelivery;
use otio_conflate::plan::{PlanOptions, Shot, SoundLayout};
use otio_conflate::{ErrorKind, Report};
use serde_json::Value;

use crate::support::*;

/// What the command line tool measures: integrated loudness, loudness range and true peak.
fn judged(path: &Path) -> [f64; 3] {
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostdin", "-i"])
        .arg(path)
        .args(["-map", "0:a:0", "-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"])
        .output()
        .expect("the tests need the ffmpeg command line tool");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let summary = text.rsplit_once("Summary:").unwrap_or_else(|| panic!("no summary: {text}")).1;
    let value = |name: &str| {
        let mut words = summary.split_whitespace().skip_while(|word| *word != name);
        words.nth(1).and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("no {name} in {summary}"))
    };
    ["I:", "LRA:", "Peak:"].map(value)
}

#[track_caller]
fn agrees(loudness: Loudness, path: &Path, what: &str) {
    let [integrated, range, peak] = judged(path);
    let own = [loudness.integrated, loudness.range, loudness.true_peak].map(|value| value.expect("it is heard"));
    // The tool prints tenths.
    let close = |own: f64, judged: f64, slack: f64| (own - judged).abs() <= slack + 0.05;
    let all = close(own[0], integrated, 0.1) && close(own[1], range, 0.2) && close(own[2], peak, 0.1);
    assert!(all, "{what}: {own:?}, judged {:?}", [integrated, range, peak]);
}

/// Noise whose level comes and goes like speech: low frequencies are louder than high ones.
fn program(channels: usize, rate: u32, seconds: usize, level: f32, seed: u64) -> Channels {
    let mut noise = Noise(seed);
    let mut planes = noise.channels(channels, rate as usize * seconds, 1.0);
    for (channel, plane) in planes.iter_mut().enumerate() {
        let (mut low, mut lower) = (0.0, 0.0);
        for (index, sample) in plane.iter_mut().enumerate() {
            low += 0.25 * (*sample - low);
            lower += 0.02 * (*sample - lower);
            let at = index as f32 / rate as f32;
            let swell = (at * (0.7 + 0.2 * channel as f32)).sin().abs() * (0.35 + 0.3 * (at * 0.11).sin());
            *sample = level * swell * (low + 4.0 * lower);
        }
    }
    planes
}

fn cut_of(media: &Media, channels: usize, seconds: usize, level: f32) -> Value {
    let rate = 48_000;
    let names = ["a.wav", "b.wav"];
    let tracks = names.iter().enumerate().map(|(seed, name)| {
        let wav = media.wav(name, rate, &program(channels, rate, seconds + 2, level, seed as u64));
        audio(vec![clip("c", &wav, range(24, 24 * seconds as i32, 24))])
    });
    timeline(tracks.collect::<Vec<_>>())
}

fn with(change: impl FnOnce(&mut PlanOptions)) -> PlanOptions {
    let mut options = pieces(&[("one", 0, 24 * 9), ("two", 24 * 9, 24 * 7)]);
    change(&mut options);
    options
}

#[test]
fn what_is_measured_is_what_ffmpeg_measures() {
    let cases = [
        (1, SoundLayout::Mono, 48_000),
        (2, SoundLayout::Stereo, 44_100),
        (6, SoundLayout::Surround51, 48_000),
        (8, SoundLayout::Surround71, 48_000),
    ];
    for (channels, layout, rate) in cases {
        let media = Media::new();
        let cut = cut_of(&media, channels, 16, 0.3);
        let planned = plan(&cut, &with(|options| (options.sound.layout, options.sound.rate) = (layout, rate)));
        let planned = planned.expect("a plan");
        let whole = media.path("mix.wav");
        let report = write_mix(&planned, &whole, &CancelToken::new()).expect("a mix");
        agrees(report.loudness, &whole, &format!("{layout} at {rate}"));
    }
}

#[test]
fn one_gain_brings_the_whole_cut_to_a_loudness() {
    for (level, target) in [(0.1, -18.0), (1.5, -27.0)] {
        let media = Media::new();
        let cut = cut_of(&media, 2, 16, level);
        let mut planned = plan(&cut, &with(|_| ())).expect("a plan");
        let whole = media.path("mix.wav");
        let before = write_mix(&planned, &whole, &CancelToken::new()).expect("a mix");
        let normalized = bring_to_loudness(&mut planned, target, &CancelToken::new()).expect("it is heard");
        let sound = planned.sound.as_ref().expect("sound");
        assert_eq!((sound.gain, sound.loudness), (normalized.gain, Some(target)));
        if before.peak.clipped == 0 {
            assert_eq!(normalized.before, before.loudness);
        }
        let after = write_mix(&planned, &whole, &CancelToken::new()).expect("a mix");
        agrees(after.loudness, &whole, "the mix");
        assert!((judged(&whole)[0] - target).abs() <= 0.15, "{:?}, not {target}", judged(&whole));
        let high = after.loudness.true_peak.expect("it is heard") > -1.0;
        let said = after.warnings.iter().any(|warning| warning.message.contains("dBTP"));
        assert_eq!(said, high, "{:?} {:?}", after.loudness, after.warnings);
        // Shots have the gain of the whole.
        let path = |shot: &Shot| media.path(&format!("{}.wav", shot.name));
        write_shot_mixes(&planned, path, &CancelToken::new()).expect("mixes");
        let joined: Vec<i32> =
            planned.shots.iter().flat_map(|shot| Wav::read(&path(shot)).planes.swap_remove(0)).collect();
        assert!(joined == Wav::read(&whole).planes[0], "they join");
        // Twice is the same.
        let again = bring_to_loudness(&mut planned, target, &CancelToken::new()).expect("it is heard");
        assert_eq!(again.gain, normalized.gain);
    }
}

#[test]
fn a_limiter_comes_behind_the_gain() {
    let media = Media::new();
    let cut = cut_of(&media, 2, 16, 0.3);
    let mut planned = plan(&cut, &with(|options| options.sound.limit = Some(-3.0))).expect("a plan");
    bring_to_loudness(&mut planned, -8.0, &CancelToken::new()).expect("it is heard");
    let whole = media.path("mix.wav");
    let report = write_mix(&planned, &whole, &CancelToken::new()).expect("a mix");
    assert!(f64::from(report.peak.level) <= 10f64.powf(-3.0 / 20.0) + 1e-6, "{:?}", report.peak);
    let said: Vec<String> = report.warnings.iter().map(|warning| warning.message.clone()).collect();
    assert!(said.iter().any(|said| said.contains("limited")), "{said:?}");
    assert!(said.iter().any(|said| said.contains("not the -8.0 asked for")), "{said:?}");
    agrees(report.loudness, &whole, "limited");
}

#[test]
fn the_manifest_holds_the_loudness_of_shots_and_mix() {
    let media = Media::new();
    let cut = cut_of(&media, 2, 16, 0.5);
    let mut planned = plan(&cut, &with(|_| ())).expect("a plan");
    bring_to_loudness(&mut planned, -23.0, &CancelToken::new()).expect("it is heard");
    let folder = media.path("out");
    let preset = otio_conflate::deliver::Preset::by_name("mjpeg").expect("a preset").with_audio(AudioDelivery::Both);
    let delivery = otio_conflate::Delivery::new(&folder).preset(preset);
    let run = otio_conflate::Conflation::new(otio_conflate::backend::ffmpeg::FfmpegBackend::new(), delivery);
    run.run(&planned, &otio_conflate::NoObserver).expect("a run");
    let mixed = write_mix(&planned, folder.join("mix.wav"), &CancelToken::new()).expect("a mix");
    let report = Report::open(folder.join("manifest.json")).expect("a manifest");
    for shot in &report.shots {
        let loudness = shot.loudness.expect("it was measured");
        for ending in ["wav", "mov"] {
            let [integrated, _, peak] = judged(&folder.join(format!("{}.{ending}", shot.shot)));
            let own = [loudness.integrated, loudness.true_peak].map(|value| value.expect("it is heard"));
            let close = (own[0] - integrated).abs() < 0.15 && (own[1] - peak).abs() < 0.15;
            assert!(close, "{}: {own:?}, judged {integrated} {peak}", shot.shot);
        }
    }
    let gain = planned.sound.as_ref().expect("sound").gain;
    assert_eq!(report.gain, Some(gain));
    let listed = report.files.iter().find(|file| file.path == "mix.wav").expect("it is listed");
    assert_eq!(listed.loudness, Some(mixed.loudness));
}

#[test]
fn silence_has_no_loudness() {
    let media = Media::new();
    let wav = media.wav("a.wav", 48_000, &steady(&[0.0, 0.0], 96_000));
    let cut = timeline([audio([clip("A", &wav, range(0, 24, 24))])]);
    let mut planned = plan(&cut, &pieces(&[("cut", 0, 24)])).expect("a plan");
    let normalized = bring_to_loudness(&mut planned, -23.0, &CancelToken::new()).expect("no error");
    assert_eq!((normalized.gain, normalized.before), (0.0, Loudness::default()));
    assert!(normalized.warnings[0].message.contains("silent"), "{normalized:?}");
    let run = run(&cut, &pieces(&[("cut", 0, 24)]));
    let text = std::fs::read_to_string(run.report.folder.join("manifest.json")).expect("a manifest");
    let manifest: Value = serde_json::from_str(&text).expect("JSON");
    assert!(manifest["shots"][0]["loudness"]["integrated"].is_null(), "{text}");
    assert!(!text.contains("inf") && !text.contains("NaN"), "{text}");
    for target in [3.0, -90.0, f64::NAN, f64::INFINITY] {
        let refused = bring_to_loudness(&mut planned, target, &CancelToken::new()).expect_err("no such loudness");
        assert_eq!(refused.kind(), ErrorKind::Option);
    }
    let mut without = plan(&timeline([video([gap(24)])]), &options(|_| ())).expect("a plan");
    let refused = bring_to_loudness(&mut without, -23.0, &CancelToken::new()).expect_err("no sound");
    assert_eq!(refused.kind(), ErrorKind::Option);
}
