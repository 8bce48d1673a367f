//! From rendered frames to files under their final names.

mod burn_in;
mod cut;
mod files;
mod fingerprint;
mod names;
mod outputs;
mod preset;
mod representation;
mod template;
#[cfg(feature = "ffmpeg")]
mod transcode;

pub use burn_in::{BurnIn, BurnInText, Corner, HexColor};
pub use cut::with_intermediates;
pub use names::NameTemplate;
pub use preset::{AudioDelivery, ColorRule, EncoderChoice, Preset};
pub use representation::{ContactSheet, Content, Poster, Representation, Size};
#[cfg(feature = "ffmpeg")]
pub use transcode::{TranscodeOptions, Transcoded, transcode};

pub(crate) use files::{Folder, Place, write_whole};
pub(crate) use fingerprint::fingerprint;
pub(crate) use outputs::{Delivered, ShotPlaces};
