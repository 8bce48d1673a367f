//! Where layers lie in the canvas of a run: placement, bounds, transforms.

use ffmpeg_next::format::Pixel;

use super::super::convert::Converter;
use super::super::info::MediaInfo;
use super::super::media::ResolvedMedia;
use crate::picture::{Affine, Area, MediaShape, PicturePart, Rect, Rotation, place};
use crate::plan::{Animated, Canvas, Look, Media, MediaId, Placement, Plan, Unit};
use crate::time::Ratio;

/// Where a medium's picture lies in the canvas.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlacedPicture {
    /// To a part of a pixel.
    pub(super) area: Area,
    /// In whole pixels, on the grid of the output's chroma.
    pub(super) rect: Rect,
    /// Whether bounds decide.
    pub(super) bounded: bool,
}

/// How a picture is drawn that is not simply scaled into its rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Drawing {
    /// From its pixels to the canvas's.
    pub(super) way: Affine,
    /// The part of it that is drawn.
    pub(super) part: PicturePart,
}

/// Where every medium of the plan lies. (R13)
pub(super) fn placed(plan: &Plan, found: &[ResolvedMedia], canvas: &Canvas, format: Pixel) -> Vec<PlacedPicture> {
    let plain = |media: &Media, found: &ResolvedMedia| plainly(media, found, plan.placement, canvas, format);
    let area_of = |media: MediaId| plain(&plan.media[media], &found[media.index()]).area;
    let ruler = plan.ruler().and_then(|media| Some((plan.media[media].bounds?, area_of(media))));
    let place = |(media, found): (&Media, &ResolvedMedia)| {
        let area = ruler.zip(media.bounds).and_then(|((known, area), bounds)| area.of_bounds(known, bounds));
        match area {
            Some(area) => {
                let rect = area.aligned((canvas.width, canvas.height), Converter::alignment(format));
                PlacedPicture { area, rect, bounded: true }
            }
            None => plain(media, found),
        }
    };
    plan.media.iter().zip(found).map(place).collect()
}

/// Where media lies without bounds.
pub(super) fn plainly(
    media: &Media,
    found: &ResolvedMedia,
    placement: Placement,
    canvas: &Canvas,
    format: Pixel,
) -> PlacedPicture {
    let frame = frame(canvas);
    match found.picture().map(|info| shape(info, media)) {
        Some(shape) => PlacedPicture {
            area: Area::of_media(shape, frame, placement),
            rect: place(shape, frame, placement, Converter::alignment(format)),
            bounded: false,
        },
        // Black and cards fill the canvas.
        None => {
            let area = Area { x: 0.0, y: 0.0, width: canvas.width.into(), height: canvas.height.into() };
            PlacedPicture { area, rect: Rect::whole(canvas.width, canvas.height), bounded: false }
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

/// How a picture of `width × height` pixels that lies in `area` is drawn at record frame `record`.
pub(super) fn drawing(canvas: &Canvas, area: Area, look: &Look, record: i64, (width, height): (u32, u32)) -> Drawing {
    let frame = look.frame(record);
    let (wide, high) = (f64::from(width), f64::from(height));
    let mut part = PicturePart { left: 0.0, top: 0.0, right: wide, bottom: high };
    if let Some(crop) = &look.crop {
        part = PicturePart {
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
            Unit::Canvas => (f64::from(canvas.width), f64::from(canvas.height)),
            Unit::Media => (area.width, area.height),
        };
        let at = |pair: &[Animated; 2]| [pair[0].at(frame), pair[1].at(frame)];
        let ([zoom_x, zoom_y], [x, y], [anchor_x, anchor_y]) =
            (at(&transform.zoom), at(&transform.position), at(&transform.anchor));
        // Upwards in the plan is to smaller line numbers.
        let (anchor_x, anchor_y) = (anchor_x * unit.0, -anchor_y * unit.1);
        let flip = transform.flip.map(|flip| if flip { -1.0 } else { 1.0 });
        // Turns keep shapes where pixels are square.
        let aspect = canvas.pixel_aspect.max(Ratio::new(1, 1000)).to_f64();
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
