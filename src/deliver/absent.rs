//! Places that are protected and not on disk: media that are missing, and files that are yet to come.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::same_file::{FileIdentity, differ_by_case, identity, lower};

/// Places by the folder above them that is on disk and their path from there, and by their paths in lower case.
#[derive(Debug, Default)]
pub(super) struct AbsentPlaces {
    at: HashMap<Anchor, usize>,
    above: HashMap<Anchor, usize>,
    lower: HashMap<PathBuf, usize>,
    above_lower: HashMap<PathBuf, usize>,
}

/// The place of something that is not on disk: the folder above it that is, and its path from there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Anchor {
    folder: FileIdentity,
    rest: PathBuf,
}

impl Anchor {
    /// Of a path as `real` gives it.
    fn of(path: &Path) -> Option<Anchor> {
        path.ancestors().skip(1).find_map(|folder| {
            let id = identity(folder, &folder.metadata().ok()?)?;
            Some(Anchor { folder: id, rest: path.strip_prefix(folder).ok()?.to_owned() })
        })
    }

    /// The folders above it that are not on disk, from within.
    fn above(&self) -> impl Iterator<Item = Anchor> {
        let folders = self.rest.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
        folders.map(|rest| Anchor { rest: rest.to_owned(), ..self.clone() })
    }
}

impl AbsentPlaces {
    /// Adds the item number `index` at `real`.
    pub(super) fn add(&mut self, real: &Path, index: usize) {
        if let Some(anchor) = Anchor::of(real) {
            for above in anchor.above() {
                self.above.entry(above).or_insert(index);
            }
            self.at.entry(anchor).or_insert(index);
        }
        let lower = lower(real);
        for above in lower.ancestors().skip(1) {
            self.above_lower.entry(above.to_owned()).or_insert(index);
        }
        self.lower.entry(lower).or_insert(index);
    }

    /// Which item `place` is, contains or lies inside, and which of these; `real` has the paths of items.
    pub(super) fn relation<'p>(
        &self,
        place: &Path,
        real: impl Fn(usize) -> &'p PathBuf,
    ) -> Option<(usize, &'static str)> {
        if self.lower.is_empty() {
            return None;
        }
        let by_folder = |anchor: &Anchor| {
            let is = self.at.get(anchor).map(|&index| (index, "is"));
            let contains = || self.above.get(anchor).map(|&index| (index, "contains"));
            let inside = || anchor.above().find_map(|above| Some((*self.at.get(&above)?, "lies inside")));
            is.or_else(contains).or_else(inside)
        };
        let by_case = || {
            let lower = lower(place);
            let is = self.lower.get(&lower).map(|&index| (index, "is"));
            let contains = || self.above_lower.get(&lower).map(|&index| (index, "contains"));
            let inside = || lower.ancestors().skip(1).find_map(|above| Some((*self.lower.get(above)?, "lies inside")));
            let differs = |&(index, _): &(usize, &str)| differ_by_case(place, real(index));
            is.or_else(contains).or_else(inside).filter(differs)
        };
        Anchor::of(place).as_ref().and_then(by_folder).or_else(by_case)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_among_thousands_that_are_not_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("its path");
        let real: Vec<PathBuf> = (0..10_000).map(|number| root.join(format!("gone/a{number}.mov"))).collect();
        let mut places = AbsentPlaces::default();
        real.iter().enumerate().for_each(|(index, path)| places.add(path, index));
        let relation = |path: &Path| places.relation(path, |index| &real[index]);
        // Each of as many: one after the other would take minutes.
        for (number, path) in real.iter().enumerate() {
            assert_eq!(relation(&root.join(format!("out/sh{number}.mov"))), None);
            assert_eq!(relation(path), Some((number, "is")));
        }
        assert_eq!(relation(&root.join("gone")), Some((0, "contains")));
        assert_eq!(relation(&real[7].join("sh010.mov")), Some((7, "lies inside")));
        assert_eq!(relation(&root.join("gone/other.mov")), None);
        assert_eq!(AbsentPlaces::default().relation(&real[0], |index| &real[index]), None);
    }
}
