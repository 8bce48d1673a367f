//! Whether a run may write what it would deliver, asked before anything is made.

use std::path::PathBuf;

use super::delivery::Delivery;
use super::files::{Folder, OutputPlace};
use super::guard::Guard;
use super::outputs::ShotPlaces;
use crate::error::Result;
use crate::plan::Plan;

impl Delivery {
    /// Looks, without making anything, whether the shots of `plan` called `only`, or all, may be delivered, and a manifest
    /// be written; with `cut`, `conflated.otio`, too. `inputs` are read beside the plan.
    ///
    /// # Errors
    /// [`ErrorKind::Exists`](crate::ErrorKind::Exists) for what may not be written,
    /// [`ErrorKind::Option`](crate::ErrorKind::Option) for names of shots that there are not.
    pub(crate) fn check(&self, plan: &Plan, only: Option<&[String]>, inputs: &[PathBuf], cut: bool) -> Result<()> {
        self.check_made(plan)?;
        plan.part(only)?;
        let protected = self.protected(plan, inputs);
        let planned = Folder::planned(&self.folder);
        let is_asked_for = |name: &String| only.is_none_or(|only| only.contains(name));
        let places = self.places(&planned, plan).into_iter().zip(&plan.shots);
        let places: Vec<ShotPlaces> =
            places.filter_map(|(place, shot)| is_asked_for(&shot.name).then_some(place)).collect();
        let (mut guard, _) = Guard::new(planned.path(), &protected, self.existing)?;
        guard.refuse_manifest(planned.path(), cut)?;
        guard.refuse(places.iter().flat_map(ShotPlaces::all).collect::<Vec<&OutputPlace>>().into_iter())
    }
}
