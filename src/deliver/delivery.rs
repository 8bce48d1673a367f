//! Where shots go, what they are written as, and what becomes of outputs that are there.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Folder, NameTemplate, Place, Preset, Representation, ShotPlaces};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Plan, Shot};

/// What to do when an output exists already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Existing {
    /// Nothing is rendered, and everything in the way is listed.
    #[default]
    Error,
    /// It is replaced, once the new one is whole.
    Overwrite,
    /// It is kept where the manifest says that it is the same shot at the same plan, and replaced where not.
    Skip,
}

impl std::str::FromStr for Existing {
    type Err = Error;
    fn from_str(text: &str) -> Result<Existing> {
        match text {
            "error" => Ok(Existing::Error),
            "overwrite" => Ok(Existing::Overwrite),
            "skip" => Ok(Existing::Skip),
            _ => Err(Error::new(
                ErrorKind::Option,
                format!("{text:?} is no policy for existing outputs; there are error, overwrite, skip"),
            )),
        }
    }
}

/// Where shots go and what they are written as.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Delivery {
    /// The output folder; it is made if need be.
    pub folder: PathBuf,
    /// What shots are written as.
    pub preset: Preset,
    /// What else is made of each, from the same render.
    #[serde(default)]
    pub representations: Vec<Representation>,
    /// What they are called.
    pub name: NameTemplate,
    /// What to do when one is there already.
    pub existing: Existing,
    /// How many shots are rendered at once; `None`: as many as there are cores.
    pub jobs: Option<usize>,
}

impl Delivery {
    /// Into `folder`, with the default preset and everything else as it comes.
    pub fn new(folder: impl Into<PathBuf>) -> Delivery {
        Delivery {
            folder: folder.into(),
            preset: Preset::default(),
            representations: Vec::new(),
            name: NameTemplate::default(),
            existing: Existing::default(),
            jobs: None,
        }
    }

    /// Writes shots as `preset` says.
    #[must_use]
    pub fn preset(mut self, preset: Preset) -> Delivery {
        self.preset = preset;
        self
    }

    /// Makes this of each shot, too.
    #[must_use]
    pub fn representation(mut self, representation: Representation) -> Delivery {
        self.representations.push(representation);
        self
    }

    /// Names shots after `name`.
    #[must_use]
    pub fn name(mut self, name: NameTemplate) -> Delivery {
        self.name = name;
        self
    }

    /// Does this about outputs that exist already.
    #[must_use]
    pub fn existing(mut self, existing: Existing) -> Delivery {
        self.existing = existing;
        self
    }

    /// Renders this many shots at once.
    #[must_use]
    pub fn jobs(mut self, jobs: usize) -> Delivery {
        self.jobs = Some(jobs);
        self
    }

    /// Where everything of each shot of `plan` goes, in the order of the shots.
    pub(crate) fn places(&self, folder: &Folder, plan: &Plan) -> Vec<ShotPlaces> {
        let made = (&self.preset, self.representations.as_slice());
        let others: Vec<&str> = made.1.iter().map(|representation| representation.name.as_str()).collect();
        let names = self.name.names_with(plan, &others);
        let place = |(shot, (name, others)): (&Shot, &(PathBuf, Vec<PathBuf>))| {
            ShotPlaces::new(folder, (name, others), made, plan, shot)
        };
        plan.shots.iter().zip(&names).map(place).collect()
    }

    /// With [`Existing::Error`], nothing is rendered where anything is in the way.
    pub(crate) fn refuse_existing(&self, places: &[ShotPlaces]) -> Result<()> {
        if self.existing != Existing::Error {
            return Ok(());
        }
        let there: Vec<&Place> = places.iter().flat_map(ShotPlaces::all).filter(|place| place.exists()).collect();
        let Some(first) = there.first() else { return Ok(()) };
        let list: Vec<String> = there.iter().map(|place| place.path.display().to_string()).collect();
        let message = format!("{} outputs exist already; nothing was rendered:\n  {}", list.len(), list.join("\n  "));
        Err(Error::new(ErrorKind::Exists, message).at_file(&first.path))
    }
}
