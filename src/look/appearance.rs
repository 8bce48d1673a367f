//! How a layer looks in the cut: opacity, blend mode, crop and transform.

use serde::{Deserialize, Serialize};

use super::Animated;
use crate::geometry::Placement;
use crate::setters::setters;
use crate::time::Ratio;
use crate::time::source_map::SourceMap;

/// How a layer looks in the cut, beyond its media and its place in time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Look {
    /// How much of it is seen, from 0 to 1.
    #[serde(skip_serializing_if = "Animated::is_one")]
    pub opacity: Animated,
    /// Fades at the clip's ends, from 0 to 1: the opacity is multiplied by it.
    #[serde(skip_serializing_if = "Animated::is_one")]
    pub fade: Animated,
    /// Takes record frames to the frames that key frames count: record frames since the clip's first. `None` where
    /// nothing is animated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<Box<SourceMap>>,
    /// How it is laid over what is below it.
    #[serde(skip_serializing_if = "Blend::is_normal")]
    pub blend: Blend,
    /// How its media lies in the canvas before the transform, where that is not the plan's placement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placement: Option<Placement>,
    /// What is cut off its picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crop: Option<Box<Crop>>,
    /// How the placed picture is moved, scaled and turned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transform: Option<Box<Transform>>,
}

setters!(Look {
    opacity: Animated,
    fade: Animated,
    clock: some into Box<SourceMap>,
    blend: Blend,
    placement: some Placement,
    crop: some into Box<Crop>,
    transform: some into Box<Transform>,
});

impl Look {
    /// Whether nothing is to be done but to lay the placed picture over what is below it.
    pub fn is_plain(&self) -> bool {
        self.is_flat() && self.opacity.is_one() && self.fade.is_one()
    }

    pub(crate) fn is_default(&self) -> bool {
        self.is_plain() && self.placement.is_none()
    }

    /// Whether nothing but opacity is to be applied to the placed picture.
    pub fn is_flat(&self) -> bool {
        self.blend.is_normal() && self.crop.is_none() && self.transform.is_none()
    }

    /// Whether it is never seen at all.
    pub fn is_invisible(&self) -> bool {
        self.opacity == Animated::Constant(0.0) || self.fade == Animated::Constant(0.0)
    }

    /// The opacity at record frame `record`, from 0 to 1.
    pub fn opacity_at(&self, record: i64) -> Ratio {
        if self.opacity.is_one() && self.fade.is_one() {
            return Ratio::ONE;
        }
        let frame = self.frame(record);
        Ratio::nearest((self.opacity.at(frame) * self.fade.at(frame)).clamp(0.0, 1.0))
    }

    /// Where record frame `record` lies among key frames.
    pub fn frame(&self, record: i64) -> f64 {
        self.clock.as_ref().map_or(0.0, |clock| clock.position(record).to_f64())
    }

    /// Whether anything changes from frame to frame.
    pub(crate) fn is_animated(&self) -> bool {
        let moves = |values: &[&Animated]| values.iter().any(|value| matches!(value, Animated::Keys(_)));
        moves(&[&self.opacity, &self.fade])
            || self.crop.as_ref().is_some_and(|crop| moves(&[&crop.left, &crop.right, &crop.top, &crop.bottom]))
            || self.transform.as_ref().is_some_and(|transform| {
                let [a, b, c] = [&transform.zoom, &transform.position, &transform.anchor];
                moves(&[&a[0], &a[1], &b[0], &b[1], &c[0], &c[1], &transform.rotation])
            })
    }
}

/// How a layer is laid over what is below it: the function of two colours that W3C's "Compositing and Blending Level 1"
/// gives under the same name, where both are opaque. Where either is not, its colour stays what it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Blend {
    /// The upper colour.
    #[default]
    Normal,
    /// The sum, at most white; in linear light, the sum.
    Add,
    /// The product.
    Multiply,
    /// The product of the inverses, inverted.
    Screen,
    /// Multiply where what is below is dark, screen where it is bright.
    Overlay,
    /// The darker one, channel by channel.
    Darken,
    /// The brighter one, channel by channel.
    Lighten,
    /// By how much they differ.
    Difference,
}

impl Blend {
    /// Whether it is laid over as it is.
    pub fn is_normal(&self) -> bool {
        *self == Blend::Normal
    }

    /// The mode of this name, as applications write it, in any case.
    pub fn by_name(name: &str) -> Option<Blend> {
        Some(match name.trim().to_ascii_lowercase().as_str() {
            "normal" | "over" | "none" => Blend::Normal,
            "add" | "plus" | "linear dodge (add)" => Blend::Add,
            "multiply" => Blend::Multiply,
            "screen" => Blend::Screen,
            "overlay" => Blend::Overlay,
            "darken" => Blend::Darken,
            "lighten" => Blend::Lighten,
            "difference" => Blend::Difference,
            _ => return None,
        })
    }
}

/// What is cut off a picture: shares of its width or height as shown, from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Crop {
    /// From the left.
    pub left: Animated,
    /// From the right.
    pub right: Animated,
    /// From the top.
    pub top: Animated,
    /// From the bottom.
    pub bottom: Animated,
}

setters!(Crop { left: Animated, right: Animated, top: Animated, bottom: Animated });

impl Default for Crop {
    fn default() -> Crop {
        let none = || Animated::Constant(0.0);
        Crop { left: none(), right: none(), top: none(), bottom: none() }
    }
}

/// How a placed picture is flipped, then scaled and turned around its anchor, then moved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Transform {
    /// What lengths are shares of.
    pub unit: Unit,
    /// Scale to the right and upwards; 1 leaves the size as it is.
    pub zoom: [Animated; 2],
    /// How far it is moved to the right and upwards, in units.
    pub position: [Animated; 2],
    /// Where the anchor lies, to the right of and above the placed picture's centre, in units.
    pub anchor: [Animated; 2],
    /// The turn, in degrees counter-clockwise.
    pub rotation: Animated,
    /// Whether left and right, and top and bottom, change places.
    pub flip: [bool; 2],
}

setters!(Transform {
    unit: Unit,
    zoom: [Animated; 2],
    position: [Animated; 2],
    anchor: [Animated; 2],
    rotation: Animated,
    flip: [bool; 2],
});

impl Default for Transform {
    fn default() -> Transform {
        let none = || Animated::Constant(0.0);
        Transform {
            unit: Unit::default(),
            zoom: [Animated::default(), Animated::default()],
            position: [none(), none()],
            anchor: [none(), none()],
            rotation: none(),
            flip: [false, false],
        }
    }
}

/// What the lengths of a transform are shares of: each of the width, or of the height.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unit {
    /// Of the canvas.
    #[default]
    Canvas,
    /// Of the media's picture, a line of it being as high as one of the canvas.
    Media,
}

/// A change of colour that the timeline asks for, and that is not applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ColorNote {
    /// A colour decision of the American Society of Cinematographers: `(in × slope + offset) ^ power`, channel by
    /// channel (red, green, blue), then saturation around BT.709 luma.
    Cdl {
        /// The factors.
        slope: [f64; 3],
        /// What is added.
        offset: [f64; 3],
        /// The exponents.
        power: [f64; 3],
        /// 1 leaves the saturation as it is.
        saturation: f64,
    },
    /// An effect that changes colours, by the name its application gives it.
    Effect {
        /// The name.
        name: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_look_takes_no_room_in_json() {
        assert_eq!(serde_json::to_string(&Look::default()).expect("plain data"), "{}");
        let look = Look { opacity: Animated::Keys(vec![(1.0, 0.5)]), ..Look::default() };
        let text = serde_json::to_string(&look).expect("plain data");
        assert_eq!(serde_json::from_str::<Look>(&text).expect("the same data"), look, "{text}");
    }
}
