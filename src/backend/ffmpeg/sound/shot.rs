//! The sound of a shot while its pictures are written.

use super::mixer::{Mix, Mixer};
use super::output::WavWriter;
use crate::audio::{Peak, Samples};
use crate::backend::Task;
use crate::error::Result;
use crate::plan::Plan;
use crate::time::{Ratio, Time};

/// The sound of one shot, mixed as far as its pictures are.
pub(crate) struct ShotSound<'m, 's> {
    mixer: &'m mut Mixer<'s>,
    mix: Mix<'m>,
    plan: &'m Plan,
    frames: i64,
    wav: Option<WavWriter>,
    peak: Peak,
}

impl<'m, 's> ShotSound<'m, 's> {
    /// Begins to mix the shot of `task`, where there is a mixer, and its WAV file, where one is asked for.
    pub(crate) fn begin(
        mixer: Option<&'m mut Mixer<'s>>,
        plan: &'m Plan,
        task: &'m Task<'_>,
    ) -> Result<Option<ShotSound<'m, 's>>> {
        let Some(mixer) = mixer else { return Ok(None) };
        let shot = task.shot;
        let mix = mixer.begin(&shot.sound, shot.range(plan.rate));
        let (rate, channels) = mixer.format();
        let reference = time_reference(plan, shot.start, rate);
        let wav = task.wav.as_ref().map(|path| WavWriter::create(path, rate, channels, reference)).transpose()?;
        Ok(Some(ShotSound { mixer, mix, plan, frames: shot.frame_count, wav, peak: Peak::default() }))
    }

    /// Mixes what is heard up to the end of frame `frame` of the shot (counted from 1): the samples that belong beside
    /// the pictures so far.
    pub(crate) fn accompany(&mut self, frame: i64) -> Result<Samples> {
        let (rate, _) = self.mixer.format();
        let end = match frame >= self.frames {
            true => self.mix.len(),
            false => Time::from_frames(frame, self.plan.rate).samples(rate).floor(),
        };
        let count = usize::try_from(end - self.mix.done()).unwrap_or(0);
        let samples = self.mixer.next(&mut self.mix, count)?;
        self.peak.add(&samples);
        if let Some(wav) = &mut self.wav {
            wav.write(&samples)?;
        }
        Ok(samples)
    }

    /// Closes the WAV file; says what did not turn out as planned.
    pub(crate) fn finish(self) -> Result<Vec<String>> {
        let ShotSound { mut mix, wav, peak, plan, mixer, .. } = self;
        if let Some(wav) = wav {
            wav.finish()?;
        }
        let mut notes = std::mem::take(&mut mix.notes);
        notes.extend(clipping(&peak, plan, mix.start(), mixer.format().0));
        Ok(notes)
    }
}

/// What is said of sound beyond full scale that begins at record time `start`.
pub(crate) fn clipping(peak: &Peak, plan: &Plan, start: Time, rate: u32) -> Option<String> {
    let first = i64::try_from(peak.first_clipped?).unwrap_or(i64::MAX);
    let at = start + super::mixer::sample_time(first, rate);
    let place = plan.timecode(at.floor(plan.rate));
    Some(format!(
        "the mix clips: it reaches {:+.2} dB of full scale, {} samples lie beyond it, the first at {place}",
        peak.decibels(),
        peak.clipped
    ))
}

/// The samples from midnight to record frame `frame` of the cut, by its timecode.
pub(crate) fn time_reference(plan: &Plan, frame: i64, rate: u32) -> i64 {
    let since_midnight = Time::from_frames(plan.global_start.saturating_add(frame), plan.rate);
    let day = i64::from(rate) * 86_400;
    let sample = (since_midnight.samples(rate) + Ratio::new(1, 2)).floor();
    if sample < 0 { sample.rem_euclid(day) } else { sample }
}
