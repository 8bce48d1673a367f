//! Plans whatever can be read: JSON as it comes, and timelines made from arbitrary bytes, under options of every kind. A
//! plan that is made has to hold together and to be the same after it was stored; anything else is an error.

#![no_main]

mod shared;

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use otio_conflate::otio::{ReadOptions, read_bytes};
use otio_conflate::{Plan, PlanOptions};

fn plan(json: &[u8], options: &PlanOptions, facts: &shared::Facts) {
    let Ok(timeline) = read_bytes(json, &ReadOptions::default()) else { return };
    let Ok(plan) = Plan::with_media(&timeline, options, facts) else { return };
    plan.validate().expect("what planning makes holds together");
    for shot in plan.shots.iter().take(20) {
        plan.frames(shot).take(50).for_each(drop);
    }
    if plan.shots.len() < 50 {
        let json = serde_json::to_string(&plan).expect("plain data");
        let again: Plan = serde_json::from_str(&json).expect("as written");
        assert!(again == plan, "a stored plan is another one");
    }
}

fuzz_target!(|bytes: &[u8]| {
    if bytes.first() == Some(&b'{') {
        return plan(bytes, &PlanOptions::default(), &shared::Facts(None));
    }
    let mut bytes = Unstructured::new(bytes);
    let made = (shared::options(&mut bytes), shared::facts(&mut bytes), shared::timeline(&mut bytes));
    let (Ok(options), Ok(facts), Ok(json)) = made else { return };
    plan(json.as_bytes(), &options, &facts);
});
