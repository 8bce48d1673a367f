//! What is ours on disk: nothing that anybody else made, and nothing that is read, is ever touched.
#![cfg(all(unix, feature = "ffmpeg"))]

#[path = "../common/mod.rs"]
mod common;
mod locks;
mod manifests;
mod matrix;
#[cfg(feature = "cli")]
mod mounts;
#[path = "../common/otio.rs"]
mod otio;
mod parts;
#[path = "../delivery/support.rs"]
#[allow(dead_code, reason = "these tests need little of what deliveries need")]
mod support;
mod tools;
mod world;
