//! From what media are to what outputs are: steps, with every name checked against the configuration.

use super::{Engine, SpaceInfo, Step, unknown};
use crate::error::{Error, ErrorKind, Result};
#[cfg(feature = "ffmpeg")]
use crate::plan::ColorPlan;
use crate::plan::{CdlStyle, Grade, LookStep, OutputColor, RAW, SourceSpace};

/// Steps so far, and the space that values are in after them.
#[derive(Debug, Clone)]
pub struct Pipeline<'e> {
    engine: &'e dyn Engine,
    /// The space; `None`: no colours, or none that is known.
    space: Option<String>,
    steps: Vec<Step>,
}

impl<'e> Pipeline<'e> {
    /// Values that are in `space` already.
    pub fn new(engine: &'e dyn Engine, space: &str) -> Pipeline<'e> {
        Pipeline { engine, space: Some(space.to_owned()), steps: Vec::new() }
    }

    /// What a medium holds. What a view shows is taken back into `canvas` at once.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] for names that the configuration does not know; the message lists those that it knows.
    pub fn of_source(engine: &'e dyn Engine, source: &SourceSpace, canvas: &str) -> Result<Pipeline<'e>> {
        let mut pipeline = Pipeline { engine, space: None, steps: Vec::new() };
        match source {
            SourceSpace::Data => {}
            SourceSpace::Space(name) => {
                let space = find_space(engine, name)?;
                pipeline.space = (!space.is_data).then_some(space.name);
            }
            SourceSpace::View { display, view } => {
                let (display, view) = find_view(engine, Some(display), Some(view))?;
                let to = find_space(engine, canvas)?.name;
                pipeline.steps.push(Step::FromView { display, view, to: to.clone() });
                pipeline.space = Some(to);
            }
        }
        Ok(pipeline)
    }

    /// Into `space`. What is no colour stays what it is.
    ///
    /// # Errors
    /// As [`Pipeline::of_source`].
    pub fn to(&mut self, space: &str) -> Result<()> {
        let to = find_space(self.engine, space)?;
        let Some(from) = &self.space else { return Ok(()) };
        if !to.is_data && *from != to.name {
            self.steps.push(Step::Convert { from: from.clone(), to: to.name.clone() });
            self.space = Some(to.name);
        }
        Ok(())
    }

    /// A colour decision, applied in `space`, or with `None` in the space that values are in.
    ///
    /// # Errors
    /// As [`Pipeline::of_source`].
    pub fn grade(&mut self, grade: &Grade, space: Option<&str>, style: CdlStyle) -> Result<()> {
        if let Some(space) = space {
            self.to(space)?;
        }
        let Grade { slope, offset, power, saturation, space: _ } = grade.clone();
        self.steps.push(Step::Cdl { slope, offset, power, saturation, style });
        Ok(())
    }

    /// A look of a shot. Looks of the configuration are kept for the view: see [`Pipeline::output`].
    ///
    /// # Errors
    /// As [`Pipeline::of_source`].
    pub fn look(&mut self, look: &LookStep, fill: &dyn Fn(&str) -> String) -> Result<()> {
        match look {
            LookStep::Look(looks) => {
                check_looks(self.engine, looks)?;
                if let Some(space) = &self.space {
                    self.steps.push(Step::Looks { looks: looks.clone(), space: space.clone() });
                }
            }
            LookStep::File { path, id, space, style } => {
                if !space.eq_ignore_ascii_case(RAW) {
                    self.to(space)?;
                    // What is no colour stays what it is, but where its values as they are were asked for.
                    if self.space.is_none() {
                        return Ok(());
                    }
                }
                self.steps.push(Step::File { path: fill(path), id: id.as_deref().map(fill), style: *style });
            }
        }
        Ok(())
    }

    /// To what an output holds. `with_looks`: looks of the configuration take the place of the view's own.
    ///
    /// # Errors
    /// As [`Pipeline::of_source`], and [`ErrorKind::Option`] for a space of a display where values are a scene's: that takes a
    /// view.
    pub fn output(&mut self, output: &OutputColor, with_looks: bool) -> Result<()> {
        let engine = self.engine;
        match output {
            OutputColor::Canvas => Ok(()),
            OutputColor::Space(name) => {
                let to = find_space(engine, name)?;
                let is_scene = |name: &String| engine.space(name).is_some_and(|space| !space.is_display);
                if to.is_display && self.space.as_ref().is_some_and(is_scene) {
                    return Err(needs_view(engine, &to.name));
                }
                self.to(&to.name)
            }
            OutputColor::View { display, view } => {
                let (display, view) = find_view(engine, display.as_deref(), view.as_deref())?;
                if let Some(from) = self.space.take() {
                    self.steps.push(Step::View { from, display, view, without_looks: with_looks });
                }
                Ok(())
            }
        }
    }

    /// The space that values are in; `None` behind a view, and where they are no colours.
    pub fn space(&self) -> Option<&str> {
        self.space.as_deref()
    }

    /// The steps.
    pub fn into_steps(self) -> Vec<Step> {
        self.steps
    }
}

/// The space called `name`.
///
/// # Errors
/// [`ErrorKind::Option`] where there is none; the message lists all.
pub fn find_space(engine: &dyn Engine, name: &str) -> Result<SpaceInfo> {
    engine.space(name).ok_or_else(|| {
        let known: Vec<_> = engine.spaces().into_iter().map(|space| (space.name, space.aliases)).collect();
        unknown("colour space", name, engine.name(), &known)
    })
}

/// The space that looks and views begin in: the one that is asked for, else `own`, that of the first medium; where that is what a
/// view shows, or data, the configuration's scene-linear one.
///
/// # Errors
/// As [`find_space`].
#[cfg(feature = "ffmpeg")]
pub(crate) fn canvas_space(engine: &dyn Engine, color: &ColorPlan, own: Option<&SourceSpace>) -> Result<String> {
    if let Some(name) = &color.canvas {
        return find_space(engine, name).map(|space| space.name);
    }
    if let Some(SourceSpace::Space(name)) = own {
        return Ok(name.clone());
    }
    let roles = engine.roles();
    let light = roles.into_iter().find(|(role, _)| role == "scene_linear").map(|(_, space)| space);
    Ok(light.or_else(|| engine.spaces().into_iter().next().map(|space| space.name)).unwrap_or_default())
}

/// The display and the view that are meant: by default the configuration's first, and where a view alone is named, the default
/// display's, else the first display's that has one of this name.
///
/// # Errors
/// [`ErrorKind::Option`] where there is none; the message lists all.
pub(crate) fn find_view(engine: &dyn Engine, display: Option<&str>, view: Option<&str>) -> Result<(String, String)> {
    let displays = engine.displays();
    let plain = |names: Vec<String>| names.into_iter().map(|name| (name, Vec::new())).collect::<Vec<_>>();
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    let of = |(display, views): &(String, Vec<String>), view: &str| {
        views.iter().find(|known| same(known, view)).map(|view| (display.clone(), view.clone()))
    };
    match (display, view) {
        (Some(wanted), view) => {
            let Some(display) = displays.iter().find(|(known, _)| same(known, wanted)) else {
                let names = displays.into_iter().map(|(display, _)| display).collect();
                return Err(unknown("display", wanted, engine.name(), &plain(names)));
            };
            match view {
                None => display.1.first().map(|view| (display.0.clone(), view.clone())).ok_or_else(|| {
                    Error::new(
                        ErrorKind::Option,
                        format!("the display {:?} of {} has no view", display.0, engine.name()),
                    )
                }),
                Some(view) => of(display, view).ok_or_else(|| {
                    unknown(
                        &format!("view of the display {wanted:?} called"),
                        view,
                        engine.name(),
                        &plain(display.1.clone()),
                    )
                }),
            }
        }
        (None, Some(view)) => displays.iter().find_map(|display| of(display, view)).ok_or_else(|| {
            let mut names: Vec<String> = Vec::new();
            for view in displays.iter().flat_map(|(_, views)| views) {
                if !names.contains(view) {
                    names.push(view.clone());
                }
            }
            unknown("view", view, engine.name(), &plain(names))
        }),
        (None, None) => {
            let first = displays.iter().find_map(|(display, views)| Some((display.clone(), views.first()?.clone())));
            first.ok_or_else(|| Error::new(ErrorKind::Option, format!("{} has no displays and views", engine.name())))
        }
    }
}

/// Whether every look that `looks` names is there.
fn check_looks(engine: &dyn Engine, looks: &str) -> Result<()> {
    let known = engine.looks();
    let names = looks.split(['|', ',', ':']).map(|look| look.trim().trim_start_matches(['+', '-']).trim());
    for name in names.filter(|name| !name.is_empty()) {
        if !known.iter().any(|look| look.eq_ignore_ascii_case(name)) {
            let known: Vec<_> = known.into_iter().map(|look| (look, Vec::new())).collect();
            return Err(unknown("look", name, engine.name(), &known));
        }
    }
    Ok(())
}

fn needs_view(engine: &dyn Engine, space: &str) -> Error {
    let views: Vec<String> = engine
        .displays()
        .into_iter()
        .flat_map(|(display, views)| views.into_iter().map(move |view| format!("{display}/{view}")))
        .take(100)
        .collect();
    let what = format!("{space:?} is the space of a display: values of a scene need a view to get there");
    Error::new(ErrorKind::Option, format!("{what}; there are {}", views.join(", ")))
}
