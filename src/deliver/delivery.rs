//! Where shots go and what they are written as.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::outputs::stems_of;
use super::{Existing, Folder, NameTemplate, Preset, Protected, Representation, ShotPlaces};
use crate::plan::{Plan, Shot};

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
    /// Files that were read for this delivery beside the plan's own: no output may have their place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<PathBuf>,
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
            inputs: Vec::new(),
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

    /// Never writes to this file or folder, in any mode.
    #[must_use]
    pub fn input(mut self, input: impl Into<PathBuf>) -> Delivery {
        self.inputs.push(input.into());
        self
    }

    /// Where everything of each shot of `plan` goes, in the order of the shots.
    pub(crate) fn places(&self, folder: &Folder, plan: &Plan) -> Vec<ShotPlaces> {
        let made = (&self.preset, self.representations.as_slice());
        let stems = stems_of(plan, &self.preset).iter().map(String::as_str);
        let others: Vec<&str> = made.1.iter().map(|representation| representation.name.as_str()).chain(stems).collect();
        let names = self.name.names_with(plan, &others);
        let place = |(shot, (name, others)): (&Shot, &(PathBuf, Vec<PathBuf>))| {
            ShotPlaces::new(folder, (name, others), made, plan, shot)
        };
        plan.shots.iter().zip(&names).map(place).collect()
    }

    /// What is never written to: what `plan` reads, the files of representations, and `inputs`.
    pub(crate) fn protected(&self, plan: &Plan, inputs: &[PathBuf]) -> Protected {
        let mut protected = Protected::of_plan(plan);
        for representation in &self.representations {
            if let Some(file) = representation.file() {
                protected.add("the representation's file", file);
            }
        }
        for input in self.inputs.iter().chain(inputs) {
            protected.add("the input", input);
        }
        protected
    }
}
