//! What a run would do, without doing any of it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::since::Taken;
use super::{Conflation, Run, paths};
use crate::backend::{Backend, NoObserver, RenderedColors};
use crate::deliver::{Existing, Folder, Guard, OutputPlace, ShotPlaces};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Canvas, Plan, Shot, Warning};

/// What [`Conflation::run`] would do.
///
/// ```
/// # use otio_conflate::time::Rate;
/// # use otio_conflate::timeline::{Clip, Composition, MediaReference, RawTimeRange};
/// # let media = MediaReference::file("/media/a.mov").available(RawTimeRange::frames(0, 240, Rate::FPS_24));
/// # let clip = |name: &str, first| Clip::new(name, media.clone()).range(RawTimeRange::frames(first, 48, Rate::FPS_24));
/// # let track = Composition::video("V1").with(clip("sh010", 100)).with(clip("sh020", 20));
/// # let timeline = otio_conflate::Timeline::new("reel 2").track(track);
///
/// use otio_conflate::backend::RecordBackend;
/// use otio_conflate::{Conflation, Delivery, Plan, PlanOptions, ShotAction};
///
/// let plan = Plan::new(&timeline, &PlanOptions::default())?;
/// let conflation = Conflation::new(RecordBackend::new(), Delivery::new("no/such/folder"));
/// let preview = conflation.preview(&plan)?;
/// assert!(preview.refusal.is_none());
/// assert!(preview.shots.iter().all(|shot| shot.action == ShotAction::Render));
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Preview {
    /// The shots that are asked for, in the order of the plan.
    pub shots: Vec<ShotPreview>,
    /// The error that the run would end with before anything is rendered.
    pub refusal: Option<Error>,
    /// Media that the plan needs and that are not there, where it does not allow that: paths, patterns of sequences, or
    /// what is known of them.
    pub missing: Vec<PathBuf>,
    /// The canvas that every frame would have; `None` where the media could not be opened.
    pub canvas: Option<Canvas>,
    /// Where there is an earlier run: names of the shots in it which are not in this cut.
    pub omitted: Vec<String>,
    /// What was noticed about the plan and its media.
    pub warnings: Vec<Warning>,
    /// Files that the run reads beside what the plan names: those that the colour configuration leads to. Empty where the
    /// media could not be opened.
    pub inputs: Vec<PathBuf>,
}

/// What would become of one shot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ShotPreview {
    /// The shot's name.
    pub shot: String,
    /// Number of frames, handles included.
    pub frame_count: i64,
    /// Path of its picture relative to the output folder; a sequence's is a pattern.
    pub path: String,
    /// What would be done.
    pub action: ShotAction,
    /// Why, in sentences: what is in the way or missing, what changed, that it is there already.
    pub reasons: Vec<String>,
}

/// What would be done about a shot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ShotAction {
    /// It would be rendered.
    Render,
    /// Its pictures would be copied out of what an earlier run delivered, and its sound mixed.
    Retrim,
    /// It is there already, the same shot at the same plan, and would be kept.
    Skip,
    /// Its media is missing, and the plan does not allow that: nothing would be rendered.
    Missing,
    /// Something is in the way that may not be replaced: nothing would be rendered.
    InTheWay,
}

impl<B: Backend> Conflation<'_, B> {
    /// Tells what [`Conflation::run`] would do. Media are looked at as for a run; nothing is written, not even a folder.
    ///
    /// What only shows when files are written is not known: a full disk, a folder without permission, another run that
    /// writes there, a source frame that cannot be decoded. Files that a killed run moved aside are not brought back.
    ///
    /// # Errors
    /// [`ErrorKind::Plan`] and [`ErrorKind::Option`] as [`Conflation::run`]. Anything else that would keep the run from
    /// starting is [`Preview::refusal`].
    pub fn preview(&self, plan: &Plan) -> Result<Preview> {
        plan.validate()?;
        self.since.as_ref().map_or(Ok(()), |since| since.check(self.only.is_some()))?;
        self.delivery.check_made(plan)?;
        let part = self.part(plan)?;
        let mut protected = self.delivery.protected(plan, &self.backend.inputs());
        let folder = Folder::planned(&self.delivery.folder);
        self.since.iter().for_each(|since| since.protect(&mut protected, folder.path()));
        let (places, others) = self.places(&folder, plan);
        let mut refusal = protected.refuse(paths(&places)).err();
        let moved = self.moved(&part);
        let opened = self.open(&moved, &mut protected);
        let (mut guard, manifest) = self.guard(folder.path(), &protected, &places)?;
        refusal = refusal.or(guard.refuse_manifest(folder.path(), self.timeline.is_some()).err());
        let in_the_way: Vec<Vec<String>> = places.iter().map(|shot| in_the_way(shot, &guard)).collect();
        let refused =
            guard.refuse(places.iter().flat_map(ShotPlaces::all).collect::<Vec<&OutputPlace>>().into_iter()).err();
        let shot = |(shot, places): (&Shot, &ShotPlaces)| ShotPreview {
            shot: shot.name.clone(),
            frame_count: shot.frame_count,
            path: places.picture.relative.clone(),
            action: ShotAction::Render,
            reasons: Vec::new(),
        };
        let mut shots: Vec<ShotPreview> = part.shots.iter().zip(&places).map(shot).collect();
        let mut preview = match opened {
            Ok((session, colors)) => {
                let of_colors = colors.iter().flat_map(RenderedColors::files).cloned();
                let inputs = session.inputs().into_iter().chain(of_colors).collect();
                let mut warnings: Vec<Warning> = part.warnings.iter().cloned().chain(session.warnings()).collect();
                let run = Run::new(
                    self,
                    (&part, &moved),
                    (session.as_ref(), colors),
                    folder,
                    (places, others),
                    (guard, manifest),
                    &NoObserver,
                );
                for (index, shot) in shots.iter_mut().enumerate() {
                    (shot.action, shot.reasons) = run.planned(index);
                }
                warnings.extend(run.made_no_more());
                let (canvas, omitted) = (Some(session.canvas()), run.omitted());
                Preview { shots, refusal, missing: Vec::new(), canvas, omitted, warnings, inputs }
            }
            Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
            Err(error) => {
                let missing = error.missing().to_vec();
                for (shot, planned) in shots.iter_mut().zip(&part.shots) {
                    shot.reasons = lacking(&moved, planned, &missing);
                    if !shot.reasons.is_empty() {
                        shot.action = ShotAction::Missing;
                    }
                }
                let refusal = refusal.or(Some(error));
                let (omitted, warnings) = (Vec::new(), part.warnings.clone());
                Preview { shots, refusal, missing, canvas: None, omitted, warnings, inputs: Vec::new() }
            }
        };
        for (shot, reasons) in preview.shots.iter_mut().zip(in_the_way) {
            if !reasons.is_empty() {
                if shot.action != ShotAction::Missing {
                    shot.reasons.clear();
                }
                shot.action = ShotAction::InTheWay;
                shot.reasons.extend(reasons);
            }
        }
        preview.refusal = preview.refusal.or(refused);
        Ok(preview)
    }
}

/// What of a shot may not be written, in sentences.
fn in_the_way(shot: &ShotPlaces, guard: &Guard<'_>) -> Vec<String> {
    shot.all().filter_map(|place| guard.check(place).err()).map(|error| format!("{error:#}")).collect()
}

/// Which of the missing media `shot` shows or lets be heard, in sentences.
fn lacking(plan: &Plan, shot: &Shot, missing: &[PathBuf]) -> Vec<String> {
    let mut own = Vec::new();
    let mut add = |media: String| {
        if missing.iter().any(|path| path.as_os_str() == media.as_str()) {
            let sentence = format!("{media} is missing");
            if !own.contains(&sentence) {
                own.push(sentence);
            }
        }
    };
    for element in shot.spans.iter().flat_map(|span| &span.stack) {
        element.for_each_layer(&mut |layer| add(plan.media[layer.media].source.display()));
    }
    shot.sound.iter().for_each(|clip| add(plan.media[clip.media].source.display()));
    own
}

impl Run<'_> {
    /// What would be done about shot number `index`, and why.
    pub(super) fn planned(&self, index: usize) -> (ShotAction, Vec<String>) {
        let places = &self.places[index];
        if self.done_already[index].is_some() {
            return (ShotAction::Skip, vec!["already delivered: the same shot of the same plan".to_owned()]);
        }
        match self.taken.get(index).and_then(Option::as_ref) {
            Some(Taken::Pictures { reason, .. }) => return (ShotAction::Retrim, vec![reason.clone()]),
            Some(Taken::Nothing(why)) => return (ShotAction::Render, vec![why.clone()]),
            None => {}
        }
        let is_there = places.picture.path.symlink_metadata().is_ok();
        let why = match (self.delivery.existing, self.before.at(&places.picture.relative)) {
            _ if !is_there => return (ShotAction::Render, Vec::new()),
            (Existing::Skip, Some(before)) if before.fingerprint != self.fingerprints[index] => {
                "the existing files were made of another plan, other media or another preset"
            }
            (Existing::Skip, Some(_)) => "the existing files are incomplete or were changed",
            _ => "the existing files are replaced",
        };
        (ShotAction::Render, vec![why.to_owned()])
    }
}
