//! The command `otio-conflate`: exit codes, what `--json` prints, what a dry run tells, and that its documentation is what
//! it says of itself.

#[path = "../common/mod.rs"]
mod common;
mod documents;
mod dry_run;
mod exit_codes;
mod log;
mod mix;
mod naming;
#[path = "../common/otio.rs"]
mod otio;
mod reference;
mod refusals;
mod support;
