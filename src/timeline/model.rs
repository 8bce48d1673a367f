//! The objects of a timeline, after OpenTimelineIO's schemas.
//!
//! Every object keeps its `metadata` whole, and `extra`: the fields of the file that its schema does not name, so
//! that reading and writing loses nothing.

use std::path::PathBuf;

use indexmap::IndexMap;

use super::{Map, Value};
use crate::error::Result;
use crate::time::{Rate, Time, TimeRange};

/// A count of frames (or samples) at a rate, as the file wrote it (`RationalTime.1`).
///
/// ```
/// use otio_conflate::time::Rate;
/// use otio_conflate::timeline::RationalTime;
///
/// let start = RationalTime::new(86_400.0, Rate::FPS_24);
/// assert_eq!(start.time()?.seconds(), 3600.0);
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RationalTime {
    /// Frames, counted at `rate`; seldom, but legally, with a fraction. Finite.
    pub value: f64,
    /// Frames per second.
    pub rate: Rate,
}

impl RationalTime {
    /// `value` frames at `rate`.
    pub const fn new(value: f64, rate: Rate) -> RationalTime {
        RationalTime { value, rate }
    }

    /// The place on the grid of the rate's nominal ratio, in flicks.
    ///
    /// # Errors
    /// [`ErrorKind::Time`](crate::ErrorKind::Time) when it lies more than a century away.
    pub fn time(self) -> Result<Time> {
        Time::from_value(self.value, self.rate)
    }

    /// The value converted to `rate`, both rates as written, in double precision: what OpenTimelineIO's
    /// `rescaled_to` gives.
    pub fn value_at(self, rate: Rate) -> f64 {
        if self.rate.written() == rate.written() {
            self.value
        } else {
            self.value * rate.written() / self.rate.written()
        }
    }
}

/// A start and a duration, as the file wrote them (`TimeRange.1`).
///
/// ```
/// use otio_conflate::time::Rate;
/// use otio_conflate::timeline::RawTimeRange;
///
/// let range = RawTimeRange::frames(1001, 48, Rate::FPS_24);
/// assert_eq!(range.time_range()?.frames(Rate::FPS_24), 1001..1049);
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RawTimeRange {
    /// Where it starts.
    pub start_time: RationalTime,
    /// How long it lasts; not negative.
    pub duration: RationalTime,
}

impl RawTimeRange {
    /// The range on the grids of its nominal rates, in flicks.
    ///
    /// # Errors
    /// [`ErrorKind::Time`](crate::ErrorKind::Time) when either part lies more than a century away.
    pub fn time_range(self) -> Result<TimeRange> {
        Ok(TimeRange { start: self.start_time.time()?, duration: self.duration.time()? })
    }

    /// The rate that a medium's range counts in. A start of 0 at another rate (mostly OTIO's default, 1.0) says nothing.
    #[allow(clippy::float_cmp, reason = "zero is zero")]
    pub(crate) fn media_rate(self) -> Rate {
        if self.start_time.value == 0.0 { self.duration.rate } else { self.start_time.rate }
    }
}

/// A point or a size in OpenTimelineIO's spatial coordinates (`V2d.1`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct V2d {
    /// To the right.
    pub x: f64,
    /// Upwards.
    pub y: f64,
}

/// A rectangle in OpenTimelineIO's spatial coordinates (`Box2d.1`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Box2d {
    /// The lower left corner.
    pub min: V2d,
    /// The upper right corner.
    pub max: V2d,
}

/// A whole timeline (`Timeline.1`). A bare stack, track or clip that was read is wrapped in one.
///
/// ```
/// use otio_conflate::Timeline;
///
/// let text = r#"{"OTIO_SCHEMA": "Timeline.1", "name": "reel 2", "tracks": {"OTIO_SCHEMA": "Stack.1", "children": []}}"#;
/// let timeline = otio_conflate::otio::read_str(text, &Default::default())?;
/// assert_eq!(timeline.name, "reel 2");
/// assert!(timeline.clips().is_empty());
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Timeline {
    /// Its name; may be empty.
    pub name: String,
    /// The record time of its first frame; its rate is the record rate unless the caller says otherwise.
    pub global_start_time: Option<RationalTime>,
    /// The root stack: its children are the tracks, bottom to top.
    pub tracks: Composition,
    /// Data of the application that wrote it.
    pub metadata: Map,
    /// Fields that the schema does not name.
    pub extra: Map,
    /// The file it was read from; relative media locations start at this file's folder.
    pub path: Option<PathBuf>,
    /// What the reader noticed: unknown schemas and the like, each with its place.
    pub notes: Vec<Note>,
}

/// Something that the reader of a file noticed: a sentence, in which the place comes first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Note {
    /// The sentence.
    pub text: String,
    /// Where it is about objects of a schema that is not known, that schema, such as `CDLEffect.1`.
    pub unknown_schema: Option<String>,
}

impl<T: Into<String>> From<T> for Note {
    fn from(text: T) -> Note {
        Note { text: text.into(), unknown_schema: None }
    }
}

impl std::ops::Deref for Note {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq<Note> for String {
    fn eq(&self, other: &Note) -> bool {
        *self == other.text
    }
}

impl PartialEq<&str> for Note {
    fn eq(&self, other: &&str) -> bool {
        self.text == *other
    }
}

/// What every item, composition and transition's neighbour has in common.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Item {
    /// Its name; may be empty.
    pub name: String,
    /// The part of it that is used. `None`: all of it.
    pub source_range: Option<RawTimeRange>,
    /// Whether it is visible; a disabled item keeps its room.
    pub enabled: bool,
    /// Effects, in the order they apply.
    pub effects: Vec<Effect>,
    /// Markers.
    pub markers: Vec<Marker>,
    /// `color`, as written (`Color.1` or `null`).
    pub color: Value,
    /// Data of the application that wrote it.
    pub metadata: Map,
    /// Fields that the schema does not name.
    pub extra: Map,
    /// What is wrong with a clip that cannot be read: it is handled as one whose media is missing.
    pub unreadable: Option<String>,
}

impl Default for Item {
    fn default() -> Item {
        Item {
            name: String::new(),
            source_range: None,
            enabled: true,
            effects: Vec::new(),
            markers: Vec::new(),
            color: Value::Null,
            metadata: Map::new(),
            extra: Map::new(),
            unreadable: None,
        }
    }
}

impl Item {
    /// Whether it is seen and heard: `enabled` says so, and so does Final Cut's own switch, which the adapter of its XML
    /// keeps in the metadata alone.
    pub fn is_enabled(&self) -> bool {
        let switch = || self.metadata.get("fcp_xml").and_then(|item| item.get("enabled"));
        self.enabled && !switch().is_some_and(is_off)
    }
}

/// Whether `value` is a switch that is off, as XML and JSON write it.
pub(crate) fn is_off(value: &Value) -> bool {
    match value {
        Value::Bool(on) => !on,
        Value::String(text) => text.trim().eq_ignore_ascii_case("false"),
        _ => false,
    }
}

/// Whether a composition lays its children one after another or over one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompositionKind {
    /// `Stack.1`: children lie over one another, bottom to top.
    Stack,
    /// `Track.1` (once `Sequence.1`): children lie one after another.
    Track(MediaKind),
}

/// What a track carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaKind {
    /// Picture.
    Video,
    /// Sound.
    Audio,
    /// Anything else an application wrote there.
    Other(String),
}

/// A stack or a track.
///
/// ```
/// use otio_conflate::time::Rate;
/// use otio_conflate::timeline::{Clip, Composition, Gap, MediaReference, Transition};
///
/// let clip = |name: &str| Clip::new(name, MediaReference::file(format!("/media/{name}.mov")));
/// let track = Composition::video("V1")
///     .with(clip("a"))
///     .with(Transition::dissolve(4, 4, Rate::FPS_24))
///     .with(clip("b"))
///     .with(Gap::new(12, Rate::FPS_24));
/// assert_eq!((track.children.len(), track.is_track()), (4, true));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Composition {
    /// Stack or track.
    pub kind: CompositionKind,
    /// Name, range, effects and so on.
    pub item: Item,
    /// What it holds, in order.
    pub children: Vec<Child>,
}

/// Something that lies in a stack or a track.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Child {
    /// A piece of media.
    Clip(Box<Clip>),
    /// Nothing, for a while.
    Gap(Box<Gap>),
    /// A transition between its neighbours; it takes no room.
    Transition(Box<Transition>),
    /// A nested stack or track.
    Composition(Box<Composition>),
    /// An object of a schema nobody here knows.
    Unknown(Box<UnknownObject>),
}

impl Child {
    /// What items have in common; transitions and unknown objects are no items.
    pub fn item(&self) -> Option<&Item> {
        match self {
            Child::Clip(clip) => Some(&clip.item),
            Child::Gap(gap) => Some(&gap.item),
            Child::Composition(composition) => Some(&composition.item),
            Child::Transition(_) | Child::Unknown(_) => None,
        }
    }

    /// The object's name; empty for unknown objects without one.
    pub fn name(&self) -> &str {
        match self {
            Child::Transition(transition) => &transition.name,
            Child::Unknown(object) => object.data.get("name").and_then(Value::as_str).unwrap_or_default(),
            Child::Clip(_) | Child::Gap(_) | Child::Composition(_) => self.item().map_or("", |item| &item.name),
        }
    }
}

/// A clip (`Clip.1`, `Clip.2`).
///
/// ```
/// use otio_conflate::time::Rate;
/// use otio_conflate::timeline::{Clip, Effect, MediaReference, RawTimeRange};
///
/// let media = MediaReference::file("/media/a.mov").available(RawTimeRange::frames(0, 240, Rate::FPS_24));
/// let clip = Clip::new("sh010", media).range(RawTimeRange::frames(12, 48, Rate::FPS_24)).effect(Effect::speed(0.5));
/// assert_eq!((clip.item.name.as_str(), clip.item.effects.len()), ("sh010", 1));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Clip {
    /// Name, range, effects and so on.
    pub item: Item,
    /// The media it may show, by key.
    pub media_references: IndexMap<String, MediaReference>,
    /// The key of the one it does show.
    pub active_media_reference_key: String,
}

impl Clip {
    /// The key OpenTimelineIO gives the only reference of a clip.
    pub const DEFAULT_MEDIA_KEY: &'static str = "DEFAULT_MEDIA";

    /// The media it shows, if the active key names one.
    pub fn media_reference(&self) -> Option<&MediaReference> {
        self.media_references.get(&self.active_media_reference_key)
    }
}

/// Nothing, for a while (`Gap.1`, once `Filler.1`).
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Gap {
    /// Name, range and so on.
    pub item: Item,
}

/// A transition between the item before and the item after it (`Transition.1`).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Transition {
    /// Its name; may be empty.
    pub name: String,
    /// `SMPTE_Dissolve`, `Custom_Transition`, or what an application wrote.
    pub transition_type: String,
    /// How long before the cut it starts; not negative.
    pub in_offset: RationalTime,
    /// How long after the cut it ends; not negative.
    pub out_offset: RationalTime,
    /// Data of the application that wrote it.
    pub metadata: Map,
    /// Fields that the schema does not name.
    pub extra: Map,
}

/// What is to be done about holes in an image sequence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingFramePolicy {
    /// A hole is an error.
    #[default]
    Error,
    /// A hole shows the frame before it.
    Hold,
    /// A hole is black.
    Black,
}

/// Where media is, and what is known about it without opening it.
///
/// ```
/// use otio_conflate::time::Rate;
/// use otio_conflate::timeline::{MediaReference, RawTimeRange};
///
/// let movie = MediaReference::file("/media/a.mov").available(RawTimeRange::frames(0, 240, Rate::FPS_24));
/// let frames = MediaReference::sequence("/media/sh010", ("sh010.", 4, ".exr"), 1001, Rate::FPS_24);
/// assert!(movie.available_range().is_some() && frames.available_range().is_none());
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum MediaReference {
    /// A file (`ExternalReference.1`).
    External {
        /// The location as written: a URL or a path.
        target_url: String,
        /// What all media references have in common.
        common: MediaCommon,
    },
    /// Numbered frames (`ImageSequenceReference.1`). Frame *i* is
    /// `target_url_base + name_prefix + number + name_suffix`, its number zero-padded.
    ImageSequence {
        /// The folder as written: a URL or a path.
        target_url_base: String,
        /// What stands before the number.
        name_prefix: String,
        /// What stands after it, the extension included.
        name_suffix: String,
        /// The number of the first frame.
        start_frame: i64,
        /// How many numbers lie from one frame to the next; at least 1.
        frame_step: i64,
        /// The rate as written; sometimes 1.0, so `available_range`'s rate is believed first.
        rate: f64,
        /// How many digits a number has at least.
        frame_zero_padding: u32,
        /// What is to be done about holes.
        missing_frame_policy: MissingFramePolicy,
        /// What all media references have in common.
        common: MediaCommon,
    },
    /// Pictures made by an application (`GeneratorReference.1`).
    Generator {
        /// `SMPTEBars`, `black`, `Solid Color` or what an application wrote.
        generator_kind: String,
        /// The generator's settings.
        parameters: Map,
        /// What all media references have in common.
        common: MediaCommon,
    },
    /// Nothing is known (`MissingReference.1`, or `null`).
    Missing {
        /// What all media references have in common.
        common: MediaCommon,
    },
    /// A schema nobody here knows.
    Unknown(UnknownObject),
}

/// What all media references have in common.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct MediaCommon {
    /// Its name; may be empty.
    pub name: String,
    /// The media's whole range; where in source time its first frame lies.
    pub available_range: Option<RawTimeRange>,
    /// Where its picture lies in the canvas.
    pub available_image_bounds: Option<Box2d>,
    /// Data of the application that wrote it.
    pub metadata: Map,
    /// Fields that the schema does not name.
    pub extra: Map,
}

impl MediaReference {
    /// A reference to nothing.
    pub fn missing() -> MediaReference {
        MediaReference::Missing { common: MediaCommon::default() }
    }

    /// What all media references have in common; unknown objects have none of it.
    pub fn common(&self) -> Option<&MediaCommon> {
        match self {
            MediaReference::External { common, .. }
            | MediaReference::ImageSequence { common, .. }
            | MediaReference::Generator { common, .. }
            | MediaReference::Missing { common } => Some(common),
            MediaReference::Unknown(_) => None,
        }
    }

    /// The media's whole range, if the file wrote one.
    pub fn available_range(&self) -> Option<RawTimeRange> {
        self.common()?.available_range
    }
}

/// An effect on an item.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Effect {
    /// Its name; may be empty.
    pub name: String,
    /// The name of what it does, as the application calls it.
    pub effect_name: String,
    /// What it does to time, if anything.
    pub kind: EffectKind,
    /// Whether it applies.
    pub enabled: bool,
    /// Data of the application that wrote it.
    pub metadata: Map,
    /// Fields that the schema does not name.
    pub extra: Map,
}

/// What an effect does to time.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum EffectKind {
    /// `Effect.1`: nothing to time.
    Other,
    /// `TimeEffect.1`: something that only its metadata tells.
    Time,
    /// `LinearTimeWarp.1`: source time runs this many times as fast.
    LinearTimeWarp {
        /// The speed; negative is reverse. May be anything a double can be.
        time_scalar: f64,
    },
    /// `FreezeFrame.1`: the first frame is held. The scalar is kept as written.
    FreezeFrame {
        /// The scalar as written, mostly 0.
        time_scalar: f64,
    },
    /// A schema nobody here knows; the object is in here whole.
    Unknown(UnknownObject),
}

impl PartialEq for EffectKind {
    /// Equality of data: a speed that is not a number equals itself.
    fn eq(&self, other: &EffectKind) -> bool {
        let same = |a: &f64, b: &f64| Value::Float(*a) == Value::Float(*b);
        match (self, other) {
            (EffectKind::Other, EffectKind::Other) | (EffectKind::Time, EffectKind::Time) => true,
            (EffectKind::LinearTimeWarp { time_scalar: a }, EffectKind::LinearTimeWarp { time_scalar: b })
            | (EffectKind::FreezeFrame { time_scalar: a }, EffectKind::FreezeFrame { time_scalar: b }) => same(a, b),
            (EffectKind::Unknown(a), EffectKind::Unknown(b)) => a == b,
            _ => false,
        }
    }
}

/// A note at a place (`Marker.1`, `Marker.2`).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Marker {
    /// Its name; may be empty.
    pub name: String,
    /// `RED`, `GREEN` and so on, or what an application wrote; empty if it wrote none.
    pub color: String,
    /// Where it lies, in its item's own time.
    pub marked_range: Option<RawTimeRange>,
    /// A comment; empty if there is none.
    pub comment: String,
    /// Data of the application that wrote it.
    pub metadata: Map,
    /// Fields that the schema does not name.
    pub extra: Map,
}

/// An object of a schema nobody here knows, kept whole: data and place.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct UnknownObject {
    /// The schema as written, such as `Subtitle.1`.
    pub schema: String,
    /// Every field, `OTIO_SCHEMA` included.
    pub data: Map,
}

impl UnknownObject {
    /// An object of this schema, such as `Subtitle.1`, with these fields, `OTIO_SCHEMA` among them.
    pub fn new(schema: impl Into<String>, data: Map) -> UnknownObject {
        UnknownObject { schema: schema.into(), data }
    }
}
