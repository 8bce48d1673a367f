//! The OpenTimelineIO library as a second reader, and as the judge of ours.

#![cfg(feature = "opentimelineio")]

mod generated;
mod judge;
mod library;
mod mapping;
mod parity;
mod refused;
mod threads;

/// The timelines that come with this crate, with their text.
fn samples() -> Vec<(std::path::PathBuf, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("otio-samples");
    let files = std::fs::read_dir(folder).expect("the samples").map(|entry| entry.expect("an entry").path());
    let timelines = files.filter(|path| path.extension().is_some_and(|extension| extension == "otio"));
    let samples: Vec<_> =
        timelines.map(|path| (path.clone(), std::fs::read_to_string(path).expect("a text"))).collect();
    assert!(samples.len() >= 5);
    samples
}

/// How many random cases are tried: `many`, or what `PROPTEST_CASES` says, such as few for a slow memory checker.
fn cases(many: u32) -> proptest::test_runner::Config {
    let wanted = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    proptest::test_runner::Config { cases: wanted.unwrap_or(many), ..Default::default() }
}
