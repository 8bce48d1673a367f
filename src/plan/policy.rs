//! What stands in for what is not there: source frames outside their media, media that is missing, frames that are damaged.
//! The one place that says what a policy means. (R8, R10)

use std::fmt;

use crate::error::{Error, ErrorKind, Result};
use crate::words::word_enum;

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

impl MissingPolicy {
    /// Whether what is missing stops the run.
    pub(crate) fn is_error(self) -> bool {
        self == MissingPolicy::Error
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

/// What is shown in place of a source frame outside the media. It is displayed as the end of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Substitute {
    /// The nearest frame there is.
    Nearest,
    /// Black.
    Black,
}

impl fmt::Display for Substitute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Substitute::Nearest => "the nearest frame is held",
            Substitute::Black => "black is shown",
        })
    }
}

impl OverrunPolicy {
    /// Index of the frame that is shown where frame `index` is asked for, of media that is known to have `frames`; `None`
    /// where black is shown instead. Where it is an error, planning has said so.
    pub(crate) fn index(self, index: i64, frames: Option<i64>) -> Option<i64> {
        match frames {
            Some(frames) if index < 0 || index >= frames => match self {
                OverrunPolicy::Black => None,
                _ => Some(index.clamp(0, (frames - 1).max(0))),
            },
            _ => Some(index),
        }
    }

    /// What is shown in place of frames outside the media.
    ///
    /// # Errors
    /// [`ErrorKind::Overrun`] with `message`, where nothing may stand in for them.
    pub(crate) fn substitute(self, message: impl FnOnce() -> String) -> Result<Substitute> {
        match self {
            OverrunPolicy::Hold => Ok(Substitute::Nearest),
            OverrunPolicy::Black => Ok(Substitute::Black),
            OverrunPolicy::Error => Err(Error::new(ErrorKind::Overrun, message())),
        }
    }
}

word_enum! {
    /// What to do about source frames that are not what was encoded: their decoder had to make up something, found a
    /// wrong checksum, or gave nothing.
    Damaged, "policy for damaged frames" {
        /// The shot fails, with the file and the frame.
        #[default]
        Error = "error",
        /// They are delivered as the decoder gives them, with a warning for each run of them. Where it gives no picture,
        /// the nearest frame is held.
        Warn = "warn",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_outside_the_media_is_held_black_or_an_error() {
        let shown = |policy: OverrunPolicy| [-1, 0, 9, 10].map(|index| policy.index(index, Some(10)));
        assert_eq!(shown(OverrunPolicy::Hold), [Some(0), Some(0), Some(9), Some(9)]);
        assert_eq!(shown(OverrunPolicy::Black), [None, Some(0), Some(9), None]);
        assert_eq!(OverrunPolicy::Black.index(-1, None), Some(-1), "nothing is known of its length");
        assert_eq!(OverrunPolicy::Hold.index(3, Some(0)), Some(0));
        let message = || "a.mov ends".to_owned();
        assert_eq!(OverrunPolicy::Hold.substitute(message).expect("held"), Substitute::Nearest);
        assert_eq!(OverrunPolicy::Black.substitute(message).expect("black"), Substitute::Black);
        let error = OverrunPolicy::Error.substitute(message).expect_err("an error");
        assert_eq!((error.kind(), format!("{error:#}")), (ErrorKind::Overrun, "a.mov ends".to_owned()));
    }
}
