//! A frame rate, as written and as meant.

use serde::{Deserialize, Serialize};

use super::Ratio;
use crate::error::{Error, ErrorKind, Result};

/// Frames (or samples) per second: the number as a file wrote it, and the exact ratio it stands for.
///
/// 23.976, 23.98 and 23.976024627685547 all mean 24000/1001; whole numbers stay whole; anything else becomes the
/// best small fraction. Two rates are equal when their nominal ratios are. The NTSC ratios are those of SMPTE ST 12-1.
///
/// Serialises as the number, or as `[numerator, denominator]` where that number alone would stand for another ratio. Text such
/// as `"24000/1001"` or `"23.976"` is read, too. Rates are ordered by their ratios.
///
/// ```
/// use otio_conflate::time::Rate;
///
/// let rate = Rate::new(23.98)?;
/// assert_eq!(rate, "24000/1001".parse()?);
/// assert_eq!((rate.num(), rate.den(), rate.to_string().as_str()), (24_000, 1001, "23.976"));
/// assert!(rate < Rate::FPS_24 && rate.is_ntsc());
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "StoredRate", into = "StoredRate")]
pub struct Rate {
    written: f64,
    num: u32,
    den: u32,
}

impl Rate {
    /// The slowest and the fastest rate that is believed, in frames per second.
    pub const LIMITS: (f64, f64) = (1e-3, 1e7);

    /// 24 frames per second.
    pub const FPS_24: Rate = Rate { written: 24.0, num: 24, den: 1 };
    /// 25 frames per second.
    pub const FPS_25: Rate = Rate { written: 25.0, num: 25, den: 1 };

    /// The rate written as `written`.
    ///
    /// # Errors
    /// [`ErrorKind::Time`] when it is zero, negative, not a number, infinite or outside [`Rate::LIMITS`].
    pub fn new(written: f64) -> Result<Rate> {
        if !(written.is_finite() && written >= Self::LIMITS.0 && written <= Self::LIMITS.1) {
            return Err(Error::new(ErrorKind::Time, format!("invalid frame rate {written:?}")));
        }
        let (num, den) = nominal(written);
        Ok(Rate { written, num, den })
    }

    /// The rate `num / den`, exactly.
    ///
    /// # Errors
    /// [`ErrorKind::Time`] when either is zero or the quotient lies outside [`Rate::LIMITS`].
    pub fn from_ratio(num: u32, den: u32) -> Result<Rate> {
        if num == 0 || den == 0 {
            return Err(Error::new(ErrorKind::Time, format!("invalid frame rate {num}/{den}")));
        }
        let written = f64::from(num) / f64::from(den);
        Rate::new(written)?;
        let reduced = Ratio::new(num.into(), den.into());
        let part = |part: i64| u32::try_from(part).expect("reducing a fraction makes its parts no larger");
        Ok(Rate { written, num: part(reduced.num()), den: part(reduced.den()) })
    }

    /// The double as the file wrote it: by it, values are converted from rate to rate.
    pub const fn written(self) -> f64 {
        self.written
    }

    /// The exact ratio it stands for, in lowest terms: by it, frames are counted.
    pub fn nominal(self) -> Ratio {
        Ratio::new(self.num.into(), self.den.into())
    }

    /// Numerator of the nominal ratio.
    pub const fn num(self) -> u32 {
        self.num
    }

    /// Denominator of the nominal ratio.
    pub const fn den(self) -> u32 {
        self.den
    }

    /// Whether this is an NTSC rate, a whole number of frames in 1.001 seconds.
    pub const fn is_ntsc(self) -> bool {
        self.den == 1001
    }

    /// The whole number of frames that a second of timecode counts: 24 for 23.976, 30 for 29.97.
    pub const fn timecode_base(self) -> u32 {
        let base = (self.num + self.den / 2) / self.den;
        if base == 0 { 1 } else { base }
    }
}

/// The ratio meant by a written rate; the caller has checked that it lies within the limits.
fn nominal(written: f64) -> (u32, u32) {
    let close = |candidate: f64, tolerance: f64| (written / candidate - 1.0).abs() <= tolerance;
    // All casts: rates are at most 1e7, so every rounded value fits.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rates lie within Rate::LIMITS")]
    let rounded = |value: f64| value.round() as u32;
    let whole = rounded(written);
    if whole > 0 && close(f64::from(whole), 1e-6) {
        return (whole, 1);
    }
    // 23.98 is off by 1.7e-4, 23.97 by 2.6e-4; the whole number itself would be off by 1e-3.
    let ntsc = rounded(written * 1.001);
    if (5..=1000).contains(&ntsc) && close(f64::from(ntsc) / 1.001, 3e-4) {
        return (ntsc * 1000, 1001);
    }
    let best = small_fraction(written);
    (best.0.max(1), best.1.max(1))
}

/// The first convergent of `value` within a relative 10⁻⁷, or the last with a denominator up to 10 000.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by Rate::LIMITS and by the loop")]
fn small_fraction(value: f64) -> (u32, u32) {
    let (mut h0, mut k0, mut h1, mut k1) = (0u64, 1u64, 1u64, 0u64);
    let mut rest = value;
    loop {
        let digit = rest.floor().min(1e9) as u64;
        let (h2, k2) = (digit * h1 + h0, digit * k1 + k0);
        if k2 > 10_000 || h2 > u64::from(u32::MAX) {
            break;
        }
        (h0, k0, h1, k1) = (h1, k1, h2, k2);
        let fraction = rest - rest.floor();
        #[allow(clippy::cast_precision_loss, reason = "both are below 2^32")]
        let approximation = h1 as f64 / k1 as f64;
        if (approximation / value - 1.0).abs() <= 1e-7 || fraction < 1e-9 {
            break;
        }
        rest = 1.0 / fraction;
    }
    (u32::try_from(h1).unwrap_or(u32::MAX), u32::try_from(k1).unwrap_or(1))
}

/// Reads `24`, `23.976` or `24000/1001`.
impl std::str::FromStr for Rate {
    type Err = Error;

    fn from_str(text: &str) -> Result<Rate> {
        let number = |text: &str| {
            let what = || format!("invalid rate {text:?}; expected frames per second such as 24, 23.976 or 24000/1001");
            text.trim().parse::<f64>().map_err(|_| Error::new(ErrorKind::Option, what()))
        };
        match text.split_once('/') {
            Some((num, den)) => match (num.trim().parse(), den.trim().parse()) {
                // Whole numbers mean just that fraction.
                (Ok(num), Ok(den)) => Rate::from_ratio(num, den),
                _ => Rate::new(number(num)? / number(den)?),
            },
            None => Rate::new(number(text)?),
        }
    }
}

impl PartialEq for Rate {
    fn eq(&self, other: &Rate) -> bool {
        (self.num, self.den) == (other.num, other.den)
    }
}

impl Eq for Rate {}

impl PartialOrd for Rate {
    fn partial_cmp(&self, other: &Rate) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rate {
    fn cmp(&self, other: &Rate) -> std::cmp::Ordering {
        let product = |num: u32, den: u32| u64::from(num) * u64::from(den);
        product(self.num, other.den).cmp(&product(other.num, self.den))
    }
}

impl std::hash::Hash for Rate {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.num, self.den).hash(state);
    }
}

/// A rate in JSON.
#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a rate such as 24, 23.976, \"24000/1001\" or [24000, 1001]")]
enum StoredRate {
    Number(f64),
    Fraction(u32, u32),
    Text(String),
}

impl TryFrom<StoredRate> for Rate {
    type Error = Error;
    fn try_from(stored: StoredRate) -> Result<Rate> {
        match stored {
            StoredRate::Number(written) => Rate::new(written),
            StoredRate::Fraction(num, den) => Rate::from_ratio(num, den),
            StoredRate::Text(text) => text.parse(),
        }
    }
}

impl From<Rate> for StoredRate {
    fn from(rate: Rate) -> StoredRate {
        if nominal(rate.written) == (rate.num, rate.den) {
            StoredRate::Number(rate.written)
        } else {
            StoredRate::Fraction(rate.num, rate.den)
        }
    }
}

impl std::fmt::Display for Rate {
    /// `24`, `23.976` or `12.5`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = format!("{:.3}", f64::from(self.num) / f64::from(self.den));
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(written: f64) -> (u32, u32) {
        let rate = Rate::new(written).expect("a valid rate");
        (rate.num(), rate.den())
    }

    #[test]
    fn ntsc_rates_are_known_however_they_are_rounded() {
        for written in [23.976, 23.98, 23.97, 23.976024627685547, 24000.0 / 1001.0] {
            assert_eq!(ratio(written), (24000, 1001), "{written}");
        }
        for written in [29.97, 29.97002997002997] {
            assert_eq!(ratio(written), (30000, 1001));
        }
        assert_eq!(ratio(59.94), (60000, 1001));
        assert_eq!(ratio(47.952), (48000, 1001));
        assert_eq!(ratio(47.95), (48000, 1001));
        assert_eq!(ratio(119.88), (120_000, 1001));
        assert_eq!(ratio(14.985), (15000, 1001));
    }

    #[test]
    fn whole_numbers_stay_whole_and_the_rest_becomes_small() {
        for whole in [1u32, 12, 24, 25, 30, 48, 50, 60, 120, 999, 1000, 44_100, 48_000, 192_000] {
            assert_eq!(ratio(f64::from(whole)), (whole, 1));
        }
        assert_eq!(ratio(12.5), (25, 2));
        assert_eq!(ratio(0.5), (1, 2));
        assert_eq!(ratio(16.666_666_666_666_668), (50, 3));
    }

    #[test]
    fn nonsense_is_an_error() {
        for bad in [0.0, -24.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e-9, 1e12] {
            assert_eq!(Rate::new(bad).expect_err("not a rate").kind(), ErrorKind::Time);
        }
        assert!(Rate::from_ratio(0, 1).is_err() && Rate::from_ratio(1, 0).is_err());
    }

    #[test]
    fn prints_short() {
        assert_eq!(Rate::new(24000.0 / 1001.0).expect("valid").to_string(), "23.976");
        assert_eq!(Rate::FPS_24.to_string(), "24");
        assert_eq!(Rate::new(12.5).expect("valid").to_string(), "12.5");
        assert_eq!(Rate::new(120.0).expect("valid").to_string(), "120");
    }

    #[test]
    fn rates_are_read_as_people_write_them() {
        let rate = |text: &str| text.parse::<Rate>();
        assert_eq!(rate("24").expect("a rate"), Rate::FPS_24);
        assert_eq!(rate("23.976").expect("a rate"), rate("24000/1001").expect("a rate"));
        assert_eq!(rate("2997/100").expect("a rate").nominal(), Ratio::new(2997, 100));
        let mut rates = ["60", "23.976", "24", "30000/1001"].map(|text| rate(text).expect("a rate"));
        rates.sort();
        assert_eq!(rates.map(|rate| rate.to_string()), ["23.976", "24", "29.97", "60"]);
        for json in ["23.976", "\"23.976\"", "\"24000/1001\"", "[24000, 1001]"] {
            assert_eq!(serde_json::from_str::<Rate>(json).expect(json), rates[0], "{json}");
        }
        let error = serde_json::from_str::<Rate>("{}").expect_err("no rate").to_string();
        assert!(error.contains("24000/1001"), "{error:#}");
        assert!(["", "24fps", "0", "24/0", "-1", "1/2/3"].iter().all(|text| rate(text).is_err()));
    }

    #[test]
    fn stored_rates_come_back_as_the_same_ratio() {
        for (num, den) in [(24, 1), (24_000, 1001), (2997, 100), (19_001, 317), (12_345_678, 1_234_567)] {
            let rate = Rate::from_ratio(num, den).expect("valid");
            let stored = serde_json::to_string(&rate).expect("plain data");
            assert_eq!(serde_json::from_str::<Rate>(&stored).expect("it was just written"), rate, "{stored}");
        }
        assert_eq!(serde_json::to_string(&Rate::FPS_24).expect("plain data"), "24.0");
        assert!(serde_json::from_str::<Rate>("0").is_err() && serde_json::from_str::<Rate>("[1, 0]").is_err());
    }
}
