//! The reel (tape) that a clip's medium is of.

use super::value::text_at;
use crate::timeline::Map;

/// Where reels are written: in a clip's metadata or in that of its medium.
const PLACES: [&[&str]; 12] = [
    &["cmx_3600", "reel"],
    &["ALE", "Tape"],
    &["ALE", "Reel"],
    &["ALE", "Reel Name"],
    &["ALE", "Tape ID"],
    &["ALE", "Camroll"],
    &["fcp_xml", "file", "timecode", "reel", "name"],
    &["fcp_xml", "timecode", "reel", "name"],
    &["Resolve_OTIO", "Reel Name"],
    &["AAF", "UserComments", "TapeName"],
    &["AAF", "UserComments", "Tape"],
    &["AAF", "UserComments", "Reel Name"],
];

/// The reels that `clip` or `media` name, in the order of what is asked first; those that mean that there is none are left out.
pub(crate) fn reels<'m>(clip: &'m Map, media: Option<&'m Map>) -> Vec<&'m str> {
    let mut reels = Vec::new();
    for metadata in [Some(clip), media].into_iter().flatten() {
        for place in PLACES {
            let Some(reel) = text_at(metadata, place).map(str::trim) else { continue };
            // What edit decision lists call media that are of no reel.
            let is_none = ["", "ax", "aux", "bl", "black", "unknown"].contains(&reel.to_ascii_lowercase().as_str());
            if !is_none && !reels.contains(&reel) {
                reels.push(reel);
            }
        }
    }
    reels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::Value;

    fn map(path: &[&str], reel: &str) -> Map {
        let mut map = Map::new();
        match path {
            [key] => map.insert(*key, Value::String(reel.to_owned())),
            [key, rest @ ..] => map.insert(*key, Value::Object(self::map(rest, reel))),
            [] => None,
        };
        map
    }

    #[test]
    fn every_place_is_read_and_no_reel_is_none() {
        for place in PLACES {
            assert_eq!(reels(&map(place, " A001 "), None), ["A001"], "{place:?}");
            assert_eq!(reels(&Map::new(), Some(&map(place, "A001"))), ["A001"], "{place:?}");
        }
        assert!(reels(&map(PLACES[0], "AX"), Some(&map(PLACES[1], ""))).is_empty());
    }
}
