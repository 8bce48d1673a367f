//! Everything that is delivered of one shot: it appears together, or not at all.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::files::{Folder, Hold, OutputPlace, Standing};
use super::manifest::note;
use super::{Guard, Listed, Preset, Representation};
use crate::audio::{Loudness, Peak};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Plan, Shot};
use crate::report::{DeliveredStem, ListedFile, ListedMix, Output, OutputKind, Represented, ShotReport};
use crate::time::Rate;

/// Where everything that is delivered of one shot goes.
#[derive(Debug, Clone)]
pub(crate) struct ShotPlaces {
    pub(crate) picture: OutputPlace,
    /// Its WAV file, where one is asked for and there is sound.
    pub(crate) sound: Option<OutputPlace>,
    /// The WAV files of its stems, each with the stem's name.
    pub(crate) stems: Vec<(String, OutputPlace)>,
    representations: Vec<PlacedRepresentation>,
}

/// One representation of one shot.
#[derive(Debug, Clone)]
pub(crate) struct PlacedRepresentation {
    name: String,
    pub(crate) place: OutputPlace,
    /// How many of the shot's pictures come before its first.
    skipped: i64,
    frames: i64,
}

impl PlacedRepresentation {
    /// Where `representation` of `shot` at `rate` goes, under `name`.
    pub(crate) fn new(
        folder: &Folder,
        name: &Path,
        representation: &Representation,
        shot: &Shot,
        rate: Rate,
    ) -> PlacedRepresentation {
        let shown = representation.shown(shot.frame_count, (shot.head, shot.tail));
        PlacedRepresentation {
            name: representation.name.clone(),
            place: folder.place(name, representation.kind(), &representation.preset.extension),
            skipped: shown.start,
            frames: representation.frame_count(shown.end - shown.start, rate),
        }
    }

    /// Its place, the number of its first frame where the shot's is `first`, and how many it has.
    pub(crate) fn numbered(&self, first: i64) -> (&OutputPlace, i64, i64) {
        (&self.place, first + self.skipped, self.frames)
    }

    /// What was delivered of a shot whose first frame has the number `first`.
    pub(crate) fn delivered(&self, first: i64) -> Result<Represented> {
        let output = whole(&self.place, first + self.skipped, self.frames)?;
        Ok(Represented { name: self.name.clone(), output, color: None, pictures: None })
    }
}

/// What was delivered of one shot: nothing, where it failed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Delivered {
    pub(crate) picture: Option<Output>,
    pub(crate) sound: Option<Output>,
    /// How loud it is.
    pub(crate) peak: Option<Peak>,
    pub(crate) loudness: Option<Loudness>,
    pub(crate) stems: Vec<DeliveredStem>,
    pub(crate) representations: Vec<Represented>,
}

impl ShotPlaces {
    /// Where `shot` of `plan` goes, whose own name is `name` and whose representations and then stems have the names `others`.
    pub(crate) fn new(
        folder: &Folder,
        (name, others): (&Path, &[PathBuf]),
        (preset, representations): (&Preset, &[Representation]),
        plan: &Plan,
        shot: &Shot,
    ) -> ShotPlaces {
        let part = |(representation, name): (&Representation, &PathBuf)| {
            PlacedRepresentation::new(folder, name, representation, shot, plan.rate)
        };
        let kind = if preset.is_sequence() { OutputKind::Sequence } else { OutputKind::Movie };
        let wav = preset.wav && plan.sound.is_some();
        let (made, apart) = others.split_at(representations.len().min(others.len()));
        let stem = |(stem, name): (&String, &PathBuf)| (stem.clone(), folder.place(name, OutputKind::Sound, "wav"));
        ShotPlaces {
            picture: folder.place(name, kind, &preset.extension),
            sound: wav.then(|| folder.place(name, OutputKind::Sound, "wav")),
            stems: stems_of(plan, preset).iter().zip(apart).map(stem).collect(),
            representations: representations.iter().zip(made).map(part).collect(),
        }
    }

    /// All of them; the shot's own picture comes last.
    pub(crate) fn all(&self) -> impl Iterator<Item = &OutputPlace> {
        let stems = self.stems.iter().map(|(_, place)| place);
        self.representations().chain(stems).chain(&self.sound).chain([&self.picture])
    }

    /// Where the representations go, in their order.
    pub(crate) fn representations(&self) -> impl Iterator<Item = &OutputPlace> {
        self.representations.iter().map(|part| &part.place)
    }

    /// What lies under the final name of each representation of `shot`, in their order.
    pub(crate) fn representations_left(&self, shot: &Shot) -> impl Iterator<Item = Option<ListedFile>> {
        self.representations.iter().map(|part| {
            let (place, first, frames) = part.numbered(shot.first_frame);
            place.left(first, frames)
        })
    }

    /// Makes room for what is to be written, and keeps others from writing there.
    ///
    /// # Errors
    /// [`ErrorKind::Locked`] where somebody does.
    pub(crate) fn prepare(&self) -> Result<Vec<Hold>> {
        self.all().map(OutputPlace::prepare).collect()
    }

    /// Keeps other tasks from delivering the same shot meanwhile, where the system knows locks. One that does not go on is
    /// waited for no longer than this.
    pub(crate) fn hold(&self, most: Duration) -> Result<Vec<Hold>> {
        let holds = self.all().map(|place| Hold::wait_for(&place.path, most));
        holds.filter_map(Result::transpose).collect()
    }

    /// All of them, each with the number of its first frame and how many it has.
    fn numbered(&self, shot: &Shot) -> impl Iterator<Item = (&OutputPlace, i64, i64)> {
        let (first, frames) = (shot.first_frame, shot.frame_count);
        let parts = self.representations.iter().map(move |part| part.numbered(first));
        let stems = self.stems.iter().map(|(_, place)| place);
        parts.chain(stems.chain(&self.sound).chain([&self.picture]).map(move |place| (place, first, frames)))
    }

    /// Gives everything that was written its final name, in the output folder `folder`. Where one cannot have it, none
    /// keeps it.
    pub(crate) fn deliver(&self, shot: &Shot, folder: &Path, guard: &Guard<'_>) -> Result<Delivered> {
        noted_around(folder, |note| self.deliver_noted(shot, guard, note))
    }

    /// The same; `note` is told of the files first.
    pub(crate) fn deliver_noted(&self, shot: &Shot, guard: &Guard<'_>, note: NoteFiles<'_>) -> Result<Delivered> {
        commit_noted(self.numbered(shot), &SaidOfMix::default(), guard, note)?;
        let (first, frames) = (shot.first_frame, shot.frame_count);
        Ok(Delivered {
            picture: Some(whole(&self.picture, first, frames)?),
            sound: self.sound.as_ref().map(|place| whole(place, first, frames)).transpose()?,
            peak: None,
            loudness: None,
            stems: self
                .stems
                .iter()
                .map(|(name, place)| Ok(DeliveredStem { name: name.clone(), output: whole(place, first, frames)? }))
                .collect::<Result<_>>()?,
            representations: self.representations.iter().map(|part| part.delivered(first)).collect::<Result<_>>()?,
        })
    }

    /// What `before` says was delivered, if every byte of it is still there as whoever said so left it, which is in `listed`, and
    /// it is all that is asked for now.
    pub(crate) fn delivered_before(&self, before: &ShotReport, shot: &Shot, listed: &Listed) -> Option<Delivered> {
        let there = |place: &OutputPlace, (first, frames): (i64, i64), output: &Output| {
            let as_left = |left: &ListedFile| left.bytes == output.bytes && listed.holds(&place.relative, left);
            place.relative == output.path && place.left(first, frames).as_ref().is_some_and(as_left)
        };
        let all = (shot.first_frame, shot.frame_count);
        let picture = before.output.clone().filter(|output| there(&self.picture, all, output))?;
        let sound = match &self.sound {
            Some(place) => Some(before.sound.clone().filter(|output| there(place, all, output))?),
            None => None,
        };
        let stem = |(name, place): &(String, OutputPlace)| {
            let known = before.stems.iter().find(|known| known.name == *name);
            known.filter(|known| there(place, all, &known.output)).cloned()
        };
        let stems = self.stems.iter().map(stem).collect::<Option<_>>()?;
        let part = |part: &PlacedRepresentation| {
            let known = before.representations.iter().find(|known| known.name == part.name);
            known
                .filter(|known| there(&part.place, (shot.first_frame + part.skipped, part.frames), &known.output))
                .cloned()
        };
        let representations = self.representations.iter().map(part).collect::<Option<_>>()?;
        let (peak, loudness) = (before.peak, before.loudness);
        Some(Delivered { picture: Some(picture), sound, peak, loudness, stems, representations })
    }

    /// Of what is asked for of `shot`, the path of the first that is not there as `listed` says that it was left, and whether
    /// anything is there.
    pub(crate) fn changed(&self, shot: &Shot, listed: &Listed) -> Option<(&OutputPlace, bool)> {
        self.numbered(shot).find_map(|(place, first, frames)| {
            let left = place.left(first, frames);
            let as_left = left.is_some_and(|left| listed.holds(&place.relative, &left));
            (!as_left).then(|| (place, place.path.symlink_metadata().is_ok()))
        })
    }

    /// Removes what was written under temporary names, if anything; says what could not be.
    pub(crate) fn discard(&self) -> Vec<String> {
        self.all().filter_map(|place| place.discard().err()).map(|error| format!("{error:#}")).collect()
    }
}

/// Names of the stems that are written beside each shot of `plan`.
pub(super) fn stems_of<'p>(plan: &'p Plan, preset: &Preset) -> &'p [String] {
    plan.sound.as_ref().filter(|_| preset.delivers_sound()).map_or(&[], |sound| &sound.stems)
}

/// Gives all of `places`, each with the number of its first frame and how many it has, their final names, once they are
/// noted in `folder`, with what is `said` of them. Where one cannot have it, none keeps it.
#[cfg(feature = "ffmpeg")]
pub(crate) fn commit_all<'p>(
    places: impl Iterator<Item = (&'p OutputPlace, i64, i64)>,
    said: &SaidOfMix,
    folder: &Path,
    guard: &Guard<'_>,
) -> Result<()> {
    noted_around(folder, |note| commit_noted(places, said, guard, note))
}

/// Delivers files into `folder` by `deliver`, which notes them before they get their final names, and notes them once more after
/// that. Of other processes that end meanwhile, one lists what was noted, and the next takes it off the list again, as it
/// finds nothing under the name yet.
fn noted_around<T>(folder: &Path, deliver: impl FnOnce(NoteFiles<'_>) -> Result<T>) -> Result<T> {
    let noted = RefCell::new(Vec::new());
    let delivered = deliver(&|files| {
        note(folder, files)?;
        noted.borrow_mut().extend_from_slice(files);
        Ok(())
    })?;
    // What cannot be noted now was noted before: it is delivered, and listed unless others came in between.
    match noted.into_inner().as_slice() {
        [] => {}
        noted => drop(note(folder, noted)),
    }
    Ok(delivered)
}

/// What a manifest says of files that are the mix of a cut and its stems; nothing of others.
#[derive(Debug, Default)]
pub(crate) struct SaidOfMix {
    /// That of the first of them.
    pub(crate) loudness: Option<Loudness>,
    pub(crate) mix: Option<ListedMix>,
}

/// Notes what is about to get its final name.
type NoteFiles<'n> = &'n dyn Fn(&[ListedFile]) -> Result<()>;

/// The same; `note` is told of the files first.
fn commit_noted<'p>(
    places: impl Iterator<Item = (&'p OutputPlace, i64, i64)>,
    said: &SaidOfMix,
    guard: &Guard<'_>,
    note: NoteFiles<'_>,
) -> Result<()> {
    let places: Vec<(&OutputPlace, i64, i64)> = places.collect();
    // All of them before the first takes the place of another.
    places.iter().try_for_each(|(place, ..)| guard.check(place).map(drop))?;
    places.iter().try_for_each(|(place, ..)| place.sync())?;
    // What is not whole was told by whoever verified it; here it is only not noted.
    let written = places.iter().filter_map(|&(place, first, count)| place.written(first, count));
    let written: Vec<ListedFile> = written
        .enumerate()
        .map(|(index, written)| ListedFile {
            loudness: said.loudness.filter(|_| index == 0),
            mix: said.mix.clone(),
            ..written
        })
        .collect();
    if guard.records() {
        note(&written)?;
    }
    let mut named = Vec::new();
    for (place, ..) in places {
        // Again: what lay there may have been changed since, by whoever knows nothing of this library.
        if let Err(error) = guard.check(place).and_then(|standing| place.commit(standing, &mut named)) {
            return Err(withdrawn(error, &named));
        }
    }
    Ok(())
}

/// Takes what was `named` already away again, as the rest cannot be delivered for this reason; says what could not be, and
/// what it had replaced, which is lost.
fn withdrawn(error: Error, named: &[(&OutputPlace, Standing)]) -> Error {
    let replaced = named.iter().filter(|(_, standing)| *standing == Standing::Replaceable);
    let lost: Vec<String> = replaced.map(|(place, _)| place.path.display().to_string()).collect();
    let error = match lost.as_slice() {
        [] => error,
        lost => error.context(format!("the earlier version of {} was replaced already and is lost", lost.join(", "))),
    };
    let kept = named.iter().filter_map(|(place, _)| place.withdraw().err());
    kept.fold(error, |error, kept| error.context(kept))
}

/// The place in `folder` of what a manifest lists as `output`.
pub(crate) fn delivered_place(folder: &Folder, output: &Output) -> Option<OutputPlace> {
    let path = output.path.as_str();
    let (name, extension) = match output.kind {
        OutputKind::Sequence => {
            let (name, file) = path.rsplit_once('/')?;
            (name, file.rsplit_once(".%04d.")?.1)
        }
        _ => path.rsplit_once('.')?,
    };
    let place = folder.place(Path::new(name), output.kind, extension);
    // Nothing outside of the folder, whatever somebody wrote into the manifest.
    let mut parts = Path::new(name).components().peekable();
    let is_inside = parts.peek().is_some() && parts.all(|part| matches!(part, std::path::Component::Normal(_)));
    (is_inside && place.relative == path).then_some(place)
}

/// What lies at `place` after it was delivered.
fn whole(place: &OutputPlace, first: i64, frames: i64) -> Result<Output> {
    let missing = || Error::new(ErrorKind::Verify, "the delivered file does not exist").at_file(&place.path);
    let bytes = place.bytes(first, frames).ok_or_else(missing)?;
    Ok(Output {
        kind: place.kind,
        path: place.relative.clone(),
        bytes,
        encoder: None,
        codec: None,
        pixel_format: None,
        size: None,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::deliver::{Existing, Protected, settle};

    /// Two files that were delivered before, under their places, and written anew under temporary names.
    fn replaced(root: &Path) -> [OutputPlace; 2] {
        let folder = Folder::planned(root);
        ["a", "b"].map(|name| {
            let place = folder.place(Path::new(name), OutputKind::Movie, "mov");
            fs::write(place.target.path(), "old").expect("a new file");
            let listed = place.written(0, 1).expect("it is there");
            fs::rename(place.target.path(), &place.path).expect("it gets its name");
            note(root, &[listed]).expect("noted");
            settle(root, None, false).expect("listed");
            fs::write(place.target.path(), "new").expect("a new file");
            place
        })
    }

    fn text(place: &OutputPlace) -> Option<String> {
        fs::read_to_string(&place.path).ok()
    }

    /// Two others end between the note of a file and its name: whoever comes after that still knows it as ours.
    #[test]
    fn what_gets_its_name_late_is_listed_though_others_ended_twice() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let root = root.path().canonicalize().expect("it is there");
        let place = Folder::planned(&root).place(Path::new("a"), OutputKind::Movie, "mov");
        fs::write(place.target.path(), "new").expect("a new file");
        noted_around(&root, |note| {
            note(&[place.written(0, 1).expect("it is there")])?;
            for _ in 0..2 {
                settle(&root, None, false)?;
            }
            fs::rename(place.target.path(), &place.path).expect("it gets its name");
            Ok(())
        })
        .expect("delivered");
        let protected = Protected::default();
        let is_ours = |existing| {
            let (guard, _) = Guard::new(&root, &protected, existing).expect("a manifest");
            guard.check(&place).is_ok()
        };
        assert!(is_ours(Existing::Overwrite) && !is_ours(Existing::Error));
    }

    #[test]
    fn nothing_is_replaced_where_one_of_them_may_not_be() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let root = root.path().canonicalize().expect("it is there");
        let places = replaced(&root);
        let protected = Protected::default();
        let (guard, _) = Guard::new(&root, &protected, Existing::Overwrite).expect("a manifest");
        fs::write(&places[1].path, "changed since").expect("it is there");
        let all = places.iter().map(|place| (place, 0, 1));
        let error = commit_noted(all, &SaidOfMix::default(), &guard, &|_| Ok(())).expect_err("one was changed");
        assert_eq!(error.kind(), ErrorKind::Exists, "{error:#}");
        assert_eq!(places.each_ref().map(text), [Some("old".to_owned()), Some("changed since".to_owned())]);
    }

    #[test]
    fn what_was_replaced_and_is_lost_is_named() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let root = root.path().canonicalize().expect("it is there");
        let places = replaced(&root);
        let protected = Protected::default();
        let (guard, _) = Guard::new(&root, &protected, Existing::Overwrite).expect("a manifest");
        // The second was looked at, and is changed before the first has its name.
        let change = |_: &[ListedFile]| {
            fs::write(&places[1].path, "changed since").expect("it is there");
            Ok(())
        };
        let all = places.iter().map(|place| (place, 0, 1));
        let error = commit_noted(all, &SaidOfMix::default(), &guard, &change).expect_err("one was changed");
        let lost = format!("{} was replaced already and is lost", places[0].path.display());
        assert!(format!("{error:#}").contains(&lost), "{error:#}");
        assert_eq!(places.each_ref().map(text), [None, Some("changed since".to_owned())]);
    }
}
