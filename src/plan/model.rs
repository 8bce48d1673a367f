//! The plan: which source frames are visible in which order with what weight, as plain data.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    Background, CanvasRequest, ColorNote, ColorPlan, Damaged, Grade, Look, Media, MediaId, MediaSource, MissingPolicy,
    OverrunPolicy, Placement, Retime, Sound, SoundClip, SourceMap, Warning,
};
use crate::time::{Rate, Ratio};

/// Everything a backend needs to render every shot. It can be printed, stored as JSON, compared and sent elsewhere.
///
/// ```
/// # use otio_conflate::time::Rate;
/// # use otio_conflate::timeline::{Clip, Composition, MediaReference, RawTimeRange};
/// # let media = MediaReference::file("/media/a.mov").available(RawTimeRange::frames(0, 240, Rate::FPS_24));
/// # let clip = |name: &str, first| Clip::new(name, media.clone()).range(RawTimeRange::frames(first, 48, Rate::FPS_24));
/// # let track = Composition::video("V1").with(clip("sh010", 100)).with(clip("sh020", 20));
/// # let timeline = otio_conflate::Timeline::new("reel 2").track(track);
///
/// use otio_conflate::{Plan, PlanOptions};
///
/// let plan = Plan::new(&timeline, &PlanOptions::default())?;
/// assert_eq!((plan.duration, plan.shots.len(), plan.media.len()), (96, 2, 1));
/// for shot in &plan.shots {
///     println!("{}: {} frames from {}", shot.name, shot.frame_count, plan.timecode(shot.start));
/// }
/// let stored = serde_json::to_string(&plan).expect("plans are plain data");
/// assert_eq!(serde_json::from_str::<Plan>(&stored).expect("a plan"), plan);
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
#[non_exhaustive]
pub struct Plan {
    /// The version of this crate that made it.
    pub version: String,
    /// The timeline's file, if it was read from one.
    pub timeline: Option<PathBuf>,
    /// The timeline's name.
    pub name: String,
    /// The record rate.
    pub rate: Rate,
    /// The number that the cut's first frame has: `global_start_time` in record frames.
    pub global_start: i64,
    /// How many frames the whole cut has.
    pub duration: i64,
    /// Whether record timecode is labelled drop-frame.
    pub drop_frame: bool,
    /// The hero track's name.
    pub hero_track: String,
    /// What the caller asks of the canvas.
    pub canvas: CanvasRequest,
    /// The media of the hero track's clips, in record order: the first that can be decoded gives the canvas what the
    /// caller left open.
    pub canvas_media: Vec<MediaId>,
    /// Of a plan with some shots of another, the media of that other that decide about the samples of outputs, such as their
    /// depth, in the order in which they are shown; empty: those that its own shots show.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub format_media: Vec<MediaId>,
    /// How media of another shape lies in the canvas.
    #[serde(default)]
    pub placement: Placement,
    /// What is asked of colours; `None`: values are carried as they are.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub color: Option<ColorPlan>,
    /// What is below everything.
    pub background: Background,
    /// What to do about source frames outside the media.
    pub overrun: OverrunPolicy,
    /// What to do about source frames that are damaged.
    #[serde(default)]
    pub damaged: Damaged,
    /// What to do about media that is not there.
    pub media_missing: MissingPolicy,
    /// What slow motion shows between two source frames.
    #[serde(default)]
    pub retime: Retime,
    /// Every piece of media that a layer shows or that is heard, each once.
    pub media: Vec<Media>,
    /// Media that the cut refers to and that are not among those: of clips that are off or trimmed away, and references that
    /// others are preferred to. They are not opened, and never written to.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub other_media: Vec<MediaSource>,
    /// The sound of the whole cut; `None` where it has none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sound: Option<Sound>,
    /// The shots: track by track from the bottom, each track's in record order.
    pub shots: Vec<Shot>,
    /// What the plan could not express.
    pub warnings: Vec<Warning>,
}

impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Plan::serialize(self, serializer)
    }
}

/// Ids of media are indices in JSON: they are told what they refer to.
impl<'de> Deserialize<'de> for Plan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Plan, D::Error> {
        let mut plan = Plan::deserialize(deserializer)?;
        plan.update_media_ids();
        Ok(plan)
    }
}

/// One delivered piece of the cut.
///
/// ```
/// # use otio_conflate::time::Rate;
/// # use otio_conflate::timeline::{Clip, Composition, MediaReference, RawTimeRange};
/// # let media = MediaReference::file("/media/a.mov").available(RawTimeRange::frames(0, 240, Rate::FPS_24));
/// # let clip = |name: &str, first| Clip::new(name, media.clone()).range(RawTimeRange::frames(first, 48, Rate::FPS_24));
/// # let track = Composition::video("V1").with(clip("sh010", 100)).with(clip("sh020", 20));
/// # let timeline = otio_conflate::Timeline::new("reel 2").track(track);
///
/// use otio_conflate::plan::Handles;
/// use otio_conflate::{Plan, PlanOptions};
///
/// let plan = Plan::new(&timeline, &PlanOptions::default().handles(Handles::both(8)))?;
/// let second = &plan.shots[1];
/// assert_eq!((second.name.as_str(), second.start, second.first_frame), ("sh020", 40, 993));
/// // Behind the cut's last frame there is nothing to show.
/// assert_eq!((second.head, second.tail, second.frame_count), (8, 0, 56));
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Shot {
    /// Its name, unique in the plan.
    pub name: String,
    /// The name of the clip (or marker) it was made from.
    pub clip: String,
    /// The name of the track that clip lies in.
    pub track: String,
    /// That object's path in the timeline.
    pub object: String,
    /// The number of the first frame delivered, head handles included.
    pub first_frame: i64,
    /// How many frames are delivered, handles included.
    pub frame_count: i64,
    /// How many of them are head handles.
    pub head: i64,
    /// How many of them are tail handles.
    pub tail: i64,
    /// The record frame of the first frame delivered, counted from the cut's first frame.
    pub start: i64,
    /// What is visible, span by span; the spans' lengths add up to `frame_count`.
    pub spans: Vec<Span>,
    /// What is heard, in the order in which it begins.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub sound: Vec<SoundClip>,
    /// What its files are called in place of what the name template makes: a path inside the output folder, with `/` and
    /// without extension, of names that every file system takes. `None`: as the template says.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub file: Option<String>,
    /// Values by name, for name templates and burn-ins (`{fields.NAME}`) and for the manifest: what
    /// [`PlanOptions::fields`](super::PlanOptions::fields) chose from metadata, and what was added.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub fields: BTreeMap<String, String>,
    /// What did not turn out as asked, such as handles that had to be shortened.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub notes: Vec<String>,
}

/// A run of record frames over which the same layers are visible.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Span {
    /// The first record frame, counted from the cut's first frame.
    pub start: i64,
    /// How many record frames.
    pub count: i64,
    /// What lies over one another, bottom to top. Empty: the background alone.
    pub stack: Vec<Element>,
}

/// A part of the picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "element", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Element {
    /// One piece of media.
    Layer(Box<Layer>),
    /// A transition from one part to the other; a part that is `None` is transparent.
    /// ([R9](crate::plan::rules#r9-transitions))
    Mix {
        /// The outgoing part.
        from: Option<Box<Element>>,
        /// The incoming part.
        to: Option<Box<Element>>,
        /// How far the transition is: 0 shows the outgoing part alone, 1 the incoming one.
        weight: Weight,
        /// What the two look like on the way.
        #[serde(default, skip_serializing_if = "MixStyle::is_dissolve")]
        style: MixStyle,
    },
    /// Elements laid over one another, bottom to top, before anything outside sees them.
    Stack {
        /// The elements.
        elements: Vec<Element>,
        /// How they look as one, before anything outside sees them; its transform is of the whole canvas.
        #[serde(skip_serializing_if = "Look::is_default", default)]
        look: Look,
        /// The composition's own colour decisions, where they are applied: in order, to what its elements make together.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        grade: Vec<Grade>,
    },
}

/// What a transition looks like on its way from one part to the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum MixStyle {
    /// The outgoing part at 1 − weight plus the incoming one at weight, premultiplied.
    #[default]
    Dissolve,
    /// The incoming part covers the outgoing one along an edge that moves evenly; the weight is how far it has come.
    Wipe {
        /// The pattern's number in SMPTE ST 258.
        code: u16,
        /// Whether the pattern runs backwards: the outgoing part shrinks as the incoming one of the plain pattern
        /// grows.
        reverse: bool,
    },
    /// The outgoing part dissolves to a colour over the first half, and the colour to the incoming part over the second.
    Dip {
        /// Red, green, blue and alpha from 0 to 1, straight, in the canvas's own transfer.
        color: [f64; 4],
    },
}

impl MixStyle {
    fn is_dissolve(&self) -> bool {
        *self == MixStyle::Dissolve
    }

    /// The shares of the picture that the outgoing and the incoming part have at `weight`; in a dip, the colour has the
    /// rest.
    pub fn shares(self, weight: Ratio) -> (Ratio, Ratio) {
        match self {
            MixStyle::Dissolve | MixStyle::Wipe { .. } => (Ratio::ONE - weight, weight),
            MixStyle::Dip { .. } => {
                let way = weight + weight - Ratio::ONE;
                ((Ratio::ZERO - way).max(Ratio::ZERO), way.max(Ratio::ZERO))
            }
        }
    }
}

/// How far a transition is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Weight {
    /// It grows evenly: record frame *n* has (*n* − start) / length.
    Ramp {
        /// The record frame of weight 0, counted from the cut's first frame.
        start: i64,
        /// How many frames it takes to weight 1.
        length: i64,
    },
    /// It stays as it is.
    Constant(Ratio),
    /// It is the position of this map, cut to 0 to 1: a transition inside a composition whose time is not the cut's.
    Map(SourceMap),
}

impl Weight {
    /// The weight at record frame `record`, from 0 to 1.
    pub fn at(&self, record: i64) -> Ratio {
        match self {
            Weight::Ramp { start, length } => {
                Ratio::new(record.saturating_sub(*start).clamp(0, (*length).max(1)), (*length).max(1))
            }
            Weight::Constant(weight) => *weight,
            Weight::Map(map) => map.position(record).clamp(Ratio::ZERO, Ratio::ONE),
        }
    }
}

/// One piece of media in its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Layer {
    /// The name of the track it lies in.
    pub track: String,
    /// The clip's name.
    pub clip: String,
    /// The clip's path in the timeline.
    pub object: String,
    /// Which of [`Plan::media`].
    pub media: MediaId,
    /// Record frame → source frame.
    pub map: SourceMap,
    /// Opacity, blend mode, crop and transform.
    #[serde(skip_serializing_if = "Look::is_default", default)]
    pub look: Look,
    /// The clip's colour decisions, where colours are managed and they are applied: in order.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub grade: Vec<Grade>,
    /// Changes of colour that the timeline asks for, none of which is applied.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub color: Vec<ColorNote>,
    /// Rules that had to guess: what was assumed, and why.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub notes: Vec<String>,
}
