//! A card in the place of media that is not there.

use super::text::{draw_text, text_width, wrap};

/// What a slate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slate<'a> {
    /// The large line on top, such as `MEDIA MISSING`.
    pub title: &'a str,
    /// The clip's name.
    pub clip: &'a str,
    /// The file that is not there.
    pub file: &'a str,
}

/// Draws a slate of `width × height` pixels: interleaved RGBA of 8 bits a sample, opaque, sRGB.
///
/// Long names are broken into lines; text gets smaller until all of it fits.
pub fn draw_slate(width: u32, height: u32, slate: &Slate<'_>) -> Vec<u8> {
    const GROUND: [u8; 4] = [48, 48, 52, 255];
    const BAR: [u8; 4] = [176, 36, 36, 255];
    let pixels = width as usize * height as usize;
    let mut buffer = GROUND.repeat(pixels);
    let bar = (height as usize / 30).max(1) * width as usize * 4;
    for edge in [0..bar.min(buffer.len()), buffer.len().saturating_sub(bar)..buffer.len()] {
        for pixel in buffer[edge].as_chunks_mut::<4>().0 {
            *pixel = BAR;
        }
    }
    #[allow(clippy::cast_precision_loss, reason = "pictures are far smaller than 2^24 pixels on a side")]
    let (wide, high) = (width as f32, height as f32);
    let room = (wide * 0.9, high * 0.84);
    let mut size = (high / 9.0).min(wide / 12.0);
    let lines = loop {
        let mut lines: Vec<(String, f32)> = Vec::new();
        for (text, share) in [(slate.title, 1.0), (slate.clip, 0.7), (slate.file, 0.5)] {
            let size = size * share;
            lines.extend(wrap(text, size, room.0).into_iter().map(|line| (line, size)));
        }
        let total: f32 = lines.iter().map(|(_, size)| size * 1.3).sum();
        if total <= room.1 || size < 6.0 {
            break lines;
        }
        size *= 0.85;
    };
    let total: f32 = lines.iter().map(|(_, size)| size * 1.3).sum();
    let mut y = ((high - total) / 2.0).max(high * 0.04);
    for (line, size) in &lines {
        let x = (wide - text_width(line, *size)) / 2.0;
        draw_text(&mut buffer, width, height, x.max(0.0), y, *size, line);
        y += size * 1.3;
    }
    buffer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slate_is_opaque_legible_and_tells_files_apart() {
        let card = |file| draw_slate(640, 360, &Slate { title: "MEDIA MISSING", clip: "sh010 — Kamera Süd", file });
        let (a, b) = (card("/plates/a.mov"), card("/plates/b.mov"));
        assert_eq!(a.len(), 640 * 360 * 4);
        assert_ne!(a, b);
        assert!(a.chunks(4).all(|pixel| pixel[3] == 255));
        assert!(a.chunks(4).filter(|pixel| pixel[0] > 200 && pixel[1] > 200).count() > 500, "there is text on it");
    }

    #[test]
    fn any_size_and_any_length_works() {
        let long = "/a/very/long/path/".repeat(40);
        for (width, height) in [(0, 0), (1, 1), (16, 9), (64, 64), (1920, 1080), (317, 2)] {
            let card = draw_slate(width, height, &Slate { title: "MEDIA MISSING", clip: "", file: &long });
            assert_eq!(card.len(), width as usize * height as usize * 4);
        }
    }
}
