//! Options that make another plan as one was made.

use super::{Plan, PlanOptions, SoundOptions};

impl PlanOptions {
    /// Options that plan another version of a cut with the settings of `plan`, as far as a plan tells them: rate, canvas,
    /// placement, policies, colours, mix. Which pieces are shots, their names and their handles, how media of another rate
    /// runs and what reverse means are as by default.
    pub fn like(plan: &Plan) -> PlanOptions {
        let defaults = SoundOptions::default();
        let sound = match &plan.sound {
            Some(sound) => SoundOptions {
                rate: sound.rate,
                layout: sound.layout,
                pitch: sound.pitch,
                limit: sound.limit,
                ..defaults
            },
            None => SoundOptions { enabled: false, ..defaults },
        };
        PlanOptions {
            rate: Some(plan.rate),
            drop_frame: Some(plan.drop_frame),
            media_missing: plan.media_missing,
            overrun: plan.overrun,
            damaged: plan.damaged,
            placement: plan.placement,
            retime: plan.retime,
            background: plan.background,
            canvas: plan.canvas,
            color: plan.color.clone(),
            sound,
            ..PlanOptions::default()
        }
    }
}
