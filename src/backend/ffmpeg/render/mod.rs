//! From a plan to the pictures of its shots.
//!
//! A [`Scene`](scene::Scene) is what there is: the plan, what its media turned out to be, the canvas. [`lower`] decides how
//! every frame of a shot is made, and writes that down as a [`Program`](program::Program), which is data. The
//! [`Compositor`](execute::Compositor) does what a program says, frame by frame, and decides nothing; [`shot`] hands its
//! pictures to the [`Sink`](super::sink::Sink)s of a shot.

mod blend;
mod canvas;
mod color;
mod estimate;
mod execute;
mod explain;
mod fetch;
mod layers;
mod lower;
mod packets;
mod placing;
mod program;
mod reuse;
mod scene;
mod shot;
mod surface;

pub(super) use canvas::{CanvasFrame, CanvasReader};
pub(super) use estimate::estimate;
pub(super) use explain::explain;
pub use explain::{Estimate, FrameCost, FrameRun, LayerUse, PicturePath, ShotProgram};
pub(super) use fetch::deinterlaced;
pub(super) use lower::lower;
pub(super) use program::Variant;
pub(super) use scene::Scene;
pub(super) use shot::{OutputFormats, Programs, ShotWorker, variant_of};
