//! What the values in EXR files are that Resolve writes: those of the project's output colours, which its settings tell.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::bridge::{Answer, ResolveObject};
use super::link::Link;
use super::options::ResolveOptions;
use super::space::{Agreement, agreement};
use crate::error::Result;
use crate::plan::{ColorConfig, ColorPlan, ColorTags};

/// The settings of a project that decide about the colours of its output.
const KEYS: [&str; 7] = [
    "colorScienceMode",
    "separateColorSpaceAndGamma",
    "colorSpaceTimeline",
    "colorSpaceTimelineGamma",
    "colorSpaceOutput",
    "colorSpaceOutputGamma",
    "colorAcesODT",
];

/// The colour settings of a project, as far as Resolve tells them, in the order of [`KEYS`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ColorSettings(Vec<(String, String)>);

/// What the values in EXR files are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Light {
    /// Primaries and transfer characteristic.
    pub(super) color: ColorTags,
    /// As Resolve calls it.
    name: String,
    settings: ColorSettings,
}

impl ColorSettings {
    /// Asks for those of `timeline`; what it does not set for itself is the project's.
    ///
    /// # Errors
    /// As [`Link::call`], where nothing more can be asked.
    pub(super) fn read(link: &Link, timeline: &ResolveObject) -> Result<ColorSettings> {
        let mut told = Vec::new();
        for key in KEYS {
            let ask = |on: &ResolveObject| match link.call(on, "GetSetting", vec![json!(key)]).and_then(Answer::text) {
                Err(error) if link.is_lost() || error.kind() == crate::ErrorKind::Cancelled => Err(error),
                text => Ok(text.ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())),
            };
            let own = ask(timeline)?;
            let value = if own.is_some() { own } else { ask(&link.project)? };
            told.extend(value.map(|value| (key.to_owned(), value)));
        }
        Ok(ColorSettings(told))
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// What the output is in, as Resolve calls it.
    fn output(&self) -> Option<String> {
        let mode = self.get("colorScienceMode").unwrap_or_default().to_ascii_lowercase();
        if let Some(transform) = self.get("colorAcesODT").filter(|_| mode.starts_with("aces")) {
            return Some(transform.to_owned());
        }
        let apart = matches!(self.get("separateColorSpaceAndGamma"), Some("1" | "true" | "True" | "1.0"));
        let of = |space: &str, gamma: &str| {
            let space = self.get(space)?;
            let gamma = self.get(gamma).filter(|_| apart);
            Some(gamma.map_or_else(|| space.to_owned(), |gamma| format!("{space} {gamma}")))
        };
        let timeline = || of("colorSpaceTimeline", "colorSpaceTimelineGamma");
        let is_same = |text: &String| {
            let text = text.to_ascii_lowercase();
            ["same as timeline", "use timeline", "timeline color space"].iter().any(|same| text.contains(same))
        };
        match of("colorSpaceOutput", "colorSpaceOutputGamma") {
            Some(output) if !is_same(&output) => Some(output),
            _ => timeline(),
        }
    }

    /// Compares what the project renders with the space that `color` says the canvas is in; a sentence where they are not the
    /// same, and whether they cannot be. A project whose colours are not managed does not tell what its values are: it is
    /// only doubted.
    ///
    /// # Errors
    /// As [`color::open`](crate::color::open) and [`color::find_space`](crate::color::find_space).
    pub(super) fn other_space(&self, color: &ColorPlan) -> Result<Option<(bool, String)>> {
        let (Some(canvas), Some(own)) = (&color.canvas, self.output()) else { return Ok(None) };
        if color.config == ColorConfig::Raw {
            return Ok(None);
        }
        let engine = crate::color::open(&color.config)?;
        let space = crate::color::find_space(&*engine, canvas)?;
        let mode = self.get("colorScienceMode").unwrap_or_default().to_ascii_lowercase();
        let is_managed = mode.starts_with("aces") || mode.contains("managed");
        let agreement = agreement(&own, tags(&own), &space);
        let told = match agreement {
            Agreement::Same => return Ok(None),
            Agreement::Other => "which is another",
            Agreement::Untold if !is_managed => return Ok(None),
            Agreement::Untold => "of which it is not known whether it is the same",
        };
        let what = format!(
            "the canvas is said to be in {:?}, and Resolve's project renders {own:?}, {told} (its settings: {self})",
            space.name
        );
        Ok(Some((is_managed && agreement == Agreement::Other, what)))
    }

    /// What EXR files hold; `None` where neither Resolve nor `options` tell.
    pub(super) fn light(&self, options: &ResolveOptions) -> Option<Light> {
        let given = || {
            let tags: Vec<&str> = options.color_space.iter().chain(&options.gamma).map(String::as_str).collect();
            (!tags.is_empty()).then(|| tags.join(" "))
        };
        let name = self.output().or_else(given)?;
        Some(Light { color: tags(&name), name, settings: self.clone() })
    }
}

impl std::fmt::Display for ColorSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let told: Vec<String> = self.0.iter().map(|(key, value)| format!("{key} {value:?}")).collect();
        f.write_str(&told.join(", "))
    }
}

impl Light {
    /// Whether it is scene-linear light, which EXR is taken for anyway.
    pub(super) fn is_linear(&self) -> bool {
        self.color.transfer == ColorTags::LINEAR
    }

    /// What a canvas has that shows it: the matrix is that of the primaries.
    pub(super) fn canvas(&self) -> ColorTags {
        ColorTags { full_range: false, matrix: if self.color.primaries == 9 { 9 } else { 1 }, ..self.color }
    }

    /// What is to be said of shots that are made of it.
    pub(super) fn note(&self) -> String {
        let ColorTags { primaries, transfer, .. } = self.color;
        let unknown = if transfer == ColorTags::UNSPECIFIED { ", for which there is no tag" } else { "" };
        format!(
            "Resolve wrote EXR in {:?}{unknown}: its values were not taken for linear light, but for primaries {primaries} and \
            transfer {transfer} (the project's settings: {})",
            self.name, self.settings
        )
    }
}

/// The code points of ITU-T H.273 for a colour space and gamma as Resolve calls them; 2 for what has none.
pub(super) fn tags(name: &str) -> ColorTags {
    let name = name.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let transfer = if has(&["linear", "aces2065", "aces 2065", "acescg", "no output transform"]) {
        ColorTags::LINEAR
    } else if has(&["st2084", "st 2084", "st.2084", " pq", "(pq"]) {
        16
    } else if has(&["hlg"]) {
        18
    } else if has(&["dcdm"]) {
        17
    } else if has(&["gamma 2.2", "gamma2.2"]) {
        4
    } else if has(&["gamma 2.8", "gamma2.8"]) {
        5
    } else if has(&["gamma 2.4", "gamma2.4", "bt.1886", "bt1886"]) {
        // The curve of displays for BT.709, which has no code of its own.
        1
    } else if has(&["gamma", "log", "intermediate", "acescc", "film", "cineon"]) {
        ColorTags::UNSPECIFIED
    } else if has(&["srgb", "display p3"]) {
        13
    } else if has(&["rec.709", "rec709", "bt.709", "rec.2020", "rec2020", "bt.2020"]) {
        1
    } else {
        ColorTags::UNSPECIFIED
    };
    let primaries = if has(&["dcdm", "xyz"]) {
        10
    } else if has(&["rec.2020", "rec2020", "rec.2100", "rec2100", "bt.2020", "bt.2100"]) {
        9
    } else if has(&["p3-dci", "p3 dci"]) {
        11
    } else if has(&["p3-d65", "p3 d65", "display p3"]) {
        12
    } else if has(&["rec.709", "rec709", "bt.709", "srgb"]) {
        1
    } else {
        ColorTags::UNSPECIFIED
    };
    ColorTags { full_range: true, matrix: 0, primaries, transfer }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(told: &[(&str, &str)]) -> ColorSettings {
        ColorSettings(told.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn names_of_colour_spaces_have_code_points() {
        let codes = |name| (tags(name).primaries, tags(name).transfer);
        for (name, expected) in [
            ("Rec.709 Gamma 2.4", (1, 1)),
            ("Rec.709 Gamma 2.2", (1, 4)),
            ("Rec.709 (Scene)", (1, 1)),
            ("Rec.709-A", (1, 1)),
            ("sRGB", (1, 13)),
            ("sRGB (Linear) - CSC", (1, 8)),
            ("Rec.2100 ST2084", (9, 16)),
            ("Rec.2100 HLG (Scene)", (9, 18)),
            ("Rec.2020 Gamma 2.4", (9, 1)),
            ("P3-D65 ST2084 (1000 nits)", (12, 16)),
            ("P3-DCI Gamma 2.6", (11, 2)),
            ("DCDM", (10, 17)),
            ("Linear", (2, 8)),
            ("No Output Transform", (2, 8)),
            ("DaVinci WG/Intermediate", (2, 2)),
            ("ARRI LogC3", (2, 2)),
            ("S-Gamut3.Cine/S-Log3", (2, 2)),
            ("Something new", (2, 2)),
        ] {
            assert_eq!(codes(name), expected, "{name}");
        }
    }

    #[test]
    fn the_output_is_what_the_settings_say() {
        let output = |told: &[(&str, &str)]| settings(told).output();
        let some = |text: &str| Some(text.to_owned());
        let managed = ("colorScienceMode", "davinciYRGBColorManagedv2");
        let apart = ("separateColorSpaceAndGamma", "1");
        assert_eq!(output(&[]), None);
        assert_eq!(output(&[managed, ("colorSpaceOutput", "Rec.709 Gamma 2.4")]), some("Rec.709 Gamma 2.4"));
        let both = [managed, apart, ("colorSpaceOutput", "Rec.709"), ("colorSpaceOutputGamma", "Linear")];
        assert_eq!(output(&both), some("Rec.709 Linear"));
        let stale = [managed, ("colorSpaceOutput", "sRGB"), ("colorSpaceOutputGamma", "Linear")];
        assert_eq!(output(&stale), some("sRGB"), "the gamma is not used");
        let same = [
            ("colorScienceMode", "davinciYRGB"),
            ("colorSpaceTimeline", "P3-D65"),
            ("colorSpaceOutput", "Same as Timeline"),
        ];
        assert_eq!(output(&same), some("P3-D65"));
        let aces = [("colorScienceMode", "acescct"), ("colorSpaceOutput", "Linear"), ("colorAcesODT", "Rec.709")];
        assert_eq!(output(&aces), some("Rec.709"));
        let mut options = ResolveOptions::default();
        assert_eq!(settings(&[]).light(&options), None);
        options.gamma = some("Gamma 2.4");
        options.color_space = some("Rec.709");
        assert_eq!(settings(&[]).light(&options).map(|light| light.color.transfer), Some(1));
    }
}
