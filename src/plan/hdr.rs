//! What video in PQ or HLG says about the display that it was graded on, and how bright it gets.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::setters::setters;

/// Static metadata of HDR: it goes into every movie whose values are PQ or HLG.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Hdr {
    /// The display that the pictures were graded on (SMPTE ST 2086).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mastering: Option<MasteringDisplay>,
    /// How bright they get (CTA-861.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub light: Option<LightLevel>,
}

setters!(Hdr { mastering: some MasteringDisplay, light: some LightLevel });

impl Hdr {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.mastering.is_none() && self.light.is_none()
    }
}

/// The display that pictures were graded on, in the units of SMPTE ST 2086. As text `PRIMARIES:MIN-MAX`, with `bt709`, `p3-d65`
/// or `bt2020` as primaries and cd/m², such as `p3-d65:0.0001-1000`; or as x265 has it,
/// `G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct MasteringDisplay {
    /// CIE 1931 chromaticity of red, x and y, in units of 0.00002.
    pub red: [u32; 2],
    /// CIE 1931 chromaticity of green, x and y, in units of 0.00002.
    pub green: [u32; 2],
    /// CIE 1931 chromaticity of blue, x and y, in units of 0.00002.
    pub blue: [u32; 2],
    /// CIE 1931 chromaticity of the white point, x and y, in units of 0.00002.
    pub white: [u32; 2],
    /// The lowest luminance that it shows, in units of 0.0001 cd/m².
    pub min: u32,
    /// The highest luminance that it shows, in units of 0.0001 cd/m².
    pub max: u32,
}

/// How bright pictures get, in cd/m². As text `MAXCLL,MAXFALL`, such as `1000,400`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LightLevel {
    /// Light level of the brightest pixel (MaxCLL), in cd/m².
    pub max_cll: u32,
    /// Average light level of the brightest frame (MaxFALL), in cd/m².
    pub max_fall: u32,
}

impl LightLevel {
    /// The brightest pixel and the average of the brightest frame, in cd/m².
    pub fn new(max_cll: u32, max_fall: u32) -> LightLevel {
        LightLevel { max_cll, max_fall }
    }
}

impl MasteringDisplay {
    /// Chromaticities of red, green and blue, and of white, x and y in 0.00002; the darkest and the brightest it shows, in
    /// 0.0001 cd/m².
    pub fn new([red, green, blue]: [[u32; 2]; 3], white: [u32; 2], (min, max): (u32, u32)) -> MasteringDisplay {
        MasteringDisplay { red, green, blue, white, min, max }
    }
}

/// D65.
const WHITE: [u32; 2] = [15_635, 16_450];
/// Red, green and blue of displays that have a name.
const DISPLAYS: [(&str, [[u32; 2]; 3]); 3] = [
    ("bt709", [[32_000, 16_500], [15_000, 30_000], [7_500, 3_000]]),
    ("p3-d65", [[34_000, 16_000], [13_250, 34_500], [7_500, 3_000]]),
    ("bt2020", [[35_400, 14_600], [8_500, 39_850], [6_550, 2_300]]),
];

fn unread(text: &str) -> Error {
    let what = format!(
        "{text:?} is not a mastering display: expected PRIMARIES:MIN-MAX with bt709, p3-d65 or bt2020 and cd/m², such as \
         p3-d65:0.0001-1000, or G(x,y)B(x,y)R(x,y)WP(x,y)L(max,min)"
    );
    Error::new(ErrorKind::Option, what)
}

impl FromStr for MasteringDisplay {
    type Err = Error;

    fn from_str(text: &str) -> Result<MasteringDisplay> {
        let display = if text.contains('(') { of_encoder(text) } else { of_name(text) };
        display.filter(|display| display.min < display.max).ok_or_else(|| unread(text))
    }
}

/// Reads `PRIMARIES:MIN-MAX`.
fn of_name(text: &str) -> Option<MasteringDisplay> {
    let (name, range) = text.split_once(':')?;
    let (min, max) = range.split_once('-')?;
    let (_, [red, green, blue]) = *DISPLAYS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name.trim()))?;
    let nits = |text: &str| {
        let value: f64 = text.trim().parse().ok()?;
        let steps = (value * 10_000.0).round();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded in the same line")]
        (0.0..=4e9).contains(&steps).then_some(steps as u32)
    };
    Some(MasteringDisplay { red, green, blue, white: WHITE, min: nits(min)?, max: nits(max)? })
}

/// Reads `G(x,y)B(x,y)R(x,y)WP(x,y)L(max,min)`.
fn of_encoder(text: &str) -> Option<MasteringDisplay> {
    let mut rest = text;
    let mut pair = |name: &str| -> Option<[u32; 2]> {
        let (numbers, behind) = rest.trim_start().strip_prefix(name)?.strip_prefix('(')?.split_once(')')?;
        rest = behind;
        let (a, b) = numbers.split_once(',')?;
        Some([a.trim().parse().ok()?, b.trim().parse().ok()?])
    };
    let (green, blue, red, white) = (pair("G")?, pair("B")?, pair("R")?, pair("WP")?);
    // Coordinates are of 1, in 50,000 steps.
    if [green, blue, red, white].as_flattened().iter().any(|&step| step > 50_000) {
        return None;
    }
    let [max, min] = pair("L")?;
    rest.trim().is_empty().then_some(MasteringDisplay { red, green, blue, white, min, max })
}

/// As x265 has it.
impl fmt::Display for MasteringDisplay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, [x, y]) in [("G", self.green), ("B", self.blue), ("R", self.red), ("WP", self.white)] {
            write!(f, "{name}({x},{y})")?;
        }
        write!(f, "L({},{})", self.max, self.min)
    }
}

impl FromStr for LightLevel {
    type Err = Error;

    fn from_str(text: &str) -> Result<LightLevel> {
        let read = || {
            let (cll, fall) = text.split_once(',')?;
            let level = LightLevel { max_cll: cll.trim().parse().ok()?, max_fall: fall.trim().parse().ok()? };
            (level.max_fall <= level.max_cll && level.max_cll <= 65_535).then_some(level)
        };
        read().ok_or_else(|| {
            let what = format!("{text:?} is not MAXCLL,MAXFALL in cd/m² with MAXFALL at most MAXCLL, such as 1000,400");
            Error::new(ErrorKind::Option, what)
        })
    }
}

impl fmt::Display for LightLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.max_cll, self.max_fall)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn displays_are_read_by_name_and_as_encoders_have_them() {
        let p3: MasteringDisplay = "P3-D65:0.0001-1000".parse().expect("a display");
        assert_eq!(p3.to_string(), "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)");
        assert_eq!(p3.to_string().parse::<MasteringDisplay>().expect("the same"), p3);
        assert_eq!("bt2020:0.005-4000".parse::<MasteringDisplay>().expect("a display").min, 50);
        for wrong in ["", "p3", "p3-d65:1000", "p3-d65:1000-1", "dci:0-1000", "p3-d65:-1-nan", "G(1,2)B(1,2)", "G(1,2"]
        {
            assert!(wrong.parse::<MasteringDisplay>().is_err(), "{wrong}");
        }
        assert_eq!("1000, 400".parse::<LightLevel>().expect("a level").to_string(), "1000,400");
        for wrong in ["", "1000", "400,1000", "x,1", "70000,1"] {
            assert!(wrong.parse::<LightLevel>().is_err(), "{wrong}");
        }
    }
}
