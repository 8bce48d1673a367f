//! Samples between linear light and transfer characteristics.

use std::sync::OnceLock;

use crate::error::{Error, ErrorKind, Result};
use crate::picture::Rgba16;
use crate::plan::ColorTags;

/// A change between linear light and encoded samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LightCurve {
    /// Linear light is encoded.
    Encode(TransferShape),
    /// Encoded samples become linear light.
    Decode(TransferShape),
}

/// The shape of a transfer characteristic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TransferShape {
    /// ITU-R BT.709's, which BT.601 and BT.2020 share.
    Video,
    /// IEC 61966-2-1's.
    Srgb,
    /// A power of 2.2.
    Gamma22,
    /// A power of 2.8.
    Gamma28,
}

/// What has to be done to samples between two transfer characteristics: nothing, unless exactly one of them is linear.
pub(super) fn curve_between(from: u8, to: u8) -> Result<Option<LightCurve>> {
    let shape = |transfer: u8| match transfer {
        4 => Ok(TransferShape::Gamma22),
        5 => Ok(TransferShape::Gamma28),
        13 => Ok(TransferShape::Srgb),
        16..=18 => Err(Error::new(
            ErrorKind::Unsupported,
            format!("linear light and transfer characteristic {transfer} need a grade, not a conversion, between them"),
        )),
        _ => Ok(TransferShape::Video),
    };
    match (from == ColorTags::LINEAR, to == ColorTags::LINEAR) {
        (true, false) => Ok(Some(LightCurve::Encode(shape(to)?))),
        (false, true) => Ok(Some(LightCurve::Decode(shape(from)?))),
        _ => Ok(None),
    }
}

impl LightCurve {
    /// The curve in doubles, for values in 0..=1.
    pub(super) fn exact(self, value: f64) -> f64 {
        match self {
            LightCurve::Encode(TransferShape::Video) if value < 0.018_053_968_510_807 => 4.5 * value,
            LightCurve::Encode(TransferShape::Video) => 1.099_296_826_809_44 * value.powf(0.45) - 0.099_296_826_809_44,
            LightCurve::Decode(TransferShape::Video) if value < 0.081_242_858_298_635 => value / 4.5,
            LightCurve::Decode(TransferShape::Video) => {
                ((value + 0.099_296_826_809_44) / 1.099_296_826_809_44).powf(1.0 / 0.45)
            }
            LightCurve::Encode(TransferShape::Srgb) if value <= 0.003_130_8 => 12.92 * value,
            LightCurve::Encode(TransferShape::Srgb) => 1.055 * value.powf(1.0 / 2.4) - 0.055,
            LightCurve::Decode(TransferShape::Srgb) if value <= 0.040_45 => value / 12.92,
            LightCurve::Decode(TransferShape::Srgb) => ((value + 0.055) / 1.055).powf(2.4),
            LightCurve::Encode(TransferShape::Gamma22) => value.powf(1.0 / 2.2),
            LightCurve::Decode(TransferShape::Gamma22) => value.powf(2.2),
            LightCurve::Encode(TransferShape::Gamma28) => value.powf(1.0 / 2.8),
            LightCurve::Decode(TransferShape::Gamma28) => value.powf(2.8),
        }
    }

    /// The curve over the upper half of a single's bits, which is even in stops; in between, straight lines are off
    /// by less than a quarter of a 16-bit step.
    pub(super) fn over_floats(self) -> &'static [f32] {
        static TABLES: [OnceLock<Vec<f32>>; 8] = [const { OnceLock::new() }; 8];
        #[allow(clippy::cast_possible_truncation, reason = "a table of singles")]
        TABLES[self.slot()].get_or_init(|| {
            (0..=(1f32.to_bits() >> 16) + 1)
                .map(|bits| self.exact(f64::from(f32::from_bits(bits << 16)).min(1.0)) as f32)
                .collect()
        })
    }

    /// The curve over 16-bit samples, to 0..=1.
    pub(super) fn over_samples(self) -> &'static [f32] {
        static TABLES: [OnceLock<Vec<f32>>; 8] = [const { OnceLock::new() }; 8];
        #[allow(clippy::cast_possible_truncation, reason = "a table of singles")]
        TABLES[self.slot()]
            .get_or_init(|| (0..=u16::MAX).map(|sample| self.exact(f64::from(sample) / 65535.0) as f32).collect())
    }

    fn slot(self) -> usize {
        match self {
            LightCurve::Encode(shape) => shape as usize,
            LightCurve::Decode(shape) => 4 + shape as usize,
        }
    }
}

/// A value from 0 to 1 (anything else is cut, NaN is 0) as a 16-bit sample.
#[inline]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float's cast saturates at the limits")]
pub(super) fn quantise(value: f32) -> u16 {
    (value * 65535.0 + 0.5) as u16
}

/// A value cut to 0..=1; NaN becomes 0.
#[inline]
#[allow(clippy::manual_clamp, reason = "clamp would keep NaN")]
pub(super) fn unit(value: f32) -> f32 {
    value.max(0.0).min(1.0)
}

/// A value through a table of [`LightCurve::over_floats`].
#[inline]
#[allow(clippy::cast_precision_loss, reason = "16 bits")]
pub(super) fn look_up(table: &[f32], value: f32) -> f32 {
    let bits = unit(value).to_bits();
    let (index, rest) = ((bits >> 16) as usize, (bits & 0xffff) as f32 / 65536.0);
    match table.get(index..index + 2) {
        Some(&[low, high]) => low + (high - low) * rest,
        _ => 1.0,
    }
}

/// Puts the colour of an image through a curve. Premultiplied colour with alpha is divided first and multiplied again.
pub(super) fn apply_curve(image: &mut Rgba16, curve: LightCurve, premultiplied: bool) {
    let table = curve.over_samples();
    for pixel in image.data.as_chunks_mut::<4>().0 {
        let alpha = if premultiplied { f32::from(pixel[3]) / 65535.0 } else { 1.0 };
        if alpha == 0.0 {
            continue;
        }
        for sample in &mut pixel[..3] {
            let own = if alpha == 1.0 { *sample } else { quantise(f32::from(*sample) / 65535.0 / alpha) };
            *sample = quantise(table[usize::from(own)] * alpha);
        }
    }
}
