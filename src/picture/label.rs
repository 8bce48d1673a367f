//! A line of text in a box, to be laid over a picture.

use super::Rgba16;
use super::text::{draw_text, text_width};

/// How a label looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LabelStyle {
    /// From line to line, in pixels, the box's edges included.
    pub line: f32,
    /// The most pixels that it may be wide: longer text is drawn smaller.
    pub most: f32,
    /// The letters' red, green and blue, from 0 to 1.
    pub color: [f32; 3],
    /// The box's red, green and blue, from 0 to 1.
    pub back: [f32; 3],
    /// How opaque the box is, from 0 to 1.
    pub back_opacity: f32,
}

/// The share of a label's line that is left free around its text.
const PADDING: f32 = 0.14;

/// Draws one line of text in a box, as large as it needs; control characters are spaces.
pub fn draw_label(text: &str, style: &LabelStyle) -> Rgba16 {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = if style.line > 1.0 { style.line.min(4096.0) } else { 1.0 };
    let mut size = line * (1.0 - 2.0 * PADDING);
    // A pixel less: the width is rounded up.
    let room = (style.most - 4.0 * PADDING * line - 1.0).max(1.0);
    let natural = text_width(&text, size);
    if natural > room {
        size *= room / natural;
    }
    let (width, height) = (whole(text_width(&text, size) + 4.0 * PADDING * line), whole(line));
    // White on black: a sample is how much of its pixel a letter covers.
    let mut letters = vec![0u8; width as usize * height as usize * 4];
    draw_text(&mut letters, width, height, 2.0 * PADDING * line, (line - size) / 2.0, size, &text);
    let mut label = Rgba16::transparent(width, height);
    let pixels = label.data.as_chunks_mut::<4>().0.iter_mut();
    for (pixel, [covered, ..]) in pixels.zip(letters.as_chunks::<4>().0) {
        let letter = f32::from(*covered) / 255.0;
        let back = (1.0 - letter) * style.back_opacity.clamp(0.0, 1.0);
        for ((out, color), ground) in pixel.iter_mut().zip(style.color).zip(style.back) {
            *out = sample(letter * color + back * ground);
        }
        pixel[3] = sample(letter + back);
    }
    label
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float's cast saturates")]
fn sample(share: f32) -> u16 {
    (share * 65535.0 + 0.5) as u16
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float's cast saturates")]
fn whole(length: f32) -> u32 {
    length.ceil().clamp(1.0, 32_768.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: LabelStyle =
        LabelStyle { line: 40.0, most: 600.0, color: [1.0, 0.5, 0.0], back: [0.0; 3], back_opacity: 0.5 };

    #[test]
    fn letters_stand_in_their_box() {
        let label = draw_label("sh010  1001", &STYLE);
        assert_eq!(label.height, 40);
        let pixels = label.data.as_chunks::<4>().0;
        assert!(pixels.contains(&[65535, 32768, 0, 65535]), "the inside of a letter");
        assert_eq!(pixels[0], [0, 0, 0, 32768], "a corner of the box");
        assert!(pixels.iter().all(|[red, green, blue, alpha]| red.max(green).max(blue) <= alpha), "premultiplied");
    }

    #[test]
    fn long_text_is_drawn_smaller_and_any_style_works() {
        assert!(draw_label(&"a long line of text ".repeat(10), &STYLE).width <= 600);
        for (line, most) in [(0.0, 0.0), (f32::NAN, f32::NAN), (f32::INFINITY, 50.0), (3.0, -1.0)] {
            let label = draw_label("any\nthing", &LabelStyle { line, most, ..STYLE });
            assert!(label.width > 0 && label.height > 0, "{line}, {most}");
        }
        assert!(draw_label("", &STYLE).width > 0);
    }
}
