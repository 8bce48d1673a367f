//! Pictures through FFmpeg's libraries, in this process.
//!
//! ```no_run
//! use otio_conflate::backend::ffmpeg::{FfmpegBackend, FfmpegLookup};
//! use otio_conflate::{Conflation, Delivery, NoObserver, Plan, PlanOptions, Timeline};
//!
//! let timeline = Timeline::open("cut.otio")?;
//! let plan = Plan::with_media(&timeline, &PlanOptions::default(), &FfmpegLookup::new())?;
//! let report = Conflation::new(FfmpegBackend::new(), Delivery::new("shots")).run(&plan, &NoObserver)?;
//! println!("{} shots", report.shots.len());
//! # Ok::<(), otio_conflate::Error>(())
//! ```

mod avi;
mod chroma_site;
mod clock;
mod convert;
mod damage;
mod decode;
mod encode;
mod exr;
mod fields;
mod frame;
mod frames;
mod idle_cores;
mod info;
mod light_curve;
mod limits;
mod lookup;
mod matroska;
mod media;
mod movie;
mod movie_writer;
mod mxf;
mod options;
mod orientation;
mod picture_encoder;
mod pixels;
mod presets;
mod primaries;
mod probe;
mod prores;
mod pump;
mod render;
mod representation;
mod rgb_samples;
mod sample_times;
mod sequence;
mod sequence_writer;
mod session;
mod singles;
mod sink;
mod sound;
mod still;
mod still_encoder;
mod still_kind;
mod sys;
mod ten_bits;
mod tiff;
mod transport;
mod trim;
mod units;
mod verify;
mod viewed;
mod writer;
mod yuv;

pub use frames::{FrameOptions, FramePicture, FrameReader, FrameSamples, Frames, SampleDepth};
pub use info::MediaInfo;
pub use lookup::FfmpegLookup;
#[cfg(feature = "resolve")]
pub(crate) use lookup::count_frames_of;
pub use probe::probe;
pub use render::{Estimate, FrameCost, FrameRun, LayerUse, PicturePath, ShotProgram};
pub(crate) use representation::{SourceFrames, check_before_render, represent_file, represent_rendered};
pub use session::FfmpegBackend;
pub use sound::{
    MixReport, Normalized, bring_to_loudness, check_mix, mix_files, write_mix, write_mix_as, write_shot_mixes,
};
pub(crate) use trim::trim;

/// What tests and benches use.
mod unstable {
    pub use super::chroma_site::ChromaSite;
    pub use super::convert::{Converter, SourcePicture, TargetFormat, rgba8_frame};
    pub use super::decode::MovieReader;
    pub use super::encode::{AudioStream, OutputSettings};
    pub use super::frame::Frame;
    pub use super::movie::{Outside, Picked};
    pub use super::movie_writer::{MovieWriter, WrittenFrames};
    pub use super::options::DecodeOptions;
    pub use super::presets::FormatRequest;
    pub use super::sequence::SequenceReader;
    pub use super::sequence_writer::{SequenceNames, SequenceWriter};
    pub use super::sound::SoundReader;
}
#[cfg(feature = "unstable")]
pub use unstable::*;
#[cfg(not(feature = "unstable"))]
pub(crate) use unstable::*;
