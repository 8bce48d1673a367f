//! Which frames movies show at a time, for listings: by the times of their packets.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::clock::Clock;
use super::decode::{DecodeOptions, MovieReader};
use super::{probe, sys};
use crate::error::Result;
use crate::plan::{FrameTimes, MediaSource};
use crate::time::{Rate, Ratio};

/// Looks into movies, each once, for [`Plan::frames_by`](crate::Plan::frames_by). Movies that cannot be opened, and stills,
/// are taken to lie on the grid that the timeline claims.
#[derive(Debug, Default)]
pub struct FfmpegFrameTimes(Mutex<HashMap<PathBuf, Option<Arc<Times>>>>);

/// When the frames of a movie are on.
#[derive(Debug)]
struct Times {
    path: PathBuf,
    clock: Clock,
    /// The ticks of all frames, in order; read where the claimed grid is not the movie's own. None where that fails.
    ticks: OnceLock<Vec<i64>>,
}

impl FfmpegFrameTimes {
    /// Has looked into nothing yet.
    pub fn new() -> FfmpegFrameTimes {
        FfmpegFrameTimes::default()
    }

    fn times(&self, path: &Path) -> Option<Arc<Times>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(path.to_owned()).or_insert_with(|| Times::open(path).ok().flatten().map(Arc::new)).clone()
    }
}

impl FrameTimes for FfmpegFrameTimes {
    fn frame_at(&self, source: &MediaSource, position: Ratio, rate: Rate) -> Option<i64> {
        let MediaSource::File { path } = source else { return None };
        let times = self.times(path)?;
        // With `low` above `limit`, only the time counts.
        let aim = times.clock.aim(position.max(Ratio::ZERO), rate);
        aim.instant?;
        let ticks = times.ticks.get_or_init(|| times.read_ticks().unwrap_or_default());
        let shown = ticks.partition_point(|tick| *tick <= aim.limit);
        if ticks.is_empty() { None } else { i64::try_from(shown.saturating_sub(1)).ok() }
    }
}

impl Times {
    /// `None` for a still, and for a movie without timestamps to be trusted.
    fn open(path: &Path) -> Result<Option<Times>> {
        let reader = MovieReader::open(path, &DecodeOptions::default())?;
        let times = |clock| Times { path: path.to_owned(), clock, ticks: OnceLock::new() };
        Ok(reader.clock().map(times))
    }

    fn read_ticks(&self) -> Result<Vec<i64>> {
        let mut demuxer = probe::open(&self.path)?;
        let (stream, _) = probe::picture_stream(&demuxer).ok_or_else(|| probe::no_picture(&self.path))?;
        demuxer.select(stream);
        let mut ticks = Vec::new();
        loop {
            match demuxer.read() {
                Ok(Some(packet)) if packet.stream() == stream && !sys::read::is_discarded(&packet) => {
                    ticks.extend(packet.pts().filter(|tick| *tick >= self.clock.first));
                }
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(cause) => {
                    return Err(super::frame::undecodable(&self.path, "reading it failed").because(cause));
                }
            }
        }
        ticks.sort_unstable();
        ticks.dedup();
        Ok(ticks)
    }
}
