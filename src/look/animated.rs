//! Values that may change from frame to frame.

use serde::{Deserialize, Serialize};

use crate::time::keys::between;

/// A value that may change from frame to frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Animated {
    /// It stays as it is.
    Constant(f64),
    /// Pairs of a frame, counted as [`Look::clock`](super::Look::clock) says, and the value there, in order; straight lines in
    /// between, the first and the last value beyond. Never empty.
    Keys(Vec<(f64, f64)>),
}

impl Default for Animated {
    fn default() -> Animated {
        Animated::Constant(1.0)
    }
}

impl Animated {
    /// The value at a frame, counted as [`Look::frame`](super::Look::frame) does.
    pub fn at(&self, frame: f64) -> f64 {
        let keys = match self {
            Animated::Constant(value) => return *value,
            Animated::Keys(keys) => keys,
        };
        let line = |(from, low): (f64, f64), (to, high): (f64, f64)| low + (high - low) * (frame - from) / (to - from);
        between(keys, frame, line).unwrap_or(0.0)
    }

    /// Whether it is 1 throughout.
    #[allow(clippy::float_cmp, reason = "one is one")]
    pub fn is_one(&self) -> bool {
        matches!(self, Animated::Constant(value) if *value == 1.0)
    }

    /// The same with every value put through `change`.
    #[must_use]
    pub fn map(self, change: impl Fn(f64) -> f64) -> Animated {
        match self {
            Animated::Constant(value) => Animated::Constant(change(value)),
            Animated::Keys(keys) => Animated::Keys(keys.into_iter().map(|(key, value)| (key, change(value))).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_joined_by_straight_lines_and_held_beyond() {
        let fade = Animated::Keys(vec![(10.0, 0.0), (20.0, 1.0), (20.0, 0.5), (30.0, 0.0)]);
        let at = [0.0, 10.0, 15.0, 20.0, 25.0, 30.0, 99.0].map(|frame| fade.at(frame));
        for (got, wanted) in at.into_iter().zip([0.0, 0.0, 0.5, 0.5, 0.25, 0.0, 0.0]) {
            assert!((got - wanted).abs() < 1e-12, "{at:?}");
        }
        assert!(Animated::Keys(Vec::new()).at(3.0).abs() < 1e-12, "read from elsewhere, and empty");
    }
}
