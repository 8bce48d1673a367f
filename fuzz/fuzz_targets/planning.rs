//! Plans whatever can be read. A plan that is made has to hold together; anything else is an error.

#![no_main]

use libfuzzer_sys::fuzz_target;
use otio_conflate::otio::{ReadOptions, read_bytes};
use otio_conflate::{Plan, PlanOptions};

fuzz_target!(|bytes: &[u8]| {
    let Ok(timeline) = read_bytes(bytes, &ReadOptions::default()) else { return };
    let Ok(plan) = Plan::new(&timeline, &PlanOptions::default()) else { return };
    plan.validate().expect("what planning makes holds together");
    for shot in &plan.shots {
        plan.frames(shot).take(100).for_each(drop);
    }
});
