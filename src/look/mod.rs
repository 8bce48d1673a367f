//! How things look, as plain data: what plans ask for and what pictures are drawn from.

mod animated;
mod appearance;
mod generated;
mod hex;
mod wipe;

pub use animated::Animated;
pub use appearance::{Blend, ColorNote, Crop, Look, Transform, Unit};
pub(crate) use generated::{BLACK, WHITE};
pub use generated::{Bars, Generated, Rgba};
pub(crate) use hex::hex_bytes;
pub use wipe::WIPE_CODES;
