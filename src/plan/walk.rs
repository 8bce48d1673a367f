//! The walk over what a span shows: the one place that knows how elements lie in one another, and the one definition of
//! what is visible, for plan, backends, fingerprints and missing media. (R10)
//!
//! | asked | function |
//! |---|---|
//! | something of every element or layer | [`Element::for_each`], [`Element::for_each_layer`], [`layers_of`] |
//! | change elements or layers in place | [`Element::for_each_mut`], [`Element::for_each_layer_mut`] |
//! | one value from the leaves up | [`Element::fold`] |
//! | recursion with something handed down | [`Element::children`] |
//! | shares at one record frame | [`shares`], [`covers`] |
//! | what is visible over a span | [`Span::visible`], [`Span::steady`] |

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use super::{Animated, Element, Grade, Layer, Look, MixStyle, SourceMap, Span, Weight};
use crate::time::Ratio;

/// Which child of an element another one is. It is displayed as the plan's JSON names it: `elements[3]`, `from`, `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChildKey {
    /// A part of a stack, by its place from the bottom.
    Element(usize),
    /// The outgoing side of a mix.
    From,
    /// Its incoming side.
    To,
}

impl fmt::Display for ChildKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChildKey::Element(place) => write!(f, "elements[{place}]"),
            ChildKey::From => f.write_str("from"),
            ChildKey::To => f.write_str("to"),
        }
    }
}

/// An element whose children have become values of their own, for [`Element::fold`].
pub(crate) enum Folded<'p, T> {
    /// A layer has no children.
    Layer(&'p Layer),
    /// The values of a stack's elements, bottom to top, and its look.
    Stack {
        /// The values.
        elements: Vec<T>,
        /// The stack's own look.
        look: &'p Look,
        /// Its own colour decisions.
        grade: &'p [Grade],
    },
    /// The values of a mix's sides; a side that is `None` is transparent.
    Mix {
        /// The value of the outgoing side.
        from: Option<T>,
        /// That of the incoming one.
        to: Option<T>,
        /// How far the transition is.
        weight: &'p Weight,
        /// What it looks like.
        style: MixStyle,
    },
}

impl Element {
    /// The elements it is made of, without what lies in those: a stack's from the bottom up, a mix's outgoing side first.
    pub(crate) fn children(&self) -> impl DoubleEndedIterator<Item = (ChildKey, &Element)> {
        let (elements, from, to) = match self {
            Element::Layer(_) => (&[][..], None, None),
            Element::Stack { elements, .. } => (elements.as_slice(), None, None),
            Element::Mix { from, to, .. } => (&[][..], from.as_deref(), to.as_deref()),
        };
        let sides = [(ChildKey::From, from), (ChildKey::To, to)];
        let sides = sides.into_iter().filter_map(|(key, side)| Some((key, side?)));
        elements.iter().enumerate().map(|(place, element)| (ChildKey::Element(place), element)).chain(sides)
    }

    /// [`Element::children`], to be changed.
    fn children_mut(&mut self) -> impl Iterator<Item = &mut Element> {
        let (elements, from, to) = match self {
            Element::Layer(_) => (&mut [][..], None, None),
            Element::Stack { elements, .. } => (elements.as_mut_slice(), None, None),
            Element::Mix { from, to, .. } => (&mut [][..], from.as_deref_mut(), to.as_deref_mut()),
        };
        elements.iter_mut().chain(from).chain(to)
    }

    /// The value that `join` makes of it, given the values of its children.
    pub(crate) fn fold<'p, T>(&'p self, join: &mut impl FnMut(Folded<'p, T>) -> T) -> T {
        let folded = match self {
            Element::Layer(layer) => Folded::Layer(layer),
            Element::Stack { elements, look, grade } => {
                Folded::Stack { elements: elements.iter().map(|element| element.fold(join)).collect(), look, grade }
            }
            Element::Mix { from, to, weight, style } => {
                let from = from.as_deref().map(|side| side.fold(join));
                let to = to.as_deref().map(|side| side.fold(join));
                Folded::Mix { from, to, weight, style: *style }
            }
        };
        join(folded)
    }

    /// The layer, where it is one.
    pub(crate) fn layer(&self) -> Option<&Layer> {
        if let Element::Layer(layer) = self { Some(layer) } else { None }
    }

    /// The look of a layer or of a stack as one; a mix has none.
    pub(crate) fn look(&self) -> Option<&Look> {
        match self {
            Element::Layer(layer) => Some(&layer.look),
            Element::Stack { look, .. } => Some(look),
            Element::Mix { .. } => None,
        }
    }

    /// Calls `visit` for it and then for every element inside, a stack's from the bottom up.
    pub(crate) fn for_each<'e>(&'e self, visit: &mut impl FnMut(&'e Element)) {
        visit(self);
        self.children().for_each(|(_, child)| child.for_each(visit));
    }

    /// Calls `change` for it and then for every element inside, a stack's from the bottom up.
    pub(crate) fn for_each_mut(&mut self, change: &mut impl FnMut(&mut Element)) {
        change(self);
        self.children_mut().for_each(|child| child.for_each_mut(change));
    }

    /// Calls `visit` for every layer inside, in no order that matters.
    pub fn for_each_layer<'e>(&'e self, visit: &mut impl FnMut(&'e Layer)) {
        self.for_each(&mut |element| element.layer().into_iter().for_each(&mut *visit));
    }

    /// Calls `change` for every layer inside, a stack's from the bottom up.
    pub(crate) fn for_each_layer_mut(&mut self, change: &mut impl FnMut(&mut Layer)) {
        self.for_each_mut(&mut |element| {
            if let Element::Layer(layer) = element {
                change(layer);
            }
        });
    }

    /// Whether `test` holds for every layer inside.
    pub fn all_layers(&self, test: impl Fn(&Layer) -> bool) -> bool {
        layers_of(std::slice::from_ref(self)).into_iter().all(test)
    }

    /// How many elements it is made of, itself included.
    pub(super) fn size(&self) -> usize {
        let mut size = 0;
        self.for_each(&mut |_| size += 1);
        size
    }

    /// Whether how it looks depends on what is below it, beyond alpha: a stack keeps the blend modes inside to itself.
    pub fn blends(&self) -> bool {
        self.look().map_or_else(|| self.children().any(|(_, side)| side.blends()), |look| !look.blend.is_normal())
    }
}

/// Every layer in `stack`, from the bottom up, a mix's outgoing side first.
pub(crate) fn layers_of(stack: &[Element]) -> Vec<&Layer> {
    let mut layers = Vec::new();
    stack.iter().for_each(|element| element.for_each_layer(&mut |layer| layers.push(layer)));
    layers
}

/// Tells whether an element that has all of its picture's share, and is not blended, hides what is below it: of a layer
/// with its look, or of a stack's look alone.
pub(crate) type Hides<'h> = &'h dyn Fn(Option<&Layer>, &Look) -> bool;

/// A layer that is visible in a span.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visible<'p> {
    /// The layer.
    pub(crate) layer: &'p Layer,
    /// The first record frame at which it has a share of the picture.
    pub(crate) first: i64,
    /// The last one.
    pub(crate) last: i64,
}

/// How often a span that changes from frame to frame is looked at, at most: moments times layers. Beyond that, every layer
/// counts as visible.
const LOOKS: usize = 1_000_000;

impl Span {
    /// The layers that have a share of the picture in at least one frame, topmost first; `hides` tells what lets nothing
    /// through.
    pub(crate) fn visible(&self, hides: Hides<'_>) -> Vec<Visible<'_>> {
        let end = self.start.saturating_add(self.count.max(0));
        let mut found = VisibleLayers::default();
        let Some(moments) = Moments::of_span(self) else {
            for element in self.stack.iter().rev() {
                element.for_each_layer(&mut |layer| found.add(layer, self.start, end - 1));
            }
            return found.visible;
        };
        for (place, &record) in moments.breaks.iter().enumerate() {
            let last = moments.breaks.get(place + 1).copied().unwrap_or(end) - 1;
            for (layer, share) in shares(&self.stack, record, hides) {
                if share > Ratio::ZERO {
                    found.add(layer, record, last);
                }
            }
        }
        found.visible
    }

    /// Its record frames in pieces over which no layer appears or vanishes, becomes whole or begins to be there in part; frame
    /// by frame where it changes too often to be looked at.
    #[cfg(feature = "ffmpeg")]
    pub(crate) fn steady(&self) -> impl Iterator<Item = Range<i64>> {
        let end = self.start.saturating_add(self.count.max(0));
        let breaks = Moments::of_span(self).map(|moments| moments.breaks);
        let pieces =
            breaks.as_ref().map_or(self.count.max(0), |breaks| i64::try_from(breaks.len()).unwrap_or(i64::MAX));
        let start = self.start;
        (0..pieces).map(move |place| match &breaks {
            Some(breaks) => {
                let place = usize::try_from(place).unwrap_or(usize::MAX);
                breaks[place]..breaks.get(place + 1).copied().unwrap_or(end)
            }
            None => start + place..start + place + 1,
        })
    }

    /// How much work [`Span::visible`] is: how often a layer is looked at.
    pub(crate) fn looks(&self) -> usize {
        Moments::of_span(self).map_or(LOOKS, |moments| moments.breaks.len().saturating_mul(moments.layers))
    }
}

/// The layers of `stack` with their shares of the picture at record frame `record`, topmost first, a mix's incoming side
/// before its outgoing one. What lies below something that lets nothing through is not listed; what is listed may have a
/// share of 0.
pub(crate) fn shares<'p>(stack: &'p [Element], record: i64, hides: Hides<'_>) -> Vec<(&'p Layer, Ratio)> {
    let mut walk = Walk { record, hides, shares: Vec::new() };
    walk.stack(stack, Ratio::ONE);
    walk.shares
}

/// Whether nothing of what is below `element` is seen at record frame `record`.
#[cfg(feature = "ffmpeg")]
pub(crate) fn covers(element: &Element, record: i64, hides: Hides<'_>) -> bool {
    Walk { record, hides, shares: Vec::new() }.element(element, Ratio::ONE) <= Ratio::ZERO
}

/// A walk over one frame.
struct Walk<'p, 'h> {
    record: i64,
    hides: Hides<'h>,
    shares: Vec<(&'p Layer, Ratio)>,
}

impl<'p> Walk<'p, '_> {
    /// Adds the shares of the layers of `stack`, given that `open` of the picture is left to them; returns what shows
    /// through.
    fn stack(&mut self, stack: &'p [Element], mut open: Ratio) -> Ratio {
        for element in stack.iter().rev() {
            if open <= Ratio::ZERO {
                break;
            }
            open = self.element(element, open);
        }
        open
    }

    fn element(&mut self, element: &'p Element, open: Ratio) -> Ratio {
        match element {
            Element::Layer(layer) => {
                let opacity = layer.look.opacity_at(self.record);
                self.shares.push((layer, open * opacity));
                // A blended layer takes nothing away from what it is blended with.
                let hides = layer.look.blend.is_normal() && (self.hides)(Some(layer), &layer.look);
                if hides { open * (Ratio::ONE - opacity) } else { open }
            }
            Element::Stack { elements, look, grade: _ } => {
                let opacity = look.opacity_at(self.record);
                let through = self.stack(elements, open * opacity);
                let hides = look.blend.is_normal() && (self.hides)(None, look);
                if hides { through + open * (Ratio::ONE - opacity) } else { open }
            }
            Element::Mix { from, to, weight, style } => {
                let (outgoing, incoming) = style.shares(weight.at(self.record));
                let through_to = self.side(to.as_deref(), open * incoming);
                let through_from = self.side(from.as_deref(), open * outgoing);
                let of_color = match style {
                    MixStyle::Dip { color } => {
                        let clear = Ratio::ONE - Ratio::nearest(color[3].clamp(0.0, 1.0));
                        (Ratio::ONE - outgoing - incoming) * clear
                    }
                    _ => Ratio::ZERO,
                };
                through_to + through_from + open * of_color
            }
        }
    }

    fn side(&mut self, side: Option<&'p Element>, part: Ratio) -> Ratio {
        match side {
            Some(element) if part > Ratio::ZERO => self.element(element, part),
            _ => part,
        }
    }
}

/// The record frames of a span at which a layer can appear or vanish, in order; the first frame of a span is always one.
struct Moments {
    frames: Range<i64>,
    breaks: Vec<i64>,
    layers: usize,
}

impl Moments {
    /// `None` where there are too many to be looked at.
    fn of_span(span: &Span) -> Option<Moments> {
        let frames = span.start..span.start.saturating_add(span.count.max(0));
        let mut moments = Moments { frames, breaks: Vec::new(), layers: 0 };
        moments.add(span.start);
        span.stack.iter().for_each(|element| element.for_each(&mut |element| moments.of_element(element)));
        moments.breaks.sort_unstable();
        moments.breaks.dedup();
        (moments.breaks.len().saturating_mul(moments.layers) < LOOKS).then_some(moments)
    }

    fn add(&mut self, record: i64) {
        if self.frames.contains(&record) && self.breaks.len() < LOOKS {
            self.breaks.push(record);
        }
    }

    /// Those of `element` itself, without what lies inside.
    fn of_element(&mut self, element: &Element) {
        self.layers += usize::from(element.layer().is_some());
        if let Some(look) = element.look() {
            self.of_look(look);
        }
        if let Element::Mix { weight, .. } = element {
            self.of_weight(weight);
        }
    }

    /// Between two key frames the opacity is a straight line, which is 0 or 1 at its ends alone or throughout.
    fn of_look(&mut self, look: &Look) {
        let Some(clock) = &look.clock else { return };
        for value in [&look.opacity, &look.fade] {
            if let Animated::Keys(keys) = value {
                self.of_map(clock, keys.iter().map(|(frame, _)| Ratio::nearest(*frame)));
            }
        }
    }

    fn of_weight(&mut self, weight: &Weight) {
        match weight {
            Weight::Constant(_) => {}
            // A dip has its colour alone in the middle.
            Weight::Map(map) => self.of_map(map, [Ratio::ZERO, Ratio::new(1, 2), Ratio::ONE].into_iter()),
            Weight::Ramp { start, length } => {
                let half = length / 2;
                for place in [0, 1, half, half.saturating_add(1), half.saturating_add(2), *length] {
                    self.add(start.saturating_add(place));
                }
            }
        }
    }

    /// Where `map` comes to one of `positions`, and leaves it.
    fn of_map(&mut self, map: &SourceMap, positions: impl Iterator<Item = Ratio>) {
        let mut added = vec![Ratio::ZERO];
        if let Some(curve) = &map.curve {
            let inside = curve.record.saturating_sub(1).max(self.frames.start)..=curve.end().min(self.frames.end);
            for record in inside.take(LOOKS) {
                self.add(record);
            }
            added = vec![curve.at(i64::MIN), curve.at(i64::MAX)];
        }
        if map.step.num() == 0 {
            return;
        }
        for position in positions {
            for added in &added {
                let at = ((position - map.position - *added) / map.step).floor().saturating_add(map.record);
                for record in [at.saturating_sub(1), at, at.saturating_add(1), at.saturating_add(2)] {
                    self.add(record);
                }
            }
        }
    }
}

/// Layers found so far, each with the frames from the first to the last at which it is visible.
#[derive(Default)]
struct VisibleLayers<'p> {
    visible: Vec<Visible<'p>>,
    places: HashMap<usize, usize>,
}

impl<'p> VisibleLayers<'p> {
    fn add(&mut self, layer: &'p Layer, first: i64, last: i64) {
        let place = *self.places.entry(std::ptr::from_ref(layer).addr()).or_insert(self.visible.len());
        match self.visible.get_mut(place) {
            Some(known) => {
                known.first = known.first.min(first);
                known.last = known.last.max(last);
            }
            None => self.visible.push(Visible { layer, first, last }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(name: &str, opacity: Animated) -> Element {
        let map = SourceMap::new(0, Ratio::ZERO, Ratio::ONE);
        let look = Look { opacity, clock: Some(Box::new(map.clone())), ..Look::default() };
        Element::Layer(Box::new(Layer {
            track: String::new(),
            clip: name.to_owned(),
            object: String::new(),
            media: crate::plan::MediaId::by_index(0),
            map,
            look,
            grade: Vec::new(),
            color: Vec::new(),
            notes: Vec::new(),
        }))
    }

    fn mix(from: Element, to: Element, weight: Weight, style: MixStyle) -> Element {
        Element::Mix { from: Some(Box::new(from)), to: Some(Box::new(to)), weight, style }
    }

    #[test]
    fn a_layer_is_visible_in_a_span_where_it_has_a_share_of_one_of_its_frames() {
        let one = || Animated::Constant(1.0);
        let fade = |from: f64| Animated::Keys(vec![(from, 0.0), (from + 4.0, 1.0)]);
        let dip = MixStyle::Dip { color: [0.0, 0.0, 0.0, 0.5] };
        let map = SourceMap::new(0, Ratio::new(-1, 2), Ratio::new(1, 8));
        let weights = [
            Weight::Ramp { start: -4, length: 9 },
            Weight::Ramp { start: 3, length: 6 },
            Weight::Ramp { start: 40, length: 6 },
            Weight::Constant(Ratio::ZERO),
            Weight::Constant(Ratio::ONE),
            Weight::Map(map),
        ];
        let hides: [Hides<'_>; 2] = [&|_, _| true, &|_, _| false];
        let (mut spans, mut seen) = (0, 0);
        for weight in weights {
            for style in [MixStyle::Dissolve, dip] {
                for start in [-6, 0, 4, 8, 12] {
                    for count in [1, 2, 7, 30] {
                        let stack = vec![
                            layer("below", one()),
                            mix(layer("from", fade(6.0)), layer("to", one()), weight.clone(), style),
                            layer("above", fade(10.0)),
                        ];
                        let plain = vec![
                            layer("below", one()),
                            mix(layer("from", one()), layer("to", one()), weight.clone(), style),
                        ];
                        for stack in [stack, plain] {
                            let span = Span { start, count, stack };
                            for hides in hides {
                                let mut wanted: Vec<(&str, i64, i64)> = Vec::new();
                                for record in start..start + count {
                                    for (layer, share) in shares(&span.stack, record, hides) {
                                        if share <= Ratio::ZERO {
                                            continue;
                                        }
                                        match wanted.iter_mut().find(|(name, ..)| *name == layer.clip) {
                                            Some((.., last)) => *last = record,
                                            None => wanted.push((&layer.clip, record, record)),
                                        }
                                    }
                                }
                                let mut found: Vec<(&str, i64, i64)> = Vec::new();
                                for Visible { layer, first, last } in span.visible(hides) {
                                    found.push((&layer.clip, first, last));
                                }
                                assert_eq!(found, wanted, "{span:?}");
                                spans += 1;
                                seen += found.len();
                            }
                        }
                    }
                }
            }
        }
        assert!(spans == 960 && seen > 1000, "{spans} {seen}");
    }
}
