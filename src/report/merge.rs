//! One report out of several: each of some shots of a plan.

use std::collections::HashMap;
use std::path::{Component, Path};

use super::{ListedFile, Output, Record, Report, ShotReport, Status};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Plan, Shot, Warnings};

impl Report {
    /// Joins `parts`, reports of runs of some shots of `plan` each, into one of all its shots in their order, as it would lie in
    /// `folder`: paths are made relative to that. Of several reports of one shot, that counts whose files were written last;
    /// one that failed counts only where no other delivered it. A shot that no part tells of is [`Status::Failed`], and its
    /// error says so.
    ///
    /// The folder of each part ([`Report::folder`]) and `folder` are absolute.
    ///
    /// # Errors
    /// [`ErrorKind::Empty`] where there is no part; [`ErrorKind::Mismatch`] where parts were made of different cuts, by
    /// different versions, or with different canvases, presets or backends.
    pub fn merge(parts: &[Report], plan: &Plan, folder: &Path) -> Result<Report> {
        let Some(first) = parts.first() else {
            let count = plan.shots.len();
            let what = format!("no part manifest in {}: expected those of {count} shots", folder.display());
            return Err(Error::new(ErrorKind::Empty, what).at_file(folder));
        };
        for part in parts {
            check_alike(first, part, plan)?;
        }
        let mut by_name: HashMap<&str, (u64, ShotReport)> = HashMap::new();
        let mut files: Vec<ListedFile> = Vec::new();
        for part in parts {
            let way = way(folder, &part.folder);
            let moved = |path: &str| format!("{way}{path}");
            for shot in part.shots.iter().filter(|shot| shot.of.is_none()) {
                let is_delivered = matches!(shot.status, Status::Done | Status::Skipped);
                let paths: Vec<&str> = outputs(shot).map(|output| output.path.as_str()).collect();
                let own = part.files.iter().filter(|file| paths.contains(&file.path.as_str()));
                let written = own.map(|file| file.modified.1).max().filter(|_| is_delivered).unwrap_or(0);
                if by_name.get(shot.shot.as_str()).is_some_and(|(known, _)| *known > written) {
                    continue;
                }
                let mut moved_shot = shot.clone();
                outputs_mut(&mut moved_shot).for_each(|output| output.path = moved(&output.path));
                by_name.insert(&shot.shot, (written, moved_shot));
            }
            files.extend(part.files.iter().map(|file| ListedFile { path: moved(&file.path), ..file.clone() }));
        }
        let shots = plan.shots.iter().map(|shot| match by_name.remove(shot.name.as_str()) {
            Some((_, report)) => report,
            None => missing(plan, shot),
        });
        let shots = shots.collect();
        files.sort_by(|one, other| (&one.path, one.modified).cmp(&(&other.path, other.modified)));
        files.dedup();
        let warnings = plan.warnings.iter().chain(parts.iter().flat_map(|part| &part.warnings)).cloned();
        let warnings = warnings.collect::<Warnings>().into_vec();
        Ok(Report { shots, files, warnings, folder: folder.to_owned(), ..first.clone() })
    }
}

/// Refuses parts that are not of one run.
fn check_alike(first: &Report, part: &Report, plan: &Plan) -> Result<()> {
    let facts = |report: &Report| {
        let Report { crate_version, name, backend, preset, canvas, rate, start, .. } = report;
        [
            ("version", crate_version.clone()),
            ("cut", name.clone()),
            ("backend", backend.clone()),
            ("preset", preset.clone()),
            ("canvas", format!("{canvas:?}")),
            ("rate", rate.to_string()),
            ("start", start.to_string()),
        ]
    };
    let differing = facts(first).into_iter().zip(facts(part)).find(|(one, other)| one != other);
    let names = |report: &Report| report.shots.first().map(|shot| shot.shot.clone()).unwrap_or_default();
    if let Some(((what, one), (_, other))) = differing {
        let (first, part) = (names(first), names(part));
        let what =
            format!("part manifests of one run have one {what}; found {one} at {first:?} and {other} at {part:?}");
        return Err(Error::new(ErrorKind::Mismatch, what));
    }
    if part.name != plan.name {
        let what = format!("a part manifest of the cut {:?}; expected {:?}", part.name, plan.name);
        return Err(Error::new(ErrorKind::Mismatch, what));
    }
    Ok(())
}

/// What stands before a path relative to `from` to make it relative to `to`: empty, or ending with a slash.
fn way(to: &Path, from: &Path) -> String {
    let (to, from): (Vec<Component<'_>>, Vec<Component<'_>>) = (to.components().collect(), from.components().collect());
    let common = to.iter().zip(&from).take_while(|(one, other)| one == other).count();
    let up = "../".repeat(to.len() - common);
    let down = from[common..].iter().map(|part| format!("{}/", part.as_os_str().to_string_lossy()));
    up + &down.collect::<String>()
}

fn outputs(shot: &ShotReport) -> impl Iterator<Item = &Output> {
    let others = shot.representations.iter().map(|made| &made.output);
    shot.output.iter().chain(&shot.sound).chain(shot.stems.iter().map(|stem| &stem.output)).chain(others)
}

fn outputs_mut(shot: &mut ShotReport) -> impl Iterator<Item = &mut Output> {
    let others = shot.representations.iter_mut().map(|made| &mut made.output);
    let stems = shot.stems.iter_mut().map(|stem| &mut stem.output);
    shot.output.iter_mut().chain(&mut shot.sound).chain(stems).chain(others)
}

/// What is said of a shot that no part tells of.
fn missing(plan: &Plan, shot: &Shot) -> ShotReport {
    ShotReport {
        shot: shot.name.clone(),
        clip: shot.clip.clone(),
        track: shot.track.clone(),
        object: shot.object.clone(),
        status: Status::Failed,
        error: vec![format!("shot {:?}: no part manifest says what became of it", shot.name)],
        output: None,
        sound: None,
        peak: None,
        loudness: None,
        stems: Vec::new(),
        representations: Vec::new(),
        first_frame: shot.first_frame,
        frame_count: shot.frame_count,
        head: shot.head,
        tail: shot.tail,
        record: Record {
            start: plan.global_start + shot.start,
            start_timecode: plan.timecode(shot.start).to_string(),
            end_timecode: plan.timecode(shot.start.saturating_add(shot.frame_count)).to_string(),
        },
        sources: plan.sources(shot),
        elapsed: None,
        reason: None,
        color: None,
        fingerprint: String::new(),
        warnings: shot.notes.clone(),
        of: None,
        omitted: false,
        pictures: None,
        fields: shot.fields.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_from_one_folder_to_another() {
        for (to, from, expected) in
            [("/a/b", "/a/b", ""), ("/a/b", "/a/b/c/d", "c/d/"), ("/a/b", "/a/x", "../x/"), ("/", "/x", "x/")]
        {
            assert_eq!(way(Path::new(to), Path::new(from)), expected, "{to} {from}");
        }
    }
}
