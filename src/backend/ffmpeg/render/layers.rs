//! What one layer shows at a record frame: in the output's coding, as premultiplied RGBA, or as linear light. Which of
//! these a picture becomes is the program's; how it gets there depends on what the decoder gives.

use std::sync::Arc;

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;

use super::super::convert::{Converter, RGBA16, SourcePicture, TargetFormat, rgba8_frame};
use super::super::media::ResolvedMedia;
use super::super::singles::{self, Alpha};
use super::super::sys::frames;
use super::super::sys::pixel_info::PixelInfo;
use super::super::yuv;
use super::blend::between;
use super::color::ColorId;
use super::fetch::{LayerFrame, Readers};
use super::placing::Drawing;
use super::program::Fetch;
use super::scene::Scene;
use super::surface::Surface;
use crate::error::{Error, ErrorKind, Result};
use crate::picture::{self, Rect, Rgba16, RgbaF32, Rotation, Slate, draw, draw_bars, draw_generated, draw_slate};
use crate::plan::{Background, Bars, ColorTags, Generated};

/// A picture on its way: upright, with what its samples mean.
pub(super) struct LayerPicture {
    frame: Video,
    color: ColorTags,
    premultiplied: bool,
}

impl LayerPicture {
    fn source(&self) -> SourcePicture<'_> {
        SourcePicture { frame: &self.frame, color: self.color, premultiplied: self.premultiplied }
    }

    fn size(&self) -> (u32, u32) {
        (self.frame.width(), self.frame.height())
    }

    fn share(&self) -> Result<LayerPicture> {
        Ok(LayerPicture { frame: frames::share(&self.frame)?, ..*self })
    }
}

/// What the layers of a shot show: one worker's decoders, what it converts with, and what it made last.
pub(super) struct Layers<'s> {
    scene: &'s Scene<'s>,
    pub(super) readers: Readers<'s>,
    pub(super) converter: Converter,
    pub(super) coding: TargetFormat,
    /// The last picture made for a layer, by that layer's path in the timeline.
    made: Option<(String, LayerPicture)>,
    /// Frames already in the output's coding, by their layer's path: a frame that is held is converted once.
    converted: Vec<(String, LayerFrame, Video)>,
    /// The same for frames that are laid over others, with the way they are drawn.
    laid: Vec<(String, LayerFrame, Option<Drawing>, Arc<Rgba16>)>,
    /// The same in the canvas's space, with what was done to their colours.
    managed: Vec<Managed>,
    threads: usize,
}

/// A layer's picture in the canvas's space, and what it was made of.
struct Managed {
    object: String,
    seen: LayerFrame,
    drawing: Option<Drawing>,
    color: Option<ColorId>,
    image: Arc<RgbaF32>,
}

/// Pictures in the canvas's space that are kept.
const KEPT: usize = 2;

impl<'s> Layers<'s> {
    pub(super) fn new(scene: &'s Scene<'s>, threads: usize) -> Layers<'s> {
        Layers {
            scene,
            readers: Readers::new(scene, threads),
            converter: Converter::new(),
            coding: scene.coding(),
            made: None,
            converted: Vec::new(),
            laid: Vec::new(),
            managed: Vec::new(),
            threads,
        }
    }

    /// Forgets what was converted: another shot begins.
    pub(super) fn clear(&mut self) {
        self.converted.clear();
        self.laid.clear();
        self.managed.clear();
    }

    /// Leaves interlaced frames as they are, or makes whole ones of them.
    pub(super) fn keep_fields(&mut self, keep: bool) {
        if std::mem::replace(&mut self.readers.keep_fields, keep) != keep {
            self.clear();
        }
    }

    /// As [`Scene::sample_tags`].
    pub(super) fn sample_tags(&self, fetch: &Fetch<'_>, own: ColorTags) -> ColorTags {
        self.scene.sample_tags(&fetch.layer, own)
    }

    pub(super) fn black(&mut self) -> Result<Video> {
        self.converter.black(&self.coding)
    }

    /// One layer, converted into the output's coding, bars of black included.
    pub(super) fn coded(&mut self, fetch: &Fetch<'_>, record: i64) -> Result<Video> {
        let seen = self.seen(fetch, record)?;
        let known = self.converted.iter().find(|(object, at, _)| *object == fetch.layer.object && at.is_same(&seen));
        if let Some((_, _, video)) = known {
            return frames::share(video);
        }
        let video = match &seen {
            LayerFrame::Black => self.black()?,
            seen => {
                let picture = self.picture(fetch, seen)?;
                let rect = fetch.rect;
                if let Some(stored) = self.as_stored(&picture.source(), rect)? {
                    stored
                } else if let Some(light) = self.as_light(&picture) {
                    let size = (self.coding.width, self.coding.height);
                    let clear = self.scene.plan.background == Background::Transparent;
                    let mut canvas = RgbaF32::blank(size.0, size.1, !clear);
                    canvas.lay_under(&placed_light(light, rect, size));
                    self.light_frame(&canvas)?
                } else {
                    let (source, coding) = (picture.source(), self.coding);
                    let fields = self.has_fields(fetch);
                    let converted =
                        self.converter.interlaced(fields, |converter| converter.convert(&source, &coding, rect))?;
                    converted.unwrap_or(picture.frame)
                }
            }
        };
        self.converted.retain(|(object, _, _)| *object != fetch.layer.object);
        if self.converted.len() >= 4 {
            self.converted.remove(0);
        }
        self.converted.push((fetch.layer.object.clone(), seen, frames::share(&video)?));
        Ok(video)
    }

    /// Linear light that is to stay linear, where no more is asked for than leaving its alpha out (laid on black) or
    /// calling it opaque: no value is touched, however bright or dark.
    fn as_stored(&mut self, source: &SourcePicture<'_>, rect: Rect) -> Result<Option<Video>> {
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

    /// Whether the frames of a layer are interlaced, and stay so.
    pub(super) fn has_fields(&self, fetch: &Fetch<'_>) -> bool {
        self.readers.keep_fields && fetch.interlaced
    }

    /// What a layer shows at `record`, as it is stored.
    pub(super) fn seen(&mut self, fetch: &Fetch<'_>, record: i64) -> Result<LayerFrame> {
        let place = |error: Error| error.at_clip(&fetch.layer.clip).at_object(&fetch.layer.object);
        let (seen, second) = self.readers.seen(&fetch.layer, record).map_err(place)?;
        match (seen, second) {
            (LayerFrame::Frame { frame, position, .. }, Some((other, share))) => {
                let frame = between(&mut self.converter, &frame, &other, share, self.coding.chroma).map_err(place)?;
                Ok(LayerFrame::Frame { frame, position, share })
            }
            (seen, _) => Ok(seen),
        }
    }

    /// What was seen, turned upright, or made.
    fn picture(&mut self, fetch: &Fetch<'_>, seen: &LayerFrame) -> Result<LayerPicture> {
        let LayerFrame::Frame { frame, .. } = seen else {
            let made = self.made(fetch)?;
            let color = self.scene.sample_tags(&fetch.layer, made.color);
            return Ok(LayerPicture { color, ..made });
        };
        let (color, premultiplied) = (self.scene.sample_tags(&fetch.layer, frame.color()), frame.is_premultiplied());
        if fetch.rotation == Rotation::None {
            return Ok(LayerPicture { frame: frame.to_av()?, color, premultiplied });
        }
        let source = SourcePicture { frame: frame.as_av(), color, premultiplied };
        Ok(LayerPicture { frame: self.converter.rotate(&source, fetch.rotation)?, color, premultiplied })
    }

    /// A picture of the canvas's size that is made, not read: what a generator draws, or a card that names the clip and
    /// what it lacks.
    fn made(&mut self, fetch: &Fetch<'_>) -> Result<LayerPicture> {
        if let Some((_, picture)) = self.made.as_ref().filter(|(object, _)| *object == fetch.layer.object) {
            return picture.share();
        }
        let picture = match &self.scene.found[fetch.layer.media.index()] {
            ResolvedMedia::Generated(Generated::Bars { bars }) => self.bars(*bars)?,
            ResolvedMedia::Generated(Generated::Slate { title, text }) => self.card(title, &fetch.layer.clip, text)?,
            ResolvedMedia::Generated(generated) => self.generated(generated)?,
            ResolvedMedia::Slate { title, what } => self.card(title, &fetch.layer.clip, what)?,
            _ => self.card("", &fetch.layer.clip, "")?,
        };
        self.made = Some((fetch.layer.object.clone(), picture.share()?));
        Ok(picture)
    }

    fn card(&self, title: &str, clip: &str, file: &str) -> Result<LayerPicture> {
        let (width, height) = (self.coding.width, self.coding.height);
        let clip = if clip == file { "" } else { clip };
        let pixels = draw_slate(width, height, &Slate { title, clip, file });
        Ok(LayerPicture { frame: rgba8_frame(&pixels, width, height)?, color: ColorTags::SRGB, premultiplied: false })
    }

    /// The tags of what is drawn in the canvas's own colours; on a linear canvas, in those of video.
    fn drawn_tags(&self) -> ColorTags {
        let canvas = self.coding.color;
        let transfer = if canvas.transfer == ColorTags::LINEAR { ColorTags::BT709.transfer } else { canvas.transfer };
        ColorTags { transfer, ..canvas }
    }

    fn generated(&mut self, generated: &Generated) -> Result<LayerPicture> {
        let (width, height) = (self.coding.width, self.coding.height);
        let image = draw_generated(generated, width, height)
            .ok_or_else(|| Error::new(ErrorKind::Unsupported, "a generator that is not known"))?;
        let color = ColorTags { full_range: true, matrix: 0, ..self.drawn_tags() };
        let format = RGBA16;
        let target = TargetFormat { format, color, premultiplied: true, ..self.coding };
        let frame = self.converter.write_rgba16(&image, color.transfer, &target)?;
        Ok(LayerPicture { frame, color, premultiplied: true })
    }

    /// Colour bars, as video: values below black are theirs.
    fn bars(&mut self, bars: Bars) -> Result<LayerPicture> {
        let (width, height) = (self.coding.width, self.coding.height);
        let tags = self.drawn_tags();
        let matrix = if tags.matrix == 0 { ColorTags::untagged(height).matrix } else { tags.matrix };
        let color = ColorTags { full_range: false, matrix, ..tags };
        let format = Pixel::YUV444P16LE;
        let mut frame = self.converter.blank(&TargetFormat { format, color, ..self.coding })?;
        let info = PixelInfo::need(format)?;
        let pixels = draw_bars(bars, width, height, yuv::luma_shares(matrix));
        for plane in 0..3 {
            let (data, stride) = frames::plane_mut(&mut frame, &info, plane);
            for (line, pixels) in data.chunks_mut(stride.max(1)).zip(pixels.chunks(width.max(1) as usize)) {
                for (sample, pixel) in line.as_chunks_mut::<2>().0.iter_mut().zip(pixels) {
                    *sample = pixel[plane].to_le_bytes();
                }
            }
        }
        Ok(LayerPicture { frame, color, premultiplied: false })
    }

    /// A layer as premultiplied RGBA of the canvas's size.
    pub(super) fn rgba(&mut self, fetch: &Fetch<'_>, record: i64) -> Result<Arc<Rgba16>> {
        let seen = self.seen(fetch, record)?;
        let drawing = fetch.drawing(&self.scene.canvas, record, (1, 1));
        let known = |(object, at, way, _): &&(String, LayerFrame, Option<_>, Arc<Rgba16>)| {
            *object == fetch.layer.object && at.is_same(&seen) && *way == drawing
        };
        if let Some((.., image)) = self.laid.iter().find(known) {
            return Ok(Arc::clone(image));
        }
        let image = Arc::new(self.rgba_picture(fetch, &seen, record)?);
        self.laid.retain(|(object, ..)| *object != fetch.layer.object);
        if self.laid.len() >= 2 {
            self.laid.remove(0);
        }
        self.laid.push((fetch.layer.object.clone(), seen, drawing, Arc::clone(&image)));
        Ok(image)
    }

    fn rgba_picture(&mut self, fetch: &Fetch<'_>, seen: &LayerFrame, record: i64) -> Result<Rgba16> {
        let size = (self.coding.width, self.coding.height);
        let transfer = self.coding.color.transfer;
        let whole = fetch.drawn.is_none() && fetch.rect == Rect::whole(size.0, size.1);
        if matches!(seen, LayerFrame::Black) && whole {
            return Ok(Rgba16::black(size.0, size.1));
        }
        let picture = match seen {
            LayerFrame::Black => self.generated(&Generated::Solid { color: [0, 0, 0, u16::MAX] })?,
            seen => self.picture(fetch, seen)?,
        };
        if let Some(drawing) = fetch.drawing(&self.scene.canvas, record, picture.size()) {
            let image = self.converter.read_rgba16(&picture.source(), picture.size(), transfer)?;
            return Ok(draw(&image, drawing.way, drawing.part, size));
        }
        let rect = fetch.rect;
        let (source, fields) = (picture.source(), self.has_fields(fetch));
        let image = self
            .converter
            .interlaced(fields, |converter| converter.read_rgba16(&source, (rect.width, rect.height), transfer))?;
        if rect == Rect::whole(size.0, size.1) {
            return Ok(image);
        }
        let mut canvas = Rgba16::transparent(size.0, size.1);
        picture::paste(&mut canvas, &image, rect.x, rect.y);
        Ok(canvas)
    }

    /// A layer as linear light: without being cut to what 16 bits hold, where it is that already.
    pub(super) fn light(&mut self, fetch: &Fetch<'_>, record: i64) -> Result<Arc<RgbaF32>> {
        if self.scene.color.is_some() {
            return self.managed(fetch, record);
        }
        let seen = self.seen(fetch, record)?;
        let size = (self.coding.width, self.coding.height);
        if let LayerFrame::Frame { .. } = &seen {
            let picture = self.picture(fetch, &seen)?;
            if let Some(image) = self.as_light(&picture) {
                let image = match fetch.drawing(&self.scene.canvas, record, picture.size()) {
                    Some(drawing) => draw(&image, drawing.way, drawing.part, size),
                    None => placed_light(image, fetch.rect, size),
                };
                return Ok(Arc::new(image));
            }
        }
        Ok(Arc::new(RgbaF32::from(&*self.rgba(fetch, record)?)))
    }

    /// Does to the colours of a premultiplied picture what `color` says.
    pub(super) fn convert(&self, image: &mut RgbaF32, color: ColorId) {
        if let Some(managed) = &self.scene.color {
            let transform = managed.transform(color);
            singles::transformed(image, Alpha::Premultiplied, Some(transform), self.threads);
        }
    }

    /// A layer in the space of the canvas, placed in it.
    fn managed(&mut self, fetch: &Fetch<'_>, record: i64) -> Result<Arc<RgbaF32>> {
        let seen = self.seen(fetch, record)?;
        let drawing = fetch.drawing(&self.scene.canvas, record, (1, 1));
        let is_known = |known: &&Managed| {
            known.object == fetch.layer.object
                && known.color == fetch.color
                && known.drawing == drawing
                && known.seen.is_same(&seen)
        };
        if let Some(known) = self.managed.iter().find(is_known) {
            return Ok(Arc::clone(&known.image));
        }
        let size = (self.coding.width, self.coding.height);
        let image = match &seen {
            LayerFrame::Black => {
                let mut black = RgbaF32::black(size.0, size.1);
                if let Some(drawing) = fetch.drawing(&self.scene.canvas, record, size) {
                    black = draw(&black, drawing.way, drawing.part, size);
                } else if fetch.rect != Rect::whole(size.0, size.1) {
                    black = placed_light(RgbaF32::black(fetch.rect.width, fetch.rect.height), fetch.rect, size);
                }
                black
            }
            seen => {
                let picture = self.picture(fetch, seen)?;
                let (mut image, alpha) = singles::read(&picture.source())?;
                let color = self.scene.color.as_ref().zip(fetch.color);
                let transform = color.map(|(color, id)| color.transform(id));
                singles::transformed(&mut image, alpha, transform, self.threads);
                match fetch.drawing(&self.scene.canvas, record, picture.size()) {
                    Some(drawing) => draw(&image, drawing.way, drawing.part, size),
                    None => placed_light(image, fetch.rect, size),
                }
            }
        };
        let image = Arc::new(image);
        let object = fetch.layer.object.clone();
        // A layer that moves takes its own place, and not that of one that stands still.
        self.managed.retain(|known| known.object != object || known.color != fetch.color);
        if self.managed.len() >= KEPT {
            self.managed.remove(0);
        }
        self.managed.push(Managed { object, seen, drawing, color: fetch.color, image: Arc::clone(&image) });
        Ok(image)
    }

    /// A picture of floats in the output's light, as it is stored.
    fn as_light(&self, picture: &LayerPicture) -> Option<RgbaF32> {
        let info = PixelInfo::of(picture.frame.format())?;
        let plain = matches!(picture.frame.format(), Pixel::GBRPF32LE | Pixel::GBRAPF32LE);
        let linear = matches!(self.coding.format, Pixel::GBRPF32LE | Pixel::GBRAPF32LE);
        if !plain
            || !linear
            || picture.color.transfer != self.coding.color.transfer
            || picture.premultiplied != info.alpha
        {
            return None;
        }
        singles::interleaved(&picture.frame).ok()
    }

    /// Linear light in the output's coding, on black where that has no alpha.
    pub(super) fn light_frame(&mut self, image: &RgbaF32) -> Result<Video> {
        singles::planar(image, &self.coding, &mut self.converter)
    }
}

/// Light scaled into its rectangle of the canvas.
fn placed_light(image: RgbaF32, rect: Rect, size: (u32, u32)) -> RgbaF32 {
    let image = match (image.width, image.height) == (rect.width, rect.height) {
        true => image,
        false => picture::resample(&image, rect.width, rect.height),
    };
    if rect == Rect::whole(size.0, size.1) {
        return image;
    }
    let mut canvas = RgbaF32::transparent(size.0, size.1);
    picture::paste(&mut canvas, &image, rect.x, rect.y);
    canvas
}
