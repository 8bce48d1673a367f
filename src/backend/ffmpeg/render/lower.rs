//! How every frame of a shot is made: the one place where that is decided.
//!
//! What is hidden is left out, what is there in part is told from what is there in whole, and the format is chosen that
//! pictures are laid over one another in. The first line that is true counts:
//!
//! | what is seen in a span | made as |
//! |---|---|
//! | in the whole shot one file, frame for frame and pixel for pixel, in the codec and format that is asked for, of a codec whose frames stand alone | its packets, copied |
//! | nothing, over black | black, in the output's samples |
//! | one plain layer with nothing but the background below, where the output has no alpha, or the background has and the layer fills it | that layer, converted once |
//! | opaque layers, neither blended, cropped nor transformed, each filling the canvas or alone over black; over black, or with one at the bottom that always covers | the output's samples |
//! | anything else, where colours are managed | RGBA of floats in the canvas's space |
//! | anything else, and the output is floats | RGBA in linear light |
//! | anything else | RGBA of 16 bits |
//!
//! Where colours are managed, a layer that has to be converted takes none of the ways in front of that, and for an output that is
//! made of the canvas by another conversion nothing but a layer in the output's own format does.
//!
//! In the output's samples, a dissolve of two files that are decoded alike and are in the output's light is made before
//! anything is converted.

use std::ops::Range;

use ffmpeg_next::format::Pixel;

use super::super::sys::pixel_info::PixelInfo;
use super::color::ColorId;
use super::program::{Fetch, Mixing, Node, Packets, Program, Same, Segment, Variant, WorkingFormat};
use super::scene::Scene;
use crate::picture::Rect;
use crate::plan::{
    Background, ColorTags, Element, Folded, Grade, Layer, Look, MixStyle, Shot, WIPE_CODES, Weight, covers,
};
use crate::time::Ratio;

/// Decides how the frames of `shot` are made, of this variant.
pub(in super::super) fn lower<'p>(scene: &Scene<'_>, shot: &'p Shot, variant: Variant) -> Program<'p> {
    let lowering = Lowering { scene, shot, variant };
    let segments = lowering.segments(shot);
    let mut program = Program { packets: lowering.packets(shot), fields: None, segments };
    program.fields = lowering.fields(&program);
    program
}

struct Lowering<'l, 'a> {
    scene: &'l Scene<'a>,
    shot: &'l Shot,
    variant: Variant,
}

/// What an element leaves of what is below it, in every frame.
#[derive(Debug, Clone, Copy, Default)]
struct Coverage {
    /// Nothing shows through it or beside it.
    covers: bool,
    /// Every layer in it is opaque, blended with nothing, and fills the canvas: it needs no alpha to be laid over others.
    opaque: bool,
    /// The same on black, where the lowest layer may leave bars.
    opaque_on_black: bool,
}

impl Coverage {
    /// Of a stack of these, bottom to top, that is nothing but them.
    fn of_stack(elements: &[Coverage]) -> Coverage {
        let top = elements.iter().rposition(|element| element.covers);
        let unhidden = &elements[top.unwrap_or(0)..];
        Coverage {
            covers: top.is_some(),
            opaque: Coverage::needs_no_alpha(unhidden, false),
            opaque_on_black: Coverage::needs_no_alpha(unhidden, true),
        }
    }

    /// Whether none of a stack of these needs alpha, given that black is below, or not.
    fn needs_no_alpha(stack: &[Coverage], on_black: bool) -> bool {
        let Some((bottom, above)) = stack.split_first() else { return true };
        (if on_black { bottom.opaque_on_black } else { bottom.opaque }) && above.iter().all(|element| element.opaque)
    }
}

impl Lowering<'_, '_> {
    fn segments<'p>(&self, shot: &'p Shot) -> Vec<Segment<'p>> {
        let mut segments: Vec<Segment<'p>> = Vec::new();
        for span in &shot.spans {
            let stack = self.unhidden(&span.stack);
            let working = self.working_format(stack);
            let mut needed = Vec::new();
            stack.iter().for_each(|element| element.for_each_layer(&mut |layer| needed.push(Same(layer))));
            for frames in span.steady() {
                let nodes = self.nodes(stack, working, frames.start);
                debug_assert!(self.is_steady(stack, working, &frames), "{}: {frames:?}", shot.name);
                match segments.last_mut() {
                    Some(last)
                        if last.frames.end == frames.start
                            && last.working == working
                            && last.nodes == nodes
                            && last.needed == needed =>
                    {
                        last.frames.end = frames.end;
                    }
                    _ => segments.push(Segment { frames, working, nodes, needed: needed.clone() }),
                }
            }
        }
        segments
    }

    /// Whether `stack` is made of the same nodes at the ends and in the middle of `frames`, as [`Span::steady`] promises.
    fn is_steady(&self, stack: &[Element], working: WorkingFormat, frames: &Range<i64>) -> bool {
        let middle = frames.start + (frames.end - frames.start) / 2;
        let first = self.nodes(stack, working, frames.start);
        [middle, frames.end - 1].into_iter().all(|record| self.nodes(stack, working, record) == first)
    }

    /// The packets that make up `shot`, where nothing has to be done to them.
    fn packets<'p>(&self, shot: &'p Shot) -> Option<Packets<'p>> {
        let (scene, preset) = (self.scene, self.scene.preset);
        if self.variant.exact {
            return None;
        }
        let [span] = shot.spans.as_slice() else { return None };
        let [Element::Layer(layer)] = self.unhidden(&span.stack) else { return None };
        let info = scene.pixel_for_pixel(layer)?;
        let tags = match &scene.color {
            None => preset.color_tags(scene.format, info.color),
            Some(color) if color.range(layer.media).is_some() || self.color_of(layer).is_some() => return None,
            Some(_) => preset.managed_tags(scene.format, info.color),
        };
        // Packets keep the tags they have.
        if scene.intermediate_tags(shot) != scene.canvas.color {
            return None;
        }
        let untouched = layer.look.is_plain()
            && info.intra_only
            && !info.is_still
            && scene.pixel_aspect(layer, info) == scene.canvas.pixel_aspect
            // Code points that mean the same are stored as the one that the codec knows.
            && tags == scene.canvas.color
            && info.pixel_format.parse().is_ok_and(|format: Pixel| format == scene.format)
            && scene.frame_for_frame(layer, info);
        let asked_for =
            !preset.is_sequence() && info.codec == preset.codec && preset.has_profile(info.profile.as_deref());
        let first = layer.map.index(span.start);
        let last = first + span.count - 1;
        let inside = first >= 0 && scene.plan.media[layer.media].frames.is_none_or(|frames| last < frames);
        (untouched && asked_for && inside).then_some(Packets { layer, first, count: span.count })
    }

    /// Whether a shot stays interlaced. That is where the output carries an order of fields, and all that is interlaced in it
    /// has one order, and is neither scaled nor placed nor played at another speed than its own. What is not interlaced may
    /// lie over it, under it and beside it.
    fn fields(&self, program: &Program<'_>) -> Option<bool> {
        let is_managed = |segment: &Segment<'_>| segment.working == WorkingFormat::Managed;
        if !self.scene.preset.fields || program.segments.iter().any(is_managed) {
            return None;
        }
        let mut kept = None;
        for (fetch, drawn) in program.fetches() {
            let Some(info) = self.scene.found[fetch.layer.media.index()].picture() else { continue };
            let Some(top_field_first) = info.top_field_first else { continue };
            let untouched = self
                .scene
                .pixel_for_pixel(&fetch.layer)
                .is_some_and(|info| fetch.drawn.is_none() && self.scene.frame_for_frame(&fetch.layer, info));
            if kept.is_some_and(|kept| kept != top_field_first) || !untouched || drawn {
                return None;
            }
            kept = Some(top_field_first);
        }
        kept
    }

    /// The format that `stack` is laid over the background in.
    fn working_format(&self, stack: &[Element]) -> WorkingFormat {
        let black = self.scene.plan.background == Background::Black;
        let in_output = match stack {
            [] => black,
            [Element::Layer(layer)] if self.is_converted_alone(layer) => true,
            stack => {
                let all: Vec<Coverage> = stack.iter().map(|element| self.coverage(element)).collect();
                (black || all[0].covers) && Coverage::needs_no_alpha(&all, black)
            }
        };
        match self.scene.format {
            _ if in_output && self.is_exact_in_output(stack) => WorkingFormat::Output,
            _ if self.scene.color.is_some() => WorkingFormat::Managed,
            Pixel::GBRPF32LE | Pixel::GBRAPF32LE => WorkingFormat::Linear,
            _ => WorkingFormat::Rgba16,
        }
    }

    /// Whether nothing is lost where `stack` is made in the output's samples: no layer is to be converted to another space, and
    /// for an exact variant, there is but one, and that is in the output's format already.
    fn is_exact_in_output(&self, stack: &[Element]) -> bool {
        let mut is_converted = false;
        let mut visit = |element: &Element| {
            is_converted |= match element {
                Element::Layer(layer) => self.color_of(layer).is_some(),
                Element::Stack { grade, .. } => self.color_of_group(grade).is_some(),
                Element::Mix { .. } => false,
            };
        };
        stack.iter().for_each(|element| element.for_each(&mut visit));
        if is_converted {
            return false;
        }
        let is_own = |layer: &Layer| {
            let info = self.scene.pixel_for_pixel(layer);
            info.is_some_and(|info| info.pixel_format.parse().is_ok_and(|format: Pixel| format == self.scene.format))
        };
        !self.variant.exact || matches!(stack, [Element::Layer(layer)] if layer.look.is_plain() && is_own(layer))
    }

    /// What is done to the colours of what a stack with the decisions `grade` makes.
    fn color_of_group(&self, grade: &[Grade]) -> Option<ColorId> {
        if grade.is_empty() || !self.variant.graded {
            return None;
        }
        self.scene.color.as_ref()?.of_group(self.shot, grade)
    }

    /// What is done to the colours of `layer`.
    fn color_of(&self, layer: &Layer) -> Option<ColorId> {
        self.scene.color.as_ref()?.of_layer(self.shot, layer, self.variant.graded)
    }

    /// Whether `layer`, with nothing but the background below it, becomes a frame of the output by conversion alone,
    /// its alpha included: what RGBA of 16 bits cannot hold, such as light brighter than white, is then kept.
    fn is_converted_alone(&self, layer: &Layer) -> bool {
        let canvas = &self.scene.canvas;
        let transparent = self.scene.plan.background == Background::Transparent;
        let whole = self.scene.placed(layer).rect == Rect::whole(canvas.width, canvas.height);
        let alpha = PixelInfo::of(self.scene.format).is_some_and(|info| info.alpha);
        layer.look.is_plain() && self.scene.is_direct(layer) && (!alpha || (transparent && whole))
    }

    /// What `element` leaves of what is below it, from the leaves up.
    fn coverage(&self, element: &Element) -> Coverage {
        element.fold(&mut |folded| match folded {
            Folded::Layer(layer) => {
                let canvas = &self.scene.canvas;
                let fills = self.scene.placed(layer).rect.covers(canvas.width, canvas.height);
                let opaque = layer.look.is_flat() && self.scene.is_direct(layer) && self.scene.is_opaque(layer);
                let covers = layer.look.is_plain() && self.scene.fills(layer);
                Coverage { covers, opaque: opaque && fills, opaque_on_black: opaque }
            }
            Folded::Stack { elements, look, grade } if look.is_plain() && self.color_of_group(grade).is_none() => {
                Coverage::of_stack(&elements)
            }
            Folded::Stack { elements, look, .. } if look.is_plain() => {
                Coverage { covers: Coverage::of_stack(&elements).covers, ..Coverage::default() }
            }
            Folded::Stack { .. } => Coverage::default(),
            Folded::Mix { from, to, style, .. } => {
                let color = !matches!(style, MixStyle::Dip { color } if color[3] < 1.0);
                let each = |test: fn(Coverage) -> bool| color && [from, to].into_iter().flatten().all(test);
                Coverage {
                    covers: from.is_some() && to.is_some() && each(|side| side.covers),
                    opaque: each(|side| side.opaque),
                    opaque_on_black: each(|side| side.opaque_on_black),
                }
            }
        })
    }

    /// The part of `stack` that is not hidden in every frame by what is above it.
    fn unhidden<'e>(&self, stack: &'e [Element]) -> &'e [Element] {
        let top = stack.iter().rposition(|element| self.coverage(element).covers).unwrap_or(0);
        &stack[top..]
    }

    /// What is visible of `stack` at record frame `record`.
    fn nodes<'p>(&self, stack: &'p [Element], working: WorkingFormat, record: i64) -> Vec<Node<'p>> {
        let hides = |layer: Option<&Layer>, look: &Look| self.scene.hides(layer, look);
        let top = stack.iter().rposition(|element| covers(element, record, &hides)).unwrap_or(0);
        let nodes = stack[top..].iter().map(|element| self.node(element, working, record));
        nodes.filter(|node| *node != Node::Below).collect()
    }

    fn node<'p>(&self, element: &'p Element, working: WorkingFormat, record: i64) -> Node<'p> {
        match element {
            Element::Layer(layer) => match layer.look.opacity_at(record) {
                opacity if opacity <= Ratio::ZERO => Node::Below,
                opacity => Node::Layer { fetch: self.fetch(layer), fades: opacity < Ratio::ONE },
            },
            Element::Stack { elements, look, grade } => {
                let opacity = look.opacity_at(record);
                let nodes = if opacity > Ratio::ZERO { self.nodes(elements, working, record) } else { Vec::new() };
                if nodes.is_empty() {
                    return Node::Below;
                }
                let color = self.color_of_group(grade);
                Node::Group { nodes, look: Some(Same(look)), color, fades: opacity < Ratio::ONE }
            }
            Element::Mix { from, to, weight, style } => {
                let at = weight.at(record);
                // What is blended with what is below has to see it on both sides.
                let over_below = element.blends();
                let side = |side: &'p Option<Box<Element>>| {
                    side.as_ref().map_or(Node::Below, |side| self.node(side, working, record))
                };
                let alone = |side: Node<'p>| match side {
                    Node::Below => Node::Below,
                    side if over_below || working == WorkingFormat::Output => side,
                    side => Node::Group { nodes: vec![side], look: None, color: None, fades: false },
                };
                if at <= Ratio::ZERO {
                    return alone(side(from));
                }
                if at >= Ratio::ONE {
                    return alone(side(to));
                }
                self.mix((from.as_deref(), to.as_deref()), (weight, *style), working, record, over_below)
            }
        }
    }

    /// A transition on its way.
    fn mix<'p>(
        &self,
        (from, to): (Option<&'p Element>, Option<&'p Element>),
        (weight, style): (&'p Weight, MixStyle),
        working: WorkingFormat,
        record: i64,
        over_below: bool,
    ) -> Node<'p> {
        let node = |side: Option<&'p Element>| side.map_or(Node::Below, |side| self.node(side, working, record));
        let weight = Same(weight);
        let style = match style {
            MixStyle::Dip { color } => {
                let (outgoing, incoming) = style.shares(weight.at(record));
                let side = match () {
                    () if outgoing > Ratio::ZERO => Some(Box::new(node(from))),
                    () if incoming > Ratio::ZERO => Some(Box::new(node(to))),
                    () => None,
                };
                return Node::Dip { color, side, outgoing: outgoing > Ratio::ZERO, weight, over_below };
            }
            MixStyle::Wipe { code, reverse } if WIPE_CODES.contains(&code) => Mixing::Wipe { code, reverse },
            _ if working == WorkingFormat::Output && self.are_decoded_alike(from, to) => Mixing::DissolveAsDecoded,
            _ => Mixing::Dissolve,
        };
        Node::Mix { from: Box::new(node(from)), to: Box::new(node(to)), weight, style, over_below }
    }

    /// Whether two parts are plain layers that are decoded alike and fill the canvas as they are, in the output's light:
    /// dissolves are made in that, whichever way they take.
    fn are_decoded_alike(&self, from: Option<&Element>, to: Option<&Element>) -> bool {
        let alike = |side: Option<&Element>| {
            let Some(Element::Layer(layer)) = side else { return None };
            let info = self.scene.pixel_for_pixel(layer)?;
            let plain = !info.has_alpha && layer.look.is_plain() && self.scene.fills(layer);
            plain.then(|| (info.pixel_format.clone(), info.color, info.pixel_aspect))
        };
        let is_linear = |tags: ColorTags| tags.transfer == ColorTags::LINEAR;
        let own = alike(from).filter(|own| alike(to).as_ref() == Some(own));
        if self.scene.color.is_some() {
            return own.is_some();
        }
        own.is_some_and(|(_, color, _)| is_linear(color) == is_linear(self.scene.canvas.color))
    }

    fn fetch<'p>(&self, layer: &'p Layer) -> Fetch<'p> {
        let placed = self.scene.placed(layer);
        let info = self.scene.found[layer.media.index()].picture();
        Fetch {
            layer: Same(layer),
            rect: placed.rect,
            drawn: (!self.scene.is_direct(layer)).then_some(placed.area),
            rotation: self.scene.rotation(layer),
            interlaced: info.is_some_and(|info| info.top_field_first.is_some()),
            color: self.color_of(layer),
        }
    }
}
