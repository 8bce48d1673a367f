//! From a timeline to a [`Plan`]: shots, layers, source maps, warnings. Pure: no media is opened here.
//!
//! ```
//! use otio_conflate::plan::{Handles, Plan, PlanOptions};
//! use otio_conflate::time::Rate;
//! use otio_conflate::timeline::{Clip, Composition, MediaReference, RawTimeRange, Timeline};
//!
//! let media = MediaReference::file("/media/a.mov").available(RawTimeRange::frames(0, 240, Rate::FPS_24));
//! let shot = Clip::new("sh010", media).range(RawTimeRange::frames(100, 48, Rate::FPS_24));
//! let cut = Timeline::new("reel 2").track(Composition::video("V1").with(shot));
//!
//! let options = PlanOptions::default().handles(Handles::both(8));
//! let plan = Plan::new(&cut, &options)?;
//! let row = plan.frames(&plan.shots[0]).next().expect("a frame");
//! assert_eq!((row.shot, row.layers[0].source), ("sh010", 100));
//! # Ok::<(), otio_conflate::Error>(())
//! ```
//!
//! What a frame shows is decided by the [`rules`]; comments name them as R1 to R15. Without a timeline, a plan is put together by hand:
//! [`Plan::empty`].

mod build;
mod by_hand;
mod canvas;
mod color;
pub mod compare;
mod dialect;
mod file_name;
mod frames;
mod handles;
mod hdr;
mod identity;
mod like;
mod mark;
mod media_id;
mod media_source;
mod model;
mod options;
mod part;
mod path_rules;
mod policy;
mod queries;
pub mod rules;
mod sample_grid;
mod shot_options;
mod sound;
mod sound_map;
mod sources;
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
pub use handles::{HandleMode, Handles};
pub use hdr::{Hdr, LightLevel, MasteringDisplay};
pub use media_id::MediaId;
pub use media_source::{Media, MediaSource};
pub use model::{Element, Layer, MixStyle, Plan, Shot, Span, Weight};
pub use options::{PlanLimits, PlanOptions, RateConform, Retime, ReverseConvention, ShotSelection};
pub use path_rules::{PathFormat, PathRule, PathRules};
pub use policy::{Damaged, MissingPolicy, OverrunPolicy};
pub use sample_grid::SampleGrid;
pub use shot_options::{NameFunction, NamePattern, NamedObject, ShotName, ShotOptions};
pub use sound::{Crossfade, Gain, Pitch, Sound, SoundClip, SoundLayout, SoundOptions, SourceChannel};
pub use sound_map::{SoundCurve, SoundMap};
pub use sources::{Pull, ShotSource};
pub use stems::StemSelection;
pub use warning::Warning;

pub(crate) use build::{is_baked_in, is_retimed, laid_out, whole_frames};
pub(crate) use color::RAW;
pub(crate) use dialect::reels;
pub(crate) use file_name::{LONGEST, cut_to, is_reserved, safe};
pub(crate) use mark::{BAKED, CUT_MOVIE, INTERMEDIATE, MARK};
#[cfg(feature = "ffmpeg")]
pub(crate) use policy::Substitute;
pub(crate) use walk::Folded;
#[cfg(feature = "ffmpeg")]
pub(crate) use walk::covers;
#[cfg(feature = "resolve")]
pub(crate) use walk::layers_of;
pub(crate) use warning::Warnings;
