//! What is said of a run: a report of each shot, the run's own, and the manifest.

use super::Run;
use crate::deliver::{Delivered, RunProgress, conflated, settle, write_cut};
use crate::error::Result;
use crate::plan::{ColorConfig, Warnings};
use crate::printable;
use crate::report::{Record, Report, ReportedCanvas, ShotReport, Status};
use crate::timeline::Timeline;

impl Run<'_> {
    pub(super) fn shot_report(
        &self,
        index: usize,
        status: Status,
        delivered: Delivered,
        warnings: Vec<String>,
        error: Vec<String>,
    ) -> ShotReport {
        let shot = &self.plan.shots[index];
        ShotReport {
            shot: shot.name.clone(),
            clip: shot.clip.clone(),
            track: shot.track.clone(),
            object: shot.object.clone(),
            fields: shot.fields.clone(),
            status,
            error,
            output: delivered.picture,
            sound: delivered.sound,
            peak: delivered.peak,
            loudness: delivered.loudness,
            stems: delivered.stems,
            representations: delivered.representations,
            first_frame: shot.first_frame,
            frame_count: shot.frame_count,
            head: shot.head,
            tail: shot.tail,
            record: Record {
                start: self.plan.global_start + shot.start,
                start_timecode: self.plan.timecode(shot.start).to_string(),
                end_timecode: self.plan.timecode(shot.start.saturating_add(shot.frame_count)).to_string(),
            },
            sources: self.plan.sources_from(shot, &|media| self.session.media_start(media)),
            elapsed: None,
            reason: None,
            color: self.session.shot_color(shot).or_else(|| self.colors.as_ref()?.report(shot)),
            fingerprint: self.fingerprints[index].clone(),
            pictures: None,
            warnings: warnings.iter().map(|warning| printable(warning).into_owned()).collect(),
            of: None,
            omitted: false,
        }
    }

    pub(super) fn report(&self, shots: Vec<ShotReport>) -> Report {
        let warnings = self.plan.warnings.iter().cloned().chain(self.session.warnings()).chain(self.made_no_more());
        let (canvas, more) = self.prepared.get().map_or((self.canvas, &[][..]), |(canvas, more)| (*canvas, more));
        let warnings = warnings.chain(more.iter().cloned()).collect::<Warnings>().into_vec();
        Report {
            crate_version: env!("CARGO_PKG_VERSION").to_owned(),
            timeline: self.plan.timeline.clone(),
            name: self.plan.name.clone(),
            backend: self.backend.to_owned(),
            preset: self.delivery.preset.name.clone(),
            gain: self.plan.sound.as_ref().filter(|sound| sound.loudness.is_some()).map(|sound| sound.gain),
            canvas: ReportedCanvas { canvas, space: self.canvas_space() },
            rate: self.plan.rate,
            start: self.plan.global_start,
            shots,
            omitted: self.omitted(),
            warnings,
            plan: None,
            files: Vec::new(),
            folder: self.folder.path().to_owned(),
        }
    }

    /// Where a configuration manages colours, the space of the canvas.
    pub(super) fn canvas_space(&self) -> Option<String> {
        let is_raw = self.plan.color.as_ref().is_none_or(|color| color.config == ColorConfig::Raw);
        let of_rendered = || self.colors.as_ref().filter(|_| !is_raw).map(|colors| colors.canvas().to_owned());
        self.session.canvas_space().or_else(of_rendered)
    }

    /// The manifest of a run that is over with this report.
    pub(super) fn whole(&self, report: &Report) -> Report {
        let mine: Vec<Option<ShotReport>> = report.shots.iter().cloned().map(Some).collect();
        self.merged(report.clone(), &mine)
    }

    /// The manifest: what became of the shots of this run, `mine`, what it said before of the shots that are not done yet or
    /// were not asked for, and after that everything else in it whose files are still there.
    pub(super) fn merged(&self, report: Report, mine: &[Option<ShotReport>]) -> Report {
        let cut = &self.plan.name;
        let mut by_place = self.places.iter().zip(&self.plan.shots).zip(mine);
        let mut shots: Vec<ShotReport> = Vec::new();
        for other in &self.others {
            let shot = match other {
                Some(other) => self.before.same(&other.path, &other.name, cut),
                None => by_place.next().and_then(|((place, shot), mine)| {
                    mine.clone().or_else(|| self.before.same(&place.picture.relative, &shot.name, cut))
                }),
            };
            shots.extend(shot);
        }
        let mark = |shot: ShotReport| self.marked(shot);
        let mut joined = self.before.joined(self.folder.path(), cut, Report { shots, ..report }, &mark);
        if !self.before.is_shown {
            joined.shots.extend(self.omitted_elsewhere());
        }
        joined
    }

    /// Writes `conflated.otio` for everything of this cut that was delivered, in this run or before.
    pub(super) fn write_cut(&self, timeline: &Timeline, whole: &Report) -> Result<()> {
        let own = |shot: &&ShotReport| match self.before.is_shown {
            true => shot.of.as_ref() == Some(&self.plan.name),
            false => shot.of.is_none(),
        };
        let shots = whole.shots.iter().filter(own).cloned().collect();
        let report = Report { shots, ..self.report(Vec::new()) };
        let cut = crate::otio::to_json(&conflated(timeline, Some(self.plan), &report));
        write_cut(self.folder.path(), &cut)
    }

    pub(super) fn write_manifest(&self, report: &Report, progress: RunProgress) -> Result<()> {
        settle(self.folder.path(), Some((report, progress)), self.guard.manifest_is_foreign())
    }
}
