//! From a timeline to a [`Plan`]: shots, layers, source maps, warnings. Pure: no media is opened here.
//!
//! The rules are those of `docs/DESIGN.md`; comments name them as R1 to R15.

mod build;
mod canvas;
mod frames;
mod hear;
mod lane;
mod media;
mod model;
mod options;
mod shots;
mod sound;
mod sound_metadata;
mod source_map;

pub use canvas::{Canvas, CanvasRequest, ColorTags};
pub use frames::{FrameLayer, FrameRow};
pub use media::{MediaFacts, MediaLookup, NoLookup};
pub use model::{Background, Element, Layer, Media, MediaSource, Plan, Shot, Span, Warning, Weight};
pub use options::{HandleMode, Handles, MissingPolicy, OverrunPolicy, PlanOptions, RateConform, ShotSelection};
pub use sound::{Crossfade, Gain, Sound, SoundClip, SoundLayout, SoundMap, SoundOptions, SourceChannel};
pub use source_map::SourceMap;
