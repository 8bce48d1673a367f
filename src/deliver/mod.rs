//! From rendered frames to files under their final names.

mod cut;
mod files;
mod fingerprint;
mod names;
mod preset;
mod review;
mod trim;

pub use cut::with_intermediates;
pub use names::NameTemplate;
pub use preset::{AudioDelivery, ColorRule, EncoderChoice, Preset};
pub use review::{Review, ReviewSlate};
#[cfg(feature = "ffmpeg")]
pub use trim::trim;
pub use trim::{Copy, Cut, Piece, Trim, Trimmed, TrimmedPiece};

pub(crate) use files::{Folder, Place, write_whole};
pub(crate) use fingerprint::fingerprint;
#[cfg(feature = "ffmpeg")]
pub(crate) use preset::choice;
