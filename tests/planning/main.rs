//! The rules of the plan, R1 to R15, through the public API: timelines go in as JSON, rows of frames come out.

mod adapted;
mod bounds;
mod by_hand;
mod compare;
mod compositions;
mod curves;
mod cuts;
mod dialects;
mod equality;
mod handles;
mod looks;
mod media;
mod naming;
#[path = "../common/otio.rs"]
mod otio;
mod properties;
mod rates;
mod refusals;
mod retimes;
mod shots;
mod sound;
mod sources;
mod support;
mod transitions;
mod trees;
mod validity;
mod warnings;
mod wipes;
