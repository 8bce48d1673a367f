//! What a caller decides about a plan.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    Background, CanvasRequest, ColorPlan, Damaged, HandleMode, Handles, MissingPolicy, OverrunPolicy, Placement,
    ShotName, ShotOptions, SoundOptions,
};
use crate::error::{Error, ErrorKind};
use crate::setters::setters;
use crate::time::Rate;
use crate::timeline::MetadataPath;
use crate::words::word_enum;

/// What a caller decides about a plan; the defaults are what most cuts want.
///
/// ```
/// use otio_conflate::plan::{Handles, MissingPolicy, PlanOptions, ShotSelection};
///
/// let options = PlanOptions::default()
///     .shots(ShotSelection::All)
///     .handles(Handles::both(8))
///     .first_frame(101)
///     .rate("24000/1001".parse()?)
///     .media_missing(MissingPolicy::Slate);
/// let stored = serde_json::to_value(&options).expect("options are plain data");
/// assert_eq!((&stored["shots"], &stored["handles"]), (&"all".into(), &"8".into()));
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PlanOptions {
    /// Which pieces of the cut are shots. Default: [`ShotSelection::Hero`], one for each enabled clip of the hero track.
    pub shots: ShotSelection,
    /// What shots are called. Default: [`ShotName::Clip`], as their clips.
    pub shot_name: ShotName,
    /// Fields of shots, by their names: what is at these paths in the metadata of their objects. They stand in the plan, in
    /// [`Shot::fields`](super::Shot::fields), for names of files, burn-ins and the manifest. Default: none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, MetadataPath>,
    /// Options of single shots, by their names. Default: none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub per_shot: BTreeMap<String, ShotOptions>,
    /// How many extra frames each shot gets, in record frames. Default: none.
    pub handles: Handles,
    /// What handles show. Default: [`HandleMode::Timeline`], the cut.
    pub handle_mode: HandleMode,
    /// The number of a shot's first frame after its head handles. Default: 1001.
    pub first_frame: i64,
    /// The record rate, in frames per second. Default: `None`, the timeline's.
    pub rate: Option<Rate>,
    /// Whether record timecode is drop-frame. Default: `None`, as the timeline or its media says, else non-drop.
    pub drop_frame: Option<bool>,
    /// What to do about missing media. Default: [`MissingPolicy::Error`].
    pub media_missing: MissingPolicy,
    /// What to do about source frames outside the media. Default: [`OverrunPolicy::Hold`], the nearest frame is held.
    pub overrun: OverrunPolicy,
    /// What to do about source frames that are damaged. Default: [`Damaged::Error`].
    pub damaged: Damaged,
    /// How media of another rate runs. Default: [`RateConform::Time`], at its own speed in seconds.
    pub rate_conform: RateConform,
    /// How media of another shape lies in the canvas. Default: [`Placement::Fit`], whole, in the middle.
    pub placement: Placement,
    /// What slow motion shows between two source frames. Default: [`Retime::Nearest`].
    pub retime: Retime,
    /// What `source_range` means where speed is negative. Default: [`ReverseConvention::LowEnd`], its start is shown last.
    pub reverse: ReverseConvention,
    /// What is below everything. Default: [`Background::Black`].
    pub background: Background,
    /// Size, pixel aspect and colour tags of the canvas. Default: those of the hero track's first medium.
    pub canvas: CanvasRequest,
    /// How colours are managed. Default: `None`, values are carried as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<ColorPlan>,
    /// How sound is mixed. Default: in stereo at 48 kHz, without a limiter and stems.
    pub sound: SoundOptions,
    /// The keys of the media references to show, where a clip has several: the first that is there. After them come the
    /// active one and then all others. Default: none.
    pub prefer: Vec<String>,
    /// Whether a plan may have no shots; otherwise that is an error that says why. Default: `false`.
    pub allow_empty: bool,
    /// Folders that moved: a location that starts with the first path is looked for under the second. Default: none.
    pub path_map: Vec<(String, PathBuf)>,
    /// How much planning may cost. Default: some ten times what long cuts need.
    pub limits: PlanLimits,
}

setters!(PlanOptions {
    shots: ShotSelection,
    shot_name: ShotName,
    handles: Handles,
    handle_mode: HandleMode,
    first_frame: i64,
    rate: some Rate,
    drop_frame: some bool,
    media_missing: MissingPolicy,
    overrun: OverrunPolicy,
    damaged: Damaged,
    rate_conform: RateConform,
    placement: Placement,
    retime: Retime,
    reverse: ReverseConvention,
    background: Background,
    canvas: CanvasRequest,
    color: some ColorPlan,
    sound: SoundOptions,
    allow_empty: bool,
    limits: PlanLimits,
});

impl PlanOptions {
    /// Reads them from a TOML or a JSON file, told by its ending; what it does not say is as by default.
    ///
    /// ```
    /// use otio_conflate::plan::{Handles, PlanOptions};
    ///
    /// # let folder = std::env::temp_dir().join(format!("otio-conflate-options-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).expect("a folder");
    /// # let file = folder.join("show.toml");
    /// let text = r#"
    ///     shot_name = "metadata:ayon.shot"
    ///     handles = "8:4"
    ///     rate = "24000/1001"
    ///     [fields]
    ///     sequence = "ayon.sequence"
    ///     [per_shot.sh010]
    ///     handles = 24
    /// "#;
    /// std::fs::write(&file, text).expect("the folder can be written to");
    /// let options = PlanOptions::load(&file)?;
    /// # std::fs::remove_dir_all(&folder).expect("it was just made");
    /// assert_eq!(options.handles, Handles { head: 8, tail: 4 });
    /// assert_eq!(options.per_shot["sh010"].handles, Some(Handles::both(24)));
    /// # Ok::<(), otio_conflate::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when it cannot be read, [`ErrorKind::Option`] for another ending, an unknown key and a value that
    /// cannot be.
    pub fn load(path: impl AsRef<Path>) -> Result<PlanOptions, Error> {
        crate::stored::load(path.as_ref())
    }

    /// Sets what is other for the shot `name`.
    #[must_use]
    pub fn for_shot(mut self, name: impl Into<String>, options: ShotOptions) -> PlanOptions {
        self.per_shot.insert(name.into(), options);
        self
    }

    /// Makes a field `name` of what is at `path` in the metadata of shots' objects.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, path: MetadataPath) -> PlanOptions {
        self.fields.insert(name.into(), path);
        self
    }

    /// The most handles that any shot may get, on each side.
    pub(super) fn most_handles(&self) -> Handles {
        let own = self.per_shot.values().filter_map(|own| own.handles);
        own.fold(self.handles, |most, own| Handles { head: most.head.max(own.head), tail: most.tail.max(own.tail) })
    }

    /// Prefers the media references of this key over those that were not named before.
    #[must_use]
    pub fn prefer(mut self, key: impl Into<String>) -> PlanOptions {
        self.prefer.push(key.into());
        self
    }

    /// Looks under `to` for locations that start with `from`.
    #[must_use]
    pub fn path_map(mut self, from: impl Into<String>, to: impl Into<PathBuf>) -> PlanOptions {
        self.path_map.push((from.into(), to.into()));
        self
    }
}

setters!(PlanLimits { steps: u64, curve_values: u64, overlaps: usize });

/// How much planning may cost, so that a small file cannot take a machine down. A plan that needs more is an error of kind
/// [`ErrorKind::Limit`], which names the limit and the object. The defaults are some ten times what long cuts need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PlanLimits {
    /// Work, counted in steps: an object laid out, an element copied into a span, a layer looked at for a frame. Default: 5 000 000.
    pub steps: u64,
    /// Values of all curves of speed: a retimed item has one for each frame of its length and of what it may run on for.
    /// Default: 2 000 000.
    pub curve_values: u64,
    /// Transitions that overlap in one track at one moment. Default: 32.
    pub overlaps: usize,
}

impl Default for PlanLimits {
    fn default() -> PlanLimits {
        PlanLimits { steps: 5_000_000, curve_values: 2_000_000, overlaps: 32 }
    }
}

impl Default for PlanOptions {
    fn default() -> PlanOptions {
        PlanOptions {
            shots: ShotSelection::default(),
            shot_name: ShotName::default(),
            fields: BTreeMap::new(),
            per_shot: BTreeMap::new(),
            handles: Handles::default(),
            handle_mode: HandleMode::default(),
            first_frame: 1001,
            rate: None,
            drop_frame: None,
            media_missing: MissingPolicy::default(),
            overrun: OverrunPolicy::default(),
            damaged: Damaged::default(),
            rate_conform: RateConform::default(),
            placement: Placement::default(),
            retime: Retime::default(),
            reverse: ReverseConvention::default(),
            background: Background::default(),
            canvas: CanvasRequest::default(),
            color: None,
            sound: SoundOptions::default(),
            prefer: Vec::new(),
            allow_empty: false,
            path_map: Vec::new(),
            limits: PlanLimits::default(),
        }
    }
}

/// Which pieces of the cut are shots. Read from `hero`, `all`, `flat`, `track:NAME`, `markers:COLOR` or
/// `ranges:NAME=FIRST-LAST,…`.
///
/// In JSON and TOML it is the same text; `{"track": "V1"}`, `{"markers": "RED"}` and `{"ranges": [["a", 0, 24]]}` are read, too.
///
/// ```
/// use otio_conflate::plan::ShotSelection;
///
/// let selection: ShotSelection = "ranges:opening=0-47,end=48-95".parse()?;
/// assert_eq!(selection, ShotSelection::Ranges(vec![("opening".into(), 0, 48), ("end".into(), 48, 48)]));
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", remote = "Self")]
#[non_exhaustive]
pub enum ShotSelection {
    /// One per enabled clip of the hero track, the lowest enabled video track that has one.
    #[default]
    Hero,
    /// One per enabled clip of the video track of this name.
    Track(String),
    /// One per enabled clip of every enabled video track.
    All,
    /// One per visible piece of the cut: record frames in a row over which the topmost clip is the same. Transitions
    /// count as cuts.
    Flat,
    /// One per marker of this colour, on the timeline, its tracks or its clips.
    Markers(String),
    /// One per range of record frames, counted from the cut's first frame: name, first, how many.
    Ranges(Vec<(String, i64, i64)>),
}

impl std::fmt::Display for ShotSelection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ShotSelection::Hero => f.write_str("hero"),
            ShotSelection::All => f.write_str("all"),
            ShotSelection::Flat => f.write_str("flat"),
            ShotSelection::Track(name) => write!(f, "track:{name}"),
            ShotSelection::Markers(color) => write!(f, "markers:{color}"),
            ShotSelection::Ranges(ranges) => {
                let range = |(name, first, count): &(String, i64, i64)| {
                    format!("{name}={first}-{}", first.saturating_add(*count).saturating_sub(1))
                };
                write!(f, "ranges:{}", ranges.iter().map(range).collect::<Vec<_>>().join(","))
            }
        }
    }
}

/// As text, where that says all of it: names of ranges may hold what separates them.
impl Serialize for ShotSelection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.to_string();
        match text.parse::<ShotSelection>() {
            Ok(read) if read == *self => serializer.serialize_str(&text),
            _ => ShotSelection::serialize(self, serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ShotSelection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ShotSelection, D::Error> {
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => text.parse().map_err(serde::de::Error::custom),
            other => ShotSelection::deserialize(other).map_err(serde::de::Error::custom),
        }
    }
}

impl FromStr for ShotSelection {
    type Err = Error;
    fn from_str(text: &str) -> Result<ShotSelection, Error> {
        match text.split_once(':') {
            None if text == "hero" => Ok(ShotSelection::Hero),
            None if text == "all" => Ok(ShotSelection::All),
            None if text == "flat" => Ok(ShotSelection::Flat),
            Some(("track", name)) if !name.is_empty() => Ok(ShotSelection::Track(name.to_owned())),
            Some(("markers", color)) if !color.is_empty() => Ok(ShotSelection::Markers(color.to_owned())),
            Some(("ranges", list)) => list.split(',').map(range).collect::<Result<_, _>>().map(ShotSelection::Ranges),
            _ => Err(Error::new(
                ErrorKind::Option,
                format!(
                    "invalid shot selection {text:?}; expected hero, all, flat, track:NAME, markers:COLOR or \
                     ranges:NAME=FIRST-LAST,..."
                ),
            )),
        }
    }
}

/// Reads `NAME=FIRST-LAST`.
fn range(text: &str) -> Result<(String, i64, i64), Error> {
    let parts = || {
        let (name, frames) = text.split_once('=')?;
        let (first, last) = frames.split_once('-')?;
        let (first, last): (i64, i64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        let count = last.checked_sub(first)?.checked_add(1)?;
        (!name.trim().is_empty() && count > 0).then(|| (name.trim().to_owned(), first, count))
    };
    let wrong =
        || Error::new(ErrorKind::Option, format!("invalid range {text:?}; expected NAME=FIRST-LAST, in record frames"));
    parts().ok_or_else(wrong)
}

word_enum! {
    /// How media runs whose rate is not the record rate.
    RateConform, "rate conform" {
        /// Through seconds: a second of media lasts a second.
        #[default]
        Time = "time",
        /// One source frame per record frame.
        FrameForFrame = "frame",
    }
}

word_enum! {
    /// What slow motion shows between two source frames.
    Retime, "way to retime" {
        /// The source frame that is on at that moment.
        #[default]
        Nearest = "nearest",
        /// Both, each with its share.
        Blend = "blend",
    }
}

word_enum! {
    /// What `source_range` means where speed is negative.
    ReverseConvention, "reverse convention" {
        /// Its start is the low end of the media used, which is shown last: as Hiero, Resolve and Flame write it.
        #[default]
        LowEnd = "low-end",
        /// Its start is the first frame shown, and source time counts down from there.
        PlaybackStart = "playback-start",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_read_their_words_and_list_them_when_wrong() {
        assert_eq!("track:V2".parse::<ShotSelection>().expect("valid"), ShotSelection::Track("V2".into()));
        let two = "ranges:a=0-23,b=24-24".parse::<ShotSelection>().expect("valid");
        assert_eq!(two, ShotSelection::Ranges(vec![("a".into(), 0, 24), ("b".into(), 24, 1)]));
        for text in ["hero", "all", "flat", "track:V 2", "markers:RED", "ranges:a=0-23,b=24-24"] {
            let selection: ShotSelection = text.parse().expect(text);
            assert_eq!(serde_json::to_string(&selection).expect("plain data"), format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<ShotSelection>(&format!("\"{text}\"")).expect(text), selection);
        }
        let odd = ShotSelection::Ranges(vec![("a=1,b".into(), 0, 24)]);
        for (json, selection) in [
            ("{\"track\":\"V2\"}", ShotSelection::Track("V2".into())),
            ("{\"ranges\":[[\"a=1,b\",0,24]]}", odd.clone()),
        ] {
            assert_eq!(serde_json::from_str::<ShotSelection>(json).expect(json), selection);
        }
        assert_eq!(serde_json::to_string(&odd).expect("plain data"), "{\"ranges\":[[\"a=1,b\",0,24]]}");
        for wrong in ["ranges:", "ranges:a", "ranges:=1-2", "ranges:a=5-4", "ranges:a=1-2,", "ranges:a=x-2", "flat:x"] {
            assert!(wrong.parse::<ShotSelection>().is_err(), "{wrong}");
        }
        let error = "sl8".parse::<MissingPolicy>().expect_err("no such word").to_string();
        assert!(error.contains("error, black, slate"), "{error:#}");
    }
}
