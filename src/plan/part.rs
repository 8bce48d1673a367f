//! Some shots of a plan: those that are asked for by name.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::MediaId;
use super::model::Plan;
use crate::error::{Error, ErrorKind, Result};

impl Plan {
    /// The plan with the shots called `only`, if these are given.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] for names of shots that there are not.
    pub(crate) fn part(&self, only: Option<&[String]>) -> Result<Cow<'_, Plan>> {
        let Some(only) = only else { return Ok(Cow::Borrowed(self)) };
        let known: HashSet<&str> = self.shots.iter().map(|shot| shot.name.as_str()).collect();
        let unknown: Vec<String> =
            only.iter().filter(|name| !known.contains(name.as_str())).map(|name| format!("{name:?}")).collect();
        if !unknown.is_empty() || only.is_empty() {
            let names: Vec<&str> = self.shots.iter().map(|shot| shot.name.as_str()).collect();
            let what = if unknown.is_empty() {
                "no shot is asked for".to_owned()
            } else {
                format!("unknown shot {}", unknown.join(", "))
            };
            let message = format!("{what}; expected names among {}", names.join(", "));
            return Err(Error::new(ErrorKind::Option, message));
        }
        let mut part = self.clone();
        // What is deep or fine in other shots makes these deep or fine, too.
        if part.format_media.is_empty() {
            part.format_media = self.shown_media();
        }
        part.shots.retain(|shot| only.contains(&shot.name));
        Ok(Cow::Owned(part))
    }

    /// Media of which some shot shows a frame, in the order in which they are met, the last time each.
    pub(crate) fn shown_media(&self) -> Vec<MediaId> {
        let spans = self.shots.iter().flat_map(|shot| &shot.spans);
        let layers = spans.flat_map(|span| span.visible(&|_, _| false));
        let mut last: HashMap<usize, (usize, MediaId)> = HashMap::new();
        for (place, visible) in layers.enumerate() {
            last.insert(visible.layer.media.index(), (place, visible.layer.media));
        }
        let mut media: Vec<(usize, MediaId)> = last.into_values().collect();
        media.sort_by_key(|(place, _)| *place);
        media.into_iter().map(|(_, media)| media).collect()
    }
}
