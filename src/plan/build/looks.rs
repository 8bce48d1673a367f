//! How clips and compositions look, and what of their effects is not drawn.

use super::context::{At, Builder};
use super::media::bounds;
use super::speed::{is_applied, not_applied};
use crate::look::{Animated, ColorNote, Look};
use crate::plan::dialect::{self, generated};
use crate::plan::mark::is_baked;
use crate::time::Ratio;
use crate::time::source_map::SourceMap;
use crate::timeline::{Clip, Effect, EffectKind, Item, Map, MediaReference};

impl Builder<'_> {
    /// How `clip` looks, which lasts `duration` record frames of `at.clock`, and what is to be done to its colours. What
    /// cannot be drawn is a warning.
    pub(super) fn look(&mut self, clip: &Clip, at: At<'_>, duration: Ratio, map: &SourceMap) -> (Look, Vec<ColorNote>) {
        let (reference, _) = self.media.reference(clip);
        let bounded = reference.and_then(MediaReference::common);
        if bounded.is_some_and(|media| media.available_image_bounds.is_some() && bounds(media).is_none()) {
            self.warn(at.path, "its available_image_bounds are no rectangle, and are not used".to_owned());
        }
        let mut shows_nothing = false;
        if let Some(MediaReference::Generator { generator_kind, parameters, common }) = reference {
            let (draws, message) = generated(generator_kind, parameters, common, &clip.item.name);
            message.into_iter().for_each(|message| self.warn(at.path, message));
            shows_nothing = draws.is_nothing();
        }
        let media = reference.and_then(MediaReference::common).map(|common| &common.metadata);
        let (mut look, color) = self.read_look(&clip.item, media, at, (duration, Some(map)));
        if is_baked(clip) {
            look = Look::default();
        }
        if shows_nothing {
            look.opacity = Animated::Constant(0.0);
        }
        (look, color)
    }

    /// How a composition looks as one, which lasts `duration` record frames of `at.clock`.
    pub(super) fn composition_look(&mut self, item: &Item, at: At<'_>, duration: Ratio) -> Look {
        self.read_look(item, None, at, (duration, None)).0
    }

    fn read_look(
        &mut self,
        item: &Item,
        media: Option<&Map>,
        at: At<'_>,
        (duration, map): (Ratio, Option<&SourceMap>),
    ) -> (Look, Vec<ColorNote>) {
        if item.effects.is_empty() && item.metadata.is_empty() && media.is_none_or(Map::is_empty) {
            return (Look::default(), Vec::new());
        }
        let read = dialect::look(item, media, duration.to_f64(), &at.clock.map(self.rate), map);
        for (effect, message) in read.warnings {
            match effect {
                Some(index) => self.warn(&format!("{}.effects[{index}]", at.path), message),
                None => self.warn(at.path, message),
            }
        }
        (read.look, read.color)
    }

    /// Names every effect of `item` that is not drawn or not applied. `looks_apply`: what is read as a look is drawn.
    pub(super) fn warn_of_effects(&mut self, item: &Item, path: &str, looks_apply: bool) {
        for (index, effect) in item.effects.iter().enumerate().filter(|(_, effect)| effect.enabled) {
            let message = match effect.kind {
                EffectKind::Other if dialect::is_time_remap(effect) => not_applied(effect),
                EffectKind::Other if looks_apply && dialect::is_look(effect) => continue,
                EffectKind::Other | EffectKind::Unknown(_) if dialect::changes_nothing(effect) => continue,
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
