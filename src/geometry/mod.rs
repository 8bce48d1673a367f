//! Where pictures lie in the canvas: shapes, placements, moves. No pixels.

mod affine;
mod place;

pub use affine::Affine;
pub use place::{Area, MediaShape, Placement, Rect, Rotation, place};
