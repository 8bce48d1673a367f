//! Colour: what a configuration of OpenColorIO knows, and arithmetic on pixels that it describes. Knows neither a timeline nor
//! FFmpeg.
//!
//! ```
//! # #[cfg(feature = "ocio")]
//! # fn main() -> otio_conflate::Result<()> {
//! use otio_conflate::color::{named, open};
//!
//! let engine = open(&named("ocio://default")?)?;
//! assert!(engine.spaces().iter().any(|space| space.name == "ACEScg"));
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "ocio"))]
//! # fn main() {}
//! ```
//!
//! An [`Engine`] is a configuration that was opened with [`open`]; it makes [`ColorTransform`]s out of [`Step`]s. One file names the
//! crate that does it, `ocio.rs`, so that another can take its place.

/// What tests and benches use.
mod unstable {
    pub use super::baked::{Baked, Names, decision_space, layer, output, untouched};
    pub use super::fast::{Cubes, Fast};
    pub use super::lut::CubeLut;
    pub use super::pipeline::Pipeline;
    pub use super::sources::{FileColor, MediumSpace, medium_space};
}

mod baked;
mod fast;
mod lut;
mod names;
#[cfg(feature = "ocio")]
mod ocio;
mod pipeline;
mod sources;
mod tags;
#[cfg(not(feature = "ocio"))]
mod without;
mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::Result;
use crate::plan::{CdlStyle, ColorConfig, ColorTags};

#[cfg(feature = "ocio")]
use self::ocio as opened;
#[cfg(feature = "ffmpeg")]
pub(crate) use baked::is_hdr;
pub(crate) use baked::{OutputTransforms, file_states};
pub(crate) use names::unknown;
pub use pipeline::find_space;
#[cfg(feature = "ffmpeg")]
pub(crate) use pipeline::{canvas_space, find_view};
pub use tags::{interop_of_chromaticities, tags_of};
#[cfg(feature = "unstable")]
pub use unstable::*;
#[cfg(not(feature = "unstable"))]
pub(crate) use unstable::*;
#[cfg(not(feature = "ocio"))]
use without as opened;
pub use words::{read_grade, read_rule, read_source, read_view};

/// Opens a configuration.
///
/// # Errors
/// [`ErrorKind::Io`](crate::ErrorKind::Io) for a file that cannot be read, [`ErrorKind::Option`](crate::ErrorKind::Option) for
/// one that is no configuration and for a built-in one that there is not, with the names of those there are, and
/// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) where this was built without the feature `ocio`.
pub fn open(config: &ColorConfig) -> Result<Box<dyn Engine>> {
    opened::open(config)
}

/// The configuration that `text` names: the path of a `.ocio` or `.ocioz` file, `ocio://NAME` for one that is built in, or `env`
/// for what `$OCIO` names. Names that stand for whatever is newest become those of the configuration they stand for now.
///
/// # Errors
/// As [`open`], and [`ErrorKind::Option`](crate::ErrorKind::Option) where `$OCIO` is not set.
pub fn named(text: &str) -> Result<ColorConfig> {
    opened::named(text)
}

/// Arithmetic on pixels.
pub trait ColorTransform: Send + Sync + fmt::Debug {
    /// Changes pixels of red, green, blue and alpha, colour not multiplied by alpha, in place. Each pixel becomes what it
    /// becomes alone.
    fn apply(&self, pixels: &mut [[f32; 4]]);

    /// Whether pixels stay what they are.
    fn is_identity(&self) -> bool {
        false
    }
}

/// A configuration that was opened.
pub trait Engine: Send + Sync + fmt::Debug {
    /// What it is called: a path, or `ocio://` and a name.
    fn name(&self) -> &str;

    /// Its colour spaces, in its own order.
    fn spaces(&self) -> Vec<SpaceInfo>;

    /// The colour space that a name, an alias or a role stands for, in any case.
    fn space(&self, name: &str) -> Option<SpaceInfo>;

    /// Roles and the spaces they stand for.
    fn roles(&self) -> Vec<(String, String)>;

    /// Displays and their views; the default display comes first, and in it the default view.
    fn displays(&self) -> Vec<(String, Vec<String>)>;

    /// The colour space that a view of a display comes out in.
    fn view_space(&self, display: &str, view: &str) -> Option<String>;

    /// The names of its looks.
    fn looks(&self) -> Vec<String>;

    /// Its file rules in order: name, what it compares with, and the space it gives.
    fn rules(&self) -> Vec<(String, String, String)>;

    /// The space that its file rules give a path.
    fn rule_for(&self, path: &str) -> Option<RuleMatch>;

    /// What does `steps` one after the other, with these context variables beside those of the environment.
    ///
    /// # Errors
    /// [`ErrorKind::Option`](crate::ErrorKind::Option) for names that it does not know and files that cannot be found or read.
    fn transform(&self, steps: &[Step], vars: &BTreeMap<String, String>) -> Result<Made>;

    /// What tells that it is the same configuration, made use of by the same code.
    fn fingerprint(&self) -> String;
}

/// What an engine made of steps.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Made {
    /// What does them.
    pub transform: Arc<dyn ColorTransform>,
    /// The files that were read for it.
    pub files: Vec<PathBuf>,
    /// The context variables that it depends on, and their values.
    pub vars: BTreeMap<String, String>,
}

impl Made {
    /// `transform`, which depends on no file and no variable.
    pub fn new(transform: Arc<dyn ColorTransform>) -> Made {
        Made { transform, files: Vec::new(), vars: BTreeMap::new() }
    }
}

/// A colour space of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpaceInfo {
    /// Its name.
    pub name: String,
    /// Its other names.
    pub aliases: Vec<String>,
    /// The family that menus show it in.
    pub family: String,
    /// What its values are like, such as `scene-linear`, `log`, `sdr-video` or `hdr-video`; empty where that is not said.
    pub encoding: String,
    /// Its ID of the Color Interop Forum, where it has one.
    pub interop: Option<String>,
    /// Whether its values are no colours.
    pub is_data: bool,
    /// Whether it is one of a display, not of a scene.
    pub is_display: bool,
}

impl SpaceInfo {
    /// A space of a scene of which nothing but the name is known.
    pub fn new(name: impl Into<String>) -> SpaceInfo {
        SpaceInfo {
            name: name.into(),
            aliases: Vec::new(),
            family: String::new(),
            encoding: String::new(),
            interop: None,
            is_data: false,
            is_display: false,
        }
    }

    /// The ID of the Color Interop Forum: its own, else the alias that is one.
    pub fn interop_id(&self) -> Option<&str> {
        let known = |name: &&str| tags_of(name).is_some() || tags::is_interop(name);
        let names = self.interop.iter().chain(std::iter::once(&self.name)).chain(&self.aliases);
        names.map(String::as_str).find(known)
    }
}

/// What a file rule gives.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleMatch {
    /// The space.
    pub space: String,
    /// The rule's name.
    pub rule: String,
    /// Whether it is the rule for what no other one matches.
    pub is_default: bool,
    /// Whether it looks at no more than the file's ending.
    pub is_generic: bool,
}

impl RuleMatch {
    /// The space `space` by the rule `rule`, which is neither the default one nor about endings alone.
    pub fn new(space: impl Into<String>, rule: impl Into<String>) -> RuleMatch {
        RuleMatch { space: space.into(), rule: rule.into(), is_default: false, is_generic: false }
    }
}

/// A part of a transform.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// From one space to another.
    Convert {
        /// The space there is.
        from: String,
        /// The space there will be.
        to: String,
    },
    /// What a view of a display shows.
    View {
        /// The space there is.
        from: String,
        /// The display.
        display: String,
        /// Its view.
        view: String,
        /// Whether the view's own looks are left out.
        without_looks: bool,
    },
    /// From what a view of a display shows back to a space.
    FromView {
        /// The display.
        display: String,
        /// Its view.
        view: String,
        /// The space there will be.
        to: String,
    },
    /// Looks of the configuration, such as `+shot, -show`.
    Looks {
        /// The looks.
        looks: String,
        /// The space there is and will be.
        space: String,
    },
    /// A LUT or a colour decision of a file.
    File {
        /// The file.
        path: String,
        /// Which one of a file of several.
        id: Option<String>,
        /// How a colour decision is applied.
        style: CdlStyle,
    },
    /// A colour decision.
    Cdl {
        /// The factors.
        slope: [f64; 3],
        /// What is added.
        offset: [f64; 3],
        /// The exponents.
        power: [f64; 3],
        /// 1 leaves the saturation as it is.
        saturation: f64,
        /// How it is applied.
        style: CdlStyle,
    },
}

/// A transform that does nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Identity;

impl ColorTransform for Identity {
    fn apply(&self, _: &mut [[f32; 4]]) {}

    fn is_identity(&self) -> bool {
        true
    }
}

/// The tags of H.273 that values of `space` have, as far as its interop ID tells.
pub fn tags_of_space(space: &SpaceInfo) -> Option<ColorTags> {
    tags_of(space.interop_id()?)
}
