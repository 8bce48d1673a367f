//! A cut on a farm: the bundle, its tasks in many processes at once, whatever becomes of them, and what is joined in the end.
//!
//! The command runs as a program of its own, since nothing else can be killed. `FARM_SHOTS` asks for more shots than the few
//! that are usual.
#![cfg(unix)]

mod bundle;
mod colours;
#[path = "../common/mod.rs"]
mod common;
mod limits;
mod merging;
mod model;
#[path = "../common/otio.rs"]
mod otio;
mod plans;
mod simulation;
mod support;
mod tasks;
