//! Making frames: the worker that reads, lays over, dissolves and encodes.
//!
//! There are two ways to a frame. Where everything that is seen is opaque and fills the canvas, frames stay in the
//! output's own pixel format: one layer is converted into it (or is it already), a transition and an even opacity are
//! mixed in it. Where something has alpha, is blended, cropped or transformed, or leaves a part of the canvas bare above
//! other layers, premultiplied RGBA is used: of 16 bits, or of floats where the output is linear light.

use std::sync::Arc;

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;

use super::convert::{Converter, Source, Target as Coding};
use super::copy::{self, Copying};
use super::encode::OutputSettings;
use super::layers::{Image, Picture};
use super::placing::Drawing;
use super::readers::{Readers, Seen};
use super::representation::{Feed, ShotFacts, Sink};
use super::session::FfmpegSession;
use super::sound::{Mixer, ShotSound};
use super::sys::frames::{self, PixelInfo};
use super::writer::Writer;
use crate::backend::{Control, Rendered, RepresentationTask, Task, Worker};
use crate::error::Result;
use crate::picture::{self, Rect, Rgba16, RgbaF32, WipeMap};
use crate::plan::{Background, Blend, Element, Layer, MediaId, MixStyle, Shot, WIPE_CODES};
use crate::time::{Ratio, Timecode};

/// A worker of the FFmpeg backend: one thread's decoders, converters and encoder.
pub(super) struct Compositor<'s> {
    pub(super) session: &'s FfmpegSession<'s>,
    threads: usize,
    pub(super) readers: Readers<'s>,
    pub(super) converter: Converter,
    pub(super) coding: Coding,
    /// The last picture made for a layer, by that layer's path in the timeline.
    pub(super) made: Option<(String, Picture)>,
    /// Frames already in the output's coding, by their layer's path: a frame that is held is converted once.
    pub(super) converted: Vec<(String, Seen, Video)>,
    /// The same for frames that are laid over others, with the way they are drawn.
    pub(super) laid: Vec<(String, Seen, Option<Drawing>, Arc<Rgba16>)>,
    /// Patterns of wipes at the sizes they were needed in.
    pub(super) wipes: Vec<(Pattern, Arc<WipeMap>)>,
    /// Where there is sound to be delivered.
    mixer: Option<Mixer<'s>>,
}

/// A wipe's code, whether it is reversed, and the width and height it covers.
pub(super) type Pattern = (u16, bool, u32, u32);

impl<'s> Compositor<'s> {
    pub(super) fn new(session: &'s FfmpegSession<'s>, threads: usize) -> Compositor<'s> {
        let coding = Coding {
            format: session.format,
            width: session.canvas.width,
            height: session.canvas.height,
            color: session.canvas.color,
            premultiplied: session.preset.premultiplied(),
            chroma: session.preset.chroma_site(),
        };
        Compositor {
            session,
            threads,
            readers: Readers::new(session, threads),
            converter: Converter::new(),
            coding,
            made: None,
            converted: Vec::new(),
            laid: Vec::new(),
            wipes: Vec::new(),
            mixer: session.mixer(),
        }
    }

    /// The picture of record frame `record`, in the output's coding.
    fn frame(&mut self, stack: &[Element], record: i64) -> Result<Video> {
        let session = self.session;
        let stack = session.visible(stack);
        self.readers.begin_frame(stack);
        if self.stays_in_coding(stack) {
            let mut picture = None;
            for element in session.visible_at(stack, record) {
                picture = Some(self.coded(element, record, picture.as_ref())?);
            }
            return picture.map_or_else(|| self.black(), Ok);
        }
        if matches!(self.coding.format, Pixel::GBRPF32LE | Pixel::GBRAPF32LE) {
            let canvas: Arc<RgbaF32> = self.laid_over(stack, record)?;
            return self.light_frame(&canvas);
        }
        let canvas: Arc<Rgba16> = self.laid_over(stack, record)?;
        let (coding, fields) = (self.coding, self.readers.keep_fields);
        let transfer = coding.color.transfer;
        self.converter.interlaced(fields, |converter| converter.from_rgba16(&canvas, transfer, &coding))
    }

    /// The picture of record frame `record`, with the fields of what is interlaced, or without.
    fn frame_with(&mut self, fields: bool, stack: &[Element], record: i64) -> Result<Video> {
        self.keep_fields(fields);
        self.frame(stack, record)
    }

    fn keep_fields(&mut self, keep: bool) {
        if std::mem::replace(&mut self.readers.keep_fields, keep) != keep {
            self.converted.clear();
            self.laid.clear();
        }
    }

    /// Whether `stack` can be made in the output's coding, without alpha: every layer fills the canvas, but for those
    /// that have nothing but black below them, which may leave bars of it. A single layer is converted as it is.
    fn stays_in_coding(&self, stack: &[Element]) -> bool {
        let black = self.session.plan.background == Background::Black;
        match stack {
            [] => black,
            [Element::Layer(layer)] if self.is_converted_alone(layer) => true,
            [bottom, ..] => (black || self.session.covers(bottom)) && self.stack_needs_no_alpha(stack, black),
        }
    }

    /// Whether `layer`, with nothing but the background below it, becomes a frame of the output by conversion alone,
    /// its alpha included: what RGBA of 16 bits cannot hold, such as light brighter than white, is then kept.
    fn is_converted_alone(&self, layer: &Layer) -> bool {
        let transparent = self.session.plan.background == Background::Transparent;
        let whole = self.session.rect(layer) == Rect::whole(self.coding.width, self.coding.height);
        let alpha = PixelInfo::of(self.coding.format).is_some_and(|info| info.alpha);
        layer.look.is_plain() && self.session.is_direct(layer) && (!alpha || (transparent && whole))
    }

    fn stack_needs_no_alpha(&self, stack: &[Element], on_black: bool) -> bool {
        let below = std::iter::once(on_black).chain(std::iter::repeat(false));
        stack.iter().zip(below).all(|(element, on_black)| self.needs_no_alpha(element, on_black))
    }

    fn needs_no_alpha(&self, element: &Element, on_black: bool) -> bool {
        match element {
            Element::Layer(layer) => {
                let rect = self.session.rect(layer);
                let fills = on_black || rect.covers(self.coding.width, self.coding.height);
                layer.look.is_flat() && self.session.is_direct(layer) && fills && self.session.is_opaque(layer)
            }
            Element::Stack { elements, look } => {
                look.is_plain() && self.stack_needs_no_alpha(self.session.visible(elements), on_black)
            }
            Element::Mix { from, to, style, .. } => {
                let opaque = !matches!(style, MixStyle::Dip { color } if color[3] < 1.0);
                opaque && [from, to].into_iter().flatten().all(|side| self.needs_no_alpha(side, on_black))
            }
        }
    }

    /// `element` over `below`, in the output's coding. Every layer in it is opaque.
    fn coded(&mut self, element: &Element, record: i64, below: Option<&Video>) -> Result<Video> {
        match element {
            Element::Layer(layer) => {
                let opacity = layer.look.opacity_at(record);
                if opacity <= Ratio::ZERO {
                    return self.below_or_black(below);
                }
                let picture = self.coded_layer(layer, record)?;
                if opacity >= Ratio::ONE {
                    return Ok(picture);
                }
                let below = self.below_or_black(below)?;
                self.blend(&below, &picture, &self.coding.clone(), opacity)
            }
            Element::Stack { elements, .. } => {
                let mut picture: Option<Video> = None;
                for element in self.session.visible_at(elements, record) {
                    picture = Some(self.coded(element, record, picture.as_ref().or(below))?);
                }
                picture.map_or_else(|| self.below_or_black(below), Ok)
            }
            Element::Mix { from, to, weight, style } => {
                let weight = weight.at(record);
                if weight <= Ratio::ZERO {
                    return self.coded_side(from.as_deref(), record, below);
                }
                if weight >= Ratio::ONE {
                    return self.coded_side(to.as_deref(), record, below);
                }
                self.coded_mix((from.as_deref(), to.as_deref()), *style, weight, record, below)
            }
        }
    }

    /// A transition on its way, in the output's coding.
    fn coded_mix(
        &mut self,
        (from, to): (Option<&Element>, Option<&Element>),
        style: MixStyle,
        weight: Ratio,
        record: i64,
        below: Option<&Video>,
    ) -> Result<Video> {
        let coding = self.coding;
        match style {
            MixStyle::Dip { color } => {
                let (outgoing, incoming) = style.shares(weight);
                let color = self.flat_color(color)?;
                if outgoing + incoming <= Ratio::ZERO {
                    return Ok(color);
                }
                let (side, share) = if outgoing > Ratio::ZERO { (from, outgoing) } else { (to, incoming) };
                let side = self.coded_side(side, record, below)?;
                self.blend(&color, &side, &coding, share)
            }
            MixStyle::Wipe { code, reverse } if WIPE_CODES.contains(&code) => {
                let from = self.coded_side(from, record, below)?;
                let to = self.coded_side(to, record, below)?;
                self.wiped(&from, &to, (code, reverse), weight)
            }
            _ => {
                if let Some(blended) = self.blended_as_decoded(from, to, record, weight)? {
                    return Ok(blended);
                }
                let from = self.coded_side(from, record, below)?;
                let to = self.coded_side(to, record, below)?;
                self.blend(&from, &to, &coding, weight)
            }
        }
    }

    fn coded_side(&mut self, side: Option<&Element>, record: i64, below: Option<&Video>) -> Result<Video> {
        match side {
            Some(element) => self.coded(element, record, below),
            None => self.below_or_black(below),
        }
    }

    fn below_or_black(&mut self, below: Option<&Video>) -> Result<Video> {
        below.map_or_else(|| self.black(), frames::share)
    }

    pub(super) fn black(&mut self) -> Result<Video> {
        self.converter.black(&self.coding)
    }

    /// `stack` over the background.
    fn laid_over<I: Image>(&mut self, stack: &[Element], record: i64) -> Result<Arc<I>> {
        let black = self.session.plan.background == Background::Black;
        let mut canvas = Arc::new(I::blank(self.coding.width, self.coding.height, black));
        for element in self.session.visible_at(stack, record) {
            canvas = self.painted(Some(Arc::clone(&canvas)), element, record)?.unwrap_or(canvas);
        }
        Ok(canvas)
    }

    /// `element` over `below`, as premultiplied RGBA of the canvas's size; `None` where there is nothing of either.
    fn painted<I: Image>(&mut self, below: Option<Arc<I>>, element: &Element, record: i64) -> Result<Option<Arc<I>>> {
        let (image, opacity, blend) = match element {
            Element::Layer(layer) => {
                let opacity = layer.look.opacity_at(record);
                let image = if opacity > Ratio::ZERO { Some(I::of_layer(self, layer, record)?) } else { None };
                (image, opacity, layer.look.blend)
            }
            Element::Stack { elements, look } => {
                let opacity = look.opacity_at(record);
                let mut canvas: Option<Arc<I>> = None;
                for element in self.session.visible_at(elements, record).iter().filter(|_| opacity > Ratio::ZERO) {
                    canvas = self.painted(canvas, element, record)?;
                }
                if let (Some(image), Some(drawing)) = (&mut canvas, self.session.drawing_of_stack(look, record)) {
                    *image = Arc::new(picture::draw(&**image, drawing.way, drawing.part, image.size()));
                }
                (canvas, opacity, look.blend)
            }
            // What is blended with what is below has to see it on both sides.
            Element::Mix { from, to, weight, style } => {
                let weight = weight.at(record);
                let (outgoing, incoming) = style.shares(weight);
                let around = if element.blends() { below.clone() } else { None };
                let sees_below = around.is_some();
                let from = self.painted_side(around.clone(), from.as_deref(), record, outgoing > Ratio::ZERO)?;
                let to = self.painted_side(around, to.as_deref(), record, incoming > Ratio::ZERO)?;
                let mixed = self.mixed(from.as_ref(), to.as_ref(), *style, weight)?;
                if sees_below {
                    return Ok(mixed);
                }
                (mixed, Ratio::ONE, Blend::Normal)
            }
        };
        Ok(match (below, image) {
            (Some(mut below), Some(image)) => {
                picture::lay(Arc::make_mut(&mut below), &*image, opacity, blend);
                Some(below)
            }
            (None, Some(mut image)) if opacity < Ratio::ONE => {
                picture::fade(Arc::make_mut(&mut image), opacity);
                Some(image)
            }
            (below, image) => image.or(below),
        })
    }

    /// A side of a transition over `below`, unless it is not seen.
    fn painted_side<I: Image>(
        &mut self,
        below: Option<Arc<I>>,
        side: Option<&Element>,
        record: i64,
        seen: bool,
    ) -> Result<Option<Arc<I>>> {
        match side {
            Some(element) if seen => self.painted(below, element, record),
            _ => Ok(below),
        }
    }

    /// Makes the frames of a shot, writes them, and feeds them to its representations.
    fn write(
        &mut self,
        task: &Task<'_>,
        mut writer: Writer,
        sinks: &mut [Sink<'_>],
        mut sound: Option<&mut ShotSound<'_, '_>>,
        control: &Control<'_>,
    ) -> Result<i64> {
        let (color, premultiplied) = (self.coding.color, self.coding.premultiplied);
        let facts = self.facts(task.shot);
        // What is copied stays as it is, whatever the preset says.
        let interlaced = self.session.kept_fields(task.shot).is_some() || !writer.needs_pictures();
        for span in &task.shot.spans {
            for record in span.start..span.start + span.count {
                let index = writer.frames();
                let wants = |fields: bool| {
                    sinks.iter().any(|sink| (!interlaced || sink.keeps_fields() == fields) && sink.wants(index))
                };
                let (wanted, wanted_whole) = (writer.needs_pictures() || wants(true), interlaced && wants(false));
                let picture = if wanted { Some(self.frame_with(interlaced, &span.stack, record)?) } else { None };
                let whole = if wanted_whole { Some(self.frame_with(false, &span.stack, record)?) } else { None };
                if picture.is_none() && whole.is_none() {
                    self.keep_fields(interlaced);
                    self.judge(&span.stack, record)?;
                }
                writer.write(picture.as_ref())?;
                for sink in &mut *sinks {
                    let suitable = if interlaced && !sink.keeps_fields() { &whole } else { &picture };
                    if let Some(frame) = suitable {
                        sink.write(&Source { frame, color, premultiplied }, index, &facts)?;
                    }
                }
                if let Some(sound) = &mut sound {
                    let samples = sound.accompany(index + 1)?;
                    writer.write_sound(&samples)?;
                    sinks.iter_mut().try_for_each(|sink| sink.write_sound(&samples))?;
                }
                control.frame(task.shot, index + 1)?;
            }
        }
        writer.finish()
    }

    /// Decodes what is shown at `record` without making a picture of it: what is copied is not to be damaged either.
    fn judge(&mut self, stack: &[Element], record: i64) -> Result<()> {
        let stack = self.session.visible(stack);
        self.readers.begin_frame(stack);
        for element in stack {
            if let Element::Layer(layer) = element {
                self.readers.seen(layer, record)?;
            }
        }
        Ok(())
    }

    /// What burn-ins can say about the pictures of `shot`.
    fn facts<'p>(&self, shot: &'p Shot) -> ShotFacts<'p, impl Fn(MediaId) -> Option<Timecode> + use<'p, 's>>
    where
        's: 'p,
    {
        let session = self.session;
        ShotFacts { plan: session.plan, shot, start: move |media| session.start_timecode(media) }
    }
}

impl Worker for Compositor<'_> {
    fn render(&mut self, task: &Task<'_>, control: &Control<'_>) -> Result<Rendered> {
        self.converted.clear();
        self.laid.clear();
        let settings = self.session.settings(task, u32::try_from(self.threads).unwrap_or(1));
        // Pictures and sound are made side by side, each with its own half of the worker.
        let mut mixer = self.mixer.take();
        let mixed = ShotSound::begin(mixer.as_mut(), self.session.plan, task);
        let rendered = mixed.and_then(|sound| self.rendered(task, &settings, sound, control));
        self.mixer = mixer;
        rendered
    }
}

impl Compositor<'_> {
    fn rendered(
        &mut self,
        task: &Task<'_>,
        settings: &OutputSettings,
        mut sound: Option<ShotSound<'_, '_>>,
        control: &Control<'_>,
    ) -> Result<Rendered> {
        let mut sinks = self.sinks(task)?;
        let copying = match copy::source(self.session, task.shot) {
            Some(source) => Copying::begin(&source, task, settings)?,
            None => None,
        };
        let writer = match copying {
            Some(copying) => Writer::Copy(Box::new(copying)),
            None => Writer::create(&task.target, task.shot.first_frame, settings)?,
        };
        let encoder = writer.encoder().map(str::to_owned);
        let frames = self.write(task, writer, &mut sinks, sound.as_mut(), control)?;
        let mut warnings = self.readers.take_notes();
        for sink in sinks {
            warnings.extend(sink.finish(frames)?);
        }
        let heard = sound.map(ShotSound::finish).transpose()?;
        let (peak, loudness) = heard.as_ref().map(|heard| (heard.peak, heard.loudness)).unzip();
        warnings.extend(heard.into_iter().flat_map(|heard| heard.notes));
        Ok(Rendered { frames, encoder, peak, loudness: loudness.flatten(), warnings })
    }

    /// The representations of a task, open.
    fn sinks<'t>(&self, task: &'t Task<'_>) -> Result<Vec<Sink<'t>>> {
        let feed = Feed { top_field_first: self.session.kept_fields(task.shot), ..self.session.feed() };
        let (stretch, facts) = (self.session.stretch(task.shot), self.facts(task.shot));
        let open = |wanted: &'t RepresentationTask<'_>| Sink::open(wanted, feed, stretch, &facts, self.threads);
        task.representations.iter().map(open).collect()
    }
}
