//! Wipes and dips, in every way frames are made. R9.

use otio_conflate::Plan;
use serde_json::{Value, json};

use crate::support::*;

const SIZE: (usize, usize) = (64, 32);

/// A plan in which a transition of eight frames goes from `from` to `to`, in this style.
fn planned(tracks: impl Into<Vec<Value>>, style: &Value) -> Plan {
    fn restyle(value: &mut Value, style: &Value) {
        match value {
            Value::Object(map) => {
                if map.get("element").and_then(Value::as_str) == Some("mix") {
                    map.insert("style".to_owned(), style.clone());
                }
                map.values_mut().for_each(|value| restyle(value, style));
            }
            Value::Array(values) => values.iter_mut().for_each(|value| restyle(value, style)),
            _ => {}
        }
    }
    let plan = plan(&timeline(tracks), &whole(8)).expect("a plan");
    let mut json = serde_json::to_value(&plan).expect("plain data");
    restyle(&mut json, style);
    serde_json::from_value(json).expect("a plan")
}

fn crossing(from: Value, to: Value) -> Value {
    let part = |name: &str, media| clip(name, media, range(4, 4, 24.0));
    track("V1", [part("a", from), dissolve(4, 4), part("b", to)])
}

/// The red samples of line `line` of every frame.
#[track_caller]
fn reds(plan: Plan, preset: &str, line: usize) -> Vec<Vec<u8>> {
    let run = run_plan(plan, preset).expect("a run");
    let frames = run.samples("cut", "rgb24");
    frames.iter().map(|frame| frame[line * SIZE.0 * 3..][..SIZE.0 * 3].iter().step_by(3).copied().collect()).collect()
}

#[test]
fn a_wipe_covers_as_much_as_its_weight_says() {
    let media = Media::new();
    let flat = |name: &str, value: u8| media.painted(name, SIZE, 12, |_, _| [value, value, value, 255]);
    let style = json!({"kind": "wipe", "code": 1, "reverse": false});
    for (preset, most) in [("png", 0), ("ffv1", 2), ("prores-4444", 4)] {
        let lines = reds(planned([crossing(flat("a", 40), flat("b", 200))], &style), preset, 16);
        for (frame, line) in lines.iter().enumerate() {
            for x in (0..SIZE.0).filter(|x| x.abs_diff(frame * 8) > 3) {
                let wanted = if x < frame * 8 { 200u8 } else { 40 };
                assert!(line[x].abs_diff(wanted) <= most, "{preset}, frame {frame}, {x}: {} is not {wanted}", line[x]);
            }
        }
    }
    // From the right to the left when it is reversed.
    let style = json!({"kind": "wipe", "code": 1, "reverse": true});
    let line = &reds(planned([crossing(flat("c", 40), flat("d", 200))], &style), "png", 16)[2];
    assert_eq!((line[10], line[40], line[55]), (40, 40, 200));
}

#[test]
fn a_wipe_between_pictures_with_alpha_shows_what_is_below_each() {
    let media = Media::new();
    let half = media.painted("half", SIZE, 12, |_, _| [255, 255, 255, 128]);
    let solid = media.painted("solid", SIZE, 12, |_, _| [200, 200, 200, 255]);
    let below = media.painted("below", SIZE, 12, |_, _| [60, 60, 60, 255]);
    let lower = track("V0", [clip("l", below, range(0, 8, 24.0))]);
    let style = json!({"kind": "wipe", "code": 2, "reverse": false});
    let plan = planned([lower, crossing(half, solid)], &style);
    let run = run_plan(plan, "png").expect("a run");
    let frame = run.samples("cut", "rgb24").remove(4);
    let (top, bottom) = (frame[10], frame[(31 * SIZE.0 + 10) * 3]);
    assert_eq!(top, 200);
    near(bottom.into(), 60.0 + (255.0 - 60.0) * 128.0 / 255.0, 1.0, "white at half alpha over 60");
}

#[test]
fn a_dip_goes_through_its_colour() {
    let media = Media::new();
    let flat = |name: &str, value: u8| media.painted(name, SIZE, 12, |_, _| [value, value, value, 255]);
    let style = json!({"kind": "dip", "color": [1.0, 1.0, 1.0, 1.0]});
    let plan = planned([crossing(flat("a", 40), flat("b", 200))], &style);
    let values: Vec<u8> = reds(plan, "png", 3).iter().map(|line| line[5]).collect();
    // 40, then a quarter, a half, three quarters of the way to white, white, and back to 200.
    let expected = [40.0, 93.75, 147.5, 201.25, 255.0, 241.25, 227.5, 213.75];
    for (got, wanted) in values.iter().zip(expected) {
        near((*got).into(), wanted, 0.51, &format!("{values:?}"));
    }
    // Half a black over nothing below.
    let clear = json!({"kind": "dip", "color": [0.0, 0.0, 0.0, 0.5]});
    let below = track("V0", [clip("l", flat("l", 100), range(0, 8, 24.0))]);
    let plan = planned([below, crossing(flat("c", 40), flat("d", 200))], &clear);
    let values: Vec<u8> = reds(plan, "png", 3).iter().map(|line| line[5]).collect();
    near(values[4].into(), 50.0, 1.0, "half black over 100");
    let plan = planned([crossing(flat("e", 40), flat("f", 200))], &style);
    let lumas = run_plan(plan, "ffv1").expect("a run").samples("cut", "gray");
    near(mean(&lumas[4]), 255.0, 1.0, "white");
}

#[test]
fn an_unknown_wipe_is_a_dissolve() {
    let media = Media::new();
    let flat = |name: &str, value: u8| media.painted(name, SIZE, 12, |_, _| [value, value, value, 255]);
    let style = json!({"kind": "wipe", "code": 999, "reverse": false});
    let lines = reds(planned([crossing(flat("a", 40), flat("b", 200))], &style), "png", 16);
    assert!(lines[4].iter().all(|value| *value == 120), "{:?}", lines[4]);
}
