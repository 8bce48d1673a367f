//! Shots of an earlier run that are not in the cut any more: which they are, and what becomes of their files.

use std::collections::{HashMap, HashSet};

use super::Run;
use super::since::Taken;
use crate::deliver::{Guard, MANIFEST, ShotPlaces, delivered_place, outputs};
use crate::printable::counted;
use crate::report::{Report, ShotReport, Status};

/// The delivered shots of an earlier run that are not in the cut. Found once for a run: every manifest that is written on the
/// way asks of every entry whether it is one.
#[derive(Default)]
pub(super) struct Gone<'s> {
    shots: Vec<&'s ShotReport>,
    by_name: HashMap<&'s str, Vec<usize>>,
}

impl<'s> Gone<'s> {
    fn of(shots: impl IntoIterator<Item = &'s ShotReport>) -> Gone<'s> {
        let mut gone = Gone::default();
        for shot in shots.into_iter().filter(|shot| shot.output.is_some()) {
            gone.by_name.entry(&shot.shot).or_default().push(gone.shots.len());
            gone.shots.push(shot);
        }
        gone
    }

    /// Those that have the name of `entry`.
    fn of_name(&self, entry: &ShotReport) -> impl Iterator<Item = &ShotReport> {
        self.by_name.get(entry.shot.as_str()).into_iter().flatten().map(|&index| self.shots[index])
    }

    /// Whether `entry` is of one of them.
    fn holds(&self, entry: &ShotReport) -> bool {
        self.of_name(entry).any(|gone| gone.output == entry.output)
    }
}

impl<'r> Run<'r> {
    /// The shots of the earlier run that are not in this cut, neither by their names nor by those of their files. None where the
    /// two have nothing in common: then it was another cut.
    pub(super) fn find_gone(&self) -> Gone<'r> {
        let Some(since) = self.since else { return Gone::default() };
        let (paths, names) = (self.own_paths(), self.own_names());
        let path = |shot: &ShotReport| shot.output.as_ref().map(|output| output.path.clone());
        let (stay, gone): (Vec<&ShotReport>, Vec<&ShotReport>) = since.cut().partition(|shot| {
            names.contains(shot.shot.as_str()) || path(shot).is_some_and(|path| paths.contains(path.as_str()))
        });
        let is_taken =
            |taken: &Option<Taken>| matches!(taken, Some(Taken::Pictures { of, .. }) if since.shots[*of].of.is_none());
        if stay.is_empty() && !self.taken.iter().any(is_taken) {
            return Gone::default();
        }
        Gone::of(gone)
    }

    /// Names of the shots of the earlier run that are not in this cut.
    pub(super) fn omitted(&self) -> Vec<String> {
        self.gone.shots.iter().map(|shot| shot.shot.clone()).collect()
    }

    /// The paths, in a manifest, of everything that is delivered of the shots of the cut.
    fn own_paths(&self) -> HashSet<&str> {
        let own = self.places.iter().flat_map(ShotPlaces::all).map(|place| place.relative.as_str());
        own.chain(self.others.iter().flatten().map(|other| other.path.as_str())).collect()
    }

    fn own_names(&self) -> HashSet<&str> {
        let own = self.plan.shots.iter().map(|shot| shot.name.as_str());
        own.chain(self.others.iter().flatten().map(|other| other.name.as_str())).collect()
    }

    /// Whether the earlier run is the newest in the folder that is delivered to.
    fn follows(&self) -> bool {
        self.since.is_some_and(|since| self.folder.path().join(MANIFEST) == since.manifest)
    }

    /// What the manifest says of a shot of an earlier run which this one delivers nothing of, `shot`: that it was omitted, if
    /// that was found.
    pub(super) fn marked(&self, shot: ShotReport) -> ShotReport {
        let was_in_the_cut = self.since.is_some_and(|since| shot.of.as_ref() == Some(&since.name));
        let omitted = shot.omitted || (was_in_the_cut && self.follows() && self.gone.holds(&shot));
        ShotReport { omitted, ..shot }
    }

    /// What is said in the manifest of shots that were delivered to another folder and are not in this cut.
    pub(super) fn omitted_elsewhere(&self) -> Vec<ShotReport> {
        let Some(since) = self.since.filter(|since| since.folder != self.folder.path()) else { return Vec::new() };
        let reason = format!("omitted; its files are in {}", since.folder.display());
        let gone = self.gone.shots.iter().map(|shot| without_files(shot, &reason));
        gone.map(|shot| ShotReport { of: Some(since.name.clone()), ..shot }).collect()
    }

    /// Removes the files of omitted shots where that is asked for. Says in `whole`, the manifest, what was removed, and returns
    /// sentences about that and about what stays.
    pub(super) fn remove_omitted(&self, whole: &mut Report, guard: &Guard<'_>) -> Vec<String> {
        let Some(since) = self.since.filter(|since| since.removes()) else { return Vec::new() };
        if self.gone.shots.is_empty() {
            return Vec::new();
        }
        let stays =
            |why: &str| vec![format!("files of {} are kept: {why}", counted(self.gone.shots.len(), "omitted shot"))];
        if since.folder != self.folder.path() {
            return stays("they are in another folder");
        }
        if !self.follows() {
            return stays("the manifest is not the newest one of its folder");
        }
        let is_of_another =
            |shot: &ShotReport| shot.of.as_ref() == Some(&self.plan.name) && since.name != self.plan.name;
        if since.shots.iter().any(is_of_another) {
            return stays("the manifest is of another cut, and also lists shots of this one");
        }
        let is_whole = |shot: &ShotReport| matches!(shot.status, Status::Done | Status::Skipped);
        if !whole.shots.iter().filter(|shot| shot.of.is_none()).all(is_whole) {
            return stays("not every shot of the cut was delivered");
        }
        let own: HashSet<String> = self.own_paths().into_iter().map(str::to_owned).collect();
        let mut told = Vec::new();
        for shot in &mut whole.shots {
            if !shot.omitted || !self.gone.holds(shot) {
                continue;
            }
            let mut kept = Vec::new();
            let mut removed = Vec::new();
            for output in outputs(shot).filter(|output| !own.contains(&output.path)) {
                let place = delivered_place(&self.folder, output);
                let place =
                    place.ok_or_else(|| format!("{} is kept: its path is not one that is written here", output.path));
                match place.and_then(|place| guard.remove(&place)) {
                    Ok(()) => removed.push(output.path.clone()),
                    Err(why) => kept.push(why),
                }
            }
            if !removed.is_empty() {
                told.push(format!("removed {} of {:?}, which is not in the cut", removed.join(", "), shot.shot));
            }
            if kept.is_empty() {
                *shot = without_files(shot, "omitted; its files were removed");
            }
            told.extend(kept);
        }
        told
    }
}

/// An entry of a shot that is not in the cut and has no files here.
fn without_files(shot: &ShotReport, reason: &str) -> ShotReport {
    ShotReport {
        output: None,
        sound: None,
        stems: Vec::new(),
        representations: Vec::new(),
        pictures: None,
        reason: Some(reason.to_owned()),
        omitted: true,
        ..shot.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, path: &str) -> ShotReport {
        let shot = serde_json::json!({
            "shot": name, "clip": name, "track": "V1", "object": "tracks[0]", "status": "done", "error": [],
            "output": {"path": path, "kind": "movie", "bytes": 1}, "first_frame": 1001, "frame_count": 1, "head": 0,
            "tail": 0, "record": {"start": 0, "start_timecode": "", "end_timecode": ""}, "sources": [],
            "fingerprint": "", "warnings": [],
        });
        serde_json::from_value(shot).expect("a shot of a manifest")
    }

    #[test]
    fn each_entry_is_compared_once_however_many_shots_are_gone() {
        let count = 10_000;
        let entries: Vec<ShotReport> =
            (0..count).map(|number| entry(&format!("sh{number:05}"), &format!("sh{number:05}.mov"))).collect();
        let mut asked = 0;
        let every_other = entries.iter().step_by(2).inspect(|_| asked += 1);
        let gone = Gone::of(every_other);
        assert_eq!((gone.shots.len(), asked), (count / 2, count / 2));
        let compared: usize = entries.iter().map(|entry| gone.of_name(entry).count()).sum();
        assert_eq!(compared, count / 2);
        assert!(entries.iter().enumerate().all(|(number, entry)| gone.holds(entry) == (number % 2 == 0)));
        // The same name in front of another file is another shot.
        assert!(!gone.holds(&entry("sh00000", "reel2/sh00000.mov")));
    }
}
