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
    /// different versions, or with different canvases, presets or backends; parts that no shot counts of are not looked at.
    pub fn merge(parts: &[Report], plan: &Plan, folder: &Path) -> Result<Report> {
        let Some(first) = parts.first() else {
            let count = plan.shots.len();
            let what = format!("no part manifest in {}: expected those of {count} shots", folder.display());
            return Err(Error::new(ErrorKind::Empty, what).at_file(folder));
        };
        let mut by_name: HashMap<&str, (DeliveredAt, &Report, &ShotReport)> = HashMap::new();
        for part in parts {
            for shot in part.shots.iter().filter(|shot| shot.of.is_none()) {
                let standing = standing(part, shot);
                // Of two that say the same, the later one.
                if by_name.get(shot.shot.as_str()).is_none_or(|(known, ..)| *known <= standing) {
                    by_name.insert(&shot.shot, (standing, part, shot));
                }
            }
        }
        let counting = plan.shots.iter().filter_map(|shot| by_name.get(shot.name.as_str()));
        let counting: Vec<&Report> = counting.map(|(_, part, _)| *part).collect();
        // Parts that no shot counts of may be of an earlier attempt with other options.
        let first = counting.first().copied().unwrap_or(first);
        [first].iter().chain(&counting).try_for_each(|part| check_alike(first, part, plan))?;
        let mut files: Vec<ListedFile> = Vec::new();
        for part in parts {
            let way = way(folder, &part.folder);
            let file = |file: &ListedFile| ListedFile { path: format!("{way}{}", file.path), ..file.clone() };
            files.extend(part.files.iter().map(file));
        }
        let moved = |part: &Report, shot: &ShotReport| {
            let way = way(folder, &part.folder);
            let mut shot = shot.clone();
            outputs_mut(&mut shot).for_each(|output| output.path = format!("{way}{}", output.path));
            shot
        };
        let shots = plan.shots.iter().map(|shot| match by_name.remove(shot.name.as_str()) {
            Some((_, part, report)) => moved(part, report),
            None => {
                let error = format!("shot {:?}: no part manifest says what became of it", shot.name);
                not_there(plan, shot, error)
            }
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

/// Whether a shot was delivered, and when the last of its files was written, in milliseconds since 1970; 0 where that is not
/// known.
type DeliveredAt = (bool, u64);

fn standing(part: &Report, shot: &ShotReport) -> DeliveredAt {
    let is_delivered = matches!(shot.status, Status::Done | Status::Skipped);
    let paths: Vec<&str> = outputs(shot).map(|output| output.path.as_str()).collect();
    let own = part.files.iter().filter(|file| paths.contains(&file.path.as_str()));
    (is_delivered, own.map(|file| file.modified.1).max().filter(|_| is_delivered).unwrap_or(0))
}

/// What is said of a shot that is not there: `error`.
pub(crate) fn not_there(plan: &Plan, shot: &Shot, error: String) -> ShotReport {
    ShotReport {
        shot: shot.name.clone(),
        clip: shot.clip.clone(),
        track: shot.track.clone(),
        object: shot.object.clone(),
        status: Status::Failed,
        error: vec![error],
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
    use crate::plan::PlanOptions;
    use crate::report::{OutputKind, ReportedCanvas};
    use crate::time::Rate;
    use crate::timeline::{Clip, Composition, MediaReference, RawTimeRange, Timeline};

    /// A plan of one shot.
    fn plan() -> Plan {
        let media = MediaReference::file("/media/a.mov").available(RawTimeRange::frames(0, 240, Rate::FPS_24));
        let clip = Clip::new("sh010", media).range(RawTimeRange::frames(10, 48, Rate::FPS_24));
        let timeline = Timeline::new("cut").track(Composition::video("V1").with(clip));
        Plan::new(&timeline, &PlanOptions::default()).expect("a plan")
    }

    /// What a task says of that: `status`, and when its file was written, if that is listed. `fingerprint` tells it apart.
    fn part(plan: &Plan, fingerprint: &str, status: Status, written: Option<u64>) -> Report {
        let path = "sh010.mov".to_owned();
        let mut shot = not_there(plan, &plan.shots[0], "it failed".to_owned());
        (shot.status, shot.fingerprint) = (status, fingerprint.to_owned());
        if status == Status::Done {
            let (encoder, codec, pixel_format, size) = (None, None, None, None);
            let kind = OutputKind::Movie;
            shot.output = Some(Output { kind, path: path.clone(), bytes: 3, encoder, codec, pixel_format, size });
        }
        let file = |at| ListedFile { path: path.clone(), bytes: 3, modified: (at, at), loudness: None, mix: None };
        let canvas = crate::plan::Canvas::new(16, 16, crate::plan::ColorTags::BT709);
        Report {
            crate_version: env!("CARGO_PKG_VERSION").to_owned(),
            timeline: None,
            name: plan.name.clone(),
            backend: "record".to_owned(),
            preset: "h264".to_owned(),
            gain: None,
            canvas: ReportedCanvas { canvas, space: None },
            rate: plan.rate,
            start: plan.global_start,
            shots: vec![shot],
            omitted: Vec::new(),
            warnings: Vec::new(),
            plan: None,
            files: written.map(file).into_iter().collect(),
            folder: "/out".into(),
        }
    }

    #[test]
    fn what_was_delivered_last_counts_and_no_failure_beside_it() {
        let plan = plan();
        let all = [
            ("failed", Status::Failed, None),
            ("delivered", Status::Done, Some(20)),
            ("failed later", Status::Failed, Some(30)),
            ("without files", Status::Done, None),
            ("cancelled", Status::Cancelled, None),
            ("before", Status::Done, Some(10)),
        ];
        let counting = |chosen: &[usize]| {
            let parts = chosen.iter().map(|&index| all[index]);
            let parts: Vec<Report> = parts.map(|(print, status, at)| part(&plan, print, status, at)).collect();
            let report = Report::merge(&parts, &plan, Path::new("/out")).expect("it is joined");
            assert_eq!(report.shots.len(), 1);
            report.shots[0].fingerprint.clone()
        };
        // In whichever order they come, and some of them twice.
        for turn in 0..all.len() {
            let mut order: Vec<usize> = (0..all.len()).chain([0, 2, 5]).collect();
            order.rotate_left(turn);
            assert_eq!(counting(&order), "delivered", "{order:?}");
            order.reverse();
            assert_eq!(counting(&order), "delivered", "{order:?}");
        }
        assert_eq!((counting(&[3, 0]), counting(&[0, 3])), ("without files".to_owned(), "without files".to_owned()));
        assert_eq!((counting(&[0, 2]), counting(&[2, 4])), ("failed later".to_owned(), "cancelled".to_owned()));
    }

    #[test]
    fn parts_that_do_not_count_may_be_of_another_preset() {
        let plan = plan();
        let own = part(&plan, "own", Status::Done, Some(20));
        let other = Report { preset: "hevc".to_owned(), ..part(&plan, "other", Status::Done, Some(10)) };
        let merged = Report::merge(&[other.clone(), own], &plan, Path::new("/out")).expect("it is joined");
        assert_eq!((merged.preset.as_str(), merged.shots[0].fingerprint.as_str()), ("h264", "own"));
        let stranger = Report { name: "other".to_owned(), ..other };
        let error = Report::merge(&[stranger], &plan, Path::new("/out")).expect_err("another cut");
        assert_eq!(error.kind(), ErrorKind::Mismatch);
    }

    #[test]
    fn paths_lead_from_one_folder_to_another() {
        for (to, from, expected) in
            [("/a/b", "/a/b", ""), ("/a/b", "/a/b/c/d", "c/d/"), ("/a/b", "/a/x", "../x/"), ("/", "/x", "x/")]
        {
            assert_eq!(way(Path::new(to), Path::new(from)), expected, "{to} {from}");
        }
    }
}
