//! Rendering through a simulated Resolve: shots delivered, read back frame by frame, for their numbers and their look.
#![cfg(feature = "resolve")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../fake_resolve/mod.rs"]
mod fake_resolve;
#[path = "../common/otio.rs"]
mod otio;
#[allow(dead_code, reason = "a part of what the tests of rendering need")]
#[path = "../rendering/support.rs"]
mod rendering;

mod api;
mod cost;
mod delivery;
mod faults;
mod grades;
mod leftovers;
mod lock;
#[cfg(feature = "cli")]
mod programs;
mod quirks;
mod scopes;
mod support;
mod tickets;
