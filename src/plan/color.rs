//! What is asked of colours: spaces, decisions, looks and views, as plain data. Names are those of a configuration of
//! OpenColorIO; nothing here has opened one.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{ColorTags, Hdr};
use crate::setters::setters;
use crate::words::word_enum;

/// Colour management of a plan: what media are, what they are brought into, and what is baked into which output.
///
/// ```
/// use otio_conflate::plan::{ColorConfig, ColorPlan, OutputColor, OutputLook, SourceSpace, SpaceRule};
///
/// let view = OutputColor::View { display: None, view: Some("ACES 1.0 - SDR Video".into()) };
/// let color = ColorPlan::default()
///     .config(ColorConfig::Builtin("studio-config-v2.2.0_aces-v1.3_ocio-v2.4".into()))
///     .rule(SpaceRule::new("*_log.*", SourceSpace::Space("ACEScct".into())))
///     .canvas("ACEScct")
///     .representations(OutputLook::graded(view));
/// assert!(color.rules[0].matches("/plates/sh010_log.mov"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ColorPlan {
    /// The configuration that names refer to.
    pub config: ColorConfig,
    /// Context variables by name. In values, `{shot}`, `{clip}`, `{track}` and `{timeline}` stand for the shot's own; what is
    /// not set here comes from the environment.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub vars: BTreeMap<String, String>,
    /// Which space media are in, by their path: the first rule that matches counts, before all that the timeline, the file
    /// and the configuration say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<SpaceRule>,
    /// The space that layers are laid over one another in and that intermediates are written in; `None`: that of the hero
    /// track's first medium.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canvas: Option<String>,
    /// What becomes of the timeline's colour decisions.
    pub decisions: Decisions,
    /// What is done to every shot's finished pictures, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub looks: Vec<LookStep>,
    /// What is baked into intermediates.
    pub intermediate: OutputLook,
    /// What is baked into representations that do not say it themselves.
    pub representations: OutputLook,
    /// How exact views are.
    #[serde(skip_serializing_if = "Precision::is_exact")]
    pub precision: Precision,
    /// What movies in PQ or HLG say about the display that they were graded on, and how bright they get.
    #[serde(skip_serializing_if = "Hdr::is_empty")]
    pub hdr: Hdr,
    /// Where media and looks have been moved: what a path is now, and what the plan calls it. Rules about media and whatever is
    /// told go by that.
    #[serde(skip)]
    pub(crate) moved: BTreeMap<String, String>,
}

setters!(ColorPlan {
    config: ColorConfig,
    canvas: some into String,
    decisions: Decisions,
    intermediate: OutputLook,
    representations: OutputLook,
    precision: Precision,
    hdr: Hdr,
});

impl ColorPlan {
    /// What the plan calls what lies at `path`.
    pub(crate) fn named<'p>(&'p self, path: &'p str) -> &'p str {
        self.moved.get(path).map_or(path, String::as_str)
    }

    /// Sets a context variable.
    #[must_use]
    pub fn var(mut self, name: impl Into<String>, value: impl Into<String>) -> ColorPlan {
        self.vars.insert(name.into(), value.into());
        self
    }

    /// Adds a rule behind those that there are.
    #[must_use]
    pub fn rule(mut self, rule: SpaceRule) -> ColorPlan {
        self.rules.push(rule);
        self
    }

    /// Does this to every shot's finished pictures, after what is done already.
    #[must_use]
    pub fn look(mut self, look: LookStep) -> ColorPlan {
        self.looks.push(look);
        self
    }
}

/// A configuration of OpenColorIO.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ColorConfig {
    /// None: samples are numbers, all in one space called `raw`.
    #[default]
    Raw,
    /// One that is built in, by its full name, such as `studio-config-v2.2.0_aces-v1.3_ocio-v2.4`.
    Builtin(String),
    /// A `.ocio` or `.ocioz` file.
    File(PathBuf),
}

/// Which space the media of a path are in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SpaceRule {
    /// The path: `*` stands for any text, `?` for one character. A pattern without `/` is compared with the file's name.
    pub path: String,
    /// What they are; `None`: what they would be without this rule.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source: Option<SourceSpace>,
    /// The range of their samples, where the file says another one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub range: Option<SampleRange>,
}

impl SpaceRule {
    /// Media whose path matches `path` are `source`.
    pub fn new(path: impl Into<String>, source: SourceSpace) -> SpaceRule {
        SpaceRule { path: path.into(), source: Some(source), range: None }
    }

    /// Whether the medium at `path` is meant.
    pub fn matches(&self, path: &str) -> bool {
        let path = path.replace('\\', "/");
        let name = path.rsplit('/').next().unwrap_or_default();
        let text = if self.path.contains('/') { path.as_str() } else { name };
        matches(&self.path, text)
    }
}

setters!(SpaceRule { range: some SampleRange });

/// Whether `text` is what `pattern` stands for: `*` is any text, `?` any one character.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut place) = (0, 0);
    // Where to go on after the last star, should what follows it not fit.
    let mut again: Option<(usize, usize)> = None;
    while place < text.len() {
        match pattern.get(at) {
            Some('*') => {
                again = Some((at + 1, place));
                at += 1;
            }
            Some(letter) if *letter == '?' || *letter == text[place] => {
                at += 1;
                place += 1;
            }
            _ => match again {
                Some((star, start)) => {
                    again = Some((star, start + 1));
                    (at, place) = (star, start + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

/// What the values of a medium are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SourceSpace {
    /// Of this space.
    Space(String),
    /// What this view of this display shows: it is inverted.
    View {
        /// The display.
        display: String,
        /// Its view.
        view: String,
    },
    /// No colours: they are left alone.
    Data,
}

word_enum! {
    /// The range of samples.
    SampleRange, "range" {
        /// The whole of what they can be.
        #[default]
        Full = "full",
        /// That of video.
        Limited = "limited",
    }
}

word_enum! {
    /// How exact the views of outputs are.
    Precision, "precision" {
        /// Pixel by pixel, with the mathematics of the configuration.
        #[default]
        Exact = "exact",
        /// In outputs of 8 bits a LUT stands for a view wherever it is off by at most two codes of ten bits: in about a tenth of
        /// the time.
        Fast = "fast",
    }
}

impl Precision {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde wants it")]
    fn is_exact(&self) -> bool {
        *self == Precision::Exact
    }
}

word_enum! {
    /// How an ASC CDL is applied.
    CdlStyle, "style of CDLs" {
        /// As the ASC has it: between its steps values are cut to 0 to 1.
        #[default]
        Asc = "asc",
        /// Without cutting anything.
        NoClamp = "no-clamp",
    }
}

/// What becomes of the colour decisions (ASC CDL) that clips of the timeline have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Decisions {
    /// Where they apply, unless a decision says it itself.
    pub space: DecisionSpace,
    /// How.
    pub style: CdlStyle,
}

setters!(Decisions { space: DecisionSpace, style: CdlStyle });

/// The space that the timeline's colour decisions are applied in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DecisionSpace {
    /// They are not applied.
    Off,
    /// That of the role `color_timing`.
    #[default]
    Timing,
    /// That of the canvas.
    Canvas,
    /// This one.
    Space(String),
}

/// The name of the canvas's own values as a space of [`LookStep::File`].
pub(crate) const RAW: &str = "raw";

/// Something that is done to the finished pictures of a shot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LookStep {
    /// Looks of the configuration, such as `+shot, -show`, instead of the view's own.
    Look(String),
    /// A LUT or a colour decision from a file: `.cc`, `.ccc`, `.cdl`, `.cube`, `.clf` and what else OpenColorIO reads. Path and
    /// id may hold `{shot}`, `{clip}`, `{track}` and `{timeline}`.
    File {
        /// The file. A relative one is looked for where the configuration looks, and beside the current folder.
        path: String,
        /// Which one of a file of several.
        id: Option<String>,
        /// The space it is applied in; `raw`: the canvas's own values.
        space: String,
        /// How a colour decision is applied.
        style: CdlStyle,
    },
}

/// What is baked into an output.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct OutputLook {
    /// What its values are.
    pub color: OutputColor,
    /// Whether the timeline's decisions and the shots' looks are in it.
    pub graded: bool,
    /// Its tags, where they are not those of its space.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<ColorTags>,
}

setters!(OutputLook { color: OutputColor, tags: some ColorTags });

impl OutputLook {
    /// This, with decisions and looks.
    pub fn graded(color: OutputColor) -> OutputLook {
        OutputLook { color, graded: true, tags: None }
    }

    /// Whether the canvas is written as it is.
    pub fn is_plain(&self) -> bool {
        self.color == OutputColor::Canvas && !self.graded
    }
}

/// What the values of an output are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", from = "WrittenOutput", into = "WrittenOutput")]
#[non_exhaustive]
pub enum OutputColor {
    /// Those of the canvas.
    #[default]
    Canvas,
    /// Of this space.
    Space(String),
    /// What this view of this display shows; `None`: the configuration's default.
    View {
        /// The display.
        display: Option<String>,
        /// Its view.
        view: Option<String>,
    },
}

/// How outputs stand in files: `{}`, `{ space = … }`, or `{ display = …, view = … }`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct WrittenOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    space: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    view: Option<String>,
    /// The configuration's default display and view.
    #[serde(skip_serializing_if = "is_false")]
    default_view: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde wants it")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl From<WrittenOutput> for OutputColor {
    fn from(written: WrittenOutput) -> OutputColor {
        match written {
            WrittenOutput { space: Some(space), .. } => OutputColor::Space(space),
            WrittenOutput { display: None, view: None, default_view: false, .. } => OutputColor::Canvas,
            WrittenOutput { display, view, .. } => OutputColor::View { display, view },
        }
    }
}

impl From<OutputColor> for WrittenOutput {
    fn from(output: OutputColor) -> WrittenOutput {
        match output {
            OutputColor::Canvas => WrittenOutput::default(),
            OutputColor::Space(space) => WrittenOutput { space: Some(space), ..WrittenOutput::default() },
            OutputColor::View { display, view } => {
                let default_view = display.is_none() && view.is_none();
                WrittenOutput { space: None, display, view, default_view }
            }
        }
    }
}

/// A colour decision of the American Society of Cinematographers that belongs to a layer: `(in × slope + offset) ^ power`,
/// channel by channel (red, green, blue), then saturation around BT.709 luma.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Grade {
    /// The factors of red, green and blue, which values (0 is black, 1 white) are multiplied by; 1 changes nothing.
    pub slope: [f64; 3],
    /// What is added to red, green and blue after that, on the same scale; 0 changes nothing.
    pub offset: [f64; 3],
    /// The exponents of red, green and blue, applied last; 1 changes nothing.
    pub power: [f64; 3],
    /// The factor of the distance from luma (BT.709's weights): 0 is grey, 1 changes nothing.
    pub saturation: f64,
    /// The space that it says it is to be applied in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub space: Option<String>,
}

impl Grade {
    /// Slope, offset, power and saturation, in no space of its own.
    pub fn new(slope: [f64; 3], offset: [f64; 3], power: [f64; 3], saturation: f64) -> Grade {
        Grade { slope, offset, power, saturation, space: None }
    }
}

setters!(Grade { space: some into String });

impl Grade {
    /// Whether both are one decision that was written twice: one of them may say where it applies.
    pub(crate) fn is_same(&self, other: &Grade) -> bool {
        let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
        let all = |grade: &Grade| {
            grade.slope.into_iter().chain(grade.offset).chain(grade.power).chain([grade.saturation]).collect::<Vec<_>>()
        };
        all(self).into_iter().zip(all(other)).all(|(a, b)| near(a, b))
    }

    /// Whether it changes nothing.
    pub(crate) fn is_neutral(&self) -> bool {
        self.is_same(&Grade::new([1.0; 3], [0.0; 3], [1.0; 3], 1.0))
    }
}

/// The space that the timeline says a medium is in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct WrittenSpace {
    /// The name as written, or several that applications know it by, separated by `:`.
    pub name: String,
    /// The key of the metadata that says so, such as `ayon.source.colorspace`.
    pub key: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_of_names_or_of_whole_paths() {
        let rule = |path: &str| SpaceRule::new(path, SourceSpace::Data);
        assert!(rule("*.png").matches("/show/sh010/title.png"));
        assert!(rule("*").matches("/a/b.mov") && rule("a?c*").matches("/x/abc.exr"));
        assert!(rule("/show/*/plates/*.exr").matches("/show/sh010/plates/p.1001.exr"));
        assert!(!rule("/show/*/plates/*.exr").matches("/show/sh010/comp/p.1001.exr"));
        assert!(rule("*/b/*c").matches("/b/b/x/bc") && !rule("b*").matches("/b/a.mov"));
        assert!(!rule("?").matches("/x/") && rule("**").matches(""));
    }

    #[test]
    fn outputs_read_as_people_write_them() {
        let read = |text: &str| toml::from_str::<OutputLook>(text).map(|look| look.color);
        let view = |display: Option<&str>, view: Option<&str>| OutputColor::View {
            display: display.map(str::to_owned),
            view: view.map(str::to_owned),
        };
        assert_eq!(read("").expect("empty"), OutputColor::Canvas);
        assert_eq!(read("color = { space = \"ACEScct\" }").expect("a space"), OutputColor::Space("ACEScct".into()));
        assert_eq!(read("color = { display = \"d\", view = \"v\" }").expect("both"), view(Some("d"), Some("v")));
        assert_eq!(read("color = { view = \"v\" }").expect("a view"), view(None, Some("v")));
        assert!(read("color = { look = \"v\" }").is_err());
        for output in [OutputColor::Canvas, view(None, None), view(Some("d"), None), OutputColor::Space("s".into())] {
            let text = serde_json::to_string(&output).expect("plain data");
            assert_eq!(serde_json::from_str::<OutputColor>(&text).expect("the same"), output, "{text}");
        }
    }
}
