//! Blend modes: how a picture is laid over another one.
//!
//! With colours premultiplied by alpha, *s* above and *b* below, the result is
//! `s × (1 − αb) + b × (1 − αs) + αs × αb × B`, where `B` is the mode's function of the two straight colours (W3C,
//! "Compositing and Blending Level 1"). Every mode is written so that nothing is divided by alpha: edges do not fringe.

use super::Picture;
use crate::look::Blend;
use crate::time::Ratio;

/// Lays `top` at `opacity` over `bottom`, in place. In light, sums and products are not cut at white.
///
/// # Panics
/// When the two differ in size.
pub fn blend_over<P: Picture>(bottom: &mut P, top: &P, opacity: Ratio, blend: Blend) {
    assert_eq!(bottom.size(), top.size(), "pictures of one canvas have one size");
    if !blend.is_normal() || !bottom.lay_normal(top, opacity) {
        lay_pixels(bottom, top, opacity, blend);
    }
}

/// The same for every mode, by its formula.
fn lay_pixels<P: Picture>(bottom: &mut P, top: &P, opacity: Ratio, blend: Blend) {
    let opacity = to_single(opacity);
    let below = bottom.samples_mut().as_chunks_mut::<4>().0;
    for (below, above) in below.iter_mut().zip(top.samples().as_chunks::<4>().0) {
        let source = P::load(*above).map(|sample| sample / P::FULL * opacity);
        if source[3] == 0.0 && source[..3].iter().all(|sample| *sample == 0.0) {
            continue;
        }
        let backdrop = P::load(*below).map(|sample| sample / P::FULL);
        *below = P::store(blend_pixel(source, backdrop, blend, P::BOUNDED).map(|sample| sample * P::FULL));
    }
}

/// The picture at a share of itself.
pub fn fade<P: Picture>(image: &mut P, opacity: Ratio) {
    let opacity = to_single(opacity);
    for pixel in image.samples_mut().as_chunks_mut::<4>().0 {
        *pixel = P::store(P::load(*pixel).map(|sample| sample * opacity));
    }
}

#[allow(clippy::cast_possible_truncation, reason = "a share in singles")]
fn to_single(share: Ratio) -> f32 {
    share.clamp(Ratio::ZERO, Ratio::ONE).to_f64() as f32
}

#[inline]
fn blend_pixel(source: [f32; 4], backdrop: [f32; 4], blend: Blend, bounded: bool) -> [f32; 4] {
    let (above, below) = (source[3], backdrop[3]);
    let mut mixed = [0.0, 0.0, 0.0, above + below * (1.0 - above)];
    for channel in 0..3 {
        let (s, b) = (source[channel], backdrop[channel]);
        // αs × αb × B, out of premultiplied colours.
        let both = match blend {
            Blend::Add if bounded => (s * below + b * above).min(above * below),
            Blend::Add => s * below + b * above,
            Blend::Multiply => s * b,
            Blend::Screen => s * below + b * above - s * b,
            Blend::Overlay if 2.0 * b <= below => 2.0 * s * b,
            Blend::Overlay => above * below - 2.0 * (below - b) * (above - s),
            Blend::Darken => (s * below).min(b * above),
            Blend::Lighten => (s * below).max(b * above),
            Blend::Difference => (s * below - b * above).abs(),
            _ => s * below,
        };
        // What is hidden may be infinite.
        let through = if above == 1.0 { 0.0 } else { b * (1.0 - above) };
        mixed[channel] = s * (1.0 - below) + through + both;
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{Rgba16, RgbaF32};

    const MODES: [Blend; 8] = [
        Blend::Normal,
        Blend::Add,
        Blend::Multiply,
        Blend::Screen,
        Blend::Overlay,
        Blend::Darken,
        Blend::Lighten,
        Blend::Difference,
    ];

    /// The mode's function of straight colours, as the specification has it.
    fn function(blend: Blend, b: f64, s: f64) -> f64 {
        match blend {
            Blend::Normal => s,
            Blend::Add => (b + s).min(1.0),
            Blend::Multiply => b * s,
            Blend::Screen => 1.0 - (1.0 - b) * (1.0 - s),
            Blend::Overlay if b <= 0.5 => s * 2.0 * b,
            Blend::Overlay => 1.0 - (1.0 - s) * (1.0 - (2.0 * b - 1.0)),
            Blend::Darken => b.min(s),
            Blend::Lighten => b.max(s),
            Blend::Difference => (b - s).abs(),
        }
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 65535")]
    fn premultiplied(color: [f64; 3], alpha: f64) -> Rgba16 {
        let sample = |value: f64| (value * 65535.0).round() as u16;
        let data = color.map(|value| sample(value * alpha)).into_iter().chain([sample(alpha)]).collect();
        Rgba16 { width: 1, height: 1, data }
    }

    #[test]
    fn every_mode_is_the_specifications_formula() {
        let steps = [0.0, 0.2, 0.5, 0.8, 1.0];
        for blend in MODES {
            for (&below, &above) in steps.iter().flat_map(|a| steps.iter().map(move |b| (a, b))) {
                for opacity in [Ratio::ONE, Ratio::new(1, 3)] {
                    let (b, s) = ([0.1, 0.5, 0.9], [0.7, 0.4, 0.95]);
                    let mut mixed = premultiplied(b, below);
                    blend_over(&mut mixed, &premultiplied(s, above), opacity, blend);
                    let above = above * opacity.to_f64();
                    let alpha = above + below * (1.0 - above);
                    assert!((f64::from(mixed.data[3]) / 65535.0 - alpha).abs() < 2e-5, "{blend:?}");
                    for channel in 0..3 {
                        let both = function(blend, b[channel], s[channel]);
                        let wanted = s[channel] * above * (1.0 - below)
                            + b[channel] * below * (1.0 - above)
                            + above * below * both;
                        let got = f64::from(mixed.data[channel]) / 65535.0;
                        assert!((got - wanted).abs() < 4e-5, "{blend:?}: {got} is not {wanted}");
                    }
                }
            }
        }
    }

    #[test]
    fn light_adds_up_beyond_white_and_what_is_transparent_changes_nothing() {
        let pixel = |data: [f32; 4]| RgbaF32 { width: 1, height: 1, data: data.to_vec() };
        let mut mixed = pixel([2.0, 0.5, 0.25, 1.0]);
        blend_over(&mut mixed, &pixel([3.0, 0.5, -0.25, 1.0]), Ratio::ONE, Blend::Add);
        assert_eq!(mixed, pixel([5.0, 1.0, 0.0, 1.0]));
        for blend in MODES {
            let mut same = mixed.clone();
            blend_over(&mut same, &pixel([0.0; 4]), Ratio::ONE, blend);
            assert_eq!(same, mixed, "{blend:?}");
            blend_over(&mut same, &pixel([1.0; 4]), Ratio::ZERO, blend);
            assert_eq!(same, mixed, "{blend:?}");
        }
    }
}
