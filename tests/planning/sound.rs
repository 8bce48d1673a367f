//! What is heard when: rule R14, without any media.

use otio_conflate::plan::{Gain, HandleMode, Handles, SoundClip};
use otio_conflate::time::{Ratio, Time};
use otio_conflate::{Plan, PlanOptions};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::*;

fn sound(children: impl Into<Vec<Value>>) -> Value {
    track("", children).with("kind", "Audio")
}

/// Frames of 24 a second.
fn frames(time: Time) -> f64 {
    time.seconds() * 24.0
}

/// What is heard, as `name first..end of the media's frame at the first one`.
fn heard(clips: &[SoundClip]) -> Vec<String> {
    let line = |clip: &SoundClip| {
        let place = clip.map.sample(clip.range.start, 24).to_f64();
        format!("{} {}..{} of {place}", clip.clip, frames(clip.range.start), frames(clip.range.end()))
    };
    clips.iter().map(line).collect()
}

fn all(plan: &Plan) -> Vec<String> {
    heard(&plan.sound.as_ref().expect("there is sound").clips)
}

#[test]
fn clips_of_audio_tracks_are_heard_where_they_lie() {
    let cut = timeline([
        track("V1", [clip("P", 0, 20)]),
        sound([gap(2), clip("A", 10, 4), clip("B", 20, 4)]),
        sound([clip("C", 5, 3)]),
    ]);
    let plan = plan(&cut, &whole(20));
    assert_eq!(all(&plan), ["C 0..3 of 5", "A 2..6 of 10", "B 6..10 of 20"]);
    let tracks: Vec<&str> = plan.shots[0].sound.iter().map(|clip| clip.track.as_str()).collect();
    assert_eq!(tracks, ["A2", "A1", "A1"]);
    assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
    let text = serde_json::to_string(&plan).expect("plain data");
    assert_eq!(serde_json::from_str::<Plan>(&text).expect("it was written"), plan);
}

#[test]
fn sound_can_be_left_out() {
    let cut = timeline([track("V1", [clip("P", 0, 4)]), sound([clip("A", 0, 4)])]);
    let without = plan(&cut, &options(|options| options.sound.enabled = false));
    assert_eq!((without.sound, without.shots[0].sound.len()), (None, 0));
    let silent = timeline([track("V1", [clip("P", 0, 4)]), sound([gap(4)])]);
    assert_eq!(plan(&silent, &PlanOptions::default()).sound, None);
}

#[test]
fn shots_hear_their_window_and_handles_the_cut_or_the_clip() {
    let cut = timeline([track("V1", [clip("P", 0, 6), clip("Q", 0, 6)]), sound([clip("A", 10, 6), clip("B", 20, 6)])]);
    let with = |mode| {
        let plan = plan(&cut, &options(|options| (options.handles, options.handle_mode) = (Handles::both(2), mode)));
        heard(&shot(&plan, "Q").sound)
    };
    assert_eq!(with(HandleMode::Timeline), ["A 4..6 of 14", "B 6..12 of 20"]);
    // Q's own picture starts at 0: it has no head to run on into.
    assert_eq!(with(HandleMode::Source), ["B 6..12 of 20", "B 12..14 of 26"]);
}

#[test]
fn crossfades_reach_into_both_handles_and_freeze_in_source_handles() {
    let cut = timeline([
        track("V1", [clip("P", 10, 6), clip("Q", 10, 6)]),
        sound([clip("A", 10, 6), dissolve(2, 2), clip("B", 20, 6)]),
    ]);
    let plan =
        plan(&cut, &options(|options| (options.handles, options.handle_mode) = (Handles::both(1), HandleMode::Source)));
    assert_eq!(all(&plan), ["A 0..8 of 10", "B 4..12 of 18"]);
    let head: Vec<_> = shot(&plan, "Q").sound.iter().filter(|clip| frames(clip.range.end()) == 6.0).collect();
    assert_eq!(head.len(), 2);
    for clip in head {
        let [Gain::Constant(gain)] = clip.gains.as_slice() else { panic!("{:?}", clip.gains) };
        assert!((gain - std::f64::consts::FRAC_1_SQRT_2).abs() < 1e-9, "{gain}");
    }
    let unknown = cut.with(
        "tracks.children",
        json!([
            track("V1", [clip("P", 0, 12)]),
            sound([clip("A", 10, 6), dissolve(2, 2).with("transition_type", "Wobble"), clip("B", 20, 6)]),
        ]),
    );
    assert_warns(&self::plan(&unknown, &whole(12)), "tracks[1].children[1]", "rendered as a crossfade");
}

#[test]
fn speeds_apply_to_sound_and_what_does_not_is_said() {
    let cut = timeline([sound([
        clip("A", 10, 4).with("effects", warp(2)),
        clip("B", 10, 4).with("effects", warp(-0.5)),
        clip("C", 10, 4).with("effects", warp(0)),
        clip("D", 10, 4).with("effects", warp(f64::MAX)),
        clip("E", 10, 4).with("effects", json!([{"OTIO_SCHEMA": "TimeEffect.1", "name": "curve"}])),
    ])
    .with("effects", warp(2))]);
    let plan = plan(&cut, &whole(20));
    // The track itself runs twice as fast.
    assert_eq!(all(&plan)[..2], ["A 0..2 of 10", "B 2..4 of 12"]);
    let clips = &plan.sound.as_ref().expect("sound").clips;
    assert_eq!((clips[0].map.speed, clips[1].map.speed), (Ratio::whole(4), Ratio::whole(-1)));
    assert!(clips.iter().all(|clip| clip.clip != "C"), "what stands still is silent");
    assert_warns(&plan, "tracks[0].children[4].effects[0]", "not applied: it has no list `lookup`");
}

#[test]
fn a_track_that_runs_backwards_is_heard_backwards() {
    let cut = timeline([sound([clip("A", 10, 4), dissolve(1, 1), clip("B", 20, 4)]).with("effects", warp(-1))]);
    let plan = plan(&cut, &whole(8));
    assert_eq!(all(&plan), ["B 0..5 of 24", "A 3..8 of 15"]);
    let clips = &plan.sound.as_ref().expect("sound").clips;
    let fade = |clip: &SoundClip| match clip.gains.as_slice() {
        [Gain::FadeIn { range, .. }] => format!("in {}..{}", frames(range.start), frames(range.end())),
        [Gain::FadeOut { range, .. }] => format!("out {}..{}", frames(range.start), frames(range.end())),
        other => panic!("{other:?}"),
    };
    assert_eq!(clips.iter().map(fade).collect::<Vec<_>>(), ["out 3..5", "in 3..5"]);
}

fn curve(lookup: impl Into<Vec<f64>>) -> Value {
    json!([{"OTIO_SCHEMA": "TimeEffect.1", "name": "", "effect_name": "TimeWarp", "metadata": {"lookup": lookup.into()}}])
}

#[test]
fn curves_bend_what_is_heard() {
    // Frames 0, 2, 4, 4, 4, 5 of the media, or of the track.
    let lookup = || curve([0.0, 1.0, 2.0, 1.0, 0.0, 0.0]);
    let place = |clip: &SoundClip, frame: f64| {
        #[allow(clippy::cast_possible_truncation, reason = "a moment of the cut")]
        clip.map.sample(Time::from_flicks((frame * 29_400_000.0) as i64), 24).to_f64()
    };
    let cut = timeline([sound([clip("A", 10, 6).with("effects", lookup())])]);
    let clip_bent = plan(&cut, &whole(6)).sound.expect("sound");
    assert_eq!(clip_bent.clips.len(), 1);
    let places = [0.0, 0.5, 1.0, 2.0, 3.0, 3.5, 4.0, 5.0, 5.5];
    let expected = [10.0, 11.0, 12.0, 14.0, 14.0, 14.0, 14.0, 15.0, 15.5];
    assert_eq!(places.map(|frame| place(&clip_bent.clips[0], frame)), expected);

    let cut = timeline([sound([clip("A", 10, 3), clip("B", 20, 3)]).with("effects", lookup())]);
    let plan = plan(&cut, &whole(6));
    // What stands still, from frame 2 to frame 4, is not heard.
    assert_eq!(all(&plan), ["A 0..1.5 of 10", "B 1.5..2 of 20", "B 4..6 of 21"]);
    assert!(warnings(&plan).iter().all(|warning| !warning.contains("effect")), "{:?}", warnings(&plan));
}

#[test]
fn volumes_of_clips_follow_a_composition_that_is_retimed() {
    let volume = json!([{"OTIO_SCHEMA": "Effect.1", "name": "", "effect_name": "", "metadata": {"Resolve_OTIO": {
        "Effect Name": "Fairlight Clip Volume and Fades", "Enabled": true, "Parameters": [{"Parameter ID": "volume",
            "Key Frames": {"0": {"Value": 0.0}, "8": {"Value": -8.0}}}]}}}]);
    let level = |effects: Value, frame: i64| {
        let clip = clip("A", 10, 8).with("effects", volume.clone());
        let plan = plan(&timeline([sound([clip]).with("effects", effects)]), &whole(8));
        let sound = plan.sound.expect("sound");
        let time = Time::from_flicks(frame * 29_400_000);
        20.0 * sound.clips[0].gain(time).log10()
    };
    let near = |got: f64, wanted: f64| assert!((got - wanted).abs() < 1e-6, "{got}, not {wanted}");
    near(level(json!([]), 2), -2.0);
    near(level(warp(2), 2), -4.0);
    near(level(warp(-1), 2), -6.0);
    near(level(curve([0.0, 1.0, 2.0, 3.0]), 2), -4.0);
}

#[test]
fn a_track_whose_length_nobody_knows_is_silent_and_said() {
    let lost = clip("A", 0, 4)
        .with("source_range", Value::Null)
        .with("media_references.DEFAULT_MEDIA.available_range", Value::Null);
    let cut = timeline([track("V1", [clip("P", 0, 4)]), sound([lost])]).with("tracks.source_range", range(0, 4, 24));
    let plan = plan_with(&cut, &PlanOptions::default(), None);
    assert_eq!(plan.shots.len(), 1);
    assert_warns(&plan, "tracks[1]", "its length is not known");
}

proptest! {
    /// Whatever applications write as numbers, planning does not panic, and every gain is one.
    #[test]
    fn any_numbers_in_metadata_are_survived(
        value in any::<f64>(), frame in "[-0-9.eNa]{0,6}", channel in any::<i64>(), speed in any::<f64>(),
        start in -1e9f64..1e9, length in 0f64..1e6,
    ) {
        let number = |value: f64| json!(value);
        let effects = json!([
            {"OTIO_SCHEMA": "LinearTimeWarp.1", "name": "", "effect_name": "", "time_scalar": number(speed)},
            {"OTIO_SCHEMA": "Effect.1", "name": "", "effect_name": "", "metadata": {"Resolve_OTIO": {
                "Effect Name": "Fairlight Clip Volume and Fades", "Enabled": true, "Parameters": [
                    {"Parameter ID": "volume", "Parameter Value": number(value), "Key Frames": {frame: {"Value": number(value)}}},
                    {"Parameter ID": "volume", "Parameter Value": number(value)}]}}},
            {"OTIO_SCHEMA": "Effect.1", "name": "", "effect_name": "", "metadata": {"fcp_xml": {
                "effectid": "audiolevels", "parameter": {"parameterid": "level", "value": value.to_string()}}}},
        ]);
        let a = clip("A", start, length).with("effects", effects).with("metadata", json!({"Resolve_OTIO": {
            "Channels": [{"Source Channel ID": channel, "Source Track ID": channel}]}}));
        let plan = plan(&timeline([sound([a])]), &whole(48));
        for clip in plan.sound.iter().flat_map(|sound| &sound.clips) {
            for flicks in [0, 1, 1 << 40] {
                let gain = clip.gain(Time::from_flicks(flicks));
                prop_assert!(gain.is_finite() && gain >= 0.0, "{gain}");
            }
            clip.map.sample(Time::from_flicks(i64::MAX), 384_000);
        }
    }
}
