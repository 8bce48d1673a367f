//! Making frames: the worker that reads, lays over, dissolves and encodes.
//!
//! There are two ways to a frame. Where everything that is seen is opaque and fills the canvas, frames stay in the
//! output's own pixel format: one layer is converted into it (or is it already), a dissolve is blended in it. Where
//! something has alpha or leaves a part of the canvas bare above other layers, premultiplied RGBA is used: of 16 bits,
//! or of floats where the output is linear light.

use std::sync::Arc;

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;

use super::convert::{Converter, Source, Target as Coding, rgba8_frame};
use super::copy;
use super::encode::OutputSettings;
use super::media::Found;
use super::movie_writer::MovieWriter;
use super::readers::{Readers, Seen};
use super::sequence_writer::{SequenceNames, SequenceWriter};
use super::session::FfmpegSession;
use super::sound::{Mixer, ShotSound};
use super::sys::frames::{self, PixelInfo};
use crate::backend::{Control, Rendered, Target, Task, Worker};
use crate::error::{Error, ErrorKind, Result};
use crate::picture::{
    self, PlaneMut, PlaneRef, Rect, Rgba16, RgbaF32, Rotation, SampleKind, Slate, dissolve_plane, draw_slate,
};
use crate::plan::{Background, ColorTags, Element, Layer};
use crate::time::Ratio;

/// A worker of the FFmpeg backend: one thread's decoders, converters and encoder.
pub(super) struct Compositor<'s> {
    session: &'s FfmpegSession<'s>,
    threads: usize,
    readers: Readers<'s>,
    converter: Converter,
    coding: Coding,
    /// The last card drawn, by its layer's path in the timeline.
    slate: Option<(String, Video)>,
    /// Frames already in the output's coding, by their layer's path: a frame that is held is converted once.
    converted: Vec<(String, Seen, Video)>,
    /// The same for frames that are laid over others.
    laid: Vec<(String, Seen, Arc<Rgba16>)>,
    /// Where there is sound to be delivered.
    mixer: Option<Mixer<'s>>,
}

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
            slate: None,
            converted: Vec::new(),
            laid: Vec::new(),
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
            for element in stack {
                picture = Some(self.coded(element, record, picture.as_ref())?);
            }
            return picture.map_or_else(|| self.black(), Ok);
        }
        if matches!(self.coding.format, Pixel::GBRPF32LE | Pixel::GBRAPF32LE) {
            let canvas: RgbaF32 = self.laid_over(stack, record)?;
            return self.light_frame(&canvas);
        }
        let canvas: Rgba16 = self.laid_over(stack, record)?;
        self.converter.from_rgba16(&canvas, self.coding.color.transfer, &self.coding)
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
        let whole = self.session.rects[layer.media] == Rect::whole(self.coding.width, self.coding.height);
        let alpha = PixelInfo::of(self.coding.format).is_some_and(|info| info.alpha);
        !alpha || (transparent && whole)
    }

    fn stack_needs_no_alpha(&self, stack: &[Element], on_black: bool) -> bool {
        let below = std::iter::once(on_black).chain(std::iter::repeat(false));
        stack.iter().zip(below).all(|(element, on_black)| self.needs_no_alpha(element, on_black))
    }

    fn needs_no_alpha(&self, element: &Element, on_black: bool) -> bool {
        match element {
            Element::Layer(layer) => {
                let opaque = self.session.found[layer.media].picture().is_none_or(|info| !info.has_alpha);
                self.session.layer_covers(layer) || (on_black && opaque)
            }
            Element::Stack { elements } => self.stack_needs_no_alpha(self.session.visible(elements), on_black),
            Element::Mix { from, to, .. } => {
                [from, to].into_iter().flatten().all(|side| self.needs_no_alpha(side, on_black))
            }
        }
    }

    /// `element` over `below`, in the output's coding. Every layer in it is opaque.
    fn coded(&mut self, element: &Element, record: i64, below: Option<&Video>) -> Result<Video> {
        match element {
            Element::Layer(layer) => self.coded_layer(layer, record),
            Element::Stack { elements } => {
                let mut picture: Option<Video> = None;
                for element in self.session.visible(elements) {
                    picture = Some(self.coded(element, record, picture.as_ref().or(below))?);
                }
                picture.map_or_else(|| self.below_or_black(below), Ok)
            }
            Element::Mix { from, to, weight } => {
                let weight = weight.at(record);
                if weight <= Ratio::ZERO {
                    return self.coded_side(from.as_deref(), record, below);
                }
                if weight >= Ratio::ONE {
                    return self.coded_side(to.as_deref(), record, below);
                }
                if let Some(blended) = self.blended_as_decoded(from.as_deref(), to.as_deref(), record, weight)? {
                    return Ok(blended);
                }
                let from = self.coded_side(from.as_deref(), record, below)?;
                let to = self.coded_side(to.as_deref(), record, below)?;
                self.blend(&from, &to, &self.coding.clone(), weight)
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

    fn black(&mut self) -> Result<Video> {
        self.converter.black(&self.coding)
    }

    /// One layer, converted into the output's coding, bars of black included.
    fn coded_layer(&mut self, layer: &Layer, record: i64) -> Result<Video> {
        let seen = self.seen(layer, record)?;
        let known = self.converted.iter().find(|(object, at, _)| *object == layer.object && at.is_same(&seen));
        if let Some((_, _, video)) = known {
            return frames::share(video);
        }
        let video = match &seen {
            Seen::Black => self.black()?,
            Seen::Slate => {
                let slate = self.slate(layer)?;
                let source = Source { frame: &slate, color: ColorTags::SRGB, premultiplied: false };
                let whole = Rect::whole(self.coding.width, self.coding.height);
                let converted = self.converter.convert(&source, &self.coding, whole)?;
                converted.unwrap_or(slate)
            }
            seen @ Seen::Frame { .. } => {
                let (frame, color, premultiplied) = self.upright(layer, seen)?;
                let source = Source { frame: &frame, color, premultiplied };
                let rect = self.session.rects[layer.media];
                match self.as_stored(&source, rect)? {
                    Some(stored) => stored,
                    None => {
                        let converted = self.converter.convert(&source, &self.coding, rect)?;
                        converted.unwrap_or(frame)
                    }
                }
            }
        };
        self.converted.retain(|(object, _, _)| *object != layer.object);
        if self.converted.len() >= 4 {
            self.converted.remove(0);
        }
        self.converted.push((layer.object.clone(), seen, frames::share(&video)?));
        Ok(video)
    }

    /// Linear light that is to stay linear, where no more is asked for than leaving its alpha out (laid on black) or
    /// calling it opaque: no value is touched, however bright or dark.
    fn as_stored(&mut self, source: &Source<'_>, rect: Rect) -> Result<Option<Video>> {
        let (from, to) = (source.frame.format(), self.coding.format);
        let bare = (Pixel::GBRAPF32LE, Pixel::GBRPF32LE);
        let whole = Rect::whole(self.coding.width, self.coding.height);
        let same_size = (source.frame.width(), source.frame.height()) == (self.coding.width, self.coding.height);
        if !same_size || rect != whole || source.color.transfer != self.coding.color.transfer {
            return Ok(None);
        }
        if (from, to) == bare && source.premultiplied {
            return frames::relabel(source.frame, to).map(Some);
        }
        if (to, from) != bare {
            return Ok(None);
        }
        let (own, info) = (PixelInfo::need(from)?, PixelInfo::need(to)?);
        let mut out = self.converter.black(&self.coding)?;
        for plane in 0..own.planes() {
            let (source, source_stride) = frames::plane(source.frame, &own, plane);
            let (target, target_stride) = frames::plane_mut(&mut out, &info, plane);
            let line = self.coding.width as usize * own.plane_step(plane);
            for (source, target) in source.chunks(source_stride.max(1)).zip(target.chunks_mut(target_stride.max(1))) {
                target[..line].copy_from_slice(&source[..line]);
            }
        }
        Ok(Some(out))
    }

    /// A dissolve of two layers that are decoded alike and fill the canvas as they are: blended before anything is
    /// converted. `None` where that cannot be done.
    fn blended_as_decoded(
        &mut self,
        from: Option<&Element>,
        to: Option<&Element>,
        record: i64,
        weight: Ratio,
    ) -> Result<Option<Video>> {
        let (Some(Element::Layer(from)), Some(Element::Layer(to))) = (from, to) else { return Ok(None) };
        let alike = |layer: &Layer| {
            let info = self.session.found[layer.media].picture()?;
            let whole = (info.width, info.height) == (self.coding.width, self.coding.height);
            let plain = whole && info.rotation == 0 && !info.has_alpha && self.session.layer_covers(layer);
            plain.then(|| (info.pixel_format.clone(), info.color, info.pixel_aspect))
        };
        let own = match (alike(from), alike(to)) {
            (Some(a), Some(b)) if a == b => a,
            _ => return Ok(None),
        };
        // Dissolves are made in the output's light, whichever way they take.
        if (own.1.transfer == ColorTags::LINEAR) != (self.coding.color.transfer == ColorTags::LINEAR) {
            return Ok(None);
        }
        let (Seen::Frame { frame: a, .. }, Seen::Frame { frame: b, .. }) =
            (self.seen(from, record)?, self.seen(to, record)?)
        else {
            return Ok(None);
        };
        let same = |frame: &super::Frame| {
            (frame.width(), frame.height(), frame.format(), frame.color())
                == (self.coding.width, self.coding.height, a.format(), own.1)
        };
        if !same(&a) || !same(&b) || blend_kind(&PixelInfo::need(a.format())?).is_none() {
            return Ok(None);
        }
        let coding = Coding { format: a.format(), color: own.1, ..self.coding };
        let blended = self.blend(a.as_av(), b.as_av(), &coding, weight)?;
        let source = Source { frame: &blended, color: own.1, premultiplied: false };
        let whole = Rect::whole(self.coding.width, self.coding.height);
        let converted = self.converter.convert(&source, &self.coding, whole)?;
        Ok(Some(converted.unwrap_or(blended)))
    }

    /// `from` × (1 − weight) + `to` × weight, plane by plane; both are coded as `coding` says.
    fn blend(&mut self, from: &Video, to: &Video, coding: &Coding, weight: Ratio) -> Result<Video> {
        let info = PixelInfo::need(coding.format)?;
        let Some(kind) = blend_kind(&info) else {
            return self.blend_in_rgb(from, to, coding, weight);
        };
        let mut out = self.converter.blank(coding)?;
        for plane in 0..info.planes() {
            let (shift_x, shift_y) = info.plane_shift(plane);
            let width = (coding.width as usize).div_ceil(1 << shift_x) * info.plane_step(plane) / kind.bytes();
            let height = (coding.height as usize).div_ceil(1 << shift_y);
            let (from, from_stride) = frames::plane(from, &info, plane);
            let (to, to_stride) = frames::plane(to, &info, plane);
            let (data, stride) = frames::plane_mut(&mut out, &info, plane);
            dissolve_plane(
                kind,
                (width, height),
                PlaneRef { data: from, stride: from_stride },
                PlaneRef { data: to, stride: to_stride },
                PlaneMut { data, stride },
                weight,
            );
        }
        Ok(out)
    }

    /// The same for formats whose samples cannot be blended where they lie, such as packed or byte-swapped ones.
    fn blend_in_rgb(&mut self, from: &Video, to: &Video, coding: &Coding, weight: Ratio) -> Result<Video> {
        let (size, transfer) = ((coding.width, coding.height), coding.color.transfer);
        let source = |frame| Source { frame, color: coding.color, premultiplied: coding.premultiplied };
        let from = self.converter.to_rgba16(&source(from), size, transfer)?;
        let to = self.converter.to_rgba16(&source(to), size, transfer)?;
        let mixed = picture::mix(Some(&from), Some(&to), weight).unwrap_or(from);
        self.converter.from_rgba16(&mixed, transfer, coding)
    }

    /// `stack` over the background.
    fn laid_over<I: Image>(&mut self, stack: &[Element], record: i64) -> Result<I> {
        let mut canvas =
            I::blank(self.coding.width, self.coding.height, self.session.plan.background == Background::Black);
        for element in stack {
            if let Some(image) = self.rgba::<I>(element, record)? {
                canvas.lay_under(&image);
            }
        }
        Ok(canvas)
    }

    /// `element` as premultiplied RGBA of the canvas's size; `None` where nothing is seen of it.
    fn rgba<I: Image>(&mut self, element: &Element, record: i64) -> Result<Option<Arc<I>>> {
        match element {
            Element::Layer(layer) => I::of_layer(self, layer, record).map(Some),
            Element::Stack { elements } => {
                let mut canvas: Option<Arc<I>> = None;
                for element in self.session.visible(elements) {
                    canvas = match (canvas, self.rgba::<I>(element, record)?) {
                        (Some(below), Some(image)) => {
                            let mut below = Arc::unwrap_or_clone(below);
                            below.lay_under(&image);
                            Some(Arc::new(below))
                        }
                        (below, image) => image.or(below),
                    };
                }
                Ok(canvas)
            }
            Element::Mix { from, to, weight } => {
                let weight = weight.at(record);
                let from = match from {
                    Some(from) if weight < Ratio::ONE => self.rgba::<I>(from, record)?,
                    _ => None,
                };
                let to = match to {
                    Some(to) if weight > Ratio::ZERO => self.rgba::<I>(to, record)?,
                    _ => None,
                };
                Ok(I::mix(from.as_deref(), to.as_deref(), weight).map(Arc::new))
            }
        }
    }

    /// A layer as linear light: as it is stored, where it is that already and of the canvas's size.
    fn light_layer(&mut self, layer: &Layer, record: i64) -> Result<Arc<RgbaF32>> {
        let (width, height) = (self.coding.width, self.coding.height);
        let whole = self.session.rects[layer.media] == Rect::whole(width, height);
        if let Seen::Frame { frame, .. } = self.seen(layer, record)?
            && whole
            && (frame.width(), frame.height()) == (width, height)
            && self.session.found[layer.media].picture().is_some_and(|info| info.rotation == 0)
            && frame.color().transfer == self.coding.color.transfer
            && frame.is_premultiplied() == frame.has_alpha()
            && matches!(frame.format(), Pixel::GBRPF32LE | Pixel::GBRAPF32LE)
        {
            let mut image = RgbaF32::black(width, height);
            for (plane, channel) in PLANES_OF_LIGHT.into_iter().take(if frame.has_alpha() { 4 } else { 3 }).enumerate()
            {
                let (data, stride) = frame.plane(plane);
                for (line, out) in data.chunks(stride.max(1)).zip(image.data.chunks_mut(width as usize * 4)) {
                    for (sample, pixel) in line.as_chunks::<4>().0.iter().zip(out.as_chunks_mut::<4>().0) {
                        pixel[channel] = f32::from_le_bytes(*sample);
                    }
                }
            }
            return Ok(Arc::new(image));
        }
        Ok(Arc::new(RgbaF32::from(&*self.rgba_layer(layer, record)?)))
    }

    /// Linear light in the output's coding, on black where that has no alpha.
    fn light_frame(&mut self, image: &RgbaF32) -> Result<Video> {
        let info = PixelInfo::need(self.coding.format)?;
        let mut out = self.converter.blank(&self.coding)?;
        for (plane, channel) in PLANES_OF_LIGHT.into_iter().take(info.planes()).enumerate() {
            let (data, stride) = frames::plane_mut(&mut out, &info, plane);
            for (out, line) in data.chunks_mut(stride.max(1)).zip(image.data.chunks(image.width as usize * 4)) {
                for (out, pixel) in out.as_chunks_mut::<4>().0.iter_mut().zip(line.as_chunks::<4>().0) {
                    *out = pixel[channel].to_le_bytes();
                }
            }
        }
        Ok(out)
    }

    fn rgba_layer(&mut self, layer: &Layer, record: i64) -> Result<Arc<Rgba16>> {
        let seen = self.seen(layer, record)?;
        let known = self.laid.iter().find(|(object, at, _)| *object == layer.object && at.is_same(&seen));
        if let Some((_, _, image)) = known {
            return Ok(Arc::clone(image));
        }
        let image = Arc::new(self.rgba_picture(layer, &seen)?);
        self.laid.retain(|(object, _, _)| *object != layer.object);
        if self.laid.len() >= 2 {
            self.laid.remove(0);
        }
        self.laid.push((layer.object.clone(), seen, Arc::clone(&image)));
        Ok(image)
    }

    fn rgba_picture(&mut self, layer: &Layer, seen: &Seen) -> Result<Rgba16> {
        let rect = self.session.rects[layer.media];
        let (width, height) = (self.coding.width, self.coding.height);
        let transfer = self.coding.color.transfer;
        let (frame, color, premultiplied, rect) = match seen {
            Seen::Black => return Ok(Rgba16::black(width, height)),
            Seen::Slate => (self.slate(layer)?, ColorTags::SRGB, false, Rect::whole(width, height)),
            Seen::Frame { .. } => {
                let (frame, color, premultiplied) = self.upright(layer, seen)?;
                (frame, color, premultiplied, rect)
            }
        };
        let source = Source { frame: &frame, color, premultiplied };
        let image = self.converter.to_rgba16(&source, (rect.width, rect.height), transfer)?;
        if rect == Rect::whole(width, height) {
            return Ok(image);
        }
        let mut canvas = Rgba16::transparent(width, height);
        picture::paste(&mut canvas, &image, rect.x, rect.y);
        Ok(canvas)
    }

    /// What `layer` shows at `record`, as it is stored.
    fn seen(&mut self, layer: &Layer, record: i64) -> Result<Seen> {
        let seen = self.readers.seen(layer, record);
        seen.map_err(|error| error.at_clip(&layer.clip).at_object(&layer.object))
    }

    /// The frame turned upright, its colour tags, and whether it is premultiplied.
    fn upright(&mut self, layer: &Layer, seen: &Seen) -> Result<(Video, ColorTags, bool)> {
        let Seen::Frame { frame, .. } = seen else {
            return Err(Error::new(ErrorKind::Decode, "there is no frame to be turned"));
        };
        let (color, premultiplied) = (frame.color(), frame.is_premultiplied());
        let degrees = self.session.found[layer.media].picture().map_or(0, |info| info.rotation);
        let rotation = Rotation::from_degrees(f64::from(degrees));
        if rotation == Rotation::None {
            return Ok((frame.to_av()?, color, premultiplied));
        }
        let source = Source { frame: frame.as_av(), color, premultiplied };
        Ok((self.converter.rotate(&source, rotation)?, color, premultiplied))
    }

    /// A card of the canvas's size that names the clip and what it lacks.
    fn slate(&mut self, layer: &Layer) -> Result<Video> {
        if let Some((_, slate)) = self.slate.as_ref().filter(|(object, _)| *object == layer.object) {
            return frames::share(slate);
        }
        let (title, file) = match &self.session.found[layer.media] {
            Found::Slate { title, what } => (*title, what.as_str()),
            _ => ("", ""),
        };
        let (width, height) = (self.coding.width, self.coding.height);
        let pixels = draw_slate(width, height, &Slate { title, clip: &layer.clip, file });
        let slate = rgba8_frame(&pixels, width, height)?;
        self.slate = Some((layer.object.clone(), frames::share(&slate)?));
        Ok(slate)
    }

    fn encode(
        &mut self,
        task: &Task<'_>,
        settings: &OutputSettings,
        sound: &mut Option<ShotSound<'_, '_>>,
        control: &Control<'_>,
    ) -> Result<i64> {
        let mut writer = Writer::create(task, settings)?;
        for span in &task.shot.spans {
            for record in span.start..span.start + span.count {
                let picture = self.frame(&span.stack, record)?;
                writer.write(&picture)?;
                if let Some(sound) = sound {
                    sound.accompany(writer.frames(), writer.movie())?;
                }
                control.frame(task.shot, writer.frames())?;
            }
        }
        writer.finish()
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
        let copied = match copy::source(self.session, task.shot) {
            Some(source) => copy::run(&source, task, settings, &mut sound, control)?,
            None => None,
        };
        let frames = match copied {
            Some(frames) => frames,
            None => self.encode(task, settings, &mut sound, control)?,
        };
        let mut warnings = self.readers.take_notes();
        if let Some(sound) = sound {
            warnings.extend(sound.finish()?);
        }
        Ok(Rendered { frames, warnings })
    }
}

/// The channels that the planes of FFmpeg's planar RGB hold.
const PLANES_OF_LIGHT: [usize; 4] = [1, 2, 0, 3];

/// What layers with alpha are laid over one another as.
trait Image: Clone {
    /// A picture of opaque black, or of nothing.
    fn blank(width: u32, height: u32, black: bool) -> Self;
    /// Lays `top` over it.
    fn lay_under(&mut self, top: &Self);
    /// A dissolve; a side that is `None` is transparent.
    fn mix(from: Option<&Self>, to: Option<&Self>, weight: Ratio) -> Option<Self>;
    /// A layer at a record frame.
    fn of_layer(compositor: &mut Compositor<'_>, layer: &Layer, record: i64) -> Result<Arc<Self>>;
}

impl Image for Rgba16 {
    fn blank(width: u32, height: u32, black: bool) -> Rgba16 {
        if black { Rgba16::black(width, height) } else { Rgba16::transparent(width, height) }
    }

    fn lay_under(&mut self, top: &Rgba16) {
        picture::over(self, top, Ratio::ONE);
    }

    fn mix(from: Option<&Rgba16>, to: Option<&Rgba16>, weight: Ratio) -> Option<Rgba16> {
        picture::mix(from, to, weight)
    }

    fn of_layer(compositor: &mut Compositor<'_>, layer: &Layer, record: i64) -> Result<Arc<Rgba16>> {
        compositor.rgba_layer(layer, record)
    }
}

impl Image for RgbaF32 {
    fn blank(width: u32, height: u32, black: bool) -> RgbaF32 {
        if black { RgbaF32::black(width, height) } else { RgbaF32::transparent(width, height) }
    }

    fn lay_under(&mut self, top: &RgbaF32) {
        self.lay_under(top);
    }

    fn mix(from: Option<&RgbaF32>, to: Option<&RgbaF32>, weight: Ratio) -> Option<RgbaF32> {
        RgbaF32::mix(from, to, weight)
    }

    fn of_layer(compositor: &mut Compositor<'_>, layer: &Layer, record: i64) -> Result<Arc<RgbaF32>> {
        compositor.light_layer(layer, record)
    }
}

/// A movie or a sequence being written.
enum Writer {
    Movie(Box<MovieWriter>),
    Sequence(Box<SequenceWriter>),
}

impl Writer {
    fn create(task: &Task<'_>, settings: &OutputSettings) -> Result<Writer> {
        match &task.target {
            Target::Movie(path) => Ok(Writer::Movie(Box::new(MovieWriter::create(path, settings)?))),
            Target::Sequence { folder, prefix, padding, suffix } => {
                let mut names = SequenceNames::new(folder, prefix, suffix, task.shot.first_frame);
                names.padding = *padding;
                Ok(Writer::Sequence(Box::new(SequenceWriter::create(names, settings)?)))
            }
        }
    }

    fn write(&mut self, picture: &Video) -> Result<()> {
        match self {
            Writer::Movie(writer) => writer.write(picture),
            Writer::Sequence(writer) => writer.write(picture),
        }
    }

    /// The movie, if it is one.
    fn movie(&mut self) -> Option<&mut MovieWriter> {
        match self {
            Writer::Movie(writer) => Some(writer),
            Writer::Sequence(_) => None,
        }
    }

    fn frames(&self) -> i64 {
        match self {
            Writer::Movie(writer) => writer.frames(),
            Writer::Sequence(writer) => writer.frames(),
        }
    }

    fn finish(self) -> Result<i64> {
        let written = match self {
            Writer::Movie(writer) => writer.finish(),
            Writer::Sequence(writer) => writer.finish(),
        };
        Ok(written?.frames)
    }
}

/// How the samples of a format are blended where they lie; `None` where they have to be unpacked first. Straight alpha
/// cannot be blended this way.
fn blend_kind(info: &PixelInfo) -> Option<SampleKind> {
    let first = info.components.first()?;
    let plain = info.components.iter().all(|part| part.shift == 0 && part.depth == first.depth);
    let native = first.depth <= 8 || info.big_endian == cfg!(target_endian = "big");
    if !plain || !native || info.odd || info.alpha {
        return None;
    }
    match (info.float, first.depth) {
        (true, 32) => Some(SampleKind::F32),
        (true, _) => None,
        (false, 8) => Some(SampleKind::U8),
        (false, bits @ 9..=16) => Some(SampleKind::U16 { bits }),
        _ => None,
    }
}
