//! What is done to a layer on its way into the canvas, and to the canvas on its way into an output.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use super::pipeline::{find_space, find_view};
use super::{ColorTransform, Cubes, Engine, Fast, Pipeline, SpaceInfo, tags_of_space};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{
    ColorPlan, ColorTags, DecisionSpace, Grade, Hdr, LookStep, OutputColor, OutputLook, Precision, SourceSpace,
};

/// A transform that is ready, and what it depends on.
#[derive(Debug, Clone, Default)]
pub struct Baked {
    /// What is to be done; `None`: nothing.
    pub transform: Option<Arc<dyn ColorTransform>>,
    /// A cube that can stand for it in outputs of 8 bits, where that was asked for.
    pub fast: Option<Fast>,
    /// What comes out is tagged as; `None`: as the canvas.
    pub tags: Option<ColorTags>,
    /// The space that values are in then; `None` behind the looks of the canvas alone.
    pub space: Option<String>,
    /// Its interop ID.
    pub interop: Option<String>,
    /// The display and the view that it was baked for.
    pub view: Option<(String, String)>,
    /// What a movie of it says about its display and its brightness, where it is PQ or HLG.
    pub hdr: Hdr,
    /// The files that were read for it.
    pub files: Vec<PathBuf>,
    /// The context variables that it depends on.
    pub vars: BTreeMap<String, String>,
}

impl Baked {
    /// With a cube that can stand for it, where `plan` asks for that and it holds a view.
    #[must_use]
    pub(crate) fn with_cube(mut self, plan: &ColorPlan, cubes: &Cubes) -> Baked {
        let is_wanted = plan.precision == Precision::Fast && self.view.is_some();
        self.fast = self.transform.clone().filter(|_| is_wanted).map(|exact| Fast::new(exact, cubes));
        self
    }

    fn of(pipeline: Pipeline<'_>, engine: &dyn Engine, vars: &BTreeMap<String, String>) -> Result<Baked> {
        let steps = pipeline.into_steps();
        if steps.is_empty() {
            return Ok(Baked::default());
        }
        let made = engine.transform(&steps, vars)?;
        let transform = Some(made.transform).filter(|transform| !transform.is_identity());
        Ok(Baked { transform, files: made.files, vars: made.vars, ..Baked::default() })
    }
}

/// What a shot is called where templates ask for it.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Names<'n> {
    /// The shot's name.
    pub shot: &'n str,
    /// Its clip's.
    pub clip: &'n str,
    /// Its track's.
    pub track: &'n str,
    /// The timeline's.
    pub timeline: &'n str,
}

impl<'n> Names<'n> {
    /// The names of a shot, its clip, its track and its timeline.
    pub fn new(shot: &'n str, clip: &'n str, track: &'n str, timeline: &'n str) -> Names<'n> {
        Names { shot, clip, track, timeline }
    }

    /// `template` with `{shot}`, `{clip}`, `{track}` and `{timeline}` filled in.
    pub fn fill(&self, template: &str) -> String {
        let Names { shot, clip, track, timeline } = *self;
        let fields = [("{shot}", shot), ("{clip}", clip), ("{track}", track), ("{timeline}", timeline)];
        let mut text = String::new();
        let mut rest = template;
        // What is filled in is not filled in again.
        while let Some(at) = rest.find('{') {
            let (before, from) = rest.split_at(at);
            text.push_str(before);
            match fields.iter().find(|(field, _)| from.starts_with(field)) {
                Some((field, value)) => {
                    text.push_str(value);
                    rest = &from[field.len()..];
                }
                None => {
                    text.push('{');
                    rest = &from[1..];
                }
            }
        }
        text + rest
    }

    /// The looks of `plan` as they are for this shot: looks of the configuration, and files as `FILE#ID@SPACE`.
    pub(crate) fn look_names(&self, plan: &ColorPlan) -> Vec<String> {
        let name = |look: &LookStep| match look {
            LookStep::Look(looks) => looks.clone(),
            LookStep::File { path, id, space, .. } => {
                let id = id.as_deref().map(|id| format!("#{}", self.fill(id))).unwrap_or_default();
                format!("{}{id}@{space}", self.fill(plan.named(path)))
            }
        };
        plan.looks.iter().map(name).collect()
    }

    /// The looks of `plan` as they are for this shot, as text that changes when one does.
    pub(crate) fn looks(&self, plan: &ColorPlan) -> String {
        let look = |look: &LookStep| match look {
            LookStep::Look(looks) => format!(" {looks:?}"),
            LookStep::File { path, id, space, style } => {
                let id = id.as_deref().map(|id| self.fill(id));
                format!(" {:?} {id:?} {space:?} {style}", self.fill(plan.named(path)))
            }
        };
        plan.looks.iter().map(look).collect()
    }

    /// The context variables of `plan` for this shot.
    pub fn vars(&self, plan: &ColorPlan) -> BTreeMap<String, String> {
        plan.vars.iter().map(|(name, value)| (name.clone(), self.fill(value))).collect()
    }
}

/// Where the decisions of a timeline are applied that do not say it themselves; `None`: in the canvas's own values.
///
/// # Errors
/// [`ErrorKind::Option`] where the configuration has no role `color_timing` and nothing else was asked for.
pub fn decision_space(engine: &dyn Engine, plan: &ColorPlan) -> Result<Option<String>> {
    match &plan.decisions.space {
        DecisionSpace::Off | DecisionSpace::Canvas => Ok(None),
        DecisionSpace::Space(name) => find_space(engine, name).map(|space| Some(space.name)),
        DecisionSpace::Timing => {
            let role = engine.roles().into_iter().find(|(role, _)| role.eq_ignore_ascii_case("color_timing"));
            let missing = || {
                let what = format!(
                    "the timeline has colour decisions (ASC CDL), and {} has no role color_timing that says in which space \
                     they apply; name one, the canvas (canvas), or leave them out (off)",
                    engine.name()
                );
                Error::new(ErrorKind::Option, what)
            };
            role.map(|(_, space)| Some(space)).ok_or_else(missing)
        }
    }
}

/// What is done to a layer whose medium is in `source` on its way into the space `canvas`: its own decisions, then the
/// conversion.
///
/// # Errors
/// [`ErrorKind::Option`] for names that the configuration does not know.
pub fn layer(
    engine: &dyn Engine,
    plan: &ColorPlan,
    (source, canvas): (&SourceSpace, &str),
    grades: &[Grade],
    names: &Names<'_>,
) -> Result<Baked> {
    let mut pipeline = Pipeline::of_source(engine, source, canvas)?;
    if *source != SourceSpace::Data {
        for grade in grades {
            let common = if grade.space.is_none() { decision_space(engine, plan)? } else { None };
            let space = grade.space.as_deref().or(common.as_deref()).unwrap_or(canvas);
            pipeline.grade(grade, Some(space), plan.decisions.style)?;
        }
    }
    pipeline.to(canvas)?;
    Baked::of(pipeline, engine, &names.vars(plan))
}

/// What is done to pictures in the space `canvas` on their way into an output; where they are still in a space `source` of their
/// own, they are brought into the canvas's first.
///
/// # Errors
/// [`ErrorKind::Option`] for names that the configuration does not know, and for a space of a display that takes a view.
pub fn output(
    engine: &dyn Engine,
    plan: &ColorPlan,
    (source, canvas): (Option<&SourceSpace>, &str),
    look: &OutputLook,
    names: &Names<'_>,
) -> Result<Baked> {
    let mut pipeline = match source {
        Some(source) => Pipeline::of_source(engine, source, canvas)?,
        None => Pipeline::new(engine, canvas),
    };
    pipeline.to(canvas)?;
    let looks = if look.graded { plan.looks.as_slice() } else { &[] };
    for look in looks {
        pipeline.look(look, &|template| names.fill(template))?;
    }
    let own_looks = looks.iter().any(|look| matches!(look, LookStep::Look(_)));
    let (mut space, mut view, mut own) = (None, None, None);
    match &look.color {
        OutputColor::Canvas => {
            pipeline.to(canvas)?;
            own = engine.space(canvas);
        }
        OutputColor::Space(name) => {
            pipeline.output(&look.color, own_looks)?;
            space = Some(find_space(engine, name)?);
        }
        OutputColor::View { display, view: named } => {
            let (display, named) = find_view(engine, display.as_deref(), named.as_deref())?;
            pipeline.output(&look.color, own_looks)?;
            space = engine.view_space(&display, &named).and_then(|name| engine.space(&name));
            view = Some((display, named));
        }
    }
    let mut baked = Baked::of(pipeline, engine, &names.vars(plan))?;
    baked.interop = own.as_ref().and_then(SpaceInfo::interop_id).map(str::to_owned);
    if look.color != OutputColor::Canvas {
        baked.interop = space.as_ref().and_then(|space| space.interop_id()).map(str::to_owned);
        let unspecified = ColorTags {
            full_range: true,
            matrix: ColorTags::UNSPECIFIED,
            primaries: ColorTags::UNSPECIFIED,
            transfer: ColorTags::UNSPECIFIED,
        };
        baked.tags = Some(space.as_ref().and_then(tags_of_space).unwrap_or(unspecified));
        baked.space = space.map(|space| space.name);
        baked.view = view;
    }
    baked.tags = look.tags.or(baked.tags);
    let tags = baked.tags.or_else(|| engine.space(canvas).as_ref().and_then(tags_of_space));
    if tags.is_some_and(|tags| is_hdr(&tags)) {
        baked.hdr = plan.hdr;
    }
    Ok(baked)
}

/// Whether values with these tags are PQ or HLG.
pub(crate) fn is_hdr(tags: &ColorTags) -> bool {
    matches!(tags.transfer, 16 | 18)
}

/// What is done to a canvas on its way into outputs, each made once.
#[derive(Debug)]
pub(crate) struct OutputTransforms<'e> {
    engine: &'e dyn Engine,
    plan: &'e ColorPlan,
    canvas: String,
    cubes: Cubes,
    /// By the context variables, the look and what names its files.
    known: HashMap<String, Baked>,
}

impl<'e> OutputTransforms<'e> {
    /// Outputs of pictures in the space `canvas`.
    pub(crate) fn new(engine: &'e dyn Engine, plan: &'e ColorPlan, canvas: &str) -> OutputTransforms<'e> {
        OutputTransforms { engine, plan, canvas: canvas.to_owned(), cubes: Cubes::default(), known: HashMap::new() }
    }

    /// What is baked for `look` into the output of a shot with these names.
    ///
    /// # Errors
    /// As [`output`].
    pub(crate) fn get(&mut self, look: &OutputLook, names: &Names<'_>) -> Result<Baked> {
        let looks = if look.graded { names.looks(self.plan) } else { String::new() };
        let key = format!("{:?} {look:?}{looks}", names.vars(self.plan));
        if let Some(known) = self.known.get(&key) {
            return Ok(known.clone());
        }
        let baked = output(self.engine, self.plan, (None, &self.canvas), look, names)?;
        let baked = baked.with_cube(self.plan, &self.cubes);
        self.known.insert(key, baked.clone());
        Ok(baked)
    }
}

/// Names, sizes and times of files, as text that changes when a file does, and not where their folder is another on another
/// machine.
pub(crate) fn file_states<'f>(files: impl IntoIterator<Item = &'f PathBuf>) -> String {
    let state = |file: &PathBuf| {
        let state = std::fs::metadata(file).ok();
        let modified = state.as_ref().and_then(|state| state.modified().ok());
        let since = modified.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        let name = file.file_name().unwrap_or_default();
        format!(" {name:?} {:?} {:?}", state.map(|state| state.len()), since.map(|since| since.as_millis()))
    };
    let mut states: Vec<String> = files.into_iter().map(state).collect();
    states.sort();
    states.concat()
}

/// What is done to pictures that are left in the space `canvas`: nothing.
pub fn untouched(engine: &dyn Engine, canvas: &str) -> Baked {
    let space = engine.space(canvas);
    let interop = space.as_ref().and_then(SpaceInfo::interop_id).map(str::to_owned);
    Baked { interop, ..Baked::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in_once() {
        let names = Names::new("{clip}", "c", "V1", "cut");
        assert_eq!(names.fill("/g/{shot}/{clip}_{track}.{timeline}{"), "/g/{clip}/c_V1.cut{");
        assert_eq!(names.fill("{other}{shot"), "{other}{shot");
    }
}
