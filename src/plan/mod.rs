//! From a timeline to a [`Plan`]: shots, layers, source maps, warnings. Pure: no media is opened here.

mod canvas;
mod model;
mod options;
mod source_map;

pub use canvas::{Canvas, CanvasRequest, ColorTags};
pub use model::{Background, Element, Layer, Media, MediaSource, Plan, Ramp, Shot, Span, Warning};
pub use options::{HandleMode, Handles, MissingPolicy, OverrunPolicy, PlanOptions, RateConform, ShotSelection};
pub use source_map::SourceMap;
