//! Instants and durations as whole numbers of flicks.

use serde::{Deserialize, Serialize};

use super::{Rate, Ratio};
use crate::error::{Error, ErrorKind, Result};

/// 705 600 000 flicks are a second: every standard frame length, the NTSC ones included, and every usual audio
/// sample length is a whole number of them.
pub const FLICKS_PER_SECOND: i64 = 705_600_000;

/// An instant or a duration, counted in flicks.
///
/// ```
/// use otio_conflate::time::{Rate, Time};
///
/// let second = Time::from_frames(24, Rate::FPS_24);
/// assert_eq!((second, second.to_string().as_str()), ("1s".parse()?, "1s"));
/// assert_eq!((second + Time::from_frames(1, Rate::FPS_25)).floor(Rate::FPS_25), 26);
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(i64);

impl Time {
    /// The origin, or no time at all.
    pub const ZERO: Time = Time(0);

    /// This many flicks.
    pub const fn from_flicks(flicks: i64) -> Time {
        Time(flicks)
    }

    /// The start of frame `frame` of a grid of `rate`, to the nearest flick (exact for every standard rate).
    ///
    /// What lies beyond 400 years is cut to that.
    pub fn from_frames(frame: i64, rate: Rate) -> Time {
        Time::from_frame_ratio(Ratio::whole(frame), rate)
    }

    /// The place `frames` (which may lie between two frames) on a grid of `rate`, to the nearest flick.
    pub fn from_frame_ratio(frames: Ratio, rate: Rate) -> Time {
        let num = i128::from(frames.num()) * i128::from(rate.den()) * i128::from(FLICKS_PER_SECOND);
        let den = i128::from(frames.den()) * i128::from(rate.num());
        Time::rounded(num, den)
    }

    /// `num / den` flicks, to the nearest one.
    fn rounded(num: i128, den: i128) -> Time {
        let rounded = nearest(num, den);
        Time(i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX }))
    }

    /// So many seconds, to the nearest flick.
    pub fn from_seconds(seconds: Ratio) -> Time {
        let flicks = i128::from(seconds.num()) * i128::from(FLICKS_PER_SECOND);
        Time::rounded(flicks, i128::from(seconds.den()))
    }

    /// The place `value`, a double as OTIO writes it, on a grid of `rate`, to the nearest flick.
    ///
    /// # Errors
    /// [`ErrorKind::Time`] when `value` is not finite or lies more than a century away.
    pub fn from_value(value: f64, rate: Rate) -> Result<Time> {
        let frames = f64::from(rate.den()) / f64::from(rate.num()) * value;
        if !(frames.is_finite() && frames.abs() < 100.0 * 366.0 * 86_400.0) {
            return Err(Error::new(
                ErrorKind::Time,
                format!("invalid time: {value:?} frames at {rate} is not finite or out of range"),
            ));
        }
        let whole = value.trunc();
        #[allow(clippy::cast_possible_truncation, reason = "a century of the fastest rate is below 2^55")]
        let whole_time = Time::from_frames(whole as i64, rate);
        let fraction = (value - whole) * f64::from(rate.den()) / f64::from(rate.num()) * 705_600_000.0;
        #[allow(clippy::cast_possible_truncation, reason = "less than a frame of the slowest rate")]
        let fraction = fraction.round() as i64;
        Ok(Time(whole_time.0.saturating_add(fraction)))
    }

    /// The number of flicks.
    pub const fn flicks(self) -> i64 {
        self.0
    }

    /// The nearest double, in seconds.
    #[allow(clippy::cast_precision_loss, reason = "the caller asked for a double")]
    pub fn seconds(self) -> f64 {
        self.0 as f64 / FLICKS_PER_SECOND as f64
    }

    /// The exact position on a grid of `rate`, in frames.
    pub fn frames(self, rate: Rate) -> Ratio {
        Ratio::fit(i128::from(self.0) * i128::from(rate.num()), i128::from(rate.den()) * i128::from(FLICKS_PER_SECOND))
    }

    /// The exact position in samples, of which there are `rate` a second.
    pub fn samples(self, rate: u32) -> Ratio {
        Ratio::fit(i128::from(self.0) * i128::from(rate), i128::from(FLICKS_PER_SECOND))
    }

    /// The frame of a grid of `rate` that is on screen at this instant: rounded down, where a position within a
    /// thousandth of a frame under a boundary counts as on it.
    pub fn floor(self, rate: Rate) -> i64 {
        self.frames(rate).frame()
    }

    /// The first frame of a grid of `rate` that starts at or after this instant, with the same tolerance.
    pub fn ceil(self, rate: Rate) -> i64 {
        self.frames(rate).next_frame()
    }

    /// The frame of a grid of `rate` that starts nearest to this instant; halves go up.
    pub fn round(self, rate: Rate) -> i64 {
        (self.frames(rate) + Ratio::new(1, 2)).floor()
    }

    /// The earlier of two.
    #[must_use]
    pub fn min(self, other: Time) -> Time {
        Ord::min(self, other)
    }

    /// The later of two.
    #[must_use]
    pub fn max(self, other: Time) -> Time {
        Ord::max(self, other)
    }
}

impl std::fmt::Display for Time {
    /// In seconds, to the nanosecond: `1.5s`. It is read again as the same time.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let nanoseconds = nearest(i128::from(self.0) * 1_000_000_000, i128::from(FLICKS_PER_SECOND));
        let (sign, size) = (if nanoseconds < 0 { "-" } else { "" }, nanoseconds.unsigned_abs());
        let fraction = format!("{:09}", size % 1_000_000_000);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{}{point}{fraction}s", size / 1_000_000_000)
    }
}

/// Reads seconds such as `1.5s` or `1.5`, to the nanosecond.
impl std::str::FromStr for Time {
    type Err = Error;

    fn from_str(text: &str) -> Result<Time> {
        let bad = || Error::new(ErrorKind::Time, format!("invalid time {text:?}; expected seconds such as 1.5s"));
        let number = text.trim().strip_suffix('s').unwrap_or(text.trim());
        let (sign, number) = number.strip_prefix('-').map_or((1, number), |number| (-1, number));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > 9 || whole.len() > 10 {
            return Err(bad());
        }
        let nanoseconds: i128 = format!("{whole}{fraction:0<9}").parse().map_err(|_| bad())?;
        Ok(Time::rounded(sign * nanoseconds * i128::from(FLICKS_PER_SECOND), 1_000_000_000))
    }
}

impl std::ops::Add for Time {
    type Output = Time;
    fn add(self, other: Time) -> Time {
        Time(self.0.saturating_add(other.0))
    }
}

impl std::ops::Sub for Time {
    type Output = Time;
    fn sub(self, other: Time) -> Time {
        Time(self.0.saturating_sub(other.0))
    }
}

impl std::ops::AddAssign for Time {
    fn add_assign(&mut self, other: Time) {
        *self = *self + other;
    }
}

/// `num / den`, to the nearest whole number; halves go up.
fn nearest(num: i128, den: i128) -> i128 {
    (2 * num + den).div_euclid(2 * den)
}

/// A run of time: from its start up to, but not including, its end.
///
/// ```
/// use otio_conflate::time::{Rate, Time, TimeRange};
///
/// let at = |frame| Time::from_frames(frame, Rate::FPS_24);
/// let range = TimeRange::between(at(10), at(34));
/// assert_eq!(range.intersect(TimeRange::between(at(0), at(20))).frames(Rate::FPS_24), 10..20);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TimeRange {
    /// Where it starts.
    pub start: Time,
    /// How long it lasts, in flicks; not negative.
    pub duration: Time,
}

impl TimeRange {
    /// From `start` up to `end`; empty when `end` is not after `start`.
    pub fn between(start: Time, end: Time) -> TimeRange {
        TimeRange { start, duration: (end - start).max(Time::ZERO) }
    }

    /// The first instant after it.
    pub fn end(self) -> Time {
        self.start + self.duration
    }

    /// What both share; empty when they share nothing.
    #[must_use]
    pub fn intersect(self, other: TimeRange) -> TimeRange {
        TimeRange::between(self.start.max(other.start), self.end().min(other.end()))
    }

    /// The frames of a grid of `rate` whose starts lie inside: the first, and the first after it.
    pub fn frames(self, rate: Rate) -> std::ops::Range<i64> {
        let first = self.start.ceil(rate);
        first..self.end().ceil(rate).max(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_thousand_items_do_not_drift() {
        let rate = Rate::new(23.976024627685547).expect("valid");
        let mut sum = Time::ZERO;
        for _ in 0..100_000 {
            sum += Time::from_value(82.0, rate).expect("valid");
        }
        assert_eq!(sum.frames(rate), Ratio::whole(8_200_000));
        assert_eq!(sum.floor(Rate::new(24000.0 / 1001.0).expect("valid")), 8_200_000);
    }

    #[test]
    fn standard_frames_are_whole_numbers_of_flicks() {
        for written in
            [23.976, 24.0, 25.0, 29.97, 30.0, 47.952, 48.0, 50.0, 59.94, 60.0, 119.88, 120.0, 48_000.0, 44_100.0]
        {
            let rate = Rate::new(written).expect("valid");
            assert_eq!(Time::from_frames(7, rate).frames(rate), Ratio::whole(7), "{written}");
        }
    }

    #[test]
    fn times_are_written_in_seconds_and_read_again() {
        for (text, flicks) in
            [("1.5s", 1_058_400_000), ("-0.25s", -176_400_000), ("0s", 0), ("0.041666667s", 29_400_000)]
        {
            let time: Time = text.parse().expect(text);
            assert_eq!((time.flicks(), time.to_string().as_str()), (flicks, text));
        }
        for flicks in [1, -1, 14_700, 29_429_400, 123_456_789_012_345, -987_654_321] {
            let time = Time::from_flicks(flicks);
            assert_eq!(time.to_string().parse::<Time>().expect("it was printed"), time, "{time}");
        }
        assert_eq!("4".parse::<Time>().expect("a time"), "4.0s".parse().expect("a time"));
        for wrong in ["", "s", "x", "1.", ".5", "1.0000000001", "1e3", "--1", "99999999999"] {
            assert!(wrong.parse::<Time>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn off_grid_values_round_to_the_nearest_flick() {
        let rate = Rate::FPS_24;
        let time = Time::from_value(86400.08874841638, rate).expect("valid");
        assert_eq!(time.floor(rate), 86400);
        assert!((time.frames(rate).to_f64() - 86400.08874841638).abs() < 1e-7);
        assert!(Time::from_value(f64::NAN, rate).is_err());
        assert!(Time::from_value(1e300, rate).is_err());
    }

    #[test]
    fn a_range_holds_the_frames_that_start_in_it() {
        let rate = Rate::FPS_24;
        let at = |value| Time::from_value(value, rate).expect("valid");
        assert_eq!(TimeRange::between(at(2.0), at(5.0)).frames(rate), 2..5);
        assert_eq!(TimeRange::between(at(2.5), at(5.5)).frames(rate), 3..6);
        assert_eq!(TimeRange::between(at(2.0005), at(5.0)).frames(rate), 2..5);
        assert_eq!(TimeRange::between(at(2.2), at(2.8)).frames(rate), 3..3);
    }
}
