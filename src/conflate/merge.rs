//! One manifest out of what the tasks of a job say of their shots.

use super::Before;
use crate::deliver::{Delivery, Folder, Guard, Progress, conflated, note_parts, parts, settle, write_cut};
use crate::error::Result;
use crate::plan::Plan;
use crate::report::{PlanText, Report};
use crate::timeline::Timeline;

/// Joins the part manifests of the job `job` in the folder of `delivery`, and writes `manifest.json` and, with a timeline,
/// `conflated.otio`. Part manifests stay: they may be joined once more.
///
/// # Errors
/// As [`Report::merge`]; [`ErrorKind::Exists`](crate::ErrorKind::Exists) where something that is not ours has the name of
/// either, [`ErrorKind::Locked`](crate::ErrorKind::Locked) while a run has the folder for itself.
pub(crate) fn merge(plan: &Plan, delivery: &Delivery, timeline: Option<&Timeline>, job: &str) -> Result<Report> {
    plan.validate()?;
    let folder = Folder::share(&delivery.folder)?;
    let root = folder.path();
    let protected = delivery.protected(plan, &[]);
    let (mut guard, manifest) = Guard::new(root, &protected, delivery.existing)?;
    guard.refuse_manifest(root, timeline.is_some())?;
    let mut found = Vec::new();
    for places in delivery.places(&folder, plan) {
        let parts = parts::of_shot(root, &places.picture.relative)?;
        let reports = parts.into_iter().filter(|part| part.job == job).filter_map(|part| part.report);
        found.extend(reports.map(|report| Report { folder: root.to_owned(), ..report }));
    }
    let report = Report::merge(&found, plan, root)?;
    let foreign = guard.manifest_is_foreign();
    let before = Before::new(manifest, root, plan, &guard);
    let mut whole = before.joined(root, &plan.name, report.clone(), &|shot, _| shot);
    if !before.is_shown {
        whole.plan = PlanText::new(plan);
    }
    if !foreign {
        note_parts(root)?;
    }
    if let Some(timeline) = timeline {
        let cut = conflated(timeline, Some(plan), &report);
        write_cut(root, &crate::otio::to_json(&cut))?;
    }
    settle(root, Some((&whole, Progress::Over)), foreign)?;
    Ok(report)
}
