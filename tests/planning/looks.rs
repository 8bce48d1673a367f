//! How clips look: what applications write in their metadata, and how much of a layer is seen. R4, R9.

use otio_conflate::Plan;
use otio_conflate::plan::{Animated, Blend, ColorNote, Element, Layer, Placement, Unit};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::*;

/// The first layer of a plan.
fn layer(plan: &Plan) -> &Layer {
    match &plan.shots[0].spans[0].stack[0] {
        Element::Layer(layer) => layer,
        other => panic!("a plain layer, not {other:?}"),
    }
}

fn keys(pairs: &[(&str, Value)]) -> Value {
    pairs
        .iter()
        .map(|(frame, value)| ((*frame).to_owned(), json!({"Value": value, "Variant Type": "Double"})))
        .collect()
}

fn parameter(id: &str, value: impl Into<Value>) -> Value {
    json!({"Parameter ID": id, "Parameter Value": value.into(), "Default Parameter Value": "unlike any", "Key Frames": {}})
}

fn resolve(name: &str, parameters: impl Into<Vec<Value>>) -> Value {
    json!({"OTIO_SCHEMA": "Effect.1", "name": "", "effect_name": "Resolve Effect", "metadata": {"Resolve_OTIO":
        {"Effect Name": name, "Enabled": true, "Name": name, "Parameters": parameters.into(), "Type": 2}}})
}

fn filter(id: &str, parameters: Value) -> Value {
    json!({"OTIO_SCHEMA": "Effect.1", "name": id, "effect_name": "",
        "metadata": {"fcp_xml": {"effectid": id, "mediatype": "video", "parameter": parameters}}})
}

/// A cut in which ten frames of nothing come before twenty of a clip with these effects.
fn cut(effects: impl Into<Vec<Value>>) -> Plan {
    let clip = clip("a", 100, 20).with("effects", effects.into());
    plan(&timeline([track("V1", [gap(10), clip])]), &options(|_| ()))
}

#[test]
fn what_resolve_writes_on_every_clip_changes_nothing() {
    let names = ["Transform", "Cropping", "Dynamic Zoom", "Composite", "Lens Correction", "Retime and Scaling"];
    let plan = cut(names.map(|name| resolve(name, [])));
    assert!(layer(&plan).look.is_plain() && plan.warnings.is_empty(), "{:?}", plan.warnings);
    let json = serde_json::to_value(layer(&plan)).expect("plain data");
    assert!(json.get("look").is_none() && json.get("color").is_none(), "{json}");
}

#[test]
fn resolve_transforms_crops_and_scales() {
    let plan = cut([
        resolve(
            "Transform",
            [
                parameter("transformationZoomX", 1.5),
                parameter("transformationPan", -0.25),
                parameter("transformationTilt", 0.125),
                parameter("transformationRotationAngle", 30.0),
                parameter("transformationAnchorPoint", json!([0.5, -0.5])),
                parameter("transformationFlipY", true),
            ],
        ),
        resolve("Cropping", [parameter("cropLeft", 0.25), parameter("cropBottom", 0.5)]),
        resolve("Retime and Scaling", [parameter("scale", 3)]),
        resolve("Composite", [parameter("composite mode", 5), parameter("opacity", 50.0)]),
    ]);
    let look = &layer(&plan).look;
    let transform = look.transform.as_ref().expect("a transform");
    let constant = |value: f64| Animated::Constant(value);
    assert_eq!(transform.zoom, [constant(1.5), constant(1.0)]);
    assert_eq!(transform.position, [constant(-0.25), constant(0.125)]);
    assert_eq!(transform.anchor, [constant(0.5), constant(-0.5)]);
    assert_eq!(
        (transform.rotation.clone(), transform.flip, transform.unit),
        (constant(30.0), [false, true], Unit::Canvas)
    );
    let crop = look.crop.as_ref().expect("a crop");
    assert_eq!((&crop.left, &crop.bottom, &crop.top), (&constant(0.25), &constant(0.5), &constant(0.0)));
    assert_eq!((look.placement, look.blend), (Some(Placement::Fill), Blend::Screen));
    assert_eq!(look.opacity, constant(0.5));
    assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
}

#[test]
fn resolve_key_frames_count_from_the_clips_first_frame() {
    let animated = |keys: Value| {
        let mut opacity = parameter("opacity", 7.0);
        opacity["Key Frames"] = keys;
        cut([resolve("Composite", [opacity])])
    };
    let plan = animated(keys(&[("5", json!(0.0)), ("15", json!(100.0)), ("-2", json!(20.0))]));
    let expected = vec![(-2.0, 0.2), (5.0, 0.0), (15.0, 1.0)];
    assert_eq!(layer(&plan).look.opacity, Animated::Keys(expected));
    assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
    // Frame 10 of the clip is half-way.
    assert_eq!(shown(&plan, "a")[10], "a 110*0.5");
    assert_eq!(shown(&plan, "a")[5], "-");

    let mut curved = keys(&[("0", json!(0.0)), ("10", json!(100.0))]);
    curved["10"]["InBez"] = json!({"InBez": [-5.0, 0.0]});
    assert_warns(&animated(curved), "tracks[0].children[1].effects[0]", "curves");
    let plan = animated(keys(&[("zero", json!(0.0))]));
    assert_warns(&plan, "tracks[0].children[1].effects[0]", "cannot be read");
    assert_eq!(layer(&plan).look.opacity, Animated::Constant(0.07));
}

#[test]
fn resolve_faders_fade_the_clips_ends() {
    let plan = cut([resolve("Video Faders", [parameter("videoFaderIn", 4.0), parameter("videoFaderOut", 5.0)])]);
    let weight = |index: usize| {
        plan.frames(&plan.shots[0]).nth(index).expect("a frame").layers.first().map_or(0.0, |l| l.weight)
    };
    let weights = [0, 1, 2, 3, 4, 15, 16, 17, 18, 19].map(weight);
    let expected = [0.0, 0.25, 0.5, 0.75, 1.0, 1.0, 0.8, 0.6, 0.4, 0.2];
    for (got, wanted) in weights.into_iter().zip(expected) {
        assert!((got - wanted).abs() < 1e-6, "{weights:?}");
    }
}

#[test]
fn final_cut_scales_the_medias_own_size_and_turns_clockwise() {
    let plan = cut([
        filter(
            "basic",
            json!([
                {"parameterid": "scale", "name": "Scale", "valuemin": "0", "valuemax": "1000", "value": "50"},
                {"parameterid": "rotation", "value": "-90"},
                {"parameterid": "center", "value": {"horiz": "0.1", "vert": "0.2"}},
                {"parameterid": "antiflicker", "value": "0.0"},
            ]),
        ),
        filter(
            "opacity",
            json!({"parameterid": "opacity", "value": "100",
                "keyframe": [{"when": "104", "value": "0"}, {"when": "108", "value": "80"}]}),
        ),
        filter("crop", json!([{"parameterid": "left", "value": "25"}, {"parameterid": "edgefeather", "value": "0"}])),
    ]);
    let look = &layer(&plan).look;
    let transform = look.transform.as_ref().expect("a transform");
    let constant = |value: f64| Animated::Constant(value);
    assert_eq!(transform.zoom, [constant(0.5), constant(0.5)]);
    assert_eq!((transform.rotation.clone(), transform.unit), (constant(90.0), Unit::Media));
    assert_eq!(transform.position, [constant(0.1), constant(-0.2)]);
    assert_eq!(look.placement, Some(Placement::Native));
    assert_eq!(look.opacity, Animated::Keys(vec![(4.0, 0.0), (8.0, 0.8)]));
    assert_eq!(look.crop.as_ref().map(|crop| crop.left.clone()), Some(constant(0.25)));
    assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);

    let item = clip("a", 0, 4).with(
        "metadata",
        json!({"fcp_xml": {"compositemode": "multiply", "filter":
        {"effect": {"effectid": "opacity", "parameter": {"parameterid": "opacity", "value": "25"}}}}}),
    );
    let plan = crate::support::plan(&timeline([track("V1", [item])]), &options(|_| ()));
    assert_eq!((layer(&plan).look.blend, &layer(&plan).look.opacity), (Blend::Multiply, &constant(0.25)));
}

#[test]
fn hiero_writes_its_properties_with_the_media() {
    let with = |opacity: Value, blend: Value| {
        let metadata = json!({"clip.properties.opacity": opacity, "clip.properties.blendfunc": blend});
        let media = movie("a", range(0, 100, 24)).with("metadata", metadata);
        plan(&timeline([track("V1", [clip_of("a", range(0, 4, 24), media)])]), &options(|_| ()))
    };
    let plain = with(json!("1"), json!("0"));
    assert!(layer(&plain).look.is_plain() && plain.warnings.is_empty(), "{:?}", plain.warnings);
    assert_eq!(layer(&with(json!("0.5"), json!("0"))).look.opacity, Animated::Constant(0.5));
    for (opacity, blend) in [("half", "0"), ("1", "7"), ("1", "glow")] {
        assert_eq!(with(json!(opacity), json!(blend)).warnings.len(), 1, "{opacity}, {blend}");
    }
}

#[test]
fn opacity_is_a_layers_share_and_what_it_leaves_is_seen_below() {
    let composite = |opacity: f64, mode: i64| {
        json!([resolve("Composite", [parameter("opacity", opacity), parameter("composite mode", mode)])])
    };
    let over = |effects: Value| {
        let top = clip("t", 0, 2).with("effects", effects);
        let below = clip("b", 50, 2);
        plan(&timeline([track("V1", [below]), track("V2", [top])]), &whole(2))
    };
    assert_eq!(shown(&over(composite(25.0, 0)), "cut"), ["b 50*0.75 + t 0*0.25", "b 51*0.75 + t 1*0.25"]);
    assert_eq!(shown(&over(composite(100.0, 0)), "cut"), ["t 0", "t 1"]);
    assert_eq!(shown(&over(composite(0.0, 0)), "cut"), ["b 50", "b 51"]);
    // What a mode mixes with stays whole.
    assert_eq!(shown(&over(composite(50.0, 4)), "cut"), ["b 50 + t 0*0.5", "b 51 + t 1*0.5"]);
}

#[test]
fn media_that_runs_out_under_a_half_transparent_layer_is_told() {
    let below = clip("b", 990, 20);
    let top =
        |opacity: f64| clip("t", 0, 20).with("effects", json!([resolve("Composite", [parameter("opacity", opacity)])]));
    let plan = |opacity| plan(&timeline([track("V1", [below.clone()]), track("V2", [top(opacity)])]), &whole(20));
    assert_warns(&plan(50.0), "tracks[0].children[0]", "990 to 1009");
    assert!(plan(100.0).warnings.is_empty());
}

#[test]
fn a_nested_stack_keeps_its_blend_modes_to_itself() {
    let multiply = clip("m", 0, 4).with("effects", json!([resolve("Composite", [parameter("composite mode", 4)])]));
    let nest = stack([track("n", [multiply])]);
    let nested = plan(&timeline([track("V1", [clip("b", 0, 4)]), track("V2", [nest])]), &whole(4));
    assert!(matches!(&nested.shots[0].spans[0].stack[1], Element::Stack { elements, .. } if elements.len() == 1));
}

#[test]
fn compositions_have_looks_of_their_own() {
    let half = || json!([resolve("Composite", [parameter("opacity", 50.0)])]);
    let two = || [track("n1", [clip("x", 0, 4)]), track("n2", [clip("y", 50, 2)])];
    let nest = stack(two()).with("effects", half());
    let nested = plan(&timeline([track("V1", [clip("b", 100, 4)]), track("V2", [nest])]), &whole(4));
    assert_eq!(shown(&nested, "cut")[0], "b 100*0.5 + y 50*0.5");
    assert_eq!(shown(&nested, "cut")[3], "b 103*0.5 + x 3*0.5");
    assert!(nested.warnings.is_empty(), "{:?}", nested.warnings);
    let faint = track("V2", [clip("t", 0, 4)]).with("metadata", json!({"opacity": 0.25}));
    let plan_of_track = plan(&timeline([track("V1", [clip("b", 100, 4)]), faint]), &whole(4));
    assert_eq!(shown(&plan_of_track, "cut")[1], "b 101*0.75 + t 1*0.25");
    let odd = track("V1", [clip("t", 0, 4)]).with("metadata", json!({"opacity": "faint"}));
    assert_warns(&plan(&timeline([odd]), &whole(4)), "tracks[0]", "not a number");
    // Its key frames count from its own first frame, at its own speed.
    let mut moving = parameter("opacity", 0.0);
    moving["Key Frames"] = keys(&[("0", json!(0.0)), ("8", json!(100.0))]);
    let effects = json!([resolve("Composite", [moving]), warp(2.0)[0]]);
    let fast = stack([track("n", [clip("x", 0, 16)])]).with("effects", effects).with("source_range", range(0, 8, 24));
    let fast = plan(&timeline([track("V1", [gap(2), fast])]), &whole(10));
    assert_eq!((shown(&fast, "cut")[4].as_str(), shown(&fast, "cut")[8].as_str()), ("x 4*0.25", "x 12*0.75"));
}

#[test]
fn key_frames_move_with_a_nested_composition_that_is_used_again() {
    let mut moving = parameter("opacity", 0.0);
    moving["Key Frames"] = keys(&[("0", json!(0.0)), ("4", json!(100.0))]);
    let nest =
        || stack([track("n", [clip("x", 0, 8).with("effects", json!([resolve("Composite", [moving.clone()])]))])]);
    let uses: Vec<Value> = (0..6).flat_map(|_| [gap(1), nest()]).collect();
    let plan = plan(&timeline([track("V1", uses)]), &whole(54));
    let rows = shown(&plan, "cut");
    for number in 0..6 {
        let start = number * 9;
        let expected = ["-", "-", "x 1*0.25", "x 2*0.5", "x 3*0.75", "x 4", "x 5", "x 6", "x 7"];
        assert_eq!(rows[start..start + 9], expected, "use {number}");
    }
}

#[test]
fn colour_decisions_are_listed_and_not_applied() {
    let cdl = json!({"asc_sat": 0.9, "asc_sop": {"slope": [1.1, 1.0, "0.9"], "offset": [0.0, 0.01, -0.02], "power": [1, 1, 1.2]}});
    let with = |cdl: Value| {
        let clip = clip("a", 0, 4).with("metadata", json!({"cdl": cdl}));
        plan(&timeline([track("V1", [clip])]), &options(|_| ()))
    };
    let plan = with(cdl);
    let expected =
        ColorNote::Cdl { slope: [1.1, 1.0, 0.9], offset: [0.0, 0.01, -0.02], power: [1.0, 1.0, 1.2], saturation: 0.9 };
    assert_eq!(layer(&plan).color, [expected]);
    assert_warns(&plan, "tracks[0].children[0]", "not applied");
    for broken in [json!("0.9"), json!({"asc_sop": {"slope": [1.0]}}), json!({"asc_sat": {}}), json!([]), json!({})] {
        let plan = with(broken.clone());
        assert!(layer(&plan).color.is_empty(), "{broken}");
        assert_warns(&plan, "tracks[0].children[0]", "cannot be read");
    }
    let graded = cut([json!({"OTIO_SCHEMA": "Effect.1", "name": "grade", "effect_name": "Lumetri Color"})]);
    assert_eq!(layer(&graded).color, [ColorNote::Effect { name: "Lumetri Color".to_owned() }]);
    assert_warns(&graded, "tracks[0].children[1].effects[0]", "Lumetri Color");
}

/// Anything JSON can hold, as deep as these formats go.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        "[0-9a-zA-Z.]{0,8}".prop_map(Value::from),
        prop::sample::select(vec!["nan", "inf", "-1e300", "1e400", "", "TRUE"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let key =
            prop::sample::select(vec!["Value", "horiz", "vert", "when", "value", "0", "12", "slope", "x", "InBez"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.prop_map(str::to_owned), inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nothing_that_metadata_holds_breaks_a_plan(
        id in prop::sample::select(vec![
            "transformationZoomX", "transformationPan", "transformationAnchorPoint", "transformationFlipX", "cropTop",
            "opacity", "composite mode", "scale", "videoFaderIn", "videoFaderOut", "center", "rotation", "left",
        ]),
        name in prop::sample::select(vec!["Transform", "Cropping", "Composite", "Retime and Scaling", "Video Faders"]),
        filter_id in prop::sample::select(vec!["basic", "opacity", "crop"]),
        (value, frames, when) in (anything(), anything(), anything()),
    ) {
        let both = json!({"Parameter ID": id, "Parameter Value": value, "Key Frames": frames, "parameterid": id,
            "value": value, "keyframe": [{"when": when, "value": value}]});
        let clip = clip("a", 100, 20)
            .with("effects", json!([resolve(name, [both.clone()]), filter(filter_id, both), filter(filter_id, value.clone())]))
            .with("metadata", json!({"cdl": value, "fcp_xml": {"filter": frames, "compositemode": when}}));
        let plan = plan(&timeline([track("V1", [clip])]), &options(|_| ()));
        let layer = layer(&plan);
        for record in [-5, 0, 7, 30] {
            let opacity = layer.look.opacity_at(record).to_f64();
            prop_assert!((0.0..=1.0).contains(&opacity));
            if let Some(transform) = &layer.look.transform {
                let all = transform.zoom.iter().chain(&transform.position).chain(&transform.anchor);
                prop_assert!(all.chain([&transform.rotation]).all(|value| value.at(layer.look.frame(record)).is_finite()));
            }
        }
        let text = serde_json::to_string(&plan).expect("plain data");
        prop_assert!(serde_json::from_str::<Plan>(&text).is_ok(), "{}", text);
    }
}
