//! From a timeline to a [`Plan`]: shots, layers, source maps, warnings. Pure: no media is opened here.
//!
//! The rules are those of `docs/DESIGN.md`; comments name them as R1 to R15.

mod build;
mod canvas;
mod color;
pub mod compare;
mod dialect;
mod frames;
mod hdr;
mod identity;
mod mark;
mod media_id;
mod media_source;
mod model;
mod options;
mod part;
mod policy;
mod queries;
mod sample_grid;
mod sound;
mod sound_map;
mod stems;
mod validate;
mod walk;
mod warning;

pub use crate::geometry::Placement;
pub use crate::look::{Animated, Bars, Blend, ColorNote, Crop, Generated, Look, Rgba, Transform, Unit, WIPE_CODES};
pub use crate::time::source_map::{Curve, SourceMap};
pub use build::{MediaFacts, MediaLookup, NoLookup};
pub use canvas::{Background, Canvas, CanvasRequest, ColorTags};
pub use color::{
    CdlStyle, ColorConfig, ColorPlan, DecisionSpace, Decisions, Grade, LookStep, OutputColor, OutputLook, Precision,
    SampleRange, SourceSpace, SpaceRule, WrittenSpace,
};
pub use compare::compare;
pub use frames::{FrameLayer, FrameRow};
pub use hdr::{Hdr, LightLevel, MasteringDisplay};
pub use media_id::MediaId;
pub use media_source::{Media, MediaSource};
pub use model::{Element, Layer, MixStyle, Plan, Shot, Span, Weight};
pub use options::{
    HandleMode, Handles, PlanLimits, PlanOptions, RateConform, Retime, ReverseConvention, ShotSelection,
};
pub use policy::{Damaged, MissingPolicy, OverrunPolicy};
pub use sample_grid::SampleGrid;
pub use sound::{Crossfade, Gain, Pitch, Sound, SoundClip, SoundLayout, SoundOptions, SourceChannel};
pub use sound_map::{SoundCurve, SoundMap};
pub use stems::StemSelection;
pub use warning::Warning;

pub(crate) use build::{is_baked_in, is_retimed};
pub(crate) use color::RAW;
pub(crate) use mark::{BAKED, INTERMEDIATE, MARK};
#[cfg(feature = "ffmpeg")]
pub(crate) use policy::Substitute;
pub(crate) use walk::Folded;
#[cfg(feature = "ffmpeg")]
pub(crate) use walk::covers;
#[cfg(feature = "resolve")]
pub(crate) use walk::layers_of;
pub(crate) use warning::Warnings;
