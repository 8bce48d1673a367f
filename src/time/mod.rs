//! Exact time: rates, instants counted in flicks, ranges, ratios and timecode labels.
//!
//! ```
//! use otio_conflate::time::{Rate, Time, Timecode};
//!
//! let rate = Rate::new(29.97)?;
//! let label = Timecode::parse("01:00:00;00", rate)?;
//! assert_eq!(label.frame(), 107_892);
//! assert_eq!(Time::from_frames(label.frame(), rate).floor(Rate::FPS_24), 86_399);
//! # Ok::<(), otio_conflate::Error>(())
//! ```
//!
//! Two kinds of arithmetic are kept apart. *Frame grids* (where items lie, how fast media runs) step by a rate's
//! [nominal](Rate::nominal) ratio, so that 82 frames at 23.976024627685547 are 82 frames of a 24000/1001 cut.
//! *Values* are converted from one rate to another by the rates [as written](Rate::written), because that is how
//! exporters write them.

mod frame_name;
mod instant;
pub(crate) mod keys;
mod rate;
mod ratio;
pub(crate) mod source_map;
mod timecode;

pub(crate) use frame_name::{FrameName, padded};
pub use instant::{FLICKS_PER_SECOND, Time, TimeRange};
pub use rate::Rate;
pub use ratio::{FRAME_TOLERANCE, Ratio};
pub use timecode::Timecode;
