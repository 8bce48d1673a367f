//! The one gain that brings a whole cut to a loudness.

use super::mixer::Mixer;
use super::whole::{at_once, check, look};
use crate::audio::{Loudness, LoudnessMeter};
use crate::backend::CancelToken;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Plan, Warning};
use crate::time::{Time, TimeRange};

/// Loudness that is no mistake, in LUFS.
const TARGETS: std::ops::RangeInclusive<f64> = -70.0..=0.0;

/// What [`bring_to_loudness`] found and decided.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Normalized {
    /// The whole cut before, neither limited nor cut off at full scale.
    pub before: Loudness,
    /// By how many decibels all of it is made louder from now on.
    pub gain: f64,
    /// Where that is not possible: why.
    pub warnings: Vec<Warning>,
}

impl Normalized {
    /// The true peak of the whole cut with the gain, in dBTP, where nothing is limited; `None` of silence.
    pub fn true_peak(&self) -> Option<f64> {
        self.before.true_peak.map(|peak| peak + self.gain)
    }
}

/// Mixes the whole cut of `plan` once, without writing anything, and sets the gain of its sound (`Sound::gain`) so that its
/// integrated loudness is `target`, in LUFS (EBU R 128). The mix, its stems and the sound of every shot are made with that
/// one gain, so that they still join and add up; a limiter comes behind it. Of a silent cut the gain stays 0, with a
/// warning.
///
/// # Errors
/// [`ErrorKind::Option`] where the plan has no sound, and for a target outside −70 to 0 LUFS; else as
/// [`write_mix`](super::write_mix) where media cannot be heard.
pub fn bring_to_loudness(plan: &mut Plan, target: f64, cancel: &CancelToken) -> Result<Normalized> {
    if !TARGETS.contains(&target) {
        let message = format!("a loudness of {target} LUFS cannot be reached; expected −70 to 0");
        return Err(Error::new(ErrorKind::Option, message));
    }
    let nothing = || Error::new(ErrorKind::Option, "the cut has no sound whose loudness could be changed");
    let before = measured(plan, cancel)?.ok_or_else(nothing)?;
    let normalized = Normalized::of(before, target);
    if let Some(sound) = &mut plan.sound {
        (sound.gain, sound.loudness) = (normalized.gain, Some(target));
    }
    Ok(normalized)
}

impl Normalized {
    fn of(before: Loudness, target: f64) -> Normalized {
        let message = || {
            let why = "the whole cut is silent, or shorter than 0.4 s";
            Warning::new(
                "mix",
                format!("{why}: its loudness cannot be measured, and it is not brought to {target:.1} LUFS"),
            )
        };
        match before.integrated {
            Some(loudness) => Normalized { before, gain: target - loudness, warnings: Vec::new() },
            None => Normalized { before, gain: 0.0, warnings: vec![message()] },
        }
    }
}

/// The loudness of the whole cut of `plan` as it is without gain, limiter and stems; `None` where it has no sound.
fn measured(plan: &Plan, cancel: &CancelToken) -> Result<Option<Loudness>> {
    let mut bare = Plan { shots: Vec::new(), warnings: Vec::new(), ..plan.clone() };
    let Some(sound) = &mut bare.sound else { return Ok(None) };
    (sound.gain, sound.limit) = (0.0, None);
    sound.stems.clear();
    sound.clips.iter_mut().for_each(|clip| clip.stem = 0);
    let Some(sound) = &bare.sound else { return Ok(None) };
    let heard = look(&bare, sound.clips.iter())?;
    let meter = LoudnessMeter::new(sound.rate, &sound.layout.speakers());
    let Some((mut mixer, mut meter)) = Mixer::new(&bare, &heard).zip(meter) else { return Ok(None) };
    let whole = TimeRange { start: Time::ZERO, duration: Time::from_frames(bare.duration, bare.rate) };
    let mut mix = mixer.begin(&sound.clips, mixer.grid().samples(whole));
    while !mix.is_done() {
        check(cancel)?;
        meter.add(&mixer.next(&mut mix, at_once(sound.rate, 1))?.whole, false);
    }
    Ok(Some(meter.loudness()))
}
