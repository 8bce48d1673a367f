//! Which channel is heard where. R14.

use otio_conflate::plan::SoundLayout;
use serde_json::json;

use crate::support::*;

const H: f32 = std::f32::consts::FRAC_1_SQRT_2;

/// What a second of steady `levels`, coded as `arguments` say, sounds like in a mix.
fn mixed(levels: &[f32], arguments: &str, name: &str, layout: SoundLayout) -> Vec<f32> {
    let media = Media::new();
    let file = sound(&media.path(name), 48_000, &steady(levels, 48_000), arguments);
    let cut = timeline([audio([clip("A", &file, range(0, 12, 24))])]);
    let mut options = pieces(&[("cut", 0, 6)]);
    options.sound.layout = layout;
    let heard = run(&cut, &options).heard("cut");
    heard.iter().map(|channel| channel[5_000]).collect()
}

#[track_caller]
fn near(got: &[f32], wanted: &[f32]) {
    assert_eq!(got.len(), wanted.len());
    for (got, wanted) in got.iter().zip(wanted) {
        assert!((got - wanted).abs() < 1e-5, "{got:?}, not {wanted:?}");
    }
}

#[test]
fn layouts_become_one_another_as_bs_775_says() {
    use SoundLayout::{Mono, Stereo, Surround51, Surround71};
    let pcm = "-c:a pcm_f32le";
    near(&mixed(&[0.5], pcm, "a.wav", Stereo), &[0.5 * H, 0.5 * H]);
    near(&mixed(&[0.5], pcm, "a.wav", Mono), &[0.5]);
    near(&mixed(&[0.5, 0.25], pcm, "a.wav", Stereo), &[0.5, 0.25]);
    near(&mixed(&[0.5, 0.25], pcm, "a.wav", Mono), &[0.75 * H]);
    let six = [0.1, 0.2, 0.04, 0.3, 0.05, 0.06];
    near(&mixed(&six, pcm, "a.wav", Stereo), &[0.1 + H * 0.09, 0.2 + H * 0.1]);
    near(&mixed(&six, pcm, "a.wav", Surround51), &six);
    near(&mixed(&six, pcm, "a.wav", Surround71), &[0.1, 0.2, 0.04, 0.3, 0.0, 0.0, 0.05, 0.06]);
    let eight = [0.1, 0.2, 0.04, 0.3, 0.01, 0.02, 0.05, 0.06];
    near(&mixed(&eight, pcm, "a.wav", Surround51), &[0.1, 0.2, 0.04, 0.3, 0.06, 0.08]);
    near(&mixed(&[0.5, 0.25], pcm, "a.wav", Surround51), &[0.5, 0.25, 0.0, 0.0, 0.0, 0.0]);
}

#[test]
fn several_sounds_of_one_channel_are_one_with_several() {
    let split = "-f lavfi -i testsrc=s=64x64:r=24:d=1 -filter_complex [0:a]channelsplit=channel_layout=stereo[a][b] \
                 -map 1:v -map [a] -map [b] -c:v mjpeg -c:a pcm_s24le";
    near(&mixed(&[0.5, 0.25], split, "a.mov", SoundLayout::Stereo), &[0.5, 0.25]);
    let mxf = "-f lavfi -i testsrc=s=64x64:r=25:d=1 -filter_complex [0:a]channelsplit=channel_layout=stereo[a][b] \
               -map 1:v -map [a] -map [b] -c:v mpeg2video -c:a pcm_s16le";
    near(&mixed(&[0.5, 0.25], mxf, "a.mxf", SoundLayout::Stereo), &[0.5, 0.25]);
}

/// What is heard of a file with a sound of six channels where `metadata` is written on the clip.
fn chosen(metadata: serde_json::Value) -> (Vec<f32>, String) {
    let media = Media::new();
    let levels = [0.1, 0.2, 0.04, 0.3, 0.05, 0.06];
    let file = media.wav("a.wav", 48_000, &steady(&levels, 48_000));
    let mut a = clip("A", &file, range(0, 12, 24));
    a["metadata"] = metadata;
    let run = run(&timeline([audio([a])]), &pieces(&[("cut", 0, 6)]));
    (run.heard("cut").iter().map(|channel| channel[5_000]).collect(), run.said())
}

#[test]
fn channels_that_applications_choose_are_heard() {
    let resolve = |channels: &[i32]| {
        let list: Vec<_> =
            channels.iter().map(|channel| json!({"Source Channel ID": channel, "Source Track ID": 0})).collect();
        chosen(json!({"Resolve_OTIO": {"Channels": list}}))
    };
    near(&resolve(&[4, 5]).0, &[0.05, 0.06]);
    near(&resolve(&[5, 4]).0, &[0.06, 0.05]);
    near(&resolve(&[3]).0, &[0.3 * H, 0.3 * H]);
    near(&resolve(&[1, 1]).0, &[0.2, 0.2]);
    let premiere = |list: serde_json::Value| chosen(json!({"PremierePro_OTIO": {"AudioChannels": list}}));
    near(&premiere(json!([2, 3])).0, &[0.04, 0.3]);
    near(&premiere(json!([{"Channel": 1, "Stream": 0}])).0, &[0.2 * H, 0.2 * H]);
    let assigned = |channels: &[i32]| {
        let list: Vec<_> = channels.iter().map(|channel| json!({"SecondaryChannelIndex": channel})).collect();
        premiere(json!({"ChannelType": "Stereo", "SecondaryAssignments": list}))
    };
    near(&assigned(&[4, 5]).0, &[0.05, 0.06]);
    near(&assigned(&[3]).0, &[0.3 * H, 0.3 * H]);
    for nonsense in [
        json!("two"),
        json!([{"a": 1}]),
        json!([-1]),
        json!([0.5]),
        json!({}),
        json!([null]),
        json!({"SecondaryAssignments": 3}),
        json!({"SecondaryAssignments": [{}]}),
    ] {
        let (heard, said) = premiere(nonsense.clone());
        near(&heard, &[0.1 + H * 0.09, 0.2 + H * 0.1]);
        assert!(said.contains("AudioChannels are not understood"), "{nonsense}: {said}");
    }
}

#[test]
fn volume_and_pan_are_applied_and_what_is_unknown_is_said() {
    let media = Media::new();
    let file = media.wav("a.wav", 48_000, &steady(&[0.5, 0.5], 96_000));
    let mono = media.wav("m.wav", 48_000, &steady(&[0.5], 96_000));
    let effect = |name: &str, parameters: serde_json::Value| {
        json!({"OTIO_SCHEMA": "Effect.1", "name": "", "effect_name": "Resolve Effect",
            "metadata": {"Resolve_OTIO": {"Effect Name": name, "Enabled": true, "Parameters": parameters}}})
    };
    let volume = |value: f64, keys: serde_json::Value| {
        effect(
            "Fairlight Clip Volume and Fades",
            json!([{"Parameter ID": "volume", "Parameter Value": value,
            "Default Parameter Value": 0.0, "Key Frames": keys, "minValue": -100.0, "maxValue": 30.0}]),
        )
    };
    let with = |file: &std::path::Path, effects: Vec<serde_json::Value>| {
        let mut a = clip("A", file, range(4, 12, 24));
        a["effects"] = effects.into();
        let run = run(&timeline([audio([a])]), &pieces(&[("cut", 0, 12)]));
        (run.heard("cut"), run.said())
    };
    let (heard, said) = with(&file, vec![volume(-6.0, json!({}))]);
    level(heard[0][4000], 0.5 * 10f32.powf(-0.3), "-6 dB");
    assert_eq!(said, "");
    let ramp = volume(0.0, json!({"2": {"Value": 0.0}, "6": {"Value": -12.0}, "10": {"Value": -100.0}}));
    let (heard, _) = with(&file, vec![ramp]);
    for (frame, decibels) in [(0, 0.0), (2, 0.0), (4, -6.0), (6, -12.0), (8, -56.0)] {
        level(heard[1][frame * 2000], 0.5 * 10f32.powf(decibels / 20.0), &format!("frame {frame}"));
    }
    let pan = |value: f64| {
        effect(
            "Fairlight Clip Pan",
            json!([{"Parameter ID": "pan", "Parameter Value": value, "maxValue": 100.0,
            "minValue": -100.0}]),
        )
    };
    let (heard, _) = with(&mono, vec![pan(100.0)]);
    assert!(heard[0][4000].abs() < 1e-6);
    level(heard[1][4000], 0.5, "hard right");
    let (heard, _) = with(&file, vec![pan(-50.0)]);
    assert_eq!(heard[0][4000], 0.5);
    level(heard[1][4000], 0.5 * H, "half left");
    let levels = json!({"OTIO_SCHEMA": "Effect.1", "name": "Audio Levels", "effect_name": "", "metadata": {"fcp_xml": {
        "effectid": "audiolevels", "parameter": {"parameterid": "level", "value": "0.25"}}}});
    let (heard, _) = with(&file, vec![levels]);
    assert_eq!(heard[0][4000], 0.125);
    let (heard, said) = with(
        &file,
        vec![
            effect("Fairlight Clip Equaliser", json!([{"Parameter ID": "gain", "Parameter Value": 3.0}])),
            effect("Fairlight Clip Pan", json!([{"Parameter ID": "tilt", "Parameter Value": 3.0}])),
            volume(f64::MAX, json!({"a": {"Value": 1.0}})),
            volume(3.0, json!({"1": {"Value": null}})),
        ],
    );
    assert_eq!(heard[0][4000], 0.5);
    for part in ["Equaliser", "tilt", "effects[2]", "effects[3]"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn levels_of_premiere_are_parts_of_fifteen_decibels() {
    let media = Media::new();
    let file = media.wav("a.wav", 48_000, &steady(&[0.5, 0.5], 96_000));
    let effect = |kind: &str, parameters: serde_json::Value| {
        json!({"OTIO_SCHEMA": "Effect.1", "name": "", "effect_name": "", "metadata": {"PremierePro_OTIO": {
            "MatchName": kind, "Parameters": parameters}}})
    };
    let start = |id: i32, value: serde_json::Value| json!({"DisplayName": "?", "ID": id, "StartValue": {"Position": time(-9_000_000, 24), "Value": value}});
    let keys = |id: i32, keys: &[(i32, f64)]| {
        let key = |&(frame, value): &(i32, f64)| json!({"Position": time(frame, 24), "Value": value});
        json!({"DisplayName": "?", "ID": id, "Keyframes": keys.iter().map(key).collect::<Vec<_>>()})
    };
    let with = |effects: serde_json::Value| {
        let mut a = clip("A", &file, range(4, 12, 24));
        a["effects"] = effects;
        let run = run(&timeline([audio([a])]), &pieces(&[("cut", 0, 12)]));
        (run.heard("cut"), run.said())
    };
    let unity = 10f64.powf(-0.75);
    // What it writes on every clip changes nothing.
    let (heard, said) = with(json!([
        effect("Internal Volume Stereo", json!([keys(0, &[]), keys(1, &[])])),
        effect("Internal Channel Volume Stereo", json!([keys(0, &[]), keys(1, &[]), keys(2, &[])])),
        effect("PanProcessor", json!([start(0, json!(0.5))])),
        effect("AudioFader", json!([keys(0, &[]), start(1, json!(false))])),
        effect("Internal Volume Stereo", json!([start(0, json!(false)), start(1, json!(unity))])),
    ]));
    assert_eq!((heard[0][4000], heard[1][4000], said.as_str()), (0.5, 0.5, ""));
    let (heard, _) = with(json!([effect("Internal Volume Mono", json!([start(1, json!(unity / 2.0))]))]));
    level(heard[0][4000], 0.25, "half");
    let (heard, _) = with(json!([effect("Internal Volume Stereo", json!([start(0, json!(true))]))]));
    assert_eq!(heard[0][4000], 0.0);
    let (heard, _) = with(json!([effect("PanProcessor", json!([start(0, json!(1.0))]))]));
    assert_eq!(heard[0][4000], 0.0);
    // Frames 6 and 10 of the media are frames 2 and 6 of the clip.
    let ramp = keys(1, &[(6, unity), (10, unity / 10.0)]);
    let (heard, said) = with(json!([effect("Internal Volume Stereo", json!([ramp]))]));
    for (frame, decibels) in [(0, 0.0), (2, 0.0), (4, -10.0), (6, -20.0), (8, -20.0)] {
        level(heard[0][frame * 2000], 0.5 * 10f32.powf(decibels / 20.0), &format!("frame {frame}"));
    }
    assert_eq!(said, "");
    let (_, said) = with(json!([
        effect("AudioFader", json!([start(0, json!(0.3))])),
        effect("Internal Volume Stereo", json!([start(1, json!("loud"))])),
        effect("PanProcessor", json!([keys(0, &[(0, 0.0), (9, 1.0)])])),
        effect("Hall", json!([start(0, json!(1.0))])),
    ]));
    for part in ["\"AudioFader\"", "\"Internal Volume Stereo\"", "\"PanProcessor\"", "\"Hall\""] {
        assert!(said.contains(part), "{part}: {said}");
    }
}
