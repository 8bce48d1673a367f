//! Colours of a run whose pictures an application renders: they are in the canvas's space, which has to be named, and what is
//! baked into representations is done to them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use crate::color::{self, Baked, Names, OutputTransforms};
use crate::deliver::Representation;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{ColorConfig, Hdr, OutputLook, Plan, Precision, RAW, Shot};
use crate::report::{ShotColor, ValueColor};

/// What is added to fingerprints where something is said about brightness, or where views are not exact.
pub(crate) fn more_words(hdr: &Hdr, precision: Precision) -> String {
    let hdr = if hdr.is_empty() { String::new() } else { format!(" {hdr:?}") };
    if precision == Precision::Exact { hdr } else { format!("{hdr} {precision}") }
}

/// What is baked into the representations of every shot, settled once, before anything is rendered.
#[derive(Debug)]
pub(crate) struct RenderedColors {
    canvas: String,
    shots: HashMap<String, RenderedShot>,
    files: BTreeSet<PathBuf>,
}

/// The same of one shot, by the representation's name.
#[derive(Debug)]
struct RenderedShot {
    #[cfg(feature = "ffmpeg")]
    baked: HashMap<String, Baked>,
    values: HashMap<String, ValueColor>,
    report: ShotColor,
    depends_on: String,
}

impl RenderedColors {
    /// Settles the colours of `plan`; `None` where nothing is asked of them.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] for names that the configuration does not know, and where representations are asked for and nothing
    /// says which space the application renders.
    pub(crate) fn settle(plan: &Plan, representations: &[Representation]) -> Result<Option<RenderedColors>> {
        let Some(color) = &plan.color else { return Ok(None) };
        let has_canvas = color.canvas.is_some() || color.config == ColorConfig::Raw;
        if !has_canvas && representations.is_empty() {
            return Ok(None);
        }
        let engine = color::open(&color.config)?;
        let engine = &*engine;
        let canvas = match (&color.canvas, &color.config) {
            (Some(name), _) => color::find_space(engine, name)?.name,
            (None, ColorConfig::Raw) => RAW.to_owned(),
            (None, _) => {
                let what = "an application renders the pictures, and nothing says which colour space they are in: name \
                            the canvas's (ColorPlan::canvas, --canvas-space)";
                return Err(Error::new(ErrorKind::Option, what));
            }
        };
        let mut outputs = OutputTransforms::new(engine, color, &canvas);
        let (mut shots, mut all) = (HashMap::new(), BTreeSet::new());
        for shot in &plan.shots {
            let names = Names::new(&shot.name, &shot.clip, &shot.track, &plan.name);
            #[cfg(feature = "ffmpeg")]
            let mut baked = HashMap::new();
            let mut values = HashMap::new();
            let mut vars = BTreeMap::new();
            let mut files = BTreeSet::new();
            let mut depends_on = format!(
                "{} {canvas:?}{}{}",
                engine.fingerprint(),
                names.looks(color),
                more_words(&color.hdr, color.precision)
            );
            for representation in representations {
                let look = representation.output_look(color);
                let made = outputs
                    .get(&look, &names)
                    .map_err(|error| error.context(format!("representation {:?}", representation.name)))?;
                vars.extend(made.vars.clone());
                files.extend(made.files.iter().cloned());
                depends_on += &format!(" {look:?}");
                let value =
                    ValueColor::of(engine.name(), &made, (&look, names.look_names(color)), Some(&canvas), false);
                values.insert(representation.name.clone(), value);
                #[cfg(feature = "ffmpeg")]
                baked.insert(representation.name.clone(), made);
            }
            depends_on += &format!(" {vars:?}{}", color::file_states(&files));
            let plain = (&OutputLook::default(), Vec::new());
            let own = ValueColor::of(engine.name(), &Baked::default(), plain, Some(&canvas), false);
            let report = ShotColor { output: own, vars, ..ShotColor::default() };
            all.extend(files);
            shots.insert(
                shot.name.clone(),
                RenderedShot {
                    #[cfg(feature = "ffmpeg")]
                    baked,
                    values,
                    report,
                    depends_on,
                },
            );
        }
        Ok(Some(RenderedColors { canvas, shots, files: all }))
    }

    /// What is baked into the representations of a shot, by their names.
    #[cfg(feature = "ffmpeg")]
    pub(crate) fn baked(&self, shot: &Shot) -> Option<&HashMap<String, Baked>> {
        self.shots.get(&shot.name).map(|shot| &shot.baked)
    }

    /// The space that the application renders.
    pub(crate) fn canvas(&self) -> &str {
        &self.canvas
    }

    /// Files that were read for it.
    pub(crate) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.files.iter()
    }

    /// What the representations of `shot` depend on beside the plan: a part of its fingerprint.
    pub(crate) fn depends_on(&self, shot: &Shot) -> &str {
        self.shots.get(&shot.name).map_or("", |shot| &shot.depends_on)
    }

    /// What a report says of `shot`.
    pub(crate) fn report(&self, shot: &Shot) -> Option<ShotColor> {
        self.shots.get(&shot.name).map(|shot| shot.report.clone())
    }

    /// What the values of a representation of `shot` are.
    pub(crate) fn values(&self, shot: &Shot, representation: &str) -> Option<ValueColor> {
        self.shots.get(&shot.name)?.values.get(representation).cloned()
    }
}
