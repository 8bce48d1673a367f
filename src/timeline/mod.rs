//! The timeline as plain owned data, and the questions a plan asks of it.

mod build;
mod clips;
mod model;
mod queries;
mod ranges;
mod value;

pub(crate) use model::is_off;
pub use model::{
    Box2d, Child, Clip, Composition, CompositionKind, Effect, EffectKind, Gap, Item, Marker, MediaCommon, MediaKind,
    MediaReference, MissingFramePolicy, Note, RationalTime, RawTimeRange, Timeline, Transition, UnknownObject, V2d,
};
pub(crate) use ranges::Across;
pub use ranges::{Placed, TrackLayout};
pub use value::{Map, Value};
