//! What a plan says of a record frame: source frames, timecode, samples.

use std::ops::Range;

use super::{Layer, MediaId, Plan, Retime, Shot};
use crate::error::{Error, ErrorKind, Result};
use crate::time::{Ratio, Timecode};

impl Plan {
    /// Number of frames of all shots, handles included; [`i64::MAX`] where there are more.
    pub fn frame_count(&self) -> i64 {
        self.shots.iter().fold(0, |sum, shot| sum.saturating_add(shot.frame_count))
    }

    /// The index of the source frame that `layer` shows at record frame `record` (counted from the cut's first
    /// frame), inside what is known of its media; `None` where the overrun policy shows black instead.
    /// ([R10](crate::plan::rules#r10-frames-that-are-not-there))
    pub fn source_index(&self, layer: &Layer, record: i64) -> Option<i64> {
        self.within(layer, layer.map.index(record))
    }

    /// Where in its media `layer` is at record frame `record`, in frames at the media's rate, inside what is known of it;
    /// `None` where the overrun policy shows black instead. What has its frames elsewhere than on the grid of that rate
    /// shows the one on screen then: [`source_index`](Plan::source_index) is no more than the grid's.
    /// ([R7](crate::plan::rules#r7-source-frames), [R10](crate::plan::rules#r10-frames-that-are-not-there))
    pub fn source_position(&self, layer: &Layer, record: i64) -> Option<Ratio> {
        let (position, index) = (layer.map.position(record), layer.map.index(record));
        let within = self.within(layer, index)?;
        Some(if within == index { position } else { Ratio::whole(within) })
    }

    /// The source frames that `layer` shows at record frame `record`: the index of the first, and under
    /// [`Retime::Blend`] that of a second with its weight, from 0 to 1, where slow motion is between the two. `None`
    /// where the overrun policy shows black instead.
    /// ([R5](crate::plan::rules#r5-speed), [R10](crate::plan::rules#r10-frames-that-are-not-there))
    pub fn source_blend(&self, layer: &Layer, record: i64) -> Option<(i64, Option<(i64, Ratio)>)> {
        let first = self.source_index(layer, record)?;
        let fraction = match self.retime {
            Retime::Nearest => None,
            Retime::Blend => layer.map.fraction(record),
        };
        let second = fraction.and_then(|weight| {
            let index = self.within(layer, layer.map.index(record).saturating_add(1))?;
            (index != first).then_some((index, weight))
        });
        Some((first, second))
    }

    /// `index`, or what the overrun policy shows instead.
    fn within(&self, layer: &Layer, index: i64) -> Option<i64> {
        self.overrun.index(index, self.media[layer.media].frames)
    }

    /// The medium whose bounds all others are laid out around: the hero track's first that has any. It lies where it
    /// would without them. ([R13](crate::plan::rules#r13-canvas))
    pub fn ruler(&self) -> Option<MediaId> {
        self.canvas_media.iter().copied().find(|&media| self.media[media].bounds.is_some())
    }

    /// The record timecode of the frame that lies `frame` frames after the cut's first.
    pub fn timecode(&self, frame: i64) -> Timecode {
        Timecode::from_frame(self.global_start.saturating_add(frame), self.rate, self.drop_frame)
    }

    /// The record frame that `timecode`, such as `01:00:02:00`, labels, counted from the cut's first: the other way of
    /// [`Plan::timecode`]. It is counted drop-frame where the plan is, whether a `:` or a `;` stands before its frames.
    ///
    /// # Errors
    /// [`ErrorKind::Time`] for text that is no timecode at the record rate, for a label that drop-frame leaves out, and for
    /// one outside the cut.
    pub fn frame_at(&self, timecode: &str) -> Result<i64> {
        let label = Timecode::parse_as(timecode, self.rate, self.drop_frame)?;
        // Labels begin anew after a day.
        let frame = label.frame().saturating_sub(self.global_start).rem_euclid(label.frames_per_day());
        if (0..self.duration).contains(&frame) {
            return Ok(frame);
        }
        let last = self.timecode(self.duration.saturating_sub(1));
        let what = format!("no record frame at {timecode}; expected {} to {last}", self.timecode(0));
        Err(Error::new(ErrorKind::Time, what))
    }

    /// Numbers of the samples of the cut that `shot` has, handles included; `None` where the cut has no sound.
    pub fn samples(&self, shot: &Shot) -> Option<Range<i64>> {
        Some(self.sound.as_ref()?.grid().samples(shot.range(self.rate)))
    }

    /// Samples from midnight to sample `sample` of the cut, by the record timecode: the time reference of sound files
    /// (EBU Tech 3285). Behind 24 hours of timecode it counts from 0 again.
    #[cfg(feature = "ffmpeg")]
    pub(crate) fn time_reference(&self, sample: i64, rate: u32) -> i64 {
        use super::SampleGrid;
        use crate::time::Time;

        let grid = SampleGrid::new(rate, Time::ZERO);
        let at = |frame: i64| Time::from_frames(frame, self.rate);
        let origin = self.sound.as_ref().map_or(Time::ZERO, |sound| sound.origin);
        let day = grid.sample(at(self.timecode(0).frames_per_day())).max(1);
        grid.sample(at(self.global_start) - origin).saturating_add(sample).rem_euclid(day)
    }
}
