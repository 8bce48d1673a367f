//! What applications write, and what files do not have. R14.

use std::path::Path;

use otio_conflate::ErrorKind;
use otio_conflate::deliver::AudioDelivery;
use otio_conflate::plan::OverrunPolicy;
use serde_json::{Value, json};

use crate::support::*;

fn available(mut clip: Value, available: Value) -> Value {
    clip["media_references"]["DEFAULT_MEDIA"]["available_range"] = available;
    clip
}

#[test]
fn what_lies_outside_its_file_is_silent_and_that_is_said() {
    let media = Media::new();
    let wav = media.wav("a.wav", 48_000, &steady(&[0.5, 0.5], 48_000));
    let hours = clip("A", &wav, range(864_000, 24, 24));
    for (one, silent) in [
        (hours.clone(), "1.000 of its 1.000 s"),
        (available(hours, range(86_400, 24, 24)), "1.000 of its 1.000 s"),
        (clip("A", &wav, range(12, 24, 24)), "0.500 of its 1.000 s"),
        (warped(clip("A", &wav, range(0, 24, 24)), 1.5), "0.333 of its 1.000 s"),
    ] {
        let cut = timeline([video([gap(24)]), audio([one])]);
        let run = run(&cut, &pieces(&[("cut", 0, 24)]));
        let said = run.said();
        assert!(said.contains("a.wav") && said.contains(silent) && said.contains("tracks[1].children[0]"), "{said}");
        assert_eq!(said.matches("lie outside").count(), 1, "{said}");
        let mut strict = pieces(&[("cut", 0, 24)]);
        strict.overrun = OverrunPolicy::Error;
        assert_eq!(plan(&cut, &strict).expect_err("it lies outside").kind(), ErrorKind::Overrun);
    }
    let whole = run(&timeline([audio([clip("A", &wav, range(0, 24, 24))])]), &pieces(&[("cut", 0, 24)]));
    assert_eq!(whole.said(), "");
}

#[test]
fn files_that_end_early_are_told() {
    let media = Media::new();
    for (name, arguments) in [("a.wav", "-c:a pcm_s16le"), ("a.flac", "-c:a flac"), ("a.mp3", "-c:a libmp3lame")] {
        let path = sound(&media.path(name), 48_000, &Noise(1).channels(2, 96_000, 0.5), arguments);
        let bytes = std::fs::read(&path).expect("it was written");
        std::fs::write(&path, &bytes[..bytes.len() * 6 / 10]).expect("it can be written");
        // The timeline says what the file once had.
        let cut = timeline([audio([available(clip("A", &path, range(0, 48, 24)), range(0, 48, 24))])]);
        let told = |options: &otio_conflate::plan::PlanOptions| {
            let run = try_run(&cut, options, "mjpeg", AudioDelivery::Wav).expect("a run");
            (run.report.succeeded(), run.said())
        };
        // A packet that was cut in two is damage.
        let (done, said) = told(&pieces(&[("cut", 0, 48)]));
        assert!(said.contains("ends at 1.") || (!done && said.contains("is damaged")), "{name}: {said}");
        if name == "a.wav" {
            assert!(done && said.contains("not at 2.000 s") && said.contains("silent from 01:00:01:0"), "{said}");
        }
        let mut strict = pieces(&[("cut", 0, 48)]);
        strict.overrun = OverrunPolicy::Error;
        assert!(!told(&strict).0, "{name}");
    }
}

fn fairlight(id: &str, value: f64) -> Value {
    json!([{"OTIO_SCHEMA": "Effect.1", "effect_name": "Resolve Effect", "metadata": {"Resolve_OTIO": {
        "Effect Name": "Fairlight Clip Volume and Fades", "Enabled": true, "Type": 62,
        "Parameters": [{"Parameter ID": id, "Parameter Value": value, "Default Parameter Value": 0.0}]}}}])
}

#[test]
fn fades_of_resolve_last_as_many_frames_as_they_say() {
    let media = Media::new();
    let wav = media.wav("a.wav", 48_000, &steady(&[0.5, 0.5], 192_000));
    let mut one = clip("A", &wav, range(10, 48, 24));
    one["effects"] = fairlight("faderOut", 24.0);
    let run_out = run(&timeline([audio([one.clone()])]), &pieces(&[("cut", 0, 48)]));
    assert_eq!(run_out.said(), "");
    let heard = &run_out.heard("cut")[0];
    for (sample, wanted) in [(0, 0.5), (48_000, 0.5), (60_000, 0.375), (72_000, 0.25), (84_000, 0.125)] {
        level(heard[sample], wanted, &format!("sample {sample}"));
    }
    one["effects"] = fairlight("faderIn", 12.0);
    let heard = &cut(&timeline([audio([one])]), 48)[0];
    assert_eq!(heard[0], 0.0);
    for (sample, wanted) in [(6_000, 0.125), (12_000, 0.25), (24_000, 0.5), (90_000, 0.5)] {
        level(heard[sample], wanted, &format!("sample {sample}"));
    }
}

/// A clip of Final Cut that plays channel `number` of its file.
fn of_channel(mut clip: Value, number: u32) -> Value {
    clip["metadata"] = json!({"fcp_xml": {"sourcetrack": {"mediatype": "audio", "trackindex": number.to_string()}}});
    clip
}

fn to_output(mut track: Value, number: u32) -> Value {
    track["metadata"] = json!({"fcp_xml": {"outputchannelindex": number.to_string()}});
    track
}

#[test]
fn left_and_right_of_final_cut_go_where_they_say() {
    let media = Media::new();
    let stereo = media.wav("a.wav", 48_000, &steady(&[0.25, 0.5], 96_000));
    let pair = |one: &dyn Fn(u32) -> Value| timeline([to_output(audio([one(1)]), 1), to_output(audio([one(2)]), 2)]);
    let heard = cut(&pair(&|channel| of_channel(clip("A", &stereo, range(0, 24, 24)), channel)), 24);
    assert_eq!((heard[0][20_000], heard[1][20_000]), (0.25, 0.5));
    // The other way round.
    let heard = cut(&pair(&|channel| of_channel(clip("A", &stereo, range(0, 24, 24)), 3 - channel)), 24);
    assert_eq!((heard[0][20_000], heard[1][20_000]), (0.5, 0.25));
    // A stereo clip of Premiere is both.
    let both = |channel: u32| {
        let mut one = of_channel(clip("A", &stereo, range(0, 24, 24)), channel);
        one["metadata"]["fcp_xml"]["@premiereChannelType"] = "stereo".into();
        one
    };
    let heard = cut(&timeline([to_output(audio([both(1)]), 1)]), 24);
    assert_eq!((heard[0][20_000], heard[1][20_000]), (0.25, 0.5));
    // Channels count on through sounds of one channel each.
    let mono = media.path("mono.mov");
    let levels = steady(&[0.125, 0.25, 0.5], 96_000);
    sound(
        &mono,
        48_000,
        &levels,
        "-filter_complex [0:a]channelsplit=2.1[a][b][c] -map [a] -map [b] -map [c] -c:a pcm_s24le",
    );
    let heard = cut(&timeline([to_output(audio([of_channel(clip("A", &mono, range(0, 24, 24)), 3)]), 2)]), 24);
    assert_eq!((heard[0][20_000], heard[1][20_000]), (0.0, 0.5));
}

#[test]
fn key_frames_of_final_cuts_levels_are_followed() {
    let media = Media::new();
    let wav = media.wav("a.wav", 48_000, &steady(&[0.5, 0.5], 192_000));
    let mut one = clip("A", &wav, range(10, 48, 24));
    let key = |when: u32, value: f64| json!({"when": when.to_string(), "value": value.to_string()});
    one["effects"] = json!([{"OTIO_SCHEMA": "Effect.1", "name": "Audio Levels", "effect_name": "Audio Levels",
        "metadata": {"fcp_xml": {"effectid": "audiolevels", "parameter": {"parameterid": "level",
            "value": "1", "keyframe": [key(10, 1.0), key(34, 0.0)]}}}}]);
    let run = run(&timeline([audio([one])]), &pieces(&[("cut", 0, 48)]));
    assert_eq!(run.said(), "");
    let heard = &run.heard("cut")[0];
    for (sample, wanted) in [(0, 0.5), (12_000, 0.375), (24_000, 0.25), (36_000, 0.125)] {
        level(heard[sample], wanted, &format!("sample {sample}"));
    }
    assert!(heard[48_000..].iter().all(|&sample| sample == 0.0));
}

#[test]
fn a_nest_in_tracks_of_both_kinds_is_up_to_the_audio_track() {
    let media = Media::new();
    let wav = media.wav("a.wav", 48_000, &steady(&[0.25, 0.25], 192_000));
    let nest = || stack([video([gap(24)]), audio([clip("A", &wav, range(10, 24, 24))])]);
    // Half of it, as after an L-cut.
    let mut short = nest();
    short["source_range"] = range(0, 12, 24);
    let heard = cut(&timeline([video([nest()]), audio([short])]), 24);
    assert!(heard[0][..24_000].iter().all(|&sample| sample == 0.25), "once");
    assert!(heard[0][24_000..].iter().all(|&sample| sample == 0.0), "by the audio track alone");
    // Muted there.
    let mut muted = nest();
    muted["enabled"] = false.into();
    let planned = plan(&timeline([video([nest()]), audio([muted])]), &pieces(&[])).expect("a plan");
    assert!(planned.sound.is_none_or(|sound| sound.clips.is_empty()));
    // In a video track alone it is heard.
    assert_eq!(cut(&timeline([video([nest()])]), 24)[0][20_000], 0.25);
}

#[test]
fn codecs_of_few_rates_get_one_that_they_take() {
    let media = Media::new();
    let mut channels = steady(&[0.0, 0.0], 88_200);
    for offset in -40i32..=40 {
        let bell = 0.5 * (-f64::from(offset * offset) / 50.0).exp();
        channels.iter_mut().for_each(|channel| channel[(22_050 + offset) as usize] = bell as f32);
    }
    let wav = media.wav("a.wav", 44_100, &channels);
    let cut = timeline([video([gap(24)]), audio([clip("A", &wav, range(0, 24, 24))])]);
    for (preset, rate, taken) in [("vp9", 44_100, 48_000), ("h264", 37_800, 44_100)] {
        let mut options = pieces(&[("cut", 0, 24)]);
        options.sound.rate = rate;
        let run = try_run(&cut, &options, preset, AudioDelivery::Mux).expect("a run");
        assert!(run.report.succeeded(), "{preset}: {}", run.said());
        assert!(run.said().contains(&format!("sound is converted to {taken}")), "{}", run.said());
        let heard = heard(&run.movie("cut"));
        let peak = (0..heard[0].len()).max_by(|&a, &b| heard[0][a].total_cmp(&heard[0][b])).expect("some");
        assert!(peak.abs_diff(taken / 2) < 400, "{preset}: {peak}");
    }
}

#[test]
fn whatever_a_codec_takes_the_mix_has_its_place() {
    let media = Media::new();
    let mut channels = steady(&[0.0, 0.0], 96_000);
    for offset in -40i32..=40 {
        let bell = 0.5 * (-f64::from(offset * offset) / 50.0).exp();
        channels.iter_mut().for_each(|channel| channel[(24_000 + offset) as usize] = bell as f32);
    }
    let wav = media.wav("a.wav", 48_000, &channels);
    let cut = timeline([video([gap(24)]), audio([clip("A", &wav, range(0, 24, 24))])]);
    for (codec, rate, taken) in [
        ("mp2", 96_000, 48_000),
        ("mp2", 11_025, 16_000),
        ("libmp3lame", 88_200, 48_000),
        ("libmp3lame", 9_000, 11_025),
        ("ac3", 22_050, 32_000),
        ("ac3", 192_000, 48_000),
        ("eac3", 44_056, 44_100),
        ("aac", 192_000, 96_000),
        ("libopus", 11_025, 48_000),
        ("libopus", 16_000, 48_000),
    ] {
        let mut options = pieces(&[("cut", 0, 24)]);
        options.sound.rate = rate;
        let mut preset = otio_conflate::deliver::Preset::by_name("ffv1").expect("a preset");
        preset.audio = Some(codec.to_owned());
        let planned = plan(&cut, &options).expect("a plan");
        let delivery = otio_conflate::Delivery::new(media.path(&format!("{codec}{rate}"))).preset(preset);
        let backend = otio_conflate::backend::ffmpeg::FfmpegBackend::new();
        let report =
            otio_conflate::Conflation::new(backend, delivery).run(&planned, &otio_conflate::NoObserver).expect("a run");
        assert!(report.succeeded(), "{codec} at {rate}: {:?}", report.shots[0].error);
        let said = format!("{codec} does not take {rate} samples per second: sound is converted to {taken}");
        assert!(report.warnings.iter().any(|warning| warning.message == said), "{:?}", report.warnings);
        let movie = report.folder.join(&report.shots[0].output.as_ref().expect("delivered").path);
        let facts = crate::common::ffprobe(&movie);
        assert_eq!(facts["streams"][1]["sample_rate"].as_str().map(str::parse), Some(Ok(taken)), "{codec}: {facts:#}");
        let heard = heard(&movie);
        let peak = (0..heard[0].len()).max_by(|&a, &b| heard[0][a].total_cmp(&heard[0][b])).expect("some");
        // Matroska counts milliseconds, and muxers up to FFmpeg 5 do not tell the priming of MP3: 1105 samples.
        assert!(peak.abs_diff(taken / 2) < 1_200 + taken / 100, "{codec} at {rate}: {peak}");
    }
}

/// An effect as OTIO's adapter for Final Cut's XML writes it.
fn adapted(kind: &str, parameter: Value) -> Value {
    json!({"OTIO_SCHEMA": "Effect.1", "name": kind, "effect_name": "", "enabled": true,
        "metadata": {"fcp_xml": {"effectid": kind, "effecttype": kind, "mediatype": "audio", "parameter": parameter}}})
}

#[test]
fn key_frames_of_final_cuts_pan_are_followed() {
    let media = Media::new();
    let stereo = media.wav("a.wav", 48_000, &steady(&[0.5, 0.5], 192_000));
    let mono = media.wav("m.wav", 48_000, &steady(&[0.5], 192_000));
    let key = |when: u32, value: f64| json!({"when": when.to_string(), "value": value.to_string()});
    let pan = adapted(
        "audiopan",
        json!({"parameterid": "pan", "value": "-1", "keyframe": [key(10, -1.0), key(34, 1.0)], "valuemax": "1"}),
    );
    let panned = |path: &Path| {
        let mut one = clip("A", path, range(10, 48, 24));
        one["effects"] = json!([pan]);
        timeline([audio([one])])
    };
    let whole = run(&panned(&stereo), &pieces(&[("cut", 0, 48), ("part", 7, 9)]));
    assert_eq!(whole.said(), "");
    let heard = whole.heard("cut");
    let quarter = |part: f64| (0.5 * (part * std::f64::consts::FRAC_PI_2).cos()) as f32;
    for (sample, pan) in [(0, -1.0f64), (12_000, -0.5), (24_000, 0.0), (36_000, 0.5), (48_000, 1.0), (90_000, 1.0)] {
        let wanted = [quarter(pan.max(0.0)), quarter((-pan).max(0.0))];
        for side in 0..2 {
            assert!((heard[side][sample] - wanted[side]).abs() < 1e-4, "{sample}: {}", heard[side][sample]);
        }
    }
    let part = whole.heard("part");
    assert!(part[0] == heard[0][14_000..32_000] && part[1] == heard[1][14_000..32_000], "shots join");
    // One channel keeps its power on the way.
    let heard = cut(&panned(&mono), 48);
    for sample in [0, 10_000, 24_000, 40_000, 60_000] {
        let power = heard[0][sample].powi(2) + heard[1][sample].powi(2);
        assert!((power - 0.25).abs() < 1e-4, "{sample}: {power}");
    }
    assert!(heard[1][0].abs() < 1e-6 && heard[0][50_000].abs() < 1e-6);
}

/// What the adapter leaves in metadata: objects that are switched off are enabled for OTIO.
#[test]
fn what_final_cut_switches_off_is_neither_heard_nor_seen() {
    let media = Media::new();
    let wav = media.wav("a.wav", 48_000, &steady(&[0.5, 0.5], 192_000));
    let off = |mut object: Value, written: &str| {
        object["enabled"] = true.into();
        object["metadata"] = json!({"fcp_xml": {"enabled": written}});
        object
    };
    let one = |name: &str| clip(name, &wav, range(0, 24, 24));
    let cut = timeline([
        off(audio([one("a")]), "FALSE"),
        audio([off(one("b"), "FALSE"), off(one("c"), "TRUE")]),
        off(audio([one("d")]), "TRUE"),
    ]);
    let planned = plan(&cut, &pieces(&[("cut", 0, 48)])).expect("a plan");
    let clips: Vec<&str> = planned.sound.iter().flat_map(|sound| &sound.clips).map(|clip| clip.clip.as_str()).collect();
    assert_eq!(clips, ["d", "c"]);
    let picture = crate::common::movie(&media.path("p.mov"), 0..48, "24", "-c:v mjpeg");
    let shown = timeline([
        video([one_picture(&picture, "under")]),
        video([off(one_picture(&picture, "clip"), "FALSE")]),
        off(video([one_picture(&picture, "track")]), "FALSE"),
    ]);
    let planned = plan(&shown, &options(|_| ())).expect("a plan");
    assert_eq!(planned.shots.len(), 1);
    assert_eq!(planned.shots[0].spans[0].stack.len(), 1);
    assert_eq!(planned.shots[0].clip, "under");
}

fn one_picture(path: &Path, name: &str) -> Value {
    clip(name, path, range(0, 24, 24))
}

/// Time Remap retimes sound, too, at half speed: the click at the media's second 1 comes after two.
#[test]
fn time_remap_of_final_cut_is_heard() {
    let media = Media::new();
    let mut ramp = clicks(2, 192_000, &[]);
    for plane in &mut ramp {
        plane.iter_mut().enumerate().for_each(|(index, sample)| *sample = 0.5 * (index as f32 / 48_000.0) / 4.0);
    }
    let wav = media.wav("a.wav", 48_000, &ramp);
    let mut one = clip("A", &wav, range(0, 48, 24));
    one["effects"] = json!([adapted(
        "timeremap",
        json!([{"parameterid": "speed", "value": "50"}, {"parameterid": "reverse", "value": "FALSE"}])
    )]);
    one["effects"][0]["name"] = "Time Remap".into();
    let run = run(&timeline([audio([one])]), &pieces(&[("cut", 0, 48)]));
    let heard = &run.heard("cut")[0];
    for sample in [10_000, 48_000, 80_000] {
        let wanted = 0.5 * (sample as f32 / 2.0 / 48_000.0) / 4.0;
        assert!((heard[sample] - wanted).abs() < 1e-3, "{sample}: {}, not {wanted}: {}", heard[sample], run.said());
    }
}
