//! What `plan --explain` prints.

use clap::{Args, ValueEnum};
use otio_conflate::backend::ffmpeg::{FfmpegBackend, ShotProgram};
use otio_conflate::deliver::{Preset, Representation};
use otio_conflate::plan::PlanOptions;
use otio_conflate::{Plan, printable_json};

use super::representation;

/// What is explained, and how.
#[derive(Args)]
pub(crate) struct ExplainArgs {
    /// How the frames of each shot would be made, and what that costs: for people, or as json
    #[arg(long, value_name = "FORM", num_args = 0..=1, require_equals = true, default_missing_value = "text", conflicts_with = "frames")]
    explain: Option<ExplainFormat>,
    /// What shots would be written as; used with --explain
    #[arg(long, default_value = "prores-lt", value_parser = Preset::by_name, value_name = "NAME")]
    preset: Preset,
    /// What else would be made of each shot, as `conflate` has it; used with --explain
    #[arg(long = "representation", value_name = "NAME|FILE", value_parser = representation)]
    representations: Vec<Representation>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum ExplainFormat {
    Text,
    Json,
}

impl ExplainArgs {
    pub(crate) fn is_asked_for(&self) -> bool {
        self.explain.is_some()
    }

    /// Sound makes no picture.
    pub(crate) fn change(&self, options: &mut PlanOptions) {
        if self.is_asked_for() {
            options.sound.enabled = false;
        }
    }

    /// How the shots of `plan` would be made.
    pub(crate) fn shots(&self, plan: &Plan, max_pixels: Option<u64>) -> otio_conflate::Result<Vec<ShotProgram>> {
        FfmpegBackend::new().max_pixels(max_pixels).explain(plan, &self.preset, &self.representations)
    }

    /// That in the form that is asked for.
    pub(crate) fn text(&self, shots: &[ShotProgram]) -> String {
        match self.explain {
            Some(ExplainFormat::Json) => {
                printable_json(serde_json::to_string_pretty(shots).expect("programs are plain data")) + "\n"
            }
            _ => shots.iter().map(|shot| format!("{shot}\n")).collect(),
        }
    }
}
