//! Shots of two plans are equal if they show the same, whatever else their plans hold. R15.

use otio_conflate::plan::{Element, MediaId, Plan, PlanOptions, Shot};
use serde_json::{Value, json};

use super::support::*;

/// A cut of clips that show ten frames of the movies `names` each.
fn cut(names: &[&str]) -> Plan {
    let clips: Vec<Value> = names.iter().map(|name| clip_of(name, range(0, 10, 24), of(name))).collect();
    plan(&timeline([track("V1", clips)]), &PlanOptions::default())
}

fn of(name: &str) -> Value {
    json!({"OTIO_SCHEMA": "ExternalReference.1", "target_url": format!("/media/{name}.mov"),
           "available_range": range(0, 100, 24)})
}

/// The shot `name`, as if it were at its cut's start.
fn shot(plan: &Plan, name: &str) -> Shot {
    let mut shot = plan.shots.iter().find(|shot| shot.name == name).expect("the shot").clone();
    let back = std::mem::take(&mut shot.start);
    shot.object.clear();
    for span in &mut shot.spans {
        span.start -= back;
        for element in &mut span.stack {
            let Element::Layer(layer) = element else { panic!("a layer, not {element:?}") };
            layer.object.clear();
            layer.map.record -= back;
        }
    }
    shot
}

#[test]
fn shots_are_equal_where_their_media_are_whatever_the_order() {
    let (ab, ba) = (cut(&["a", "b"]), cut(&["b", "a"]));
    for name in ["a", "b"] {
        assert_eq!(shot(&ab, name), shot(&ba, name));
    }
    let media = |plan: &Plan, name: &str| -> MediaId {
        let Element::Layer(layer) = &plan.shots.iter().find(|shot| shot.name == name).expect("it").spans[0].stack[0]
        else {
            panic!("a layer")
        };
        layer.media
    };
    assert_eq!((media(&ab, "a").index(), media(&ba, "a").index()), (0, 1));
    assert_eq!(ab.media_id(0), ba.media_id(1));
    assert_ne!(ab, ba);
}

#[test]
fn shots_differ_where_other_media_lie_at_the_same_index() {
    let plan_of = |media: Value| {
        let clips = [clip_of("a", range(0, 10, 24), media)];
        plan(&timeline([track("V1", clips)]), &PlanOptions::default())
    };
    let longer = json!({"OTIO_SCHEMA": "ExternalReference.1", "target_url": "/media/a.mov",
                        "available_range": range(0, 5, 24)});
    let (a, b, short) = (plan_of(of("a")), plan_of(of("b")), plan_of(longer));
    assert_eq!(a.shots, plan_of(of("a")).shots);
    assert_ne!(a.shots, b.shots);
    assert_ne!(a.shots, short.shots);
}

#[test]
fn plans_from_json_know_their_media_again() {
    let (ab, ba) = (cut(&["a", "b"]), cut(&["b", "a"]));
    let text = serde_json::to_string(&ba).expect("plain data");
    let again: Plan = serde_json::from_str(&text).expect("a plan");
    assert_eq!(again, ba);
    assert_eq!(serde_json::to_string(&again).expect("plain data"), text);
    assert_eq!(shot(&again, "a"), shot(&ab, "a"));
    assert_ne!(shot(&again, "a").spans, shot(&ab, "b").spans);
    let ids: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(ids.pointer("/shots/1/spans/0/stack/0/media"), Some(&json!(1)));
    // By itself a shot does not know what an index refers to.
    let alone = |shot: &Shot| -> Shot {
        serde_json::from_value(serde_json::to_value(shot).expect("plain data")).expect("a shot")
    };
    assert_ne!(alone(&ab.shots[0]), ab.shots[0]);
    assert_eq!(alone(&ab.shots[0]), alone(&ab.shots[0]));
}

#[test]
fn media_that_are_changed_are_known_after_an_update() {
    let (a, mut b) = (cut(&["a"]), cut(&["b"]));
    b.media = a.media.clone();
    b.update_media_ids();
    let Element::Layer(layer) = &b.shots[0].spans[0].stack[0] else { panic!("a layer") };
    assert_eq!(Some(layer.media), a.media_id(0));
}
