//! Moves, scales and turns in the canvas.

/// From pixels of a picture to pixels of the canvas, both from their top left corners, downwards: `x' = xx × x + xy × y
/// + x0`, `y' = yx × x + yy × y + y0`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Affine {
    /// How far one pixel to the right leads to the right.
    pub xx: f64,
    /// How far one line down leads to the right.
    pub xy: f64,
    /// How far one pixel to the right leads down.
    pub yx: f64,
    /// How far one line down leads down.
    pub yy: f64,
    /// The column of the picture's corner.
    pub x0: f64,
    /// The line of the picture's corner.
    pub y0: f64,
}

impl Affine {
    /// Nothing moves.
    pub const IDENTITY: Affine = Affine { xx: 1.0, xy: 0.0, yx: 0.0, yy: 1.0, x0: 0.0, y0: 0.0 };

    /// Scales by `x` and `y` around the corner.
    pub const fn scale(x: f64, y: f64) -> Affine {
        Affine { xx: x, yy: y, ..Affine::IDENTITY }
    }

    /// Moves.
    pub const fn shift(x: f64, y: f64) -> Affine {
        Affine { x0: x, y0: y, ..Affine::IDENTITY }
    }

    /// Turns around the corner, by `degrees` counter-clockwise.
    pub fn turn(degrees: f64) -> Affine {
        // Quarter turns come out exact.
        let (sin, cos) = match degrees.rem_euclid(360.0) {
            0.0 => (0.0, 1.0),
            90.0 => (1.0, 0.0),
            180.0 => (0.0, -1.0),
            270.0 => (-1.0, 0.0),
            other => other.to_radians().sin_cos(),
        };
        Affine { xx: cos, xy: sin, yx: -sin, yy: cos, x0: 0.0, y0: 0.0 }
    }

    /// This first, then `next`.
    #[must_use]
    pub fn then(self, next: Affine) -> Affine {
        Affine {
            xx: next.xx * self.xx + next.xy * self.yx,
            xy: next.xx * self.xy + next.xy * self.yy,
            yx: next.yx * self.xx + next.yy * self.yx,
            yy: next.yx * self.xy + next.yy * self.yy,
            x0: next.xx * self.x0 + next.xy * self.y0 + next.x0,
            y0: next.yx * self.x0 + next.yy * self.y0 + next.y0,
        }
    }

    /// The way back, unless everything falls on a line.
    pub fn inverse(self) -> Option<Affine> {
        let area = self.xx * self.yy - self.xy * self.yx;
        if !area.is_finite() || area.abs() < 1e-12 {
            return None;
        }
        let (xx, xy, yx, yy) = (self.yy / area, -self.xy / area, -self.yx / area, self.xx / area);
        Some(Affine { xx, xy, yx, yy, x0: -(xx * self.x0 + xy * self.y0), y0: -(yx * self.x0 + yy * self.y0) })
    }

    /// Where a point lands.
    pub fn apply(self, x: f64, y: f64) -> (f64, f64) {
        (self.xx * x + self.xy * y + self.x0, self.yx * x + self.yy * y + self.y0)
    }
}
