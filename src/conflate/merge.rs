//! One manifest out of what the tasks of a job say of their shots.

use super::Before;
use crate::deliver::{
    Delivery, Existing, Folder, Guard, Listed, Manifest, ManifestFile, RunProgress, ShotPlaces, conflated, note_parts,
    parts, settle, write_cut,
};
use crate::error::Result;
use crate::plan::{Plan, Shot};
use crate::report::merge::not_there;
use crate::report::{PlanText, Report, ShotReport, Status};
use crate::timeline::Timeline;

/// Joins the part manifests of the job `job` in the folder of `delivery`, and writes `manifest.json` and, with a timeline,
/// `conflated.otio`. Part manifests stay: they may be joined once more. A shot whose files are not there as a task left them
/// has failed.
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
    let places = delivery.places(&folder, plan);
    for places in &places {
        let parts = parts::of_shot(root, &places.picture.relative)?;
        let reports = parts.into_iter().filter(|part| part.job == job).filter_map(|part| part.report);
        found.extend(reports.map(|report| Report { folder: root.to_owned(), ..report }));
    }
    let mut report = Report::merge(&found, plan, root)?;
    let listed = Listed::of(&report.files);
    // Whatever lay there when the job was written counts only if nothing did.
    let own = match delivery.existing {
        Existing::Error => of_local_runs(root, plan, delivery)?,
        _ => None,
    };
    let mut changed = Vec::new();
    for ((shot, places), reported) in plan.shots.iter().zip(&places).zip(&mut report.shots) {
        let is_delivered = matches!(reported.status, Status::Done | Status::Skipped);
        let wrong = is_delivered.then(|| wrong(shot, places, &listed)).flatten();
        if is_delivered && wrong.is_none() {
            continue;
        }
        if let Some(there) = own.as_ref().and_then(|own| delivered_locally(own, shot, places)) {
            *reported = there;
        } else if let Some(why) = wrong {
            changed.push(places.picture.relative.clone());
            *reported = not_there(plan, shot, why);
        }
    }
    let foreign = guard.manifest_is_foreign();
    let before = Before::new(manifest, root, plan, &guard);
    let mut whole = before.joined(root, &plan.name, report.clone(), &|shot| shot);
    let is_changed = |shot: &ShotReport| shot.output.as_ref().is_some_and(|output| changed.contains(&output.path));
    whole.shots.retain(|shot| !is_changed(shot));
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
    settle(root, Some((&whole, RunProgress::Over)), foreign)?;
    Ok(report)
}

/// Why what was delivered of `shot` is not there as `listed` says that it was left.
fn wrong(shot: &Shot, places: &ShotPlaces, listed: &Listed) -> Option<String> {
    let (place, is_there) = places.changed(shot, listed)?;
    let what = if is_there { "was changed since" } else { "no longer exists" };
    Some(format!("shot {:?}: {}, which a task delivered, {what}", shot.name, place.path.display()))
}

/// The manifest in `root`, if a run of the same plan wrote it, as the same preset: one that a local run rendered into what a
/// job left to do.
fn of_local_runs(root: &std::path::Path, plan: &Plan, delivery: &Delivery) -> Result<Option<Manifest>> {
    let ManifestFile::Ours(manifest) = Manifest::read_own(root)? else { return Ok(None) };
    let planned = PlanText::new(plan);
    let is_same = |run: &Report| run.plan.is_some() && run.plan == planned && run.preset == delivery.preset.name;
    Ok(Some(*manifest).filter(|manifest| manifest.run.as_ref().is_some_and(is_same)))
}

/// What such a run delivered of `shot`, if it is there as that left it.
fn delivered_locally(own: &Manifest, shot: &Shot, places: &ShotPlaces) -> Option<ShotReport> {
    let is_it = |known: &&ShotReport| {
        let path = known.output.as_ref().map(|output| output.path.as_str());
        known.shot == shot.name
            && known.of.is_none()
            && matches!(known.status, Status::Done | Status::Skipped)
            && path == Some(places.picture.relative.as_str())
    };
    let known = own.run.iter().flat_map(|run| &run.shots).find(is_it)?;
    places.changed(shot, &own.reported).is_none().then(|| known.clone())
}
