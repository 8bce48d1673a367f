//! Which frames a piece has, by codec, container and place of the cut.

use otio_conflate::deliver::Copy;

use crate::common::samples;
use crate::support::{Media, assert_frames, numbered, shown};

/// Cuts at many places, some overlapping, some of one frame.
fn places(count: i64) -> Vec<(i64, i64)> {
    let mut places = vec![(0, 1), (0, count), (count - 1, 1), (count - 7, 7), (0, 12), (12, 12), (24, 12), (5, 20)];
    places.extend((1..count - 6).step_by(5).map(|first| (first, 4)));
    places.sort_unstable();
    places.dedup();
    places
}

/// Every piece has its frames; returns which were copied.
fn check(media: &Media, extension: &str, count: i64, copy: Copy) -> Vec<(i64, i64)> {
    let places = places(count);
    let trimmed = media.pieces(extension, &places, copy);
    let mut copied = Vec::new();
    let mut by_tool = Vec::new();
    for (&(first, length), piece) in places.iter().zip(&trimmed.pieces) {
        let piece = piece.as_ref().unwrap_or_else(|error| panic!("{extension} {first}+{length}: {error}"));
        assert_eq!((piece.first, piece.count), (first, length));
        assert_eq!(piece.copied, copy == Copy::Exact && piece.why.is_none(), "{piece:?}");
        if piece.copied {
            copied.push((first, length));
        }
        if length > 4 {
            assert_frames(&piece.path, first, length);
        } else {
            by_tool.push((&piece.path, first, length));
        }
    }
    for (path, first, length) in by_tool {
        let expected: Vec<_> = (first..first + length).map(|index| Some(numbered(index))).collect();
        assert_eq!(shown(path), expected, "{}", path.display());
    }
    copied
}

/// Every frame coded on its own: all pieces are copies, pixel for pixel.
fn intra(name: &str, arguments: &str, extensions: &[&str]) {
    let count = 40;
    let media = Media::new(name, count, "24", arguments);
    let format = "yuv422p10le";
    let whole = samples(&media.movie, None, format);
    let frame = whole.len() / count as usize;
    for extension in extensions {
        assert_eq!(check(&media, extension, count, Copy::Exact), places(count), "{name} to {extension}");
        let piece = samples(&media.path(&format!("5-20.{extension}")), None, format);
        assert!(piece == whole[5 * frame..25 * frame], "{name} to {extension}: other pixels");
    }
}

#[test]
fn intra_codecs_are_copied_wherever_they_are_cut() {
    intra("a.mov", "-c:v prores_aw -profile:v 1 -pix_fmt yuv422p10le", &["mov", "mkv"]);
    intra("a.mov", "-c:v dnxhd -profile:v dnxhr_sq -pix_fmt yuv422p", &["mov", "mxf"]);
    intra("a.mkv", "-c:v ffv1 -level 3 -g 1", &["mkv", "avi"]);
    intra("a.avi", "-c:v mjpeg -q:v 2 -pix_fmt yuvj420p", &["avi", "mov"]);
}
