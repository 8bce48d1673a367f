//! Where shots go and what they are written as.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files::OutputPlace;
use super::outputs::stems_of;
use super::{Existing, Folder, NameTemplate, Preset, Protected, Representation, ShotPlaces};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Plan, Shot};
use crate::report::OutputKind;

/// Where shots go and what they are written as.
///
/// ```
/// use otio_conflate::deliver::{Preset, Representation};
/// use otio_conflate::{Delivery, Existing};
///
/// let delivery = Delivery::new("shots")
///     .preset(Preset::by_name("prores-hq")?)
///     .representation(Representation::by_name("h264")?)
///     .name("{track}/{shot}_v001".parse()?)
///     .existing(Existing::Skip);
/// let short: Delivery = serde_json::from_str(r#"{"folder": "shots", "preset": "prores-hq"}"#).expect("a delivery");
/// assert_eq!(short.preset, delivery.preset);
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Delivery {
    /// The output folder; it is made if need be.
    pub folder: PathBuf,
    /// What shots are written as. Default: `prores-lt`.
    #[serde(default, serialize_with = "super::preset::short")]
    pub preset: Preset,
    /// What else is made of each, from the same render. Default: nothing.
    #[serde(default)]
    pub representations: Vec<Representation>,
    /// What files are called. Default: `{shot}`.
    #[serde(default)]
    pub name: NameTemplate,
    /// What to do when an output exists already. Default: [`Existing::Error`].
    #[serde(default)]
    pub existing: Existing,
    /// How many shots are rendered at once. Default: `None`, as many as there are cores.
    #[serde(default)]
    pub jobs: Option<usize>,
    /// Files that were read for this delivery beside the plan's own: no output may have their place.
    /// Default: none.
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

    /// Whether nothing would lie in the folder of a shot's frames but these.
    ///
    /// # Errors
    /// [`ErrorKind::Option`], with both shots.
    fn check_folders(&self, plan: &Plan) -> Result<()> {
        let places = self.places(&Folder::planned(&self.folder), plan);
        // File systems may not tell names apart that differ in case alone.
        let lower = |path: &Path| PathBuf::from(path.to_string_lossy().to_lowercase());
        let all =
            || places.iter().zip(&plan.shots).flat_map(|(places, shot)| places.all().map(move |place| (place, shot)));
        let sequences = all().filter(|(place, _)| place.kind == OutputKind::Sequence);
        let folders: HashMap<PathBuf, (&OutputPlace, &Shot)> = sequences.map(|at| (lower(&at.0.path), at)).collect();
        if folders.is_empty() {
            return Ok(());
        }
        for (place, shot) in all() {
            let path = lower(&place.path);
            if let Some((folder, owner)) = path.ancestors().skip(1).find_map(|folder| folders.get(folder)) {
                let what = format!(
                    "{} of shot {:?} would lie in {}, the folder of frames of shot {:?}; expected folders apart",
                    place.path.display(),
                    shot.name,
                    folder.path.display(),
                    owner.name
                );
                return Err(Error::new(ErrorKind::Option, what).at_object(&shot.object).at_clip(&shot.clip));
            }
        }
        Ok(())
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

    /// Whether representations can be made, and the shots of `plan` have the fields of their own that names and burn-ins
    /// say: every shot those of its name, and one shot at least those of burn-ins, which say nothing of the others. And
    /// whether every folder of frames is one shot's alone.
    ///
    /// # Errors
    /// [`ErrorKind::Option`].
    pub(crate) fn check_made(&self, plan: &Plan) -> Result<()> {
        Representation::check_all(&self.representations)?;
        let lack = |what: String, field: &str, shot: &Shot| {
            let has: Vec<&str> = shot.fields.keys().map(String::as_str).collect();
            let has = if has.is_empty() { "none".to_owned() } else { has.join(", ") };
            let what =
                format!("{what} has {{fields.{field}}}, which shot {:?} does not have; its fields: {has}", shot.name);
            Error::new(ErrorKind::Option, what).at_object(&shot.object)
        };
        for field in self.name.own_fields() {
            let lacks = |shot: &&Shot| shot.file.is_none() && !shot.fields.contains_key(field);
            if let Some(shot) = plan.shots.iter().find(lacks) {
                return Err(lack("the name template".to_owned(), field, shot));
            }
        }
        for representation in &self.representations {
            for field in representation.burn_ins.iter().flat_map(|burn_in| burn_in.text.own_fields()) {
                let is_there = plan.shots.iter().any(|shot| shot.fields.contains_key(field));
                if let Some(shot) = plan.shots.first().filter(|_| !is_there) {
                    return Err(lack(format!("a burn-in of {:?}", representation.name), field, shot));
                }
            }
        }
        self.check_folders(plan)
    }

    /// What is never written to: what `plan` reads, the files of representations, and `inputs`.
    pub(crate) fn protected(&self, plan: &Plan, inputs: &[PathBuf]) -> Protected {
        let mut protected = Protected::of_plan(plan, self.existing);
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
