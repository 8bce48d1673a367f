//! How large the pictures of a representation are, and where in them the canvas lies: geometry alone.

use crate::deliver::{Preset, Representation};
use crate::picture::{MediaShape, Placement, Rect, place};
use crate::plan::Canvas;
use crate::time::Ratio;

/// The size of pictures and what lies where in them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shape {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Width of a pixel over its height.
    pub(super) pixel_aspect: Ratio,
    /// How the canvas lies in them.
    placement: Placement,
    canvas: Canvas,
}

impl Shape {
    /// The shape of the pictures that `representation` makes of `canvas`: in whole pixels, on the grid of `preset`.
    pub(super) fn of(representation: &Representation, canvas: &Canvas, preset: &Preset) -> Shape {
        let pixel_aspect = if representation.square_pixels { Ratio::ONE } else { canvas.pixel_aspect };
        let wide = f64::from(canvas.width) * canvas.pixel_aspect.to_f64() / pixel_aspect.to_f64();
        let high = f64::from(canvas.height);
        let size = representation.size;
        let (width, height) = match (size.width, size.height) {
            (Some(width), Some(height)) => (f64::from(width), f64::from(height)),
            (Some(width), None) => (f64::from(width), f64::from(width) * high / wide),
            (None, Some(height)) => (f64::from(height) * wide / high, f64::from(height)),
            (None, None) => {
                let scale = size.scale.unwrap_or(1.0);
                (wide * scale, high * scale)
            }
        };
        // A side that follows is rounded, which must not leave a bare line.
        let boxed = size.width.is_some() && size.height.is_some();
        let placement = if boxed { size.placement } else { Placement::Stretch };
        let (width, height) = preset.nearest_size(whole(width), whole(height));
        Shape { width, height, pixel_aspect, placement, canvas: *canvas }
    }

    /// Where the canvas lies, edges inside the picture on multiples of `grid`.
    pub(super) fn rect(&self, grid: (u32, u32)) -> Rect {
        let plain = |width, height, pixel_aspect| MediaShape { pixel_aspect, ..MediaShape::square(width, height) };
        let canvas = plain(self.canvas.width, self.canvas.height, self.canvas.pixel_aspect);
        place(canvas, plain(self.width, self.height, self.pixel_aspect), self.placement, grid)
    }

    /// What a letterbox of this aspect leaves to be seen, edges on multiples of `grid`; `None` where it is everything.
    pub(super) fn window(&self, aspect: f64, grid: (u32, u32)) -> Option<Rect> {
        let own = f64::from(self.width) * self.pixel_aspect.to_f64() / f64::from(self.height);
        let seen = MediaShape {
            pixel_aspect: self.pixel_aspect,
            ..match own < aspect {
                true => MediaShape::square(self.width, whole(f64::from(self.height) * own / aspect)),
                false => MediaShape::square(whole(f64::from(self.width) * aspect / own), self.height),
            }
        };
        let frame = MediaShape { pixel_aspect: self.pixel_aspect, ..MediaShape::square(self.width, self.height) };
        let window = place(seen, frame, Placement::Native, grid);
        (window != Rect::whole(self.width, self.height)).then_some(window)
    }
}

/// A side in whole pixels, at least one.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what a picture may have")]
fn whole(side: f64) -> u32 {
    side.round().clamp(1.0, 1e6) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::Size;
    use crate::plan::ColorTags;

    const UHD: Canvas = Canvas { width: 3840, height: 2160, pixel_aspect: Ratio::ONE, color: ColorTags::BT709 };

    fn shape(canvas: Canvas, change: impl FnOnce(&mut Representation)) -> Shape {
        let mut representation = Representation::by_name("h264").expect("built in");
        change(&mut representation);
        Shape::of(&representation, &canvas, &representation.preset)
    }

    fn size(canvas: Canvas, change: impl FnOnce(&mut Size)) -> (u32, u32) {
        let shape = shape(canvas, |representation| change(&mut representation.size));
        (shape.width, shape.height)
    }

    #[test]
    fn sides_follow_one_another_and_are_even() {
        assert_eq!(size(UHD, |_| ()), (3840, 2160));
        assert_eq!(size(UHD, |size| size.width = Some(1280)), (1280, 720));
        assert_eq!(size(UHD, |size| size.height = Some(720)), (1280, 720));
        assert_eq!(size(UHD, |size| size.scale = Some(0.25)), (960, 540));
        assert_eq!(size(UHD, |size| size.scale = Some(0.001)), (4, 2));
        let odd = Canvas { width: 1279, height: 719, ..UHD };
        assert_eq!(size(odd, |_| ()), (1278, 718));
        let squeezed = Canvas { width: 1440, height: 1080, pixel_aspect: Ratio::new(4, 3), ..UHD };
        assert_eq!(size(squeezed, |_| ()), (1920, 1080));
        let kept = shape(squeezed, |representation| representation.square_pixels = false);
        assert_eq!((kept.width, kept.pixel_aspect), (1440, Ratio::new(4, 3)));
    }

    #[test]
    fn only_a_box_has_bars() {
        let boxed = shape(UHD, |representation| {
            (representation.size.width, representation.size.height) = (Some(1000), Some(1000));
        });
        assert_eq!(boxed.rect((2, 2)), Rect { x: 0, y: 220, width: 1000, height: 562 });
        let odd = shape(Canvas { width: 1279, height: 719, ..UHD }, |_| ());
        assert_eq!(odd.rect((2, 2)), Rect::whole(1278, 718));
    }

    #[test]
    fn a_letterbox_leaves_its_aspect() {
        let hd = shape(UHD, |representation| representation.size.width = Some(1920));
        assert_eq!(hd.window(2.39, (2, 2)), Some(Rect { x: 0, y: 138, width: 1920, height: 804 }));
        assert_eq!(hd.window(4.0 / 3.0, (2, 2)), Some(Rect { x: 240, y: 0, width: 1440, height: 1080 }));
        assert_eq!(hd.window(16.0 / 9.0, (2, 2)), None);
    }
}
