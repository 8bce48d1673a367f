//! Frame-exact pieces of one file: what is asked for, and what came of it.

use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Preset;
use crate::error::{Error, ErrorKind, Result};
use crate::time::{Rate, Time};
use crate::words::word_enum;

/// What is to be cut out of one movie.
///
/// The pieces may lie in any order and overlap. All of them are made in one pass over the file.
///
/// ```
/// use otio_conflate::deliver::{Cut, Trim};
///
/// let trim = Trim::new("reel.mov").piece("100-199".parse()?, "a.mov").piece(Cut::frames(300, 24), "b.mov");
/// assert_eq!(trim.pieces[0].cut, Cut::frames(100, 100));
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Trim {
    /// The movie.
    pub source: PathBuf,
    /// The pieces, each a file of its own.
    pub pieces: Vec<Piece>,
    /// Whether pictures are copied where that is exact. Default: [`CopyMode::Exact`], they are.
    #[serde(default)]
    pub copy: CopyMode,
    /// What pictures that are not copied are encoded as. Default: `None`, as in the source, by codec, pixel format and profile, at
    /// a quality near to it. Its container is not used: the name of a piece's file says that.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "super::preset::short_option")]
    pub preset: Option<Preset>,
    /// Whether files that are there are replaced, where the manifest of their folder lists them as made by this library.
    /// Default: `false`, they are errors.
    #[serde(default)]
    pub overwrite: bool,
    /// Whether regular files are replaced, whoever made them. Default: `false`.
    #[serde(default)]
    pub overwrite_foreign: bool,
    /// Threads that decode, and threads that encode. Default: 0, as many as there are cores.
    #[serde(default)]
    pub threads: usize,
}

/// One piece of a movie, and the file it becomes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Piece {
    /// What is cut out.
    pub cut: Cut,
    /// The file. Its extension says which container it is.
    pub target: PathBuf,
}

impl Piece {
    /// A piece that goes into the file `target`.
    pub fn new(cut: Cut, target: impl Into<PathBuf>) -> Piece {
        Piece { cut, target: target.into() }
    }
}

word_enum! {
    /// How the pictures of a piece get into its file.
    CopyMode, "way to copy" {
        /// As the packets they are, where that gives exactly the frames asked for: always where every frame is coded on
        /// its own; elsewhere where the piece starts at a key frame and nothing in it depends on a frame outside. They are
        /// encoded anew otherwise.
        #[default]
        Exact = "exact",
        /// Encoded anew.
        Never = "never",
    }
}

/// A stretch of a movie.
///
/// As text: `100-199`, the first and the last frame; `01:00:04:00-01:00:08:00`, the timecode of the first frame and of the
/// first one behind the piece; `4s-8.5s`, seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Cut {
    /// Frames, counted from the file's first displayed frame, 0.
    Frames {
        /// The first one.
        first: i64,
        /// How many.
        count: i64,
    },
    /// Frames by the file's own timecode, written as the file has it: with `;` in front of the frames where it is
    /// drop-frame.
    Timecode {
        /// The label of the first frame.
        start: String,
        /// The label of the first frame behind the piece.
        end: String,
    },
    /// Time from the start of the file's first displayed frame. Either end goes to the nearest start of a frame.
    Time {
        /// Where the piece starts.
        start: Time,
        /// Where it ends.
        end: Time,
    },
}

impl Trim {
    /// Cuts pieces out of `source`: copied where that is exact, replacing nothing.
    pub fn new(source: impl Into<PathBuf>) -> Trim {
        Trim {
            source: source.into(),
            pieces: Vec::new(),
            copy: CopyMode::default(),
            preset: None,
            overwrite: false,
            overwrite_foreign: false,
            threads: 0,
        }
    }

    /// With one more piece.
    #[must_use]
    pub fn piece(mut self, cut: Cut, target: impl Into<PathBuf>) -> Trim {
        self.pieces.push(Piece { cut, target: target.into() });
        self
    }

    /// With this way to copy.
    #[must_use]
    pub fn copy(mut self, copy: CopyMode) -> Trim {
        self.copy = copy;
        self
    }

    /// With pictures that are not copied encoded as `preset` says.
    #[must_use]
    pub fn preset(mut self, preset: Preset) -> Trim {
        self.preset = Some(preset);
        self
    }

    /// Replaces files that are there and were made by this library.
    #[must_use]
    pub fn overwrite(mut self, overwrite: bool) -> Trim {
        self.overwrite = overwrite;
        self
    }

    /// Replaces regular files that are there, whoever made them.
    #[must_use]
    pub fn overwrite_foreign(mut self, overwrite: bool) -> Trim {
        self.overwrite_foreign = overwrite;
        self
    }

    /// With so many threads.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Trim {
        self.threads = threads;
        self
    }
}

impl Cut {
    /// `count` frames from frame `first` on.
    pub fn frames(first: i64, count: i64) -> Cut {
        Cut::Frames { first, count }
    }

    /// From the frame labelled `start` up to, but not including, the one labelled `end`.
    pub fn timecode(start: impl Into<String>, end: impl Into<String>) -> Cut {
        Cut::Timecode { start: start.into(), end: end.into() }
    }

    /// From `start` to `end`.
    pub fn time(start: Time, end: Time) -> Cut {
        Cut::Time { start, end }
    }
}

impl FromStr for Cut {
    type Err = Error;

    fn from_str(text: &str) -> Result<Cut> {
        let bad = || {
            let what = "frames (100-199), timecode (01:00:04:00-01:00:08:00) or seconds (4s-8.5s)";
            Error::new(ErrorKind::Option, format!("invalid range {text:?}; expected {what}"))
        };
        let (start, end) = text.split_once('-').ok_or_else(bad)?;
        let (start, end) = (start.trim(), end.trim());
        if start.contains(':') && end.contains(':') {
            return Ok(Cut::timecode(start, end));
        }
        if let (Some(start), Some(end)) = (start.strip_suffix('s'), end.strip_suffix('s')) {
            return Ok(Cut::time(seconds(start).ok_or_else(bad)?, seconds(end).ok_or_else(bad)?));
        }
        let (first, last): (i64, i64) = start.parse().ok().zip(end.parse().ok()).ok_or_else(bad)?;
        let count = last.checked_sub(first).and_then(|count| count.checked_add(1)).ok_or_else(bad)?;
        Ok(Cut::frames(first, count))
    }
}

fn seconds(text: &str) -> Option<Time> {
    let second = Rate::from_ratio(1, 1).ok()?;
    Time::from_value(text.parse().ok()?, second).ok()
}

/// What came of a [`Trim`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Trimmed {
    /// What came of each piece, in the order they were asked for. One that failed has left nothing behind.
    pub pieces: Vec<Result<TrimmedPiece>>,
    /// How many packets of the source's picture were read. Pieces that are copied share one pass over them, and so do
    /// pieces that are encoded.
    pub packets: u64,
}

/// A piece that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TrimmedPiece {
    /// Its file.
    pub path: PathBuf,
    /// Which frame of the source its first one is.
    pub first: i64,
    /// How many frames it has.
    pub count: i64,
    /// The timecode of its first frame, where the source has timecode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_timecode: Option<String>,
    /// Whether its pictures are the source's packets, and not encoded anew.
    pub copied: bool,
    /// Why they were encoded anew although they were to be copied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The size of the file.
    pub bytes: u64,
    /// What is different from the source beyond the cut.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_read_as_they_are_written() {
        let cut = |text: &str| text.parse::<Cut>().expect(text);
        assert_eq!(cut("100-199"), Cut::frames(100, 100));
        assert_eq!(cut("7-7"), Cut::frames(7, 1));
        assert_eq!(cut("01:00:00:00 - 01:00:01:12"), Cut::timecode("01:00:00:00", "01:00:01:12"));
        let half = Time::from_flicks(crate::time::FLICKS_PER_SECOND / 2);
        assert_eq!(cut("0s-0.5s"), Cut::time(Time::ZERO, half));
        for bad in ["", "-", "5", "a-b", "1-", "nans-1s", "infs-1s", "1s-2", "-9223372036854775808-9223372036854775807"]
        {
            assert_eq!(bad.parse::<Cut>().expect_err(bad).kind(), ErrorKind::Option, "{bad}");
        }
    }

    #[test]
    fn a_request_is_plain_data() {
        let request =
            Trim::new("a.mov").piece(Cut::timecode("01:00:00:00", "01:00:01:00"), "b.mov").copy(CopyMode::Never);
        let text = serde_json::to_string(&request).expect("plain data");
        assert_eq!(serde_json::from_str::<Trim>(&text).expect("it was written"), request);
        let short =
            r#"{"source": "a.mov", "pieces": [{"cut": {"frames": {"first": 3, "count": 4}}, "target": "b.mov"}]}"#;
        let read: Trim = serde_json::from_str(short).expect("everything else has a default");
        assert_eq!(read, Trim::new("a.mov").piece(Cut::frames(3, 4), "b.mov"));
        let error = serde_json::from_str::<Trim>(&short.replace("source", "sauce")).expect_err("a key that is none");
        assert!(format!("{error:#}").contains("`source`"), "{error:#}");
    }
}
