//! The timeline as plain owned data, and the questions a plan asks of it.
//!
//! ```
//! use otio_conflate::time::Rate;
//! use otio_conflate::timeline::{Clip, Composition, MediaReference, RawTimeRange, Timeline};
//!
//! let media = MediaReference::file("/media/a.mov").available(RawTimeRange::frames(0, 240, Rate::FPS_24));
//! let shot = Clip::new("sh010", media).range(RawTimeRange::frames(12, 48, Rate::FPS_24));
//! let mut cut = Timeline::new("reel 2").track(Composition::video("V1").with(shot));
//! cut.clips_mut()[0].item.enabled = false;
//! assert_eq!(cut.range_in_parent(&[0, 0])?.frames(Rate::FPS_24), 0..48);
//! # Ok::<(), otio_conflate::Error>(())
//! ```

mod build;
mod clips;
mod metadata_path;
mod model;
mod queries;
mod ranges;
mod value;

pub(crate) use clips::{ROOT, child_path, object_path};
pub use metadata_path::MetadataPath;
pub(crate) use model::is_off;
pub use model::{
    Box2d, Child, Clip, Composition, CompositionKind, Effect, EffectKind, Gap, Item, Marker, MediaCommon, MediaKind,
    MediaReference, MissingFramePolicy, Note, RationalTime, RawTimeRange, Timeline, Transition, UnknownObject, V2d,
};
pub(crate) use ranges::Across;
pub use ranges::{Placed, TrackLayout};
pub use value::{Map, Value};
