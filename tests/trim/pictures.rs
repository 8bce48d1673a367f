//! Which frames a piece has, by codec, container and place of the cut. R7.

use otio_conflate::backend::ffmpeg::probe;
use otio_conflate::deliver::CopyMode;

use crate::common::samples;
use crate::support::{Media, assert_all};

/// How many frames the movies here have.
const COUNT: i64 = 40;
/// Cuts at many places, some overlapping, some of one frame: first, and how many.
const PLACES: [(i64, i64); 10] =
    [(0, 1), (0, 12), (0, 40), (1, 4), (5, 20), (12, 12), (13, 11), (24, 12), (33, 7), (39, 1)];

/// Every piece has its frames; returns which were copied.
fn check(media: &Media, extension: &str, places: &[(i64, i64)], copy: CopyMode) -> Vec<(i64, i64)> {
    let trimmed = media.pieces(extension, places, copy);
    let mut made = Vec::new();
    for (&(first, length), piece) in places.iter().zip(trimmed.pieces) {
        let piece = piece.unwrap_or_else(|error| panic!("{extension} {first}+{length}: {error:#}"));
        assert_eq!((piece.first, piece.count), (first, length));
        assert_eq!(piece.copied, copy == CopyMode::Exact && piece.why.is_none(), "{piece:?}");
        made.push(piece);
    }
    let pieces: Vec<_> = made.iter().map(|piece| (piece.path.as_path(), piece.first, piece.count)).collect();
    assert_all(&pieces);
    made.iter().filter(|piece| piece.copied).map(|piece| (piece.first, piece.count)).collect()
}

/// Every frame coded on its own: all pieces are copies, pixel for pixel.
fn intra(name: &str, arguments: &str, extensions: &[&str]) {
    let media = Media::new(name, COUNT, "24", arguments);
    let format = "yuv422p10le";
    let whole = samples(&media.movie, None, format);
    let frame = whole.len() / COUNT as usize;
    for extension in extensions {
        assert_eq!(check(&media, extension, &PLACES, CopyMode::Exact), PLACES, "{name} to {extension}");
        let piece = samples(&media.path(&format!("5-20.{extension}")), None, format);
        assert!(piece == whole[5 * frame..25 * frame], "{name} to {extension}: other pixels");
    }
}

#[test]
fn intra_codecs_are_copied_wherever_they_are_cut() {
    intra("a.mov", "-c:v prores_aw -profile:v 1 -pix_fmt yuv422p10le", &["mov", "mkv"]);
    intra("a.mov", "-c:v dnxhd -profile:v dnxhr_sq -pix_fmt yuv422p", &["mxf"]);
    intra("a.mkv", "-c:v ffv1 -level 3 -g 1", &["avi"]);
    intra("a.avi", "-c:v mjpeg -q:v 2 -pix_fmt yuvj420p", &["avi", "mov"]);
    intra("a.mxf", "-c:v mpeg2video -q:v 2 -g 1 -intra_vlc 1 -pix_fmt yuv422p", &["mxf"]);
}

const X264: &str = "-c:v libx264 -pix_fmt yuv420p -preset veryfast -crf 12";

/// Wherever in its group a piece starts and ends.
#[test]
fn long_groups_are_cut_to_the_frame_wherever_a_cut_falls() {
    let arguments = format!("{X264} -x264-params keyint=12:min-keyint=12:scenecut=0:bframes=3:b-pyramid=2:open-gop=0");
    let media = Media::new("a.mp4", COUNT, "24", &arguments);
    let places: Vec<_> = (0..COUNT - 7).map(|first| (first, 7)).chain((1..7).map(|count| (12, count))).collect();
    let copied = check(&media, "mp4", &places, CopyMode::Exact);
    // Those that nothing leaves out of that what is left in depends on.
    let alone = copied.iter().all(|(first, _)| first % 12 == 0);
    assert!(alone && copied.contains(&(12, 1)), "{copied:?}");
}

/// Which of the places are copied, besides that all pieces have their frames.
fn groups(name: &str, rate: &str, arguments: &str, extension: &str, copies: &[(i64, i64)]) {
    let media = Media::new(name, COUNT, rate, arguments);
    assert_eq!(check(&media, extension, &PLACES, CopyMode::Exact), copies, "{name} to {extension}: {arguments}");
}

/// From key frame to key frame, or to the end.
const CLOSED: [(i64, i64); 5] = [(0, 1), (0, 12), (0, 40), (12, 12), (24, 12)];
/// Where frames in front of a key frame depend on it, a group cannot end there.
const OPEN: [(i64, i64); 2] = [(0, 1), (0, 40)];

#[test]
fn closed_groups_are_copied_and_open_ones_are_not() {
    let closed = format!("{X264} -x264-params keyint=12:min-keyint=12:scenecut=0:bframes=3:b-pyramid=2:open-gop=0");
    groups("a.mp4", "24", &closed, "mov", &CLOSED);
    groups("a.mkv", "24000/1001", &closed, "mp4", &CLOSED);
    groups("a.ts", "30000/1001", &closed, "mkv", &CLOSED);
    groups("a.ts", "25", &closed, "ts", &CLOSED);
    let open = format!("{X264} -x264-params keyint=12:min-keyint=12:scenecut=0:bframes=3:b-adapt=0:open-gop=1");
    groups("a.mp4", "24", &open, "mp4", &OPEN);
    let x265 = "-c:v libx265 -preset ultrafast -x265-params keyint=12:min-keyint=12:scenecut=0:log-level=none";
    groups("a.mp4", "24", &format!("{x265}:open-gop=0 -tag:v hvc1"), "mp4", &CLOSED);
    groups("a.mkv", "30000/1001", &format!("{x265}:open-gop=1"), "mov", &OPEN);
}

#[test]
fn older_and_freer_codecs_are_cut_to_the_frame() {
    groups("a.mp4", "24", "-c:v mpeg4 -q:v 2 -g 12 -bf 2", "mp4", &OPEN);
    groups("a.avi", "25", "-c:v mpeg4 -q:v 2 -g 12", "avi", &CLOSED);
    groups("a.mxf", "25", "-c:v mpeg2video -q:v 2 -g 12 -bf 2 -pix_fmt yuv422p", "mxf", &OPEN);
    groups("a.mkv", "30000/1001", "-c:v ffv1 -level 3 -g 12", "mkv", &CLOSED);
    let vp9 = "-c:v libvpx-vp9 -b:v 0 -crf 20 -g 12 -cpu-used 8 -deadline realtime";
    groups("a.webm", "24", vp9, "webm", &CLOSED);
}

/// Encoded anew, as what they were, into containers of every kind.
#[test]
fn pieces_are_encoded_in_the_codec_of_the_movie() {
    let x265 = "-c:v libx265 -preset ultrafast -x265-params log-level=none";
    let vp9 = "-c:v libvpx-vp9 -b:v 0 -crf 20 -cpu-used 8 -deadline realtime";
    for (name, arguments, extensions) in [
        ("a.mov", "-c:v prores_aw -profile:v 2", &["mov", "mkv"][..]),
        ("a.mov", "-c:v dnxhd -profile:v dnxhr_sq -pix_fmt yuv422p", &["mov", "mxf"]),
        ("a.mp4", X264, &["mp4", "ts", "avi"]),
        ("a.mp4", x265, &["mp4"]),
        ("a.webm", vp9, &["webm"]),
        ("a.mkv", "-c:v ffv1 -level 3", &["mkv"]),
        ("a.avi", "-c:v mjpeg -q:v 2 -pix_fmt yuvj420p", &["avi"]),
        ("a.mov", "-c:v qtrle -pix_fmt rgb24", &["mov"]),
        ("a.avi", "-c:v huffyuv -pix_fmt yuv422p", &["avi"]),
    ] {
        let media = Media::new(name, COUNT, "24", arguments);
        let codec = |path: &std::path::Path| {
            let info = probe(path).expect("a movie");
            (info.codec, info.pixel_format)
        };
        for extension in extensions {
            check(&media, extension, &[(0, 1), (7, 9), (11, 3), (30, 10)], CopyMode::Never);
            assert_eq!(codec(&media.path(&format!("7-9.{extension}"))), codec(&media.movie), "{name} to {extension}");
        }
    }
}
