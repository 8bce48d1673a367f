//! May this target be written, in this mode? Every program of this library that writes asks here, and nowhere else: before
//! anything is rendered, and again when what was rendered is to get its name.

use std::fs::{self, Metadata};
use std::path::Path;

use super::existing::Existing;
use super::files::{Hold, OutputPlace, Standing, remove};
use super::manifest::{CONFLATED, KnownManifest, Listed, MANIFEST, Manifest, ManifestFile, not_ours};
use super::parts::{self, PartManifest};
use super::protected::Protected;
use crate::error::{Error, ErrorKind, Result};
use crate::printable::counted;
use crate::report::ListedFile;

/// Who decides what may be written into one folder.
#[derive(Debug)]
pub(crate) struct Guard<'p> {
    protected: &'p Protected,
    existing: Existing,
    listed: Listed,
    /// What lies under the manifest's name, if that is no manifest.
    foreign: Option<&'static str>,
    /// Whether what is written is listed in the manifest.
    records: bool,
}

impl<'p> Guard<'p> {
    /// For the folder at `folder`, whose manifest is read; what that says goes with it.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] where the manifest cannot be read.
    pub(crate) fn new(folder: &Path, protected: &'p Protected, existing: Existing) -> Result<(Guard<'p>, Manifest)> {
        let (manifest, foreign) = match Manifest::read(folder)? {
            ManifestFile::Ours(manifest) => (*manifest, None),
            ManifestFile::Foreign(why) => (Manifest::default(), Some(why)),
        };
        Ok((Guard { protected, existing, listed: manifest.listed(), foreign, records: foreign.is_none() }, manifest))
    }

    /// For a task of the job `job` that delivers the shots whose pictures have the paths `shots` in `folder`, beside other
    /// tasks: what they and earlier attempts wrote counts as listed. What this job delivered already may always be kept or
    /// replaced; what lay there before, as `existing` says.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] where manifests cannot be read.
    pub(crate) fn of_task(
        folder: &Path,
        protected: &'p Protected,
        existing: Existing,
        job: &str,
        shots: &[&str],
    ) -> Result<(Guard<'p>, Manifest)> {
        let mut parts = Vec::new();
        for relative in shots {
            parts.extend(parts::of_shot(folder, relative)?);
        }
        let (manifest, foreign) = match Manifest::read_own(folder)? {
            ManifestFile::Ours(manifest) => (*manifest, None),
            ManifestFile::Foreign(why) => (Manifest::default(), Some(why)),
        };
        if existing == Existing::Skip {
            let manifest = manifest.with_parts(parts);
            return Ok((Guard { protected, existing, listed: manifest.listed(), foreign, records: true }, manifest));
        }
        // What is not of this job is made anew, or in the way.
        let listed = if existing == Existing::Error { Listed::default() } else { manifest.listed() };
        let guard = Guard { foreign, ..Guard::beside_parts(protected, existing, job, listed, &parts) };
        let own = parts.into_iter().filter(|part| part.job == job).collect();
        Ok((guard, Manifest::default().with_parts(own)))
    }

    /// The same for the delivery of one shot to `places`, of which attempts say `parts`; of what else is `known` in `folder`
    /// only what lies at these places is asked.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] where the manifest cannot be read.
    pub(crate) fn of_task_shot(
        folder: &Path,
        protected: &'p Protected,
        existing: Existing,
        job: &str,
        (places, parts): (&[&OutputPlace], &[PartManifest]),
        known: &KnownManifest,
    ) -> Result<Guard<'p>> {
        let paths: Vec<&str> = places.iter().map(|place| place.relative.as_str()).collect();
        let listed = match existing {
            Existing::Error => Listed::default(),
            _ => known.listed(folder, &paths)?,
        };
        Ok(Guard::beside_parts(protected, existing, job, listed, parts))
    }

    /// For a task of `job` in whose folder the manifest lists `listed`, and attempts say `parts`.
    fn beside_parts(
        protected: &'p Protected,
        existing: Existing,
        job: &str,
        mut listed: Listed,
        parts: &[PartManifest],
    ) -> Guard<'p> {
        let counting = parts.iter().filter(|part| existing != Existing::Error || part.job == job);
        counting.for_each(|part| listed.add(&part.files));
        let existing = if existing == Existing::Error { Existing::Overwrite } else { existing };
        Guard { protected, existing, listed, foreign: None, records: true }
    }

    /// Whether what is written is listed in the manifest: not where something else has its name, and that is left alone.
    pub(crate) fn records(&self) -> bool {
        self.records
    }

    /// What is never written to.
    pub(crate) fn protected(&self) -> &'p Protected {
        self.protected
    }

    /// Whether something that is no manifest has the manifest's name.
    pub(crate) fn manifest_is_foreign(&self) -> bool {
        self.foreign.is_some()
    }

    /// What the manifest lists.
    pub(crate) fn listed(&self) -> &Listed {
        &self.listed
    }

    /// Refuses places that may not be written, all of them at once.
    ///
    /// # Errors
    /// [`ErrorKind::Exists`].
    pub(crate) fn refuse<'t>(&self, places: impl Iterator<Item = &'t OutputPlace> + Clone) -> Result<()> {
        self.protected.refuse(places.clone().map(|place| place.path.as_path()))?;
        let in_the_way: Vec<(&OutputPlace, String)> =
            places.filter_map(|place| Some((place, self.standing(place).err()?))).collect();
        let Some((first, _)) = in_the_way.first() else { return Ok(()) };
        let list: Vec<String> =
            in_the_way.iter().map(|(place, why)| format!("{}{why}", place.path.display())).collect();
        let exist = if list.len() == 1 { "exists" } else { "exist" };
        let outputs = counted(list.len(), "output");
        let message = format!("{outputs} {exist} already; nothing was rendered:\n  {}", list.join("\n  "));
        let files = in_the_way.iter().map(|(place, _)| place.path.clone());
        Err(Error::new(ErrorKind::Exists, message).at_file(&first.path).about_files(files))
    }

    /// Refuses to write a manifest in `folder`, and with `cut`, `conflated.otio`.
    ///
    /// # Errors
    /// [`ErrorKind::Exists`] where something that is not ours has its name.
    pub(crate) fn refuse_manifest(&mut self, folder: &Path, cut: bool) -> Result<()> {
        let manifest = folder.join(MANIFEST);
        self.protected.refuse([manifest.as_path()])?;
        if let Some(why) = self.foreign
            && !(self.existing == Existing::OverwriteForeign && is_file(&manifest))
        {
            return Err(not_ours(&manifest, why));
        }
        self.records = true;
        let conflated = folder.join(CONFLATED);
        if !cut {
            return Ok(());
        }
        self.protected.refuse([conflated.as_path()])?;
        let Ok(metadata) = conflated.symlink_metadata() else { return Ok(()) };
        let ours = ListedFile::of(&metadata).is_some_and(|there| self.listed.holds(CONFLATED, &there));
        match ours || (self.existing == Existing::OverwriteForeign && metadata.is_file()) {
            true => Ok(()),
            false => Err(not_ours(&conflated, &self.why(CONFLATED, &metadata))),
        }
    }

    /// What lies under the name of `place`, if it may be written there; else why not, as the end of a sentence.
    pub(crate) fn standing(&self, place: &OutputPlace) -> Result<Standing, String> {
        let Ok(metadata) = place.path.symlink_metadata() else { return Ok(Standing::Free) };
        match self.existing {
            Existing::Error => Err(String::new()),
            _ if self.is_ours(place, &metadata)? => Ok(Standing::Replaceable),
            Existing::OverwriteForeign if metadata.is_file() => Ok(Standing::Replaceable),
            _ => Err(format!(" ({})", self.why(&place.relative, &metadata))),
        }
    }

    /// The same, as an error.
    ///
    /// # Errors
    /// [`ErrorKind::Exists`].
    pub(crate) fn check(&self, place: &OutputPlace) -> Result<Standing> {
        self.standing(place).map_err(|why| {
            let message = format!("{} exists already{why}", place.path.display());
            Error::new(ErrorKind::Exists, message).at_file(&place.path)
        })
    }

    /// Removes what lies at `place`, if it is ours and as it was left; says why it stays otherwise.
    pub(crate) fn remove(&self, place: &OutputPlace) -> Result<(), String> {
        let path = place.path.display();
        // A folder that is not there has no room for a lock either.
        if place.path.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
            return Ok(());
        }
        let hold = Hold::take(&place.path).map_err(|error| format!("{path} stays: {error:#}"))?;
        let Some(hold) = hold else { return Err(format!("{path} stays: another run is writing it")) };
        self.remove_held(place, &hold)
    }

    /// The same for whoever keeps others from writing there: what it is, is asked only now.
    fn remove_held(&self, place: &OutputPlace, _: &Hold) -> Result<(), String> {
        let path = place.path.display();
        let metadata = match place.path.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(format!("{path} stays: it cannot be looked at: {error}")),
        };
        if !self.listed.has_times(&place.relative) {
            return Err(format!("{path} stays: {MANIFEST} does not say when it was written"));
        }
        self.protected.refuse([place.path.as_path()]).map_err(|error| format!("{path} stays: {error:#}"))?;
        match self.is_ours(place, &metadata) {
            Ok(true) => remove(&place.path).map_err(|error| format!("{error:#}")),
            Ok(false) => Err(format!("{path} stays {}", self.why(&place.relative, &metadata))),
            Err(why) => Err(format!("{path} stays: it exists{why}")),
        }
    }

    /// Whether what lies at `place` is all ours, as it was left.
    fn is_ours(&self, place: &OutputPlace, metadata: &Metadata) -> Result<bool, String> {
        let Some(frame_name) = place.target.frame_name() else {
            return Ok(ListedFile::of(metadata).is_some_and(|there| self.listed.holds(&place.relative, &there)));
        };
        if !metadata.is_dir() || !self.listed.names(&place.relative) {
            return Ok(false);
        }
        let mut all = ListedFile::NOTHING;
        for entry in fs::read_dir(&place.path).map_err(|error| format!(" (it cannot be listed: {error:#})"))?.flatten()
        {
            let name = entry.file_name();
            let is_frame = name.to_str().and_then(|name| frame_name.number(name)).is_some();
            let frame =
                entry.path().symlink_metadata().ok().filter(|_| is_frame).and_then(|frame| ListedFile::of(&frame));
            match frame {
                Some(frame) if self.listed.holds_part(&place.relative, &frame) => all = all.and(&frame),
                _ => {
                    return Err(format!(" and holds {}, which is not as this library left it", name.to_string_lossy()));
                }
            }
        }
        Ok(self.listed.holds_part(&place.relative, &all))
    }

    /// Why what lies there may not be replaced.
    fn why(&self, relative: &str, metadata: &Metadata) -> String {
        match kind(metadata) {
            Some(kind) => format!("it is {kind}"),
            None if self.listed.names(relative) => "it was changed since it was delivered".to_owned(),
            None if metadata.is_dir() => format!("it is a folder that {MANIFEST} does not list"),
            None => format!("{MANIFEST} does not list it"),
        }
    }
}

fn is_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_file())
}

/// What is neither a regular file nor a folder.
fn kind(metadata: &Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if kind.is_fifo() {
            return Some("a FIFO");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
        if kind.is_char_device() || kind.is_block_device() {
            return Some("a device");
        }
    }
    if kind.is_symlink() {
        return Some("a symbolic link");
    }
    (!kind.is_file() && !kind.is_dir()).then_some("not a regular file")
}

#[cfg(test)]
mod tests {
    use super::super::files::Folder;
    use super::super::manifest::{note, settle};
    use super::*;
    use crate::report::OutputKind;

    #[test]
    fn what_is_removed_is_looked_at_only_when_nobody_else_writes_it() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let root = root.path().canonicalize().expect("it is there");
        let place = Folder::planned(&root).place(Path::new("a"), OutputKind::Movie, "mov");
        fs::write(&place.path, "ours").expect("a new file");
        let there = ListedFile::of(&place.path.metadata().expect("it is there")).expect("a file");
        note(&root, &[ListedFile { path: place.relative.clone(), ..there }]).expect("noted");
        settle(&root, None, false).expect("listed");
        let protected = Protected::default();
        let (guard, _) = Guard::new(&root, &protected, Existing::Overwrite).expect("a manifest");
        let other = Hold::take(&place.path).expect("no errors").expect("it is free");
        assert!(guard.remove(&place).expect_err("another one writes it").contains("another run is writing it"));
        // The other writes it anew, and lets go of it.
        fs::write(&place.path, "what another run wrote").expect("it is there");
        drop(other);
        let hold = Hold::take(&place.path).expect("no errors").expect("it is free");
        let why = guard.remove_held(&place, &hold).expect_err("it is another's");
        assert!(why.contains("changed since"), "{why}");
        assert!(place.path.is_file());
    }
}
