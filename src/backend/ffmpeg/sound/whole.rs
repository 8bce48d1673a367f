//! The mix of the whole cut, and those of its shots, as WAV files without pictures.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::levels::Levels;
use super::mixer::Mixer;
use super::output::WavFiles;
use super::source::{self, SoundMedium};
use crate::audio::{Loudness, Peak};
use crate::backend::CancelToken;
use crate::deliver::{Existing, OutputPlace, Protected, SaidOfMix, SingleFiles, mix_fingerprint, stem_paths};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Plan, Shot, SoundClip, Warning};
use crate::report::{ListedFile, ListedMix, OutputKind};
use crate::time::{Time, TimeRange};
use crate::{memory, threads};

/// By how many LU a mix may miss the loudness that was asked for before that is said.
const LOUDNESS_SLACK: f64 = 0.1;

/// What became of the mix of a whole cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MixReport {
    /// How many samples each channel has.
    pub samples: i64,
    /// How loud it gets.
    pub peak: Peak,
    /// Its loudness, loudness range and true peak (EBU R 128).
    #[serde(default)]
    pub loudness: Loudness,
    /// Whether it was there already, the same mix of the same cut, and was kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub kept: bool,
    /// The files of its stems, in the order of [`Sound::stems`](crate::plan::Sound::stems).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stems: Vec<PathBuf>,
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

/// Mixes the whole cut of `plan` into one WAV file of 24 bits at `path`, and its stems into those beside it that
/// [`mix_files`] names. The time reference of each is the record timecode of the cut's first frame. `existing` says what
/// becomes of files that are there; with [`Existing::Skip`] they are kept where the manifest says that they are the same mix,
/// and replaced as with [`Existing::Overwrite`] where not. No file in `inputs` is ever replaced, and none that the plan reads:
/// `inputs` are what a run of the same plan reads beside it, such as [`Preview::inputs`](crate::Preview::inputs). The files are
/// listed in the `manifest.json` of their folder, the mix with its loudness; where something else has that name, it stays, with
/// a warning.
///
/// # Errors
/// [`ErrorKind::Option`] where the plan has no sound, [`ErrorKind::MediaMissing`] listing every missing file where the
/// plan does not allow any, [`ErrorKind::Exists`] for a file that may not be replaced, [`ErrorKind::Locked`] where another
/// process writes it, [`ErrorKind::Decode`] where media cannot be heard, [`ErrorKind::Io`] and [`ErrorKind::Encode`] where
/// the file cannot be written, [`ErrorKind::Cancelled`] when `cancel` says so. All files are written as a whole, or none.
pub fn write_mix_as(
    plan: &Plan,
    path: impl AsRef<Path>,
    existing: Existing,
    inputs: &[PathBuf],
    cancel: &CancelToken,
) -> Result<MixReport> {
    let clips = plan.sound.as_ref().map_or(&[][..], |sound| &sound.clips);
    let mut protected = Protected::of_plan(plan, existing);
    inputs.iter().for_each(|input| protected.add("the input", input));
    let places = places(plan, path.as_ref());
    let mut files = SingleFiles::new(&protected, existing);
    places.iter().try_for_each(|place| files.check(place))?;
    let heard = look(plan, clips.iter())?;
    let fingerprint = mix_fingerprint(plan);
    let kept = files.kept(&places, &fingerprint).filter(|_| existing == Existing::Skip);
    let (mut report, unlisted) = match kept {
        Some(kept) => (report_kept(plan, kept, &places, source::warnings(clips.iter(), &heard)), Vec::new()),
        None => {
            let mixer = &mut Mixer::new(plan, &heard);
            let frames = (0, plan.duration);
            let written = write(plan, mixer, &heard, clips, frames, (&places, &files, Some(fingerprint)), cancel);
            let unlisted = files.finish();
            (written?, unlisted)
        }
    };
    let warning = |message| Warning::new("mix", message);
    let target = plan.sound.as_ref().and_then(|sound| sound.loudness);
    if let (Some(target), Some(loudness)) = (target, report.loudness.integrated)
        && (loudness - target).abs() > LOUDNESS_SLACK
    {
        let what = "what was limited or clipped is missing";
        report.warnings.push(warning(format!("the mix has {loudness:.1} LUFS, not the {target:.1} asked for: {what}")));
    }
    report.warnings.extend(unlisted.into_iter().map(warning));
    Ok(report)
}

/// Looks, without writing anything, whether [`write_mix_as`] would be refused for the files that it writes.
///
/// # Errors
/// [`ErrorKind::Exists`] as [`write_mix_as`].
pub fn check_mix(plan: &Plan, path: impl AsRef<Path>, existing: Existing, inputs: &[PathBuf]) -> Result<()> {
    let mut protected = Protected::of_plan(plan, existing);
    inputs.iter().for_each(|input| protected.add("the input", input));
    let mut files = SingleFiles::new(&protected, existing);
    places(plan, path.as_ref()).iter().try_for_each(|place| files.refuse(place))
}

/// The files that [`write_mix_as`] writes for `path`: that itself, then one for each stem of `plan`, called like it with an
/// underscore and the stem's name.
pub fn mix_files(plan: &Plan, path: impl AsRef<Path>) -> Vec<PathBuf> {
    let path = path.as_ref();
    let stems = plan.sound.as_ref().map_or(&[][..], |sound| &sound.stems);
    std::iter::once(path.to_owned()).chain(stem_paths(path, stems)).collect()
}

fn places(plan: &Plan, path: &Path) -> Vec<OutputPlace> {
    mix_files(plan, path).iter().map(|path| OutputPlace::of_file(path, OutputKind::Sound)).collect()
}

/// Mixes what is heard in each shot of `plan` into a WAV file as [`write_mix`] does, several at once, without pictures:
/// that of a shot goes to `path(shot)`, its stems beside it. The reports lie in the order of the shots.
///
/// # Errors
/// As [`write_mix`]: the first that is met. Files that were whole by then stay.
pub fn write_shot_mixes(
    plan: &Plan,
    path: impl Fn(&Shot) -> PathBuf + Sync,
    cancel: &CancelToken,
) -> Result<Vec<MixReport>> {
    let protected = Protected::of_plan(plan, Existing::Overwrite);
    let mut files = SingleFiles::new(&protected, Existing::Overwrite);
    let places: Vec<Vec<OutputPlace>> = plan.shots.iter().map(|shot| places(plan, &path(shot))).collect();
    places.iter().flatten().try_for_each(|place| files.check(place))?;
    let heard = look(plan, plan.shots.iter().flat_map(|shot| &shot.sound))?;
    if !threads::has_pool() {
        return Err(Error::new(ErrorKind::Io, "cannot start threads"));
    }
    // Shots that follow on one another go to one thread, whose media run on.
    let shots = plan.shots.par_iter().zip(&places).with_min_len(4);
    let reports = shots.map_init(
        || Mixer::new(plan, &heard),
        |mixer, (shot, places)| {
            let frames = (shot.start, shot.frame_count);
            write(plan, mixer, &heard, &shot.sound, frames, (places, &files, None), cancel)
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
pub(super) fn look<'p>(plan: &'p Plan, clips: impl Iterator<Item = &'p SoundClip> + Clone) -> Result<Vec<SoundMedium>> {
    plan.validate()?;
    memory::check_room(memory::BASE)?;
    let heard = source::find(plan, clips.clone());
    super::super::media::refuse_missing(&[], &[], &source::missing(clips, &heard))?;
    Ok(heard)
}

/// Writes the mix of `clips` over record frames (the first, and how many) to the first of `places`, its stems to the others.
fn write<'s>(
    plan: &'s Plan,
    mixer: &mut Option<Mixer<'s>>,
    heard: &[SoundMedium],
    clips: &[SoundClip],
    (first, count): (i64, i64),
    (places, files, fingerprint): (&[OutputPlace], &SingleFiles<'_>, Option<String>),
    cancel: &CancelToken,
) -> Result<MixReport> {
    let mixer = mixer.as_mut().ok_or_else(|| Error::new(ErrorKind::Option, "the cut has no sound to be mixed"))?;
    let window = mixer.grid().samples(window_of(plan, (first, count)));
    let format = mixer.format();
    let reference = plan.time_reference(window.start, format.0);
    let mut mix = mixer.begin(clips, window);
    let _holds = places.iter().map(OutputPlace::prepare).collect::<Result<Vec<_>>>()?;
    let mut write = || {
        let targets: Vec<PathBuf> = places.iter().map(|place| place.target.path().to_owned()).collect();
        let mut wavs = WavFiles::create(targets.first().map(PathBuf::as_path), &targets[1..], format, reference)?;
        let mut levels = Levels::new(plan);
        while !mix.is_done() {
            check(cancel)?;
            let mixed = mixer.next(&mut mix, at_once(format.0, places.len()))?;
            levels.add(&mixed);
            wavs.write(&mixed)?;
        }
        wavs.finish()?;
        let levels = levels.finish(plan, &mix);
        let mix = |fingerprint| ListedMix { fingerprint, peak: levels.peak, notes: levels.notes.clone() };
        let said = SaidOfMix { loudness: levels.loudness, mix: fingerprint.clone().map(mix) };
        files.commit(&places.iter().collect::<Vec<_>>(), &said)?;
        Ok(levels)
    };
    let levels = write().inspect_err(|_| {
        // The first error says what is wrong.
        places.iter().for_each(|place| drop(place.discard()));
    })?;
    let mut warnings = source::warnings(clips.iter(), heard);
    warnings.extend(levels.notes.into_iter().map(|message| Warning::new("mix", message)));
    let stems = places[1..].iter().map(|place| place.path.clone()).collect();
    let loudness = levels.loudness.unwrap_or_default();
    Ok(MixReport { samples: mix.len(), peak: levels.peak, loudness, kept: false, stems, warnings })
}

/// The record time of so many record frames from the first on.
fn window_of(plan: &Plan, (first, count): (i64, i64)) -> TimeRange {
    let at = |frame| Time::from_frames(frame, plan.rate);
    TimeRange::between(at(first), at(first.saturating_add(count)))
}

/// What is said of a mix that is there already: what was said when it was written, and `warnings` about what is heard in it.
fn report_kept(
    plan: &Plan,
    (listed, mix): (ListedFile, ListedMix),
    places: &[OutputPlace],
    mut warnings: Vec<Warning>,
) -> MixReport {
    let window = plan.sound.as_ref().map_or(0..0, |sound| sound.grid().samples(window_of(plan, (0, plan.duration))));
    warnings.extend(mix.notes.into_iter().map(|message| Warning::new("mix", message)));
    MixReport {
        samples: window.end - window.start,
        peak: mix.peak,
        loudness: listed.loudness.unwrap_or_default(),
        kept: true,
        stems: places[1..].iter().map(|place| place.path.clone()).collect(),
        warnings,
    }
}

/// How many samples are mixed at once for so many files: a second, or less for many.
pub(super) fn at_once(rate: u32, files: usize) -> usize {
    (rate as usize / files.max(1)).max(4096)
}

pub(super) fn check(cancel: &CancelToken) -> Result<()> {
    if cancel.is_cancelled() { Err(Error::new(ErrorKind::Cancelled, "cancelled")) } else { Ok(()) }
}
