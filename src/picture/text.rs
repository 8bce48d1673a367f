//! Text into an RGBA picture, in a font that comes with the crate.

use std::sync::OnceLock;

use ab_glyph::{Font as _, FontRef, PxScale, ScaleFont as _};

/// The fonts to look a character up in, in this order.
fn fonts() -> &'static [FontRef<'static>] {
    static FONTS: OnceLock<Vec<FontRef<'static>>> = OnceLock::new();
    FONTS.get_or_init(|| {
        [epaint_default_fonts::HACK_REGULAR, epaint_default_fonts::UBUNTU_LIGHT]
            .into_iter()
            .filter_map(|bytes| FontRef::try_from_slice(bytes).ok())
            .collect()
    })
}

/// The first font that knows a character; the first font draws its box for what none knows.
fn font_for(character: char) -> Option<&'static FontRef<'static>> {
    let fonts = fonts();
    fonts.iter().find(|font| font.glyph_id(character).0 != 0).or(fonts.first())
}

fn advance(character: char, size: f32) -> f32 {
    font_for(character).map_or(0.0, |font| {
        let scaled = font.as_scaled(PxScale::from(size));
        scaled.h_advance(scaled.glyph_id(character))
    })
}

/// How wide a line of text comes out, in pixels, at `size` pixels from line to line.
pub fn text_width(text: &str, size: f32) -> f32 {
    text.chars().map(|character| advance(character, size)).sum()
}

/// Draws one line of text in white into an interleaved RGBA picture of 8 bits a sample, its top left corner at
/// column `x`, line `y`, `size` pixels high. What lies outside the picture, and alpha, is left alone.
///
/// `buffer` holds `width × height × 4` bytes; text is cut where it is shorter than that.
pub fn draw_text(buffer: &mut [u8], width: u32, height: u32, x: f32, y: f32, size: f32, text: &str) {
    let mut column = x;
    for character in text.chars() {
        let Some(font) = font_for(character) else { return };
        let scaled = font.as_scaled(PxScale::from(size));
        let glyph = scaled
            .glyph_id(character)
            .with_scale_and_position(PxScale::from(size), ab_glyph::point(column, y + scaled.ascent()));
        column += scaled.h_advance(scaled.glyph_id(character));
        let Some(outline) = font.outline_glyph(glyph) else { continue };
        let bounds = outline.px_bounds();
        outline.draw(|across, down, coverage| {
            let place = pixel(bounds.min.x, across, width).zip(pixel(bounds.min.y, down, height));
            let Some((column, line)) = place else { return };
            let start = (line * width as usize + column) * 4;
            let Some(samples) = buffer.get_mut(start..start + 3) else { return };
            for sample in samples {
                let below = f32::from(*sample);
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
                {
                    *sample = (below + (255.0 - below) * coverage.clamp(0.0, 1.0) + 0.5) as u8;
                }
            }
        });
    }
}

/// The pixel at `offset` from a glyph's edge, if it lies in a picture of `limit` pixels.
fn pixel(edge: f32, offset: u32, limit: u32) -> Option<usize> {
    #[allow(clippy::cast_possible_truncation, reason = "glyph bounds are whole numbers; a cast saturates")]
    let place = (edge as i64).checked_add(i64::from(offset))?;
    usize::try_from(place).ok().filter(|&place| place < limit as usize)
}

/// Breaks text into lines no wider than `limit` pixels, between any two characters if there is no better place:
/// behind a path separator, a space, a dash, a dot or an underscore.
pub(super) fn wrap(text: &str, size: f32, limit: f32) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut width = 0.0;
    for character in text.chars() {
        if character == '\n' {
            lines.push(std::mem::take(&mut line));
            width = 0.0;
            continue;
        }
        let character = if character.is_control() { ' ' } else { character };
        let step = advance(character, size);
        if width + step > limit && !line.is_empty() {
            let good = line.rfind(['/', '\\', ' ', '-', '.', '_']).map(|at| at + 1).filter(|&at| at * 2 > line.len());
            let rest = good.map(|at| line.split_off(at)).unwrap_or_default();
            lines.push(std::mem::replace(&mut line, rest));
            width = text_width(&line, size);
        }
        line.push(character);
        width += step;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_inside_the_picture_alone() {
        let (width, height) = (64u32, 32u32);
        let mut buffer = vec![0u8; 64 * 32 * 4];
        draw_text(&mut buffer, width, height, -5.0, -5.0, 24.0, "0042 far beyond the edge");
        assert!(buffer.iter().any(|&byte| byte > 200));
        assert!(buffer.chunks(4).all(|pixel| pixel[3] == 0), "alpha is left alone");
        draw_text(&mut buffer[..10], width, height, 0.0, 0.0, 24.0, "short buffer");
    }

    #[test]
    fn different_numbers_look_different() {
        let draw = |text| {
            let mut buffer = vec![0u8; 96 * 32 * 4];
            draw_text(&mut buffer, 96, 32, 0.0, 0.0, 28.0, text);
            buffer
        };
        assert_ne!(draw("1001"), draw("1002"));
        assert_eq!(draw("1001"), draw("1001"));
        for text in ["é", "ß", "Ж", "ñ"] {
            assert_ne!(draw(text), draw("\u{e000}"), "{text} has a glyph");
        }
    }

    #[test]
    fn lines_break_where_a_path_does() {
        let path = "/projects/film/sequence_010/shot_0010/plates/a_very_long_file_name.mov";
        let lines = wrap(path, 20.0, 300.0);
        assert!(lines.len() > 1);
        assert_eq!(lines.concat(), path);
        assert!(lines.iter().all(|line| text_width(line, 20.0) <= 300.0), "{lines:?}");
        assert_eq!(wrap("ab", 20.0, 0.0), ["a", "b"], "never an endless loop");
    }
}
