//! An exact fraction of two 64-bit integers, with the few operations a source map needs.

use serde::{Deserialize, Serialize};

/// A position this far under a frame boundary, in frames, counts as on it: a thousandth of a frame.
pub const FRAME_TOLERANCE: Ratio = Ratio { num: 1, den: 1000 };

/// An exact fraction in lowest terms; the denominator is positive.
///
/// Serialises as `[numerator, denominator]`.
///
/// ```
/// use otio_conflate::time::Ratio;
///
/// let speed = Ratio::new(24_000, 1001) / Ratio::whole(24);
/// assert_eq!((speed.num(), speed.den()), (1000, 1001));
/// assert_eq!((speed * Ratio::whole(1001)).floor(), 1000);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "StoredRatio", into = "(i64, i64)")]
pub struct Ratio {
    num: i64,
    den: i64,
}

impl Ratio {
    /// Nothing.
    pub const ZERO: Ratio = Ratio { num: 0, den: 1 };
    /// One.
    pub const ONE: Ratio = Ratio { num: 1, den: 1 };

    /// `num / den` in lowest terms; a zero denominator counts as one.
    pub fn new(num: i64, den: i64) -> Ratio {
        Ratio::fit(i128::from(num), i128::from(den))
    }

    /// A whole number.
    pub const fn whole(value: i64) -> Ratio {
        Ratio { num: value, den: 1 }
    }

    /// The simplest fraction within 10⁻⁹ of `value`, or as near as a double is to its neighbours when it is large.
    ///
    /// `1.37` becomes 137/100, the double nearest to 1/3 becomes 1/3. A value that is not finite becomes zero; one
    /// beyond what an `i64` holds is cut to its range.
    pub fn nearest(value: f64) -> Ratio {
        if !value.is_finite() {
            return Ratio::ZERO;
        }
        let negative = value < 0.0;
        let target = value.abs().min(9.0e15);
        let tolerance = (target * 4.0 * f64::EPSILON).max(1e-9);
        // Continued fraction: h/k are the convergents of `target`.
        let (mut h0, mut k0, mut h1, mut k1) = (0i128, 1i128, 1i128, 0i128);
        let mut rest = target;
        loop {
            let whole = rest.floor();
            // `rest` is finite and below 9.1e15 or the denominator bound stops us: the cast cannot cut anything off.
            #[allow(clippy::cast_possible_truncation, reason = "bounded just above")]
            let digit = whole as i128;
            let (h2, k2) = (digit * h1 + h0, digit * k1 + k0);
            if k2 > 1 << 40 || h2 > i128::from(i64::MAX) {
                break;
            }
            (h0, k0, h1, k1) = (h1, k1, h2, k2);
            #[allow(clippy::cast_precision_loss, reason = "an approximation is what is being judged")]
            let approximation = h1 as f64 / k1 as f64;
            let fraction = rest - whole;
            if (approximation - target).abs() <= tolerance || fraction < 1e-15 {
                break;
            }
            rest = (1.0 / fraction).min(9.0e15);
        }
        Ratio::fit(if negative { -h1 } else { h1 }, k1)
    }

    /// The fraction `num / den`, reduced; digits beyond 64 bits are rounded away.
    pub(crate) fn fit(num: i128, den: i128) -> Ratio {
        let (num, den) = match den {
            0 => (num, 1),
            d if d < 0 => (num.saturating_neg(), d.saturating_neg()),
            d => (num, d),
        };
        let (mut num, mut den) = reduced(num, den);
        while num.unsigned_abs() > u128::from(i64::MAX.unsigned_abs()) || den > i128::from(i64::MAX) {
            num = (num + num.signum()) / 2;
            den = ((den + 1) / 2).max(1);
            if den == 1 {
                num = num.clamp(-i128::from(i64::MAX), i128::from(i64::MAX));
            }
            // What was rounded may have a divisor again.
            (num, den) = reduced(num, den);
        }
        Ratio {
            num: i64::try_from(num).expect("cut to 64 bits just above"),
            den: i64::try_from(den).expect("cut to 64 bits just above"),
        }
    }

    /// The numerator.
    pub const fn num(self) -> i64 {
        self.num
    }

    /// The denominator, positive.
    pub const fn den(self) -> i64 {
        self.den
    }

    /// The nearest double.
    #[allow(clippy::cast_precision_loss, reason = "the caller asked for a double")]
    pub fn to_f64(self) -> f64 {
        self.num as f64 / self.den as f64
    }

    /// The largest whole number not above this.
    pub fn floor(self) -> i64 {
        self.num.div_euclid(self.den)
    }

    /// The smallest whole number not below this.
    pub fn ceil(self) -> i64 {
        -(-self.num).div_euclid(self.den)
    }

    /// The frame this position lies in: the floor, where a position within [`FRAME_TOLERANCE`] under a frame
    /// boundary counts as on it.
    pub fn frame(self) -> i64 {
        (self + FRAME_TOLERANCE).floor()
    }

    /// The first frame that starts at or after this position, with the same tolerance as [`Ratio::frame`].
    pub fn next_frame(self) -> i64 {
        (self - FRAME_TOLERANCE).ceil()
    }

    /// The absolute value.
    #[must_use]
    pub fn abs(self) -> Ratio {
        Ratio { num: self.num.saturating_abs(), den: self.den }
    }
}

/// Both without their common divisors; `den` is positive.
fn reduced(num: i128, den: i128) -> (i128, i128) {
    let divisor = gcd(num.unsigned_abs(), den.unsigned_abs()).max(1);
    #[allow(clippy::cast_possible_wrap, reason = "a divisor of an i128 other than i128::MIN fits one")]
    let divisor = divisor as i128;
    (num / divisor, den / divisor)
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// A ratio as a file holds it, which may not be one.
#[derive(Deserialize)]
struct StoredRatio(i64, i64);

impl TryFrom<StoredRatio> for Ratio {
    type Error = String;
    fn try_from(StoredRatio(num, den): StoredRatio) -> Result<Ratio, String> {
        match den {
            0 => Err(format!("invalid ratio {num}/0")),
            _ => Ok(Ratio::new(num, den)),
        }
    }
}

impl From<(i64, i64)> for Ratio {
    fn from((num, den): (i64, i64)) -> Ratio {
        Ratio::new(num, den)
    }
}

impl From<Ratio> for (i64, i64) {
    fn from(ratio: Ratio) -> (i64, i64) {
        (ratio.num, ratio.den)
    }
}

impl std::ops::Add for Ratio {
    type Output = Ratio;
    fn add(self, other: Ratio) -> Ratio {
        let (a, b, c, d) = (self.num.into(), self.den.into(), other.num.into(), i128::from(other.den));
        let (a, b, c): (i128, i128, i128) = (a, b, c);
        Ratio::fit(a * d + c * b, b * d)
    }
}

impl std::ops::Sub for Ratio {
    type Output = Ratio;
    fn sub(self, other: Ratio) -> Ratio {
        self + Ratio { num: -other.num, den: other.den }
    }
}

impl std::ops::Mul for Ratio {
    type Output = Ratio;
    fn mul(self, other: Ratio) -> Ratio {
        Ratio::fit(i128::from(self.num) * i128::from(other.num), i128::from(self.den) * i128::from(other.den))
    }
}

impl std::ops::Div for Ratio {
    type Output = Ratio;
    /// Division; by zero it gives what dividing by one gives.
    fn div(self, other: Ratio) -> Ratio {
        Ratio::fit(i128::from(self.num) * i128::from(other.den), i128::from(self.den) * i128::from(other.num))
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Ratio) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Ratio) -> std::cmp::Ordering {
        (i128::from(self.num) * i128::from(other.den)).cmp(&(i128::from(other.num) * i128::from(self.den)))
    }
}

impl std::fmt::Display for Ratio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.den == 1 { write!(f, "{}", self.num) } else { write!(f, "{}/{}", self.num, self.den) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_simple_fraction_behind_a_double() {
        assert_eq!(Ratio::nearest(1.37), Ratio::new(137, 100));
        assert_eq!(Ratio::nearest(-0.7), Ratio::new(-7, 10));
        assert_eq!(Ratio::nearest(1.0 / 3.0), Ratio::new(1, 3));
        assert_eq!(Ratio::nearest(86400.0), Ratio::whole(86400));
        assert_eq!(Ratio::nearest(12.000000000001), Ratio::whole(12));
        assert_eq!(Ratio::nearest(f64::NAN), Ratio::ZERO);
        assert!((Ratio::nearest(86400.08874841638).to_f64() - 86400.08874841638).abs() < 1e-8);
        assert!((Ratio::nearest(std::f64::consts::PI).to_f64() - std::f64::consts::PI).abs() < 1e-9);
    }

    #[test]
    fn rounds_towards_the_frame_it_almost_is() {
        assert_eq!(Ratio::new(11_999, 1000).frame(), 12);
        assert_eq!(Ratio::new(11_998, 1000).frame(), 11);
        assert_eq!(Ratio::new(12_001, 1000).next_frame(), 12);
        assert_eq!(Ratio::new(12_002, 1000).next_frame(), 13);
        assert_eq!(Ratio::new(-1, 2).floor(), -1);
        assert_eq!(Ratio::new(-1, 2).ceil(), 0);
    }

    #[test]
    fn extremes_round_instead_of_overflowing() {
        let huge = Ratio::whole(i64::MAX);
        assert_eq!(huge * huge, Ratio::whole(i64::MAX));
        let tiny = Ratio::new(1, i64::MAX);
        assert!((tiny * tiny).to_f64().abs() < 1e-18);
        assert_eq!(Ratio::new(5, 0), Ratio::whole(5));
        // Rounded fractions are in lowest terms, too: two that are equal are the same.
        let third = Ratio::new(i64::MAX, 3) * Ratio::new(7, 5);
        assert_eq!(third, Ratio::new(third.num(), third.den()));
    }
}
