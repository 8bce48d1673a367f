//! What a shot is matched by.

use super::ComparedShot;
use crate::plan::walk::layers_of;
use crate::plan::{Layer, MediaSource, Plan, Shot, SourceMap};
use crate::time::Ratio;

/// A shot, reduced to what it is matched by.
#[derive(Debug)]
pub(super) struct Subject<'p> {
    pub(super) index: usize,
    pub(super) shot: &'p Shot,
    /// The layer of its own clip, or the lowest one where it has none.
    pub(super) hero: Option<&'p Layer>,
    /// The location of that layer's media.
    pub(super) media: String,
    /// The same without its version.
    pub(super) family: String,
    /// The first and the last record frame, handles left out.
    pub(super) record: (i64, i64),
    /// The media frames that these show.
    pub(super) source: (i64, i64),
}

/// Every shot of `plan`.
pub(super) fn subjects(plan: &Plan) -> Vec<Subject<'_>> {
    plan.shots.iter().enumerate().map(|(index, shot)| Subject::new(plan, index, shot)).collect()
}

impl<'p> Subject<'p> {
    pub(super) fn new(plan: &'p Plan, index: usize, shot: &'p Shot) -> Subject<'p> {
        let first = shot.start.saturating_add(shot.head);
        let count = (shot.frame_count - shot.head - shot.tail).max(1);
        let record = (first, first.saturating_add(count - 1));
        let hero = hero(shot);
        let source = hero.map_or(record, |layer| (layer.map.index(record.0), layer.map.index(record.1)));
        let media = hero.map_or_else(String::new, |layer| location(&plan.media[layer.media].source));
        let family = without_version(&media);
        Subject { index, shot, hero, media, family, record, source }
    }

    pub(super) fn shown(&self, plan: &Plan) -> ComparedShot {
        ComparedShot {
            index: self.index,
            name: self.shot.name.clone(),
            track: self.shot.track.clone(),
            object: self.shot.object.clone(),
            media: self.media.clone(),
            record: self.record.0,
            timecode: plan.timecode(self.record.0).to_string(),
            frames: self.frames(),
            source_first: self.source.0,
            source_last: self.source.1,
        }
    }

    /// How many record frames it lasts.
    pub(super) fn frames(&self) -> i64 {
        self.record.1 - self.record.0 + 1
    }

    /// The lowest and the highest media frame of the cut.
    pub(super) fn shows(&self) -> (i64, i64) {
        self.hero.map_or(self.source, |layer| layer.map.indices(self.record.0..=self.record.1))
    }

    /// Media frames to a record frame, where they do not vary.
    pub(super) fn speed(&self) -> Option<Ratio> {
        let map: &SourceMap = &self.hero?.map;
        map.curve.is_none().then_some(map.step)
    }
}

/// The layer that a shot was named by.
fn hero(shot: &Shot) -> Option<&Layer> {
    let mut lowest = None;
    for span in &shot.spans {
        for layer in layers_of(&span.stack) {
            if layer.object == shot.object {
                return Some(layer);
            }
            lowest = lowest.or(Some(layer));
        }
    }
    lowest
}

fn location(source: &MediaSource) -> String {
    source.display()
}

/// `location` without its version: `v`, behind a character that is no letter, and digits.
pub(super) fn without_version(location: &str) -> String {
    let characters: Vec<char> = location.chars().collect();
    let mut out = String::with_capacity(location.len());
    let mut at = 0;
    while at < characters.len() {
        let letter = characters[at];
        let starts = matches!(letter, 'v' | 'V') && (at == 0 || !characters[at - 1].is_alphanumeric());
        let digits = characters[at + 1..].iter().take_while(|digit| digit.is_ascii_digit()).count();
        let ends = characters.get(at + 1 + digits).is_none_or(|next| !next.is_alphanumeric());
        if starts && digits > 0 && ends {
            out.push_str("v#");
            at += 1 + digits;
        } else {
            out.push(letter);
            at += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_one_medium_have_one_name() {
        for (location, family) in [
            ("/s/sh010_comp_v011.mov", "/s/sh010_comp_v#.mov"),
            ("/s/v2/sh010.%04d.exr", "/s/v#/sh010.%04d.exr"),
            ("/s/sh010.V3.mov", "/s/sh010.v#.mov"),
            ("/s/nov12.mov", "/s/nov12.mov"),
            ("/s/sh_v12a.mov", "/s/sh_v12a.mov"),
            ("/s/sh_v.mov", "/s/sh_v.mov"),
        ] {
            assert_eq!(without_version(location), family);
        }
    }
}
