//! Where layers lie in the canvas of a run: placement, bounds, transforms.

use ffmpeg_next::format::Pixel;

use super::convert::Converter;
use super::media::Found;
use super::probe::MediaInfo;
use super::session::FfmpegSession;
use crate::picture::{Affine, Area, MediaShape, Part, Rect, Rotation, place};
use crate::plan::{Canvas, Layer, Look, Media, MediaId, Placement, Plan, Unit};
use crate::time::Ratio;

/// Where a medium's picture lies in the canvas.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed {
    /// To a part of a pixel.
    area: Area,
    /// In whole pixels, on the grid of the output's chroma.
    rect: Rect,
    /// Whether bounds decide.
    bounded: bool,
}

/// How a picture is drawn that is not simply scaled into its rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Drawing {
    /// From its pixels to the canvas's.
    pub(super) way: Affine,
    /// The part of it that is drawn.
    pub(super) part: Part,
}

/// Where every medium of the plan lies. (R13)
pub(super) fn placed(plan: &Plan, found: &[Found], canvas: &Canvas, format: Pixel) -> Vec<Placed> {
    let plain = |media: &Media, found: &Found| plainly(media, found, plan.placement, canvas, format);
    let area_of = |media: MediaId| plain(&plan.media[media], &found[media.index()]).area;
    let ruler = plan.ruler().and_then(|media| Some((plan.media[media].bounds?, area_of(media))));
    let place = |(media, found): (&Media, &Found)| {
        let area = ruler.zip(media.bounds).and_then(|((known, area), bounds)| area.of_bounds(known, bounds));
        match area {
            Some(area) => {
                let rect = area.aligned((canvas.width, canvas.height), Converter::alignment(format));
                Placed { area, rect, bounded: true }
            }
            None => plain(media, found),
        }
    };
    plan.media.iter().zip(found).map(place).collect()
}

/// Where media lies without bounds.
fn plainly(media: &Media, found: &Found, placement: Placement, canvas: &Canvas, format: Pixel) -> Placed {
    let frame = frame(canvas);
    match found.picture().map(|info| shape(info, media)) {
        Some(shape) => Placed {
            area: Area::of_media(shape, frame, placement),
            rect: place(shape, frame, placement, Converter::alignment(format)),
            bounded: false,
        },
        // Black and cards fill the canvas.
        None => {
            let area = Area { x: 0.0, y: 0.0, width: canvas.width.into(), height: canvas.height.into() };
            Placed { area, rect: Rect::whole(canvas.width, canvas.height), bounded: false }
        }
    }
}

/// The shape of a medium's picture.
pub(super) fn shape(info: &MediaInfo, media: &Media) -> MediaShape {
    let written = media.pixel_aspect.filter(|_| info.pixel_aspect == Ratio::ONE);
    MediaShape {
        width: info.width,
        height: info.height,
        pixel_aspect: written.unwrap_or(info.pixel_aspect),
        rotation: Rotation::from_degrees(f64::from(info.rotation)),
    }
}

fn frame(canvas: &Canvas) -> MediaShape {
    MediaShape { pixel_aspect: canvas.pixel_aspect, ..MediaShape::square(canvas.width, canvas.height) }
}

impl FfmpegSession<'_> {
    fn placed(&self, layer: &Layer) -> Placed {
        let placed = self.placed[layer.media.index()];
        match layer.look.placement {
            Some(placement) if !placed.bounded => {
                let media = &self.plan.media[layer.media];
                plainly(media, &self.found[layer.media.index()], placement, &self.canvas, self.format)
            }
            _ => placed,
        }
    }

    /// The rectangle of the canvas that `layer` fills, before crop and transform.
    pub(super) fn rect(&self, layer: &Layer) -> Rect {
        self.placed(layer).rect
    }

    /// Whether `layer` is its media, scaled into its rectangle: neither cropped nor transformed, nor so much larger than
    /// the canvas that scaling all of it would be a waste.
    pub(super) fn is_direct(&self, layer: &Layer) -> bool {
        let rect = self.rect(layer);
        let most = u64::from(self.canvas.width) * u64::from(self.canvas.height) * 4;
        layer.look.crop.is_none()
            && layer.look.transform.is_none()
            && u64::from(rect.width) * u64::from(rect.height) <= most
    }

    /// How the picture of `layer`, `width × height` pixels of it, is drawn at record frame `record`, if it is not
    /// direct.
    pub(super) fn drawing(&self, layer: &Layer, record: i64, (width, height): (u32, u32)) -> Option<Drawing> {
        if self.is_direct(layer) {
            return None;
        }
        Some(self.drawing_in(self.placed(layer).area, &layer.look, record, (width, height)))
    }

    /// How the picture of a stack, which is the canvas's, is drawn at record frame `record`, if it is cropped or
    /// transformed.
    pub(super) fn drawing_of_stack(&self, look: &Look, record: i64) -> Option<Drawing> {
        let size = (self.canvas.width, self.canvas.height);
        let area = Area { x: 0.0, y: 0.0, width: size.0.into(), height: size.1.into() };
        let is_drawn = look.crop.is_some() || look.transform.is_some();
        is_drawn.then(|| self.drawing_in(area, look, record, size))
    }

    /// How a picture of `width × height` pixels that lies in `area` is drawn.
    fn drawing_in(&self, area: Area, look: &Look, record: i64, (width, height): (u32, u32)) -> Drawing {
        let frame = look.frame(record);
        let (wide, high) = (f64::from(width), f64::from(height));
        let mut part = Part { left: 0.0, top: 0.0, right: wide, bottom: high };
        if let Some(crop) = &look.crop {
            part = Part {
                left: crop.left.at(frame) * wide,
                top: crop.top.at(frame) * high,
                right: (1.0 - crop.right.at(frame)) * wide,
                bottom: (1.0 - crop.bottom.at(frame)) * high,
            };
        }
        // The centre of the picture becomes the corner that turns and scales go around.
        let (half_x, half_y) = (area.width / 2.0, area.height / 2.0);
        let mut way = Affine::scale(area.width / wide, area.height / high).then(Affine::shift(-half_x, -half_y));
        if let Some(transform) = &look.transform {
            let unit = match transform.unit {
                Unit::Canvas => (f64::from(self.canvas.width), f64::from(self.canvas.height)),
                Unit::Media => (area.width, area.height),
            };
            let at = |pair: &[crate::plan::Animated; 2]| [pair[0].at(frame), pair[1].at(frame)];
            let ([zoom_x, zoom_y], [x, y], [anchor_x, anchor_y]) =
                (at(&transform.zoom), at(&transform.position), at(&transform.anchor));
            // Upwards in the plan is to smaller line numbers.
            let (anchor_x, anchor_y) = (anchor_x * unit.0, -anchor_y * unit.1);
            let flip = transform.flip.map(|flip| if flip { -1.0 } else { 1.0 });
            // Turns keep shapes where pixels are square.
            let aspect = self.canvas.pixel_aspect.max(Ratio::new(1, 1000)).to_f64();
            way = way
                .then(Affine::scale(flip[0], flip[1]))
                .then(Affine::shift(-anchor_x, -anchor_y))
                .then(Affine::scale(zoom_x * aspect, zoom_y))
                .then(Affine::turn(transform.rotation.at(frame)))
                .then(Affine::scale(1.0 / aspect, 1.0))
                .then(Affine::shift(anchor_x + x * unit.0, anchor_y - y * unit.1));
        }
        Drawing { way: way.then(Affine::shift(area.x + half_x, area.y + half_y)), part }
    }
}
