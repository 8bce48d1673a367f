//! The sound of a shot while its pictures are written.

use super::levels::{Levels, MixLevels};
use super::mixer::{Mix, Mixer};
use super::output::WavFiles;
use crate::audio::Samples;
use crate::backend::Task;
use crate::error::Result;
use crate::plan::{Plan, Shot};
use crate::time::Time;

/// The sound of one shot, mixed as far as its pictures are.
pub(crate) struct ShotSound<'m, 's> {
    mixer: &'m mut Mixer<'s>,
    mix: Mix<'m>,
    plan: &'m Plan,
    shot: &'m Shot,
    files: WavFiles,
    levels: Levels,
}

impl<'m, 's> ShotSound<'m, 's> {
    /// Begins to mix the shot of `task`, where there is a mixer, and its WAV files, where any are asked for.
    pub(crate) fn begin(
        mixer: Option<&'m mut Mixer<'s>>,
        plan: &'m Plan,
        task: &'m Task<'_>,
    ) -> Result<Option<ShotSound<'m, 's>>> {
        let Some(mixer) = mixer else { return Ok(None) };
        let shot = task.shot;
        let samples = mixer.grid().samples(shot.range(plan.rate));
        let (rate, channels) = mixer.format();
        let reference = plan.time_reference(samples.start, rate);
        let mix = mixer.begin(&shot.sound, samples);
        let files = WavFiles::create(task.wav.as_deref(), &task.stems, (rate, channels), reference)?;
        let levels = Levels::new(plan);
        Ok(Some(ShotSound { mixer, mix, plan, shot, files, levels }))
    }

    /// Mixes what is heard up to the end of frame `frame` of the shot (counted from 1): the samples that belong beside
    /// the pictures so far.
    pub(crate) fn accompany(&mut self, frame: i64) -> Result<Samples> {
        let end = self.mixer.grid().sample(Time::from_frames(self.shot.start.saturating_add(frame), self.plan.rate));
        let count = usize::try_from(end - self.mix.next()).unwrap_or(0);
        let mixed = self.mixer.next(&mut self.mix, count)?;
        self.levels.add(&mixed);
        self.files.write(&mixed)?;
        Ok(mixed.whole)
    }

    /// Closes the WAV files; says how loud it was, and what did not turn out as planned.
    pub(crate) fn finish(self) -> Result<MixLevels> {
        self.files.finish()?;
        Ok(self.levels.finish(self.plan, &self.mix))
    }
}
