//! What shots are called, and the fields they carry: rule R11.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use super::context::Builder;
use super::shots::Candidate;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::file_name::wrong_file;
use crate::plan::shot_options::wrong_field;
use crate::plan::{NamedObject, Shot, ShotName, ShotOptions};
use crate::timeline::{Child, Clip, Item, Map, ROOT, Timeline};

impl Builder<'_> {
    /// A name for each of `candidates`, all different. Those of metadata, patterns and functions stay as they are, and
    /// names of clips are numbered around them.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] where two of the former are the same.
    pub(super) fn names(&mut self, timeline: &Timeline, candidates: &[Candidate]) -> Result<Vec<String>> {
        let mut taken = HashMap::new();
        let mut names = vec![None; candidates.len()];
        let mut owners: HashMap<String, usize> = HashMap::new();
        for (index, candidate) in candidates.iter().enumerate() {
            // Ranges were named by the caller.
            let Some(object) = ShotObject::find(timeline, &candidate.object) else { continue };
            if self.options.shot_name == ShotName::Clip {
                continue;
            }
            let named = NamedObject {
                name: &candidate.name,
                clip_name: object.name,
                object: &candidate.object,
                track: &candidate.track,
                frames: candidate.frames.clone(),
                metadata: object.metadata,
                clip: object.clip,
            };
            let Some(name) = self.options.shot_name.name(&named) else {
                let by = &self.options.shot_name;
                self.warn(&candidate.object, format!("has no name by {by}, so its shot is called by its own name"));
                continue;
            };
            match owners.entry(name.to_lowercase()) {
                Entry::Vacant(free) => free.insert(index),
                Entry::Occupied(other) => return Err(self.same_name(&name, &candidates[*other.get()], candidate)),
            };
            names[index] = Some(unique(&name, &mut taken));
        }
        let names = names.into_iter().zip(candidates);
        Ok(names.map(|(name, candidate)| name.unwrap_or_else(|| unique(&candidate.name, &mut taken))).collect())
    }

    fn same_name(&self, name: &str, one: &Candidate, other: &Candidate) -> Error {
        let place = |of: &Candidate| {
            format!("{} ({:?}, record frames {} to {})", of.object, of.clip, of.frames.start, of.frames.end - 1)
        };
        let what = format!(
            "two shots are called {name:?} by {}: {} and {}; expected a name for each",
            self.options.shot_name,
            place(one),
            place(other)
        );
        Error::new(ErrorKind::Option, what).at_object(&other.object).at_clip(&other.clip)
    }

    /// The fields of the shot made from `object`: what is chosen from its metadata, then what `own` says.
    pub(super) fn fields(
        &mut self,
        timeline: &Timeline,
        object: &str,
        own: &ShotOptions,
    ) -> Result<BTreeMap<String, String>> {
        let options = self.options;
        if let Some(what) = options.fields.keys().chain(own.fields.keys()).find_map(|name| wrong_field(name)) {
            return Err(Error::new(ErrorKind::Option, what));
        }
        let mut fields = own.fields.clone();
        let metadata = ShotObject::find(timeline, object).map(|object| object.metadata);
        for (name, path) in &options.fields {
            if fields.contains_key(name) {
                continue;
            }
            match metadata.and_then(|metadata| path.text(metadata)) {
                Some(text) => drop(fields.insert(name.clone(), text)),
                None => self.warn(object, format!("has no text at {path} in its metadata: no field {name:?}")),
            }
        }
        Ok(fields)
    }

    /// Warns of options for shots that there are not, and refuses files that cannot be or are two shots'.
    pub(super) fn check_shot_options(&mut self, shots: &[Shot]) -> Result<()> {
        for name in self.options.per_shot.keys() {
            if !shots.iter().any(|shot| shot.name == *name) {
                self.warn("", format!("there are options for the shot {name:?}, which is not in the cut: not used"));
            }
        }
        let mut owners: HashMap<String, &Shot> = HashMap::new();
        for shot in shots {
            let Some(file) = &shot.file else { continue };
            let wrong = wrong_file(file).or_else(|| {
                let other = owners.insert(file.to_lowercase(), shot)?;
                Some(format!("{file:?} is the file of two shots: {:?} and {:?}", other.name, shot.name))
            });
            if let Some(what) = wrong {
                return Err(Error::new(ErrorKind::Option, what).at_object(&shot.object).at_clip(&shot.clip));
            }
        }
        Ok(())
    }
}

/// An object that a shot is made from.
struct ShotObject<'t> {
    name: &'t str,
    metadata: &'t Map,
    clip: Option<&'t Clip>,
}

impl<'t> ShotObject<'t> {
    /// The object at `path`: an item or a marker.
    fn find(timeline: &'t Timeline, path: &str) -> Option<ShotObject<'t>> {
        let (owner, marker) = path.rsplit_once(".markers[").map_or((path, None), |(owner, at)| (owner, Some(at)));
        let (item, clip): (&Item, _) = match timeline.child(owner) {
            None if owner == ROOT => (&timeline.tracks.item, None),
            None => return None,
            Some(Child::Clip(clip)) => (&clip.item, Some(&**clip)),
            Some(child) => (child.item()?, None),
        };
        let Some(marker) = marker else { return Some(ShotObject { name: &item.name, metadata: &item.metadata, clip }) };
        let marker = item.markers.get(marker.trim_end_matches(']').parse::<usize>().ok()?)?;
        Some(ShotObject { name: &marker.name, metadata: &marker.metadata, clip: None })
    }
}

/// `name`, or `name_2`, `name_3` and so on where it is taken. Names that differ in case alone are the same.
///
/// `taken` holds, for each name there is, the number to be tried next.
fn unique(name: &str, taken: &mut HashMap<String, usize>) -> String {
    let own = name.to_lowercase();
    let Some(&(mut number)) = taken.get(&own) else {
        taken.insert(own, 2);
        return name.to_owned();
    };
    loop {
        let candidate = format!("{name}_{number}");
        number += 1;
        if let Entry::Vacant(free) = taken.entry(candidate.to_lowercase()) {
            free.insert(2);
            taken.insert(own, number);
            return candidate;
        }
    }
}
