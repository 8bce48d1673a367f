//! Retimes by keyframes, as Resolve writes them. (R5)

use crate::time::Ratio;
use crate::timeline::{Effect, Value};

/// Which moment of the media is shown after how much time: straight lines between points, in seconds from the start of
/// the retimed media and from the start of the media as it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Keys {
    /// At least two; later points are later on both sides, or the media stands still.
    points: Vec<(Ratio, Ratio)>,
    /// Whether some point is a soft one: what its handles do between the points is not known.
    pub(super) eased: bool,
}

impl Keys {
    /// The keyframes in the metadata of `effect`, if it has any.
    ///
    /// # Errors
    /// Why they cannot be used.
    pub(super) fn of(effect: &Effect) -> Option<Result<Keys, &'static str>> {
        let list = effect.metadata.get("Resolve_OTIO")?.get("Key Frames")?;
        Some(list.as_array().ok_or("its keyframes are no list").and_then(Keys::read))
    }

    fn read(list: &[Value]) -> Result<Keys, &'static str> {
        let seconds = |value: Option<&Value>| {
            let seconds = value.and_then(Value::as_f64).filter(|seconds| seconds.abs() < 1e6);
            seconds.map(Ratio::nearest).ok_or("a keyframe is no pair of times")
        };
        let mut keys = Keys { points: Vec::with_capacity(list.len()), eased: false };
        for key in list {
            let parts = key.as_array().unwrap_or_default();
            keys.points.push((seconds(parts.first())?, seconds(parts.get(1))?));
            keys.eased |= matches!(parts.get(2), Some(Value::Bool(true)));
        }
        if keys.points.len() < 2 {
            return Err("it has fewer than two keyframes");
        }
        if keys.points.windows(2).any(|pair| pair[1].0 <= pair[0].0) {
            return Err("its keyframes are not in order");
        }
        // Which of two moments a clip starts at could not be told.
        if keys.points.windows(2).any(|pair| pair[1].1 < pair[0].1) {
            return Err("its keyframes run backwards");
        }
        Ok(keys)
    }

    /// How many seconds of media run in the `elapsed` seconds from where the media is at `start`.
    pub(super) fn run(&self, start: Ratio, elapsed: Ratio) -> Ratio {
        let back = |(played, media): (Ratio, Ratio)| (media, played);
        let from = line(self.points.iter().copied().map(back), start);
        let at = |played| line(self.points.iter().copied(), played);
        at(from + elapsed) - at(from)
    }
}

/// The value at `x` of straight lines through `points`, which run on beyond the ends.
fn line(points: impl Iterator<Item = (Ratio, Ratio)>, x: Ratio) -> Ratio {
    let (mut before, mut after) = ((Ratio::ZERO, Ratio::ZERO), (Ratio::ZERO, Ratio::ZERO));
    for (count, point) in points.enumerate() {
        if count >= 2 && x <= after.0 {
            break;
        }
        (before, after) = (after, point);
    }
    if after.0 == before.0 {
        // A step: no line goes through it.
        return after.1;
    }
    before.1 + (x - before.0) * (after.1 - before.1) / (after.0 - before.0)
}
