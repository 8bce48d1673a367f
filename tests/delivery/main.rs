//! From a plan to files under their final names: what is on disk after a run, whatever happens during it.

mod conflated;
mod existing;
mod failures;
mod fingerprints;
mod names;
#[path = "../common/otio.rs"]
mod otio;
mod representations;
mod results;
mod support;
