//! What goes wrong, told as a value: what kind it is, where it happened, and what caused it.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of thing went wrong: for a caller that has to decide what to do next.
///
/// It prints as a few words; in JSON, and where it is read from text, it is its [name](ErrorKind::name).
///
/// ```
/// use otio_conflate::{ErrorKind, Timeline};
///
/// let error = Timeline::open("no/such/cut.otio").expect_err("there is none");
/// match error.kind() {
///     ErrorKind::Io => eprintln!("is the disk mounted? {:?}", error.place().file),
///     ErrorKind::MediaMissing => eprintln!("to be fetched: {:?}", error.missing()),
///     ErrorKind::Exists => eprintln!("in the way: {:?}", error.existing()),
///     ErrorKind::Locked | ErrorKind::Timeout => eprintln!("to be tried again later"),
///     ErrorKind::Cancelled => {}
///     kind => eprintln!("{kind}"),
/// }
/// assert_eq!("Io".parse::<ErrorKind>()?, error.kind());
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file could not be read, written or renamed.
    #[error("input or output failed")]
    Io,
    /// The bytes are not JSON; the error carries line and column.
    #[error("not valid JSON")]
    Json,
    /// JSON, but not a timeline: a wrong type, a missing schema, a tree too deep or a file too large.
    #[error("not a valid timeline")]
    Schema,
    /// A plan that does not hold together: it was changed, or read from a damaged file.
    #[error("not a valid plan")]
    Plan,
    /// A bundle (`.otioz`, `.otiod`) that is damaged, holds no timeline, or packs its media so that it cannot be read.
    #[error("not a valid bundle")]
    Bundle,
    /// A limit was met that keeps a small file from costing much; the message names it.
    #[error("limit exceeded")]
    Limit,
    /// An invalid rate or time: zero, negative or NaN rates, negative durations.
    #[error("invalid time")]
    Time,
    /// A media location that is neither a path nor a `file:` URL.
    #[error("unusable media location")]
    Location,
    /// Media that the cut needs is not there.
    #[error("media is missing")]
    MediaMissing,
    /// A file is there but holds no picture that can be decoded.
    #[error("media cannot be decoded")]
    Decode,
    /// The cut asks for a frame its media does not have, and the policy forbids to hold.
    #[error("source frame outside the media")]
    Overrun,
    /// A file could not be encoded.
    #[error("cannot encode")]
    Encode,
    /// What was written is not what was planned.
    #[error("verification failed")]
    Verify,
    /// There is nothing to deliver: no shot in the cut.
    #[error("nothing to deliver")]
    Empty,
    /// An option, a name or a preset that does not exist or contradicts another.
    #[error("invalid option")]
    Option,
    /// A target exists already and may not be replaced.
    #[error("output exists already")]
    Exists,
    /// Another run or process writes to the same place now.
    #[error("in use by another run")]
    Locked,
    /// The installed FFmpeg was built without what is needed.
    #[error("not supported by this build")]
    Unsupported,
    /// An application that renders cannot be reached, is not the one needed, refuses what is asked of it, or fails.
    #[error("the application failed")]
    Application,
    /// The timeline that is open in an application is not the plan's cut.
    #[error("not the same cut")]
    Mismatch,
    /// An application did not answer, or made no progress, within its time limit.
    #[error("no answer in time")]
    Timeout,
    /// A [`CancelToken`](crate::CancelToken) was triggered.
    #[error("cancelled")]
    Cancelled,
}

impl ErrorKind {
    /// Every kind.
    const ALL: [ErrorKind; 22] = {
        use ErrorKind::{
            Application, Bundle, Cancelled, Decode, Empty, Encode, Exists, Io, Json, Limit, Location, Locked,
            MediaMissing, Mismatch, Option, Overrun, Plan, Schema, Time, Timeout, Unsupported, Verify,
        };
        [
            Io,
            Json,
            Schema,
            Plan,
            Bundle,
            Limit,
            Time,
            Location,
            MediaMissing,
            Decode,
            Overrun,
            Encode,
            Verify,
            Empty,
            Option,
            Exists,
            Locked,
            Unsupported,
            Application,
            Mismatch,
            Timeout,
            Cancelled,
        ]
    };

    /// The name that it has here, such as `MediaMissing`.
    pub fn name(self) -> &'static str {
        match self {
            ErrorKind::Io => "Io",
            ErrorKind::Json => "Json",
            ErrorKind::Schema => "Schema",
            ErrorKind::Plan => "Plan",
            ErrorKind::Bundle => "Bundle",
            ErrorKind::Limit => "Limit",
            ErrorKind::Time => "Time",
            ErrorKind::Location => "Location",
            ErrorKind::MediaMissing => "MediaMissing",
            ErrorKind::Decode => "Decode",
            ErrorKind::Overrun => "Overrun",
            ErrorKind::Encode => "Encode",
            ErrorKind::Verify => "Verify",
            ErrorKind::Empty => "Empty",
            ErrorKind::Option => "Option",
            ErrorKind::Exists => "Exists",
            ErrorKind::Locked => "Locked",
            ErrorKind::Unsupported => "Unsupported",
            ErrorKind::Application => "Application",
            ErrorKind::Mismatch => "Mismatch",
            ErrorKind::Timeout => "Timeout",
            ErrorKind::Cancelled => "Cancelled",
        }
    }
}

impl std::str::FromStr for ErrorKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<ErrorKind> {
        ErrorKind::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| {
            let names: Vec<&str> = ErrorKind::ALL.into_iter().map(ErrorKind::name).collect();
            let what = format!("unknown kind of error {text:?}; expected one of {}", names.join(", "));
            Error::new(ErrorKind::Option, what)
        })
    }
}

/// Where something went wrong. Every part is optional; what is known is filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The object's path in the timeline, such as `tracks[2].children[5].media_reference`.
    pub object: Option<String>,
    /// The name of the clip concerned.
    pub clip: Option<String>,
    /// The source frame concerned: its index in a movie or its number in a sequence.
    pub frame: Option<i64>,
    /// The file concerned.
    pub file: Option<PathBuf>,
    /// Line (from 1) and column (from 1, in characters) in the timeline file.
    pub line_column: Option<(usize, usize)>,
}

/// Something that went wrong: a [kind](Error::kind), a sentence, a [place](Error::place), and the causes beneath.
///
/// As any error it prints its own sentence, `cannot read cut.otio`, and leaves what led to it to
/// [`source`](std::error::Error::source). `{error:#}` prints both, from the outside in: `cannot read cut.otio: permission denied`.
/// So does `{error:?}`, which is what a `main` that returns it ends with. [`Error::chain`] has the sentences one by one.
///
/// ```
/// use std::error::Error as _;
///
/// let error = otio_conflate::Timeline::open("no/such/cut.otio").expect_err("there is none");
/// assert_eq!(error.to_string(), "cannot open no/such/cut.otio");
/// let cause = error.source().expect("a cause");
/// assert_eq!(format!("{error:#}"), format!("{error}: {cause}"));
/// ```
pub struct Error(Box<ErrorData>);

struct ErrorData {
    kind: ErrorKind,
    message: String,
    place: Place,
    /// The files that it is about, where it is about several: what is missing, or what is in the way.
    files: Vec<PathBuf>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of `kind` that says `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(ErrorData {
            kind,
            message: message.into(),
            place: Place::default(),
            files: Vec::new(),
            source: None,
        }))
    }

    /// A failed operation on a file.
    pub fn io(doing: &str, file: impl AsRef<Path>, cause: std::io::Error) -> Error {
        let file = file.as_ref();
        Error::new(ErrorKind::Io, format!("cannot {doing} {}", file.display())).at_file(file).because(cause)
    }

    /// What sort of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Where it went wrong.
    pub fn place(&self) -> &Place {
        &self.0.place
    }

    /// All media that are missing, of an error of the kind [`ErrorKind::MediaMissing`] that a run or a mix ended with: as the
    /// plan names them, a sequence by its pattern. Empty of any other error.
    pub fn missing(&self) -> &[PathBuf] {
        if self.0.kind == ErrorKind::MediaMissing { &self.0.files } else { &[] }
    }

    /// All outputs that are in the way or may not be written, of an error of the kind [`ErrorKind::Exists`] that a run ended
    /// with. Empty of any other error.
    pub fn existing(&self) -> &[PathBuf] {
        if self.0.kind == ErrorKind::Exists { &self.0.files } else { &[] }
    }

    /// Names all files that it is about.
    pub(crate) fn about_files(mut self, files: impl IntoIterator<Item = PathBuf>) -> Error {
        self.0.files = files.into_iter().collect();
        self
    }

    /// Puts a sentence in front: `context: what was said before`. Kind and place stay.
    #[must_use]
    pub fn context(mut self, context: impl fmt::Display) -> Error {
        self.0.message = format!("{context}: {}", self.0.message);
        self
    }

    /// Keeps the error that led to this one: its [`source`](std::error::Error::source).
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        self.0.source = Some(cause.into());
        self
    }

    /// Names the object in the timeline, if none was named closer to the cause.
    #[must_use]
    pub fn at_object(mut self, path: impl Into<String>) -> Error {
        self.0.place.object.get_or_insert_with(|| path.into());
        self
    }

    /// Names the clip, if none was named closer to the cause.
    #[must_use]
    pub fn at_clip(mut self, name: impl Into<String>) -> Error {
        self.0.place.clip.get_or_insert_with(|| name.into());
        self
    }

    /// Names the source frame, if none was named closer to the cause.
    #[must_use]
    pub fn at_frame(mut self, frame: i64) -> Error {
        self.0.place.frame.get_or_insert(frame);
        self
    }

    /// Names the file, if none was named closer to the cause.
    #[must_use]
    pub fn at_file(mut self, file: impl Into<PathBuf>) -> Error {
        self.0.place.file.get_or_insert_with(|| file.into());
        self
    }

    /// Names the place in the timeline file, if none was named closer to the cause.
    #[must_use]
    pub fn at_line(mut self, line: usize, column: usize) -> Error {
        self.0.place.line_column.get_or_insert((line, column));
        self
    }

    /// Forgets line and column, where they are not those of the file that the user knows.
    #[cfg(feature = "opentimelineio")]
    pub(crate) fn without_line(mut self) -> Error {
        self.0.place.line_column = None;
        self
    }

    /// This error and every cause beneath it, one sentence each, outermost first. What a sentence already ends with is not
    /// said again.
    pub fn chain(&self) -> Vec<String> {
        let mut sentences = vec![self.sentence()];
        let mut next = std::error::Error::source(self);
        while let Some(cause) = next {
            let sentence = crate::printable(&cause.to_string()).into_owned();
            if !sentences.last().is_some_and(|last| last.ends_with(&sentence)) {
                sentences.push(sentence);
            }
            next = cause.source();
        }
        sentences
    }

    /// This error alone, without its causes: the message and what the place adds to it.
    fn sentence(&self) -> String {
        let ErrorData { kind, message, place, .. } = &*self.0;
        let mut text = if message.is_empty() { kind.to_string() } else { printable_list(message) };
        let mut details = Vec::new();
        if let Some((line, column)) = place.line_column {
            details.push(format!("line {line}, column {column}"));
        }
        if let Some(object) = place.object.as_ref().filter(|object| !text.contains(object.as_str())) {
            details.push(crate::printable(object).into_owned());
        }
        if let Some(clip) = place.clip.as_ref().filter(|clip| !text.contains(&format!("{clip:?}"))) {
            details.push(format!("clip {clip:?}"));
        }
        if let Some(frame) = place.frame {
            details.push(format!("source frame {frame}"));
        }
        if let Some(file) =
            place.file.as_ref().map(|file| file.display().to_string()).filter(|file| !text.contains(file))
        {
            details.push(crate::printable(&file).into_owned());
        }
        if !details.is_empty() {
            text = format!("{text} ({})", details.join(", "));
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match f.alternate() {
            true => f.write_str(&self.chain().join(": ")),
            false => f.write_str(&self.sentence()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.chain().join(": "))
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}

/// `message` with what acts on a terminal escaped, but for the line feeds of the lists that messages hold.
fn printable_list(message: &str) -> String {
    message.split("\n  ").map(crate::printable).collect::<Vec<_>>().join("\n  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_in_messages_keep_their_lines_and_nothing_else_acts() {
        let error = Error::new(ErrorKind::MediaMissing, "2 media are missing:\n  a.mov\n  b\u{1b}[2J\n.mov");
        assert_eq!(error.to_string(), "2 media are missing:\n  a.mov\n  b\\u{1b}[2J\\n.mov");
    }

    #[test]
    fn prints_outer_then_inner_with_the_place() {
        let cause = std::io::Error::other("disk on fire");
        let error = Error::io("read", "/media/a.mov", cause).at_clip("sh010").at_frame(7).context("shot sh010");
        let own = "shot sh010: cannot read /media/a.mov (clip \"sh010\", source frame 7)";
        let all = format!("{own}: disk on fire");
        assert_eq!((error.to_string(), error.chain().len()), (own.to_owned(), 2));
        assert_eq!(
            [format!("{error:#}"), format!("{error:?}"), format!("{error:#?}")],
            [all.clone(), all.clone(), all]
        );
        assert_eq!(std::error::Error::source(&error).expect("a cause").to_string(), "disk on fire");
        assert_eq!(error.kind(), ErrorKind::Io);
        // Whatever walks the causes finds each once, also where one of them quotes the next.
        let quoting =
            Error::new(ErrorKind::Io, "no plan: cannot read it").because(Error::new(ErrorKind::Io, "cannot read it"));
        assert_eq!(format!("{quoting:#}"), "no plan: cannot read it");
    }

    #[test]
    fn kinds_are_read_by_the_names_that_they_are_stored_under() {
        for kind in ErrorKind::ALL {
            assert_eq!(kind.name(), format!("{kind:?}"));
            assert_eq!(kind.name().parse::<ErrorKind>().expect("a name"), kind);
            let stored = serde_json::to_string(&kind).expect("plain data");
            assert_eq!(stored, format!("\"{}\"", kind.name()));
            assert_eq!(serde_json::from_str::<ErrorKind>(&stored).expect("it was just written"), kind);
        }
        assert!(ErrorKind::ALL.is_sorted());
        assert!("io".parse::<ErrorKind>().expect_err("no name").to_string().contains("MediaMissing"));
    }

    #[test]
    fn the_place_closest_to_the_cause_wins() {
        let error =
            Error::new(ErrorKind::Time, "rate is zero").at_object("tracks[1].children[3]").at_object("tracks[1]");
        assert_eq!(error.place().object.as_deref(), Some("tracks[1].children[3]"));
    }
}
