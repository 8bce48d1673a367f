//! Pictures that are made, not read.

use serde::{Deserialize, Serialize};

/// Red, green, blue and alpha, straight, from 0 to 65535, in the canvas's own transfer.
pub type Rgba = [u16; 4];

/// What a generator draws, over the whole canvas.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "picture", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Generated {
    /// One colour.
    Solid {
        /// The colour.
        color: Rgba,
    },
    /// From one colour at the left to another at the right.
    Gradient {
        /// The colours.
        colors: [Rgba; 2],
    },
    /// A colour in every corner: top left, top right, bottom left, bottom right.
    Corners {
        /// The colours.
        colors: [Rgba; 4],
    },
    /// Squares, sixteen to a line, the first colour in the top left one.
    Checker {
        /// The colours.
        colors: [Rgba; 2],
    },
    /// Colour bars.
    Bars {
        /// Which.
        bars: Bars,
    },
    /// A card with writing on it.
    Slate {
        /// The large line.
        title: String,
        /// What is written below it.
        text: String,
    },
}

/// Colour bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Bars {
    /// SMPTE ECR 1: seven bars of 75 %, with −I, white, +Q and the steps around black below.
    Smpte,
    /// SMPTE RP 219: bars of 75 % for wide pictures, with 40 % grey at the sides, a ramp, and steps around black.
    SmpteHd,
    /// EBU: white, then seven bars of 75 %.
    Ebu,
    /// Eight bars of 100 %.
    Full,
}

/// Opaque black.
pub(crate) const BLACK: Rgba = [0, 0, 0, 65535];
/// Opaque white.
pub(crate) const WHITE: Rgba = [65535; 4];

impl Generated {
    /// A card that says what cannot be drawn.
    pub(crate) fn slate(title: &str, text: &str) -> Generated {
        Generated::Slate { title: title.to_owned(), text: text.to_owned() }
    }

    /// Whether it is nothing but opaque black.
    pub fn is_black(&self) -> bool {
        *self == Generated::Solid { color: BLACK }
    }

    /// Whether it shows nothing at all.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Generated::Solid { color: [.., 0] })
    }

    /// Whether nothing can be seen through it.
    pub fn is_opaque(&self) -> bool {
        let all = |colors: &[Rgba]| colors.iter().all(|color| color[3] == u16::MAX);
        match self {
            Generated::Solid { color } => all(&[*color]),
            Generated::Gradient { colors } | Generated::Checker { colors } => all(colors),
            Generated::Corners { colors } => all(colors),
            Generated::Bars { .. } | Generated::Slate { .. } => true,
        }
    }
}
