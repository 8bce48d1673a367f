//! The colours of a transcode: which space the file is in, and what is baked into each representation.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::backend::ffmpeg::SourceFrames;
use crate::color::{self, Baked, Cubes, MediumSpace, Names};
use crate::deliver::Representation;
use crate::error::{Error, Result};
use crate::plan::{ColorConfig, ColorPlan, Hdr, OutputLook, Shot, SourceSpace};
use crate::report::{MediumColor, ValueColor};

/// What became of what was asked of colours.
pub(super) struct FileColors {
    pub(super) medium: MediumColor,
    pub(super) warnings: Vec<String>,
    /// What is baked, and what its values are then, by the representation's name.
    values: HashMap<String, ValueColor>,
    /// What was read for it.
    pub(super) inputs: Vec<PathBuf>,
}

impl FileColors {
    /// Settles the colours of `source_frames`, which lies at `path` and is called as `shot` is.
    ///
    /// # Errors
    /// As [`color::open`], [`color::medium_space`] and [`color::output`].
    pub(super) fn settle(
        plan: &ColorPlan,
        path: &str,
        mut source_frames: SourceFrames,
        representations: &[Representation],
        shot: &Shot,
    ) -> Result<(FileColors, SourceFrames)> {
        let engine = color::open(&plan.config)?;
        let engine = &*engine;
        let names = Names::new(&shot.name, &shot.clip, &shot.track, &shot.name);
        let medium = color::medium_space(engine, plan, path, None, &source_frames.file_color())
            .map_err(|error| error.context(path))?;
        let canvas = color::canvas_space(engine, plan, Some(&medium.space))?;
        // The space of the file's own values.
        let own = match &medium.space {
            SourceSpace::Space(name) => Some(name.clone()),
            SourceSpace::View { display, view } => engine.view_space(display, view),
            SourceSpace::Data => None,
        };
        let mut inputs: Vec<PathBuf> = match &plan.config {
            ColorConfig::File(path) => vec![path.clone()],
            _ => Vec::new(),
        };
        let (mut outputs, mut values): (HashMap<String, Baked>, HashMap<String, ValueColor>) = Default::default();
        let (cubes, mut made): (_, Vec<(OutputLook, Baked)>) = (Cubes::default(), Vec::new());
        for representation in representations {
            let look = representation.output_look(plan);
            let start = (Some(&medium.space), canvas.as_str());
            // What nothing is asked of is the file as it is.
            let is_untouched = look.is_plain() && plan.canvas.is_none();
            let baked = match is_untouched {
                true => {
                    let kept = own.as_deref().map_or_else(Baked::default, |space| color::untouched(engine, space));
                    let own_tags = own.as_deref().and_then(|space| engine.space(space));
                    let tags = look.tags.or_else(|| own_tags.as_ref().and_then(color::tags_of_space));
                    let hdr = if tags.is_some_and(|tags| color::is_hdr(&tags)) { plan.hdr } else { Hdr::default() };
                    Baked { tags: look.tags, hdr, ..kept }
                }
                false => {
                    // Representations that show the same share it.
                    let known = made.iter().find(|(known, _)| *known == look).map(|(_, baked)| Ok(Baked::clone(baked)));
                    let output = || color::output(engine, plan, start, &look, &names);
                    let baked = known
                        .unwrap_or_else(|| Ok(output()?.with_cube(plan, &cubes)))
                        .map_err(|error: Error| error.context(format!("representation {:?}", representation.name)))?;
                    made.push((look.clone(), baked.clone()));
                    baked
                }
            };
            inputs.extend(baked.files.iter().cloned());
            let in_canvas = Some(canvas.as_str()).filter(|_| medium.space != SourceSpace::Data);
            let value = ValueColor::of(engine.name(), &baked, (&look, names.look_names(plan)), in_canvas, false);
            let value = match is_untouched {
                true => {
                    let (display, view) = match &medium.space {
                        SourceSpace::View { display, view } => (Some(display.clone()), Some(view.clone())),
                        _ => (value.display.clone(), value.view.clone()),
                    };
                    ValueColor { colorspace: own.clone(), display, view, ..value }
                }
                false => value,
            };
            values.insert(representation.name.clone(), value);
            outputs.insert(representation.name.clone(), baked);
        }
        source_frames = source_frames.with_colors(outputs, medium.range);
        let MediumSpace { space, by, warning, .. } = medium;
        let mut warnings: Vec<String> = warning.into_iter().map(|warning| format!("{path}: {warning}")).collect();
        if !plan.hdr.is_empty() && values.values().all(|value| value.hdr.is_empty()) {
            let what = "mastering display and content light level are not written: no output is PQ or HLG";
            warnings.push(what.to_owned());
        }
        let medium = MediumColor::new(path.to_owned(), &space, &by);
        Ok((FileColors { medium, warnings, values, inputs }, source_frames))
    }

    /// What the values of a representation are.
    pub(super) fn of(&self, representation: &str) -> Option<ValueColor> {
        self.values.get(representation).cloned()
    }
}
