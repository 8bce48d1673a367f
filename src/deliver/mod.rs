//! From rendered frames to files under their final names.

mod cut;
mod files;
mod fingerprint;
mod names;
mod preset;

pub use cut::with_intermediates;
pub use names::NameTemplate;
pub use preset::{AudioDelivery, ColorRule, EncoderChoice, Preset};

pub(crate) use files::{Folder, Place, write_whole};
pub(crate) use fingerprint::fingerprint;
