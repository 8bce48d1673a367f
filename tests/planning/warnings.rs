//! R15: what a plan has to say is said once a cause, and cannot act on a terminal.

use serde_json::json;

use crate::support::*;

#[test]
fn a_cause_is_told_once_with_a_count_and_the_first_objects() {
    let graded = |name: String| {
        clip(&name, 0, 10).with(
            "metadata",
            json!({"cdl": {"asc_sat": 0.9, "asc_sop": {
        "slope": [1, 1, 1], "offset": [0, 0, 0], "power": [1, 1, 1]}}}),
        )
    };
    let clips: Vec<_> = (0..12).map(|number| graded(format!("sh{number}"))).collect();
    let plan = plan(&timeline([track("V1", clips)]), &Default::default());
    let told: Vec<_> = plan.warnings.iter().filter(|warning| warning.message.contains("CDL")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].count, told[0].others.len()), (12, 4));
    assert!(told[0].to_string().contains("(12 times: tracks[0].children[0], "), "{}", told[0]);
}

#[test]
fn names_in_warnings_and_errors_are_escaped() {
    let effects = json!([{"OTIO_SCHEMA": "Effect.1", "effect_name": "x\u{1b}[31m\u{202e}y", "metadata": {}}]);
    let timeline = timeline([track("V\u{7}1", [clip("a\nb", 0, 10).with("effects", effects)])]);
    let plan = plan(&timeline, &Default::default());
    let acts = |text: &String| text.contains(|character: char| character.is_control() || character == '\u{202e}');
    assert!(!warnings(&plan).is_empty() && !warnings(&plan).iter().any(acts), "{:?}", warnings(&plan));
    let error = refused(&timeline, &options(|options| options.shots = "track:x".parse().expect("a track")));
    assert!(!acts(&format!("{error:#}")), "{error:#}");
}
