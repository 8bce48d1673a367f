//! What the manifest of the output folder said before a run, and what stays of it.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::deliver::{Guard, Listed, Manifest, on_disk, outputs};
use crate::plan::{MediaSource, Plan};
use crate::report::{Output, Report, ShotReport};

/// What the folder's manifest said before this run.
pub(super) struct Before {
    pub(super) run: Option<Report>,
    /// How the files of the shots in it were left.
    pub(super) reported: Listed,
    /// Where in it the shot with an output of this path is.
    by_path: HashMap<String, usize>,
    /// Whether this run shows what the manifest lists: a review, which leaves it the manifest of the run it reviews.
    pub(super) is_shown: bool,
}

impl Before {
    pub(super) fn new(manifest: Manifest, folder: &Path, plan: &Plan, guard: &Guard<'_>) -> Before {
        let is_listed = |source: &MediaSource| match source {
            MediaSource::File { path } => guard.listed().leads_to(folder, path),
            MediaSource::Sequence { folder: frames, .. } => guard.listed().leads_to(folder, frames),
            _ => false,
        };
        let Manifest { run, reported, .. } = manifest;
        let is_shown = run.is_some() && plan.media.iter().any(|media| is_listed(&media.source));
        let shots = run.iter().flat_map(|run| &run.shots).enumerate();
        let by_path = shots.filter_map(|(index, shot)| Some((shot.output.as_ref()?.path.clone(), index)));
        Before { by_path: by_path.collect(), run, reported, is_shown }
    }

    pub(super) fn at(&self, path: &str) -> Option<&ShotReport> {
        self.run.as_ref()?.shots.get(*self.by_path.get(path)?)
    }

    /// What was delivered at `path` for the shot `name` of the cut `cut`.
    pub(super) fn same(&self, path: &str, name: &str, cut: &str) -> Option<ShotReport> {
        let shot = self.at(path).filter(|shot| shot.shot == name && self.cut(shot) == cut)?;
        Some(ShotReport { of: None, omitted: false, ..shot.clone() })
    }

    /// The manifest of the run of the cut `cut` that is over with `report`: that, and everything else whose files are still
    /// in `folder`.
    /// `mark` says what has become of a shot of an earlier run.
    pub(super) fn joined(
        &self,
        folder: &Path,
        cut: &str,
        mut report: Report,
        mark: &dyn Fn(ShotReport) -> ShotReport,
    ) -> Report {
        let Some(before) = &self.run else { return report };
        let paths: HashSet<&str> =
            report.shots.iter().filter_map(|shot| shot.output.as_ref()).map(|output| output.path.as_str()).collect();
        let is_kept = |shot: &&ShotReport| {
            let is_there = |output: &Output| on_disk(folder, &output.path).exists();
            shot.output.as_ref().is_none_or(|output| !paths.contains(output.path.as_str()))
                && outputs(shot).any(is_there)
        };
        let kept = before.shots.iter().filter(is_kept);
        if self.is_shown {
            let mine = report.shots.iter().map(|shot| ShotReport { of: Some(cut.to_owned()), ..shot.clone() });
            let shots = kept.cloned().chain(mine).collect();
            return Report { shots, ..before.clone() };
        }
        let kept = kept.map(|shot| {
            let of = Some(self.cut(shot).to_owned());
            mark(ShotReport { of, ..shot.clone() })
        });
        let kept: Vec<ShotReport> = kept.collect();
        report.shots.extend(kept);
        report
    }

    /// The name of the cut that a shot was delivered for.
    pub(super) fn cut<'b>(&'b self, shot: &'b ShotReport) -> &'b str {
        shot.of.as_deref().or(self.run.as_ref().map(|run| run.name.as_str())).unwrap_or_default()
    }
}
