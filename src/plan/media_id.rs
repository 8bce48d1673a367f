//! Which of a plan's media a layer or a sound refers to.

use std::hash::{Hash, Hasher};
use std::ops::Index;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::Media;

/// Reference to an entry of [`Plan::media`](super::Plan::media), which it indexes: `plan.media[layer.media]`.
///
/// Two of them are equal if the media they refer to are equal (location, rate, length, size, colour, bounds), in whatever order
/// their plans list them; so [shots](super::Shot) of two plans are equal only if they show the same. In JSON it is the
/// index alone. A plan that is read from JSON knows its media again; a shot that is read without its plan does not, and
/// compares by index with others like it, and is equal to none that knows. After a change of [`Plan::media`](super::Plan::media), call
/// [`Plan::update_media_ids`](super::Plan::update_media_ids).
#[derive(Debug, Clone, Copy)]
pub struct MediaId {
    index: usize,
    /// A digest of the medium; `None` where it is not known.
    content: Option<u128>,
}

impl MediaId {
    /// Reference to `media`, entry `index` of a plan.
    pub(crate) fn new(index: usize, media: &Media) -> MediaId {
        MediaId { index, content: Some(digest(media)) }
    }

    /// Reference to whatever is entry `index`.
    pub(crate) fn by_index(index: usize) -> MediaId {
        MediaId { index, content: None }
    }

    /// The place in [`Plan::media`](super::Plan::media), counted from 0.
    pub fn index(self) -> usize {
        self.index
    }

    fn identity(self) -> Result<u128, usize> {
        self.content.ok_or(self.index)
    }
}

impl PartialEq for MediaId {
    fn eq(&self, other: &MediaId) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for MediaId {}

impl Hash for MediaId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

impl Serialize for MediaId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.index.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for MediaId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<MediaId, D::Error> {
        usize::deserialize(deserializer).map(MediaId::by_index)
    }
}

impl Index<MediaId> for Vec<Media> {
    type Output = Media;

    /// # Panics
    /// If there is no such entry: see [`Plan::validate`](super::Plan::validate).
    fn index(&self, id: MediaId) -> &Media {
        &self[id.index]
    }
}

/// 128 bits of a cryptographic digest: two media that differ have different ones.
fn digest(media: &Media) -> u128 {
    let Media { source, rate, frames, size, pixel_aspect, color, space, bounds } = media;
    let mut hasher = Sha(Sha256::new());
    (source, rate, frames, size, pixel_aspect, color, space).hash(&mut hasher);
    // Zero is zero, whatever its sign.
    bounds.map(|bounds| bounds.map(|edge| (edge + 0.0).to_bits())).hash(&mut hasher);
    hasher.0.finalize().iter().take(16).fold(0, |bits, byte| bits << 8 | u128::from(*byte))
}

/// Lets `Hash` feed a digest.
struct Sha(Sha256);

impl Hasher for Sha {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        self.0.clone().finalize().iter().take(8).fold(0, |bits, byte| bits << 8 | u64::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::MediaSource;
    use crate::time::{Rate, Ratio};

    fn media() -> Media {
        Media {
            source: MediaSource::File { path: "/a.mov".into() },
            rate: Rate::new(24.0).expect("a rate"),
            frames: Some(10),
            size: Some((64, 48)),
            pixel_aspect: Some(Ratio::ONE),
            color: None,
            space: None,
            bounds: Some([0.0, 0.0, 16.0, 9.0]),
        }
    }

    #[test]
    fn ids_are_equal_where_media_are() {
        let changes: [fn(&mut Media); 7] = [
            |media| media.source = MediaSource::File { path: "/b.mov".into() },
            |media| media.rate = Rate::new(25.0).expect("a rate"),
            |media| media.frames = None,
            |media| media.size = Some((48, 64)),
            |media| media.pixel_aspect = None,
            |media| media.color = Some(crate::plan::ColorTags::SRGB),
            |media| media.bounds = Some([0.0, 0.0, 16.0, 9.1]),
        ];
        assert_eq!(MediaId::new(0, &media()), MediaId::new(3, &media()));
        for change in changes {
            let mut other = media();
            change(&mut other);
            assert_ne!(MediaId::new(0, &media()), MediaId::new(0, &other), "{other:?}");
        }
        let negative_zero = Media { bounds: Some([-0.0, 0.0, 16.0, 9.0]), ..media() };
        assert_eq!(negative_zero, media());
        assert_eq!(MediaId::new(0, &negative_zero), MediaId::new(0, &media()));
        assert_ne!(MediaId::new(0, &media()), MediaId::by_index(0));
        assert_ne!(MediaId::by_index(1), MediaId::by_index(0));
    }
}
