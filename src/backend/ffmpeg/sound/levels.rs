//! How loud a mix is, and what is said of one that is too loud.

use super::mixer::{Mix, Mixed};
use crate::audio::{Loudness, LoudnessMeter, Peak};
use crate::plan::Plan;

/// The highest true peak that EBU R 128 allows, in dBTP.
const HIGHEST_TRUE_PEAK: f64 = -1.0;

/// Measures a mix on its way into files.
pub(crate) struct Levels {
    peak: Peak,
    meter: Option<LoudnessMeter>,
    /// Those of the stems.
    stems: Vec<Peak>,
}

/// What was measured of a mix.
pub(crate) struct MixLevels {
    pub(crate) peak: Peak,
    pub(crate) loudness: Option<Loudness>,
    /// What did not turn out as planned: sentences for the report.
    pub(crate) notes: Vec<String>,
}

impl Levels {
    /// For a mix of the sound of `plan`.
    pub(crate) fn new(plan: &Plan) -> Levels {
        let sound = plan.sound.as_ref();
        let meter = sound.and_then(|sound| LoudnessMeter::new(sound.rate, &sound.layout.speakers()));
        let stems = sound.map_or(0, |sound| sound.stems.len());
        Levels { peak: Peak::default(), meter, stems: vec![Peak::default(); stems] }
    }

    /// Takes the next samples into account.
    pub(crate) fn add(&mut self, mixed: &Mixed) {
        self.peak.add(&mixed.whole);
        if let Some(meter) = &mut self.meter {
            // Files of whole numbers cut off what is beyond full scale.
            meter.add(&mixed.whole, true);
        }
        self.stems.iter_mut().zip(&mixed.stems).for_each(|(peak, stem)| peak.add(stem));
    }

    /// What was measured of `mix`, and what is said of it where it is too loud.
    pub(crate) fn finish(self, plan: &Plan, mix: &Mix<'_>) -> MixLevels {
        let Levels { peak, meter, stems } = self;
        let loudness = meter.map(|meter| meter.loudness());
        let place = |sample: u64| plan.timecode(mix.time(sample).floor(plan.rate));
        let mut notes = mix.notes(plan);
        notes.extend(mix.limited().map(|(decibels, first)| {
            format!("the mix is limited: by {decibels:.2} dB where it is loudest, from {} on", place(first))
        }));
        let clips = |what: &str, peak: &Peak| {
            let first = peak.first_clipped?;
            Some(format!(
                "{what} clips: it reaches {:+.2} dB of full scale, {} samples lie beyond it, the first at {}",
                peak.decibels(),
                peak.clipped,
                place(first)
            ))
        };
        notes.extend(clips("the mix", &peak));
        let sound = plan.sound.as_ref();
        for (name, peak) in sound.iter().flat_map(|sound| &sound.stems).zip(&stems) {
            let clips = clips(&format!("stem {name:?}"), peak);
            notes.extend(clips.map(|note| format!("{note}; there the stems do not add up to the mix")));
        }
        let high = loudness.and_then(|loudness| loudness.true_peak).filter(|peak| *peak > HIGHEST_TRUE_PEAK);
        if let (Some(peak), Some(target)) = (high, sound.and_then(|sound| sound.loudness)) {
            notes.push(format!(
                "at {target:.1} LUFS the true peak is {peak:+.2} dBTP, above the {HIGHEST_TRUE_PEAK} dBTP of EBU R 128"
            ));
        }
        MixLevels { peak, loudness, notes }
    }
}
