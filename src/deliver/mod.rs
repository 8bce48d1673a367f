//! From rendered frames to files under their final names.
//!
//! ```
//! use otio_conflate::deliver::{Preset, Representation};
//! use otio_conflate::{Delivery, Existing};
//!
//! let delivery = Delivery::new("shots")
//!     .preset(Preset::by_name("prores-hq")?)
//!     .representation(Representation::by_name("poster")?)
//!     .name("{index}_{shot}".parse()?)
//!     .existing(Existing::Skip);
//! assert_eq!(delivery.preset.extension, "mov");
//! # Ok::<(), otio_conflate::Error>(())
//! ```

mod absent;
mod burn_in;
mod changes;
mod check;
mod cut;
mod delivery;
mod existing;
mod files;
mod fingerprint;
mod guard;
mod manifest;
mod names;
mod outputs;
pub(crate) mod parts;
mod picture_digests;
mod preset;
mod protected;
mod representation;
mod review;
mod same_file;
#[cfg(feature = "ffmpeg")]
mod single_files;
mod template;
#[cfg(feature = "ffmpeg")]
mod transcode;
mod trim;

pub use crate::codec::exr::ExrCompression;
#[cfg(feature = "ffmpeg")]
pub use crate::conflate::{transcode, trim};
pub use burn_in::{BurnIn, BurnInText, Corner, HexColor};
pub(crate) use cut::conflated;
pub use cut::with_intermediates;
pub use delivery::Delivery;
pub use existing::Existing;
pub use names::NameTemplate;
pub use preset::{AudioDelivery, ColorRule, EncoderChoice, EncoderSource, Preset, TimecodeSource};
pub use representation::{ContactSheet, Content, Poster, Representation, Size};
pub use review::{Review, ReviewSlate};
#[cfg(feature = "ffmpeg")]
pub use transcode::{TranscodeOptions, Transcoded};
pub use trim::{CopyMode, Cut, Piece, Trim, Trimmed, TrimmedPiece};

#[cfg(feature = "ffmpeg")]
pub(crate) use files::Hold;
pub(crate) use files::{Folder, OutputPlace, clear, write_whole};
pub(crate) use fingerprint::fingerprint;
#[cfg(feature = "ffmpeg")]
pub(crate) use fingerprint::mix_fingerprint;
pub(crate) use guard::Guard;
#[cfg(feature = "resolve")]
pub(crate) use manifest::CONFLATED;
pub(crate) use manifest::{
    KnownManifest, Listed, MANIFEST, Manifest, ManifestFile, RunProgress, absorb_parts, clear_strays, note_parts,
    on_disk, outputs, settle, write_cut,
};
#[cfg(feature = "ffmpeg")]
pub(crate) use names::{beside, stem_paths};
pub(crate) use outputs::{Delivered, ShotPlaces, delivered_place};
#[cfg(feature = "ffmpeg")]
pub(crate) use outputs::{PlacedRepresentation, SaidOfMix, commit_all};
pub(crate) use picture_digests::{MOST_DIGESTS, pictures, represented_as};
#[cfg(feature = "ffmpeg")]
pub(crate) use preset::choice;
pub(crate) use protected::Protected;
#[cfg(feature = "ffmpeg")]
pub(crate) use single_files::{SingleFiles, unlisted};
#[cfg(feature = "ffmpeg")]
pub(crate) use template::OWN;
