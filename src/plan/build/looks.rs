//! How clips and compositions look, and what of their effects is not drawn.

use super::clock::Clock;
use super::context::{Builder, VisitedObject};
use super::media::bounds;
use super::speed::{is_applied, not_applied};
use crate::look::{Animated, ColorNote, Look};
use crate::plan::dialect::{self, LookRead, generated};
use crate::plan::mark::is_baked;
use crate::plan::{DecisionSpace, Grade};
use crate::time::source_map::SourceMap;
use crate::time::{Ratio, Time};
use crate::timeline::{Clip, Effect, EffectKind, Item, Map, MediaReference, ROOT};

impl Builder<'_> {
    /// How `clip` looks, which lasts `duration` record frames of `at.clock`, and what is to be done to its colours. What
    /// cannot be drawn is a warning.
    pub(super) fn look(&mut self, clip: &Clip, at: VisitedObject<'_>, duration: Ratio, map: &SourceMap) -> LookRead {
        let (reference, _) = self.media.reference(clip);
        let bounded = reference.and_then(MediaReference::common);
        if bounded.is_some_and(|media| media.available_image_bounds.is_some() && bounds(media).is_none()) {
            self.warn(at.path, "its available_image_bounds are not a rectangle, and are ignored".to_owned());
        }
        let mut shows_nothing = false;
        if let Some(MediaReference::Generator { generator_kind, parameters, common }) = reference {
            let (draws, message) = generated(generator_kind, parameters, common, &clip.item.name);
            message.into_iter().for_each(|message| self.warn(at.path, message));
            shows_nothing = draws.is_nothing();
        }
        let media = reference.and_then(MediaReference::common).map(|common| &common.metadata);
        let mut read = self.read_look(&clip.item, media, at, (duration, Some(map)));
        if is_baked(clip) {
            read.look = Look::default();
        }
        if shows_nothing {
            read.look.opacity = Animated::Constant(0.0);
        }
        read
    }

    /// What of the colour decisions of effects (`grades`), and after them of those under `cdl` (`decisions`), is applied, and
    /// what of `notes` is not.
    pub(super) fn grades(
        &self,
        grades: Vec<Grade>,
        decisions: Vec<Grade>,
        mut notes: Vec<ColorNote>,
    ) -> (Vec<Grade>, Vec<ColorNote>) {
        if !self.applies_decisions() {
            return (Vec::new(), notes);
        }
        let mut applied = grades;
        for decision in decisions {
            // Metadata that says what an effect, or the clip for its medium, says already is the same decision written twice.
            // Two effects are two decisions.
            if !applied.iter().any(|known| known.is_same(&decision)) {
                applied.push(decision);
            }
        }
        applied.retain(|grade| !grade.is_neutral());
        notes.retain(|note| match note {
            ColorNote::Cdl { .. } => false,
            ColorNote::Effect { name } => name != "CDLEffect" || applied.is_empty(),
        });
        (applied, notes)
    }

    /// Whether the timeline's colour decisions are applied.
    pub(super) fn applies_decisions(&self) -> bool {
        self.options.color.as_ref().is_some_and(|color| color.decisions.space != DecisionSpace::Off)
    }

    /// How a composition looks as one, which lasts `duration` record frames of `at.clock`, and its colour decisions.
    pub(super) fn composition_look(
        &mut self,
        item: &Item,
        at: VisitedObject<'_>,
        duration: Ratio,
    ) -> (Look, Vec<Grade>) {
        let LookRead { look, color, grades, decisions, warnings: _ } = self.read_look(item, None, at, (duration, None));
        (look, self.grades(grades, decisions, color).0)
    }

    /// The colour decisions of the root stack, which belong to everything that is seen.
    pub(super) fn root_grade(&mut self, root: &Item, duration: i64) -> Vec<Grade> {
        let at = VisitedObject { path: ROOT, track: "", clock: &Clock::Plain(Time::ZERO) };
        self.composition_look(root, at, Ratio::whole(duration)).1
    }

    fn read_look(
        &mut self,
        item: &Item,
        media: Option<&Map>,
        at: VisitedObject<'_>,
        (duration, map): (Ratio, Option<&SourceMap>),
    ) -> LookRead {
        if item.effects.is_empty() && item.metadata.is_empty() && media.is_none_or(Map::is_empty) {
            return LookRead::default();
        }
        let mut read = dialect::look(item, media, duration.to_f64(), &at.clock.map(self.rate), map);
        for (effect, message) in std::mem::take(&mut read.warnings) {
            match effect {
                Some(index) => self.warn(&format!("{}.effects[{index}]", at.path), message),
                None => self.warn(at.path, message),
            }
        }
        if !read.decisions.is_empty() && !self.applies_decisions() {
            self.warn(at.path, "its colour decision (ASC CDL) is not applied".to_owned());
        }
        read
    }

    /// Names every effect of `item` that is not drawn or not applied. `looks_apply`: what is read as a look is drawn.
    pub(super) fn warn_of_effects(&mut self, item: &Item, path: &str, looks_apply: bool) {
        for (index, effect) in item.effects.iter().enumerate().filter(|(_, effect)| effect.enabled) {
            let message = match effect.kind {
                EffectKind::Other if dialect::is_time_remap(effect) => not_applied(effect),
                EffectKind::Other if looks_apply && dialect::is_look(effect) => continue,
                EffectKind::Other | EffectKind::Unknown(_) if dialect::changes_nothing(effect) => continue,
                EffectKind::Other | EffectKind::Unknown(_)
                    if self.applies_decisions() && dialect::cdl_effect(effect).is_some() =>
                {
                    continue;
                }
                EffectKind::Other | EffectKind::Unknown(_) => {
                    Some(format!("effect {:?} is not drawn", dialect::effect_name(effect)))
                }
                _ => not_applied(effect),
            };
            if let Some(message) = message {
                self.warn(&format!("{path}.effects[{index}]"), message);
            }
        }
    }
}

/// Whether what `effect` does is in the frames of a shot that its clip was rendered to.
pub(crate) fn is_baked_in(effect: &Effect) -> bool {
    effect.enabled && (is_applied(effect) || dialect::is_look(effect))
}
