//! Plans and deliveries for another process, which may run in another folder: with absolute paths.

use std::path::{Path, PathBuf};

use crate::deliver::Delivery;
use crate::error::{Error, Result};
use crate::plan::{MediaSource, Plan};

/// `plan` for whoever is somewhere else: with an absolute path.
pub(super) fn plan(plan: &Plan) -> Result<Plan> {
    let mut plan = plan.clone();
    plan.timeline = plan.timeline.as_deref().map(absolute).transpose()?;
    for media in &mut plan.media {
        match &mut media.source {
            MediaSource::File { path } | MediaSource::Sequence { folder: path, .. } => *path = absolute(path)?,
            MediaSource::Generator { .. } | MediaSource::Missing { .. } => {}
        }
    }
    Ok(plan)
}

/// `delivery` for whoever is somewhere else: with absolute paths.
pub(super) fn delivery(delivery: &Delivery) -> Result<Delivery> {
    let mut delivery = delivery.clone();
    delivery.folder = absolute(&delivery.folder)?;
    for input in &mut delivery.inputs {
        *input = absolute(input)?;
    }
    for representation in &mut delivery.representations {
        // Nobody reads it again; no output may have its place.
        delivery.inputs.extend(representation.file().map(absolute).transpose()?);
    }
    Ok(delivery)
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|error| Error::io("find", path, error))
}
