//! Text that is burnt into pictures.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::template;
use crate::error::{Error, ErrorKind, Result};
use crate::look::hex_bytes;
use crate::setters::setters;
use crate::words::word_enum;

/// A line of text in every picture of a representation.
///
/// ```
/// use otio_conflate::deliver::{BurnIn, Corner};
///
/// let line = BurnIn::text("{fields.task}  {timecode}")?.at(Corner::TopRight).size(0.05).color("#ffcc00".parse()?);
/// assert_eq!(line.text.to_string(), "{fields.task}  {timecode}");
/// assert!(BurnIn::text("{shto}").is_err());
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BurnIn {
    /// What it says.
    pub text: BurnInText,
    /// Where it stands. Several in one place stand below one another, in their order.
    #[serde(default)]
    pub at: Corner,
    /// How high a line is, as a share of the picture's height.
    #[serde(default = "line_height")]
    pub size: f64,
    /// The colour of the letters, sRGB.
    #[serde(default = "white")]
    pub color: HexColor,
    /// The colour of the box behind them, sRGB.
    #[serde(default = "black")]
    pub back: HexColor,
    /// How opaque the box is: 0 for none.
    #[serde(default = "half")]
    pub back_opacity: f64,
}

fn line_height() -> f64 {
    0.04
}

fn half() -> f64 {
    0.5
}

fn white() -> HexColor {
    HexColor([255; 3])
}

fn black() -> HexColor {
    HexColor([0; 3])
}

impl BurnIn {
    /// White text on a box that is half transparent, a twenty-fifth of the picture high.
    pub fn new(text: BurnInText, at: Corner) -> BurnIn {
        BurnIn { text, at, size: line_height(), color: white(), back: black(), back_opacity: half() }
    }

    /// Text of these fields, as it is written: `{shot}  {frame}`.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] for a field that there is not.
    pub fn text(text: &str) -> Result<BurnIn> {
        Ok(BurnIn::new(text.parse()?, Corner::default()))
    }

    /// Whether its numbers can be drawn.
    pub(super) fn check(&self) -> Result<()> {
        let bad = |what: String| Err(Error::new(ErrorKind::Option, what));
        if !(0.005..=0.5).contains(&self.size) {
            return bad(format!("a burn-in has a size of 0.005 to 0.5 of the picture height, not {}", self.size));
        }
        if !(0.0..=1.0).contains(&self.back_opacity) {
            return bad(format!("the box of a burn-in has an opacity of 0 to 1, not {}", self.back_opacity));
        }
        Ok(())
    }
}

setters!(BurnIn { at: Corner, size: f64, color: HexColor, back: HexColor, back_opacity: f64 });

word_enum! {
    /// Where in a picture a burn-in stands.
    Corner, "place of a burn-in" {
        /// The upper left corner.
        #[default]
        TopLeft = "top-left",
        /// The middle of the upper edge.
        Top = "top",
        /// The upper right corner.
        TopRight = "top-right",
        /// The middle.
        Center = "center",
        /// The lower left corner.
        BottomLeft = "bottom-left",
        /// The middle of the lower edge.
        Bottom = "bottom",
        /// The lower right corner.
        BottomRight = "bottom-right",
    }
}

/// What a burn-in says: text with any of [`BurnInText::FIELDS`] in it, such as `{shot}  {frame}`, and with
/// `{fields.NAME}`, the shot's own field of that name ([`Shot::fields`](crate::plan::Shot::fields)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BurnInText(String);

impl BurnInText {
    /// The fields there are: names, the frame's number and record timecode, the topmost visible layer's media, source
    /// frame and source timecode, and the day it was made.
    pub const FIELDS: [&str; 11] = [
        "shot",
        "clip",
        "track",
        "timeline",
        "representation",
        "frame",
        "timecode",
        "media",
        "source_frame",
        "source_timecode",
        "date",
    ];

    /// The names of shots' own fields in it.
    pub(super) fn own_fields(&self) -> impl Iterator<Item = &str> {
        template::own_fields(&self.0)
    }

    /// The text with `value(field)` in the place of each field.
    #[cfg(feature = "ffmpeg")]
    pub(crate) fn fill(&self, value: impl Fn(&str) -> String) -> String {
        template::fill(&self.0, value)
    }
}

impl FromStr for BurnInText {
    type Err = Error;
    fn from_str(text: &str) -> Result<BurnInText> {
        BurnInText::try_from(text.to_owned())
    }
}

impl TryFrom<String> for BurnInText {
    type Error = Error;
    fn try_from(text: String) -> Result<BurnInText> {
        template::check("burn-in", &text, &BurnInText::FIELDS)?;
        Ok(BurnInText(text))
    }
}

impl std::fmt::Display for BurnInText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<BurnInText> for String {
    fn from(text: BurnInText) -> String {
        text.0
    }
}

/// An opaque sRGB colour, written `#rrggbb`: red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HexColor(pub [u8; 3]);

impl TryFrom<String> for HexColor {
    type Error = Error;
    fn try_from(text: String) -> Result<HexColor> {
        let bad = || Error::new(ErrorKind::Option, format!("invalid colour {text:?}; expected one such as #ffcc00"));
        text.strip_prefix('#').and_then(hex_bytes).map(HexColor).ok_or_else(bad)
    }
}

impl FromStr for HexColor {
    type Err = Error;
    fn from_str(text: &str) -> Result<HexColor> {
        HexColor::try_from(text.to_owned())
    }
}

impl std::fmt::Display for HexColor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let HexColor([red, green, blue]) = self;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl From<HexColor> for String {
    fn from(color: HexColor) -> String {
        color.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_colours_that_do_not_exist_are_errors_that_list_what_does() {
        let error = "{shto}".parse::<BurnInText>().expect_err("no such field").to_string();
        assert!(error.contains("{shto}") && error.contains("{shot}, {clip}") && error.contains("{date}"), "{error:#}");
        for text in ["", "  ", "{shot", "}", "{}"] {
            assert!(text.parse::<BurnInText>().is_err(), "{text:?}");
        }
        for text in ["", "#", "#fff", "ffffff", "#ffffgg", "#+12345", "#ééé", "#ffffffff"] {
            assert!(HexColor::try_from(text.to_owned()).is_err(), "{text:?}");
        }
        let color = HexColor::try_from("#FFcc01".to_owned()).expect("a colour");
        assert_eq!((color.0, String::from(color)), ([255, 204, 1], "#ffcc01".to_owned()));
    }
}
