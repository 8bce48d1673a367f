//! The OpenTimelineIO library as a second reader, and as the judge of ours.

#![cfg(feature = "opentimelineio")]

mod generated;
mod library;
mod parity;
mod threads;

/// How many random cases are tried: `many`, or what `PROPTEST_CASES` says, such as few for a slow memory checker.
fn cases(many: u32) -> proptest::test_runner::Config {
    let wanted = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    proptest::test_runner::Config { cases: wanted.unwrap_or(many), ..Default::default() }
}
