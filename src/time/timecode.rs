//! Timecode: a label for a frame, kept apart from elapsed time (SMPTE ST 12-1).

use serde::{Deserialize, Serialize};

use super::Rate;
use crate::error::{Error, ErrorKind, Result};

/// A timecode label: the frame it names, the rate it counts at, and whether it drops frame *numbers* to keep up
/// with the clock. No frame of picture is ever dropped.
///
/// In JSON it is `{"frame": 90000, "rate": 25}`, with `"drop": true` where it drops; text with a rate is read, too.
///
/// ```
/// use otio_conflate::time::{Rate, Timecode};
///
/// let start = Timecode::parse("01:00:00:00", Rate::FPS_24)?;
/// assert_eq!(start.frame(), 86_400);
/// let drop: Timecode = "00:00:59;29@29.97".parse()?;
/// assert_eq!(Timecode::from_frame(drop.frame() + 1, drop.rate(), true).to_string(), "00:01:00;02");
/// assert!(drop < start);
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "StoredTimecode", into = "StoredTimecode")]
pub struct Timecode {
    frame: i64,
    rate: Rate,
    drop: bool,
}

impl Timecode {
    /// The label of frame number `frame`, counted from `00:00:00:00`. `drop` has effect at 29.97 and its multiples
    /// alone; anywhere else the label is non-drop.
    pub fn from_frame(frame: i64, rate: Rate, drop: bool) -> Timecode {
        Timecode { frame, rate, drop: drop && can_drop(rate) }
    }

    /// The label of frame number `frame`, drop-frame wherever the rate knows it: what OpenTimelineIO does when
    /// nothing else is said.
    pub fn inferred(frame: i64, rate: Rate) -> Timecode {
        Timecode::from_frame(frame, rate, true)
    }

    /// Reads `HH:MM:SS:FF`; a `;` or `,` before the frames (or `.` anywhere) means drop-frame.
    ///
    /// # Errors
    /// [`ErrorKind::Time`] when the text is no timecode at `rate`, and for a label that drop-frame leaves out, such as
    /// `00:01:00;00`.
    pub fn parse(text: &str, rate: Rate) -> Result<Timecode> {
        let (label, drop) = TimecodeDigits::parse(text, rate)?;
        label.existing(text, rate, drop)
    }

    /// Reads what a file or an application says: as [`Timecode::parse`], but for a label that drop-frame leaves out, which is
    /// taken for the next one that there is.
    #[cfg(any(test, feature = "ffmpeg"))]
    pub(crate) fn parse_leniently(text: &str, rate: Rate) -> Result<Timecode> {
        let (label, drop) = TimecodeDigits::parse(text, rate)?;
        Ok(label.next_existing(rate, drop).timecode(rate, drop))
    }

    /// Reads the same, counted drop-frame or not as `drop` says, whatever separates the frames.
    ///
    /// # Errors
    /// [`ErrorKind::Time`] when the text is no timecode at `rate`, and for a label that drop-frame leaves out.
    pub(crate) fn parse_as(text: &str, rate: Rate, drop: bool) -> Result<Timecode> {
        let (label, _) = TimecodeDigits::parse(text, rate)?;
        label.existing(text, rate, drop)
    }

    /// The label of the same hour, minute and second at another rate; the frames within the second are scaled, and
    /// rounded down. Drop-frame stays drop-frame where the new rate knows it, and no other becomes it.
    #[must_use]
    pub fn at_rate(self, rate: Rate) -> Timecode {
        if rate == self.rate {
            return self;
        }
        let label = self.label();
        let frames = label.frames * i64::from(rate.timecode_base()) / i64::from(self.rate.timecode_base());
        TimecodeDigits { frames, ..label }.timecode(rate, self.drop)
    }

    /// The label `frames` frames later, which are counted at `rate`, in whole frames of its own rate.
    pub(crate) fn after(self, frames: i64, rate: Rate) -> Timecode {
        let base = |rate: Rate| i64::from(rate.timecode_base());
        let frames = frames.saturating_mul(base(self.rate)).div_euclid(base(rate));
        Timecode { frame: self.frame.saturating_add(frames), ..self }
    }

    /// The label so many frames later.
    #[cfg(feature = "ffmpeg")]
    pub(crate) fn later(self, frames: i64) -> Timecode {
        Timecode { frame: self.frame.saturating_add(frames), ..self }
    }

    /// The frame number, counted from `00:00:00:00`.
    pub const fn frame(self) -> i64 {
        self.frame
    }

    /// The rate it counts at.
    pub const fn rate(self) -> Rate {
        self.rate
    }

    /// Whether it is drop-frame.
    pub const fn is_drop(self) -> bool {
        self.drop
    }

    /// Hours, minutes, seconds and frames that it reads as, within a day.
    pub(crate) fn fields(self) -> [i64; 4] {
        let TimecodeDigits { hours, minutes, seconds, frames } = self.label();
        [hours, minutes, seconds, frames]
    }

    /// How many frames 24 hours of it have.
    pub(crate) fn frames_per_day(self) -> i64 {
        let base = i64::from(self.rate.timecode_base());
        let dropped = if self.drop { dropped_per_minute(self.rate) } else { 0 };
        (base * 600 - dropped * 9) * 6 * 24
    }

    /// What it reads as, within a day.
    fn label(self) -> TimecodeDigits {
        let base = i64::from(self.rate.timecode_base());
        let mut frame = self.frame;
        if self.drop {
            let dropped = dropped_per_minute(self.rate);
            let per_minute = base * 60 - dropped;
            let per_ten = base * 600 - dropped * 9;
            frame = frame.rem_euclid(self.frames_per_day());
            let (tens, rest) = (frame / per_ten, frame % per_ten);
            frame += dropped * 9 * tens;
            if rest >= base * 60 {
                frame += dropped * ((rest - base * 60) / per_minute + 1);
            }
        } else {
            frame = frame.rem_euclid(self.frames_per_day());
        }
        let (seconds, frames) = (frame / base, frame % base);
        TimecodeDigits { hours: seconds / 3600, minutes: seconds / 60 % 60, seconds: seconds % 60, frames }
    }
}

/// What a timecode reads as.
#[derive(Debug, Clone, Copy)]
struct TimecodeDigits {
    hours: i64,
    minutes: i64,
    seconds: i64,
    frames: i64,
}

impl TimecodeDigits {
    /// What `text` reads as, and whether its separators say that it is drop-frame.
    fn parse(text: &str, rate: Rate) -> Result<(TimecodeDigits, bool)> {
        let bad = || Error::new(ErrorKind::Time, format!("invalid timecode {text:?} at {rate} frames per second"));
        let drop = text.contains([';', ',', '.']);
        let fields: Vec<i64> = text
            .trim()
            .split([':', ';', ',', '.'])
            .map(|field| field.parse::<u32>().map(i64::from).map_err(|_| bad()))
            .collect::<Result<_>>()?;
        let &[hours, minutes, seconds, frames] = fields.as_slice() else { return Err(bad()) };
        let label = TimecodeDigits { hours, minutes, seconds, frames };
        if minutes > 59 || seconds > 59 || frames >= i64::from(rate.timecode_base()) || hours > 99 {
            return Err(bad());
        }
        Ok((label, drop))
    }

    /// The frame it names at `rate`; an error where drop-frame leaves it out, which was written as `text`.
    fn existing(self, text: &str, rate: Rate, drop: bool) -> Result<Timecode> {
        let next = self.next_existing(rate, drop);
        let timecode = next.timecode(rate, drop);
        if next.frames != self.frames {
            let what = format!(
                "{text:?} labels no frame: drop-frame timecode at {rate} leaves it out; the next is {timecode}"
            );
            return Err(Error::new(ErrorKind::Time, what));
        }
        Ok(timecode)
    }

    /// Itself, or where drop-frame leaves it out, the label that is counted in its place.
    fn next_existing(self, rate: Rate, drop: bool) -> TimecodeDigits {
        let is_short = drop && can_drop(rate) && self.minutes % 10 != 0 && self.seconds == 0;
        let first = if is_short { dropped_per_minute(rate) } else { 0 };
        TimecodeDigits { frames: self.frames.max(first), ..self }
    }

    /// The frame it names at `rate`.
    fn timecode(self, rate: Rate, drop: bool) -> Timecode {
        let drop = drop && can_drop(rate);
        let minutes = self.hours * 60 + self.minutes;
        let skipped = if drop { dropped_per_minute(rate) * (minutes - minutes / 10) } else { 0 };
        let frame = (minutes * 60 + self.seconds) * i64::from(rate.timecode_base()) + self.frames - skipped;
        Timecode { frame, rate, drop }
    }
}

/// Drop-frame timecode exists for 29.97 and its multiples.
fn can_drop(rate: Rate) -> bool {
    rate.is_ntsc() && rate.num().is_multiple_of(30_000)
}

fn dropped_per_minute(rate: Rate) -> i64 {
    i64::from(rate.timecode_base()) / 15
}

/// By the time since `00:00:00:00`; labels of the same moment by their rates.
impl Ord for Timecode {
    fn cmp(&self, other: &Timecode) -> std::cmp::Ordering {
        let seconds = |of: &Timecode| {
            let num = i128::from(of.frame) * i128::from(of.rate.den());
            (num, i128::from(of.rate.num()))
        };
        let ((a, of_a), (b, of_b)) = (seconds(self), seconds(other));
        (a * of_b).cmp(&(b * of_a)).then(self.rate.cmp(&other.rate)).then(self.drop.cmp(&other.drop))
    }
}

impl PartialOrd for Timecode {
    fn partial_cmp(&self, other: &Timecode) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Reads a label with its rate: `01:00:00:00@25`, `01:00:00;00@29.97`. [`Timecode::parse`] reads one without.
impl std::str::FromStr for Timecode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Timecode> {
        let bad = || {
            Error::new(
                ErrorKind::Time,
                format!("invalid timecode {text:?}; expected one with a rate, such as 01:00:00:00@25"),
            )
        };
        let (label, rate) = text.split_once('@').ok_or_else(bad)?;
        Timecode::parse(label, rate.parse()?)
    }
}

/// A timecode in JSON.
#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a timecode such as \"01:00:00:00@25\" or {\"frame\": 90000, \"rate\": 25}")]
enum StoredTimecode {
    Text(String),
    Fields(StoredFields),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredFields {
    frame: i64,
    rate: Rate,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    drop: bool,
}

impl TryFrom<StoredTimecode> for Timecode {
    type Error = Error;
    fn try_from(stored: StoredTimecode) -> Result<Timecode> {
        match stored {
            StoredTimecode::Text(text) => text.parse(),
            StoredTimecode::Fields(StoredFields { frame, rate, drop }) => Ok(Timecode::from_frame(frame, rate, drop)),
        }
    }
}

impl From<Timecode> for StoredTimecode {
    fn from(Timecode { frame, rate, drop }: Timecode) -> StoredTimecode {
        StoredTimecode::Fields(StoredFields { frame, rate, drop })
    }
}

impl std::fmt::Display for Timecode {
    /// `01:00:00:00`, or `01:00:00;00` for drop-frame. It wraps after 24 hours, as the standard has it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [hours, minutes, seconds, frames] = self.fields();
        let separator = if self.drop { ';' } else { ':' };
        let width = if self.rate.timecode_base() > 100 { 3 } else { 2 };
        write!(f, "{hours:02}:{minutes:02}:{seconds:02}{separator}{frames:0width$}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(written: f64) -> Rate {
        Rate::new(written).expect("valid")
    }

    #[test]
    fn timecodes_are_ordered_by_time_and_stored_with_their_rate() {
        let read = |text: &str| text.parse::<Timecode>().expect(text);
        let mut all = ["01:00:00:12@24", "01:00:00:00@25", "00:59:59;29@29.97", "01:00:00:12@25"].map(read);
        all.sort();
        assert_eq!(
            all.map(|timecode| timecode.to_string()),
            ["00:59:59;29", "01:00:00:00", "01:00:00:12", "01:00:00:12"]
        );
        assert_eq!(all[2].rate(), rate(25.0));
        for timecode in all.into_iter().chain([Timecode::from_frame(-5, rate(29.97), true)]) {
            let stored = serde_json::to_string(&timecode).expect("plain data");
            assert_eq!(serde_json::from_str::<Timecode>(&stored).expect("it was just written"), timecode, "{stored}");
        }
        assert_eq!(serde_json::from_str::<Timecode>("\"01:00:00:00@25\"").expect("text"), read("01:00:00:00@25"));
        assert!(
            ["01:00:00:00", "@25", "01:00:00:25@25", "01:00:00:00@x"]
                .iter()
                .all(|text| text.parse::<Timecode>().is_err())
        );
    }

    #[test]
    fn drop_frame_skips_two_numbers_a_minute_but_not_each_tenth() {
        let ntsc = rate(29.97);
        let label = |frame| Timecode::inferred(frame, ntsc).to_string();
        assert_eq!(label(1799), "00:00:59;29");
        assert_eq!(label(1800), "00:01:00;02");
        assert_eq!(label(17_981), "00:09:59;29");
        assert_eq!(label(17_982), "00:10:00;00");
        assert_eq!(label(107_892), "01:00:00;00");
        assert_eq!(Timecode::from_frame(108_000, ntsc, false).to_string(), "01:00:00:00");
        assert_eq!(Timecode::inferred(3596, rate(59.94)).to_string(), "00:00:59;56");
        assert_eq!(Timecode::inferred(3600, rate(59.94)).to_string(), "00:01:00;04");
    }

    #[test]
    fn labels_that_drop_frame_leaves_out_are_errors_and_in_files_the_next() {
        for (text, written, next) in [
            ("00:01:00;00", 29.97, "00:01:00;02"),
            ("00:01:00;01", 29.97, "00:01:00;02"),
            ("10:59:00.01", 29.97, "10:59:00;02"),
            ("00:09:00;03", 59.94, "00:09:00;04"),
            ("00:01:00;007", 119.88, "00:01:00;008"),
        ] {
            let rate = rate(written);
            let error = Timecode::parse(text, rate).expect_err(text).to_string();
            assert!(error.contains("labels no frame") && error.contains(next), "{error}");
            assert!(format!("{text}@{written}").parse::<Timecode>().is_err());
            assert!(Timecode::parse_as(&text.replace([';', '.'], ":"), rate, true).is_err());
            assert_eq!(Timecode::parse_leniently(text, rate).expect(text).to_string(), next);
        }
        for (text, written) in
            [("00:01:00;02", 29.97), ("00:10:00;00", 29.97), ("00:01:01;00", 29.97), ("00:01:00:00", 29.97)]
        {
            let label = Timecode::parse(text, rate(written)).expect(text);
            assert_eq!(label.to_string(), text);
            assert_eq!(Timecode::parse_leniently(text, rate(written)).expect(text), label);
        }
        // No rate but 29.97 and its multiples drops anything.
        assert_eq!(Timecode::parse("00:01:00;00", Rate::FPS_24).expect("non-drop").frame(), 1440);
    }

    #[test]
    fn reads_what_it_prints_over_a_day() {
        for written in [23.976, 24.0, 25.0, 29.97, 30.0, 59.94, 60.0, 119.88] {
            let rate = rate(written);
            for drop in [false, true] {
                for frame in (0..86_400 * 23).step_by(7919) {
                    let label = Timecode::from_frame(frame, rate, drop);
                    let text = label.to_string();
                    assert_eq!(Timecode::parse(&text, rate).expect("it was printed"), label, "{text} at {rate}");
                }
            }
        }
    }

    #[test]
    fn at_another_rate_it_is_the_same_second() {
        let at = |text: &str, from: f64, to: f64| {
            Timecode::parse(text, rate(from)).expect("a timecode").at_rate(rate(to)).to_string()
        };
        assert_eq!(at("01:00:00:00", 24.0, 25.0), "01:00:00:00");
        assert_eq!(at("01:02:03:23", 24.0, 12.0), "01:02:03:11");
        assert_eq!(at("10:00:00:12", 23.976, 29.97), "10:00:00:15");
        assert_eq!(at("00:01:00;02", 29.97, 59.94), "00:01:00;04");
        assert_eq!(at("00:01:00;02", 29.97, 23.976), "00:01:00:01");
        assert_eq!(at("23:59:59:24", 25.0, 50.0), "23:59:59:48");
    }

    #[test]
    fn nonsense_is_an_error() {
        for text in ["", "1:2:3", "00:00:00:24", "00:61:00:00", "aa:bb:cc:dd", "-1:00:00:00", "00:00:00:00:00"] {
            assert!(Timecode::parse(text, Rate::FPS_24).is_err(), "{text}");
        }
    }
}
