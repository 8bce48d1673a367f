//! What a plan asks about media where its timeline does not say enough.

use std::path::Path;

use super::info::MediaInfo;
use super::limits;
use super::options::DecodeOptions;
use super::probe::{self, probe_within};
use super::sequence::SequenceReader;
use super::sound::SoundReader;
use super::sys::read as sys;
use crate::error::Result;
use crate::plan::{MediaFacts, MediaLookup, MediaSource};

/// Opens media through FFmpeg for [`Plan::with_media`](crate::Plan::with_media).
///
/// ```no_run
/// use otio_conflate::backend::ffmpeg::FfmpegLookup;
/// use otio_conflate::{Plan, PlanOptions, Timeline};
///
/// let plan = Plan::with_media(&Timeline::open("cut.otio")?, &PlanOptions::default(), &FfmpegLookup::new())?;
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct FfmpegLookup {
    max_pixels: Option<u64>,
}

impl FfmpegLookup {
    /// A lookup that opens files as it is asked about them.
    pub fn new() -> FfmpegLookup {
        FfmpegLookup::default()
    }

    /// With this many pixels allowed in a picture. `None` allows 16 384 × 16 384, and of a small file less: what takes up
    /// 112 MiB in memory and another 64 KiB for each byte of the file.
    #[must_use]
    pub fn max_pixels(mut self, pixels: Option<u64>) -> FfmpegLookup {
        self.max_pixels = pixels;
        self
    }
}

impl MediaLookup for FfmpegLookup {
    fn look_up(&self, source: &MediaSource) -> Option<MediaFacts> {
        match source {
            MediaSource::File { path } => {
                let info = probe_within(path, self.max_pixels).ok()?;
                if !info.has_picture {
                    return SoundReader::facts(path).ok();
                }
                if info.is_still {
                    return Some(MediaFacts::still());
                }
                let start = info.start_timecode.map(|timecode| timecode.frame());
                let drop_frame = info.start_timecode.map(|timecode| timecode.is_drop());
                Some(MediaFacts::new(info.rate, exact_count(path, &info), start).with_drop_frame(drop_frame))
            }
            MediaSource::Sequence { start, step, .. } => {
                let numbers = SequenceReader::new(source, &DecodeOptions::default()).ok()?.list().ok()?;
                let last = numbers.iter().rev().find(|&&number| number >= *start)?;
                Some(MediaFacts::new(None, Some((last - start) / step + 1), Some(*start)))
            }
            MediaSource::Generator { .. } | MediaSource::Missing { .. } => None,
        }
    }
}

/// How many frames the file has. The header is believed where its count and its duration say the same; elsewhere
/// packets are counted.
pub(super) fn exact_count(path: &Path, info: &MediaInfo) -> Option<i64> {
    let by_duration = info.duration.zip(info.rate).map(|(duration, rate)| duration.frames(rate));
    let claimed = info.frames.filter(|_| info.container.contains("mov") && !info.vfr);
    match (claimed, by_duration) {
        (Some(claimed), Some(duration)) if duration == crate::time::Ratio::whole(claimed) => Some(claimed),
        // Its size has been looked at.
        _ => count_frames_of(path, info).ok(),
    }
}

/// Counts the frames of a movie by its packets, leaving out those that the file says are not shown.
pub(crate) fn count_frames_of(path: &Path, info: &MediaInfo) -> Result<i64> {
    count_frames(path, limits::of_size(info.width, info.height))
}

/// The same; pictures have at most so many pixels.
pub(super) fn count_frames(path: &Path, max_pixels: u64) -> Result<i64> {
    let mut demuxer = probe::open_within(path, Some(max_pixels))?;
    let (stream, _) = probe::picture_stream(&demuxer).ok_or_else(|| probe::no_picture(path))?;
    demuxer.select(stream);
    let mut frames = 0;
    loop {
        match demuxer.read() {
            Ok(Some(packet)) if packet.stream() == stream && !sys::is_discarded(&packet) => frames += 1,
            Ok(Some(_)) => {}
            Ok(None) => return Ok(frames),
            Err(cause) => return Err(super::frame::undecodable(path, "reading it failed").because(cause)),
        }
    }
}
