//! The sound of a shot while its pictures are written.

use super::mixer::{Mix, Mixer};
use super::output::WavWriter;
use crate::audio::{Peak, Samples};
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
        let samples = mixer.grid().samples(shot.range(plan.rate));
        let (rate, channels) = mixer.format();
        let reference = plan.time_reference(samples.start, rate);
        let mix = mixer.begin(&shot.sound, samples);
        let wav = task.wav.as_ref().map(|path| WavWriter::create(path, rate, channels, reference)).transpose()?;
        Ok(Some(ShotSound { mixer, mix, plan, shot, wav, peak: Peak::default() }))
    }

    /// Mixes what is heard up to the end of frame `frame` of the shot (counted from 1): the samples that belong beside
    /// the pictures so far.
    pub(crate) fn accompany(&mut self, frame: i64) -> Result<Samples> {
        let end = self.mixer.grid().sample(Time::from_frames(self.shot.start.saturating_add(frame), self.plan.rate));
        let count = usize::try_from(end - self.mix.next()).unwrap_or(0);
        let samples = self.mixer.next(&mut self.mix, count)?;
        self.peak.add(&samples);
        if let Some(wav) = &mut self.wav {
            wav.write(&samples)?;
        }
        Ok(samples)
    }

    /// Closes the WAV file; says how loud it was, and what did not turn out as planned.
    pub(crate) fn finish(self) -> Result<(Peak, Vec<String>)> {
        let ShotSound { mut mix, wav, peak, plan, .. } = self;
        if let Some(wav) = wav {
            wav.finish()?;
        }
        let mut notes = std::mem::take(&mut mix.notes);
        notes.extend(loudness(&peak, &mix, plan));
        Ok((peak, notes))
    }
}

/// What is said of a mix that is too loud, limited or not.
pub(crate) fn loudness(peak: &Peak, mix: &Mix<'_>, plan: &Plan) -> Vec<String> {
    let place = |sample: u64| plan.timecode(mix.time(sample).floor(plan.rate));
    let limited = mix.limited().map(|(decibels, first)| {
        format!("the mix is limited: by {decibels:.2} dB where it is loudest, from {} on", place(first))
    });
    let clipped = peak.first_clipped.map(|first| {
        format!(
            "the mix clips: it reaches {:+.2} dB of full scale, {} samples lie beyond it, the first at {}",
            peak.decibels(),
            peak.clipped,
            place(first)
        )
    });
    limited.into_iter().chain(clipped).collect()
}
