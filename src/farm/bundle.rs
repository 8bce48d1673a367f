//! A job on disk: the bundle that is submitted, and what tasks read of it.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::assets::AssetReferences;
use super::job::{Job, ShotCost};
use super::template::{DATA, JobOptions, ParameterValues, Template};
use crate::deliver::Delivery;
use crate::error::{Error, ErrorKind, Result};
use crate::otio::{ReadOptions, read_str, to_json};
use crate::plan::Plan;

const PLAN: &str = "plan.json";
const DELIVERY: &str = "delivery.json";
const SHOTS: &str = "shots.json";
const TIMELINE: &str = "cut.otio";

/// `shots.json`.
#[derive(Serialize, Deserialize)]
struct Shots {
    /// The version that wrote it.
    version: String,
    job: String,
    max_pixels: Option<u64>,
    /// Where the timeline was read from: what its locations are relative to.
    timeline: Option<PathBuf>,
    inputs: Vec<PathBuf>,
    /// Indices of media, as [`Job::deciding`].
    deciding: Option<(Vec<usize>, Vec<usize>)>,
    /// As [`Job::looks`].
    #[serde(default)]
    looks: Vec<(String, PathBuf)>,
    shots: Vec<ShotCost>,
}

impl Job {
    /// Writes a job bundle into the folder `bundle`, which is made if need be: `template.yaml`, `asset_references.yaml`,
    /// `parameter_values.yaml` where the output folder lies elsewhere, and
    /// in [`DATA`] what tasks read. Nothing that is there is replaced.
    ///
    /// # Errors
    /// [`ErrorKind::Exists`] where any of it is there, [`ErrorKind::Io`], [`ErrorKind::Option`] for options that no template
    /// can have, [`ErrorKind::Location`] for paths that are no text, [`ErrorKind::Mismatch`] for a plan of another version of
    /// this crate.
    pub fn write(&self, bundle: &Path, options: &JobOptions) -> Result<()> {
        self.check_media()?;
        check_plan(&self.plan.version)?;
        let template = Template::of(self, bundle, options)?;
        let values = ParameterValues::of(self, bundle)?;
        let data = bundle.join(DATA);
        let shots = Shots {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            job: self.id.clone(),
            max_pixels: self.max_pixels,
            timeline: self.timeline.as_ref().and_then(|timeline| timeline.path.clone()),
            inputs: self.inputs.clone(),
            deciding: self.deciding.clone(),
            looks: self.looks.clone(),
            shots: self.costs.clone(),
        };
        let mut files = vec![
            (data.join(PLAN), json(&self.plan)?),
            (data.join(DELIVERY), json(&self.delivery)?),
            (data.join(SHOTS), json(&shots)?),
        ];
        files.extend(self.timeline.as_ref().map(|timeline| (data.join(TIMELINE), to_json(timeline))));
        files.push((
            bundle.join("asset_references.yaml"),
            yaml(&AssetReferences::new(&self.files(), &self.delivery.folder))?,
        ));
        if let Some(values) = &values {
            files.push((bundle.join("parameter_values.yaml"), yaml(values)?));
        }
        // Last: a bundle with a template is whole.
        files.push((bundle.join("template.yaml"), yaml(&template)?));
        if let Some((path, _)) = files.iter().find(|(path, _)| path.symlink_metadata().is_ok()) {
            return Err(exists(path));
        }
        fs::create_dir_all(bundle).map_err(|error| Error::io("make the folder", bundle, error))?;
        // Whoever makes this folder has the bundle for itself.
        fs::create_dir(&data).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => exists(&data),
            _ => Error::io("make the folder", &data, error),
        })?;
        let mut written = Vec::new();
        let all = files.iter().try_for_each(|(path, text)| {
            crate::deliver::write_whole(path, text.as_bytes())?;
            written.push(path);
            Ok(())
        });
        all.inspect_err(|_| {
            // The first error says what is wrong; a job that is not whole would only be in the way of the next try.
            for path in written {
                let _ = fs::remove_file(path);
            }
            let _ = fs::remove_dir(&data);
        })
    }

    /// Reads what [`Job::write`] wrote into the folder [`DATA`] of a bundle, `data`.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] and [`ErrorKind::Json`] where it cannot be read, [`ErrorKind::Plan`], and [`ErrorKind::Mismatch`]
    /// where another version of this crate wrote it.
    pub fn open(data: impl AsRef<Path>) -> Result<Job> {
        let data = data.as_ref();
        let shots: Shots = open(&data.join(SHOTS))?;
        check_version(&shots.version)?;
        let plan: Plan = open(&data.join(PLAN))?;
        let delivery: Delivery = open(&data.join(DELIVERY))?;
        let path = data.join(TIMELINE);
        let timeline = match fs::read_to_string(&path) {
            Ok(text) => {
                let mut timeline = read_str(&text, &ReadOptions::default())?;
                timeline.path = shots.timeline;
                Some(timeline)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(Error::io("read", &path, error)),
        };
        let Shots { job: id, max_pixels, inputs, deciding, looks, shots: costs, .. } = shots;
        Ok(Job { id, timeline, costs, inputs, max_pixels, deciding, looks, ..Job::new(plan, delivery)? })
    }
}

fn exists(path: &Path) -> Error {
    let what = format!("{} exists; expected a new folder for a job; nothing was written", path.display());
    Error::new(ErrorKind::Exists, what).at_file(path)
}

/// Refuses a plan that another version of this crate wrote: it may stand for other pictures.
fn check_plan(version: &str) -> Result<()> {
    let own = env!("CARGO_PKG_VERSION");
    if version == own {
        return Ok(());
    }
    let what = format!(
        "the plan was written by otio-conflate {version:?}, this is {own}; expected the same version; nothing was written"
    );
    Err(Error::new(ErrorKind::Mismatch, what))
}

/// Refuses a job that another version of this crate wrote.
///
/// # Errors
/// [`ErrorKind::Mismatch`].
pub fn check_version(version: &str) -> Result<()> {
    let own = env!("CARGO_PKG_VERSION");
    if version == own {
        return Ok(());
    }
    let what = format!(
        "this worker has otio-conflate {own}, the job was written by {version}; expected the same version; nothing was \
         rendered"
    );
    Err(Error::new(ErrorKind::Mismatch, what))
}

fn open<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = fs::read(path).map_err(|error| Error::io("read", path, error))?;
    serde_json::from_slice(&bytes).map_err(|cause| {
        let what = format!("{} is not a valid file of a job", path.display());
        Error::new(ErrorKind::Json, what).at_file(path).at_line(cause.line(), cause.column()).because(cause)
    })
}

fn json<T: Serialize>(value: &T) -> Result<String> {
    let text = serde_json::to_string(value).map_err(|cause| unwritable(cause.to_string()))?;
    Ok(crate::printable_json(text) + "\n")
}

fn yaml<T: Serialize>(value: &T) -> Result<String> {
    serde_saphyr::to_string(value).map_err(|cause| unwritable(cause.to_string()))
}

fn unwritable(cause: String) -> Error {
    Error::new(ErrorKind::Option, format!("cannot write the job as text: {cause}"))
}
