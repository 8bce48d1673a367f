//! Pixels: frame views, over, dissolve, drawing. Knows no timeline and no FFmpeg.
//!
//! ```
//! use otio_conflate::picture::{Rgba16, over};
//! use otio_conflate::time::Ratio;
//!
//! let mut canvas = Rgba16::transparent(2, 1);
//! over(&mut canvas, &Rgba16::black(2, 1), Ratio::new(1, 2));
//! assert!(!canvas.is_opaque());
//! ```

mod blend;
mod dissolve;
#[cfg(feature = "ffmpeg")]
mod field;
mod generate;
#[cfg(feature = "ffmpeg")]
mod label;
mod light;
mod over;
mod resample;
mod samples;
#[cfg(feature = "ffmpeg")]
mod slate;
#[cfg(feature = "ffmpeg")]
mod text;
mod transform;
mod wipe;

pub use crate::geometry::{Affine, Area, MediaShape, Placement, Rect, Rotation, place};
pub use blend::{blend_over, fade};
pub use dissolve::{PlaneMut, PlaneRef, SampleKind, dissolve_plane};
#[cfg(feature = "ffmpeg")]
pub(crate) use field::{field, weave};
pub use generate::{draw_bars, draw_generated};
#[cfg(feature = "ffmpeg")]
pub use label::{LabelStyle, draw_label};
pub use light::RgbaF32;
pub use over::{Rgba16, flatten, mix, over, premultiply, unpremultiply};
pub use resample::{paste, resample};
pub use samples::Picture;
#[cfg(feature = "ffmpeg")]
pub use slate::{Slate, draw_slate};
#[cfg(feature = "ffmpeg")]
pub use text::{draw_text, text_width};
pub use transform::{PicturePart, draw};
pub use wipe::{WipeMap, wipe, wipe_plane};
