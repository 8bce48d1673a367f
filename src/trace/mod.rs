//! Spans and events of the crate `tracing`, where the feature `tracing` is on: what is done, what was chosen, and how long it
//! takes. Without the feature everything here is empty, and what would be recorded is not evaluated. This is the only place
//! that asks for the feature.
//!
//! ```text
//! let _span = trace::span!("probe", file = trace::shown(path.display()));
//! trace::event!(DEBUG, "a reference was chosen", key = key.as_str());
//! ```
//!
//! Values are numbers, truth values and `&str`; whatever else can be printed goes through `shown`.

#[cfg(feature = "tracing")]
mod enabled;
#[cfg(feature = "tracing")]
pub(crate) use enabled::*;

#[cfg(not(feature = "tracing"))]
mod disabled;
#[cfg(not(feature = "tracing"))]
pub(crate) use disabled::*;
