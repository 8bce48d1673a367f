//! The flags about the colours of a cut.

use clap::Args;
use otio_conflate::Result;
use otio_conflate::color::{self, find_space};
use otio_conflate::plan::{ColorConfig, ColorPlan, DecisionSpace, OutputLook};

use super::color::ColorArgs;

/// What decides about the colours of a cut.
#[derive(Args)]
pub(crate) struct CutColorArgs {
    #[command(flatten)]
    color: ColorArgs,
    /// The colour space of media whose path or name matches: SPACE, view:DISPLAY/VIEW for what a view shows, or data; with :full
    /// or :limited behind it for the range of their samples; the first that matches counts; may be repeated
    #[arg(long = "space", value_name = "GLOB=SPACE")]
    spaces: Vec<String>,
    /// The colour space in which layers are composited and intermediates are written; by default that of the hero
    /// track's first clip
    #[arg(long, value_name = "SPACE")]
    canvas_space: Option<String>,
    /// Where the timeline's colour decisions (ASC CDL) apply: a colour space, canvas (its own values), or off; by default the
    /// role color_timing
    #[arg(long, value_name = "SPACE")]
    decisions: Option<String>,
    /// What decisions, looks and the view are baked into: representations, intermediate or both
    #[arg(long, value_name = "WHERE", default_value = "representations", value_parser = ["representations", "intermediate", "both"])]
    bake: String,
}

impl CutColorArgs {
    /// What these flags stand for, if anything is asked of colours.
    pub(crate) fn plan(&self) -> Result<Option<ColorPlan>> {
        let is_asked_for = self.color.is_asked_for()
            || !self.spaces.is_empty()
            || self.canvas_space.is_some()
            || self.decisions.as_ref().is_some_and(|space| space != "off");
        if !is_asked_for {
            return Ok(None);
        }
        let (mut plan, engine) = self.color.plan()?;
        let engine = &*engine;
        plan.rules = self.spaces.iter().map(|rule| color::read_rule(engine, rule)).collect::<Result<_>>()?;
        plan.canvas =
            self.canvas_space.as_deref().map(|name| find_space(engine, name)).transpose()?.map(|space| space.name);
        plan.decisions.space = match self.decisions.as_deref() {
            // Without a configuration there are no roles.
            None if plan.config == ColorConfig::Raw => DecisionSpace::Off,
            None => DecisionSpace::Timing,
            Some("off") => DecisionSpace::Off,
            Some("canvas") => DecisionSpace::Canvas,
            Some(name) => DecisionSpace::Space(find_space(engine, name)?.name),
        };
        if self.bake != "representations" {
            plan.intermediate = plan.representations.clone();
        }
        if self.bake == "intermediate" {
            plan.representations = OutputLook::default();
        }
        Ok(Some(plan))
    }
}
