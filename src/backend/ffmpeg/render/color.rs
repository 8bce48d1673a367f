//! The colours of a run: which space each medium is in, what is done to each layer on its way into the canvas, and to the canvas
//! on its way into each output. Everything is settled, and every transform made, before the first frame.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use super::super::media::ResolvedMedia;
use super::super::still;
use crate::backend::more_words;
use crate::color::{self, Baked, ColorTransform, Engine, FileColor, MediumSpace, Names, OutputTransforms};
use crate::deliver::Representation;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{
    ColorConfig, ColorPlan, ColorTags, Element, Grade, Layer, MediaId, OutputColor, OutputLook, Plan, SampleRange,
    Shot, SourceSpace, Warning,
};
use crate::report::{Decided, MediumColor, ShotColor, ValueColor};

/// What is done to the pictures of layers: an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in super::super) struct ColorId(usize);

/// Something that is done to the pictures of layers.
#[derive(Debug)]
struct LayerColor {
    transform: Arc<dyn ColorTransform>,
    /// What it is, in words.
    words: String,
}

/// What a shot's outputs hold.
#[derive(Debug, Clone)]
struct ShotColors {
    context: usize,
    /// Whether some layer or composition of it has a decision of its own.
    has_grades: bool,
    intermediate: Baked,
    representations: HashMap<String, Baked>,
    /// What its pictures depend on beside the plan and the media.
    depends_on: String,
    report: ShotColor,
    values: HashMap<String, ValueColor>,
    /// Files that were read for it.
    files: BTreeSet<PathBuf>,
}

/// Colours that are managed.
#[derive(Debug)]
pub(in super::super) struct SceneColor {
    /// The space that layers are laid over one another in.
    pub(in super::super) canvas: String,
    /// What values of that space are tagged as, where it is not the first medium's own.
    pub(super) canvas_tags: Option<ColorTags>,
    pub(super) is_scene_linear: bool,
    /// Whether intermediates hold decisions and looks.
    pub(super) graded: bool,
    graded_representations: HashMap<String, bool>,
    media: Vec<Option<MediumSpace>>,
    layer_colors: Vec<LayerColor>,
    /// By the context of the shot, the medium, and the decisions as text.
    by_layer: HashMap<(usize, usize, String), Option<ColorId>>,
    /// What is done to what stacks make, by the context of the shot and their decisions as text.
    by_group: HashMap<(usize, String), Option<ColorId>>,
    shots: HashMap<String, ShotColors>,
}

/// What settles the colours of a run.
struct Settling<'s> {
    plan: &'s Plan,
    color: &'s ColorPlan,
    engine: &'s dyn Engine,
    canvas: String,
    media: Vec<Option<MediumSpace>>,
    /// What is drawn, and not read, is in this space.
    drawn: Option<SourceSpace>,
    contexts: Vec<BTreeMap<String, String>>,
    layer_colors: Vec<LayerColor>,
    by_layer: HashMap<(usize, usize, String), Option<ColorId>>,
    by_group: HashMap<(usize, String), Option<ColorId>>,
    /// What each of them depends on.
    layer_baked: HashMap<(usize, usize, String), Baked>,
    group_baked: HashMap<(usize, String), Baked>,
    outputs: OutputTransforms<'s>,
}

impl SceneColor {
    /// Settles the colours of `plan`, whose first medium is `own`; says what should be looked at.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] with every name that the configuration does not know, each with the clip that needs it.
    pub(super) fn settle(
        plan: &Plan,
        color: &ColorPlan,
        found: &[ResolvedMedia],
        own: Option<MediaId>,
        representations: &[Representation],
    ) -> Result<(SceneColor, Vec<Warning>)> {
        let engine = color::open(&color.config)?;
        let engine = &*engine;
        let mut warnings = Vec::new();
        let media = media_spaces(engine, plan, color, found, own, &mut warnings)?;
        let own_space = own.and_then(|own| media[own.index()].as_ref()).map(|medium| &medium.space);
        let canvas = color::canvas_space(engine, color, own_space)?;
        let info = engine.space(&canvas);
        let is_own = color.canvas.is_none() && matches!(own_space, Some(SourceSpace::Space(name)) if *name == canvas);
        let unspecified = ColorTags { matrix: 2, primaries: 2, transfer: 2, full_range: true };
        let canvas_tags = (!is_own).then(|| info.as_ref().and_then(color::tags_of_space).unwrap_or(unspecified));
        let outputs = OutputTransforms::new(engine, color, &canvas);
        let mut settling = Settling {
            plan,
            color,
            engine,
            drawn: drawn_space(engine, color)?,
            canvas,
            media,
            contexts: Vec::new(),
            layer_colors: Vec::new(),
            by_layer: HashMap::new(),
            by_group: HashMap::new(),
            layer_baked: HashMap::new(),
            group_baked: HashMap::new(),
            outputs,
        };
        if settling.drawn.is_none() && color.config != ColorConfig::Raw {
            let is_drawn = |layer: &&&Layer| {
                matches!(found[layer.media.index()], ResolvedMedia::Generated(_) | ResolvedMedia::Slate { .. })
            };
            for layer in super::super::media::layers(plan).iter().filter(is_drawn) {
                let what = format!("{} has no space for sRGB: what is drawn here is not converted", engine.name());
                warnings.push(Warning::new(&layer.object, what));
            }
        }
        let mut shots = HashMap::new();
        let mut wrong: BTreeSet<String> = BTreeSet::new();
        for shot in &plan.shots {
            match settling.shot(shot, found, representations) {
                Ok(colors) => drop(shots.insert(shot.name.clone(), colors)),
                Err(error) => drop(wrong.insert(format!("{error:#}"))),
            }
        }
        refuse(wrong)?;
        let says_hdr = |shot: &ShotColors| {
            let mut outputs = shot.representations.values().chain([&shot.intermediate]);
            outputs.any(|baked| !baked.hdr.is_empty())
        };
        if !color.hdr.is_empty() && !shots.values().any(says_hdr) {
            let what = "mastering display and content light level are not written: no output is PQ or HLG";
            warnings.push(Warning::new("", what));
        }
        let of =
            |representation: &Representation| (representation.name.clone(), representation.output_look(color).graded);
        let scene = SceneColor {
            canvas: settling.canvas,
            canvas_tags,
            is_scene_linear: info.is_some_and(|info| info.encoding == "scene-linear"),
            graded: color.intermediate.graded,
            graded_representations: representations.iter().map(of).collect(),
            media: settling.media,
            layer_colors: settling.layer_colors,
            by_layer: settling.by_layer,
            by_group: settling.by_group,
            shots,
        };
        Ok((scene, warnings))
    }

    /// What is done to `layer` in `shot`, with its decisions or without; `None`: nothing.
    pub(super) fn of_layer(&self, shot: &Shot, layer: &Layer, graded: bool) -> Option<ColorId> {
        let context = self.shots.get(&shot.name)?.context;
        let grades = if graded { layer.grade.as_slice() } else { &[] };
        self.by_layer.get(&(context, layer.media.index(), text(grades))).copied().flatten()
    }

    /// What is done to what a stack with these decisions makes in `shot`; `None`: nothing.
    pub(super) fn of_group(&self, shot: &Shot, grade: &[Grade]) -> Option<ColorId> {
        let context = self.shots.get(&shot.name)?.context;
        self.by_group.get(&(context, text(grade))).copied().flatten()
    }

    pub(super) fn transform(&self, id: ColorId) -> &dyn ColorTransform {
        &*self.layer_colors[id.0].transform
    }

    /// What it is, in words.
    pub(super) fn words(&self, id: ColorId) -> &str {
        &self.layer_colors[id.0].words
    }

    /// The range that the samples of a medium have against what its file says.
    pub(super) fn range(&self, media: MediaId) -> Option<SampleRange> {
        self.media[media.index()].as_ref()?.range
    }

    /// Whether some layer of `shot` has a decision of its own.
    fn has_grades(&self, shot: &Shot) -> bool {
        self.shots.get(&shot.name).is_some_and(|colors| colors.has_grades)
    }

    /// Whether the intermediate of `shot` shows its layers with their decisions.
    pub(super) fn is_graded(&self, shot: &Shot) -> bool {
        self.graded && self.has_grades(shot)
    }

    /// Whether a representation of `shot` does.
    pub(super) fn is_graded_in(&self, shot: &Shot, representation: &str) -> bool {
        self.graded_representations.get(representation).copied().unwrap_or(false) && self.has_grades(shot)
    }

    /// What is baked into the intermediate of `shot`.
    pub(in super::super) fn intermediate(&self, shot: &Shot) -> Option<&Baked> {
        self.shots.get(&shot.name).map(|colors| &colors.intermediate)
    }

    /// What is baked into its representations.
    pub(in super::super) fn representations(&self, shot: &Shot) -> Option<&HashMap<String, Baked>> {
        self.shots.get(&shot.name).map(|colors| &colors.representations)
    }

    /// What the pictures of `shot` depend on beside the plan and the media.
    pub(in super::super) fn depends_on(&self, shot: &Shot) -> String {
        self.shots.get(&shot.name).map(|colors| colors.depends_on.clone()).unwrap_or_default()
    }

    /// Files that were read for any shot: LUTs, colour decisions, and what those of the configuration's search path led to.
    pub(in super::super) fn files(&self) -> BTreeSet<&PathBuf> {
        self.shots.values().flat_map(|colors| &colors.files).collect()
    }

    /// What a report says of `shot`.
    pub(in super::super) fn report(&self, shot: &Shot) -> Option<ShotColor> {
        self.shots.get(&shot.name).map(|colors| colors.report.clone())
    }

    /// What the values of a representation of `shot` are.
    pub(in super::super) fn values(&self, shot: &Shot, representation: &str) -> Option<ValueColor> {
        self.shots.get(&shot.name)?.values.get(representation).cloned()
    }
}

/// Decisions as text, which tells them apart.
fn text(grades: &[Grade]) -> String {
    if grades.is_empty() { String::new() } else { format!("{grades:?}") }
}

/// One error for everything that is wrong.
fn refuse(wrong: BTreeSet<String>) -> Result<()> {
    match wrong.len() {
        0 => Ok(()),
        1 => Err(Error::new(ErrorKind::Option, wrong.into_iter().next().unwrap_or_default())),
        count => {
            let lines: Vec<String> = wrong.iter().map(|line| format!("\n  {line}")).collect();
            Err(Error::new(
                ErrorKind::Option,
                format!("{count} colour errors; nothing was rendered:{}", lines.concat()),
            ))
        }
    }
}

/// What the files themselves say: of a sequence, the first.
fn file_color(found: &ResolvedMedia) -> FileColor {
    found.picture().map(still::file_color).unwrap_or_default()
}

/// The space of every medium that is seen, or that the canvas is that of.
fn media_spaces(
    engine: &dyn Engine,
    plan: &Plan,
    color: &ColorPlan,
    found: &[ResolvedMedia],
    own: Option<MediaId>,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<Option<MediumSpace>>> {
    let mut spaces: Vec<Option<MediumSpace>> = vec![None; plan.media.len()];
    let mut wrong = BTreeSet::new();
    let layers = super::super::media::layers(plan);
    let seen = layers.iter().map(|layer| (layer.media, Some(*layer))).chain(own.map(|own| (own, None)));
    for (id, layer) in seen {
        let (index, media) = (id.index(), &plan.media[id]);
        let is_told = layer.is_none() && !wrong.is_empty();
        if spaces[index].is_some() || found[index].picture().is_none() || is_told {
            continue;
        }
        let path = media.source.display();
        let path = color.named(&path);
        match color::medium_space(engine, color, path, media.space.as_ref(), &file_color(&found[index])) {
            Ok(medium) => {
                if let (Some(warning), Some(layer)) = (&medium.warning, layer) {
                    warnings.push(Warning::new(&layer.object, format!("{path}: {warning}")));
                }
                spaces[index] = Some(medium);
            }
            Err(error) => {
                let place = layer.map_or(String::new(), |layer| format!("clip {:?} ({}): ", layer.clip, layer.object));
                wrong.insert(format!("{place}{path}: {error:#}"));
            }
        }
    }
    refuse(wrong)?;
    Ok(spaces)
}

/// The space of what is drawn: what the baked view shows, else sRGB.
///
/// # Errors
/// [`ErrorKind::Option`] for a view that the configuration does not know.
fn drawn_space(engine: &dyn Engine, color: &ColorPlan) -> Result<Option<SourceSpace>> {
    if color.config == ColorConfig::Raw {
        return Ok(None);
    }
    if let OutputColor::View { display, view } = &color.representations.color {
        let (display, view) = color::find_view(engine, display.as_deref(), view.as_deref())?;
        return Ok(Some(SourceSpace::View { display, view }));
    }
    const NAMES: [&str; 7] = [
        "srgb_rec709_scene",
        "sRGB - Texture",
        "srgb_texture",
        "sRGB",
        "srgb_rec709_display",
        "matte_paint",
        "texture_paint",
    ];
    Ok(NAMES.iter().find_map(|name| engine.space(name)).map(|space| SourceSpace::Space(space.name)))
}

impl Settling<'_> {
    /// Which of the contexts these variables are.
    fn context(&mut self, vars: BTreeMap<String, String>) -> usize {
        self.contexts.iter().position(|known| *known == vars).unwrap_or_else(|| {
            self.contexts.push(vars);
            self.contexts.len() - 1
        })
    }

    fn shot<'p>(
        &mut self,
        shot: &'p Shot,
        found: &[ResolvedMedia],
        representations: &[Representation],
    ) -> Result<ShotColors> {
        let Shot { name, clip, track, .. } = shot;
        let plan = self.plan;
        let names = Names::new(name, clip, track, &plan.name);
        let context = self.context(names.vars(self.color));
        let mut sources: Vec<MediumColor> = Vec::new();
        let mut decisions: Vec<Decided> = Vec::new();
        let mut used: Vec<Baked> = Vec::new();
        let (mut has_grades, mut draws) = (false, false);
        let graded_somewhere = self.color.intermediate.graded
            || representations.iter().any(|representation| representation.output_look(self.color).graded);
        for visible in shot.spans.iter().flat_map(|span| span.visible(&|_, _| false)) {
            let layer = visible.layer;
            let space = match &found[layer.media.index()] {
                ResolvedMedia::Picture(_) => {
                    self.media[layer.media.index()].as_ref().map(|medium| medium.space.clone())
                }
                ResolvedMedia::Generated(_) | ResolvedMedia::Slate { .. } => {
                    draws = true;
                    self.drawn.clone()
                }
                _ => None,
            };
            let Some(space) = space else { continue };
            let path = plan.media[layer.media].source.display();
            let path = self.color.named(&path);
            if let Some(medium) = &self.media[layer.media.index()] {
                let color = MediumColor::new(path.to_owned(), &space, &medium.by);
                if !sources.contains(&color) {
                    sources.push(color);
                }
            }
            let graded = graded_somewhere && !layer.grade.is_empty();
            has_grades |= graded;
            if graded && space != SourceSpace::Data {
                self.decided(Some(&layer.clip), &layer.grade, &mut decisions)?;
            }
            let kinds: &[&[Grade]] = if graded { &[&[], &layer.grade] } else { &[&[]] };
            for grades in kinds {
                let at = |error: Error| error.context(format!("clip {:?} ({}): {path}", layer.clip, layer.object));
                used.push(self.layer(context, layer.media, &space, grades, &names).map_err(at)?);
            }
        }
        let mut groups: Vec<&[Grade]> = Vec::new();
        let mut visit = |element: &'p Element| {
            if let Element::Stack { grade, .. } = element {
                groups.extend((graded_somewhere && !grade.is_empty()).then_some(grade.as_slice()));
            }
        };
        shot.spans.iter().flat_map(|span| &span.stack).for_each(|element| element.for_each(&mut visit));
        for grades in groups {
            has_grades = true;
            self.decided(None, grades, &mut decisions)?;
            used.push(self.group(context, grades, &names)?);
        }
        let intermediate = self.outputs.get(&self.color.intermediate, &names)?;
        let mut baked = HashMap::new();
        let mut values = HashMap::new();
        for representation in representations {
            let look = representation.output_look(self.color);
            let output = self
                .outputs
                .get(&look, &names)
                .map_err(|error| error.context(format!("representation {:?}", representation.name)))?;
            values.insert(representation.name.clone(), self.values(&output, &look, &names, has_grades));
            used.push(output.clone());
            baked.insert(representation.name.clone(), output);
        }
        used.push(intermediate.clone());
        let vars: BTreeMap<String, String> = used.iter().flat_map(|baked| baked.vars.clone()).collect();
        let files: BTreeSet<&PathBuf> = used.iter().flat_map(|baked| &baked.files).collect();
        let output = self.values(&intermediate, &self.color.intermediate, &names, has_grades);
        let depends_on = self.depends_on(&names, &sources, &vars, &files, representations, draws);
        let report = ShotColor { output, sources, decisions, vars };
        let files = files.into_iter().cloned().collect();
        Ok(ShotColors { context, has_grades, intermediate, representations: baked, depends_on, report, values, files })
    }

    /// What is done to a layer.
    fn layer(
        &mut self,
        context: usize,
        media: MediaId,
        space: &SourceSpace,
        grades: &[Grade],
        names: &Names<'_>,
    ) -> Result<Baked> {
        let key = (context, media.index(), text(grades));
        if let Some(known) = self.layer_baked.get(&key) {
            return Ok(known.clone());
        }
        let baked = color::layer(self.engine, self.color, (space, &self.canvas), grades, names)?;
        let id = baked.transform.as_ref().map(|transform| {
            let from = match space {
                SourceSpace::Space(name) => name.clone(),
                SourceSpace::View { display, view } => format!("the view {display}/{view}"),
                SourceSpace::Data => "data".to_owned(),
            };
            let graded = if grades.is_empty() { "" } else { ", graded," };
            let words = format!("{from}{graded} to {}", self.canvas);
            self.layer_colors.push(LayerColor { transform: Arc::clone(transform), words });
            ColorId(self.layer_colors.len() - 1)
        });
        self.by_layer.insert(key.clone(), id);
        self.layer_baked.insert(key, baked.clone());
        Ok(baked)
    }

    /// Adds `grades`, with the space that each is applied in, to what a report tells.
    fn decided(&self, clip: Option<&str>, grades: &[Grade], decisions: &mut Vec<Decided>) -> Result<()> {
        for grade in grades {
            let common = || color::decision_space(self.engine, self.color);
            let space = grade.space.clone().map_or_else(common, |space| Ok(Some(space)))?;
            let is_raw = self.color.config == ColorConfig::Raw;
            let space = space.or_else(|| (!is_raw).then(|| self.canvas.clone()));
            let told = Decided { clip: clip.map(str::to_owned), grade: Grade { space, ..grade.clone() } };
            if !decisions.contains(&told) {
                decisions.push(told);
            }
        }
        Ok(())
    }

    /// What is done to what a stack with these decisions makes, which is in the canvas's space.
    fn group(&mut self, context: usize, grades: &[Grade], names: &Names<'_>) -> Result<Baked> {
        let space = SourceSpace::Space(self.canvas.clone());
        // A stack is asked for in each of its spans.
        let key = (context, text(grades));
        if let Some(known) = self.group_baked.get(&key) {
            return Ok(known.clone());
        }
        let baked = color::layer(self.engine, self.color, (&space, &self.canvas), grades, names)?;
        let id = baked.transform.as_ref().map(|transform| {
            let words = format!("graded in {}", self.canvas);
            self.layer_colors.push(LayerColor { transform: Arc::clone(transform), words });
            ColorId(self.layer_colors.len() - 1)
        });
        self.by_group.insert(key.clone(), id);
        self.group_baked.insert(key, baked.clone());
        Ok(baked)
    }

    /// What the values of an output are.
    fn values(&self, baked: &Baked, look: &OutputLook, names: &Names<'_>, has_grades: bool) -> ValueColor {
        ValueColor::of(self.engine.name(), baked, (look, names.look_names(self.color)), Some(&self.canvas), has_grades)
    }

    /// Everything that the pictures of a shot depend on beside the plan and the media.
    fn depends_on(
        &self,
        names: &Names<'_>,
        sources: &[MediumColor],
        vars: &BTreeMap<String, String>,
        files: &BTreeSet<&PathBuf>,
        representations: &[Representation],
        draws: bool,
    ) -> String {
        let ColorPlan {
            config: _,
            vars: _,
            rules: _,
            canvas: _,
            decisions,
            looks: _,
            intermediate,
            representations: _,
            hdr,
            precision,
            moved: _,
        } = self.color;
        let mut text =
            format!("{} {:?} {decisions:?} {intermediate:?} {vars:?}", self.engine.fingerprint(), self.canvas);
        if draws {
            let _ = write!(text, " {:?}", self.drawn);
        }
        text += &names.looks(self.color);
        text += &more_words(hdr, *precision);
        for source in sources {
            let _ = write!(text, " {:?}", source.space);
        }
        for (place, media) in self.media.iter().enumerate() {
            if let Some(medium) = media.as_ref().filter(|medium| medium.range.is_some()) {
                let _ = write!(text, " {place} {:?}", medium.range);
            }
        }
        for representation in representations {
            let _ = write!(text, " {:?}", representation.output_look(self.color));
        }
        text + &color::file_states(files.iter().copied())
    }
}
