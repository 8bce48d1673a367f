//! Single files, each into some folder, and no run of shots: the mix of a cut, pieces of a movie.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::existing::Existing;
use super::files::{OutputPlace, clear};
use super::guard::Guard;
use super::manifest::{CONFLATED, MANIFEST, settle};
use super::outputs::{SaidOfMix, commit_all};
use super::protected::{Protected, real};
use crate::error::{Error, ErrorKind, Result};
use crate::report::{ListedFile, ListedMix};

/// What programs ask that write single files, each into some folder, and no run of shots: the mix of a cut, pieces of a
/// movie. What they make is listed in the manifest of its folder.
#[derive(Debug)]
pub(crate) struct SingleFiles<'p> {
    protected: &'p Protected,
    existing: Existing,
    guards: HashMap<PathBuf, Guard<'p>>,
    /// Where something was written.
    written: Mutex<BTreeSet<PathBuf>>,
}

impl<'p> SingleFiles<'p> {
    pub(crate) fn new(protected: &'p Protected, existing: Existing) -> SingleFiles<'p> {
        SingleFiles { protected, existing, guards: HashMap::new(), written: Mutex::default() }
    }

    fn folder(place: &OutputPlace) -> PathBuf {
        let real = real(&place.path);
        real.parent().map_or_else(PathBuf::new, Path::to_owned)
    }

    /// Refuses a place that may not be written, and removes what killed processes left of it.
    ///
    /// # Errors
    /// [`ErrorKind::Exists`], and [`ErrorKind::Locked`] while another process writes there.
    pub(crate) fn check(&mut self, place: &OutputPlace) -> Result<()> {
        self.refuse(place)?;
        clear(std::iter::once(place.path.as_path()))
    }

    /// Refuses a place that may not be written, and changes nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Exists`].
    pub(crate) fn refuse(&mut self, place: &OutputPlace) -> Result<()> {
        if [MANIFEST, CONFLATED].iter().any(|name| place.relative.eq_ignore_ascii_case(name)) {
            let message = format!("{} is a name reserved for manifests of this library", place.path.display());
            return Err(Error::new(ErrorKind::Option, message).at_file(&place.path));
        }
        self.protected.refuse([place.path.as_path()])?;
        let folder = SingleFiles::folder(place);
        if !self.guards.contains_key(&folder) {
            let (guard, _) = Guard::new(&folder, self.protected, self.existing)?;
            self.guards.insert(folder.clone(), guard);
        }
        self.guards[&folder].check(place).map(drop)
    }

    /// What the manifest says of the first of `places`, which lie in one folder and were checked, if all are there as they were left
    /// and are of the mix with this fingerprint.
    pub(crate) fn kept(&self, places: &[OutputPlace], fingerprint: &str) -> Option<(ListedFile, ListedMix)> {
        let entry = |place: &OutputPlace| {
            let listed =
                self.guards.get(&SingleFiles::folder(place))?.listed().entry(&place.relative, &place.left(0, 1)?)?;
            let mix = listed.mix.clone().filter(|mix| mix.fingerprint == fingerprint)?;
            Some((listed.clone(), mix))
        };
        let all: Vec<(ListedFile, ListedMix)> = places.iter().map(entry).collect::<Option<_>>()?;
        all.into_iter().next()
    }

    /// Gives what was written at `places`, which lie in one folder, their final names, listed with what is `said` of them.
    ///
    /// # Errors
    /// [`ErrorKind::Exists`] where something was put there meanwhile, [`ErrorKind::Io`].
    pub(crate) fn commit(&self, places: &[&OutputPlace], said: &SaidOfMix) -> Result<()> {
        let Some(place) = places.first() else { return Ok(()) };
        let folder = SingleFiles::folder(place);
        let Some(guard) = self.guards.get(&folder) else {
            return Err(
                Error::new(ErrorKind::Exists, "a file that nobody asked about is not written").at_file(&place.path)
            );
        };
        commit_all(places.iter().map(|place| (*place, 0, 1)), said, &folder, guard)?;
        self.written.lock().unwrap_or_else(PoisonError::into_inner).insert(folder);
        Ok(())
    }

    /// Lists what was made in the manifests of its folders; says where that cannot be.
    pub(crate) fn finish(&self) -> Vec<String> {
        let finish = |folder: &PathBuf| match self.guards.get(folder)?.records() {
            true => settle(folder, None, false).err().map(|error| format!("{error:#}")),
            false => Some(unlisted(folder)),
        };
        self.written.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(finish).collect()
    }
}

/// What is said where a manifest cannot be written.
pub(crate) fn unlisted(folder: &Path) -> String {
    let manifest = folder.join(MANIFEST);
    format!(
        "{} is not a manifest of this library and was left alone: the files written are not listed in it",
        manifest.display()
    )
}
