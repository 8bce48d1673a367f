//! The mix of the whole cut, as one WAV file.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::mixer::Mixer;
use super::output::WavWriter;
use super::shot::loudness;
use super::source::{self, Heard};
use crate::audio::Peak;
use crate::backend::CancelToken;
use crate::deliver::{Existing, Place, Protected, SingleFiles};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Plan, Shot, SoundClip, Warning};
use crate::report::OutputKind;
use crate::time::{Time, TimeRange};

/// What became of the mix of a whole cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MixReport {
    /// How many samples each channel has.
    pub samples: i64,
    /// How loud it gets.
    pub peak: Peak,
    /// What could not be heard as planned.
    pub warnings: Vec<Warning>,
}

/// Mixes the whole cut of `plan` into one WAV file of 24 bits at `path`, replacing what is there if the manifest of its folder
/// lists it as made by this library: [`write_mix_as`] with [`Existing::Overwrite`].
///
/// # Errors
/// As [`write_mix_as`].
pub fn write_mix(plan: &Plan, path: impl AsRef<Path>, cancel: &CancelToken) -> Result<MixReport> {
    write_mix_as(plan, path, Existing::Overwrite, &[], cancel)
}

/// Mixes the whole cut of `plan` into one WAV file of 24 bits at `path`. Its time reference is the record timecode of the
/// cut's first frame. `existing` says what becomes of a file that is there; with [`Existing::Skip`] it is replaced as with
/// [`Existing::Overwrite`]. No file in `inputs` is ever replaced, and none that the plan reads. The file is listed in the
/// `manifest.json` of its folder; where something else has that name, it stays, with a warning.
///
/// # Errors
/// [`ErrorKind::Option`] where the plan has no sound, [`ErrorKind::MediaMissing`] listing every missing file where the
/// plan does not allow any, [`ErrorKind::Exists`] for a file that may not be replaced, [`ErrorKind::Locked`] where another
/// process writes it, [`ErrorKind::Decode`] where media cannot be heard, [`ErrorKind::Io`] and [`ErrorKind::Encode`] where
/// the file cannot be written, [`ErrorKind::Cancelled`] when `cancel` says so. The file is written as a whole or not at all.
pub fn write_mix_as(
    plan: &Plan,
    path: impl AsRef<Path>,
    existing: Existing,
    inputs: &[PathBuf],
    cancel: &CancelToken,
) -> Result<MixReport> {
    let clips = plan.sound.as_ref().map_or(&[][..], |sound| &sound.clips);
    let mut protected = Protected::of_plan(plan);
    inputs.iter().for_each(|input| protected.add("the input", input));
    let place = Place::of_file(path.as_ref(), OutputKind::Sound);
    let mut files = SingleFiles::new(&protected, existing);
    files.check(&place)?;
    let heard = look(plan, clips.iter())?;
    let mixer = &mut Mixer::new(plan, &heard);
    let written = write(plan, mixer, &heard, clips, (0, plan.duration), (&place, &files), cancel);
    let unlisted = files.finish();
    let mut report = written?;
    let warning = |message| Warning::new("mix", message);
    report.warnings.extend(unlisted.into_iter().map(warning));
    Ok(report)
}

/// Mixes what is heard in each shot of `plan` into a WAV file as [`write_mix`] does, several at once, without pictures:
/// that of a shot goes to `path(shot)`. The reports lie in the order of the shots.
///
/// # Errors
/// As [`write_mix`]: the first that is met. Files that were whole by then stay.
pub fn write_shot_mixes(
    plan: &Plan,
    path: impl Fn(&Shot) -> PathBuf + Sync,
    cancel: &CancelToken,
) -> Result<Vec<MixReport>> {
    let protected = Protected::of_plan(plan);
    let mut files = SingleFiles::new(&protected, Existing::Overwrite);
    let places: Vec<Place> = plan.shots.iter().map(|shot| Place::of_file(&path(shot), OutputKind::Sound)).collect();
    places.iter().try_for_each(|place| files.check(place))?;
    let heard = look(plan, plan.shots.iter().flat_map(|shot| &shot.sound))?;
    // Shots that follow on one another go to one thread, whose media run on.
    let shots = plan.shots.par_iter().zip(&places).with_min_len(4);
    let reports = shots.map_init(
        || Mixer::new(plan, &heard),
        |mixer, (shot, place)| {
            let frames = (shot.start, shot.frame_count);
            write(plan, mixer, &heard, &shot.sound, frames, (place, &files), cancel)
        },
    );
    let reports: Result<Vec<MixReport>> = reports.collect();
    let unlisted = files.finish();
    let mut reports = reports?;
    let warning = |message| Warning::new("mix", message);
    if let Some(first) = reports.first_mut() {
        first.warnings.extend(unlisted.into_iter().map(warning));
    }
    Ok(reports)
}

/// Looks at the media of `clips`; what is not there ends it, if the plan says so.
fn look<'p>(plan: &'p Plan, clips: impl Iterator<Item = &'p SoundClip> + Clone) -> Result<Vec<Heard>> {
    plan.validate()?;
    let heard = source::find(plan, clips.clone());
    super::super::media::refuse_missing(&[], &[], &source::missing(clips, &heard))?;
    Ok(heard)
}

/// Writes the mix of `clips` over record frames: the first, and how many.
fn write<'s>(
    plan: &'s Plan,
    mixer: &mut Option<Mixer<'s>>,
    heard: &[Heard],
    clips: &[SoundClip],
    (first, count): (i64, i64),
    (place, files): (&Place, &SingleFiles<'_>),
    cancel: &CancelToken,
) -> Result<MixReport> {
    let mixer = mixer.as_mut().ok_or_else(|| Error::new(ErrorKind::Option, "the cut has no sound to be mixed"))?;
    let at = |frame| Time::from_frames(frame, plan.rate);
    let window = TimeRange::between(at(first), at(first.saturating_add(count)));
    let window = mixer.grid().samples(window);
    let (rate, channels) = mixer.format();
    let reference = plan.time_reference(window.start, rate);
    let mut mix = mixer.begin(clips, window);
    let _hold = place.prepare()?;
    let mut peak = Peak::default();
    let mut write = || {
        let mut wav = WavWriter::create(place.target.path(), rate, channels, reference)?;
        while !mix.is_done() {
            if cancel.is_cancelled() {
                return Err(Error::new(ErrorKind::Cancelled, "cancelled"));
            }
            let samples = mixer.next(&mut mix, rate as usize)?;
            peak.add(&samples);
            wav.write(&samples)?;
        }
        wav.finish()?;
        files.commit(place)
    };
    if let Err(error) = write() {
        // The first error says what is wrong.
        let _ = place.discard();
        return Err(error);
    }
    let mut warnings = source::warnings(clips.iter(), heard);
    let notes = mix.notes.iter().cloned().chain(loudness(&peak, &mix, plan));
    warnings.extend(notes.map(|message| Warning::new("mix", message)));
    Ok(MixReport { samples: mix.len(), peak, warnings })
}
