//! Shots that are made as a task of a job, while other tasks may make the same.

use std::collections::HashSet;
use std::time::Duration;

use super::{Run, ShotResult};
use crate::backend::{Session, Worker};
use crate::deliver::{Delivered, Existing, Guard, Listed, OutputPlace, parts};
use crate::error::Result;
use crate::plan::Warning;
use crate::report::{ListedFile, Report, ShotReport, Status};

/// How long the delivery of the same shot by another task is waited for: that task's process may not go on.
const WAIT: Duration = Duration::from_secs(60);

impl Run<'_> {
    /// Renders shot number `index` under names of its own and delivers it, unless another task of the same job has done so
    /// meanwhile.
    pub(super) fn deliver_task(
        &self,
        index: usize,
        job: &str,
        session: &dyn Session,
        worker: &mut dyn Worker,
    ) -> Result<(ShotResult, Delivered)> {
        let (shot, places) = (&self.plan.shots[index], &self.places[index]);
        let folder = self.folder.path();
        let all: Vec<&OutputPlace> = places.all().collect();
        let run = (job, self.folder.token());
        let attempt = parts::ShotAttempt::begin(folder, (&places.picture.relative, &all), run)?;
        let rendered = self.rendered(&self.task(index), session, worker, &self.control())?;
        let _holds = places.hold(WAIT)?;
        let others = parts::of_shot(folder, &places.picture.relative)?;
        let done = others.iter().rev().filter(|part| part.job == job).find_map(|part| {
            let listed = Listed::of(&part.files);
            part.report.iter().flat_map(|report| &report.shots).find_map(|before| {
                let (delivered, warnings) = self.done(index, before, &listed)?;
                Some((delivered, ShotResult::Meanwhile(warnings, before.pictures.clone())))
            })
        });
        if let Some((delivered, made)) = done {
            places.all().try_for_each(|place| place.discard())?;
            return Ok((made, delivered));
        }
        // What came there since this run began.
        let guard =
            Guard::of_task_shot(folder, self.protected, self.delivery.existing, job, (&all, &others), &self.manifest)?;
        let delivered = places.deliver_noted(shot, &guard, &|files| attempt.note(files))?;
        Ok((ShotResult::Now(rendered), delivered))
    }

    /// Removes what attempts that are over left of shot number `index`, which is there already.
    pub(super) fn clear_task(&self, index: usize) -> Result<()> {
        let places = &self.places[index];
        let all: Vec<&OutputPlace> = places.all().collect();
        parts::clear(self.folder.path(), &places.picture.relative, &all)
    }

    /// Writes the part manifest of shot number `index`.
    pub(super) fn write_part(&self, index: usize, job: &str, shot: &ShotReport) -> Result<()> {
        let (folder, relative) = (self.folder.path(), &self.places[index].picture.relative);
        let paths: Vec<&str> = crate::deliver::outputs(shot).map(|output| output.path.as_str()).collect();
        // Of a shot that is kept, another attempt's, or what was there before; never what another job wrote since.
        let own = parts::of_shot(folder, relative)?.into_iter().filter(|part| part.job == job);
        let known = own.flat_map(|part| part.files);
        let mut files: Vec<ListedFile> = known.filter(|file| paths.contains(&file.path.as_str())).collect();
        if shot.status == Status::Skipped && self.delivery.existing == Existing::Skip {
            files.extend(self.before.reported.only(&paths).files().cloned());
        }
        files.sort_by(|one, other| (&one.path, one.modified).cmp(&(&other.path, other.modified)));
        files.dedup();
        let mut report = Report { files, ..self.report(vec![shot.clone()]) };
        // The plan's own are in the plan.
        let planned: HashSet<&Warning> = self.plan.warnings.iter().collect();
        report.warnings.retain(|warning| !planned.contains(warning));
        parts::write(folder, relative, (job, self.folder.token()), &report)
    }
}
