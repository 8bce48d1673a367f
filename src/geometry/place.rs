//! Where a picture lies in the canvas: geometry alone, no pixels.

use serde::{Deserialize, Serialize};

use crate::time::Ratio;
use crate::words::word_enum;

word_enum! {
    /// How media is placed in a canvas of another shape. Pixel aspects are taken into account first.
    Placement, "placement" {
        /// As large as fits in whole; the canvas may show above and below it, or at its sides.
        #[default]
        Fit = "fit",
        /// As small as leaves nothing of the canvas bare; what sticks out is cut off evenly.
        Fill = "fill",
        /// Exactly the canvas, whatever that does to the shape.
        Stretch = "stretch",
        /// One line of media to one line of canvas, centred.
        Native = "native",
    }
}

/// A turn that media asks for before it is shown, clockwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rotation {
    /// As it is stored.
    #[default]
    None,
    /// A quarter turn clockwise.
    Quarter,
    /// Upside down.
    Half,
    /// A quarter turn counter-clockwise.
    ThreeQuarters,
}

impl Rotation {
    /// The turn nearest to `degrees` clockwise.
    pub fn from_degrees(degrees: f64) -> Rotation {
        let turn = (degrees / 90.0).round().rem_euclid(4.0);
        match turn {
            1.0 => Rotation::Quarter,
            2.0 => Rotation::Half,
            3.0 => Rotation::ThreeQuarters,
            _ => Rotation::None,
        }
    }

    /// Whether width and height change places.
    pub const fn swaps_sides(self) -> bool {
        matches!(self, Rotation::Quarter | Rotation::ThreeQuarters)
    }
}

/// The shape of a picture: of media, or of the canvas (which is not turned).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MediaShape {
    /// Pixels in a line, as stored.
    pub width: u32,
    /// Lines, as stored.
    pub height: u32,
    /// Width of a stored pixel over its height.
    pub pixel_aspect: Ratio,
    /// The turn it is to be shown with.
    pub rotation: Rotation,
}

impl MediaShape {
    /// A shape of square pixels that is not turned.
    pub const fn square(width: u32, height: u32) -> MediaShape {
        MediaShape { width, height, pixel_aspect: Ratio::ONE, rotation: Rotation::None }
    }

    /// Width, height and pixel aspect as shown.
    fn rotated(self) -> (f64, f64, f64) {
        let aspect = if self.pixel_aspect.num() > 0 { self.pixel_aspect.to_f64() } else { 1.0 };
        let (width, height) = (f64::from(self.width.max(1)), f64::from(self.height.max(1)));
        if self.rotation.swaps_sides() { (height, width, 1.0 / aspect) } else { (width, height, aspect) }
    }
}

/// A rectangle of whole canvas pixels. It may reach beyond the canvas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rect {
    /// The column of its left edge, from the canvas's left.
    pub x: i64,
    /// The line of its top edge, from the canvas's top.
    pub y: i64,
    /// Its width in canvas pixels, at least 1.
    pub width: u32,
    /// Its height in lines, at least 1.
    pub height: u32,
}

impl Rect {
    /// The whole of a canvas.
    pub const fn whole(width: u32, height: u32) -> Rect {
        Rect { x: 0, y: 0, width, height }
    }

    /// Whether nothing of a canvas of this size is left bare.
    pub fn covers(self, width: u32, height: u32) -> bool {
        self.x <= 0
            && self.y <= 0
            && self.x + i64::from(self.width) >= i64::from(width)
            && self.y + i64::from(self.height) >= i64::from(height)
    }

    /// Whether nothing of it reaches beyond a canvas of this size.
    pub fn lies_within(self, width: u32, height: u32) -> bool {
        self.x >= 0
            && self.y >= 0
            && self.x + i64::from(self.width) <= i64::from(width)
            && self.y + i64::from(self.height) <= i64::from(height)
    }
}

/// Where media lies in the canvas.
///
/// Pixel aspects are taken into account first. A side that misses the canvas's by less than one pixel takes the
/// canvas's, so rounding leaves no bare line. Edges inside the canvas are moved onto multiples of `align` (columns,
/// lines): the chroma subsampling of the format it is scaled into, or `(1, 1)`.
pub fn place(media: MediaShape, canvas: MediaShape, placement: Placement, align: (u32, u32)) -> Rect {
    let (width, height) = extent(media, canvas, placement);
    let (x, width) = side(width, canvas.width.max(1).into(), align.0);
    let (y, height) = side(height, canvas.height.max(1).into(), align.1);
    Rect { x, y, width, height }
}

/// How large media lies in the canvas, in canvas pixels.
fn extent(media: MediaShape, canvas: MediaShape, placement: Placement) -> (f64, f64) {
    let (media_width, media_height, media_aspect) = media.rotated();
    let (canvas_width, canvas_height, canvas_aspect) = canvas.rotated();
    // In canvas pixels: a media pixel is `stretch` canvas pixels wide when it is one line high.
    let stretch = media_aspect / canvas_aspect;
    let (wide, high) = (media_width * stretch, media_height);
    match placement {
        Placement::Stretch => (canvas_width, canvas_height),
        Placement::Native => (wide, high),
        _ => {
            let (across, down) = (canvas_width / wide, canvas_height / high);
            let scale = if placement == Placement::Fill { across.max(down) } else { across.min(down) };
            (wide * scale, high * scale)
        }
    }
}

/// A place in the canvas, in its pixels and parts of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// The left edge, from the canvas's left.
    pub x: f64,
    /// The top edge, from the canvas's top.
    pub y: f64,
    /// The width.
    pub width: f64,
    /// The height.
    pub height: f64,
}

impl Area {
    /// Where media lies in the canvas, to a part of a pixel; a side that misses the canvas's by less than one pixel
    /// takes the canvas's.
    pub fn of_media(media: MediaShape, canvas: MediaShape, placement: Placement) -> Area {
        let (width, height) = extent(media, canvas, placement);
        let side = |length: f64, canvas: f64| match (length - canvas).abs() < 1.0 {
            true => (0.0, canvas),
            false => ((canvas - length) / 2.0, length),
        };
        let (x, width) = side(width, canvas.width.max(1).into());
        let (y, height) = side(height, canvas.height.max(1).into());
        Area { x, y, width, height }
    }

    /// Where media with these bounds lies, given that media with the bounds `known` lies here. Bounds are OpenTimelineIO's:
    /// `[min x, min y, max x, max y]`, upwards, in any unit. `None` where either is no rectangle.
    pub fn of_bounds(self, known: [f64; 4], bounds: [f64; 4]) -> Option<Area> {
        let is_rectangle = |[left, bottom, right, top]: [f64; 4]| {
            [left, bottom, right, top].iter().all(|edge| edge.is_finite()) && left < right && bottom < top
        };
        if !is_rectangle(known) || !is_rectangle(bounds) {
            return None;
        }
        let (across, down) = (self.width / (known[2] - known[0]), self.height / (known[3] - known[1]));
        let area = Area {
            x: self.x + (bounds[0] - known[0]) * across,
            y: self.y + (known[3] - bounds[3]) * down,
            width: (bounds[2] - bounds[0]) * across,
            height: (bounds[3] - bounds[1]) * down,
        };
        [area.x, area.y, area.width, area.height].iter().all(|number| number.abs() < 1e7).then_some(area)
    }

    /// The nearest rectangle of whole pixels whose edges inside the canvas (width, height) lie on multiples of `align`.
    /// An edge less than a pixel from the canvas's is that.
    pub fn aligned(self, canvas: (u32, u32), align: (u32, u32)) -> Rect {
        let (x, width) = edges(self.x, self.width, canvas.0, align.0);
        let (y, height) = edges(self.y, self.height, canvas.1, align.1);
        Rect { x, y, width, height }
    }
}

/// Where a side starts and how long it is, in whole pixels.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 10^7, and ordered")]
fn edges(start: f64, length: f64, canvas: u32, align: u32) -> (i64, u32) {
    let (limit, align) = (f64::from(canvas), f64::from(align.max(1)));
    let whole = |edge: f64| match edge {
        _ if edge.abs() < 1.0 => 0.0,
        _ if (edge - limit).abs() < 1.0 => limit,
        _ => (edge / align).round() * align,
    };
    let (from, to) = (whole(start), whole(start + length));
    (from as i64, (to - from).max(1.0) as u32)
}

/// One side centred in the canvas: where it starts and how long it is.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a side no picture has just before"
)]
fn side(length: f64, canvas: f64, align: u32) -> (i64, u32) {
    if (length - canvas).abs() < 1.0 {
        return (0, canvas as u32);
    }
    let align = f64::from(align.max(1));
    let length = length.clamp(1.0, 1e6);
    if length > canvas {
        // What sticks out is cut off: only the start has to lie on the grid.
        let length = length.round();
        let start = ((canvas - length) / 2.0 / align).floor() * align;
        // Moving the start must not bare the far edge.
        let length = length.max(canvas - start);
        return (start as i64, length as u32);
    }
    let length = ((length / align).round() * align).max(align).min(canvas);
    let start = ((canvas - length) / 2.0 / align).round() * align;
    (start as i64, length as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HD: MediaShape = MediaShape::square(1920, 1080);

    fn rect(x: i64, y: i64, width: u32, height: u32) -> Rect {
        Rect { x, y, width, height }
    }

    #[test]
    fn fit_leaves_bars_and_fill_cuts() {
        let scope = MediaShape::square(2048, 858);
        assert_eq!(place(scope, HD, Placement::Fit, (1, 1)), rect(0, 138, 1920, 804));
        let fill = place(scope, HD, Placement::Fill, (1, 1));
        assert_eq!((fill.y, fill.height), (0, 1080));
        assert!(fill.covers(1920, 1080) && !fill.lies_within(1920, 1080));
        assert_eq!(place(scope, HD, Placement::Stretch, (2, 2)), Rect::whole(1920, 1080));
        assert_eq!(place(MediaShape::square(640, 360), HD, Placement::Native, (1, 1)), rect(640, 360, 640, 360));
    }

    #[test]
    fn pixel_aspect_comes_first() {
        let pal_wide = MediaShape { pixel_aspect: Ratio::new(64, 45), ..MediaShape::square(720, 576) };
        assert!(place(pal_wide, HD, Placement::Fit, (2, 2)).covers(1920, 1080));
        let pal = MediaShape { pixel_aspect: Ratio::new(16, 15), ..MediaShape::square(720, 576) };
        assert_eq!(place(pal, HD, Placement::Fit, (2, 2)), rect(240, 0, 1440, 1080));
        let anamorphic = MediaShape { pixel_aspect: Ratio::whole(2), ..MediaShape::square(1920, 1080) };
        assert_eq!(place(HD, anamorphic, Placement::Fit, (2, 2)), rect(480, 0, 960, 1080));
    }

    #[test]
    fn less_than_a_pixel_off_covers() {
        assert!(place(MediaShape::square(1998, 1124), HD, Placement::Fit, (2, 2)).covers(1920, 1080));
        assert!(place(MediaShape::square(1279, 720), HD, Placement::Fit, (2, 2)).width < 1920);
    }

    #[test]
    fn a_quarter_turn_swaps_the_sides() {
        let phone = MediaShape { rotation: Rotation::Quarter, ..HD };
        let placed = place(phone, HD, Placement::Fit, (2, 2));
        assert_eq!((placed.width, placed.height), (608, 1080));
        assert_eq!(placed.x % 2, 0);
        let turned_canvas = MediaShape::square(1080, 1920);
        assert!(place(phone, turned_canvas, Placement::Fit, (1, 1)).covers(1080, 1920));
    }

    #[test]
    fn every_shape_lands_on_the_grid_and_in_the_canvas() {
        for width in (1..4000).step_by(37) {
            for height in (1..3000).step_by(41) {
                let media = MediaShape::square(width, height);
                let fit = place(media, HD, Placement::Fit, (2, 2));
                assert!(fit.lies_within(1920, 1080), "{width}x{height}: {fit:?}");
                assert!(fit.x % 2 == 0 && fit.y % 2 == 0, "{width}x{height}: {fit:?}");
                assert!(fit.width == 1920 || fit.height == 1080, "{width}x{height}: {fit:?}");
                assert!(place(media, HD, Placement::Fill, (2, 2)).covers(1920, 1080), "{width}x{height}");
            }
        }
    }

    #[test]
    fn bounds_are_laid_out_around_those_of_the_canvas() {
        let canvas = Area { x: 0.0, y: 0.0, width: 1920.0, height: 1080.0 };
        let known = [-8.0, -4.5, 8.0, 4.5];
        assert_eq!(canvas.of_bounds(known, known), Some(canvas));
        // The upper right quarter: upwards is to smaller line numbers.
        let quarter = canvas.of_bounds(known, [0.0, 0.0, 8.0, 4.5]).expect("a rectangle");
        assert_eq!(quarter.aligned((1920, 1080), (2, 2)), rect(960, 0, 960, 540));
        let beyond = canvas.of_bounds(known, [-16.0, -4.5, 0.0, 4.5]).expect("a rectangle");
        assert_eq!(beyond.aligned((1920, 1080), (1, 1)), rect(-960, 0, 1920, 1080));
        let off = canvas.of_bounds([0.0, 0.0, 1920.0, 1080.0], [100.3, 100.4, 300.9, 200.2]).expect("a rectangle");
        assert_eq!(off.aligned((1920, 1080), (2, 2)), rect(100, 880, 200, 100));
        for broken in [[0.0; 4], [1.0, 0.0, 0.0, 1.0], [0.0, f64::NAN, 1.0, 1.0], [0.0, 0.0, f64::INFINITY, 1.0]] {
            assert_eq!((canvas.of_bounds(known, broken), canvas.of_bounds(broken, known)), (None, None));
        }
        assert_eq!(canvas.of_bounds(known, [0.0, 0.0, 1e12, 1.0]), None);
    }

    #[test]
    fn degrees_round_to_quarter_turns() {
        assert_eq!(Rotation::from_degrees(-90.0), Rotation::ThreeQuarters);
        assert_eq!(Rotation::from_degrees(180.4), Rotation::Half);
        assert_eq!(Rotation::from_degrees(450.0), Rotation::Quarter);
        assert_eq!(Rotation::from_degrees(f64::NAN), Rotation::None);
    }
}
