//! Sound: from files to the mix of a shot, sample by sample.

/// By how many samples the length of sound may be off where a codec or a container counts more coarsely.
pub(super) const SLACK: i64 = 2048;

mod channels;
mod convert;
mod file;
mod levels;
mod mixer;
mod normalize;
mod output;
mod places;
mod reader;
mod shot;
mod source;
mod stretch;
mod whole;

pub(super) use file::FileSounds;
pub(super) use mixer::Mixer;
pub use normalize::{Normalized, bring_to_loudness};
pub(super) use output::{SoundFormat, SoundStream, is_lossless};
pub use reader::SoundReader;
pub(super) use reader::sounds;
pub(super) use shot::ShotSound;
pub(super) use source::{SoundMedium, clips, find, missing, warnings};
pub use whole::{MixReport, check_mix, mix_files, write_mix, write_mix_as, write_shot_mixes};
