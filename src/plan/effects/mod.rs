//! What applications write about how a clip looks, read from its metadata: Resolve, Hiero, Premiere and Final Cut.

mod final_cut;
mod resolve;

pub(super) use final_cut::list;

use super::SourceMap;
use super::build::Builder;
use super::generator::generated;
use super::lane::At;
use super::media::bounds;
use super::{Animated, Blend, ColorNote, Crop, Look, Transform};
use crate::time::Ratio;
use crate::timeline::{Clip, Effect, EffectKind, Item, Map, MediaReference, Value};

/// A clip or a composition on its way to a [`Look`].
struct LookReader<'r> {
    /// How many record frames it lasts.
    frames: f64,
    /// Record frames since its first.
    clock: &'r SourceMap,
    /// Where a clip's source frames lie.
    map: Option<&'r SourceMap>,
    look: Look,
    color: Vec<ColorNote>,
    warnings: Vec<(Option<usize>, String)>,
    item: &'r Item,
    /// What is known about a clip's media.
    media: Option<&'r Map>,
}

/// What was read: the look, colour that is not applied, and sentences with the effects they are about.
struct LookRead {
    look: Look,
    color: Vec<ColorNote>,
    warnings: Vec<(Option<usize>, String)>,
}

impl LookReader<'_> {
    fn read(mut self) -> LookRead {
        self.properties();
        self.final_cut_item();
        for (index, effect) in self.item.effects.iter().enumerate().filter(|(_, effect)| effect.enabled) {
            if let Some(resolve) = effect.metadata.get("Resolve_OTIO").and_then(Value::as_object) {
                self.resolve(index, resolve);
            } else if let Some(filter) = effect.metadata.get("fcp_xml").and_then(Value::as_object) {
                self.final_cut(Some(index), filter);
            }
            if is_color(effect) {
                self.color.push(ColorNote::Effect { name: effect_name(effect).to_owned() });
            }
        }
        self.decisions();
        if self.look.is_animated() {
            self.look.clock = Some(Box::new(self.clock.clone()));
        }
        LookRead { look: self.look, color: self.color, warnings: self.warnings }
    }
}

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
        let clock = at.clock.map(self.rate);
        let (look, color, warnings) = (Look::default(), Vec::new(), Vec::new());
        let reader = LookReader { frames: duration.to_f64(), clock: &clock, map, look, color, warnings, item, media };
        let read = reader.read();
        for (effect, message) in read.warnings {
            match effect {
                Some(index) => self.warn(&format!("{}.effects[{index}]", at.path), message),
                None => self.warn(at.path, message),
            }
        }
        (read.look, read.color)
    }
}

/// The key of this crate's own metadata, as `conflated.otio` holds it.
pub(crate) const MARK: &str = "otio-conflate";
/// Under that key, whether what a clip shows is in the frames of its medium `intermediate` already.
pub(crate) const BAKED: &str = "baked";
/// The key of the medium that a delivered shot is to its clip.
pub(crate) const INTERMEDIATE: &str = "intermediate";

/// Whether the looks of `clip` are in its frames already: it shows its intermediate, and they were baked into that.
fn is_baked(clip: &Clip) -> bool {
    let mark = clip.item.metadata.get(MARK).and_then(|own| own.get(BAKED));
    clip.active_media_reference_key == INTERMEDIATE && matches!(mark, Some(Value::Bool(true)))
}

/// Whether what `effect` does is in the frames of a shot that its clip was rendered to.
pub(crate) fn is_baked_in(effect: &Effect) -> bool {
    effect.enabled && (super::retime::is_applied(effect) || is_read(effect))
}

/// Whether a [`LookReader`] says what there is to say about this effect.
pub(super) fn is_read(effect: &Effect) -> bool {
    if let Some(resolve) = effect.metadata.get("Resolve_OTIO") {
        let name = resolve.get("Effect Name").and_then(Value::as_str).unwrap_or_default();
        return matches!(name, "Transform" | "Cropping" | "Composite" | "Retime and Scaling" | "Video Faders");
    }
    final_cut_id(effect).is_some_and(|id| matches!(id.as_str(), "basic" | "opacity" | "crop"))
}

/// What Final Cut calls an effect, in lower case.
pub(super) fn final_cut_id(effect: &Effect) -> Option<String> {
    let id = effect.metadata.get("fcp_xml")?.get("effectid")?.as_str()?;
    Some(id.trim().to_ascii_lowercase())
}

/// Whether `value` is a switch that is on, as XML writes it.
pub(super) fn switch(value: &Value) -> bool {
    match value {
        Value::Bool(on) => *on,
        Value::String(text) => text.trim().eq_ignore_ascii_case("true") || text.trim() == "1",
        _ => false,
    }
}

/// What the application calls an effect.
///
/// Resolve calls all of its own "Resolve Effect"; the name is in their metadata.
pub(super) fn effect_name(effect: &Effect) -> &str {
    let own = if effect.effect_name.is_empty() { &effect.name } else { &effect.effect_name };
    let resolve = effect.metadata.get("Resolve_OTIO");
    resolve.and_then(|resolve| resolve.get("Effect Name")).and_then(Value::as_str).unwrap_or(own)
}

/// Whether an effect is by its name one of those that change colours.
fn is_color(effect: &Effect) -> bool {
    const NAMES: [&str; 9] = ["color", "colour", "lut", "grade", "cdl", "lumetri", "ocio", "saturation", "curves"];
    let name = effect_name(effect).to_lowercase();
    let words = || name.split(|letter: char| !letter.is_alphanumeric());
    matches!(effect.kind, EffectKind::Other | EffectKind::Unknown(_))
        && NAMES.iter().any(|known| words().any(|word| word.trim_end_matches(char::is_numeric).starts_with(known)))
}

impl LookReader<'_> {
    fn warn(&mut self, effect: Option<usize>, message: String) {
        self.warnings.push((effect, message));
    }

    /// An opacity of `whole` at most as a share.
    fn opacity(&mut self, effect: Option<usize>, value: Animated, whole: f64) -> Animated {
        let outside = |value: f64| !(0.0..=whole).contains(&value);
        let any = match &value {
            Animated::Constant(value) => outside(*value),
            Animated::Keys(keys) => keys.iter().any(|(_, value)| outside(*value)),
        };
        if any {
            self.warn(effect, format!("an opacity outside 0 to {whole} is cut to it"));
        }
        value.map(|value| (value / whole).clamp(0.0, 1.0))
    }

    /// Hiero writes the properties of the clip in its bin, with everything else about the media. A plain `opacity` is what
    /// is written by hand, on tracks, too.
    fn properties(&mut self) {
        for map in self.media.into_iter().chain([&self.item.metadata]) {
            for key in ["clip.properties.opacity", "opacity"] {
                let Some(written) = map.get(key).filter(|value| !is_empty(value)) else { continue };
                match number(written) {
                    Some(value) => self.look.opacity = self.opacity(None, Animated::Constant(value), 1.0),
                    None => self.warn(None, format!("{key} is no number; 1 is taken")),
                }
            }
            if let Some(written) = map.get("clip.properties.blendfunc").filter(|value| !is_empty(value)) {
                // 0 is what every clip has that nobody touched; what the other numbers mean is not published.
                let name = written.as_str().unwrap_or_default();
                match Blend::by_name(name) {
                    Some(blend) => self.look.blend = blend,
                    None if number(written) == Some(0.0) => {}
                    None => self
                        .warn(None, format!("blend mode {} is not known; it is laid over as normal", text_of(written))),
                }
            }
        }
    }

    fn transform(&mut self) -> &mut Transform {
        self.look.transform.get_or_insert_default()
    }

    fn crop(&mut self) -> &mut Crop {
        self.look.crop.get_or_insert_default()
    }

    /// Colour decisions under `cdl`, as the EDL and ALE adapters write them.
    fn decisions(&mut self) {
        for map in [Some(&self.item.metadata), self.media].into_iter().flatten() {
            let Some(written) = map.get("cdl").filter(|value| !is_empty(value)) else { continue };
            match decision(written) {
                Some(cdl) => self.color.push(cdl),
                None => self.warn(None, "its colour decision (cdl) cannot be read".to_owned()),
            }
        }
        if self.color.iter().any(|note| matches!(note, ColorNote::Cdl { .. })) {
            self.warn(None, "its colour decision (ASC CDL) is not applied".to_owned());
        }
    }
}

/// `{"asc_sop": {"slope": [r, g, b], "offset": …, "power": …}, "asc_sat": s}`; what is not there changes nothing.
fn decision(written: &Value) -> Option<ColorNote> {
    let written = written.as_object()?;
    let triple = |key: &str, default: f64| match written.get("asc_sop").and_then(|sop| sop.get(key)) {
        None => Some([default; 3]),
        Some(values) => match values.as_array()? {
            [r, g, b] => Some([number(r)?, number(g)?, number(b)?]),
            _ => None,
        },
    };
    let saturation =
        written.get("asc_sat").map_or(Some(1.0), |value| if is_empty(value) { Some(1.0) } else { number(value) });
    if !written.contains_key("asc_sop") && !written.contains_key("asc_sat") {
        return None;
    }
    Some(ColorNote::Cdl {
        slope: triple("slope", 1.0)?,
        offset: triple("offset", 0.0)?,
        power: triple("power", 1.0)?,
        saturation: saturation?,
    })
}

/// A number that a picture can have, also one that was written as text.
pub(super) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_f64(),
    };
    number.filter(|number: &f64| number.abs() < 1e12)
}

fn share(value: f64) -> f64 {
    value.clamp(0.0, 1.0)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// A value as a word for messages.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => number(other).map_or_else(|| "that is no number".to_owned(), |number| number.to_string()),
    }
}
