//! Making pictures: what a program says, done for one frame after another.

use std::sync::Arc;

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;

use super::super::convert::{SourcePicture, TargetFormat};
use super::super::singles;
use super::super::sys::frames;
use super::super::sys::pixel_info::PixelInfo;
use super::blend::{Wipes, blend, blend_kind};
use super::color::ColorId;
use super::fetch::LayerFrame;
use super::layers::Layers;
use super::placing::{Drawing, drawing};
use super::program::{Fetch, Mixing, Node, Segment, WorkingFormat};
use super::scene::Scene;
use super::surface::Surface;
use crate::error::Result;
use crate::picture::{self, Area, Rect, Rgba16, RgbaF32, wipe};
use crate::plan::{Background, Blend, Canvas, ColorTags, Look, MixStyle, Weight};
use crate::time::Ratio;

/// One worker's way from nodes to pictures.
pub(super) struct Compositor<'s> {
    pub(super) layers: Layers<'s>,
    wipes: Wipes,
    canvas: Canvas,
    background: Background,
}

impl<'s> Compositor<'s> {
    pub(super) fn new(scene: &'s Scene<'s>, threads: usize) -> Compositor<'s> {
        Compositor {
            layers: Layers::new(scene, threads),
            wipes: Wipes::new(&scene.canvas),
            canvas: scene.canvas,
            background: scene.plan.background,
        }
    }

    /// The picture of record frame `record`, in the output's coding, or where it is to be `exact` as floats in the canvas's space,
    /// as far as it was not left in the output's coding; with the fields of what is interlaced, or without.
    pub(super) fn frame(&mut self, segment: &Segment<'_>, record: i64, fields: bool, exact: bool) -> Result<Video> {
        self.layers.keep_fields(fields);
        self.layers.readers.begin_frame(&segment.needed);
        match segment.working {
            WorkingFormat::Output => self.coded_over(&segment.nodes, record, None),
            WorkingFormat::Managed => {
                let canvas: Arc<RgbaF32> = self.laid_over_background(&segment.nodes, record)?;
                let (coding, converter) = (self.layers.coding, &mut self.layers.converter);
                if exact {
                    let clear = self.background == Background::Transparent;
                    let format = if clear { Pixel::GBRAPF32LE } else { Pixel::GBRPF32LE };
                    let color = ColorTags { full_range: true, matrix: 0, ..coding.color };
                    let floats = TargetFormat { format, color, premultiplied: true, ..coding };
                    return singles::planar(&canvas, &floats, converter);
                }
                let canvas = Arc::unwrap_or_clone(canvas);
                converter.interlaced(fields, |converter| singles::write(canvas, &coding, converter))
            }
            WorkingFormat::Linear => {
                let canvas: Arc<RgbaF32> = self.laid_over_background(&segment.nodes, record)?;
                self.layers.light_frame(&canvas)
            }
            WorkingFormat::Rgba16 => {
                let canvas: Arc<Rgba16> = self.laid_over_background(&segment.nodes, record)?;
                let coding = self.layers.coding;
                let converter = &mut self.layers.converter;
                converter
                    .interlaced(fields, |converter| converter.write_rgba16(&canvas, coding.color.transfer, &coding))
            }
        }
    }

    /// What [`Compositor::frame`] makes of an exact picture in floats where it is not to be exact, without making it again.
    pub(super) fn coded_of_exact(&mut self, floats: &Video) -> Result<Video> {
        let coding = self.layers.coding;
        let canvas = singles::interleaved(floats)?;
        singles::write(canvas, &coding, &mut self.layers.converter)
    }

    /// Decodes what is shown at `record` without making a picture of it: what is copied is not to be damaged either.
    pub(super) fn judge(&mut self, segment: &Segment<'_>, record: i64) -> Result<()> {
        self.layers.keep_fields(true);
        self.layers.readers.begin_frame(&segment.needed);
        for node in &segment.nodes {
            if let Node::Layer { fetch, .. } = node {
                self.layers.seen(fetch, record)?;
            }
        }
        Ok(())
    }

    /// `nodes` over `below`, in the output's coding. Every layer in them is opaque.
    fn coded_over(&mut self, nodes: &[Node<'_>], record: i64, below: Option<&Video>) -> Result<Video> {
        let mut picture = None;
        for node in nodes {
            picture = Some(self.coded(node, record, picture.as_ref().or(below))?);
        }
        picture.map_or_else(|| self.below_or_black(below), Ok)
    }

    /// The same of one node. What is opaque can be laid over what is below part by part, groups like everything else.
    fn coded(&mut self, node: &Node<'_>, record: i64, below: Option<&Video>) -> Result<Video> {
        let coding = self.layers.coding;
        match node {
            Node::Below => self.below_or_black(below),
            Node::Layer { fetch, fades: false } => self.layers.coded(fetch, record),
            Node::Layer { fetch, fades: true } => {
                let picture = self.layers.coded(fetch, record)?;
                let below = self.below_or_black(below)?;
                blend(&mut self.layers.converter, &below, &picture, &coding, fetch.layer.look.opacity_at(record))
            }
            Node::Group { nodes, .. } => self.coded_over(nodes, record, below),
            Node::Dip { color, side, weight, .. } => {
                let color = self.flat_color(*color)?;
                let Some(side) = side else { return Ok(color) };
                let side = self.coded(side, record, below)?;
                blend(&mut self.layers.converter, &color, &side, &coding, share_in_dip(weight, record))
            }
            Node::Mix { from, to, weight, style, .. } => {
                let weight = weight.at(record);
                if let (Mixing::DissolveAsDecoded, Node::Layer { fetch: a, .. }, Node::Layer { fetch: b, .. }) =
                    (style, &**from, &**to)
                    && let Some(blended) = self.blended_as_decoded((a, b), record, weight)?
                {
                    return Ok(blended);
                }
                let from = self.coded(from, record, below)?;
                let to = self.coded(to, record, below)?;
                let converter = &mut self.layers.converter;
                match *style {
                    Mixing::Wipe { code, reverse } => {
                        self.wipes.wiped(converter, (&from, &to), &coding, (code, reverse), weight)
                    }
                    Mixing::Dissolve | Mixing::DissolveAsDecoded => blend(converter, &from, &to, &coding, weight),
                }
            }
        }
    }

    /// A dissolve of two layers that are decoded alike and fill the canvas as they are: blended before anything is
    /// converted. `None` where a file gives a frame that is not like its first.
    fn blended_as_decoded(
        &mut self,
        (from, to): (&Fetch<'_>, &Fetch<'_>),
        record: i64,
        weight: Ratio,
    ) -> Result<Option<Video>> {
        let coding = self.layers.coding;
        let (LayerFrame::Frame { frame: a, .. }, LayerFrame::Frame { frame: b, .. }) =
            (self.layers.seen(from, record)?, self.layers.seen(to, record)?)
        else {
            return Ok(None);
        };
        let alike = (a.width(), a.height()) == (coding.width, coding.height)
            && (a.width(), a.height(), a.format(), a.color()) == (b.width(), b.height(), b.format(), b.color());
        if !alike || blend_kind(&PixelInfo::need(a.format())?, false).is_none() {
            return Ok(None);
        }
        let own = TargetFormat { format: a.format(), color: a.color(), ..coding };
        let tags = self.layers.sample_tags(from, own.color);
        let fields = self.layers.has_fields(from) || self.layers.has_fields(to);
        let converter = &mut self.layers.converter;
        let blended = blend(converter, a.as_av(), b.as_av(), &own, weight)?;
        let source = SourcePicture { frame: &blended, color: tags, premultiplied: false };
        let whole = Rect::whole(coding.width, coding.height);
        let converted = converter.interlaced(fields, |converter| converter.convert(&source, &coding, whole))?;
        Ok(Some(converted.unwrap_or(blended)))
    }

    fn below_or_black(&mut self, below: Option<&Video>) -> Result<Video> {
        below.map_or_else(|| self.layers.black(), frames::share)
    }

    /// A frame of one colour (straight RGBA, 0 to 1, in the canvas's own transfer), in the output's coding.
    fn flat_color(&mut self, color: [f64; 4]) -> Result<Video> {
        let coding = self.layers.coding;
        let image: Rgba16 = Surface::flat((coding.width, coding.height), color);
        self.layers.converter.write_rgba16(&image, coding.color.transfer, &coding)
    }

    /// `nodes` over the background, as premultiplied RGBA.
    fn laid_over_background<S: Layered>(&mut self, nodes: &[Node<'_>], record: i64) -> Result<Arc<S>> {
        let black = self.background == Background::Black;
        let mut canvas = Arc::new(S::blank(self.canvas.width, self.canvas.height, black));
        for node in nodes {
            canvas = self.laid(Some(Arc::clone(&canvas)), node, record)?.unwrap_or(canvas);
        }
        Ok(canvas)
    }

    /// `node` over `below`, as premultiplied RGBA of the canvas's size; `None` where there is nothing of either.
    fn laid<S: Layered>(&mut self, below: Option<Arc<S>>, node: &Node<'_>, record: i64) -> Result<Option<Arc<S>>> {
        match node {
            Node::Below => Ok(below),
            Node::Layer { fetch, fades } => {
                let image = S::of_layer(&mut self.layers, fetch, record)?;
                Ok(over(below, Some(image), &fetch.layer.look, *fades, record))
            }
            Node::Group { nodes, look, color, fades } => {
                let mut group = None;
                for node in nodes {
                    group = self.laid(group, node, record)?;
                }
                if let (Some(image), Some(color)) = (&mut group, color) {
                    S::convert(Arc::make_mut(image), &self.layers, *color);
                }
                let Some(look) = look else { return Ok(over_plainly(below, group)) };
                if let (Some(image), Some(drawing)) = (&mut group, self.drawing_of_group(look, record)) {
                    *image = Arc::new(picture::draw(&**image, drawing.way, drawing.part, image.size()));
                }
                Ok(over(below, group, look, *fades, record))
            }
            Node::Mix { from, to, weight, style, over_below } => {
                let around = if *over_below { below.clone() } else { None };
                let from = self.laid(around.clone(), from, record)?;
                let to = self.laid(around, to, record)?;
                let (from, to, weight) = (from.as_deref(), to.as_deref(), weight.at(record));
                let mixed = match *style {
                    Mixing::Wipe { code, reverse } => {
                        let map = self.wipes.map((code, reverse), (self.canvas.width, self.canvas.height));
                        map.and_then(|map| wipe(from, to, &map, weight.to_f64()))
                    }
                    Mixing::Dissolve | Mixing::DissolveAsDecoded => S::mix(from, to, weight),
                };
                let mixed = mixed.map(Arc::new);
                Ok(if *over_below { mixed } else { over_plainly(below, mixed) })
            }
            Node::Dip { color, side, weight, over_below, .. } => {
                let around = if *over_below { below.clone() } else { None };
                let mut mixed = Some(S::flat((self.canvas.width, self.canvas.height), *color));
                if let Some(side) = side {
                    let side = self.laid(around, side, record)?;
                    mixed = S::mix(mixed.as_ref(), side.as_deref(), share_in_dip(weight, record));
                }
                let mixed = mixed.map(Arc::new);
                Ok(if *over_below { mixed } else { over_plainly(below, mixed) })
            }
        }
    }

    /// How the picture of a group, which is the canvas's, is drawn, if it is cropped or transformed.
    fn drawing_of_group(&self, look: &Look, record: i64) -> Option<Drawing> {
        let size = (self.canvas.width, self.canvas.height);
        let area = Area { x: 0.0, y: 0.0, width: size.0.into(), height: size.1.into() };
        let is_drawn = look.crop.is_some() || look.transform.is_some();
        is_drawn.then(|| drawing(&self.canvas, area, look, record, size))
    }
}

/// How much of a dip is the part that has a share of the picture; the colour has the rest.
fn share_in_dip(weight: &Weight, record: i64) -> Ratio {
    let (outgoing, incoming) = MixStyle::Dip { color: [0.0; 4] }.shares(weight.at(record));
    outgoing.max(incoming)
}

/// `image` over `below`, with the blend mode of `look`, and with its opacity where it `fades`.
fn over<S: Surface>(
    below: Option<Arc<S>>,
    image: Option<Arc<S>>,
    look: &Look,
    fades: bool,
    record: i64,
) -> Option<Arc<S>> {
    let opacity = if fades { look.opacity_at(record) } else { Ratio::ONE };
    match (below, image) {
        (Some(mut below), Some(image)) => {
            picture::blend_over(Arc::make_mut(&mut below), &*image, opacity, look.blend);
            Some(below)
        }
        (None, Some(mut image)) if fades => {
            picture::fade(Arc::make_mut(&mut image), opacity);
            Some(image)
        }
        (below, image) => image.or(below),
    }
}

/// `image` over `below`, as it is.
fn over_plainly<S: Surface>(below: Option<Arc<S>>, image: Option<Arc<S>>) -> Option<Arc<S>> {
    match (below, image) {
        (Some(mut below), Some(image)) => {
            picture::blend_over(Arc::make_mut(&mut below), &*image, Ratio::ONE, Blend::Normal);
            Some(below)
        }
        (below, image) => image.or(below),
    }
}

/// A surface that layers can be had as.
trait Layered: Surface {
    /// A layer at a record frame.
    fn of_layer(layers: &mut Layers<'_>, fetch: &Fetch<'_>, record: i64) -> Result<Arc<Self>>;

    /// Does to the colours of a picture what `color` says. Only where colours are managed is there anything to be done.
    fn convert(&mut self, layers: &Layers<'_>, color: ColorId);
}

impl Layered for Rgba16 {
    fn of_layer(layers: &mut Layers<'_>, fetch: &Fetch<'_>, record: i64) -> Result<Arc<Rgba16>> {
        layers.rgba(fetch, record)
    }

    fn convert(&mut self, _: &Layers<'_>, color: ColorId) {
        debug_assert!(false, "{color:?} of a picture whose colours are not managed");
    }
}

impl Layered for RgbaF32 {
    fn of_layer(layers: &mut Layers<'_>, fetch: &Fetch<'_>, record: i64) -> Result<Arc<RgbaF32>> {
        layers.light(fetch, record)
    }

    fn convert(&mut self, layers: &Layers<'_>, color: ColorId) {
        layers.convert(self, color);
    }
}
