//! Wipes, dips and what is drawn as a dissolve: R9.

use otio_conflate::Plan;
use otio_conflate::plan::{Element, MixStyle, PlanOptions};
use serde_json::{Value, json};

use crate::support::*;

const OBJECT: &str = "tracks[0].children[1]";

/// A cut of two clips of eight frames with this transition.
fn planned(transition: Value) -> Plan {
    let cut = timeline([track("V1", [clip("A", 0, 8), transition, clip("B", 100, 8)])]);
    plan(&cut, &whole(16))
}

fn style_of(plan: &Plan) -> MixStyle {
    let styles = plan.shots[0].spans.iter().flat_map(|span| &span.stack).filter_map(|element| match element {
        Element::Mix { style, .. } => Some(*style),
        _ => None,
    });
    let styles: Vec<MixStyle> = styles.collect();
    assert_eq!(styles.len(), 1, "{styles:?}");
    styles[0]
}

/// What a transition of this kind is, where nothing is to be said about it.
#[track_caller]
fn drawn(kind: &str, metadata: Value) -> MixStyle {
    let plan = planned(dissolve(2, 2).with("transition_type", kind).with("metadata", metadata));
    assert!(warnings(&plan).is_empty(), "{:?}", warnings(&plan));
    style_of(&plan)
}

#[track_caller]
fn said(kind: &str, metadata: Value, part: &str) -> MixStyle {
    let plan = planned(dissolve(2, 2).with("transition_type", kind).with("metadata", metadata));
    assert_warns(&plan, OBJECT, part);
    style_of(&plan)
}

const fn wipe(code: u16) -> MixStyle {
    MixStyle::Wipe { code, reverse: false }
}

const BLACK: MixStyle = MixStyle::Dip { color: [0.0, 0.0, 0.0, 1.0] };
const WHITE: MixStyle = MixStyle::Dip { color: [1.0; 4] };

#[test]
fn the_wipes_of_edls_and_aafs_are_wipes() {
    assert_eq!(
        drawn("SMPTE_Wipe", json!({"cmx_3600": {"transition": "W019"}}).with("cmx_3600.transition", "W001")),
        wipe(1)
    );
    assert_eq!(drawn("SMPTE_Wipe", json!({"cmx_3600": {"transition": "W119", "transition_duration": 4.0}})), wipe(119));
    assert_eq!(drawn("W002", json!({})), wipe(2));
    assert_eq!(drawn("SMPTE_Wipe_21", json!({})), wipe(21));
    let aaf = json!({"AAF": {"OperationGroup": {"Operation": {"Name": "SMPTE Wipe"},
        "Parameters": [{"Name": "SMPTE Wipe Number", "Value": 102}, {"Name": "SMPTE Reverse", "Value": true}]}}});
    assert_eq!(drawn("SMPTE_Dissolve", aaf), MixStyle::Wipe { code: 102, reverse: true });
    let named = planned(dissolve(2, 2).with("transition_type", "Custom_Transition").with("name", "W041"));
    assert_eq!(style_of(&named), wipe(41));
}

#[test]
fn wipes_without_a_pattern_that_is_known_are_dissolves_and_said() {
    for (kind, metadata, part) in [
        ("SMPTE_Wipe", json!({}), "\"SMPTE_Wipe\" is drawn as a dissolve"),
        ("SMPTE_Wipe", json!({"cmx_3600": {"transition": "W019"}}), "wipe 19 is drawn as a dissolve"),
        ("W999", json!({}), "wipe 999 is drawn as a dissolve"),
        ("SMPTE_Wipe", json!({"cmx_3600": {"transition": 7}}), "\"SMPTE_Wipe\" is drawn as a dissolve"),
        ("SMPTE_Wipe", json!({"wipe_code": -1}), "\"SMPTE_Wipe\" is drawn as a dissolve"),
        ("SMPTE_Wipe", json!({"wipe_code": 1e300}), "\"SMPTE_Wipe\" is drawn as a dissolve"),
        ("SMPTE_Wipe", json!({"wipe_code": 1.5}), "\"SMPTE_Wipe\" is drawn as a dissolve"),
    ] {
        assert_eq!(said(kind, metadata, part), MixStyle::Dissolve, "{kind}");
    }
    // A clip's name in the transition's is no code.
    let named = planned(
        dissolve(2, 2).with("transition_type", "SMPTE_Wipe").with("name", "SMPTE_Wipe from A to fade_to_black_2"),
    );
    assert_eq!(style_of(&named), MixStyle::Dissolve);
    assert_warns(&named, OBJECT, "\"SMPTE_Wipe\" is drawn as a dissolve");
}

#[test]
fn dips_go_through_the_colour_that_is_told() {
    assert_eq!(drawn("Dip to Black", json!({})), BLACK);
    assert_eq!(drawn("Dip To White", json!({})), WHITE);
    assert_eq!(drawn("Fade Through Black", json!({})), BLACK);
    assert_eq!(drawn("fade_to_black", json!({})), BLACK);
    assert_eq!(drawn("Fade In Fade Out Dissolve", json!({})), BLACK);
    let resolve = |parameters: Value| {
        json!({"Resolve_OTIO": {"Transition Type": "Dip To Color Dissolve", "Effects": {"Effect Name": "Dip To Color Dissolve",
            "Enabled": true, "Parameters": parameters}}})
    };
    let red = MixStyle::Dip { color: [1.0, 0.0, 0.0, 1.0] };
    let parameter = |value: Value| json!([{"Parameter ID": "dipColor", "Parameter Value": value}]);
    for value in [
        json!([1.0, 0.0, 0.0]),
        json!([255, 0, 0]),
        json!([255, 0, 0, 255]),
        json!("#ff0000"),
        json!({"Red": 1.0, "Green": 0, "Blue": 0}),
        json!({"r": 255, "g": 0, "b": 0, "a": 1.0}),
    ] {
        assert_eq!(drawn("Custom_Transition", resolve(parameter(value.clone()))), red, "{value}");
    }
    assert_eq!(
        drawn("Dip To Color", json!({"color": [0.5, 0.5, 0.5, 0.25]})),
        MixStyle::Dip { color: [0.5, 0.5, 0.5, 0.25] }
    );
    for value in [
        json!([1.0, 0.0]),
        json!(["red", 0, 0]),
        json!([1e9, 0, 0]),
        json!([-1, 0, 0]),
        json!("red"),
        json!({}),
        json!(7),
    ] {
        assert_eq!(said("Custom_Transition", resolve(parameter(value.clone())), "colour"), BLACK, "{value}");
    }
}

#[test]
fn other_kinds_are_dissolves_and_said() {
    let resolve = |kind: &str| json!({"Resolve_OTIO": {"Transition Type": kind, "Effects": {"Effect Name": kind, "Parameters": []}}});
    assert_eq!(drawn("SMPTE_Dissolve", resolve("Cross Dissolve")), MixStyle::Dissolve);
    assert_eq!(drawn("Custom_Transition", resolve("Cross Dissolve")), MixStyle::Dissolve);
    assert_eq!(drawn("SMPTE_Dissolve", json!({"cmx_3600": {"transition": "D"}})), MixStyle::Dissolve);
    said("SMPTE_Dissolve", resolve("Additive Dissolve"), "\"Additive Dissolve\" is drawn as a dissolve");
    said("Custom_Transition", resolve("Hexagon Iris"), "\"Hexagon Iris\" is drawn as a dissolve");
    said("Custom_Transition", resolve("Edge Wipe"), "\"Edge Wipe\" is drawn as a dissolve");
    said("", json!({}), "drawn as a dissolve");
    let soft = json!({"Resolve_OTIO": {"Transition Type": "Cross Dissolve", "Effects": {"Parameters": [
        {"Parameter ID": "transitionCustomCurvesKeyframes", "Key Frames": {
            "0": {"Value": 0.0, "OutBez": {"OutBez": [7.2, 0.0]}}, "24": {"Value": 1.0}}}]}}});
    said("SMPTE_Dissolve", soft, "straight line");
    for wrong in [json!({"Resolve_OTIO": 1}), json!({"cmx_3600": [], "AAF": {"OperationGroup": null}}), json!([])] {
        let plan = planned(dissolve(2, 2).with("metadata", if wrong.is_array() { json!({}) } else { wrong }));
        assert_eq!(style_of(&plan), MixStyle::Dissolve);
    }
}

#[test]
fn a_wipes_weights_are_the_shares_of_the_picture() {
    let plan = planned(dissolve(2, 2).with("transition_type", "W001"));
    assert_eq!(shown(&plan, "cut")[6..9], ["A 6", "A 7*0.75 + B 99*0.25", "A 8*0.5 + B 100*0.5"]);
}

#[test]
fn a_dips_colour_takes_its_share() {
    let plan = planned(dissolve(2, 2).with("transition_type", "Dip to Black"));
    assert_eq!(shown(&plan, "cut")[5..11], ["A 5", "A 6", "A 7*0.5", "-", "B 101*0.5", "B 102"]);
    // What lies under it is not seen through the colour.
    let dip = dissolve(2, 2).with("transition_type", "Dip to Black");
    let over = timeline([track("V1", [clip("U", 50, 16)]), track("V2", [gap(8), dip.clone(), clip("B", 100, 8)])]);
    let rows = shown(&self::plan(&over, &whole(16)), "cut");
    assert_eq!(rows[6..10], ["U 56", "U 57*0.5", "-", "B 101*0.5"]);
    // A side without a share asks for no frames of its media.
    let short = clip_of("A", range(0, 8, 24), movie("A", range(0, 8, 24)));
    let cut = timeline([track("V1", [short, dip, clip("B", 100, 8)])]);
    let plan = self::plan(&cut, &whole(16));
    assert!(warnings(&plan).is_empty(), "{:?}", warnings(&plan));
}

#[test]
fn a_dip_stands_still_in_source_handles() {
    let mut options = PlanOptions::default();
    options.handles = otio_conflate::plan::Handles::both(2);
    options.handle_mode = "source".parse().expect("a mode");
    let cut = timeline([track(
        "V1",
        [clip("A", 0, 8), dissolve(2, 2).with("transition_type", "Dip to Black"), clip("B", 100, 8)],
    )]);
    let plan = plan(&cut, &options);
    assert_eq!(shown(&plan, "A")[6..], ["A 6", "A 7*0.5", "A 8*0.5", "A 9*0.5"]);
}

#[test]
fn plans_with_wipes_and_dips_can_be_stored() {
    for kind in ["W001", "Dip to White", "SMPTE_Dissolve"] {
        let plan = planned(dissolve(2, 2).with("transition_type", kind));
        let stored = serde_json::to_string(&plan).expect("plain data");
        assert_eq!(stored.contains("\"style\""), kind != "SMPTE_Dissolve");
        assert_eq!(serde_json::from_str::<Plan>(&stored).expect("it was just written"), plan);
    }
}
