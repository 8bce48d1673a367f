//! Whether what a project of Resolve renders is the colour space that the canvas is said to be: names as Resolve has them
//! against those of a configuration.

use crate::color::{SpaceInfo, tags_of_space};
use crate::plan::ColorTags;

/// How two descriptions of values stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Agreement {
    /// They mean the same, as far as they go.
    Same,
    /// They cannot both be right.
    Other,
    /// The names do not tell.
    Untold,
}

/// What values are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Values {
    /// Those of a camera or of grading that is named.
    Log(&'static str),
    /// Light; in primaries that a name tells, or that code points do.
    Light(Option<&'static str>, u8),
    /// Of a display: code points.
    Display {
        primaries: u8,
        transfer: u8,
    },
    Unknown,
}

/// Letters and digits that a name has one of, and what it is then: the longer ones first where one lies in another.
const LOGS: [(&str, &str); 28] = [
    ("acescct", "ACEScct"),
    ("acescc", "ACEScc"),
    ("logc4", "LogC4"),
    ("logc3", "LogC3"),
    ("logc", "LogC3"),
    ("slog3", "S-Log3"),
    ("slog2", "S-Log2"),
    ("slog", "S-Log"),
    ("log3g10", "Log3G10"),
    ("redlogfilm", "REDlogFilm"),
    ("redlog", "REDlog"),
    ("canonlog3", "Canon Log 3"),
    ("clog3", "Canon Log 3"),
    ("canonlog2", "Canon Log 2"),
    ("clog2", "Canon Log 2"),
    ("canonlog", "Canon Log"),
    ("vlog", "V-Log"),
    ("bmdfilm", "Blackmagic Film"),
    ("blackmagicfilm", "Blackmagic Film"),
    ("davinciintermediate", "DaVinci Intermediate"),
    ("davinciwg", "DaVinci Intermediate"),
    ("flog2", "F-Log2"),
    ("flog", "F-Log"),
    ("nlog", "N-Log"),
    ("applelog", "Apple Log"),
    ("protune", "Protune"),
    ("cineon", "Cineon"),
    ("dlog", "D-Log"),
];

/// The same of light in primaries without code points.
const LIGHTS: [(&str, &str); 4] = [("acescg", "AP1"), ("aces2065", "AP0"), ("linap1", "AP1"), ("linap0", "AP0")];

fn find(names: &[&str], known: &[(&'static str, &'static str)]) -> Option<&'static str> {
    let plain = |name: &&str| name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let names: Vec<String> = names.iter().map(plain).collect();
    known.iter().find(|(part, _)| names.iter().any(|name| name.contains(part))).map(|(_, is)| *is)
}

/// What `name`, as Resolve has it, means, whose code points are `tags`.
fn rendered(name: &str, tags: ColorTags) -> Values {
    let light = tags.transfer == ColorTags::LINEAR;
    match find(&[name], &LOGS).filter(|_| !light) {
        Some(log) => Values::Log(log),
        None if light => Values::Light(find(&[name], &LIGHTS), tags.primaries),
        None if tags.transfer == ColorTags::UNSPECIFIED => Values::Unknown,
        None => Values::Display { primaries: tags.primaries, transfer: tags.transfer },
    }
}

/// What a space of a configuration is.
fn configured(space: &SpaceInfo) -> Values {
    let names: Vec<&str> = [&space.name].into_iter().chain(&space.aliases).map(String::as_str).collect();
    let tags = tags_of_space(space);
    let light = space.encoding == "scene-linear" || tags.is_some_and(|tags| tags.transfer == ColorTags::LINEAR);
    match (light, find(&names, &LOGS), tags) {
        (true, _, tags) => {
            Values::Light(find(&names, &LIGHTS), tags.map_or(ColorTags::UNSPECIFIED, |tags| tags.primaries))
        }
        (false, Some(log), _) => Values::Log(log),
        (false, None, Some(tags)) => Values::Display { primaries: tags.primaries, transfer: tags.transfer },
        (false, None, None) => Values::Unknown,
    }
}

/// Whether `name`, what a project renders as Resolve calls it, with its code points `tags`, can be `space`.
pub(super) fn agreement(name: &str, tags: ColorTags, space: &SpaceInfo) -> Agreement {
    let same = |same: bool| if same { Agreement::Same } else { Agreement::Other };
    let known = |code: u8| code != ColorTags::UNSPECIFIED;
    match (rendered(name, tags), configured(space)) {
        (Values::Unknown, _) | (_, Values::Unknown) => Agreement::Untold,
        (Values::Log(a), Values::Log(b)) => same(a == b),
        (Values::Light(Some(a), _), Values::Light(Some(b), _)) => same(a == b),
        (Values::Light(Some(_), _), Values::Light(None, code))
        | (Values::Light(None, code), Values::Light(Some(_), _)) => {
            if known(code) {
                Agreement::Other
            } else {
                Agreement::Untold
            }
        }
        (Values::Light(None, a), Values::Light(None, b)) if known(a) && known(b) => same(a == b),
        (Values::Light(..), Values::Light(..)) => Agreement::Untold,
        (Values::Display { primaries: a, transfer }, Values::Display { primaries: b, transfer: other }) => {
            same((a == b || !known(a)) && transfer == other)
        }
        _ => Agreement::Other,
    }
}

#[cfg(all(test, feature = "ocio"))]
mod tests {
    use super::super::light::tags;
    use super::*;
    use crate::color::{named, open};

    #[test]
    fn names_of_resolve_are_compared_with_those_of_configurations() {
        let config = named("ocio://studio-config-v4.0.0_aces-v2.0_ocio-v2.5").expect("built in");
        let engine = open(&config).expect("built in");
        let told = |name: &str, space: &str| {
            agreement(name, tags(name), &engine.space(space).unwrap_or_else(|| panic!("{space}")))
        };
        for (name, space) in [
            ("ARRI LogC4", "ARRI LogC4"),
            ("ARRI LogC3", "ARRI LogC3 (EI800)"),
            ("S-Gamut3.Cine/S-Log3", "S-Log3 S-Gamut3.Cine"),
            ("REDWideGamutRGB/Log3G10", "Log3G10 REDWideGamutRGB"),
            ("DaVinci WG/Intermediate", "DaVinci Intermediate WideGamut"),
            ("ACEScct", "ACEScct"),
            ("ACEScg", "ACEScg"),
            ("ACES2065-1", "ACES2065-1"),
            ("Rec.709 Gamma 2.4", "Rec.1886 Rec.709 - Display"),
            ("sRGB", "sRGB - Display"),
            ("Rec.2100 ST2084", "Rec.2100-PQ - Display"),
        ] {
            assert_eq!(told(name, space), Agreement::Same, "{name}, {space}");
        }
        for (name, space) in [
            ("ARRI LogC3", "ARRI LogC4"),
            ("Rec.709 Gamma 2.4", "ARRI LogC4"),
            ("Rec.709 Gamma 2.4", "sRGB - Display"),
            ("Linear", "ACEScct"),
            ("ACEScct", "ACEScg"),
            ("ACES2065-1", "ACEScg"),
            ("sRGB (Linear) - CSC", "ACEScg"),
            ("Rec.2100 HLG", "Rec.2100-PQ - Display"),
        ] {
            assert_eq!(told(name, space), Agreement::Other, "{name}, {space}");
        }
        for (name, space) in [("Linear", "ACEScg"), ("Something new", "ACEScct"), ("P3-DCI Gamma 2.6", "ACEScct")] {
            assert_eq!(told(name, space), Agreement::Untold, "{name}, {space}");
        }
    }
}
