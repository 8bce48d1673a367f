//! What must not be written to: everything that is read. Every folder of ours is asked about before it is made.

use std::path::{Path, PathBuf};

use super::options::ResolveOptions;
use super::scratch::ScratchFolder;
use crate::deliver::{CONFLATED, Delivery, Existing, Folder, MANIFEST, Protected, ShotPlaces};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::Plan;

/// Refuses folders for renders, state and lock that lie inside something that `plan` reads or the caller named.
///
/// # Errors
/// [`ErrorKind::Exists`] with both.
pub(super) fn refuse_folders(options: &ResolveOptions, plan: &Plan) -> Result<()> {
    let mut protected = Protected::of_plan(plan, Existing::Overwrite);
    for input in options.inputs() {
        protected.add("the input", &input);
    }
    let folders = folders(options);
    protected.refuse(folders.iter().map(PathBuf::as_path))
}

/// What is written besides the delivery: a name in each of the folders.
fn folders(options: &ResolveOptions) -> Vec<PathBuf> {
    let renders = options.folder.as_deref().map(ScratchFolder::place);
    let noted = |folder: &Path| folder.join("otio-conflate.json");
    let state = options.state_folder();
    renders.into_iter().chain(state.as_deref().map(noted)).chain(options.lock.as_deref().map(noted)).collect()
}

/// Refuses a file for a ticket that is, contains or lies inside something that is read, that has the name of an output, or
/// that is there.
///
/// # Errors
/// [`ErrorKind::Exists`], [`ErrorKind::Option`].
pub(super) fn refuse_ticket(
    path: &Path,
    plan: &Plan,
    only: Option<&[String]>,
    delivery: &Delivery,
    options: &ResolveOptions,
) -> Result<()> {
    delivery.protected(plan, &options.inputs()).refuse([path])?;
    let told = |what: &str| Err(Error::new(ErrorKind::Option, format!("{} is {what}", path.display())).at_file(path));
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if [MANIFEST, CONFLATED].iter().any(|own| name.eq_ignore_ascii_case(own)) {
        return told("a name reserved for manifests of this library; expected another one for the ticket");
    }
    let mut places = Protected::default();
    let folder = Folder::planned(&delivery.folder);
    let part = plan.part(only)?;
    for place in delivery
        .places(&folder, plan)
        .iter()
        .zip(&plan.shots)
        .filter_map(|(place, shot)| part.shots.iter().any(|wanted| wanted.name == shot.name).then_some(place))
    {
        for place in ShotPlaces::all(place) {
            places.add("the output", &place.path);
        }
    }
    if places.refuse([path]).is_err() {
        return told("the name of an output; expected another one for the ticket");
    }
    match path.symlink_metadata() {
        Ok(_) => {
            let what = format!("{} is there already; expected a new file for the ticket", path.display());
            Err(Error::new(ErrorKind::Exists, what).at_file(path))
        }
        Err(_) => Ok(()),
    }
}
