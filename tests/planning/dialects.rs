//! What Final Cut, Premiere and Avid write, as the adapters of their files keep it: R5, R9, and the colours of mattes.

use otio_conflate::plan::{Element, Generated, MediaSource, MixStyle, PlanOptions, Weight};
use serde_json::{Value, json};

use crate::support::*;

/// `Time Remap` with these parameters beside its key frames: pairs of a frame of play and a frame of the media.
fn remap(keys: &[(f64, f64)], more: &[(&str, &str)]) -> Value {
    let key = |(when, value): &(f64, f64)| json!({"when": when.to_string(), "value": value.to_string(), "speedvirtualkf": "TRUE"});
    let mut parameters: Vec<Value> =
        more.iter().map(|(name, value)| json!({"parameterid": name, "name": name, "value": value})).collect();
    let keys: Vec<Value> = keys.iter().map(key).collect();
    let largest = more.iter().find(|(name, _)| *name == "valuemax").map_or("1000", |(_, value)| value);
    if !keys.is_empty() {
        parameters.push(json!({"parameterid": "graphdict", "name": "graphdict", "value": "0", "valuemax": largest,
            "interpolation": {"name": "FCPCurve"}, "keyframe": keys}));
    }
    json!({"OTIO_SCHEMA": "Effect.1", "name": "Time Remap", "effect_name": "", "metadata": {"fcp_xml": {
        "effectid": "timeremap", "effecttype": "motion", "mediatype": "video", "parameter": parameters}}})
}

/// The frames of a clip of `frames` frames whose range starts at frame `start` of play.
fn remapped(start: i32, frames: i32, effect: Value) -> Vec<i64> {
    let cut = timeline([track("V1", [clip("A", start, frames).with("effects", json!([effect]))])]);
    let plan = plan(&cut, &PlanOptions::default());
    assert!(plan.warnings.is_empty(), "{:#?}", plan.warnings);
    sources(&plan, "A")
}

#[test]
fn time_remap_leads_from_frames_of_play_to_frames_of_the_media() {
    // Five times as fast; the range counts frames of play, and key frames lie beyond the clip on both sides.
    let fast = [(0.0, 0.0), (20.0, 100.0), (177.0, 885.0), (8442.0, 42211.0)];
    let shown = remapped(20, 158, remap(&fast, &[("speed", "500.012")]));
    assert_eq!(shown, (0..158).map(|n| 100 + 5 * n).collect::<Vec<_>>());
    // Half as fast, without a point in between; and where there are no key frames, the speed alone.
    assert_eq!(remapped(4, 5, remap(&[(0.0, 0.0), (2000.0, 1000.0)], &[])), [2, 2, 3, 3, 4]);
    assert_eq!(remapped(4, 5, remap(&[], &[("speed", "50")])), [2, 2, 3, 3, 4]);
    // It stands still between equal values, and goes on.
    let still = [(0.0, 0.0), (10.0, 10.0), (14.0, 10.0), (100.0, 96.0)];
    assert_eq!(remapped(8, 8, remap(&still, &[("variablespeed", "1")])), [8, 9, 10, 10, 10, 10, 10, 11]);
    // Key frames in any order; and backwards, as it stands.
    assert_eq!(remapped(0, 4, remap(&[(10.0, 40.0), (0.0, 50.0)], &[("reverse", "TRUE")])), [50, 49, 48, 47]);
    assert_eq!(remapped(0, 4, remap(&[(0.0, 50.0), (10.0, 30.0)], &[("reverse", "TRUE")])), [50, 48, 46, 44]);
}

#[test]
fn a_media_that_runs_back_from_its_end_starts_with_its_last_frame() {
    // Premiere, and Final Cut, of a medium of 1000 frames.
    let premiere = remap(&[(0.0, 1001.0), (1000.0, 1.0)], &[("reverse", "TRUE"), ("valuemax", "1000")]);
    assert_eq!(remapped(0, 3, premiere), [999, 998, 997]);
    let keys = [(0.0, 1001.0), (10.0, 990.0), (20.0, 980.0), (1000.0, 1.0)];
    let final_cut = remap(&keys, &[("reverse", "TRUE"), ("valuemax", "999")]);
    assert_eq!(remapped(10, 3, final_cut), [989, 988, 987]);
}

#[test]
fn time_remap_counts_from_the_medias_first_frame_and_is_read_in_nests() {
    let tape = movie("tape", range(86_400, 1000, 24));
    let effect = remap(&[(0.0, 0.0), (100.0, 300.0)], &[]);
    let shot = clip_of("A", range(86_410, 4, 24), tape).with("effects", json!([effect.clone()]));
    assert_eq!(sources(&plan(&timeline([track("V1", [shot])]), &PlanOptions::default()), "A"), [30, 33, 36, 39]);
    let nest = stack([track("n", [clip("A", 0, 400)])]).with("source_range", range(10, 4, 24));
    let cut = timeline([track("V1", [nest.with("effects", json!([effect]))])]);
    assert_eq!(sources(&plan(&cut, &whole(4)), "cut"), [30, 33, 36, 39]);
}

#[test]
fn a_time_remap_that_cannot_be_read_is_one_warning_about_speed() {
    for effect in [remap(&[], &[]), remap(&[], &[("speed", "-100")]), remap(&[(0.0, 0.0)], &[("speed", "fast")])] {
        let cut = timeline([track("V1", [clip("A", 7, 3).with("effects", json!([effect]))])]);
        let plan = plan(&cut, &PlanOptions::default());
        assert_eq!(sources(&plan, "A"), [7, 8, 9]);
        assert_eq!(plan.warnings.len(), 1, "{:#?}", plan.warnings);
        assert_warns(&plan, "tracks[0].children[0].effects[0]", "\"Time Remap\" is not applied");
    }
}

/// Avid's key frames of a transition, and what its effect is called.
fn avid(id: &str, name: &str, points: &[(&str, &str)]) -> Value {
    let points: Vec<Value> = points.iter().map(|(time, value)| json!({"Time": time, "Value": value})).collect();
    json!({"AAF": {"PointList": points, "OperationGroup": {"Operation": {"Name": name, "IsTimeWarp": false},
        "Parameters": {"AvidEffectID": id}}}})
}

/// The weights of the incoming clip over a transition of eight frames.
fn weights(metadata: Value) -> (Vec<f64>, MixStyle) {
    let cut = timeline([track("V1", [clip("A", 0, 8), dissolve(4, 4).with("metadata", metadata), clip("B", 100, 8)])]);
    let plan = plan(&cut, &whole(16));
    assert!(plan.warnings.is_empty(), "{:#?}", plan.warnings);
    let mut mixes = plan.shots[0].spans.iter().flat_map(|span| &span.stack).filter_map(|element| match element {
        Element::Mix { weight, style, .. } => Some((weight.clone(), *style)),
        _ => None,
    });
    let (weight, style): (Weight, MixStyle) = mixes.next_back().expect("a transition");
    ((4..12).map(|record| weight.at(record).to_f64()).collect(), style)
}

#[track_caller]
fn assert_near(got: &[f64], wanted: impl Fn(f64) -> f64) {
    for (k, got) in got.iter().enumerate() {
        let wanted = wanted(f64::from(u32::try_from(k).expect("few")));
        assert!((got - wanted).abs() < 1e-6, "{k}: {got} is not {wanted}");
    }
}

#[test]
fn avids_own_key_frames_are_the_weights() {
    let dissolve = avid("EFF2_BLEND_DISSOLVE", "VideoDissolve_2", &[("0/8", "1/9"), ("7/8", "8/9")]);
    let (got, style) = weights(dissolve);
    assert_eq!(style, MixStyle::Dissolve);
    assert_near(&got, |k| (k + 1.0) / 9.0);
    let up = avid("EFF2_BLEND_DISSOLVE", "VideoDissolve_2", &[("0", "0"), ("7/8", "87.5")]);
    assert_near(&weights(up).0, |k| k / 8.0);
    let down = avid("EFF2_BLEND_DISSOLVE", "VideoDissolve_2", &[("0", "1/8"), ("7/8", "1")]);
    assert_near(&weights(down).0, |k| (k + 1.0) / 8.0);
    let unnamed = avid("EFF2_BLEND_DISSOLVE", "VideoDissolve_2", &[("0", "1/9"), ("7/8", "8/9")])
        .with("AAF.OperationGroup.Name", "OperationGroup");
    assert_near(&weights(unnamed).0, |k| (k + 1.0) / 9.0);
    let falling = avid("EFF2_BLEND_DISSOLVE", "VideoDissolve_2", &[("0", "7/8"), ("7/8", "0")]);
    assert_near(&weights(falling).0, |k| (k + 1.0) / 8.0);
    // More than two points; and those that say nothing, as adapters write them.
    let three = avid("EFF2_BLEND_DISSOLVE", "VideoDissolve_2", &[("0", "0"), ("1/2", "1/4"), ("1", "1")]);
    assert_near(&weights(three).0, |k| if k <= 4.0 { k / 16.0 } else { 0.25 + (k - 4.0) * 3.0 / 16.0 });
    let flat = avid("EFF2_BLEND_DISSOLVE", "VideoDissolve_2", &[("0", "1/2"), ("7/8", "1/2")]);
    assert_near(&weights(flat).0, |k| k / 8.0);
    let named = avid("EFF2_BLEND_DISSOLVE", "VideoDissolve_2", &[]).with(
        "AAF.OperationGroup.Parameters.AFX_FG_KEY_OPACITY_U",
        json!({"_aaf_keyframed_property": true, "keyframe_values": [[0.0, 100.0 / 9.0], [0.875, 800.0 / 9.0]]}),
    );
    assert_near(&weights(named).0, |k| (k + 1.0) / 9.0);
    let (got, style) = weights(avid("EFF2_BLEND_DIP", "Dip_2", &[("0", "1/9"), ("7/8", "8/9")]));
    assert_eq!(style, MixStyle::Dip { color: [0.0, 0.0, 0.0, 1.0] });
    assert_near(&got, |k| (k + 1.0) / 9.0);
}

#[test]
fn avids_curve_of_speed_is_read_or_named() {
    let effect = |parameters: Value| {
        json!([{"OTIO_SCHEMA": "TimeEffect.1", "name": "Motion Control", "effect_name": "Unknown Time Warp Effect",
            "metadata": {"AAF": {"Parameters": parameters}}}])
    };
    let map = json!({"PARAM_SPEED_OFFSET_MAP_U": {"_aaf_keyframed_property": true, "keyframe_interpolation": "Linear",
        "keyframe_values": [["0", "0"], ["2", "2"], ["6", "14/1"]]}});
    let cut = |effects: Value| timeline([track("V1", [clip("A", 10, 6).with("effects", effects)])]);
    let read = plan(&cut(effect(map.clone())), &PlanOptions::default());
    assert_eq!((sources(&read, "A"), read.warnings.len()), (vec![10, 11, 12, 15, 18, 21], 0));
    let soft = map.with("PARAM_SPEED_OFFSET_MAP_U.keyframe_interpolation", "Bezier");
    let soft = plan(&cut(effect(soft)), &PlanOptions::default());
    assert_warns(&soft, "tracks[0].children[0].effects[0]", "straight lines");
    let unread = plan(
        &cut(effect(json!({"PARAM_SPEED_MAP_U": {"keyframe_values": [[0, 1], [5, 2]]}}))),
        &PlanOptions::default(),
    );
    assert_eq!((sources(&unread, "A"), unread.warnings.len()), (vec![10, 11, 12, 13, 14, 15], 1));
    assert_warns(&unread, "tracks[0].children[0].effects[0]", "speed");
}

#[test]
fn mattes_of_final_cut_and_premiere_are_opaque() {
    let drawn = |parameter: Value, parameters: Value| {
        let matte = json!({"OTIO_SCHEMA": "GeneratorReference.1", "generator_kind": "Color", "name": "Color",
            "parameters": parameters, "metadata": {"fcp_xml": {"effecttype": "generator", "parameter": parameter}}});
        let cut = timeline([track("V1", [clip_of("M", range(0, 2, 24), matte)])]);
        let plan = plan(&cut, &PlanOptions::default());
        assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
        assert_eq!(plan.frames(&plan.shots[0]).map(|row| row.layers.len()).collect::<Vec<_>>(), [1, 1]);
        match &plan.media[0].source {
            MediaSource::Generator { draws: Generated::Solid { color }, .. } => *color,
            other => panic!("a colour, not {other:?}"),
        }
    };
    let matte = |id: &str, color: Value| drawn(json!({"parameterid": id, "name": "Color", "value": color}), json!({}));
    let blue = json!({"alpha": "0", "blue": "255", "green": "0", "red": "0"});
    assert_eq!(matte("fillcolor", blue), [0, 0, 65535, 65535]);
    assert_eq!(
        matte("color", json!({"Alpha": "0", "Red": "51", "Green": "0", "Blue": "102"})),
        [13107, 0, 26214, 65535]
    );
    assert_eq!(matte("colour", json!({"red": "1", "green": "0", "blue": "0"})), [257, 0, 0, 65535], "of 255");
    let listed = json!([{"parameterid": "other", "value": "3"}, {"parameterid": "fillcolor", "value": {"alpha": "255",
        "red": "255", "green": "255", "blue": "0"}}]);
    assert_eq!(drawn(listed, json!({})), [65535, 65535, 0, 65535]);
    // What is written by hand keeps its alpha.
    assert_eq!(drawn(json!([]), json!({"color": [1.0, 0.0, 0.0, 0.5]})), [65535, 0, 0, 32768]);
}

#[test]
fn what_final_cut_switches_off_is_not_shown() {
    let off = |object: Value| object.with("metadata", json!({"fcp_xml": {"enabled": "FALSE"}}));
    let on = |object: Value| object.with("metadata", json!({"fcp_xml": {"enabled": "TRUE"}}));
    let lower = || track("V1", [on(clip("A", 0, 4)), off(clip("B", 50, 4)), clip("C", 90, 4)]);
    let cut = timeline([lower(), off(track("V2", [clip("D", 0, 12)]))]);
    let planned = plan(&cut, &whole(12));
    let rows = shown(&planned, "cut");
    assert_eq!((rows[0].as_str(), rows[4].as_str(), rows[8].as_str()), ("A 0", "-", "C 90"));
    assert_eq!(names(&plan(&cut, &PlanOptions::default())), ["A", "C"]);
    let hero = timeline([off(track("V1", [clip("D", 0, 12)])), lower()]);
    assert_eq!(names(&plan(&hero, &PlanOptions::default())), ["A", "C"]);
}

/// A clip with `fcp_xml` as the adapter of Final Cut's XML writes it.
fn xml_clip(name: &str, start: i32, frames: i32, xml: Value) -> Value {
    clip(name, start, frames).with("metadata", json!({"fcp_xml": xml}))
}

#[test]
fn a_still_frame_of_final_cut_is_held() {
    let still = |xml: Value| {
        let cut = plan(&timeline([track("V1", [xml_clip("A", 7, 4, xml)])]), &PlanOptions::default());
        (sources(&cut, "A"), notes(&cut).len(), cut.warnings.len())
    };
    assert_eq!(still(json!({"stillframe": "TRUE", "stillframeoffset": "77"})), (vec![77; 4], 1, 0));
    assert_eq!(still(json!({"stillframe": "TRUE"})), (vec![7; 4], 1, 0));
    assert_eq!(still(json!({"stillframe": "FALSE", "stillframeoffset": "77"})), (vec![7, 8, 9, 10], 0, 0));
    // It is counted from the media's first frame, whatever that is called; what is baked is in its file already.
    let tape = clip_of("A", range(86_407, 4, 24), movie("tape", range(86_400, 1000, 24)))
        .with("metadata", json!({"fcp_xml": {"stillframe": "TRUE", "stillframeoffset": "77"}}));
    assert_eq!(sources(&plan(&timeline([track("V1", [tape])]), &PlanOptions::default()), "A"), [77; 4]);
    let mut baked = xml_clip("A", 7, 4, json!({"stillframe": "TRUE", "stillframeoffset": "77"}));
    baked["media_references"] = json!({"intermediate": movie("baked", range(0, 20, 24))});
    baked["active_media_reference_key"] = json!("intermediate");
    baked["metadata"]["otio-conflate"] = json!({"baked": true});
    assert_eq!(sources(&plan(&timeline([track("V1", [baked])]), &PlanOptions::default()), "A"), [7, 8, 9, 10]);
}

#[test]
fn a_transition_of_final_cut_is_called_what_its_effect_is() {
    let warnings_of = |name: &str, metadata: Value| {
        let across = dissolve(4, 4).with("name", name).with("metadata", metadata);
        let cut = timeline([track("V1", [clip("A", 0, 8), across, clip("B", 100, 8)])]);
        warnings(&plan(&cut, &whole(16))).join("\n")
    };
    let xml = || json!({"fcp_xml": {"alignment": "center"}});
    for plain in ["Cross Dissolve", "", "cross dissolve"] {
        assert_eq!(warnings_of(plain, xml()), "", "{plain:?}");
    }
    for other in ["Edge Wipe", "Band Slide", "Additive Dissolve"] {
        assert!(warnings_of(other, xml()).contains("drawn as a dissolve"), "{other:?}");
        // Elsewhere a name is whatever its author likes.
        assert_eq!(warnings_of(other, json!({})), "", "{other:?}");
    }
    assert!(warnings_of("Dip to Color Dissolve", xml()).contains("using black"));
}

#[test]
fn a_nest_that_holds_nothing_is_a_warning() {
    let nest = |children: Value| {
        let nest = json!({"OTIO_SCHEMA": "Stack.1", "name": "inner", "children": children,
            "source_range": range(5, 24, 24), "metadata": {"fcp_xml": {"@id": "clipitem-2"}}});
        plan(&timeline([track("V1", [clip("A", 0, 24), nest])]), &whole(48))
    };
    for empty in [json!([]), json!([track("V1", [])])] {
        let cut = nest(empty);
        assert_warns(&cut, "tracks[0].children[1]", "holds nothing");
        assert_eq!((shown(&cut, "cut")[23].as_str(), shown(&cut, "cut")[24].as_str()), ("A 23", "-"));
    }
    assert!(nest(json!([track("V1", [clip("B", 0, 100)])])).warnings.is_empty());
    // Silent, too; in nests of nests; and where a track holds nothing else.
    let silent = json!({"OTIO_SCHEMA": "Track.1", "name": "A1", "kind": "Audio",
        "children": [stack([]).with("source_range", range(0, 24, 24))]});
    assert_warns(
        &plan(&timeline([track("V1", [clip("A", 0, 24)]), silent]), &whole(24)),
        "tracks[1].children[0]",
        "silent",
    );
    let inner = stack([track("n", [stack([]).with("source_range", range(0, 24, 24))])]);
    let deep = plan(&timeline([track("V1", [inner])]), &whole(24));
    assert_warns(&deep, "tracks[0].children[0].children[0].children[0]", "holds nothing");
}

#[test]
fn a_subclip_says_from_where_its_range_is_counted() {
    let subclip =
        |offset: &str| xml_clip("A", 10, 4, json!({"subclipinfo": {"startoffset": offset, "endoffset": "9"}}));
    let cut = plan(&timeline([track("V1", [subclip("100")])]), &PlanOptions::default());
    assert_eq!(sources(&cut, "A"), [10, 11, 12, 13]);
    assert_warns(&cut, "tracks[0].children[0]", "starts 100 frames into its media");
    assert!(plan(&timeline([track("V1", [subclip("0")])]), &PlanOptions::default()).warnings.is_empty());
}

/// A clip as the adapter of FCPXML makes it.
fn of_fcpxml(name: &str, start: i32, frames: i32, rate: i32) -> Value {
    let media = movie(name, range(0, 2400, rate)).with("metadata", json!({"fcpx": {}}));
    clip_of(name, range(start, frames, rate), media)
}

#[test]
fn what_the_adapter_of_fcpxml_loses_is_said_once() {
    let cut = timeline([track("0", [of_fcpxml("A", 0, 24, 24), of_fcpxml("B", 0, 24, 24)])]);
    let cut = plan(&cut, &PlanOptions::default());
    assert_eq!(cut.warnings.len(), 1, "{:?}", cut.warnings);
    assert_warns(&cut, "tracks", "leaves out speeds");
    // Rates without what is behind their point.
    for rate in [23, 29, 59] {
        let cut = plan(&timeline([track("0", [of_fcpxml("A", 0, rate, rate)])]), &PlanOptions::default());
        assert_warns(&cut, "tracks", &format!("the record rate {rate}"));
    }
    // Lanes sorted as texts.
    let lane = |name: &str| track(name, [of_fcpxml("A", 0, 24, 24)]);
    let cut = |lanes: &[&str]| plan(&timeline(lanes.iter().map(|name| lane(name)).collect::<Vec<_>>()), &whole(24));
    assert_warns(&cut(&["-1", "-2", "0"]), "tracks", "[-1, -2, 0]");
    assert_warns(&cut(&["0", "1", "10", "2"]), "tracks", "[0, 1, 10, 2]");
    assert_eq!(cut(&["-1", "0", "1", "2"]).warnings.len(), 1);
    // The primary storyline is what shots are made of, whatever lies under it.
    assert_eq!(cut(&["-1", "0", "1", "2"]).hero_track, "0");
    // A clip with sound of its own.
    let twice = track("0", [of_fcpxml("A", 0, 24, 24), of_fcpxml("A", 0, 24, 24), of_fcpxml("A", 24, 24, 24)]);
    let twice = plan(&timeline([twice]), &PlanOptions::default());
    assert_warns(&twice, "tracks[0].children[1]", "once more");
    assert_eq!(twice.warnings.len(), 2);
    // A nest, whose tracks are called otherwise.
    let nested = stack([track("0", [of_fcpxml("A", 0, 240, 24)])]).with("source_range", range(24, 24, 24));
    assert_warns(&plan(&timeline([track("0", [nested])]), &whole(24)), "tracks", "leaves out speeds");
    assert!(plan(&timeline([track("0", [clip("A", 0, 24)])]), &PlanOptions::default()).warnings.is_empty());
}

#[test]
fn a_file_of_sound_in_a_video_track_is_no_picture() {
    let sound = json!({"OTIO_SCHEMA": "ExternalReference.1", "target_url": "file:///m/s.WAV",
        "available_range": range(0, 100, 24), "metadata": {"fcpx": {}}});
    let lower = track("-1", [gap(4), clip_of("s", range(0, 8, 24), sound)]);
    let cut = plan(&timeline([lower.clone(), track("0", [clip("A", 5, 12)])]), &PlanOptions::default());
    assert_eq!((names(&cut), cut.hero_track.as_str()), (vec!["A"], "0"));
    assert_eq!(shown(&cut, "A")[5], "A 10");
    assert_warns(&cut, "tracks[0].children[1]", "sound file");
    assert!(plan(&timeline([lower]), &options(|options| options.shots = "all".parse().expect("all"))).shots.is_empty());
}

#[test]
fn a_gap_that_an_aaf_has_for_a_clip_is_a_warning() {
    let made_of = |class: &str| gap(10).with("metadata", json!({"AAF": {"ClassName": class, "StartTime": 5}}));
    let cut = |gap: Value| plan(&timeline([track("V1", [clip("A", 0, 10), gap])]), &whole(20));
    assert_warns(&cut(made_of("SourceClip")), "tracks[0].children[1]", "stands for a clip");
    for plain in ["Filler", "ScopeReference"] {
        assert!(cut(made_of(plain)).warnings.is_empty(), "{plain}");
    }
    let silent = json!({"OTIO_SCHEMA": "Track.1", "name": "A1", "kind": "Audio",
        "children": [clip("s", 0, 10), made_of("SourceClip")]});
    let cut = plan(&timeline([track("V1", [clip("A", 0, 20)]), silent]), &whole(20));
    assert_warns(&cut, "tracks[1].children[1]", "silent");
}

#[test]
fn a_nest_that_is_trimmed_beyond_what_it_holds_is_a_warning() {
    let nest = |kind: &str, start: i32, frames: i32| {
        let inner = track("n", [clip("B", 0, 20)]).with("kind", kind);
        track("N", [clip("A", 0, 10), stack([inner]).with("source_range", range(start, frames, 24))]).with("kind", kind)
    };
    let picture = |start, frames| plan(&timeline([nest("Video", start, frames)]), &whole(10 + i64::from(frames)));
    for (start, frames, missing) in [(15, 20, 15), (-5, 20, 5), (50, 20, 20), (-30, 10, 10), (-5, 30, 10)] {
        let text = format!("lasts 20 frames: nothing is shown or heard in {missing} of its {frames} frames");
        assert_warns(&picture(start, frames), "tracks[0].children[1]", &text);
        let sound = timeline([track("V1", [clip("A", 0, 100)]), nest("Audio", start, frames)]);
        assert_warns(&plan(&sound, &whole(40)), "tracks[1].children[1]", &text);
    }
    assert!(picture(0, 20).warnings.is_empty() && picture(5, 15).warnings.is_empty());
    // A track, too; and what is retimed asks for as much as its speed says.
    let trimmed = track("V1", [clip("A", 0, 10)]).with("source_range", range(5, 20, 24));
    assert_warns(&plan(&timeline([trimmed]), &whole(20)), "tracks[0]", "in 15 of its 20 frames");
    let slow =
        stack([track("n", [clip("B", 0, 20)])]).with("source_range", range(0, 40, 24)).with("effects", warp(0.5));
    assert!(plan(&timeline([track("V1", [slow])]), &whole(40)).warnings.is_empty());
}
