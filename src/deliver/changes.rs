//! How a cut differs from the one that was delivered.

use super::picture_digests::picture_frames;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::compare::{Action, Change, Difference, compare};
use crate::plan::{Plan, Shot, ShotSource};
use crate::report::{Pictures, Report, ShotReport, Status};

impl Report {
    /// How `later` differs from the cut that this manifest is of: as [`compare`], with shots that were omitted and are back
    /// as [`Difference::Reinstated`].
    ///
    /// # Errors
    /// As [`Report::plan`]; [`ErrorKind::Json`] where the manifest has no plan.
    pub fn changes(&self, later: &Plan) -> Result<Vec<Change>> {
        let none = || {
            let what = format!("the manifest, written by version {}, has no plan of its cut", self.crate_version);
            Error::new(ErrorKind::Json, what)
        };
        let mut changes = compare(&self.plan()?.ok_or_else(none)?, later);
        for change in &mut changes {
            // The plan is of the whole cut: a shot of it may have failed, or not been asked for.
            if let (Some(old), Some(_)) = (&change.old, &change.new)
                && !self.shots.iter().any(|entry| is_delivered(entry, &old.name))
            {
                change.action = Action::Repull;
            }
            let Some(shot) = change.new.as_ref().filter(|_| change.old.is_none()) else { continue };
            let shot = &later.shots[shot.index];
            let omitted = self.shots.iter().filter(|entry| entry.omitted && entry.output.is_some());
            let mut before = omitted.filter(|entry| shows_the_same(entry, later, shot)).peekable();
            if before.peek().is_none() {
                continue;
            }
            change.differences = vec![Difference::Reinstated];
            if before.any(|entry| holds(entry, later, shot)) {
                change.action = Action::Retrim;
            }
        }
        Ok(changes)
    }
}

/// Whether `entry` is of the shot `name` of the manifest's own cut, and it was delivered.
fn is_delivered(entry: &ShotReport, name: &str) -> bool {
    entry.shot == name && entry.of.is_none() && matches!(entry.status, Status::Done | Status::Skipped)
}

/// Whether the clip of `entry` shows some of the frames that the clip of `shot` does.
fn shows_the_same(entry: &ShotReport, later: &Plan, shot: &Shot) -> bool {
    let own = |sources: Vec<ShotSource>, object: &str| sources.into_iter().find(|source| source.object == object);
    let now = own(later.sources(shot), &shot.object);
    let before = own(entry.sources.clone(), &entry.object);
    now.zip(before).is_some_and(|(now, before)| {
        now.media == before.media && now.first_source <= before.last_source && before.first_source <= now.last_source
    })
}

/// Whether every frame of `shot`, handles left out, was delivered for `entry`.
fn holds(entry: &ShotReport, later: &Plan, shot: &Shot) -> bool {
    let Some(before) = &entry.pictures else { return false };
    // What they are written as is another question.
    let now = picture_frames((later, later), shot);
    let place = |frames: i64| usize::try_from(frames).unwrap_or(0) * Pictures::DIGITS;
    let own = now.get(place(shot.head)..place(shot.frame_count - shot.tail)).unwrap_or_default();
    let starts = (0..before.frames.len()).step_by(Pictures::DIGITS);
    !own.is_empty() && starts.filter_map(|start| before.frames.get(start..start + own.len())).any(|there| there == own)
}
