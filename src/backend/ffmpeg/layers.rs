//! What one layer shows at a record frame: in the output's coding, as premultiplied RGBA, or as linear light.

use std::sync::Arc;

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;

use super::composite::Compositor;
use super::convert::{Source, Target, rgba8_frame};
use super::media::Found;
use super::readers::Seen;
use super::sys::frames::{self, PixelInfo};
use crate::error::{Error, ErrorKind, Result};
use crate::picture::{self, Rect, Rgba16, RgbaF32, Rotation, Slate, draw, draw_bars, draw_generated, draw_slate};
use crate::plan::{Background, Bars, ColorTags, Generated, Layer};
use crate::time::Ratio;

/// A picture on its way: upright, with what its samples mean.
pub(super) struct Picture {
    frame: Video,
    color: ColorTags,
    premultiplied: bool,
}

impl Picture {
    fn source(&self) -> Source<'_> {
        Source { frame: &self.frame, color: self.color, premultiplied: self.premultiplied }
    }

    fn size(&self) -> (u32, u32) {
        (self.frame.width(), self.frame.height())
    }

    fn share(&self) -> Result<Picture> {
        Ok(Picture { frame: frames::share(&self.frame)?, ..*self })
    }
}

impl Compositor<'_> {
    /// One layer, converted into the output's coding, bars of black included.
    pub(super) fn coded_layer(&mut self, layer: &Layer, record: i64) -> Result<Video> {
        let seen = self.seen(layer, record)?;
        let known = self.converted.iter().find(|(object, at, _)| *object == layer.object && at.is_same(&seen));
        if let Some((_, _, video)) = known {
            return frames::share(video);
        }
        let video = match &seen {
            Seen::Black => self.black()?,
            seen => {
                let picture = self.picture(layer, seen)?;
                let rect = self.session.rect(layer);
                if let Some(stored) = self.as_stored(&picture.source(), rect)? {
                    stored
                } else if let Some(light) = self.as_light(&picture) {
                    let size = (self.coding.width, self.coding.height);
                    let clear = self.session.plan.background == Background::Transparent;
                    let mut canvas = RgbaF32::blank(size.0, size.1, !clear);
                    canvas.lay_under(&placed_light(light, rect, size));
                    self.light_frame(&canvas)?
                } else {
                    let (source, coding) = (picture.source(), self.coding);
                    let fields = self.has_fields(layer);
                    let converted =
                        self.converter.interlaced(fields, |converter| converter.convert(&source, &coding, rect))?;
                    converted.unwrap_or(picture.frame)
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

    /// Whether the frames of `layer` are interlaced, and stay so.
    pub(super) fn has_fields(&self, layer: &Layer) -> bool {
        let info = self.session.found[layer.media.index()].picture();
        self.readers.keep_fields && info.is_some_and(|info| info.top_field_first.is_some())
    }

    /// What `layer` shows at `record`, as it is stored.
    pub(super) fn seen(&mut self, layer: &Layer, record: i64) -> Result<Seen> {
        let place = |error: Error| error.at_clip(&layer.clip).at_object(&layer.object);
        let (seen, second) = self.readers.seen(layer, record).map_err(place)?;
        match (seen, second) {
            (Seen::Frame { frame, position, .. }, Some((other, share))) => {
                let frame = self.between(&frame, &other, share).map_err(place)?;
                Ok(Seen::Frame { frame, position, share })
            }
            (seen, _) => Ok(seen),
        }
    }

    /// What was seen, turned upright, or made.
    fn picture(&mut self, layer: &Layer, seen: &Seen) -> Result<Picture> {
        let Seen::Frame { frame, .. } = seen else { return self.made(layer) };
        let (color, premultiplied) = (frame.color(), frame.is_premultiplied());
        let degrees = self.session.found[layer.media.index()].picture().map_or(0, |info| info.rotation);
        let rotation = Rotation::from_degrees(f64::from(degrees));
        if rotation == Rotation::None {
            return Ok(Picture { frame: frame.to_av()?, color, premultiplied });
        }
        let source = Source { frame: frame.as_av(), color, premultiplied };
        Ok(Picture { frame: self.converter.rotate(&source, rotation)?, color, premultiplied })
    }

    /// A picture of the canvas's size that is made, not read: what a generator draws, or a card that names the clip and
    /// what it lacks.
    fn made(&mut self, layer: &Layer) -> Result<Picture> {
        if let Some((_, picture)) = self.made.as_ref().filter(|(object, _)| *object == layer.object) {
            return picture.share();
        }
        let picture = match &self.session.found[layer.media.index()] {
            Found::Generated(Generated::Bars { bars }) => self.bars(*bars)?,
            Found::Generated(Generated::Slate { title, text }) => self.card(title, &layer.clip, text)?,
            Found::Generated(generated) => self.generated(generated)?,
            Found::Slate { title, what } => self.card(title, &layer.clip, what)?,
            _ => self.card("", &layer.clip, "")?,
        };
        self.made = Some((layer.object.clone(), picture.share()?));
        Ok(picture)
    }

    fn card(&self, title: &str, clip: &str, file: &str) -> Result<Picture> {
        let (width, height) = (self.coding.width, self.coding.height);
        let clip = if clip == file { "" } else { clip };
        let pixels = draw_slate(width, height, &Slate { title, clip, file });
        Ok(Picture { frame: rgba8_frame(&pixels, width, height)?, color: ColorTags::SRGB, premultiplied: false })
    }

    /// The tags of what is drawn in the canvas's own colours; on a linear canvas, in those of video.
    fn drawn_tags(&self) -> ColorTags {
        let canvas = self.coding.color;
        let transfer = if canvas.transfer == ColorTags::LINEAR { ColorTags::BT709.transfer } else { canvas.transfer };
        ColorTags { transfer, ..canvas }
    }

    fn generated(&mut self, generated: &Generated) -> Result<Picture> {
        let (width, height) = (self.coding.width, self.coding.height);
        let image = draw_generated(generated, width, height)
            .ok_or_else(|| Error::new(ErrorKind::Unsupported, "a generator that is not known"))?;
        let color = ColorTags { full_range: true, matrix: 0, ..self.drawn_tags() };
        let format = super::convert::RGBA16;
        let target = Target { format, color, premultiplied: true, ..self.coding };
        let frame = self.converter.from_rgba16(&image, color.transfer, &target)?;
        Ok(Picture { frame, color, premultiplied: true })
    }

    /// Colour bars, as video: values below black are theirs.
    fn bars(&mut self, bars: Bars) -> Result<Picture> {
        let (width, height) = (self.coding.width, self.coding.height);
        let tags = self.drawn_tags();
        let matrix = if tags.matrix == 0 { ColorTags::untagged(height).matrix } else { tags.matrix };
        let color = ColorTags { full_range: false, matrix, ..tags };
        let format = Pixel::YUV444P16LE;
        let mut frame = self.converter.blank(&Target { format, color, ..self.coding })?;
        let info = PixelInfo::need(format)?;
        let pixels = draw_bars(bars, width, height, super::yuv::luma_shares(matrix));
        for plane in 0..3 {
            let (data, stride) = frames::plane_mut(&mut frame, &info, plane);
            for (line, pixels) in data.chunks_mut(stride.max(1)).zip(pixels.chunks(width.max(1) as usize)) {
                for (sample, pixel) in line.as_chunks_mut::<2>().0.iter_mut().zip(pixels) {
                    *sample = pixel[plane].to_le_bytes();
                }
            }
        }
        Ok(Picture { frame, color, premultiplied: false })
    }

    /// A layer as premultiplied RGBA of the canvas's size.
    fn rgba_layer(&mut self, layer: &Layer, record: i64) -> Result<Arc<Rgba16>> {
        let seen = self.seen(layer, record)?;
        let drawing = self.session.drawing(layer, record, (1, 1));
        let known = |(object, at, way, _): &&(String, Seen, Option<_>, Arc<Rgba16>)| {
            *object == layer.object && at.is_same(&seen) && *way == drawing
        };
        if let Some((.., image)) = self.laid.iter().find(known) {
            return Ok(Arc::clone(image));
        }
        let image = Arc::new(self.rgba_picture(layer, &seen, record)?);
        self.laid.retain(|(object, ..)| *object != layer.object);
        if self.laid.len() >= 2 {
            self.laid.remove(0);
        }
        self.laid.push((layer.object.clone(), seen, drawing, Arc::clone(&image)));
        Ok(image)
    }

    fn rgba_picture(&mut self, layer: &Layer, seen: &Seen, record: i64) -> Result<Rgba16> {
        let size = (self.coding.width, self.coding.height);
        let transfer = self.coding.color.transfer;
        let whole = self.session.is_direct(layer) && self.session.rect(layer) == Rect::whole(size.0, size.1);
        if matches!(seen, Seen::Black) && whole {
            return Ok(Rgba16::black(size.0, size.1));
        }
        let picture = match seen {
            Seen::Black => self.generated(&Generated::Solid { color: [0, 0, 0, u16::MAX] })?,
            seen => self.picture(layer, seen)?,
        };
        if let Some(drawing) = self.session.drawing(layer, record, picture.size()) {
            let image = self.converter.to_rgba16(&picture.source(), picture.size(), transfer)?;
            return Ok(draw(&image, drawing.way, drawing.part, size));
        }
        let rect = self.session.rect(layer);
        let (source, fields) = (picture.source(), self.has_fields(layer));
        let image = self
            .converter
            .interlaced(fields, |converter| converter.to_rgba16(&source, (rect.width, rect.height), transfer))?;
        if rect == Rect::whole(size.0, size.1) {
            return Ok(image);
        }
        let mut canvas = Rgba16::transparent(size.0, size.1);
        picture::paste(&mut canvas, &image, rect.x, rect.y);
        Ok(canvas)
    }

    /// A layer as linear light: without being cut to what 16 bits hold, where it is that already.
    fn light_layer(&mut self, layer: &Layer, record: i64) -> Result<Arc<RgbaF32>> {
        let seen = self.seen(layer, record)?;
        let size = (self.coding.width, self.coding.height);
        if let Seen::Frame { .. } = &seen {
            let picture = self.picture(layer, &seen)?;
            if let Some(image) = self.as_light(&picture) {
                let image = match self.session.drawing(layer, record, picture.size()) {
                    Some(drawing) => draw(&image, drawing.way, drawing.part, size),
                    None => placed_light(image, self.session.rect(layer), size),
                };
                return Ok(Arc::new(image));
            }
        }
        Ok(Arc::new(RgbaF32::from(&*self.rgba_layer(layer, record)?)))
    }

    /// A picture of floats in the output's light, as it is stored.
    fn as_light(&self, picture: &Picture) -> Option<RgbaF32> {
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
        let (width, height) = picture.size();
        let mut image = RgbaF32::black(width, height);
        for (plane, channel) in PLANES_OF_LIGHT.into_iter().take(if info.alpha { 4 } else { 3 }).enumerate() {
            let (data, stride) = frames::plane(&picture.frame, &info, plane);
            for (line, out) in data.chunks(stride.max(1)).zip(image.data.chunks_mut(width as usize * 4)) {
                for (sample, pixel) in line.as_chunks::<4>().0.iter().zip(out.as_chunks_mut::<4>().0) {
                    pixel[channel] = f32::from_le_bytes(*sample);
                }
            }
        }
        Some(image)
    }

    /// Linear light in the output's coding, on black where that has no alpha.
    pub(super) fn light_frame(&mut self, image: &RgbaF32) -> Result<Video> {
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

/// The channels that the planes of FFmpeg's planar RGB hold.
const PLANES_OF_LIGHT: [usize; 4] = [1, 2, 0, 3];

/// What layers with alpha are laid over one another as.
pub(super) trait Image: picture::Picture {
    /// A picture of opaque black, or of nothing.
    fn blank(width: u32, height: u32, black: bool) -> Self;
    /// A picture of one colour: straight RGBA, 0 to 1.
    fn flat(size: (u32, u32), color: [f64; 4]) -> Self;
    /// A dissolve; a side that is `None` is transparent.
    fn mix(from: Option<&Self>, to: Option<&Self>, weight: Ratio) -> Option<Self>;
    /// A layer at a record frame.
    fn of_layer(compositor: &mut Compositor<'_>, layer: &Layer, record: i64) -> Result<Arc<Self>>;
}

impl Image for Rgba16 {
    fn blank(width: u32, height: u32, black: bool) -> Rgba16 {
        if black { Rgba16::black(width, height) } else { Rgba16::transparent(width, height) }
    }

    fn flat((width, height): (u32, u32), color: [f64; 4]) -> Rgba16 {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 65535")]
        let pixel = color.map(|part| (part.clamp(0.0, 1.0) * 65535.0).round() as u16);
        let mut image = Rgba16 { width, height, data: pixel.repeat(width as usize * height as usize) };
        picture::premultiply(&mut image);
        image
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

    fn flat((width, height): (u32, u32), [red, green, blue, alpha]: [f64; 4]) -> RgbaF32 {
        #[allow(clippy::cast_possible_truncation, reason = "a colour in singles")]
        let pixel = [red * alpha, green * alpha, blue * alpha, alpha].map(|part| part as f32);
        RgbaF32 { width, height, data: pixel.repeat(width as usize * height as usize) }
    }

    fn mix(from: Option<&RgbaF32>, to: Option<&RgbaF32>, weight: Ratio) -> Option<RgbaF32> {
        RgbaF32::mix(from, to, weight)
    }

    fn of_layer(compositor: &mut Compositor<'_>, layer: &Layer, record: i64) -> Result<Arc<RgbaF32>> {
        compositor.light_layer(layer, record)
    }
}
