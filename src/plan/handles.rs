//! Handles of shots. (R12)

use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, ErrorKind};
use crate::words::word_enum;

/// How many extra frames each shot gets, in record frames. Read from `H` or `H:T`, also in JSON, where a number and
/// `{"head": 8, "tail": 4}` are read, too.
///
/// ```
/// use otio_conflate::plan::Handles;
///
/// assert_eq!("8".parse::<Handles>()?, Handles::both(8));
/// assert_eq!("8:4".parse::<Handles>()?, Handles { head: 8, tail: 4 });
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
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

impl std::fmt::Display for Handles {
    /// `8`, or `8:4`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.head == self.tail {
            true => write!(f, "{}", self.head),
            false => write!(f, "{}:{}", self.head, self.tail),
        }
    }
}

impl Serialize for Handles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Handles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Handles, D::Error> {
        use serde_json::Value;
        match Value::deserialize(deserializer)? {
            Value::String(text) => text.parse().map_err(D::Error::custom),
            Value::Number(frames) => frames.to_string().parse().map_err(D::Error::custom),
            sides => Handles::deserialize(sides).map_err(D::Error::custom),
        }
    }
}

impl FromStr for Handles {
    type Err = Error;
    fn from_str(text: &str) -> Result<Handles, Error> {
        let (head, tail) = text.split_once(':').unwrap_or((text, text));
        let count = |text: &str| {
            text.trim().parse().ok().filter(|&frames: &u32| frames <= 1_000_000).ok_or_else(|| {
                Error::new(ErrorKind::Option, format!("invalid handles {text:?}; expected H or HEAD:TAIL, in frames"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_read_from_text_numbers_and_sides() {
        assert_eq!("8".parse::<Handles>().expect("valid"), Handles::both(8));
        assert_eq!("8:12".parse::<Handles>().expect("valid"), Handles { head: 8, tail: 12 });
        assert!("8:".parse::<Handles>().is_err() && "-1".parse::<Handles>().is_err());
        for (json, head, tail) in [("8", 8, 8), ("\"8:4\"", 8, 4), ("\"8\"", 8, 8), ("{\"head\":8,\"tail\":0}", 8, 0)] {
            let handles: Handles = serde_json::from_str(json).expect(json);
            assert_eq!(handles, Handles { head, tail }, "{json}");
            let stored = serde_json::to_string(&handles).expect("plain data");
            assert_eq!(stored, format!("\"{handles}\""));
            assert_eq!(serde_json::from_str::<Handles>(&stored).expect("it was just written"), handles);
        }
        for wrong in ["\"x\"", "-1", "{\"head\":8}", "{\"head\":8,\"tail\":0,\"x\":1}", "4000000"] {
            assert!(serde_json::from_str::<Handles>(wrong).is_err(), "{wrong}");
        }
    }
}
