//! What a caller decides about a plan.

use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Background, CanvasRequest, SoundOptions};
use crate::error::{Error, ErrorKind};
use crate::time::Rate;
use crate::words::word_enum;

/// What a caller decides about a plan; the defaults are what most cuts want.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct PlanOptions {
    /// Which pieces of the cut are shots.
    pub shots: ShotSelection,
    /// How many extra frames each shot gets.
    pub handles: Handles,
    /// What handles show.
    pub handle_mode: HandleMode,
    /// The number of a shot's first frame behind its head handles.
    pub first_frame: i64,
    /// The record rate; `None`: the timeline's.
    pub rate: Option<Rate>,
    /// Whether record timecode is drop-frame; `None`: wherever the rate knows it.
    pub drop_frame: Option<bool>,
    /// What to do about media that is not there.
    pub media_missing: MissingPolicy,
    /// What to do about source frames outside the media.
    pub overrun: OverrunPolicy,
    /// How media of another rate runs.
    pub rate_conform: RateConform,
    /// What is below everything.
    pub background: Background,
    /// What the caller asks of the canvas.
    pub canvas: CanvasRequest,
    /// What is decided about sound.
    pub sound: SoundOptions,
    /// Folders that moved: a location that starts with the first path is looked for under the second.
    pub path_map: Vec<(String, PathBuf)>,
}

impl Default for PlanOptions {
    fn default() -> PlanOptions {
        PlanOptions {
            shots: ShotSelection::default(),
            handles: Handles::default(),
            handle_mode: HandleMode::default(),
            first_frame: 1001,
            rate: None,
            drop_frame: None,
            media_missing: MissingPolicy::default(),
            overrun: OverrunPolicy::default(),
            rate_conform: RateConform::default(),
            background: Background::default(),
            canvas: CanvasRequest::default(),
            sound: SoundOptions::default(),
            path_map: Vec::new(),
        }
    }
}

/// Which pieces of the cut are shots. Read from `hero`, `all`, `track:NAME` or `markers:COLOR`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ShotSelection {
    /// One per enabled clip of the hero track, the lowest enabled video track that has one.
    #[default]
    Hero,
    /// One per enabled clip of the video track of this name.
    Track(String),
    /// One per enabled clip of every enabled video track.
    All,
    /// One per marker of this colour, on the timeline, its tracks or its clips.
    Markers(String),
    /// One per range of record frames, counted from the cut's first frame: name, first, how many.
    Ranges(Vec<(String, i64, i64)>),
}

impl FromStr for ShotSelection {
    type Err = Error;
    fn from_str(text: &str) -> Result<ShotSelection, Error> {
        match text.split_once(':') {
            None if text == "hero" => Ok(ShotSelection::Hero),
            None if text == "all" => Ok(ShotSelection::All),
            Some(("track", name)) if !name.is_empty() => Ok(ShotSelection::Track(name.to_owned())),
            Some(("markers", color)) if !color.is_empty() => Ok(ShotSelection::Markers(color.to_owned())),
            _ => Err(Error::new(
                ErrorKind::Option,
                format!("{text:?} selects no shots; use hero, all, track:NAME or markers:COLOR"),
            )),
        }
    }
}

/// How many extra frames each shot gets, in record frames. Read from `H` or `H:T`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Handles {
    /// In front of the cut.
    pub head: u32,
    /// Behind it.
    pub tail: u32,
}

impl Handles {
    /// The same number on both sides.
    pub const fn both(frames: u32) -> Handles {
        Handles { head: frames, tail: frames }
    }
}

impl FromStr for Handles {
    type Err = Error;
    fn from_str(text: &str) -> Result<Handles, Error> {
        let (head, tail) = text.split_once(':').unwrap_or((text, text));
        let count = |text: &str| {
            text.trim().parse().ok().filter(|&frames: &u32| frames <= 1_000_000).ok_or_else(|| {
                Error::new(ErrorKind::Option, format!("{text:?} is no number of handle frames; use H or HEAD:TAIL"))
            })
        };
        Ok(Handles { head: count(head)?, tail: count(tail)? })
    }
}

word_enum! {
    /// What handles show.
    HandleMode, "handle mode" {
        /// What the cut shows there.
        #[default]
        Timeline = "timeline",
        /// The layers visible at the cut run on, each by its own source map.
        Source = "source",
    }
}

word_enum! {
    /// What to do about media that is not there.
    MissingPolicy, "policy for missing media" {
        /// Nothing is rendered, and every missing file is listed at once.
        #[default]
        Error = "error",
        /// Black is shown in its place.
        Black = "black",
        /// A card that names the clip and the file is shown in its place.
        Slate = "slate",
    }
}

word_enum! {
    /// What to do about source frames outside the media.
    OverrunPolicy, "policy for overruns" {
        /// The nearest frame is held.
        #[default]
        Hold = "hold",
        /// Black is shown.
        Black = "black",
        /// It is an error.
        Error = "error",
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_read_their_words_and_list_them_when_wrong() {
        assert_eq!("8".parse::<Handles>().expect("valid"), Handles::both(8));
        assert_eq!("8:12".parse::<Handles>().expect("valid"), Handles { head: 8, tail: 12 });
        assert!("8:".parse::<Handles>().is_err() && "-1".parse::<Handles>().is_err());
        assert_eq!("track:V2".parse::<ShotSelection>().expect("valid"), ShotSelection::Track("V2".into()));
        let error = "sl8".parse::<MissingPolicy>().expect_err("no such word").to_string();
        assert!(error.contains("error, black, slate"), "{error}");
    }
}
