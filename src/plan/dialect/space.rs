//! Which colour space applications say that a medium is in.

use super::value::text_at;
use crate::plan::WrittenSpace;
use crate::plan::mark::MARK;
use crate::timeline::{Map, Value};

/// Keys that say it, the most certain first. Dots part objects, or belong to the key.
const KEYS: [&str; 4] =
    ["ayon.source.colorspace", "openpype.source.colourtransform", "foundry.source.colourtransform", "input_colorspace"];

/// The space that the metadata of a medium, or else of its clip, say that the medium is in.
pub(in crate::plan) fn written_space(media: Option<&Map>, clip: &Map) -> Option<WrittenSpace> {
    [media, Some(clip)].into_iter().flatten().find_map(in_map)
}

fn in_map(map: &Map) -> Option<WrittenSpace> {
    let own = text_at(map, &[MARK, "colorspace"]).map(|name| (name, "otio-conflate.colorspace"));
    let written = || KEYS.into_iter().find_map(|key| Some((at(map, key)?, key)));
    let (name, key) = own.or_else(written).filter(|(name, _)| !name.trim().is_empty())?;
    Some(WrittenSpace { name: name.trim().to_owned(), key: key.to_owned() })
}

fn at<'m>(map: &'m Map, key: &str) -> Option<&'m str> {
    let whole = map.get(key).and_then(Value::as_str);
    whole.or_else(|| text_at(map, &key.split('.').collect::<Vec<_>>()))
}
