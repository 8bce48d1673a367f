//! What a transcode is asked for, and what it made.

use serde::{Deserialize, Serialize};

use crate::plan::ColorPlan;
use crate::report::{MediumColor, Represented};
use crate::setters::setters;
use crate::time::Rate;

/// What a caller decides about a transcode.
///
/// ```
/// use otio_conflate::deliver::TranscodeOptions;
/// use otio_conflate::time::Rate;
///
/// let options = TranscodeOptions::default().name("sh010").first_frame(1001).rate(Rate::FPS_25);
/// assert!(!options.overwrite);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct TranscodeOptions {
    /// What files and burn-ins call it. Default: `None`, the file's name without its ending.
    pub name: Option<String>,
    /// The number of the first frame. Default: `None`, that of a sequence's first, or 1001.
    pub first_frame: Option<i64>,
    /// Frames per second of a file that has no rate, such as numbered frames, or a variable one. Default: `None`, 24 for the
    /// former and the average for the latter.
    pub rate: Option<Rate>,
    /// Whether targets that exist already are replaced, where the folder's manifest lists them as made by this library.
    /// Default: `false`, they are errors.
    pub overwrite: bool,
    /// Whether regular files are replaced, whoever made them. Default: `false`.
    pub overwrite_foreign: bool,
    /// Pixels that a picture of the file may have. Default: `None`, which allows 16 384 × 16 384, and of a small file less: what takes up
    /// 112 MiB in memory and another 64 KiB for each byte of the file.
    pub max_pixels: Option<u64>,
    /// How colours are managed. Default: `None`, values are carried as they are. The file's space is that of the first rule that
    /// matches its path; without a canvas, that is the canvas, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<ColorPlan>,
}

setters!(TranscodeOptions {
    name: some into String,
    first_frame: some i64,
    rate: some Rate,
    overwrite: bool,
    overwrite_foreign: bool,
    max_pixels: some u64,
    color: some ColorPlan,
});

/// What a transcode made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Transcoded {
    /// How many frames the file has.
    pub frame_count: i64,
    /// What was made of it, in the order it was asked for; paths are relative to the folder.
    pub representations: Vec<Represented>,
    /// Where colours are managed: which space the file turned out to be in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub color: Option<MediumColor>,
    /// What did not turn out as asked.
    pub warnings: Vec<String>,
}
