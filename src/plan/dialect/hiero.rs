//! Hiero and Nuke Studio: properties of clips.

use super::look::LookReader;
use super::value::{is_empty, number, text_of};
use crate::look::{Animated, Blend};

impl LookReader<'_> {
    /// Hiero writes the properties of the clip in its bin, with everything else about the media. A plain `opacity` is what
    /// is written by hand, on tracks, too.
    pub(super) fn properties(&mut self) {
        for map in self.media.into_iter().chain([&self.item.metadata]) {
            for key in ["clip.properties.opacity", "opacity"] {
                let Some(written) = map.get(key).filter(|value| !is_empty(value)) else { continue };
                match number(written) {
                    Some(value) => self.look.opacity = self.opacity(None, Animated::Constant(value), 1.0),
                    None => self.warn(None, format!("{key} is not a number; using 1")),
                }
            }
            if let Some(written) = map.get("clip.properties.blendfunc").filter(|value| !is_empty(value)) {
                // 0 is what every clip has that nobody touched; what the other numbers mean is not published.
                let name = written.as_str().unwrap_or_default();
                match Blend::by_name(name) {
                    Some(blend) => self.look.blend = blend,
                    None if number(written) == Some(0.0) => {}
                    None => self.warn(None, format!("unknown blend mode {}; using normal", text_of(written))),
                }
            }
        }
    }
}
