//! What a shot is delivered as beside its intermediate: review movies, proxies, frame sequences, posters, contact sheets.

use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{BurnIn, Preset};
use crate::error::{Error, ErrorKind, Result};
use crate::picture::Placement;
use crate::plan::{ColorPlan, ColorTags, OutputColor, OutputLook};
use crate::report::OutputKind;
use crate::setters::setters;
use crate::time::{Rate, Ratio};

/// A file, or a folder of frames, that is made from a shot's pictures and its sound.
///
/// As TOML, with everything that is not said at its default:
///
/// ```toml
/// name = "review"
/// preset = "h264"
/// letterbox = 2.39
/// size = { width = 1280 }
/// burn_ins = [{ text = "{shot}  {frame}", at = "bottom-left" }, { text = "{timecode}", at = "bottom-right" }]
/// ```
///
/// ```
/// use otio_conflate::deliver::{BurnIn, Corner, Representation, Size};
///
/// let review = Representation::by_name("h264")?
///     .name("review")
///     .size(Size::default().width(1280))
///     .letterbox(2.39)
///     .burn_in(BurnIn::text("{shot}  {frame}")?.at(Corner::BottomLeft));
/// review.check()?;
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Representation {
    /// What it is called, and what its files' names end with.
    pub name: String,
    /// What it is written as: in a file a [`Preset`], the name of one, or with `base`, the name of one, what is other in it.
    pub preset: Preset,
    /// Which pictures of the shot it shows.
    #[serde(default)]
    pub content: Content,
    /// How large its pictures are.
    #[serde(default)]
    pub size: Size,
    /// Whether its pixels are made square, as web players and stills want it.
    #[serde(default = "yes")]
    pub square_pixels: bool,
    /// Frames per second; `None`: as the shot. Each frame is the one that is on screen at the moment it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Covers what lies outside of this aspect (width over height, as shown) with black bars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub letterbox: Option<f64>,
    /// Text in the pictures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub burn_ins: Vec<BurnIn>,
    /// Whether movies and sequences show the shot's handles, too. Stills never do, unless a poster's frame is one.
    #[serde(default = "yes")]
    pub handles: bool,
    /// Whether a movie has the shot's sound, where its preset holds any.
    #[serde(default = "yes")]
    pub audio: bool,
    /// Where colours are managed, what its values are; `None`: as the run says, and what is edited further follows the canvas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<OutputColor>,
    /// Likewise, whether the timeline's colour decisions and the shots' looks are in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graded: Option<bool>,
    /// Likewise, its tags, where they are not those of its space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<ColorTags>,
    /// The file that it was read from, which is never written to.
    #[serde(skip)]
    file: OriginFile,
}

/// The file that something was read from. What is the same from elsewhere is the same.
#[derive(Debug, Clone, Default)]
struct OriginFile(Option<std::path::PathBuf>);

impl PartialEq for OriginFile {
    fn eq(&self, _: &OriginFile) -> bool {
        true
    }
}

fn yes() -> bool {
    true
}

/// Which pictures of a shot a representation shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Content {
    /// All of them.
    #[default]
    All,
    /// One of them, as a still.
    Poster(Poster),
    /// Some of them side by side, as a still.
    ContactSheet(ContactSheet),
}

/// The picture that stands for a shot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Poster {
    /// Its frame number in the shot, such as 1001; `None`: the frame in the middle, handles left out.
    pub frame: Option<i64>,
}

/// Pictures of a shot side by side, evenly spread over it, the first and the last frame without handles included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ContactSheet {
    /// How many pictures stand side by side.
    pub columns: u32,
    /// How many rows of them there are at most.
    pub rows: u32,
}

impl Default for ContactSheet {
    fn default() -> ContactSheet {
        ContactSheet { columns: 4, rows: 3 }
    }
}

/// How large pictures are. Sizes are rounded to what the codec takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Size {
    /// Pixels in a line. Where the height is not given, it follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Lines. Where the width is not given, it follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Where neither is given: the canvas's sides times this, such as 0.5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<f64>,
    /// How the canvas lies in pictures of another shape.
    pub placement: Placement,
}

/// The most frames a second.
const FASTEST: i64 = 1000;
/// The most pixels that a side may have.
const LARGEST: u32 = 32_768;

impl Size {
    /// This many times the canvas.
    pub fn scaled(scale: f64) -> Size {
        Size { scale: Some(scale), ..Size::default() }
    }

    fn check(&self) -> Result<()> {
        let bad = |what: String| Err(Error::new(ErrorKind::Option, what));
        for (side, what) in [(self.width, "width"), (self.height, "height")] {
            if side.is_some_and(|side| !(1..=LARGEST).contains(&side)) {
                return bad(format!("a {what} is 1 to {LARGEST} pixels, not {}", side.unwrap_or(0)));
            }
        }
        match self.scale {
            Some(_) if self.width.or(self.height).is_some() => {
                bad("a size has a scale, or width and height, not both".to_owned())
            }
            Some(scale) if !(0.001..=100.0).contains(&scale) => {
                bad(format!("a scale is 0.001 to 100 times the canvas, not {scale}"))
            }
            _ => Ok(()),
        }
    }
}

setters!(Poster { frame: some i64 });
setters!(ContactSheet { columns: u32, rows: u32 });
setters!(Size { width: some u32, height: some u32, scale: some f64, placement: Placement });
setters!(Representation {
    name: into String,
    preset: Preset,
    content: Content,
    size: Size,
    square_pixels: bool,
    rate: some Rate,
    letterbox: some f64,
    handles: bool,
    audio: bool,
    color: some OutputColor,
    graded: some bool,
    tags: some ColorTags,
});

impl Representation {
    /// Puts this text into the pictures, too.
    #[must_use]
    pub fn burn_in(mut self, burn_in: BurnIn) -> Representation {
        self.burn_ins.push(burn_in);
        self
    }

    /// The names that [`Representation::by_name`] knows, besides those of [`Preset`]s.
    pub const NAMES: [&str; 8] =
        ["h264", "hevc", "vp9", "poster", "contact-sheet", "proxy-half", "proxy-quarter", "prores"];

    /// All pictures as they are, written as `preset`.
    pub fn new(name: impl Into<String>, preset: Preset) -> Representation {
        Representation {
            name: name.into(),
            preset,
            content: Content::All,
            size: Size::default(),
            square_pixels: true,
            rate: None,
            letterbox: None,
            burn_ins: Vec::new(),
            handles: true,
            audio: true,
            color: None,
            graded: None,
            tags: None,
            file: OriginFile::default(),
        }
    }

    /// The representation of this name: one of [`Representation::NAMES`], or a preset's with everything else as it comes.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] when there is none; the message lists all.
    pub fn by_name(name: &str) -> Result<Representation> {
        let of = |preset: &str| Ok(Representation::new(name, Preset::by_name(preset)?));
        let proxy = |scale: f64| {
            let size = Size::scaled(scale);
            Ok(Representation { size, square_pixels: false, ..of("prores-proxy")? })
        };
        match name {
            "poster" => Ok(Representation { content: Content::Poster(Poster::default()), ..of("jpg")? }),
            "contact-sheet" => {
                let size = Size { width: Some(480), ..Size::default() };
                Ok(Representation { content: Content::ContactSheet(ContactSheet::default()), size, ..of("jpg")? })
            }
            "proxy-half" => proxy(0.5),
            "proxy-quarter" => proxy(0.25),
            "prores" => Ok(Representation { square_pixels: false, ..of(Preset::DEFAULT)? }),
            _ if Preset::NAMES.contains(&name) => {
                let preset = Preset::by_name(name)?;
                // What is edited further keeps the pixels that it has.
                let edited = preset.intra_only && !preset.is_sequence();
                Ok(Representation { square_pixels: !edited, ..Representation::new(name, preset) })
            }
            _ => {
                let own = Representation::NAMES.into_iter().filter(|name| !Preset::NAMES.contains(name));
                let all: Vec<&str> = own.chain(Preset::NAMES).collect();
                let what = format!("unknown representation {name:?}; expected one of {}", all.join(", "));
                Err(Error::new(ErrorKind::Option, what))
            }
        }
    }

    /// Reads one from a TOML or a JSON file, told by its ending.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when it cannot be read, [`ErrorKind::Option`] for another ending, an unknown key (the message
    /// names it and lists those there are) and a value that cannot be.
    pub fn load(path: impl AsRef<Path>) -> Result<Representation> {
        let path = path.as_ref();
        let mut representation: Representation = crate::stored::load(path)?;
        representation.check().map_err(|error| error.at_file(path))?;
        representation.file = OriginFile(Some(path.to_owned()));
        Ok(representation)
    }

    /// Reads a built-in's name, or the path of a file that ends in `.toml` or `.json`.
    ///
    /// # Errors
    /// As [`Representation::by_name`] and [`Representation::load`].
    pub fn by_name_or_file(text: &str) -> Result<Representation> {
        let is_file = [".toml", ".json"].iter().any(|ending| text.to_lowercase().ends_with(ending));
        if is_file { Representation::load(text) } else { Representation::by_name(text) }
    }

    /// Whether everything in it can be, as far as that can be told without a shot.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] for what cannot be.
    pub fn check(&self) -> Result<()> {
        let bad = |what: String| Err(Error::new(ErrorKind::Option, what));
        let check = || {
            if self.name.trim().is_empty() {
                return bad("a representation needs a name".to_owned());
            }
            self.size.check()?;
            if let Some(aspect) = self.letterbox.filter(|aspect| !(0.1..=10.0).contains(aspect)) {
                return bad(format!("the aspect ratio of a letterbox is 0.1 to 10, not {aspect}"));
            }
            if self.is_still() && !self.preset.is_sequence() {
                let what = format!("{} is one picture; {} makes movies", self.kind_name(), self.preset.name);
                return bad(format!("{what}. Presets for pictures are {}", Preset::of_pictures().join(", ")));
            }
            if let Some(rate) = self.rate.filter(|rate| rate.nominal() > Ratio::whole(FASTEST)) {
                return bad(format!("invalid rate {rate}; expected at most {FASTEST} frames per second"));
            }
            if self.is_still() && self.rate.is_some() {
                return bad(format!("{} is one picture and has no rate", self.kind_name()));
            }
            if let Content::ContactSheet(ContactSheet { columns, rows }) = self.content
                && ![columns, rows].iter().all(|count| (1..=64).contains(count))
            {
                return bad(format!("a contact sheet has 1 to 64 columns and rows, not {columns} and {rows}"));
            }
            self.burn_ins.iter().try_for_each(BurnIn::check)
        };
        check().map_err(|error| error.context(format!("representation {:?}", self.name)))
    }

    /// Whether each of these can be, and all can be told apart.
    ///
    /// # Errors
    /// As [`Representation::check`], and [`ErrorKind::Option`] for two of one name.
    pub fn check_all(representations: &[Representation]) -> Result<()> {
        let mut names = std::collections::HashSet::new();
        for representation in representations {
            representation.check()?;
            if !names.insert(representation.name.to_lowercase()) {
                let what = format!("two representations are called {:?}", representation.name);
                return Err(Error::new(ErrorKind::Option, what));
            }
        }
        Ok(())
    }

    /// Whether a burn-in says the shots' own field `name`.
    pub(super) fn says_field(&self, name: &str) -> bool {
        self.burn_ins.iter().any(|burn_in| burn_in.text.own_fields().any(|said| said == name))
    }

    /// What is baked into it under `plan`. What is edited further (`prores`, `proxy-half` and the like) is what the canvas is,
    /// unless it says something else.
    pub fn output_look(&self, plan: &ColorPlan) -> OutputLook {
        let is_edited = self.name == "prores" || self.name.starts_with("proxy-");
        let mut look = match (&self.color, is_edited) {
            (None, true) => OutputLook::default(),
            _ => plan.representations.clone(),
        };
        if let Some(color) = &self.color {
            look.color = color.clone();
        }
        look.graded = self.graded.unwrap_or(look.graded);
        look.tags = self.tags.or(look.tags);
        look
    }

    /// Whether it is one picture.
    pub fn is_still(&self) -> bool {
        self.content != Content::All
    }

    /// Whether it has sound where there is any.
    pub fn has_sound(&self) -> bool {
        self.audio && self.preset.audio.is_some()
    }

    /// The file that it was read from, which is never written to; `None` for one that was made.
    pub fn file(&self) -> Option<&Path> {
        self.file.0.as_deref()
    }

    /// What a shot becomes.
    pub(crate) fn kind(&self) -> OutputKind {
        match (self.is_still(), self.preset.is_sequence()) {
            (true, _) => OutputKind::Still,
            (false, true) => OutputKind::Sequence,
            (false, false) => OutputKind::Movie,
        }
    }

    /// Which pictures of a shot its frames are made of: `frames` there are, of them `head` and `tail` handles.
    pub(crate) fn shown(&self, frames: i64, (head, tail): (i64, i64)) -> Range<i64> {
        let cut = head..frames - tail;
        if self.handles || self.is_still() || cut.is_empty() { 0..frames } else { cut }
    }

    /// Whether each of its pictures is made of one of the shot's and of nothing else, such as its number: then some of them can be
    /// copied, and not only all.
    pub(crate) fn pictures_stand_alone(&self) -> bool {
        let is_plain = self.content == Content::All && self.rate.is_none() && self.burn_ins.is_empty();
        is_plain && self.preset.pictures_stand_alone()
    }

    /// How many frames are made of `frames` pictures at `rate`: one of a still, and of anything else those that start
    /// before the last picture ends.
    pub fn frame_count(&self, frames: i64, rate: Rate) -> i64 {
        if self.is_still() {
            return 1;
        }
        (Ratio::whole(frames) * self.rate.unwrap_or(rate).nominal() / rate.nominal()).ceil()
    }

    fn kind_name(&self) -> &'static str {
        match self.content {
            Content::All => "a representation",
            Content::Poster(_) => "a poster",
            Content::ContactSheet(_) => "a contact sheet",
        }
    }
}
